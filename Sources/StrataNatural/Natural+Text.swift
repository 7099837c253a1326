// Naturals as text, in subquadratic time both ways.
//
// Bases that are powers of two copy bits. For the others a table of powers, each the square of the one before, splits
// the number into halves until a half is a few limbs, which are left to GMP.

import CGMP
import StrataMemory

extension Nursery {
  /// Calls `use` with a's digits in `base`, most significant first, without leading zeros; zero is one digit. The
  /// memory is scratch and ends with the call. Throws what `use` throws, or when there is no scratch memory.
  public func withDigits<Result>(
    of a: Word, base: NaturalBase, _ use: (UnsafeBufferPointer<UInt8>) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    let x = try limbs(a, slot: 0)
    let point = mark()
    defer { release(point) }
    let digits = base.digitBits > 0 ? try binaryDigits(x, base) : try generalDigits(x, base)
    return try use(digits)
  }

  /// a's digits in `base`, most significant first, without leading zeros; zero is one digit.
  public func digits(of a: Word, base: NaturalBase) throws(Fault) -> [UInt8] {
    try withDigits(of: a, base: base) { (digits) throws(Fault) in [UInt8](digits) }
  }

  /// The natural with the given digits, most significant first; leading zeros are allowed. Throws `.exit` when there
  /// is no digit or a character is none of the base's digits.
  public func natural(digits: UnsafeBufferPointer<UInt8>, base: NaturalBase) throws(Fault) -> Word {
    let zero = base.character(0)
    var start = 0
    while start < digits.count - 1, digits[start] == zero { start += 1 }
    guard start < digits.count, let first = digits.baseAddress else { throw .exit }
    let significant = UnsafeBufferPointer(start: first + start, count: digits.count - start)
    return try base.digitValues.withUnsafeBufferPointer { (table) throws(Fault) in
      if base.digitBits > 0 { return try naturalFromBinary(significant, base, table) }
      if significant.count <= base.chunk.digits {
        var value: UInt64 = 0
        for character in significant {
          let digit = table[Int(character)]
          if digit == 255 { throw Fault.exit }
          // Safe: a chunk's digits fit into a limb.
          value = value &* UInt64(base.radix) &+ UInt64(digit)
        }
        return try natural(value)
      }
      return try naturalFromGeneral(significant, base, table)
    }
  }

  /// The natural with the given digits, most significant first.
  public func natural(digits: [UInt8], base: NaturalBase) throws(Fault) -> Word {
    try digits.withUnsafeBufferPointer { (buffer) throws(Fault) in try natural(digits: buffer, base: base) }
  }

  /// How many digits are handled between two looks at the stop request.
  private static var digitsPerPoll: Int { 1 << 16 }

