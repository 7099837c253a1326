// Numbers, characters and strings: from their spelling to their value.
//
// Guarantees: those of the parser; a literal that does not fit 64 bits, or has a bad digit or escape, is a
// diagnostic at the very bytes.

import StrataText

extension SyntaxParser {
  mutating func parseLiteral() throws(ParseFailure) -> Expression {
    let literal = token
    let place = span(literal)
    advance()
    switch literal.kind {
    case .integer: return try make(.integer(integerValue(literal)), place)
    case .float: return try make(.float(floatValue(literal)), place)
    case .character: return try make(.integer(characterValue(literal)), place)
    case .heredoc: return try make(.string(heredocBytes(literal)), place)
    default: return try make(.string(stringBytes(literal)), place)
    }
  }

  private mutating func integerValue(_ token: SyntaxToken) -> UInt64 {
    var digits = source.bytes[Int(token.start)..<Int(token.end)]
    var radix: UInt64 = 10
    if digits.count > 2, digits.first == UInt8(ascii: "0") {
      switch digits[digits.startIndex + 1] {
      case UInt8(ascii: "x"): radix = 16
      case UInt8(ascii: "o"): radix = 8
      case UInt8(ascii: "b"): radix = 2
      default: break
      }
      if radix != 10 { digits = digits.dropFirst(2) }
    }
    var value: UInt64 = 0
    var hasDigit = false
    for index in digits.indices {
      let byte = digits[index]
      if byte == UInt8(ascii: "_") { continue }
      guard let digit = SyntaxParser.digit(byte), digit < radix else {
        let place = Span(file: file, start: UInt32(index), end: UInt32(index) + 1)
        report("this is no digit of a number in base \(radix)", place)
        return 0
      }
      hasDigit = true
      let (product, overflow) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(digit)
      if overflow || carry {
        report("this number does not fit into 64 bits", span(token))
        return 0
      }
      value = sum
    }
    if !hasDigit { report("this number has no digits", span(token)) }
    return value
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 0x30...0x39: UInt64(byte - 0x30)
    case 0x41...0x5A: UInt64(byte - 0x41 + 10)
    case 0x61...0x7A: UInt64(byte - 0x61 + 10)
    default: nil
    }
  }

  private mutating func floatValue(_ token: SyntaxToken) -> Double {
    let text = source.text(in: Int(token.start)..<Int(token.end)).filter { $0 != "_" }
    if let value = Double(text) { return value }
    report("this is no decimal number", span(token), help: "write digits on both sides of the point")
    return 0
  }

  private mutating func characterValue(_ token: SyntaxToken) -> UInt64 {
    let bytes = unescape(Int(token.start) + 1..<Int(token.end) - 1)
    let text = String(decoding: bytes, as: UTF8.self)
    let scalars = text.unicodeScalars
    guard let scalar = scalars.first, scalars.count == 1 else {
      report("a character literal holds exactly one character", span(token))
      return 0
    }
    return UInt64(scalar.value)
  }

  mutating func stringBytes(_ token: SyntaxToken) -> [UInt8] {
    unescape(Int(token.start) + 1..<Int(token.end) - 1)
  }

  private mutating func unescape(_ range: Range<Int>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = source.bytes[index]
      guard byte == UInt8(ascii: "\\"), index + 1 < range.upperBound else {
        out.append(byte)
        index += 1
        continue
      }
      index += 2
      switch source.bytes[index - 1] {
      case UInt8(ascii: "n"): out.append(0x0A)
      case UInt8(ascii: "r"): out.append(0x0D)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "0"): out.append(0)
      case UInt8(ascii: "\\"): out.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "\""): out.append(UInt8(ascii: "\""))
      case UInt8(ascii: "'"): out.append(UInt8(ascii: "'"))
      case UInt8(ascii: "x"):
        guard index + 1 < range.upperBound, let high = SyntaxParser.digit(source.bytes[index]),
          let low = SyntaxParser.digit(source.bytes[index + 1]), high < 16, low < 16
        else {
          badEscape(index - 2, help: "write two hexadecimal digits after '\\x'")
          continue
        }
        out.append(UInt8(high * 16 + low))
        index += 2
      default:
        badEscape(index - 2, help: "the escapes are \\n \\r \\t \\0 \\\\ \\\" \\' and \\xNN")
      }
    }
    return out
  }

  private mutating func badEscape(_ offset: Int, help: String) {
    report("unknown escape", Span(file: file, start: UInt32(offset), end: UInt32(offset) + 2), help: help)
  }

  /// The lines between the line of the tag and the line that repeats it.
  private func heredocBytes(_ token: SyntaxToken) -> [UInt8] {
    let text = source.bytes[Int(token.start)..<Int(token.end)]
    guard let firstEnd = text.firstIndex(of: 0x0A), let lastEnd = text.lastIndex(of: 0x0A) else { return [] }
    return firstEnd < lastEnd ? Array(text[firstEnd + 1...lastEnd]) : []
  }
}
