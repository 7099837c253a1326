// Reads recorded evaluations: a module in typed intermediate form with the results another machine gave for it.
// Guarantees: any JSON is accepted or refused with a reason that names the place; numbers of types, functions and globals are
// kept, because programs see them; an operation this machine does not know becomes one that reports itself when reached.

import StrataText

/// One recorded evaluation.
public struct RecordedCase: Sendable {
  public var function: FunctionID
  public var name: String
  public var result: TypeID
  public var steps: UInt64
  public var allocations: UInt64
  /// Why the recorded machine gave no value, in its own words.
  public var bail: String?
  /// True when the recorded machine ran the function but could not take its result out.
  public var isBridgeBail: Bool
  public var value: JSON
}

/// A recorded module with its evaluations.
public struct RecordedProgram {
  public let module: Module
  public let cases: [RecordedCase]
  /// Size and alignment of each type as recorded.
  public let layouts: [(type: TypeID, layout: TypeLayout)]

  /// Why a file is not a recorded program.
  public struct ReadError: Error, Hashable, Sendable, CustomStringConvertible {
    public var place: String
    public var reason: String
    public var description: String { place.isEmpty ? reason : "\(place): \(reason)" }
  }

  /// Reads a recorded program from the bytes of its file.
  public init(_ bytes: [UInt8]) throws(ReadError) {
    let json: JSON
    do throws(JSON.ReadError) {
      json = try JSON.read(bytes)
    } catch {
      throw ReadError(place: "byte \(error.offset)", reason: error.reason)
    }
    var reader = RecordedReader(json)
    self = try reader.program()
  }

  init(module: Module, cases: [RecordedCase], layouts: [(TypeID, TypeLayout)]) {
    self.module = module
    self.cases = cases
    self.layouts = layouts
  }
}

/// Turns the JSON of a recorded program into a module.
struct RecordedReader {
  let json: JSON
  let module: Module
  /// Where in the file the reader is, for messages.
  var place = ""

  typealias ReadError = RecordedProgram.ReadError

  init(_ json: JSON) {
    self.json = json
    let size = json["pointer_size"]?.integer ?? 8
    module = Module(target: Target(pointerSize: UInt64(clamping: size)) ?? .pointers64)
  }

  func fault(_ reason: String) -> ReadError { ReadError(place: place, reason: reason) }

  func number(_ value: JSON?, _ what: String) throws(ReadError) -> Int64 {
    guard let number = value?.integer else { throw fault("expected a number for \(what)") }
    return number
  }

  func index(_ value: JSON?, _ what: String) throws(ReadError) -> UInt32 {
    guard let number = value?.integer, let index = UInt32(exactly: number) else {
      throw fault("expected a number for \(what)")
    }
    return index
  }

  func type(_ value: JSON?, _ what: String = "a type") throws(ReadError) -> TypeID { TypeID(try index(value, what)) }

  func text(_ value: JSON?, _ what: String) throws(ReadError) -> String {
    guard let text = value?.text else { throw fault("expected a text for \(what)") }
    return text
  }

  func list(_ value: JSON?, _ what: String) throws(ReadError) -> [JSON] {
    guard let elements = value?.elements else { throw fault("expected a list for \(what)") }
    return elements
  }

  /// Texts are recorded with one character for each byte.
  func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

  mutating func program() throws(ReadError) -> RecordedProgram {
    var layouts: [(TypeID, TypeLayout)] = []
    for tag in try list(json["tags"], "tags").dropFirst() { _ = module.types.errors.intern(try text(tag, "a tag")) }
    for entry in try list(json["types"], "types") {
      let number = try type(entry["id"])
      place = "type \(number.rawValue)"
      let description = try describe(entry["info"])
      if !number.isBuiltin {
        do throws(TypeTableError) {
          try module.types.insert(description, at: number)
        } catch {
          throw fault("the number is taken")
        }
      }
      let size = UInt64(clamping: try self.number(entry["size"], "a size"))
      layouts.append(
        (number, TypeLayout(size: size, alignment: UInt64(clamping: try self.number(entry["align"], "an alignment")))))
    }
    try globals()
    try functions()
    var cases: [RecordedCase] = []
    for entry in try list(json["cases"], "cases") {
      place = "case \(cases.count)"
      cases.append(
        RecordedCase(
          function: FunctionID(try index(entry["fid"], "a function")), name: try text(entry["name"], "a name"),
          result: try type(entry["ret"]), steps: UInt64(clamping: try number(entry["steps"], "steps")),
          allocations: UInt64(clamping: entry["allocs"]?.integer ?? 0), bail: entry["bail"]?.text,
          isBridgeBail: entry["bridge_bail"]?.boolean ?? false, value: entry["value"] ?? .null))
    }
    return RecordedProgram(module: module, cases: cases, layouts: layouts)
  }

  // MARK: Types

  func members(_ value: JSON?) throws(ReadError) -> [Member] {
    var members: [Member] = []
    for field in try list(value, "fields") {
      members.append(Member(try text(field["name"], "a field name"), try type(field["ty"])))
    }
    return members
  }

