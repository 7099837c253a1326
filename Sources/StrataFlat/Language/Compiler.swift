// One compilation: its texts, its module, and everything that is known about its names.
//
// Guarantees: a name is resolved when it is first needed and only once; a function body is lowered at most once for
// each set of generic arguments; chains of declarations that need each other are followed to a fixed depth and then
// reported, so the host stack is bounded; diagnostics come in the order of discovery, which is fixed.

import StrataText

/// Reads a file for `#import`: the path as written and the name of the importing text, to a name and bytes.
public typealias SourceLoader = (_ path: String, _ importer: String) -> SourceText?

/// Something to be computed when the program is run: a `#run`, named or not.
struct PendingConstant {
  let name: String
  let function: FunctionID
  let global: GlobalID?
  let type: TypeID
  let span: Span
}

/// The state that all parts of one compilation share.
final class Compiler {
  let module: Module
  let symbols = SymbolTable()
  let universe: Scope
  let loader: SourceLoader
  var sources: [SourceText] = []
  var diagnostics: [Diagnostic] = []
  var nominals: [TypeID: NominalInfo] = [:]
  /// How many nominal types of each name exist.
  var nominalCounts: [String: UInt32] = [:]
  /// Functions that are referred to and not yet lowered, in the order of reference.
  var pending: [FunctionInstance] = []
  /// Lowered or not, by function number.
  var instances: [FunctionID: FunctionInstance] = [:]
  /// The values the program computes, in the order of the text.
  var constants: [PendingConstant] = []
  /// How far declarations, instances and evaluations are nested at the moment.
  var depth = 0
  /// Functions that compare two values of a type, made on demand.
  var comparisons: [TypeID: FunctionID] = [:]
  /// Comparisons that have no body yet.
  var openComparisons: [(FunctionID, TypeID)] = []
  /// Functions that give a plain function the form of a closure.
  var thunks: [FunctionID: FunctionID] = [:]
  let names: WellKnownNames
  /// Types whose members are still to be read.
  var openTypes: [(type: TypeID, syntax: Expression, level: Int)] = []
  /// How many times reading the members of a type was put off on the way to the type being read.
  var openLevel = 0
  /// How often that may happen for types made from templates, which could go on without end.
  static let openLevelLimit = 4
  /// Errors that are shown at most; more would only repeat.
  static let diagnosticLimit = 200
  /// How many instances of one generic function there may be.
  static let instanceLimit = 500
  /// How deep declarations may need each other.
  static let depthLimit = 100
  /// How deep expressions may stand in each other, in all declarations together that are compiled because of each other:
  /// what the stack must have room for.
  static let levelLimit = 500
  /// How many expressions and blocks may be compiled; each time that a text is repeated, or inserted, counts.
  static let workLimit = 2_000_000
  /// What inserting a text counts for, and each turn of an `inline for`.
  static let insertWork = 50
  static let turnWork = 10

  private var fileScopes: [String: Scope] = [:]
  private var queue: [(scope: Scope, syntax: FileSyntax)] = []
  /// How many files of the queue have their names declared.
  private var declaredCount = 0
  /// Counts the texts that the program inserted.
  var insertCount = 0
  /// Evaluates what is needed while compiling.
  let evaluator: FlatMachine
  var errorCount = 0
  private var work = 0
  private var level = 0
  /// Whether a limit of compiling was reached: what is left would only take long and repeat the error.
  private(set) var isGivenUp = false
  /// Whether an evaluation during compilation was ended by its budget.
  var isOverBudget = false
  /// Output that evaluations during compilation made, in order.
  var output: [UInt8] = []

  init(module: Module, budget: Budget, loader: @escaping SourceLoader) {
    self.module = module
    self.loader = loader
    evaluator = FlatMachine(module: module, budget: budget)
    names = WellKnownNames(symbols)
    universe = Scope(parent: nil, file: 0)
    declareUniverse()
  }

  var types: TypeTable { module.types }

  // MARK: Diagnostics

  func report(_ message: String, _ span: Span, notes: [DiagnosticNote] = [], help: String? = nil) {
    errorCount += 1
    guard diagnostics.count < Compiler.diagnosticLimit else { return }
    let diagnostic = Diagnostic(message, at: span.range, source: Int(span.file), notes: notes, help: help)
    // Generic code is lowered once for each set of arguments; the same error twice says nothing new.
    if diagnostics.contains(diagnostic) { return }
    diagnostics.append(diagnostic)
  }

  func note(_ message: String, _ span: Span) -> DiagnosticNote {
    DiagnosticNote(message, at: span.range, source: Int(span.file))
  }

  func spelling(_ symbol: Symbol) -> String { symbols.spelling(symbol) }

