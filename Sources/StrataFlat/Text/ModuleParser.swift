// Reads a module from its written form (described in `ModulePrinter`).
// Guarantees: any bytes end in a module or in one diagnostic with its place; reading says nothing about soundness, which is
// the verifier's business; no recursion except into constants, whose nesting is limited.

import StrataText

/// Parses modules.
public struct ModuleParser {
  let bytes: [UInt8]
  private var at = 0
  /// The token in hand and where it starts and ends.
  private var token = Token.end
  private var start = 0
  private var end = 0
  /// Where the token before it started.
  private var previousStart = 0
  /// What is wrong with the token in hand, if it could not be read.
  private var pendingFault: Diagnostic?
  let module: Module
  private var names: [String: TypeID] = [:]

  private enum Token: Equatable {
    case word(String)
    case number(String)
    case string([UInt8])
    case mark(String)
    case end
  }

  private static let deepestConstant = 200
  private static let largestNumber: UInt32 = 1 << 22

  /// Reads a module from text.
  public static func parse(_ source: SourceText) throws(Diagnostic) -> Module {
    var parser = ModuleParser(bytes: source.bytes, target: .pointers64)
    try parser.advance()
    var target = Target.pointers64
    if parser.take("target") {
      let bits = try parser.index("32 or 64")
      guard let found = Target(pointerSize: UInt64(bits) / 8), bits % 8 == 0 else {
        throw parser.unexpected("32 or 64", back: true)
      }
      target = found
    }
    var body = ModuleParser(bytes: source.bytes, target: target)
    body.at = parser.start
    try body.advance()
    try body.parseModule()
    return body.module
  }

  private init(bytes: [UInt8], target: Target) {
    self.bytes = bytes
    module = Module(target: target)
  }

  // MARK: Tokens

  private func fault(_ message: String, _ from: Int, _ to: Int) -> Diagnostic {
    Diagnostic(message, at: min(from, bytes.count)..<min(max(from + 1, to), max(bytes.count, from + 1)))
  }

  /// What to say when the token in hand, or the one before it, is not what is wanted.
  func unexpected(_ wanted: String, back: Bool = false) -> Diagnostic {
    if let pendingFault, !back { return pendingFault }
    let from = back ? previousStart : start
    let shown: String
    if from >= bytes.count {
      shown = "the end of the text"
    } else {
      var stop = from
      while stop < bytes.count, stop - from < 24, bytes[stop] > 0x20 { stop += 1 }
      shown = "'\(String(decoding: bytes[from..<stop], as: UTF8.self))'"
    }
    return fault("expected \(wanted), found \(shown)", from, back ? from + 1 : end)
  }

  private func byte(_ offset: Int = 0) -> UInt8 { at + offset < bytes.count ? bytes[at + offset] : 0 }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte == 0x5F || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private mutating func advance() throws(Diagnostic) {
    while at < bytes.count {
      let current = byte()
      if current == 0x20 || current == 0x0A || current == 0x09 || current == 0x0D {
        at += 1
      } else if current == 0x2F, byte(1) == 0x2F {
        while at < bytes.count, byte() != 0x0A { at += 1 }
      } else {
        break
      }
    }
    previousStart = start
    start = at
    defer { end = at }
    guard at < bytes.count else {
      token = .end
      return
    }
    let current = byte()
    if ModuleParser.isLetter(current) {
      while at < bytes.count, ModuleParser.isLetter(byte()) || ModuleParser.isDigit(byte()) || byte() == 0x2E {
        at += 1
      }
      token = .word(String(decoding: bytes[start..<at], as: UTF8.self))
    } else if ModuleParser.isDigit(current) || (current == 0x2D && ModuleParser.isDigit(byte(1))) {
      at += 1
      while at < bytes.count {
        let next = byte()
        if ModuleParser.isDigit(next) || ModuleParser.isLetter(next) {
          at += 1
          if next == 0x65, byte() == 0x2D || byte() == 0x2B { at += 1 }
        } else if next == 0x2E, ModuleParser.isDigit(byte(1)) {
          at += 1
        } else {
          break
        }
      }
      token = .number(String(decoding: bytes[start..<at], as: UTF8.self))
    } else if current == 0x22 {
      token = .string(try quoted())
    } else if (current == 0x2D && byte(1) == 0x3E) || (current == 0x2E && byte(1) == 0x2E) {
      at += 2
      token = .mark(current == 0x2D ? "->" : "..")
    } else {
      at += 1
      token = .mark(String(Unicode.Scalar(current)))
    }
  }

