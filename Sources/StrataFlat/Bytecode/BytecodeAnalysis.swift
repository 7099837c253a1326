// Decides, before any code is emitted, where each value of a function lives and which instructions melt into others.
// Guarantees: a decision never moves a fault or a side effect past another; a value that is read from changeable memory is
// copied unless nothing can change that memory before its last use.

/// Where a value is found.
enum Home: BitwiseCopyable {
  /// Nowhere: it is never used, or computes nothing.
  case none
  /// In the instruction stream.
  case constant(UInt64)
  /// In the register of a promoted variable that nothing overwrites before the value's last use.
  case variable(Int)
  /// At a fixed distance from another value that holds an address.
  case offset(ValueID, Int64)
  /// Folded into the one access that uses it: base, index, length or -1.
  case element(ValueID, ValueID, Int64)
  /// Computed by the terminator of its block.
  case comparison
  /// The bits of another value under a mask, tested by the terminator of its block.
  case masked(ValueID, Int32)
  /// In a register of its own for the whole function.
  case dedicated(UInt16)
  /// In a register only for part of its block.
  case local
}

/// What an instruction is to the decisions about others, in a form that is cheap to look at.
struct Shape: BitwiseCopyable {
  enum Kind: UInt8 {
    case other
    /// Reads at address `a`.
    case load
    /// Writes value `b` at address `a`.
    case store
    case allocate
    /// Reads a member of `a`, or takes its address.
    case field, fieldAddress
    /// Gives a part of an operand, so that the part leaves where the whole does.
    case part
    /// Hands its operands to another block or to the caller.
    case leaving
    /// May change memory that others read.
    case change
  }

  var kind = Kind.other
  var a: UInt32 = 0
  var b: UInt32 = 0
  /// The type that is stored or allocated.
  var type = TypeID.unresolved

  init() {}

  init(_ operation: Operation) {
    switch operation {
    case .load(let pointer):
      kind = .load
      a = pointer.rawValue
    case .store(let pointer, let value, let type):
      kind = .store
      (a, b) = (pointer.rawValue, value.rawValue)
      self.type = type
    case .allocate(let type):
      kind = .allocate
      self.type = type
    case .field(let base, _, _), .unionField(let base, _, _):
      kind = .field
      a = base.rawValue
    case .fieldAddress(let base, _, _), .unionFieldAddress(let base, _, _):
      kind = .fieldAddress
      a = base.rawValue
    case .optionalUnwrap, .optionalCoalesce, .enumerationPayload, .index, .convert, .vectorExtract: kind = .part
    case .branch, .conditionalBranch, .switchBranch, .returnValue: kind = .leaving
    case .atomicStore, .atomicUpdate, .atomicCompareExchange, .setGlobal, .call, .callIndirect, .callClosure, .global,
      .globalAddress, .callBuiltin(.memoryReset, _):
      kind = .change
    default: break
    }
  }
}

/// The facts about one function that code generation needs. The function is verified. Its tables lie in scratch memory. An object,
/// because a value of this size would be copied for every question that it asks of itself.
final class BytecodeAnalysis {
  let module: Module
  let types: TypeTable
  let function: Function
  let flow: ControlFlow
  /// True when some function of the module may drop storage, so that no address stays valid by itself.
  let storageMayBeDropped: Bool

  let homes: Table<Home>
  /// The last position in the value's own block at which its register is read; `.max` if it is used in other blocks.
  let lastUse: Table<Int>
  let useCount: Table<Int>
  /// The promoted variable that an allocation is, or -1.
  let variable: Table<Int>
  /// Register of each promoted variable.
  var variableRegister: Table<UInt16> { lists[0].variableRegisters }
  private var variableForm: Table<RegisterForm> { lists[0].variableForms }
  /// The allocation of each promoted variable.
  private var variableValue: Table<ValueID> { lists[0].variables }
  /// Variables whose first access after their allocation is a store, so that they need not be zeroed.
  var isStoredFirst: Table<Bool> { lists[0].storedFirst }
  /// Values computed straight into the register of the variable they are stored to.
  let target: Table<UInt16>
  /// Stores that need no code because the value is already in the variable's register.
  let isSilentStore: Table<Bool>
  /// Aggregate reads that must copy what they read.
  let mustCopy: Table<Bool>
  /// Parameters that are aggregates and must be copied on entry.
  private(set) var copiedParameters: [Int] = []
  /// Registers of the parameters of all blocks that have one, block after block, and where each block's begin.
  private let blockParameters: Table<UInt16>
  private let blockParameterStart: Table<Int>
  var dedicatedCount: Int { lists[0].dedicatedCount }

