// `strata flat run|eval`, and `check` and `ir` for files in the Flat language.

import Glibc
import StrataFlat
import StrataProfile
import StrataText

/// Work on programs in the Flat language.
enum FlatSource {
  /// The options that bound an evaluation.
  static let steps = Option("steps", value: "N", "the most instructions an evaluation may take")
  static let memory = Option("bytes", value: "N", "the most bytes of storage an evaluation may use")
  static let depth = Option("depth", value: "N", "the most calls that may be active at once")

  /// The option that says how closely a profile looks.
  static let interval = Option("every", value: "N", "with --profile, look at the active functions every N steps (1000)")
  /// The option that picks a function.
  static let function = Option("function", value: "NAME", "list only the functions of that name")

  /// Whether a file holds the language rather than a module.
  static func isSource(_ file: String) -> Bool { file.hasSuffix(".sx") }

  /// The program in a file; a failure shows what is wrong with it.
  static func load(_ file: String, _ invocation: Invocation, _ console: borrowing Console) throws(Failure)
    -> FlatProgram
  {
    let program = FlatProgram.load(
      try read(file, invocation.verb),
      loader: imported)
    return try accepted(program, subject: file, console)
  }

  /// The loader of imported files, whose names count from the folder of the file that imports them.
  private static func imported(_ path: String, by importer: String) -> SourceText? {
    let folder = importer.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let name = path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    return try? read(name, "flat")
  }

  private static func read(_ file: String, _ verb: String) throws(Failure) -> SourceText {
    let input = try Input(file, binary: false, verb: verb)
    return SourceText(name: file, bytes: Array(input.bytes))
  }

  /// Stops with the diagnostics of a program that has errors.
  private static func accepted(
    _ program: FlatProgram, subject: String, _ console: borrowing Console
  ) throws(Failure) -> FlatProgram {
    guard !program.isValid else { return program }
    let text = program.renderDiagnostics(colour: console.errorIsTerminal && Syscalls.environment("NO_COLOR") == nil)
    let count = program.diagnostics.count
    throw Failure(
      .input, count == 1 ? "1 error" : "\(count) errors", subject: subject, excerpt: String(text.dropLast()))
  }

  private static func budget(_ invocation: Invocation) throws(Failure) -> Budget {
    var budget = Budget()
    if let number = try invocation.number(steps, minimum: 1) { budget.steps = UInt64(number) }
    if let number = try invocation.number(memory, minimum: 1) { budget.bytes = UInt64(number) }
    if let number = try invocation.number(depth, minimum: 1) { budget.depth = UInt32(clamping: number) }
    return budget
  }

  /// Computes every constant of a program and then its `main`; prints each value and what the program writes.
  static func run(_ file: String, _ invocation: Invocation, _ console: inout Console) throws(Failure) {
    let program = try load(file, invocation, console)
    write(program.compileOutput, &console)
    let machine = FlatMachine(module: program.module, budget: try budget(invocation))
    let profiler = try FlatProfiler(invocation, title: file)
    profiler?.attach(to: machine)
    defer { machine.sampler = nil }
    for constant in program.constants {
      let value = try evaluate(constant.function, constant, program, machine, &console)
      if let raised = program.raisedError(in: value, type: constant.type) {
        let name = constant.name.isEmpty ? "#run" : constant.name
        console.print("\(name) raised error.\(raised)")
      } else if !constant.name.isEmpty {
        console.print("\(constant.name) = \(program.text(of: value, type: constant.type))")
      }
    }
    if let main = program.main { _ = try evaluate(main, nil, program, machine, &console) }
    try profiler?.write(&console)
  }

  /// Computes one expression and prints its value.
  static func evaluate(_ expression: String, _ invocation: Invocation, _ console: inout Console) throws(Failure) {
    var program = try accepted(FlatProgram.load(expression: expression), subject: "expression", console)
    // A type is known as soon as the program is compiled; its name is what there is to print.
    if program.constants.isEmpty { program = FlatProgram.load(expression: "type_name(\(expression))") }
    let machine = FlatMachine(module: program.module, budget: try budget(invocation))
    for constant in program.constants {
      let value = try evaluate(constant.function, constant, program, machine, &console)
      console.print(program.text(of: value, type: constant.type))
    }
  }

