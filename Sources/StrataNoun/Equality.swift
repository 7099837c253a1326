// Structural equality: iterative, almost linear in the distinct cells of both nouns however they are shared.
//
// A short comparison walks pairs of cells with nothing but a stack. A long one also keeps a union-find table of
// cells already assumed equal: since one difference makes the whole comparison false, an assumption never has
// to be taken back. While the table knows none of the pairs it is asked for, it is asked for few, since most nouns share
// little. No more than 16 pairs pass it by for each that is new to it, and those are fewer than the cells: so the
// pairs that are visited stay within a small multiple of the cells, however they are shared.

import StrataMemory

extension Nursery {
  /// Whether the nouns are structurally equal. When two different cells are, the younger one and its parts may from then
  /// on share the parts of the other, so that nothing is compared twice. Throws only when memory for the walk is refused.
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
    try unify(a, b, within: Int.max - steps)
    return true
  }

  /// As `equal` for two references, but gives up with nil once `steps` pairs of cells have been compared, and takes what it
  /// has compared from `steps`.
  func equal(_ a: Word, _ b: Word, within steps: inout Int) throws(Fault) -> Bool? {
    if a == b { return true }
    guard a.isCell, b.isCell else { return try equal(a, b) }
    let before = steps
    let result = try equalCells(a, b, within: &steps)
    if result == true { try unify(a, b, within: before - steps) }
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

  /// How young an object is: 0 where it is fixed, more the further in its frame is, most where it was allocated since the
  /// last collection. Nil in frames far out, which are not worth finding.
  @inline(__always)
  private func youth(_ offset: Int) -> Int? {
    if offset < state.pointee.fixedEnd { return 0 }
    var frame = state.pointee.frame
    var depth = state.pointee.depth
    for _ in 0..<4 {
      if frame.pointee.young.contains(offset) { return 2 &* depth &+ 2 }
      if frame.pointee.tenured.contains(offset) { return 2 &* depth &+ 1 }
      if depth == 0 { return nil }
      depth &-= 1
      frame -= 1
    }
    return nil
  }

  /// Lets equal cells share their parts, all the way down: of each pair that was compared the younger cell gets the words
  /// of the older, where nothing senior then refers to something junior. Takes about `pairs` steps at most.
  private func unify(_ a: Word, _ b: Word, within pairs: Int) throws(Fault) {
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    let base = self.base
    var left = pairs
    var sp = try pushPair(a.raw, b.raw, at: bottom)
    while sp > bottom, left > 0 {
      left &-= 1
      sp &-= 2
      var older = Int(truncatingIfNeeded: base[sp] & Word.offsetMask)
      var younger = Int(truncatingIfNeeded: base[sp &+ 1] & Word.offsetMask)
      guard let first = youth(older), let second = youth(younger), first &+ second > 0 else { continue }
      if first > second { swap(&older, &younger) }
      for part in 1...2 {
        let kept = Word(raw: base[older &+ part])
        let dropped = Word(raw: base[younger &+ part])
        if kept == dropped { continue }
        base[younger &+ part] = kept.raw
        if kept.isCell { sp = try pushPair(kept.raw, dropped.raw, at: sp) }
      }
    }
  }

  /// How many pairs are compared before the table is asked, how many new ones it then gets in a row, and how many pass it by
  /// after these.
  private static var pairsBeforeTable: Int { 1 << 12 }
  private static var pairsForTable: Int { 1 << 6 }
  private static var pairsBesideTable: Int { 1 << 10 }

  /// Compares two different cells; nil when that takes more than `steps` pairs.
  private func equalCells(_ a: Word, _ b: Word, within steps: inout Int) throws(Fault) -> Bool? {
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    let base = self.base
    var sp = try pushPair(a.raw, b.raw, at: bottom)
    var pairs = 0
    var pairsWithoutTable = Nursery.pairsBeforeTable
    var newToTable = 0
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
      if pairs > pairsWithoutTable {
        if try !classes.union(first, second) {
          newToTable = 0
          continue
        }
        newToTable &+= 1
        if newToTable == Nursery.pairsForTable {
          newToTable = 0
          pairsWithoutTable = pairs &+ Nursery.pairsBesideTable
        }
      }
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
