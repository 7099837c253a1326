// Published vectors of every hash, other libraries on random input, and every way to cut the input in pieces.

import CCrypto
import CSodium
import StrataTestSupport
import Testing

@testable import StrataCrypto

/// What libcrypto's high layer makes of a message.
private func libcrypto(_ name: String, _ message: [UInt8]) -> [UInt8] {
  var size = 64
  var digest = [UInt8](repeating: 0, count: 64)
  #expect(EVP_Q_digest(nil, name, nil, message, message.count, &digest, &size) == 1, "\(name)")
  return Array(digest[0..<size])
}

private func keccak(_ bits: Int, suffix: UInt8 = 1, _ message: [UInt8]) -> [UInt8] {
  output(bits / 8) { digest in
    var hash = Keccak(bits: bits, suffix: suffix)
    message.withUnsafeBytes { hash.update($0) }
    hash.finish(into: digest)
  }
}

private func blake3(_ message: [UInt8], key: [UInt8]? = nil, flags: UInt32 = 0, size: Int = 32) -> [UInt8] {
  output(size) { digest in
    var hash = Blake3()
    if let key { hash = Blake3(key: unsafeBitCast(octets(key) as SIMD32<UInt8>, to: SIMD8<UInt32>.self), flags: flags) }
    message.withUnsafeBytes { hash.update($0) }
    hash.finish(into: digest)
  }
}

private func blake2b(_ message: [UInt8], key: [UInt8] = [], size: Int = 64) throws -> [UInt8] {
  try output(size) { digest in
    try message.withUnsafeBytes { message in
      try key.withUnsafeBytes { try Blake2b.digest(of: OctetStream(message), key: $0, into: digest) }
    }
  }
}

struct HashTests {
  static let alphabet = ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")

