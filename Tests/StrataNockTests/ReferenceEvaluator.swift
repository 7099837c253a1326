// Nock as its definition says it, on Swift values: slow, plain, and independent of everything in the library.

import StrataMemory
import StrataTestSupport

/// A noun as a Swift value; atoms fit 64 bits here, and grow to at most two words by counting.
indirect enum Noun: Equatable, Sendable, CustomStringConvertible {
  case atom(UInt64)
  case cell(Noun, Noun)

  var description: String {
    switch self {
    case .atom(let value): "\(value)"
    case .cell(let head, let tail): "[\(head) \(tail)]"
    }
  }

  static func list(_ parts: [Noun]) -> Noun {
    parts.dropLast().reversed().reduce(parts[parts.count - 1]) { .cell($1, $0) }
  }

  /// The same noun in a nursery.
  func build(in nursery: Nursery) throws(Fault) -> Word {
    switch self {
    case .atom(let value):
      if value <= Word.largestDirect { return Word(direct: value) }
      let offset = try nursery.allocate(.natural, size: 1)
      nursery.base[offset + 1] = value
      return Word(tag: .natural, offset: offset)
    case .cell(let head, let tail):
      return try nursery.cell(head.build(in: nursery), tail.build(in: nursery))
    }
  }

  /// Whether the noun in memory is this one.
  func equals(_ word: Word, in nursery: Nursery) -> Bool {
    switch self {
    case .atom(let value):
      if word.isDirect { return word.raw == value }
      return word.isIndirect && nursery.header(word).size == 1 && nursery.base[word.offset + 1] == value
    case .cell(let head, let tail):
      return word.isCell && head.equals(nursery.head(word), in: nursery) && tail.equals(nursery.tail(word), in: nursery)
    }
  }

  /// Whether the noun, as a tree, has more cells than this.
  func isLarger(than cells: Int) -> Bool {
    var left = cells
    var nouns = [self]
    while let noun = nouns.popLast() {
      guard case .cell(let head, let tail) = noun else { continue }
      if left == 0 { return true }
      left -= 1
      nouns.append(tail)
      nouns.append(head)
    }
    return false
  }

  /// Smaller nouns to try in this one's place when a failure is shrunk.
  var smaller: [Noun] {
    guard case .cell(let head, let tail) = self else { return self == .atom(0) ? [] : [.atom(0)] }
    return [head, tail] + head.smaller.map { .cell($0, tail) } + tail.smaller.map { .cell(head, $0) }
  }
}

/// Why the reference gives no product.
enum ReferenceError: Error, Equatable {
  case crash
  /// It took longer than it was allowed to; nothing is known.
  case undecided
}

/// The definition.
struct ReferenceEvaluator {
  /// How many reductions are left.
  var fuel: Int
  private var depth = 0

  init(fuel: Int) { self.fuel = fuel }

  static func part(_ axis: UInt64, of noun: Noun) throws(ReferenceError) -> Noun {
    if axis == 0 { throw .crash }
    if axis == 1 { return noun }
    guard case .cell(let head, let tail) = try part(axis / 2, of: noun) else { throw .crash }
    return axis % 2 == 0 ? head : tail
  }

  static func edit(_ axis: UInt64, of noun: Noun, to value: Noun) throws(ReferenceError) -> Noun {
    if axis == 0 { throw .crash }
    if axis == 1 { return value }
    let above = try part(axis / 2, of: noun)
    guard case .cell(let head, let tail) = above else { throw .crash }
    return try edit(axis / 2, of: noun, to: axis % 2 == 0 ? .cell(value, tail) : .cell(head, value))
  }

