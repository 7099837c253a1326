// Expressions: one case of the tree, one function.
//
// Guarantees: the depth of the recursion is bounded, by the parser within a tree and by the compiler through all of them.

extension Lowerer {
  /// Lowers an expression. `expected` is the type the context wants, as a hint; `void` means the value is not wanted.
  func lower(_ expression: Expression, expecting expected: TypeID?) -> Operand {
    guard compiler.descend(expression.span) else { return .invalid }
    defer { compiler.ascend() }
    at(expression.span)
    switch expression.kind {
    case .invalid: return .invalid
    case .integer(let value): return Operand(.integer(Int128(value)))
    case .float(let value): return Operand(.float(value))
    case .string(let bytes): return Operand(.string(bytes), .string)
    case .boolean(let value): return .boolean(value)
    case .null: return Operand(.null)
    case .undefined: return Operand(.undefined)
    case .name(let symbol): return lowerName(symbol, expression.span)
    case .genericName(let symbol):
      if let entity = scope.find(symbol) { return resolved(entity, expression.span) }
      return fail("a generic name may only stand in the parameters of a function", expression.span)
    case .optionalType, .arrayType, .sliceType, .manyPointerType, .functionType:
      return type(of: expression).map(Operand.type) ?? .invalid
    case .member(let base, let name): return lowerMember(base, name, expression.span)
    case .optionalMember(let base, let name): return lowerOptionalMember(base, name, expression.span)
    case .element(let base, let index): return lowerElement(base, index, expression.span)
    case .implicitMember(let name): return lowerImplicitMember(name, expecting: expected, expression.span)
    case .errorTag(let name): return lowerErrorTag(name, expecting: expected)
    case .call(let callee, let arguments): return lowerCall(expression, callee, arguments, expecting: expected)
    case .index(let base, let index): return lowerIndex(base, index, expression.span)
    case .slice(let base, let low, let high): return lowerSlice(base, low, high, expression.span)
    case .dereference(let base): return lowerDereference(base, expression.span)
    case .unwrap(let base): return lowerUnwrap(base, expression.span)
    case .cast(let base, let type): return lowerCast(base, type, expression.span)
    case .prefix(let operation, let operand):
      return lowerPrefix(operation, operand, expecting: expected, expression.span)
    case .binary(let first, let tails): return lowerBinary(first, tails, expecting: expected, expression.span)
    case .handler(let base, let name, let body):
      return lowerHandler(base, name, body, expecting: expected, expression.span)
    case .aggregate(let type, let arguments):
      return lowerAggregate(type, arguments, expecting: expected, expression.span)
    case .arrayLiteral(let type, let elements):
      return lowerArray(type, elements, expecting: expected, expression.span)
    case .function(let syntax): return lowerFunctionLiteral(syntax, expecting: expected, expression.span)
    case .conditional(let syntax): return lowerConditional(syntax, expecting: expected, expression.span)
    case .match(let syntax): return lowerMatch(syntax, expecting: expected, expression.span)
    case .block(let block): return lowerBlock(block, expecting: expected)
    case .whileLoop(let condition, let body): return lowerWhile(condition, body, expression.span)
    case .forLoop(let syntax): return lowerFor(syntax, expression.span)
    case .return(let values): return lowerReturn(values, expression.span)
    case .break: return lowerBreak(expression.span)
    case .continue: return lowerContinue(expression.span)
    case .raise(let value): return lowerRaise(value, expression.span)
    case .run(let inner): return lowerRun(inner, expecting: expected, expression.span)
    case .insert(let text): return lowerInsert(text, expecting: expected, expression.span)
    case .importFile:
      return fail("a file is imported at the top of a file", expression.span)
    case .compileError(let message):
      let text = constantString(message).map { String(decoding: $0, as: UTF8.self) }
      return fail(text ?? "#error", expression.span)
    case .structure, .union, .enumeration, .errorSet:
      return compiler.defineNominal(expression, name: anonymousName, scope: declarationScope(), entity: nil)
    }
  }

  /// What a type without a name of its own is called: after the function that makes it.
  private var anonymousName: String { name }

  // MARK: Names

  /// What a name means among the local ones.
  func local(_ symbol: Symbol) -> Local.Form? { locals.find(symbol)?.form }

  func lowerName(_ symbol: Symbol, _ span: Span) -> Operand {
    switch local(symbol) {
    case .place(let address, let type)?: return Operand(.place(address), type)
    case .operand(let operand)?: return operand
    case .entity(let entity)?: return resolved(entity, span)
    case nil: break
    }
    if locals.hides(symbol) {
      return fail(
        "'\(spelling(symbol))' only has a value when the program runs, but one is needed while compiling", span)
    }
    if let entity = scope.find(symbol) { return resolved(entity, span) }
    if let type = widthType(spelling(symbol)) { return .type(type) }
    if mayLackNames { return .invalid }
    return fail("unknown name '\(spelling(symbol))'", span, help: suggestion(for: symbol))
  }

