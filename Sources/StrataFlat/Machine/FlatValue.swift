// Values as the host sees them, and the way between them and the storage of an evaluation.
// Guarantees: a value that came out owns its bytes and refers to nothing in the evaluation (plain pointers excepted, which
// are only numbers outside); shapes are checked against types in both directions; size and nesting are limited.

/// A typed value outside any evaluation.
public indirect enum FlatValue: Hashable, Sendable {
  case void
  case integer(Int64)
  /// A value of an unsigned type.
  case unsigned(UInt64)
  case boolean(Bool)
  case float(Double)
  case single(Float)
  case string([UInt8])
  /// An absent optional or a null pointer.
  case null
  /// A present optional.
  case some(FlatValue)
  /// The parts of a struct, tuple, array, vector or slice in order.
  case aggregate([FlatValue])
  /// An enumeration value by its tag.
  case enumeration(Int64)
  /// A tagged union: its tag and, if the tag names a variant, the variant's payload.
  case variant(tag: Int64, payload: FlatValue)
  case error(ErrorTag)
  case type(TypeID)
  /// A function; the null function is `null`.
  case function(FunctionID)
  /// An address inside the evaluation. Meaningless outside, given so that it can be shown.
  case pointer(UInt64)
  /// What an `any` holds, with its type.
  case any(TypeID, FlatValue)
  /// A closure: its function and the address of its environment.
  case closure(FunctionID, UInt64)
  /// The bytes of an untagged union.
  case bytes([UInt8])

  /// A text, decoded as UTF-8.
  public var text: String? {
    if case .string(let bytes) = self { return String(decoding: bytes, as: UTF8.self) }
    return nil
  }
}

extension EvaluationState {
  private static let largestResult = 1 << 22
  private static let deepestResult = 128

  /// Takes a value out of the evaluation. Scalars are given as words; aggregates as the address of their bytes.
  func takeOut(_ word: UInt64, _ type: TypeID) throws(Fault) -> FlatValue {
    var room = EvaluationState.largestResult
    return try takeOut(word, type, depth: 0, room: &room)
  }

  private func read(_ address: UInt64, _ type: TypeID, depth: Int, room: inout Int) throws(Fault) -> FlatValue {
    let form = module.types.form(type)
    switch form {
    case .nothing: return .void
    case .aggregate: return try takeOut(address, type, depth: depth, room: &room)
    default:
      let word = try memory.word(address, try size(of: type))
      return try takeOut(Scalars.canonical(word, form), type, depth: depth, room: &room)
    }
  }

  func size(of type: TypeID) throws(Fault) -> UInt64 {
    guard let layout = try? module.types.layout(type) else { throw Fault(.malformed, "a type has no layout") }
    return layout.size
  }

