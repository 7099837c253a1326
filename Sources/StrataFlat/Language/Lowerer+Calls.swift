// Calls: of functions, methods, function values, closures, templates and variants.
//
// Guarantees: arguments are evaluated from left to right; each parameter gets exactly one argument, its default, or
// a report that says which is missing.

/// Arguments sorted by the parameters they are for.
struct MatchedArguments {
  /// For each declared parameter, its argument.
  var values: [Expression?]
  /// What is left for a variadic parameter.
  var rest: [ArgumentSyntax] = []
}

extension Lowerer {
  func lowerCall(
    _ expression: Expression, _ callee: Expression, _ arguments: [ArgumentSyntax], expecting expected: TypeID?
  ) -> Operand {
    let span = expression.span
    switch callee.kind {
    case .implicitMember(let name):
      guard let type = enumerationType(expected) else {
        return fail(
          "the type of '.\(spelling(name.symbol))' is not known here", span, help: "write the type before the dot")
      }
      return lowerVariant(type, name, arguments, span)
    case .member(let base, let name):
      let operand = lower(base, expecting: nil)
      if operand.isInvalid { return .invalid }
      if let type = operand.denotedType, compiler.nominals[type]?.members.own(name.symbol) == nil,
        variant(name.symbol, of: type) != nil
      {
        return lowerVariant(type, name, arguments, span)
      }
      return call(member(operand, name, callee.span), callee, arguments, expecting: expected, span)
    default:
      return call(lower(callee, expecting: nil), callee, arguments, expecting: expected, span)
    }
  }

  private func call(
    _ target: Operand, _ callee: Expression, _ arguments: [ArgumentSyntax], expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    switch target.form {
    case .invalid:
      return .invalid
    case .function(let entity): return callFunction(entity, receiver: nil, arguments, expecting: expected, span)
    case .method(let entity, let receiver):
      return callFunction(entity, receiver: (receiver, callee.span), arguments, expecting: expected, span)
    case .builtin(let builtin): return callBuiltin(builtin, arguments, expecting: expected, span)
    case .template(let template): return callTemplate(template, arguments, span)
    case .type(let type):
      guard arguments.count == 1, arguments[0].name == nil else {
        return fail(
          "a type is not called", span, help: "write '\(types.name(type)).{ ... }' to make a value of it")
      }
      return cast(lower(arguments[0].value, expecting: type), to: type, span)
    default: return callValue(target, callee, arguments, span)
    }
  }

  /// A variant with its payload.
  private func lowerVariant(_ type: TypeID, _ name: Name, _ arguments: [ArgumentSyntax], _ span: Span) -> Operand {
    guard let variant = variant(name.symbol, of: type) else { return noVariant(name, type) }
    guard variant.payload != .void else {
      return fail("the variant '.\(spelling(name.symbol))' of \(shown(type)) holds nothing", span)
    }
    let payload: ValueID?
    if arguments.count == 1, arguments[0].name == nil {
      payload = value(
        lower(arguments[0].value, expecting: variant.payload), as: variant.payload, arguments[0].value.span)
    } else if case .structure = types[variant.payload] {
      payload = value(aggregate(of: variant.payload, arguments, span), span)
    } else {
      return fail("the variant '.\(spelling(name.symbol))' holds one \(shown(variant.payload))", span)
    }
    guard let payload else { return .invalid }
    return enumerationValue(type, variant, payload: payload, span)
  }

  /// A call through a function word or a closure.
  private func callValue(
    _ target: Operand, _ callee: Expression, _ arguments: [ArgumentSyntax], _ span: Span
  ) -> Operand {
    let operand = followPointers(target, callee.span)
    let parameters: [TypeID]
    let result: TypeID
    var isClosure = false
    switch types[operand.type] {
    case .function(let function): (parameters, result) = (function.parameters, function.result)
    case .closure(let list, let type):
      (parameters, result) = (list, type)
      isClosure = true
    default:
      return fail("\(shown(naturalType(of: operand))) cannot be called", callee.span)
    }
    guard let word = value(operand, callee.span) else { return .invalid }
    guard arguments.count == parameters.count else {
      return fail("this takes \(compiler.count(parameters.count, "argument")), not \(arguments.count)", span)
    }
    var values: [ValueID] = []
    for (argument, type) in zip(arguments, parameters) {
      let operand = lower(argument.value, expecting: type)
      guard let value = value(operand, as: type, argument.value.span) else { return .invalid }
      values.append(value)
    }
    at(span)
    let called = builder.emit(isClosure ? .callClosure(word, values) : .callIndirect(word, values), result)
    return finishCall(called, result)
  }

