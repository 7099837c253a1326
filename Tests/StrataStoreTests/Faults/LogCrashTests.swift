// The event log, SQLite included, under a disk that crashes, tears, reorders and fails at every operation; and log and
// store together, as a durable machine uses them.

import StrataMemory
import Testing

@testable import StrataStore

/// A machine that adds numbers: each event is a number, the state is a list of recent ones and a mix of all.
private final class Machine {
  private static let trimLimit = TrimLimit(events: 20, bytes: 4096)

  let seed: UInt64
  let disk: SimulatedDisk
  let usesStore: Bool
  let heap = TestHeap(words: 1 << 14)
  var random: SeededRandom
  var acknowledged: UInt64 = 0
  var trimmed: UInt64 = 0
  var points = 0
  var finding: CrashFinding?
  private var log: SQLiteEventLog?
  private var test: TestStore?
  private var state = Word.zero
  private var storedEvents: [UInt64] = []

  init(seed: UInt64, usesStore: Bool) {
    self.seed = seed
    self.usesStore = usesStore
    disk = SimulatedDisk(seed: seed)
    random = SeededRandom(seed: seed)
    CrashPlan.trace(disk)
  }

  func fail(_ finding: String, _ point: String) {
    if self.finding == nil {
      self.finding = CrashFinding(test: "LogCrashTests", seed: seed, point: point, finding: finding)
    }
  }

  private func payload(_ number: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed &* 1_000_003 &+ number)
    let length = random.oneIn(20) ? random.below(20_000) : 8 + random.below(200)
    return (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  /// The state's mix after all events up to `number`.
  private func mix(after number: UInt64) -> UInt64 {
    var value: UInt64 = 0
    if number > 0 { for event in 1...number { value = Machine.step(value, payload(event)) } }
    return value
  }

  private static func step(_ value: UInt64, _ payload: [UInt8]) -> UInt64 {
    (value &* 31 &+ UInt64(payload.withUnsafeBytes { Checksum.of($0) })) >> 1
  }

  /// Opens what survives, replays, and compares with what was acknowledged.
  func check(_ survivors: SimulatedDisk, _ point: String) {
    points += 1
    do {
      var start: UInt64 = 0
      var value: UInt64 = 0
      var survivor: TestStore?
      if usesStore {
        let found = try TestStore(survivors, bytes: 1 << 26)
        for case .damaged(let damage) in found.store.opening.rejected where damage.subject != .superblock {
          fail("a published state is damaged: \(damage)", point)
        }
        if let root = found.store.roots.first {
          start = root.firstNote
          value = found.base[root.word.offset + 1]
        }
        survivor = found
      }
      let log = try SQLiteEventLog.open("d/log", on: survivors)
      if log.last < acknowledged || log.last > acknowledged + 1 {
        fail("the log ends at \(log.last), \(acknowledged) was acknowledged", point)
      }
      if log.first > start + 1, usesStore { fail("the log begins at \(log.first), the state is at \(start)", point) }
      if !usesStore { start = log.first - 1 }
      var expectedNumber = start + 1
      try log.read(from: expectedNumber) { event in
        if event.number != expectedNumber || event.payload != payload(event.number) {
          fail("event \(event.number) is not what was logged", point)
        }
        value = Machine.step(value, event.payload)
        expectedNumber += 1
        return finding == nil
      }
      if finding == nil, expectedNumber != log.last + 1 { fail("events are missing", point) }
      if usesStore, finding == nil, value != mix(after: log.last) { fail("the state differs", point) }
      // What survived takes further events.
      if random.oneIn(16) {
        let next = try log.append([1, 2, 3])
        try log.close()
        let again = try SQLiteEventLog.open("d/log", on: survivors.survivors(.nothing))
        if again.last != next { fail("an event after the crash is lost", point) }
      }
      try survivor?.store.close()
    } catch { fail("\(error)", point) }
  }

  func run(events: Int) throws {
    var attempts = 0
    while acknowledged < UInt64(events), finding == nil, attempts < events * 20 {
      attempts += 1
      do {
        if log == nil || usesStore && test == nil { try start() }
        try step()
      } catch let failure as EventLogFailure {
        if case .stopped = failure { stop() }
        if case .damaged = failure { fail("\(failure)", "operation \(disk.operationCount)") }
      } catch let failure as BedrockFailure {
        if case .stopped = failure { stop() }
        if case .damaged = failure { fail("\(failure)", "operation \(disk.operationCount)") }
      }
    }
    stop()
  }

  private func stop() {
    try? log?.close()
    log = nil
    try? test?.store.close()
    test = nil
  }

  /// Opens log and store, and computes what the store has not seen. An event that was under way counts if it is there.
  private func start() throws {
    stop()
    if usesStore {
      let found = try TestStore(disk, bytes: 1 << 26)
      test = found
      state = found.store.roots.first?.word ?? .zero
      storedEvents = found.store.roots.map(\.firstNote)
    }
    let log = try SQLiteEventLog.open("d/log", on: disk)
    if log.last < acknowledged || log.last > acknowledged + 1 {
      fail("the log ends at \(log.last) after a failure, \(acknowledged) was acknowledged", "reopening")
    }
    acknowledged = log.last
    self.log = log
    heap.reset()
    if usesStore {
      try log.read(from: (storedEvents.first ?? 0) + 1) { event in
        compute(event.payload)
        return true
      }
      if value != mix(after: log.last) { fail("replay gives another state", "reopening") }
    }
  }

  private var value: UInt64 {
    if state.isDirect { return 0 }
    return state.isPersistent ? test?.base[state.offset + 1] ?? 0 : heap.base[state.offset + 1]
  }

  private func compute(_ payload: [UInt8]) {
    let mixed = Machine.step(value, payload)
    let recent = heap.natural(payload.prefix(64).map { UInt64($0) | 1 << 63 })
    state = heap.cell(Word(direct: mixed), recent)
  }

  private func step() throws {
    guard let log else { return }
    let number = try log.append(payload(acknowledged + 1))
    acknowledged = number
    if random.oneIn(4) { try log.note(EventOutcome(status: .done, mug: UInt32(number)), of: number) }
    if let test {
      compute(payload(number))
      if random.oneIn(5) || heap.top > 1 << 13 { try checkpoint(test, number) }
      if test.store.needsCollection { try test.store.beginCollection() }
      if test.store.isCollecting {
        if case .complete(let roots) = try test.store.stepCollection(budgetWords: 2048) {
          if state.isPersistent { state = roots[0].word }
          // A state in memory may refer to records by their old place: here it does not.
          test.store.endRelocation()
        }
      }
      // Everything before the older of the two stored states may go.
      if random.oneIn(12), storedEvents.count == 2 {
        _ = try log.trim(before: storedEvents[1] + 1, limit: Machine.trimLimit)
      }
    } else if random.oneIn(15) {
      _ = try log.trim(before: acknowledged > 10 ? acknowledged - 10 : 1, limit: Machine.trimLimit)
    }
    if random.oneIn(30) { stop() }
  }

  private func checkpoint(_ test: TestStore, _ number: UInt64) throws {
    var roots = [StoredRoot(state, firstNote: number)]
    if let old = test.store.roots.first { roots.append(old) }
    let stored = try test.store.commit(roots, from: heap.base)
    state = stored[0].word
    storedEvents = stored.map(\.firstNote)
    heap.reset()
  }
}

@Suite struct LogCrashTests {
  private func crash(usesStore: Bool, points wanted: Int) throws -> (points: Int, seeds: ClosedRange<UInt64>)? {
    var points = 0
    var seed = CrashPlan.firstSeed
    while points < wanted {
      let machine = Machine(seed: seed, usesStore: usesStore)
      var choices = SeededRandom(seed: seed ^ 0xBEEF)
      machine.disk.hook = { number, operation, moment in
        if machine.finding != nil || !choices.oneIn(2) { return }
        let survival = machine.disk.survival(&choices)
        let point = "\(moment) operation \(number) (\(operation.rawValue)), surviving \(survival)"
        do { machine.check(try machine.disk.survivors(survival), point) } catch { machine.fail("\(error)", point) }
      }
      try machine.run(events: 60)
      points += machine.points
      if let finding = machine.finding {
        Issue.record("\(finding)")
        return nil
      }
      seed += 1
    }
    return (points, CrashPlan.firstSeed...seed - 1)
  }

