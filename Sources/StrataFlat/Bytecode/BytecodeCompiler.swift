// Turns one verified function into machine instructions.
// Guarantees: the code computes what the reference evaluator computes, charges the same steps, and every instruction that can
// fault knows the value it computes and how many steps lead to it. A function that needs more registers than an
// instruction can name is refused with an error.

/// Emits the code of one function.
struct BytecodeCompiler {
  let module: Module
  let id: FunctionID
  let function: Function
  let analysis: BytecodeAnalysis
  let types: TypeTable
  /// Where the tables of this compilation lie.
  private let scratch: Scratch

  var code: [Code] = []
  var sites: [CodeSite] = []
  var tables: [JumpTable] = []
  var callSites: [CallSite] = []
  var slow: [SlowOperation] = []
  /// Register of each value that has one now.
  let registers: Table<UInt16>
  /// Which registers above the dedicated ones are in use.
  private var isUsed: [Bool] = []
  private var highest = 0
  private(set) var frameSize: Int
  /// Registers taken for the current instruction only.
  private var temporaries: [UInt16] = []
  /// Where each block's code starts.
  private let starts: Table<Int32>
  /// Branches whose target is not placed yet: code index and block.
  private var fixes: [(index: Int, block: Int)] = []
  private var tableFixes: [(table: Int, entry: Int?, block: Int)] = []
  /// Code on edges that must move block arguments: emitted after the blocks.
  private var stubs: [(fix: Fix, target: Int, arguments: [ValueID], block: Int)] = []

  private enum Fix {
    case branch(Int)
    case table(Int, Int?)
  }

  /// The block to compile in place of a jump to it.
  private var continuation: Int?
  /// How many blocks were compiled in place since the last one that stands by itself.
  private var chain = 0
  /// Blocks that were compiled in place somewhere.
  private let isCopied: Table<Bool>
  /// Blocks that some code jumps to or falls into.
  private let isReferenced: Table<Bool>

  // The place of the instruction being compiled.
  var value = ValueID.none
  var block = 0
  var position = 0
  /// Steps of the current block up to and including the current instruction, since the last charge.
  private var pendingSteps: UInt32 = 0
  /// Where a fused bounds check belongs.
  var indexPlace: (value: UInt32, steps: UInt32)?
  /// Steps that had been counted at each position of the current block, for faults of fused checks.
  private let stepsAt: Table<UInt32>
  /// Marks places the code cannot name.
  private var overflow = false

  static let mostRegisters = 60_000

  /// Functions without a body that the machine itself serves, when no host function takes their name.
  let native: (Function) -> Native?

  init(
    module: Module, id: FunctionID, function: Function, storageMayBeDropped: Bool, scratch: Scratch,
    native: @escaping (Function) -> Native?
  ) {
    self.module = module
    types = module.types
    self.native = native
    self.id = id
    self.function = function
    self.scratch = scratch
    analysis = BytecodeAnalysis(
      module: module, function: function, storageMayBeDropped: storageMayBeDropped, scratch: scratch)
    registers = scratch.table(function.valueCount, of: .max)
    nextExpiring = scratch.table(function.valueCount, of: .none)
    stubRegisters = scratch.table(function.valueCount, of: .max)
    starts = scratch.table(function.blocks.count, of: -1)
    isCopied = scratch.table(function.blocks.count, of: false)
    isReferenced = scratch.table(function.blocks.count, of: false)
    firstExpiring = scratch.table(analysis.longestBlock, of: .none)
    stepsAt = scratch.table(analysis.longestBlock, of: 0)
    frameSize = analysis.dedicatedCount
    code.reserveCapacity(function.valueCount + 16)
    sites.reserveCapacity(function.valueCount + 16)
  }

