// The rules that programs follow: those of the runtime for which today's programs are written, or those of the newer
// specification, which knows one operation and leaves pins and laws lazy.
//
//                         runtime                              specification
//     operations          a pin each: #0 item, #1 name ...     #0 on a row: 0[item]  1[arity name body]  2[p l a z m value]
//     other pins          effects, throws                      no meaning
//     arity of a pin      1, 3 or 6 of a natural, else         that of a law in it, else 1
//                         that of what is in it
//     law                 arity as given, at least 1           one more than given
//     in pins and laws    normal forms                         an item evaluated; a body evaluated where it is an expression,
//                                                              constants not further; a name not at all
//     laws by name        native operations                    their own bodies
//     a law in a case     name, arity, body                    arity, name, body

import StrataMemory
import StrataNatural

/// Which rules a machine follows.
public enum PlanFront: String, Sendable, CaseIterable {
  case runtime
  case specification
}

extension PlanMachine {
  /// An unevaluated pin of `item`, which may be unevaluated.
  func pinning(_ item: Word) throws(PlanFailure) -> Word {
    let pin = try engine.makePin(.zero)
    guard front == .specification else { return try application(pin, [item]) }
    return try application(pin, [try row(0, [item])])
  }

  /// An unevaluated law; nil where the rules want an arity that is at hand and `arity` is no positive number below 2^63.
  func lawMaking(name: Word, arity: Word, body: Word) throws(PlanFailure) -> Word? {
    guard front == .specification else { return try application(try engine.makePin(.one), [name, arity, body]) }
    guard arity.isDirect, arity != .zero else { return nil }
    return try application(try engine.makePin(.zero), [try row(1, [Word(direct: arity.raw - 1), name, body])])
  }

  private func row(_ head: UInt64, _ parts: [Word]) throws(PlanFailure) -> Word {
    let (word, body) = try engine.newClosure(parts.count)
    body[0] = head
    for (index, part) in parts.enumerated() { body[1 + index] = part.raw }
    return word
  }
}

extension Engine {
  /// What is left to do with a part of a law's body.
  private enum BodyTask: UInt64 {
    /// Evaluates what follows a let, down to where no let is.
    case spine
    /// Goes through the lets' values, then through what follows them.
    case lets
    /// Goes through an expression.
    case expression
  }

  /// The pinned 0: an operation by the row in slot 1.
  func specifiedStep() throws(PlanFailure) {
    guard try evaluated(1, top: 2) else { return }
    let fp = registers.pointee.fp
    let row = Word(raw: fp[1])
    guard row.isClosure else { throw .crash(.malformedRow) }
    let count = argumentCount(row)
    let operation: Operation
    switch (base[row.offset + 1], count) {
    case (0, 1): operation = .specifiedPin
    case (1, 3): operation = .specifiedLaw
    case (2, 6): operation = .eat
    default: throw .crash(.malformedRow)
    }
    try reserve(fp + count + 1)
    (fp + 1).update(from: base + row.offset + 2, count: count)
    try enterOperation(fp, Int(operation.rawValue))
  }

  /// Makes a law of what the slots 1 (arity less one), 2 (name) and 3 (body) hold. Slots: 4 tasks + 1, 5 parts so far, 6
  /// the part in hand, then the tasks: a part and what is to be done with it.
  func specifiedLawStep() throws(PlanFailure) {
    if registers.pointee.fp[4] == 0 {
      guard try evaluated(1, top: 7) else { return }
      guard try evaluated(3, top: 7) else { return }
      let fp = registers.pointee.fp
      try reserve(fp + 11)
      for (slot, task) in [(7, BodyTask.lets), (9, .spine)] {
        fp[slot] = fp[3]
        fp[slot + 1] = task.rawValue
      }
      fp[4] = 3
      fp[5] = 0
    }
    while registers.pointee.fp[4] > 1 {
      let top = 7 + 2 * Int(registers.pointee.fp[4] - 1)
      try rest(top)
      let fp = registers.pointee.fp
      // Parts that occur more than once are gone through as often: the law could not be compiled either.
      fp[5] += 1
      if fp[5] > UInt64(Expression.mostNodes) { throw .fault(.size) }
      let part = Word(raw: fp[top - 2])
      let task = BodyTask(rawValue: fp[top - 1]) ?? .expression
      let head = part.isClosure ? base[part.offset + 1] : UInt64.max
      let count = part.isClosure ? argumentCount(part) : 0
      let isLet = head == 1 && count == 2
      switch task {
      case .spine:
        if isLet {
          guard try evaluatedPart(part, 2, top: top) else { return }
          replace(top, with: [(argument(part, 2), .spine)])
        } else {
          replace(top, with: [])
        }
      case .lets where isLet:
        guard try evaluatedPart(part, 1, top: top) else { return }
        try reserve(fp + top + 2)
        replace(top, with: [(argument(part, 2), .lets), (argument(part, 1), .expression)])
      case .lets, .expression:
        guard head == 0, count == 1 || count == 2 else {
          replace(top, with: [])
          continue
        }
        guard try evaluatedPart(part, 1, top: top) else { return }
        guard count == 2 else {
          replace(top, with: [])
          continue
        }
        guard try evaluatedPart(part, 2, top: top) else { return }
        try reserve(fp + top + 2)
        replace(top, with: [(argument(part, 2), .expression), (argument(part, 1), .expression)])
      }
    }
    let fp = registers.pointee.fp
    let arity = try arithmeticResult(.increment, natural(fp[1]), .zero)
    giveBack(try makeLaw(Word(raw: resolved(fp[2])), arity, Word(raw: fp[3])).raw)
  }

  @inline(__always)
  private func argument(_ closure: Word, _ number: Int) -> UInt64 { base[closure.offset + 1 + number] }

  /// Puts tasks in the place of the newest one, the last of them to be done first.
  private func replace(_ top: Int, with tasks: [(part: UInt64, task: BodyTask)]) {
    let fp = registers.pointee.fp
    for (index, entry) in tasks.enumerated() {
      fp[top - 2 + 2 * index] = entry.part
      fp[top - 1 + 2 * index] = entry.task.rawValue
    }
    fp[4] = fp[4] - 1 + UInt64(tasks.count)
  }

  /// Whether an argument of a closure is evaluated, and then in its place. Otherwise its evaluation has been entered.
  private func evaluatedPart(_ closure: Word, _ number: Int, top: Int) throws(PlanFailure) -> Bool {
    let place = closure.offset + 1 + number
    let raw = resolved(base[place])
    if isThunkBits(raw) {
      registers.pointee.fp[6] = raw
      return try evaluated(6, top: top)
    }
    if raw != base[place] {
      try faulting { () throws(Fault) in try nursery.update(slot: place, to: Word(raw: raw)) }
    }
    return true
  }
}
