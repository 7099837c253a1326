// `for`, over ranges and sequences, once for the program or once for the compiler.
//
// Guarantees: what is iterated is evaluated once; the length is fixed when the loop begins; the loop ends with the
// shortest of its sequences.

extension Lowerer {
  /// One thing a `for` runs over.
  private struct Iteration {
    let syntax: IterationSyntax
    /// The type of the counter.
    let counter: TypeID
    let start: ValueID
    /// Where the counter ends; absent for an open range.
    let end: ValueID?
    /// The sequence whose elements are bound; absent for a range.
    let sequence: Operand?
  }

  func lowerFor(_ syntax: ForSyntax, _ span: Span) -> Operand {
    if syntax.isInline { return lowerInlineFor(syntax, span) }
    var iterations: [Iteration] = []
    for iteration in syntax.iterations {
      guard let one = begin(iteration) else { return skipBody(syntax) }
      iterations.append(one)
    }
    guard iterations.contains(where: { $0.end != nil }) || true else { return .invalid }
    let head = builder.addBlock("for", parameters: iterations.map(\.counter))
    let body = builder.addBlock("body")
    let next = builder.addBlock("next")
    let exit = builder.addBlock("exit")
    builder.branch(head, iterations.map(\.start))
    builder.position(at: head)
    let counters = iterations.indices.map { builder.blockParameter($0) }
    let bounded = iterations.indices.filter { iterations[$0].end != nil }
    for (position, index) in bounded.enumerated() {
      guard let end = iterations[index].end else { continue }
      let isClosed = iterations[index].syntax.isClosed
      let more = builder.compare(isClosed ? .lessOrEqual : .less, counters[index], end)
      let following = position + 1 < bounded.count ? builder.addBlock("and") : body
      builder.branch(if: more, following, else: exit)
      builder.position(at: following)
    }
    if bounded.isEmpty {
      builder.branch(body)
      builder.position(at: body)
    }
    let saved = locals.count
    for (iteration, counter) in zip(iterations, counters) { bind(iteration, counter) }
    loops.append(LoopFrame(next: next, exit: exit, cleanupCount: cleanups.count))
    _ = lowerBlock(syntax.body, expecting: .void)
    let frame = loops.removeLast()
    locals.cut(to: saved)
    builder.branch(next)
    builder.position(at: next)
    at(span)
    // A closed range may end at the greatest value of its type, so the end is tested before counting on.
    for (index, iteration) in iterations.enumerated() where iteration.syntax.isClosed {
      guard let end = iteration.end else { continue }
      let following = builder.addBlock("count")
      builder.branch(if: builder.compare(.less, counters[index], end), following, else: exit)
      builder.position(at: following)
    }
    let counted = zip(iterations, counters).map { iteration, counter in
      builder.binary(.add, counter, builder.integer(1, iteration.counter), iteration.counter)
    }
    builder.branch(head, counted)
    if bounded.isEmpty, !frame.isLeft { return .never }
    builder.position(at: exit)
    return .void
  }

  /// Lowers the body of a loop whose header is wrong, to find what else is.
  private func skipBody(_ syntax: ForSyntax) -> Operand {
    let saved = locals.count
    for iteration in syntax.iterations {
      if let name = iteration.binding { declare(name, .invalid) }
    }
    let exit = builder.addBlock("exit")
    loops.append(LoopFrame(next: exit, exit: exit, cleanupCount: cleanups.count))
    _ = lowerBlock(syntax.body, expecting: .void)
    loops.removeLast()
    locals.cut(to: saved)
    builder.branch(exit)
    builder.position(at: exit)
    return .invalid
  }

  private func begin(_ syntax: IterationSyntax) -> Iteration? {
    let span = syntax.source.span
    if syntax.isRange {
      let low = loaded(lower(syntax.source, expecting: nil), span)
      guard !low.isInvalid else { return nil }
      var high: Operand?
      if let end = syntax.end {
        high = loaded(lower(end, expecting: low.type == .unresolved ? nil : low.type), end.span)
      }
      if high?.isInvalid ?? false { return nil }
      let type = high.flatMap { commonType(low, $0) } ?? naturalType(of: low)
      guard isInteger(type) else {
        fail("a range runs over integers, not over \(shown(type))", span)
        return nil
      }
      if syntax.byAddress, let name = syntax.binding {
        fail("the numbers of a range have no address", name.span)
        return nil
      }
      guard let start = value(low, as: type, span) else { return nil }
      var end: ValueID?
      if let high, let endSyntax = syntax.end {
        guard let value = value(high, as: type, endSyntax.span) else { return nil }
        end = value
      }
      return Iteration(syntax: syntax, counter: type, start: start, end: end, sequence: nil)
    }
    var sequence = lower(syntax.source, expecting: nil)
    if sequence.isInvalid { return nil }
    if case .pointer = types[sequence.type] { sequence = followPointers(sequence, span) }
    switch types[naturalType(of: sequence)] {
    case .array(_, let length), .vector(_, let length):
      guard let address = address(of: sequence, span) else { return nil }
      let place = Operand(.place(address), sequence.type)
      return Iteration(
        syntax: syntax, counter: .i64, start: builder.integer(0), end: builder.integer(Int64(length)), sequence: place)
    case .slice, .string:
      if syntax.byAddress, naturalType(of: sequence) == .string, let name = syntax.binding {
        fail("the bytes of a text have no address", name.span)
        return nil
      }
      guard let whole = value(sequence, span) else { return nil }
      let length = builder.emit(.length(whole), .i64)
      return Iteration(
        syntax: syntax, counter: .i64, start: builder.integer(0), end: length,
        sequence: Operand(.value(whole), naturalType(of: sequence)))
    default:
      fail(
        "'for' cannot run over \(shown(naturalType(of: sequence)))", span,
        help: isInteger(naturalType(of: sequence)) ? "write a range: '0..n'" : nil)
      return nil
    }
  }

