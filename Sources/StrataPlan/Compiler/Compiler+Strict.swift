// Strict positions: computing a node's value into a slot, testing it, or returning it from the block.
//
// `top` is the first slot above everything that is still needed in the frame, and `to` may be that slot; `live` has the
// variables that are needed after the node. Below `top` every slot holds a valid word whenever something is called or
// evaluated, because a collection looks at all of them: there are never holes to be filled later.

import StrataMemory

extension Compiler {
  private typealias Saved = (path: PathState, readyLets: Set<Int>)

  private var saved: Saved { (path, readyLets) }

  private mutating func restore(_ saved: Saved) {
    path = saved.path
    readyLets = saved.readyLets
  }

  // MARK: Values

  /// slot `to` := the node's value, evaluated.
  mutating func strict(_ node: Node, to: Int, top: Int, live: UInt64, depth: Int) throws(CompileFailure) {
    let above = max(top, to + 1)
    try use(above + 4)
    if depth > Compiler.deepest {
      try lazy(node, to: to, top: above, depth: 0)
      clearDead(live)
      assembler.emit(.evaluate, to, 0, 0, above)
      return
    }
    switch node.kind {
    case .constant:
      try assembler.load(to, node.word)
    case .variable:
      let slot = try evaluatedSlot(node, top: top, live: live | bit(node.slot), depth: depth)
      if slot != to { assembler.emit(.move, to, slot) }
    case .construct:
      try lazy(node, to: to, top: above, depth: depth)
    case .operation:
      try strictOperation(node, to: to, top: top, live: live, depth: depth)
    case .known, .itself, .apply:
      try stage(node, top: top, live: live, depth: depth)
      clearDead(live)
      emitCall(node, to: to, at: top + 3)
    case .application:
      throw .tooLarge
    }
  }

  /// The slot of a variable, evaluated.
  mutating func evaluatedSlot(_ node: Node, top: Int, live: UInt64, depth: Int) throws(CompileFailure) -> Int {
    let variable = node.slot
    if !isReady(variable), isExact, let root = letRoot(variable), depth < Compiler.deepest,
      expression.letMasks[variable - expression.arity - 1] & bit(variable) == 0
    {
      // The first use needs the value: compute it here and never build a thunk.
      try strict(root, to: slots[variable], top: top, live: live, depth: depth + 1)
      setReady(variable)
      setEvaluated(variable)
      return slots[variable]
    }
    try makeReady(node, top: top)
    if !isEvaluated(variable) {
      clearDead(live | bit(variable))
      assembler.emit(.evaluate, slots[variable], 0, 0, top)
      setEvaluated(variable)
    }
    return slots[variable]
  }

  /// Whether the node needs no evaluation of its own before an instruction that evaluates its operands.
  private func isSimple(_ node: Node) -> Bool {
    switch node.kind {
    case .constant: true
    case .variable: isReady(node.slot) || !isExact
    default: false
    }
  }

  private func isImmediate(_ node: Node) -> Bool {
    node.kind == .constant && node.word.isDirect && node.word.raw <= UInt64(Instruction.largestField)
  }

  /// Slots for the operands of an instruction that evaluates them itself, in `order` (positions among the children).
  /// Operands that are computed are computed in that order; a variable before such an operand is evaluated first.
  private mutating func operands(
    _ node: Node, order: [Int], top: inout Int, live: UInt64, depth: Int
  ) throws(CompileFailure) -> [Int] {
    var result = [Int](repeating: 0, count: node.count)
    for (place, index) in order.enumerated() {
      let operand = child(node, index)
      var later = live
      var isLast = true
      for next in order[(place + 1)...] {
        later |= child(node, next).deepMask
        if !isSimple(child(node, next)) { isLast = false }
      }
      switch operand.kind {
      case .constant:
        try assembler.load(top, operand.word)
        result[index] = top
        top += 1
      case .variable where isLast && (isReady(operand.slot) || !isExact):
        try makeReady(operand, top: top)
        result[index] = slots[operand.slot]
      case .variable:
        // The slot stays needed until the instruction itself has run, and so do those of earlier operands.
        for earlier in order[..<place] { later |= child(node, earlier).mask }
        result[index] = try evaluatedSlot(operand, top: top, live: later | operand.mask, depth: depth)
      default:
        var kept = later
        for earlier in order[..<place] { kept |= child(node, earlier).mask }
        try strict(operand, to: top, top: top, live: kept, depth: depth + 1)
        result[index] = top
        top += 1
      }
      try use(top)
    }
    return result
  }

