// What programs may learn about types, and how they construct new ones.
// Guarantees: types are named by handles only; a missing member, an unknown handle or a shape that cannot be constructed is
// an error and leaves the table unchanged.

extension EvaluationState {
  private static let noMember = Fault(.unsupported, "the type has no such member")

  /// The reflection functions that are declared as external.
  func reflect(_ native: Native, _ words: UnsafeBufferPointer<UInt64>) throws(Fault) -> UInt64 {
    let types = module.types
    func word(_ index: Int) throws(Fault) -> UInt64 {
      guard index < words.count else { throw Fault(.malformed, "a native function was given too few arguments") }
      return words[index]
    }
    func type(_ index: Int) throws(Fault) -> TypeID {
      guard let number = UInt32(exactly: try word(index)) else { throw Fault(.unsupported, "not a type handle") }
      return TypeID(number)
    }
    func member(_ index: Int) throws(Fault) -> Int {
      guard let number = Int(exactly: Int64(bitPattern: try word(index))), number >= 0 else {
        throw EvaluationState.noMember
      }
      return number
    }
    func number(_ name: String) -> UInt64 { UInt64(types.strings.intern(name).rawValue) }
    switch native {
    case .intern: return UInt64(types.strings.intern(try textValue(at: try word(0))).rawValue)
    case .textOf:
      guard let number = UInt32(exactly: try word(0)), let bytes = types.strings.bytes(StringID(number)) else {
        throw Fault(.unsupported, "not a text handle")
      }
      return try newTextValue(bytes)
    case .findType:
      guard let number = UInt32(exactly: try word(0)), let bytes = types.strings.bytes(StringID(number)) else {
        throw Fault(.unsupported, "not a text handle")
      }
      return UInt64(types.find(String(decoding: bytes, as: UTF8.self))?.rawValue ?? 0)
    case .typeKind: return UInt64(types.kindCode(try type(0)).rawValue)
    case .typeName:
      guard let name = types.declaredName(try type(0)) else { throw Fault(.unsupported, "the type has no name") }
      return number(name)
    case .fieldCount:
      guard let count = types.memberCount(try type(0)) else {
        throw Fault(.unsupported, "the type has no members to count")
      }
      return UInt64(count)
    case .fieldName:
      guard let name = types.memberName(try member(1), of: try type(0)) else { throw EvaluationState.noMember }
      return number(name)
    case .fieldType:
      guard let found = types.memberType(try member(1), of: try type(0)) else { throw EvaluationState.noMember }
      return UInt64(found.rawValue)
    case .variantValue:
      guard let value = types.tagValue(of: try member(1), in: try type(0)) else { throw EvaluationState.noMember }
      return UInt64(bitPattern: value)
    case .pointerTo: return UInt64(types.pointer(to: try type(0)).rawValue)
    case .declareType:
      return UInt64(types.declare(String(decoding: try textValue(at: try word(0)), as: UTF8.self)).rawValue)
    case .registerType: return try register(handle: try type(0), kind: try word(1), members: try word(2))
    default: throw Fault(.unsupported, "not a reflection function")
    }
  }

  /// Completes a declared type from a slice of (name, type) pairs.
  private func register(handle: TypeID, kind: UInt64, members slice: UInt64) throws(Fault) -> UInt64 {
    let types = module.types
    let start = try memory.word(slice, 8)
    let count = try memory.word(slice &+ 8, 8)
    guard count <= 1 << 16 else { throw Fault(.unsupported, "a type may have at most 65,536 members") }
    var members: [Member] = []
    for index in 0..<count {
      let at = start &+ index &* 24
      let name = String(decoding: try textValue(at: at), as: UTF8.self)
      guard let number = UInt32(exactly: try memory.word(at &+ 16, 8)) else {
        throw Fault(.unsupported, "not a type handle")
      }
      members.append(Member(name, TypeID(number)))
    }
    let description: TypeDescription
    switch kind {
    case 1: description = .structure(StructureType(name: "", fields: members))
    case 2:
      guard members.allSatisfy({ $0.type == .void }) else {
        throw Fault(.unsupported, "a plain enumeration may not have payloads")
      }
      description = .enumeration(EnumerationType(name: "", variants: members.map(\.name)))
    case 3: description = .taggedUnion(TaggedUnionType(name: "", fields: members, tag: .i64))
    case 4: return UInt64(types.tuple(members.map(\.type)).rawValue)
    default: throw Fault(.unsupported, "unknown kind of type to construct")
    }
    do throws(TypeTableError) {
      try types.define(handle, as: description)
    } catch {
      switch error {
      case .duplicateMember: throw Fault(.unsupported, "a member name occurs twice")
      default: throw Fault(.unsupported, "the handle is not a declared slot")
      }
    }
    return UInt64(handle.rawValue)
  }

