// Hash tables from words to words for native code: open addressing in plain memory, no order ever visible.

import Glibc

/// A growable map from non-zero 64-bit keys to 64-bit values. Must be freed by whoever made it.
public struct WordTable {
  private var slots: UnsafeMutablePointer<UInt64>?
  private var capacity = 0
  public private(set) var count = 0

  public init() {}

  /// Where a key's search begins. Every bit of the key counts: keys are offsets, but also pairs of small numbers.
  @inline(__always)
  private static func index(_ key: UInt64, _ mask: Int) -> Int {
    var hash = (key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ hash >> 29) &* 0xBF58_476D_1CE4_E5B9
    return Int(truncatingIfNeeded: hash >> 32) & mask
  }

  /// The value of `key`, or nil.
  @inline(__always)
  public func value(of key: UInt64) -> UInt64? {
    guard let slots else { return nil }
    let mask = capacity &- 1
    var index = WordTable.index(key, mask)
    while true {
      let found = slots[index &* 2]
      if found == key { return slots[index &* 2 &+ 1] }
      if found == 0 { return nil }
      index = (index &+ 1) & mask
    }
  }

  /// Sets the value of `key`, which is not 0. Throws `.refused`, and changes nothing, when memory is.
  public mutating func set(_ key: UInt64, to value: UInt64) throws(Fault) {
    assert(key != 0)
    if count &* 4 >= capacity &* 3 { try grow() }
    guard let slots else { throw .refused }
    let mask = capacity &- 1
    var index = WordTable.index(key, mask)
    while true {
      let found = slots[index &* 2]
      if found == key || found == 0 {
        if found == 0 { count &+= 1 }
        slots[index &* 2] = key
        slots[index &* 2 &+ 1] = value
        return
      }
      index = (index &+ 1) & mask
    }
  }

  private mutating func grow() throws(Fault) {
    let larger = max(64, capacity * 2)
    guard let fresh = calloc(larger, 16)?.assumingMemoryBound(to: UInt64.self) else { throw .refused }
    let mask = larger - 1
    if let slots {
      for old in 0..<capacity where slots[old * 2] != 0 {
        var index = WordTable.index(slots[old * 2], mask)
        while fresh[index * 2] != 0 { index = (index + 1) & mask }
        fresh[index * 2] = slots[old * 2]
        fresh[index * 2 + 1] = slots[old * 2 + 1]
      }
      Glibc.free(slots)
    }
    slots = fresh
    capacity = larger
  }

  /// The keys, in no order that may show.
  public var keys: [UInt64] {
    guard let slots else { return [] }
    return (0..<capacity).compactMap { slots[$0 * 2] == 0 ? nil : slots[$0 * 2] }
  }

  /// Forgets the given keys. Throws, with the table as it was, when memory is refused.
  public mutating func remove(_ gone: Set<UInt64>) throws(Fault) {
    if gone.isEmpty { return }
    var rest = WordTable()
    do throws(Fault) {
      for key in keys where !gone.contains(key) {
        if let value = value(of: key) { try rest.set(key, to: value) }
      }
    } catch {
      rest.free()
      throw error
    }
    free()
    self = rest
  }

  /// Forgets every entry but keeps the memory.
  public mutating func removeAll() {
    if let slots, count > 0 { memset(slots, 0, capacity * 16) }
    count = 0
  }

  /// Gives the memory back. The table is empty afterwards.
  public mutating func free() {
    if let slots { Glibc.free(slots) }
    slots = nil
    capacity = 0
    count = 0
  }
}

/// Sets of keys that are known to be equal (union-find over a `WordTable`).
public struct UnionTable {
  private var parents = WordTable()

  public init() {}

  private mutating func root(of key: UInt64) throws(Fault) -> UInt64 {
    var key = key
    while let parent = parents.value(of: key) {
      if let grandparent = parents.value(of: parent) {
        // Halving the path keeps it short without a second walk.
        try parents.set(key, to: grandparent)
      }
      key = parent
    }
    return key
  }

  /// Joins the classes of two keys; false when they were one class already.
  public mutating func union(_ a: UInt64, _ b: UInt64) throws(Fault) -> Bool {
    let first = try root(of: a)
    let second = try root(of: b)
    if first == second { return false }
    try parents.set(first, to: second)
    return true
  }

  /// Gives the memory back.
  public mutating func free() { parents.free() }
}
