// Generates well-typed modules from a seed: scalars of every width, aggregates, pointers, branches with arguments, loops,
// calls, and the aliasing patterns that are easy to get wrong.

import StrataFlat
import StrataTestSupport

/// Builds one random module. Function `k` calls only functions before it, so every program ends.
struct ModuleGenerator {
  var random: Random
  let module: Module
  private(set) var entries: [FunctionID] = []
  private let integers: [TypeID]
  private let scalars: [TypeID]
  private let structs: [TypeID]
  private let arrays: [(type: TypeID, element: TypeID, count: Int)]
  private let optionals: [(type: TypeID, child: TypeID)]
  private let unions: [TypeID]
  private let tuples: [TypeID]
  private let vectors: [(type: TypeID, element: TypeID, lanes: Int)]
  /// An untagged union of scalars.
  private let overlay: TypeID
  private let overlayMembers: [TypeID]
  private let closure: TypeID
  /// A function that takes an environment and a number, to make closures of.
  private let closureFunction: FunctionID
  private let malloc: FunctionID
  private let memcpy: FunctionID
  private let memcmp: FunctionID
  private let globals: [(id: GlobalID, type: TypeID)]

  // State of the function being built.
  private var builder: FunctionBuilder
  private var values: [TypeID: [ValueID]] = [:]
  private var places: [TypeID: [ValueID]] = [:]
  private var depth = 0
  private var room = 0

  init(seed: UInt64) {
    random = Random(seed: seed)
    module = Module(target: seed % 5 == 0 ? .pointers32 : .pointers64)
    let types = module.types
    integers = [
      .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .isize, .usize, types.signed(12), types.unsigned(3),
      types.signed(33),
    ]
    scalars = integers + [.boolean, .f32, .f64]
    let small = types.intern(
      .structure(StructureType(name: "Small", fields: [Member("a", .i64), Member("b", .i64)])))
    let mixed = types.intern(
      .structure(
        StructureType(
          name: "Mixed",
          fields: [
            Member("a", .u8), Member("b", .f32), Member("c", small), Member("d", .boolean),
            Member("e", types.signed(12)), Member("f", .f64),
          ])))
    structs = [small, mixed]
    arrays = [
      (types.array(of: .i64, count: 4), .i64, 4), (types.array(of: .u8, count: 8), .u8, 8),
      (types.array(of: small, count: 2), small, 2), (types.array(of: .f32, count: 4), .f32, 4),
    ]
    optionals = [
      (types.optional(.i64), .i64), (types.optional(.u8), .u8), (types.optional(small), small),
      (types.optional(types.pointer(to: .i64)), types.pointer(to: .i64)),
    ]
    unions = [
      types.intern(
        .taggedUnion(
          TaggedUnionType(
            name: "Choice", fields: [Member("none", .void), Member("number", .i64), Member("pair", small)])))
    ]
    tuples = [types.tuple([.u8, .i64, .f64]), types.tuple([small, .i16])]
    vectors = [
      (types.intern(.vector(element: .f32, length: 4)), .f32, 4),
      (types.intern(.vector(element: .i64, length: 3)), .i64, 3),
      (types.intern(.vector(element: .u8, length: 8)), .u8, 8),
    ]
    overlayMembers = [.i64, .f64, .u8, .f32]
    overlay = types.intern(
      .union(UnionType(name: "Overlay", fields: zip("abcd", overlayMembers).map { Member(String($0), $1) })))
    closure = types.closure([.i64], .i64)
    let untyped = types.pointer(to: .void)
    malloc = module.addExternal("malloc", parameters: [Parameter("size", .i64)], result: untyped)
    memcpy = module.addExternal(
      "memcpy", parameters: [Parameter("to", untyped), Parameter("from", untyped), Parameter("size", .i64)],
      result: untyped)
    memcmp = module.addExternal(
      "memcmp", parameters: [Parameter("a", untyped), Parameter("b", untyped), Parameter("size", .i64)], result: .i32)
    var body = FunctionBuilder(
      module: module, name: "environment", parameters: [Parameter("e", untyped), Parameter("n", .i64)], result: .i64)
    let held = body.load(body.convert(.bitcast, body.parameter(0), to: types.pointer(to: .i64)), .i64)
    body.returnValue(body.binary(.add, body.binary(.multiply, held, body.integer(31), .i64), body.parameter(1), .i64))
    closureFunction = module.add(body.function)
    globals = [
      (module.add(Global(name: "counter", type: .i64, initializer: .integer(7))), .i64),
      (
        module.add(
          Global(name: "pair", type: small, initializer: .aggregate([.integer(3), .integer(4)]))), small
      ),
    ]
    builder = FunctionBuilder(module: module, name: "", parameters: [], result: .void)
    let count = 2 + random.below(3)
    for number in 0..<count { entries.append(function(number)) }
  }

