// Size, alignment and member offsets of every type for the table's target.
// Guarantees: the formulas of the recorded layouts, bit for bit; no host size is consulted; types nested to any depth are
// laid out with an explicit stack; a type that contains itself by value, or one that is not defined, is an error.

/// Bytes a value takes in memory, and the boundary it must start at.
public struct TypeLayout: Hashable, Sendable, BitwiseCopyable {
  public var size: UInt64
  public var alignment: UInt64

  public init(size: UInt64, alignment: UInt64) {
    self.size = size
    self.alignment = alignment
  }
}

/// Why a type has no layout.
public enum LayoutError: Error, Equatable, Sendable {
  case unresolved(TypeID)
  case undefined(TypeID)
  case containsItself(TypeID)
  case tooLarge(TypeID)
}

/// How a value lives in a register of the evaluators.
public enum RegisterForm: Hashable, Sendable, BitwiseCopyable {
  /// Carries no information.
  case nothing
  /// An integer in canonical form: sign- or zero-extended from its width to 64 bits.
  case integer(bits: UInt8, isSigned: Bool)
  /// Zero or one.
  case boolean
  case float32
  case float64
  /// Bytes in memory.
  case aggregate
}

extension TypeTable {
  /// No type may be larger than this; it keeps every offset far from overflow.
  static let largestSize: UInt64 = 1 << 40

  /// Returns size and alignment of a type.
  public func layout(_ type: TypeID) throws(LayoutError) -> TypeLayout {
    if let known = layouts[type] { return known }
    var pending: [TypeID] = [type]
    var open = Set<TypeID>()
    while let current = pending.last {
      if layouts[current] != nil {
        pending.removeLast()
        continue
      }
      let parts = try partsByValue(current)
      let missing = parts.filter { layouts[$0] == nil }
      if missing.isEmpty {
        let found = try compute(current)
        guard found.size <= TypeTable.largestSize else { throw .tooLarge(current) }
        layouts[current] = found
        open.remove(current)
        pending.removeLast()
        continue
      }
      guard open.insert(current).inserted else { throw .containsItself(current) }
      pending.append(contentsOf: missing)
    }
    guard let found = layouts[type] else { throw .unresolved(type) }
    return found
  }

  /// How values of a type live in a register. Types without layout count as aggregates; using them fails where their layout
  /// is asked for.
  public func form(_ type: TypeID) -> RegisterForm {
    if let known = forms[type] { return known }
    let found = computeForm(type)
    if hasFinalForm(type) { forms[type] = found }
    return found
  }

  /// Whether no later definition can change the form: a number keeps its meaning from the moment it is defined.
  private func hasFinalForm(_ type: TypeID) -> Bool {
    switch self[type] {
    case .optional(let child): return isDefined(child)
    case .enumeration(let enumeration): return isDefined(enumeration.backing ?? .i64)
    default: return isDefined(type)
    }
  }

  private func computeForm(_ type: TypeID) -> RegisterForm {
    switch self[type] {
    case .boolean: return .boolean
    case .signed(let bits): return .integer(bits: bits, isSigned: true)
    case .unsigned(let bits): return .integer(bits: bits, isSigned: false)
    case .float32: return .float32
    case .float64: return .float64
    case .void, .noReturn: return .nothing
    case .signedSize: return .integer(bits: UInt8(target.pointerSize * 8), isSigned: true)
    case .unsignedSize, .cString, .pointer, .manyPointer, .function:
      return .integer(bits: UInt8(target.pointerSize * 8), isSigned: false)
    case .type: return .integer(bits: 64, isSigned: false)
    case .enumeration(let enumeration): return integerForm(enumeration.backing ?? .i64)
    case .errorSet: return .integer(bits: 32, isSigned: false)
    case .optional(let child): return isPointerLike(child) ? form(child) : .aggregate
    case .unresolved, .string, .any, .structure, .union, .taggedUnion, .array, .vector, .slice, .tuple, .closure, .pack,
      .protocolType:
      return .aggregate
    }
  }

  /// True when an optional of this type is the bare pointer, with zero for "none".
  public func isPointerLike(_ type: TypeID) -> Bool {
    switch self[type] {
    case .pointer, .manyPointer, .function: return true
    default: return false
    }
  }

  /// How an optional of a type tells that it holds a value.
  public enum OptionalForm: Hashable, Sendable {
    /// The value is a pointer; zero means none.
    case pointer
    /// The first pointer-sized word of the payload is zero when there is none.
    case nullFirstWord
    /// A flag byte at this offset, after the payload.
    case flag(offset: UInt64)
  }

