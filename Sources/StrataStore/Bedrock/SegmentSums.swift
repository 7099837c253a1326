// What each segment of a store has to hold, in a file beside it, so that opening compares a gigabyte in a fraction of the time that it
// takes to follow every reference. Documentation/formats/store.md tells the file's format.
//
// Guarantees: nothing depends on this file. A sum only ever speaks for the extent whose order it names, and what it says of that extent's pages
// stays true, for they never change. So a file that is missing, older or torn costs a check of every record, and nothing else; no
// commit waits for it or fails because of it.

import CPlatform
import Glibc
import StrataMemory
import Synchronization

/// The sums of a store's segments, kept up as records are written. Used by the store's owner only.
final class SegmentSums {
  /// The sum of a segment's first pages.
  struct Sum: Equatable {
    /// How many pages; -1 where that is not known.
    var pages = 0
    var checksum = Checksum()

    static let unknown = Sum(pages: -1)

    static func == (left: Sum, right: Sum) -> Bool {
      left.pages == right.pages && left.checksum.value == right.checksum.value
    }
  }

  /// An entry of the file.
  struct Entry: Equatable {
    /// The order of the extent.
    var order: UInt64 = 0
    /// What the segment has to hold after the commit that wrote this entry, and what after the one before.
    var current = Sum.unknown
    var previous = Sum.unknown
    /// Whether nothing is written behind `current` any more.
    var isFinal = false
  }

  /// 32 bytes a segment; the place of segment 0, which holds the superblocks, says what the file is.
  static let entryWords = 4
  static let magic: UInt64 = 0x314D_5553_4745_5342  // "BSEGSUM1" in the file's byte order

  private let file: (any DiskFile)?
  private var current: [Sum] = []
  private var published: [Sum] = []
  private var changed: Set<Int> = []
  /// Whether the file begins with its magic number.
  private var isMarked: Bool

  static func path(of store: String) -> String { store + ".sums" }

  private init(file: (any DiskFile)?, isMarked: Bool) {
    self.file = file
    self.isMarked = isMarked
  }

  // MARK: - Reading

  /// What the file beside the store at `path` says, and sums that say nothing yet.
  static func open(_ path: String, on disk: any Disk, segments count: Int) -> (sums: SegmentSums, entries: [Entry]) {
    var entries = [Entry](repeating: Entry(), count: count)
    guard let file = try? disk.open(SegmentSums.path(of: path), .create) else {
      return (SegmentSums(file: nil, isMarked: false), entries)
    }
    var words = [UInt64](repeating: 0, count: count * entryWords)
    let read = words.withUnsafeMutableBytes { (try? file.read(at: 0, into: $0)) ?? 0 }
    let isMarked = read >= entryWords * 8 && UInt64(littleEndian: words[0]) == magic
    if isMarked {
      for index in 1..<max(1, min(count, read / (entryWords * 8))) {
        let place = index * entryWords
        entries[index] = decode(words[place..<place + entryWords].map { UInt64(littleEndian: $0) }, index) ?? Entry()
      }
    }
    return (SegmentSums(file: file, isMarked: isMarked), entries)
  }

  static func encode(_ entry: Entry, _ index: Int) -> [UInt64] {
    func pages(_ sum: Sum) -> UInt64 { sum.pages < 0 ? 0x7FFF_FFFF : UInt64(sum.pages) }
    let words = [
      entry.order, pages(entry.current) | (entry.isFinal ? 1 << 31 : 0) | pages(entry.previous) << 32,
      UInt64(entry.current.checksum.value) | UInt64(entry.previous.checksum.value) << 32,
    ]
    return words + [check(words, index)]
  }

  private static func check(_ words: [UInt64], _ index: Int) -> UInt64 {
    var checksum = Checksum()
    checksum.feed(magic)
    checksum.feed(UInt64(index))
    for word in words { checksum.feed(word) }
    return UInt64(checksum.value)
  }

  private static func decode(_ words: [UInt64], _ index: Int) -> Entry? {
    guard words[3] == check(Array(words[..<3]), index) else { return nil }
    func sum(_ pages: UInt64, _ value: UInt64) -> Sum {
      let count = Int(pages & 0x7FFF_FFFF)
      return count == 0x7FFF_FFFF
        ? .unknown : Sum(pages: count, checksum: Checksum(value: UInt32(truncatingIfNeeded: value)))
    }
    return Entry(
      order: words[0], current: sum(words[1], words[2]), previous: sum(words[1] >> 32, words[2] >> 32),
      isFinal: words[1] >> 31 & 1 == 1)
  }

