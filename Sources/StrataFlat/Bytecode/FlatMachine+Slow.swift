// What the fast machine does outside its loop.
// Guarantees: follows the reference evaluator's rules through the same shared code; every register pointer passed in lies in
// the current frame.

extension FlatMachine {
  typealias Registers = UnsafeMutablePointer<UInt64>

  /// The callee an indirect call site last found to fit.
  @inline(__always)
  func cachedCallee(_ function: UInt32, _ site: Int) -> UInt32 {
    compiled[Int(function)]?.cachedCallees[site] ?? .max
  }

  /// Where a switch goes.
  func choose(_ value: Int64, table: Int, _ function: UInt32, from next: UnsafePointer<Code>)
    -> UnsafePointer<Code>
  {
    // Safe: a function that runs is compiled; the other way out keeps the loop inside its code all the same.
    guard let code = compiled[Int(function)] else { return next }
    let table = code.tables[table]
    var low = 0
    var high = table.values.count
    while low < high {
      let middle = (low + high) / 2
      if table.values[middle] < value { low = middle + 1 } else { high = middle }
    }
    let found = low < table.values.count && table.values[low] == value
    return UnsafePointer(code.instructions) + Int(found ? table.targets[low] : table.otherwise)
  }

  /// Finds the callee of an indirect call and fits its arguments. Returns nil when the call is already done, by a service.
  func resolve(
    _ word: UInt64, site number: Int, _ function: UInt32, _ arguments: Registers, _ result: Registers,
    _ state: EvaluationState
  ) throws(Fault) -> UInt32? {
    guard let code = compiled[Int(function)] else { throw Fault(.malformed, "not a function") }
    let site = code.callSites[number]
    guard word != 0 else { throw Fault(.unsupported, "a call through the null function") }
    guard let callee = UInt32(exactly: word - 1), let target = module.function(FunctionID(callee)) else {
      throw Fault(.malformed, word - 1 > UInt64(UInt32.max) ? "not a function" : "a function number is out of range")
    }
    let types = module.types
    var given = site.arguments
    if site.isClosure {
      given.insert(types.pointer(to: .void), at: module.hasImplicitContext ? min(1, given.count) : 0)
    }
    guard given.count == target.parameters.count || (!target.hasBody && given.count >= target.parameters.count) else {
      throw Fault(.malformed, "a call passes another number of arguments than the function takes")
    }
    var fitsAsItIs = true
    for (index, parameter) in target.parameters.enumerated() where given[index] != parameter.type {
      guard types.isUsable(given[index], as: parameter.type) else {
        throw Fault(.malformed, "a value is used as a type of another kind")
      }
      let form = types.form(parameter.type)
      if form != types.form(given[index]), form != .nothing { fitsAsItIs = false }
    }
    guard types.isUsable(target.result, as: site.result) else {
      throw Fault(.malformed, "a value is used as a type of another kind")
    }
    if !fitsAsItIs {
      for (index, parameter) in target.parameters.enumerated() {
        let form = types.form(parameter.type)
        if form != .aggregate { arguments[index] = Scalars.canonical(arguments[index], form) }
      }
    }
    guard target.hasBody else {
      result.pointee = try serve(callee, arguments, given.count, state)
      return nil
    }
    try compile(callee)
    if fitsAsItIs { code.cachedCallees[number] = callee }
    return callee
  }

  /// Calls a function without a body with words from registers.
  func serve(_ number: UInt32, _ arguments: Registers, _ count: Int, _ state: EvaluationState) throws(Fault) -> UInt64 {
    guard let function = module.function(FunctionID(number)) else {
      throw Fault(.malformed, "a function number is out of range")
    }
    let service = try service(number, state)
    let word = try state.serve(service, function, UnsafeBufferPointer(start: arguments, count: count))
    let form = module.types.form(function.result)
    guard form == .aggregate else { return Scalars.canonical(word, form) }
    // The result is a value: nothing the service does later may change it.
    let layout = try layout(function.result)
    guard state.memory.isReadable(word, layout.size) else { throw .address }
    let copy = try state.memory.allocate(size: layout.size, alignment: layout.alignment)
    try state.memory.move(to: copy, from: word, count: layout.size)
    return copy
  }

  private func layout(_ type: TypeID) throws(Fault) -> TypeLayout {
    guard let layout = try? module.types.layout(type) else { throw Fault(.malformed, "a type has no layout") }
    return layout
  }

  // MARK: Globals and texts

