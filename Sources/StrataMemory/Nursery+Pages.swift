// How a nursery gets pages and gives them back: opening, closing, the two ends of the arena, the upward zones.

extension Nursery {
  static let pageWords = Reservation.pageBytes / 8
  /// Room for this many frames; more is refused as too deep.
  static let frameCapacity = 1 << 20

  static func open(_ options: LoomOptions) throws(Fault) -> Nursery {
    var options = options
    options.commitWords = max(pageWords, options.commitWords / pageWords * pageWords)
    options.youngWords = max(1 << 9, options.youngWords)
    var reservation = try Reservation(byteCount: options.reservationBytes, leastBytes: 8 << 20)
    reservation.refusal = options.refusal
    let words = reservation.byteCount / 8
    func share(_ parts: Int) -> Int { words / 32 * parts / pageWords * pageWords }
    // Bedrock a quarter, commons an eighth, stack an eighth; half is left for the arena.
    let bedrock = share(8)
    let commons = Zone(low: bedrock, high: bedrock + share(4))
    let frameWords = MemoryLayout<Frame>.stride / 8
    let framesSize = min(share(1), (frameCapacity * frameWords + pageWords - 1) / pageWords * pageWords)
    let frames = Zone(low: commons.high, high: commons.high + framesSize)
    let trail = Zone(low: frames.high, high: frames.high + share(1))
    let stack = Zone(low: trail.high, high: trail.high + share(4))
    let arenaLow = stack.high
    let arenaHigh = words / pageWords * pageWords
    let base = reservation.base.assumingMemoryBound(to: UInt64.self)
    // The poll word, the reason to stop, and the operand slots.
    let signalCount = 2 + operandSlotCount
    let signals = UnsafeMutablePointer<UInt64>.allocate(capacity: signalCount)
    signals.initialize(repeating: 0, count: signalCount)
    if options.checksMoves { signals[0] = 1 }
    let state = UnsafeMutablePointer<NurseryState>.allocate(capacity: 1)
    state.initialize(
      to: NurseryState(
        base: base, top: 0, limit: 0, poll: signals, stackTop: stack.low, stackLimit: stack.low,
        frame: (reservation.base + frames.low * 8).assumingMemoryBound(to: Frame.self), depth: 0,
        stopReason: signals + 1, reservation: reservation, options: options, fixedEnd: commons.high,
        commons: commons, frames: frames, trail: trail, stack: stack, arenaLow: arenaLow, arenaHigh: arenaHigh,
        westCommitted: arenaLow, eastCommitted: arenaHigh, commonsTop: commons.low + 1, trailTop: trail.low,
        youngWords: max(1 << 9, min(options.firstYoungWords, options.youngWords)),
        largeThreshold: max(64, options.youngWords / 8),
        chunkWords: min(1 << 15, max(1 << 9, options.youngWords / 8))))
    let nursery = Nursery(state: state)
    do throws(Fault) {
      try state.pointee.growFrames(to: frames.low + frameWords)
    } catch {
      nursery.close()
      throw error
    }
    let budget = (options.budgetBytes ?? Int.max) / 8
    state.pointee.frame.initialize(
      to: Frame(
        tenured: Space(side: .west, bound: arenaLow), young: Space(side: .east, bound: arenaHigh),
        westBound: arenaLow, eastBound: arenaHigh, stackBase: stack.low, trailBase: trail.low,
        rank: HeapSizes.rank(holding: 16 * options.youngWords), budgetWords: budget,
        youngWords: state.pointee.youngWords(roomWords: budget), liveWords: 0, scannedStack: stack.low))
    return nursery
  }

  func close() {
    let signals = state.pointee.poll
    state.deinitialize(count: 1)
    state.deallocate()
    signals.deallocate()
  }
}

extension LoomOptions {
  /// How far a range that is committed up to `committed` is to be committed so that words below `end` may be used:
  /// in small steps while it is small, then to the next huge page.
  func commitEnd(_ end: Int, from committed: Int, used: Int) -> Int {
    if used < hugeFromWords, end - committed < hugeFromWords {
      return committed + (end - committed + commitWords - 1) / commitWords * commitWords
    }
    let hugeWords = Reservation.hugePageBytes / 8
    // At least a whole huge page, so that it can be one.
    return (max(end, committed + hugeWords) + hugeWords - 1) & ~(hugeWords - 1)
  }
}

extension Zone {
  /// Commits pages so that words below `end` may be used. Changes nothing when it throws.
  mutating func grow(to end: Int, in reservation: inout Reservation, options: LoomOptions) throws(Fault) {
    if end <= committed { return }
    guard end <= high else { throw .depth }
    let target = min(high, options.commitEnd(end, from: committed, used: committed - low))
    try reservation.commit(from: committed * 8, count: (target - committed) * 8)
    committed = target
  }

  /// Gives back what lies further than `kept` words above `used`.
  mutating func shrink(to used: Int, keeping kept: Int, in reservation: inout Reservation) {
    let target = (used + Nursery.pageWords - 1) / Nursery.pageWords * Nursery.pageWords + kept
    guard target < committed else { return }
    reservation.release(from: target * 8, count: (committed - target) * 8)
    committed = target
  }
}

