import StrataTestSupport
import StrataText
import Testing

@testable import StrataFlat

@Suite struct SyntaxParserTests {
  func diagnostics(_ text: String) -> [Diagnostic] {
    SyntaxParser.parse(SourceText(name: "t.sx", text: text), file: 0, symbols: SymbolTable()).1
  }

  func shown(_ text: String) -> String {
    let source = SourceText(name: "t.sx", text: text)
    return diagnostics(text).map { "\(source.location(at: $0.range.lowerBound)): \($0.message)" }.joined(
      separator: "\n")
  }

  @Test(.enabled(if: LanguageData.isPresent)) func recordedProgramsParse() {
    for path in LanguageData.sources {
      let source = SourceText(name: path, bytes: LanguageData.read(path))
      let found = SyntaxParser.parse(source, file: 0, symbols: SymbolTable()).1
      #expect(found.isEmpty, "\(DiagnosticRenderer().render(found, in: [source]))")
    }
  }

  @Test func operatorsBindByLevelAndFormLists() {
    let source = SourceText(name: "t", text: "x :: 1 + 2 * 3 - 4 << 5 < 6 & 7 | 8 and 9 or 10;")
    let (file, found) = SyntaxParser.parse(source, file: 0, symbols: SymbolTable())
    #expect(found.isEmpty)
    guard case .declaration(let declaration)? = file.items.first else {
      Issue.record("no declaration")
      return
    }
    #expect(outline(declaration.value) == "(((((((1 + (2 * 3) - 4) << 5) < 6) & 7) | 8) and 9) or 10)")
  }

  /// The tree with every operator list in parentheses.
  func outline(_ expression: Expression) -> String {
    switch expression.kind {
    case .integer(let value): return "\(value)"
    case .binary(let first, let tails):
      return "(" + outline(first) + tails.map { " \($0.operation.spelling) \(outline($0.operand))" }.joined() + ")"
    default: return "?"
    }
  }

  @Test func errorsPointAtTheWord() {
    #expect(shown("f :: () { x := ; }") == "1:16: expected an expression, but found ';'")
    #expect(shown("f :: () { x := 1 }") == "1:16: expected ';' after this")
    #expect(shown("f :: () { return 1; ") == "1:9: this block is never closed")
    #expect(shown("x :: \"abc") == "1:6: this string has no end")
    #expect(shown("x :: 0xfg;") == "1:9: this is no digit of a number in base 16")
    #expect(shown("x :: 99999999999999999999;") == "1:6: this number does not fit into 64 bits")
    #expect(shown("x :: \"a\\qb\";") == "1:8: unknown escape")
    #expect(shown("f :: (a: i64, b) -> ;") == "1:21: expected a type, but found ';'")
    #expect(shown("x :: 1 @ 2;").hasPrefix("1:8: this character means nothing here"))
    #expect(shown("f :: () { for 0..3 (i, j) { } }") == "1:24: this 'for' runs over 1 sequence but binds 2 names")
  }

  @Test func oneErrorDoesNotHideTheNext() {
    #expect(
      shown("f :: () { x := ; y = ; }\ng :: () { z := ]; }\nh :: () { }") == """
        1:16: expected an expression, but found ';'
        1:22: expected an expression, but found ';'
        2:16: expected an expression, but found ']'
        """)
  }

  @Test func nestingIsBoundedAndWidthIsNot() {
    for (open, close) in [("(", ")"), ("{", "}"), ("~", ""), ("*", ""), ("f(", ")"), ("[3]", ""), ("if a {", "}")] {
      let text =
        "x :: () { y := " + String(repeating: open, count: 20_000) + "1" + String(repeating: close, count: 20_000)
        + "; }"
      #expect(shown(text).contains("nested more than"), "\(open)")
    }
    let chain = "x :: () { y := a" + String(repeating: ".b", count: 20_000) + "; }"
    #expect(shown(chain).contains("nested more than"))
    #expect(shown("x :: 1" + String(repeating: " + 1", count: 100_000) + ";") == "")
    let ladder = String(repeating: "if a { } else ", count: 20_000) + "{ }"
    #expect(shown("f :: () { " + ladder + " }") == "")
  }

  @Test func anyBytesParse() {
    var random = Random(seed: testSeed)
    let words = [
      "f", "::", ":=", "(", ")", "{", "}", "[", "]", ".", "..", ",", ";", "if", "then", "else", "==", "case", ":",
      "for",
      "while", "struct", "enum", "error", "$", "T", "->", "=>", "1", "2.5", "\"s\"", "'c'", "#run", "#insert", "xx",
      "try",
      "catch", "or", "!", "?", "*", "-", "return", "defer", "\u{1}", "\"", "\\", "é", "#string", "`", "extern",
      "inline",
    ]
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<random.below(60) { text += words[random.below(words.count)] + (random.below(3) == 0 ? "" : " ") }
      let source = SourceText(name: "t", text: text)
      let found = SyntaxParser.parse(source, file: 0, symbols: SymbolTable()).1
      for diagnostic in found { #expect(diagnostic.range.upperBound <= source.bytes.count, "seed \(testSeed)") }
      _ = SyntaxParser.parseStatements(source, file: 0, symbols: SymbolTable())
    }
  }
}
