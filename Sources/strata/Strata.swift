// The entry point of the `strata` command: finds the verb, reads its command line, runs it and turns its failure into
// a message and an exit code. Guarantees that the process ends with one of the codes of `ExitCode` and nothing else.

import Glibc

@main
struct Strata {
  static func main() {
    if let failure = AppendedMachine.runIfAny() {
      var console = Console()
      console.report(failure, verb: nil, json: false)
      exit(failure.code.rawValue)
    }
    Signals.install()
    var console = Console()
    let words = Array(CommandLine.arguments.dropFirst())
    var code = dispatch(words, &console)
    do {
      try console.output.finish()
    } catch {
      console.report(.system("cannot write", errno: error.errno, subject: "standard output"), verb: nil, json: false)
      code = .system
    }
    exit(code.rawValue)
  }

  /// Runs the command line and reports its failure, if any.
  static func dispatch(_ words: [String], _ console: inout Console) -> ExitCode {
    do {
      try run(words, &console)
      return .fine
    } catch {
      let verb = words.first.flatMap { $0.hasPrefix("-") ? nil : Command.verb(of: words) }
      if !error.isReported { console.report(error, verb: verb, json: words.contains("--json")) }
      return error.code
    }
  }

  private static func run(_ words: [String], _ console: inout Console) throws(Failure) {
    guard let first = words.first else {
      throw Failure(.usage, "no verb given", advice: "strata --help")
    }
    var help: Help { Help(commands: Command.all) }
    switch first {
    case "--help", "-h":
      console.output.write(help.overview)
    case "help" where words.count == 1:
      console.output.write(help.overview)
    case "--version", "-V":
      console.print("strata \(Version.number)")
    case "help":
      let rest = Array(words.dropFirst())
      if let group = Command.group(of: rest) { return console.output.write(help.overview(of: group)) }
      console.output.write(help.text(for: try command(named: Command.verb(of: rest))))
    default:
      if let group = Command.group(of: words) {
        if group == words.joined(separator: " ") {
          throw Failure(.usage, "\(group) wants a verb of its own", advice: "strata \(group) --help")
        }
        return console.output.write(help.overview(of: group))
      }
      let verb = Command.verb(of: words)
      let command = try command(named: verb)
      let invocation = try Invocation(command, words: Array(words.dropFirst(verb.split(separator: " ").count)))
      if invocation.has(.help) {
        console.output.write(help.text(for: command))
      } else {
        try command.run(invocation, &console)
      }
    }
  }

  private static func command(named verb: String) throws(Failure) -> Command {
    if let known = Command.table.first(where: { $0.verb == verb }) { return known.make() }
    let near = Spelling.nearest(verb, among: Command.table.map { $0.verb }).map { "; did you mean '\($0)'?" } ?? ""
    let kind = verb.hasPrefix("-") ? "option" : "verb"
    throw .usage("no such \(kind): '\(verb)'\(near)")
  }
}
