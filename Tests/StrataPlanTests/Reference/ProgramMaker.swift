// Generates PLAN programs from a seed: a few laws that use one another, and an application of them. Most terminate.

import StrataTestSupport

@testable import StrataPlan

/// Values that are built once and shared, and the value to force. Later definitions may use earlier ones.
struct Program {
  var definitions: [Value] = []
  var main: Value = .nat(0)
}

struct ProgramMaker {
  private var random: Random
  private var program = Program()
  /// Arity of each definition, and whether it is a pin.
  private var known: [(arity: Int, isPin: Bool)] = []

  private struct Scope {
    let arity: Int
    let lets: Int
    var slots: Int { arity + lets }
  }

  /// The program of a seed, always the same.
  static func program(seed: UInt64) -> Program {
    var maker = ProgramMaker(random: Random(seed: seed))
    return maker.make()
  }

  private init(random: Random) { self.random = random }

  private mutating func make() -> Program {
    for _ in 0..<1 + random.below(4) {
      let arity = 1 + (random.chance(80) ? random.below(3) : random.below(9))
      let law = Value.law(random.chance(70) ? .nat(UInt64(random.below(100))) : .name("law"), arity, body(arity))
      let isPin = random.chance(50)
      program.definitions.append(isPin ? .pin(law) : law)
      known.append((arity, isPin))
    }
    program.main = main(depth: 3)
    return program
  }

  /// What is applied outside of all laws: built as it is, without a law's compilation.
  private mutating func main(depth: Int) -> Value {
    if depth == 0 { return data(depth: 1) }
    switch random.below(10) {
    case 0: return data(depth: 2)
    case 1:
      let (name, arity) = Reference.jets[random.below(Reference.jets.count)]
      return .app(jet(name, arity), list(arity) { $0.main(depth: depth - 1) })
    case 2: return .app(op(8), [.app(.nat(0), [definition(), main(depth: depth - 1)])])
    case 3: return .app(op(15), [.app(.nat(3), list(6) { $0.main(depth: depth - 1) })])
    default:
      let index = random.below(known.count)
      let count = max(1, known[index].arity + [-1, 0, 0, 0, 0, 1][random.below(6)])
      return .app(.known(index), list(count) { $0.main(depth: depth - 1) })
    }
  }

  private mutating func list(_ count: Int, _ make: (inout ProgramMaker) -> Value) -> [Value] {
    var result: [Value] = []
    for _ in 0..<count { result.append(make(&self)) }
    return result
  }

  private mutating func definition() -> Value {
    known.isEmpty ? op(2) : .known(random.below(known.count))
  }

  // MARK: Data

  private mutating func number() -> Value {
    switch random.below(12) {
    case 0: .nat(UInt64.max - UInt64(random.below(3)))
    case 1: .nat(1 << 63 - 1 + UInt64(random.below(3)))
    case 2: .bytes((0..<1 + random.below(24)).map { _ in UInt8(random.below(256)) })
    case 3: .nat(random.next() >> UInt64(random.below(64)))
    default: .nat(UInt64(random.below(7)))
    }
  }

  /// The head of a row: mostly one that bodies know, otherwise any number, also one that lies in memory.
  private mutating func head() -> Value {
    random.chance(80) ? .nat(UInt64(random.below(3))) : number()
  }

  private mutating func data(depth: Int) -> Value {
    if depth == 0 { return number() }
    switch random.below(12) {
    case 0: return .pin(data(depth: depth - 1))
    case 1: return .law(number(), 1 + random.below(3), data(depth: depth - 1))
    case 2: return definition()
    case 3...6: return .app(head(), list(1 + random.below(4)) { $0.data(depth: depth - 1) })
    default: return number()
    }
  }

  // MARK: Bodies

  private mutating func body(_ arity: Int) -> Value {
    let letCount = random.chance(40) ? 0 : random.chance(95) ? 1 + random.below(4) : random.below(70)
    let scope = Scope(arity: arity, lets: letCount)
    let bindings = list(letCount) { $0.expression(2, scope) }
    var result: Value
    if random.chance(25) {
      // A countdown on the first argument, so that recursion ends.
      let less = wrapped("Dec", [.nat(1)])
      var arguments = [less]
      for _ in 1..<arity { arguments.append(expression(1, scope)) }
      let again = arguments.reduce(Value.nat(0)) { call($0, $1) }
      let step = random.chance(50) ? again : around(again, scope)
      result = wrapped("If", [wrapped("Lt", [.nat(1), quote(.nat(20))]), step, expression(2, scope)])
      result = wrapped("If", [.nat(1), result, expression(2, scope)])
    } else {
      result = expression(1 + random.below(4), scope)
    }
    for binding_ in bindings.reversed() { result = binding(binding_, result) }
    return result
  }