  private func scratchBytes(_ count: Int) throws(Fault) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(try scratch((count + 7) / 8)).assumingMemoryBound(to: UInt8.self)
  }

  // MARK: Bases that are powers of two

  private func binaryDigits(_ x: Limbs, _ base: NaturalBase) throws(Fault) -> UnsafeBufferPointer<UInt8> {
    let count = max(1, (x.bitLength + base.digitBits - 1) / base.digitBits)
    let target = try scratchBytes(count)
    for index in 0..<count {
      if index % Nursery.digitsPerPoll == 0 { try pollStop() }
      let digit = x.bits(from: index * base.digitBits, count: base.digitBits)
      target[count - 1 - index] = base.character(Int(digit))
    }
    return UnsafeBufferPointer(start: target, count: count)
  }

  private func naturalFromBinary(
    _ digits: UnsafeBufferPointer<UInt8>, _ base: NaturalBase, _ table: UnsafeBufferPointer<UInt8>
  ) throws(Fault) -> Word {
    let width = base.digitBits
    // The first digit is not zero, unless it is the only one.
    let top = table[Int(digits[0])]
    if top == 255 { throw .exit }
    let length = (digits.count - 1) * width + 8 - top.leadingZeroBitCount
    try requireRoom(bits: length)
    let size = max(1, (length + 63) / 64)
    let offset = try allocate(.natural, size: size)
    let target = body(offset)
    var value: Limb = 0
    var filled = 0
    var place = 0
    var index = digits.count
    while index > 0 {
      index -= 1
      if index % Nursery.digitsPerPoll == 0, let fault = stopRequested {
        retract(offset)
        throw fault
      }
      let digit = table[Int(digits[index])]
      if digit == 255 {
        retract(offset)
        throw .exit
      }
      value |= Limb(digit) << Limb(filled)
      filled += width
      if filled >= 64 {
        if place < size { target[place] = value }
        place += 1
        filled -= 64
        value = filled == 0 ? 0 : Limb(digit) >> Limb(width - filled)
      }
    }
    if place < size {
      target[place] = value
      (target + place + 1).update(repeating: 0, count: size - place - 1)
    }
    return finished(offset, size: size)
  }

  // MARK: Other bases

  private func generalDigits(_ x: Limbs, _ base: NaturalBase) throws(Fault) -> UnsafeBufferPointer<UInt8> {
    if x.count <= 1 {
      let room = 24
      let target = try scratchBytes(room)
      var start = room
      var rest = x[0]
      repeat {
        let (quotient, digit) = rest.quotientAndRemainder(dividingBy: Limb(base.radix))
        start -= 1
        target[start] = base.character(Int(digit))
        rest = quotient
      } while rest != 0
      return UnsafeBufferPointer(start: target + start, count: room - start)
    }
    let leafLimbs = 8
    var conversion = BaseConversion(nursery: self, base: base, leafLimbs: leafLimbs)
    // A number of so many limbs has fewer digits than twice as many chunks, and is written at once.
    var count = 2 * leafLimbs * base.chunk.digits
    if x.count > leafLimbs {
      try conversion.extend { (power) in 2 * power.limbs.count - 1 <= x.count }
      count = 2 * conversion.powers[conversion.powers.count - 1].digitCount
    }
    let target = try scratchBytes(count)
    try conversion.write(x, target, count: count, level: conversion.powers.count - 1)
    var start = 0
    while start < count - 1, target[start] == 0 { start += 1 }
    for index in start..<count { target[index] = base.character(Int(target[index])) }
    return UnsafeBufferPointer(start: target + start, count: count - start)
  }

  private func naturalFromGeneral(
    _ digits: UnsafeBufferPointer<UInt8>, _ base: NaturalBase, _ table: UnsafeBufferPointer<UInt8>
  ) throws(Fault) -> Word {
    // A digit is worth at least log2(radix) bits, rounded down to an eighth.
    let leastBits = (digits.count - 1) / 8 * (base.radix == 10 ? 26 : 46)
    try requireRoom(bits: leastBits)
    let start = mark()
    do throws(Fault) {
      // Room for the result below the scratch memory: every chunk of digits is less than a limb.
      let room = digits.count / base.chunk.digits + 2
      let size = min(room, Header.largestSize)
      let offset = try allocate(.natural, size: size)
      let point = mark()
      let values = try scratchBytes(digits.count)
      for index in 0..<digits.count {
        let digit = table[Int(digits[index])]
        if digit == 255 { throw Fault.exit }
        values[index] = digit
      }
      var conversion = BaseConversion(nursery: self, base: base, leafLimbs: 16)
      if digits.count > conversion.leafDigits {
        try conversion.extend { (power) in 2 * power.digitCount < digits.count }
      }
      let target = try scratchLimbs(room)
      let count = try conversion.read(values, count: digits.count, target)
      if count > size { throw Fault.size }
      body(offset).update(from: target, count: count)
      release(point)
      shorten(offset, to: count)
      return finished(offset, size: count)
    } catch {
      release(start)
      throw error
    }
  }
}

/// A table of powers of a base, and the conversions by halves that it serves.
private struct BaseConversion {
  struct Power {
    var limbs: Limbs
    /// The power's exponent: how many digits a number below it has at most.
    var digitCount: Int
  }

  let nursery: Nursery
  let base: NaturalBase
  /// Each the square of the one before; the first fills about `leafLimbs` limbs.
  var powers: [Power] = []
  let leafLimbs: Int

  /// The exponent of the first power.
  var leafDigits: Int { leafLimbs * base.chunk.digits }

  init(nursery: Nursery, base: NaturalBase, leafLimbs: Int) {
    self.nursery = nursery
    self.base = base
    self.leafLimbs = leafLimbs
  }

