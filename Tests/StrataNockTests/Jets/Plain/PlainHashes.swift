// Hash functions written straight from their standards, to hold the jets' libraries against: FIPS 180-4, FIPS 202 (with
// the padding from before it), RIPEMD-160, RFC 7693 and RFC 2104. Bytes in, bytes out; clear rather than fast.

/// The hashes that the arms know, none of them by a library.
enum PlainHash {
  // MARK: SHA-1 and SHA-2

  /// A message with its padding: one bit, zeros, and its length in bits at the end of a block.
  private static func padded(_ message: [UInt8], block: Int, isLittle: Bool = false) -> [UInt8] {
    let lengthSize = block / 8
    var bytes = message + [0x80]
    while bytes.count % block != block - lengthSize { bytes.append(0) }
    let bits = UInt64(message.count) * 8
    let length = (0..<lengthSize).map { $0 < 8 ? UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) : 0 }
    return bytes + (isLittle ? length : length.reversed())
  }

  private static func rotateLeft(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
  private static func rotateRight<Integer: FixedWidthInteger>(_ word: Integer, _ count: Integer) -> Integer {
    word >> count | word << (Integer(Integer.bitWidth) - count)
  }

  static func sha1(_ message: [UInt8]) -> [UInt8] {
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    let bytes = padded(message, block: 64)
    for start in stride(from: 0, to: bytes.count, by: 64) {
      var schedule = PlainWords.read(bytes[start..<start + 64], isLittle: false) as [UInt32]
      for t in 16..<80 {
        schedule.append(rotateLeft(schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16], 1))
      }
      var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
      for t in 0..<80 {
        let (mixed, constant): (UInt32, UInt32) =
          switch t / 20 {
          case 0: (b & c ^ ~b & d, 0x5A82_7999)
          case 1: (b ^ c ^ d, 0x6ED9_EBA1)
          case 2: (b & c ^ b & d ^ c & d, 0x8F1B_BCDC)
          default: (b ^ c ^ d, 0xCA62_C1D6)
          }
        (a, b, c, d, e) = (rotateLeft(a, 5) &+ mixed &+ e &+ constant &+ schedule[t], a, rotateLeft(b, 30), c, d)
      }
      for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
    }
    return PlainWords.bytes(state, isLittle: false)
  }

  /// The first 64 bits behind the point of the square or cube roots of the first primes, which SHA-2's constants are.
  private static func rootFractions(_ count: Int, isCube: Bool) -> [UInt64] {
    var primes: [UInt64] = []
    var number: UInt64 = 2
    while primes.count < count {
      if primes.allSatisfy({ number % $0 != 0 }) { primes.append(number) }
      number += 1
    }
    return primes.map { prime in
      // The largest root with root^2 <= prime * 2^128, or root^3 <= prime * 2^192, bit by bit.
      var root = PlainNumber.zero
      let bound = PlainNumber(prime) << (isCube ? 192 : 128)
      for bit in (0..<68).reversed() {
        let next = root + (PlainNumber(1) << bit)
        let power = isCube ? next * next * next : next * next
        if !(bound < power) { root = next }
      }
      return root.words[0]
    }
  }

  private static let squares = rootFractions(8, isCube: false)
  private static let cubes = rootFractions(80, isCube: true)

  static func sha256(_ message: [UInt8]) -> [UInt8] {
    sha2(
      message, rounds: 64, small: ((7, 18, 3), (17, 19, 10)), large: ((2, 13, 22), (6, 11, 25))
    ) { UInt32($0 >> 32) }
  }

  static func sha512(_ message: [UInt8]) -> [UInt8] {
    sha2(
      message, rounds: 80, small: ((1, 8, 7), (19, 61, 6)), large: ((28, 34, 39), (14, 18, 41))
    ) { $0 }
  }

  private typealias Turns<Digit> = ((Digit, Digit, Digit), (Digit, Digit, Digit))

  /// SHA-2 over words of either size. `small` are two rotations and a shift each, `large` three rotations each.
  private static func sha2<Digit: FixedWidthInteger>(
    _ message: [UInt8], rounds: Int, small: Turns<Digit>, large: Turns<Digit>,
    constant: (UInt64) -> Digit
  ) -> [UInt8] {
    func spread(_ word: Digit, _ by: (Digit, Digit, Digit)) -> Digit {
      rotateRight(word, by.0) ^ rotateRight(word, by.1) ^ word >> by.2
    }
    func mixed(_ word: Digit, _ by: (Digit, Digit, Digit)) -> Digit {
      rotateRight(word, by.0) ^ rotateRight(word, by.1) ^ rotateRight(word, by.2)
    }
    let size = Digit.bitWidth / 8
    var state = squares.map(constant)
    let bytes = padded(message, block: 16 * size)
    for start in stride(from: 0, to: bytes.count, by: 16 * size) {
      var w: [Digit] = PlainWords.read(bytes[start..<start + 16 * size], isLittle: false)
      w.reserveCapacity(rounds)
      for t in 16..<rounds {
        w.append(w[t - 16] &+ spread(w[t - 15], small.0) &+ w[t - 7] &+ spread(w[t - 2], small.1))
      }
      var (a, b, c, d, e, f, g, h) = (
        state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
      )
      for t in 0..<rounds {
        let choice = e & f ^ ~e & g
        let first = h &+ mixed(e, large.1) &+ choice &+ constant(cubes[t]) &+ w[t]
        let second = mixed(a, large.0) &+ (a & b ^ a & c ^ b & c)
        (h, g, f, e) = (g, f, e, d &+ first)
        (d, c, b, a) = (c, b, a, first &+ second)
      }
      for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
    }
    return PlainWords.bytes(state, isLittle: false)
  }

  // MARK: RIPEMD-160

  private static let leftOrder = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8, 3, 10,
    14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12, 1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2, 4, 0, 5, 9, 7,
    12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13,
  ]
  private static let rightOrder = [
    5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12, 6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2, 15, 5,
    1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13, 8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14, 12, 15, 10, 4,
    1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11,
  ]
  private static let leftTurns: [UInt32] = [
    11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8, 7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12, 11,
    13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5, 11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12, 9, 15,
    5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6,
  ]
  private static let rightTurns: [UInt32] = [
    8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6, 9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11, 9,
    7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5, 15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8, 8, 5,
    12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11,
  ]

  private static func ripemdMix(_ round: Int, _ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 {
    switch round {
    case 0: x ^ y ^ z
    case 1: x & y | ~x & z
    case 2: (x | ~y) ^ z
    case 3: x & z | y & ~z
    default: x ^ (y | ~z)
    }
  }

  static func ripemd160(_ message: [UInt8]) -> [UInt8] {
    let left: [UInt32] = [0, 0x5A82_7999, 0x6ED9_EBA1, 0x8F1B_BCDC, 0xA953_FD4E]
    let right: [UInt32] = [0x50A2_8BE6, 0x5C4D_D124, 0x6D70_3EF3, 0x7A6D_76E9, 0]
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    let bytes = padded(message, block: 64, isLittle: true)
    for start in stride(from: 0, to: bytes.count, by: 64) {
      let x = PlainWords.read(bytes[start..<start + 64]) as [UInt32]
      var l = state
      var r = state
      for j in 0..<80 {
        let one = l[0] &+ ripemdMix(j / 16, l[1], l[2], l[3]) &+ x[leftOrder[j]] &+ left[j / 16]
        l = [l[4], rotateLeft(one, leftTurns[j]) &+ l[4], l[1], rotateLeft(l[2], 10), l[3]]
        let two = r[0] &+ ripemdMix(4 - j / 16, r[1], r[2], r[3]) &+ x[rightOrder[j]] &+ right[j / 16]
        r = [r[4], rotateLeft(two, rightTurns[j]) &+ r[4], r[1], rotateLeft(r[2], 10), r[3]]
      }
      let first = state[1] &+ l[2] &+ r[3]
      state = [
        first, state[2] &+ l[3] &+ r[4], state[3] &+ l[4] &+ r[0], state[4] &+ l[0] &+ r[1], state[0] &+ l[1] &+ r[2],
      ]
    }
    return PlainWords.bytes(state)
  }

  // MARK: Keccak

  /// The round constants, from the shift register that they are defined by.
  private static let keccakConstants: [UInt64] = {
    var register: UInt8 = 1
    return (0..<24).map { _ in
      var constant: UInt64 = 0
      for j in 0..<7 {
        if register & 1 == 1 { constant |= 1 << UInt64((1 << j) - 1) }
        register = register & 0x80 != 0 ? register << 1 ^ 0x71 : register << 1
      }
      return constant
    }
  }()

  private static func keccakF(_ lanes: inout [UInt64]) {
    func turned(_ word: UInt64, _ count: Int) -> UInt64 {
      count % 64 == 0 ? word : word << UInt64(count % 64) | word >> UInt64(64 - count % 64)
    }
    for constant in keccakConstants {
      var columns = [UInt64](repeating: 0, count: 5)
      for index in 0..<25 { columns[index % 5] ^= lanes[index] }
      for x in 0..<5 {
        let change = columns[(x + 4) % 5] ^ turned(columns[(x + 1) % 5], 1)
        for y in 0..<5 { lanes[x + 5 * y] ^= change }
      }
      // rho and pi: along the path of one lane through all others.
      var moved = lanes
      var (x, y) = (1, 0)
      for t in 0..<24 {
        let (nextX, nextY) = (y, (2 * x + 3 * y) % 5)
        moved[nextX + 5 * nextY] = turned(lanes[x + 5 * y], (t + 1) * (t + 2) / 2)
        (x, y) = (nextX, nextY)
      }
      for y in 0..<5 {
        for x in 0..<5 {
          lanes[x + 5 * y] = moved[x + 5 * y] ^ ~moved[(x + 1) % 5 + 5 * y] & moved[(x + 2) % 5 + 5 * y]
        }
      }
      lanes[0] ^= constant
    }
  }

  /// Keccak with a digest of `bits`, padded as before SHA-3.
  static func keccak(_ message: [UInt8], bits: Int) -> [UInt8] {
    let rate = 200 - bits / 4
    var bytes = message + [0x01]
    while bytes.count % rate != 0 { bytes.append(0) }
    bytes[bytes.count - 1] |= 0x80
    var lanes = [UInt64](repeating: 0, count: 25)
    for start in stride(from: 0, to: bytes.count, by: rate) {
      for index in 0..<rate { lanes[index / 8] ^= UInt64(bytes[start + index]) << UInt64(8 * (index % 8)) }
      keccakF(&lanes)
    }
    return Array(PlainWords.bytes(lanes).prefix(bits / 8))
  }

  // MARK: BLAKE2b

  private static let blakeOrder: [[Int]] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
  ]
  static func blake2b(_ message: [UInt8], key: [UInt8] = [], size: Int) -> [UInt8] {
    var h = squares
    h[0] ^= 0x0101_0000 ^ UInt64(key.count) << 8 ^ UInt64(size)
    var bytes = key.isEmpty ? message : key + [UInt8](repeating: 0, count: 128 - key.count) + message
    let length = bytes.count
    while bytes.isEmpty || bytes.count % 128 != 0 { bytes.append(0) }
    for start in stride(from: 0, to: bytes.count, by: 128) {
      let isLast = start + 128 == bytes.count
      let m: [UInt64] = PlainWords.read(bytes[start..<start + 128])
      var v = h + squares
      v[12] ^= UInt64(isLast ? length : start + 128)
      if isLast { v[14] = ~v[14] }
      for round in 0..<12 {
        let order = blakeOrder[round % 10]
        for (index, (a, b, c, d)) in PlainWords.quarters.enumerated() {
          v[a] = v[a] &+ v[b] &+ m[order[2 * index]]
          v[d] = rotateRight(v[d] ^ v[a], 32)
          v[c] = v[c] &+ v[d]
          v[b] = rotateRight(v[b] ^ v[c], 24)
          v[a] = v[a] &+ v[b] &+ m[order[2 * index + 1]]
          v[d] = rotateRight(v[d] ^ v[a], 16)
          v[c] = v[c] &+ v[d]
          v[b] = rotateRight(v[b] ^ v[c], 63)
        }
      }
      for index in 0..<8 { h[index] ^= v[index] ^ v[index + 8] }
    }
    return Array(PlainWords.bytes(h).prefix(size))
  }

  // MARK: HMAC

  static func messageCode(
    _ message: [UInt8], key: [UInt8], block: Int, hash: ([UInt8]) -> [UInt8]
  ) -> [UInt8] {
    var key = key.count > block ? hash(key) : key
    // A digest may be longer than a block of a caller's choice; then its last bytes meet the padding.
    if key.count > block { key = Array(key.suffix(block)) }
    key += [UInt8](repeating: 0, count: block - key.count)
    return hash(key.map { $0 ^ 0x5C } + hash(key.map { $0 ^ 0x36 } + message))
  }
}
