// `struct`, `union`, `enum` and `error`.
//
// Guarantees: those of the parser.

extension SyntaxParser {
  /// `struct ($T: Type) { fields and methods }`, and `union` in the same form.
  mutating func parseStructure() throws(ParseFailure) -> Expression {
    let first = token
    let isUnion = at(.union)
    advance()
    let parameters = at(.leftParenthesis) ? try parseParameters() : []
    let opening = span(token)
    try expect(.leftBrace, "before the fields")
    var fields: [FieldSyntax] = []
    var members: [Declaration] = []
    while !at(.rightBrace), !at(.endOfText) {
      if take(.semicolon) { continue }
      let start = position
      do {
        if memberDeclarationFollows {
          members.append(try parseDeclaration(isPrivate: false))
        } else {
          try parseFields(into: &fields)
        }
      } catch {
        recover(from: start)
      }
    }
    try closeType(opening)
    let syntax = StructureSyntax(parameters: parameters, fields: fields, members: members)
    return try make(isUnion ? .union(syntax) : .structure(syntax), span(from: first))
  }

  private var memberDeclarationFollows: Bool {
    (at(.identifier) || at(.keyword)) && token(after: 1).kind == .doubleColon
  }

  private mutating func closeType(_ opening: Span) throws(ParseFailure) {
    if take(.rightBrace) { return }
    report("this type is never closed", opening, help: "close it with '}'")
    throw ParseFailure()
  }

  private mutating func parseFields(into fields: inout [FieldSyntax]) throws(ParseFailure) {
    var names = [try memberName("the name of a field")]
    while take(.comma) { names.append(try memberName("the name of a field")) }
    try expect(.colon, "after the name of the field")
    let type = try parseType()
    var defaultValue: Expression?
    if take(.equal) { defaultValue = try parseExpression() }
    for name in names {
      fields.append(FieldSyntax(name: name, type: type, defaultValue: defaultValue))
    }
    if !take(.semicolon), !take(.comma), !at(.rightBrace) { throw missingSemicolon() }
  }

  /// `enum { a; b: T; c :: 3; }`, with a backing integer type before the brace if wanted.
  mutating func parseEnumeration() throws(ParseFailure) -> Expression {
    let first = token
    advance()
    let parameters = at(.leftParenthesis) ? try parseParameters() : []
    let backing = at(.leftBrace) ? nil : try parseType()
    let opening = span(token)
    try expect(.leftBrace, "before the variants")
    var variants: [VariantSyntax] = []
    var members: [Declaration] = []
    while !at(.rightBrace), !at(.endOfText) {
      if take(.semicolon) { continue }
      let start = position
      do {
        if memberDeclarationFollows, token(after: 2).kind == .leftParenthesis {
          members.append(try parseDeclaration(isPrivate: false))
        } else {
          variants.append(try parseVariant())
        }
      } catch {
        recover(from: start)
      }
    }
    try closeType(opening)
    let syntax = EnumerationSyntax(parameters: parameters, backing: backing, variants: variants, members: members)
    return try make(.enumeration(syntax), span(from: first))
  }

  private mutating func parseVariant() throws(ParseFailure) -> VariantSyntax {
    let name = try memberName("the name of a variant")
    var payload: Expression?
    var value: Expression?
    if take(.colon) { payload = try parseType() }
    if take(.doubleColon) { value = try parseExpression() }
    if !take(.semicolon), !take(.comma), !at(.rightBrace) { throw missingSemicolon() }
    return VariantSyntax(name: name, payload: payload, value: value)
  }

  /// `error.Name`, or `error { A, B }`.
  mutating func parseError() throws(ParseFailure) -> Expression {
    let first = token
    advance()
    if take(.dot) {
      let name = try memberName("the name of an error")
      return try make(.errorTag(name), span(from: first))
    }
    let opening = span(token)
    try expect(.leftBrace, "or '.' after 'error'")
    var names: [Name] = []
    while !at(.rightBrace), !at(.endOfText) {
      names.append(try memberName("the name of an error"))
      if !take(.comma), !take(.semicolon) { break }
    }
    try closeType(opening)
    return try make(.errorSet(names), span(from: first))
  }
}
