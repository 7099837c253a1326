// The fast machine: compiles functions on first call and runs them over registers and sandboxed storage.
// Guarantees: gives the value, the failure and the step count of the reference evaluator; never recurses on the host; every
// access to storage is checked; budgets end every evaluation. One machine serves one evaluation at a time.

import StrataMemory

/// A caller's place, kept while its callee runs.
struct SavedFrame {
  var pc: UnsafePointer<Code>
  var registers: UnsafeMutablePointer<UInt64>
  var function: UInt32
}

/// Where a function's code starts; nil until it is compiled.
struct CodeEntry {
  var instructions: UnsafePointer<Code>?
  var frameSize: Int
}

/// Somebody who wants to see, every so many steps, which functions are active. Steps are the program's own, so what is seen does
/// not depend on the machine or its load.
public struct StackSampler {
  /// Steps between two looks; at least 1.
  public let interval: UInt64
  /// Is told the active functions, outermost first, and how many steps were taken.
  public let take: ([FunctionID], UInt64) -> Void

  public init(every interval: UInt64, _ take: @escaping ([FunctionID], UInt64) -> Void) {
    self.interval = max(1, interval)
    self.take = take
  }
}

/// Registers for deep or large frames: one committed range.
private final class RegisterSpace {
  private let reservation: Reservation
  let registers: UnsafeMutablePointer<UInt64>
  let count: Int

  init(byteCount: Int) throws(StrataMemory.Fault) {
    let least = 2 * Reservation.hugePageBytes
    var reserved = try Reservation(byteCount: byteCount + Reservation.hugePageBytes, leastBytes: least)
    try reserved.commit(from: 0, count: reserved.byteCount)
    count = min(byteCount, reserved.byteCount) / 8
    registers = reserved.base.bindMemory(to: UInt64.self, capacity: count)
    reservation = reserved
  }
}

/// Evaluates functions of a module, one evaluation at a time. Compiled code is kept between evaluations.
public final class FlatMachine {
  public let module: Module
  public let budget: Budget
  let host: HostFunctions
  var state: EvaluationState?
  /// Steps the latest evaluation took.
  public private(set) var steps: UInt64 = 0

  private(set) var compiled: [CompiledFunction?] = []
  private var services: [EvaluationState.Service?] = []
  private var revision: UInt64 = .max
  var storageMayBeDropped = false

  // Raw tables the loop reads; rebuilt when the module has grown.
  var entries: UnsafeMutablePointer<CodeEntry>
  private var entryCount = 0
  var globalAddresses: UnsafeMutablePointer<UInt64>
  var globalIsReady: UnsafeMutablePointer<Bool>
  private var globalCount = 0
  var textAddresses: UnsafeMutablePointer<UInt64>
  var textIsReady: UnsafeMutablePointer<Bool>
  private var textCount = 0

  /// Where the registers of all frames are once those beside the storage have been too few.
  private var registerSpace: RegisterSpace?
  /// Whether the registers have left the room beside the storage.
  var hasMovedRegisters: Bool { registerSpace != nil }
  /// Where the tables of a translation lie.
  private let scratch = Scratch()
  /// Bytes of registers beside the storage: enough for most evaluations.
  private static let firstRegisterBytes = 256 << 10
  /// Registers kept free behind the limit, for code that initializes globals.
  static let spareRegisters = 16
  private let frames: UnsafeMutablePointer<SavedFrame>
  private let frameCapacity: Int
  /// Code that receives the entry function's result.
  private let exit: UnsafeMutablePointer<Code>
  /// Code that runs a global's initializing function and stores its result, by global.
  private var initializers: [UInt32: CompiledFunction] = [:]

  /// Marks a frame of initializing code; the rest of the number is the global.
  static let initializerFlag: UInt32 = 1 << 31

