// What the curves' arms give that no recorded kernel has, by plain arithmetic.

import StrataTestSupport

@testable import StrataNock

extension JetReference {
  private static let edPath = "one/two/tri/qua/pen/hex/coed/ed/"
  private static let edwards = "the twisted Edwards curve in plain arithmetic, SHA-512 from FIPS 180"
  private static let ladder = "RFC 7748's ladder in plain arithmetic, SHA-512 from FIPS 180"
  private static let weierstrass = "secp256k1 in plain arithmetic, SHA-256 from FIPS 180"

  static let curves: [JetReference] = keys + signatures + group + scalars + secp256k1

  /// 32 bytes of a seed or a scalar, sometimes too many.
  private static func word(_ random: inout Random, _ size: Int = 32) -> [UInt8] {
    random.octets(random.chance(96) ? size : size + 1)
  }

  /// What is written as a point, and the point if it is one of the main subgroup.
  private static func point(_ random: inout Random) -> (bytes: [UInt8], point: PlainEdwards?) {
    if random.chance(90) {
      let point = PlainEdwards.multiplyBase(Plain256(bytes: random.octets(32)))
      return (point.encoded, point.isNeutral ? nil : point)
    }
    let bytes = word(&random)
    guard bytes.width <= 32, let point = PlainEdwards(decoding: bytes), point.isMain else { return (bytes, nil) }
    return (bytes, point)
  }

  // MARK: Ed25519 and X25519

  private static let keys: [JetReference] = [
    JetReference(edPath + "puck", against: edwards) { (random, _) in
      let seed = word(&random)
      return ReferenceCase(
        sample: .bytes(seed), product: seed.width <= 32 ? .bytes(PlainEdwards.publicKey(seed.low(32))) : nil)
    },
    JetReference(edPath + "luck", kelvin: 135, against: edwards) { (random, _) in
      let seed = word(&random)
      guard seed.width <= 32 else { return ReferenceCase(sample: .bytes(seed)) }
      let (scalar, prefix) = PlainEdwards.expand(seed.low(32))
      return ReferenceCase(
        sample: .bytes(seed), product: .cell(.bytes(PlainEdwards.publicKey(seed.low(32))), .bytes(scalar + prefix)))
    },
    JetReference(edPath + "shar", against: ladder) { (random, _) in
      let seed = word(&random)
      let scalar = PlainEdwards.expand(seed.low(32)).scalar
      return exchange(&random, seed.width <= 32 ? scalar : nil, secret: .bytes(seed))
    },
    JetReference(edPath + "slar", kelvin: 135, against: ladder) { (random, _) in
      var scalar = random.octets(32)
      let isClamped = random.chance(96)
      if isClamped { scalar = PlainEdwards.clamped(scalar) } else { scalar[0] |= 1 }
      return exchange(&random, isClamped ? scalar : nil, secret: .bytes(scalar + random.octets(32)))
    },
  ]

  private static func exchange(_ random: inout Random, _ scalar: [UInt8]?, secret: Sample) -> ReferenceCase {
    let key = random.chance(80) ? point(&random).bytes : word(&random)
    var product: Sample?
    // The arm takes all 256 bits for y, the sign of x with them.
    if let scalar, key.width <= 32, let u = PlainEdwards.coordinate(PlainEdwards.field.reduced(bytes: key)) {
      let shared = PlainEdwards.exchange(scalar, u)
      if shared.width > 0 { product = .bytes(shared) }
    }
    return ReferenceCase(sample: .cell(.bytes(key), secret), product: product)
  }

  private static let signatures: [JetReference] = {
    var list: [JetReference] = []
    for hasLength in [false, true] {
      let last = hasLength ? "-octs" : ""
      list.append(
        JetReference(edPath + "sign\(last)", against: edwards) { (random, _) in
          let (message, text) = message(&random, hasLength)
          let seed = word(&random)
          guard seed.width <= 32 else { return ReferenceCase(sample: .cell(message, .bytes(seed))) }
          let (scalar, prefix) = PlainEdwards.expand(seed.low(32))
          return signed(.bytes(seed), message, text, scalar, prefix, PlainEdwards.publicKey(seed.low(32)))
        })
      list.append(
        JetReference(edPath + "sign\(last)-raw", kelvin: 135, against: edwards) { (random, _) in
          let (message, text) = message(&random, hasLength)
          let (key, scalar, prefix) = (word(&random), random.octets(32), word(&random))
          let rest = Sample.cell(.bytes(key), .bytes(scalar + prefix))
          guard key.width <= 32, prefix.width <= 32 else { return ReferenceCase(sample: .cell(message, rest)) }
          return signed(rest, message, text, scalar, prefix.low(32), key.low(32))
        })
      // Of kelvins up to 137 and of those before there are two arms of one name.
      for kelvin in hasLength ? [138] : [135, 138] {
        list.append(
          JetReference(edPath + "veri\(last)", kelvin: kelvin, against: edwards) { (random, _) in
            let (message, text) = message(&random, hasLength)
            return verified(&random, message, text, isWhole: kelvin == 138 && !hasLength)
          })
      }
    }
    return list
  }()

