// The native functions of operations: evaluated operands in, one word out. Nothing here evaluates or calls.

import StrataMemory
import StrataNatural

extension Engine {
  /// The result of an operation over its operands, which have been evaluated as its entry asks.
  func native(_ number: Int, _ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    let operation = Operation(rawValue: UInt8(truncatingIfNeeded: number)) ?? .force
    let first = Word(raw: operands[0])
    switch operation {
    case .makePin, .specifiedPin: return try makePin(first).raw
    case .makeLaw:
      if operands[1] == 0 { throw .crash(.lawOfArityZero) }
      return try makeLaw(first, Word(raw: operands[1]), Word(raw: operands[2])).raw
    case .increment: return try arithmeticResult(.increment, first, .zero).raw
    case .decrement: return try arithmeticResult(.decrement, first, .zero).raw
    case .isPin: return first.isPin ? 1 : 0
    case .isLaw: return first.isLaw ? 1 : 0
    case .isApp: return first.isClosure ? 1 : 0
    case .isNat: return first.isNatural ? 1 : 0
    case .toBit: return first == .zero ? 0 : 1
    case .isZero: return first == .zero ? 1 : 0
    case .type: return UInt64(kind(first).rawValue)
    case .unpin: return first.isPin ? base[first.offset + PinLayout.item] : 0
    case .name: return first.isLaw ? base[first.offset + LawLayout.name] : 0
    case .arity: return first.isLaw ? base[first.offset + LawLayout.arity] : 0
    case .body: return first.isLaw ? base[first.offset + LawLayout.body] : 0
    case .initial: return first.isClosure ? try initial(first).raw : 0
    case .last: return first.isClosure ? base[first.offset + 1 + argumentCount(first)] : 0
    case .natural: return first.raw
    case .head: return first.isClosure ? base[first.offset + 1] : first.raw
    case .size: return first.isClosure ? UInt64(argumentCount(first)) : 0
    case .add: return try arithmeticResult(.add, first, Word(raw: operands[1])).raw
    case .subtract: return try arithmeticResult(.subtract, first, Word(raw: operands[1])).raw
    case .multiply: return try arithmeticResult(.multiply, first, Word(raw: operands[1])).raw
    case .equal: return try arithmeticResult(.equal, first, Word(raw: operands[1])).raw
    case .notEqual: return try arithmeticResult(.notEqual, first, Word(raw: operands[1])).raw
    case .less: return try arithmeticResult(.less, first, Word(raw: operands[1])).raw
    case .lessOrEqual: return try arithmeticResult(.lessOrEqual, first, Word(raw: operands[1])).raw
    case .greater: return try arithmeticResult(.greater, first, Word(raw: operands[1])).raw
    case .greaterOrEqual: return try arithmeticResult(.greaterOrEqual, first, Word(raw: operands[1])).raw
    case .divide: return try arithmeticResult(.divide, first, Word(raw: operands[1])).raw
    case .remainder: return try arithmeticResult(.remainder, first, Word(raw: operands[1])).raw
    case .compareNaturals:
      let other = Word(raw: operands[1])
      return UInt64(1 + (try faulting { () throws(Fault) -> Int in try nursery.compare(first, other) }))
    case .branch: return branch(operands)
    case .index: return first.isDirect ? element(first.raw, Word(raw: operands[1])) : 0
    case .index0, .index1, .index2, .index3, .index4, .index5, .index6, .index7:
      return element(UInt64(operation.rawValue - Operation.index0.rawValue), first)
    case .update, .updateUnique: return try updated(operands)
    case .repeated: return try repeated(operands)
    case .copy, .copyUnique: return try copied(operands)
    case .sameReference: return operands[0] == operands[1] ? 1 : 0
    case .trace: return try trace(operands)
    case .write, .send: return try write(operands)
    case .read: return try read(operands)
    case .precommit, .commit:
      try demand(.store)
      if operation == .precommit, !first.isPin { throw .crash(.malformedRow) }
      // Nothing is kept without a store: the value goes on in memory.
      guard let vault = owner._withUnsafeGuaranteedRef({ $0.vault }) else { return operands[0] }
      return try vault.keep(first, asRoot: operation == .commit).raw
    case .peek: return try peek(operands)
    case .poke: return try poke(operands)
    case .addressOf:
      try demand(.memory)
      return owner._withUnsafeGuaranteedRef { $0.buffers.address(of: first) } ?? 0
    case .syscall: return try systemCall(operands)
    case .makeBuffer: return try makeBuffer(first)
    case .collect: return 1
    case .setProfile:
      try demand(.profile)
      // Not evaluated: anything but a natural 0 that is at hand means yes.
      registers.pointee.recordsProfile = first != .zero
      if first == .zero { owner._withUnsafeGuaranteedRef { $0.profileRecords.removeAll() } }
      return 0
    case .getProfile:
      try demand(.profile)
      return try takeProfile()
    default:
      return try bits(operation, operands)
    }
  }

  /// Throws unless an effect is granted.
  func demand(_ effect: PlanEffect) throws(PlanFailure) {
    if !registers.pointee.grants.contains(PlanGrants(effect)) { throw .denied(effect) }
  }

  // MARK: Rows

  private func branch(_ operands: UnsafeMutablePointer<UInt64>) -> UInt64 {
    let position = Word(raw: operands[0])
    let row = Word(raw: operands[1])
    guard row.isClosure, position.isDirect, position.raw < UInt64(argumentCount(row)) else { return operands[2] }
    return base[row.offset + 2 + Int(position.raw)]
  }

