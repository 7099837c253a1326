// Published vectors of HMAC, AES and its modes, ChaCha, PBKDF2, scrypt and Argon2; other libraries on random input.

import CArgon2
import CCrypto
import CSodium
import StrataTestSupport
import Testing

@testable import StrataCrypto

private func hmac<Hash: StreamingHash>(_ type: Hash.Type, _ key: [UInt8], _ message: [UInt8]) -> String {
  text(
    output(Hash.digestSize) { code in
      var keyed = OctetStream.with(key) { HMAC<Hash>(key: $0) }
      message.withUnsafeBytes { keyed.update($0) }
      keyed.finish(into: code)
    })
}

private func block(_ key: [UInt8], _ data: [UInt8], encrypts: Bool = true) throws -> [UInt8] {
  let cipher = try key.withUnsafeBytes { (bytes) throws(CryptoError) in try BlockCipher(key: bytes) }
  return output(16) { target in
    target.copyBytes(from: data)
    target.withAddress { if encrypts { cipher.encrypt($0) } else { cipher.decrypt($0) } }
  }
}

private func synthetic(_ key: [UInt8], _ associated: [[UInt8]], _ plain: [UInt8]) throws -> [UInt8] {
  var cipher = try key.withUnsafeBytes { (bytes) throws(CryptoError) in try SyntheticVector(key: bytes) }
  for item in associated { OctetStream.with(item) { cipher.associate($0) } }
  let tag = plain.withUnsafeBytes { cipher.tag(of: $0) }
  let encrypted = output(plain.count) { target in
    target.copyBytes(from: plain)
    cipher.crypt(target, tag: tag)
  }
  return withUnsafeBytes(of: tag.bigEndian) { Array($0) } + encrypted
}

