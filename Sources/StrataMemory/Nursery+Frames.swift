// Frames: push, pop with a preserved result, bail, safe points, collections and the trail.

import CPlatform

extension Nursery {
  /// Opens an inner frame, which may use `budgetBytes` more than is in use now (nil: as much as its parent). Young
  /// objects move, so words held outside the stack are stale afterwards; `activeBase` is as for `safePoint`.
  /// Changes nothing when it throws.
  public func pushFrame(budgetBytes: Int? = nil, activeBase: Int? = nil) throws(Fault) {
    let parent = state.pointee.frame
    let frameWords = MemoryLayout<Frame>.stride / 8
    let record = state.pointee.frames.low + (state.pointee.depth + 1) * frameWords
    try state.pointee.growFrames(to: record + frameWords)
    if parent.pointee.young.extent > 0 { try collectYoung(activeBase: activeBase) }
    let (west, east) = state.pointee.middle
    let used = state.pointee.usedWords
    var budget = parent.pointee.budgetWords
    if let budgetBytes { budget = min(budget, used + max(0, min(budgetBytes, 1 << 60)) / 8) }
    let side = parent.pointee.tenured.side.opposite
    let child = parent + 1
    child.initialize(
      to: Frame(
        tenured: Space(side: side, bound: side == .west ? west : east),
        young: Space(side: side.opposite, bound: side == .west ? east : west),
        westBound: west, eastBound: east, stackBase: state.pointee.stackTop, trailBase: state.pointee.trailTop,
        rank: HeapSizes.rank(holding: 16 * state.pointee.options.youngWords), budgetWords: budget,
        youngWords: state.pointee.youngWords(roomWords: budget - used),
        liveWords: 0, scannedStack: state.pointee.stackTop))
    state.pointee.frame = child
    state.pointee.depth += 1
    state.pointee.top = 0
    state.pointee.limit = 0
    state.pointee.metrics.pushes += 1
  }

  /// Closes the innermost frame, keeping `result` and what it refers to for the parent; everything else of the frame is
  /// dropped, by the parent's next collection where that costs less than a copy now. Returns the result's new word. When
  /// there is no room for it, throws and has bailed. The caller guarantees that a frame was pushed.
  public func popFrame(_ result: Word) throws(Fault) -> Word {
    assert(state.pointee.depth > 0)
    state.pointee.closeCurrentChunk()
    let trailEmpty = state.pointee.trailTop == state.pointee.frame.pointee.trailBase
    var kept = result
    if result.isReference && contains(result.offset) || !trailEmpty || !state.pointee.providers.isEmpty {
      do throws(Fault) {
        try preserve(&kept)
      } catch {
        bailFrame()
        throw error
      }
    } else {
      leaveFrame(into: nil)
    }
    state.pointee.metrics.pops += 1
    for provider in state.pointee.providers { provider.frameEnded(depth: state.pointee.depth, bailed: false) }
    state.pointee.releaseMiddle(keeping: state.pointee.options.keptWords)
    checkInvariants()
    return kept
  }

  /// Drops the innermost frame at once, with everything that was allocated in it; slots of older frames that
  /// it had updated get their old words back. The caller guarantees that a frame was pushed.
  public func bailFrame() {
    assert(state.pointee.depth > 0)
    let child = state.pointee.frame
    var entry = state.pointee.trailTop
    while entry > child.pointee.trailBase {
      entry -= 2
      let slot = Int(base[entry])
      // Only slots below the frame outlive it; they were in no space of the child.
      if !child.pointee.tenured.contains(slot), !child.pointee.young.contains(slot) {
        base[slot] = base[entry + 1]
      }
    }
    state.pointee.trailTop = child.pointee.trailBase
    leaveFrame(into: nil)
    state.pointee.metrics.bails += 1
    for provider in state.pointee.providers { provider.frameEnded(depth: state.pointee.depth, bailed: true) }
    state.pointee.releaseMiddle(keeping: state.pointee.options.keptWords)
    checkInvariants()
  }

