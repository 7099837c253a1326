// How a verb ends otherwise than well: one error type for the whole command line, and the exit codes that scripts
// rely on. Guarantees that every failure carries what went wrong, where, and what to do about it when that is known.

/// What the process's exit status says.
enum ExitCode: Int32 {
  /// All went well.
  case fine = 0
  /// The command line itself was wrong: nothing was attempted.
  case usage = 1
  /// The input or the program failed, and will fail in the same way each time.
  case input = 2
  /// A budget ran out or somebody interrupted.
  case budget = 3
  /// The system refused something: a file, a permission, memory, the disk.
  case system = 4
}

/// The reason why a verb stopped.
struct Failure: Error {
  let code: ExitCode
  /// What the failure is about: a file's name, an option. Printed before the message.
  let subject: String?
  /// What went wrong, in one line without a full stop.
  let message: String
  /// Lines that show the place in the input, printed as they are.
  let excerpt: String?
  /// What the reader may do next.
  let advice: String?
  /// Whether the verb has told of the failure itself, so that only the exit code is left to say.
  var isReported = false

  init(
    _ code: ExitCode, _ message: String, subject: String? = nil, excerpt: String? = nil, advice: String? = nil
  ) {
    self.code = code
    self.subject = subject
    self.message = message
    self.excerpt = excerpt
    self.advice = advice
  }

  /// A command line that cannot be obeyed; points to the help of the verb concerned.
  static func usage(_ message: String, verb: String? = nil) -> Failure {
    Failure(.usage, message, advice: verb.map { "strata \($0) --help" } ?? "strata --help")
  }

  /// A system call's refusal, from its `errno`.
  static func system(_ action: String, errno code: Int32, subject: String?) -> Failure {
    Failure(.system, "\(action): \(Syscalls.describe(errno: code))", subject: subject)
  }
}
