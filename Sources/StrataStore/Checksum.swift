// CRC-32C (Castagnoli), the checksum of everything that the store and the log write.
//
// Guarantees the same result with and without the processor's instruction, for every length and alignment.

import CPlatform

/// A running CRC-32C. Feed bytes and words in order, then read `value`.
public struct Checksum: Sendable {
  /// Whether the processor's instruction does the work.
  public static let isHardware = platform_has_crc32c() != 0

  private var running: UInt32

  @inline(__always)
  public init() { running = 0xFFFF_FFFF }

  /// Goes on from what `value` was.
  init(value: UInt32) { running = ~value }

  /// The checksum of everything fed so far.
  @inline(__always)
  public var value: UInt32 { ~running }

  /// Feeds `bytes`.
  @inline(__always)
  public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    if Checksum.isHardware {
      running = platform_crc32c(running, start, bytes.count)
    } else {
      running = Checksum.portable(running, bytes)
    }
  }

  /// Feeds the eight bytes of `word`, least significant first.
  @inline(__always)
  public mutating func feed(_ word: UInt64) {
    var littleEndian = word.littleEndian
    withUnsafeBytes(of: &littleEndian) { feed($0) }
  }

  private static let factors: [UInt64] = [
    0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 0xD6E8_FEB8_6659_FD93,
  ]

  /// Feeds `count` pages of 4,096 bytes, each as the four checksums of its words 4n, 4n+1, 4n+2 and 4n+3, times a number each: another
  /// value than that of the bytes in their order, got several times as fast.
  public mutating func feed(pages: UnsafeRawPointer, count: Int) {
    if Checksum.isHardware {
      running = platform_crc32c_pages(running, pages, count)
    } else {
      feedPortably(pages: pages, count: count)
    }
  }

  /// The same without the processor's instruction. For comparison in tests.
  mutating func feedPortably(pages: UnsafeRawPointer, count: Int) {
    for page in 0..<count {
      var lanes: (UInt32, UInt32, UInt32, UInt32) = (0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF)
      for quad in 0..<128 {
        let place = pages + page * 4096 + quad * 32
        func fed(_ lane: UInt32, _ index: Int) -> UInt32 {
          Checksum.portable(lane, UnsafeRawBufferPointer(start: place + index * 8, count: 8))
        }
        lanes = (fed(lanes.0, 0), fed(lanes.1, 1), fed(lanes.2, 2), fed(lanes.3, 3))
      }
      for (lane, factor) in zip([lanes.0, lanes.1, lanes.2, lanes.3], Checksum.factors) {
        var littleEndian = (UInt64(~lane) &* factor).littleEndian
        running = withUnsafeBytes(of: &littleEndian) { Checksum.portable(running, $0) }
      }
    }
  }

  /// The checksum of `bytes` alone.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var checksum = Checksum()
    checksum.feed(bytes)
    return checksum.value
  }

  /// The checksum of `bytes` alone, without the processor's instruction. For comparison in tests.
  public static func portable(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    ~portable(0xFFFF_FFFF, bytes)
  }

  /// Entry `8 * 256` words: table `k` advances a byte over `k` further zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : 0x82F6_3B78) }
      tables[byte] = remainder
    }
    for table in 1..<8 {
      for byte in 0..<256 {
        let previous = tables[(table - 1) * 256 + byte]
        tables[table * 256 + byte] = previous >> 8 ^ tables[Int(previous & 0xFF)]
      }
    }
    return tables
  }()

  private static func portable(_ start: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { table in
      var running = start
      var index = 0
      while bytes.count - index >= 8 {
        let low = running ^ UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
        let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self))
        running =
          table[7 * 256 + Int(low & 0xFF)] ^ table[6 * 256 + Int(low >> 8 & 0xFF)]
          ^ table[5 * 256 + Int(low >> 16 & 0xFF)] ^ table[4 * 256 + Int(low >> 24)]
          ^ table[3 * 256 + Int(high & 0xFF)] ^ table[2 * 256 + Int(high >> 8 & 0xFF)]
          ^ table[256 + Int(high >> 16 & 0xFF)] ^ table[Int(high >> 24)]
        index += 8
      }
      while index < bytes.count {
        running = running >> 8 ^ table[Int((running ^ UInt32(bytes[index])) & 0xFF)]
        index += 1
      }
      return running
    }
  }
}
