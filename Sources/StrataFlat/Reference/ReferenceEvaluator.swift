// The reference evaluator: walks the intermediate form over tagged values. It is what the fast machine is compared with, so
// it is kept small and direct.
// Guarantees: every operand is checked as it is used, so it runs any module, verified or not, without a trap; calls live on
// an explicit stack; one step is counted for each instruction except block parameters.

/// Evaluates functions of a module, one evaluation at a time.
public final class ReferenceEvaluator {
  let module: Module
  public let budget: Budget
  let host: HostFunctions
  /// State of the latest evaluation.
  var state: EvaluationState?
  /// Steps the latest evaluation took.
  public private(set) var steps: UInt64 = 0
  /// Blocks that were left, counted for when to look whether somebody asks for a stop.
  private var blocks: UInt8 = 0
  private var frame = Frame()
  private var callers: [Frame] = []

  public init(module: Module, budget: Budget = Budget(), host: HostFunctions = HostFunctions()) {
    self.module = module
    self.budget = budget
    self.host = host
  }

  /// What the latest evaluation wrote to its standard output.
  public var output: [UInt8] { state?.output ?? [] }
  /// What the latest evaluation wrote to its error output.
  public var errorOutput: [UInt8] { state?.errorOutput ?? [] }
  /// The error trace the latest evaluation left, oldest first.
  public var errorTrace: [UInt64] { state?.errorTrace ?? [] }

  /// Why a frame was entered, hence what its result is for.
  private enum Purpose {
    case entry
    case call(ValueID)
    case global(GlobalID)
  }

  private struct Frame {
    var id = FunctionID(0)
    var function = Function(name: "", parameters: [], result: .void)
    var values: [ReferenceValue] = []
    var block = 0
    var position = 0
    var blockArguments: [ReferenceValue] = []
    var purpose = Purpose.entry
  }

  /// Evaluates a function and takes its result out.
  public func evaluate(_ function: FunctionID, _ arguments: [FlatValue] = []) throws(EvaluationError) -> FlatValue {
    steps = 0
    callers.removeAll(keepingCapacity: true)
    frame = Frame()
    do throws(Fault) {
      let state = try currentState()
      try state.restart()
      let words = try state.entryWords(function, arguments)
      var values: [ReferenceValue] = []
      for (word, parameter) in zip(words, module.function(function)?.parameters ?? []) {
        values.append(try value(word, parameter.type, state))
      }
      try enter(function, values, .entry)
      let result = try run(state)
      let type = module.function(function)?.result ?? .void
      return try state.takeOut(try word(result, type, state), type)
    } catch {
      throw EvaluationError(error.kind, state?.reason(error) ?? "\(error.reason)", trace: trace(), steps: steps)
    }
  }

  private func currentState() throws(Fault) -> EvaluationState {
    if let state { return state }
    let fresh = try EvaluationState(module: module, host: host, budget: budget)
    state = fresh
    return fresh
  }

  private func trace() -> [TraceEntry] {
    guard frame.function.hasBody else { return [] }
    return EvaluationError.shortened(callers.count + 1) { level in
      let frame = level == 0 ? self.frame : callers[callers.count - level]
      let position = level == 0 ? frame.position : frame.position - 1
      guard frame.block < frame.function.blocks.count else {
        return TraceEntry(
          function: frame.id, name: frame.function.name, value: nil, span: .none, file: frame.function.file)
      }
      let body = frame.function.blocks[frame.block].body
      let value = position >= 0 && position < body.count ? body[position] : nil
      return TraceEntry(
        function: frame.id, name: frame.function.name, value: value,
        span: value.flatMap { frame.function.instruction($0)?.span } ?? .none, file: frame.function.file)
    }
  }

  // MARK: Between words and values

  /// A value from a word, reading the bytes of an aggregate from the address it holds.
  private func value(_ word: UInt64, _ type: TypeID, _ state: EvaluationState) throws(Fault) -> ReferenceValue {
    let form = module.types.form(type)
    if form == .aggregate { return .bytes(try state.memory.bytes(word, try state.size(of: type))) }
    return ReferenceValue(word: word, form: form)
  }

  /// A word from a value, putting the bytes of an aggregate into fresh storage.
  private func word(_ value: ReferenceValue, _ type: TypeID, _ state: EvaluationState) throws(Fault) -> UInt64 {
    switch value {
    case .nothing: return 0
    case .bytes(let bytes): return try spill(bytes, type, state)
    default: return try value.bits()
    }
  }

  /// Puts bytes into fresh storage aligned for a type.
  private func spill(_ bytes: [UInt8], _ type: TypeID, _ state: EvaluationState) throws(Fault) -> UInt64 {
    let alignment = (try? module.types.layout(type))?.alignment ?? 8
    let address = try state.memory.allocate(size: UInt64(bytes.count), alignment: alignment)
    try state.memory.setBytes(address, bytes)
    return address
  }

