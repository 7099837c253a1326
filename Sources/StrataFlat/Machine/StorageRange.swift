// The address ranges that storage lies in, and those that wait for their next owner.
//
// Mapping a range, making it writable and touching its pages for the first time takes longer than most short evaluations. So
// a range that was little used is kept when its storage ends, and the next storage of the same size takes it over.
// Guarantees: who takes a range over learns how much of it was written, and clears that before anything is read; no more
// than a few small ranges wait, whatever was evaluated; any thread may take one or give one back.

import StrataMemory

/// One range of addresses and what is known about its bytes.
final class StorageRange {
  var reservation: Reservation
  /// How many bytes were asked for; the reservation may be smaller.
  let wantedBytes: Int
  /// How many bytes lie before address 0 of the storage.
  let headBytes: Int
  /// How many bytes can be touched, counted from address 0 of the storage.
  var committed: UInt64 = 0
  /// Nothing at or above this address of the storage was ever written.
  var touched: UInt64

  init(wantedBytes: Int, leastBytes: Int, headBytes: Int, firstAddress: UInt64) throws(StrataMemory.Fault) {
    reservation = try Reservation(byteCount: wantedBytes, leastBytes: leastBytes)
    self.wantedBytes = wantedBytes
    self.headBytes = headBytes
    touched = firstAddress
  }
}

/// The ranges that wait.
final class IdleRanges: @unchecked Sendable {
  static let shared = IdleRanges()

  /// No range waits of which more was written: clearing it would take as long as a fresh one.
  static let mostTouched: UInt64 = 256 << 10
  /// Nor one of which more can be touched, which would keep memory from others.
  static let mostCommitted: UInt64 = 1 << 20
  static let mostRanges = 4

  private let lock = Lock()
  private var ranges: [StorageRange] = []

  /// The latest range of exactly that shape that was given back, or nil.
  func take(wantedBytes: Int, headBytes: Int) -> StorageRange? {
    lock.lock()
    defer { lock.unlock() }
    guard let index = ranges.lastIndex(where: { $0.wantedBytes == wantedBytes && $0.headBytes == headBytes })
    else { return nil }
    return ranges.remove(at: index)
  }

  /// Keeps a range that its storage needs no more, if it is worth keeping.
  func give(_ range: StorageRange) {
    guard range.committed > 0, range.committed <= IdleRanges.mostCommitted, range.touched <= IdleRanges.mostTouched
    else { return }
    // What makes room is unmapped when the lock is free again.
    var dropped: StorageRange?
    lock.lock()
    if ranges.count == IdleRanges.mostRanges { dropped = ranges.removeFirst() }
    ranges.append(range)
    lock.unlock()
    withExtendedLifetime(dropped) {}
  }

  /// Unmaps all that wait.
  func dropAll() {
    lock.lock()
    let dropped = ranges
    ranges = []
    lock.unlock()
    withExtendedLifetime(dropped) {}
  }
}
