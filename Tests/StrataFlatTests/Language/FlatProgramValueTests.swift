import StrataTestSupport
import StrataText
import Testing

@testable import StrataFlat

@Suite struct FlatProgramValueTests {
  /// The value of an expression as the command line shows it.
  func shows(_ expression: String) -> String {
    let program = FlatProgram.load(expression: expression)
    guard program.isValid, let constant = program.constants.first else { return program.renderDiagnostics() }
    do throws(EvaluationError) {
      let value = try FlatMachine(module: program.module).evaluate(constant.function)
      return program.text(of: value, type: constant.type)
    } catch {
      return error.reason
    }
  }

  @Test func valuesAreShownAsTheLibraryPrintsThem() {
    #expect(shows("power(3, 4) + 1") == "82")
    #expect(shows("split(\"a,b\", \",\")") == "[\"a\", \"b\"]")
    #expect(shows("parse_int(\"12\")") == "12")
    #expect(shows("parse_int(\"x\")") == "null")
    #expect(shows("EnumVariant.{ name = \"q\", payload = i64 }") == "EnumVariant{name: \"q\", payload: i64}")
    #expect(shows("type_info(bool)") == ".bool")
    #expect(shows("1 / 0") == "division by zero")
    #expect(shows("nothing_here").contains("unknown name 'nothing_here'"))
  }

  @Test func filesImportFilesEachOnce() {
    let texts = [
      "a.sx": "#import \"b.sx\"; m :: #import \"c.sx\"; A :: #run b() + m.c();",
      "b.sx": "#import \"c.sx\"; private hidden :: () -> i64 => 1; b :: () -> i64 => c() + hidden();",
      "c.sx": "#import \"a.sx\"; c :: () -> i64 => 10;",
    ]
    let loader: SourceLoader = { path, _ in texts[path].map { SourceText(name: path, text: $0) } }
    let program = FlatProgram.load(SourceText(name: "a.sx", text: texts["a.sx"] ?? ""), loader: loader)
    #expect(program.isValid, "\(program.renderDiagnostics())")
    #expect(program.sources.count == 3)
    let wrong = FlatProgram.load(
      SourceText(name: "d.sx", text: "#import \"b.sx\"; X :: #run hidden();"), loader: loader)
    #expect(wrong.diagnostics.map(\.message) == ["unknown name 'hidden'"])
  }

  /// Programs with words exchanged, doubled or left out never do harm.
  @Test func damagedProgramsGiveDiagnostics() {
    var random = Random(seed: testSeed)
    let texts = LanguageFeatureTests.cases.map(\.text)
    let budget = Budget(steps: 20_000, bytes: 1 << 22, depth: 200)
    for _ in 0..<(400 * testScale) {
      let text = texts[random.below(texts.count)]
      var words = text.split(separator: " ").map(String.init)
      for _ in 0...random.below(3) {
        let place = random.below(words.count)
        switch random.below(3) {
        case 0: words.remove(at: place)
        case 1: words.insert(words[random.below(words.count)], at: place)
        default: words.swapAt(place, random.below(words.count))
        }
        if words.isEmpty { words = ["x"] }
      }
      let damaged = words.joined(separator: " ")
      let program = FlatProgram.load(SourceText(name: "t", text: damaged), budget: budget)
      guard program.isValid else {
        #expect(!program.renderDiagnostics().isEmpty, "seed \(testSeed)")
        continue
      }
      #expect(program.module.verify().isEmpty, "seed \(testSeed): \(damaged)")
      let machine = FlatMachine(module: program.module, budget: budget)
      for constant in program.constants { _ = try? machine.evaluate(constant.function) }
    }
  }
}
