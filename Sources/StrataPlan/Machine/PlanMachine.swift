// The PLAN machine: one loom, its engine, its grants and its host. The way in for everything outside this module.
//
// Words that a caller holds while the machine evaluates must lie on the nursery's value stack, because objects move;
// `evaluate`, `force` and `apply` take and return words that are valid until the next such call.

import StrataMemory

/// A machine that evaluates PLAN values. Used by one thread at a time.
public final class PlanMachine {
  /// The memory that the machine's values live in.
  public let loom: Loom
  /// Performs the effects that are granted.
  public var host: any PlanHost
  /// How traced values are printed.
  public var traceStyle = PlanPrinter.Style.trace
  /// Whether pinned laws are recognised by name and arity. Off, every law runs its own body.
  public let hasNameJets: Bool
  /// Each how manieth call of a pinned law that is recognised by name and arity is compared with the law's own body; nil: none. What a
  /// program gives does not depend on it, what it takes does. `jetMismatches` says what was found.
  public let jetCheckInterval: UInt64?
  /// How many calls and evaluations a law's own body may take in a check; positive. Others are left undecided.
  public let jetCheckSteps: Int
  /// What checking has found.
  var checks = JetChecks()
  /// Which rules programs follow.
  public let front: PlanFront

  /// What lies in the commons, by content.
  var sharedPins = PinIndex()
  /// What lies in the store, by content, as far as it is known.
  var storedPins = PinIndex()
  /// Code of pins and laws of the store, which cannot hold it themselves, by their offsets.
  var storedCode = WordTable()
  /// Where programs that commit have their values kept. Without one, values stay in memory.
  public weak var vault: (any PlanVault)?
  private let registers: UnsafeMutablePointer<Registers>
  private var pinnedRowCode = Word.zero
  private var raiseCode = Word.zero
  private var uncallableCode = Word.zero
  private var meaninglessCode = Word.zero
  private var checkedCode = Word.zero

  /// What the program may change in place.
  var buffers = Buffers()
  /// Watches runs, when there is one.
  public var profiler: PlanProfiler? {
    didSet {
      registers.pointee.isWatched = profiler != nil
      registers.pointee.countsEntries = profiler?.mode == .counting
    }
  }
  /// What the program has asked to be recorded of its marked evaluations.
  var profileRecords = ProfileRecords()

  static let operationCount = 256

  /// A machine that is granted nothing unless told otherwise. Throws when the system has no memory for it.
  public init(
    options: LoomOptions = LoomOptions(), grants: PlanGrants = .none, host: any PlanHost = SystemHost(),
    nameJets: Bool = true, jetCheckInterval: UInt64? = nil, jetCheckSteps: Int = 10_000, front: PlanFront = .runtime
  ) throws(PlanFailure) {
    do throws(Fault) {
      loom = try Loom(options)
    } catch {
      throw .fault(error)
    }
    self.host = host
    self.front = front
    hasNameJets = nameJets && front == .runtime
    self.jetCheckInterval = jetCheckInterval
    self.jetCheckSteps = max(1, jetCheckSteps)
    registers = .allocate(capacity: 1)
    let base = loom.nursery.base
    let operations = UnsafeMutablePointer<UInt64>.allocate(capacity: PlanMachine.operationCount)
    operations.initialize(repeating: 0, count: PlanMachine.operationCount)
    let orders = UnsafeMutablePointer<UInt64>.allocate(capacity: PlanMachine.operationCount)
    orders.initialize(repeating: 0, count: PlanMachine.operationCount)
    for operation in Operation.allCases {
      orders[Int(operation.rawValue)] =
        OperandOrder.packed(operation.entry) | UInt64(operation.entry.arity) << 56
    }
    let indices = UnsafeMutablePointer<Int>.allocate(capacity: Stub.allCases.count)
    indices.initialize(repeating: 0, count: Stub.allCases.count)
    registers.initialize(
      to: Registers(
        fp: base, code: base, pc: base, stubIndices: indices, operations: operations, orders: orders, grants: grants,
        isSpecification: front == .specification))
    do throws(CompileFailure) {
      let writer = StubWriter(engine: engine)
      let stubs = try writer.stubs(indices)
      registers.pointee.stubs = try fixed(stubs)
      pinnedRowCode = try fixed(try writer.pinnedRow())
      raiseCode = try fixed(try writer.raise())
      uncallableCode = try fixed(try writer.uncallable())
      meaninglessCode = try fixed(try writer.meaningless())
      checkedCode = try fixed(try writer.checked())
      for operation in Operation.allCases {
        let code = try writer.code(of: operation)
        operations[Int(operation.rawValue)] = try fixed(code).raw
      }
    } catch {
      if case .failed(let failure) = error { throw failure }
      throw .fault(.size)
    }
  }

