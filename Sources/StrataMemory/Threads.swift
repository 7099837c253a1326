// Locks, clocks and threads: thin owners of the system's, for the few places where threads meet. Everything above this
// module uses these and no calls of its own, so that waiting, waking and signals are the same everywhere.

import Glibc

/// A mutual exclusion with one condition to wait for.
public final class Lock: @unchecked Sendable {
  @usableFromInline let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  @usableFromInline let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  public init() {
    mutex.initialize(to: pthread_mutex_t())
    changed.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Waits until nobody else holds the lock.
  @inlinable public func lock() { pthread_mutex_lock(mutex) }
  /// Gives the lock back, which this thread holds.
  @inlinable public func unlock() { pthread_mutex_unlock(mutex) }
  /// Whether the lock was free; it is held then.
  @inlinable public func tryLock() -> Bool { pthread_mutex_trylock(mutex) == 0 }

  /// Does `work` while holding the lock.
  @inlinable public func withLock<Value, Failure: Error>(_ work: () throws(Failure) -> Value) throws(Failure) -> Value {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try work()
  }

  /// Gives the lock up until somebody calls `wakeAll`, or the clock of `Clock.now` shows `deadline`.
  @inlinable public func wait(until deadline: UInt64) {
    var time = timespec()
    time.tv_sec = Int(deadline / 1_000_000_000)
    time.tv_nsec = Int(deadline % 1_000_000_000)
    pthread_cond_timedwait(changed, mutex, &time)
  }

  /// Gives the lock up until somebody calls `wakeAll`; may also return early.
  @inlinable public func wait() { pthread_cond_wait(changed, mutex) }

  /// Wakes all threads that wait with this lock.
  @inlinable public func wakeAll() { pthread_cond_broadcast(changed) }
}

/// Clocks. None of them shows in a state but where an event carries its time.
public enum Clock {
  /// Nanoseconds of a clock that only goes forward.
  public static func now() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }

  /// Nanoseconds of processor time that the calling thread has used.
  public static func ofThread() -> UInt64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

  /// Milliseconds since 1970.
  public static func wallMilliseconds() -> UInt64 { nanoseconds(CLOCK_REALTIME) / 1_000_000 }

  /// Nanoseconds of processor time that all threads of the process have used.
  public static func ofProcess() -> UInt64 { nanoseconds(CLOCK_PROCESS_CPUTIME_ID) }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else { return 0 }
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// A thread of the system that can be waited for. Signals are left to the threads that were there before.
public final class SystemThread: @unchecked Sendable {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private var handle = pthread_t()

  /// Starts a thread; nil when the system gives none.
  public init?(stackBytes: Int = 1 << 20, _ run: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return nil }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    // These are the thread's own doing, and those who answer them do so on every thread.
    for number in [SIGSEGV, SIGBUS, SIGFPE, SIGILL] { sigdelset(&all, number) }
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let body = Unmanaged.passRetained(Body(run))
    let code = pthread_create(
      &handle, &attributes,
      { pointer in
        if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, body.toOpaque())
    if code != 0 {
      body.release()
      return nil
    }
  }

  /// Starts threads that all do `run`: `count` of them, or as many as the system gives, which may be none.
  public static func start(
    _ count: Int, stackBytes: Int = 1 << 20, _ run: @escaping @Sendable () -> Void
  ) -> [SystemThread] {
    var threads: [SystemThread] = []
    while threads.count < count, let thread = SystemThread(stackBytes: stackBytes, run) { threads.append(thread) }
    return threads
  }

  /// Waits for the thread's end. To be called once. On the thread itself, where the last reference to what owns it may be
  /// given up, it lets the thread end by itself.
  public func join() {
    if pthread_equal(pthread_self(), handle) != 0 { detach() } else { pthread_join(handle, nil) }
  }

  /// Lets the thread end by itself. To be called once, instead of `join`.
  public func detach() { pthread_detach(handle) }
}
