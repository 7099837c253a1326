// Parser combinators and rules.
//
//     hair    [line column]            where one is in the text
//     nail    [hair tape]              what is left to be read
//     edge    [hair unit]              how far one came, and `[0 result nail]` or 0
//
// The rule that a combinator made is a gate in the combinator: its sample is at 6, the combinator's at 30. What is not
// as it should be is left to Nock.

import StrataMemory
import StrataNatural
import StrataNoun

extension Nursery {
  /// Whether a noun is a pair of numbers.
  func isHair(_ noun: Word) -> Bool { noun.isCell && head(noun).isNatural && tail(noun).isNatural }

  /// The later of two hairs.
  func later(_ a: Word, _ b: Word) throws(Fault) -> Word? {
    guard isHair(a), isHair(b) else { return nil }
    if try equal(head(a), head(b)) { return try isLess(tail(b), tail(a)) ? a : b }
    return try isLess(head(b), head(a)) ? a : b
  }

  /// Both parts of an edge that has a result: `(hair, result, nail)`; nil for any other.
  func success(_ edge: Word) -> (hair: Word, result: Word, nail: Word)? {
    guard edge.isCell, tail(edge).isCell else { return nil }
    let found = tail(tail(edge))
    guard found.isCell else { return nil }
    return (head(edge), head(found), tail(found))
  }

  /// Whether an edge has no result.
  func isFailure(_ edge: Word) -> Bool { edge.isCell && tail(edge) == .zero }

  func edge(_ hair: Word, _ result: Word, _ nail: Word) throws(Fault) -> Word {
    try cell(hair, cell(.zero, cell(result, nail)))
  }

  /// The edge of having read one character.
  func next(_ hair: Word, _ tape: Word) throws(Fault) -> Word? {
    guard isHair(hair), tape.isCell, head(tape).isNatural else { return nil }
    let character = head(tape)
    let place =
      character == Word(direct: 10)
      ? try cell(increment(head(hair)), .one) : try cell(head(hair), increment(tail(hair)))
    return try edge(place, character, cell(place, tail(tape)))
  }
}

extension JetFamily {
  /// Combinators and rules.
  public static let parsing = JetFamily(
    "parsing",
    [
      Jet(rules + "just/fun") { (call) throws(Fault) in
        try character(call) { (character, sample) throws(Fault) in
          sample.isNatural ? try call.nursery.equal(character, sample) : nil
        }
      },
      Jet(rules + "shim/fun") { (call) throws(Fault) in
        try character(call) { (character, sample) throws(Fault) in
          guard call.nursery.isHair(sample) else { return nil }
          if try call.nursery.isLess(character, call.nursery.head(sample)) { return false }
          return try !call.nursery.isLess(call.nursery.tail(sample), character)
        }
      },
      Jet(rules + "mask/fun") { (call) throws(Fault) in
        try character(call) { (character, sample) throws(Fault) in
          guard try call.nursery.listCount(sample) != nil else { return nil }
          var rest = sample
          while rest.isCell {
            if try call.nursery.equal(character, call.nursery.head(rest)) { return true }
            rest = call.nursery.tail(rest)
          }
          return false
        }
      },
      Jet(rules + "easy/fun") { (call) throws(Fault) in
        let nursery = call.nursery
        let nail = try call.sample()
        guard nail.isCell, let value = call.place(30) else { return nil }
        return try nursery.edge(nursery.head(nail), value, nail)
      },
      Jet(
        rules + "plug",
        routine: joining { (activation, first, second) throws(Fault) in
          .product(try activation.nursery.cell(first, second))
        }),
      Jet(rules + "pfix", routine: joining { (_, _, second) in .product(second) }),
      Jet(rules + "sfix", routine: joining { (_, first, _) in .product(first) }),
      Jet(rules + "pose", routine: pose),
      Jet(rules + "comp/fun", routine: combining(isBend: false)),
      Jet(rules + "bend/fun", routine: combining(isBend: true)),
      Jet(rules + "glue/fun", routine: glue),
      Jet(
        rules + "cold/fun",
        routine: changing { (activation, parameters, _) in
          .product(activation.nursery.head(parameters))
        }),
      Jet(
        rules + "stag/fun",
        routine: changing { (activation, parameters, result) throws(Fault) in
          .product(try activation.nursery.cell(activation.nursery.head(parameters), result))
        }),
      Jet(
        rules + "cook/fun",
        routine: changing { (activation, parameters, result) in
          .slam(gate: activation.nursery.head(parameters), sample: result, phase: 2)
        }),
      Jet(rules + "here/fun", routine: here),
      Jet(rules + "stir/fun", routine: stir),
      Jet(rules + "stew/fun", parentAxis: 31, routine: stew),
    ])

