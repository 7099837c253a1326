// Errors: raised, passed on, handled.
//
// Guarantees: an error can only leave a function that declares it; handling one clears its trace.

extension Lowerer {
  private var tracePush: FunctionID {
    compiler.module.addExternal("sx_trace_push", parameters: [Parameter("frame", .u64)], result: .void)
  }

  private var traceClear: FunctionID {
    compiler.module.addExternal("sx_trace_clear", parameters: [], result: .void)
  }

  private func pushTrace() {
    let frame = builder.emit(.traceFrame, .u64)
    _ = builder.call(tracePush, [frame], .void)
  }

  /// Leaves the function with an error.
  private func leave(raising tag: ValueID) {
    pushTrace()
    var whole = tag
    if !result.values.isEmpty {
      let parts = result.values.map { builder.undefined($0) } + [tag]
      whole = builder.aggregate(parts, result.type)
    }
    leave(returning: whole, failing: true)
  }

  func lowerRaise(_ expression: Expression, _ span: Span) -> Operand {
    if isInCleanup { return fail("what is deferred cannot raise", span) }
    guard let errorSet = result.errorSet else {
      return fail(
        "'\(name)' does not declare that it may raise", span, help: "add '!' to its results: '-> (T, !)' or '-> !'")
    }
    let operand = lower(expression, expecting: errorSet)
    guard let tag = value(operand, as: errorSet, expression.span) else { return .invalid }
    at(span)
    leave(raising: tag)
    return .never
  }

  /// Splits a failable value: its error tag, and what it holds when there is none.
  private func split(
    _ operand: Operand, _ span: Span
  ) -> (whole: ValueID, tag: ValueID, errorSet: TypeID, values: [TypeID])? {
    guard let (values, errorSet) = failable(operand.type), let whole = value(operand, span) else {
      fail("this cannot raise", span)
      return nil
    }
    let tag = values.isEmpty ? whole : builder.field(whole, values.count, errorSet)
    return (whole, tag, errorSet, values)
  }

  /// What a failable value holds when it holds no error.
  private func success(_ whole: ValueID, _ values: [TypeID]) -> Operand {
    switch values.count {
    case 0: return .void
    case 1: return Operand(.value(builder.field(whole, 0, values[0])), values[0])
    default:
      let type = types.tuple(values)
      let parts = values.enumerated().map { builder.field(whole, $0.offset, $0.element) }
      return Operand(.value(builder.aggregate(parts, type)), type)
    }
  }

  private func branchOnError(_ tag: ValueID, _ errorSet: TypeID) -> (failed: BlockID, fine: BlockID) {
    let failed = builder.addBlock("failed")
    let fine = builder.addBlock("fine")
    let hasError = builder.compare(.notEqual, tag, builder.integer(0, errorSet))
    builder.branch(if: hasError, failed, else: fine)
    return (failed, fine)
  }

  func lowerTry(_ expression: Expression, _ span: Span) -> Operand {
    let operand = lower(expression, expecting: nil)
    if operand.isInvalid { return .invalid }
    guard let errorSet = result.errorSet else {
      return fail(
        "'\(name)' does not declare that it may raise", span.head,
        help: "add '!' to its results, or handle the error with 'catch' or 'or'")
    }
    guard let parts = split(operand, expression.span) else { return .invalid }
    at(span)
    let (failed, fine) = branchOnError(parts.tag, parts.errorSet)
    builder.position(at: failed)
    let tag = convert(parts.tag, parts.errorSet, to: errorSet, expression.span, explicit: false)
    if let tag { leave(raising: tag) }
    builder.position(at: fine)
    return tag == nil ? .invalid : success(parts.whole, parts.values)
  }

  /// `e catch (name) { ... }`: the block gives the value, or does not come back.
  func lowerHandler(
    _ expression: Expression, _ name: Name?, _ body: BlockSyntax, expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    let operand = lower(expression, expecting: nil)
    if operand.isInvalid { return .invalid }
    guard let parts = split(operand, expression.span) else { return .invalid }
    at(span)
    let (failed, fine) = branchOnError(parts.tag, parts.errorSet)
    builder.position(at: failed)
    _ = builder.call(traceClear, [], .void)
    let saved = locals.count
    if let name { declare(name, Operand(.value(parts.tag), parts.errorSet)) }
    let type = valueType(parts.values)
    let wanted = expected == .void ? TypeID.void : type
    let given = lowerBlock(body, expecting: wanted)
    locals.cut(to: saved)
    var ends: [BranchEnd] = []
    if !builder.isClosed { ends.append(BranchEnd(block: builder.current, operand: given, span: lastSpan(body))) }
    builder.position(at: fine)
    let value = wanted == .void ? .void : success(parts.whole, parts.values)
    if ends.isEmpty { return value }
    ends.append(BranchEnd(block: builder.current, operand: value, span: expression.span))
    if wanted == .void {
      ends = ends.map { BranchEnd(block: $0.block, operand: $0.operand.isInvalid ? .invalid : .void, span: $0.span) }
    }
    return join(ends, expecting: wanted, span)
  }

  private func valueType(_ values: [TypeID]) -> TypeID {
    values.isEmpty ? .void : values.count == 1 ? values[0] : types.tuple(values)
  }

  /// `f() or fallback`.
  func lowerFallback(
    _ operand: Operand, _ operandSpan: Span, _ fallback: Expression, expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    guard let parts = split(operand, operandSpan) else { return .invalid }
    at(span)
    let (failed, fine) = branchOnError(parts.tag, parts.errorSet)
    builder.position(at: failed)
    _ = builder.call(traceClear, [], .void)
    let type = valueType(parts.values)
    let given = lower(fallback, expecting: type)
    if given.isInvalid { return .invalid }
    var ends: [BranchEnd] = []
    var resultType = type
    if failable(given.type) != nil, !parts.values.isEmpty { resultType = given.type }
    if !builder.isClosed { ends.append(BranchEnd(block: builder.current, operand: given, span: fallback.span)) }
    builder.position(at: fine)
    if resultType != type, let (_, errorSet) = failable(resultType), resultType == operand.type {
      // The fallback may fail as well: both sides keep their error.
      _ = errorSet
      ends.append(BranchEnd(block: builder.current, operand: Operand(.value(parts.whole), operand.type), span: span))
      return join(ends, expecting: resultType, span)
    }
    let value = success(parts.whole, parts.values)
    if ends.isEmpty { return value }
    ends.append(BranchEnd(block: builder.current, operand: value, span: operandSpan))
    return join(ends, expecting: type, span)
  }
}
