// Numbers for the distinct values among a noun's parts, by hash-consing: two parts get the same number exactly when they are
// equal, and no two cells are ever compared.

import StrataMemory

/// The numbers of the values that have been met, from 0 in the order of first completion.
struct NumberTable {
  /// From a cell's word to its number + 1, and from the numbers of head and tail to the same.
  private var cells = WordTable()
  private var pairs = WordTable()
  /// From a direct atom + 1 to its number + 1.
  private var smallAtoms = WordTable()
  /// From an indirect atom's hash to the newest such atom's index + 1.
  private var largeAtoms = WordTable()
  private var largeEntries: [(atom: Word, number: UInt64, next: Int)] = []
  private(set) var count = 0

  mutating func free() {
    cells.free()
    pairs.free()
    smallAtoms.free()
    largeAtoms.free()
  }

  /// The number of a value that has been met, or nil.
  func known(_ noun: Word, in nursery: Nursery) -> Int? {
    if noun.isCell { return cells.value(of: noun.raw).map { Int($0) - 1 } }
    if noun.isDirect { return smallAtoms.value(of: noun.raw + 1).map { Int($0) - 1 } }
    var index = Int(largeAtoms.value(of: hash(noun, in: nursery)) ?? 0)
    while index > 0 {
      let entry = largeEntries[index - 1]
      if nursery.equalLimbs(entry.atom, noun) { return Int(entry.number) }
      index = entry.next
    }
    return nil
  }

  /// A hash of an atom in memory, never 0.
  private func hash(_ atom: Word, in nursery: Nursery) -> UInt64 {
    var hash: UInt64 = 0x243F_6A88_85A3_08D3
    for index in 0..<nursery.header(atom).size {
      hash = (hash ^ nursery.base[atom.offset + 1 + index]) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
    }
    return hash | 1
  }

  private mutating func numberAtom(_ atom: Word, in nursery: Nursery) throws(Fault) -> Int {
    if let known = known(atom, in: nursery) { return known }
    if atom.isDirect {
      try smallAtoms.set(atom.raw + 1, to: UInt64(count + 1))
    } else {
      guard atom.isIndirect else { throw .exit }
      let key = hash(atom, in: nursery)
      largeEntries.append((atom, UInt64(count), Int(largeAtoms.value(of: key) ?? 0)))
      try largeAtoms.set(key, to: UInt64(largeEntries.count))
    }
    count += 1
    return count - 1
  }

  /// Numbers a noun and all its parts.
  mutating func number(_ noun: Word, in nursery: Nursery) throws(Fault) {
    if !noun.isCell {
      _ = try numberAtom(noun, in: nursery)
      return
    }
    let bottom = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = bottom }
    try nursery.push(noun)
    var turns = 0
    while nursery.state.pointee.stackTop > bottom {
      try nursery.stopSometimes(&turns)
      let cell = Word(raw: nursery.base[nursery.state.pointee.stackTop - 1])
      let head = nursery.head(cell)
      let tail = nursery.tail(cell)
      guard let first = try head.isCell ? known(head, in: nursery) : numberAtom(head, in: nursery) else {
        try nursery.push(head)
        continue
      }
      guard let second = try tail.isCell ? known(tail, in: nursery) : numberAtom(tail, in: nursery) else {
        try nursery.push(tail)
        continue
      }
      _ = nursery.pop()
      // Numbers stay below 2^31: there are fewer cells than a loom has words for three of each.
      guard count < 1 << 31 else { throw .size }
      let key = UInt64(first) << 32 | UInt64(second) + 1
      if let known = pairs.value(of: key) {
        try cells.set(cell.raw, to: known)
      } else {
        try pairs.set(key, to: UInt64(count + 1))
        try cells.set(cell.raw, to: UInt64(count + 1))
        count += 1
      }
    }
  }
}
