// Branches and loops.
//
// Guarantees: a branch that does not come back gives no value and closes no gap; only code that can be reached gets
// a way into what follows.

/// The end of a branch: where it is, and what it gave.
struct BranchEnd {
  let block: BlockID
  let operand: Operand
  let span: Span
}

extension Lowerer {
  // MARK: Joining

  /// Joins the ends of branches and gives the value they share.
  func join(_ ends: [BranchEnd], expecting expected: TypeID?, _ span: Span) -> Operand {
    guard !ends.isEmpty else { return .never }
    if ends.contains(where: { $0.operand.isInvalid }) {
      let after = builder.addBlock("join")
      builder.position(at: after)
      return .invalid
    }
    var type = expected
    if expected == nil {
      type = ends.map { naturalType(of: $0.operand) }.first { $0 != .unresolved } ?? .void
      for end in ends {
        if case .void = end.operand.form { type = .void }
      }
      if type != .void, let wider = widest(ends) { type = wider }
    }
    guard let type, type != .void else {
      let after = builder.addBlock("join")
      for end in ends {
        builder.position(at: end.block)
        builder.branch(after)
      }
      builder.position(at: after)
      return .void
    }
    let after = builder.addBlock("join", parameters: [type])
    var isValid = true
    for end in ends {
      builder.position(at: end.block)
      if case .void = end.operand.form {
        fail("this branch has no value, but \(shown(type)) is expected", end.span)
        isValid = false
        continue
      }
      guard let value = value(end.operand, as: type, end.span) else {
        isValid = false
        continue
      }
      builder.branch(after, [value])
    }
    builder.position(at: after)
    at(span)
    return isValid ? Operand(.value(builder.blockParameter(0)), type) : .invalid
  }

  /// The type that all ends can take.
  private func widest(_ ends: [BranchEnd]) -> TypeID? {
    var operand: Operand?
    for end in ends {
      guard let known = operand else {
        operand = end.operand
        continue
      }
      if end.operand.isNull {
        let type = naturalType(of: known)
        if optionalChild(type) == nil, !isPointer(type) { operand = Operand(.null, types.optional(type)) }
        continue
      }
      if known.isNull, known.type == .unresolved {
        let type = naturalType(of: end.operand)
        operand = Operand(.null, optionalChild(type) == nil && !isPointer(type) ? types.optional(type) : type)
        continue
      }
      guard let common = commonType(known, end.operand) else { return naturalType(of: known) }
      if naturalType(of: known) != common || known.type == .unresolved {
        operand = end.operand.type == .unresolved ? known : end.operand
      }
    }
    return operand.map { naturalType(of: $0) }
  }

  // MARK: if

  func lowerConditional(_ syntax: IfSyntax, expecting expected: TypeID?, _ span: Span) -> Operand {
    if syntax.isInline { return lowerInlineConditional(syntax, expecting: expected, span) }
    var ends: [BranchEnd] = []
    let isStatement = expected == .void || (syntax.otherwise == nil)
    let wanted = isStatement ? .void : expected
    let saved = locals.count
    var narrowedAfter: [Symbol] = []
    for (index, branch) in syntax.branches.enumerated() {
      let then = builder.addBlock("then")
      let next = builder.addBlock("else")
      guard lowerBranchCondition(branch.condition, then, next) else {
        locals.cut(to: saved)
        return .invalid
      }
      let operand = lowerBlock(branch.body, expecting: wanted)
      if !builder.isClosed {
        ends.append(
          BranchEnd(
            block: builder.current, operand: isStatement && !operand.isInvalid ? .void : operand,
            span: lastSpan(branch.body)))
      } else if index == 0, syntax.branches.count == 1, syntax.otherwise == nil {
        narrowedAfter = narrowing(branch.condition.value, whenTrue: false)
      }
      builder.position(at: next)
      locals.cut(to: saved)
      for symbol in narrowing(branch.condition.value, whenTrue: false) { narrow(symbol) }
    }
    if let otherwise = syntax.otherwise {
      let operand = lowerBlock(otherwise, expecting: wanted)
      if !builder.isClosed {
        ends.append(
          BranchEnd(
            block: builder.current, operand: isStatement && !operand.isInvalid ? .void : operand,
            span: lastSpan(otherwise)))
      }
    } else {
      ends.append(BranchEnd(block: builder.current, operand: .void, span: span))
    }
    locals.cut(to: saved)
    if !isStatement, ends.isEmpty { return .never }
    if isStatement, ends.contains(where: { $0.operand.isInvalid }) {
      // Each error is reported; go on as if the branches were right.
      ends = ends.map { BranchEnd(block: $0.block, operand: .void, span: $0.span) }
    }
    let result = join(ends, expecting: wanted, span)
    for symbol in narrowedAfter { narrow(symbol) }
    return result
  }

