// The collector: copies what is reachable out of one space into another, sharing preserved (Cheney's algorithm).
//
// The target grows at the opposite end of the arena from the source, so neither can run into the other, and
// enough pages are committed before the first object moves that no copy can fail half-way.

/// One copying pass. Machines meet it when they are asked to visit their own tables of words.
public struct Collector: ~Copyable {
  let base: UnsafeMutablePointer<UInt64>
  let sourceLow: Int
  let sourceSize: UInt
  var target: Space
  var copiedWords = 0
  private var scanChunk: Int
  private var scanPosition: Int
  private var scanLarge: Int
  private let chunkWords: Int
  private let largeThreshold: Int
  /// Whether the innermost frame is ending and words are being kept for its parent.
  public let isPop: Bool
  /// Whether only young objects move.
  public let isYoung: Bool
  /// The compaction in place that this pass serves, if it does; then nothing is copied.
  private let slide: UnsafeMutablePointer<Slide>?

  init(
    base: UnsafeMutablePointer<UInt64>, source: Space, target: Space, chunkWords: Int, largeThreshold: Int,
    isPop: Bool, isYoung: Bool
  ) {
    self.base = base
    sourceLow = source.low
    sourceSize = UInt(bitPattern: source.high - source.low)
    self.target = target
    self.chunkWords = chunkWords
    self.largeThreshold = largeThreshold
    self.isPop = isPop
    self.isYoung = isYoung
    slide = nil
    scanChunk = target.current
    scanPosition = target.top
    // A large chunk that is already there has been scanned; only those added after it count.
    scanLarge = target.lastLarge
  }

  /// A pass over the roots of a space that slides together.
  init(base: UnsafeMutablePointer<UInt64>, source: Space, slide: UnsafeMutablePointer<Slide>) {
    self.base = base
    sourceLow = source.low
    sourceSize = UInt(bitPattern: source.high - source.low)
    target = source
    scanChunk = 0
    scanPosition = 0
    scanLarge = 0
    chunkWords = 0
    largeThreshold = 0
    isPop = false
    isYoung = false
    self.slide = slide
  }

  /// The most words that the target can grow by when `words` words are copied.
  static func worstCase(_ words: Int, chunkWords: Int) -> Int {
    words + words / 4 + 4 * chunkWords + 64
  }

  /// The word's new value: where its object lies after this pass. Words outside the source stay as they are.
  @inline(__always)
  public mutating func moved(_ word: Word) -> Word {
    if word.isDirect { return word }
    let offset = word.offset
    if UInt(bitPattern: offset &- sourceLow) >= sourceSize { return word }
    return copy(word, offset)
  }

  /// Whether `word` refers to something that this pass moves.
  @inline(__always)
  public func isMoving(_ word: Word) -> Bool {
    word.isReference && UInt(bitPattern: word.offset &- sourceLow) < sourceSize
  }

  /// Where the object of a moving word lies by now, or nil if nothing has reached it yet.
  public func survivor(_ word: Word) -> Word? {
    guard isMoving(word) else { return word }
    let header = Header(raw: base[word.offset])
    return header.isForwarding ? word.moved(to: header.forwardingOffset) : nil
  }

  private mutating func copy(_ word: Word, _ offset: Int) -> Word {
    if let slide { return slide.pointee.visited(word) }
    if word.isTransient { return copyThunk(word) }
    return copyObject(word, offset)
  }

