// Naturals: the direct path against plain machine arithmetic, and large operands against GMP's own functions.

import CGMP
import Glibc
import StrataMemory
import StrataNatural

/// Arithmetic on naturals.
enum NaturalBenchmarks {
  static var benchmarks: [Benchmark] {
    var result: [Benchmark] = [
      direct("natural/direct/machine-add", nil, MachineAdd.self),
      direct("natural/direct/add", "natural/direct/machine-add", Add.self),
      direct("natural/direct/subtract", "natural/direct/machine-add", Subtract.self),
      direct("natural/direct/compare", "natural/direct/machine-add", Compare.self),
      direct("natural/direct/multiply", "natural/direct/machine-add", Multiply.self),
      direct("natural/direct/divide", "natural/direct/machine-add", Divide.self),
    ]
    for limbs in [2, 8, 64, 1000, 10_000, 100_000] {
      result += [libraryProduct(limbs), product(limbs), libraryQuotient(limbs), quotient(limbs)]
    }
    for limbs in [10, 1000, 20_000] {
      result += [libraryText(limbs), text(limbs), libraryParse(limbs), parse(limbs)]
    }
    return result
  }

  /// A million operations on direct operands; a type for each operation, so that each loop is specialised.
  private static func direct<Operation: DirectOperation>(
    _ name: String, _ baseline: String?, _: Operation.Type
  ) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let rounds = smoke ? 1 : 1000
      let loom = try Loom()
      var random = Random(seed: 5)
      var words: [Word] = []
      for _ in 0..<1024 { words.append(Word(direct: random.next() >> 3 | 1 << 60)) }
      return Subject(work: Work(count: 1000 * rounds, unit: "operation")) {
        let nursery = loom.nursery
        return try words.withUnsafeBufferPointer { words in
          var sum: UInt64 = 0
          for _ in 0..<rounds {
            for index in 0..<1000 {
              // The difference of the first and the second is never negative.
              sum = sum &+ (try Operation.apply(nursery, words[index + 1], Word(raw: words[index].raw >> 2)))
            }
          }
          return sum
        }
      }
    }
  }

  /// Random operands of about `limbs` limbs, twice, in a loom and as plain memory.
  private final class Operands {
    let loom: Loom
    let x: Word
    let y: Word
    let double: Word
    let limbs: Int
    let first: UnsafeMutablePointer<UInt>
    let second: UnsafeMutablePointer<UInt>
    let long: UnsafeMutablePointer<UInt>
    let result: UnsafeMutablePointer<UInt>
    let rest: UnsafeMutablePointer<UInt>

    init(limbs: Int) throws {
      var options = LoomOptions()
      options.keptWords = 1 << 24
      loom = try Loom(options)
      self.limbs = limbs
      first = .allocate(capacity: limbs)
      second = .allocate(capacity: limbs)
      long = .allocate(capacity: 2 * limbs)
      result = .allocate(capacity: 2 * limbs + 2)
      rest = .allocate(capacity: limbs)
      var random = Random(seed: UInt64(limbs))
      for index in 0..<limbs {
        first[index] = UInt(random.next())
        second[index] = UInt(random.next())
        long[index] = UInt(random.next())
        long[limbs + index] = UInt(random.next())
      }
      first[limbs - 1] |= 1 << 63
      second[limbs - 1] |= 1 << 63
      long[2 * limbs - 1] |= 1 << 63
      result.initialize(repeating: 0, count: 2 * limbs + 2)
      rest.initialize(repeating: 0, count: limbs)
      let nursery = loom.nursery
      x = try nursery.natural(bytes: UnsafeRawBufferPointer(start: first, count: 8 * limbs))
      y = try nursery.natural(bytes: UnsafeRawBufferPointer(start: second, count: 8 * limbs))
      double = try nursery.natural(bytes: UnsafeRawBufferPointer(start: long, count: 16 * limbs))
    }

    deinit {
      first.deallocate()
      second.deallocate()
      long.deallocate()
      result.deallocate()
      rest.deallocate()
    }

    /// How often a sample repeats, so that it takes a while.
    func rounds(_ smoke: Bool) -> Int { smoke ? 1 : max(1, 1_000_000 / (limbs * max(1, limbs / 10))) }
  }

  private static func measured(
    _ name: String, _ baseline: String?, _ limbs: Int, _ body: @escaping (Operands) throws -> UInt64
  ) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let operands = try Operands(limbs: limbs)
      let rounds = operands.rounds(smoke)
      return Subject(work: Work(count: rounds, unit: "operation")) {
        var sum: UInt64 = 0
        for _ in 0..<rounds {
          let point = operands.loom.nursery.mark()
          defer { operands.loom.nursery.release(point) }
          sum = sum &+ (try body(operands))
        }
        return sum
      } arenaBytes: {
        operands.loom.nursery.metrics.peakUsedWords * 8
      }
    }
  }

  private static func libraryProduct(_ limbs: Int) -> Benchmark {
    measured("natural/\(limbs)/gmp-multiply", nil, limbs) {
      UInt64(__gmpn_mul($0.result, $0.first, limbs, $0.second, limbs))
    }
  }

  private static func product(_ limbs: Int) -> Benchmark {
    measured("natural/\(limbs)/multiply", "natural/\(limbs)/gmp-multiply", limbs) {
      try $0.loom.nursery.multiply($0.x, $0.y).raw
    }
  }

  private static func libraryQuotient(_ limbs: Int) -> Benchmark {
    measured("natural/\(limbs)/gmp-divide", nil, limbs) {
      __gmpn_tdiv_qr($0.result, $0.rest, 0, $0.long, 2 * limbs, $0.second, limbs)
      return UInt64($0.result[0])
    }
  }

  private static func quotient(_ limbs: Int) -> Benchmark {
    measured("natural/\(limbs)/divide", "natural/\(limbs)/gmp-divide", limbs) {
      try $0.loom.nursery.divide($0.double, by: $0.y).remainder.raw
    }
  }

  private static func libraryText(_ limbs: Int) -> Benchmark {
    measured("natural/\(limbs)/gmp-to-decimal", nil, limbs) { operands in
      let room = limbs * 20 + 2
      guard let text = malloc(room) else { throw Skip(reason: "no memory") }
      defer { free(text) }
      operands.result.update(from: operands.first, count: limbs)
      return UInt64(
        __gmpn_get_str(text.assumingMemoryBound(to: UInt8.self), 10, operands.result, limbs))
    }
  }

  private static func text(_ limbs: Int) -> Benchmark {
    measured("natural/\(limbs)/to-decimal", "natural/\(limbs)/gmp-to-decimal", limbs) { operands in
      try operands.loom.nursery.withDigits(of: operands.x, base: .decimal) { UInt64($0.count) }
    }
  }

  private static func libraryParse(_ limbs: Int) -> Benchmark {
    let digits = [UInt8](repeating: 7, count: limbs * 19)
    return measured("natural/\(limbs)/gmp-from-decimal", nil, limbs) { operands in
      UInt64(digits.withUnsafeBufferPointer { __gmpn_set_str(operands.result, $0.baseAddress, $0.count, 10) })
    }
  }

  private static func parse(_ limbs: Int) -> Benchmark {
    let digits = [UInt8](repeating: 0x37, count: limbs * 19)
    return measured("natural/\(limbs)/from-decimal", "natural/\(limbs)/gmp-from-decimal", limbs) { operands in
      try operands.loom.nursery.natural(digits: digits, base: .decimal).raw
    }
  }
}

