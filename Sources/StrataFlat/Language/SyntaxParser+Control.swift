// `if`, match, `while` and `for`.
//
// Guarantees: those of the parser; a chain of `else if` is one node however long it is.

extension SyntaxParser {
  /// A branch without braces: one expression, or one assignment.
  mutating func parseBranch() throws(ParseFailure) -> BlockSyntax {
    let first = token
    let expression = try parseExpression()
    let statement: Statement
    if let assignment = try parseAssignment(to: expression, from: first) {
      statement = assignment
    } else {
      statement = Statement(.expression(expression, isValue: true), span(from: first))
    }
    return BlockSyntax(statements: [statement], span: statement.span)
  }

  mutating func parseCondition() throws(ParseFailure) -> Condition {
    let outer = bindsBeforeBrace
    bindsBeforeBrace = false
    defer { bindsBeforeBrace = outer }
    var binding: Name?
    if at(.identifier), token(after: 1).kind == .colonEqual {
      binding = try name("a name")
      advance()
    }
    return Condition(binding: binding, value: try parseExpression())
  }

  mutating func parseIf(isInline: Bool) throws(ParseFailure) -> Expression {
    let first = token
    advance()
    let condition = try parseCondition()
    if at(.equalEqual), token(after: 1).kind == .leftBrace {
      return try parseMatch(condition, from: first, isInline: isInline)
    }
    var branches = [(condition: condition, body: try parseBranchBody())]
    var otherwise: BlockSyntax?
    while at(.else), token(after: 1).kind != .colon {
      advance()
      if at(.if), !startsMatch {
        advance()
        let next = try parseCondition()
        branches.append((condition: next, body: try parseBranchBody()))
        continue
      }
      otherwise = at(.leftBrace) ? try parseBlock() : try parseBranch()
      break
    }
    let syntax = IfSyntax(branches: branches, otherwise: otherwise, isInline: isInline)
    return try make(.conditional(syntax), span(from: first))
  }

  /// Whether the `if` at the current token is a match: `== {` comes before any other brace.
  private var startsMatch: Bool {
    var index = position + 1
    while index + 1 < tokens.count {
      let kind = tokens[index].kind
      if kind == .equalEqual, tokens[index + 1].kind == .leftBrace { return true }
      if kind == .semicolon || isKeyword(tokens[index], .then) { return false }
      if kind == .leftBrace, tokens[index - 1].kind != .dot { return false }
      index = max(Int(partners[index]), index) + 1
    }
    return false
  }

  private mutating func parseBranchBody() throws(ParseFailure) -> BlockSyntax {
    if take(.then) { return try parseBranch() }
    if at(.leftBrace) { return try parseBlock() }
    throw fail("expected '{' or 'then' after the condition")
  }

  private mutating func parseMatch(
    _ condition: Condition, from first: SyntaxToken, isInline: Bool
  ) throws(ParseFailure) -> Expression {
    advance()
    let opening = span(token)
    advance()
    var cases: [CaseSyntax] = []
    var otherwise: BlockSyntax?
    while at(.case) || at(.else) {
      let start = token
      if take(.else) {
        try expect(.colon, "after 'else' in a match")
        if otherwise != nil { report("a match has at most one 'else'", span(start)) }
        otherwise = try parseCaseBody()
        continue
      }
      advance()
      var patterns = [try parsePattern()]
      while take(.comma) { patterns.append(try parsePattern()) }
      try expect(.colon, "after the pattern")
      var binding: Name?
      if bindsPayload {
        advance()
        binding = try name("a name for the payload")
        try expect(.rightParenthesis, "after the name")
      }
      let body = try parseCaseBody()
      cases.append(CaseSyntax(patterns: patterns, binding: binding, body: body, span: span(from: start)))
    }
    if !take(.rightBrace) {
      if at(.endOfText) {
        report("this match is never closed", opening)
        throw ParseFailure()
      }
      throw fail("expected 'case', 'else:' or '}' in a match")
    }
    let syntax = MatchSyntax(subject: condition.value, cases: cases, otherwise: otherwise, isInline: isInline)
    return try make(.match(syntax), span(from: first))
  }

