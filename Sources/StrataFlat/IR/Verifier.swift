// Checks that a function keeps the rules of the intermediate form.
// Guarantees: a function without issues can be compiled and run without further checks of its shape: every operand exists,
// is computed before its use on every path and is of a kind the operation takes; every block ends once; every branch and
// every call passes what its target takes. Any module whatever can be verified; nothing here traps.

/// One rule broken, and where.
public struct VerifierIssue: Error, Hashable, Sendable, CustomStringConvertible {
  public var function: String
  public var block: BlockID?
  public var value: ValueID?
  public var span: SourceSpan
  public var message: String

  public var description: String {
    var place = "function '\(function)'"
    if let block { place += ", block \(block.rawValue)" }
    if let value { place += ", %\(value.rawValue)" }
    return "\(place): \(message)"
  }
}

extension Module {
  /// Everything wrong with a function, in order of its blocks. Empty for a sound function and for one without body.
  public func verify(_ function: FunctionID) -> [VerifierIssue] {
    guard let definition = self.function(function) else {
      return [VerifierIssue(function: "", block: nil, value: nil, span: .none, message: "no such function")]
    }
    var verifier = Verifier(module: self, function: definition)
    verifier.run()
    return verifier.issues
  }

  /// Everything wrong with any function of the module.
  public func verify() -> [VerifierIssue] {
    var issues: [VerifierIssue] = []
    for number in functions.indices { issues += verify(FunctionID(UInt32(truncatingIfNeeded: number))) }
    return issues
  }
}

/// Verifies one function.
struct Verifier {
  let module: Module
  let function: Function
  private(set) var issues: [VerifierIssue] = []
  private var block = 0
  private var value: ValueID?
  /// Holds the tables of `flow`.
  private let scratch = Scratch()
  private let flow: ControlFlow
  /// Block and position of each instruction.
  private var places: [(block: Int, position: Int)?]

  private static let mostIssues = 100

  init(module: Module, function: Function) {
    self.module = module
    self.function = function
    flow = ControlFlow(function, scratch)
    places = Array(repeating: nil, count: function.valueCount)
  }

  private var types: TypeTable { module.types }

  private mutating func complain(_ message: String) {
    guard issues.count < Verifier.mostIssues else { return }
    issues.append(
      VerifierIssue(
        function: function.name, block: function.hasBody ? BlockID(UInt32(truncatingIfNeeded: block)) : nil,
        value: value,
        span: value.flatMap { function.instruction($0)?.span } ?? .none, message: message))
  }

  mutating func run() {
    guard function.hasBody else { return }
    for parameter in function.parameters where (try? types.layout(parameter.type)) == nil {
      complain("parameter '\(parameter.name)' is of a type without layout")
    }
    if (try? types.layout(function.result)) == nil { complain("the result type has no layout") }
    guard place() else { return }
    for number in flow.order {
      block = number
      for parameter in function.blocks[number].parameters where (try? types.layout(parameter)) == nil {
        value = nil
        complain("a block parameter is of a type without layout")
      }
      for (position, number) in function.blocks[number].body.enumerated() {
        value = number
        guard let instruction = function.instruction(number) else { continue }
        guard operandsAreThere(instruction.operation, position) else { continue }
        if (try? types.layout(instruction.type)) == nil {
          complain("the result is of a type without layout")
          continue
        }
        check(instruction)
      }
    }
  }

  /// Finds every instruction in exactly one place and every block ended exactly once.
  private mutating func place() -> Bool {
    for (number, body) in function.blocks.map(\.body).enumerated() {
      block = number
      value = nil
      if body.isEmpty { complain("the block is empty") }
      for (position, listed) in body.enumerated() {
        value = listed
        guard let instruction = function.instruction(listed) else {
          complain("the block runs an instruction that does not exist")
          continue
        }
        if places[Int(listed.rawValue)] != nil {
          complain("the instruction stands in two places")
          continue
        }
        places[Int(listed.rawValue)] = (number, position)
        if position == body.count - 1 {
          if !instruction.operation.isTerminator { complain("the block does not end with a terminator") }
        } else if instruction.operation.isTerminator {
          complain("a terminator in the middle of a block")
        }
        ControlFlow.forEachTarget(instruction.operation) { target in
          if Int(target.rawValue) >= function.blocks.count {
            complain("a branch to block \(target.rawValue), which does not exist")
          }
        }
      }
    }
    return issues.isEmpty
  }

