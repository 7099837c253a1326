// The reasons why a machine stops early, as one trivial value that costs nothing to throw.

/// Why an operation could not give a result.
///
/// `exit` is the program's own, deterministic failure; all others depend on limits or on the system, and the
/// same program may succeed with other limits.
@frozen
public enum Fault: UInt8, Error, Sendable {
  /// The program or its input is wrong in itself: it fails the same way everywhere.
  case exit = 1
  /// The budget of bytes is used up.
  case bytes = 2
  /// The system refused memory.
  case refused = 3
  /// The budget of depth (value stack) is used up.
  case depth = 4
  /// The budget of steps is used up.
  case steps = 5
  /// The deadline has passed.
  case time = 6
  /// Somebody asked the machine to stop.
  case interrupted = 7
  /// A result would be larger than any natural may be.
  case size = 8
  /// The program itself asked to be stopped, or does what cannot end; no virtual run catches it.
  case fail = 9

  /// Whether the same input fails in the same way on every machine, whatever the limits.
  public var isDeterministic: Bool { self == .exit }

  /// One sentence for people: what happened and what can be done.
  public var explanation: String { "\(sentence)" }

  /// The same, for failures that hold no more than what is known when a program is compiled.
  public var sentence: StaticString {
    switch self {
    case .exit: "the program crashed"
    case .bytes: "out of memory: the byte budget is used up (raise it with --memory)"
    case .refused: "out of memory: the system gives no more (stop other programs or raise ulimit -v)"
    case .depth: "too deep: the depth budget is used up (raise it with --depth)"
    case .steps: "out of steps: the step budget is used up (raise it with --steps)"
    case .time: "out of time: the deadline has passed (raise it with --time)"
    case .interrupted: "interrupted"
    case .fail: "the program gave up"
    case .size: "too large: the result would pass the largest natural of 2^33 bits"
    }
  }
}