  /// Block and position of each value's definition; parameters stand before the entry block's first instruction.
  let places: Table<(block: Int, position: Int)>
  private let shapes: Table<Shape>
  /// The users of all values, value after value, and where each value's begin.
  private var userList: Table<ValueID> {
    get { lists[0].users }
    set { lists[0].users = newValue }
  }
  private let userStart: Table<Int>
  /// The places at which variables are stored to or allocated, variable after variable, and where each one's begin. A place
  /// is its block's rank and its position, so that places of a variable ascend.
  private var writeList: Table<UInt64> {
    get { lists[0].writes }
    set { lists[0].writes = newValue }
  }
  private var writeStart: Table<Int> {
    get { lists[0].writeStarts }
    set { lists[0].writeStarts = newValue }
  }
  /// How values live in registers.
  private let forms: Table<RegisterForm>
  private let isEscaping: Table<Bool>
  /// How many instructions of `clobberBlock` before each position change memory.
  private let clobbersBefore: Table<Int>
  private var clobberBlock: Int {
    get { lists[0].clobberBlock }
    set { lists[0].clobberBlock = newValue }
  }
  /// What is made after the rest, in scratch memory too: an object's own variables would be checked at every look.
  private let lists: Table<Lists>

  private struct Lists: BitwiseCopyable {
    var users: Table<ValueID>
    var writes: Table<UInt64>
    var writeStarts: Table<Int>
    var variables: Table<ValueID>
    var variableRegisters: Table<UInt16>
    var variableForms: Table<RegisterForm>
    var storedFirst: Table<Bool>
    var dedicatedCount: Int
    var clobberBlock: Int
  }

  /// The largest number of instructions in a block.
  let longestBlock: Int

  init(module: Module, function: Function, storageMayBeDropped: Bool, scratch: Scratch) {
    self.module = module
    types = module.types
    self.function = function
    self.storageMayBeDropped = storageMayBeDropped
    flow = ControlFlow(function, scratch, findsDominators: false)
    let count = function.valueCount
    homes = scratch.table(count, of: .local)
    lastUse = scratch.table(count, of: -1)
    useCount = scratch.table(count, of: 0)
    variable = scratch.table(count, of: -1)
    places = scratch.table(count, of: (0, -1))
    shapes = scratch.table(count, of: Shape())
    userStart = scratch.table(count + 1, of: 0)
    isEscaping = scratch.table(count, of: false)
    target = scratch.table(count, of: .max)
    isSilentStore = scratch.table(count, of: false)
    mustCopy = scratch.table(count, of: false)
    forms = scratch.table(count, of: .nothing)
    lists = scratch.table(
      1,
      of: Lists(
        users: scratch.table(0, of: .none), writes: scratch.table(0, of: 0), writeStarts: scratch.table(0, of: 0),
        variables: scratch.table(0, of: .none), variableRegisters: scratch.table(0, of: 0),
        variableForms: scratch.table(0, of: .nothing), storedFirst: scratch.table(0, of: false),
        dedicatedCount: function.parameters.count, clobberBlock: -1))
    var longest = 0
    var parameterCount = 0
    for block in function.blocks {
      longest = max(longest, block.body.count)
      parameterCount += block.parameters.count
    }
    longestBlock = longest
    clobbersBefore = scratch.table(longest + 1, of: 0)
    blockParameters = scratch.table(parameterCount, of: .max)
    blockParameterStart = scratch.table(function.blocks.count + 1, of: 0)
    for (index, parameter) in function.parameters.enumerated() { forms[index] = types.form(parameter.type) }
    for index in function.instructions.indices {
      forms[function.parameters.count + index] = types.form(function.instructions[index].type)
    }
    collectUsers(scratch)
    promoteVariables(scratch)
    for index in function.parameters.indices { homes[index] = .dedicated(UInt16(truncatingIfNeeded: index)) }
    for block in flow.order.reversed() { decide(block) }
    decideParameters()
    assignRegisters()
    coalesceStores(scratch)
  }

