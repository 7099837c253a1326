// Bedrock without failures: what is committed is found again, shared, moved and freed as promised.

import StrataMemory
import Testing

@testable import StrataStore

@Suite struct BedrockTests {
  @Test func anEmptyStoreOpensAgain() throws {
    let first = try TestStore()
    #expect(first.store.opening.isNew)
    #expect(first.store.roots.isEmpty)
    try first.store.close()
    let second = try TestStore(first.disk)
    #expect(second.store.opening.isNew == false)
    #expect(second.store.opening.rejected.isEmpty)
  }

  @Test func commitsAreFoundAgain() throws {
    let heap = TestHeap()
    let value = heap.cell(heap.natural([1, 2, 3]), heap.cell(Word(direct: 7), heap.vector([.one, heap.natural([9])])))
    let expected = digest(value, memory: heap.base, store: heap.base)
    let first = try TestStore()
    try first.store.commit([StoredRoot(value, firstNote: 42, secondNote: 43)], from: heap.base)
    #expect(first.digest() == expected)
    let survivors = try first.disk.survivors(.nothing)
    let second = try TestStore(survivors)
    #expect(second.digest() == expected)
    #expect(second.store.roots[0].firstNote == 42)
    #expect(second.store.roots[0].secondNote == 43)
    #expect(try second.scrub().records == 5)
  }

  @Test func sharingIsKeptAndWhatIsStoredIsNotCopied() throws {
    let heap = TestHeap()
    var value = heap.cell(.zero, .one)
    for _ in 0..<50 { value = heap.cell(value, value) }
    let test = try TestStore()
    let stored = try test.store.commit([StoredRoot(value)], from: heap.base)
    #expect(test.store.metrics.recordsWritten == 51)
    let more = heap.cell(stored[0].word, stored[0].word)
    try test.store.commit([StoredRoot(more)], from: heap.base)
    #expect(test.store.metrics.recordsWritten == 52)
    #expect(try test.scrub().records == 52)
  }

  @Test func deepValuesNeedNoStack() throws {
    let depth = 100_000
    let heap = TestHeap(words: depth * 3 * 2 + 10)
    var left = Word.zero
    var right = Word.zero
    for index in 0..<depth {
      left = heap.cell(left, Word(direct: UInt64(index)))
      right = heap.cell(Word(direct: UInt64(index)), right)
    }
    let test = try TestStore()
    try test.store.commit([StoredRoot(left), StoredRoot(right)], from: heap.base)
    #expect(test.digest(0) == digest(left, memory: heap.base, store: heap.base))
    #expect(test.digest(1) == digest(right, memory: heap.base, store: heap.base))
    try test.collect()
    #expect(try test.scrub().records == depth * 2)
  }

