// Native routines: Swift code that takes part in a run, and may call back into Nock without using the host stack.
//
// A routine's activation lies on the value stack like any other. Between two steps of a routine other code runs and
// objects move; what a routine wants to keep it keeps in its registers.
//
//     register 0    the subject (for a jet, the core)
//     register 1    the routine's number
//     register 2    the phase, which the routine chose when it made its last call
//     register 3 -  its own, all 0 at first

import StrataMemory

/// What a routine wants done after one of its steps.
public enum NativeStep {
  /// Leave with this product.
  case product(Word)
  /// Run a formula on a subject, and go on in `phase` with the product.
  case call(subject: Word, formula: Word, phase: Int)
  /// Call a gate, jets and all, and go on in `phase` with the product.
  case slam(gate: Word, sample: Word, phase: Int)
  /// Make a virtual run of the request (`NockMachine.virtualRequest`), and go on in `phase` with `[0 product]`,
  /// `[1 path]` or `[2 trace]`.
  case virtualCall(request: Word, phase: Int)
  /// Leave with the product of a formula on a subject.
  case tailCall(subject: Word, formula: Word)
}

/// Swift code that can be suspended while Nock runs.
public struct NativeRoutine: Sendable {
  /// How many registers it wants, the first three included.
  public let registerCount: Int
  /// Does the next part of the work. In phase 0 the product is 0, later it is what the last call gave.
  public let step: @Sendable (NativeActivation, _ phase: Int, _ product: Word) throws(Fault) -> NativeStep

  public init(
    registerCount: Int,
    step: @escaping @Sendable (NativeActivation, _ phase: Int, _ product: Word) throws(Fault) -> NativeStep
  ) {
    self.registerCount = max(3, registerCount)
    self.step = step
  }
}

/// A routine's registers while it takes a step.
public struct NativeActivation {
  /// Not counted as a reference: the machine outlives the step.
  public unowned(unsafe) let machine: NockMachine
  let registers: UnsafeMutablePointer<UInt64>

  /// The subject that the routine was entered with.
  public var subject: Word { Word(raw: registers[0]) }
  public var nursery: Nursery { machine.nursery }

  /// A register of the routine's own, counted from 0. The routine guarantees that it asked for so many.
  public subscript(index: Int) -> Word {
    get { Word(raw: registers[index &+ 3]) }
    nonmutating set { registers[index &+ 3] = newValue.raw }
  }
}

/// A place to which a crash, or a blocked request, unwinds.
struct Boundary {
  enum Kind {
    /// A virtual run: crashes and blocks become its result.
    case run
    /// The answer of a virtual run's scry gate: what goes wrong there goes wrong for who made the run.
    case answer
  }

  var kind: Kind
  /// The native activation to go on with.
  var registers: UnsafeMutablePointer<UInt64>
  /// The number of frames outside the boundary's own.
  var depth: Int
}
