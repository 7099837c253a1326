// The loop that runs compiled formulas.
//
// An activation is a run of registers on the value stack: register 0 is the subject. Below it lie two linkage
// words, the caller's next instruction and its registers; the first of them is also the caller's register that
// receives the product. Both are plain addresses, which the collector takes for small naturals.
//
//     caller's registers 0 ... live-1 | return address | caller's registers | callee's registers 0 ...
//
// Objects move only where an activation is entered, when only register 0 of it is in use, and at the turn of a loop, when only
// the registers of its subject's parts are.

import CPlatform
import StrataMemory
import StrataNatural
import StrataNoun

typealias Registers = UnsafeMutablePointer<UInt64>

extension NockMachine {
  /// Runs `formula` on `subject` in the innermost frame.
  func execute(subject: Word, formula: Word) throws(Fault) -> Word {
    let code = try cache.code(for: formula)
    let state = nursery.state
    try nursery.ensureStack(code.pointee.registerCount + 3)
    let fp = nursery.base + state.pointee.stackTop + 2
    fp[-2] = UInt64(UInt(bitPattern: haltCode))
    fp[-1] = UInt64(UInt(bitPattern: nursery.base + state.pointee.stackTop))
    fp[0] = subject.raw
    let base = boundaries.count
    if let tracer {
      // Texts are made on the stack, above what is in use.
      let stackTop = state.pointee.stackTop
      state.pointee.stackTop = fp + 1 - nursery.base
      tracer.entered(self, fp, code)
      state.pointee.stackTop = stackTop
    }
    var start = (registers: fp, pc: code.pointee.start)
    while true {
      do throws(Fault) {
        return try loop(start.registers, start.pc)
      } catch {
        guard let (registers, phase, product) = try recover(from: error, base: base) else { throw error }
        tracer?.crashed(above: registers, error)
        // The routine that made the virtual run goes on with what came of it.
        let routine = routines[Int(registers[1])]
        registers[2] = UInt64(phase)
        registers[routine.registerCount] = product.raw
        start = (registers, resumeCode)
      }
    }
  }

  /// Enters a routine whose activation begins at `registers`, linkage in place.
  private func enterRoutine(_ number: Int, _ registers: Registers, subject: Word) throws(Fault) -> Departure {
    try prepareRoutine(number, registers, subject: subject)
    return try stepRoutine(registers, .zero)
  }

  /// Makes the activation of a routine that has not taken a step yet.
  private func prepareRoutine(_ number: Int, _ registers: Registers, subject: Word) throws(Fault) {
    let count = routines[number].registerCount
    nursery.state.pointee.stackTop = registers - nursery.base
    try nursery.ensureStack(count + 8)
    registers[0] = subject.raw
    registers[1] = UInt64(number)
    for index in 2..<count { registers[index] = 0 }
  }

  /// Where control goes after a step of a routine.
  private struct Departure {
    /// The code to enter with `registers`, or nil to leave the routine with `product`.
    var code: UnsafeMutablePointer<Code>?
    var registers: Registers
    var product: Word
  }

