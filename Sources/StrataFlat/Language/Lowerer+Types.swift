// Types as expressions denote them, and questions about types.
//
// Guarantees: an expression that denotes no type is reported where it stands.

extension Lowerer {
  /// The type that an expression denotes; nil after a report.
  func type(of expression: Expression) -> TypeID? {
    guard compiler.descend(expression.span) else { return nil }
    defer { compiler.ascend() }
    switch expression.kind {
    case .name(let symbol):
      if case .entity(let entity)? = local(symbol) { return denoted(resolved(entity, expression.span), expression) }
      if case .operand(let operand)? = local(symbol) { return denoted(operand, expression) }
    case .prefix(.addressOf, let inner):
      guard let pointee = type(of: inner) else { return nil }
      return types.pointer(to: pointee)
    case .optionalType(let inner):
      guard let child = type(of: inner) else { return nil }
      guard child != .void else {
        fail("there is no optional of 'void'", expression.span)
        return nil
      }
      return types.optional(child)
    case .sliceType(let inner):
      guard let element = type(of: inner) else { return nil }
      return types.slice(of: element)
    case .manyPointerType(let inner):
      guard let element = type(of: inner) else { return nil }
      return types.manyPointer(to: element)
    case .arrayType(let length, let inner): return arrayType(length, inner)
    case .functionType(let parameters, let result, let isClosure):
      return functionType(parameters, result, isClosure: isClosure)
    case .invalid: return nil
    case .call, .conditional, .match, .block, .run, .insert, .index: return computedType(expression)
    default: break
    }
    return denoted(lower(expression, expecting: .type), expression)
  }

  /// A type that may have to be computed: nothing of the computation belongs to the function being lowered.
  private func computedType(_ expression: Expression) -> TypeID? {
    let inner = detached()
    let operand = inner.lower(expression, expecting: .type)
    guard naturalType(of: operand) == .type, operand.denotedType == nil else { return denoted(operand, expression) }
    guard let value = inner.value(operand, as: .type, expression.span) else { return nil }
    return compiler.finishAndEvaluate(inner, value, .type, expression.span)?.denotedType
  }

  private func denoted(_ operand: Operand, _ expression: Expression) -> TypeID? {
    switch operand.form {
    case .type(let type): return type
    case .invalid: return nil
    case .template(let template):
      fail(
        "'\(template.name)' needs arguments to be a type", expression.span,
        help:
          "write '\(template.name)(\(template.parameters.map { spelling($0.name.symbol) }.joined(separator: ", ")))'")
      return nil
    case .value, .place:
      guard operand.type == .type else { break }
      fail("this type is only known when the program runs", expression.span)
      return nil
    default: break
    }
    fail("this is not a type", expression.span)
    return nil
  }

  private func arrayType(_ length: Expression, _ inner: Expression) -> TypeID? {
    guard let count = constantInteger(length), let element = type(of: inner) else { return nil }
    guard count >= 0, count <= Int128(UInt32.max) else {
      fail("an array cannot have \(count) elements", length.span)
      return nil
    }
    return types.array(of: element, count: UInt32(count))
  }

  private func functionType(_ parameters: [Expression], _ result: ResultSyntax, isClosure: Bool) -> TypeID? {
    var list: [TypeID] = []
    for parameter in parameters {
      guard let type = type(of: parameter) else { return nil }
      list.append(type)
    }
    guard let shape = resultShape(result) else { return nil }
    return isClosure ? types.closure(list, shape.type) : types.function(list, shape.type)
  }

  /// The results that a signature declares; without an arrow there are none.
  func resultShape(_ syntax: ResultSyntax?) -> ResultShape? {
    guard let syntax else { return ResultShape() }
    var shape = ResultShape()
    for expression in syntax.types {
      guard let type = type(of: expression) else { return nil }
      shape.values.append(type)
    }
    if shape.values == [.void] { shape.values = [] }
    if syntax.isFailable {
      if let expression = syntax.errorSet {
        guard let type = type(of: expression) else { return nil }
        guard case .errorSet = types[type] else {
          fail("\(shown(type)) is not an error set", expression.span)
          return nil
        }
        shape.errorSet = type
      } else {
        shape.errorSet = compiler.anyError
      }
    }
    let parts = shape.values + (shape.errorSet.map { [$0] } ?? [])
    shape.type = parts.isEmpty ? .void : parts.count == 1 ? parts[0] : types.tuple(parts)
    return shape
  }

