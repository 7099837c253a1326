// Native operations on the bits and bytes of naturals. All operands are naturals by now.

import StrataMemory
import StrataNatural

extension Engine {
  /// Operations on bits and bytes, and the rest of arithmetic.
  func bits(_ operation: Operation, _ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    let first = Word(raw: operands[0])
    switch operation {
    case .divideWithRemainder:
      let divisor = Word(raw: operands[1])
      if divisor == .zero { throw .crash(.divisionByZero) }
      let (quotient, remainder) = try faulting { () throws(Fault) -> (quotient: Word, remainder: Word) in
        try nursery.divide(first, by: divisor)
      }
      let (word, body) = try newClosure(2)
      body[0] = 0
      body[1] = quotient.raw
      body[2] = remainder.raw
      base[word.offset] |= Header.normalFormBit
      return word.raw
    case .shiftLeft:
      let amount = Word(raw: operands[1])
      if !amount.isDirect { throw .crash(.shiftTooLarge) }
      return try faulting { () throws(Fault) -> Word in try nursery.shiftLeft(first, by: amount) }.raw
    case .binaryExponent:
      if !first.isDirect { throw .crash(.shiftTooLarge) }
      return try faulting { () throws(Fault) -> Word in try nursery.shiftLeft(.one, by: first) }.raw
    default:
      return try faulting { () throws(Fault) -> Word in try bitResult(operation, first, operands) }.raw
    }
  }

  private func bitResult(
    _ operation: Operation, _ first: Word, _ operands: UnsafeMutablePointer<UInt64>
  ) throws(Fault) -> Word {
    switch operation {
    case .shiftRight: return try nursery.shiftRight(first, by: Word(raw: operands[1]))
    case .truncate:
      guard let width = bounded(first) else { return Word(raw: operands[1]) }
      return try nursery.bits(of: Word(raw: operands[1]), from: 0, count: width)
    case .truncate1: return try nursery.bits(of: first, from: 0, count: 1)
    case .truncate8: return try nursery.bits(of: first, from: 0, count: 8)
    case .truncate16: return try nursery.bits(of: first, from: 0, count: 16)
    case .truncate32: return try nursery.bits(of: first, from: 0, count: 32)
    case .truncate64: return try nursery.bits(of: first, from: 0, count: 64)
    case .truncate128: return try nursery.bits(of: first, from: 0, count: 128)
    case .truncate256: return try nursery.bits(of: first, from: 0, count: 256)
    case .power: return try power(first, Word(raw: operands[1]))
    case .bitLength: return Word(direct: UInt64(try nursery.bitLength(first)))
    case .byteLength: return Word(direct: UInt64(try nursery.byteCount(first)))
    case .testBit: return try nursery.testBit(Word(raw: operands[1]), at: first) ? .one : .zero
    case .setBit:
      let value = Word(raw: operands[1])
      if try nursery.testBit(value, at: first) { return value }
      return try nursery.or(value, try nursery.shiftLeft(.one, by: first))
    case .clearBit:
      let value = Word(raw: operands[1])
      if !(try nursery.testBit(value, at: first)) { return value }
      return try nursery.exclusiveOr(value, try nursery.shiftLeft(.one, by: first))
    // Slices by bits are what loading and storing are by bytes: offset, width, then the natural.
    case .cut:
      let value = Word(raw: operands[2])
      guard let start = bounded(first) else { return .zero }
      let size = try nursery.bitLength(value)
      let width = min(bounded(Word(raw: operands[1])) ?? size, max(0, size - start))
      return try nursery.bits(of: value, from: start, count: width)
    case .wipe, .erase:
      let unit = operation == .wipe ? 1 : 8
      let value = Word(raw: operands[2])
      let size = try nursery.bitLength(value)
      guard let start = bounded(first), start * unit < size else { return value }
      let width = min(bounded(Word(raw: operands[1])) ?? size, (size - start * unit + unit - 1) / unit)
      return try replaced(start * unit, width * unit, .zero, value)
    case .edit:
      guard let start = bounded(first), let width = bounded(Word(raw: operands[1])) else { throw .size }
      return try replaced(start, width, Word(raw: operands[2]), Word(raw: operands[3]))
    case .load: return try loaded(first, Word(raw: operands[1]), Word(raw: operands[2]))
    case .load8: return try loaded(first, Word(direct: 1), Word(raw: operands[1]))
    case .load16: return try loaded(first, Word(direct: 2), Word(raw: operands[1]))
    case .load32: return try loaded(first, Word(direct: 4), Word(raw: operands[1]))
    case .load64: return try loaded(first, Word(direct: 8), Word(raw: operands[1]))
    case .store: return try stored(first, Word(raw: operands[1]), Word(raw: operands[2]), Word(raw: operands[3]))
    case .store8: return try stored(first, Word(direct: 1), Word(raw: operands[1]), Word(raw: operands[2]))
    case .store16: return try stored(first, Word(direct: 2), Word(raw: operands[1]), Word(raw: operands[2]))
    case .store32: return try stored(first, Word(direct: 4), Word(raw: operands[1]), Word(raw: operands[2]))
    case .store64: return try stored(first, Word(direct: 8), Word(raw: operands[1]), Word(raw: operands[2]))
    case .snore: return try snored(operands)
    default: return .zero
    }
  }

