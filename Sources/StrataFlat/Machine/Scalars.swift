// Arithmetic on single words, shared by both evaluators so that there is one rule for each.
// Guarantees: results are in canonical form for the given register form (sign- or zero-extended from the width); nothing
// here can trap on any operands.

import Glibc

enum Scalars {
  /// Brings a word into the canonical form of an integer or boolean register.
  @inline(__always)
  static func canonical(_ word: UInt64, _ form: RegisterForm) -> UInt64 {
    switch form {
    case .integer(let bits, let isSigned): return canonical(word, bits: bits, isSigned: isSigned)
    case .boolean: return word == 0 ? 0 : 1
    case .float32: return word & 0xFFFF_FFFF
    default: return word
    }
  }

  @inline(__always)
  static func canonical(_ word: UInt64, bits: UInt8, isSigned: Bool) -> UInt64 {
    guard bits < 64 else { return word }
    let unused = UInt64(64 &- bits) & 63
    let shifted = word &<< unused
    return isSigned ? UInt64(bitPattern: Int64(bitPattern: shifted) &>> Int64(unused)) : shifted &>> unused
  }

  /// True when values of that form divide, shift and compare as unsigned numbers.
  @inline(__always)
  static func isUnsigned(_ form: RegisterForm) -> Bool {
    if case .integer(_, let isSigned) = form { return !isSigned }
    return form == .boolean
  }

  /// Division that truncates towards zero. The divisor is not zero.
  @inline(__always)
  static func divide(_ left: Int64, _ right: Int64) -> Int64 {
    right == -1 ? 0 &- left : left / right
  }

  /// The remainder with the divisor's sign. The divisor is not zero.
  @inline(__always)
  static func modulo(_ left: Int64, _ right: Int64) -> Int64 {
    if right == -1 { return 0 }
    let remainder = left % right
    return remainder != 0 && (remainder ^ right) < 0 ? remainder &+ right : remainder
  }

  /// The floating remainder with the divisor's sign. The divisor is not zero.
  static func modulo(_ left: Double, _ right: Double) -> Double {
    let remainder = fmod(left, right)
    return remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder
  }

  static func modulo(_ left: Float, _ right: Float) -> Float {
    let remainder = fmodf(left, right)
    return remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder
  }

  /// Shifts left; the amount is unsigned and clamped.
  @inline(__always)
  static func shiftLeft(_ word: UInt64, _ amount: UInt64) -> UInt64 { word &<< min(amount, 63) }

  @inline(__always)
  static func shiftRight(_ word: UInt64, _ amount: UInt64, isSigned: Bool) -> UInt64 {
    let amount = min(amount, 63)
    return isSigned ? UInt64(bitPattern: Int64(bitPattern: word) &>> Int64(amount)) : word &>> amount
  }

  /// Truncates a float towards zero into an integer form, or nil when it does not fit.
  static func integer(_ value: Double, _ form: RegisterForm) -> UInt64? {
    guard case .integer(let bits, let isSigned) = form, value.isFinite else { return nil }
    let whole = value.rounded(.towardZero)
    if isSigned {
      guard let exact = Int64(exactly: whole) else { return nil }
      let word = UInt64(bitPattern: exact)
      return canonical(word, bits: bits, isSigned: true) == word ? word : nil
    }
    guard let exact = UInt64(exactly: whole) else { return nil }
    return canonical(exact, bits: bits, isSigned: false) == exact ? exact : nil
  }

  /// What an atomic update stores, given the old value.
  static func update(_ kind: AtomicUpdate, _ old: UInt64, _ operand: UInt64, isUnsigned: Bool) -> UInt64 {
    let less = isUnsigned ? old < operand : Int64(bitPattern: old) < Int64(bitPattern: operand)
    switch kind {
    case .add: return old &+ operand
    case .subtract: return old &- operand
    case .and: return old & operand
    case .or: return old | operand
    case .xor: return old ^ operand
    case .minimum: return less ? old : operand
    case .maximum: return less ? operand : old
    case .exchange: return operand
    }
  }
}
