// Binary numbers of any precision: the arms of the core `cofl` that round one, and that find the shortest decimal which
// reads back as the same. The parsers and printers of all four float formats end in them.
//
// A number is a whole number times a power of two. The precision, the range of exponents and what becomes of numbers below it
// lie beside the core, as [[precision lowest width] direction mode]. What an arm would crash at, and numbers larger than
// any that a program is likely to mean, are left to Nock.

import StrataMemory
import StrataNatural

extension JetFamily {
  /// `one/two/tri/cofl`.
  static let decimals: [Jet] = [
    Jet("one/two/tri/cofl/lug") { (call) throws(Fault) in
      guard let rules = NumberRules(call), let sample = RoundingSample(call) else { return nil }
      return try rules.rounded(sample)
    },
    Jet("one/two/tri/cofl/drg") { (call) throws(Fault) in
      guard let rules = NumberRules(call), let number = BinaryNumber(call, exponent: 12, digits: 13),
        rules.precision <= NumberRules.largestPrintedPrecision,
        number.exponent.magnitude <= NumberRules.largestPrintedExponent
      else { return nil }
      return try rules.decimal(number)
    },
  ]
}

/// `digits` times two to the power of `exponent`.
private struct BinaryNumber {
  var exponent: Int
  var digits: Word

  init(_ exponent: Int, _ digits: Word) {
    self.exponent = exponent
    self.digits = digits
  }

  /// The number whose parts lie at axes of the core, nil for zero and where there is none that is small enough.
  init?(_ call: JetCall, exponent: UInt64, digits: UInt64) {
    guard let exponent = call.signed(at: exponent), let digits = call.natural(at: digits), digits != .zero else {
      return nil
    }
    self.init(exponent, digits)
  }
}

/// What is to be rounded, and how.
private struct RoundingSample {
  /// Which neighbour is taken, by the name of Hoon's library.
  enum Direction: UInt64 {
    case floor = 0x6C66  // %fl
    case ceiling = 0x6563  // %ce
    case smaller = 0x6D73  // %sm
    case larger = 0x676C  // %lg
    case nearestEven = 0x656E  // %ne
    case nearestAway = 0x616E  // %na
    case nearestZero = 0x746E  // %nt
  }

  let direction: Direction
  let number: BinaryNumber
  /// Whether the number is all there is; else something less than one of its last digit was cut off.
  let isExact: Bool

  init?(_ call: JetCall) {
    guard let name = call.natural(at: 12), name.isDirect, let direction = Direction(rawValue: name.raw),
      let number = BinaryNumber(call, exponent: 52, digits: 53), let flag = call.integer(at: 27), flag < 2
    else { return nil }
    self.direction = direction
    self.number = number
    isExact = flag == 0
  }
}

/// Which numbers there are.
private struct NumberRules {
  enum Mode: UInt64 {
    case denormal = 0x64  // %d
    case flushed = 0x66  // %f
    case unbounded = 0x69  // %i
  }

  static let largestPrecision = 1 << 16
  /// What is printed takes time by the square of these.
  static let largestPrintedPrecision = 1 << 10
  static let largestPrintedExponent = 20_000

  let nursery: Nursery
  let precision: Int
  let lowest: Int
  let highest: Int
  let mode: Mode

  init?(_ call: JetCall) {
    guard let precision = call.integer(at: 120), precision >= 2, precision <= NumberRules.largestPrecision,
      let lowest = call.signed(at: 242), let width = call.integer(at: 243), width < JetCall.signedLimit,
      let name = call.natural(at: 123), name.isDirect, let mode = Mode(rawValue: name.raw)
    else { return nil }
    nursery = call.nursery
    self.precision = precision
    self.lowest = lowest
    highest = lowest + width
    self.mode = mode
  }

  /// The noun of a number, of zero, or of what is too large.
  private func float(_ number: BinaryNumber) throws(Fault) -> Word {
    if number.digits == .zero {
      return try nursery.cell(Word(direct: 0x66), nursery.cell(.zero, nursery.cell(.zero, .zero)))
    }
    return try nursery.cell(Word(direct: 0x66), nursery.cell(.zero, pair(number.exponent, number.digits)))
  }

