// Comparing on demand: what is read is right or known to be damaged, whoever reads it and whatever the store does meanwhile.

import Glibc
import StrataMemory
import StrataTestSupport
import Synchronization
import Testing

@testable import StrataStore

@Suite struct SegmentGuardTests {
  /// Options that compare nothing but the roots' segments before the store opens.
  static var options: BedrockOptions {
    var options = TestStore.options
    options.verifiedBytes = 0
    options.verifiesOnDemand = true
    return options
  }

  /// A store with values of all sizes, garbage among them, tables and moved records, as its process leaves it.
  private func seasoned(_ seed: UInt64, commits: Int = 120) throws -> (disk: SimulatedDisk, digest: UInt64) {
    var random = SeededRandom(seed: seed)
    let heap = TestHeap(words: 1 << 18)
    let test = try TestStore()
    var all = [Word](repeating: .zero, count: 24)
    for step in 0..<commits {
      heap.reset()
      for _ in 0...random.below(3) {
        let value: Word =
          switch random.below(12) {
          case 0: heap.natural((0..<1500 + random.below(4000)).map { UInt64($0) | 1 })
          case 1: heap.vector((0..<random.below(3000)).map { Word(direct: UInt64($0)) })
          case 2: (0..<500).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1)), $0) }
          default: heap.natural((0...random.below(60)).map { _ in random.next() | 1 })
          }
        all[random.below(all.count)] = value
      }
      let list = all.reversed().reduce(Word.zero) { heap.cell($1, $0) }
      var at = try test.store.commit([StoredRoot(list, firstNote: UInt64(step))], from: heap.base)[0].word
      if step % 50 == 49 {
        try test.collect(compacting: step % 100 == 99)
        at = test.store.roots[0].word
      }
      for index in all.indices {
        all[index] = Word(raw: test.base[at.offset + 1])
        at = Word(raw: test.base[at.offset + 2])
      }
    }
    let digest = test.digest()
    try test.store.close()
    return (try test.disk.survivors(.everything), digest)
  }

  private func reopened(_ disk: SimulatedDisk) throws -> TestStore {
    try TestStore(disk, options: SegmentGuardTests.options)
  }

  @Test(arguments: 1...6) func whatIsReadIsComparedAndWhole(seed: UInt64) throws {
    let origin = try seasoned(seed, commits: 100 + Int(seed) * 7)
    let test = try reopened(origin.disk)
    let guarding = try #require(test.store.segmentGuard)
    let before = guarding.unverifiedBytes
    #expect(before > 100_000)
    #expect(test.digest() == origin.digest)
    #expect(guarding.damage == nil)
    #expect(guarding.unverifiedBytes < before)
  }

  @Test func whatNobodyReadsIsNotComparedUntilTheBackgroundComes() throws {
    let origin = try seasoned(7)
    let test = try reopened(origin.disk)
    let guarding = try #require(test.store.segmentGuard)
    let before = guarding.unverifiedBytes
    let segment = 4 * Layout.pageBytes
    let root = test.store.roots[0].word.offset * 8 / segment
    let other = try #require((1..<before / segment).first { $0 != root })
    // Read where only the fault can have made it readable.
    #expect(test.base[other * segment / 8] != 1)
    #expect(guarding.unverifiedBytes == before - segment)
    var steps = 0
    while !guarding.step(budgetBytes: segment * 3) { steps += 1 }
    #expect(steps > 3)
    #expect(guarding.unverifiedBytes == 0 && guarding.isDone && guarding.damage == nil)
    #expect(test.digest() == origin.digest)
  }

  @Test func aCommitComparesTheRestFirst() throws {
    for seed in UInt64(20)..<24 {
      let origin = try seasoned(seed)
      let test = try reopened(origin.disk)
      let guarding = try #require(test.store.segmentGuard)
      let heap = TestHeap(words: 1 << 12)
      var value = test.store.roots[0].word
      for step in 0..<150 {
        heap.reset()
        value = heap.cell(Word(direct: UInt64(step)), step == 0 ? value : Word(raw: test.base[value.offset + 2]))
        value = try test.store.commit([StoredRoot(value)], from: heap.base)[0].word
        #expect(guarding.unverifiedBytes == 0)
        if step % 40 == 39 {
          try test.collect()
          value = test.store.roots[0].word
        }
      }
      let found = digest(Word(raw: test.base[value.offset + 2]), memory: test.base, store: test.base)
      #expect(found == origin.digest, "seed \(seed)")
      _ = try test.scrub()
      try test.store.close()
      #expect(try TestStore(test.disk).store.opening.isVerifiedBySums)
    }
  }

  /// Damage of every kind in random places: what is read afterwards is what was written, or the damage is known.
  @Test func damageIsNeverServed() throws {
    let origin = try seasoned(31)
    var random = SeededRandom(seed: 77)
    var (met, refused, harmless, mended) = (0, 0, 0, 0)
    for round in 0..<(300 * testScale) {
      let disk = try origin.disk.survivors(.everything)
      let offset = try disk.damageStore(round, &random)
      do {
        let test = try reopened(disk)
        let served = test.digest()
        guard let guarding = test.store.segmentGuard, guarding.damage != nil else {
          harmless += 1
          if test.store.opening.rejected.isEmpty, served != origin.digest {
            Issue.record("round \(round), byte \(offset): damage was served")
          }
          continue
        }
        met += 1
        #expect(throws: BedrockFailure.self) { try test.store.commit(test.store.roots) }
        try test.store.forgetSums()
        try test.store.close()
        // The next start follows all records, and either has a whole state or says so.
        if let again = try? reopened(disk) {
          #expect(again.store.segmentGuard == nil)
          _ = try again.scrub()
          mended += 1
        }
      } catch { refused += 1 }
    }
    #expect(met > 8 && harmless > 20)
    print(
      "guard: \(met) damages met by reading (\(mended) had a state before), \(refused) when opening, \(harmless) in garbage"
    )
  }

  /// A state that is damaged where it is read late is given up for the one before, which no commit has replaced.
  @Test func theStateBeforeIsKeptUntilEverythingIsCompared() throws {
    let heap = TestHeap(words: 1 << 18)
    let origin = try TestStore()
    func list(_ from: Int) -> Word {
      (0..<6000).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1 + from)), $0) }
    }
    try origin.store.commit([StoredRoot(list(0), firstNote: 1)], from: heap.base)
    let first = origin.digest()
    heap.reset()
    let place = origin.store.usedBytes
    try origin.store.commit([StoredRoot(list(7), firstNote: 2)], from: heap.base)
    try origin.store.close()
    let disk = try origin.disk.survivors(.everything)
    // In the second list, far from its head, which was written last.
    #expect(disk.flip(bit: (place + 20_000) * 8, of: "d/store"))
    let test = try reopened(disk)
    #expect(test.store.roots[0].firstNote == 2 && test.store.segmentGuard?.damage == nil)
    #expect(throws: BedrockFailure.self) { try test.store.commit(test.store.roots) }
    guard case .record? = test.store.segmentGuard?.damage?.subject else {
      Issue.record("\(String(describing: test.store.segmentGuard?.damage))")
      return
    }
    try test.store.forgetSums()
    try test.store.close()
    let again = try reopened(disk)
    #expect(again.store.roots[0].firstNote == 1 && again.digest() == first)
  }

  @Test func aDamagedSegmentReadsAsAPlaceholder() throws {
    let heap = TestHeap(words: 1 << 18)
    let origin = try TestStore()
    let list = (0..<6000).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1)), $0) }
    try origin.store.commit([StoredRoot(list)], from: heap.base)
    try origin.store.close()
    let segment = 4 * Layout.pageBytes
    let disk = try origin.disk.survivors(.everything)
    #expect(disk.flip(bit: (3 * segment + 100) * 8, of: "d/store"))
    let test = try reopened(disk)
    let root = test.store.roots[0].word
    #expect(root.offset * 8 / segment != 3)
    let placeholder = Header(kind: .natural, size: 1).raw
    #expect((0..<segment / 8).allSatisfy { test.base[3 * segment / 8 + $0] == placeholder })
    #expect(test.store.segmentGuard?.damage != nil)
    // The segments beside it are what they were, and go on being compared.
    #expect(test.base[2 * segment / 8] != placeholder)
    #expect(Header(raw: test.base[root.offset]).kind == .cell)
    withExtendedLifetime(test) {}
  }

  /// Sums are not synced with commits: where power is lost they may speak of a commit that was taken back, of as many pages.
  @Test func aSumThatIsWrongIsNoDamage() throws {
    let origin = try seasoned(41)
    let disk = origin.disk
    let content = try #require(disk.content(of: "d/store.sums"))
    let (_, entries) = SegmentSums.open("d/store", on: disk, segments: content.count / 32)
    let file = try disk.open("d/store.sums", .readWrite)
    // The sum of every segment that is full.
    var changed = 0
    for (index, var entry) in entries.enumerated() where index > 0 && entry.isFinal && entry.current.pages > 0 {
      entry.current.checksum = Checksum(value: entry.current.checksum.value ^ 1)
      let words = SegmentSums.encode(entry, index).map(\.littleEndian)
      try overwrite(file, at: index * 32, words.withUnsafeBytes { Array($0) })
      changed += 1
    }
    #expect(changed > 3)
    let test = try reopened(disk)
    let guarding = try #require(test.store.segmentGuard)
    #expect(test.digest() == origin.digest)
    #expect(guarding.damage == nil)
    try test.store.commit(test.store.roots)
    // Some entries speak of extents that are not in use any more.
    #expect((4...changed).contains(guarding.corrections.count))
    try test.store.close()
    #expect(try TestStore(disk).store.opening.isVerifiedBySums, "the sums were mended")
  }

  @Test func whatIsNotKnownIsComparedBeforeTheStoreOpens() throws {
    let origin = try seasoned(51)
    try origin.disk.remove("d/store.sums")
    let test = try reopened(origin.disk)
    #expect(test.store.segmentGuard == nil && test.store.opening.verifiedWords > 0)
    #expect(test.digest() == origin.digest)
    try test.store.close()
    #expect(try reopened(origin.disk).store.segmentGuard != nil)
  }

  /// A disk that cannot read a segment is damage, and not the process's end.
  @Test func aSegmentThatCannotBeReadIsDamage() throws {
    let origin = try seasoned(61)
    let test = try reopened(origin.disk)
    test.disk.powerOff()
    _ = test.digest()
    guard let damage = test.store.segmentGuard?.damage else {
      Issue.record("nothing was noticed")
      return
    }
    #expect(damage.subject == .segment && damage.finding.contains("cannot be read"))
  }

  @Test func otherMappingsAndThreadsAreGuardedToo() throws {
    let origin = try seasoned(71)
    let test = try reopened(origin.disk)
    let guarding = try #require(test.store.segmentGuard)
    let reservations = try (0..<3).map { _ in try BedrockReservation(byteCount: 1 << 28) }
    var views = try reservations.map { try BedrockView("d/store", on: test.disk, at: $0.place, guardedBy: guarding) }
    let root = test.store.roots[0].word
    let wrong = Mutex(0)
    let threads = try reservations.map { reservation in
      try #require(
        SystemThread {
          // As servers have it whose threads leave all signals to one of them.
          var all = sigset_t()
          sigfillset(&all)
          pthread_sigmask(SIG_SETMASK, &all, nil)
          guarding.admitThread()
          let base = UnsafePointer(reservation.place.base)
          if digest(root, memory: base, store: base) != origin.digest { wrong.withLock { $0 += 1 } }
        })
    }
    while !guarding.step(budgetBytes: 1 << 16) {}
    for thread in threads { thread.join() }
    #expect(wrong.withLock { $0 } == 0)
    #expect(guarding.damage == nil && guarding.unverifiedBytes == 0)
    withExtendedLifetime(views) {}
    views.removeAll()
    // One that comes late needs no guard.
    let late = try BedrockView("d/store", on: test.disk, at: reservations[0].place, guardedBy: guarding)
    let base = UnsafePointer(late.place.base)
    #expect(digest(root, memory: base, store: base) == origin.digest)
    withExtendedLifetime((late, test)) {}
  }

  /// A segment's values can be large records, which are compared as wholes.
  @Test func largeRecordsAreComparedAsWholes() throws {
    let heap = TestHeap(words: 1 << 18)
    let origin = try TestStore()
    let words = (0..<100_000).map { UInt64($0) | 1 }
    try origin.store.commit([StoredRoot(heap.cell(heap.natural(words), .one))], from: heap.base)
    let expected = origin.digest()
    try origin.store.close()
    let image = try origin.disk.survivors(.everything)
    let test = try reopened(image.survivors(.everything))
    let before = try #require(test.store.segmentGuard).unverifiedBytes
    let natural = Word(raw: test.base[test.store.roots[0].word.offset + 1])
    #expect(test.base[natural.offset + 60_000] == words[60_000 - 1])
    #expect(test.store.segmentGuard?.unverifiedBytes ?? before <= before - 800_000)
    #expect(test.digest() == expected)
    try test.store.close()
    let damaged = try image.survivors(.everything)
    #expect(damaged.flip(bit: (natural.offset + 90_000) * 64, of: "d/store"))
    let other = try reopened(damaged)
    #expect(other.base[natural.offset + 10] == Header(kind: .natural, size: 1).raw)
    #expect(other.store.segmentGuard?.damage != nil)
    withExtendedLifetime(other) {}
  }
}
