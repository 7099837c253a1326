// The engine: registers, frames, entering thunks and code, updates. Everything that the run loop and the steps share.
//
// Frames lie on the nursery's value stack, so neither a deep recursion nor a long list touches the host's stack. Objects
// move only when a frame is entered; by then every word of the stack below the frame's end is initialised.

import CPlatform
import StrataMemory
import StrataNatural

/// What the engine remembers between two calls of `run`.
struct Registers {
  var fp: UnsafeMutablePointer<UInt64>
  var code: UnsafeMutablePointer<UInt64>
  var pc: UnsafeMutablePointer<UInt64>
  /// The innermost handler's frame, as an offset; 0 = none.
  var handler = 0
  /// The code object with the blocks of `Stub`, in the commons.
  var stubs = Word.zero
  /// Block indices in `stubs`, by `Stub`.
  var stubIndices: UnsafeMutablePointer<Int>
  /// Code objects by operation number; 0 where there is none.
  var operations: UnsafeMutablePointer<UInt64>
  /// Operand orders by operation number: three bits an operand, strictness in two, see `OperandOrder`.
  var orders: UnsafeMutablePointer<UInt64>
  /// What an uncaught throw threw: `tag[value]`, also on the bottom of the stack.
  var thrown = Word.zero
  var grants = PlanGrants.none
  /// Whether the rules are those of the newer specification; see `PlanFront`.
  var isSpecification = false
  /// Whether every safe point collects, so that tests find words that are not kept where collections look.
  var collectsAlways = false
  /// Whether the machine shares a commons with others.
  var isSharing = false
  /// Whether a profiler is attached, and whether the program records marked evaluations.
  var isWatched = false
  /// Whether the profiler wants to see every entry.
  var countsEntries = false
  var recordsProfile = false
  /// How many safe points may still be passed; below zero there is no limit.
  var stepsLeft = -1
  /// Whether one of the two runs of a check is under way: what belongs to the program stays as it is.
  var isIsolated = false
  /// The thunk of the program that such a run needs, 0 = none, and the frame that would evaluate it, as an offset.
  var neededThunk: UInt64 = 0
  var neededFrame = 0
}

/// Blocks of the stub code object.
enum Stub: Int, CaseIterable {
  case halt
  case update
  case apply
  case force
  case pinnedRow
  case raise
  case uncallable
  case check
}

/// Packs the strict operands of an operation: for each six bits, operand number in the low four, strictness above.
enum OperandOrder {
  static func packed(_ description: OperationDescription) -> UInt64 {
    var result: UInt64 = 0
    for (index, entry) in description.strict.enumerated() {
      result |= (UInt64(entry.operand) | entry.strictness.rawValue << 4) << UInt64(6 * index)
    }
    return result
  }
}

/// A handle on one machine's memory and registers: two pointers, free to copy.
struct Engine {
  let nursery: Nursery
  let base: UnsafeMutablePointer<UInt64>
  let registers: UnsafeMutablePointer<Registers>
  let owner: Unmanaged<PlanMachine>

  // MARK: Allocation

  @inline(__always)
  func allocate(_ kind: Kind, _ size: Int) throws(PlanFailure) -> Int {
    do throws(Fault) {
      return try nursery.allocate(kind, size: size)
    } catch {
      throw .fault(error)
    }
  }

  /// A new closure whose body the caller writes at once.
  @inline(__always)
  func newClosure(_ count: Int) throws(PlanFailure) -> (word: Word, body: UnsafeMutablePointer<UInt64>) {
    let offset = try allocate(.closure, count + 1)
    return (Word(tag: .closure, offset: offset), base + offset + 1)
  }

  /// The closure of `head` and the `count` words at `arguments`.
  func makeClosure(_ head: Word, _ arguments: UnsafeMutablePointer<UInt64>, _ count: Int) throws(PlanFailure) -> Word {
    let (word, body) = try newClosure(count)
    body[0] = head.raw
    (body + 1).update(from: arguments, count: count)
    return word
  }

