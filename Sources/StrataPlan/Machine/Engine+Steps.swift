// The steps that the run loop calls: application, and the operations that evaluate or call in the middle.
//
// A step works on the running frame and can be run again at any time: it keeps what it has achieved in the frame's
// slots, and when something must be evaluated first it enters that frame and returns.

import StrataMemory
import StrataNatural

extension Engine {
  // MARK: Application

  /// The code object of a law or pin, compiled if need be.
  @inline(__always)
  func prepared(_ function: Word) throws(PlanFailure) -> UnsafeMutablePointer<UInt64> {
    let slot = function.offset &+ (function.isPin ? PinLayout.code : LawLayout.code)
    let known = base[slot]
    if known != 0 { return base + Word(raw: known).offset }
    return try prepareSlowly(function)
  }

  @inline(never)
  private func prepareSlowly(_ function: Word) throws(PlanFailure) -> UnsafeMutablePointer<UInt64> {
    base + (try owner.takeUnretainedValue().code(of: function)).offset
  }

  /// Applies the function in slot 0 of the frame at `g`, which runs now, to the `count` words from slot 2 on.
  func applyNow(_ g: UnsafeMutablePointer<UInt64>, _ initialCount: Int) throws(PlanFailure) {
    var count = initialCount
    while true {
      let raw = resolved(g[0])
      if isThunkBits(raw) {
        g[0] = raw
        g[1] = UInt64(count)
        registers.pointee.code = stubCode
        registers.pointee.pc = stubCode + stubIndex(.apply) + 1
        try reserve(g + count + 5)
        _ = try evaluateThunk(0, top: count + 2)
        return
      }
      let function = Word(raw: raw)
      if function.isClosure {
        let more = argumentCount(function)
        if arity(function) > count {
          // Still not enough: extend the closure.
          let (word, body) = try newClosure(more + count)
          body.update(from: base + function.offset + 1, count: more + 1)
          (body + 1 + more).update(from: g + 2, count: count)
          return giveBack(word.raw)
        }
        try reserve(g + count + more + 2)
        (g + 2 + more).update(from: g + 2, count: count)
        (g + 2).update(from: base + function.offset + 2, count: more)
        g[0] = base[function.offset + 1]
        count += more
        continue
      }
      let needed = arity(function)
      if count < needed { return giveBack(try makeClosure(function, g + 2, count).raw) }
      let code = try prepared(function)
      if count == needed {
        g[0] = function.raw
        (g + 1).update(from: g + 2, count: count)
        return try enter(g, code, Int(code[CodeLayout.entry]), filled: count + 1)
      }
      // Too many: the rest waits in this frame until the first `needed` have given a function.
      let h = g + count + 5
      try reserve(h + needed + 1)
      link(h, code: stubCode, pc: stubCode + stubIndex(.apply) + 1, fp: g, slot: 0)
      h[0] = function.raw
      (h + 1).update(from: g + 2, count: needed)
      let rest = count - needed
      (g + 2).update(from: g + 2 + needed, count: rest)
      g[0] = 0
      g[1] = UInt64(rest)
      return try enter(h, code, Int(code[CodeLayout.entry]), filled: needed + 1)
    }
  }

  /// Runs an operation's own code in the frame at `g`, whose operands are in slots 1 on.
  func enterOperation(_ g: UnsafeMutablePointer<UInt64>, _ operation: Int) throws(PlanFailure) {
    let word = registers.pointee.operations[operation]
    if word == 0 {
      // Every operation has code from the start; only a damaged number could have none.
      throw .crash(.unknownOperation)
    }
    let code = base + Word(raw: word).offset
    g[0] = 0
    try enter(g, code, Int(code[CodeLayout.entry]), filled: operationArity(operation) + 1)
  }

  @inline(__always)
  func operationArity(_ operation: Int) -> Int { Int(registers.pointee.orders[operation] >> 56) }

  // MARK: Operations over evaluated operands

