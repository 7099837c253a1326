// Making and opening piers. Opening needs nobody's help: the newest whole stored state, then the events after it.

import Glibc
import StrataMemory
import StrataNock
import StrataStore

extension Pier {
  /// Makes a pier at `directory` (whose parent must exist) from the jam of a kernel, and opens it. Throws with nothing
  /// left behind when the kernel is none.
  public static func create(
    _ directory: String, _ shape: KernelShape, kernel jam: [UInt8], keepsHistory: Bool = false,
    _ options: PierOptions = PierOptions()
  ) throws(PierFailure) -> Pier {
    let marker = PierMarker(shape: shape, keepsHistory: keepsHistory)
    let paths = PierPaths(directory: directory)
    let pill =
      shape == .arvo ? try Pill(jam, own: options.bootEvents, loomBytes: options.loomBytes) : nil
    let lock = try begin(paths, options.disk)
    do throws(PierFailure) {
      let record = EventRecord(kind: .boot, shape: shape, jam: pill?.formulas ?? jam)
      let host = try makeHost(shape, options)
      let event: ComputedEvent
      do throws(KernelFault) { event = try host.compute(record, as: 1) } catch {
        throw .crashed(doing: "building the kernel", fault: error.fault, trace: error.trace)
      }
      let log = try inLog { () throws(EventLogFailure) in try SQLiteEventLog.open(paths.log, on: options.disk) }
      try inLog { () throws(EventLogFailure) in
        try log.wait(try log.submit(event.payload, event.outcome, as: 1))
      }
      let store = try openStore(paths, host, options)
      let pier = Pier(directory, marker: marker, lock: lock, host: host, store: store, log: log, options)
      pier.computed = 1
      pier.duties.isRenewing = true
      try pier.storeState()
      pier.isReady = true
      if let pill { try pier.boot(pill) }
      try marker.write(paths, on: options.disk)
      try pier.startKeeper()
      return pier
    } catch {
      abandon(paths, options.disk)
      lock.release()
      throw error
    }
  }

  /// Pokes the kernel with the events of a pill. Each must be taken as it is.
  private func boot(_ pill: Pill) throws(PierFailure) {
    let start = Clock.wallMilliseconds()
    for (index, event) in pill.events.enumerated() {
      var event = event
      // Later than the one before, whatever the clock says.
      event.milliseconds = start + UInt64(index)
      let result = try poke(event)
      if let failure = result.failure {
        throw .badInput(what: "pill", reason: "its boot event \(index + 1) of \(pill.events.count) fails: \(failure)")
      }
    }
    try storeNow()
  }

  /// The names of a pier's files.
  private static let ownNames: Set<String> = [
    "pier.new", "lock", "store", "store.new", "store.readers", "store.sums", "store.rebuild",
    "store.rebuild.sums", "log", "log-wal", "log-journal",
    "socket",
  ]

  /// Takes the lock of a directory in which a pier is to be made. What an interrupted attempt left is cleared away.
  static func begin(_ paths: PierPaths, _ disk: any Disk) throws(PierFailure) -> PierLock {
    try onDisk { () throws(DiskFailure) in try disk.makeDirectory(paths.directory) }
    let names = try onDisk { () throws(DiskFailure) in try disk.list(paths.directory) }
    if !names.allSatisfy({ ownNames.contains($0) }) { throw .exists(path: paths.directory) }
    let lock = try PierLock(paths, on: disk)
    for name in names where name != "lock" {
      try onDisk { () throws(DiskFailure) in try disk.remove(paths.directory + "/" + name) }
    }
    return lock
  }

  /// Clears away what a failed attempt has made. What cannot be removed makes no pier either.
  static func abandon(_ paths: PierPaths, _ disk: any Disk) {
    // The marker first: it must never stand beside nothing.
    if (try? disk.exists(paths.marker)) != false, (try? disk.remove(paths.marker)) == nil { return }
    for name in (try? disk.list(paths.directory)) ?? [] where ownNames.contains(name) {
      try? disk.remove(paths.directory + "/" + name)
    }
    removeEmptyDirectory(paths.directory)
  }

  static func makeHost(_ shape: KernelShape, _ options: PierOptions) throws(PierFailure) -> KernelHost {
    var loomOptions = LoomOptions()
    loomOptions.reservationBytes = options.loomBytes
    return try inMachine("opening a loom") { () throws(Fault) in
      try KernelHost(try Loom(loomOptions), shape: shape, options.configuration, families: options.jets)
    }
  }

  static func openStore(
    _ paths: PierPaths, _ host: KernelHost, _ options: PierOptions, name: String? = nil
  ) throws(PierFailure) -> Bedrock {
    let place = BedrockPlace(base: host.nursery.base, byteCount: host.nursery.bedrockBytes)
    return try inStore { () throws(BedrockFailure) in
      try Bedrock.open(name ?? paths.store, on: options.disk, at: place, options: options.store)
    }
  }

  /// Opens the pier at `directory`: takes its lock, finds the newest whole state, and computes the events after it again.
  public static func open(_ directory: String, _ options: PierOptions = PierOptions()) throws(PierFailure) -> Pier {
    do throws(PierFailure) { return try attempt(directory, options) } catch {
      guard case .store(.damaged) = error, options.store.verifiesOnDemand else { throw error }
      // The damage may have been met on the way, too late to choose the state before.
      var options = options
      options.store.verifiesOnDemand = false
      options.store.verifiedBytes = .max
      return try attempt(directory, options)
    }
  }

