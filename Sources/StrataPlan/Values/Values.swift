// PLAN's values on the shared word, and what their objects look like in memory.
//
//     natural   direct word, or Kind.natural
//     pin       item | code | arity               item is in normal form (*)
//     law       name | arity | body | code        body is in normal form (*)
//     closure   head | argument 1 ... argument n   head is a natural, pin or law; n is at least 1
//     thunk     state | ...                        see ThunkLayout
//
// `code` is 0 until the value is first called, then a reference to its code object. Pins and laws never refer to
// thunks; a closure whose header carries the normal-form bit does not either.
//
// (*) Under the newer specification (`PlanFront.specification`) an item is evaluated, a body is evaluated as far as it is an
// expression, and a name is anything; there the normal-form bit of pins and laws says what that of closures says.

import StrataMemory

/// Offsets of a pin's fields from its header, in words.
enum PinLayout {
  static let item = 1
  static let code = 2
  static let arity = 3
  static let size = 3
}

/// Offsets of a law's fields from its header, in words.
enum LawLayout {
  static let name = 1
  static let arity = 2
  static let body = 3
  static let code = 4
  static let size = 4
}

/// The waiting states of a thunk; `ThunkState` has the others.
enum ThunkLayout {
  /// `state | function | arguments ...`
  static let application: UInt64 = 4
  /// Larger states: `state | code object | captured words ...`; the block's index is `state >> blockShift`.
  static let blockShift: UInt64 = 4
  static let firstBlockState: UInt64 = 16
}

/// The four kinds of evaluated values, in the order in which values of different kinds compare.
public enum PlanKind: UInt8, Sendable {
  case natural = 0
  case pin = 1
  case law = 2
  case closure = 3
}

extension Word {
  /// Selects tag and subtype, without the location bit and metadata.
  @usableFromInline static let typeMask: UInt64 = 0xEF00_0000_0000_0000

  @inline(__always) var isPin: Bool { raw & Word.typeMask == 0b110 << 61 | 1 << 56 }
  @inline(__always) var isLaw: Bool { raw & Word.typeMask == 0b110 << 61 | 2 << 56 }
  @inline(__always) var isClosure: Bool { raw & Word.typeMask == 0b110 << 61 | 3 << 56 }
  @inline(__always) var isThunk: Bool { raw >> 61 == 0b111 }
}

/// Whether raw bits are a reference to a thunk.
@inline(__always)
func isThunkBits(_ raw: UInt64) -> Bool { raw >> 61 == 0b111 }

/// Whether raw bits are a reference to a closure.
@inline(__always)
func isClosureBits(_ raw: UInt64) -> Bool { raw & Word.typeMask == 0b110 << 61 | 3 << 56 }

/// An arity that no application reaches: that of naturals.
let unreachableArity = 1 << 40

/// Why a PLAN program stopped without a value.
public enum PlanFailure: Error, Equatable, Sendable {
  /// A limit or the system stopped the machine.
  case fault(Fault)
  /// The program threw and nothing caught it; the machine's `thrown` says what.
  case uncaught
  /// A value was needed for its own computation.
  case loop
  /// The program did something that has no meaning.
  case crash(PlanCrash)
  /// The program asked for an effect that it was not granted.
  case denied(PlanEffect)
  /// A value could not be stored, or could not be read from the store.
  case store(String)

  /// The exit status with which a command that runs a program reports this failure.
  public var exitStatus: Int32 {
    switch self {
    case .uncaught: 9
    case .crash(.uncallable): 9
    case .loop: 1
    case .fault: 3
    case .crash: 4
    case .denied: 5
    case .store: 6
    }
  }

  /// One sentence for people: what happened and what can be done.
  public var explanation: String {
    switch self {
    case .fault(let fault): fault.explanation
    case .uncaught: "the program threw and nothing caught it"
    case .loop: "<<loop>>: a value was needed for its own computation"
    case .crash(let crash): crash.explanation
    case .denied(let effect):
      "the program asked for an effect that is not granted: \(effect.name) (allow it with --allow \(effect.name))"
    case .store(let reason): reason
    }
  }
}

/// The ways in which a program can be meaningless. They cannot be caught by the program.
public enum PlanCrash: UInt8, Sendable {
  case divisionByZero
  case lawOfArityZero
  case malformedRow
  case unknownOperation
  case undefinedOperation
  case shiftTooLarge
  case uncallable
  case badBuffer
  case bufferTooLarge
  case writeFailed

  public var explanation: String {
    switch self {
    case .divisionByZero: "the program divided by zero"
    case .lawOfArityZero: "the program made a law of arity 0"
    case .malformedRow: "an operation was given a row of the wrong size"
    case .unknownOperation: "the program asked for an operation that does not exist"
    case .undefinedOperation:
      "the program asked for Fresh (30), Switch (93) or Splice (98), whose numbers are taken but whose meaning nobody has told"
    case .shiftTooLarge: "the program shifted left by 2^63 or more"
    case .uncallable: "a pin of a pin or of a closure was called"
    case .badBuffer: "the program reached outside a buffer of its own"
    case .bufferTooLarge: "the program asked for a buffer of 2^63 bytes or more"
    case .writeFailed: "the system refused to write"
    }
  }
}