  func makePin(_ item: Word) throws(PlanFailure) -> Word {
    let offset = try allocate(.pin, PinLayout.size)
    base[offset + PinLayout.item] = item.raw
    base[offset + PinLayout.code] = 0
    base[offset + PinLayout.arity] = UInt64(pinnedArity(item))
    if registers.pointee.isSpecification, isNormal(item) { base[offset] |= Header.normalFormBit }
    return Word(tag: .pin, offset: offset)
  }

  /// The caller guarantees that the arity is a positive natural and that the body is as the rules of the machine want it.
  func makeLaw(_ name: Word, _ arity: Word, _ body: Word) throws(PlanFailure) -> Word {
    let offset = try allocate(.law, LawLayout.size)
    base[offset + LawLayout.name] = name.raw
    base[offset + LawLayout.arity] = arity.raw
    base[offset + LawLayout.body] = body.raw
    base[offset + LawLayout.code] = 0
    if registers.pointee.isSpecification, name.isNatural, isNormal(body) { base[offset] |= Header.normalFormBit }
    return Word(tag: .law, offset: offset)
  }

  private func pinnedArity(_ item: Word) -> Int {
    if registers.pointee.isSpecification { return item.isLaw ? arity(item) : 1 }
    if item.isNatural {
      if item.isDirect {
        switch item.raw {
        case 1: return 3
        case 3: return 6
        default: return 1
        }
      }
      return 1
    }
    return arity(item)
  }

  /// The number of arguments at which an evaluated value runs; `unreachableArity` for naturals.
  @inline(__always)
  func arity(_ value: Word) -> Int {
    if value.isPin { return Int(base[value.offset + PinLayout.arity]) }
    if value.isLaw {
      let arity = base[value.offset + LawLayout.arity]
      return arity < UInt64(unreachableArity) ? Int(arity) : unreachableArity
    }
    if value.isClosure {
      let head = Word(raw: base[value.offset + 1])
      // Heads are never closures, so this goes one level deep.
      return head.isClosure ? unreachableArity : arity(head) - (nursery.header(value).size - 1)
    }
    return unreachableArity
  }

  /// The number of arguments of a closure.
  @inline(__always)
  func argumentCount(_ closure: Word) -> Int { Header(raw: base[closure.offset]).size - 1 }

  // MARK: Updates

  /// Makes a thunk stand for `value`.
  @inline(__always)
  func update(_ thunk: Word, _ value: UInt64) throws(PlanFailure) {
    let offset = thunk.offset
    let frame = nursery.state.pointee.frame
    if frame.pointee.young.contains(offset) {
      base[offset + 1] = ThunkState.done
      base[offset + 2] = value
      return
    }
    try updateOld(offset, ThunkState.done, value)
  }

  @inline(never)
  func updateOld(_ offset: Int, _ state: UInt64, _ value: UInt64) throws(PlanFailure) {
    do throws(Fault) {
      try nursery.update(slot: offset + 2, to: Word(raw: value))
    } catch {
      throw .fault(error)
    }
    try setState(offset, state)
  }

  /// Writes a thunk's state. A state is no reference, so only a bail could need the old one: the one of a thunk
  /// that belongs to an outer nursery frame.
  @inline(__always)
  func setState(_ offset: Int, _ state: UInt64) throws(PlanFailure) {
    let frame = nursery.state.pointee.frame
    if frame.pointee.young.contains(offset) || frame.pointee.tenured.contains(offset) {
      base[offset + 1] = state
    } else {
      // A check evaluates nothing of the program's; `noteNeed` says what it wanted.
      if registers.pointee.isIsolated { throw .loop }
      do throws(Fault) {
        try nursery.update(slot: offset + 1, to: Word(raw: state))
      } catch {
        throw .fault(error)
      }
    }
  }

  // MARK: Frames

