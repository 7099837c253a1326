// Natural numbers of any size, and those below 2^256 modulo a prime, by school methods only: what curves, scalars and
// the constants of hashes are checked with.

/// A natural number: words, least significant first, none of them zero at the top.
struct PlainNumber: Equatable {
  private(set) var words: [UInt64]
  static let zero = PlainNumber(words: [])

  init(words: [UInt64]) {
    self.words = words
    while self.words.last == 0 { self.words.removeLast() }
  }
  init(_ value: UInt64) { self.init(words: [value]) }

  static func < (a: PlainNumber, b: PlainNumber) -> Bool {
    if a.words.count != b.words.count { return a.words.count < b.words.count }
    for index in a.words.indices.reversed() where a.words[index] != b.words[index] {
      return a.words[index] < b.words[index]
    }
    return false
  }

  static func + (a: PlainNumber, b: PlainNumber) -> PlainNumber {
    var carry: UInt128 = 0
    var sum: [UInt64] = []
    for index in 0..<max(a.words.count, b.words.count) {
      carry += UInt128(index < a.words.count ? a.words[index] : 0) + UInt128(index < b.words.count ? b.words[index] : 0)
      sum.append(UInt64(truncatingIfNeeded: carry))
      carry >>= 64
    }
    return PlainNumber(words: sum + [UInt64(carry)])
  }

  static func * (a: PlainNumber, b: PlainNumber) -> PlainNumber {
    var product = [UInt64](repeating: 0, count: a.words.count + b.words.count)
    for (i, x) in a.words.enumerated() {
      var carry: UInt128 = 0
      for (j, y) in b.words.enumerated() {
        carry += UInt128(x) * UInt128(y) + UInt128(product[i + j])
        product[i + j] = UInt64(truncatingIfNeeded: carry)
        carry >>= 64
      }
      product[i + b.words.count] = UInt64(carry)
    }
    return PlainNumber(words: product)
  }

  static func << (a: PlainNumber, count: Int) -> PlainNumber {
    let shifted = [UInt64](repeating: 0, count: count / 64) + a.words
    return PlainNumber(words: shifted) * PlainNumber(1 << UInt64(count % 64))
  }
}

/// A number below 2^256.
typealias Plain256 = SIMD4<UInt64>

extension SIMD4 where Scalar == UInt64 {
  /// From bytes, least significant first; no more than 32 count.
  init(bytes: some Collection<UInt8>) {
    self.init()
    for (index, byte) in bytes.prefix(32).enumerated() { self[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8)) }
  }
  init(hex: String) { self.init(bytes: hexBytes(hex).reversed()) }

  var bytes: [UInt8] { (0..<32).map { UInt8(truncatingIfNeeded: self[$0 / 8] >> UInt64(8 * ($0 % 8))) } }
  var isZero: Bool { self == SIMD4() }
  var isOdd: Bool { self[0] & 1 == 1 }
  func bit(_ index: Int) -> Bool { self[index / 64] >> UInt64(index % 64) & 1 == 1 }
  private var low: UInt128 { UInt128(self[1]) << 64 | UInt128(self[0]) }
  private var high: UInt128 { UInt128(self[3]) << 64 | UInt128(self[2]) }
  private init(low: UInt128, high: UInt128) {
    self.init(
      UInt64(truncatingIfNeeded: low), UInt64(truncatingIfNeeded: low >> 64), UInt64(truncatingIfNeeded: high),
      UInt64(truncatingIfNeeded: high >> 64))
  }

  func isBelow(_ other: Self) -> Bool { high == other.high ? low < other.low : high < other.high }

  func plus(_ other: Self) -> (sum: Self, carry: Bool) {
    let (low, carries) = self.low.addingReportingOverflow(other.low)
    let (first, one) = self.high.addingReportingOverflow(other.high)
    let (high, two) = first.addingReportingOverflow(carries ? 1 : 0)
    return (Self(low: low, high: high), one || two)
  }

  /// Modulo 2^256.
  func minus(_ other: Self) -> Self {
    let (low, borrows) = self.low.subtractingReportingOverflow(other.low)
    return Self(low: low, high: self.high &- other.high &- (borrows ? 1 : 0))
  }

  /// One row of the school method: a digit times a number, added to what stands there.
  @inline(__always)
  func row(_ digit: UInt64, onto sum: Self) -> (low: Self, top: UInt64) {
    var result = sum
    var carry: UInt128 = 0
    for index in 0..<4 {
      carry += UInt128(digit) * UInt128(self[index]) + UInt128(sum[index])
      result[index] = UInt64(truncatingIfNeeded: carry)
      carry >>= 64
    }
    return (result, UInt64(truncatingIfNeeded: carry))
  }

  func times(_ other: Self) -> SIMD8<UInt64> {
    let (a, top0) = row(other[0], onto: Self())
    let (b, top1) = row(other[1], onto: Self(a[1], a[2], a[3], top0))
    let (c, top2) = row(other[2], onto: Self(b[1], b[2], b[3], top1))
    let (d, top3) = row(other[3], onto: Self(c[1], c[2], c[3], top2))
    return SIMD8(a[0], b[0], c[0], d[0], d[1], d[2], d[3], top3)
  }
}

