// The mug: a noun's 31-bit hash, cached in the header of every object in memory.
//
// An atom is hashed as its bytes, least significant first, without zero bytes at the top; a cell as its head's mug
// in four bytes followed by its tail's mug in as few bytes as hold it. The hash is Murmur3 (x86, 32 bits),
// folded to 31 bits; a zero is retried with the next seed.

import StrataMemory

/// Murmur3 for the shapes that mugs need.
@frozen
public enum Murmur {
  @inlinable @inline(__always)
  static func mixed(_ hash: UInt32, _ block: UInt32) -> UInt32 {
    var k = block &* 0xCC9E_2D51
    k = k << 15 | k >> 17
    k = k &* 0x1B87_3593
    var h = hash ^ k
    h = h << 13 | h >> 19
    return h &* 5 &+ 0xE654_6B64
  }

  @inlinable @inline(__always)
  static func tailMixed(_ hash: UInt32, _ rest: UInt32) -> UInt32 {
    var k = rest &* 0xCC9E_2D51
    k = k << 15 | k >> 17
    return hash ^ (k &* 0x1B87_3593)
  }

  @inlinable @inline(__always)
  static func finished(_ hash: UInt32, _ byteCount: Int) -> UInt32 {
    var h = hash ^ UInt32(truncatingIfNeeded: byteCount)
    h ^= h >> 16
    h = h &* 0x85EB_CA6B
    h ^= h >> 13
    h = h &* 0xC2B2_AE35
    return h ^ h >> 16
  }

  /// The hash of the low `byteCount` (at most 8) bytes of `value`, whose higher bytes are zero.
  @inlinable @inline(__always)
  static func hash(_ value: UInt64, _ byteCount: Int, seed: UInt32) -> UInt32 {
    var h = seed
    let low = UInt32(truncatingIfNeeded: value)
    let high = UInt32(truncatingIfNeeded: value >> 32)
    if byteCount >= 4 {
      h = mixed(h, low)
      if byteCount == 8 {
        h = mixed(h, high)
      } else if byteCount > 4 {
        h = tailMixed(h, high)
      }
    } else if byteCount > 0 {
      h = tailMixed(h, low)
    }
    return finished(h, byteCount)
  }

  /// The hash of a natural's bytes without the zero bytes at the top.
  static func hash(_ limbs: UnsafePointer<UInt64>, _ count: Int, seed: UInt32) -> UInt32 {
    let top = limbs[count - 1]
    let topBytes = 8 - top.leadingZeroBitCount / 8
    let byteCount = (count - 1) * 8 + topBytes
    var h = seed
    for index in 0..<(count - 1) {
      h = mixed(h, UInt32(truncatingIfNeeded: limbs[index]))
      h = mixed(h, UInt32(truncatingIfNeeded: limbs[index] >> 32))
    }
    if topBytes >= 4 {
      h = mixed(h, UInt32(truncatingIfNeeded: top))
      if topBytes == 8 {
        h = mixed(h, UInt32(truncatingIfNeeded: top >> 32))
      } else if topBytes > 4 {
        h = tailMixed(h, UInt32(truncatingIfNeeded: top >> 32))
      }
    } else {
      h = tailMixed(h, UInt32(truncatingIfNeeded: top))
    }
    return finished(h, byteCount)
  }

  @inlinable @inline(__always)
  static func folded(_ hash: UInt32) -> UInt32 { hash >> 31 ^ hash & 0x7FFF_FFFF }

  /// The mug of a natural below 2^64.
  @inlinable @inline(__always)
  public static func mug(_ value: UInt64) -> UInt32 {
    let byteCount = 8 - value.leadingZeroBitCount / 8
    let mug = folded(hash(value, byteCount, seed: 0xCAFE_BABE))
    return mug != 0 ? mug : retried(value, byteCount, seed: 0xCAFE_BABE, last: 0x7FFF)
  }

  /// The mug of a cell whose parts have these mugs.
  @inlinable @inline(__always)
  public static func mug(_ head: UInt32, _ tail: UInt32) -> UInt32 {
    // Nearly all mugs take four bytes.
    if tail >= 1 << 24 {
      let mug = folded(finished(mixed(mixed(0xDEAD_BEEF, head), tail), 8))
      if mug != 0 { return mug }
    }
    let value = UInt64(head) | UInt64(tail) << 32
    let byteCount = 8 - tail.leadingZeroBitCount / 8
    let mug = folded(hash(value, byteCount, seed: 0xDEAD_BEEF))
    return mug != 0 ? mug : retried(value, byteCount, seed: 0xDEAD_BEEF, last: 0xFFFE)
  }

  /// The mugs of the naturals below `smallMugCount`, which are most of what formulas are made of.
  static let smallMugCount: UInt64 = 1024
  nonisolated(unsafe) static let smallMugs: UnsafePointer<UInt32> = {
    let mugs = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(smallMugCount))
    for value in 0..<smallMugCount { mugs[Int(value)] = mug(value) }
    return UnsafePointer(mugs)
  }()

  @usableFromInline @inline(never)
  static func retried(_ value: UInt64, _ byteCount: Int, seed: UInt32, last: UInt32) -> UInt32 {
    for step in 1..<8 as Range<UInt32> {
      let mug = folded(hash(value, byteCount, seed: seed &+ step))
      if mug != 0 { return mug }
    }
    return last
  }

  /// The mug of a natural in memory, which has at least one limb and no zero limb on top.
  static func mug(_ limbs: UnsafePointer<UInt64>, _ count: Int) -> UInt32 {
    for step in 0..<8 as Range<UInt32> {
      let mug = folded(hash(limbs, count, seed: 0xCAFE_BABE &+ step))
      if mug != 0 { return mug }
    }
    return 0x7FFF
  }
}

