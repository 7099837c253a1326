// The reference evaluator: PLAN's rules written down one by one, slowly, with nothing compiled and nothing shared with
// the machine under test. It recurses on the host's stack and is therefore run on a thread with a large one.

import StrataTestSupport

@testable import StrataPlan

/// Why the reference gave no value.
enum ReferenceStop: Error {
  /// The program threw: tag and forced value.
  case threw(Term, Term)
  case loop
  case crash(PlanCrash)
  /// The program takes longer, or makes larger values, than a test should wait for.
  case tooLong
}

/// A value or something that is yet to be evaluated. Evaluation happens in place.
/// Safe: each is used by one thread at a time.
final class Term: @unchecked Sendable {
  indirect enum State {
    case nat(Model)
    case pin(Term)
    case law(name: Model, arity: Model, body: Term)
    case app(Term, [Term])
    /// Function and arguments, not evaluated.
    case wait(Term, [Term])
    case busy
    /// Evaluated: the value is another term's.
    case same(Term)
  }
  var state: State

  init(_ state: State) { self.state = state }
  convenience init(_ number: UInt64) { self.init(.nat(Model(number))) }
  convenience init(_ number: Model) { self.init(.nat(number)) }
}

/// Evaluates terms by the rules, up to a number of steps.
final class Reference {
  var fuel: Int
  private var depth = 0
  /// The lets of all laws that ran. Only through them can terms form rings, which `deinit` breaks.
  private var places: [Term] = []

  init(fuel: Int) { self.fuel = fuel }

  deinit {
    for place in places { place.state = .busy }
  }

  // MARK: Building

  func build(_ value: Value, _ known: [Term]) -> Term {
    switch value {
    case .nat(let number): return Term(number)
    case .bytes(let bytes): return Term(Reference.natural(bytes))
    case .pin(let item): return Term(.wait(Term(.pin(Term(0))), [build(item, known)]))
    case .law(let name, let arity, let body):
      return Term(.wait(Term(.pin(Term(1))), [build(name, known), Term(UInt64(arity)), build(body, known)]))
    case .app(let head, let arguments):
      return Term(.wait(build(head, known), arguments.map { build($0, known) }))
    case .known(let index): return known[index]
    }
  }

  static func natural(_ bytes: [UInt8]) -> Model {
    var digits = [UInt32](repeating: 0, count: (bytes.count + 3) / 4)
    for (index, byte) in bytes.enumerated() { digits[index / 4] |= UInt32(byte) << UInt32(index % 4 * 8) }
    return Model(digits)
  }

  // MARK: Evaluation

  private func step() throws(ReferenceStop) {
    fuel -= 1
    if fuel < 0 { throw .tooLong }
  }

  /// Weak head normal form.
  func eval(_ term: Term) throws(ReferenceStop) -> Term {
    var term = term
    while case .same(let other) = term.state { term = other }
    switch term.state {
    case .nat, .pin, .law, .app, .same: return term
    case .busy: throw .loop
    case .wait(let function, let arguments):
      try step()
      depth += 1
      if depth > 3000 { throw .tooLong }
      defer { depth -= 1 }
      term.state = .busy
      do throws(ReferenceStop) {
        let value = try apply(function, arguments)
        term.state = .same(value)
        return value
      } catch {
        term.state = .wait(function, arguments)
        throw error
      }
    }
  }

  /// The value of a function on arguments, both unevaluated.
  func apply(_ function: Term, _ arguments: [Term]) throws(ReferenceStop) -> Term {
    try step()
    var head = try eval(function)
    var arguments = arguments
    if arguments.isEmpty { return head }
    while true {
      if case .app(let inner, let first) = head.state {
        arguments = first + arguments
        head = inner
        while case .same(let other) = head.state { head = other }
      }
      guard let needed = arity(head), arguments.count >= needed else { return Term(.app(head, arguments)) }
      let result = try run(head, Array(arguments[..<needed]))
      if arguments.count == needed { return result }
      arguments = Array(arguments[needed...])
      head = result
    }
  }

