// Bedrock under a disk that crashes, tears, reorders and fails at every operation of seeded workloads.
//
// After each crash the store must open by itself and hold the last acknowledged commit, or the one that was under way.

import StrataMemory
import Testing

@testable import StrataStore

/// One workload: a list of values of which each commit replaces some, with collections in between.
private final class BedrockWorkload {
  let seed: UInt64
  let disk: SimulatedDisk
  let heap = TestHeap(words: 1 << 14)
  var random: SeededRandom
  /// Digests by commit number; the number is the root's first note.
  var expected: [UInt64: UInt64] = [:]
  var acknowledged: UInt64 = 0
  var points = 0
  var finding: CrashFinding?
  private var test: TestStore?

  init(seed: UInt64) {
    self.seed = seed
    disk = SimulatedDisk(seed: seed)
    random = SeededRandom(seed: seed)
    CrashPlan.trace(disk)
  }

  func fail(_ finding: String, _ point: String) {
    if self.finding == nil {
      self.finding = CrashFinding(test: "BedrockCrashTests", seed: seed, point: point, finding: finding)
    }
  }

  /// Opens what survives of the disk and compares it with what was acknowledged.
  func check(_ survivors: SimulatedDisk, _ point: String, goesOn: Bool) {
    points += 1
    do {
      // Every third point is read without having been compared before.
      let options = points % 3 == 0 ? SegmentGuardTests.options : TestStore.options
      let found = try TestStore(survivors, options: options, bytes: 1 << 26)
      for case .damaged(let damage) in found.store.opening.rejected where damage.subject != .superblock {
        fail("a published state is damaged: \(damage)", point)
      }
      guard let root = found.store.roots.first else {
        if acknowledged > 0 { fail("commit \(acknowledged) is lost", point) }
        return
      }
      if root.firstNote < acknowledged || root.firstNote > acknowledged + 1 {
        fail("commit \(root.firstNote) is found after \(acknowledged) was acknowledged", point)
      }
      if found.digest() != expected[root.firstNote] { fail("commit \(root.firstNote) holds another value", point) }
      if let damage = found.store.segmentGuard?.damage { fail("a published state is damaged: \(damage)", point) }
      if goesOn { try goOn(found) }
    } catch {
      fail("\(error)", point)
    }
  }

  /// A store that survived must work like any other.
  private func goOn(_ found: TestStore) throws {
    let heap = TestHeap(words: 1 << 12)
    let value = heap.cell(found.store.roots[0].word, heap.natural([1, 2, 3]))
    try found.store.commit([StoredRoot(value)], from: heap.base)
    let expected = found.digest()
    try found.collect()
    try found.store.commit(found.store.roots)
    try found.store.close()
    let again = try TestStore(found.disk.survivors(.nothing), bytes: 1 << 26)
    if again.digest() != expected {
      throw Damage(path: "", subject: .record, wordOffset: 0, finding: "lost after crash")
    }
  }

  private func elements(_ list: Word, _ base: UnsafePointer<UInt64>) -> [Word] {
    var found: [Word] = []
    var at = list
    while at.isCell {
      found.append(Word(raw: base[at.offset + 1]))
      at = Word(raw: base[at.offset + 2])
    }
    return found
  }

  private func value() -> Word {
    switch random.below(12) {
    case 0: heap.natural((0..<1500 + random.below(1200)).map { UInt64($0) | 1 })
    case 1: heap.vector((0..<random.below(200)).map { Word(direct: UInt64($0)) })
    default: heap.natural((0...random.below(60)).map { _ in random.next() | 1 })
    }
  }

  /// Runs `commits` commits; a failure of the disk is answered as an owner would: go on, or open again.
  func run(commits: Int) throws {
    while disk.operationCount < 1_000_000, acknowledged < UInt64(commits), finding == nil {
      do {
        if test == nil { try reopen() }
        if let test { try commit(test) }
      } catch let failure as BedrockFailure {
        guard answer(failure) else { return }
      }
    }
    try test?.store.close()
  }

  /// Opens the store. The commit that was under way when the disk failed may or may not be there; from now on it counts.
  private func reopen() throws {
    let found = try TestStore(disk, bytes: 1 << 26)
    test = found
    guard let root = found.store.roots.first else {
      if acknowledged > 0 { fail("everything is lost after a failure", "reopening") }
      return
    }
    if root.firstNote < acknowledged || root.firstNote > acknowledged + 1 {
      fail("commit \(root.firstNote) after a failure, \(acknowledged) was acknowledged", "reopening")
    }
    if found.digest() != expected[root.firstNote] { fail("another value after a failure", "reopening") }
    acknowledged = root.firstNote
  }

