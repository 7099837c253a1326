// A kernel: a core that is built once from a jam and then answers to load, peek and poke.

import StrataMemory
import StrataNoun

/// A kernel's arms, by their axis in the core.
public enum KernelArm: UInt64, Sendable {
  case load = 4
  case wish = 10
  case peek = 22
  case poke = 23
}

/// A kernel that lives on the value stack of its machine's outermost frame.
public final class NockKernel {
  public let machine: NockMachine
  private let slot: Int
  private var nursery: Nursery { machine.nursery }

  /// The kernel's core. Ask again after each run; it moves.
  public var core: Word {
    get { Word(raw: nursery.base[slot]) }
    set {
      nursery.base[slot] = newValue.raw
      nursery.touchStack(from: slot)
    }
  }

  /// Kicks `trap`, which is fixed in the commons first so that its code is known by identity. Throws what stopped it.
  public init(_ machine: NockMachine, kicking trap: Word) throws(Fault) {
    self.machine = machine
    let nursery = machine.nursery
    slot = nursery.state.pointee.stackTop
    let fixed = try nursery.copyToCommons(trap)
    try nursery.push(fixed)
    // [9 2 0 1]
    let formula = try nursery.cell(Word(direct: 9), nursery.cell(Word(direct: 2), nursery.cell(.zero, .one)))
    switch machine.run(subject: fixed, formula: formula) {
    case .product(let core): self.core = core
    case .blocked: throw .exit
    case .stopped(let fault, _): throw fault
    }
  }

  /// The formula that calls the gate at `axis` of the head of its subject with the tail of it as sample:
  /// `[8 [9 axis 0 2] 9 2 10 [6 0 7] 0 2]`.
  private func slam(_ axis: UInt64) throws(Fault) -> Word {
    func list(_ parts: [Word]) throws(Fault) -> Word {
      var result = parts[parts.count - 1]
      for part in parts.dropLast().reversed() { result = try nursery.cell(part, result) }
      return result
    }
    let number = { (value: UInt64) in Word(direct: value) }
    let arm = try list([number(9), number(axis), number(0), number(2)])
    let sample = try list([number(6), number(0), number(7)])
    return try list([number(8), arm, number(9), number(2), number(10), sample, number(0), number(2)])
  }

  /// What the gate at `arm` gives for `sample`.
  public func call(_ arm: KernelArm, _ sample: Word, budgetBytes: Int? = nil) -> NockOutcome {
    do throws(Fault) {
      let subject = try nursery.cell(core, sample)
      return machine.run(subject: subject, formula: try slam(arm.rawValue), budgetBytes: budgetBytes)
    } catch {
      return .stopped(error, trace: .zero)
    }
  }

  /// Loads: the product has become the core. After anything else it is what it was.
  public func load(_ state: Word, budgetBytes: Int? = nil) -> NockOutcome {
    let outcome = call(.load, state, budgetBytes: budgetBytes)
    if case .product(let product) = outcome { core = product }
    return outcome
  }

  /// Pokes: the product is the effects, and the core has become the new one. After anything else it is what
  /// it was.
  public func poke(_ sample: Word, budgetBytes: Int? = nil) -> NockOutcome {
    let outcome = call(.poke, sample, budgetBytes: budgetBytes)
    guard case .product(let product) = outcome else { return outcome }
    guard product.isCell else { return .stopped(.exit, trace: .zero) }
    core = nursery.tail(product)
    return .product(nursery.head(product))
  }
}
