// The two curves by their textbook formulas over plain numbers: the twisted Edwards curve of Ed25519 with X25519 beside
// it (RFC 8032, RFC 7748), and secp256k1 with ECDSA, recovery (SEC 1), the nonce of RFC 6979 and BIP 340.

/// A group of points with a base point, by nothing but its law.
protocol PlainGroup {
  static var neutral: Self { get }
  static var base: Self { get }
  /// The base point times every byte in every place.
  static var multiples: [[Self]] { get }
  static func + (a: Self, b: Self) -> Self
}

extension PlainGroup {
  static func * (scalar: Plain256, point: Self) -> Self {
    var multiples = [neutral]
    for _ in 1..<16 { multiples.append(multiples[multiples.count - 1] + point) }
    var result = neutral
    for index in (0..<64).reversed() {
      for _ in 0..<4 { result = result + result }
      result = result + multiples[scalar.nibble(index)]
    }
    return result
  }

  static func byteMultiples() -> [[Self]] {
    var first = base
    return (0..<32).map { _ in
      var list = [neutral]
      for _ in 0..<255 { list.append(list[list.count - 1] + first) }
      first = list[255] + first
      return list
    }
  }

  static func multiplyBase(_ scalar: Plain256) -> Self {
    var sum = neutral
    for index in 0..<32 { sum = sum + multiples[index][scalar.byte(index)] }
    return sum
  }
}

/// Ed25519's group.
struct PlainEdwards: PlainGroup {
  var x: Plain256
  var y: Plain256
  var z: Plain256
  var t: Plain256

  static let one = Plain256(1)
  static let field = PlainField(Plain256(hex: "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"))
  static let order = PlainField(Plain256(hex: "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"))
  private static let d: Plain256 = {
    let ratio = field.multiply(Plain256(121_665), field.inverse(Plain256(121_666)))
    return field.subtract(Plain256(), ratio)
  }()
  private static let rootOfMinusOne = field.power(
    Plain256(2), Plain256(hex: "1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffb"))
  static let neutral = PlainEdwards(x: Plain256(), y: one, z: one, t: Plain256())
  /// The point with y = 4/5 and an even x.
  static let base: PlainEdwards = {
    let y = field.multiply(Plain256(4), field.inverse(Plain256(5)))
    return PlainEdwards(decoding: y.bytes) ?? neutral
  }()

  init(x: Plain256, y: Plain256, z: Plain256, t: Plain256) {
    self.x = x
    self.y = y
    self.z = z
    self.t = t
  }

  /// Nil unless the bytes are the canonical encoding of a point.
  init?(decoding bytes: [UInt8]) {
    let field = PlainEdwards.field
    var bytes = bytes
    let isOdd = bytes[31] & 0x80 != 0
    bytes[31] &= 0x7F
    let y = Plain256(bytes: bytes)
    guard y.isBelow(field.modulus) else { return nil }
    let square = field.multiply(y, y)
    let ratio = field.multiply(
      field.subtract(square, PlainEdwards.one),
      field.inverse(field.add(field.multiply(PlainEdwards.d, square), PlainEdwards.one)))
    // p = 5 mod 8: the root is this power, or that times the root of -1.
    var x = field.power(ratio, Plain256(hex: "0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"))
    if field.multiply(x, x) != ratio { x = field.multiply(x, PlainEdwards.rootOfMinusOne) }
    guard field.multiply(x, x) == ratio, !(x.isZero && isOdd) else { return nil }
    if x.isOdd != isOdd { x = field.subtract(Plain256(), x) }
    self.init(x: x, y: y, z: PlainEdwards.one, t: field.multiply(x, y))
  }

  var encoded: [UInt8] {
    let field = PlainEdwards.field
    let inverse = field.inverse(z)
    var bytes = field.multiply(y, inverse).bytes
    if field.multiply(x, inverse).isOdd { bytes[31] |= 0x80 }
    return bytes
  }

  /// The law that holds for all pairs of points.
  static func + (a: PlainEdwards, b: PlainEdwards) -> PlainEdwards {
    let m = field
    let low = m.multiply(m.subtract(a.y, a.x), m.subtract(b.y, b.x))
    let high = m.multiply(m.add(a.y, a.x), m.add(b.y, b.x))
    let product = m.multiply(m.multiply(a.t, b.t), d)
    let twice = m.add(product, product)
    let scale = m.multiply(a.z, b.z)
    let depth = m.add(scale, scale)
    let (e, f, g, h) = (m.subtract(high, low), m.subtract(depth, twice), m.add(depth, twice), m.add(high, low))
    return PlainEdwards(x: m.multiply(e, f), y: m.multiply(g, h), z: m.multiply(f, g), t: m.multiply(e, h))
  }

  var negative: PlainEdwards {
    let m = PlainEdwards.field
    return PlainEdwards(x: m.subtract(Plain256(), x), y: y, z: z, t: m.subtract(Plain256(), t))
  }

  static let multiples = byteMultiples()

  var isNeutral: Bool { x.isZero && y == z }
  /// Whether it is of the main subgroup, and not neutral.
  var isMain: Bool { !isNeutral && (PlainEdwards.order.modulus * self).isNeutral }

