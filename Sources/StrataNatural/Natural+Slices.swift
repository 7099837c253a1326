// Slices of naturals, by bits and by blocks of 2^bloq bits, and naturals put together from slices.

import CGMP
import StrataMemory

extension Nursery {
  /// The `count` bits of a from bit `start` on; bits above a's top are zero. `start` and `count` are not negative.
  public func bits(of a: Word, from start: Int, count: Int) throws(Fault) -> Word {
    assert(start >= 0 && count >= 0)
    let x = try limbs(a, slot: 0)
    let length = min(count, max(0, x.bitLength - start))
    if length <= 0 { return .zero }
    if start == 0, length == x.bitLength { return a }
    if length < 64 {
      let value = x.bits(from: start, count: length)
      return try natural(UInt64(value))
    }
    let size = (length + 63) / 64
    let offset = try allocate(.natural, size: size)
    x.copyBits(from: start, count: length, to: body(offset))
    return finished(offset, size: size)
  }

  /// The `count` blocks of 2^bloq bits of a from block `start` on: Hoon's cut. Any amounts are allowed.
  public func blocks(of a: Word, bloq: Word, from start: Word, count: Word) throws(Fault) -> Word {
    guard a.isNatural else { throw .exit }
    let first = try bitCount(blocks: start, bloq: bloq)
    let length = try bitCount(blocks: count, bloq: bloq)
    // A start beyond what 62 bits can say is beyond any natural; a count beyond it takes everything.
    guard let first else { return .zero }
    return try bits(of: a, from: first, count: length ?? Int.max)
  }

  /// The lowest `count` blocks of 2^bloq bits: Hoon's end.
  public func lowBlocks(of a: Word, bloq: Word, count: Word) throws(Fault) -> Word {
    try blocks(of: a, bloq: bloq, from: .zero, count: count)
  }

  /// a without its lowest `count` blocks of 2^bloq bits: Hoon's rsh.
  public func dropBlocks(of a: Word, bloq: Word, count: Word) throws(Fault) -> Word {
    guard a.isNatural else { throw .exit }
    guard let first = try bitCount(blocks: count, bloq: bloq) else { return .zero }
    return try bits(of: a, from: first, count: Int.max)
  }

  /// a above `count` zero blocks of 2^bloq bits: Hoon's lsh.
  public func raiseBlocks(of a: Word, bloq: Word, count: Word) throws(Fault) -> Word {
    guard a.isNatural else { throw .exit }
    let amount = try bitCount(blocks: count, bloq: bloq)
    if a == .zero { return .zero }
    guard let amount else { throw .size }
    return try shiftLeft(a, by: Word(direct: UInt64(amount)))
  }

  /// The number of blocks of 2^bloq bits that a takes up, the last one perhaps in part: Hoon's met.
  public func blockCount(of a: Word, bloq: Word) throws(Fault) -> Int {
    let length = try bitLength(a)
    guard let shift = try smallInteger(bloq), shift < 62 else { return length == 0 ? 0 : 1 }
    return (length + (1 << shift) - 1) >> shift
  }

  /// b above the blocks of 2^bloq bits that a takes up: Hoon's cat.
  public func concatenate(_ a: Word, _ b: Word, bloq: Word) throws(Fault) -> Word {
    let blocks = try blockCount(of: a, bloq: bloq)
    let amount = try bitCount(blocks: Word(direct: UInt64(blocks)), bloq: bloq)
    let upper = try bitLength(b)
    if upper == 0 { return a }
    guard let amount else { throw .size }
    if amount == 0 { return b }
    try requireRoom(bits: amount + upper)
    var builder = try naturalBuilder(bitCount: amount + upper)
    builder.insert(a, at: 0, count: amount)
    builder.insert(b, at: amount, count: upper)
    return builder.finish()
  }

  /// `blocks` * 2^bloq, or nil when that is 2^62 or more. Throws `.exit` when either is no natural.
  func bitCount(blocks: Word, bloq: Word) throws(Fault) -> Int? {
    let count = try smallInteger(blocks)
    let shift = try smallInteger(bloq)
    if count == 0 { return 0 }
    guard let count, let shift, shift < 62, count >> (62 - shift) == 0 else { return nil }
    return count << shift
  }

  /// Begins a natural of at most `bitCount` bits, all zero, into which slices are written. Throws `.size`, `.bytes`
  /// or `.refused` when there is no room for it.
  public func naturalBuilder(bitCount: Int) throws(Fault) -> NaturalBuilder {
    try requireRoom(bits: bitCount)
    let size = (max(0, bitCount) + 63) / 64
    let offset = try allocate(.natural, size: size)
    body(offset).update(repeating: 0, count: size)
    return NaturalBuilder(nursery: self, offset: offset, size: size)
  }
}

extension Limbs {
  /// The `count` bits from bit `start` on, where `count` is at most 64.
  @inlinable
  func bits(from start: Int, count: Int) -> Limb {
    let index = start >> 6
    let part = Limb(start & 63)
    var value = self[index] >> part
    if part != 0 { value |= self[index &+ 1] << (64 - part) }
    return count >= 64 ? value : value & ((1 << Limb(count)) &- 1)
  }

  /// Writes the `count` bits from bit `start` on to `target`, whose last limb is filled up with zeros.
  func copyBits(from start: Int, count: Int, to target: UnsafeMutablePointer<Limb>) {
    let size = (count + 63) / 64
    let first = start / 64
    let part = UInt32(start % 64)
    // Limbs that exist; those above are zero.
    let present = max(0, min(size, self.count - first))
    if present > 0 {
      if part == 0 {
        target.update(from: pointer + first, count: present)
      } else {
        _ = __gmpn_rshift(target, pointer + first, present, part)
        if first + present < self.count { target[present - 1] |= pointer[first + present] << Limb(64 - part) }
      }
    }
    (target + present).update(repeating: 0, count: size - present)
    if count % 64 != 0 { target[size - 1] &= (1 << Limb(count % 64)) - 1 }
  }
}

/// A natural that is being put together from slices. Between its creation and `finish` there must be no safe point.
public struct NaturalBuilder {
  let nursery: Nursery
  let offset: Int
  let size: Int

  /// Writes the lowest `count` bits of `word` to the bits from `position` on, which were zero. What would lie above
  /// the builder's limbs, and a word that is no natural, is ignored.
  public mutating func insert(_ word: Word, at position: Int, count: Int) {
    guard position >= 0, count > 0, let x = try? nursery.limbs(word, slot: 0) else { return }
    let length = min(count, x.bitLength)
    let target = nursery.body(offset)
    let part = Limb(position % 64)
    var index = position / 64
    var done = 0
    while done < length, index < size {
      let value = x.bits(from: done, count: min(64, length - done))
      target[index] |= value << part
      index += 1
      if part != 0, index < size { target[index] |= value >> (64 - part) }
      done += 64
    }
  }

  /// The finished natural. The builder must not be used again.
  public mutating func finish() -> Word { nursery.finished(offset, size: size) }
}