/// Which cells a walk that computes mugs goes into.
protocol MugWalk: ~Copyable {
  /// The cell's mug, or 0 for a cell that is to be walked.
  mutating func mug(of cell: Word, _ header: Header) throws(Fault) -> UInt32
  /// Hears of the mug of each cell that was walked.
  mutating func finish(_ cell: Word, _ mug: UInt32) throws(Fault)
}

/// Walks the cells that have no mug.
private struct UnknownMugs: MugWalk {
  @inline(__always)
  func mug(of cell: Word, _ header: Header) -> UInt32 { header.mug }
  @inline(__always)
  func finish(_ cell: Word, _ mug: UInt32) {}
}

extension Nursery {
  /// The noun's mug. Computed once for each object in the nursery and the commons. Throws only when the
  /// stack cannot grow.
  @inlinable @inline(__always)
  public func mug(_ noun: Word) throws(Fault) -> UInt32 {
    if noun.isDirect { return Murmur.mug(noun.raw) }
    let known = header(noun).mug
    return known != 0 ? known : try computedMug(noun)
  }

  /// The mug if it takes no traversal to know it, else 0. `small` is `Murmur.smallMugs`.
  @inline(__always)
  func mugAtHand<Walk: MugWalk & ~Copyable>(
    _ noun: Word, _ small: UnsafePointer<UInt32>, _ base: UnsafeMutablePointer<UInt64>, _ walk: inout Walk
  ) throws(Fault) -> UInt32 {
    if noun.raw < Murmur.smallMugCount { return small[Int(noun.raw)] }
    if noun.isDirect { return Murmur.mug(noun.raw) }
    let header = Header(raw: base[noun.offset])
    if !noun.isIndirect { return try walk.mug(of: noun, header) }
    return header.mug != 0 ? header.mug : atomMug(noun, header)
  }

  @usableFromInline @inline(never)
  func atomMug(_ noun: Word, _ header: Header) -> UInt32 {
    let mug = Murmur.mug(UnsafePointer(base + noun.offset + 1), header.size)
    cacheMug(mug, of: noun)
    return mug
  }

  /// The mug of a noun that has none yet, by a walk over the cells that have none.
  @usableFromInline @inline(never)
  func computedMug(_ noun: Word) throws(Fault) -> UInt32 {
    var unknown = UnknownMugs()
    return try computedMug(noun, &unknown)
  }

  /// Walks the cells that `walk` does not know. Each level of the walk is two stack words: the cell, and its
  /// head's mug once that is known (0 before; a mug is never 0).
  @inline(__always)
  func computedMug<Walk: MugWalk & ~Copyable>(_ noun: Word, _ walk: inout Walk) throws(Fault) -> UInt32 {
    let small = Murmur.smallMugs
    var mug = try mugAtHand(noun, small, base, &walk)
    if mug != 0 { return mug }
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    let base = self.base
    var sp = bottom
    var cell = noun
    var turns = 0
    while true {
      try stopSometimes(&turns)
      // Downwards: into the first part whose mug is unknown.
      let head = Word(raw: base[cell.offset &+ 1])
      let headMug = try mugAtHand(head, small, base, &walk)
      if headMug == 0 {
        sp = try pushPair(cell.raw, 0, at: sp)
        cell = head
        continue
      }
      let tail = Word(raw: base[cell.offset &+ 2])
      let tailMug = try mugAtHand(tail, small, base, &walk)
      if tailMug == 0 {
        sp = try pushPair(cell.raw, UInt64(headMug), at: sp)
        cell = tail
        continue
      }
      mug = Murmur.mug(headMug, tailMug)
      try finish(cell, mug, &walk)
      // Upwards: as long as the finished cell was the last part of the one above.
      while true {
        if sp == bottom { return mug }
        sp &-= 2
        cell = Word(raw: base[sp])
        let known = UInt32(truncatingIfNeeded: base[sp &+ 1])
        if known == 0 {
          let tail = Word(raw: base[cell.offset &+ 2])
          let tailMug = try mugAtHand(tail, small, base, &walk)
          if tailMug == 0 {
            base[sp &+ 1] = UInt64(mug)
            sp &+= 2
            cell = tail
            break
          }
          mug = Murmur.mug(mug, tailMug)
        } else {
          mug = Murmur.mug(known, mug)
        }
        try finish(cell, mug, &walk)
      }
    }
  }

  /// Caches a mug that was not known, or is what it was.
  @inline(__always)
  private func finish<Walk: MugWalk & ~Copyable>(
    _ cell: Word, _ mug: UInt32, _ walk: inout Walk
  ) throws(Fault) {
    if !cell.isPersistent { base[cell.offset] |= UInt64(mug) }
    try walk.finish(cell, mug)
  }

  /// Throws the fault with which somebody wants the machine to stop; looks only every so many turns of a loop.
  @inline(__always)
  func stopSometimes(_ turns: inout Int) throws(Fault) {
    turns &+= 1
    if turns & 0xFFFF == 0, let fault = stopRequested { throw fault }
  }

  /// Writes two words at stack offset `sp` and returns the offset above them.
  @inline(__always)
  func pushPair(_ first: UInt64, _ second: UInt64, at sp: Int) throws(Fault) -> Int {
    if sp &+ 2 > state.pointee.stackLimit {
      state.pointee.stackTop = sp
      try ensureStack(2)
    }
    base[sp] = first
    base[sp &+ 1] = second
    return sp &+ 2
  }
}