  @Test func largeValuesGetTheirOwnExtents() throws {
    let heap = TestHeap(words: 200_000)
    let long = heap.natural((0..<50_000).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 | 1 })
    let wide = heap.vector((0..<30_000).map { Word(direct: UInt64($0)) })
    let value = heap.cell(long, wide)
    let test = try TestStore()
    try test.store.commit([StoredRoot(value)], from: heap.base)
    let expected = digest(value, memory: heap.base, store: heap.base)
    #expect(test.digest() == expected)
    try test.store.commit([StoredRoot(heap.cell(test.store.roots[0].word, .zero))], from: heap.base)
    let place = Word(raw: test.base[Word(raw: test.base[test.store.roots[0].word.offset + 1]).offset + 1])
    try test.collect()
    #expect(Word(raw: test.base[Word(raw: test.base[test.store.roots[0].word.offset + 1]).offset + 1]) == place)
    #expect(try test.scrub().records == 4)
    let second = try TestStore(test.disk.survivors(.nothing))
    let pair = Word(raw: second.base[second.store.roots[0].word.offset + 1])
    #expect(digest(pair, memory: second.base, store: second.base) == expected)
  }

  @Test func whatCannotBeStoredIsRefusedAndNothingChanges() throws {
    let heap = TestHeap()
    let test = try TestStore()
    try test.store.commit([StoredRoot(heap.cell(.one, .zero))], from: heap.base)
    let before = test.store.roots
    let sequence = test.store.sequence
    let thunk = heap.object(.thunk, .thunk, [0, 0])
    #expect(throws: BedrockFailure.unstorable(header: thunk.raw)) {
      try test.store.commit([StoredRoot(heap.cell(thunk, .zero))], from: heap.base)
    }
    let knot = heap.cell(.zero, .zero)
    heap.base[knot.offset + 1] = knot.raw
    #expect(throws: BedrockFailure.cyclic) { try test.store.commit([StoredRoot(knot)], from: heap.base) }
    let foreign = Word(tag: .cell, offset: 99_999).persistent
    #expect(throws: BedrockFailure.danglingReference(foreign)) {
      try test.store.commit([StoredRoot(heap.cell(foreign, .zero))], from: heap.base)
    }
    #expect(throws: BedrockFailure.tooManyRoots(limit: 16)) {
      try test.store.commit([StoredRoot](repeating: StoredRoot(.zero), count: 17))
    }
    #expect(test.store.roots == before)
    #expect(test.store.sequence == sequence)
    try test.store.commit([StoredRoot(heap.cell(.one, .one))], from: heap.base)
    #expect(try test.scrub().records == 1)
  }

  @Test func onlyOneMayWrite() throws {
    let first = try TestStore()
    #expect(throws: BedrockFailure.inUse(path: "d/store")) { try TestStore(first.disk) }
    try first.store.close()
    _ = try TestStore(first.disk)
    #expect(throws: BedrockFailure.closed) { try first.store.commit([]) }
  }

  /// Replaces one of many values with each commit, and collects with small steps in between.
  @Test(arguments: [false, true], [UInt64(1), 2, 3])
  func collectionsRunWhileCommitsGoOn(compacting: Bool, seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let heap = TestHeap(words: 1 << 18)
    let test = try TestStore()
    var model = [UInt64](repeating: 0, count: 64)
    var current = Word.zero
    for _ in 0..<64 { current = heap.cell(.zero, current) }
    current = try test.store.commit([StoredRoot(current)], from: heap.base)[0].word

    func elements() -> [Word] {
      var found: [Word] = []
      var at = current
      while at.isCell {
        found.append(Word(raw: test.base[at.offset + 1]))
        at = Word(raw: test.base[at.offset + 2])
      }
      return found
    }
    var collections = 0
    for step in 0..<1500 {
      heap.reset()
      let index = random.below(64)
      let value = heap.natural((0...random.below(40)).map { _ in random.next() | 1 })
      model[index] = digest(value, memory: heap.base, store: heap.base)
      var all = elements()
      all[index] = value
      current = all.reversed().reduce(Word.zero) { heap.cell($1, $0) }
      current = try test.store.commit([StoredRoot(current)], from: heap.base)[0].word
      if test.store.needsCollection { try test.store.beginCollection(compacting: compacting) }
      if test.store.isCollecting {
        switch try test.store.stepCollection(budgetWords: 1024) {
        case .working: break
        case .abandoned: Issue.record("nothing dead was taken up, seed \(seed), step \(step)")
        case .complete(let roots):
          collections += 1
          #expect(try #require(test.store.forward(current)) == roots[0].word)
          current = roots[0].word
          test.store.endRelocation()
        }
      }
      if step % 50 == 0 {
        #expect(elements().map { digest($0, memory: test.base, store: test.base) } == model)
      }
    }
    #expect(elements().map { digest($0, memory: test.base, store: test.base) } == model)
    #expect(collections > 10)
    try test.collect(compacting: compacting)
    let words = try test.scrub().words
    if compacting { #expect(test.store.usedBytes < words * 8 * 2 + 8 * 4 * 4096) }
    #expect(try test.disk.open("d/store", .read).size() < 40 * 64 * 1024, "freed segments are reused")
    let reopened = try TestStore(test.disk.survivors(.nothing))
    #expect(try reopened.scrub().words == words)
  }

  @Test func valuesInMemoryMayReferToOldPlacesUntilTheRelocationEnds() throws {
    let heap = TestHeap(words: 1 << 18)
    let test = try TestStore()
    var list = (0..<3000).reduce(Word.zero) { heap.cell(heap.natural([UInt64($1) | 1 << 63]), $0) }
    list = try test.store.commit([StoredRoot(list)], from: heap.base)[0].word
    let dropped = Word(raw: test.base[list.offset + 2])
    // Keep every tenth element's cell by hanging it into a new list.
    var kept = Word.zero
    var at = list
    var index = 0
    while at.isCell, index < 2500 {
      if index % 10 == 0 { kept = heap.cell(Word(raw: test.base[at.offset + 1]), kept) }
      at = Word(raw: test.base[at.offset + 2])
      index += 1
    }
    let state = try test.store.commit([StoredRoot(heap.cell(kept, at))], from: heap.base)[0].word
    // The machine goes on in memory, upon what lies in the store.
    let next = heap.cell(state, heap.cell(Word(raw: test.base[state.offset + 2]), .one))
    let expected = digest(next, memory: heap.base, store: test.base)
    try test.store.beginCollection()
    while try test.store.stepCollection(budgetWords: 1024) == .working {}
    #expect(test.store.metrics.recordsMoved > 0)
    #expect(test.store.forward(dropped) == nil)
    #expect(digest(next, memory: heap.base, store: test.base) == expected, "old places are readable")
    try test.store.commit([StoredRoot(next)], from: heap.base)
    #expect(test.digest() == expected)
    #expect(throws: BedrockFailure.danglingReference(dropped)) {
      try test.store.commit([StoredRoot(heap.cell(dropped, .zero))], from: heap.base)
    }
    test.store.endRelocation()
    #expect(test.digest() == expected)
    _ = try test.scrub()
  }

  @Test func aCopyHoldsTheSameValuesInLessSpace() throws {
    let heap = TestHeap(words: 1 << 18)
    let test = try TestStore()
    for round in 0..<20 {
      heap.reset()
      let shared = heap.natural([1, 2, UInt64(round) | 1])
      let list = (0..<1000).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1 + round)), heap.cell(shared, $0)) }
      try test.store.commit([StoredRoot(list, firstNote: UInt64(round))], from: heap.base)
    }
    let copy = try TestStore()
    try copy.store.commit(copying: test.store.roots, of: test.store)
    #expect(copy.digest() == test.digest())
    #expect(copy.store.roots[0].firstNote == 19)
    #expect(try copy.scrub() == test.scrub())
    #expect(copy.store.usedBytes * 2 < test.store.usedBytes)
  }

  @Test func takingUpGarbageAbandonsTheCollection() throws {
    let heap = TestHeap()
    let test = try TestStore()
    let old = try test.store.commit([StoredRoot(heap.cell(.one, .zero))], from: heap.base)[0].word
    try test.store.commit([StoredRoot(heap.cell(.zero, .zero))], from: heap.base)
    try test.store.beginCollection()
    try test.store.commit([StoredRoot(heap.cell(old, old))], from: heap.base)
    var progress = CollectionProgress.working
    while progress == .working { progress = try test.store.stepCollection(budgetWords: 1024) }
    #expect(progress == .abandoned)
    #expect(test.digest() == digest(heap.cell(old, old), memory: heap.base, store: test.base))
    try test.collect()
    #expect(try test.scrub().records == 2)
  }

  @Test func leasesKeepOldStatesReadable() throws {
    let heap = TestHeap(words: 1 << 20)
    let test = try TestStore()
    try test.store.commit([StoredRoot(heap.cell(heap.natural([1, 2, 3]), .zero))], from: heap.base)
    let expected = test.digest()
    var lease: BedrockLease? = test.store.lease()
    let oldRoot = try #require(lease?.roots[0].word)
    for round in 0..<200 {
      heap.reset()
      let value = (0..<200).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1 + round)), $0) }
      try test.store.commit([StoredRoot(value)], from: heap.base)
      if round % 10 == 0 { try test.collect() }
    }
    #expect(digest(oldRoot, memory: test.base, store: test.base) == expected)
    #expect(try test.store.readerStatuses() == [ReaderStatus(process: nil, sequence: lease?.sequence ?? 0)])
    let held = test.store.heldBytes
    lease = nil
    try test.store.commit([StoredRoot(.zero)])
    try test.store.commit([StoredRoot(.zero)])
    #expect(test.store.heldBytes < held / 4)
    #expect(try test.store.readerStatuses().isEmpty)
  }

  @Test func readersSeeAFrozenState() throws {
    let heap = TestHeap(words: 1 << 20)
    let test = try TestStore()
    try test.store.commit([StoredRoot(heap.cell(heap.natural([5]), .one))], from: heap.base)
    let expected = test.digest()
    let reservation = try BedrockReservation(byteCount: 1 << 28)
    let reader = try BedrockReader("d/store", on: test.disk, at: reservation.place)
    for round in 0..<100 {
      heap.reset()
      let value = (0..<300).reduce(Word.zero) { heap.cell(Word(direct: UInt64($1 + round)), $0) }
      try test.store.commit([StoredRoot(value)], from: heap.base)
      if round % 10 == 0 { try test.collect() }
    }
    let base = UnsafePointer(reservation.place.base)
    #expect(digest(reader.roots[0].word, memory: base, store: base) == expected)
    #expect(try test.store.readerStatuses().map(\.sequence) == [reader.sequence])
    try reader.refresh()
    #expect(reader.sequence == test.store.sequence)
    #expect(digest(reader.roots[0].word, memory: base, store: base) == test.digest())
    let scrub = try reader.scrub()
    while try !scrub.step(budgetWords: 1000) {}
    #expect(scrub.checked.records == 300)
  }

  @Test func manyExtentsNeedTables() throws {
    let heap = TestHeap(words: 1 << 22)
    let test = try TestStore()
    var value = Word.zero
    for _ in 0..<3 {
      for _ in 0..<60_000 { value = heap.cell(value, .one) }
      value = try test.store.commit([StoredRoot(value)], from: heap.base)[0].word
      heap.reset()
    }
    let reopened = try TestStore(test.disk.survivors(.nothing))
    #expect(try reopened.scrub().records == 180_000)
  }
}
