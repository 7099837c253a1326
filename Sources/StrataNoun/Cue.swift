// Cue: a jam's bits back into a noun, in one pass without recursion, and never more memory than the bits warrant.
//
// Nouns are numbered in the order in which they begin. A bitmap over the input marks where each one begins and a
// running count tells how many began before each word of it, so the noun at a position is found by counting
// bits: eight bytes a noun and an eighth of the input, where a hash table would take four times that.

import Glibc
import StrataMemory

/// Why some bytes are not a jam.
public struct CueError: Error, Equatable, Sendable {
  public enum Reason: Equatable, Sendable {
    /// The bits end inside a noun.
    case truncated
    /// An atom or a position claims more bits than are left.
    case absurdLength
    /// A reference to a position where no noun begins.
    case unknownReference(position: UInt64)
    /// A reference to a cell that contains the reference.
    case enclosingReference(position: UInt64)
    /// A limit or the system stopped the work.
    case stopped(Fault)
  }

  public var reason: Reason
  /// The bit at which reading failed.
  public var bit: Int

  /// One sentence for people.
  public var explanation: String {
    switch reason {
    case .truncated: "the input ends inside a noun, at bit \(bit)"
    case .absurdLength: "an atom at bit \(bit) claims to be longer than what is left of the input"
    case .unknownReference(let position): "bit \(bit) refers to bit \(position), where no noun begins"
    case .enclosingReference(let position): "bit \(bit) refers to the cell at bit \(position), which it is part of"
    case .stopped(let fault): fault.explanation
    }
  }

  /// The fault that a machine ends with: `.exit` for malformed input.
  public var fault: Fault {
    if case .stopped(let fault) = reason { return fault }
    return .exit
  }
}

/// A noun that was read, and how much of the input it took.
public struct Cued {
  public var noun: Word
  public var bitCount: Int
}

extension Nursery {
  /// Reads one noun from the beginning of `bytes`. What follows it is not looked at. When it throws, what was
  /// built is garbage of the innermost frame.
  public func cue(_ bytes: UnsafeRawBufferPointer) throws(CueError) -> Cued {
    var reader = try CueReader(self, bytes)
    defer { reader.free() }
    return try reader.read()
  }
}

private struct CueReader {
  let nursery: Nursery
  let bytes: UnsafeRawBufferPointer
  let bitCount: Int
  let bottom: Int
  /// One bit for each input bit at which a noun begins, and for each limb of it the number of bits before.
  let begins: UnsafeMutablePointer<UInt64>
  let counts: UnsafeMutablePointer<UInt32>
  var nouns: UnsafeMutablePointer<UInt64>
  var nounCount = 0
  var nounCapacity: Int
  var countedLimbs = 0

  /// What an unfinished cell's parts hold; no noun looks like it.
  static let unfinished = UInt64.max

  init(_ nursery: Nursery, _ bytes: UnsafeRawBufferPointer) throws(CueError) {
    self.nursery = nursery
    self.bytes = bytes
    bottom = nursery.state.pointee.stackTop
    guard bytes.count < 1 << 36 else { throw CueError(reason: .stopped(.size), bit: 0) }
    bitCount = bytes.count * 8
    let limbs = bytes.count / 8 + 1
    nounCapacity = max(64, min(1 << 12, bytes.count))
    let begins = calloc(limbs, 8)
    let counts = malloc(limbs * 4)
    let nouns = malloc(nounCapacity * 8)
    guard let begins, let counts, let nouns else {
      Glibc.free(begins)
      Glibc.free(counts)
      Glibc.free(nouns)
      throw CueError(reason: .stopped(.refused), bit: 0)
    }
    self.begins = begins.bindMemory(to: UInt64.self, capacity: limbs)
    self.counts = counts.bindMemory(to: UInt32.self, capacity: limbs)
    self.nouns = nouns.bindMemory(to: UInt64.self, capacity: nounCapacity)
  }

