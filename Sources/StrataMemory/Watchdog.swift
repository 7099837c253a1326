// The watchdog: one thread for the whole process that stops machines at their deadlines and wakes them for samples.
//
// The thread starts with the first request and sleeps while there is nothing to do. A request that has been withdrawn
// never reaches its machine, so a machine may vanish as soon as its requests are withdrawn.

import CPlatform
import Glibc

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

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var entries: [Entry] = []
  private var nextNumber = 0
  private var isStarted = false

  private init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  /// Nanoseconds of a clock that only goes forward.
  public static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// Stops the machine behind `handle` with `fault` once `time` has come. Throws `.refused` when the system gives no
  /// thread. The request must be withdrawn while the loom is still alive.
  public func stop(
    _ handle: InterruptHandle, at time: UInt64, with fault: Fault = .time
  ) throws(Fault) -> Request {
    try add(Entry(number: 0, time: time, period: 0, fault: fault, handle: handle))
  }

  /// Makes the machine reach a safe point every `period` nanoseconds, and counts up `counter` each time.
  public func wake(
    _ handle: InterruptHandle, every period: UInt64, counting counter: UnsafeMutablePointer<UInt64>
  ) throws(Fault) -> Request {
    let period = max(10_000, period)
    return try add(
      Entry(
        number: 0, time: Watchdog.now() &+ period, period: period, fault: .interrupted, handle: handle, counter: counter
      ))
  }

  /// Takes a request back. If it has been raised and the machine has not noticed yet, it never will.
  public func withdraw(_ request: Request) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard let index = entries.firstIndex(where: { $0.number == request.number }) else { return }
    if entries[index].isRaised { entries[index].handle.withdraw(entries[index].fault) }
    entries.remove(at: index)
  }

  private func add(_ entry: Entry) throws(Fault) -> Request {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if !isStarted {
      // Signals are for the threads that do the work.
      var all = sigset_t()
      var before = sigset_t()
      sigfillset(&all)
      pthread_sigmask(SIG_SETMASK, &all, &before)
      defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
      var thread = pthread_t()
      let failure = pthread_create(&thread, nil, { _ in Watchdog.shared.watch() }, nil)
      guard failure == 0 else { throw .refused }
      pthread_detach(thread)
      isStarted = true
    }
    var entry = entry
    entry.number = nextNumber
    nextNumber += 1
    entries.append(entry)
    pthread_cond_signal(changed)
    return Request(number: entry.number)
  }

  /// The thread's life.
  private func watch() -> UnsafeMutableRawPointer? {
    pthread_mutex_lock(mutex)
    while true {
      let now = Watchdog.now()
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
      if next == .max {
        pthread_cond_wait(changed, mutex)
      } else {
        var time = timespec(tv_sec: Int(next / 1_000_000_000), tv_nsec: Int(next % 1_000_000_000))
        pthread_cond_timedwait(changed, mutex, &time)
      }
    }
  }
}
