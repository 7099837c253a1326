// Flat, line by line: an entry is one or more declarations, or an expression whose value is printed.

import StrataFlat
import StrataMemory
import StrataText

/// What was declared so far, and the limits of what comes.
final class FlatConversation: Session {
  private var session: FlatSession
  private let bounds: FlatSource.Bounds

  let name = "flat"
  let greeting =
    "An entry is declarations, which are remembered, or an expression. :help lists commands, Ctrl-D leaves."
  let commands = [
    SessionCommand("load", "FILE", "declare what a file declares"),
    SessionCommand("show", "", "print everything declared so far"),
  ]

  /// Knows what `files` declare.
  init(_ files: [String], _ invocation: Invocation, _ console: borrowing Console) throws(Failure) {
    bounds = try FlatSource.Bounds(invocation)
    session = FlatSession(
      budget: bounds.running, compileBudget: bounds.compiling, isColoured: console.errorIsColoured,
      loader: FlatSource.imported)
    for file in files { try include(file) }
  }

  private func include(_ file: String) throws(Failure) {
    let text = String(decoding: try FlatSource.read(file, "flat").bytes, as: UTF8.self)
    if case .failure(let message, _, let isBudget) = session.include(text) {
      throw Failure(isBudget ? .budget : .input, "errors", subject: file, excerpt: String(message.dropLast()))
    }
  }

  func isComplete(_ text: String) -> Bool { FlatSession.isComplete(text) }

  func evaluate(_ text: String, _ console: inout Console) throws(Failure) -> SessionCosts {
    let before = Clock.ofProcess()
    let reply = try bounds.timed { () throws(Failure) in
      Signals.stopping(bounds.stop.handle) { session.enter(text, isWhole: true) }
    }
    let costs = SessionCosts(
      processorNanoseconds: Clock.ofProcess() &- before, allocatedBytes: session.usedBytes, steps: session.steps)
    switch reply {
    case .unfinished: break
    case .declared(let names):
      if !names.isEmpty, console.outputIsTerminal { console.print(names.joined(separator: ", ")) }
    case .value(let value, let output):
      FlatSource.write(output, &console)
      if let value { console.print(value) }
    case .failure(let message, let output, let isBudget):
      FlatSource.write(output, &console)
      console.output.flush()
      console.message(message)
      var failure = Failure(isBudget ? .budget : .input, "the entry failed")
      failure.isReported = true
      throw failure
    }
    return costs
  }

  func obey(_ command: String, _ argument: String, _ console: inout Console) throws(Failure) -> SessionCosts? {
    switch command {
    case "load":
      if argument.isEmpty { throw Failure(.usage, ":load wants the name of a file") }
      try include(argument)
    case "show": console.output.write(session.text)
    default: break
    }
    return nil
  }
}
