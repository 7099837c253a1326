// Routines that visit the items of a collection one by one and call a gate for each: what lists, sets and maps share.
//
// A list that does not end in 0, a tree that is none, or a gate that is none leaves the whole call to Nock before anything
// was called.

import StrataMemory
import StrataNoun

/// What is visited.
enum Visited: Sendable {
  /// The items of a list, from the first on or from the last on.
  case list, listFromEnd
  /// The items of a door's set, or the pairs of its map: node, left, right.
  case set, map
}

extension NativeRoutine {
  /// Registers of visits: what is left, the gate, the item that it was called for, and from here on what a routine makes.
  static let made = 3

  /// Calls the sample's gate with what `sample` makes of each item. `take` gets each product, in phase 1, and may end the visit with
  /// a step of its own; `start` may do so before the first. `end` gives the product when nothing is left.
  static func visiting(
    _ visited: Visited, registers: Int,
    start: @escaping @Sendable (NativeActivation) throws(Fault) -> NativeStep? = { (_) in nil },
    sample: @escaping @Sendable (NativeActivation, _ item: Word) throws(Fault) -> Word = { (_, item) in item },
    take: @escaping @Sendable (NativeActivation, _ product: Word) throws(Fault) -> NativeStep?,
    end: @escaping @Sendable (NativeActivation) throws(Fault) -> Word
  ) -> NativeRoutine {
    NativeRoutine(registerCount: 3 + made + registers) { (activation, phase, product) throws(Fault) in
      if phase == 0 {
        guard try activation.open(visited) else { return activation.punt }
        if let step = try start(activation) { return step }
      } else if let step = try take(activation, product) {
        return step
      }
      guard let item = try activation.next(visited) else { return .product(try end(activation)) }
      activation[2] = item
      return .slam(gate: activation[1], sample: try sample(activation, item), phase: 1)
    }
  }
}

extension NativeActivation {
  /// Leaves the work to the arm's own Nock.
  var punt: NativeStep {
    let core = subject
    return core.isCell ? .tailCall(subject: core, formula: nursery.head(core)) : .product(.zero)
  }

  /// The sample of the gate that the routine answers for.
  var sample: Word { nursery.place(6, in: subject) ?? .zero }

  /// A list and a gate, as most samples here are.
  func listAndGate() throws(Fault) -> (list: Word, gate: Word)? {
    let sample = sample
    guard sample.isCell else { return nil }
    let list = nursery.head(sample)
    let gate = nursery.tail(sample)
    guard nursery.isGate(gate), try nursery.listCount(list) != nil else { return nil }
    return (list, gate)
  }

  /// The next item of the list in register `index`, taken off; nil at its end.
  func nextItem(_ index: Int) -> Word? {
    let list = self[index]
    guard list.isCell else { return nil }
    self[index] = nursery.tail(list)
    return nursery.head(list)
  }

  /// Puts an item before the list in register `index`.
  func prepend(_ item: Word, _ index: Int) throws(Fault) {
    self[index] = try nursery.cell(item, self[index])
  }

  /// The door's tree and the gate that its arm was called with, if they are what they should be.
  private func treeAndGate(isMap: Bool) -> (tree: Word, gate: Word)? {
    guard let tree = nursery.place(30, in: subject), nursery.isGate(sample),
      Treaps(nursery, isMap: isMap).isWhole(tree)
    else { return nil }
    return (tree, sample)
  }

  /// The next node in the order of the library, which is node, left, right; what is left of the trees is listed in
  /// register `index`. Nil when all have been taken.
  private func nextNode(_ index: Int) throws(Fault) -> Word? {
    while let tree = nextItem(index) {
      guard tree.isCell else { continue }
      let rest = nursery.tail(tree)
      try prepend(nursery.tail(rest), index)
      try prepend(nursery.head(rest), index)
      return nursery.head(tree)
    }
    return nil
  }

  /// Fills the registers of a visit; false if the sample is not fit for one.
  fileprivate func open(_ visited: Visited) throws(Fault) -> Bool {
    switch visited {
    case .list, .listFromEnd:
      guard let (list, gate) = try listAndGate() else { return false }
      self[0] = try visited == .list ? list : nursery.reversed(list)
      self[1] = gate
    case .set, .map:
      guard let (tree, gate) = treeAndGate(isMap: visited == .map) else { return false }
      self[0] = try nursery.cell(tree, .zero)
      self[1] = gate
    }
    return true
  }

  /// The next item of a visit, nil when there is none.
  @inline(__always)
  fileprivate func next(_ visited: Visited) throws(Fault) -> Word? {
    switch visited {
    case .list, .listFromEnd: nextItem(0)
    case .set, .map: try nextNode(0)
    }
  }
}

/// Visits that more than one kind of collection has.
extension NativeRoutine {
  /// Asks for each item until one gives `answer`, which is the product then; else the other answer is. Of a map the values are
  /// asked for.
  static func asking(_ visited: Visited, until answer: Word) -> NativeRoutine {
    visiting(
      visited, registers: 0,
      sample: { (activation, item) in visited == .map ? activation.nursery.tail(item) : item },
      take: { (_, product) throws(Fault) in
        guard product == .zero || product == .one else { throw .exit }
        return product == answer ? .product(answer) : nil
      },
      end: { (_) in answer == .one ? .zero : .one })
  }

  /// Folds from what the gate's own sample holds.
  static func folding(_ visited: Visited) -> NativeRoutine {
    visiting(
      visited, registers: 1,
      start: { (activation) in
        guard let start = activation.nursery.place(13, in: activation[1]) else { return activation.punt }
        activation[made] = start
        return nil
      },
      sample: { (activation, item) throws(Fault) in try activation.nursery.cell(item, activation[made]) },
      take: { (activation, product) in
        activation[made] = product
        return nil
      },
      end: { (activation) in activation[made] })
  }
}
