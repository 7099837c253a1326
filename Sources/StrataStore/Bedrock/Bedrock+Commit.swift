// Committing: copy what is new behind what is there, sync, replace the older superblock, sync.

import StrataMemory

extension Bedrock {
  /// Makes `roots` the store's roots and durable, with everything they reach. Objects in memory are copied once each
  /// and keep their sharing; what is in the store already is shared. `memory` is what references outside of bedrock
  /// count from: the loom's base.
  ///
  /// Returns the roots as they lie in the store. Throws `.disk` or a fault of the value with nothing changed, or
  /// `.stopped` when the disk failed in a way that leaves its content unknown.
  @discardableResult
  public func commit(
    _ roots: [StoredRoot], from memory: UnsafePointer<UInt64>? = nil
  ) throws(BedrockFailure) -> [StoredRoot] {
    try checkWritable()
    if roots.count > Layout.rootLimit { throw .tooManyRoots(limit: Layout.rootLimit) }
    let undo = begin()
    do throws(BedrockFailure) {
      var table = try CopyTable()
      var stored = roots
      for index in stored.indices {
        stored[index].word = try store(stored[index].word, memory ?? UnsafePointer(place.base), &table)
      }
      try publish(stored, freeing: [], adopting: [], reopening: nil)
      return stored
    } catch {
      undo(self)
      throw error
    }
  }

  /// Makes the values of another store's roots this store's roots, copying everything that they reach. Gives the new
  /// roots. The copy is as small as it can be, and in the order in which it is read.
  @discardableResult
  public func commit(copying roots: [StoredRoot], of other: Bedrock) throws(BedrockFailure) -> [StoredRoot] {
    if other.isClosed { throw .closed }
    // What is written straight from another store's mapping must be readable: the system answers no faults.
    try other.finishVerification()
    isCopyingForeign = true
    defer { isCopyingForeign = false }
    return try commit(roots, from: UnsafePointer(other.place.base))
  }

  /// Makes the file at `target` a store with this one's last commit, sharing the file's blocks where the file system can; its
  /// unused parts are shared as well. False, with nothing made, where it cannot.
  public func clone(to target: String) throws(BedrockFailure) -> Bool {
    try checkWritable()
    do throws(DiskFailure) {
      guard try disk.clone(path, to: target) else { return false }
      // Without it, opening the clone takes longer.
      if sums != nil { _ = try disk.clone(SegmentSums.path(of: path), to: SegmentSums.path(of: target)) }
      return true
    } catch { throw .disk(error) }
  }

  /// Remembers the state of the allocator; what is returned restores it.
  func begin() -> (Bedrock) -> Void {
    let open = openSegment
    let position = writer.position
    let end = writer.end
    commitWords = 0
    return { store in
      for first in store.taken { store.map.free(first, stamp: 0) }
      store.taken.removeAll()
      store.sums?.revert(store.map)
      store.openSegment = open
      if open != 0 { store.writer.move(to: position, end: end) }
    }
  }

  /// Copies the graph below `root` into the store, each object after everything that it refers to.
  func store(
    _ root: Word, _ memory: UnsafePointer<UInt64>, _ table: inout CopyTable
  ) throws(BedrockFailure) -> Word {
    if let known = try known(root, table) { return known }
    try enter(root, memory, &table)
    while table.depth > 0 {
      let (offset, next) = table.top
      let header = Header(raw: memory[offset])
      var index = next
      var isWaiting = false
      if header.isScanned {
        while index < header.size {
          let word = Word(raw: memory[offset + 1 + index])
          index += 1
          if try known(word, table) == nil {
            table.advance(to: index)
            try enter(word, memory, &table)
            isWaiting = true
            break
          }
        }
      }
      if isWaiting { continue }
      let record = try write(header, memory + offset + 1, table)
      try table.set(offset, to: record)
      table.pop()
    }
    guard let stored = try known(root, table) else { throw .cyclic }
    return stored
  }

  /// The word as it is stored, or nil when it has to be copied first.
  @inline(__always)
  private func known(_ word: Word, _ table: borrowing CopyTable) throws(BedrockFailure) -> Word? {
    if word.isDirect { return word }
    if word.isTransient { throw .unstorable(header: word.raw) }
    if word.isPersistent, !isCopyingForeign {
      guard let kept = forward(word) else { throw .danglingReference(word) }
      return kept
    }
    let record = table.find(word.offset)
    if record == CopyTable.inProgress { throw .cyclic }
    return record == 0 ? nil : word.moved(to: record).persistent
  }

  private func enter(
    _ word: Word, _ memory: UnsafePointer<UInt64>, _ table: inout CopyTable
  ) throws(BedrockFailure) {
    let header = Header(raw: memory[word.offset])
    guard let kind = header.kind, kind != .thunk, kind != .filler else { throw .unstorable(header: header.raw) }
    try table.set(word.offset, to: CopyTable.inProgress)
    try table.push(word.offset)
  }

  /// Appends one record. Gives the offset of its header.
  private func write(
    _ header: Header, _ body: UnsafePointer<UInt64>, _ table: borrowing CopyTable
  ) throws(BedrockFailure) -> Int {
    let size = header.size
    let words = Layout.recordWords(bodySize: size)
    let stored = header.raw & ~Header.markBit
    metrics.recordsWritten += 1
    commitWords += words
    if !header.isScanned, words * 2 > map.segmentWords { return try writeLarge(stored, body, size) }
    try makeRoom(words)
    let offset = writer.position + 1
    let record = try writer.reserve(words)
    record[1] = stored
    if header.isScanned {
      for index in 0..<size {
        guard let word = try known(Word(raw: body[index]), table) else { throw .cyclic }
        record[2 + index] = word.raw
      }
    } else {
      (record + 2).update(from: body, count: size)
    }
    if size & 1 == 1 { record[2 + size] = 0 }
    record[0] = Layout.check(record + 1, size: size, offset: offset, stamp: (block.sequence + 1) & 0xFFFF_FFFF)
    return offset
  }

