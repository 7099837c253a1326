// Poking: compute, log, acknowledge. Callers that come at the same time share the log's syncs, and while one waits for
// the disk the next is computed.

import StrataMemory
import StrataStore

extension Pier {
  /// What is computed from: somebody's event, or a logged one again.
  private enum Source {
    case poke(Poke)
    case record(EventRecord)
  }

  /// Gives the kernel an event. When this returns, the event and what became of it are durable. Throws with nothing
  /// changed when the event could not be taken: it is no event, or the log refused it.
  public func poke(_ poke: Poke) throws(PierFailure) -> PokeResult {
    var poke = poke
    if shape != .gate, poke.milliseconds == 0 {
      poke.milliseconds = Clock.wallMilliseconds()
      var random = SystemRandomNumberGenerator()
      poke.entropy = withUnsafeBytes(of: random.next()) { Array($0) }
    }
    return try perform(.poke(poke))
  }

  /// Replaces the kernel by another of the same shape, which takes the state over.
  public func upgrade(kernel jam: [UInt8]) throws(PierFailure) -> PokeResult {
    try perform(.record(EventRecord(kind: .upgrade, shape: shape, jam: jam)))
  }

  /// Gives the kernel a state from elsewhere in the place of its own, as a jam: a gate as it is, a NockApp through its
  /// load arm.
  public func load(state jam: [UInt8]) throws(PierFailure) -> PokeResult {
    try perform(.record(EventRecord(kind: .load, shape: shape, jam: jam)))
  }

  /// Computes a failed event once more, as a new event.
  public func retry(_ number: UInt64) throws(PierFailure) -> PokeResult {
    guard let event = try event(number), let record = EventRecord(event.payload) else {
      throw .log(.noSuchEvent(number))
    }
    guard event.outcome?.status == .failed else {
      throw .unsupported("event \(number) has not failed (only failed events can be tried again)")
    }
    return try perform(.record(record))
  }

  private func perform(_ source: Source) throws(PierFailure) -> PokeResult {
    board.add(.openPokes)
    defer { board.subtract(.openPokes) }
    let (event, number, ticket) = try admit(source)
    try inLog { () throws(EventLogFailure) in try log.wait(ticket) }
    release()
    return PokeResult(
      number: number, isDone: event.outcome.status == .done, effects: event.effects, mug: event.outcome.mug,
      failure: event.fault.map(\.text))
  }

  private func admit(_ source: Source) throws(PierFailure) -> (ComputedEvent, UInt64, LogTicket) {
    board.add(.waitingPokes)
    compute.lock()
    board.subtract(.waitingPokes)
    defer { compute.unlock() }
    try checkOpen()
    for _ in 0..<8 {
      recoverFromRefusals()
      if computed - log.last >= UInt64(KernelHost.slotCount - 8), let lastTicket {
        // Its own waiters hear of a refusal.
        _ = try? log.wait(lastTicket)
        recoverFromRefusals()
      }
      let durable = log.last
      host.forget(before: durable)
      let number = computed + 1
      let start = Clock.now()
      let event: ComputedEvent
      do throws(PierFailure) { event = try computeOne(source, number) } catch {
        try checkStore()
        throw error
      }
      // What was computed from a damaged segment has neither happened nor failed.
      try checkStore()
      do throws(EventLogFailure) {
        let ticket = try log.submit(event.payload, event.outcome, as: number)
        lastTicket = ticket
        computed = number
        count(event, as: number)
        if !event.effects.isEmpty { releasing.withLock { unreleased.append((number, event.effects)) } }
        sinceStore.events += 1
        sinceStore.bytes += event.payload.count
        sinceStore.nanoseconds &+= Clock.now() &- start
        host.tidy()
        if case .record(let record) = source, record.kind == .upgrade, event.outcome.status == .done {
          duties.isRenewing = true
        }
        doDuties(isIdle: false)
        return (event, number, ticket)
      } catch {
        // What this event was based on was refused meanwhile: once more, on what is durable.
        guard case .noSuchEvent = error else { throw .log(error) }
      }
    }
    throw .log(.failed(path: paths.log, reason: "events before this one were refused again and again"))
  }

  private func computeOne(_ source: Source, _ number: UInt64) throws(PierFailure) -> ComputedEvent {
    running.withLock {
      runningSince = Clock.now()
      runningNumber = number
    }
    defer {
      running.withLock {
        runningSince = 0
        // A request that came too late is not meant for the next event.
        host.nursery.interruptHandle.withdraw(.time)
        host.nursery.interruptHandle.withdraw(.interrupted)
      }
    }
    switch source {
    case .poke(let poke): return try host.compute(poke, as: number)
    case .record(let record):
      do throws(KernelFault) { return try host.compute(record, as: number) } catch {
        host.set(host.root(after: number - 1), after: number)
        let detail = Array(error.text.utf8.prefix(1 << 14))
        return ComputedEvent(
          payload: record.payload, outcome: EventOutcome(status: .failed, detail: detail), fault: error)
      }
    }
  }

  /// Takes back what was computed on top of events that the log has refused.
  func recoverFromRefusals() {
    let refusals = log.failureCount
    if refusals == seenRefusals { return }
    seenRefusals = refusals
    computed = log.last
    lastTicket = nil
    releasing.withLock { unreleased.removeAll { $0.number > computed } }
  }

  /// Hands out the effects of durable events, in their order. One thread at a time does it, for all.
  private func release() {
    guard let effects = options.effects else {
      releasing.withLock { unreleased.removeAll() }
      return
    }
    releasing.lock()
    if isReleasing {
      releasing.unlock()
      return
    }
    isReleasing = true
    while let next = unreleased.first, next.number <= log.last {
      unreleased.removeFirst()
      releasing.unlock()
      effects(next.number, next.effects)
      releasing.lock()
    }
    isReleasing = false
    releasing.unlock()
  }

  /// A logged event; nil when the log does not hold it.
  public func event(_ number: UInt64) throws(PierFailure) -> LoggedEvent? {
    guard number >= log.first, number <= log.last else { return nil }
    var found: LoggedEvent?
    try events(from: number) { event in
      found = event
      return false
    }
    return found
  }

  /// Calls `body` with each logged event from `number` on, until it returns false.
  public func events(from number: UInt64, _ body: (LoggedEvent) -> Bool) throws(PierFailure) {
    try inLog { () throws(EventLogFailure) in
      try log.flush()
      try log.read(from: max(number, log.first), body)
    }
  }
}