  private static let rules = "one/two/tri/qua/"

  /// A rule that reads one character or fails. `accepts` is nil where it takes Nock to know.
  private static func character(
    _ call: JetCall, _ accepts: (_ character: Word, _ sample: Word) throws(Fault) -> Bool?
  ) throws(Fault) -> Word? {
    let nursery = call.nursery
    let nail = try call.sample()
    guard nail.isCell, let sample = call.place(30) else { return nil }
    let hair = nursery.head(nail)
    let tape = nursery.tail(nail)
    if tape == .zero { return try nursery.cell(hair, .zero) }
    guard tape.isCell, nursery.head(tape).isNatural, let accepted = try accepts(nursery.head(tape), sample) else {
      return nil
    }
    return try accepted ? nursery.next(hair, tape) : nursery.cell(hair, .zero)
  }

  // MARK: Combinators

  /// What a combinator does with the results of both rules: a product, or a gate to slam (phase 2).
  private typealias Joining = @Sendable (NativeActivation, _ first: Word, _ second: Word) throws(Fault) -> NativeStep

  /// `[edge rule]`: goes on with the rule where the edge has a result. Registers: the edge, then the second edge.
  private static func joining(
    rule: @escaping @Sendable (NativeActivation) throws(Fault) -> Word? = { (activation) in
      activation.sample.isCell ? activation.nursery.tail(activation.sample) : nil
    }, _ join: @escaping Joining
  ) -> NativeRoutine {
    NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      switch phase {
      case 0:
        guard activation.sample.isCell else { return activation.punt }
        let edge = nursery.head(activation.sample)
        if nursery.isFailure(edge) { return .product(edge) }
        guard let first = nursery.success(edge), nursery.isHair(first.hair), let rule = try rule(activation) else {
          return activation.punt
        }
        activation[0] = edge
        return .slam(gate: rule, sample: first.nail, phase: 1)
      case 1:
        activation[1] = product
        guard let first = nursery.success(activation[0]), product.isCell,
          let hair = try nursery.later(first.hair, nursery.head(product))
        else { return activation.punt }
        if nursery.isFailure(product) { return .product(try nursery.cell(hair, .zero)) }
        guard let second = nursery.success(product) else { return activation.punt }
        let step = try join(activation, first.result, second.result)
        guard case .product(let result) = step else { return step }
        return .product(try nursery.edge(hair, result, second.nail))
      default:
        guard let first = nursery.success(activation[0]), let second = nursery.success(activation[1]),
          let hair = try nursery.later(first.hair, second.hair)
        else { return activation.punt }
        return .product(try nursery.edge(hair, product, second.nail))
      }
    }
  }

  /// `comp` and `bend`: a gate at 30 joins the results; for `bend` it gives a unit, and what follows may also be missing.
  private static func combining(isBend: Bool) -> NativeRoutine {
    NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      if phase == 0 {
        guard activation.sample.isCell, let gate = nursery.place(30, in: activation.subject), nursery.isGate(gate)
        else { return activation.punt }
        let edge = nursery.head(activation.sample)
        if nursery.isFailure(edge) { return .product(edge) }
        guard let first = nursery.success(edge), nursery.isHair(first.hair) else { return activation.punt }
        activation[0] = edge
        return .slam(gate: nursery.tail(activation.sample), sample: first.nail, phase: 1)
      }
      if phase == 1 { activation[1] = product }
      let second = activation[1]
      guard let first = nursery.success(activation[0]), second.isCell,
        let hair = try nursery.later(first.hair, nursery.head(second))
      else { return activation.punt }
      // A bend that leads nowhere keeps what came before.
      func kept() throws(Fault) -> NativeStep {
        .product(try nursery.cell(hair, isBend ? nursery.tail(activation[0]) : .zero))
      }
      if nursery.isFailure(second) { return try kept() }
      guard let found = nursery.success(second) else { return activation.punt }
      if phase == 1 {
        guard let gate = nursery.place(30, in: activation.subject) else { return activation.punt }
        return .slam(gate: gate, sample: try nursery.cell(first.result, found.result), phase: 2)
      }
      if !isBend { return .product(try nursery.edge(hair, product, found.nail)) }
      // Whether an empty unit means anything depends on what the compiler knew of the gate.
      guard product.isCell else { return activation.punt }
      return .product(try nursery.edge(hair, nursery.tail(product), found.nail))
    }
  }

  /// Registers: the first edge.
  private static let pose = NativeRoutine(registerCount: 4) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    if phase == 0 {
      guard activation.sample.isCell else { return activation.punt }
      let edge = nursery.head(activation.sample)
      if edge.isCell, nursery.tail(edge) != .zero { return .product(edge) }
      guard edge.isCell, nursery.isHair(nursery.head(edge)) else { return activation.punt }
      activation[0] = edge
      // The rule is kicked: it has the text as its sample already.
      let rule = nursery.tail(activation.sample)
      guard nursery.isGate(rule) else { return activation.punt }
      return .slam(gate: rule, sample: nursery.head(nursery.tail(rule)), phase: 1)
    }
    guard product.isCell, let hair = try nursery.later(nursery.head(activation[0]), nursery.head(product)) else {
      return activation.punt
    }
    return .product(try nursery.cell(hair, nursery.tail(product)))
  }

  /// As `plug`, with a rule between, at 30, whose result is dropped. Registers: the first edge, the middle one.
  private static let glue = NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    if phase == 0 {
      // The arm joins both rules before it looks at the edge, and so needs them even where it does not use them.
      guard activation.sample.isCell, nursery.isGate(nursery.tail(activation.sample)),
        let middle = nursery.place(30, in: activation.subject), nursery.isGate(middle)
      else { return activation.punt }
      let edge = nursery.head(activation.sample)
      if nursery.isFailure(edge) { return .product(edge) }
      guard let first = nursery.success(edge), nursery.isHair(first.hair) else { return activation.punt }
      activation[0] = edge
      return .slam(gate: middle, sample: first.nail, phase: 1)
    }
    guard let first = nursery.success(activation[0]), product.isCell else { return activation.punt }
    if phase == 1 {
      if nursery.isFailure(product) {
        guard let hair = try nursery.later(first.hair, nursery.head(product)) else { return activation.punt }
        return .product(try nursery.cell(hair, .zero))
      }
      guard let middle = nursery.success(product), nursery.isHair(middle.hair) else { return activation.punt }
      activation[1] = product
      return .slam(gate: nursery.tail(activation.sample), sample: middle.nail, phase: 2)
    }
    guard let between = try nursery.later(nursery.head(activation[1]), nursery.head(product)),
      let hair = try nursery.later(first.hair, between)
    else { return activation.punt }
    if nursery.isFailure(product) { return .product(try nursery.cell(hair, .zero)) }
    guard let second = nursery.success(product) else { return activation.punt }
    return .product(try nursery.edge(hair, nursery.cell(first.result, second.result), second.nail))
  }

  // MARK: Rules of rules

  /// A rule whose combinator has the sample `[parameter rule]`: what the rule gives is changed. `change` gives a product, or
  /// a gate to slam (phase 2). Registers: the rule's edge.
  private static func changing(
    _ change: @escaping @Sendable (NativeActivation, _ parameters: Word, _ result: Word) throws(Fault) -> NativeStep
  ) -> NativeRoutine {
    NativeRoutine(registerCount: 4) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      guard let parameters = nursery.place(30, in: activation.subject), parameters.isCell else {
        return activation.punt
      }
      if phase == 0 {
        return .slam(gate: nursery.tail(parameters), sample: activation.sample, phase: 1)
      }
      if phase == 1 {
        if nursery.isFailure(product) { return .product(product) }
        guard let found = nursery.success(product) else { return activation.punt }
        let step = try change(activation, parameters, found.result)
        activation[0] = product
        guard case .product(let result) = step else { return step }
        return .product(try nursery.edge(found.hair, result, found.nail))
      }
      guard let found = nursery.success(activation[0]) else { return activation.punt }
      return .product(try nursery.edge(found.hair, product, found.nail))
    }
  }

  /// Gives the result to a gate together with where it begins and ends. Registers: the rule's edge.
  private static let here = NativeRoutine(registerCount: 4) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    let nail = activation.sample
    guard let parameters = nursery.place(30, in: activation.subject), parameters.isCell, nail.isCell else {
      return activation.punt
    }
    if phase == 0 { return .slam(gate: nursery.tail(parameters), sample: nail, phase: 1) }
    if phase == 1 {
      if nursery.isFailure(product) { return .product(product) }
      guard let found = nursery.success(product), found.nail.isCell else { return activation.punt }
      activation[0] = product
      let range = try nursery.cell(nursery.head(nail), nursery.head(found.nail))
      return .slam(gate: nursery.head(parameters), sample: try nursery.cell(range, found.result), phase: 2)
    }
    guard let found = nursery.success(activation[0]) else { return activation.punt }
    return .product(try nursery.edge(found.hair, product, found.nail))
  }

  /// A rule as often as it goes; a gate folds the results from the last on. The combinator's sample is
  /// `[start gate rule]`. Registers: the edges, newest first; the nail; the latest hair; the fold so far.
  private static let stir = NativeRoutine(registerCount: 7) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    guard let parameters = nursery.place(30, in: activation.subject), parameters.isCell,
      nursery.tail(parameters).isCell
    else { return activation.punt }
    let gate = nursery.head(nursery.tail(parameters))
    let rule = nursery.tail(nursery.tail(parameters))
    if phase == 0 {
      activation[1] = activation.sample
      return .slam(gate: rule, sample: activation[1], phase: 1)
    }
    if phase == 1 {
      if let found = nursery.success(product) {
        try activation.prepend(product, 0)
        activation[1] = found.nail
        return .slam(gate: rule, sample: found.nail, phase: 1)
      }
      guard nursery.isFailure(product) else { return activation.punt }
      activation[2] = nursery.head(product)
      activation[3] = nursery.head(parameters)
    } else {
      activation[3] = product
    }
    guard let edge = activation.nextItem(0) else {
      return .product(try nursery.edge(activation[2], activation[3], activation[1]))
    }
    guard let found = nursery.success(edge), let hair = try nursery.later(found.hair, activation[2]) else {
      return activation.punt
    }
    activation[2] = hair
    return .slam(gate: gate, sample: try nursery.cell(found.result, activation[3]), phase: 2)
  }

  /// Picks a rule by the next character, from a tree of `[character or range, rule]` at 14.
  private static let stew = NativeRoutine(registerCount: 3) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    if phase == 1 { return .product(product) }
    let nail = activation.sample
    guard var tree = nursery.place(14, in: activation.subject), nail.isCell else { return activation.punt }
    let failure = try nursery.cell(nursery.head(nail), .zero)
    let tape = nursery.tail(nail)
    if tape == .zero { return .product(failure) }
    guard tape.isCell, nursery.head(tape).isNatural else { return activation.punt }
    let character = nursery.head(tape)
    while tree != .zero {
      guard let node = Treaps(nursery, isMap: true).node(tree) else { return activation.punt }
      let range = node.key.isCell ? (nursery.head(node.key), nursery.tail(node.key)) : (node.key, node.key)
      guard range.0.isNatural, range.1.isNatural else { return activation.punt }
      if try nursery.isLess(character, range.0) {
        tree = node.left
      } else if try nursery.isLess(range.1, character) {
        tree = node.right
      } else {
        return .slam(gate: nursery.tail(node.node), sample: nail, phase: 1)
      }
    }
    return .product(failure)
  }
}
