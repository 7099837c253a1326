// How an evaluation fails.
// Guarantees: every failure is one of these values; the small form used inside the evaluators allocates nothing, and the
// full form names the function, the instruction, the place in the source and the chain of calls.

import StrataMemory

/// The classes of failure, coarse enough to be compared between evaluators.
public enum FaultKind: UInt8, Hashable, Sendable, CaseIterable {
  case divisionByZero
  /// A value is not what the operation needs: the payload of an absent optional, an ordering of booleans.
  case typeError
  /// Null, an address outside the storage in use, a write to constant text, an index outside its array or slice.
  case outOfBounds
  /// A float outside the integer type it is converted to.
  case conversion
  /// Control reached a place that the program promised it never would.
  case unreachable
  /// The machine does not evaluate this operation, or the host has not allowed that function.
  case unsupported
  /// The intermediate form breaks its own rules.
  case malformed
  case stepBudget
  case byteBudget
  case depthBudget
  /// The deadline has passed.
  case time
  /// Somebody asked the evaluation to stop.
  case interrupted
  /// A host function reported a failure.
  case host

  /// The class by which the recorded machine would have reported it.
  public var recordedName: String {
    switch self {
    case .divisionByZero: return "DivisionByZero"
    case .typeError: return "TypeError"
    case .outOfBounds: return "OutOfBounds"
    default: return "Unsupported"
    }
  }

  /// True for failures that depend on what the host allows rather than on the program alone.
  public var isBudget: Bool {
    switch self {
    case .stepBudget, .byteBudget, .depthBudget, .time, .interrupted: true
    default: false
    }
  }
}

/// The small form of a failure: what went wrong, without where.
struct Fault: Error {
  var kind: FaultKind
  var reason: StaticString
  /// True for a failed bounds check, as opposed to a bad address. An instruction that fused an element's address with the
  /// access behind it places the two kinds differently.
  var isIndex = false

  init(_ kind: FaultKind, _ reason: StaticString, isIndex: Bool = false) {
    self.kind = kind
    self.reason = reason
    self.isIndex = isIndex
  }

  static let bytes = Fault(.byteBudget, StrataMemory.Fault.bytes.sentence)
  static let steps = Fault(.stepBudget, StrataMemory.Fault.steps.sentence)
  static let depth = Fault(.depthBudget, StrataMemory.Fault.depth.sentence)
  static let address = Fault(.outOfBounds, "the address is null or outside the storage in use")
  static let index = Fault(.outOfBounds, "the index is outside the array or slice", isIndex: true)
  static let division = Fault(.divisionByZero, "division by zero")
  static let conversion = Fault(.conversion, "the float does not fit the integer type")
  static let request = Fault(.outOfBounds, "a size is negative or larger than a single request may be")
  static let refused = Fault(.byteBudget, "the system gives no more memory; stop other programs or raise ulimit -v")
  static let mark = Fault(.outOfBounds, "the mark is not one that was given for this storage")
  static let absent = Fault(.typeError, "the optional holds no value")

  /// What somebody's request to stop is to an evaluation.
  static func stopped(by request: StrataMemory.Fault) -> Fault {
    Fault(request == .time ? .time : .interrupted, request.sentence)
  }
}

/// A call that was active when an evaluation failed.
public struct TraceEntry: Hashable, Sendable {
  public var function: FunctionID
  public var name: String
  /// The instruction that was executing, when it is known.
  public var value: ValueID?
  public var span: SourceSpan
  public var file: UInt32

  public init(function: FunctionID, name: String, value: ValueID?, span: SourceSpan, file: UInt32) {
    self.function = function
    self.name = name
    self.value = value
    self.span = span
    self.file = file
  }
}

/// Why an evaluation gave no value.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
  public var kind: FaultKind
  public var reason: String
  /// The active calls, innermost first. At most `longestTrace` of them are kept, half from each end.
  public var trace: [TraceEntry]
  public var steps: UInt64

  public static let longestTrace = 64

  public init(_ kind: FaultKind, _ reason: String, trace: [TraceEntry] = [], steps: UInt64 = 0) {
    self.kind = kind
    self.reason = reason
    self.trace = trace
    self.steps = steps
  }

  public var description: String {
    guard let place = trace.first else { return reason }
    let value = place.value.map { " at %\($0.rawValue)" } ?? ""
    return "\(reason) (in \(place.name)\(value))"
  }
}

/// What an evaluation may use.
public struct Budget: Sendable {
  /// Instructions of the intermediate form. The count is compared whenever a block ends.
  public var steps: UInt64
  /// Bytes of storage.
  public var bytes: UInt64
  /// Calls active at once.
  public var depth: UInt32
  /// Ends the evaluation soon after somebody asked for it: a deadline, or a key. Nil for one that only budgets end.
  public var stop: StopSignal?

  public init(
    steps: UInt64 = 1 << 40, bytes: UInt64 = 1 << 30, depth: UInt32 = 100_000, stop: StopSignal? = nil
  ) {
    self.steps = steps
    self.bytes = bytes
    self.depth = depth
    self.stop = stop
  }
}
