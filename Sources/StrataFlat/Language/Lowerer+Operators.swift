// Operators: arithmetic, comparison, logic and fallbacks.
//
// Guarantees: constants are computed here, exactly; `and`, `or` and `??` evaluate their right side only when
// needed; a chain of comparisons evaluates each operand once.

extension Lowerer {
  // MARK: Prefix

  func lowerPrefix(
    _ operation: PrefixOperator, _ expression: Expression, expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    switch operation {
    case .addressOf: return lowerAddress(expression, expecting: expected, span)
    case .attempt: return lowerTry(expression, span)
    case .autoCast:
      guard let expected, expected != .void, expected != .unresolved else {
        return fail("'xx' needs a context that expects a type", span, help: "write '.(T)' instead")
      }
      let target = optionalChild(expected) ?? expected
      let operand = lower(expression, expecting: nil)
      if operand.type == expected { return operand }
      if isErrorSet(expected) == false, failable(expected) != nil, let first = failable(expected)?.values.first {
        return cast(operand, to: first, span)
      }
      return cast(operand, to: operand.type == target ? target : expected == target ? expected : target, span)
    case .negate, .not, .complement: break
    }
    let operand = lower(expression, expecting: expected)
    if operand.isInvalid { return .invalid }
    switch (operation, operand.form) {
    case (.negate, .integer(let value)): return Operand(.integer(-value), operand.type)
    case (.negate, .float(let value)): return Operand(.float(-value), operand.type)
    case (.not, .boolean(let value)): return .boolean(!value)
    case (.complement, .integer(let value)): return Operand(.integer(~value), operand.type)
    default: break
    }
    let type = naturalType(of: operand)
    var scalar = type
    if case .vector(let element, _) = types[type] { scalar = element }
    let isSuitable =
      operation == .not ? type == .boolean : isInteger(scalar) || (operation == .negate && isFloat(scalar))
    guard isSuitable else {
      let sign = operation == .not ? "!" : operation == .negate ? "-" : "~"
      return fail("'\(sign)' cannot be applied to \(shown(type))", span)
    }
    guard let value = value(operand, expression.span) else { return .invalid }
    at(span)
    let unary: UnaryOperator = operation == .not ? .booleanNot : operation == .negate ? .negate : .bitNot
    guard case .vector(let element, let length) = types[type] else {
      return Operand(.value(builder.unary(unary, value, type)), type)
    }
    guard length <= Lowerer.mostLanes else { return failForLanes(span) }
    let lanes = (0..<length).map { lane in
      builder.unary(unary, builder.emit(.vectorExtract(value, builder.integer(Int64(lane))), element), element)
    }
    return Operand(.value(builder.aggregate(lanes, type)), type)
  }

  /// `*e`: a pointer type, or the address of a place.
  private func lowerAddress(_ expression: Expression, expecting expected: TypeID?, _ span: Span) -> Operand {
    if expected == .type {
      return type(of: expression).map { .type(types.pointer(to: $0)) } ?? .invalid
    }
    var hint: TypeID?
    if let expected, case .pointer(let pointee) = types[expected] { hint = pointee }
    let operand = lower(expression, expecting: hint)
    switch operand.form {
    case .invalid: return .invalid
    case .type(let type): return .type(types.pointer(to: type))
    case .place(let address):
      return Operand(.value(address), types.pointer(to: operand.type))
    case .template: return type(of: expression).map { .type(types.pointer(to: $0)) } ?? .invalid
    default:
      let type = hint ?? naturalType(of: operand)
      guard type != .unresolved, type != .void, let value = value(operand, as: type, expression.span) else {
        return fail("this has no address", expression.span)
      }
      // A value without a place gets fresh storage each time.
      let address = builder.allocate(type)
      store(value, to: address, type)
      return Operand(.value(address), types.pointer(to: type))
    }
  }

  // MARK: Lists

