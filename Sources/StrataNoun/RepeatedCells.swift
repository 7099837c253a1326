// Which cells of a noun are met more than once, so that a jam need remember those only, and where they stand in the jam.
//
// Most cells are met once. One walk finds the cells that several others refer to; two sets of bits, as large as the cells are
// many, then tell whose mugs are met again elsewhere. What is known of a cell lies where its offset says, so what a walk needs
// next lies close to what it needed last, where a table of all cells would not fit the processor's cache.

import StrataMemory

/// What a jam knows of cells, by their offsets.
struct RepeatedCells: ~Copyable {
  /// What is known of 64 cells, of which each has a bit.
  private struct Group: BitwiseCopyable {
    /// Cells that were visited.
    var visited: UInt64 = 0
    /// Cells that several others refer to.
    var shared: UInt64 = 0
    /// Cells whose mugs others seem to have too.
    var alike: UInt64 = 0
    /// How many shared cells the groups before hold.
    var sharedBefore: UInt64 = 0
  }

  private struct RecentPage: BitwiseCopyable {
    var page: UInt64
    /// Where its groups begin.
    var start: Int
  }
  private static let recentPages: UInt64 = 32

  /// Offsets that differ in as many low bits only are in one page. Objects are at least two words apart, so that halved
  /// offsets tell them apart.
  private static let pageShift: UInt64 = 17
  private static let pageGroups = 1 << Int(pageShift - 1 - 6)

  /// From a page's place among all offsets + 1 to where its groups begin + 1.
  private var pages = WordTable()
  private var groups: Buffer<Group>
  /// The pages that were used last: of those with the same low bits one. A noun refers to and fro between few pages.
  private var recent: Buffer<RecentPage>
  /// For each shared cell, where it was first written + 1, or 0.
  private var positions: Buffer<UInt64>

  private init() throws(Fault) {
    let groups = try Buffer<Group>(capacity: RepeatedCells.pageGroups)
    let positions = try Buffer<UInt64>(capacity: 1)
    var recent = try Buffer<RecentPage>(capacity: Int(RepeatedCells.recentPages))
    for _ in 0..<RepeatedCells.recentPages { try recent.append(RecentPage(page: .max, start: 0)) }
    self.groups = groups
    self.recent = recent
    self.positions = positions
  }

  deinit {
    var owned = pages
    owned.free()
  }

  /// The repeated cells of a noun, whose cells get their mugs.
  static func of(_ noun: Word, in nursery: Nursery) throws(Fault) -> RepeatedCells {
    var walk = try SharedCellsWalk(RepeatedCells())
    _ = try nursery.computedMug(noun, &walk)
    return try walk.finish()
  }

  /// The cell's group and its bit.
  @inline(__always)
  private mutating func place(_ offset: UInt64) throws(Fault) -> (group: UnsafeMutablePointer<Group>, bit: UInt64) {
    let page = offset >> RepeatedCells.pageShift
    let entry = recent.base + Int(truncatingIfNeeded: page & (RepeatedCells.recentPages - 1))
    if entry.pointee.page != page { entry.pointee = try find(page) }
    let index = offset >> 1 & (1 << (RepeatedCells.pageShift - 1) - 1)
    return (groups.base + (entry.pointee.start &+ Int(truncatingIfNeeded: index >> 6)), 1 &<< (index & 63))
  }

  @inline(never)
  private mutating func find(_ page: UInt64) throws(Fault) -> RecentPage {
    if let known = pages.value(of: page + 1) { return RecentPage(page: page, start: Int(known) - 1) }
    let start = groups.count
    // Memory of a buffer that was not used yet is zero.
    try groups.reserve(start + RepeatedCells.pageGroups)
    try pages.set(page + 1, to: UInt64(start) + 1)
    groups.count += RepeatedCells.pageGroups
    return RecentPage(page: page, start: start)
  }

