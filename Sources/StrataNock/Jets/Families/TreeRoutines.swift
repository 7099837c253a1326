// Sets and maps, where a gate is called for nodes: routines that take a step for each call.

import StrataMemory
import StrataNoun

extension JetFamily {
  /// `all`, `any`, `rep`, `run`, `urn`, `jab`.
  public static let treeRoutines = JetFamily(
    "sets and maps with gates",
    [
      Jet("one/two/by/all", routine: .asking(.map, until: .one)),
      Jet("one/two/by/any", routine: .asking(.map, until: .zero)),
      Jet("one/two/in/all", routine: .asking(.set, until: .one)),
      Jet("one/two/in/any", routine: .asking(.set, until: .zero)),
      Jet("one/two/by/rep", routine: .folding(.map)),
      Jet("one/two/in/rep", routine: .folding(.set)),
      Jet("one/two/by/run", routine: mapping(withKey: false)),
      Jet("one/two/by/urn", routine: mapping(withKey: true)),
      Jet("one/two/in/run", routine: setMapping),
      Jet("one/two/by/jab", routine: jab),
    ])

  private static var made: Int { NativeRoutine.made }

  /// The set of the products.
  private static let setMapping = NativeRoutine.visiting(
    .set, registers: 1,
    take: { (activation, product) throws(Fault) in
      let treaps = Treaps(activation.nursery, isMap: false)
      guard let set = try treaps.inserted(product, key: product, in: activation[made]) else { return activation.punt }
      activation[made] = set
      return nil
    },
    end: { (activation) in activation[made] })

  /// The map with the products, which are gathered in reverse, as values.
  private static func mapping(withKey: Bool) -> NativeRoutine {
    .visiting(
      .map, registers: 1,
      sample: { (activation, item) in withKey ? item : activation.nursery.tail(item) },
      take: { (activation, product) throws(Fault) in
        try activation.prepend(product, made)
        return nil
      },
      end: { (activation) throws(Fault) in
        var values = try activation.nursery.reversed(activation[made])
        let tree = activation.nursery.place(30, in: activation.subject) ?? .zero
        return try rebuilt(tree, &values, activation.nursery)
      })
  }

  /// A map, known to be whole, with the values of a list in the order of its nodes.
  private static func rebuilt(_ tree: Word, _ values: inout Word, _ nursery: Nursery) throws(Fault) -> Word {
    guard values.isCell, let node = Treaps(nursery, isMap: true).node(tree) else { return .zero }
    let new = try nursery.cell(node.key, nursery.head(values))
    values = nursery.tail(values)
    let left = try rebuilt(node.left, &values, nursery)
    let right = try rebuilt(node.right, &values, nursery)
    return try nursery.cell(new, nursery.cell(left, right))
  }

  private static let jab = NativeRoutine(registerCount: 3) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    let sample = activation.sample
    guard sample.isCell, let tree = nursery.place(30, in: activation.subject) else { return activation.punt }
    let key = nursery.head(sample)
    let treaps = Treaps(nursery, isMap: true)
    if phase == 0 {
      let gate = nursery.tail(sample)
      guard nursery.isGate(gate), treaps.isWhole(tree), let found = try treaps.find(key, in: tree), let found else {
        return activation.punt
      }
      return .slam(gate: gate, sample: nursery.tail(found.node), phase: 1)
    }
    return try replaced(key, product, tree, nursery).map { .product($0) } ?? activation.punt
  }

  /// The map with another value for a key that it has.
  private static func replaced(_ key: Word, _ value: Word, _ tree: Word, _ nursery: Nursery) throws(Fault) -> Word? {
    guard let node = Treaps(nursery, isMap: true).node(tree) else { return nil }
    let rest: Word?
    if try nursery.equal(key, node.key) {
      return try nursery.cell(nursery.cell(node.key, value), nursery.tail(tree))
    }
    let isLeft = try nursery.isLeft(key, of: node.key)
    rest = try replaced(key, value, isLeft ? node.left : node.right, nursery)
    guard let rest else { return nil }
    return try nursery.cell(node.node, isLeft ? nursery.cell(rest, node.right) : nursery.cell(node.left, rest))
  }
}
