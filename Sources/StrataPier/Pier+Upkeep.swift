// What an operator asks of a pier: what it is doing, whether all of it is whole, and to become small.

import StrataMemory
import StrataStore

/// Facts about a pier, by name, in a fixed order.
public struct PierFacts: Equatable, Sendable {
  public var facts: [(name: String, value: String)] = []

  public init() {}

  public subscript(_ name: String) -> String? { facts.first { $0.name == name }?.value }

  mutating func add(_ name: String, _ value: some CustomStringConvertible) { facts.append((name, "\(value)")) }

  public static func == (left: PierFacts, right: PierFacts) -> Bool {
    left.facts.elementsEqual(right.facts) { $0.name == $1.name && $0.value == $1.value }
  }
}

/// What a check of a pier has read, all of it whole.
public struct PierScrub: Equatable, Sendable {
  public var records = 0
  public var recordBytes = 0
  public var events = 0
  public var eventBytes = 0
}

extension Pier {
  /// What the pier is and does.
  public func facts() -> PierFacts {
    compute.lock()
    defer { compute.unlock() }
    var facts = PierFacts()
    facts.add("shape", shape.name)
    facts.add("history", keepsHistory ? "all" : "recent")
    facts.add("last_event", log.last)
    facts.add("first_event", log.first)
    facts.add("stored_event", store.roots.first?.firstNote ?? 0)
    facts.add("previous_stored_event", store.roots.count > 1 ? store.roots[1].firstNote : 0)
    if isClosed { return facts }
    store.segmentGuard?.admitThread()
    let mug = try? host.nursery.mug(host.kernel.witness(shape, host.root(after: computed)))
    if let mug, store.segmentGuard?.damage == nil { facts.add("state_mug", String(mug, radix: 16)) }
    facts.add("store_used_bytes", store.usedBytes)
    facts.add("store_allocated_bytes", store.allocatedBytes)
    facts.add("store_held_bytes", store.heldBytes)
    facts.add("store_unverified_bytes", store.segmentGuard?.unverifiedBytes ?? 0)
    facts.add("store_commits", store.metrics.commits)
    facts.add("collections", duties.collections)
    facts.add("is_collecting", store.isCollecting)
    facts.add("longest_pause_microseconds", duties.pauses.longest / 1000)
    for duty in Duty.allCases { facts.add("longest_\(duty)_microseconds", duties.pauses[duty] / 1000) }
    facts.add("longest_sync_microseconds", store.metrics.longestSync / 1000)
    facts.add("batches", log.batchCount)
    facts.add("nursery_bytes", host.unstoredWords * 8)
    facts.add("commons_bytes", host.nursery.commonsWords * 8)
    facts.add("known_cores", host.kernel.machine.jets.learnedCount)
    let readers = (try? store.readerStatuses()) ?? []
    facts.add("readers", readers.count)
    if let oldest = readers.first {
      facts.add("oldest_reader_behind", store.sequence - min(store.sequence, oldest.sequence))
    }
    facts.add("stopped", stopReason.map { "\($0)" } ?? "no")
    return facts
  }

  /// Reads everything that the roots reach, both superblocks, and every logged event, and compares all checksums. Events
  /// go on meanwhile. Throws the first damage.
  public func scrub() throws(PierFailure) -> PierScrub {
    compute.lock()
    let scrub: Scrub
    do throws(BedrockFailure) {
      if isClosed { throw .closed }
      store.segmentGuard?.admitThread()
      scrub = try store.scrub()
      compute.unlock()
    } catch {
      compute.unlock()
      throw .store(error)
    }
    // The state is leased, so it stays as it is while commits go on.
    try inStore { () throws(BedrockFailure) in
      while try !scrub.step(budgetWords: 1 << 20) {}
    }
    var result = PierScrub()
    result.records = scrub.checked.records
    result.recordBytes = scrub.checked.words * 8
    if log.first <= log.last {
      try events(from: 1) { event in
        result.events += 1
        result.eventBytes += event.payload.count
        return true
      }
    }
    return result
  }

  /// Stores the state, trims the log and collects all garbage of the store, in steps between which events go on.
  public func compact() throws(PierFailure) {
    try storeNow()
    try takeTurns(.trimming) { () throws(PierFailure) in try isTrimmed(within: .generous) }
    var target = 0
    try inTurn(.collecting) { () throws(PierFailure) in
      try collectSoon()
      target = duties.collections
    }
    try takeTurns(.collecting) { () throws(PierFailure) in
      if duties.collections > target { return true }
      try store.isCollecting ? collectionStep() : collectSoon()
      return false
    }
    try inTurn(.storing) { () throws(PierFailure) in try storeState(isForced: true) }
  }

  /// Does something between two events, and notes for how long it has kept them waiting.
  private func inTurn<Result>(_ duty: Duty, _ work: () throws(PierFailure) -> Result) throws(PierFailure) -> Result {
    compute.lock()
    defer { compute.unlock() }
    try checkOpen()
    let start = Clock.now()
    defer {
      let time = Clock.now() &- start
      duties.pauses.note(duty, time)
      duties.pauses.note(nil, time)
    }
    return try work()
  }

  /// Does one step after another, with events in between, until one says that it was the last.
  private func takeTurns(_ duty: Duty, _ step: () throws(PierFailure) -> Bool) throws(PierFailure) {
    while try !inTurn(duty, step) {}
  }

  /// Stores the state now.
  public func storeNow() throws(PierFailure) {
    // Nothing is stored before everything is compared.
    try takeTurns(.comparing) { store.segmentGuard.map(compareStep) ?? true }
    try inTurn(.storing) { () throws(PierFailure) in try storeState() }
  }
}