/// What libcrypto's high layer makes of SIV.
private func libcryptoSIV(_ key: [UInt8], _ associated: [[UInt8]], _ plain: [UInt8]) -> [UInt8] {
  let context = EVP_CIPHER_CTX_new()
  defer { EVP_CIPHER_CTX_free(context) }
  let cipher = EVP_CIPHER_fetch(nil, "AES-\(key.count * 4)-SIV", nil)
  defer { EVP_CIPHER_free(cipher) }
  var size: Int32 = 0
  var result = [UInt8](repeating: 0, count: plain.count + 16)
  var tag = [UInt8](repeating: 0, count: 16)
  #expect(EVP_EncryptInit_ex(context, cipher, nil, key, nil) == 1)
  for item in associated { #expect(EVP_EncryptUpdate(context, nil, &size, item, Int32(item.count)) == 1) }
  #expect(EVP_EncryptUpdate(context, &result, &size, plain, Int32(plain.count)) == 1)
  #expect(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1)
  return tag + result[0..<plain.count]
}

private func argon2(
  _ argon: Argon2, _ password: [UInt8], _ salt: [UInt8], _ secret: [UInt8], _ associated: [UInt8], size: Int = 32
) throws -> [UInt8] {
  try output(size) { target in
    try password.withUnsafeBytes { password in
      try salt.withUnsafeBytes { salt in
        try secret.withUnsafeBytes { secret in
          try associated.withUnsafeBytes {
            try argon.hash(password: password, salt: salt, secret: secret, associated: $0, into: target)
          }
        }
      }
    }
  }
}

/// What the reference implementation makes of the same, without secret and associated data.
private func libargon2(_ argon: Argon2, _ password: [UInt8], _ salt: [UInt8], size: Int) -> [UInt8] {
  var result = [UInt8](repeating: 0, count: size)
  let status = argon2_hash(
    UInt32(argon.passes), UInt32(argon.memory), UInt32(argon.lanes), password, password.count, salt, salt.count,
    &result, size, nil, 0, argon2_type(argon.kind.rawValue), UInt32(argon.version))
  #expect(status == ARGON2_OK.rawValue)
  return result
}

struct CipherTests {
  /// RFC 2202 and RFC 4231.
  @Test func messageAuthentication() {
    let key = [UInt8](repeating: 0x0B, count: 20)
    #expect(hmac(SHA1.self, key, ascii("Hi There")) == "b617318655057264e28bc0b6fb378c8ef146be00")
    #expect(
      hmac(SHA256.self, key, ascii("Hi There")) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      hmac(SHA512.self, key, ascii("Hi There"))
        == "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"
    )
    #expect(
      hmac(SHA256.self, ascii("Jefe"), ascii("what do ya want for nothing?"))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      hmac(
        SHA256.self, [UInt8](repeating: 0xAA, count: 131),
        ascii("Test Using Larger Than Block-Size Key - Hash Key First"))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  /// FIPS 197 appendix C and SP 800-38A.
  @Test func aes() throws {
    let key = (0..<32).map { UInt8($0) }
    let plain = hex("00112233445566778899aabbccddeeff")
    for (size, expected) in [
      (16, "69c4e0d86a7b0430d8cdb78070b4c55a"), (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
      (32, "8ea2b7ca516745bfeafc49904b496089"),
    ] {
      #expect(try text(block(Array(key[0..<size]), plain)) == expected)
      #expect(try block(Array(key[0..<size]), hex(expected), encrypts: false) == plain)
    }
    let cipher = try hex("2b7e151628aed2a6abf7158809cf4f3c").withUnsafeBytes { (bytes) throws(CryptoError) in
      try BlockCipher(key: bytes)
    }
    var data = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    let start = data
    for encrypts in [true, false] {
      try data.withUnsafeMutableBytes { data in
        try key[0..<16].withUnsafeBytes { try cipher.chain(data, vector: $0, encrypts: encrypts) }
      }
      #expect(
        data == (encrypts ? hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2") : start))
    }
    #expect(throws: CryptoError.invalid) { try block([1, 2, 3], plain) }
  }

  /// RFC 5297 appendix A.
  @Test func syntheticVectors() throws {
    #expect(
      try text(
        synthetic(
          hex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
          [hex("101112131415161718191a1b1c1d1e1f2021222324252627")], hex("112233445566778899aabbccddee")))
        == "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c")
    #expect(
      try text(
        synthetic(
          hex("7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f"),
          [
            hex("00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100"),
            hex("102030405060708090a0"), hex("09f911029d74e35bd84156c5635688c0"),
          ], ascii("this is some plaintext to encrypt using SIV-AES")))
        == "7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d"
    )
  }

  @Test func syntheticVectorsAgreeWithLibcrypto() throws {
    let seed: UInt64 = 0x517
    var random = Random(seed: seed)
    func some(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
    for round in 0..<100 * testScale {
      let key = some([32, 48, 64][round % 3])
      let associated = (0..<random.below(4)).map { _ in some(1 + random.below(50)) }
      let plain = some(1 + random.below(100))
      #expect(try synthetic(key, associated, plain) == libcryptoSIV(key, associated, plain), "seed \(seed)")
    }
  }

  /// The eSTREAM vectors for 8 and 12 rounds, the usual one for 20, and the XChaCha draft's.
  @Test func chaCha() throws {
    func stream(_ rounds: Int) throws -> String {
      let zeros = [UInt8](repeating: 0, count: 32)
      return try text(
        output(32) { target in
          try zeros.withUnsafeBytes { key in
            try ChaCha.crypt(
              target, key: key, nonce: UnsafeRawBufferPointer(rebasing: key[0..<8]), counter: 0, rounds: rounds)
          }
        })
    }
    #expect(try stream(8) == "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e")
    #expect(try stream(12) == "9bf49a6a0755f953811fce125f2683d50429c3bb49e074147e0089a52eae155f")
    #expect(try stream(20) == "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7")
    let key = (0..<32).map { UInt8($0) }
    let derived = try key.withUnsafeBytes { key in
      try hex("000000090000004a0000000031415927").withUnsafeBytes {
        try ChaCha.derivedKey(key: key, nonce: $0, rounds: 20)
      }
    }
    #expect(
      text(withUnsafeBytes(of: derived) { Array($0) })
        == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc")
    #expect(throws: CryptoError.invalid) { try stream(7) }
  }

  @Test func chaChaAgreesWithLibsodium() throws {
    let seed: UInt64 = 0xCAC
    var random = Random(seed: seed)
    for _ in 0..<50 * testScale {
      let key = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let nonce = (0..<8).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let counter = random.next() >> 1
      let message = (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var expected = [UInt8](repeating: 0, count: message.count)
      crypto_stream_chacha20_xor_ic(&expected, message, UInt64(message.count), nonce, counter, key)
      let found = try output(message.count) { target in
        target.copyBytes(from: message)
        try key.withUnsafeBytes { key in
          try nonce.withUnsafeBytes { try ChaCha.crypt(target, key: key, nonce: $0, counter: counter, rounds: 20) }
        }
      }
      #expect(found == expected, "seed \(seed)")
    }
  }

  /// RFC 7914 sections 11 and 12.
  @Test func keysFromPasswords() throws {
    func pbkdf2(_ password: String, _ salt: String, _ rounds: Int) throws -> String {
      try text(
        output(64) { key in
          try OctetStream.with(ascii(password)) { password in
            try OctetStream.with(ascii(salt)) {
              try KeyDerivation.pbkdf2(SHA256.self, password: password, salt: $0, rounds: rounds, into: key)
            }
          }
        })
    }
    #expect(
      try pbkdf2("passwd", "salt", 1)
        == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
    )
    #expect(
      try pbkdf2("Password", "NaCl", 80000)
        == "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
    )
    func scrypt(_ password: String, _ salt: String, _ cost: Int, _ size: Int, _ lanes: Int) throws -> String {
      try text(
        output(64) { key in
          try ascii(password).withUnsafeBytes { password in
            try ascii(salt).withUnsafeBytes {
              try KeyDerivation.scrypt(
                password: password, salt: $0, cost: cost, blockSize: size, parallelism: lanes, into: key)
            }
          }
        })
    }
    #expect(
      try scrypt("", "", 16, 1, 1)
        == "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
    )
    #expect(
      try scrypt("password", "NaCl", 1024, 8, 16)
        == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    )
    #expect(throws: CryptoError.invalid) { try scrypt("", "", 15, 1, 1) }
  }

  /// RFC 9106 section 5.
  @Test func argon2Vectors() throws {
    let (password, salt) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 16))
    let (secret, associated) = ([UInt8](repeating: 3, count: 8), [UInt8](repeating: 4, count: 12))
    for (kind, expected) in [
      (Argon2.Kind.d, "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"),
      (.i, "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"),
      (.id, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
    ] {
      let argon = Argon2(kind, lanes: 4, memory: 32, passes: 3)
      #expect(try text(argon2(argon, password, salt, secret, associated)) == expected)
    }
    // Type u is id whose third slice of the first pass is independent too, and its number goes into every seed.
    let u = try argon2(Argon2(.u, lanes: 1, memory: 8, passes: 1), password, salt, [], [])
    #expect(u.count == 32 && Set(u).count > 4)
    #expect(throws: CryptoError.invalid) {
      try argon2(Argon2(.u, lanes: 1, memory: 7, passes: 1), password, salt, [], [])
    }
    #expect(throws: CryptoError.invalid) {
      try argon2(Argon2(.id, lanes: 1, memory: 8, passes: 1), password, [1, 2, 3], [], [])
    }
  }

  @Test func argon2AgreesWithTheReferenceImplementation() throws {
    let seed: UInt64 = 0xA2
    var random = Random(seed: seed)
    for _ in 0..<12 * testScale {
      let kind = [Argon2.Kind.d, .i, .id][random.below(3)]
      let lanes = 1 + random.below(3)
      let argon = Argon2(
        kind, version: random.chance(50) ? 0x10 : 0x13, lanes: lanes, memory: 8 * lanes + random.below(80),
        passes: 1 + random.below(3))
      let password = (0..<random.below(40)).map { UInt8($0) }
      let salt = (0..<8 + random.below(20)).map { UInt8($0 * 3) }
      let size = 4 + random.below(150)
      #expect(
        try argon2(argon, password, salt, [], [], size: size) == libargon2(argon, password, salt, size: size),
        "\(argon), seed \(seed)")
    }
  }
}
