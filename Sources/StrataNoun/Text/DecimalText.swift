// Decimal digits of naturals that do not fit a word, in time that grows less than with their square.

import CGMP
import Glibc
import StrataMemory

/// The decimal form of large naturals.
enum DecimalText {
  /// The natural that the digits in `range` denote; dots between them are skipped. The caller has checked them and
  /// guarantees that there are `digits` of them, the first of which is not 0, and that the value is at least 2^63.
  static func natural(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, digits: Int, into nursery: Nursery
  ) throws(Fault) -> Word {
    // log2(10) is less than 3402 / 1024; mpn wants one word to spare.
    let bits = digits / 1024 * 3402 + digits % 1024 * 3402 / 1024
    let offset = try nursery.allocate(.natural, size: bits / 64 + 2)
    guard let plain = malloc(digits)?.assumingMemoryBound(to: UInt8.self) else {
      nursery.base[offset] = Header(kind: .filler, size: bits / 64 + 2).raw
      throw .refused
    }
    defer { free(plain) }
    var length = 0
    for at in range where bytes[at] != UInt8(ascii: ".") {
      plain[length] = bytes[at] &- 0x30
      length &+= 1
    }
    let words = UnsafeMutableRawPointer(nursery.base + offset + 1).assumingMemoryBound(to: UInt.self)
    let size = __gmpn_set_str(words, plain, length, 10)
    nursery.shorten(offset, to: Int(size))
    return Word(tag: .natural, offset: offset)
  }

  /// At least this many decimal digits has every natural of `bits` bits.
  static func leastDigits(bits: Int) -> Int {
    // log10(2) is more than 1233 / 4096.
    bits < 1 ? 1 : (bits - 1) / 4096 * 1233 + (bits - 1) % 4096 * 1233 / 4096 + 1
  }

  /// The decimal digits of the natural of `count` words at `words`, as values 0 to 9, the first of them not 0. The
  /// caller frees the memory. Throws `.refused` when there is none.
  static func digits(
    _ words: UnsafePointer<UInt64>, count: Int
  ) throws(Fault) -> (memory: UnsafeMutablePointer<UInt8>, first: Int, count: Int) {
    // mpn destroys what it converts.
    guard let copy = malloc(count * 8)?.assumingMemoryBound(to: UInt.self) else { throw .refused }
    defer { free(copy) }
    memcpy(copy, words, count * 8)
    guard let memory = malloc(count * 20 + 1)?.assumingMemoryBound(to: UInt8.self) else { throw .refused }
    let length = Int(__gmpn_get_str(memory, 10, copy, count))
    var first = 0
    while first < length - 1, memory[first] == 0 { first += 1 }
    return (memory, first, length - first)
  }
}
