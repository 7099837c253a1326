// Printed forms are bounded, whatever the value: by sharing, by width, by depth, by the size of a natural.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct PlanPrinterTests {
  private func printed(_ text: String, depth: Int = 100, bytes: Int, forced: Bool = true) throws -> String {
    let machine = try PlanMachine()
    let word = try machine.read(text: Array(text.utf8))
    var style = PlanPrinter.Style()
    style.depth = depth
    style.bytes = bytes
    return String(decoding: machine.printed(try forced ? machine.force(word) : word, style: style), as: UTF8.self)
  }

  /// A row of two equal rows, 90 times over: 2^90 leaves in 90 objects.
  private let shared = "(#{%twice 2 [[[If 1] [[0 [Dec 1]] [[[0] 2] 2]]] 2]} 90 7)"

  @Test func whatIsSharedIsCut() throws {
    let text = try printed(shared, bytes: 5000)
    #expect(text.hasSuffix("..cut after 5000 bytes"))
    #expect(text.hasPrefix(String(repeating: "[", count: 90) + "7 7] [7 7]] ["))
    #expect(text.utf8.count == 5000 + "..cut after 5000 bytes".utf8.count)
    // Within the depth nothing is left to cut.
    #expect(try printed(shared, depth: 3, bytes: 5000) == "[[[..] [..]] [[..] [..]]]")
  }

  @Test func wideAndDeepValuesAreCut() throws {
    let wide = try printed("(Rep 0 5 3000000)", bytes: 10)
    #expect(wide == "[5 5 5 5 5..cut after 10 bytes")
    let deep = try printed("(#{%nest 2 [[[If 1] [[0 [Dec 1]] [[0] 2]]] 2]} 300000 7)", depth: 1 << 20, bytes: 20)
    #expect(deep == String(repeating: "[", count: 20) + "..cut after 20 bytes")
    let pins = try printed("(#{%nest 2 [[[If 1] [[0 [Dec 1]] [#0 2]]] 2]} 300000 7)", bytes: 20)
    #expect(pins == String(repeating: "#", count: 20) + "..cut after 20 bytes")
  }

  @Test func largeNaturalsAreCut() throws {
    #expect(try printed("(Bex 100000000)", bytes: 12) == "0x1000000000..cut after 12 bytes")
    let machine = try PlanMachine()
    let word = try machine.force(machine.read(text: Array("(Bex 100000000)".utf8)))
    var style = PlanPrinter.Style()
    style.hasSizes = true
    style.bytes = 16
    #expect(
      String(decoding: machine.printed(word, style: style), as: UTF8.self) == "n100000001(1.0.0..cut after 16 bytes")
  }

  @Test func whatFitsIsWhole() throws {
    #expect(try printed("[1 2 [3 4]]", bytes: 11) == "[1 2 [3 4]]")
    #expect(try printed("[1 2 [3 4]]", bytes: 10) == "[1 2 [3 4]..cut after 10 bytes")
    #expect(try printed("(1 2)", bytes: 100, forced: false) == "(1 2)")
    #expect(try printed("0x10000000000000000", bytes: 19) == "0x10000000000000000")
  }

  @Test func theStackLanguageStopsWhenItPrintsTooMuch() throws {
    let machine = try PlanMachine()
    var language = StackLanguage(machine: machine, limit: 100) { _ in nil }
    let row = "0 " + String(repeating: "1 A ", count: 200) + "F "
    #expect(throws: StackLanguageFailure.tooMuchOutput(1600)) {
      try language.run(Array((row + String(repeating: "_", count: 100)).utf8))
    }
    let output = language.takeOutput()
    #expect(output.count < 2000)
    #expect(String(decoding: output, as: UTF8.self).contains("..cut after 100 bytes"))
    // What has been taken does not count.
    #expect(throws: Never.self) { try language.run(Array("\\ 1 .".utf8)) }
  }
}
