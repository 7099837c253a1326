// Blocks and statements.
//
// Guarantees: what a block declares is visible in all of it, and nowhere else; the values of a list are all computed
// before the first is stored.

extension Lowerer {
  // MARK: Blocks

  /// Lowers a block in a scope of its own and gives its value.
  /// With `closed`, its last statement gives the value even if it ends with a semicolon.
  func lowerBlock(_ block: BlockSyntax, expecting expected: TypeID?, closed: Bool = false) -> Operand {
    let saved = (locals.count, cleanups.count, scope)
    let operand = lowerStatements(block, expecting: expected, closed: closed)
    if !builder.isClosed {
      // The value is computed before what was deferred is done.
      let kept = cleanups.count > saved.1 ? settled(operand, expected, lastSpan(block)) : operand
      runCleanups(downTo: saved.1, failing: false)
      cleanups.removeSubrange(saved.1...)
      locals.cut(to: saved.0)
      scope = saved.2
      return builder.isClosed ? .never : kept
    }
    cleanups.removeSubrange(saved.1...)
    locals.cut(to: saved.0)
    scope = saved.2
    return operand.isInvalid ? .invalid : .never
  }

  /// An operand whose value no longer depends on memory.
  private func settled(_ operand: Operand, _ expected: TypeID?, _ span: Span) -> Operand {
    guard case .place = operand.form, let value = value(operand, span) else { return operand }
    return Operand(.value(value), operand.type)
  }

  /// Lowers statements into the current scope and gives the value of the last.
  func lowerStatements(_ block: BlockSyntax, expecting expected: TypeID?, closed: Bool = false) -> Operand {
    declareConstants(block)
    var last = Operand.void
    var sawInvalid = false
    for (index, statement) in block.statements.enumerated() {
      let isLast = index == block.statements.count - 1
      if isLast, expected != .void, case .expression(let expression, let isValue) = statement.kind,
        isValue || closed || yieldsValue(expression)
      {
        last = lower(expression, expecting: expected)
        break
      }
      last = lower(statement)
      if last.isInvalid { sawInvalid = true }
      if builder.isClosed, !isLast {
        // What follows cannot be reached, but is still checked.
        let unreachable = builder.addBlock("unreachable")
        builder.position(at: unreachable)
        var rest = Operand.void
        for statement in block.statements[(index + 1)...] { rest = lower(statement) }
        if !builder.isClosed { builder.emit(.unreachable) }
        return rest.isInvalid ? .invalid : .never
      }
    }
    if builder.isClosed { return .never }
    if sawInvalid, case .void = last.form { return .invalid }
    return last
  }