  /// Compiles the function.
  mutating func compile() throws(Fault) -> CompiledFunction {
    guard analysis.dedicatedCount < BytecodeCompiler.mostRegisters else { throw BytecodeCompiler.tooLarge }
    for index in function.parameters.indices { registers[index] = UInt16(index) }
    for index in analysis.homes.indices {
      if case .dedicated(let register) = analysis.homes[index] { registers[index] = register }
    }
    for parameter in analysis.copiedParameters {
      let size = size(function.parameters[parameter].type)
      emitCopyFresh(UInt16(parameter), from: UInt16(parameter), function.parameters[parameter].type, size)
    }
    for (index, number) in analysis.flow.order.enumerated() {
      let next = index + 1 < analysis.flow.order.count ? analysis.flow.order[index + 1] : -1
      compile(number, next: next)
    }
    // Stubs run with their block's registers still in place, so their spare registers must be new ones.
    isUsed = Array(repeating: true, count: max(0, frameSize - analysis.dedicatedCount))
    highest = isUsed.count
    var at = 0
    while at < stubs.count {
      let stub = stubs[at]
      patch(stub.fix, Int32(code.count))
      moveArguments(stub.arguments, to: stub.target, from: stub.block)
      jump(to: stub.target, steps: 0)
      at += 1
    }
    for fix in fixes { code[fix.index].y = starts[fix.block] }
    for fix in tableFixes { patch(.table(fix.table, fix.entry), starts[fix.block]) }
    BytecodeFusion.apply(&code, &sites, &tables, scratch)
    // In the code itself branches are relative, so that the loop needs no base.
    for index in code.indices where code[index].opcode.isBranch {
      code[index].y -= Int32(truncatingIfNeeded: index + 1)
    }
    guard !overflow, frameSize < BytecodeCompiler.mostRegisters, code.count < Int(Int32.max) else {
      throw BytecodeCompiler.tooLarge
    }
    return CompiledFunction(
      function: id, code: code, frameSize: frameSize + 1, sites: sites, tables: tables, callSites: callSites,
      slow: slow)
  }

  private static let tooLarge = Fault(.unsupported, "the function is too large: it needs too many registers at once")

  private mutating func patch(_ fix: Fix, _ target: Int32) {
    switch fix {
    case .branch(let index): code[index].y = target
    case .table(let table, let entry):
      if let entry { tables[table].targets[entry] = target } else { tables[table].otherwise = target }
    }
  }

  // MARK: Emitting

  mutating func emit(_ instruction: Code) {
    code.append(instruction)
    let place = indexPlace ?? (value.rawValue, pendingSteps)
    sites.append(
      CodeSite(value: value.rawValue, steps: pendingSteps, indexValue: place.value, indexSteps: place.steps))
  }

  mutating func emit(slow operation: SlowOperation) {
    slow.append(operation)
    emit(Code(.slow, x: Int32(truncatingIfNeeded: slow.count - 1)))
  }

  /// The steps to charge now, at most what an instruction can carry; the rest is charged ahead.
  private mutating func takeSteps() -> UInt16 {
    let steps = pendingSteps
    pendingSteps = 0
    if steps > UInt32(UInt16.max) {
      emit(Code(.charge, x: Int32(clamping: steps)))
      return 0
    }
    return UInt16(steps)
  }

  // MARK: Registers

  /// Takes the lowest free register at or above an index relative to the dedicated ones.
  private mutating func take(from start: Int = 0) -> UInt16 {
    var index = start
    while index < isUsed.count, isUsed[index] { index += 1 }
    reserve(index)
    return name(index)
  }

  private mutating func reserve(_ index: Int) {
    while isUsed.count <= index { isUsed.append(false) }
    isUsed[index] = true
    highest = max(highest, index + 1)
    noteUse(through: analysis.dedicatedCount + index + 1)
  }

  private func name(_ index: Int) -> UInt16 { UInt16(truncatingIfNeeded: analysis.dedicatedCount + index) }

  private mutating func noteUse(through count: Int) {
    frameSize = max(frameSize, count)
    if count >= BytecodeCompiler.mostRegisters { overflow = true }
  }

