// Lowers one function: its names, its storage and its way out.
//
// Guarantees: types are checked while instructions are made, in one walk; everything wrong is reported once and
// becomes an `invalid` operand; storage for variables is allocated at the entry, once a call, not once an iteration.

import StrataText

/// A loop that `break` and `continue` may leave.
struct LoopFrame {
  let next: BlockID
  let exit: BlockID
  let cleanupCount: Int
  var isLeft = false
}

/// Something to do when a block is left.
struct Cleanup {
  /// What to do.
  enum Action {
    case statement(Statement)
    /// Give a variable the value it had before `push`.
    case restore(GlobalID, TypeID, from: ValueID)
  }

  let action: Action
  let onlyOnFailure: Bool
  let localCount: Int
  let scope: Scope
}

/// Lowers the body of one function, or one expression outside any function.
final class Lowerer {
  let compiler: Compiler
  var builder: FunctionBuilder
  /// Where names that are not local are looked for.
  var scope: Scope
  var locals = LocalNames()
  /// Set when text that could have declared names was not inserted.
  var mayLackNames = false
  var loops: [LoopFrame] = []
  var cleanups: [Cleanup] = []
  var isInCleanup = false
  /// The function being lowered; absent for an expression outside functions.
  let instance: FunctionInstance?
  var result = ResultShape()
  /// How messages and the functions made inside name it.
  let name: String
  /// False for an expression outside any function, which cannot return.
  let isFunction: Bool
  private let start: BlockID

  /// A lowering of an expression that stands outside any function.
  init(compiler: Compiler, scope: Scope, wrapper name: String) {
    self.compiler = compiler
    self.scope = scope
    self.name = name
    isFunction = false
    instance = nil
    builder = FunctionBuilder(module: compiler.module, name: name, parameters: [], result: .void)
    builder.configure { $0.file = scope.file }
    start = builder.addBlock("start")
    builder.position(at: start)
  }

  /// A lowering of the body of `instance`.
  init(compiler: Compiler, instance: FunctionInstance) {
    self.compiler = compiler
    self.instance = instance
    isFunction = true
    scope = instance.scope
    result = instance.result
    let declared = compiler.module.function(instance.number)
    name = declared?.name ?? instance.entity.name
    builder = FunctionBuilder(
      module: compiler.module, name: name, parameters: declared?.parameters ?? [], result: instance.result.type)
    let file = instance.entity.syntax.span.file
    builder.configure { $0.file = file }
    start = builder.addBlock("start")
    builder.position(at: start)
  }

  /// A lowering of a function made by the compiler, with parameters that have no names in the program.
  init(compiler: Compiler, scope: Scope, name: String, parameters: [Parameter], result: ResultShape) {
    self.compiler = compiler
    self.scope = scope
    self.name = name
    self.result = result
    isFunction = true
    instance = nil
    builder = FunctionBuilder(module: compiler.module, name: name, parameters: parameters, result: result.type)
    builder.configure { $0.file = scope.file }
    start = builder.addBlock("start")
    builder.position(at: start)
  }

  var types: TypeTable { compiler.types }

  func spelling(_ symbol: Symbol) -> String { compiler.spelling(symbol) }

  /// How messages name a type.
  func shown(_ type: TypeID) -> String { "'\(types.name(type))'" }

  @discardableResult
  func fail(_ message: String, _ span: Span, notes: [DiagnosticNote] = [], help: String? = nil) -> Operand {
    compiler.report(message, span, notes: notes, help: help)
    return .invalid
  }

  func at(_ span: Span) { builder.span = SourceSpan(span.start, span.end) }

  // MARK: Storage

  /// Storage at the entry of the function for one value.
  func storage(_ type: TypeID) -> ValueID {
    let current = builder.current
    builder.position(at: BlockID(0))
    let address = builder.allocate(type)
    builder.position(at: current)
    return address
  }

  /// Declares a variable and stores its first value.
  func declare(_ name: Name, _ type: TypeID, _ value: ValueID?) {
    let address = storage(type)
    if let value { store(value, to: address, type) }
    locals.append(Local(symbol: name.symbol, form: .place(address, type)))
  }

  func declare(_ name: Name, _ operand: Operand) {
    locals.append(Local(symbol: name.symbol, form: .operand(operand)))
  }

  func store(_ value: ValueID, to address: ValueID, _ type: TypeID) {
    if type == .void { return }
    builder.emit(.store(pointer: address, value: value, type: type))
  }

  // MARK: Ends

  /// Closes the entry; the function is complete afterwards.
  func close() {
    // Blocks that nothing reaches still need an end.
    for index in 1..<UInt32(builder.function.blocks.count) {
      builder.position(at: BlockID(index))
      if !builder.isClosed { builder.emit(.unreachable) }
    }
    builder.position(at: BlockID(0))
    builder.branch(start)
  }

  /// Ends a wrapper that returns a value, and enters it into the module.
  func finishWrapper(returning value: ValueID, _ type: TypeID, role: FunctionRole) -> FunctionID {
    builder.configure {
      $0.result = type
      $0.role = role
    }
    if type == .void { builder.returnVoid() } else { builder.returnValue(value) }
    close()
    return compiler.module.add(builder.function)
  }

