// Products of very large operands by a number-theoretic transform (after Schönhage and Strassen).
//
// The operands are cut into K pieces of M limbs, read as polynomials, and multiplied as such: transformed, multiplied
// point by point, transformed back. Coefficients are residues modulo F = 2^(64n) + 1, in which 2 is a root of unity, so
// that every twiddle factor is a shift. A residue is kept in n + 1 limbs and is at most 2^(64n): the top limb is 1
// only for 2^(64n) itself, which stands for -1.
//
// All memory comes from the nursery, and every step is short enough to notice a request to stop.

import CGMP
import StrataMemory

/// The shape of a transform.
struct FourierShape {
  /// The number of pieces is 2^logCount.
  var logCount: Int
  /// Limbs of a piece.
  var piece: Int
  /// Limbs of the modulus.
  var modulus: Int

  /// The shape with 2^logCount pieces for a product of `size` limbs.
  init(size: Int, logCount: Int) {
    self.logCount = logCount
    piece = (size + (1 << logCount) - 1) >> logCount
    // A coefficient is a sum of at most 2^logCount products of two pieces. The root of unity of order
    // 2^logCount is a power of two only when 2^logCount divides twice the bits of the modulus.
    let grain = max(1, (1 << logCount) / 128)
    modulus = (2 * piece + 1 + grain - 1) / grain * grain
  }

  /// The estimated work, in arbitrary units.
  var cost: Double {
    let count = Double(1 << logCount)
    let limbs = Double(modulus)
    let butterflies = 1.5 * count * Double(logCount) * (limbs * 1.1 + 20)
    return butterflies + count * FourierShape.productCost(limbs)
  }

  /// A fit to measured times of products of two operands of `limbs` limbs, in nanoseconds.
  static func productCost(_ limbs: Double) -> Double {
    var size = 16.0
    var cost = 90.0
    while size < limbs {
      size *= 2
      cost *= size <= 64 ? 3.4 : (size <= 256 ? 2.9 : 2.6)
    }
    // Between the two powers of two the cost grows by a factor of about 2.8.
    let excess = size / limbs
    return excess <= 1 ? cost : cost / (1 + (excess - 1) * 1.8)
  }

  /// The best shape for a product of `size` limbs.
  static func best(size: Int) -> FourierShape {
    var best = FourierShape(size: size, logCount: 5)
    for logCount in 6...20 {
      let next = FourierShape(size: size, logCount: logCount)
      if next.cost < best.cost { best = next }
    }
    return best
  }
}

extension Nursery {
  /// Writes a * b to the `a.count + b.count` limbs at `result`, which overlaps neither. Both have at least one limb.
  /// Throws when there is no scratch memory or somebody asks to stop.
  func fourierProduct(
    _ result: UnsafeMutablePointer<Limb>, _ a: Limbs, _ b: Limbs, shape given: FourierShape? = nil
  ) throws(Fault) {
    let size = a.count + b.count
    let shape = given ?? FourierShape.best(size: size)
    let isSquare = a.pointer == b.pointer && a.count == b.count
    let stride = shape.modulus + 1
    let point = mark()
    defer { release(point) }
    let transform = FourierTransform(
      nursery: self, limbs: shape.modulus, temporary: try scratchLimbs(stride), wide: try scratchLimbs(2 * stride))
    let x = try scratchLimbs(stride << shape.logCount)
    try transform.load(x, a, shape)
    try transform.forward(x, count: 1 << shape.logCount, step: transform.order >> shape.logCount)
    if isSquare {
      try transform.multiplyPoints(x, x, count: 1 << shape.logCount)
    } else {
      let y = try scratchLimbs(stride << shape.logCount)
      try transform.load(y, b, shape)
      try transform.forward(y, count: 1 << shape.logCount, step: transform.order >> shape.logCount)
      try transform.multiplyPoints(x, y, count: 1 << shape.logCount)
    }
    try transform.inverse(x, count: 1 << shape.logCount, step: transform.order >> shape.logCount)
    try transform.collect(result, size: size, x, shape)
  }
}