  private var aggregates: [TypeID] {
    structs + arrays.map(\.type) + optionals.map(\.type) + unions + tuples + vectors.map(\.type)
  }

  private mutating func pick<T>(_ list: [T]) -> T { list[random.below(list.count)] }

  private mutating func anyType() -> TypeID { random.chance(65) ? pick(scalars) : pick(aggregates) }

  private mutating func function(_ number: Int) -> FunctionID {
    var parameters: [Parameter] = []
    if number > 0 { for index in 0..<random.below(4) { parameters.append(Parameter("p\(index)", anyType())) } }
    let result = anyType()
    builder = FunctionBuilder(module: module, name: "f\(number)", parameters: parameters, result: result)
    values = [:]
    places = [:]
    for (index, parameter) in parameters.enumerated() {
      values[parameter.type, default: []].append(builder.parameter(index))
    }
    depth = 0
    room = 30 + random.below(60)
    statements(8 + random.below(20))
    builder.returnValue(value(result))
    return module.add(builder.function)
  }

  // MARK: Values

  private mutating func note(_ value: ValueID, _ type: TypeID) {
    if value != .none { values[type, default: []].append(value) }
  }

  /// A value of a type: an existing one or a new one.
  private mutating func value(_ type: TypeID) -> ValueID {
    if let known = values[type], !known.isEmpty, random.chance(70) { return pick(known) }
    let made = construct(type)
    note(made, type)
    return made
  }

  private mutating func construct(_ type: TypeID) -> ValueID {
    let types = module.types
    if type == .f32 || type == .f64 {
      let choices: [Double] = [0, -0.0, 1, -1.5, 3.25, 1e10, 1e-30, 0.1, 255.5, -1e300]
      return builder.float(pick(choices), type)
    }
    if type == .boolean { return builder.boolean(random.chance(50)) }
    if let vector = vectors.first(where: { $0.type == type }) {
      if random.chance(50) { return builder.emit(.vectorSplat(value(vector.element)), type) }
      return builder.aggregate((0..<vector.lanes).map { _ in value(vector.element) }, type)
    }
    if let array = arrays.first(where: { $0.type == type }) {
      return builder.aggregate((0..<array.count).map { _ in value(array.element) }, type)
    }
    if let optional = optionals.first(where: { $0.type == type }) {
      if random.chance(30) { return builder.null(type) }
      return builder.emit(.optionalWrap(value(optional.child)), type)
    }
    if type == overlay { return builder.null(type) }
    if unions.contains(type) {
      switch random.below(3) {
      case 0: return builder.emit(.enumeration(tag: 0, payload: .none), type)
      case 1: return builder.emit(.enumeration(tag: 1, payload: value(.i64)), type)
      default: return builder.emit(.enumeration(tag: 2, payload: value(structs[0])), type)
      }
    }
    if structs.contains(type) || tuples.contains(type), let count = types.memberCount(type) {
      let given = random.chance(85) ? count : random.below(count + 1)
      return builder.aggregate((0..<given).map { value(types.memberType($0, of: type) ?? .i64) }, type)
    }
    if let pointee = types.pointee(type) {
      return place(pointee)
    }
    let choices: [Int64] = [0, 1, 2, -1, 7, 100, 127, 128, 255, 256, -128, 65535, .max, .min, 1 << 31, -(1 << 31)]
    return builder.integer(random.chance(70) ? pick(choices) : Int64(bitPattern: random.next()), type)
  }

