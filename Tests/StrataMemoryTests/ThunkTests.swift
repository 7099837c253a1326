// Thunks that are done leave no trace in a collection; those that are busy keep nothing but themselves.

import Testing

@testable import StrataMemory

@Suite struct ThunkTests {
  func makeThunk(_ nursery: Nursery, _ state: UInt64, _ words: [Word]) throws -> Word {
    let offset = try nursery.allocate(.thunk, size: 1 + words.count)
    nursery.base[offset + 1] = state
    for (index, word) in words.enumerated() { nursery.base[offset + 2 + index] = word.raw }
    return Word(tag: .thunk, offset: offset)
  }

  @Test func chainsOfDoneThunksCollapse() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    var last = try nursery.cell(Word(direct: 1), Word(direct: 2))
    try nursery.push(last)
    for _ in 0..<4000 {
      last = try makeThunk(nursery, ThunkState.done, [last, Word(direct: 9)])
      try nursery.push(last)
    }
    let before = nursery.usedBytes
    try nursery.collectYoung()
    let low = nursery.state.pointee.stack.low
    let cell = Word(raw: nursery.base[low])
    #expect(cell.isCell)
    for index in 1...4000 { #expect(Word(raw: nursery.base[low + index]) == cell) }
    try nursery.flip()
    #expect(nursery.usedBytes < before)
    #expect(nursery.metrics.copiedWords == 6, "only the cell is copied, once by each collection")
    #expect(nursery.firstBrokenInvariant() == nil)
  }

  @Test func chainsOfDoneThunksSlideTogether() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    try nursery.push(makeThunk(nursery, 40, [nursery.cell(Word(direct: 1), Word(direct: 2))]))
    try nursery.collectYoung()
    // Chains that are done only after they have been collected.
    let low = nursery.state.pointee.stack.low
    let thunks = try (0..<100).map { (_) in try makeThunk(nursery, 40, [.zero, .zero]) }
    for thunk in thunks { try nursery.push(thunk) }
    try nursery.collectYoung()
    for index in 1...100 {
      let thunk = Word(raw: nursery.base[low + index])
      nursery.base[thunk.offset + 1] = ThunkState.done
      nursery.base[thunk.offset + 2] = nursery.base[low + index - 1]
    }
    let before = nursery.usedBytes
    try nursery.slide()
    for index in 0...100 { #expect(nursery.base[low + index] == nursery.base[low]) }
    #expect(Word(raw: nursery.base[low]).isTransient)
    #expect(nursery.usedBytes < before)
    #expect(nursery.firstBrokenInvariant() == nil)
  }

  @Test func thunksThatBecameBusyDropTheirArgumentsInPlace() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    let cell = try nursery.cell(Word(direct: 1), Word(direct: 2))
    for count in [3, 2, 1] { try nursery.push(makeThunk(nursery, 40, Array(repeating: cell, count: count))) }
    try nursery.collectYoung()
    let low = nursery.state.pointee.stack.low
    nursery.base[Word(raw: nursery.base[low]).offset + 1] = ThunkState.busy
    nursery.base[Word(raw: nursery.base[low + 1]).offset + 1] = ThunkState.failed
    try nursery.slide()
    let words = (0..<3).map { Word(raw: nursery.base[low + $0]) }
    #expect(words.map { nursery.header($0).size } == [2, 2, 2])
    #expect(words.map { nursery.base[$0.offset + 1] } == [ThunkState.busy, ThunkState.failed, 40])
    #expect(nursery.base[words[0].offset + 2] == 0)
    #expect(nursery.base[words[1].offset + 2] == nursery.base[words[2].offset + 2])
    #expect(nursery.firstBrokenInvariant() == nil)
    // Three thunks of three words and a cell, in a chunk of their own.
    #expect(nursery.state.pointee.frame.pointee.tenured.extent == 3 + 3 * 3 + 3)
  }

  @Test func busyThunksDropTheirArguments() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    let cell = try nursery.cell(Word(direct: 1), Word(direct: 2))
    try nursery.push(makeThunk(nursery, ThunkState.busy, [cell, cell, cell]))
    try nursery.push(makeThunk(nursery, ThunkState.failed, [cell, cell]))
    try nursery.push(makeThunk(nursery, 40, [cell]))
    try nursery.flip()
    let low = nursery.state.pointee.stack.low
    let words = (0..<3).map { Word(raw: nursery.base[low + $0]) }
    #expect(words.map { nursery.header($0).size } == [2, 2, 2])
    #expect(words.map { nursery.base[$0.offset + 1] } == [ThunkState.busy, ThunkState.failed, 40])
    #expect(nursery.base[words[0].offset + 2] == 0)
    #expect(nursery.base[words[1].offset + 2] == nursery.base[words[2].offset + 2])
    #expect(nursery.firstBrokenInvariant() == nil)
  }
}