  private mutating func operandsAreThere(_ operation: Operation, _ position: Int) -> Bool {
    let before = issues.count
    operation.forEachOperand { operand in
      if Int(operand.rawValue) < function.parameters.count { return }
      guard Int(operand.rawValue) < function.valueCount, let place = places[Int(operand.rawValue)] else {
        complain(operand == .none ? "an operand is missing" : "operand %\(operand.rawValue) does not exist")
        return
      }
      let isBefore =
        place.block == block
        ? place.position < position
        : flow.isReachable(place.block) && flow.dominates(place.block, block)
      if !isBefore { complain("operand %\(operand.rawValue) is not computed on every way here") }
      if let definition = function.instruction(operand), definition.operation.yieldsNothing, form(operand) != .nothing {
        complain("operand %\(operand.rawValue) is an instruction that yields no value")
      }
    }
    return issues.count == before
  }

  // MARK: Kinds

  private func type(_ value: ValueID) -> TypeID { function.type(of: value) ?? .unresolved }
  private func form(_ value: ValueID) -> RegisterForm { types.form(type(value)) }

  private static func isWord(_ form: RegisterForm) -> Bool {
    switch form {
    case .integer, .boolean: return true
    default: return false
    }
  }

  private mutating func needWord(_ operand: ValueID, _ what: String) {
    if !Verifier.isWord(form(operand)) { complain("\(what) must be an integer or a pointer") }
  }

  private mutating func needWordResult(_ type: TypeID) {
    if !Verifier.isWord(types.form(type)) { complain("the result must be an integer or a pointer") }
  }

  private mutating func needAggregateResult(_ type: TypeID, size: UInt64? = nil) {
    guard types.form(type) == .aggregate else { return complain("the result must be an aggregate") }
    if let size, (try? types.layout(type))?.size != size { complain("the result must have \(size) bytes") }
  }

  private mutating func need(_ from: TypeID, fits to: TypeID, _ what: String) {
    if !types.isUsable(from, as: to) {
      complain("\(what) is \(types.name(from)), which cannot be used as \(types.name(to))")
    }
  }

  private mutating func needLayout(_ type: TypeID) -> Bool {
    if (try? types.layout(type)) != nil { return true }
    complain("\(types.name(type)) has no layout")
    return false
  }

  /// An operand that is an address, or an aggregate whose copy will be addressed.
  private mutating func needAddressable(_ operand: ValueID) {
    if form(operand) != .aggregate { needWord(operand, "the operand") }
  }