  private func collectUsers(_ scratch: Scratch) {
    // Who uses what, in the order of blocks.
    let (function, shapes, useCount) = (self.function, self.shapes, self.useCount)
    var uses: [(operand: UInt32, user: UInt32)] = []
    uses.reserveCapacity(2 * function.valueCount)
    for block in flow.order {
      var position = 0
      for value in function.blocks[block].body {
        let index = Int(value.rawValue)
        places[index] = (block, position)
        position += 1
        function.withOperation(value) { operation in
          shapes[index] = Shape(operation)
          operation.forEachOperand { operand in
            useCount[Int(operand.rawValue)] += 1
            uses.append((operand.rawValue, value.rawValue))
          }
        }
      }
    }
    for index in useCount.indices { userStart[index + 1] = userStart[index] + useCount[index] }
    userList = scratch.table(uses.count, of: .none)
    let filled = scratch.table(useCount.count, of: 0)
    for use in uses {
      let operand = Int(use.operand)
      userList[userStart[operand] + filled[operand]] = ValueID(use.user)
      filled[operand] += 1
    }
  }

  /// The instructions that use a value, in the order of blocks; twice if they use it twice.
  private func users(of value: ValueID) -> UnsafeBufferPointer<ValueID> {
    userList.part(userStart[Int(value.rawValue)]..<userStart[Int(value.rawValue) + 1])
  }

  func shape(_ value: ValueID) -> Shape { shapes[Int(value.rawValue)] }

  func operation(_ value: ValueID) -> Operation { function.instruction(value)?.operation ?? .unreachable }
  func type(_ value: ValueID) -> TypeID { function.type(of: value) ?? .unresolved }
  func form(_ value: ValueID) -> RegisterForm { forms[Int(value.rawValue)] }
  func size(_ type: TypeID) -> UInt64 { (try? types.layout(type))?.size ?? 0 }

  /// True when values of both forms are the same bits in a register.
  static func sameBits(_ left: RegisterForm, _ right: RegisterForm) -> Bool {
    left == right
  }

  // MARK: Variables

  /// Finds allocations of scalars whose address is only ever loaded from and stored to.
  private func promoteVariables(_ scratch: Scratch) {
    var found: [ValueID] = []
    for block in flow.order {
      for value in function.blocks[block].body {
        let shape = shape(value)
        guard shape.kind == .allocate else { continue }
        let form = types.form(shape.type)
        switch form {
        case .integer, .boolean, .float32, .float64: break
        default: continue
        }
        let size = size(shape.type)
        let isPromotable = users(of: value).allSatisfy { user in
          let use = self.shape(user)
          guard use.a == value.rawValue else { return false }
          let accessed: TypeID
          switch use.kind {
          case .load: accessed = type(user)
          case .store where use.b != value.rawValue: accessed = use.type == .void ? type(ValueID(use.b)) : use.type
          default: return false
          }
          return accessed == shape.type || types.form(accessed) == form && self.size(accessed) == size
        }
        guard isPromotable else { continue }
        variable[Int(value.rawValue)] = found.count
        found.append(value)
      }
    }
    lists[0].variables = scratch.table(found.count, of: .none)
    lists[0].variableRegisters = scratch.table(found.count, of: .max)
    lists[0].variableForms = scratch.table(found.count, of: .nothing)
    lists[0].storedFirst = scratch.table(found.count, of: false)
    for (index, value) in found.enumerated() {
      variableValue[index] = value
      variableForm[index] = types.form(shape(value).type)
    }
    collectWrites(scratch)
    for (index, value) in variableValue.part(variableValue.indices).enumerated() {
      // Users stand in the order of blocks: the first behind the allocation in its block decides.
      let block = places[Int(value.rawValue)].block
      if let first = users(of: value).first(where: { places[Int($0.rawValue)].block == block }) {
        isStoredFirst[index] = shape(first).kind == .store
      }
    }
  }