  /// Says where an optional of `child` keeps its presence.
  public func optionalForm(child: TypeID) throws(LayoutError) -> OptionalForm {
    if isPointerLike(child) { return .pointer }
    switch self[child] {
    case .closure: return .nullFirstWord
    case .structure(let structure) where structure.isProtocol: return .nullFirstWord
    default: return .flag(offset: try layout(child).size)
    }
  }

  /// Byte offset of a member. Untagged union members are all at 0, a tagged union's payloads after its header.
  public func offset(of member: Int, in type: TypeID) throws(LayoutError) -> UInt64? {
    guard member >= 0 else { return nil }
    switch self[type] {
    case .structure(let structure): return try walk(structure.fields.map(\.type), upTo: member)
    case .tuple(let tuple): return try walk(tuple.elements, upTo: member)
    case .union(let union): return member < union.fields.count ? 0 : nil
    case .taggedUnion(let union): return member < union.fields.count ? try header(union) : nil
    case .string, .slice, .any: return member < 2 ? UInt64(member) * 8 : nil
    case .closure: return member < 2 ? UInt64(member) * target.pointerSize : nil
    case .array(let element, let length), .vector(let element, let length):
      return member < Int(length) ? try layout(element).size * UInt64(member) : nil
    default: return nil
    }
  }

  /// Type of a member as `offset(of:in:)` counts them.
  public func memberType(_ member: Int, of type: TypeID) -> TypeID? {
    guard member >= 0 else { return nil }
    func at(_ fields: [Member]) -> TypeID? { member < fields.count ? fields[member].type : nil }
    switch self[type] {
    case .structure(let structure): return at(structure.fields)
    case .union(let union): return at(union.fields)
    case .taggedUnion(let union): return at(union.fields)
    case .tuple(let tuple): return member < tuple.elements.count ? tuple.elements[member] : nil
    case .array(let element, let length), .vector(let element, let length):
      return member < Int(length) ? element : nil
    case .string: return member == 0 ? intern(.manyPointer(.u8)) : member == 1 ? .i64 : nil
    case .slice(let element): return member == 0 ? intern(.manyPointer(element)) : member == 1 ? .i64 : nil
    case .any: return member == 0 ? intern(.pointer(.void)) : member == 1 ? .type : nil
    default: return nil
    }
  }

  /// Bytes before the payload of a tagged union.
  public func header(_ union: TaggedUnionType) throws(LayoutError) -> UInt64 {
    if let backing = union.backing, case .structure(let structure) = self[backing] {
      var total: UInt64 = 0
      for field in structure.fields.dropLast() { total += try layout(field.type).size }
      return total
    }
    return try layout(union.tag ?? .i64).size
  }

  /// The tag that a variant of an enumeration or tagged union carries.
  public func tagValue(of variant: Int, in type: TypeID) -> Int64? {
    switch self[type] {
    case .enumeration(let enumeration):
      guard variant >= 0, variant < enumeration.variants.count else { return nil }
      guard let explicit = enumeration.explicitValues, variant < explicit.count else { return Int64(variant) }
      return explicit[variant]
    case .taggedUnion(let union):
      guard variant >= 0, variant < union.fields.count else { return nil }
      guard let explicit = union.explicitValues, variant < explicit.count else { return Int64(variant) }
      return explicit[variant]
    default: return nil
    }
  }

  // MARK: Computing

  private func integerForm(_ type: TypeID) -> RegisterForm {
    switch self[type] {
    case .signed(let bits): return .integer(bits: bits, isSigned: true)
    case .unsigned(let bits): return .integer(bits: bits, isSigned: false)
    case .signedSize: return .integer(bits: UInt8(target.pointerSize * 8), isSigned: true)
    case .unsignedSize: return .integer(bits: UInt8(target.pointerSize * 8), isSigned: false)
    default: return .integer(bits: 64, isSigned: true)
    }
  }

  /// The types whose layout must be known before this one's.
  private func partsByValue(_ type: TypeID) throws(LayoutError) -> [TypeID] {
    switch self[type] {
    case .unresolved: throw .unresolved(type)
    case .structure(let structure): return structure.fields.map(\.type)
    case .union(let union): return union.fields.map(\.type)
    case .taggedUnion(let union):
      guard union.isDefined else { throw .undefined(type) }
      var parts = union.fields.map(\.type)
      if let tag = union.tag { parts.append(tag) }
      if let backing = union.backing {
        parts.append(backing)
        if case .structure(let structure) = self[backing] { parts.append(contentsOf: structure.fields.map(\.type)) }
      }
      return parts
    case .enumeration(let enumeration): return enumeration.backing.map { [$0] } ?? []
    case .array(let element, _), .vector(let element, _): return [element]
    case .optional(let child): return isPointerLike(child) ? [] : [child]
    case .tuple(let tuple): return tuple.elements
    default: return []
    }
  }

