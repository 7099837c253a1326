// Quotients and remainders of limb arrays of any size, cut into calls that each take about a millisecond at most.
//
// Small divisors are left to GMP, a block of the dividend at a time. Large ones are divided by halves: the upper half of
// the divisor gives an approximate quotient, one product corrects it, so that division costs a few products.

import CGMP
import StrataMemory

extension Nursery {
  /// Divisors of at most this many limbs are left to GMP, which needs no heap for them.
  static let directQuotientLimbs = 1000
  /// The least number of dividend limbs that are divided at a time.
  static let quotientBlockLimbs = 2000

  /// Writes a / d to the `a.count - d.count + 1` limbs at `quotient` and the remainder to the `d.count` limbs at
  /// `remainder`. The caller guarantees a.count >= d.count >= 1, a top limb of d that is not zero, and that nothing
  /// overlaps.
  func divide(
    quotient: UnsafeMutablePointer<Limb>, remainder: UnsafeMutablePointer<Limb>, _ a: Limbs, by d: Limbs
  ) throws(Fault) {
    if d.count > Nursery.directQuotientLimbs {
      return try divideByHalves(quotient: quotient, remainder: remainder, a, by: d)
    }
    let block = max(d.count, Nursery.quotientBlockLimbs)
    if a.count <= block + d.count {
      __gmpn_tdiv_qr(quotient, remainder, 0, a.pointer, a.count, d.pointer, d.count)
      return
    }
    let point = mark()
    defer { release(point) }
    let window = try scratchLimbs(block + d.count)
    let part = try scratchLimbs(block + 1)
    // The top block takes what the others leave over, so that all others are full.
    var start = a.count - d.count - (a.count - d.count) % block
    if start == a.count - d.count { start -= block }
    __gmpn_tdiv_qr(
      quotient + start, remainder, 0, a.pointer + start, a.count - start, d.pointer, d.count)
    while start > 0 {
      try pollStop()
      start -= block
      window.update(from: a.pointer + start, count: block)
      (window + block).update(from: remainder, count: d.count)
      __gmpn_tdiv_qr(part, remainder, 0, window, block + d.count, d.pointer, d.count)
      // Safe: the remainder is below d, so the quotient has no limb above `block`.
      (quotient + start).update(from: part, count: block)
    }
  }

  private func divideByHalves(
    quotient: UnsafeMutablePointer<Limb>, remainder: UnsafeMutablePointer<Limb>, _ a: Limbs, by d: Limbs
  ) throws(Fault) {
    let point = mark()
    defer { release(point) }
    let shift = UInt32(d.pointer[d.count - 1].leadingZeroBitCount)
    let work = try scratchLimbs(a.count + 1)
    let divisor = try scratchLimbs(d.count)
    if shift == 0 {
      work.update(from: a.pointer, count: a.count)
      work[a.count] = 0
      divisor.update(from: d.pointer, count: d.count)
    } else {
      work[a.count] = __gmpn_lshift(work, a.pointer, a.count, shift)
      _ = __gmpn_lshift(divisor, d.pointer, d.count, shift)
    }
    // The top d.count limbs of `work` are below the divisor: their top limb is what the shift moved out.
    var start = a.count + 1 - d.count
    while start > 0 {
      let length = start % d.count == 0 ? d.count : start % d.count
      start -= length
      try reduce(quotient + start, length, work + start, divisor, d.count)
    }
    if shift == 0 {
      remainder.update(from: work, count: d.count)
    } else {
      _ = __gmpn_rshift(remainder, work, d.count, shift)
    }
  }

  /// Divides the `length + size` limbs at `a` by the `size` limbs at `d`: the quotient of `length` limbs goes to `q`,
  /// the remainder stays in the low limbs of `a`, whose upper limbs are undefined then. The caller guarantees
  /// length <= size, d's top bit set, and that the upper `size` limbs of `a` are less than d.
  private func reduce(
    _ q: UnsafeMutablePointer<Limb>, _ length: Int, _ a: UnsafeMutablePointer<Limb>,
    _ d: UnsafeMutablePointer<Limb>, _ size: Int
  ) throws(Fault) {
    try pollStop()
    if size <= Nursery.directQuotientLimbs {
      let point = mark()
      defer { release(point) }
      let part = try scratchLimbs(length + 1)
      let rest = try scratchLimbs(size)
      __gmpn_tdiv_qr(part, rest, 0, a, length + size, d, size)
      q.update(from: part, count: length)
      a.update(from: rest, count: size)
      return
    }
    if length == size {
      let low = length / 2
      try reduce(q + low, length - low, a + low, d, size)
      try reduce(q, low, a, d, size)
      return
    }
    // Only the divisor's upper `length` limbs matter at first; the lower ones make the estimate too large by at
    // most two.
    let low = size - length
    var excess = 0
    if __gmpn_cmp(a + size, d + low, length) == 0 {
      // The estimate would be 2^(64 * length): one less leaves the upper part plus the divisor.
      q.update(repeating: Limb.max, count: length)
      excess = Int(__gmpn_add_n(a + low, a + low, d + low, length))
    } else {
      try reduce(q, length, a + low, d + low, length)
    }
    let point = mark()
    defer { release(point) }
    let correction = try scratchLimbs(size)
    try product(correction, Limbs(q, length), Limbs(d, low))
    excess -= Int(__gmpn_sub_n(a, a, correction, size))
    while excess < 0 {
      _ = __gmpn_sub_1(q, q, length, 1)
      excess += Int(__gmpn_add_n(a, a, d, size))
    }
  }
}