  /// The meaning of an entity as an operand.
  func resolved(_ entity: Entity, _ span: Span) -> Operand {
    switch compiler.resolve(entity, at: span) {
    case .known(let operand): return operand
    case .global(let global, let type, _):
      at(span)
      let address = builder.emit(.globalAddress(global), types.pointer(to: type))
      return Operand(.place(address), type)
    case .unresolved, .resolving: return .invalid
    }
  }

  /// `i12`, `u3` and so on.
  private func widthType(_ name: String) -> TypeID? {
    guard let first = name.utf8.first, first == UInt8(ascii: "i") || first == UInt8(ascii: "u"),
      let bits = UInt8(name.dropFirst()), bits >= 1, bits <= 64, String(bits) == name.dropFirst()
    else { return nil }
    return first == UInt8(ascii: "i") ? types.signed(bits) : types.unsigned(bits)
  }

  /// A local name that differs from `symbol` in one letter, or where the library has it.
  private func suggestion(for symbol: Symbol) -> String? {
    let wanted = Array(spelling(symbol).utf8)
    // Nobody sees what would help with the errors that are not shown.
    guard wanted.count > 1, compiler.diagnostics.count < Compiler.diagnosticLimit else { return nil }
    if let near = locals.latestName(where: { Self.differByOne(wanted, Array(spelling($0).utf8)) }) {
      return "did you mean '\(spelling(near))'?"
    }
    return StandardLibrary.path(declaring: spelling(symbol)).map { "it is in the library: #import \"\($0)\";" }
  }

  private static func differByOne(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    if abs(left.count - right.count) > 1 { return false }
    var start = 0
    while start < min(left.count, right.count), left[start] == right[start] { start += 1 }
    let skipLeft = left.count >= right.count ? 1 : 0
    let skipRight = right.count >= left.count ? 1 : 0
    return left.dropFirst(start + skipLeft).elementsEqual(right.dropFirst(start + skipRight))
  }

  // MARK: Places

  /// The address of an operand: its place, or fresh storage that holds its value.
  func address(of operand: Operand, _ span: Span) -> ValueID? {
    if case .place(let address) = operand.form { return address }
    let type = naturalType(of: operand)
    guard let value = value(operand, as: type, span) else { return nil }
    let address = storage(type)
    store(value, to: address, type)
    return address
  }

  /// Follows pointers to the value they point to.
  func followPointers(_ operand: Operand, _ span: Span) -> Operand {
    var operand = operand
    for _ in 0..<8 {
      guard case .pointer(let pointee) = types[operand.type], let address = value(operand, span) else { break }
      operand = Operand(.place(address), pointee)
    }
    return operand
  }

  private func lowerDereference(_ base: Expression, _ span: Span) -> Operand {
    let operand = lower(base, expecting: nil)
    if operand.isInvalid { return .invalid }
    switch types[operand.type] {
    case .pointer(let pointee), .manyPointer(let pointee):
      guard pointee != .void else {
        return fail("a pointer to 'void' has nothing to read", span, help: "convert it to a typed pointer with 'xx'")
      }
      guard let address = value(operand, base.span) else { return .invalid }
      return Operand(.place(address), pointee)
    default:
      return fail("only a pointer can be followed; this is \(shown(naturalType(of: operand)))", base.span)
    }
  }

  private func lowerUnwrap(_ base: Expression, _ span: Span) -> Operand {
    let operand = lower(base, expecting: nil)
    if operand.isInvalid { return .invalid }
    guard let child = optionalChild(operand.type) else {
      return fail("only an optional can be unwrapped; this is \(shown(naturalType(of: operand)))", base.span)
    }
    guard let whole = value(operand, base.span) else { return .invalid }
    at(span)
    return Operand(.value(builder.emit(.optionalUnwrap(whole), child)), child)
  }

  private func lowerCast(_ base: Expression, _ typeExpression: Expression, _ span: Span) -> Operand {
    guard let target = type(of: typeExpression) else { return .invalid }
    let operand = lower(base, expecting: nil)
    return cast(operand, to: target, span)
  }

