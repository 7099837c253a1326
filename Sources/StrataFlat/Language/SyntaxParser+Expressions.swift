// Expressions and types.
//
// Guarantees: those of the parser; an operator list of any length is one node, so long sums do not nest.

extension SyntaxParser {
  // MARK: Operators

  mutating func parseExpression() throws(ParseFailure) -> Expression {
    try nested { (parser) throws(ParseFailure) in
      let outer = parser.readsType
      parser.readsType = false
      defer { parser.readsType = outer }
      return try parser.parseBinary(minimum: 1)
    }
  }

  /// A type: an expression without operators, where braces never belong to it.
  mutating func parseType() throws(ParseFailure) -> Expression {
    try nested { (parser) throws(ParseFailure) in
      let outer = parser.readsType
      parser.readsType = true
      defer { parser.readsType = outer }
      return try parser.parseUnary()
    }
  }

  private func binaryOperator() -> OperatorSyntax? {
    switch token.kind {
    case .plus: .add
    case .minus: .subtract
    case .star: .multiply
    case .slash: .divide
    case .percent: .remainder
    case .shiftLeft: .shiftLeft
    case .shiftRight: .shiftRight
    case .ampersand: .bitAnd
    case .caret: .bitXor
    case .pipe: .bitOr
    case .equalEqual: token(after: 1).kind == .leftBrace ? nil : .equal
    case .bangEqual: .notEqual
    case .less: .less
    case .lessEqual: .lessEqual
    case .greater: .greater
    case .greaterEqual: .greaterEqual
    case .questionQuestion: .coalesce
    case .keyword: at(.and) ? .and : at(.or) ? .or : nil
    default: nil
    }
  }

  private mutating func parseBinary(minimum: Int) throws(ParseFailure) -> Expression {
    let first = token
    var left = try parseUnary()
    // Each turn reads one level of operators, from the tightest outwards.
    while let operation = binaryOperator(), operation.precedence >= minimum {
      let level = operation.precedence
      var tails: [OperatorTail] = []
      while let next = binaryOperator(), next.precedence >= level {
        if next.precedence > level {
          // Cannot follow an operand that was read with a higher minimum.
          break
        }
        let place = span(token)
        advance()
        let operand = try parseBinary(minimum: level + 1)
        tails.append(OperatorTail(operation: next, span: place, operand: operand))
      }
      left = try make(.binary(left, tails), span(from: first))
    }
    return left
  }

  private mutating func parseUnary() throws(ParseFailure) -> Expression {
    try nested { (parser) throws(ParseFailure) in try parser.parseUnaryBody() }
  }

  private mutating func parseUnaryBody() throws(ParseFailure) -> Expression {
    let first = token
    var operation: PrefixOperator?
    switch token.kind {
    case .minus: operation = .negate
    case .bang: operation = .not
    case .tilde: operation = .complement
    case .star: operation = .addressOf
    case .keyword:
      if at(.xx) { operation = .autoCast }
      if at(.try) { operation = .attempt }
    case .question:
      advance()
      let child = try parseUnary()
      return try make(.optionalType(child), span(from: first))
    case .leftBracket: return try parseBracketType()
    default: break
    }
    if let operation {
      advance()
      let operand = try parseUnary()
      return try parseHandler(of: try make(.prefix(operation, operand), span(from: first)), from: first)
    }
    let primary = try parsePrimary()
    return try parseHandler(of: try parsePostfix(primary, from: first), from: first)
  }

  private mutating func parseHandler(of operand: Expression, from first: SyntaxToken) throws(ParseFailure) -> Expression
  {
    guard at(.catch) else { return operand }
    advance()
    var binding: Name?
    if take(.leftParenthesis) {
      binding = try name("a name for the error")
      try expect(.rightParenthesis, "after the name")
    }
    let body = at(.leftBrace) ? try parseBlock() : try parseBranch()
    return try make(.handler(operand, binding, body), span(from: first))
  }

