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

/// A number below 2^256: four digits, least significant first.
struct Plain256: Equatable {
  private var digits: (UInt64, UInt64, UInt64, UInt64)

  init(_ first: UInt64 = 0, _ second: UInt64 = 0, _ third: UInt64 = 0, _ fourth: UInt64 = 0) {
    digits = (first, second, third, fourth)
  }

  /// From bytes, least significant first; no more than 32 count.
  init(bytes: some Collection<UInt8>) {
    self.init()
    for (index, byte) in bytes.prefix(32).enumerated() { self[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8)) }
  }
  init(hex: String) { self.init(bytes: hexBytes(hex).reversed()) }

  subscript(index: Int) -> UInt64 {
    @inline(__always) get {
      switch index {
      case 0: digits.0
      case 1: digits.1
      case 2: digits.2
      default: digits.3
      }
    }
    @inline(__always) set {
      switch index {
      case 0: digits.0 = newValue
      case 1: digits.1 = newValue
      case 2: digits.2 = newValue
      default: digits.3 = newValue
      }
    }
  }

  var bytes: [UInt8] { (0..<32).map { UInt8(truncatingIfNeeded: self[$0 / 8] >> UInt64(8 * ($0 % 8))) } }
  var isZero: Bool { self == Plain256() }
  var isOdd: Bool { self[0] & 1 == 1 }
  func bit(_ index: Int) -> Bool { self[index / 64] >> UInt64(index % 64) & 1 == 1 }
  /// One of its 64 digits of four bits.
  func nibble(_ index: Int) -> Int { Int(self[index / 16] >> UInt64(4 * (index % 16)) & 15) }

  /// One of its 32 bytes.
  func byte(_ index: Int) -> Int { Int(self[index / 8] >> UInt64(8 * (index % 8)) & 255) }

  static func == (a: Plain256, b: Plain256) -> Bool { a.digits == b.digits }

  @inline(__always)
  func isBelow(_ other: Plain256) -> Bool { minus(other).borrows }

  @inline(__always)
  func plus(_ other: Plain256) -> (sum: Plain256, carry: Bool) {
    var result = self
    var carry: UInt128 = 0
    for index in 0..<4 {
      carry += UInt128(self[index]) + UInt128(other[index])
      result[index] = UInt64(truncatingIfNeeded: carry)
      carry >>= 64
    }
    return (result, carry != 0)
  }

  /// Modulo 2^256.
  @inline(__always)
  func minus(_ other: Plain256) -> (difference: Plain256, borrows: Bool) {
    var result = self
    var borrows = false
    for index in 0..<4 {
      let (first, one) = self[index].subtractingReportingOverflow(other[index])
      let (digit, two) = first.subtractingReportingOverflow(borrows ? 1 : 0)
      result[index] = digit
      borrows = one || two
    }
    return (result, borrows)
  }

  /// One row of the school method: a digit times a number, added to what stands there.
  @inline(__always)
  func row(_ digit: UInt64, onto sum: Plain256) -> (low: Plain256, top: UInt64) {
    var result = sum
    var carry: UInt128 = 0
    for index in 0..<4 {
      carry += UInt128(digit) * UInt128(self[index]) + UInt128(sum[index])
      result[index] = UInt64(truncatingIfNeeded: carry)
      carry >>= 64
    }
    return (result, UInt64(truncatingIfNeeded: carry))
  }

  @inline(__always)
  func times(_ other: Plain256) -> Plain512 {
    let (a, top0) = row(other[0], onto: Plain256())
    let (b, top1) = row(other[1], onto: Plain256(a[1], a[2], a[3], top0))
    let (c, top2) = row(other[2], onto: Plain256(b[1], b[2], b[3], top1))
    let (d, top3) = row(other[3], onto: Plain256(c[1], c[2], c[3], top2))
    return Plain512(low: Plain256(a[0], b[0], c[0], d[0]), high: Plain256(d[1], d[2], d[3], top3))
  }
}

/// A number below 2^512.
struct Plain512 {
  var low: Plain256
  var high: Plain256

  func bit(_ index: Int) -> Bool { index < 256 ? low.bit(index) : high.bit(index - 256) }
}

/// Arithmetic modulo a number of 253 to 256 bits.
struct PlainField {
  let modulus: Plain256
  /// 2^256 modulo it, when that is small enough to fold with.
  private let fold: Plain256?

  init(_ modulus: Plain256) {
    self.modulus = modulus
    // 2^256 - m, less m while that goes.
    var rest = Plain256().minus(modulus).difference
    while !rest.isBelow(modulus) { rest = rest.minus(modulus).difference }
    fold = rest[3] == 0 ? rest : nil
  }

  @inline(__always)
  func reduced(_ number: Plain256) -> Plain256 {
    var result = number
    while true {
      let (difference, borrows) = result.minus(modulus)
      if borrows { return result }
      result = difference
    }
  }

  @inline(__always)
  func reduced(_ number: Plain512) -> Plain256 {
    guard let fold else { return reducedBitByBit(number) }
    if fold[1] | fold[2] == 0 {
      // One digit: a row is enough, and of what goes beyond it another.
      let (sum, top) = number.high.row(fold[0], onto: number.low)
      let (result, more) = fold.row(top, onto: sum)
      return reduced(more == 0 ? result : result.plus(fold).sum)
    }
    var number = number
    while !number.high.isZero {
      let product = number.high.times(fold)
      let (low, carry) = product.low.plus(number.low)
      number = Plain512(low: low, high: product.high.plus(Plain256(carry ? 1 : 0)).sum)
    }
    return reduced(number.low)
  }

  /// As on paper.
  private func reducedBitByBit(_ number: Plain512) -> Plain256 {
    var rest = Plain256()
    for index in (0..<512).reversed() {
      rest = rest.plus(rest).sum
      if number.bit(index) { rest[0] |= 1 }
      rest = reduced(rest)
    }
    return rest
  }

  /// Of bytes of any number, least significant first.
  func reduced(bytes: [UInt8]) -> Plain256 {
    var rest = Plain256()
    var end = (bytes.count + 31) / 32 * 32
    while end > 0 {
      let part = bytes[(end - 32)..<min(end, bytes.count)]
      rest = reduced(Plain512(low: Plain256(bytes: part), high: rest))
      end -= 32
    }
    return rest
  }

  func add(_ a: Plain256, _ b: Plain256) -> Plain256 {
    let (sum, carry) = a.plus(b)
    let (difference, borrows) = sum.minus(modulus)
    return carry || !borrows ? difference : sum
  }
  func subtract(_ a: Plain256, _ b: Plain256) -> Plain256 {
    let (difference, borrows) = a.minus(b)
    return borrows ? difference.plus(modulus).sum : difference
  }
  func multiply(_ a: Plain256, _ b: Plain256) -> Plain256 { reduced(a.times(b)) }

  func power(_ base: Plain256, _ exponent: Plain256) -> Plain256 {
    var powers = [Plain256(1)]
    for _ in 1..<16 { powers.append(multiply(powers[powers.count - 1], base)) }
    var result = powers[0]
    for index in (0..<64).reversed() {
      for _ in 0..<4 { result = multiply(result, result) }
      result = multiply(result, powers[exponent.nibble(index)])
    }
    return result
  }
  /// 1 / a, and 0 for 0: the modulus is prime.
  func inverse(_ a: Plain256) -> Plain256 { power(a, modulus.minus(Plain256(2)).difference) }
}
