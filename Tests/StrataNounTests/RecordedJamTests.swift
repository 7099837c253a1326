// The recorded jams: their mugs, and that jamming again gives the same bytes.

import Glibc
import StrataMemory
import Testing

@testable import StrataNoun

/// The folder of recorded data beside the checkout, or nil where it is absent.
let recordedData: String? = {
  let folder: String
  if let named = getenv("STRATA_SHARED") {
    folder = String(cString: named) + "/data"
  } else {
    folder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/../shared/data"
  }
  return access(folder, R_OK) == 0 ? folder : nil
}()

func contents(of path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw Fault.refused }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { return bytes }
    bytes += chunk[0..<count]
  }
}

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