  private mutating func release(_ register: UInt16) {
    let index = Int(register) - analysis.dedicatedCount
    guard index >= 0, index < isUsed.count else { return }
    isUsed[index] = false
    while highest > 0, !isUsed[highest - 1] { highest -= 1 }
  }

  /// A register for the rest of the current instruction.
  mutating func temporary() -> UInt16 {
    let register = take()
    temporaries.append(register)
    return register
  }

  /// The register the current value is to be computed into.
  mutating func result() -> UInt16 {
    let index = Int(value.rawValue)
    let target = analysis.target[index]
    if target != .max {
      registers[index] = target
      return target
    }
    if registers[index] != .max { return registers[index] }
    // A value that becomes a call's argument is best computed where the call wants it.
    let register: UInt16
    if let start = argumentPlace(value) {
      register = take(from: start)
    } else {
      register = take()
    }
    registers[index] = register
    return register
  }

  /// Where a value should be computed so that the next call of its block, its only user, finds it in place.
  private func argumentPlace(_ value: ValueID) -> Int? {
    guard analysis.useCount[Int(value.rawValue)] == 1, analysis.lastUse[Int(value.rawValue)] != .max else { return nil }
    let body = function.blocks[block].body
    let last = analysis.lastUse[Int(value.rawValue)]
    guard last > position, last < body.count, last - position < 8 else { return nil }
    guard case .call(_, let arguments) = analysis.operation(body[last]), let place = arguments.firstIndex(of: value)
    else {
      return nil
    }
    if place > 0, case .local = analysis.homes[Int(arguments[place - 1].rawValue)] {
      let before = registers[Int(arguments[place - 1].rawValue)]
      if before != .max, Int(before) >= analysis.dedicatedCount { return Int(before) - analysis.dedicatedCount + 1 }
    }
    return highest + (place < 8 ? place : 0)
  }

  /// Gives back the registers whose values were read for the last time.
  private mutating func endInstruction() {
    if !temporaries.isEmpty {
      for register in temporaries { release(register) }
      temporaries.removeAll(keepingCapacity: true)
    }
    var expired = firstExpiring[position]
    while expired != .none {
      releaseLocal(expired)
      expired = nextExpiring[Int(expired.rawValue)]
    }
    let index = Int(value.rawValue)
    if analysis.lastUse[index] <= position { releaseLocal(value) }
  }

  private mutating func releaseLocal(_ value: ValueID) {
    let index = Int(value.rawValue)
    guard case .local = analysis.homes[index], analysis.target[index] == .max, registers[index] != .max else { return }
    release(registers[index])
    registers[index] = .max
  }

  /// Values of the current block by the position of their last use: the first at each position, and the one after each.
  private let firstExpiring: Table<ValueID>
  private let nextExpiring: Table<ValueID>

  /// A register that holds a value.
  mutating func operand(_ value: ValueID) -> UInt16 {
    let index = Int(value.rawValue)
    switch analysis.homes[index] {
    case .constant(let bits):
      let register = temporary()
      emitImmediate(register, bits)
      return register
    case .variable(let number): return analysis.variableRegister[number]
    case .offset:
      let (base, offset) = address(value)
      if offset == 0 { return base }
      let register = temporary()
      emit(Code(.addImmediate, a: register, b: base, x: offset))
      return register
    case .none, .element, .comparison, .masked:
      // Only values without bits get here: nothing reads the register.
      return registers[index] != .max ? registers[index] : 0
    case .dedicated, .local: return registers[index] != .max ? registers[index] : 0
    }
  }

  /// The bits of a constant value, if it is one.
  func constant(_ value: ValueID) -> UInt64? {
    if case .constant(let bits) = analysis.homes[Int(value.rawValue)] { return bits }
    return nil
  }

  /// A constant that fits an immediate.
  func immediate(_ value: ValueID) -> Int32? {
    constant(value).flatMap { Int32(exactly: Int64(bitPattern: $0)) }
  }

