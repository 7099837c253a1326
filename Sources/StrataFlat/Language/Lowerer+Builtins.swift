// What the compiler itself provides: layout, reflection and a few numeric functions.
//
// Guarantees: a question about a type that is known now is answered now; about one that only the program knows, by
// the machine. Both give the same answer.

extension Lowerer {
  func callBuiltin(
    _ builtin: LanguageBuiltin, _ arguments: [ArgumentSyntax], expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    let values = arguments.map(\.value)
    for argument in arguments {
      if let name = argument.name { return fail("'\(builtin.rawValue)' has no named parameters", name.span) }
    }
    switch builtin {
    case .tuple: return tupleType(values)
    case .vector: return vectorType(values, span)
    case .closure: return fail("write 'Closure(A, B) -> R'", span)
    default: break
    }
    let wanted = builtin.argumentCount
    guard values.count == wanted else {
      return fail("'\(builtin.rawValue)' takes \(compiler.count(wanted, "argument")), not \(values.count)", span)
    }
    switch builtin {
    case .isCompileTime: return Operand(.value(builder.emit(.isCompileTime, .boolean)), .boolean)
    case .typeOf: return typeOf(values[0])
    case .sizeOf, .alignOf: return layout(builtin, values[0], span)
    case .typeName, .isUnsigned, .typeKind, .structFieldCount, .variantCount:
      return typeQuestion(builtin, values[0], span)
    case .structFieldName, .structFieldType, .structFieldOffset, .variantName, .variantValue, .variantType:
      return memberQuestion(builtin, values[0], values[1], span)
    case .typeEqual: return typeEqual(values[0], values[1], span)
    case .typeInfo: return typeInfo(values[0], span)
    case .structFieldValue: return fieldValue(values[0], values[1], span)
    case .errorName:
      let operand = lower(values[0], expecting: nil)
      guard isErrorSet(operand.type), let tag = value(operand, values[0].span) else {
        return operand.isInvalid ? .invalid : fail("'error_name' takes an error", values[0].span)
      }
      return Operand(.value(builder.emit(.errorName(tag), .string)), .string)
    case .makeAny:
      guard let type = value(lower(values[0], expecting: .type), as: .type, values[0].span),
        let data = value(lower(values[1], expecting: nil), as: types.pointer(to: .void), values[1].span)
      else { return .invalid }
      return Operand(.value(builder.emit(.makeAny(tag: type, data: data), .any)), .any)
    case .squareRoot, .sine, .cosine, .floor: return numeric(builtin, values[0], expecting: expected, span)
    case .memoryMark: return Operand(.value(builder.emit(.callBuiltin(.memoryMark, []), .u64)), .u64)
    case .memoryReset:
      guard let mark = value(lower(values[0], expecting: .u64), as: .u64, values[0].span) else { return .invalid }
      builder.emit(.callBuiltin(.memoryReset, [mark]), .void)
      return .void
    case .unreachable:
      builder.emit(.unreachable)
      return .never
    case .vectorSplat:
      guard let expected, case .vector(let element, _) = types[expected] else {
        return fail("'splat' needs a context that expects a vector", span)
      }
      guard let lane = value(lower(values[0], expecting: element), as: element, values[0].span) else { return .invalid }
      return Operand(.value(builder.emit(.vectorSplat(lane), expected)), expected)
    case .tuple, .vector, .closure: return .invalid
    }
  }

  private func memberCount(of type: TypeID) -> Int { types.memberCount(type) ?? 0 }

  private func tupleType(_ values: [Expression]) -> Operand {
    var elements: [TypeID] = []
    for expression in values {
      guard let type = type(of: expression) else { return .invalid }
      elements.append(type)
    }
    return .type(types.tuple(elements))
  }

  private func vectorType(_ values: [Expression], _ span: Span) -> Operand {
    guard values.count == 2 else { return fail("write 'Vector(n, T)'", span) }
    guard let length = constantInteger(values[0]), let element = type(of: values[1]) else { return .invalid }
    guard length > 0, length <= 1 << 16, isInteger(element) || isFloat(element) || element == .boolean else {
      return fail("a vector has from 1 to 65536 lanes of numbers", span)
    }
    return .type(types.intern(.vector(element: element, length: UInt32(length))))
  }

  private func typeOf(_ expression: Expression) -> Operand {
    let operand = lower(expression, expecting: nil)
    if operand.isInvalid { return .invalid }
    if operand.type == .any, let whole = value(operand, expression.span) {
      return Operand(.value(builder.field(whole, 1, .type)), .type)
    }
    let type = naturalType(of: operand)
    return type == .unresolved ? fail("this has no type", expression.span) : .type(type)
  }

