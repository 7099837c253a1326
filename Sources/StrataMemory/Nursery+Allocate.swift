// Allocation: bump a pointer; when the chunk is full, place another one. Nothing moves here.

import CPlatform

extension Nursery {
  /// Allocates an object with `size` body words, all of which the caller must write before the next safe
  /// point, and returns the offset of its header. Throws `.bytes`, `.refused` or `.size`; nothing has changed then.
  @inlinable @inline(__always)
  public func allocate(_ kind: Kind, size: Int) throws(Fault) -> Int {
    let offset = state.pointee.top
    if size < 64, offset &+ 1 &+ size <= state.pointee.limit {
      state.pointee.top = offset &+ 1 &+ size
      base[offset] = Header(kind: kind, size: size).raw
      return offset
    }
    return try allocateSlowly(kind, size: size)
  }

  /// A new cell. Throws `.bytes` or `.refused`.
  @inlinable @inline(__always)
  public func cell(_ head: Word, _ tail: Word) throws(Fault) -> Word {
    let offset = state.pointee.top
    let end = offset &+ 3
    if end <= state.pointee.limit {
      let base = state.pointee.base
      base[offset] = Header.cell.raw
      base[offset &+ 1] = head.raw
      base[offset &+ 2] = tail.raw
      state.pointee.top = end
      return Word(tag: .cell, offset: offset)
    }
    return try cellSlowly(head, tail)
  }

  @usableFromInline @inline(never)
  func cellSlowly(_ head: Word, _ tail: Word) throws(Fault) -> Word {
    let offset = try allocateSlowly(.cell, size: 2)
    base[offset + 1] = head.raw
    base[offset + 2] = tail.raw
    return Word(tag: .cell, offset: offset)
  }

  @usableFromInline @inline(never)
  func allocateSlowly(_ kind: Kind, size: Int) throws(Fault) -> Int {
    guard size >= 0, size <= Header.largestSize else { throw .size }
    let offset = try state.pointee.place(size + 1)
    base[offset] = Header(kind: kind, size: size).raw
    return offset
  }

  /// Shortens the object at `offset` to `size` body words. When it is the newest object the words are free
  /// again; otherwise they become filler.
  public func shorten(_ offset: Int, to size: Int) {
    let header = Header(raw: base[offset])
    let excess = header.size - size
    guard excess > 0 else { return }
    base[offset] = header.raw - UInt64(excess) << 33
    let oldEnd = offset + 1 + header.size
    if oldEnd == state.pointee.top {
      state.pointee.top = oldEnd - excess
    } else {
      base[oldEnd - excess] = Header(kind: .filler, size: excess - 1).raw
    }
  }

  /// The first component of a cell. The caller guarantees that `word` is one.
  @inlinable @inline(__always)
  public func head(_ word: Word) -> Word {
    assert(word.isCell)
    return Word(raw: base[word.offset &+ 1])
  }

  /// The second component of a cell. The caller guarantees that `word` is one.
  @inlinable @inline(__always)
  public func tail(_ word: Word) -> Word {
    assert(word.isCell)
    return Word(raw: base[word.offset &+ 2])
  }

  /// The header of the object that `word` refers to. The caller guarantees that it is a reference.
  @inlinable @inline(__always)
  public func header(_ word: Word) -> Header {
    assert(word.isReference)
    return Header(raw: base[word.offset])
  }

  /// Caches the mug of the object that `word` refers to, unless the object is in the persistent stratum,
  /// whose records are never written in passing.
  @inlinable @inline(__always)
  public func cacheMug(_ mug: UInt32, of word: Word) {
    if word.raw & Word.locationBit != 0 { return }
    base[word.offset] = Header(raw: base[word.offset]).with(mug: mug).raw
  }

  /// Whether the object was allocated in the innermost frame since its last collection, so that nothing
  /// older refers to it.
  @inlinable @inline(__always)
  public func isYoung(_ word: Word) -> Bool {
    word.isReference && state.pointee.frame.pointee.young.contains(word.offset)
  }

  /// Bytes in use: both ends of the arena and the stack.
  public var usedBytes: Int { state.pointee.usedWords * 8 }

