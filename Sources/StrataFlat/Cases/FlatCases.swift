// Runs recorded evaluations on both evaluators and says how the results compare.
// Guarantees: a case counts as a match only if value and step count equal the record on both evaluators; a difference
// is excused only by an entry of the table of intended differences that also names the value expected instead.

import Glibc
import StrataMemory
import StrataText

/// How one recorded case came out.
public struct CaseOutcome: Sendable {
  public enum Status: String, Sendable {
    /// Value, or class of failure, and step count equal the record.
    case match
    /// Another value than recorded, as the table of intended differences says.
    case intended
    case differs
    /// The program needs something this machine refuses by design.
    case unsupported
  }

  public var name: String
  public var status: Status
  /// The value in the form of the records, or the class of failure.
  public var value: JSON
  public var steps: UInt64
  /// CPU nanoseconds the fast evaluator took.
  public var nanoseconds: UInt64
  /// Why the case does not match, in words.
  public var remark: String?

  /// One line of machine-readable output.
  public var json: JSON {
    var fields: [JSON.Field] = [
      .init("name", .string(name)), .init("status", .string(status.rawValue)), .init("value", value),
      .init("steps", .integer(Int64(clamping: steps))), .init("ns", .integer(Int64(clamping: nanoseconds))),
    ]
    if let remark { fields.append(.init("remark", .string(remark))) }
    return .object(fields)
  }
}

/// Runs recorded programs.
public enum FlatCases {
  /// Which evaluators take part.
  public enum Evaluators: Sendable {
    case both
    case reference
    case fast
  }

  /// Limits as they were when the cases were recorded.
  public static let budget = Budget(steps: 1 << 40, bytes: 4 << 30, depth: 512)

  /// Runs every case of a program file. `file` is its name without folder and ending, as the table of intended differences
  /// writes it. With both evaluators a case that they disagree on differs, whatever the record says.
  public static func run(
    _ bytes: [UInt8], file: String, evaluators: Evaluators = .both, report: (CaseOutcome) -> Void
  ) throws(RecordedProgram.ReadError) {
    let program = try RecordedProgram(bytes)
    let recordedTypes = Set(program.layouts.map(\.type))
    // Programs construct types and intern texts, so each evaluator has a module of its own.
    let reference = ReferenceEvaluator(module: program.module, budget: budget)
    let machine = FlatMachine(module: try RecordedProgram(bytes).module, budget: budget)
    for recorded in program.cases {
      var outcome: CaseOutcome
      switch evaluators {
      case .reference: outcome = judge(evaluate(recorded.function, [], reference), recorded, file, recordedTypes)
      case .fast: outcome = judge(evaluate(recorded.function, [], machine), recorded, file, recordedTypes)
      case .both:
        let fast = evaluate(recorded.function, [], machine)
        let slow = evaluate(recorded.function, [], reference)
        outcome = judge(fast, recorded, file, recordedTypes)
        if let difference = difference(slow, fast) {
          outcome.status = .differs
          outcome.remark = "the evaluators disagree: \(difference)"
        }
      }
      report(outcome)
    }
  }

  /// What one evaluator made of a case.
  struct Evaluation {
    var value: FlatValue?
    var error: EvaluationError?
    var steps: UInt64
    var output: [UInt8]
    var nanoseconds: UInt64 = 0
  }

  static func evaluate(_ function: FunctionID, _ arguments: [FlatValue], _ evaluator: ReferenceEvaluator)
    -> Evaluation
  {
    do throws(EvaluationError) {
      let value = try evaluator.evaluate(function, arguments)
      return Evaluation(value: value, error: nil, steps: evaluator.steps, output: evaluator.output)
    } catch {
      return Evaluation(value: nil, error: error, steps: error.steps, output: evaluator.output)
    }
  }

  static func evaluate(_ function: FunctionID, _ arguments: [FlatValue], _ machine: FlatMachine) -> Evaluation {
    let start = Clock.ofProcess()
    do throws(EvaluationError) {
      let value = try machine.evaluate(function, arguments)
      let spent = Clock.ofProcess() &- start
      return Evaluation(
        value: value, error: nil, steps: machine.steps, output: machine.output, nanoseconds: spent)
    } catch {
      return Evaluation(
        value: nil, error: error, steps: error.steps, output: machine.output,
        nanoseconds: Clock.ofProcess() &- start)
    }
  }

  /// How two evaluations of the same function differ, or nil when they agree. Addresses are numbers of no meaning outside an
  /// evaluation. Budgets stop the evaluators at slightly different places, and the fast one needs less storage.
  static func difference(_ left: Evaluation, _ right: Evaluation) -> String? {
    if left.error?.kind == .byteBudget || right.error?.kind == .byteBudget { return nil }
    if let a = left.error, let b = right.error, a.kind.isBudget || b.kind.isBudget { return nil }
    if left.error?.kind != right.error?.kind {
      return "\(left.error?.description ?? "a value") and \(right.error?.description ?? "a value")"
    }
    if let a = left.value, let b = right.value, !isSame(a, b) {
      return "\(recordedForm(a).written) and \(recordedForm(b).written)"
    }
    if left.steps != right.steps { return "\(left.steps) and \(right.steps) steps" }
    if left.output != right.output { return "their output" }
    return nil
  }