  /// A register and a distance that together make up an address or the place of an aggregate.
  mutating func address(_ value: ValueID) -> (UInt16, Int32) {
    var current = value
    var offset: Int64 = 0
    while case .offset(let base, let distance) = analysis.homes[Int(current.rawValue)] {
      offset &+= distance
      current = base
    }
    let base = operand(current)
    if let small = Int32(exactly: offset) { return (base, small) }
    let distance = temporary()
    emitImmediate(distance, UInt64(bitPattern: offset))
    emit(Code(.add, a: distance, b: base, c: distance))
    return (distance, 0)
  }

  mutating func emitImmediate(_ register: UInt16, _ bits: UInt64) {
    emit(
      Code(
        .immediate, a: register, x: Int32(truncatingIfNeeded: bits), y: Int32(truncatingIfNeeded: bits >> 32)))
  }

  mutating func emitMove(_ target: UInt16, _ source: UInt16) {
    if target != source { emit(Code(.move, a: target, b: source)) }
  }

  // MARK: Blocks

  private mutating func compile(_ number: Int, next: Int) {
    // Every block that leads here comes earlier in the order; if all of them took a copy, nobody needs this one.
    if isCopied[number], !isReferenced[number] { return }
    starts[number] = Int32(code.count)
    pendingSteps = 0
    chain = 0
    var current = number
    while true {
      continuation = nil
      compileBody(current, next: next)
      guard let continuation else { return }
      // A block that is reached only from here, or a short one, is compiled in place of the jump to it.
      isCopied[continuation] = true
      chain += 1
      current = continuation
    }
  }

  private mutating func compileBody(_ number: Int, next: Int) {
    block = number
    isUsed.removeAll(keepingCapacity: true)
    highest = 0
    let body = function.blocks[number].body
    for index in body.indices {
      firstExpiring[index] = .none
      stepsAt[index] = 0
    }
    // From the last to the first, so that each list is in the order of the block.
    for listed in body.reversed() {
      let index = Int(listed.rawValue)
      if case .local = analysis.homes[index], analysis.lastUse[index] >= 0, analysis.lastUse[index] != .max {
        nextExpiring[index] = firstExpiring[analysis.lastUse[index]]
        firstExpiring[analysis.lastUse[index]] = listed
      }
    }
    for (index, listed) in body.enumerated() {
      position = index
      value = listed
      indexPlace = nil
      if analysis.isSilent(listed) {
        pendingSteps += 1
        stepsAt[index] = pendingSteps
        endInstruction()
        continue
      }
      guard let instruction = function.instruction(listed) else { continue }
      if case .blockParameter = instruction.operation { continue }
      pendingSteps += 1
      stepsAt[index] = pendingSteps
      if instruction.operation.isTerminator {
        terminate(instruction, next: next)
      } else {
        lower(instruction)
      }
      endInstruction()
    }
  }

  /// True when a block should be compiled in place of a jump to it.
  private func continues(into target: Int) -> Bool {
    // Loop headers stay where they are: the jump back to them is where budgets are checked.
    let rank = analysis.flow.rank
    let predecessors = analysis.flow.predecessors(of: target)
    guard rank[target] > rank[block], !predecessors.contains(where: { rank[$0] >= rank[target] }),
      let last = function.blocks[target].body.last
    else { return false }
    if predecessors.count == 1 { return true }
    guard chain < 3, function.blocks[target].body.count <= 8 else { return false }
    switch analysis.operation(last) {
    case .branch, .returnValue, .returnVoid: return true
    case .conditionalBranch(_, _, let then, _, let otherwise): return then.isEmpty && otherwise.isEmpty
    default: return false
    }
  }

  /// Charges what is pending before a call, whose own instruction carries it.
  mutating func stepsForCall() -> UInt16 { takeSteps() }

  /// Says where the bounds check of a folded element address belongs.
  mutating func setIndexPlace(_ element: ValueID) {
    let place = analysis.places[Int(element.rawValue)]
    // A charge between the address and the access would make the count relative to another point.
    if place.block == block, stepsAt[place.position] > 0 {
      indexPlace = (element.rawValue, stepsAt[place.position])
    }
  }

