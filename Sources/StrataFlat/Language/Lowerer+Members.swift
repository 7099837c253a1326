// What follows a dot.
//
// Guarantees: pointers are followed; a member that does not exist is reported with those that do.

extension Lowerer {
  func lowerMember(_ base: Expression, _ name: Name, _ span: Span) -> Operand {
    let operand = lower(base, expecting: nil)
    if operand.isInvalid { return .invalid }
    return member(operand, name, span)
  }

  /// The member of an operand: of a module, a type, or a value.
  func member(_ operand: Operand, _ name: Name, _ span: Span) -> Operand {
    switch operand.form {
    case .module(let scope):
      guard let entity = scope.own(name.symbol), !entity.isPrivate else {
        return fail("the module has no '\(spelling(name.symbol))'", name.span)
      }
      return resolved(entity, span)
    case .type(let type): return typeMember(type, name, span)
    default: break
    }
    let target = followPointers(operand, span)
    at(span)
    if let found = valueMember(target, name, span) { return found }
    if let entity = compiler.nominals[target.type]?.members.own(name.symbol) {
      let meaning = resolved(entity, span)
      if case .function(let function) = meaning.form { return Operand(.method(function, target)) }
      return meaning
    }
    if let entity = scope.find(name.symbol), case .function(let function) = resolved(entity, span).form {
      // A function may be called as a method of its first parameter.
      return Operand(.method(function, operand))
    }
    return noMember(target, name)
  }

  private func noMember(_ operand: Operand, _ name: Name) -> Operand {
    let type = naturalType(of: operand)
    var help: String?
    if let child = optionalChild(type) {
      help = "unwrap the optional with '!' or '?.' to reach \(shown(child))"
    } else if let fields = fields(of: type), !fields.isEmpty {
      help = "its fields are " + fields.prefix(12).map { "'\($0.name)'" }.joined(separator: ", ")
    }
    return fail("\(shown(type)) has no member '\(spelling(name.symbol))'", name.span, help: help)
  }

  /// A constant, function or variant of a type.
  private func typeMember(_ type: TypeID, _ name: Name, _ span: Span) -> Operand {
    if let entity = compiler.nominals[type]?.members.own(name.symbol) { return resolved(entity, span) }
    if let variant = variant(name.symbol, of: type) { return enumerationValue(type, variant, payload: nil, span) }
    if case .errorSet = types[type] {
      let tag = types.errors.intern(spelling(name.symbol))
      if case .errorSet(let set) = types[type], set.tags.contains(tag) {
        return Operand(.value(builder.integer(Int64(tag.rawValue), type)), type)
      }
    }
    return fail("the type \(shown(type)) has no member '\(spelling(name.symbol))'", name.span)
  }

  /// A variant as a value. Without a payload it must not have one.
  func enumerationValue(
    _ type: TypeID, _ variant: (index: Int, tag: Int64, payload: TypeID), payload: ValueID?, _ span: Span
  ) -> Operand {
    at(span)
    if case .enumeration(let enumeration) = types[type] {
      _ = enumeration
      return Operand(.value(builder.emit(.enumeration(tag: variant.tag, payload: .none), type)), type)
    }
    if payload == nil, variant.payload != .void {
      return fail(
        "this variant of \(shown(type)) holds \(shown(variant.payload))", span, help: "give it in parentheses")
    }
    let value = builder.emit(.enumeration(tag: variant.tag, payload: payload ?? .none), type)
    return Operand(.value(value), type)
  }

  /// A field or property of a value; nil when there is none of that name.
  private func valueMember(_ operand: Operand, _ name: Name, _ span: Span) -> Operand? {
    switch types[operand.type] {
    case .structure(let structure):
      guard let index = fieldIndex(name.symbol, structure.fields) else { return nil }
      return field(operand, index, structure.fields[index].type, span)
    case .union(let union):
      guard let index = fieldIndex(name.symbol, union.fields) else { return nil }
      guard let address = address(of: operand, span) else { return .invalid }
      let type = union.fields[index].type
      let place = builder.emit(
        .unionFieldAddress(address, index: UInt32(index), base: nil), types.pointer(to: type))
      return Operand(.place(place), type)
    case .array(_, let length):
      if name.symbol == compiler.names.len { return Operand(.integer(Int128(length)), .i64) }
    case .string, .slice:
      if name.symbol == compiler.names.len {
        guard let whole = value(operand, span) else { return .invalid }
        return Operand(.value(builder.emit(.length(whole), .i64)), .i64)
      }
      if name.symbol == compiler.names.ptr {
        guard let whole = value(operand, span) else { return .invalid }
        var element = TypeID.u8
        if case .slice(let type) = types[operand.type] { element = type }
        let pointer = types.manyPointer(to: element)
        return Operand(.value(builder.emit(.dataPointer(whole), pointer)), pointer)
      }
    case .any:
      guard let whole = value(operand, span) else { return .invalid }
      if name.symbol == compiler.names.type { return Operand(.value(builder.field(whole, 1, .type)), .type) }
      if name.symbol == compiler.names.data {
        let pointer = types.pointer(to: .void)
        return Operand(.value(builder.emit(.anyData(whole), pointer)), pointer)
      }
    case .vector(_, let length):
      if name.symbol == compiler.names.len { return Operand(.integer(Int128(length)), .i64) }
      let lanes = ["x", "y", "z", "w"]
      if let lane = lanes.firstIndex(of: spelling(name.symbol)), lane < Int(length) {
        return self.element(operand, builder.integer(Int64(lane)), span)
      }
    case .tuple(let tuple):
      if let names = tuple.names, let index = names.firstIndex(of: spelling(name.symbol)) {
        return field(operand, index, tuple.elements[index], span)
      }
    default: break
    }
    return nil
  }

