// Ciphers and password hashes written straight from their standards, to hold the jets' libraries against: FIPS 197,
// RFC 4493, the chaining mode, ChaCha with any number of rounds, RFC 8018, RFC 7914.

/// AES with any key size. The table of substitutions is computed as the standard defines it.
struct PlainAES {
  /// 16 bytes for each round, one behind the other.
  private let keys: [UInt8]
  private var rounds: Int { keys.count / 16 - 1 }

  private static func doubled(_ byte: UInt8) -> UInt8 { byte << 1 ^ (byte & 0x80 != 0 ? 0x1B : 0) }
  private static func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
    var (a, b, result) = (a, b, UInt8(0))
    while b != 0 {
      if b & 1 == 1 { result ^= a }
      a = doubled(a)
      b >>= 1
    }
    return result
  }
  private static let substitution: [UInt8] = (0..<256).map { value in
    let byte = UInt8(value)
    let inverse = (0..<256).map { UInt8($0) }.first { product(byte, $0) == 1 } ?? 0
    func turned(_ count: UInt8) -> UInt8 { inverse << count | inverse >> (8 - count) }
    return inverse ^ turned(1) ^ turned(2) ^ turned(3) ^ turned(4) ^ 0x63
  }
  private static let inverseSubstitution: [UInt8] = {
    var table = [UInt8](repeating: 0, count: 256)
    for (index, value) in substitution.enumerated() { table[Int(value)] = UInt8(index) }
    return table
  }()
  private static let multiples: [UInt8: [UInt8]] = Dictionary(
    uniqueKeysWithValues: ([9, 11, 13, 14] as [UInt8]).map { factor in
      (factor, (0..<256).map { product(UInt8($0), factor) })
    })
  private static let by9 = multiples[9] ?? []
  private static let by11 = multiples[11] ?? []
  private static let by13 = multiples[13] ?? []
  private static let by14 = multiples[14] ?? []

  init(key: [UInt8]) {
    let size = key.count
    let table = PlainAES.substitution
    var bytes = key
    bytes.reserveCapacity(4 * (size + 28))
    var constant: UInt8 = 1
    while bytes.count < 4 * (size + 28) {
      let last = bytes.count - 4
      var word = (bytes[last], bytes[last + 1], bytes[last + 2], bytes[last + 3])
      func substitute() {
        word = (table[Int(word.0)], table[Int(word.1)], table[Int(word.2)], table[Int(word.3)])
      }
      if bytes.count % size == 0 {
        word = (word.1, word.2, word.3, word.0)
        substitute()
        word.0 ^= constant
        constant = PlainAES.doubled(constant)
      } else if size > 24, bytes.count % size == 16 {
        substitute()
      }
      for byte in [word.0, word.1, word.2, word.3] { bytes.append(byte ^ bytes[bytes.count - size]) }
    }
    keys = bytes
  }

  private func add(_ round: Int, to state: inout [UInt8]) {
    for index in 0..<16 { state[index] ^= keys[16 * round + index] }
  }

  func encrypt(_ block: [UInt8]) -> [UInt8] {
    let table = PlainAES.substitution
    var state = block
    var moved = block
    add(0, to: &state)
    for round in 1...rounds {
      // Row r of column c comes from column c + r.
      for index in 0..<16 { moved[index] = table[Int(state[(index + 4 * (index % 4)) % 16])] }
      swap(&state, &moved)
      if round < rounds {
        for column in stride(from: 0, to: 16, by: 4) {
          let (a, b, c, d) = (state[column], state[column + 1], state[column + 2], state[column + 3])
          let (a2, b2, c2, d2) = (PlainAES.doubled(a), PlainAES.doubled(b), PlainAES.doubled(c), PlainAES.doubled(d))
          state[column] = a2 ^ b2 ^ b ^ c ^ d
          state[column + 1] = b2 ^ c2 ^ c ^ d ^ a
          state[column + 2] = c2 ^ d2 ^ d ^ a ^ b
          state[column + 3] = d2 ^ a2 ^ a ^ b ^ c
        }
      }
      add(round, to: &state)
    }
    return state
  }

  func decrypt(_ block: [UInt8]) -> [UInt8] {
    let (table, by9, by11) = (PlainAES.inverseSubstitution, PlainAES.by9, PlainAES.by11)
    let (by13, by14) = (PlainAES.by13, PlainAES.by14)
    var state = block
    var moved = block
    for round in (1...rounds).reversed() {
      add(round, to: &state)
      if round < rounds {
        for column in stride(from: 0, to: 16, by: 4) {
          let (a, b) = (Int(state[column]), Int(state[column + 1]))
          let (c, d) = (Int(state[column + 2]), Int(state[column + 3]))
          state[column] = by14[a] ^ by11[b] ^ by13[c] ^ by9[d]
          state[column + 1] = by14[b] ^ by11[c] ^ by13[d] ^ by9[a]
          state[column + 2] = by14[c] ^ by11[d] ^ by13[a] ^ by9[b]
          state[column + 3] = by14[d] ^ by11[a] ^ by13[b] ^ by9[c]
        }
      }
      for index in 0..<16 { moved[index] = table[Int(state[(index + 16 - 4 * (index % 4)) % 16])] }
      swap(&state, &moved)
    }
    add(0, to: &state)
    return state
  }

  /// CBC over whole blocks.
  func chain(_ data: [UInt8], vector: [UInt8], encrypts: Bool) -> [UInt8] {
    var last = vector
    var result: [UInt8] = []
    for start in stride(from: 0, to: data.count, by: 16) {
      let block = Array(data[start..<start + 16])
      if encrypts {
        last = encrypt(xor(block, last))
        result += last
      } else {
        result += xor(decrypt(block), last)
        last = block
      }
    }
    return result
  }

  /// The code of a string (RFC 4493).
  func code(_ message: [UInt8]) -> [UInt8] {
    let first = PlainAES.doubled(block: encrypt([UInt8](repeating: 0, count: 16)))
    let isWhole = !message.isEmpty && message.count % 16 == 0
    var bytes = isWhole ? message : PlainAES.padded(message)
    let key = isWhole ? first : PlainAES.doubled(block: first)
    for index in 0..<16 { bytes[bytes.count - 16 + index] ^= key[index] }
    return Array(chain(bytes, vector: [UInt8](repeating: 0, count: 16), encrypts: true).suffix(16))
  }

  /// A string with one bit and zeros behind it, up to whole blocks.
  static func padded(_ message: [UInt8]) -> [UInt8] {
    message + [0x80] + [UInt8](repeating: 0, count: 15 - message.count % 16)
  }

  static func doubled(block: [UInt8]) -> [UInt8] {
    var result = (0..<16).map { block[$0] << 1 | ($0 < 15 ? block[$0 + 1] >> 7 : 0) }
    if block[0] & 0x80 != 0 { result[15] ^= 0x87 }
    return result
  }

  /// The blocks that a counter's string of keys has, cut to `count` bytes.
  func keyStream(from counter: [UInt8], count: Int) -> [UInt8] {
    var counter = counter
    var stream: [UInt8] = []
    while stream.count < count {
      stream += encrypt(counter)
      for index in (0..<16).reversed() {
        counter[index] &+= 1
        if counter[index] != 0 { break }
      }
    }
    return Array(stream.prefix(count))
  }
}