  /// Whether an expression statement with a brace at its end gives the value of its block.
  private func yieldsValue(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .conditional(let syntax):
      guard let otherwise = syntax.otherwise else { return false }
      return yieldsValue(otherwise)
    case .match(let syntax):
      if let otherwise = syntax.otherwise { return yieldsValue(otherwise) }
      return syntax.cases.first.map { yieldsValue($0.body) } ?? false
    default: return false
    }
  }

  private func yieldsValue(_ block: BlockSyntax) -> Bool {
    guard case .expression(let expression, let isValue)? = block.statements.last?.kind else { return false }
    switch expression.kind {
    case .return, .raise, .break, .continue: return false
    default: return isValue || yieldsValue(expression)
    }
  }

  /// Makes what a block declares visible in all of it.
  private func declareConstants(_ block: BlockSyntax) {
    var inner: Scope?
    for statement in block.statements {
      guard case .declaration(let declaration) = statement.kind else { continue }
      let target = inner ?? Scope(parent: scope, file: scope.file, prefix: name + ".")
      inner = target
      compiler.declare(declaration, in: target)
      if let entity = target.own(declaration.name.symbol) {
        locals.append(Local(symbol: entity.name, form: .entity(entity)))
      }
    }
    if let inner { scope = inner }
  }

  /// The scope that a declaration made here belongs to.
  func declarationScope() -> Scope { scope }

  // MARK: Statements

  /// Lowers a statement for its effect. The result only tells whether control goes on and whether it was right.
  @discardableResult
  func lower(_ statement: Statement) -> Operand {
    at(statement.span)
    switch statement.kind {
    case .declaration(let declaration):
      // Values are made when they are first used; what is wrong should be reported even if they never are.
      if case .entity(let entity)? = local(declaration.name.symbol) {
        if case .function(let function) = resolved(entity, declaration.name.span).form, !function.isGeneric {
          _ = compiler.instance(of: function, [], at: declaration.name.span)
        }
      }
      return .void
    case .variable(let names, let type, let values): return lowerVariable(names, type, values, statement.span)
    case .assignment(let targets, let operation, let values):
      return lowerAssignment(targets, operation, values, statement.span)
    case .expression(let expression, _): return lowerEffect(expression)
    case .defer(let body), .onFail(let body):
      var onlyOnFailure = false
      if case .onFail = statement.kind { onlyOnFailure = true }
      if isInCleanup { return fail("what is deferred cannot defer more", statement.span) }
      cleanups.append(
        Cleanup(action: .statement(body), onlyOnFailure: onlyOnFailure, localCount: locals.count, scope: scope))
      return .void
    case .push(let value, let body): return lowerPush(value, body, statement.span)
    }
  }

  private func lowerEffect(_ expression: Expression) -> Operand {
    if case .insert(let text) = expression.kind { return lowerInsertedStatements(text, expression.span) }
    let operand = lower(expression, expecting: .void)
    if case .value = operand.form, case .call = expression.kind, failable(operand.type) != nil {
      return fail(
        "the error this may raise is not handled", expression.span, help: "write 'try', or handle it with 'catch'")
    }
    switch expression.kind {
    case .call, .prefix(.attempt, _), .handler, .binary, .insert, .conditional, .match, .block, .run, .whileLoop,
      .forLoop, .return, .break, .continue, .raise, .compileError:
      break
    default:
      if !operand.isInvalid { return fail("this does nothing", expression.span) }
    }
    return operand
  }

  private func lowerVariable(
    _ names: [Name], _ typeSyntax: Expression?, _ values: [Expression], _ span: Span
  ) -> Operand {
    var declared: TypeID?
    if let typeSyntax {
      guard let type = type(of: typeSyntax) else { return declareInvalid(names) }
      guard type != .void, type != .noReturn else {
        fail("a variable cannot have the type \(shown(type))", typeSyntax.span)
        return declareInvalid(names)
      }
      declared = type
    }
    if values.count == 1, names.count > 1 { return destructure(names, values[0], span) }
    guard values.isEmpty || values.count == names.count else {
      fail("\(compiler.count(names.count, "name")) but \(compiler.count(values.count, "value"))", span)
      return declareInvalid(names)
    }
    var results: [(TypeID, ValueID?)] = []
    for index in names.indices {
      guard index < values.count else {
        guard let type = declared, let value = value(defaultValue(of: type, span), as: type, span) else {
          return declareInvalid(names)
        }
        results.append((type, value))
        continue
      }
      let expression = values[index]
      let operand = lower(expression, expecting: declared)
      if operand.isInvalid { return declareInvalid(names) }
      if case .undefined = operand.form, let declared {
        results.append((declared, nil))
        continue
      }
      guard let type = declared ?? variableType(operand, expression.span),
        let value = value(operand, as: type, expression.span)
      else { return declareInvalid(names) }
      results.append((type, value))
    }
    at(span)
    for (name, (type, value)) in zip(names, results) {
      if spelling(name.symbol) == "_" { continue }
      declare(name, type, value)
    }
    return .void
  }

  /// The type of a variable that takes the type of its value; nil after a report.
  private func variableType(_ operand: Operand, _ span: Span) -> TypeID? {
    let type = naturalType(of: operand)
    switch operand.form {
    case .null, .undefined:
      fail("the type of this variable is not known", span, help: "write it: 'name : T = value;'")
      return nil
    case .never: return .i64
    default: break
    }
    if type == .void {
      fail("this has no value", span)
      return nil
    }
    if let (values, _) = failable(type), !values.isEmpty {
      fail("the error this may raise is not handled", span, help: "write 'try', or handle it with 'catch' or 'or'")
      return nil
    }
    if type == .unresolved {
      fail("this is no value that a variable could hold", span)
      return nil
    }
    return type
  }

  /// Declares names whose values are wrong, so that their uses are not reported too.
  private func declareInvalid(_ names: [Name]) -> Operand {
    for name in names { declare(name, .invalid) }
    return .invalid
  }

  private func destructure(_ names: [Name], _ expression: Expression, _ span: Span) -> Operand {
    let operand = lower(expression, expecting: nil)
    if operand.isInvalid { return declareInvalid(names) }
    guard case .tuple(let tuple) = types[naturalType(of: operand)], let whole = value(operand, expression.span) else {
      fail("only a tuple gives several values; this is \(shown(naturalType(of: operand)))", expression.span)
      return declareInvalid(names)
    }
    if failable(operand.type) != nil {
      fail("the error this may raise is not handled", expression.span, help: "write 'try' before the call")
      return declareInvalid(names)
    }
    guard tuple.elements.count == names.count else {
      fail(
        "this gives \(compiler.count(tuple.elements.count, "value")) for \(compiler.count(names.count, "name"))", span)
      return declareInvalid(names)
    }
    for (index, name) in names.enumerated() where spelling(name.symbol) != "_" {
      declare(name, tuple.elements[index], builder.field(whole, index, tuple.elements[index]))
    }
    return .void
  }

  // MARK: Assignment

  /// The place that an assignment writes; nil after a report, or for `_`.
  private func target(_ expression: Expression) -> (address: ValueID, type: TypeID)? {
    var operand = Operand.invalid
    if case .name(let symbol) = expression.kind, let whole = wholeOptional(symbol) {
      operand = whole
    } else {
      operand = lower(expression, expecting: nil)
    }
    switch operand.form {
    case .place(let address):
      if case .global(_, _, let isVariable)? = globalMeaning(expression), !isVariable {
        fail("a constant cannot be assigned to", expression.span)
        return nil
      }
      return (address, operand.type)
    case .invalid: return nil
    case .value:
      fail("this is not a place that can be assigned to", expression.span, help: readOnlyHelp(expression, operand.type))
      return nil
    default:
      fail("this is not a place that can be assigned to", expression.span)
      return nil
    }
  }

  private func readOnlyHelp(_ expression: Expression, _ type: TypeID) -> String? {
    switch expression.kind {
    case .name: "a name bound by 'for', 'if' or 'case' cannot change; copy it into a variable"
    case .index where type == .u8: "the bytes of a text cannot change"
    default: nil
    }
  }

  private func globalMeaning(_ expression: Expression) -> Entity.Meaning? {
    var base = expression
    while true {
      switch base.kind {
      case .member(let inner, _), .element(let inner, _): base = inner
      case .index(let inner, _):
        guard case .name(let symbol) = inner.kind, local(symbol) == nil, let entity = scope.find(symbol),
          case .global(_, let type, _) = entity.meaning, case .array = types[type]
        else { return nil }
        base = inner
      case .name(let symbol):
        guard local(symbol) == nil else { return nil }
        return scope.find(symbol)?.meaning
      default: return nil
      }
    }
  }

  private func lowerAssignment(
    _ targets: [Expression], _ operation: OperatorSyntax?, _ values: [Expression], _ span: Span
  ) -> Operand {
    if targets.count == 1, values.count == 1 {
      return assignOne(targets[0], operation, values[0], span)
    }
    guard values.count == targets.count || values.count == 1 else {
      return fail("\(compiler.count(targets.count, "place")) but \(compiler.count(values.count, "value"))", span)
    }
    var places: [(ValueID, TypeID)?] = []
    for expression in targets {
      if isBlank(expression) {
        places.append(nil)
        continue
      }
      guard let place = target(expression) else { return .invalid }
      places.append((place.address, place.type))
    }
    var results: [(ValueID, TypeID)] = []
    if values.count == targets.count {
      for (place, expression) in zip(places, values) {
        let operand = lower(expression, expecting: place?.1)
        let type = place?.1 ?? naturalType(of: operand)
        guard let value = value(operand, as: type, expression.span) else { return .invalid }
        results.append((value, type))
      }
    } else {
      let operand = lower(values[0], expecting: nil)
      if operand.isInvalid { return .invalid }
      guard case .tuple(let tuple) = types[operand.type], tuple.elements.count == targets.count,
        let whole = value(operand, values[0].span)
      else {
        return fail("this does not give \(compiler.count(targets.count, "value"))", values[0].span)
      }
      for (index, type) in tuple.elements.enumerated() {
        let part = builder.field(whole, index, type)
        guard let place = places[index] else {
          results.append((part, type))
          continue
        }
        guard let value = convert(part, type, to: place.1, values[0].span, explicit: false) else { return .invalid }
        results.append((value, place.1))
      }
    }
    at(span)
    for (place, result) in zip(places, results) {
      if let place { store(result.0, to: place.0, place.1) }
    }
    for target in targets {
      if case .name(let symbol) = target.kind { widenAgain(symbol) }
    }
    return .void
  }

  private func isBlank(_ expression: Expression) -> Bool {
    guard case .name(let symbol) = expression.kind else { return false }
    return spelling(symbol) == "_"
  }

  private func assignOne(
    _ expression: Expression, _ operation: OperatorSyntax?, _ valueSyntax: Expression, _ span: Span
  ) -> Operand {
    if isBlank(expression), operation == nil {
      let operand = lower(valueSyntax, expecting: nil)
      if operand.isInvalid { return .invalid }
      return value(operand, valueSyntax.span) == nil ? .invalid : .void
    }
    guard let place = target(expression) else { return .invalid }
    var operand: Operand
    if let operation {
      let old = Operand(.value(builder.load(place.address, place.type)), place.type)
      let right = lower(valueSyntax, expecting: place.type)
      operand = arithmetic(operation, old, right, span, expression.span, valueSyntax.span)
    } else {
      operand = lower(valueSyntax, expecting: place.type)
    }
    if case .undefined = operand.form { return .void }
    guard let value = value(operand, as: place.type, valueSyntax.span) else { return .invalid }
    at(span)
    store(value, to: place.address, place.type)
    if case .name(let symbol) = expression.kind { widenAgain(symbol) }
    return .void
  }

  /// `push place = ...`: a variable at the top of a file has another value while the block runs.
  private func lowerPush(_ expression: Expression, _ body: BlockSyntax, _ span: Span) -> Operand {
    guard let entity = scope.find(compiler.symbols.intern("context")),
      case .global(let global, let type, isVariable: true) = compiler.resolve(entity, at: span)
    else {
      return fail("'push' needs a variable named 'context' at the top of a file", span)
    }
    let operand = lower(expression, expecting: type)
    guard let value = value(operand, as: type, expression.span) else { return .invalid }
    let address = builder.emit(.globalAddress(global), types.pointer(to: type))
    let saved = storage(type)
    store(builder.load(address, type), to: saved, type)
    store(value, to: address, type)
    let mark = cleanups.count
    cleanups.append(
      Cleanup(
        action: .restore(global, type, from: saved), onlyOnFailure: false, localCount: locals.count, scope: scope))
    let result = lowerBlock(body, expecting: .void)
    if !builder.isClosed { runCleanups(downTo: mark, failing: false) }
    cleanups.removeSubrange(mark...)
    return result.isInvalid ? .invalid : .void
  }

  // MARK: Inserted text

  /// The statements of a text made by the program.
  private func insertedBlock(_ text: Expression, _ span: Span) -> BlockSyntax? {
    guard let bytes = constantString(text), compiler.mayGoOn(span, counting: Compiler.insertWork) else { return nil }
    let number = compiler.addInserted(bytes, at: span)
    let (block, found) = SyntaxParser.parseStatements(
      compiler.sources[number], file: number, symbols: compiler.symbols)
    compiler.reportInserted(found, at: span)
    return found.isEmpty ? block : nil
  }

  private func lowerInsertedStatements(_ text: Expression, _ span: Span) -> Operand {
    guard let block = insertedBlock(text, span) else {
      mayLackNames = true
      return .invalid
    }
    return compiler.guarded(span, .invalid) { lowerStatements(block, expecting: .void) }
  }

  /// `#insert` where a value is wanted: the value of its last expression.
  func lowerInsert(_ text: Expression, expecting expected: TypeID?, _ span: Span) -> Operand {
    guard let block = insertedBlock(text, span) else { return .invalid }
    return compiler.guarded(span, .invalid) { lowerBlock(block, expecting: expected) }
  }
}
