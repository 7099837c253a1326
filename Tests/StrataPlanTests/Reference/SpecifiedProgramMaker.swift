// Generates programs of the newer specification from a seed: laws that use one another, lazy pins and names, laws that are
// made and taken apart, cases, countdowns, lets in rings, and what only looks like one of these.

import StrataTestSupport

@testable import StrataPlan

struct SpecifiedProgramMaker {
  private var random: Random
  private var program = Program()
  private var arities: [Int] = []

  static func program(seed: UInt64) -> Program {
    var maker = SpecifiedProgramMaker(random: Random(seed: seed))
    return maker.make()
  }

  private init(random: Random) { self.random = random }

  private mutating func make() -> Program {
    define(.law(.name("constant"), 2, .nat(1)), 2)
    define(.law(.name("first of three"), 3, .nat(1)), 3)
    // The next number: the arity of a law that was made with this one.
    let made = specified(1, [.nat(1), quote(.nat(0)), quote(.nat(0))])
    let none = quote(Value.nat(0))
    define(.pin(.law(.name("next"), 1, specified(2, [none, quote(.known(1)), none, none, none, made]))), 1)
    for _ in 0..<1 + random.below(4) {
      let arity = 1 + (random.chance(80) ? random.below(3) : random.below(9))
      let law = Value.law(random.chance(80) ? number() : data(depth: 2), arity, body(arity))
      define(random.chance(50) ? .pin(law) : law, arity)
    }
    program.main = main(depth: 3)
    return program
  }

  private mutating func define(_ value: Value, _ arity: Int) {
    program.definitions.append(value)
    arities.append(arity)
  }

  private mutating func list(_ count: Int, _ make: (inout SpecifiedProgramMaker) -> Value) -> [Value] {
    var result: [Value] = []
    for _ in 0..<count { result.append(make(&self)) }
    return result
  }

  private mutating func definition() -> Value {
    arities.isEmpty ? .nat(0) : .known(random.below(arities.count))
  }

  /// In a body: the pinned 0 on a row of expressions.
  private func specified(_ head: UInt64, _ parts: [Value]) -> Value {
    call(op(0), parts.reduce(quote(.nat(head))) { call($0, $1) })
  }

  /// A pin of a natural as a constant: evaluated when the law is made.
  private func op(_ number: UInt64) -> Value { .pin(.nat(number)) }

  private mutating func number() -> Value {
    switch random.below(10) {
    case 0: .nat(UInt64.max - UInt64(random.below(3)))
    case 1: .nat(1 << 63 - 1 + UInt64(random.below(3)))
    default: .nat(UInt64(random.below(6)))
    }
  }

  /// The head of a row: mostly one that means something, otherwise any number, also one that lies in memory.
  private mutating func head() -> Value {
    random.chance(80) ? .nat(UInt64(random.below(3))) : number()
  }

  /// Something that has no value.
  private mutating func failing() -> Value {
    switch random.below(4) {
    case 0: .app(.pin(.nat(7)), [number()])
    case 1: .app(.pin(.nat(0)), [number()])
    case 2: .app(.pin(.nat(0)), [.app(.nat(2), [number(), number()])])
    default: .app(.pin(.pin(.nat(1))), [number()])
    }
  }

  // MARK: Outside of laws

  /// Values, evaluated or not, with parts that may have none.
  private mutating func data(depth: Int) -> Value {
    if depth == 0 { return random.chance(4) ? failing() : number() }
    switch random.below(14) {
    case 0: return .pin(data(depth: depth - 1))
    case 1: return .law(data(depth: depth - 1), 1 + random.below(3), data(depth: depth - 1))
    case 2, 3: return definition()
    case 4...6: return .app(head(), list(1 + random.below(3)) { $0.data(depth: depth - 1) })
    case 7: return .app(definition(), list(1 + random.below(3)) { $0.data(depth: depth - 1) })
    default: return number()
    }
  }

  private mutating func main(depth: Int) -> Value {
    if depth == 0 { return data(depth: 1) }
    switch random.below(8) {
    case 0: return data(depth: 2)
    case 1: return .app(.pin(.nat(0)), [.app(.nat(2), list(6) { $0.main(depth: depth - 1) })])
    default:
      let index = random.below(arities.count)
      let count = max(1, arities[index] + [-1, 0, 0, 0, 0, 1][random.below(6)])
      return .app(.known(index), list(count) { $0.main(depth: depth - 1) })
    }
  }

  // MARK: Bodies

  private mutating func body(_ arity: Int) -> Value {
    let letCount = random.chance(50) ? 0 : 1 + random.below(3)
    let slots = arity + letCount
    let values = list(letCount) { $0.expression(2, slots) }
    var result = expression(1 + random.below(3), slots)
    if random.chance(40) {
      // A countdown on the last argument: 0 gives something, other numbers call this law again with one less.
      var again = Value.nat(0)
      for _ in 1..<arity { again = call(again, expression(1, slots)) }
      let fallback = list(3) { $0.expression(1, slots) }
      let zero = expression(2, slots)
      result = specified(2, fallback + [zero, again, .nat(UInt64(arity))])
      if random.chance(40) { result = call(call(quote(.nat(0)), expression(1, slots)), result) }
    }
    for value in values.reversed() { result = binding(value, result) }
    return result
  }

  private mutating func reference(_ slots: Int) -> Value { .nat(UInt64(random.below(slots + 1))) }

  private mutating func expression(_ depth: Int, _ slots: Int) -> Value {
    if depth <= 0 || random.chance(12) {
      switch random.below(10) {
      case 0: return quote(number())
      case 1: return quote(data(depth: 2))
      case 2: return random.chance(10) ? quote(failing()) : quote(definition())
      case 3: return .nat(UInt64(slots + 1 + random.below(4)))
      default: return reference(slots)
      }
    }
    let next: (inout SpecifiedProgramMaker) -> Value = { $0.expression(depth - 1, slots) }
    switch random.below(20) {
    case 0...2: return call(quote(.known(2)), next(&self))
    case 3...5: return specified(2, list(6, next))
    case 6, 7: return specified(0, [next(&self)])
    case 8: return specified(1, list(3, next))
    case 9...12:
      let index = random.below(arities.count)
      let count = max(1, arities[index] + [-1, 0, 0, 0, 1, 2][random.below(6)])
      return list(count, next).reduce(random.chance(50) ? quote(.known(index)) : .known(index)) { call($0, $1) }
    case 13, 14: return list(1 + random.below(2), next).reduce(reference(slots)) { call($0, $1) }
    case 15, 16: return list(1 + random.below(3), next).reduce(quote(head())) { call($0, $1) }
    case 17:
      // A constant closure as a function, some of whose arguments may not be evaluated.
      return call(quote(.app(definition(), [data(depth: 1)])), next(&self))
    case 18: return odd(depth, slots)
    default: return call(op(random.chance(80) ? 0 : 3), next(&self))
    }
  }

  /// Shapes that only look like expressions.
  private mutating func odd(_ depth: Int, _ slots: Int) -> Value {
    switch random.below(5) {
    case 0: .app(.nat(0), [reference(slots), reference(slots), reference(slots)])
    case 1: .app(.nat(1), [reference(slots), reference(slots)])
    case 2: .app(.nat(2), [data(depth: 1)])
    case 3: specified(UInt64(random.below(4)), list(1 + random.below(6)) { $0.reference(slots) })
    default: call(.pin(.pin(.nat(1))), reference(slots))
    }
  }
}