  /// Drops everything in the outermost frame and all inner ones, as after opening. The stack is emptied.
  public func reset() {
    while state.pointee.depth > 0 { bailFrame() }
    let frame = state.pointee.frame
    frame.pointee.tenured = Space(side: .west, bound: frame.pointee.westBound)
    frame.pointee.young = Space(side: .east, bound: frame.pointee.eastBound)
    frame.pointee.scannedStack = frame.pointee.stackBase
    state.pointee.top = 0
    state.pointee.limit = 0
    state.pointee.stackTop = frame.pointee.stackBase
    state.pointee.trailTop = frame.pointee.trailBase
    state.pointee.releaseMiddle(keeping: 0)
  }

  /// Makes the parent the innermost frame. A `target` space holds what was kept; it replaces the parent's
  /// space on the same side.
  private func leaveFrame(into target: Space?) {
    let child = state.pointee.frame
    let parent = child - 1
    state.pointee.stackTop = child.pointee.stackBase
    state.pointee.dropCurrentChunk()
    if let target {
      if parent.pointee.tenured.side == target.side {
        parent.pointee.tenured = target
      } else {
        parent.pointee.young = target
      }
    }
    state.pointee.frame = parent
    state.pointee.depth -= 1
    state.pointee.top = parent.pointee.young.top
    state.pointee.limit = parent.pointee.young.limit
  }

  /// Brings what must outlive the innermost frame into its parent's spaces and makes the parent innermost.
  private func preserve(_ result: inout Word) throws(Fault) {
    let child = state.pointee.frame
    let parent = child - 1
    let isNeeded = result.isReference && contains(result.offset)
    // What survives is first gathered at one end, unless it is all at one end already, so that the other
    // end is free up to the parent's edge.
    if child.pointee.young.extent > 0, child.pointee.tenured.extent > 0 {
      var collector = try begin(
        from: child.pointee.young, into: child.pointee.tenured, isPop: true, isYoung: true)
      result = collector.moved(result)
      moveTrail(&collector)
      for provider in state.pointee.providers { provider.visitRoots(&collector) }
      finish(&collector)
      child.pointee.tenured = collector.target
      child.pointee.young = Space(side: child.pointee.young.side, bound: bound(child.pointee.young.side))
      state.pointee.dropCurrentChunk()
    }
    if isNeeded, mayAdopt { return adopt() }
    let source = child.pointee.young.extent > 0 ? child.pointee.young : child.pointee.tenured
    let side = source.side.opposite
    let target = parent.pointee.tenured.side == side ? parent.pointee.tenured : parent.pointee.young
    var collector = try begin(from: source, into: target, isPop: true, isYoung: false)
    result = collector.moved(result)
    moveTrail(&collector)
    for provider in state.pointee.providers { provider.visitRoots(&collector) }
    finish(&collector)
    leaveFrame(into: collector.target)
  }

  /// Whether the innermost frame's own objects include the one at `offset`.
  private func contains(_ offset: Int) -> Bool {
    let frame = state.pointee.frame
    return frame.pointee.tenured.contains(offset) || frame.pointee.young.contains(offset)
  }

  /// Whether the parent may take the ending frame's tenured space as its young one instead of a copy: they lie side by side,
  /// and what the space holds besides is no more than would be kept of its pages anyway, and than the parent has room for.
  private var mayAdopt: Bool {
    let child = state.pointee.frame
    let parent = child - 1
    let extent = child.pointee.tenured.extent
    return extent > 0 && child.pointee.young.extent == 0 && parent.pointee.young.extent == 0
      && child.pointee.tenured.side == parent.pointee.young.side && extent <= state.pointee.options.keptWords
      && extent <= parent.pointee.budgetWords - state.pointee.usedWords && !state.pointee.options.checksMoves
  }

  /// Makes the ending frame's tenured space the parent's young one. Nothing moves; the parent's next collection drops
  /// what is not needed.
  private func adopt() {
    let kept = state.pointee.frame.pointee.tenured
    // A pass that moves nothing lets the trail and the tables hear of the end of the frame.
    var collector = Collector(
      base: base, source: Space(side: kept.side, bound: kept.low), target: kept, chunkWords: 0, largeThreshold: 0,
      isPop: true, isYoung: false)
    moveTrail(&collector)
    for provider in state.pointee.providers { provider.visitRoots(&collector) }
    leaveFrame(into: kept)
  }

  private func bound(_ side: Side) -> Int {
    side == .west ? state.pointee.frame.pointee.westBound : state.pointee.frame.pointee.eastBound
  }