  private mutating func noteNaturals(_ node: Node) {
    for index in 0..<node.count where child(node, index).kind == .variable {
      setEvaluated(child(node, index).slot, natural: true)
    }
  }

  private mutating func strictOperation(
    _ node: Node, to: Int, top: Int, live: UInt64, depth: Int
  ) throws(CompileFailure) {
    switch node.operation {
    case .ifNonzero, .ifZero, .case1, .case2, .case3, .case4, .case5, .case6, .case7, .and, .or, .nand, .nor, .sequence:
      return try control(node, to: to, top: top, live: live, depth: depth)
    case .branch:
      if expression.rowParts(child(node, 1)) != nil || child(node, 1).kind == .construct {
        return try control(node, to: to, top: top, live: live, depth: depth)
      }
    default: break
    }
    if try inline(node, to: to, top: top, live: live, depth: depth) { return }
    if node.operation.entry.style == .microcode {
      try stage(node, top: top, live: live, depth: depth)
      clearDead(live)
      assembler.emit(.callOperation, to, top + 3, Int(node.operation.rawValue))
      return
    }
    try native(node, to: to, top: top, live: live, depth: depth)
    if node.operation.entry.isDeferred { assembler.emit(.evaluate, to, 0, 0, max(top, to + 1)) }
  }

  /// Stages the operands of a native operation side by side and emits it.
  private mutating func native(_ node: Node, to: Int, top: Int, live: UInt64, depth: Int) throws(CompileFailure) {
    let strictOnes = node.operation.entry.strict.map { $0.operand - 1 }
    // Operands that are evaluated first to last go to their places at once; others wait below the places.
    let isInOrder = strictOnes.enumerated().allSatisfy { $0.offset == $0.element }
    let first = isInOrder ? top : top + strictOnes.count
    let next = first + node.count
    try use(next + 1)
    for (place, index) in strictOnes.enumerated() {
      var later = live
      for other in strictOnes[(place + 1)...] { later |= child(node, other).deepMask }
      for other in 0..<node.count where !strictOnes.contains(other) { later |= child(node, other).deepMask }
      let operand = child(node, index)
      let target = top + place
      if operand.kind == .variable {
        let slot = try evaluatedSlot(operand, top: target, live: later | operand.mask, depth: depth)
        assembler.emit(.move, target, slot)
      } else {
        try strict(operand, to: target, top: target, live: later, depth: depth + 1)
      }
    }
    if !isInOrder {
      for (place, index) in strictOnes.enumerated() { assembler.emit(.move, first + index, top + place) }
    }
    for index in 0..<node.count where !strictOnes.contains(index) {
      try lazy(child(node, index), to: first + index, top: next, depth: depth)
    }
    clearDead(live)
    assembler.emit(.operation, to, first, Int(node.operation.rawValue), next)
  }