  private func takeOut(_ word: UInt64, _ type: TypeID, depth: Int, room: inout Int) throws(Fault) -> FlatValue {
    room -= 1
    guard room > 0, depth < EvaluationState.deepestResult else {
      throw Fault(.unsupported, "the result is too large or too deeply nested to be taken out")
    }
    let types = module.types
    func list(_ address: UInt64, _ element: TypeID, _ count: UInt64) throws(Fault) -> FlatValue {
      let each = try size(of: element)
      guard count <= UInt64(room), memory.isReadable(address, each &* count) else { throw .address }
      if element == .u8 { return .aggregate(try memory.bytes(address, count).map { .unsigned(UInt64($0)) }) }
      var parts: [FlatValue] = []
      for index in 0..<count {
        parts.append(try read(address &+ index &* each, element, depth: depth + 1, room: &room))
      }
      return .aggregate(parts)
    }
    func members(_ count: Int) throws(Fault) -> FlatValue {
      var parts: [FlatValue] = []
      for index in 0..<count {
        guard let member = types.memberType(index, of: type), let offset = try? types.offset(of: index, in: type) else {
          throw Fault(.malformed, "a type has no layout")
        }
        parts.append(try read(word &+ offset, member, depth: depth + 1, room: &room))
      }
      return .aggregate(parts)
    }
    switch types[type] {
    case .void, .noReturn: return .void
    case .boolean: return .boolean(word != 0)
    case .signed, .signedSize: return .integer(Int64(bitPattern: word))
    case .unsigned, .unsignedSize: return .unsigned(word)
    case .float32: return .single(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
    case .float64: return .float(Double(bitPattern: word))
    case .type: return .type(TypeID(UInt32(truncatingIfNeeded: word)))
    case .enumeration: return .enumeration(Int64(bitPattern: word))
    case .errorSet: return .error(ErrorTag(UInt32(truncatingIfNeeded: word)))
    case .pointer, .manyPointer, .cString: return word == 0 ? .null : .pointer(word)
    case .function: return word == 0 ? .null : .function(FunctionID(UInt32(truncatingIfNeeded: word &- 1)))
    case .string: return .string(try textValue(at: word))
    case .slice(let element):
      return try list(try memory.word(word, 8), element, try memory.word(word &+ 8, 8))
    case .array(let element, let length), .vector(let element, let length):
      return try list(word, element, UInt64(length))
    case .structure(let structure): return try members(structure.fields.count)
    case .tuple(let tuple): return try members(tuple.elements.count)
    case .union: return .bytes(try memory.bytes(word, try size(of: type)))
    case .optional(let child):
      guard let form = try? types.optionalForm(child: child) else { throw Fault(.malformed, "a type has no layout") }
      switch form {
      case .pointer:
        if word == 0 { return .null }
        return .some(try takeOut(word, child, depth: depth + 1, room: &room))
      case .nullFirstWord:
        if try memory.word(word, types.target.pointerSize) == 0 { return .null }
      case .flag(let offset):
        if try memory.word(word &+ offset, 1) == 0 { return .null }
      }
      return .some(try read(word, child, depth: depth + 1, room: &room))
    case .taggedUnion(let union):
      let tagType = union.tag ?? .i64
      let tag = Int64(
        bitPattern: Scalars.canonical(try memory.word(word, try size(of: tagType)), types.form(tagType)))
      guard let variant = union.fields.indices.first(where: { types.tagValue(of: $0, in: type) == tag }),
        let offset = try? types.offset(of: variant, in: type)
      else { return .variant(tag: tag, payload: .void) }
      return .variant(
        tag: tag, payload: try read(word &+ offset, union.fields[variant].type, depth: depth + 1, room: &room))
    case .any:
      let held = TypeID(UInt32(truncatingIfNeeded: try memory.word(word &+ 8, 8)))
      guard types[held] != .unresolved else { return .any(held, .void) }
      return .any(held, try read(try memory.word(word, 8), held, depth: depth + 1, room: &room))
    case .closure:
      let size = types.target.pointerSize
      let function = try memory.word(word, size)
      if function == 0 { return .null }
      return .closure(FunctionID(UInt32(truncatingIfNeeded: function &- 1)), try memory.word(word &+ size, size))
    case .unresolved, .pack, .protocolType: throw Fault(.unsupported, "values of this type cannot be taken out")
    }
  }

  /// Brings a host value into the evaluation as a word, or as the address of fresh bytes.
  func bringIn(_ value: FlatValue, _ type: TypeID) throws(Fault) -> UInt64 {
    guard let layout = try? module.types.layout(type) else { throw Fault(.malformed, "a type has no layout") }
    let form = module.types.form(type)
    if form == .nothing { return 0 }
    let address = try memory.allocate(size: layout.size, alignment: layout.alignment)
    try write(value, type, at: address, depth: 0)
    if form == .aggregate { return address }
    return Scalars.canonical(try memory.word(address, layout.size), form)
  }

  private func write(_ value: FlatValue, _ type: TypeID, at address: UInt64, depth: Int) throws(Fault) {
    let types = module.types
    let mismatch = Fault(.typeError, "an argument does not suit its parameter's type")
    guard depth < EvaluationState.deepestResult else { throw mismatch }
    let size = try size(of: type)
    func parts(_ values: [FlatValue], _ member: (Int) -> (TypeID, UInt64)?) throws(Fault) {
      for (index, part) in values.enumerated() {
        guard let (type, offset) = member(index) else { throw mismatch }
        try write(part, type, at: address &+ offset, depth: depth + 1)
      }
    }
    func member(_ index: Int) -> (TypeID, UInt64)? {
      guard let found = types.memberType(index, of: type), let offset = try? types.offset(of: index, in: type) else {
        return nil
      }
      return (found, offset)
    }
    switch (types[type], value) {
    case (.void, .void): return
    case (.boolean, .boolean(let flag)): try memory.setWord(address, 1, flag ? 1 : 0)
    case (.signed, .integer(let number)), (.signedSize, .integer(let number)), (.enumeration, .enumeration(let number)):
      let word = UInt64(bitPattern: number)
      guard Scalars.canonical(word, types.form(type)) == word else { throw mismatch }
      try memory.setWord(address, size, word)
    case (.unsigned, .unsigned(let word)), (.unsignedSize, .unsigned(let word)):
      guard Scalars.canonical(word, types.form(type)) == word else { throw mismatch }
      try memory.setWord(address, size, word)
    case (.float32, .single(let number)): try memory.setWord(address, 4, UInt64(number.bitPattern))
    case (.float64, .float(let number)): try memory.setWord(address, 8, number.bitPattern)
    case (.type, .type(let number)): try memory.setWord(address, 8, UInt64(number.rawValue))
    case (.errorSet, .error(let tag)): try memory.setWord(address, 4, UInt64(tag.rawValue))
    case (.function, .function(let number)): try memory.setWord(address, size, UInt64(number.rawValue) + 1)
    case (.string, .string(let bytes)):
      try memory.setWord(address, 8, try newText(bytes))
      try memory.setWord(address + 8, 8, UInt64(bytes.count))
    case (.slice(let element), .aggregate(let values)):
      guard let each = try? types.layout(element) else { throw mismatch }
      let start = try memory.allocate(size: each.size &* UInt64(values.count), alignment: each.alignment)
      for (index, part) in values.enumerated() {
        try write(part, element, at: start &+ UInt64(index) &* each.size, depth: depth + 1)
      }
      try memory.setWord(address, 8, start)
      try memory.setWord(address + 8, 8, UInt64(values.count))
    case (.array, .aggregate(let values)), (.vector, .aggregate(let values)), (.structure, .aggregate(let values)),
      (.tuple, .aggregate(let values)):
      guard values.count == types.memberCount(type) else { throw mismatch }
      try parts(values, member)
    case (.pointer, .null), (.manyPointer, .null), (.cString, .null), (.function, .null), (.optional, .null),
      (.closure, .null):
      try memory.fill(address, count: size, with: 0)
    case (.optional(let child), .some(let payload)):
      guard let form = try? types.optionalForm(child: child) else { throw mismatch }
      try write(payload, child, at: address, depth: depth + 1)
      if case .flag(let offset) = form { try memory.setWord(address &+ offset, 1, 1) }
    case (.taggedUnion(let union), .variant(let tag, let payload)):
      guard let variant = union.fields.indices.first(where: { types.tagValue(of: $0, in: type) == tag }),
        let (member, offset) = member(variant)
      else { throw mismatch }
      try memory.setWord(address, try self.size(of: union.tag ?? .i64), UInt64(bitPattern: tag))
      try write(payload, member, at: address &+ offset, depth: depth + 1)
    case (.any, .any(let held, let inner)):
      guard let layout = try? types.layout(held) else { throw mismatch }
      let data = try memory.allocate(size: layout.size, alignment: layout.alignment)
      try write(inner, held, at: data, depth: depth + 1)
      try memory.setWord(address, 8, data)
      try memory.setWord(address + 8, 8, UInt64(held.rawValue))
    case (.union, .bytes(let bytes)):
      guard UInt64(bytes.count) == size else { throw mismatch }
      try memory.setBytes(address, bytes)
    default: throw mismatch
    }
  }
}
