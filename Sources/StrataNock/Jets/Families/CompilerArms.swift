// The Hoon compiler's arms that are worth remembering. The work is the arm's own Nock; a jet only looks up whether the
// same has been asked before.
//
// A core is known down to its root, so a product depends on nothing but the samples on the way: that of the gate and
// those of the doors around it.
//
//     gate     [battery sample ut]
//     ut       [battery subject-type [fan rib vet] rest]
//
// Of the doors' samples `fan` and `rib` are left out: they hold what is being worked on, so that going round in circles
// is noticed, and change with every level. What has an answer has one on the way to itself only if the answer does
// not need itself. The sets of `nest` are the same: an answer that may owe itself to what they assume is not kept.

import StrataMemory
import StrataNoun

extension JetFamily {
  /// The arms of `ut` that remember.
  public static let compilerArms = JetFamily(
    "compiler arms",
    ["crop", "fish", "fuse", "mint", "mull", "redo", "rest"].enumerated().map { (number, name) in
      Jet(
        "one/two/tri/qua/pen/ut/\(name)", kelvins: name == "redo" ? 135...138 : 135...140,
        routine: remembering(number))
    } + [
      // A trap in the core of `nest`'s sets, which lies at 3; the gate is at 15 and `ut` at 63.
      Jet(
        "one/two/tri/qua/pen/ut/nest/nest-in/nest-dext", parentAxis: 3,
        routine: nest)
    ])

  /// An arm of `ut`: its product depends on the sample, the subject type and `vet`.
  private static func remembering(_ number: Int) -> NativeRoutine {
    routine(isKept: { (_, _, _) in true }) { (nursery, core) in
      guard let sample = nursery.place(6, in: core), let subject = nursery.place(30, in: core),
        let vet = nursery.place(251, in: core)
      else { return nil }
      return MemoKey(tag: UInt64(number), first: sample, second: subject, third: vet)
    }
  }

  /// The sets lie at 14: types that were passed on the way here, and pairs that are assumed to nest.
  private static let nest = routine(
    isKept: { (nursery, core, product) in
      // Yes may rest on the types that were passed on the right, no on those on the left.
      nursery.place(product == .zero ? 58 : 28, in: core) == .zero
    },
    { (nursery, core) in
      guard let sample = nursery.place(62, in: core), let subject = nursery.place(254, in: core),
        let vet = nursery.place(2043, in: core), nursery.place(58, in: core) != nil
      else { return nil }
      return MemoKey(tag: 7, first: sample, second: subject, third: vet)
    })

  /// Registers: the parts of the key.
  private static func routine(
    isKept: @escaping @Sendable (Nursery, _ core: Word, _ product: Word) -> Bool,
    _ key: @escaping @Sendable (Nursery, _ core: Word) throws(Fault) -> MemoKey?
  ) -> NativeRoutine {
    NativeRoutine(registerCount: 7) { (activation, phase, product) throws(Fault) in
      let memo = activation.machine.jetMemo
      if phase == 0 {
        guard let key = try key(activation.nursery, activation.subject) else { return activation.punt }
        if let known = try memo.product(for: key) { return .product(known) }
        activation[0] = key.first
        activation[1] = key.second
        activation[2] = key.third
        activation[3] = Word(direct: key.tag)
        let core = activation.subject
        return .call(subject: core, formula: activation.nursery.head(core), phase: 1)
      }
      if isKept(activation.nursery, activation.subject, product) {
        try memo.remember(
          product,
          for: MemoKey(
            tag: activation[3].raw, first: activation[0], second: activation[1], third: activation[2]))
      }
      return .product(product)
    }
  }
}
