// A PLAN machine whose value outlives its process: the machine's pins lie in bedrock, where equal pins are one.
//
// Guarantees: a program's commit is durable when it returns, or the machine stops and the store is as it was. A machine
// that is opened goes on with the value that was committed last, whatever became of the process before.
//
//     root 0   the index of pins (PersistentPlan+Index.swift); notes: pins in it, format version
//     root 1   a pin of the committed value; notes: number of the commit, effects that an executable is granted

import StrataMemory
import StrataPlan
import StrataStore

/// Choices for a machine that persists.
public struct PersistentPlanOptions {
  public var disk: any Disk = RealDisk()
  public var loom = LoomOptions()
  public var store = BedrockOptions()
  public var grants = PlanGrants.none
  public var host: any PlanHost = SystemHost()
  public var hasNameJets = true
  /// Each how manieth call of a jet is compared with its law; see `PlanMachine.jetCheckInterval`.
  public var jetCheckInterval: UInt64?

  public init() {
    // Nobody watches for damage while a program reads, so all of it is looked for before: about a second for a gigabyte.
    store.verifiedBytes = .max
  }
}

/// A machine over its store. Used by one thread at a time; only one may be open on a file.
public final class PersistentPlan: PlanVault {
  public let path: String
  public let machine: PlanMachine
  let store: Bedrock
  let options: PersistentPlanOptions
  /// Whether the machine knows what the index holds.
  var hasIndex = false

  static let formatVersion: UInt64 = 1

  private init(
    _ path: String, _ machine: PlanMachine, _ store: Bedrock, _ options: PersistentPlanOptions
  ) {
    self.path = path
    self.machine = machine
    self.store = store
    self.options = options
    machine.vault = self
  }

  // The mapping must be gone before the address range that it lies in.
  deinit { try? store.close() }

  // MARK: Making and opening

  /// Makes a machine at `path` that begins with the value that `make` gives, which is forced. Nothing is left behind
  /// when that fails.
  public static func create(
    _ path: String, _ options: PersistentPlanOptions = PersistentPlanOptions(),
    value make: (PlanMachine) throws(PlanFailure) -> Word
  ) throws(PlanStoreFailure) -> PersistentPlan {
    if try onDisk({ () throws(DiskFailure) in try options.disk.exists(path) }) { throw .exists(path: path) }
    let machine = try makeMachine(options)
    let value = try inMachine { () throws(PlanFailure) in try machine.force(try make(machine)) }
    // The file gets its name when it holds the value.
    let draft = path + ".draft"
    try onDisk { () throws(DiskFailure) in
      if try options.disk.exists(draft) { try options.disk.remove(draft) }
    }
    do throws(PlanStoreFailure) {
      let plan = PersistentPlan(draft, machine, try openStore(draft, machine, options, creates: true), options)
      plan.hasIndex = true
      _ = try inMachine { () throws(PlanFailure) in try plan.keep(value, asRoot: true) }
      try plan.close()
    } catch {
      try? options.disk.remove(draft)
      throw error
    }
    try onDisk { () throws(DiskFailure) in
      try options.disk.rename(draft, to: path)
      try options.disk.syncDirectory(directory(of: path))
    }
    return try open(path, options)
  }

  /// Opens the machine at `path`, which may be a program with a machine after its own pages.
  public static func open(
    _ path: String, _ options: PersistentPlanOptions = PersistentPlanOptions()
  ) throws(PlanStoreFailure) -> PersistentPlan {
    let machine = try makeMachine(options)
    let plan = PersistentPlan(path, machine, try openStore(path, machine, options, creates: false), options)
    let roots = plan.store.roots
    guard roots.count == 2, roots[0].secondNote >= 1, roots[1].word.isPersistent, !roots[1].word.isTransient,
      plan.machine.isPin(roots[1].word)
    else {
      // Nothing but damage leaves a machine without a value.
      if let damage = plan.store.opening.rejected.first { throw .store(damage) }
      throw .notAMachine(path: path)
    }
    if roots[0].secondNote != formatVersion { throw .laterFormat(path: path, version: roots[0].secondNote) }
    // Nothing in memory refers to the store yet: the best time to tidy up.
    if plan.store.needsCollection { try plan.collect() }
    return plan
  }

