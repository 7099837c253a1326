// The law compiler: an expression becomes blocks of instructions, one for the law and one for each thunk it may build.
//
// What is needed at once is computed in place, in the order in which PLAN needs it. What may never be needed becomes
// a thunk, unless it is at hand: a value, a closure, or arithmetic that cannot fail and whose operands happen to be
// evaluated when the place is reached (the `try` instructions). Lets come into being where they are first used, so
// a branch that does not use one does not pay for it; one whose first use needs its value is computed there.

import StrataMemory

/// What is known at one point of a block's code. Masks are by variable, as in `Expression`.
struct PathState {
  /// Lets that have been computed or built; always true of arguments.
  var ready: UInt64 = 0
  /// Slots that hold evaluated values.
  var evaluated: UInt64 = 0
  /// Slots that hold naturals, which are not worth clearing.
  var naturals: UInt64 = 0
  /// Slots that have been cleared.
  var cleared: UInt64 = 0
}

struct Compiler {
  /// Nested strict expressions beyond this depth become thunks, so that the host's stack stays small.
  static let deepest = 48

  var expression: Expression
  var assembler = Assembler()
  var path = PathState()
  /// The slot of each variable in the block at hand; -1 where it has none.
  var slots: [Int] = []
  /// Lets that are ready, where masks are not exact.
  var readyLets: Set<Int> = []
  var isThunkBlock = false
  var frameSize = 0
  private var pending: [(node: Node, captured: [Int], label: Label)] = []
  private let entryLabel: Label
  let isExact: Bool
  let operation: Operation?

  /// Compiles the body of a law.
  static func compile(engine: Engine, body: Word, arity: Int) throws(CompileFailure) -> Word {
    var compiler = Compiler(try Expression(engine: engine, body: body, arity: arity), operation: nil)
    return try compiler.compile(engine)
  }

  /// The code of an operation that the compiler writes itself.
  static func compile(engine: Engine, operation: Operation) throws(CompileFailure) -> Word {
    var compiler = Compiler(Expression(engine: engine, operation: operation), operation: operation)
    return try compiler.compile(engine)
  }

  private init(_ expression: Expression, operation: Operation?) {
    self.expression = expression
    self.operation = operation
    isExact = expression.hasExactMasks
    entryLabel = assembler.makeLabel()
  }

  private mutating func compile(_ engine: Engine) throws(CompileFailure) -> Word {
    // The law's own block: self, arguments, lets, temporaries.
    let arity = expression.arity
    let letCount = expression.letRoots.count
    slots = Array(0...arity)
    var next = arity + 1
    for number in 0..<letCount {
      let isUsed = expression.letUses[number] > 1
      slots.append(isUsed ? next : -1)
      if isUsed { next += 1 }
    }
    path.ready = arity >= 63 ? ~0 : (1 << UInt64(arity + 1)) - 1
    path.evaluated = 1
    path.naturals = 1
    assembler.place(entryLabel)
    try block { (compiler: inout Compiler) throws(CompileFailure) in
      try compiler.tail(compiler.expression.nodes[compiler.expression.root], top: next, depth: 0)
    }
    isThunkBlock = true
    while let (node, captured, label) = pending.popLast() {
      slots = Array(repeating: -1, count: arity + 1 + letCount)
      path = PathState()
      path.ready = ~0
      readyLets = Set(captured)
      for (index, variable) in captured.enumerated() {
        slots[variable] = index + 1
        // The law itself is always evaluated.
        if variable == 0 { path.evaluated |= 1 }
      }
      path.naturals = 0
      assembler.place(label)
      try block { (compiler: inout Compiler) throws(CompileFailure) in
        try compiler.tail(node, top: captured.count + 1, depth: 0)
      }
    }
    return try assembler.finish(engine: engine, entry: entryLabel, operation: operation, leading: [])
  }

  private mutating func block(_ body: (inout Compiler) throws(CompileFailure) -> Void) throws(CompileFailure) {
    frameSize = 0
    let position = assembler.beginBlock()
    try body(&self)
    assembler.endBlock(position, frameSize: frameSize + 1)
  }

  // MARK: Slots

  /// Notes that slots below `top` are used.
  mutating func use(_ top: Int) throws(CompileFailure) {
    if top > frameSize { frameSize = top }
    if top >= Instruction.largestField - 8 { throw .tooLarge }
  }

  func child(_ node: Node, _ index: Int) -> Node { expression.nodes[node.first + index] }

  func bit(_ variable: Int) -> UInt64 { Expression.bit(variable) }

  func isLet(_ variable: Int) -> Bool { variable > expression.arity }

  func isReady(_ variable: Int) -> Bool {
    if isThunkBlock || !isLet(variable) { return true }
    return isExact ? path.ready & bit(variable) != 0 : readyLets.contains(variable)
  }

  mutating func setReady(_ variable: Int) {
    if isExact { path.ready |= bit(variable) } else { readyLets.insert(variable) }
  }

  func isEvaluated(_ variable: Int) -> Bool { isExact && path.evaluated & bit(variable) != 0 }