  /// Branches on a condition and moves into the branch taken when it holds. False after a report.
  private func lowerBranchCondition(_ condition: Condition, _ then: BlockID, _ otherwise: BlockID) -> Bool {
    at(condition.value.span)
    guard let name = condition.binding else {
      lowerCondition(condition.value, then, otherwise)
      builder.position(at: then)
      for symbol in narrowing(condition.value, whenTrue: true) { narrow(symbol) }
      return true
    }
    let operand = lower(condition.value, expecting: nil)
    if operand.isInvalid { return false }
    guard let child = optionalChild(operand.type), let whole = value(operand, condition.value.span) else {
      fail(
        "only an optional can be bound by a condition; this is \(shown(naturalType(of: operand)))",
        condition.value.span)
      return false
    }
    builder.branch(if: builder.emit(.optionalHasValue(whole), .boolean), then, else: otherwise)
    builder.position(at: then)
    declare(name, Operand(.value(builder.emit(.optionalUnwrap(whole), child)), child))
    return true
  }

  private func lowerInlineConditional(_ syntax: IfSyntax, expecting expected: TypeID?, _ span: Span) -> Operand {
    for branch in syntax.branches {
      guard branch.condition.binding == nil else {
        return fail("an 'inline if' cannot bind a name", branch.condition.value.span)
      }
      guard let holds = constantBoolean(branch.condition.value) else { return .invalid }
      if holds { return lowerBlock(branch.body, expecting: expected) }
    }
    guard let otherwise = syntax.otherwise else { return .void }
    return lowerBlock(otherwise, expecting: expected)
  }

  // MARK: Narrowing

  /// The names that are known not to be null when a condition holds, or when it does not.
  private func narrowing(_ condition: Expression, whenTrue: Bool) -> [Symbol] {
    switch condition.kind {
    case .prefix(.not, let inner): return narrowing(inner, whenTrue: !whenTrue)
    case .binary(let first, let tails):
      guard let operation = tails.first?.operation else { return [] }
      if operation == .and || operation == .or {
        guard (operation == .and) == whenTrue else { return [] }
        return ([first] + tails.map(\.operand)).flatMap { narrowing($0, whenTrue: whenTrue) }
      }
      guard tails.count == 1, operation == (whenTrue ? .notEqual : .equal), case .name(let symbol) = first.kind,
        case .null = tails[0].operand.kind
      else { return [] }
      return [symbol]
    default: return []
    }
  }

  /// Lets a name that holds an optional stand for the value in it.
  private func narrow(_ symbol: Symbol) {
    switch local(symbol) {
    case .place(let address, let type)?:
      guard let child = optionalChild(type) else { return }
      let pointer = types.pointer(to: type)
      let payload = builder.emit(.convert(.bitcast, address, from: pointer), types.pointer(to: child))
      locals.append(Local(symbol: symbol, form: .place(payload, child)))
    case .operand(let operand)?:
      guard let child = optionalChild(operand.type), case .value(let value) = operand.form else { return }
      let unwrapped = Operand(.value(builder.emit(.optionalUnwrap(value), child)), child)
      locals.append(Local(symbol: symbol, form: .operand(unwrapped)))
    default: return
    }
  }

  /// The place of the whole optional that a narrowed name stands for a part of.
  private func wholePlace(_ symbol: Symbol) -> Local? {
    guard let narrowed = locals.lastIndex(of: symbol), case .place(_, let type) = locals[narrowed].form,
      let original = locals.earlierIndex(narrowed),
      case .place(_, let whole) = locals[original].form, optionalChild(whole) == type
    else { return nil }
    return locals[original]
  }

  /// The whole optional that a narrowed name stands for a part of, to be assigned.
  func wholeOptional(_ symbol: Symbol) -> Operand? {
    guard case .place(let address, let type)? = wholePlace(symbol)?.form else { return nil }
    return Operand(.place(address), type)
  }

