// Opening: choose the newest whole state, and nothing else. There is no recovery step.

import StrataMemory

/// A state that a superblock describes, with its table.
struct OpenedState {
  var block: Superblock
  var slot: Int
  var map: SegmentMap
}

extension Bedrock {
  /// Opens the store at `path` for writing and maps it at `place`. Falls back to the state before when the newest is
  /// damaged, and says so in `opening`.
  public static func open(
    _ path: String, on disk: any Disk, at place: BedrockPlace, options: BedrockOptions = BedrockOptions()
  ) throws(BedrockFailure) -> Bedrock {
    var opening = BedrockOpening()
    let file: any DiskFile
    do throws(DiskFailure) {
      if options.creates, try !disk.exists(path) {
        try create(path, on: disk, options: options)
        opening.isNew = true
      }
      file = try disk.open(path, .readWrite)
      guard try file.lock(from: Layout.writerLockOffset, count: 1, shared: false) else {
        throw DiskFailure(operation: .lock, path: path, code: 0)
      }
    } catch {
      if error.operation == .lock, error.code == 0 { throw .inUse(path: path) }
      throw .disk(error)
    }
    do throws(DiskFailure) { try file.map(from: 0, count: place.byteCount, at: place.base) } catch {
      throw .disk(error)
    }
    var isDone = false
    defer { if !isDone { try? unmapFiles(at: place.base, count: place.byteCount) } }

    let (candidates, failures) = try states(of: file, path: path, place: place)
    opening.rejected = failures
    var first: BedrockFailure?
    for state in candidates {
      do throws(BedrockFailure) {
        // Where one state is damaged, another is only taken after all of it was compared.
        var options = options
        if first != nil, options.verifiesOnDemand {
          options.verifiesOnDemand = false
          options.verifiedBytes = .max
        }
        let (sums, segmentGuard) = try verify(
          state, file: file, path: path, on: disk, place: place, options: options, &opening)
        let store = try Bedrock(
          path: path, place: place, options: options, disk: disk, file: file, state: state, opening: opening,
          sums: sums, segmentGuard: segmentGuard)
        sums?.write(store.map, openSegment: store.openSegment)
        try store.republish()
        sums?.didPublish(store.map)
        isDone = true
        return store
      } catch {
        guard case .damaged = error else { throw error }
        first = first ?? error
        opening.rejected.append(error)
      }
    }
    throw first ?? failures.first ?? .notAStore(path: path)
  }

  /// The whole states of a file, newest first, and why others are not whole.
  static func states(
    of file: any DiskFile, path: String, place: BedrockPlace
  ) throws(BedrockFailure) -> (states: [OpenedState], failures: [BedrockFailure]) {
    var blocks: [(Superblock, Int)] = []
    var failures: [BedrockFailure] = []
    var later: BedrockFailure?
    for slot in 0..<Layout.superblockSlots {
      let page = try readWords(Layout.pageWords, at: slot * Layout.pageWords, of: file)
      switch Superblock.decode(page, path: path, slot: slot) {
      case .success(let block): blocks.append((block, slot))
      case .failure(let failure):
        failures.append(failure)
        if case .laterFormat = failure { later = failure }
      }
    }
    if let later { throw later }
    if blocks.isEmpty { throw .notAStore(path: path) }
    blocks.sort { $0.0.sequence > $1.0.sequence }
    let size: Int
    do throws(DiskFailure) { size = try file.size() } catch { throw .disk(error) }
    var states: [OpenedState] = []
    for (block, slot) in blocks {
      do throws(BedrockFailure) {
        let map = try readMap(of: block, slot: slot, file: file, path: path, fileBytes: size)
        guard map.segments.count * map.segmentWords * 8 <= place.byteCount else {
          throw .addressRange(bytes: place.byteCount)
        }
        states.append(OpenedState(block: block, slot: slot, map: map))
      } catch {
        guard case .damaged = error else { throw error }
        failures.append(error)
      }
    }
    return (states, failures)
  }