  /// Lets a routine take steps until it leaves or wants Nock to run. Routines that call routines take their steps here
  /// too, each in its own activation.
  @inline(never)
  private func stepRoutine(_ registers: Registers, _ product: Word) throws(Fault) -> Departure {
    var registers = registers
    var product = product
    while true {
      let number = Int(registers[1])
      let end = registers + routines[number].registerCount
      nursery.state.pointee.stackTop = end - nursery.base
      let phase = Int(registers[2])
      var subject: Word
      let code: UnsafeMutablePointer<Code>
      switch try routines[number].step(NativeActivation(machine: self, registers: registers), phase, product) {
      case .product(let result):
        let jet = routineJets[number]
        if jet >= 0 { jets.answers[jet] &+= 1 }
        guard registers[-2] == UInt64(UInt(bitPattern: resumeCode)) else {
          return Departure(code: nil, registers: registers, product: result)
        }
        // The caller is a routine as well.
        _ = leave(&registers, with: result)
        product = result
        continue
      case .tailCall(let newSubject, let formula):
        let code = try cache.code(for: formula)
        registers[0] = newSubject.raw
        return Departure(code: code, registers: registers, product: .zero)
      case .virtualCall(let request, let next):
        registers[2] = UInt64(next)
        registers = link(end, registers)
        try prepareRoutine(NockMachine.virtualRun, registers, subject: request)
        product = .zero
        continue
      case .call(let newSubject, let formula, let next):
        registers[2] = UInt64(next)
        code = try cache.code(for: formula)
        subject = newSubject
      case .slam(let gate, let sample, let next):
        registers[2] = UInt64(next)
        guard gate.isCell, nursery.tail(gate).isCell else { throw .exit }
        code = try cache.code(for: nursery.head(gate))
        let context = nursery.tail(nursery.tail(gate))
        subject = try nursery.cell(code.pointee.formula, nursery.cell(sample, context))
        if platform_load_relaxed(nursery.state.pointee.poll) != 0 {
          // Routines that only call routines must let the collector in as well.
          try nursery.ensureStack(1)
          end[0] = subject.raw
          nursery.state.pointee.stackTop += 1
          try nursery.safePoint(activeBase: registers - nursery.base)
          subject = Word(raw: end[0])
          nursery.state.pointee.stackTop -= 1
          if watchesEveryEntry { platform_store(nursery.state.pointee.poll, 1) }
        }
        guard switches.pointee.usesJets else { break }
        let site = try cache.slamSite(of: code)
        guard try hasJet(site, subject) else { break }
        let number = site.pointee.jet - 1
        var routine = jetEntries[number].routine
        if switches.pointee.checkInterval != .max, isChecked() {
          routine = NockMachine.jetCheck
          subject = try nursery.cell(subject, Word(direct: UInt64(number)))
        }
        if routine >= 0 {
          registers = link(end, registers)
          try prepareRoutine(routine, registers, subject: subject)
          product = .zero
          continue
        }
        guard
          let result = try jetEntries[number].function(JetCall(machine: self, nursery: nursery, core: subject))
        else { break }
        jets.answers[number] &+= 1
        if isWatched { tell(ofJet: number, subject, result, nil, registers) }
        product = result
        continue
      }
      let callee = link(end, registers)
      callee[0] = subject.raw
      return Departure(code: code, registers: callee, product: .zero)
    }
  }

  /// Makes the linkage of an activation that a routine calls, at the end of its own registers.
  private func link(_ end: Registers, _ caller: Registers) -> Registers {
    let callee = end + 2
    callee[-2] = UInt64(UInt(bitPattern: resumeCode))
    callee[-1] = UInt64(UInt(bitPattern: caller))
    return callee
  }

  /// Whether a jet answers for this gate, called through the site of its code.
  private func hasJet(_ site: UnsafeMutablePointer<Site>, _ core: Word) throws(Fault) -> Bool {
    if site.pointee.epoch != jets.epoch.pointee {
      site.pointee.epoch = jets.epoch.pointee
      site.pointee.jet = 0
      site.pointee.battery = .max
      if let (jet, location) = try jets.jet(for: core, arm: site.pointee.arm) {
        site.pointee.jet = jet + 1
        site.pointee.location = location
      }
    }
    return site.pointee.jet == 0 ? false : try answers(site, core)
  }

  /// Finds, and compiles if need be, the code of a formula that a call site has not met last.
  @inline(never)
  private func resolve(
    _ site: UnsafeMutablePointer<Site>, _ formula: Word, stackTop: Registers
  ) throws(Fault) -> UnsafeMutablePointer<Code> {
    nursery.state.pointee.stackTop = stackTop - nursery.base
    let code = try cache.code(for: formula)
    cache.fill(site, formula, code)
    return code
  }

  /// As `resolve`, for an arm of a core: also finds the jet that answers for it.
  @inline(never)
  private func resolveArm(
    _ site: UnsafeMutablePointer<Site>, _ formula: Word, core: Word, stackTop: Registers
  ) throws(Fault) {
    _ = try resolve(site, formula, stackTop: stackTop)
    site.pointee.epoch = jets.epoch.pointee
    site.pointee.jet = 0
    site.pointee.battery = .max
    guard switches.pointee.usesJets, let (jet, location) = try jets.jet(for: core, arm: site.pointee.arm) else {
      return
    }
    site.pointee.jet = jet + 1
    site.pointee.location = location
  }

