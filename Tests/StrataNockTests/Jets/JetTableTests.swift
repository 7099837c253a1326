// The table of all jets in the documentation: written by `make jet-table`, and held to what the families say.

import Glibc
import StrataTestSupport
import Testing

@testable import StrataNock

/// The numbers of cases that jets were compared with their own Nock on, handed from the tests that did so to the table.
enum JetCases {
  /// Adds to the file that the environment names, if it does.
  static func note(_ path: String, _ count: Int) {
    guard let name = getenv("STRATA_JET_CASES"), let file = fopen(name, "a") else { return }
    fputs("\(path) \(count)\n", file)
    fclose(file)
  }

  /// By path.
  static func read(_ file: String) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for line in String(decoding: try contents(of: file), as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, let count = Int(words[1]) { counts[String(words[0]), default: 0] += count }
    }
    return counts
  }
}

struct JetTableTests {
  private static let document = packageRoot + "/Documentation/jets.md"
  private static let opening = """
    # Jets

    Every jet of the library, by family. `make jet-table` writes this page: it runs each jet beside its own Nock on random,
    boundary and spoiled samples, which must give the same products and the same crashes, and counts the cases that were decided.
    `make check-jets` does the same without writing. No count means that no recorded kernel has the arm: such jets are held to
    published vectors and to other libraries instead.

    | path below the root | kelvins | family | done by | cases |
    |---|---|---|---|---|

    """

  /// What is known of a jet without running it.
  private func row(_ jet: Jet, _ family: JetFamily) -> String {
    let kelvins =
      jet.kelvins.count == 1 ? "\(jet.kelvins.lowerBound)" : "\(jet.kelvins.lowerBound) to \(jet.kelvins.upperBound)"
    return "| `\(jet.path)` | \(kelvins) | \(family.name) | \(family.library) |"
  }

  private var rows: [(path: String, text: String)] {
    JetFamily.standard.flatMap { family in family.jets.map { ($0.path, row($0, family)) } }
  }

  private func document() throws -> [Substring] {
    String(decoding: try contents(of: JetTableTests.document), as: UTF8.self).split(separator: "\n")
  }

  @Test(.enabled(if: getenv("STRATA_JET_TABLE") != nil, "make jet-table asks for it"))
  func writeTheTable() throws {
    let counts = try JetCases.read(String(cString: try #require(getenv("STRATA_JET_TABLE"))))
    let lines = rows.map { row in "\(row.text) \(counts[row.path].map { "\($0)" } ?? "") |\n" }
    let file = try #require(fopen(JetTableTests.document, "w"))
    fputs(JetTableTests.opening + lines.joined(), file)
    fputs("\n\(rows.count) jets, \(counts.values.reduce(0, +)) cases.\n", file)
    fclose(file)
  }

  @Test func theTableIsCurrent() throws {
    let found = try document().filter { $0.hasPrefix("| `") }
    try #require(found.count == rows.count, "\(found.count) rows for \(rows.count) jets: run `make jet-table`")
    for (line, row) in zip(found, rows) {
      #expect(line.hasPrefix(row.text), "run `make jet-table`")
    }
    #expect(found.filter { !$0.hasSuffix("|  |") }.count >= 200, "most jets are compared with their own Nock")
  }
}
