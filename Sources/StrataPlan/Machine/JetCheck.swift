// Checking jets while they work: a law that is carried out by an operation of its name and arity has its own body run
// beside the operation, and what they say is compared. The types here say what was found; `Engine+Checks.swift` does it.

import StrataMemory

/// A law whose own body did not answer as the operation that carries it out.
public struct PlanJetMismatch: Sendable, Equatable {
  /// What came of a call.
  public enum Answer: Sendable, Equatable {
    /// A value in printed form, cut when long.
    case value(String)
    /// Something that neither of the two needed: an argument by its number, or a part of one in printed form.
    case unevaluated(String)
    case crash(PlanCrash)
    /// What was thrown, in printed form.
    case threw(String)
    case loop
    /// An effect was asked for.
    case effect(PlanEffect)
    /// Something was needed that the operation does not evaluate.
    case needs(String)
  }

  /// The law's name in printed form, and its arity.
  public var name: String
  public var arity: Int
  /// The arguments in printed form, each cut when long.
  public var arguments: [String]
  /// What the law's own body gave, and what the operation gave.
  public var law: Answer
  public var operation: Answer
}

extension PlanJetMismatch.Answer: CustomStringConvertible {
  public var description: String {
    switch self {
    case .value(let text): text
    case .unevaluated(let text): "\(text), unevaluated"
    case .crash(let crash): "a crash (\(crash.explanation))"
    case .threw(let text): "a throw of \(text)"
    case .loop: "<<loop>>"
    case .effect(let effect): "the effect \(effect.name)"
    case .needs(let text): "nothing without \(text), which the operation does not evaluate"
    }
  }
}

/// What checking has found so far, and what the check under way has to put back.
struct JetChecks {
  /// What came of one of the two runs of a check.
  enum Outcome: Equatable {
    /// What lies in the slot that the run gives its result to: a value, or something from outside that it left unevaluated.
    case word
    case crash(PlanCrash)
    case threw
    case loop
    case effect(PlanEffect)
    /// It needed a thunk of the program's, at this offset.
    case needs(Int)
    /// It took more than a check may take.
    case undecided
  }

  /// How many mismatches are kept.
  static let mostKept = 100

  var checked = 0
  var undecided = 0
  var mismatchCount = 0
  var mismatches: [PlanJetMismatch] = []
  /// Calls since the last one that was checked.
  var callsUnchecked: UInt64 = 0

  // The check under way. Frames are offsets from the loom's base.
  var outerFrame = 0
  var innerFrame = 0
  /// Where the outer frame goes on, counted from its code.
  var resume = 0
  var operation = Outcome.word
  var law = Outcome.word
  var handler = 0
  var grants = PlanGrants.none
  var recordsProfile = false
  var stepsLeft = -1
}

extension PlanMachine {
  /// How many calls have been compared, and how many of those that were looked at could not be: their law took more than a
  /// check may take, or answered with something that only evaluating more would tell apart.
  public var jetChecks: Int { checks.checked }
  public var undecidedJetChecks: Int { checks.undecided }
  /// How many of the compared calls differed; the first hundred of them.
  public var jetMismatchCount: Int { checks.mismatchCount }
  public var jetMismatches: [PlanJetMismatch] { checks.mismatches }

  /// Whether this call is one of those to check.
  func isCheckDue() -> Bool {
    guard let interval = jetCheckInterval else { return false }
    checks.callsUnchecked &+= 1
    guard checks.callsUnchecked >= interval else { return false }
    checks.callsUnchecked = 0
    return true
  }
}