  func types(_ value: JSON?) throws(ReadError) -> [TypeID] {
    var types: [TypeID] = []
    for element in try list(value, "types") { types.append(try type(element)) }
    return types
  }

  func optionalType(_ value: JSON?) throws(ReadError) -> TypeID? {
    guard let value, !value.isNull else { return nil }
    return try type(value)
  }

  func values(_ value: JSON?) throws(ReadError) -> [Int64]? {
    guard let value, !value.isNull else { return nil }
    var numbers: [Int64] = []
    for element in try list(value, "values") { numbers.append(try number(element, "a value")) }
    return numbers
  }

  func describe(_ info: JSON?) throws(ReadError) -> TypeDescription {
    guard let field = info?.fields?.first else { throw fault("expected a type description") }
    let data = field.value
    let nominal = NominalID(clamping: data["nominal_id"]?.integer ?? 0)
    switch field.key {
    case "bool": return .boolean
    case "signed": return .signed(UInt8(clamping: try number(data, "a width")))
    case "unsigned": return .unsigned(UInt8(clamping: try number(data, "a width")))
    case "f32": return .float32
    case "f64": return .float64
    case "void": return .void
    case "noreturn": return .noReturn
    case "string": return .string
    case "cstring": return .cString
    case "any": return .any
    case "isize": return .signedSize
    case "usize": return .unsignedSize
    case "type_value": return .type
    case "unresolved": return .unresolved
    case "struct":
      return .structure(
        StructureType(
          name: try text(data["name"], "a name"), fields: try members(data["fields"]),
          isProtocol: data["is_protocol"]?.boolean ?? false, nominal: nominal))
    case "enum":
      var names: [String] = []
      for name in try list(data["variants"], "variants") { names.append(try text(name, "a variant")) }
      return .enumeration(
        EnumerationType(
          name: try text(data["name"], "a name"), variants: names, isFlags: data["is_flags"]?.boolean ?? false,
          explicitValues: try values(data["explicit_values"]), backing: try optionalType(data["backing_type"]),
          nominal: nominal))
    case "union":
      return .union(
        UnionType(name: try text(data["name"], "a name"), fields: try members(data["fields"]), nominal: nominal))
    case "tagged_union":
      return .taggedUnion(
        TaggedUnionType(
          name: try text(data["name"], "a name"), fields: try members(data["fields"]),
          tag: try optionalType(data["tag_type"]), backing: try optionalType(data["backing_type"]),
          explicitValues: try values(data["explicit_tag_values"]), nominal: nominal,
          isDefined: data["defined"]?.boolean ?? true))
    case "array":
      return .array(element: try type(data["element"]), length: try index(data["length"], "a length"))
    case "vector":
      return .vector(element: try type(data["element"]), length: try index(data["length"], "a length"))
    case "slice": return .slice(try type(data["element"]))
    case "pointer": return .pointer(try type(data["pointee"]))
    case "many_pointer": return .manyPointer(try type(data["element"]))
    case "optional": return .optional(try type(data["child"]))
    case "tuple":
      var names: [String]?
      if let recorded = data["names"]?.elements { names = recorded.map { $0.text ?? "" } }
      return .tuple(TupleType(try types(data["fields"]), names: names))
    case "function":
      return .function(
        FunctionType(
          try types(data["params"]), try type(data["ret"]),
          convention: data["call_conv"]?.text == "c" ? .c : .standard,
          packStart: data["pack_start"]?.integer.flatMap { UInt32(exactly: $0) }))
    case "closure": return .closure(parameters: try types(data["params"]), result: try type(data["ret"]))
    case "error_set":
      var tags: [ErrorTag] = []
      for tag in try list(data["tags"], "tags") { tags.append(ErrorTag(try index(tag, "a tag"))) }
      return .errorSet(ErrorSetType(name: try text(data["name"], "a name"), tags: tags, nominal: nominal))
    case "pack": return .pack(try types(data["types"] ?? .array([])))
    case "protocol": return .protocolType(name: try text(data["name"], "a name"), nominal: nominal)
    default: throw fault("unknown kind of type '\(field.key)'")
    }
  }

  // MARK: Globals

  mutating func globals() throws(ReadError) {
    guard let entries = json["globals"]?.fields else { throw fault("expected an object for globals") }
    var byNumber: [(UInt32, JSON)] = []
    for entry in entries {
      guard let number = UInt32(entry.key), number < 1 << 20 else { throw fault("'\(entry.key)' is no global number") }
      byNumber.append((number, entry.value))
    }
    byNumber.sort { $0.0 < $1.0 }
    for (number, entry) in byNumber {
      while module.globals.count < Int(number) { module.add(Global(name: "", type: .void)) }
      place = "global \(number)"
      var global = Global(name: try text(entry["name"], "a name"), type: try type(entry["ty"]))
      if let value = entry["init_val"], !value.isNull { global.initializer = try constant(value, depth: 0) }
      if let function = entry["comptime_func"], !function.isNull {
        global.initializingFunction = FunctionID(try index(function, "a function"))
      }
      global.isConstant = entry["is_const"]?.boolean ?? false
      global.isExternal = entry["is_extern"]?.boolean ?? false
      global.isThreadLocal = entry["is_thread_local"]?.boolean ?? false
      guard module.globals.count == Int(number) else { throw fault("the number occurs twice") }
      module.add(global)
    }
  }

