// What frames cost: opening and closing one, preserving a result, and flipping a heap of small living cells.

import StrataMemory

/// Frames and collections.
enum FrameBenchmarks {
  static var benchmarks: [Benchmark] {
    [
      pushAndPop, flip("list", build: CellBenchmarks.build), flip("tree", build: tree),
      flip("scattered", build: scattered),
    ]
  }

  private static var pushAndPop: Benchmark {
    Benchmark("frame/push-pop") { smoke in
      let count = smoke ? 100 : 20_000
      let loom = try Loom()
      return Subject(work: Work(count: count, unit: "frame")) {
        let nursery = loom.nursery
        var sum: UInt64 = 0
        for index in 0..<count {
          try nursery.pushFrame()
          let result = try nursery.popFrame(nursery.cell(Word(raw: UInt64(index)), .zero))
          sum = sum &+ nursery.head(result).raw
        }
        nursery.reset()
        return sum
      }
    }
  }

  /// Copies a heap in which everything lives. Bytes are those of the living cells with their headers.
  private static func flip(
    _ shape: String, build: @escaping (Nursery, Int) throws(Fault) -> Word
  ) -> Benchmark {
    Benchmark("flip/\(shape)") { smoke in
      let cells = smoke ? 10_000 : 1_000_000
      var options = LoomOptions()
      options.keptWords = 1 << 24
      let loom = try Loom(options)
      let nursery = loom.nursery
      try nursery.push(try build(nursery, cells))
      try nursery.collectYoung()
      let before = nursery.metrics.copiedWords
      try nursery.flip()
      let words = nursery.metrics.copiedWords - before
      return Subject(work: .bytes(words * 8)) {
        try nursery.flip()
        return UInt64(nursery.metrics.flips)
      } arenaBytes: {
        loom.nursery.metrics.peakUsedWords * 8
      }
    }
  }

  /// A complete tree, built level by level from the leaves.
  private static func tree(_ nursery: Nursery, _ count: Int) throws(Fault) -> Word {
    var level = try (0..<(count + 1) / 2).map { index throws(Fault) in try nursery.cell(Word(raw: UInt64(index)), .zero)
    }
    while level.count > 1 {
      var next: [Word] = []
      next.reserveCapacity(level.count / 2 + 1)
      for index in stride(from: 0, to: level.count - 1, by: 2) {
        next.append(try nursery.cell(level[index], level[index + 1]))
      }
      if level.count % 2 == 1 { next.append(level[level.count - 1]) }
      level = next
    }
    return level.first ?? .zero
  }

  /// Cells that refer to random older ones, all reachable through a list: the worst locality.
  private static func scattered(_ nursery: Nursery, _ count: Int) throws(Fault) -> Word {
    var random = Random(seed: 2)
    var cells: [Word] = [try nursery.cell(.one, .zero)]
    cells.reserveCapacity(count / 2 + 1)
    var list = Word.zero
    for _ in 0..<count / 2 {
      let other = cells[Int(random.next() % UInt64(cells.count))]
      let cell = try nursery.cell(other, Word(raw: random.next() >> 1))
      cells.append(cell)
      list = try nursery.cell(cell, list)
    }
    return list
  }
}