  /// FIPS 180-4 and the RIPEMD-160 paper.
  @Test func shaAndRipemd() {
    #expect(text(SHA1.digest(of: ascii("abc"))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(text(SHA1.digest(of: [])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(text(SHA1.digest(of: Self.alphabet)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    #expect(
      text(SHA256.digest(of: ascii("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(text(SHA256.digest(of: [])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      text(SHA256.digest(of: Self.alphabet)) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      text(SHA512.digest(of: ascii("abc")))
        == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )
    #expect(text(RIPEMD160.digest(of: [])) == "9c1185a5c5e9fc54612808977ee8f548b2258d31")
    #expect(text(RIPEMD160.digest(of: ascii("abc"))) == "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc")
    #expect(text(RIPEMD160.digest(of: ascii("message digest"))) == "5d0689ef49d2fae572b881b123a85ffa21595f36")
    let million = [UInt8](repeating: 0x61, count: 1_000_000)
    #expect(text(SHA1.digest(of: million)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    #expect(text(SHA256.digest(of: million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(text(RIPEMD160.digest(of: million)) == "52783243c1697bdbe16d37f97f68f08325dc1528")
  }

  /// The submission's test values, Ethereum's, and FIPS 202 for the other padding.
  @Test func keccakWithBothPaddings() {
    #expect(text(keccak(224, [])) == "f71837502ba8e10837bdd8d365adb85591895602fc552b48b7390abd")
    #expect(text(keccak(256, [])) == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    #expect(
      text(keccak(384, []))
        == "2c23146a63a29acf99e73b88f8c24eaa7dc60aa771780ccc006afbfa8fe2479b2dd2b21362337441ac12b515911957ff")
    #expect(
      text(keccak(512, []))
        == "0eab42de4c3ceb9235fc91acffe746b29c29a8c366b7c60e4e67c466f36a4304c00fa9caf9d87976ba469bcbe06713b435f091ef2769fb160cdab33d3670680e"
    )
    #expect(text(keccak(256, ascii("abc"))) == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")
    #expect(
      text(keccak(256, ascii("The quick brown fox jumps over the lazy dog")))
        == "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15")
    #expect(
      text(keccak(256, suffix: 6, ascii("abc"))) == "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532")
  }

  @Test func keccakAgreesWithSHA3OfLibcrypto() {
    var random = Random(seed: 0x5A3)
    for length in [0, 1, 7, 8, 71, 72, 73, 103, 104, 105, 135, 136, 137, 143, 144, 145, 300, 1000] {
      let message = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      for bits in [224, 256, 384, 512] {
        #expect(keccak(bits, suffix: 6, message) == libcrypto("SHA3-\(bits)", message), "\(bits) of \(length)")
      }
    }
  }

  /// RFC 7693 appendix A, and the keyed vectors of the reference implementation.
  @Test func blake2b() throws {
    #expect(
      try text(StrataCryptoTests.blake2b(ascii("abc")))
        == "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
    )
    let key = (0..<64).map { UInt8($0) }
    #expect(
      try text(StrataCryptoTests.blake2b([], key: key))
        == "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568"
    )
    #expect(
      try text(StrataCryptoTests.blake2b([0], key: key))
        == "961f6dd1e4dd30f63901690c512e78e4b45e4742ed197c3c5e45c549fd25f2e4187b0bc9fe30492b16b0d0bc4ef9b0f34c7003fac09a5ef1532e69430234cebd"
    )
    #expect(throws: CryptoError.invalid) { try StrataCryptoTests.blake2b([], key: [UInt8](repeating: 0, count: 65)) }
    #expect(throws: CryptoError.invalid) { try StrataCryptoTests.blake2b([], size: 65) }
  }

  /// The official vectors: the bytes 0 to 250 over and over, hashed, keyed, and as a derived key's material.
  @Test(arguments: [
    (
      0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
      "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
      "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d"
    ),
    (
      1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
      "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
      "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c"
    ),
    (
      1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
      "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e",
      "74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5"
    ),
    (
      1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
      "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
      "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706"
    ),
    (
      1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
      "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69",
      "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb"
    ),
    (
      3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3",
      "68dede9bef00ba89e43f31a6825f4cf433389fedae75c04ee9f0cf16a427c95a",
      "72613c9ec9ff7e40f8f5c173784c532ad852e827dba2bf85b2ab4b76f7079081"
    ),
    (
      7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817",
      "ed9b1a922c046fdb3d423ae34e143b05ca1bf28b710432857bf738bcedbfa511",
      "554b0a5efea9ef183f2f9b931b7497995d9eb26f5c5c6dad2b97d62fc5ac31d9"
    ),
  ]) func blake3Vectors(length: Int, hashed: String, keyed: String, derived: String) {
    let message = (0..<length).map { UInt8($0 % 251) }
    #expect(text(blake3(message)) == hashed)
    #expect(text(blake3(message, key: ascii("whats the Elvish word for friend"), flags: 16)) == keyed)
    let context = output(32) { digest in
      var hash = Blake3(key: Blake3.initialWords, flags: 32)
      ascii("BLAKE3 2019-12-27 16:29:52 test vectors context").withUnsafeBytes { hash.update($0) }
      hash.finish(into: digest)
    }
    #expect(text(blake3(message, key: context, flags: 64)) == derived)
  }

  @Test func blake3GivesAnyLength() {
    #expect(
      text(blake3([], size: 131))
        == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262e00f03e7b69af26b7faaf09fcd333050338ddfe085b8cc869ca98b206c08243a26f5487789e8f660afe6c99ef9e0c52b92e7393024a80459cf91f476f9ffdbda7001c22e159b402631f277ca96f2defdf1078282314e763699a31c5363165421cce14d"
    )
    // A chunk's last node, made the root, is the hash.
    let message = (0..<1024).map { UInt8($0 % 251) }
    var node = OctetStream.with(message) { Blake3.chunk($0, key: Blake3.initialWords, counter: 0, flags: 0) }
    node.flags |= 8
    let root = withUnsafeBytes(of: node.compressed()) { Array($0.prefix(32)) }
    #expect(text(root) == "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7")
  }

  @Test func libsodiumAndLibcryptoAgree() {
    let seed: UInt64 = 0x4A5
    var random = Random(seed: seed)
    for _ in 0..<200 * testScale {
      let message = (0..<random.below(600)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var digest = [UInt8](repeating: 0, count: 64)
      crypto_hash_sha256(&digest, message, UInt64(message.count))
      #expect(SHA256.digest(of: message) == Array(digest[0..<32]), "seed \(seed)")
      crypto_hash_sha512(&digest, message, UInt64(message.count))
      #expect(SHA512.digest(of: message) == digest, "seed \(seed)")
      #expect(SHA1.digest(of: message) == libcrypto("SHA1", message), "seed \(seed)")
      #expect((try? StrataCryptoTests.blake2b(message)) == libcrypto("BLAKE2B-512", message), "seed \(seed)")
    }
  }

  /// However a message is cut, and in whichever order its number is read, the digest is the same.
  @Test func piecesAndOrderMakeNoDifference() {
    let seed: UInt64 = 0x91E
    var random = Random(seed: seed)
    for _ in 0..<40 * testScale {
      let message = (0..<random.below(5000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      func cut<Hash: StreamingHash>(_ type: Hash.Type) -> [UInt8] {
        output(Hash.digestSize) { digest in
          var hash = Hash()
          message.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
              let end = min(bytes.count, start + 1 + random.below(300))
              hash.update(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
              start = end
            }
          }
          hash.finish(into: digest)
        }
      }
      #expect(cut(SHA256.self) == SHA256.digest(of: message), "seed \(seed)")
      #expect(cut(Keccak.self) == Keccak.digest(of: message), "seed \(seed)")
      #expect(cut(Blake3.self) == Blake3.digest(of: message), "seed \(seed)")
      // Three zero bytes above the number: behind it, or in front when it is turned round.
      let turned = Array(message.reversed())
      let digest = output(32) { digest in
        turned.withUnsafeBytes {
          SHA256.digest(
            of: OctetStream($0.baseAddress, present: turned.count, count: turned.count + 3, reversed: true),
            into: digest)
        }
      }
      #expect(digest == SHA256.digest(of: [0, 0, 0] + message), "seed \(seed)")
      let low = output(32) { digest in
        message.withUnsafeBytes {
          SHA256.digest(of: OctetStream($0.baseAddress, present: message.count, count: message.count / 2), into: digest)
        }
      }
      #expect(low == SHA256.digest(of: Array(message[0..<message.count / 2])), "seed \(seed)")
    }
  }
}