  /// Brings a value into the form of another type: integers wrap, everything else must already have that form.
  private func coerce(_ value: ReferenceValue, to type: TypeID) throws(Fault) -> ReferenceValue {
    let form = module.types.form(type)
    switch (value, form) {
    case (.word(let word), .integer), (.word(let word), .boolean): return .word(Scalars.canonical(word, form))
    case (.float, .float64), (.single, .float32), (.nothing, .nothing): return value
    case (.bytes(let bytes), .aggregate):
      guard let layout = try? module.types.layout(type), layout.size == UInt64(bytes.count) else {
        throw Fault(.malformed, "an aggregate has another size than the type it is used as")
      }
      return value
    case (_, .nothing): return .nothing
    default: throw Fault(.malformed, "a value is used as a type of another kind")
    }
  }

  // MARK: Running

  private func enter(_ id: FunctionID, _ arguments: [ReferenceValue], _ purpose: Purpose) throws(Fault) {
    guard let function = module.function(id) else { throw Fault(.malformed, "a function number is out of range") }
    guard arguments.count == function.parameters.count else {
      throw Fault(.malformed, "a call passes another number of arguments than the function takes")
    }
    guard function.hasBody else { throw Fault(.unsupported, "the function has no body") }
    if let issue = module.firstIssue(id) {
      state?.hostReason = issue.description
      throw Fault(.malformed, "the function breaks the rules of the intermediate form")
    }
    guard UInt64(callers.count) < UInt64(budget.depth) else { throw .depth }
    var next = Frame()
    next.id = id
    next.function = function
    next.values = Array(repeating: .nothing, count: function.valueCount)
    for (index, argument) in arguments.enumerated() {
      next.values[index] = try coerce(argument, to: function.parameters[index].type)
    }
    next.purpose = purpose
    if case .entry = purpose {} else { callers.append(frame) }
    frame = next
  }

  private func get(_ value: ValueID) throws(Fault) -> ReferenceValue {
    guard Int(value.rawValue) < frame.values.count else {
      throw Fault(.malformed, "an operand names no value")
    }
    return frame.values[Int(value.rawValue)]
  }

  private func type(of value: ValueID) -> TypeID { frame.function.type(of: value) ?? .unresolved }

  private func go(to block: BlockID, _ arguments: [ValueID]) throws(Fault) {
    guard Int(block.rawValue) < frame.function.blocks.count else { throw Fault(.malformed, "a branch leads nowhere") }
    let parameters = frame.function.blocks[Int(block.rawValue)].parameters
    guard parameters.count == arguments.count else {
      throw Fault(.malformed, "a branch passes another number of arguments than its target takes")
    }
    var values: [ReferenceValue] = []
    for (argument, type) in zip(arguments, parameters) { values.append(try coerce(try get(argument), to: type)) }
    frame.blockArguments = values
    frame.block = Int(block.rawValue)
    frame.position = 0
  }

  private func run(_ state: EvaluationState) throws(Fault) -> ReferenceValue {
    while true {
      let body = frame.function.blocks[frame.block].body
      guard frame.position < body.count else { throw Fault(.malformed, "a block ends without a terminator") }
      let number = body[frame.position]
      guard let instruction = frame.function.instruction(number) else {
        throw Fault(.malformed, "a block runs an instruction that does not exist")
      }
      if case .blockParameter(_, let index) = instruction.operation {
        guard Int(index) < frame.blockArguments.count else {
          throw Fault(.malformed, "a block parameter that was not passed")
        }
        frame.values[Int(number.rawValue)] = frame.blockArguments[Int(index)]
        frame.position += 1
        continue
      }
      steps &+= 1
      if instruction.operation.isTerminator {
        if steps > budget.steps { throw .steps }
        blocks &+= 1
        if blocks == 0, let request = budget.stop?.requested { throw .stopped(by: request) }
      }
      switch instruction.operation {
      case .branch(let target, let arguments): try go(to: target, arguments)
      case .conditionalBranch(let condition, let then, let thenArguments, let otherwise, let otherwiseArguments):
        if try get(condition).asWord() != 0 {
          try go(to: then, thenArguments)
        } else {
          try go(to: otherwise, otherwiseArguments)
        }
      case .switchBranch(let operand, let cases, let otherwise, let arguments):
        let word = Int64(bitPattern: try get(operand).asWord())
        if let found = cases.first(where: { $0.value == word }) {
          try go(to: found.target, found.arguments)
        } else {
          try go(to: otherwise, arguments)
        }
      case .returnValue, .returnVoid:
        var result = ReferenceValue.nothing
        if case .returnValue(let value) = instruction.operation { result = try get(value) }
        result = try coerce(result, to: frame.function.result)
        switch frame.purpose {
        case .entry: return result
        case .call(let destination):
          guard let caller = callers.popLast() else { throw Fault(.malformed, "a return without a caller") }
          frame = caller
          frame.values[Int(destination.rawValue)] = try coerce(result, to: type(of: destination))
        case .global(let global):
          let type = module.global(global)?.type ?? .void
          try store(result, type, at: try state.address(of: global), state)
          state.markReady(global)
          guard let caller = callers.popLast() else { throw Fault(.malformed, "a return without a caller") }
          frame = caller
        }
      case .unreachable: throw Fault(.unreachable, "control reached a place marked unreachable")
      case .call(let callee, let arguments):
        try call(callee, try arguments.map(get), number, instruction, state)
      case .callIndirect(let callee, let arguments):
        try call(try functionNumber(try get(callee).asWord()), try arguments.map(get), number, instruction, state)
      case .callClosure(let callee, let arguments):
        let closure = try get(callee).asBytes()
        let size = module.types.target.pointerSize
        let function = try functionNumber(try ReferenceValue.word(in: closure, at: 0, size: size))
        var values = try arguments.map(get)
        let environment = ReferenceValue.word(try ReferenceValue.word(in: closure, at: size, size: size))
        values.insert(environment, at: module.hasImplicitContext ? min(1, values.count) : 0)
        try call(function, values, number, instruction, state)
      case .global(let global), .globalAddress(let global), .setGlobal(let global, _):
        if case .setGlobal = instruction.operation, state.isUntouched(global) {
          // A write makes the initial value irrelevant.
          state.markReady(global)
        } else if let function = try state.prepare(global) {
          // The instruction runs again, for its one step, when the initial value is there.
          steps &-= 1
          try enter(function, try state.contextArguments(function).map { .word($0) }, .global(global))
          continue
        }
        let address = try state.address(of: global)
        let type = module.global(global)?.type ?? .unresolved
        switch instruction.operation {
        case .global:
          frame.values[Int(number.rawValue)] = try coerce(try load(address, type, state), to: instruction.type)
        case .setGlobal(_, let value):
          try store(try coerce(try get(value), to: type), type, at: address, state)
        default: frame.values[Int(number.rawValue)] = .word(address)
        }
        frame.position += 1
      case .printFrames:
        var names = [frame.function.name]
        for caller in callers.reversed() { names.append(caller.function.name) }
        state.writeFrames(names)
        frame.position += 1
      case .traceFrame:
        frame.values[Int(number.rawValue)] = .word(UInt64(frame.id.rawValue) << 32 | UInt64(instruction.span.start))
        frame.position += 1
      default:
        frame.values[Int(number.rawValue)] = try compute(instruction, state)
        frame.position += 1
      }
    }
  }