  /// True for equal values, addresses apart.
  static func isSame(_ left: FlatValue, _ right: FlatValue) -> Bool {
    switch (left, right) {
    case (.pointer, .pointer): return true
    case (.closure(let a, _), .closure(let b, _)): return a == b
    case (.float(let a), .float(let b)): return a.bitPattern == b.bitPattern
    case (.single(let a), .single(let b)): return a.bitPattern == b.bitPattern
    case (.some(let a), .some(let b)): return isSame(a, b)
    case (.aggregate(let a), .aggregate(let b)): return a.count == b.count && zip(a, b).allSatisfy(isSame)
    case (.variant(let a, let x), .variant(let b, let y)): return a == b && isSame(x, y)
    case (.any(let a, let x), .any(let b, let y)): return a == b && isSame(x, y)
    default: return left == right
    }
  }

  private static func judge(
    _ evaluation: Evaluation, _ recorded: RecordedCase, _ file: String, _ recordedTypes: Set<TypeID>
  ) -> CaseOutcome {
    var outcome = CaseOutcome(
      name: "\(file)/\(recorded.name)", status: .match, value: .null, steps: evaluation.steps,
      nanoseconds: evaluation.nanoseconds, remark: nil)
    if let value = evaluation.value {
      outcome.value = recordedForm(value)
      if let bail = recorded.bail {
        outcome.remark = "recorded failure: \(bail)"
      } else if !agrees(value, recorded.value), !isConstructed(value, recorded.value, recordedTypes) {
        outcome.remark = "recorded value: \(recorded.value.written)"
      }
    } else if let error = evaluation.error {
      outcome.value = .object([.init("bail", .string(error.kind.recordedName))])
      if recorded.bail != error.kind.recordedName || recorded.isBridgeBail { outcome.remark = error.description }
    }
    settle(&outcome, recorded)
    return outcome
  }

  /// A type the program constructed has the next free number, which in the recording machine counted types that the record
  /// leaves out. Such a number agrees with any number the record does not define.
  private static func isConstructed(_ value: FlatValue, _ recorded: JSON, _ recordedTypes: Set<TypeID>) -> Bool {
    guard case .type(let type) = value, let number = recorded["type_tag"]?.integer,
      let recordedType = UInt32(exactly: number)
    else { return false }
    return !recordedTypes.contains(type) && !recordedTypes.contains(TypeID(recordedType))
  }

  /// Decides the status from what was found so far.
  private static func settle(_ outcome: inout CaseOutcome, _ recorded: RecordedCase) {
    if outcome.remark != nil {
      outcome.status = .differs
      if let intended = IntendedDifference.find(outcome.name), intended.value == outcome.value.written {
        outcome.status = .intended
        outcome.remark = intended.reason
        return
      }
    } else if outcome.steps != recorded.steps {
      outcome.status = .differs
      outcome.remark = "recorded \(recorded.steps) steps"
    }
  }

  // MARK: Values in the form of the records

  /// A value as the records write it.
  public static func recordedForm(_ value: FlatValue) -> JSON {
    func object(_ key: String, _ value: JSON) -> JSON { .object([.init(key, value)]) }
    switch value {
    case .void: return object("void_val", .null)
    case .integer(let number), .enumeration(let number): return object("int", .integer(number))
    case .unsigned(let word), .pointer(let word): return object("int", .integer(Int64(bitPattern: word)))
    case .boolean(let flag): return object("boolean", .boolean(flag))
    case .float(let number): return object("float", bits(number))
    case .single(let number): return object("float", bits(Double(number)))
    case .string(let bytes):
      return object("string", .string(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))))
    case .null: return object("null_val", .null)
    case .some(let inner): return object("aggregate", .array([recordedForm(inner), object("boolean", .boolean(true))]))
    case .aggregate(let parts): return object("aggregate", .array(parts.map(recordedForm)))
    case .variant(let tag, let payload):
      return object("aggregate", .array([object("int", .integer(tag)), recordedForm(payload)]))
    case .error(let tag): return object("int", .integer(Int64(tag.rawValue)))
    case .type(let type): return object("type_tag", .integer(Int64(type.rawValue)))
    case .function(let function): return object("func_ref", .integer(Int64(function.rawValue)))
    case .any(let type, let inner):
      return object("any", .array([.integer(Int64(type.rawValue)), recordedForm(inner)]))
    case .closure(let function, _): return object("closure", .integer(Int64(function.rawValue)))
    case .bytes(let bytes): return object("bytes", .array(bytes.map { .integer(Int64($0)) }))
    }
  }

  private static func bits(_ value: Double) -> JSON {
    let digits = String(value.bitPattern, radix: 16)
    return .object([.init("f64bits", .string("0x" + String(repeating: "0", count: 16 - digits.count) + digits))])
  }

  /// True when a value is what the record says.
  static func agrees(_ value: FlatValue, _ recorded: JSON) -> Bool {
    guard let field = recorded.fields?.first else { return false }
    switch (value, field.key) {
    case (.aggregate(let parts), "aggregate"):
      guard let elements = field.value.elements, elements.count == parts.count else { return false }
      return zip(parts, elements).allSatisfy(agrees)
    case (.some(let inner), "aggregate"):
      guard let elements = field.value.elements, elements.count == 2 else { return false }
      return agrees(inner, elements[0]) && elements[1] == .object([.init("boolean", .boolean(true))])
    case (.some(let inner), _): return agrees(inner, recorded)
    case (.float, "float"), (.single, "float"):
      return recordedForm(value)["float"]?["f64bits"] == field.value["f64bits"]
    default: return recordedForm(value) == recorded
    }
  }
}
