// How the faults of the libraries become failures of the command: one translation for all verbs.

import StrataMemory
import StrataNoun

extension Failure {
  /// A machine's fault. Which exit code it gives depends on whether the program, a budget or the system is to blame.
  static func fault(_ fault: Fault, subject: String?) -> Failure {
    let code: ExitCode =
      switch fault {
      case .exit, .fail, .size: .input
      case .bytes, .depth, .steps, .time, .interrupted: .budget
      case .refused: .system
      }
    return Failure(code, fault.explanation, subject: subject)
  }

  /// Bytes that are not a jam.
  static func cue(_ error: CueError, subject: String?) -> Failure {
    if case .stopped(let stopped) = error.reason { return .fault(stopped, subject: subject) }
    return Failure(
      .input, "not a jam: \(error.explanation)", subject: subject,
      advice: "strata jam, if this is a noun's text")
  }
}