  private func functionNumber(_ word: UInt64) throws(Fault) -> FunctionID {
    guard word != 0 else { throw Fault(.unsupported, "a call through the null function") }
    guard let number = UInt32(exactly: word - 1) else { throw Fault(.malformed, "not a function") }
    return FunctionID(number)
  }

  private func call(
    _ callee: FunctionID, _ arguments: [ReferenceValue], _ destination: ValueID, _ instruction: Instruction,
    _ state: EvaluationState
  ) throws(Fault) {
    guard let function = module.function(callee) else { throw Fault(.malformed, "a function number is out of range") }
    guard module.types.isUsable(function.result, as: instruction.type) else {
      throw Fault(.malformed, "a value is used as a type of another kind")
    }
    if function.hasBody {
      frame.position += 1
      do throws(Fault) {
        try enter(callee, arguments, .call(destination))
      } catch {
        frame.position -= 1
        throw error
      }
      return
    }
    guard let service = state.service(for: function.name) else {
      state.hostReason = "no function named '\(function.name)' is served here"
      throw Fault(.unsupported, "an external function that nobody serves")
    }
    guard arguments.count >= function.parameters.count else {
      throw Fault(.malformed, "a call passes another number of arguments than the function takes")
    }
    var words: [UInt64] = []
    for (index, argument) in arguments.enumerated() {
      let type = index < function.parameters.count ? function.parameters[index].type : .u64
      words.append(
        try word(index < function.parameters.count ? try coerce(argument, to: type) : argument, type, state))
    }
    let served = try words.withUnsafeBufferPointer { (words) throws(Fault) in
      try state.serve(service, function, words)
    }
    let result = try value(served, function.result, state)
    frame.values[Int(destination.rawValue)] = try coerce(result, to: instruction.type)
    frame.position += 1
  }

  // MARK: Memory

  private func load(_ address: UInt64, _ type: TypeID, _ state: EvaluationState) throws(Fault) -> ReferenceValue {
    let form = module.types.form(type)
    let size = try state.size(of: type)
    switch form {
    case .nothing: return .nothing
    case .aggregate: return .bytes(try state.memory.bytes(address, size))
    default: return ReferenceValue(word: try state.memory.word(address, size), form: form)
    }
  }

  private func store(_ value: ReferenceValue, _ type: TypeID, at address: UInt64, _ state: EvaluationState)
    throws(Fault)
  {
    switch try coerce(value, to: type) {
    case .nothing: return
    case .bytes(let bytes): try state.memory.setBytes(address, bytes)
    case let scalar: try state.memory.setWord(address, try state.size(of: type), try scalar.bits())
    }
  }

  // MARK: Computing

  private func unsupported(_ name: String, _ state: EvaluationState) -> Fault {
    state.hostReason = "the operation '\(name)' is not evaluated"
    return Fault(.unsupported, "an operation that is not evaluated")
  }

