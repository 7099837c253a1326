// MPFR as an oracle: the same operations with its own rounding, squeezed into a format's range.

import CMPFR

@testable import StrataFloat

/// Temporaries of the oracle. Exponent ranges belong to the calling thread, so each operation sets them.
final class Oracle {
  private let format: FloatFormat
  private let numbers: UnsafeMutablePointer<__mpfr_struct>

  init(_ format: FloatFormat) {
    self.format = format
    numbers = .allocate(capacity: 5)
    for index in 0..<4 { mpfr_init2(numbers + index, format.fractionBits + 1) }
    mpfr_init2(numbers + 4, 113)
  }

  deinit {
    for index in 0..<5 { mpfr_clear(numbers + index) }
    numbers.deallocate()
  }

  enum Operation: CaseIterable { case add, subtract, multiply, divide, squareRoot, fusedMultiplyAdd }

  func result(_ operation: Operation, _ a: UInt128, _ b: UInt128, _ c: UInt128, _ mode: RoundingMode) -> UInt128 {
    let rounding: mpfr_rnd_t =
      switch mode {
      case .nearest: MPFR_RNDN
      case .up: MPFR_RNDU
      case .down: MPFR_RNDD
      case .zero: MPFR_RNDZ
      }
    mpfr_set_emin(-100_000)
    mpfr_set_emax(100_000)
    set(numbers + 1, a)
    set(numbers + 2, b)
    set(numbers + 3, c)
    mpfr_set_emin(format.smallestExponent - format.fractionBits + 1)
    mpfr_set_emax(format.bias + 1)
    let ternary =
      switch operation {
      case .add: mpfr_add(numbers, numbers + 1, numbers + 2, rounding)
      case .subtract: mpfr_sub(numbers, numbers + 1, numbers + 2, rounding)
      case .multiply: mpfr_mul(numbers, numbers + 1, numbers + 2, rounding)
      case .divide: mpfr_div(numbers, numbers + 1, numbers + 2, rounding)
      case .squareRoot: mpfr_sqrt(numbers, numbers + 1, rounding)
      case .fusedMultiplyAdd: mpfr_fma(numbers, numbers + 1, numbers + 2, numbers + 3, rounding)
      }
    _ = mpfr_subnormalize(numbers, ternary, rounding)
    return bits(numbers)
  }

  private func set(_ number: UnsafeMutablePointer<__mpfr_struct>, _ bits: UInt128) {
    let negative: Int32 = bits >> UInt128(format.width - 1) & 1 == 1 ? -1 : 1
    let biased = Int(bits >> UInt128(format.fractionBits)) & (1 << format.exponentBits - 1)
    var fraction = bits & (1 << UInt128(format.fractionBits) - 1)
    if biased == 1 << format.exponentBits - 1 {
      if fraction == 0 { mpfr_set_inf(number, negative) } else { mpfr_set_nan(number) }
      return
    }
    if biased == 0, fraction == 0 {
      mpfr_set_zero(number, negative)
      return
    }
    if biased > 0 { fraction |= 1 << UInt128(format.fractionBits) }
    let exponent = max(biased, 1) - format.bias - format.fractionBits
    mpfr_set_ui_2exp(number, UInt(truncatingIfNeeded: fraction >> 64), exponent + 64, MPFR_RNDN)
    mpfr_set_ui_2exp(numbers + 4, UInt(truncatingIfNeeded: fraction), exponent, MPFR_RNDN)
    mpfr_add(number, number, numbers + 4, MPFR_RNDN)
    if negative < 0 { mpfr_neg(number, number, MPFR_RNDN) }
  }

  private func bits(_ number: UnsafeMutablePointer<__mpfr_struct>) -> UInt128 {
    let sign: UInt128 = number.pointee._mpfr_sign < 0 ? 1 << UInt128(format.width - 1) : 0
    let special = UInt128(1 << format.exponentBits - 1) << UInt128(format.fractionBits)
    if mpfr_nan_p(number) != 0 { return special | 1 << UInt128(format.fractionBits - 1) }
    if mpfr_inf_p(number) != 0 { return special | sign }
    if mpfr_zero_p(number) != 0 { return sign }
    let limbs = number.pointee._mpfr_d!
    let significand =
      format.fractionBits + 1 <= 64 ? UInt128(limbs[0]) << 64 : UInt128(limbs[1]) << 64 | UInt128(limbs[0])
    let exponent = number.pointee._mpfr_exp - 1
    let missing = max(0, format.smallestExponent - exponent)
    let fraction = significand >> UInt128(127 - format.fractionBits + missing)
    if missing > 0 { return fraction | sign }
    return UInt128(exponent + format.bias - 1) << UInt128(format.fractionBits) &+ fraction | sign
  }
}
