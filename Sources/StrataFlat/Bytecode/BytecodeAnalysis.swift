// Decides, before any code is emitted, where each value of a function lives and which instructions melt into others.
// Guarantees: a decision never moves a fault or a side effect past another; a value that is read from changeable memory is
// copied unless nothing can change that memory before its last use.

/// Where a value is found.
enum Home {
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

/// The facts about one function that code generation needs. The function is verified.
struct BytecodeAnalysis {
  let module: Module
  let function: Function
  let flow: ControlFlow
  /// True when some function of the module may drop storage, so that no address stays valid by itself.
  let storageMayBeDropped: Bool

  private(set) var homes: [Home]
  /// The last position in the value's own block at which its register is read; `.max` if it is used in other blocks.
  private(set) var lastUse: [Int]
  private(set) var useCount: [Int]
  /// The promoted variable that an allocation is, or -1.
  private(set) var variable: [Int]
  /// Register of each promoted variable.
  private(set) var variableRegister: [UInt16] = []
  private(set) var variableForm: [RegisterForm] = []
  /// The allocation of each promoted variable.
  private(set) var variableValue: [ValueID] = []
  /// Variables whose first access after their allocation is a store, so that they need not be zeroed.
  private(set) var isStoredFirst: [Bool] = []
  /// Values computed straight into the register of the variable they are stored to.
  private(set) var target: [UInt16]
  /// Stores that need no code because the value is already in the variable's register.
  private(set) var isSilentStore: [Bool]
  /// Aggregate reads that must copy what they read.
  private(set) var mustCopy: [Bool]
  /// Parameters that are aggregates and must be copied on entry.
  private(set) var copiedParameters: [Int] = []
  /// Registers of the parameters of all blocks that have one, block after block, and where each block's begin.
  private var blockParameters: [UInt16] = []
  private var blockParameterStart: [Int] = []
  private(set) var dedicatedCount: Int

  /// Block and position of each value's definition; parameters stand before the entry block's first instruction.
  private(set) var places: [(block: Int, position: Int)]
  /// The users of all values, value after value, and where each value's begin.
  private var userList: [ValueID] = []
  private var userStart: [Int]
  /// The places at which variables are stored to or allocated, variable after variable, and where each one's begin. A place
  /// is its block's rank and its position, so that places of a variable ascend.
  private var writeList: [UInt64] = []
  private var writeStart: [Int] = []
  /// How values live in registers.
  private var forms: [RegisterForm]
  private var isEscaping: [Bool]
  /// How many instructions of `clobberBlock` before each position change memory.
  private var clobbersBefore: [Int] = []
  private var clobberBlock = -1

  init(module: Module, function: Function, storageMayBeDropped: Bool) {
    self.module = module
    self.function = function
    self.storageMayBeDropped = storageMayBeDropped
    flow = ControlFlow(function)
    let count = function.valueCount
    homes = Array(repeating: .local, count: count)
    lastUse = Array(repeating: -1, count: count)
    useCount = Array(repeating: 0, count: count)
    variable = Array(repeating: -1, count: count)
    places = Array(repeating: (0, -1), count: count)
    userStart = Array(repeating: 0, count: count + 1)
    isEscaping = Array(repeating: false, count: count)
    target = Array(repeating: .max, count: count)
    isSilentStore = Array(repeating: false, count: count)
    mustCopy = Array(repeating: false, count: count)
    forms = []
    forms.reserveCapacity(count)
    dedicatedCount = function.parameters.count
    for parameter in function.parameters { forms.append(module.types.form(parameter.type)) }
    for instruction in function.instructions { forms.append(module.types.form(instruction.type)) }
    collectUsers()
    promoteVariables()
    for index in function.parameters.indices { homes[index] = .dedicated(UInt16(truncatingIfNeeded: index)) }
    for block in flow.order.reversed() { decide(block) }
    decideParameters()
    assignRegisters()
    coalesceStores()
  }

  private var types: TypeTable { module.types }

  private mutating func collectUsers() {
    for block in flow.order {
      for (position, value) in function.blocks[block].body.enumerated() {
        places[Int(value.rawValue)] = (block, position)
        operation(value).forEachOperand { useCount[Int($0.rawValue)] += 1 }
      }
    }
    for index in useCount.indices { userStart[index + 1] = userStart[index] + useCount[index] }
    userList = Array(repeating: .none, count: userStart[useCount.count])
    var filled = userStart
    for block in flow.order {
      for value in function.blocks[block].body {
        operation(value).forEachOperand { operand in
          userList[filled[Int(operand.rawValue)]] = value
          filled[Int(operand.rawValue)] += 1
        }
      }
    }
  }

