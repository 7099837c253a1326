// The clock of a profiler: it makes a running machine reach a safe point from time to time, and tells the machine there how
// much time has passed.

import CPlatform

/// Counts periods while runs of one machine are under way. Only the machine's thread uses it.
public final class SampleClock {
  private let ticks: UnsafeMutablePointer<UInt64>
  private var seen: UInt64 = 0
  private var runs = 0
  private var request: Watchdog.Request?

  /// A clock that stands still.
  public init() {
    ticks = .allocate(capacity: 1)
    ticks.initialize(to: 0)
  }

  deinit {
    if let request { Watchdog.shared.withdraw(request) }
    ticks.deallocate()
  }

  /// A run begins, perhaps within another. Throws, and changes nothing, when the system gives no thread.
  public func start(_ handle: InterruptHandle, every period: UInt64) throws(Fault) {
    if runs == 0 {
      seen = platform_load_relaxed(ticks)
      request = try Watchdog.shared.wake(handle, every: period, counting: ticks)
    }
    runs += 1
  }

  /// A run that `start` told of has ended.
  public func stop() {
    runs = max(0, runs - 1)
    guard runs == 0, let request else { return }
    Watchdog.shared.withdraw(request)
    self.request = nil
  }

  /// How many periods have passed since this was asked last, or since the outermost run began.
  @inline(__always)
  public func elapsed() -> UInt64 {
    let now = platform_load_relaxed(ticks)
    defer { seen = now }
    return now &- seen
  }
}
