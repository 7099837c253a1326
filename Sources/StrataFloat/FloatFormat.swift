// The binary interchange formats of IEEE 754, and how their bits are read and written.
//
//     bit    width - 1   | exponentBits | fractionBits |
//            sign        | biased       | without the leading one
//
// Inside, a finite number that is not zero is  significand * 2^(exponent - 112)  with bit 112 of the significand set,
// whatever its format: 113 bits are what the widest format has.

/// How a result that a format cannot hold exactly is rounded.
public enum RoundingMode: Sendable, CaseIterable {
  /// To the nearest, ties to even.
  case nearest
  /// Towards positive infinity.
  case up
  /// Towards negative infinity.
  case down
  /// Towards zero.
  case zero
}

/// A format, and all its operations: numbers are their bit patterns, in the low bits of a `UInt128`.
///
/// Every operation is exact to the last bit in every rounding mode, subnormal numbers included, takes any pattern below
/// 2^width, and gives the one canonical NaN wherever the result is no number.
public struct FloatFormat: Sendable, Equatable {
  public let exponentBits: Int
  public let fractionBits: Int

  /// 16 bits.
  public static let half = FloatFormat(exponentBits: 5, fractionBits: 10)
  /// 32 bits.
  public static let single = FloatFormat(exponentBits: 8, fractionBits: 23)
  /// 64 bits.
  public static let double = FloatFormat(exponentBits: 11, fractionBits: 52)
  /// 128 bits.
  public static let quadruple = FloatFormat(exponentBits: 15, fractionBits: 112)

  /// How many bits a number has.
  public var width: Int { 1 + exponentBits + fractionBits }
  var bias: Int { (1 << (exponentBits - 1)) - 1 }
  /// The exponent of the smallest normal number.
  var smallestExponent: Int { 1 - bias }
  /// The biased exponent of infinity and NaN.
  var specialExponent: Int { (1 << exponentBits) - 1 }
  var fractionMask: UInt128 { (1 << UInt128(fractionBits)) - 1 }
  var signBit: UInt128 { 1 << UInt128(width - 1) }

  /// The canonical NaN: positive, quiet, with nothing else set.
  public var notANumber: UInt128 {
    UInt128(specialExponent) << UInt128(fractionBits) | 1 << UInt128(fractionBits - 1)
  }

  /// Infinity of a sign.
  public func infinity(negative: Bool = false) -> UInt128 {
    UInt128(specialExponent) << UInt128(fractionBits) | (negative ? signBit : 0)
  }

  func zero(negative: Bool) -> UInt128 { negative ? signBit : 0 }

  /// The finite number of the largest magnitude.
  func largest(negative: Bool) -> UInt128 {
    UInt128(specialExponent - 1) << UInt128(fractionBits) | fractionMask | (negative ? signBit : 0)
  }

  /// Whether a pattern is the finite number of the largest magnitude, of either sign.
  public func isLargest(_ bits: UInt128) -> Bool { bits & (signBit - 1) == largest(negative: false) }

  /// Whether a pattern is no number.
  public func isNaN(_ bits: UInt128) -> Bool { (bits & (signBit - 1)) > infinity() }
}

/// A number taken apart.
struct Unpacked {
  enum Kind { case zero, finite, infinite, notANumber }

  var kind: Kind
  var negative: Bool
  var exponent: Int
  /// Bit 112 is set in a finite number.
  var significand: UInt128
}

extension FloatFormat {
  func unpack(_ bits: UInt128) -> Unpacked {
    let negative = bits & signBit != 0
    let biased = Int(truncatingIfNeeded: bits >> UInt128(fractionBits)) & specialExponent
    let fraction = bits & fractionMask
    if biased == specialExponent {
      return Unpacked(kind: fraction == 0 ? .infinite : .notANumber, negative: negative, exponent: 0, significand: 0)
    }
    if biased == 0 {
      guard fraction != 0 else { return Unpacked(kind: .zero, negative: negative, exponent: 0, significand: 0) }
      let shift = fraction.leadingZeroBitCount - 15
      return Unpacked(
        kind: .finite, negative: negative, exponent: smallestExponent + 112 - fractionBits - shift,
        significand: fraction << UInt128(shift))
    }
    let significand = (fraction | 1 << UInt128(fractionBits)) << UInt128(112 - fractionBits)
    return Unpacked(kind: .finite, negative: negative, exponent: biased - bias, significand: significand)
  }

  /// The rounded number for  significand * 2^(exponent - 126), of which bit 126 is set, and bit 0 also says whether
  /// anything was cut off below it.
  func pack(negative: Bool, exponent: Int, significand: UInt128, _ mode: RoundingMode) -> UInt128 {
    var shift = 126 - fractionBits
    var biased = exponent + bias
    if biased <= 0 {
      // Subnormal, or smaller than all: the place of the last bit is fixed.
      shift += min(1 - biased, 128)
      biased = 0
    }
    let kept = shift >= 128 ? 0 : significand >> UInt128(shift)
    let rest = shift >= 128 ? significand : significand & ((1 << UInt128(shift)) - 1)
    var rounded = kept
    if rest != 0 {
      let increases: Bool
      switch mode {
      case .nearest:
        let tie: UInt128 = shift >= 129 ? .max : 1 << UInt128(shift - 1)
        increases = shift <= 128 && (rest > tie || rest == tie && kept & 1 == 1)
      case .up: increases = !negative
      case .down: increases = negative
      case .zero: increases = false
      }
      if increases { rounded += 1 }
    }
    // The leading one of a normal number, and a carry out of the fraction, count up the exponent by themselves.
    let magnitude = biased == 0 ? rounded : UInt128(biased - 1) << UInt128(fractionBits) &+ rounded
    if biased > specialExponent || magnitude >= infinity() {
      switch mode {
      case .nearest: return infinity(negative: negative)
      case .up: return negative ? largest(negative: true) : infinity()
      case .down: return negative ? infinity(negative: true) : largest(negative: false)
      case .zero: return largest(negative: negative)
      }
    }
    return magnitude | (negative ? signBit : 0)
  }
}
