// Reading, writing and hashing real nouns, beside what u3 takes for the same files.
//
// Every sample starts from nothing: a cue builds its noun in a fresh frame, and a jam and a mug work on a noun whose
// objects have no cached mugs, as the recorded figures of the peer do.

import StrataMemory
import StrataNoun

/// Serialisation and hashing.
enum NounBenchmarks {
  static var benchmarks: [Benchmark] {
    Peers.serialisation.flatMap { row in
      [
        Benchmark("cue/\(row.file)") { _ in
          let bytes = try Files.data("nock/\(row.file)")
          let loom = try Self.loom()
          return Subject(
            work: .bytes(bytes.count),
            run: {
              try bytes.withUnsafeBytes { try loom.nursery.cue($0).noun.raw }
            }, before: { loom.nursery.reset() }, arenaBytes: { loom.nursery.metrics.peakUsedWords * 8 },
            peer: .u3(row.cue, .cells))
        },
        fresh("jam/\(row.file)", row.file, .u3(row.jam, .cells)) { nursery, noun in
          try UInt64(nursery.jam(noun).bitCount)
        },
        fresh("mug/\(row.file)", row.file, .u3(row.mug, .cells)) { nursery, noun in
          try UInt64(nursery.mug(noun))
        },
      ]
    }
  }

  /// Measures work on a noun that was cued just before.
  private static func fresh(
    _ name: String, _ file: String, _ peer: PeerFigure, _ work: @escaping (Nursery, Word) throws -> UInt64
  ) -> Benchmark {
    Benchmark(name) { _ in
      let bytes = try Files.data("nock/\(file)")
      let loom = try Self.loom()
      let state = State()
      return Subject(
        work: .bytes(bytes.count), run: { try work(loom.nursery, state.noun) },
        before: {
          loom.nursery.reset()
          state.noun = try bytes.withUnsafeBytes { try loom.nursery.cue($0).noun }
        },
        arenaBytes: { loom.nursery.metrics.peakUsedWords * 8 }, peer: peer)
    }
  }

  private static func loom() throws -> Loom {
    var options = LoomOptions()
    options.keptWords = 1 << 24
    return try Loom(options)
  }

  private final class State {
    var noun = Word.zero
  }
}
