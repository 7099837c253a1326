// What one evaluation owns besides its registers: storage, globals, constant texts, output and the error trace.
// Guarantees: both evaluators use the same rules for all of these; nothing survives `restart` except the module itself, so
// an evaluation depends on nothing but the module, its arguments and what the host allows.

/// Where constants and globals of a module live in the storage of an evaluation.
struct StaticLayout {
  /// Address of each text of the string pool.
  var texts: [UInt64] = []
  /// Address of the text value (address and length) of each text.
  var textValues: [UInt64] = []
  /// Address of each global, or nil when its type has no layout.
  var globals: [UInt64?] = []
  var constantBytes: UInt64 = 0
  var staticBytes: UInt64 = 0
  var revision: UInt64 = .max

  init() {}

  init(_ module: Module) {
    // One part of a global is looked at, so that none is copied.
    let globals = module.globals
    for index in globals.indices {
      if let initializer = globals[index].initializer { StaticLayout.internTexts(initializer, module.types) }
    }
    var next = LinearMemory.firstAddress
    texts.reserveCapacity(module.types.strings.count)
    textValues.reserveCapacity(module.types.strings.count)
    for number in 0..<module.types.strings.count {
      texts.append(next)
      let count = module.types.strings.bytes(StringID(UInt32(number)))?.count ?? 0
      next += UInt64(count) + 1
    }
    next = TypeTable.round(next, to: 16)
    for _ in texts {
      textValues.append(next)
      next += 16
    }
    constantBytes = next - LinearMemory.firstAddress
    self.globals.reserveCapacity(globals.count)
    for index in globals.indices {
      guard let layout = try? module.types.layout(globals[index].type), layout.size < 1 << 36, next < 1 << 38 else {
        self.globals.append(nil)
        continue
      }
      let start = TypeTable.round(next, to: layout.alignment)
      self.globals.append(start)
      next = start + max(layout.size, 1)
    }
    staticBytes = TypeTable.round(next, to: 16) - LinearMemory.firstAddress
    revision = module.revision
  }

  private static func internTexts(_ constant: Constant, _ types: TypeTable) {
    var pending = [constant]
    while let current = pending.popLast() {
      switch current {
      case .string(let bytes): _ = types.strings.intern(bytes)
      case .aggregate(let parts): pending.append(contentsOf: parts)
      default: break
      }
    }
  }
}

/// State that both evaluators share the rules of.
final class EvaluationState {
  enum GlobalState: UInt8 {
    case untouched
    case inProgress
    case ready
  }

  let module: Module
  let memory: LinearMemory
  let host: HostFunctions
  var layout = StaticLayout()
  var textIsPresent: [Bool] = []
  var globalStates: [GlobalState] = []
  /// What the program wrote to its standard output.
  var output: [UInt8] = []
  /// What the program wrote to its error output.
  var errorOutput: [UInt8] = []
  /// The newest pushed trace frames, oldest first.
  var errorTrace: [UInt64] = []
  var errorTraceIsTruncated = false
  /// Told by a host function or a native why it failed.
  var hostReason: String?

  /// No more bytes than this are kept of each output.
  static let largestOutput = 64 << 20
  static let longestErrorTrace = 32
  /// The largest single request a program may make of `malloc`.
  static let largestRequest: UInt64 = 256 << 20

  /// `headBytes` is room before the storage, for the evaluator's own use.
  init(module: Module, host: HostFunctions, budget: Budget, headBytes: Int = 0) throws(Fault) {
    self.module = module
    self.host = host
    let limit = module.types.target.pointerSize == 4 ? min(budget.bytes, 1 << 32) : budget.bytes
    memory = try LinearMemory(limit: limit, headBytes: headBytes, stop: budget.stop)
  }

