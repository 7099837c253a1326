// Memory for the tables of one verification or translation: handed out piece by piece, given back all at once.
// Guarantees: a table lives as long as the scratch memory it was taken from is neither reset nor gone; indices are checked in
// debug builds. Whoever uses tables gets their indices from places that were counted or verified before.

/// A row of plain values in scratch memory. Copies share their elements.
struct Table<Element: BitwiseCopyable>: BitwiseCopyable {
  private let base: UnsafeMutablePointer<Element>
  let count: Int

  @inline(__always)
  fileprivate init(_ base: UnsafeMutablePointer<Element>, _ count: Int) {
    self.base = base
    self.count = count
  }

  @inline(__always)
  subscript(_ index: Int) -> Element {
    get {
      assert(index >= 0 && index < count, "an index outside of a table")
      return base[index]
    }
    nonmutating set {
      assert(index >= 0 && index < count, "an index outside of a table")
      base[index] = newValue
    }
  }

  @inline(__always)
  var indices: Range<Int> { 0..<count }

  /// Part of the table, which shares its elements.
  @inline(__always)
  func part(_ range: Range<Int>) -> UnsafeBufferPointer<Element> {
    assert(range.lowerBound >= 0 && range.upperBound <= count, "a range outside of a table")
    return UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Makes all elements the same.
  func fill(_ value: Element) { base.update(repeating: value, count: count) }
}

/// Where tables come from.
final class Scratch {
  private static let firstBytes = 32 << 10
  private var chunks: [UnsafeMutableRawPointer] = []
  private var size = firstBytes
  /// Where the next table begins, and how many bytes are left there. Behind a pointer, because every look at an object's own
  /// variables is checked.
  private let free: UnsafeMutablePointer<(next: UnsafeMutableRawPointer, left: Int)>

  init() {
    let first = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    free = .allocate(capacity: 1)
    free.initialize(to: (first, size))
    chunks.append(first)
  }

  deinit {
    for chunk in chunks { chunk.deallocate() }
    free.deallocate()
  }

  /// Takes all tables back. The largest piece of memory is kept for the next ones.
  func reset() {
    while chunks.count > 1 { chunks.removeFirst().deallocate() }
    if let kept = chunks.first { free.pointee = (kept, size) }
  }

  /// A table of that many equal elements.
  @inline(__always)
  func table<Element: BitwiseCopyable>(_ count: Int, of value: Element) -> Table<Element> {
    let bytes = (count * MemoryLayout<Element>.stride + 15) & ~15
    if bytes > free.pointee.left { grow(bytes) }
    let base = free.pointee.next.bindMemory(to: Element.self, capacity: count)
    free.pointee.next += bytes
    free.pointee.left -= bytes
    base.initialize(repeating: value, count: count)
    return Table(base, count)
  }

  private func grow(_ bytes: Int) {
    size = max(2 * size, bytes)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    free.pointee = (fresh, size)
    chunks.append(fresh)
  }
}
