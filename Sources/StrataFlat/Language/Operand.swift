// What an expression turned out to be: a value, a place, or something known only to the compiler.
//
// Guarantees: `invalid` is only made after an error was reported, and whoever meets it stays silent.

/// The meaning of an expression.
struct Operand {
  /// What kind of thing it is.
  enum Form {
    /// A value computed by an instruction.
    case value(ValueID)
    /// The contents of an address; `type` is what is stored there.
    case place(ValueID)
    /// Numbers known now. With type `unresolved` they take the type the context wants.
    case integer(Int128)
    case float(Double)
    case boolean(Bool)
    case string([UInt8])
    case null
    case undefined
    case type(TypeID)
    case function(FunctionEntity)
    /// A member function and the value it was named on.
    indirect case method(FunctionEntity, Operand)
    case template(TypeTemplate)
    case module(Scope)
    case builtin(LanguageBuiltin)
    /// No value.
    case void
    /// Control does not come back.
    case never
    /// Wrong, and reported.
    case invalid
  }

  let form: Form
  let type: TypeID

  init(_ form: Form, _ type: TypeID = .unresolved) {
    self.form = form
    self.type = type
  }

  static var invalid: Operand { Operand(.invalid) }
  static var void: Operand { Operand(.void, .void) }
  static var never: Operand { Operand(.never, .noReturn) }

  /// A type as an operand.
  static func type(_ type: TypeID) -> Operand { Operand(.type(type), .type) }
  /// A truth value known now.
  static func boolean(_ value: Bool) -> Operand { Operand(.boolean(value), .boolean) }
  /// An integer known now that fits where it is put.
  static func integer(_ value: Int128) -> Operand { Operand(.integer(value)) }

  var isInvalid: Bool { if case .invalid = form { true } else { false } }
  var isNever: Bool { if case .never = form { true } else { false } }
  var isNull: Bool { if case .null = form { true } else { false } }

  /// Whether it is known now, so that it may be the value of a constant.
  var isConstant: Bool {
    switch form {
    case .integer, .float, .boolean, .string, .null, .type, .function, .template, .module, .builtin, .void: true
    case .value, .place, .undefined, .method, .never, .invalid: false
    }
  }

  /// The type that the operand denotes, if it denotes one.
  var denotedType: TypeID? { if case .type(let type) = form { type } else { nil } }
}

/// Functions that the compiler provides to every program.
enum LanguageBuiltin: String, CaseIterable {
  case sizeOf = "size_of"
  case alignOf = "align_of"
  case typeOf = "type_of"
  case typeName = "type_name"
  case typeInfo = "type_info"
  case typeKind = "type_kind"
  case typeEqual = "type_eq"
  case isUnsigned = "is_unsigned"
  case structFieldCount = "struct_field_count"
  case structFieldName = "struct_field_name"
  case structFieldType = "struct_field_type"
  case structFieldOffset = "struct_field_offset"
  case structFieldValue = "struct_field_value"
  case variantCount = "variant_count"
  case variantName = "variant_name"
  case variantValue = "variant_value"
  case variantType = "variant_type"
  case errorName = "error_name"
  case isCompileTime = "is_comptime"
  case makeAny = "make_any"
  case squareRoot = "sqrt"
  case sine = "sin"
  case cosine = "cos"
  case floor = "floor"
  case memoryMark = "memory_mark"
  case memoryReset = "memory_reset"
  case unreachable = "unreachable"
  case vectorSplat = "splat"
  case tuple = "Tuple"
  case vector = "Vector"
  case closure = "Closure"
}
