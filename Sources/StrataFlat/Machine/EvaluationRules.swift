// Rules that both evaluators apply when an evaluation starts, prints, resolves traces or describes types.
// Guarantees: whatever an evaluator does through these is the same in the other.

import Glibc

/// Floating-point functions, computed in double precision.
enum FloatFunctions {
  static func apply(_ builtin: Builtin, _ value: Double) -> Double {
    switch builtin {
    case .squareRoot: return value.squareRoot()
    case .sine: return sin(value)
    case .cosine: return cos(value)
    default: return value.rounded(.down)
    }
  }
}

extension TypeTable {
  /// The number of elements of an array or vector type.
  func staticLength(_ type: TypeID) -> UInt64? {
    switch self[type] {
    case .array(_, let length), .vector(_, let length): return UInt64(length)
    default: return nil
    }
  }

  /// What indexing a value of a type gives.
  func elementType(_ type: TypeID) -> TypeID? {
    switch self[type] {
    case .array(let element, _), .vector(let element, _), .slice(let element), .manyPointer(let element):
      return element
    case .string, .cString: return .u8
    case .pointer(let pointee):
      switch self[pointee] {
      case .array(let element, _), .vector(let element, _): return element
      default: return pointee
      }
    default: return nil
    }
  }

  /// The length an index through a pointer is checked against: known when it points to an array of such elements.
  func checkedLength(_ pointee: TypeID, element: TypeID) -> UInt64? {
    switch self[pointee] {
    case .array(let found, let length), .vector(let found, let length): return found == element ? UInt64(length) : nil
    default: return nil
    }
  }
}

extension EvaluationState {
  /// True when a global was neither read nor written yet.
  func isUntouched(_ global: GlobalID) -> Bool {
    Int(global.rawValue) < globalStates.count && globalStates[Int(global.rawValue)] == .untouched
  }

  /// The words an entry function is called with: the context if it takes one, then the host's arguments.
  func entryWords(_ function: FunctionID, _ arguments: [FlatValue]) throws(Fault) -> [UInt64] {
    guard let definition = module.function(function) else {
      throw Fault(.malformed, "a function number is out of range")
    }
    var words =
      definition.hasImplicitContext && arguments.count < definition.parameters.count
      ? try contextArguments(function) : []
    guard words.count + arguments.count == definition.parameters.count else {
      throw Fault(.typeError, "the function takes another number of arguments")
    }
    for (parameter, argument) in zip(definition.parameters.dropFirst(words.count), arguments) {
      words.append(try bringIn(argument, parameter.type))
    }
    return words
  }

  /// The context address for a function that takes one; nothing otherwise.
  func contextArguments(_ function: FunctionID) throws(Fault) -> [UInt64] {
    guard let definition = module.function(function), definition.hasImplicitContext else { return [] }
    guard let global = module.findGlobal(Module.defaultContextName) else {
      throw Fault(.unsupported, "the module has no default context")
    }
    if try prepare(global) != nil { throw Fault(.unsupported, "the default context is not a constant") }
    return [try address(of: global)]
  }

  /// Prints the chain of calls, innermost first.
  func writeFrames(_ names: [String]) {
    var text = ""
    for name in names.prefix(256) { text += "  at \(name)\n" }
    write(Array(text.utf8), toError: false)
  }

  /// The reason of a fault in words.
  func reason(_ fault: Fault) -> String {
    switch fault.kind {
    case .host, .unsupported, .malformed: return hostReason ?? "\(fault.reason)"
    default: return "\(fault.reason)"
    }
  }

  /// Builds the description of a trace frame as a struct of file, line, column, function and text of the line.
  func resolveTrace(_ word: UInt64, _ type: TypeID) throws(Fault) -> UInt64 {
    let types = module.types
    let function = module.function(FunctionID(UInt32(truncatingIfNeeded: word >> 32)))
    let place = place(of: word)
    let address = try memory.allocate(size: try size(of: type), alignment: 8)
    let values: [(text: [UInt8]?, number: UInt64)] = [
      (Array(place.file.utf8), 0), (nil, UInt64(place.line)), (nil, UInt64(place.column)),
      (Array((function?.name ?? "").utf8), 0), (Array(place.text.utf8), 0),
    ]
    for (index, value) in values.enumerated() {
      guard let member = types.memberType(index, of: type), let offset = try? types.offset(of: index, in: type) else {
        throw Fault(.malformed, "a trace is resolved into a type that is no trace description")
      }
      if let text = value.text {
        guard types[member] == .string else {
          throw Fault(.malformed, "a trace is resolved into a type that is no trace description")
        }
        try memory.setWord(address &+ offset, 8, try newText(text))
        try memory.setWord(address &+ offset &+ 8, 8, UInt64(text.count))
      } else {
        try memory.setWord(address &+ offset, min(try size(of: member), 8), value.number)
      }
    }
    return address
  }

  /// File, line, column and text that a trace word stands for, as far as sources are known.
  func place(of word: UInt64) -> (file: String, line: Int, column: Int, text: String) {
    guard let function = module.function(FunctionID(UInt32(truncatingIfNeeded: word >> 32))),
      Int(function.file) < module.files.count
    else { return ("", 1, 1, "") }
    let file = module.files[Int(function.file)]
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    guard let source = file.text else { return (name, 1, 1, "") }
    let bytes = Array(source.utf8)
    let offset = min(Int(UInt32(truncatingIfNeeded: word)), bytes.count)
    var line = 1
    var start = 0
    for index in 0..<offset where bytes[index] == 0x0A {
      line += 1
      start = index + 1
    }
    let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
    return (name, line, offset - start + 1, String(decoding: bytes[start..<end], as: UTF8.self))
  }