  func constant(_ value: JSON, depth: Int) throws(ReadError) -> Constant {
    // Safe: the JSON reader bounds nesting, so this recursion is bounded too.
    guard let field = value.fields?.first else { throw fault("expected a constant") }
    switch field.key {
    case "int": return .integer(try number(field.value, "an integer"))
    case "float": return .float(try double(field.value))
    case "boolean", "bool": return .boolean(field.value.boolean ?? false)
    case "string": return .string(bytes(try text(field.value, "a text")))
    case "null", "null_val": return .null
    case "undef": return .undefined
    case "zeroinit", "zero": return .zero
    case "func_ref": return .function(FunctionID(try index(field.value, "a function")))
    case "global_ref": return .globalAddress(GlobalID(try index(field.value, "a global")))
    case "vtable":
      var functions: [FunctionID] = []
      for function in try list(field.value, "functions") {
        functions.append(FunctionID(try index(function, "a function")))
      }
      return .functionTable(functions)
    case "aggregate":
      var parts: [Constant] = []
      for part in try list(field.value, "parts") { parts.append(try constant(part, depth: depth + 1)) }
      return .aggregate(parts)
    default: throw fault("unknown constant '\(field.key)'")
    }
  }

  func double(_ value: JSON) throws(ReadError) -> Double {
    guard let bits = value["f64bits"]?.text, bits.hasPrefix("0x"), let word = UInt64(bits.dropFirst(2), radix: 16)
    else {
      throw fault("expected the bits of a float")
    }
    return Double(bitPattern: word)
  }

  // MARK: Functions

  mutating func functions() throws(ReadError) {
    guard let entries = json["functions"]?.fields else { throw fault("expected an object for functions") }
    var byNumber: [(UInt32, JSON)] = []
    for entry in entries {
      guard let number = UInt32(entry.key), number < 1 << 20 else {
        throw fault("'\(entry.key)' is no function number")
      }
      byNumber.append((number, entry.value))
    }
    byNumber.sort { $0.0 < $1.0 }
    for (number, entry) in byNumber {
      while module.functions.count < Int(number) {
        // The numbers in between belong to functions that were left out of the recording.
        var missing = Function(name: "", parameters: [], result: .void)
        missing.isExternal = true
        module.append(missing)
      }
      guard module.functions.count == Int(number) else { throw fault("the number \(number) occurs twice") }
      module.append(try function(entry, number))
    }
  }

  private mutating func function(_ entry: JSON, _ number: UInt32) throws(ReadError) -> Function {
    place = "function \(number)"
    var parameters: [Parameter] = []
    for parameter in try list(entry["params"], "parameters") {
      parameters.append(Parameter(try text(parameter["name"], "a name"), try type(parameter["ty"])))
    }
    var function = Function(
      name: try text(entry["name"], "a name"), parameters: parameters, result: try type(entry["ret"]))
    function.isExternal = entry["extern"]?.boolean ?? false
    function.isIntrinsic = entry["intrinsic"]?.boolean ?? false
    function.isVariadic = entry["variadic"]?.boolean ?? false
    function.hasImplicitContext = entry["ctx"]?.boolean ?? false
    if function.hasImplicitContext { module.hasImplicitContext = true }
    switch entry["role"]?.text {
    case "run_wrapper": function.role = .runWrapper
    case "type_builder": function.role = .typeBuilder
    case "build_callback": function.role = .buildCallback
    default: break
    }
    var placed: [(first: UInt32, block: Int, instructions: [Instruction])] = []
    for (number, recorded) in try list(entry["blocks"], "blocks").enumerated() {
      let block = Block(
        name: try text(recorded["name"], "a name"), parameters: try types(recorded["params"]))
      var instructions: [Instruction] = []
      for instruction in try list(recorded["insts"], "instructions") {
        guard let parts = instruction.elements, parts.count == 3, let operation = parts[0].fields?.first else {
          throw fault("expected an instruction of three parts")
        }
        place = "function \(function.name), block \(number), instruction \(instructions.count)"
        let start = try index(parts[2], "a position")
        instructions.append(
          Instruction(
            try RecordedOperations(reader: self).operation(operation), try type(parts[1]), SourceSpan(start, start)))
      }
      function.blocks.append(block)
      placed.append((try index(recorded["first_ref"], "the first value"), number, instructions))
    }
    // Blocks may be numbered in another order than they are listed; their values must fill the numbers without gaps.
    for (first, block, instructions) in placed.sorted(by: { $0.first < $1.first }) where !instructions.isEmpty {
      guard Int(first) == function.valueCount else { throw fault("the blocks' values leave a gap or overlap") }
      for instruction in instructions {
        function.blocks[block].body.append(ValueID(UInt32(function.valueCount)))
        function.instructions.append(instruction)
      }
    }
    return function
  }
}
