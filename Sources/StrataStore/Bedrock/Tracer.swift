// One pass over everything that roots reach, in bounded steps, verifying each record on the way.
//
// A record refers only to records that were written before it: to extents of lower order, or to lower offsets of its
// own extent. So one walk from the newest record down to the oldest meets every record after all that refer to it.
// It needs no stack, however deep the data are; two bits for 16 bytes of file are all its memory.

import StrataMemory

/// Marks, counts and verifies the records that roots reach.
final class Tracer {
  let base: UnsafePointer<UInt64>
  let path: String
  private(set) var map: SegmentMap
  /// Bit `u` of entry `b`: a live record begins at word `64 b + 2 u`.
  let starts: UnsafeMutablePointer<UInt32>
  /// Bit `u` of entry `b`: words `64 b + 2 u` and the next belong to a live record.
  let extents: UnsafeMutablePointer<UInt32>?
  private let blockCount: Int
  /// What a step has to know of a segment, in plain memory because it is looked at for every reference.
  private struct Fact {
    /// The order of its extent; 0 for large records, `unused` where there are no records.
    var order: UInt64
    var stamp: UInt64
    /// The first segment of its extent.
    var first: Int
    /// Live words of the extent, kept at its first segment.
    var liveWords: Int
  }
  private var facts: UnsafeMutablePointer<Fact>
  private var factCount = 0
  private let segmentShift: Int
  private(set) var liveWords = 0
  private(set) var liveRecords = 0
  /// Extents of at least this order are scanned; a reference to an older one must already be marked.
  private var floor: UInt64 = 0
  /// Whether a reference was met to a record that an earlier pass had found dead.
  private(set) var hasFoundDeadReferred = false
  /// First segments of the extents to scan, the next one last.
  private var queue: [Int] = []
  private var block = -1
  private var below = 0
  private var lowestBlock = 0
  private var ceiling = 0

  private static let unused = UInt64.max
  static let blockWords = 64

  init(
    base: UnsafePointer<UInt64>, map: SegmentMap, path: String, keepsExtents: Bool, capacityWords: Int? = nil
  ) throws(BedrockFailure) {
    self.base = base
    self.path = path
    self.map = map
    let blocks = (capacityWords ?? map.segments.count * map.segmentWords) / Tracer.blockWords + 1
    blockCount = blocks
    // Safe: a segment is a power of two of pages.
    segmentShift = map.segmentWords.trailingZeroBitCount
    guard let startMemory = sparseMemory(count: blocks * 4) else { throw .memory }
    starts = startMemory.bindMemory(to: UInt32.self, capacity: blocks)
    if keepsExtents {
      guard let extentMemory = sparseMemory(count: blocks * 4) else {
        freeSparseMemory(startMemory, count: blocks * 4)
        throw .memory
      }
      extents = extentMemory.bindMemory(to: UInt32.self, capacity: blocks)
    } else {
      extents = nil
    }
    facts = .allocate(capacity: 1)
    prepare(extentsToScan: map.extentsByOrder())
  }

  deinit {
    freeSparseMemory(starts, count: blockCount * 4)
    if let extents { freeSparseMemory(extents, count: blockCount * 4) }
    facts.deallocate()
  }

  private func prepare(extentsToScan: [Int]) {
    let fresh = UnsafeMutablePointer<Fact>.allocate(capacity: map.segments.count)
    for (index, segment) in map.segments.enumerated() {
      let order: UInt64 =
        switch segment.use {
        case .records: segment.stamp
        case .large: 0
        default: Tracer.unused
        }
      let live = index < factCount ? facts[index].liveWords : 0
      (fresh + index).initialize(
        to: Fact(order: order, stamp: segment.stamp, first: segment.first, liveWords: live))
    }
    facts.deallocate()
    facts = fresh
    factCount = map.segments.count
    queue = extentsToScan
  }

  /// The live words of the extent that begins at segment `first`.
  func liveWords(ofExtent first: Int) -> Int { first < factCount ? facts[first].liveWords : 0 }

  /// Goes on with the extents of `map` that are at least of order `floor`. What was marked before stays marked.
  func resume(map: SegmentMap, floor: UInt64) {
    self.map = map
    self.floor = floor
    prepare(extentsToScan: map.extentsByOrder().filter { map.segments[$0].stamp >= floor })
    block = -1
  }

  private func damage(_ subject: Damage.Subject, _ offset: Int, _ finding: String) -> BedrockFailure {
    .damaged(Damage(path: path, subject: subject, wordOffset: offset, finding: finding))
  }

  /// Whether the record with its header at `offset` is marked.
  @inline(__always)
  func isMarked(_ offset: Int) -> Bool {
    starts[offset / Tracer.blockWords] >> UInt32(offset / 2 % 32) & 1 != 0
  }

