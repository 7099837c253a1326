// The watchdog: one thread for the whole process that stops machines at their deadlines and wakes them for samples.
//
// The thread starts with the first request and sleeps while there is nothing to do. A request that has been withdrawn
// never reaches its machine, so a machine may vanish as soon as its requests are withdrawn.

import CPlatform

/// Raises requests to stop when their time has come. All methods may be called from any thread.
public final class Watchdog: @unchecked Sendable {
  /// The watchdog of the process.
  public static let shared = Watchdog()

  /// A request, for `withdraw`.
  public struct Request: Equatable, Sendable {
    let number: Int
  }

  private struct Entry {
    var number: Int
    var time: UInt64
    /// Nanoseconds between two wakings, or 0 for a deadline.
    var period: UInt64
    var fault: Fault
    var handle: InterruptHandle
    /// Where wakings are counted.
    var counter: UnsafeMutablePointer<UInt64>?
    var isRaised = false
  }

  private let lock = Lock()
  /// Guarded by the lock, as is what follows.
  private var entries: [Entry] = []
  private var nextNumber = 0
  private var isStarted = false

  private init() {}

  /// Stops the machine behind `handle` with `fault` once `time` has come. Throws `.refused` when the system gives no
  /// thread. The request must be withdrawn while the loom is still alive.
  public func stop(
    _ handle: InterruptHandle, at time: UInt64, with fault: Fault = .time
  ) throws(Fault) -> Request {
    try add(Entry(number: 0, time: time, period: 0, fault: fault, handle: handle))
  }

  /// Stops the machine behind `handle` once so many nanoseconds have passed; nothing to withdraw when there is no limit.
  public func stop(_ handle: InterruptHandle, after limit: UInt64?) throws(Fault) -> Request? {
    guard let limit else { return nil }
    let (time, overflow) = Clock.now().addingReportingOverflow(limit)
    return overflow ? nil : try stop(handle, at: time)
  }

  /// Makes the machine reach a safe point every `period` nanoseconds, and counts up `counter` each time.
  public func wake(
    _ handle: InterruptHandle, every period: UInt64, counting counter: UnsafeMutablePointer<UInt64>
  ) throws(Fault) -> Request {
    let period = max(10_000, period)
    return try add(
      Entry(
        number: 0, time: Clock.now() &+ period, period: period, fault: .interrupted, handle: handle, counter: counter
      ))
  }

  /// Takes a request back. If it has been raised and the machine has not noticed yet, it never will.
  public func withdraw(_ request: Request) {
    lock.lock()
    defer { lock.unlock() }
    guard let index = entries.firstIndex(where: { $0.number == request.number }) else { return }
    if entries[index].isRaised { entries[index].handle.withdraw(entries[index].fault) }
    entries.remove(at: index)
  }

  private func add(_ entry: Entry) throws(Fault) -> Request {
    lock.lock()
    defer { lock.unlock() }
    if !isStarted {
      guard let thread = SystemThread({ Watchdog.shared.watch() }) else { throw .refused }
      thread.detach()
      isStarted = true
    }
    var entry = entry
    entry.number = nextNumber
    nextNumber += 1
    entries.append(entry)
    lock.wakeAll()
    return Request(number: entry.number)
  }

  /// The thread's life.
  private func watch() {
    lock.lock()
    while true {
      let now = Clock.now()
      var next = UInt64.max
      for index in entries.indices where !entries[index].isRaised {
        if entries[index].time <= now {
          if let counter = entries[index].counter {
            platform_store(counter, platform_load_relaxed(counter) &+ 1)
            entries[index].handle.wake()
            entries[index].time = now &+ entries[index].period
          } else {
            entries[index].handle.raise(entries[index].fault)
            entries[index].isRaised = true
            continue
          }
        }
        next = min(next, entries[index].time)
      }
      if next == .max { lock.wait() } else { lock.wait(until: next) }
    }
  }
}
