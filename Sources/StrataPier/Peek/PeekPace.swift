// How questions leave the processors to events: who asks without a pause is answered in bursts.

/// When one machine for questions is to answer again, so that it works for about a twenty-fifth of the time.
struct PeekPace {
  /// Shorter rests would cost more in waking up than they give to others.
  static let burst: UInt64 = 100_000
  /// No question waits longer for the one before it.
  static let longestRest: UInt64 = 50_000_000

  private var spent: UInt64 = 0
  private(set) var restsUntil: UInt64 = 0

  /// Notes a question that was answered from `start` to `end`, in nanoseconds.
  mutating func note(from start: UInt64, to end: UInt64) {
    spent &+= end &- start
    if spent < PeekPace.burst { return }
    restsUntil = end &+ min(24 &* spent, PeekPace.longestRest)
    spent = 0
  }
}
