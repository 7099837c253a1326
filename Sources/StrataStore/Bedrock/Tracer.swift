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
  private(set) var starts: UnsafeMutablePointer<UInt32>
  /// Bit `u` of entry `b`: words `64 b + 2 u` and the next belong to a live record.
  private(set) var extents: UnsafeMutablePointer<UInt32>?
  private var memory: [(address: UnsafeMutableRawPointer, count: Int)] = []
  /// The order of each segment's extent; 0 for large records, `unused` where there are no records.
  private var orders: [UInt64] = []
  /// Live words by an extent's first segment.
  private(set) var liveWordsOfExtent: [Int] = []
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
    guard let startMemory = sparseMemory(count: blocks * 4) else { throw .memory }
    memory.append((startMemory, blocks * 4))
    starts = startMemory.bindMemory(to: UInt32.self, capacity: blocks)
    if keepsExtents {
      guard let extentMemory = sparseMemory(count: blocks * 4) else {
        freeSparseMemory(startMemory, count: blocks * 4)
        throw .memory
      }
      memory.append((extentMemory, blocks * 4))
      extents = extentMemory.bindMemory(to: UInt32.self, capacity: blocks)
    }
    prepare(extentsToScan: map.extentsByOrder())
  }

  deinit { for (address, count) in memory { freeSparseMemory(address, count: count) } }

  private func prepare(extentsToScan: [Int]) {
    orders = map.segments.map { segment in
      switch segment.use {
      case .records: segment.stamp
      case .large: 0
      default: Tracer.unused
      }
    }
    liveWordsOfExtent += [Int](repeating: 0, count: max(0, orders.count - liveWordsOfExtent.count))
    queue = extentsToScan
  }

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
    let segment = offset / map.segmentWords
    guard offset & 1 == 1, segment < orders.count, orders[segment] != Tracer.unused else {
      throw damage(.reference, offset, "a root refers to words that hold no record")
    }
    note(offset)
  }

  @inline(__always)
  private func note(_ offset: Int) {
    let bit: UInt32 = 1 << UInt32(offset / 2 % 32)
    let index = offset / Tracer.blockWords
    if starts[index] & bit == 0 {
      if floor > 0, map.segments[offset / map.segmentWords].stamp < floor { hasFoundDeadReferred = true }
      starts[index] |= bit
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
    var budget = budgetWords
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
      budget -= try visit(offset)
      ceiling = offset
    }
    return false
  }

  /// Verifies the record at `offset` and marks what it refers to. Gives its length.
  private func visit(_ offset: Int) throws(BedrockFailure) -> Int {
    let header = try checked(offset, end: ceiling)
    let segment = offset / map.segmentWords
    let order = orders[segment]
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
        let targetSegment = target / map.segmentWords
        guard word.isPersistent, !word.isTransient, target & 1 == 1, targetSegment < orders.count,
          orders[targetSegment] < order || orders[targetSegment] == order && target < offset
        else { throw damage(.reference, offset + 2 + index, "it does not refer to an older record") }
        note(target)
      }
    }
    let words = Layout.recordWords(bodySize: size)
    liveWordsOfExtent[map.segments[segment].first] += words
    liveWords += words
    liveRecords += 1
    if let extents, order != 0 { fill(extents, from: offset / 2, count: words / 2) }
    return words
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
