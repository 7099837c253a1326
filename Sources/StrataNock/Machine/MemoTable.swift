// What is remembered of calls: products by a tag and up to three nouns that they depend on. Bounded in size, told of every
// collection and frame end.
//
// The tag is a formula for `%memo` hints and a number for memoising jets. The first product of a tag is kept without
// looking at its nouns, since the mug of a whole core costs more than what many a program ever remembers.

import Glibc
import StrataMemory
import StrataNoun

/// What a product depends on.
struct MemoKey {
  /// Tells apart who remembers; not all ones.
  var tag: UInt64
  var first: Word
  var second = Word.zero
  var third = Word.zero
}

/// A table of products. Entries are in the order in which they were made, and so in that of their frames' depths.
final class MemoTable: RootProvider {
  private struct Entry {
    var key: MemoKey
    var product: Word
    var hash: UInt32
    var depth: Int32
    /// The number of the next older entry of the bucket, or 0.
    var next: UInt32
    /// Whether it is in a bucket yet.
    var isHashed: Bool
  }

  private let nursery: Nursery
  private let kind: MemoKind
  private let capacity: Int
  /// Number n is at n - 1. Memory that is never touched is never there.
  private let entries: UnsafeMutablePointer<Entry>
  private var count = 0
  private let buckets: UnsafeMutablePointer<UInt32>?
  private let mask: Int
  /// By tag + 1: the number of its only entry, which is not hashed yet; all ones once there were more.
  private var tags = WordTable()
  /// Entries from here on may hold young words.
  private var youngStart = 0

  /// How often a lookup found something, and how often not.
  private(set) var hits = 0
  private(set) var misses = 0

  init(_ nursery: Nursery, _ kind: MemoKind, capacity: Int) {
    self.nursery = nursery
    self.kind = kind
    self.capacity = max(16, min(capacity, 1 << 20))
    mask = 1 << (Int.bitWidth - self.capacity.leadingZeroBitCount) - 1
    entries = .allocate(capacity: self.capacity)
    // Without buckets nothing is ever found again, which is slow but right.
    buckets = calloc(mask + 1, 4)?.bindMemory(to: UInt32.self, capacity: mask + 1)
    nursery.add(self)
  }

  deinit {
    entries.deallocate()
    free(buckets)
    tags.free()
  }

  private func hash(_ key: MemoKey) throws(Fault) -> UInt32 {
    var hash = UInt32(truncatingIfNeeded: key.tag ^ key.tag >> 32) &* 0x9E37_79B1
    hash = try mixed(hash, key.first)
    hash = try mixed(hash, key.second)
    return try mixed(hash, key.third)
  }

  @inline(__always)
  private func mixed(_ hash: UInt32, _ word: Word) throws(Fault) -> UInt32 {
    let mug = try word == .zero ? 0 : nursery.mug(word)
    let product = (hash ^ mug) &* 0x85EB_CA6B
    return product ^ product >> 15
  }

  /// The product for a key, if it is remembered.
  func product(for key: MemoKey) throws(Fault) -> Word? {
    guard let buckets, try isHashed(key.tag) else {
      misses += 1
      return nil
    }
    let hash = try hash(key)
    var number = Int(buckets[Int(hash) & mask])
    while number > 0 {
      let entry = (entries + number - 1).pointee
      if entry.hash == hash, entry.key.tag == key.tag, try nursery.equal(entry.key.first, key.first),
        try nursery.equal(entry.key.second, key.second), try nursery.equal(entry.key.third, key.third)
      {
        hits += 1
        return entry.product
      }
      number = Int(entry.next)
    }
    misses += 1
    return nil
  }

  /// Whether a tag has entries at all; they are all in buckets then.
  private func isHashed(_ tag: UInt64) throws(Fault) -> Bool {
    guard let state = tags.value(of: tag &+ 1), state != 0 else { return false }
    if state != .max {
      let number = Int(state)
      (entries + number - 1).pointee.hash = try hash((entries + number - 1).pointee.key)
      try tags.set(tag &+ 1, to: .max)
      link(number)
    }
    return true
  }

  private func link(_ number: Int) {
    guard let buckets else { return }
    let entry = entries + number - 1
    let bucket = Int(entry.pointee.hash) & mask
    entry.pointee.next = buckets[bucket]
    entry.pointee.isHashed = true
    buckets[bucket] = UInt32(number)
  }

  /// Remembers a product. When the table is full, the older half is forgotten.
  func remember(_ product: Word, for key: MemoKey) throws(Fault) {
    let isHashed = try isHashed(key.tag)
    let hash = try isHashed ? hash(key) : 0
    if count == capacity { try forgetOlderHalf() }
    if !isHashed { try tags.set(key.tag &+ 1, to: UInt64(count + 1)) }
    (entries + count).initialize(
      to: Entry(
        key: key, product: product, hash: hash, depth: Int32(truncatingIfNeeded: nursery.state.pointee.depth),
        next: 0, isHashed: false))
    count += 1
    if isHashed { link(count) }
  }

  private func forgetOlderHalf() throws(Fault) {
    let dropped = count / 2
    count -= dropped
    entries.update(from: entries + dropped, count: count)
    buckets?.update(repeating: 0, count: mask + 1)
    tags.removeAll()
    youngStart = 0
    for number in 1...count {
      let entry = entries + number - 1
      try tags.set(entry.pointee.key.tag &+ 1, to: entry.pointee.isHashed ? .max : UInt64(number))
      if entry.pointee.isHashed { link(number) }
    }
  }

  /// Forgets everything.
  func removeAll() {
    count = 0
    youngStart = 0
    tags.removeAll()
    buckets?.update(repeating: 0, count: mask + 1)
  }

  func visitRoots(_ collector: inout Collector) {
    // What only the ending frame remembers does not outlive it.
    if collector.isPop, kind == .transient { return }
    var index = collector.isYoung ? youngStart : 0
    while index < count {
      entries[index].key.first = collector.moved(entries[index].key.first)
      entries[index].key.second = collector.moved(entries[index].key.second)
      entries[index].key.third = collector.moved(entries[index].key.third)
      entries[index].product = collector.moved(entries[index].product)
      index += 1
    }
    youngStart = collector.isPop ? 0 : count
  }

  func frameEnded(depth: Int, bailed: Bool) {
    if kind == .persistent, !bailed {
      var index = count - 1
      while index >= 0, entries[index].depth > depth {
        entries[index].depth = Int32(truncatingIfNeeded: depth)
        index -= 1
      }
    } else {
      while count > 0, entries[count - 1].depth > depth { removeNewest() }
    }
    youngStart = min(youngStart, count)
  }

  private func removeNewest() {
    let entry = entries[count - 1]
    if entry.isHashed {
      unlink(count, entry)
    } else {
      // Setting the value of a key that is there needs no memory.
      try? tags.set(entry.key.tag &+ 1, to: 0)
    }
    count -= 1
  }

  private func unlink(_ number: Int, _ entry: Entry) {
    guard let buckets else { return }
    let bucket = Int(entry.hash) & mask
    // The newest entry of all is also the first of its bucket, unless another was hashed later.
    if buckets[bucket] == UInt32(number) {
      buckets[bucket] = entry.next
      return
    }
    var before = Int(buckets[bucket])
    while before > 0, entries[before - 1].next != UInt32(number) { before = Int(entries[before - 1].next) }
    if before > 0 { entries[before - 1].next = entry.next }
  }
}
