// The bases in which naturals are written as text, with their alphabets.

/// A base and its digits. Texts are digits only: signs, prefixes and grouping belong to the syntax around them.
public struct NaturalBase: Sendable, Equatable {
  /// The number of digits.
  public let radix: Int
  /// The bits of a digit when the radix is a power of two, else 0.
  let digitBits: Int
  private let alphabet: StaticString
  /// The value of each character, 255 for characters that are no digit.
  let digitValues: [UInt8]
  /// The number of digits and the value of the largest power of the radix that fits into a limb.
  let chunk: (digits: Int, value: Limb)

  private init(radix: Int, alphabet: StaticString, digitBits: Int, acceptsUpperCase: Bool = false) {
    self.radix = radix
    self.alphabet = alphabet
    self.digitBits = digitBits
    var values = [UInt8](repeating: 255, count: 256)
    for digit in 0..<radix {
      let character = alphabet.utf8Start[digit]
      values[Int(character)] = UInt8(digit)
      if acceptsUpperCase, character >= 0x61, character <= 0x7A { values[Int(character - 0x20)] = UInt8(digit) }
    }
    digitValues = values
    var chunk: (digits: Int, value: Limb) = (0, 1)
    while case let (next, overflow) = chunk.value.multipliedReportingOverflow(by: Limb(radix)), !overflow {
      chunk = (chunk.digits + 1, next)
    }
    self.chunk = chunk
  }

  /// 0 and 1.
  public static let binary = NaturalBase(radix: 2, alphabet: "01", digitBits: 1)
  /// 0 to 9.
  public static let decimal = NaturalBase(radix: 10, alphabet: "0123456789", digitBits: 0)
  /// 0 to f; upper case is read as well.
  public static let hexadecimal = NaturalBase(
    radix: 16, alphabet: "0123456789abcdef", digitBits: 4, acceptsUpperCase: true)
  /// 0 to v, as in Hoon's `@uv`.
  public static let base32 = NaturalBase(radix: 32, alphabet: "0123456789abcdefghijklmnopqrstuv", digitBits: 5)
  /// Bitcoin's alphabet: digits and letters without 0, O, I and l.
  public static let base58 = NaturalBase(
    radix: 58, alphabet: "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", digitBits: 0)
  /// 0 to 9, a to z, A to Z, - and ~, as in Hoon's `@uw`.
  public static let base64 = NaturalBase(
    radix: 64, alphabet: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-~", digitBits: 6)

  public static func == (left: NaturalBase, right: NaturalBase) -> Bool { left.radix == right.radix }

  /// The character of a digit below the radix.
  @inline(__always)
  func character(_ digit: Int) -> UInt8 {
    assert(digit >= 0 && digit < alphabet.utf8CodeUnitCount)
    return alphabet.utf8Start[digit]
  }
}
