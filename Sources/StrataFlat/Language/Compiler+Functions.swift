// Functions: from a declaration and its generic arguments to an instance, and from there to a body.
//
// Guarantees: instances are made once for equal arguments and lowered in the order in which they were first needed,
// with a queue instead of recursion.

import StrataText

extension Compiler {
  /// The instance of a function for some generic arguments; nil after a report.
  func instance(of entity: FunctionEntity, _ bindings: [(Name, Operand)], at span: Span) -> FunctionInstance? {
    let key = bindings.map { keyText($0.1) }.joined(separator: ";")
    if let known = entity.instances[key] { return known }
    guard entity.instances.count < Compiler.instanceLimit else {
      report(
        "'\(entity.name)' is used with more than \(Compiler.instanceLimit) different sets of generic arguments", span,
        help: "a generic function may not call itself with ever new types")
      return nil
    }
    return guarded(span, nil) { makeInstance(of: entity, bindings, key: key) }
  }

  private func makeInstance(
    of entity: FunctionEntity, _ bindings: [(Name, Operand)], key: String
  ) -> FunctionInstance? {
    var scope = entity.scope
    var name = entity.name
    if !bindings.isEmpty {
      scope = Scope(parent: entity.scope, file: entity.scope.file, prefix: entity.scope.prefix)
      for (name, operand) in bindings { bind(name, operand, in: scope) }
      name += "(" + bindings.map { displayText($0.1) }.joined(separator: ", ") + ")"
    }
    let lowerer = Lowerer(compiler: self, scope: scope, wrapper: name)
    var parameters: [Parameter] = []
    var indices: [Int] = []
    for (index, parameter) in entity.syntax.parameters.enumerated() where !parameter.isGeneric {
      guard parameter.name.symbol.index != UInt32.max else {
        report("a parameter needs a name", parameter.name.span, help: "write 'name: T'")
        return nil
      }
      guard let syntax = parameter.type else {
        report("the parameter '\(spelling(parameter.name.symbol))' needs a type", parameter.name.span)
        return nil
      }
      guard var type = lowerer.type(of: syntax) else { return nil }
      if parameter.isVariadic { type = types.slice(of: type) }
      parameters.append(Parameter(spelling(parameter.name.symbol), type))
      indices.append(index)
    }
    guard let result = lowerer.resultShape(entity.syntax.result) else { return nil }
    let number: FunctionID
    switch entity.syntax.body {
    case .extern, .intrinsic:
      number = module.addExternal(name, parameters: parameters, result: result.type)
    case .block, .expression:
      var function = Function(name: name, parameters: parameters, result: result.type)
      function.file = entity.syntax.span.file
      number = module.add(function)
    }
    let instance = FunctionInstance(
      entity: entity, scope: scope, number: number, parameterTypes: parameters.map(\.type), parameterIndices: indices,
      result: result)
    entity.instances[key] = instance
    instances[number] = instance
    switch entity.syntax.body {
    case .extern, .intrinsic: instance.isLowered = true
    case .block: pending.append(instance)
    case .expression(let body):
      guard entity.syntax.result == nil else {
        pending.append(instance)
        break
      }
      // Without an arrow the result is whatever the expression gives, so it must be lowered now.
      instance.isLowered = true
      lowerBody(of: instance, inferringFrom: body)
    }
    return instance
  }

  private func lowerBody(of instance: FunctionInstance, inferringFrom body: Expression) {
    let lowerer = Lowerer(compiler: self, instance: instance)
    lowerer.lowerInferredBody(body)
    module.replace(instance.number, with: lowerer.builder.function)
  }

  /// Gives every function that is referred to its body.
  func lowerPending() {
    var next = 0
    while next < pending.count {
      let instance = pending[next]
      next += 1
      lower(instance)
    }
    pending.removeAll()
  }

  /// Gives one function its body, unless it has it already.
  func lower(_ instance: FunctionInstance) {
    guard !instance.isLowered else { return }
    instance.isLowered = true
    completeOpenTypes()
    let lowerer = Lowerer(compiler: self, instance: instance)
    lowerer.lowerFunctionBody()
    module.replace(instance.number, with: lowerer.builder.function)
  }

  /// Gives bodies to everything that evaluating a function may reach.
  func lowerReachable(from root: FunctionID) {
    var seen: Set<FunctionID> = [root]
    var queue = [root]
    func reach(_ function: FunctionID) {
      if seen.insert(function).inserted { queue.append(function) }
    }
    while let number = queue.popLast() {
      if let instance = instances[number] { lower(instance) }
      guard let function = module.function(number) else { continue }
      for instruction in function.instructions {
        switch instruction.operation {
        case .call(let callee, _), .function(let callee), .closure(let callee, _): reach(callee)
        case .global(let global), .globalAddress(let global), .setGlobal(let global, _):
          if let initializer = module.global(global)?.initializingFunction { reach(initializer) }
        default: break
        }
      }
    }
  }
}
