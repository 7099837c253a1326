// Words to tree: declarations, statements and the machinery that all parts of the parser share.
//
// Guarantees: any list of tokens gives a tree and a list of diagnostics; nesting beyond `Syntax.heightLimit` is a
// diagnostic, so host recursion is bounded; after an error, reading goes on at the next statement.

import StrataText

/// Thrown when an error was reported and the statement must be given up.
struct ParseFailure: Error {}

/// Reads one file.
struct SyntaxParser {
  let source: SourceText
  let file: UInt32
  let symbols: SymbolTable
  let tokens: [SyntaxToken]
  /// For each opening bracket, the index of its partner; its own index when there is none.
  let partners: [Int32]
  var position = 0
  var depth = 0
  var diagnostics: [Diagnostic] = []
  /// Generic names met since the innermost signature began.
  var genericNames: [Name] = []
  /// In a `for` header a parenthesised list of names before a brace binds, it does not call.
  var bindsBeforeBrace = false
  /// Where a type is read, a function type is never followed by a body.
  var readsType = false

  /// The tree of `source`, which is text number `file`, and what was wrong with it.
  static func parse(_ source: SourceText, file: Int, symbols: SymbolTable) -> (FileSyntax, [Diagnostic]) {
    var parser = SyntaxParser(source: source, file: file, symbols: symbols)
    let items = parser.parseFile()
    return (FileSyntax(items: items), parser.diagnostics)
  }

  /// The statements of `source`, as if written inside a function, for text made by the program.
  static func parseStatements(_ source: SourceText, file: Int, symbols: SymbolTable) -> (BlockSyntax, [Diagnostic]) {
    var parser = SyntaxParser(source: source, file: file, symbols: symbols)
    let start = parser.token
    let statements = parser.parseStatements(until: .endOfText)
    let span = parser.span(start).through(parser.span(parser.token))
    return (BlockSyntax(statements: statements, span: span), parser.diagnostics)
  }

  private init(source: SourceText, file: Int, symbols: SymbolTable) {
    self.source = source
    self.file = UInt32(truncatingIfNeeded: file)
    self.symbols = symbols
    let (tokens, diagnostics) = SyntaxLexer.tokenize(source, file: file, symbols: symbols)
    self.tokens = tokens
    self.diagnostics = diagnostics
    partners = SyntaxParser.match(tokens)
  }

  private static func match(_ tokens: [SyntaxToken]) -> [Int32] {
    var partners = [Int32](repeating: 0, count: tokens.count)
    var open: [Int] = []
    for (index, token) in tokens.enumerated() {
      partners[index] = Int32(truncatingIfNeeded: index)
      switch token.kind {
      case .leftParenthesis, .leftBrace, .leftBracket: open.append(index)
      case .rightParenthesis, .rightBrace, .rightBracket:
        let opening: SyntaxTokenKind =
          token.kind == .rightParenthesis ? .leftParenthesis : token.kind == .rightBrace ? .leftBrace : .leftBracket
        // A closing bracket of another kind closes what was forgotten inside it.
        if let place = open.lastIndex(where: { tokens[$0].kind == opening }), open.count - place < 64 {
          partners[open[place]] = Int32(truncatingIfNeeded: index)
          open.removeSubrange(place...)
        }
      default: break
      }
    }
    return partners
  }

  // MARK: Tokens

  var token: SyntaxToken { tokens[position] }

  func token(after distance: Int) -> SyntaxToken { tokens[min(position + distance, tokens.count - 1)] }

  func span(_ token: SyntaxToken) -> Span { Span(file: file, start: token.start, end: token.end) }

  /// From the start of `first` to the end of the last token read.
  func span(from first: SyntaxToken) -> Span {
    let last = tokens[max(position - 1, 0)]
    return Span(file: file, start: first.start, end: max(first.start, last.end))
  }

  func at(_ kind: SyntaxTokenKind) -> Bool { token.kind == kind }

  func at(_ keyword: Keyword) -> Bool { token.kind == .keyword && token.payload == keyword.rawValue }

  func isKeyword(_ token: SyntaxToken, _ keyword: Keyword) -> Bool {
    token.kind == .keyword && token.payload == keyword.rawValue
  }

  mutating func advance() {
    if position < tokens.count - 1 { position += 1 }
  }

  mutating func take(_ kind: SyntaxTokenKind) -> Bool {
    guard token.kind == kind else { return false }
    advance()
    return true
  }

