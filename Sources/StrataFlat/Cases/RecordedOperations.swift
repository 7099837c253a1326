// The recorded names of operations and what they are here.

import StrataText

/// Reads one recorded operation.
struct RecordedOperations {
  let reader: RecordedReader

  typealias ReadError = RecordedProgram.ReadError

  private func value(_ json: JSON?) throws(ReadError) -> ValueID {
    guard let json, !json.isNull else { return .none }
    return ValueID(try reader.index(json, "a value"))
  }

  private func values(_ json: JSON?) throws(ReadError) -> [ValueID] {
    var values: [ValueID] = []
    for element in try reader.list(json, "values") { values.append(try value(element)) }
    return values
  }

  private func block(_ json: JSON?) throws(ReadError) -> BlockID { BlockID(try reader.index(json, "a block")) }

  private static let binary: [String: BinaryOperator] = [
    "add": .add, "sub": .subtract, "mul": .multiply, "div": .divide, "mod": .modulo, "bit_and": .bitAnd,
    "bit_or": .bitOr, "bit_xor": .bitXor, "shl": .shiftLeft, "shr": .shiftRight, "cmp_eq": .equal,
    "cmp_ne": .notEqual, "cmp_lt": .less, "cmp_le": .lessOrEqual, "cmp_gt": .greater, "cmp_ge": .greaterOrEqual,
    "str_eq": .stringEqual, "str_ne": .stringNotEqual, "bool_and": .booleanAnd, "bool_or": .booleanOr,
  ]

  private static let unary: [String: UnaryOperator] = ["neg": .negate, "bit_not": .bitNot, "bool_not": .booleanNot]

  private static let conversions: [String: ConversionOperator] = [
    "widen": .widen, "narrow": .narrow, "bitcast": .bitcast, "int_to_float": .integerToFloat,
    "float_to_int": .floatToInteger,
  ]

  private static let builtins: [String: Builtin] = [
    "type_name": .typeName, "is_unsigned": .isUnsigned, "rt_size_of": .sizeOf, "rt_align_of": .alignmentOf,
    "rt_struct_field_count": .fieldCount, "rt_variant_count": .variantCount, "rt_is_flags": .isFlags,
    "rt_vector_lanes": .vectorLanes, "rt_variant_tag_width": .variantTagWidth, "rt_member_name": .memberName,
    "rt_member_type": .memberType, "rt_field_offset": .memberOffset, "rt_variant_value": .variantValue,
    "rt_type_eq": .typeEqual, "type_info": .typeInfo, "sqrt": .squareRoot, "sin": .sine, "cos": .cosine,
    "floor": .floor,
  ]

  private static let updates: [String: AtomicUpdate] = [
    "add": .add, "sub": .subtract, "and": .and, "or": .or, "xor": .xor, "min": .minimum, "max": .maximum,
    "xchg": .exchange,
  ]

  private func override(_ data: JSON) throws(ReadError) -> TypeID? { try reader.optionalType(data["base_type"]) }

