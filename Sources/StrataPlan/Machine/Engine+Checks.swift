// The check of one call: its law's own body runs apart from the program, beside the operation that carries the law out.
//
// A checked call has a frame of its own, the outer one. It lets the operation's operands be evaluated, as the operation would,
// and then opens a nursery frame in which, below an inner driver, the operation and the law's body run on the same arguments
// and are compared. Everything in there is dropped afterwards. In there no thunk of the program is evaluated: who needs one
// ends with it. As the last thing that a run needs it is that run's answer, and an operation that leaves the choice of what comes next
// to such a thunk agrees with a law that leaves it to the same. So nothing is evaluated that the operation does not evaluate, and
// in the end the operation takes the call over in the outer frame's place, where loops take no memory.
//
// Checks do not nest: laws that the body calls are carried out by their operations.

import CPlatform
import StrataMemory
import StrataNatural

/// The outer frame's slots: 0 the pin, 1 ... 8 the arguments, then these.
private enum OuterSlot {
  static let phase = 9
  /// The result of an operation that evaluates in the middle and was run by the program itself.
  static let result = 10
  /// What must be evaluated before the check can be decided, and how often that has happened.
  static let needed = 11
  static let rounds = 12
  static let count = 13
}

/// What an outer frame does when it goes on.
private enum OuterPhase: UInt64 {
  case begin
  case operands
  case compare
  case need
  case finish
}

/// The inner driver's slots: 0 empty, then these; compared pairs lie from `pairs` on.
private enum InnerSlot {
  static let operation = 1
  static let law = 2
  static let phase = 3
  static let depth = 4
  static let arguments = 5
  static let pairs = 14
}

/// What an inner driver does when it goes on.
private enum InnerPhase: UInt64 {
  case begin
  case operation
  case law
  case pairs
}

/// How a comparison came out.
private enum Verdict {
  case same
  case different
  case undecided
  /// The operation is about to evaluate the thunk at this offset as well.
  case after(Int)
}

extension Engine {
  /// How many bytes a check may take.
  static let checkBytes = 64 << 20
  /// How many words the outer frame of a checked call has.
  static let checkFrameSize = OuterSlot.count

  // MARK: The outer frame

  /// A call of a pinned law, with its arguments in slots 1 on, that its operation is to carry out and that may be checked.
  func checkStep() throws(PlanFailure) {
    let fp = registers.pointee.fp
    guard let operation = checkedOperation(fp) else { throw .crash(.unknownOperation) }
    let number = Int(operation.rawValue)
    let arity = operationArity(number)
    switch OuterPhase(rawValue: fp[OuterSlot.phase]) ?? .finish {
    case .begin:
      if registers.pointee.isIsolated || !owner._withUnsafeGuaranteedRef({ $0.isCheckDue() }) {
        return try enterOperation(fp, number)
      }
      fp[OuterSlot.phase] = OuterPhase.operands.rawValue
    case .operands:
      switch operation {
      case .compareStructure, .row:
        // They evaluate as they go, and what they give is a value: the program's own run of them is the one to compare.
        fp[OuterSlot.phase] = OuterPhase.compare.rawValue
        let g = fp + OuterSlot.count + 3
        try reserve(g + arity + 1)
        (g + 1).update(from: fp + 1, count: arity)
        link(g, code: registers.pointee.code, pc: registers.pointee.pc, fp: fp, slot: OuterSlot.result)
        return try enterOperation(g, number)
      case .coup:
        guard try evaluated(2, top: OuterSlot.count) else { return }
        if isClosureBits(fp[2]) {
          guard try evaluated(1, top: OuterSlot.count) else { return }
          if self.arity(Word(raw: fp[1])) <= argumentCount(Word(raw: fp[2])) {
            // What comes next is a call, whose answer the program must not wait for.
            owner._withUnsafeGuaranteedRef { $0.checks.undecided += 1 }
            fp[OuterSlot.phase] = OuterPhase.finish.rawValue
            return
          }
        }
      default:
        for entry in operation.entry.strict {
          guard try evaluated(entry.operand, top: OuterSlot.count) else { return }
        }
      }
      fp[OuterSlot.phase] = OuterPhase.compare.rawValue
    case .compare:
      fp[OuterSlot.phase] = OuterPhase.finish.rawValue
      if !(try isolate()) { owner._withUnsafeGuaranteedRef { $0.checks.undecided += 1 } }
    case .need:
      guard try evaluated(OuterSlot.needed, top: OuterSlot.count) else { return }
      fp[OuterSlot.needed] = 0
      fp[OuterSlot.phase] = OuterPhase.compare.rawValue
    case .finish:
      if operation == .compareStructure || operation == .row { return giveBack(fp[OuterSlot.result]) }
      try enterOperation(fp, number)
    }
  }

