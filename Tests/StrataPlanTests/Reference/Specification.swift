// The newer specification's rules written down one by one, under the names that it has for them: E evaluates, A is an
// arity, H runs what is saturated, X executes, S is the pinned 0, C a case, J checks a law's body, B, L and R expand one.
// Applications are pairs and are changed in place, as the rules have it. Nothing is shared with the machine under test.
//
// Where the rules as they are printed cannot be meant, this follows the program that accompanies them: slot 0 is the
// function itself, and lets fill the slots after the arguments.

import StrataTestSupport

@testable import StrataPlan

/// A value or what is to become one. Safe: each is used by one thread at a time.
final class SpecifiedNode: @unchecked Sendable {
  indirect enum State {
    case nat(Model)
    case pin(SpecifiedNode)
    case law(arity: Model, name: SpecifiedNode, body: SpecifiedNode)
    case app(SpecifiedNode, SpecifiedNode, isEvaluated: Bool)
    /// A let without a value, or an application that is being evaluated: the rules go on for ever here.
    case hole
    case same(SpecifiedNode)
  }
  var state: State

  init(_ state: State) { self.state = state }
  convenience init(_ number: UInt64) { self.init(.nat(Model(number))) }
  convenience init(_ function: SpecifiedNode, _ arguments: [SpecifiedNode]) {
    var result = function
    for argument in arguments.dropLast() { result = SpecifiedNode(.app(result, argument, isEvaluated: false)) }
    self.init(.app(result, arguments[arguments.count - 1], isEvaluated: false))
  }
}

/// Evaluates by the rules, up to a number of steps.
final class Specification {
  private typealias Node = SpecifiedNode
  private var fuel: Int
  private var depth = 0
  private var places: [SpecifiedNode] = []

  init(fuel: Int) { self.fuel = fuel }

  // Only lets close rings.
  deinit { for place in places { place.state = .hole } }

  // MARK: Building

  func build(_ value: Value, _ known: [SpecifiedNode]) -> SpecifiedNode {
    switch value {
    case .nat(let number): return Node(number)
    case .bytes(let bytes): return Node(.nat(Reference.natural(bytes)))
    case .pin(let item): return operation([Node(0), build(item, known)])
    case .law(let name, let arity, let body):
      return operation([Node(1), Node(UInt64(arity - 1)), build(name, known), build(body, known)])
    case .app(let head, let arguments): return Node(build(head, known), arguments.map { build($0, known) })
    case .known(let index): return known[index]
    }
  }

  private func operation(_ row: [SpecifiedNode]) -> SpecifiedNode {
    Node(Node(.pin(Node(0))), [Node(row[0], Array(row[1...]))])
  }

  // MARK: E, A, H

  private func spend() throws(ReferenceStop) {
    fuel -= 1
    if fuel < 0 { throw .tooLong }
  }

  private func plain(_ node: SpecifiedNode) -> SpecifiedNode {
    var node = node
    while case .same(let other) = node.state { node = other }
    return node
  }

  @discardableResult
  func evaluate(_ start: SpecifiedNode) throws(ReferenceStop) -> SpecifiedNode {
    let node = plain(start)
    switch node.state {
    case .hole: throw .loop
    case .app(let function, let argument, isEvaluated: false):
      try spend()
      depth += 1
      if depth > 3000 { throw .tooLong }
      defer { depth -= 1 }
      node.state = .hole
      let head = try evaluate(function)
      guard arity(head) == 1 else {
        node.state = .app(head, argument, isEvaluated: true)
        return node
      }
      let result = try evaluate(try execute(head, argument))
      node.state = .same(result)
      return result
    default: return node
    }
  }

  /// Nil stands for what no number of arguments reaches; the rules write 0 for it.
  private func arity(_ node: SpecifiedNode) -> Int? {
    func small(_ arity: Model) -> Int? { arity.small.flatMap { $0 < 1 << 40 ? Int($0) : nil } }
    switch plain(node).state {
    case .app(let function, _, _): return arity(function).map { $0 - 1 }
    case .law(let arity, _, _): return small(arity)
    case .pin(let item):
      if case .law(let arity, _, _) = plain(item).state { return small(arity) }
      return 1
    default: return nil
    }
  }

  // MARK: X, S, C

  private func execute(_ function: SpecifiedNode, _ argument: SpecifiedNode) throws(ReferenceStop) -> SpecifiedNode {
    var arguments = [argument]
    var head = plain(function)
    while case .app(let inner, let outer, _) = head.state {
      arguments.insert(outer, at: 0)
      head = plain(inner)
    }
    switch head.state {
    case .law(_, _, let body): return try begin([head] + arguments, arguments.count, body)
    case .pin(let item):
      switch plain(item).state {
      case .law(_, _, let body): return try begin([head] + arguments, arguments.count, body)
      case .nat(let number): return try primitive(number, try evaluate(argument))
      default: throw .crash(.uncallable)
      }
    default: throw .crash(.uncallable)
    }
  }