  /// A pointer to storage of a type.
  private mutating func place(_ type: TypeID) -> ValueID {
    if let known = places[type], !known.isEmpty, random.chance(75) { return pick(known) }
    let made = builder.allocate(type)
    if random.chance(80) { builder.store(value(type), to: made) }
    if made != .none { places[type, default: []].append(made) }
    return made
  }

  // MARK: Statements

  private mutating func statements(_ count: Int) {
    for _ in 0..<count where room > 0 {
      room -= 1
      statement()
    }
  }

  private mutating func statement() {
    switch random.below(30) {
    case 0...4: arithmetic()
    case 5: compare()
    case 6: convert()
    case 7, 8:
      let type = anyType()
      builder.store(value(type), to: place(type))
    case 9, 10:
      let type = anyType()
      note(builder.load(place(type), type), type)
    case 11: swap()
    case 12: structures()
    case 13, 14: arrayAccess()
    case 15: optionalAccess()
    case 16: unionAccess()
    case 17: call()
    case 18: text()
    case 19: boxed()
    case 20: global()
    case 21: if depth < 3 { branch() }
    case 22: if depth < 2 { loop() }
    case 23: vectorAccess()
    case 24: atomics()
    case 25: overlays()
    case 26: closures()
    case 27: bytes()
    case 28: mathematics()
    default: if depth < 3 { choose() }
    }
  }

  private mutating func arithmetic() {
    if random.chance(30) {
      let type: TypeID = random.chance(50) ? .f32 : .f64
      let operation = pick([BinaryOperator.add, .subtract, .multiply, .multiply, .divide, .modulo])
      note(builder.binary(operation, value(type), value(type), type), type)
      return
    }
    let type = pick(integers)
    let operation = pick([
      BinaryOperator.add, .subtract, .multiply, .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight, .divide, .modulo,
    ])
    let other = random.chance(85) ? type : pick(integers)
    var right = value(other)
    if operation == .divide || operation == .modulo, random.chance(90) {
      right =
        random.chance(60)
        ? builder.integer(pick([1, 2, 3, 5, 8, -3, 64, -1]), other)
        : builder.binary(.bitOr, right, builder.integer(1, other), other)
    }
    note(builder.binary(operation, value(type), right, type), type)
    if random.chance(15) {
      note(builder.unary(random.chance(50) ? .negate : .bitNot, value(type), type), type)
    }
  }

  private mutating func condition() -> ValueID {
    if random.chance(30) { return value(.boolean) }
    let type = pick(integers + [.f32, .f64])
    let operation = pick([BinaryOperator.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual])
    return builder.compare(operation, value(type), value(type))
  }

  private mutating func compare() {
    let result = condition()
    note(result, .boolean)
    if random.chance(40) {
      note(
        builder.binary(random.chance(50) ? .booleanAnd : .booleanOr, result, value(.boolean), .boolean), .boolean)
    }
    if random.chance(20) { note(builder.unary(.booleanNot, value(.boolean), .boolean), .boolean) }
  }

  private mutating func convert() {
    let (from, to) = (pick(integers), pick(integers))
    switch random.below(5) {
    case 0, 1:
      note(
        builder.convert(pick([.widen, .narrow, .bitcast]), value(from), to: to), to)
    case 2:
      let float: TypeID = random.chance(50) ? .f32 : .f64
      note(builder.convert(.integerToFloat, value(from), to: float), float)
    case 3:
      let (a, b): (TypeID, TypeID) = random.chance(50) ? (.f32, .f64) : (.f64, .f32)
      note(builder.convert(a == .f32 ? .widen : .narrow, value(a), to: b), b)
    default:
      if random.chance(50) {
        note(builder.convert(.bitcast, value(.f64), to: .i64), .i64)
      } else if random.chance(30) {
        note(builder.convert(.floatToInteger, value(.f32), to: .i64), .i64)
      } else {
        note(builder.convert(.bitcast, value(.u32), to: .f32), .f32)
      }
    }
  }