  /// Counts something that is compiled; false when the program has asked for too much, which is reported once.
  func mayGoOn(_ span: Span, counting amount: Int = 1) -> Bool {
    if isGivenUp { return false }
    work += amount
    guard work > Compiler.workLimit else { return true }
    isGivenUp = true
    report(
      "compiling this takes more than \(Compiler.workLimit) expressions", span,
      help: "what 'inline for' and '#insert' repeat without end, or too often, can be computed by a loop")
    return false
  }

  /// Goes a level further into an expression; false, after a report, when that is too deep or too much. Whoever was let in
  /// calls `ascend` in the end.
  func descend(_ span: Span) -> Bool {
    guard mayGoOn(span) else { return false }
    guard level < Compiler.levelLimit else {
      isGivenUp = true
      report(
        "this is nested more than \(Compiler.levelLimit) levels deep, with the declarations that need it", span,
        help: "break the chain with a declaration further up")
      return false
    }
    level += 1
    return true
  }

  func ascend() { level -= 1 }

  /// Runs `body` unless declarations already need each other too deeply.
  func guarded<Value>(_ span: Span, _ otherwise: Value, _ body: () -> Value) -> Value {
    if isGivenUp { return otherwise }
    guard depth < Compiler.depthLimit else {
      isGivenUp = true
      report(
        "this is reached by more than \(Compiler.depthLimit) declarations that need each other", span,
        help: "a type or constant may not grow without end; break the chain with a declaration further up")
      return otherwise
    }
    depth += 1
    defer { depth -= 1 }
    return body()
  }

  // MARK: Files

  private func declareUniverse() {
    let types: [(String, TypeID)] = [
      ("bool", .boolean), ("i8", .i8), ("i16", .i16), ("i32", .i32), ("i64", .i64), ("u8", .u8), ("u16", .u16),
      ("u32", .u32), ("u64", .u64), ("f32", .f32), ("f64", .f64), ("string", .string), ("cstring", .cString),
      ("usize", .usize), ("isize", .isize), ("any", .any), ("Type", .type), ("void", .void), ("noreturn", .noReturn),
    ]
    for (name, type) in types { declareBuiltin(name, .type(type)) }
    for builtin in LanguageBuiltin.allCases { declareBuiltin(builtin.rawValue, Operand(.builtin(builtin))) }
  }

  private func declareBuiltin(_ name: String, _ meaning: Operand) {
    let entity = Entity(
      name: symbols.intern(name), span: Span(file: 0, start: 0, end: 0), scope: universe, declaration: nil,
      meaning: .known(meaning))
    _ = universe.declare(entity)
  }

  /// Enters a text into the compilation and returns its number.
  func addSource(_ source: SourceText) -> Int {
    sources.append(source)
    module.files.append(SourceFile(path: source.name, text: source.text(in: 0..<source.bytes.count)))
    return sources.count - 1
  }

  /// Reads the main text and everything it imports; returns its scope.
  func load(_ source: SourceText) -> Scope {
    let scope = enter(source)
    declareImported()
    var next = 0
    while next < queue.count {
      let (scope, syntax) = queue[next]
      next += 1
      for item in syntax.items {
        if case .effect(let expression) = item { expandTop(expression, in: scope) }
      }
    }
    return scope
  }

  /// Declares the names of all files that were loaded and not yet declared.
  func declareImported() {
    while declaredCount < queue.count {
      let (scope, syntax) = queue[declaredCount]
      declaredCount += 1
      for item in syntax.items { declare(item, in: scope) }
    }
  }

  /// The texts that were loaded, in the order of their imports.
  var loadedFiles: [(scope: Scope, syntax: FileSyntax)] { queue }

  private func enter(_ source: SourceText) -> Scope {
    let file = addSource(source)
    let scope = Scope(parent: universe, file: UInt32(file))
    fileScopes[source.name] = scope
    let (syntax, found) = SyntaxParser.parse(source, file: file, symbols: symbols)
    for diagnostic in found {
      errorCount += 1
      if diagnostics.count < Compiler.diagnosticLimit { diagnostics.append(diagnostic) }
    }
    queue.append((scope, syntax))
    return scope
  }

  /// The scope of an imported file, loading it if it is new.
  func importScope(_ path: [UInt8], from file: UInt32, at span: Span) -> Scope? {
    let text = String(decoding: path, as: UTF8.self)
    let importer = Int(file) < sources.count ? sources[Int(file)].name : ""
    if let library = StandardLibrary.text(for: text) {
      let name = "<\(text)>"
      return fileScopes[name] ?? enter(SourceText(name: name, text: library))
    }
    guard let source = loader(text, importer) else {
      report("there is no file '\(text)'", span, help: "the path is relative to the importing file")
      return nil
    }
    return fileScopes[source.name] ?? enter(source)
  }

