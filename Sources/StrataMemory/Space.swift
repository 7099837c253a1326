// A space: one part of a frame's memory, grown from one end of the arena in chunks that are filled upwards.
//
// Chunks of one space lie side by side, so that "is this object in the space?" is one comparison of offsets:
//
//     west   [chunk 0][chunk 1][chunk 2]->            grows towards higher offsets
//     east               <-[chunk 2][chunk 1][chunk 0] grows towards lower offsets
//
// Each chunk begins with three words: its size, where its objects end, and the offset of the chunk after it in its
// chain (0 = none). There are two chains: ordinary chunks, of which only the last has room, and chunks that
// hold one large object each, so that a large object never leaves an ordinary chunk half empty.

/// An end of the arena.
@frozen
public enum Side: UInt8, Sendable {
  case west
  case east

  @inlinable public var opposite: Side { self == .west ? .east : .west }
}

/// The bounds and chains of one space. All numbers are word offsets from the loom's base.
@frozen
public struct Space {
  public var side: Side
  /// The lowest word of any chunk; equal to `high` while there is no chunk.
  public var low: Int
  /// One past the highest word of any chunk.
  public var high: Int
  /// The first ordinary chunk, or 0.
  public var first: Int
  /// The ordinary chunk that has room, or 0.
  public var current: Int
  /// Where the next object goes in `current`.
  public var top: Int
  /// The end of `current`.
  public var limit: Int
  /// The first and last chunk that holds one large object, or 0.
  public var firstLarge: Int
  public var lastLarge: Int

  public static let chunkHeaderWords = 3

  /// An empty space that begins at `bound` and grows away from `side`.
  @inlinable
  public init(side: Side, bound: Int) {
    self.side = side
    low = bound
    high = bound
    first = 0
    current = 0
    top = 0
    limit = 0
    firstLarge = 0
    lastLarge = 0
  }

  /// Whether the object at `offset` lies in this space.
  @inlinable @inline(__always)
  public func contains(_ offset: Int) -> Bool {
    UInt(bitPattern: offset &- low) < UInt(bitPattern: high &- low)
  }

  /// Words between the space's bounds, unused ends of chunks included.
  @inlinable public var extent: Int { high - low }
  /// The bound at which the space grows.
  @inlinable public var edge: Int { side == .west ? high : low }
}
