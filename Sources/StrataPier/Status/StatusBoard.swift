// Where a pier leaves what others may want to know of it: counts that are stored without a lock and read from any thread.
//
// Guarantees: keeping the board up to date costs a few stores an event, and reading it keeps nobody waiting.

import CPlatform
import StrataMemory

/// The counts of one pier.
final class StatusBoard: @unchecked Sendable {
  enum Item: Int, CaseIterable {
    case computedEvent, storedEvent, doneEvents, failedEvents
    case openPokes, waitingPokes, openPeeks, answeredPeeks
    case youngBytes, heapBytes, stackBytes, commonsBytes, storeUsedBytes, storeBytes, unverifiedBytes
    case storings, collections, longestPause
  }

  let openedAt = Clock.now()
  private let words: UnsafeMutablePointer<UInt64>
  /// When the slower part of the board is due again. Guarded by the pier's lock.
  var nextPost: UInt64 = 0

  init() {
    words = .allocate(capacity: Item.allCases.count)
    words.initialize(repeating: 0, count: Item.allCases.count)
  }

  deinit { words.deallocate() }

  subscript(_ item: Item) -> UInt64 {
    get { platform_load_relaxed(words + item.rawValue) }
    set { platform_store(words + item.rawValue, newValue) }
  }

  func add(_ item: Item) { platform_add(words + item.rawValue, 1) }
  func subtract(_ item: Item) { platform_add(words + item.rawValue, .max) }
}
