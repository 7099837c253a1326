// Checking jets while they work: the arm's own Nock runs beside the jet, and what they say is compared.
//
// A call that is checked becomes a routine, which makes a virtual run of the Nock and another of the jet. What it gives is
// what Nock gave, so that a wrong jet does no harm beyond being told of.

import StrataMemory
import StrataNoun

/// A jet that did not answer as its Nock.
public struct JetMismatch: Sendable, Equatable {
  /// What came of a call.
  public enum Answer: Sendable, Equatable {
    /// A product with this mug.
    case product(mug: UInt32)
    case crash
    case blocked
  }

  /// The path of the jet's core, the root included.
  public var path: String
  /// The mug of the core that was called, and of what lies at its axis 6.
  public var core: UInt32
  public var sample: UInt32
  public var nock: Answer
  public var jet: Answer
}

extension NockMachine {
  /// The number of the routine that checks a call: its subject is `[core jet]`.
  static let jetCheck = 2

  /// Whether this call is one of those to check; the call that a check itself makes is not.
  func isChecked() -> Bool {
    if switches.pointee.skipsCheck {
      switches.pointee.skipsCheck = false
      return false
    }
    switches.pointee.callsUnchecked &+= 1
    guard switches.pointee.callsUnchecked >= switches.pointee.checkInterval else { return false }
    switches.pointee.callsUnchecked = 0
    return true
  }

  /// The steps of a check. Register 0 of its own holds what came of the Nock.
  func stepCheck(_ activation: NativeActivation, _ phase: Int, _ product: Word) throws(Fault) -> NativeStep {
    let core = nursery.head(activation.subject)
    let number = Int(nursery.tail(activation.subject).raw)
    let arm = jets.jets[number].arm
    guard let formula = nursery.place(arm, in: core) else { throw .exit }
    switch phase {
    case 0:
      return .virtualCall(request: try virtualRequest(subject: core, formula: formula, gate: nil), phase: 1)
    case 1:
      activation[0] = product
      // [9 arm 0 1]
      let call = try nursery.cell(
        Word(direct: 9), nursery.cell(Word(direct: arm), nursery.cell(.zero, .one)))
      switches.pointee.skipsCheck = true
      return .virtualCall(request: try virtualRequest(subject: core, formula: call, gate: nil), phase: 2)
    default:
      switches.pointee.skipsCheck = false
      let expected = activation[0]
      let nock = try answer(expected)
      let jet = try answer(product)
      var isSame = nock == jet
      if isSame, case .product = nock { isSame = try nursery.equal(expected, product) }
      jetChecks &+= 1
      if !isSame {
        jetMismatchCount += 1
        if jetMismatches.count < 100 {
          let path = try jets.location(of: core).map { jets.locations[$0].path } ?? jets.jets[number].path
          jetMismatches.append(
            JetMismatch(
              path: path, core: try nursery.mug(core), sample: try nursery.mug(nursery.place(6, in: core) ?? .zero),
              nock: nock, jet: jet))
        }
      }
      if nursery.head(expected) == .zero { return .product(nursery.tail(expected)) }
      return .tailCall(subject: core, formula: formula)
    }
  }

  private func answer(_ outcome: Word) throws(Fault) -> JetMismatch.Answer {
    switch nursery.head(outcome) {
    case .zero: return .product(mug: try nursery.mug(nursery.tail(outcome)))
    case .one: return .blocked
    default: return .crash
    }
  }
}
