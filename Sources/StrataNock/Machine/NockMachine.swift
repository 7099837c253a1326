// A Nock machine: runs formulas on subjects in one loom.

import StrataMemory
import StrataNatural
import StrataNoun

/// Switches that the interpreter looks at all the time, kept where looking costs nothing.
struct MachineSwitches {
  var usesJets: Bool
  var usesHints: Bool
  /// Whether anybody looks on, and whether at every entry of an activation; as of the run's beginning.
  var isWatched = false
  var watchesEveryEntry = false
  /// Of how many calls of jets one is checked, and how many have gone by; `.max` for none.
  var checkInterval = UInt64.max
  var callsUnchecked: UInt64 = 0
  /// Whether the next call is a check's own.
  var skipsCheck = false
}

/// How a jet is called.
struct JetEntry {
  /// Where the parent lies in the core.
  var parentAxis: UInt64
  /// The routine's number, or -1 for a jet that answers at once.
  var routine: Int
  var function: @Sendable (JetCall) throws(Fault) -> Word?
}

/// Words that the machine holds outside its stack.
struct MachineRoots {
  /// What is on the trace, newest first, as a list of `[tag clue]`.
  var trace = Word.zero
  /// The scry gates of the virtual runs that are open, innermost first, as a list.
  var gates = Word.zero
  /// `[path 0]` while a blocked request unwinds, else 0.
  var block = Word.zero
}

/// What the nursery knows of a machine: its roots, and the count of what may have moved. Apart from the machine, which the
/// nursery must not keep alive.
final class MachineWatch: RootProvider {
  let roots: UnsafeMutablePointer<MachineRoots>
  /// Rises whenever objects may have moved or gone.
  let moves: UnsafeMutablePointer<UInt64>

  init() {
    roots = .allocate(capacity: 1)
    roots.initialize(to: MachineRoots())
    moves = .allocate(capacity: 1)
    moves.initialize(to: 1)
  }

  deinit {
    roots.deallocate()
    moves.deallocate()
  }

  func visitRoots(_ collector: inout Collector) {
    moves.pointee &+= 1
    roots.pointee.trace = collector.moved(roots.pointee.trace)
    roots.pointee.gates = collector.moved(roots.pointee.gates)
    roots.pointee.block = collector.moved(roots.pointee.block)
  }

  func frameEnded(depth: Int, bailed: Bool) {
    moves.pointee &+= 1
    if bailed { roots.pointee = MachineRoots() }
  }
}

/// Runs formulas. One machine belongs to one loom and one thread; code that it compiles is kept between runs.
public final class NockMachine {
  /// The loom in which all nouns live.
  public let loom: Loom
  public let nursery: Nursery
  /// Limits and switches; changes take effect with the next run.
  public var configuration: NockConfiguration {
    didSet {
      switches.pointee.usesHints = configuration.usesHints
      switches.pointee.usesJets = configuration.usesJets
      switches.pointee.checkInterval = configuration.jetCheckInterval ?? .max
      // Call sites have noted which jets answer, or that none may.
      if oldValue.usesJets != configuration.usesJets { jets.epoch.pointee += 1 }
    }
  }
  /// Compiled formulas.
  public let cache: CodeCache
  /// Known cores and jets.
  public let jets: JetRegistry
  private let watch: MachineWatch
  let roots: UnsafeMutablePointer<MachineRoots>
  let memos: [MemoTable]
  /// What memoising jets remember.
  let jetMemo: MemoTable
  /// What checking jets found: how many calls were checked, how many went wrong, and the first of those.
  public internal(set) var jetChecks = 0
  public internal(set) var jetMismatchCount = 0
  public internal(set) var jetMismatches: [JetMismatch] = []
  /// Activations entered since the machine was made.
  public private(set) var steps: UInt64 = 0
  /// Activations that the current run may still enter.
  var stepsLeft = UInt64.max
  /// What hints keep between the two sides of their bodies.
  let hints: HintState
  /// What `%live` has counted, by label, in the order of first appearance.
  public var counters: [(label: String, count: UInt64)] { hints.counters }
  /// Who looks on while runs go on; both are asked for with the next run.
  public var profiler: NockProfiler?
  public var tracer: CallTracer? {
    didSet { cache.makesLoops = tracer == nil }
  }
  /// Where other threads may look at the stack, at any time.
  public var glance: StackGlance?
  /// What the interpreter asks all the time.
  let switches: UnsafeMutablePointer<MachineSwitches>
  var isWatched: Bool { switches.pointee.isWatched }
  var watchesEveryEntry: Bool { switches.pointee.watchesEveryEntry }
  /// Rises whenever objects may have moved or gone.
  let moves: UnsafeMutablePointer<UInt64>
  let haltCode: UnsafeMutablePointer<UInt64>
  let resumeCode: UnsafeMutablePointer<UInt64>
  /// Routines by number.
  let routines: TrustedTable<NativeRoutine>
  /// The jet that each routine is, -1 for the machine's own.
  let routineJets: TrustedTable<Int>
  /// Jets by number.
  let jetEntries: TrustedTable<JetEntry>
  /// Where crashes unwind to, innermost last.
  var boundaries: [Boundary] = []

