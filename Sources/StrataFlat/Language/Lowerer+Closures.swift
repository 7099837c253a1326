// Function literals.
//
// Guarantees: a literal captures what it uses by value, into storage of its own made where the literal stands; one
// that captures nothing is a plain function where a plain function is wanted.

extension Lowerer {
  func lowerFunctionLiteral(_ syntax: FunctionSyntax, expecting expected: TypeID?, _ span: Span) -> Operand {
    let wanted = expected.map { optionalChild($0) ?? $0 }
    var parameterHints: [TypeID]?
    var resultHint: TypeID?
    var wantsClosure = false
    if let wanted {
      switch types[wanted] {
      case .function(let function): (parameterHints, resultHint) = (function.parameters, function.result)
      case .closure(let list, let type):
        (parameterHints, resultHint) = (list, type)
        wantsClosure = true
      default: break
      }
    }
    let captures = capturedNames(syntax)
    let isTyped = syntax.parameters.allSatisfy { $0.type != nil && $0.name.symbol.index != UInt32.max }
    if captures.isEmpty, isTyped || !syntax.genericNames.isEmpty, !wantsClosure,
      syntax.result != nil || resultHint == nil
    {
      let entity = FunctionEntity(name: name + ".function", syntax: syntax, scope: scope)
      return Operand(.function(entity))
    }
    guard syntax.genericNames.isEmpty else { return fail("a function that captures names cannot be generic", span) }
    guard let parameters = literalParameters(syntax, parameterHints, span) else { return .invalid }
    var shape = ResultShape()
    if let result = syntax.result {
      guard let declared = resultShape(result) else { return .invalid }
      shape = declared
    } else if let hint = resultHint {
      shape = shapeOf(hint)
    }
    let infers = syntax.result == nil && resultHint == nil
    if captures.isEmpty, !wantsClosure {
      return plainLiteral(syntax, parameters, shape, infers: infers)
    }
    return closureLiteral(syntax, captures, parameters, shape, infers: infers, span)
  }

  /// The shape of a result given as one type.
  private func shapeOf(_ type: TypeID) -> ResultShape {
    if let (values, errorSet) = failable(type), !values.isEmpty {
      return ResultShape(values: values, errorSet: errorSet, type: type)
    }
    return ResultShape(values: type == .void ? [] : [type], errorSet: nil, type: type)
  }

  private func literalParameters(_ syntax: FunctionSyntax, _ hints: [TypeID]?, _ span: Span) -> [Parameter]? {
    if let hints, hints.count != syntax.parameters.count {
      fail(
        "expected a function with \(compiler.count(hints.count, "parameter")), not \(syntax.parameters.count)", span)
      return nil
    }
    var parameters: [Parameter] = []
    for (index, parameter) in syntax.parameters.enumerated() {
      var type = hints.map { $0[index] }
      if let expression = parameter.type {
        guard let declared = self.type(of: expression) else { return nil }
        type = declared
      }
      guard let type else {
        fail("the type of this parameter is not known here", parameter.name.span, help: "write it: 'name: T'")
        return nil
      }
      guard parameter.name.symbol.index != UInt32.max else {
        fail("a parameter needs a name", parameter.name.span)
        return nil
      }
      parameters.append(Parameter(spelling(parameter.name.symbol), type))
    }
    return parameters
  }

  /// The local names of this function that the literal uses.
  private func capturedNames(_ syntax: FunctionSyntax) -> [Symbol] {
    var captured: [Symbol] = []
    func see(_ symbol: Symbol) {
      guard !captured.contains(symbol) else { return }
      switch local(symbol) {
      case .place?: captured.append(symbol)
      case .operand(let operand)?:
        if !operand.isConstant, !operand.isInvalid { captured.append(symbol) }
      default: return
      }
    }
    switch syntax.body {
    case .block(let block): block.visitNames(see)
    case .expression(let expression): expression.visitNames(see)
    case .extern, .intrinsic: break
    }
    let own = syntax.parameters.map(\.name.symbol)
    return captured.filter { !own.contains($0) }
  }

  private func plainLiteral(
    _ syntax: FunctionSyntax, _ parameters: [Parameter], _ shape: ResultShape, infers: Bool
  ) -> Operand {
    let child = Lowerer(
      compiler: compiler, scope: scope, name: name + ".function", parameters: parameters, result: shape)
    child.locals = locals.constants
    child.declareLiteralParameters(syntax, from: 0)
    child.lowerLiteralBody(syntax, infers: infers)
    let number = compiler.module.add(child.builder.function)
    let type = types.function(parameters.map(\.type), child.result.type)
    return Operand(.value(builder.emit(.function(number), type)), type)
  }

  private func closureLiteral(
    _ syntax: FunctionSyntax, _ captures: [Symbol], _ parameters: [Parameter], _ shape: ResultShape, infers: Bool,
    _ span: Span
  ) -> Operand {
    var values: [ValueID] = []
    var elements: [TypeID] = []
    for symbol in captures {
      let operand = lowerName(symbol, span)
      let type = naturalType(of: operand)
      guard let value = value(operand, as: type, span) else { return .invalid }
      values.append(value)
      elements.append(type)
    }
    let list = [Parameter("environment", types.pointer(to: .void))] + parameters
    let child = Lowerer(compiler: compiler, scope: scope, name: name + ".closure", parameters: list, result: shape)
    child.locals = locals.constants
    at(span)
    var environment = ValueID.none
    if !captures.isEmpty {
      let type = types.tuple(elements)
      let storage = builder.allocate(type)
      store(builder.aggregate(values, type), to: storage, type)
      let pointer = types.pointer(to: type)
      environment = builder.emit(.convert(.bitcast, storage, from: pointer), types.pointer(to: .void))
      let inside = child.builder.emit(
        .convert(.bitcast, child.builder.parameter(0), from: types.pointer(to: .void)), pointer)
      for (index, symbol) in captures.enumerated() {
        let place = child.builder.fieldAddress(inside, index, elements[index])
        child.locals.append(Local(symbol: symbol, form: .place(place, elements[index])))
      }
    }
    child.declareLiteralParameters(syntax, from: 1)
    child.lowerLiteralBody(syntax, infers: infers)
    let number = compiler.module.add(child.builder.function)
    let type = types.closure(parameters.map(\.type), child.result.type)
    at(span)
    return Operand(.value(builder.emit(.closure(number, environment: environment), type)), type)
  }

  private func declareLiteralParameters(_ syntax: FunctionSyntax, from first: Int) {
    for (index, parameter) in syntax.parameters.enumerated() {
      let position = first + index
      let type = builder.function.parameters[position].type
      declare(parameter.name, type, builder.parameter(position))
    }
  }

  private func lowerLiteralBody(_ syntax: FunctionSyntax, infers: Bool) {
    switch syntax.body {
    case .block(let block): lowerBodyBlock(block)
    case .expression(let expression):
      let expected = infers ? nil : result.values.count == 1 ? result.values[0] : result.values.isEmpty ? .void : nil
      let operand = lower(expression, expecting: expected)
      if infers, !operand.isInvalid {
        let type = naturalType(of: operand)
        result = ResultShape(values: type == .void ? [] : [type], errorSet: nil, type: type)
        builder.configure { $0.result = type }
      }
      if !builder.isClosed, !operand.isInvalid {
        if result.values.isEmpty { returnNothing(expression.span) } else { finishReturn([(operand, expression.span)]) }
      }
    case .extern, .intrinsic: break
    }
    close()
  }
}
