// The gathered tree and its three forms.

import Foundation
import FoundationXML
import Testing

@testable import StrataProfile

/// Three stacks with weights; times a millisecond apart.
private func example() -> Profile {
  var profile = Profile(title: "a <run>", unit: "samples")
  let (a, b, c) = (profile.name("main"), profile.name("b;\nx"), profile.name("\"c\" & <d>"))
  profile.record([a, b], weight: 3, at: 1_000_000)
  profile.record([a, c], weight: 1, at: 2_000_000)
  profile.record([a, c, b], weight: 2, at: 3_000_500)
  profile.record([a], weight: 4, at: 4_000_000)
  return profile
}

@Suite struct ProfileTests {
  @Test func stacksFold() {
    #expect(example().total == 10)
    #expect(
      example().foldedStacks == """
        main 4
        main;"c" & <d> 1
        main;"c" & <d>;b: x 2
        main;b: x 3

        """)
  }

  @Test func theOrderOfRecordingDoesNotShow() {
    var turned = Profile(title: "a <run>", unit: "samples")
    let (c, b, a) = (turned.name("\"c\" & <d>"), turned.name("b;\nx"), turned.name("main"))
    turned.record([a], weight: 4, at: 1)
    turned.record([a, c, b], weight: 2, at: 2)
    turned.record([a, c], weight: 1, at: 3)
    turned.record([a, b], weight: 3, at: 4)
    #expect(turned.foldedStacks == example().foldedStacks)
    #expect(turned.flameGraph == example().flameGraph)
  }

  @Test func renamedNamesShowTheirNewText() {
    var profile = Profile(title: "", unit: "calls")
    let name = profile.name("code 7")
    profile.record([name], weight: 1, at: 0)
    profile.rename(name, to: "add\n")
    #expect(profile.foldedStacks == "add  1\n")
  }

  @Test func theTimelineIsThinnedWhenItGrows() {
    var profile = Profile(title: "", unit: "samples", mostMoments: 64)
    let names = (0..<3).map { profile.name("\($0)") }
    for index in 0..<100_000 { profile.record([names[index % 3]], weight: 1, at: UInt64(index)) }
    #expect(profile.moments.count <= 64 && profile.moments.count >= 16)
    #expect(profile.total == 100_000)
    let gaps = zip(profile.moments, profile.moments.dropFirst()).map { $1.time - $0.time }
    #expect((gaps.max() ?? 0) <= 2 * (gaps.min() ?? 0))
  }

  @Test func theTraceOpensAndClosesWhatChanges() throws {
    let object = try JSONSerialization.jsonObject(with: Data(example().chromeTrace.utf8))
    let events = try #require((object as? [String: Any])?["traceEvents"] as? [[String: Any]])
    let marks = events.dropFirst().map { "\($0["ph"] ?? "") \($0["name"] ?? "") \($0["ts"] as? Double ?? -1)" }
    #expect(
      marks == [
        "B main 0.0", "B b; x 0.0", "E b; x 1000.0", "B \"c\" & <d> 1000.0", "B b; x 2000.5", "E b; x 3000.0",
        "E \"c\" & <d> 3000.0", "E main 3000.0",
      ])
  }

  @Test func anEmptyProfileHasAllForms() throws {
    let empty = Profile(title: "none", unit: "samples")
    #expect(empty.foldedStacks.isEmpty)
    #expect(empty.flameGraph.hasSuffix("</svg>\n"))
    _ = try JSONSerialization.jsonObject(with: Data(empty.chromeTrace.utf8))
  }
}

@Suite struct FlameGraphTests {
  /// What an XML parser sees: the rectangles of boxes by the text of their titles.
  private final class Reader: NSObject, XMLParserDelegate {
    var titles: [String] = []
    var boxes: [(left: Double, top: Double, width: Double)] = []
    private var isTitle = false
    private var isBox = false

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      isTitle = name == "title"
      if isTitle { titles.append("") }
      if name == "g" { isBox = true }
      if name == "rect", isBox {
        isBox = false
        boxes.append(
          (
            Double(attributes["x"] ?? "") ?? -1, Double(attributes["y"] ?? "") ?? -1,
            Double(attributes["width"] ?? "") ?? -1
          ))
      }
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      if isTitle { titles[titles.count - 1] += text }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
      isTitle = false
    }
  }

  @Test func boxesAreAsWideAsTheirWeight() throws {
    let reader = Reader()
    let parser = XMLParser(data: Data(example().flameGraph.utf8))
    parser.delegate = reader
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
    #expect(
      reader.titles == [
        "all (10 samples, 100 %)", "main (10 samples, 100 %)", "\"c\" & <d> (3 samples, 30 %)",
        "b; x (3 samples, 30 %)", "b; x (2 samples, 20 %)",
      ])
    #expect(reader.boxes.map { $0.width.rounded() } == [1180, 1180, 354, 354, 236])
    #expect(reader.boxes[2].left == 10 && reader.boxes[3].left == 364 && reader.boxes[4].left == 10)
    // Callees stand on their callers.
    #expect(reader.boxes[0].top > reader.boxes[1].top && reader.boxes[2].top > reader.boxes[4].top)
  }

  @Test func itNeedsNothingFromElsewhere() {
    let text = example().flameGraph.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
    #expect(!text.contains("http") && !text.contains("href") && !text.contains("url("))
  }

  @Test func deepStacksAreNoTrouble() {
    var profile = Profile(title: "deep", unit: "samples")
    let names = (0..<2).map { profile.name("\($0)") }
    profile.record((0..<200_000).map { names[$0 % 2] }, weight: 1, at: 0)
    #expect(profile.foldedStacks.utf8.count == 400_002 - 1 + 1)
    #expect(profile.chromeTrace.utf8.count > 200_000)
  }
}