  /// Commits pages for the worst case and opens a pass.
  private func begin(
    from source: Space, into target: Space, isPop: Bool, isYoung: Bool
  ) throws(Fault) -> Collector {
    let chunk = state.pointee.chunkWords
    let worst = Collector.worstCase(source.extent, chunkWords: chunk)
    try state.pointee.commitEdge(target.side, count: worst)
    return Collector(
      base: base, source: source, target: target, chunkWords: chunk, largeThreshold: chunk / 8, isPop: isPop,
      isYoung: isYoung)
  }

  private func finish(_ collector: inout Collector) {
    collector.finish()
    state.pointee.metrics.copiedWords += collector.copiedWords
  }

  /// Moves the words in updated older slots. Entries for slots that are not older any more are dropped.
  private func moveTrail(_ collector: inout Collector) {
    let frame = state.pointee.frame
    var kept = frame.pointee.trailBase
    var entry = frame.pointee.trailBase
    while entry < state.pointee.trailTop {
      let slot = Int(base[entry])
      base[slot] = collector.moved(Word(raw: base[slot])).raw
      let isOwn = frame.pointee.tenured.contains(slot) || frame.pointee.young.contains(slot)
      if !isOwn {
        base[kept] = base[entry]
        base[kept + 1] = base[entry + 1]
        kept += 2
      }
      entry += 2
    }
    state.pointee.trailTop = kept
  }

  /// What a machine calls at calls, loop back-edges and frame boundaries when the poll word is set: collects
  /// when it is time to, and throws the fault with which somebody interrupted it. Objects move; stack words from
  /// `activeBase` on may be written by the machine without telling.
  public func safePoint(activeBase: Int? = nil) throws(Fault) {
    platform_store(state.pointee.poll, 0)
    let reason = platform_exchange(state.pointee.stopReason, 0)
    if reason != 0 { throw Fault(rawValue: UInt8(truncatingIfNeeded: reason)) ?? .interrupted }
    if state.pointee.options.checksMoves { return try moveEverything(activeBase: activeBase) }
    let frame = state.pointee.frame
    if frame.pointee.young.extent > frame.pointee.youngWords {
      try collectYoung(activeBase: activeBase ?? frame.pointee.stackBase)
      let extent = frame.pointee.tenured.extent
      let room = frame.pointee.budgetWords - state.pointee.usedWords
      if state.pointee.metrics.youngCollections % 4 == 0 {
        state.pointee.youngWords = min(state.pointee.options.youngWords, 2 * state.pointee.youngWords)
      }
      frame.pointee.youngWords = max(frame.pointee.youngWords, state.pointee.youngWords(roomWords: room))
      // Close to the budget a flip pays as soon as the frame has grown noticeably since the last one.
      let isTight = room < 2 * frame.pointee.youngWords && extent > frame.pointee.liveWords / 4 * 5
      if extent > HeapSizes.words[frame.pointee.rank] || isTight { try compact() }
    }
  }

  /// The safe point of a loom that `checksMoves`; the next one is not far.
  private func moveEverything(activeBase: Int?) throws(Fault) {
    platform_store(state.pointee.poll, 1)
    try collectYoung(activeBase: activeBase ?? state.pointee.frame.pointee.stackBase)
    try flip()
    // Only a fault of this runtime gets here, never input, and only in the mode that looks for such: to go on would hide it.
    if let broken = firstBrokenInvariant() { fatalError("the heap is broken: \(broken)") }
  }

  /// Copies the innermost frame's living young objects to its tenured space and drops the others. Changes
  /// nothing when it throws.
  public func collectYoung(activeBase: Int? = nil) throws(Fault) {
    state.pointee.closeCurrentChunk()
    let frame = state.pointee.frame
    var collector = try begin(
      from: frame.pointee.young, into: frame.pointee.tenured, isPop: false, isYoung: true)
    moveStack(&collector, from: frame.pointee.scannedStack)
    moveTrail(&collector)
    for provider in state.pointee.providers { provider.visitRoots(&collector) }
    finish(&collector)
    frame.pointee.tenured = collector.target
    frame.pointee.young = Space(side: frame.pointee.young.side, bound: bound(frame.pointee.young.side))
    frame.pointee.scannedStack = activeBase ?? frame.pointee.stackBase
    state.pointee.dropCurrentChunk()
    state.pointee.metrics.youngCollections += 1
    state.pointee.releaseMiddle(keeping: state.pointee.options.keptWords)
  }

