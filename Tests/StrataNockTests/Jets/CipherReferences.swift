// What the ciphers' arms give that no recorded kernel has, by implementations of the tests' own.

import StrataTestSupport

@testable import StrataNock

extension JetReference {
  private static let hexPath = "one/two/tri/qua/pen/hex/"

  static let ciphers: [JetReference] = {
    var list: [JetReference] = []
    for (letter, size) in [("a", 16), ("b", 24), ("c", 32)] {
      for isForward in [true, false] {
        let arm = isForward ? "en" : "de"
        list.append(
          JetReference(hexPath + "aes/ecb\(letter)/\(arm)", against: "AES from FIPS 197") { (random, _) in
            block(&random, size, encrypts: isForward)
          })
        list.append(
          JetReference(hexPath + "aes/cbc\(letter)/\(arm)", against: "AES from FIPS 197") { (random, _) in
            chain(&random, size, encrypts: isForward)
          })
      }
      list.append(
        JetReference(hexPath + "aes/siv\(letter)/en", against: "AES from FIPS 197, CMAC from RFC 4493") { (random, _) in
          seal(&random, 2 * size)
        })
      list.append(
        JetReference(hexPath + "aes/siv\(letter)/de", against: "AES from FIPS 197, CMAC from RFC 4493") { (random, _) in
          open(&random, 2 * size)
        })
    }
    list.append(JetReference(hexPath + "chacha/crypt", against: "ChaCha from its paper", draw: chaCha))
    list.append(JetReference(hexPath + "chacha/xchacha", against: "ChaCha from its paper", draw: longNonce))
    for hasLengths in [false, true] {
      let last = hasLengths ? "l" : "k"
      list.append(
        JetReference(hexPath + "scr/pb\(last)", against: "PBKDF2 from RFC 8018, SHA-256 from FIPS 180") { (random, _) in
          derived(&random, hasLengths)
        })
      list.append(
        JetReference(
          hexPath + "scr/hs\(hasLengths ? "l" : "h")", against: "scrypt from RFC 7914, SHA-256 from FIPS 180"
        ) { (random, _) in
          hardened(&random, hasLengths)
        })
    }
    list.append(
      JetReference(
        hexPath + "argon/argon2", against: "Argon2 from RFC 9106, BLAKE2b from RFC 7693", doorAxis: 510, draw: argon))
    return list
  }()

  /// A string of `size` bytes, sometimes too long for it.
  private static func material(_ random: inout Random, _ size: Int) -> [UInt8] {
    random.octets(random.chance(95) ? size : size + 2)
  }

  private static func block(_ random: inout Random, _ size: Int, encrypts: Bool) -> ReferenceCase {
    let (key, data) = (material(&random, size), material(&random, 16))
    var product: Sample?
    if key.width <= size, data.width <= 16 {
      let cipher = PlainAES(key: key.string(size))
      product = .bytes((encrypts ? cipher.encrypt(data.string(16)) : cipher.decrypt(data.string(16))).reversed())
    }
    return ReferenceCase(sample: .bytes(data), door: .bytes(key), product: product)
  }

  private static func chain(_ random: inout Random, _ size: Int, encrypts: Bool) -> ReferenceCase {
    let (key, vector, data) = (material(&random, size), material(&random, 16), random.octets(random.below(70)))
    var product: Sample?
    if key.width <= size, vector.width <= 16 {
      let text = data.string(max(16, (data.width + 15) / 16 * 16))
      let result = PlainAES(key: key.string(size)).chain(text, vector: vector.string(16), encrypts: encrypts)
      product = .bytes(result.reversed())
    }
    return ReferenceCase(sample: .bytes(data), door: .cell(.bytes(key), .bytes(vector)), product: product)
  }

  /// The key and the associated data of a door; nil for a key that is too long.
  private static func sealDoor(
    _ random: inout Random, _ size: Int
  ) -> (door: Sample, cipher: PlainSyntheticVector?, items: [[UInt8]]) {
    let key = material(&random, size)
    let items = (0..<random.below(3)).map { _ in random.octets(random.below(40)) }
    return (
      .cell(.bytes(key), .list(items.map { .bytes($0) })),
      key.width <= size ? PlainSyntheticVector(key: key.string(size)) : nil, items.map { $0.string($0.width) }
    )
  }