  @Test func everyCrashLeavesEveryAcknowledgedEvent() throws {
    if let done = try crash(usesStore: false, points: max(1, CrashPlan.points / 2)) {
      print("log: \(done.points) crash points, seeds \(done.seeds)")
    }
  }

  @Test func logAndStoreTogetherGiveTheAcknowledgedState() throws {
    if let done = try crash(usesStore: true, points: CrashPlan.points) {
      print("log and store: \(done.points) crash points, seeds \(done.seeds)")
    }
  }

  @Test func failingOperationsLoseNothing() throws {
    var points = 0
    var seed = CrashPlan.firstSeed
    while points < max(1, CrashPlan.points / 2) {
      let machine = Machine(seed: seed, usesStore: true)
      var choices = SeededRandom(seed: seed ^ 0xFACADE)
      machine.disk.failNowAndThen(&choices, first: 1..<151, spacing: 30..<180)
      machine.disk.hook = { number, operation, moment in
        if machine.finding != nil || !choices.oneIn(8) { return }
        let survival = machine.disk.survival(&choices)
        let point = "\(moment) operation \(number) (\(operation.rawValue)) after faults, surviving \(survival)"
        do { machine.check(try machine.disk.survivors(survival), point) } catch { machine.fail("\(error)", point) }
      }
      try machine.run(events: 60)
      points += max(1, machine.points)
      if let finding = machine.finding {
        Issue.record("\(finding)")
        return
      }
      seed += 1
    }
    print("log and store with failing operations: \(points) crash points, seeds \(CrashPlan.firstSeed) to \(seed - 1)")
  }

  /// The write-ahead log is emptied when the log opens, after it was copied: whatever part of that a crash leaves, nothing is lost.
  @Test func aCrashWhileTheWriteAheadLogIsEmptiedLosesNothing() throws {
    let origin = SimulatedDisk(seed: 1)
    let log = try SQLiteEventLog.open("d/log", on: origin)
    // The same few pages again and again, so that the beginning of the write-ahead log is older than its end.
    for number in UInt8(1)...30 { try #expect(log.append([number]) == UInt64(number)) }
    let image = try origin.survivors(.everything)
    try log.close()
    var count = 0
    for round in UInt64(0)..<8 {
      let disk = try image.survivors(.everything)
      var finding: String?
      disk.hook = { number, operation, moment in
        for seed in 0..<UInt64(6) where moment == .after && finding == nil {
          count += 1
          do {
            let survivors = try disk.survivors(.random(seed: round * 100_000 + UInt64(number) * 100 + seed))
            let last = try SQLiteEventLog.open("d/log", on: survivors).last
            // The one that is under way may be there, too.
            if last < 30 || last > 31 {
              finding = "\(last) events after operation \(number) (\(operation.rawValue)), seed \(seed)"
            }
          } catch { finding = "\(error)" }
        }
      }
      let again = try SQLiteEventLog.open("d/log", on: disk)
      _ = try again.append([1])
      disk.hook = nil
      #expect(finding == nil)
    }
    #expect(count > 200)
  }
}
