// JSON: a strict reader with an explicit stack and a writer, for recorded cases and machine-readable output.
//
// Guarantees: any bytes are accepted as input and end in a value or an error with the byte offset of the fault; nesting is
// limited (so that neither reading nor releasing a value can exhaust the host stack); objects keep the order of their keys,
// so output is the same in every run; integers that fit 64 bits are exact.

/// A JSON value.
public enum JSON: Equatable, Sendable {
  case null
  case boolean(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Field])

  /// One key of an object with its value.
  public struct Field: Equatable, Sendable {
    public var key: String
    public var value: JSON

    public init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// Where and why a text is not JSON.
  public struct ReadError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Byte offset of the fault.
    public var offset: Int
    public var reason: String

    public var description: String { "byte \(offset): \(reason)" }
  }

  /// The deepest nesting of arrays and objects that is read.
  public static let deepestNesting = 256

  // MARK: Looking inside

  /// The first value of that key, or nil if there is none or this is no object.
  public subscript(_ key: String) -> JSON? {
    guard case .object(let fields) = self else { return nil }
    return fields.first { $0.key == key }?.value
  }

  public var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  public var integer: Int64? {
    if case .integer(let value) = self { return value }
    return nil
  }

  public var boolean: Bool? {
    if case .boolean(let value) = self { return value }
    return nil
  }

  public var elements: [JSON]? {
    if case .array(let elements) = self { return elements }
    return nil
  }

  public var fields: [Field]? {
    if case .object(let fields) = self { return fields }
    return nil
  }

  public var isNull: Bool { self == .null }

  // MARK: Reading

  /// Reads one value that fills the whole input, white space around it apart.
  public static func read(_ bytes: [UInt8]) throws(ReadError) -> JSON {
    var reader = Reader(bytes: bytes)
    return try reader.read()
  }

  // MARK: Writing

  /// The value as compact JSON on one line, with everything outside ASCII written as it is.
  public var written: String {
    enum Part {
      case value(JSON)
      case text(String)
    }
    var pending: [Part] = [.value(self)]
    var result = ""
    while let part = pending.popLast() {
      switch part {
      case .text(let text): result += text
      case .value(.null): result += "null"
      case .value(.boolean(let value)): result += value ? "true" : "false"
      case .value(.integer(let value)): result += String(value)
      case .value(.number(let value)): result += value.isFinite ? String(value) : "null"
      case .value(.string(let text)): Quoting.appendJSON(text, to: &result)
      case .value(.array(let elements)):
        var parts: [Part] = [.text("[")]
        for (index, element) in elements.enumerated() {
          if index > 0 { parts.append(.text(",")) }
          parts.append(.value(element))
        }
        parts.append(.text("]"))
        pending.append(contentsOf: parts.reversed())
      case .value(.object(let fields)):
        var parts: [Part] = [.text("{")]
        for (index, field) in fields.enumerated() {
          var key = index > 0 ? "," : ""
          Quoting.appendJSON(field.key, to: &key)
          parts.append(.text(key + ":"))
          parts.append(.value(field.value))
        }
        parts.append(.text("}"))
        pending.append(contentsOf: parts.reversed())
      }
    }
    return result
  }
}

/// Reads one JSON value from bytes.
private struct Reader {
  let bytes: [UInt8]
  var at = 0

  /// An array or object that is still open.
  private enum Open {
    case array([JSON])
    case object([JSON.Field], key: String)
  }

  init(bytes: [UInt8]) { self.bytes = bytes }