  mutating func setEvaluated(_ variable: Int, natural: Bool = false) {
    guard isExact else { return }
    path.evaluated |= bit(variable)
    if natural { path.naturals |= bit(variable) }
  }

  /// Drops references that nothing after this point needs, before something that may run for long.
  mutating func clearDead(_ live: UInt64) {
    guard isExact else { return }
    var dead = ~(live | path.naturals | path.cleared | 1)
    if !isThunkBlock { dead &= path.ready }
    while dead != 0 {
      let variable = dead.trailingZeroBitCount
      dead &= dead - 1
      guard variable < slots.count else { return }
      if slots[variable] > 0 {
        assembler.emit(.clear, slots[variable])
        path.cleared |= bit(variable)
      }
    }
  }

  // MARK: Lets

  func letRoot(_ variable: Int) -> Node? {
    expression.letRoots[variable - expression.arity - 1].map { expression.nodes[$0] }
  }

  /// Builds the lets that `node` refers to and that are not ready, so that its variables all have slots.
  mutating func makeReady(_ node: Node, top: Int) throws(CompileFailure) {
    if isThunkBlock { return }
    if isExact {
      var missing = node.mask & ~path.ready
      while missing != 0 {
        let variable = missing.trailingZeroBitCount
        missing &= missing - 1
        if !isReady(variable) { try build(variable, top: top) }
      }
    } else {
      for variable in variables(of: node) where !isReady(variable) { try build(variable, top: top) }
    }
  }

  /// Builds a let and what it needs as thunks, closures or values at hand. Rings are closed by patching.
  private mutating func build(_ variable: Int, top: Int) throws(CompileFailure) {
    // Depth first over what is missing, with a stack of its own: lets may form a chain as long as the body.
    var order: [Int] = []
    var isSeen: Set<Int> = [variable]
    var stack: [(variable: Int, needs: [Int])] = [(variable, missingLets(variable))]
    while let last = stack.last {
      if let next = last.needs.last {
        stack[stack.count - 1].needs.removeLast()
        if isSeen.insert(next).inserted { stack.append((next, missingLets(next))) }
      } else {
        order.append(last.variable)
        stack.removeLast()
      }
    }
    var patches: [(object: Int, position: Int, variable: Int)] = []
    for built in order {
      guard let root = letRoot(built) else { continue }
      let missing = variables(of: root).filter { !isReady($0) }
      if missing.isEmpty {
        try lazy(root, to: slots[built], top: top, depth: 0)
      } else {
        let captured = try makeThunk(root, to: slots[built], top: top, allowMissing: true)
        for (position, variable) in captured.enumerated() where !isReady(variable) {
          patches.append((slots[built], 2 + position, variable))
        }
      }
      setReady(built)
    }
    for patch in patches { assembler.emit(.patch, patch.object, patch.position, slots[patch.variable]) }
  }

  private func missingLets(_ variable: Int) -> [Int] {
    guard let root = letRoot(variable) else { return [] }
    return variables(of: root).filter { isLet($0) && !isReady($0) }
  }

  /// The variables that occur in a node, rising.
  func variables(of node: Node) -> [Int] {
    var result: [Int] = []
    if isExact {
      var mask = node.mask
      while mask != 0 {
        result.append(mask.trailingZeroBitCount)
        mask &= mask - 1
      }
      return result
    }
    var seen = Set<Int>()
    var stack = [node]
    while let next = stack.popLast() {
      if next.kind == .variable {
        seen.insert(next.slot)
      } else if next.kind != .constant {
        if next.kind == .itself { seen.insert(0) }
        stack.append(contentsOf: expression.nodes[next.first..<next.first + next.count])
      }
    }
    return seen.sorted()
  }

  // MARK: Lazy positions

  /// slot `to` := the node, unevaluated unless its value is at hand.
  mutating func lazy(_ node: Node, to: Int, top: Int, depth: Int) throws(CompileFailure) {
    try use(max(top, to + 1))
    switch node.kind {
    case .constant:
      try assembler.load(to, node.word)
    case .variable:
      try makeReady(node, top: top)
      if slots[node.slot] != to { assembler.emit(.move, to, slots[node.slot]) }
    case .construct where depth < Compiler.deepest:
      try makeReady(node, top: top)
      try construct(node, to: to, top: top, depth: depth + 1)
    case .operation where isSpeculative(node, budget: 6):
      try makeReady(node, top: top)
      let fallback = assembler.makeLabel()
      let end = assembler.makeLabel()
      var next = top
      try speculate(node, to: to, top: &next, orElse: fallback)
      assembler.jump(end)
      assembler.place(fallback)
      _ = try makeThunk(node, to: to, top: top)
      assembler.place(end)
    default:
      try makeReady(node, top: top)
      _ = try makeThunk(node, to: to, top: top)
    }
  }

  /// A slot that holds the node unevaluated: the variable's own, or the next free one.
  mutating func lazySlot(_ node: Node, top: inout Int, depth: Int) throws(CompileFailure) -> Int {
    if node.kind == .variable {
      try makeReady(node, top: top)
      return slots[node.slot]
    }
    let slot = top
    top += 1
    try lazy(node, to: slot, top: top, depth: depth)
    return slot
  }