  /// What came of a call that a jet may answer.
  private struct JetDeparture {
    enum Kind { case product, code, punt }
    var kind: Kind
    var product = Word.zero
    var registers: Registers
    var start: UnsafeMutablePointer<UInt64>
  }

  /// Whether the site's jet is one for this core.
  @inline(__always)
  private func answers(_ site: UnsafeMutablePointer<Site>, _ core: Word) throws(Fault) -> Bool {
    let nursery = self.nursery
    let number = site.pointee.jet - 1
    let parentAxis = jetEntries[number].parentAxis
    guard core.isCell, let parent = jets.part(of: core, at: parentAxis) else { return false }
    if nursery.head(core).raw != site.pointee.battery || parent.raw != site.pointee.parent {
      if try !jets.matches(core, site.pointee.location) {
        // Another core with the same arm: maybe one that has another jet.
        guard let (jet, location) = try jets.jet(for: core, arm: site.pointee.arm), jet == number else { return false }
        site.pointee.location = location
      }
      let battery = nursery.head(core)
      guard let parent = jets.part(of: core, at: parentAxis) else { return false }
      site.pointee.battery = battery.raw
      site.pointee.parent = parent.raw
      if !nursery.isFixed(battery) || !nursery.isFixed(parent) { cache.forgetSoon(site) }
    }
    return true
  }

  /// Lets the site's jet answer for a core, if it is one that the jet is for. A routine gets its activation at
  /// `frame`; `returnTo` is nil for a tail call, whose linkage is there already.
  @inline(never)
  private func callJet(
    _ site: UnsafeMutablePointer<Site>, _ core: Word, _ frame: Registers, _ stackTop: Registers,
    _ returnTo: UnsafeMutablePointer<UInt64>?, _ caller: Registers
  ) throws(Fault) -> JetDeparture {
    let nursery = self.nursery
    nursery.state.pointee.stackTop = stackTop - nursery.base
    let punt = JetDeparture(kind: .punt, registers: frame, start: resumeCode)
    guard try answers(site, core) else { return punt }
    let number = site.pointee.jet - 1
    var routine = jetEntries[number].routine
    var subject = core
    if switches.pointee.checkInterval != .max, isChecked() {
      routine = NockMachine.jetCheck
      subject = try nursery.cell(core, Word(direct: UInt64(number)))
    }
    if routine < 0 {
      guard let product = try jetEntries[number].function(JetCall(machine: self, nursery: nursery, core: core)) else {
        return punt
      }
      jets.answers[number] &+= 1
      if isWatched { tell(ofJet: number, core, product, returnTo, caller) }
      return JetDeparture(kind: .product, product: product, registers: frame, start: resumeCode)
    }
    if let returnTo {
      frame[-2] = UInt64(UInt(bitPattern: returnTo))
      frame[-1] = UInt64(UInt(bitPattern: caller))
    }
    var departure = try enterRoutine(routine, frame, subject: subject)
    if let code = departure.code {
      try enterSlowly(departure.registers, code)
      return JetDeparture(kind: .code, registers: departure.registers, start: code.pointee.start)
    }
    let start = leave(&departure.registers, with: departure.product)
    return JetDeparture(kind: .code, registers: departure.registers, start: start)
  }

  /// Tells who watches that a jet has answered for the activation at `caller`.
  @inline(never)
  private func tell(
    ofJet number: Int, _ core: Word, _ product: Word, _ returnTo: UnsafeMutablePointer<UInt64>?, _ caller: Registers
  ) {
    let address = returnTo ?? UnsafeMutablePointer(bitPattern: UInt(returnAddress(of: caller)))
    if let profiler, let address { profiler.answered(self, caller, at: address, by: number) }
    tracer?.answered(self, by: number, on: core, with: product)
  }

  /// The first linkage word of an activation as it was made: a tracer may have put its own in place.
  func returnAddress(of registers: Registers) -> UInt64 {
    tracer?.returnAddress(of: registers) ?? registers[-2]
  }

