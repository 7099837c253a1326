// Literals of structs, arrays, tuples and unions, and the default value of each type.
//
// Guarantees: every field gets its value, its default or zero; a field given twice or unknown is reported.

extension Lowerer {
  func lowerAggregate(
    _ typeSyntax: Expression?, _ arguments: [ArgumentSyntax], expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    var target: TypeID?
    if let typeSyntax {
      guard let type = type(of: typeSyntax) else { return .invalid }
      target = type
    } else if let expected, expected != .void {
      target = optionalChild(expected) ?? expected
      if let (values, _) = failable(expected), values.count == 1 { target = values[0] }
    }
    guard let target else {
      return anonymousTuple(arguments, span)
    }
    return aggregate(of: target, arguments, span)
  }

  /// `.{ a, b }` where nothing says what it is: a tuple.
  private func anonymousTuple(_ arguments: [ArgumentSyntax], _ span: Span) -> Operand {
    var parts: [ValueID] = []
    var elements: [TypeID] = []
    for argument in arguments {
      guard argument.name == nil else {
        return fail("the type of this literal is not known", span, help: "write it before the dot: 'T.{ ... }'")
      }
      let operand = lower(argument.value, expecting: nil)
      let type = naturalType(of: operand)
      guard let value = value(operand, as: type, argument.value.span) else { return .invalid }
      parts.append(value)
      elements.append(type)
    }
    guard !elements.isEmpty else { return fail("the type of this literal is not known", span) }
    let type = types.tuple(elements)
    at(span)
    return Operand(.value(builder.aggregate(parts, type)), type)
  }

  /// A value of a known type from its parts.
  func aggregate(of type: TypeID, _ arguments: [ArgumentSyntax], _ span: Span) -> Operand {
    compiler.completeOpenTypes()
    switch types[type] {
    case .structure(let structure): return structLiteral(type, structure, arguments, span)
    case .tuple(let tuple): return sequenceLiteral(type, tuple.elements, arguments, span)
    case .array(let element, let length):
      guard arguments.allSatisfy({ $0.name == nil }) else { return fail("\(shown(type)) has no named fields", span) }
      return arrayValue(element, length, arguments.map(\.value), span)
    case .vector(let element, let length):
      return sequenceLiteral(type, Array(repeating: element, count: Int(length)), arguments, span)
    case .union(let union): return unionLiteral(type, union, arguments, span)
    case .string: return sequenceLiteral(type, [types.manyPointer(to: .u8), .i64], arguments, span)
    case .slice(let element):
      if arguments.count == 2, arguments.allSatisfy({ $0.name != nil }) {
        return sequenceLiteral(
          type, [types.manyPointer(to: element), .i64],
          arguments.map {
            ArgumentSyntax(name: nil, value: $0.value, isSpread: false)
          }, span)
      }
      return sequenceLiteral(type, [types.manyPointer(to: element), .i64], arguments, span)
    default: return fail("\(shown(type)) has no literal with braces", span)
    }
  }

  private func structLiteral(
    _ type: TypeID, _ structure: StructureType, _ arguments: [ArgumentSyntax], _ span: Span
  ) -> Operand {
    var values: [ValueID?] = Array(repeating: nil, count: structure.fields.count)
    var next = 0
    for argument in arguments {
      var index = next
      if let name = argument.name {
        let wanted = spelling(name.symbol)
        guard let found = structure.fields.firstIndex(where: { $0.name == wanted }) else {
          return fail(
            "\(shown(type)) has no field '\(wanted)'", name.span,
            help: "its fields are " + structure.fields.prefix(12).map { "'\($0.name)'" }.joined(separator: ", "))
        }
        index = found
      }
      guard index < values.count else {
        return fail("\(shown(type)) has only \(compiler.count(values.count, "field"))", argument.value.span)
      }
      if values[index] != nil {
        return fail("the field '\(structure.fields[index].name)' is given twice", argument.value.span)
      }
      let fieldType = structure.fields[index].type
      let operand = lower(argument.value, expecting: fieldType)
      guard let value = value(operand, as: fieldType, argument.value.span) else { return .invalid }
      values[index] = value
      next = index + 1
    }
    var parts: [ValueID] = []
    for (index, field) in structure.fields.enumerated() {
      if let value = values[index] {
        parts.append(value)
        continue
      }
      guard let value = fieldDefault(type, index, field.type, span) else { return .invalid }
      parts.append(value)
    }
    at(span)
    return Operand(.value(builder.aggregate(parts, type)), type)
  }

  /// The default of a field: as declared, or that of its type.
  private func fieldDefault(_ type: TypeID, _ index: Int, _ fieldType: TypeID, _ span: Span) -> ValueID? {
    if let info = compiler.nominals[type], index < info.defaults.count, let expression = info.defaults[index] {
      return inScope(info.members, expression.span, nil) {
        value(lower(expression, expecting: fieldType), as: fieldType, expression.span)
      }
    }
    return value(defaultValue(of: fieldType, span), as: fieldType, span)
  }

  /// The value of a variable that is declared without one: zero, except for the defaults of structs.
  func defaultValue(of type: TypeID, _ span: Span) -> Operand {
    if hasDefaults(type), case .structure(let structure) = types[type] {
      return compiler.guarded(span, .invalid) { structLiteral(type, structure, [], span) }
    }
    switch types[type] {
    case .optional, .pointer, .manyPointer, .cString, .function, .closure: return Operand(.null)
    default: return Operand(.value(builder.emit(.null, type)), type)
    }
  }

