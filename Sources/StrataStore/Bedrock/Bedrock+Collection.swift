// Collecting garbage while commits go on: bounded steps, nothing visible before the last of them.
//
// A crash at any point leaves the store as the last commit left it, because no superblock names what a collection has
// written until it is complete. What is committed meanwhile lies in newer extents; further rounds take it along until
// so little is left that it fits into the step that publishes.

import StrataMemory

/// What a step of a collection has achieved.
public enum CollectionProgress: Equatable, Sendable {
  /// There is more to do.
  case working
  /// The collection is complete. These are the roots now; other references may have moved, see `forward`.
  case complete([StoredRoot])
  /// A commit took up a record that was garbage when the collection began. Nothing has changed; begin again.
  case abandoned
}

extension Bedrock {
  /// Whether a collection is under way.
  public var isCollecting: Bool { collection != nil }

  /// Whether enough has been written since the last collection to make one worthwhile: three tenths of what was alive.
  public var needsCollection: Bool {
    !isCollecting && block.writtenWords > max(block.liveWords / 10 * 3, 8 * map.segmentWords)
  }

  /// How much of the file is taken by records and tables, dead ones included, in bytes.
  public var usedBytes: Int {
    map.segments.count { $0.use != .free && $0.use != .punched } * map.segmentWords * 8
  }

  /// What the store takes of the disk, in bytes: what is used, and what is kept for later use.
  public var allocatedBytes: Int { map.segments.count { $0.use != .punched } * map.segmentWords * 8 }

  /// Bytes that are free but cannot be reused yet, because a superblock or a reader may still refer to them.
  public var heldBytes: Int {
    let latest = latestReusable()
    return map.segments.count { ($0.use == .free || $0.use == .punched) && $0.stamp > latest } * map.segmentWords * 8
  }

  /// Begins a collection. References that are kept in memory and that no root reaches must be among `extraRoots`, or
  /// be dropped. With `compacting` false, only extents without any live record are freed, and nothing moves.
  public func beginCollection(compacting: Bool = true, extraRoots: [Word] = []) throws(BedrockFailure) {
    try checkWritable()
    if collection != nil { return }
    endRelocation()
    closeOpenExtent()
    let words = map.segments.count * map.segmentWords
    let capacity = min(place.byteCount / 8, words * 2 + (64 << 20))
    let tracer = try Tracer(
      base: place.base, map: map, path: path, keepsExtents: compacting, capacityWords: capacity)
    let state = Collection(
      tracer: tracer, extraRoots: extraRoots, isCompacting: compacting, horizon: nextOrder,
      writer: try RecordWriter(file: file, sums: sums, segmentWords: map.segmentWords),
      relocation: try Relocation(tracer: tracer, capacityWords: capacity))
    state.capacityWords = capacity
    for root in block.roots { try tracer.mark(root.word) }
    for word in extraRoots { try tracer.mark(word) }
    collection = state
  }

  /// Gives a collection up. Nothing is lost but its work.
  public func abandonCollection() {
    guard let state = collection else { return }
    collection = nil
    for first in state.adopted { map.free(first, stamp: 0) }
    metrics.abandonedCollections += 1
  }

  /// The new place of a value from before the last collection, until `endRelocation`; nil for a value that no root
  /// reached. `commit` does this by itself for the values that it copies.
  public func forward(_ word: Word) -> Word? {
    var kept = word
    if let relocation {
      guard let moved = relocation.forward(word) else { return nil }
      kept = moved
    }
    return !kept.isPersistent || kept.offset & 1 == 1 && map.isUsed(kept.offset) ? kept : nil
  }

  /// Says that no reference from before the last collection is in use any more. Until then old references can be read
  /// and committed, and the space that the collection has freed is not reused.
  public func endRelocation() { relocation = nil }

  /// Does a part of the collection, about `budgetWords` words of reading, and completes it when all is done.
  public func stepCollection(budgetWords: Int) throws(BedrockFailure) -> CollectionProgress {
    try checkWritable()
    guard let state = collection else { return .complete(block.roots) }
    do throws(BedrockFailure) {
      if map.segments.count * map.segmentWords > state.capacityWords { throw .memory }
      guard try advance(state, budgetWords: max(budgetWords, 1024)) else { return .working }
      if state.tracer.hasFoundDeadReferred { return giveUp() }
      let isSmall = newWords(since: state.horizon) <= Bedrock.finalRoundWords
      if newWords(since: state.horizon) > 0 {
        try beginRound(state)
        if !isSmall, state.round < 8 { return .working }
        while try !advance(state, budgetWords: 1 << 20) {}
        if state.tracer.hasFoundDeadReferred { return giveUp() }
      }
      try complete(state)
      return .complete(block.roots)
    } catch {
      abandonCollection()
      throw error
    }
  }

