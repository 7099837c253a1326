// Operands to values of a wanted type: what converts by itself, and what only when asked.
//
// Guarantees: a conversion that happens by itself never loses a value; everything else needs `xx` or `.(T)`.

extension Lowerer {
  /// The value of an operand in its own type.
  func value(_ operand: Operand, _ span: Span) -> ValueID? {
    value(operand, as: naturalType(of: operand), span)
  }

  /// The value of an operand as `target`; nil after a report. With `explicit`, narrowing conversions are allowed.
  func value(_ operand: Operand, as target: TypeID, _ span: Span, explicit: Bool = false) -> ValueID? {
    at(span)
    if let value = constantValue(operand, as: target, span, explicit: explicit) { return value }
    switch operand.form {
    case .invalid: return nil
    case .never: return builder.undefined(target)
    case .void:
      if target == .void { return builder.integer(0, .void) }
      return mismatch("this has no value", operand, target, span)
    case .undefined:
      guard target != .unresolved else {
        fail("the type of '---' is not known here", span, help: "write it: 'name : T = ---;'")
        return nil
      }
      return builder.undefined(target)
    case .null: return nullValue(target, span)
    case .function(let entity): return functionValue(entity, as: target, span)
    case .module: return mismatch("a module is no value", operand, target, span)
    case .template(let template):
      return mismatch("'\(template.name)' needs arguments", operand, target, span)
    case .builtin(let builtin):
      return mismatch("'\(builtin.rawValue)' can only be called", operand, target, span)
    case .method(let entity, _):
      return mismatch("the method '\(entity.name)' can only be called", operand, target, span)
    case .integer, .float, .boolean, .string, .type:
      let natural = naturalType(of: operand)
      guard natural != target, let value = value(operand, as: natural, span) else {
        return mismatch(nil, operand, target, span)
      }
      return convert(value, natural, to: target, span, explicit: explicit)
    case .place(let address):
      if operand.type == target { return builder.load(address, target) }
      if let borrowed = borrow(address, operand.type, as: target) { return borrowed }
      return convert(builder.load(address, operand.type), operand.type, to: target, span, explicit: explicit)
    case .value(let value):
      if operand.type == target { return value }
      return convert(value, operand.type, to: target, span, explicit: explicit)
    }
  }

  private func mismatch(_ message: String?, _ operand: Operand, _ target: TypeID, _ span: Span) -> ValueID? {
    if let message {
      fail(message, span)
    } else {
      fail("expected \(shown(target)), but this is \(shown(naturalType(of: operand)))", span)
    }
    return nil
  }

  /// The instruction for a constant that suits the target directly; nil when it does not.
  private func constantValue(
    _ operand: Operand, as target: TypeID, _ span: Span, explicit: Bool
  ) -> ValueID? {
    let isOpen = operand.type == .unresolved || operand.type == target
    switch operand.form {
    case .integer(let value):
      if isOpen, isFloat(target) { return builder.float(Double(value), target) }
      if isInteger(target), fits(value, target) || (explicit && isOpen) {
        guard isOpen || explicit || widens(operand.type, to: target) else { return nil }
        return builder.integer(Int64(truncatingIfNeeded: value), target)
      }
      if isOpen, isInteger(target) {
        fail("\(value) does not fit \(shown(target))", span)
        return builder.integer(0, target)
      }
      if let child = optionalChild(target), operand.type == .unresolved,
        let inner = self.value(operand, as: child, span)
      {
        return builder.emit(.optionalWrap(inner), target)
      }
    case .float(let value):
      if isOpen, isFloat(target) { return builder.float(value, target) }
      if let child = optionalChild(target), isFloat(child), operand.type == .unresolved {
        let inner = builder.float(value, child)
        return builder.emit(.optionalWrap(inner), target)
      }
    case .boolean(let value):
      if target == .boolean { return builder.boolean(value) }
    case .string(let bytes):
      if target == .string { return builder.string(bytes) }
    case .type(let type):
      if target == .type { return builder.type(type) }
    default: break
    }
    return nil
  }

  private func nullValue(_ target: TypeID, _ span: Span) -> ValueID? {
    switch types[target] {
    case .optional, .pointer, .manyPointer, .cString, .function, .closure: return builder.null(target)
    case .unresolved:
      fail("the type of this 'null' is not known", span, help: "write the type of the variable")
      return nil
    default:
      fail("\(shown(target)) cannot be null", span, help: "use the optional type '?\(types.name(target))'")
      return nil
    }
  }

