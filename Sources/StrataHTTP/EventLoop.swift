// libevent's loop on a thread of its own, and the way into it.
//
// Guarantees: everything of libevent is touched on the loop's thread only, once it runs; other threads hand work over. Work
// that was handed over before `stop` is done before it returns.

import CEvent
import Glibc
import StrataMemory
import StrataPier

/// A loop and its thread.
final class EventLoop: @unchecked Sendable {
  let base: OpaquePointer
  private let descriptor: Int32
  private var wakeUp: OpaquePointer?
  private var thread: SystemThread?
  private let lock = Lock()
  /// Guarded by the lock.
  private var inbox: [() -> Void] = []
  private var isEnding = false

  /// A loop that does not run yet; nil when the system refuses it.
  init?() {
    guard let base = event_base_new() else { return nil }
    let descriptor = wake_up_descriptor()
    if descriptor < 0 {
      event_base_free(base)
      return nil
    }
    self.base = base
    self.descriptor = descriptor
    wakeUp = event_new(
      base, descriptor, Int16(EV_READ | EV_PERSIST),
      { _, _, context in
        if let context { Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().empty() }
      }, Unmanaged.passUnretained(self).toOpaque())
    guard let wakeUp, event_add(wakeUp, nil) == 0 else {
      if let wakeUp { event_free(wakeUp) }
      event_base_free(base)
      close(descriptor)
      return nil
    }
  }

  deinit {
    if let wakeUp { event_free(wakeUp) }
    event_base_free(base)
    close(descriptor)
  }

  /// Begins to run. False when there is no thread to be had.
  func start() -> Bool {
    thread = SystemThread { [self] in _ = event_base_dispatch(base) }
    return thread != nil
  }

  /// Does `work` on the loop's thread, soon. Nothing is done once the loop was stopped.
  func run(_ work: @escaping @Sendable () -> Void) {
    lock.withLock { if !isEnding { inbox.append(work) } }
    signal()
  }

  /// Does `last` on the loop's thread, lets what it has begun go on for at most `grace` nanoseconds while `isBusy` says
  /// so, and ends the loop's thread.
  func stop(_ last: @escaping () -> Void, grace: UInt64, while isBusy: @escaping () -> Bool) {
    lock.withLock { inbox.append(last) }
    signal()
    lock.withLock { isEnding = true }
    signal()
    thread?.join()
    thread = nil
    if !isBusy() { return }
    // Nobody else runs the loop now: it waits for what happens first, and for the end of the grace.
    var time = timeval(nanoseconds: grace)
    guard event_base_loopexit(base, &time) == 0 else { return }
    while isBusy(), event_base_loop(base, EVLOOP_ONCE) == 0, event_base_got_exit(base) == 0 {}
  }

  private func signal() {
    var one: UInt64 = 1
    // It can only be refused when it is signalled already.
    _ = write(descriptor, &one, 8)
  }

  private func empty() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
    let (work, isOver) = lock.withLock {
      let work = inbox
      inbox = []
      return (work, isEnding)
    }
    for item in work { item() }
    if isOver { _ = event_base_loopbreak(base) }
  }

  /// A timer of this loop, which is not running yet.
  func timer(_ context: UnsafeMutableRawPointer, _ body: @escaping event_callback_fn) -> OpaquePointer? {
    event_new(base, -1, 0, body, context)
  }
}

/// Lets a timer run out once, in so many nanoseconds.
func arm(_ timer: OpaquePointer?, in nanoseconds: UInt64) {
  var time = timeval(nanoseconds: nanoseconds)
  if let timer { _ = event_add(timer, &time) }
}

extension timeval {
  init(nanoseconds: UInt64) {
    self.init(
      tv_sec: Int(clamping: nanoseconds / 1_000_000_000), tv_usec: Int(nanoseconds % 1_000_000_000 / 1000))
  }
}