  /// The operation that carries out the pinned law in an outer frame.
  private func checkedOperation(_ fp: UnsafeMutablePointer<UInt64>) -> Operation? {
    let law = law(of: fp)
    return owner._withUnsafeGuaranteedRef { $0.namedOperation(ofPinned: law) }
  }

  /// The law that is called in an outer frame.
  private func law(of fp: UnsafeMutablePointer<UInt64>) -> Word {
    Word(raw: base[Word(raw: fp[0]).offset + PinLayout.item])
  }

  /// Opens the nursery frame in which the two runs take place, and lets the inner driver go on. Answers false, and nothing has
  /// changed, when there is no memory for that.
  private func isolate() throws(PlanFailure) -> Bool {
    let owner = self.owner
    let fp = registers.pointee.fp
    do throws(PlanFailure) {
      // Compiled here, so that it outlives the check.
      _ = try owner.takeUnretainedValue().code(ofLaw: law(of: fp))
      try reserve(fp + OuterSlot.count + InnerSlot.pairs + 16)
      let resume = registers.pointee.pc - registers.pointee.code
      showFrame(OuterSlot.count)
      try faulting { () throws(Fault) in
        try nursery.pushFrame(budgetBytes: Engine.checkBytes, activeBase: fp - base)
      }
      registers.pointee.code = base + Word(raw: fp[OuterSlot.count]).offset
      registers.pointee.pc = registers.pointee.code + resume
      let inner = base + nursery.state.pointee.stackTop + 3
      owner._withUnsafeGuaranteedRef { owner in
        owner.checks.outerFrame = fp - base
        owner.checks.innerFrame = inner - base
        owner.checks.resume = resume
        owner.checks.operation = .word
        owner.checks.law = .word
        owner.checks.handler = registers.pointee.handler
        owner.checks.grants = registers.pointee.grants
        owner.checks.recordsProfile = registers.pointee.recordsProfile
        owner.checks.stepsLeft = registers.pointee.stepsLeft
      }
      let (left, most) = (registers.pointee.stepsLeft, owner._withUnsafeGuaranteedRef { $0.jetCheckSteps })
      registers.pointee.stepsLeft = left < 0 ? most : min(left, most)
      registers.pointee.handler = 0
      registers.pointee.grants = .none
      registers.pointee.recordsProfile = false
      registers.pointee.isIsolated = true
      registers.pointee.neededThunk = 0
      nursery.interruptHandle.wake()
      // Only for those who look through the frames: nothing returns from the inner driver.
      link(inner, code: registers.pointee.code, pc: registers.pointee.pc, fp: fp, slot: 0)
      for slot in 0..<InnerSlot.pairs { inner[slot] = 0 }
      (inner + InnerSlot.arguments).update(from: fp + 1, count: OuterSlot.phase - 1)
      inner[InnerSlot.operation] = fp[OuterSlot.result]
      goOnInside(inner)
      return true
    } catch {
      if case .fault(let fault) = error, fault != .time, fault != .interrupted { return false }
      throw error
    }
  }

  private func goOnInside(_ inner: UnsafeMutablePointer<UInt64>) {
    registers.pointee.fp = inner
    registers.pointee.code = stubCode
    registers.pointee.pc = stubCode + stubIndex(.check) + 1
  }

  // MARK: The inner driver