  private static func seal(_ random: inout Random, _ size: Int) -> ReferenceCase {
    let (door, cipher, items) = sealDoor(&random, size)
    let data = random.octets(random.chance(15) ? 16 : random.below(45))
    let text = data.string(data.width)
    let product = cipher.map { cipher in
      let tag = cipher.tag(items, text)
      return Sample.tuple(
        .bytes(tag.reversed()), .number(UInt64(text.count)), .bytes(cipher.crypt(text, tag: tag).reversed()))
    }
    return ReferenceCase(sample: .bytes(data), door: door, product: product)
  }

  private static func open(_ random: inout Random, _ size: Int) -> ReferenceCase {
    let (door, cipher, items) = sealDoor(&random, size)
    let data = random.octets(random.chance(15) ? 16 : random.below(45))
    let text = data.string(data.width)
    guard let cipher else {
      return ReferenceCase(sample: .tuple(.number(1), .number(UInt64(text.count)), .bytes(data)), door: door)
    }
    var tag = cipher.tag(items, text)
    // A key stream may be longer than the text was: zeros in front are encrypted too.
    let count = text.count + (random.chance(80) ? 0 : random.below(20))
    var secret = cipher.crypt(data.string(count), tag: tag)
    if random.chance(30) { tag[random.below(16)] ^= UInt8(1 + random.below(255)) }
    if random.chance(20), count > 0 { secret[random.below(count)] ^= UInt8(1 + random.below(255)) }
    let isTooLong = random.chance(4) && secret.first.map { $0 != 0 } == true
    let plain = cipher.crypt(secret, tag: tag)
    let product: Sample = cipher.tag(items, plain) == tag ? .cell(.number(0), .bytes(plain.reversed())) : .number(0)
    return ReferenceCase(
      sample: .tuple(
        .bytes(tag.reversed()), .number(UInt64(isTooLong ? count - 1 : count)), .bytes(secret.reversed())),
      door: door, product: isTooLong ? nil : product)
  }

  private static func chaCha(_ random: inout Random, _: JetCaller) -> ReferenceCase {
    let rounds = random.chance(95) ? 2 * random.below(11) : 1 + 2 * random.below(9)
    let (key, nonce, message) = (material(&random, 32), material(&random, 8), random.counted(200))
    let counter = random.chance(80) ? UInt64(random.below(9)) : random.next() >> 2
    var product: Sample?
    if rounds % 2 == 0, key.width <= 32, nonce.width <= 8 {
      let text = PlainCipher.chaCha(
        message.data.low(message.count), key: key.low(32), nonce: nonce.low(8), counter: counter, rounds: rounds)
      product = .cell(.number(UInt64(message.count)), .bytes(text))
    }
    return ReferenceCase(
      sample: .tuple(.number(UInt64(rounds)), .bytes(key), .bytes(nonce), .number(counter), pair(message)),
      product: product)
  }

  private static func longNonce(_ random: inout Random, _: JetCaller) -> ReferenceCase {
    let rounds = random.chance(95) ? 2 * random.below(11) : 1 + 2 * random.below(9)
    let (key, nonce) = (material(&random, 32), material(&random, 24))
    var product: Sample?
    if rounds % 2 == 0, key.width <= 32, nonce.width <= 24 {
      let derived = PlainCipher.derivedKey(key: key.low(32), nonce: nonce.low(16), rounds: rounds)
      product = .cell(.bytes(derived), .bytes(Array(nonce.low(24).suffix(8))))
    }
    return ReferenceCase(sample: .tuple(.number(UInt64(rounds)), .bytes(key), .bytes(nonce)), product: product)
  }

  // MARK: Keys from passwords