/// The synthetic vector of the arms. They take strings for numbers, so a zero byte in front is none, and a last string
/// counts as long if it has 128 bits; then what RFC 5297 says of strings of bytes does not hold for one in 256.
struct PlainSyntheticVector {
  let code: PlainAES
  let stream: PlainAES

  init(key: [UInt8]) {
    code = PlainAES(key: Array(key.prefix(key.count / 2)))
    stream = PlainAES(key: Array(key.suffix(key.count / 2)))
  }

  private func trimmed(_ bytes: [UInt8]) -> [UInt8] { Array(bytes.drop { $0 == 0 }) }

  /// The tag of numbers as strings, most significant byte first, the last of them the text.
  func tag(_ associated: [[UInt8]], _ text: [UInt8]) -> [UInt8] {
    let text = trimmed(text)
    var sum = code.code([UInt8](repeating: 0, count: 16))
    for item in associated { sum = xor(PlainAES.doubled(block: sum), code.code(trimmed(item))) }
    var last: [UInt8]
    if text.count > 16 || text.count == 16 && text[0] & 0x80 != 0 {
      last = Array(text.dropLast(16)) + xor(Array(text.suffix(16)), sum)
    } else {
      // A text of 16 bytes and less than 128 bits is replaced by the padding alone.
      let block = text.count == 16 ? PlainAES.padded([]) : PlainAES.padded(text)
      last = xor(PlainAES.doubled(block: sum), block)
    }
    last = trimmed(last)
    return code.code(last)
  }

  func crypt(_ text: [UInt8], tag: [UInt8]) -> [UInt8] {
    var counter = tag
    counter[8] &= 0x7F
    counter[12] &= 0x7F
    return xor(text, stream.keyStream(from: counter, count: text.count))
  }
}

enum PlainCipher {
  private static func double(_ v: inout [UInt32]) {
    func turn(_ a: Int, _ b: Int, _ c: Int, _ count: UInt32) {
      v[a] = v[a] &+ v[b]
      let mixed = v[c] ^ v[a]
      v[c] = mixed << count | mixed >> (32 - count)
    }
    for (a, b, c, d) in PlainWords.quarters {
      turn(a, b, d, 16)
      turn(c, d, b, 12)
      turn(a, b, d, 8)
      turn(c, d, b, 7)
    }
  }

