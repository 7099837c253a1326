// Ed25519 (RFC 8032), its group, and X25519 (RFC 7748), by libsodium. The library takes canonical encodings of points
// of the main subgroup, and nothing else is answered here either.

import CSodium

/// Ed25519 and what belongs to it. All keys, points and scalars have 32 bytes, least significant first.
public enum Edwards25519 {
  /// A string of 32 bytes, as a number.
  public typealias Octets = SIMD32<UInt8>

  /// The order of the base point, 2^252 + 27742317777372353535851937790883648493.
  public static var order: Octets {
    unsafeBitCast(
      SIMD4<UInt64>(0x5812_631A_5CF5_D3ED, 0x14DE_F9DE_A2F7_9CD6, 0, 0x1000_0000_0000_0000), to: Octets.self)
  }

  /// The library chooses its fastest code once; nil if it cannot be made ready.
  private static let isReady = sodium_init() >= 0

  /// Calls `body` with the address of the bytes in `octets`.
  private static func with<Result>(_ octets: Octets, _ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    withUnsafeBytes(of: octets) { $0.withAddress(body) }
  }

  /// What `body` writes, if it succeeds.
  private static func output(_ body: (UnsafeMutablePointer<UInt8>) -> Int32) -> Octets? {
    guard isReady else { return nil }
    var result = Octets()
    let status = withUnsafeMutableBytes(of: &result) { $0.withAddress(body) }
    return status == 0 ? result : nil
  }

  /// The two halves of SHA-512 of a seed: the clamped scalar, and the prefix that nonces are made with.
  public static func expand(seed: Octets) -> (scalar: Octets, prefix: Octets) {
    var digest = SIMD64<UInt8>()
    withUnsafeMutableBytes(of: &digest) { target in
      withUnsafeBytes(of: seed) { SHA512.digest(of: OctetStream($0), into: target) }
    }
    return (clamped(digest.lowHalf), digest.highHalf)
  }

  /// A scalar with the bits set and cleared that make it a multiple of 8 of fixed length.
  public static func clamped(_ scalar: Octets) -> Octets {
    var result = scalar
    result[0] &= 0xF8
    result[31] = result[31] & 0x7F | 0x40
    return result
  }

  /// The public key of a seed.
  public static func publicKey(seed: Octets) -> Octets? { multiplyBase(expand(seed: seed).scalar) }

  /// The signature of a message: the encoded point and the scalar.
  public static func sign(
    _ message: OctetStream, scalar: Octets, prefix: Octets, publicKey: Octets
  ) -> SIMD64<UInt8>? {
    guard isReady else { return nil }
    let nonce = reduced(hash([prefix], message))
    guard let point = multiplyBase(nonce) else { return nil }
    let challenge = reduced(hash([point, publicKey], message))
    var product = Octets()
    var sum = Octets()
    withUnsafeMutableBytes(of: &product) { target in
      target.withAddress { target in
        with(challenge) { challenge in
          with(reduced(wide(scalar))) { crypto_core_ed25519_scalar_mul(target, challenge, $0) }
        }
      }
    }
    withUnsafeMutableBytes(of: &sum) { target in
      target.withAddress { target in
        with(product) { product in with(nonce) { crypto_core_ed25519_scalar_add(target, product, $0) } }
      }
    }
    return SIMD64(lowHalf: point, highHalf: sum)
  }

  /// Whether a signature is valid: s * B = R + h * A. Nil when that is nothing for this library: the key is no canonical
  /// point of the main subgroup, or s is not below the order.
  public static func verify(_ signature: SIMD64<UInt8>, _ message: OctetStream, publicKey: Octets) -> Bool? {
    guard isMainPoint(publicKey), isReducedScalar(signature.highHalf), let negated = negate(publicKey) else {
      return nil
    }
    let challenge = reduced(hash([signature.lowHalf, publicKey], message))
    guard challenge != Octets(), signature.highHalf != Octets(), let base = multiplyBase(signature.highHalf),
      let other = multiply(challenge, negated), let sum = add(base, other)
    else { return nil }
    return sum == signature.lowHalf
  }

  /// The shared secret of X25519: a clamped scalar times a point given by its u-coordinate. Nil if it is zero.
  public static func exchange(_ scalar: Octets, _ coordinate: Octets) -> Octets? {
    output { result in
      with(scalar) { scalar in with(coordinate) { crypto_scalarmult_curve25519(result, scalar, $0) } }
    }
  }

  // MARK: The group

  /// Whether this encodes, canonically, a point of the main subgroup that is not the neutral one.
  public static func isMainPoint(_ point: Octets) -> Bool {
    isReady && with(point) { crypto_core_ed25519_is_valid_point($0) } == 1
  }

  /// Whether a scalar is below the order.
  public static func isReducedScalar(_ scalar: Octets) -> Bool { reduced(wide(scalar)) == scalar }

  /// A number of 64 bytes modulo the order.
  public static func reduced(_ number: SIMD64<UInt8>) -> Octets {
    var result = Octets()
    withUnsafeMutableBytes(of: &result) { target in
      target.withAddress { target in
        withUnsafeBytes(of: number) { $0.withAddress { crypto_core_ed25519_scalar_reduce(target, $0) } }
      }
    }
    return result
  }

  /// The number with 32 zero bytes above it.
  public static func wide(_ scalar: Octets) -> SIMD64<UInt8> { SIMD64(lowHalf: scalar, highHalf: Octets()) }

  /// scalar * B. Nil for a multiple of the order.
  public static func multiplyBase(_ scalar: Octets) -> Octets? {
    output { result in with(reduced(wide(scalar))) { crypto_scalarmult_ed25519_base_noclamp(result, $0) } }
  }

  /// scalar * P. Nil unless P is a point of the main subgroup, and for a multiple of the order.
  public static func multiply(_ scalar: Octets, _ point: Octets) -> Octets? {
    guard isMainPoint(point) else { return nil }
    return output { result in
      with(reduced(wide(scalar))) { scalar in
        with(point) { crypto_scalarmult_ed25519_noclamp(result, scalar, $0) }
      }
    }
  }

  /// P + Q. Nil unless both are points of the main subgroup.
  public static func add(_ first: Octets, _ second: Octets) -> Octets? {
    guard isMainPoint(first), isMainPoint(second) else { return nil }
    return output { result in
      with(first) { first in with(second) { crypto_core_ed25519_add(result, first, $0) } }
    }
  }

  /// -P. Nil unless P is a point of the main subgroup.
  public static func negate(_ point: Octets) -> Octets? {
    guard isMainPoint(point) else { return nil }
    // The x-coordinate is not 0, so the other root has the other sign.
    var result = point
    result[31] ^= 0x80
    return result
  }

  private static func hash(_ parts: [Octets], _ message: OctetStream) -> SIMD64<UInt8> {
    var hash = SHA512()
    for part in parts { withUnsafeBytes(of: part) { hash.update($0) } }
    hash.update(message)
    var digest = SIMD64<UInt8>()
    withUnsafeMutableBytes(of: &digest) { hash.finish(into: $0) }
    return digest
  }
}