  /// Makes sure that stack words below `end` may be written.
  @inline(__always)
  func reserve(_ end: UnsafeMutablePointer<UInt64>) throws(PlanFailure) {
    let offset = end - base
    if offset + 8 > nursery.state.pointee.stackLimit { try reserveSlowly(offset + 8) }
  }

  @inline(never)
  private func reserveSlowly(_ end: Int) throws(PlanFailure) {
    let needed = end - nursery.state.pointee.stackTop
    do throws(Fault) {
      if needed > 0 { try nursery.ensureStack(needed) }
    } catch {
      throw .fault(error == .bytes ? .depth : error)
    }
  }

  /// Writes the header of a frame at `g` whose result goes to `slot` of the frame `fp`, which goes on at `pc`.
  @inline(__always)
  func link(
    _ g: UnsafeMutablePointer<UInt64>, code: UnsafeMutablePointer<UInt64>, pc: UnsafeMutablePointer<UInt64>,
    fp: UnsafeMutablePointer<UInt64>, slot: Int
  ) {
    assert(code != base, "offset 0 belongs to no object")
    g[-3] = Word(tag: .vector, offset: code - base).raw
    g[-2] = UInt64(pc - code) << 32 | UInt64(slot)
    g[-1] = UInt64(fp - base)
  }

  /// Runs block `index` of `code` in the frame at `g`, whose slots below `filled` are written.
  @inline(__always)
  func enter(
    _ g: UnsafeMutablePointer<UInt64>, _ code: UnsafeMutablePointer<UInt64>, _ index: Int, filled: Int
  ) throws(PlanFailure) {
    let size = Int(code[index])
    try reserve(g + size)
    var slot = filled
    while slot < size {
      g[slot] = 0
      slot &+= 1
    }
    registers.pointee.fp = g
    registers.pointee.code = code
    registers.pointee.pc = code + index + 1
    if platform_load_relaxed(nursery.state.pointee.poll) != 0 { try safePoint(size) }
  }

  /// Lets objects move. Called with a frame of `size` words just entered, or in the middle of one.
  @inline(never)
  func safePoint(_ size: Int, isEntry: Bool = true) throws(PlanFailure) {
    if registers.pointee.isWatched { owner._withUnsafeGuaranteedRef { $0.profiler?.look(self, isEntry: isEntry) } }
    let fp = registers.pointee.fp
    let resume = registers.pointee.pc - registers.pointee.code
    let end = fp + size
    showFrame(size)
    do throws(Fault) {
      try nursery.safePoint(activeBase: fp - base)
      if registers.pointee.collectsAlways { try nursery.collectYoung(activeBase: fp - base) }
      if registers.pointee.stepsLeft >= 0 {
        if registers.pointee.stepsLeft == 0 { throw .steps }
        registers.pointee.stepsLeft -= 1
      }
      if registers.pointee.collectsAlways || registers.pointee.stepsLeft >= 0 || registers.pointee.countsEntries {
        nursery.interruptHandle.wake()
      }
    } catch {
      throw .fault(error)
    }
    if registers.pointee.isSharing { owner._withUnsafeGuaranteedRef { $0.takePartInCollection() } }
    assert(Word(raw: end[0]).offset != 0, "the code was lost")
    registers.pointee.code = base + Word(raw: end[0]).offset
    registers.pointee.pc = registers.pointee.code + resume
  }

  /// Makes the stack end above the running frame, of which `size` words are valid, so that others see what it holds
  /// while an operation waits.
  func showFrame(_ size: Int) {
    let end = registers.pointee.fp + size
    end[0] = Word(tag: .vector, offset: registers.pointee.code - base).raw
    nursery.state.pointee.stackTop = end - base + 1
  }

  /// Does what may take long without touching the machine's memory, while collections of a shared commons may look at it.
  /// In the middle of an operation's native function only.
  func waiting<Result>(_ work: () -> Result) -> Result {
    if registers.pointee.isSharing { owner._withUnsafeGuaranteedRef { $0.park() } }
    defer { if registers.pointee.isSharing { owner._withUnsafeGuaranteedRef { $0.unpark() } } }
    return work()
  }