  private func giveUp() -> CollectionProgress {
    abandonCollection()
    return .abandoned
  }

  /// What the step that publishes may copy besides: one megabyte.
  private static let finalRoundWords = 1 << 17

  private func newWords(since horizon: UInt64) -> Int {
    map.segments.count { ($0.use == .records || $0.use == .large) && $0.stamp >= horizon } * map.segmentWords
  }

  /// From here on commits go to a new extent, so that a round knows what it has to look at.
  private func closeOpenExtent() {
    openSegment = 0
  }

  private func beginRound(_ state: Collection) throws(BedrockFailure) {
    closeOpenExtent()
    state.tracer.resume(map: map, floor: state.horizon)
    for root in block.roots { try state.tracer.mark(root.word) }
    state.previousHorizon = state.horizon
    state.horizon = nextOrder
    state.round += 1
    state.phase = .marking
  }

  /// Works on the current round. True when it is done.
  private func advance(_ state: Collection, budgetWords: Int) throws(BedrockFailure) -> Bool {
    var budget = budgetWords
    while budget > 0 {
      switch state.phase {
      case .marking:
        guard try state.tracer.step(budgetWords: budget) else { return false }
        // A commit has taken up a record that no root reached when the collection began. That is allowed, but this
        // collection does not know what that record refers to.
        if state.tracer.hasFoundDeadReferred { return true }
        chooseSources(state)
        state.plannedUnits = 0
        state.phase = .planning(index: 0, block: 0)
        budget -= 1024
      case .planning(let index, let block):
        if index < state.sources.count {
          budget -= plan(state, index, block, budget)
        } else {
          try takeTarget(state)
          state.phase = .moving(index: 0, block: 0)
        }
      case .moving(let index, let block):
        if index < state.sources.count {
          budget -= try move(state, index, block, budget)
        } else {
          if state.plannedUnits > 0 { try state.writer.finish() }
          state.freed += state.sources
          state.sources = []
          return true
        }
      }
    }
    return false
  }

  /// Decides what the round moves. The first round may leave the oldest extents where they are, later ones take all.
  private func chooseSources(_ state: Collection) {
    let tracer = state.tracer
    func live(_ first: Int) -> Int { tracer.liveWords(ofExtent: first) }
    let known = state.tracer.map
    let extents = known.extentsByOrder().filter {
      known.segments[$0].stamp < state.horizon && known.segments[$0].stamp >= state.previousHorizon
    }
    if state.round > 0 {
      state.sources = state.didMove ? extents.filter { known.segments[$0].use == .records } : []
      return
    }
    state.liveWords = state.tracer.liveWords
    state.freed = extents.filter { live($0) == 0 }
    let candidates = extents.filter { live($0) > 0 && known.segments[$0].use == .records }
    if !state.isCompacting { return }
    func size(_ first: Int) -> Int { known.segments[first].count * known.segmentWords }
    let garbage = candidates.reduce(0) { $0 + size($1) - live($1) }
    var gain = 0
    var cost = 0
    var segments = 0
    var begin = candidates.count
    while begin > 0, gain * 5 < garbage * 4 {
      begin -= 1
      gain += size(candidates[begin]) - live(candidates[begin])
      cost += live(candidates[begin])
      segments += known.segments[candidates[begin]].count
    }
    let needed = (cost + known.segmentWords - 1) / known.segmentWords
    if needed < segments, gain * 4 >= cost, cost / 2 < Int(UInt32.max) {
      state.sources = Array(candidates[begin...])
      state.didMove = true
    }
  }