  /// A machine in `loom`, which it keeps alive.
  public init(_ loom: Loom, _ configuration: NockConfiguration = NockConfiguration()) {
    self.loom = loom
    nursery = loom.nursery
    self.configuration = configuration
    switches = .allocate(capacity: 1)
    switches.initialize(to: MachineSwitches(usesJets: configuration.usesJets, usesHints: configuration.usesHints))
    switches.pointee.checkInterval = configuration.jetCheckInterval ?? .max
    routines = TrustedTable(NockMachine.builtInRoutines)
    routineJets = TrustedTable(NockMachine.builtInRoutines.map { _ in -1 })
    jetEntries = TrustedTable([])
    jets = JetRegistry(loom.nursery)
    hints = HintState(loom.nursery)
    cache = CodeCache(loom.nursery, jets)
    watch = MachineWatch()
    roots = watch.roots
    moves = watch.moves
    memos = [
      MemoTable(loom.nursery, .transient, capacity: configuration.memoCapacity),
      MemoTable(loom.nursery, .persistent, capacity: configuration.memoCapacity),
    ]
    jetMemo = MemoTable(loom.nursery, .transient, capacity: configuration.jetMemoCapacity)
    haltCode = .allocate(capacity: 1)
    haltCode.initialize(to: Instruction(.halt).raw)
    resumeCode = .allocate(capacity: 1)
    resumeCode.initialize(to: Instruction(.resume).raw)
    nursery.add(watch)
    jets.whenAdmitted = { [unowned self] (jet) in enter(jet) }
  }

  /// Lets jets answer under all roots that they hold for, and under `extraRoots` (such as `a50`). The families are made
  /// when a program has a core that they may be for, which many have not.
  public func add(_ families: @escaping @autoclosure () -> [JetFamily], extraRoots: [String] = []) {
    jets.add(families, extraRoots: extraRoots)
  }

  /// Enters a jet, which has the next number, in the tables that the interpreter reads.
  private func enter(_ jet: Jet) {
    switch jet.body {
    case .function(let function):
      jetEntries.append(JetEntry(parentAxis: jet.parentAxis, routine: -1, function: function))
    case .routine(let routine):
      routineJets.append(jetEntries.count)
      jetEntries.append(
        JetEntry(parentAxis: jet.parentAxis, routine: routines.count, function: { (_) in nil }))
      routines.append(routine)
    }
  }

  /// Ends the machine's part in collections, as its end does by itself. The machine cannot be used afterwards.
  public func close() {
    nursery.remove(watch)
    nursery.remove(cache)
    nursery.remove(jets)
    nursery.remove(hints)
    for memo in memos { nursery.remove(memo) }
    nursery.remove(jetMemo)
  }

  deinit {
    close()
    switches.deallocate()
    haltCode.deallocate()
    resumeCode.deallocate()
  }

  /// Runs `formula` on `subject` in an inner frame of at most `budgetBytes`, and keeps the product, or the
  /// trace, for the frame it was called in. Both words may have moved afterwards; the stack is as it was.
  public func run(subject: Word, formula: Word, budgetBytes: Int? = nil) -> NockOutcome {
    let stackTop = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = stackTop }
    do throws(Fault) {
      try nursery.push(subject)
      try nursery.push(formula)
      try nursery.pushFrame(budgetBytes: budgetBytes)
    } catch {
      return .stopped(error, trace: .zero)
    }
    let depth = nursery.state.pointee.depth
    let outer = boundaries.count
    let stepLimit = configuration.stepLimit ?? .max
    stepsLeft = stepLimit
    cache.beginRun(stepLimit: stepLimit)
    defer { steps &+= stepLimit &- stepsLeft }
    let bound = nursery.state.pointee.stackBound
    nursery.boundStack(calls: configuration.depthLimit)
    defer { nursery.boundStack(at: bound) }
    do throws(Fault) {
      let deadline = try Watchdog.shared.stop(nursery.interruptHandle, after: configuration.timeLimit)
      defer { if let deadline { Watchdog.shared.withdraw(deadline) } }
      try beginWatching()
      defer { profiler?.end() }
      let product = try execute(
        subject: Word(raw: nursery.base[stackTop]), formula: Word(raw: nursery.base[stackTop + 1]))
      return .product(try nursery.popFrame(product))
    } catch {
      tracer?.crashed(above: nursery.base + stackTop, error)
      boundaries.removeLast(boundaries.count - outer)
      while nursery.state.pointee.depth > depth { nursery.bailFrame() }
      return .stopped(error, trace: keptTrace(depth))
    }
  }

  /// Prepares who looks on for a run.
  private func beginWatching() throws(Fault) {
    switches.pointee.isWatched = profiler != nil || tracer != nil
    switches.pointee.watchesEveryEntry = profiler?.watchesEveryEntry == true || tracer != nil
    guard isWatched else { return }
    tracer?.begin(self)
    try profiler?.begin(self)
    if watchesEveryEntry { nursery.interruptHandle.wake() }
  }

  /// Ends the frame of a run that stopped early, keeping its trace where there is room for it.
  private func keptTrace(_ depth: Int) -> Word {
    let trace = roots.pointee.trace
    roots.pointee = MachineRoots()
    guard nursery.state.pointee.depth == depth else { return .zero }
    do throws(Fault) {
      return try nursery.popFrame(trace)
    } catch {
      return .zero
    }
  }
}