  /// Evaluates the operands of an operation in its order, runs its native function, and stores the result.
  func operate(_ word: UInt64) throws(PlanFailure) {
    let fp = registers.pointee.fp
    let first = Instruction.b(word)
    let operation = Instruction.c(word)
    var order = registers.pointee.orders[operation] & (1 << 56 - 1)
    while order != 0 {
      let slot = first + Int(order & 15) - 1
      let strictness = order >> 4 & 3
      order >>= 6
      let raw = fp[slot]
      if isThunkBits(raw) {
        if !(try evaluateThunk(slot, top: Instruction.d(word))) { return }
      }
      if strictness == Strictness.natural.rawValue {
        if !Word(raw: fp[slot]).isNatural { fp[slot] = 0 }
      } else if strictness == Strictness.forced.rawValue, !isNormal(Word(raw: fp[slot])) {
        let g = fp + Instruction.d(word) + 3
        try reserve(g + 2)
        link(g, code: registers.pointee.code, pc: registers.pointee.pc, fp: fp, slot: slot)
        g[1] = fp[slot]
        return try enterOperation(g, Int(Operation.force.rawValue))
      }
    }
    try rest(Instruction.d(word))
    if registers.pointee.isSharing { showFrame(Instruction.d(word)) }
    fp[Instruction.a(word)] = try native(operation, fp + first)
    registers.pointee.pc += 1
  }

  /// Whether an evaluated value is known to be in normal form.
  @inline(__always)
  func isNormal(_ value: Word) -> Bool {
    if value.isNatural || base[value.offset] & Header.normalFormBit != 0 { return true }
    // Under the rules of the runtime what is in a pin or a law was forced when it was made.
    return !value.isClosure && !registers.pointee.isSpecification
  }

  // MARK: Case analysis

  func eatStep() throws(PlanFailure) {
    guard try evaluated(6, top: 7) else { return }
    let fp = registers.pointee.fp
    let value = Word(raw: fp[6])
    if value.isNatural {
      if value == .zero { return try tailEvaluate(fp[4]) }
      let less = try arithmeticResult(.decrement, value, .zero)
      fp[0] = fp[5]
      fp[2] = less.raw
      return try applyNow(fp, 1)
    }
    if value.isPin {
      fp[0] = fp[1]
      fp[2] = base[value.offset + PinLayout.item]
      return try applyNow(fp, 1)
    }
    if value.isLaw {
      let isSpecification = registers.pointee.isSpecification
      fp[0] = fp[2]
      fp[2] = base[value.offset + (isSpecification ? LawLayout.arity : LawLayout.name)]
      fp[3] = base[value.offset + (isSpecification ? LawLayout.name : LawLayout.arity)]
      fp[4] = base[value.offset + LawLayout.body]
      return try applyNow(fp, 3)
    }
    fp[0] = fp[3]
    fp[2] = try initial(value).raw
    fp[3] = base[value.offset + 1 + argumentCount(value)]
    try applyNow(fp, 2)
  }

  /// A closure without its last argument.
  func initial(_ closure: Word) throws(PlanFailure) -> Word {
    let count = argumentCount(closure)
    if count == 1 { return Word(raw: base[closure.offset + 1]) }
    let (word, body) = try newClosure(count - 1)
    body.update(from: base + closure.offset + 1, count: count)
    base[word.offset] |= base[closure.offset] & Header.normalFormBit
    return word
  }

  func coupStep() throws(PlanFailure) {
    guard try evaluated(2, top: 3) else { return }
    let fp = registers.pointee.fp
    let row = Word(raw: fp[2])
    guard row.isClosure else { return try tailEvaluate(fp[1]) }
    let count = argumentCount(row)
    try reserve(fp + count + 2)
    fp[0] = fp[1]
    (fp + 2).update(from: base + row.offset + 2, count: count)
    try applyNow(fp, count)
  }

  func sapStep(count: Int) throws(PlanFailure) {
    for slot in 2...count {
      guard try evaluated(slot, top: count + 1) else { return }
    }
    let fp = registers.pointee.fp
    fp[0] = fp[1]
    try applyNow(fp, count - 1)
  }

  // MARK: Normal forms

