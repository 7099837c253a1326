// A collection in progress, and the map from old to new places that it leaves behind.
//
// The oldest extents that are densely used stay where they are. Everything younger is slid together, oldest first, into
// fresh extents. A record's new place follows from the number of live words before it, so that the map needs four bytes
// for 512 bytes of file and no table of records.

import StrataMemory

/// Where a collection stands.
enum CollectionPhase {
  case marking
  /// Counting live words before each block of the sources, from `index` on.
  case planning(index: Int, block: Int)
  case moving(index: Int, block: Int)
}

/// What the steps of a collection share.
final class Collection {
  let tracer: Tracer
  let extraRoots: [Word]
  let isCompacting: Bool
  /// The order from which on extents are newer than this round.
  var horizon: UInt64
  var phase = CollectionPhase.marking
  var round = 0
  /// First segments of the extents that this round moves, lowest order first.
  var sources: [Int] = []
  /// The run that this round's records slide into: its first word, and how many units of two words were planned.
  var target = 0
  var plannedUnits = 0
  var writer: RecordWriter
  /// First segments of everything that the collection will free and adopt.
  var freed: [Int] = []
  var adopted: [Int] = []
  let relocation: Relocation
  /// The words that the old extents kept alive.
  var liveWords = 0
  /// The horizon of the round before; this round looks at the extents between.
  var previousHorizon: UInt64 = 0
  /// Whether the first round chose anything to move; if not, later rounds only look for references.
  var didMove = false
  /// How large a file the tables can describe.
  var capacityWords = 0

  init(
    tracer: Tracer, extraRoots: [Word], isCompacting: Bool, horizon: UInt64, writer: RecordWriter,
    relocation: Relocation
  ) {
    self.tracer = tracer
    self.extraRoots = extraRoots
    self.isCompacting = isCompacting
    self.horizon = horizon
    self.writer = writer
    self.relocation = relocation
  }
}

/// Tells where a collection has moved records to. Old references stay readable until the relocation is ended.
final class Relocation {
  private let tracer: Tracer
  /// For each block of 64 words, the units of two live words before it in its round.
  private let unitsBefore: UnsafeMutablePointer<UInt32>
  private let memoryBytes: Int
  /// The first word of the run that a segment's records went to, 0 where they stayed.
  private var runs: [Int]
  private let segmentWords: Int
  var lease: BedrockLease?

  init(tracer: Tracer, capacityWords: Int) throws(BedrockFailure) {
    self.tracer = tracer
    memoryBytes = (capacityWords / Tracer.blockWords + 1) * 4
    guard let memory = sparseMemory(count: memoryBytes) else { throw .memory }
    unitsBefore = memory.bindMemory(to: UInt32.self, capacity: memoryBytes / 4)
    segmentWords = tracer.map.segmentWords
    runs = []
  }

  deinit { freeSparseMemory(unitsBefore, count: memoryBytes) }

  func setRun(_ start: Int, ofSegments segments: Range<Int>) {
    if runs.count < segments.upperBound { runs += [Int](repeating: 0, count: segments.upperBound - runs.count) }
    for index in segments { runs[index] = start }
  }

  @inline(__always)
  func setUnits(_ units: Int, before block: Int) { unitsBefore[block] = UInt32(truncatingIfNeeded: units) }

  /// The same value in its new place; nil when the collection found its record dead.
  @inline(__always)
  func forward(_ word: Word) -> Word? {
    if !word.isPersistent { return word }
    let offset = word.offset
    let segment = offset / segmentWords
    guard segment < runs.count, runs[segment] != 0, let extents = tracer.extents else { return word }
    guard tracer.isMarked(offset) else { return nil }
    let block = offset / Tracer.blockWords
    let before = extents[block] & ((1 << UInt32(offset / 2 % 32)) - 1)
    return word.moved(to: runs[segment] + (Int(unitsBefore[block]) + before.nonzeroBitCount) * 2 + 1)
  }
}