  private mutating func check(_ instruction: Instruction) {
    let type = instruction.type
    let form = types.form(type)
    switch instruction.operation {
    case .integer: if form == .aggregate { complain("an integer constant of an aggregate type") }
    case .float: if form != .float64 && form != .float32 { complain("a float constant of another type") }
    case .boolean, .isCompileTime, .type, .function, .global, .traceFrame: checkLeaf(instruction)
    case .string: needAggregateResult(type, size: 16)
    case .null, .undefined, .atomicFence, .printFrames, .unreachable, .unsupported: break
    case .binary(let operation, let left, let right): check(operation, left, right, type)
    case .unary(let operation, let operand):
      if operation == .negate, self.form(operand) == .float64 || self.form(operand) == .float32 {
        if form != self.form(operand) { complain("negation gives a value of its operand's type") }
      } else {
        needWord(operand, "the operand")
        needWordResult(type)
      }
    case .convert(let operation, let operand, _): check(operation, operand, form)
    case .allocate(let subject):
      if needLayout(subject) { needWordResult(type) }
    case .load(let pointer), .atomicLoad(let pointer, _): needWord(pointer, "the address")
    case .store(let pointer, let value, let stored), .atomicStore(let pointer, let value, let stored, _):
      needWord(pointer, "the address")
      let subject = stored == .void ? self.type(value) : stored
      if needLayout(subject) { need(self.type(value), fits: subject, "the stored value") }
    case .addressOf(let operand):
      needAddressable(operand)
      needWordResult(type)
    case .atomicUpdate(_, let pointer, let value, let stored, _):
      needWord(pointer, "the address")
      needWord(value, "the operand")
      needWordResult(type)
      if !Verifier.isWord(types.form(stored)) { complain("atomic updates are of integers only") }
    case .atomicCompareExchange(let pointer, let expected, let desired, let stored, _):
      needWord(pointer, "the address")
      if types.form(stored) == .aggregate || types.form(stored) == .nothing {
        complain("atomic exchanges are of scalars only")
      }
      need(self.type(expected), fits: stored, "the expected value")
      need(self.type(desired), fits: stored, "the desired value")
      checkWrap(stored, type)
    case .aggregate(let parts):
      needAggregateResult(type)
      for (index, part) in parts.enumerated() {
        guard let member = types.memberType(index, of: type), needLayout(member) else {
          complain("more parts than the type has members")
          break
        }
        need(self.type(part), fits: member, "part \(index)")
      }
    case .field(let base, let index, let override), .unionField(let base, let index, let override):
      if let member = checkField(base, index, override) { need(member, fits: type, "the field") }
    case .fieldAddress(let base, let index, let override), .unionFieldAddress(let base, let index, let override):
      _ = checkField(base, index, override)
      needWordResult(type)
    case .index(let base, let index): checkIndex(base, index, type)
    case .indexAddress(let base, let index):
      needWordResult(type)
      if let element = types.pointee(type) ?? types.elementType(self.type(base)), needLayout(element) {
        checkIndex(base, index, element)
      } else {
        complain("the operand cannot be indexed")
      }
    case .length(let operand):
      needWordResult(type)
      let subject = types.withoutPointer(self.type(operand))
      if types.staticLength(subject) == nil {
        switch types[subject] {
        case .slice, .string: needAddressable(operand)
        default: complain("the operand has no length")
        }
      }
    case .dataPointer(let operand), .anyData(let operand):
      needAddressable(operand)
      if self.form(operand) == .aggregate, ((try? types.layout(self.type(operand)))?.size ?? 0) < 8 {
        complain("the operand is too small to hold an address")
      }
      needWordResult(type)
    case .arrayToSlice(let operand):
      if types.staticLength(types.withoutPointer(self.type(operand))) == nil { complain("the operand is not an array") }
      needAggregateResult(type, size: 16)
    case .subslice(let base, let low, let high, _):
      needWord(low, "the lower bound")
      needWord(high, "the upper bound")
      needAggregateResult(type, size: 16)
      if !needLayout(types.elementType(type) ?? .u8) { return }
      switch types[self.type(base)] {
      case .slice, .string, .array: break
      default: needWord(base, "the operand")
      }
    case .optionalWrap(let operand): checkWrap(self.type(operand), type)
    case .optionalUnwrap(let operand):
      if let child = checkOptional(operand) { need(child, fits: type, "the payload") }
    case .optionalHasValue(let operand):
      _ = checkOptional(operand)
      needWordResult(type)
    case .optionalCoalesce(let operand, let otherwise):
      if let child = checkOptional(operand) { need(child, fits: type, "the payload") }
      need(self.type(otherwise), fits: type, "the alternative")
    case .enumeration(_, let payload): checkEnumeration(payload, type)
    case .enumerationTag(let operand):
      needWordResult(type)
      if case .taggedUnion = types[types.withoutPointer(self.type(operand))] {
        needAddressable(operand)
      } else {
        needWord(operand, "the operand")
      }
    case .enumerationPayload(let base, _, let override):
      guard case .taggedUnion(let union) = types[types.withoutPointer(override ?? self.type(base))],
        let header = try? types.header(union)
      else { return complain("not a tagged union") }
      needAddressable(base)
      if self.form(base) == .aggregate { checkInside(base, header, type) }
    case .boxAny(let operand, _):
      needAddressable(operand)
      needAggregateResult(type, size: 16)
    case .unboxAny(let operand):
      needAddressable(operand)
      if self.form(operand) == .aggregate { checkInside(operand, 0, .u64) }
    case .makeAny(let tag, let data):
      needWord(tag, "the type")
      needWord(data, "the address")
      needAggregateResult(type, size: 16)
    case .call(let callee, let arguments): checkCall(callee, arguments, type)
    case .callIndirect(let callee, _): needWord(callee, "the function")
    case .callClosure(let callee, _):
      if self.form(callee) != .aggregate || (try? types.layout(self.type(callee)))?.size != 2 * types.target.pointerSize
      {
        complain("the operand is not a closure")
      }
    case .callBuiltin(let builtin, let arguments): checkBuiltin(builtin, arguments, type)
    case .closure(_, let environment):
      needAggregateResult(type, size: 2 * types.target.pointerSize)
      if environment != .none { needWord(environment, "the environment") }
    case .globalAddress(let global):
      checkGlobal(global)
      needWordResult(type)
    case .setGlobal(let global, let value):
      if let definition = module.global(global), needLayout(definition.type) {
        need(self.type(value), fits: definition.type, "the value")
      } else {
        checkGlobal(global)
      }
    case .fieldName(_, let index):
      needWord(index, "the index")
      needAggregateResult(type, size: 16)
    case .fieldValue(let base, let index, _):
      needAddressable(base)
      needWord(index, "the index")
      needAggregateResult(type, size: 16)
    case .errorName(let operand):
      needWord(operand, "the error")
      needAggregateResult(type, size: 16)
    case .traceResolve(let operand):
      needWord(operand, "the frame")
      needAggregateResult(type)
    case .vectorSplat(let operand):
      guard case .vector(let element, _) = types[type] else { return complain("the result is not a vector") }
      need(self.type(operand), fits: element, "the operand")
    case .vectorExtract(let vector, let lane):
      guard case .vector(let element, _) = types[self.type(vector)] else { return complain("not a vector") }
      needWord(lane, "the lane")
      need(element, fits: type, "the lane's value")
    case .vectorInsert(let vector, let operand, let lane):
      guard case .vector(let element, _) = types[self.type(vector)] else { return complain("not a vector") }
      // Nothing fits where a value of any type may be dropped, but this value is made before it is.
      guard case .vector = types[type] else { return complain("the result is not a vector") }
      needWord(lane, "the lane")
      need(self.type(operand), fits: element, "the operand")
      need(self.type(vector), fits: type, "the vector")
    case .blockParameter, .branch, .conditionalBranch, .switchBranch, .returnValue, .returnVoid:
      checkControl(instruction)
    }
  }

