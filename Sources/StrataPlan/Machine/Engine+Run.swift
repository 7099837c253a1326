// The run loop: one switch over the instruction's opcode, with the frame, the code and the position in locals.
//
// Fast paths are written out here; whatever may evaluate, allocate much or fail saves the three locals, calls a
// step that works on the registers, and loads them again. An instruction that needs an operand evaluated enters the
// operand's frame and is run again afterwards, so operands are evaluated exactly in the order in which it asks.

import StrataMemory

extension Engine {
  /// Runs until the outermost frame halts.
  func run() throws(PlanFailure) {
    let base = self.base
    let registers = self.registers
    var fp = registers.pointee.fp
    var code = registers.pointee.code
    var pc = registers.pointee.pc

    while true {
      let word = pc.pointee
      let a = Instruction.a(word)
      // Safe: every code object is written by the assembler, which knows no other opcodes.
      switch unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self) {
      case .halt:
        registers.pointee.fp = fp
        return
      case .move:
        fp[a] = fp[Instruction.b(word)]
        pc += 1
        continue
      case .constant:
        fp[a] = code[Instruction.bc(word)]
        pc += 1
        continue
      case .natural:
        fp[a] = Instruction.bcd(word)
        pc += 1
        continue
      case .clear:
        fp[a] = 0
        pc += 1
        continue
      case .jump:
        pc = code + Int(word >> 21)
        continue

      case .jumpIfZero, .jumpIfNonzero:
        let raw = fp[a]
        if !isThunkBits(raw) {
          let isTrue = (raw != 0) == (UInt8(truncatingIfNeeded: word) == Opcode.jumpIfZero.rawValue)
          pc = isTrue ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(a, top: Instruction.d(word))
      case .jumpTable:
        let raw = fp[a]
        if !isThunkBits(raw) {
          let count = Instruction.b(word)
          let choice = Word(raw: raw).isNatural ? Int(truncatingIfNeeded: min(raw, UInt64(count))) : 0
          pc = code + Int(pc[1 + choice])
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(a, top: Instruction.d(word))

      case .unlessEqual:
        let x = fp[a]
        let y = fp[Instruction.b(word)]
        if Int64(bitPattern: x | y) >= 0 {
          pc = x == y ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessNotEqual:
        let x = fp[a]
        let y = fp[Instruction.b(word)]
        if Int64(bitPattern: x | y) >= 0 {
          pc = x != y ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessLess:
        let x = fp[a]
        let y = fp[Instruction.b(word)]
        if Int64(bitPattern: x | y) >= 0 {
          pc = x < y ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessLessOrEqual:
        let x = fp[a]
        let y = fp[Instruction.b(word)]
        if Int64(bitPattern: x | y) >= 0 {
          pc = x <= y ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessGreater:
        let x = fp[a]
        let y = fp[Instruction.b(word)]
        if Int64(bitPattern: x | y) >= 0 {
          pc = x > y ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessGreaterOrEqual:
        let x = fp[a]
        let y = fp[Instruction.b(word)]
        if Int64(bitPattern: x | y) >= 0 {
          pc = x >= y ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessEqualImmediate:
        let x = fp[a]
        if Int64(bitPattern: x) >= 0 {
          pc = x == UInt64(Instruction.b(word)) ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessNotEqualImmediate:
        let x = fp[a]
        if Int64(bitPattern: x) >= 0 {
          pc = x != UInt64(Instruction.b(word)) ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessLessImmediate:
        let x = fp[a]
        if Int64(bitPattern: x) >= 0 {
          pc = x < UInt64(Instruction.b(word)) ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessLessOrEqualImmediate:
        let x = fp[a]
        if Int64(bitPattern: x) >= 0 {
          pc = x <= UInt64(Instruction.b(word)) ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessGreaterImmediate:
        let x = fp[a]
        if Int64(bitPattern: x) >= 0 {
          pc = x > UInt64(Instruction.b(word)) ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)
      case .unlessGreaterOrEqualImmediate:
        let x = fp[a]
        if Int64(bitPattern: x) >= 0 {
          pc = x >= UInt64(Instruction.b(word)) ? pc + 2 : code + Int(pc[1])
          continue
        }
        save(fp, code, pc)
        try compareAndJump(word)

      case .add:
        let sum = fp[Instruction.b(word)].addingReportingOverflow(fp[Instruction.c(word)])
        if Int64(bitPattern: fp[Instruction.b(word)] | fp[Instruction.c(word)] | sum.partialValue) >= 0 {
          fp[a] = sum.partialValue
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .addImmediate:
        let x = fp[Instruction.b(word)]
        let sum = x &+ UInt64(Instruction.c(word))
        if Int64(bitPattern: x | sum) >= 0 {
          fp[a] = sum
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmeticImmediate(word)
      case .subtract:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x > y ? x &- y : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .subtractImmediate:
        let x = fp[Instruction.b(word)]
        if Int64(bitPattern: x) >= 0 {
          let y = UInt64(Instruction.c(word))
          fp[a] = x > y ? x &- y : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmeticImmediate(word)
      case .multiply:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        let product = x.multipliedReportingOverflow(by: y)
        if Int64(bitPattern: x | y | product.partialValue) >= 0, !product.overflow {
          fp[a] = product.partialValue
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .divide:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0, y != 0 {
          fp[a] = x / y
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .remainder:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0, y != 0 {
          fp[a] = x % y
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .equal:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x == y ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .notEqual:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x != y ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .less:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x < y ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .lessOrEqual:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x <= y ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .greater:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x > y ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .greaterOrEqual:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x >= y ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        try arithmetic(word)
      case .increment:
        let x = fp[Instruction.b(word)]
        if x < Word.largestDirect {
          fp[a] = x &+ 1
          pc += 1
          continue
        }
        save(fp, code, pc)
        try unary(word)
      case .decrement:
        let x = fp[Instruction.b(word)]
        if Int64(bitPattern: x) >= 0 {
          fp[a] = x == 0 ? 0 : x &- 1
          pc += 1
          continue
        }
        save(fp, code, pc)
        try unary(word)
      case .isZero:
        let x = fp[Instruction.b(word)]
        if !isThunkBits(x) {
          fp[a] = x == 0 ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(Instruction.b(word), top: Instruction.d(word))
      case .isNatural:
        let x = fp[Instruction.b(word)]
        if !isThunkBits(x) {
          fp[a] = Word(raw: x).isNatural ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(Instruction.b(word), top: Instruction.d(word))
      case .isClosure:
        let x = fp[Instruction.b(word)]
        if !isThunkBits(x) {
          fp[a] = isClosureBits(x) ? 1 : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(Instruction.b(word), top: Instruction.d(word))
      case .size:
        let x = fp[Instruction.b(word)]
        if !isThunkBits(x) {
          fp[a] = isClosureBits(x) ? UInt64(argumentCount(Word(raw: x))) : 0
          pc += 1
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(Instruction.b(word), top: Instruction.d(word))
      case .head:
        let x = fp[Instruction.b(word)]
        if !isThunkBits(x) {
          fp[a] = isClosureBits(x) ? base[Word(raw: x).offset + 1] : x
          pc += 1
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(Instruction.b(word), top: Instruction.d(word))
      case .index:
        let position = fp[Instruction.b(word)]
        let row = fp[Instruction.c(word)]
        if Int64(bitPattern: position) >= 0, !isThunkBits(row) {
          fp[a] = element(position, Word(raw: row))
          pc += 1
          continue
        }
        save(fp, code, pc)
        try indexSlowly(word)
      case .indexImmediate:
        let row = fp[Instruction.c(word)]
        if !isThunkBits(row) {
          fp[a] = element(UInt64(Instruction.b(word)), Word(raw: row))
          pc += 1
          continue
        }
        save(fp, code, pc)
        _ = try evaluated(Instruction.c(word), top: Instruction.d(word))

      case .evaluate:
        if !isThunkBits(fp[a]) {
          pc += 1
          continue
        }
        save(fp, code, pc)
        if try evaluated(a, top: Instruction.d(word)) { registers.pointee.pc += 1 }
      case .giveBack:
        assert(fp[-3] != 0, "a frame without a caller returns")
        let link = fp[-2]
        let caller = base + Int(fp[-1])
        code = base + Word(raw: fp[-3]).offset
        caller[Int(link & 0xFFFF_FFFF)] = fp[a]
        pc = code + Int(link >> 32)
        fp = caller
        nursery.touchStack(from: caller - base)
        continue
      case .giveBackEvaluated:
        let raw = fp[a]
        if !isThunkBits(raw) {
          assert(fp[-3] != 0, "a frame without a caller returns")
          let link = fp[-2]
          let caller = base + Int(fp[-1])
          code = base + Word(raw: fp[-3]).offset
          caller[Int(link & 0xFFFF_FFFF)] = raw
          pc = code + Int(link >> 32)
          fp = caller
          nursery.touchStack(from: caller - base)
          continue
        }
        save(fp, code, pc)
        try tailEvaluate(raw)
      case .finish:
        save(fp, code, pc)
        try update(Word(raw: fp[0]), fp[a])
        giveBack(fp[a])
      case .finishEvaluated:
        save(fp, code, pc)
        try tailEvaluateThunk(fp[a])
      case .update:
        save(fp, code, pc)
        try update(Word(raw: fp[0]), fp[1])
        giveBack(fp[1])

      case .call:
        let slot = Instruction.b(word)
        let g = fp + slot
        save(fp, code, pc)
        let target = try prepared(Word(raw: g[0]))
        link(g, code: registers.pointee.code, pc: registers.pointee.pc + 1, fp: fp, slot: a)
        try enter(g, target, Int(target[CodeLayout.entry]), filled: Instruction.c(word) + 1)
      case .callSelf:
        let g = fp + Instruction.b(word)
        g[0] = fp[0]
        save(fp, code, pc)
        link(g, code: code, pc: pc + 1, fp: fp, slot: a)
        try enter(g, code, Int(code[CodeLayout.entry]), filled: Instruction.c(word) + 1)
      case .tailCall:
        save(fp, code, pc)
        let count = Instruction.c(word)
        let g = fp + Instruction.b(word)
        let target = try prepared(Word(raw: g[0]))
        fp.update(from: g, count: count + 1)
        try enter(fp, target, Int(target[CodeLayout.entry]), filled: count + 1)
      case .tailCallSelf:
        let count = Instruction.c(word)
        let g = fp + Instruction.b(word)
        var slot = 1
        while slot <= count {
          fp[slot] = g[slot]
          slot &+= 1
        }
        save(fp, code, pc)
        try enter(fp, code, Int(code[CodeLayout.entry]), filled: count + 1)
      case .tailCallThunk:
        save(fp, code, pc)
        let count = Instruction.c(word)
        let g = fp + Instruction.b(word)
        let target = try prepared(Word(raw: g[0]))
        let h = fp + 5
        try reserve(h + count + 1)
        h.update(from: g, count: count + 1)
        linkUpdate(h, fp)
        try enter(h, target, Int(target[CodeLayout.entry]), filled: count + 1)
      case .apply:
        let g = fp + Instruction.b(word)
        let count = Instruction.c(word)
        g[1] = UInt64(count)
        save(fp, code, pc)
        link(g, code: code, pc: pc + 1, fp: fp, slot: a)
        registers.pointee.fp = g
        try applyNow(g, count)
      case .tailApply:
        let g = fp + Instruction.b(word)
        let count = Instruction.c(word)
        g[1] = UInt64(count)
        fp.update(from: g, count: count + 2)
        save(fp, code, pc)
        try applyNow(fp, count)
      case .tailApplyThunk:
        save(fp, code, pc)
        let g = fp + Instruction.b(word)
        let count = Instruction.c(word)
        g[1] = UInt64(count)
        let h = fp + 5
        try reserve(h + count + 2)
        h.update(from: g, count: count + 2)
        linkUpdate(h, fp)
        registers.pointee.fp = h
        try applyNow(h, count)
      case .callOperation:
        save(fp, code, pc)
        let g = fp + Instruction.b(word)
        let operation = Instruction.c(word)
        link(g, code: code, pc: pc + 1, fp: fp, slot: a)
        try enterOperation(g, operation)
      case .tailCallOperation:
        save(fp, code, pc)
        let g = fp + Instruction.b(word)
        let operation = Instruction.c(word)
        fp.update(from: g, count: operationArity(operation) + 1)
        try enterOperation(fp, operation)
      case .tailCallOperationThunk:
        save(fp, code, pc)
        let g = fp + Instruction.b(word)
        let operation = Instruction.c(word)
        let count = operationArity(operation)
        let h = fp + 5
        try reserve(h + count + 1)
        h.update(from: g, count: count + 1)
        linkUpdate(h, fp)
        try enterOperation(h, operation)
      case .operation:
        save(fp, code, pc)
        try operate(word)

      case .thunk:
        let count = Instruction.b(word)
        save(fp, code, pc)
        let offset = try allocate(.thunk, count + 2)
        let body = base + offset + 1
        body[0] = UInt64(Instruction.cd(word)) << ThunkLayout.blockShift
        body[1] = Word(tag: .vector, offset: code - base).raw
        pc = gather(pc + 1, fp, body + 2, count)
        fp[a] = Word(tag: .thunk, offset: offset).raw
        continue
      case .closure:
        let count = Instruction.b(word)
        save(fp, code, pc)
        let offset = try allocate(.closure, count)
        pc = gather(pc + 1, fp, base + offset + 1, count)
        fp[a] = Word(tag: .closure, offset: offset).raw
        continue
      case .patch:
        base[Word(raw: fp[a]).offset + 1 + Instruction.b(word)] = fp[Instruction.c(word)]
        pc += 1
        continue

      case .tryAdd:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        let sum = x &+ y
        if Int64(bitPattern: x | y | sum) >= 0 {
          fp[a] = sum
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .tryAddImmediate:
        let x = fp[Instruction.b(word)]
        let sum = x &+ UInt64(Instruction.c(word))
        if Int64(bitPattern: x | sum) >= 0 {
          fp[a] = sum
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .trySubtract:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0 {
          fp[a] = x > y ? x &- y : 0
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .trySubtractImmediate:
        let x = fp[Instruction.b(word)]
        if Int64(bitPattern: x) >= 0 {
          let y = UInt64(Instruction.c(word))
          fp[a] = x > y ? x &- y : 0
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .tryMultiply, .tryDivide, .tryRemainder, .tryEqual, .tryNotEqual, .tryLess, .tryLessOrEqual, .tryGreater,
        .tryGreaterOrEqual:
        let x = fp[Instruction.b(word)]
        let y = fp[Instruction.c(word)]
        if Int64(bitPattern: x | y) >= 0, let result = smallResult(word, x, y) {
          fp[a] = result
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .tryIncrement:
        let x = fp[Instruction.b(word)]
        if x < Word.largestDirect {
          fp[a] = x &+ 1
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .tryDecrement:
        let x = fp[Instruction.b(word)]
        if Int64(bitPattern: x) >= 0 {
          fp[a] = x == 0 ? 0 : x &- 1
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .tryIsZero, .tryIsNatural, .tryIsClosure, .trySize, .tryHead:
        let x = resolved(fp[Instruction.b(word)])
        if !isThunkBits(x) {
          fp[a] = inspected(word, Word(raw: x))
          pc += 1
        } else {
          pc += Instruction.d(word)
        }
        continue
      case .tryIndex:
        let position = fp[Instruction.b(word)]
        let row = resolved(fp[Instruction.c(word)])
        if Int64(bitPattern: position) >= 0, !isThunkBits(row) {
          let value = resolved(element(position, Word(raw: row)))
          if !isThunkBits(value) {
            fp[a] = value
            pc += 1
            continue
          }
        }
        pc += Instruction.d(word)
        continue
      case .tryIndexImmediate:
        let row = resolved(fp[Instruction.c(word)])
        if !isThunkBits(row) {
          let value = resolved(element(UInt64(Instruction.b(word)), Word(raw: row)))
          if !isThunkBits(value) {
            fp[a] = value
            pc += 1
            continue
          }
        }
        pc += Instruction.d(word)
        continue

      case .applyStep:
        save(fp, code, pc)
        try applyNow(fp, Int(fp[1]))
      case .eatStep:
        save(fp, code, pc)
        try eatStep()
      case .forceStep:
        save(fp, code, pc)
        try forceStep()
      case .coupStep:
        save(fp, code, pc)
        try coupStep()
      case .sapStep:
        save(fp, code, pc)
        try sapStep(count: a)
      case .compareStep:
        save(fp, code, pc)
        try compareStep()
      case .rowStep:
        save(fp, code, pc)
        try rowStep()
      case .primitiveStep:
        save(fp, code, pc)
        try primitiveStep()
      case .pinnedRowStep:
        save(fp, code, pc)
        try pinnedRowStep()
      case .raiseStep:
        save(fp, code, pc)
        try raiseStep()
      case .specifiedStep:
        save(fp, code, pc)
        try specifiedStep()
      case .specifiedLawStep:
        save(fp, code, pc)
        try specifiedLawStep()
      case .checkStep:
        save(fp, code, pc)
        try checkStep()
      case .checkInside:
        save(fp, code, pc)
        try checkInside()
      case .attemptEnter:
        fp[3] = UInt64(registers.pointee.handler)
        registers.pointee.handler = fp - base
        pc += 1
        continue
      case .attemptLeave:
        registers.pointee.handler = Int(fp[3])
        pc += 1
        continue
      case .profileEnter:
        save(fp, code, pc)
        try profileEnter()
      case .profileLeave:
        save(fp, code, pc)
        profileLeave()
      case .uncallable:
        throw .crash(.uncallable)
      case .fail:
        throw .crash(.unknownOperation)
      }
      fp = registers.pointee.fp
      code = registers.pointee.code
      pc = registers.pointee.pc
    }
  }

  @inline(__always)
  private func save(
    _ fp: UnsafeMutablePointer<UInt64>, _ code: UnsafeMutablePointer<UInt64>, _ pc: UnsafeMutablePointer<UInt64>
  ) {
    registers.pointee.fp = fp
    registers.pointee.code = code
    registers.pointee.pc = pc
  }

  /// Writes the header of a frame at `h` whose result updates the thunk of the frame `fp`, which keeps two slots.
  @inline(__always)
  private func linkUpdate(_ h: UnsafeMutablePointer<UInt64>, _ fp: UnsafeMutablePointer<UInt64>) {
    fp[1] = 0
    h[-3] = registers.pointee.stubs.raw
    h[-2] = UInt64(stubIndex(.update) + 1) << 32 | 1
    h[-1] = UInt64(fp - base)
  }

  /// Copies `count` slots, named four to a word from `list` on, to `target`; returns what follows the list.
  @inline(__always)
  private func gather(
    _ list: UnsafeMutablePointer<UInt64>, _ fp: UnsafeMutablePointer<UInt64>, _ target: UnsafeMutablePointer<UInt64>,
    _ count: Int
  ) -> UnsafeMutablePointer<UInt64> {
    var list = list
    var index = 0
    var packed: UInt64 = 0
    while index < count {
      if index & 3 == 0 {
        packed = list.pointee
        list += 1
      }
      target[index] = fp[Int(packed & 0x1FFF)]
      packed >>= 13
      index &+= 1
    }
    return list
  }

  /// Element `position` of a row, as it is; 0 when there is none.
  @inline(__always)
  func element(_ position: UInt64, _ row: Word) -> UInt64 {
    guard row.isClosure else { return 0 }
    let offset = row.offset
    return position < UInt64(Header(raw: base[offset]).size - 1) ? base[offset + 2 + Int(position)] : 0
  }
}