  /// Returns `value` from the frame at `fp`.
  @inline(__always)
  func giveBack(_ value: UInt64) {
    let fp = registers.pointee.fp
    assert(fp[-3] != 0, "a frame without a caller returns")
    let link = fp[-2]
    let caller = base + Int(fp[-1])
    // Before the result is stored: its slot may be the one in which this frame's header begins.
    let code = base + Word(raw: fp[-3]).offset
    caller[Int(link & 0xFFFF_FFFF)] = value
    registers.pointee.fp = caller
    registers.pointee.code = code
    registers.pointee.pc = code + Int(link >> 32)
    nursery.touchStack(from: caller - base)
  }

  @inline(__always)
  var stubCode: UnsafeMutablePointer<UInt64> { base + registers.pointee.stubs.offset }

  @inline(__always)
  func stubIndex(_ stub: Stub) -> Int { registers.pointee.stubIndices[stub.rawValue] }

  // MARK: Evaluation

  /// The end of a chain of done thunks.
  @inline(__always)
  func resolved(_ raw: UInt64) -> UInt64 {
    var raw = raw
    while isThunkBits(raw) {
      let offset = Word(raw: raw).offset
      if base[offset + 1] != ThunkState.done { return raw }
      raw = base[offset + 2]
    }
    return raw
  }

  /// Brings slot `slot` of the running frame to weak head normal form. Answers true when it is already; otherwise a
  /// frame has been entered at `top`, and the instruction at `pc` will be run again when it returns.
  @inline(__always)
  func evaluated(_ slot: Int, top: Int) throws(PlanFailure) -> Bool {
    let fp = registers.pointee.fp
    let raw = fp[slot]
    if !isThunkBits(raw) { return true }
    return try evaluateThunk(slot, top: top)
  }

  @inline(never)
  func evaluateThunk(_ slot: Int, top: Int) throws(PlanFailure) -> Bool {
    let fp = registers.pointee.fp
    let raw = resolved(fp[slot])
    fp[slot] = raw
    if !isThunkBits(raw) { return true }
    let g = fp + top + 3
    try reserve(g)
    link(g, code: registers.pointee.code, pc: registers.pointee.pc, fp: fp, slot: slot)
    try enterThunk(raw, g)
    return false
  }

  /// Starts the evaluation of a thunk, which is not done, in a frame at `g` whose header is written.
  @inline(__always)
  func enterThunk(_ raw: UInt64, _ g: UnsafeMutablePointer<UInt64>) throws(PlanFailure) {
    let offset = Word(raw: raw).offset
    let state = base[offset + 1]
    if state >= ThunkLayout.firstBlockState {
      assert(base[offset + 2] != 0, "a thunk without code")
      let code = base + Word(raw: base[offset + 2]).offset
      let index = Int(state >> ThunkLayout.blockShift)
      let count = Header(raw: base[offset]).size - 2
      try reserve(g + Int(code[index]))
      g[0] = raw
      var slot = 1
      while slot <= count {
        g[slot] = base[offset + 2 + slot]
        slot &+= 1
      }
      try occupy(offset, g)
      return try enter(g, code, index, filled: count + 1)
    }
    try enterOther(raw, g, offset, state)
  }

  /// Marks a thunk as one that is being evaluated in the frame at `g`.
  @inline(__always)
  private func occupy(_ offset: Int, _ g: UnsafeMutablePointer<UInt64>) throws(PlanFailure) {
    do throws(PlanFailure) {
      try setState(offset, ThunkState.busy)
    } catch {
      noteNeed(offset, g)
      throw error
    }
  }

