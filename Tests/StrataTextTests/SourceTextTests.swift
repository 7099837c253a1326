import StrataTestSupport
import Testing

@testable import StrataText

@Suite struct SourceTextTests {
  @Test func locationsCountLinesAndCharactersFromOne() {
    let text = SourceText(name: "a", text: "ab\nçd\r\n\nx")
    #expect(text.lineCount == 4)
    #expect(text.location(at: 0) == SourceLocation(line: 1, column: 1))
    #expect(text.location(at: 2) == SourceLocation(line: 1, column: 3))
    #expect(text.location(at: 3) == SourceLocation(line: 2, column: 1))
    #expect(text.location(at: 4) == SourceLocation(line: 2, column: 1), "inside a character is the character")
    #expect(text.location(at: 5) == SourceLocation(line: 2, column: 2))
    #expect(text.location(at: 9) == SourceLocation(line: 4, column: 1))
    #expect(text.location(at: 10) == SourceLocation(line: 4, column: 2))
  }

  @Test func offsetsAndLinesOutsideTheTextAreClamped() {
    let text = SourceText(name: "a", text: "ab\n")
    #expect(text.location(at: -5) == SourceLocation(line: 1, column: 1))
    #expect(text.location(at: 500) == SourceLocation(line: 2, column: 1))
    #expect(text.lineText(0) == "")
    #expect(text.lineText(9) == "")
    #expect(text.text(in: 1..<900) == "b\n")
  }

  @Test func linesLoseTheirTerminator() {
    let text = SourceText(name: "a", text: "one\r\ntwo\n\rthree")
    #expect((1...3).map(text.lineText) == ["one", "two", "\rthree"])
  }

  @Test func anyBytesAreAccepted() {
    var random = Random(seed: testSeed)
    for _ in 0..<200 {
      let bytes = (0..<40).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let text = SourceText(name: "r", bytes: bytes)
      var previous = SourceLocation(line: 1, column: 1)
      for offset in 0...bytes.count {
        let location = text.location(at: offset)
        let later =
          location.line > previous.line || location.line == previous.line && location.column >= previous.column
        #expect(later, "seed \(testSeed)")
        previous = location
      }
    }
  }
}