  /// The value of a thunk that is done, or a copy of what is still needed of another.
  @inline(never)
  private mutating func copyThunk(_ word: Word) -> Word {
    var last = word
    var isChain = false
    while last.isTransient, isMoving(last), !Header(raw: base[last.offset]).isForwarding,
      base[last.offset + 1] == ThunkState.done
    {
      isChain = last != word
      last = Word(raw: base[last.offset + 2])
    }
    if isChain {
      // Every thunk of the chain now leads to its end at once, so that a long chain is walked only once.
      var link = word
      while link != last, isMoving(link), !Header(raw: base[link.offset]).isForwarding {
        let next = Word(raw: base[link.offset + 2])
        base[link.offset + 2] = last.raw
        link = next
      }
    }
    guard isMoving(last) else { return last }
    let offset = last.offset
    let header = Header(raw: base[offset])
    if header.isForwarding { return last.moved(to: header.forwardingOffset) }
    let state = base[offset + 1]
    if last.isTransient, state == ThunkState.busy || state == ThunkState.failed,
      header.size > ThunkState.leastSize
    {
      let target = place(ThunkState.leastSize + 1)
      base[target] = Header(kind: .thunk, size: ThunkState.leastSize).raw
      base[target + 1] = state
      base[target + 2] = state == ThunkState.busy ? 0 : base[offset + 2]
      base[offset] = Header.forwarding(to: target).raw
      copiedWords &+= ThunkState.leastSize + 1
      return last.moved(to: target)
    }
    return copyObject(last, offset)
  }

  @inline(__always)
  private mutating func copyObject(_ word: Word, _ offset: Int) -> Word {
    let header = Header(raw: base[offset])
    if header.isForwarding { return word.moved(to: header.forwardingOffset) }
    let count = header.size &+ 1
    let target = place(count)
    let from = base + offset
    let to = base + target
    if count == 3 {
      to[0] = from[0]
      to[1] = from[1]
      to[2] = from[2]
    } else {
      to.update(from: from, count: count)
    }
    from[0] = Header.forwarding(to: target).raw
    copiedWords &+= count
    return word.moved(to: target)
  }

  @inline(__always)
  private mutating func place(_ count: Int) -> Int {
    let offset = target.top
    if count < largeThreshold, offset &+ count <= target.limit {
      target.top = offset &+ count
      return offset
    }
    return placeSlowly(count)
  }

  @inline(never)
  private mutating func placeSlowly(_ count: Int) -> Int {
    let isLarge = count >= largeThreshold
    let size = isLarge ? count + Space.chunkHeaderWords : max(chunkWords, count + Space.chunkHeaderWords)
    let chunk: Int
    if target.side == .west {
      chunk = target.high
      target.high += size
    } else {
      target.low -= size
      chunk = target.low
    }
    base[chunk] = UInt64(size)
    base[chunk + 2] = 0
    if isLarge {
      base[chunk + 1] = UInt64(chunk + size)
      if target.lastLarge == 0 { target.firstLarge = chunk } else { base[target.lastLarge + 2] = UInt64(chunk) }
      target.lastLarge = chunk
      return chunk + Space.chunkHeaderWords
    }
    base[chunk + 1] = 0
    if target.current == 0 {
      target.first = chunk
    } else {
      base[target.current + 1] = UInt64(target.top)
      base[target.current + 2] = UInt64(chunk)
    }
    if scanChunk == 0 {
      scanChunk = chunk
      scanPosition = chunk + Space.chunkHeaderWords
    }
    target.current = chunk
    target.top = chunk + Space.chunkHeaderWords + count
    target.limit = chunk + size
    return chunk + Space.chunkHeaderWords
  }

  /// Copies everything that the copied objects refer to, until nothing is left.
  mutating func finish() {
    while true {
      if scanChunk != 0 {
        while true {
          let end = scanChunk == target.current ? target.top : Int(base[scanChunk + 1])
          if scanPosition < end {
            scanPosition = scanObject(scanPosition)
          } else if scanChunk != target.current {
            scanChunk = Int(base[scanChunk + 2])
            scanPosition = scanChunk + Space.chunkHeaderWords
          } else {
            break
          }
        }
      }
      let next = scanLarge == 0 ? target.firstLarge : Int(base[scanLarge + 2])
      if next == 0 { return }
      scanLarge = next
      _ = scanObject(next + Space.chunkHeaderWords)
    }
  }

  /// Moves what the object at `position` refers to; returns the position after it.
  @inline(__always)
  private mutating func scanObject(_ position: Int) -> Int {
    let header = Header(raw: base[position])
    let end = position &+ 1 &+ header.size
    if header.isScanned {
      var slot = position &+ 1
      while slot < end {
        base[slot] = moved(Word(raw: base[slot])).raw
        slot &+= 1
      }
    }
    return end
  }
}