  public init(module: Module, budget: Budget = Budget(), host: HostFunctions = HostFunctions()) {
    self.module = module
    self.budget = budget
    self.host = host
    entries = .allocate(capacity: 1)
    globalAddresses = .allocate(capacity: 1)
    globalIsReady = .allocate(capacity: 1)
    textAddresses = .allocate(capacity: 1)
    textIsReady = .allocate(capacity: 1)
    frameCapacity = Int(min(budget.depth, 1 << 22)) + 8
    frames = .allocate(capacity: frameCapacity)
    top = frames
    exit = .allocate(capacity: 2)
    exit.initialize(to: Code(.call))
    (exit + 1).initialize(to: Code(.halt))
  }

  deinit {
    entries.deallocate()
    globalAddresses.deallocate()
    globalIsReady.deallocate()
    textAddresses.deallocate()
    textIsReady.deallocate()
    frames.deallocate()
    exit.deallocate()
  }

  /// Looks at evaluations as they go on. Costs nothing when there is none.
  public var sampler: StackSampler?
  /// Steps until the sampler's next look, at the end of the slice of the budget that is handed out.
  private var untilLook: UInt64 = 0
  /// Steps between two looks at a request to stop.
  private static let stopInterval: UInt64 = 4096

  /// What the latest evaluation wrote to its standard output.
  public var output: [UInt8] { state?.output ?? [] }
  /// Bytes of storage that the latest evaluation had in use in the end.
  public var usedBytes: Int { state.map { Int($0.memory.top - LinearMemory.firstAddress) } ?? 0 }
  /// What the latest evaluation wrote to its error output.
  public var errorOutput: [UInt8] { state?.errorOutput ?? [] }
  /// The error trace the latest evaluation left, oldest first.
  public var errorTrace: [UInt64] { state?.errorTrace ?? [] }

  // MARK: Evaluating

  /// Evaluates a function and takes its result out.
  public func evaluate(_ function: FunctionID, _ arguments: [FlatValue] = []) throws(EvaluationError) -> FlatValue {
    steps = 0
    top = frames
    failure = nil
    do throws(Fault) {
      let state = try currentState()
      try state.restart()
      prepareTables(state)
      let words = try state.entryWords(function, arguments)
      guard budget.depth > 0 else { throw .depth }
      try compile(function.rawValue)
      guard let start = entries[Int(function.rawValue)].instructions else {
        throw Fault(.unsupported, "the function has no body")
      }
      let needed = words.count + 1 + entries[Int(function.rawValue)].frameSize + FlatMachine.spareRegisters
      var (registers, count) = firstRegisters(state)
      if needed > count { (registers, count) = try largeRegisters() }
      guard needed <= count else { throw .depth }
      frames.initialize(to: SavedFrame(pc: UnsafePointer(exit + 1), registers: registers, function: .max))
      let definition = module.function(function)
      for (index, word) in words.enumerated() {
        (registers + 1 + index).initialize(to: word)
      }
      let word = try run(
        start, registers + 1, function.rawValue,
        limit: UnsafePointer(registers + count - FlatMachine.spareRegisters), state: state)
      return try state.takeOut(word, definition?.result ?? .void)
    } catch {
      throw EvaluationError(error.kind, state?.reason(error) ?? "\(error.reason)", trace: trace(), steps: steps)
    }
  }

  /// Compiles a function now instead of on its first call. A function without a body, or one that breaks the rules, is an error.
  public func prepare(_ function: FunctionID) throws(EvaluationError) {
    do throws(Fault) {
      prepareTables(try currentState())
      try compile(function.rawValue)
    } catch {
      throw EvaluationError(error.kind, state?.reason(error) ?? "\(error.reason)")
    }
  }

  private func currentState() throws(Fault) -> EvaluationState {
    if let state { return state }
    let fresh = try EvaluationState(
      module: module, host: host, budget: budget, headBytes: FlatMachine.firstRegisterBytes)
    state = fresh
    return fresh
  }