  /// Whether the cell at this offset is visited for the first time; if not, it is shared.
  @inline(__always)
  fileprivate mutating func visit(_ offset: UInt64) throws(Fault) -> Bool {
    let (group, bit) = try place(offset)
    let visited = group.pointee.visited
    group.pointee.visited = visited | bit
    group.pointee.shared |= visited & bit
    return visited & bit == 0
  }

  /// Marks the cells whose mugs, or the bits of them that count, others have too, and makes room for the positions of the
  /// shared ones.
  fileprivate mutating func finish(
    _ offsets: borrowing Buffer<UInt64>, _ mugs: borrowing Buffer<UInt32>
  ) throws(Fault) {
    let count = mugs.count
    let slots = max(64, 1 << min(31, Int.bitWidth - (count * 8).leadingZeroBitCount))
    let once = try Buffer<UInt64>(capacity: slots / 64)
    let again = try Buffer<UInt64>(capacity: slots / 64)
    let mask = UInt32(slots - 1)
    for index in 0..<count {
      let slot = mugs.base[index] & mask
      let bit: UInt64 = 1 &<< UInt64(slot & 63)
      let met = once.base[Int(slot >> 6)]
      once.base[Int(slot >> 6)] = met | bit
      again.base[Int(slot >> 6)] |= met & bit
    }
    for index in 0..<count {
      let slot = mugs.base[index] & mask
      let isAlike = again.base[Int(slot >> 6)] >> UInt64(slot & 63) & 1
      let (group, bit) = try place(offsets.base[index])
      group.pointee.alike |= bit & (0 &- isAlike)
    }
    var shared = 0
    for index in 0..<groups.count {
      groups.base[index].sharedBefore = UInt64(shared)
      shared &+= groups.base[index].shared.nonzeroBitCount
    }
    positions = try Buffer<UInt64>(capacity: shared)
  }

  /// The position of the first occurrence of `cell`; nil, and now recorded at `position`, if this is it. `equals` knows where
  /// cells stand that may have equals elsewhere.
  @inline(__always)
  mutating func position(
    of cell: Word, orRecord position: Int, _ equals: inout PositionTable, in nursery: Nursery
  ) throws(Fault) -> Int? {
    let (group, bit) = try place(cell.raw & Word.offsetMask)
    let isAlike = group.pointee.alike & bit != 0
    if group.pointee.shared & bit == 0 {
      return isAlike ? try equals.position(of: cell, orRecord: position, in: nursery) : nil
    }
    let rank = group.pointee.sharedBefore &+ UInt64((group.pointee.shared & (bit &- 1)).nonzeroBitCount)
    let slot = positions.base + Int(truncatingIfNeeded: rank)
    if slot.pointee != 0 { return Int(truncatingIfNeeded: slot.pointee &- 1) }
    let known = isAlike ? try equals.position(of: cell, orRecord: position, in: nursery) : nil
    slot.pointee = UInt64(truncatingIfNeeded: known ?? position) &+ 1
    return known
  }
}

/// Visits each cell once, and collects where it lies and its mug.
private struct SharedCellsWalk: ~Copyable, MugWalk {
  var cells: RepeatedCells
  var offsets: Buffer<UInt64>
  var mugs: Buffer<UInt32>

  init(_ cells: consuming RepeatedCells) throws(Fault) {
    let offsets = try Buffer<UInt64>(capacity: 1 << 8)
    let mugs = try Buffer<UInt32>(capacity: 1 << 8)
    self.cells = cells
    self.offsets = offsets
    self.mugs = mugs
  }

  @inline(__always)
  mutating func mug(of cell: Word, _ header: Header) throws(Fault) -> UInt32 {
    if try cells.visit(cell.raw & Word.offsetMask) { return 0 }
    // A cell of the persistent stratum that was put there without a mug never gets one, and is walked again.
    return header.mug
  }

  @inline(__always)
  mutating func finish(_ cell: Word, _ mug: UInt32) throws(Fault) {
    try offsets.append(cell.raw & Word.offsetMask)
    try mugs.append(mug)
  }

  consuming func finish() throws(Fault) -> RepeatedCells {
    try cells.finish(offsets, mugs)
    return cells
  }
}
