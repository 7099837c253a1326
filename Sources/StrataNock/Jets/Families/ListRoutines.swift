// Lists, where a gate is called for items: routines that take a step for each call.
//
// A list that does not end in 0, or a gate that is none, leaves the whole call to Nock before anything was called.

import StrataMemory
import StrataNoun

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
}

extension JetFamily {
  /// `turn`, `roll`, `sort` and the like.
  public static let listRoutines = JetFamily(
    "lists with gates",
    [
      // Registers: what is left, what is done in reverse, the gate.
      Jet("one/two/turn", routine: mapping { (_, product) in product }),
      Jet("one/two/murn", routine: murn),
      // Registers: what is left, the gate, the item that is being asked for, what is kept in reverse.
      Jet("one/two/skim", routine: filtering(keeping: .zero)),
      Jet("one/two/skip", routine: filtering(keeping: .one)),
      Jet("one/two/levy", routine: asking(until: .one)),
      Jet("one/two/lien", routine: asking(until: .zero)),
      Jet("one/two/roll", routine: folding(fromEnd: false)),
      Jet("one/two/reel", routine: folding(fromEnd: true)),
      Jet("one/two/skid", routine: skid),
      Jet("one/two/sort", routine: sort),
    ])

  private static func mapping(
    _ kept: @escaping @Sendable (NativeActivation, Word) throws(Fault) -> Word
  ) -> NativeRoutine {
    NativeRoutine(registerCount: 6) { (activation, phase, product) throws(Fault) in
      if phase == 0 {
        guard let (list, gate) = try activation.listAndGate() else { return activation.punt }
        activation[0] = list
        activation[2] = gate
      } else {
        try activation.prepend(kept(activation, product), 1)
      }
      guard let item = activation.nextItem(0) else {
        return .product(try activation.nursery.reversed(activation[1]))
      }
      return .slam(gate: activation[2], sample: item, phase: 1)
    }
  }

  private static let murn = NativeRoutine(registerCount: 6) { (activation, phase, product) throws(Fault) in
    if phase == 0 {
      guard let (list, gate) = try activation.listAndGate() else { return activation.punt }
      activation[0] = list
      activation[2] = gate
    } else if product != .zero {
      guard product.isCell else { throw .exit }
      try activation.prepend(activation.nursery.tail(product), 1)
    }
    guard let item = activation.nextItem(0) else {
      return .product(try activation.nursery.reversed(activation[1]))
    }
    return .slam(gate: activation[2], sample: item, phase: 1)
  }

  private static func filtering(keeping wanted: Word) -> NativeRoutine {
    NativeRoutine(registerCount: 7) { (activation, phase, product) throws(Fault) in
      if phase == 0 {
        guard let (list, gate) = try activation.listAndGate() else { return activation.punt }
        activation[0] = list
        activation[1] = gate
      } else {
        guard product == .zero || product == .one else { throw .exit }
        if product == wanted { try activation.prepend(activation[2], 3) }
      }
      guard let item = activation.nextItem(0) else {
        return .product(try activation.nursery.reversed(activation[3]))
      }
      activation[2] = item
      return .slam(gate: activation[1], sample: item, phase: 1)
    }
  }

  private static func asking(until answer: Word) -> NativeRoutine {
    NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
      if phase == 0 {
        guard let (list, gate) = try activation.listAndGate() else { return activation.punt }
        activation[0] = list
        activation[1] = gate
      } else {
        guard product == .zero || product == .one else { throw .exit }
        if product == answer { return .product(answer) }
      }
      guard let item = activation.nextItem(0) else { return .product(answer == .one ? .zero : .one) }
      return .slam(gate: activation[1], sample: item, phase: 1)
    }
  }

  /// Registers: what is left, the gate.
  private static func folding(fromEnd: Bool) -> NativeRoutine {
    NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
      let nursery = activation.nursery
      var sum = product
      if phase == 0 {
        guard let (list, gate) = try activation.listAndGate(), let start = nursery.place(13, in: gate) else {
          return activation.punt
        }
        sum = start
        activation[0] = fromEnd ? try nursery.reversed(list) : list
        activation[1] = gate
      }
      guard let item = activation.nextItem(0) else { return .product(sum) }
      return .slam(gate: activation[1], sample: try nursery.cell(item, sum), phase: 1)
    }
  }

  /// Registers: what is left from the end, the gate, the item, both results.
  private static let skid = NativeRoutine(registerCount: 8) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    if phase == 0 {
      guard let (list, gate) = try activation.listAndGate() else { return activation.punt }
      activation[0] = try nursery.reversed(list)
      activation[1] = gate
    } else {
      guard product == .zero || product == .one else { throw .exit }
      try activation.prepend(activation[2], product == .zero ? 3 : 4)
    }
    guard let item = activation.nextItem(0) else {
      return .product(try nursery.cell(activation[3], activation[4]))
    }
    activation[2] = item
    return .slam(gate: activation[1], sample: item, phase: 1)
  }

  /// Registers: the gate; what is to do, a list of `[0 list]` to sort and `[1 item]` to give out; what was given out, in
  /// reverse; and for the list that is being split: what is left from the end, the pivot, what goes before, what goes
  /// after, the item that is being asked for.
  ///
  /// The steps are those of a quicksort, since a gate that is no order shows which of its answers were used.
  private static let sort = NativeRoutine(registerCount: 11) { (activation, phase, product) throws(Fault) in
    let nursery = activation.nursery
    if phase == 0 {
      guard let (list, gate) = try activation.listAndGate() else { return activation.punt }
      activation[0] = gate
      activation[1] = try nursery.cell(nursery.cell(.zero, list), .zero)
    } else {
      guard product == .zero || product == .one else { throw .exit }
      try activation.prepend(activation[7], product == .zero ? 5 : 6)
    }
    var isSplitting = phase == 1
    while true {
      if isSplitting {
        if let item = activation.nextItem(3) {
          activation[7] = item
          return .slam(gate: activation[0], sample: try nursery.cell(item, activation[4]), phase: 1)
        }
        try activation.prepend(nursery.cell(.zero, activation[6]), 1)
        try activation.prepend(nursery.cell(.one, activation[4]), 1)
        try activation.prepend(nursery.cell(.zero, activation[5]), 1)
        isSplitting = false
      }
      guard let task = activation.nextItem(1) else { return .product(try nursery.reversed(activation[2])) }
      let content = nursery.tail(task)
      if nursery.head(task) == .one {
        try activation.prepend(content, 2)
      } else if content.isCell {
        activation[4] = nursery.head(content)
        activation[3] = try nursery.reversed(nursery.tail(content))
        activation[5] = .zero
        activation[6] = .zero
        isSplitting = true
      }
    }
  }
}
