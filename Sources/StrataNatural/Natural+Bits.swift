// Shifts, logic and counts of naturals.

import CGMP
import StrataMemory

extension Nursery {
  /// The number of bits up to and including the highest one bit; 0 for zero.
  @inlinable
  public func bitLength(_ a: Word) throws(Fault) -> Int {
    if a.isDirect { return 64 &- a.raw.leadingZeroBitCount }
    return try limbs(a, slot: 0).bitLength
  }

  /// The number of one bits.
  @inlinable
  public func populationCount(_ a: Word) throws(Fault) -> Int {
    if a.isDirect { return a.raw.nonzeroBitCount }
    return try populationCountSlowly(a)
  }

  @usableFromInline @inline(never)
  func populationCountSlowly(_ a: Word) throws(Fault) -> Int {
    let x = try limbs(a, slot: 0)
    return Int(__gmpn_popcount(x.pointer, x.count))
  }

  /// The number of zero bits below the lowest one bit; 0 for zero.
  @inlinable
  public func trailingZeros(_ a: Word) throws(Fault) -> Int {
    if a.isDirect { return a.raw == 0 ? 0 : a.raw.trailingZeroBitCount }
    return trailingZeros(try limbs(a, slot: 0))
  }

  /// The number of zero bits below the lowest one bit of a natural that is not zero.
  @usableFromInline
  func trailingZeros(_ x: Limbs) -> Int {
    var index = 0
    while index < x.count, x.pointer[index] == 0 { index += 1 }
    return index * 64 + (index < x.count ? x.pointer[index].trailingZeroBitCount : 0)
  }

  /// Whether bit `position` of a is one. Any position is allowed.
  @inlinable
  public func testBit(_ a: Word, at position: Word) throws(Fault) -> Bool {
    if a.isDirect, position.isDirect { return position.raw < 64 && a.raw &>> position.raw & 1 == 1 }
    let x = try limbs(a, slot: 0)
    guard let index = try smallInteger(position) else { return false }
    return x[index >> 6] &>> Limb(index & 63) & 1 == 1
  }

  /// a * 2^amount. A result that cannot be stored is an error at once.
  @inlinable @inline(__always)
  public func shiftLeft(_ a: Word, by amount: Word) throws(Fault) -> Word {
    if a.isDirect, amount.raw < 63, a.raw &>> (63 &- amount.raw) == 0 { return Word(raw: a.raw &<< amount.raw) }
    return try shiftLeftSlowly(a, by: amount)
  }

  @usableFromInline @inline(never)
  func shiftLeftSlowly(_ a: Word, by amount: Word) throws(Fault) -> Word {
    let x = try limbs(a, slot: 0)
    let bits = try smallInteger(amount)
    if x.count == 0 { return .zero }
    guard let bits else { throw .size }
    if bits == 0 { return a }
    let length = x.bitLength + bits
    try requireRoom(bits: length)
    let size = (length + 63) / 64
    let offset = try allocate(.natural, size: size)
    writeShifted(body(offset), size: size, x, left: bits)
    return finished(offset, size: size)
  }

  /// Writes x * 2^bits to the `size` limbs at `target`, which have room for it.
  func writeShifted(_ target: UnsafeMutablePointer<Limb>, size: Int, _ x: Limbs, left bits: Int) {
    let whole = bits / 64
    target.update(repeating: 0, count: min(whole, size))
    if x.count == 0 { return target.update(repeating: 0, count: size) }
    var carry: Limb = 0
    if bits % 64 == 0 {
      (target + whole).update(from: x.pointer, count: x.count)
    } else {
      carry = __gmpn_lshift(target + whole, x.pointer, x.count, UInt32(bits % 64))
    }
    let end = whole + x.count
    if end < size {
      target[end] = carry
      (target + end + 1).update(repeating: 0, count: size - end - 1)
    }
  }

  /// a / 2^amount, rounded down. Any amount is allowed.
  @inlinable @inline(__always)
  public func shiftRight(_ a: Word, by amount: Word) throws(Fault) -> Word {
    if a.isDirect, amount.raw < 64 { return Word(raw: a.raw &>> amount.raw) }
    return try shiftRightSlowly(a, by: amount)
  }

