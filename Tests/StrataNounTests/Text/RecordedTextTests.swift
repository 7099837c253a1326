// The recorded jams as text: what a file can hold is read back as it was, and what none can hold is refused at once.

import Glibc
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct RecordedTextTests {
  @Test func recordedNounsSurviveTheirText() throws {
    let loom = try Loom()
    let noun = try loom.nursery.cue(contents(of: try #require(recordedData) + "/nock/small-blocks.jam"))
    var sink = try TextSink()
    try NounText.write(noun, in: loom.nursery, to: &sink)
    #expect(try loom.nursery.equal(noun, NounText.read(sink.bytes, into: loom.nursery)))
    sink.removeAll()
    var options = NounText.Options.complete()
    options.atoms = .guessed
    options.hexadecimalAboveBits = 64
    try NounText.show(noun, in: loom.nursery, options, to: &sink)
    #expect(try loom.nursery.equal(noun, NounText.read(sink.bytes, into: loom.nursery)))
  }

  @Test(arguments: ["cue-test.jam", "hoonc.jam", "ivory.pill", "test-ker.jam"])
  func kernelsAreShownInPartAndRefusedAsAWhole(name: String) throws {
    let loom = try Loom()
    let noun = try loom.nursery.cue(contents(of: try #require(recordedData) + "/nock/" + name))
    let file = try #require(tmpfile())
    defer { fclose(file) }
    var sink = try TextSink(descriptor: fileno(file))
    #expect(throws: NounText.WriteError.tooLong) { try NounText.write(noun, in: loom.nursery, to: &sink) }
    #expect(sink.total == sink.bytes.count)
    var shown = try TextSink()
    _ = try NounText.show(noun, in: loom.nursery, to: &shown)
    #expect(shown.total > 1000 && shown.total <= 1 << 14)
  }
}
