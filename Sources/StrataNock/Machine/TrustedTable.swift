// A table that the interpreter reads all the time: plain memory, without checks of bounds or of exclusive use.

/// Elements by number. They are only added, by who owns the table; whoever reads one knows that it is there.
final class TrustedTable<Element> {
  private var elements: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count: Int

  init(_ initial: [Element]) {
    count = initial.count
    capacity = max(8, initial.count)
    elements = .allocate(capacity: capacity)
    for (index, element) in initial.enumerated() { (elements + index).initialize(to: element) }
  }

  deinit {
    elements.deinitialize(count: count)
    elements.deallocate()
  }

  func append(_ element: Element) {
    if count == capacity {
      let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
      larger.moveInitialize(from: elements, count: count)
      elements.deallocate()
      elements = larger
      capacity *= 2
    }
    (elements + count).initialize(to: element)
    count += 1
  }

  /// The element with this number, in place until the next `append`.
  @inline(__always)
  subscript(number: Int) -> Element {
    _read {
      assert(number >= 0 && number < count)
      yield elements[number]
    }
    @inline(__always)
    _modify {
      assert(number >= 0 && number < count)
      yield &elements[number]
    }
  }
}
