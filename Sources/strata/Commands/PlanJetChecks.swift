// How the verbs that run PLAN let laws be checked against the operations that carry them out.

import StrataPlan

extension Option {
  static let checkLaws = Option(
    "check-jets", value: "all|1/N",
    "run a law's own body beside the operation of its name, or beside every Nth such call, and tell where they differ")
}

extension PlanMachine {
  /// Tells on standard error what checking has found, if the machine checks.
  func tellJetChecks(_ console: inout Console) {
    guard jetCheckInterval != nil else { return }
    // What was printed comes first, also where both go to one place.
    console.output.flush()
    for wrong in jetMismatches {
      console.message(
        "jet \(wrong.name), arity \(wrong.arity), on \(wrong.arguments.joined(separator: ", ")): "
          + "the law gives \(wrong.law), the operation \(wrong.operation)\n")
    }
    if jetMismatchCount > jetMismatches.count {
      console.message("and \(jetMismatchCount - jetMismatches.count) more\n")
    }
    let undecided = undecidedJetChecks == 0 ? "" : ", \(undecidedJetChecks) more left undecided"
    console.message("\(jetChecks) calls of jets checked\(undecided)\n")
  }

  /// Tells what checking has found, and fails if any law was wrong.
  func reportJetChecks(_ console: inout Console) throws(Failure) {
    tellJetChecks(&console)
    guard jetMismatchCount == 0 else {
      throw Failure(.input, "\(jetMismatchCount) of \(jetChecks) checked calls of jets were wrong")
    }
  }
}
