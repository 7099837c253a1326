// The instruction set of the Nock machine: a register code of 64-bit words.
//
//     bits 63-56    unused
//     bits 55-40    c   \
//     bits 39-24    b    } registers of the activation, or small numbers
//     bits 23-8     a   /
//     bits 7-0      operation
//
// Some operations are followed by one or two whole words: a constant, an axis, a branch target (counted in words
// from the target's own word), or the address of a call site. Register 0 holds the subject. Registers are handed
// out in rising order, so at any point those below a known number are initialised and the rest is free; where an
// operation may need the stack, `a` is the newest register or the first free one.

/// What an instruction does. `r[x]` is register x, `w` the word that follows.
@frozen
public enum Operation: UInt8, Sendable, CaseIterable {
  /// The program is wrong here: stop with a deterministic crash.
  case crash = 0
  /// r[a] = w
  case constant
  /// r[a] = r[b]
  case move
  /// r[a] = the head of r[b], which must be a cell.
  case head
  /// r[a] = the tail of r[b], which must be a cell.
  case tail
  /// r[a] = what lies at axis 4, 5, 6 or 7 of r[b].
  case axis4
  case axis5
  case axis6
  case axis7
  /// r[a] = what lies three or four steps down from r[b]; c holds the steps as bits, the last in bit 0.
  case threeSteps
  case fourSteps
  /// r[a] = what lies at axis w of r[b]; w is a direct natural.
  case axis
  /// As `axis`, for a long way. What lies c steps down is compared with the second word; if it is the same, and nothing has
  /// moved since the time in the fourth, the third is what lies at the end of the way.
  case farAxis
  /// r[a] = what lies at axis w of r[b]; w is a natural of any size.
  case longAxis
  /// r[a] = [r[b] r[c]]
  case cons
  /// r[a] = 0 if r[b] is a cell, else 1.
  case isCell
  /// r[a] = r[b] + 1; r[b] must be an atom.
  case increment
  /// r[a] = 0 if r[b] and r[c] are equal, else 1.
  case equal
  /// r[a] = 0 if r[b] is w, else 1; w is a direct natural.
  case equalDirect
  /// r[a] = r[b] with r[c] at axis w.
  case edit
  /// Go on at target w.
  case jump
  /// Go on at target w unless r[b] is 0; it must be 0 or 1.
  case unlessYes
  /// Go on at target w unless r[b] and r[c] are equal.
  case unlessEqual
  /// Go on at the second word unless r[b] is the first: a direct natural, or a fixed noun that is known by identity.
  case unlessDirect
  /// Go on at target w unless r[b] is a cell.
  case unlessCell
  /// Leave the activation with r[a].
  case result
  /// r[a] = the product of formula r[c] on subject r[b]; w is the call site. Registers from a on are free.
  case call
  /// Leave the activation with the product of formula r[c] on subject r[b]; w is the call site.
  case tailCall
  /// As `call` and `tailCall`, for an arm of a core: jets may answer in its place.
  case callArm
  case tailCallArm
  /// r[a] = r[b], and go on with the loop's next turn. Of w bits 0-31 are the target, 32-47 how many registers are in use
  /// there, 48-63 how many the activation may use.
  case loop
  /// Before a `loop` whose turns only count until r[b] + a is r[c]: take all turns that are left at once, if they end and are
  /// of direct naturals, and go on at the target; else do nothing. w is as for `loop`, but for bits 32-47: a bit for each
  /// register that a turn increments.
  case count
  /// r[a] = what the innermost scry gate answers to reference r[b] and path r[c].
  case scry
  /// r[a] = the trace so far; then [w r[b]] is put before it. The first word is the tag.
  case pushTrace
  /// The trace becomes r[a] again.
  case popTrace
  /// Register the core r[b] under the clue r[c] (%fast); w is the registration site.
  case register
  /// Look subject r[b] up in memo cache c for the formula w: r[a] = its product, and go on at the second word; r[a] = 0 if
  /// it is not known.
  case recall
  /// Remember r[c >> 2] as the product for subject r[b] in memo cache c & 3 and the formula w.
  case remember
  /// What a hint does before or after its body: w is its tag, r[b] the clue if c & 1, r[c >> 1] what it looks at.
  case hintBefore
  case hintAfter
  /// Leave the machine: the outermost activation has returned r[a].
  case halt
  /// A native routine goes on: its callee has returned. r[0] tells which.
  case resume
  /// An activation that is traced has returned.
  case traced
}

/// One instruction word.
@frozen
public struct Instruction: Sendable {
  public var raw: UInt64

  @inlinable @inline(__always)
  public init(raw: UInt64) { self.raw = raw }

  public init(_ operation: Operation, a: Int = 0, b: Int = 0, c: Int = 0) {
    raw =
      UInt64(operation.rawValue) | UInt64(a & 0xFFFF) << 8 | UInt64(b & 0xFFFF) << 24 | UInt64(c & 0xFFFF) << 40
  }

  @inlinable @inline(__always) public var a: Int { Int(raw >> 8 & 0xFFFF) }
  @inlinable @inline(__always) public var b: Int { Int(raw >> 24 & 0xFFFF) }
  @inlinable @inline(__always) public var c: Int { Int(raw >> 40 & 0xFFFF) }
  /// Nil for a word that is no instruction.
  public var operation: Operation? { Operation(rawValue: UInt8(truncatingIfNeeded: raw)) }
}

extension Operation {
  /// How many whole words follow the instruction.
  public var wordCount: Int {
    switch self {
    case .constant, .axis, .longAxis, .equalDirect, .edit, .jump, .unlessYes, .unlessEqual, .unlessCell, .call,
      .tailCall, .callArm, .tailCallArm, .loop, .count, .pushTrace, .register, .remember, .hintBefore, .hintAfter:
      1
    case .unlessDirect, .recall: 2
    case .farAxis: 4
    default: 0
    }
  }
}
