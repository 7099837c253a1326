// Large operands: identities, transforms of every shape against direct products, and that GMP never asks for memory.

import CGMP
import Glibc
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNatural

@Suite struct LargeNaturalTests {
  @Test(arguments: [0x1A46_0001] as [UInt64])
  func transformsAgreeWithDirectProducts(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(3_000) {
      let a = random.natural(bits: 64 * (1 + random.below(round % 20 == 0 ? 1500 : 200)) - random.below(64))
      let b = random.natural(bits: 64 * (1 + random.below(200)) - random.below(64))
      let x = try nursery.limbs(try bench.word(a), slot: 0)
      let y = random.below(5) == 0 ? x : try nursery.limbs(try bench.word(b), slot: 1)
      let size = x.count + y.count
      let direct = try nursery.scratch(size).limbs
      let transformed = try nursery.scratch(size).limbs
      try nursery.product(direct, x, y)
      let shape = FourierShape(size: size, logCount: 1 + random.below(10))
      try nursery.fourierProduct(transformed, x, y, shape: shape)
      #expect(memcmp(direct, transformed, 8 * size) == 0, "seed \(seed), round \(round), \(shape)")
      // The scratch words have no header, so they go before anything walks the nursery.
      nursery.reset()
    }
  }

  @Test(arguments: [(3_000, 3_000), (6_000, 4_000), (20_000, 3_001), (20_000, 900), (20_000, 1), (9_000, 9_000)])
  func identitiesAtLargeSizes(limbs: (Int, Int)) throws {
    var random = Random(seed: 0x1A46_0002)
    let bench = try Bench()
    let nursery = bench.nursery
    let a = try bench.word(random.natural(bits: 64 * limbs.0))
    let b = try bench.word(random.natural(bits: 64 * limbs.1 - 5))
    let c = try bench.word(random.natural(bits: 64 * limbs.1 - 70))
    let sum = try nursery.add(b, c)
    let product = try nursery.multiply(a, b)
    // (b + c) a = b a + c a, and (a + b)^2 - (a - b)^2 = 4 a b.
    #expect(
      nursery.isSameNatural(try nursery.multiply(sum, a), try nursery.add(product, try nursery.multiply(c, a))))
    let plus = try nursery.add(a, b)
    let minus = try nursery.isLess(a, b) ? try nursery.subtract(b, a) : try nursery.subtract(a, b)
    let difference = try nursery.subtract(try nursery.multiply(plus, plus), try nursery.multiply(minus, minus))
    #expect(nursery.isSameNatural(difference, try nursery.shiftLeft(product, by: Word(direct: 2))))
    // a b + r divided by b, and the same seen modulo 2^61 - 1.
    let rest = try nursery.decrement(b)
    let result = try nursery.divide(try nursery.add(product, rest), by: b)
    #expect(nursery.isSameNatural(result.quotient, a))
    #expect(nursery.isSameNatural(result.remainder, rest))
    let prime = Word(direct: (1 << 61) - 1)
    let left = try nursery.remainder(a, by: prime).raw
    let right = try nursery.remainder(b, by: prime).raw
    let (high, low) = left.multipliedFullWidth(by: right)
    let (_, expected) = prime.raw.dividingFullWidth((high, low))
    #expect(try nursery.remainder(product, by: prime).raw == expected)
  }

  @Test func quotientsAtTheEdgesOfTheEstimate() throws {
    // Divisors and dividends made of ones and zeros drive the estimate to its limits.
    let bench = try Bench()
    let nursery = bench.nursery
    let sizes = [64 * 1001, 64 * 2002, 64 * 2500 + 1, 64 * 4100 - 1]
    for divisorBits in sizes {
      for extra in [0, 1, 64, 64 * 500, 64 * 1001, divisorBits, divisorBits * 2 + 77] {
        let power = try nursery.shiftLeft(.one, by: Word(direct: UInt64(divisorBits)))
        let half = try nursery.shiftLeft(.one, by: Word(direct: UInt64(divisorBits / 2)))
        for divisor in [
          power, try nursery.decrement(power), try nursery.increment(power), try nursery.subtract(power, half),
          try nursery.add(power, half),
        ] {
          let scale = try nursery.shiftLeft(.one, by: Word(direct: UInt64(extra)))
          for factor in [scale, try nursery.increment(scale), try nursery.decrement(try nursery.add(scale, scale))] {
            let product = try nursery.multiply(divisor, factor)
            for (rest, wanted) in [(Word.zero, factor), (try nursery.decrement(divisor), factor)] {
              let result = try nursery.divide(try nursery.add(product, rest), by: divisor)
              #expect(nursery.isSameNatural(result.quotient, wanted))
              #expect(nursery.isSameNatural(result.remainder, rest))
            }
            let below = try nursery.divide(try nursery.decrement(product), by: divisor)
            #expect(nursery.isSameNatural(below.quotient, try nursery.decrement(factor)))
            #expect(nursery.isSameNatural(below.remainder, try nursery.decrement(divisor)))
          }
        }
        nursery.reset()
      }
    }
  }

  @Test func libraryNeverAsksForMemory() throws {
    // GMP ends the process when its allocation fails; so it must never allocate, whatever the operation and size.
    allocations.pointee = (pthread_self(), 0)
    __gmp_set_memory_functions(
      { size in
        noteAllocation()
        return malloc(size)
      },
      { pointer, _, size in
        noteAllocation()
        return realloc(pointer, size)
      },
      { pointer, _ in free(pointer) })
    defer { __gmp_set_memory_functions(nil, nil, nil) }
    var random = Random(seed: 0x1A46_0003)
    let bench = try Bench()
    let nursery = bench.nursery
    var sizes = [1, 2, 3, 10, 30, 100, 300, 799, 800, 801, 999, 1000, 1001, 1499, 1500, 1501, 1999, 2000, 2001]
    sizes += [2499, 2500, 2501, 3000, 4999, 5000, 5001, 10_000]
    for first in sizes {
      let a = try bench.word(random.natural(bits: 64 * first))
      for second in sizes {
        let b = try bench.word(random.natural(bits: 64 * second - 3))
        _ = try nursery.multiply(a, b)
        _ = try nursery.divide(a, by: b)
        if first == second || first == 2 * second { _ = try nursery.greatestCommonDivisor(a, b) }
      }
      _ = try nursery.multiply(a, a)
      _ = try nursery.squareRoot(a)
      _ = try nursery.power(a, Word(direct: 3))
      if first <= 300 {
        _ = try nursery.modularPower(a, Word(direct: 65537), modulus: try nursery.or(a, .one))
        _ = try nursery.modularPower(a, Word(direct: 65537), modulus: try nursery.shiftLeft(a, by: .one))
      }
      let text = try nursery.digits(of: a, base: .decimal)
      _ = try nursery.natural(digits: text, base: .decimal)
      _ = try nursery.natural(digits: try nursery.digits(of: a, base: .base58), base: .base58)
      nursery.reset()
    }
    #expect(allocations.pointee.count == 0)
  }
}

/// GMP's allocations on one thread. Tests on others use GMP meanwhile through libraries that may allocate.
nonisolated(unsafe) private let allocations: UnsafeMutablePointer<(thread: pthread_t, count: Int)> = {
  let pointer = UnsafeMutablePointer<(thread: pthread_t, count: Int)>.allocate(capacity: 1)
  pointer.initialize(to: (pthread_self(), 0))
  return pointer
}()

private func noteAllocation() {
  if pthread_equal(pthread_self(), allocations.pointee.thread) != 0 { allocations.pointee.count += 1 }
}
