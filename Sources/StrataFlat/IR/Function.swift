// Functions of the intermediate form: parameters, blocks and instructions.
// Guarantees: plain data. Instructions are stored in the order they were emitted, which is also the order of value numbers;
// a block lists the instructions it runs, so blocks may be filled in any order.

/// A byte range of the source a construct came from.
public struct SourceSpan: Hashable, Sendable {
  public var start: UInt32
  public var end: UInt32

  public init(_ start: UInt32, _ end: UInt32) {
    self.start = start
    self.end = end
  }

  /// No known place.
  public static let none = SourceSpan(0, 0)
}

/// A named, typed parameter.
public struct Parameter: Hashable, Sendable {
  public var name: String
  public var type: TypeID

  public init(_ name: String, _ type: TypeID) {
    self.name = name
    self.type = type
  }
}

/// One operation, the type of what it yields and where it came from.
public struct Instruction: Hashable, Sendable {
  public var operation: Operation
  public var type: TypeID
  public var span: SourceSpan

  public init(_ operation: Operation, _ type: TypeID, _ span: SourceSpan = .none) {
    self.operation = operation
    self.type = type
    self.span = span
  }
}

/// A straight line of instructions that ends with a terminator.
public struct Block: Hashable, Sendable {
  /// For people; neither unique nor an identifier.
  public var name: String
  public var parameters: [TypeID]
  /// The values of the instructions this block runs, in order.
  public var body: [ValueID]

  public init(name: String, parameters: [TypeID] = [], body: [ValueID] = []) {
    self.name = name
    self.parameters = parameters
    self.body = body
  }
}

/// Why a function exists.
public enum FunctionRole: UInt8, Hashable, Sendable {
  case ordinary
  /// Wraps an expression to be evaluated at compile time.
  case runWrapper
  /// Constructs a type at compile time.
  case typeBuilder
  /// Called after the program has been built.
  case buildCallback
}

/// A function: a signature, and blocks unless it is external.
public struct Function: Hashable, Sendable {
  public var name: String
  public var parameters: [Parameter]
  public var result: TypeID
  /// Empty for an external or intrinsic function.
  public var blocks: [Block] = []
  /// All instructions in the order of emission; instruction `k` defines value `parameters.count + k`.
  public var instructions: [Instruction] = []
  /// Has no body: it is served by the machine or the host, by name.
  public var isExternal = false
  /// Declared as implemented by the compiler.
  public var isIntrinsic = false
  public var isVariadic = false
  /// Its first parameter is the hidden context pointer.
  public var hasImplicitContext = false
  public var convention = CallingConvention.standard
  public var role = FunctionRole.ordinary
  /// Number of the source file the spans refer to, as the front end counts files.
  public var file: UInt32 = 0

  public init(name: String, parameters: [Parameter], result: TypeID) {
    self.name = name
    self.parameters = parameters
    self.result = result
  }

  /// How many values the function defines.
  public var valueCount: Int { parameters.count + instructions.count }

  /// True when there is a body to run.
  public var hasBody: Bool { !blocks.isEmpty }

  /// True when it may drop storage itself.
  var dropsStorage: Bool {
    instructions.contains { instruction in
      if case .callBuiltin(.memoryReset, _) = instruction.operation { true } else { false }
    }
  }

  /// The instruction that defines a value; nil for a parameter or a number out of range.
  public func instruction(_ value: ValueID) -> Instruction? {
    let index = Int(value.rawValue) - parameters.count
    return index >= 0 && index < instructions.count ? instructions[index] : nil
  }

  /// Looks at the operation that defines a value where it lies, without a copy; not for a parameter or a number out of range.
  @inline(__always)
  func withOperation(_ value: ValueID, _ look: (Operation) -> Void) {
    let index = Int(value.rawValue) - parameters.count
    if index >= 0, index < instructions.count { look(instructions[index].operation) }
  }

  /// The type of a value, or nil for a number out of range.
  public func type(of value: ValueID) -> TypeID? {
    let number = Int(value.rawValue)
    if number < parameters.count { return parameters[number].type }
    let index = number - parameters.count
    return index < instructions.count ? instructions[index].type : nil
  }
}
