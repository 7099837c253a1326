// How the verbs that run kernels let jets be checked against their own Nock.

import StrataNock

extension Option {
  static let checkJets = Option(
    "check-jets", value: "all|1/N", "run Nock beside every jet, or every Nth call of one, and tell where they differ")
}

extension Invocation {
  /// Each how manieth call of a jet `--check-jets` wants to be checked; nil without it.
  func jetCheckInterval() throws(Failure) -> UInt64? {
    guard let text = value(.checkJets) else { return nil }
    if text == "all" { return 1 }
    guard text.hasPrefix("1/"), let number = UInt64(text.dropFirst(2)), number > 0 else {
      throw .usage("--check-jets takes all or 1/N, not \(text)", verb: verb)
    }
    return number
  }
}

extension NockMachine {
  /// Sets the machine up as the invocation wants it: jets or none, and which calls of them to check.
  func configureJets(_ invocation: Invocation) throws(Failure) {
    configuration.usesJets = !invocation.has(.noJets)
    if let interval = try invocation.jetCheckInterval() { configuration.jetCheckInterval = interval }
    add(JetFamily.standard)
  }

  /// Tells what checking found, and fails if any jet was wrong.
  func reportJetChecks(_ invocation: Invocation, _ console: inout Console) throws(Failure) {
    guard invocation.has(.checkJets) else { return }
    for wrong in jetMismatches {
      console.message(
        "jet \(wrong.path): core \(mugText(wrong.core)), sample \(mugText(wrong.sample)): "
          + "Nock \(text(wrong.nock)), jet \(text(wrong.jet))\n")
    }
    guard jetMismatchCount == 0 else {
      throw Failure(.input, "\(jetMismatchCount) of \(jetChecks) checked calls of jets were wrong")
    }
    if !invocation.has(.json) { console.print("\(jetChecks) calls of jets checked") }
  }

  private func text(_ answer: JetMismatch.Answer) -> String {
    switch answer {
    case .product(let mug): "product \(mugText(mug))"
    case .crash: "crash"
    case .blocked: "blocked"
    }
  }
}

/// A mug in its eight hexadecimal digits.
func mugText(_ mug: UInt32) -> String {
  let digits = String(mug, radix: 16)
  return String(repeating: "0", count: 8 - digits.utf8.count) + digits
}
