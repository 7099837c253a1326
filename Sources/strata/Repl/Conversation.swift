// Reads entries, hands them to a session, and goes on whatever comes of them. On a terminal there is a prompt, a line editor and a
// history; anything else is read to its end, and the process then tells whether all went well.

import Glibc
import StrataMemory

/// The loop around a session.
struct Conversation {
  private let session: any Session
  private var showsCosts: Bool
  private var worst = ExitCode.fine
  private var isOver = false

  private static let commands = [
    SessionCommand("help", "", "list the commands"),
    SessionCommand("history", "", "list what was entered"),
    SessionCommand("time", "on|off", "tell what each entry took"),
    SessionCommand("quit", "", "leave; so does the end of the input"),
  ]

  init(_ session: any Session, showsCosts: Bool) {
    self.session = session
    self.showsCosts = showsCosts
  }

  /// Talks with a session over standard input until that ends. Throws when an entry failed that nobody saw fail on a terminal.
  static func hold(_ session: any Session, _ console: inout Console) throws(Failure) {
    var reader = EntryReader()
    var conversation = Conversation(session, showsCosts: reader.isInteractive)
    let code = try conversation.run(&reader, &console)
    if code != .fine {
      var failure = Failure(code, "an entry failed")
      failure.isReported = true
      throw failure
    }
  }

  /// Talks until the input ends. Returns the gravest way in which an entry ended.
  mutating func run(_ reader: inout EntryReader, _ console: inout Console) throws(Failure) -> ExitCode {
    if reader.isInteractive { console.print(session.greeting) }
    var entry = ""
    while !isOver {
      console.output.flush()
      let line: EntryReader.Line
      do {
        line = try reader.next(prompt: entry.isEmpty ? session.name + "> " : "... ")
      } catch {
        throw .system("cannot read", errno: error.errno, subject: "standard input")
      }
      switch line {
      case .text(let text):
        // An empty line ends an entry that will not become complete.
        let isForced = text.isEmpty && !entry.isEmpty
        entry += entry.isEmpty ? text : "\n" + text
        if Conversation.isBlank(entry) {
          entry = ""
        } else if isForced || Conversation.isCommand(entry) || session.isComplete(entry) {
          answer(entry, &reader, &console)
          entry = ""
        }
      case .cancelled:
        entry = ""
      case .end:
        if !Conversation.isBlank(entry) { answer(entry, &reader, &console) }
        isOver = true
      }
    }
    return reader.isInteractive ? .fine : worst
  }

  private static func isBlank(_ text: String) -> Bool { text.allSatisfy { $0.isWhitespace } }

  private static func isCommand(_ text: String) -> Bool {
    let start = text.drop { $0 == " " }
    // Two colons begin a comment.
    return start.first == ":" && start.dropFirst().first != ":"
  }

  private mutating func answer(_ entry: String, _ reader: inout EntryReader, _ console: inout Console) {
    reader.remember(entry)
    do {
      let costs: SessionCosts?
      if Conversation.isCommand(entry) {
        costs = try obey(entry, reader, &console)
      } else {
        costs = try session.evaluate(entry, &console)
      }
      if let costs, showsCosts {
        console.output.flush()
        console.message("  " + Conversation.text(costs) + "\n")
      }
    } catch {
      if worst.rawValue < error.code.rawValue { worst = error.code }
      if !error.isReported { console.report(error, verb: nil, json: false) }
    }
  }

  private mutating func obey(
    _ entry: String, _ reader: borrowing EntryReader, _ console: inout Console
  ) throws(Failure) -> SessionCosts? {
    let words = entry.drop { $0 == " " }.dropFirst().split(separator: " ", maxSplits: 1)
    let name = words.first.map { String($0) } ?? ""
    let argument = words.count > 1 ? String(words[1]) : ""
    let all = Conversation.commands + session.commands
    let fitting = all.filter { $0.name == name }.isEmpty ? all.filter { $0.name.hasPrefix(name) } : []
    guard let command = all.first(where: { $0.name == name }) ?? (fitting.count == 1 ? fitting[0] : nil) else {
      let near = Spelling.nearest(name, among: all.map(\.name)).map { "; did you mean ':\($0)'?" } ?? ""
      throw Failure(.usage, "no such command: ':\(name)'\(near)", advice: ":help")
    }
    switch command.name {
    case "help":
      let forms = all.map { ":\($0.name) \($0.argument)" }
      let width = forms.map(\.count).max() ?? 0
      for (command, form) in zip(all, forms) {
        console.print("  " + form + String(repeating: " ", count: width - form.count + 2) + command.summary)
      }
    case "history": for line in reader.history { console.print(line) }
    case "time": showsCosts = try showsCosts(argument)
    case "quit": isOver = true
    default: return try session.obey(command.name, argument, &console)
    }
    return nil
  }

  private func showsCosts(_ argument: String) throws(Failure) -> Bool {
    switch argument {
    case "on": return true
    case "off": return false
    default: throw Failure(.usage, ":time wants 'on' or 'off', not '\(argument)'")
    }
  }

  /// What an entry took, for people.
  static func text(_ costs: SessionCosts) -> String {
    let milliseconds = costs.processorNanoseconds / 1_000_000
    let fraction = String(costs.processorNanoseconds / 1000 % 1000)
    let zeros = String(repeating: "0", count: 3 - fraction.utf8.count)
    return "\(milliseconds).\(zeros)\(fraction) ms, \(costs.allocatedBytes) bytes allocated, \(costs.steps) steps"
  }
}