  /// Something that uses an expression in a place that is not the last.
  private mutating func around(_ inner: Value, _ scope: Scope) -> Value {
    switch random.below(6) {
    case 0: wrapped("Add", [inner, expression(1, scope)])
    case 1: wrapped("Seq", [inner, expression(1, scope)])
    case 2: call(row(0), inner, expression(1, scope))
    case 3: wrapped("If", [inner, expression(1, scope), expression(1, scope)])
    case 4: wrapped("Sub", [expression(1, scope), inner])
    default: call(op(2), inner)
    }
  }

  /// A quoted head, so that it is not taken for a reference.
  private func row(_ head: UInt64) -> Value { quote(.nat(head)) }

  private mutating func reference(_ scope: Scope) -> Value {
    if random.chance(3) || scope.slots == 0 { return .nat(0) }
    return .nat(UInt64(1 + random.below(scope.slots)))
  }

  /// An operation in one of the ways in which it may be written.
  private mutating func wrapped(_ name: String, _ operands: [Value]) -> Value {
    switch random.below(3) {
    case 0: return call(op(15), operands.reduce(quote(.name(name))) { call($0, $1) })
    default: return operands.reduce(jet(name, operands.count)) { call($0, $1) }
    }
  }

  private mutating func expression(_ depth: Int, _ scope: Scope) -> Value {
    if depth <= 0 || random.chance(10) {
      switch random.below(10) {
      case 0, 1: return quote(number())
      case 2: return quote(data(depth: 2))
      case 3: return .nat(UInt64(scope.slots + 1 + random.below(5)))
      default: return reference(scope)
      }
    }
    switch random.below(30) {
    case 0...6:
      let (name, arity) = Reference.jets[random.below(Reference.jets.count)]
      return wrapped(name, list(arity) { $0.expression(depth - 1, scope) })
    case 7, 8: return numbered(depth, scope)
    case 9, 10: return wrapped(["Add", "Sub", "Mul", "Lt", "Eq", "Div"][random.below(6)], operands(2, depth, scope))
    case 11, 12: return wrapped(["If", "Ifz"][random.below(2)], operands(3, depth, scope))
    case 13, 14:
      let count = 1 + random.below(4)
      let literal = operands(count, depth, scope).reduce(row(0)) { call($0, $1) }
      return wrapped(
        ["Br", "Case"][random.below(2)], [expression(depth - 1, scope), literal, expression(depth - 1, scope)])
    case 15: return operands(6, depth, scope).reduce(op(3)) { call($0, $1) }
    case 16...19:
      if known.isEmpty { return reference(scope) }
      let index = random.below(known.count)
      let count = max(1, known[index].arity + [-1, 0, 0, 0, 1, 2][random.below(6)])
      return operands(count, depth, scope).reduce(Value.known(index)) { call($0, $1) }
    case 20, 21: return operands(1 + random.below(2), depth, scope).reduce(reference(scope)) { call($0, $1) }
    case 22, 23:
      return operands(1 + random.below(4), depth, scope).reduce(quote(head())) { call($0, $1) }
    case 24: return call(op(8), call(row(0), expression(depth - 1, scope), expression(depth - 1, scope)))
    case 25: return call(op(UInt64([17, 21, 99][random.below(3)])), expression(depth - 1, scope))
    case 26: return call(op(0), expression(depth - 1, scope))
    case 27: return operands(3, depth, scope).reduce(op(1)) { call($0, $1) }
    case 28: return odd(depth, scope)
    default: return call(op(2), expression(depth - 1, scope))
    }
  }

  private mutating func operands(_ count: Int, _ depth: Int, _ scope: Scope) -> [Value] {
    list(count) { $0.expression(depth - 1, scope) }
  }

  /// An operation by its key.
  private mutating func numbered(_ depth: Int, _ scope: Scope) -> Value {
    let keys = (Reference.arities.keys.filter { $0 < 110 } + [30, 93, 98]).sorted()
    let key = keys[random.below(keys.count)]
    let count = random.chance(97) ? Reference.arities[key] ?? 1 : 1 + random.below(4)
    return call(op(15), operands(count, depth, scope).reduce(quote(.nat(UInt64(key)))) { call($0, $1) })
  }

  /// Shapes that only look like expressions, and calls in unusual places.
  private mutating func odd(_ depth: Int, _ scope: Scope) -> Value {
    switch random.below(9) {
    case 0: .app(.nat(0), [reference(scope), reference(scope), reference(scope)])
    case 1: .app(.nat(1), [reference(scope), reference(scope)])
    case 2: .app(.nat(2), [reference(scope)])
    case 3: call(quote(.app(definition(), [number()])), expression(depth - 1, scope))
    case 4: call(op(15), expression(depth - 1, scope))
    case 5: call(.pin(.pin(.nat(1))), expression(depth - 1, scope))
    case 6:
      // Rows whose head is computed, and large as often as not.
      wrapped("Row", [expression(1, scope), .nat(UInt64(random.below(4))), expression(depth - 1, scope)])
    case 7: wrapped("Rep", [quote(number()), expression(depth - 1, scope), expression(1, scope)])
    default: operands(scope.arity, depth, scope).reduce(.nat(0)) { call($0, $1) }
    }
  }
}