  func operation(_ field: JSON.Field) throws(ReadError) -> Operation {
    let data = field.value
    if let binary = RecordedOperations.binary[field.key] {
      return .binary(binary, try value(data["lhs"]), try value(data["rhs"]))
    }
    if let unary = RecordedOperations.unary[field.key] { return .unary(unary, try value(data["operand"])) }
    if let conversion = RecordedOperations.conversions[field.key] {
      return .convert(conversion, try value(data["operand"]), from: try reader.type(data["from"]))
    }
    let ordering = AtomicOrdering.sequentiallyConsistent
    switch field.key {
    case "const_int": return .integer(try reader.number(data, "an integer"))
    case "const_float": return .float(try reader.double(data))
    case "const_bool": return .boolean(data.boolean ?? false)
    case "const_string":
      return .string(reader.module.types.strings.intern(reader.bytes(try reader.text(data, "a text"))))
    case "const_null": return .null
    case "const_undef": return .undefined
    case "const_type": return .type(try reader.type(data))
    case "is_comptime": return .isCompileTime
    case "alloca": return .allocate(try reader.type(data))
    case "load", "deref": return .load(try value(data["operand"]))
    case "store":
      return .store(
        pointer: try value(data["ptr"]), value: try value(data["val"]), type: try reader.type(data["val_ty"]))
    case "addr_of": return .addressOf(try value(data["operand"]))
    case "atomic_load": return .atomicLoad(try value(data["ptr"] ?? data["operand"]), ordering)
    case "atomic_store":
      return .atomicStore(
        pointer: try value(data["ptr"]), value: try value(data["val"]), type: try reader.type(data["val_ty"]), ordering)
    case "atomic_rmw":
      guard let kind = RecordedOperations.updates[try reader.text(data["kind"], "a kind")] else {
        throw reader.fault("unknown atomic update")
      }
      return .atomicUpdate(
        kind, pointer: try value(data["ptr"]), value: try value(data["operand"]),
        type: try reader.type(data["val_ty"]), ordering)
    case "atomic_cmpxchg":
      return .atomicCompareExchange(
        pointer: try value(data["ptr"]), expected: try value(data["expected"]), desired: try value(data["desired"]),
        type: try reader.type(data["val_ty"]), ordering)
    case "atomic_fence", "fence": return .atomicFence(ordering)
    case "struct_init", "tuple_init": return .aggregate(try values(data["fields"]))
    case "struct_get", "tuple_get":
      return .field(
        try value(data["base"]), index: try reader.index(data["field_index"], "a field"), base: try override(data))
    case "struct_gep":
      return .fieldAddress(
        try value(data["base"]), index: try reader.index(data["field_index"], "a field"), base: try override(data))
    case "union_get":
      return .unionField(
        try value(data["base"]), index: try reader.index(data["field_index"], "a field"), base: try override(data))
    case "union_gep":
      return .unionFieldAddress(
        try value(data["base"]), index: try reader.index(data["field_index"], "a field"), base: try override(data))
    case "index_get": return .index(try value(data["lhs"]), try value(data["rhs"]))
    case "index_gep": return .indexAddress(try value(data["lhs"]), try value(data["rhs"]))
    case "length": return .length(try value(data["operand"]))
    case "data_ptr": return .dataPointer(try value(data["operand"]))
    case "array_to_slice": return .arrayToSlice(try value(data["operand"]))
    case "subslice":
      return .subslice(
        try value(data["base"]), low: try value(data["lo"]), high: try value(data["hi"]),
        base: try reader.optionalType(data["base_ty"]) ?? .unresolved)
    case "optional_wrap": return .optionalWrap(try value(data["operand"]))
    case "optional_unwrap": return .optionalUnwrap(try value(data["operand"]))
    case "optional_has_value": return .optionalHasValue(try value(data["operand"]))
    case "optional_coalesce": return .optionalCoalesce(try value(data["lhs"]), try value(data["rhs"]))
    case "enum_init":
      return .enumeration(tag: try reader.number(data["tag"], "a tag"), payload: try value(data["payload"]))
    case "enum_tag": return .enumerationTag(try value(data["operand"]))
    case "enum_payload":
      return .enumerationPayload(
        try value(data["base"]), variant: try reader.index(data["field_index"], "a variant"), base: try override(data))
    case "box_any": return .boxAny(try value(data["operand"]), source: try reader.type(data["source_type"]))
    case "unbox_any": return .unboxAny(try value(data["operand"]))
    case "any_data": return .anyData(try value(data["operand"]))
    case "make_any": return .makeAny(tag: try value(data["tag"]), data: try value(data["data"]))
    case "call": return .call(FunctionID(try reader.index(data["callee"], "a function")), try values(data["args"]))
    case "call_indirect": return .callIndirect(try value(data["callee"]), try values(data["args"]))
    case "call_closure": return .callClosure(try value(data["callee"]), try values(data["args"]))
    case "call_builtin":
      let name = try reader.text(data["builtin"], "a builtin")
      guard let builtin = RecordedOperations.builtins[name] else { return .unsupported("builtin \(name)") }
      return .callBuiltin(builtin, try values(data["args"]))
    case "closure_create":
      return .closure(FunctionID(try reader.index(data["func"], "a function")), environment: try value(data["env"]))
    case "func_ref": return .function(FunctionID(try reader.index(data, "a function")))
    case "global_get": return .global(GlobalID(try reader.index(data, "a global")))
    case "global_addr": return .globalAddress(GlobalID(try reader.index(data, "a global")))
    case "global_set":
      return .setGlobal(GlobalID(try reader.index(data["global"], "a global")), try value(data["value"]))
    case "field_name_get": return .fieldName(try reader.type(data["struct_type"]), try value(data["index"]))
    case "field_value_get":
      return .fieldValue(
        try value(data["base"]), index: try value(data["index"]), type: try reader.type(data["struct_type"]))
    case "error_tag_name_get": return .errorName(try value(data["operand"]))
    case "trace_frame": return .traceFrame
    case "trace_resolve": return .traceResolve(try value(data["operand"]))
    case "interp_print_frames": return .printFrames
    case "vec_splat": return .vectorSplat(try value(data["operand"]))
    case "vec_extract": return .vectorExtract(try value(data["vec"]), try value(data["index"]))
    case "vec_insert": return .vectorInsert(try value(data["vec"]), try value(data["val"]), try value(data["index"]))
    case "block_param":
      return .blockParameter(try block(data["block"]), index: try reader.index(data["param_index"], "a parameter"))
    case "br": return .branch(try block(data["target"]), try values(data["args"]))
    case "cond_br":
      return .conditionalBranch(
        try value(data["cond"]), then: try block(data["then_target"]), try values(data["then_args"]),
        else: try block(data["else_target"]), try values(data["else_args"]))
    case "switch_br":
      var cases: [SwitchCase] = []
      for entry in try reader.list(data["cases"], "cases") {
        cases.append(
          SwitchCase(
            try reader.number(entry["value"], "a value"), try block(entry["target"]), try values(entry["args"])))
      }
      return .switchBranch(
        try value(data["operand"]), cases, otherwise: try block(data["default"] ?? data["default_target"]),
        try values(data["default_args"] ?? .array([])))
    case "ret": return .returnValue(try value(data["operand"]))
    case "ret_void": return .returnVoid
    case "unreachable": return .unreachable
    default: return .unsupported(field.key)
    }
  }
}
