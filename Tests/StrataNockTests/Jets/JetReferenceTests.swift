// Jets whose arms are in no recorded kernel, against implementations that share no code with them; and these against
// published values, so that none of them is only as wrong as the jet.

import StrataTestSupport
import Testing

@testable import StrataNock

struct JetReferenceTests {
  @Test(arguments: JetReference.hashes) func hashesAnswerAsTheirStandardsSay(reference: JetReference) throws {
    try reference.check(cases: JetCases.each(debug: 12, release: 100_000))
  }

  @Test(arguments: JetReference.ciphers) func ciphersAnswerAsTheirStandardsSay(reference: JetReference) throws {
    try reference.check(cases: JetCases.each(debug: 5, release: 100_000))
  }

  @Test(arguments: JetReference.curves) func curvesAnswerAsPlainArithmeticDoes(reference: JetReference) throws {
    try reference.check(cases: JetCases.each(debug: 2, release: 100_000))
  }

  /// Whatever lies in `hex` but is in no recorded kernel is held against something.
  @Test func everyJetOfHashesCiphersAndCurvesIsCovered() {
    let covered = Set(
      (JetReference.hashes + JetReference.ciphers + JetReference.curves).compactMap { $0.jet.map(JetCases.key) })
    let wanted = [JetFamily.hashes, .ciphers, .curves].flatMap { $0.jets }.filter { $0.path.contains("/hex/") }
    #expect(covered == Set(wanted.map(JetCases.key)))
  }

  @Test func plainHashesGivePublishedValues() {
    let abc = Array("abc".utf8)
    #expect(PlainHash.sha1(abc) == hexBytes("a9993e364706816aba3e25717850c26c9cd0d89d"))
    #expect(
      PlainHash.sha256(abc) == hexBytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    #expect(
      PlainHash.sha512(abc)
        == hexBytes(
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ))
    #expect(PlainHash.ripemd160(abc) == hexBytes("8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"))
    #expect(
      PlainHash.keccak(abc, bits: 256) == hexBytes("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"))
    #expect(
      PlainHash.blake2b(abc, size: 64)
        == hexBytes(
          "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
        ))
    #expect(
      PlainHash.messageCode(
        Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20), block: 64, hash: PlainHash.sha256)
        == hexBytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"))
    #expect(
      PlainBlake3.hash([0], key: PlainBlake3.initial, flags: 0, size: 32)
        == hexBytes("2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"))
  }

  @Test func plainCiphersGivePublishedValues() {
    let key = hexBytes("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
    let cipher = PlainAES(key: key)
    let block = hexBytes("8ea2b7ca516745bfeafc49904b496089")
    #expect(cipher.encrypt(hexBytes("00112233445566778899aabbccddeeff")) == block)
    #expect(cipher.decrypt(block) == hexBytes("00112233445566778899aabbccddeeff"))
    let vector = PlainSyntheticVector(key: hexBytes("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
    let text = hexBytes("112233445566778899aabbccddee")
    let tag = vector.tag([hexBytes("101112131415161718191a1b1c1d1e1f2021222324252627")], text)
    #expect(tag == hexBytes("85632d07c6e8f37f950acd320a2ecc93"))
    #expect(vector.crypt(text, tag: tag) == hexBytes("40c02b9690c4dc04daef7f6afe5c"))
    let zeros = [UInt8](repeating: 0, count: 32)
    #expect(
      PlainCipher.chaCha(zeros, key: zeros, nonce: [UInt8](repeating: 0, count: 8), counter: 0, rounds: 8)
        == hexBytes("3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e"))
    #expect(
      PlainCipher.scrypt([], [], cost: 16, blockSize: 1, parallelism: 1, size: 32)
        == hexBytes("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"))
    func repeated(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }
    #expect(
      PlainArgon2(type: 2, version: 0x13, lanes: 4, memory: 32, passes: 3).hash(
        repeated(1, 32), salt: repeated(2, 16), secret: repeated(3, 8), associated: repeated(4, 12), size: 32)
        == hexBytes("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"))
  }

  @Test func plainCurvesGivePublishedValues() {
    let seed = hexBytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    let key = hexBytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    #expect(PlainEdwards.publicKey(seed) == key)
    let (scalar, prefix) = PlainEdwards.expand(seed)
    #expect(
      PlainEdwards.sign(hexBytes("af82"), scalar: scalar, prefix: prefix, key: key)
        == hexBytes(
          "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ))
    #expect(
      PlainEdwards.exchange(
        PlainEdwards.clamped(hexBytes("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")),
        Plain256(bytes: hexBytes("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")))
        == hexBytes("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"))
    let one = Plain256(1, 0, 0, 0)
    let hash = Plain256(hex: "a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e")
    #expect(
      PlainWeierstrass.nonce(hash: hash, key: one)
        == Plain256(hex: "8f8a276c19f4149656b280621e358cce24f5f52542772691ee69063b74f15d15"))
    let signature = PlainWeierstrass.sign(hash: hash, key: one)
    #expect(signature?.r == Plain256(hex: "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"))
    #expect(signature?.s == Plain256(hex: "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"))
    let zeros = [UInt8](repeating: 0, count: 32)
    #expect(
      PlainWeierstrass.schnorrSign(key: Plain256(3, 0, 0, 0), message: zeros, auxiliary: zeros)
        == hexBytes(
          "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"
        ))
  }
}
