// Products of limb arrays of any size, cut into calls that each take about a millisecond at most.
//
// GMP takes scratch for large operands from the heap and ends the process when there is none. Operands that it is
// given here are small enough that it works on the host stack alone; everything larger is cut up or transformed
// in the nursery, where running out of memory is an ordinary error and a request to stop is seen.

import CGMP
import StrataMemory

extension Nursery {
  /// A product whose shorter operand has at most this many limbs is left to GMP, the longer one cut into slices. GMP
  /// takes scratch of up to 4064 limbs from the host stack, which suffices for these sizes with room to spare.
  static let directProductLimbs = 900
  /// The slices of a long operand that are multiplied by such a short one.
  static let productSliceLimbs = 1800
  /// GMP needs less for operands of the same size: up to this many limbs.
  static let directSquareLimbs = 1500
  /// From this size on a transform is faster than halves.
  static let transformLimbs = 3000

  /// Writes a * b to the `a.count + b.count` limbs at `result`, which overlaps neither. Throws when there is no
  /// scratch memory or somebody asks to stop; the result's limbs are then undefined.
  func product(_ result: UnsafeMutablePointer<Limb>, _ a: Limbs, _ b: Limbs) throws(Fault) {
    if a.count < b.count { return try product(result, b, a) }
    if b.count == 0 {
      result.update(repeating: 0, count: a.count)
      return
    }
    if b.count <= Nursery.directProductLimbs {
      if a.count <= max(b.count, Nursery.productSliceLimbs) {
        if a.pointer == b.pointer, a.count == b.count {
          __gmpn_sqr(result, a.pointer, a.count)
        } else {
          _ = __gmpn_mul(result, a.pointer, a.count, b.pointer, b.count)
        }
        return
      }
      return try slicedProduct(result, a, b, slice: Nursery.productSliceLimbs)
    }
    if b.count >= Nursery.transformLimbs, a.count <= 2 * b.count { return try fourierProduct(result, a, b) }
    if a.count > b.count { return try slicedProduct(result, a, b, slice: b.count) }
    if a.count > Nursery.directSquareLimbs { return try productByHalves(result, a, b) }
    if a.pointer == b.pointer {
      __gmpn_sqr(result, a.pointer, a.count)
    } else {
      __gmpn_mul_n(result, a.pointer, b.pointer, a.count)
    }
  }

  /// The product of two operands of the same size by three products of half the size (after Karatsuba).
  private func productByHalves(_ result: UnsafeMutablePointer<Limb>, _ a: Limbs, _ b: Limbs) throws(Fault) {
    try pollStop()
    let size = a.count
    let low = (size + 1) / 2
    let high = size - low
    let point = mark()
    defer { release(point) }
    let cross = try scratchLimbs(2 * low + 1)
    // The differences of the halves, for the length of one product, where the result's lower half will be.
    var isNegative = distance(result, a, low)
    if a.pointer == b.pointer {
      isNegative = false
      try product(cross, Limbs(result, low), Limbs(result, low))
    } else {
      if distance(result + low, b, low) { isNegative.toggle() }
      try product(cross, Limbs(result, low), Limbs(result + low, low))
    }
    try product(result, Limbs(a.pointer, low), Limbs(b.pointer, low))
    try product(result + 2 * low, Limbs(a.pointer + low, high), Limbs(b.pointer + low, high))
    // a0 b1 + a1 b0 = a0 b0 + a1 b1 - (a0 - a1)(b0 - b1), which is never negative.
    let sum = try scratchLimbs(2 * low + 1)
    sum[2 * low] = __gmpn_add(sum, result, 2 * low, result + 2 * low, 2 * high)
    if isNegative {
      sum[2 * low] += __gmpn_add_n(sum, sum, cross, 2 * low)
    } else {
      sum[2 * low] -= __gmpn_sub_n(sum, sum, cross, 2 * low)
    }
    // Safe: the product fits into the result, so the top limb of the sum is zero where there is no room for it.
    let room = min(2 * low + 1, 2 * size - low)
    _ = __gmpn_add(result + low, result + low, 2 * size - low, sum, room)
  }

  /// Writes the distance between the lower `low` limbs of x and the rest to the `low` limbs at `target`. Returns whether
  /// the rest is larger.
  private func distance(_ target: UnsafeMutablePointer<Limb>, _ x: Limbs, _ low: Int) -> Bool {
    let high = x.count - low
    let upper = x.pointer + low
    let isLonger = high < low && x.pointer[low - 1] != 0
    if isLonger || __gmpn_cmp(x.pointer, upper, high) >= 0 {
      _ = __gmpn_sub(target, x.pointer, low, upper, high)
      return false
    }
    _ = __gmpn_sub_n(target, upper, x.pointer, high)
    if high < low { target[high] = 0 }
    return true
  }

  /// The product of a long and a short operand, as a sum of products of slices. `slice` is less than `a.count`.
  private func slicedProduct(
    _ result: UnsafeMutablePointer<Limb>, _ a: Limbs, _ b: Limbs, slice: Int
  ) throws(Fault) {
    let point = mark()
    defer { release(point) }
    let part = try scratchLimbs(slice + b.count)
    try product(result, Limbs(a.pointer, slice), b)
    var start = slice
    while start < a.count {
      try pollStop()
      let length = min(slice, a.count - start)
      try product(part, Limbs(a.pointer + start, length), b)
      // The limbs [start, start + b.count) hold the upper part of the sum so far.
      let carry = __gmpn_add_n(result + start, result + start, part, b.count)
      (result + start + b.count).update(from: part + b.count, count: length)
      // Safe: the sum of the products so far fits into start + length + b.count limbs.
      _ = __gmpn_add_1(result + start + b.count, result + start + b.count, length, carry)
      start += length
    }
  }
}
