// Runs every recorded case and compares layouts, values, classes of failure and step counts.

import Foundation
import StrataFlat
import StrataText
import Testing

@Suite(.enabled(if: RecordedData.isPresent, "no recorded cases beside the package"))
struct FlatCasesTests {
  @Test(arguments: RecordedData.files("own") + RecordedData.files("corpus"))
  func everyCaseMatchesOrIsIntended(file: URL) throws {
    let bytes = Array(try Data(contentsOf: file))
    let program = try RecordedProgram(bytes)
    guard program.cases.allSatisfy({ $0.steps <= RecordedData.longestProgram }) else { return }
    try FlatCases.run(bytes, file: RecordedData.name(file)) { outcome in
      #expect(outcome.status == .match || outcome.status == .intended, "\(outcome.json.written)")
    }
  }

  @Test(arguments: RecordedData.files("own") + RecordedData.files("corpus"))
  func layoutsEqualTheRecord(file: URL) throws {
    let program = try RecordedProgram(Array(try Data(contentsOf: file)))
    for (type, layout) in program.layouts where program.module.types.isDefined(type) {
      #expect(try program.module.types.layout(type) == layout, "\(program.module.types.name(type))")
    }
  }

  @Test func nearlyAllCorpusCasesMatchOutright() throws {
    var total = 0
    var matches = 0
    for file in RecordedData.files("corpus") {
      try FlatCases.run(Array(try Data(contentsOf: file)), file: RecordedData.name(file)) { outcome in
        total += 1
        if outcome.status == .match { matches += 1 }
      }
    }
    #expect(total > 300)
    #expect(matches * 100 >= total * 95, "\(matches) of \(total)")
  }

  @Test func everyIntendedDifferenceIsUsed() throws {
    var unused = Set(IntendedDifference.all.map(\.name))
    for file in RecordedData.files("own") + RecordedData.files("corpus") {
      let bytes = Array(try Data(contentsOf: file))
      guard try RecordedProgram(bytes).cases.allSatisfy({ $0.steps <= 200_000 }) else { continue }
      try FlatCases.run(bytes, file: RecordedData.name(file)) { outcome in
        if outcome.status == .intended { unused.remove(outcome.name) }
      }
    }
    #expect(unused.isEmpty)
  }
}