  private func collectWrites(_ scratch: Scratch) {
    writeStart = scratch.table(variableValue.count + 1, of: 0)
    if variableValue.count == 0 { return }
    for block in flow.order {
      for value in function.blocks[block].body {
        if let written = writtenVariable(value) { writeStart[written + 1] += 1 }
      }
    }
    for index in variableValue.indices { writeStart[index + 1] += writeStart[index] }
    writeList = scratch.table(writeStart[variableValue.count], of: 0)
    let filled = scratch.table(variableValue.count, of: 0)
    for (rank, block) in flow.order.enumerated() {
      for (position, value) in function.blocks[block].body.enumerated() {
        guard let written = writtenVariable(value) else { continue }
        writeList[writeStart[written] + filled[written]] = UInt64(rank) << 32 | UInt64(position)
        filled[written] += 1
      }
    }
  }

  /// The variable an instruction overwrites, or nil.
  private func writtenVariable(_ value: ValueID) -> Int? {
    let shape = shape(value)
    switch shape.kind {
    case .allocate where variable[Int(value.rawValue)] >= 0: return variable[Int(value.rawValue)]
    case .store where variable[Int(shape.a)] >= 0: return variable[Int(shape.a)]
    default: return nil
    }
  }

  /// True when a variable is written after one position and before another.
  private func isWritten(_ variable: Int, _ block: Int, after start: Int, before end: Int) -> Bool {
    let rank = UInt64(flow.rank[block]) << 32
    // The places ascend: find the first behind `start`, which may be the place before the block's first.
    let first = rank + UInt64(start + 1)
    var low = writeStart[variable]
    var high = writeStart[variable + 1]
    while low < high {
      let middle = (low + high) / 2
      if writeList[middle] >= first { high = middle } else { low = middle + 1 }
    }
    return low < writeStart[variable + 1] && end >= 0 && writeList[low] < rank + UInt64(end)
  }

  // MARK: Folding

  /// The last position at which a value is read, given that later instructions of its block are decided.
  private func computeLastUse(_ value: ValueID) -> Int { lastUse(of: value, in: places[Int(value.rawValue)].block) }

  /// The last position of a block at which a value is read; `.max` if it is read in other blocks.
  private func lastUse(of value: ValueID, in block: Int) -> Int {
    var last = -1
    for user in users(of: value) {
      let place = places[Int(user.rawValue)]
      if place.block != block { return .max }
      switch homes[Int(user.rawValue)] {
      case .comparison: last = max(last, function.blocks[block].body.count - 1)
      case .offset, .element, .variable, .masked:
        if shape(user).kind == .load, case .variable = homes[Int(user.rawValue)] {
          last = max(last, place.position)
        } else {
          let inner = lastUse[Int(user.rawValue)]
          if inner == .max { return .max }
          last = max(last, max(inner, place.position))
        }
      default: last = max(last, place.position)
      }
    }
    return last
  }

  private func decide(_ block: Int) {
    let body = function.blocks[block].body
    for position in body.indices.reversed() {
      let value = body[position]
      let index = Int(value.rawValue)
      let last = computeLastUse(value)
      lastUse[index] = last
      homes[index] = home(value, block, position, last)
      if form(value) == .aggregate { isEscaping[index] = outlives(value, last) || escapes(value) }
    }
  }

