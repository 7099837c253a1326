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
