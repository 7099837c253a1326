// What a Flat type is: the closed list of kinds and the data each carries.
// Guarantees: a description is plain data over type numbers, comparable by content, and says nothing about layout.

/// A named member of a struct, union or tagged union. A tagged union's member without payload has type `void`.
public struct Member: Hashable, Sendable {
  public var name: String
  public var type: TypeID

  public init(_ name: String, _ type: TypeID) {
    self.name = name
    self.type = type
  }
}

/// Distinguishes nominal types of the same name. Zero means that the name alone identifies the type.
public typealias NominalID = UInt32

/// Fields in declaration order, each at its natural alignment.
public struct StructureType: Hashable, Sendable {
  public var name: String
  public var fields: [Member]
  /// True when this struct is the run-time form of a protocol value: its first field is the receiver, and an optional of it
  /// needs no flag.
  public var isProtocol: Bool
  public var nominal: NominalID

  public init(name: String, fields: [Member], isProtocol: Bool = false, nominal: NominalID = 0) {
    self.name = name
    self.fields = fields
    self.isProtocol = isProtocol
    self.nominal = nominal
  }
}

/// An enumeration without payloads. Its value is the tag.
public struct EnumerationType: Hashable, Sendable {
  public var name: String
  public var variants: [String]
  public var isFlags: Bool
  /// The tag of each variant where the source gave any; otherwise a variant's tag is its position.
  public var explicitValues: [Int64]?
  /// The integer type that stores the tag; `i64` when absent.
  public var backing: TypeID?
  public var nominal: NominalID

  public init(
    name: String, variants: [String], isFlags: Bool = false, explicitValues: [Int64]? = nil, backing: TypeID? = nil,
    nominal: NominalID = 0
  ) {
    self.name = name
    self.variants = variants
    self.isFlags = isFlags
    self.explicitValues = explicitValues
    self.backing = backing
    self.nominal = nominal
  }
}

/// Members that share one storage; nothing says which is valid.
public struct UnionType: Hashable, Sendable {
  public var name: String
  public var fields: [Member]
  public var nominal: NominalID

  public init(name: String, fields: [Member], nominal: NominalID = 0) {
    self.name = name
    self.fields = fields
    self.nominal = nominal
  }
}

/// An enumeration whose variants carry payloads: the tag first, then room for the largest payload.
public struct TaggedUnionType: Hashable, Sendable {
  public var name: String
  /// The variants; `void` for one without payload.
  public var fields: [Member]
  /// The integer type of the tag; `i64` when absent.
  public var tag: TypeID?
  /// A struct that fixes size, alignment and header; its last field is where the payload lives.
  public var backing: TypeID?
  public var explicitValues: [Int64]?
  public var nominal: NominalID
  /// False only for a slot that was declared and not yet defined; such a type has no layout.
  public var isDefined: Bool

  public init(
    name: String, fields: [Member], tag: TypeID? = nil, backing: TypeID? = nil, explicitValues: [Int64]? = nil,
    nominal: NominalID = 0, isDefined: Bool = true
  ) {
    self.name = name
    self.fields = fields
    self.tag = tag
    self.backing = backing
    self.explicitValues = explicitValues
    self.nominal = nominal
    self.isDefined = isDefined
  }
}

/// A sequence of unnamed (or only incidentally named) fields, laid out like a struct. A failable result is a tuple whose last
/// element is an error set.
public struct TupleType: Hashable, Sendable {
  public var elements: [TypeID]
  public var names: [String]?

  public init(_ elements: [TypeID], names: [String]? = nil) {
    self.elements = elements
    self.names = names
  }
}

/// How a function is entered.
public enum CallingConvention: UInt8, Hashable, Sendable {
  case standard
  case c
}

/// The type of a plain function address.
public struct FunctionType: Hashable, Sendable {
  public var parameters: [TypeID]
  public var result: TypeID
  public var convention: CallingConvention
  /// Where a pack of further arguments begins, if the function takes one.
  public var packStart: UInt32?

  public init(
    _ parameters: [TypeID], _ result: TypeID, convention: CallingConvention = .standard, packStart: UInt32? = nil
  ) {
    self.parameters = parameters
    self.result = result
    self.convention = convention
    self.packStart = packStart
  }
}

/// A named set of error tags, or an inferred one without names.
public struct ErrorSetType: Hashable, Sendable {
  public var name: String
  public var tags: [ErrorTag]
  public var nominal: NominalID

  public init(name: String, tags: [ErrorTag], nominal: NominalID = 0) {
    self.name = name
    self.tags = tags
    self.nominal = nominal
  }
}

/// Everything a Flat type can be.
public enum TypeDescription: Hashable, Sendable {
  case unresolved
  case boolean
  /// A two's-complement integer of 1 to 64 bits.
  case signed(UInt8)
  /// An unsigned integer of 1 to 64 bits.
  case unsigned(UInt8)
  case float32
  case float64
  case void
  case noReturn
  case string
  case cString
  case any
  case signedSize
  case unsignedSize
  case type
  case structure(StructureType)
  case enumeration(EnumerationType)
  case union(UnionType)
  case taggedUnion(TaggedUnionType)
  case array(element: TypeID, length: UInt32)
  case vector(element: TypeID, length: UInt32)
  case slice(TypeID)
  case pointer(TypeID)
  /// A pointer to the first of many elements; indexing it cannot be checked against a length.
  case manyPointer(TypeID)
  case optional(TypeID)
  case tuple(TupleType)
  case function(FunctionType)
  /// A function address and the address of its captured environment.
  case closure(parameters: [TypeID], result: TypeID)
  /// A list of types known only while a generic function is being expanded.
  case pack([TypeID])
  /// An abstract protocol; its values exist only in their struct form.
  case protocolType(name: String, nominal: NominalID)
  case errorSet(ErrorSetType)
}

/// The numbers by which reflection answers "what kind of type is this?".
public enum TypeKindCode: Int64, Sendable {
  case other = 0
  case structure = 1
  case enumeration = 2
  case taggedUnion = 3
  case tuple = 4
  case union = 5
  case array = 6
  case vector = 7
  case errorSet = 8
}