  func lowerBinary(
    _ first: Expression, _ tails: [OperatorTail], expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    guard let operation = tails.first?.operation else { return lower(first, expecting: expected) }
    switch operation {
    case .and: return lowerLogic(first, tails, isAnd: true, span)
    case .or: return lowerOr(first, tails, expecting: expected, span)
    case .coalesce: return lowerCoalesce(first, tails, expecting: expected, span)
    default: break
    }
    if operation.isComparison { return lowerComparisons(first, tails, span) }
    let hint = expected.flatMap { isInteger($0) || isFloat($0) ? $0 : nil }
    var left = lower(first, expecting: hint)
    for tail in tails {
      left = loaded(left, first.span)
      let isOpen = left.type == .unresolved
      let right = lower(tail.operand, expecting: isOpen ? hint : left.type)
      left = arithmetic(tail.operation, left, right, tail.span, first.span, tail.operand.span)
    }
    return left
  }

  /// Reads a scalar that is in memory, so that what is evaluated next cannot change it.
  func loaded(_ operand: Operand, _ span: Span) -> Operand {
    guard case .place(let address) = operand.form, isScalar(operand.type) else { return operand }
    at(span)
    return Operand(.value(builder.load(address, operand.type)), operand.type)
  }

  /// One arithmetic operation.
  func arithmetic(
    _ operation: OperatorSyntax, _ left: Operand, _ right: Operand, _ span: Span, _ leftSpan: Span, _ rightSpan: Span
  ) -> Operand {
    if left.isInvalid || right.isInvalid { return .invalid }
    if let folded = fold(operation, left, right, span) { return folded }
    let isShift = operation == .shiftLeft || operation == .shiftRight
    guard let type = isShift ? naturalType(of: left) : commonType(left, right) else {
      return fail(
        "'\(operation.spelling)' cannot combine \(shown(naturalType(of: left))) and \(shown(naturalType(of: right)))",
        span, help: combinationHelp(operation, left, right))
    }
    if case .vector(let element, let length) = types[type] {
      return laneWise(operation, left, right, type, element, length, span, leftSpan, rightSpan)
    }
    let isBitwise = isShift || operation == .bitAnd || operation == .bitOr || operation == .bitXor
    let suits = isInteger(type) || (!isBitwise && isFloat(type)) || (isBitwise && !isShift && type == .boolean)
    guard suits else {
      return fail(
        "'\(operation.spelling)' cannot be applied to \(shown(type))", span,
        help: type == .string ? "join texts with 'concat' from modules/std.sx" : nil)
    }
    guard let leftValue = value(left, as: type, leftSpan),
      let rightValue = value(right, as: type, rightSpan, explicit: isShift)
    else { return .invalid }
    at(span)
    if type == .boolean, operation == .bitXor {
      return Operand(.value(builder.compare(.notEqual, leftValue, rightValue)), .boolean)
    }
    let kind = type == .boolean ? (operation == .bitAnd ? .booleanAnd : .booleanOr) : operation.instruction
    return Operand(.value(builder.binary(kind, leftValue, rightValue, type)), type)
  }

  private func combinationHelp(_ operation: OperatorSyntax, _ left: Operand, _ right: Operand) -> String {
    let isBitwise = operation == .bitAnd || operation == .bitOr || operation == .bitXor
    if isBitwise, naturalType(of: left) == .boolean || naturalType(of: right) == .boolean {
      return "comparisons bind tighter than '\(operation.spelling)'; add parentheses"
    }
    return "convert one side with '.(T)'"
  }

  /// Operators on vectors are written out lane by lane; this keeps what one of them becomes small.
  private static let mostLanes: UInt32 = 64

  private func failForLanes(_ span: Span) -> Operand {
    fail("vectors of more than \(Lowerer.mostLanes) lanes have no operators", span)
  }

  private func laneWise(
    _ operation: OperatorSyntax, _ left: Operand, _ right: Operand, _ type: TypeID, _ element: TypeID,
    _ length: UInt32, _ span: Span, _ leftSpan: Span, _ rightSpan: Span
  ) -> Operand {
    guard length <= Lowerer.mostLanes else { return failForLanes(span) }
    func whole(_ operand: Operand, _ place: Span) -> ValueID? {
      if naturalType(of: operand) == type { return value(operand, place) }
      guard let scalar = value(operand, as: element, place) else { return nil }
      return builder.emit(.vectorSplat(scalar), type)
    }
    guard let leftValue = whole(left, leftSpan), let rightValue = whole(right, rightSpan) else { return .invalid }
    var lanes: [ValueID] = []
    for lane in 0..<length {
      let index = builder.integer(Int64(lane))
      let one = Operand(.value(builder.emit(.vectorExtract(leftValue, index), element)), element)
      let other = Operand(.value(builder.emit(.vectorExtract(rightValue, index), element)), element)
      guard let value = value(arithmetic(operation, one, other, span, leftSpan, rightSpan), span) else {
        return .invalid
      }
      lanes.append(value)
    }
    return Operand(.value(builder.aggregate(lanes, type)), type)
  }