  private func finishCall(_ value: ValueID, _ result: TypeID) -> Operand {
    if result == .void { return .void }
    if result == .noReturn {
      builder.emit(.unreachable)
      return .never
    }
    return Operand(.value(value), result)
  }

  private func callTemplate(_ template: TypeTemplate, _ arguments: [ArgumentSyntax], _ span: Span) -> Operand {
    guard arguments.count <= template.parameters.count else {
      return fail(
        "'\(template.name)' takes \(compiler.count(template.parameters.count, "argument")), not \(arguments.count)",
        span)
    }
    var operands: [Operand] = []
    for (index, parameter) in template.parameters.enumerated() {
      let operand: Operand?
      if index < arguments.count {
        operand = genericArgument(parameter, arguments[index].value)
      } else if let expression = parameter.defaultValue {
        operand = compiler.guarded(span, nil) { genericArgument(parameter, expression) }
      } else {
        return fail("'\(template.name)' needs an argument for '\(spelling(parameter.name.symbol))'", span)
      }
      guard let operand else { return .invalid }
      operands.append(operand)
    }
    return compiler.instantiate(template, operands, at: span)
  }

  /// The constant that a generic parameter is given: a type, or a value of the parameter's type.
  func genericArgument(_ parameter: ParameterSyntax, _ expression: Expression) -> Operand? {
    guard let typeSyntax = parameter.type,
      let wanted = compiler.guarded(typeSyntax.span, TypeID?.none, { type(of: typeSyntax) })
    else { return nil }
    if wanted == .type { return type(of: expression).map(Operand.type) }
    return constant(expression, as: wanted)
  }

  // MARK: Functions

  /// Sorts arguments by parameter; nil after a report. `skipping` parameters at the front are already served.
  private func match(
    _ entity: FunctionEntity, _ arguments: [ArgumentSyntax], skipping: Int, _ span: Span
  ) -> MatchedArguments? {
    let parameters = entity.syntax.parameters
    var matched = MatchedArguments(values: Array(repeating: nil, count: parameters.count))
    var next = skipping
    for argument in arguments {
      if let name = argument.name {
        guard let index = parameters.firstIndex(where: { $0.name.symbol == name.symbol }), index >= skipping else {
          fail("'\(entity.name)' has no parameter '\(spelling(name.symbol))'", name.span)
          return nil
        }
        if matched.values[index] != nil {
          fail("the parameter '\(spelling(name.symbol))' is given twice", name.span)
          return nil
        }
        matched.values[index] = argument.value
        continue
      }
      // Generic parameters that can be found out from later arguments need not be given.
      while next < parameters.count, matched.values[next] != nil { next += 1 }
      if next < parameters.count, parameters[next].isVariadic {
        matched.rest.append(argument)
        continue
      }
      guard next < parameters.count else {
        let wanted = compiler.count(parameters.count - skipping, "argument")
        fail(
          "'\(entity.name)' takes \(wanted), not \(arguments.count)", argument.value.span,
          notes: [compiler.note("it is declared here", entity.syntax.span.head)])
        return nil
      }
      matched.values[next] = argument.value
      next += 1
    }
    for (index, parameter) in parameters.enumerated() where index >= skipping {
      if matched.values[index] != nil || parameter.isVariadic || parameter.defaultValue != nil { continue }
      fail(
        "'\(entity.name)' needs an argument for '\(spelling(parameter.name.symbol))'", span,
        notes: [compiler.note("it is declared here", entity.syntax.span.head)])
      return nil
    }
    return matched
  }

