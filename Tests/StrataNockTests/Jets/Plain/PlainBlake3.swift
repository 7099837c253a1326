// BLAKE3 as its paper defines it, tree and all, with recursion over the halves of a message: samples are short.

/// A node before its last compression.
struct PlainBlake3Node {
  var chain: [UInt32]
  var block: [UInt8]
  var counter: UInt64
  var length: UInt32
  var flags: UInt32

  /// The 64 bytes of the compression.
  func compressed(counter: UInt64, flags extra: UInt32 = 0) -> [UInt8] {
    PlainBlake3.compress(
      chain, block + [UInt8](repeating: 0, count: 64 - block.count), counter: counter, length: length,
      flags: flags | extra)
  }

  var chained: [UInt32] { PlainBlake3.words(Array(compressed(counter: counter).prefix(32))) }
}

enum PlainBlake3 {
  static let initial: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  private static let permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
  private static let (chunkStart, chunkEnd, parent, root): (UInt32, UInt32, UInt32, UInt32) = (1, 2, 4, 8)

  static func words(_ bytes: [UInt8]) -> [UInt32] { PlainWords.read(bytes) }
  static func bytes(_ words: [UInt32]) -> [UInt8] { PlainWords.bytes(words) }

  static func compress(_ chain: [UInt32], _ block: [UInt8], counter: UInt64, length: UInt32, flags: UInt32) -> [UInt8] {
    var m = words(block)
    var v = chain + initial[0..<4]
    v += [UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), length, flags]
    func turned(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
    func mix(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: UInt32, _ y: UInt32) {
      v[a] = v[a] &+ v[b] &+ x
      v[d] = turned(v[d] ^ v[a], 16)
      v[c] = v[c] &+ v[d]
      v[b] = turned(v[b] ^ v[c], 12)
      v[a] = v[a] &+ v[b] &+ y
      v[d] = turned(v[d] ^ v[a], 8)
      v[c] = v[c] &+ v[d]
      v[b] = turned(v[b] ^ v[c], 7)
    }
    for _ in 0..<7 {
      for column in 0..<4 {
        mix(column, column + 4, column + 8, column + 12, m[2 * column], m[2 * column + 1])
      }
      for diagonal in 0..<4 {
        mix(
          diagonal, 4 + (diagonal + 1) % 4, 8 + (diagonal + 2) % 4, 12 + (diagonal + 3) % 4, m[8 + 2 * diagonal],
          m[9 + 2 * diagonal])
      }
      m = permutation.map { m[$0] }
    }
    return bytes((0..<8).map { v[$0] ^ v[$0 + 8] } + (0..<8).map { v[$0 + 8] ^ chain[$0] })
  }

  /// The last block of a chunk of at most 1,024 bytes.
  static func chunk(_ message: ArraySlice<UInt8>, key: [UInt32], counter: UInt64, flags: UInt32) -> PlainBlake3Node {
    var blocks: [[UInt8]] = []
    for start in stride(from: message.startIndex, to: message.endIndex, by: 64) {
      blocks.append(Array(message[start..<min(start + 64, message.endIndex)]))
    }
    if blocks.isEmpty { blocks = [[]] }
    var chain = key
    for (index, block) in blocks.enumerated() {
      let start = index == 0 ? chunkStart : 0
      let node = PlainBlake3Node(
        chain: chain, block: block, counter: counter, length: UInt32(block.count), flags: flags | start)
      if index == blocks.count - 1 {
        var last = node
        last.flags |= chunkEnd
        return last
      }
      chain = node.chained
    }
    return PlainBlake3Node(chain: chain, block: [], counter: counter, length: 0, flags: flags)
  }

  private static func tree(
    _ message: ArraySlice<UInt8>, key: [UInt32], first counter: UInt64, flags: UInt32
  ) -> PlainBlake3Node {
    if message.count <= 1024 { return chunk(message, key: key, counter: counter, flags: flags) }
    var left = 1024
    while left * 2 < message.count { left *= 2 }
    let middle = message.startIndex + left
    let one = tree(message[..<middle], key: key, first: counter, flags: flags)
    let two = tree(message[middle...], key: key, first: counter + UInt64(left / 1024), flags: flags)
    return PlainBlake3Node(
      chain: key, block: bytes(one.chained + two.chained), counter: 0, length: 64, flags: flags | parent)
  }

  static func hash(_ message: [UInt8], key: [UInt32], flags: UInt32, size: Int) -> [UInt8] {
    let node = tree(message[...], key: key, first: 0, flags: flags)
    var output: [UInt8] = []
    var counter: UInt64 = 0
    while output.count < size {
      output += node.compressed(counter: counter, flags: root)
      counter += 1
    }
    return Array(output.prefix(size))
  }
}