  /// Conversions that refer to a place instead of copying it.
  private func borrow(_ address: ValueID, _ type: TypeID, as target: TypeID) -> ValueID? {
    switch (types[type], types[target]) {
    case (.array(let element, _), .slice(let wanted)) where element == wanted:
      return builder.emit(.arrayToSlice(address), target)
    case (_, .any) where type != .any:
      return builder.emit(.boxAny(address, source: type), .any)
    default: return nil
    }
  }

  /// Whether every value of one type is a value of the other.
  func widens(_ from: TypeID, to target: TypeID) -> Bool {
    if from == target { return true }
    if from == .f32, target == .f64 { return true }
    guard let (bits, isSigned) = integerShape(from), let (wide, wideSigned) = integerShape(target) else { return false }
    return isSigned == wideSigned ? bits <= wide : !isSigned && bits < wide
  }

  /// Converts a value; nil after a report.
  func convert(
    _ value: ValueID, _ from: TypeID, to target: TypeID, _ span: Span, explicit: Bool
  ) -> ValueID? {
    at(span)
    if from == target { return value }
    if from == .noReturn || target == .unresolved { return value }
    if let converted = implicit(value, from, to: target, span) { return converted }
    if explicit, let converted = forced(value, from, to: target) { return converted }
    var help: String?
    if let child = optionalChild(from), child == target {
      help = "unwrap it with '!', or give a fallback with '??'"
    } else if let (values, _) = failable(from), values == [target] || (values.isEmpty && target == .void) {
      help = "it may raise: write 'try', or handle it with 'catch' or 'or'"
    } else if canForce(from, to: target), !explicit {
      help = "convert with 'xx' or '.(\(types.name(target)))'"
    }
    fail("expected \(shown(target)), but this is \(shown(from))", span, help: help)
    return nil
  }

  private func implicit(_ value: ValueID, _ from: TypeID, to target: TypeID, _ span: Span) -> ValueID? {
    if widens(from, to: target) { return builder.emit(.convert(.widen, value, from: from), target) }
    let source = types[from]
    switch (source, types[target]) {
    case (_, .any):
      // Each box gets storage of its own, because it may outlive this turn of a loop.
      let address = builder.allocate(from)
      store(value, to: address, from)
      return builder.emit(.boxAny(address, source: from), .any)
    case (.array(let element, _), .slice(let wanted)) where element == wanted:
      return builder.emit(.arrayToSlice(builder.emit(.addressOf(value), types.pointer(to: from))), target)
    case (.pointer(let pointee), .slice(let wanted)):
      if case .array(let element, _) = types[pointee], element == wanted {
        return builder.emit(.arrayToSlice(value), target)
      }
      return nil
    case (.string, .slice(.u8)), (.slice(.u8), .string):
      let data = builder.emit(.dataPointer(value), types.manyPointer(to: .u8))
      let length = builder.emit(.length(value), .i64)
      return builder.aggregate([data, length], target)
    case (.string, .cString):
      let data = builder.emit(.dataPointer(value), types.manyPointer(to: .u8))
      return builder.emit(.convert(.bitcast, data, from: types.manyPointer(to: .u8)), target)
    case (.pointer, .pointer(.void)), (.manyPointer, .pointer(.void)), (.cString, .pointer(.void)):
      return builder.emit(.convert(.bitcast, value, from: from), target)
    case (.pointer(let one), .manyPointer(let many)):
      if case .array(let element, _) = types[one], element == many {
        return builder.emit(.convert(.bitcast, value, from: from), target)
      }
      return nil
    case (.errorSet(let some), .errorSet(let all)):
      // The set without names holds every error.
      guard all.tags.isEmpty || (!some.tags.isEmpty && some.tags.allSatisfy(all.tags.contains)) else { return nil }
      return builder.emit(.convert(.bitcast, value, from: from), target)
    case (.tuple(let have), .tuple(let want)):
      guard have.elements.count == want.elements.count else { return nil }
      var parts: [ValueID] = []
      for (index, type) in have.elements.enumerated() {
        let part = builder.field(value, index, type)
        if type == want.elements[index] {
          parts.append(part)
        } else if let converted = implicit(part, type, to: want.elements[index], span) {
          parts.append(converted)
        } else {
          return nil
        }
      }
      return builder.aggregate(parts, target)
    case (_, .optional(let child)):
      if from == child { return builder.emit(.optionalWrap(value), target) }
      if case .optional = source { return nil }
      guard let inner = implicit(value, from, to: child, span) else { return nil }
      return builder.emit(.optionalWrap(inner), target)
    case (.function, .closure(let parameters, let result)):
      return closureOverWord(value, from, parameters, result, target)
    default: return nil
    }
  }

  /// Whether `forced` can convert.
  private func canForce(_ from: TypeID, to target: TypeID) -> Bool {
    (isWord(from) || isFloat(from)) && (isWord(target) || isFloat(target))
  }