  @usableFromInline @inline(never)
  func shiftRightSlowly(_ a: Word, by amount: Word) throws(Fault) -> Word {
    guard a.isNatural else { throw .exit }
    guard let bits = try smallInteger(amount) else { return .zero }
    if bits == 0 { return a }
    return try self.bits(of: a, from: bits, count: Int.max)
  }

  /// The bits that are one in both.
  @inlinable @inline(__always)
  public func and(_ a: Word, _ b: Word) throws(Fault) -> Word {
    if Int64(bitPattern: a.raw | b.raw) >= 0 { return Word(raw: a.raw & b.raw) }
    return try andSlowly(a, b)
  }

  /// The bits that are one in either.
  @inlinable @inline(__always)
  public func or(_ a: Word, _ b: Word) throws(Fault) -> Word {
    if Int64(bitPattern: a.raw | b.raw) >= 0 { return Word(raw: a.raw | b.raw) }
    return try orSlowly(a, b)
  }

  /// The bits that differ.
  @inlinable @inline(__always)
  public func exclusiveOr(_ a: Word, _ b: Word) throws(Fault) -> Word {
    if Int64(bitPattern: a.raw | b.raw) >= 0 { return Word(raw: a.raw ^ b.raw) }
    return try exclusiveOrSlowly(a, b)
  }

  @usableFromInline @inline(never)
  func andSlowly(_ a: Word, _ b: Word) throws(Fault) -> Word {
    let x = try limbs(a, slot: 0)
    let y = try limbs(b, slot: 1)
    let size = min(x.count, y.count)
    if size == 0 { return .zero }
    let offset = try allocate(.natural, size: size)
    __gmpn_and_n(body(offset), x.pointer, y.pointer, size)
    return finished(offset, size: size)
  }

  @usableFromInline @inline(never)
  func orSlowly(_ a: Word, _ b: Word) throws(Fault) -> Word {
    var x = try limbs(a, slot: 0)
    var y = try limbs(b, slot: 1)
    if x.count < y.count { swap(&x, &y) }
    if y.count == 0 { return a.raw == 0 ? b : a }
    let offset = try allocate(.natural, size: x.count)
    __gmpn_ior_n(body(offset), x.pointer, y.pointer, y.count)
    (body(offset) + y.count).update(from: x.pointer + y.count, count: x.count - y.count)
    return finished(offset, size: x.count)
  }

  @usableFromInline @inline(never)
  func exclusiveOrSlowly(_ a: Word, _ b: Word) throws(Fault) -> Word {
    var x = try limbs(a, slot: 0)
    var y = try limbs(b, slot: 1)
    if x.count < y.count { swap(&x, &y) }
    if y.count == 0 { return a.raw == 0 ? b : a }
    let offset = try allocate(.natural, size: x.count)
    __gmpn_xor_n(body(offset), x.pointer, y.pointer, y.count)
    (body(offset) + y.count).update(from: x.pointer + y.count, count: x.count - y.count)
    return finished(offset, size: x.count)
  }

  /// The lowest `width` bits of a, each inverted; higher bits are dropped.
  public func complement(_ a: Word, width: Word) throws(Fault) -> Word {
    let x = try limbs(a, slot: 0)
    guard let bits = try smallInteger(width) else { throw .size }
    if bits <= 63 { return Word(direct: ~UInt64(x[0]) & ((1 << UInt64(bits)) - 1)) }
    // The result can be small only when a begins with ones; refusing to write it out is then still right.
    try requireRoom(bits: bits)
    let size = (bits + 63) / 64
    let offset = try allocate(.natural, size: size)
    let target = body(offset)
    let shared = min(size, x.count)
    if shared > 0 { __gmpn_com(target, x.pointer, shared) }
    (target + shared).update(repeating: Limb.max, count: size - shared)
    if bits % 64 != 0 { target[size - 1] &= (1 << Limb(bits % 64)) - 1 }
    return finished(offset, size: size)
  }
}
