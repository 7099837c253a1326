// A pier: a kernel whose state outlives its process. One directory with a lock, a log and a store.
//
// Guarantees: a poke that has returned is never lost, whatever happens to the process, the machine or the disk's cache.
// An event is computed, then logged together with its outcome in one durable step, and only then does anybody see it:
// the caller, the effects, the questions. What is computed ahead of the log is taken back when the log refuses it. A
// failing event changes nothing, and is never computed again. Any thread may call any method.

import CPlatform
import StrataMemory
import StrataNock
import StrataNoun
import StrataStore
import Synchronization

/// A pier that is open.
public final class Pier: @unchecked Sendable {
  public let directory: String
  public let shape: KernelShape
  /// Whether old events are kept for ever.
  public let keepsHistory: Bool
  public internal(set) var opening = PierOpening()
  let paths: PierPaths
  let options: PierOptions
  var disk: any Disk { options.disk }

  /// Guards the machine, the store and everything up to the next remark.
  let compute = Lock()
  let host: KernelHost
  let store: Bedrock
  let log: SQLiteEventLog
  let pierLock: PierLock
  /// The last event that was computed; those after `log.last` are not durable.
  var computed: UInt64 = 0
  var lastTicket: LogTicket?
  var seenRefusals = 0
  var sinceStore = Backlog()
  var duties = Duties()
  var stopReason: PierFailure?
  var isClosed = false
  /// Whether the state is that after the last event; until then it must not be stored by closing.
  var isReady = false

  /// Guards what follows: the event that is being computed, for its deadline.
  let running = Lock()
  var runningSince: UInt64 = 0
  var runningNumber: UInt64 = 0
  /// The last event that failed, and why.
  var lastFailure: (number: UInt64, text: String)?

  /// What others may know of the pier at any time.
  let board = StatusBoard()

  /// Guards the effects that are not released.
  let releasing = Lock()
  var unreleased: [(number: UInt64, effects: [UInt8])] = []
  var isReleasing = false

  /// Guards the snapshot and the machines for questions.
  let peeking = Lock()
  var snapshot: Snapshot?
  /// Whether somebody waits for a newer snapshot. Read without the lock after each event, so that no event waits for one who asks.
  private let wanting = Atomic<Bool>(false)
  var wantsSnapshot: Bool {
    get { wanting.load(ordering: .relaxed) }
    set { wanting.store(newValue, ordering: .relaxed) }
  }
  /// Not before this time is the state copied again. Read without the lock, too.
  private let notBefore = Atomic<UInt64>(0)
  var nextSnapshot: UInt64 {
    get { notBefore.load(ordering: .relaxed) }
    set { notBefore.store(newValue, ordering: .relaxed) }
  }
  var idlePeekers: [PeekMachine] = []
  var peekerCount = 0

  /// Guards the pier's own thread.
  let keeping = Lock()
  var keeper: SystemThread?
  let ending = Ending()

  /// Whether the pier's thread is to end; apart from the pier, which the thread must not keep alive while it waits.
  final class Ending: Sendable {
    private let flag = Atomic<Bool>(false)
    var isAsked: Bool { flag.load(ordering: .acquiring) }
    func ask() { flag.store(true, ordering: .releasing) }
  }

  /// What has happened since the state was last stored.
  struct Backlog {
    var events = 0
    var bytes = 0
    var nanoseconds: UInt64 = 0
    var since: UInt64 = 0
  }

  /// What is to be done between events, and when it may be.
  struct Duties {
    var isTrimming = false
    /// Compiled code refers to a copy of the kernel outside of the store.
    var isRenewing = false
    /// Rises whenever records of the store may have moved.
    var epoch = 0
    var learnedCount = 0
    /// Not before these times, so that duties take a bounded share of the time.
    var nextStep: UInt64 = 0
    var nextStore: UInt64 = 0
    /// The longest times for which each duty has kept events waiting.
    var pauses = DutyPauses()
    var storings = 0
    var collections = 0
  }

  init(
    _ directory: String, marker: PierMarker, lock: PierLock, host: KernelHost, store: Bedrock, log: SQLiteEventLog,
    _ options: PierOptions
  ) {
    self.directory = directory
    paths = PierPaths(directory: directory)
    shape = marker.shape
    keepsHistory = marker.keepsHistory
    pierLock = lock
    self.host = host
    self.store = store
    self.log = log
    self.options = options
    host.budgetBytes = options.eventBytes
    seenRefusals = log.failureCount
    sinceStore.since = Clock.now()
  }

  /// Whoever drops a pier without closing it has it closed. Where its own thread is at work just then, that thread does it,
  /// and the pier is in use for a moment longer.
  deinit { try? close() }

  /// The number of the last event that is durable.
  public var last: UInt64 { log.last }
  /// The number of the first event that the log still holds.
  public var first: UInt64 { log.first }

  /// Throws when the pier takes no events.
  func checkOpen() throws(PierFailure) {
    if isClosed { throw .closed }
    if let stopReason { throw stopReason }
    store.segmentGuard?.admitThread()
    try checkStore()
  }

  /// Stops the pier when a damaged segment of the store was read, here or by a question, or was found in the background. Under the
  /// lock, after whatever was read: nothing that came of it may be logged or shown before.
  func checkStore() throws(PierFailure) {
    guard let damage = store.segmentGuard?.damage else { return }
    stop(.store(.damaged(damage)))
    throw .store(.damaged(damage))
  }

  /// From here on nothing is acknowledged, until the pier is opened again.
  func stop(_ reason: PierFailure) {
    if stopReason != nil { return }
    stopReason = reason
    if case .store(.damaged) = reason, !isClosed {
      do throws(BedrockFailure) { try store.forgetSums() } catch {
        options.notice?("the next start may choose the same state again: \(error)")
      }
    }
    options.notice?("stopped: \(reason)")
  }

  /// Stores the state, ends the pier's thread and gives the lock back. What was acknowledged is safe with or without.
  public func close() throws(PierFailure) {
    keeping.withLock {
      ending.ask()
      keeping.wakeAll()
    }
    if let keeper {
      keeper.join()
      self.keeper = nil
    }
    compute.lock()
    defer { compute.unlock() }
    if isClosed { return }
    var failure: PierFailure?
    if stopReason == nil, isReady {
      store.segmentGuard?.admitThread()
      do throws(PierFailure) {
        recoverFromRefusals()
        try storeState()
        if duties.isTrimming { while try !isTrimmed(within: .generous) {} }
      } catch { failure = error }
    }
    isClosed = true
    peeking.withLock {
      snapshot = nil
      idlePeekers = []
    }
    do throws(EventLogFailure) { try log.close() } catch { failure = failure ?? .log(error) }
    do throws(BedrockFailure) { try store.close() } catch { failure = failure ?? .store(error) }
    host.kernel.close()
    pierLock.release()
    if let failure { throw failure }
  }

  /// Ends the running event as `interruptEvent` does, and may be used in a signal handler. Raised while no event runs, it
  /// may end the next one.
  public var interruptHandle: InterruptHandle { host.nursery.interruptHandle }

  /// Makes the running event, if any, end with a failure. The next ones go on.
  public func interruptEvent() {
    running.withLock { if runningSince != 0 { host.nursery.interruptHandle.raise(.interrupted) } }
  }
}
