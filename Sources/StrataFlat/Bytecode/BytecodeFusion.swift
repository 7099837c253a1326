// Joins neighbouring machine instructions that occur together in most loops, and drops jumps that lead to the next one.
// Guarantees: the joined instruction has every effect of both, registers in between included; no instruction that a branch
// leads to is joined with the one before it; steps and places stay what they were.

/// Rewrites the finished code of a function, while branches still name the index they lead to.
struct BytecodeFusion {
  private var code: [Code]
  private var sites: [CodeSite]
  private var isTarget: [Bool]
  /// Where each instruction went.
  private var moved: [Int32] = []

  /// Rewrites code, the places of its instructions and the targets of its jump tables.
  static func apply(_ code: inout [Code], _ sites: inout [CodeSite], _ tables: inout [JumpTable]) {
    var fusion = BytecodeFusion(code: code, sites: sites, tables)
    fusion.run()
    fusion.redirect(&tables)
    (code, sites) = (fusion.code, fusion.sites)
  }

  private init(code: [Code], sites: [CodeSite], _ tables: [JumpTable]) {
    self.code = code
    self.sites = sites
    isTarget = Array(repeating: false, count: code.count + 1)
    for instruction in code where instruction.opcode.isBranch { note(instruction.y) }
    for table in tables {
      for target in table.targets { note(target) }
      note(table.otherwise)
    }
  }

  private mutating func note(_ target: Int32) {
    if target >= 0, Int(target) < isTarget.count { isTarget[Int(target)] = true }
  }

  private mutating func run() {
    var joined: [Code] = []
    var places: [CodeSite] = []
    moved = Array(repeating: 0, count: code.count + 1)
    var index = 0
    while index < code.count {
      moved[index] = Int32(truncatingIfNeeded: joined.count)
      let first = code[index]
      if first.opcode == .jump, first.c == 0, Int(first.y) == index + 1 {
        index += 1
        continue
      }
      if index + 1 < code.count, !isTarget[index + 1], let both = BytecodeFusion.join(first, code[index + 1]) {
        moved[index + 1] = Int32(truncatingIfNeeded: joined.count)
        joined.append(both)
        // Only the second can end the evaluation.
        places.append(sites[index + 1])
        index += 2
        continue
      }
      joined.append(first)
      places.append(sites[index])
      index += 1
    }
    moved[code.count] = Int32(truncatingIfNeeded: joined.count)
    for index in joined.indices where joined[index].opcode.isBranch { joined[index].y = target(joined[index].y) }
    (code, sites) = (joined, places)
  }

  private func target(_ old: Int32) -> Int32 { old >= 0 && Int(old) < moved.count ? moved[Int(old)] : old }

  private mutating func redirect(_ tables: inout [JumpTable]) {
    for index in tables.indices {
      tables[index].targets = tables[index].targets.map(target)
      tables[index].otherwise = target(tables[index].otherwise)
    }
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