  private func commit(_ test: TestStore) throws {
    heap.reset()
    let old = test.store.roots.first
    var all = old.map { elements($0.word, test.base) } ?? [Word](repeating: .zero, count: 12)
    for _ in 0...random.below(3) { all[random.below(12)] = value() }
    let list = all.reversed().reduce(Word.zero) { heap.cell($1, $0) }
    let number = acknowledged + 1
    expected[number] = digest(list, memory: heap.base, store: test.base)
    var roots = [StoredRoot(list, firstNote: number)]
    if let old, random.oneIn(3) { roots.append(old) }
    try test.store.commit(roots, from: heap.base)
    acknowledged = number
    if test.digest() != expected[number] { fail("commit \(number) differs at once", "commit \(number)") }
    if test.store.needsCollection { try test.store.beginCollection(compacting: !random.oneIn(4)) }
    if test.store.isCollecting { _ = try test.store.stepCollection(budgetWords: 1024 << random.below(4)) }
    if random.oneIn(3) { test.store.endRelocation() }
    if random.oneIn(25) {
      try test.store.close()
      self.test = nil
    }
  }

  /// Whether the run can go on after `failure`.
  private func answer(_ failure: BedrockFailure) -> Bool {
    switch failure {
    case .disk: return true
    case .stopped:
      try? test?.store.close()
      test = nil
      return true
    default:
      fail("\(failure)", "operation \(disk.operationCount)")
      return false
    }
  }
}

@Suite struct BedrockCrashTests {
  /// Crashes before and after every operation of a run, in several ways each.
  @Test func everyCrashLeavesAnAcknowledgedState() throws {
    var points = 0
    var seed = CrashPlan.firstSeed
    while points < CrashPlan.points {
      let workload = BedrockWorkload(seed: seed)
      var choices = SeededRandom(seed: seed ^ 0xC0FFEE)
      workload.disk.hook = { number, operation, moment in
        if workload.finding != nil || choices.below(3) == 0 { return }
        let survival = workload.disk.survival(&choices)
        let point = "\(moment) operation \(number) (\(operation.rawValue)), surviving \(survival)"
        do {
          let survivors = try workload.disk.survivors(survival)
          workload.check(survivors, point, goesOn: choices.oneIn(20))
        } catch { workload.fail("\(error)", point) }
      }
      try workload.run(commits: 60)
      points += workload.points
      if let finding = workload.finding {
        Issue.record("\(finding)")
        return
      }
      seed += 1
    }
    print("bedrock: \(points) crash points, seeds \(CrashPlan.firstSeed) to \(seed - 1)")
  }

  /// Each run meets failing operations, goes on as an owner would, and then loses power.
  @Test func failingOperationsLoseNothing() throws {
    var points = 0
    var seed = CrashPlan.firstSeed
    while points < max(1, CrashPlan.points / 4) {
      let workload = BedrockWorkload(seed: seed)
      var choices = SeededRandom(seed: seed ^ 0xFACADE)
      workload.disk.failNowAndThen(&choices, first: 4..<64, spacing: 20..<100)
      workload.disk.hook = { number, operation, moment in
        if workload.finding != nil || !choices.oneIn(6) { return }
        let survival = workload.disk.survival(&choices)
        let point = "\(moment) operation \(number) (\(operation.rawValue)) after faults, surviving \(survival)"
        do {
          workload.check(try workload.disk.survivors(survival), point, goesOn: choices.oneIn(20))
        } catch { workload.fail("\(error)", point) }
      }
      try workload.run(commits: 40)
      points += max(1, workload.points)
      if let finding = workload.finding {
        Issue.record("\(finding)")
        return
      }
      seed += 1
    }
    print("bedrock with failing operations: \(points) crash points, seeds \(CrashPlan.firstSeed) to \(seed - 1)")
  }

