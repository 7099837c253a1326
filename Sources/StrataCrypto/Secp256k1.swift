// ECDSA with recovery and Schnorr signatures (BIP 340) on secp256k1, by libsecp256k1. The nonce of RFC 6979 is our own,
// since the standard library's differs from it in one case of 256.

import CSecp256k1

/// Operations on secp256k1. Keys, hashes, nonces and coordinates have 32 bytes, most significant first.
public enum Secp256k1 {
  public typealias Octets = SIMD32<UInt8>

  /// The library's tables; nothing in it changes. An argument that breaks a rule of the library must not end the process.
  private nonisolated(unsafe) static let context: OpaquePointer? = {
    let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE))
    if let context { secp256k1_context_set_illegal_callback(context, { _, _ in }, nil) }
    return context
  }()

  /// The order of the group.
  public static let order: Octets = octets([
    0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFE, 0xBAAE_DCE6_AF48_A03B, 0xBFD2_5E8C_D036_4141,
  ])

  private static func octets(_ words: SIMD4<UInt64>) -> Octets {
    var result = Octets()
    for index in 0..<32 { result[index] = UInt8(truncatingIfNeeded: words[index / 8] >> UInt64(56 - index % 8 * 8)) }
    return result
  }

  /// Whether a number is above 0 and below the order.
  public static func isInOrder(_ number: Octets) -> Bool {
    guard let context else { return false }
    return with(number) { secp256k1_ec_seckey_verify(context, $0) } == 1
  }

  private static func with<Value, Result>(_ value: Value, _ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    withUnsafeBytes(of: value) { $0.withAddress(body) }
  }

  private static func hmac(_ key: Octets, _ parts: [UnsafeRawBufferPointer]) -> Octets {
    var code = withUnsafeBytes(of: key) { HMAC<SHA256>(key: OctetStream($0)) }
    for part in parts { code.update(part) }
    var result = Octets()
    withUnsafeMutableBytes(of: &result) { code.finish(into: $0) }
    return result
  }

  /// The first nonce of RFC 6979 for a hash and a key, neither of which is reduced. With `dropsZeros` a leading zero
  /// byte of a message is not hashed, as in the standard library, whose messages are numbers.
  public static func nonce(hash: Octets, key: Octets, dropsZeros: Bool) -> Octets {
    var v = Octets(repeating: 1)
    var k = Octets()
    withUnsafeBytes(of: hash) { hash in
      withUnsafeBytes(of: key) { key in
        for round in UInt8(0)...1 {
          let start = v
          withUnsafeBytes(of: start) { start in
            withUnsafeBytes(of: round) { round in
              let zeros = dropsZeros ? start.prefix { $0 == 0 }.count : 0
              k = hmac(k, [UnsafeRawBufferPointer(rebasing: start[zeros...]), round, key, hash])
            }
          }
          withUnsafeBytes(of: start) { v = hmac(k, [$0]) }
        }
      }
    }
    return withUnsafeBytes(of: v) { hmac(k, [$0]) }
  }

  /// An ECDSA signature with a given nonce: low s, and which of the possible keys it recovers. Nil if key or nonce are not
  /// in order, or the signature is none.
  public static func sign(hash: Octets, key: Octets, nonce: Octets) -> (recovery: Int, r: Octets, s: Octets)? {
    guard let context, isInOrder(key), isInOrder(nonce) else { return nil }
    var signature = secp256k1_ecdsa_recoverable_signature()
    var nonce = nonce
    let status = with(hash) { hash in
      with(key) { key in
        withUnsafeMutableBytes(of: &nonce) { nonce in
          // Called once: a second attempt would need another nonce, and fails.
          secp256k1_ecdsa_sign_recoverable(
            context, &signature, hash, key,
            { target, _, _, _, data, attempt in
              guard attempt == 0, let target, let data else { return 0 }
              target.update(from: data.assumingMemoryBound(to: UInt8.self), count: 32)
              return 1
            }, nonce.baseAddress)
        }
      }
    }
    guard status == 1 else { return nil }
    var compact = SIMD64<UInt8>()
    var recovery: Int32 = 0
    let serialized = withUnsafeMutableBytes(of: &compact) { target in
      target.withAddress {
        secp256k1_ecdsa_recoverable_signature_serialize_compact(context, $0, &recovery, &signature)
      }
    }
    return serialized == 1 ? (Int(recovery), compact.lowHalf, compact.highHalf) : nil
  }

  /// The public key, as its coordinates, that made an ECDSA signature. Nil if there is none.
  public static func recover(hash: Octets, recovery: Int, r: Octets, s: Octets) -> (x: Octets, y: Octets)? {
    guard let context, (0...3).contains(recovery), isInOrder(r), isInOrder(s) else { return nil }
    var signature = secp256k1_ecdsa_recoverable_signature()
    let parsed = with(SIMD64(lowHalf: r, highHalf: s)) {
      secp256k1_ecdsa_recoverable_signature_parse_compact(context, &signature, $0, Int32(recovery))
    }
    var key = secp256k1_pubkey()
    guard parsed == 1, with(hash, { secp256k1_ecdsa_recover(context, &key, &signature, $0) }) == 1 else { return nil }
    return coordinates(of: key)
  }

  /// The public key of a private one, as its coordinates. Nil if it is not in order.
  public static func publicKey(_ key: Octets) -> (x: Octets, y: Octets)? {
    guard let context else { return nil }
    var point = secp256k1_pubkey()
    guard with(key, { secp256k1_ec_pubkey_create(context, &point, $0) }) == 1 else { return nil }
    return coordinates(of: point)
  }

  private static func coordinates(of key: secp256k1_pubkey) -> (x: Octets, y: Octets)? {
    guard let context else { return nil }
    var x = Octets()
    var y = Octets()
    let succeeded = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 65) { buffer in
      guard let start = buffer.baseAddress else { return false }
      var length = 65
      var key = key
      guard
        secp256k1_ec_pubkey_serialize(context, start, &length, &key, UInt32(SECP256K1_EC_UNCOMPRESSED)) == 1,
        length == 65
      else { return false }
      for index in 0..<32 {
        x[index] = buffer[1 + index]
        y[index] = buffer[33 + index]
      }
      return true
    }
    return succeeded ? (x, y) : nil
  }

  /// The Schnorr signature of a message of 32 bytes with auxiliary randomness. Nil if the key is not in order.
  public static func schnorrSign(key: Octets, message: Octets, auxiliary: Octets) -> SIMD64<UInt8>? {
    guard let context else { return nil }
    var pair = secp256k1_keypair()
    guard with(key, { secp256k1_keypair_create(context, &pair, $0) }) == 1 else { return nil }
    var signature = SIMD64<UInt8>()
    let status = withUnsafeMutableBytes(of: &signature) { target in
      target.withAddress { target in
        with(message) { message in
          with(auxiliary) { secp256k1_schnorrsig_sign32(context, target, message, &pair, $0) }
        }
      }
    }
    return status == 1 ? signature : nil
  }

  /// Whether a Schnorr signature of a message of 32 bytes is valid for the key with this x-coordinate.
  public static func schnorrVerify(key: Octets, message: Octets, signature: SIMD64<UInt8>) -> Bool {
    guard let context else { return false }
    var point = secp256k1_xonly_pubkey()
    guard with(key, { secp256k1_xonly_pubkey_parse(context, &point, $0) }) == 1 else { return false }
    return with(signature) { signature in
      with(message) { secp256k1_schnorrsig_verify(context, signature, $0, 32, &point) }
    } == 1
  }
}