  /// How long collections of the shared commons have kept the machine, at most, in nanoseconds.
  public internal(set) var longestCommonsPause: UInt64 = 0
  /// How many laws the machine has compiled.
  public private(set) var lawsCompiled = 0
  /// How many laws and pins it found in the shared commons with their code, or known to be operations.
  public internal(set) var bindingsTakenUp = 0
  /// The commons that the machine shares with others, if it does.
  var membership: CommonsMembership? { didSet { registers.pointee.isSharing = membership != nil } }
  /// Whether the machine's thread leaves it alone, so that collections of the shared commons may look at it.
  var isParked = false

  deinit {
    // Before the memory goes: a collection may look at it until then.
    membership?.leave()
    storedCode.free()
    registers.pointee.operations.deallocate()
    registers.pointee.orders.deallocate()
    registers.pointee.stubIndices.deallocate()
    registers.deinitialize(count: 1)
    registers.deallocate()
  }

  /// The memory as a handle.
  public var nursery: Nursery { loom.nursery }

  var engine: Engine {
    Engine(
      nursery: loom.nursery, base: loom.nursery.base, registers: registers, owner: Unmanaged.passUnretained(self))
  }

  /// The effects that programs may ask for.
  public var grants: PlanGrants {
    get { registers.pointee.grants }
    set { registers.pointee.grants = newValue }
  }

  /// The most calls and evaluations that each use of the machine may take, nil for no limit. What is left over counts
  /// for nothing; a program that needs more stops with a fault.
  public var stepLimit: Int?
  /// How deep calls and evaluations may nest in each use of the machine, in calls of `Nursery.wordsPerCall`; nil for no limit but
  /// memory.
  public var depthLimit: Int?
  /// How long each use of the machine may take, in nanoseconds of the wall clock; nil for no limit. Waiting for input counts, but
  /// does not end before there is some.
  public var timeLimit: UInt64?

  /// Whether every safe point collects. For tests: nothing else makes a word that is not kept show itself so soon.
  var collectsAtEverySafePoint: Bool {
    get { registers.pointee.collectsAlways }
    set {
      registers.pointee.collectsAlways = newValue
      if newValue { nursery.interruptHandle.wake() }
    }
  }

  /// What the last uncaught throw threw, as the closure `tag[value]`; valid until the next evaluation.
  public var thrown: Word { registers.pointee.thrown }

  private func fixed(_ word: Word) throws(CompileFailure) -> Word {
    do throws(Fault) {
      return try loom.nursery.copyToCommons(word)
    } catch {
      throw .failed(.fault(error))
    }
  }

  // MARK: Evaluation

  /// The weak head normal form of `word`.
  public func evaluate(_ word: Word) throws(PlanFailure) -> Word {
    try run(word, isForced: false)
  }

  /// The normal form of `word`.
  public func force(_ word: Word) throws(PlanFailure) -> Word {
    try run(word, isForced: true)
  }

  /// An unevaluated application of `function` to `arguments`.
  public func application(_ function: Word, _ arguments: [Word]) throws(PlanFailure) -> Word {
    if arguments.isEmpty { return function }
    let engine = self.engine
    let offset = try engine.allocate(.thunk, 2 + arguments.count)
    engine.base[offset + 1] = ThunkLayout.application
    engine.base[offset + 2] = function.raw
    for (index, argument) in arguments.enumerated() { engine.base[offset + 3 + index] = argument.raw }
    return Word(tag: .thunk, offset: offset)
  }

