// What a machine offers to somebody who talks to it line by line. The loop around it (`Conversation`) knows nothing of any
// machine: another one joins by conforming to `Session` and by its name in the verb's table.

import StrataMemory

/// A `:` command.
struct SessionCommand: Sendable {
  /// What is typed after the colon.
  let name: String
  /// What may follow, as the help shows it.
  let argument: String
  /// One line that says what it does.
  let summary: String

  init(_ name: String, _ argument: String = "", _ summary: String) {
    self.name = name
    self.argument = argument
    self.summary = summary
  }
}

/// What an entry took.
struct SessionCosts: Sendable {
  var processorNanoseconds: UInt64 = 0
  var allocatedBytes = 0
  var steps: UInt64 = 0
}

/// A conversation's machine. What a failing entry had begun is undone; the next one finds all as it was before.
protocol Session: AnyObject {
  /// What the prompt shows.
  var name: String { get }
  /// A line for somebody who has just come.
  var greeting: String { get }
  /// The `:` commands beside those that all machines share.
  var commands: [SessionCommand] { get }
  /// Whether a text is all of an entry; if not, more lines are read.
  func isComplete(_ text: String) -> Bool
  /// Runs an entry and prints what came of it. An interruption from the keyboard ends the run, not the process.
  func evaluate(_ text: String, _ console: inout Console) throws(Failure) -> SessionCosts
  /// Obeys one of `commands`; nil when nothing was run.
  func obey(_ command: String, _ argument: String, _ console: inout Console) throws(Failure) -> SessionCosts?
}

extension Session {
  /// A switch's argument.
  static func isOn(_ argument: String, _ command: String) throws(Failure) -> Bool {
    switch argument {
    case "on": return true
    case "off": return false
    default: throw Failure(.usage, ":\(command) wants 'on' or 'off', not '\(argument)'")
    }
  }
}