  // MARK: Terminators

  private mutating func jump(to target: Int, steps: UInt16) {
    isReferenced[target] = true
    emit(Code(.jump, c: steps))
    fixes.append((code.count - 1, target))
  }

  /// Ends with a jump unless the target's code follows.
  private mutating func jumpUnlessNext(_ target: Int, _ next: Int, steps: UInt16) {
    isReferenced[target] = true
    if target == next, steps == 0 { return }
    jump(to: target, steps: steps)
  }

  private mutating func terminate(_ instruction: Instruction, next: Int) {
    switch instruction.operation {
    case .branch(let target, let arguments):
      moveArguments(arguments, to: Int(target.rawValue), from: block)
      if arguments.isEmpty, repeatTest(of: Int(target.rawValue)) { return }
      if continues(into: Int(target.rawValue)) {
        continuation = Int(target.rawValue)
        return
      }
      jump(to: Int(target.rawValue), steps: takeSteps())
    case .conditionalBranch(let condition, let then, let thenArguments, let otherwise, let otherwiseArguments):
      branch(
        condition, Int(then.rawValue), thenArguments, Int(otherwise.rawValue), otherwiseArguments, next: next)
    case .switchBranch(let operand, let cases, let otherwise, let arguments):
      let subject = self.operand(operand)
      var seen = Set<Int64>()
      let distinct = cases.filter { seen.insert($0.value).inserted }.sorted { $0.value < $1.value }
      tables.append(
        JumpTable(
          values: distinct.map(\.value), targets: Array(repeating: -1, count: distinct.count), otherwise: -1))
      let table = tables.count - 1
      for (entry, found) in distinct.enumerated() {
        reach(.table(table, entry), Int(found.target.rawValue), found.arguments)
      }
      reach(.table(table, nil), Int(otherwise.rawValue), arguments)
      let steps = takeSteps()
      emit(Code(.choose, a: subject, c: steps, x: Int32(truncatingIfNeeded: table)))
    case .returnValue(let value): lowerReturn(value)
    case .returnVoid: emit(Code(.returnVoid, c: takeSteps()))
    default: emit(Code(.unreachable, c: takeSteps()))
    }
  }

  private mutating func lowerReturn(_ returned: ValueID) {
    let resultForm = types.form(function.result)
    if resultForm == .nothing {
      emit(Code(.returnVoid, c: takeSteps()))
      return
    }
    var register = operand(returned)
    let form = analysis.form(returned)
    if form != resultForm, form != .aggregate {
      let converted = temporary()
      emitMove(converted, register)
      extend(converted, resultForm)
      register = converted
    }
    emit(Code(.returnValue, a: register, c: takeSteps()))
  }

  /// Sends an edge to its target, by way of a stub when block arguments must be moved.
  private mutating func reach(_ fix: Fix, _ target: Int, _ arguments: [ValueID]) {
    isReferenced[target] = true
    if arguments.isEmpty {
      switch fix {
      case .branch(let index): fixes.append((index, target))
      case .table(let table, let entry): tableFixes.append((table, entry, target))
      }
    } else {
      stubs.append((fix, target, arguments, block))
      holdForStub(arguments)
    }
  }

  /// Stubs run after their block's code, so what they move must still be in its register then. Local registers are reused
  /// only by later blocks, whose code a stub never follows, so it is enough to remember the registers.
  private mutating func holdForStub(_ arguments: [ValueID]) {
    for argument in arguments {
      let index = Int(argument.rawValue)
      if registers[index] != .max { stubRegisters[index] = registers[index] }
    }
  }

  private let stubRegisters: Table<UInt16>