  // MARK: Keys, signatures, secrets

  static func clamped(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    result[0] &= 0xF8
    result[31] = result[31] & 0x7F | 0x40
    return result
  }

  /// What the hash of a seed gives: the scalar and the prefix.
  static func expand(_ seed: [UInt8]) -> (scalar: [UInt8], prefix: [UInt8]) {
    let digest = PlainHash.sha512(seed)
    return (clamped(Array(digest.prefix(32))), Array(digest.suffix(32)))
  }

  static func publicKey(_ seed: [UInt8]) -> [UInt8] { multiplyBase(Plain256(bytes: expand(seed).scalar)).encoded }

  static func sign(_ message: [UInt8], scalar: [UInt8], prefix: [UInt8], key: [UInt8]) -> [UInt8] {
    let nonce = order.reduced(bytes: PlainHash.sha512(prefix + message))
    let point = multiplyBase(nonce).encoded
    let challenge = order.reduced(bytes: PlainHash.sha512(point + key + message))
    let product = order.multiply(challenge, order.reduced(bytes: scalar))
    return point + order.add(nonce, product).bytes
  }

  /// Whether s * B = R + h * A, with R compared as it is written.
  static func verify(_ signature: [UInt8], _ message: [UInt8], key: [UInt8], point: PlainEdwards) -> Bool {
    let challenge = order.reduced(bytes: PlainHash.sha512(Array(signature.prefix(32)) + key + message))
    let sum = multiplyBase(Plain256(bytes: signature.suffix(32))) + challenge * point.negative
    return sum.encoded == Array(signature.prefix(32))
  }

  /// X25519 of a scalar that is clamped, by the ladder.
  static func exchange(_ scalar: [UInt8], _ u: Plain256) -> [UInt8] {
    let m = field
    let k = Plain256(bytes: scalar)
    var (x2, z2, x3, z3) = (one, Plain256(), u, one)
    for index in (0..<255).reversed() {
      let swaps = k.bit(index)
      if swaps { (x2, z2, x3, z3) = (x3, z3, x2, z2) }
      let (a, b) = (m.add(x2, z2), m.subtract(x2, z2))
      let (aa, bb) = (m.multiply(a, a), m.multiply(b, b))
      let e = m.subtract(aa, bb)
      let (da, cb) = (m.multiply(m.subtract(x3, z3), a), m.multiply(m.add(x3, z3), b))
      let (sum, difference) = (m.add(da, cb), m.subtract(da, cb))
      x3 = m.multiply(sum, sum)
      z3 = m.multiply(u, m.multiply(difference, difference))
      x2 = m.multiply(aa, bb)
      z2 = m.multiply(e, m.add(aa, m.multiply(Plain256(121_665), e)))
      if swaps { (x2, z2, x3, z3) = (x3, z3, x2, z2) }
    }
    return m.multiply(x2, m.inverse(z2)).bytes
  }

  /// The u-coordinate (1 + y) / (1 - y); nil for y = 1.
  static func coordinate(_ y: Plain256) -> Plain256? {
    guard y != one else { return nil }
    return field.multiply(field.add(one, y), field.inverse(field.subtract(one, y)))
  }
}

/// secp256k1. All strings are numbers, most significant byte first.
struct PlainWeierstrass: PlainGroup {
  var x: Plain256
  var y: Plain256
  var z: Plain256