  /// Takes entries from standard input until it ends.
  static func converse(_ files: [String], _ invocation: Invocation, _ console: inout Console) throws(Failure) {
    var session = FlatSession(
      budget: try budget(invocation), isColoured: console.errorIsColoured, loader: imported)
    for file in files {
      let text = String(decoding: try read(file, invocation.verb).bytes, as: UTF8.self)
      if case .failure(let message, _, _) = session.include(text) {
        throw Failure(.input, "errors", subject: file, excerpt: String(message.dropLast()))
      }
    }
    var lines = LineReader(descriptor: STDIN_FILENO)
    let isTerminal = Syscalls.isTerminal(STDIN_FILENO)
    var entry = ""
    var failures = 0
    while true {
      if isTerminal {
        console.output.write(entry.isEmpty ? "flat> " : "  ... ")
        console.output.flush()
      }
      let line: String?
      do throws(SystemError) {
        line = try lines.next()
      } catch {
        throw .system("cannot read", errno: error.errno, subject: "standard input")
      }
      guard let line else { break }
      entry += entry.isEmpty ? line : "\n" + line
      if entry.allSatisfy(\.isWhitespace) {
        entry = ""
        continue
      }
      // An empty line ends an entry whatever is still open.
      switch session.enter(entry, isWhole: line.isEmpty) {
      case .unfinished: continue
      case .declared(let names): if isTerminal, !names.isEmpty { console.print(names.joined(separator: ", ")) }
      case .value(let text, let output):
        write(output, &console)
        if let text { console.print(text) }
      case .failure(let text, let output, _):
        write(output, &console)
        console.output.flush()
        console.message(text)
        failures += 1
      }
      console.output.flush()
      entry = ""
    }
    if isTerminal { console.print("") }
    if !entry.isEmpty { throw Failure(.input, "the last entry is not complete", subject: "standard input") }
    if failures > 0, !isTerminal {
      throw Failure(.input, failures == 1 ? "1 entry failed" : "\(failures) entries failed")
    }
  }

  private static func evaluate(
    _ function: FunctionID, _ constant: ProgramConstant?, _ program: FlatProgram, _ machine: FlatMachine,
    _ console: inout Console
  ) throws(Failure) -> FlatValue {
    do throws(EvaluationError) {
      let value = try machine.evaluate(function)
      write(machine.output, &console)
      return value
    } catch {
      write(machine.output, &console)
      let diagnostic = program.diagnostic(for: error, evaluating: constant)
      let excerpt = DiagnosticRenderer().render(diagnostic, in: program.sources)
      throw Failure(
        error.kind.isBudget ? .budget : .input, error.reason, subject: constant?.name ?? "main",
        excerpt: String(excerpt.dropLast()))
    }
  }

  private static func write(_ bytes: [UInt8], _ console: inout Console) {
    bytes.withUnsafeBytes { console.output.write($0) }
  }
}

/// Gathers which functions are active while a program runs. What it sees depends on the program's steps alone.
private final class FlatProfiler {
  private var profile: Profile
  private var names: [FunctionID: Profile.Name] = [:]
  private let path: String
  private let interval: UInt64

  /// Nil when the invocation asks for no profile.
  init?(_ invocation: Invocation, title: String) throws(Failure) {
    guard let path = try Watching.profilePath(invocation) else { return nil }
    self.path = path
    interval = UInt64(try invocation.number(FlatSource.interval, minimum: 1) ?? 1000)
    profile = Profile(title: title, unit: "steps")
  }

  func attach(to machine: FlatMachine) {
    let module = machine.module
    machine.sampler = StackSampler(every: interval) { [self] active, steps in
      let stack = active.map { number in
        if let known = names[number] { return known }
        let name = profile.name(module.function(number)?.name ?? "?")
        names[number] = name
        return name
      }
      profile.record(stack, weight: interval, at: steps)
    }
  }

  func write(_ console: inout Console) throws(Failure) { try Watching.write(profile, to: path, &console) }
}

/// Lines of a descriptor, read as they come.
private struct LineReader {
  private let descriptor: Int32
  private var pending: [UInt8] = []
  private var scanned = 0
  private var isAtEnd = false

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// The next line without its end, or nil after the last.
  mutating func next() throws(SystemError) -> String? {
    while true {
      if let end = pending[scanned...].firstIndex(of: 0x0A) {
        defer {
          pending.removeFirst(end + 1)
          scanned = 0
        }
        return String(decoding: pending[..<end], as: UTF8.self)
      }
      scanned = pending.count
      if isAtEnd {
        if pending.isEmpty { return nil }
        defer {
          pending.removeAll()
          scanned = 0
        }
        return String(decoding: pending, as: UTF8.self)
      }
      var chunk = [UInt8](repeating: 0, count: 4096)
      var count = 0
      var failure: SystemError?
      chunk.withUnsafeMutableBytes { buffer in
        do throws(SystemError) {
          count = try Syscalls.read(descriptor, into: buffer)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      if count == 0 { isAtEnd = true }
      pending += chunk[..<count]
    }
  }
}