  /// Makes a global ready. Returns code to run first when its initial value must be computed; its frame starts at `base`.
  func prepareGlobal(_ number: UInt32, _ base: Registers, _ limit: UnsafePointer<UInt64>, _ state: EvaluationState)
    throws(Fault) -> UnsafePointer<Code>?
  {
    let global = GlobalID(number)
    guard let function = try state.prepare(global) else {
      globalIsReady[Int(number)] = true
      return nil
    }
    let code = try initializer(number, calls: function)
    // The frame before reaches to the limit at most, and spare registers lie behind it.
    guard base + code.frameSize <= limit + FlatMachine.spareRegisters else { throw .depth }
    for (index, word) in try state.contextArguments(function).enumerated() { base[1 + index] = word }
    return UnsafePointer(code.instructions)
  }

  /// Stores the result of a global's initializing function.
  func finishGlobal(_ number: UInt32, _ word: UInt64, _ state: EvaluationState) throws(Fault) {
    let global = GlobalID(number)
    guard let definition = module.global(global) else { throw Fault(.malformed, "a global number is out of range") }
    let address = try state.address(of: global)
    let size = try state.size(of: definition.type)
    switch module.types.form(definition.type) {
    case .nothing: break
    case .aggregate: try state.memory.move(to: address, from: word, count: size)
    case let form: try state.memory.setWord(address, size, Scalars.canonical(word, form))
    }
    state.markReady(global)
    globalIsReady[Int(number)] = true
  }

  /// Readies a global that is about to be overwritten.
  func claimGlobal(_ number: UInt32, _ state: EvaluationState) throws(Fault) {
    let global = GlobalID(number)
    if state.isUntouched(global) {
      state.markReady(global)
    } else {
      _ = try state.prepare(global)
    }
    globalIsReady[Int(number)] = true
  }

  /// Places a constant text and returns the address of its value.
  func prepareText(_ number: UInt32, _ state: EvaluationState) throws(Fault) -> UInt64 {
    let address = try state.textValueAddress(StringID(number))
    if Int(number) < state.layout.textValues.count {
      textAddresses[Int(number)] = address
      textIsReady[Int(number)] = true
    }
    return address
  }

  // MARK: Rare operations

  private func subject(_ subject: SlowOperation.Subject, _ r: Registers, _ state: EvaluationState) throws(Fault)
    -> TypeID
  {
    switch subject {
    case .type(let register): return TypeID(UInt32(truncatingIfNeeded: r[Int(register)]))
    case .any(let register):
      let held = TypeID(UInt32(truncatingIfNeeded: try state.memory.word(r[Int(register)] &+ 8, 8)))
      guard held == .type else { return held }
      let data = try state.memory.word(r[Int(register)], 8)
      return TypeID(UInt32(truncatingIfNeeded: try state.memory.word(data, 8)))
    }
  }