  /// `[]T`, `[*]T` or `[N]T`.
  private mutating func parseBracketType() throws(ParseFailure) -> Expression {
    let first = token
    advance()
    if take(.rightBracket) {
      let element = try parseTypeOperand()
      return try make(.sliceType(element), span(from: first))
    }
    if at(.star), token(after: 1).kind == .rightBracket {
      advance()
      advance()
      let element = try parseTypeOperand()
      return try make(.manyPointerType(element), span(from: first))
    }
    let outer = bindsBeforeBrace
    bindsBeforeBrace = false
    let length = try parseExpression()
    bindsBeforeBrace = outer
    try expect(.rightBracket, "after the length of the array type")
    let element = try parseTypeOperand()
    return try make(.arrayType(length, element), span(from: first))
  }

  /// What follows `[N]`: a type, which may go on with `.[` and thus become a literal in an expression.
  private mutating func parseTypeOperand() throws(ParseFailure) -> Expression {
    try nested { (parser) throws(ParseFailure) in
      let outer = parser.readsType
      parser.readsType = true
      defer { parser.readsType = outer }
      return try parser.parseUnary()
    }
  }

  // MARK: Postfix

  private mutating func parsePostfix(_ primary: Expression, from first: SyntaxToken) throws(ParseFailure) -> Expression
  {
    var left = primary
    while true {
      switch token.kind {
      case .dot:
        guard let next = try parseDotted(left, from: first) else { return left }
        left = next
      case .questionDot:
        advance()
        let member = try memberName("a member name")
        left = try make(.optionalMember(left, member), span(from: first))
      case .leftParenthesis:
        if bindsBeforeBrace, isBindingGroup(at: position) { return left }
        if readsType, !mayTakeTypeArguments(left) { return left }
        let arguments = try parseArguments(.leftParenthesis, .rightParenthesis)
        left = try make(.call(left, arguments), span(from: first))
        if at(.arrow), case .call(let callee, let given) = left.kind, isClosureName(callee) {
          left = try parseClosureType(given, from: first)
        }
      case .leftBracket:
        left = try parseIndex(left, from: first)
      case .bang:
        advance()
        left = try make(.unwrap(left), span(from: first))
      default: return left
      }
    }
  }

