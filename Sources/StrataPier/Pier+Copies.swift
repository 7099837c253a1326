// Other piers from this one, and the same one again: fork, export and import, and the state computed anew from the log.

import StrataMemory
import StrataNoun
import StrataStore

extension Pier {
  /// Makes another pier at `target` that goes on from the state after event `number`, by default the last. This one goes
  /// on meanwhile. The events between the nearest stored state and `number` are computed when the fork is first opened.
  /// Takes a time and space that do not depend on the state where the file system lets files share blocks, else in
  /// proportion to the state.
  public func fork(to target: String, at number: UInt64? = nil) throws(PierFailure) {
    compute.lock()
    var isHeld = true
    defer { if isHeld { compute.unlock() } }
    try checkOpen()
    if number == nil { try storeState() }
    let wanted = number ?? computed
    if wanted > log.last { throw .unreachable(event: wanted, first: log.first, last: log.last) }
    var roots = store.roots
    let lease = store.lease()
    compute.unlock()
    isHeld = false

    func nearest(_ roots: [StoredRoot]) -> StoredRoot? { roots.prefix(2).first { $0.firstNote <= wanted } }
    if nearest(roots) == nil, log.first != 1 || wanted < 1 {
      throw .unreachable(event: wanted, first: roots.prefix(2).map(\.firstNote).min() ?? 1, last: log.last)
    }
    let isFromKernel = nearest(roots) == nil
    let clone = { (paths: PierPaths) throws(PierFailure) -> Void in
      // From the kernel on, no state is of use.
      if isFromKernel { return }
      // Between two commits, so that the copy is a whole store.
      self.compute.lock()
      defer { self.compute.unlock() }
      try self.checkOpen()
      _ = try inStore { () throws(BedrockFailure) in try self.store.clone(to: paths.store) }
    }
    try Pier.make(target, PierMarker(shape: shape, keepsHistory: keepsHistory), options, before: clone) {
      (draft) throws(PierFailure) in
      let cloned = draft.store.roots
      if let base = nearest(cloned), base.firstNote >= nearest(roots)?.firstNote ?? 0 {
        // All of it is there. The older of its states may lie before the fork's log, so it must go.
        let learned = cloned.count > 2 ? cloned[2] : StoredRoot(.zero)
        try inStore { () throws(BedrockFailure) in try draft.store.commit([base, base, learned]) }
        roots = cloned
      } else if let base = nearest(roots) {
        let learned = roots.count > 2 ? roots[2] : StoredRoot(.zero)
        try inStore { () throws(BedrockFailure) in try draft.store.commit(copying: [base, base, learned], of: store) }
      }
      let start = nearest(roots)?.firstNote ?? 0
      // The records are copied; until here nothing of them was reused.
      withExtendedLifetime(lease) {}
      if start < wanted, log.first > start + 1 { throw .gap(stored: start, first: log.first) }
      if start > 0 { try inLog { () throws(EventLogFailure) in try draft.log.start(after: start) } }
      var piece: [LoggedEvent] = []
      var failure: PierFailure?
      func flush() {
        do throws(EventLogFailure) { try draft.log.restore(piece) } catch { failure = .log(error) }
        piece.removeAll()
      }
      if start < wanted {
        try events(from: start + 1) { event in
          piece.append(event)
          if piece.count >= 1000 || event.number == wanted { flush() }
          return failure == nil && event.number < wanted
        }
      }
      if let failure { throw failure }
    }
  }

  /// Makes a pier from what `exportState` gave. Its first event follows the last of the one that it came from.
  public static func `import`(
    _ jam: [UInt8], to directory: String, keepsHistory: Bool = false, _ options: PierOptions = PierOptions()
  ) throws(PierFailure) {
    var loomOptions = LoomOptions()
    loomOptions.reservationBytes = options.loomBytes
    let loom = try inMachine("opening a loom") { () throws(Fault) in try Loom(loomOptions) }
    let nursery = loom.nursery
    var rest: Word
    do throws(CueError) { rest = try nursery.cued(jam) } catch {
      throw .badInput(what: "exported state", reason: error.explanation)
    }
    var parts: [Word] = []
    while parts.count < 5, rest.isCell {
      parts.append(nursery.head(rest))
      rest = nursery.tail(rest)
    }
    guard parts.count == 5, nursery.octets(of: parts[0]) == Array("pier".utf8),
      let name = nursery.octets(of: parts[2]), parts[3].isDirect, parts[3].raw > 0, parts[4].isDirect, rest.isCell
    else { throw .badInput(what: "exported state", reason: "it is not what strata pier export writes") }
    if parts[1].raw != 1 { throw .badInput(what: "exported state", reason: "it is of a later version") }
    guard let shape = KernelShape(name: String(decoding: name, as: UTF8.self)) else {
      throw .badInput(what: "exported state", reason: "its kernel has an unknown shape")
    }
    let mug = try inMachine("reading the state") { () throws(Fault) in try nursery.mug(rest) }
    if UInt64(mug) != parts[4].raw {
      throw .badInput(what: "exported state", reason: "its mug is not the one that was exported")
    }
    let number = parts[3].raw
    try make(directory, PierMarker(shape: shape, keepsHistory: keepsHistory), options) { (draft) throws(PierFailure) in
      let root = StoredRoot(rest, firstNote: number, secondNote: UInt64(shape.rawValue))
      try inStore { () throws(BedrockFailure) in
        try draft.store.commit([root, root, StoredRoot(.zero)], from: UnsafePointer(nursery.base))
      }
      try inLog { () throws(EventLogFailure) in try draft.log.start(after: number) }
    }
  }

