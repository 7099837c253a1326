// Whatever is quoted is read back, by this package's reader and by Foundation's.

import Foundation
import StrataTestSupport
import Testing

@testable import StrataText

@Suite struct QuotingTests {
  /// Texts that are full of what means something in JSON or XML.
  private func texts() -> [String] {
    var random = Random(seed: 0x7E57)
    let parts = [
      "\"", "\\", "\n", "\r", "\t", "\0", "\u{1B}", "\u{7F}", "&", "<", ">", "'", "]]>", "é", "\u{1F600}", "a", "/",
    ]
    return (0..<300 * testScale).map { _ in
      (0..<random.below(12)).map { _ in parts[random.below(parts.count)] }.joined()
    }
  }

  @Test func jsonComesBack() throws {
    for text in texts() {
      let quoted = Quoting.json(text)
      #expect(try JSON.read(Array(quoted.utf8)) == .string(text), "\(quoted)")
      #expect(JSON.string(text).written == quoted)
      let other = try JSONSerialization.jsonObject(with: Data("[\(quoted)]".utf8)) as? [String]
      #expect(other == [text], "\(quoted)")
      #expect(quoted.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }
  }

  @Test func markupIsInert() {
    for text in texts() {
      let quoted = Quoting.markup(text)
      #expect(!quoted.unicodeScalars.contains { "<>\"".unicodeScalars.contains($0) }, "\(quoted)")
      // Every ampersand begins one of four entities, and taking them back gives the text, but for what XML cannot hold.
      var back = quoted
      for (entity, letter) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        back = back.replacingOccurrences(of: entity, with: letter)
      }
      let holdable = String(
        String.UnicodeScalarView(
          text.unicodeScalars.map { $0.value < 0x20 && !"\t\n\r".unicodeScalars.contains($0) ? "?" : $0 }))
      #expect(back == holdable)
    }
    #expect(Quoting.markup("\u{FFFE}\u{FFFF}") == "??")
  }
}