  mutating func take(_ keyword: Keyword) -> Bool {
    guard at(keyword) else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: SyntaxTokenKind, _ purpose: String) throws(ParseFailure) {
    if take(kind) { return }
    throw fail("expected \(kind.description) \(purpose)")
  }

  /// Reports that the current token does not fit.
  mutating func fail(_ message: String, help: String? = nil) -> ParseFailure {
    if token.kind != .invalid {
      let found = found(token)
      report("\(message), but found \(found)", span(token), help: help)
    }
    return ParseFailure()
  }

  private func found(_ token: SyntaxToken) -> String {
    switch token.kind {
    case .endOfText: return "the end of the file"
    default:
      let text = source.text(in: Int(token.start)..<Int(token.end))
      return text.utf8.count > 40 ? token.kind.description : "'\(text)'"
    }
  }

  mutating func report(_ message: String, _ span: Span, help: String? = nil) {
    diagnostics.append(Diagnostic(message, at: span.range, source: Int(file), help: help))
  }

  mutating func name(_ purpose: String) throws(ParseFailure) -> Name {
    guard at(.identifier) else { throw fail("expected \(purpose)") }
    let name = Name(symbol: Symbol(index: token.payload), span: span(token))
    advance()
    return name
  }

  /// A name after a dot or in a list of members, where a keyword is a name too.
  mutating func memberName(_ purpose: String) throws(ParseFailure) -> Name {
    guard at(.identifier) || at(.keyword) else { throw fail("expected \(purpose)") }
    let name = Name(symbol: Symbol(index: token.payload), span: span(token))
    advance()
    return name
  }

  /// Makes a node, or reports that the tree grows too high.
  mutating func make(_ kind: Expression.Kind, _ span: Span) throws(ParseFailure) -> Expression {
    let expression = Expression(kind, span)
    if expression.height > Syntax.heightLimit { throw tooDeep(span) }
    return expression
  }

  mutating func tooDeep(_ span: Span) -> ParseFailure {
    let place = Span(file: span.file, start: span.start, end: span.start + 1)
    report(
      "this is nested more than \(Syntax.heightLimit) levels deep", place, help: "move an inner part into a function")
    return ParseFailure()
  }

