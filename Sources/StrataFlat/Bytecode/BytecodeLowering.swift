// What each operation becomes in machine instructions.
// Guarantees: see `BytecodeCompiler`. The operations follow the order of the reference evaluator's list.

extension BytecodeCompiler {
  /// Emits the code of one instruction that does not end its block.
  mutating func lower(_ instruction: Instruction) {
    let index = Int(value.rawValue)
    switch analysis.homes[index] {
    case .constant, .comparison, .element, .masked: return
    case .variable: return
    case .offset:
      lowerBorrow(instruction)
      return
    default: break
    }
    if analysis.isUnused(value) { return }
    let type = instruction.type
    let form = types.form(type)
    switch instruction.operation {
    case .integer, .float, .boolean, .type, .isCompileTime, .function: break
    case .null, .undefined: if form == .aggregate { emitAllocate(result(), type) }
    case .string(let number):
      emit(Code(.text, a: result(), x: Int32(bitPattern: number.rawValue)))
    case .binary(let operation, let left, let right): lower(operation, left, right, form)
    case .unary(let operation, let operand): lower(operation, operand, form)
    case .convert(let operation, let operand, let from): lower(operation, operand, from: from, type)
    case .allocate(let subject):
      let variable = analysis.variable[index]
      if variable >= 0 {
        if !analysis.isStoredFirst[variable] { emitImmediate(analysis.variableRegister[variable], 0) }
      } else {
        emitAllocate(result(), subject)
      }
    case .load(let pointer), .atomicLoad(let pointer, _): lowerLoad(pointer, type)
    case .store(let pointer, let value, let stored), .atomicStore(let pointer, let value, let stored, _):
      lowerStore(pointer, value, stored == .void ? analysis.type(value) : stored)
    case .addressOf(let operand):
      let source = addressOf(operand)
      emitMove(result(), source)
    case .atomicUpdate(let kind, let pointer, let operand, let stored, _):
      let (pointer, operand) = (self.operand(pointer), self.operand(operand))
      let result = result()
      emit(slow: .atomicUpdate(kind, result: result, pointer: pointer, value: operand, type: stored))
      coerce(result, types.form(stored), form)
    case .atomicCompareExchange(let pointer, let expected, let desired, let stored, _):
      let pointer = operand(pointer)
      let expected = coerced(expected, to: stored)
      let desired = coerced(desired, to: stored)
      emit(
        slow: .compareExchange(
          result: result(), pointer: pointer, expected: expected, desired: desired, stored: stored, optional: type))
    case .atomicFence: break
    case .call, .callIndirect, .callClosure: lowerCall(instruction)
    case .callBuiltin(let builtin, let arguments): lower(builtin, arguments, instruction)
    case .closure(let function, let environment):
      let size = types.target.pointerSize
      let target = result()
      emitAllocate(target, type)
      let word = temporary()
      emitImmediate(word, UInt64(function.rawValue) + 1)
      emitStoreWord(target, 0, word, size)
      if environment != .none { emitStoreWord(target, Int32(size), operand(environment), size) }
    case .global, .globalAddress, .setGlobal: lowerGlobal(instruction)
    case .traceFrame:
      emitImmediate(result(), UInt64(id.rawValue) << 32 | UInt64(instruction.span.start))
    case .printFrames: emit(slow: .printFrames)
    case .unsupported(let name): emit(slow: .unsupported(name))
    default: lowerAggregate(instruction)
    }
  }

  // MARK: Small pieces

  /// Brings a register from one form's bits to another's.
  mutating func coerce(_ register: UInt16, _ from: RegisterForm, _ to: RegisterForm) {
    if from != to { extend(register, to) }
  }

  /// Brings a word in a register into the canonical form.
  mutating func extend(_ register: UInt16, _ form: RegisterForm) {
    switch form {
    case .integer(let bits, let isSigned):
      switch (bits, isSigned) {
      case (64, _): break
      case (8, true): emit(Code(.extend8, a: register, b: register))
      case (16, true): emit(Code(.extend16, a: register, b: register))
      case (32, true): emit(Code(.extend32, a: register, b: register))
      case (8, false): emit(Code(.zero8, a: register, b: register))
      case (16, false): emit(Code(.zero16, a: register, b: register))
      case (32, false): emit(Code(.zero32, a: register, b: register))
      default: emit(Code(isSigned ? .extend : .zero, a: register, b: register, x: Int32(bits)))
      }
    case .boolean: emit(Code(.toBoolean, a: register, b: register))
    default: break
    }
  }

