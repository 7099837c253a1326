// The words of the Flat language.
//
// Guarantees: every byte of a source belongs to one token, to white space or to a comment; the list ends with one
// `endOfText` token.

/// The reserved words, in the order in which every symbol table interns them.
enum Keyword: UInt32, CaseIterable {
  case `if`
  case `else`
  case then
  case `while`
  case `for`
  case `break`
  case `continue`
  case `true`
  case `false`
  case null
  case `enum`
  case `struct`
  case union
  case `case`
  case `return`
  case `defer`
  case push
  case ufcs
  case `in`
  case xx
  case and
  case or
  case raise
  case `try`
  case `catch`
  case onfail
  case error
  case `private`
  case inline
  case intrinsic
  case extern
  case export

  /// The word as written.
  var spelling: String { "\(self)" }
}

/// What kind of word a token is.
enum SyntaxTokenKind: UInt8 {
  case endOfText
  case invalid
  case identifier
  /// A reserved word; the token's payload is its raw value.
  case keyword
  /// `#word`; the payload is the symbol of the word.
  case directive
  case integer
  case float
  case character
  case string
  /// `#string TAG ... TAG`.
  case heredoc
  case leftParenthesis, rightParenthesis, leftBrace, rightBrace, leftBracket, rightBracket
  case comma, semicolon, colon, doubleColon, colonEqual, equal
  case dot, dotDot, dotDotEqual, question, questionDot, questionQuestion, bang, dollar, arrow, fatArrow, undefined
  case plus, minus, star, slash, percent, ampersand, pipe, caret, tilde, shiftLeft, shiftRight
  case equalEqual, bangEqual, less, lessEqual, greater, greaterEqual
  case plusEqual, minusEqual, starEqual, slashEqual, percentEqual
  case ampersandEqual, pipeEqual, caretEqual, shiftLeftEqual, shiftRightEqual

  /// How a message names this kind.
  var description: String {
    switch self {
    case .endOfText: "the end of the file"
    case .invalid: "an unreadable character"
    case .identifier: "a name"
    case .keyword: "a keyword"
    case .directive: "a directive"
    case .integer, .float, .character: "a number"
    case .string, .heredoc: "a string"
    case .leftParenthesis: "'('"
    case .rightParenthesis: "')'"
    case .leftBrace: "'{'"
    case .rightBrace: "'}'"
    case .leftBracket: "'['"
    case .rightBracket: "']'"
    case .comma: "','"
    case .semicolon: "';'"
    case .colon: "':'"
    case .doubleColon: "'::'"
    case .colonEqual: "':='"
    case .equal: "'='"
    case .dot: "'.'"
    case .arrow: "'->'"
    case .fatArrow: "'=>'"
    default: "an operator"
    }
  }
}

/// One word of a source text.
struct SyntaxToken {
  /// What it is.
  let kind: SyntaxTokenKind
  /// The symbol of an identifier or directive, the raw value of a keyword; 0 otherwise.
  let payload: UInt32
  /// The offset of its first byte.
  let start: UInt32
  /// The offset past its last byte.
  let end: UInt32
}