  /// A pier that is being made: its store and its log.
  private struct Draft {
    let store: Bedrock
    let log: SQLiteEventLog
  }

  /// Makes a pier's files, lets `fill` fill them, and says that they are complete. `prepare` may make a store before.
  private static func make(
    _ directory: String, _ marker: PierMarker, _ options: PierOptions,
    before prepare: (PierPaths) throws(PierFailure) -> Void = { _ in }, fill: (Draft) throws(PierFailure) -> Void
  ) throws(PierFailure) {
    let paths = PierPaths(directory: directory)
    let disk = options.disk
    if try PierMarker.read(paths, on: disk) != nil { throw .exists(path: directory) }
    let lock = try begin(paths, disk)
    defer { lock.release() }
    do throws(PierFailure) {
      try prepare(paths)
      let reservation = try inStore { () throws(BedrockFailure) in
        try BedrockReservation(byteCount: options.loomBytes / 4)
      }
      var storeOptions = options.store
      // Whoever opens the pier compares a clone with its checksums, as ever.
      storeOptions.verifiedBytes = 0
      storeOptions.verifiesOnDemand = false
      let store = try inStore { [storeOptions] () throws(BedrockFailure) in
        try Bedrock.open(paths.store, on: disk, at: reservation.place, options: storeOptions)
      }
      let log = try inLog { () throws(EventLogFailure) in try SQLiteEventLog.open(paths.log, on: disk) }
      try fill(Draft(store: store, log: log))
      try inLog { () throws(EventLogFailure) in try log.close() }
      try inStore { () throws(BedrockFailure) in try store.close() }
      try marker.write(paths, on: disk)
    } catch {
      abandon(paths, disk)
      throw error
    }
  }

  /// Computes the whole log again, from the kernel on, and puts the store that comes of it in the place of the pier's.
  /// What was computed is stored on the way, so that an interrupted run goes on where it was. The pier must not run.
  /// Gives what was done.
  public static func rebuild(_ directory: String, _ options: PierOptions) throws(PierFailure) -> PierOpening {
    let paths = PierPaths(directory: directory)
    guard let marker = try PierMarker.read(paths, on: options.disk) else { throw .notAPier(path: directory) }
    let lock = try PierLock(paths, on: options.disk)
    defer { lock.release() }
    let log = try inLog { () throws(EventLogFailure) in try SQLiteEventLog.open(paths.log, on: options.disk) }
    if log.first != 1 {
      throw .unreachable(event: log.last, first: log.first, last: log.last)
    }
    let host = try makeHost(marker.shape, options)
    let draft = paths.store + ".rebuild"
    let store = try openStore(paths, host, options, name: draft)
    var quiet = options
    quiet.worksInBackground = false
    let pier = Pier(directory, marker: marker, lock: lock, host: host, store: store, log: log, quiet)
    try pier.resume()
    let opening = pier.opening
    try pier.close()
    try onDisk { () throws(DiskFailure) in
      try Bedrock.rename(draft, to: paths.store, on: options.disk)
      try options.disk.syncDirectory(directory)
    }
    return opening
  }

  /// Writes the logged events from `first` through `last` to an archive at `path`, verified. Gives their number.
  @discardableResult
  public func archive(from first: UInt64? = nil, through last: UInt64? = nil, to path: String) throws(PierFailure)
    -> Int
  {
    try inLog { () throws(EventLogFailure) in
      try log.flush()
      return try EventArchive.write(log, from: first ?? log.first, through: last ?? log.last, to: path, on: disk)
    }
  }
}