  /// The type two operands share, if one can take the other without loss.
  func commonType(_ left: Operand, _ right: Operand) -> TypeID? {
    let one = naturalType(of: left)
    let other = naturalType(of: right)
    if one == other { return one }
    switch (left.type == .unresolved, right.type == .unresolved) {
    case (true, true):
      return isFloat(one) && isInteger(other) ? one : isFloat(other) && isInteger(one) ? other : nil
    case (true, false): return accepts(other, left) ? other : nil
    case (false, true): return accepts(one, right) ? one : nil
    case (false, false):
      if case .vector(let element, _) = types[one], element == other { return one }
      if case .vector(let element, _) = types[other], element == one { return other }
      return widens(one, to: other) ? other : widens(other, to: one) ? one : nil
    }
  }

  /// Whether a type can take an operand whose type is still open.
  private func accepts(_ type: TypeID, _ operand: Operand) -> Bool {
    switch operand.form {
    case .integer:
      if case .vector(let element, _) = types[type] { return isInteger(element) || isFloat(element) }
      return isInteger(type) || isFloat(type)
    case .float:
      if case .vector(let element, _) = types[type] { return isFloat(element) }
      return isFloat(type)
    default: return false
    }
  }

  /// The result of an operation on constants; nil when it has to be computed by the program.
  private func fold(_ operation: OperatorSyntax, _ left: Operand, _ right: Operand, _ span: Span) -> Operand? {
    if left.type != right.type, left.type != .unresolved, right.type != .unresolved { return nil }
    let type = left.type == .unresolved ? right.type : left.type
    switch (left.form, right.form) {
    case (.integer(let a), .integer(let b)):
      guard let value = foldInteger(operation, a, b, span) else { return nil }
      if type != .unresolved, !fits(value, type) { return nil }
      guard value >= -(1 << 100), value <= 1 << 100 else {
        return fail("this number is too large", span)
      }
      return Operand(.integer(value), type)
    case (.float(let a), .float(let b)): return foldFloat(operation, a, b).map { Operand(.float($0), type) }
    case (.float(let a), .integer(let b)) where right.type == .unresolved:
      return foldFloat(operation, a, Double(b)).map { Operand(.float($0), type) }
    case (.integer(let a), .float(let b)) where left.type == .unresolved:
      return foldFloat(operation, Double(a), b).map { Operand(.float($0), type) }
    default: return nil
    }
  }

  private func foldInteger(_ operation: OperatorSyntax, _ a: Int128, _ b: Int128, _ span: Span) -> Int128? {
    switch operation {
    case .add: return a.addingReportingOverflow(b).partialValue
    case .subtract: return a.subtractingReportingOverflow(b).partialValue
    case .multiply:
      let (value, overflow) = a.multipliedReportingOverflow(by: b)
      return overflow ? Int128.max : value
    case .divide, .remainder:
      guard b != 0 else { return nil }
      if operation == .divide { return a / b }
      let rest = a % b
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    case .shiftLeft: return b >= 0 && b < 64 && abs(a) < 1 << 63 ? a << b : nil
    case .shiftRight: return b >= 0 && b < 64 ? a >> b : nil
    case .bitAnd: return a & b
    case .bitOr: return a | b
    case .bitXor: return a ^ b
    default: return nil
    }
  }

