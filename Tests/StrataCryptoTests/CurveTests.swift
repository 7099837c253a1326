// Published vectors of Ed25519, X25519 and secp256k1, the libraries' own whole operations on random input, and the laws
// of the groups.

import CCrypto
import CSecp256k1
import CSodium
import StrataTestSupport
import Testing

@testable import StrataCrypto

private typealias Octets = SIMD32<UInt8>

private func sign(_ seed: [UInt8], _ message: [UInt8]) throws -> [UInt8] {
  let (scalar, prefix) = Edwards25519.expand(seed: octets(seed))
  let key = try #require(Edwards25519.publicKey(seed: octets(seed)))
  let signature = OctetStream.with(message) {
    Edwards25519.sign($0, scalar: scalar, prefix: prefix, publicKey: key)
  }
  return try bytes(#require(signature))
}

private func verify(_ signature: [UInt8], _ message: [UInt8], _ key: [UInt8]) -> Bool? {
  OctetStream.with(message) { Edwards25519.verify(octets(signature), $0, publicKey: octets(key)) }
}

private func random32(_ random: inout Random) -> [UInt8] {
  (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

struct CurveTests {
  /// RFC 8032 section 7.1.
  @Test(arguments: [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ),
  ]) func ed25519(seed: String, key: String, message: String, signature: String) throws {
    #expect(try text(bytes(#require(Edwards25519.publicKey(seed: octets(hex(seed)))))) == key)
    #expect(try text(sign(hex(seed), hex(message))) == signature)
    #expect(verify(hex(signature), hex(message), hex(key)) == true)
    #expect(verify(hex(signature), hex(message) + [0], hex(key)) == false)
    var forged = hex(signature)
    forged[3] ^= 1
    #expect(verify(forged, hex(message), hex(key)) == false)
  }

  @Test func ed25519AgreesWithLibsodium() throws {
    let seed: UInt64 = 0xED
    var random = Random(seed: seed)
    for round in 0..<40 * testScale {
      let secret = random32(&random)
      let message = (0..<random.below(200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var key = [UInt8](repeating: 0, count: 32)
      var pair = [UInt8](repeating: 0, count: 64)
      crypto_sign_ed25519_seed_keypair(&key, &pair, secret)
      var signature = [UInt8](repeating: 0, count: 64)
      crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), pair)
      #expect(try sign(secret, message) == signature, "seed \(seed)")
      if round % 2 == 0 { signature[random.below(64)] ^= 1 << UInt8(random.below(8)) }
      let isValid = crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), key) == 0
      #expect(verify(signature, message, key) ?? false == isValid, "seed \(seed)")
    }
  }

  /// RFC 7748 section 5.2.
  @Test func x25519() throws {
    let shared = Edwards25519.exchange(
      octets(hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")),
      octets(hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")))
    #expect(
      try text(bytes(#require(shared))) == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    #expect(Edwards25519.exchange(octets([9]), Octets()) == nil)
  }

  @Test func theGroupHasItsLaws() throws {
    let seed: UInt64 = 0x6A
    var random = Random(seed: seed)
    for _ in 0..<10 * testScale {
      let a: Octets = octets(random32(&random))
      let b: Octets = octets(random32(&random))
      let p = try #require(Edwards25519.multiplyBase(a))
      let q = try #require(Edwards25519.multiplyBase(b))
      let sum = try #require(Edwards25519.add(p, q))
      #expect(Edwards25519.add(q, p) == sum, "seed \(seed)")
      #expect(try Edwards25519.add(sum, #require(Edwards25519.negate(q))) == p, "seed \(seed)")
      #expect(Edwards25519.multiply(a, q) == Edwards25519.multiply(b, p), "seed \(seed)")
    }
    // The neutral element, a point of small order and one that is not on the curve.
    #expect(Edwards25519.add(octets([1]), octets([1])) == nil)
    #expect(!Edwards25519.isMainPoint(octets([0])))
    #expect(!Edwards25519.isMainPoint(octets([2])))
    #expect(Edwards25519.multiplyBase(Octets()) == nil)
  }

  /// BIP 340.
  @Test(arguments: [
    (
      "0000000000000000000000000000000000000000000000000000000000000003",
      "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"
    ),
    (
      "b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef",
      "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
      "0000000000000000000000000000000000000000000000000000000000000001",
      "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
      "6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de33418906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a"
    ),
  ]) func schnorr(secret: String, key: String, auxiliary: String, message: String, signature: String) throws {
    let found = Secp256k1.schnorrSign(
      key: octets(hex(secret)), message: octets(hex(message)), auxiliary: octets(hex(auxiliary)))
    #expect(try text(bytes(#require(found))) == signature)
    #expect(
      Secp256k1.schnorrVerify(
        key: octets(hex(key)), message: octets(hex(message)), signature: octets(hex(signature))))
    #expect(
      !Secp256k1.schnorrVerify(key: octets(hex(key)), message: octets([1]), signature: octets(hex(signature))))
  }

  /// The vector that every implementation of RFC 6979 on this curve prints.
  @Test func deterministicNonce() throws {
    let hash: Octets = octets(SHA256.digest(of: ascii("Satoshi Nakamoto")))
    var key = Octets()
    key[31] = 1
    let nonce = Secp256k1.nonce(hash: hash, key: key, dropsZeros: false)
    #expect(text(bytes(nonce)) == "8f8a276c19f4149656b280621e358cce24f5f52542772691ee69063b74f15d15")
    let signature = try #require(Secp256k1.sign(hash: hash, key: key, nonce: nonce))
    #expect(
      text(bytes(signature.r) + bytes(signature.s))
        == "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"
    )
    let point = try #require(
      Secp256k1.recover(hash: hash, recovery: signature.recovery, r: signature.r, s: signature.s))
    #expect(text(bytes(point.x)) == "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    #expect(text(bytes(point.y)) == "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")
    #expect(Secp256k1.sign(hash: hash, key: Octets(), nonce: nonce) == nil)
    #expect(Secp256k1.sign(hash: hash, key: key, nonce: Secp256k1.order) == nil)
    #expect(Secp256k1.recover(hash: hash, recovery: 4, r: signature.r, s: signature.s) == nil)
  }

  @Test func ecdsaAgreesWithTheLibrarysOwnNonce() throws {
    let seed: UInt64 = 0xEC
    var random = Random(seed: seed)
    let context = try #require(secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)))
    defer { secp256k1_context_destroy(context) }
    for _ in 0..<40 * testScale {
      let secret = random32(&random)
      let hash = random32(&random)
      var signature = secp256k1_ecdsa_signature()
      var expected = [UInt8](repeating: 0, count: 64)
      #expect(secp256k1_ecdsa_sign(context, &signature, hash, secret, nil, nil) == 1)
      secp256k1_ecdsa_signature_serialize_compact(context, &expected, &signature)
      let nonce = Secp256k1.nonce(hash: octets(hash), key: octets(secret), dropsZeros: false)
      let found = try #require(Secp256k1.sign(hash: octets(hash), key: octets(secret), nonce: nonce))
      #expect(bytes(found.r) + bytes(found.s) == expected, "seed \(seed)")
      let key = try #require(Secp256k1.publicKey(octets(secret)))
      let recovered = try #require(
        Secp256k1.recover(hash: octets(hash), recovery: found.recovery, r: found.r, s: found.s))
      #expect(recovered == key, "seed \(seed)")
    }
  }
}
