// The machine side of a pier: one loom over the store, the states after the events that are under way, and how an event
// becomes a state. Does no input or output; used under the pier's lock.

import StrataMemory
import StrataNock
import StrataNoun
import StrataStore

/// What somebody pokes with.
public struct Poke: Sendable {
  /// The jam of the event: for a gate the event, for NockApp the cause, for Arvo the card.
  public var event: [UInt8]
  /// The jam of the wire, for the shapes that have one; nil for the pier's own.
  public var wire: [UInt8]?
  /// Milliseconds since 1970 and random bits, for the shapes whose events carry them.
  public var milliseconds: UInt64 = 0
  public var entropy: [UInt8] = []

  public init(_ event: [UInt8], wire: [UInt8]? = nil) {
    self.event = event
    self.wire = wire
  }
}

/// An event that was computed: what to log, and what to tell.
struct ComputedEvent {
  var payload: [UInt8]
  var outcome: EventOutcome
  /// The jam of the effects, empty for none.
  var effects: [UInt8] = []
  /// Why the event, or what was poked before it was replaced by a report of its failure, failed.
  var fault: KernelFault?
}

/// The kernel, its states and the machine that runs it.
final class KernelHost {
  let loom: Loom
  var shape: KernelShape
  private(set) var kernel: KernelMachine
  /// Where others may see what runs.
  let glance = StackGlance()
  private let configuration: NockConfiguration
  private let families: [JetFamily]
  /// Where the states' slots begin on the value stack. State n lies in slot n modulo their number.
  private var firstSlot = 0
  /// Slots of states up to this number may be in use.
  private var oldest: UInt64 = 0

  /// How many states may be under way.
  static let slotCount = 256
  private static let longestDetail = 1 << 14

  var nursery: Nursery { loom.nursery }

  init(_ loom: Loom, shape: KernelShape, _ configuration: NockConfiguration, families: [JetFamily]) throws(Fault) {
    self.loom = loom
    self.shape = shape
    self.configuration = configuration
    self.families = families
    kernel = try KernelMachine(loom, configuration, families: families, learned: .zero)
    kernel.machine.glance = glance
    try makeSlots()
  }

  private func makeSlots() throws(Fault) {
    firstSlot = nursery.state.pointee.stackTop
    for _ in 0..<KernelHost.slotCount { try nursery.push(.zero) }
  }

  /// Drops everything but the state `root`, which lies in the store, and compiles anew. What referred to the store
  /// before may move from here on.
  func renew(_ root: Word, after number: UInt64, learned: Word) throws(Fault) {
    kernel.close()
    nursery.reset()
    nursery.resetCommons()
    kernel = try KernelMachine(loom, configuration, families: families, learned: learned)
    kernel.machine.glance = glance
    applyLimits()
    try makeSlots()
    oldest = number
    set(root, after: number)
  }

  /// What an event may use of memory; nil leaves it to the system.
  var budgetBytes: Int? { didSet { applyLimits() } }

  /// Whether events have limits. Those that succeeded before have none.
  var isLimited = true { didSet { applyLimits() } }

  private func applyLimits() {
    kernel.budgetBytes = isLimited ? budgetBytes : nil
    kernel.machine.configuration.stepLimit = isLimited ? configuration.stepLimit : nil
    kernel.machine.configuration.depthLimit = isLimited ? configuration.depthLimit : nil
  }

  /// The root after event `number`, which must be one of the latest.
  func root(after number: UInt64) -> Word { Word(raw: nursery.base[slot(number)]) }

  func set(_ root: Word, after number: UInt64) {
    nursery.base[slot(number)] = root.raw
    nursery.touchStack(from: slot(number))
  }

  private func slot(_ number: UInt64) -> Int { firstSlot + Int(number % UInt64(KernelHost.slotCount)) }

  /// Drops the states before `number`.
  func forget(before number: UInt64) {
    while oldest < number {
      if number - oldest <= UInt64(KernelHost.slotCount) { set(.zero, after: oldest) }
      oldest += 1
    }
  }