  /// A password and a salt, with lengths or measured, as samples have them in front.
  private static func passwords(
    _ random: inout Random, _ hasLengths: Bool
  ) -> (parts: [Sample], password: [UInt8], salt: [UInt8]) {
    let (password, salt) = (random.counted(random.chance(80) ? 40 : 90), random.counted(40))
    if !hasLengths {
      return (
        [.bytes(password.data), .bytes(salt.data)], password.data.low(password.data.width),
        salt.data.low(salt.data.width)
      )
    }
    return (
      [.bytes(password.data), .number(UInt64(password.count)), .bytes(salt.data), .number(UInt64(salt.count))],
      password.data.low(password.count), salt.data.low(salt.count)
    )
  }

  private static func derived(_ random: inout Random, _ hasLengths: Bool) -> ReferenceCase {
    let (parts, password, salt) = passwords(&random, hasLengths)
    let rounds = random.chance(96) ? 1 + random.below(3) : 0
    let size = random.chance(96) ? 1 + random.below(70) : [0, 1 << 31][random.below(2)]
    let isGood = rounds > 0 && size > 0 && size <= 1 << 30
    return ReferenceCase(
      sample: .tuple(parts + [.number(UInt64(rounds)), .number(UInt64(size))]),
      product: isGood ? .bytes(PlainCipher.pbkdf2(password, salt, rounds: rounds, size: size)) : nil)
  }

  private static func hardened(_ random: inout Random, _ hasLengths: Bool) -> ReferenceCase {
    let (parts, password, salt) = passwords(&random, hasLengths)
    let cost = random.chance(90) ? 2 << random.below(3) : random.below(12)
    let (blockSize, parallelism) = (
      random.chance(97) ? 1 + random.below(2) : 0, random.chance(97) ? 1 + random.below(2) : 0
    )
    let size = 1 + random.below(50)
    // A cost that is no power of two is a crash; one of 1 is left to Nock.
    let isGood = cost > 1 && cost & (cost - 1) == 0 && blockSize > 0 && parallelism > 0
    let product =
      isGood
      ? Sample.bytes(
        PlainCipher.scrypt(
          password, salt, cost: cost, blockSize: blockSize, parallelism: parallelism, size: size)) : nil
    let numbers = [cost, blockSize, parallelism, size].map { Sample.number(UInt64($0)) }
    return ReferenceCase(sample: .tuple(parts + numbers), product: product)
  }

  private static func argon(_ random: inout Random, _: JetCaller) -> ReferenceCase {
    let (cord, type) = [("d", 0), ("i", 1), ("id", 2), ("u", 10), ("x", 0)][random.below(random.chance(95) ? 4 : 5)]
    let version = random.chance(96) ? [0x10, 0x13][random.below(2)] : 0x12
    let lanes = random.chance(97) ? 1 + random.below(2) : 0
    let memory = random.chance(96) ? 8 * lanes + random.below(10) : max(0, 8 * lanes - 1)
    let passes = random.chance(97) ? 1 + random.below(2) : 0
    let size = 4 + random.below(random.chance(80) ? 40 : 120)
    let (message, secret, associated) = (random.counted(40), random.counted(20), random.counted(20))
    var salt = random.counted(30)
    if random.chance(90), salt.count < 8 { salt.count += 8 }
    let isGood =
      cord != "x" && version != 0x12 && lanes > 0 && memory >= 8 * lanes && passes > 0 && salt.count >= 8
    let argon = PlainArgon2(type: type, version: version, lanes: lanes, memory: memory, passes: passes)
    let product =
      isGood
      ? Sample.bytes(
        argon.hash(
          message.data.string(message.count), salt: salt.data.string(salt.count),
          secret: secret.data.string(secret.count), associated: associated.data.string(associated.count), size: size
        ).reversed()) : nil
    let door = Sample.tuple(
      .number(UInt64(size)), .cord(cord), .number(UInt64(version)), .number(UInt64(lanes)), .number(UInt64(memory)),
      .number(UInt64(passes)), pair(secret), pair(associated))
    return ReferenceCase(sample: .cell(pair(message), pair(salt)), door: door, product: product)
  }
}