  private func mayTakeTypeArguments(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .name, .member: true
    default: false
    }
  }

  private func isClosureName(_ expression: Expression) -> Bool {
    guard case .name(let symbol) = expression.kind else { return false }
    return symbols.spelling(symbol) == "Closure"
  }

  private mutating func parseClosureType(_ given: [ArgumentSyntax], from first: SyntaxToken) throws(ParseFailure)
    -> Expression
  {
    advance()
    let result = try parseResult()
    return try make(.functionType(given.map(\.value), result, isClosure: true), span(from: first))
  }

  /// What follows a dot; nil when the dot does not belong to the expression.
  private mutating func parseDotted(_ left: Expression, from first: SyntaxToken) throws(ParseFailure) -> Expression? {
    switch token(after: 1).kind {
    case .leftBrace:
      if readsType { return nil }
      advance()
      let arguments = try parseArguments(.leftBrace, .rightBrace)
      return try make(.aggregate(left, arguments), span(from: first))
    case .leftBracket:
      if readsType { return nil }
      advance()
      let elements = try parseElements()
      return try make(.arrayLiteral(left, elements), span(from: first))
    case .leftParenthesis:
      advance()
      advance()
      let type = try parseType()
      try expect(.rightParenthesis, "after the type of the conversion")
      return try make(.cast(left, type), span(from: first))
    case .star:
      advance()
      advance()
      return try make(.dereference(left), span(from: first))
    case .integer:
      advance()
      let digits = source.text(in: Int(token.start)..<Int(token.end))
      guard let index = Int(digits), index < 1 << 20 else { throw fail("expected the number of a tuple element") }
      advance()
      return try make(.element(left, index), span(from: first))
    default:
      advance()
      let member = try memberName("a member name after '.'")
      return try make(.member(left, member), span(from: first))
    }
  }

  private mutating func parseIndex(_ left: Expression, from first: SyntaxToken) throws(ParseFailure) -> Expression {
    advance()
    let outer = bindsBeforeBrace
    bindsBeforeBrace = false
    defer { bindsBeforeBrace = outer }
    var low: Expression?
    if !at(.dotDot) { low = try parseExpression() }
    if take(.dotDot) {
      var high: Expression?
      if !at(.rightBracket) { high = try parseExpression() }
      try expect(.rightBracket, "after the range")
      return try make(.slice(left, low, high), span(from: first))
    }
    try expect(.rightBracket, "after the index")
    guard let low else { throw ParseFailure() }
    return try make(.index(left, low), span(from: first))
  }

  /// Arguments of a call or literal, with their brackets.
  private mutating func parseArguments(_ open: SyntaxTokenKind, _ close: SyntaxTokenKind) throws(ParseFailure)
    -> [ArgumentSyntax]
  {
    let outer = (bindsBeforeBrace, readsType)
    bindsBeforeBrace = false
    readsType = false
    defer { (bindsBeforeBrace, readsType) = outer }
    let opening = span(token)
    try expect(open, "before the values")
    var arguments: [ArgumentSyntax] = []
    while !at(close) {
      var name: Name?
      if at(.identifier) || at(.keyword), token(after: 1).kind == .equal {
        name = try memberName("a name")
        advance()
      }
      let isSpread = take(.dotDot)
      arguments.append(ArgumentSyntax(name: name, value: try parseExpression(), isSpread: isSpread))
      if !take(.comma) { break }
    }
    if !take(close) {
      if at(.endOfText) {
        report("this bracket is never closed", opening)
        throw ParseFailure()
      }
      throw fail("expected ',' or \(close.description) after the value")
    }
    return arguments
  }

  private mutating func parseElements() throws(ParseFailure) -> [Expression] {
    try parseArguments(.leftBracket, .rightBracket).map(\.value)
  }

  // MARK: Primary

  private mutating func parsePrimary() throws(ParseFailure) -> Expression {
    let first = token
    switch token.kind {
    case .identifier:
      advance()
      return try make(.name(Symbol(index: first.payload)), span(first))
    case .integer, .float, .character, .string, .heredoc: return try parseLiteral()
    case .undefined:
      advance()
      return try make(.undefined, span(first))
    case .dollar:
      advance()
      let name = try name("a name after '$'")
      genericNames.append(name)
      return try make(.genericName(name.symbol), span(from: first))
    case .leftParenthesis: return try parseParenthesis()
    case .leftBrace:
      if readsType { throw fail("expected a type") }
      let block = try parseBlock()
      return try make(.block(block), block.span)
    case .dot: return try parseImplicit()
    case .directive: return try parseDirective()
    case .keyword: return try parseKeyword()
    default: throw fail(readsType ? "expected a type" : "expected an expression")
    }
  }

  /// `.name`, `.{ ... }` or `.[ ... ]`: the type comes from the context.
  private mutating func parseImplicit() throws(ParseFailure) -> Expression {
    let first = token
    switch token(after: 1).kind {
    case .leftBrace:
      advance()
      let arguments = try parseArguments(.leftBrace, .rightBrace)
      return try make(.aggregate(nil, arguments), span(from: first))
    case .leftBracket:
      advance()
      let elements = try parseElements()
      return try make(.arrayLiteral(nil, elements), span(from: first))
    default:
      advance()
      let name = try memberName("a name after '.'")
      return try make(.implicitMember(name), span(from: first))
    }
  }

  private mutating func parseParenthesis() throws(ParseFailure) -> Expression {
    let close = Int(partners[position])
    if close > position {
      let next = tokens[min(close + 1, tokens.count - 1)].kind
      if next == .arrow || next == .fatArrow || (next == .leftBrace && !readsType && startsParameters) {
        return try parseFunctionOrType()
      }
      let word = tokens[min(close + 1, tokens.count - 1)]
      if startsParameters, isKeyword(word, .extern) || isKeyword(word, .intrinsic) { return try parseFunctionOrType() }
    }
    let opening = span(token)
    advance()
    let outer = (bindsBeforeBrace, readsType)
    bindsBeforeBrace = false
    readsType = false
    defer { (bindsBeforeBrace, readsType) = outer }
    let inner = try parseExpression()
    if !take(.rightParenthesis) {
      if at(.endOfText) {
        report("this bracket is never closed", opening)
        throw ParseFailure()
      }
      throw fail("expected ')'")
    }
    return inner
  }

  /// Whether the parenthesis at the current token can only open a list of parameters.
  private var startsParameters: Bool {
    let first = token(after: 1)
    let second = token(after: 2)
    switch first.kind {
    case .rightParenthesis, .dollar: return !(bindsBeforeBrace && first.kind == .rightParenthesis)
    case .identifier: return second.kind == .colon
    default: return false
    }
  }

  /// Whether the parenthesis at `index` holds only names (perhaps after `*`) and a brace follows.
  func isBindingGroup(at index: Int) -> Bool {
    let close = Int(partners[index])
    guard close > index + 1, close + 1 < tokens.count, tokens[close + 1].kind == .leftBrace else { return false }
    var position = index + 1
    while position < close {
      if tokens[position].kind == .star { position += 1 }
      guard tokens[position].kind == .identifier else { return false }
      position += 1
      if position == close { return true }
      guard tokens[position].kind == .comma else { return false }
      position += 1
    }
    return false
  }

  private mutating func parseImportPath() throws(ParseFailure) -> [UInt8] {
    guard at(.string) else { throw fail("expected the path of the file as a string") }
    let path = stringBytes(token)
    advance()
    return path
  }

  private mutating func parseDirective() throws(ParseFailure) -> Expression {
    let first = token
    let word = symbols.spelling(Symbol(index: first.payload))
    advance()
    switch word {
    case "run":
      let value = try parseExpression()
      return try make(.run(value), span(from: first))
    case "insert":
      let value = try parseExpression()
      return try make(.insert(value), span(from: first))
    case "import":
      let path = try parseImportPath()
      return try make(.importFile(path), span(from: first))
    case "error":
      let message = try parseExpression()
      return try make(.compileError(message), span(from: first))
    default:
      report(
        "there is no directive '#\(word)'", span(first),
        help: "the directives are #run, #insert, #import, #error and #string")
      throw ParseFailure()
    }
  }

  private mutating func parseKeyword() throws(ParseFailure) -> Expression {
    let first = token
    guard let keyword = Keyword(rawValue: first.payload) else { throw fail("expected an expression") }
    switch keyword {
    case .true, .false:
      advance()
      return try make(.boolean(keyword == .true), span(first))
    case .null:
      advance()
      return try make(.null, span(first))
    case .if: return try parseIf(isInline: false)
    case .while: return try parseWhile()
    case .for: return try parseFor(isInline: false)
    case .inline:
      advance()
      if at(.if) { return try parseIf(isInline: true) }
      if at(.for) { return try parseFor(isInline: true) }
      if at(.leftParenthesis) { return try parsePrimary() }
      throw fail("expected 'if' or 'for' after 'inline'")
    case .break:
      advance()
      return try make(.break, span(first))
    case .continue:
      advance()
      return try make(.continue, span(first))
    case .return:
      advance()
      let values = endsExpression ? [] : try parseList()
      return try make(.return(values), span(from: first))
    case .raise:
      advance()
      let value = try parseExpression()
      return try make(.raise(value), span(from: first))
    case .struct: return try parseStructure()
    case .union: return try parseStructure()
    case .enum: return try parseEnumeration()
    case .error: return try parseError()
    case .ufcs, .export:
      advance()
      return try parsePrimary()
    default: throw fail("expected an expression")
    }
  }

  private var endsExpression: Bool {
    switch token.kind {
    case .semicolon, .rightBrace, .rightParenthesis, .rightBracket, .comma, .endOfText: true
    case .keyword: at(.else) || at(.case)
    default: false
    }
  }
}
