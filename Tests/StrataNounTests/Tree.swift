// A plain model of nouns for the tests: Swift values, written straight from the definitions.

import StrataMemory
import StrataTestSupport

@testable import StrataNoun

/// A noun as a Swift value; atoms are limbs without zeros on top.
indirect enum Tree: Equatable, Sendable {
  case atom([UInt64])
  case cell(Tree, Tree)

  static func number(_ value: UInt64) -> Tree { .atom(value == 0 ? [] : [value]) }

  /// A right-nested tuple.
  static func tuple(_ parts: Tree...) -> Tree {
    parts.dropLast().reversed().reduce(parts[parts.count - 1]) { .cell($1, $0) }
  }

  var bitCount: Int {
    guard case .atom(let limbs) = self, let top = limbs.last else { return 0 }
    return limbs.count * 64 - top.leadingZeroBitCount
  }

  /// The same noun in a nursery, every cell of it distinct.
  func build(in nursery: Nursery) throws(Fault) -> Word {
    switch self {
    case .atom(let limbs):
      if limbs.isEmpty { return .zero }
      if limbs.count == 1, limbs[0] <= Word.largestDirect { return Word(direct: limbs[0]) }
      let offset = try nursery.allocate(.natural, size: limbs.count)
      for (index, limb) in limbs.enumerated() { nursery.base[offset + 1 + index] = limb }
      return Word(tag: .natural, offset: offset)
    case .cell(let head, let tail):
      return try nursery.cell(head.build(in: nursery), tail.build(in: nursery))
    }
  }

  init(_ word: Word, in nursery: Nursery) {
    if word.isDirect {
      self = .number(word.raw)
    } else if word.isCell {
      self = .cell(Tree(nursery.head(word), in: nursery), Tree(nursery.tail(word), in: nursery))
    } else {
      let size = nursery.header(word).size
      self = .atom((0..<size).map { nursery.base[word.offset + 1 + $0] })
    }
  }

  static func random(_ random: inout Random, depth: Int) -> Tree {
    if depth == 0 || random.below(3) == 0 {
      switch random.below(6) {
      case 0: return .number(UInt64(random.below(3)))
      case 1: return .number(random.next() >> UInt64(random.below(64)))
      case 2: return .atom((0..<1 + random.below(4)).map { _ in random.next() } + [random.next() | 1])
      default: return .number(UInt64(random.below(300)))
      }
    }
    return .cell(.random(&random, depth: depth - 1), .random(&random, depth: depth - 1))
  }

  /// The jam as bits, from the definition; a list of what was written and where.
  func jam() -> [Bool] {
    var bits: [Bool] = []
    var first: [(Tree, Int)] = []
    func number(_ value: UInt64) -> [Bool] {
      (0..<64 - value.leadingZeroBitCount).map { value >> UInt64($0) & 1 == 1 }
    }
    func mat(_ value: [Bool]) {
      if value.isEmpty { return bits.append(true) }
      let length = number(UInt64(value.count))
      bits += Array(repeating: false, count: length.count) + [true] + length.dropLast() + value
    }
    func walk(_ tree: Tree) {
      let position = number(UInt64(bits.count))
      let known = first.first { $0.0 == tree }?.1
      switch tree {
      case .cell(let head, let tail):
        if let known {
          bits += [true, true]
          return mat(number(UInt64(known)))
        }
        first.append((tree, bits.count))
        bits += [true, false]
        walk(head)
        walk(tail)
      case .atom(let limbs):
        if let known, tree.bitCount > number(UInt64(known)).count {
          bits += [true, true]
          return mat(number(UInt64(known)))
        }
        if known == nil { first.append((tree, bits.count)) }
        bits.append(false)
        mat((0..<tree.bitCount).map { limbs[$0 / 64] >> UInt64($0 % 64) & 1 == 1 })
        _ = position
      }
    }
    walk(self)
    return bits
  }

  /// The mug, from the definition, byte by byte.
  func mug() -> UInt32 {
    switch self {
    case .atom(let limbs):
      var bytes = limbs.flatMap { limb in (0..<8).map { UInt8(truncatingIfNeeded: limb >> UInt64($0 * 8)) } }
      while bytes.last == 0 { bytes.removeLast() }
      return Tree.mug(bytes, seed: 0xCAFE_BABE, last: 0x7FFF)
    case .cell(let head, let tail):
      var bytes: [UInt8] = []
      for mug in [head.mug(), tail.mug()] {
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: mug >> UInt32($0 * 8)) }
      }
      while bytes.last == 0 { bytes.removeLast() }
      return Tree.mug(bytes, seed: 0xDEAD_BEEF, last: 0xFFFE)
    }
  }

  private static func mug(_ bytes: [UInt8], seed: UInt32, last: UInt32) -> UInt32 {
    for step in 0..<8 as Range<UInt32> {
      let hash = murmur(bytes, seed: seed &+ step)
      let folded = hash >> 31 ^ hash & 0x7FFF_FFFF
      if folded != 0 { return folded }
    }
    return last
  }

  private static func murmur(_ bytes: [UInt8], seed: UInt32) -> UInt32 {
    func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
    var hash = seed
    var index = 0
    while index < bytes.count {
      let block = bytes[index..<min(index + 4, bytes.count)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      hash ^= rotated(block &* 0xCC9E_2D51, 15) &* 0x1B87_3593
      if index + 4 <= bytes.count { hash = rotated(hash, 13) &* 5 &+ 0xE654_6B64 }
      index += 4
    }
    hash ^= UInt32(bytes.count)
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return hash ^ hash >> 16
  }
}

extension Nursery {
  /// The jam as bytes, without zero bytes on top.
  func jamBytes(_ noun: Word) throws(Fault) -> [UInt8] {
    var writer = try jam(noun)
    return try writer.finish { limbs, bits throws(Fault) in
      (0..<(bits + 7) / 8).map { UInt8(truncatingIfNeeded: limbs[$0 / 8] >> UInt64($0 % 8 * 8)) }
    }
  }

  func cue(_ bytes: [UInt8]) throws(CueError) -> Word {
    let result: Result<Word, CueError> = bytes.withUnsafeBytes { buffer in
      do throws(CueError) { return .success(try cue(buffer).noun) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
