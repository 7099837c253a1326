// A growable run of plain memory for native code: checked growth, no reference counting, no traps.

/// Owns `capacity` elements of a trivial type, of which the first `count` are in use.
public struct Buffer<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  @usableFromInline var room: Int
  /// How many elements are in use.
  public var count = 0

  /// The first element. Valid until the buffer grows or ends.
  @inlinable @inline(__always) public var base: UnsafeMutablePointer<Element> { storage }
  /// How many elements fit without growing.
  @inlinable @inline(__always) public var capacity: Int { room }

  /// An empty buffer of zeroed memory. Throws `.refused` when memory is.
  @inlinable
  public init(capacity: Int = 64) throws(Fault) {
    room = max(1, capacity)
    storage = try NativeMemory.allocate(room, of: Element.self)
  }

  @inlinable
  deinit { NativeMemory.free(storage, room) }

  @inlinable @inline(__always)
  public mutating func append(_ element: Element) throws(Fault) {
    if count == room { try grow(to: count &+ 1) }
    storage[count] = element
    count &+= 1
  }

  /// Takes the newest element off; nil when there is none.
  @inlinable @inline(__always)
  public mutating func popLast() -> Element? {
    if count == 0 { return nil }
    count &-= 1
    return storage[count]
  }

  /// Makes room for `wanted` elements in total.
  @inlinable @inline(__always)
  public mutating func reserve(_ wanted: Int) throws(Fault) {
    if wanted > room { try grow(to: wanted) }
  }

  @inlinable @inline(never)
  mutating func grow(to wanted: Int) throws(Fault) {
    // By halves once large: the memory that is not used yet is what a cue or a jam may not waste.
    let larger = max(wanted, room < 1 << 16 ? room * 2 : room + room / 2)
    storage = try NativeMemory.grow(storage, from: room, to: larger, used: count)
    room = larger
  }
}
