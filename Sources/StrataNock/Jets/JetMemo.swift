// What memoising jets remember: products by jet and by the parts of the core that they depend on. Bounded, told of every
// collection and frame end, and dropped with the frame it was learned in.

import StrataMemory
import StrataNoun

/// The parts of a core that a product depends on.
struct JetMemoKey {
  var jet: Int
  var first: Word
  var second: Word
  var third: Word
}

/// A table of products. Entries are in the order in which they were made, and so in that of their frames' depths.
final class JetMemo: RootProvider {
  private struct Entry {
    var key: JetMemoKey
    var product: Word
    var hash: UInt32
    var depth: Int32
    /// The next older entry of the bucket, or -1.
    var next: Int32
  }

  private let nursery: Nursery
  private let capacity: Int
  private let entries: UnsafeMutablePointer<Entry>
  private var count = 0
  private let buckets: UnsafeMutablePointer<Int32>
  private let mask: Int
  /// Entries from here on may hold young words.
  private var youngStart = 0
  private(set) var hits = 0
  private(set) var misses = 0

  init(_ nursery: Nursery, capacity: Int) {
    self.nursery = nursery
    self.capacity = max(16, min(capacity, 1 << 20))
    mask = 1 << (Int.bitWidth - self.capacity.leadingZeroBitCount) - 1
    // Memory that is never touched is never there.
    entries = .allocate(capacity: self.capacity)
    buckets = .allocate(capacity: mask + 1)
    buckets.initialize(repeating: -1, count: mask + 1)
    nursery.add(self)
  }

  deinit {
    entries.deallocate()
    buckets.deallocate()
  }

  private func hash(_ key: JetMemoKey) throws(Fault) -> UInt32 {
    var hash = UInt32(truncatingIfNeeded: key.jet) &* 0x9E37_79B1
    hash = mixed(hash, try nursery.mug(key.first))
    hash = mixed(hash, try nursery.mug(key.second))
    hash = mixed(hash, try nursery.mug(key.third))
    return hash
  }

  @inline(__always)
  private func mixed(_ hash: UInt32, _ word: UInt32) -> UInt32 {
    let product = (hash ^ word) &* 0x85EB_CA6B
    return product ^ product >> 15
  }

  /// The product for a key, if it is remembered.
  func product(for key: JetMemoKey) throws(Fault) -> Word? {
    let hash = try hash(key)
    var index = Int(buckets[Int(hash) & mask])
    while index >= 0 {
      let entry = (entries + index).pointee
      if entry.hash == hash, entry.key.jet == key.jet, try nursery.equal(entry.key.first, key.first),
        try nursery.equal(entry.key.second, key.second), try nursery.equal(entry.key.third, key.third)
      {
        hits += 1
        return entry.product
      }
      index = Int(entry.next)
    }
    misses += 1
    return nil
  }

  /// Remembers a product. When the table is full, the older half is forgotten.
  func remember(_ product: Word, for key: JetMemoKey) throws(Fault) {
    let hash = try hash(key)
    if count == capacity { forgetOlderHalf() }
    let bucket = Int(hash) & mask
    (entries + count).initialize(
      to: Entry(
        key: key, product: product, hash: hash, depth: Int32(truncatingIfNeeded: nursery.state.pointee.depth),
        next: buckets[bucket]))
    buckets[bucket] = Int32(count)
    count += 1
  }

  private func forgetOlderHalf() {
    let dropped = count / 2
    count -= dropped
    entries.update(from: entries + dropped, count: count)
    buckets.update(repeating: -1, count: mask + 1)
    for index in 0..<count {
      let bucket = Int(entries[index].hash) & mask
      entries[index].next = buckets[bucket]
      buckets[bucket] = Int32(index)
    }
    youngStart = 0
  }

  func visitRoots(_ collector: inout Collector) {
    // What only the ending frame remembers does not outlive it.
    if collector.isPop { return }
    var index = collector.isYoung ? youngStart : 0
    while index < count {
      entries[index].key.first = collector.moved(entries[index].key.first)
      entries[index].key.second = collector.moved(entries[index].key.second)
      entries[index].key.third = collector.moved(entries[index].key.third)
      entries[index].product = collector.moved(entries[index].product)
      index += 1
    }
    youngStart = count
  }

  func frameEnded(depth: Int, bailed: Bool) {
    while count > 0, entries[count - 1].depth > depth {
      // The newest entry of all is also the newest of its bucket.
      buckets[Int(entries[count - 1].hash) & mask] = entries[count - 1].next
      count -= 1
    }
    youngStart = min(youngStart, count)
  }
}