  /// A register with a value as another type expects it.
  mutating func coerced(_ value: ValueID, to type: TypeID) -> UInt16 {
    let form = types.form(type)
    let source = operand(value)
    guard analysis.form(value) != form, form != .aggregate, form != .nothing else { return source }
    let register = temporary()
    emitMove(register, source)
    extend(register, form)
    return register
  }

  mutating func emitAllocate(_ register: UInt16, _ type: TypeID) {
    let layout = (try? types.layout(type)) ?? TypeLayout(size: 8, alignment: 8)
    emitAllocate(register, size: layout.size, alignment: layout.alignment)
  }

  mutating func emitAllocate(_ register: UInt16, size: UInt64, alignment: UInt64) {
    if let size = Int32(exactly: size), let alignment = Int32(exactly: alignment) {
      emit(Code(.allocate, a: register, x: size, y: alignment))
    } else {
      emit(slow: .allocate(result: register, size: size, alignment: alignment))
    }
  }

  mutating func emitCopyFresh(_ register: UInt16, from source: UInt16, _ type: TypeID, _ size: UInt64) {
    let alignment = (try? types.layout(type))?.alignment ?? 8
    if let small = Int32(exactly: size), let boundary = Int32(exactly: alignment) {
      emit(Code(.copyFresh, a: register, b: source, x: small, y: boundary))
    } else {
      let fresh = temporary()
      emit(slow: .check(source, size: size))
      emit(slow: .allocate(result: fresh, size: size, alignment: alignment))
      emit(slow: .copy(target: fresh, source: source, size: size))
      emitMove(register, fresh)
    }
  }

  mutating func emitCopy(_ target: UInt16, _ source: UInt16, _ size: UInt64) {
    if let small = Int32(exactly: size) {
      emit(Code(.copy, a: target, b: source, x: small))
    } else {
      emit(slow: .copy(target: target, source: source, size: size))
    }
  }

  mutating func emitCheck(_ register: UInt16, _ offset: Int32, _ size: UInt64) {
    if let small = Int32(exactly: size) {
      emit(Code(.check, a: register, x: small, y: offset))
    } else {
      let start = temporary()
      emit(Code(.addImmediate, a: start, b: register, x: offset))
      emit(slow: .check(start, size: size))
    }
  }

  mutating func emitStoreWord(_ base: UInt16, _ offset: Int32, _ source: UInt16, _ size: UInt64) {
    let opcode: Opcode
    switch size {
    case 1: opcode = .store8
    case 2: opcode = .store16
    case 4: opcode = .store32
    default: opcode = .store64
    }
    emit(Code(opcode, a: base, b: source, x: offset))
  }

  /// Reads a scalar at a distance from an address.
  mutating func emitLoad(_ target: UInt16, _ base: UInt16, _ offset: Int32, _ type: TypeID) {
    let size = size(type)
    switch types.form(type) {
    case .boolean: emit(Code(.loadBoolean, a: target, b: base, x: offset))
    case .float32: emit(Code(.load32, a: target, b: base, x: offset))
    case .float64: emit(Code(.load64, a: target, b: base, x: offset))
    case .integer(let bits, let isSigned):
      let opcode: Opcode
      switch size {
      case 1: opcode = isSigned ? .loadSigned8 : .load8
      case 2: opcode = isSigned ? .loadSigned16 : .load16
      case 4: opcode = isSigned ? .loadSigned32 : .load32
      default: opcode = .load64
      }
      emit(Code(opcode, a: target, b: base, x: offset))
      if UInt64(bits) != size * 8 { extend(target, types.form(type)) }
    case .nothing, .aggregate: break
    }
  }

