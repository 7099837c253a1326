// The instruction set of the fast machine.
//
//   byte  0        1        2..3     4..5     6..7     8..11    12..15
//         opcode   (unused) a        b        c        x        y
//
// `a`, `b`, `c` name registers of the current frame unless said otherwise; `x` and `y` are signed immediates. `r[a]` below is
// a register, `m[..]` memory. Branches, calls and returns carry in `c` the number of steps to charge.
// Guarantees: an instruction is 16 bytes of trivial data; the list is the specification that compiler, machine and listing
// share.

/// What a machine instruction does.
enum Opcode: UInt8, CaseIterable {
  // Moves.
  case move  // r[a] = r[b]
  case immediate  // r[a] = y:x
  // Integers. All compute 64 bits; narrower results are extended afterwards.
  case add, subtract, multiply, and, or, xor  // r[a] = r[b] op r[c]
  case addImmediate, multiplyImmediate, andImmediate  // r[a] = r[b] op x
  case shiftLeft, shiftRight, shiftRightUnsigned  // by r[c], clamped to 63
  case shiftLeftImmediate, shiftRightImmediate, shiftRightUnsignedImmediate  // by x
  // Joined pairs; they also leave the first one's result in r[y], or in r[c] where both immediates are taken.
  case multiplyAddImmediate  // r[a] = (r[c] = r[b] * x) + y
  case multiplyImmediateAdd  // r[a] = (r[y] = r[b] * x) + r[c]
  case multiplyAdd  // r[a] = (r[y] = r[b] * r[c]) + r[x]
  case divide, divideUnsigned, modulo, moduloUnsigned  // fault if r[c] is zero
  case divideImmediate, moduloImmediate  // by x, which is neither 0 nor -1
  case dividePower  // by 2^x, towards zero
  case negate, not, booleanNot  // r[a] = op r[b]
  case extend8, extend16, extend32, zero8, zero16, zero32  // r[a] = r[b] from that width
  case extend, zero  // from x bits
  case toBoolean  // r[a] = r[b] != 0
  // Comparisons into a register.
  case equal, notEqual, less, lessOrEqual, lessUnsigned, lessOrEqualUnsigned  // r[a] = r[b] op r[c]
  case equalImmediate, notEqualImmediate, lessImmediate, greaterImmediate  // r[a] = r[b] op x
  case equalDouble, notEqualDouble, lessDouble, lessOrEqualDouble
  case equalSingle, notEqualSingle, lessSingle, lessOrEqualSingle
  // Floats.
  case addDouble, subtractDouble, multiplyDouble, divideDouble, moduloDouble, negateDouble
  case addSingle, subtractSingle, multiplySingle, divideSingle, moduloSingle, negateSingle
  // Conversions.
  case signedToDouble, unsignedToDouble, signedToSingle, unsignedToSingle, doubleToSingle, singleToDouble
  case doubleToInteger, singleToInteger  // to x bits, signed if y is 1
  // Memory: r[a] = m[r[b] + x].
  case load8, loadSigned8, load16, loadSigned16, load32, loadSigned32, load64, loadBoolean
  // m[r[a] + x] = r[b]
  case store8, store16, store32, store64
  // r[a] = m[r[b] + r[c] * width]; r[c] must be below x unless x is -1.
  case indexed8, indexedSigned8, indexed16, indexedSigned16, indexed32, indexedSigned32, indexed64, indexedBoolean
  // m[r[a] + r[b] * width] = r[c]; r[b] must be below x unless x is -1.
  case storeIndexed8, storeIndexed16, storeIndexed32, storeIndexed64
  case indexAddress  // r[a] = r[b] + r[c] * y; r[c] must be below x unless x is -1
  // An indexAddress and the access to the element's own element that follows it; the access keeps its place behind.
  case indexAddressThenIndexed64, indexAddressThenStoreIndexed64
  case sliceAddress  // r[a] = address of element r[c] of size y of the slice at r[b]
  case allocate  // r[a] = address of x fresh bytes aligned to y
  case allocateCount  // r[a] = address of r[b] fresh bytes aligned to 16; fault if that is more than one request may be
  case mark  // r[a] = end of the storage in use
  case reset  // drops storage from r[a] on; fault if that is no mark
  case copy  // m[r[a] ..] = m[r[b] ..], x bytes
  case copyFresh  // r[a] = address of x fresh bytes aligned to y, copied from r[b]
  case check  // fault unless x bytes at r[a] + y can be read
  case requireValue  // fault if r[a] is zero
  // Control.
  case jump  // to y
  case branchTrue, branchFalse  // on r[a], to y
  case branchEqual, branchNotEqual, branchLess, branchLessOrEqual, branchLessUnsigned, branchLessOrEqualUnsigned
  // on r[a] op r[b], to y
  case branchEqualImmediate, branchNotEqualImmediate, branchLessImmediate, branchLessOrEqualImmediate
  case branchGreaterImmediate, branchGreaterOrEqualImmediate
  // on r[a] op x, to y
  case branchMaskZero, branchMaskNotZero  // on r[a] & x, to y
  case addImmediateBranchLess  // r[a] += x, then on r[a] < r[b], to y
  case addBranchLess  // r[a] += r[x], then on r[a] < r[b], to y
  case incrementBranchNotEqual  // r[b] += 1, then on r[a] != x, to y
  case branchLessDouble, branchNotLessDouble, branchLessOrEqualDouble, branchNotLessOrEqualDouble
  case choose  // through jump table x on r[a]
  case call  // r[a] = function x with arguments from r[b]
  case callIndirect  // r[a] = function in r[y] with arguments from r[b], at site x
  case callService  // r[a] = function x without a body, with y arguments from r[b]
  case prepareGlobal  // makes global x ready; frames above start at r[b]
  case finishGlobal  // stores r[a] as the value of global x
  case globalAddress  // r[a] = address of global x
  case text  // r[a] = address of the value of text x
  case returnValue  // r[a]
  case returnVoid
  case charge  // x steps
  case unreachable
  case slow  // operation x of the function's list
  case halt  // ends the evaluation with r[a]
}