  /// Whether `(name)` follows, and then a statement.
  private var bindsPayload: Bool {
    guard at(.leftParenthesis), token(after: 1).kind == .identifier, token(after: 2).kind == .rightParenthesis else {
      return false
    }
    switch token(after: 3).kind {
    case .leftBrace, .identifier, .directive: return true
    case .keyword: return !isKeyword(token(after: 3), .and) && !isKeyword(token(after: 3), .or)
    default: return false
    }
  }

  private mutating func parsePattern() throws(ParseFailure) -> Pattern {
    let low = try parseExpression()
    if at(.dotDot) || at(.dotDotEqual) {
      let isClosed = at(.dotDotEqual)
      advance()
      return .range(low, try parseExpression(), isClosed: isClosed)
    }
    return .value(low)
  }

  /// The statements of a case: a block alone, or everything up to the next case.
  private mutating func parseCaseBody() throws(ParseFailure) -> BlockSyntax {
    let first = token
    if at(.leftBrace) {
      let block = try parseBlock()
      if at(.case) || at(.else) || at(.rightBrace) { return block }
      let inner = Statement(.expression(try make(.block(block), block.span), isValue: false), block.span)
      let rest = parseStatements(until: .rightBrace, stopsAtCase: true)
      return BlockSyntax(statements: [inner] + rest, span: span(from: first))
    }
    let statements = parseStatements(until: .rightBrace, stopsAtCase: true)
    guard !statements.isEmpty else { throw fail("expected a statement after the pattern") }
    return BlockSyntax(statements: statements, span: span(from: first))
  }

  mutating func parseWhile() throws(ParseFailure) -> Expression {
    let first = token
    advance()
    let condition = try parseCondition()
    let body = try parseBlock()
    return try make(.whileLoop(condition, body), span(from: first))
  }

  mutating func parseFor(isInline: Bool) throws(ParseFailure) -> Expression {
    let first = token
    advance()
    let outer = bindsBeforeBrace
    bindsBeforeBrace = true
    var sources: [(source: Expression, end: Expression?, isRange: Bool, isClosed: Bool)] = []
    repeat {
      let source = try parseHeaderExpression()
      if at(.dotDot) || at(.dotDotEqual) {
        let isClosed = at(.dotDotEqual)
        advance()
        var end: Expression?
        let isOpen = at(.comma) || at(.leftBrace) || (at(.leftParenthesis) && isBindingGroup(at: position))
        if !isOpen { end = try parseHeaderExpression() }
        sources.append((source, end, true, isClosed))
      } else {
        sources.append((source, nil, false, false))
      }
    } while take(.comma)
    bindsBeforeBrace = outer
    let bindings = try parseBindings()
    if bindings.count > sources.count {
      report(
        "this 'for' runs over \(sources.count) \(sources.count == 1 ? "sequence" : "sequences") but binds \(bindings.count) names",
        bindings[sources.count].name.span, help: "write 'for xs, 0.. (x, i)' to count along")
      throw ParseFailure()
    }
    var iterations: [IterationSyntax] = []
    for (index, source) in sources.enumerated() {
      let binding = index < bindings.count ? bindings[index] : nil
      iterations.append(
        IterationSyntax(
          source: source.source, end: source.end, isRange: source.isRange, isClosed: source.isClosed,
          binding: binding?.name, byAddress: binding?.byAddress ?? false))
    }
    let body = try parseBlock()
    return try make(.forLoop(ForSyntax(iterations: iterations, body: body, isInline: isInline)), span(from: first))
  }

  private mutating func parseHeaderExpression() throws(ParseFailure) -> Expression {
    bindsBeforeBrace = true
    return try parseExpression()
  }

  private mutating func parseBindings() throws(ParseFailure) -> [(name: Name, byAddress: Bool)] {
    guard take(.leftParenthesis) else { return [] }
    var bindings: [(name: Name, byAddress: Bool)] = []
    repeat {
      let byAddress = take(.star)
      bindings.append((try name("a name for the element"), byAddress))
    } while take(.comma)
    try expect(.rightParenthesis, "after the names")
    return bindings
  }
}