  private func home(_ value: ValueID, _ block: Int, _ position: Int, _ last: Int) -> Home {
    let index = Int(value.rawValue)
    switch shape(value).kind {
    case .store, .leaving: return .local
    case .allocate where variable[index] >= 0: return .none
    default: break
    }
    let operation = operation(value)
    let form = form(value)
    if let bits = constant(operation, form) { return .constant(bits) }
    switch operation {
    case .blockParameter: return .local
    case .load(let pointer) where variable[Int(pointer.rawValue)] >= 0:
      let variable = variable[Int(pointer.rawValue)]
      if last == -1 { return .none }
      if last != .max, !isWritten(variable, block, after: position, before: last) { return .variable(variable) }
      return .local
    case .binary(let comparison, let left, _) where isFoldableComparison(comparison, left):
      guard useCount[index] == 1, let user = users(of: value).first, places[Int(user.rawValue)].block == block,
        case .conditionalBranch(let condition, _, _, _, _) = self.operation(user), condition == value
      else { return last == -1 ? .none : .local }
      return .comparison
    case .binary(let kind, let left, let right) where kind == .bitAnd || kind == .modulo:
      return masked(value, kind, left, right, block) ?? .local
    case .fieldAddress(let base, let field, let override), .unionFieldAddress(let base, let field, let override):
      guard last != .max, last >= 0, self.form(base) != .aggregate,
        let offset = fieldOffset(base, field, override), areAddressUses(value)
      else { return .local }
      return root(base, Int64(offset))
    case .field(let base, let field, let override), .unionField(let base, let field, let override):
      guard form == .aggregate, let offset = fieldOffset(base, field, override) else { return .local }
      if self.form(base) == .aggregate {
        // A part of a value is as unchanging as the whole.
        return last != .max && last >= 0 ? root(base, Int64(offset)) : .local
      }
      return borrow(value, base, Int64(offset), block, position, last)
    case .load(let pointer) where form == .aggregate, .atomicLoad(let pointer, _) where form == .aggregate:
      return borrow(value, pointer, 0, block, position, last)
    case .indexAddress(let base, let indexValue):
      return element(value, base, indexValue, block, position)
    default:
      if form == .aggregate, readsChangeableMemory(operation) {
        if last == .max || last >= 0 && isClobbered(block, position, last) || escapes(value) { mustCopy[index] = true }
      }
      return .local
    }
  }

  /// A mask whose only use is a test against zero by the block's terminator.
  private func masked(_ value: ValueID, _ kind: BinaryOperator, _ left: ValueID, _ right: ValueID, _ block: Int)
    -> Home?
  {
    let index = Int(value.rawValue)
    guard useCount[index] == 1, let user = users(of: value).first, places[Int(user.rawValue)].block == block,
      case .comparison = homes[Int(user.rawValue)], case .binary(let test, let tested, let other) = operation(user),
      test == .equal || test == .notEqual, tested == value, constant(operation(other), form(other)) == 0,
      case .integer = form(left), form(left) == form(value), case .integer(_, let isSigned) = form(value),
      let bits = constant(operation(right), form(right)), let mask = Int32(exactly: Int64(bitPattern: bits)), mask > 0
    else { return nil }
    if kind == .bitAnd { return .masked(left, mask) }
    // The floored remainder by a power of two is the low bits, whatever the sign.
    return isSigned && mask & (mask - 1) == 0 ? .masked(left, mask - 1) : nil
  }

  private func constant(_ operation: Operation, _ form: RegisterForm) -> UInt64? {
    switch operation {
    case .integer(let number):
      switch form {
      case .integer, .boolean: return Scalars.canonical(UInt64(bitPattern: number), form)
      case .float64: return Double(number).bitPattern
      case .float32: return UInt64(Float(number).bitPattern)
      case .nothing: return 0
      case .aggregate: return nil
      }
    case .float(let number): return form == .float32 ? UInt64(Float(number).bitPattern) : number.bitPattern
    case .boolean(let flag): return flag ? 1 : 0
    case .isCompileTime: return 1
    case .type(let type): return UInt64(type.rawValue)
    case .function(let function): return Scalars.canonical(UInt64(function.rawValue) + 1, form)
    case .null, .undefined: return form == .aggregate ? nil : 0
    default: return nil
    }
  }

  private func isFoldableComparison(_ operation: BinaryOperator, _ left: ValueID) -> Bool {
    switch operation {
    case .equal, .notEqual: return !isFloat(left)
    case .less, .lessOrEqual, .greater, .greaterOrEqual: return form(left) != .boolean && form(left) != .float32
    default: return false
    }
  }