/// Arithmetic modulo 2^(64 * limbs) + 1 and transforms over arrays of residues.
struct FourierTransform {
  let nursery: Nursery
  /// Limbs of the modulus; residues have one more.
  let limbs: Int
  /// Room for one residue, and for two.
  let temporary: UnsafeMutablePointer<Limb>
  let wide: UnsafeMutablePointer<Limb>

  typealias Residue = UnsafeMutablePointer<Limb>

  var stride: Int { limbs + 1 }
  /// The order of 2 modulo F.
  var order: Int { 128 * limbs }

  /// Sets the residues at `x` to the pieces of `a`.
  func load(_ x: Residue, _ a: Limbs, _ shape: FourierShape) throws(Fault) {
    for index in 0..<(1 << shape.logCount) {
      try nursery.pollStop()
      let residue = x + index * stride
      let start = index * shape.piece
      let length = max(0, min(shape.piece, a.count - start))
      if length > 0 { residue.update(from: a.pointer + start, count: length) }
      (residue + length).update(repeating: 0, count: stride - length)
    }
  }

  /// Decimation in frequency, in place: natural order in, bit-reversed order out. 2^step has order `count`.
  func forward(_ x: Residue, count: Int, step: Int) throws(Fault) {
    if count == 1 { return }
    let half = count / 2
    for index in 0..<half {
      try nursery.pollStop()
      let upper = x + index * stride
      let lower = x + (index + half) * stride
      subtract(temporary, upper, lower)
      add(upper, upper, lower)
      shift(lower, temporary, index * step)
    }
    try forward(x, count: half, step: 2 * step)
    try forward(x + half * stride, count: half, step: 2 * step)
  }

  /// Decimation in time, in place: undoes `forward` up to a factor of `count`.
  func inverse(_ x: Residue, count: Int, step: Int) throws(Fault) {
    if count == 1 { return }
    let half = count / 2
    try inverse(x, count: half, step: 2 * step)
    try inverse(x + half * stride, count: half, step: 2 * step)
    for index in 0..<half {
      try nursery.pollStop()
      let upper = x + index * stride
      let lower = x + (index + half) * stride
      shift(temporary, lower, index == 0 ? 0 : order - index * step)
      subtract(lower, upper, temporary)
      add(upper, upper, temporary)
    }
  }

  /// x[i] = x[i] * y[i] for each of `count` residues. `x` may be `y`.
  func multiplyPoints(_ x: Residue, _ y: Residue, count: Int) throws(Fault) {
    for index in 0..<count {
      try nursery.pollStop()
      let left = x + index * stride
      let right = y + index * stride
      if left[limbs] != 0 {
        negate(left, right)
      } else if right[limbs] != 0 {
        negate(left, left)
      } else {
        try nursery.product(wide, Limbs(left, limbs), Limbs(right, limbs))
        let borrow = __gmpn_sub_n(left, wide, wide + limbs, limbs)
        // A negative difference d is stored as d + 2^(64n); d + F is one more.
        left[limbs] = __gmpn_add_1(left, left, limbs, borrow)
      }
    }
  }

  /// Divides by the number of pieces and adds up the coefficients, each at its place.
  func collect(
    _ result: UnsafeMutablePointer<Limb>, size: Int, _ x: Residue, _ shape: FourierShape
  ) throws(Fault) {
    result.update(repeating: 0, count: size)
    for index in 0..<(1 << shape.logCount) {
      try nursery.pollStop()
      let start = index * shape.piece
      if start >= size { break }
      shift(temporary, x + index * stride, order - shape.logCount)
      // Safe: coefficients are not negative and their sum is the product, so what is cut off is zero.
      let length = min(stride, size - start)
      let carry = __gmpn_add_n(result + start, result + start, temporary, length)
      if carry != 0, start + length < size {
        _ = __gmpn_add_1(result + start + length, result + start + length, size - start - length, carry)
      }
    }
  }

