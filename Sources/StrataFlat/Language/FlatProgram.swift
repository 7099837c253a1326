// The language as a library: text in, module and diagnostics out, and the values it computes.
//
// Guarantees: loading never traps, whatever the text; a program with errors has diagnostics and is never evaluated;
// everything evaluated has a budget.

import StrataText

/// A value that a program computes when it is run: a named `#run`, or one done for its effect.
public struct ProgramConstant: Sendable {
  /// Its name; empty for a `#run` without one.
  public let name: String
  /// The function without parameters that computes it.
  public let function: FunctionID
  /// The type it has.
  public let type: TypeID
  /// Where it is declared, as bytes of text number `source`.
  public let range: Range<Int>
  public let source: Int
}

/// A compiled program.
public final class FlatProgram {
  /// The program in intermediate form. Only meaningful when there are no errors.
  public let module: Module
  /// The texts that diagnostics and spans refer to, by number.
  public let sources: [SourceText]
  /// What is wrong, in the order of discovery.
  public let diagnostics: [Diagnostic]
  /// What the program computes, in the order of the text.
  public let constants: [ProgramConstant]
  /// `main`, if the program has one.
  public let main: FunctionID?
  /// What evaluations during compilation wrote to the standard output.
  public let compileOutput: [UInt8]
  /// Whether an evaluation during compilation was ended by its budget, which is then among what is wrong.
  public let isOverBudget: Bool

  /// Whether the program may be evaluated.
  public var isValid: Bool { !diagnostics.contains { $0.severity == .error } }

  private init(
    module: Module, sources: [SourceText], diagnostics: [Diagnostic], constants: [ProgramConstant],
    main: FunctionID?, compileOutput: [UInt8], isOverBudget: Bool
  ) {
    self.module = module
    self.sources = sources
    self.diagnostics = diagnostics
    self.constants = constants
    self.main = main
    self.compileOutput = compileOutput
    self.isOverBudget = isOverBudget
  }

  /// What each evaluation during compilation may use unless somebody says otherwise.
  public static let compileBudget = Budget(steps: 50_000_000, bytes: 1 << 28, depth: 10_000)

  /// Compiles a program. `loader` finds the files it imports; the standard library needs none. `budget` bounds each
  /// evaluation that compiling needs. Takes up to two megabytes of the caller's stack.
  public static func load(
    _ source: SourceText, target: Target = .pointers64,
    budget: Budget = compileBudget,
    loader: @escaping SourceLoader = { _, _ in nil }
  ) -> FlatProgram {
    let module = Module(target: target)
    let compiler = Compiler(module: module, budget: budget, loader: loader)
    let scope = compiler.load(source)
    let main = compiler.compileAll(root: scope)
    let constants = compiler.constants.map {
      ProgramConstant(
        name: $0.name, function: $0.function, type: $0.type, range: $0.span.range, source: Int($0.span.file))
    }
    return FlatProgram(
      module: module, sources: compiler.sources, diagnostics: compiler.diagnostics, constants: constants, main: main,
      compileOutput: compiler.output, isOverBudget: compiler.isOverBudget)
  }

  /// The diagnostics as text.
  public func renderDiagnostics(colour: Bool = false) -> String {
    DiagnosticRenderer(colour: colour).render(diagnostics, in: sources)
  }

  /// The failure of an evaluation as a diagnostic, with the calls that led to it.
  public func diagnostic(for error: EvaluationError, evaluating constant: ProgramConstant?) -> Diagnostic {
    var range = constant?.range ?? 0..<0
    var source = constant?.source ?? 0
    if let place = error.trace.first, Int(place.file) < sources.count, place.span != .none {
      (range, source) = (place.range, Int(place.file))
    }
    let notes = error.notes(sources.count, "called from", after: 1)
    let subject = constant.map { $0.name.isEmpty ? "'#run'" : "'\($0.name)'" } ?? "'main'"
    return Diagnostic("evaluating \(subject) failed: \(error.reason)", at: range, source: source, notes: notes)
  }
}

extension Compiler {
  /// Resolves and lowers everything that the program's own files declare; returns `main`.
  func compileAll(root: Scope) -> FunctionID? {
    for (scope, syntax) in loadedFiles where !isLibrary(scope) {
      for item in syntax.items { compile(item, in: scope) }
    }
    finish()
    guard let entity = root.own(names.main), case .known(let operand) = entity.meaning,
      case .function(let function) = operand.form, let instance = function.instances[""]
    else { return nil }
    if !instance.parameterTypes.isEmpty {
      report("'main' takes no parameters", entity.span)
    }
    return instance.number
  }

  private func isLibrary(_ scope: Scope) -> Bool {
    let name = sources[Int(scope.file)].name
    return name.hasPrefix("<modules/")
  }

  private func compile(_ item: FileSyntax.Item, in scope: Scope) {
    switch item {
    case .declaration(let declaration):
      guard let entity = scope.own(declaration.name.symbol), entity.declaration === declaration else { return }
      let meaning = resolve(entity, at: entity.span)
      compile(meaning, entity)
    case .variable(let statement):
      guard case .variable(let names, _, _) = statement.kind, let name = names.first,
        let entity = scope.own(name.symbol)
      else { return }
      _ = resolve(entity, at: entity.span)
    case .effect(let expression):
      guard case .run(let inner) = expression.kind else { return }
      runEffect(inner, in: scope, expression.span)
    case .importFile: break
    }
    completeOpenTypes()
  }

  private func compile(_ meaning: Entity.Meaning, _ entity: Entity) {
    switch meaning {
    case .known(let operand):
      switch operand.form {
      case .function(let function):
        if !function.isGeneric { _ = instance(of: function, [], at: entity.span) }
      case .type(let type): compileMembers(of: type)
      default: break
      }
    case .global(let global, let type, _):
      if let function = entity.runFunction {
        constants.append(
          PendingConstant(
            name: spelling(entity.name), function: function, global: global, type: type, span: entity.span))
      }
    case .unresolved, .resolving: break
    }
  }

  /// Checks the methods of a type even if nobody calls them.
  private func compileMembers(of type: TypeID) {
    guard let info = nominals[type], info.template == nil else { return }
    for entity in info.members.declared {
      if case .known(let operand) = resolve(entity, at: entity.span), case .function(let function) = operand.form,
        !function.isGeneric
      {
        _ = instance(of: function, [], at: entity.span)
      }
    }
  }

  private func runEffect(_ expression: Expression, in scope: Scope, _ span: Span) {
    let lowerer = Lowerer(compiler: self, scope: scope, wrapper: "__run_\(constants.count)")
    let operand = lowerer.lower(expression, expecting: nil)
    if operand.isInvalid { return }
    let type = lowerer.naturalType(of: operand)
    guard let value = lowerer.value(operand, as: type, expression.span) else { return }
    let function = lowerer.finishWrapper(returning: value, type, role: .runWrapper)
    constants.append(PendingConstant(name: "", function: function, global: nil, type: type, span: span))
  }

  /// Lowers what is still to be lowered.
  func finish() {
    repeat {
      completeOpenTypes()
      lowerPending()
      completeComparisons()
    } while !pending.isEmpty || !openComparisons.isEmpty || !openTypes.isEmpty
  }
}
