// Values of the reference evaluator: tagged, and with aggregates as their own bytes, so that value semantics hold by
// construction.

/// A value in a register of the reference evaluator.
enum ReferenceValue: Hashable {
  /// No value was computed yet, or the instruction yields none.
  case nothing
  /// An integer, boolean, pointer, enumeration, error, function or type in canonical form.
  case word(UInt64)
  case float(Double)
  case single(Float)
  /// An aggregate: its bytes as memory would hold them.
  case bytes([UInt8])
}

extension ReferenceValue {
  private static let wrongKind = Fault(.malformed, "an operand is not of the kind the operation needs")

  func asWord() throws(Fault) -> UInt64 {
    if case .word(let word) = self { return word }
    throw ReferenceValue.wrongKind
  }

  func asBytes() throws(Fault) -> [UInt8] {
    if case .bytes(let bytes) = self { return bytes }
    throw ReferenceValue.wrongKind
  }

  /// A word read from bytes, least significant byte first.
  static func word(in bytes: [UInt8], at offset: UInt64, size: UInt64) throws(Fault) -> UInt64 {
    guard offset <= UInt64(bytes.count), size <= UInt64(bytes.count) - offset, size <= 8 else {
      throw Fault(.malformed, "a part lies outside its aggregate")
    }
    var word: UInt64 = 0
    for index in 0..<size { word |= UInt64(bytes[Int(offset + index)]) << (8 * index) }
    return word
  }

  /// Reads a value of a given form from bytes.
  static func read(_ bytes: [UInt8], at offset: UInt64, size: UInt64, form: RegisterForm) throws(Fault)
    -> ReferenceValue
  {
    switch form {
    case .nothing: return .nothing
    case .aggregate:
      guard offset <= UInt64(bytes.count), size <= UInt64(bytes.count) - offset else {
        throw Fault(.malformed, "a part lies outside its aggregate")
      }
      return .bytes(Array(bytes[Int(offset)..<Int(offset + size)]))
    default:
      return ReferenceValue(word: try word(in: bytes, at: offset, size: size), form: form)
    }
  }

  /// A scalar from the bits of a word.
  init(word: UInt64, form: RegisterForm) {
    switch form {
    case .nothing, .aggregate: self = .nothing
    case .float64: self = .float(Double(bitPattern: word))
    case .float32: self = .single(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
    case .integer, .boolean: self = .word(Scalars.canonical(word, form))
    }
  }

  /// The bits of a scalar as memory holds them.
  func bits() throws(Fault) -> UInt64 {
    switch self {
    case .word(let word): return word
    case .float(let value): return value.bitPattern
    case .single(let value): return UInt64(value.bitPattern)
    case .nothing, .bytes: throw ReferenceValue.wrongKind
    }
  }

  /// Writes the value into bytes.
  func write(into bytes: inout [UInt8], at offset: UInt64, size: UInt64) throws(Fault) {
    guard offset <= UInt64(bytes.count), size <= UInt64(bytes.count) - offset else {
      throw Fault(.malformed, "a part lies outside its aggregate")
    }
    switch self {
    case .nothing: return
    case .bytes(let source):
      guard UInt64(source.count) == size else { throw ReferenceValue.wrongKind }
      bytes.replaceSubrange(Int(offset)..<Int(offset + size), with: source)
    default:
      let word = try bits()
      for index in 0..<min(size, 8) { bytes[Int(offset + index)] = UInt8(truncatingIfNeeded: word >> (8 * index)) }
    }
  }
}
