// Orders, hashes and serialisation of nouns.

import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `dor`, `gor`, `mor`, `aor`, `mug`, `muk`, `jam`, `cue`, `mat`, `rub`.
  public static let nouns = JetFamily(
    "nouns",
    [
      Jet("one/two/dor") { (call) throws(Fault) in
        guard let (a, b) = try call.parts() else { return nil }
        return Nursery.loobean(try call.nursery.precedes(a, b))
      },
      Jet("one/two/aor", kelvins: 138...138) { (call) throws(Fault) in
        guard let (a, b) = try call.parts() else { return nil }
        return Nursery.loobean(try call.nursery.precedes(a, b, bytewise: true))
      },
      Jet("one/two/gor") { (call) throws(Fault) in
        guard let (a, b) = try call.parts() else { return nil }
        return Nursery.loobean(try call.nursery.isLeft(a, of: b))
      },
      Jet("one/two/mor") { (call) throws(Fault) in
        guard let (a, b) = try call.parts() else { return nil }
        return Nursery.loobean(try call.nursery.isAbove(a, b))
      },
      Jet("one/two/mug") { (call) throws(Fault) in Word(direct: UInt64(try call.nursery.mug(call.sample()))) },
      Jet("one/two/muk", parentAxis: 59) { (call) throws(Fault) in try muk(call) },
      Jet("one/two/jam") { (call) throws(Fault) in
        let nursery = call.nursery
        var writer = try nursery.jam(call.sample())
        return try writer.finish { (limbs, bitCount) throws(Fault) in
          try nursery.natural(bytes: UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8))
        }
      },
      Jet("one/two/cue") { (call) throws(Fault) in
        let atom = try call.sample()
        guard atom.isNatural else { return nil }
        return try cue(atom, call.nursery)
      },
      Jet("one/two/mat") { (call) throws(Fault) in
        let nursery = call.nursery
        let atom = try call.sample()
        guard atom.isNatural else { return nil }
        if atom == .zero { return try nursery.cell(.one, .one) }
        let length = try nursery.bitLength(atom)
        let prefix = 64 - UInt64(length).leadingZeroBitCount
        var builder = try nursery.naturalBuilder(bitCount: 2 * prefix + length)
        builder.insert(.one, at: prefix, count: 1)
        builder.insert(Word(direct: UInt64(length)), at: prefix + 1, count: prefix - 1)
        builder.insert(atom, at: 2 * prefix, count: length)
        return try nursery.cell(Word(direct: UInt64(2 * prefix + length)), builder.finish())
      },
      Jet("one/two/rub") { (call) throws(Fault) in try rub(call) },
    ])

  private static func cue(_ atom: Word, _ nursery: Nursery) throws(Fault) -> Word? {
    let bytes = try nursery.bytes(of: atom)
    do throws(CueError) {
      return try bytes.withUnsafeBufferPointer { (buffer) throws(CueError) in
        try nursery.cue(UnsafeRawBufferPointer(buffer)).noun
      }
    } catch {
      // What is no jam may still be one with zeros after it, and crashes otherwise: Nock finds out.
      if case .stopped(let fault) = error.reason { throw fault }
      return nil
    }
  }

  private static func rub(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (start, atom) = try call.atoms(), start.isDirect, start.raw < 1 << 50 else { return nil }
    let length = try nursery.bitLength(atom)
    let first = Int(start.raw)
    var zeros = 0
    while try !nursery.testBit(atom, at: Word(direct: UInt64(first + zeros))) {
      zeros += 1
      guard zeros <= length, zeros < 50 else { return nil }
    }
    if zeros == 0 { return try nursery.cell(.one, .zero) }
    let next = first + zeros + 1
    let low = try nursery.bits(of: atom, from: next, count: zeros - 1)
    let size = 1 << (zeros - 1) + Int(low.raw)
    return try nursery.cell(
      Word(direct: UInt64(2 * zeros + size)), nursery.bits(of: atom, from: next + zeros - 1, count: size))
  }

  /// Murmur3 with a seed over the key's bytes, filled up with zeros to a length. What the library's own code reads
  /// beyond the key's last block crashes there.
  private static func muk(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    let sample = try call.sample()
    guard sample.isCell, nursery.tail(sample).isCell else { return nil }
    let seed = nursery.head(sample)
    let length = nursery.head(nursery.tail(sample))
    let key = nursery.tail(nursery.tail(sample))
    guard seed.isNatural, length.isDirect, length.raw < 1 << 32, key.isNatural else { return nil }
    let bytes = try nursery.bytes(of: key)
    let count = Int(length.raw)
    guard bytes.count <= count, (bytes.count + 3) / 4 >= count / 4 else { return nil }
    func byte(_ index: Int) -> UInt32 { index < bytes.count ? UInt32(bytes[index]) : 0 }
    func scrambled(_ block: UInt32) -> UInt32 {
      let k = block &* 0xCC9E_2D51
      return (k << 15 | k >> 17) &* 0x1B87_3593
    }
    var hash = UInt32(truncatingIfNeeded: try nursery.bits(of: seed, from: 0, count: 32).raw)
    for block in 0..<count / 4 {
      let start = block * 4
      hash ^= scrambled(byte(start) | byte(start + 1) << 8 | byte(start + 2) << 16 | byte(start + 3) << 24)
      hash = hash << 13 | hash >> 19
      hash = hash &* 5 &+ 0xE654_6B64
    }
    if count % 4 != 0 {
      let start = count - count % 4
      hash ^= scrambled((0..<count % 4).reduce(UInt32(0)) { $0 | byte(start + $1) << UInt32(8 * $1) })
    }
    hash ^= UInt32(count)
    hash ^= hash >> 16
    hash = hash &* 0x85EB_CA6B
    hash ^= hash >> 13
    hash = hash &* 0xC2B2_AE35
    return Word(direct: UInt64(hash ^ hash >> 16))
  }
}

extension Nursery {
  /// Hoon's order of all nouns: atoms by size before cells, cells by their first different part. Equal nouns precede
  /// each other. With `bytewise` atoms are ordered by their bytes from the lowest on.
  @usableFromInline
  func precedes(_ a: Word, _ b: Word, bytewise: Bool = false) throws(Fault) -> Bool {
    var a = a
    var b = b
    while true {
      if try equal(a, b) { return true }
      if a.isNatural {
        guard b.isNatural else { return true }
        return bytewise ? try isLowerBytewise(a, b) : try isLess(a, b)
      }
      guard b.isCell else { return false }
      if try equal(head(a), head(b)) {
        a = tail(a)
        b = tail(b)
      } else {
        a = head(a)
        b = head(b)
      }
    }
  }

  /// Whether a's byte is less where two different atoms first differ.
  private func isLowerBytewise(_ a: Word, _ b: Word) throws(Fault) -> Bool {
    let position = try trailingZeros(exclusiveOr(a, b)) & ~7
    return try bits(of: a, from: position, count: 8).raw < bits(of: b, from: position, count: 8).raw
  }

  /// Whether a comes before b in a treap's horizontal order: by mug.
  @inlinable
  func isLeft(_ a: Word, of b: Word) throws(Fault) -> Bool {
    let first = try mug(a)
    let second = try mug(b)
    return first == second ? try precedes(a, b) : first < second
  }

  /// Whether a comes before b in a treap's vertical order: by the mug of the mug.
  @inlinable
  func isAbove(_ a: Word, _ b: Word) throws(Fault) -> Bool {
    let first = Murmur.mug(UInt64(try mug(a)))
    let second = Murmur.mug(UInt64(try mug(b)))
    return first == second ? try precedes(a, b) : first < second
  }
}
