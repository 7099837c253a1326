// The memo caches: products by subject and formula, bounded in size, told of every collection and frame end.

import StrataMemory
import StrataNoun

/// The products of one kind of `%memo` hint.
final class MemoTable: RootProvider {
  private struct Entry {
    var mug: UInt32
    var depth: Int
    var subject: Word
    var formula: UInt64
    var product: Word
    /// The next entry with the same bucket, or -1.
    var next: Int
  }

  private let nursery: Nursery
  private let kind: MemoKind
  private let capacity: Int
  private var entries: [Entry] = []
  private var buckets: [Int]
  /// Entries from here on may hold young words.
  private var youngStart = 0

  /// How often a lookup found something, and how often not.
  private(set) var hits = 0
  private(set) var misses = 0

  init(_ nursery: Nursery, kind: MemoKind, capacity: Int) {
    self.nursery = nursery
    self.kind = kind
    self.capacity = max(16, capacity)
    buckets = Array(repeating: -1, count: 1024)
    nursery.add(self)
  }

  private func hash(_ subject: Word, _ formula: UInt64) throws(Fault) -> UInt32 {
    let mug = try nursery.mug(subject)
    return mug ^ UInt32(truncatingIfNeeded: formula &* 0x9E37_79B9) & 0x7FFF_FFFF
  }

  /// The product of `formula` on `subject`, if it is remembered.
  func product(of formula: UInt64, on subject: Word) throws(Fault) -> Word? {
    let mug = try hash(subject, formula)
    var index = buckets[Int(mug) & (buckets.count - 1)]
    while index >= 0 {
      let entry = entries[index]
      if entry.mug == mug, entry.formula == formula, try nursery.equal(entry.subject, subject) {
        hits += 1
        return entry.product
      }
      index = entry.next
    }
    misses += 1
    return nil
  }

  /// Remembers a product. When the table is full, the older half is forgotten.
  func remember(_ product: Word, of formula: UInt64, on subject: Word) throws(Fault) {
    let mug = try hash(subject, formula)
    if entries.count >= capacity {
      entries.removeFirst(entries.count / 2)
      rebuild()
      youngStart = 0
    }
    if entries.count >= buckets.count {
      buckets = Array(repeating: -1, count: buckets.count * 4)
      rebuild()
    }
    let bucket = Int(mug) & (buckets.count - 1)
    entries.append(
      Entry(
        mug: mug, depth: nursery.state.pointee.depth, subject: subject, formula: formula, product: product,
        next: buckets[bucket]))
    buckets[bucket] = entries.count - 1
  }

  /// Forgets everything.
  func removeAll() {
    entries.removeAll()
    rebuild()
    youngStart = 0
  }

  private func rebuild() {
    for index in buckets.indices { buckets[index] = -1 }
    for index in entries.indices {
      let bucket = Int(entries[index].mug) & (buckets.count - 1)
      entries[index].next = buckets[bucket]
      buckets[bucket] = index
    }
  }

  func visitRoots(_ collector: inout Collector) {
    // What only this frame remembers does not outlive it.
    if collector.isPop, kind == .transient { return }
    var index = collector.isYoung ? youngStart : 0
    while index < entries.count {
      entries[index].subject = collector.moved(entries[index].subject)
      entries[index].product = collector.moved(entries[index].product)
      index += 1
    }
    youngStart = collector.isPop ? 0 : entries.count
  }

  func frameEnded(depth: Int, bailed: Bool) {
    guard entries.contains(where: { $0.depth > depth }) else { return }
    if kind == .persistent, !bailed {
      for index in entries.indices where entries[index].depth > depth { entries[index].depth = depth }
    } else {
      entries.removeAll { $0.depth > depth }
      rebuild()
    }
    youngStart = 0
  }
}