/// Arithmetic modulo a number of 253 to 256 bits.
struct PlainField {
  let modulus: Plain256
  /// 2^256 modulo it, when that is small enough to fold with.
  private let fold: Plain256?

  init(_ modulus: Plain256) {
    self.modulus = modulus
    // 2^256 - m, less m while that goes.
    var rest = Plain256().minus(modulus)
    while !rest.isBelow(modulus) { rest = rest.minus(modulus) }
    fold = rest[3] == 0 ? rest : nil
  }

  func reduced(_ number: Plain256) -> Plain256 {
    var result = number
    while !result.isBelow(modulus) { result = result.minus(modulus) }
    return result
  }

  func reduced(_ number: SIMD8<UInt64>) -> Plain256 {
    var number = number
    guard let fold else {
      // Bit by bit, as on paper.
      var rest = Plain256()
      for index in (0..<512).reversed() {
        rest = rest.plus(rest).sum
        if number[index / 64] >> UInt64(index % 64) & 1 == 1 { rest[0] |= 1 }
        if !rest.isBelow(modulus) { rest = rest.minus(modulus) }
      }
      return rest
    }
    if fold[1] | fold[2] == 0 {
      // One digit: a row is enough, and of what goes beyond it another.
      let (sum, top) = number.highHalf.row(fold[0], onto: number.lowHalf)
      let (result, more) = fold.row(top, onto: sum)
      return reduced(more == 0 ? result : result.plus(fold).sum)
    }
    while number.highHalf != Plain256() {
      let product = number.highHalf.times(fold)
      let (low, carry) = product.lowHalf.plus(number.lowHalf)
      let high = product.highHalf.plus(Plain256(carry ? 1 : 0, 0, 0, 0)).sum
      number = SIMD8(lowHalf: low, highHalf: high)
    }
    return reduced(number.lowHalf)
  }

  /// Of bytes of any number, least significant first.
  func reduced(bytes: [UInt8]) -> Plain256 {
    var rest = Plain256()
    var end = (bytes.count + 31) / 32 * 32
    while end > 0 {
      let part = bytes[(end - 32)..<min(end, bytes.count)]
      rest = reduced(SIMD8(lowHalf: Plain256(bytes: part), highHalf: rest))
      end -= 32
    }
    return rest
  }

  func add(_ a: Plain256, _ b: Plain256) -> Plain256 {
    let (sum, carry) = a.plus(b)
    return carry || !sum.isBelow(modulus) ? sum.minus(modulus) : sum
  }
  func subtract(_ a: Plain256, _ b: Plain256) -> Plain256 {
    a.isBelow(b) ? a.plus(modulus).sum.minus(b) : a.minus(b)
  }
  func multiply(_ a: Plain256, _ b: Plain256) -> Plain256 { reduced(a.times(b)) }

  func power(_ base: Plain256, _ exponent: Plain256) -> Plain256 {
    var result = Plain256(1, 0, 0, 0)
    for index in (0..<256).reversed() {
      result = multiply(result, result)
      if exponent.bit(index) { result = multiply(result, base) }
    }
    return result
  }
  /// 1 / a, and 0 for 0: the modulus is prime.
  func inverse(_ a: Plain256) -> Plain256 { power(a, modulus.minus(Plain256(2, 0, 0, 0))) }
}
