// Compaction in place: what lives in a large space slides together towards the space's bound, in the order in which it lies.
//
// A flip needs room for everything twice. Sliding needs one bit for each word of the space, one word for each 64 of those, and
// a stack of what is still to be looked at, all of which lie in the free middle while it goes on:
//
//     west space   [chunk][chunk][chunk] | marks | positions | stack ->                       free middle
//     east space                           marks | positions | stack ->      [chunk][chunk][chunk]
//
//     marks       a bit for each word of a living object
//     positions   where the first marked word of each 64 goes; a word's own place follows by counting bits
//     stack       what is still to be looked at; at its bottom a few words for what is on its way from memory
//
// First everything reachable is marked, and nothing has changed if there is no room for that; then every reference is
// updated; then the words move, run by run. The space is one chunk afterwards.

import CPlatform

/// One compaction of one space.
struct Slide {
  private let base: UnsafeMutablePointer<UInt64>
  private let state: UnsafeMutablePointer<NurseryState>
  private let low: Int
  private let high: Int
  private let marks: UnsafeMutablePointer<UInt64>
  private let positions: UnsafeMutablePointer<UInt64>
  private let blockCount: Int
  /// Where the words in the free middle begin, how many are committed, and the stack in them.
  private let middle: Int
  /// The words that were needed in the free middle.
  var workWords: Int { committed }
  private var committed: Int
  /// What was taken off the stack and will be looked at next, in a circle.
  private let waiting: Int
  private let stackStart: Int
  private var stackTop: Int
  private var isMarking = true
  /// Why marking could not be completed.
  private(set) var fault: Fault?

  /// Begins to mark. Changes nothing but committed pages; throws when there is no room for the marks.
  init(_ state: UnsafeMutablePointer<NurseryState>, _ space: Space) throws(Fault) {
    self.state = state
    base = state.pointee.base
    low = space.low
    high = space.high
    blockCount = (space.extent + 63) / 64
    middle = state.pointee.middle.west
    committed = blockCount * 2 + (1 << 12)
    try state.pointee.commitEdge(.west, count: committed)
    marks = base + middle
    positions = marks + blockCount
    marks.update(repeating: 0, count: blockCount)
    waiting = middle + blockCount * 2
    stackStart = waiting + Slide.waitingCount
    stackTop = stackStart
  }

  /// What a word that refers into the space is to be replaced by.
  @inline(never)
  mutating func visited(_ word: Word) -> Word {
    if !isMarking { return word.moved(to: position(of: word.offset)) }
    let word = marked(word)
    drain()
    return word
  }

  // MARK: Marking

  @inline(__always)
  private func isInside(_ word: Word) -> Bool {
    word.isReference && UInt(bitPattern: word.offset &- low) < UInt(bitPattern: high &- low)
  }

  /// Marks what a word inside the space refers to, and notes it if it refers to more; returns the word for its place.
  @inline(__always)
  private mutating func marked(_ word: Word) -> Word {
    var word = word
    if word.isTransient {
      word = settled(word)
      if !isInside(word) { return word }
    }
    let first = word.offset &- low
    let bit = UInt64(1) &<< UInt64(first & 63)
    if marks[first &>> 6] & bit != 0 { return word }
    if word.isCell {
      // Known without looking at it, which is where the time would go.
      mark(first, 3)
      push(word.offset)
      return word
    }
    let header = Header(raw: base[word.offset])
    mark(first, header.size &+ 1)
    if header.isScanned { push(word.offset) }
    return word
  }

  @inline(__always)
  private func mark(_ first: Int, _ count: Int) {
    let shift = first & 63
    if shift &+ count <= 64, count < 64 {
      marks[first &>> 6] |= ((1 &<< UInt64(count)) &- 1) &<< UInt64(shift)
      return
    }
    var index = first
    let end = first &+ count
    while index < end {
      let shift = index & 63
      let bits = min(64 &- shift, end &- index)
      let run = bits == 64 ? UInt64.max : (1 &<< UInt64(bits)) &- 1
      marks[index &>> 6] |= run &<< UInt64(shift)
      index &+= bits
    }
  }

  /// The value of a thunk that is done. Of one that is being computed or has failed nothing but that is kept.
  private func settled(_ word: Word) -> Word {
    var last = word
    while last.isTransient, isInside(last), base[last.offset + 1] == ThunkState.done {
      last = Word(raw: base[last.offset + 2])
    }
    // Every thunk of a chain now leads to its end at once, so that a long chain is walked only once.
    var link = word
    while link != last {
      let next = Word(raw: base[link.offset + 2])
      base[link.offset + 2] = last.raw
      link = next
    }
    guard last.isTransient, isInside(last) else { return last }
    let header = Header(raw: base[last.offset])
    let progress = base[last.offset + 1]
    if progress == ThunkState.busy || progress == ThunkState.failed, header.size > ThunkState.leastSize {
      if progress == ThunkState.busy { base[last.offset + 2] = 0 }
      base[last.offset] = Header(kind: .thunk, size: ThunkState.leastSize).raw
      base[last.offset + ThunkState.leastSize + 1] =
        Header(kind: .filler, size: header.size - ThunkState.leastSize - 1).raw
    }
    return last
  }