  private func primitive(_ number: Model, _ row: SpecifiedNode) throws(ReferenceStop) -> SpecifiedNode {
    guard number.isZero else { throw .crash(.unknownOperation) }
    let parts = flat(row)
    guard parts.count > 1, case .nat(let key) = plain(parts[0]).state else { throw .crash(.malformedRow) }
    switch (key.small, parts.count) {
    case (0, 2): return Node(.pin(try evaluate(parts[1])))
    case (1, 4):
      let arity = number_(try evaluate(parts[1])).plus(Model(1))
      let body = try evaluate(parts[3])
      try check(body)
      return Node(.law(arity: arity, name: parts[2], body: body))
    case (2, 7):
      switch try evaluate(parts[6]).state {
      case .pin(let item): return Node(parts[1], [item])
      case .law(let arity, let name, let body): return Node(parts[2], [Node(.nat(arity)), name, body])
      case .app(let function, let argument, _): return Node(parts[3], [function, argument])
      case .nat(let number):
        guard let less = number.minus(Model(1)) else { return parts[4] }
        return Node(parts[5], [Node(.nat(less))])
      default: throw .loop
      }
    default: throw .crash(.malformedRow)
    }
  }

  private func number_(_ node: SpecifiedNode) -> Model {
    if case .nat(let number) = node.state { return number }
    return .zero
  }

  /// Head and arguments of an evaluated value.
  private func flat(_ node: SpecifiedNode) -> [SpecifiedNode] {
    var arguments: [SpecifiedNode] = []
    var head = plain(node)
    while case .app(let function, let argument, _) = head.state {
      arguments.append(argument)
      head = plain(function)
    }
    return [head] + arguments.reversed()
  }

  // MARK: J, B, L, R

  /// Value and rest of a let.
  private func binding(_ node: SpecifiedNode) -> (value: SpecifiedNode, rest: SpecifiedNode)? {
    let parts = flat(node)
    guard parts.count == 3, case .nat(let one) = parts[0].state, one.small == 1 else { return nil }
    return (parts[1], parts[2])
  }

  /// Evaluates the body of a law as far as it is an expression, as running it would.
  private func check(_ body: SpecifiedNode) throws(ReferenceStop) { _ = try begin(nil, 0, body) }

  private func begin(
    _ environment: [SpecifiedNode]?, _ arity: Int, _ body: SpecifiedNode
  ) throws(ReferenceStop) -> SpecifiedNode {
    var slots = environment
    var rest = body
    while let (_, next) = binding(rest) {
      rest = try evaluate(next)
      let place = Node(.hole)
      places.append(place)
      slots?.append(place)
      try spend()
    }
    var index = arity + 1
    rest = body
    while let (value, next) = binding(rest) {
      let expanded = plain(try expand(slots, try evaluate(value)))
      // A let that stands for itself stays a hole.
      if let place = slots?[index], expanded !== place { place.state = .same(expanded) }
      index += 1
      rest = try evaluate(next)
    }
    return try expand(slots, rest)
  }

  private func expand(_ slots: [SpecifiedNode]?, _ expression: SpecifiedNode) throws(ReferenceStop) -> SpecifiedNode {
    try spend()
    depth += 1
    if depth > 3000 { throw .tooLong }
    defer { depth -= 1 }
    let expression = plain(expression)
    if case .nat(let number) = expression.state {
      guard let slots, let index = number.small, index < UInt64(slots.count) else { return expression }
      return slots[Int(index)]
    }
    let parts = flat(expression)
    guard parts.count == 2 || parts.count == 3, case .nat(let zero) = parts[0].state, zero.isZero else {
      return expression
    }
    let first = try evaluate(parts[1])
    guard parts.count == 3 else { return first }
    let second = try evaluate(parts[2])
    return Node(try expand(slots, first), [try expand(slots, second)])
  }

  // MARK: Normal forms

  /// Evaluates a value and everything in it.
  @discardableResult
  func force(_ node: SpecifiedNode) throws(ReferenceStop) -> SpecifiedNode {
    let value = try evaluate(node)
    try spend()
    depth += 1
    if depth > 3000 { throw .tooLong }
    defer { depth -= 1 }
    switch value.state {
    case .pin(let item): try force(item)
    case .law(_, let name, let body):
      try force(name)
      try force(body)
    case .app:
      for part in flat(value) { try force(part) }
    default: break
    }
    return value
  }

  /// A value in normal form in the notation of `PlanMachine.plainText`; nil when it has more than `limit` parts.
  func text(_ node: SpecifiedNode, limit: Int) -> String? {
    var count = 0
    return text(node, &count, limit)
  }

  private func text(_ node: SpecifiedNode, _ count: inout Int, _ limit: Int) -> String? {
    count += 1
    if count > limit { return nil }
    let node = plain(node)
    switch node.state {
    case .nat(let number): return Reference.text(number)
    case .pin(let item): return text(item, &count, limit).map { "<\($0)>" }
    case .law(let arity, let name, let body):
      guard let name = text(name, &count, limit), let body = text(body, &count, limit) else { return nil }
      return "{\(name) \(Reference.text(arity)) \(body)}"
    case .app:
      var words: [String] = []
      for part in flat(node) {
        guard let word = text(part, &count, limit) else { return nil }
        words.append(word)
      }
      return "(" + words.joined(separator: " ") + ")"
    case .hole, .same: return "?"
    }
  }

  /// What forcing a program gives; nil when it takes too long.
  static func result(of program: Program) -> String? {
    let rules = Specification(fuel: 20_000)
    var nodes: [SpecifiedNode] = []
    for definition in program.definitions { nodes.append(rules.build(definition, nodes)) }
    let main = rules.build(program.main, nodes)
    do throws(ReferenceStop) {
      return rules.text(try rules.force(main), limit: 3000)
    } catch {
      switch error {
      case .loop: return "loop"
      case .crash(let crash): return "crash \(crash)"
      case .tooLong, .threw: return nil
      }
    }
  }
}