  /// Converts an operand because the program asked for it.
  func cast(_ operand: Operand, to target: TypeID, _ span: Span) -> Operand {
    if operand.isInvalid { return .invalid }
    if case .integer(let value) = operand.form, isInteger(target), fits(value, target) {
      return Operand(.integer(value), target)
    }
    if case .float(let value) = operand.form, operand.type == .unresolved, isInteger(target) {
      guard value.isFinite, abs(value) < 9.3e18 else { return fail("\(value) does not fit \(shown(target))", span) }
      return Operand(.integer(Int128(value)), target)
    }
    guard let value = value(operand, as: target, span, explicit: true) else { return .invalid }
    return Operand(.value(value), target)
  }

  // MARK: Indexing

  private func lowerIndex(_ base: Expression, _ index: Expression, _ span: Span) -> Operand {
    let operand = lower(base, expecting: nil)
    if operand.isInvalid { return .invalid }
    guard let number = indexValue(index) else { return .invalid }
    at(span)
    return element(operand, number, base.span)
  }

  /// An index: any integer.
  func indexValue(_ expression: Expression) -> ValueID? {
    let operand = lower(expression, expecting: .i64)
    if operand.isInvalid { return nil }
    if case .integer(let value) = operand.form, value < 0 {
      fail("an index cannot be negative", expression.span)
      return nil
    }
    let type = naturalType(of: operand)
    guard isInteger(type) else {
      fail("an index is an integer, not \(shown(type))", expression.span)
      return nil
    }
    return value(operand, as: .i64, expression.span, explicit: true)
  }

  /// The element of a sequence: a place where the sequence is in memory.
  func element(_ sequence: Operand, _ index: ValueID, _ span: Span) -> Operand {
    switch types[sequence.type] {
    case .array(let element, _):
      guard let address = address(of: sequence, span) else { return .invalid }
      return Operand(.place(builder.indexAddress(address, index, element)), element)
    case .slice(let element), .manyPointer(let element):
      guard let whole = value(sequence, span) else { return .invalid }
      return Operand(.place(builder.indexAddress(whole, index, element)), element)
    case .string:
      guard let whole = value(sequence, span) else { return .invalid }
      return Operand(.value(builder.index(whole, index, .u8)), .u8)
    case .cString:
      guard let whole = value(sequence, span) else { return .invalid }
      let bytes = builder.emit(.convert(.bitcast, whole, from: .cString), types.manyPointer(to: .u8))
      return Operand(.place(builder.indexAddress(bytes, index, .u8)), .u8)
    case .pointer(let pointee):
      switch types[pointee] {
      case .array, .slice, .string, .vector:
        return element(followPointers(sequence, span), index, span)
      default: return fail("\(shown(sequence.type)) points to one value; index a '[*]' pointer or a slice", span)
      }
    case .vector(let element, _):
      if case .place(let address) = sequence.form {
        return Operand(.place(builder.indexAddress(address, index, element)), element)
      }
      guard let whole = value(sequence, span) else { return .invalid }
      return Operand(.value(builder.emit(.vectorExtract(whole, index), element)), element)
    default: return fail("\(shown(naturalType(of: sequence))) cannot be indexed", span)
    }
  }

  private func lowerSlice(_ base: Expression, _ low: Expression?, _ high: Expression?, _ span: Span) -> Operand {
    var operand = lower(base, expecting: nil)
    if operand.isInvalid { return .invalid }
    if case .pointer(let pointee) = types[operand.type], case .array = types[pointee] {
      operand = followPointers(operand, base.span)
    }
    let start: ValueID
    if let low {
      guard let value = indexValue(low) else { return .invalid }
      start = value
    } else {
      start = builder.integer(0)
    }
    var end: ValueID?
    if let high {
      guard let value = indexValue(high) else { return .invalid }
      end = value
    }
    at(span)
    switch types[operand.type] {
    case .array(let element, let length):
      guard let address = address(of: operand, base.span) else { return .invalid }
      let slice = types.slice(of: element)
      let stop = end ?? builder.integer(Int64(length))
      let value = builder.emit(.subslice(address, low: start, high: stop, base: types.pointer(to: operand.type)), slice)
      return Operand(.value(value), slice)
    case .slice, .string:
      guard let whole = value(operand, base.span) else { return .invalid }
      let stop = end ?? builder.emit(.length(whole), .i64)
      let value = builder.emit(.subslice(whole, low: start, high: stop, base: operand.type), operand.type)
      return Operand(.value(value), operand.type)
    case .manyPointer(let element):
      guard let whole = value(operand, base.span) else { return .invalid }
      guard let end else { return fail("a slice of a '[*]' pointer needs an end", span) }
      let slice = types.slice(of: element)
      let value = builder.emit(.subslice(whole, low: start, high: end, base: operand.type), slice)
      return Operand(.value(value), slice)
    default: return fail("\(shown(naturalType(of: operand))) cannot be sliced", base.span)
    }
  }
}