  /// The argument of a question about a type: a type known now, or a value that holds one.
  private func question(_ expression: Expression) -> (known: TypeID?, value: ValueID?)? {
    let operand = lower(expression, expecting: .type)
    if operand.isInvalid { return nil }
    if case .template = operand.form { return type(of: expression).map { ($0, nil) } }
    if let type = operand.denotedType { return (type, nil) }
    if operand.type == .any || operand.type == .type {
      guard let value = value(operand, expression.span) else { return nil }
      return (nil, value)
    }
    fail(
      "expected a type, but this is \(shown(naturalType(of: operand)))", expression.span, help: "write 'type_of(...)'")
    return nil
  }

  private func layout(_ builtin: LanguageBuiltin, _ expression: Expression, _ span: Span) -> Operand {
    guard let (known, runtime) = question(expression) else { return .invalid }
    if let runtime {
      let kind: Builtin = builtin == .sizeOf ? .sizeOf : .alignmentOf
      return Operand(.value(builder.emit(.callBuiltin(kind, [runtime]), .i64)), .i64)
    }
    compiler.completeOpenTypes()
    guard let known else { return .invalid }
    guard let layout = try? types.layout(known) else {
      return fail("the layout of \(shown(known)) is not known here", span, help: "it is still being defined")
    }
    return Operand(.integer(Int128(builtin == .sizeOf ? layout.size : layout.alignment)), .i64)
  }

  private func typeQuestion(_ builtin: LanguageBuiltin, _ expression: Expression, _ span: Span) -> Operand {
    guard let (known, runtime) = question(expression) else { return .invalid }
    if let runtime {
      switch builtin {
      case .typeName: return Operand(.value(builder.emit(.callBuiltin(.typeName, [runtime]), .string)), .string)
      case .isUnsigned: return Operand(.value(builder.emit(.callBuiltin(.isUnsigned, [runtime]), .boolean)), .boolean)
      case .typeKind: return Operand(.value(builder.emit(.callBuiltin(.typeKind, [runtime]), .i64)), .i64)
      case .variantCount: return Operand(.value(builder.emit(.callBuiltin(.variantCount, [runtime]), .i64)), .i64)
      default: return Operand(.value(builder.emit(.callBuiltin(.fieldCount, [runtime]), .i64)), .i64)
      }
    }
    guard let known else { return .invalid }
    compiler.completeOpenTypes()
    switch builtin {
    case .typeName: return Operand(.string(Array(types.name(known).utf8)), .string)
    case .isUnsigned: return .boolean(integerShape(known).map { !$0.isSigned } ?? false)
    case .typeKind: return Operand(.value(builder.emit(.callBuiltin(.typeKind, [builder.type(known)]), .i64)), .i64)
    case .variantCount: return Operand(.integer(Int128(variantNames(of: known).count)), .i64)
    default: return Operand(.integer(Int128(memberCount(of: known))), .i64)
    }
  }

  private func memberQuestion(
    _ builtin: LanguageBuiltin, _ expression: Expression, _ indexSyntax: Expression, _ span: Span
  ) -> Operand {
    guard let (known, runtime) = question(expression) else { return .invalid }
    let index = lower(indexSyntax, expecting: .i64)
    if index.isInvalid { return .invalid }
    if let known, case .integer(let number) = index.form {
      return knownMember(builtin, known, number, indexSyntax.span)
    }
    let type = runtime ?? builder.type(known ?? .unresolved)
    guard let position = value(index, as: .i64, indexSyntax.span) else { return .invalid }
    let (kind, result): (Builtin, TypeID)
    switch builtin {
    case .structFieldName, .variantName: (kind, result) = (.memberName, .string)
    case .structFieldType, .variantType: (kind, result) = (.memberType, .type)
    case .structFieldOffset: (kind, result) = (.memberOffset, .i64)
    default: (kind, result) = (.variantValue, .i64)
    }
    return Operand(.value(builder.emit(.callBuiltin(kind, [type, position]), result)), result)
  }

