// Bytes to words.
//
// Guarantees: any bytes are accepted; what is no word becomes an `invalid` token and a diagnostic, and reading
// goes on behind it; one pass, no recursion.

import StrataText

/// Splits one source text into tokens.
struct SyntaxLexer {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let file: Int
  private let symbols: SymbolTable
  private var position = 0
  private var tokens: [SyntaxToken] = []
  private var diagnostics: [Diagnostic] = []

  /// The words of `source`, which is text number `file` of the compilation, and what was wrong with them.
  static func tokenize(
    _ source: SourceText, file: Int, symbols: SymbolTable
  ) -> (tokens: [SyntaxToken], diagnostics: [Diagnostic]) {
    guard source.bytes.count < Int(UInt32.max) else {
      let end = SyntaxToken(kind: .endOfText, payload: 0, start: 0, end: 0)
      return ([end], [Diagnostic("the file is larger than 4 GiB", at: 0..<0, source: file)])
    }
    return source.bytes.withUnsafeBufferPointer { buffer in
      var lexer = SyntaxLexer(bytes: buffer, file: file, symbols: symbols)
      lexer.run()
      return (lexer.tokens, lexer.diagnostics)
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, file: Int, symbols: SymbolTable) {
    self.bytes = bytes
    self.file = file
    self.symbols = symbols
    tokens.reserveCapacity(bytes.count / 4 + 1)
  }

  private mutating func run() {
    while true {
      skipSpace()
      guard position < bytes.count else { break }
      let start = position
      let byte = bytes[position]
      if Self.isNameStart(byte) {
        word(from: start)
      } else if Self.isDigit(byte) {
        number(from: start)
      } else {
        mark(byte, from: start)
      }
    }
    append(.endOfText, from: position)
  }

  private mutating func append(_ kind: SyntaxTokenKind, from start: Int, payload: UInt32 = 0) {
    tokens.append(SyntaxToken(kind: kind, payload: payload, start: UInt32(start), end: UInt32(position)))
  }

  private mutating func report(_ message: String, _ range: Range<Int>, help: String? = nil) {
    diagnostics.append(Diagnostic(message, at: range, source: file, help: help))
  }

  private func peek(_ distance: Int = 0) -> UInt8 {
    let index = position + distance
    return index < bytes.count ? bytes[index] : 0
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D {
        position += 1
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      } else {
        return
      }
    }
  }

  private func nameEnd(from start: Int) -> Int {
    var end = start
    while end < bytes.count, Self.isNamePart(bytes[end]) { end += 1 }
    return end
  }

  private mutating func word(from start: Int) {
    position = nameEnd(from: start)
    let symbol = symbols.intern(UnsafeBufferPointer(rebasing: bytes[start..<position]))
    let isKeyword = symbol.index < UInt32(Keyword.allCases.count)
    append(isKeyword ? .keyword : .identifier, from: start, payload: symbol.index)
  }

  private mutating func number(from start: Int) {
    // After a dot only digits belong to the number, so that `t.0.1` reads two tuple fields.
    let afterDot = tokens.last.map { $0.kind == .dot && Int($0.end) == start } ?? false
    if !afterDot, bytes[start] == UInt8(ascii: "0"),
      [UInt8(ascii: "x"), UInt8(ascii: "o"), UInt8(ascii: "b")].contains(peek(1))
    {
      position = nameEnd(from: start)
      append(.integer, from: start)
      return
    }
    position = nameEnd(from: start)
    if !afterDot, peek() == UInt8(ascii: "."), Self.isDigit(peek(1)) {
      position = nameEnd(from: position + 1)
      append(.float, from: start)
      return
    }
    append(.integer, from: start)
  }

  private mutating func mark(_ byte: UInt8, from start: Int) {
    switch byte {
    case UInt8(ascii: "\""): string(from: start)
    case UInt8(ascii: "'"): character(from: start)
    case UInt8(ascii: "`"): rawName(from: start)
    case UInt8(ascii: "#"): directive(from: start)
    default:
      if let (kind, length) = Self.punctuation(byte, peek(1), peek(2)) {
        position += length
        append(kind, from: start)
      } else {
        position += 1
        while position < bytes.count, bytes[position] & 0xC0 == 0x80 { position += 1 }
        report("this character means nothing here", start..<position)
        append(.invalid, from: start)
      }
    }
  }

  private mutating func string(from start: Int) {
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    if position >= bytes.count {
      position = bytes.count
      report("this string has no end", start..<start + 1, help: "close it with '\"'")
      append(.invalid, from: start)
      return
    }
    position += 1
    append(.string, from: start)
  }

  private mutating func character(from start: Int) {
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "'"), bytes[position] != 0x0A {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    if position >= bytes.count || bytes[position] != UInt8(ascii: "'") {
      position = min(position, bytes.count)
      report("this character literal has no end", start..<start + 1, help: "close it with \"'\"")
      append(.invalid, from: start)
      return
    }
    position += 1
    append(.character, from: start)
  }

