// The table of a module's types.
// Guarantees: equal structural types have one number; a nominal type is identified by its name and nominal number and may
// be declared first and completed later under the same number; numbers follow the order of first use. Every query about a
// number that names no type answers "unresolved" or an error, never a trap.

/// Why a type could not be entered into the table.
public enum TypeTableError: Error, Equatable, Sendable {
  /// The number does not name a slot that was declared and is still open.
  case notDeclaredSlot(TypeID)
  /// A member name occurs twice.
  case duplicateMember(String)
  /// The number is taken by another type.
  case numberTaken(TypeID)
}

/// All types of one module, the texts and error names they share with programs, and their layout for one target.
public final class TypeTable {
  /// The machine that layout is computed for.
  public let target: Target
  /// Texts that programs intern and look up by number.
  public var strings = StringPool()
  /// Error names by tag.
  public var errors = ErrorPool()

  private var descriptions: [TypeDescription]
  private var structural: [TypeDescription: TypeID] = [:]
  private var nominal: [NominalKey: TypeID] = [:]
  private var byName: [String: TypeID] = [:]
  /// Layouts already computed, by type number. Only finished types are remembered.
  let layouts = KnownFacts<TypeLayout>()
  /// Register forms already computed, by type number. None is kept that a later definition could change.
  let forms = KnownFacts<RegisterForm>()

  private struct NominalKey: Hashable {
    var name: String
    var number: NominalID
  }

  /// A table that holds only the built-in types.
  public init(target: Target = .pointers64) {
    self.target = target
    descriptions = Array(repeating: .unresolved, count: Int(TypeID.firstUser))
    let builtins: [(TypeID, TypeDescription)] = [
      (.boolean, .boolean), (.i8, .signed(8)), (.i16, .signed(16)), (.i32, .signed(32)), (.i64, .signed(64)),
      (.u8, .unsigned(8)), (.u16, .unsigned(16)), (.u32, .unsigned(32)), (.u64, .unsigned(64)), (.f32, .float32),
      (.f64, .float64), (.string, .string), (.any, .any), (.noReturn, .noReturn), (.isize, .signedSize),
      (.usize, .unsignedSize), (.void, .void), (.cString, .cString), (.type, .type),
    ]
    for (number, description) in builtins {
      descriptions[Int(number.rawValue)] = description
      structural[description] = number
    }
  }

  deinit {
    layouts.free()
    forms.free()
  }

  /// One more than the largest type number in use.
  public var count: Int { descriptions.count }

  /// What a type is; `unresolved` for a number that names none.
  public subscript(_ type: TypeID) -> TypeDescription {
    Int(type.rawValue) < descriptions.count ? descriptions[Int(type.rawValue)] : .unresolved
  }

  // MARK: Entering types

  /// Returns the number of a type, entering it if it is new. A nominal type that is already known under its name and nominal
  /// number keeps its number and its first definition; if only its declaration was known, this completes it.
  public func intern(_ description: TypeDescription) -> TypeID {
    if let (name, number) = TypeTable.nominalIdentity(description), !name.isEmpty {
      let key = NominalKey(name: name, number: number)
      if let known = nominal[key] {
        if !isDefined(known) { replace(known, with: description) }
        return known
      }
      let fresh = append(description)
      nominal[key] = fresh
      remember(name: name, as: fresh)
      return fresh
    }
    if let known = structural[description] { return known }
    let fresh = append(description)
    structural[description] = fresh
    return fresh
  }

  /// Enters a type under a given number, for modules that were written with fixed numbers. Skipped numbers are unresolved.
  public func insert(_ description: TypeDescription, at type: TypeID) throws(TypeTableError) {
    if self[type] == description { return }
    guard !type.isBuiltin, self[type] == .unresolved, type.rawValue < 1 << 24 else { throw .numberTaken(type) }
    while descriptions.count <= Int(type.rawValue) {
      descriptions.append(.unresolved)
    }
    descriptions[Int(type.rawValue)] = description
    if let (name, number) = TypeTable.nominalIdentity(description), !name.isEmpty {
      let key = NominalKey(name: name, number: number)
      if nominal[key] == nil { nominal[key] = type }
      remember(name: name, as: type)
    } else if structural[description] == nil {
      structural[description] = type
    }
  }

  /// Returns the nominal type of that name, or a new slot that is declared but not defined.
  public func declare(_ name: String, nominal number: NominalID = 0) -> TypeID {
    let key = NominalKey(name: name, number: number)
    if let known = nominal[key] { return known }
    if number == 0, let known = byName[name] { return known }
    let fresh = append(.taggedUnion(TaggedUnionType(name: name, fields: [], nominal: number, isDefined: false)))
    nominal[key] = fresh
    remember(name: name, as: fresh)
    return fresh
  }

  /// Completes a declared slot in place, keeping its name and nominal number. Defining it again with the same content
  /// changes nothing; any other second definition is an error.
  public func define(_ type: TypeID, as description: TypeDescription) throws(TypeTableError) {
    guard let (name, number) = TypeTable.nominalIdentity(self[type]) else { throw .notDeclaredSlot(type) }
    let named = TypeTable.renamed(description, name: name, nominal: number)
    if isDefined(type) {
      guard self[type] == named else { throw .notDeclaredSlot(type) }
      return
    }
    if let repeated = TypeTable.repeatedMember(named) { throw .duplicateMember(repeated) }
    replace(type, with: named)
  }

  /// False for a slot that was declared and not yet defined, and for a number that names no type.
  public func isDefined(_ type: TypeID) -> Bool {
    switch self[type] {
    case .unresolved: return false
    case .taggedUnion(let union): return union.isDefined
    default: return true
    }
  }