  private mutating func construct(_ node: Node, to: Int, top: Int, depth: Int) throws(CompileFailure) {
    var next = top
    var parts: [Int] = []
    for index in 0..<node.count { parts.append(try lazySlot(child(node, index), top: &next, depth: depth)) }
    assembler.closure(to, parts: parts)
  }

  /// slot `to` := thunk of the node. Answers the variables that it captured, in order.
  mutating func makeThunk(
    _ node: Node, to: Int, top: Int, allowMissing: Bool = false
  ) throws(CompileFailure) -> [Int] {
    let captured = variables(of: node)
    let label = assembler.makeLabel()
    pending.append((node, captured, label))
    try use(max(top, to + 1))
    if captured.contains(where: { !isReady($0) }) {
      assert(allowMissing)
      // A let that is not there yet is captured as 0 and patched.
      for variable in captured where !isReady(variable) { assembler.emit(.clear, slots[variable]) }
    }
    assembler.thunk(to, block: label, captured: captured.map { slots[$0] })
    return captured
  }

  // MARK: Speculation

  /// Whether the node is arithmetic, at most `budget` deep in operations, that the machine can do without risk.
  func isSpeculative(_ node: Node, budget: Int) -> Bool {
    guard node.kind == .operation, Compiler.attempts[node.operation] != nil, budget > 0 else { return false }
    for index in 0..<node.count {
      let operand = child(node, index)
      switch operand.kind {
      case .variable, .constant: continue
      case .operation: if !isSpeculative(operand, budget: budget / 2) { return false }
      default: return false
      }
    }
    return true
  }

  private mutating func speculate(
    _ node: Node, to: Int, top: inout Int, orElse label: Label
  ) throws(CompileFailure) {
    guard let attempt = Compiler.attempts[node.operation] else { return }
    func isImmediate(_ node: Node) -> Bool {
      node.kind == .constant && node.word.isDirect && node.word.raw <= UInt64(Instruction.largestField)
    }
    var operands: [Int] = []
    var opcode = attempt.opcode
    for index in 0..<node.count {
      let operand = child(node, index)
      let isPosition = node.operation == .index && index == 0
      if let immediate = attempt.immediate, isImmediate(operand),
        isPosition || (index == 1 && !(node.operation == .index))
      {
        opcode = immediate
        operands.append(Int(operand.word.raw))
        continue
      }
      switch operand.kind {
      case .variable: operands.append(slots[operand.slot])
      case .constant:
        try assembler.load(top, operand.word)
        operands.append(top)
        top += 1
      default:
        let slot = top
        top += 1
        try speculate(operand, to: slot, top: &top, orElse: label)
        operands.append(slot)
      }
      try use(top)
    }
    assembler.attempt(opcode, to, operands[0], operands.count > 1 ? operands[1] : 0, orElse: label)
  }

  /// Operations with speculative instructions; the second with a small constant operand.
  static let attempts: [Operation: (opcode: Opcode, immediate: Opcode?)] = [
    .add: (.tryAdd, .tryAddImmediate), .subtract: (.trySubtract, .trySubtractImmediate), .multiply: (.tryMultiply, nil),
    .divide: (.tryDivide, nil), .remainder: (.tryRemainder, nil), .equal: (.tryEqual, nil),
    .notEqual: (.tryNotEqual, nil), .less: (.tryLess, nil), .lessOrEqual: (.tryLessOrEqual, nil),
    .greater: (.tryGreater, nil), .greaterOrEqual: (.tryGreaterOrEqual, nil), .increment: (.tryIncrement, nil),
    .decrement: (.tryDecrement, nil), .isZero: (.tryIsZero, nil), .isNat: (.tryIsNatural, nil),
    .isApp: (.tryIsClosure, nil), .size: (.trySize, nil), .head: (.tryHead, nil),
    .index: (.tryIndex, .tryIndexImmediate),
  ]

  // MARK: Branches

  /// Builds lets that are used both in one of the branches and after them, so that they are shared.
  mutating func share(_ branches: [Node], live: UInt64, top: Int) throws(CompileFailure) {
    if isThunkBlock { return }
    guard isExact else {
      // Without masks everything that the branches use is built before them.
      for branch in branches { try makeReady(branch, top: top) }
      return
    }
    var used: UInt64 = 0
    for branch in branches { used |= branch.deepMask }
    var missing = used & live & ~path.ready
    while missing != 0 {
      let variable = missing.trailingZeroBitCount
      missing &= missing - 1
      if variable < slots.count, slots[variable] >= 0, !isReady(variable) { try build(variable, top: top) }
    }
  }

  /// What is true after either of two paths.
  func merged(_ first: PathState, _ second: PathState) -> PathState {
    PathState(
      ready: first.ready & second.ready, evaluated: first.evaluated & second.evaluated,
      naturals: first.naturals & second.naturals, cleared: first.cleared & second.cleared)
  }
}