extension Frame {
  /// Whole pages that hold what `tenured` may grow by before it is compacted, if it has `large` words or more.
  func growthWords(from large: Int) -> Int {
    guard tenured.extent >= large else { return 0 }
    let page = Nursery.pageWords
    return max(0, HeapSizes.words[rank] - tenured.extent + page - 1) / page * page
  }
}

extension NurseryState {
  mutating func growFrames(to end: Int) throws(Fault) {
    try frames.grow(to: end, in: &reservation, options: options)
  }

  mutating func growTrail(to end: Int) throws(Fault) {
    try trail.grow(to: end, in: &reservation, options: options)
  }

  mutating func growCommons(to end: Int) throws(Fault) {
    do throws(Fault) {
      try commons.grow(to: end, in: &reservation, options: options)
    } catch {
      throw error == .depth ? .bytes : error
    }
  }

  mutating func growStack(to end: Int) throws(Fault) {
    guard end - stack.low <= frame.pointee.budgetWords else { throw .bytes }
    guard end <= stackBound else { throw .depth }
    try stack.grow(to: end, in: &reservation, options: options)
    stackLimit = min(stack.committed, stackBound)
  }

  /// The lower and upper end of the free middle, as the innermost frame leaves it.
  var middle: (west: Int, east: Int) {
    let tenured = frame.pointee.tenured
    let young = frame.pointee.young
    return tenured.side == .west ? (tenured.high, young.low) : (young.high, tenured.low)
  }

  /// Words in use: both ends of the arena and the stack.
  var usedWords: Int {
    let (west, east) = middle
    return (west - arenaLow) + (arenaHigh - east) + (stackTop - stack.low)
  }

  /// Commits the `count` words that follow the edge of `side`, so that a chunk can be placed there. Changes
  /// nothing but the committed bounds.
  mutating func commitEdge(_ side: Side, count: Int) throws(Fault) {
    let (west, east) = middle
    guard count <= east - west else { throw .bytes }
    if side == .west {
      let end = west + count
      if end <= westCommitted { return }
      // The other end may have committed pages that reach into the middle; those need no second request.
      let wanted = options.commitEnd(end, from: westCommitted, used: westCommitted - arenaLow)
      let target = min(eastCommitted, wanted)
      if target > westCommitted {
        try reservation.commit(from: westCommitted * 8, count: (target - westCommitted) * 8)
        westCommitted = target
      }
      if end > westCommitted {
        westCommitted = min(arenaHigh, (end + Nursery.pageWords - 1) / Nursery.pageWords * Nursery.pageWords)
        eastCommitted = westCommitted
      }
    } else {
      let start = east - count
      if start >= eastCommitted { return }
      // The same steps, counted downwards.
      let wanted = -options.commitEnd(-start, from: -eastCommitted, used: arenaHigh - eastCommitted)
      let target = max(westCommitted, wanted)
      if target < eastCommitted {
        try reservation.commit(from: target * 8, count: (eastCommitted - target) * 8)
        eastCommitted = target
      }
      if start < eastCommitted {
        eastCommitted = max(arenaLow, start / Nursery.pageWords * Nursery.pageWords)
        westCommitted = eastCommitted
      }
    }
  }

  /// Gives back committed pages of the free middle, except what each end keeps for its next growth.
  mutating func releaseMiddle(keeping wanted: Int) {
    let kept = options.checksMoves ? 0 : wanted
    // Where a large frame will grow before it is compacted again, pages would be asked for again at once.
    let grown = options.checksMoves ? 0 : max(kept, frame.pointee.growthWords(from: options.slideFromWords))
    let isWest = frame.pointee.tenured.side == .west
    let (west, east) = middle
    let page = Nursery.pageWords
    let westTarget = min(east / page * page, (west + page - 1) / page * page + (isWest ? grown : kept))
    if westTarget < westCommitted {
      reservation.release(from: westTarget * 8, count: (westCommitted - westTarget) * 8)
      westCommitted = westTarget
    }
    let eastTarget = max((west + page - 1) / page * page, east / page * page - (isWest ? kept : grown))
    if eastTarget > eastCommitted {
      reservation.release(from: eastCommitted * 8, count: (eastTarget - eastCommitted) * 8)
      eastCommitted = eastTarget
    }
    if options.checksMoves { scramble(west, westCommitted, eastCommitted, east) }
    stack.shrink(to: stackTop, keeping: wanted, in: &reservation)
    stackLimit = min(stack.committed, stackBound)
    trail.shrink(to: trailTop, keeping: options.commitWords, in: &reservation)
  }

  /// Fills what is left of pages in the free middle with a word that no object begins with and that refers to nothing.
  private func scramble(_ west: Int, _ westEnd: Int, _ eastStart: Int, _ east: Int) {
    if west < westEnd { (base + west).update(repeating: .max, count: min(westEnd, east) - west) }
    if eastStart < east { (base + max(eastStart, west)).update(repeating: .max, count: east - max(eastStart, west)) }
  }
}