  /// Slots: 2 depth, then for each open value the value and the number of the part in hand, then the part in hand.
  func forceStep() throws(PlanFailure) {
    let fp = registers.pointee.fp
    var depth = Int(fp[2])
    var isDone = false
    while true {
      let slot = 3 + 2 * depth
      try rest(slot + 1)
      if !isDone {
        let raw = resolved(fp[slot])
        fp[slot] = raw
        if isThunkBits(raw) {
          fp[2] = UInt64(depth)
          _ = try evaluateThunk(slot, top: slot + 1)
          return
        }
        let value = Word(raw: raw)
        if !isNormal(value) {
          try reserve(fp + slot + 3)
          let first = firstPart
          fp[slot + 1] = UInt64(first)
          fp[slot + 2] = base[value.offset + 1 + first]
          depth += 1
          continue
        }
      }
      isDone = false
      if depth == 0 { return giveBack(fp[slot]) }
      let whole = Word(raw: fp[slot - 2])
      let number = Int(fp[slot - 1])
      let place = whole.offset + 1 + number
      if base[place] != fp[slot] {
        do throws(Fault) {
          try nursery.update(slot: place, to: Word(raw: fp[slot]))
        } catch {
          throw .fault(error)
        }
      }
      if number + 1 < fieldCount(whole) {
        fp[slot - 1] = UInt64(number + 1)
        fp[slot] = base[place + 1]
      } else {
        markNormal(whole)
        depth -= 1
        isDone = true
      }
    }
  }

  /// The first part of a value that may be unevaluated: heads are naturals, pins and laws, whose parts were forced unless
  /// the rules say otherwise.
  @inline(__always)
  private var firstPart: Int { registers.pointee.isSpecification ? 0 : 1 }

  /// Marks a value of the innermost nursery frame. One of an outer frame stays unmarked, because a bail restores
  /// what it held.
  private func markNormal(_ value: Word) {
    let frame = nursery.state.pointee.frame
    if frame.pointee.young.contains(value.offset) || frame.pointee.tenured.contains(value.offset) {
      base[value.offset] |= Header.normalFormBit
    }
  }

  // MARK: Rows

  /// Slots: 1 head, 2 length, 3 the rest of the list, 4 how many elements there are, then the elements.
  func rowStep() throws(PlanFailure) {
    guard try evaluated(1, top: 5) else { return }
    guard try evaluated(2, top: 5) else { return }
    let fp = registers.pointee.fp
    let length = natural(fp[2])
    if length == .zero { return giveBack(natural(fp[1]).raw) }
    guard length.isDirect, length.raw < UInt64(Header.largestSize) else { throw .fault(.size) }
    let count = Int(length.raw)
    var filled = Int(fp[4])
    while filled < count {
      let slot = 5 + filled
      try reserve(fp + slot + 1)
      try rest(slot)
      if isThunkBits(fp[3]) {
        fp[4] = UInt64(filled)
        guard try evaluateThunk(3, top: slot) else { return }
      }
      let cell = Word(raw: fp[3])
      if !cell.isClosure { break }
      fp[slot] = base[cell.offset + 2]
      fp[3] = argumentCount(cell) >= 2 ? base[cell.offset + 3] : 0
      filled += 1
    }
    let (word, body) = try newClosure(count)
    // Only now: a large head moves at the safe points above.
    body[0] = natural(fp[1]).raw
    for index in 0..<count { body[1 + index] = index < filled ? fp[5 + index] : 0 }
    giveBack(word.raw)
  }

  // MARK: Structure

  /// Slots: 3 depth, then for each open pair both values and the number of the field in hand, then the pair in hand.
  func compareStep() throws(PlanFailure) {
    let fp = registers.pointee.fp
    var depth = Int(fp[3])
    while true {
      let slot = 4 + 3 * depth
      // Values that share much compare for longer than they took to build.
      try rest(slot + 2)
      if isThunkBits(fp[slot]) || isThunkBits(fp[slot + 1]) {
        fp[3] = UInt64(depth)
        guard try evaluated(slot, top: slot + 2) else { return }
        guard try evaluated(slot + 1, top: slot + 2) else { return }
      }
      let left = Word(raw: fp[slot])
      let right = Word(raw: fp[slot + 1])
      var order = left == right ? 0 : try shallowOrder(left, right)
      if order == 0, left != right, !left.isNatural {
        try reserve(fp + slot + 5)
        fp[slot + 2] = 1
        fp[slot + 3] = base[left.offset + 1]
        fp[slot + 4] = base[right.offset + 1]
        depth += 1
        continue
      }
      while order == 0, depth > 0 {
        let open = 4 + 3 * (depth - 1)
        let number = Int(fp[open + 2])
        let parent = Word(raw: fp[open])
        if number < fieldCount(parent) {
          fp[open + 2] = UInt64(number + 1)
          fp[open + 3] = base[parent.offset + 1 + number]
          fp[open + 4] = base[Word(raw: fp[open + 1]).offset + 1 + number]
          order = 2
          break
        }
        depth -= 1
      }
      if order == 2 { continue }
      return giveBack(UInt64(1 + order))
    }
  }