  /// Marks what a root refers to.
  func mark(_ root: Word) throws(BedrockFailure) {
    if root.isDirect { return }
    guard root.isPersistent, !root.isTransient else { throw damage(.reference, 0, "a root is not persistent") }
    let offset = root.offset
    let segment = offset >> segmentShift
    guard offset & 1 == 1, segment < factCount, facts[segment].order != Tracer.unused else {
      throw damage(.reference, offset, "a root refers to words that hold no record")
    }
    let bit: UInt32 = 1 << UInt32(offset / 2 % 32)
    if starts[offset / Tracer.blockWords] & bit == 0 {
      if facts[segment].stamp < floor { hasFoundDeadReferred = true }
      starts[offset / Tracer.blockWords] |= bit
    }
  }

  /// Verifies the one record that `word` refers to.
  func verify(_ word: Word) throws(BedrockFailure) {
    let extent = map.extent(holding: word.offset)
    _ = try checked(word.offset - 1, end: extent.upperBound)
  }

  /// The size of the record at `offset`, after its check word has been compared.
  @inline(__always)
  private func checked(_ offset: Int, end: Int) throws(BedrockFailure) -> Header {
    let header = Header(raw: base[offset + 1])
    let size = header.size
    guard offset + Layout.recordWords(bodySize: size) <= end else {
      throw damage(.record, offset, "it is longer than its place")
    }
    let check = base[offset]
    guard Layout.check(base + offset + 1, size: size, offset: offset + 1, stamp: check >> 32) == check else {
      throw damage(.record, offset, "the checksum is wrong")
    }
    return header
  }

  /// Looks at about `budgetWords` further words. True when everything reachable has been seen.
  func step(budgetWords: Int) throws(BedrockFailure) -> Bool {
    // Copies, because each access to a property of a class costs as much as a record.
    let starts = self.starts
    let facts = self.facts
    let factCount = self.factCount
    let floor = self.floor
    let base = self.base
    let shift = segmentShift
    var budget = budgetWords
    var block = self.block
    var below = self.below
    var ceiling = self.ceiling
    var lowestBlock = self.lowestBlock
    var words = 0
    var records = 0
    defer {
      self.block = block
      self.below = below
      self.ceiling = ceiling
      self.lowestBlock = lowestBlock
      liveWords += words
      liveRecords += records
    }
    while budget > 0 {
      if block < 0 {
        guard let first = queue.popLast() else { return true }
        let extent = map.extent(holding: map.start(of: first))
        lowestBlock = extent.lowerBound / Tracer.blockWords
        block = extent.upperBound / Tracer.blockWords - 1
        below = 32
        ceiling = extent.upperBound
        budget -= 1
      }
      let mask = below == 32 ? UInt32.max : (1 << UInt32(below)) - 1
      let bits = starts[block] & mask
      if bits == 0 {
        below = 32
        block = block > lowestBlock ? block - 1 : -1
        budget -= 1
        continue
      }
      below = 31 - bits.leadingZeroBitCount
      let offset = block * Tracer.blockWords + below * 2
      let header = try checked(offset, end: ceiling)
      let segment = offset >> shift
      let order = facts[segment].order
      let size = header.size
      if header.isScanned {
        guard order != 0, header.kind != nil, header.kind != .thunk else {
          throw damage(.record, offset, "its kind does not belong here")
        }
        let body = base + offset + 2
        for index in 0..<size {
          let word = Word(raw: body[index])
          if word.isDirect { continue }
          let target = word.offset
          let targetSegment = target >> shift
          guard word.isPersistent, !word.isTransient, target & 1 == 1, targetSegment < factCount,
            facts[targetSegment].order < order || facts[targetSegment].order == order && target < offset
          else { throw damage(.reference, offset + 2 + index, "it does not refer to an older record") }
          let bit: UInt32 = 1 << UInt32(target / 2 % 32)
          let marked = starts[target / Tracer.blockWords]
          if marked & bit == 0 {
            if facts[targetSegment].stamp < floor { hasFoundDeadReferred = true }
            starts[target / Tracer.blockWords] = marked | bit
          }
        }
      }
      let length = Layout.recordWords(bodySize: size)
      facts[facts[segment].first].liveWords += length
      words += length
      records += 1
      if let extents, order != 0 { fill(extents, from: offset / 2, count: length / 2) }
      budget -= length
      ceiling = offset
    }
    return false
  }

  private func fill(_ bits: UnsafeMutablePointer<UInt32>, from unit: Int, count: Int) {
    var unit = unit
    var count = count
    while count > 0 {
      let shift = unit % 32
      let width = min(count, 32 - shift)
      let mask: UInt32 = width == 32 ? .max : (1 << UInt32(width)) - 1
      bits[unit / 32] |= mask << UInt32(shift)
      unit += width
      count -= width
    }
  }
}
