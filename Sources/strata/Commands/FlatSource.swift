// `strata flat run|eval`, and `check` and `ir` for files in the Flat language.

import StrataFlat
import StrataText

/// Work on programs in the Flat language.
enum FlatSource {
  /// The options that bound an evaluation.
  static let steps = Option("steps", value: "N", "the most instructions an evaluation may take")
  static let memory = Option("bytes", value: "N", "the most bytes of storage an evaluation may use")
  static let depth = Option("depth", value: "N", "the most calls that may be active at once")

  /// Whether a file holds the language rather than a module.
  static func isSource(_ file: String) -> Bool { file.hasSuffix(".sx") }

  /// The program in a file; a failure shows what is wrong with it.
  static func load(_ file: String, _ invocation: Invocation, _ console: borrowing Console) throws(Failure)
    -> FlatProgram
  {
    let program = FlatProgram.load(
      try read(file, invocation.verb),
      loader: { path, importer in
        let folder = importer.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let name = path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
        return try? read(name, "flat")
      })
    return try accepted(program, subject: file, console)
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