  /// What a failed sync was to keep may be lost for good, the file's length among it, though the system's cache shows it still.
  @Test func aLengthThatAFailedSyncLostIsMadeGoodWhenTheStoreOpens() throws {
    for seed in UInt64(1)...16 {
      let heap = TestHeap()
      let disk = SimulatedDisk(seed: seed)
      let test = try TestStore(disk)
      try test.store.commit([StoredRoot(heap.cell(.one, .one), firstNote: 1)], from: heap.base)
      disk.fault = { _, operation in operation == .sync ? .lostSync : nil }
      // Enough for the store to grow.
      let list = (0..<3000).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1)), $0) }
      #expect(throws: BedrockFailure.self) { try test.store.commit([StoredRoot(list)], from: heap.base) }
      try test.store.close()
      disk.fault = nil
      let again = try TestStore(disk)
      for number in UInt64(2)...6 {
        heap.reset()
        let few = (0..<400).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1) + number), $0) }
        try again.store.commit([StoredRoot(few, firstNote: number)], from: heap.base)
        let survivor = try TestStore(disk.survivors(.nothing))
        #expect(survivor.store.roots[0].firstNote == number, "seed \(seed)")
        #expect(survivor.store.opening.rejected.isEmpty, "seed \(seed): \(survivor.store.opening.rejected)")
      }
    }
  }

  /// A disk that is full refuses commits, keeps serving, and takes them again when there is space.
  @Test func aFullDiskRefusesAndRecovers() throws {
    let heap = TestHeap(words: 1 << 18)
    let test = try TestStore()
    var value = Word.zero
    for _ in 0..<1000 { value = heap.cell(.one, value) }
    try test.store.commit([StoredRoot(value)], from: heap.base)
    test.disk.capacityBytes = 40 * 16384
    var refused: BedrockFailure?
    for round in 0..<100 where refused == nil {
      heap.reset()
      value = Word.zero
      for index in 0..<1000 { value = heap.cell(Word(direct: UInt64(index * round)), value) }
      let before = test.store.roots
      let kept = heap.cell(before[0].word, value)
      do { try test.store.commit([StoredRoot(kept)], from: heap.base) } catch {
        refused = error
        #expect(test.store.roots == before)
      }
    }
    guard case .disk(let failure) = refused else {
      Issue.record("the disk was never full: \(String(describing: refused))")
      return
    }
    #expect(failure.isNoSpace)
    let records = try test.scrub().records
    #expect(records > 1000)
    // The owner drops most of the state; collections have a reserve to do their work in.
    let tail = Word(raw: test.base[test.store.roots[0].word.offset + 2])
    try test.store.commit([StoredRoot(tail)])
    try test.collect(compacting: false)
    for _ in 0..<3 { try test.store.commit(test.store.roots) }
    heap.reset()
    value = Word.zero
    for _ in 0..<1000 { value = heap.cell(.one, value) }
    try test.store.commit([StoredRoot(value)], from: heap.base)
    #expect(try test.scrub().records == 1000)
  }

  /// Every bit of a small store, one after the other: what is alive is never served with another value.
  /// Compared before the store opens, and when it is read.
  @Test(arguments: [false, true]) func everyFlippedBitIsDetectedOrHarmless(isOnDemand: Bool) throws {
    let heap = TestHeap()
    let origin = try TestStore()
    try origin.store.commit([StoredRoot(heap.cell(heap.natural([7, 8, 9]), .one), firstNote: 1)], from: heap.base)
    let first = origin.digest()
    let value = heap.cell(origin.store.roots[0].word, heap.vector([.one, heap.natural([1, 2])]))
    try origin.store.commit([StoredRoot(value, firstNote: 2)], from: heap.base)
    let second = origin.digest()
    let roots = origin.store.roots
    try origin.store.close()
    let image = try origin.disk.survivors(.everything)
    let disk = try image.survivors(.everything)
    let options = isOnDemand ? SegmentGuardTests.options : TestStore.options
    let size = try disk.open("d/store", .read).size()
    var detected = 0
    var fallenBack = 0
    var harmless = 0
    var guarded = 0
    let pages = [0..<2 * 4096, 16384..<16384 + 3 * 4096]
    for page in pages where page.upperBound <= size {
      // Records lie in the first bytes of their pages. Everything else takes long, and is done in full by long runs.
      for bit in page.lowerBound * 8..<page.upperBound * 8 {
        let isRecord = page.lowerBound > 0 && bit / 8 % 4096 < 128
        if !isRecord, !CrashPlan.isLong, bit % 11 != 0 { continue }
        #expect(disk.flip(bit: bit, of: "d/store"))
        do {
          let reservation = try BedrockReservation(byteCount: 1 << 24)
          let store = try Bedrock.open("d/store", on: disk, at: reservation.place, options: options)
          let base = UnsafePointer(reservation.place.base)
          let found = digest(store.roots[0].word, memory: base, store: base)
          if store.segmentGuard != nil { guarded += 1 }
          if store.segmentGuard?.damage != nil {
            detected += 1
          } else if store.opening.rejected.isEmpty {
            harmless += 1
            if store.roots != roots || found != second { Issue.record("bit \(bit) changed what is served") }
          } else {
            fallenBack += 1
            let isRight = store.roots[0].firstNote == 2 ? found == second : found == first
            if !isRight { Issue.record("bit \(bit) is served after falling back") }
          }
          try store.close()
        } catch { detected += 1 }
        // Opening writes the superblock again, so the flipped bit may be mended already.
        _ = disk.restore("d/store", from: image)
        _ = disk.restore("d/store.sums", from: image)
      }
    }
    // 2 superblocks, 6 records of 24 words in all; the rest of the pages is padding.
    #expect(fallenBack >= 2 * 4096 * 8 / (CrashPlan.isLong ? 1 : 12))
    #expect(detected > 0)
    #expect(isOnDemand ? guarded > harmless / 2 : guarded == 0)
    print("bit flips: \(detected) refused, \(fallenBack) fallen back and reported, \(harmless) in unused bytes")
  }
}
