// Samples for jets: what an arm is meant for, its boundaries, and what it is not meant for.

import StrataMemory
import StrataNatural
import StrataNoun
import StrataTestSupport

@testable import StrataNock

/// A shape of noun that samples are drawn from.
indirect enum Shape: Sendable {
  case atom, small, byte, bit, cord, aura
  /// An atom, mostly one that Nock can count through.
  case count
  case noun, type
  case list(Shape), tape
  case set(Shape), map(Shape, Shape)
  case pair(Shape, Shape)
  case unit(Shape)
  case either(Shape, Shape)
  case bite
  /// A gate of one argument, of two, and one that answers yes or no; some crash.
  case gate, gateOfTwo, test, testOfTwo, gateToUnit
  case trap
  case formula
  case nail, edge, rule
  case jam, axis
  /// An aura that atoms are written in; one and a text, which may be an atom in it; a number such as names stand for.
  case printed, coin, address

  static func triple(_ a: Shape, _ b: Shape, _ c: Shape) -> Shape { .pair(a, .pair(b, c)) }
}

/// Draws nouns.
struct SampleMaker {
  let laboratory: JetLaboratory
  var random: Random
  private var nursery: Nursery { laboratory.nursery }

  init(_ laboratory: JetLaboratory, seed: UInt64) {
    self.laboratory = laboratory
    random = Random(seed: seed)
  }

  /// A noun of a shape; one in eight has a part that does not belong there.
  mutating func sample(_ shape: Shape) throws -> Word {
    let noun = try draw(shape, depth: 0)
    return random.chance(12) ? try spoiled(noun) : noun
  }

  private mutating func spoiled(_ noun: Word) throws -> Word {
    guard noun.isCell, !random.chance(25) else {
      return random.chance(50) ? try nursery.cell(noun, noun) : Word(direct: UInt64(random.below(4)))
    }
    let head = nursery.head(noun)
    let tail = nursery.tail(noun)
    return random.chance(50)
      ? try nursery.cell(spoiled(head), tail) : try nursery.cell(head, spoiled(tail))
  }

  mutating func number(_ bound: Int) -> Word { Word(direct: UInt64(random.below(bound))) }