  private func run(_ word: Word, isForced: Bool) throws(PlanFailure) -> Word {
    unpark()
    let engine = self.engine
    let state = nursery.state
    let bottom = state.pointee.stackTop
    let fp = engine.base + bottom + 3
    try engine.reserve(fp + 16)
    defer {
      state.pointee.stackTop = bottom
      registers.pointee.handler = 0
      // The caller may write to the stack from here on.
      nursery.touchStack(from: bottom)
    }
    nursery.touchStack(from: bottom)
    takePartInCollection()
    let bound = state.pointee.stackBound
    nursery.boundStack(calls: depthLimit)
    defer { nursery.boundStack(at: bound) }
    let deadline = try engine.faulting { () throws(Fault) in
      try Watchdog.shared.stop(nursery.interruptHandle, after: timeLimit)
    }
    defer { if let deadline { Watchdog.shared.withdraw(deadline) } }
    if let profiler { try engine.faulting { () throws(Fault) in try profiler.begin(engine) } }
    defer { profiler?.end() }
    registers.pointee.handler = 0
    registers.pointee.thrown = .zero
    registers.pointee.stepsLeft = stepLimit.map { max(0, $0) } ?? -1
    if stepLimit != nil { nursery.interruptHandle.wake() }
    for slot in -3..<1 { fp[slot] = 0 }
    fp[0] = word.raw
    registers.pointee.fp = fp
    registers.pointee.code = engine.stubCode
    registers.pointee.pc = engine.stubCode + engine.stubIndex(.halt) + 1
    if isForced {
      let g = fp + 4
      engine.link(g, code: registers.pointee.code, pc: registers.pointee.pc, fp: fp, slot: 0)
      g[1] = word.raw
      try engine.enterOperation(g, Int(Operation.force.rawValue))
    } else if try engine.evaluated(0, top: 1) {
      return Word(raw: fp[0])
    }
    while true {
      do throws(PlanFailure) {
        try engine.run()
        return Word(raw: fp[0])
      } catch {
        // What fails in a check is an answer, and the program goes on.
        guard engine.takeUp(error) else { throw error }
      }
    }
  }

  // MARK: Code

  /// The code object of a law or pin. Compiled on first use and kept in the value itself.
  func code(of function: Word) throws(PlanFailure) -> Word {
    let base = nursery.base
    let offset = function.offset
    let slot = offset + (function.isPin ? PinLayout.code : LawLayout.code)
    if let known = knownCode(in: slot) { return known }
    if function.isLaw { return try self.code(ofLaw: function) }
    let item = Word(raw: base[offset + PinLayout.item])
    let code: Word
    if front == .specification {
      code =
        item.isLaw
        ? try self.code(ofLaw: item)
        : item == .zero ? operationCode(.specified) : item.isNatural ? meaninglessCode : uncallableCode
    } else if item.isLaw {
      if let shared = sharedCode(in: slot) {
        code = shared
      } else if let operation = operation(ofPinned: item) {
        code = operationCode(operation)
        offer(operation, for: slot)
      } else if jetCheckInterval != nil, namedOperation(ofPinned: item) != nil {
        code = checkedCode
      } else {
        code = try self.code(ofLaw: item)
        offer(codeOfItem: code, for: slot)
      }
    } else if !item.isNatural {
      code = uncallableCode
    } else if item.isDirect, Operation.isRowPin(item.raw) {
      code = pinnedRowCode
    } else if item.isDirect, let operation = Operation.pinned(item.raw) {
      code = operationCode(operation)
    } else {
      code = raiseCode
    }
    return try keep(code, in: slot)
  }

  /// The code of an operation, which is the machine's own.
  func operationCode(_ operation: Operation) -> Word {
    Word(raw: registers.pointee.operations[Int(operation.rawValue)])
  }

  /// The code of a law's own body.
  func code(ofLaw law: Word) throws(PlanFailure) -> Word {
    let slot = law.offset + LawLayout.code
    if let known = knownCode(in: slot) { return known }
    let code: Word
    if let shared = sharedCode(in: slot) {
      code = shared
    } else if hasRoomForCode(in: slot), let offered = offered(try compiled(law), for: slot) {
      code = offered
    } else if nursery.isFixed(law) {
      code = try nursery.allocatingFixed { () throws(PlanFailure) in try compiled(law) }
    } else {
      code = try compiled(law)
    }
    return try keep(code, in: slot)
  }

  private func compiled(_ law: Word) throws(PlanFailure) -> Word {
    let arity = engine.arity(law)
    lawsCompiled += 1
    do throws(CompileFailure) {
      let code = try Compiler.compile(
        engine: engine, body: Word(raw: nursery.base[law.offset + LawLayout.body]), arity: arity)
      // The newest object of all, so it may refer to anything.
      nursery.base[code.offset + CodeLayout.name] = nursery.base[law.offset + LawLayout.name]
      return code
    } catch {
      if case .failed(let failure) = error { throw failure }
      throw .fault(.size)
    }
  }

