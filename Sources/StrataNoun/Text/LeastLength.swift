// A lower bound for the length of a noun's text, so that text which no file could hold is refused before it is written.
//
// Real nouns need this: a compiler's kernel of a few megabytes stands for a tree of more than 2^64 cells. The bound is
// linear in the distinct cells, which is what a noun costs in memory, and not in the tree.

import StrataMemory

extension Nursery {
  /// What the text of `noun` takes at least, `UInt64.max` when that is more; nil when the noun has more than `largest`
  /// distinct cells. Atoms whose text would be longer than `largestAtom` are taken to be cut.
  func leastTextLength(of noun: Word, largestAtom: Int, cells largest: Int) throws(Fault) -> UInt64? {
    var records = try CellRecords()
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    if let length = leastLength(noun, largestAtom, records) { return length }
    try push(noun)
    // A cell stays on the stack until both parts are known; the graph has no cycles, so that ends.
    while state.pointee.stackTop > bottom {
      let cell = Word(raw: base[state.pointee.stackTop - 1])
      if records.record(cell.offset) != nil {
        state.pointee.stackTop -= 1
        continue
      }
      guard let left = leastLength(head(cell), largestAtom, records) else {
        try push(head(cell))
        continue
      }
      guard let right = leastLength(tail(cell), largestAtom, records) else {
        try push(tail(cell))
        continue
      }
      state.pointee.stackTop -= 1
      if records.count >= largest { return nil }
      // With the brackets and the space. A tail that is a cell goes without brackets of its own.
      let own: UInt64 = tail(cell).isCell ? 1 : 3
      let (both, overflow) = left.addingReportingOverflow(right)
      let length = overflow || both > .max - own ? .max : both + own
      try records.add(cell.offset, cells: length, depth: 0)
    }
    return leastLength(noun, largestAtom, records)
  }

  /// The bound for an atom, or for a cell that has a record; nil for any other cell.
  private func leastLength(_ word: Word, _ largestAtom: Int, _ records: borrowing CellRecords) -> UInt64? {
    if word.isCell { return records.record(word.offset)?.cells }
    // What is no noun is found out when it is written.
    guard word.isNatural else { return 0 }
    return UInt64(FlatWriter.leastAtomLength(AtomBytes(word, in: self), largestAtom: largestAtom))
  }
}