  /// -1 or 1 when kinds, naturals or sizes differ; 0 when equal or to be decided by the fields.
  func shallowOrder(_ left: Word, _ right: Word) throws(PlanFailure) -> Int {
    let leftKind = kind(left).rawValue
    let rightKind = kind(right).rawValue
    if leftKind != rightKind { return leftKind < rightKind ? -1 : 1 }
    if left.isNatural {
      do throws(Fault) {
        return try nursery.compare(left, right)
      } catch {
        throw .fault(error)
      }
    }
    let leftCount = fieldCount(left)
    let rightCount = fieldCount(right)
    return leftCount == rightCount ? 0 : leftCount < rightCount ? -1 : 1
  }

  /// How many body words of a pin, law or closure are values.
  @inline(__always)
  func fieldCount(_ value: Word) -> Int {
    if value.isClosure { return Header(raw: base[value.offset]).size }
    return value.isPin ? 1 : 3
  }

  /// The kind of an evaluated value.
  @inline(__always)
  func kind(_ value: Word) -> PlanKind {
    if value.isNatural { return .natural }
    if value.isClosure { return .closure }
    return value.isPin ? .pin : .law
  }

  // MARK: Profiles

  /// The label of a marked evaluation, if records of it can be kept.
  private func recordedLabel() -> Word? {
    guard registers.pointee.recordsProfile else { return nil }
    let label = Word(raw: resolved(registers.pointee.fp[1]))
    return nursery.isFixed(label) ? label : nil
  }

  func profileEnter() throws(PlanFailure) {
    let label = recordedLabel()
    if label == nil, !registers.pointee.isWatched { return try tailEvaluate(registers.pointee.fp[2]) }
    owner._withUnsafeGuaranteedRef { owner in
      if let label { owner.profileRecords.add(.begin, label) }
      owner.profiler?.mark(self)
    }
    registers.pointee.pc += 1
  }

  func profileLeave() {
    let label = recordedLabel()
    owner._withUnsafeGuaranteedRef { owner in
      if let label { owner.profileRecords.add(.end, label) }
      owner.profiler?.mark(self)
    }
    registers.pointee.pc += 1
  }

  // MARK: Operations by row

  func primitiveStep() throws(PlanFailure) {
    guard try evaluated(1, top: 2) else { return }
    let fp = registers.pointee.fp
    let row = Word(raw: fp[1])
    guard row.isClosure else { throw .crash(.malformedRow) }
    let count = argumentCount(row)
    let key = Word(raw: base[row.offset + 1])
    guard key.isDirect, let operation = Operation.keyed(key.raw, count: count) ?? Operation.named(key.raw, arity: count)
    else { throw .crash(Operation.undefined.contains(key.raw) ? .undefinedOperation : .unknownOperation) }
    try reserve(fp + count + 1)
    (fp + 1).update(from: base + row.offset + 2, count: count)
    try enterOperation(fp, Int(operation.rawValue))
  }

  func pinnedRowStep() throws(PlanFailure) {
    guard try evaluated(1, top: 2) else { return }
    let fp = registers.pointee.fp
    let row = Word(raw: fp[1])
    let key = base[Word(raw: fp[0]).offset + PinLayout.item]
    guard row.isClosure else { throw .crash(.malformedRow) }
    let count = argumentCount(row)
    guard let operation = Operation.pinnedRow(key, count: count) else { throw .crash(.malformedRow) }
    let arity = operationArity(Int(operation.rawValue))
    try reserve(fp + arity + 1)
    (fp + 1).update(from: base + row.offset + 2, count: count)
    for slot in stride(from: count + 1, through: arity, by: 1) { fp[slot] = 0 }
    try enterOperation(fp, Int(operation.rawValue))
  }

  func raiseStep() throws(PlanFailure) {
    let fp = registers.pointee.fp
    let (word, body) = try newClosure(1)
    body[0] = base[Word(raw: fp[0]).offset + PinLayout.item]
    body[1] = fp[1]
    // Safe: the value was forced by the instruction before, and a pin's item is in normal form.
    base[word.offset] |= Header.normalFormBit
    try unwind(word)
  }
}