  mutating func run(_ subject: Noun, _ formula: Noun) throws(ReferenceError) -> Noun {
    fuel -= 1
    depth += 1
    defer { depth -= 1 }
    if fuel < 0 || depth > 400 { throw .undecided }
    guard case .cell(let operation, let argument) = formula else { throw .crash }
    guard case .atom(let number) = operation else {
      let head = try run(subject, operation)
      return .cell(head, try run(subject, argument))
    }
    switch number {
    case 0:
      guard case .atom(let axis) = argument else { throw .crash }
      return try ReferenceEvaluator.part(axis, of: subject)
    case 1: return argument
    case 2:
      let (first, second) = try pair(argument)
      let newSubject = try run(subject, first)
      return try run(newSubject, run(subject, second))
    case 3:
      if case .cell = try run(subject, argument) { return .atom(0) }
      return .atom(1)
    case 4:
      guard case .atom(let value) = try run(subject, argument) else { throw .crash }
      // The largest atom of the model is not counted any further.
      if value == .max { throw .undecided }
      return .atom(value + 1)
    case 5:
      let (first, second) = try pair(argument)
      let a = try run(subject, first)
      return .atom(try equal(run(subject, second), a) ? 0 : 1)
    case 6:
      let (test, branches) = try pair(argument)
      let (yes, no) = try pair(branches)
      switch try run(subject, test) {
      case .atom(0): return try run(subject, yes)
      case .atom(1): return try run(subject, no)
      default: throw .crash
      }
    case 7:
      let (first, second) = try pair(argument)
      return try run(run(subject, first), second)
    case 8:
      let (first, second) = try pair(argument)
      return try run(.cell(run(subject, first), subject), second)
    case 9:
      let (axis, coreFormula) = try pair(argument)
      guard case .atom(let arm) = axis else { throw .crash }
      let core = try run(subject, coreFormula)
      return try run(core, ReferenceEvaluator.part(arm, of: core))
    case 10:
      let (target, nounFormula) = try pair(argument)
      guard case .cell(.atom(let axis), let valueFormula) = target else { throw .crash }
      let noun = try run(subject, nounFormula)
      return try ReferenceEvaluator.edit(axis, of: noun, to: run(subject, valueFormula))
    case 11:
      let (hint, body) = try pair(argument)
      if case .cell(_, let clue) = hint { _ = try run(subject, clue) }
      return try run(subject, body)
    case 12:
      // Nobody answers here, but what asks is computed first, and may take for ever.
      let (first, second) = try pair(argument)
      _ = try run(subject, first)
      _ = try run(subject, second)
      throw .crash
    default: throw .crash
    }
  }

  /// Whether two nouns are the same. Takes fuel: a noun that shares its parts may be larger than there is time.
  private mutating func equal(_ a: Noun, _ b: Noun) throws(ReferenceError) -> Bool {
    var pairs = [(a, b)]
    while let (a, b) = pairs.popLast() {
      fuel -= 1
      if fuel < 0 { throw .undecided }
      switch (a, b) {
      case (.atom(let first), .atom(let second)): if first != second { return false }
      case (.cell(let head, let tail), .cell(let otherHead, let otherTail)):
        pairs.append((tail, otherTail))
        pairs.append((head, otherHead))
      default: return false
      }
    }
    return true
  }

  private func pair(_ noun: Noun) throws(ReferenceError) -> (Noun, Noun) {
    guard case .cell(let head, let tail) = noun else { throw .crash }
    return (head, tail)
  }
}

/// Makes formulas that mostly make sense, of every operation, and some that do not.
struct FormulaGenerator {
  private var random: Random

  init(seed: UInt64) { random = Random(seed: seed) }

  mutating func next() -> UInt64 { random.next() }
  mutating func below(_ bound: Int) -> Int { random.below(bound) }

  mutating func noun(_ depth: Int) -> Noun {
    if depth == 0 || below(3) == 0 {
      switch below(12) {
      case 0: return .atom(next() >> UInt64(below(64)))
      case 1: return .atom(Word.largestDirect - UInt64(below(2)))
      case 2: return .atom(1 << 63)
      default: return .atom(UInt64(below(4)))
      }
    }
    return .cell(noun(depth - 1), noun(depth - 1))
  }

  private mutating func axis() -> Noun {
    switch below(11) {
    case 10: .atom(64 + UInt64(below(64)))
    case 0: .atom(UInt64(below(64)))
    case 1: .atom(1)
    case 2: below(20) == 0 ? .atom(0) : .atom(2)
    default: .atom([2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 28, 30][below(12)])
    }
  }

  private static let tags: [UInt64] = [
    1_869_440_365, 1_851_876_717, 1_953_460_339, 1_735_355_507, 1_953_718_630, 1_953_853_282, 7, 1_886_351_212,
  ]

