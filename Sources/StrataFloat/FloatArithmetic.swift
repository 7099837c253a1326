// Exact arithmetic on the formats: each operation computes its result with all bits that can matter and one more that
// says whether any were cut off below, and rounds once.

extension FloatFormat {
  /// a + b
  public func add(_ a: UInt128, _ b: UInt128, _ mode: RoundingMode = .nearest) -> UInt128 {
    if mode == .nearest, let sum = hardwareAdd(a, b) { return sum }
    return softAdd(a, b, mode)
  }

  /// a - b
  public func subtract(_ a: UInt128, _ b: UInt128, _ mode: RoundingMode = .nearest) -> UInt128 {
    add(a, b ^ signBit, mode)
  }

  /// a * b
  public func multiply(_ a: UInt128, _ b: UInt128, _ mode: RoundingMode = .nearest) -> UInt128 {
    if mode == .nearest, let product = hardwareMultiply(a, b) { return product }
    return softMultiply(a, b, mode)
  }

  /// a / b
  public func divide(_ a: UInt128, _ b: UInt128, _ mode: RoundingMode = .nearest) -> UInt128 {
    if mode == .nearest, let quotient = hardwareDivide(a, b) { return quotient }
    return softDivide(a, b, mode)
  }

  /// The square root of a.
  public func squareRoot(_ a: UInt128, _ mode: RoundingMode = .nearest) -> UInt128 {
    if mode == .nearest, let root = hardwareSquareRoot(a) { return root }
    return softSquareRoot(a, mode)
  }

  /// a * b + c, rounded once.
  public func fusedMultiplyAdd(
    _ a: UInt128, _ b: UInt128, _ c: UInt128, _ mode: RoundingMode = .nearest
  ) -> UInt128 {
    if mode == .nearest, let result = hardwareFusedMultiplyAdd(a, b, c) { return result }
    return softFusedMultiplyAdd(a, b, c, mode)
  }

  // MARK: Comparison

  /// Whether a and b are the same number; the zeros are, NaN is not even itself.
  public func isEqual(_ a: UInt128, _ b: UInt128) -> Bool {
    if isNaN(a) || isNaN(b) { return false }
    return a == b || (a | b) & (signBit - 1) == 0
  }

  /// Whether a is less than b; never with NaN.
  public func isLess(_ a: UInt128, _ b: UInt128) -> Bool {
    if isNaN(a) || isNaN(b) || isEqual(a, b) { return false }
    switch (a & signBit != 0, b & signBit != 0) {
    case (false, false): return a < b
    case (true, true): return a > b
    case (let negative, _): return negative
    }
  }

  // MARK: Without hardware

  func softAdd(_ a: UInt128, _ b: UInt128, _ mode: RoundingMode) -> UInt128 {
    let x = unpack(a)
    let y = unpack(b)
    if x.kind == .notANumber || y.kind == .notANumber { return notANumber }
    if x.kind == .infinite {
      return y.kind == .infinite && x.negative != y.negative ? notANumber : infinity(negative: x.negative)
    }
    return sum(x, Wide(high: x.significand >> 16, low: x.significand << 112), y, mode)
  }

  func softMultiply(_ a: UInt128, _ b: UInt128, _ mode: RoundingMode) -> UInt128 {
    let x = unpack(a)
    let y = unpack(b)
    let negative = x.negative != y.negative
    guard let special = specialProduct(x, y) else {
      let product = Wide(x.significand, times: y.significand)
      return finish(negative, x.exponent + y.exponent, product, mode)
    }
    switch special {
    case .notANumber, .finite: return notANumber
    case .infinite: return infinity(negative: negative)
    case .zero: return zero(negative: negative)
    }
  }

  func softFusedMultiplyAdd(_ a: UInt128, _ b: UInt128, _ c: UInt128, _ mode: RoundingMode) -> UInt128 {
    let x = unpack(a)
    let y = unpack(b)
    let z = unpack(c)
    var product = Unpacked(
      kind: .finite, negative: x.negative != y.negative, exponent: x.exponent + y.exponent, significand: 0)
    var exact = Wide(high: 0, low: 0)
    if let special = specialProduct(x, y) {
      product.kind = special
    } else {
      exact = Wide(x.significand, times: y.significand)
    }
    if product.kind == .notANumber || z.kind == .notANumber { return notANumber }
    if product.kind == .infinite {
      return z.kind == .infinite && z.negative != product.negative
        ? notANumber : infinity(negative: product.negative)
    }
    return sum(product, exact, z, mode)
  }

  /// What a product is when that can be told without multiplying.
  private func specialProduct(_ x: Unpacked, _ y: Unpacked) -> Unpacked.Kind? {
    if x.kind == .notANumber || y.kind == .notANumber { return .notANumber }
    if x.kind == .infinite || y.kind == .infinite {
      return x.kind == .zero || y.kind == .zero ? .notANumber : .infinite
    }
    return x.kind == .zero || y.kind == .zero ? .zero : nil
  }