  /// The instructions that use a value, in the order of blocks; twice if they use it twice.
  private func users(of value: ValueID) -> ArraySlice<ValueID> {
    userList[userStart[Int(value.rawValue)]..<userStart[Int(value.rawValue) + 1]]
  }

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
  private mutating func promoteVariables() {
    for block in flow.order {
      for value in function.blocks[block].body {
        guard case .allocate(let subject) = operation(value) else { continue }
        let form = types.form(subject)
        switch form {
        case .integer, .boolean, .float32, .float64: break
        default: continue
        }
        let size = size(subject)
        let isPromotable = users(of: value).allSatisfy { user in
          switch operation(user) {
          case .load(let pointer):
            return pointer == value && types.form(type(user)) == form && self.size(type(user)) == size
          case .store(let pointer, let stored, let type):
            let subject = type == .void ? self.type(stored) : type
            return pointer == value && stored != value && types.form(subject) == form && self.size(subject) == size
          default: return false
          }
        }
        guard isPromotable else { continue }
        variable[Int(value.rawValue)] = variableValue.count
        variableValue.append(value)
        variableForm.append(form)
        isStoredFirst.append(false)
      }
    }
    collectWrites()
    for (index, value) in variableValue.enumerated() {
      let (block, position) = places[Int(value.rawValue)]
      for later in function.blocks[block].body.dropFirst(position + 1) {
        if case .store(let pointer, _, _) = operation(later), pointer == value {
          isStoredFirst[index] = true
          break
        }
        if case .load(let pointer) = operation(later), pointer == value { break }
      }
    }
  }

  private mutating func collectWrites() {
    writeStart = Array(repeating: 0, count: variableValue.count + 1)
    if variableValue.isEmpty { return }
    for block in flow.order {
      for value in function.blocks[block].body {
        if let written = writtenVariable(value) { writeStart[written + 1] += 1 }
      }
    }
    for index in variableValue.indices { writeStart[index + 1] += writeStart[index] }
    writeList = Array(repeating: 0, count: writeStart[variableValue.count])
    var filled = writeStart
    for (rank, block) in flow.order.enumerated() {
      for (position, value) in function.blocks[block].body.enumerated() {
        guard let written = writtenVariable(value) else { continue }
        writeList[filled[written]] = UInt64(rank) << 32 | UInt64(position)
        filled[written] += 1
      }
    }
  }