/// An operation on two direct naturals of which the first is larger.
private protocol DirectOperation {
  static func apply(_ nursery: Nursery, _ x: Word, _ y: Word) throws(Fault) -> UInt64
}

private enum MachineAdd: DirectOperation {
  static func apply(_ nursery: Nursery, _ x: Word, _ y: Word) throws(Fault) -> UInt64 { x.raw &+ y.raw }
}

private enum Add: DirectOperation {
  static func apply(_ nursery: Nursery, _ x: Word, _ y: Word) throws(Fault) -> UInt64 { try nursery.add(x, y).raw }
}

private enum Subtract: DirectOperation {
  static func apply(_ nursery: Nursery, _ x: Word, _ y: Word) throws(Fault) -> UInt64 { try nursery.subtract(x, y).raw }
}

private enum Compare: DirectOperation {
  static func apply(_ nursery: Nursery, _ x: Word, _ y: Word) throws(Fault) -> UInt64 {
    UInt64(truncatingIfNeeded: try nursery.compare(x, y))
  }
}

private enum Multiply: DirectOperation {
  static func apply(_ nursery: Nursery, _ x: Word, _ y: Word) throws(Fault) -> UInt64 {
    try nursery.multiply(Word(raw: x.raw & 0xFFFF), Word(raw: y.raw & 0xFFFF)).raw
  }
}

private enum Divide: DirectOperation {
  static func apply(_ nursery: Nursery, _ x: Word, _ y: Word) throws(Fault) -> UInt64 {
    try nursery.quotient(x, by: Word(raw: y.raw | 1)).raw
  }
}
