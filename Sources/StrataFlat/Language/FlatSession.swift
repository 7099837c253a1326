// A conversation in the Flat language: declarations are remembered, expressions are evaluated, one entry at a time.
//
// Guarantees: an entry that is wrong changes nothing; every entry is compiled and evaluated within the budget; entries depend on
// earlier declarations only, never on what earlier evaluations did to storage.

import StrataText

/// What was declared so far, and what to do with the next entry.
public struct FlatSession {
  /// What came of an entry.
  public enum Reply {
    /// The names that are known from now on, or that mean something else now.
    case declared([String])
    /// The value as text, nil for none, and what the evaluation wrote.
    case value(String?, output: [UInt8])
    /// What is wrong, as text for people, and what the evaluation wrote before.
    case failure(String, output: [UInt8], isBudget: Bool)
    /// The entry is not complete: more lines belong to it.
    case unfinished
  }

  private struct Declaration {
    let name: String
    let text: String
  }

  private var declarations: [Declaration] = []
  private let budget: Budget
  private let compileBudget: Budget
  /// Steps that the latest entry took, without those of compiling it.
  public private(set) var steps: UInt64 = 0
  /// Bytes of storage that the latest entry used.
  public private(set) var usedBytes = 0
  private let loader: SourceLoader
  private let isColoured: Bool

  /// A conversation that knows the standard library. `loader` finds the files that entries import. `compileBudget` is for each
  /// evaluation that compiling an entry needs.
  public init(
    budget: Budget = Budget(), compileBudget: Budget = FlatProgram.compileBudget, isColoured: Bool = false,
    loader: @escaping SourceLoader = { _, _ in nil }
  ) {
    self.budget = budget
    self.compileBudget = compileBudget
    self.isColoured = isColoured
    self.loader = loader
  }

  /// Everything declared so far, as one text.
  public var text: String { declarations.map { $0.text + "\n" }.joined() }

  /// Takes a whole text of declarations, whatever it looks like. Nothing in it is run.
  public mutating func include(_ text: String) -> Reply {
    let program = load(text, after: declarations)
    guard program.isValid else { return failure(of: program) }
    declarations.append(Declaration(name: "", text: text))
    return .declared([])
  }

  /// Whether a text is all of an entry: no bracket and no text in quotes is open.
  public static func isComplete(_ text: String) -> Bool {
    var shape = EntryShape(text)
    shape.scan()
    return !shape.isOpen
  }

  /// Takes one entry: declarations, or an expression. Text whose brackets are open is unfinished unless it `isWhole`.
  public mutating func enter(_ text: String, isWhole: Bool = false) -> Reply {
    (steps, usedBytes) = (0, 0)
    var lexer = EntryShape(text)
    lexer.scan()
    if lexer.isOpen, !isWhole { return .unfinished }
    return lexer.declares ? declare(text, lexer.name) : evaluate(text)
  }

  private mutating func declare(_ text: String, _ name: String) -> Reply {
    // A semicolon that is missing at the end of an entry is no mistake worth telling.
    let whole = text.hasSuffix("}") || text.hasSuffix(";") ? text : text + ";"
    let others = declarations.filter { $0.name.isEmpty || $0.name != name }
    let program = load(whole, after: others)
    guard program.isValid else { return failure(of: program) }
    var output = program.compileOutput
    let machine = FlatMachine(module: program.module, budget: budget)
    defer { usedBytes = machine.usedBytes }
    var shown: [String] = []
    for constant in program.constants where constant.source == 0 {
      do throws(EvaluationError) {
        defer { steps &+= machine.steps }
        let value = try machine.evaluate(constant.function)
        output += machine.output
        let written = constant.name.isEmpty ? "" : "\(constant.name) = "
        if case .void = value { continue }
        shown.append(written + program.text(of: value, type: constant.type))
      } catch {
        return failure(error, program, constant, output + machine.output)
      }
    }
    // What is run for its effect is done now, and only now.
    if !name.isEmpty || text.hasPrefix("#import") {
      declarations = others + [Declaration(name: name, text: whole)]
    }
    if !shown.isEmpty || !output.isEmpty {
      return .value(shown.isEmpty ? nil : shown.joined(separator: "\n"), output: output)
    }
    return .declared(name.isEmpty ? [] : [name])
  }

