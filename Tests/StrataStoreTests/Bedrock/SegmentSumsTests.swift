// The sums of segments: opening by them finds what opening by records finds, and nothing depends on what their file holds.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataStore

@Suite struct SegmentSumsTests {
  /// Does to a store whatever moves a writer: commits of all sizes, commits that are refused, collections, ends and new beginnings.
  private func season(
    _ disk: SimulatedDisk, seed: UInt64, commits: Int, after: (TestStore) throws -> Void = { _ in }
  ) throws {
    var random = SeededRandom(seed: seed)
    let heap = TestHeap(words: 1 << 18)
    var test = try TestStore(disk)
    var all = [Word](repeating: .zero, count: 16)
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
      if random.oneIn(6) {
        // Much is written before the store meets what it cannot keep.
        let bad = heap.object(.thunk, .thunk, [0, 0, 0])
        let some = (0..<1 + random.below(3000)).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1)), $0) }
        #expect(throws: BedrockFailure.self) {
          try test.store.commit([StoredRoot(heap.cell(some, bad))], from: heap.base)
        }
      }
      let list = all.reversed().reduce(Word.zero) { heap.cell($1, $0) }
      _ = try test.store.commit([StoredRoot(list, firstNote: UInt64(step))], from: heap.base)
      if random.oneIn(20) { try test.collect(compacting: !random.oneIn(4)) }
      if random.oneIn(15) { try test.store.beginCollection() }
      if test.store.isCollecting {
        if random.oneIn(8) {
          test.store.abandonCollection()
        } else {
          _ = try test.store.stepCollection(budgetWords: 4096)
        }
        test.store.endRelocation()
      }
      try after(test)
      if random.oneIn(12) {
        try test.store.close()
        test = try TestStore(disk)
        #expect(test.store.opening.isVerifiedBySums, "seed \(seed), step \(step): after an orderly end")
      }
      var at = test.store.roots[0].word
      for index in all.indices {
        all[index] = Word(raw: test.base[at.offset + 1])
        at = Word(raw: test.base[at.offset + 2])
      }
    }
    try test.store.close()
  }

  @Test func pagesHaveOneSumWithAndWithoutTheInstruction() {
    var random = Random(seed: 5)
    let words = (0..<8 * Layout.pageWords).map { _ in random.next() }
    words.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      var whole = Checksum()
      whole.feed(pages: base, count: 8)
      var pieces = Checksum()
      pieces.feedPortably(pages: base, count: 3)
      pieces = Checksum(value: pieces.value)
      pieces.feed(pages: base + 3 * Layout.pageBytes, count: 5)
      #expect(whole.value == pieces.value)
      var less = Checksum()
      less.feed(pages: base, count: 7)
      #expect(less.value != whole.value)
    }
  }

  /// Two flipped bits must not cancel out, wherever they are in words of different chains.
  @Test func flippedBitsDoNotCancelOut() {
    var random = Random(seed: 6)
    var words = (0..<Layout.pageWords).map { _ in random.next() }
    func sum() -> UInt32 {
      words.withUnsafeBytes { bytes in
        var checksum = Checksum()
        if let base = bytes.baseAddress { checksum.feed(pages: base, count: 1) }
        return checksum.value
      }
    }
    var sums = [sum(): 0]
    for bit in 0..<16 * 64 {
      words[bit / 64] ^= 1 << UInt64(bit % 64)
      sums[sum(), default: 0] += 1
      words[bit / 64] ^= 1 << UInt64(bit % 64)
    }
    #expect(sums.count == 16 * 64 + 1)
  }

  /// Whatever a process did: when it dies with everything in the system's cache, the next one finds all sums right.
  @Test(arguments: 1...8) func aDeathLeavesTheSumsRight(seed: UInt64) throws {
    for round in 0..<UInt64(testScale) {
      let disk = SimulatedDisk(seed: seed)
      try season(disk, seed: seed &+ round &* 1000, commits: isDebug ? 60 : 200) { test in
        let survivor = try TestStore(disk.survivors(.everything))
        #expect(survivor.store.opening.isVerifiedBySums, "seed \(seed), commit \(test.store.sequence)")
        #expect(survivor.digest() == test.digest())
        _ = try survivor.scrub()
      }
    }
  }

  /// ... also in the middle of a commit, at whichever operation.
  @Test(arguments: 1...4) func aDeathWithinACommitLeavesTheSumsRight(seed: UInt64) throws {
    let disk = SimulatedDisk(seed: seed)
    var count = 0
    var slow = 0
    disk.hook = { number, _, moment in
      guard moment == .before, number % 7 == 0, let survivors = try? disk.survivors(.everything),
        (try? survivors.exists("d/store")) == true, let found = try? TestStore(survivors)
      else { return }
      count += 1
      if !found.store.opening.isVerifiedBySums { slow += 1 }
      #expect(throws: Never.self) { try found.scrub() }
    }
    try season(disk, seed: seed, commits: isDebug ? 60 : 200)
    #expect(count > 10)
    // Where the process dies within the making of the file or a collection's publishing, records are followed once.
    #expect(slow * 10 <= count, "\(slow) of \(count)")
  }

  @Test func damageIsNeverServed() throws {
    let origin = SimulatedDisk(seed: 3)
    try season(origin, seed: 31, commits: 80)
    let image = try origin.survivors(.everything)
    let expected = try TestStore(image.survivors(.everything)).digest()
    var random = SeededRandom(seed: 77)
    var (refused, fallenBack, garbage) = (0, 0, 0)
    for round in 0..<(300 * testScale) {
      let disk = try image.survivors(.everything)
      let offset = try disk.damageStore(round, &random)
      do {
        let test = try TestStore(disk)
        if !test.store.opening.rejected.isEmpty {
          fallenBack += 1
        } else {
          garbage += 1
          if test.digest() != expected { Issue.record("round \(round), byte \(offset): damage was served") }
        }
        _ = try test.scrub()
      } catch { refused += 1 }
    }
    #expect(refused + fallenBack > 20 && garbage > 20)
    print("sums: \(refused) damages refused, \(fallenBack) fallen back, \(garbage) in what is not in use")
  }

  /// A page that the disk never wrote, so that it still shows what was there before.
  @Test func aLostWriteIsFound() throws {
    let disk = SimulatedDisk(seed: 4)
    let heap = TestHeap()
    let test = try TestStore(disk)
    for number in 0..<4 {
      heap.reset()
      let list = (0..<100).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1 + number)), $0) }
      try test.store.commit([StoredRoot(list, firstNote: UInt64(number))], from: heap.base)
    }
    let place = (test.store.roots[0].word.offset / Layout.pageWords) * Layout.pageBytes
    try test.store.close()
    try overwrite(disk.open("d/store", .readWrite), at: place, [UInt8](repeating: 0, count: 4096))
    let again = try TestStore(disk)
    #expect(again.store.opening.rejected.count == 1)
    // The state before is as it was, and its sums are remembered.
    #expect(again.store.opening.isVerifiedBySums)
    #expect(again.store.roots[0].firstNote == 2)
  }

  @Test func nothingDependsOnTheFile() throws {
    let disk = SimulatedDisk(seed: 9)
    var older: [[UInt8]] = []
    try season(disk, seed: 9, commits: 60) { test in
      if test.store.sequence % 8 == 0 { older.append(disk.content(of: "d/store.sums") ?? []) }
    }
    let image = try disk.survivors(.everything)
    let expected = try TestStore(image.survivors(.everything)).digest()
    let whole = try #require(image.content(of: "d/store.sums"))
    var random = Random(seed: 12)
    var contents = older + [[], Array(whole.prefix(whole.count / 2)), [UInt8](repeating: 0xFF, count: whole.count)]
    for _ in 0..<100 {
      var bytes = whole
      bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
      contents.append(bytes)
    }
    var slow = 0
    for (index, content) in contents.enumerated() {
      let disk = try image.survivors(.everything)
      try disk.open("d/store.sums", .readWrite).truncate(to: 0)
      if !content.isEmpty { try overwrite(disk.open("d/store.sums", .readWrite), at: 0, content) }
      let test = try TestStore(disk)
      #expect(test.store.opening.rejected.isEmpty, "content \(index)")
      #expect(test.digest() == expected, "content \(index)")
      if !test.store.opening.isVerifiedBySums { slow += 1 }
      try test.store.close()
      let again = try TestStore(disk)
      #expect(again.store.opening.isVerifiedBySums, "content \(index): the file was made whole")
    }
    #expect(slow > 20)
    // And nobody has to keep it up.
    let reservation = try BedrockReservation(byteCount: 1 << 28)
    var options = TestStore.options
    options.keepsSums = false
    let plain = try Bedrock.open("d/store", on: image, at: reservation.place, options: options)
    let heap = TestHeap()
    for number in 0..<40 {
      heap.reset()
      let list = (0..<50).reduce(plain.roots[0].word) { heap.cell(Word(direct: UInt64($1 + number)), $0) }
      try plain.commit([StoredRoot(list)], from: heap.base)
    }
    let base = UnsafePointer(reservation.place.base)
    let other = digest(plain.roots[0].word, memory: base, store: base)
    try plain.close()
    let last = try TestStore(image)
    #expect(!last.store.opening.isVerifiedBySums && last.store.opening.rejected.isEmpty)
    #expect(last.digest() == other)
  }
}