  /// The registers that an evaluation begins with.
  private func firstRegisters(_ state: EvaluationState) -> (UnsafeMutablePointer<UInt64>, count: Int) {
    if let registerSpace { return (registerSpace.registers, registerSpace.count) }
    let count = state.memory.headBytes / 8
    return (state.memory.head.bindMemory(to: UInt64.self, capacity: count), count)
  }

  /// The registers of evaluations with deep or large frames.
  private func largeRegisters() throws(Fault) -> (UnsafeMutablePointer<UInt64>, count: Int) {
    if let registerSpace { return (registerSpace.registers, registerSpace.count) }
    do throws(StrataMemory.Fault) {
      // A frame of an ordinary function is far smaller than this on average; a deep chain of large ones ends early, cleanly.
      let fresh = try RegisterSpace(byteCount: min(max(frameCapacity * 256, 1 << 20), 1 << 30))
      registerSpace = fresh
      return (fresh.registers, fresh.count)
    } catch {
      throw Fault(.byteBudget, "the system gives no memory for the registers; lower the depth budget")
    }
  }

  /// Moves the registers of all frames to the large range. Returns where those at `current` are now and the new limit, or nil
  /// when they are there already or the system refuses.
  @inline(never)
  func moveRegisters(_ current: UnsafeMutablePointer<UInt64>, _ frame: UnsafeMutablePointer<SavedFrame>)
    -> (registers: UnsafeMutablePointer<UInt64>, limit: UnsafePointer<UInt64>)?
  {
    guard registerSpace == nil, let state else { return nil }
    let (old, oldCount) = firstRegisters(state)
    guard let (new, count) = try? largeRegisters(), count > oldCount else { return nil }
    new.update(from: old, count: oldCount)
    var saved = frames
    while saved < frame {
      saved.pointee.registers = new + (saved.pointee.registers - old)
      saved += 1
    }
    return (new + (current - old), UnsafePointer(new + count - FlatMachine.spareRegisters))
  }

  /// Brings the raw tables up to the module and forgets code of a changed module.
  private func prepareTables(_ state: EvaluationState) {
    let functionCount = module.functions.count
    let isStale = revision != module.revision || storageMayBeDropped != module.mayDropStorage
    if isStale || entryCount < functionCount {
      if isStale {
        compiled.removeAll(keepingCapacity: true)
        initializers.removeAll()
        services.removeAll(keepingCapacity: true)
      }
      revision = module.revision
      storageMayBeDropped = module.mayDropStorage
      while compiled.count < functionCount { compiled.append(nil) }
      while services.count < functionCount { services.append(nil) }
      entries.deallocate()
      entries = .allocate(capacity: functionCount + 1)
      for index in 0..<functionCount {
        let code = compiled[index]
        (entries + index).initialize(
          to: CodeEntry(instructions: code.map { UnsafePointer($0.instructions) }, frameSize: code?.frameSize ?? 0))
      }
      entryCount = functionCount
    }
    if globalCount < state.layout.globals.count {
      globalCount = state.layout.globals.count
      globalAddresses.deallocate()
      globalIsReady.deallocate()
      globalAddresses = .allocate(capacity: globalCount + 1)
      globalIsReady = .allocate(capacity: globalCount + 1)
    }
    for (index, address) in state.layout.globals.enumerated() {
      (globalAddresses + index).initialize(to: address ?? 0)
    }
    globalIsReady.initialize(repeating: false, count: globalCount)
    if textCount < state.layout.textValues.count {
      textCount = state.layout.textValues.count
      textAddresses.deallocate()
      textIsReady.deallocate()
      textAddresses = .allocate(capacity: textCount + 1)
      textIsReady = .allocate(capacity: textCount + 1)
    }
    textIsReady.initialize(repeating: false, count: textCount)
  }

