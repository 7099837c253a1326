// What a frame leaves to its parent: the space that its result lies in where that is cheaper than a copy, else the copy.

import Testing

@testable import StrataMemory

@Suite struct NurseryFramesTests {
  /// A loom with room in its budget for `budgetBytes`, and the product of an inner frame in which a list of `count`
  /// cells became tenured and `garbage` more cells died.
  struct Popped {
    let loom: Loom
    let result: Word
    /// Where the result lay in its own frame, and what the pop copied.
    let offset: Int
    let copiedWords: Int
    var nursery: Nursery { loom.nursery }

    init(
      count: UInt64, garbage: UInt64 = 0, younger: UInt64 = 0, _ change: (inout LoomOptions) -> Void = { (_) in }
    ) throws {
      var options = LoomOptions()
      change(&options)
      loom = try Loom(options)
      let nursery = loom.nursery
      try nursery.push(nursery.cell(Word(direct: 40), Word(direct: 2)))
      try nursery.pushFrame()
      let outer = nursery.state.pointee.stack.low
      func list(_ count: UInt64, _ last: Word) throws -> Word {
        var list = last
        for number in 0..<count { list = try nursery.cell(Word(direct: number), list) }
        return list
      }
      try nursery.push(list(garbage, .zero))
      try nursery.push(list(count, Word(raw: nursery.base[outer])))
      try nursery.collectYoung()
      let tenured = Word(raw: nursery.base[nursery.state.pointee.stackTop - 1])
      let product = try list(younger, tenured)
      offset = tenured.offset
      let before = nursery.metrics.copiedWords
      result = try nursery.popFrame(product)
      copiedWords = nursery.metrics.copiedWords - before
    }

    /// Whether the result is the list, over the cell of the outer frame.
    func isWhole(_ count: UInt64, younger: UInt64 = 0) -> Bool {
      var word = result
      for length in [younger, count] {
        for number in (0..<length).reversed() {
          guard word.isCell, nursery.head(word) == Word(direct: number) else { return false }
          word = nursery.tail(word)
        }
      }
      return word == Word(raw: nursery.base[nursery.state.pointee.stack.low])
    }
  }

  @Test func aTenuredResultStaysWhereItIs() throws {
    let popped = try Popped(count: 20_000, garbage: 5_000)
    #expect(popped.copiedWords == 0)
    #expect(popped.result.offset == popped.offset)
    #expect(popped.isWhole(20_000))
    #expect(popped.nursery.firstBrokenInvariant() == nil)
  }

  @Test func onlyWhatIsYoungIsCopiedBesideIt() throws {
    let popped = try Popped(count: 20_000, younger: 100)
    #expect(popped.copiedWords == 300)
    #expect(popped.isWhole(20_000, younger: 100))
    #expect(popped.nursery.firstBrokenInvariant() == nil)
  }

  @Test func theParentsNextCollectionDropsTheGarbage() throws {
    let popped = try Popped(count: 1_000, garbage: 20_000)
    let nursery = popped.nursery
    try nursery.push(popped.result)
    #expect(nursery.usedBytes > 21_000 * 24)
    // An inner frame begins with a collection, like any other reason for one.
    try nursery.pushFrame()
    #expect(nursery.usedBytes < 5_000 * 24)
    let kept = try nursery.popFrame(Word(raw: nursery.base[nursery.state.pointee.stackTop - 1]))
    #expect(nursery.head(kept) == Word(direct: 999))
    #expect(nursery.firstBrokenInvariant() == nil)
  }

  @Test func theParentGoesOnInTheSpaceItWasGiven() throws {
    let popped = try Popped(count: 3_000)
    let nursery = popped.nursery
    try nursery.push(popped.result)
    for number in 0..<100_000 as Range<UInt64> {
      try nursery.push(nursery.cell(Word(direct: number), nursery.pop()))
      if nursery.state.pointee.poll.pointee != 0 { try nursery.safePoint() }
    }
    try nursery.flip()
    #expect(nursery.metrics.youngCollections > 2)
    var word = nursery.pop()
    for number in (0..<100_000).reversed() as [UInt64] {
      try #require(nursery.head(word) == Word(direct: number))
      word = nursery.tail(word)
    }
    #expect(nursery.head(word) == Word(direct: 2_999))
    #expect(nursery.firstBrokenInvariant() == nil)
  }

  @Test func muchMoreThanIsKeptOfPagesIsCopied() throws {
    let popped = try Popped(count: 20_000) { $0.keptWords = 1 << 15 }
    #expect(popped.copiedWords == 60_000)
    #expect(popped.isWhole(20_000))
    #expect(popped.nursery.firstBrokenInvariant() == nil)
  }

  @Test func whereRoomIsTightGarbageIsNotKept() throws {
    // The frame took three quarters of what there is, most of it garbage.
    let popped = try Popped(count: 1_000, garbage: 30_000) { $0.budgetBytes = 1 << 20 }
    #expect(popped.copiedWords == 3_000)
    #expect(popped.isWhole(1_000))
    #expect(popped.nursery.freeBytes > 900 << 10)
  }

  @Test func aResultThatRefersToNothingKeepsNothing() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    try nursery.pushFrame()
    for number in 0..<10_000 as Range<UInt64> { try nursery.push(nursery.cell(Word(direct: number), .zero)) }
    try nursery.collectYoung()
    #expect(try nursery.popFrame(Word(direct: 7)) == Word(direct: 7))
    #expect(nursery.usedBytes == 0)
  }

  @Test func checkedMovesMoveEverythingThatIsPopped() throws {
    let popped = try Popped(count: 200) { $0.checksMoves = true }
    #expect(popped.copiedWords == 600)
    #expect(popped.isWhole(200))
  }

  @Test func updatesOfOlderSlotsOutliveTheirFrameAndNotTheNext() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    let offset = try nursery.allocate(.vector, size: 1)
    nursery.base[offset + 1] = 1
    try nursery.push(Word(tag: .vector, offset: offset))
    let place = nursery.state.pointee.stack.low
    var slot: Int { Word(raw: nursery.base[place]).offset + 1 }
    try nursery.pushFrame()
    try nursery.pushFrame()
    let value = try nursery.cell(Word(direct: 3), Word(direct: 4))
    try nursery.push(value)
    try nursery.update(slot: slot, to: value)
    try nursery.collectYoung()
    let result = try nursery.popFrame(nursery.pop())
    #expect(Word(raw: nursery.base[slot]) == result, "the result and the slot refer to one object")
    try nursery.collectYoung()
    #expect(nursery.head(Word(raw: nursery.base[slot])) == Word(direct: 3))
    #expect(nursery.firstBrokenInvariant() == nil)
    nursery.bailFrame()
    #expect(nursery.base[slot] == 1)
  }
}
