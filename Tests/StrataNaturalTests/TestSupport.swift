// What the tests of this module share: a seeded generator, random sizes, and the way between words and the model.

import Glibc
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNatural

/// How many rounds a test does: all of them in release, a fraction in debug.
func rounds(_ count: Int) -> Int {
  #if DEBUG
    return max(1, count / 40) * testScale
  #else
    return count * testScale
  #endif
}

extension Random {
  /// A size in bits: mostly a few limbs, sometimes up to `largest`.
  mutating func bits(upTo largest: Int) -> Int {
    switch below(64) {
    case 0: 1 + below(largest)
    case 1...4: 1 + below(min(largest, 2000))
    case 5...20: min(largest, 64 * (1 + below(4)) - 1 + below(3))
    default: 1 + below(min(largest, 300))
    }
  }

  /// A natural of exactly `bits` bits: random digits, or long runs of ones and zeros, where carries live.
  mutating func natural(bits: Int) -> Model {
    let count = (bits + 31) / 32
    var digits = [UInt32](repeating: 0, count: count)
    let style = below(4)
    var fill: UInt32 = 0
    for index in 0..<count {
      if style == 0 {
        if below(4) == 0 { fill = ~fill }
        digits[index] = fill
      } else {
        digits[index] = UInt32(truncatingIfNeeded: next())
      }
    }
    if count > 0 {
      let top = (bits - 1) % 32
      if top < 31 { digits[count - 1] &= (1 << UInt32(top + 1)) - 1 }
      digits[count - 1] |= 1 << UInt32(top)
    }
    return Model(digits)
  }

  mutating func natural(upTo largest: Int) -> Model {
    if below(24) == 0 { return edge() }
    return natural(bits: bits(upTo: largest))
  }

  /// A value next to a border of the representation.
  mutating func edge() -> Model {
    let power = Model.powerOfTwo([0, 31, 32, 62, 63, 64, 65, 127, 128, 191, 192, 256][below(12)])
    switch below(3) {
    case 0: return power
    case 1: return power.plus(Model([1]))
    default: return power.minus(Model([1])) ?? power
    }
  }
}

/// A loom whose memory is dropped whenever it fills up.
final class Bench {
  let loom: Loom
  var nursery: Nursery { loom.nursery }

  init(budgetBytes: Int? = nil, youngWords: Int? = nil) throws {
    var options = LoomOptions()
    options.reservationBytes = 32 << 30
    options.budgetBytes = budgetBytes
    if let youngWords {
      options.youngWords = youngWords
      options.commitWords = 512
    }
    loom = try Loom(options)
  }

  /// The word for a model's value, written without the module under test.
  func word(_ model: Model) throws -> Word {
    let digits = model.digits
    if digits.count <= 2 {
      let value = UInt64(digits.count > 0 ? digits[0] : 0) | UInt64(digits.count > 1 ? digits[1] : 0) << 32
      if value < 1 << 63 { return Word(direct: value) }
    }
    let size = (digits.count + 1) / 2
    let offset = try nursery.allocate(.natural, size: size)
    for index in 0..<size {
      let high = 2 * index + 1 < digits.count ? UInt64(digits[2 * index + 1]) : 0
      nursery.base[offset + 1 + index] = UInt64(digits[2 * index]) | high << 32
    }
    return Word(tag: .natural, offset: offset)
  }

  /// The value of a word; nil, which equals no value, when the word is not normalised.
  func model(_ word: Word) -> Model? {
    if word.isDirect { return Model([UInt32(truncatingIfNeeded: word.raw), UInt32(word.raw >> 32)]) }
    guard word.isIndirect else { return nil }
    let header = nursery.header(word)
    guard header.kind == .natural, header.size > 0 else { return nil }
    let body = nursery.base + word.offset + 1
    if body[header.size - 1] == 0 { return nil }
    if header.size == 1, body[0] < 1 << 63 { return nil }
    var digits: [UInt32] = []
    digits.reserveCapacity(2 * header.size)
    for index in 0..<header.size {
      digits.append(UInt32(truncatingIfNeeded: body[index]))
      digits.append(UInt32(body[index] >> 32))
    }
    return Model(digits)
  }

  /// Drops everything when much has been allocated.
  func recycle() {
    if nursery.usedBytes > 64 << 20 { nursery.reset() }
  }
}
