// The independent implementation that arithmetic is tested against: schoolbook arithmetic over 32-bit digits.
//
// Shares nothing with the modules under test, neither GMP nor digit size nor algorithms.

/// A natural of any size.
public struct Model: Equatable, Sendable {
  /// Least significant first, without leading zeros.
  public private(set) var digits: [UInt32]

  /// From digits, least significant first.
  public init(_ digits: [UInt32]) {
    self.digits = digits
    while let last = self.digits.last, last == 0 { self.digits.removeLast() }
  }

  /// From a machine word.
  public init(_ value: UInt64) { self.init([UInt32(truncatingIfNeeded: value), UInt32(value >> 32)]) }

  /// 0.
  public static let zero = Model([UInt32]())

  /// 2 to the power of `exponent`.
  public static func powerOfTwo(_ exponent: Int) -> Model {
    Model([UInt32](repeating: 0, count: exponent / 32) + [1 << UInt32(exponent % 32)])
  }

  /// Whether this is 0.
  public var isZero: Bool { digits.isEmpty }
  /// How many bits the value takes; none for 0.
  public var bitLength: Int { digits.isEmpty ? 0 : digits.count * 32 - digits[digits.count - 1].leadingZeroBitCount }
  /// The value, when it fits.
  public var small: UInt64? {
    digits.count > 2 ? nil : UInt64(digit(0)) | UInt64(digit(1)) << 32
  }

  /// Digit `index`, 0 beyond the last.
  public func digit(_ index: Int) -> UInt32 { index < digits.count ? digits[index] : 0 }
  /// Whether bit `index` is set.
  public func bit(_ index: Int) -> Bool { digit(index / 32) >> UInt32(index % 32) & 1 == 1 }

  /// -1, 0 or 1.
  public func compared(to other: Model) -> Int {
    if digits.count != other.digits.count { return digits.count < other.digits.count ? -1 : 1 }
    for index in digits.indices.reversed() where digits[index] != other.digits[index] {
      return digits[index] < other.digits[index] ? -1 : 1
    }
    return 0
  }

  /// The sum.
  public func plus(_ other: Model) -> Model {
    var result: [UInt32] = []
    var carry: UInt64 = 0
    for index in 0..<max(digits.count, other.digits.count) {
      carry += UInt64(digit(index)) + UInt64(other.digit(index))
      result.append(UInt32(truncatingIfNeeded: carry))
      carry >>= 32
    }
    result.append(UInt32(carry))
    return Model(result)
  }

  /// The difference; nil when it would be negative.
  public func minus(_ other: Model) -> Model? {
    if compared(to: other) < 0 { return nil }
    var result: [UInt32] = []
    var borrow: Int64 = 0
    for index in digits.indices {
      var difference = Int64(digits[index]) - Int64(other.digit(index)) - borrow
      borrow = difference < 0 ? 1 : 0
      if difference < 0 { difference += 1 << 32 }
      result.append(UInt32(difference))
    }
    return Model(result)
  }

  /// The product.
  public func times(_ other: Model) -> Model {
    if isZero || other.isZero { return .zero }
    var result = [UInt32](repeating: 0, count: digits.count + other.digits.count)
    for (place, factor) in digits.enumerated() {
      var carry: UInt64 = 0
      for index in other.digits.indices {
        carry += UInt64(factor) * UInt64(other.digits[index]) + UInt64(result[place + index])
        result[place + index] = UInt32(truncatingIfNeeded: carry)
        carry >>= 32
      }
      result[place + other.digits.count] = UInt32(carry)
    }
    return Model(result)
  }

