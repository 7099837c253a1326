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

  /// Drops everything in the commons. The caller guarantees that nothing refers to it any more.
  public func resetCommons() {
    state.pointee.commonsTop = state.pointee.commons.low + 1
    state.pointee.commons.shrink(to: state.pointee.commonsTop, keeping: 0, in: &state.pointee.reservation)
  }
}