  /// What happens at the entry of an activation when the poll word is set, the steps are used up, or the stack
  /// is too small for it.
  @inline(never)
  private func enterSlowly(_ fp: Registers, _ code: UnsafeMutablePointer<Code>) throws(Fault) {
    let nursery = self.nursery
    let state = nursery.state
    state.pointee.stackTop = fp + 1 - nursery.base
    if platform_load_relaxed(state.pointee.poll) != 0 {
      profiler?.entered(self, fp, code)
      tracer?.entered(self, fp, code)
      glance?.entered(self, fp, code)
      try nursery.safePoint(activeBase: fp - nursery.base)
      if watchesEveryEntry { platform_store(state.pointee.poll, 1) }
    }
    try nursery.ensureStack(code.pointee.registerCount)
  }

  /// What happens at a loop's turn when the poll word is set; `turn` is as `Operation.loop` describes it.
  @inline(never)
  private func turnSlowly(_ fp: Registers, _ pc: UnsafeMutablePointer<UInt64>, _ turn: UInt64) throws(Fault) {
    let nursery = self.nursery
    let state = nursery.state
    state.pointee.stackTop = fp + Int(turn >> 32 & 0xFFFF) - nursery.base
    profiler?.turned(self, fp, at: pc)
    glance?.turned(self, fp, at: pc)
    try nursery.safePoint(activeBase: fp - nursery.base)
    if watchesEveryEntry { platform_store(state.pointee.poll, 1) }
    try nursery.ensureStack(Int(turn >> 48))
  }

  /// How many turns a loop that only counts may take at once: as many as there are until it meets its number, 0 where that
  /// is not certain to come, or a turn would need memory. `turn` is as `Operation.count` describes it.
  @inline(__always)
  private func turnsLeft(of count: Instruction, _ turn: UInt64, _ fp: Registers, _ stepsLeft: UInt64) -> UInt64 {
    let reached = fp[count.b]
    let limit = fp[count.c]
    // A noun that is no direct natural is more than all of these.
    guard limit <= Word.largestDirect, reached < limit, limit &- reached > UInt64(count.a) else { return 0 }
    let turns = min(limit &- reached &- UInt64(count.a), stepsLeft)
    var counting = turn >> 32 & 0xFFFF
    while counting != 0 {
      if fp[counting.trailingZeroBitCount] > Word.largestDirect &- turns { return 0 }
      counting &= counting &- 1
    }
    return turns
  }

  /// Leaves the registers as `turns` turns of a loop that only counts do.
  @inline(__always)
  private func takeTurns(_ turns: UInt64, _ turn: UInt64, _ fp: Registers) {
    var counting = turn >> 32 & 0xFFFF
    while counting != 0 {
      fp[counting.trailingZeroBitCount] &+= turns
      counting &= counting &- 1
    }
  }

  @inline(never)
  private func slowEqual(_ a: UInt64, _ b: UInt64, _ fp: Registers, _ live: Int) throws(Fault) -> Bool {
    nursery.state.pointee.stackTop = fp + live + 1 - nursery.base
    return try nursery.equal(Word(raw: a), Word(raw: b))
  }

  @inline(__always)
  private func equal(_ a: UInt64, _ b: UInt64, _ fp: Registers, _ live: Int) throws(Fault) -> Bool {
    if a == b { return true }
    if Int64(bitPattern: a & b) >= 0 { return false }
    return try slowEqual(a, b, fp, live)
  }

  /// Leaves the activation at `fp` with a product; returns where its caller goes on.
  private func leave(_ fp: inout Registers, with product: Word) -> UnsafeMutablePointer<UInt64> {
    let pc = UnsafeMutablePointer<UInt64>(bitPattern: UInt(fp[-2])).unsafelyUnwrapped  // Safe: a live activation.
    let caller = UnsafeMutablePointer<UInt64>(bitPattern: UInt(fp[-1])).unsafelyUnwrapped  // Safe: as above.
    fp[-2] = product.raw
    fp = caller
    nursery.touchStack(from: fp - nursery.base)
    return pc
  }