  /// Compiles a function unless that is done.
  func compile(_ number: UInt32) throws(Fault) {
    let index = Int(number)
    guard index < entryCount, let function = module.function(FunctionID(number)) else {
      throw Fault(.malformed, "a function number is out of range")
    }
    if entries[index].instructions != nil { return }
    guard function.hasBody else { throw Fault(.unsupported, "the function has no body") }
    let code = try freshCode(FunctionID(number), function)
    compiled[index] = code
    entries[index] = CodeEntry(instructions: UnsafePointer(code.instructions), frameSize: code.frameSize)
  }

  /// Compiles a function, whether or not that was done before.
  private func freshCode(_ number: FunctionID, _ function: Function) throws(Fault) -> CompiledFunction {
    if let issue = module.firstIssue(number) {
      state?.hostReason = issue.description
      throw Fault(.malformed, "the function breaks the rules of the intermediate form")
    }
    scratch.reset()
    var compiler = BytecodeCompiler(
      module: module, id: number, function: function, storageMayBeDropped: storageMayBeDropped, scratch: scratch,
      native: { [host] callee in host.find(callee.name) == nil ? Native.byName[callee.name] : nil })
    return try compiler.compile()
  }

  /// The code of a function as an evaluation would run it.
  func codeForListing(_ number: FunctionID) throws(Fault) -> CompiledFunction {
    guard let function = module.function(number), function.hasBody else {
      throw Fault(.unsupported, "the function has no body")
    }
    storageMayBeDropped = module.mayDropStorage
    return try freshCode(number, function)
  }

  /// Code that calls a global's initializing function and stores what it returns.
  func initializer(_ global: UInt32, calls function: FunctionID) throws(Fault) -> CompiledFunction {
    if let known = initializers[global] { return known }
    guard let definition = module.global(GlobalID(global)), let target = module.function(function) else {
      throw Fault(.malformed, "a global number is out of range")
    }
    guard target.parameters.count == (target.hasImplicitContext ? 1 : 0),
      module.types.isUsable(target.result, as: definition.type)
    else { throw Fault(.malformed, "an initializing function does not suit its global") }
    let code = [
      Code(.call, a: 0, b: 1, x: Int32(bitPattern: function.rawValue)),
      Code(.finishGlobal, a: 0, x: Int32(bitPattern: global)),
    ]
    let site = CodeSite(value: .max, steps: 0, indexValue: .max, indexSteps: 0)
    let made = CompiledFunction(
      function: function, code: code, frameSize: 4, sites: [site, site], tables: [], callSites: [], slow: [])
    initializers[global] = made
    return made
  }

  /// Who serves a function without a body.
  func service(_ number: UInt32, _ state: EvaluationState) throws(Fault) -> EvaluationState.Service {
    if let known = services[Int(number)] { return known }
    let name = module.function(FunctionID(number))?.name ?? ""
    guard let found = state.service(for: name) else {
      state.hostReason = "no function named '\(name)' is served here"
      throw Fault(.unsupported, "an external function that nobody serves")
    }
    services[Int(number)] = found
    return found
  }

  // MARK: Slices of the budget

  // With a sampler or somebody who may ask for a stop the budget is handed out in slices: the end of one is the moment to look.

  /// The first slice of an evaluation's budget.
  func firstSlice(of reserve: Int64) -> Int64 {
    untilLook = sampler?.interval ?? .max
    return slice(of: reserve)
  }

  /// The next slice. Tells the sampler when it is its turn; throws when somebody has asked for a stop.
  func nextSlice(of reserve: Int64, _ function: UInt32, _ frame: UnsafeMutablePointer<SavedFrame>) throws(Fault)
    -> Int64
  {
    if let sampler, untilLook == 0 {
      sampler.take(activeFunctions(function, frame), budget.steps &- UInt64(reserve))
      untilLook = sampler.interval
    }
    if let request = budget.stop?.requested { throw .stopped(by: request) }
    return slice(of: reserve)
  }