  private mutating func rawName(from start: Int) {
    let end = nameEnd(from: start + 1)
    guard end > start + 1, end < bytes.count, bytes[end] == UInt8(ascii: "`") else {
      position = max(end, start + 1)
      report("a raw name is written between two backticks", start..<position)
      append(.invalid, from: start)
      return
    }
    let symbol = symbols.intern(UnsafeBufferPointer(rebasing: bytes[start + 1..<end]))
    position = end + 1
    append(.identifier, from: start, payload: symbol.index)
  }

  private mutating func directive(from start: Int) {
    position = nameEnd(from: start + 1)
    let name = UnsafeBufferPointer(rebasing: bytes[start + 1..<position])
    if name.elementsEqual("string".utf8) {
      heredoc(from: start)
      return
    }
    append(.directive, from: start, payload: symbols.intern(name).index)
  }

  /// `#string TAG`, a line end, then text up to the next line that starts (after blanks) with `TAG`.
  private mutating func heredoc(from start: Int) {
    while peek() == 0x20 { position += 1 }
    let tagStart = position
    let tagEnd = nameEnd(from: tagStart)
    guard tagEnd > tagStart else {
      report("'#string' needs a tag that ends the text", start..<position)
      append(.invalid, from: start)
      return
    }
    let tag = bytes[tagStart..<tagEnd]
    position = tagEnd
    while position < bytes.count {
      while position < bytes.count, bytes[position] != 0x0A { position += 1 }
      position += 1
      var lineStart = position
      while lineStart < bytes.count, bytes[lineStart] == 0x20 || bytes[lineStart] == 0x09 { lineStart += 1 }
      let lineTagEnd = lineStart < bytes.count ? nameEnd(from: lineStart) : lineStart
      if lineStart < lineTagEnd, bytes[lineStart..<lineTagEnd].elementsEqual(tag) {
        position = lineTagEnd
        append(.heredoc, from: start)
        return
      }
    }
    position = bytes.count
    report("the text of this '#string' has no end", start..<tagEnd, help: "repeat its tag on a line of its own")
    append(.invalid, from: start)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  private static func isNameStart(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_")
  }

  private static func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }

  /// The longest mark that starts with the three bytes given.
  private static func punctuation(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> (SyntaxTokenKind, Int)? {
    let equals = second == UInt8(ascii: "=")
    switch first {
    case UInt8(ascii: "("): return (.leftParenthesis, 1)
    case UInt8(ascii: ")"): return (.rightParenthesis, 1)
    case UInt8(ascii: "{"): return (.leftBrace, 1)
    case UInt8(ascii: "}"): return (.rightBrace, 1)
    case UInt8(ascii: "["): return (.leftBracket, 1)
    case UInt8(ascii: "]"): return (.rightBracket, 1)
    case UInt8(ascii: ","): return (.comma, 1)
    case UInt8(ascii: ";"): return (.semicolon, 1)
    case UInt8(ascii: "$"): return (.dollar, 1)
    case UInt8(ascii: "~"): return (.tilde, 1)
    case UInt8(ascii: ":"):
      if second == UInt8(ascii: ":") { return (.doubleColon, 2) }
      return equals ? (.colonEqual, 2) : (.colon, 1)
    case UInt8(ascii: "="):
      if second == UInt8(ascii: ">") { return (.fatArrow, 2) }
      return equals ? (.equalEqual, 2) : (.equal, 1)
    case UInt8(ascii: "."):
      guard second == UInt8(ascii: ".") else { return (.dot, 1) }
      return third == UInt8(ascii: "=") ? (.dotDotEqual, 3) : (.dotDot, 2)
    case UInt8(ascii: "?"):
      if second == UInt8(ascii: "?") { return (.questionQuestion, 2) }
      return second == UInt8(ascii: ".") ? (.questionDot, 2) : (.question, 1)
    case UInt8(ascii: "!"): return equals ? (.bangEqual, 2) : (.bang, 1)
    case UInt8(ascii: "+"): return equals ? (.plusEqual, 2) : (.plus, 1)
    case UInt8(ascii: "-"):
      if second == UInt8(ascii: ">") { return (.arrow, 2) }
      if second == UInt8(ascii: "-"), third == UInt8(ascii: "-") { return (.undefined, 3) }
      return equals ? (.minusEqual, 2) : (.minus, 1)
    case UInt8(ascii: "*"): return equals ? (.starEqual, 2) : (.star, 1)
    case UInt8(ascii: "/"): return equals ? (.slashEqual, 2) : (.slash, 1)
    case UInt8(ascii: "%"): return equals ? (.percentEqual, 2) : (.percent, 1)
    case UInt8(ascii: "&"): return equals ? (.ampersandEqual, 2) : (.ampersand, 1)
    case UInt8(ascii: "|"): return equals ? (.pipeEqual, 2) : (.pipe, 1)
    case UInt8(ascii: "^"): return equals ? (.caretEqual, 2) : (.caret, 1)
    case UInt8(ascii: "<"):
      if second == first { return third == UInt8(ascii: "=") ? (.shiftLeftEqual, 3) : (.shiftLeft, 2) }
      return equals ? (.lessEqual, 2) : (.less, 1)
    case UInt8(ascii: ">"):
      if second == first { return third == UInt8(ascii: "=") ? (.shiftRightEqual, 3) : (.shiftRight, 2) }
      return equals ? (.greaterEqual, 2) : (.greater, 1)
    default: return nil
    }
  }
}