  /// Emits operations that have an instruction of their own. Answers false for others.
  private mutating func inline(
    _ node: Node, to: Int, top: Int, live: UInt64, depth: Int
  ) throws(CompileFailure) -> Bool {
    var top = top
    if let binary = Compiler.binaries[node.operation] {
      let isAdd = node.operation == .add
      if let immediate = binary.immediate, isImmediate(child(node, 1)) || (isAdd && isImmediate(child(node, 0))) {
        let constant = isImmediate(child(node, 1)) ? 1 : 0
        let slot = try operands(node, order: [1 - constant], top: &top, live: live, depth: depth)[1 - constant]
        assembler.emit(immediate, to, slot, Int(child(node, constant).word.raw), top)
      } else {
        let slots = try operands(node, order: isAdd ? [1, 0] : [0, 1], top: &top, live: live, depth: depth)
        assembler.emit(binary.opcode, to, slots[0], slots[1], top)
      }
      noteNaturals(node)
      return true
    }
    if let unary = Compiler.unaries[node.operation] {
      let slot = try operands(node, order: [0], top: &top, live: live, depth: depth)[0]
      assembler.emit(unary, to, slot, 0, top)
      return true
    }
    if let position = indexPosition(node) {
      let row = node.operation == .index ? 1 : 0
      let slot = try operands(node, order: [row], top: &top, live: live, depth: depth)[row]
      assembler.emit(.indexImmediate, to, position, slot, top)
      assembler.emit(.evaluate, to, 0, 0, max(top, to + 1))
      return true
    }
    if node.operation == .index {
      let slots = try operands(node, order: [0, 1], top: &top, live: live, depth: depth)
      assembler.emit(.index, to, slots[0], slots[1], top)
      assembler.emit(.evaluate, to, 0, 0, max(top, to + 1))
      return true
    }
    return false
  }

  /// The position of an element that is asked for by a small constant.
  private func indexPosition(_ node: Node) -> Int? {
    if node.operation == .index, isImmediate(child(node, 0)) { return Int(child(node, 0).word.raw) }
    let first = Operation.index0.rawValue
    let number = node.operation.rawValue
    return number >= first && number <= Operation.index7.rawValue ? Int(number - first) : nil
  }

  static let binaries: [Operation: (opcode: Opcode, immediate: Opcode?)] = [
    .add: (.add, .addImmediate), .subtract: (.subtract, .subtractImmediate), .multiply: (.multiply, nil),
    .divide: (.divide, nil), .remainder: (.remainder, nil), .equal: (.equal, nil), .notEqual: (.notEqual, nil),
    .less: (.less, nil), .lessOrEqual: (.lessOrEqual, nil), .greater: (.greater, nil),
    .greaterOrEqual: (.greaterOrEqual, nil),
  ]

  static let unaries: [Operation: Opcode] = [
    .increment: .increment, .decrement: .decrement, .isZero: .isZero, .isNat: .isNatural, .isApp: .isClosure,
    .size: .size, .head: .head,
  ]

  /// Comparisons that jump, with the variant for a small constant.
  static let comparisons: [Operation: (opcode: Opcode, immediate: Opcode)] = [
    .equal: (.unlessEqual, .unlessEqualImmediate), .notEqual: (.unlessNotEqual, .unlessNotEqualImmediate),
    .less: (.unlessLess, .unlessLessImmediate), .lessOrEqual: (.unlessLessOrEqual, .unlessLessOrEqualImmediate),
    .greater: (.unlessGreater, .unlessGreaterImmediate),
    .greaterOrEqual: (.unlessGreaterOrEqual, .unlessGreaterOrEqualImmediate),
  ]

  // MARK: Calls

  /// Puts a call's function and arguments where the callee's frame will begin, three words above `top`.
  mutating func stage(_ node: Node, top: Int, live: UInt64, depth: Int) throws(CompileFailure) {
    let g = top + 3
    switch node.kind {
    case .known:
      try use(g + node.count + 2)
      for index in 0..<node.count {
        try lazy(child(node, index), to: g + 1 + index, top: g + 1 + node.count, depth: depth)
      }
      try assembler.load(g, node.word)
    case .itself:
      try use(g + node.count + 2)
      for index in 0..<node.count {
        try lazy(child(node, index), to: g + 1 + index, top: g + 1 + node.count, depth: depth)
      }
      if isThunkBlock { assembler.emit(.move, g, slots[0]) }
    case .operation:
      try use(g + node.count + 2)
      for index in 0..<node.count {
        try lazy(child(node, index), to: g + 1 + index, top: g + 1 + node.count, depth: depth)
      }
    default:
      // The function is needed at once, the arguments are not.
      try use(g + node.count + 3)
      var later = live
      for index in 1..<node.count { later |= child(node, index).deepMask }
      let function = child(node, 0)
      if function.kind == .variable {
        let slot = try evaluatedSlot(function, top: top, live: later | function.mask, depth: depth)
        assembler.emit(.move, g, slot)
      } else {
        try strict(function, to: top, top: top, live: later, depth: depth + 1)
        assembler.emit(.move, g, top)
      }
      for index in 1..<node.count {
        try lazy(child(node, index), to: g + 1 + index, top: g + 1 + node.count, depth: depth)
      }
    }
  }