  /// Counts the live words before each block of a source. Gives what it cost.
  private func plan(_ state: Collection, _ index: Int, _ block: Int, _ budget: Int) -> Int {
    guard let extents = state.tracer.extents else { return 1 }
    let extent = map.extent(holding: map.start(of: state.sources[index]))
    var at = max(block, extent.lowerBound / Tracer.blockWords)
    let end = extent.upperBound / Tracer.blockWords
    let stop = min(end, at + max(1, budget / 4))
    let cost = (stop - at) * 4
    while at < stop {
      state.relocation.setUnits(state.plannedUnits, before: at)
      state.plannedUnits += extents[at].nonzeroBitCount
      at += 1
    }
    state.phase = at == end ? .planning(index: index + 1, block: 0) : .planning(index: index, block: at)
    return cost
  }

  /// Takes the run that the round's records slide into.
  private func takeTarget(_ state: Collection) throws(BedrockFailure) {
    if state.plannedUnits == 0 { return }
    let count = (state.plannedUnits * 2 + map.segmentWords - 1) / map.segmentWords
    let first = try takeExtent(segments: count, use: .target, isPrivileged: true)
    state.adopted.append(first)
    state.target = map.start(of: first)
    state.writer.move(to: state.target, end: map.start(of: first + count))
    for source in state.sources {
      state.relocation.setRun(state.target, ofSegments: source..<source + map.segments[source].count)
    }
  }

  /// Copies the live records of a part of a source. Gives the words read.
  private func move(_ state: Collection, _ index: Int, _ block: Int, _ budget: Int) throws(BedrockFailure) -> Int {
    let extent = map.extent(holding: map.start(of: state.sources[index]))
    let starts = state.tracer.starts
    var at = max(block, extent.lowerBound / Tracer.blockWords)
    let end = extent.upperBound / Tracer.blockWords
    var cost = 0
    while at < end, cost < budget {
      var bits = starts[at]
      cost += 1
      while bits != 0 {
        let offset = at * Tracer.blockWords + bits.trailingZeroBitCount * 2
        bits &= bits - 1
        cost += try moveRecord(at: offset, state)
      }
      at += 1
    }
    state.phase = at == end ? .moving(index: index + 1, block: 0) : .moving(index: index, block: at)
    return cost
  }

  private func moveRecord(at offset: Int, _ state: Collection) throws(BedrockFailure) -> Int {
    let record = place.base + offset
    let header = Header(raw: record[1])
    let size = header.size
    let words = Layout.recordWords(bodySize: size)
    let place = state.writer.position
    let planned = state.relocation.forward(Word(tag: .vector, offset: offset + 1).persistent)
    guard words <= state.writer.room, planned?.offset == place + 1 else { throw movedDamage(offset) }
    let copy = try state.writer.reserve(words)
    copy[1] = header.raw
    if header.isScanned {
      for index in 0..<size {
        guard let word = state.relocation.forward(Word(raw: record[2 + index])) else { throw movedDamage(offset) }
        copy[2 + index] = word.raw
      }
    } else {
      (copy + 2).update(from: record + 2, count: size)
    }
    if size & 1 == 1 { copy[2 + size] = 0 }
    copy[0] = Layout.check(copy + 1, size: size, offset: place + 1, stamp: record[0] >> 32)
    metrics.recordsMoved += 1
    return words
  }

  private func movedDamage(_ offset: Int) -> BedrockFailure {
    .damaged(Damage(path: path, subject: .record, wordOffset: offset, finding: "it changed while it was being moved"))
  }

  /// Makes the result of the collection the store's state.
  private func complete(_ state: Collection) throws(BedrockFailure) {
    let before = (block.liveWords, block.writtenWords)
    block.liveWords = state.tracer.liveWords
    block.writtenWords = 0
    if !state.freed.isEmpty || !state.adopted.isEmpty {
      var roots = block.roots
      for index in roots.indices {
        guard let word = state.relocation.forward(roots[index].word) else {
          throw movedDamage(roots[index].word.offset)
        }
        roots[index].word = word
      }
      if state.didMove { state.relocation.lease = lease() }
      let undo = begin()
      do throws(BedrockFailure) {
        var reopening: (first: Int, fill: Int)?
        if let last = state.adopted.last, state.writer.room >= Layout.pageWords {
          reopening = (last, state.writer.position)
        }
        try publish(roots, freeing: state.freed, adopting: state.adopted, reopening: reopening)
      } catch {
        undo(self)
        (block.liveWords, block.writtenWords) = before
        throw error
      }
      metrics.segmentsFreed += state.freed.reduce(0) { $0 + state.tracer.map.segments[$1].count }
    }
    if state.didMove { relocation = state.relocation }
    collection = nil
    metrics.collections += 1
  }
}