  /// Lets a narrowed name stand for the whole optional again, because it was assigned.
  func widenAgain(_ symbol: Symbol) {
    if let whole = wholePlace(symbol) { locals.append(whole) }
  }

  // MARK: Loops

  func lowerWhile(_ condition: Condition, _ body: BlockSyntax, _ span: Span) -> Operand {
    let head = builder.addBlock("while")
    let inside = builder.addBlock("body")
    let exit = builder.addBlock("exit")
    builder.branch(head)
    builder.position(at: head)
    let saved = locals.count
    let isEndless = condition.binding == nil && isTrue(condition.value)
    if isEndless {
      builder.branch(inside)
      builder.position(at: inside)
    } else {
      guard lowerBranchCondition(condition, inside, exit) else {
        builder.position(at: exit)
        return .invalid
      }
    }
    loops.append(LoopFrame(next: head, exit: exit, cleanupCount: cleanups.count))
    _ = lowerBlock(body, expecting: .void)
    let frame = loops.removeLast()
    locals.cut(to: saved)
    builder.branch(head)
    if isEndless, !frame.isLeft { return .never }
    builder.position(at: exit)
    return .void
  }

  private func isTrue(_ expression: Expression) -> Bool {
    if case .boolean(true) = expression.kind { return true }
    return false
  }

  func lowerBreak(_ span: Span) -> Operand {
    guard !loops.isEmpty else { return fail("'break' stands outside any loop", span) }
    loops[loops.count - 1].isLeft = true
    let frame = loops[loops.count - 1]
    leaveLoop(frame, to: frame.exit, span)
    return .never
  }

  func lowerContinue(_ span: Span) -> Operand {
    guard let frame = loops.last else { return fail("'continue' stands outside any loop", span) }
    leaveLoop(frame, to: frame.next, span)
    return .never
  }

  private func leaveLoop(_ frame: LoopFrame, to target: BlockID, _ span: Span) {
    if isInCleanup, cleanups.count < frame.cleanupCount {
      fail("what is deferred cannot leave the block around it", span)
    }
    at(span)
    runCleanups(downTo: frame.cleanupCount, failing: false)
    if !builder.isClosed { builder.branch(target) }
  }

  func lowerReturn(_ values: [Expression], _ span: Span) -> Operand {
    if isInCleanup { return fail("what is deferred cannot return", span) }
    guard isFunction else {
      return fail("'return' stands outside any function", span)
    }
    if values.isEmpty {
      guard result.values.isEmpty else {
        return fail("'\(name)' returns \(shown(result.type))", span, help: "give a value")
      }
      returnNothing(span)
      return .never
    }
    if result.values.isEmpty {
      if values.count == 1 {
        // A call to a function without values may be passed on.
        let operand = lower(values[0], expecting: .void)
        if operand.isInvalid || builder.isClosed { return operand.isInvalid ? .invalid : .never }
        if case .void = operand.form {
          returnNothing(span)
          return .never
        }
        if operand.type == result.type, let whole = value(operand, span) {
          leave(returning: whole, failing: false)
          return .never
        }
      }
      return fail("'\(name)' returns nothing", values[0].span)
    }
    var operands: [(Operand, Span)] = []
    for (index, expression) in values.enumerated() {
      var expected: TypeID?
      if values.count == result.values.count { expected = result.values[index] }
      if values.count == 1, result.values.count > 1 { expected = result.type }
      let operand = lower(expression, expecting: expected)
      if operand.isInvalid { return .invalid }
      if builder.isClosed { return .never }
      let keeps = values.count > 1 || !cleanups.isEmpty
      operands.append((keeps ? loaded(operand, expression.span) : operand, expression.span))
    }
    if values.count == 1, result.values.count > 1, case .tuple(let tuple) = types[operands[0].0.type],
      tuple.elements == result.values, result.errorSet != nil, let whole = value(operands[0].0, span)
    {
      operands = tuple.elements.enumerated().map {
        (Operand(.value(builder.field(whole, $0.offset, $0.element)), $0.element), span)
      }
    }
    let errors = compiler.errorCount
    finishReturn(operands)
    return compiler.errorCount > errors ? .invalid : .never
  }
}