  func isFloat(_ value: ValueID) -> Bool {
    let form = form(value)
    return form == .float64 || form == .float32
  }

  func fieldOffset(_ base: ValueID, _ field: UInt32, _ override: TypeID?) -> UInt64? {
    try? types.offset(of: Int(field), in: types.withoutPointer(override ?? type(base)))
  }

  /// Stands an address or a part of an aggregate at a distance from another value.
  private func root(_ base: ValueID, _ offset: Int64) -> Home {
    Int32(exactly: offset) != nil ? .offset(base, offset) : .local
  }

  /// True when every use of an address is as the address of an access.
  private func areAddressUses(_ value: ValueID) -> Bool {
    users(of: value).allSatisfy { user in
      let use = shape(user)
      guard use.a == value.rawValue else { return false }
      switch use.kind {
      case .load: return form(user) != .nothing
      case .store: return use.b != value.rawValue
      case .field, .fieldAddress: return true
      default: return false
      }
    }
  }

  /// An element address that melts into the single access right behind it.
  private func element(_ value: ValueID, _ base: ValueID, _ indexValue: ValueID, _ block: Int, _ position: Int) -> Home
  {
    guard useCount[Int(value.rawValue)] == 1, let user = users(of: value).first,
      places[Int(user.rawValue)].block == block
    else { return .local }
    let accessed: TypeID
    switch operation(user) {
    case .load(let pointer) where pointer == value: accessed = type(user)
    case .store(let pointer, let stored, let type) where pointer == value && stored != value:
      accessed = type == .void ? self.type(stored) : type
    default: return .local
    }
    guard let element = types.pointee(type(value)) ?? types.elementType(type(base)), isFixedWidth(accessed),
      size(accessed) == size(element), size(element) > 0
    else { return .local }
    let length: Int64
    switch types[type(base)] {
    case .pointer(let pointee): length = types.checkedLength(pointee, element: element).map { Int64($0) } ?? -1
    case .manyPointer, .cString, .signed, .unsigned, .signedSize, .unsignedSize: length = -1
    default: return .local
    }
    guard length <= Int64(Int32.max) else { return .local }
    let userPosition = places[Int(user.rawValue)].position
    for between in function.blocks[block].body[(position + 1)..<userPosition] where !isQuiet(between) { return .local }
    return .element(base, indexValue, length)
  }

  /// True for scalars that one indexed access can read or write.
  private func isFixedWidth(_ type: TypeID) -> Bool {
    switch types.form(type) {
    case .integer(let bits, _): return bits == 8 || bits == 16 || bits == 32 || bits == 64
    case .boolean, .float32, .float64: return true
    default: return false
    }
  }

  /// True for instructions that neither fault nor change anything but promoted variables.
  private func isQuiet(_ value: ValueID) -> Bool {
    switch operation(value) {
    case .integer, .float, .boolean, .null, .undefined, .type, .isCompileTime, .function, .unary:
      return form(value) != .aggregate
    case .binary(let operation, _, _):
      return operation != .divide && operation != .modulo && operation != .stringEqual
        && operation != .stringNotEqual && !(form(value) == .boolean && operation != .equal && operation != .notEqual)
    case .convert(let conversion, _, _): return conversion != .floatToInteger
    case .load(let pointer): return variable[Int(pointer.rawValue)] >= 0
    case .store(let pointer, _, _): return variable[Int(pointer.rawValue)] >= 0
    case .allocate: return variable[Int(value.rawValue)] >= 0
    default: return false
    }
  }

  /// True for instructions that are done when their operands are, or where they are used.
  func isSilent(_ value: ValueID) -> Bool {
    let index = Int(value.rawValue)
    switch homes[index] {
    case .constant, .comparison, .element, .masked, .variable: return true
    default: return isSilentStore[index]
    }
  }

  /// True for computations that nobody reads and that cannot fault.
  func isUnused(_ value: ValueID) -> Bool {
    guard lastUse[Int(value.rawValue)] == -1 else { return false }
    switch operation(value) {
    case .binary, .unary, .convert: return isQuiet(value)
    default: return false
    }
  }