  func free() {
    nursery.state.pointee.stackTop = bottom
    Glibc.free(begins)
    Glibc.free(counts)
    Glibc.free(nouns)
  }

  /// At least 57 bits from bit `position` on; zeros beyond the end of the input.
  @inline(__always)
  func window(_ position: Int) -> UInt64 {
    let byte = position &>> 3
    if byte &+ 8 <= bytes.count {
      let base = bytes.baseAddress.unsafelyUnwrapped  // Safe: the count is not zero.
      return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: byte, as: UInt64.self)) &>> UInt64(position & 7)
    }
    var value: UInt64 = 0
    var index = byte
    while index < bytes.count {
      value |= UInt64(bytes[index]) &<< UInt64((index &- byte) &* 8)
      index &+= 1
    }
    return value &>> UInt64(position & 7)
  }

  @inline(__always)
  mutating func record(_ noun: Word, at position: Int) throws(CueError) {
    let limb = position &>> 6
    // Positions only rise, so the counts of the limbs passed over are known now.
    while countedLimbs <= limb {
      counts[countedLimbs] = UInt32(truncatingIfNeeded: nounCount)
      countedLimbs &+= 1
    }
    begins[limb] |= 1 &<< UInt64(position & 63)
    if nounCount == nounCapacity { try growNouns(position) }
    nouns[nounCount] = noun.raw
    nounCount &+= 1
  }

  @inline(never)
  mutating func growNouns(_ position: Int) throws(CueError) {
    guard nounCount < Int(UInt32.max) else { throw CueError(reason: .stopped(.size), bit: position) }
    let larger = nounCapacity < 1 << 16 ? nounCapacity * 2 : nounCapacity + nounCapacity / 2
    guard let memory = realloc(nouns, larger * 8) else {
      throw CueError(reason: .stopped(.refused), bit: position)
    }
    nouns = memory.bindMemory(to: UInt64.self, capacity: larger)
    nounCapacity = larger
  }

  func noun(at target: UInt64, from position: Int) throws(CueError) -> Word {
    let limb = Int(truncatingIfNeeded: target >> 6)
    guard target < UInt64(position), limb < countedLimbs, begins[limb] >> (target & 63) & 1 == 1 else {
      throw CueError(reason: .unknownReference(position: target), bit: position)
    }
    let below = begins[limb] & ((1 &<< (target & 63)) &- 1)
    let noun = Word(raw: nouns[Int(counts[limb]) + below.nonzeroBitCount])
    if noun.isCell, nursery.base[noun.offset + 2] == CueReader.unfinished {
      throw CueError(reason: .enclosingReference(position: target), bit: position)
    }
    return noun
  }

  /// Reads the length prefix at `cursor`: the number of bits that follow it.
  @inline(__always)
  func prefixed(_ cursor: inout Int) throws(CueError) -> Int {
    let bits = window(cursor)
    let zeros = bits.trailingZeroBitCount
    if zeros < 28 {
      // Prefix and length together fit the window.
      if zeros == 0 {
        cursor &+= 1
        if cursor > bitCount { throw CueError(reason: .truncated, bit: bitCount) }
        return 0
      }
      let low = bits &>> UInt64(zeros &+ 1) & ((1 &<< UInt64(zeros &- 1)) &- 1)
      cursor &+= zeros &* 2
      if cursor > bitCount { throw CueError(reason: .truncated, bit: bitCount) }
      let length = Int(truncatingIfNeeded: low | 1 &<< UInt64(zeros &- 1))
      if length > bitCount &- cursor { throw CueError(reason: .absurdLength, bit: cursor) }
      return length
    }
    // A length of 2^27 bits or more: legal only when that many bits are left.
    var count = 0
    while count <= 40 {
      if cursor + count >= bitCount { throw CueError(reason: .truncated, bit: bitCount) }
      if window(cursor + count) & 1 == 1 { break }
      count += 1
    }
    guard count <= 40 else { throw CueError(reason: .absurdLength, bit: cursor) }
    cursor += count + 1
    if cursor + count - 1 > bitCount { throw CueError(reason: .truncated, bit: bitCount) }
    let low = window(cursor) & ((1 &<< UInt64(count - 1)) &- 1)
    cursor += count - 1
    let length = Int(truncatingIfNeeded: low | 1 &<< UInt64(count - 1))
    if length > bitCount - cursor { throw CueError(reason: .absurdLength, bit: cursor) }
    return length
  }

  /// Reads an atom's prefix and bits.
  @inline(__always)
  func atom(_ cursor: inout Int) throws(CueError) -> Word {
    let length = try prefixed(&cursor)
    if length <= 57 {
      let value = window(cursor) & ((1 &<< UInt64(length)) &- 1)
      cursor &+= length
      return Word(raw: value)
    }
    return try longAtom(&cursor, length)
  }

  @inline(never)
  func longAtom(_ cursor: inout Int, _ length: Int) throws(CueError) -> Word {
    let size = (length + 63) / 64
    let start = cursor
    cursor += length
    func limb(_ index: Int) -> UInt64 {
      let first = start + index * 64
      let count = min(64, length - index * 64)
      let value = window(first) & 0xFFFF_FFFF | window(first + 32) << 32
      return count == 64 ? value : value & ((1 &<< UInt64(count)) &- 1)
    }
    // Without the zero limbs that a jam by somebody else may have on top.
    var used = size
    while used > 0, limb(used - 1) == 0 { used -= 1 }
    if used == 0 { return .zero }
    let top = limb(used - 1)
    if used == 1, top <= Word.largestDirect { return Word(direct: top) }
    do throws(Fault) {
      let offset = try nursery.allocate(.natural, size: used)
      for index in 0..<used { nursery.base[offset + 1 + index] = limb(index) }
      return Word(tag: .natural, offset: offset)
    } catch {
      throw CueError(reason: .stopped(error), bit: start)
    }
  }

  mutating func read() throws(CueError) -> Cued {
    var cursor = 0
    let base = nursery.base
    var sp = bottom
    while true {
      let position = cursor
      if nounCount & 0xFFFF == 0xFFFF, let fault = nursery.stopRequested {
        throw CueError(reason: .stopped(fault), bit: position)
      }
      let tag = window(cursor)
      var noun: Word
      if tag & 1 == 0 {
        cursor &+= 1
        if cursor > bitCount { throw CueError(reason: .truncated, bit: bitCount) }
        noun = try atom(&cursor)
        try record(noun, at: position)
      } else if tag & 2 == 0 {
        cursor &+= 2
        if cursor > bitCount { throw CueError(reason: .truncated, bit: bitCount) }
        do throws(Fault) {
          let unfinished = Word(raw: CueReader.unfinished)
          noun = try nursery.cell(unfinished, unfinished)
          if sp >= nursery.state.pointee.stackLimit {
            nursery.state.pointee.stackTop = sp
            try nursery.ensureStack(1)
          }
        } catch {
          throw CueError(reason: .stopped(error), bit: position)
        }
        base[sp] = noun.raw
        sp &+= 1
        try record(noun, at: position)
        continue
      } else {
        cursor &+= 2
        let target = try atom(&cursor)
        guard target.isDirect else { throw CueError(reason: .unknownReference(position: .max), bit: position) }
        noun = try self.noun(at: target.raw, from: position)
      }
      // The noun is complete: it is the next part of the innermost unfinished cell, and so on upwards.
      while true {
        if sp == bottom { return Cued(noun: noun, bitCount: cursor) }
        let cell = Word(raw: base[sp &- 1])
        if base[cell.offset &+ 1] == CueReader.unfinished {
          base[cell.offset &+ 1] = noun.raw
          break
        }
        base[cell.offset &+ 2] = noun.raw
        sp &-= 1
        noun = cell
      }
    }
  }
}