  private mutating func checkLeaf(_ instruction: Instruction) {
    if case .global(let global) = instruction.operation {
      if let definition = module.global(global), needLayout(definition.type) {
        need(definition.type, fits: instruction.type, "the global")
      } else {
        checkGlobal(global)
      }
      return
    }
    needWordResult(instruction.type)
  }

  private mutating func checkGlobal(_ global: GlobalID) {
    guard let definition = module.global(global) else { return complain("global \(global.rawValue) does not exist") }
    if (try? types.layout(definition.type)) == nil { complain("the global is of a type without layout") }
  }

  private mutating func check(_ operation: BinaryOperator, _ left: ValueID, _ right: ValueID, _ type: TypeID) {
    switch operation {
    case .stringEqual, .stringNotEqual:
      for operand in [left, right]
      where form(operand) != .aggregate || ((try? types.layout(self.type(operand)))?.size ?? 0) < 16 {
        complain("a text comparison needs texts or slices")
      }
      needWordResult(type)
    case .booleanAnd, .booleanOr:
      needWord(left, "the left operand")
      needWord(right, "the right operand")
      needWordResult(type)
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
      needWordResult(type)
      if form(left) == .float64 || form(left) == .float32 {
        if form(right) != form(left) { complain("a float can only be compared with a float of its width") }
      } else {
        needWord(left, "the left operand")
        needWord(right, "the right operand")
      }
    default:
      let form = types.form(type)
      if form == .float64 || form == .float32 {
        if self.form(left) != form || self.form(right) != form {
          complain("operands are not of the result's float type")
        }
        switch operation {
        case .add, .subtract, .multiply, .divide, .modulo: break
        default: complain("floats have no bitwise operations")
        }
      } else {
        needWord(left, "the left operand")
        needWord(right, "the right operand")
        needWordResult(type)
      }
    }
  }