  /// Performs a rare operation of a function.
  func perform(
    _ number: Int, _ r: Registers, _ function: UInt32, _ frame: UnsafeMutablePointer<SavedFrame>,
    _ state: EvaluationState
  ) throws(Fault) {
    guard let code = compiled[Int(function)] else { return }
    let memory = state.memory
    switch code.slow[number] {
    case .stringEqual(let result, let left, let right, let isEqual):
      let same = try state.textValue(at: r[Int(left)]) == (try state.textValue(at: r[Int(right)]))
      r[Int(result)] = same == isEqual ? 1 : 0
    case .ask(let builtin, let result, let asked, let index):
      let type = try subject(asked, r, state)
      r[Int(result)] = try state.ask(builtin, type, index: index.map { r[Int($0)] } ?? 0)
    case .typeEqual(let result, let left, let right):
      let (a, b) = (try subject(left, r, state), try subject(right, r, state))
      r[Int(result)] = a == b ? 1 : 0
    case .typeInfo(let result, let asked, let type):
      r[Int(result)] = try state.typeInfo(try subject(asked, r, state), as: type)
    case .float(let builtin, let result, let operand, let isSingle):
      if isSingle {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: r[Int(operand)]))
        r[Int(result)] = UInt64(Float(FloatFunctions.apply(builtin, Double(value))).bitPattern)
      } else {
        r[Int(result)] = FloatFunctions.apply(builtin, Double(bitPattern: r[Int(operand)])).bitPattern
      }
    case .atomicUpdate(let kind, let result, let pointer, let value, let type):
      let form = module.types.form(type)
      let size = try state.size(of: type)
      let old = Scalars.canonical(try memory.word(r[Int(pointer)], size), form)
      let new = Scalars.update(kind, old, r[Int(value)], isUnsigned: Scalars.isUnsigned(form))
      try memory.setWord(r[Int(pointer)], size, Scalars.canonical(new, form))
      r[Int(result)] = old
    case .compareExchange(let result, let pointer, let expected, let desired, let stored, let optional):
      try compareExchange(r, result, pointer, expected, desired, stored, optional, state)
    case .fieldName(let result, let type, let index):
      r[Int(result)] = try state.ask(.memberName, type, index: r[Int(index)])
    case .fieldValue(let result, let base, let index, let type):
      let position = Int(exactly: Int64(bitPattern: r[Int(index)])) ?? -1
      guard let member = module.types.memberType(position, of: type),
        let offset = try? module.types.offset(of: position, in: type)
      else { throw Fault(.unsupported, "the type has no such member") }
      r[Int(result)] = try pair(r[Int(base)] &+ offset, UInt64(member.rawValue), state)
    case .errorName(let result, let tag):
      let name = module.types.errors.name(ErrorTag(UInt32(truncatingIfNeeded: r[Int(tag)]))) ?? ""
      r[Int(result)] = try state.newTextValue(Array(name.utf8))
    case .traceResolve(let result, let word, let type):
      r[Int(result)] = try state.resolveTrace(r[Int(word)], type)
    case .printFrames: state.writeFrames(activeNames(function, frame))
    case .subslice(let result, let start, let length, let limit, let low, let high, let size):
      let count = length.map { r[Int($0)] } ?? limit
      let (from, to) = (r[Int(low)], r[Int(high)])
      guard from <= to, to <= count else { throw .index }
      r[Int(result)] = try pair(r[Int(start)] &+ from &* size, to &- from, state)
    case .allocate(let result, let size, let alignment):
      r[Int(result)] = try memory.allocate(size: size, alignment: alignment)
    case .indexAddress(let result, let base, let index, let length, let size):
      guard r[Int(index)] < length || length == .max else { throw .index }
      r[Int(result)] = r[Int(base)] &+ r[Int(index)] &* size
    case .sliceAddress(let result, let slice, let index, let size):
      guard r[Int(index)] < (try memory.word(r[Int(slice)] &+ 8, 8)) else { throw .index }
      r[Int(result)] = try memory.word(r[Int(slice)], 8) &+ r[Int(index)] &* size
    case .copy(let target, let source, let size):
      try memory.move(to: r[Int(target)], from: r[Int(source)], count: size)
    case .check(let register, let size):
      guard memory.isReadable(r[Int(register)], size) else { throw .address }
    case .unsupported(let name):
      if name == BytecodeCompiler.booleanOrder { throw Fault(.typeError, "booleans have no order") }
      state.hostReason = "the operation '\(name)' is not evaluated"
      throw Fault(.unsupported, "an operation that is not evaluated")
    }
  }

  private func pair(_ first: UInt64, _ second: UInt64, _ state: EvaluationState) throws(Fault) -> UInt64 {
    let address = try state.memory.allocate(size: 16, alignment: 8)
    try state.memory.setWord(address, 8, first)
    try state.memory.setWord(address + 8, 8, second)
    return address
  }

  private func compareExchange(
    _ r: Registers, _ result: UInt16, _ pointer: UInt16, _ expected: UInt16, _ desired: UInt16, _ stored: TypeID,
    _ optional: TypeID, _ state: EvaluationState
  ) throws(Fault) {
    let memory = state.memory
    let types = module.types
    let size = try state.size(of: stored)
    let old = Scalars.canonical(try memory.word(r[Int(pointer)], size), types.form(stored))
    let happened = old == r[Int(expected)]
    if happened { try memory.setWord(r[Int(pointer)], size, r[Int(desired)]) }
    guard case .optional(let child) = types[optional], let form = try? types.optionalForm(child: child) else {
      throw Fault(.malformed, "not an optional type")
    }
    if form == .pointer {
      r[Int(result)] = happened ? 0 : Scalars.canonical(old, types.form(child))
      return
    }
    let layout = try layout(optional)
    let address = try memory.allocate(size: layout.size, alignment: layout.alignment)
    if !happened {
      try memory.setWord(address, try state.size(of: child), old)
      if case .flag(let offset) = form { try memory.setWord(address &+ offset, 1, 1) }
    }
    r[Int(result)] = address
  }
}