  private static let sigma = PlainBlake3.words(Array("expand 32-byte k".utf8))

  /// ChaCha of 64 bits of nonce and of counter.
  static func chaCha(_ data: [UInt8], key: [UInt8], nonce: [UInt8], counter: UInt64, rounds: Int) -> [UInt8] {
    var result: [UInt8] = []
    for (index, start) in stride(from: 0, to: data.count, by: 64).enumerated() {
      let block = counter &+ UInt64(index)
      let state =
        sigma + PlainBlake3.words(key) + [UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32)]
        + PlainBlake3.words(nonce)
      var v = state
      for _ in 0..<rounds / 2 { double(&v) }
      let stream = PlainBlake3.bytes((0..<16).map { v[$0] &+ state[$0] })
      result += xor(Array(data[start..<min(start + 64, data.count)]), stream)
    }
    return result
  }

  /// The key that HChaCha makes of a key and 16 bytes.
  static func derivedKey(key: [UInt8], nonce: [UInt8], rounds: Int) -> [UInt8] {
    var v = sigma + PlainBlake3.words(key) + PlainBlake3.words(nonce)
    for _ in 0..<rounds / 2 { double(&v) }
    return PlainBlake3.bytes(Array(v[0..<4] + v[12..<16]))
  }

  // MARK: Keys from passwords

  static func pbkdf2(_ password: [UInt8], _ salt: [UInt8], rounds: Int, size: Int) -> [UInt8] {
    func code(_ message: [UInt8]) -> [UInt8] {
      PlainHash.messageCode(message, key: password, block: 64, hash: PlainHash.sha256)
    }
    var result: [UInt8] = []
    var block: UInt32 = 1
    while result.count < size {
      var last = code(salt + withUnsafeBytes(of: block.bigEndian) { Array($0) })
      var sum = last
      for _ in 1..<max(1, rounds) {
        last = code(last)
        sum = xor(sum, last)
      }
      result += sum
      block += 1
    }
    return Array(result.prefix(size))
  }

  private static func salsa(_ bytes: [UInt8]) -> [UInt8] {
    let state = PlainBlake3.words(bytes)
    var v = state
    func turn(_ target: Int, _ a: Int, _ b: Int, _ count: UInt32) {
      let sum = v[a] &+ v[b]
      v[target] ^= sum << count | sum >> (32 - count)
    }
    func quarter(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
      turn(b, a, d, 7)
      turn(c, b, a, 9)
      turn(d, c, b, 13)
      turn(a, d, c, 18)
    }
    for _ in 0..<4 {
      for i in 0..<4 { quarter(5 * i, (5 * i + 4) % 16, (5 * i + 8) % 16, (5 * i + 12) % 16) }
      for i in 0..<4 { quarter(5 * i, 4 * i + (i + 1) % 4, 4 * i + (i + 2) % 4, 4 * i + (i + 3) % 4) }
    }
    return PlainBlake3.bytes((0..<16).map { v[$0] &+ state[$0] })
  }

  private static func blockMix(_ bytes: [UInt8]) -> [UInt8] {
    var x = Array(bytes.suffix(64))
    var even: [UInt8] = []
    var odd: [UInt8] = []
    for (index, start) in stride(from: 0, to: bytes.count, by: 64).enumerated() {
      x = salsa(xor(x, Array(bytes[start..<start + 64])))
      if index % 2 == 0 { even += x } else { odd += x }
    }
    return even + odd
  }

  private static func roMix(_ block: [UInt8], cost: Int) -> [UInt8] {
    var x = block
    var table: [[UInt8]] = []
    for _ in 0..<cost {
      table.append(x)
      x = blockMix(x)
    }
    for _ in 0..<cost {
      let last = x.suffix(64)
      let index = (0..<8).reduce(UInt64(0)) { $0 | UInt64(last[last.startIndex + $1]) << UInt64(8 * $1) }
      x = blockMix(xor(x, table[Int(index % UInt64(cost))]))
    }
    return x
  }

  static func scrypt(
    _ password: [UInt8], _ salt: [UInt8], cost: Int, blockSize: Int, parallelism: Int, size: Int
  ) -> [UInt8] {
    let width = 128 * blockSize
    let blocks = pbkdf2(password, salt, rounds: 1, size: width * parallelism)
    var mixed: [UInt8] = []
    for lane in 0..<parallelism { mixed += roMix(Array(blocks[lane * width..<(lane + 1) * width]), cost: cost) }
    return pbkdf2(password, mixed, rounds: 1, size: size)
  }
}
