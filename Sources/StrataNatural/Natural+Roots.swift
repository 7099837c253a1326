// Integer square roots and greatest common divisors.

import CGMP
import StrataMemory

extension Nursery {
  /// Operands of at most this many limbs are left to GMP, which needs no heap for them.
  private static var directRootLimbs: Int { 1500 }
  private static var directDivisorLimbs: Int { 1200 }

  /// The largest natural whose square is at most a.
  public func squareRoot(_ a: Word) throws(Fault) -> Word {
    if a.isDirect {
      // The nearest floating-point root is at most one off.
      var root = UInt64(Double(a.raw).squareRoot())
      if root &* root > a.raw { root &-= 1 }
      if (root &+ 1) &* (root &+ 1) <= a.raw { root &+= 1 }
      return Word(direct: root)
    }
    let x = try limbs(a, slot: 0)
    let size = (x.count + 1) / 2
    let start = mark()
    do throws(Fault) {
      let offset = try allocate(.natural, size: size)
      let point = mark()
      if x.count <= Nursery.directRootLimbs {
        _ = __gmpn_sqrtrem(body(offset), nil, x.pointer, x.count)
      } else {
        let root = try limbs(try rootAndRemainder(a).root, slot: 0)
        body(offset).update(repeating: 0, count: size)
        body(offset).update(from: root.pointer, count: root.count)
      }
      release(point)
      return finished(offset, size: size)
    } catch {
      release(start)
      throw error
    }
  }

  /// The root and what remains, by the root of the upper half (after Zimmermann). Leaves garbage.
  private func rootAndRemainder(_ a: Word) throws(Fault) -> (root: Word, remainder: Word) {
    let x = try limbs(a, slot: 0)
    if x.count <= Nursery.directRootLimbs {
      if x.count == 0 { return (.zero, .zero) }
      let rootSize = (x.count + 1) / 2
      let rootOffset = try allocate(.natural, size: rootSize)
      let restOffset = try allocate(.natural, size: x.count)
      let count = __gmpn_sqrtrem(body(rootOffset), body(restOffset), x.pointer, x.count)
      (body(restOffset) + count).update(repeating: 0, count: x.count - count)
      let rest = finished(restOffset, size: x.count)
      return (finished(rootOffset, size: rootSize), rest)
    }
    try pollStop()
    // a = upper * 4^k + middle * 2^k + lower, where the upper part has at least 2k - 1 bits.
    let k = x.bitLength / 4
    let shift = Word(direct: UInt64(k))
    let middle = try bits(of: a, from: k, count: k)
    let lower = try bits(of: a, from: 0, count: k)
    let upper = try rootAndRemainder(try bits(of: a, from: 2 * k, count: Int.max))
    let dividend = try add(try shiftLeft(upper.remainder, by: shift), middle)
    let (quotient, rest) = try divide(dividend, by: try shiftLeft(upper.root, by: .one))
    var root = try add(try shiftLeft(upper.root, by: shift), quotient)
    var remainder = try add(try shiftLeft(rest, by: shift), lower)
    let square = try multiply(quotient, quotient)
    // The estimate is too large by at most one.
    if try isLess(remainder, square) {
      remainder = try decrement(try add(remainder, try shiftLeft(root, by: .one)))
      root = try decrement(root)
    }
    return (root, try subtract(remainder, square))
  }

  /// The largest natural that divides both; with zero, the other one.
  public func greatestCommonDivisor(_ a: Word, _ b: Word) throws(Fault) -> Word {
    guard a.isNatural, b.isNatural else { throw .exit }
    if a == .zero { return b }
    if b == .zero { return a }
    let zeros = min(try trailingZeros(a), try trailingZeros(b))
    let start = mark()
    do throws(Fault) {
      let size = min(try limbs(a, slot: 0).count, try limbs(b, slot: 1).count)
      let offset = try allocate(.natural, size: size)
      let point = mark()
      let x = try oddPart(try limbs(a, slot: 0))
      let y = try oddPart(try limbs(b, slot: 1))
      let divisor = try commonDivisor(x, y)
      // Safe: the result divides both operands, so it is no longer than either.
      writeShifted(body(offset), size: size, divisor, left: zeros)
      release(point)
      return finished(offset, size: size)
    } catch {
      release(start)
      throw error
    }
  }

  /// A copy of x without its factors of two, with a limb of room above.
  private func oddPart(_ x: Limbs) throws(Fault) -> WorkingNatural {
    let zeros = trailingZeros(x)
    let count = x.bitLength - zeros
    let size = (count + 63) / 64
    let copy = try scratchLimbs(size + 1)
    x.copyBits(from: zeros, count: count, to: copy)
    return WorkingNatural(limbs: copy, count: size)
  }