  static let field = PlainField(Plain256(hex: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"))
  static let order = PlainField(Plain256(hex: "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"))
  static let one = Plain256(1)
  static let neutral = PlainWeierstrass(x: Plain256(), y: one, z: Plain256())
  static let base = PlainWeierstrass(
    x: Plain256(hex: "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
    y: Plain256(hex: "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"), z: one)

  /// The complete law for y^2 = x^3 + 7 in projective coordinates.
  static func + (a: PlainWeierstrass, b: PlainWeierstrass) -> PlainWeierstrass {
    let m = field
    func cross(_ p: Plain256, _ q: Plain256, _ r: Plain256, _ s: Plain256) -> Plain256 {
      m.add(m.multiply(p, s), m.multiply(q, r))
    }
    let (xx, yy, zz) = (m.multiply(a.x, b.x), m.multiply(a.y, b.y), m.multiply(a.z, b.z))
    let (xy, yz, xz) = (cross(a.x, a.y, b.x, b.y), cross(a.y, a.z, b.y, b.z), cross(a.x, a.z, b.x, b.z))
    let b3 = Plain256(21)
    let scaled = m.multiply(b3, zz)
    let (low, high) = (m.subtract(yy, scaled), m.add(yy, scaled))
    let side = m.multiply(b3, xz)
    let triple = m.add(m.add(xx, xx), xx)
    return PlainWeierstrass(
      x: m.subtract(m.multiply(xy, low), m.multiply(yz, side)),
      y: m.add(m.multiply(high, low), m.multiply(triple, side)),
      z: m.add(m.multiply(yz, high), m.multiply(triple, xy)))
  }

  static let multiples = byteMultiples()

  /// Nil for the neutral point.
  var affine: (x: Plain256, y: Plain256)? {
    guard !z.isZero else { return nil }
    let inverse = PlainWeierstrass.field.inverse(z)
    return (PlainWeierstrass.field.multiply(x, inverse), PlainWeierstrass.field.multiply(y, inverse))
  }

  var negative: PlainWeierstrass {
    PlainWeierstrass(x: x, y: PlainWeierstrass.field.subtract(Plain256(), y), z: z)
  }

  /// The point with this x-coordinate and a y of this parity, if there is one.
  static func lifted(_ x: Plain256, isOdd: Bool) -> PlainWeierstrass? {
    guard x.isBelow(field.modulus) else { return nil }
    let square = field.add(field.multiply(field.multiply(x, x), x), Plain256(7))
    // p = 3 mod 4.
    var y = field.power(square, Plain256(hex: "3fffffffffffffffffffffffffffffffffffffffffffffffffffffffbfffff0c"))
    guard field.multiply(y, y) == square else { return nil }
    if y.isOdd != isOdd { y = field.subtract(Plain256(), y) }
    return PlainWeierstrass(x: x, y: y, z: one)
  }

  static func isInOrder(_ number: Plain256) -> Bool { !number.isZero && number.isBelow(order.modulus) }

  private static func big(_ number: Plain256) -> [UInt8] { number.bytes.reversed() }
  private static func number(_ bytes: [UInt8]) -> Plain256 { Plain256(bytes: Array(bytes.reversed())) }

  /// The nonce of RFC 6979's first round. The arm hashes the second string as a number, without its zero bytes in front.
  static func nonce(hash: Plain256, key: Plain256) -> Plain256 {
    func code(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
      PlainHash.messageCode(message, key: key, block: 64, hash: PlainHash.sha256)
    }
    func string(_ value: [UInt8], _ mark: UInt8) -> [UInt8] {
      Array((value + [mark] + big(key) + big(hash)).drop { $0 == 0 })
    }
    var value = [UInt8](repeating: 1, count: 32)
    var secret = code([UInt8](repeating: 0, count: 32), string(value, 0))
    value = code(secret, value)
    secret = code(secret, string(value, 1))
    value = code(secret, value)
    return number(code(secret, value))
  }

  static func sign(hash: Plain256, key: Plain256) -> (recovery: UInt64, r: Plain256, s: Plain256)? {
    let nonce = nonce(hash: hash, key: key)
    guard isInOrder(key), isInOrder(nonce), let point = multiplyBase(nonce).affine, isInOrder(point.x) else {
      return nil
    }
    let sum = order.add(order.reduced(hash), order.multiply(point.x, key))
    let s = order.multiply(order.inverse(nonce), sum)
    guard !s.isZero else { return nil }
    let other = order.modulus.minus(s).difference
    return other.isBelow(s) ? (point.y.isOdd ? 0 : 1, point.x, other) : (point.y.isOdd ? 1 : 0, point.x, s)
  }

  static func recover(hash: Plain256, isOdd: Bool, r: Plain256, s: Plain256) -> (x: Plain256, y: Plain256)? {
    guard isInOrder(r), isInOrder(s), let point = lifted(r, isOdd: isOdd) else { return nil }
    let inverse = order.inverse(r)
    let first = order.multiply(inverse, s) * point
    let second = multiplyBase(order.multiply(inverse, order.subtract(Plain256(), order.reduced(hash))))
    return (first + second).affine
  }

  // MARK: Schnorr signatures

  private static func tagged(_ tag: String, _ message: [UInt8]) -> [UInt8] {
    let mark = PlainHash.sha256(Array(tag.utf8))
    return PlainHash.sha256(mark + mark + message)
  }

  /// Nil for a key out of its range.
  static func schnorrSign(key: Plain256, message: [UInt8], auxiliary: [UInt8]) -> [UInt8]? {
    guard isInOrder(key), let own = multiplyBase(key).affine else { return nil }
    let secret = own.y.isOdd ? order.modulus.minus(key).difference : key
    let mask = xor(big(secret), tagged("BIP0340/aux", auxiliary))
    let random = order.reduced(number(tagged("BIP0340/nonce", mask + big(own.x) + message)))
    guard let point = multiplyBase(random).affine else { return nil }
    let nonce = point.y.isOdd ? order.modulus.minus(random).difference : random
    let challenge = order.reduced(number(tagged("BIP0340/challenge", big(point.x) + big(own.x) + message)))
    return big(point.x) + big(order.add(nonce, order.multiply(challenge, secret)))
  }

  static func schnorrVerify(key: Plain256, message: [UInt8], signature: [UInt8]) -> Bool {
    let r = number(Array(signature.prefix(32)))
    let s = number(Array(signature.suffix(32)))
    guard let point = lifted(key, isOdd: false), r.isBelow(field.modulus), s.isBelow(order.modulus) else {
      return false
    }
    let challenge = order.reduced(number(tagged("BIP0340/challenge", big(r) + big(key) + message)))
    let sum = multiplyBase(s) + challenge * point.negative
    guard let result = sum.affine else { return false }
    return !result.y.isOdd && result.x == r
  }
}
