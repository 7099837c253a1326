// The written form of each operation, both ways, so that the two stand side by side.
// Guarantees: `read` accepts exactly what `write` gives.

import StrataText

/// Writes and reads operations.
enum OperationText {
  static let binary: [(BinaryOperator, String)] = [
    (.add, "add"), (.subtract, "subtract"), (.multiply, "multiply"), (.divide, "divide"), (.modulo, "modulo"),
    (.bitAnd, "bit_and"), (.bitOr, "bit_or"), (.bitXor, "bit_xor"), (.shiftLeft, "shift_left"),
    (.shiftRight, "shift_right"), (.equal, "equal"), (.notEqual, "not_equal"), (.less, "less"),
    (.lessOrEqual, "less_or_equal"), (.greater, "greater"), (.greaterOrEqual, "greater_or_equal"),
    (.stringEqual, "string_equal"), (.stringNotEqual, "string_not_equal"), (.booleanAnd, "boolean_and"),
    (.booleanOr, "boolean_or"),
  ]
  static let unary: [(UnaryOperator, String)] = [
    (.negate, "negate"), (.bitNot, "bit_not"), (.booleanNot, "boolean_not"),
  ]
  static let conversions: [(ConversionOperator, String)] = [
    (.widen, "widen"), (.narrow, "narrow"), (.bitcast, "bitcast"), (.integerToFloat, "integer_to_float"),
    (.floatToInteger, "float_to_integer"),
  ]
  static let updates: [(AtomicUpdate, String)] = [
    (.add, "add"), (.subtract, "subtract"), (.and, "and"), (.or, "or"), (.xor, "xor"), (.minimum, "minimum"),
    (.maximum, "maximum"), (.exchange, "exchange"),
  ]
  static let orderings: [(AtomicOrdering, String)] = [
    (.relaxed, "relaxed"), (.acquire, "acquire"), (.release, "release"), (.acquireRelease, "acquire_release"),
    (.sequentiallyConsistent, "sequential"),
  ]
  static let builtins: [(Builtin, String)] = [
    (.typeName, "type_name"), (.isUnsigned, "is_unsigned"), (.sizeOf, "size_of"), (.alignmentOf, "alignment_of"),
    (.fieldCount, "field_count"), (.variantCount, "variant_count"), (.isFlags, "is_flags"),
    (.vectorLanes, "vector_lanes"), (.variantTagWidth, "variant_tag_width"), (.memberName, "member_name"),
    (.memberType, "member_type"), (.memberOffset, "member_offset"), (.variantValue, "variant_value"),
    (.typeEqual, "type_equal"), (.typeInfo, "type_info"), (.typeKind, "type_kind"), (.squareRoot, "square_root"),
    (.sine, "sine"), (.cosine, "cosine"), (.floor, "floor"), (.memoryMark, "memory_mark"),
    (.memoryReset, "memory_reset"),
  ]

  private static func word<T: Equatable>(_ value: T, _ table: [(T, String)]) -> String {
    table.first { $0.0 == value }?.1 ?? "unknown"
  }

  private static func find<T>(_ word: String, _ table: [(T, String)]) -> T? { table.first { $0.1 == word }?.0 }

  // MARK: Writing