  /// Runs the operation, then the law's own body, and compares what they give.
  func checkInside() throws(PlanFailure) {
    let inner = registers.pointee.fp
    let outer = owner._withUnsafeGuaranteedRef { base + $0.checks.outerFrame }
    guard let operation = checkedOperation(outer) else { throw .crash(.unknownOperation) }
    let number = Int(operation.rawValue)
    let arity = operationArity(number)
    let outcomes = owner._withUnsafeGuaranteedRef { ($0.checks.operation, $0.checks.law) }
    switch InnerPhase(rawValue: inner[InnerSlot.phase]) ?? .pairs {
    case .begin:
      inner[InnerSlot.phase] = InnerPhase.operation.rawValue
      if operation == .compareStructure || operation == .row { return }
      let h = inner + InnerSlot.pairs + 3
      try reserve(h + arity + 1)
      (h + 1).update(from: inner + InnerSlot.arguments, count: arity)
      link(h, code: stubCode, pc: registers.pointee.pc, fp: inner, slot: InnerSlot.operation)
      try enterOperation(h, number)
    case .operation:
      switch outcomes.0 {
      case .word, .crash: break
      case .needs(let thunk): return conclude(.after(thunk))
      default: return conclude(.undecided)
      }
      inner[InnerSlot.phase] = InnerPhase.law.rawValue
      let h = inner + InnerSlot.pairs + 3
      try reserve(h + arity + 1)
      h[0] = outer[0]
      (h + 1).update(from: inner + InnerSlot.arguments, count: arity)
      link(h, code: stubCode, pc: registers.pointee.pc, fp: inner, slot: InnerSlot.law)
      let body = base + (try owner.takeUnretainedValue().code(ofLaw: law(of: outer))).offset
      try enter(h, body, Int(body[CodeLayout.entry]), filled: arity + 1)
    case .law:
      switch outcomes {
      case (_, .undecided): return conclude(.undecided)
      case (.word, .word): break
      case (.word, .needs(let thunk)):
        // The operation is about to evaluate the same: then the values can be compared.
        let choice = resolved(inner[InnerSlot.operation])
        return conclude(isThunkBits(choice) && Word(raw: choice).offset == thunk ? .after(thunk) : .different)
      default: return conclude(outcomes.0 == outcomes.1 ? .same : .different)
      }
      inner[InnerSlot.phase] = InnerPhase.pairs.rawValue
      inner[InnerSlot.pairs] = inner[InnerSlot.operation]
      inner[InnerSlot.pairs + 1] = inner[InnerSlot.law]
    case .pairs:
      if let verdict = try comparedPairs(inner, outcomes.1) { conclude(verdict) }
    }
  }

  /// Compares what lies in the driver's pairs, evaluating what the law's body left unevaluated and only that. Nil when such
  /// an evaluation has been entered. `outcome` says what came of the last one, unless it gave a word.
  private func comparedPairs(
    _ inner: UnsafeMutablePointer<UInt64>, _ outcome: JetChecks.Outcome
  ) throws(PlanFailure) -> Verdict? {
    var depth = Int(inner[InnerSlot.depth])
    if outcome != .word {
      // A part of what the law gave has no value. Whether that of the operation has one is only known if it is evaluated.
      let isKnown = !isThunkBits(resolved(inner[InnerSlot.pairs + 3 * depth]))
      return isKnown && outcome != .undecided ? .different : .undecided
    }
    while true {
      let slot = InnerSlot.pairs + 3 * depth
      try rest(slot + 2)
      let left = resolved(inner[slot])
      let right = resolved(inner[slot + 1])
      inner[slot] = left
      inner[slot + 1] = right
      if left != right {
        if isThunkBits(right), isOwn(Word(raw: right).offset) {
          inner[InnerSlot.depth] = UInt64(depth)
          _ = try evaluateThunk(slot + 1, top: slot + 2)
          return nil
        }
        // One is the program's to evaluate and the other is something else: no law that does so is the operation.
        if isThunkBits(left) || isThunkBits(right) { return .different }
        let (one, other) = (Word(raw: left), Word(raw: right))
        if try shallowOrder(one, other) != 0 { return .different }
        if !one.isNatural {
          try reserve(inner + slot + 5)
          inner[slot + 2] = 1
          inner[slot + 3] = base[one.offset + 1]
          inner[slot + 4] = base[other.offset + 1]
          depth += 1
          continue
        }
      }
      var isOpen = false
      while depth > 0 {
        let open = InnerSlot.pairs + 3 * (depth - 1)
        let number = Int(inner[open + 2])
        let parent = Word(raw: inner[open])
        if number < fieldCount(parent) {
          inner[open + 2] = UInt64(number + 1)
          inner[open + 3] = base[parent.offset + 1 + number]
          inner[open + 4] = base[Word(raw: inner[open + 1]).offset + 1 + number]
          isOpen = true
          break
        }
        depth -= 1
      }
      if !isOpen { return .same }
    }
  }

