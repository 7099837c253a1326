// Products of limb arrays of any size, cut into calls that each take about a millisecond at most.
//
// GMP takes scratch for large operands from the heap and ends the process when there is none. Operands that it is
// given here are small enough that it works on the host stack alone; everything larger is cut up or transformed
// in the nursery, where running out of memory is an ordinary error and a request to stop is seen.

import CGMP
import StrataMemory

extension Nursery {
  /// The shorter operand of a product that is left to GMP has at most this many limbs.
  static let directProductLimbs = 2500
  /// How many limbs of a long operand are multiplied at a time by a short one.
  static let productSliceLimbs = 2000

  /// Writes a * b to the `a.count + b.count` limbs at `result`, which overlaps neither. Throws when there is no
  /// scratch memory or somebody asks to stop; the result's limbs are then undefined.
  func product(_ result: UnsafeMutablePointer<Limb>, _ a: Limbs, _ b: Limbs) throws(Fault) {
    if a.count < b.count { return try product(result, b, a) }
    if b.count == 0 {
      result.update(repeating: 0, count: a.count)
      return
    }
    if b.count <= Nursery.directProductLimbs {
      if a.count <= max(2 * b.count, Nursery.productSliceLimbs) {
        if a.pointer == b.pointer, a.count == b.count {
          __gmpn_sqr(result, a.pointer, a.count)
        } else {
          _ = __gmpn_mul(result, a.pointer, a.count, b.pointer, b.count)
        }
        return
      }
      return try slicedProduct(result, a, b, slice: max(b.count, Nursery.productSliceLimbs))
    }
    if a.count <= 2 * b.count { return try fourierProduct(result, a, b) }
    try slicedProduct(result, a, b, slice: b.count)
  }

  /// The product of a long and a short operand, as a sum of products of slices. `slice` is at least `b.count` or
  /// small, and less than `a.count`.
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
