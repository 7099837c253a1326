// Products, quotients, powers of naturals as words.

import CGMP
import StrataMemory

extension Nursery {
  /// a * b. A product that cannot be stored is an error at once.
  @inlinable @inline(__always)
  public func multiply(_ a: Word, _ b: Word) throws(Fault) -> Word {
    if Int64(bitPattern: a.raw | b.raw) >= 0 {
      let (high, low) = a.raw.multipliedFullWidth(by: b.raw)
      if high == 0, Int64(bitPattern: low) >= 0 { return Word(raw: low) }
      return try natural(high: high, low: low)
    }
    return try multiplySlowly(a, b)
  }

  @usableFromInline @inline(never)
  func multiplySlowly(_ a: Word, _ b: Word) throws(Fault) -> Word {
    let x = try limbs(a, slot: 0)
    let y = try limbs(b, slot: 1)
    if x.count == 0 || y.count == 0 { return .zero }
    let size = x.count + y.count
    // The product has this many bits or one more. A small one is checked by its allocation alone.
    if size > 256 { try requireRoom(bits: x.bitLength + y.bitLength - 1) }
    if size > Header.largestSize { return try multiplyAtLimit(x, y) }
    let offset = try allocate(.natural, size: size)
    do throws(Fault) {
      try product(body(offset), x, y)
    } catch {
      retract(offset)
      throw error
    }
    return finished(offset, size: size)
  }

  /// A product one limb longer than the largest natural, whose top limb may yet be zero.
  private func multiplyAtLimit(_ x: Limbs, _ y: Limbs) throws(Fault) -> Word {
    let size = x.count + y.count - 1
    let offset = try allocate(.natural, size: size)
    let point = mark()
    defer { release(point) }
    let whole = try scratchLimbs(size + 1)
    try product(whole, x, y)
    if whole[size] != 0 { throw .size }
    body(offset).update(from: whole, count: size)
    return finished(offset, size: size)
  }

  /// The quotient and the remainder of a / b. Throws `.exit` when b is zero.
  @inlinable @inline(__always)
  public func divide(_ a: Word, by b: Word) throws(Fault) -> (quotient: Word, remainder: Word) {
    if Int64(bitPattern: a.raw | b.raw) >= 0, b.raw != 0 {
      let (quotient, remainder) = a.raw.quotientAndRemainder(dividingBy: b.raw)
      return (Word(raw: quotient), Word(raw: remainder))
    }
    return try divideSlowly(a, by: b, wantsQuotient: true, wantsRemainder: true)
  }

  /// The quotient of a / b, rounded down. Throws `.exit` when b is zero.
  @inlinable @inline(__always)
  public func quotient(_ a: Word, by b: Word) throws(Fault) -> Word {
    if Int64(bitPattern: a.raw | b.raw) >= 0, b.raw != 0 { return Word(raw: a.raw / b.raw) }
    return try divideSlowly(a, by: b, wantsQuotient: true, wantsRemainder: false).quotient
  }

  /// The remainder of a / b. Throws `.exit` when b is zero.
  @inlinable @inline(__always)
  public func remainder(_ a: Word, by b: Word) throws(Fault) -> Word {
    if Int64(bitPattern: a.raw | b.raw) >= 0, b.raw != 0 { return Word(raw: a.raw % b.raw) }
    return try divideSlowly(a, by: b, wantsQuotient: false, wantsRemainder: true).remainder
  }

  /// Division with a result not asked for left zero; its memory is scratch then.
  @usableFromInline @inline(never)
  func divideSlowly(
    _ a: Word, by b: Word, wantsQuotient: Bool, wantsRemainder: Bool
  ) throws(Fault) -> (quotient: Word, remainder: Word) {
    let x = try limbs(a, slot: 0)
    let y = try limbs(b, slot: 1)
    if y.count == 0 { throw .exit }
    if compare(x, y) < 0 { return (.zero, a) }
    let start = mark()
    do throws(Fault) {
      let quotientSize = x.count - y.count + 1
      let quotientOffset = wantsQuotient ? try allocate(.natural, size: quotientSize) : 0
      let remainderOffset = wantsRemainder ? try allocate(.natural, size: y.count) : 0
      let point = mark()
      let quotientLimbs = wantsQuotient ? body(quotientOffset) : try scratchLimbs(quotientSize)
      let remainderLimbs = wantsRemainder ? body(remainderOffset) : try scratchLimbs(y.count)
      try divide(quotient: quotientLimbs, remainder: remainderLimbs, x, by: y)
      release(point)
      // The newer object first: what it gives back lies on top.
      let remainder = wantsRemainder ? finished(remainderOffset, size: y.count) : .zero
      let quotient = wantsQuotient ? finished(quotientOffset, size: quotientSize) : .zero
      return (quotient, remainder)
    } catch {
      release(start)
      throw error
    }
  }
}
