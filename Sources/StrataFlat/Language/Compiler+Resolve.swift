// From a declared name to what it means.
//
// Guarantees: an entity that needs itself is reported where it does; each is resolved once.

import StrataText

extension Compiler {
  /// What an entity means; reports and returns `invalid` when it depends on itself or is wrong.
  func resolve(_ entity: Entity, at span: Span) -> Entity.Meaning {
    switch entity.meaning {
    case .known, .global: return entity.meaning
    case .resolving:
      report(
        "'\(spelling(entity.name))' depends on itself", span, notes: [note("it is declared here", entity.span)])
      return .known(.invalid)
    case .unresolved: break
    }
    guard let declaration = entity.declaration else { return .known(.invalid) }
    entity.meaning = .resolving
    let meaning = guarded(span, Entity.Meaning.known(.invalid)) {
      entity.isVariable ? variableMeaning(entity, declaration) : constantMeaning(entity, declaration)
    }
    // A type gives its entity a meaning while its members are still being read.
    if case .resolving = entity.meaning { entity.meaning = meaning }
    return entity.meaning
  }

  private func constantMeaning(_ entity: Entity, _ declaration: Declaration) -> Entity.Meaning {
    let name = entity.scope.prefix + spelling(entity.name)
    let value = declaration.value
    switch value.kind {
    case .function(let syntax) where declaration.type == nil:
      return .known(Operand(.function(FunctionEntity(name: name, syntax: syntax, scope: entity.scope))))
    case .structure(let syntax), .union(let syntax):
      if !syntax.parameters.isEmpty {
        let template = TypeTemplate(
          name: spelling(entity.name), parameters: syntax.parameters, body: value, scope: entity.scope)
        return .known(Operand(.template(template)))
      }
      return .known(defineNominal(value, name: spelling(entity.name), scope: entity.scope, entity: entity))
    case .enumeration(let syntax):
      if !syntax.parameters.isEmpty {
        let template = TypeTemplate(
          name: spelling(entity.name), parameters: syntax.parameters, body: value, scope: entity.scope)
        return .known(Operand(.template(template)))
      }
      return .known(defineNominal(value, name: spelling(entity.name), scope: entity.scope, entity: entity))
    case .errorSet:
      return .known(defineNominal(value, name: spelling(entity.name), scope: entity.scope, entity: entity))
    case .importFile(let path):
      guard let scope = importScope(path, from: entity.scope.file, at: value.span) else { return .known(.invalid) }
      return .known(Operand(.module(scope)))
    case .run(let inner):
      return runConstant(entity, name: name, value: inner, declaredType: declaration.type)
    default:
      return valueMeaning(entity, declaration, name: name)
    }
  }

  /// A constant whose value is an expression: known now if it can be, otherwise computed once into a global.
  private func valueMeaning(_ entity: Entity, _ declaration: Declaration, name: String) -> Entity.Meaning {
    let lowerer = Lowerer(compiler: self, scope: entity.scope, wrapper: name)
    var expected: TypeID?
    if let type = declaration.type {
      guard let resolved = lowerer.type(of: type) else { return .known(.invalid) }
      expected = resolved
    }
    let operand = lowerer.lower(declaration.value, expecting: expected)
    if operand.isInvalid { return .known(.invalid) }
    if operand.isConstant {
      guard let expected else { return .known(operand) }
      if let fixed = lowerer.constant(operand, as: expected, declaration.value.span) { return .known(fixed) }
    }
    let type = expected ?? lowerer.naturalType(of: operand)
    if type == .type, let value = lowerer.value(operand, as: .type, declaration.value.span) {
      // A type made by the program: it must be known before anything can use it.
      guard let made = finishAndEvaluate(lowerer, value, .type, declaration.value.span) else { return .known(.invalid) }
      return .known(made)
    }
    guard let value = lowerer.value(operand, as: type, declaration.value.span) else { return .known(.invalid) }
    let function = lowerer.finishWrapper(returning: value, type, role: .ordinary)
    let global = module.add(
      Global(name: name, type: type, initializingFunction: function, isConstant: true))
    return .global(global, type, isVariable: false)
  }

  /// `NAME :: #run e`: a constant computed when the program is evaluated.
  private func runConstant(
    _ entity: Entity, name: String, value: Expression, declaredType: Expression?
  ) -> Entity.Meaning {
    let lowerer = Lowerer(compiler: self, scope: entity.scope, wrapper: name)
    var expected: TypeID?
    if let declaredType {
      guard let resolved = lowerer.type(of: declaredType) else { return .known(.invalid) }
      expected = resolved
    }
    let operand = lowerer.lower(value, expecting: expected)
    if operand.isInvalid { return .known(.invalid) }
    let type = expected ?? lowerer.naturalType(of: operand)
    if type == .type {
      guard let word = lowerer.value(operand, as: .type, value.span),
        let made = finishAndEvaluate(lowerer, word, .type, value.span)
      else { return .known(.invalid) }
      return .known(made)
    }
    guard type != .void else {
      report("'\(name)' has no value: this returns nothing", value.span, help: "write '#run' alone on a line")
      return .known(.invalid)
    }
    guard let result = lowerer.value(operand, as: type, value.span) else { return .known(.invalid) }
    let function = lowerer.finishWrapper(returning: result, type, role: .runWrapper)
    let global = module.add(
      Global(name: name, type: type, initializingFunction: function, isConstant: true))
    entity.runFunction = function
    return .global(global, type, isVariable: false)
  }

  private func variableMeaning(_ entity: Entity, _ declaration: Declaration) -> Entity.Meaning {
    let name = spelling(entity.name)
    let lowerer = Lowerer(compiler: self, scope: entity.scope, wrapper: name)
    var expected: TypeID?
    if let type = declaration.type {
      guard let resolved = lowerer.type(of: type) else { return .known(.invalid) }
      expected = resolved
    }
    let span = declaration.value.span
    var operand = Operand(.undefined)
    if entity.hasValue {
      operand = lowerer.lower(declaration.value, expecting: expected)
    } else if let expected {
      operand = lowerer.defaultValue(of: expected, span)
    }
    if operand.isInvalid { return .known(.invalid) }
    let type = expected ?? lowerer.naturalType(of: operand)
    guard let value = lowerer.value(operand, as: type, span) else { return .known(.invalid) }
    let function = lowerer.finishWrapper(returning: value, type, role: .ordinary)
    let global = module.add(Global(name: name, type: type, initializingFunction: function))
    return .global(global, type, isVariable: true)
  }

  // MARK: Values needed now

  /// The truth value of a constant expression.
  func constantBoolean(_ expression: Expression, in scope: Scope) -> Bool? {
    let lowerer = Lowerer(compiler: self, scope: scope, wrapper: "__condition")
    return lowerer.constantBoolean(expression)
  }

  /// The text of a constant expression.
  func constantString(_ expression: Expression, in scope: Scope) -> [UInt8]? {
    let lowerer = Lowerer(compiler: self, scope: scope, wrapper: "__text")
    return lowerer.constantString(expression)
  }
}