  /// Computes a layout whose parts are all known.
  private func compute(_ type: TypeID) throws(LayoutError) -> TypeLayout {
    let pointer = TypeLayout(size: target.pointerSize, alignment: target.pointerSize)
    switch self[type] {
    case .unresolved: throw .unresolved(type)
    case .boolean: return TypeLayout(size: 1, alignment: 1)
    case .signed(let bits), .unsigned(let bits):
      let size: UInt64 = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8
      return TypeLayout(size: size, alignment: size)
    case .float32, .errorSet: return TypeLayout(size: 4, alignment: 4)
    case .float64, .type: return TypeLayout(size: 8, alignment: 8)
    case .void: return TypeLayout(size: 0, alignment: 1)
    case .string, .slice, .any: return TypeLayout(size: 16, alignment: 8)
    case .cString, .signedSize, .unsignedSize, .noReturn, .pointer, .manyPointer, .function: return pointer
    case .closure: return TypeLayout(size: 2 * target.pointerSize, alignment: target.pointerSize)
    case .pack: return TypeLayout(size: 16, alignment: 8)
    case .protocolType: return TypeLayout(size: 3 * target.pointerSize, alignment: 8)
    case .enumeration(let enumeration): return try layout(enumeration.backing ?? .i64)
    case .structure(let structure): return try sequence(structure.fields.map(\.type), in: type)
    case .tuple(let tuple): return try sequence(tuple.elements, in: type)
    case .array(let element, let length):
      let each = try layout(element)
      let (size, overflow) = each.size.multipliedReportingOverflow(by: UInt64(length))
      guard !overflow else { throw .tooLarge(type) }
      return TypeLayout(size: size, alignment: each.alignment)
    case .vector(let element, let length):
      let (size, overflow) = try layout(element).size.multipliedReportingOverflow(by: UInt64(length))
      guard !overflow, size <= TypeTable.largestSize else { throw .tooLarge(type) }
      var power: UInt64 = 1
      while power < size { power <<= 1 }
      return TypeLayout(size: power, alignment: power)
    case .optional(let child):
      if isPointerLike(child) { return pointer }
      let payload = try layout(child)
      switch self[child] {
      case .closure: return payload
      case .structure(let structure) where structure.isProtocol: return payload
      default:
        return TypeLayout(size: TypeTable.round(payload.size + 1, to: payload.alignment), alignment: payload.alignment)
      }
    case .union(let union):
      var size: UInt64 = 0
      for field in union.fields { size = max(size, try layout(field.type).size) }
      return TypeLayout(size: size == 0 ? 8 : size, alignment: 8)
    case .taggedUnion(let union):
      if let backing = union.backing { return try layout(backing) }
      var payload: UInt64 = 0
      for field in union.fields { payload = max(payload, try layout(field.type).size) }
      let tag = try layout(union.tag ?? .i64).size
      return TypeLayout(size: TypeTable.round(tag + (payload == 0 ? 8 : payload), to: 8), alignment: 8)
    }
  }

  private func sequence(_ fields: [TypeID], in type: TypeID) throws(LayoutError) -> TypeLayout {
    var end: UInt64 = 0
    var alignment: UInt64 = 1
    for field in fields {
      let part = try layout(field)
      end = TypeTable.round(end, to: part.alignment) + part.size
      alignment = max(alignment, part.alignment)
      guard end <= TypeTable.largestSize else { throw .tooLarge(type) }
    }
    return TypeLayout(size: TypeTable.round(end, to: alignment), alignment: alignment)
  }

  private func walk(_ fields: [TypeID], upTo member: Int) throws(LayoutError) -> UInt64? {
    guard member < fields.count else { return nil }
    var end: UInt64 = 0
    for (index, field) in fields.enumerated() {
      let part = try layout(field)
      let start = TypeTable.round(end, to: part.alignment)
      if index == member { return start }
      end = start + part.size
    }
    return nil
  }

  /// The next multiple of a power of two.
  @inlinable static func round(_ value: UInt64, to alignment: UInt64) -> UInt64 {
    // Safe: sizes are below 2^41 and alignments are powers of two below that, so the sum cannot wrap.
    (value &+ alignment &- 1) & ~(alignment &- 1)
  }
}