  private mutating func check(_ operation: ConversionOperator, _ operand: ValueID, _ form: RegisterForm) {
    let from = self.form(operand)
    func isFloat(_ form: RegisterForm) -> Bool { form == .float64 || form == .float32 }
    let fits: Bool
    switch operation {
    case .widen, .narrow: fits = (isFloat(from) && isFloat(form)) || (Verifier.isWord(from) && Verifier.isWord(form))
    case .bitcast:
      if from == .aggregate, form == .aggregate, let value, let instruction = function.instruction(value) {
        fits = (try? types.layout(type(operand)))?.size == (try? types.layout(instruction.type))?.size
      } else {
        fits = from != .aggregate && form != .aggregate && (from == .nothing) == (form == .nothing)
      }
    case .integerToFloat: fits = Verifier.isWord(from) && isFloat(form)
    case .floatToInteger:
      if case .integer = form { fits = isFloat(from) } else { fits = false }
    }
    if !fits { complain("a conversion between kinds it is not made for") }
  }

  private mutating func checkWrap(_ payload: TypeID, _ type: TypeID) {
    guard case .optional(let child) = types[type] else { return complain("the result is not an optional") }
    need(payload, fits: child, "the payload")
  }

  private mutating func checkOptional(_ operand: ValueID) -> TypeID? {
    guard case .optional(let child) = types[type(operand)] else {
      complain("the operand is not an optional")
      return nil
    }
    return child
  }

  private mutating func checkEnumeration(_ payload: ValueID, _ type: TypeID) {
    guard case .taggedUnion(let union) = types[type], let header = try? types.header(union),
      let size = (try? types.layout(type))?.size
    else {
      if payload != .none { complain("only a tagged union has a payload") }
      return needWordResult(type)
    }
    guard Verifier.isWord(types.form(union.tag ?? .i64)), header <= size,
      ((try? types.layout(union.tag ?? .i64))?.size ?? 9) <= header
    else { return complain("the tag is not an integer") }
    if payload != .none, ((try? types.layout(self.type(payload)))?.size ?? .max) > size - header {
      complain("the payload does not fit")
    }
  }

  /// Checks that a part read from an aggregate value lies inside it.
  private mutating func checkInside(_ base: ValueID, _ offset: UInt64, _ part: TypeID) {
    let whole = (try? types.layout(type(base)))?.size ?? 0
    let size = (try? types.layout(part))?.size ?? .max
    if offset > whole || size > whole - offset { complain("the part lies outside its aggregate") }
  }

  private mutating func checkField(_ base: ValueID, _ index: UInt32, _ override: TypeID?) -> TypeID? {
    let subject = types.withoutPointer(override ?? type(base))
    guard let member = types.memberType(Int(index), of: subject),
      let offset = try? types.offset(of: Int(index), in: subject), (try? types.layout(member)) != nil
    else {
      complain("\(types.name(subject)) has no field \(index)")
      return nil
    }
    needAddressable(base)
    if form(base) == .aggregate { checkInside(base, offset, member) }
    return member
  }

  private mutating func checkIndex(_ base: ValueID, _ index: ValueID, _ element: TypeID) {
    needWord(index, "the index")
    switch types[type(base)] {
    case .array(let found, _), .vector(let found, _):
      if (try? types.layout(found))?.size != (try? types.layout(element))?.size {
        complain("the element is not of the array's element type")
      }
    case .slice, .string: break
    default: needWord(base, "the operand")
    }
  }

  private mutating func checkCall(_ callee: FunctionID, _ arguments: [ValueID], _ type: TypeID) {
    guard let target = module.function(callee) else { return complain("function \(callee.rawValue) does not exist") }
    let mayPassMore = !target.hasBody && target.isVariadic
    guard arguments.count == target.parameters.count || (mayPassMore && arguments.count > target.parameters.count)
    else {
      return complain("'\(target.name)' takes \(target.parameters.count) arguments, not \(arguments.count)")
    }
    for (parameter, argument) in zip(target.parameters, arguments) where needLayout(parameter.type) {
      need(self.type(argument), fits: parameter.type, "argument '\(parameter.name)'")
    }
    if needLayout(target.result) { need(target.result, fits: type, "the call's result") }
  }

