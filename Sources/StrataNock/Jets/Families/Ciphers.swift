// Ciphers, and keys from passwords. AES and Argon2 read numbers most significant byte first, ChaCha, PBKDF2 and scrypt
// least significant byte first.

import StrataCrypto
import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `aes`, `chacha`, `scr` and `argon` below `one/two/tri/qua/pen/hex`.
  public static let ciphers = JetFamily(
    "ciphers", library: "libcrypto (AES), libsodium (scrypt), StrataCrypto (modes, ChaCha, PBKDF2, Argon2)",
    block("ecba", 16) + block("ecbb", 24) + block("ecbc", 32) + chain("cbca", 16) + chain("cbcb", 24)
      + chain("cbcc", 32) + synthetic("siva", 32) + synthetic("sivb", 48) + synthetic("sivc", 64) + [
        Jet(hex + "chacha/crypt", kelvins: 135...138) { (call) throws(Fault) in try chaCha(call) },
        Jet(hex + "chacha/xchacha", kelvins: 135...138) { (call) throws(Fault) in try longNonce(call) },
        Jet(hex + "scr/pbk") { (call) throws(Fault) in
          guard let password = call.natural(at: 12), let salt = call.natural(at: 26) else { return nil }
          return try pbkdf2(
            call, password, call.byteCount(password), salt, call.byteCount(salt), rounds: 54, size: 55)
        },
        Jet(hex + "scr/pbl") { (call) throws(Fault) in
          guard let password = call.natural(at: 12), let salt = call.natural(at: 54),
            let passwordLength = call.natural(at: 26), let saltLength = call.natural(at: 110),
            let passwordCount = try call.length(passwordLength, of: password),
            let saltCount = try call.length(saltLength, of: salt)
          else { return nil }
          return try pbkdf2(call, password, passwordCount, salt, saltCount, rounds: 222, size: 223)
        },
        Jet(hex + "scr/hsh") { (call) throws(Fault) in
          guard let password = call.natural(at: 12), let salt = call.natural(at: 26) else { return nil }
          return try scrypt(call, password, call.byteCount(password), salt, call.byteCount(salt), parameters: 27)
        },
        Jet(hex + "scr/hsl") { (call) throws(Fault) in
          guard let password = call.natural(at: 12), let salt = call.natural(at: 54),
            let passwordLength = call.natural(at: 26), let saltLength = call.natural(at: 110),
            let passwordCount = try call.length(passwordLength, of: password),
            let saltCount = try call.length(saltLength, of: salt)
          else { return nil }
          return try scrypt(call, password, passwordCount, salt, saltCount, parameters: 111)
        },
        Jet(hex + "argon/argon2", parentAxis: 511) { (call) throws(Fault) in try argon2(call) },
      ])

  // MARK: AES

  /// The bytes of a key, most significant first; nil for more than it may have.
  private static func key(_ call: JetCall, at axis: UInt64, _ size: Int) throws(Fault) -> [UInt8]? {
    guard let atom = call.natural(at: axis), try call.byteCount(atom) <= size else { return nil }
    let bytes = try call.nursery.bytes(of: atom)
    return [UInt8](repeating: 0, count: size - bytes.count) + bytes.reversed()
  }

  private static func cipher(_ call: JetCall, at axis: UInt64, _ size: Int) throws(Fault) -> BlockCipher? {
    guard let key = try key(call, at: axis, size) else { return nil }
    return key.withUnsafeBytes { try? BlockCipher(key: $0) }
  }

  /// Single blocks: `en` and `de`.
  private static func block(_ door: String, _ keySize: Int) -> [Jet] {
    return [
      Jet(hex + "aes/\(door)/en") { (call) throws(Fault) in try block(call, keySize, encrypts: true) },
      Jet(hex + "aes/\(door)/de") { (call) throws(Fault) in try block(call, keySize, encrypts: false) },
    ]
  }

  private static func block(_ call: JetCall, _ keySize: Int, encrypts: Bool) throws(Fault) -> Word? {
    guard let cipher = try cipher(call, at: 30, keySize), let block: SIMD16<UInt8> = try call.octets(at: 6) else {
      return nil
    }
    var bytes = block.reversed
    withUnsafeMutableBytes(of: &bytes) { memory in
      guard let start = memory.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      if encrypts { cipher.encrypt(start) } else { cipher.decrypt(start) }
    }
    return try call.natural(bytes.reversed)
  }

  /// CBC over a number of whole blocks, at least one: `en` and `de` in the door `[key vector]`.
  private static func chain(_ door: String, _ keySize: Int) -> [Jet] {
    return [
      Jet(hex + "aes/\(door)/en") { (call) throws(Fault) in try chain(call, keySize, encrypts: true) },
      Jet(hex + "aes/\(door)/de") { (call) throws(Fault) in try chain(call, keySize, encrypts: false) },
    ]
  }

  private static func chain(_ call: JetCall, _ keySize: Int, encrypts: Bool) throws(Fault) -> Word? {
    guard let cipher = try cipher(call, at: 60, keySize), let vector: SIMD16<UInt8> = try call.octets(at: 61),
      let data = call.natural(at: 6)
    else { return nil }
    let count = max(16, (try call.byteCount(data) + 15) / 16 * 16)
    let stream = try call.stream(data, count: count, reversed: true)
    return try call.optionalBytes(count: count, reversed: true) { bytes in
      stream.copy(to: bytes)
      return withUnsafeBytes(of: vector.reversed) {
        (try? cipher.chain(bytes, vector: $0, encrypts: encrypts)) != nil
      }
    }
  }

  /// SIV in the door `[key associated-data]`: `en` gives `[tag length text]`, `de` takes that and gives a unit.
  private static func synthetic(_ door: String, _ keySize: Int) -> [Jet] {
    [
      Jet(hex + "aes/\(door)/en") { (call) throws(Fault) in
        guard let text = call.natural(at: 6), let cipher = try associated(call, keySize) else { return nil }
        let count = try call.byteCount(text)
        let stream = try call.stream(text, count: count, reversed: true)
        var tag: UInt128 = 0
        let encrypted = try call.bytes(count: count, reversed: true) { bytes in
          stream.copy(to: bytes)
          tag = cipher.tag(ofNumber: UnsafeRawBufferPointer(bytes))
          cipher.crypt(bytes, tag: tag)
        }
        let nursery = call.nursery
        let rest = try nursery.cell(Word(direct: UInt64(count)), encrypted)
        return try nursery.cell(call.natural(unsafeBitCast(tag.littleEndian, to: SIMD16<UInt8>.self)), rest)
      },
      Jet(hex + "aes/\(door)/de") { (call) throws(Fault) in
        guard let tag: SIMD16<UInt8> = try call.octets(at: 12), let length = call.natural(at: 26),
          let text = call.natural(at: 27), let count = try call.length(length, of: text),
          try count >= call.byteCount(text), let cipher = try associated(call, keySize)
        else { return nil }
        let expected = UInt128(littleEndian: unsafeBitCast(tag, to: UInt128.self))
        let stream = try call.stream(text, count: count, reversed: true)
        var isGenuine = false
        let plain = try call.bytes(count: count, reversed: true) { bytes in
          stream.copy(to: bytes)
          cipher.crypt(bytes, tag: expected)
          isGenuine = cipher.tag(ofNumber: UnsafeRawBufferPointer(bytes)) == expected
        }
        return isGenuine ? try call.nursery.cell(.zero, plain) : .zero
      },
    ]
  }

  /// The cipher of a SIV door after its list of associated data.
  private static func associated(_ call: JetCall, _ keySize: Int) throws(Fault) -> SyntheticVector? {
    guard let key = try key(call, at: 60, keySize), var list = try? call.part(61),
      var cipher = key.withUnsafeBytes({ try? SyntheticVector(key: $0) })
    else { return nil }
    while list.isCell {
      let item = call.nursery.head(list)
      guard item.isNatural else { return nil }
      cipher.associate(try call.stream(item, count: call.byteCount(item), reversed: true))
      list = call.nursery.tail(list)
    }
    return list == .zero ? cipher : nil
  }

  // MARK: ChaCha

  /// `[rounds key nonce counter message=[wid dat]]`: the message encrypted, in its width.
  private static func chaCha(_ call: JetCall) throws(Fault) -> Word? {
    guard let rounds = call.integer(at: 12), rounds <= 64, rounds % 2 == 0,
      let key: SIMD32<UInt8> = try call.octets(at: 26), let nonce: SIMD8<UInt8> = try call.octets(at: 54),
      let counter = call.integer(at: 110), let length = call.natural(at: 222), let data = call.natural(at: 223),
      let count = try call.length(length, of: data)
    else { return nil }
    let stream = try call.stream(data, count: count)
    let encrypted = try call.optionalBytes(count: count) { bytes in
      stream.copy(to: bytes)
      return withUnsafeBytes(of: key) { key in
        withUnsafeBytes(of: nonce) {
          (try? ChaCha.crypt(bytes, key: key, nonce: $0, counter: UInt64(counter), rounds: rounds)) != nil
        }
      }
    }
    guard let encrypted else { return nil }
    return try call.nursery.cell(length, encrypted)
  }

  /// `[rounds key nonce]`: the key and nonce that stand for a nonce of 24 bytes.
  private static func longNonce(_ call: JetCall) throws(Fault) -> Word? {
    guard let rounds = call.integer(at: 12), rounds <= 64, rounds % 2 == 0,
      let key: SIMD32<UInt8> = try call.octets(at: 26), let atom = call.natural(at: 27),
      try call.byteCount(atom) <= 24, let nonce: SIMD32<UInt8> = try call.octets(atom)
    else { return nil }
    let derived = withUnsafeBytes(of: key) { key in
      withUnsafeBytes(of: nonce) { try? ChaCha.derivedKey(key: key, nonce: $0, rounds: rounds) }
    }
    guard let derived else { return nil }
    return try call.nursery.cell(
      call.natural(unsafeBitCast(derived, to: SIMD32<UInt8>.self)),
      call.natural(nonce.highHalf.lowHalf))
  }

  // MARK: Keys from passwords

  /// PBKDF2 with SHA-256. The work is bounded, since it cannot be interrupted.
  private static func pbkdf2(
    _ call: JetCall, _ password: Word, _ passwordCount: Int, _ salt: Word, _ saltCount: Int, rounds: UInt64,
    size: UInt64
  ) throws(Fault) -> Word? {
    guard let rounds = call.integer(at: rounds), let size = call.integer(at: size), rounds >= 1, size >= 1,
      rounds <= 1 << 28, size <= 1 << 30, rounds * ((size + 31) / 32) <= 1 << 23
    else { return nil }
    let passwordStream = try call.stream(password, count: passwordCount, slot: 0)
    let saltStream = try call.stream(salt, count: saltCount, slot: 1)
    return try call.optionalBytes(count: size) { key in
      (try? KeyDerivation.pbkdf2(SHA256.self, password: passwordStream, salt: saltStream, rounds: rounds, into: key))
        != nil
    }
  }

  /// scrypt with `[n r z d]` at `parameters`. Memory and work are bounded as the arm bounds them, and more.
  private static func scrypt(
    _ call: JetCall, _ password: Word, _ passwordCount: Int, _ salt: Word, _ saltCount: Int, parameters: UInt64
  ) throws(Fault) -> Word? {
    guard let cost = call.integer(at: parameters * 2), let blockSize = call.integer(at: parameters * 4 + 2),
      let parallelism = call.integer(at: parameters * 8 + 6), let size = call.integer(at: parameters * 8 + 7),
      cost > 1, cost < 1 << 24, blockSize >= 1, blockSize < 1 << 24, parallelism >= 1, parallelism < 1 << 24,
      size >= 1, size <= 1 << 20, blockSize >= 2 || cost < 1 << 16,
      128 * blockSize * (cost + parallelism - 1) <= 1 << 30, cost * blockSize * parallelism <= 1 << 23
    else { return nil }
    guard 128 * blockSize * (cost + parallelism) <= call.nursery.freeBytes else { throw .bytes }
    let buffer = try ScratchBytes(passwordCount + saltCount)
    defer { buffer.free() }
    let passwordBytes = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[0..<passwordCount])
    let saltBytes = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[passwordCount...])
    try call.stream(password, count: passwordCount).copy(to: passwordBytes)
    try call.stream(salt, count: saltCount).copy(to: saltBytes)
    return try call.optionalBytes(count: size) { key in
      (try? KeyDerivation.scrypt(
        password: UnsafeRawBufferPointer(passwordBytes), salt: UnsafeRawBufferPointer(saltBytes), cost: cost,
        blockSize: blockSize, parallelism: parallelism, into: key)) != nil
    }
  }

  /// `[message salt]` in a gate that was made with `[out type version threads memory passes key extra]`, which lies at
  /// 510. All four strings are `[wid dat]`.
  private static func argon2(_ call: JetCall) throws(Fault) -> Word? {
    // 510 = [out [type [version [threads [memory [passes [key extra]]]]]]]
    guard let size = call.integer(at: 1020), let type = call.integer(at: 2042), let version = call.integer(at: 4086),
      let lanes = call.integer(at: 8174), let memory = call.integer(at: 16350), let passes = call.integer(at: 32702),
      let kind = argonKind(type), size <= 1 << 20, lanes < 1 << 16, memory < 1 << 22, passes < 1 << 22,
      memory * passes <= 1 << 22
    else { return nil }
    guard memory * 1024 <= call.nursery.freeBytes else { throw .bytes }
    var strings: [(data: Word, count: Int)] = []
    for axis in [12, 13, 65406, 65407] as [UInt64] {
      guard let length = call.natural(at: axis * 2), let data = call.natural(at: axis * 2 + 1),
        let count = try call.length(length, of: data)
      else { return nil }
      strings.append((data, count))
    }
    let buffer = try ScratchBytes(strings.reduce(0) { $0 + $1.count })
    defer { buffer.free() }
    var parts: [UnsafeRawBufferPointer] = []
    var position = 0
    for (data, count) in strings {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[position..<position + count])
      try call.stream(data, count: count, reversed: true).copy(to: part)
      parts.append(UnsafeRawBufferPointer(part))
      position += count
    }
    let argon = Argon2(kind, version: version, lanes: lanes, memory: memory, passes: passes)
    var refusal = false
    let digest = try call.optionalBytes(count: size, reversed: true) { output in
      do throws(CryptoError) {
        try argon.hash(password: parts[0], salt: parts[1], secret: parts[2], associated: parts[3], into: output)
        return true
      } catch {
        refusal = error == .refused
        return false
      }
    }
    if refusal { throw .refused }
    return digest
  }

  /// The cords %d, %i, %id and %u.
  private static func argonKind(_ cord: Int) -> Argon2.Kind? {
    switch cord {
    case 0x64: .d
    case 0x69: .i
    case 0x6469: .id
    case 0x75: .u
    default: nil
    }
  }
}