  /// Writes a value, scalar or aggregate, at a distance from an address.
  mutating func emitWrite(_ base: UInt16, _ offset: UInt64, _ value: ValueID, _ type: TypeID) {
    let form = types.form(type)
    if form == .nothing { return }
    if form == .aggregate {
      let source = operand(value)
      emitCopy(at(base, offset), source, size(type))
      return
    }
    let source = coerced(value, to: type)
    if let small = Int32(exactly: offset) {
      emitStoreWord(base, small, source, size(type))
    } else {
      emitStoreWord(at(base, offset), 0, source, size(type))
    }
  }

  /// A register with an address at a distance from another.
  mutating func at(_ base: UInt16, _ offset: UInt64) -> UInt16 {
    if offset == 0 { return base }
    let register = temporary()
    if let small = Int32(exactly: offset) {
      emit(Code(.addImmediate, a: register, b: base, x: small))
    } else {
      emitImmediate(register, offset)
      emit(Code(.add, a: register, b: base, c: register))
    }
    return register
  }

  /// The address a value stands for: itself, or that of a fresh copy of an aggregate.
  mutating func addressOf(_ value: ValueID) -> UInt16 {
    let source = operand(value)
    guard analysis.form(value) == .aggregate else { return source }
    let register = temporary()
    let type = analysis.type(value)
    emitCopyFresh(register, from: source, type, size(type))
    return register
  }

  // MARK: Scalars

  mutating func lower(_ operation: BinaryOperator, _ left: ValueID, _ right: ValueID, _ form: RegisterForm) {
    switch operation {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
      lowerComparison(operation, left, right, form)
      return
    case .stringEqual, .stringNotEqual:
      let (a, b) = (operand(left), operand(right))
      emit(slow: .stringEqual(result: result(), a, b, isEqual: operation == .stringEqual))
      return
    case .booleanAnd, .booleanOr:
      let (a, b) = (coerced(left, to: .boolean), coerced(right, to: .boolean))
      emit(Code(operation == .booleanAnd ? .and : .or, a: result(), b: a, c: b))
      return
    default: break
    }
    if form == .float64 || form == .float32 {
      let isDouble = form == .float64
      let opcode: Opcode
      switch operation {
      case .add: opcode = isDouble ? .addDouble : .addSingle
      case .subtract: opcode = isDouble ? .subtractDouble : .subtractSingle
      case .multiply: opcode = isDouble ? .multiplyDouble : .multiplySingle
      case .divide: opcode = isDouble ? .divideDouble : .divideSingle
      default: opcode = isDouble ? .moduloDouble : .moduloSingle
      }
      let (a, b) = (operand(left), operand(right))
      emit(Code(opcode, a: result(), b: a, c: b))
      return
    }
    let target = lowerInteger(operation, left, right, isUnsigned: Scalars.isUnsigned(form))
    if operation == .bitAnd || operation == .bitOr || operation == .bitXor, analysis.form(left) == form,
      analysis.form(right) == form
    {
      return
    }
    extend(target, form)
  }

  private mutating func lowerInteger(_ operation: BinaryOperator, _ left: ValueID, _ right: ValueID, isUnsigned: Bool)
    -> UInt16
  {
    var (left, right) = (left, right)
    if constant(left) != nil, constant(right) == nil {
      switch operation {
      case .add, .multiply, .bitAnd: swap(&left, &right)
      default: break
      }
    }
    if let immediate = immediate(right) {
      switch operation {
      case .add, .subtract, .multiply, .bitAnd:
        // The most negative immediate has no opposite.
        if operation == .subtract, immediate == .min { break }
        let source = operand(left)
        let target = result()
        let opcode: Opcode =
          operation == .multiply ? .multiplyImmediate : operation == .bitAnd ? .andImmediate : .addImmediate
        emit(Code(opcode, a: target, b: source, x: operation == .subtract ? -immediate : immediate))
        return target
      case .shiftLeft, .shiftRight:
        let source = operand(left)
        let target = result()
        let amount = Int32(clamping: min(UInt64(bitPattern: Int64(immediate)), 63))
        let opcode: Opcode =
          operation == .shiftLeft
          ? .shiftLeftImmediate
          : isUnsigned ? .shiftRightUnsignedImmediate : .shiftRightImmediate
        emit(Code(opcode, a: target, b: source, x: amount))
        return target
      case .divide, .modulo:
        if !isUnsigned, immediate != 0, immediate != -1 {
          let source = operand(left)
          let target = result()
          let isPower = immediate > 0 && immediate & (immediate - 1) == 0
          if operation == .modulo, isPower {
            // The floored remainder by a power of two is the low bits, whatever the sign.
            emit(Code(.andImmediate, a: target, b: source, x: immediate - 1))
          } else if operation == .divide, isPower {
            emit(Code(.dividePower, a: target, b: source, x: Int32(immediate.trailingZeroBitCount)))
          } else {
            emit(Code(operation == .divide ? .divideImmediate : .moduloImmediate, a: target, b: source, x: immediate))
          }
          return target
        }
      default: break
      }
    }
    let (a, b) = (operand(left), operand(right))
    let target = result()
    let opcode: Opcode
    switch operation {
    case .add: opcode = .add
    case .subtract: opcode = .subtract
    case .multiply: opcode = .multiply
    case .divide: opcode = isUnsigned ? .divideUnsigned : .divide
    case .modulo: opcode = isUnsigned ? .moduloUnsigned : .modulo
    case .bitAnd: opcode = .and
    case .bitOr: opcode = .or
    case .bitXor: opcode = .xor
    case .shiftLeft: opcode = .shiftLeft
    default: opcode = isUnsigned ? .shiftRightUnsigned : .shiftRight
    }
    emit(Code(opcode, a: target, b: a, c: b))
    return target
  }

