// Argon2 as RFC 9106 defines it, with the version before and with the type %u of the arms: 10, whose first three quarters
// of the first pass take their references from counters.

struct PlainArgon2 {
  var type: Int
  var version: Int
  var lanes: Int
  var memory: Int
  var passes: Int

  private static func little(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { Array($0) }
  }

  /// The hash of variable length.
  private static func long(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
    let input = little(size) + bytes
    if size <= 64 { return PlainHash.blake2b(input, size: size) }
    var last = PlainHash.blake2b(input, size: 64)
    var result = Array(last.prefix(32))
    while size - result.count > 64 {
      last = PlainHash.blake2b(last, size: 64)
      result += last.prefix(32)
    }
    return result + PlainHash.blake2b(last, size: size - result.count)
  }

  private static func mix(_ v: inout [UInt64], _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
    func add(_ x: Int, _ y: Int) {
      v[x] = v[x] &+ v[y] &+ 2 &* (v[x] & 0xFFFF_FFFF) &* (v[y] & 0xFFFF_FFFF)
    }
    func turn(_ x: Int, _ y: Int, _ count: UInt64) {
      let mixed = v[x] ^ v[y]
      v[x] = mixed >> count | mixed << (64 - count)
    }
    add(a, b)
    turn(d, a, 32)
    add(c, d)
    turn(b, c, 24)
    add(a, b)
    turn(d, a, 16)
    add(c, d)
    turn(b, c, 63)
  }

  private static func permute(_ v: inout [UInt64], _ i: [Int]) {
    for (a, b, c, d) in PlainWords.quarters { mix(&v, i[a], i[b], i[c], i[d]) }
  }

  private static let rows = (0..<8).map { row in (0..<16).map { 16 * row + $0 } }
  private static let columns = (0..<8).map { column in (0..<16).map { 16 * ($0 / 2) + 2 * column + $0 % 2 } }

  private static func compress(_ x: [UInt64], _ y: [UInt64]) -> [UInt64] {
    let sum = zip(x, y).map { $0 ^ $1 }
    var v = sum
    for row in rows { permute(&v, row) }
    for column in columns { permute(&v, column) }
    return zip(v, sum).map { $0 ^ $1 }
  }

  func hash(_ password: [UInt8], salt: [UInt8], secret: [UInt8], associated: [UInt8], size: Int) -> [UInt8] {
    var seed: [UInt8] = []
    for number in [lanes, size, memory, passes, version, type] { seed += PlainArgon2.little(number) }
    for string in [password, salt, secret, associated] { seed += PlainArgon2.little(string.count) + string }
    let first = PlainHash.blake2b(seed, size: 64)
    let columns = memory / (4 * lanes) * 4
    let segment = columns / 4
    var blocks = (0..<lanes).map { lane in
      (0..<columns).map { column in
        column < 2
          ? PlainWords.read(
            PlainArgon2.long(first + PlainArgon2.little(column) + PlainArgon2.little(lane), 1024))
          : [UInt64](repeating: 0, count: 128)
      }
    }
    for pass in 0..<passes {
      for slice in 0..<4 {
        for lane in 0..<lanes {
          let usesCounter = type == 1 || pass == 0 && (type == 2 && slice < 2 || type == 10 && slice < 3)
          for index in 0..<segment {
            let column = slice * segment + index
            if pass == 0, column < 2 { continue }
            let previous = blocks[lane][(column + columns - 1) % columns]
            let random =
              usesCounter ? address(pass, lane, slice, index, columns: columns) : previous[0]
            let other = pass == 0 && slice == 0 ? lane : Int((random >> 32) % UInt64(lanes))
            // How many blocks there are to choose from, and from where they count.
            let finished = pass == 0 ? slice * segment : columns - segment
            let area = other == lane ? finished + index - 1 : finished - (index == 0 ? 1 : 0)
            let low = random & 0xFFFF_FFFF
            let share = (low * low) >> 32
            let position = area - 1 - Int((UInt64(area) * share) >> 32)
            let start = pass == 0 || slice == 3 ? 0 : (slice + 1) * segment
            var block = PlainArgon2.compress(previous, blocks[other][(start + position) % columns])
            if pass > 0, version == 0x13 { block = zip(block, blocks[lane][column]).map { $0 ^ $1 } }
            blocks[lane][column] = block
          }
        }
      }
    }
    let last = (0..<128).map { word in blocks.reduce(UInt64(0)) { $0 ^ $1[columns - 1][word] } }
    return PlainArgon2.long(PlainWords.bytes(last), size)
  }

  private func address(_ pass: Int, _ lane: Int, _ slice: Int, _ index: Int, columns: Int) -> UInt64 {
    let zero = [UInt64](repeating: 0, count: 128)
    var input = zero
    for (place, number) in [pass, lane, slice, columns * lanes, passes, type, index / 128 + 1].enumerated() {
      input[place] = UInt64(number)
    }
    return PlainArgon2.compress(zero, PlainArgon2.compress(zero, input))[index % 128]
  }
}