  private static func readWords(_ count: Int, at offset: Int, of file: any DiskFile) throws(BedrockFailure) -> [UInt64]
  {
    var words = [UInt64](repeating: 0, count: count)
    let result: Result<Int, DiskFailure> = words.withUnsafeMutableBytes { buffer in
      do throws(DiskFailure) { return .success(try file.read(at: offset * 8, into: buffer)) } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success: return words.map { UInt64(littleEndian: $0) }
    case .failure(let failure): throw .disk(failure)
    }
  }

  private static func readMap(
    of block: Superblock, slot: Int, file: any DiskFile, path: String, fileBytes: Int
  ) throws(BedrockFailure) -> SegmentMap {
    func damage(_ subject: Damage.Subject, _ offset: Int, _ finding: String) -> BedrockFailure {
      .damaged(Damage(path: path, subject: subject, wordOffset: offset, finding: finding))
    }
    let superblock = slot * Layout.pageWords
    let segmentBytes = block.segmentPages * Layout.pageBytes
    guard block.segmentCount >= 1, block.segmentCount <= fileBytes / segmentBytes else {
      throw damage(.superblock, superblock, "the file is shorter than its \(block.segmentCount) segments")
    }
    var map = SegmentMap(segmentPages: block.segmentPages)
    map.grow(to: block.segmentCount)
    if block.tableOffset != 0 {
      let fileWords = fileBytes / 8
      guard block.tableOffset < fileWords, block.tableEntries <= (fileWords - block.tableOffset) / 2 else {
        throw damage(.superblock, superblock, "the table lies outside of the file")
      }
      let words = try readWords(block.tableEntries * 2, at: block.tableOffset, of: file)
      guard words.withUnsafeBytes({ Checksum.of($0) }) == block.tableChecksum else {
        throw damage(.table, block.tableOffset, "the checksum is wrong")
      }
      for index in 0..<block.tableEntries {
        guard let entry = SegmentEntry(words[index * 2], words[index * 2 + 1]), map.apply(entry) else {
          throw damage(.table, block.tableOffset + index * 2, "entry \(index) is impossible")
        }
      }
    }
    for delta in block.deltas where !map.apply(delta) {
      throw damage(.superblock, superblock, "the delta for segment \(delta.first) is impossible")
    }
    if block.openSegment != 0 {
      let start = map.start(of: block.openSegment)
      guard block.openSegment < map.segments.count, map.isUsed(start),
        map.segments[block.openSegment].first == block.openSegment, block.openFill % Layout.pageWords == 0,
        block.openFill >= start, block.openFill <= map.extent(holding: start).upperBound
      else { throw damage(.superblock, superblock, "the open extent is impossible") }
    }
    return map
  }

