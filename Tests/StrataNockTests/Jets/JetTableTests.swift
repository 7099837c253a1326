// The table of all jets in the documentation: written by `make jet-table`, and held to what the families say.

import Glibc
import StrataTestSupport
import Testing

@testable import StrataNock

/// The numbers of cases that jets were compared on, handed from the tests that did so to the table.
enum JetCases {
  /// How many cases of each jet a run decides: no fewer than a usual run, and a hundred thousand at a scale of 50.
  static func each(debug: Int, release: Int, long: Int = 2000) -> Int {
    isDebug ? debug * testScale : max(release, long * testScale)
  }

  /// What a jet is called in the file: two with one path differ in their kelvins.
  static func key(_ jet: Jet) -> String { "\(jet.path)@\(jet.kelvins.lowerBound)" }

  /// Adds to the file that the environment names, if it does, how often a jet was held against what.
  static func note(_ jet: Jet, _ count: Int, against reference: String) {
    guard count > 0, let name = getenv("STRATA_JET_CASES"), let file = fopen(name, "a") else { return }
    fputs("\(key(jet))\t\(count)\t\(reference)\n", file)
    fclose(file)
  }

  /// By jet: what it was held against, and how often.
  static func read(_ file: String) throws -> [String: (count: Int, references: [String])] {
    var counts: [String: (count: Int, references: [String])] = [:]
    for line in String(decoding: try contents(of: file), as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: "\t").map(String.init)
      guard words.count == 3, let count = Int(words[1]) else { continue }
      var entry = counts[words[0]] ?? (0, [])
      entry.count += count
      if !entry.references.contains(words[2]) { entry.references.append(words[2]) }
      counts[words[0]] = entry
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
    Where no recorded kernel has the arm, the jet is held against an implementation that shares no code with it, on samples of the
    same sorts: a product must be the same, and what the arm does not answer must be left to Nock. `make check-jets` does the same
    without writing.

    | path below the root | kelvins | family | done by | held against | cases |
    |---|---|---|---|---|---|

    """

  /// What is known of a jet without running it.
  private func row(_ jet: Jet, _ family: JetFamily) -> String {
    let kelvins =
      jet.kelvins.count == 1 ? "\(jet.kelvins.lowerBound)" : "\(jet.kelvins.lowerBound) to \(jet.kelvins.upperBound)"
    return "| `\(jet.path)` | \(kelvins) | \(family.name) | \(family.library) |"
  }

  private var rows: [(key: String, text: String)] {
    JetFamily.standard.flatMap { family in family.jets.map { (JetCases.key($0), row($0, family)) } }
  }

  private func document() throws -> [Substring] {
    String(decoding: try contents(of: JetTableTests.document), as: UTF8.self).split(separator: "\n")
  }

  @Test(.enabled(if: getenv("STRATA_JET_TABLE") != nil, "make jet-table asks for it"))
  func writeTheTable() throws {
    let counts = try JetCases.read(String(cString: try #require(getenv("STRATA_JET_TABLE"))))
    let lines = rows.map { row in
      let (count, references) = counts[row.key] ?? (0, [])
      return "\(row.text) \(references.joined(separator: ", ")) | \(count) |\n"
    }
    let file = try #require(fopen(JetTableTests.document, "w"))
    fputs(JetTableTests.opening + lines.joined(), file)
    fputs("\n\(rows.count) jets, \(counts.values.reduce(0) { $0 + $1.count }) cases.\n", file)
    fclose(file)
  }

  @Test func theTableIsCurrent() throws {
    let found = try document().filter { $0.hasPrefix("| `") }
    try #require(found.count == rows.count, "\(found.count) rows for \(rows.count) jets: run `make jet-table`")
    for (line, row) in zip(found, rows) {
      #expect(line.hasPrefix(row.text), "run `make jet-table`")
    }
    #expect(found.filter { !$0.hasSuffix("| 0 |") }.count >= 200, "most jets are compared with their own Nock")
  }
}