  // MARK: - Comparing

  /// What the segments of a state hold, and whether that is what they have to.
  struct Comparison {
    var isWhole = true
    var sums: [Sum] = []
    var words = 0
  }

  /// Reads all segments that hold records, mapped at `base`, and compares them with the entries. Whole means: every page that was written and
  /// is in use, also by what is garbage, holds what was written.
  static func compare(_ state: OpenedState, _ entries: [Entry], base: UnsafePointer<UInt64>) -> Comparison {
    let map = state.map
    var tasks: [Task] = []
    var result = Comparison(sums: [Sum](repeating: Sum(), count: map.segments.count))
    for (index, segment) in map.segments.enumerated() {
      switch segment.use {
      case .records:
        let expected = expected(of: index, state, entries)
        if expected.sum == nil { result.isWhole = false }
        if expected.pages > 0 { tasks.append(Task(segment: index, pages: expected.pages, expected: expected.sum)) }
      // A large record's own checksum is the sum of its extent.
      case .large where segment.first == index: tasks.append(Task(segment: index, pages: 0, expected: nil))
      default: break
      }
    }
    let found = UnsafeMutablePointer<Checksum?>.allocate(capacity: max(1, tasks.count))
    found.initialize(repeating: nil, count: tasks.count)
    defer { found.deallocate() }
    run(Reading(base: base, map: map, tasks: tasks, found: found))
    for (index, task) in tasks.enumerated() {
      guard let checksum = found[index] else {
        result.isWhole = false
        continue
      }
      if task.pages == 0 { continue }
      let sum = Sum(pages: task.pages, checksum: checksum)
      result.sums[task.segment] = sum
      result.words += task.pages * Layout.pageWords
      if let expected = task.expected, expected != sum { result.isWhole = false }
    }
    return result
  }

  /// How many pages of a segment of records are in use, and their sum where an entry speaks of them.
  static func expected(of index: Int, _ state: OpenedState, _ entries: [Entry]) -> (pages: Int, sum: Sum?) {
    let segment = state.map.segments[index]
    let entry = index < entries.count && entries[index].order == segment.stamp ? entries[index] : nil
    if segment.first == state.block.openSegment {
      let filled = (state.block.openFill - state.map.start(of: index)) / Layout.pageWords
      let pages = max(0, min(filled, state.map.segmentPages))
      if pages == 0 { return (0, Sum()) }
      return (pages, [entry?.current, entry?.previous].compactMap { $0 }.first { $0.pages == pages })
    }
    guard let entry, entry.isFinal, (0...state.map.segmentPages).contains(entry.current.pages) else {
      return (state.map.segmentPages, nil)
    }
    return (entry.current.pages, entry.current)
  }

  private struct Task {
    var segment: Int
    /// 0: a large record.
    var pages: Int
    var expected: Sum?
  }

  private struct Reading: @unchecked Sendable {
    let base: UnsafePointer<UInt64>
    let map: SegmentMap
    let tasks: [Task]
    let found: UnsafeMutablePointer<Checksum?>

    func read(_ index: Int) {
      let start = map.start(of: tasks[index].segment)
      if tasks[index].pages == 0 {
        let header = Header(raw: base[start + 1])
        guard start + Layout.recordWords(bodySize: header.size) <= map.extent(holding: start).upperBound,
          Layout.check(base + start + 1, size: header.size, offset: start + 1, stamp: base[start] >> 32) == base[start]
        else { return }
        found[index] = Checksum()
        return
      }
      let place = UnsafeRawPointer(base + start)
      // All page tables at once; what cannot be had this way comes page by page.
      _ = madvise(
        UnsafeMutableRawPointer(mutating: place), tasks[index].pages * Layout.pageBytes, platform_populate_read())
      var checksum = Checksum()
      checksum.feed(pages: place, count: tasks[index].pages)
      found[index] = checksum
    }
  }

  /// Reads on as many threads as help.
  private static func run(_ reading: Reading) {
    let next = Next()
    let work: @Sendable () -> Void = {
      while true {
        let index = next.value.add(1, ordering: .relaxed).oldValue
        if index >= reading.tasks.count { return }
        reading.read(index)
      }
    }
    // A few segments are read faster than a thread starts.
    let processors = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    let helpers = SystemThread.start(reading.tasks.count < 64 ? 0 : processors - 1, work)
    work()
    for helper in helpers { helper.join() }
  }