  private mutating func quoted() throws(Diagnostic) -> [UInt8] {
    at += 1
    var result: [UInt8] = []
    while true {
      guard at < bytes.count, byte() != 0x0A else { throw fault("the text is not closed", start, at) }
      let current = byte()
      at += 1
      if current == 0x22 { return result }
      guard current == 0x5C else {
        result.append(current)
        continue
      }
      let escape = byte()
      at += 1
      switch escape {
      case 0x22, 0x5C: result.append(escape)
      case 0x6E: result.append(0x0A)
      case 0x74: result.append(0x09)
      case 0x78:
        guard let value = UInt8(String(decoding: [byte(), byte(1)], as: UTF8.self), radix: 16) else {
          throw fault("expected two hexadecimal digits", at - 2, at)
        }
        result.append(value)
        at += 2
      default: throw fault("unknown escape", at - 2, at)
      }
    }
  }

  /// Takes a word or mark if it is next.
  mutating func take(_ text: String) -> Bool {
    guard token == .word(text) || token == .mark(text) else { return false }
    // A fault in the next token shows when that token is asked for.
    do throws(Diagnostic) {
      try advance()
    } catch {
      token = .mark("\u{FFFD}")
      pendingFault = error
    }
    return true
  }

  mutating func expect(_ text: String) throws(Diagnostic) {
    guard take(text) else { throw unexpected("'\(text)'") }
  }

  mutating func word(_ wanted: String) throws(Diagnostic) -> String {
    guard case .word(let word) = token else { throw unexpected(wanted) }
    try advance()
    return word
  }

  mutating func string(_ wanted: String) throws(Diagnostic) -> [UInt8] {
    guard case .string(let bytes) = token else { throw unexpected(wanted) }
    try advance()
    return bytes
  }

  /// A plain or quoted name.
  private mutating func name() throws(Diagnostic) -> String {
    if case .string(let bytes) = token {
      try advance()
      return String(decoding: bytes, as: UTF8.self)
    }
    return try word("a name")
  }

  mutating func integer(_ wanted: String) throws(Diagnostic) -> Int64 {
    guard case .number(let digits) = token, let value = Int64(digits) else { throw unexpected(wanted) }
    try advance()
    return value
  }

  mutating func index(_ wanted: String) throws(Diagnostic) -> UInt32 {
    guard case .number(let digits) = token, let value = UInt32(digits) else { throw unexpected(wanted) }
    try advance()
    return value
  }

  mutating func float() throws(Diagnostic) -> Double {
    if take("bits") {
      guard case .number(let digits) = token, digits.hasPrefix("0x"), let bits = UInt64(digits.dropFirst(2), radix: 16)
      else { throw unexpected("the bits of a float") }
      try advance()
      return Double(bitPattern: bits)
    }
    guard case .number(let digits) = token, let value = Double(digits) else { throw unexpected("a float") }
    try advance()
    return value
  }

  mutating func at(_ wanted: String) throws(Diagnostic) -> UInt32 {
    guard take("@") else { throw unexpected(wanted) }
    return try index(wanted)
  }

  mutating func value() throws(Diagnostic) -> ValueID {
    guard take("%") else { throw unexpected("a value") }
    if take("none") { return .none }
    return ValueID(try index("a value"))
  }

  mutating func values() throws(Diagnostic) -> [ValueID] {
    try expect("(")
    var values: [ValueID] = []
    while !take(")") {
      if !values.isEmpty { try expect(",") }
      values.append(try value())
    }
    return values
  }

  // MARK: Types

  /// A type as an operand.
  mutating func type() throws(Diagnostic) -> TypeID {
    var prefixes: [(TypeID) -> TypeDescription] = []
    while true {
      if take("*") {
        prefixes.append { .pointer($0) }
      } else if take("?") {
        prefixes.append { .optional($0) }
      } else if take("[") {
        if take("*") {
          prefixes.append { .manyPointer($0) }
        } else if case .number = token {
          let length = try index("a length")
          prefixes.append { .array(element: $0, length: length) }
        } else {
          prefixes.append { .slice($0) }
        }
        try expect("]")
      } else {
        break
      }
    }
    var result: TypeID
    if take("#") {
      result = TypeID(try index("a type number"))
    } else {
      let name = try name()
      guard let found = ModulePrinter.builtinNames[name] ?? names[name] else {
        throw unexpected("a type", back: true)
      }
      result = found
    }
    for prefix in prefixes.reversed() { result = module.types.intern(prefix(result)) }
    return result
  }

  private mutating func number() throws(Diagnostic) -> TypeID {
    try expect("#")
    return TypeID(try index("a type number"))
  }

  /// A type inside of a description: declared types go by number, since they may be declared later.
  private mutating func part() throws(Diagnostic) -> TypeID {
    if case .word(let word) = token, let builtin = ModulePrinter.builtinNames[word] {
      try advance()
      return builtin
    }
    return try number()
  }