  @inline(__always)
  private mutating func push(_ offset: Int) {
    if stackTop == middle &+ committed { grow() }
    if fault != nil { return }
    base[stackTop] = UInt64(offset)
    stackTop &+= 1
  }

  @inline(never)
  private mutating func grow() {
    do throws(Fault) {
      try state.pointee.commitEdge(.west, count: committed * 2)
      committed *= 2
    } catch {
      fault = error
    }
  }

  /// How many objects are asked for before the first of them is looked at; a power of two.
  private static let waitingCount = 8

  /// Marks everything that is noted, and what it refers to.
  private mutating func drain() {
    var first = 0
    var count = 0
    while fault == nil {
      while count < Slide.waitingCount, stackTop > stackStart {
        stackTop &-= 1
        let noted = base[stackTop]
        platform_prefetch(base + Int(noted))
        base[waiting &+ (first &+ count) & (Slide.waitingCount &- 1)] = noted
        count &+= 1
      }
      if count == 0 { return }
      let offset = Int(base[waiting &+ first])
      first = (first &+ 1) & (Slide.waitingCount &- 1)
      count &-= 1
      var slot = offset &+ 1
      let end = slot &+ Header(raw: base[offset]).size
      while slot < end {
        let word = Word(raw: base[slot])
        if isInside(word) { base[slot] = marked(word).raw }
        slot &+= 1
      }
    }
  }

  // MARK: Moving

  /// Ends marking: gives every marked word its place. From now on words are replaced by where they will lie. The
  /// caller guarantees that marking has not failed.
  mutating func place(towards side: Side) -> Space {
    isMarking = false
    var count = 0
    for block in 0..<blockCount { count &+= marks[block].nonzeroBitCount }
    let chunk = side == .west ? low : high - count - Space.chunkHeaderWords
    var position = chunk + Space.chunkHeaderWords
    for block in 0..<blockCount {
      positions[block] = UInt64(position)
      position &+= marks[block].nonzeroBitCount
    }
    var space = Space(side: side, bound: side == .west ? low : high)
    space.low = chunk
    space.high = position
    space.first = chunk
    space.current = chunk
    space.top = position
    space.limit = position
    return space
  }

  @inline(__always)
  private func position(of offset: Int) -> Int {
    let first = offset &- low
    let below = marks[first &>> 6] & ((1 &<< UInt64(first & 63)) &- 1)
    return Int(positions[first &>> 6]) &+ below.nonzeroBitCount
  }

  /// The first marked word from `index` on, or the end.
  @inline(__always)
  private func nextMarked(_ index: Int) -> Int {
    var block = index &>> 6
    guard block < blockCount else { return high &- low }
    var bits = marks[block] & (UInt64.max &<< UInt64(index & 63))
    while bits == 0 {
      block &+= 1
      if block == blockCount { return high &- low }
      bits = marks[block]
    }
    return block &<< 6 &+ bits.trailingZeroBitCount
  }

  /// Updates the references in all living objects.
  func updateReferences() {
    var index = nextMarked(0)
    while index < high &- low {
      let offset = low &+ index
      let header = Header(raw: base[offset])
      let end = offset &+ 1 &+ header.size
      if header.isScanned {
        var slot = offset &+ 1
        while slot < end {
          let word = Word(raw: base[slot])
          if isInside(word) { base[slot] = word.moved(to: position(of: word.offset)).raw }
          slot &+= 1
        }
      }
      index = nextMarked(end &- low)
    }
  }

  /// Moves the words and makes the one chunk that holds them.
  func move(to space: Space) {
    if space.side == .west { moveDown() } else { moveUp() }
    base[space.first] = UInt64(space.extent)
    base[space.first + 1] = UInt64(space.top)
    base[space.first + 2] = 0
  }

  private func moveDown() {
    var index = nextMarked(0)
    while index < high &- low {
      let end = nextUnmarked(index)
      let target = position(of: low &+ index)
      if target != low &+ index { (base + target).update(from: base + low + index, count: end &- index) }
      index = nextMarked(end)
    }
  }

  /// The first word from `index` on that is not marked, or the end.
  @inline(__always)
  private func nextUnmarked(_ index: Int) -> Int {
    var block = index &>> 6
    var bits = ~marks[block] & (UInt64.max &<< UInt64(index & 63))
    while bits == 0 {
      block &+= 1
      if block == blockCount { return high &- low }
      bits = ~marks[block]
    }
    return min(high &- low, block &<< 6 &+ bits.trailingZeroBitCount)
  }

  /// From the last run to the first, since each goes to where later words were.
  private func moveUp() {
    var block = blockCount
    while block > 0 {
      block &-= 1
      var bits = marks[block]
      // Where the last marked word of the block goes, plus one.
      var target = Int(positions[block]) &+ bits.nonzeroBitCount
      while bits != 0 {
        let last = 63 &- bits.leadingZeroBitCount
        let gaps = ~bits & ((2 &<< UInt64(last)) &- 1)
        let first = gaps == 0 ? 0 : 64 &- gaps.leadingZeroBitCount
        let count = last &- first &+ 1
        target &-= count
        let source = low &+ block &<< 6 &+ first
        if target != source { (base + target).update(from: base + source, count: count) }
        bits &= (1 &<< UInt64(first)) &- 1
      }
    }
  }
}