  /// Exchanges two stored values by way of loaded ones: the classical aliasing trap.
  private mutating func swap() {
    let type = anyType()
    let (a, b) = (place(type), place(type))
    let (x, y) = (builder.load(a, type), builder.load(b, type))
    builder.store(y, to: a)
    builder.store(x, to: b)
    note(x, type)
    note(y, type)
  }

  private mutating func structures() {
    let types = module.types
    let type = random.chance(70) ? pick(structs) : pick(tuples)
    let index = random.below(types.memberCount(type) ?? 1)
    guard let member = types.memberType(index, of: type) else { return }
    switch random.below(4) {
    case 0: note(builder.field(value(type), index, member), member)
    case 1: note(builder.field(place(type), index, member), member)
    case 2:
      let address = builder.fieldAddress(place(type), index, member)
      builder.store(value(member), to: address)
      note(builder.load(address, member), member)
    default:
      let loaded = builder.load(place(type), type)
      let address = builder.fieldAddress(place(type), index, member)
      if random.chance(50) { builder.store(value(member), to: address) }
      note(builder.field(loaded, index, member), member)
      if random.chance(30) { note(loaded, type) }
      if address != .none { places[member, default: []].append(address) }
    }
  }

  private mutating func indexValue(_ count: Int) -> ValueID {
    if random.chance(4) { return builder.integer(Int64(count)) }
    if random.chance(50) { return builder.integer(Int64(random.below(count))) }
    return builder.binary(.bitAnd, value(.i64), builder.integer(Int64(count - 1)), .i64)
  }

  private mutating func arrayAccess() {
    let array = pick(arrays)
    let types = module.types
    switch random.below(5) {
    case 0: note(builder.index(value(array.type), indexValue(array.count), array.element), array.element)
    case 1:
      let address = builder.indexAddress(place(array.type), indexValue(array.count), array.element)
      builder.store(value(array.element), to: address)
    case 2:
      let address = builder.indexAddress(place(array.type), indexValue(array.count), array.element)
      note(builder.load(address, array.element), array.element)
      if random.chance(20), address != .none { places[array.element, default: []].append(address) }
    case 3:
      let slice = types.slice(of: array.element)
      let whole = builder.emit(.arrayToSlice(random.chance(70) ? place(array.type) : value(array.type)), slice)
      let part = builder.emit(
        .subslice(whole, low: builder.integer(0), high: indexValue(array.count), base: slice), slice)
      note(builder.emit(.length(part), .i64), .i64)
      note(builder.index(whole, indexValue(array.count), array.element), array.element)
      let address = builder.indexAddress(whole, indexValue(array.count), array.element)
      builder.store(value(array.element), to: address)
    default:
      let copy = builder.load(place(array.type), array.type)
      builder.store(
        value(array.element), to: builder.indexAddress(place(array.type), indexValue(array.count), array.element))
      note(builder.index(copy, indexValue(array.count), array.element), array.element)
    }
  }

  private mutating func optionalAccess() {
    let optional = pick(optionals)
    let subject = random.chance(50) ? value(optional.type) : builder.load(place(optional.type), optional.type)
    if optional.child == .i64 || structs.contains(optional.child), random.chance(40) {
      builder.store(value(optional.type), to: place(optional.type))
    }
    let present = builder.emit(.optionalHasValue(subject), .boolean)
    note(present, .boolean)
    if module.types.pointee(optional.child) != nil { return }
    if random.chance(80) {
      note(builder.emit(.optionalCoalesce(subject, value(optional.child)), optional.child), optional.child)
    } else {
      note(builder.emit(.optionalUnwrap(subject), optional.child), optional.child)
    }
  }

  private mutating func unionAccess() {
    let type = pick(unions)
    let subject = random.chance(50) ? value(type) : builder.load(place(type), type)
    note(builder.emit(.enumerationTag(subject), .i64), .i64)
    note(builder.emit(.enumerationPayload(subject, variant: 1, base: nil), .i64), .i64)
    note(builder.emit(.enumerationPayload(subject, variant: 2, base: nil), structs[0]), structs[0])
  }

