// The recorded jams: their mugs, and that jamming again gives the same bytes.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct RecordedJamTests {
  @Test(arguments: [
    ("cue-test.jam", 0x64a0_5b83 as UInt32), ("hoonc.jam", 0x655c_7f52), ("small-blocks.jam", 0x2535_fd2b),
    ("ivory.pill", 0), ("hoonc-prewarm.jam", 0), ("test-ker.jam", 0), ("shax.jam", 0),
    ("expected-trivial-arbitrary.out.jam", 0x6b27_85b3),
  ])
  func recordedJamsSurviveTheRoundTrip(name: String, mug: UInt32) throws {
    var bytes = try contents(of: try #require(recordedData) + "/nock/" + name)
    // The prewarmed state has a header of 48 bytes before its jam.
    if name == "hoonc-prewarm.jam" { bytes.removeFirst(48) }
    let loom = try Loom()
    let noun = try loom.nursery.cue(bytes)
    if mug != 0 { #expect(try loom.nursery.mug(noun) == mug) }
    while bytes.last == 0 { bytes.removeLast() }
    #expect(try loom.nursery.jamBytes(noun) == bytes)
    let again = try loom.nursery.cue(bytes)
    #expect(try loom.nursery.equal(noun, again))
  }
}