  private func foldFloat(_ operation: OperatorSyntax, _ a: Double, _ b: Double) -> Double? {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: b == 0 ? nil : a / b
    default: nil
    }
  }

  // MARK: Comparisons

  private func lowerComparisons(_ first: Expression, _ tails: [OperatorTail], _ span: Span) -> Operand {
    var left = lower(first, expecting: nil)
    var leftSpan = first.span
    var whole: Operand?
    for (index, tail) in tails.enumerated() {
      var right: Operand
      if needsContext(first), index == 0 {
        // `.a == v`: the right side gives the type.
        right = lower(tail.operand, expecting: nil)
        left = lower(first, expecting: naturalType(of: right))
      } else {
        left = loaded(left, leftSpan)
        right = lower(tail.operand, expecting: left.type == .unresolved ? nil : comparedType(left.type))
      }
      // The middle operands of a chain are used twice but evaluated once.
      if index + 1 < tails.count, case .place = right.form, let value = value(right, tail.operand.span) {
        right = Operand(.value(value), right.type)
      }
      let one = comparison(tail.operation, left, right, tail.span, leftSpan, tail.operand.span)
      if one.isInvalid { return .invalid }
      if let before = whole {
        if case .boolean(let a) = before.form, case .boolean(let b) = one.form {
          whole = .boolean(a && b)
        } else {
          guard let a = value(before, as: .boolean, span), let b = value(one, as: .boolean, span) else {
            return .invalid
          }
          whole = Operand(.value(builder.binary(.booleanAnd, a, b, .boolean)), .boolean)
        }
      } else {
        whole = one
      }
      left = right
      leftSpan = tail.operand.span
    }
    return whole ?? .invalid
  }

  private func needsContext(_ expression: Expression) -> Bool {
    if case .implicitMember = expression.kind { return true }
    return false
  }

  /// What is expected beside a value that it is compared with.
  private func comparedType(_ type: TypeID) -> TypeID { type == .type ? .type : optionalChild(type) ?? type }

  private func comparison(
    _ operation: OperatorSyntax, _ left: Operand, _ right: Operand, _ span: Span, _ leftSpan: Span, _ rightSpan: Span
  ) -> Operand {
    if left.isInvalid || right.isInvalid { return .invalid }
    if let folded = foldComparison(operation, left, right) { return .boolean(folded) }
    let isEquality = operation == .equal || operation == .notEqual
    if isEquality, left.isNull || right.isNull {
      return nullComparison(left.isNull ? right : left, isEqual: operation == .equal, span)
    }
    guard let type = comparisonType(left, right) else {
      return fail(
        "'\(operation.spelling)' cannot compare \(shown(naturalType(of: left))) with \(shown(naturalType(of: right)))",
        span)
    }
    if !isEquality {
      guard isInteger(type) || isFloat(type) || isPointer(type) || isEnumeration(type) else {
        return fail("\(shown(type)) has no order", span)
      }
    }
    guard let a = value(left, as: type, leftSpan), let b = value(right, as: type, rightSpan) else { return .invalid }
    at(span)
    if isEquality {
      if operation == .notEqual, isScalar(type) {
        return Operand(.value(builder.compare(.notEqual, a, b)), .boolean)
      }
      guard let same = equality(a, b, type, span) else { return .invalid }
      if operation == .equal { return Operand(.value(same), .boolean) }
      return Operand(.value(builder.unary(.booleanNot, same, .boolean)), .boolean)
    }
    return Operand(.value(builder.compare(operation.instruction, a, b)), .boolean)
  }

  private func isEnumeration(_ type: TypeID) -> Bool { if case .enumeration = types[type] { true } else { false } }

  private func foldComparison(_ operation: OperatorSyntax, _ left: Operand, _ right: Operand) -> Bool? {
    func compare<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
      switch operation {
      case .equal: a == b
      case .notEqual: a != b
      case .less: a < b
      case .lessEqual: a <= b
      case .greater: a > b
      default: a >= b
      }
    }
    switch (left.form, right.form) {
    case (.integer(let a), .integer(let b)): return compare(a, b)
    case (.float(let a), .float(let b)): return compare(a, b)
    case (.type(let a), .type(let b)): return operation == .equal ? a == b : operation == .notEqual ? a != b : nil
    case (.boolean(let a), .boolean(let b)):
      return operation == .equal ? a == b : operation == .notEqual ? a != b : nil
    case (.string(let a), .string(let b)):
      return operation == .equal ? a == b : operation == .notEqual ? a != b : nil
    default: return nil
    }
  }

  private func comparisonType(_ left: Operand, _ right: Operand) -> TypeID? {
    if let type = commonType(left, right) { return type }
    let one = naturalType(of: left)
    let other = naturalType(of: right)
    if let child = optionalChild(one), child == other || accepts(child, right) { return one }
    if let child = optionalChild(other), child == one || accepts(child, left) { return other }
    if isErrorSet(one), isErrorSet(other) { return compiler.anyError }
    switch (types[one], types[other]) {
    case (.string, .slice(.u8)), (.slice(.u8), .string): return .string
    case (.pointer, .pointer(.void)), (.manyPointer, .pointer(.void)): return other
    case (.pointer(.void), .pointer), (.pointer(.void), .manyPointer): return one
    case (.pointer(let a), .manyPointer(let b)) where a == b: return types.pointer(to: .void)
    case (.manyPointer(let a), .pointer(let b)) where a == b: return types.pointer(to: .void)
    default: return nil
    }
  }

  private func nullComparison(_ operand: Operand, isEqual: Bool, _ span: Span) -> Operand {
    let type = operand.type
    guard let value = value(operand, span) else { return .invalid }
    at(span)
    if case .optional = types[type] {
      let has = builder.emit(.optionalHasValue(value), .boolean)
      return Operand(.value(isEqual ? builder.unary(.booleanNot, has, .boolean) : has), .boolean)
    }
    switch types[type] {
    case .pointer, .manyPointer, .cString, .function:
      return Operand(.value(builder.compare(isEqual ? .equal : .notEqual, value, builder.null(type))), .boolean)
    default: return fail("\(shown(type)) is never null", span)
    }
  }

  // MARK: Logic

  /// Branches on a condition without computing truth values that are not needed.
  func lowerCondition(_ expression: Expression, _ ifTrue: BlockID, _ ifFalse: BlockID) {
    switch expression.kind {
    case .prefix(.not, let inner):
      lowerCondition(inner, ifFalse, ifTrue)
      return
    case .binary(let first, let tails) where tails.first?.operation == .and:
      let parts = [first] + tails.map(\.operand)
      for part in parts.dropLast() {
        let next = builder.addBlock("and")
        lowerCondition(part, next, ifFalse)
        builder.position(at: next)
      }
      if let last = parts.last { lowerCondition(last, ifTrue, ifFalse) }
      return
    case .binary(let first, let tails) where tails.first?.operation == .or && !mayRaise(first):
      let parts = [first] + tails.map(\.operand)
      for part in parts.dropLast() {
        let next = builder.addBlock("or")
        lowerCondition(part, ifTrue, next)
        builder.position(at: next)
      }
      if let last = parts.last { lowerCondition(last, ifTrue, ifFalse) }
      return
    default: break
    }
    let operand = lower(expression, expecting: .boolean)
    switch operand.form {
    case .invalid:
      builder.branch(ifTrue)
      return
    case .boolean(let value):
      builder.branch(value ? ifTrue : ifFalse)
      return
    default: break
    }
    let type = naturalType(of: operand)
    guard type == .boolean || operand.isNever else {
      var help: String?
      if optionalChild(type) != nil { help = "compare it with null, or bind its value: 'if v := ... { }'" }
      if isInteger(type) { help = "compare it with 0" }
      fail("a condition is 'bool', not \(shown(type))", expression.span, help: help)
      builder.branch(ifTrue)
      return
    }
    guard let value = value(operand, as: .boolean, expression.span) else { return }
    at(expression.span)
    builder.branch(if: value, ifTrue, else: ifFalse)
  }

  /// Whether an expression is a call to something that may raise, so that `or` gives a fallback.
  private func mayRaise(_ expression: Expression) -> Bool {
    guard case .call(let callee, _) = expression.kind else { return false }
    switch callee.kind {
    case .name(let symbol):
      guard local(symbol) == nil, let entity = scope.find(symbol), let syntax = functionSyntax(entity) else {
        return true
      }
      return syntax.result?.isFailable ?? false
    default: return true
    }
  }

  private func functionSyntax(_ entity: Entity) -> FunctionSyntax? {
    if case .function(let syntax)? = entity.declaration?.value.kind { return syntax }
    return nil
  }

  private func lowerLogic(_ first: Expression, _ tails: [OperatorTail], isAnd: Bool, _ span: Span) -> Operand {
    let left = lower(first, expecting: .boolean)
    return lowerLogic(left, first.span, tails, isAnd: isAnd, span)
  }

  private func lowerLogic(
    _ first: Operand, _ firstSpan: Span, _ tails: [OperatorTail], isAnd: Bool, _ span: Span
  ) -> Operand {
    var left = first
    var leftSpan = firstSpan
    for tail in tails {
      if left.isInvalid { return .invalid }
      if case .boolean(let known) = left.form {
        // What is known now decides without branching, and what it rules out is not even looked at.
        if known != isAnd { return left }
        left = lower(tail.operand, expecting: .boolean)
        leftSpan = tail.operand.span
        continue
      }
      guard let leftValue = value(left, as: .boolean, leftSpan) else { return .invalid }
      at(tail.span)
      let more = builder.addBlock(isAnd ? "and" : "or")
      let join = builder.addBlock("join", parameters: [.boolean])
      let known = builder.boolean(!isAnd)
      builder.emit(
        isAnd
          ? .conditionalBranch(leftValue, then: more, [], else: join, [known])
          : .conditionalBranch(leftValue, then: join, [known], else: more, []))
      builder.position(at: more)
      let right = lower(tail.operand, expecting: .boolean)
      if right.isInvalid { return .invalid }
      if !builder.isClosed {
        guard let rightValue = value(right, as: .boolean, tail.operand.span) else { return .invalid }
        builder.branch(join, [rightValue])
      }
      builder.position(at: join)
      left = Operand(.value(builder.blockParameter(0)), .boolean)
      leftSpan = span
    }
    return left
  }

  private func lowerOr(
    _ first: Expression, _ tails: [OperatorTail], expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    let left = lower(first, expecting: expected == .boolean ? .boolean : nil)
    if left.isInvalid { return .invalid }
    if failable(left.type) == nil { return lowerLogic(left, first.span, tails, isAnd: false, span) }
    var operand = left
    var leftSpan = first.span
    for tail in tails {
      operand = lowerFallback(operand, leftSpan, tail.operand, expecting: expected, span)
      if operand.isInvalid { return .invalid }
      leftSpan = tail.operand.span
    }
    return operand
  }

  private func lowerCoalesce(
    _ first: Expression, _ tails: [OperatorTail], expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    var left = lower(first, expecting: nil)
    var leftSpan = first.span
    for tail in tails {
      if left.isInvalid { return .invalid }
      guard let child = optionalChild(left.type), let whole = value(left, leftSpan) else {
        return fail("'??' follows an optional; this is \(shown(naturalType(of: left)))", leftSpan)
      }
      at(tail.span)
      let present = builder.addBlock("present")
      let absent = builder.addBlock("absent")
      builder.branch(if: builder.emit(.optionalHasValue(whole), .boolean), present, else: absent)
      builder.position(at: absent)
      let right = lower(tail.operand, expecting: child)
      if right.isInvalid { return .invalid }
      let keepsOptional = right.type == left.type
      let type = keepsOptional ? left.type : child
      let join = builder.addBlock("join", parameters: [type])
      if !builder.isClosed {
        guard let fallback = value(right, as: type, tail.operand.span) else { return .invalid }
        builder.branch(join, [fallback])
      }
      builder.position(at: present)
      builder.branch(join, [keepsOptional ? whole : builder.emit(.optionalUnwrap(whole), child)])
      builder.position(at: join)
      left = Operand(.value(builder.blockParameter(0)), type)
      leftSpan = span
    }
    return left
  }
}

extension OperatorSyntax {
  /// The instruction that computes it.
  var instruction: BinaryOperator {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .remainder: .modulo
    case .shiftLeft: .shiftLeft
    case .shiftRight: .shiftRight
    case .bitAnd: .bitAnd
    case .bitXor: .bitXor
    case .bitOr: .bitOr
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessEqual: .lessOrEqual
    case .greater: .greater
    case .greaterEqual: .greaterOrEqual
    case .and, .coalesce: .booleanAnd
    case .or: .booleanOr
    }
  }
}
