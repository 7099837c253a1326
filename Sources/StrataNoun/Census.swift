// What a noun is made of: how many cells and atoms are really there, and how many the tree that they stand for has.
// Guarantees: linear in the distinct objects, however large the tree; no recursion; the noun is not changed.

import StrataMemory

/// Counts over one noun.
public struct Census: Equatable, Sendable {
  /// Cells that exist, each counted once however often it is shared.
  public var distinctCells = 0
  /// Atoms of at least 2^63 that exist, each counted once. Smaller ones lie in the word that refers to them.
  public var largeAtoms = 0
  /// Cells of the tree that the noun stands for; `UInt64.max` when there are more.
  public var treeCells: UInt64 = 0
  /// The number of cells on the longest way from the noun to one of its atoms.
  public var depth = 0
  /// The bit length of the largest atom.
  public var largestAtomBits = 0
  /// Bytes that the objects take, headers included.
  public var bytes = 0

  /// Whether `treeCells` is only a lower bound.
  public var isSaturated: Bool { treeCells == .max }
}

/// What is known about the cells that were met, found by their offset. Open addressing, linear probing.
struct CellRecords: ~Copyable {
  /// Three words a slot: the offset or 0, cells of the tree below, depth.
  private var slots: Buffer<UInt64>
  private var mask: Int
  private var used = 0

  /// How many objects have a record.
  var count: Int { used }

  init() throws(Fault) {
    slots = try Buffer(capacity: 3 << 10)
    slots.base.update(repeating: 0, count: 3 << 10)
    mask = (1 << 10) - 1
  }

  @inline(__always)
  private static func slot(_ offset: UInt64, _ mask: Int) -> Int {
    Int(truncatingIfNeeded: (offset &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
  }

  /// Where the offset's record is, or is to go.
  @inline(__always)
  private func find(_ offset: UInt64) -> UnsafeMutablePointer<UInt64> {
    var index = CellRecords.slot(offset, mask)
    while true {
      let record = slots.base + 3 * index
      if record[0] == offset || record[0] == 0 { return record }
      index = (index &+ 1) & mask
    }
  }

  /// The record of an object: cells of its tree and its depth, or nil.
  func record(_ offset: Int) -> (cells: UInt64, depth: Int)? {
    let record = find(UInt64(offset))
    return record[0] == 0 ? nil : (record[1], Int(record[2]))
  }

  /// Adds an object that has no record.
  mutating func add(_ offset: Int, cells: UInt64, depth: Int) throws(Fault) {
    if used * 2 > mask { try grow() }
    let record = find(UInt64(offset))
    record[0] = UInt64(offset)
    record[1] = cells
    record[2] = UInt64(depth)
    used += 1
  }

  private mutating func grow() throws(Fault) {
    let count = (mask + 1) * 2
    let fresh = try Buffer<UInt64>(capacity: 3 * count)
    fresh.base.update(repeating: 0, count: 3 * count)
    let (old, oldCount) = (slots.base, mask + 1)
    for index in 0..<oldCount where old[3 * index] != 0 {
      var place = CellRecords.slot(old[3 * index], count - 1)
      while fresh.base[3 * place] != 0 { place = (place + 1) & (count - 1) }
      (fresh.base + 3 * place).update(from: old + 3 * index, count: 3)
    }
    slots = fresh
    mask = count - 1
  }
}

extension Nursery {
  /// Counts what `noun` is made of. Throws only when memory is refused.
  public func census(of noun: Word) throws(Fault) -> Census {
    var census = Census()
    var records = try CellRecords()
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    guard try count(noun, &census, &records) == nil else { return census }
    try push(noun)
    // A cell stays on the stack until both parts are known; the graph has no cycles, so that ends.
    while state.pointee.stackTop > bottom {
      let cell = Word(raw: base[state.pointee.stackTop - 1])
      guard records.record(cell.offset) == nil else {
        state.pointee.stackTop -= 1
        continue
      }
      guard let left = try count(head(cell), &census, &records) else {
        try push(head(cell))
        continue
      }
      guard let right = try count(tail(cell), &census, &records) else {
        try push(tail(cell))
        continue
      }
      state.pointee.stackTop -= 1
      let (both, overflow) = left.cells.addingReportingOverflow(right.cells)
      let cells = overflow || both == .max ? .max : both + 1
      let depth = max(left.depth, right.depth) + 1
      try records.add(cell.offset, cells: cells, depth: depth)
      census.distinctCells += 1
      census.bytes += 24
      census.treeCells = cells
      census.depth = depth
    }
    return census
  }

  /// What lies below `word`: nothing for an atom, which is counted when it is new; nil for a cell without record.
  private func count(
    _ word: Word, _ census: inout Census, _ records: inout CellRecords
  ) throws(Fault) -> (cells: UInt64, depth: Int)? {
    if word.isDirect {
      census.largestAtomBits = max(census.largestAtomBits, 64 - word.raw.leadingZeroBitCount)
      return (0, 0)
    }
    if let known = records.record(word.offset) { return known }
    if word.isCell { return nil }
    let size = header(word).size
    try records.add(word.offset, cells: 0, depth: 0)
    census.largeAtoms += 1
    census.bytes += 8 * (size + 1)
    census.largestAtomBits = max(census.largestAtomBits, 64 * size - base[word.offset + size].leadingZeroBitCount)
    return (0, 0)
  }
}
