// `strata flat run|eval`, and what the other parts of the verb do with files in the Flat language.

import Glibc
import StrataFlat
import StrataMemory
import StrataProfile
import StrataText

/// Work on programs in the Flat language.
enum FlatSource {
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
    let bounds = try Bounds(invocation)
    return try bounds.timed { () throws(Failure) in try load(file, invocation.verb, bounds, console) }
  }

  private static func load(
    _ file: String, _ verb: String, _ bounds: Bounds, _ console: borrowing Console
  ) throws(Failure) -> FlatProgram {
    try accepted(
      FlatProgram.load(try read(file, verb), budget: bounds.compiling, loader: imported), subject: file, console)
  }

  /// The loader of imported files, whose names count from the folder of the file that imports them.
  static func imported(_ path: String, by importer: String) -> SourceText? {
    let folder = importer.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let name = path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    return try? read(name, "flat")
  }

  static func read(_ file: String, _ verb: String) throws(Failure) -> SourceText {
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
      program.isOverBudget ? .budget : .input, count == 1 ? "1 error" : "\(count) errors", subject: subject,
      excerpt: String(text.dropLast()))
  }

  /// The budgets of evaluations, and how somebody asks them to stop.
  struct Bounds {
    let limits: Limits
    let stop: StopSignal

    init(_ invocation: Invocation) throws(Failure) {
      limits = try Limits(invocation)
      stop = StopSignal()
    }

    /// For evaluations during compilation.
    var compiling: Budget { limits.budget(usual: FlatProgram.compileBudget, stop: stop) }
    /// For all others.
    var running: Budget { limits.budget(usual: Budget(), stop: stop) }

    func timed<Result>(_ work: () throws(Failure) -> Result) throws(Failure) -> Result {
      try limits.timed(stop, work)
    }
  }

  /// Computes every constant of a program and then its `main`; prints each value and what the program writes.
  static func run(_ file: String, _ invocation: Invocation, _ console: inout Console) throws(Failure) {
    let bounds = try Bounds(invocation)
    try bounds.timed { () throws(Failure) in try run(file, bounds, invocation, &console) }
  }

  private static func run(
    _ file: String, _ bounds: Bounds, _ invocation: Invocation, _ console: inout Console
  ) throws(Failure) {
    let program = try load(file, invocation.verb, bounds, console)
    write(program.compileOutput, &console)
    let machine = FlatMachine(module: program.module, budget: bounds.running)
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
    let bounds = try Bounds(invocation)
    try bounds.timed { () throws(Failure) in try evaluate(expression, bounds, &console) }
  }

  private static func evaluate(_ expression: String, _ bounds: Bounds, _ console: inout Console) throws(Failure) {
    var program = try accepted(
      FlatProgram.load(expression: expression, budget: bounds.compiling), subject: "expression", console)
    // A type is known as soon as the program is compiled; its name is what there is to print.
    if program.constants.isEmpty {
      program = FlatProgram.load(expression: "type_name(\(expression))", budget: bounds.compiling)
    }
    let machine = FlatMachine(module: program.module, budget: bounds.running)
    for constant in program.constants {
      let value = try evaluate(constant.function, constant, program, machine, &console)
      console.print(program.text(of: value, type: constant.type))
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

  static func write(_ bytes: [UInt8], _ console: inout Console) {
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