  /// Whether an object was made in the innermost nursery frame.
  @inline(__always)
  private func isOwn(_ offset: Int) -> Bool {
    let frame = nursery.state.pointee.frame
    return frame.pointee.young.contains(offset) || frame.pointee.tenured.contains(offset)
  }

  // MARK: The end of a check

  /// Notes how a check came out and goes on in the outer frame.
  private func conclude(_ verdict: Verdict) {
    let inner = registers.pointee.fp
    let mismatch: PlanJetMismatch? = if case .different = verdict { mismatch(inner) } else { nil }
    let outer = leave()
    owner._withUnsafeGuaranteedRef { owner in
      switch verdict {
      case .after(let thunk):
        outer[OuterSlot.rounds] += 1
        if outer[OuterSlot.rounds] > UInt64(OuterSlot.phase) {
          owner.checks.undecided += 1
        } else {
          outer[OuterSlot.needed] = Word(tag: .thunk, offset: thunk).raw
          outer[OuterSlot.phase] = OuterPhase.need.rawValue
        }
      case .undecided: owner.checks.undecided += 1
      case .same: owner.checks.checked += 1
      case .different:
        owner.checks.checked += 1
        owner.checks.mismatchCount += 1
        if let mismatch, owner.checks.mismatches.count < JetChecks.mostKept { owner.checks.mismatches.append(mismatch) }
      }
    }
  }

  /// Drops everything that the two runs have made and gives the outer frame back, which is the running one from here on.
  @discardableResult
  func leave() -> UnsafeMutablePointer<UInt64> {
    nursery.bailFrame()
    registers.pointee.isIsolated = false
    registers.pointee.thrown = .zero
    return owner._withUnsafeGuaranteedRef { owner in
      let checks = owner.checks
      let outer = base + checks.outerFrame
      let limit = checks.stepsLeft
      // What a check took counts against the program's limit.
      let granted = min(limit, owner.jetCheckSteps)
      registers.pointee.stepsLeft = limit < 0 ? -1 : limit - (granted - max(0, registers.pointee.stepsLeft))
      registers.pointee.handler = checks.handler
      registers.pointee.grants = checks.grants
      registers.pointee.recordsProfile = checks.recordsProfile
      registers.pointee.fp = outer
      registers.pointee.code = base + Word(raw: outer[OuterSlot.count]).offset
      registers.pointee.pc = registers.pointee.code + checks.resume
      nursery.touchStack(from: checks.outerFrame)
      return outer
    }
  }

  /// Called when a run stops with a failure. Answers true if it was one of the two runs of a check that failed, and the check
  /// goes on. Otherwise a check that was under way has been given up.
  func takeUp(_ failure: PlanFailure) -> Bool {
    guard registers.pointee.isIsolated else { return false }
    let inner = owner._withUnsafeGuaranteedRef { base + $0.checks.innerFrame }
    var outcome = JetChecks.Outcome.undecided
    let needed = registers.pointee.neededThunk
    registers.pointee.neededThunk = 0
    switch failure {
    case _ where needed != 0:
      let g = base + registers.pointee.neededFrame
      if g[-1] == UInt64(inner - base) {
        // Nothing is left to do but to give it back.
        inner[Int(g[-2] & 0xFFFF_FFFF)] = needed
        outcome = .word
      } else {
        outcome = .needs(Word(raw: needed).offset)
      }
    case .crash(let crash): outcome = .crash(crash)
    case .uncaught: outcome = .threw
    case .loop: outcome = .loop
    case .denied(let effect): outcome = .effect(effect)
    case .fault(let fault):
      let isProgramsLimit = owner._withUnsafeGuaranteedRef { 0...$0.jetCheckSteps ~= $0.checks.stepsLeft }
      if fault == .time || fault == .interrupted || (fault == .steps && isProgramsLimit) {
        leave()
        return false
      }
    case .store: break
    }
    owner._withUnsafeGuaranteedRef { owner in
      if inner[InnerSlot.phase] == InnerPhase.operation.rawValue {
        owner.checks.operation = outcome
      } else {
        owner.checks.law = outcome
      }
    }
    registers.pointee.handler = 0
    goOnInside(inner)
    return true
  }