  // MARK: Short forms

  public func pointer(to pointee: TypeID) -> TypeID { intern(.pointer(pointee)) }
  public func manyPointer(to element: TypeID) -> TypeID { intern(.manyPointer(element)) }
  public func slice(of element: TypeID) -> TypeID { intern(.slice(element)) }
  public func array(of element: TypeID, count: UInt32) -> TypeID { intern(.array(element: element, length: count)) }
  public func optional(_ child: TypeID) -> TypeID { intern(.optional(child)) }
  public func tuple(_ elements: [TypeID]) -> TypeID { intern(.tuple(TupleType(elements))) }
  public func function(_ parameters: [TypeID], _ result: TypeID) -> TypeID {
    intern(.function(FunctionType(parameters, result)))
  }
  public func closure(_ parameters: [TypeID], _ result: TypeID) -> TypeID {
    intern(.closure(parameters: parameters, result: result))
  }
  /// A signed integer type of that many bits.
  public func signed(_ bits: UInt8) -> TypeID { intern(.signed(bits)) }
  /// An unsigned integer type of that many bits.
  public func unsigned(_ bits: UInt8) -> TypeID { intern(.unsigned(bits)) }

  // MARK: Finding types

  /// The number of a structural type that is already in the table.
  func number(of description: TypeDescription) -> TypeID? { structural[description] }

  /// The first struct, union, tagged union, enumeration or error set of that name, in order of numbers.
  public func find(_ name: String) -> TypeID? { byName[name] }

  /// What a pointer of any kind points to, or nil for another type.
  public func pointee(_ type: TypeID) -> TypeID? {
    switch self[type] {
    case .pointer(let pointee), .manyPointer(let pointee): return pointee
    default: return nil
    }
  }

  /// The type with one level of pointer removed, or the type itself.
  public func withoutPointer(_ type: TypeID) -> TypeID { pointee(type) ?? type }

  // MARK: Inside

  private func append(_ description: TypeDescription) -> TypeID {
    let fresh = TypeID(UInt32(truncatingIfNeeded: descriptions.count))
    descriptions.append(description)
    return fresh
  }

  private func replace(_ type: TypeID, with description: TypeDescription) {
    descriptions[Int(type.rawValue)] = description
    layouts[type] = nil
  }

  private func remember(name: String, as type: TypeID) {
    if let known = byName[name], known < type { return }
    byName[name] = type
  }

  /// The name and nominal number of a nominal type; nil for a structural one.
  static func nominalIdentity(_ description: TypeDescription) -> (String, NominalID)? {
    switch description {
    case .structure(let type): return (type.name, type.nominal)
    case .enumeration(let type): return (type.name, type.nominal)
    case .union(let type): return (type.name, type.nominal)
    case .taggedUnion(let type): return (type.name, type.nominal)
    case .errorSet(let type): return (type.name, type.nominal)
    case .protocolType(let name, let nominal): return (name, nominal)
    default: return nil
    }
  }

  private static func renamed(_ description: TypeDescription, name: String, nominal: NominalID) -> TypeDescription {
    switch description {
    case .structure(var type):
      type.name = name
      type.nominal = nominal
      return .structure(type)
    case .enumeration(var type):
      type.name = name
      type.nominal = nominal
      return .enumeration(type)
    case .union(var type):
      type.name = name
      type.nominal = nominal
      return .union(type)
    case .taggedUnion(var type):
      type.name = name
      type.nominal = nominal
      return .taggedUnion(type)
    default: return description
    }
  }

  private static func repeatedMember(_ description: TypeDescription) -> String? {
    let names: [String]
    switch description {
    case .structure(let type): names = type.fields.map(\.name)
    case .union(let type): names = type.fields.map(\.name)
    case .taggedUnion(let type): names = type.fields.map(\.name)
    case .enumeration(let type): names = type.variants
    default: return nil
    }
    var seen = Set<String>()
    for name in names where !seen.insert(name).inserted { return name }
    return nil
  }
}

/// What was found out about types, by their numbers. Lies behind a pointer, because every look at a variable of an object is
/// checked; the table that owns it frees it.
struct KnownFacts<Fact: BitwiseCopyable> {
  private struct Rows {
    var first: UnsafeMutablePointer<Fact?>
    var count: Int
  }

  private let rows: UnsafeMutablePointer<Rows>

  init() {
    rows = .allocate(capacity: 1)
    rows.initialize(to: Rows(first: .allocate(capacity: 0), count: 0))
  }

  func free() {
    rows.pointee.first.deallocate()
    rows.deallocate()
  }

  /// The fact about a type, nil when it is not known.
  subscript(_ type: TypeID) -> Fact? {
    @inline(__always)
    get {
      let index = Int(type.rawValue)
      return index < rows.pointee.count ? rows.pointee.first[index] : nil
    }
    nonmutating set {
      let index = Int(type.rawValue)
      if index >= rows.pointee.count {
        if newValue == nil { return }
        grow(beyond: index)
      }
      rows.pointee.first[index] = newValue
    }
  }

  /// Numbers of types in a table are below 2^24.
  private func grow(beyond index: Int) {
    let (old, count) = (rows.pointee.first, rows.pointee.count)
    let wanted = max(2 * count, index + 1, 128)
    let fresh = UnsafeMutablePointer<Fact?>.allocate(capacity: wanted)
    fresh.initialize(repeating: nil, count: wanted)
    fresh.update(from: old, count: count)
    old.deallocate()
    rows.pointee = Rows(first: fresh, count: wanted)
  }
}