  /// The code that a slot of a value holds, or that is remembered in its place.
  private func knownCode(in slot: Int) -> Word? {
    if slot < nursery.bedrockBytes / 8 { return storedCode.value(of: UInt64(slot)).map { Word(raw: $0) } }
    let code = nursery.base[slot]
    return code == 0 ? nil : Word(raw: code)
  }

  /// Remembers code in a slot of the value that it belongs to. Code of a fixed value is fixed too, because no collection
  /// looks for references to what moves in the commons.
  private func keep(_ code: Word, in slot: Int) throws(PlanFailure) -> Word {
    assert(nursery.isFixed(code) || slot >= nursery.state.pointee.fixedEnd)
    do throws(Fault) {
      if nursery.isFixed(code) {
        try remember(code, in: slot)
      } else {
        try nursery.update(slot: slot, to: code)
      }
    } catch {
      throw .fault(error)
    }
    return code
  }

  /// An equal value in the commons, also while the machine runs.
  func copyToCommonsWhileRunning(_ word: Word) throws(PlanFailure) -> Word {
    // Frames lie above the recorded top of the stack while the machine runs, but below what is committed; copying
    // takes notes from the top on.
    let state = nursery.state
    let (top, bound) = (state.pointee.stackTop, state.pointee.stackBound)
    nursery.boundStack(at: .max)
    state.pointee.stackTop = max(top, state.pointee.stackLimit)
    defer {
      state.pointee.stackTop = top
      nursery.boundStack(at: bound)
    }
    return try engine.faulting { () throws(Fault) in try nursery.copyToCommons(word) }
  }

  private func remember(_ code: Word, in slot: Int) throws(Fault) {
    if slot < nursery.bedrockBytes / 8 { return try storedCode.set(UInt64(slot), to: code.raw) }
    nursery.base[slot] = code.raw
  }

  // MARK: Recognition

  /// The operation that the pin of `law` carries out: because the law's body does nothing but call it, or by name, unless
  /// calls of the latter are to be checked.
  func operation(ofPinned law: Word) -> Operation? {
    let base = nursery.base
    let arity = base[law.offset + LawLayout.arity]
    guard arity < 16 else { return nil }
    if let operation = wrapped(Word(raw: base[law.offset + LawLayout.body]), arity: Int(arity)) { return operation }
    return jetCheckInterval == nil ? namedOperation(ofPinned: law) : nil
  }

  /// The operation that has the name and the arity of `law`, whatever its body.
  func namedOperation(ofPinned law: Word) -> Operation? {
    guard hasNameJets else { return nil }
    let base = nursery.base
    let name = base[law.offset + LawLayout.name]
    let arity = base[law.offset + LawLayout.arity]
    return Word(raw: name).isDirect && arity < 16 ? Operation.named(name, arity: Int(arity)) : nil
  }

  /// The operation that a body calls with exactly the law's arguments in their order.
  private func wrapped(_ body: Word, arity: Int) -> Operation? {
    let base = nursery.base
    guard let (function, argument) = applied(body), function.isPin else { return nil }
    let key = Word(raw: base[function.offset + PinLayout.item])
    guard key.isDirect else { return nil }
    if arity == 1, argument == .one, key.raw != 15, let operation = Operation.pinned(key.raw) { return operation }
    guard key.raw == 15 || Operation.isRowPin(key.raw) else { return nil }
    var rest = argument
    for number in stride(from: arity, through: 1, by: -1) {
      guard let (inner, last) = applied(rest), last == Word(direct: UInt64(number)) else { return nil }
      rest = inner
    }
    if rest.isClosure, base[rest.offset + 1] == 0, engine.argumentCount(rest) == 1 {
      rest = Word(raw: base[rest.offset + 2])
    } else if rest.raw <= UInt64(arity) {
      return nil
    }
    guard rest.isDirect else { return nil }
    if key.raw != 15 {
      guard let operation = Operation.pinnedRow(key.raw, count: arity), operation.entry.arity == arity else {
        return nil
      }
      return operation
    }
    return Operation.named(rest.raw, arity: arity) ?? Operation.keyed(rest.raw, count: arity)
  }

  /// Function and argument of an expression that is an application.
  private func applied(_ expression: Word) -> (function: Word, argument: Word)? {
    let base = nursery.base
    guard expression.isClosure, base[expression.offset + 1] == 0, engine.argumentCount(expression) == 2 else {
      return nil
    }
    return (Word(raw: base[expression.offset + 2]), Word(raw: base[expression.offset + 3]))
  }
}
