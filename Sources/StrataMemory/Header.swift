// The header: one word before each object's body.
//
//     bits 63-60    kind (0 to 13; 1110 and 1111 would read as a forwarding word)
//     bits 59-33    size of the body in words (up to 2^27 - 1: a natural of 8,589,934,528 bits)
//     bit  32       normal form: no thunk is reachable from here (PLAN)
//     bit  31       mark, for the collectors of the fixed strata
//     bits 30-0     cached 31-bit mug, 0 = not computed
//
// A natural's exact bit size is 64 * size - leading zeros of its top word, which is never zero; keeping it
// in the header as well would cost the bits that large sizes need.

/// What an object is, as far as the arena must know to size, scan and check it.
@frozen
public enum Kind: UInt8, Sendable {
  /// A natural's words, least significant first.
  case natural = 0
  /// Words that are never references.
  case opaque = 1
  /// Dead space, kept so that a region can be walked from object to object.
  case filler = 2
  /// Kinds from here on hold words that may be references.
  case cell = 3
  case pin = 4
  case law = 5
  case closure = 6
  case thunk = 7
  case vector = 8
}

/// The word before an object's body.
@frozen
public struct Header: Hashable, Sendable {
  public var raw: UInt64

  @inlinable @inline(__always)
  public init(raw: UInt64) { self.raw = raw }

  /// A header without mug or marks. The caller guarantees that `size` is at most `Header.largestSize`.
  @inlinable @inline(__always)
  public init(kind: Kind, size: Int) {
    self.raw = UInt64(kind.rawValue) << 60 | UInt64(truncatingIfNeeded: size) << 33
  }

  /// The header of a cell: two words, nothing cached.
  @inlinable @inline(__always)
  public static var cell: Header { Header(kind: .cell, size: 2) }

  public static let largestSize = (1 << 27) - 1
  public static let mugMask: UInt64 = (1 << 31) - 1
  public static let markBit: UInt64 = 1 << 31
  public static let normalFormBit: UInt64 = 1 << 32

  @inlinable @inline(__always) public var kindBits: UInt64 { raw >> 60 }
  /// Nil for a word that is no header.
  @inlinable public var kind: Kind? { Kind(rawValue: UInt8(truncatingIfNeeded: raw >> 60)) }
  /// The size of the body in words.
  @inlinable @inline(__always) public var size: Int {
    Int(truncatingIfNeeded: raw >> 33 & ((1 << 27) - 1))
  }
  /// The cached mug, or 0.
  @inlinable @inline(__always) public var mug: UInt32 { UInt32(truncatingIfNeeded: raw & Header.mugMask) }
  /// Whether the body holds words that may be references.
  @inlinable @inline(__always) public var isScanned: Bool { raw >> 60 >= UInt64(Kind.cell.rawValue) }
  /// Whether the object has moved; the word is then its forwarding word.
  @inlinable @inline(__always) public var isForwarding: Bool { raw >> 61 == 0b111 }

  @inlinable @inline(__always)
  public func with(mug: UInt32) -> Header { Header(raw: raw & ~Header.mugMask | UInt64(mug)) }

  /// The word left in place of the header of an object that now lies at `offset`.
  @inlinable @inline(__always)
  public static func forwarding(to offset: Int) -> Header {
    Header(raw: 0b111 << 61 | UInt64(truncatingIfNeeded: offset))
  }

  @inlinable @inline(__always)
  public var forwardingOffset: Int { Int(truncatingIfNeeded: raw & Word.offsetMask) }
}
