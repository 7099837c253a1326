// The commons: fixed objects that outlive every nursery frame, such as what compiled code refers to.
//
// Objects are only added. They refer to the commons and to bedrock, never to a frame, so neither collections nor
// the end of a frame need to look at them.

extension Nursery {
  /// Whether the object at `word` can neither move nor be dropped while the loom lives. True for direct naturals.
  @inlinable @inline(__always)
  public func isFixed(_ word: Word) -> Bool {
    word.isDirect || word.offset < state.pointee.fixedEnd
  }

  /// The bytes at the low end of the loom that belong to bedrock.
  public var bedrockBytes: Int { state.pointee.commons.low * 8 }

  /// Words in use in the commons.
  public var commonsWords: Int { state.pointee.commonsTop - state.pointee.commons.low }

  /// An equal value all of which is fixed, sharing preserved. What is fixed already is not copied. Linear in the
  /// distinct objects that are copied. Throws and changes nothing when there is no room.
  public func copyToCommons(_ word: Word) throws(Fault) -> Word {
    if isFixed(word) { return word }
    let start = state.pointee.commonsTop
    let logStart = state.pointee.stackTop
    // While the pass runs, the headers of copied objects hold forwarding words; the log above the stack
    // keeps the real ones, so that the source can be restored whether the pass succeeds or not.
    var log = logStart
    func fixed(_ word: Word) throws(Fault) -> Word {
      if isFixed(word) { return word }
      let header = Header(raw: base[word.offset])
      if header.isForwarding { return word.moved(to: header.forwardingOffset) }
      let count = header.size + 1
      let target = state.pointee.commonsTop
      try state.pointee.growCommons(to: target + count)
      if log + 2 > state.pointee.stackLimit { try state.pointee.growStack(to: log + 2) }
      (base + target).update(from: base + word.offset, count: count)
      base[log] = UInt64(word.offset)
      base[log + 1] = header.raw
      log += 2
      base[word.offset] = Header.forwarding(to: target).raw
      state.pointee.commonsTop = target + count
      return word.moved(to: target)
    }
    func copyAll() throws(Fault) -> Word {
      let result = try fixed(word)
      var position = start
      while position < state.pointee.commonsTop {
        let header = Header(raw: base[position])
        if header.isScanned {
          for slot in position + 1..<position + 1 + header.size {
            base[slot] = try fixed(Word(raw: base[slot])).raw
          }
        }
        position += 1 + header.size
      }
      return result
    }
    defer {
      var entry = logStart
      while entry < log {
        base[Int(base[entry])] = base[entry + 1]
        entry += 2
      }
    }
    do throws(Fault) {
      return try copyAll()
    } catch {
      state.pointee.commonsTop = start
      throw error
    }
  }

  /// Runs `body`, which may allocate but reaches no safe point, with everything that it allocates fixed in the commons. What it allocated
  /// is dropped when it throws. The innermost frame's budget holds for it as well.
  public func allocatingFixed<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    state.pointee.closeCurrentChunk()
    let commonsTop = state.pointee.commonsTop
    state.pointee.isAllocatingFixed = true
    state.pointee.top = commonsTop
    state.pointee.limit = commonsTop
    defer {
      state.pointee.isAllocatingFixed = false
      state.pointee.top = state.pointee.frame.pointee.young.top
      state.pointee.limit = state.pointee.frame.pointee.young.limit
    }
    let result = try body()
    state.pointee.commonsTop = state.pointee.top
    return result
  }

  /// Drops everything in the commons. The caller guarantees that nothing refers to it any more.
  public func resetCommons() {
    state.pointee.commonsTop = state.pointee.commons.low + 1
    state.pointee.commons.shrink(to: state.pointee.commonsTop, keeping: 0, in: &state.pointee.reservation)
  }
}

extension NurseryState {
  /// Room for `count` words at the end of the commons, where allocation goes on.
  mutating func placeFixed(_ count: Int) throws(Fault) -> Int {
    let offset = top
    if count > limit - offset {
      let used = offset - commonsTop
      guard count <= frame.pointee.budgetWords - usedWords - used else { throw .bytes }
      try growCommons(to: offset + max(count, 1 << 12))
      limit = commons.committed
    }
    top = offset + count
    return offset
  }
}