  /// A trap that goes on with itself a few times: `8 [1 0] 8 [1 body] 9 2 0 1`. Its subject is `[body counter rest]`.
  private mutating func loop(_ depth: Int) -> Noun {
    let counted: Noun = .list([.atom(4), .atom(0), .atom(6)])
    let whole: Noun = .list([.atom(0), .atom(1)])
    let rest: Noun = .list([.atom(0), .atom(7)])
    /// One of the simple things that rarely crash, or anything.
    func small(_ generator: inout FormulaGenerator) -> Noun {
      switch generator.below(5) {
      case 0: generator.formula(min(depth, 2))
      case 1: .cell(counted, rest)
      case 2: rest
      case 3: .list([.atom(1), generator.noun(2)])
      default: whole
      }
    }
    let next: Noun =
      switch below(6) {
      case 0: .list([.atom(10), .cell(.atom(6), counted), whole])
      case 1: .cell(.list([.atom(0), .atom(2)]), .cell(counted, rest))
      case 2: .cell(.list([.atom(0), .atom(2)]), .cell(counted, .cell(small(&self), rest)))
      case 3: .list([.atom(10), .cell(.atom(7), small(&self)), .atom(10), .cell(.atom(6), counted), whole])
      case 4:
        .list([
          .atom(10), .cell(.atom(6), counted), .atom(10), .cell(.atom(UInt64(14 + below(2))), small(&self)), whole,
        ])
      default: .cell(.list([.atom(0), .atom(2)]), .cell(counted, small(&self)))
      }
    let again: Noun = .list([.atom(9), .atom(2), next])
    let turn: Noun =
      switch below(4) {
      case 0:
        .list([
          .atom(6), .list([.atom(5), .list([.atom(0), .atom(UInt64(12 + below(3)))]), small(&self)]), again, again,
        ])
      case 1: .list([.atom(8), small(&self), .list([.atom(9), .atom(2), .list([.atom(7), rest, next])])])
      default: again
      }
    let met: Noun =
      below(2) == 0 ? .list([.atom(1), .atom(UInt64(below(7)))]) : .list([.atom(0), .atom([7, 7, 14, 30][below(4)])])
    let counter: Noun = below(2) == 0 ? .list([.atom(0), .atom(6)]) : counted
    let test: Noun = .list([.atom(5)] + (below(4) == 0 ? [met, counter] : [counter, met]))
    let body: Noun = .list([.atom(6), test, small(&self), turn])
    return .list([
      .atom(8), .list([.atom(1), .atom(UInt64(below(3)))]), .atom(8), .list([.atom(1), body]), .atom(9), .atom(2),
      whole,
    ])
  }

  mutating func formula(_ depth: Int) -> Noun {
    if depth == 0 { return below(3) == 0 ? .list([.atom(1), noun(2)]) : .list([.atom(0), axis()]) }
    let inner = depth - 1
    switch below(38) {
    case 34..<38: return loop(inner)
    case 0..<4: return .cell(formula(inner), formula(inner))
    case 4..<7: return .list([.atom(0), axis()])
    case 7: return .list([.atom(1), noun(3)])
    case 8: return .list([.atom(2), formula(inner), .list([.atom(1), formula(inner)])])
    case 9: return .list([.atom(2), formula(inner), formula(inner)])
    case 10: return .list([.atom(3), formula(inner)])
    case 11, 12: return .list([.atom(4), formula(inner)])
    case 13, 14: return .list([.atom(5), formula(inner), formula(inner)])
    case 15: return .list([.atom(6), formula(inner), formula(inner), formula(inner)])
    case 16, 17:
      return .list([.atom(6), .list([.atom(5), formula(inner), formula(inner)]), formula(inner), formula(inner)])
    case 18: return .list([.atom(6), .list([.atom(3), formula(inner)]), formula(inner), formula(inner)])
    case 19, 20: return .list([.atom(7), formula(inner), formula(inner)])
    case 21, 22: return .list([.atom(8), formula(inner), formula(inner)])
    case 23: return .list([.atom(9), axis(), formula(inner)])
    case 24, 25:
      // A core of one or two arms, called.
      let battery = below(2) == 0 ? formula(inner) : .cell(formula(inner), formula(inner))
      let core: Noun = .cell(.list([.atom(1), battery]), formula(inner))
      return .list([.atom(9), .atom([2, 4, 5][below(3)]), core])
    case 26, 27: return .list([.atom(10), .cell(axis(), formula(inner)), formula(inner)])
    case 28: return .list([.atom(11), .atom(FormulaGenerator.tags[below(8)]), formula(inner)])
    case 29, 30:
      return .list([.atom(11), .cell(.atom(FormulaGenerator.tags[below(8)]), formula(inner)), formula(inner)])
    case 31: return .list([.atom(UInt64(12 + below(3))), formula(inner), formula(inner)])
    case 32: return noun(3)
    default: return .list([.atom(7), .list([.atom(0), axis()]), formula(inner)])
    }
  }
}