  /// Lowers the whole body of the instance.
  func lowerFunctionBody() {
    guard let instance else { return }
    declareParameters(instance)
    switch instance.entity.syntax.body {
    case .block(let block): lowerBodyBlock(block)
    case .expression(let expression): lowerBodyExpression(expression)
    case .extern, .intrinsic: break
    }
    close()
  }

  /// Lowers a body whose expression decides the result type.
  func lowerInferredBody(_ expression: Expression) {
    guard let instance else { return }
    declareParameters(instance)
    let operand = lower(expression, expecting: nil)
    let type = operand.isInvalid ? .void : naturalType(of: operand)
    instance.result = ResultShape(values: type == .void ? [] : [type], errorSet: nil, type: type)
    result = instance.result
    builder.configure { $0.result = type }
    if !builder.isClosed {
      if type == .void {
        builder.returnVoid()
      } else if let value = value(operand, as: type, expression.span) {
        builder.returnValue(value)
      }
    }
    close()
  }

  private func declareParameters(_ instance: FunctionInstance) {
    for (position, index) in instance.parameterIndices.enumerated() {
      let name = instance.entity.syntax.parameters[index].name
      at(name.span)
      if locals.lastIndex(of: name.symbol) != nil {
        fail("the parameter '\(spelling(name.symbol))' is declared twice", name.span)
      }
      declare(name, instance.parameterTypes[position], builder.parameter(position))
    }
  }

  func lowerBodyBlock(_ block: BlockSyntax) {
    let wantsValue = !result.values.isEmpty
    let operand = lowerBlock(block, expecting: wantsValue ? (result.values.count == 1 ? result.values[0] : nil) : .void)
    if builder.isClosed { return }
    let end = Span(file: block.span.file, start: block.span.end - 1, end: block.span.end)
    guard wantsValue else {
      returnNothing(end)
      return
    }
    if case .void = operand.form {
      fail(
        "'\(name)' can end without returning \(shown(result.type))", end, help: "end every path with 'return'")
      return
    }
    if operand.isInvalid { return }
    finishReturn([(operand, lastSpan(block))])
  }

  func lastSpan(_ block: BlockSyntax) -> Span { block.statements.last?.span ?? block.span }

  private func lowerBodyExpression(_ expression: Expression) {
    let expected = result.values.count == 1 ? result.values[0] : result.values.isEmpty ? TypeID.void : nil
    let operand = lower(expression, expecting: expected)
    if builder.isClosed || operand.isInvalid { return }
    if result.values.isEmpty {
      returnNothing(expression.span)
    } else {
      finishReturn([(operand, expression.span)])
    }
  }

  /// Returns from a function without values.
  func returnNothing(_ span: Span) {
    at(span)
    runCleanups(downTo: 0, failing: false)
    if builder.isClosed { return }
    if let errorSet = result.errorSet {
      builder.returnValue(builder.integer(0, errorSet))
    } else {
      builder.returnVoid()
    }
  }

  /// Returns values that are still operands.
  func finishReturn(_ operands: [(Operand, Span)]) {
    guard let span = operands.first?.1 else { return }
    at(span)
    if operands.count == 1 {
      let (operand, place) = operands[0]
      // A result of the very same form passes on as it is, its error included.
      if operand.type == result.type, result.values.count != 1 || result.errorSet != nil {
        guard let whole = value(operand, as: result.type, place) else { return }
        leave(returning: whole, failing: false)
        return
      }
    }
    guard operands.count == result.values.count else {
      let wanted = compiler.count(result.values.count, "value")
      fail("'\(name)' returns \(wanted), not \(operands.count)", span)
      return
    }
    var values: [ValueID] = []
    for (index, (operand, place)) in operands.enumerated() {
      guard let value = value(operand, as: result.values[index], place) else { return }
      values.append(value)
    }
    if let errorSet = result.errorSet { values.append(builder.integer(0, errorSet)) }
    at(span)
    let whole = values.count == 1 ? values[0] : builder.aggregate(values, result.type)
    leave(returning: whole, failing: false)
  }

  /// Runs what is deferred and returns a value of the function's result type.
  func leave(returning value: ValueID, failing: Bool) {
    runCleanups(downTo: 0, failing: failing)
    if !builder.isClosed { builder.returnValue(value) }
  }

  /// Does what was deferred since there were `count` cleanups, last first.
  func runCleanups(downTo count: Int, failing: Bool) {
    guard cleanups.count > count else { return }
    let saved = (cleanups, locals, scope, isInCleanup)
    isInCleanup = true
    while cleanups.count > count, let cleanup = cleanups.popLast() {
      if cleanup.onlyOnFailure, !failing { continue }
      locals.cut(to: cleanup.localCount)
      scope = cleanup.scope
      switch cleanup.action {
      case .statement(let statement): lower(statement)
      case .restore(let global, let type, let saved):
        let address = builder.emit(.globalAddress(global), types.pointer(to: type))
        store(builder.load(saved, type), to: address, type)
      }
      if builder.isClosed { break }
    }
    (cleanups, locals, scope, isInCleanup) = saved
  }
}