  private mutating func parts() throws(Diagnostic) -> [TypeID] {
    try expect("(")
    var types: [TypeID] = []
    while !take(")") {
      if !types.isEmpty { try expect(",") }
      types.append(try part())
    }
    return types
  }

  private mutating func members() throws(Diagnostic) -> [Member] {
    try expect("{")
    var members: [Member] = []
    while !take("}") {
      if !members.isEmpty { try expect(",") }
      let name = try name()
      try expect(":")
      members.append(Member(name, try part()))
    }
    return members
  }

  private mutating func nameList() throws(Diagnostic) -> [String] {
    try expect("{")
    var names: [String] = []
    while !take("}") {
      if !names.isEmpty { try expect(",") }
      names.append(try name())
    }
    return names
  }

  private mutating func integers() throws(Diagnostic) -> [Int64] {
    try expect("(")
    var values: [Int64] = []
    while !take(")") {
      if !values.isEmpty { try expect(",") }
      values.append(try integer("a value"))
    }
    return values
  }

  private mutating func nominal() throws(Diagnostic) -> NominalID { take("nominal") ? try index("a number") : 0 }

  private mutating func optionalNumber(_ word: String) throws(Diagnostic) -> TypeID? {
    take(word) ? try part() : nil
  }

  private mutating func description() throws(Diagnostic) -> TypeDescription {
    let kind = try word("a kind of type")
    switch kind {
    case "signed", "unsigned":
      let bits = try index("a width")
      guard bits >= 1, bits <= 64 else { throw unexpected("a width from 1 to 64", back: true) }
      return kind == "signed" ? .signed(UInt8(bits)) : .unsigned(UInt8(bits))
    case "struct":
      let name = try name()
      let isProtocol = take("protocol")
      let nominal = try nominal()
      return .structure(StructureType(name: name, fields: try members(), isProtocol: isProtocol, nominal: nominal))
    case "union":
      let name = try name()
      let nominal = try nominal()
      return .union(UnionType(name: name, fields: try members(), nominal: nominal))
    case "enum":
      let name = try name()
      let isFlags = take("flags")
      let backing = try optionalNumber("backing")
      let values = take("values") ? try integers() : nil
      let nominal = try nominal()
      return .enumeration(
        EnumerationType(
          name: name, variants: try nameList(), isFlags: isFlags, explicitValues: values, backing: backing,
          nominal: nominal))
    case "variant":
      let name = try name()
      let isOpen = take("open")
      let tag = try optionalNumber("tag")
      let backing = try optionalNumber("backing")
      let values = take("values") ? try integers() : nil
      let nominal = try nominal()
      return .taggedUnion(
        TaggedUnionType(
          name: name, fields: try members(), tag: tag, backing: backing, explicitValues: values, nominal: nominal,
          isDefined: !isOpen))
    case "array", "vector":
      let length = try index("a length")
      let element = try part()
      return kind == "array" ? .array(element: element, length: length) : .vector(element: element, length: length)
    case "slice": return .slice(try part())
    case "pointer": return .pointer(try part())
    case "many": return .manyPointer(try part())
    case "optional": return .optional(try part())
    case "tuple":
      let elements = try parts()
      return .tuple(TupleType(elements, names: take("names") ? try nameList() : nil))
    case "function":
      let parameters = try parts()
      let result = try part()
      let convention: CallingConvention = take("c") ? .c : .standard
      return .function(
        FunctionType(
          parameters, result, convention: convention, packStart: take("pack") ? try index("a position") : nil))
    case "closure":
      let parameters = try parts()
      return .closure(parameters: parameters, result: try part())
    case "pack": return .pack(try parts())
    case "protocol":
      let name = try name()
      return .protocolType(name: name, nominal: try nominal())
    case "errors":
      let name = try name()
      let nominal = try nominal()
      var tags: [ErrorTag] = []
      for value in try integers() { tags.append(ErrorTag(UInt32(clamping: value))) }
      return .errorSet(ErrorSetType(name: name, tags: tags, nominal: nominal))
    default:
      guard let builtin = ModulePrinter.builtinNames[kind] else { throw unexpected("a kind of type", back: true) }
      return module.types[builtin]
    }
  }

  // MARK: Declarations

  private mutating func parseModule() throws(Diagnostic) {
    while token != .end {
      let place = start
      if take("context") {
        module.hasImplicitContext = true
      } else if take("error") {
        _ = module.types.errors.intern(try name())
      } else if take("type") {
        let number = try number()
        try expect("=")
        let description = try description()
        do throws(TypeTableError) {
          try module.types.insert(description, at: number)
        } catch {
          throw fault("type number \(number.rawValue) is taken or out of range", place, end)
        }
        if let name = module.types.declaredName(number) { names[name] = number }
      } else if take("global") {
        try parseGlobal(place)
      } else if take("func") {
        try parseFunction(place)
      } else {
        throw unexpected("'type', 'error', 'global' or 'func'")
      }
    }
  }