  private func updated(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    let position = Word(raw: operands[0])
    let row = Word(raw: operands[2])
    guard row.isClosure, position.isDirect, position.raw < UInt64(argumentCount(row)) else { return row.raw }
    let count = argumentCount(row)
    let (word, body) = try newClosure(count)
    body.update(from: base + row.offset + 1, count: count + 1)
    body[1 + Int(position.raw)] = operands[1]
    return word.raw
  }

  private func repeated(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    let head = operands[0]
    let length = Word(raw: operands[2])
    if length == .zero { return head }
    guard length.isDirect, length.raw < UInt64(Header.largestSize) else { throw .fault(.size) }
    let (word, body) = try newClosure(Int(length.raw))
    body[0] = head
    (body + 1).update(repeating: operands[1], count: Int(length.raw))
    return word.raw
  }

  /// Operands: count, source offset, target offset, source, target.
  private func copied(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    let target = Word(raw: operands[4])
    guard target.isClosure else { return target.raw }
    let source = Word(raw: operands[3])
    let sourceSize = UInt64(source.isClosure ? argumentCount(source) : 0)
    let targetSize = UInt64(argumentCount(target))
    let from = Word(raw: operands[1])
    let to = Word(raw: operands[2])
    guard from.isDirect, to.isDirect, from.raw < sourceSize, to.raw < targetSize, operands[0] != 0 else {
      return target.raw
    }
    let wanted = Word(raw: operands[0])
    let count = min(wanted.isDirect ? wanted.raw : UInt64.max, targetSize - to.raw)
    let (word, body) = try newClosure(Int(targetSize))
    body.update(from: base + target.offset + 1, count: Int(targetSize) + 1)
    for index in 0..<count {
      let at = from.raw + index
      body[1 + Int(to.raw + index)] = at < sourceSize ? base[source.offset + 2 + Int(at)] : 0
    }
    return word.raw
  }

  // MARK: Effects

  /// The records since the last time as `5[0 time label time label ...]`; 0 when nothing is recorded.
  private func takeProfile() throws(PlanFailure) -> UInt64 {
    guard registers.pointee.recordsProfile else { return 0 }
    let words = owner._withUnsafeGuaranteedRef { owner in
      defer { owner.profileRecords.removeAll() }
      return owner.profileRecords.words
    }
    let (closure, body) = try newClosure(1 + words.count)
    body[0] = 5
    body[1] = 0
    for (index, word) in words.enumerated() { body[2 + index] = word }
    return closure.raw
  }

  private func trace(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    try demand(.trace)
    let value = Word(raw: operands[0])
    owner._withUnsafeGuaranteedRef { owner in
      var printer = PlanPrinter(engine: self, style: owner.traceStyle)
      owner.host.trace(printer.print(value))
    }
    return operands[1]
  }

  /// Operands: descriptor, natural, count, offset. Bytes beyond the natural's top are zero.
  private func write(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    try demand(.write)
    let descriptor = operands[0]
    let count = Word(raw: operands[2])
    let offset = Word(raw: operands[3])
    guard count.isDirect, offset.isDirect, count.raw < 1 << 31, offset.raw < 1 << 40 else { throw .crash(.badBuffer) }
    let bytes = try faulting { () throws(Fault) -> [UInt8] in
      let slice = try nursery.bits(of: Word(raw: operands[1]), from: Int(offset.raw) * 8, count: Int(count.raw) * 8)
      var bytes = [UInt8](repeating: 0, count: Int(count.raw))
      var failure: Fault?
      bytes.withUnsafeMutableBytes { target in
        do throws(Fault) { try nursery.copyBytes(of: slice, to: target) } catch { failure = error }
      }
      if let failure { throw failure }
      return bytes
    }
    let host = owner._withUnsafeGuaranteedRef { $0.host }
    let written = waiting { bytes.withUnsafeBytes { host.write(descriptor: descriptor, bytes: $0) } }
    if written < 0 { throw .crash(.writeFailed) }
    return UInt64(written)
  }

  /// Operands: descriptor, buffer, count, offset. The buffer's highest byte is its marker and stays.
  private func read(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    try demand(.read)
    let buffer = Word(raw: operands[1])
    let size = try faulting { () throws(Fault) -> Int in try nursery.byteCount(buffer) }
    let count = Word(raw: operands[2])
    let offset = Word(raw: operands[3])
    guard offset.isDirect, offset.raw <= UInt64(size), size - Int(offset.raw) > 1, count.isDirect, count.raw > 0,
      count.raw < UInt64(size) - offset.raw
    else { return 0 }
    let descriptor = operands[0]
    let host = owner._withUnsafeGuaranteedRef { $0.host }
    if let address = owner._withUnsafeGuaranteedRef({ $0.buffers.address(of: buffer) }) {
      // A buffer of the program's own is filled in place.
      let target = try memory(address + offset.raw, count: count.raw)
      let got = waiting { host.read(descriptor: descriptor, into: target) }
      return got < 0 ? UInt64(-got) : try readResult(got, buffer)
    }
    var bytes = try faulting { () throws(Fault) -> [UInt8] in try nursery.bytes(of: buffer) }
    let start = Int(offset.raw)
    let got = waiting {
      bytes.withUnsafeMutableBytes { all in
        host.read(
          descriptor: descriptor, into: UnsafeMutableRawBufferPointer(rebasing: all[start..<start + Int(count.raw)]))
      }
    }
    if got < 0 { return UInt64(-got) }
    return try readResult(got, try faulting { () throws(Fault) -> Word in try nursery.natural(bytes: bytes) })
  }

  private func readResult(_ count: Int, _ buffer: Word) throws(PlanFailure) -> UInt64 {
    let (word, body) = try newClosure(1)
    body[0] = UInt64(count)
    body[1] = buffer.raw
    return word.raw
  }
}
