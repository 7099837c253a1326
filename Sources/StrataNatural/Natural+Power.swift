// Powers of naturals, plain and modulo a natural.

import CGMP
import StrataMemory

extension Nursery {
  /// a to the power of `exponent`; 0 to the power of 0 is 1. A result that cannot be stored is an error at once.
  public func power(_ a: Word, _ exponent: Word) throws(Fault) -> Word {
    let x = try limbs(a, slot: 0)
    let times = try smallInteger(exponent)
    if times == 0 { return .one }
    if times == 1 || a == .zero || a == .one { return a }
    guard let times else { throw .size }
    // Every factor but the last adds at least this many bits.
    let (leastBits, overflow) = (x.bitLength - 1).multipliedReportingOverflow(by: times)
    if overflow || leastBits >= Nursery.largestBitLength { throw .size }
    try requireRoom(bits: leastBits + 1)
    // Factors of two are only a shift of the result.
    let zeros = trailingZeros(x)
    let oddBits = x.bitLength - zeros
    if oddBits == 1 { return try shiftLeft(.one, by: Word(direct: UInt64(zeros * times))) }
    // Safe: oddBits - 1 times `times` is at most the largest bit length, so none of this overflows.
    let mostBits = x.bitLength * times
    let size = min((mostBits + 63) / 64, Header.largestSize)
    let start = mark()
    do throws(Fault) {
      let offset = try allocate(.natural, size: size)
      let point = mark()
      let oddSize = (oddBits + 63) / 64
      let odd = try scratchLimbs(oddSize)
      x.copyBits(from: zeros, count: oddBits, to: odd)
      let result = try oddPower(Limbs(odd, oddSize), times, room: oddBits * times / 64 + 3)
      if result.bitLength + zeros * times > size * 64 { throw Fault.size }
      writeShifted(body(offset), size: size, result, left: zeros * times)
      release(point)
      return finished(offset, size: size)
    } catch {
      release(start)
      throw error
    }
  }

  /// x to the power of `times`, which is at least 1, in scratch memory of twice `room` limbs.
  private func oddPower(_ x: Limbs, _ times: Int, room: Int) throws(Fault) -> Limbs {
    var target = try scratchLimbs(room)
    var spare = try scratchLimbs(room)
    target.update(from: x.pointer, count: x.count)
    var result = Limbs(target, x.count)
    var bit = Int.bitWidth - 2 - times.leadingZeroBitCount
    while bit >= 0 {
      try pollStop()
      try product(spare, result, result)
      result = Limbs(trimming: spare, 2 * result.count)
      swap(&target, &spare)
      if times >> bit & 1 == 1 {
        try product(spare, result, x)
        result = Limbs(trimming: spare, result.count + x.count)
        swap(&target, &spare)
      }
      bit -= 1
    }
    return result
  }

  /// a to the power of `exponent`, modulo `modulus`. Throws `.exit` when the modulus is zero.
  public func modularPower(_ a: Word, _ exponent: Word, modulus: Word) throws(Fault) -> Word {
    guard a.isNatural, exponent.isNatural, modulus != .zero else { throw .exit }
    let m = try limbs(modulus, slot: 2)
    if modulus == .one { return .zero }
    if exponent == .zero { return .one }
    let start = mark()
    do throws(Fault) {
      let offset = try allocate(.natural, size: m.count)
      let point = mark()
      // Slots 2 to 4 are used here: `remainder` and `product` use 0 and 1 at most.
      let residue = try limbs(try remainder(a, by: modulus), slot: 3)
      let powers = try limbs(exponent, slot: 4)
      let ring = try ModularRing(nursery: self, modulus: m)
      let result = try ring.power(residue, powers)
      body(offset).update(from: result, count: m.count)
      release(point)
      return finished(offset, size: m.count)
    } catch {
      release(start)
      throw error
    }
  }
}

