// Virtual runs: Nock that runs Nock, catches its crashes, and answers its requests (operation 12).
//
// A virtual run is an inner frame. Its product, the path it was blocked on, or its trace is kept; the rest is
// dropped at once. Faults other than a crash are not the program's, and pass through.

import StrataMemory
import StrataNoun

extension NockMachine {
  /// The number of the routine that makes a virtual run: its subject is `[subject formula gate]`, gate being 0 or
  /// `[0 gate]`.
  static let virtualRun = 0
  /// The number of the routine that asks a scry gate: its subject is `[reference path]`.
  static let scryAnswer = 1

  private static let finished = 1
  static let crashed = 2
  static let blocked = 3

  static let builtInRoutines: [NativeRoutine] = [
    NativeRoutine(registerCount: 7) { (activation, phase, product) throws(Fault) in
      try activation.machine.stepVirtualRun(activation, phase, product)
    },
    NativeRoutine(registerCount: 5) { (activation, phase, product) throws(Fault) in
      try activation.machine.stepAnswer(activation, phase, product)
    },
    NativeRoutine(registerCount: 4) { (activation, phase, product) throws(Fault) in
      try activation.machine.stepCheck(activation, phase, product)
    },
  ]

  /// What the subject of a virtual run looks like: the step `.call(routine: virtualRun ...)` wants it so.
  public func virtualRequest(subject: Word, formula: Word, gate: Word?) throws(Fault) -> Word {
    let gateUnit = if let gate { try nursery.cell(.zero, gate) } else { Word.zero }
    return try nursery.cell(subject, nursery.cell(formula, gateUnit))
  }

  /// The steps of a virtual run. Its subject is `[subject formula gate]`, gate being 0 or `[0 gate]`.
  private func stepVirtualRun(
    _ activation: NativeActivation, _ phase: Int, _ product: Word
  ) throws(Fault) -> NativeStep {
    switch phase {
    case 0:
      activation[0] = roots.pointee.trace
      activation[1] = roots.pointee.gates
      let gate = nursery.tail(nursery.tail(activation.subject))
      // Collected before the boundary exists, so that a refusal is the caller's.
      let base = activation.registers - nursery.base
      nursery.state.pointee.stackTop = base + 7
      try nursery.pushFrame(activeBase: base)
      boundaries.append(
        Boundary(kind: .run, registers: activation.registers, depth: nursery.state.pointee.depth - 1))
      roots.pointee.trace = .zero
      let request = activation.subject
      if gate.isCell {
        let moved = nursery.tail(nursery.tail(nursery.tail(request)))
        roots.pointee.gates = try nursery.cell(moved, roots.pointee.gates)
      }
      return .call(
        subject: nursery.head(request), formula: nursery.head(nursery.tail(request)), phase: NockMachine.finished)
    case NockMachine.finished:
      boundaries.removeLast()
      let kept = try leaveRun(activation, keeping: product)
      return .product(try nursery.cell(.zero, kept))
    case NockMachine.blocked:
      return .product(try nursery.cell(.one, product))
    default:
      return .product(try nursery.cell(Word(direct: 2), product))
    }
  }

  /// Closes a virtual run's frame and gives its caller's trace and gates back.
  private func leaveRun(_ activation: NativeActivation, keeping word: Word) throws(Fault) -> Word {
    // Objects of the frame around the run do not move while it ends, so the saved words are still right.
    let kept = try nursery.popFrame(word)
    roots.pointee.trace = activation[0]
    roots.pointee.gates = activation[1]
    return kept
  }

  /// The steps of an answer. The subject is `[reference path]`.
  private func stepAnswer(
    _ activation: NativeActivation, _ phase: Int, _ product: Word
  ) throws(Fault) -> NativeStep {
    switch phase {
    case 0:
      guard roots.pointee.gates.isCell else { throw .exit }
      activation[0] = roots.pointee.gates
      let gate = nursery.head(roots.pointee.gates)
      // From here on whoever runs the virtual run fails, also where the gate is none.
      boundaries.append(
        Boundary(kind: .answer, registers: activation.registers, depth: nursery.state.pointee.depth))
      guard gate.isCell, nursery.tail(gate).isCell else { throw .exit }
      let battery = nursery.head(gate)
      let context = nursery.tail(nursery.tail(gate))
      let core = try nursery.cell(battery, nursery.cell(activation.subject, context))
      // The gate itself may only ask the gates outside it.
      roots.pointee.gates = nursery.tail(roots.pointee.gates)
      return .call(subject: core, formula: battery, phase: NockMachine.finished)
    default:
      // An answer is 0, `[x 0]` or `[x y noun]`. Anything else fails whoever runs the virtual run, as Nock in its place would;
      // the boundary still stands, so the fault passes the run.
      let answer = product.isCell ? nursery.tail(product) : product
      guard answer.isCell || answer == .zero else { throw .exit }
      boundaries.removeLast()
      roots.pointee.gates = activation[0]
      if product.isCell {
        let rest = nursery.tail(product)
        if rest.isCell { return .product(nursery.tail(rest)) }
        let entry = try nursery.cell(Word(direct: cord("hunk")), activation.subject)
        roots.pointee.trace = try nursery.cell(entry, roots.pointee.trace)
        throw .exit
      }
      roots.pointee.block = try nursery.cell(nursery.tail(activation.subject), .zero)
      throw .exit
    }
  }

  /// After a fault: the native activation that goes on with it and the phase it goes on in, or nil when it
  /// belongs to whoever started the run at `base`, the number of boundaries at that time.
  func recover(from fault: Fault, base: Int) throws(Fault) -> (registers: Registers, phase: Int, product: Word)? {
    while boundaries.count > base {
      let boundary = boundaries.removeLast()
      if boundary.kind == .answer {
        // The run that asked ends too, and its caller fails in its place.
        let trace = roots.pointee.trace
        guard let run = boundaries.popLast() else { return nil }
        try unwind(run, keeping: trace)
        continue
      }
      if fault != .exit {
        try unwind(boundary, keeping: roots.pointee.trace)
        continue
      }
      let isBlock = roots.pointee.block.isCell
      let word = isBlock ? nursery.head(roots.pointee.block) : roots.pointee.trace
      roots.pointee.block = .zero
      let activation = NativeActivation(machine: self, registers: boundary.registers)
      let kept = try leaveRun(activation, keeping: word)
      return (boundary.registers, isBlock ? NockMachine.blocked : NockMachine.crashed, kept)
    }
    return nil
  }

  /// Leaves a virtual run that somebody further out fails for: its trace goes before the one outside, and a
  /// path that it was blocked on is kept.
  private func unwind(_ run: Boundary, keeping trace: Word) throws(Fault) {
    let activation = NativeActivation(machine: self, registers: run.registers)
    let block = roots.pointee.block
    let kept = try leaveRun(activation, keeping: nursery.cell(trace, block))
    roots.pointee.block = nursery.tail(kept)
    roots.pointee.trace = try weld(nursery.head(kept), roots.pointee.trace)
  }

  /// The list `first` with `second` after it.
  private func weld(_ first: Word, _ second: Word) throws(Fault) -> Word {
    let bottom = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = bottom }
    var rest = first
    while rest.isCell {
      try nursery.push(nursery.head(rest))
      rest = nursery.tail(rest)
    }
    var result = second
    while nursery.state.pointee.stackTop > bottom { result = try nursery.cell(nursery.pop(), result) }
    return result
  }
}