  private static func attempt(_ directory: String, _ options: PierOptions) throws(PierFailure) -> Pier {
    let paths = PierPaths(directory: directory)
    guard let marker = try PierMarker.read(paths, on: options.disk) else { throw .notAPier(path: directory) }
    let lock = try PierLock(paths, on: options.disk)
    do throws(PierFailure) {
      let host = try makeHost(marker.shape, options)
      let log = try inLog { () throws(EventLogFailure) in try SQLiteEventLog.open(paths.log, on: options.disk) }
      var notes: [String] = []
      let store: Bedrock
      do throws(PierFailure) { store = try openStore(paths, host, options) } catch {
        guard error.isDamagedStore, log.first == 1, log.last >= 1 else { throw error }
        // The log tells everything, so the store can be made again.
        try onDisk { () throws(DiskFailure) in
          try Bedrock.rename(paths.store, to: paths.store + ".damaged", on: options.disk)
          try options.disk.syncDirectory(directory)
        }
        notes.append("\(error); it is kept as store.damaged, and the state is computed again from the log")
        store = try openStore(paths, host, options)
      }
      for rejected in store.opening.rejected { notes.append("a state was passed over: \(rejected)") }
      let pier = Pier(directory, marker: marker, lock: lock, host: host, store: store, log: log, options)
      pier.opening.notes = notes
      do throws(PierFailure) { try pier.resume() } catch {
        try pier.compute.withLock { () throws(PierFailure) in try pier.checkStore() }
        throw error
      }
      try pier.compute.withLock { () throws(PierFailure) in try pier.checkStore() }
      for note in pier.opening.notes { options.notice?(note) }
      try pier.startKeeper()
      return pier
    } catch {
      lock.release()
      throw error
    }
  }

  /// Makes the stored state the current one and computes the events after it.
  func resume() throws(PierFailure) {
    compute.lock()
    defer { compute.unlock() }
    store.segmentGuard?.admitThread()
    let roots = store.roots
    let isChecking = options.replaysFromPrevious && roots.count > 1 && roots[1].firstNote + 1 >= log.first
    if let stored = isChecking ? roots[1] : roots.first {
      computed = stored.firstNote
      if log.last < computed { throw .logBehind(stored: computed, last: log.last) }
      if log.last > computed, log.first > computed + 1 { throw .gap(stored: computed, first: log.first) }
      let learned = store.roots.count > 2 ? store.roots[2].word : .zero
      try inMachine("loading the kernel") { () throws(Fault) in
        try host.renew(stored.word, after: computed, learned: learned)
      }
      duties.learnedCount = host.kernel.machine.jets.learnedCount
    } else if log.first != 1 {
      throw .gap(stored: 0, first: log.first)
    }
    opening.storedEvent = computed
    try replay(through: log.last) { () throws(PierFailure) in
      if sinceStore.events >= options.storeAfterEvents || host.unstoredWords >= options.storeAfterWords {
        try storeState()
      }
    }
    if store.roots.isEmpty { try storeState() }
    duties.isTrimming = !keepsHistory
    isReady = true
  }

  /// Computes the logged events after `computed` again, through event `end`, and compares the states with what was
  /// logged. `between` is called after each.
  func replay(through end: UInt64, between: () throws(PierFailure) -> Void) throws(PierFailure) {
    if computed >= end { return }
    // What succeeded once is not to fail for want of a budget that may have been another then.
    host.isLimited = false
    defer { host.isLimited = true }
    var failure: PierFailure?
    try inLog { () throws(EventLogFailure) in
      try log.read(from: computed + 1) { event in
        do throws(PierFailure) {
          try replay(event)
          try between()
          options.progress?(event.number, end)
        } catch { failure = error }
        return failure == nil && event.number < end
      }
    }
    if let failure { throw failure }
  }

  private func replay(_ event: LoggedEvent) throws(PierFailure) {
    let number = event.number
    guard let record = EventRecord(event.payload) else {
      throw .log(.damaged(path: paths.log, event: number, finding: "it is no event of a pier"))
    }
    host.forget(before: number - 1)
    switch event.outcome?.status {
    case .failed, .skipped: host.set(host.root(after: number - 1), after: number)
    case .done, nil:
      var mug: UInt32?
      do throws(KernelFault) {
        let found = try host.compute(record, as: number)
        mug = found.outcome.mug
        opening.replayedEvents += 1
      } catch {
        throw .failsNow(event: number, fault: error.fault, trace: error.trace)
      }
      if let expected = event.outcome?.mug, let mug, mug != expected {
        guard options.ignoresMugs else { throw .diverged(event: number, expected: expected, found: mug) }
        opening.differingEvents += 1
      }
    }
    computed = number
    sinceStore.events += 1
    sinceStore.bytes += event.payload.count
    host.tidy()
    if record.kind != .poke { duties.isRenewing = true }
  }

  /// Says that event `number` is to be passed over when it is computed again, so that a pier can be opened whose event
  /// cannot be repeated. The pier must not run.
  public static func skip(
    _ number: UInt64, in directory: String, _ options: PierOptions = PierOptions()
  ) throws(PierFailure) {
    let paths = PierPaths(directory: directory)
    guard try PierMarker.read(paths, on: options.disk) != nil else { throw .notAPier(path: directory) }
    let lock = try PierLock(paths, on: options.disk)
    defer { lock.release() }
    try inLog { () throws(EventLogFailure) in
      let log = try SQLiteEventLog.open(paths.log, on: options.disk)
      try log.note(EventOutcome(status: .skipped, detail: Array("skipped by the operator".utf8)), of: number)
      try log.close()
    }
  }
}

extension PierFailure {
  /// Whether the store as a whole cannot be read.
  var isDamagedStore: Bool {
    switch self {
    case .store(.damaged), .store(.notAStore): true
    default: false
    }
  }
}

/// Removes a directory of the real disk when nothing is in it.
func removeEmptyDirectory(_ path: String) { _ = rmdir(path) }
