// What operators do with a machine: facts, a check of everything, collecting what nothing reaches, copies, executables.

import StrataMemory
import StrataPlan
import StrataStore

/// What a machine's file holds.
public struct PersistentPlanFacts: Equatable, Sendable {
  /// The number of the last commit.
  public var commits: UInt64
  /// Pins in the index; those that nothing reaches any more count until they are collected.
  public var pins: UInt64
  /// Bytes that records and tables take, dead ones included.
  public var usedBytes: Int
  /// Bytes that the file takes of the disk.
  public var allocatedBytes: Int
  /// Where the store begins in the file: behind a program's own pages, or 0.
  public var firstByte: Int
}

/// What a check has looked at.
public struct PersistentPlanScrub: Equatable, Sendable {
  public var records: Int
  public var words: Int
  /// Pins whose content hash was computed anew.
  public var pins: Int
  /// Pins that the committed value reaches.
  public var livePins: Int
}

extension PersistentPlan {
  public func facts() throws(PlanStoreFailure) -> PersistentPlanFacts {
    let disk = options.disk
    let path = path
    let start = try onDisk { () throws(DiskFailure) in try EmbeddedDisk.start(inProgram: path, on: disk) }
    return PersistentPlanFacts(
      commits: commitNumber, pins: store.roots[0].firstNote, usedBytes: store.usedBytes,
      allocatedBytes: store.allocatedBytes, firstByte: start ?? 0)
  }

  /// Compares every record with its checksum, every pin with its content hash, and what the committed value reaches with
  /// the index. Linear scans: of the records from the newest down, of the index from the oldest up.
  public func scrub() throws(PlanStoreFailure) -> PersistentPlanScrub {
    let checked = try inStore { () throws(BedrockFailure) -> (records: Int, words: Int) in
      let scrub = try store.scrub()
      while try !scrub.step(budgetWords: 1 << 20) {}
      return scrub.checked
    }
    try loadIndex()
    let entries = try allEntries()
    if UInt64(entries.count) != store.roots[0].firstNote {
      throw .wrongIndex(path: path, offset: store.roots[0].word.offset, finding: "does not hold as many as it says")
    }
    for (pin, hash) in entries where machine.computedHash(ofStored: pin) != hash {
      throw .wrongIndex(path: path, offset: pin.offset, finding: "has another content hash than the index says")
    }
    let live = machine.storedPins(below: [store.roots[1].word])
    for pin in live where machine.knownHash(ofStored: pin) == nil {
      throw .wrongIndex(path: path, offset: pin.offset, finding: "is not in the index")
    }
    return PersistentPlanScrub(
      records: checked.records, words: checked.words, pins: entries.count, livePins: live.count)
  }

  /// An index, in memory, of nothing but what the committed value reaches.
  private func liveIndex() throws(PlanStoreFailure) -> StoredRoot {
    try loadIndex()
    var entries: [(pin: Word, hash: UInt64)] = []
    for pin in machine.storedPins(below: [store.roots[1].word]) {
      guard let hash = machine.knownHash(ofStored: pin) else {
        throw .wrongIndex(path: path, offset: pin.offset, finding: "is not in the index")
      }
      entries.append((pin, hash))
    }
    return StoredRoot(
      try makeChunk(entries, after: .zero), firstNote: UInt64(entries.count), secondNote: PersistentPlan.formatVersion)
  }

  /// Drops what the committed value does not reach and gives the space back. Nothing may have been run since the machine
  /// was opened: what it would have in memory moves. A crash at any point leaves the value as it was.
  public func collect() throws(PlanStoreFailure) {
    let index = try liveIndex()
    let root = store.roots[1]
    _ = try inStore { () throws(BedrockFailure) in
      try store.commit([index, root], from: UnsafePointer(machine.nursery.base))
    }
    machine.forgetStored()
    hasIndex = false
    try inStore { () throws(BedrockFailure) in
      try store.beginCollection()
      while try store.stepCollection(budgetWords: 1 << 20) == .working {}
      store.endRelocation()
      // What was freed is given back when neither superblock names it any more.
      for _ in 0..<2 { try store.commit(store.roots) }
    }
  }

  /// The committed value as a seed.
  public func seed() throws(PlanStoreFailure) -> [UInt8] {
    try inMachine { () throws(PlanFailure) in try machine.seed(of: value) }
  }

  /// Writes a copy of the machine, as small as it can be, to `target`. With a `program` the copy is an executable: that
  /// file's own pages, and the store behind them, with the effects that it is granted. It appears when it is complete.
  public func export(
    to target: String, program: String? = nil, grants: PlanGrants = .none
  ) throws(PlanStoreFailure) {
    let disk = options.disk
    if try onDisk({ () throws(DiskFailure) in try disk.exists(target) }) { throw .exists(path: target) }
    let draft = target + ".draft"
    let whole = target + ".whole"
    func clear() throws(DiskFailure) {
      for name in [draft, whole] where try disk.exists(name) { try disk.remove(name) }
    }
    try onDisk(clear)
    do throws(PlanStoreFailure) {
      var root = store.roots[1]
      root.secondNote = program == nil ? 0 : UInt64(grants.rawValue)
      try copy([try liveIndex(), root], to: draft)
      if let program { try join(program, draft, to: whole) }
      try onDisk { () throws(DiskFailure) in
        try disk.rename(program == nil ? draft : whole, to: target)
        try clear()
        try disk.syncDirectory(directory(of: target))
      }
    } catch {
      try? clear()
      throw error
    }
  }

  private func copy(_ roots: [StoredRoot], to draft: String) throws(PlanStoreFailure) {
    try inStore { () throws(BedrockFailure) in
      let reservation = try BedrockReservation(byteCount: machine.nursery.bedrockBytes)
      var storeOptions = options.store
      storeOptions.creates = true
      let other = try Bedrock.open(draft, on: options.disk, at: reservation.place, options: storeOptions)
      try other.commit(copying: roots, of: store)
      try other.close()
    }
  }

  /// Writes the program's own pages and then the store to one file.
  private func join(_ program: String, _ draft: String, to whole: String) throws(PlanStoreFailure) {
    let disk = options.disk
    let source = try onDisk { () throws(DiskFailure) in try disk.open(program, .read) }
    guard let end = try onDisk({ () throws(DiskFailure) in try EmbeddedDisk.programEnd(of: source) }) else {
      throw .notAProgram(path: program)
    }
    try onDisk { () throws(DiskFailure) in
      let store = try disk.open(draft, .read)
      let target = try disk.open(whole, .create)
      try PersistentPlan.transfer(source, 0..<end, to: target, at: 0)
      try PersistentPlan.transfer(store, 0..<(try store.size()), to: target, at: (end + 4095) & ~4095)
      try target.sync()
      for file in [source, store, target] { try file.close() }
    }
  }

  private static func transfer(
    _ source: any DiskFile, _ range: Range<Int>, to target: any DiskFile, at place: Int
  ) throws(DiskFailure) {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { piece.deallocate() }
    var done = 0
    while done < range.count {
      let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, range.count - done)])
      try source.readFully(at: range.lowerBound + done, into: part)
      try target.write(UnsafeRawBufferPointer(part), at: place + done)
      done += part.count
    }
  }
}
