// The dense numbers by which a Flat module names its parts.
// Guarantees: each is one 32-bit word with its own Swift type, so that a function number can never be used as a
// type number by mistake; the built-in type numbers below are fixed and the same in every module.

/// Names a type in a module's `TypeTable`. Numbers below 100 are built in; a module's own types start at 100.
public struct TypeID: Hashable, Sendable, Comparable, BitwiseCopyable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public static func < (left: TypeID, right: TypeID) -> Bool { left.rawValue < right.rawValue }

  /// Stands where no type could be found; any use of it is an error.
  public static let unresolved = TypeID(0)
  public static let boolean = TypeID(1)
  public static let i8 = TypeID(2)
  public static let i16 = TypeID(3)
  public static let i32 = TypeID(4)
  public static let i64 = TypeID(5)
  public static let u8 = TypeID(6)
  public static let u16 = TypeID(7)
  public static let u32 = TypeID(8)
  public static let u64 = TypeID(9)
  public static let f32 = TypeID(10)
  public static let f64 = TypeID(11)
  /// Sixteen bytes: the address of the text and its length in bytes.
  public static let string = TypeID(12)
  /// Sixteen bytes: the address of a value and the number of its type. It borrows the value.
  public static let any = TypeID(13)
  public static let noReturn = TypeID(14)
  public static let isize = TypeID(15)
  public static let usize = TypeID(16)
  public static let void = TypeID(17)
  /// The address of bytes that end with a zero.
  public static let cString = TypeID(18)
  /// The type of values that are themselves types.
  public static let type = TypeID(19)

  /// The first number a module's own types may take.
  public static let firstUser: UInt32 = 100

  /// True for the fixed types that every module has.
  public var isBuiltin: Bool { rawValue < TypeID.firstUser }
}

/// Names a function of a module, in declaration order.
public struct FunctionID: Hashable, Sendable, Comparable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public static func < (left: FunctionID, right: FunctionID) -> Bool { left.rawValue < right.rawValue }
}

/// Names a global of a module, in declaration order.
public struct GlobalID: Hashable, Sendable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// Names a block by its position in its function.
public struct BlockID: Hashable, Sendable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// Names a value inside one function: its parameters come first, then every instruction (stores and terminators too)
/// takes one number in the order it was emitted.
public struct ValueID: Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// Stands for "no value": no payload, no environment. Used as an operand it is malformed.
  public static let none = ValueID(UInt32.max)
}

/// Names a text of the module's string pool. Number 0 is the empty text.
public struct StringID: Hashable, Sendable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  public static let empty = StringID(0)
}

/// Names an error of the module's error pool. Number 0 means "no error".
public struct ErrorTag: Hashable, Sendable, Comparable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public static func < (left: ErrorTag, right: ErrorTag) -> Bool { left.rawValue < right.rawValue }

  public static let none = ErrorTag(0)
}
