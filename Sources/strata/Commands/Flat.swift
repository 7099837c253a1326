// `strata flat`: typed code over sandboxed storage. Recorded cases, modules in written form.

import StrataFlat
import StrataText

extension Command {
  /// The verb `flat`.
  static let flat = Command(
    verb: "flat",
    summary: "run and check Flat programs and modules, and compare them with recorded results",
    operands: "run|eval|check|ir|listing|cases|repl [FILE...]",
    operandCount: 1...10_000,
    details: """
      run      computes every constant of the program FILE, prints each, and then runs its `main`
      eval     computes the expression given instead of FILE and prints its value
      cases    runs every recorded case of each FILE on both evaluators; exit status 2 if any differs
      ir       prints the module of FILE in its written form
      listing  prints the code that the machine makes of the functions of FILE
      check    verifies the module of FILE
      repl     takes declarations and expressions, after those of FILE, and prints each value; as strata repl does for Nock

      A FILE that ends in .sx is a program in the Flat language and one that ends in .json a recorded program; any
      other is a module in its written form. Limits hold for each evaluation, also for those that compiling needs; --time
      holds for all of the work on a FILE, and for each entry of a conversation. Recorded cases have their own limits.
      """,
    options: Option.limits + [.profile, FlatSource.interval, FlatSource.function, evaluator, .json],
    examples: [
      Example("strata flat run program.sx", "print what a program computes"),
      Example("strata flat eval 'power(3, 4) + 1'", "print the value of an expression"),
      Example("strata flat cases recorded.json --json", "print one JSON object for each recorded case"),
      Example("strata flat run program.sx --profile run.svg", "see which functions take the steps"),
      Example("strata flat listing program.sx --function fib", "print the machine code of one function"),
      Example("strata flat ir recorded.json > module.flat", "write a recorded module as text"),
    ]
  ) { (invocation, console) throws(Failure) in
    let files = invocation.operands.dropFirst()
    let work = invocation.operands[0]
    if files.isEmpty, work != "repl" {
      throw .usage("'\(work)' wants \(work == "eval" ? "an expression" : "a FILE")", verb: invocation.verb)
    }
    switch work {
    case "repl":
      try Conversation.hold(try FlatConversation(Array(files), invocation, console), &console)
    case "listing": for file in files { try list(file, invocation, &console) }
    case "run": for file in files { try FlatSource.run(file, invocation, &console) }
    case "eval": for expression in files { try FlatSource.evaluate(expression, invocation, &console) }
    case "cases":
      var differing = 0
      for file in files { differing += try runCases(file, invocation, &console) }
      if differing > 0 { throw Failure(.input, "\(differing) cases differ from the record") }
    case "ir":
      for file in files {
        let shown =
          FlatSource.isSource(file)
          ? try FlatSource.load(file, invocation, console).module : try module(file, invocation.verb)
        console.print(ModulePrinter.print(shown))
      }
    case "check":
      var count = 0
      for file in files {
        let checked =
          FlatSource.isSource(file)
          ? try FlatSource.load(file, invocation, console).module : try module(file, invocation.verb)
        for issue in checked.verify() {
          console.print("\(file): \(issue)")
          count += 1
        }
      }
      if count > 0 { throw Failure(.input, "\(count) rules broken") }
    case let other: throw .usage("unknown kind of work '\(other)'", verb: invocation.verb)
    }
  }

  private static let evaluator = Option(
    "evaluator", value: "WHICH", choices: ["both", "reference", "fast"], "which evaluators take part (both)")

  private static func bytes(_ file: String, _ verb: String) throws(Failure) -> [UInt8] {
    let input = try Input(file, binary: false, verb: verb)
    return Array(input.bytes)
  }

  private static func name(_ file: String) -> String {
    let last = file.split(separator: "/").last.map(String.init) ?? file
    return last.hasSuffix(".json") ? String(last.dropLast(5)) : last
  }

  private static func module(_ file: String, _ verb: String) throws(Failure) -> Module {
    let bytes = try bytes(file, verb)
    if file.hasSuffix(".json") {
      do throws(RecordedProgram.ReadError) {
        return try RecordedProgram(bytes).module
      } catch {
        throw Failure(.input, error.description, subject: file)
      }
    }
    let source = SourceText(name: file, bytes: bytes)
    do throws(Diagnostic) {
      return try ModuleParser.parse(source)
    } catch {
      throw Failure(.input, error.message, subject: "\(file):\(source.location(at: error.range.lowerBound))")
    }
  }

  /// Prints the machine code of every function of a file that has a body, or of the one that is asked for.
  private static func list(_ file: String, _ invocation: Invocation, _ console: inout Console) throws(Failure) {
    let module =
      FlatSource.isSource(file)
      ? try FlatSource.load(file, invocation, console).module : try module(file, invocation.verb)
    let wanted = invocation.value(FlatSource.function)
    var count = 0
    for (number, function) in module.functions.enumerated() where function.hasBody {
      if let wanted, function.name != wanted { continue }
      do throws(EvaluationError) {
        console.print(try CodeListing.text(of: FunctionID(UInt32(truncatingIfNeeded: number)), in: module))
        count += 1
      } catch {
        throw Failure(.input, error.reason, subject: file)
      }
    }
    if let wanted, count == 0 { throw Failure(.input, "no function '\(wanted)' has a body", subject: file) }
  }

  /// Runs the cases of a file and returns how many differ.
  private static func runCases(_ file: String, _ invocation: Invocation, _ console: inout Console) throws(Failure)
    -> Int
  {
    let bytes = try bytes(file, invocation.verb)
    var differing = 0
    var lines: [String] = []
    let which: FlatCases.Evaluators
    switch invocation.value(evaluator) {
    case "reference": which = .reference
    case "fast": which = .fast
    default: which = .both
    }
    do throws(RecordedProgram.ReadError) {
      try FlatCases.run(bytes, file: name(file), evaluators: which) { outcome in
        if outcome.status == .differs { differing += 1 }
        if invocation.has(.json) {
          lines.append(outcome.json.written)
        } else {
          let remark = outcome.remark.map { " (\($0))" } ?? ""
          lines.append("\(outcome.name): \(outcome.status.rawValue), \(outcome.steps) steps\(remark)")
        }
      }
    } catch {
      throw Failure(.input, error.description, subject: file)
    }
    for line in lines { console.print(line) }
    return differing
  }
}
