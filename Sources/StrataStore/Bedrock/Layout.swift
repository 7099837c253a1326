// The sizes and bit patterns of a store file. Documentation/formats/store.md is the same in prose.
//
//     record    [check word][header][body ...][zero word if the length would be odd]
//     check     bits 31-0 CRC-32C of (header's offset, bits 63-32 of the check, header, body); bits 63-32 low half of
//               the sequence number of the commit that wrote the record
//
// A reference names the header. Records lie at even word offsets, so headers lie at odd ones.

import CPlatform
import StrataMemory

/// The constants of format 1.
enum Layout {
  static let magic: UInt64 = 0x314B_434F_5244_4542  // "BEDROCK1" in the file's byte order
  static let version = 1
  static let pageWords = 512
  static let pageBytes = 4096
  /// The first segment holds the superblocks and nothing else.
  static let superblockSlots = 2
  static let rootLimit = 16
  static let deltaLimit = 200
  /// The writer's lock, far behind any data.
  static let writerLockOffset = 1 << 60
  static let defaultSegmentPages = 64
  static let largestSegmentPages = 1 << 16

  /// The words that a record with a body of `size` words takes.
  @inline(__always)
  static func recordWords(bodySize size: Int) -> Int { (size + 3) & ~1 }

  /// The check word of the record whose header lies at `offset`; `header` points to it.
  @inline(__always)
  static func check(_ header: UnsafePointer<UInt64>, size: Int, offset: Int, stamp: UInt64) -> UInt64 {
    if Checksum.isHardware {
      return stamp << 32 | UInt64(platform_crc32c_record(UInt64(offset), stamp, header, (size + 1) * 8))
    }
    var checksum = Checksum()
    checksum.feed(UInt64(offset))
    checksum.feed(stamp)
    checksum.feed(UnsafeRawBufferPointer(start: header, count: (size + 1) * 8))
    return stamp << 32 | UInt64(checksum.value)
  }
}

/// An address range into which a store is mapped; offset 0 of the file is its first word. Usually the low end of a
/// loom. It must outlive the store.
public struct BedrockPlace: @unchecked Sendable {
  public let base: UnsafeMutablePointer<UInt64>
  public let byteCount: Int

  public init(base: UnsafeMutablePointer<UInt64>, byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
  }
}

/// Address space that belongs to nothing but a store, for those who need no loom.
public final class BedrockReservation: Sendable {
  public let place: BedrockPlace

  /// Reserves up to `byteCount` bytes of addresses.
  public init(byteCount: Int = 64 << 30) throws(BedrockFailure) {
    guard let address = sparseMemory(count: byteCount) else { throw .memory }
    place = BedrockPlace(base: address.bindMemory(to: UInt64.self, capacity: byteCount / 8), byteCount: byteCount)
  }

  deinit { freeSparseMemory(place.base, count: place.byteCount) }
}

/// A value that the store keeps, with two numbers that belong to its owner, such as an event number.
public struct StoredRoot: Equatable, Sendable {
  public var word: Word
  public var firstNote: UInt64
  public var secondNote: UInt64

  public init(_ word: Word, firstNote: UInt64 = 0, secondNote: UInt64 = 0) {
    self.word = word
    self.firstNote = firstNote
    self.secondNote = secondNote
  }
}
