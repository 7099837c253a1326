// The superblock: the one page that makes a commit visible. There are two, written in turn.
//
//     word 0     magic "BEDROCK1"
//     word 1     format version (bits 31-0), pages in a segment (bits 63-32)
//     words 2-3  the store's identity, 16 random bytes
//     word 4     sequence number, one more with each commit
//     word 5     segments that the file has
//     word 6     the next extent's order
//     words 7-9  the segment table: word offset (0 = none), number of entries, CRC-32C
//     words 10-11  the open extent: first segment (0 = none), word offset of its first unused page
//     words 12-13  words found live by the last collection, words written since
//     words 14-15  number of roots, number of deltas
//     words 16-79  16 roots of 4 words: value, two notes of the owner, zero
//     words 80-95  zero
//     words 96-495 200 deltas of 2 words: table entries that are newer than the table
//     word 511   CRC-32C of words 0-510

import StrataMemory

/// An entry of the segment table: what a run of segments is used for.
struct SegmentEntry: Equatable {
  enum Use: UInt8 {
    /// Records in order; may refer to extents of lower order and to lower offsets of its own.
    case records = 1
    /// One large record without references.
    case large = 2
    /// Unused since the commit whose sequence number is in `stamp`.
    case free = 3
    /// Unused, and its space given back to the file system.
    case punched = 4
  }
  var first: Int
  var count: Int
  var use: Use
  /// The order of an extent, or the sequence number of the commit that freed it.
  var stamp: UInt64

  var words: (UInt64, UInt64) {
    (UInt64(first) | UInt64(count) << 32 | UInt64(use.rawValue) << 60, stamp)
  }

  init(first: Int, count: Int, use: Use, stamp: UInt64) {
    self.first = first
    self.count = count
    self.use = use
    self.stamp = stamp
  }

  init?(_ low: UInt64, _ high: UInt64) {
    guard let use = Use(rawValue: UInt8(low >> 60)) else { return nil }
    self.init(first: Int(low & 0xFFFF_FFFF), count: Int(low >> 32 & 0x0FFF_FFFF), use: use, stamp: high)
  }
}

/// The decoded content of a superblock.
struct Superblock: Equatable {
  var segmentPages = Layout.defaultSegmentPages
  var identity: (UInt64, UInt64) = (0, 0)
  var sequence: UInt64 = 0
  var segmentCount = 1
  var nextOrder: UInt64 = 1
  var tableOffset = 0
  var tableEntries = 0
  var tableChecksum: UInt32 = 0
  var openSegment = 0
  var openFill = 0
  var liveWords = 0
  var writtenWords = 0
  var roots: [StoredRoot] = []
  var deltas: [SegmentEntry] = []

  static func == (left: Superblock, right: Superblock) -> Bool { left.encoded() == right.encoded() }

  /// The page as it is written.
  func encoded() -> [UInt64] {
    var page = [UInt64](repeating: 0, count: Layout.pageWords)
    page[0] = Layout.magic
    page[1] = UInt64(Layout.version) | UInt64(segmentPages) << 32
    page[2] = identity.0
    page[3] = identity.1
    page[4] = sequence
    page[5] = UInt64(segmentCount)
    page[6] = nextOrder
    page[7] = UInt64(tableOffset)
    page[8] = UInt64(tableEntries)
    page[9] = UInt64(tableChecksum)
    page[10] = UInt64(openSegment)
    page[11] = UInt64(openFill)
    page[12] = UInt64(liveWords)
    page[13] = UInt64(writtenWords)
    page[14] = UInt64(roots.count)
    page[15] = UInt64(deltas.count)
    for (index, root) in roots.prefix(Layout.rootLimit).enumerated() {
      page[16 + index * 4] = root.word.raw
      page[17 + index * 4] = root.firstNote
      page[18 + index * 4] = root.secondNote
    }
    for (index, delta) in deltas.prefix(Layout.deltaLimit).enumerated() {
      (page[96 + index * 2], page[97 + index * 2]) = delta.words
    }
    page[Layout.pageWords - 1] = UInt64(Superblock.checksum(page))
    return page
  }

  private static func checksum(_ page: [UInt64]) -> UInt32 {
    page.withUnsafeBytes { Checksum.of(UnsafeRawBufferPointer(rebasing: $0[..<($0.count - 8)])) }
  }

  /// What a page holds, or why it is no superblock. Nothing that comes out of here is out of bounds by itself.
  static func decode(_ page: [UInt64], path: String, slot: Int) -> Result<Superblock, BedrockFailure> {
    func damage(_ finding: String) -> Result<Superblock, BedrockFailure> {
      .failure(
        .damaged(
          Damage(path: path, subject: .superblock, wordOffset: slot * Layout.pageWords, finding: finding)))
    }
    guard page.count == Layout.pageWords, page[0] == Layout.magic else { return damage("the magic number is missing") }
    guard page[Layout.pageWords - 1] == UInt64(checksum(page)) else { return damage("the checksum is wrong") }
    let version = Int(page[1] & 0xFFFF_FFFF)
    guard version == Layout.version else { return .failure(.laterFormat(path: path, version: version)) }
    var block = Superblock()
    block.segmentPages = Int(page[1] >> 32)
    guard (4...Layout.largestSegmentPages).contains(block.segmentPages),
      block.segmentPages & (block.segmentPages - 1) == 0
    else { return damage("the segment size is impossible") }
    for index in [5, 7, 8, 10, 11, 12, 13] where page[index] >> 48 != 0 { return damage("word \(index) is impossible") }
    block.identity = (page[2], page[3])
    block.sequence = page[4]
    block.segmentCount = Int(page[5])
    block.nextOrder = page[6]
    block.tableOffset = Int(page[7])
    block.tableEntries = Int(page[8])
    block.tableChecksum = UInt32(truncatingIfNeeded: page[9])
    block.openSegment = Int(page[10])
    block.openFill = Int(page[11])
    block.liveWords = Int(page[12])
    block.writtenWords = Int(page[13])
    guard page[14] <= Layout.rootLimit, page[15] <= Layout.deltaLimit else { return damage("a count is impossible") }
    for index in 0..<Int(page[14]) {
      block.roots.append(
        StoredRoot(
          Word(raw: page[16 + index * 4]), firstNote: page[17 + index * 4], secondNote: page[18 + index * 4]))
    }
    for index in 0..<Int(page[15]) {
      guard let entry = SegmentEntry(page[96 + index * 2], page[97 + index * 2]) else {
        return damage("delta \(index) is impossible")
      }
      block.deltas.append(entry)
    }
    return .success(block)
  }
}