  private mutating func lowerComparison(
    _ operation: BinaryOperator, _ left: ValueID, _ right: ValueID, _ form: RegisterForm
  ) {
    var (operation, left, right) = (operation, left, right)
    let leftForm = analysis.form(left)
    if leftForm == .boolean, operation != .equal, operation != .notEqual {
      emit(slow: .unsupported(BytecodeCompiler.booleanOrder))
      return
    }
    let isUnsigned = leftForm == .integer(bits: 64, isSigned: false)
    let isFloat = leftForm == .float64 || leftForm == .float32
    if !isFloat, let immediate = immediate(right), !isUnsigned || operation == .equal || operation == .notEqual {
      let opcode: Opcode?
      switch operation {
      case .equal: opcode = .equalImmediate
      case .notEqual: opcode = .notEqualImmediate
      case .less: opcode = .lessImmediate
      case .greater: opcode = .greaterImmediate
      default: opcode = nil
      }
      if let opcode {
        let source = operand(left)
        emit(Code(opcode, a: result(), b: source, x: immediate))
        return
      }
    }
    if operation == .greater || operation == .greaterOrEqual {
      swap(&left, &right)
      operation = operation.mirrored
    }
    let opcode: Opcode
    switch (operation, leftForm) {
    case (.equal, .float64): opcode = .equalDouble
    case (.notEqual, .float64): opcode = .notEqualDouble
    case (.less, .float64): opcode = .lessDouble
    case (_, .float64): opcode = .lessOrEqualDouble
    case (.equal, .float32): opcode = .equalSingle
    case (.notEqual, .float32): opcode = .notEqualSingle
    case (.less, .float32): opcode = .lessSingle
    case (_, .float32): opcode = .lessOrEqualSingle
    case (.equal, _): opcode = .equal
    case (.notEqual, _): opcode = .notEqual
    case (.less, _): opcode = isUnsigned ? .lessUnsigned : .less
    default: opcode = isUnsigned ? .lessOrEqualUnsigned : .lessOrEqual
    }
    let (a, b) = (operand(left), operand(right))
    emit(Code(opcode, a: result(), b: a, c: b))
  }

  /// Stands for the failure of ordering booleans among the unsupported operations.
  static let booleanOrder = "<"

  mutating func lower(_ operation: UnaryOperator, _ operand: ValueID, _ form: RegisterForm) {
    let source = self.operand(operand)
    let target = result()
    switch operation {
    case .negate:
      if form == .float64 || form == .float32 {
        emit(Code(form == .float64 ? .negateDouble : .negateSingle, a: target, b: source))
        return
      }
      emit(Code(.negate, a: target, b: source))
      extend(target, form)
    case .bitNot:
      emit(Code(.not, a: target, b: source))
      extend(target, form)
    case .booleanNot: emit(Code(.booleanNot, a: target, b: source))
    }
  }