  /// Forgets the previous evaluation.
  func restart() throws(Fault) {
    if layout.revision != module.revision || layout.texts.count != module.types.strings.count
      || layout.globals.count != module.globals.count
    {
      layout = StaticLayout(module)
    }
    try memory.restart(constantBytes: layout.constantBytes, staticBytes: layout.staticBytes)
    textIsPresent = Array(repeating: false, count: layout.texts.count)
    globalStates = Array(repeating: .untouched, count: layout.globals.count)
    output.removeAll(keepingCapacity: true)
    errorOutput.removeAll(keepingCapacity: true)
    errorTrace.removeAll(keepingCapacity: true)
    errorTraceIsTruncated = false
    hostReason = nil
  }

  // MARK: Texts

  /// The address and length of a constant text, placed into storage on first use.
  func text(_ number: StringID) throws(Fault) -> (address: UInt64, count: UInt64) {
    guard let bytes = module.types.strings.bytes(number) else {
      throw Fault(.malformed, "a text number is out of range")
    }
    let index = Int(number.rawValue)
    guard index < layout.texts.count else { return (try newText(bytes), UInt64(bytes.count)) }
    let address = layout.texts[index]
    if !textIsPresent[index] {
      try memory.setConstant(address, bytes)
      let count = UInt64(bytes.count)
      try memory.setConstant(
        layout.textValues[index],
        (0..<8).map { UInt8(truncatingIfNeeded: address >> (8 * $0)) }
          + (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
      textIsPresent[index] = true
    }
    return (address, UInt64(bytes.count))
  }

  /// The address of a constant text's value, placed into storage on first use.
  func textValueAddress(_ number: StringID) throws(Fault) -> UInt64 {
    let text = try text(number)
    if Int(number.rawValue) < layout.textValues.count { return layout.textValues[Int(number.rawValue)] }
    let value = try memory.allocate(size: 16, alignment: 8)
    try memory.setWord(value, 8, text.address)
    try memory.setWord(value + 8, 8, text.count)
    return value
  }

  /// Places bytes and a final zero into fresh storage.
  func newText(_ bytes: [UInt8]) throws(Fault) -> UInt64 {
    let address = try memory.allocate(size: UInt64(bytes.count) + 1, alignment: 1)
    try memory.setBytes(address, bytes)
    return address
  }

  /// Places a text value (address and length) into fresh storage and returns the address of that value.
  func newTextValue(_ bytes: [UInt8]) throws(Fault) -> UInt64 {
    let text = try newText(bytes)
    let value = try memory.allocate(size: 16, alignment: 8)
    try memory.setWord(value, 8, text)
    try memory.setWord(value + 8, 8, UInt64(bytes.count))
    return value
  }

  /// Reads the text value at an address.
  func textValue(at address: UInt64) throws(Fault) -> [UInt8] {
    try memory.bytes(try memory.word(address, 8), try memory.word(address &+ 8, 8))
  }

  // MARK: Globals

  /// Where a global lives.
  func address(of global: GlobalID) throws(Fault) -> UInt64 {
    guard Int(global.rawValue) < layout.globals.count, let address = layout.globals[Int(global.rawValue)] else {
      throw Fault(.malformed, "a global is unknown or its type has no layout")
    }
    return address
  }

  /// Makes a global ready if that needs no evaluation. Returns the function to run first when it needs one.
  func prepare(_ global: GlobalID) throws(Fault) -> FunctionID? {
    let index = Int(global.rawValue)
    guard index < globalStates.count, let definition = module.global(global) else {
      throw Fault(.malformed, "a global number is out of range")
    }
    switch globalStates[index] {
    case .ready: return nil
    case .inProgress: throw Fault(.malformed, "the initial value of a global depends on itself")
    case .untouched: break
    }
    if let function = definition.initializingFunction {
      globalStates[index] = .inProgress
      return function
    }
    guard let initializer = definition.initializer else {
      throw Fault(.unsupported, "the global has no initial value")
    }
    try lay(initializer, definition.type, at: try address(of: global))
    globalStates[index] = .ready
    return nil
  }

  /// Marks a global whose slot has been written.
  func markReady(_ global: GlobalID) {
    if Int(global.rawValue) < globalStates.count { globalStates[Int(global.rawValue)] = .ready }
  }

  /// Writes a constant as a value of a type, and every global it refers to.
  private func lay(_ constant: Constant, _ type: TypeID, at address: UInt64) throws(Fault) {
    let types = module.types
    var pending: [(Constant, TypeID, UInt64)] = [(constant, type, address)]
    while let (constant, type, address) = pending.popLast() {
      guard let layout = try? types.layout(type) else { throw Fault(.malformed, "a constant's type has no layout") }
      let form = types.form(type)
      switch constant {
      case .null, .undefined, .zero: try memory.fill(address, count: layout.size, with: 0)
      case .integer(let value):
        if form == .float64 || form == .float32 {
          try writeFloat(Double(value), form, address)
        } else {
          try scalar(form)
          try memory.setWord(address, layout.size, UInt64(bitPattern: value))
        }
      case .boolean(let value):
        try scalar(form)
        try memory.setWord(address, layout.size, value ? 1 : 0)
      case .float(let value): try writeFloat(value, form, address)
      case .function(let function):
        try scalar(form)
        try memory.setWord(address, layout.size, UInt64(function.rawValue) + 1)
      case .globalAddress(let global):
        try scalar(form)
        try memory.setWord(address, layout.size, try self.address(of: global))
        let index = Int(global.rawValue)
        guard globalStates[index] == .untouched, let definition = module.global(global) else { break }
        guard definition.initializingFunction == nil, let initializer = definition.initializer else {
          throw Fault(.unsupported, "a constant refers to a global that has no constant value")
        }
        globalStates[index] = .ready
        pending.append((initializer, definition.type, try self.address(of: global)))
      case .string(let bytes):
        let text = try self.text(types.strings.intern(bytes))
        if case .string = types[type] {
          try memory.setWord(address, 8, text.address)
          try memory.setWord(address + 8, 8, text.count)
        } else {
          try scalar(form)
          try memory.setWord(address, layout.size, text.address)
        }
      case .functionTable(let functions):
        let size = types.target.pointerSize
        guard layout.size >= UInt64(functions.count) * size else {
          throw Fault(.malformed, "a function table does not fit its global")
        }
        for (index, function) in functions.enumerated() {
          try memory.setWord(address + UInt64(index) * size, size, UInt64(function.rawValue) + 1)
        }
      case .aggregate(let parts):
        if case .optional(let child) = types[type] {
          guard let payload = parts.first else { break }
          guard let found = try? types.optionalForm(child: child) else {
            throw Fault(.malformed, "a constant's type has no layout")
          }
          if case .flag(let offset) = found { try memory.setWord(address + offset, 1, 1) }
          pending.append((payload, child, address))
          break
        }
        for (index, part) in parts.enumerated() {
          guard let member = types.memberType(index, of: type),
            let offset = try? types.offset(of: index, in: type)
          else { throw Fault(.malformed, "a constant has more parts than its type") }
          pending.append((part, member, address + offset))
        }
      }
    }
  }

  private func scalar(_ form: RegisterForm) throws(Fault) {
    switch form {
    case .integer, .boolean: return
    default: throw Fault(.malformed, "a constant does not suit its type")
    }
  }

  private func writeFloat(_ value: Double, _ form: RegisterForm, _ address: UInt64) throws(Fault) {
    switch form {
    case .float64: try memory.setWord(address, 8, value.bitPattern)
    case .float32: try memory.setWord(address, 4, UInt64(Float(value).bitPattern))
    default: throw Fault(.malformed, "a constant does not suit its type")
    }
  }

  // MARK: Output and traces

  func write(_ bytes: [UInt8], toError: Bool) {
    if toError {
      errorOutput.append(contentsOf: bytes.prefix(max(0, EvaluationState.largestOutput - errorOutput.count)))
    } else {
      output.append(contentsOf: bytes.prefix(max(0, EvaluationState.largestOutput - output.count)))
    }
  }

  func pushTrace(_ frame: UInt64) {
    if errorTrace.count == EvaluationState.longestErrorTrace {
      errorTrace.removeFirst()
      errorTraceIsTruncated = true
    }
    errorTrace.append(frame)
  }

  func clearTrace() {
    errorTrace.removeAll(keepingCapacity: true)
    errorTraceIsTruncated = false
  }
}