  private static func message(_ random: inout Random, _ hasLength: Bool) -> (sample: Sample, text: [UInt8]) {
    let counted = random.counted(80)
    return hasLength
      ? (pair(counted), counted.data.low(counted.count)) : (.bytes(counted.data), counted.data.low(counted.data.width))
  }

  private static func signed(
    _ secret: Sample, _ message: Sample, _ text: [UInt8], _ scalar: [UInt8], _ prefix: [UInt8], _ key: [UInt8]
  ) -> ReferenceCase {
    let sample = Sample.cell(message, secret)
    // With nothing behind them some arms lose the zeros on top of a prefix or a key.
    if text.width == 0, prefix[31] == 0 || key[31] == 0 { return ReferenceCase(sample: sample) }
    return ReferenceCase(
      sample: sample, product: .bytes(PlainEdwards.sign(text, scalar: scalar, prefix: prefix, key: key)))
  }

  private static func verified(
    _ random: inout Random, _ message: Sample, _ text: [UInt8], isWhole: Bool
  ) -> ReferenceCase {
    let seed = random.octets(32)
    let (scalar, prefix) = PlainEdwards.expand(seed)
    let secret = Plain256(bytes: scalar)
    let own = PlainEdwards.multiplyBase(secret)
    var key = own.encoded
    var point: PlainEdwards? = own
    var signature = PlainEdwards.sign(text, scalar: scalar, prefix: prefix, key: key)
    switch random.below(10) {
    case 0: signature[random.below(63)] ^= UInt8(1 << random.below(8))
    case 1: signature = random.octets(32) + PlainEdwards.order.reduced(bytes: random.octets(32)).bytes
    case 2: signature += [1]
    case 3: (key, point) = JetReference.point(&random)
    default: break
    }
    let sample = Sample.tuple(.bytes(signature), message, .bytes(key))
    guard let point, signature.width <= 64, Plain256(bytes: signature.suffix(32)).isBelow(PlainEdwards.order.modulus),
      !isWhole || signature.width == 64 && key.width == 32
    else { return ReferenceCase(sample: sample) }
    let isValid = PlainEdwards.verify(signature, text, key: key.low(32), point: point)
    return ReferenceCase(sample: sample, product: .number(isValid ? 0 : 1))
  }

  // MARK: The group and its scalars

  private static let group: [JetReference] = [
    JetReference(edPath + "point-add", against: edwards) { (random, _) in
      let (a, b) = (point(&random), point(&random))
      return sum(.cell(.bytes(a.bytes), .bytes(b.bytes)), a.point, b.point)
    },
    JetReference(edPath + "point-neg", kelvin: 135, against: edwards) { (random, _) in
      let a = point(&random)
      return ReferenceCase(sample: .bytes(a.bytes), product: a.point.map { .bytes($0.negative.encoded) })
    },
    JetReference(edPath + "scalarmult", against: edwards) { (random, _) in
      let (scalar, a) = (word(&random), point(&random))
      return ReferenceCase(
        sample: .cell(.bytes(scalar), .bytes(a.bytes)), product: multiple(scalar, a.point).map { .bytes($0.encoded) })
    },
    JetReference(edPath + "scalarmult-base", against: edwards) { (random, _) in
      let scalar = word(&random)
      return ReferenceCase(
        sample: .bytes(scalar), product: multiple(scalar, PlainEdwards.base).map { .bytes($0.encoded) })
    },
    JetReference(edPath + "add-scalarmult-scalarmult-base", against: edwards) { (random, _) in
      let (a, p, b) = (word(&random), point(&random), word(&random))
      return sum(
        .tuple(.bytes(a), .bytes(p.bytes), .bytes(b)), multiple(a, p.point), multiple(b, PlainEdwards.base))
    },
    JetReference(edPath + "add-double-scalarmult", against: edwards) { (random, _) in
      let (a, p, b, q) = (word(&random), point(&random), word(&random), point(&random))
      return sum(
        .tuple(.bytes(a), .bytes(p.bytes), .bytes(b), .bytes(q.bytes)), multiple(a, p.point), multiple(b, q.point))
    },
  ]