/// Multiplication modulo a natural of at least two, in scratch memory of the nursery.
///
/// For an odd modulus of moderate size residues are kept times 2^(64n) (after Montgomery), which replaces each division
/// by a row of products; otherwise products are divided. Elements have exactly as many limbs as the modulus.
private struct ModularRing {
  let nursery: Nursery
  let modulus: Limbs
  let isMontgomery: Bool
  /// -1/modulus modulo 2^64.
  let negatedInverse: Limb
  let wide: UnsafeMutablePointer<Limb>
  let quotient: UnsafeMutablePointer<Limb>

  /// Above this size division by halves beats the quadratic reduction.
  static let montgomeryLimbs = 160

  var size: Int { modulus.count }

  init(nursery: Nursery, modulus: Limbs) throws(Fault) {
    self.nursery = nursery
    self.modulus = modulus
    isMontgomery = modulus.pointer[0] & 1 == 1 && modulus.count <= ModularRing.montgomeryLimbs
    // Newton's iteration doubles the correct bits; an odd number is its own inverse modulo 8.
    var inverse = modulus.pointer[0]
    for _ in 0..<5 { inverse = inverse &* (2 &- modulus.pointer[0] &* inverse) }
    negatedInverse = 0 &- inverse
    wide = try nursery.scratchLimbs(2 * modulus.count)
    quotient = try nursery.scratchLimbs(modulus.count + 1)
  }

  /// r = wide modulo the modulus, divided by 2^(64n) in Montgomery form. `wide` is overwritten.
  private func reduce(_ r: UnsafeMutablePointer<Limb>) throws(Fault) {
    if !isMontgomery {
      return try nursery.divide(quotient: quotient, remainder: r, Limbs(wide, 2 * size), by: modulus)
    }
    for index in 0..<size {
      let factor = wide[index] &* negatedInverse
      // The lowest limb becomes zero; its place keeps the carry, which is added afterwards.
      wide[index] = __gmpn_addmul_1(wide + index, modulus.pointer, size, factor)
    }
    if __gmpn_add_n(r, wide + size, wide, size) != 0 { _ = __gmpn_sub_n(r, r, modulus.pointer, size) }
  }

  /// r = a * b. `r` may be either.
  private func multiply(
    _ r: UnsafeMutablePointer<Limb>, _ a: UnsafeMutablePointer<Limb>, _ b: UnsafeMutablePointer<Limb>
  ) throws(Fault) {
    try nursery.product(wide, Limbs(a, size), Limbs(b, size))
    try reduce(r)
  }

  /// x to the power of `exponent`, which is not zero, reduced; x is less than the modulus.
  func power(_ x: Limbs, _ exponent: Limbs) throws(Fault) -> UnsafeMutablePointer<Limb> {
    let bits = exponent.bitLength
    let window = bits <= 24 ? 1 : (bits <= 240 ? 3 : 5)
    // The odd and even powers below 2^window, from the first on.
    let table = try nursery.scratchLimbs(size << window)
    let first = table + size
    if isMontgomery {
      wide.update(repeating: 0, count: 2 * size)
      (wide + size).update(from: x.pointer, count: x.count)
      try nursery.divide(quotient: quotient, remainder: first, Limbs(wide, 2 * size), by: modulus)
    } else {
      first.update(repeating: 0, count: size)
      first.update(from: x.pointer, count: x.count)
    }
    for index in 2..<max(2, 1 << window) { try multiply(table + index * size, table + (index - 1) * size, first) }
    let result = try nursery.scratchLimbs(size)
    var isOne = true
    var place = (bits + window - 1) / window * window
    while place > 0 {
      try nursery.pollStop()
      place -= window
      if !isOne { for _ in 0..<window { try multiply(result, result, result) } }
      let digit = Int(exponent.bits(from: place, count: window))
      if digit == 0 { continue }
      if isOne {
        result.update(from: table + digit * size, count: size)
        isOne = false
      } else {
        try multiply(result, result, table + digit * size)
      }
    }
    if isMontgomery {
      wide.update(repeating: 0, count: 2 * size)
      wide.update(from: result, count: size)
      try reduce(result)
      if __gmpn_cmp(result, modulus.pointer, size) >= 0 {
        _ = __gmpn_sub_n(result, result, modulus.pointer, size)
      }
    }
    return result
  }
}