  /// The variable an instruction overwrites, or nil.
  private func writtenVariable(_ value: ValueID) -> Int? {
    if variable[Int(value.rawValue)] >= 0 { return variable[Int(value.rawValue)] }
    if case .store(let pointer, _, _) = operation(value), variable[Int(pointer.rawValue)] >= 0 {
      return variable[Int(pointer.rawValue)]
    }
    return nil
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
  private func computeLastUse(_ value: ValueID) -> Int {
    let block = places[Int(value.rawValue)].block
    var last = -1
    for user in users(of: value) {
      let place = places[Int(user.rawValue)]
      if place.block != block { return .max }
      switch homes[Int(user.rawValue)] {
      case .comparison: last = max(last, function.blocks[block].body.count - 1)
      case .offset, .element, .variable, .masked:
        if case .load = operation(user), case .variable = homes[Int(user.rawValue)] {
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

  private mutating func decide(_ block: Int) {
    let body = function.blocks[block].body
    countClobbers(block)
    for position in body.indices.reversed() {
      let value = body[position]
      let index = Int(value.rawValue)
      let last = computeLastUse(value)
      lastUse[index] = last
      isEscaping[index] = escapes(value)
      homes[index] = home(value, block, position, last)
    }
  }

  private mutating func home(_ value: ValueID, _ block: Int, _ position: Int, _ last: Int) -> Home {
    let index = Int(value.rawValue)
    let operation = operation(value)
    let form = form(value)
    if let bits = constant(operation, form) { return .constant(bits) }
    if variable[index] >= 0 { return .none }
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
      switch operation(user) {
      case .load(let pointer): return pointer == value && form(user) != .nothing
      case .store(let pointer, let stored, _): return pointer == value && stored != value
      case .fieldAddress(let base, _, _), .field(let base, _, _), .unionField(let base, _, _),
        .unionFieldAddress(let base, _, _):
        return base == value
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
  private mutating func borrow(
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
      switch operation(user) {
      case .branch, .conditionalBranch, .switchBranch, .returnValue: return true
      case .field, .unionField, .optionalUnwrap, .optionalCoalesce, .enumerationPayload, .index, .convert,
        .vectorExtract:
        // Users stand later in the block, so theirs is known; a user in another block counts as escaping anyway.
        return form(user) == .aggregate && isEscaping[Int(user.rawValue)]
      default: return false
      }
    }
  }

  /// True when memory may change strictly between two positions of a block.
  private func isClobbered(_ block: Int, _ start: Int, _ end: Int) -> Bool {
    guard start + 1 < end, block == clobberBlock else { return false }
    return clobbersBefore[end] != clobbersBefore[start + 1]
  }

  private mutating func countClobbers(_ block: Int) {
    clobberBlock = block
    clobbersBefore = [0]
    for value in function.blocks[block].body {
      clobbersBefore.append(clobbersBefore[clobbersBefore.count - 1] + (changesMemory(value) ? 1 : 0))
    }
  }

  private func changesMemory(_ value: ValueID) -> Bool {
    switch operation(value) {
    case .store(let pointer, _, _): return variable[Int(pointer.rawValue)] < 0
    case .atomicStore, .atomicUpdate, .atomicCompareExchange, .setGlobal, .call, .callIndirect, .callClosure, .global,
      .globalAddress:
      return true
    case .callBuiltin(let builtin, _): return builtin == .memoryReset
    default: return false
    }
  }

  private mutating func decideParameters() {
    countClobbers(0)
    for (index, parameter) in function.parameters.enumerated() where types.form(parameter.type) == .aggregate {
      let value = ValueID(UInt32(truncatingIfNeeded: index))
      let last = computeLastUse(value)
      let isEntryRepeated = !flow.predecessors(of: 0).isEmpty
      if last == .max || isEntryRepeated || escapes(value) || (last >= 0 && isClobbered(0, -1, last)) {
        copiedParameters.append(index)
      }
    }
  }

  // MARK: Registers

  private mutating func assignRegisters() {
    var next = function.parameters.count
    let entryIsRepeated = !flow.predecessors(of: 0).isEmpty
    var takenParameters = Set<Int>()
    for (number, value) in variableValue.enumerated() {
      // A variable that only ever begins as a copy of a parameter takes over the parameter's register.
      if !entryIsRepeated, places[Int(value.rawValue)].block == 0, isStoredFirst[number],
        let store = firstStore(value), case .store(_, let stored, _) = operation(store),
        Int(stored.rawValue) < function.parameters.count, useCount[Int(stored.rawValue)] == 1,
        types.form(function.parameters[Int(stored.rawValue)].type) == variableForm[number],
        takenParameters.insert(Int(stored.rawValue)).inserted
      {
        variableRegister.append(UInt16(truncatingIfNeeded: stored.rawValue))
        isSilentStore[Int(store.rawValue)] = true
        continue
      }
      variableRegister.append(UInt16(truncatingIfNeeded: next))
      next += 1
    }
    blockParameterStart.reserveCapacity(function.blocks.count + 1)
    var parameterCount = 0
    for block in function.blocks {
      blockParameterStart.append(parameterCount)
      parameterCount += block.parameters.count
    }
    blockParameterStart.append(parameterCount)
    blockParameters = Array(repeating: .max, count: parameterCount)
    for block in flow.order {
      for value in function.blocks[block].body {
        let index = Int(value.rawValue)
        if case .blockParameter(let owner, let parameter) = operation(value) {
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
    dedicatedCount = next
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

  private func firstStore(_ value: ValueID) -> ValueID? {
    let (block, position) = places[Int(value.rawValue)]
    return function.blocks[block].body.dropFirst(position + 1).first { later in
      if case .store(let pointer, _, _) = operation(later) { return pointer == value }
      return false
    }
  }

  /// Lets values be computed straight into the variable they are stored to.
  private mutating func coalesceStores() {
    if variableValue.isEmpty { return }
    // For each variable, how far the reads seen so far in the block reach.
    var reach = Array(repeating: -1, count: variableValue.count)
    for block in flow.order {
      let body = function.blocks[block].body
      for index in reach.indices { reach[index] = -1 }
      for (position, instruction) in body.enumerated() {
        if case .load(let pointer) = operation(instruction), variable[Int(pointer.rawValue)] >= 0 {
          let index = Int(instruction.rawValue)
          var last = position
          if case .variable = homes[index] { last = lastUse[index] }
          let number = variable[Int(pointer.rawValue)]
          reach[number] = max(reach[number], last)
        }
        guard case .store(let pointer, let value, _) = operation(instruction), variable[Int(pointer.rawValue)] >= 0,
          !isSilentStore[Int(instruction.rawValue)], useCount[Int(value.rawValue)] == 1,
          Int(value.rawValue) >= function.parameters.count, places[Int(value.rawValue)].block == block,
          case .local = homes[Int(value.rawValue)]
        else { continue }
        let number = variable[Int(pointer.rawValue)]
        guard form(value) == variableForm[number], isSimple(operation(value)) else { continue }
        let start = places[Int(value.rawValue)].position
        guard start < position, !isWritten(number, block, after: start, before: position),
          reach[number] <= start
        else { continue }
        target[Int(value.rawValue)] = variableRegister[number]
        isSilentStore[Int(instruction.rawValue)] = true
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
