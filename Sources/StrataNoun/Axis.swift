// Reading and editing a noun by axis: 1 is the whole, 2n and 2n+1 are head and tail of what lies at n.

import StrataMemory

/// The bits of an axis below its leading one, most significant first: 0 = head, 1 = tail.
public struct AxisPath {
  private let axis: Word
  private let base: UnsafeMutablePointer<UInt64>
  /// How many steps are left.
  public private(set) var remaining: Int

  /// Nil for axis 0 and for a cell, which lead nowhere.
  public init?(_ axis: Word, in nursery: Nursery) {
    self.axis = axis
    base = nursery.base
    if axis.isDirect {
      if axis.raw == 0 { return nil }
      remaining = 63 - axis.raw.leadingZeroBitCount
    } else if axis.isIndirect {
      let size = nursery.header(axis).size
      remaining = size * 64 - 1 - base[axis.offset + size].leadingZeroBitCount
    } else {
      return nil
    }
  }

  /// Takes the next step: true for the tail. The caller guarantees that one remains.
  @inline(__always)
  public mutating func next() -> Bool {
    remaining &-= 1
    if axis.isDirect { return axis.raw >> UInt64(remaining) & 1 == 1 }
    return base[axis.offset &+ 1 &+ remaining / 64] >> UInt64(remaining % 64) & 1 == 1
  }
}

extension Nursery {
  /// What lies at `axis` of `noun`. Throws `.exit` when nothing does.
  public func part(of noun: Word, at axis: Word) throws(Fault) -> Word {
    guard var path = AxisPath(axis, in: self) else { throw .exit }
    var noun = noun
    while path.remaining > 0 {
      guard noun.isCell else { throw .exit }
      noun = path.next() ? tail(noun) : head(noun)
    }
    return noun
  }

  /// The same noun with `value` at `axis`. Throws `.exit` when nothing lies there.
  public func edit(_ noun: Word, at axis: Word, to value: Word) throws(Fault) -> Word {
    guard var path = AxisPath(axis, in: self) else { throw .exit }
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    // Down: keep each cell on the way and the side that was taken; up: rebuild them around the new value.
    var part = noun
    var sp = bottom
    while path.remaining > 0 {
      guard part.isCell else { throw .exit }
      let goesRight = path.next()
      sp = try pushPair(part.raw, goesRight ? 1 : 0, at: sp)
      part = goesRight ? tail(part) : head(part)
    }
    var result = value
    while sp > bottom {
      sp -= 2
      let old = Word(raw: base[sp])
      result = base[sp + 1] == 1 ? try cell(head(old), result) : try cell(result, tail(old))
    }
    return result
  }
}
