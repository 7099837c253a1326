// Where jets are held against their own Nock: the cores of a real kernel, and a machine that runs an arm both ways.

import StrataMemory
import StrataNoun
import StrataTestSupport

@testable import StrataNock

/// How an arm ended, whichever way it was run.
enum ArmOutcome: Equatable {
  case product(UInt32)
  case crash
  /// A budget ended it, which says nothing.
  case undecided
}

/// A kernel and the cores that were found in it.
final class JetLaboratory {
  let loom: Loom
  let machine: NockMachine
  let kernel: NockKernel
  /// The first core met of each path, fixed.
  private(set) var cores: [String: Word] = [:]
  /// Of jets whose cores are made and used within another arm: that arm, and the core that it belongs to.
  private(set) var callers: [Int: (core: Word, arm: UInt64)] = [:]
  /// What the jets of some paths are held against, where it is not the arm as the kernel has it.
  private(set) var sources: [String: String] = [:]
  private var pending: [Word] = []
  var nursery: Nursery { loom.nursery }

  init(kernel file: String, families: [JetFamily] = JetFamily.standard) throws {
    let loom = try Loom()
    self.loom = loom
    machine = NockMachine(loom)
    machine.add(families)
    let bytes = try contents(of: file)
    let trap = try bytes.withUnsafeBytes { try loom.nursery.cue($0).noun }
    kernel = try NockKernel(machine, kicking: trap)
    try look(at: kernel.core)
    // A core's arms make further cores.
    while let core = pending.popLast() {
      try runArms(of: core)
      // Some arms of a set or a map can only be looked at when it is not empty.
      guard let location = try machine.jets.location(of: core) else { continue }
      let name = machine.jets.locations[location].name
      guard name == "in" || name == "by" else { continue }
      let node = try nursery.cell(nursery.cell(.one, .one), list([0, 0]))
      try runArms(of: nursery.copyToCommons(nursery.edit(core, at: Word(direct: 6), to: node)))
    }
    try addArmsByHand()
    try addArmsOfAnotherKelvin()
  }

  /// Registers a core, as `%fast` would, and keeps it.
  private func teach(_ core: Word, _ path: String, axis: UInt64, hooks: [Sample] = []) throws -> Word {
    let fixed = try nursery.copyToCommons(core)
    let parent: Sample = axis == 0 ? .cell(.number(1), .number(0)) : .cell(.number(0), .number(axis))
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let clue = try nursery.copyToCommons(
      Sample.tuple(.cord(name), parent, .list(hooks)).build(in: nursery))
    try machine.jets.register(fixed, clue: clue, site: machine.jets.makeSite())
    return fixed
  }

  /// Arms that the kernel has without a name of their own: what the library's documentation says of them, in Nock.
  private func addArmsByHand() throws {
    func place(_ axis: Int, in outer: Int) -> Int {
      let bits = Int.bitWidth - 1 - axis.leadingZeroBitCount
      return outer << bits | axis & (1 << bits - 1)
    }
    // Whether one number is greater than another: counts up to see which it meets first, unless they are the same.
    func isGreater(_ a: Int, _ b: Int) -> String {
      let (first, second) = (place(a, in: 7), place(b, in: 7))
      let loop = "[6 [5 [0 6] 0 \(second)] [1 0] 6 [5 [0 6] 0 \(first)] [1 1] 9 2 [0 2] [4 0 6] 0 7]"
      return "[6 [5 [0 \(a)] 0 \(b)] [1 1] 8 [1 0] 8 [1 \(loop)] 9 2 0 1]"
    }
    let arms = [
      // Either unit if the other is empty; otherwise both must hold the same.
      ("mate", "one/two", "[6 [5 [1 0] 0 13] [0 12] 6 [5 [1 0] 0 12] [0 13] 6 [5 [0 25] 0 27] [0 12] 0 0]"),
      // The later of two places [line column].
      (
        "last", "one/two/tri/qua",
        "[6 [5 [0 24] 0 26] [6 \(isGreater(25, 27)) [0 12] 0 13] 6 \(isGreater(24, 26)) [0 12] 0 13]"
      ),
    ]
    for (name, around, text) in arms {
      guard let parent = cores[around], cores["\(around)/\(name)"] == nil else { continue }
      let battery = try NounText.read(Array(text.utf8), into: nursery)
      let gate = try nursery.cell(battery, nursery.cell(.zero, parent))
      cores["\(around)/\(name)"] = try teach(gate, "\(around)/\(name)", axis: 7)
      sources["\(around)/\(name)"] = "its Nock, written by hand"
    }
  }

