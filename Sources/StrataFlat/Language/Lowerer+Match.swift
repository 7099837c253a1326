// `if v == { case ... }`.
//
// Guarantees: the subject is evaluated once; a match that gives a value handles every case; cases that nothing can
// reach are reported; a subject known now selects its case now, and the others are not lowered.

extension Lowerer {
  func lowerMatch(_ syntax: MatchSyntax, expecting expected: TypeID?, _ span: Span) -> Operand {
    var subject = lower(syntax.subject, expecting: nil)
    if subject.isInvalid { return .invalid }
    if syntax.isInline, !subject.isConstant {
      guard let known = constant(syntax.subject, as: naturalType(of: subject)) else { return .invalid }
      subject = known
    }
    if case .type = subject.form { return matchNow(subject, syntax, expecting: expected, span) }
    if syntax.isInline { return matchNow(subject, syntax, expecting: expected, span) }
    subject = followPointers(subject, syntax.subject.span)
    let type = naturalType(of: subject)
    guard let whole = value(subject, syntax.subject.span) else { return .invalid }
    switch types[type] {
    case .enumeration, .taggedUnion:
      return matchVariants(whole, type, syntax, expecting: expected, span)
    default: return matchValues(whole, type, syntax, expecting: expected, span)
    }
  }

  /// Selects a case of a subject that is known now.
  private func matchNow(
    _ subject: Operand, _ syntax: MatchSyntax, expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    let key = compiler.keyText(Operand(subject.form, .unresolved))
    for branch in syntax.cases {
      for pattern in branch.patterns {
        switch pattern {
        case .value(let expression):
          guard let operand = constant(expression, as: naturalType(of: subject)) else { return .invalid }
          if compiler.keyText(Operand(operand.form, .unresolved)) == key {
            return lowerBlock(branch.body, expecting: expected, closed: !branch.body.isBraced)
          }
        case .range(let low, let high, let isClosed):
          guard let first = constantInteger(low), let last = constantInteger(high) else { return .invalid }
          if case .integer(let value) = subject.form, value >= first, value < last || (isClosed && value == last) {
            return lowerBlock(branch.body, expecting: expected, closed: !branch.body.isBraced)
          }
        }
      }
    }
    if let otherwise = syntax.otherwise {
      return lowerBlock(otherwise, expecting: expected, closed: !otherwise.isBraced)
    }
    return .void
  }

  /// Lowers the bodies of all cases, each in its block, and joins their ends.
  private func lowerBodies(
    _ syntax: MatchSyntax, _ blocks: [BlockID], otherwise: BlockID, isExhaustive: Bool, expecting expected: TypeID?,
    _ span: Span, bind: (Int, Name) -> Void
  ) -> Operand {
    var ends: [BranchEnd] = []
    let saved = locals.count
    let isStatement = expected == .void
    func lower(_ body: BlockSyntax) {
      let operand = lowerBlock(body, expecting: expected, closed: !body.isBraced)
      guard !builder.isClosed else { return }
      ends.append(BranchEnd(block: builder.current, operand: isStatement ? .void : operand, span: lastSpan(body)))
    }
    for (index, branch) in syntax.cases.enumerated() {
      builder.position(at: blocks[index])
      if let name = branch.binding { bind(index, name) }
      lower(branch.body)
      locals.cut(to: saved)
    }
    builder.position(at: otherwise)
    if let body = syntax.otherwise {
      lower(body)
    } else if isExhaustive {
      builder.emit(.unreachable)
    } else {
      ends.append(BranchEnd(block: builder.current, operand: .void, span: span))
    }
    if expected == nil, ends.contains(where: { if case .void = $0.operand.form { true } else { false } }) {
      let isInvalid = ends.contains { $0.operand.isInvalid }
      if !isInvalid { ends = ends.map { BranchEnd(block: $0.block, operand: .void, span: $0.span) } }
    }
    return join(ends, expecting: expected, span)
  }

  // MARK: Variants

  private func matchVariants(
    _ whole: ValueID, _ type: TypeID, _ syntax: MatchSyntax, expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    var tagType = TypeID.i64
    if case .taggedUnion(let union) = types[type] { tagType = union.tag ?? .i64 }
    if case .enumeration(let enumeration) = types[type] { tagType = enumeration.backing ?? .i64 }
    let tag = builder.emit(.enumerationTag(whole), tagType)
    var handled: [Int: Span] = [:]
    var switchCases: [SwitchCase] = []
    var blocks: [BlockID] = []
    var payloads: [(index: Int, type: TypeID)] = []
    for branch in syntax.cases {
      let block = builder.addBlock("case")
      blocks.append(block)
      var payload = (index: 0, type: TypeID.void)
      for pattern in branch.patterns {
        guard let (name, place) = variantName(pattern, type) else { return .invalid }
        guard let variant = variant(name.symbol, of: type) else { return noVariant(name, type) }
        if let known = handled[variant.index] {
          return fail(
            "'.\(spelling(name.symbol))' is handled twice", place,
            notes: [compiler.note("it is handled here first", known)])
        }
        handled[variant.index] = place
        switchCases.append(SwitchCase(variant.tag, block))
        payload = (variant.index, variant.payload)
      }
      if let name = branch.binding {
        guard branch.patterns.count == 1, payload.type != .void else {
          return fail("this case has no payload to bind", name.span)
        }
      }
      payloads.append(payload)
    }
    let names = variantNames(of: type)
    let missing = names.indices.filter { handled[$0] == nil }
    if !missing.isEmpty, syntax.otherwise == nil, expected != .void, expected != nil {
      return fail(
        "this match does not handle " + missing.prefix(8).map { "'.\(names[$0])'" }.joined(separator: ", "),
        span.head, help: "add the missing cases, or 'else:'")
    }
    let otherwise = builder.addBlock("otherwise")
    at(span)
    builder.emit(.switchBranch(tag, switchCases, otherwise: otherwise, []))
    return lowerBodies(
      syntax, blocks, otherwise: otherwise, isExhaustive: missing.isEmpty, expecting: expected, span
    ) { index, name in
      let payload = payloads[index]
      at(name.span)
      let value = builder.emit(.enumerationPayload(whole, variant: UInt32(payload.index), base: nil), payload.type)
      declare(name, Operand(.value(value), payload.type))
    }
  }