  private func compute(_ instruction: Instruction, _ state: EvaluationState) throws(Fault) -> ReferenceValue {
    let types = module.types
    let type = instruction.type
    let form = types.form(type)
    switch instruction.operation {
    case .integer(let value):
      switch form {
      case .nothing: return .nothing
      case .integer, .boolean: return .word(Scalars.canonical(UInt64(bitPattern: value), form))
      case .float64: return .float(Double(value))
      case .float32: return .single(Float(value))
      case .aggregate: throw Fault(.malformed, "an integer constant of an aggregate type")
      }
    case .float(let value):
      if form == .float32 { return .single(Float(value)) }
      guard form == .float64 else { throw Fault(.malformed, "a float constant of another type") }
      return .float(value)
    case .boolean(let value): return .word(value ? 1 : 0)
    case .isCompileTime: return .word(1)
    case .type(let subject): return .word(UInt64(subject.rawValue))
    case .string(let number):
      let text = try state.text(number)
      return .bytes(pair(text.address, text.count))
    case .null, .undefined:
      if form == .aggregate { return .bytes([UInt8](repeating: 0, count: Int(try checkedSize(type, state)))) }
      return ReferenceValue(word: 0, form: form)
    case .binary(let operation, let left, let right):
      return try binary(operation, try get(left), try get(right), left: self.type(of: left), form, state)
    case .unary(let operation, let operand):
      return try unary(operation, try get(operand), form)
    case .convert(let operation, let operand, let from):
      return try convert(operation, try get(operand), from: from, form)
    case .allocate(let subject):
      guard let layout = try? types.layout(subject) else { throw Fault(.malformed, "a type has no layout") }
      return .word(try state.memory.allocate(size: layout.size, alignment: layout.alignment))
    case .load(let pointer), .atomicLoad(let pointer, _): return try load(try get(pointer).asWord(), type, state)
    case .store(let pointer, let value, let stored), .atomicStore(let pointer, let value, let stored, _):
      let subject = stored == .void ? self.type(of: value) : stored
      try store(try get(value), subject, at: try get(pointer).asWord(), state)
      return .nothing
    case .addressOf(let operand): return .word(try address(operand, state))
    case .atomicUpdate(let kind, let pointer, let operand, let stored, _):
      let address = try get(pointer).asWord()
      let old = try load(address, stored, state)
      let storedForm = types.form(stored)
      let word = Scalars.update(
        kind, try old.asWord(), try get(operand).asWord(), isUnsigned: Scalars.isUnsigned(storedForm))
      try store(.word(Scalars.canonical(word, storedForm)), stored, at: address, state)
      return try coerce(old, to: type)
    case .atomicCompareExchange(let pointer, let expected, let desired, let stored, _):
      let address = try get(pointer).asWord()
      let old = try load(address, stored, state)
      if try old.bits() == (try coerce(try get(expected), to: stored)).bits() {
        try store(try get(desired), stored, at: address, state)
        return form == .aggregate
          ? .bytes([UInt8](repeating: 0, count: Int(try checkedSize(type, state))))
          : ReferenceValue(word: 0, form: form)
      }
      return try wrap(old, type, state)
    case .atomicFence: return .nothing
    case .callBuiltin(let builtin, let arguments): return try call(builtin, arguments, instruction, state)
    case .closure(let function, let environment):
      let word = environment == .none ? 0 : try get(environment).asWord()
      return .bytes(
        words([UInt64(function.rawValue) + 1, word], size: types.target.pointerSize))
    case .function(let function): return .word(Scalars.canonical(UInt64(function.rawValue) + 1, form))
    case .unsupported(let name): throw unsupported(name, state)
    default: return try aggregate(instruction, state)
    }
  }

  /// Two 8-byte words as bytes.
  private func pair(_ first: UInt64, _ second: UInt64) -> [UInt8] { words([first, second], size: 8) }

