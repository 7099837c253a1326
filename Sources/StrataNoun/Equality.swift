// Structural equality: iterative, almost linear in the distinct cells of both nouns however they are shared.
//
// A short comparison walks pairs of cells with nothing but a stack. A long one also keeps a union-find table of
// cells already assumed equal: since one difference makes the whole comparison false, an assumption never has
// to be taken back, and no more pairs are visited than there are cells.

import StrataMemory

extension Nursery {
  /// Whether the nouns are structurally equal. When two different cells are, the younger one may from then
  /// on share the parts of the other. Throws only when memory for the walk is refused.
  @inlinable @inline(__always)
  public func equal(_ a: Word, _ b: Word) throws(Fault) -> Bool {
    if a == b { return true }
    if a.isDirect || b.isDirect { return false }
    return try equalInMemory(a, b)
  }

  @usableFromInline @inline(never)
  func equalInMemory(_ a: Word, _ b: Word) throws(Fault) -> Bool {
    if a.isIndirect || b.isIndirect { return a.isIndirect && b.isIndirect && equalLimbs(a, b) }
    let first = header(a).mug
    let second = header(b).mug
    if first != 0, second != 0, first != second { return false }
    var steps = Int.max
    guard try equalCells(a, b, within: &steps) == true else { return false }
    unify(a, b)
    return true
  }

  /// As `equal` for two references, but gives up with nil once `steps` pairs of cells have been compared, and takes what it
  /// has compared from `steps`.
  func equal(_ a: Word, _ b: Word, within steps: inout Int) throws(Fault) -> Bool? {
    if a == b { return true }
    guard a.isCell, b.isCell else { return try equal(a, b) }
    let result = try equalCells(a, b, within: &steps)
    if result == true { unify(a, b) }
    return result
  }

  @inline(__always)
  func equalLimbs(_ a: Word, _ b: Word) -> Bool {
    let size = header(a).size
    if size != header(b).size { return false }
    let base = self.base
    let first = base + a.offset + 1
    let second = base + b.offset + 1
    for index in 0..<size where first[index] != second[index] { return false }
    return true
  }

  /// Lets one of two equal cells share the other's parts, where nothing senior then refers to something junior.
  private func unify(_ a: Word, _ b: Word) {
    let (younger, older) = isYoung(b) ? (b, a) : (a, b)
    guard isYoung(younger) else { return }
    base[younger.offset + 1] = base[older.offset + 1]
    base[younger.offset + 2] = base[older.offset + 2]
  }

  private static var pairsBeforeTable: Int { 1 << 12 }

  /// Compares two different cells; nil when that takes more than `steps` pairs.
  private func equalCells(_ a: Word, _ b: Word, within steps: inout Int) throws(Fault) -> Bool? {
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    let base = self.base
    var sp = try pushPair(a.raw, b.raw, at: bottom)
    var pairs = 0
    var classes = UnionTable()
    let limit = steps
    defer {
      classes.free()
      steps = limit &- pairs
    }
    while sp > bottom {
      if pairs >= limit { return nil }
      if pairs & 0xFFFF == 0xFFFF, let fault = stopRequested { throw fault }
      sp &-= 2
      let first = base[sp] & Word.offsetMask
      let second = base[sp &+ 1] & Word.offsetMask
      pairs &+= 1
      if pairs > Nursery.pairsBeforeTable, try !classes.union(first, second) { continue }
      var part = 2
      while part > 0 {
        let x = Word(raw: base[Int(first) &+ part])
        let y = Word(raw: base[Int(second) &+ part])
        part &-= 1
        if x == y { continue }
        if x.isDirect || y.isDirect { return false }
        if x.isCell && y.isCell {
          let xMug = header(x).mug
          let yMug = header(y).mug
          if xMug != 0, yMug != 0, xMug != yMug { return false }
          sp = try pushPair(x.raw, y.raw, at: sp)
        } else if !(x.isIndirect && y.isIndirect && equalLimbs(x, y)) {
          return false
        }
      }
    }
    return true
  }
}