  /// Appends powers: the first, and further ones while `isNeeded` says of the last that its square is wanted.
  mutating func extend(while isNeeded: (Power) -> Bool) throws(Fault) {
    let chunk = base.chunk
    let first = try nursery.scratchLimbs(leafLimbs)
    first[0] = chunk.value
    for index in 1..<leafLimbs { first[index] = __gmpn_mul_1(first, first, index, chunk.value) }
    var last = Power(limbs: Limbs(trimming: first, leafLimbs), digitCount: chunk.digits * leafLimbs)
    powers = [last]
    while isNeeded(last) {
      let size = 2 * last.limbs.count
      let square = try nursery.scratchLimbs(size)
      try nursery.product(square, last.limbs, last.limbs)
      last = Power(limbs: Limbs(trimming: square, size), digitCount: 2 * last.digitCount)
      powers.append(last)
    }
  }

  /// Writes x as exactly `count` digit values. The caller guarantees that x is less than the square of the power at
  /// `level`, or than the first power for level -1, and that `count` digits suffice.
  func write(_ x: Limbs, _ target: UnsafeMutablePointer<UInt8>, count: Int, level: Int) throws(Fault) {
    let point = nursery.mark()
    defer { nursery.release(point) }
    if level < 0 || x.count <= 1 { return try writeLeaf(x, target, count: count) }
    let power = powers[level]
    if nursery.compare(x, power.limbs) < 0 {
      let unused = count - power.digitCount
      target.update(repeating: 0, count: unused)
      return try write(x, target + unused, count: power.digitCount, level: level - 1)
    }
    try nursery.pollStop()
    let quotientSize = x.count - power.limbs.count + 1
    let quotient = try nursery.scratchLimbs(quotientSize)
    let remainder = try nursery.scratchLimbs(power.limbs.count)
    try nursery.divide(quotient: quotient, remainder: remainder, x, by: power.limbs)
    let split = count - power.digitCount
    try write(Limbs(trimming: quotient, quotientSize), target, count: split, level: level - 1)
    try write(
      Limbs(trimming: remainder, power.limbs.count), target + split, count: power.digitCount, level: level - 1)
  }

  private func writeLeaf(_ x: Limbs, _ target: UnsafeMutablePointer<UInt8>, count: Int) throws(Fault) {
    if x.count == 0 { return target.update(repeating: 0, count: count) }
    // GMP overwrites its operand and may write one digit more than the number has, a zero in front.
    let copy = try nursery.scratchLimbs(x.count + 1)
    copy.update(from: x.pointer, count: x.count)
    let room = x.count * 64 / 3 + 2
    let text = UnsafeMutableRawPointer(try nursery.scratch((room + 7) / 8)).assumingMemoryBound(to: UInt8.self)
    let written = Int(__gmpn_get_str(text, Int32(base.radix), copy, x.count))
    let used = min(written, count)
    target.update(repeating: 0, count: count - used)
    (target + (count - used)).update(from: text + (written - used), count: used)
  }

  /// Writes the value of `count` digit values to `target`, which has a limb for every chunk of digits and two more,
  /// and returns the number of its limbs without leading zeros.
  func read(_ values: UnsafePointer<UInt8>, count: Int, _ target: UnsafeMutablePointer<Limb>) throws(Fault) -> Int {
    var start = 0
    while start < count, values[start] == 0 { start += 1 }
    let values = values + start
    let count = count - start
    if count == 0 { return 0 }
    if count <= leafDigits {
      let size = Int(__gmpn_set_str(target, values, count, Int32(base.radix)))
      return Limbs(trimming: target, size).count
    }
    try nursery.pollStop()
    let point = nursery.mark()
    defer { nursery.release(point) }
    var level = powers.count - 1
    while level > 0, powers[level].digitCount >= count { level -= 1 }
    let power = powers[level]
    let split = count - power.digitCount
    let upper = try nursery.scratchLimbs(split / base.chunk.digits + 2)
    let upperSize = try read(values, count: split, upper)
    // Safe: the first digit is not zero, so the upper half is not zero.
    let size = upperSize + power.limbs.count
    let whole = try nursery.scratchLimbs(size)
    try nursery.product(whole, Limbs(upper, upperSize), power.limbs)
    let lower = try nursery.scratchLimbs(power.digitCount / base.chunk.digits + 2)
    let lowerSize = try read(values + split, count: power.digitCount, lower)
    // Safe: the lower half is less than the power, which is at most as long as the product.
    _ = __gmpn_add(whole, whole, size, lower, lowerSize)
    let significant = Limbs(trimming: whole, size).count
    target.update(from: whole, count: significant)
    return significant
  }
}