  /// Moves block arguments into the target's parameters, all at once in effect.
  private mutating func moveArguments(_ arguments: [ValueID], to target: Int, from source: Int) {
    var moves: [(target: UInt16, source: UInt16)] = []
    var constants: [(target: UInt16, bits: UInt64)] = []
    var conversions: [(UInt16, RegisterForm)] = []
    let parameters = function.blocks[target].parameters
    for (index, argument) in arguments.enumerated() {
      guard let register = analysis.register(ofParameter: index, of: target) else { continue }
      let form = types.form(parameters[index])
      if let bits = constant(argument) {
        constants.append((register, form == .aggregate ? bits : Scalars.canonical(bits, form)))
        continue
      }
      let from: UInt16
      if stubRegisters[Int(argument.rawValue)] != .max, registers[Int(argument.rawValue)] == .max {
        from = stubRegisters[Int(argument.rawValue)]
      } else {
        from = operand(argument)
      }
      moves.append((register, from))
      if analysis.form(argument) != form, form != .aggregate { conversions.append((register, form)) }
    }
    moveAll(moves)
    for constant in constants { emitImmediate(constant.target, constant.bits) }
    for (register, form) in conversions { extend(register, form) }
  }

  /// Performs moves as if all at once, breaking cycles with a spare register.
  mutating func moveAll(_ wanted: [(target: UInt16, source: UInt16)]) {
    var pending = wanted.filter { $0.target != $0.source }
    while !pending.isEmpty {
      if let index = pending.firstIndex(where: { move in !pending.contains { $0.source == move.target } }) {
        let move = pending.remove(at: index)
        emit(Code(.move, a: move.target, b: move.source))
      } else {
        let spare = temporary()
        let source = pending[0].source
        emit(Code(.move, a: spare, b: source))
        for index in pending.indices where pending[index].source == source { pending[index].source = spare }
      }
    }
  }

  /// At the end of a loop's body, tests the loop's condition right there instead of jumping to a block that does nothing
  /// else. Returns false when the target is not of that kind.
  private mutating func repeatTest(of target: Int) -> Bool {
    guard starts[target] >= 0, function.blocks[target].parameters.isEmpty,
      let last = function.blocks[target].body.last,
      case .conditionalBranch(let condition, let then, let thenArguments, let otherwise, let otherwiseArguments) =
        analysis.operation(last), thenArguments.isEmpty, otherwiseArguments.isEmpty,
      case .comparison = analysis.homes[Int(condition.rawValue)],
      case .binary(_, let left, let right) = analysis.operation(condition), isEverywhere(left), isEverywhere(right)
    else { return false }
    for listed in function.blocks[target].body.dropLast() where !needsNoCode(listed) { return false }
    pendingSteps += UInt32(function.blocks[target].body.count)
    guard pendingSteps < UInt32(UInt16.max) else {
      pendingSteps -= UInt32(function.blocks[target].body.count)
      return false
    }
    let index = compare(condition, jumpsIf: true)
    isReferenced[Int(then.rawValue)] = true
    fixes.append((index, Int(then.rawValue)))
    jump(to: Int(otherwise.rawValue), steps: 0)
    return true
  }

  /// True for operands that are in the same place in every block.
  private func isEverywhere(_ value: ValueID) -> Bool {
    switch analysis.homes[Int(value.rawValue)] {
    case .constant, .variable, .dedicated: return true
    default: return false
    }
  }

  /// True for instructions that leave no code.
  private func needsNoCode(_ value: ValueID) -> Bool {
    switch analysis.homes[Int(value.rawValue)] {
    case .constant, .variable, .comparison: return true
    case .none: return analysis.shape(value).kind == .load
    default: return false
    }
  }