  private func hasDefaults(_ type: TypeID) -> Bool {
    var open = [type]
    var seen: Set<TypeID> = []
    while let current = open.popLast() {
      guard seen.insert(current).inserted, case .structure(let structure) = types[current] else { continue }
      if compiler.nominals[current]?.defaults.contains(where: { $0 != nil }) ?? false { return true }
      open.append(contentsOf: structure.fields.map(\.type))
    }
    return false
  }

  private func sequenceLiteral(
    _ type: TypeID, _ elements: [TypeID], _ arguments: [ArgumentSyntax], _ span: Span
  ) -> Operand {
    guard arguments.allSatisfy({ $0.name == nil }) else { return fail("\(shown(type)) has no named fields", span) }
    guard arguments.count == elements.count else {
      return fail(
        "\(shown(type)) has \(compiler.count(elements.count, "element")), not \(arguments.count)", span)
    }
    var parts: [ValueID] = []
    for (argument, element) in zip(arguments, elements) {
      let operand = lower(argument.value, expecting: element)
      guard let value = value(operand, as: element, argument.value.span) else { return .invalid }
      parts.append(value)
    }
    at(span)
    return Operand(.value(builder.aggregate(parts, type)), type)
  }

  private func unionLiteral(
    _ type: TypeID, _ union: UnionType, _ arguments: [ArgumentSyntax], _ span: Span
  ) -> Operand {
    guard arguments.count <= 1 else { return fail("a union holds one of its members", span) }
    let address = storage(type)
    store(builder.emit(.null, type), to: address, type)
    if let argument = arguments.first {
      guard let name = argument.name, let index = union.fields.firstIndex(where: { $0.name == spelling(name.symbol) })
      else { return fail("name the member that the union holds", span) }
      let member = union.fields[index].type
      guard let value = value(lower(argument.value, expecting: member), as: member, argument.value.span) else {
        return .invalid
      }
      let place = builder.emit(
        .unionFieldAddress(address, index: UInt32(index), base: nil), types.pointer(to: member))
      store(value, to: place, member)
    }
    return Operand(.value(builder.load(address, type)), type)
  }

  // MARK: Arrays

  func lowerArray(
    _ typeSyntax: Expression?, _ elements: [Expression], expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    var element: TypeID?
    var length: UInt32?
    var wantsSlice: TypeID?
    /// The first element, if it had to be lowered to find the type of all.
    var known: Operand?
    if let typeSyntax {
      guard let type = type(of: typeSyntax) else { return .invalid }
      switch types[type] {
      case .array(let inner, let count): (element, length) = (inner, count)
      case .slice(let inner): (element, wantsSlice) = (inner, type)
      default: element = type
      }
    } else if let expected {
      switch types[optionalChild(expected) ?? expected] {
      case .array(let inner, let count): (element, length) = (inner, count)
      case .slice(let inner): (element, wantsSlice) = (inner, optionalChild(expected) ?? expected)
      case .vector(let inner, let count):
        guard elements.count == Int(count) else {
          return fail("\(shown(expected)) has \(compiler.count(Int(count), "lane")), not \(elements.count)", span)
        }
        return sequenceLiteral(
          expected, Array(repeating: inner, count: elements.count),
          elements.map { ArgumentSyntax(name: nil, value: $0, isSpread: false) }, span)
      default: break
      }
    }
    if element == nil {
      guard let first = elements.first else {
        return fail("the element type of an empty list is not known", span)
      }
      let operand = lower(first, expecting: nil)
      if operand.isInvalid { return .invalid }
      let natural = naturalType(of: operand)
      guard natural != .unresolved, natural != .void else {
        return fail("the type of this element is not known", first.span)
      }
      element = natural
      known = loaded(operand, first.span)
    }
    guard let element else { return .invalid }
    let count = length ?? UInt32(truncatingIfNeeded: elements.count)
    guard elements.count == Int(count) else {
      return fail(
        "expected \(compiler.count(Int(count), "element")), not \(elements.count)", span)
    }
    let whole = arrayValue(element, count, elements, span, first: known)
    guard let slice = wantsSlice, !whole.isInvalid else { return whole }
    guard let value = value(whole, span) else { return .invalid }
    let type = types.array(of: element, count: count)
    let address = builder.allocate(type)
    store(value, to: address, type)
    return Operand(.value(builder.emit(.arrayToSlice(address), slice)), slice)
  }

  private func arrayValue(
    _ element: TypeID, _ length: UInt32, _ elements: [Expression], _ span: Span, first: Operand? = nil
  ) -> Operand {
    guard elements.count == Int(length) else {
      return fail("expected \(compiler.count(Int(length), "element")), not \(elements.count)", span)
    }
    let type = types.array(of: element, count: length)
    var parts: [ValueID] = []
    for (index, expression) in elements.enumerated() {
      let operand = index == 0 ? first ?? lower(expression, expecting: element) : lower(expression, expecting: element)
      guard let value = value(operand, as: element, expression.span) else { return .invalid }
      parts.append(value)
    }
    at(span)
    return Operand(.value(builder.aggregate(parts, type)), type)
  }
}
