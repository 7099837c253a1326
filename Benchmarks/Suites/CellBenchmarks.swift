// What allocating a cell costs, beside the loop that a C programmer would write over plain memory.

import CBaseline
import Glibc
import StrataMemory

/// Allocation of cells.
enum CellBenchmarks {
  static var benchmarks: [Benchmark] {
    var result: [Benchmark] = []
    for (size, cells, rounds) in [("cached", 10_000, 400), ("large", 4_000_000, 1)] {
      result.append(cLoop("cell/\(size)/c-two-words", nil, cells, rounds, words: 2))
      result.append(cLoop("cell/\(size)/c-three-words", "cell/\(size)/c-two-words", cells, rounds, words: 3))
      result.append(nursery("cell/\(size)/nursery", "cell/\(size)/c-two-words", cells, rounds))
      result.append(nurseryScoped("cell/\(size)/nursery-frame", "cell/\(size)/c-two-words", cells, rounds))
    }
    return result
  }

  /// Builds a list in memory that is already there, and walks it.
  private static func cLoop(
    _ name: String, _ baseline: String?, _ cells: Int, _ rounds: Int, words: Int32
  ) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let rounds = smoke ? 1 : rounds
      let heap = try Heap(words: cells * Int(words))
      return Subject(work: Work(count: cells * rounds, unit: "cell")) {
        var sum: UInt64 = 0
        for _ in 0..<rounds {
          let list = baseline_build_list(heap.start, cells, words)
          sum = sum &+ baseline_sum_list(list, words)
        }
        return sum
      }
    }
  }

  /// The same in a nursery's outermost frame, emptied before each round.
  private static func nursery(_ name: String, _ baseline: String, _ cells: Int, _ rounds: Int) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let rounds = smoke ? 1 : rounds
      var options = LoomOptions()
      options.keptWords = 1 << 24
      let loom = try Loom(options)
      return Subject(work: Work(count: cells * rounds, unit: "cell")) {
        var sum: UInt64 = 0
        for _ in 0..<rounds {
          let nursery = loom.nursery
          try nursery.pushFrame()
          defer { nursery.bailFrame() }
          sum = sum &+ walk(try build(nursery, cells), nursery)
        }
        return sum
      } arenaBytes: {
        loom.nursery.metrics.peakUsedWords * 8
      }
    }
  }

  /// The same where each list is the result of a frame: its cells are allocated, then preserved for the parent.
  private static func nurseryScoped(_ name: String, _ baseline: String, _ cells: Int, _ rounds: Int) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let rounds = smoke ? 1 : rounds
      var options = LoomOptions()
      options.keptWords = 1 << 24
      let loom = try Loom(options)
      return Subject(work: Work(count: cells * rounds, unit: "cell")) {
        var sum: UInt64 = 0
        for _ in 0..<rounds {
          let nursery = loom.nursery
          try nursery.pushFrame()
          defer { nursery.bailFrame() }
          try nursery.pushFrame()
          let list = try nursery.popFrame(build(nursery, cells))
          sum = sum &+ walk(list, nursery)
        }
        return sum
      } arenaBytes: {
        loom.nursery.metrics.peakUsedWords * 8
      }
    }
  }

  @inline(never)
  static func build(_ nursery: Nursery, _ count: Int) throws(Fault) -> Word {
    var list = Word.zero
    for index in 0..<count { list = try nursery.cell(Word(raw: UInt64(index)), list) }
    return list
  }

  @inline(never)
  static func walk(_ list: Word, _ nursery: Nursery) -> UInt64 {
    let base = nursery.base
    var sum: UInt64 = 0
    var word = list
    while word.isReference {
      sum = sum &+ base[word.offset &+ 1]
      word = Word(raw: base[word.offset &+ 2])
    }
    return sum
  }

  /// Memory whose pages are all present.
  private final class Heap {
    let start: UnsafeMutablePointer<UInt64>

    init(words: Int) throws {
      guard let memory = malloc(words * 8) else { throw Skip(reason: "no memory") }
      start = memory.assumingMemoryBound(to: UInt64.self)
      start.update(repeating: 1, count: words)
    }

    deinit { free(start) }
  }
}
