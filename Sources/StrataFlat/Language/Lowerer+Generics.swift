// Finding out generic arguments by comparing the types of arguments with the patterns of parameters.
//
// Guarantees: a name keeps the first argument it is given; patterns are as deep as the tree, which is bounded.

/// The generic names of a signature and what they stand for so far.
struct GenericBindings {
  private let names: [Name]
  private var operands: [Operand?]

  init(_ syntax: FunctionSyntax) {
    var names: [Name] = []
    for parameter in syntax.parameters where parameter.isGeneric { names.append(parameter.name) }
    for name in syntax.genericNames where !names.contains(where: { $0.symbol == name.symbol }) { names.append(name) }
    self.names = names
    operands = Array(repeating: nil, count: names.count)
  }

  /// Whether the name is one of the signature's.
  func has(_ symbol: Symbol) -> Bool { names.contains { $0.symbol == symbol } }

  subscript(_ symbol: Symbol) -> Operand? {
    names.firstIndex { $0.symbol == symbol }.flatMap { operands[$0] }
  }

  mutating func bind(_ name: Name, _ operand: Operand) { bind(name.symbol, operand) }

  mutating func bind(_ symbol: Symbol, _ operand: Operand) {
    if let index = names.firstIndex(where: { $0.symbol == symbol }) { operands[index] = operand }
  }

  /// All names with their arguments, or nil while one is unknown.
  func complete() -> [(Name, Operand)]? {
    var list: [(Name, Operand)] = []
    for (name, operand) in zip(names, operands) {
      guard let operand else { return nil }
      list.append((name, operand))
    }
    return list
  }

  /// The names that are still unknown.
  var missing: [Name] { zip(names, operands).filter { $0.1 == nil }.map(\.0) }

  /// Whether everything that a pattern mentions is known.
  func covers(_ pattern: Expression) -> Bool {
    switch pattern.kind {
    case .genericName(let symbol): return self[symbol] != nil
    case .name(let symbol): return !has(symbol) || self[symbol] != nil
    case .prefix(_, let inner), .sliceType(let inner), .manyPointerType(let inner), .optionalType(let inner):
      return covers(inner)
    case .arrayType(let length, let inner): return covers(length) && covers(inner)
    case .call(let callee, let arguments): return covers(callee) && arguments.allSatisfy { covers($0.value) }
    case .functionType(let parameters, let result, _):
      return parameters.allSatisfy(covers) && result.types.allSatisfy(covers)
    case .binary(let first, let tails): return covers(first) && tails.allSatisfy { covers($0.operand) }
    default: return true
    }
  }
}

extension Lowerer {
  /// Compares a type with a pattern and binds the names in it. False when they do not fit.
  func unify(_ pattern: Expression, _ type: TypeID, _ bindings: inout GenericBindings, _ patterns: Scope) -> Bool {
    func bind(_ symbol: Symbol, _ operand: Operand) -> Bool {
      if let known = bindings[symbol] { return compiler.keyText(known) == compiler.keyText(operand) }
      bindings.bind(symbol, operand)
      compiler.bind(Name(symbol: symbol, span: pattern.span), operand, in: patterns)
      return true
    }
    switch pattern.kind {
    case .genericName(let symbol):
      guard type != .unresolved, type != .void else { return false }
      return bind(symbol, .type(type))
    case .name(let symbol) where bindings.has(symbol) && bindings[symbol] == nil:
      guard type != .unresolved, type != .void else { return false }
      return bind(symbol, .type(type))
    case .prefix(.addressOf, let inner):
      guard case .pointer(let pointee) = types[type] else { return false }
      return unify(inner, pointee, &bindings, patterns)
    case .manyPointerType(let inner):
      guard case .manyPointer(let pointee) = types[type] else { return false }
      return unify(inner, pointee, &bindings, patterns)
    case .sliceType(let inner):
      switch types[type] {
      case .slice(let element), .array(let element, _): return unify(inner, element, &bindings, patterns)
      case .string: return unify(inner, .u8, &bindings, patterns)
      case .pointer(let pointee):
        guard case .array(let element, _) = types[pointee] else { return false }
        return unify(inner, element, &bindings, patterns)
      default: return false
      }
    case .optionalType(let inner): return unify(inner, optionalChild(type) ?? type, &bindings, patterns)
    case .arrayType(let length, let inner):
      guard case .array(let element, let count) = types[type] else { return false }
      if case .genericName(let symbol) = length.kind, !bind(symbol, Operand(.integer(Int128(count)), .i64)) {
        return false
      }
      return unify(inner, element, &bindings, patterns)
    case .call(let callee, let arguments): return unifyCall(callee, arguments, type, &bindings, patterns)
    case .functionType(let parameters, let result, _):
      let have: ([TypeID], TypeID)
      switch types[type] {
      case .function(let function): have = (function.parameters, function.result)
      case .closure(let list, let type): have = (list, type)
      default: return false
      }
      guard have.0.count == parameters.count else { return false }
      for (inner, type) in zip(parameters, have.0) where !unify(inner, type, &bindings, patterns) { return false }
      guard let first = result.types.first, !result.isFailable else { return true }
      return unify(first, have.1, &bindings, patterns)
    default: return true
    }
  }

  private func unifyCall(
    _ callee: Expression, _ arguments: [ArgumentSyntax], _ type: TypeID, _ bindings: inout GenericBindings,
    _ patterns: Scope
  ) -> Bool {
    let target = inScope(patterns, callee.span, .invalid) { lower(callee, expecting: nil) }
    switch target.form {
    case .template(let template):
      guard let info = compiler.nominals[type], info.template === template else { return false }
      for (argument, operand) in zip(arguments, info.arguments) {
        switch argument.value.kind {
        case .genericName(let symbol) where bindings.has(symbol), .name(let symbol) where bindings.has(symbol):
          if let known = bindings[symbol] {
            if compiler.keyText(known) != compiler.keyText(operand) { return false }
          } else {
            bindings.bind(symbol, operand)
            compiler.bind(Name(symbol: symbol, span: argument.value.span), operand, in: patterns)
          }
        default:
          if let inner = operand.denotedType, !unify(argument.value, inner, &bindings, patterns) { return false }
        }
      }
      return true
    case .builtin(.tuple):
      guard case .tuple(let tuple) = types[type], tuple.elements.count == arguments.count else { return false }
      for (argument, element) in zip(arguments, tuple.elements)
      where !unify(argument.value, element, &bindings, patterns) { return false }
      return true
    case .builtin(.vector):
      guard case .vector(let element, let length) = types[type], arguments.count == 2 else { return false }
      if case .genericName(let symbol) = arguments[0].value.kind, bindings[symbol] == nil {
        bindings.bind(symbol, Operand(.integer(Int128(length)), .i64))
      }
      return unify(arguments[1].value, element, &bindings, patterns)
    default: return true
    }
  }
}
