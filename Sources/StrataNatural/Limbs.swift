// Limbs: a natural seen as memory, and the way from freshly written memory back to a normalised word.
//
// A natural below 2^63 is a direct word. Any other is an object whose limbs are least significant first, whose top
// limb is not zero and which is never a single limb below 2^63: every value has exactly one form.

import CGMP
import StrataMemory

/// One 64-bit digit of a natural, as GMP sees it.
public typealias Limb = UInt

/// A natural's limbs, least significant first, without leading zero limbs; zero has none.
@frozen
public struct Limbs {
  public let pointer: UnsafePointer<Limb>
  public let count: Int

  @inlinable @inline(__always)
  init(_ pointer: UnsafePointer<Limb>, _ count: Int) {
    self.pointer = pointer
    self.count = count
  }

  @inlinable @inline(__always)
  init(_ pointer: UnsafeMutablePointer<Limb>, _ count: Int) { self.init(UnsafePointer(pointer), count) }

  /// The view of `count` limbs at `pointer` without its leading zeros.
  @inlinable
  init(trimming pointer: UnsafePointer<Limb>, _ count: Int) {
    var count = count
    while count > 0, pointer[count &- 1] == 0 { count &-= 1 }
    self.init(pointer, count)
  }

  /// The limb at `index`, or 0 above the top.
  @inlinable @inline(__always)
  public subscript(index: Int) -> Limb { index < count ? pointer[index] : 0 }

  /// The number of bits up to and including the highest one bit.
  @inlinable
  public var bitLength: Int {
    count == 0 ? 0 : count &* 64 &- pointer[count &- 1].leadingZeroBitCount
  }

  /// The limbs from `start` on, at most `length` of them, without leading zeros.
  @inlinable
  func slice(_ start: Int, _ length: Int) -> Limbs {
    if start >= count { return Limbs(pointer, 0) }
    return Limbs(trimming: pointer + start, min(length, count &- start))
  }
}

extension UnsafeMutablePointer where Pointee == UInt64 {
  /// The same memory as limbs: both are 64-bit unsigned integers.
  @inlinable @inline(__always)
  var limbs: UnsafeMutablePointer<Limb> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Limb.self) }
}

extension Nursery {
  /// The limbs of `word`. A direct word's limb is put into operand slot `slot`, where it stays until the slot is
  /// used again; operations of this module may use all slots. Throws `.exit` when `word` is no natural.
  @inlinable
  public func limbs(_ word: Word, slot: Int) throws(Fault) -> Limbs {
    if word.isDirect {
      assert(slot >= 0 && slot < Nursery.operandSlotCount)
      let place = (operandSlots + slot).limbs
      place.pointee = Limb(word.raw)
      return Limbs(place, word.raw == 0 ? 0 : 1)
    }
    guard word.isIndirect else { throw .exit }
    return Limbs((base + (word.offset &+ 1)).limbs, header(word).size)
  }

  /// The limbs of the object at `offset`, for writing.
  @inlinable @inline(__always)
  func body(_ offset: Int) -> UnsafeMutablePointer<Limb> { (base + (offset &+ 1)).limbs }

  /// Room for limbs that is released with the innermost mark. Throws `.bytes` or `.refused`.
  @inlinable @inline(__always)
  func scratchLimbs(_ count: Int) throws(Fault) -> UnsafeMutablePointer<Limb> { try scratch(count).limbs }

  /// The word for the natural object at `offset`, all of whose limbs have been written: shortened to its
  /// significant limbs, or given back when the value fits into the word.
  @usableFromInline
  func finished(_ offset: Int, size: Int) -> Word {
    let limbs = Limbs(trimming: body(offset), size)
    if limbs.count <= 1 {
      let value = UInt64(limbs[0])
      if value <= Word.largestDirect {
        retract(offset)
        return Word(direct: value)
      }
    }
    if limbs.count < size { shorten(offset, to: limbs.count) }
    return Word(tag: .natural, offset: offset)
  }

  /// The natural `value`, which may be any 64-bit number.
  @inlinable
  public func natural(_ value: UInt64) throws(Fault) -> Word {
    if value <= Word.largestDirect { return Word(direct: value) }
    let offset = try allocate(.natural, size: 1)
    base[offset &+ 1] = value
    return Word(tag: .natural, offset: offset)
  }

  /// The natural `high` * 2^64 + `low`.
  @usableFromInline
  func natural(high: UInt64, low: UInt64) throws(Fault) -> Word {
    if high == 0 { return try natural(low) }
    let offset = try allocate(.natural, size: 2)
    base[offset &+ 1] = low
    base[offset &+ 2] = high
    return Word(tag: .natural, offset: offset)
  }

  /// A natural with the given limbs, copied.
  func natural(_ limbs: Limbs) throws(Fault) -> Word {
    let trimmed = Limbs(trimming: limbs.pointer, limbs.count)
    if trimmed.count <= 1 { return try natural(UInt64(trimmed[0])) }
    let offset = try allocate(.natural, size: trimmed.count)
    body(offset).update(from: trimmed.pointer, count: trimmed.count)
    return Word(tag: .natural, offset: offset)
  }

  /// The value of `word` if it is a natural below 2^62, the range in which sums of two cannot overflow; nil for
  /// any larger natural. Throws `.exit` when `word` is no natural.
  @inlinable
  func smallInteger(_ word: Word) throws(Fault) -> Int? {
    if word.raw < 1 << 62 { return Int(word.raw) }
    guard word.isNatural else { throw .exit }
    return nil
  }

  /// Throws the fault with which somebody asked the machine to stop. Long operations call this at least every few
  /// milliseconds.
  @inline(__always)
  func pollStop() throws(Fault) {
    if let fault = stopRequested { throw fault }
  }

  /// Throws at once when a result of at least `bits` bits cannot exist: `.size` above the largest natural, `.bytes`
  /// above the remaining budget.
  func requireRoom(bits: Int) throws(Fault) {
    if bits > Nursery.largestBitLength { throw .size }
    if bits / 8 > freeBytes { throw .bytes }
  }

  /// The bit length of the largest natural.
  public static var largestBitLength: Int { Header.largestSize * 64 }
}