  private func words(_ values: [UInt64], size: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in values { for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) } }
    return bytes
  }

  /// The size of an aggregate that is about to be built, limited by what storage could hold.
  private func checkedSize(_ type: TypeID, _ state: EvaluationState) throws(Fault) -> UInt64 {
    let size = try state.size(of: type)
    guard size <= state.memory.limit else { throw .bytes }
    return size
  }

  /// The address a value stands for: a pointer itself, or the address of a fresh copy of an aggregate.
  private func address(_ operand: ValueID, _ state: EvaluationState) throws(Fault) -> UInt64 {
    switch try get(operand) {
    case .bytes(let bytes): return try spill(bytes, type(of: operand), state)
    case let value: return try value.asWord()
    }
  }

  private func binary(
    _ operation: BinaryOperator, _ left: ReferenceValue, _ right: ReferenceValue, left leftType: TypeID,
    _ form: RegisterForm, _ state: EvaluationState
  ) throws(Fault) -> ReferenceValue {
    func flag(_ value: Bool) -> ReferenceValue { .word(value ? 1 : 0) }
    func compare<T: Comparable>(_ left: T, _ right: T) -> Bool {
      switch operation {
      case .equal: return left == right
      case .notEqual: return left != right
      case .less: return left < right
      case .lessOrEqual: return left <= right
      case .greater: return left > right
      default: return left >= right
      }
    }
    switch operation {
    case .stringEqual, .stringNotEqual:
      let same = try text(left, state) == (try text(right, state))
      return flag(same == (operation == .stringEqual))
    case .booleanAnd, .booleanOr:
      let (a, b) = (try left.asWord() != 0, try right.asWord() != 0)
      return flag(operation == .booleanAnd ? a && b : a || b)
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
      switch (left, right) {
      case (.float(let left), .float(let right)): return flag(compare(left, right))
      case (.single(let left), .single(let right)): return flag(compare(left, right))
      case (.word(let left), .word(let right)):
        let leftForm = module.types.form(leftType)
        if leftForm == .boolean, operation != .equal, operation != .notEqual {
          throw Fault(.typeError, "booleans have no order")
        }
        if case .integer(64, false) = leftForm { return flag(compare(left, right)) }
        return flag(compare(Int64(bitPattern: left), Int64(bitPattern: right)))
      default: throw Fault(.malformed, "operands of a comparison are of different kinds")
      }
    default: break
    }
    switch (left, right) {
    case (.float(let left), .float(let right)):
      guard form == .float64 else { throw Fault(.malformed, "float operands with another result") }
      switch operation {
      case .add: return .float(left + right)
      case .subtract: return .float(left - right)
      case .multiply: return .float(left * right)
      case .divide, .modulo:
        guard right != 0 else { throw .division }
        return .float(operation == .divide ? left / right : Scalars.modulo(left, right))
      default: throw Fault(.malformed, "floats have no bitwise operations")
      }
    case (.single(let left), .single(let right)):
      guard form == .float32 else { throw Fault(.malformed, "float operands with another result") }
      switch operation {
      case .add: return .single(left + right)
      case .subtract: return .single(left - right)
      case .multiply: return .single(left * right)
      case .divide, .modulo:
        guard right != 0 else { throw .division }
        return .single(operation == .divide ? left / right : Scalars.modulo(left, right))
      default: throw Fault(.malformed, "floats have no bitwise operations")
      }
    case (.word(let left), .word(let right)):
      switch form {
      case .integer, .boolean: break
      default: throw Fault(.malformed, "integer operands with another result")
      }
      let isUnsigned = Scalars.isUnsigned(form)
      let word: UInt64
      switch operation {
      case .add: word = left &+ right
      case .subtract: word = left &- right
      case .multiply: word = left &* right
      case .divide, .modulo:
        guard right != 0 else { throw .division }
        if isUnsigned {
          word = operation == .divide ? left / right : left % right
        } else {
          let (a, b) = (Int64(bitPattern: left), Int64(bitPattern: right))
          word = UInt64(bitPattern: operation == .divide ? Scalars.divide(a, b) : Scalars.modulo(a, b))
        }
      case .bitAnd: word = left & right
      case .bitOr: word = left | right
      case .bitXor: word = left ^ right
      case .shiftLeft: word = Scalars.shiftLeft(left, right)
      default: word = Scalars.shiftRight(left, right, isSigned: !isUnsigned)
      }
      return .word(Scalars.canonical(word, form))
    default: throw Fault(.malformed, "operands of an operation are of different kinds")
    }
  }

  private func text(_ value: ReferenceValue, _ state: EvaluationState) throws(Fault) -> [UInt8] {
    let bytes = try value.asBytes()
    return try state.memory.bytes(
      try ReferenceValue.word(in: bytes, at: 0, size: 8), try ReferenceValue.word(in: bytes, at: 8, size: 8))
  }

  private func unary(_ operation: UnaryOperator, _ operand: ReferenceValue, _ form: RegisterForm) throws(Fault)
    -> ReferenceValue
  {
    switch (operation, operand) {
    case (.negate, .float(let value)): return .float(-value)
    case (.negate, .single(let value)): return .single(-value)
    case (.negate, .word(let word)): return .word(Scalars.canonical(0 &- word, form))
    case (.bitNot, .word(let word)): return .word(Scalars.canonical(~word, form))
    case (.booleanNot, .word(let word)): return .word(word == 0 ? 1 : 0)
    default: throw Fault(.malformed, "an operand is not of the kind the operation needs")
    }
  }

  private func convert(_ operation: ConversionOperator, _ operand: ReferenceValue, from: TypeID, _ form: RegisterForm)
    throws(Fault) -> ReferenceValue
  {
    let mismatch = Fault(.malformed, "a conversion between kinds it is not made for")
    switch operation {
    case .widen, .narrow:
      switch (operand, form) {
      case (.float(let value), .float32): return .single(Float(value))
      case (.single(let value), .float64): return .float(Double(value))
      case (.float, .float64), (.single, .float32): return operand
      case (.word(let word), .integer), (.word(let word), .boolean): return .word(Scalars.canonical(word, form))
      default: throw mismatch
      }
    case .bitcast:
      switch (operand, form) {
      case (.bytes, .aggregate), (.nothing, .nothing): return operand
      case (.bytes, _), (_, .aggregate), (.nothing, _), (_, .nothing): throw mismatch
      default: return ReferenceValue(word: try operand.bits(), form: form)
      }
    case .integerToFloat:
      let word = try operand.asWord()
      let isUnsigned = Scalars.isUnsigned(module.types.form(from))
      switch form {
      case .float64: return .float(isUnsigned ? Double(word) : Double(Int64(bitPattern: word)))
      case .float32: return .single(isUnsigned ? Float(word) : Float(Int64(bitPattern: word)))
      default: throw mismatch
      }
    case .floatToInteger:
      let value: Double
      switch operand {
      case .float(let double): value = double
      case .single(let single): value = Double(single)
      default: throw mismatch
      }
      guard case .integer = form else { throw mismatch }
      guard let word = Scalars.integer(value, form) else { throw .conversion }
      return .word(word)
    }
  }

  /// A present optional of the given type.
  private func wrap(_ value: ReferenceValue, _ type: TypeID, _ state: EvaluationState) throws(Fault) -> ReferenceValue {
    guard case .optional(let child) = module.types[type] else { throw Fault(.malformed, "not an optional type") }
    let payload = try coerce(value, to: child)
    guard let form = try? module.types.optionalForm(child: child) else {
      throw Fault(.malformed, "a type has no layout")
    }
    if form == .pointer { return payload }
    var bytes = [UInt8](repeating: 0, count: Int(try checkedSize(type, state)))
    try payload.write(into: &bytes, at: 0, size: try state.size(of: child))
    if case .flag(let offset) = form, offset < UInt64(bytes.count) { bytes[Int(offset)] = 1 }
    return .bytes(bytes)
  }

  private func isPresent(_ value: ReferenceValue, _ type: TypeID) throws(Fault) -> (Bool, TypeID) {
    guard case .optional(let child) = module.types[type], let form = try? module.types.optionalForm(child: child) else {
      throw Fault(.malformed, "not an optional")
    }
    switch form {
    case .pointer: return (try value.asWord() != 0, child)
    case .nullFirstWord:
      let word = try ReferenceValue.word(in: try value.asBytes(), at: 0, size: module.types.target.pointerSize)
      return (word != 0, child)
    case .flag(let offset): return (try ReferenceValue.word(in: try value.asBytes(), at: offset, size: 1) != 0, child)
    }
  }

  private func unwrap(_ value: ReferenceValue, _ child: TypeID, _ state: EvaluationState) throws(Fault)
    -> ReferenceValue
  {
    guard case .bytes(let bytes) = value else { return value }
    return try ReferenceValue.read(bytes, at: 0, size: try state.size(of: child), form: module.types.form(child))
  }

  /// Reads a part at an offset of an aggregate value or behind a pointer.
  private func part(_ base: ReferenceValue, _ offset: UInt64, _ type: TypeID, _ state: EvaluationState) throws(Fault)
    -> ReferenceValue
  {
    if case .bytes(let bytes) = base {
      return try ReferenceValue.read(bytes, at: offset, size: try state.size(of: type), form: module.types.form(type))
    }
    return try load(try base.asWord() &+ offset, type, state)
  }

  private func fieldOffset(_ base: ValueID, _ index: UInt32, _ override: TypeID?) throws(Fault) -> (UInt64, TypeID) {
    let subject = module.types.withoutPointer(override ?? type(of: base))
    guard let offset = try? module.types.offset(of: Int(index), in: subject),
      let member = module.types.memberType(Int(index), of: subject)
    else { throw Fault(.malformed, "the type has no such field") }
    return (offset, member)
  }

  /// Where an indexed element lies: in the bytes of a value, or in memory.
  private enum Element {
    case inside([UInt8], UInt64)
    case memory(UInt64)
  }

  private func element(_ base: ValueID, _ index: ValueID, _ element: TypeID, _ state: EvaluationState) throws(Fault)
    -> Element
  {
    let position = try get(index).asWord()
    let size = try state.size(of: element)
    let value = try get(base)
    switch module.types[type(of: base)] {
    case .array(_, let length), .vector(_, let length):
      guard position < UInt64(length) else { throw .index }
      return .inside(try value.asBytes(), position &* size)
    case .slice, .string:
      let bytes = try value.asBytes()
      guard position < (try ReferenceValue.word(in: bytes, at: 8, size: 8)) else { throw .index }
      return .memory(try ReferenceValue.word(in: bytes, at: 0, size: 8) &+ position &* size)
    case .pointer(let pointee):
      if let length = module.types.checkedLength(pointee, element: element) {
        guard position < length else { throw .index }
      }
      return .memory(try value.asWord() &+ position &* size)
    default: return .memory(try value.asWord() &+ position &* size)
    }
  }

  private func aggregate(_ instruction: Instruction, _ state: EvaluationState) throws(Fault) -> ReferenceValue {
    let types = module.types
    let type = instruction.type
    switch instruction.operation {
    case .aggregate(let parts):
      var bytes = [UInt8](repeating: 0, count: Int(try checkedSize(type, state)))
      for (index, part) in parts.enumerated() {
        guard let member = types.memberType(index, of: type), let offset = try? types.offset(of: index, in: type) else {
          throw Fault(.malformed, "an aggregate has more parts than its type")
        }
        try coerce(try get(part), to: member).write(into: &bytes, at: offset, size: try state.size(of: member))
      }
      return .bytes(bytes)
    case .field(let base, let index, let override), .unionField(let base, let index, let override):
      let (offset, member) = try fieldOffset(base, index, override)
      return try coerce(try part(try get(base), offset, member, state), to: type)
    case .fieldAddress(let base, let index, let override), .unionFieldAddress(let base, let index, let override):
      let (offset, _) = try fieldOffset(base, index, override)
      return .word(try address(base, state) &+ offset)
    case .index(let base, let index):
      switch try element(base, index, type, state) {
      case .inside(let bytes, let offset):
        return try ReferenceValue.read(bytes, at: offset, size: try state.size(of: type), form: types.form(type))
      case .memory(let address): return try load(address, type, state)
      }
    case .indexAddress(let base, let index):
      guard let subject = types.elementType(self.type(of: base)) ?? types.pointee(type) else {
        throw Fault(.malformed, "the operand cannot be indexed")
      }
      let elementType = types.pointee(type) ?? subject
      switch try element(base, index, elementType, state) {
      case .inside(let bytes, let offset): return .word(try spill(bytes, self.type(of: base), state) &+ offset)
      case .memory(let address): return .word(address)
      }
    case .length(let operand):
      let subject = types.withoutPointer(self.type(of: operand))
      if let count = types.staticLength(subject) { return .word(count) }
      return try part(try get(operand), 8, .i64, state)
    case .dataPointer(let operand): return try coerce(try part(try get(operand), 0, .u64, state), to: type)
    case .arrayToSlice(let operand):
      guard let count = types.staticLength(types.withoutPointer(self.type(of: operand))) else {
        throw Fault(.malformed, "the operand is not an array")
      }
      return .bytes(pair(try address(operand, state), count))
    case .subslice(let base, let low, let high, let subject):
      return try subslice(base, try get(low).asWord(), try get(high).asWord(), subject, type, state)
    case .optionalWrap(let operand): return try wrap(try get(operand), type, state)
    case .optionalHasValue(let operand): return .word(try isPresent(try get(operand), self.type(of: operand)).0 ? 1 : 0)
    case .optionalUnwrap(let operand):
      let (present, child) = try isPresent(try get(operand), self.type(of: operand))
      guard present else { throw .absent }
      return try coerce(try unwrap(try get(operand), child, state), to: type)
    case .optionalCoalesce(let operand, let otherwise):
      let (present, child) = try isPresent(try get(operand), self.type(of: operand))
      return try coerce(present ? try unwrap(try get(operand), child, state) : try get(otherwise), to: type)
    case .enumeration(let tag, let payload):
      guard case .taggedUnion(let union) = types[type] else {
        return .word(Scalars.canonical(UInt64(bitPattern: tag), types.form(type)))
      }
      var bytes = [UInt8](repeating: 0, count: Int(try checkedSize(type, state)))
      let tagType = union.tag ?? .i64
      try ReferenceValue.word(UInt64(bitPattern: tag)).write(into: &bytes, at: 0, size: try state.size(of: tagType))
      if payload != .none {
        guard let header = try? types.header(union) else { throw Fault(.malformed, "a type has no layout") }
        try get(payload).write(into: &bytes, at: header, size: try state.size(of: self.type(of: payload)))
      }
      return .bytes(bytes)
    case .enumerationTag(let operand):
      let subject = types.withoutPointer(self.type(of: operand))
      guard case .taggedUnion(let union) = types[subject] else { return try coerce(try get(operand), to: type) }
      return try coerce(try part(try get(operand), 0, union.tag ?? .i64, state), to: type)
    case .enumerationPayload(let base, _, let override):
      let subject = types.withoutPointer(override ?? self.type(of: base))
      guard case .taggedUnion(let union) = types[subject], let header = try? types.header(union) else {
        throw Fault(.malformed, "not a tagged union")
      }
      return try part(try get(base), header, type, state)
    case .boxAny(let operand, let source): return .bytes(pair(try address(operand, state), UInt64(source.rawValue)))
    case .unboxAny(let operand): return try load(try part(try get(operand), 0, .u64, state).asWord(), type, state)
    case .anyData(let operand): return try coerce(try part(try get(operand), 0, .u64, state), to: type)
    case .makeAny(let tag, let data): return .bytes(pair(try get(data).asWord(), try get(tag).asWord()))
    case .fieldName(let subject, let index):
      return try value(try state.ask(.memberName, subject, index: try get(index).asWord()), .string, state)
    case .fieldValue(let base, let index, let subject):
      let position = Int(exactly: Int64(bitPattern: try get(index).asWord())) ?? -1
      guard let member = types.memberType(position, of: subject),
        let offset = try? types.offset(of: position, in: subject)
      else { throw Fault(.unsupported, "the type has no such member") }
      return .bytes(pair(try address(base, state) &+ offset, UInt64(member.rawValue)))
    case .errorName(let operand):
      let tag = ErrorTag(UInt32(truncatingIfNeeded: try get(operand).asWord()))
      return try value(try state.newTextValue(Array((types.errors.name(tag) ?? "").utf8)), .string, state)
    case .traceResolve(let operand):
      return try value(try state.resolveTrace(try get(operand).asWord(), type), type, state)
    case .vectorSplat(let operand):
      guard case .vector(let element, let lanes) = types[type] else { throw Fault(.malformed, "not a vector") }
      var bytes = [UInt8](repeating: 0, count: Int(try checkedSize(type, state)))
      let size = try state.size(of: element)
      let lane = try coerce(try get(operand), to: element)
      for index in 0..<UInt64(lanes) { try lane.write(into: &bytes, at: index * size, size: size) }
      return .bytes(bytes)
    case .vectorExtract(let vector, let lane):
      guard case .vector(let element, let lanes) = types[self.type(of: vector)] else {
        throw Fault(.malformed, "not a vector")
      }
      let index = try get(lane).asWord()
      guard index < UInt64(lanes) else { throw .index }
      return try coerce(try part(try get(vector), index &* (try state.size(of: element)), element, state), to: type)
    case .vectorInsert(let vector, let operand, let lane):
      guard case .vector(let element, let lanes) = types[self.type(of: vector)] else {
        throw Fault(.malformed, "not a vector")
      }
      let index = try get(lane).asWord()
      guard index < UInt64(lanes) else { throw .index }
      var bytes = try get(vector).asBytes()
      let size = try state.size(of: element)
      try coerce(try get(operand), to: element).write(into: &bytes, at: index &* size, size: size)
      return .bytes(bytes)
    default: throw unsupported("this operation", state)
    }
  }

  private func subslice(
    _ base: ValueID, _ low: UInt64, _ high: UInt64, _ subject: TypeID, _ type: TypeID, _ state: EvaluationState
  ) throws(Fault) -> ReferenceValue {
    let types = module.types
    let element = types.elementType(type) ?? .u8
    let size = try state.size(of: element)
    var length = UInt64.max >> 1
    let start: UInt64
    switch types[self.type(of: base)] {
    case .slice, .string:
      let bytes = try get(base).asBytes()
      start = try ReferenceValue.word(in: bytes, at: 0, size: 8)
      length = try ReferenceValue.word(in: bytes, at: 8, size: 8)
    case .array(_, let count):
      start = try address(base, state)
      length = UInt64(count)
    case .pointer(let pointee):
      start = try get(base).asWord()
      if let count = types.checkedLength(pointee, element: element) { length = count }
    default: start = try get(base).asWord()
    }
    guard low <= high, high <= length else { throw .index }
    return .bytes(pair(start &+ low &* size, high &- low))
  }

  private func call(_ builtin: Builtin, _ arguments: [ValueID], _ instruction: Instruction, _ state: EvaluationState)
    throws(Fault) -> ReferenceValue
  {
    func argument(_ index: Int) throws(Fault) -> ReferenceValue {
      guard index < arguments.count else { throw Fault(.malformed, "a builtin was given too few arguments") }
      return try get(arguments[index])
    }
    func subject(_ index: Int) throws(Fault) -> TypeID {
      let value = try argument(index)
      guard case .bytes(let bytes) = value else { return TypeID(UInt32(truncatingIfNeeded: try value.asWord())) }
      let held = TypeID(UInt32(truncatingIfNeeded: try ReferenceValue.word(in: bytes, at: 8, size: 8)))
      guard held == .type else { return held }
      let data = try ReferenceValue.word(in: bytes, at: 0, size: 8)
      return TypeID(UInt32(truncatingIfNeeded: try state.memory.word(data, 8)))
    }
    func float(_ body: (Double) -> Double) throws(Fault) -> ReferenceValue {
      switch try argument(0) {
      case .float(let value): return .float(body(value))
      case .single(let value): return .single(Float(body(Double(value))))
      default: throw Fault(.malformed, "an operand is not of the kind the operation needs")
      }
    }
    let result: ReferenceValue
    switch builtin {
    case .squareRoot, .sine, .cosine, .floor: result = try float { FloatFunctions.apply(builtin, $0) }
    case .memoryMark: result = .word(state.memory.mark)
    case .memoryReset:
      try state.memory.reset(to: try argument(0).asWord())
      result = .nothing
    case .typeEqual: result = .word(try subject(0) == (try subject(1)) ? 1 : 0)
    case .typeInfo:
      return try value(try state.typeInfo(try subject(0), as: instruction.type), instruction.type, state)
    case .typeName: return try value(try state.ask(builtin, try subject(0), index: 0), .string, state)
    case .memberName:
      return try value(try state.ask(builtin, try subject(0), index: try argument(1).asWord()), .string, state)
    case .memberType, .memberOffset, .variantValue:
      result = .word(try state.ask(builtin, try subject(0), index: try argument(1).asWord()))
    default: result = .word(try state.ask(builtin, try subject(0), index: 0))
    }
    return try coerce(result, to: instruction.type)
  }
}