  /// Whether values of the type are single words that are not floats.
  private func isWord(_ type: TypeID) -> Bool {
    switch types[type] {
    case .signed, .unsigned, .signedSize, .unsignedSize, .boolean, .pointer, .manyPointer, .cString, .enumeration,
      .errorSet, .function, .type:
      true
    case .optional(let child): types.isPointerLike(child)
    default: false
    }
  }

  private func forced(_ value: ValueID, _ from: TypeID, to target: TypeID) -> ValueID? {
    if from == .any { return builder.emit(.unboxAny(value), target) }
    if case .taggedUnion(let union) = types[from], isInteger(target) {
      let tagType = union.tag ?? .i64
      let tag = builder.emit(.enumerationTag(value), tagType)
      return tagType == target ? tag : forced(tag, tagType, to: target)
    }
    if isFloat(from) {
      if isFloat(target) { return builder.emit(.convert(.narrow, value, from: from), target) }
      return isInteger(target) ? builder.emit(.convert(.floatToInteger, value, from: from), target) : nil
    }
    if isFloat(target) {
      return isInteger(from) ? builder.emit(.convert(.integerToFloat, value, from: from), target) : nil
    }
    guard isWord(from), isWord(target) else { return nil }
    if let (bits, _) = integerShape(from), let (wanted, _) = integerShape(target) {
      let operation: ConversionOperator = wanted > bits ? .widen : wanted < bits ? .narrow : .bitcast
      return builder.emit(.convert(operation, value, from: from), target)
    }
    return builder.emit(.convert(.bitcast, value, from: from), target)
  }

  // MARK: Functions as values

  func functionValue(_ entity: FunctionEntity, as target: TypeID, _ span: Span) -> ValueID? {
    guard !entity.isGeneric else {
      fail("'\(entity.name)' is generic; call it, or wrap it in a function of the wanted type", span)
      return nil
    }
    guard let instance = compiler.instance(of: entity, [], at: span) else { return nil }
    let own = types.function(instance.parameterTypes, instance.result.type)
    if case .closure(let parameters, let result) = types[target] {
      guard parameters == instance.parameterTypes, result == instance.result.type else {
        fail("expected \(shown(target)), but '\(entity.name)' is \(shown(own))", span)
        return nil
      }
      return builder.emit(.closure(thunk(for: instance.number, parameters, result), environment: .none), target)
    }
    let word = builder.emit(.function(instance.number), own)
    return own == target ? word : convert(word, own, to: target, span, explicit: false)
  }

  /// A function that takes an environment it does not need and calls `function`.
  private func thunk(for function: FunctionID, _ parameters: [TypeID], _ result: TypeID) -> FunctionID {
    if let known = compiler.thunks[function] { return known }
    let environment = Parameter("environment", types.pointer(to: .void))
    let list = [environment] + parameters.enumerated().map { Parameter("p\($0.offset)", $0.element) }
    var thunk = FunctionBuilder(
      module: compiler.module, name: "closure of \(compiler.module.function(function)?.name ?? "")", parameters: list,
      result: result)
    let value = thunk.call(function, parameters.indices.map { thunk.parameter($0 + 1) }, result)
    if result == .void { thunk.returnVoid() } else { thunk.returnValue(value) }
    let number = compiler.module.add(thunk.function)
    compiler.thunks[function] = number
    return number
  }

  /// A closure over a function word that is only known when the program runs: the word is its environment.
  private func closureOverWord(
    _ word: ValueID, _ type: TypeID, _ parameters: [TypeID], _ result: TypeID, _ target: TypeID
  ) -> ValueID? {
    guard type == types.function(parameters, result) else { return nil }
    let environment = Parameter("environment", types.pointer(to: .void))
    let list = [environment] + parameters.enumerated().map { Parameter("p\($0.offset)", $0.element) }
    var thunk = FunctionBuilder(module: compiler.module, name: "closure of a word", parameters: list, result: result)
    let place = thunk.convert(.bitcast, thunk.parameter(0), to: types.pointer(to: type))
    let callee = thunk.load(place, type)
    let value = thunk.emit(.callIndirect(callee, parameters.indices.map { thunk.parameter($0 + 1) }), result)
    if result == .void { thunk.returnVoid() } else { thunk.returnValue(value) }
    let number = compiler.module.add(thunk.function)
    let storage = builder.allocate(type)
    store(word, to: storage, type)
    let address = builder.emit(.convert(.bitcast, storage, from: types.pointer(to: type)), types.pointer(to: .void))
    return builder.emit(.closure(number, environment: address), target)
  }
}