  private func slice(of reserve: Int64) -> Int64 {
    let length = min(untilLook, budget.stop == nil ? .max : FlatMachine.stopInterval)
    if untilLook != .max { untilLook -= length }
    return min(reserve, Int64(clamping: length))
  }

  // MARK: Failing

  /// Where the latest evaluation failed.
  private struct Failure {
    var pc: UnsafePointer<Code>
    var function: UInt32
    var isIndex: Bool
  }

  private var failure: Failure?
  private var top: UnsafeMutablePointer<SavedFrame>

  /// Notes where the loop stopped.
  func stop(
    _ pc: UnsafePointer<Code>, _ function: UInt32, _ frame: UnsafeMutablePointer<SavedFrame>, remaining: Int64,
    fault: Fault?
  ) {
    let spent = UInt64(bitPattern: Int64(clamping: budget.steps)) &- UInt64(bitPattern: remaining)
    steps = spent
    top = frame
    guard let fault else { return }
    let isIndex = fault.isIndex
    failure = Failure(pc: pc, function: function, isIndex: isIndex)
    if let site = site(pc, function) { steps = spent &+ UInt64(isIndex ? site.indexSteps : site.steps) }
  }

  private func site(_ pc: UnsafePointer<Code>, _ function: UInt32) -> CodeSite? {
    guard function & FlatMachine.initializerFlag == 0, Int(function) < compiled.count,
      let code = compiled[Int(function)]
    else { return nil }
    let index = pc - UnsafePointer(code.instructions)
    return index >= 0 && index < code.sites.count ? code.sites[index] : nil
  }

  /// Number of saved frames, the exit's included.
  func depth(_ frame: UnsafeMutablePointer<SavedFrame>) -> Int { frame - frames }

  var firstFrame: UnsafeMutablePointer<SavedFrame> { frames }

  private func entry(_ pc: UnsafePointer<Code>, _ function: UInt32, isIndex: Bool) -> TraceEntry {
    let definition = module.function(FunctionID(function))
    let found = site(pc, function)
    let value = found.map { ValueID(isIndex ? $0.indexValue : $0.value) }
    return TraceEntry(
      function: FunctionID(function), name: definition?.name ?? "", value: value == ValueID.none ? nil : value,
      span: value.flatMap { definition?.instruction($0)?.span } ?? .none, file: definition?.file ?? 0)
  }

  /// The active functions, outermost first; at most the 1,024 innermost ones.
  func activeFunctions(_ function: UInt32, _ frame: UnsafeMutablePointer<SavedFrame>) -> [FunctionID] {
    var active = [FunctionID(function & ~FlatMachine.initializerFlag)]
    if function & FlatMachine.initializerFlag != 0 { active = [] }
    var current = frame
    while current > frames + 1, active.count < 1024 {
      current -= 1
      let number = current.pointee.function
      if number & FlatMachine.initializerFlag == 0 { active.append(FunctionID(number)) }
    }
    return active.reversed()
  }

  /// Names of the active functions, innermost first.
  func activeNames(_ function: UInt32, _ frame: UnsafeMutablePointer<SavedFrame>) -> [String] {
    var names = [module.function(FunctionID(function))?.name ?? ""]
    var current = frame
    while current > frames + 1, names.count < 256 {
      current -= 1
      let number = current.pointee.function
      if number & FlatMachine.initializerFlag == 0 { names.append(module.function(FunctionID(number))?.name ?? "") }
    }
    return names
  }

  private func trace() -> [TraceEntry] {
    guard let failure else { return [] }
    var places: [(UnsafePointer<Code>, UInt32)] = [(failure.pc, failure.function)]
    var current = top
    while current > frames + 1 {
      current -= 1
      if current.pointee.function & FlatMachine.initializerFlag == 0 {
        places.append((current.pointee.pc - 1, current.pointee.function))
      }
    }
    return EvaluationError.shortened(places.count) { level in
      entry(places[level].0, places[level].1, isIndex: level == 0 && failure.isIndex)
    }
  }
}