  // MARK: Aggregates read from memory

  /// True for operations whose aggregate result lies in memory that may change.
  private func readsChangeableMemory(_ operation: Operation) -> Bool {
    switch operation {
    case .load, .atomicLoad, .index, .unboxAny, .global, .enumerationPayload, .optionalUnwrap, .field, .unionField,
      .optionalCoalesce, .vectorExtract, .convert:
      return true
    default: return false
    }
  }

  /// An aggregate read through a pointer: used where it lies if nothing can change it before its last use.
  private func borrow(
    _ value: ValueID, _ pointer: ValueID, _ offset: Int64, _ block: Int, _ position: Int, _ last: Int
  ) -> Home {
    if last == .max || escapes(value) || (last >= 0 && isClobbered(block, position, last)) {
      mustCopy[Int(value.rawValue)] = true
      return .local
    }
    return root(pointer, offset)
  }

  /// True when a value, or a part of it, leaves through a branch, a return or an address taken.
  private func escapes(_ value: ValueID) -> Bool {
    users(of: value).contains { user in
      switch shape(user).kind {
      case .leaving: return true
      // Users stand later in the block, so theirs is known; a user in another block needs the copy anyway.
      case .field, .part: return form(user) == .aggregate && isEscaping[Int(user.rawValue)]
      default: return false
      }
    }
  }

  /// True for a part of a value that is read, where the value lies, at times that the value's own uses do not tell.
  private func outlives(_ value: ValueID, _ last: Int) -> Bool {
    let shape = shape(value)
    guard last >= 0, shape.kind == .field, form(ValueID(shape.a)) == .aggregate else { return false }
    if case .local = homes[Int(value.rawValue)] { return true }
    return false
  }

  /// True when memory may change strictly between two positions of a block.
  private func isClobbered(_ block: Int, _ start: Int, _ end: Int) -> Bool {
    guard start + 1 < end else { return false }
    if block != clobberBlock { countClobbers(block) }
    return clobbersBefore[end] != clobbersBefore[start + 1]
  }

  private func countClobbers(_ block: Int) {
    clobberBlock = block
    var count = 0
    var position = 0
    for value in function.blocks[block].body {
      if changesMemory(value) { count += 1 }
      position += 1
      clobbersBefore[position] = count
    }
  }

  private func changesMemory(_ value: ValueID) -> Bool {
    let shape = shape(value)
    return shape.kind == .change || shape.kind == .store && variable[Int(shape.a)] < 0
  }

  private func decideParameters() {
    let isEntryRepeated = !flow.predecessors(of: 0).isEmpty
    for (index, parameter) in function.parameters.enumerated() where types.form(parameter.type) == .aggregate {
      let value = ValueID(UInt32(truncatingIfNeeded: index))
      if isEntryRepeated || escapes(value) || !isConstantWhileRead(value) { copiedParameters.append(index) }
    }
  }

  /// True for a parameter all of whose reads stand in one block, to which only one way leads, before anything on it can change
  /// memory.
  private func isConstantWhileRead(_ parameter: ValueID) -> Bool {
    guard let first = users(of: parameter).first else { return true }
    let last = places[Int(first.rawValue)].block
    var block = 0
    while block != last {
      // Each step leads to a block of its own, so there are no more steps than blocks.
      guard let end = function.blocks[block].body.last, case .branch(let target, _) = operation(end),
        flow.predecessors(of: Int(target.rawValue)).count == 1,
        !isClobbered(block, -1, function.blocks[block].body.count)
      else { return false }
      block = Int(target.rawValue)
    }
    let use = lastUse(of: parameter, in: block)
    return use != .max && (use < 0 || !isClobbered(block, -1, use))
  }

  // MARK: Registers