  @inline(never)
  private func enterOther(
    _ raw: UInt64, _ g: UnsafeMutablePointer<UInt64>, _ offset: Int, _ state: UInt64
  ) throws(PlanFailure) {
    switch state {
    case ThunkLayout.application:
      let count = Header(raw: base[offset]).size - 2
      let h = g + 5
      try reserve(h + count + 2)
      g[0] = raw
      g[1] = 0
      link(h, code: stubCode, pc: stubCode + stubIndex(.update) + 1, fp: g, slot: 1)
      h[0] = base[offset + 2]
      h[1] = UInt64(count)
      (h + 2).update(from: base + offset + 3, count: count)
      try occupy(offset, g)
      try enterApply(h, count)
    case ThunkState.failed:
      if registers.pointee.isIsolated {
        noteNeed(offset, g)
        if registers.pointee.neededThunk != 0 { throw .loop }
      }
      // The frame holds nothing yet: what lies in its first slot must not be taken for a thunk under evaluation.
      g[0] = 0
      registers.pointee.fp = g
      try unwind(Word(raw: base[offset + 2]))
    default:
      noteNeed(offset, g)
      throw .loop
    }
  }

  /// Runs the dynamic application that lies in the frame at `h`: function, count, arguments.
  func enterApply(_ h: UnsafeMutablePointer<UInt64>, _ count: Int) throws(PlanFailure) {
    try reserve(h + count + 2)
    registers.pointee.fp = h
    registers.pointee.code = stubCode
    registers.pointee.pc = stubCode + stubIndex(.apply) + 1
    if platform_load_relaxed(nursery.state.pointee.poll) != 0 { try safePoint(count + 2) }
  }

  /// Evaluates `raw` in place of the running frame, which is that of a law or of a step.
  @inline(__always)
  func tailEvaluate(_ value: UInt64) throws(PlanFailure) {
    let raw = resolved(value)
    if !isThunkBits(raw) { return giveBack(raw) }
    try tailEnter(raw)
  }

  @inline(never)
  func tailEnter(_ raw: UInt64) throws(PlanFailure) {
    var fp = registers.pointee.fp
    // Frames that only wait to update a thunk are dropped: their thunk from now on stands for the other.
    if base[Word(raw: raw).offset + 1] != ThunkState.busy {
      let updateLink = UInt64(stubIndex(.update) + 1) << 32 | 1
      while fp[-2] == updateLink, fp[-3] == registers.pointee.stubs.raw {
        let caller = base + Int(fp[-1])
        try update(Word(raw: caller[0]), raw)
        fp = caller
      }
      nursery.touchStack(from: fp - base)
    }
    try enterThunk(raw, fp)
  }

  /// Evaluates `raw` in place of a thunk's frame.
  func tailEvaluateThunk(_ value: UInt64) throws(PlanFailure) {
    let raw = resolved(value)
    let own = Word(raw: registers.pointee.fp[0])
    if isThunkBits(raw), base[Word(raw: raw).offset + 1] == ThunkState.busy {
      noteNeed(Word(raw: raw).offset, registers.pointee.fp, own: own.raw)
      throw .loop
    }
    try update(own, raw)
    if !isThunkBits(raw) { return giveBack(raw) }
    try tailEnter(raw)
  }

  // MARK: Throwing

  /// Gives up everything down to the innermost handler, which returns `exception`, a closure `tag[value]`. Thunks under
  /// evaluation will throw the same again. Throws `.uncaught` when there is no handler.
  func unwind(_ exception: Word) throws(PlanFailure) {
    let handler = registers.pointee.handler
    var frame = registers.pointee.fp - base
    let bottom = nursery.state.pointee.frame.pointee.stackBase
    while frame != handler, frame > bottom {
      let first = base[frame]
      if isThunkBits(first), base[Word(raw: first).offset + 1] == ThunkState.busy {
        try updateOld(Word(raw: first).offset, ThunkState.failed, exception.raw)
      }
      if base[frame - 1] == 0 { break }
      frame = Int(base[frame - 1])
    }
    guard handler != 0 else {
      registers.pointee.thrown = exception
      throw .uncaught
    }
    registers.pointee.fp = base + handler
    registers.pointee.handler = Int(base[handler + 3])
    giveBack(exception.raw)
  }
}