  private static func sum(_ sample: Sample, _ a: PlainEdwards?, _ b: PlainEdwards?) -> ReferenceCase {
    guard let a, let b else { return ReferenceCase(sample: sample) }
    return ReferenceCase(sample: sample, product: .bytes((a + b).encoded))
  }

  /// Nil for the neutral point too, which is left to Nock.
  private static func multiple(_ scalar: [UInt8], _ point: PlainEdwards?) -> PlainEdwards? {
    guard let point, scalar.width <= 32 else { return nil }
    let scalar = Plain256(bytes: scalar)
    if PlainEdwards.order.reduced(scalar).isZero { return nil }
    return point.encoded == PlainEdwards.base.encoded ? PlainEdwards.multiplyBase(scalar) : scalar * point
  }

  private static let scalars: [JetReference] = [
    JetReference(edPath + "recs", kelvin: 135, against: edwards) { (random, _) in
      let a = random.octets(random.below(100))
      return ReferenceCase(sample: .bytes(a), product: .bytes(PlainEdwards.order.reduced(bytes: a).bytes))
    },
    JetReference(edPath + "smac", kelvin: 135, against: edwards) { (random, _) in
      let (a, b, c) = (
        random.octets(random.below(70)), random.octets(random.below(70)), random.octets(random.below(70))
      )
      let order = PlainEdwards.order
      let product = order.multiply(order.reduced(bytes: a), order.reduced(bytes: b))
      return ReferenceCase(
        sample: .tuple(.bytes(a), .bytes(b), .bytes(c)),
        product: .bytes(order.add(product, order.reduced(bytes: c)).bytes))
    },
    JetReference(edPath + "scap", kelvin: 135, against: edwards) { (random, _) in
      let (a, scalar) = (point(&random), word(&random))
      let moved = moved(a.point, scalar)
      return ReferenceCase(sample: .cell(.bytes(a.bytes), .bytes(scalar)), product: moved.map { .bytes($0) })
    },
    JetReference(edPath + "scas", kelvin: 135, against: edwards) { (random, _) in
      let (secret, scalar) = (word(&random, 64), word(&random))
      let moved = moved(secret, scalar)
      return ReferenceCase(sample: .cell(.bytes(secret), .bytes(scalar)), product: moved.map { .bytes($0) })
    },
    JetReference(edPath + "scad", kelvin: 135, against: edwards) { (random, _) in
      let (a, secret, scalar) = (point(&random), word(&random, 64), word(&random))
      var product: Sample?
      if let key = moved(a.point, scalar), let own = moved(secret, scalar) { product = .cell(.bytes(key), .bytes(own)) }
      return ReferenceCase(sample: .tuple(.bytes(a.bytes), .bytes(secret), .bytes(scalar)), product: product)
    },
  ]

  /// The scalar's lowest 255 bits; nil for more than 32 bytes.
  private static func distance(_ scalar: [UInt8]) -> [UInt8]? {
    guard scalar.width <= 32 else { return nil }
    var result = scalar.low(32)
    result[31] &= 0x7F
    return result
  }

  private static func moved(_ point: PlainEdwards?, _ scalar: [UInt8]) -> [UInt8]? {
    guard let point, let distance = distance(scalar), let other = multiple(distance, PlainEdwards.base) else {
      return nil
    }
    return (point + other).encoded
  }

  private static func moved(_ secret: [UInt8], _ scalar: [UInt8]) -> [UInt8]? {
    guard secret.width <= 64, let distance = distance(scalar) else { return nil }
    let order = PlainEdwards.order
    let sum = order.add(order.reduced(bytes: Array(secret.low(64).prefix(32))), order.reduced(bytes: distance))
    return sum.bytes + PlainHash.sha512(Array(secret.low(64).suffix(32)) + scalar.low(32)).prefix(32)
  }

  // MARK: secp256k1