  /// Describes a type as a value of a tagged union of descriptions and returns its address.
  func typeInfo(_ subject: TypeID, as type: TypeID) throws(Fault) -> UInt64 {
    guard case .taggedUnion(let union) = module.types[type] else {
      throw Fault(.malformed, "a type is described as something that is no tagged union")
    }
    let (name, parts) = try describe(subject)
    guard let variant = union.fields.firstIndex(where: { $0.name == name }),
      let tag = module.types.tagValue(of: variant, in: type),
      let offset = try? module.types.offset(of: variant, in: type),
      let layout = try? module.types.layout(type)
    else { throw Fault(.unsupported, "the description type has no variant for this kind of type") }
    let address = try memory.allocate(size: layout.size, alignment: layout.alignment)
    try memory.setWord(address, try size(of: union.tag ?? .i64), UInt64(bitPattern: tag))
    let payload = union.fields[variant].type
    if module.types.form(payload) != .nothing { try fill(payload, parts, at: address &+ offset) }
    return address
  }

  /// A part of a type's description.
  private indirect enum Described {
    case number(UInt64)
    case type(TypeID)
    case text(String)
    case list([[Described]])
  }

  private func describe(_ subject: TypeID) throws(Fault) -> (String, [Described]) {
    let types = module.types
    func members(_ fields: [Member], offsets: Bool) throws(Fault) -> Described {
      var rows: [[Described]] = []
      for (index, field) in fields.enumerated() {
        var row: [Described] = [.text(field.name), .type(field.type)]
        if offsets {
          guard let offset = try? types.offset(of: index, in: subject) else {
            throw Fault(.unsupported, "the type has no layout")
          }
          row.append(.number(offset))
        }
        rows.append(row)
      }
      return .list(rows)
    }
    switch types[subject] {
    case .enumeration(let enumeration):
      return ("enum", [try members(enumeration.variants.map { Member($0, .void) }, offsets: false)])
    case .taggedUnion(let union): return ("enum", [try members(union.fields, offsets: false)])
    case .structure(let structure): return ("struct", [try members(structure.fields, offsets: true)])
    case .union(let union): return ("union", [try members(union.fields, offsets: true)])
    case .tuple(let tuple): return ("tuple", [.list(tuple.elements.map { [.type($0)] })])
    case .signed(let bits): return ("int", [.number(UInt64(bits)), .number(1)])
    case .unsigned(let bits): return ("int", [.number(UInt64(bits)), .number(0)])
    case .float32: return ("float", [.number(32)])
    case .float64: return ("float", [.number(64)])
    case .boolean: return ("bool", [])
    case .string: return ("string", [])
    case .cString: return ("cstring", [])
    case .void: return ("void", [])
    case .array(let element, let length): return ("array", [.type(element), .number(UInt64(length))])
    case .vector(let element, let lanes): return ("vector", [.type(element), .number(UInt64(lanes))])
    case .slice(let element): return ("slice", [.type(element)])
    case .pointer(let pointee): return ("pointer", [.type(pointee)])
    case .manyPointer(let element): return ("many_pointer", [.type(element)])
    case .optional(let child): return ("optional", [.type(child)])
    case .function: return ("function", [])
    case .closure: return ("closure", [])
    case .protocolType: return ("protocol", [])
    case .errorSet: return ("error_set", [])
    case .pack: return ("pack", [])
    case .any: return ("any", [])
    case .noReturn: return ("noreturn", [])
    case .unsignedSize: return ("usize", [])
    case .signedSize: return ("isize", [])
    case .type: return ("type_value", [])
    case .unresolved: throw Fault(.unsupported, "not a type handle")
    }
  }

  /// Writes the parts of a description as a struct of the given type.
  private func fill(_ type: TypeID, _ parts: [Described], at address: UInt64) throws(Fault) {
    let types = module.types
    for (index, part) in parts.enumerated() {
      guard let member = types.memberType(index, of: type), let offset = try? types.offset(of: index, in: type) else {
        throw Fault(.unsupported, "the description type lacks a member for this kind of type")
      }
      let place = address &+ offset
      switch part {
      case .number(let number): try memory.setWord(place, min(try size(of: member), 8), number)
      case .type(let number): try memory.setWord(place, min(try size(of: member), 8), UInt64(number.rawValue))
      case .text(let text):
        try memory.setWord(place, 8, try newText(Array(text.utf8)))
        try memory.setWord(place &+ 8, 8, UInt64(text.utf8.count))
      case .list(let rows):
        guard case .slice(let element) = types[member] else {
          throw Fault(.unsupported, "the description type lacks a list for this kind of type")
        }
        let each = try size(of: element)
        let start = try memory.allocate(size: each &* UInt64(rows.count), alignment: 8)
        try memory.setWord(place, 8, start)
        try memory.setWord(place &+ 8, 8, UInt64(rows.count))
        for (number, row) in rows.enumerated() {
          let at = start &+ UInt64(number) &* each
          if element == .type, case .type(let only)? = row.first {
            try memory.setWord(at, 8, UInt64(only.rawValue))
          } else {
            // Only the members the description type declares are wanted; an enumeration's rows have two, a struct's three.
            try fill(element, Array(row.prefix(types.memberCount(element) ?? 0)), at: at)
          }
        }
      }
    }
  }
}

extension EvaluationError {
  /// Builds a trace of so many levels, leaving out the middle of a long one.
  static func shortened(_ count: Int, _ entry: (Int) -> TraceEntry) -> [TraceEntry] {
    guard count > longestTrace else { return (0..<count).map(entry) }
    let half = longestTrace / 2
    return (0..<half).map(entry) + ((count - half)..<count).map(entry)
  }
}
