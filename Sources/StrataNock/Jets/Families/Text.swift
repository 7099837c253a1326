// Text: cords and tapes.

import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `trip`, `last`, the syllables of `po`.
  public static let text = JetFamily(
    "text",
    [
      Jet("one/two/tri/qua/trip") { (call) throws(Fault) in
        let nursery = call.nursery
        let cord = try call.sample()
        guard cord.isNatural else { return nil }
        var result = ListBuilder(nursery)
        for byte in try nursery.bytes(of: cord) { try result.append(Word(direct: UInt64(byte))) }
        return result.finish()
      },
      Jet("one/two/tri/qua/last") { (call) throws(Fault) in
        guard let (a, b) = try call.parts() else { return nil }
        return try call.nursery.later(a, b)
      },
      Jet("one/two/tri/qua/po/tos") { (call) throws(Fault) in try syllable(call, table: 60) },
      Jet("one/two/tri/qua/po/tod") { (call) throws(Fault) in try syllable(call, table: 61) },
      Jet("one/two/tri/qua/po/ins") { (call) throws(Fault) in try number(call, table: 60) },
      Jet("one/two/tri/qua/po/ind") { (call) throws(Fault) in try number(call, table: 61) },
    ])

  /// The syllable of a number below 256.
  private static func syllable(_ call: JetCall, table axis: UInt64) throws(Fault) -> Word? {
    let number = try call.sample()
    guard number.isDirect, number.raw < 256, let table = call.place(axis), table.isNatural else { return nil }
    return try call.nursery.bits(of: table, from: Int(number.raw) * 24, count: 24)
  }

  /// The first number with this syllable, as a unit.
  private static func number(_ call: JetCall, table axis: UInt64) throws(Fault) -> Word? {
    let nursery = call.nursery
    let syllable = try call.sample()
    guard let table = call.place(axis), table.isNatural else { return nil }
    for number in 0..<256 where try nursery.bits(of: table, from: number * 24, count: 24) == syllable {
      return try nursery.unit(Word(direct: UInt64(number)))
    }
    return .zero
  }
}