  /// Words that live in the nursery and not in the store, at most, but for those of the latest event.
  var unstoredWords: Int { nursery.state.pointee.frame.pointee.tenured.extent }

  /// Drops garbage between events when there is much of it.
  func tidy() {
    let frame = nursery.state.pointee.frame.pointee
    if frame.tenured.extent > max(1 << 17, 2 * frame.liveWords) {
      // A refusal leaves the garbage where it is, and the next event finds less room.
      try? nursery.flip()
    }
  }

  // MARK: - Events

  /// Computes a poke as event `number`. The state after it is in its slot, the same as before when it failed. Throws
  /// `.badInput` when there is nothing to compute.
  func compute(_ poke: Poke, as number: UInt64) throws(PierFailure) -> ComputedEvent {
    let top = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = top }
    let sample = try compose(poke)
    try inMachine("reading an event") { () throws(Fault) in try nursery.push(sample) }
    let record = EventRecord(kind: .poke, jam: shape == .gate ? poke.event : try jam(sample))
    do throws(KernelFault) {
      let effects = try advance(Word(raw: nursery.base[top]), number)
      return ComputedEvent(
        payload: record.payload, outcome: try outcome(number), effects: effects, fault: nil)
    } catch {
      if shape != .gate, error.fault != .interrupted,
        let replaced = report(of: error, Word(raw: nursery.base[top]), number)
      {
        return replaced
      }
      set(root(after: number - 1), after: number)
      return ComputedEvent(
        payload: record.payload, outcome: EventOutcome(status: .failed, detail: detail(error)), fault: error)
    }
  }

  /// Computes a logged event again, or a kernel for the first time.
  func compute(_ record: EventRecord, as number: UInt64) throws(KernelFault) -> ComputedEvent {
    let top = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = top }
    let noun: Word
    do throws(CueError) { noun = try nursery.cued(record.jam) } catch {
      throw KernelFault(error.fault, ["not a jam: \(error.explanation)"])
    }
    var effects: [UInt8] = []
    switch record.kind {
    case .poke: effects = try advance(noun, number)
    case .boot:
      shape = record.shape ?? shape
      set(try kernel.boot(shape, noun), after: number)
    case .upgrade: set(try kernel.upgrade(shape, root(after: number - 1), noun), after: number)
    case .load: set(try kernel.load(shape, root(after: number - 1), noun), after: number)
    }
    return ComputedEvent(payload: record.payload, outcome: try outcome(number), effects: effects)
  }

  /// Pokes with the sample, puts the new root into its slot, and gives the jam of the effects.
  private func advance(_ sample: Word, _ number: UInt64) throws(KernelFault) -> [UInt8] {
    let whole = try kernelWork { () throws(Fault) in
      shape == .nockapp ? try nursery.cell(Word(direct: number - 1), sample) : sample
    }
    let made = try kernel.poke(shape, root(after: number - 1), whole)
    return try kernelWork { () throws(Fault) in
      // Mug and jam move nothing.
      _ = try nursery.mug(made.root)
      let effects = made.effects == .zero ? [] : try nursery.jammed(made.effects)
      set(made.root, after: number)
      return effects
    }
  }

  private func outcome(_ number: UInt64) throws(KernelFault) -> EventOutcome {
    try kernelWork { () throws(Fault) in
      EventOutcome(status: .done, mug: try nursery.mug(kernel.witness(shape, root(after: number))))
    }
  }

  /// The sample that a poke makes, but for the event's number.
  private func compose(_ poke: Poke) throws(PierFailure) -> Word {
    let event = try cue(poke.event, "event")
    if shape == .gate { return event }
    let wire = try poke.wire.map { (bytes) throws(PierFailure) in try cue(bytes, "wire") }
    return try inMachine("reading an event") { () throws(Fault) in
      let now = try nursery.date(milliseconds: poke.milliseconds)
      if shape == .arvo {
        let own = try nursery.list([try nursery.cord("strata")])
        return try nursery.tuple([now, wire ?? own, event])
      }
      let own = try nursery.list([try nursery.cord("poke"), try nursery.cord("strata"), .one])
      return try nursery.tuple([wire ?? own, try nursery.atom(poke.entropy), .zero, now, event])
    }
  }

  /// Tells the kernel that an event failed, in the event's place; nil when that fails too.
  private func report(of fault: KernelFault, _ sample: Word, _ number: UInt64) -> ComputedEvent? {
    let top = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = top }
    do {
      let goof = try nursery.cell(nursery.cord(fault.mote), tang(fault.trace))
      let wire = try nursery.list([.zero, try nursery.cord("arvo")])
      let crud: Word
      if shape == .nockapp {
        // [wire goof eny our now cause], the failed event's own wire dropped.
        crud = try nursery.tuple([wire, goof, sample.isCell ? nursery.tail(sample) : sample])
      } else {
        guard sample.isCell else { return nil }
        let arvo = try nursery.list([try nursery.cord("arvo")])
        crud = try nursery.tuple([
          nursery.head(sample), arvo, try nursery.cord("crud"), goof, nursery.tail(sample),
        ])
      }
      try nursery.push(crud)
      let jam = try nursery.jammed(crud)
      let effects = try advance(Word(raw: nursery.base[top]), number)
      var outcome = try outcome(number)
      outcome.detail = detail(fault)
      return ComputedEvent(
        payload: EventRecord(kind: .poke, jam: jam).payload, outcome: outcome, effects: effects, fault: fault)
    } catch { return nil }
  }

  /// A trace as a list of tanks, each a line: `[%leaf tape]`.
  private func tang(_ lines: [String]) throws(Fault) -> Word {
    let leaf = try nursery.cord("leaf")
    var list = Word.zero
    for line in lines.prefix(100).reversed() {
      let tape = try nursery.list(line.utf8.prefix(200).map { Word(direct: UInt64($0)) })
      list = try nursery.cell(nursery.cell(leaf, tape), list)
    }
    return list
  }

  private func detail(_ fault: KernelFault) -> [UInt8] { Array(fault.text.utf8.prefix(KernelHost.longestDetail)) }

  private func cue(_ bytes: [UInt8], _ what: String) throws(PierFailure) -> Word {
    do throws(CueError) { return try nursery.cued(bytes) } catch {
      if case .stopped(let fault) = error.reason { throw .machine(fault, doing: "reading the \(what)") }
      throw .badInput(what: what, reason: error.explanation)
    }
  }

  private func jam(_ noun: Word) throws(PierFailure) -> [UInt8] {
    try inMachine("writing an event") { () throws(Fault) in try nursery.jammed(noun) }
  }
}

/// Runs `work` on the machine and says its fault in the pier's terms.
func inMachine<Value>(_ doing: String, _ work: () throws(Fault) -> Value) throws(PierFailure) -> Value {
  do throws(Fault) { return try work() } catch { throw .machine(error, doing: doing) }
}

/// Runs `work` on the machine and says its fault as a kernel's.
func kernelWork<Value>(_ work: () throws(Fault) -> Value) throws(KernelFault) -> Value {
  do throws(Fault) { return try work() } catch { throw KernelFault(error) }
}

extension Nursery {
  /// A time as Hoon counts it: 128 bits, the upper 64 seconds since its own beginning.
  func date(milliseconds: UInt64) throws(Fault) -> Word {
    let seconds = 0x8000_000C_CE9E_0D80 &+ milliseconds / 1000
    let fraction = (((milliseconds % 1000) << 32) / 1000) << 32
    let offset = try allocate(.natural, size: 2)
    base[offset + 1] = fraction
    base[offset + 2] = seconds
    return Word(tag: .natural, offset: offset)
  }
}
