// Values needed while compiling: folded if they can be, otherwise computed by evaluating the program so far.
//
// Guarantees: evaluation has a budget, so compiling ends; a failure is reported where the value is needed, with the
// reason and the place in the program that failed.

import StrataText

extension Lowerer {
  /// A constant operand of a known type, if the operand can be one; nil without a report.
  func constant(_ operand: Operand, as type: TypeID, _ span: Span) -> Operand? {
    switch operand.form {
    case .integer(let value):
      if isInteger(type), fits(value, type) { return Operand(.integer(value), type) }
      if isFloat(type), operand.type == .unresolved { return Operand(.float(Double(value)), type) }
      return nil
    case .float(let value):
      if type == .f64 { return Operand(.float(value), type) }
      if type == .f32, operand.type == .unresolved { return Operand(.float(Double(Float(value))), type) }
      return nil
    case .boolean: return type == .boolean ? operand : nil
    case .string: return type == .string ? operand : nil
    case .type: return type == .type ? operand : nil
    default: return nil
    }
  }

  /// The value of an expression, known now; nil after a report.
  func constant(_ expression: Expression, as type: TypeID) -> Operand? {
    let errors = compiler.errorCount
    let inner = detached()
    let operand = inner.lower(expression, expecting: type == .unresolved ? nil : type)
    if operand.isInvalid { return nil }
    let wanted = type == .unresolved ? naturalType(of: operand) : type
    if let known = constant(operand, as: wanted, expression.span) { return known }
    if case .function = operand.form { return operand }
    guard let value = inner.value(operand, as: wanted, expression.span), compiler.errorCount == errors else {
      return nil
    }
    return compiler.finishAndEvaluate(inner, value, wanted, expression.span)
  }

  /// A lowering that sees the constants of this one, but nothing that exists only when the program runs.
  func detached() -> Lowerer {
    let inner = Lowerer(compiler: compiler, scope: scope, wrapper: name)
    inner.locals = locals.constants
    return inner
  }

  func constantInteger(_ expression: Expression) -> Int128? {
    if case .integer(let value) = expression.kind { return Int128(value) }
    let inner = detached()
    let operand = inner.lower(expression, expecting: nil)
    if operand.isInvalid { return nil }
    if case .integer(let value) = operand.form { return value }
    let type = naturalType(of: operand)
    guard isInteger(type), let value = inner.value(operand, expression.span) else {
      if !isInteger(type) { fail("expected an integer, but this is \(shown(type))", expression.span) }
      return nil
    }
    guard let made = compiler.finishAndEvaluate(inner, value, type, expression.span),
      case .integer(let number) = made.form
    else { return nil }
    return number
  }

  func constantBoolean(_ expression: Expression) -> Bool? {
    guard let operand = constant(expression, as: .boolean), case .boolean(let value) = operand.form else { return nil }
    return value
  }

  func constantString(_ expression: Expression) -> [UInt8]? {
    guard let operand = constant(expression, as: .string), case .string(let bytes) = operand.form else { return nil }
    return bytes
  }

  /// `#run e` inside a function or expression: computed once, in an evaluation of its own value.
  func lowerRun(_ expression: Expression, expecting expected: TypeID?, _ span: Span) -> Operand {
    let inner = detached()
    let operand = inner.lower(expression, expecting: expected == .void ? nil : expected)
    if operand.isInvalid { return .invalid }
    if operand.isConstant { return operand }
    var type = naturalType(of: operand)
    if let expected, expected != .void, expected != .unresolved, type == .unresolved { type = expected }
    guard let value = inner.value(operand, as: type, expression.span) else { return .invalid }
    let function = inner.finishWrapper(returning: value, type, role: .runWrapper)
    if type == .type { return compiler.evaluateConstant(function, .type, span) ?? .invalid }
    if type == .void {
      // Done for its effect, once, when the program is evaluated.
      compiler.constants.append(
        PendingConstant(name: "", function: function, global: nil, type: .void, span: span))
      return .void
    }
    let global = compiler.module.add(
      Global(name: "\(name).run", type: type, initializingFunction: function, isConstant: true))
    at(span)
    let address = builder.emit(.globalAddress(global), types.pointer(to: type))
    return Operand(.place(address), type)
  }
}

extension Compiler {
  /// Ends a wrapper and evaluates it.
  func finishAndEvaluate(_ lowerer: Lowerer, _ value: ValueID, _ type: TypeID, _ span: Span) -> Operand? {
    let function = lowerer.finishWrapper(returning: value, type, role: type == .type ? .typeBuilder : .runWrapper)
    return evaluateConstant(function, type, span)
  }

  /// Evaluates a function without parameters while compiling; nil after a report.
  func evaluateConstant(_ function: FunctionID, _ type: TypeID, _ span: Span) -> Operand? {
    guard errorCount == 0 else { return nil }
    return guarded(span, Operand?.none) { () -> Operand? in
      completeOpenTypes()
      lowerReachable(from: function)
      completeComparisons()
      guard errorCount == 0 else { return nil }
      defer { output += evaluator.output }
      do throws(EvaluationError) {
        return operand(try evaluator.evaluate(function), type, span)
      } catch {
        if error.kind.isBudget { isOverBudget = true }
        let notes = Array(error.notes(sources.count, "in", after: 0).prefix(6))
        report("this could not be evaluated: \(error.reason)", span, notes: notes)
        return nil
      }
    }
  }

  private func operand(_ value: FlatValue, _ type: TypeID, _ span: Span) -> Operand? {
    switch value {
    case .integer(let number): return Operand(.integer(Int128(number)), type)
    case .unsigned(let number): return Operand(.integer(Int128(number)), type)
    case .boolean(let flag): return .boolean(flag)
    case .float(let number): return Operand(.float(number), type)
    case .single(let number): return Operand(.float(Double(number)), type)
    case .string(let bytes): return Operand(.string(bytes), .string)
    case .type(let number):
      guard types[number] != .unresolved, types.isDefined(number) else {
        report("this type was declared but never defined", span)
        return nil
      }
      return .type(number)
    default:
      report("a value of type '\(types.name(type))' cannot be used while compiling", span)
      return nil
    }
  }
}