extension Opcode {
  /// True for instructions whose `y` is a distance to jump.
  var isBranch: Bool { rawValue >= Opcode.jump.rawValue && rawValue <= Opcode.branchNotLessOrEqualDouble.rawValue }
}

/// One machine instruction.
struct Code {
  var opcode: Opcode
  var unused: UInt8 = 0
  var a: UInt16
  var b: UInt16
  var c: UInt16
  var x: Int32
  var y: Int32

  @inline(__always)
  init(_ opcode: Opcode, a: UInt16 = 0, b: UInt16 = 0, c: UInt16 = 0, x: Int32 = 0, y: Int32 = 0) {
    self.opcode = opcode
    self.a = a
    self.b = b
    self.c = c
    self.x = x
    self.y = y
  }

  /// The 64-bit immediate in `x` and `y`.
  @inline(__always)
  var wide: UInt64 { UInt64(UInt32(bitPattern: x)) | UInt64(UInt32(bitPattern: y)) << 32 }
}

/// Where a machine instruction comes from, so that a fault can be placed and its steps counted.
struct CodeSite {
  var value: UInt32
  /// Steps since the last charge, this instruction's included.
  var steps: UInt32
  /// The same for the bounds check of an instruction that fused an element's address with its access.
  var indexValue: UInt32
  var indexSteps: UInt32
}

/// A switch: sorted values and where each goes.
struct JumpTable {
  var values: [Int64]
  var targets: [Int32]
  var otherwise: Int32
}

/// What an indirect call site passes, and which callee was last found to take exactly that.
struct CallSite {
  var arguments: [TypeID]
  var result: TypeID
  var isClosure: Bool
}

/// Rare operations that the machine performs outside its loop. Operands are registers.
enum SlowOperation {
  case stringEqual(result: UInt16, UInt16, UInt16, isEqual: Bool)
  case ask(Builtin, result: UInt16, subject: Subject, index: UInt16?)
  case typeEqual(result: UInt16, Subject, Subject)
  case typeInfo(result: UInt16, subject: Subject, type: TypeID)
  case float(Builtin, result: UInt16, UInt16, isSingle: Bool)
  case atomicUpdate(AtomicUpdate, result: UInt16, pointer: UInt16, value: UInt16, type: TypeID)
  case compareExchange(
    result: UInt16, pointer: UInt16, expected: UInt16, desired: UInt16, stored: TypeID, optional: TypeID)
  case fieldName(result: UInt16, TypeID, index: UInt16)
  case fieldValue(result: UInt16, base: UInt16, index: UInt16, type: TypeID)
  case errorName(result: UInt16, UInt16)
  case traceResolve(result: UInt16, UInt16, type: TypeID)
  case printFrames
  case subslice(result: UInt16, start: UInt16, length: UInt16?, limit: UInt64, low: UInt16, high: UInt16, size: UInt64)
  case allocate(result: UInt16, size: UInt64, alignment: UInt64)
  case indexAddress(result: UInt16, base: UInt16, index: UInt16, length: UInt64, size: UInt64)
  case sliceAddress(result: UInt16, slice: UInt16, index: UInt16, size: UInt64)
  case copy(target: UInt16, source: UInt16, size: UInt64)
  case check(UInt16, size: UInt64)
  case unsupported(String)

  /// A type to be asked about: a register with a type number, or the address of an `any`.
  enum Subject {
    case type(UInt16)
    case any(UInt16)
  }
}

/// The compiled form of one function. Owns its instructions.
final class CompiledFunction {
  let function: FunctionID
  let instructions: UnsafeMutablePointer<Code>
  let count: Int
  /// Registers the function uses, outgoing arguments included.
  let frameSize: Int
  let sites: [CodeSite]
  let tables: [JumpTable]
  let callSites: [CallSite]
  /// The callee each indirect call site last found to take its arguments as they are.
  let cachedCallees: UnsafeMutablePointer<UInt32>
  let slow: [SlowOperation]

  init(
    function: FunctionID, code: [Code], frameSize: Int, sites: [CodeSite], tables: [JumpTable], callSites: [CallSite],
    slow: [SlowOperation]
  ) {
    self.function = function
    count = code.count
    instructions = UnsafeMutablePointer<Code>.allocate(capacity: max(1, code.count))
    for (index, instruction) in code.enumerated() { (instructions + index).initialize(to: instruction) }
    self.frameSize = frameSize
    self.sites = sites
    self.tables = tables
    self.callSites = callSites
    self.slow = slow
    cachedCallees = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, callSites.count))
    cachedCallees.initialize(repeating: UInt32.max, count: max(1, callSites.count))
  }

  deinit {
    instructions.deallocate()
    cachedCallees.deallocate()
  }
}