  /// Copies everything that lives in the innermost frame to the opposite end of the arena and drops the old
  /// space; the frame has changed sides afterwards. Throws and changes nothing more than a young collection does.
  public func flip() throws(Fault) {
    let frame = state.pointee.frame
    if frame.pointee.young.extent > 0 { try collectYoung(activeBase: frame.pointee.scannedStack) }
    let source = frame.pointee.tenured
    let target = Space(side: source.side.opposite, bound: bound(source.side.opposite))
    var collector = try begin(from: source, into: target, isPop: false, isYoung: false)
    visitAll(&collector)
    finish(&collector)
    state.pointee.notePeak(collector.target.extent)
    frame.pointee.tenured = collector.target
    frame.pointee.young = Space(side: source.side, bound: bound(source.side))
    frame.pointee.rank = HeapSizes.rank(after: collector.target.extent, current: frame.pointee.rank)
    frame.pointee.liveWords = collector.target.extent
    state.pointee.top = 0
    state.pointee.limit = 0
    state.pointee.metrics.flips += 1
    state.pointee.releaseMiddle(keeping: state.pointee.options.keptWords)
    checkInvariants()
  }

  /// Drops what does not live any more in the innermost frame, by a flip, or in place where a second copy would be large.
  private func compact() throws(Fault) {
    if state.pointee.frame.pointee.tenured.extent < state.pointee.options.slideFromWords {
      try flip()
    } else {
      try slide()
    }
  }

  /// Lets everything that lives in the innermost frame slide together where it is. Throws and changes nothing more than
  /// a young collection does.
  public func slide() throws(Fault) {
    let frame = state.pointee.frame
    if frame.pointee.young.extent > 0 { try collectYoung(activeBase: frame.pointee.scannedStack) }
    let source = frame.pointee.tenured
    if source.extent == 0 { return }
    var slide = try Slide(state, source)
    withUnsafeMutablePointer(to: &slide) { slide in
      var collector = Collector(base: base, source: source, slide: slide)
      visitAll(&collector)
      guard slide.pointee.fault == nil else { return }
      frame.pointee.tenured = slide.pointee.place(towards: source.side)
      visitAll(&collector)
      slide.pointee.updateReferences()
      slide.pointee.move(to: frame.pointee.tenured)
    }
    state.pointee.notePeak(slide.workWords + source.extent - frame.pointee.tenured.extent)
    if let fault = slide.fault { throw fault }
    let live = frame.pointee.tenured.extent
    state.pointee.metrics.copiedWords += live
    frame.pointee.rank = HeapSizes.rank(after: live, current: frame.pointee.rank)
    frame.pointee.liveWords = live
    state.pointee.top = 0
    state.pointee.limit = 0
    state.pointee.metrics.slides += 1
    state.pointee.releaseMiddle(keeping: state.pointee.options.keptWords)
    checkInvariants()
  }

  /// Shows a collector every root of the innermost frame.
  private func visitAll(_ collector: inout Collector) {
    moveStack(&collector, from: state.pointee.frame.pointee.stackBase)
    moveTrail(&collector)
    for provider in state.pointee.providers { provider.visitRoots(&collector) }
  }

  private func moveStack(_ collector: inout Collector, from start: Int) {
    var slot = start
    let end = state.pointee.stackTop
    while slot < end {
      base[slot] = collector.moved(Word(raw: base[slot])).raw
      slot &+= 1
    }
  }

  /// Writes `word` into a slot of an existing object. The one way to change an object after a safe point: the old word
  /// is kept for a bail, and the collector learns of the reference. Throws when the trail cannot grow.
  public func update(slot: Int, to word: Word) throws(Fault) {
    if !state.pointee.frame.pointee.young.contains(slot) {
      let entry = state.pointee.trailTop
      try state.pointee.growTrail(to: entry + 2)
      base[entry] = UInt64(slot)
      base[entry + 1] = base[slot]
      state.pointee.trailTop = entry + 2
    }
    base[slot] = word.raw
  }

  /// Registers a table of words outside the arena. It is kept alive until it is removed.
  public func add(_ provider: any RootProvider) {
    state.pointee.providers.append(provider)
  }

  /// Unregisters a table.
  public func remove(_ provider: any RootProvider) {
    state.pointee.providers.removeAll { $0 === provider }
  }
}
