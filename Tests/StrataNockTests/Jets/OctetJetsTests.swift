// The arms of hashes, ciphers and curves through the registry: which way their numbers are read, and that whatever
// else they are given ends in a product, in Nock, or in a fault.

import StrataCrypto
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNock

private let hexPath = "one/two/tri/qua/pen/hex/"

struct OctetJetsTests {
  private let all: [JetFamily] = [.hashes, .ciphers, .curves, .floats]

  @Test func hashes() throws {
    let bench = try JetBench(all)
    let abc = Sample.cord("abc")
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    try bench.expect("one/two/tri/shax", abc, is: .octets(digest))
    try bench.expect("one/two/tri/shay", .cell(.number(3), .cord("abcdef")), is: .octets(digest))
    // Three bytes, of which two are zero bytes on top.
    try bench.expect(
      "one/two/tri/shay", .cell(.number(3), .cord("a")),
      is: .octets("ea6fde9e840d240a4f5df3d85b5ad6183060057bd18dff9c453ba4061117f83b"))
    try bench.expect(
      "one/two/tri/shal", .cell(.number(3), abc),
      is: .octets(
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
      ))
    try bench.expect(
      "one/two/tri/sha/sha1", .counted(Array("abc".utf8)), is: .hex("a9993e364706816aba3e25717850c26c9cd0d89d"))
    try bench.expect(
      hexPath + "ripemd/ripemd160", .counted(Array("abc".utf8)), is: .hex("8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"))
    try bench.expect(
      hexPath + "kecc/k256", .counted(Array("abc".utf8)),
      is: .hex("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"))
    try bench.expect(
      hexPath + "kecc/k224", .counted([]), is: .hex("f71837502ba8e10837bdd8d365adb85591895602fc552b48b7390abd"))
    try bench.expect(
      hexPath + "blake/blake2b", .tuple(.counted(Array("abc".utf8)), .counted([]), .number(64)),
      is: .hex(
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
      ))
  }