  mutating func lower(_ operation: ConversionOperator, _ operand: ValueID, from: TypeID, _ type: TypeID) {
    let form = types.form(type)
    let fromForm = analysis.form(operand)
    let source = self.operand(operand)
    let target = result()
    func isFloat(_ form: RegisterForm) -> Bool { form == .float64 || form == .float32 }
    switch operation {
    case .widen, .narrow:
      switch (fromForm, form) {
      case (.float64, .float32): emit(Code(.doubleToSingle, a: target, b: source))
      case (.float32, .float64): emit(Code(.singleToDouble, a: target, b: source))
      default:
        emitMove(target, source)
        if !isFloat(form) { coerce(target, fromForm, form) }
      }
    case .bitcast:
      if form == .aggregate, analysis.mustCopy[Int(value.rawValue)] {
        emitCopyFresh(target, from: source, type, size(type))
        return
      }
      emitMove(target, source)
      if form == .float32, fromForm != .float32 {
        emit(Code(.zero32, a: target, b: target))
      } else if !isFloat(form), form != .aggregate {
        coerce(target, isFloat(fromForm) ? .float64 : fromForm, form)
      }
    case .integerToFloat:
      let isUnsigned = Scalars.isUnsigned(types.form(from))
      let opcode: Opcode =
        form == .float64
        ? (isUnsigned ? .unsignedToDouble : .signedToDouble) : (isUnsigned ? .unsignedToSingle : .signedToSingle)
      emit(Code(opcode, a: target, b: source))
    case .floatToInteger:
      guard case .integer(let bits, let isSigned) = form else { return }
      emit(
        Code(
          fromForm == .float64 ? .doubleToInteger : .singleToInteger, a: target, b: source, x: Int32(bits),
          y: isSigned ? 1 : 0))
    }
  }

  // MARK: Memory

  /// An aggregate read that is used where it lies: only the check remains.
  private mutating func lowerBorrow(_ instruction: Instruction) {
    let pointer: ValueID
    switch instruction.operation {
    case .load(let operand), .atomicLoad(let operand, _): pointer = operand
    case .field(let base, _, _), .unionField(let base, _, _):
      if analysis.form(base) == .aggregate { return }
      pointer = base
    default: return
    }
    // Storage that the function allocated itself stays valid unless the program may drop storage.
    if !analysis.storageMayBeDropped, case .allocate(let subject) = analysis.operation(pointer),
      case .load = instruction.operation, size(subject) >= size(instruction.type)
    {
      return
    }
    let (base, offset) = address(value)
    emitCheck(base, offset, size(instruction.type))
  }

  private mutating func lowerLoad(_ pointer: ValueID, _ type: TypeID) {
    let variable = Int(pointer.rawValue) < analysis.variable.count ? analysis.variable[Int(pointer.rawValue)] : -1
    if variable >= 0 {
      if case .none = analysis.homes[Int(value.rawValue)] { return }
      emitMove(result(), analysis.variableRegister[variable])
      return
    }
    let form = types.form(type)
    if form == .nothing { return }
    if form == .aggregate {
      let source = operand(pointer)
      emitCopyFresh(result(), from: source, type, size(type))
      return
    }
    if case .element(let base, let index, let length) = analysis.homes[Int(pointer.rawValue)] {
      setIndexPlace(pointer)
      let (base, index) = (operand(base), operand(index))
      let opcode: Opcode
      switch (form, size(type)) {
      case (.boolean, _): opcode = .indexedBoolean
      case (.integer(_, true), 1): opcode = .indexedSigned8
      case (.integer(_, true), 2): opcode = .indexedSigned16
      case (.integer(_, true), 4): opcode = .indexedSigned32
      case (_, 1): opcode = .indexed8
      case (_, 2): opcode = .indexed16
      case (_, 4): opcode = .indexed32
      default: opcode = .indexed64
      }
      emit(Code(opcode, a: result(), b: base, c: index, x: Int32(truncatingIfNeeded: length)))
      indexPlace = nil
      return
    }
    let (base, offset) = address(pointer)
    emitLoad(result(), base, offset, type)
  }