  private mutating func emitCall(_ node: Node, to: Int, at g: Int) {
    switch node.kind {
    case .known: assembler.emit(.call, to, g, node.count)
    case .itself: assembler.emit(isThunkBlock ? .call : .callSelf, to, g, node.count)
    default: assembler.emit(.apply, to, g, node.count - 1)
    }
  }

  // MARK: Control

  /// The branches of a control operation: what is tested and where each outcome goes.
  private func branches(_ node: Node) -> [Node] {
    switch node.operation {
    case .branch:
      let row = child(node, 1)
      return (expression.rowParts(row)?.parts ?? Array(expression.nodes[row.first + 1..<row.first + row.count]))
        + [child(node, 2)]
    case .ifZero, .ifNonzero, .and, .or, .nand, .nor, .sequence:
      return (1..<node.count).map { child(node, $0) }
    default:
      return (1..<node.count).map { child(node, $0) }
    }
  }

  private mutating func control(
    _ node: Node, to: Int, top: Int, live: UInt64, depth: Int
  ) throws(CompileFailure) {
    let arms = branches(node)
    try share(arms, live: live, top: top)
    var armMask = live
    for arm in arms { armMask |= arm.deepMask }
    let end = assembler.makeLabel()
    let other = assembler.makeLabel()
    switch node.operation {
    case .sequence:
      try evaluateOnly(child(node, 0), top: top, live: armMask, depth: depth)
      try strict(arms[0], to: to, top: top, live: live, depth: depth + 1)
    case .and, .or:
      // The tested value is the result when it decides.
      try strict(child(node, 0), to: to, top: top, live: armMask, depth: depth + 1)
      assembler.emit(node.operation == .and ? .jumpIfZero : .jumpIfNonzero, to, 0, 0, max(top, to + 1))
      assembler.target(end)
      let before = saved
      try strict(arms[0], to: to, top: top, live: live, depth: depth + 1)
      restore((merged(before.path, path), before.readyLets))
      assembler.place(end)
    case .nand, .nor:
      try strict(child(node, 0), to: to, top: top, live: armMask, depth: depth + 1)
      assembler.emit(node.operation == .nand ? .jumpIfZero : .jumpIfNonzero, to, 0, 0, max(top, to + 1))
      assembler.target(other)
      let before = saved
      try strict(arms[0], to: to, top: top, live: live, depth: depth + 1)
      restore((merged(before.path, path), before.readyLets))
      assembler.place(other)
      assembler.emit(.isZero, to, to, 0, max(top, to + 1))
    case .ifNonzero, .ifZero:
      try condition(child(node, 0), orElse: other, top: top, live: armMask, depth: depth + 1)
      let isIf = node.operation == .ifNonzero
      let before = saved
      try strict(arms[isIf ? 0 : 1], to: to, top: top, live: live, depth: depth + 1)
      let after = path
      assembler.jump(end)
      assembler.place(other)
      restore(before)
      try strict(arms[isIf ? 1 : 0], to: to, top: top, live: live, depth: depth + 1)
      restore((merged(after, path), before.readyLets))
      assembler.place(end)
    default:
      var after: PathState?
      try table(node, arms, top: top, live: armMask, depth: depth) {
        (compiler: inout Compiler, arm: Node) throws(CompileFailure) in
        try compiler.strict(arm, to: to, top: top, live: live, depth: depth + 1)
        after = after.map { compiler.merged($0, compiler.path) } ?? compiler.path
        compiler.assembler.jump(end)
      }
      if let after { path = after }
      assembler.place(end)
    }
  }

