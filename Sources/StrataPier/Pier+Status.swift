// A look at a pier while it works. Never waits for the pier's lock, so it answers within an event that does not end.

import CPlatform
import Glibc
import StrataMemory
import StrataNock
import StrataStore

extension Pier {
  /// How long a running event is given to show its stack.
  private static let patience: UInt64 = 100_000_000
  /// How often the slower part of the board is brought up to date.
  private static let postPeriod: UInt64 = 50_000_000

  /// Brings the board up to date. Under the lock.
  func post(_ now: UInt64, isForced: Bool = false) {
    if !isForced, now < board.nextPost { return }
    board.nextPost = now &+ Pier.postPeriod
    post(host.nursery.usage)
    board[.computedEvent] = computed
    board[.storedEvent] = store.roots.first?.firstNote ?? 0
    board[.storeUsedBytes] = UInt64(store.usedBytes)
    board[.storeBytes] = UInt64(store.allocatedBytes)
    board[.unverifiedBytes] = UInt64(store.segmentGuard?.unverifiedBytes ?? 0)
    board[.storings] = UInt64(duties.storings)
    board[.collections] = UInt64(duties.collections)
    board[.longestPause] = duties.pauses.longest
  }

  private func post(_ usage: NurseryUsage) {
    board[.youngBytes] = UInt64(usage.youngBytes)
    board[.heapBytes] = UInt64(usage.heapBytes)
    board[.stackBytes] = UInt64(usage.stackBytes)
    board[.commonsBytes] = UInt64(usage.commonsBytes)
  }

  /// Notes what became of an event. Under the lock.
  func count(_ event: ComputedEvent, as number: UInt64) {
    board[.computedEvent] = number
    board.add(event.outcome.status == .done ? .doneEvents : .failedEvents)
    guard let fault = event.fault else { return }
    let text = String(decoding: fault.text.utf8.prefix(Pier.longestFailure), as: UTF8.self)
    running.withLock { lastFailure = (number, text) }
  }

  private static let longestFailure = 2048

  /// What the pier is doing now. May be asked on any thread, at any time.
  public func status() -> PierStatus {
    var status = PierStatus()
    // Between events everything can be had exactly; within one, what the machine shows of itself.
    var view: StackGlance.View?
    let since = running.withLock { runningSince }
    if compute.tryLock() {
      if !isClosed { post(Clock.now(), isForced: true) }
      if let stopReason { status.stopped = "\(stopReason)" }
      compute.unlock()
    } else if since != 0 {
      view = host.glance.ask(host.nursery.interruptHandle, within: Pier.patience)
      if let view { post(view.usage) } else { view = host.glance.last }
    }
    let now = Clock.now()
    let (start, number, failure) = running.withLock { (runningSince, runningNumber, lastFailure) }
    if start != 0 {
      status.runningEvent = number
      status.runningTime = now &- min(now, start)
      if let view, view.time >= start {
        status.stack = view.stack
        status.stackAge = now &- min(now, view.time)
        status.isDeeper = view.isDeeper ? 1 : 0
      }
    }
    if let failure { (status.failedEvent, status.failure) = failure }
    status.process = UInt64(getpid())
    status.uptime = now &- board.openedAt
    status.lastEvent = log.last
    status.firstEvent = log.first
    status.batches = UInt64(log.batchCount)
    status.computedEvent = max(board[.computedEvent], status.lastEvent)
    status.waitingSyncs = status.computedEvent - status.lastEvent
    status.storedEvent = board[.storedEvent]
    status.doneEvents = board[.doneEvents]
    status.failedEvents = board[.failedEvents]
    status.answeredPeeks = board[.answeredPeeks]
    status.waitingPokes = board[.waitingPokes]
    status.openPeeks = board[.openPeeks]
    status.waitingEffects = releasing.withLock { UInt64(unreleased.count) }
    status.youngBytes = board[.youngBytes]
    status.heapBytes = board[.heapBytes]
    status.stackBytes = board[.stackBytes]
    status.commonsBytes = board[.commonsBytes]
    status.storeUsedBytes = board[.storeUsedBytes]
    status.storeBytes = board[.storeBytes]
    status.unverifiedBytes = board[.unverifiedBytes]
    status.storings = board[.storings]
    status.collections = board[.collections]
    status.longestPause = board[.longestPause]
    status.logBytes = [paths.log, paths.log + "-wal"].reduce(0) { $0 + size(ofFile: $1) }
    status.residentBytes = Pier.residentBytes
    return status
  }

  private func size(ofFile path: String) -> UInt64 {
    guard let file = try? disk.open(path, .read) else { return 0 }
    defer { try? file.close() }
    return UInt64((try? file.size()) ?? 0)
  }

  /// What the process has of the machine's memory; 0 where the system does not tell.
  private static var residentBytes: UInt64 {
    let descriptor = Glibc.open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return 0 }
    defer { _ = Glibc.close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return 0 }
    // The second number counts resident pages.
    let numbers = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ")
    return numbers.count > 1 ? (UInt64(numbers[1]) ?? 0) * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))) : 0
  }
}