  private func callFunction(
    _ entity: FunctionEntity, receiver: (Operand, Span)?, _ arguments: [ArgumentSyntax], expecting expected: TypeID?,
    _ span: Span
  ) -> Operand {
    guard let matched = match(entity, arguments, skipping: receiver == nil ? 0 : 1, span) else { return .invalid }
    if entity.isGeneric { return callGeneric(entity, receiver: receiver, matched, span) }
    guard let instance = compiler.instance(of: entity, [], at: span) else { return .invalid }
    var values: [ValueID] = []
    for (position, index) in instance.parameterIndices.enumerated() {
      let type = instance.parameterTypes[position]
      guard let value = argument(index, of: entity, type, receiver: receiver, matched, in: instance.scope) else {
        return .invalid
      }
      values.append(value)
    }
    return finish(instance, values, span)
  }

  private func finish(_ instance: FunctionInstance, _ values: [ValueID], _ span: Span) -> Operand {
    at(span)
    let result = instance.result.type
    return finishCall(builder.call(instance.number, values, result), result)
  }

  /// The value for one parameter.
  private func argument(
    _ index: Int, of entity: FunctionEntity, _ type: TypeID, receiver: (Operand, Span)?, _ matched: MatchedArguments,
    in scope: Scope
  ) -> ValueID? {
    let parameter = entity.syntax.parameters[index]
    if index == 0, let (operand, span) = receiver { return receiverValue(operand, as: type, span) }
    if parameter.isVariadic {
      // A slice given by name is passed as it is.
      if let given = matched.values[index] { return value(lower(given, expecting: type), as: type, given.span) }
      return variadic(matched.rest, type, parameter.name.span)
    }
    if let given = matched.values[index] {
      return value(lower(given, expecting: type), as: type, given.span)
    }
    guard let expression = parameter.defaultValue else { return nil }
    return inScope(scope, expression.span, nil) {
      value(lower(expression, expecting: type), as: type, expression.span)
    }
  }

  /// Lowers something written elsewhere, without the local names of this function; `otherwise` after a report when such
  /// things need each other without end.
  func inScope<Value>(_ other: Scope, _ span: Span, _ otherwise: Value, _ body: () -> Value) -> Value {
    compiler.guarded(span, otherwise) {
      let saved = (scope, locals)
      scope = other
      locals = LocalNames()
      defer { (scope, locals) = saved }
      return body()
    }
  }

  /// The value a method is called on: its address where the method wants a pointer.
  private func receiverValue(_ operand: Operand, as type: TypeID, _ span: Span) -> ValueID? {
    if operand.type == type { return value(operand, span) }
    if case .pointer(let pointee) = types[type], pointee == operand.type { return address(of: operand, span) }
    if case .pointer(let pointee) = types[operand.type], pointee == type {
      return value(followPointers(operand, span), span)
    }
    return value(operand, as: type, span)
  }

  /// The rest of the arguments as a slice.
  private func variadic(_ rest: [ArgumentSyntax], _ type: TypeID, _ span: Span) -> ValueID? {
    guard case .slice(let element) = types[type] else { return nil }
    if rest.count == 1, rest[0].isSpread {
      return value(lower(rest[0].value, expecting: type), as: type, rest[0].value.span)
    }
    if rest.isEmpty { return builder.null(type) }
    let array = types.array(of: element, count: UInt32(rest.count))
    let address = builder.allocate(array)
    for (index, argument) in rest.enumerated() {
      if argument.isSpread {
        fail("'..' passes a whole slice, so it must be the only argument", argument.value.span)
        return nil
      }
      // A box refers to what it holds; a number may change before the call, so the box holds a copy.
      let operand = loaded(lower(argument.value, expecting: element == .any ? nil : element), argument.value.span)
      guard let value = value(operand, as: element, argument.value.span) else { return nil }
      store(value, to: builder.indexAddress(address, builder.integer(Int64(index)), element), element)
    }
    return builder.emit(.arrayToSlice(address), type)
  }

  // MARK: Generic functions