  /// A jump through a table on the first operand; the last arm is for all other numbers.
  private mutating func table(
    _ node: Node, _ arms: [Node], top: Int, live: UInt64, depth: Int,
    _ body: (inout Compiler, Node) throws(CompileFailure) -> Void
  ) throws(CompileFailure) {
    var next = top
    let subject = child(node, 0)
    let slot = try operands(node, order: [0], top: &next, live: live, depth: depth)[0]
    if subject.kind == .variable { clearDead(live | subject.mask) }
    assembler.emit(.jumpTable, slot, arms.count - 1, 0, next)
    if subject.kind == .variable { setEvaluated(subject.slot) }
    let labels = arms.map { _ in assembler.makeLabel() }
    for label in labels { assembler.target(label) }
    let before = saved
    for (label, arm) in zip(labels, arms) {
      restore(before)
      assembler.place(label)
      try body(&self, arm)
    }
    restore(before)
  }

  /// Evaluates a node whose value is not needed.
  private mutating func evaluateOnly(_ node: Node, top: Int, live: UInt64, depth: Int) throws(CompileFailure) {
    if node.kind == .variable {
      _ = try evaluatedSlot(node, top: top, live: live | node.mask, depth: depth)
    } else if node.kind != .constant {
      try strict(node, to: top, top: top, live: live, depth: depth + 1)
    }
  }

  /// Goes on when the node is true, that is anything but 0, and to `label` otherwise.
  private mutating func condition(
    _ node: Node, orElse label: Label, top: Int, live: UInt64, depth: Int
  ) throws(CompileFailure) {
    var top = top
    if node.kind == .operation, depth < Compiler.deepest {
      if let comparison = Compiler.comparisons[node.operation] {
        if isImmediate(child(node, 1)) {
          let slot = try operands(node, order: [0], top: &top, live: live, depth: depth)[0]
          assembler.emit(comparison.immediate, slot, Int(child(node, 1).word.raw), 0, top)
        } else {
          let slots = try operands(node, order: [0, 1], top: &top, live: live, depth: depth)
          assembler.emit(comparison.opcode, slots[0], slots[1], 0, top)
        }
        assembler.target(label)
        noteNaturals(node)
        return
      }
      if node.operation == .isZero {
        let slot = try operands(node, order: [0], top: &top, live: live, depth: depth)[0]
        assembler.emit(.jumpIfNonzero, slot, 0, 0, top)
        assembler.target(label)
        if child(node, 0).kind == .variable { setEvaluated(child(node, 0).slot) }
        return
      }
    }
    if node.kind == .variable {
      let slot = try evaluatedSlot(node, top: top, live: live | node.mask, depth: depth)
      assembler.emit(.jumpIfZero, slot, 0, 0, top)
    } else {
      try strict(node, to: top, top: top, live: live, depth: depth + 1)
      assembler.emit(.jumpIfZero, top, 0, 0, top + 1)
    }
    assembler.target(label)
  }

  // MARK: Tail positions

  /// Returns the node's value from the block. Nothing of the frame is needed afterwards.
  mutating func tail(_ node: Node, top: Int, depth: Int) throws(CompileFailure) {
    try use(top + 4)
    if depth > Compiler.deepest {
      try lazy(node, to: top, top: top + 1, depth: 0)
      assembler.emit(isThunkBlock ? .finishEvaluated : .giveBackEvaluated, top)
      return
    }
    switch node.kind {
    case .constant:
      try assembler.load(top, node.word)
      assembler.emit(isThunkBlock ? .finish : .giveBack, top)
    case .variable:
      if !isReady(node.slot), let root = letRoot(node.slot), isExact,
        expression.letMasks[node.slot - expression.arity - 1] & bit(node.slot) == 0
      {
        return try tail(root, top: top, depth: depth + 1)
      }
      try makeReady(node, top: top)
      assembler.emit(isThunkBlock ? .finishEvaluated : .giveBackEvaluated, slots[node.slot])
    case .construct:
      try lazy(node, to: top, top: top + 1, depth: depth)
      assembler.emit(isThunkBlock ? .finish : .giveBack, top)
    case .operation:
      try tailOperation(node, top: top, depth: depth)
    case .itself where !isThunkBlock:
      try stage(node, top: top, live: 0, depth: depth)
      assembler.emit(.tailCallSelf, 0, top + 3, node.count)
    case .known, .itself:
      try stage(node, top: top, live: 0, depth: depth)
      assembler.emit(isThunkBlock ? .tailCallThunk : .tailCall, 0, top + 3, node.count)
    case .apply:
      try stage(node, top: top, live: 0, depth: depth)
      assembler.emit(isThunkBlock ? .tailApplyThunk : .tailApply, 0, top + 3, node.count - 1)
    case .application:
      throw .tooLarge
    }
  }

