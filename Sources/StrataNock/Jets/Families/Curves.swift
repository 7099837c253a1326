// Curves: Ed25519 and its group, whose numbers are read least significant byte first, and secp256k1, whose numbers are
// read most significant byte first.
//
// The arms of different kelvins differ where a point is not of the main subgroup, is written in a way that is not
// canonical, or where a number's top bytes are zero and the arm measures it. These cases are left to Nock.

import StrataCrypto
import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `coed/ed` and `secp` below `one/two/tri/qua/pen/hex`.
  public static let curves = JetFamily(
    "curves", library: "libsodium (Ed25519, X25519), libsecp256k1, GMP (scalars)",
    signatures + group + secp256k1)

  private typealias Octets = SIMD32<UInt8>

  private static func ed(
    _ arm: String, new: Bool = false, _ function: @escaping @Sendable (JetCall) throws(Fault) -> Word?
  ) -> Jet {
    Jet(hex + "coed/ed/" + arm, kelvins: new ? 135...137 : 135...140, function: function)
  }

  // MARK: Keys and signatures

  private static var signatures: [Jet] {
    [
      ed("puck") { (call) throws(Fault) in
        guard let seed: Octets = try call.octets(at: 6), let key = Edwards25519.publicKey(seed: seed) else {
          return nil
        }
        return try call.natural(key)
      },
      ed("luck", new: true) { (call) throws(Fault) in
        guard let seed: Octets = try call.octets(at: 6), let key = Edwards25519.publicKey(seed: seed) else {
          return nil
        }
        let (scalar, prefix) = Edwards25519.expand(seed: seed)
        return try call.nursery.cell(
          call.natural(key), call.natural(SIMD64(lowHalf: scalar, highHalf: prefix)))
      },
      ed("sign") { (call) throws(Fault) in
        guard let message = call.natural(at: 12), let seed: Octets = try call.octets(at: 13) else { return nil }
        return try sign(call, message, call.byteCount(message), seed)
      },
      ed("sign-octs") { (call) throws(Fault) in
        guard let length = call.natural(at: 24), let message = call.natural(at: 25),
          let count = try call.length(length, of: message), let seed: Octets = try call.octets(at: 13)
        else { return nil }
        return try sign(call, message, count, seed)
      },
      ed("sign-raw", new: true) { (call) throws(Fault) in
        guard let message = call.natural(at: 12) else { return nil }
        return try signRaw(call, message, call.byteCount(message))
      },
      ed("sign-octs-raw", new: true) { (call) throws(Fault) in
        guard let length = call.natural(at: 24), let message = call.natural(at: 25),
          let count = try call.length(length, of: message)
        else { return nil }
        return try signRaw(call, message, count)
      },
      Jet(hex + "coed/ed/veri", kelvins: 135...137) { (call) throws(Fault) in
        guard let message = call.natural(at: 26) else { return nil }
        return try verify(call, message, call.byteCount(message))
      },
      // Before, a signature or a key with zero bytes on top was too short to be one.
      Jet(hex + "coed/ed/veri", kelvins: 138...140) { (call) throws(Fault) in
        guard let message = call.natural(at: 26), let signature = call.natural(at: 12), let key = call.natural(at: 27),
          try call.byteCount(signature) == 64, try call.byteCount(key) == 32
        else { return nil }
        return try verify(call, message, call.byteCount(message))
      },
      ed("veri-octs") { (call) throws(Fault) in
        guard let length = call.natural(at: 52), let message = call.natural(at: 53),
          let count = try call.length(length, of: message)
        else { return nil }
        return try verify(call, message, count)
      },
      ed("shar") { (call) throws(Fault) in
        guard let key = call.natural(at: 12), let seed: Octets = try call.octets(at: 13) else { return nil }
        return try exchange(call, key, Edwards25519.expand(seed: seed).scalar)
      },
      ed("slar", new: true) { (call) throws(Fault) in
        guard let key = call.natural(at: 12), let scalar: SIMD64<UInt8> = try call.octets(at: 13),
          Edwards25519.clamped(scalar.lowHalf) == scalar.lowHalf
        else { return nil }
        return try exchange(call, key, scalar.lowHalf)
      },
    ]
  }

  private static func sign(_ call: JetCall, _ message: Word, _ count: Int, _ seed: Octets) throws(Fault) -> Word? {
    let (scalar, prefix) = Edwards25519.expand(seed: seed)
    guard let key = Edwards25519.publicKey(seed: seed), try endsInMore(call, message, count, prefix[31], key[31]),
      let signature = Edwards25519.sign(
        try call.stream(message, count: count), scalar: scalar, prefix: prefix, publicKey: key)
    else { return nil }
    return try call.natural(signature)
  }

  /// Whether neither the prefix nor the key, whose top bytes these are, can lose zero bytes: with nothing but zeros behind
  /// them, some arms hash them without those on top.
  private static func endsInMore(
    _ call: JetCall, _ message: Word, _ count: Int, _ prefix: UInt8, _ key: UInt8
  ) throws(Fault) -> Bool {
    if prefix != 0, key != 0 { return true }
    return try call.nursery.bits(of: message, from: 0, count: 8 * count) != .zero
  }

  /// `[message public-key [scalar prefix]]`
  private static func signRaw(_ call: JetCall, _ message: Word, _ count: Int) throws(Fault) -> Word? {
    guard let key: Octets = try call.octets(at: 26), let secret: SIMD64<UInt8> = try call.octets(at: 27),
      try endsInMore(call, message, count, secret[63], key[31]),
      let signature = Edwards25519.sign(
        try call.stream(message, count: count), scalar: secret.lowHalf, prefix: secret.highHalf, publicKey: key)
    else { return nil }
    return try call.natural(signature)
  }

  /// `[signature message public-key]`
  private static func verify(_ call: JetCall, _ message: Word, _ count: Int) throws(Fault) -> Word? {
    guard let signature: SIMD64<UInt8> = try call.octets(at: 12), let key: Octets = try call.octets(at: 27),
      isPlain(signature.lowHalf),
      let isValid = Edwards25519.verify(signature, try call.stream(message, count: count), publicKey: key)
    else { return nil }
    return isValid ? .zero : .one
  }

  /// Whether a point's y-coordinate is one that can be written in one way only: below the prime, and not 0, 1 or -1.
  private static func isPlain(_ point: Octets) -> Bool {
    var middle: UInt8 = 0xFF
    var any: UInt8 = 0
    for index in 1..<31 {
      middle &= point[index]
      any |= point[index]
    }
    let top = point[31] & 0x7F
    if middle == 0xFF, top == 0x7F, point[0] >= 0xEC { return false }
    return any != 0 || top != 0 || point[0] > 1
  }

  /// The shared secret of a scalar and an Edwards point: of its u-coordinate (1 + y) / (1 - y), where the arm takes for y
  /// all of the point's bits, the sign of x with them.
  private static func exchange(_ call: JetCall, _ key: Word, _ scalar: Octets) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard try call.byteCount(key) <= 32 else { return nil }
    let prime = try call.natural(Octets(repeating: 0xFF) &- prime25519Complement)
    let y = try nursery.remainder(key, by: prime)
    guard y != .one else { return nil }
    let above = try nursery.add(.one, y)
    let below = try nursery.remainder(nursery.subtract(nursery.add(prime, .one), y), by: prime)
    let inverse = try nursery.modularPower(
      below, nursery.subtract(prime, Word(direct: 2)), modulus: prime)
    let coordinate = try nursery.remainder(nursery.multiply(above, inverse), by: prime)
    guard let octets: Octets = try call.octets(coordinate), let secret = Edwards25519.exchange(scalar, octets) else {
      return nil
    }
    return try call.natural(secret)
  }

  /// 2^256 - 1 less the prime 2^255 - 19, byte by byte.
  private static var prime25519Complement: Octets {
    var result = Octets()
    result[0] = 0x12
    result[31] = 0x80
    return result
  }

  // MARK: The group of Ed25519

  private static var group: [Jet] {
    [
      ed("point-add") { (call) throws(Fault) in
        guard let a: Octets = try call.octets(at: 12), let b: Octets = try call.octets(at: 13),
          let sum = Edwards25519.add(a, b)
        else { return nil }
        return try call.natural(sum)
      },
      ed("point-neg", new: true) { (call) throws(Fault) in
        guard let a: Octets = try call.octets(at: 6), let negative = Edwards25519.negate(a) else { return nil }
        return try call.natural(negative)
      },
      ed("scalarmult") { (call) throws(Fault) in
        guard let scalar: Octets = try call.octets(at: 12), let point: Octets = try call.octets(at: 13),
          let product = Edwards25519.multiply(scalar, point)
        else { return nil }
        return try call.natural(product)
      },
      ed("scalarmult-base") { (call) throws(Fault) in
        guard let scalar: Octets = try call.octets(at: 6), let product = Edwards25519.multiplyBase(scalar) else {
          return nil
        }
        return try call.natural(product)
      },
      ed("add-scalarmult-scalarmult-base") { (call) throws(Fault) in
        guard let a: Octets = try call.octets(at: 12), let point: Octets = try call.octets(at: 26),
          let b: Octets = try call.octets(at: 27), let first = Edwards25519.multiply(a, point),
          let second = Edwards25519.multiplyBase(b), let sum = Edwards25519.add(first, second)
        else { return nil }
        return try call.natural(sum)
      },
      ed("add-double-scalarmult") { (call) throws(Fault) in
        guard let a: Octets = try call.octets(at: 12), let point: Octets = try call.octets(at: 26),
          let b: Octets = try call.octets(at: 54), let other: Octets = try call.octets(at: 55),
          let first = Edwards25519.multiply(a, point), let second = Edwards25519.multiply(b, other),
          let sum = Edwards25519.add(first, second)
        else { return nil }
        return try call.natural(sum)
      },
      ed("recs", new: true) { (call) throws(Fault) in
        guard let a = call.natural(at: 6) else { return nil }
        return try call.nursery.remainder(a, by: order25519(call))
      },
      ed("smac", new: true) { (call) throws(Fault) in
        guard let a = call.natural(at: 12), let b = call.natural(at: 26), let c = call.natural(at: 27) else {
          return nil
        }
        let nursery = call.nursery
        return try nursery.remainder(nursery.add(nursery.multiply(a, b), c), by: order25519(call))
      },
      ed("scap", new: true) { (call) throws(Fault) in
        guard let point: Octets = try call.octets(at: 12), let scalar: Octets = try call.octets(at: 13),
          let moved = shifted(point: point, by: scalar)
        else { return nil }
        return try call.natural(moved)
      },
      ed("scas", new: true) { (call) throws(Fault) in
        guard let secret: SIMD64<UInt8> = try call.octets(at: 12), let scalar: Octets = try call.octets(at: 13) else {
          return nil
        }
        return try call.natural(shifted(secret: secret, by: scalar))
      },
      ed("scad", new: true) { (call) throws(Fault) in
        guard let point: Octets = try call.octets(at: 12), let secret: SIMD64<UInt8> = try call.octets(at: 26),
          let scalar: Octets = try call.octets(at: 27), let moved = shifted(point: point, by: scalar)
        else { return nil }
        return try call.nursery.cell(call.natural(moved), call.natural(shifted(secret: secret, by: scalar)))
      },
    ]
  }

  private static func order25519(_ call: JetCall) throws(Fault) -> Word {
    try call.natural(Edwards25519.order)
  }

  /// A public key moved by a scalar of 255 bits.
  private static func shifted(point: Octets, by scalar: Octets) -> Octets? {
    var distance = scalar
    distance[31] &= 0x7F
    return Edwards25519.multiplyBase(distance).flatMap { Edwards25519.add(point, $0) }
  }

  /// The secret that belongs to the moved key: the scalar moved, the prefix hashed with what moved it.
  private static func shifted(secret: SIMD64<UInt8>, by scalar: Octets) -> SIMD64<UInt8> {
    var distance = scalar
    distance[31] &= 0x7F
    // The sum has 257 bits.
    var sum = SIMD64<UInt8>()
    var carry = 0
    for index in 0..<32 {
      carry += Int(secret[index]) + Int(distance[index])
      sum[index] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    sum[32] = UInt8(carry)
    var digest = SIMD64<UInt8>()
    withUnsafeMutableBytes(of: &digest) { target in
      withUnsafeBytes(of: SIMD64(lowHalf: secret.highHalf, highHalf: scalar)) {
        SHA512.digest(of: OctetStream($0), into: target)
      }
    }
    return SIMD64(lowHalf: Edwards25519.reduced(sum), highHalf: digest.lowHalf)
  }

  // MARK: secp256k1

  private static var secp256k1: [Jet] {
    let path = hex + "secp/secp256k1/"
    return [
      Jet(path + "make") { (call) throws(Fault) in
        guard let hash: Octets = try call.octets(at: 12), let key: Octets = try call.octets(at: 13),
          Secp256k1.isInOrder(key.reversed)
        else { return nil }
        return try call.natural(Secp256k1.nonce(hash: hash.reversed, key: key.reversed, dropsZeros: true).reversed)
      },
      Jet(path + "sign") { (call) throws(Fault) in
        guard let hash: Octets = try call.octets(at: 12), let key: Octets = try call.octets(at: 13) else { return nil }
        let nonce = Secp256k1.nonce(hash: hash.reversed, key: key.reversed, dropsZeros: true)
        // From 2 on the x-coordinate is not below the order, and the arm does not reduce it.
        guard let signature = Secp256k1.sign(hash: hash.reversed, key: key.reversed, nonce: nonce),
          signature.recovery < 2
        else { return nil }
        let nursery = call.nursery
        let rest = try nursery.cell(call.natural(signature.r.reversed), call.natural(signature.s.reversed))
        return try nursery.cell(Word(direct: UInt64(signature.recovery)), rest)
      },
      Jet(path + "reco") { (call) throws(Fault) in
        guard let hash: Octets = try call.octets(at: 12), let recovery = call.integer(at: 26), recovery < 2,
          let r: Octets = try call.octets(at: 54), let s: Octets = try call.octets(at: 55),
          Secp256k1.isInOrder(hash.reversed),
          let key = Secp256k1.recover(hash: hash.reversed, recovery: recovery, r: r.reversed, s: s.reversed)
        else { return nil }
        return try call.nursery.cell(call.natural(key.x.reversed), call.natural(key.y.reversed))
      },
      Jet(path + "schnorr/sosi") { (call) throws(Fault) in
        guard let key: Octets = try call.octets(at: 12), let message: Octets = try call.octets(at: 26),
          let auxiliary: Octets = try call.octets(at: 27),
          let signature = Secp256k1.schnorrSign(
            key: key.reversed, message: message.reversed, auxiliary: auxiliary.reversed)
        else { return nil }
        return try call.natural(signature.reversed)
      },
      Jet(path + "schnorr/sove") { (call) throws(Fault) in
        guard let key: Octets = try call.octets(at: 12), let message: Octets = try call.octets(at: 26),
          let signature: SIMD64<UInt8> = try call.octets(at: 27)
        else { return nil }
        let isValid = Secp256k1.schnorrVerify(
          key: key.reversed, message: message.reversed, signature: signature.reversed)
        return isValid ? .zero : .one
      },
    ]
  }
}