  /// The answer about a member of a type that is known now.
  private func knownMember(_ builtin: LanguageBuiltin, _ type: TypeID, _ number: Int128, _ span: Span) -> Operand {
    compiler.completeOpenTypes()
    var names: [String] = []
    switch types[type] {
    case .structure(let structure): names = structure.fields.map(\.name)
    case .union(let union): names = union.fields.map(\.name)
    case .enumeration, .taggedUnion: names = variantNames(of: type)
    case .tuple(let tuple): names = tuple.names ?? tuple.elements.indices.map { "\($0)" }
    case .array(_, let length), .vector(_, let length): names = (0..<min(length, 1 << 16)).map { "\($0)" }
    default: break
    }
    guard number >= 0, number < names.count else {
      return fail("\(shown(type)) has \(compiler.count(names.count, "member")); there is no member \(number)", span)
    }
    let index = Int(number)
    switch builtin {
    case .structFieldName, .variantName: return Operand(.string(Array(names[index].utf8)), .string)
    case .structFieldType, .variantType: return .type(types.memberType(index, of: type) ?? .void)
    case .structFieldOffset:
      guard let offset = (try? types.offset(of: index, in: type)) ?? nil else {
        return fail("the layout of \(shown(type)) is not known here", span)
      }
      return Operand(.integer(Int128(offset)), .i64)
    default: return Operand(.integer(Int128(types.tagValue(of: index, in: type) ?? 0)), .i64)
    }
  }

  private func typeEqual(_ left: Expression, _ right: Expression, _ span: Span) -> Operand {
    let one = lower(left, expecting: .type)
    let other = lower(right, expecting: .type)
    if let a = one.denotedType, let b = other.denotedType { return .boolean(a == b) }
    guard let a = value(one, as: .type, left.span), let b = value(other, as: .type, right.span) else { return .invalid }
    return Operand(.value(builder.emit(.callBuiltin(.typeEqual, [a, b]), .boolean)), .boolean)
  }

  /// `type_info(T)`: a value of the library's `TypeInfo`.
  private func typeInfo(_ expression: Expression, _ span: Span) -> Operand {
    let symbol = compiler.symbols.intern("TypeInfo")
    let path = Array("modules/std/meta.sx".utf8)
    guard let scope = compiler.importScope(path, from: self.scope.file, at: span) else { return .invalid }
    compiler.declareImported()
    guard let entity = scope.own(symbol), let info = resolved(entity, span).denotedType else { return .invalid }
    guard let (known, runtime) = question(expression) else { return .invalid }
    let type = runtime ?? builder.type(known ?? .unresolved)
    return Operand(.value(builder.emit(.callBuiltin(.typeInfo, [type]), info)), info)
  }

  private func fieldValue(_ expression: Expression, _ indexSyntax: Expression, _ span: Span) -> Operand {
    let operand = followPointers(lower(expression, expecting: nil), expression.span)
    if operand.isInvalid { return .invalid }
    let type = naturalType(of: operand)
    guard fields(of: type) != nil || { if case .tuple = types[type] { true } else { false } }() else {
      return fail("\(shown(type)) has no fields", expression.span)
    }
    let index = lower(indexSyntax, expecting: .i64)
    if case .integer(let number) = index.form {
      guard number >= 0, number < memberCount(of: type) else {
        return fail("\(shown(type)) has \(compiler.count(memberCount(of: type), "field"))", indexSyntax.span)
      }
      return field(operand, Int(number), types.memberType(Int(number), of: type) ?? .void, span)
    }
    guard let address = address(of: operand, expression.span),
      let position = value(index, as: .i64, indexSyntax.span)
    else { return .invalid }
    return Operand(.value(builder.emit(.fieldValue(address, index: position, type: type), .any)), .any)
  }

  private func numeric(
    _ builtin: LanguageBuiltin, _ expression: Expression, expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    let operand = lower(expression, expecting: expected == .f32 ? .f32 : .f64)
    if operand.isInvalid { return .invalid }
    var type = naturalType(of: operand)
    if operand.type == .unresolved { type = expected == .f32 ? .f32 : .f64 }
    guard isFloat(type), let value = value(operand, as: type, expression.span) else {
      return fail("'\(builtin.rawValue)' takes a float, not \(shown(type))", expression.span)
    }
    let kind: Builtin
    switch builtin {
    case .squareRoot: kind = .squareRoot
    case .sine: kind = .sine
    case .cosine: kind = .cosine
    default: kind = .floor
    }
    return Operand(.value(builder.emit(.callBuiltin(kind, [value]), type)), type)
  }
}

extension LanguageBuiltin {
  /// How many arguments it takes.
  fileprivate var argumentCount: Int {
    switch self {
    case .isCompileTime, .memoryMark, .unreachable: 0
    case .structFieldName, .structFieldType, .structFieldOffset, .structFieldValue, .variantName, .variantValue,
      .variantType, .typeEqual, .makeAny:
      2
    default: 1
    }
  }
}