  /// Notes that a run of a check needs a thunk of the program's, whose evaluation would begin in the frame at `g`. `own` is the
  /// thunk, if any, that would stand for it.
  @inline(never)
  func noteNeed(_ thunk: Int, _ g: UnsafeMutablePointer<UInt64>, own: UInt64? = nil) {
    guard registers.pointee.isIsolated, !isOwn(thunk) else { return }
    let needed = Word(tag: .thunk, offset: thunk).raw
    registers.pointee.neededThunk = needed
    // Frames that only wait to update a thunk have nothing left to do either: their thunks stand for the other from here on.
    var frame = g
    let updateLink = UInt64(stubIndex(.update) + 1) << 32 | 1
    if let own { settle(own, needed) }
    while frame[-2] == updateLink, frame[-3] == registers.pointee.stubs.raw {
      frame = base + Int(frame[-1])
      settle(frame[0], needed)
    }
    registers.pointee.neededFrame = frame - base
  }

  /// Makes a thunk of a check stand for one of the program's, which is older and never moves meanwhile.
  private func settle(_ raw: UInt64, _ needed: UInt64) {
    guard isThunkBits(raw), isOwn(Word(raw: raw).offset) else { return }
    base[Word(raw: raw).offset + 1] = ThunkState.done
    base[Word(raw: raw).offset + 2] = needed
  }

  // MARK: Telling

  /// What is to be told of a difference, as long as both answers are there.
  private func mismatch(_ inner: UnsafeMutablePointer<UInt64>) -> PlanJetMismatch {
    let outer = owner._withUnsafeGuaranteedRef { base + $0.checks.outerFrame }
    let law = law(of: outer)
    let arity = Int(base[law.offset + LawLayout.arity])
    let outcomes = owner._withUnsafeGuaranteedRef { ($0.checks.operation, $0.checks.law) }
    // A name that stands for an operation is a word.
    let name = text(base[law.offset + LawLayout.name]).drop { $0 == "%" }
    return PlanJetMismatch(
      name: String(name), arity: arity,
      arguments: (0..<min(arity, OuterSlot.phase - 1)).map { text(inner[InnerSlot.arguments + $0]) },
      law: answer(outcomes.1, inner[InnerSlot.law], inner),
      operation: answer(outcomes.0, inner[InnerSlot.operation], inner))
  }

  private func answer(
    _ outcome: JetChecks.Outcome, _ word: UInt64, _ inner: UnsafeMutablePointer<UInt64>
  ) -> PlanJetMismatch.Answer {
    switch outcome {
    case .word:
      let raw = resolved(word)
      return isThunkBits(raw) ? .unevaluated(place(raw, inner)) : .value(text(raw))
    case .crash(let crash): return .crash(crash)
    case .threw: return .threw(text(registers.pointee.thrown.raw))
    case .loop: return .loop
    case .effect(let effect): return .effect(effect)
    case .needs(let thunk): return .needs(place(Word(tag: .thunk, offset: thunk).raw, inner))
    case .undecided: return .unevaluated("something")
    }
  }

  /// Which argument a thunk is, or how it is printed.
  private func place(_ thunk: UInt64, _ inner: UnsafeMutablePointer<UInt64>) -> String {
    for number in 1..<OuterSlot.phase where resolved(inner[InnerSlot.arguments + number - 1]) == thunk {
      return "argument \(number)"
    }
    return "\(text(thunk)) in an argument"
  }

  private func text(_ word: UInt64) -> String {
    var style = PlanPrinter.Style()
    style.depth = 5
    style.hasCords = true
    style.bytes = 80
    var printer = PlanPrinter(engine: self, style: style)
    return String(decoding: printer.print(Word(raw: word)), as: UTF8.self)
  }
}
