// Floating point in four precisions: the arms of the doors rh, rs, rd and rq, whose sample is the rounding mode.
//
// The arms follow IEEE 754 but for one thing: what is too large becomes infinity in every rounding mode, where the standard
// stops at the largest number when it rounds towards zero. Results of that size are therefore left to Nock.

import StrataFloat
import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `one/two/tri/rh` and the others, and what they are read and printed by.
  public static let floats = JetFamily(
    "floats", library: "StrataFloat, the processor",
    jets("rh", .half) + jets("rs", .single) + jets("rd", .double) + jets("rq", .quadruple) + decimals)

  private static func jets(_ door: String, _ format: FloatFormat) -> [Jet] {
    let path = "one/two/tri/\(door)/"
    return [
      Jet(path + "add") { (call) throws(Fault) in
        try rounded(call, format) { format.add($0, $1, $2) }
      },
      Jet(path + "sub") { (call) throws(Fault) in
        try rounded(call, format) { format.subtract($0, $1, $2) }
      },
      Jet(path + "mul") { (call) throws(Fault) in
        try rounded(call, format) { format.multiply($0, $1, $2) }
      },
      Jet(path + "div") { (call) throws(Fault) in
        try rounded(call, format) { format.divide($0, $1, $2) }
      },
      Jet(path + "sqt") { (call) throws(Fault) in
        guard let mode = mode(call), let a = number(call, 6, format) else { return nil }
        return try word(call, format.squareRoot(a, mode), format, mode)
      },
      Jet(path + "fma") { (call) throws(Fault) in
        guard let mode = mode(call), let a = number(call, 12, format), let b = number(call, 26, format),
          let c = number(call, 27, format)
        else { return nil }
        return try word(call, format.fusedMultiplyAdd(a, b, c, mode), format, mode)
      },
      Jet(path + "lth") { (call) throws(Fault) in compared(call, format) { format.isLess($0, $1) } },
      Jet(path + "lte") { (call) throws(Fault) in
        compared(call, format) { format.isLess($0, $1) || format.isEqual($0, $1) }
      },
      Jet(path + "equ") { (call) throws(Fault) in compared(call, format) { format.isEqual($0, $1) } },
      Jet(path + "gte") { (call) throws(Fault) in
        compared(call, format) { format.isLess($1, $0) || format.isEqual($0, $1) }
      },
      Jet(path + "gth") { (call) throws(Fault) in compared(call, format) { format.isLess($1, $0) } },
    ]
  }

  private static func rounded(
    _ call: JetCall, _ format: FloatFormat, _ operation: (UInt128, UInt128, RoundingMode) -> UInt128
  ) throws(Fault) -> Word? {
    guard let mode = mode(call), let a = number(call, 12, format), let b = number(call, 13, format) else { return nil }
    return try word(call, operation(a, b, mode), format, mode)
  }

  private static func compared(
    _ call: JetCall, _ format: FloatFormat, _ operation: (UInt128, UInt128) -> Bool
  ) -> Word? {
    guard let a = number(call, 12, format), let b = number(call, 13, format) else { return nil }
    return operation(a, b) ? .zero : .one
  }

  /// The door's rounding mode: %n, %u, %d or %z.
  private static func mode(_ call: JetCall) -> RoundingMode? {
    switch call.integer(at: 30) {
    case 0x6E: .nearest
    case 0x75: .up
    case 0x64: .down
    case 0x7A: .zero
    default: nil
    }
  }

  /// The pattern at an axis of the core, nil if it is wider than the format.
  private static func number(_ call: JetCall, _ axis: UInt64, _ format: FloatFormat) -> UInt128? {
    guard let atom = call.natural(at: axis), let limbs = try? call.nursery.limbs(atom, slot: 0),
      limbs.bitLength <= format.width
    else { return nil }
    let low = limbs.count > 0 ? UInt128(limbs[0]) : 0
    return limbs.count > 1 ? UInt128(limbs[1]) << 64 | low : low
  }

  /// The atom for a result, nil if it may stand for one that was too large.
  private static func word(
    _ call: JetCall, _ pattern: UInt128, _ format: FloatFormat, _ mode: RoundingMode
  ) throws(Fault) -> Word? {
    if mode != .nearest, format.isLargest(pattern) { return nil }
    if pattern <= UInt128(UInt64.max) { return try call.nursery.natural(UInt64(pattern)) }
    return try withUnsafeBytes(of: pattern.littleEndian) { (bytes) throws(Fault) in
      try call.nursery.natural(bytes: bytes)
    }
  }
}
