// Every operation in every format and mode against MPFR, the formats that have hardware against it, and known patterns.

import StrataTestSupport
import Testing

@testable import StrataFloat

private let formats: [FloatFormat] = [.half, .single, .double, .quadruple]

extension FloatFormat {
  func apply(
    _ operation: Oracle.Operation, _ a: UInt128, _ b: UInt128, _ c: UInt128, _ mode: RoundingMode
  ) -> UInt128 {
    switch operation {
    case .add: add(a, b, mode)
    case .subtract: subtract(a, b, mode)
    case .multiply: multiply(a, b, mode)
    case .divide: divide(a, b, mode)
    case .squareRoot: squareRoot(a, mode)
    case .fusedMultiplyAdd: fusedMultiplyAdd(a, b, c, mode)
    }
  }

  func applySoftly(
    _ operation: Oracle.Operation, _ a: UInt128, _ b: UInt128, _ c: UInt128, _ mode: RoundingMode
  ) -> UInt128 {
    switch operation {
    case .add: softAdd(a, b, mode)
    case .subtract: softAdd(a, b ^ signBit, mode)
    case .multiply: softMultiply(a, b, mode)
    case .divide: softDivide(a, b, mode)
    case .squareRoot: softSquareRoot(a, mode)
    case .fusedMultiplyAdd: softFusedMultiplyAdd(a, b, c, mode)
    }
  }
}

/// Patterns in which what matters is frequent: exponents near each other and at both ends, fractions of few bits, of
/// runs of ones and of zeros, and the special values.
struct Patterns {
  let format: FloatFormat
  var generator: Random

  mutating func next(near other: UInt128? = nil) -> UInt128 {
    let choice = generator.next() % 16
    let width = UInt128(format.fractionBits)
    let sign = UInt128(generator.next() & 1) << UInt128(format.width - 1)
    if choice == 0 {
      let specials = [
        0, 1, format.fractionMask, 1 << width, format.infinity(), format.notANumber, format.infinity() | 1,
        format.infinity() - 1, UInt128(format.bias) << width,
      ]
      return specials[Int(generator.next() % UInt64(specials.count))] | sign
    }
    var exponent = Int(generator.next() % UInt64(format.specialExponent))
    if choice < 4 { exponent = Int(generator.next() % UInt64(min(format.specialExponent, format.fractionBits + 4))) }
    if choice == 4 { exponent = format.specialExponent - 1 - Int(generator.next() % 3) }
    if choice >= 8 {
      // Near another number, or near one, by up to three widths.
      let base = other.map { Int($0 >> width) & format.specialExponent } ?? format.bias
      let span = UInt64(3 * format.fractionBits)
      exponent = base + Int(generator.next() % span) - Int(span / 2)
      exponent = max(0, min(format.specialExponent - 1, exponent))
    }
    var fraction = (UInt128(generator.next()) << 64 | UInt128(generator.next())) & format.fractionMask
    switch generator.next() % 6 {
    case 0: fraction = 1 << UInt128(generator.next() % UInt64(width)) & format.fractionMask
    case 1: fraction = format.fractionMask &- (1 << UInt128(generator.next() % UInt64(width)))
    case 2: fraction &= ~0 << UInt128(generator.next() % UInt64(width)) & format.fractionMask
    case 3: fraction = format.fractionMask >> UInt128(generator.next() % UInt64(width))
    case 4: fraction = other.map { $0 & format.fractionMask } ?? fraction
    default: break
    }
    return UInt128(exponent) << width | fraction | sign
  }
}

struct FloatArithmeticTests {
  @Test(arguments: formats, Oracle.Operation.allCases)
  func agreesWithMPFR(format: FloatFormat, operation: Oracle.Operation) {
    let seed: UInt64 = 0x5741_7461 &+ UInt64(format.width)
    var patterns = Patterns(format: format, generator: Random(seed: seed))
    let oracle = Oracle(format)
    var failures = 0
    for _ in 0..<(isDebug ? 1_500 : 50_000) * testScale where failures < 5 {
      let a = patterns.next()
      let b = patterns.next(near: a)
      var c = patterns.next(near: b)
      if operation == .fusedMultiplyAdd, patterns.generator.next() % 2 == 0 {
        // Cancellation: the addend is the rounded product with its sign turned, or next to it.
        c = format.multiply(a, b, .zero) ^ format.signBit
        if !format.isNaN(c), patterns.generator.next() % 2 == 0 { c ^= 1 }
      }
      for mode in RoundingMode.allCases {
        let expected = oracle.result(operation, a, b, c, mode)
        let found = format.apply(operation, a, b, c, mode)
        let soft = format.applySoftly(operation, a, b, c, mode)
        if found != expected || soft != expected {
          failures += 1
          Issue.record(
            """
            \(operation) \(mode) in \(format.width) bits of \(String(a, radix: 16)) \(String(b, radix: 16)) \
            \(String(c, radix: 16)): \(String(found, radix: 16)), without hardware \(String(soft, radix: 16)), MPFR says \
            \(String(expected, radix: 16)), seed \(seed)
            """)
        }
      }
    }
  }