  /// Up to kelvin 136 `mole` and `mule` were one core further in: the kernel's own cores under the names of those outside of
  /// them, in a new root.
  private func addArmsOfAnotherKelvin() throws {
    let inner = ["one", "one/two", "one/two/tri", "one/two/tri/qua"].compactMap { cores[$0] }
    guard inner.count == 4, let library = inner.last else { return }
    let hooks = try ["mure", "mute"].map { name in
      let axis = try machine.jets.hook(name, of: library) ?? 0
      return Sample.cell(.cord(name), .tuple(.number(9), .number(axis), .number(0), .number(1)))
    }
    // The root itself stands for the first of them.
    var before = nursery.tail(inner[0])
    var parent = try teach(nursery.cell(nursery.cell(.one, .zero), Word(direct: 136)), "k136", axis: 0)
    for (name, core) in zip(["one", "two", "tri", "qua", "vi"], [before] + inner) {
      let isRoot = nursery.tail(core).isNatural
      let axis: UInt64 = try isRoot || nursery.equal(nursery.tail(core), before) ? 3 : 7
      parent = try teach(
        nursery.edit(core, at: Word(direct: axis), to: parent), name, axis: axis, hooks: name == "vi" ? hooks : [])
      before = core
    }
    for name in ["mole", "mule"] {
      guard let gate = cores["one/two/tri/qua/\(name)"] else { continue }
      let path = "one/two/tri/qua/vi/\(name)"
      cores[path] = try teach(nursery.edit(gate, at: Word(direct: 7), to: parent), path, axis: 7)
      sources[path] = "the Nock of kelvin 138"
    }
  }

  /// Notes a core that is known, and those that it is built upon.
  private func look(at noun: Word) throws {
    var noun = noun
    for _ in 0..<64 {
      guard noun.isCell else { return }
      if let location = try machine.jets.location(of: noun) {
        let path = machine.jets.locations[location].path
        // The name of the root is the library's version.
        let below = path.split(separator: "/").dropFirst().joined(separator: "/")
        if cores[below] == nil {
          let fixed = try nursery.copyToCommons(noun)
          cores[below] = fixed
          pending.append(fixed)
        }
      }
      let rest = nursery.tail(noun)
      let isKnown = try machine.jets.location(of: rest) != nil
      noun = rest.isCell && !isKnown ? nursery.tail(rest) : rest
    }
  }

  /// Runs every arm of a core once, and looks at what comes out.
  private func runArms(of core: Word) throws {
    var axes: [UInt64] = [2]
    while let axis = axes.popLast() {
      guard axis < 1 << 40, let formula = nursery.place(axis, in: core), formula.isCell else { continue }
      if nursery.head(formula).isCell {
        axes.append(axis << 1 | 1)
        axes.append(axis << 1)
        continue
      }
      let before = (0..<machine.jets.jets.count).map { machine.jets.answers[$0] }
      machine.configuration.stepLimit = 20_000
      let outcome = machine.run(
        subject: core, formula: try list([9, axis, 0, 1]), budgetBytes: 16 << 20)
      if case .product(let product) = outcome { try look(at: product) }
      for jet in before.indices where machine.jets.answers[jet] > before[jet] && callers[jet] == nil {
        callers[jet] = (core, axis)
      }
    }
  }

  /// `[a b c ...]`, the last number being the tail.
  func list(_ numbers: [UInt64]) throws -> Word {
    var result = Word(direct: numbers[numbers.count - 1])
    for number in numbers.dropLast().reversed() { result = try nursery.cell(Word(direct: number), result) }
    return result
  }

  /// Runs an arm of a core, without one of the jets if it is told so.
  func run(_ core: Word, arm: UInt64, without jet: Int = -1, steps: UInt64) throws -> ArmOutcome {
    machine.jets.disabledJet = jet
    machine.configuration.stepLimit = steps
    defer { machine.jets.disabledJet = -1 }
    switch machine.run(subject: core, formula: try list([9, arm, 0, 1]), budgetBytes: 64 << 20) {
    case .product(let product): return .product(try nursery.mug(product))
    case .blocked: return .undecided
    case .stopped(.exit, _): return .crash
    case .stopped: return .undecided
    }
  }
}