  /// RFC 2202, with the jetted arm of SHA-1 as the hash that the caller brings.
  @Test func messageCodes() throws {
    let bench = try JetBench(all)
    func sample(_ key: [UInt8], _ message: [UInt8]) throws -> Sample {
      let hash = try bench.gate("one/two/tri/sha/sha1", .counted([]))
      return .tuple(.tuple(.word(hash), .number(64), .number(20)), .counted(key), .counted(message))
    }
    try bench.expect(
      hexPath + "hmac/hmac", sample([UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8)),
      is: .hex("b617318655057264e28bc0b6fb378c8ef146be00"))
    try bench.expect(
      hexPath + "hmac/hmac",
      sample(
        [UInt8](repeating: 0xAA, count: 80), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)),
      is: .hex("aa4ae5e15272d00e95705637ce8a3b55ed402112"))
    #expect(try bench.call(hexPath + "hmac/hmac", .cell(.number(1), .number(2))) == .punt)
  }

  @Test func blake3() throws {
    let bench = try JetBench(all)
    let initial = "67e6096a85ae67bb72f36e3c3af54fa57f520e518c68059babd9831f19cde05b"
    let zero = "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"
    try bench.expect(
      hexPath + "blake/blake3-impl/blake3/hash", .tuple(.number(32), .number(1), .number(0)),
      door: .cell(.octets(initial), .number(0)), is: .octets(zero))
    // A chunk of one zero byte, and its compression as the root.
    let chunk = Sample.tuple(.octets(initial), .number(0), .number(0), .number(1), .number(3))
    try bench.expect(
      hexPath + "blake/blake3-impl/blake3/chunk-output", .tuple(.number(0), .number(1), .number(0)),
      door: .cell(.octets(initial), .number(0)), is: chunk)
    try bench.expect(
      hexPath + "blake/blake3-impl/compress",
      .tuple(.octets(initial), .number(0), .number(0), .number(1), .number(11)),
      is: .octets(
        zero + "c3a6cb8bf623e20cdb535f8d1a5ffb86342d9c0b64aca3bce1d31f60adfa137b"))
  }

  @Test func ciphers() throws {
    let bench = try JetBench(all)
    let plain = Sample.hex("00112233445566778899aabbccddeeff")
    try bench.expect(
      hexPath + "aes/ecba/en", plain, door: .hex("000102030405060708090a0b0c0d0e0f"),
      is: .hex("69c4e0d86a7b0430d8cdb78070b4c55a"))
    try bench.expect(
      hexPath + "aes/ecbc/de", .hex("8ea2b7ca516745bfeafc49904b496089"),
      door: .hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), is: plain)
    let chain = Sample.cell(.hex("2b7e151628aed2a6abf7158809cf4f3c"), .hex("000102030405060708090a0b0c0d0e0f"))
    let data = Sample.hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    let encrypted = Sample.hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
    try bench.expect(hexPath + "aes/cbca/en", data, door: chain, is: encrypted)
    try bench.expect(hexPath + "aes/cbca/de", encrypted, door: chain, is: data)
    let synthetic = Sample.cell(
      .hex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
      .list([.hex("101112131415161718191a1b1c1d1e1f2021222324252627")]))
    let text = Sample.hex("112233445566778899aabbccddee")
    let sealed = Sample.tuple(
      .hex("85632d07c6e8f37f950acd320a2ecc93"), .number(14), .hex("40c02b9690c4dc04daef7f6afe5c"))
    try bench.expect(hexPath + "aes/siva/en", text, door: synthetic, is: sealed)
    try bench.expect(hexPath + "aes/siva/de", sealed, door: synthetic, is: .cell(.number(0), text))
    try bench.expect(
      hexPath + "aes/siva/de", .tuple(.number(1), .number(14), .hex("40c02b9690c4dc04daef7f6afe5c")), door: synthetic,
      is: .number(0))
    try bench.expect(
      hexPath + "chacha/crypt",
      .tuple(.number(8), .number(0), .number(0), .number(0), .cell(.number(32), .number(0))),
      is: .cell(
        .number(32), .octets("3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e")))
    try bench.expect(
      hexPath + "chacha/xchacha",
      .tuple(
        .number(20), .octets("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        .octets("000000090000004a000000003141592701020304050607ff")),
      is: .cell(
        .octets("82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"), .octets("01020304050607ff")))
  }

  /// The arm takes a text for a number: 16 bytes of less than 128 bits are short, and the padding replaces them, so that all
  /// such texts have one tag.
  @Test func tagsOfSixteenBytesThatAreNoHundredAndTwentyEightBits() throws {
    let bench = try JetBench(all)
    let door = Sample.cell(.bytes([UInt8](repeating: 5, count: 32)), .list([]))
    func tag(_ text: String) throws -> String {
      guard case .product(let product) = try bench.call(hexPath + "aes/siva/en", .hex(text), door: door) else {
        return ""
      }
      return String(product.split(separator: " ")[0])
    }
    let low = try tag("7f112233445566778899aabbccddeeff")
    #expect(try low == tag("01000000000000000000000000000000"))
    #expect(try low != tag("80000000000000000000000000000000"))
  }

  @Test func keysFromPasswords() throws {
    let bench = try JetBench(all)
    let key = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
    try bench.expect(
      hexPath + "scr/pbk", .tuple(.cord("passwd"), .cord("salt"), .number(1), .number(32)), is: .octets(key))
    try bench.expect(
      hexPath + "scr/pbl",
      .tuple(.cord("passwd..."), .number(6), .cord("salt..."), .number(4), .number(1), .number(32)), is: .octets(key))
    try bench.expect(
      hexPath + "scr/hsh",
      .tuple(.cord("password"), .cord("NaCl"), .number(1024), .number(8), .number(16), .number(32)),
      is: .octets("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"))
    try bench.expect(
      hexPath + "scr/hsl",
      .tuple(.number(0), .number(0), .number(0), .number(0), .number(16), .number(1), .number(1), .number(32)),
      is: .octets("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"))
    let configuration = Sample.tuple(
      .number(32), .cord("id"), .number(0x13), .number(4), .number(32), .number(3),
      .counted([UInt8](repeating: 3, count: 8)), .counted([UInt8](repeating: 4, count: 12)))
    // The gate was made by another gate, whose sample lies eight levels up.
    let answer = try bench.call(
      hexPath + "argon/argon2",
      .cell(.counted([UInt8](repeating: 1, count: 32)), .counted([UInt8](repeating: 2, count: 16))),
      context: { parent, nursery in
        var context = try nursery.cell(configuration.build(in: nursery), parent)
        for _ in 0..<5 { context = try nursery.cell(.zero, context) }
        return context
      }, axis: 511)
    let tag = Sample.hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")
    #expect(try answer == .product(bench.text(tag)))
  }

  @Test func ed25519() throws {
    let bench = try JetBench(all)
    let path = hexPath + "coed/ed/"
    let seed = Sample.octets("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    let key = Sample.octets("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    let signature = Sample.octets(
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    let message = Sample.octets("af82")
    try bench.expect(path + "puck", seed, is: key)
    try bench.expect(path + "sign", .cell(message, seed), is: signature)
    try bench.expect(path + "sign-octs", .cell(.cell(.number(2), message), seed), is: signature)
    try bench.expect(path + "veri-octs", .tuple(signature, .cell(.number(2), message), key), is: .number(0))
    try bench.expect(path + "veri", .tuple(signature, message, key), is: .number(0))
    try bench.expect(path + "veri", .tuple(signature, .octets("af83"), key), is: .number(1))
    // 1 * P, P + P = 2 * P, B = 1 * B.
    try bench.expect(path + "scalarmult", .cell(.number(1), key), is: key)
    let twice = try bench.call(path + "point-add", .cell(key, key))
    #expect(try bench.call(path + "scalarmult", .cell(.number(2), key)) == twice)
    let base = Sample.octets("5866666666666666666666666666666666666666666666666666666666666666")
    try bench.expect(path + "scalarmult-base", .number(1), is: base)
    let sum = try bench.call(path + "point-add", .cell(key, base))
    #expect(
      try bench.call(path + "add-scalarmult-scalarmult-base", .tuple(.number(1), key, .number(1))) == sum)
    #expect(
      try bench.call(path + "add-double-scalarmult", .tuple(.number(1), key, .number(1), base)) == sum)
    // What is not canonical, or not of the main subgroup, is for Nock to judge.
    #expect(try bench.call(path + "scalarmult", .cell(.number(2), .number(1))) == .punt)
    #expect(try bench.call(path + "point-add", .cell(key, .number(2))) == .punt)
    #expect(try bench.call(path + "puck", .hex("01" + String(repeating: "00", count: 32))) == .punt)
  }

  /// A message of no bytes is empty, whatever the number beside its length, and then zeros on top of a prefix may be lost.
  @Test func emptyMessagesAreLeftToNockBehindZeros() throws {
    let bench = try JetBench(all)
    var found = 0
    for number in 0..<4000 as Range<UInt64> where found < 3 {
      var seed = SIMD32<UInt8>()
      seed[0] = UInt8(truncatingIfNeeded: number)
      seed[1] = UInt8(truncatingIfNeeded: number >> 8)
      guard Edwards25519.expand(seed: seed).prefix[31] == 0 else { continue }
      found += 1
      func answer(_ message: Sample) throws -> JetAnswer {
        try bench.call(hexPath + "coed/ed/sign-octs", .cell(message, .number(number)))
      }
      #expect(try answer(.cell(.number(0), .number(77))) == .punt)
      #expect(try answer(.cell(.number(3), .number(0))) == .punt)
      #expect(try answer(.cell(.number(1), .number(77))) != .punt)
    }
    #expect(found == 3)
  }

  /// RFC 7748's exchange over Edwards keys: both sides get the same.
  @Test func sharedSecrets() throws {
    let bench = try JetBench(all)
    let path = hexPath + "coed/ed/"
    var plain = 0
    for round in 0..<16 as Range<UInt64> {
      let (first, second) = (Sample.number(1000 + round), Sample.number(2000 + round))
      guard case .product(let firstKey) = try bench.call(path + "puck", first),
        case .product(let secondKey) = try bench.call(path + "puck", second)
      else {
        Issue.record("no key")
        return
      }
      let (a, b) = (try bench.read(firstKey), try bench.read(secondKey))
      // The sign of x is read as a part of y, which breaks the symmetry unless it is 0 on both sides.
      guard a.last.map({ $0 < 0x80 }) ?? false || a.count < 32, b.count < 32 || b[31] < 0x80 else { continue }
      plain += 1
      let shared = try bench.call(path + "shar", .cell(.bytes(a), second))
      #expect(try bench.call(path + "shar", .cell(.bytes(b), first)) == shared)
      guard case .product = shared else {
        Issue.record("no secret")
        return
      }
    }
    #expect(plain > 0)
  }

  @Test func secp256k1() throws {
    let bench = try JetBench(all)
    let path = hexPath + "secp/secp256k1/"
    let hash = Sample.hex("a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e")
    try bench.expect(
      path + "make", .cell(hash, .number(1)),
      is: .hex("8f8a276c19f4149656b280621e358cce24f5f52542772691ee69063b74f15d15"))
    let r = Sample.hex("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8")
    let s = Sample.hex("2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5")
    guard case .product(let signature) = try bench.call(path + "sign", .cell(hash, .number(1))) else {
      Issue.record("no signature")
      return
    }
    let v: UInt64 = try signature == bench.text(.tuple(.number(0), r, s)) ? 0 : 1
    #expect(try signature == bench.text(.tuple(.number(v), r, s)))
    try bench.expect(
      path + "reco", .tuple(hash, .number(v), r, s),
      is: .cell(
        .hex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
        .hex("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")))
    let proof = Sample.hex(
      "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"
    )
    let key = Sample.hex("f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9")
    try bench.expect(path + "schnorr/sosi", .tuple(.number(3), .number(0), .number(0)), is: proof)
    try bench.expect(path + "schnorr/sove", .tuple(key, .number(0), proof), is: .number(0))
    try bench.expect(path + "schnorr/sove", .tuple(key, .number(1), proof), is: .number(1))
    #expect(try bench.call(path + "make", .cell(hash, .number(0))) == .punt)
    #expect(try bench.call(path + "reco", .tuple(hash, .number(4), r, s)) == .punt)
  }

  /// Lengths that come apart from their number are bounded before anything is made of them.
  @Test func hugeLengthsAreLeftToNock() throws {
    let bench = try JetBench(all)
    for length in [
      Sample.number(1 << 40), .number(.max >> 1), .hex("010000000000000000"), .cell(.number(1), .number(2)),
    ] {
      #expect(try bench.call("one/two/tri/shay", .cell(length, .number(1))) == .punt)
      #expect(try bench.call(hexPath + "kecc/k512", .cell(length, .number(1))) == .punt)
      #expect(
        try bench.call(
          hexPath + "chacha/crypt",
          .tuple(.number(8), .number(0), .number(0), .number(0), .cell(length, .number(0)))) == .punt)
      #expect(
        try bench.call(hexPath + "scr/pbk", .tuple(.number(1), .number(1), .number(1), length)) == .punt)
      #expect(
        try bench.call(
          hexPath + "scr/hsh", .tuple(.number(1), .number(1), length, .number(8), .number(1), .number(32))) == .punt)
      #expect(
        try bench.call(
          hexPath + "blake/blake3-impl/blake3/hash", .tuple(length, .number(1), .number(0)),
          door: .cell(.number(0), .number(0))) == .punt)
    }
  }

  /// Any noun at all as sample and as door.
  @Test func anySampleEndsInSomething() throws {
    let seed: UInt64 = 0xF022
    var random = Random(seed: seed)
    func noun(_ depth: Int) -> Sample {
      switch random.below(depth == 0 ? 6 : 12) {
      case 0: .number(UInt64(random.below(4)))
      case 1: .number(random.next() >> UInt64(random.below(64)))
      case 2: .bytes((0..<random.below(70)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      case 3: .bytes([UInt8](repeating: 0xFF, count: 1 + random.below(65)))
      case 4: .cord(["n", "z", "id", "u"][random.below(4)])
      case 5: .number(UInt64(random.below(100)))
      default: .cell(noun(depth - 1), noun(depth - 1))
      }
    }
    let bench = try JetBench(all)
    var products = 0
    for jet in all.flatMap({ $0.jets }) where jet.kelvins.contains(138) {
      for _ in 0..<(isDebug ? 12 : 400) * testScale {
        // Lists of atoms as long as the sample that the jet may want, or anything.
        let sample =
          random.chance(60) ? Sample.tuple((0..<1 + random.below(7)).map { _ in noun(random.below(2)) }) : noun(3)
        let door = random.chance(70) ? Sample.tuple((0..<1 + random.below(2)).map { _ in noun(0) }) : noun(2)
        let answer: JetAnswer
        if jet.parentAxis == 511 {
          answer = try bench.call(
            jet.path, sample,
            context: { parent, nursery in
              var context = try nursery.cell(sample.build(in: nursery), parent)
              for _ in 0..<5 { context = try nursery.cell(.zero, context) }
              return context
            }, axis: 511)
        } else {
          answer = try bench.call(jet.path, sample, door: door)
        }
        switch answer {
        case .product: products += 1
        case .punt: break
        case .fault(let fault): #expect(fault == .exit || fault == .bytes, "\(jet.path): \(fault), seed \(seed)")
        }
      }
    }
    #expect(products > 0)
  }
}