  /// Long division with one estimated digit at a time (Knuth's algorithm D); nil for a zero divisor.
  public func divided(by other: Model) -> (quotient: Model, remainder: Model)? {
    if other.isZero { return nil }
    if compared(to: other) < 0 { return (.zero, self) }
    if other.digits.count == 1 {
      var quotient = digits
      var rest: UInt64 = 0
      for index in digits.indices.reversed() {
        rest = rest << 32 | UInt64(digits[index])
        quotient[index] = UInt32(rest / UInt64(other.digits[0]))
        rest %= UInt64(other.digits[0])
      }
      return (Model(quotient), Model(rest))
    }
    let shift = other.digits[other.digits.count - 1].leadingZeroBitCount
    let divisor = other.shifted(left: shift).digits
    var work = shifted(left: shift).digits
    while work.count <= digits.count { work.append(0) }
    let count = divisor.count
    var quotient = [UInt32](repeating: 0, count: work.count - count)
    let top = UInt64(divisor[count - 1])
    let next = UInt64(divisor[count - 2])
    for place in quotient.indices.reversed() {
      let head = UInt64(work[place + count]) << 32 | UInt64(work[place + count - 1])
      var guess = head / top
      var rest = head % top
      while guess >> 32 != 0 || guess * next > rest << 32 | UInt64(work[place + count - 2]) {
        guess -= 1
        rest += top
        if rest >> 32 != 0 { break }
      }
      var borrow: Int64 = 0
      var carry: UInt64 = 0
      for index in 0..<count {
        carry += guess * UInt64(divisor[index])
        let difference = Int64(work[place + index]) - Int64(carry & 0xFFFF_FFFF) - borrow
        carry >>= 32
        borrow = difference < 0 ? 1 : 0
        work[place + index] = UInt32(truncatingIfNeeded: difference)
      }
      let difference = Int64(work[place + count]) - Int64(carry) - borrow
      work[place + count] = UInt32(truncatingIfNeeded: difference)
      if difference < 0 {
        guess -= 1
        var sum: UInt64 = 0
        for index in 0..<count {
          sum += UInt64(work[place + index]) + UInt64(divisor[index])
          work[place + index] = UInt32(truncatingIfNeeded: sum)
          sum >>= 32
        }
        work[place + count] = work[place + count] &+ UInt32(sum)
      }
      quotient[place] = UInt32(guess)
    }
    return (Model(quotient), Model(work).shifted(right: shift))
  }

  /// Times 2 to the power of `amount`.
  public func shifted(left amount: Int) -> Model {
    var result = [UInt32](repeating: 0, count: amount / 32)
    var carry: UInt32 = 0
    let part = UInt32(amount % 32)
    for digit in digits {
      result.append(part == 0 ? digit : digit << part | carry)
      carry = part == 0 ? 0 : digit >> (32 - part)
    }
    result.append(carry)
    return Model(result)
  }

  /// Divided by 2 to the power of `amount`, rounded down.
  public func shifted(right amount: Int) -> Model {
    let whole = amount / 32
    let part = UInt32(amount % 32)
    if whole >= digits.count { return .zero }
    var result: [UInt32] = []
    for index in whole..<digits.count {
      let high = digit(index + 1)
      result.append(part == 0 ? digits[index] : digits[index] >> part | high << (32 - part))
    }
    return Model(result)
  }

  /// The value modulo 2^bits.
  public func low(bits: Int) -> Model {
    var result = Array(digits.prefix((bits + 31) / 32))
    if bits % 32 != 0, bits / 32 < result.count { result[bits / 32] &= (1 << UInt32(bits % 32)) - 1 }
    return Model(result)
  }

  /// The digits of both put together one by one.
  public func combined(_ other: Model, _ operation: (UInt32, UInt32) -> UInt32) -> Model {
    Model((0..<max(digits.count, other.digits.count)).map { operation(digit($0), other.digit($0)) })
  }

  /// The value to the power of `exponent`.
  public func power(_ exponent: Int) -> Model {
    var result = Model([1])
    for _ in 0..<exponent { result = result.times(self) }
    return result
  }

  /// The digits in `base`, most significant first; none for zero.
  public func digits(base: UInt32) -> [UInt8] {
    var result: [UInt8] = []
    var rest = digits
    while !rest.isEmpty {
      var carry: UInt64 = 0
      for index in rest.indices.reversed() {
        carry = carry << 32 | UInt64(rest[index])
        rest[index] = UInt32(carry / UInt64(base))
        carry %= UInt64(base)
      }
      result.append(UInt8(carry))
      while let last = rest.last, last == 0 { rest.removeLast() }
    }
    return result.reversed()
  }
}