  @Test func everyHalfHasTheRootThatMPFRGives() {
    let oracle = Oracle(.half)
    for bits in UInt128(0)..<(1 << 16) {
      for mode in RoundingMode.allCases {
        let expected = oracle.result(.squareRoot, bits, 0, 0, mode)
        guard FloatFormat.half.squareRoot(bits, mode) == expected else {
          Issue.record("root of \(String(bits, radix: 16)) \(mode)")
          return
        }
      }
    }
  }

  /// Patterns that can be worked out by hand or are printed in every table of constants.
  @Test func knownPatterns() {
    let half = FloatFormat.half
    let single = FloatFormat.single
    let double = FloatFormat.double
    let quadruple = FloatFormat.quadruple
    // 1 + 2^-11 is a tie in half precision.
    #expect(half.add(0x3C00, 0x1000) == 0x3C00)
    #expect(half.add(0x3C00, 0x1000, .up) == 0x3C01)
    #expect(half.add(0x3C01, 0x1000) == 0x3C02)
    #expect(half.add(0xBC00, 0x9000, .down) == 0xBC01)
    #expect(half.multiply(0x7BFF, 0x4000) == 0x7C00)
    #expect(half.multiply(0x7BFF, 0x4000, .zero) == 0x7BFF)
    #expect(half.multiply(0xFBFF, 0x4000, .up) == 0xFBFF)
    #expect(half.multiply(0x0001, 0x3800) == 0)
    #expect(half.multiply(0x0001, 0x3800, .up) == 1)
    #expect(single.divide(0x3F80_0000, 0x4040_0000) == 0x3EAA_AAAB)
    #expect(single.divide(0x3F80_0000, 0x4040_0000, .zero) == 0x3EAA_AAAA)
    #expect(single.divide(0x3F80_0000, 0) == 0x7F80_0000)
    #expect(single.divide(0, 0) == 0x7FC0_0000)
    #expect(double.add(0x3FB9_9999_9999_999A, 0x3FC9_9999_9999_999A) == 0x3FD3_3333_3333_3334)
    #expect(double.squareRoot(0x4000_0000_0000_0000) == 0x3FF6_A09E_667F_3BCD)
    #expect(double.squareRoot(0xBFF0_0000_0000_0000) == 0x7FF8_0000_0000_0000)
    #expect(double.squareRoot(0x8000_0000_0000_0000) == 0x8000_0000_0000_0000)
    #expect(quadruple.squareRoot(0x4000 << 112) == 0x3FFF_6A09_E667_F3BC_C908_B2FB_1366_EA95)
    #expect(quadruple.divide(0x3FFF << 112, 0x4000_8 << 108) == 0x3FFD_5555_5555_5555_5555_5555_5555_5555)
    #expect(quadruple.subtract(0x3FFF << 112, 0x3FFF << 112) == 0)
    #expect(quadruple.subtract(0x3FFF << 112, 0x3FFF << 112, .down) == 1 << 127)
    #expect(quadruple.subtract(0x7FFF << 112, 0x7FFF << 112) == 0x7FFF_8 << 108)
    // (1 + 2^-52)^2 - (1 + 2^-51) = 2^-104 needs the fused operation.
    #expect(
      double.fusedMultiplyAdd(0x3FF0_0000_0000_0001, 0x3FF0_0000_0000_0001, 0xBFF0_0000_0000_0002)
        == 0x3970_0000_0000_0000)
  }

  @Test func comparisonsFollowTheHardware() {
    let seed: UInt64 = 0xC0
    for format in [FloatFormat.single, .double] {
      var patterns = Patterns(format: format, generator: Random(seed: seed))
      for _ in 0..<20_000 {
        let a = patterns.next()
        let b = patterns.next(near: a)
        let (less, equal) =
          format == .single
          ? (
            Float(bitPattern: UInt32(a)) < Float(bitPattern: UInt32(b)),
            Float(bitPattern: UInt32(a)) == Float(bitPattern: UInt32(b))
          )
          : (
            Double(bitPattern: UInt64(a)) < Double(bitPattern: UInt64(b)),
            Double(bitPattern: UInt64(a)) == Double(bitPattern: UInt64(b))
          )
        #expect(format.isLess(a, b) == less && format.isEqual(a, b) == equal, "\(a) \(b)")
      }
    }
  }

  @Test func comparisonsOfHalvesAreThoseOfTheirValues() {
    let format = FloatFormat.half
    func value(_ bits: UInt128) -> Double {
      let magnitude = Int(bits & 0x7FFF)
      if magnitude > 0x7C00 { return .nan }
      let exponent = magnitude >> 10
      var result = exponent == 0 ? Double(magnitude) : Double(1024 + magnitude & 0x3FF | 1024)
      if magnitude == 0x7C00 { result = .infinity } else if exponent > 0 { for _ in 1..<exponent { result *= 2 } }
      return bits >> 15 == 1 ? -result : result
    }
    var generator = Random(seed: 7)
    for _ in 0..<20_000 {
      let a = UInt128(generator.next() & 0xFFFF)
      let b = UInt128(generator.next() & 0xFFFF)
      #expect(format.isLess(a, b) == (value(a) < value(b)), "\(a) \(b)")
      #expect(format.isEqual(a, b) == (value(a) == value(b)), "\(a) \(b)")
    }
  }
}