  private mutating func evaluate(_ text: String) -> Reply {
    var expression = Substring(text)
    while let last = expression.last, last == ";" || last.isWhitespace { expression.removeLast() }
    if expression.isEmpty { return .declared([]) }
    let program = load("#run\n\(expression)\n;", after: declarations)
    guard program.isValid, let constant = program.constants.first(where: { $0.source == 0 }) else {
      return failure(of: program)
    }
    let machine = FlatMachine(module: program.module, budget: budget)
    defer {
      steps = machine.steps
      usedBytes = machine.usedBytes
    }
    do throws(EvaluationError) {
      let value = try machine.evaluate(constant.function)
      let output = program.compileOutput + machine.output
      if let raised = program.raisedError(in: value, type: constant.type) {
        return .value("raised error.\(raised)", output: output)
      }
      if case .void = value { return .value(nil, output: output) }
      return .value(program.text(of: value, type: constant.type), output: output)
    } catch {
      return failure(error, program, constant, program.compileOutput + machine.output)
    }
  }

  private func failure(of program: FlatProgram) -> Reply {
    .failure(
      program.renderDiagnostics(colour: isColoured), output: program.compileOutput, isBudget: program.isOverBudget)
  }

  private func failure(
    _ error: EvaluationError, _ program: FlatProgram, _ constant: ProgramConstant, _ output: [UInt8]
  ) -> Reply {
    let diagnostic = program.diagnostic(for: error, evaluating: constant)
    let text = DiagnosticRenderer(colour: isColoured).render(diagnostic, in: program.sources)
    return .failure(text, output: output, isBudget: error.kind.isBudget)
  }

  /// The entry as a program of its own, in front of what it may use, so that its lines count from the first.
  private func load(_ entry: String, after declarations: [Declaration]) -> FlatProgram {
    let earlier = declarations.map { $0.text + "\n" }.joined()
    let library = "#import \"modules/std.sx\";\n"
    // Both sides import each other: a name may be declared again although earlier entries use it.
    let source = SourceText(
      name: FlatSession.inputName, text: entry + "\n" + library + "#import \"\(FlatSession.earlierName)\";\n")
    return FlatProgram.load(
      source, budget: compileBudget,
      loader: { [loader] path, importer in
        if path == FlatSession.inputName { return source }
        if path == FlatSession.earlierName {
          return SourceText(name: path, text: library + "#import \"\(FlatSession.inputName)\";\n" + earlier)
        }
        return loader(path, importer)
      })
  }

  /// No file has this name: it is what the entries before were.
  private static let earlierName = "earlier entries"
  private static let inputName = "input"
}

/// What an entry looks like from outside: whether it declares something, under which name, and whether a bracket is open.
private struct EntryShape {
  private let bytes: [UInt8]
  private(set) var isOpen = false
  private(set) var declares = false
  private(set) var name = ""

  init(_ text: String) { bytes = Array(text.utf8) }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
      || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte >= 0x80
  }

  /// Reads the entry once, past texts, characters and comments.
  mutating func scan() {
    var index = 0
    while index < bytes.count, bytes[index] <= 0x20 { index += 1 }
    let start = index
    while index < bytes.count, EntryShape.isWord(bytes[index]) { index += 1 }
    let word = String(decoding: bytes[start..<index], as: UTF8.self)
    var after = index
    while after < bytes.count, bytes[after] <= 0x20 { after += 1 }
    if !word.isEmpty, after < bytes.count, bytes[after] == UInt8(ascii: ":") {
      (declares, name) = (true, word)
    } else if start < bytes.count, bytes[start] == UInt8(ascii: "#") {
      declares = true
    }
    var depth = 0
    index = start
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        let quote = bytes[index]
        index += 1
        while index < bytes.count, bytes[index] != quote { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
        if index >= bytes.count { depth += 1 }
      case UInt8(ascii: "/") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "/"):
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
      default: break
      }
      index += 1
    }
    isOpen = depth > 0
  }
}
