// The reference evaluator's operations on naturals.

import StrataTestSupport

@testable import StrataPlan

extension Reference {
  private static let one = Model(1)

  /// A count small enough to be worth computing with.
  private func bounded(_ number: Model) throws(ReferenceStop) -> Int {
    guard let small = number.small, small < 5000 else { throw .tooLong }
    return Int(small)
  }

  private func bytes(_ number: Model) -> [UInt8] {
    var result: [UInt8] = []
    for digit in number.digits { for shift in 0..<4 { result.append(UInt8(truncatingIfNeeded: digit >> (8 * shift))) } }
    while result.last == 0 { result.removeLast() }
    return result
  }

  func arithmetic(_ key: Int, _ operands: [Term]) throws(ReferenceStop) -> Term {
    var numbers: [Model] = []
    if key == 35 {
      let second = try natural(operands[1])
      numbers = [try natural(operands[0]), second]
    } else {
      for operand in operands { numbers.append(try natural(operand)) }
    }
    if key == 49 {
      guard let (quotient, remainder) = numbers[0].divided(by: numbers[1]) else { throw .crash(.divisionByZero) }
      return Term(.app(Term(0), [Term(quotient), Term(remainder)]))
    }
    let result = try result(key, numbers)
    if result.digits.count > 2000 { throw .tooLong }
    return Term(result)
  }

  private func result(_ key: Int, _ numbers: [Model]) throws(ReferenceStop) -> Model {
    let x = numbers[0]
    let y = numbers.count > 1 ? numbers[1] : .zero
    func truth(_ condition: Bool) -> Model { Model(condition ? 1 : 0) }
    switch key {
    case 2: return x.plus(Reference.one)
    case 28: return x
    case 29: return x.minus(Reference.one) ?? .zero
    case 35: return x.plus(y)
    case 36: return x.minus(y) ?? .zero
    case 37: return x.times(y)
    case 38:
      if y.isZero { return Reference.one }
      if x.isZero || x == Reference.one { return x }
      guard let exponent = y.small, exponent < 2000, x.bitLength * Int(exponent) < 60_000 else { throw .tooLong }
      return x.power(Int(exponent))
    case 39:
      return .powerOfTwo(try bounded(x))
    case 40: return truth(x == y)
    case 41: return truth(x != y)
    case 42: return truth(x.compared(to: y) <= 0)
    case 43: return truth(x.compared(to: y) >= 0)
    case 44: return truth(x.compared(to: y) < 0)
    case 45: return truth(x.compared(to: y) > 0)
    case 46: return Model(UInt64(x.compared(to: y) + 1))
    case 47, 48:
      guard let (quotient, remainder) = x.divided(by: y) else { throw .crash(.divisionByZero) }
      return key == 47 ? quotient : remainder
    case 50:
      if let small = y.small, small >> 63 == 0 { return x.isZero ? .zero : x.shifted(left: try bounded(y)) }
      throw .crash(.shiftTooLarge)
    case 51: return y.small.map { $0 >= UInt64(x.bitLength) ? .zero : x.shifted(right: Int($0)) } ?? .zero
    case 52: return x.small.map { $0 >= UInt64(y.bitLength) ? y : y.low(bits: Int($0)) } ?? y
    case 53...59: return x.low(bits: [1, 8, 16, 32, 64, 128, 256][key - 53])
    case 60: return cut(x, y, numbers[2])
    case 61: return wiped(x, y, numbers[2], unit: 1)
    case 62: return try edited(x, y, numbers[2], numbers[3])
    case 63: return Model(UInt64(x.bitLength))
    case 64: return x.small.map { truth($0 < UInt64(y.bitLength) && y.bit(Int($0))) } ?? .zero
    case 65: return y.combined(.powerOfTwo(try bounded(x))) { $0 | $1 }
    case 66:
      guard let index = x.small, index < UInt64(y.bitLength) else { return y }
      return y.combined(.powerOfTwo(Int(index))) { $0 & ~$1 }
    case 94: return Model(UInt64(bytes(x).count))
    case 95: return loaded(x, y, numbers[2])
    case 99...102: return loaded(x, Model([1, 2, 4, 8][key - 99]), y)
    case 96: return wiped(x, y, numbers[2], unit: 8)
    case 97: return try stored(x, y, numbers[2], numbers[3])
    case 103...106: return try stored(x, Model([1, 2, 4, 8][key - 103]), y, numbers[2])
    case 109: return snored(numbers)
    default: throw .tooLong
    }
  }

  /// The bits of a natural from `offset` on, at most `width` of them.
  private func cut(_ offset: Model, _ width: Model, _ value: Model) -> Model {
    guard let start = offset.small, start < UInt64(value.bitLength) else { return .zero }
    let rest = value.shifted(right: Int(start))
    return rest.low(bits: Int(min(width.small ?? UInt64.max, UInt64(rest.bitLength))))
  }

  /// A natural whose bits from `offset` on are 0, `width` of them, both counted in units.
  private func wiped(_ offset: Model, _ width: Model, _ value: Model, unit: UInt64) -> Model {
    var digits = value.digits
    let end = offset.plus(width)
    for bit in 0..<value.bitLength where value.bit(bit) {
      let place = Model(UInt64(bit) / unit)
      if place.compared(to: offset) >= 0, place.compared(to: end) < 0 {
        digits[bit / 32] &= ~(1 << UInt32(bit % 32))
      }
    }
    return Model(digits)
  }

  /// `target` with `width` bits from `offset` on taken from the lowest bits of `value`.
  private func edited(
    _ offset: Model, _ width: Model, _ value: Model, _ target: Model
  ) throws(ReferenceStop) -> Model {
    let start = try bounded(offset)
    let middle = value.low(bits: try bounded(width)).shifted(left: start)
    return wiped(offset, width, target, unit: 1).plus(middle)
  }

  private func loaded(_ offset: Model, _ width: Model, _ value: Model) -> Model {
    let all = bytes(value)
    guard let start = offset.small, start < UInt64(all.count) else { return .zero }
    let count = min(width.small ?? UInt64.max, UInt64(all.count) - start)
    return Reference.natural(Array(all[Int(start)..<Int(start + count)]))
  }

  private func stored(
    _ offset: Model, _ width: Model, _ value: Model, _ target: Model
  ) throws(ReferenceStop) -> Model {
    let start = try bounded(offset)
    let count = try bounded(width)
    let source = bytes(value)
    var result = bytes(target)
    while result.count < start + count { result.append(0) }
    for index in 0..<count { result[start + index] = index < source.count ? source[index] : 0 }
    return Reference.natural(result)
  }

  private func snored(_ numbers: [Model]) -> Model {
    let input = bytes(numbers[3])
    var buffer = bytes(numbers[4])
    guard let from = numbers[0].small, let to = numbers[1].small, from < UInt64(input.count),
      Int64(clamping: to) < Int64(buffer.count) - 1
    else { return numbers[4] }
    let room = UInt64(buffer.count - 1) - to
    let count = min(numbers[2].small ?? UInt64.max, UInt64(input.count) - from, room)
    for index in 0..<count { buffer[Int(to + index)] = input[Int(from + index)] }
    return Reference.natural(buffer)
  }
}