  private func pair(_ exponent: Int, _ digits: Word) throws(Fault) -> Word {
    // Whole numbers with a sign are doubled, and the negative ones lie between the others.
    let doubled = exponent < 0 ? exponent.magnitude * 2 - 1 : exponent.magnitude * 2
    return try nursery.cell(nursery.natural(UInt64(doubled)), digits)
  }

  /// With as many digits as the precision allows, or as there are down to the lowest exponent.
  private func expanded(_ number: BinaryNumber) throws(Fault) -> BinaryNumber {
    let missing = precision - (try nursery.bitLength(number.digits))
    guard missing > 0 else { return number }
    let shift = mode == .unbounded ? missing : min(missing, max(0, number.exponent - lowest))
    return BinaryNumber(number.exponent - shift, try nursery.shiftLeft(number.digits, by: Word(direct: UInt64(shift))))
  }

  /// How the lowest `count` bits of `digits` compare with half of two to the power of `count`: -1, 0 or 1.
  private func comparedWithHalf(_ digits: Word, _ count: Int) throws(Fault) -> Int {
    let length = try nursery.bitLength(digits)
    if length < count || count == 0 { return -1 }
    return try nursery.trailingZeros(digits) == count - 1 ? 0 : 1
  }

  /// The number that stands for a sample; nil where the arm would crash.
  func rounded(_ sample: RoundingSample) throws(Fault) -> Word? {
    let length = try nursery.bitLength(sample.number.digits)
    guard sample.isExact || length > precision else { return nil }
    let below = mode == .unbounded ? 0 : max(0, lowest - sample.number.exponent)
    let dropped = max(max(0, length - precision), below)
    let rest =
      dropped == 0 ? .zero : try nursery.bits(of: sample.number.digits, from: 0, count: min(dropped, length))
    var number = BinaryNumber(
      sample.number.exponent + dropped, try nursery.shiftRight(sample.number.digits, by: Word(direct: UInt64(dropped))))
    if number.digits == .zero {
      guard mode != .unbounded else { return nil }
      return try settled(BinaryNumber(lowest, risesFromZero(sample, rest, dropped) ? .one : .zero))
    }
    number = try expanded(number)
    let isWhole = rest == .zero && sample.isExact
    let half = try comparedWithHalf(rest, dropped)
    let rises: Bool
    switch sample.direction {
    case .floor: rises = false
    case .larger: rises = true
    case .ceiling: rises = !isWhole
    case .smaller:
      rises = false
      if isWhole { number = try predecessor(number) }
    case .nearestEven:
      let isEven = try nursery.bits(of: number.digits, from: 0, count: 1) == .zero
      rises = half > 0 || half == 0 && !(sample.isExact && isEven)
    case .nearestAway: rises = half >= 0
    case .nearestZero: rises = half > 0 || half == 0 && !sample.isExact
    }
    if rises { number.digits = try nursery.increment(number.digits) }
    if try nursery.bitLength(number.digits) == precision + 1 {
      number = BinaryNumber(number.exponent + 1, try nursery.shiftRight(number.digits, by: .one))
    }
    return try settled(number)
  }

  /// Whether what is less than the least number becomes that instead of zero.
  private func risesFromZero(_ sample: RoundingSample, _ rest: Word, _ dropped: Int) throws(Fault) -> Bool {
    switch sample.direction {
    case .floor, .smaller: return false
    case .ceiling, .larger: return true
    case .nearestEven, .nearestZero:
      let half = try comparedWithHalf(rest, dropped)
      return half > 0 || half == 0 && !sample.isExact
    case .nearestAway: return try comparedWithHalf(rest, dropped) >= 0
    }
  }

  /// The next number below.
  private func predecessor(_ number: BinaryNumber) throws(Fault) -> BinaryNumber {
    let less = BinaryNumber(number.exponent, try nursery.decrement(number.digits))
    if number.exponent == lowest, mode != .unbounded { return less }
    let finer = try nursery.decrement(nursery.shiftLeft(number.digits, by: .one))
    return try nursery.bitLength(finer) <= precision ? BinaryNumber(number.exponent - 1, finer) : less
  }

  /// The noun of a rounded number: infinity above the range, and zero for what is flushed.
  private func settled(_ number: BinaryNumber) throws(Fault) -> Word {
    if number.digits != .zero, mode != .unbounded, number.exponent > highest {
      return try nursery.cell(Word(direct: 0x69), .zero)
    }
    if mode == .flushed, try nursery.bitLength(number.digits) != precision {
      return try float(BinaryNumber(0, .zero))
    }
    return try float(number)
  }