  /// x + y, where x is finite or zero, its significand is `exact` * 2^-224, and y is no NaN.
  private func sum(_ x: Unpacked, _ exact: Wide, _ y: Unpacked, _ mode: RoundingMode) -> UInt128 {
    if y.kind == .infinite { return infinity(negative: y.negative) }
    if x.kind == .zero, y.kind == .zero {
      return zero(negative: x.negative == y.negative ? x.negative : mode == .down)
    }
    if y.kind == .zero { return finish(x.negative, x.exponent, exact, mode) }
    // Both are raised so that bit 252 or 253 is the highest: a carry has room above and what is shifted out of the
    // smaller one is so far below the last bit kept that one bit is enough to stand for it.
    var first = exact.shiftedLeft(28)
    var second = Wide(high: y.significand << 12, low: 0)
    if x.kind == .zero { return finish(y.negative, y.exponent, second, mode, point: 252) }
    var exponent = x.exponent
    if x.exponent >= y.exponent {
      second = second.shiftedRightJamming(x.exponent - y.exponent)
    } else {
      first = first.shiftedRightJamming(y.exponent - x.exponent)
      exponent = y.exponent
    }
    if x.negative == y.negative {
      return finish(x.negative, exponent, first.adding(second), mode, point: 252)
    }
    if first == second { return zero(negative: mode == .down) }
    return second < first
      ? finish(x.negative, exponent, first.subtracting(second), mode, point: 252)
      : finish(y.negative, exponent, second.subtracting(first), mode, point: 252)
  }

  /// The rounded number for  value * 2^(exponent - point).
  private func finish(
    _ negative: Bool, _ exponent: Int, _ value: Wide, _ mode: RoundingMode, point: Int = 224
  ) -> UInt128 {
    let top = 255 - value.leadingZeroBitCount
    let significand = top >= 126 ? value.shiftedRightJamming(top - 126).low : value.low << UInt128(126 - top)
    return pack(negative: negative, exponent: exponent + top - point, significand: significand, mode)
  }

  func softDivide(_ a: UInt128, _ b: UInt128, _ mode: RoundingMode) -> UInt128 {
    let x = unpack(a)
    let y = unpack(b)
    let negative = x.negative != y.negative
    switch (x.kind, y.kind) {
    case (.notANumber, _), (_, .notANumber), (.zero, .zero), (.infinite, .infinite): return notANumber
    case (.infinite, _), (_, .zero): return infinity(negative: negative)
    case (.zero, _), (_, .infinite): return zero(negative: negative)
    case (.finite, .finite): break
    }
    // The quotient has its highest bit at 127 or 126. Safe: the high half is less than 2^112, the divisor is not.
    let (quotient, remainder) = y.significand.dividingFullWidth((x.significand >> 1, x.significand << 127))
    let sticky: UInt128 = remainder == 0 ? 0 : 1
    if quotient >> 127 == 1 {
      return pack(
        negative: negative, exponent: x.exponent - y.exponent, significand: quotient >> 1 | quotient & 1 | sticky, mode)
    }
    return pack(
      negative: negative, exponent: x.exponent - y.exponent - 1, significand: quotient | sticky, mode)
  }

  func softSquareRoot(_ a: UInt128, _ mode: RoundingMode) -> UInt128 {
    let x = unpack(a)
    switch x.kind {
    case .notANumber: return notANumber
    case .zero: return zero(negative: x.negative)
    case .infinite: return x.negative ? notANumber : infinity()
    case .finite: if x.negative { return notANumber }
    }
    // The radicand is significand * 2^(exponent - 112) with an even exponent. Two of its bits give one of the root:
    // 57 from the 114 bits above the point, then 60 more for the 117 that are enough to round any format.
    let odd = x.exponent & 1
    var rest = x.significand << UInt128(14 + odd)
    var root: UInt128 = 0
    var remainder: UInt128 = 0
    for _ in 0..<117 {
      remainder = remainder << 2 | rest >> 126
      rest <<= 2
      let trial = root << 2 | 1
      root <<= 1
      if remainder >= trial {
        remainder -= trial
        root |= 1
      }
    }
    let sticky: UInt128 = remainder == 0 ? 0 : 1
    return pack(
      negative: false, exponent: (x.exponent - odd) / 2, significand: root << 10 | sticky, mode)
  }
}

/// A natural of 256 bits.
struct Wide: Equatable {
  var high: UInt128
  var low: UInt128

  init(high: UInt128, low: UInt128) {
    self.high = high
    self.low = low
  }

  /// The full product.
  init(_ a: UInt128, times b: UInt128) {
    (high, low) = a.multipliedFullWidth(by: b)
  }

  var leadingZeroBitCount: Int {
    high != 0 ? high.leadingZeroBitCount : 128 + low.leadingZeroBitCount
  }

  static func < (a: Wide, b: Wide) -> Bool { a.high != b.high ? a.high < b.high : a.low < b.low }

  /// Shifted by 1 to 127 places.
  func shiftedLeft(_ count: Int) -> Wide {
    Wide(high: high << UInt128(count) | low >> UInt128(128 - count), low: low << UInt128(count))
  }

  /// Shifted by any number of places; the lowest bit is also set when a bit that was set is lost.
  func shiftedRightJamming(_ count: Int) -> Wide {
    if count == 0 { return self }
    if count >= 256 { return Wide(high: 0, low: high | low == 0 ? 0 : 1) }
    if count >= 128 {
      let part = UInt128(count - 128)
      let lost = low != 0 || high & ((1 << part) - 1) != 0
      return Wide(high: 0, low: high >> part | (lost ? 1 : 0))
    }
    let part = UInt128(count)
    let lost = low & ((1 << part) - 1) != 0
    return Wide(high: high >> part, low: low >> part | high << (128 - part) | (lost ? 1 : 0))
  }

  /// The sum, which the caller knows to fit.
  func adding(_ other: Wide) -> Wide {
    let (sum, carry) = low.addingReportingOverflow(other.low)
    return Wide(high: high &+ other.high &+ (carry ? 1 : 0), low: sum)
  }

  /// The difference to a smaller one.
  func subtracting(_ other: Wide) -> Wide {
    let (difference, borrow) = low.subtractingReportingOverflow(other.low)
    return Wide(high: high &- other.high &- (borrow ? 1 : 0), low: difference)
  }
}
