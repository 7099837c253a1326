// Any bytes at all through cue: either one distinct error, or a noun that jams, cues and compares as a noun must, in
// memory that the input warrants.

import StrataMemory
import StrataNoun

/// A loom that lives as long as the fuzzer; each input starts from an empty one.
struct FuzzLoom: @unchecked Sendable {
  // Safe: a fuzzer runs one input at a time, and the test that replays inputs runs them one after another.
  let loom: Loom?

  static let shared = FuzzLoom(loom: try? Loom())

  /// Runs a body over an empty nursery.
  static func with(_ body: (Nursery) -> Void) {
    require(shared.loom != nil, "no address space for a loom")
    guard let loom = shared.loom else { return }
    loom.nursery.reset()
    body(loom.nursery)
  }
}

extension FuzzTarget {
  /// A jam, or what claims to be one.
  static let cue = FuzzTarget(name: "cue") { input in
    FuzzLoom.with { nursery in
      do {
        let cued = try nursery.cue(UnsafeRawBufferPointer(input))
        require(cued.bitCount <= input.count * 8, "cue read past its input")
        // A cell takes at least two bits of input and 24 bytes of memory; an atom's bytes are in the input.
        let allowed = input.count * 8 / 2 * 24 + input.count * 2 + (1 << 20)
        require(nursery.usedBytes <= allowed * 2, "\(nursery.usedBytes) bytes for \(input.count) bytes of input")
        let jam = try bytes(of: cued.noun, nursery)
        let again = try jam.withUnsafeBytes { try nursery.cue($0) }
        require(try nursery.mug(again.noun) == nursery.mug(cued.noun), "the mug changed in a round trip")
        require(try nursery.equal(again.noun, cued.noun), "the noun changed in a round trip")
        require(try bytes(of: again.noun, nursery) == jam, "the jam is not canonical")
      } catch let error as CueError {
        require(!error.explanation.isEmpty, "an error without explanation")
        require(error.bit <= input.count * 8, "an error past the end of the input")
      } catch {
        require(false, "a fault instead of an error: \(error)")
      }
    }
  }

  private static func bytes(of noun: Word, _ nursery: Nursery) throws(Fault) -> [UInt8] {
    var writer = try nursery.jam(noun)
    return try writer.finish { (limbs, bitCount) throws(Fault) in
      Array(UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8))
    }
  }
}