  private final class Next: Sendable {
    let value = Atomic<Int>(0)
  }

  // MARK: - Keeping up

  /// Begins with what was found when the store was opened. `isNews`: the file does not say so yet.
  func adopt(_ sums: [Sum], isNews: Bool, in map: SegmentMap) {
    current = sums
    published = sums
    changed = []
    if isNews { for index in map.segments.indices where map.segments[index].use == .records { changed.insert(index) } }
  }

  /// Begins with what the entries say, without having looked at a page.
  func trust(_ entries: [Entry], _ state: OpenedState) {
    adopt(
      state.map.segments.indices.map { index in
        guard state.map.segments[index].use == .records else { return Sum() }
        return SegmentSums.expected(of: index, state, entries).sum ?? .unknown
      }, isNews: false, in: state.map)
  }

  /// Takes what was found in a segment for what it has to hold, though its entry says otherwise.
  func correct(_ index: Int, _ sum: Sum) {
    reserve(index + 1)
    current[index] = sum
    published[index] = sum
    changed.insert(index)
  }

  private func reserve(_ count: Int) {
    if current.count >= count { return }
    let more = [Sum](repeating: Sum(), count: count - current.count)
    current += more
    published += more
  }

  /// Segments were taken for a new extent.
  func reset(_ segments: Range<Int>) {
    reserve(segments.upperBound)
    for index in segments {
      current[index] = Sum()
      published[index] = Sum()
      changed.insert(index)
    }
  }

  /// Segments are not written to any more.
  func touch(_ segments: Range<Int>) { changed.formUnion(segments) }

  /// Whole pages are written at word `offset`.
  func feed(_ words: UnsafePointer<UInt64>, count: Int, at offset: Int, segmentWords: Int) {
    var done = 0
    while done < count {
      let index = (offset + done) / segmentWords
      let page = (offset + done) % segmentWords / Layout.pageWords
      let length = min(count - done, segmentWords - page * Layout.pageWords)
      reserve(index + 1)
      if current[index].pages != page { current[index] = published[index].pages == page ? published[index] : .unknown }
      if page == 0 { current[index] = Sum() }
      if current[index].pages >= 0 {
        current[index].checksum.feed(pages: words + done, count: length / Layout.pageWords)
        current[index].pages += length / Layout.pageWords
      }
      changed.insert(index)
      done += length
    }
  }

  /// Takes back what a commit that is not to be has written. What a collection fills goes on.
  func revert(_ map: SegmentMap) {
    for index in changed where index >= map.segments.count || map.segments[index].use != .target {
      current[index] = published[index]
    }
  }

  /// Writes the entries that have changed, before the superblock which they belong to. A failure leaves them to the next commit.
  func write(_ map: SegmentMap, openSegment: Int) {
    guard let file else { return }
    var words: [UInt64] = []
    var first = 0
    func flush() -> Bool {
      if words.isEmpty { return true }
      let isWritten = words.map(\.littleEndian).withUnsafeBytes { bytes in
        (try? file.write(bytes, at: first * SegmentSums.entryWords * 8)) != nil
      }
      words.removeAll(keepingCapacity: true)
      return isWritten
    }
    if !isMarked {
      words = [SegmentSums.magic, 0, 0, 0]
      guard flush() else { return }
      isMarked = true
    }
    for index in changed.sorted() where index < map.segments.count && map.segments[index].use == .records {
      let segment = map.segments[index]
      if first + words.count / SegmentSums.entryWords != index, !flush() { return }
      if words.isEmpty { first = index }
      let entry = Entry(
        order: segment.stamp, current: current[index], previous: published[index], isFinal: segment.first != openSegment
      )
      words += SegmentSums.encode(entry, index)
    }
    _ = flush()
  }

  /// The superblock is on the disk.
  func didPublish(_ map: SegmentMap) {
    var later: Set<Int> = []
    for index in changed where index < map.segments.count {
      if map.segments[index].use == .target { later.insert(index) } else { published[index] = current[index] }
    }
    changed = later
  }

  func close() {
    // So that the sums outlive a loss of power after an orderly end.
    try? file?.sync()
    try? file?.close()
  }
}