  /// Writes a large record without references into an extent of its own, straight from memory.
  private func writeLarge(
    _ header: UInt64, _ body: UnsafePointer<UInt64>, _ size: Int
  ) throws(BedrockFailure) -> Int {
    let words = Layout.recordWords(bodySize: size)
    let count = (words + map.segmentWords - 1) / map.segmentWords
    let first = try takeExtent(segments: count, use: .large, isPrivileged: false)
    taken.append(first)
    let start = map.start(of: first)
    let stamp = (block.sequence + 1) & 0xFFFF_FFFF
    var checksum = Checksum()
    checksum.feed(UInt64(start + 1))
    checksum.feed(stamp)
    checksum.feed(header)
    let bytes = UnsafeRawBufferPointer(start: body, count: size * 8)
    checksum.feed(bytes)
    let prefix = [stamp << 32 | UInt64(checksum.value), header]
    do throws(DiskFailure) {
      let failure: DiskFailure? = prefix.withUnsafeBytes { prefix in
        do throws(DiskFailure) { try file.write(prefix, at: start * 8) } catch { return error }
        return nil
      }
      if let failure { throw failure }
      try file.write(bytes, at: (start + 2) * 8)
    } catch { throw .disk(error) }
    return start + 1
  }

  /// The one way in which anything becomes visible: flush, sync, superblock, sync. `adopting` are the extents of a
  /// collection, which become ordinary ones; `reopening` is where new records may go on in the last of them.
  func publish(
    _ roots: [StoredRoot], freeing: [Int], adopting: [Int], reopening: (first: Int, fill: Int)?
  ) throws(BedrockFailure) {
    var next = block
    next.sequence += 1
    next.roots = roots
    if openSegment != 0 { try writer.finish() }
    let hasTable = !freeing.isEmpty || !adopting.isEmpty || block.deltas.count + taken.count + 1 > Layout.deltaLimit
    var restored: (map: SegmentMap, taken: [Int])?
    if hasTable {
      restored = (map, taken)
      for first in adopting { map.change(first, to: .records) }
      for first in freeing { map.free(first, stamp: next.sequence) }
      if let reopening {
        openSegment = reopening.first
        writer.move(to: reopening.fill, end: map.extent(holding: map.start(of: reopening.first)).upperBound)
      }
    }
    do throws(BedrockFailure) {
      if hasTable {
        try writeTable(into: &next)
      } else {
        for first in taken {
          if let entry = map.entry(first) { next.deltas.append(entry) }
        }
      }
      next.segmentCount = map.segments.count
      next.nextOrder = nextOrder
      next.openSegment = openSegment
      next.openFill = openSegment == 0 ? 0 : writer.position
      next.writtenWords += commitWords
      if let sums {
        // From here on nothing is added to the extents that were left.
        for first in adopting + taken + [block.openSegment] where first != 0 && map.isUsed(map.start(of: first)) {
          sums.touch(first..<first + map.segments[first].count)
        }
        sums.write(map, openSegment: next.openSegment)
      }
      try syncAndReplace(next)
    } catch {
      if let restored { (map, taken) = restored }
      throw error
    }
    block = next
    slot = 1 - slot
    taken.removeAll()
    sums?.didPublish(map)
    metrics.commits += 1
    metrics.wordsWritten += commitWords
    commitWords = 0
    punchUnused()
  }

  /// Writes the table of all segments as pages of the open extent.
  private func writeTable(into next: inout Superblock) throws(BedrockFailure) {
    // Taking room for the table may itself add an extent, so room for a few entries more is made.
    let limit = map.entries().count + 8
    let words = (limit * 2 + Layout.pageWords - 1) & ~(Layout.pageWords - 1)
    try makeRoom(words, isPrivileged: true)
    let offset = writer.position
    let entries = map.entries()
    let place = try writer.reserve(words)
    place.update(repeating: 0, count: words)
    for (index, entry) in entries.prefix(words / 2).enumerated() {
      (place[index * 2], place[index * 2 + 1]) = entry.words
    }
    next.tableOffset = offset
    next.tableEntries = entries.count
    next.tableChecksum = Checksum.of(UnsafeRawBufferPointer(start: place, count: entries.count * 16))
    next.deltas = []
    commitWords += words
    try writer.finish()
  }

  private func syncAndReplace(_ next: Superblock) throws(BedrockFailure) {
    let start = Clock.now()
    do throws(DiskFailure) {
      try file.sync()
      try Bedrock.write(next.encoded(), slot: 1 - slot, to: file)
      try file.sync()
      metrics.longestSync = max(metrics.longestSync, Clock.now() &- start)
    } catch {
      // The disk may hold the new superblock or the old one, and the cache may show either.
      failure = error
      throw .stopped(error)
    }
  }

  /// Gives a few unused segments back to the file system. What fails here costs space and nothing else.
  private func punchUnused() {
    let surplus = map.unpunchedCount - options.keptSegments
    if surplus <= 0 { return }
    let unpunched = map.segments.indices.filter { map.segments[$0].use == .free }
    let latest = latestReusable()
    let bytes = map.segmentWords * 8
    for index in unpunched.filter({ map.segments[$0].stamp <= latest }).suffix(min(surplus, 16)) {
      do throws(DiskFailure) {
        if try !file.punch(from: index * bytes, count: bytes) { return }
        map.notePunched(index)
        metrics.segmentsPunched += 1
      } catch { return }
    }
  }
}
