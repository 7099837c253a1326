// The word: the one representation of a value that all machines, the arena and the store share.
//
//     bit  63       0 = a natural below 2^63, stored as itself; 1 = a reference
//     bits 63-61    10x natural in memory | 110 composite | 111 transient (thunk)
//     bit  60       location: 0 nursery or commons, 1 bedrock (position-independent, persistent)
//     bits 59-56    subtype of a composite or transient
//     bits 55-48    small metadata, free for the machines (closure size, flags)
//     bits 47-0     offset of the object's header, in words from the loom's base
//
// The high 16 bits alone tell the type. Bit 61 of a natural is always written as zero.

/// A 64-bit value: either a small natural or a typed reference to an object in the loom.
///
/// Equality of two words is identity: equal words denote the same value, but different references may
/// denote structurally equal values.
@frozen
public struct Word: Hashable, Sendable {
  public var raw: UInt64

  @inlinable @inline(__always)
  public init(raw: UInt64) { self.raw = raw }

  /// The direct natural `value`. The caller guarantees that it is below 2^63.
  @inlinable @inline(__always)
  public init(direct value: UInt64) {
    assert(value <= Word.largestDirect)
    self.raw = value
  }

  /// A reference to the object whose header lies at `offset`.
  @inlinable @inline(__always)
  public init(tag: Tag, offset: Int) {
    assert(offset >= 0 && UInt64(offset) <= Word.offsetMask)
    self.raw = tag.rawValue | UInt64(truncatingIfNeeded: offset)
  }

  /// The natural 0, which is also Nock's "yes" and every machine's nil.
  @inlinable @inline(__always) public static var zero: Word { Word(raw: 0) }
  /// The natural 1.
  @inlinable @inline(__always) public static var one: Word { Word(raw: 1) }

  public static let largestDirect: UInt64 = (1 << 63) - 1
  public static let offsetMask: UInt64 = (1 << 48) - 1
  public static let locationBit: UInt64 = 1 << 60
  public static let metadataShift: UInt64 = 48

  /// The type bits of a reference: everything above the metadata, location excluded.
  @frozen
  public struct Tag: Hashable, Sendable {
    public let rawValue: UInt64

    @inlinable @inline(__always)
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// A natural of at least 2^63, kept in memory.
    @inlinable @inline(__always) public static var natural: Tag { Tag(rawValue: 0b100 << 61) }
    /// A pair of words: Nock's cell.
    @inlinable @inline(__always) public static var cell: Tag { Tag(rawValue: 0b110 << 61) }
    /// A PLAN pin.
    @inlinable @inline(__always) public static var pin: Tag { Tag(rawValue: 0b110 << 61 | 1 << 56) }
    /// A PLAN law.
    @inlinable @inline(__always) public static var law: Tag { Tag(rawValue: 0b110 << 61 | 2 << 56) }
    /// A PLAN closure: a head and at least one argument.
    @inlinable @inline(__always) public static var closure: Tag { Tag(rawValue: 0b110 << 61 | 3 << 56) }
    /// A run of words without further meaning to the arena.
    @inlinable @inline(__always) public static var vector: Tag { Tag(rawValue: 0b110 << 61 | 4 << 56) }
    /// An unevaluated PLAN expression, overwritten once by its value.
    @inlinable @inline(__always) public static var thunk: Tag { Tag(rawValue: 0b111 << 61 | 1 << 56) }
  }

  /// Whether the word is a natural below 2^63.
  @inlinable @inline(__always) public var isDirect: Bool { Int64(bitPattern: raw) >= 0 }
  /// Whether the word refers to an object.
  @inlinable @inline(__always) public var isReference: Bool { Int64(bitPattern: raw) < 0 }
  /// Whether the word is a natural, in place or in memory.
  @inlinable @inline(__always) public var isNatural: Bool { raw < 0b110 << 61 }
  /// Whether the word refers to a natural in memory.
  @inlinable @inline(__always) public var isIndirect: Bool { raw >> 62 == 0b10 }
  /// Whether the word refers to a cell, wherever it lies.
  @inlinable @inline(__always) public var isCell: Bool {
    raw & (0xF << 60 | 0xF << 56) & ~Word.locationBit == 0b110 << 61
  }
  /// Whether the word refers to a pin, law, closure, vector or cell.
  @inlinable @inline(__always) public var isComposite: Bool { raw >> 61 == 0b110 }
  /// Whether the word refers to a thunk, or is a forwarding word in a header's place.
  @inlinable @inline(__always) public var isTransient: Bool { raw >> 61 == 0b111 }
  /// Whether the object lies in the persistent stratum. False for direct naturals.
  @inlinable @inline(__always) public var isPersistent: Bool { isReference && raw & Word.locationBit != 0 }
  /// The offset of the object's header from the loom's base, in words. Meaningless for direct naturals.
  @inlinable @inline(__always) public var offset: Int { Int(truncatingIfNeeded: raw & Word.offsetMask) }
  /// The type bits: tag and subtype, without location and metadata.
  @inlinable @inline(__always) public var tag: Tag { Tag(rawValue: raw & 0xEF00_0000_0000_0000) }
  /// The eight metadata bits.
  @inlinable @inline(__always) public var metadata: UInt8 {
    UInt8(truncatingIfNeeded: raw >> Word.metadataShift)
  }

  /// The same reference with other metadata bits.
  @inlinable @inline(__always)
  public func with(metadata: UInt8) -> Word {
    Word(raw: raw & ~(0xFF << Word.metadataShift) | UInt64(metadata) << Word.metadataShift)
  }

  /// The same type, location and metadata, at another offset.
  @inlinable @inline(__always)
  public func moved(to offset: Int) -> Word {
    Word(raw: raw & ~Word.offsetMask | UInt64(truncatingIfNeeded: offset))
  }

  /// The same reference, marked as lying in the persistent stratum.
  @inlinable @inline(__always)
  public var persistent: Word { Word(raw: raw | Word.locationBit) }
}