  // MARK: Questions

  func isInteger(_ type: TypeID) -> Bool {
    switch types[type] {
    case .signed, .unsigned, .signedSize, .unsignedSize: true
    default: false
    }
  }

  func isFloat(_ type: TypeID) -> Bool { type == .f32 || type == .f64 }

  /// The width of an integer type, and whether it is signed.
  func integerShape(_ type: TypeID) -> (bits: Int, isSigned: Bool)? {
    switch types[type] {
    case .signed(let bits): (Int(bits), true)
    case .unsigned(let bits): (Int(bits), false)
    case .signedSize: (Int(types.target.pointerSize * 8), true)
    case .unsignedSize: (Int(types.target.pointerSize * 8), false)
    default: nil
    }
  }

  /// Whether an integer can be held by an integer type.
  func fits(_ value: Int128, _ type: TypeID) -> Bool {
    guard let (bits, isSigned) = integerShape(type) else { return false }
    let one: Int128 = 1
    return isSigned
      ? value >= -(one << (bits - 1)) && value < one << (bits - 1) : value >= 0 && value < one << bits
  }

  func isPointer(_ type: TypeID) -> Bool {
    switch types[type] {
    case .pointer, .manyPointer, .cString: true
    default: false
    }
  }

  func optionalChild(_ type: TypeID) -> TypeID? {
    if case .optional(let child) = types[type] { child } else { nil }
  }

  func isErrorSet(_ type: TypeID) -> Bool { if case .errorSet = types[type] { true } else { false } }

  /// The parts of a failable result: its values and its error set; nil for a type that cannot fail.
  func failable(_ type: TypeID) -> (values: [TypeID], errorSet: TypeID)? {
    switch types[type] {
    case .errorSet: ([], type)
    case .tuple(let tuple):
      if let last = tuple.elements.last, isErrorSet(last) { (Array(tuple.elements.dropLast()), last) } else { nil }
    default: nil
    }
  }

  /// The fields of a struct, by position.
  func fields(of type: TypeID) -> [Member]? {
    compiler.completeOpenTypes()
    switch types[type] {
    case .structure(let structure): return structure.fields
    case .union(let union): return union.fields
    default: return nil
    }
  }

  /// The type an operand has when nothing else is asked for.
  func naturalType(of operand: Operand) -> TypeID {
    if operand.type != .unresolved { return operand.type }
    switch operand.form {
    case .integer(let value): return fits(value, .i64) ? .i64 : .u64
    case .float: return .f64
    case .boolean: return .boolean
    case .string: return .string
    case .type: return .type
    case .function(let entity): return functionType(of: entity) ?? .unresolved
    case .void: return .void
    case .never: return .noReturn
    default: return .unresolved
    }
  }

  /// The type of a function used as a value, if it is not generic.
  func functionType(of entity: FunctionEntity) -> TypeID? {
    guard !entity.isGeneric, let instance = compiler.instance(of: entity, [], at: entity.syntax.span) else {
      return nil
    }
    return types.function(instance.parameterTypes, instance.result.type)
  }

  /// The index and tag of a variant.
  func variant(_ symbol: Symbol, of type: TypeID) -> (index: Int, tag: Int64, payload: TypeID)? {
    compiler.completeOpenTypes()
    let name = spelling(symbol)
    switch types[type] {
    case .enumeration(let enumeration):
      guard let index = enumeration.variants.firstIndex(of: name) else { return nil }
      return (index, types.tagValue(of: index, in: type) ?? Int64(index), .void)
    case .taggedUnion(let union):
      guard let index = union.fields.firstIndex(where: { $0.name == name }) else { return nil }
      return (index, types.tagValue(of: index, in: type) ?? Int64(index), union.fields[index].type)
    default: return nil
    }
  }

  func variantNames(of type: TypeID) -> [String] {
    switch types[type] {
    case .enumeration(let enumeration): enumeration.variants
    case .taggedUnion(let union): union.fields.map(\.name)
    default: []
    }
  }
}