  /// The greatest common divisor of two odd naturals, which are overwritten.
  private func commonDivisor(_ first: WorkingNatural, _ second: WorkingNatural) throws(Fault) -> Limbs {
    var x = first
    var y = second
    let room = max(x.count, y.count) + 2
    var spare = WorkingNatural(limbs: try scratchLimbs(room), count: 0)
    var other = WorkingNatural(limbs: try scratchLimbs(room), count: 0)
    let quotient = try scratchLimbs(room)
    while true {
      if compare(x.view, y.view) < 0 { swap(&x, &y) }
      if y.count == 0 { return x.view }
      if y.count == 1 {
        return Limbs(singleLimb(__gmpn_gcd_1(x.limbs, x.count, y.limbs[0]), in: spare.limbs), 1)
      }
      if x.count <= Nursery.directDivisorLimbs, (x.limbs[0] | y.limbs[0]) & 1 == 1 {
        let count = __gmpn_gcd(spare.limbs, x.limbs, x.count, y.limbs, y.count)
        return Limbs(spare.limbs, count)
      }
      try pollStop()
      if let matrix = EuclidMatrix(x.view, y.view) {
        matrix.apply(x, y, to: &spare, &other)
        swap(&x, &spare)
        swap(&y, &other)
      } else {
        try divide(quotient: quotient, remainder: spare.limbs, x.view, by: y.view)
        spare.count = Limbs(trimming: spare.limbs, y.count).count
        swap(&x, &y)
        swap(&y, &spare)
      }
    }
  }

  private func singleLimb(_ value: Limb, in place: UnsafeMutablePointer<Limb>) -> UnsafeMutablePointer<Limb> {
    place[0] = value
    return place
  }
}

/// A natural in scratch memory that is being changed.
private struct WorkingNatural {
  var limbs: UnsafeMutablePointer<Limb>
  var count: Int

  var view: Limbs { Limbs(limbs, count) }
}

/// Several steps of Euclid's algorithm at once, found from the leading bits alone (after Lehmer): the step takes (x, y) to
/// (a x - b y, d y - c x) or, after an odd number of quotients, to (b y - a x, c x - d y).
private struct EuclidMatrix {
  var a: Limb = 1
  var b: Limb = 0
  var c: Limb = 0
  var d: Limb = 1
  var isOdd = false

  /// Nil when the leading bits do not decide even one quotient. `x` is not less than `y`.
  init?(_ x: Limbs, _ y: Limbs) {
    let top = x.bitLength - 64
    if top <= 0 || y.bitLength <= top + 33 { return nil }
    var high = x.bits(from: top, count: 64)
    var low = y.bits(from: top, count: 64)
    // Every quotient must be the same for the largest and the smallest operands with these leading bits
    // (Collins's condition); the cofactors then stay below 2^32.
    while low != 0 {
      let (quotient, rest) = high.quotientAndRemainder(dividingBy: low)
      if quotient >> 32 != 0 { break }
      let nextC = a &+ quotient &* c
      let nextD = b &+ quotient &* d
      if nextC >> 32 != 0 || nextD >> 32 != 0 { break }
      if rest < nextD || low &- rest < nextC &+ c &+ nextD &+ d { break }
      a = c
      b = d
      c = nextC
      d = nextD
      isOdd.toggle()
      high = low
      low = rest
    }
    if b == 0 { return nil }
  }

  /// Applies the steps to the operands; `r` and `s` get the results and have room for one limb more than `x`.
  func apply(_ x: WorkingNatural, _ y: WorkingNatural, to r: inout WorkingNatural, _ s: inout WorkingNatural) {
    let size = x.count
    (y.limbs + y.count).update(repeating: 0, count: size - y.count)
    // Even: r = a x - b y and s = d y - c x. Odd: the negatives.
    combine(r.limbs, isOdd ? y : x, isOdd ? b : a, isOdd ? x : y, isOdd ? a : b, size)
    combine(s.limbs, isOdd ? x : y, isOdd ? c : d, isOdd ? y : x, isOdd ? d : c, size)
    r.count = Limbs(trimming: r.limbs, size + 1).count
    s.count = Limbs(trimming: s.limbs, size + 1).count
  }

  /// target = p * u - q * v, which is not negative.
  private func combine(
    _ target: UnsafeMutablePointer<Limb>, _ u: WorkingNatural, _ p: Limb, _ v: WorkingNatural, _ q: Limb, _ size: Int
  ) {
    let carry = __gmpn_mul_1(target, u.limbs, size, p)
    target[size] = carry &- __gmpn_submul_1(target, v.limbs, size, q)
  }
}