  private mutating func lowerStore(_ pointer: ValueID, _ stored: ValueID, _ type: TypeID) {
    if analysis.isSilentStore[Int(value.rawValue)] { return }
    let form = types.form(type)
    if form == .nothing { return }
    let variable = Int(pointer.rawValue) < analysis.variable.count ? analysis.variable[Int(pointer.rawValue)] : -1
    if variable >= 0 {
      let register = analysis.variableRegister[variable]
      if let bits = constant(stored) {
        emitImmediate(register, Scalars.canonical(bits, form))
      } else {
        emitMove(register, operand(stored))
        coerce(register, analysis.form(stored), form)
      }
      return
    }
    if form == .aggregate {
      let (target, source) = (operand(pointer), operand(stored))
      emitCopy(target, source, size(type))
      return
    }
    if case .element(let base, let index, let length) = analysis.homes[Int(pointer.rawValue)] {
      setIndexPlace(pointer)
      let (base, index, source) = (operand(base), operand(index), operand(stored))
      let opcode: Opcode
      switch size(type) {
      case 1: opcode = .storeIndexed8
      case 2: opcode = .storeIndexed16
      case 4: opcode = .storeIndexed32
      default: opcode = .storeIndexed64
      }
      var register = source
      if form == .boolean, analysis.form(stored) != .boolean { register = coerced(stored, to: type) }
      emit(Code(opcode, a: base, b: index, c: register, x: Int32(truncatingIfNeeded: length)))
      indexPlace = nil
      return
    }
    let source = coerced(stored, to: type)
    let (base, offset) = address(pointer)
    emitStoreWord(base, offset, source, size(type))
  }

  // MARK: Calls

  private mutating func lowerCall(_ instruction: Instruction) {
    let form = types.form(instruction.type)
    switch instruction.operation {
    case .call(let callee, let arguments):
      guard let target = module.function(callee), !lowerRequest(target, arguments, form) else { return }
      let base = placeArguments(arguments, as: target.parameters.map(\.type))
      let destination = form == .nothing ? base : result()
      if target.hasBody {
        emit(Code(.call, a: destination, b: base, c: stepsForCall(), x: Int32(bitPattern: callee.rawValue)))
      } else {
        emit(
          Code(
            .callService, a: destination, b: base, x: Int32(bitPattern: callee.rawValue),
            y: Int32(truncatingIfNeeded: arguments.count)))
      }
      if form != .nothing { coerceResult(destination, target.result, instruction.type) }
    case .callIndirect(let callee, let arguments):
      let word = operand(callee)
      callSites.append(
        CallSite(arguments: arguments.map(analysis.type), result: instruction.type, isClosure: false))
      let base = placeArguments(arguments, as: [])
      let destination = form == .nothing ? base : result()
      emit(
        Code(
          .callIndirect, a: destination, b: base, c: stepsForCall(), x: Int32(truncatingIfNeeded: callSites.count - 1),
          y: Int32(word)))
      if form != .nothing, form != .aggregate { extend(destination, form) }
    case .callClosure(let callee, let arguments):
      let (closure, offset) = address(callee)
      let size = types.target.pointerSize
      let word = temporary()
      let environment = temporary()
      let pointer = types.pointer(to: .void)
      emitLoad(word, closure, offset, pointer)
      emitLoad(environment, closure, offset &+ Int32(size), pointer)
      callSites.append(
        CallSite(arguments: arguments.map(analysis.type), result: instruction.type, isClosure: true))
      // The environment goes behind the context when there is one: the arguments are placed with a gap for it.
      let base = placeArguments(
        arguments, environment: environment, at: module.hasImplicitContext ? min(1, arguments.count) : 0)
      let destination = form == .nothing ? base : result()
      emit(
        Code(
          .callIndirect, a: destination, b: base, c: stepsForCall(), x: Int32(truncatingIfNeeded: callSites.count - 1),
          y: Int32(word)))
      if form != .nothing, form != .aggregate { extend(destination, form) }
    default: break
    }
  }

