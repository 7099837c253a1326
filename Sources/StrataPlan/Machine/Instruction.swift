// The instruction set and the layout of code objects.
//
// A code object is a Kind.vector, so that it is moved, shared and dropped like any other value:
//
//     word 0        header
//     word 1        index of the entry block
//     word 2        operation number + 1 when the code carries out an operation, otherwise 0
//     word 3        operands that the code evaluates before it does anything else: up to four 8-bit numbers
//     word 4        name of the law, `nameless` for what stands behind no law
//     word 5 ...    constants, which are words like any other
//     then          blocks: one word with the frame size, then instructions
//
// An instruction is a direct natural, so the collector passes over it:
//
//     bits 0-7 opcode | 8-20 a | 21-33 b | 34-46 c | 47-59 d
//
// a, b, c and d number the slots of the running frame unless the table says otherwise; "+n" are words that follow.
// In instructions that may evaluate, d (or the named field) is the first slot that is free for inner frames.
//
// A frame lies on the value stack:
//
//     fp[-3]  the caller's code object      fp[-2]  resume index << 32 | slot for the result
//     fp[-1]  the caller's fp, as an offset fp[0]   the law or pin that runs, or the thunk to update
//     fp[1 ...]  arguments, lets and temporaries

import StrataMemory

/// What an instruction does.
enum Opcode: UInt8 {
  /// Leaves the machine; the result is in slot 0.
  case halt
  /// a := b
  case move
  /// a := constant b|c<<13
  case constant
  /// a := the natural in bits 21-59
  case natural
  /// a := 0, so that a collection may drop what it held
  case clear
  /// evaluates slot a
  case evaluate
  /// returns slot a, which is evaluated
  case giveBack
  /// returns what slot a evaluates to, in this frame's place
  case giveBackEvaluated
  /// updates the thunk of this frame with slot a, which is evaluated, and returns it
  case finish
  /// the same as `giveBackEvaluated`, for the frame of a thunk
  case finishEvaluated
  /// a := call of the function in slot b with the c arguments after it; its arity is c
  case call
  /// the same in this frame's place
  case tailCall
  /// the same in the place of a thunk's frame
  case tailCallThunk
  /// like `call` and `tailCall`, for the law or pin that runs
  case callSelf
  case tailCallSelf
  /// a := application of slot b to the c words from slot b + 2 on, whatever they are
  case apply
  case tailApply
  case tailApplyThunk
  /// a := operation c by its code object, on the operands from slot b + 1 on
  case callOperation
  case tailCallOperation
  case tailCallOperationThunk
  /// a := operation c by its native function, on the operands from slot b on, which it evaluates
  case operation
  /// a := thunk of block d|c<<13 with b captured words; +ceil(b/4) words with four slots each
  case thunk
  /// a := closure of b words, the head first; +ceil(b/4)
  case closure
  /// body word b of the object in slot a := slot c
  case patch
  /// continues at index b|c<<13|d<<26
  case jump
  /// evaluates slot a; +1 word: index to continue at unless it is true (anything but 0)
  case jumpIfZero
  case jumpIfNonzero
  /// evaluates slot a to a natural; +b+1 words: where to continue for 0 ... b-1 and for all others
  case jumpTable
  /// evaluates slots a and b to naturals and compares; +1 word: where to continue if it does not hold
  case unlessEqual
  case unlessNotEqual
  case unlessLess
  case unlessLessOrEqual
  case unlessGreater
  case unlessGreaterOrEqual
  /// the same with the immediate b
  case unlessEqualImmediate
  case unlessNotEqualImmediate
  case unlessLessImmediate
  case unlessLessOrEqualImmediate
  case unlessGreaterImmediate
  case unlessGreaterOrEqualImmediate
  /// a := b op c, both evaluated to naturals
  case add
  case subtract
  case multiply
  case divide
  case remainder
  case equal
  case notEqual
  case less
  case lessOrEqual
  case greater
  case greaterOrEqual
  /// a := b op immediate c
  case addImmediate
  case subtractImmediate
  /// a := op b
  case increment
  case decrement
  case isZero
  case isNatural
  case isClosure
  case size
  case head
  /// a := element b of the row in slot c, evaluated; 0 when there is none
  case index
  /// a := element number b (immediate) of the row in slot c, evaluated; 0 when there is none
  case indexImmediate
  /// Like the above when everything is at hand; otherwise continues d words further on
  case tryAdd
  case trySubtract
  case tryMultiply
  case tryDivide
  case tryRemainder
  case tryEqual
  case tryNotEqual
  case tryLess
  case tryLessOrEqual
  case tryGreater
  case tryGreaterOrEqual
  case tryAddImmediate
  case trySubtractImmediate
  case tryIncrement
  case tryDecrement
  case tryIsZero
  case tryIsNatural
  case tryIsClosure
  case trySize
  case tryHead
  case tryIndex
  case tryIndexImmediate
  /// Steps of operations that have code of their own. They work on the whole frame.
  case update
  case applyStep
  case eatStep
  case forceStep
  case coupStep
  case sapStep
  case compareStep
  case rowStep
  case primitiveStep
  case pinnedRowStep
  case raiseStep
  /// the pinned 0 of the newer specification, on the row in slot 1, and its making of laws
  case specifiedStep
  case specifiedLawStep
  /// a call whose law is compared with its operation, and the two runs that are compared
  case checkStep
  case checkInside
  case attemptEnter
  case attemptLeave
  /// begins a marked evaluation of slot 2 under the label in slot 1; without anybody who watches, slot 2 is evaluated
  /// in this frame's place
  case profileEnter
  case profileLeave
  case uncallable
  case fail
}

/// The fields of an instruction.
enum Instruction {
  static let fieldBits: UInt64 = 13
  static let largestField = (1 << 13) - 1

  @inline(__always) static func a(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 8 & 0x1FFF) }
  @inline(__always) static func b(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 21 & 0x1FFF) }
  @inline(__always) static func c(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 34 & 0x1FFF) }
  @inline(__always) static func d(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 47 & 0x1FFF) }
  /// b and c as one number.
  @inline(__always) static func bc(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 21 & 0x3FF_FFFF) }
  /// c and d as one number.
  @inline(__always) static func cd(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 34 & 0x3FF_FFFF) }
  /// b, c and d as one number.
  @inline(__always) static func bcd(_ word: UInt64) -> UInt64 { word >> 21 & (1 << 39 - 1) }

  static func word(_ opcode: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0) -> UInt64 {
    assert(a >= 0 && b >= 0 && c >= 0 && d >= 0)
    assert(a <= largestField && b <= largestField && c <= largestField && d <= largestField)
    return UInt64(opcode.rawValue) | UInt64(a) << 8 | UInt64(b) << 21 | UInt64(c) << 34 | UInt64(d) << 47
  }

  static let largestWide: UInt64 = 1 << 39 - 1
}

/// Offsets of a code object's fixed words from its header.
enum CodeLayout {
  static let entry = 1
  static let operation = 2
  static let leading = 3
  static let name = 4
  static let firstConstant = 5
  /// No natural that is a name of a law: names of that size lie in memory or are shorter.
  static let nameless = Word.largestDirect
}