  /// Runs `body` one level deeper.
  mutating func nested<Value>(
    _ body: (inout SyntaxParser) throws(ParseFailure) -> Value
  ) throws(ParseFailure) -> Value {
    guard depth < Syntax.heightLimit else { throw tooDeep(span(token)) }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  /// Skips what is left of a statement that could not be read.
  mutating func recover(from start: Int) {
    if position == start { skipGroup() }
    while !at(.endOfText) {
      if at(.rightBrace) { return }
      if take(.semicolon) { return }
      let endsWithBrace = at(.leftBrace)
      skipGroup()
      if endsWithBrace, !at(.semicolon), !at(.comma), !at(.rightParenthesis), !at(.rightBracket) { return }
    }
  }

  private mutating func skipGroup() {
    let partner = Int(partners[position])
    if partner > position { position = partner }
    advance()
  }

  // MARK: Files

  private mutating func parseFile() -> [FileSyntax.Item] {
    var items: [FileSyntax.Item] = []
    while !at(.endOfText) {
      let start = position
      do {
        if let item = try parseItem() { items.append(item) }
      } catch {
        recover(from: start)
        if at(.rightBrace) { advance() }
      }
    }
    return items
  }

  private mutating func parseItem() throws(ParseFailure) -> FileSyntax.Item? {
    if take(.semicolon) { return nil }
    if at(.directive), directiveIs("import") {
      let expression = try parseExpression()
      try expect(.semicolon, "after the import")
      guard case .importFile(let path) = expression.kind else { return .effect(expression) }
      return .importFile(path: path, span: expression.span)
    }
    let isPrivate = take(.private)
    if startsDeclaration {
      return .declaration(try parseDeclaration(isPrivate: isPrivate))
    }
    if isPrivate { throw fail("expected a declaration after 'private'") }
    if at(.identifier),
      token(after: 1).kind == .colon || token(after: 1).kind == .colonEqual
        || token(after: 1).kind == .comma
    {
      return .variable(try parseStatement())
    }
    if at(.directive) || at(.inline) {
      let expression = try parseExpression()
      try endStatement(after: expression)
      return .effect(expression)
    }
    throw fail("expected a declaration", help: "declare a constant with 'name :: value;'")
  }

  func directiveIs(_ word: String) -> Bool { symbols.spelling(Symbol(index: token.payload)) == word }

  var startsDeclaration: Bool {
    guard at(.identifier) || at(.keyword) else { return false }
    let next = token(after: 1).kind
    if next == .doubleColon { return true }
    guard at(.identifier), next == .colon else { return false }
    return typedConstantFollows()
  }

  /// After `name :`, whether a second colon ends the type: `K : T : value;`.
  private func typedConstantFollows() -> Bool {
    var index = position + 2
    while index < tokens.count {
      switch tokens[index].kind {
      case .colon: return true
      case .leftParenthesis, .leftBracket:
        let partner = Int(partners[index])
        if partner == index { return false }
        index = partner + 1
      case .identifier, .keyword, .integer, .dot, .star, .question, .arrow, .dollar, .bang, .rightParenthesis:
        index += 1
      default: return false
      }
    }
    return false
  }

  mutating func parseDeclaration(isPrivate: Bool) throws(ParseFailure) -> Declaration {
    let name = try memberName("a name")
    var type: Expression?
    if take(.doubleColon) {
      _ = take(.ufcs)
    } else {
      try expect(.colon, "after the name")
      type = try parseType()
      try expect(.colon, "before the value")
    }
    let value = try parseExpression()
    try endStatement(after: value)
    return Declaration(name: name, type: type, value: value, isPrivate: isPrivate)
  }

  /// A semicolon ends a statement, unless the statement ends with a brace of its own.
  mutating func endStatement(after expression: Expression) throws(ParseFailure) {
    if take(.semicolon) { return }
    if SyntaxParser.endsWithBlock(expression) { return }
    throw missingSemicolon()
  }

  /// Reports a missing semicolon where it is missing, which is behind the last token, not at the next one.
  mutating func missingSemicolon() -> ParseFailure {
    let last = tokens[max(position - 1, 0)]
    if token.kind == .invalid { return ParseFailure() }
    report(
      "expected ';' after this", Span(file: file, start: max(last.end, 1) - 1, end: last.end),
      help: position > 0 && token.kind == .endOfText ? nil : "the next word is \(found(token))")
    return ParseFailure()
  }

  static func endsWithBlock(_ expression: Expression) -> Bool {
    var expression = expression
    while true {
      switch expression.kind {
      case .block, .match, .whileLoop, .forLoop, .structure, .union, .enumeration, .errorSet: return true
      case .run(let inner): expression = inner
      case .handler: return false
      case .conditional(let syntax):
        return syntax.branches.allSatisfy { $0.body.span.end > $0.body.span.start && $0.body.isBraced }
          && syntax.otherwise?.isBraced ?? true
      case .function(let function):
        switch function.body {
        case .block: return true
        case .expression(let body): expression = body
        case .extern, .intrinsic: return false
        }
      default: return false
      }
    }
  }

  // MARK: Statements

  mutating func parseBlock() throws(ParseFailure) -> BlockSyntax {
    try nested { (parser) throws(ParseFailure) in try parser.parseBlockBody() }
  }

  private mutating func parseBlockBody() throws(ParseFailure) -> BlockSyntax {
    let first = token
    let outerBinds = bindsBeforeBrace
    let outerReads = readsType
    bindsBeforeBrace = false
    readsType = false
    defer {
      bindsBeforeBrace = outerBinds
      readsType = outerReads
    }
    try expect(.leftBrace, "to open a block")
    let statements = parseStatements(until: .rightBrace)
    if !take(.rightBrace) {
      report("this block is never closed", span(first), help: "close it with '}'")
      throw ParseFailure()
    }
    return BlockSyntax(statements: statements, span: span(from: first))
  }

  /// Statements up to (not including) a closing token, or to the next case of a match.
  mutating func parseStatements(until closing: SyntaxTokenKind, stopsAtCase: Bool = false) -> [Statement] {
    var statements: [Statement] = []
    while !at(closing), !at(.endOfText), !at(.rightBrace) || closing == .endOfText {
      if stopsAtCase, at(.case) || at(.else) { break }
      if take(.semicolon) { continue }
      let start = position
      do {
        let statement = try parseStatement()
        if statement.height > Syntax.heightLimit { throw tooDeep(statement.span) }
        statements.append(statement)
      } catch {
        recover(from: start)
        if closing == .endOfText, at(.rightBrace) { advance() }
      }
    }
    return statements
  }

  mutating func parseStatement() throws(ParseFailure) -> Statement {
    try nested { (parser) throws(ParseFailure) in try parser.parseStatementBody() }
  }

  private mutating func parseStatementBody() throws(ParseFailure) -> Statement {
    let first = token
    if take(.defer) {
      let body = try parseStatement()
      return Statement(.defer(body), span(from: first))
    }
    if take(.onfail) {
      let body = try parseStatement()
      return Statement(.onFail(body), span(from: first))
    }
    if at(.push), token(after: 1).kind != .doubleColon {
      advance()
      let value = try parseExpression()
      let body = try parseBlock()
      return Statement(.push(value, body), span(from: first))
    }
    if startsDeclaration {
      let declaration = try parseDeclaration(isPrivate: false)
      return Statement(.declaration(declaration), span(from: first))
    }
    if startsVariable { return try parseVariable() }
    return try parseSimpleStatement()
  }

  private var startsVariable: Bool {
    var distance = 0
    while token(after: distance).kind == .identifier {
      let next = token(after: distance + 1).kind
      if next == .colonEqual || next == .colon { return true }
      guard next == .comma else { return false }
      distance += 2
    }
    return false
  }

  private mutating func parseVariable() throws(ParseFailure) -> Statement {
    let first = token
    var names = [try name("a name")]
    while take(.comma) { names.append(try name("a name")) }
    var type: Expression?
    var values: [Expression] = []
    if take(.colonEqual) {
      values = try parseList()
    } else {
      try expect(.colon, "after the name")
      type = try parseType()
      if take(.equal) { values = try parseList() }
    }
    if !take(.semicolon) {
      guard let last = values.last, SyntaxParser.endsWithBlock(last) else { throw missingSemicolon() }
    }
    return Statement(.variable(names: names, type: type, values: values), span(from: first))
  }

  mutating func parseList() throws(ParseFailure) -> [Expression] {
    var values = [try parseExpression()]
    while take(.comma) { values.append(try parseExpression()) }
    return values
  }

  /// An expression or assignment and its semicolon.
  private mutating func parseSimpleStatement() throws(ParseFailure) -> Statement {
    let first = token
    let expression = try parseExpression()
    if let statement = try parseAssignment(to: expression, from: first) {
      guard take(.semicolon) else { throw missingSemicolon() }
      return statement
    }
    if take(.semicolon) { return Statement(.expression(expression, isValue: false), span(from: first)) }
    if at(.rightBrace) || at(.endOfText) { return Statement(.expression(expression, isValue: true), span(from: first)) }
    if SyntaxParser.endsWithBlock(expression) {
      return Statement(.expression(expression, isValue: false), span(from: first))
    }
    throw missingSemicolon()
  }

  /// The assignment that begins with `expression`, if one does; its semicolon is left to the caller.
  mutating func parseAssignment(to expression: Expression, from first: SyntaxToken) throws(ParseFailure) -> Statement? {
    if at(.comma) || at(.equal) {
      var targets = [expression]
      while take(.comma) { targets.append(try parseExpression()) }
      guard take(.equal) else { throw fail("expected '=' after the list of places") }
      let values = try parseList()
      return Statement(.assignment(targets: targets, operation: nil, values: values), span(from: first))
    }
    guard let operation = SyntaxParser.compoundOperators[token.kind] else { return nil }
    advance()
    let value = try parseExpression()
    return Statement(.assignment(targets: [expression], operation: operation, values: [value]), span(from: first))
  }

  private static let compoundOperators: [SyntaxTokenKind: OperatorSyntax] = [
    .plusEqual: .add, .minusEqual: .subtract, .starEqual: .multiply, .slashEqual: .divide, .percentEqual: .remainder,
    .ampersandEqual: .bitAnd, .pipeEqual: .bitOr, .caretEqual: .bitXor, .shiftLeftEqual: .shiftLeft,
    .shiftRightEqual: .shiftRight,
  ]
}

extension BlockSyntax {
  /// Whether the block was written in braces (a `then` branch is not).
  var isBraced: Bool {
    guard let last = statements.last else { return true }
    return span.end > last.span.end || span.start < statements[0].span.start
  }
}
