import Testing

@testable import StrataText

@Suite struct DiagnosticRendererTests {
  let plain = DiagnosticRenderer()

  @Test func aRangeIsUnderlined() {
    let text = SourceText(name: "f.sx", text: "x := 1;\ny := fooo + 1;\n")
    let diagnostic = Diagnostic("unknown name 'fooo'", at: 13..<17, help: "declare it first")
    #expect(
      plain.render(diagnostic, in: text) == """
        f.sx:2:6: error: unknown name 'fooo'
          y := fooo + 1;
               ^~~~
        help: declare it first

        """)
  }

  @Test func notesMayPointIntoAnotherText() {
    let first = SourceText(name: "a", text: "one")
    let second = SourceText(name: "b", text: "two")
    let diagnostic = Diagnostic(
      "declared twice", severity: .warning, at: 0..<3, source: 1,
      notes: [DiagnosticNote("first declared here", at: 0..<3, source: 0), DiagnosticNote("no place")])
    #expect(
      plain.render(diagnostic, in: [first, second]) == """
        b:1:1: warning: declared twice
          two
          ^~~
        a:1:1: note: first declared here
          one
          ^~~
        note: no place

        """)
  }

  @Test func tabsAndWideCharactersKeepTheUnderlineInPlace() {
    let text = SourceText(name: "t", text: "\ta\t漢b")
    #expect(plain.render(Diagnostic("m", at: 6..<7), in: text) == "t:1:5: error: m\n      a   漢b\n            ^\n")
    #expect(plain.render(Diagnostic("m", at: 3..<7), in: text) == "t:1:4: error: m\n      a   漢b\n          ^~~\n")
  }

  @Test func longLinesAreCutAroundThePlace() {
    let text = SourceText(
      name: "t", text: String(repeating: "a", count: 500) + "X" + String(repeating: "b", count: 500))
    let lines = plain.render(Diagnostic("m", at: 500..<501), in: text).split(separator: "\n")
    #expect(lines[1].utf8.count <= 2 + 100 + 6)
    #expect(lines[1].hasPrefix("  ...a") && lines[1].hasSuffix("b..."))
    let caret = lines[2].utf8.count - 1
    #expect(Array(lines[1].utf8)[caret] == UInt8(ascii: "X"))
    let end = plain.render(Diagnostic("m", at: 1001..<1001), in: text).split(separator: "\n")
    #expect(end[2].utf8.count == end[1].utf8.count + 1, "the end of a line is just past its last character")
  }

  @Test func controlCharactersNeverReachTheOutput() {
    let text = SourceText(name: "t", bytes: [0x1B, 0x5B, 0x33, 0xFF, 0x00, 0x41])
    let shown = plain.render(Diagnostic("m", at: 5..<6), in: text)
    #expect(!shown.utf8.contains(0x1B) && !shown.utf8.contains(0))
  }

  @Test func anyRangeIsRendered() {
    let text = SourceText(name: "t", text: "ab\ncd")
    for lower in -2...8 {
      for upper in lower...9 {
        #expect(plain.render(Diagnostic("m", at: lower..<upper), in: text).contains("^"))
      }
    }
    #expect(plain.render(Diagnostic("m", at: 0..<1, source: 7), in: text) == "error: m\n")
  }

  @Test func colourOnlyWhenAsked() {
    let text = SourceText(name: "t", text: "ab")
    let colour = DiagnosticRenderer(colour: true)
    #expect(colour.render(Diagnostic("m", at: 0..<1), in: text).contains("\u{1B}["))
    #expect(!plain.render(Diagnostic("m", at: 0..<1), in: text).contains("\u{1B}["))
  }
}
