// What signals do to the command: a closed pipe is an ordinary end of output, and an interruption ends the process
// with the exit code that says so. Guarantees that neither prints a crash report.

import Glibc

/// Signal dispositions of the process.
enum Signals {
  /// Installs the dispositions. Called once, before any verb runs.
  static func install() {
    // A reader that has seen enough closes its end; the writer then sees `EPIPE` instead of dying.
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      let previous = signal(number, interrupted)
      // A shell that started the process in the background has interruptions ignored on purpose; leave that so.
      if unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
    }
  }
}

/// Ends the process at once; calls only what a signal handler may call.
private func interrupted(_ number: Int32) {
  let text: StaticString = "strata: interrupted\n"
  _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  _exit(ExitCode.budget.rawValue)
}
