// What signals do to the command: a closed pipe is an ordinary end of output, and an interruption ends the process
// with the exit code that says so. Guarantees that neither prints a crash report.

import Glibc
import StrataMemory

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

  /// Runs `work` so that an interruption from the keyboard stops the machine behind `handle` instead of the process; a
  /// second one, while the machine has not stopped, still ends the process.
  static func stopping<Result>(_ handle: InterruptHandle, _ work: () -> Result) -> Result {
    target = handle
    isRaised = 0
    defer {
      target = nil
      // One that came too late is meant for this work, not for the next.
      handle.withdraw(.interrupted)
    }
    return work()
  }
}

/// The machine that an interruption stops. Changed only between runs, on the thread that runs.
nonisolated(unsafe) private var target: InterruptHandle?
nonisolated(unsafe) private var isRaised: sig_atomic_t = 0

/// Stops the running machine, or ends the process at once; calls only what a signal handler may call.
private func interrupted(_ number: Int32) {
  if number == SIGINT, isRaised == 0, let target {
    isRaised = 1
    target.raise(.interrupted)
    return
  }
  let text: StaticString = "strata: interrupted\n"
  _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  _exit(ExitCode.budget.rawValue)
}