  private func fault(_ reason: String) -> JSON.ReadError { JSON.ReadError(offset: at, reason: reason) }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    at += 1
    return true
  }

  private mutating func key() throws(JSON.ReadError) -> String {
    skipSpace()
    guard next == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
    let key = try string()
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw fault("expected ':' after the key") }
    return key
  }

  mutating func read() throws(JSON.ReadError) -> JSON {
    var open: [Open] = []
    while true {
      skipSpace()
      guard open.count <= JSON.deepestNesting else { throw fault("nested deeper than \(JSON.deepestNesting)") }
      var value: JSON
      if take(UInt8(ascii: "[")) {
        skipSpace()
        if take(UInt8(ascii: "]")) {
          value = .array([])
        } else {
          open.append(.array([]))
          continue
        }
      } else if take(UInt8(ascii: "{")) {
        skipSpace()
        if take(UInt8(ascii: "}")) {
          value = .object([])
        } else {
          open.append(.object([], key: try key()))
          continue
        }
      } else {
        value = try scalar()
      }
      // A finished value goes into the innermost open container, which may finish in turn.
      closing: while true {
        skipSpace()
        guard let container = open.popLast() else {
          guard at == bytes.count else { throw fault("text after the end of the value") }
          return value
        }
        switch container {
        case .array(var elements):
          elements.append(value)
          if take(UInt8(ascii: ",")) {
            open.append(.array(elements))
            break closing
          }
          guard take(UInt8(ascii: "]")) else { throw fault("expected ',' or ']'") }
          value = .array(elements)
        case .object(var fields, let name):
          fields.append(JSON.Field(name, value))
          if take(UInt8(ascii: ",")) {
            open.append(.object(fields, key: try key()))
            break closing
          }
          guard take(UInt8(ascii: "}")) else { throw fault("expected ',' or '}'") }
          value = .object(fields)
        }
      }
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(JSON.ReadError) -> JSON {
    for index in 0..<text.utf8CodeUnitCount {
      guard take(text.utf8Start[index]) else { throw fault("unknown word") }
    }
    return value
  }

  private mutating func scalar() throws(JSON.ReadError) -> JSON {
    switch next {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw fault("the text ends where a value is expected")
    default: return try number()
    }
  }

  private mutating func digits() -> Int {
    let start = at
    while let byte = next, byte >= 0x30, byte <= 0x39 { at += 1 }
    return at - start
  }

  private mutating func number() throws(JSON.ReadError) -> JSON {
    let start = at
    _ = take(UInt8(ascii: "-"))
    let leading = next
    let count = digits()
    guard count > 0 else { throw fault("expected a value") }
    guard count == 1 || leading != UInt8(ascii: "0") else { throw fault("a number may not start with 0") }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard digits() > 0 else { throw fault("expected digits after '.'") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw fault("expected digits in the exponent") }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if isInteger, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text) else { throw fault("unreadable number") }
    return .number(value)
  }

  private mutating func hexadecimal() throws(JSON.ReadError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next else { throw fault("the text ends inside an escape") }
      let digit: UInt32
      switch byte {
      case 0x30...0x39: digit = UInt32(byte) - 0x30
      case 0x41...0x46: digit = UInt32(byte) - 0x41 + 10
      case 0x61...0x66: digit = UInt32(byte) - 0x61 + 10
      default: throw fault("expected four hexadecimal digits")
      }
      value = value << 4 | digit
      at += 1
    }
    return value
  }

  private mutating func string() throws(JSON.ReadError) -> String {
    at += 1
    var result = ""
    var start = at
    while true {
      guard let byte = next else { throw fault("the text ends inside a string") }
      if byte == UInt8(ascii: "\"") {
        result += String(decoding: bytes[start..<at], as: UTF8.self)
        at += 1
        return result
      }
      if byte < 0x20 { throw fault("control character in a string") }
      guard byte == UInt8(ascii: "\\") else {
        at += 1
        continue
      }
      result += String(decoding: bytes[start..<at], as: UTF8.self)
      at += 1
      result.unicodeScalars.append(try escape())
      start = at
    }
  }

  private mutating func escape() throws(JSON.ReadError) -> Unicode.Scalar {
    guard let byte = next else { throw fault("the text ends inside an escape") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      if let scalar = Unicode.Scalar(first) { return scalar }
      // Only a high surrogate followed by a low one makes a scalar.
      guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw fault("lone surrogate")
      }
      let second = try hexadecimal()
      guard (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
      else { throw fault("lone surrogate") }
      return scalar
    default: throw fault("unknown escape")
    }
  }
}