  private static let secp256k1: [JetReference] = {
    let path = "one/two/tri/qua/pen/hex/secp/secp256k1/"
    return [
      JetReference(path + "make", against: "RFC 6979's nonce, SHA-256 from FIPS 180") { (random, _) in
        let (hash, key) = (word(&random), word(&random))
        var product: Sample?
        if hash.width <= 32, key.width <= 32, PlainWeierstrass.isInOrder(Plain256(bytes: key)) {
          product = .bytes(PlainWeierstrass.nonce(hash: Plain256(bytes: hash), key: Plain256(bytes: key)).bytes)
        }
        return ReferenceCase(sample: .cell(.bytes(hash), .bytes(key)), product: product)
      },
      JetReference(path + "sign", against: weierstrass) { (random, _) in
        let (hash, key) = (word(&random), word(&random))
        var product: Sample?
        if hash.width <= 32, key.width <= 32,
          let found = PlainWeierstrass.sign(hash: Plain256(bytes: hash), key: Plain256(bytes: key))
        {
          product = .tuple(.number(found.recovery), .bytes(found.r.bytes), .bytes(found.s.bytes))
        }
        return ReferenceCase(sample: .cell(.bytes(hash), .bytes(key)), product: product)
      },
      JetReference(path + "reco", against: weierstrass) { (random, _) in recovered(&random) },
      JetReference(path + "schnorr/sosi", against: weierstrass) { (random, _) in
        let (key, message, auxiliary) = (word(&random), word(&random), word(&random))
        var product: Sample?
        if key.width <= 32, message.width <= 32, auxiliary.width <= 32 {
          product = PlainWeierstrass.schnorrSign(
            key: Plain256(bytes: key), message: message.string(32), auxiliary: auxiliary.string(32)
          ).map { .bytes($0.reversed()) }
        }
        return ReferenceCase(sample: .tuple(.bytes(key), .bytes(message), .bytes(auxiliary)), product: product)
      },
      JetReference(path + "schnorr/sove", against: weierstrass) { (random, _) in checked(&random) },
    ]
  }()

  private static func recovered(_ random: inout Random) -> ReferenceCase {
    let hash = word(&random)
    var (r, s) = (random.octets(32), random.octets(32))
    var recovery = UInt64(random.below(2))
    let secret = Plain256(bytes: random.octets(32))
    if random.chance(50), let found = PlainWeierstrass.sign(hash: Plain256(bytes: hash), key: secret) {
      (r, s, recovery) = (found.r.bytes, found.s.bytes, found.recovery)
    }
    if random.chance(4) { recovery += 2 + UInt64(random.below(4)) }
    var product: Sample?
    // The arm subtracts the hash from the order.
    if recovery < 2, hash.width <= 32, PlainWeierstrass.isInOrder(Plain256(bytes: hash)),
      let key = PlainWeierstrass.recover(
        hash: Plain256(bytes: hash), isOdd: recovery == 1, r: Plain256(bytes: r), s: Plain256(bytes: s))
    {
      product = .cell(.bytes(key.x.bytes), .bytes(key.y.bytes))
    }
    return ReferenceCase(sample: .tuple(.bytes(hash), .number(recovery), .bytes(r), .bytes(s)), product: product)
  }

  private static func checked(_ random: inout Random) -> ReferenceCase {
    let message = word(&random)
    let secret = PlainWeierstrass.order.reduced(Plain256(bytes: random.octets(32)))
    var key = word(&random)
    var signature = random.octets(64)
    if let own = PlainWeierstrass.multiplyBase(secret).affine,
      let made = PlainWeierstrass.schnorrSign(
        key: secret, message: message.string(32), auxiliary: [UInt8](repeating: 0, count: 32))
    {
      switch random.below(10) {
      case 0: key = own.x.bytes
      case 1: signature = made.reversed()
      case 2:
        (key, signature) = (own.x.bytes, made.reversed())
        signature[random.below(64)] ^= UInt8(1 << random.below(8))
      case 3: (key, signature) = (own.x.bytes, made.reversed() + [1])
      default: (key, signature) = (own.x.bytes, made.reversed())
      }
    }
    var product: Sample?
    if key.width <= 32, message.width <= 32, signature.width <= 64 {
      let isValid = PlainWeierstrass.schnorrVerify(
        key: Plain256(bytes: key), message: message.string(32), signature: signature.string(64))
      product = .number(isValid ? 0 : 1)
    }
    return ReferenceCase(sample: .tuple(.bytes(key), .bytes(message), .bytes(signature)), product: product)
  }
}
