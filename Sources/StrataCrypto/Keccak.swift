// The Keccak sponge with the padding of the original submission (which Ethereum uses too) or that of SHA-3: libraries
// have the latter only.

/// Keccak with any of the standard capacities.
public struct Keccak: StreamingHash {
  /// Keccak-256 with the original padding, for the protocol's sake; `init(bits:)` gives the others.
  public static var digestSize: Int { 32 }
  public static var blockSize: Int { 136 }

  private var lanes = InlineArray<25, UInt64>(repeating: 0)
  /// How many bytes are taken in between two permutations.
  private let rate: Int
  private let outputSize: Int
  private let suffix: UInt8
  private var position = 0

  public init() { self.init(bits: 256) }

  /// A hash of `bits` bits: 224, 256, 384 or 512. `suffix` begins the padding: 1 in the original, 6 in SHA-3.
  public init(bits: Int, suffix: UInt8 = 1) {
    let size = min(64, max(28, bits / 8))
    outputSize = size
    rate = 200 - 2 * size
    self.suffix = suffix
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let rate = self.rate
    var place = position
    withUnsafeMutableBytes(of: &lanes) { state in
      let lanes = state.assumingMemoryBound(to: UInt64.self)
      var index = 0
      while index < bytes.count {
        if place & 7 == 0 {
          // Safe: the rate is a multiple of 8.
          while place < rate, index + 8 <= bytes.count {
            lanes[place >> 3] ^= UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            place += 8
            index += 8
          }
        }
        if place < rate, index < bytes.count {
          state[place] ^= bytes[index]
          place += 1
          index += 1
        }
        if place == rate {
          Keccak.permute(lanes)
          place = 0
        }
      }
    }
    position = place
  }

  public mutating func finish(into digest: UnsafeMutableRawBufferPointer) {
    assert(digest.count >= outputSize)
    let (place, rate, size, suffix) = (position, self.rate, outputSize, self.suffix)
    withUnsafeMutableBytes(of: &lanes) { state in
      state[place] ^= suffix
      state[rate - 1] ^= 0x80
      Keccak.permute(state.assumingMemoryBound(to: UInt64.self))
      digest.copyMemory(from: UnsafeRawBufferPointer(rebasing: state[0..<size]))
    }
  }

  /// Keccak-f[1600].
  private static func permute(_ lanes: UnsafeMutableBufferPointer<UInt64>) {
    guard let a = lanes.baseAddress else { return }
    for round in 0..<24 {
      // Theta: each column takes in the parity of its neighbours.
      var parity = (
        a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20], a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21],
        a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22], a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23],
        a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24]
      )
      parity = (
        parity.4 ^ rotated(parity.1, 1), parity.0 ^ rotated(parity.2, 1), parity.1 ^ rotated(parity.3, 1),
        parity.2 ^ rotated(parity.4, 1), parity.3 ^ rotated(parity.0, 1)
      )
      var row = 0
      while row < 25 {
        a[row] ^= parity.0
        a[row + 1] ^= parity.1
        a[row + 2] ^= parity.2
        a[row + 3] ^= parity.3
        a[row + 4] ^= parity.4
        row += 5
      }
      // Rho and pi: a walk through all lanes but the first, each rotated by a triangular number.
      var moved = a[1]
      for step in 0..<24 {
        let target = Int(targets[step])
        let next = a[target]
        a[target] = rotated(moved, UInt64(rotations[step]))
        moved = next
      }
      // Chi: the only step that is not linear.
      row = 0
      while row < 25 {
        let (b0, b1, b2, b3, b4) = (a[row], a[row + 1], a[row + 2], a[row + 3], a[row + 4])
        a[row] = b0 ^ (~b1 & b2)
        a[row + 1] = b1 ^ (~b2 & b3)
        a[row + 2] = b2 ^ (~b3 & b4)
        a[row + 3] = b3 ^ (~b4 & b0)
        a[row + 4] = b4 ^ (~b0 & b1)
        row += 5
      }
      a[0] ^= roundConstants[round]
    }
  }

  @inline(__always)
  private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value &<< count | value &>> (64 &- count) }
}

/// Where the walk of pi goes, from lane 1 on.
private let targets: InlineArray<24, UInt8> = [
  10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
]

/// The rotations along that walk: the triangular numbers below 64.
private let rotations: InlineArray<24, UInt8> = [
  1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
]

private let roundConstants: InlineArray<24, UInt64> = [
  0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808A, 0x8000_0000_8000_8000, 0x0000_0000_0000_808B,
  0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009, 0x0000_0000_0000_008A, 0x0000_0000_0000_0088,
  0x0000_0000_8000_8009, 0x0000_0000_8000_000A, 0x0000_0000_8000_808B, 0x8000_0000_0000_008B, 0x8000_0000_0000_8089,
  0x8000_0000_0000_8003, 0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800A, 0x8000_0000_8000_000A,
  0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
]