  private func assignRegisters() {
    var next = function.parameters.count
    let entryIsRepeated = !flow.predecessors(of: 0).isEmpty
    var takenParameters: [Int] = []
    for (number, value) in variableValue.part(variableValue.indices).enumerated() {
      // A variable that only ever begins as a copy of a parameter takes over the parameter's register.
      if !entryIsRepeated, places[Int(value.rawValue)].block == 0, isStoredFirst[number],
        let (store, stored) = firstStore(value), Int(stored.rawValue) < function.parameters.count,
        useCount[Int(stored.rawValue)] == 1,
        forms[Int(stored.rawValue)] == variableForm[number], !takenParameters.contains(Int(stored.rawValue))
      {
        takenParameters.append(Int(stored.rawValue))
        variableRegister[number] = UInt16(truncatingIfNeeded: stored.rawValue)
        isSilentStore[Int(store.rawValue)] = true
        continue
      }
      variableRegister[number] = UInt16(truncatingIfNeeded: next)
      next += 1
    }
    for (block, definition) in function.blocks.enumerated() {
      blockParameterStart[block + 1] = blockParameterStart[block] + definition.parameters.count
    }
    for block in flow.order {
      for value in function.blocks[block].body {
        let index = Int(value.rawValue)
        if shape(value).kind == .other, case .blockParameter(let owner, let parameter) = operation(value) {
          guard let place = blockParameterPlace(Int(owner.rawValue), Int(parameter)) else { continue }
          if blockParameters[place] == .max {
            blockParameters[place] = UInt16(truncatingIfNeeded: next)
            next += 1
          }
          homes[index] = .dedicated(blockParameters[place])
          continue
        }
        guard case .local = homes[index], lastUse[index] == .max else { continue }
        homes[index] = .dedicated(UInt16(truncatingIfNeeded: next))
        next += 1
      }
    }
    lists[0].dedicatedCount = next
  }

  private func blockParameterPlace(_ block: Int, _ parameter: Int) -> Int? {
    guard block + 1 < blockParameterStart.count else { return nil }
    let place = blockParameterStart[block] + parameter
    return place < blockParameterStart[block + 1] ? place : nil
  }

  /// The register of a block's parameter; nil when nothing reads it.
  func register(ofParameter parameter: Int, of block: Int) -> UInt16? {
    guard let place = blockParameterPlace(block, parameter), blockParameters[place] != .max else { return nil }
    return blockParameters[place]
  }

  /// The first store to a variable in the block of its allocation, and what it stores.
  private func firstStore(_ value: ValueID) -> (store: ValueID, stored: ValueID)? {
    let block = places[Int(value.rawValue)].block
    for user in users(of: value) where shape(user).kind == .store && places[Int(user.rawValue)].block == block {
      return (user, ValueID(shape(user).b))
    }
    return nil
  }

  /// Lets values be computed straight into the variable they are stored to.
  private func coalesceStores(_ scratch: Scratch) {
    if variableValue.count == 0 { return }
    // For each variable, how far the reads seen so far in the block reach.
    let reach = scratch.table(variableValue.count, of: -1)
    for block in flow.order {
      reach.fill(-1)
      var position = -1
      for instruction in function.blocks[block].body {
        position += 1
        let shape = shape(instruction)
        guard shape.kind == .load || shape.kind == .store, variable[Int(shape.a)] >= 0 else { continue }
        let number = variable[Int(shape.a)]
        let index = Int(instruction.rawValue)
        if shape.kind == .load {
          var last = position
          if case .variable = homes[index] { last = lastUse[index] }
          reach[number] = max(reach[number], last)
          continue
        }
        let value = ValueID(shape.b)
        guard !isSilentStore[index], useCount[Int(shape.b)] == 1, Int(shape.b) >= function.parameters.count,
          places[Int(shape.b)].block == block, case .local = homes[Int(shape.b)]
        else { continue }
        guard form(value) == variableForm[number], isSimple(operation(value)) else { continue }
        let start = places[Int(value.rawValue)].position
        guard start < position, !isWritten(number, block, after: start, before: position),
          reach[number] <= start
        else { continue }
        target[Int(value.rawValue)] = variableRegister[number]
        isSilentStore[index] = true
      }
    }
  }

  /// Operations that write their result last and once.
  private func isSimple(_ operation: Operation) -> Bool {
    switch operation {
    case .binary, .unary, .convert, .load, .call: return true
    default: return false
    }
  }
}