  /// Verifies everything in use, or only the roots where that is more than is wanted. Gives the sums to be kept up, and a guard for
  /// what was left out.
  private static func verify(
    _ state: OpenedState, file: any DiskFile, path: String, on disk: any Disk, place: BedrockPlace,
    options: BedrockOptions, _ opening: inout BedrockOpening
  ) throws(BedrockFailure) -> (sums: SegmentSums?, segmentGuard: SegmentGuard?) {
    let tracer = try Tracer(base: place.base, map: state.map, path: path, keepsExtents: false)
    for root in state.block.roots { try tracer.mark(root.word) }
    let used = state.map.segments.count { $0.use == .records || $0.use == .large } * state.map.segmentWords * 8
    func verifyRoots() throws(BedrockFailure) {
      for root in state.block.roots where root.word.isReference { try tracer.verify(root.word) }
    }
    let kept = options.keepsSums ? SegmentSums.open(path, on: disk, segments: state.map.segments.count) : nil
    if used > options.verifiedBytes, options.verifiesOnDemand, let kept,
      let segmentGuard = try SegmentGuard(state, kept.entries, file: file, path: path), segmentGuard.add(place)
    {
      do throws(BedrockFailure) {
        for root in state.block.roots where root.word.isReference {
          _ = segmentGuard.isWhole(state.map.segment(holding: root.word.offset))
        }
        if let damage = segmentGuard.damage { throw .damaged(damage) }
        try verifyRoots()
        if let damage = segmentGuard.damage { throw .damaged(damage) }
      } catch {
        segmentGuard.remove(place)
        do throws(DiskFailure) { try file.map(from: 0, count: place.byteCount, at: place.base) } catch {
          throw .disk(error)
        }
        throw error
      }
      kept.sums.trust(kept.entries, state)
      return (kept.sums, segmentGuard)
    }
    if used > options.verifiedBytes, !options.verifiesOnDemand {
      try verifyRoots()
      kept?.sums.trust(kept?.entries ?? [], state)
      return (kept?.sums, nil)
    }
    let compared = kept.map { SegmentSums.compare(state, $0.entries, base: UnsafePointer(place.base)) }
    if let compared, compared.isWhole {
      try verifyRoots()
      (opening.verifiedWords, opening.isVerifiedBySums) = (compared.words, true)
    } else {
      // What differs may be garbage. Only the records know what is damage.
      while try !tracer.step(budgetWords: 1 << 20) {}
      opening.verifiedWords = tracer.liveWords
    }
    if let kept, let compared { kept.sums.adopt(compared.sums, isNews: !compared.isWhole, in: state.map) }
    return (kept?.sums, nil)
  }

  /// Writes the chosen superblock once more and syncs. Where the process before met a failing sync, the cache may
  /// show a superblock that the disk does not have; the next commit would then replace the only good one. The same
  /// holds for the store's name, and for its length: a superblock that names more segments than the disk has is none.
  private func republish() throws(BedrockFailure) {
    do throws(DiskFailure) {
      try disk.syncDirectory(directory(of: path))
      try file.truncate(to: file.size())
      try Bedrock.write(block.encoded(), slot: slot, to: file)
      try file.sync()
    } catch { throw .disk(error) }
  }

  static func write(_ page: [UInt64], slot: Int, to file: any DiskFile) throws(DiskFailure) {
    let result: Result<Void, DiskFailure> = page.withUnsafeBytes { bytes in
      do throws(DiskFailure) { return .success(try file.write(bytes, at: slot * Layout.pageBytes)) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Gives the store at `old`, which nobody has open, the name `new`. Durable after the directory was synced.
  public static func rename(_ old: String, to new: String, on disk: any Disk) throws(DiskFailure) {
    // A store without its sums only opens more slowly; the other way round they would be those of another.
    let sums = (SegmentSums.path(of: old), SegmentSums.path(of: new))
    if try disk.exists(sums.1) { try disk.remove(sums.1) }
    try disk.rename(old, to: new)
    if try disk.exists(sums.0) { try disk.rename(sums.0, to: sums.1) }
  }

  /// Makes an empty store under another name, and gives it its own when it is complete.
  private static func create(_ path: String, on disk: any Disk, options: BedrockOptions) throws(DiskFailure) {
    let draft = path + ".new"
    // What is left of another store of this name says nothing of this one.
    for name in [draft, SegmentSums.path(of: path)] where try disk.exists(name) { try disk.remove(name) }
    let file = try disk.open(draft, .create)
    var block = Superblock()
    var pages = 4
    while pages < min(options.segmentPages, Layout.largestSegmentPages) { pages *= 2 }
    block.segmentPages = pages
    block.identity = options.identity
    try file.allocate(from: 0, count: block.segmentPages * Layout.pageBytes)
    for slot in 0..<Layout.superblockSlots {
      block.sequence = UInt64(slot + 1)
      try write(block.encoded(), slot: slot, to: file)
    }
    try file.sync()
    try file.close()
    try disk.rename(draft, to: path)
    try disk.syncDirectory(directory(of: path))
  }
}
