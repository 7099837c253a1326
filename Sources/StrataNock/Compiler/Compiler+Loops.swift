// Loops: a formula that goes on with itself, in tail position, on a core made of known parts.
//
// Such a formula is compiled twice. The first version finds its subject in register 0, like any code. The second one, the
// loop, finds the parts of its subject in registers of their own: they are put there where the first version, or the
// loop itself, would build the next core. The core is built only where somebody wants it whole.
//
//     [6 [5 [0 7] 4 0 6] [0 6] 9 2 [0 2] [4 0 6] 0 7]      the loop's subject is [formula r0 r1]
//
//     r2 = r0 + 1
//     unless r1 equals r2 go to L
//     return r0
//  L: r0 = r2; loop
//
// A turn that does nothing but count until it meets a number, as this one, need not be taken: how often it would be is known
// (`Operation.count`). That makes a decrement in Nock, which counts up from 0, take the same time for every number.
//
// Which formula an arm of the subject is cannot be known beforehand, so the first version compares it with its own. In
// the loop the arm is a constant.

import StrataMemory

/// Which parts of a loop's subject are known.
indirect enum LoopShape {
  case leaf
  case cell(LoopShape, LoopShape)

  /// The known parts of a value.
  init(of value: Value) {
    guard let parts = value.parts else {
      self = .leaf
      return
    }
    self = .cell(LoopShape(of: parts.head), LoopShape(of: parts.tail))
  }

  /// What is known in both.
  func common(_ other: LoopShape) -> LoopShape {
    guard case .cell(let head, let tail) = self, case .cell(let otherHead, let otherTail) = other else { return .leaf }
    return .cell(head.common(otherHead), tail.common(otherTail))
  }

  /// Whether a value has all of these parts.
  func fits(_ value: Value) -> Bool {
    guard case .cell(let head, let tail) = self else { return true }
    guard let parts = value.parts else { return false }
    return head.fits(parts.head) && tail.fits(parts.tail)
  }
}

/// A formula that goes on with itself.
struct Loop {
  /// Where in its subject the formula lies.
  let axis: UInt64
  let shape: LoopShape
  /// The words to fill in when the beginning of the loop is known.
  var entries: [Int] = []

  /// A subject of more parts than this is no loop's.
  static let mostLeaves = 12
}

extension Compiler {
  /// In a tail position: goes on with the loop instead of calling arm `axis` of `core`, if both are the same. When
  /// this cannot be known, the call follows as the other branch and the result is false.
  mutating func goesOn(with core: Value, arm: Value, at axis: Word) -> Bool {
    guard cache.makesLoops, axis.isDirect, core.parts != nil else { return false }
    guard let loop else {
      // The first pass only looks which loops there are.
      if isOwn(arm, at: axis.raw), core.leafCount(limit: Loop.mostLeaves + 1) <= Loop.mostLeaves {
        let shape = LoopShape(of: core)
        if let known = found {
          if known.axis == axis.raw { found = Loop(axis: axis.raw, shape: known.shape.common(shape)) }
        } else {
          found = Loop(axis: axis.raw, shape: shape)
        }
      }
      return false
    }
    guard loop.axis == axis.raw, loop.shape.fits(core) else { return false }
    let mark = next
    if let constant = arm.constant {
      guard constant == own else { return false }
      enterLoop(core, loop)
      free(to: mark)
      return true
    }
    guard isOwn(arm, at: axis.raw) else { return false }
    emit(.unlessDirect, b: register(of: arm), word: own.raw)
    words.append(0)
    let otherwise = words.count - 1
    enterLoop(core, loop)
    free(to: mark)
    land(otherwise)
    return false
  }

  /// Whether a value is what lies at `axis` of the subject, where the formula itself is expected.
  private func isOwn(_ arm: Value, at axis: UInt64) -> Bool {
    root.known.contains { $0.axis == axis && $0.value === arm }
  }

  /// Puts the parts of `core` where the loop wants them, and goes there.
  private mutating func enterLoop(_ core: Value, _ loop: Loop) {
    var moves: [(target: Int, source: Int)] = []
    let leaves = leaves(of: core, loop.shape, axis: 1, loop.axis)
    for (target, value) in leaves.enumerated() {
      let source = register(of: value)
      if source != target { moves.append((target, source)) }
    }
    emitCount(moves, leafCount: leaves.count)
    while moves.count > 1 {
      if let index = moves.firstIndex(where: { move in !moves.contains { $0.source == move.target } }) {
        let move = moves.remove(at: index)
        emit(.move, a: move.target, b: move.source)
      } else {
        // A circle: what the first move would overwrite is kept elsewhere.
        let target = moves[0].target
        let kept = newRegister()
        emit(.move, a: kept, b: target)
        for index in moves.indices where moves[index].source == target { moves[index].source = kept }
      }
    }
    let last = moves.first ?? (0, 0)
    emit(.loop, a: last.target, b: last.source, word: UInt64(leaves.count) << 32)
    self.loop?.entries.append(words.count - 1)
  }