  /// How many arguments a head takes; nil when no number is enough.
  func arity(_ head: Term) -> Int? {
    switch head.state {
    case .same(let other): return arity(other)
    case .pin(let item):
      switch plain(item).state {
      case .nat(let number):
        switch number.small {
        case 1: return 3
        case 3: return 6
        default: return 1
        }
      default: return arity(item)
      }
    case .law(_, let arity, _): return arity.small.flatMap { $0 < 1 << 40 ? Int($0) : nil }
    case .app(let inner, let arguments): return arity(inner).map { $0 - arguments.count }
    default: return nil
    }
  }

  func plain(_ term: Term) -> Term {
    var term = term
    while case .same(let other) = term.state { term = other }
    return term
  }

  private func run(_ head: Term, _ arguments: [Term]) throws(ReferenceStop) -> Term {
    switch head.state {
    case .law(_, _, let body): return try judge(body, itself: head, arguments)
    case .pin(let item):
      switch plain(item).state {
      case .law(_, _, let body): return try judge(body, itself: head, arguments)
      case .nat(let number): return try pinned(number, plain(item), arguments)
      default: throw .crash(.uncallable)
      }
    default: throw .crash(.uncallable)
    }
  }

  // MARK: Laws

  private func judge(_ body: Term, itself: Term, _ arguments: [Term]) throws(ReferenceStop) -> Term {
    var environment = [itself] + arguments
    var lets: [(Term, Term)] = []
    var rest = plain(body)
    while case .app(let head, let parts) = rest.state, isNatural(head, 1), parts.count == 2 {
      let place = Term(.busy)
      lets.append((place, plain(parts[0])))
      environment.append(place)
      rest = plain(parts[1])
    }
    places += lets.map(\.0)
    for (place, expression) in lets { place.state = .wait(expand(expression, environment), []) }
    return try eval(expand(rest, environment))
  }

  private func isNatural(_ term: Term, _ number: UInt64) -> Bool {
    if case .nat(let value) = plain(term).state { return value.small == number }
    return false
  }

  private func expand(_ expression: Term, _ environment: [Term]) -> Term {
    switch expression.state {
    case .nat(let number):
      if let index = number.small, index < UInt64(environment.count) { return environment[Int(index)] }
      return expression
    case .app(let head, let parts) where isNatural(head, 0) && parts.count == 2:
      return Term(.wait(expand(plain(parts[0]), environment), [expand(plain(parts[1]), environment)]))
    case .app(let head, let parts) where isNatural(head, 0) && parts.count == 1: return plain(parts[0])
    default: return expression
    }
  }

  // MARK: Normal forms

  /// The normal form, in place.
  @discardableResult
  func force(_ term: Term) throws(ReferenceStop) -> Term {
    let value = try eval(term)
    if case .app(let head, let arguments) = value.state {
      depth += 1
      if depth > 3000 { throw .tooLong }
      defer { depth -= 1 }
      try step()
      var forced: [Term] = []
      for argument in arguments { forced.append(try force(argument)) }
      value.state = .app(head, forced)
    }
    return value
  }

  /// The natural that a term evaluates to; 0 for anything else.
  func natural(_ term: Term) throws(ReferenceStop) -> Model {
    if case .nat(let number) = try eval(term).state { return number }
    return .zero
  }

  // MARK: Printing

  /// A value in normal form as text; nil when it is longer than `limit` parts.
  func text(_ term: Term, limit: Int) -> String? {
    var count = 0
    return text(term, &count, limit)
  }

  private func text(_ term: Term, _ count: inout Int, _ limit: Int) -> String? {
    count += 1
    if count > limit { return nil }
    switch plain(term).state {
    case .nat(let number): return Reference.text(number)
    case .pin(let item): return text(item, &count, limit).map { "<\($0)>" }
    case .law(let name, let arity, let body):
      return text(body, &count, limit).map { "{\(Reference.text(name)) \(Reference.text(arity)) \($0)}" }
    case .app(let head, let arguments):
      guard var result = text(head, &count, limit) else { return nil }
      for argument in arguments {
        guard let part = text(argument, &count, limit) else { return nil }
        result += " " + part
      }
      return "(" + result + ")"
    case .wait, .busy, .same: return "?"
    }
  }

  static func text(_ number: Model) -> String {
    if let small = number.small { return String(small) }
    return "0x"
      + number.digits.reversed().map { digit in
        let text = String(digit, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
      }.joined()
  }
}
