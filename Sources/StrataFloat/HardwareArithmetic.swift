// What the processor does exactly: single and double precision, rounded to the nearest. Nil in other formats. Only the
// NaNs have to be made canonical.

extension FloatFormat {
  @inline(__always)
  private func with(
    _ a: UInt128, _ b: UInt128, _ c: UInt128, single: (Float, Float, Float) -> Float,
    double: (Double, Double, Double) -> Double
  ) -> UInt128? {
    switch fractionBits {
    case 23:
      let result = single(
        Float(bitPattern: UInt32(truncatingIfNeeded: a)), Float(bitPattern: UInt32(truncatingIfNeeded: b)),
        Float(bitPattern: UInt32(truncatingIfNeeded: c)))
      return result.isNaN ? notANumber : UInt128(result.bitPattern)
    case 52:
      let result = double(
        Double(bitPattern: UInt64(truncatingIfNeeded: a)), Double(bitPattern: UInt64(truncatingIfNeeded: b)),
        Double(bitPattern: UInt64(truncatingIfNeeded: c)))
      return result.isNaN ? notANumber : UInt128(result.bitPattern)
    default: return nil
    }
  }

  @inline(__always)
  func hardwareAdd(_ a: UInt128, _ b: UInt128) -> UInt128? {
    with(a, b, 0, single: { a, b, _ in a + b }, double: { a, b, _ in a + b })
  }

  @inline(__always)
  func hardwareMultiply(_ a: UInt128, _ b: UInt128) -> UInt128? {
    with(a, b, 0, single: { a, b, _ in a * b }, double: { a, b, _ in a * b })
  }

  @inline(__always)
  func hardwareDivide(_ a: UInt128, _ b: UInt128) -> UInt128? {
    with(a, b, 0, single: { a, b, _ in a / b }, double: { a, b, _ in a / b })
  }

  @inline(__always)
  func hardwareSquareRoot(_ a: UInt128) -> UInt128? {
    with(a, 0, 0, single: { a, _, _ in a.squareRoot() }, double: { a, _, _ in a.squareRoot() })
  }

  @inline(__always)
  func hardwareFusedMultiplyAdd(_ a: UInt128, _ b: UInt128, _ c: UInt128) -> UInt128? {
    with(a, b, c, single: { a, b, c in c.addingProduct(a, b) }, double: { a, b, c in c.addingProduct(a, b) })
  }
}