  private mutating func branch(
    _ condition: ValueID, _ then: Int, _ thenArguments: [ValueID], _ otherwise: Int, _ otherwiseArguments: [ValueID],
    next: Int
  ) {
    // Fall through to the block that follows, or to the "then" side.
    let jumpsIfTrue = otherwise == next && then != next
    let index: Int
    if case .comparison = analysis.homes[Int(condition.rawValue)] {
      index = compare(condition, jumpsIf: jumpsIfTrue)
    } else {
      let register = operand(condition)
      let steps = takeSteps()
      emit(Code(jumpsIfTrue ? .branchTrue : .branchFalse, a: register, c: steps))
      index = code.count - 1
    }
    let (far, farArguments) = jumpsIfTrue ? (then, thenArguments) : (otherwise, otherwiseArguments)
    let (near, nearArguments) = jumpsIfTrue ? (otherwise, otherwiseArguments) : (then, thenArguments)
    reach(.branch(index), far, farArguments)
    moveArguments(nearArguments, to: near, from: block)
    jumpUnlessNext(near, next, steps: 0)
  }

  /// Emits a compare-and-branch and returns its index, so that its target can be filled in.
  private mutating func compare(_ condition: ValueID, jumpsIf wanted: Bool) -> Int {
    guard case .binary(var operation, var left, var right) = analysis.operation(condition) else {
      let register = operand(condition)
      emit(Code(wanted ? .branchTrue : .branchFalse, a: register, c: takeSteps()))
      return code.count - 1
    }
    let form = analysis.form(left)
    if form == .float64 {
      // Greater becomes less with the sides exchanged, so that a NaN makes it false either way.
      if operation == .greater || operation == .greaterOrEqual {
        swap(&left, &right)
        operation = operation == .greater ? .less : .lessOrEqual
      }
      let a = operand(left)
      let b = operand(right)
      let opcode: Opcode =
        operation == .less
        ? (wanted ? .branchLessDouble : .branchNotLessDouble)
        : (wanted ? .branchLessOrEqualDouble : .branchNotLessOrEqualDouble)
      emit(Code(opcode, a: a, b: b, c: takeSteps()))
      return code.count - 1
    }
    if !wanted { operation = operation.negated }
    if case .masked(let tested, let mask) = analysis.homes[Int(left.rawValue)] {
      let a = operand(tested)
      emit(Code(operation == .equal ? .branchMaskZero : .branchMaskNotZero, a: a, c: takeSteps(), x: mask))
      return code.count - 1
    }
    let isUnsigned = form == .integer(bits: 64, isSigned: false)
    if constant(left) != nil, constant(right) == nil {
      swap(&left, &right)
      operation = operation.mirrored
    }
    if let immediate = immediate(right), !isUnsigned || operation == .equal || operation == .notEqual {
      let a = operand(left)
      let opcode: Opcode
      switch operation {
      case .equal: opcode = .branchEqualImmediate
      case .notEqual: opcode = .branchNotEqualImmediate
      case .less: opcode = .branchLessImmediate
      case .lessOrEqual: opcode = .branchLessOrEqualImmediate
      case .greater: opcode = .branchGreaterImmediate
      default: opcode = .branchGreaterOrEqualImmediate
      }
      emit(Code(opcode, a: a, c: takeSteps(), x: immediate))
      return code.count - 1
    }
    if operation == .greater || operation == .greaterOrEqual {
      swap(&left, &right)
      operation = operation.mirrored
    }
    let a = operand(left)
    let b = operand(right)
    let opcode: Opcode
    switch operation {
    case .equal: opcode = .branchEqual
    case .notEqual: opcode = .branchNotEqual
    case .less: opcode = isUnsigned ? .branchLessUnsigned : .branchLess
    default: opcode = isUnsigned ? .branchLessOrEqualUnsigned : .branchLessOrEqual
    }
    emit(Code(opcode, a: a, b: b, c: takeSteps()))
    return code.count - 1
  }

  // MARK: Calls