  /// The shortest decimal that is nearer to the number than to any other, as `[exponent digits]`. All quantities are as in
  /// Steele and White's algorithm: the number is `value` / `scale`, and half of `gap` / `scale` below it, or half of twice as
  /// much above it where `isEdge`, the next numbers take over.
  func decimal(_ number: BinaryNumber) throws(Fault) -> Word {
    let ten = Word(direct: 10)
    let number = try expanded(number)
    let up = Word(direct: UInt64(max(0, number.exponent)))
    var value = try nursery.shiftLeft(number.digits, by: up)
    var gap = try nursery.shiftLeft(.one, by: up)
    var scale = try nursery.shiftLeft(.one, by: Word(direct: UInt64(max(0, -number.exponent))))
    let length = try nursery.bitLength(number.digits)
    let zeros = try nursery.trailingZeros(number.digits)
    // Below a power of two numbers lie twice as close.
    let isEdge =
      length == precision && zeros == precision - 1 && (number.exponent != lowest || mode == .unbounded)
    if isEdge {
      value = try nursery.shiftLeft(value, by: .one)
      scale = try nursery.shiftLeft(scale, by: .one)
    }
    func gapAbove() throws(Fault) -> Word { isEdge ? try nursery.shiftLeft(gap, by: .one) : gap }

    var exponent = 0
    let tenth = try nursery.quotient(nursery.add(scale, Word(direct: 9)), by: ten)
    var turns = try powersOfTen(from: value, to: tenth)
    var factor = try nursery.power(ten, Word(direct: UInt64(turns)))
    value = try nursery.multiply(value, factor)
    gap = try nursery.multiply(gap, factor)
    exponent -= turns
    while try nursery.isLess(value, tenth) {
      value = try nursery.multiply(value, ten)
      gap = try nursery.multiply(gap, ten)
      exponent -= 1
    }
    let reach = try nursery.add(nursery.shiftLeft(value, by: .one), gapAbove())
    turns = try powersOfTen(from: nursery.shiftLeft(scale, by: .one), to: reach)
    factor = try nursery.power(ten, Word(direct: UInt64(turns)))
    scale = try nursery.multiply(scale, factor)
    exponent += turns
    while try !nursery.isLess(reach, nursery.shiftLeft(scale, by: .one)) {
      scale = try nursery.multiply(scale, ten)
      exponent += 1
    }

    var digits = Word.zero
    while true {
      let (digit, rest) = try nursery.divide(nursery.multiply(value, ten), by: scale)
      value = rest
      gap = try nursery.multiply(gap, ten)
      exponent -= 1
      let twice = try nursery.shiftLeft(value, by: .one)
      let whole = try nursery.shiftLeft(scale, by: .one)
      let isLow = try nursery.isLess(twice, gap)
      let isHigh = try nursery.isLess(whole, nursery.add(twice, gapAbove()))
      digits = try nursery.multiply(digits, ten)
      if !isLow, !isHigh {
        digits = try nursery.add(digits, digit)
        continue
      }
      let isAboveHalf = try nursery.isLess(scale, twice)
      let rises = isHigh && (!isLow || isAboveHalf)
      return try pair(exponent, nursery.add(digits, rises ? nursery.increment(digit) : digit))
    }
  }

  /// By how many powers of ten `small` may be multiplied and surely stay below `large`.
  private func powersOfTen(from small: Word, to large: Word) throws(Fault) -> Int {
    let bits = try nursery.bitLength(large) - nursery.bitLength(small) - 1
    // A little less than the logarithm of two.
    return max(0, bits) * 30102 / 100_000
  }
}

extension JetCall {
  /// Signed numbers are looked at when they are smaller than this.
  fileprivate static let signedLimit = 1 << 40

  /// The signed number at an axis of the core, nil if none is there or it is large.
  fileprivate func signed(at axis: UInt64) -> Int? {
    guard let doubled = integer(at: axis), doubled >> 1 < JetCall.signedLimit else { return nil }
    return doubled & 1 == 0 ? doubled >> 1 : -(doubled >> 1) - 1
  }
}
