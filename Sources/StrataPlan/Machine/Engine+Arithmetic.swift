// Arithmetic beyond the run loop's fast paths: operands that must be evaluated, naturals of any size, comparisons.

import CPlatform
import StrataMemory
import StrataNatural

extension Engine {
  /// A value cast to a natural: anything else is 0.
  @inline(__always)
  func natural(_ raw: UInt64) -> Word {
    let word = Word(raw: raw)
    return word.isNatural ? word : .zero
  }

  /// Runs `body`, whose faults become failures.
  @inline(__always)
  func faulting<Result>(_ body: () throws(Fault) -> Result) throws(PlanFailure) -> Result {
    do throws(Fault) {
      return try body()
    } catch {
      throw .fault(error)
    }
  }

  /// A safe point in the middle of a block, between two instructions that allocate much: when a deep recursion
  /// returns, nothing is entered for long. What lies below `top` is valid, and what lies above is not needed.
  @inline(__always)
  func rest(_ top: Int) throws(PlanFailure) {
    if platform_load_relaxed(nursery.state.pointee.poll) != 0 { try safePoint(top, isEntry: false) }
  }

  /// a := b op c after evaluating both.
  @inline(never)
  func arithmetic(_ word: UInt64) throws(PlanFailure) {
    let b = Instruction.b(word)
    let c = Instruction.c(word)
    let top = Instruction.d(word)
    let opcode = unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self)
    // Addition evaluates its second operand first.
    if opcode == .add {
      guard try evaluated(c, top: top) else { return }
      guard try evaluated(b, top: top) else { return }
    } else {
      guard try evaluated(b, top: top) else { return }
      guard try evaluated(c, top: top) else { return }
    }
    try rest(top)
    let fp = registers.pointee.fp
    fp[Instruction.a(word)] = try arithmeticResult(opcode, natural(fp[b]), natural(fp[c])).raw
    registers.pointee.pc += 1
  }

  /// a := b op the immediate c after evaluating b.
  @inline(never)
  func arithmeticImmediate(_ word: UInt64) throws(PlanFailure) {
    let b = Instruction.b(word)
    guard try evaluated(b, top: Instruction.d(word)) else { return }
    try rest(Instruction.d(word))
    let fp = registers.pointee.fp
    let opcode = unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self)
    let operand = Word(direct: UInt64(Instruction.c(word)))
    let result = try arithmeticResult(opcode == .addImmediate ? .add : .subtract, natural(fp[b]), operand)
    fp[Instruction.a(word)] = result.raw
    registers.pointee.pc += 1
  }

  /// a := op b after evaluating b.
  @inline(never)
  func unary(_ word: UInt64) throws(PlanFailure) {
    let b = Instruction.b(word)
    guard try evaluated(b, top: Instruction.d(word)) else { return }
    try rest(Instruction.d(word))
    let fp = registers.pointee.fp
    let opcode = unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self)
    fp[Instruction.a(word)] = try arithmeticResult(opcode, natural(fp[b]), .zero).raw
    registers.pointee.pc += 1
  }

  /// Applies an arithmetic opcode to two naturals.
  func arithmeticResult(_ opcode: Opcode, _ x: Word, _ y: Word) throws(PlanFailure) -> Word {
    if y == .zero, opcode == .divide || opcode == .remainder { throw .crash(.divisionByZero) }
    return try faulting { () throws(Fault) -> Word in
      switch opcode {
      case .add: return try nursery.add(x, y)
      case .subtract: return try nursery.isLess(x, y) ? .zero : try nursery.subtract(x, y)
      case .multiply: return try nursery.multiply(x, y)
      case .divide: return try nursery.quotient(x, by: y)
      case .remainder: return try nursery.remainder(x, by: y)
      case .increment: return try nursery.increment(x)
      case .decrement: return x == .zero ? .zero : try nursery.decrement(x)
      case .equal: return Word(direct: nursery.isSameNatural(x, y) ? 1 : 0)
      case .notEqual: return Word(direct: nursery.isSameNatural(x, y) ? 0 : 1)
      case .less: return Word(direct: try nursery.compare(x, y) < 0 ? 1 : 0)
      case .lessOrEqual: return Word(direct: try nursery.compare(x, y) <= 0 ? 1 : 0)
      case .greater: return Word(direct: try nursery.compare(x, y) > 0 ? 1 : 0)
      case .greaterOrEqual: return Word(direct: try nursery.compare(x, y) >= 0 ? 1 : 0)
      default: return .zero
      }
    }
  }

  /// Evaluates the operands of a fused comparison and jumps unless it holds.
  @inline(never)
  func compareAndJump(_ word: UInt64) throws(PlanFailure) {
    let a = Instruction.a(word)
    let b = Instruction.b(word)
    let top = Instruction.d(word)
    let opcode = UInt8(truncatingIfNeeded: word)
    let isImmediate = opcode >= Opcode.unlessEqualImmediate.rawValue
    guard try evaluated(a, top: top) else { return }
    if !isImmediate {
      guard try evaluated(b, top: top) else { return }
    }
    let fp = registers.pointee.fp
    let x = natural(fp[a])
    let y = isImmediate ? Word(direct: UInt64(b)) : natural(fp[b])
    let order = try faulting { () throws(Fault) -> Int in try nursery.compare(x, y) }
    let first = isImmediate ? Opcode.unlessEqualImmediate.rawValue : Opcode.unlessEqual.rawValue
    let holds: Bool
    switch opcode - first {
    case 0: holds = order == 0
    case 1: holds = order != 0
    case 2: holds = order < 0
    case 3: holds = order <= 0
    case 4: holds = order > 0
    default: holds = order >= 0
    }
    let pc = registers.pointee.pc
    registers.pointee.pc = holds ? pc + 2 : registers.pointee.code + Int(pc[1])
  }

  /// a := element b of the row in c after evaluating both.
  @inline(never)
  func indexSlowly(_ word: UInt64) throws(PlanFailure) {
    let b = Instruction.b(word)
    let c = Instruction.c(word)
    guard try evaluated(b, top: Instruction.d(word)) else { return }
    guard try evaluated(c, top: Instruction.d(word)) else { return }
    let fp = registers.pointee.fp
    let position = natural(fp[b])
    fp[Instruction.a(word)] = position.isDirect ? element(position.raw, Word(raw: fp[c])) : 0
    registers.pointee.pc += 1
  }

  /// What a speculative instruction computes from two direct naturals, or nil when it would not be direct or fails.
  @inline(__always)
  func smallResult(_ word: UInt64, _ x: UInt64, _ y: UInt64) -> UInt64? {
    switch unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self) {
    case .tryMultiply:
      let product = x.multipliedReportingOverflow(by: y)
      return product.overflow || product.partialValue > Word.largestDirect ? nil : product.partialValue
    case .tryDivide: return y == 0 ? nil : x / y
    case .tryRemainder: return y == 0 ? nil : x % y
    case .tryEqual: return x == y ? 1 : 0
    case .tryNotEqual: return x != y ? 1 : 0
    case .tryLess: return x < y ? 1 : 0
    case .tryLessOrEqual: return x <= y ? 1 : 0
    case .tryGreater: return x > y ? 1 : 0
    default: return x >= y ? 1 : 0
    }
  }

  /// What a speculative instruction finds in an evaluated value.
  @inline(__always)
  func inspected(_ word: UInt64, _ value: Word) -> UInt64 {
    switch unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self) {
    case .tryIsZero: return value == .zero ? 1 : 0
    case .tryIsNatural: return value.isNatural ? 1 : 0
    case .tryIsClosure: return value.isClosure ? 1 : 0
    case .trySize: return value.isClosure ? UInt64(argumentCount(value)) : 0
    default: return value.isClosure ? base[value.offset + 1] : value.raw
    }
  }
}
