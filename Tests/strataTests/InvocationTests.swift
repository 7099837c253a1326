// The reading of command lines, form by form.

import Testing

@testable import strata

@Suite struct InvocationTests {
  static let depth = Option("depth", letter: "d", value: "N", "how deep")
  static let loud = Option("loud", letter: "l", "say more")
  static let format = Option("format", value: "NAME", choices: ["text", "hex"], "how to print")
  static let command = Command(
    verb: "probe", summary: "for tests", operands: "[FILE]", operandCount: 0...1, details: "",
    options: [depth, loud, format], examples: []
  ) { (_, _) throws(Failure) in }

  private func read(_ words: String...) throws(Failure) -> Invocation {
    try Invocation(Self.command, words: words)
  }

  @Test func valuesMayFollowOrBeJoined() throws {
    for words in [["--depth", "3"], ["--depth=3"], ["-d", "3"], ["-d3"], ["-ld3"], ["-ld", "3"]] {
      let invocation = try Invocation(Self.command, words: words)
      #expect(invocation.value(Self.depth) == "3", "\(words)")
      #expect(try invocation.number(Self.depth, minimum: 0) == 3)
    }
  }

  @Test func theLastValueWins() throws {
    #expect(try read("--depth", "1", "--depth", "2").value(Self.depth) == "2")
  }

  @Test func operandsMayComeAnywhere() throws {
    let invocation = try read("file", "--loud")
    #expect(invocation.operands == ["file"])
    #expect(invocation.has(Self.loud))
  }

  @Test func dashesEndOptionsAndASingleOneIsAnOperand() throws {
    #expect(try read("--", "--loud").operands == ["--loud"])
    #expect(try read("-").operands == ["-"])
  }

  @Test func emptyValuesAreValues() throws {
    #expect(try read("--depth=").value(Self.depth) == "")
  }

  @Test(
    arguments: [
      ["--unknown"], ["-x"], ["--depth"], ["-d"], ["--loud=yes"], ["a", "b"], ["--format", "octal"], ["-lx"], ["--=3"],
    ])
  func wrongFormsAreRefused(words: [String]) {
    #expect(throws: Failure.self) { try Invocation(Self.command, words: words) }
  }

  @Test(arguments: ["", "x", "-1", "99999999999999999999", "1.5"])
  func numbersAreChecked(text: String) throws {
    let invocation = try read("--depth=\(text)")
    #expect(throws: Failure.self) { try invocation.number(Self.depth, minimum: 0) }
  }

  @Test func helpExcusesMissingOperands() throws {
    #expect(try read("--help").has(.help))
  }
}

@Suite struct ProgressTests {
  @Test func lineShowsRateAndTimeLeft() {
    let line = Progress.line("cue", unit: "B", done: 1_000_000, total: 4_000_000, nanoseconds: 2_000_000_000)
    #expect(line == "cue: 1000 kB, 500 kB/s, 25 %, 6 s left")
  }

  @Test func unknownTotalsShowNoPercentage() {
    #expect(!Progress.line("x", unit: "B", done: 5, total: nil, nanoseconds: 1).contains("%"))
  }

  @Test func nothingDoneYetDividesByNothing() {
    #expect(!Progress.line("x", unit: "B", done: 0, total: 5, nanoseconds: 0).contains("left"))
  }
}

@Suite struct JSONTextTests {
  @Test func documentsAreValid() {
    var json = JSONText()
    json.begin()
    json.member("text", "a\"b\\c\n\u{1}")
    json.beginArray("list")
    json.member(nil, 1)
    json.member(nil, true)
    json.member(nil, Double.nan)
    json.endArray()
    json.begin("empty")
    json.end()
    json.end()
    #expect(json.text == #"{"text":"a\"b\\c\n\u0001","list":[1,true,null],"empty":{}}"#)
  }
}