  /// r = a + b. `r` may be `a` or `b`.
  @inline(__always)
  func add(_ r: Residue, _ a: Residue, _ b: Residue) {
    let carry = __gmpn_add_n(r, a, b, limbs) &+ a[limbs] &+ b[limbs]
    lower(r, by: carry)
  }

  /// r = a - b. `r` may be `a` or `b`.
  @inline(__always)
  func subtract(_ r: Residue, _ a: Residue, _ b: Residue) {
    let top = a[limbs]
    let taken = b[limbs]
    let borrow = __gmpn_sub_n(r, a, b, limbs) &+ taken
    // The value is r + (top - borrow) * 2^(64n), which is r + (borrow - top) modulo F.
    if top > borrow {
      lower(r, by: 1)
    } else {
      raise(r, by: borrow &- top)
    }
  }

  /// r = -a. `r` may be `a`.
  func negate(_ r: Residue, _ a: Residue) {
    let top = a[limbs]
    if top != 0 {
      r.update(repeating: 0, count: stride)
      r[0] = 1
      return
    }
    let borrow = __gmpn_neg(r, a, limbs)
    // 2^(64n) - a is stored; F - a is one more. Zero stays zero.
    r[limbs] = borrow == 0 ? 0 : __gmpn_add_1(r, r, limbs, 1)
  }

  /// Makes r + carry * 2^(64n), with carry at most 2, a residue again: 2^(64n) is -1.
  @inline(__always)
  private func lower(_ r: Residue, by carry: Limb) {
    r[limbs] = 0
    if carry == 0 { return }
    if __gmpn_sub_1(r, r, limbs, carry) != 0 {
      // r + 2^(64n) - carry is stored; one more is wanted.
      r[limbs] = __gmpn_add_1(r, r, limbs, 1)
    }
  }

  /// Makes r + amount, with amount at most 2, a residue again.
  @inline(__always)
  private func raise(_ r: Residue, by amount: Limb) {
    r[limbs] = 0
    if amount == 0 { return }
    if __gmpn_add_1(r, r, limbs, amount) != 0 {
      // The low limbs hold the sum less 2^(64n), which is 0 or 1: the sum is -1 or 0.
      if r[0] == 0 { r[limbs] = 1 } else { r[0] = 0 }
    }
  }

  /// r = a * 2^bits for 0 <= bits < 128 * limbs. `r` is not `a`.
  func shift(_ r: Residue, _ a: Residue, _ bits: Int) {
    if bits == 0 {
      r.update(from: a, count: stride)
      return
    }
    let isNegative = bits >= 64 * limbs
    let distance = isNegative ? bits - 64 * limbs : bits
    let whole = distance / 64
    let part = UInt32(distance % 64)
    let rest = limbs - whole
    // a * 2^distance = H * 2^(64 * whole) + X * 2^(64 * limbs), that is H * 2^(64 * whole) - X. H are the limbs
    // that stay below the modulus's top, X are `whole` limbs and what was shifted out above them.
    var over: Limb
    if part == 0 {
      (r + whole).update(from: a, count: rest)
      if whole > 0 { r.update(from: a + rest, count: whole) }
      over = a[limbs]
    } else {
      let middle = __gmpn_lshift(r + whole, a, rest, part)
      if whole > 0 {
        over = __gmpn_lshift(r, a + rest, whole, part) | a[limbs] << Limb(part)
        r[0] |= middle
      } else {
        over = middle | a[limbs] << Limb(part)
      }
    }
    if whole > 0 { over &+= __gmpn_neg(r, r, whole) }
    // Safe: `over` did not wrap: a[limbs] is 1 only for the residue -1, whose other limbs are zero.
    r[limbs] = 0
    if over != 0, __gmpn_sub_1(r + whole, r + whole, rest, over) != 0 {
      r[limbs] = __gmpn_add_1(r, r, limbs, 1)
    }
    if isNegative { negate(r, r) }
  }
}
