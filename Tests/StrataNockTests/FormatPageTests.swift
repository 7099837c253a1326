// The page about Nock's code, held against the instruction set.

import StrataTestSupport
import Testing

@testable import StrataNock

@Suite struct FormatPageTests {
  private static let page = "Documentation/formats/nock-code.md"

  /// Operations are numbered in the order of the table, each with the number of words behind it.
  @Test func theTableIsTheInstructionSet() throws {
    let page = String(decoding: try contents(of: packageRoot + "/" + Self.page), as: UTF8.self)
    var told: [(name: String, words: Int)] = []
    for line in page.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: true)
      guard cells.count == 3 else { continue }
      let words = Int(cells[1].filter { $0.isNumber }) ?? 0
      for (index, name) in cells[0].split(separator: "`").enumerated() where index % 2 == 1 {
        told.append((String(name), words))
      }
    }
    #expect(told.map(\.name) == Operation.allCases.map { "\($0)" })
    for (entry, operation) in zip(told, Operation.allCases) {
      #expect(entry.words == operation.wordCount, "\(operation)")
    }
  }
}
