// Arithmetic on naturals and axes: the first layer of the standard library.
//
// A cell where a number should be is left to Nock: some of these arms give an answer all the same.

import StrataMemory
import StrataNatural

extension JetFamily {
  /// `one/add` to `one/peg`.
  public static let arithmetic = JetFamily(
    "arithmetic", library: "GMP (mpn)",
    [
      Jet("one/add") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.add(a, b)
      },
      Jet("one/dec") { (call) throws(Fault) in
        let atom = try call.sample()
        return atom.isNatural ? try call.nursery.decrement(atom) : nil
      },
      Jet("one/div") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.quotient(a, by: b)
      },
      Jet("one/dvr") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        let (quotient, remainder) = try call.nursery.divide(a, by: b)
        return try call.nursery.cell(quotient, remainder)
      },
      Jet("one/gte") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.isLess(a, b) ? .one : .zero
      },
      Jet("one/gth") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.isLess(b, a) ? .zero : .one
      },
      Jet("one/lte") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.isLess(b, a) ? .one : .zero
      },
      Jet("one/lth") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.isLess(a, b) ? .zero : .one
      },
      Jet("one/max") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.isLess(a, b) ? b : a
      },
      Jet("one/min") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.isLess(a, b) ? a : b
      },
      Jet("one/mod") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.remainder(a, by: b)
      },
      Jet("one/mul") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.multiply(a, b)
      },
      Jet("one/sub") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.subtract(a, b)
      },
      Jet("one/cap") { (call) throws(Fault) in try cap(call) },
      Jet("one/mas") { (call) throws(Fault) in try mas(call) },
      Jet("one/peg") { (call) throws(Fault) in try peg(call) },
    ])

  /// 2 or 3: whether an axis lies in the head or in the tail.
  private static func cap(_ call: JetCall) throws(Fault) -> Word? {
    let axis = try call.sample()
    guard axis.isNatural else { return nil }
    let length = try call.nursery.bitLength(axis)
    guard length >= 2 else { throw .exit }
    return try Word(direct: call.nursery.testBit(axis, at: Word(direct: UInt64(length - 2))) ? 3 : 2)
  }

  /// The axis below its first step.
  private static func mas(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    let axis = try call.sample()
    guard axis.isNatural else { return nil }
    let length = try nursery.bitLength(axis)
    guard length >= 2 else { throw .exit }
    let rest = try nursery.bits(of: axis, from: 0, count: length - 2)
    return try nursery.add(rest, nursery.shiftLeft(.one, by: Word(direct: UInt64(length - 2))))
  }

  /// The axis of the part at `b` of the part at `a`.
  private static func peg(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (a, b) = try call.atoms() else { return nil }
    guard a != .zero, b != .zero else { throw .exit }
    let steps = try nursery.bitLength(b) - 1
    if a.isDirect, b.isDirect, steps + 64 - a.raw.leadingZeroBitCount <= 63 {
      return Word(direct: a.raw << UInt64(steps) | b.raw & ((1 << UInt64(steps)) - 1))
    }
    let shifted = try nursery.shiftLeft(a, by: Word(direct: UInt64(steps)))
    return try nursery.add(shifted, nursery.bits(of: b, from: 0, count: steps))
  }
}