  private func loop(_ start: Registers, _ code: UnsafeMutablePointer<UInt64>) throws(Fault) -> Word {
    let nursery = self.nursery
    let state = nursery.state
    let base = nursery.base
    let poll = state.pointee.poll
    let epoch = jets.epoch
    let moves = self.moves
    let mask = Word.offsetMask
    let cellTag = Word.Tag.cell.rawValue
    let cellBits: UInt64 = 0xEF << 56
    var fp = start
    var pc = code
    var stackLimit = base + state.pointee.stackLimit
    // Registers below this have not been written since the last collection.
    var scanned = base + state.pointee.frame.pointee.scannedStack
    var stepsLeft = self.stepsLeft
    defer { self.stepsLeft = stepsLeft }

    while true {
      let instruction = Instruction(raw: pc[0])
      pc += 1
      switch unsafeBitCast(UInt8(truncatingIfNeeded: instruction.raw), to: Operation.self) {
      case .crash:
        throw .exit

      case .constant:
        fp[instruction.a] = pc[0]
        pc += 1

      case .move:
        fp[instruction.a] = fp[instruction.b]

      case .head:
        let word = fp[instruction.b]
        guard word & cellBits == cellTag else { throw .exit }
        fp[instruction.a] = base[Int(word & mask) &+ 1]

      case .tail:
        let word = fp[instruction.b]
        guard word & cellBits == cellTag else { throw .exit }
        fp[instruction.a] = base[Int(word & mask) &+ 2]

      case .axis4:
        let word = fp[instruction.b]
        guard word & cellBits == cellTag else { throw .exit }
        let part = base[Int(word & mask) &+ 1]
        guard part & cellBits == cellTag else { throw .exit }
        fp[instruction.a] = base[Int(part & mask) &+ 1]

      case .axis5:
        let word = fp[instruction.b]
        guard word & cellBits == cellTag else { throw .exit }
        let part = base[Int(word & mask) &+ 1]
        guard part & cellBits == cellTag else { throw .exit }
        fp[instruction.a] = base[Int(part & mask) &+ 2]

      case .axis6:
        let word = fp[instruction.b]
        guard word & cellBits == cellTag else { throw .exit }
        let part = base[Int(word & mask) &+ 2]
        guard part & cellBits == cellTag else { throw .exit }
        fp[instruction.a] = base[Int(part & mask) &+ 1]

      case .axis7:
        let word = fp[instruction.b]
        guard word & cellBits == cellTag else { throw .exit }
        let part = base[Int(word & mask) &+ 2]
        guard part & cellBits == cellTag else { throw .exit }
        fp[instruction.a] = base[Int(part & mask) &+ 2]

      case .threeSteps:
        var word = fp[instruction.b]
        let path = instruction.c
        guard word & cellBits == cellTag else { throw .exit }
        word = base[Int(word & mask) &+ 1 &+ (path &>> 2) & 1]
        guard word & cellBits == cellTag else { throw .exit }
        word = base[Int(word & mask) &+ 1 &+ (path &>> 1) & 1]
        guard word & cellBits == cellTag else { throw .exit }
        word = base[Int(word & mask) &+ 1 &+ path & 1]
        fp[instruction.a] = word

      case .fourSteps:
        var word = fp[instruction.b]
        let path = instruction.c
        guard word & cellBits == cellTag else { throw .exit }
        word = base[Int(word & mask) &+ 1 &+ (path &>> 3) & 1]
        guard word & cellBits == cellTag else { throw .exit }
        word = base[Int(word & mask) &+ 1 &+ (path &>> 2) & 1]
        guard word & cellBits == cellTag else { throw .exit }
        word = base[Int(word & mask) &+ 1 &+ (path &>> 1) & 1]
        guard word & cellBits == cellTag else { throw .exit }
        word = base[Int(word & mask) &+ 1 &+ path & 1]
        fp[instruction.a] = word

      case .axis:
        var word = fp[instruction.b]
        let axis = pc[0]
        pc += 1
        var bit = UInt64(62 &- axis.leadingZeroBitCount)
        while true {
          guard word & cellBits == cellTag else { throw .exit }
          word = base[Int(word & mask) &+ 1 &+ Int(axis &>> bit & 1)]
          if bit == 0 { break }
          bit &-= 1
        }
        fp[instruction.a] = word

      case .farAxis:
        var word = fp[instruction.b]
        let axis = pc[0]
        var left = 63 &- axis.leadingZeroBitCount
        let checked = left &- instruction.c
        while left > checked {
          guard word & cellBits == cellTag else { throw .exit }
          left &-= 1
          word = base[Int(word & mask) &+ 1 &+ Int(axis &>> UInt64(left) & 1)]
        }
        if word == pc[1], pc[3] == moves[0] {
          fp[instruction.a] = pc[2]
        } else {
          // What changes all the time lies above what does not: the next time, look further down.
          if pc[3] == moves[0], left > 3 { pc[-1] = pc[-1] &+ 1 << 40 }
          pc[1] = word
          while left > 0 {
            guard word & cellBits == cellTag else {
              pc[3] = 0
              throw .exit
            }
            left &-= 1
            word = base[Int(word & mask) &+ 1 &+ Int(axis &>> UInt64(left) & 1)]
          }
          pc[2] = word
          pc[3] = moves[0]
          fp[instruction.a] = word
        }
        pc += 4

      case .longAxis:
        fp[instruction.a] = try nursery.part(of: Word(raw: fp[instruction.b]), at: Word(raw: pc[0])).raw
        pc += 1

      case .cons:
        fp[instruction.a] = try nursery.cell(Word(raw: fp[instruction.b]), Word(raw: fp[instruction.c])).raw

      case .isCell:
        fp[instruction.a] = fp[instruction.b] & cellBits == cellTag ? 0 : 1

      case .increment:
        let word = fp[instruction.b]
        if word < Word.largestDirect {
          fp[instruction.a] = word &+ 1
        } else {
          guard Word(raw: word).isNatural else { throw .exit }
          fp[instruction.a] = try nursery.increment(Word(raw: word)).raw
        }

      case .equal:
        fp[instruction.a] = try equal(fp[instruction.b], fp[instruction.c], fp, instruction.a) ? 0 : 1

      case .equalDirect:
        fp[instruction.a] = fp[instruction.b] == pc[0] ? 0 : 1
        pc += 1

      case .edit:
        state.pointee.stackTop = fp + instruction.a + 1 - base
        fp[instruction.a] =
          try nursery.edit(
            Word(raw: fp[instruction.b]), at: Word(raw: pc[0]), to: Word(raw: fp[instruction.c])
          ).raw
        pc += 1

      case .jump:
        pc += Int(bitPattern: UInt(pc[0]))

      case .unlessYes:
        let word = fp[instruction.b]
        if word == 0 {
          pc += 1
        } else {
          guard word == 1 else { throw .exit }
          pc += Int(bitPattern: UInt(pc[0]))
        }

      case .unlessEqual:
        if try equal(fp[instruction.b], fp[instruction.c], fp, instruction.a) {
          pc += 1
        } else {
          pc += Int(bitPattern: UInt(pc[0]))
        }

      case .unlessDirect:
        if fp[instruction.b] == pc[0] {
          pc += 2
        } else {
          pc += 1 &+ Int(bitPattern: UInt(pc[1]))
        }

      case .unlessCell:
        if fp[instruction.b] & cellBits == cellTag {
          pc += 1
        } else {
          pc += Int(bitPattern: UInt(pc[0]))
        }

      case .result:
        let product = fp[instruction.a]
        pc = UnsafeMutablePointer(bitPattern: UInt(fp[-2])).unsafelyUnwrapped  // Safe: linkage of a live activation.
        let caller = UnsafeMutablePointer<UInt64>(bitPattern: UInt(fp[-1])).unsafelyUnwrapped  // Safe: as above.
        fp[-2] = product
        fp = caller
        if fp < scanned {
          scanned = fp
          nursery.touchStack(from: fp - base)
        }

      case .call:
        let formula = fp[instruction.c]
        let site = UnsafeMutablePointer<Site>(bitPattern: UInt(pc[0])).unsafelyUnwrapped  // Safe: made with the code.
        var code = site.pointee.code
        // What follows may use the stack from r[a] on, where the subject may be.
        let subject = fp[instruction.b]
        if site.pointee.formula != formula {
          code = try resolve(site, Word(raw: formula), stackTop: fp + instruction.a)
        }
        let callee = fp + instruction.a + 2
        callee[-2] = UInt64(UInt(bitPattern: pc + 1))
        callee[-1] = UInt64(UInt(bitPattern: fp))
        callee[0] = subject
        fp = callee
        pc = code.pointee.start
        if stepsLeft == 0 { throw .steps }
        stepsLeft &-= 1
        if platform_load_relaxed(poll) != 0 || fp + code.pointee.registerCount > stackLimit {
          try enterSlowly(fp, code)
          stackLimit = base + state.pointee.stackLimit
          scanned = base + state.pointee.frame.pointee.scannedStack
        }

      case .callArm:
        let formula = fp[instruction.c]
        let site = UnsafeMutablePointer<Site>(bitPattern: UInt(pc[0])).unsafelyUnwrapped  // Safe: made with the code.
        let subject = fp[instruction.b]
        if site.pointee.formula != formula || site.pointee.epoch != epoch[0] {
          try resolveArm(site, Word(raw: formula), core: Word(raw: subject), stackTop: fp + instruction.a)
        }
        if site.pointee.jet != 0 {
          let departure = try callJet(
            site, Word(raw: subject), fp + instruction.a + 2, fp + instruction.a, pc + 1, fp)
          switch departure.kind {
          case .product:
            fp[instruction.a] = departure.product.raw
            pc += 1
            continue
          case .code:
            fp = departure.registers
            pc = departure.start
            stackLimit = base + state.pointee.stackLimit
            scanned = base + state.pointee.frame.pointee.scannedStack
            continue
          case .punt: break
          }
        }
        let code = site.pointee.code
        let callee = fp + instruction.a + 2
        callee[-2] = UInt64(UInt(bitPattern: pc + 1))
        callee[-1] = UInt64(UInt(bitPattern: fp))
        callee[0] = subject
        fp = callee
        pc = code.pointee.start
        if stepsLeft == 0 { throw .steps }
        stepsLeft &-= 1
        if platform_load_relaxed(poll) != 0 || fp + code.pointee.registerCount > stackLimit {
          try enterSlowly(fp, code)
          stackLimit = base + state.pointee.stackLimit
          scanned = base + state.pointee.frame.pointee.scannedStack
        }

      case .tailCall:
        let formula = fp[instruction.c]
        let site = UnsafeMutablePointer<Site>(bitPattern: UInt(pc[0])).unsafelyUnwrapped  // Safe: made with the code.
        var code = site.pointee.code
        if site.pointee.formula != formula {
          code = try resolve(site, Word(raw: formula), stackTop: fp + instruction.a)
        }
        fp[0] = fp[instruction.b]
        pc = code.pointee.start
        if stepsLeft == 0 { throw .steps }
        stepsLeft &-= 1
        if platform_load_relaxed(poll) != 0 || fp + code.pointee.registerCount > stackLimit {
          try enterSlowly(fp, code)
          stackLimit = base + state.pointee.stackLimit
          scanned = base + state.pointee.frame.pointee.scannedStack
        }

      case .tailCallArm:
        let formula = fp[instruction.c]
        let site = UnsafeMutablePointer<Site>(bitPattern: UInt(pc[0])).unsafelyUnwrapped  // Safe: made with the code.
        if site.pointee.formula != formula || site.pointee.epoch != epoch[0] {
          try resolveArm(site, Word(raw: formula), core: Word(raw: fp[instruction.b]), stackTop: fp + instruction.a)
        }
        if site.pointee.jet != 0 {
          let departure = try callJet(
            site, Word(raw: fp[instruction.b]), fp, fp + instruction.a, nil, fp)
          switch departure.kind {
          case .product:
            pc = leave(&fp, with: departure.product)
            if fp < scanned { scanned = fp }
            continue
          case .code:
            fp = departure.registers
            pc = departure.start
            stackLimit = base + state.pointee.stackLimit
            scanned = base + state.pointee.frame.pointee.scannedStack
            continue
          case .punt: break
          }
        }
        let code = site.pointee.code
        fp[0] = fp[instruction.b]
        pc = code.pointee.start
        if stepsLeft == 0 { throw .steps }
        stepsLeft &-= 1
        if platform_load_relaxed(poll) != 0 || fp + code.pointee.registerCount > stackLimit {
          try enterSlowly(fp, code)
          stackLimit = base + state.pointee.stackLimit
          scanned = base + state.pointee.frame.pointee.scannedStack
        }

      case .loop:
        fp[instruction.a] = fp[instruction.b]
        let turn = pc[0]
        pc += Int(Int32(truncatingIfNeeded: turn))
        if stepsLeft == 0 { throw .steps }
        stepsLeft &-= 1
        if platform_load_relaxed(poll) != 0 {
          try turnSlowly(fp, pc, turn)
          stackLimit = base + state.pointee.stackLimit
          scanned = base + state.pointee.frame.pointee.scannedStack
        }

      case .count:
        let turns = turnsLeft(of: instruction, pc[0], fp, stepsLeft)
        if turns > 0, platform_load_relaxed(poll) == 0 {
          takeTurns(turns, pc[0], fp)
          stepsLeft &-= turns
          pc += Int(Int32(truncatingIfNeeded: pc[0]))
        } else {
          pc += 1
        }

      case .scry:
        let pair = try nursery.cell(Word(raw: fp[instruction.b]), Word(raw: fp[instruction.c]))
        let callee = fp + instruction.a + 2
        callee[-2] = UInt64(UInt(bitPattern: pc))
        callee[-1] = UInt64(UInt(bitPattern: fp))
        let departure = try enterRoutine(NockMachine.scryAnswer, callee, subject: pair)
        fp = departure.registers
        if let code = departure.code {
          pc = code.pointee.start
          try enterSlowly(fp, code)
        } else {
          pc = leave(&fp, with: departure.product)
        }
        stackLimit = base + state.pointee.stackLimit
        scanned = base + state.pointee.frame.pointee.scannedStack

      case .pushTrace:
        fp[instruction.a] = roots.pointee.trace.raw
        let entry = try nursery.cell(Word(raw: pc[0]), Word(raw: fp[instruction.b]))
        roots.pointee.trace = try nursery.cell(entry, roots.pointee.trace)
        pc += 1

      case .popTrace:
        roots.pointee.trace = Word(raw: fp[instruction.a])

      case .register:
        let site = UnsafeMutablePointer<RegistrationSite>(bitPattern: UInt(pc[0])).unsafelyUnwrapped  // Safe: as above.
        state.pointee.stackTop = fp + instruction.a - base
        if switches.pointee.usesHints {
          try jets.register(Word(raw: fp[instruction.b]), clue: Word(raw: fp[instruction.c]), site: site)
        }
        pc += 1

      case .recall:
        state.pointee.stackTop = fp + instruction.a + 1 - base
        fp[instruction.a] = 0
        if switches.pointee.usesHints,
          let product = try memos[instruction.c].product(for: MemoKey(tag: pc[0], first: Word(raw: fp[instruction.b])))
        {
          fp[instruction.a] = product.raw
          pc += 1 &+ Int(bitPattern: UInt(pc[1]))
        } else {
          pc += 2
        }

      case .remember:
        state.pointee.stackTop = fp + instruction.a + 1 - base
        if switches.pointee.usesHints {
          try memos[instruction.c & 3].remember(
            Word(raw: fp[instruction.c >> 2]), for: MemoKey(tag: pc[0], first: Word(raw: fp[instruction.b])))
        }
        pc += 1

      case .hintBefore:
        try enterHint(pc[0], instruction, fp)
        pc += 1

      case .hintAfter:
        try leaveHint(pc[0], instruction, fp)
        pc += 1

      case .halt:
        return Word(raw: fp[0])

      case .traced:
        guard let next = tracer?.left(self, to: fp) else { throw .exit }
        pc = next

      case .resume:
        let departure = try stepRoutine(fp, Word(raw: fp[routines[Int(fp[1])].registerCount]))
        fp = departure.registers
        if let code = departure.code {
          pc = code.pointee.start
          try enterSlowly(fp, code)
        } else {
          pc = leave(&fp, with: departure.product)
        }
        stackLimit = base + state.pointee.stackLimit
        scanned = base + state.pointee.frame.pointee.scannedStack
      }
    }
  }
}