  private mutating func atom() throws -> Word {
    switch random.below(10) {
    case 0: return .zero
    case 1: return number(4)
    case 2, 3, 4: return number(300)
    case 5: return try nursery.natural(UInt64(1) << 63 &- UInt64(random.below(3)) &+ UInt64(random.below(3)))
    case 6: return try nursery.natural(UInt64.max &- UInt64(random.below(3)))
    case 7: return try nursery.natural(random.next())
    default:
      return try nursery.natural(bytes: (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }
  }

  private mutating func items(_ shape: Shape, _ depth: Int, most: Int = 7) throws -> [Word] {
    var items: [Word] = []
    for _ in 0..<random.below(depth > 2 ? 3 : most) { items.append(try draw(shape, depth: depth + 1)) }
    return items
  }

  private func list(_ items: [Word]) throws -> Word {
    var list = Word.zero
    for item in items.reversed() { list = try nursery.cell(item, list) }
    return list
  }

  /// A gate of raw Nock: `[formula sample context]`.
  private func gate(_ text: String, sample: Word = .zero) throws -> Word {
    let formula = try NounText.read(Array(text.utf8), into: nursery)
    return try nursery.cell(formula, nursery.cell(sample, .zero))
  }

  private mutating func pick(_ texts: [String]) throws -> Word { try gate(texts[random.below(texts.count)]) }

  mutating func draw(_ shape: Shape, depth: Int) throws -> Word {
    switch shape {
    case .atom: return try atom()
    case .count: return random.chance(80) ? number(random.chance(50) ? 12 : 1500) : try atom()
    case .small: return number(12)
    case .byte: return number(256)
    case .bit: return number(2)
    case .cord: return try nursery.natural(bytes: (0..<random.below(9)).map { _ in UInt8(97 + random.below(26)) })
    case .aura:
      let texts = ["", "u", "ud", "ux", "uxD", "uxG", "tas", "t", "ta", "D", "G", "uD"]
      return try nursery.natural(bytes: Array(texts[random.below(texts.count)].utf8))
    case .noun:
      if depth < 5, random.chance(40) {
        return try nursery.cell(draw(.noun, depth: depth + 1), draw(.noun, depth: depth + 1))
      }
      return random.chance(60) ? number(5) : try atom()
    case .list(let item): return try list(items(item, depth))
    case .tape:
      var tape: [Word] = []
      for _ in 0..<random.below(9) {
        tape.append(random.chance(15) ? Word(direct: 10) : Word(direct: UInt64(97 + random.below(4))))
      }
      return try list(tape)
    case .set(let item):
      var tree = Word.zero
      for item in try items(item, depth, most: 9) {
        tree = try Treaps(nursery, isMap: false).inserted(item, key: item, in: tree) ?? .zero
      }
      return tree
    case .map(let key, let value):
      var tree = Word.zero
      for key in try items(key, depth, most: 9) {
        let pair = try nursery.cell(key, draw(value, depth: depth + 1))
        tree = try Treaps(nursery, isMap: true).inserted(pair, key: key, in: tree) ?? .zero
      }
      return tree
    case .pair(let a, let b): return try nursery.cell(draw(a, depth: depth), draw(b, depth: depth))
    case .unit(let item): return random.chance(25) ? .zero : try nursery.cell(.zero, draw(item, depth: depth + 1))
    case .either(let a, let b): return try draw(random.chance(50) ? a : b, depth: depth)
    case .bite:
      let bloq = random.chance(5) ? try atom() : number(9)
      return random.chance(50) ? bloq : try nursery.cell(bloq, random.chance(5) ? atom() : number(20))
    case .gate: return try pick(["[0 6]", "[3 0 6]", "[4 0 6]", "[[0 6] 0 6]", "[1 0]", "[4 0 12]", "[0 13]", "[0 0]"])
    case .gateOfTwo:
      let sample = try draw(.pair(.atom, .noun), depth: 3)
      let texts = ["[0 6]", "[0 12]", "[4 0 12]", "[[0 13] 0 12]", "[0 13]", "[4 0 13]", "[[0 12] 0 13]", "[0 0]"]
      return try gate(texts[random.below(texts.count)], sample: sample)
    case .test:
      return try pick(["[3 0 6]", "[5 [1 0] 0 6]", "[5 [1 3] 0 6]", "[1 0]", "[1 1]", "[0 6]", "[0 12]", "[0 0]"])
    case .testOfTwo:
      if random.chance(60) {
        let known = ["one/two/dor", "one/two/gor", "one/two/mor"].compactMap { laboratory.cores[$0] }
        if !known.isEmpty { return known[random.below(known.count)] }
      }
      return try pick(["[5 [0 12] 0 13]", "[3 0 12]", "[1 0]", "[1 1]", "[0 12]", "[0 0]"])
    case .gateToUnit:
      return try pick([
        "[1 0]", "[[1 0] 0 6]", "[0 6]", "[6 [3 0 6] [[1 0] 0 12] 1 0]", "[6 [5 [1 3] 0 6] [1 0] [1 0] 0 6]",
      ])
    case .trap: return try nursery.cell(draw(.formula, depth: 0), draw(.noun, depth: 0))
    case .formula:
      let texts = [
        "[0 1]", "[0 3]", "[1 5]", "[4 1 5]", "[4 0 3]", "[0 0]", "[12 [1 1] 0 1]", "[11 [1953719670 1 7] 0 9]",
        "[11 [1851876717 1 7 8] 0 0]", "[[0 1] 0 1]", "[7 [1 4] 4 0 1]", "[2 [0 1] 0 3]", "[13 1 2]", "[0 7]",
        "[1 0]", "[1 1]", "[0 2]", "[2 [0 2] 0 5]", "[[1 3] 0 1]",
      ]
      return try NounText.read(Array(texts[random.below(texts.count)].utf8), into: nursery)
    case .nail: return try nursery.cell(nursery.cell(number(3), number(5)), draw(.tape, depth: 0))
    case .edge:
      let hair = try nursery.cell(number(3), number(5))
      return try nursery.cell(
        hair,
        random.chance(30) ? .zero : nursery.cell(.zero, nursery.cell(draw(.noun, depth: 4), draw(.nail, depth: 0))))
    case .rule: return try rule(depth)
    case .jam:
      let noun = try draw(.noun, depth: 0)
      var writer = try nursery.jam(noun)
      let bytes = try writer.finish { (limbs, bits) throws(Fault) in
        [UInt8](UnsafeRawBufferPointer(start: limbs, count: (bits + 7) / 8))
      }
      return try nursery.natural(bytes: random.chance(80) ? bytes : Array(bytes.dropLast()))
    case .axis: return random.chance(70) ? number(64) : try atom()
    case .type: return try type(depth)
    case .printed: return try printed()
    case .coin: return try coin()
    case .address:
      let bits = [8, 16, 17, 20, 32, 33, 48, 64, 65, 130][random.below(10)]
      return try nursery.bits(
        of: nursery.natural(bytes: (0..<17).map { _ in UInt8(truncatingIfNeeded: random.next()) }), from: 0, count: bits
      )
    }
  }

  private mutating func printed() throws -> Word {
    let names = [
      "ud", "ux", "uv", "uw", "ub", "ui", "u", "s", "sd", "sx", "sv", "da", "dr", "d", "p", "q", "f", "n", "t", "ta",
      "tas",
      "if", "is", "i", "c", "uxD", "", "z",
    ]
    return try nursery.natural(bytes: Array(names[random.below(names.count)].utf8))
  }

  /// An aura and what `scow` makes of an atom in it, a little damaged now and then.
  private mutating func coin() throws -> Word {
    let names = ["ud", "ux", "uv", "p", "ta", "tas", "uw", "da"]
    let aura = try nursery.natural(bytes: Array(names[random.below(names.count)].utf8))
    let atom = try random.chance(40) ? draw(.address, depth: 0) : random.chance(50) ? draw(.cord, depth: 0) : atom()
    var text: [UInt8] = []
    if let gate = laboratory.cores["one/two/tri/qua/scow"] {
      let core = try nursery.edit(gate, at: Word(direct: 6), to: nursery.cell(aura, atom))
      let slot = nursery.state.pointee.stackTop
      try nursery.push(aura)
      defer { nursery.state.pointee.stackTop = slot }
      if case .product(var tape) = laboratory.machine.run(subject: core, formula: try laboratory.list([9, 2, 0, 1])) {
        while tape.isCell {
          text.append(UInt8(truncatingIfNeeded: nursery.head(tape).raw))
          tape = nursery.tail(tape)
        }
      }
      if random.chance(50), !text.isEmpty {
        let index = random.below(text.count)
        switch random.below(4) {
        case 0: text.remove(at: index)
        case 1: text.insert(text[index], at: index)
        case 2: text[index] = UInt8(33 + random.below(94))
        default: text = Array(text[..<index])
        }
      }
      return try nursery.cell(Word(raw: nursery.base[slot]), nursery.natural(bytes: text))
    }
    return try nursery.cell(aura, nursery.natural(bytes: text))
  }

  /// A rule of the library with a sample of its own, or one of raw Nock.
  private mutating func rule(_ depth: Int) throws -> Word {
    let name =
      depth > 2
      ? ["just", "shim", "mask", "easy"][random.below(4)]
      : ["just", "shim", "mask", "easy", "cold", "stag", "cook", "raw"][random.below(8)]
    if name == "raw" {
      let hair = try nursery.cell(.one, .one)
      let texts = ["[[0 12] 1 0]", "[[0 12] [1 0] [1 7] 0 6]", "[0 0]", "[1 1 1 0]"]
      return try gate(texts[random.below(texts.count)], sample: nursery.cell(hair, .zero))
    }
    guard let fun = laboratory.cores["one/two/tri/qua/\(name)/fun"] else { return try gate("[[0 12] 1 0]") }
    let parameters: Word
    switch name {
    case "just": parameters = Word(direct: UInt64(97 + random.below(4)))
    case "shim":
      let low = UInt64(97 + random.below(3))
      parameters = try nursery.cell(Word(direct: low), Word(direct: low + UInt64(random.below(3))))
    case "mask": parameters = try draw(.tape, depth: 0)
    case "easy": parameters = number(9)
    case "cook": parameters = try nursery.cell(draw(.gate, depth: 0), rule(depth + 1))
    default: parameters = try nursery.cell(number(9), rule(depth + 1))
    }
    return try nursery.edit(fun, at: Word(direct: 30), to: parameters)
  }

  /// A type of the Hoon compiler.
  private mutating func type(_ depth: Int) throws -> Word {
    func term(_ text: String) throws -> Word { try nursery.natural(bytes: Array(text.utf8)) }
    switch depth > 3 ? random.below(4) : random.below(8) {
    case 0: return try term("noun")
    case 1: return try term("void")
    case 2, 3:
      let constant = random.chance(70) ? Word.zero : try nursery.cell(.zero, number(4))
      return try nursery.cell(term("atom"), nursery.cell(term(random.chance(50) ? "ud" : "u"), constant))
    case 4, 5:
      return try nursery.cell(term("cell"), nursery.cell(type(depth + 1), type(depth + 1)))
    case 6: return try nursery.cell(term("face"), nursery.cell(term("a"), type(depth + 1)))
    default: return try nursery.cell(term("fork"), draw(.set(.type), depth: depth + 2))
    }
  }
}
