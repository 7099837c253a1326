// Working memory for operations that run between two safe points, and a look at requests to stop.
//
// An operation takes a mark, uses memory from the top of the nursery and gives it back by releasing the mark, so
// that only its result stays. Results are therefore allocated before the mark is taken.

import CPlatform

/// A point in the innermost frame's allocation to which `Nursery.release` returns.
public struct ScratchMark {
  let top: Int
  let limit: Int
  let young: Space
}

extension Nursery {
  /// Remembers where allocation stands. Valid until the next safe point, push or pop.
  public func mark() -> ScratchMark {
    ScratchMark(top: state.pointee.top, limit: state.pointee.limit, young: state.pointee.frame.pointee.young)
  }

  /// Frees everything that was allocated since `mark` was taken, whether object or scratch. The caller guarantees
  /// that nothing allocated since then is used afterwards and that no safe point lies between.
  public func release(_ mark: ScratchMark) {
    if mark.young.current != state.pointee.frame.pointee.young.current
      || mark.young.lastLarge != state.pointee.frame.pointee.young.lastLarge
    {
      if mark.young.current != 0 { base[mark.young.current + 2] = 0 }
      if mark.young.lastLarge != 0 { base[mark.young.lastLarge + 2] = 0 }
      state.pointee.frame.pointee.young = mark.young
    }
    state.pointee.top = mark.top
    state.pointee.limit = mark.limit
  }

  /// Memory for `count` words, not cleared and without a header: it must be released before the next safe point.
  /// Throws `.bytes` or `.refused`; nothing has changed then.
  @inlinable
  public func scratch(_ count: Int) throws(Fault) -> UnsafeMutablePointer<UInt64> {
    let offset = state.pointee.top
    if UInt(bitPattern: count) < 64, offset &+ count <= state.pointee.limit {
      state.pointee.top = offset &+ count
      return base + offset
    }
    return try scratchSlowly(count)
  }

  @usableFromInline @inline(never)
  func scratchSlowly(_ count: Int) throws(Fault) -> UnsafeMutablePointer<UInt64> {
    guard count >= 0, count < 1 << 48 else { throw .bytes }
    return base + (try state.pointee.place(count))
  }

  /// Drops the object at `offset`, which nothing refers to. The newest object's memory is free again at once; any
  /// other becomes filler.
  public func retract(_ offset: Int) {
    let size = Header(raw: base[offset]).size
    if offset + 1 + size == state.pointee.top {
      state.pointee.top = offset
    } else {
      base[offset] = Header(kind: .filler, size: size).raw
    }
  }

  /// The fault with which another thread has asked the machine to stop, if any. Does not clear the request: an
  /// operation that sees one throws it, and the next safe point answers it.
  public var stopRequested: Fault? {
    let reason = platform_load_relaxed(state.pointee.stopReason)
    if reason == 0 { return nil }
    return Fault(rawValue: UInt8(truncatingIfNeeded: reason)) ?? .interrupted
  }

  /// Number of words at `operandSlots`.
  public static let operandSlotCount = 6

  /// A few words at a fixed address, where an operation may put small operands that it wants to see as memory.
  @inlinable @inline(__always)
  public var operandSlots: UnsafeMutablePointer<UInt64> { state.pointee.poll + 2 }
}