  private func fieldIndex(_ symbol: Symbol, _ fields: [Member]) -> Int? {
    let name = spelling(symbol)
    return fields.firstIndex { $0.name == name }
  }

  /// A field by position: a place where the whole is one.
  func field(_ operand: Operand, _ index: Int, _ type: TypeID, _ span: Span) -> Operand {
    if case .place(let address) = operand.form {
      return Operand(.place(builder.fieldAddress(address, index, type)), type)
    }
    guard let whole = value(operand, span) else { return .invalid }
    return Operand(.value(builder.field(whole, index, type)), type)
  }

  func lowerElement(_ base: Expression, _ index: Int, _ span: Span) -> Operand {
    var operand = lower(base, expecting: nil)
    if operand.isInvalid { return .invalid }
    operand = followPointers(operand, span)
    at(span)
    switch types[operand.type] {
    case .tuple(let tuple):
      guard index < tuple.elements.count else {
        return fail("\(shown(operand.type)) has \(compiler.count(tuple.elements.count, "element"))", span)
      }
      return field(operand, index, tuple.elements[index], span)
    case .structure(let structure):
      guard index < structure.fields.count else {
        return fail("\(shown(operand.type)) has \(compiler.count(structure.fields.count, "field"))", span)
      }
      return field(operand, index, structure.fields[index].type, span)
    default: return fail("\(shown(naturalType(of: operand))) has no numbered elements", span)
    }
  }

  /// `o?.f`: null if `o` is, otherwise the field, wrapped.
  func lowerOptionalMember(_ base: Expression, _ name: Name, _ span: Span) -> Operand {
    let operand = lower(base, expecting: nil)
    if operand.isInvalid { return .invalid }
    guard let child = optionalChild(operand.type), let whole = value(operand, base.span) else {
      return fail("'?.' follows an optional; this is \(shown(naturalType(of: operand)))", base.span)
    }
    at(span)
    let has = builder.emit(.optionalHasValue(whole), .boolean)
    let present = builder.addBlock("present")
    let absent = builder.addBlock("absent")
    builder.branch(if: has, present, else: absent)
    builder.position(at: present)
    let payload = Operand(.value(builder.emit(.optionalUnwrap(whole), child)), child)
    let found = member(payload, name, span)
    if found.isInvalid { return .invalid }
    let type = naturalType(of: found)
    let resultType = optionalChild(type) == nil ? types.optional(type) : type
    guard let value = value(found, as: resultType, span) else { return .invalid }
    let join = builder.addBlock("join", parameters: [resultType])
    builder.branch(join, [value])
    builder.position(at: absent)
    builder.branch(join, [builder.null(resultType)])
    builder.position(at: join)
    return Operand(.value(builder.blockParameter(0)), resultType)
  }

  // MARK: Names that the context completes

  func lowerImplicitMember(_ name: Name, expecting expected: TypeID?, _ span: Span) -> Operand {
    if let expected, isErrorSet(expected) { return lowerErrorTag(name, expecting: expected) }
    guard let type = enumerationType(expected) else {
      return fail(
        "the type of '.\(spelling(name.symbol))' is not known here", span, help: "write the type before the dot")
    }
    if let variant = variant(name.symbol, of: type) { return enumerationValue(type, variant, payload: nil, span) }
    return noVariant(name, type)
  }

  func noVariant(_ name: Name, _ type: TypeID) -> Operand {
    fail(
      "\(shown(type)) has no variant '\(spelling(name.symbol))'", name.span,
      help: "its variants are " + variantNames(of: type).prefix(12).map { "'.\($0)'" }.joined(separator: ", "))
  }

  /// The enumeration that the context wants, looked for through optionals.
  func enumerationType(_ expected: TypeID?) -> TypeID? {
    guard var type = expected else { return nil }
    compiler.completeOpenTypes()
    for _ in 0..<4 {
      switch types[type] {
      case .enumeration, .taggedUnion: return type
      case .optional(let child): type = child
      case .tuple(let tuple):
        guard let first = tuple.elements.first, failable(type) != nil else { return nil }
        type = first
      default: return nil
      }
    }
    return nil
  }

  func lowerErrorTag(_ name: Name, expecting expected: TypeID?) -> Operand {
    let tag = types.errors.intern(spelling(name.symbol))
    var type = compiler.anyError
    if let expected, case .errorSet(let set) = types[expected] {
      if set.tags.isEmpty || set.tags.contains(tag) {
        type = expected
      } else {
        return fail(
          "\(shown(expected)) has no error '\(spelling(name.symbol))'", name.span,
          help: "its errors are "
            + set.tags.compactMap { types.errors.name($0) }.map { "'\($0)'" }.joined(separator: ", "))
      }
    }
    return Operand(.value(builder.integer(Int64(tag.rawValue), type)), type)
  }
}
