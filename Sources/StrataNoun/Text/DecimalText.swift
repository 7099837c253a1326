// Decimal digits of naturals that do not fit a word: the dots that text puts between them, and their number.

import Glibc
import StrataMemory
import StrataNatural

/// The decimal form of large naturals.
enum DecimalText {
  /// The natural that the digits in `range` denote; dots between them are skipped. The caller has checked them and
  /// guarantees that there are `digits` of them from the first that is not 0.
  static func natural(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, digits: Int, into nursery: Nursery
  ) throws(Fault) -> Word {
    if range.count == digits {
      return try nursery.natural(digits: UnsafeBufferPointer(rebasing: bytes[range]), base: .decimal)
    }
    // Not the nursery's scratch memory: the natural is to stay behind when this is released.
    guard let plain = malloc(digits)?.assumingMemoryBound(to: UInt8.self) else { throw .refused }
    defer { free(plain) }
    var length = 0
    for at in range where bytes[at] != UInt8(ascii: ".") {
      plain[length] = bytes[at]
      length &+= 1
    }
    return try nursery.natural(digits: UnsafeBufferPointer(start: plain, count: length), base: .decimal)
  }

  /// At least this many decimal digits has every natural of `bits` bits.
  static func leastDigits(bits: Int) -> Int {
    // log10(2) is more than 1233 / 4096.
    bits < 1 ? 1 : (bits - 1) / 4096 * 1233 + (bits - 1) % 4096 * 1233 / 4096 + 1
  }

  /// Appends digits with a dot before each group of three.
  static func append(
    dotted digits: UnsafeBufferPointer<UInt8>, to sink: inout TextSink
  ) throws(NounText.WriteError) {
    var left = digits.count
    for digit in digits {
      try sink.append(digit)
      left &-= 1
      if left > 0, left % 3 == 0 { try sink.append(UInt8(ascii: ".")) }
    }
  }
}
