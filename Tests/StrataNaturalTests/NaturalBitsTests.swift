// Shifts, logic, counts, slices and bytes against the model.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNatural

@Suite struct NaturalBitsTests {
  @Test(arguments: [0xB175_0001, 0xB175_0002] as [UInt64])
  func agreesWithTheModel(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(150_000) {
      let largest = round % 64 == 0 ? 100_000 : 2000
      let a = random.natural(upTo: largest)
      let b = random.natural(upTo: largest)
      let x = try bench.word(a)
      let y = try bench.word(b)
      let amount = random.below(4) == 0 ? 64 * random.below(8) : random.below(a.bitLength + 70)
      let by = Word(direct: UInt64(amount))
      let note: Comment = "seed \(seed), round \(round)"
      #expect(try nursery.bitLength(x) == a.bitLength, note)
      #expect(try nursery.populationCount(x) == a.digits.reduce(0) { $0 + $1.nonzeroBitCount }, note)
      #expect(try nursery.testBit(x, at: by) == a.bit(amount), note)
      #expect(bench.model(try nursery.shiftLeft(x, by: by)) == a.shifted(left: amount), note)
      #expect(bench.model(try nursery.shiftRight(x, by: by)) == a.shifted(right: amount), note)
      #expect(bench.model(try nursery.and(x, y)) == a.combined(b, &), note)
      #expect(bench.model(try nursery.or(x, y)) == a.combined(b, |), note)
      #expect(bench.model(try nursery.exclusiveOr(x, y)) == a.combined(b, ^), note)
      let ones = Model.powerOfTwo(amount).minus(Model([1])) ?? .zero
      #expect(
        bench.model(try nursery.complement(x, width: by)) == a.low(bits: amount).combined(ones, ^), note)
      let count = random.below(a.bitLength + 10)
      #expect(
        bench.model(try nursery.bits(of: x, from: amount, count: count))
          == a.shifted(right: amount).low(bits: count), note)
      if !a.isZero {
        let zeros = try nursery.trailingZeros(x)
        #expect(a.bit(zeros) && a.low(bits: zeros).isZero, note)
      }
      bench.recycle()
    }
  }

  @Test(arguments: [0xB10C_0001] as [UInt64])
  func blocksAgreeWithTheModel(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(60_000) {
      let a = random.natural(upTo: 3000)
      let b = random.natural(upTo: 3000)
      let x = try bench.word(a)
      let y = try bench.word(b)
      let bloq = random.below(9)
      let start = random.below(20)
      let count = random.below(20)
      let note: Comment = "seed \(seed), round \(round)"
      let size = Word(direct: UInt64(bloq))
      let first = Word(direct: UInt64(start))
      let length = Word(direct: UInt64(count))
      let cut = a.shifted(right: start << bloq).low(bits: count << bloq)
      #expect(bench.model(try nursery.blocks(of: x, bloq: size, from: first, count: length)) == cut, note)
      #expect(
        bench.model(try nursery.lowBlocks(of: x, bloq: size, count: length)) == a.low(bits: count << bloq), note)
      #expect(
        bench.model(try nursery.dropBlocks(of: x, bloq: size, count: length)) == a.shifted(right: count << bloq),
        note)
      #expect(
        bench.model(try nursery.raiseBlocks(of: x, bloq: size, count: length)) == a.shifted(left: count << bloq),
        note)
      let blocks = (a.bitLength + (1 << bloq) - 1) >> bloq
      #expect(try nursery.blockCount(of: x, bloq: size) == blocks, note)
      #expect(
        bench.model(try nursery.concatenate(x, y, bloq: size)) == a.plus(b.shifted(left: blocks << bloq)), note)
      bench.recycle()
    }
  }

  @Test func amountsBeyondAnyMachine() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    let huge = try bench.word(.powerOfTwo(200))
    let large = Word(direct: Word.largestDirect)
    let value = try bench.word(.powerOfTwo(100))
    for amount in [huge, large, Word(direct: 1 << 62), Word(direct: 1 << 40)] {
      #expect(try nursery.shiftRight(value, by: amount) == .zero)
      #expect(try nursery.shiftRight(.one, by: amount) == .zero)
      #expect(try nursery.testBit(value, at: amount) == false)
      #expect(try nursery.testBit(.one, at: amount) == false)
      #expect(try nursery.shiftLeft(.zero, by: amount) == .zero)
      #expect(throws: Fault.size) { try nursery.shiftLeft(value, by: amount) }
      #expect(throws: Fault.size) { try nursery.shiftLeft(.one, by: amount) }
      #expect(throws: Fault.size) { try nursery.complement(.one, width: amount) }
      for bloq in [Word.zero, Word(direct: 6), Word(direct: 61), Word(direct: 64), huge] {
        #expect(try nursery.blocks(of: value, bloq: bloq, from: amount, count: .one) == .zero)
        #expect(nursery.isSameNatural(value, try nursery.blocks(of: value, bloq: bloq, from: .zero, count: amount)))
        #expect(try nursery.dropBlocks(of: value, bloq: bloq, count: amount) == .zero)
        #expect(throws: Fault.size) { try nursery.raiseBlocks(of: value, bloq: bloq, count: amount) }
        #expect(try nursery.raiseBlocks(of: .zero, bloq: bloq, count: amount) == .zero)
      }
      #expect(try nursery.blockCount(of: value, bloq: amount) == 1)
      #expect(try nursery.blockCount(of: .zero, bloq: amount) == 0)
      #expect(throws: Fault.size) { try nursery.concatenate(value, .one, bloq: amount) }
      #expect(try nursery.concatenate(value, .zero, bloq: amount) == value)
    }
    let cell = try nursery.cell(.one, .one)
    for (a, b) in [(cell, Word.one), (.one, cell), (cell, cell), (cell, huge), (huge, cell)] {
      #expect(throws: Fault.exit) { try nursery.shiftLeft(a, by: b) }
      #expect(throws: Fault.exit) { try nursery.shiftRight(a, by: b) }
      #expect(throws: Fault.exit) { try nursery.and(a, b) }
      #expect(throws: Fault.exit) { try nursery.or(a, b) }
      #expect(throws: Fault.exit) { try nursery.exclusiveOr(a, b) }
      #expect(throws: Fault.exit) { try nursery.complement(a, width: b) }
      #expect(throws: Fault.exit) { try nursery.testBit(a, at: b) }
      #expect(throws: Fault.exit) { try nursery.blocks(of: a, bloq: b, from: .one, count: .one) }
      #expect(throws: Fault.exit) { try nursery.concatenate(a, b, bloq: .one) }
    }
  }

  @Test func bytesBothWays() throws {
    var random = Random(seed: 0xB77E)
    let bench = try Bench()
    let nursery = bench.nursery
    for _ in 0..<rounds(20_000) {
      let a = random.natural(upTo: 1000)
      let bytes = a.digits.flatMap { digit in (0..<4).map { UInt8(truncatingIfNeeded: digit >> (8 * UInt32($0))) } }
      let word = try nursery.natural(bytes: bytes + [UInt8](repeating: 0, count: random.below(12)))
      #expect(bench.model(word) == a)
      let trimmed = Array(bytes.prefix((a.bitLength + 7) / 8))
      #expect(try nursery.bytes(of: word) == trimmed)
      #expect(try nursery.byteCount(word) == trimmed.count)
      var target = [UInt8](repeating: 0xAA, count: random.below(trimmed.count + 20))
      try target.withUnsafeMutableBytes { try nursery.copyBytes(of: word, to: $0) }
      #expect(target == (0..<target.count).map { $0 < trimmed.count ? trimmed[$0] : 0 })
      bench.recycle()
    }
  }
}
