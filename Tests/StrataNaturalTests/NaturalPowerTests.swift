// Powers, modular powers, roots and common divisors against the model and by their definitions.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNatural

@Suite struct NaturalPowerTests {
  @Test(arguments: [0x90E4_0001] as [UInt64])
  func powersAgreeWithTheModel(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(20_000) {
      var a = random.natural(bits: 1 + random.below(random.below(8) == 0 ? 400 : 70))
      if random.below(3) == 0 { a = a.shifted(left: random.below(130)) }
      let exponent = random.below(12)
      let result = try nursery.power(try bench.word(a), Word(direct: UInt64(exponent)))
      #expect(bench.model(result) == a.power(exponent), "seed \(seed), round \(round)")
      bench.recycle()
    }
    #expect(try nursery.power(.zero, .zero) == .one)
    let huge = try bench.word(.powerOfTwo(100))
    #expect(try nursery.power(.zero, huge) == .zero)
    #expect(try nursery.power(.one, huge) == .one)
  }

  @Test(arguments: [0x90E4_0002] as [UInt64])
  func modularPowersAgreeWithTheModel(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(6_000) {
      let largest = round % 50 == 0 ? 2000 : 300
      let a = random.natural(upTo: largest)
      let exponent = random.natural(bits: random.below(round % 50 == 0 ? 500 : 60))
      let modulus = random.natural(upTo: largest)
      if modulus.isZero { continue }
      var expected = Model([1]).divided(by: modulus)?.remainder ?? .zero
      for index in (0..<exponent.bitLength).reversed() {
        expected = expected.times(expected).divided(by: modulus)?.remainder ?? .zero
        if exponent.bit(index) { expected = expected.times(a).divided(by: modulus)?.remainder ?? .zero }
      }
      let result = try nursery.modularPower(
        try bench.word(a), try bench.word(exponent), modulus: try bench.word(modulus))
      #expect(bench.model(result) == expected, "seed \(seed), round \(round)")
      bench.recycle()
    }
    #expect(throws: Fault.exit) { try nursery.modularPower(.one, .one, modulus: .zero) }
    #expect(try nursery.modularPower(.zero, .zero, modulus: .one) == .zero)
    #expect(try nursery.modularPower(.zero, .zero, modulus: Word(direct: 2)) == .one)
  }

  @Test func fermatsTheorem() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    // 2^4423 - 1 and 2^11213 - 1 are prime: one modulus below and one above the size for Montgomery's form.
    for exponent in [4423, 11213] {
      let prime = try bench.word(Model.powerOfTwo(exponent).minus(Model([1])) ?? .zero)
      let less = try nursery.decrement(prime)
      #expect(try nursery.modularPower(Word(direct: 3), less, modulus: prime) == .one)
      #expect(try nursery.modularPower(Word(direct: 3), prime, modulus: prime) == Word(direct: 3))
    }
  }

  @Test(arguments: [0x900D_0001] as [UInt64])
  func roots(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(40_000) {
      var a = random.natural(upTo: round % 512 == 0 ? 30_000 : 1000)
      if random.below(3) == 0 { a = a.times(a) }
      if random.below(4) == 0 { a = a.minus(Model([1])) ?? a }
      let root = bench.model(try nursery.squareRoot(try bench.word(a))) ?? .zero
      let next = root.plus(Model([1]))
      let isRoot = root.times(root).compared(to: a) <= 0 && next.times(next).compared(to: a) > 0
      #expect(isRoot, "seed \(seed), round \(round)")
      bench.recycle()
    }
    for bits in [100_000, 200_001, 700_123] {
      let a = try bench.word(random.natural(bits: bits))
      let root = try nursery.squareRoot(a)
      #expect(try nursery.compare(try nursery.multiply(root, root), a) <= 0)
      let next = try nursery.increment(root)
      #expect(try nursery.compare(try nursery.multiply(next, next), a) > 0)
      let square = try nursery.multiply(a, a)
      #expect(nursery.isSameNatural(try nursery.squareRoot(square), a))
      #expect(nursery.isSameNatural(try nursery.squareRoot(try nursery.decrement(square)), try nursery.decrement(a)))
    }
  }

  @Test(arguments: [0x6CD0_0001] as [UInt64])
  func commonDivisors(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(20_000) {
      let common = random.natural(upTo: 200)
      var a = random.natural(upTo: 300).times(common)
      var b = random.natural(upTo: 300).times(common)
      let result = try nursery.greatestCommonDivisor(try bench.word(a), try bench.word(b))
      while !b.isZero { (a, b) = (b, a.divided(by: b)?.remainder ?? .zero) }
      #expect(bench.model(result) == a, "seed \(seed), round \(round)")
      bench.recycle()
    }
    for (bits, factor) in [(80_000, 3000), (120_000, 60_000), (70_000, 1)] {
      let common = try bench.word(random.natural(bits: factor))
      let a = try bench.word(random.natural(bits: bits))
      // Neighbours have no common divisor.
      let x = try nursery.multiply(a, common)
      let y = try nursery.multiply(try nursery.increment(a), common)
      #expect(nursery.isSameNatural(try nursery.greatestCommonDivisor(x, y), common))
      #expect(nursery.isSameNatural(try nursery.greatestCommonDivisor(y, x), common))
      let multiple = try nursery.multiply(x, try bench.word(random.natural(bits: 50_000)))
      #expect(nursery.isSameNatural(try nursery.greatestCommonDivisor(multiple, x), x))
    }
    let cell = try nursery.cell(.one, .one)
    #expect(throws: Fault.exit) { try nursery.greatestCommonDivisor(cell, .zero) }
    #expect(throws: Fault.exit) { try nursery.squareRoot(cell) }
    #expect(throws: Fault.exit) { try nursery.power(cell, .one) }
    #expect(throws: Fault.exit) { try nursery.power(.one, cell) }
  }
}
