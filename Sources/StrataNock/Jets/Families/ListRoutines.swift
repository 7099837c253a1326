// Lists, where a gate is called for items: routines that take a step for each call.

import StrataMemory
import StrataNoun

extension JetFamily {
  /// `turn`, `roll`, `sort` and the like.
  public static let listRoutines = JetFamily(
    "lists with gates",
    [
      Jet("one/two/turn", routine: collecting { (_, product) in product }),
      Jet("one/two/murn", routine: murn),
      Jet("one/two/skim", routine: filtering(keeping: .zero)),
      Jet("one/two/skip", routine: filtering(keeping: .one)),
      Jet("one/two/levy", routine: .asking(.list, until: .one)),
      Jet("one/two/lien", routine: .asking(.list, until: .zero)),
      Jet("one/two/roll", routine: .folding(.list)),
      Jet("one/two/reel", routine: .folding(.listFromEnd)),
      Jet("one/two/skid", routine: skid),
      Jet("one/two/sort", routine: sort),
    ])

  private static var made: Int { NativeRoutine.made }

  /// A list of what `kept` makes of the products; nil leaves one out.
  private static func collecting(
    _ kept: @escaping @Sendable (NativeActivation, _ product: Word) throws(Fault) -> Word?
  ) -> NativeRoutine {
    .visiting(
      .list, registers: 1,
      take: { (activation, product) throws(Fault) in
        if let item = try kept(activation, product) { try activation.prepend(item, made) }
        return nil
      },
      end: { (activation) throws(Fault) in try activation.nursery.reversed(activation[made]) })
  }

  private static let murn = collecting { (activation, product) throws(Fault) in
    if product == .zero { return nil }
    guard product.isCell else { throw .exit }
    return activation.nursery.tail(product)
  }

  private static func filtering(keeping wanted: Word) -> NativeRoutine {
    collecting { (activation, product) throws(Fault) in
      guard product == .zero || product == .one else { throw .exit }
      return product == wanted ? activation[2] : nil
    }
  }

  /// Both results are made from the end of the list on.
  private static let skid = NativeRoutine.visiting(
    .listFromEnd, registers: 2,
    take: { (activation, product) throws(Fault) in
      guard product == .zero || product == .one else { throw .exit }
      try activation.prepend(activation[2], product == .zero ? made : made + 1)
      return nil
    },
    end: { (activation) throws(Fault) in
      try activation.nursery.cell(activation[made], activation[made + 1])
    })

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
