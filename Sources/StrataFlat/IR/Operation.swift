// The operations of the Flat intermediate form.
// Guarantees: a closed list; every operand is a value number, every immediate is plain data. The rule beside each case is
// what both evaluators do. "The result type" is the type of the instruction that carries the operation.
//
// General rules:
//  - Integers wrap at the width of the result type; unsigned types compute and compare unsigned; f32 rounds to f32 each time.
//  - A value of struct, array, tuple, string, slice, optional, union, closure or any type is a *value*: loading it copies,
//    and nothing written to memory later changes it. Taking its address puts a copy into fresh storage.
//  - Every access to memory is checked. An address is an offset into the evaluation's own memory and 0 is null.

/// A two-operand computation or comparison.
public enum BinaryOperator: UInt8, Hashable, Sendable, CaseIterable {
  case add, subtract, multiply
  /// Truncates towards zero. A zero divisor is an error, for floats too.
  case divide
  /// Floored: the result has the divisor's sign. A zero divisor is an error.
  case modulo
  case bitAnd, bitOr, bitXor
  /// The amount is taken unsigned and clamped to 63.
  case shiftLeft
  /// Arithmetic for signed types, logical for unsigned ones.
  case shiftRight
  /// Comparisons give a bool and are decided by the type of the left operand. Booleans may only be compared for equality.
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  /// Compares texts or byte slices by length and content.
  case stringEqual, stringNotEqual
  /// Both operands are already computed.
  case booleanAnd, booleanOr
}

/// A one-operand computation.
public enum UnaryOperator: UInt8, Hashable, Sendable, CaseIterable {
  case negate
  case bitNot
  case booleanNot
}

/// A change of type of a scalar.
public enum ConversionOperator: UInt8, Hashable, Sendable, CaseIterable {
  /// To a type that can hold more, integer to integer or float to float.
  case widen
  /// To a type that can hold less: integers wrap, f64 rounds to f32.
  case narrow
  /// Keeps the bits: pointers, integers, enumerations and functions convert into each other as words; between a float and an
  /// integer the bit pattern is kept.
  case bitcast
  case integerToFloat
  /// Truncates towards zero. A value outside the result type is an error, and so is a NaN.
  case floatToInteger
}

/// What an atomic read-modify-write stores; it always yields the old value.
public enum AtomicUpdate: UInt8, Hashable, Sendable, CaseIterable {
  case add, subtract, and, or, xor, minimum, maximum, exchange
}

/// How strongly an atomic access is ordered. Evaluation is single-threaded, so all are equal here; the program keeps it.
public enum AtomicOrdering: UInt8, Hashable, Sendable, CaseIterable {
  case relaxed, acquire, release, acquireRelease, sequentiallyConsistent
}

/// Functions of the evaluator itself that take and give Flat values.
public enum Builtin: UInt8, Hashable, Sendable, CaseIterable {
  /// These take a `Type` value, or an `any` for the type of what it holds (a held type for itself).
  case typeName, isUnsigned, sizeOf, alignmentOf, fieldCount, variantCount, isFlags, vectorLanes, variantTagWidth
  /// These take a type and a member index.
  case memberName, memberType, memberOffset, variantValue
  /// Compares two types.
  case typeEqual
  /// Describes a type as a value of the tagged union that is the result type.
  case typeInfo
  /// The kind of a type as a `TypeKindCode`.
  case typeKind
  /// Floating-point functions.
  case squareRoot, sine, cosine, floor
  /// Returns the amount of storage in use, to be given back to `memoryReset`.
  case memoryMark
  /// Drops all storage that was allocated after the mark. The caller promises that nothing kept points there.
  case memoryReset
}

/// One way out of a switch.
public struct SwitchCase: Hashable, Sendable {
  public var value: Int64
  public var target: BlockID
  public var arguments: [ValueID]

  public init(_ value: Int64, _ target: BlockID, _ arguments: [ValueID] = []) {
    self.value = value
    self.target = target
    self.arguments = arguments
  }
}

/// Everything an instruction can do.
public enum Operation: Hashable, Sendable {
  // MARK: Constants

  /// The integer, wrapped to the result type. Also the form of constant enumeration tags, error tags and `void` statements.
  case integer(Int64)
  /// The float; for an f32 result it is rounded once.
  case float(Double)
  case boolean(Bool)
  /// A fresh text: its bytes, a zero after them, and the address and length.
  case string(StringID)
  /// Zero of any type: the null pointer, the absent optional, zeroed bytes.
  case null
  /// Also zero, so that evaluation is deterministic.
  case undefined
  case type(TypeID)
  /// Always true here; a compiled program sees false.
  case isCompileTime

  // MARK: Scalars

  case binary(BinaryOperator, ValueID, ValueID)
  case unary(UnaryOperator, ValueID)
  /// `from` is the operand's type, the result type is the target.
  case convert(ConversionOperator, ValueID, from: TypeID)

  // MARK: Memory

  /// Fresh zeroed storage for one value of the type, each time it executes. The result type is a pointer to it.
  case allocate(TypeID)
  /// Reads a value of the result type.
  case load(ValueID)
  /// Writes a value as `type`; `void` means the value's own type. Yields nothing.
  case store(pointer: ValueID, value: ValueID, type: TypeID)
  /// The operand if it is a pointer; for an aggregate value, the address of a fresh copy.
  case addressOf(ValueID)
  case atomicLoad(ValueID, AtomicOrdering)
  case atomicStore(pointer: ValueID, value: ValueID, type: TypeID, AtomicOrdering)
  case atomicUpdate(AtomicUpdate, pointer: ValueID, value: ValueID, type: TypeID, AtomicOrdering)
  /// Yields `?T`: null when the exchange happened, otherwise the value found.
  case atomicCompareExchange(pointer: ValueID, expected: ValueID, desired: ValueID, type: TypeID, AtomicOrdering)
  case atomicFence(AtomicOrdering)

