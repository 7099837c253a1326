// Sums, differences, products and quotients against the model, at the borders, and by identities at large sizes.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNatural

@Suite struct NaturalArithmeticTests {
  @Test(arguments: [0x5EED_0001, 0x5EED_0002] as [UInt64])
  func agreesWithTheModel(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(75_000) {
      let largest = round % 64 == 0 ? 100_000 : 3000
      let a = random.natural(upTo: largest)
      let b = random.below(8) == 0 ? a : random.natural(upTo: largest)
      let x = try bench.word(a)
      let y = try bench.word(b)
      let note: Comment = "seed \(seed), round \(round)"
      #expect(bench.model(try nursery.add(x, y)) == a.plus(b), note)
      #expect(try nursery.compare(x, y) == a.compared(to: b), note)
      #expect(try nursery.isLess(x, y) == (a.compared(to: b) < 0), note)
      #expect(nursery.isSameNatural(x, y) == (a == b), note)
      if let difference = a.minus(b) {
        #expect(bench.model(try nursery.subtract(x, y)) == difference, note)
      } else {
        #expect(throws: Fault.exit, note) { try nursery.subtract(x, y) }
      }
      #expect(bench.model(try nursery.increment(x)) == a.plus(Model([1])), note)
      if let less = a.minus(Model([1])) { #expect(bench.model(try nursery.decrement(x)) == less, note) }
      if a.digits.count * b.digits.count < 1_000_000 || round % 512 == 0 {
        #expect(bench.model(try nursery.multiply(x, y)) == a.times(b), note)
      }
      if let (quotient, remainder) = a.divided(by: b) {
        let result = try nursery.divide(x, by: y)
        #expect(bench.model(result.quotient) == quotient, note)
        #expect(bench.model(result.remainder) == remainder, note)
        #expect(bench.model(try nursery.quotient(x, by: y)) == quotient, note)
        #expect(bench.model(try nursery.remainder(x, by: y)) == remainder, note)
      }
      bench.recycle()
    }
  }

  @Test func bordersOfTheRepresentation() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    let powers = [0, 1, 2, 62, 63, 64, 65, 126, 127, 128, 129, 191, 192, 193, 4032, 4096]
    var values: [Model] = [.zero]
    for power in powers {
      let value = Model.powerOfTwo(power)
      values += [value.minus(Model([1])) ?? .zero, value, value.plus(Model([1]))]
    }
    for a in values {
      let x = try bench.word(a)
      #expect(x.isDirect == (a.bitLength <= 63))
      #expect(try nursery.bitLength(x) == a.bitLength)
      for b in values {
        let y = try bench.word(b)
        #expect(bench.model(try nursery.add(x, y)) == a.plus(b))
        #expect(bench.model(try nursery.multiply(x, y)) == a.times(b))
        if let difference = a.minus(b) { #expect(bench.model(try nursery.subtract(x, y)) == difference) }
        if let (quotient, remainder) = a.divided(by: b) {
          let result = try nursery.divide(x, by: y)
          #expect(bench.model(result.quotient) == quotient)
          #expect(bench.model(result.remainder) == remainder)
        }
      }
    }
  }

  @Test func failuresOfTheProgram() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    let cell = try nursery.cell(.one, .zero)
    let large = try bench.word(.powerOfTwo(200))
    #expect(throws: Fault.exit) { try nursery.decrement(.zero) }
    #expect(throws: Fault.exit) { try nursery.subtract(.one, large) }
    for zeroDivided in [Word.zero, .one, large] {
      #expect(throws: Fault.exit) { try nursery.divide(zeroDivided, by: .zero) }
      #expect(throws: Fault.exit) { try nursery.quotient(zeroDivided, by: .zero) }
      #expect(throws: Fault.exit) { try nursery.remainder(zeroDivided, by: .zero) }
    }
    for other in [Word.zero, .one, large, cell] {
      #expect(throws: Fault.exit) { try nursery.add(cell, other) }
      #expect(throws: Fault.exit) { try nursery.add(other, cell) }
      #expect(throws: Fault.exit) { try nursery.subtract(other, cell) }
      #expect(throws: Fault.exit) { try nursery.multiply(other, cell) }
      #expect(throws: Fault.exit) { try nursery.divide(cell, by: other) }
      #expect(throws: Fault.exit) { try nursery.compare(other, cell) }
    }
    #expect(throws: Fault.exit) { try nursery.increment(cell) }
  }
}