  static func write(_ operation: Operation, _ printer: ModulePrinter) -> String {
    func v(_ value: ValueID) -> String { value == .none ? "%none" : "%\(value.rawValue)" }
    func list(_ values: [ValueID]) -> String { "(" + values.map(v).joined(separator: ", ") + ")" }
    func t(_ type: TypeID) -> String { printer.type(type) }
    func base(_ type: TypeID?) -> String { type.map { " as \(t($0))" } ?? "" }
    func edge(_ target: BlockID, _ arguments: [ValueID]) -> String { "\(target.rawValue)\(list(arguments))" }
    switch operation {
    case .integer(let value): return "integer \(value)"
    case .float(let value): return "float \(ModulePrinter.float(value))"
    case .boolean(let value): return "boolean \(value ? "true" : "false")"
    case .string(let number): return "string \(ModulePrinter.quote(printer.module.types.strings.bytes(number) ?? []))"
    case .null: return "null"
    case .undefined: return "undefined"
    case .type(let type): return "type \(t(type))"
    case .isCompileTime: return "is_compile_time"
    case .binary(let kind, let left, let right): return "\(word(kind, binary)) \(v(left)), \(v(right))"
    case .unary(let kind, let operand): return "\(word(kind, unary)) \(v(operand))"
    case .convert(let kind, let operand, let from): return "\(word(kind, conversions)) \(v(operand)) from \(t(from))"
    case .allocate(let type): return "allocate \(t(type))"
    case .load(let pointer): return "load \(v(pointer))"
    case .store(let pointer, let value, let type): return "store \(v(pointer)), \(v(value)) as \(t(type))"
    case .addressOf(let operand): return "address_of \(v(operand))"
    case .atomicLoad(let pointer, let order): return "atomic_load \(v(pointer)) \(word(order, orderings))"
    case .atomicStore(let pointer, let value, let type, let order):
      return "atomic_store \(v(pointer)), \(v(value)) as \(t(type)) \(word(order, orderings))"
    case .atomicUpdate(let kind, let pointer, let value, let type, let order):
      return "atomic_update \(word(kind, updates)) \(v(pointer)), \(v(value)) as \(t(type)) \(word(order, orderings))"
    case .atomicCompareExchange(let pointer, let expected, let desired, let type, let order):
      return
        "atomic_compare_exchange \(v(pointer)), \(v(expected)), \(v(desired)) as \(t(type)) \(word(order, orderings))"
    case .atomicFence(let order): return "atomic_fence \(word(order, orderings))"
    case .aggregate(let parts): return "aggregate \(list(parts))"
    case .field(let value, let index, let type): return "field \(v(value)), \(index)\(base(type))"
    case .fieldAddress(let value, let index, let type): return "field_address \(v(value)), \(index)\(base(type))"
    case .unionField(let value, let index, let type): return "union_field \(v(value)), \(index)\(base(type))"
    case .unionFieldAddress(let value, let index, let type):
      return "union_field_address \(v(value)), \(index)\(base(type))"
    case .index(let value, let index): return "index \(v(value)), \(v(index))"
    case .indexAddress(let value, let index): return "index_address \(v(value)), \(v(index))"
    case .length(let operand): return "length \(v(operand))"
    case .dataPointer(let operand): return "data_pointer \(v(operand))"
    case .arrayToSlice(let operand): return "array_to_slice \(v(operand))"
    case .subslice(let value, let low, let high, let type):
      return "subslice \(v(value)), \(v(low)), \(v(high)) as \(t(type))"
    case .optionalWrap(let operand): return "optional_wrap \(v(operand))"
    case .optionalUnwrap(let operand): return "optional_unwrap \(v(operand))"
    case .optionalHasValue(let operand): return "optional_has_value \(v(operand))"
    case .optionalCoalesce(let left, let right): return "optional_coalesce \(v(left)), \(v(right))"
    case .enumeration(let tag, let payload): return "enumeration \(tag), \(v(payload))"
    case .enumerationTag(let operand): return "enumeration_tag \(v(operand))"
    case .enumerationPayload(let value, let variant, let type):
      return "enumeration_payload \(v(value)), \(variant)\(base(type))"
    case .boxAny(let operand, let source): return "box_any \(v(operand)) from \(t(source))"
    case .unboxAny(let operand): return "unbox_any \(v(operand))"
    case .anyData(let operand): return "any_data \(v(operand))"
    case .makeAny(let tag, let data): return "make_any \(v(tag)), \(v(data))"
    case .call(let callee, let arguments): return "call @\(callee.rawValue) \(list(arguments))"
    case .callIndirect(let callee, let arguments): return "call_indirect \(v(callee)) \(list(arguments))"
    case .callClosure(let callee, let arguments): return "call_closure \(v(callee)) \(list(arguments))"
    case .callBuiltin(let builtin, let arguments): return "builtin \(word(builtin, builtins)) \(list(arguments))"
    case .closure(let function, let environment): return "closure @\(function.rawValue), \(v(environment))"
    case .function(let function): return "function @\(function.rawValue)"
    case .global(let global): return "global @\(global.rawValue)"
    case .globalAddress(let global): return "global_address @\(global.rawValue)"
    case .setGlobal(let global, let value): return "set_global @\(global.rawValue), \(v(value))"
    case .fieldName(let type, let index): return "field_name \(t(type)), \(v(index))"
    case .fieldValue(let value, let index, let type): return "field_value \(v(value)), \(v(index)) as \(t(type))"
    case .errorName(let operand): return "error_name \(v(operand))"
    case .traceFrame: return "trace_frame"
    case .traceResolve(let operand): return "trace_resolve \(v(operand))"
    case .printFrames: return "print_frames"
    case .vectorSplat(let operand): return "vector_splat \(v(operand))"
    case .vectorExtract(let vector, let lane): return "vector_extract \(v(vector)), \(v(lane))"
    case .vectorInsert(let vector, let value, let lane): return "vector_insert \(v(vector)), \(v(value)), \(v(lane))"
    case .blockParameter(let block, let index): return "block_parameter \(block.rawValue), \(index)"
    case .branch(let target, let arguments): return "branch \(edge(target, arguments))"
    case .conditionalBranch(let condition, let then, let thenArguments, let otherwise, let otherwiseArguments):
      return "branch_if \(v(condition)), \(edge(then, thenArguments)), \(edge(otherwise, otherwiseArguments))"
    case .switchBranch(let operand, let cases, let otherwise, let arguments):
      let entries = cases.map { "\($0.value) -> \(edge($0.target, $0.arguments))" }.joined(separator: ", ")
      return "switch \(v(operand)) [\(entries)] \(edge(otherwise, arguments))"
    case .returnValue(let value): return "return \(v(value))"
    case .returnVoid: return "return_void"
    case .unreachable: return "unreachable"
    case .unsupported(let name): return "unsupported \(ModulePrinter.quote(name.utf8))"
    }
  }

