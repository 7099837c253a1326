import Foundation
import StrataText
import Testing

@testable import StrataFlat

/// What `main` of a program prints, or what went wrong.
func output(_ text: String, name: String = "t.sx") -> String {
  let program = FlatProgram.load(SourceText(name: name, text: text))
  guard program.isValid, let main = program.main else { return program.renderDiagnostics() }
  let evaluator = FlatMachine(module: program.module)
  do throws(EvaluationError) {
    _ = try evaluator.evaluate(main)
    return String(decoding: evaluator.output, as: UTF8.self)
  } catch {
    let diagnostic = program.diagnostic(for: error, evaluating: nil)
    return String(decoding: evaluator.output, as: UTF8.self)
      + DiagnosticRenderer().render(diagnostic, in: program.sources)
  }
}

@Suite struct ProgramOutputTests {
  @Test(.enabled(if: LanguageData.isPresent)) func recordedProgramsPrint() throws {
    let subset = try #require(LanguageData.sources.first { $0.hasSuffix("/subset.sx") })
    #expect(
      output(String(decoding: LanguageData.read(subset), as: UTF8.self)) == """
        never printed twice
        [0, 1, 4, 9, 16, 25, 36, 49, 64, 81] 1213 10.0 5
        Pair{a: 3, b: true} .rgb(255) 4 Box(i64){value: 9}
        Pair 16 2

        """)
    let layout = try #require(LanguageData.sources.first { $0.hasSuffix("/layout.sx") })
    #expect(
      output(String(decoding: LanguageData.read(layout), as: UTF8.self)) == """
        A 32 8 off 0 4 8 16 24
        B 16 8 C 8 8 D 4 8 F 8 4 G 1 1
        ?i64 16 8 ?u8 2 1 ?*i64 8 ?string 24 ?A 40 8 ?bool 2
        string 16 []u8 16 any 16 V3f32 16 16 V4f32 16 16 [3]u16 6 2
        cl 16 tup 16 8 2

        """)
  }
}