  private func bind(_ iteration: Iteration, _ counter: ValueID) {
    guard let name = iteration.syntax.binding, spelling(name.symbol) != "_" else { return }
    at(name.span)
    guard let sequence = iteration.sequence else {
      declare(name, Operand(.value(counter), iteration.counter))
      return
    }
    let found = element(sequence, counter, name.span)
    if iteration.syntax.byAddress, case .place(let address) = found.form {
      declare(name, Operand(.value(address), types.pointer(to: found.type)))
    } else if let value = value(found, name.span) {
      declare(name, Operand(.value(value), found.type))
    }
  }

  // MARK: inline for

  /// How often the bodies of one `inline for` may be repeated.
  private static let inlineLimit = 10_000

  private func lowerInlineFor(_ syntax: ForSyntax, _ span: Span) -> Operand {
    guard syntax.iterations.count == 1, let iteration = syntax.iterations.first else {
      return fail("an 'inline for' runs over one sequence", span)
    }
    guard let elements = inlineElements(iteration) else { return .invalid }
    guard elements.count <= Lowerer.inlineLimit else {
      return fail("an 'inline for' may repeat its body \(Lowerer.inlineLimit) times, not \(elements.count)", span)
    }
    let exit = builder.addBlock("exit")
    var isLeft = false
    for element in elements {
      if builder.isClosed || !compiler.mayGoOn(span, counting: Compiler.turnWork) { break }
      let next = builder.addBlock("next")
      let saved = locals.count
      if let name = iteration.binding { declare(name, element) }
      loops.append(LoopFrame(next: next, exit: exit, cleanupCount: cleanups.count))
      _ = lowerBlock(syntax.body, expecting: .void)
      isLeft = loops.removeLast().isLeft || isLeft
      locals.cut(to: saved)
      builder.branch(next)
      builder.position(at: next)
    }
    builder.branch(exit)
    builder.position(at: exit)
    return .void
  }

  /// What the compiler runs over: the numbers of a constant range, the parts of a tuple, the values of a list.
  private func inlineElements(_ iteration: IterationSyntax) -> [Operand]? {
    if iteration.isRange {
      guard let end = iteration.end else {
        fail("an 'inline for' needs an end", iteration.source.span)
        return nil
      }
      guard let low = constantInteger(iteration.source), var high = constantInteger(end) else { return nil }
      if iteration.isClosed { high += 1 }
      guard high > low else { return [] }
      guard high - low <= Lowerer.inlineLimit else {
        fail("an 'inline for' may repeat its body \(Lowerer.inlineLimit) times, not \(high - low)", end.span)
        return nil
      }
      return (0..<Int(high - low)).map { Operand(.integer(low + Int128($0)), .i64) }
    }
    if case .arrayLiteral(nil, let elements) = iteration.source.kind {
      var operands: [Operand] = []
      for element in elements {
        let operand = lower(element, expecting: nil)
        if operand.isInvalid { return nil }
        operands.append(loaded(operand, element.span))
      }
      return operands
    }
    let span = iteration.source.span
    let sequence = lower(iteration.source, expecting: nil)
    if sequence.isInvalid { return nil }
    switch types[naturalType(of: sequence)] {
    case .tuple(let tuple):
      return tuple.elements.enumerated().map { field(sequence, $0.offset, $0.element, span) }
    case .structure(let structure):
      return structure.fields.enumerated().map { field(sequence, $0.offset, $0.element.type, span) }
    case .array(let element, let length), .vector(let element, let length):
      guard let address = address(of: sequence, span) else { return nil }
      guard length <= Lowerer.inlineLimit else {
        fail("an 'inline for' may repeat its body \(Lowerer.inlineLimit) times, not \(length)", span)
        return nil
      }
      return (0..<Int(length)).map {
        Operand(.place(builder.indexAddress(address, builder.integer(Int64($0)), element)), element)
      }
    default:
      fail("an 'inline for' cannot run over \(shown(naturalType(of: sequence)))", span)
      return nil
    }
  }
}