  private mutating func tailOperation(_ node: Node, top: Int, depth: Int) throws(CompileFailure) {
    let other = assembler.makeLabel()
    switch node.operation {
    case .sequence:
      try evaluateOnly(child(node, 0), top: top, live: child(node, 1).deepMask, depth: depth)
      return try tail(child(node, 1), top: top, depth: depth + 1)
    case .ifNonzero, .ifZero:
      let isIf = node.operation == .ifNonzero
      let live = child(node, 1).deepMask | child(node, 2).deepMask
      try condition(child(node, 0), orElse: other, top: top, live: live, depth: depth + 1)
      let before = saved
      try tail(child(node, isIf ? 1 : 2), top: top, depth: depth + 1)
      assembler.place(other)
      restore(before)
      return try tail(child(node, isIf ? 2 : 1), top: top, depth: depth + 1)
    case .and, .or:
      try strict(child(node, 0), to: top, top: top, live: child(node, 1).deepMask, depth: depth + 1)
      assembler.emit(node.operation == .and ? .jumpIfNonzero : .jumpIfZero, top, 0, 0, top + 1)
      assembler.target(other)
      assembler.emit(isThunkBlock ? .finish : .giveBack, top)
      assembler.place(other)
      return try tail(child(node, 1), top: top, depth: depth + 1)
    case .case1, .case2, .case3, .case4, .case5, .case6, .case7:
      return try tailTable(node, top: top, depth: depth)
    case .branch where expression.rowParts(child(node, 1)) != nil || child(node, 1).kind == .construct:
      return try tailTable(node, top: top, depth: depth)
    default: break
    }
    if node.operation.entry.style == .microcode {
      try stage(node, top: top, live: 0, depth: depth)
      let opcode: Opcode = isThunkBlock ? .tailCallOperationThunk : .tailCallOperation
      assembler.emit(opcode, 0, top + 3, Int(node.operation.rawValue))
      return
    }
    if node.operation.entry.isDeferred {
      try deferred(node, to: top, top: top, depth: depth)
      assembler.emit(isThunkBlock ? .finishEvaluated : .giveBackEvaluated, top)
    } else {
      try strict(node, to: top, top: top, live: 0, depth: depth + 1)
      assembler.emit(isThunkBlock ? .finish : .giveBack, top)
    }
  }

  private mutating func tailTable(_ node: Node, top: Int, depth: Int) throws(CompileFailure) {
    let arms = branches(node)
    let live = arms.reduce(0) { $0 | $1.deepMask }
    try table(node, arms, top: top, live: live, depth: depth) {
      (compiler: inout Compiler, arm: Node) throws(CompileFailure) in
      try compiler.tail(arm, top: top, depth: depth + 1)
    }
  }

  /// slot `to` := the result of an operation that may leave it unevaluated.
  private mutating func deferred(_ node: Node, to: Int, top: Int, depth: Int) throws(CompileFailure) {
    var next = top
    if let position = indexPosition(node) {
      let row = node.operation == .index ? 1 : 0
      let slot = try operands(node, order: [row], top: &next, live: 0, depth: depth)[row]
      assembler.emit(.indexImmediate, to, position, slot, next)
    } else if node.operation == .index {
      let slots = try operands(node, order: [0, 1], top: &next, live: 0, depth: depth)
      assembler.emit(.index, to, slots[0], slots[1], next)
    } else {
      try native(node, to: to, top: top, live: 0, depth: depth)
    }
  }
}
