// Joins neighbouring machine instructions that occur together in most loops, and drops jumps that lead to the next one.
// Guarantees: the joined instruction has every effect of both, registers in between included; no instruction that a branch
// leads to is lost in the one before it; steps and places stay what they were.

/// Rewrites the finished code of a function, while branches still name the index they lead to.
enum BytecodeFusion {
  /// Rewrites code, the places of its instructions and the targets of its jump tables.
  static func apply(_ code: inout [Code], _ sites: inout [CodeSite], _ tables: inout [JumpTable], _ scratch: Scratch) {
    let count = code.count
    // Which instructions are branched to, and where each goes.
    let isTarget = scratch.table(count + 1, of: false)
    let moved = scratch.table(count + 1, of: Int32(0))
    func note(_ target: Int32) {
      if target >= 0, Int(target) <= count { isTarget[Int(target)] = true }
    }
    for index in 0..<count where code[index].opcode.isBranch { note(code[index].y) }
    for table in tables {
      for target in table.targets { note(target) }
      note(table.otherwise)
    }
    // What is written never overtakes what is read.
    var written = 0
    var index = 0
    while index < count {
      moved[index] = Int32(truncatingIfNeeded: written)
      let first = code[index]
      if first.opcode == .jump, first.c == 0, Int(first.y) == index + 1 {
        index += 1
        continue
      }
      if index + 1 < count, !isTarget[index + 1], let both = join(first, code[index + 1]) {
        moved[index + 1] = Int32(truncatingIfNeeded: written)
        code[written] = both
        // Only the second can end the evaluation.
        sites[written] = sites[index + 1]
        index += 2
      } else {
        code[written] = first
        sites[written] = sites[index]
        index += 1
      }
      written += 1
    }
    moved[count] = Int32(truncatingIfNeeded: written)
    code.removeLast(count - written)
    sites.removeLast(count - written)
    func target(_ old: Int32) -> Int32 { old >= 0 && Int(old) <= count ? moved[Int(old)] : old }
    for index in 0..<written {
      if code[index].opcode.isBranch { code[index].y = target(code[index].y) }
      if code[index].opcode == .indexAddress, index + 1 < written { reachThrough(&code[index], to: code[index + 1]) }
    }
    for index in tables.indices {
      for entry in tables[index].targets.indices { tables[index].targets[entry] = target(tables[index].targets[entry]) }
      tables[index].otherwise = target(tables[index].otherwise)
    }
  }

  /// Lets an element's address do the access to an element of it as well, if that follows. The access stays where it is, so a
  /// branch may still lead to it and its faults have their place.
  private static func reachThrough(_ element: inout Code, to access: Code) {
    if access.opcode == .indexed64, access.b == element.a { element.opcode = .indexAddressThenIndexed64 }
    if access.opcode == .storeIndexed64, access.a == element.a { element.opcode = .indexAddressThenStoreIndexed64 }
  }

  /// One instruction that does what two in a row do, if there is one.
  private static func join(_ first: Code, _ second: Code) -> Code? {
    switch (first.opcode, second.opcode) {
    case (.addImmediate, .branchLess) where first.a == first.b && first.a == second.a && second.b != first.a:
      return Code(.addImmediateBranchLess, a: second.a, b: second.b, c: second.c, x: first.x, y: second.y)
    case (.add, .branchLess) where first.a == first.b && first.a == second.a && second.b != first.a:
      return Code(.addBranchLess, a: second.a, b: second.b, c: second.c, x: Int32(first.c), y: second.y)
    case (.addImmediate, .branchNotEqualImmediate) where first.a == first.b && first.x == 1 && first.a != second.a:
      return Code(.incrementBranchNotEqual, a: second.a, b: first.a, c: second.c, x: second.x, y: second.y)
    case (.multiplyImmediate, .addImmediate) where second.b == first.a:
      return Code(.multiplyAddImmediate, a: second.a, b: first.b, c: first.a, x: first.x, y: second.x)
    case (.multiplyImmediate, .add) where second.b == first.a && second.c != first.a:
      return Code(.multiplyImmediateAdd, a: second.a, b: first.b, c: second.c, x: first.x, y: Int32(first.a))
    case (.multiplyImmediate, .add) where second.c == first.a && second.b != first.a:
      return Code(.multiplyImmediateAdd, a: second.a, b: first.b, c: second.b, x: first.x, y: Int32(first.a))
    case (.multiply, .add) where second.b == first.a && second.c != first.a:
      return Code(.multiplyAdd, a: second.a, b: first.b, c: first.c, x: Int32(second.c), y: Int32(first.a))
    case (.multiply, .add) where second.c == first.a && second.b != first.a:
      return Code(.multiplyAdd, a: second.a, b: first.b, c: first.c, x: Int32(second.b), y: Int32(first.a))
    default: return nil
    }
  }
}