  private func variantName(_ pattern: Pattern, _ type: TypeID) -> (Name, Span)? {
    guard case .value(let expression) = pattern else {
      if case .range(let low, _, _) = pattern { fail("variants have no ranges", low.span) }
      return nil
    }
    switch expression.kind {
    case .implicitMember(let name): return (name, expression.span)
    case .member(let base, let name):
      if self.type(of: base) == type { return (name, expression.span) }
      fail("this is no variant of \(shown(type))", expression.span)
    default:
      fail("expected a variant of \(shown(type)), such as '.\(variantNames(of: type).first ?? "a")'", expression.span)
    }
    return nil
  }

  // MARK: Values

  private func matchValues(
    _ whole: ValueID, _ type: TypeID, _ syntax: MatchSyntax, expecting expected: TypeID?, _ span: Span
  ) -> Operand {
    if expected != .void, expected != nil, syntax.otherwise == nil, type != .boolean {
      return fail(
        "this match does not handle every \(shown(type))", span.head, help: "add 'else:' for the values that are left")
    }
    let blocks = syntax.cases.map { _ in builder.addBlock("case") }
    for branch in syntax.cases {
      if let name = branch.binding { return fail("only variants have payloads to bind", name.span) }
    }
    let otherwise = builder.addBlock("otherwise")
    if let cases = switchCases(type, syntax, blocks) {
      builder.emit(.switchBranch(whole, cases, otherwise: otherwise, []))
    } else {
      guard compareInTurn(whole, type, syntax, blocks) else { return .invalid }
      builder.branch(otherwise)
    }
    var seen: Set<Int64> = []
    if type == .boolean, let cases = switchCases(type, syntax, blocks) { seen = Set(cases.map(\.value)) }
    return lowerBodies(
      syntax, blocks, otherwise: otherwise, isExhaustive: seen.count == 2, expecting: expected, span
    ) { _, _ in }
  }

  /// The cases as numbers, if all are constants of a type that a switch can compare.
  private func switchCases(_ type: TypeID, _ syntax: MatchSyntax, _ blocks: [BlockID]) -> [SwitchCase]? {
    switch types[type] {
    case .signed, .unsigned, .signedSize, .unsignedSize, .boolean, .errorSet, .type: break
    default: return nil
    }
    var cases: [SwitchCase] = []
    for (index, branch) in syntax.cases.enumerated() {
      for pattern in branch.patterns {
        guard case .value(let expression) = pattern else { return nil }
        switch expression.kind {
        case .errorTag(let name), .implicitMember(let name):
          let tag = types.errors.intern(spelling(name.symbol))
          guard case .errorSet(let set) = types[type], set.tags.isEmpty || set.tags.contains(tag) else { return nil }
          cases.append(SwitchCase(Int64(tag.rawValue), blocks[index]))
          continue
        case .integer, .prefix(.negate, _), .boolean, .name, .member, .optionalType, .sliceType, .arrayType: break
        default: return nil
        }
        let operand = lower(expression, expecting: type)
        switch operand.form {
        case .integer(let value) where fits(value, type):
          cases.append(SwitchCase(Int64(truncatingIfNeeded: value), blocks[index]))
        case .boolean(let value): cases.append(SwitchCase(value ? 1 : 0, blocks[index]))
        case .type(let value): cases.append(SwitchCase(Int64(value.rawValue), blocks[index]))
        default: return nil
        }
      }
    }
    return cases
  }

  private func compareInTurn(_ whole: ValueID, _ type: TypeID, _ syntax: MatchSyntax, _ blocks: [BlockID]) -> Bool {
    for (index, branch) in syntax.cases.enumerated() {
      for pattern in branch.patterns {
        let next = builder.addBlock("next")
        switch pattern {
        case .value(let expression):
          let operand = lower(expression, expecting: type)
          let same: ValueID?
          if operand.isNull {
            guard optionalChild(type) != nil || isPointer(type) else {
              fail("\(shown(type)) is never null", expression.span)
              return false
            }
            same =
              isPointer(type)
              ? builder.compare(.equal, whole, builder.null(type))
              : builder.unary(.booleanNot, builder.emit(.optionalHasValue(whole), .boolean), .boolean)
          } else {
            guard let value = value(operand, as: type, expression.span) else { return false }
            same = equality(whole, value, type, expression.span)
          }
          guard let same else { return false }
          builder.branch(if: same, blocks[index], else: next)
        case .range(let low, let high, let isClosed):
          guard isInteger(type) || isFloat(type) else {
            fail("\(shown(type)) has no ranges", low.span)
            return false
          }
          guard let first = value(lower(low, expecting: type), as: type, low.span),
            let last = value(lower(high, expecting: type), as: type, high.span)
          else { return false }
          let more = builder.addBlock("and")
          builder.branch(if: builder.compare(.greaterOrEqual, whole, first), more, else: next)
          builder.position(at: more)
          builder.branch(
            if: builder.compare(isClosed ? .lessOrEqual : .less, whole, last), blocks[index], else: next)
        }
        builder.position(at: next)
      }
    }
    return true
  }
}