  /// A request for storage needs no call. Returns false for all other calls.
  private mutating func lowerRequest(_ target: Function, _ arguments: [ValueID], _ form: RegisterForm) -> Bool {
    let word = RegisterForm.integer(bits: 64, isSigned: false)
    guard !target.hasBody, target.parameters.count == 1, native(target) == .malloc,
      types.form(target.result) == word, form == word, size(target.parameters[0].type) == 8
    else { return false }
    if let size = constant(arguments[0]), size <= EvaluationState.largestRequest {
      emitAllocate(result(), size: size, alignment: 16)
    } else {
      let size = coerced(arguments[0], to: target.parameters[0].type)
      emit(Code(.allocateCount, a: result(), b: size))
    }
    return true
  }

  /// Brings a direct call's result into the form of the instruction's type.
  private mutating func coerceResult(_ register: UInt16, _ from: TypeID, _ to: TypeID) {
    let (from, to) = (types.form(from), types.form(to))
    if to != .aggregate { coerce(register, from, to) }
  }

  /// Places arguments with one more, already in a register, among them.
  private mutating func placeArguments(_ arguments: [ValueID], environment: UInt16, at gap: Int) -> UInt16 {
    let plain = placeArguments(arguments, as: [])
    noteFrame(through: Int(plain) + arguments.count + 2)
    var index = arguments.count
    while index > gap {
      emit(Code(.move, a: plain + UInt16(index), b: plain + UInt16(index - 1)))
      index -= 1
    }
    emit(Code(.move, a: plain + UInt16(gap), b: environment))
    return plain
  }

  private mutating func lowerGlobal(_ instruction: Instruction) {
    let global: GlobalID
    switch instruction.operation {
    case .global(let number), .globalAddress(let number), .setGlobal(let number, _): global = number
    default: return
    }
    let type = module.global(global)?.type ?? .unresolved
    let number = Int32(bitPattern: global.rawValue)
    if case .setGlobal(_, let value) = instruction.operation {
      let source = types.form(type) == .aggregate ? operand(value) : coerced(value, to: type)
      let place = temporary()
      // `c` says that the global is about to be overwritten, so that its initial value is not needed.
      emit(Code(.globalAddress, a: place, c: 1, x: number))
      switch types.form(type) {
      case .nothing: break
      case .aggregate: emitCopy(place, source, size(type))
      default: emitStoreWord(place, 0, source, size(type))
      }
      return
    }
    let scratch = temporary()
    emit(Code(.prepareGlobal, a: scratch, b: firstFree(), x: number))
    let form = types.form(instruction.type)
    if case .globalAddress = instruction.operation {
      emit(Code(.globalAddress, a: result(), x: number))
    } else if form == .aggregate {
      emit(Code(.globalAddress, a: scratch, x: number))
      if analysis.mustCopy[Int(value.rawValue)] {
        emitCopyFresh(result(), from: scratch, type, size(type))
      } else {
        emitMove(result(), scratch)
      }
    } else if form != .nothing {
      emit(Code(.globalAddress, a: scratch, x: number))
      let target = result()
      emitLoad(target, scratch, 0, type)
      coerce(target, types.form(type), form)
    }
  }

  // MARK: Builtins

  private mutating func subject(_ value: ValueID) -> SlowOperation.Subject {
    analysis.form(value) == .aggregate ? .any(operand(value)) : .type(operand(value))
  }

  private mutating func lower(_ builtin: Builtin, _ arguments: [ValueID], _ instruction: Instruction) {
    let form = types.form(instruction.type)
    switch builtin {
    case .squareRoot, .sine, .cosine, .floor:
      let source = operand(arguments[0])
      emit(slow: .float(builtin, result: result(), source, isSingle: form == .float32))
    case .memoryMark: emit(Code(.mark, a: result()))
    case .memoryReset: emit(Code(.reset, a: operand(arguments[0])))
    case .typeEqual:
      let (left, right) = (subject(arguments[0]), subject(arguments[1]))
      emit(slow: .typeEqual(result: result(), left, right))
    case .typeInfo:
      let asked = subject(arguments[0])
      emit(slow: .typeInfo(result: result(), subject: asked, type: instruction.type))
    default:
      let asked = subject(arguments[0])
      let index = arguments.count > 1 ? operand(arguments[1]) : nil
      let target = result()
      emit(slow: .ask(builtin, result: target, subject: asked, index: index))
      if form != .aggregate { extend(target, form) }
    }
  }
}