  // MARK: Aggregates

  /// Builds a struct, array, tuple, slice, string, closure or any from its parts in order; missing trailing parts are zero.
  case aggregate([ValueID])
  /// Reads a field of a struct, tuple, string, slice or any value, or through a pointer to one. `base` overrides the operand's
  /// type.
  case field(ValueID, index: UInt32, base: TypeID?)
  /// The address of a field. The operand is a pointer, or a value whose copy is addressed.
  case fieldAddress(ValueID, index: UInt32, base: TypeID?)
  /// Reads a member of an untagged union.
  case unionField(ValueID, index: UInt32, base: TypeID?)
  case unionFieldAddress(ValueID, index: UInt32, base: TypeID?)

  // MARK: Arrays, slices and texts

  /// Reads an element of an array, slice, text, pointer to an array, or through a bare pointer. The index is checked wherever a
  /// length is known.
  case index(ValueID, ValueID)
  /// The address of an element.
  case indexAddress(ValueID, ValueID)
  case length(ValueID)
  /// The address of the first element of a slice or text.
  case dataPointer(ValueID)
  /// A slice over an array. A pointer to an array shares its storage; an array value is copied first.
  case arrayToSlice(ValueID)
  /// The part from `low` up to `high` of an array (through a pointer), a slice or a text. Checked wherever a length is known.
  case subslice(ValueID, low: ValueID, high: ValueID, base: TypeID)

  // MARK: Optionals, enumerations, any

  case optionalWrap(ValueID)
  /// An error if there is no value.
  case optionalUnwrap(ValueID)
  case optionalHasValue(ValueID)
  case optionalCoalesce(ValueID, ValueID)
  /// Builds an enumeration or tagged union value from a tag value (not a position) and a payload or `.none`.
  case enumeration(tag: Int64, payload: ValueID)
  /// The tag value of an enumeration, tagged union or error.
  case enumerationTag(ValueID)
  /// The payload of a variant, by position. The tag is not checked.
  case enumerationPayload(ValueID, variant: UInt32, base: TypeID?)
  /// An `any` that borrows the value at an address.
  case boxAny(ValueID, source: TypeID)
  /// Reads the value an `any` refers to, as the result type.
  case unboxAny(ValueID)
  /// The address an `any` refers to.
  case anyData(ValueID)
  case makeAny(tag: ValueID, data: ValueID)

  // MARK: Functions and globals

  case call(FunctionID, [ValueID])
  /// Calls the function whose word the first operand holds. Arguments are passed as given.
  case callIndirect(ValueID, [ValueID])
  /// Calls a closure value. In a module with an implicit context the first argument is the context and the environment goes
  /// second, otherwise it goes first.
  case callClosure(ValueID, [ValueID])
  case callBuiltin(Builtin, [ValueID])
  /// A closure value over an environment address, or over none.
  case closure(FunctionID, environment: ValueID)
  /// The word of a function: its number plus one, so that zero is the null function.
  case function(FunctionID)
  case global(GlobalID)
  case globalAddress(GlobalID)
  case setGlobal(GlobalID, ValueID)

  // MARK: Reflection and traces

  /// Name of the field with that index of the type, as text.
  case fieldName(TypeID, ValueID)
  /// The field with that index of the value at an address, as an `any`.
  case fieldValue(ValueID, index: ValueID, type: TypeID)
  case errorName(ValueID)
  /// This function and source position packed into a word for the error trace.
  case traceFrame
  /// Unpacks such a word into the five-field struct of the result type: file, line, column, function, text of the line.
  case traceResolve(ValueID)
  /// Prints the chain of calls.
  case printFrames

  // MARK: Vectors

  case vectorSplat(ValueID)
  case vectorExtract(ValueID, ValueID)
  case vectorInsert(ValueID, ValueID, ValueID)

  // MARK: Control

  /// The parameter of a block. Stands at the head of the block and costs no step.
  case blockParameter(BlockID, index: UInt32)
  case branch(BlockID, [ValueID])
  case conditionalBranch(ValueID, then: BlockID, [ValueID], else: BlockID, [ValueID])
  /// Goes to the first case whose value equals the operand.
  case switchBranch(ValueID, [SwitchCase], otherwise: BlockID, [ValueID])
  case returnValue(ValueID)
  case returnVoid
  /// An error if it is ever reached.
  case unreachable
  /// Something this machine does not evaluate: inline assembly, foreign object calls, holes left by a front end. An error
  /// with this name if it is ever reached.
  case unsupported(String)
}

extension Operation {
  /// True for operations that end a block.
  public var isTerminator: Bool {
    switch self {
    case .branch, .conditionalBranch, .switchBranch, .returnValue, .returnVoid, .unreachable: return true
    default: return false
    }
  }

  /// True for operations that are there for their effect only: whatever type they are given, no value comes of them.
  var yieldsNothing: Bool {
    switch self {
    case .store, .atomicStore, .atomicFence, .setGlobal, .printFrames: return true
    default: return isTerminator
    }
  }
}