  /// What a register holds in a turn, as far as it matters to counting.
  private enum TurnValue: Equatable {
    /// The same in every turn.
    case same
    /// So much more than `register` held at the turn's beginning, which is one more in each turn.
    case count(register: Int, more: Int)
  }

  /// Where the turn being compiled only counts until it meets a number: emits what takes all that are left at once.
  private mutating func emitCount(_ moves: [(target: Int, source: Int)], leafCount: Int) {
    guard let turnStart, !moves.isEmpty else { return }
    var values = [TurnValue?](repeating: nil, count: next)
    for register in 0..<leafCount { values[register] = .same }
    for move in moves { values[move.target] = .count(register: move.target, more: 0) }
    // The way from the turn's beginning to here: its only branch is the one that does not leave the loop yet.
    var met: (register: Int, more: Int, limit: Limit)?
    var index = turnStart
    while index < words.count {
      let instruction = Instruction(raw: words[index])
      guard let operation = instruction.operation else { return }
      let (a, b, c) = (instruction.a, instruction.b, instruction.c)
      let last = index + operation.wordCount
      func value(_ register: Int) -> TurnValue? { register < next ? values[register] : nil }
      // What a turn begins with and what it compares stays where it is.
      let isFree = a >= leafCount && a < next && met?.limit != .register(a)
      var target: Int?
      switch operation {
      case .constant:
        guard isFree else { return }
        values[a] = .same
      case .head, .tail, .axis4, .axis5, .axis6, .axis7, .threeSteps, .fourSteps, .axis:
        guard isFree, value(b) == .same else { return }
        values[a] = .same
      case .increment:
        guard isFree, case .count(let register, let more) = value(b) else { return }
        values[a] = .count(register: register, more: more + 1)
      case .unlessEqual where met == nil:
        switch (value(b), value(c)) {
        case (.count(let register, let more), .same): met = (register, more, .register(c))
        case (.same, .count(let register, let more)): met = (register, more, .register(b))
        default: return
        }
        target = last + Int(words[last])
      case .unlessDirect where met == nil:
        guard case .count(let register, let more) = value(b), words[index + 1] <= Word.largestDirect else { return }
        met = (register, more, .number(words[index + 1]))
        target = last + Int(words[last])
      default: return
      }
      // A target that is not known yet lies behind this place: the turn goes on where the number is met.
      guard target != last else { return }
      index = target ?? last + 1
    }
    guard let met, moves.allSatisfy({ values[$0.source] == .count(register: $0.target, more: 1) }) else { return }
    let limit: Int
    switch met.limit {
    case .register(let register): limit = register
    case .number(let number): limit = register(of: Value(constant: Word(direct: number)))
    }
    let counting = moves.reduce(UInt64(0)) { $0 | 1 << UInt64(32 + $1.target) }
    emit(.count, a: met.more, b: met.register, c: limit, word: counting)
    loop?.entries.append(words.count - 1)
  }

  /// The number that ends the counting.
  private enum Limit: Equatable {
    case register(Int)
    case number(UInt64)
  }

  /// The parts of a value that a loop keeps in registers, which are all but the formula itself.
  private func leaves(of value: Value, _ shape: LoopShape, axis: UInt64, _ own: UInt64) -> [Value] {
    if axis == own { return [] }
    guard case .cell(let head, let tail) = shape, let parts = value.parts else { return [value] }
    return leaves(of: parts.head, head, axis: axis * 2, own) + leaves(of: parts.tail, tail, axis: axis * 2 + 1, own)
  }

  /// The subject of a loop, in registers from 0 on.
  mutating func loopSubject(_ shape: LoopShape, axis: UInt64, _ loop: Loop) -> Value {
    if axis == loop.axis { return Value(constant: own) }
    guard case .cell(let head, let tail) = shape else {
      let value = Value(register: newRegister())
      // The formula may lie within a part.
      let steps = axis.leadingZeroBitCount - loop.axis.leadingZeroBitCount
      if steps > 0, loop.axis >> UInt64(steps) == axis {
        let rest = loop.axis & (1 << UInt64(steps) - 1) | 1 << UInt64(steps)
        value.known.append((rest, Value(constant: own)))
      }
      return value
    }
    let first = loopSubject(head, axis: axis * 2, loop)
    return Value(first, loopSubject(tail, axis: axis * 2 + 1, loop))
  }
}
