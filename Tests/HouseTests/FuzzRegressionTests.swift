// Replays what fuzzing found: every recorded input goes through its target again. A property that does not hold ends
// the test process, which is how the fuzzer sees it too.

import Foundation
import StrataFuzz
import Testing

@Suite(.serialized) struct FuzzRegressionTests {
  static let folder = TidyTests.root.appendingPathComponent("FuzzTesting/Regressions")

  /// Each recorded input as `target/file`.
  static let inputs: [String] = {
    let walker = FileManager.default.enumerator(atPath: folder.path)
    var found: [String] = []
    while let path = walker?.nextObject() as? String {
      if walker?.fileAttributes?[.type] as? FileAttributeType == .typeRegular { found.append(path) }
    }
    return found.sorted()
  }()

  @Test(arguments: inputs) func recordedInputDoesNoHarm(path: String) throws {
    let name = try #require(path.split(separator: "/").first)
    let target = try #require(FuzzTarget.all.first { $0.name == name }, "no fuzz target is called \(name)")
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(path)))
    bytes.withUnsafeBufferPointer { target.run($0) }
  }

  @Test func emptyInputDoesNoHarm() {
    for target in FuzzTarget.all { target.run(UnsafeBufferPointer(start: nil, count: 0)) }
  }

  @Test func someInputsAreRecorded() {
    #expect(!Self.inputs.isEmpty)
  }
}
