// Which segments of a store are used for what: the store's allocator.
//
// A free segment is handed out again only when neither superblock on the disk and no reader can refer to what it held.
// Knows nothing of records, and does no input or output.

/// The use of every segment of a file.
struct SegmentMap {
  enum Use: UInt8 {
    case superblocks
    case records
    case large
    case free
    case punched
    /// Being filled by a collection that is not published; free for everybody else.
    case target
  }

  struct Segment {
    var use: Use
    /// The extent that this segment belongs to: its first segment and its length. A free segment stands for itself.
    var first: Int
    var count: Int
    var stamp: UInt64
  }

  let segmentPages: Int
  private(set) var segments: [Segment]
  /// Free segments, and those of them that take space of the disk.
  private(set) var freeCount = 0
  private(set) var unpunchedCount = 0
  private var cursor = 1

  var segmentWords: Int { segmentPages * Layout.pageWords }

  init(segmentPages: Int) {
    self.segmentPages = segmentPages
    segments = [Segment(use: .superblocks, first: 0, count: 1, stamp: 0)]
  }

  /// The segment that holds the word at `offset`.
  @inline(__always)
  func segment(holding offset: Int) -> Int { offset / segmentWords }

  /// The first word of a segment.
  @inline(__always)
  func start(of segment: Int) -> Int { segment * segmentWords }

  /// Whether the word at `offset` lies in an extent of records.
  @inline(__always)
  func isUsed(_ offset: Int) -> Bool {
    let segment = segment(holding: offset)
    guard segment < segments.count else { return false }
    let use = segments[segment].use
    return use == .records || use == .large
  }

  /// The words from the start to the end of the extent that holds `offset`.
  func extent(holding offset: Int) -> Range<Int> {
    let segment = segments[segment(holding: offset)]
    return start(of: segment.first)..<start(of: segment.first + segment.count)
  }

  /// The first segments of all extents of records, lowest order first; those of large records before all others.
  func extentsByOrder() -> [Int] {
    segments.indices
      .filter { segments[$0].first == $0 && (segments[$0].use == .records || segments[$0].use == .large) }
      .sorted {
        let left = segments[$0]
        let right = segments[$1]
        if left.use != right.use { return left.use == .large }
        return left.stamp < right.stamp
      }
  }

  /// Adds free segments at the end.
  mutating func grow(to count: Int) {
    while segments.count < count {
      segments.append(Segment(use: .free, first: segments.count, count: 1, stamp: 0))
      freeCount += 1
      unpunchedCount += 1
    }
  }

  /// Takes `count` adjacent segments that were freed by commit `latest` or earlier. Nil when there are none.
  mutating func take(_ count: Int, use: Use, stamp: UInt64, freedBy latest: UInt64) -> Int? {
    guard freeCount >= count, let first = find(count, freedBy: latest) else { return nil }
    for index in first..<first + count {
      if segments[index].use == .free { unpunchedCount -= 1 }
      segments[index] = Segment(use: use, first: first, count: count, stamp: stamp)
    }
    freeCount -= count
    cursor = first + count
    return first
  }

  private func find(_ count: Int, freedBy latest: UInt64) -> Int? {
    for pass in 0..<2 {
      var run = 0
      let range = pass == 0 ? cursor..<max(cursor, segments.count) : 1..<min(segments.count, cursor + count)
      for index in range where index < segments.count {
        let segment = segments[index]
        let fits = (segment.use == .free || segment.use == .punched) && segment.stamp <= latest
        run = fits ? run + 1 : 0
        if run == count { return index - count + 1 }
      }
    }
    return nil
  }

  /// Frees the extent that begins at `first`.
  mutating func free(_ first: Int, stamp: UInt64) {
    let count = segments[first].count
    for index in first..<first + count {
      segments[index] = Segment(use: .free, first: index, count: 1, stamp: stamp)
    }
    freeCount += count
    unpunchedCount += count
    cursor = min(cursor, first)
  }

  /// Gives the extent that begins at `first` another use.
  mutating func change(_ first: Int, to use: Use) {
    for index in first..<first + segments[first].count { segments[index].use = use }
  }

  /// Notes that a free segment's space was given back.
  mutating func notePunched(_ index: Int) {
    if segments[index].use != .free { return }
    segments[index].use = .punched
    unpunchedCount -= 1
  }

  /// The entry of the extent that begins at `first`.
  func entry(_ first: Int) -> SegmentEntry? {
    let segment = segments[first]
    let use: SegmentEntry.Use
    switch segment.use {
    case .superblocks: return nil
    case .records: use = .records
    case .large: use = .large
    // A target that no superblock names is as good as free, and has been so for long.
    case .free, .target: use = .free
    case .punched: use = .punched
    }
    let stamp = segment.use == .target ? 0 : segment.stamp
    return SegmentEntry(first: first, count: segment.count, use: use, stamp: stamp)
  }

  /// All entries, in the order of the file; neighbouring free segments of one stamp as one.
  func entries() -> [SegmentEntry] {
    var result: [SegmentEntry] = []
    var index = 1
    while index < segments.count {
      guard var entry = entry(index) else { break }
      index += entry.count
      if let last = result.last, last.use == entry.use, entry.use == .free || entry.use == .punched,
        last.stamp == entry.stamp, last.count + entry.count < 1 << 28
      {
        entry.count += last.count
        entry.first = last.first
        result[result.count - 1] = entry
      } else {
        result.append(entry)
      }
    }
    return result
  }

  /// Applies an entry that was read from a file. False when it contradicts the file's size or another entry.
  mutating func apply(_ entry: SegmentEntry) -> Bool {
    guard entry.first >= 1, entry.count >= 1, entry.first + entry.count <= segments.count else { return false }
    for index in entry.first..<entry.first + entry.count {
      guard segments[index].use == .free || segments[index].use == .punched else { return false }
    }
    for index in entry.first..<entry.first + entry.count {
      if segments[index].use == .free, entry.use != .free { unpunchedCount -= 1 }
      switch entry.use {
      case .records, .large:
        let use: Use = entry.use == .large ? .large : .records
        segments[index] = Segment(use: use, first: entry.first, count: entry.count, stamp: entry.stamp)
        freeCount -= 1
      case .free, .punched:
        if segments[index].use == .punched, entry.use == .free { unpunchedCount += 1 }
        let use: Use = entry.use == .free ? .free : .punched
        segments[index] = Segment(use: use, first: index, count: 1, stamp: entry.stamp)
      }
    }
    return true
  }
}
