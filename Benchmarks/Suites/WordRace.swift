// Which representation of a reference is the fastest to follow? The contenders walk the same graphs with the same
// code; only the step from a word to an address differs.
//
//   absolute   the low 48 bits are an address, unless the location bit is set: then they are an offset into bedrock.
//              Following a reference costs a test and, where the strata mix, a mispredicted branch.
//   select     the same words, followed without a branch: both addresses are computed and one is picked.
//   uniform    the low 48 bits are a word offset from the loom's base, for every stratum. One base register, no test.
//
// Two placements: all objects in the nursery, and every object in either stratum with equal probability.

import Glibc

/// How a word is turned into an address.
private protocol Representation {
  static func word(_ slot: Int, _ memory: Memory) -> UInt64
  static func resolve(_ word: UInt64, _ memory: Memory) -> UnsafeMutablePointer<UInt64>
}

private let locationBit: UInt64 = 1 << 60
private let cellTag: UInt64 = 0b110 << 61
private let payload: UInt64 = (1 << 48) - 1

/// Two strata in one range: bedrock from offset 0, the nursery above it.
private struct Memory {
  let base: UnsafeMutablePointer<UInt64>
  /// The first word of the nursery.
  let border: Int
}

private enum Absolute: Representation {
  @inline(__always) static func word(_ slot: Int, _ memory: Memory) -> UInt64 {
    if slot < memory.border { return cellTag | locationBit | UInt64(slot) }
    return cellTag | UInt64(UInt(bitPattern: memory.base + slot))
  }

  @inline(__always) static func resolve(_ word: UInt64, _ memory: Memory) -> UnsafeMutablePointer<UInt64> {
    if word & locationBit != 0 { return memory.base + Int(word & payload) }
    return UnsafeMutablePointer(bitPattern: UInt(word & payload)).unsafelyUnwrapped
  }
}

private enum Select: Representation {
  @inline(__always) static func word(_ slot: Int, _ memory: Memory) -> UInt64 {
    // Byte offsets in bedrock, so that one addition serves both strata.
    if slot < memory.border { return cellTag | locationBit | UInt64(slot) << 3 }
    return cellTag | UInt64(UInt(bitPattern: memory.base + slot))
  }

  @inline(__always) static func resolve(_ word: UInt64, _ memory: Memory) -> UnsafeMutablePointer<UInt64> {
    // All ones where the location bit is set: adds the base there and nothing elsewhere.
    let mask = UInt64(bitPattern: Int64(bitPattern: word << 3) >> 63)
    let address = word & payload &+ UInt64(UInt(bitPattern: memory.base)) & mask
    return UnsafeMutablePointer(bitPattern: UInt(address)).unsafelyUnwrapped
  }
}

private enum Uniform: Representation {
  @inline(__always) static func word(_ slot: Int, _ memory: Memory) -> UInt64 {
    cellTag | (slot < memory.border ? locationBit : 0) | UInt64(slot)
  }

  @inline(__always) static func resolve(_ word: UInt64, _ memory: Memory) -> UnsafeMutablePointer<UInt64> {
    memory.base + Int(word & payload)
  }
}

/// The shapes that are walked.
private enum Shape: String, CaseIterable {
  /// A list, allocated as a bump allocator would.
  case list
  /// A complete tree, depth first, walked with an explicit stack.
  case tree
  /// Cells in random order whose heads and tails are random others; a long random path through them.
  case dag
}

/// Builds and walks one shape in one representation.
private final class Race<Words: Representation> {
  let memory: Memory
  let root: UInt64
  let cellCount: Int
  private let words: Int
  private let stack: UnsafeMutablePointer<UInt64>

  init(_ shape: Shape, cells: Int, mixed: Bool) throws {
    // Room for all cells in either stratum.
    let border = cells * 3 + 3
    words = border * 2
    guard let memory = calloc(words, 8), let stack = calloc(128, 8) else { throw Skip(reason: "no memory") }
    self.memory = Memory(base: memory.assumingMemoryBound(to: UInt64.self), border: border)
    self.stack = stack.assumingMemoryBound(to: UInt64.self)
    cellCount = cells
    root = Self.build(shape, cells, mixed, self.memory)
  }

