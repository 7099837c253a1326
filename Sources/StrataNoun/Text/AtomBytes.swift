// A natural as a run of bytes, the lowest first, and what those bytes look like as text.

import StrataMemory

/// The words of one natural, direct or in memory. Valid until the next safe point.
struct AtomBytes {
  private let direct: UInt64
  /// The words in memory; nil for a direct natural.
  private let words: UnsafePointer<UInt64>?
  /// The bits up to the highest that is set.
  let bits: Int

  /// The caller guarantees that `word` is a natural.
  @inline(__always)
  init(_ word: Word, in nursery: Nursery) {
    if word.isDirect {
      direct = word.raw
      words = nil
      bits = 64 &- word.raw.leadingZeroBitCount
    } else {
      direct = 0
      let size = nursery.header(word).size
      words = UnsafePointer(nursery.base + word.offset + 1)
      bits = size &* 64 &- nursery.base[word.offset &+ size].leadingZeroBitCount
    }
  }

  /// The bytes up to the highest that is not 0.
  var count: Int { (bits &+ 7) / 8 }

  @inline(__always)
  func word(_ index: Int) -> UInt64 { words.map { $0[index] } ?? direct }

  /// The byte at `index`, which is below `count`.
  @inline(__always)
  subscript(index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: word(index &>> 3) &>> UInt64((index & 7) &* 8))
  }

  /// The four bits at `index`, counted from the lowest.
  @inline(__always)
  func hexadecimalDigit(_ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: word(index &>> 4) &>> UInt64((index & 15) &* 4)) & 15
  }

  /// Whether the bytes, or the first `limit` of them, spell a term of at least two characters.
  func isTerm(upTo limit: Int) -> Bool {
    let count = min(count, limit)
    guard count >= 2, TermForm.isFirst(self[0]) else { return false }
    for index in 1..<count where !TermForm.isInner(self[index]) { return false }
    return true
  }

  /// The length of the first character, which begins at `index`, and of its text inside a cord; nil when it is
  /// not UTF-8 or would not show.
  func character(at index: Int) -> (bytes: Int, text: Int)? {
    let lead = self[index]
    if lead < 0x80 {
      switch lead {
      case UInt8(ascii: "'"), UInt8(ascii: "\\"): return (1, 2)
      case 0x09, 0x0A, 0x0D: return (1, 3)
      case 0x00..<0x20, 0x7F: return nil
      default: return (1, 1)
      }
    }
    let length = UTF8Form.sequenceLength(lead)
    guard length > 0, length <= count &- index, UTF8Form.isSecond(self[index &+ 1], after: lead) else { return nil }
    var scalar = UInt32(lead) & (0x7F >> UInt32(length))
    for next in 1..<length {
      let byte = self[index &+ next]
      if byte & 0xC0 != 0x80 { return nil }
      scalar = scalar << 6 | UInt32(byte & 0x3F)
    }
    return AtomBytes.isInvisible(scalar) ? nil : (length, length)
  }

  /// Controls, and marks that hide or reorder what stands around them.
  private static func isInvisible(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x80...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE_0000...0xE_0FFF:
      true
    default: false
    }
  }

  /// The length of the bytes' text inside a cord when they are at least three characters that all show; otherwise nil.
  /// Once the text is longer than `limit` the rest is not looked at.
  func cordTextLength(upTo limit: Int) -> Int? {
    let count = count
    guard count >= 3 else { return nil }
    var length = 0
    var index = 0
    var characters = 0
    while index < count, length <= limit {
      guard let character = character(at: index) else { return nil }
      index &+= character.bytes
      length &+= character.text
      characters &+= 1
    }
    return characters >= 3 || length > limit ? length : nil
  }
}