  /// A natural small enough to count bits or bytes that could exist; nil for larger ones.
  private func bounded(_ word: Word) -> Int? {
    word.isDirect && word.raw < 1 << 40 ? Int(word.raw) : nil
  }

  /// base^exponent by squaring; a result that cannot be stored is a fault.
  private func power(_ radix: Word, _ exponent: Word) throws(Fault) -> Word {
    if exponent == .zero { return .one }
    if radix == .zero || radix == .one { return radix }
    guard let count = bounded(exponent) else { throw .size }
    var result = Word.one
    for bit in stride(from: Int.bitWidth - 1 - count.leadingZeroBitCount, through: 0, by: -1) {
      result = try nursery.multiply(result, result)
      if count >> bit & 1 == 1 { result = try nursery.multiply(result, radix) }
    }
    return result
  }

  /// Bytes from `offset` on, at most `width` of them.
  private func loaded(_ offset: Word, _ width: Word, _ value: Word) throws(Fault) -> Word {
    let size = try nursery.byteCount(value)
    guard let start = bounded(offset), start < size else { return .zero }
    let count = min(bounded(width) ?? size, size - start)
    return try nursery.bits(of: value, from: start * 8, count: count * 8)
  }

  /// `target` with `width` bytes from `offset` on replaced by the lowest bytes of `value`.
  private func stored(_ offset: Word, _ width: Word, _ value: Word, _ target: Word) throws(Fault) -> Word {
    guard let start = bounded(offset), let count = bounded(width) else { throw .size }
    return try replaced(start * 8, count * 8, value, target)
  }

  /// `target` with `count` bits from `start` on replaced by the lowest bits of `value`.
  private func replaced(_ start: Int, _ count: Int, _ value: Word, _ target: Word) throws(Fault) -> Word {
    if count == 0 { return target }
    let size = try nursery.bitLength(target)
    let low = try nursery.bits(of: target, from: 0, count: start)
    let middle = try nursery.bits(of: value, from: 0, count: count)
    let end = start + count
    let high = end < size ? try nursery.bits(of: target, from: end, count: size - end) : .zero
    var builder = try nursery.naturalBuilder(bitCount: max(size, end))
    builder.insert(low, at: 0, count: start)
    builder.insert(middle, at: start, count: count)
    if end < size { builder.insert(high, at: end, count: size - end) }
    return builder.finish()
  }

  /// Operands: input offset, buffer offset, width, input, buffer. The buffer's highest byte is its marker.
  private func snored(_ operands: UnsafeMutablePointer<UInt64>) throws(Fault) -> Word {
    let input = Word(raw: operands[3])
    let buffer = Word(raw: operands[4])
    let inputSize = try nursery.byteCount(input)
    let room = try nursery.byteCount(buffer) - 1
    guard let from = bounded(Word(raw: operands[0])), let to = bounded(Word(raw: operands[1])), from < inputSize,
      to < room
    else { return buffer }
    let width = min(bounded(Word(raw: operands[2])) ?? Int.max, inputSize - from, room - to)
    let slice = try nursery.bits(of: input, from: from * 8, count: width * 8)
    return try stored(Word(direct: UInt64(to)), Word(direct: UInt64(width)), slice, buffer)
  }
}
