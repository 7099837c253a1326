// A machine for questions: its own loom over a second mapping of the store, so that no poke waits for it.

import StrataMemory
import StrataNock
import StrataNoun
import StrataStore

/// Answers questions about snapshots. Used by one thread at a time.
final class PeekMachine {
  private let loom: Loom
  private let view: BedrockView
  private let shape: KernelShape
  private let configuration: NockConfiguration
  private let families: [JetFamily]
  private var kernel: KernelMachine
  /// The snapshot that is loaded, its root in the stack's first slot.
  private var loaded: Snapshot?
  private var slot = 0
  private var nursery: Nursery { loom.nursery }
  private let budgetBytes: Int?
  /// When it is to answer again while events are under way. Guarded by the lock of those who take machines.
  var pace = PeekPace()

  init(
    _ path: String, on disk: any Disk, shape: KernelShape, loomBytes: Int, budgetBytes: Int?,
    _ configuration: NockConfiguration, families: [JetFamily],
    guardedBy segmentGuard: SegmentGuard? = nil
  ) throws(PierFailure) {
    self.shape = shape
    self.configuration = configuration
    self.families = families
    self.budgetBytes = budgetBytes
    var options = LoomOptions()
    options.reservationBytes = loomBytes
    let loom = try inMachine("opening a loom for peeks") { () throws(Fault) in try Loom(options) }
    self.loom = loom
    let place = BedrockPlace(base: loom.nursery.base, byteCount: loom.nursery.bedrockBytes)
    view = try inStore { () throws(BedrockFailure) in
      try BedrockView(path, on: disk, at: place, guardedBy: segmentGuard)
    }
    kernel = try inMachine("opening a machine for peeks") { () throws(Fault) in
      try KernelMachine(loom, configuration, families: families, learned: .zero)
    }
  }

  /// The jam of the answer; with `isWish` that of the kernel's wish arm, which takes a text.
  func answer(_ query: [UInt8], from snapshot: Snapshot, isWish: Bool = false) throws(PierFailure) -> [UInt8] {
    try inMachine("loading a state") { () throws(Fault) in try load(snapshot) }
    let top = nursery.state.pointee.stackTop
    defer {
      nursery.state.pointee.stackTop = top
      let frame = nursery.state.pointee.frame.pointee
      // Where there is no room to tidy, the next question begins from nothing.
      if frame.tenured.extent > max(1 << 17, 2 * frame.liveWords), (try? nursery.flip()) == nil { loaded = nil }
    }
    let noun: Word
    do throws(CueError) { noun = try nursery.cued(query) } catch {
      if case .stopped(let fault) = error.reason { throw .machine(fault, doing: "reading the query") }
      throw .badInput(what: "query", reason: error.explanation)
    }
    do throws(KernelFault) {
      let root = Word(raw: nursery.base[slot])
      let answer = try isWish ? kernel.wish(root, noun) : kernel.peek(shape, root, noun)
      return try kernelWork { () throws(Fault) in try nursery.jammed(answer) }
    } catch { throw .crashed(doing: isWish ? "wish" : "peek", fault: error.fault, trace: error.trace) }
  }

  /// The jam of `[%pier 1 shape event mug root]`, which is all that another pier needs to go on from here.
  func export(_ snapshot: Snapshot) throws(PierFailure) -> [UInt8] {
    try inMachine("writing the state") { () throws(Fault) in
      try load(snapshot)
      let root = Word(raw: nursery.base[slot])
      let mug = Word(direct: UInt64(try nursery.mug(root)))
      return try nursery.jammed(
        nursery.tuple([
          try nursery.cord("pier"), .one, try nursery.cord(shape.name), Word(direct: snapshot.number), mug, root,
        ]))
    }
  }

  private func load(_ snapshot: Snapshot) throws(Fault) {
    if let loaded, loaded === snapshot { return }
    if loaded == nil || loaded?.epoch != snapshot.epoch || loaded?.learned != snapshot.learned
      || nursery.commonsWords + kernel.machine.cache.byteCount / 8 > PeekMachine.mostFixedWords
    {
      // What was compiled refers to records that may have moved.
      kernel.close()
      nursery.reset()
      nursery.resetCommons()
      loaded = nil
      kernel = try KernelMachine(
        loom, configuration, families: families, learned: Word(raw: snapshot.learned))
      kernel.budgetBytes = budgetBytes
      slot = nursery.state.pointee.stackTop
      try nursery.push(.zero)
    }
    loaded = nil
    // The state before is garbage from here on; memo tables may still hold parts of it, so it is not simply dropped.
    nursery.base[slot] = try snapshot.image.copy(into: nursery).raw
    nursery.touchStack(from: slot)
    loaded = snapshot
  }

  /// A machine whose fixed objects and code take more than this is made anew.
  private static let mostFixedWords = 1 << 25
}