  deinit {
    free(memory.base)
    free(stack)
  }

  private static func build(_ shape: Shape, _ cells: Int, _ mixed: Bool, _ memory: Memory) -> UInt64 {
    var random = Random(seed: 1)
    var order = Array(0..<cells)
    if shape == .dag { order.shuffle(using: &random) }
    // The same decisions for every representation, since the seed is the same.
    let words = order.map { place in
      Words.word(place * 3 + (mixed && random.next() & 1 == 0 ? 0 : memory.border), memory)
    }
    for index in 0..<cells {
      let cell = Words.resolve(words[index], memory)
      cell[0] = 3 << 60 | 2 << 33
      switch shape {
      case .list:
        cell[1] = UInt64(index)
        cell[2] = index == 0 ? 0 : words[index - 1]
      case .tree:
        // In heap order: children of cell i are cells 2i+1 and 2i+2, leaves beyond the end.
        cell[1] = 2 * index + 1 < cells ? words[2 * index + 1] : UInt64(index)
        cell[2] = 2 * index + 2 < cells ? words[2 * index + 2] : UInt64(index)
      case .dag:
        cell[1] = words[Int(random.next() % UInt64(cells))]
        cell[2] = words[Int(random.next() % UInt64(cells))]
      }
    }
    return shape == .list ? words[cells - 1] : words[0]
  }

  func walkList() -> UInt64 {
    let memory = memory
    var sum: UInt64 = 0
    var word = root
    while word >> 63 == 1 {
      let cell = Words.resolve(word, memory)
      sum = sum &+ cell[1]
      word = cell[2]
    }
    return sum
  }

  func walkTree() -> UInt64 {
    let memory = memory
    let stack = stack
    var sum: UInt64 = 0
    var depth = 0
    var word = root
    while true {
      if word >> 63 == 1 {
        let cell = Words.resolve(word, memory)
        stack[depth] = cell[2]
        depth &+= 1
        word = cell[1]
      } else {
        sum = sum &+ word
        if depth == 0 { return sum }
        depth &-= 1
        word = stack[depth]
      }
    }
  }

  func walkPath(_ steps: Int) -> UInt64 {
    let memory = memory
    var bits: UInt64 = 0x9E37_79B9_7F4A_7C15
    var word = root
    for _ in 0..<steps {
      // The path is data-dependent, as an axis read is.
      bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      word = Words.resolve(word, memory)[1 &+ Int(bits >> 63)]
    }
    return word & 1
  }
}

/// The race of word representations.
enum WordRace {
  static var benchmarks: [Benchmark] {
    var result: [Benchmark] = []
    for shape in Shape.allCases {
      for (size, cells) in [("small", 1 << 10), ("large", 1 << 20)] {
        for mixed in [false, true] {
          let place = "word/\(shape.rawValue)/\(size)/\(mixed ? "mixed" : "nursery")"
          result.append(contender(Absolute.self, "absolute", place, shape, cells, mixed))
          result.append(contender(Select.self, "select", place, shape, cells, mixed))
          result.append(contender(Uniform.self, "uniform", place, shape, cells, mixed))
        }
      }
    }
    return result
  }

  private static func contender<Words: Representation>(
    _: Words.Type, _ name: String, _ place: String, _ shape: Shape, _ cells: Int, _ mixed: Bool
  ) -> Benchmark {
    let baseline = name == "absolute" ? nil : "\(place)/absolute"
    return Benchmark("\(place)/\(name)", baseline: baseline) { smoke in
      let cells = smoke ? min(cells, 1 << 10) : cells
      let race = try Race<Words>(shape, cells: cells, mixed: mixed)
      // Small shapes are walked often, so that every sample has the same order of work.
      let rounds = smoke ? 1 : max(1, (1 << 20) / cells)
      return Subject(work: Work(count: cells * rounds, unit: "step")) {
        var sum: UInt64 = 0
        for _ in 0..<rounds {
          switch shape {
          case .list: sum = sum &+ race.walkList()
          case .tree: sum = sum &+ race.walkTree()
          case .dag: sum = sum &+ race.walkPath(cells)
          }
        }
        return sum
      }
    }
  }
}