  /// Places arguments in consecutive registers above everything in use and returns the first.
  mutating func placeArguments(_ arguments: [ValueID], as wanted: [TypeID]) -> UInt16 {
    var isArgument: [UInt16] = []
    for argument in arguments where analysis.lastUse[Int(argument.rawValue)] == position {
      if case .local = analysis.homes[Int(argument.rawValue)], registers[Int(argument.rawValue)] != .max {
        isArgument.append(registers[Int(argument.rawValue)])
      }
    }
    // Everything in use that is not an argument on its last use must stay below the callee's frame.
    var lowest = highest
    while lowest > 0, !isUsed[lowest - 1] || isArgument.contains(name(lowest - 1)) { lowest -= 1 }
    let base = name(lowest)
    noteUse(through: Int(base) + arguments.count + 1)
    guard Int(base) + arguments.count < BytecodeCompiler.mostRegisters else { return base }
    moves.removeAll(keepingCapacity: true)
    var later: [(target: UInt16, value: ValueID, form: RegisterForm?)] = []
    for (index, argument) in arguments.enumerated() {
      let target = base + UInt16(index)
      var conversion: RegisterForm?
      if index < wanted.count {
        let form = types.form(wanted[index])
        if form != analysis.form(argument), form != .aggregate { conversion = form }
      }
      switch analysis.homes[Int(argument.rawValue)] {
      case .constant, .offset: later.append((target, argument, conversion))
      default:
        moves.append((target, operand(argument)))
        if let conversion { conversions.append((target, conversion)) }
      }
    }
    // Offsets are computed from registers that the moves may overwrite, so they are computed first, above the arguments.
    var computed: [(target: UInt16, source: UInt16)] = []
    for entry in later {
      guard case .offset = analysis.homes[Int(entry.value.rawValue)] else { continue }
      let (source, offset) = address(entry.value)
      if offset == 0 {
        computed.append((entry.target, source))
        continue
      }
      let spare = take(from: lowest + arguments.count)
      temporaries.append(spare)
      emit(Code(.addImmediate, a: spare, b: source, x: offset))
      computed.append((entry.target, spare))
    }
    moves += computed
    moveAllAbove(lowest + arguments.count)
    for entry in later {
      if let bits = constant(entry.value) {
        emitImmediate(entry.target, entry.form.map { Scalars.canonical(bits, $0) } ?? bits)
      }
    }
    for (register, form) in conversions { extend(register, form) }
    conversions.removeAll(keepingCapacity: true)
    return base
  }

  private var conversions: [(UInt16, RegisterForm)] = []

  /// Like `moveAll`, with the spare register out of the arguments' way.
  private mutating func moveAllAbove(_ start: Int) {
    let spare = take(from: start)
    release(spare)
    moves.removeAll { $0.target == $0.source }
    while !moves.isEmpty {
      if let index = moves.indices.first(where: { !isSource(moves[$0].target) }) {
        let move = moves.remove(at: index)
        emit(Code(.move, a: move.target, b: move.source))
      } else {
        let source = moves[0].source
        emit(Code(.move, a: spare, b: source))
        for index in moves.indices where moves[index].source == source { moves[index].source = spare }
      }
    }
  }

  private func isSource(_ register: UInt16) -> Bool {
    for move in moves where move.source == register { return true }
    return false
  }

  /// Moves that are to be done as if all at once.
  private var moves: [(target: UInt16, source: UInt16)] = []

  /// The first register above everything in use.
  mutating func firstFree() -> UInt16 {
    noteUse(through: analysis.dedicatedCount + highest + 2)
    return name(highest)
  }

  /// Makes the frame reach at least so many registers.
  mutating func noteFrame(through count: Int) { noteUse(through: count) }

  func size(_ type: TypeID) -> UInt64 { analysis.size(type) }
}

extension BinaryOperator {
  /// The comparison that holds exactly when this one does not, for integers.
  var negated: BinaryOperator {
    switch self {
    case .equal: return .notEqual
    case .notEqual: return .equal
    case .less: return .greaterOrEqual
    case .lessOrEqual: return .greater
    case .greater: return .lessOrEqual
    case .greaterOrEqual: return .less
    default: return self
    }
  }

  /// The comparison with its sides exchanged.
  var mirrored: BinaryOperator {
    switch self {
    case .less: return .greater
    case .lessOrEqual: return .greaterOrEqual
    case .greater: return .less
    case .greaterOrEqual: return .lessOrEqual
    default: return self
    }
  }
}
