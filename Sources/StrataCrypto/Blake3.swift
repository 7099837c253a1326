// BLAKE3, which no library of the distribution has: the compression function, a chunk, and the tree over chunks.

/// What a node of the tree is before its last compression, which gives a chaining value, or at the root any output.
public struct Blake3Node {
  public var chain: SIMD8<UInt32>
  public var block: SIMD16<UInt32>
  public var blockLength: UInt32
  public var counter: UInt64
  public var flags: UInt32

  /// The compression: all 64 bytes.
  public func compressed() -> SIMD16<UInt32> {
    Blake3.compress(chain, block, counter: counter, length: blockLength, flags: flags)
  }

  var chainingValue: SIMD8<UInt32> { compressed().lowHalf }
}

/// BLAKE3 with any key words and flags, fed piece by piece.
public struct Blake3: StreamingHash {
  public static var digestSize: Int { 32 }
  public static var blockSize: Int { 64 }

  static let chunkStart: UInt32 = 1
  static let chunkEnd: UInt32 = 2
  static let parent: UInt32 = 4
  static let root: UInt32 = 8

  /// What an unkeyed hash begins with: the same words as SHA-256.
  public static let initialWords = SIMD8<UInt32>(
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19)

  private let key: SIMD8<UInt32>
  private let flags: UInt32
  /// Chaining values of finished subtrees, the largest first.
  private var subtrees: [SIMD8<UInt32>] = []
  private var chunk: Blake3Chunk

  public init() { self.init(key: Blake3.initialWords, flags: 0) }

  /// A keyed hash has the key's words and flag 16.
  public init(key: SIMD8<UInt32>, flags: UInt32) {
    self.key = key
    self.flags = flags
    chunk = Blake3Chunk(key: key, counter: 0, flags: flags)
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      if chunk.length == 1024 {
        finishChunk()
      }
      let length = min(rest.count, 1024 - chunk.length)
      chunk.update(UnsafeRawBufferPointer(rebasing: rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
  }

  /// Writes as many bytes as there is room for: the digest is the beginning of an endless output.
  public mutating func finish(into digest: UnsafeMutableRawBufferPointer) {
    var node = chunk.node()
    for subtree in subtrees.reversed() {
      node = parentNode(subtree, node.chainingValue)
    }
    node.flags |= Blake3.root
    node.counter = 0
    var position = 0
    while position < digest.count {
      withUnsafeBytes(of: node.compressed()) { output in
        let length = min(64, digest.count - position)
        UnsafeMutableRawBufferPointer(rebasing: digest[position..<position + length]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: output[0..<length]))
      }
      position += 64
      node.counter += 1
    }
  }

  /// Puts the full chunk into the tree: two subtrees of one size become one.
  private mutating func finishChunk() {
    var value = chunk.node().chainingValue
    var chunks = chunk.counter + 1
    chunk = Blake3Chunk(key: key, counter: chunks, flags: flags)
    while chunks & 1 == 0, let left = subtrees.popLast() {
      value = parentNode(left, value).chainingValue
      chunks >>= 1
    }
    subtrees.append(value)
  }

  private func parentNode(_ left: SIMD8<UInt32>, _ right: SIMD8<UInt32>) -> Blake3Node {
    Blake3Node(
      chain: key, block: SIMD16(lowHalf: left, highHalf: right), blockLength: 64, counter: 0,
      flags: flags | Blake3.parent)
  }

  /// What is left of up to 1,024 bytes before their last compression.
  public static func chunk(
    _ bytes: OctetStream, key: SIMD8<UInt32>, counter: UInt64, flags: UInt32
  ) -> Blake3Node {
    var chunk = Blake3Chunk(key: key, counter: counter, flags: flags)
    bytes.forEachPiece { chunk.update($0) }
    return chunk.node()
  }

  /// The compression function.
  public static func compress(
    _ chain: SIMD8<UInt32>, _ block: SIMD16<UInt32>, counter: UInt64, length: UInt32, flags: UInt32
  ) -> SIMD16<UInt32> {
    var a = chain.lowHalf
    var b = chain.highHalf
    var c = initialWords.lowHalf
    var d = SIMD4(UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), length, flags)
    var m = block
    for round in 0..<7 {
      mix(&a, &b, &c, &d, m.evenHalf.lowHalf, m.oddHalf.lowHalf)
      // Turned by one, two and three places the diagonals stand in columns.
      b = SIMD4(b.y, b.z, b.w, b.x)
      c = SIMD4(c.z, c.w, c.x, c.y)
      d = SIMD4(d.w, d.x, d.y, d.z)
      mix(&a, &b, &c, &d, m.evenHalf.highHalf, m.oddHalf.highHalf)
      b = SIMD4(b.w, b.x, b.y, b.z)
      c = SIMD4(c.z, c.w, c.x, c.y)
      d = SIMD4(d.y, d.z, d.w, d.x)
      if round < 6 {
        m = SIMD16(
          m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8])
      }
    }
    return SIMD16(
      lowHalf: SIMD8(lowHalf: a ^ c, highHalf: b ^ d),
      highHalf: SIMD8(lowHalf: c ^ chain.lowHalf, highHalf: d ^ chain.highHalf))
  }

  @inline(__always)
  private static func mix(
    _ a: inout SIMD4<UInt32>, _ b: inout SIMD4<UInt32>, _ c: inout SIMD4<UInt32>, _ d: inout SIMD4<UInt32>,
    _ x: SIMD4<UInt32>, _ y: SIMD4<UInt32>
  ) {
    a = a &+ b &+ x
    d = rotated(d ^ a, 16)
    c = c &+ d
    b = rotated(b ^ c, 12)
    a = a &+ b &+ y
    d = rotated(d ^ a, 8)
    c = c &+ d
    b = rotated(b ^ c, 7)
  }

  @inline(__always)
  private static func rotated(_ words: SIMD4<UInt32>, _ count: UInt32) -> SIMD4<UInt32> {
    words &>> SIMD4(repeating: count) | words &<< SIMD4(repeating: 32 &- count)
  }
}

/// A chunk being filled: a chain of blocks, of which the last is kept back, since it is compressed differently.
struct Blake3Chunk {
  let counter: UInt64
  private var chain: SIMD8<UInt32>
  private let flags: UInt32
  private var block = SIMD16<UInt32>(repeating: 0)
  private var blockLength = 0
  private var blocks = 0

  init(key: SIMD8<UInt32>, counter: UInt64, flags: UInt32) {
    chain = key
    self.counter = counter
    self.flags = flags
  }

  var length: Int { blocks * 64 + blockLength }

  private var startFlag: UInt32 { blocks == 0 ? Blake3.chunkStart : 0 }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index < bytes.count {
      if blockLength == 64 {
        chain =
          Blake3.compress(chain, block, counter: counter, length: 64, flags: flags | startFlag).lowHalf
        blocks += 1
        block = SIMD16(repeating: 0)
        blockLength = 0
      }
      let length = min(bytes.count - index, 64 - blockLength)
      let start = blockLength
      withUnsafeMutableBytes(of: &block) {
        UnsafeMutableRawBufferPointer(rebasing: $0[start..<start + length]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[index..<index + length]))
      }
      blockLength += length
      index += length
    }
  }

  func node() -> Blake3Node {
    Blake3Node(
      chain: chain, block: block, blockLength: UInt32(blockLength), counter: counter,
      flags: flags | startFlag | Blake3.chunkEnd)
  }
}