  private mutating func checkBuiltin(_ builtin: Builtin, _ arguments: [ValueID], _ type: TypeID) {
    func isSubject(_ value: ValueID) -> Bool { types[self.type(value)] == .any || Verifier.isWord(form(value)) }
    let count: Int
    switch builtin {
    case .memberName, .memberType, .memberOffset, .variantValue, .typeEqual: count = 2
    case .memoryMark: count = 0
    default: count = 1
    }
    guard arguments.count == count else { return complain("the builtin takes \(count) arguments") }
    switch builtin {
    case .squareRoot, .sine, .cosine, .floor:
      let form = self.form(arguments[0])
      if form != .float64 && form != .float32 || types.form(type) != form { complain("the builtin is for floats") }
    case .memoryMark: needWordResult(type)
    case .memoryReset: needWord(arguments[0], "the mark")
    case .typeInfo:
      if !isSubject(arguments[0]) { complain("the builtin asks about a type") }
      needAggregateResult(type)
    case .typeName, .memberName:
      if !isSubject(arguments[0]) { complain("the builtin asks about a type") }
      if count == 2 { needWord(arguments[1], "the index") }
      needAggregateResult(type, size: 16)
    default:
      if !isSubject(arguments[0]) { complain("the builtin asks about a type") }
      if builtin == .typeEqual {
        if !isSubject(arguments[1]) { complain("the builtin asks about a type") }
      } else if count == 2 {
        needWord(arguments[1], "the index")
      }
      needWordResult(type)
    }
  }

  // MARK: Control

  private mutating func checkBranch(_ target: BlockID, _ arguments: [ValueID]) {
    let parameters = function.blocks[Int(target.rawValue)].parameters
    guard parameters.count == arguments.count else {
      return complain("block \(target.rawValue) takes \(parameters.count) arguments, not \(arguments.count)")
    }
    for (argument, parameter) in zip(arguments, parameters) { need(type(argument), fits: parameter, "an argument") }
  }

  private mutating func checkControl(_ instruction: Instruction) {
    switch instruction.operation {
    case .blockParameter(let owner, let index):
      guard Int(owner.rawValue) == block, let value, let position = places[Int(value.rawValue)]?.position else {
        return complain("a block parameter outside its block")
      }
      let body = function.blocks[block].body
      for earlier in body[..<position] {
        if case .blockParameter = function.instruction(earlier)?.operation { continue }
        return complain("a block parameter after other instructions")
      }
      let parameters = function.blocks[block].parameters
      guard Int(index) < parameters.count else { return complain("the block has no parameter \(index)") }
      if block == 0 { complain("the entry block has no parameters") }
      if parameters[Int(index)] != instruction.type { complain("the parameter is of another type") }
    case .branch(let target, let arguments): checkBranch(target, arguments)
    case .conditionalBranch(let condition, let then, let thenArguments, let otherwise, let otherwiseArguments):
      needWord(condition, "the condition")
      checkBranch(then, thenArguments)
      checkBranch(otherwise, otherwiseArguments)
    case .switchBranch(let operand, let cases, let otherwise, let arguments):
      needWord(operand, "the operand")
      for entry in cases { checkBranch(entry.target, entry.arguments) }
      checkBranch(otherwise, arguments)
    case .returnValue(let value): need(type(value), fits: function.result, "the returned value")
    case .returnVoid:
      if types.form(function.result) != .nothing { complain("the function must return a value") }
    default: break
    }
    if block == 0, !function.blocks[0].parameters.isEmpty { complain("the entry block has no parameters") }
  }
}

extension TypeTable {
  /// True when a value of one type may stand where another is expected: integers wrap, floats must have the same width,
  /// aggregates the same size.
  func isUsable(_ from: TypeID, as to: TypeID) -> Bool {
    if from == to { return true }
    switch (form(from), form(to)) {
    case (_, .nothing): return true
    case (.integer, .integer), (.integer, .boolean), (.boolean, .integer), (.boolean, .boolean): return true
    case (.float32, .float32), (.float64, .float64): return true
    case (.aggregate, .aggregate):
      guard let left = try? layout(from), let right = try? layout(to) else { return false }
      return left.size == right.size
    default: return false
    }
  }
}