  // MARK: Reading

  static func read(_ parser: inout ModuleParser) throws(Diagnostic) -> Operation {
    let name = try parser.word("an operation")
    func two(_ parser: inout ModuleParser) throws(Diagnostic) -> (ValueID, ValueID) {
      let left = try parser.value()
      try parser.expect(",")
      return (left, try parser.value())
    }
    if let kind = find(name, binary) {
      let (left, right) = try two(&parser)
      return .binary(kind, left, right)
    }
    if let kind = find(name, unary) { return .unary(kind, try parser.value()) }
    if let kind = find(name, conversions) {
      let operand = try parser.value()
      try parser.expect("from")
      return .convert(kind, operand, from: try parser.type())
    }
    func order(_ parser: inout ModuleParser) throws(Diagnostic) -> AtomicOrdering {
      guard let order = find(try parser.word("an ordering"), orderings) else { throw parser.unexpected("an ordering") }
      return order
    }
    func override(_ parser: inout ModuleParser) throws(Diagnostic) -> TypeID? {
      parser.take("as") ? try parser.type() : nil
    }
    func edge(_ parser: inout ModuleParser) throws(Diagnostic) -> (BlockID, [ValueID]) {
      (BlockID(try parser.index("a block")), try parser.values())
    }
    func part(_ parser: inout ModuleParser) throws(Diagnostic) -> (ValueID, UInt32, TypeID?) {
      let value = try parser.value()
      try parser.expect(",")
      let index = try parser.index("a member")
      return (value, index, try override(&parser))
    }
    switch name {
    case "integer": return .integer(try parser.integer("an integer"))
    case "float": return .float(try parser.float())
    case "boolean": return .boolean(try parser.word("true or false") == "true")
    case "string": return .string(parser.module.types.strings.intern(try parser.string("a text")))
    case "null": return .null
    case "undefined": return .undefined
    case "type": return .type(try parser.type())
    case "is_compile_time": return .isCompileTime
    case "allocate": return .allocate(try parser.type())
    case "load": return .load(try parser.value())
    case "store":
      let (pointer, value) = try two(&parser)
      try parser.expect("as")
      return .store(pointer: pointer, value: value, type: try parser.type())
    case "address_of": return .addressOf(try parser.value())
    case "atomic_load":
      let pointer = try parser.value()
      return .atomicLoad(pointer, try order(&parser))
    case "atomic_store":
      let (pointer, value) = try two(&parser)
      try parser.expect("as")
      let type = try parser.type()
      return .atomicStore(pointer: pointer, value: value, type: type, try order(&parser))
    case "atomic_update":
      guard let kind = find(try parser.word("an update"), updates) else { throw parser.unexpected("an update") }
      let (pointer, value) = try two(&parser)
      try parser.expect("as")
      let type = try parser.type()
      return .atomicUpdate(kind, pointer: pointer, value: value, type: type, try order(&parser))
    case "atomic_compare_exchange":
      let (pointer, expected) = try two(&parser)
      try parser.expect(",")
      let desired = try parser.value()
      try parser.expect("as")
      let type = try parser.type()
      return .atomicCompareExchange(
        pointer: pointer, expected: expected, desired: desired, type: type, try order(&parser))
    case "atomic_fence": return .atomicFence(try order(&parser))
    case "aggregate": return .aggregate(try parser.values())
    case "field":
      let (value, index, type) = try part(&parser)
      return .field(value, index: index, base: type)
    case "field_address":
      let (value, index, type) = try part(&parser)
      return .fieldAddress(value, index: index, base: type)
    case "union_field":
      let (value, index, type) = try part(&parser)
      return .unionField(value, index: index, base: type)
    case "union_field_address":
      let (value, index, type) = try part(&parser)
      return .unionFieldAddress(value, index: index, base: type)
    case "index":
      let (value, index) = try two(&parser)
      return .index(value, index)
    case "index_address":
      let (value, index) = try two(&parser)
      return .indexAddress(value, index)
    case "length": return .length(try parser.value())
    case "data_pointer": return .dataPointer(try parser.value())
    case "array_to_slice": return .arrayToSlice(try parser.value())
    case "subslice":
      let (value, low) = try two(&parser)
      try parser.expect(",")
      let high = try parser.value()
      try parser.expect("as")
      return .subslice(value, low: low, high: high, base: try parser.type())
    case "optional_wrap": return .optionalWrap(try parser.value())
    case "optional_unwrap": return .optionalUnwrap(try parser.value())
    case "optional_has_value": return .optionalHasValue(try parser.value())
    case "optional_coalesce":
      let (left, right) = try two(&parser)
      return .optionalCoalesce(left, right)
    case "enumeration":
      let tag = try parser.integer("a tag")
      try parser.expect(",")
      return .enumeration(tag: tag, payload: try parser.value())
    case "enumeration_tag": return .enumerationTag(try parser.value())
    case "enumeration_payload":
      let (value, variant, type) = try part(&parser)
      return .enumerationPayload(value, variant: variant, base: type)
    case "box_any":
      let operand = try parser.value()
      try parser.expect("from")
      return .boxAny(operand, source: try parser.type())
    case "unbox_any": return .unboxAny(try parser.value())
    case "any_data": return .anyData(try parser.value())
    case "make_any":
      let (tag, data) = try two(&parser)
      return .makeAny(tag: tag, data: data)
    case "call":
      let callee = FunctionID(try parser.at("a function"))
      return .call(callee, try parser.values())
    case "call_indirect":
      let callee = try parser.value()
      return .callIndirect(callee, try parser.values())
    case "call_closure":
      let callee = try parser.value()
      return .callClosure(callee, try parser.values())
    case "builtin":
      guard let builtin = find(try parser.word("a builtin"), builtins) else { throw parser.unexpected("a builtin") }
      return .callBuiltin(builtin, try parser.values())
    case "closure":
      let function = FunctionID(try parser.at("a function"))
      try parser.expect(",")
      return .closure(function, environment: try parser.value())
    case "function": return .function(FunctionID(try parser.at("a function")))
    case "global": return .global(GlobalID(try parser.at("a global")))
    case "global_address": return .globalAddress(GlobalID(try parser.at("a global")))
    case "set_global":
      let global = GlobalID(try parser.at("a global"))
      try parser.expect(",")
      return .setGlobal(global, try parser.value())
    case "field_name":
      let type = try parser.type()
      try parser.expect(",")
      return .fieldName(type, try parser.value())
    case "field_value":
      let (value, index) = try two(&parser)
      try parser.expect("as")
      return .fieldValue(value, index: index, type: try parser.type())
    case "error_name": return .errorName(try parser.value())
    case "trace_frame": return .traceFrame
    case "trace_resolve": return .traceResolve(try parser.value())
    case "print_frames": return .printFrames
    case "vector_splat": return .vectorSplat(try parser.value())
    case "vector_extract":
      let (vector, lane) = try two(&parser)
      return .vectorExtract(vector, lane)
    case "vector_insert":
      let (vector, value) = try two(&parser)
      try parser.expect(",")
      return .vectorInsert(vector, value, try parser.value())
    case "block_parameter":
      let block = BlockID(try parser.index("a block"))
      try parser.expect(",")
      return .blockParameter(block, index: try parser.index("a parameter"))
    case "branch":
      let (target, arguments) = try edge(&parser)
      return .branch(target, arguments)
    case "branch_if":
      let condition = try parser.value()
      try parser.expect(",")
      let (then, thenArguments) = try edge(&parser)
      try parser.expect(",")
      let (otherwise, otherwiseArguments) = try edge(&parser)
      return .conditionalBranch(condition, then: then, thenArguments, else: otherwise, otherwiseArguments)
    case "switch":
      let operand = try parser.value()
      try parser.expect("[")
      var cases: [SwitchCase] = []
      while !parser.take("]") {
        if !cases.isEmpty { try parser.expect(",") }
        let value = try parser.integer("a case")
        try parser.expect("->")
        let (target, arguments) = try edge(&parser)
        cases.append(SwitchCase(value, target, arguments))
      }
      let (otherwise, arguments) = try edge(&parser)
      return .switchBranch(operand, cases, otherwise: otherwise, arguments)
    case "return": return .returnValue(try parser.value())
    case "return_void": return .returnVoid
    case "unreachable": return .unreachable
    case "unsupported": return .unsupported(String(decoding: try parser.string("a name"), as: UTF8.self))
    default: throw parser.unexpected("an operation", back: true)
    }
  }
}
