// Addition, subtraction and comparison of naturals. Direct operands never leave the inlined path.
//
// Every operation takes words that should be naturals and throws `.exit` when they are not; results are normalised.

import CGMP
import StrataMemory

extension Nursery {
  /// a + b. Throws `.size`, `.bytes` or `.refused` when the sum cannot be stored.
  @inlinable @inline(__always)
  public func add(_ a: Word, _ b: Word) throws(Fault) -> Word {
    let sum = a.raw &+ b.raw
    // Safe: the sum of two numbers below 2^63 does not wrap; its top bit says whether it is direct.
    if Int64(bitPattern: a.raw | b.raw | sum) >= 0 { return Word(raw: sum) }
    return try addSlowly(a, b)
  }

  /// a - b. Throws `.exit` when b is larger than a.
  @inlinable @inline(__always)
  public func subtract(_ a: Word, _ b: Word) throws(Fault) -> Word {
    let difference = a.raw &- b.raw
    // Safe: for direct operands the difference wraps exactly when b > a, and then its top bit is set.
    if Int64(bitPattern: a.raw | b.raw | difference) >= 0 { return Word(raw: difference) }
    return try subtractSlowly(a, b)
  }

  /// a + 1.
  @inlinable @inline(__always)
  public func increment(_ a: Word) throws(Fault) -> Word {
    if a.raw < Word.largestDirect { return Word(raw: a.raw &+ 1) }
    return try addSlowly(a, .one)
  }

  /// a - 1. Throws `.exit` for zero.
  @inlinable @inline(__always)
  public func decrement(_ a: Word) throws(Fault) -> Word {
    if a.isDirect, a.raw != 0 { return Word(raw: a.raw &- 1) }
    return try subtractSlowly(a, .one)
  }

  /// -1, 0 or 1 as a is less than, equal to or greater than b.
  @inlinable @inline(__always)
  public func compare(_ a: Word, _ b: Word) throws(Fault) -> Int {
    if Int64(bitPattern: a.raw | b.raw) >= 0 {
      return (a.raw > b.raw ? 1 : 0) &- (a.raw < b.raw ? 1 : 0)
    }
    return try compareSlowly(a, b)
  }

  /// Whether a < b.
  @inlinable @inline(__always)
  public func isLess(_ a: Word, _ b: Word) throws(Fault) -> Bool {
    if Int64(bitPattern: a.raw | b.raw) >= 0 { return a.raw < b.raw }
    return try compareSlowly(a, b) < 0
  }

  /// Whether two naturals have the same value. Two different words of which one is no natural are not the same:
  /// this never throws, so that callers can use it as one case of a wider equality.
  @inlinable @inline(__always)
  public func isSameNatural(_ a: Word, _ b: Word) -> Bool {
    if a.raw == b.raw { return true }
    // Safe: values are normalised, so a direct natural never equals one in memory.
    if !(a.isIndirect && b.isIndirect) { return false }
    return isSameIndirect(a, b)
  }

  @usableFromInline @inline(never)
  func isSameIndirect(_ a: Word, _ b: Word) -> Bool {
    let size = header(a).size
    guard size == header(b).size else { return false }
    return __gmpn_cmp(body(a.offset), body(b.offset), size) == 0
  }

  @usableFromInline @inline(never)
  func addSlowly(_ a: Word, _ b: Word) throws(Fault) -> Word {
    var x = try limbs(a, slot: 0)
    var y = try limbs(b, slot: 1)
    if x.count < y.count { swap(&x, &y) }
    if y.count == 0 { return a.raw == 0 ? b : a }
    let size = min(x.count + 1, Header.largestSize)
    let offset = try allocate(.natural, size: size)
    let carry = __gmpn_add(body(offset), x.pointer, x.count, y.pointer, y.count)
    if size > x.count {
      body(offset)[x.count] = carry
    } else if carry != 0 {
      retract(offset)
      throw .size
    }
    return finished(offset, size: size)
  }

  @usableFromInline @inline(never)
  func subtractSlowly(_ a: Word, _ b: Word) throws(Fault) -> Word {
    let x = try limbs(a, slot: 0)
    let y = try limbs(b, slot: 1)
    if y.count == 0 { return a }
    let order = compare(x, y)
    if order < 0 { throw .exit }
    if order == 0 { return .zero }
    let offset = try allocate(.natural, size: x.count)
    // Safe: x > y, so there is no borrow.
    _ = __gmpn_sub(body(offset), x.pointer, x.count, y.pointer, y.count)
    return finished(offset, size: x.count)
  }

  @usableFromInline @inline(never)
  func compareSlowly(_ a: Word, _ b: Word) throws(Fault) -> Int {
    compare(try limbs(a, slot: 0), try limbs(b, slot: 1))
  }

  func compare(_ x: Limbs, _ y: Limbs) -> Int {
    if x.count != y.count { return x.count < y.count ? -1 : 1 }
    if x.count == 0 { return 0 }
    let order = __gmpn_cmp(x.pointer, y.pointer, x.count)
    return (order > 0 ? 1 : 0) - (order < 0 ? 1 : 0)
  }
}