  /// The builtins that ask about a type. `subject` is the type in question; the result is a word, or the address of a text.
  func ask(_ builtin: Builtin, _ subject: TypeID, index word: UInt64) throws(Fault) -> UInt64 {
    let types = module.types
    let index = Int(exactly: Int64(bitPattern: word)) ?? -1
    func layout(_ type: TypeID) throws(Fault) -> TypeLayout {
      guard let found = try? types.layout(type) else { throw Fault(.unsupported, "the type has no layout") }
      return found
    }
    switch builtin {
    case .typeName: return try newTextValue(Array(types.name(subject).utf8))
    case .isUnsigned:
      switch types[subject] {
      case .unsigned, .unsignedSize: return 1
      default: return 0
      }
    case .sizeOf: return try layout(subject).size
    case .alignmentOf: return try layout(subject).alignment
    case .fieldCount, .variantCount: return UInt64(types.memberCount(subject) ?? 0)
    case .isFlags:
      if case .enumeration(let enumeration) = types[subject] { return enumeration.isFlags ? 1 : 0 }
      return 0
    case .vectorLanes:
      if case .vector(_, let lanes) = types[subject] { return UInt64(lanes) }
      return 0
    case .variantTagWidth:
      switch types[subject] {
      case .enumeration(let enumeration): return try layout(enumeration.backing ?? .i64).size
      case .taggedUnion(let union): return try layout(union.tag ?? .i64).size
      default: return 0
      }
    case .typeKind: return UInt64(types.kindCode(subject).rawValue)
    case .memberName:
      guard let name = types.memberName(index, of: subject) else { throw EvaluationState.noMember }
      return try newTextValue(Array(name.utf8))
    case .memberType:
      guard let found = types.reflectedMemberType(index, of: subject) else { throw EvaluationState.noMember }
      return UInt64(found.rawValue)
    case .memberOffset:
      guard let found = try? types.offset(of: index, in: subject) else { throw EvaluationState.noMember }
      return found
    case .variantValue:
      guard let value = types.tagValue(of: index, in: subject) else { throw EvaluationState.noMember }
      return UInt64(bitPattern: value)
    default: throw Fault(.unsupported, "the builtin does not ask about a type")
    }
  }
}

extension TypeTable {
  /// The kind of a type as reflection numbers kinds.
  public func kindCode(_ type: TypeID) -> TypeKindCode {
    switch self[type] {
    case .structure: return .structure
    case .enumeration: return .enumeration
    case .taggedUnion: return .taggedUnion
    case .tuple: return .tuple
    case .union: return .union
    case .array: return .array
    case .vector: return .vector
    case .errorSet: return .errorSet
    default: return .other
    }
  }

  /// The name a nominal type was declared with.
  public func declaredName(_ type: TypeID) -> String? {
    guard let (name, _) = TypeTable.nominalIdentity(self[type]), !name.isEmpty else { return nil }
    return name
  }

  /// How many fields, variants, elements or errors a type has; nil when the question makes no sense.
  public func memberCount(_ type: TypeID) -> Int? {
    switch self[type] {
    case .structure(let structure): return structure.fields.count
    case .union(let union): return union.fields.count
    case .taggedUnion(let union): return union.fields.count
    case .enumeration(let enumeration): return enumeration.variants.count
    case .tuple(let tuple): return tuple.elements.count
    case .array(_, let length), .vector(_, let length): return Int(length)
    case .errorSet(let set): return set.tags.count
    default: return nil
    }
  }

  /// The name of a field, variant or error; the position of an unnamed tuple element.
  public func memberName(_ index: Int, of type: TypeID) -> String? {
    guard index >= 0, let count = memberCount(type), index < count else { return nil }
    switch self[type] {
    case .structure(let structure): return structure.fields[index].name
    case .union(let union): return union.fields[index].name
    case .taggedUnion(let union): return union.fields[index].name
    case .enumeration(let enumeration): return enumeration.variants[index]
    case .tuple(let tuple):
      if let names = tuple.names, index < names.count { return names[index] }
      return String(index)
    case .errorSet(let set): return errors.name(set.tags[index])
    default: return nil
    }
  }

  /// The type of a member as reflection tells it; the variants of a plain enumeration have no payload.
  func reflectedMemberType(_ index: Int, of type: TypeID) -> TypeID? {
    if case .enumeration(let enumeration) = self[type] {
      return index >= 0 && index < enumeration.variants.count ? .void : nil
    }
    return memberType(index, of: type)
  }
}
