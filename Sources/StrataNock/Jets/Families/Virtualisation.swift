// Nock that runs Nock: `mink`, and `mole` and `mule`, which save running the trap a second time.

import StrataMemory
import StrataNoun

extension JetFamily {
  /// `mink`, `mole`, `mule`.
  public static let virtualisation = JetFamily(
    "virtualisation",
    [
      Jet("one/two/tri/qua/mink", routine: mink),
      Jet("one/two/tri/qua/mole", kelvins: 137...140, routine: catching("mure")),
      Jet("one/two/tri/qua/mule", kelvins: 137...140, routine: catching("mute")),
      Jet("one/two/tri/qua/vi/mole", kelvins: 135...136, routine: catching("mure")),
      Jet("one/two/tri/qua/vi/mule", kelvins: 135...136, routine: catching("mute")),
    ])

  /// The sample is `[[subject formula] gate]`.
  private static let mink = NativeRoutine(registerCount: 3) { (activation, phase, product) throws(Fault) in
    if phase == 1 { return .product(product) }
    let nursery = activation.nursery
    let sample = activation.sample
    guard sample.isCell, nursery.head(sample).isCell else { return activation.punt }
    let request = try activation.machine.virtualRequest(
      subject: nursery.head(nursery.head(sample)), formula: nursery.tail(nursery.head(sample)),
      gate: nursery.tail(sample))
    return .virtualCall(request: request, phase: 1)
  }

  /// Asks the library's own untyped arm for what comes of the trap, and does not kick it again: `mure` gives a unit, `mute`
  /// `[0 product]` or `[1 tang]`.
  private static func catching(_ arm: String) -> NativeRoutine {
    NativeRoutine(registerCount: 3) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      switch phase {
      case 0:
        guard let parent = nursery.place(7, in: activation.subject),
          let axis = try activation.machine.jets.hook(arm, of: parent), let formula = nursery.place(axis, in: parent)
        else { return activation.punt }
        return .call(subject: parent, formula: formula, phase: 1)
      case 1:
        return .slam(gate: product, sample: activation.sample, phase: 2)
      default:
        return .product(product)
      }
    }
  }
}
