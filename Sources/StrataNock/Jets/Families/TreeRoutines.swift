// Sets and maps, where a gate is called for nodes: routines that take a step for each call.
//
// A tree that is none leaves the whole call to Nock before anything was called.

import StrataMemory
import StrataNoun

extension NativeActivation {
  /// The door's tree and the gate that its arm was called with, if they are what they should be.
  func treeAndGate(isMap: Bool) -> (tree: Word, gate: Word)? {
    guard let tree = nursery.place(30, in: subject), nursery.isGate(sample),
      Treaps(nursery, isMap: isMap).isWhole(tree)
    else { return nil }
    return (tree, sample)
  }

  /// The next node in the order of the library, which is node, left, right; what is left of the trees is listed in
  /// register `index`. Nil when all have been taken.
  func nextNode(_ index: Int) throws(Fault) -> Word? {
    while let tree = nextItem(index) {
      guard tree.isCell else { continue }
      let rest = nursery.tail(tree)
      try prepend(nursery.tail(rest), index)
      try prepend(nursery.head(rest), index)
      return nursery.head(tree)
    }
    return nil
  }
}

extension JetFamily {
  /// `all`, `any`, `rep`, `run`, `urn`, `jab`.
  public static let treeRoutines = JetFamily(
    "sets and maps with gates",
    [
      Jet("one/two/by/all", routine: asking(isMap: true, until: .one)),
      Jet("one/two/by/any", routine: asking(isMap: true, until: .zero)),
      Jet("one/two/in/all", routine: asking(isMap: false, until: .one)),
      Jet("one/two/in/any", routine: asking(isMap: false, until: .zero)),
      Jet("one/two/by/rep", routine: folding(isMap: true)),
      Jet("one/two/in/rep", routine: folding(isMap: false)),
      Jet("one/two/by/run", routine: mapping(withKey: false)),
      Jet("one/two/by/urn", routine: mapping(withKey: true)),
      Jet("one/two/in/run", routine: setMapping),
      Jet("one/two/by/jab", routine: jab),
    ])

  /// Registers: the trees that are left, the gate.
  private static func asking(isMap: Bool, until answer: Word) -> NativeRoutine {
    NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      if phase == 0 {
        guard let (tree, gate) = activation.treeAndGate(isMap: isMap) else { return activation.punt }
        activation[0] = try nursery.cell(tree, .zero)
        activation[1] = gate
      } else {
        guard product == .zero || product == .one else { throw .exit }
        if product == answer { return .product(answer) }
      }
      guard let node = try activation.nextNode(0) else { return .product(answer == .one ? .zero : .one) }
      return .slam(gate: activation[1], sample: isMap ? nursery.tail(node) : node, phase: 1)
    }
  }

  private static func folding(isMap: Bool) -> NativeRoutine {
    NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      var sum = product
      if phase == 0 {
        guard let (tree, gate) = activation.treeAndGate(isMap: isMap), let start = nursery.place(13, in: gate) else {
          return activation.punt
        }
        sum = start
        activation[0] = try nursery.cell(tree, .zero)
        activation[1] = gate
      }
      guard let node = try activation.nextNode(0) else { return .product(sum) }
      return .slam(gate: activation[1], sample: try nursery.cell(node, sum), phase: 1)
    }
  }

  /// Registers: the trees that are left, the gate, the set so far.
  private static let setMapping = NativeRoutine(registerCount: 6) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    if phase == 0 {
      guard let (tree, gate) = activation.treeAndGate(isMap: false) else { return activation.punt }
      activation[0] = try nursery.cell(tree, .zero)
      activation[1] = gate
    } else {
      guard let set = try Treaps(nursery, isMap: false).inserted(product, key: product, in: activation[2]) else {
        return activation.punt
      }
      activation[2] = set
    }
    guard let node = try activation.nextNode(0) else { return .product(activation[2]) }
    return .slam(gate: activation[1], sample: node, phase: 1)
  }

  /// Registers: the trees that are left, the gate, the new values in reverse, the tree.
  private static func mapping(withKey: Bool) -> NativeRoutine {
    NativeRoutine(registerCount: 7) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      if phase == 0 {
        guard let (tree, gate) = activation.treeAndGate(isMap: true) else { return activation.punt }
        activation[0] = try nursery.cell(tree, .zero)
        activation[1] = gate
        activation[3] = tree
      } else {
        try activation.prepend(product, 2)
      }
      guard let node = try activation.nextNode(0) else {
        var values = try nursery.reversed(activation[2])
        return .product(try rebuilt(activation[3], &values, nursery))
      }
      return .slam(gate: activation[1], sample: withKey ? node : nursery.tail(node), phase: 1)
    }
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