  private mutating func call() {
    guard !entries.isEmpty else { return }
    let number = pick(entries)
    guard let callee = module.function(number) else { return }
    let arguments = callee.parameters.map { value($0.type) }
    let result: ValueID
    if random.chance(30) {
      let word = builder.emit(
        .function(number), module.types.function(callee.parameters.map(\.type), callee.result))
      result = builder.emit(.callIndirect(word, arguments), callee.result)
    } else {
      result = builder.call(number, arguments, callee.result)
    }
    note(result, callee.result)
  }

  private mutating func text() {
    let (a, b) = (builder.string(pick(["", "a", "hello", "héllo"])), builder.string(pick(["a", "hello"])))
    note(builder.binary(.stringEqual, a, b, .boolean), .boolean)
    note(builder.emit(.length(a), .i64), .i64)
    if random.chance(50) { note(builder.index(b, builder.integer(0), .u8), .u8) }
  }

  private mutating func vectorAccess() {
    let vector = pick(vectors)
    let subject = random.chance(50) ? value(vector.type) : builder.load(place(vector.type), vector.type)
    switch random.below(3) {
    case 0: note(builder.emit(.vectorExtract(subject, indexValue(vector.lanes)), vector.element), vector.element)
    case 1:
      note(
        builder.emit(.vectorInsert(subject, value(vector.element), indexValue(vector.lanes)), vector.type), vector.type)
    default:
      let lanes = (0..<vector.lanes).map { lane in
        let one = builder.emit(.vectorExtract(subject, builder.integer(Int64(lane))), vector.element)
        return builder.binary(.multiply, one, one, vector.element)
      }
      note(builder.aggregate(lanes, vector.type), vector.type)
    }
  }

  private mutating func atomics() {
    let type = pick(integers)
    let kind = AtomicUpdate.allCases[random.below(AtomicUpdate.allCases.count)]
    switch random.below(4) {
    case 0:
      note(
        builder.emit(
          .atomicUpdate(kind, pointer: place(type), value: value(type), type: type, .sequentiallyConsistent), type),
        type)
    case 1: note(builder.emit(.atomicLoad(place(type), .acquire), type), type)
    case 2: builder.emit(.atomicStore(pointer: place(type), value: value(type), type: type, .release))
    default:
      let optional = module.types.optional(.i64)
      note(
        builder.emit(
          .atomicCompareExchange(
            pointer: place(.i64), expected: value(.i64), desired: value(.i64), type: .i64, .relaxed), optional),
        optional)
    }
  }

  private mutating func overlays() {
    let index = random.below(overlayMembers.count)
    let member = overlayMembers[index]
    let other = random.below(overlayMembers.count)
    let address = builder.emit(
      .unionFieldAddress(place(overlay), index: UInt32(index), base: nil), module.types.pointer(to: member))
    builder.store(value(member), to: address)
    let whole = builder.load(place(overlay), overlay)
    note(
      builder.emit(.unionField(whole, index: UInt32(other), base: nil), overlayMembers[other]), overlayMembers[other])
  }

  private mutating func closures() {
    let environment = builder.convert(.bitcast, place(.i64), to: module.types.pointer(to: .void))
    let made = builder.emit(.closure(closureFunction, environment: environment), closure)
    if random.chance(40) { builder.store(value(.i64), to: place(.i64)) }
    note(builder.emit(.callClosure(made, [value(.i64)]), .i64), .i64)
  }

