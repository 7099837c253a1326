// Numbers of the five bases. A first pass over the digits checks them and counts; only then is memory asked for.

import StrataMemory

/// Where a number's digits lie, after they have been checked.
private struct DigitRun {
  /// The first digit that is not 0, or the end of the number.
  var start: Int
  var end: Int
  /// Digits from `start` on, dots not counted.
  var digits: Int
}

extension NounTextReader {
  /// Reads the number that begins with `byte` at `position`.
  @inline(__always)
  mutating func number(_ byte: UInt8) throws(NounTextError) -> Word {
    // Most numbers are short and plain.
    var at = position &+ 1
    let end = min(count, position &+ 18)
    var value = UInt64(byte &- 0x30)
    while at < end {
      let digit = bytes[at] &- 0x30
      if digit > 9 { break }
      value = value &* 10 &+ UInt64(digit)
      at &+= 1
    }
    if byte != 0x30 || at == position &+ 1 {
      let start = position
      position = at
      if atDelimiter { return Word(direct: value) }
      position = start
    }
    return try longNumber(byte)
  }

  @inline(never)
  private mutating func longNumber(_ byte: UInt8) throws(NounTextError) -> Word {
    let start = position
    let radix: Radix
    if byte == 0x30, position &+ 1 < count, (bytes[position &+ 1] | 0x20) &- 0x61 < 26 {
      switch bytes[position &+ 1] {
      case UInt8(ascii: "b"): radix = .binary
      case UInt8(ascii: "x"): radix = .hexadecimal
      case UInt8(ascii: "v"): radix = .base32
      case UInt8(ascii: "w"): radix = .base64
      default: throw NounTextError(.unknownPrefix, at: position..<position &+ 2)
      }
      position &+= 2
    } else {
      radix = .decimal
    }
    let run = try digits(radix, after: start)
    do {
      return radix == .decimal ? try decimal(run) : try packed(run, radix)
    } catch {
      throw NounTextError(.fault(error), at: start..<position)
    }
  }

  /// Checks the digits and dots at `position` and moves behind them.
  private mutating func digits(_ radix: Radix, after start: Int) throws(NounTextError) -> DigitRun {
    let first = position
    let size = radix.groupSize
    var significant = -1
    var significantDigits = 0
    var group = position
    var hasDots = false
    while true {
      while position < count {
        let value = digitValue(bytes[position], radix)
        if value == 0xFF { break }
        if significant < 0, value != 0 { significant = position }
        if significant >= 0 { significantDigits &+= 1 }
        position &+= 1
      }
      let groupDigits = position &- group
      let atDot = position < count && bytes[position] == UInt8(ascii: ".")
      if !atDot, !atDelimiter { throw error(.badDigit(radix), at: position) }
      if groupDigits == 0 {
        if group == first { throw NounTextError(.noDigits(radix), at: start..<max(first, start &+ 1)) }
        // Between two dots, or after the last: point at the dot.
        throw NounTextError(.badGroup(radix), at: group &- 1..<group)
      }
      if hasDots, group != first, groupDigits != size { throw NounTextError(.badGroup(radix), at: group..<position) }
      if !atDot { break }
      if !hasDots, groupDigits > size { throw NounTextError(.badGroup(radix), at: group..<position) }
      hasDots = true
      position &+= 1
      group = position
    }
    if radix == .decimal, bytes[first] == 0x30, position > first &+ 1 {
      throw NounTextError(.leadingZero, at: first..<first &+ 1)
    }
    return DigitRun(start: significant < 0 ? position : significant, end: position, digits: significantDigits)
  }

  /// The value of a digit, or 0xFF.
  @inline(__always)
  func digitValue(_ byte: UInt8, _ radix: Radix) -> UInt8 {
    let value: UInt8
    switch byte {
    case 0x30...0x39: value = byte &- 0x30
    case 0x61...0x7A: value = byte &- 0x61 &+ 10
    case 0x41...0x5A:
      // Base 64 alone tells upper case from lower case; people write hexadecimal in either.
      if radix == .base64 {
        value = byte &- 0x41 &+ 36
      } else {
        value = radix == .hexadecimal ? byte &- 0x41 &+ 10 : 0xFF
      }
    case 0x2D: value = radix == .base64 ? 62 : 0xFF
    case 0x7E: value = radix == .base64 ? 63 : 0xFF
    default: value = 0xFF
    }
    return value < radix.rawValue ? value : 0xFF
  }

  /// The value of digits that stand for a whole number of bits each.
  private func packed(_ run: DigitRun, _ radix: Radix) throws(Fault) -> Word {
    guard run.digits > 0 else { return .zero }
    let bits = radix.digitBits
    var natural = try NaturalBuilder(
      nursery: nursery, digits: run.digits, digitBits: bits, top: digitValue(bytes[run.start], radix))
    var at = run.end
    while at > run.start {
      at &-= 1
      let byte = bytes[at]
      if byte != UInt8(ascii: ".") { natural.append(digitValue(byte, radix), bits: bits) }
    }
    return natural.finish()
  }

  /// The value of decimal digits.
  private func decimal(_ run: DigitRun) throws(Fault) -> Word {
    if run.digits <= 19 {
      var value: UInt64 = 0
      for at in run.start..<run.end where bytes[at] != UInt8(ascii: ".") {
        value = value &* 10 &+ UInt64(bytes[at] &- 0x30)
      }
      if value <= Word.largestDirect { return Word(direct: value) }
    }
    return try DecimalText.natural(bytes, run.start..<run.end, digits: run.digits, into: nursery)
  }
}