  private func declare(_ item: FileSyntax.Item, in scope: Scope) {
    switch item {
    case .declaration(let declaration):
      declare(declaration, in: scope)
      if case .importFile(let path) = declaration.value.kind,
        let other = importScope(path, from: scope.file, at: declaration.value.span)
      {
        scope.own(declaration.name.symbol)?.meaning = .known(Operand(.module(other)))
      }
    case .importFile(let path, let span):
      if let other = importScope(path, from: scope.file, at: span), other !== scope { scope.imports.append(other) }
    case .variable(let statement): declareVariable(statement, in: scope)
    case .effect: break
    }
  }

  /// Declares a constant, or reports that its name is taken.
  func declare(_ declaration: Declaration, in scope: Scope) {
    let entity = Entity(
      name: declaration.name.symbol, span: declaration.name.span, scope: scope, declaration: declaration)
    if let known = scope.declare(entity) {
      report(
        "'\(spelling(entity.name))' is declared twice", entity.span,
        notes: [note("it was declared here first", known.span)])
    }
  }

  private func declareVariable(_ statement: Statement, in scope: Scope) {
    guard case .variable(let names, let type, let values) = statement.kind, let name = names.first, names.count == 1
    else {
      report("a variable at the top of a file is declared alone", statement.span)
      return
    }
    let value = values.first ?? Expression(.undefined, statement.span)
    let declaration = Declaration(name: name, type: type, value: value, isPrivate: false)
    let entity = Entity(name: name.symbol, span: name.span, scope: scope, declaration: declaration)
    entity.isVariable = true
    entity.hasValue = !values.isEmpty
    if let known = scope.declare(entity) {
      report(
        "'\(spelling(entity.name))' is declared twice", entity.span,
        notes: [note("it was declared here first", known.span)])
    }
  }

  /// Declares what a top-level `inline if` or `#insert` stands for.
  private func expandTop(_ expression: Expression, in scope: Scope) {
    switch expression.kind {
    case .conditional(let syntax) where syntax.isInline:
      for branch in syntax.branches {
        guard let holds = constantBoolean(branch.condition.value, in: scope) else { return }
        if holds {
          declareAll(branch.body, in: scope)
          return
        }
      }
      if let otherwise = syntax.otherwise { declareAll(otherwise, in: scope) }
    case .insert(let text):
      guard let bytes = constantString(text, in: scope), mayGoOn(expression.span, counting: Compiler.insertWork) else {
        return
      }
      let number = addInserted(bytes, at: expression.span)
      let (syntax, found) = SyntaxParser.parse(sources[number], file: number, symbols: symbols)
      reportInserted(found, at: expression.span)
      queue.append((scope, syntax))
      declareImported()
    case .compileError(let message):
      let text = constantString(message, in: scope).map { String(decoding: $0, as: UTF8.self) }
      report(text ?? "#error", expression.span)
    case .run: break
    default: report("this has no effect at the top of a file", expression.span)
    }
  }

  private func declareAll(_ block: BlockSyntax, in scope: Scope) {
    for statement in block.statements {
      switch statement.kind {
      case .declaration(let declaration): declare(declaration, in: scope)
      case .variable: declareVariable(statement, in: scope)
      case .expression(let expression, _): expandTop(expression, in: scope)
      default: report("only declarations may stand here", statement.span)
      }
    }
  }

  /// Enters a text that the program made; its name says where.
  func addInserted(_ bytes: [UInt8], at span: Span) -> Int {
    insertCount += 1
    let origin = sources[Int(span.file)]
    let place = origin.location(at: Int(span.start))
    // Notes lead further back; a name that held all of the way would grow with each insertion.
    let name = origin.name.hasPrefix("<inserted") ? "<inserted text \(span.file)>" : origin.name
    return addSource(SourceText(name: "<inserted by \(name):\(place)>", bytes: bytes))
  }

  func reportInserted(_ found: [Diagnostic], at span: Span) {
    for var diagnostic in found {
      diagnostic.notes.append(note("the text was inserted here", span))
      errorCount += 1
      if diagnostics.count < Compiler.diagnosticLimit { diagnostics.append(diagnostic) }
    }
  }
}

/// Symbols that the compiler looks for.
struct WellKnownNames {
  let len: Symbol
  let ptr: Symbol
  let data: Symbol
  let type: Symbol
  let `self`: Symbol
  let main: Symbol

  init(_ symbols: SymbolTable) {
    len = symbols.intern("len")
    ptr = symbols.intern("ptr")
    data = symbols.intern("data")
    type = symbols.intern("type")
    self.`self` = symbols.intern("self")
    main = symbols.intern("main")
  }
}
