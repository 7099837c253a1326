// Bits and blocks of naturals: the second layer of the standard library.
//
// Where Hoon takes a bite, a block size alone stands for one block. Older libraries pass three atoms in its place; those
// samples have a cell where a number should be, and are left to Nock.

import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `bex` to `xeb`, logic, `pow`, `sqt`.
  public static let bits = JetFamily(
    "bits", library: "GMP (mpn)",
    [
      Jet("one/two/bex") { (call) throws(Fault) in
        let amount = try call.sample()
        return amount.isNatural ? try call.nursery.shiftLeft(.one, by: amount) : nil
      },
      Jet("one/two/cat") { (call) throws(Fault) in
        guard let (bloq, a, b) = try atomTriple(call) else { return nil }
        return try call.nursery.concatenate(a, b, bloq: bloq)
      },
      Jet("one/two/can") { (call) throws(Fault) in try can(call) },
      Jet("one/two/cut") { (call) throws(Fault) in
        let nursery = call.nursery
        guard let (bloq, rest) = try call.parts(), rest.isCell, bloq.isNatural else { return nil }
        let range = nursery.head(rest)
        let atom = nursery.tail(rest)
        guard range.isCell, atom.isNatural, nursery.head(range).isNatural, nursery.tail(range).isNatural else {
          return nil
        }
        return try nursery.blocks(of: atom, bloq: bloq, from: nursery.head(range), count: nursery.tail(range))
      },
      Jet("one/two/end") { (call) throws(Fault) in
        guard let (bite, atom) = try biteAndAtom(call) else { return nil }
        return try call.nursery.lowBlocks(of: atom, bloq: bite.bloq, count: bite.step)
      },
      Jet("one/two/rsh") { (call) throws(Fault) in
        guard let (bite, atom) = try biteAndAtom(call) else { return nil }
        return try call.nursery.dropBlocks(of: atom, bloq: bite.bloq, count: bite.step)
      },
      Jet("one/two/lsh") { (call) throws(Fault) in
        guard let (bite, atom) = try biteAndAtom(call) else { return nil }
        return try call.nursery.raiseBlocks(of: atom, bloq: bite.bloq, count: bite.step)
      },
      Jet("one/two/met") { (call) throws(Fault) in
        guard let (bloq, atom) = try call.atoms() else { return nil }
        return Word(direct: UInt64(try call.nursery.blockCount(of: atom, bloq: bloq)))
      },
      Jet("one/two/rap") { (call) throws(Fault) in try rap(call) },
      Jet("one/two/rep") { (call) throws(Fault) in try rep(call) },
      Jet("one/two/rip") { (call) throws(Fault) in try rip(call) },
      Jet("one/two/rev") { (call) throws(Fault) in
        let nursery = call.nursery
        guard let (bloq, count, atom) = try atomTriple(call) else { return nil }
        let low = try nursery.lowBlocks(of: atom, bloq: bloq, count: count)
        let present = Word(direct: UInt64(try nursery.blockCount(of: low, bloq: bloq)))
        guard try !nursery.isLess(count, present), let reversed = try swapped(low, bloq, nursery) else { return nil }
        return try nursery.raiseBlocks(of: reversed, bloq: bloq, count: nursery.subtract(count, present))
      },
      Jet("one/two/swp") { (call) throws(Fault) in
        guard let (bloq, atom) = try call.atoms() else { return nil }
        return try swapped(atom, bloq, call.nursery)
      },
      Jet("one/two/sew") { (call) throws(Fault) in try sew(call) },
      Jet("one/two/xeb") { (call) throws(Fault) in
        let atom = try call.sample()
        return atom.isNatural ? Word(direct: UInt64(try call.nursery.bitLength(atom))) : nil
      },
      Jet("one/two/con") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.or(a, b)
      },
      Jet("one/two/dis") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.and(a, b)
      },
      Jet("one/two/mix") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.exclusiveOr(a, b)
      },
      Jet("one/two/pow") { (call) throws(Fault) in
        guard let (a, b) = try call.atoms() else { return nil }
        return try call.nursery.power(a, b)
      },
      Jet("one/two/sqt") { (call) throws(Fault) in
        let nursery = call.nursery
        let atom = try call.sample()
        guard atom.isNatural else { return nil }
        let root = try nursery.squareRoot(atom)
        return try nursery.cell(root, nursery.subtract(atom, nursery.multiply(root, root)))
      },
    ])

  private static func atomTriple(_ call: JetCall) throws(Fault) -> (Word, Word, Word)? {
    guard let (a, rest) = try call.parts(), rest.isCell else { return nil }
    let b = call.nursery.head(rest)
    let c = call.nursery.tail(rest)
    return a.isNatural && b.isNatural && c.isNatural ? (a, b, c) : nil
  }

  private static func biteAndAtom(_ call: JetCall) throws(Fault) -> (bite: (bloq: Word, step: Word), atom: Word)? {
    guard let (first, atom) = try call.parts(), atom.isNatural, let bite = call.nursery.bite(first) else { return nil }
    return (bite, atom)
  }

  /// The number of bits in `count` blocks, nil if it is 2^40 or more.
  private static func width(_ count: Word, _ bloq: Word) -> Int? {
    if count == .zero { return 0 }
    guard count.isDirect, bloq.isDirect, bloq.raw < 40, count.raw >> (40 - bloq.raw) == 0 else { return nil }
    return Int(count.raw << bloq.raw)
  }

  /// A piece of a natural to be put together: the lowest `count` bits of an atom.
  private typealias Piece = (atom: Word, position: Int, count: Int)

  private static func assembled(_ pieces: [Piece], _ nursery: Nursery) throws(Fault) -> Word {
    var length = 0
    for piece in pieces {
      let bits = min(piece.count, try nursery.bitLength(piece.atom))
      if bits > 0 { length = max(length, piece.position + bits) }
    }
    var builder = try nursery.naturalBuilder(bitCount: length)
    for piece in pieces { builder.insert(piece.atom, at: piece.position, count: piece.count) }
    return builder.finish()
  }

  /// The pieces that the items of a list stand for, put together; nil where `piece` is, and for what is no list.
  private static func assembled(
    _ list: Word, _ nursery: Nursery, _ piece: (_ item: Word) throws(Fault) -> (atom: Word, count: Int)?
  ) throws(Fault) -> Word? {
    var pieces: [Piece] = []
    var position = 0
    var rest = list
    while rest.isCell {
      guard let (atom, count) = try piece(nursery.head(rest)), atom.isNatural else { return nil }
      pieces.append((atom, position, count))
      position += count
      guard position < 1 << 50 else { return nil }
      rest = nursery.tail(rest)
    }
    return rest == .zero ? try assembled(pieces, nursery) : nil
  }

  private static func can(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (bloq, list) = try call.parts(), bloq.isNatural else { return nil }
    return try assembled(list, nursery) { (item) in
      guard item.isCell, let count = width(nursery.head(item), bloq) else { return nil }
      return (nursery.tail(item), count)
    }
  }

  private static func rap(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (bloq, list) = try call.parts(), bloq.isDirect, bloq.raw < 40 else { return nil }
    return try assembled(list, nursery) { (atom) throws(Fault) in
      guard atom.isNatural else { return nil }
      return (atom, try nursery.blockCount(of: atom, bloq: bloq) << Int(bloq.raw))
    }
  }

  private static func rep(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (first, list) = try call.parts(), let bite = nursery.bite(first),
      let count = width(bite.step, bite.bloq)
    else { return nil }
    return try assembled(list, nursery) { (atom) in (atom, count) }
  }

  private static func rip(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (bite, atom) = try biteAndAtom(call) else { return nil }
    if atom == .zero { return .zero }
    // No blocks at a time would never end.
    guard bite.step != .zero else { return nil }
    var result = ListBuilder(nursery)
    guard let count = width(bite.step, bite.bloq) else {
      // Only a loom with naturals of 2^40 bits would have to split this.
      try result.append(atom)
      return result.finish()
    }
    let length = try nursery.bitLength(atom)
    var position = 0
    while position < length {
      try result.append(nursery.bits(of: atom, from: position, count: count))
      position += count
      if position & 0xFFFFF < count, let fault = nursery.stopRequested { throw fault }
    }
    return result.finish()
  }

  /// A natural's blocks in reverse.
  private static func swapped(_ atom: Word, _ bloq: Word, _ nursery: Nursery) throws(Fault) -> Word? {
    guard let count = width(.one, bloq) else { return atom }
    let blocks = try nursery.blockCount(of: atom, bloq: bloq)
    var builder = try nursery.naturalBuilder(bitCount: blocks * count)
    for block in 0..<blocks {
      let part = try nursery.bits(of: atom, from: block * count, count: count)
      builder.insert(part, at: (blocks - 1 - block) * count, count: count)
      if block & 0xFFFFF == 0xFFFFF, let fault = nursery.stopRequested { throw fault }
    }
    return builder.finish()
  }

  /// The atom e with c blocks of d in place of those from block b on.
  private static func sew(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (bloq, rest) = try call.parts(), bloq.isNatural, rest.isCell else { return nil }
    let slice = nursery.head(rest)
    let whole = nursery.tail(rest)
    guard slice.isCell, nursery.tail(slice).isCell, whole.isNatural else { return nil }
    let part = nursery.tail(nursery.tail(slice))
    guard let start = width(nursery.head(slice), bloq), let count = width(nursery.head(nursery.tail(slice)), bloq),
      part.isNatural
    else { return nil }
    let above = try nursery.bits(of: whole, from: start + count, count: Int.max)
    return try assembled(
      [(whole, 0, start), (part, start, count), (above, start + count, Int.max)], nursery)
  }
}