  private func callGeneric(
    _ entity: FunctionEntity, receiver: (Operand, Span)?, _ matched: MatchedArguments, _ span: Span
  ) -> Operand {
    var bindings = GenericBindings(entity.syntax)
    var operands: [Int: (Operand, Span)] = [:]
    let patterns = Scope(parent: entity.scope, file: entity.scope.file)
    for (index, parameter) in entity.syntax.parameters.enumerated() {
      if parameter.isGeneric {
        guard let given = matched.values[index] ?? parameter.defaultValue else { continue }
        let operand =
          matched.values[index] == nil
          ? inScope(patterns, span, nil) { genericArgument(parameter, given) }
          : genericArgument(parameter, given, in: patterns)
        guard let operand else { return .invalid }
        bindings.bind(parameter.name, operand)
        compiler.bind(parameter.name, operand, in: patterns)
        continue
      }
      guard let pattern = parameter.type else { return fail("this parameter needs a type", parameter.name.span) }
      let isKnown = bindings.covers(pattern)
      var expected: TypeID?
      if isKnown { expected = inScope(patterns, span, nil) { type(of: pattern) } }
      if isKnown, expected == nil { return .invalid }
      if parameter.isVariadic {
        if !isKnown {
          guard let first = matched.rest.first else {
            return fail("the type of '\(spelling(parameter.name.symbol))' cannot be found out without arguments", span)
          }
          let operand = lower(first.value, expecting: nil)
          guard unify(pattern, naturalType(of: operand), &bindings, patterns) else {
            return cannotInfer(entity, pattern, naturalType(of: operand), first.value.span)
          }
        }
        continue
      }
      let operand: Operand
      let place: Span
      if index == 0, let receiver {
        (operand, place) = receiver
      } else if let given = matched.values[index] {
        operand = lower(given, expecting: expected)
        place = given.span
      } else {
        continue
      }
      if operand.isInvalid { return .invalid }
      operands[index] = (expected == nil ? loaded(operand, place) : operand, place)
      if !isKnown {
        var natural = naturalType(of: operand)
        if index == 0, receiver != nil { natural = receiverType(natural, for: pattern) }
        guard unify(pattern, natural, &bindings, patterns) else {
          return cannotInfer(entity, pattern, natural, place)
        }
      }
    }
    guard let list = bindings.complete() else {
      let missing = bindings.missing.map { "'\(spelling($0.symbol))'" }.joined(separator: ", ")
      return fail("\(missing) of '\(entity.name)' cannot be found out from the arguments", span)
    }
    guard let instance = compiler.instance(of: entity, list, at: span) else { return .invalid }
    var values: [ValueID] = []
    for (position, index) in instance.parameterIndices.enumerated() {
      let type = instance.parameterTypes[position]
      let found: ValueID?
      if let (operand, place) = operands[index] {
        found =
          index == 0 && receiver != nil ? receiverValue(operand, as: type, place) : value(operand, as: type, place)
      } else {
        found = argument(index, of: entity, type, receiver: receiver, matched, in: instance.scope)
      }
      guard let found else { return .invalid }
      values.append(found)
    }
    return finish(instance, values, span)
  }

  /// A generic argument whose parameter's own type is read among the names bound so far.
  private func genericArgument(_ parameter: ParameterSyntax, _ expression: Expression, in patterns: Scope) -> Operand? {
    guard let typeSyntax = parameter.type,
      let wanted = inScope(patterns, typeSyntax.span, TypeID?.none, { type(of: typeSyntax) })
    else { return nil }
    if wanted == .type { return type(of: expression).map(Operand.type) }
    return constant(expression, as: wanted)
  }

  /// What a pattern is compared with when the receiver will be passed by address or by value.
  private func receiverType(_ type: TypeID, for pattern: Expression) -> TypeID {
    let wantsPointer: Bool
    if case .prefix(.addressOf, _) = pattern.kind { wantsPointer = true } else { wantsPointer = false }
    let pointee = types.pointee(type)
    if wantsPointer, pointee == nil { return types.pointer(to: type) }
    if !wantsPointer, let pointee, case .call = pattern.kind { return pointee }
    return type
  }

  private func cannotInfer(_ entity: FunctionEntity, _ pattern: Expression, _ type: TypeID, _ span: Span) -> Operand {
    let source = compiler.sources[Int(pattern.span.file)]
    return fail(
      "\(shown(type)) does not fit '\(source.text(in: pattern.span.range))'", span,
      notes: [compiler.note("the parameter of '\(entity.name)' is declared here", pattern.span)])
  }
}

extension Span {
  /// Only the start, for pointing at something long.
  var head: Span { Span(file: file, start: start, end: min(end, start + 1)) }
}
