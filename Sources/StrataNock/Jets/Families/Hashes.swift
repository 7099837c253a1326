// Hashes. SHA-2 and BLAKE3 read numbers least significant byte first; SHA-1, RIPEMD-160, Keccak and BLAKE2b read them
// most significant byte first, in the width that comes with them, and give their digests so too.

import StrataCrypto
import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `one/two/tri/shax` to `one/two/tri/qua/pen/hex/kecc/k512`.
  public static let hashes = JetFamily(
    "hashes", library: "libcrypto (SHA, RIPEMD), libsodium (BLAKE2b), StrataCrypto (BLAKE3, Keccak)",
    [
      Jet("one/two/tri/shax") { (call) throws(Fault) in
        guard let data = call.natural(at: 6) else { return nil }
        return try sha256(call, data)
      },
      Jet("one/two/tri/shay") { (call) throws(Fault) in
        try digest(SHA256.self, call, length: 12, data: 13, reversed: false)
      },
      Jet("one/two/tri/shal") { (call) throws(Fault) in
        try digest(SHA512.self, call, length: 12, data: 13, reversed: false)
      },
      Jet("one/two/tri/shas") { (call) throws(Fault) in
        guard let salt = call.natural(at: 12), let data = call.natural(at: 13) else { return nil }
        return try salted(call, salt, data)
      },
      Jet("one/two/tri/og/raw") { (call) throws(Fault) in try randomBits(call) },
      Jet("one/two/tri/sha/sha1") { (call) throws(Fault) in
        let digest = try digest(SHA1.self, call, length: 12, data: 13, reversed: true)
        // An arm that loses the last word when it is zero is left to itself.
        guard let digest, try call.nursery.bits(of: digest, from: 0, count: 32) != .zero else { return nil }
        return digest
      },
      Jet(hex + "ripemd/ripemd160") { (call) throws(Fault) in
        try digest(RIPEMD160.self, call, length: 12, data: 13, reversed: true)
      },
      Jet(hex + "kecc/k224") { (call) throws(Fault) in try keccak(call, bits: 224) },
      Jet(hex + "kecc/k256") { (call) throws(Fault) in try keccak(call, bits: 256) },
      Jet(hex + "kecc/k384") { (call) throws(Fault) in try keccak(call, bits: 384) },
      Jet(hex + "kecc/k512") { (call) throws(Fault) in try keccak(call, bits: 512) },
      Jet(hex + "hmac/hmac", routine: .messageCode),
      Jet(hex + "blake/blake2b") { (call) throws(Fault) in try blake2b(call) },
      Jet(hex + "blake/blake3-impl/compress", kelvins: 135...138) { (call) throws(Fault) in try blake3Compress(call) },
      Jet(hex + "blake/blake3-impl/blake3/hash", kelvins: 135...138) { (call) throws(Fault) in try blake3(call) },
      Jet(hex + "blake/blake3-impl/blake3/chunk-output", kelvins: 135...138) { (call) throws(Fault) in
        try blake3Chunk(call)
      },
    ])

  static let hex = "one/two/tri/qua/pen/hex/"

  /// The digest of the `length` lowest bytes of a number.
  private static func digest<Hash: StreamingHash>(
    _ hash: Hash.Type, _ call: JetCall, length lengthAxis: UInt64, data dataAxis: UInt64, reversed: Bool
  ) throws(Fault) -> Word? {
    guard let data = call.natural(at: dataAxis), let length = call.natural(at: lengthAxis),
      let count = try call.length(length, of: data)
    else { return nil }
    let stream = try call.stream(data, count: count, reversed: reversed)
    return try call.bytes(count: Hash.digestSize, reversed: reversed) { Hash.digest(of: stream, into: $0) }
  }

  private static func sha256(_ call: JetCall, _ data: Word) throws(Fault) -> Word {
    let stream = try call.stream(data, count: call.byteCount(data))
    return try call.bytes(count: 32) { SHA256.digest(of: stream, into: $0) }
  }

  /// SHA-256 of data's digest mixed with a salt. The arm of some kelvins hashes as many bytes as the mixture has, that of
  /// others as the longer of both has: nil where these differ.
  private static func salted(_ call: JetCall, _ salt: Word, _ data: Word) throws(Fault) -> Word? {
    let mixture = try call.nursery.exclusiveOr(salt, sha256(call, data))
    guard try call.byteCount(mixture) == max(32, call.byteCount(salt)) else { return nil }
    return try sha256(call, mixture)
  }

  /// Random bits out of a seed, 256 at a time.
  private static func randomBits(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let seed = call.natural(at: 30), let sample = call.natural(at: 6), let count = call.integer(sample),
      count <= 1 << 20
    else { return nil }
    // The cords %og-a and %og-b.
    guard var state = try salted(call, Word(direct: 0x612D_676F), nursery.exclusiveOr(sample, seed)) else { return nil }
    var parts: [Word] = []
    var rest = count
    while rest > 0 {
      let mixture = try nursery.exclusiveOr(Word(direct: UInt64(rest)), nursery.exclusiveOr(seed, state))
      guard let next = try salted(call, Word(direct: 0x622D_676F), mixture) else { return nil }
      parts.append(next)
      state = next
      rest -= min(rest, 256)
    }
    var builder = try nursery.naturalBuilder(bitCount: count)
    for (index, part) in parts.enumerated() {
      builder.insert(part, at: index * 256, count: min(256, count - index * 256))
    }
    return builder.finish()
  }

  private static func keccak(_ call: JetCall, bits: Int) throws(Fault) -> Word? {
    guard let length = call.natural(at: 12), let data = call.natural(at: 13),
      let count = try call.length(length, of: data)
    else { return nil }
    let stream = try call.stream(data, count: count, reversed: true)
    return try call.bytes(count: bits / 8, reversed: true) { digest in
      var hash = Keccak(bits: bits)
      hash.update(stream)
      hash.finish(into: digest)
    }
  }

  /// `[message=[wid dat] key=[wid dat] out]`, where the key's length and the digest's are brought into their range.
  private static func blake2b(_ call: JetCall) throws(Fault) -> Word? {
    guard let messageLength = call.natural(at: 24), let message = call.natural(at: 25),
      let keyLength = call.integer(at: 52), let key = call.natural(at: 53), let size = call.integer(at: 27),
      let count = try call.length(messageLength, of: message)
    else { return nil }
    let keyStream = try call.stream(key, count: min(keyLength, 64), slot: 1, reversed: true)
    let stream = try call.stream(message, count: count, slot: 0, reversed: true)
    return try call.optionalBytes(count: max(1, min(size, 64)), reversed: true) { digest in
      withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { buffer in
        keyStream.copy(to: buffer)
        let key = UnsafeRawBufferPointer(rebasing: buffer[0..<keyStream.count])
        return (try? Blake2b.digest(of: stream, key: key, into: digest)) != nil
      }
    }
  }

  // MARK: BLAKE3

  /// 32 bytes as the words of a chaining value.
  private static func words(_ octets: SIMD32<UInt8>) -> SIMD8<UInt32> { unsafeBitCast(octets, to: SIMD8<UInt32>.self) }

  /// `[out message=[wid dat]]` in the door `[key flags]`.
  private static func blake3(_ call: JetCall) throws(Fault) -> Word? {
    guard let size = call.integer(at: 12), size <= 1 << 24, let length = call.natural(at: 26),
      let message = call.natural(at: 27), let key: SIMD32<UInt8> = try call.octets(at: 60),
      let flags = call.integer(at: 61), flags < 256, let count = try call.length(length, of: message)
    else { return nil }
    let stream = try call.stream(message, count: count)
    return try call.bytes(count: size) { output in
      var hash = Blake3(key: words(key), flags: UInt32(flags))
      hash.update(stream)
      hash.finish(into: output)
    }
  }

  /// `[counter message=[wid dat]]` in the door `[key flags]`: `[chain counter block length flags]`.
  private static func blake3Chunk(_ call: JetCall) throws(Fault) -> Word? {
    guard let counter = call.integer(at: 12), let count = call.integer(at: 26), count <= 1024,
      let message = call.natural(at: 27), let key: SIMD32<UInt8> = try call.octets(at: 60),
      let flags = call.integer(at: 61), flags < 256
    else { return nil }
    let node = Blake3.chunk(
      try call.stream(message, count: count), key: words(key), counter: UInt64(counter), flags: UInt32(flags))
    let nursery = call.nursery
    let chain = try call.natural(unsafeBitCast(node.chain, to: SIMD32<UInt8>.self))
    let block = try call.natural(unsafeBitCast(node.block, to: SIMD64<UInt8>.self))
    let tail = try nursery.cell(Word(direct: UInt64(node.blockLength)), Word(direct: UInt64(node.flags)))
    return try nursery.cell(chain, nursery.cell(Word(direct: UInt64(counter)), nursery.cell(block, tail)))
  }

  /// `[chain counter block length flags]`: the 64 bytes of the compression.
  private static func blake3Compress(_ call: JetCall) throws(Fault) -> Word? {
    guard let chain: SIMD32<UInt8> = try call.octets(at: 12), let counter = call.integer(at: 26),
      let block: SIMD64<UInt8> = try call.octets(at: 54), let length = call.integer(at: 110), length <= 64,
      let flags = call.integer(at: 111), flags < 256
    else { return nil }
    let output = Blake3.compress(
      words(chain), unsafeBitCast(block, to: SIMD16<UInt32>.self), counter: UInt64(counter), length: UInt32(length),
      flags: UInt32(flags))
    return try call.natural(unsafeBitCast(output, to: SIMD64<UInt8>.self))
  }
}