  /// Bytes that were allocated since the loom was opened, working memory of operations included. Only differences between two moments in
  /// the same frame mean anything.
  public var allocatedBytes: Int {
    (state.pointee.metrics.allocatedWords - (state.pointee.limit - state.pointee.top)) * 8
  }

  /// Bytes that the innermost frame may still use.
  public var freeBytes: Int { max(0, state.pointee.frame.pointee.budgetWords - state.pointee.usedWords) * 8 }
}

extension NurseryState {
  /// Finds room for `count` words in the innermost frame's young space, with a new chunk where needed.
  mutating func place(_ count: Int) throws(Fault) -> Int {
    if isAllocatingFixed { return try placeFixed(count) }
    if count < largeThreshold {
      if top + count <= limit {
        let offset = top
        top += count
        return offset
      }
      let room = frame.pointee.budgetWords - usedWords
      let wanted = count + Space.chunkHeaderWords
      guard wanted <= room else { throw .bytes }
      // Where no safe point comes, chunks grow with what there is of them.
      let size = max(
        wanted, min(max(frame.pointee.youngWords, min(options.youngWords, frame.pointee.young.extent)), room))
      let chunk = try addChunk(size)
      closeCurrentChunk()
      if frame.pointee.young.current == 0 {
        frame.pointee.young.first = chunk
      } else {
        base[frame.pointee.young.current + 2] = UInt64(chunk)
      }
      frame.pointee.young.current = chunk
      top = chunk + Space.chunkHeaderWords + count
      limit = chunk + size
      noteUse()
      return chunk + Space.chunkHeaderWords
    }
    let size = count + Space.chunkHeaderWords
    guard size <= frame.pointee.budgetWords - usedWords else { throw .bytes }
    let chunk = try addChunk(size)
    base[chunk + 1] = UInt64(chunk + size)
    if frame.pointee.young.lastLarge == 0 {
      frame.pointee.young.firstLarge = chunk
    } else {
      base[frame.pointee.young.lastLarge + 2] = UInt64(chunk)
    }
    frame.pointee.young.lastLarge = chunk
    noteUse()
    return chunk + Space.chunkHeaderWords
  }

  /// How many young words a frame may allocate between collections where it has room for so many in all.
  func youngWords(roomWords: Int) -> Int { max(1 << 9, min(youngWords, roomWords / 4)) }

  /// Commits a chunk of `size` words at the young space's edge and makes it part of the space.
  private mutating func addChunk(_ size: Int) throws(Fault) -> Int {
    try commitEdge(frame.pointee.young.side, count: size)
    let chunk: Int
    if frame.pointee.young.side == .west {
      chunk = frame.pointee.young.high
      frame.pointee.young.high += size
    } else {
      frame.pointee.young.low -= size
      chunk = frame.pointee.young.low
    }
    base[chunk] = UInt64(size)
    base[chunk + 1] = 0
    base[chunk + 2] = 0
    metrics.allocatedWords += size
    return chunk
  }

  /// Leaves the chunk that is being filled to be dropped: what was not used of it was never allocated.
  mutating func dropCurrentChunk() {
    metrics.allocatedWords -= limit - top
    top = 0
    limit = 0
  }

  /// Records where the objects of the chunk that is being filled end.
  mutating func closeCurrentChunk() {
    let chunk = frame.pointee.young.current
    if chunk != 0 { base[chunk + 1] = UInt64(top) }
    frame.pointee.young.top = top
    frame.pointee.young.limit = limit
  }

  /// Asks for a collection once the young space is full, and keeps the metrics.
  private mutating func noteUse() {
    if frame.pointee.young.extent > frame.pointee.youngWords { platform_store(poll, 1) }
    let (west, east) = middle
    metrics.leastFreeWords = min(metrics.leastFreeWords, east - west)
    notePeak(0)
  }

  /// Records that `extra` words more than are in use were needed for a while.
  mutating func notePeak(_ extra: Int) {
    metrics.peakUsedWords = max(metrics.peakUsedWords, usedWords + extra)
  }
}