  /// Storage by request, and bytes moved between places.
  private mutating func bytes() {
    let untyped = module.types.pointer(to: .void)
    let type = pick(structs)
    if random.chance(50) {
      let size = random.chance(90) ? builder.integer(Int64(16 + random.below(64))) : value(.i64)
      let fresh = builder.call(malloc, [size], untyped)
      let address = builder.convert(.bitcast, fresh, to: module.types.pointer(to: .i64))
      builder.store(value(.i64), to: address)
      note(builder.load(address, .i64), .i64)
      return
    }
    let (a, b) = (place(type), place(type))
    let (from, to) = (builder.convert(.bitcast, a, to: untyped), builder.convert(.bitcast, b, to: untyped))
    let size = builder.integer(Int64(random.below(17)))
    if random.chance(60) { _ = builder.call(memcpy, [to, from, size], untyped) }
    note(builder.call(memcmp, [to, from, size], .i32), .i32)
    note(builder.load(b, type), type)
  }

  private mutating func mathematics() {
    let type: TypeID = random.chance(50) ? .f32 : .f64
    note(
      builder.emit(.callBuiltin(pick([.squareRoot, .sine, .cosine, .floor]), [value(type)]), type), type)
  }

  private mutating func boxed() {
    let type = pick(scalars + structs)
    let box = builder.emit(.boxAny(place(type), source: type), .any)
    if random.chance(50) { builder.store(value(type), to: place(type)) }
    note(builder.emit(.unboxAny(box), type), type)
  }

  private mutating func global() {
    let global = pick(globals)
    switch random.below(3) {
    case 0: builder.emit(.setGlobal(global.id, value(global.type)))
    case 1: note(builder.emit(.global(global.id), global.type), global.type)
    default:
      let address = builder.emit(.globalAddress(global.id), module.types.pointer(to: global.type))
      if address != .none { places[global.type, default: []].append(address) }
    }
  }

  // MARK: Control

  private mutating func branch() {
    let types = [anyType(), anyType()]
    let (then, otherwise) = (builder.addBlock("then"), builder.addBlock("else"))
    let join = builder.addBlock("join", parameters: types)
    builder.branch(if: condition(), then, else: otherwise)
    let saved = (values, places)
    depth += 1
    for side in [then, otherwise] {
      builder.position(at: side)
      statements(1 + random.below(5))
      builder.branch(join, types.map { value($0) })
      (values, places) = saved
    }
    depth -= 1
    builder.position(at: join)
    for (index, type) in types.enumerated() { note(builder.blockParameter(index), type) }
  }

  /// A loop with a counter and two values that are exchanged on every turn.
  private mutating func loop() {
    let type = anyType()
    let header = builder.addBlock("header", parameters: [.i64, type, type])
    let (body, end) = (builder.addBlock("body"), builder.addBlock("end"))
    builder.branch(header, [builder.integer(0), value(type), value(type)])
    builder.position(at: header)
    let (counter, first, second) = (builder.blockParameter(0), builder.blockParameter(1), builder.blockParameter(2))
    let test = builder.compare(.less, counter, builder.integer(Int64(1 + random.below(5))))
    builder.branch(if: test, body, else: end)
    let saved = (values, places)
    builder.position(at: body)
    depth += 1
    note(counter, .i64)
    note(first, type)
    statements(1 + random.below(6))
    let next = builder.binary(.add, counter, builder.integer(1), .i64)
    builder.branch(header, [next, second, random.chance(50) ? first : value(type)])
    depth -= 1
    (values, places) = saved
    builder.position(at: end)
    note(first, type)
    note(second, type)
    note(counter, .i64)
  }

  private mutating func choose() {
    let type = anyType()
    let join = builder.addBlock("join", parameters: [type])
    let blocks = (0..<3).map { builder.addBlock("case\($0)") }
    let subject = builder.binary(.bitAnd, value(.i64), builder.integer(3), .i64)
    let direct = value(type)
    builder.emit(
      .switchBranch(
        subject, [SwitchCase(0, blocks[0]), SwitchCase(2, blocks[1]), SwitchCase(3, join, [direct])],
        otherwise: blocks[2], []))
    let saved = (values, places)
    depth += 1
    for block in blocks {
      builder.position(at: block)
      statements(1 + random.below(4))
      builder.branch(join, [value(type)])
      (values, places) = saved
    }
    depth -= 1
    builder.position(at: join)
    note(builder.blockParameter(0), type)
  }
}
