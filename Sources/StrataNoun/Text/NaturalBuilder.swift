// Naturals from pieces of a few bits each, the lowest first: how digits, cords and terms become words.

import StrataMemory

/// Builds one natural whose exact size is known beforehand. One below 2^63 takes no memory.
struct NaturalBuilder {
  private let nursery: Nursery
  /// The header's offset, or 0 for a natural that stays direct.
  private let offset: Int
  private var next: Int
  private var word: UInt64 = 0
  private var filled = 0

  /// Room for a natural of exactly `bits` bits.
  init(nursery: Nursery, bits: Int) throws(Fault) {
    self.nursery = nursery
    offset = bits < 64 ? 0 : try nursery.allocate(.natural, size: (bits &+ 63) / 64)
    next = offset &+ 1
  }

  /// Room for a natural of `digits` digits of `digitBits` bits each, the top one of which is `top` and not 0.
  init(nursery: Nursery, digits: Int, digitBits: Int, top: UInt8) throws(Fault) {
    // Safe: there are fewer digits than bytes of memory, so the product is far below 2^63.
    let bits = digits == 0 ? 0 : (digits &- 1) &* digitBits &+ 8 &- top.leadingZeroBitCount
    try self.init(nursery: nursery, bits: bits)
  }

  /// Adds `value`, which is below 2^`bits`, above what is there; `bits` is at most 8.
  @inline(__always)
  mutating func append(_ value: UInt8, bits: Int) {
    word |= UInt64(value) &<< UInt64(filled)
    filled &+= bits
    if filled >= 64, offset != 0 {
      nursery.base[next] = word
      next &+= 1
      filled &-= 64
      word = UInt64(value) &>> UInt64(bits &- filled)
    }
  }

  /// The natural. The caller guarantees that it has appended as much as it announced.
  mutating func finish() -> Word {
    if offset == 0 { return Word(direct: word) }
    if word != 0 {
      nursery.base[next] = word
      next &+= 1
    }
    assert(next == offset + 1 + Header(raw: nursery.base[offset]).size, "the announced size is exact")
    return Word(tag: .natural, offset: offset)
  }
}
