// `strata jam` from outside.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite struct JamTests {
  @Test func rejammingGivesTheCanonicalForm() throws {
    // [[0 0] [0 0]] with both cells written out; a jam refers to the first.
    let run = try StrataProcess(["jam", "--rejam"], input: Data([0xA5, 0x29]))
    #expect(run.code == 0)
    #expect(run.output == Data([0xA5, 0x93]))
    #expect(try StrataProcess(["jam", "--rejam"], input: run.output).output == run.output)
  }

  @Test func zeroPaddingIsDropped() throws {
    #expect(try StrataProcess(["jam", "--rejam"], input: Data([0x29, 0, 0])).output == Data([0x29]))
  }

  @Test func writesToAFile() throws {
    let script = "strata jam --rejam -o file && cat file"
    let run = try StrataProcess(shell: script, input: Data([0x29]))
    #expect(run.output == Data([0x29]))
    let full = try StrataProcess(["jam", "--rejam", "--output", "/dev/full"], input: Data([0x29]))
    #expect(full.code == 4)
    #expect(full.error.contains("/dev/full"))
  }

  @Test(
    .enabled(if: recordedData != nil, "no recorded data beside the package"),
    arguments: ["cue-test.jam", "hoonc.jam", "small-blocks.jam", "ivory.pill"])
  func recordedJamsComeBackTheSame(name: String) throws {
    let file = URL(fileURLWithPath: try #require(recordedData) + "/nock/\(name)")
    var bytes = try Data(contentsOf: file)
    while bytes.last == 0 { bytes.removeLast() }
    let run = try StrataProcess(["jam", "--rejam", file.path])
    #expect(run.code == 0)
    #expect(run.output == bytes)
  }
}
