// The functions without a body that the machine itself serves, and those a host may add.
// Guarantees: nothing else can be called; every address a program passes is checked; no native reads a clock, a file or
// anything else of the host. A host function is reachable only if the host registered it by name.

/// Functions the machine serves by name.
enum Native: UInt8, CaseIterable {
  case malloc, calloc, free, memcpy, memmove, memset, memcmp, strlen, write, puts, toupper, tolower
  case tracePush, traceClear
  case intern, textOf, findType, typeKind, typeName, fieldCount, fieldName, fieldType, variantValue, pointerTo
  case declareType, registerType

  /// The name programs declare it by.
  var name: String {
    switch self {
    case .malloc: return "malloc"
    case .calloc: return "calloc"
    case .free: return "free"
    case .memcpy: return "memcpy"
    case .memmove: return "memmove"
    case .memset: return "memset"
    case .memcmp: return "memcmp"
    case .strlen: return "strlen"
    case .write: return "write"
    case .puts: return "puts"
    case .toupper: return "toupper"
    case .tolower: return "tolower"
    case .tracePush: return "sx_trace_push"
    case .traceClear: return "sx_trace_clear"
    case .intern: return "raw_intern"
    case .textOf: return "raw_text_of"
    case .findType: return "raw_find_type"
    case .typeKind: return "raw_type_kind"
    case .typeName: return "raw_type_name"
    case .fieldCount: return "raw_field_count"
    case .fieldName: return "raw_field_name"
    case .fieldType: return "raw_field_type"
    case .variantValue: return "raw_variant_value"
    case .pointerTo: return "raw_pointer_to"
    case .declareType: return "raw_declare_type"
    case .registerType: return "raw_register_type"
    }
  }

  static let byName: [String: Native] = Dictionary(
    uniqueKeysWithValues: Native.allCases.map { ($0.name, $0) })
}

/// What a host function sees of the evaluation that calls it.
public struct HostCall {
  let state: EvaluationState
  /// Scalars as words in canonical form; aggregates as the address of their bytes.
  public let arguments: [UInt64]

  /// A copy of a range of the program's storage, or nil when the program passed a bad one.
  public func bytes(at address: UInt64, count: UInt64) -> [UInt8]? { try? state.memory.bytes(address, count) }

  /// The bytes of a text argument.
  public func text(_ argument: Int) -> [UInt8]? {
    argument >= 0 && argument < arguments.count ? try? state.textValue(at: arguments[argument]) : nil
  }

  /// Places a text into the program's storage and returns the address of its value, fit to be a text result.
  public func newText(_ bytes: [UInt8]) -> UInt64? { try? state.newTextValue(bytes) }

  /// Overwrites a range of the program's storage. False when the range is not the program's to write.
  public func write(_ bytes: [UInt8], at address: UInt64) -> Bool {
    (try? state.memory.setBytes(address, bytes)) != nil
  }
}

/// A failure that a host function reports to the program's evaluation.
public struct HostFailure: Error, Hashable, Sendable {
  public var reason: String
  public init(_ reason: String) { self.reason = reason }
}

/// The host functions a program may call, by name.
public struct HostFunctions {
  /// Returns the result word: a scalar in any form (it is brought to the declared type) or the address of an aggregate.
  public typealias Body = (HostCall) throws(HostFailure) -> UInt64

  private(set) var bodies: [Body] = []
  private var numbers: [String: Int] = [:]

  public init() {}

  /// Allows programs to call `body` under a name. A later registration of the same name replaces the earlier one.
  public mutating func register(_ name: String, _ body: @escaping Body) {
    if let known = numbers[name] {
      bodies[known] = body
    } else {
      numbers[name] = bodies.count
      bodies.append(body)
    }
  }

  func find(_ name: String) -> Int? { numbers[name] }
}

extension EvaluationState {
  /// How a function without a body is served.
  enum Service {
    case native(Native)
    case host(Int)
  }

  /// Finds who serves a function without a body, or nil when nobody does.
  func service(for name: String) -> Service? {
    if let number = host.find(name) { return .host(number) }
    return Native.byName[name].map { .native($0) }
  }

  /// Calls a function without a body. Aggregates are passed and returned as addresses.
  func serve(_ service: Service, _ function: Function, _ arguments: UnsafeBufferPointer<UInt64>) throws(Fault)
    -> UInt64
  {
    switch service {
    case .native(let native):
      return try serve(native, function, arguments)
    case .host(let number):
      do throws(HostFailure) {
        return try host.bodies[number](HostCall(state: self, arguments: Array(arguments)))
      } catch {
        hostReason = error.reason
        throw Fault(.host, "a host function failed")
      }
    }
  }

  private func serve(_ native: Native, _ function: Function, _ words: UnsafeBufferPointer<UInt64>) throws(Fault)
    -> UInt64
  {
    func word(_ index: Int) throws(Fault) -> UInt64 {
      guard index < words.count else { throw Fault(.malformed, "a native function was given too few arguments") }
      return words[index]
    }
    func size(_ index: Int) throws(Fault) -> UInt64 {
      let value = try word(index)
      guard value <= EvaluationState.largestRequest else { throw .request }
      return value
    }
    /// A text argument may be declared as a text or as the address of bytes that end with a zero.
    func zeroTerminated(_ index: Int) throws(Fault) -> [UInt8] {
      let value = try word(index)
      if index < function.parameters.count, module.types[function.parameters[index].type] == .string {
        return try textValue(at: value)
      }
      return try memory.bytes(value, try length(value))
    }
    func length(_ start: UInt64) throws(Fault) -> UInt64 {
      var address = start
      while try memory.word(address, 1) != 0 { address &+= 1 }
      return address &- start
    }
    switch native {
    case .malloc:
      return try memory.allocate(size: try size(0), alignment: 16)
    case .calloc:
      let (total, overflow) = try word(0).multipliedReportingOverflow(by: try word(1))
      guard !overflow, total <= EvaluationState.largestRequest else { throw .request }
      return try memory.allocate(size: total, alignment: 16)
    case .free: return 0
    case .memcpy, .memmove:
      try memory.move(to: try word(0), from: try word(1), count: try size(2))
      return try word(0)
    case .memset:
      try memory.fill(try word(0), count: try size(2), with: UInt8(truncatingIfNeeded: try word(1)))
      return try word(0)
    case .memcmp:
      let left = try memory.bytes(try word(0), try size(2))
      let right = try memory.bytes(try word(1), try size(2))
      for (a, b) in zip(left, right) where a != b { return a < b ? UInt64(bitPattern: -1) : 1 }
      return 0
    case .strlen: return try length(try word(0))
    case .write:
      let stream = try word(0)
      let count = try size(2)
      guard stream == 1 || stream == 2 else {
        throw Fault(.unsupported, "programs may write to streams 1 and 2 only")
      }
      write(try memory.bytes(try word(1), count), toError: stream == 2)
      return count
    case .puts:
      write(try zeroTerminated(0) + [0x0A], toError: false)
      return 1
    case .toupper:
      let value = try word(0)
      return value >= 0x61 && value <= 0x7A ? value - 32 : value
    case .tolower:
      let value = try word(0)
      return value >= 0x41 && value <= 0x5A ? value + 32 : value
    case .tracePush:
      pushTrace(try word(0))
      return 0
    case .traceClear:
      clearTrace()
      return 0
    default:
      return try reflect(native, words)
    }
  }
}
