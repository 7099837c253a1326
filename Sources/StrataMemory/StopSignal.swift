// A request to stop for work that has no loom: the same handle that looms have, so that deadlines and interruptions from the
// keyboard reach both in one way.

import CPlatform

/// Owns a request to stop. Work that may be stopped looks at `requested` now and then; the request stays until whoever made it
/// takes it back through the handle.
public final class StopSignal: @unchecked Sendable {
  /// The reason, and the poll word that a machine with a loom would look at.
  private let words: UnsafeMutablePointer<UInt64>

  public init() {
    words = .allocate(capacity: 2)
    words.initialize(repeating: 0, count: 2)
  }

  deinit {
    words.deallocate()
  }

  /// What other threads and signal handlers raise requests by. Valid as long as the signal.
  public var handle: InterruptHandle { InterruptHandle(reason: words, poll: words + 1) }

  /// The fault that was asked for, if any.
  public var requested: Fault? {
    let reason = platform_load_relaxed(words)
    if reason == 0 { return nil }
    return Fault(rawValue: UInt8(truncatingIfNeeded: reason)) ?? .interrupted
  }
}
