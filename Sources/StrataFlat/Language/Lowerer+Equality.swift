// Equality of values of any type.
//
// Guarantees: structs, arrays, tuples, optionals and tagged unions are equal when their parts are; pointers are
// equal when they point to the same place; the comparison of each type is one function, made on demand.

extension Lowerer {
  /// Whether values of the type are compared by one instruction.
  func isScalar(_ type: TypeID) -> Bool {
    switch types[type] {
    case .boolean, .signed, .unsigned, .signedSize, .unsignedSize, .float32, .float64, .pointer, .manyPointer,
      .cString, .enumeration, .errorSet, .type, .function:
      true
    case .optional(let child): types.isPointerLike(child)
    default: false
    }
  }

  /// Whether two values are equal; nil after a report.
  func equality(_ left: ValueID, _ right: ValueID, _ type: TypeID, _ span: Span) -> ValueID? {
    if isScalar(type) { return builder.compare(.equal, left, right) }
    switch types[type] {
    case .string, .slice(.u8): return builder.compare(.stringEqual, left, right)
    case .void: return builder.boolean(true)
    case .structure, .array, .tuple, .optional, .taggedUnion, .vector:
      return builder.call(compiler.comparison(of: type), [left, right], .boolean)
    default:
      fail("values of \(shown(type)) cannot be compared", span)
      return nil
    }
  }
}

extension Compiler {
  /// The function that compares two values of a type.
  func comparison(of type: TypeID) -> FunctionID {
    if let known = comparisons[type] { return known }
    let function = Function(
      name: "== \(types.name(type))", parameters: [Parameter("a", type), Parameter("b", type)], result: .boolean)
    let number = module.add(function)
    comparisons[type] = number
    openComparisons.append((number, type))
    return number
  }

  /// Gives the comparisons that are referred to their bodies.
  func completeComparisons() {
    while let (number, type) = openComparisons.popLast() {
      let lowerer = Lowerer(
        compiler: self, scope: universe, name: "== \(types.name(type))",
        parameters: [Parameter("a", type), Parameter("b", type)],
        result: ResultShape(values: [.boolean], errorSet: nil, type: .boolean))
      lowerer.lowerComparison(of: type)
      module.replace(number, with: lowerer.builder.function)
    }
  }
}

extension Lowerer {
  fileprivate func lowerComparison(of type: TypeID) {
    let differ = builder.addBlock("differ")
    let left = builder.parameter(0)
    let right = builder.parameter(1)
    let span = Span(file: 0, start: 0, end: 0)
    func require(_ condition: ValueID?) {
      guard let condition else { return }
      let next = builder.addBlock("next")
      builder.branch(if: condition, next, else: differ)
      builder.position(at: next)
    }
    switch types[type] {
    case .structure(let structure):
      for (index, field) in structure.fields.enumerated() {
        require(
          equality(builder.field(left, index, field.type), builder.field(right, index, field.type), field.type, span))
      }
    case .tuple(let tuple):
      for (index, part) in tuple.elements.enumerated() {
        require(equality(builder.field(left, index, part), builder.field(right, index, part), part, span))
      }
    case .array(let element, let length): compareElements(left, right, element, length, differ)
    case .vector(let element, let length):
      for lane in 0..<min(length, 64) {
        let index = builder.integer(Int64(lane))
        let one = builder.emit(.vectorExtract(left, index), element)
        let other = builder.emit(.vectorExtract(right, index), element)
        require(equality(one, other, element, span))
      }
    case .optional(let child):
      let one = builder.emit(.optionalHasValue(left), .boolean)
      let other = builder.emit(.optionalHasValue(right), .boolean)
      require(builder.compare(.equal, one, other))
      let both = builder.addBlock("both")
      let none = builder.addBlock("none")
      builder.branch(if: one, both, else: none)
      builder.position(at: none)
      builder.returnValue(builder.boolean(true))
      builder.position(at: both)
      require(
        equality(builder.emit(.optionalUnwrap(left), child), builder.emit(.optionalUnwrap(right), child), child, span))
    case .taggedUnion(let union):
      let tagType = union.tag ?? .i64
      let one = builder.emit(.enumerationTag(left), tagType)
      require(builder.compare(.equal, one, builder.emit(.enumerationTag(right), tagType)))
      for (index, field) in union.fields.enumerated() where field.type != .void {
        let matches = builder.addBlock("payload")
        let next = builder.addBlock("next")
        let tag = builder.integer(types.tagValue(of: index, in: type) ?? 0, tagType)
        builder.branch(if: builder.compare(.equal, one, tag), matches, else: next)
        builder.position(at: matches)
        let a = builder.emit(.enumerationPayload(left, variant: UInt32(index), base: nil), field.type)
        let b = builder.emit(.enumerationPayload(right, variant: UInt32(index), base: nil), field.type)
        if let same = equality(a, b, field.type, span) { builder.returnValue(same) }
        builder.position(at: next)
      }
    default: break
    }
    builder.returnValue(builder.boolean(true))
    builder.position(at: differ)
    builder.returnValue(builder.boolean(false))
    close()
  }

  private func compareElements(
    _ left: ValueID, _ right: ValueID, _ element: TypeID, _ length: UInt32, _ differ: BlockID
  ) {
    let loop = builder.addBlock("loop", parameters: [.i64])
    let body = builder.addBlock("body")
    let next = builder.addBlock("next")
    let done = builder.addBlock("done")
    builder.branch(loop, [builder.integer(0)])
    builder.position(at: loop)
    let index = builder.blockParameter(0)
    builder.branch(if: builder.compare(.less, index, builder.integer(Int64(length))), body, else: done)
    builder.position(at: body)
    let span = Span(file: 0, start: 0, end: 0)
    if let same = equality(builder.index(left, index, element), builder.index(right, index, element), element, span) {
      builder.branch(if: same, next, else: differ)
    }
    builder.position(at: next)
    builder.branch(loop, [builder.binary(.add, index, builder.integer(1), .i64)])
    builder.position(at: done)
  }
}
