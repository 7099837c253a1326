// What the hashes' arms give that no recorded kernel has, by implementations of the tests' own.

import StrataTestSupport

@testable import StrataNock

extension JetReference {
  static let hashes: [JetReference] = {
    let hex = "one/two/tri/qua/pen/hex/"
    var list: [JetReference] = [
      JetReference(hex + "ripemd/ripemd160", against: "RIPEMD-160 from its paper") { (random, _) in
        simpleHash(&random, most: 150, hash: PlainHash.ripemd160)
      }
    ]
    for bits in [224, 256, 384, 512] {
      list.append(
        JetReference(hex + "kecc/k\(bits)", against: "Keccak-f from FIPS 202") { (random, _) in
          simpleHash(&random, most: 250) { PlainHash.keccak($0, bits: bits) }
        })
    }
    list.append(
      JetReference(hex + "hmac/hmac", against: "HMAC from RFC 2104 over hashes from their standards", draw: code))
    list.append(
      JetReference(hex + "blake/blake2b", against: "BLAKE2b from RFC 7693") { (random, _) in
        let message = random.counted(300)
        let key = random.chance(40) ? ([], 0) : random.counted(75)
        let size = random.chance(10) ? [0, 65, 1 << 40][random.below(3)] : random.below(66)
        let sample = Sample.tuple(pair(message), pair(key), .number(UInt64(size)))
        let digest = PlainHash.blake2b(
          message.0.string(message.1), key: key.0.string(min(key.1, 64)), size: max(1, min(size, 64)))
        return ReferenceCase(sample: sample, product: .bytes(digest.reversed()))
      })
    let against = "BLAKE3 from its paper"
    list.append(
      JetReference(hex + "blake/blake3-impl/blake3/hash", against: against) { (random, _) in
        let message = random.counted(random.chance(20) ? 5000 : 200)
        let (door, key, flags) = blakeDoor(&random)
        let size = random.chance(80) ? 32 : random.below(200)
        return ReferenceCase(
          sample: .tuple(.number(UInt64(size)), pair(message)), door: door,
          product: key.map {
            .bytes(PlainBlake3.hash(message.data.low(message.count), key: $0, flags: flags, size: size))
          })
      })
    list.append(
      JetReference(hex + "blake/blake3-impl/blake3/chunk-output", against: against) { (random, _) in
        let message = random.chance(95) ? random.counted(random.chance(20) ? 1004 : 140) : (random.octets(5), 1025)
        let (door, key, flags) = blakeDoor(&random)
        let counter = random.next() >> UInt64(2 + random.below(62))
        var product: Sample?
        if let key, message.1 <= 1024 {
          let node = PlainBlake3.chunk(message.0.low(message.1)[...], key: key, counter: counter, flags: flags)
          product = .tuple(
            .bytes(PlainBlake3.bytes(node.chain)), .number(counter), .bytes(node.block), .number(UInt64(node.length)),
            .number(UInt64(node.flags)))
        }
        return ReferenceCase(
          sample: .tuple(.number(counter), pair(message)), door: door, product: product)
      })
    list.append(
      JetReference(hex + "blake/blake3-impl/compress", against: against) { (random, _) in
        let chain = random.octets(random.chance(96) ? 32 : 33)
        let block = random.octets(random.chance(96) ? 64 : 66)
        let counter = random.next() >> UInt64(2 + random.below(62))
        let length = UInt32(random.chance(96) ? random.below(65) : 65 + random.below(9))
        let flags = UInt32(random.chance(96) ? random.below(256) : 256)
        let isGood = chain.width <= 32 && block.width <= 64 && length <= 64 && flags < 256
        let sample = Sample.tuple(
          .bytes(chain), .number(counter), .bytes(block), .number(UInt64(length)), .number(UInt64(flags)))
        return ReferenceCase(
          sample: sample,
          product: isGood
            ? .bytes(
              PlainBlake3.compress(
                PlainBlake3.words(chain.low(32)), block.low(64), counter: counter, length: length, flags: flags)) : nil)
      })
    return list
  }()

  static func pair(_ counted: (data: [UInt8], count: Int)) -> Sample {
    .cell(.number(UInt64(counted.count)), .bytes(counted.data))
  }

  /// A hash of `[wid dat]`, most significant byte first.
  private static func simpleHash(
    _ random: inout Random, most: Int, hash: ([UInt8]) -> [UInt8]
  ) -> ReferenceCase {
    // A length that nobody can work through is left to Nock.
    if random.chance(2) { return ReferenceCase(sample: .cell(.number(1 << 50), .bytes(random.octets(9)))) }
    let input = random.counted(most)
    return ReferenceCase(sample: pair(input), product: .bytes(hash(input.data.string(input.count)).reversed()))
  }

  private static func code(_ random: inout Random, _ caller: JetCaller) throws -> ReferenceCase {
    let hex = "one/two/tri/qua/pen/hex/"
    let (path, block, hash): (String, Int, ([UInt8]) -> [UInt8]) =
      switch random.below(3) {
      case 0: ("one/two/tri/sha/sha1", 64, PlainHash.sha1)
      case 1: (hex + "ripemd/ripemd160", 64, PlainHash.ripemd160)
      default: (hex + "kecc/k256", 136, { PlainHash.keccak($0, bits: 256) })
      }
    let size = hash([]).count
    let width = random.chance(80) ? block : 1 + random.below(200)
    let (key, message) = (random.counted(random.chance(80) ? 80 : 300), random.counted(150))
    let sample = Sample.tuple(
      .tuple(.word(try caller.gate(path)), .number(UInt64(width)), .number(UInt64(size))), pair(key), pair(message))
    let digest = PlainHash.messageCode(
      message.data.string(message.count), key: key.data.string(key.count), block: width, hash: hash)
    return ReferenceCase(sample: sample, product: .bytes(digest.reversed()))
  }

  /// `[key flags]`; no key when one of both is too large.
  private static func blakeDoor(_ random: inout Random) -> (door: Sample, key: [UInt32]?, flags: UInt32) {
    let key =
      random.chance(40)
      ? PlainBlake3.bytes(PlainBlake3.initial) : random.octets(random.chance(95) ? 32 : 34)
    let flags = UInt32(random.chance(50) ? 0 : random.chance(94) ? random.below(256) : 256 + random.below(9))
    let isGood = key.width <= 32 && flags < 256
    return (
      .cell(.bytes(key), .number(UInt64(flags))), isGood ? PlainBlake3.words(key.low(32)) : nil, flags
    )
  }
}