  private static func makeMachine(_ options: PersistentPlanOptions) throws(PlanStoreFailure) -> PlanMachine {
    try inMachine { () throws(PlanFailure) in
      try PlanMachine(
        options: options.loom, grants: options.grants, host: options.host, nameJets: options.hasNameJets,
        jetCheckInterval: options.jetCheckInterval)
    }
  }

  private static func openStore(
    _ path: String, _ machine: PlanMachine, _ options: PersistentPlanOptions, creates: Bool
  ) throws(PlanStoreFailure) -> Bedrock {
    let place = BedrockPlace(base: machine.nursery.base, byteCount: machine.nursery.bedrockBytes)
    var disk = options.disk
    if !creates, let start = try onDisk({ () throws(DiskFailure) in try EmbeddedDisk.start(inProgram: path, on: disk) })
    {
      disk = EmbeddedDisk(disk, embedding: path, from: start)
    }
    var storeOptions = options.store
    storeOptions.creates = creates
    return try inStore { () throws(BedrockFailure) in
      try Bedrock.open(path, on: disk, at: place, options: storeOptions)
    }
  }

  /// Closes the file. What was committed stays; the machine must not be used any more.
  public func close() throws(PlanStoreFailure) { try inStore { () throws(BedrockFailure) in try store.close() } }

  // MARK: The value

  /// The value that was committed last; it lies in the store.
  public var value: Word { machine.item(of: store.roots[1].word) }

  /// The number of the last commit; the machine began with 1.
  public var commitNumber: UInt64 { store.roots.count > 1 ? store.roots[1].firstNote : 0 }

  /// The effects that an executable was granted when it was exported; none for others.
  public var storedGrants: PlanGrants { PlanGrants(rawValue: UInt16(truncatingIfNeeded: store.roots[1].secondNote)) }

  /// Why a newer state was passed over when the file was opened, if one was.
  public var rejected: [BedrockFailure] { store.opening.rejected }

  /// Applies the committed value to a row of the arguments, or to 0, and answers with the natural that it gives.
  public func run(arguments: [[UInt8]]) throws(PlanFailure) -> UInt64 {
    try machine.runProgram(value, arguments: arguments)
  }

  /// Keeps a value that the program commits, or prepares to commit. Called by the machine.
  public func keep(_ value: Word, asRoot: Bool) throws(PlanFailure) -> Word {
    do throws(PlanStoreFailure) { return try stored(value, asRoot: asRoot) } catch {
      if case .machine(let failure) = error { throw failure }
      throw .store(error.description)
    }
  }

  private func stored(_ value: Word, asRoot: Bool) throws(PlanStoreFailure) -> Word {
    try loadIndex()
    let roots = store.roots
    let ready = try inMachine { () throws(PlanFailure) in
      try machine.prepareStoring(asRoot ? try machine.pin(of: value) : value)
    }
    defer { machine.release(ready) }
    if ready.fresh.isEmpty, !asRoot || roots.count > 1 && roots[1].word == ready.pin {
      return asRoot ? machine.item(of: ready.pin) : ready.pin
    }
    let (index, count) = try extendedIndex(ready.fresh)
    // A value that is prepared is reached by the index alone, until a commit takes it up or a collection drops it.
    let root =
      asRoot
      ? StoredRoot(ready.pin, firstNote: commitNumber + 1, secondNote: roots.count > 1 ? roots[1].secondNote : 0)
      : roots.count > 1 ? roots[1] : StoredRoot(.zero)
    let written = try inStore { () throws(BedrockFailure) in
      try store.commit(
        [StoredRoot(index, firstNote: count, secondNote: PersistentPlan.formatVersion), root],
        from: UnsafePointer(machine.nursery.base))
    }
    let learned = try learn(written[0].word, last: ready.fresh.count)
    if asRoot { return machine.item(of: written[1].word) }
    guard let place = ready.fresh.firstIndex(where: { $0.pin == ready.pin }) else { return ready.pin }
    return learned[place]
  }
}