  private mutating func parseGlobal(_ place: Int) throws(Diagnostic) {
    let number = try at("a global")
    guard Int(number) == module.globals.count else { throw fault("globals are numbered in order", place, end) }
    var global = Global(name: try name(), type: .void)
    try expect(":")
    global.type = try type()
    global.isConstant = take("constant")
    global.isExternal = take("external")
    global.isThreadLocal = take("threadlocal")
    if take("run") { global.initializingFunction = FunctionID(try at("a function")) }
    if take("=") { global.initializer = try constant(0) }
    module.add(global)
  }

  private mutating func constant(_ depth: Int) throws(Diagnostic) -> Constant {
    guard depth < ModuleParser.deepestConstant else { throw fault("constants are nested too deeply", start, end) }
    switch token {
    case .number: return .integer(try integer("a constant"))
    case .string: return .string(try string("a text"))
    default: break
    }
    if take("{") {
      var parts: [Constant] = []
      while !take("}") {
        if !parts.isEmpty { try expect(",") }
        parts.append(try constant(depth + 1))
      }
      return .aggregate(parts)
    }
    switch try word("a constant") {
    case "float": return .float(try float())
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "null": return .null
    case "undefined": return .undefined
    case "zero": return .zero
    case "function": return .function(FunctionID(try at("a function")))
    case "global": return .globalAddress(GlobalID(try at("a global")))
    case "table":
      try expect("(")
      var functions: [FunctionID] = []
      while !take(")") {
        if !functions.isEmpty { try expect(",") }
        functions.append(FunctionID(try at("a function")))
      }
      return .functionTable(functions)
    default: throw unexpected("a constant", back: true)
    }
  }

  // MARK: Functions

  private mutating func parseFunction(_ place: Int) throws(Diagnostic) {
    let number = try at("a function")
    guard Int(number) == module.functions.count else { throw fault("functions are numbered in order", place, end) }
    let name = try name()
    try expect("(")
    var parameters: [Parameter] = []
    while !take(")") {
      if !parameters.isEmpty { try expect(",") }
      guard try value().rawValue == UInt32(parameters.count) else {
        throw fault("parameters are numbered in order", place, end)
      }
      let name = try self.name()
      try expect(":")
      parameters.append(Parameter(name, try type()))
    }
    try expect("->")
    var function = Function(name: name, parameters: parameters, result: try type())
    function.isExternal = take("external")
    function.isIntrinsic = take("intrinsic")
    function.isVariadic = take("variadic")
    function.hasImplicitContext = take("context")
    if take("c") { function.convention = .c }
    if take("run") {
      function.role = .runWrapper
    } else if take("builder") {
      function.role = .typeBuilder
    } else if take("callback") {
      function.role = .buildCallback
    }
    if take("file") { function.file = try index("a file") }
    if take("{") { try parseBody(&function, place) }
    module.append(function)
  }

  private mutating func parseBody(_ function: inout Function, _ place: Int) throws(Diagnostic) {
    var instructions: [UInt32: Instruction] = [:]
    while !take("}") {
      try expect("block")
      guard try index("a block") == UInt32(function.blocks.count) else {
        throw fault("blocks are numbered in order", previousStart, end)
      }
      var block = Block(name: try name())
      if take("(") {
        while !take(")") {
          if !block.parameters.isEmpty { try expect(",") }
          block.parameters.append(try type())
        }
      }
      try expect(":")
      while token == .mark("%") {
        let from = start
        let value = try value()
        try expect("=")
        let operation = try OperationText.read(&self)
        try expect(":")
        let type = try type()
        var span = SourceSpan.none
        if take("@") {
          let first = try index("a position")
          span = SourceSpan(first, take("..") ? try index("a position") : first)
        }
        guard value.rawValue >= UInt32(function.parameters.count), value.rawValue < ModuleParser.largestNumber,
          instructions[value.rawValue] == nil
        else { throw fault("the value's number is taken or out of range", from, end) }
        instructions[value.rawValue] = Instruction(operation, type, span)
        block.body.append(value)
      }
      function.blocks.append(block)
    }
    for number in 0..<UInt32(instructions.count) {
      guard let instruction = instructions[UInt32(function.parameters.count) + number] else {
        throw fault(
          "the values of '\(function.name)' leave out %\(UInt32(function.parameters.count) + number)", place, end)
      }
      function.instructions.append(instruction)
    }
  }
}
