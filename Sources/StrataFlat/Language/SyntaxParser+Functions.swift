// Signatures, function literals and function types.
//
// Guarantees: those of the parser; the generic names of a signature are found here once.

extension SyntaxParser {
  /// A function, or the type of one: both begin with a parenthesised list.
  mutating func parseFunctionOrType() throws(ParseFailure) -> Expression {
    try nested { (parser) throws(ParseFailure) in try parser.parseFunctionOrTypeBody() }
  }

  private mutating func parseFunctionOrTypeBody() throws(ParseFailure) -> Expression {
    let first = token
    let wantsType = readsType
    let outer = (bindsBeforeBrace, readsType)
    bindsBeforeBrace = false
    readsType = false
    defer { (bindsBeforeBrace, readsType) = outer }
    let outerNames = genericNames
    genericNames = []
    let parameters = try parseParameters()
    var result: ResultSyntax?
    if take(.arrow) { result = try parseResult() }
    let body = wantsType ? nil : try parseBody()
    guard let body else {
      guard let result else { throw fail("expected '->' and a result type, or a body") }
      // The generic names of a function type belong to the signature around it.
      genericNames = outerNames + genericNames
      let types = try parameters.map { (parameter) throws(ParseFailure) in
        try typeOnly(parameter)
      }
      return try make(.functionType(types, result, isClosure: false), span(from: first))
    }
    let function = FunctionSyntax(
      parameters: parameters, result: result, body: body, isMethodSugar: false, span: span(from: first),
      genericNames: genericNames)
    genericNames = outerNames
    return try make(.function(function), span(from: first))
  }

  private mutating func typeOnly(_ parameter: ParameterSyntax) throws(ParseFailure) -> Expression {
    if let type = parameter.type { return type }
    return try make(.name(parameter.name.symbol), parameter.name.span)
  }

  private mutating func parseBody() throws(ParseFailure) -> FunctionBody? {
    if at(.leftBrace) { return .block(try parseBlock()) }
    if take(.fatArrow) { return .expression(try parseExpression()) }
    if take(.extern) { return .extern }
    if take(.intrinsic) { return .intrinsic }
    return nil
  }

  mutating func parseParameters() throws(ParseFailure) -> [ParameterSyntax] {
    let opening = span(token)
    try expect(.leftParenthesis, "before the parameters")
    var parameters: [ParameterSyntax] = []
    while !at(.rightParenthesis) {
      parameters.append(try parseParameter())
      if !take(.comma) { break }
    }
    if !take(.rightParenthesis) {
      if at(.endOfText) {
        report("this bracket is never closed", opening)
        throw ParseFailure()
      }
      throw fail("expected ',' or ')' after the parameter")
    }
    return parameters
  }

  private mutating func parseParameter() throws(ParseFailure) -> ParameterSyntax {
    let isGeneric = at(.dollar) && token(after: 2).kind == .colon
    if isGeneric { advance() }
    if at(.identifier), isGeneric || token(after: 1).kind == .colon {
      let name = try name("the name of a parameter")
      try expect(.colon, "after the name of the parameter")
      let isVariadic = take(.dotDot)
      let type = try parseType()
      var defaultValue: Expression?
      if take(.equal) { defaultValue = try parseExpression() }
      return ParameterSyntax(
        name: name, type: type, defaultValue: defaultValue, isGeneric: isGeneric, isVariadic: isVariadic)
    }
    // Without a colon this is a type (in a function type) or a name (in a literal that infers its types).
    let start = token
    if at(.identifier), token(after: 1).kind == .comma || token(after: 1).kind == .rightParenthesis {
      let name = try name("a parameter")
      return ParameterSyntax(name: name, type: nil, defaultValue: nil, isGeneric: false, isVariadic: false)
    }
    let type = try parseType()
    let empty = Name(symbol: Symbol(index: UInt32.max), span: span(from: start))
    return ParameterSyntax(name: empty, type: type, defaultValue: nil, isGeneric: false, isVariadic: false)
  }

  /// What follows `->`: a type, a list of types, or either with `!`.
  mutating func parseResult() throws(ParseFailure) -> ResultSyntax {
    try nested { (parser) throws(ParseFailure) in
      let outer = parser.readsType
      parser.readsType = true
      defer { parser.readsType = outer }
      return try parser.parseResultBody()
    }
  }

  private mutating func parseResultBody() throws(ParseFailure) -> ResultSyntax {
    var types: [Expression] = []
    var isFailable = false
    var errorSet: Expression?
    if at(.leftParenthesis), tokens[min(Int(partners[position]) + 1, tokens.count - 1)].kind != .arrow {
      advance()
      while !at(.rightParenthesis) {
        if take(.bang) {
          isFailable = true
          if !at(.rightParenthesis) { errorSet = try parseType() }
          break
        }
        if at(.identifier), token(after: 1).kind == .colon {
          advance()
          advance()
        }
        types.append(try parseType())
        if !take(.comma) { break }
      }
      try expect(.rightParenthesis, "after the results")
      return ResultSyntax(types: types, isFailable: isFailable, errorSet: errorSet)
    }
    if take(.bang) {
      if at(.identifier) { errorSet = try parseType() }
      return ResultSyntax(types: [], isFailable: true, errorSet: errorSet)
    }
    return ResultSyntax(types: [try parseType()], isFailable: false, errorSet: nil)
  }
}
