// Bedrock: the persistent stratum, one file that holds graphs of immutable records and a few roots.
//
// Guarantees: a commit is durable when it returns, or the store is as it was before. Opening needs no recovery: the
// newer of two superblocks that is whole tells everything. A record is never changed in place, so readers see what
// they opened for as long as they hold it. Knows nothing of what the values mean.
//
// One thread at a time owns a store; leases may be given to others.

import Glibc
import StrataMemory

/// Choices for opening a store.
public struct BedrockOptions: Sendable {
  /// Whether to make the store when it does not exist.
  public var creates = true
  /// The size of a segment in pages of 4 KiB, for a new store: a power of two, at least 4.
  public var segmentPages = Layout.defaultSegmentPages
  /// The store's identity, for a new store; usually random.
  public var identity: (UInt64, UInt64) = (0, 0)
  /// Everything in use is verified before the store opens when it has at most this many bytes. Larger stores are
  /// verified by `scrub`, and by each collection.
  public var verifiedBytes = 256 << 20
  /// Whether larger stores whose sums are all known open at once, and each segment is compared when it is first read; others of them
  /// are verified before they open. Then whoever reads asks `segmentGuard` for damage before anything that came of it is let out.
  public var verifiesOnDemand = false
  /// Whether a file beside the store tells what its segments have to hold, with which it is verified several times as fast.
  public var keepsSums = false
  /// Unused segments beyond this number are given back to the file system.
  public var keptSegments = 8

  public init() {}
}

/// What opening a store found.
public struct BedrockOpening: Sendable {
  /// Why a newer state was passed over, if one was: its damage.
  public internal(set) var rejected: [BedrockFailure] = []
  /// Whether the store was made.
  public internal(set) var isNew = false
  /// The words that were verified.
  public internal(set) var verifiedWords = 0
  /// Whether they were compared with the sums of their segments, and not record for record.
  public internal(set) var isVerifiedBySums = false
}

/// A store that is open for writing.
public final class Bedrock {
  public let path: String
  public let place: BedrockPlace
  public let opening: BedrockOpening
  let options: BedrockOptions
  let file: any DiskFile
  let disk: any Disk
  let writer: RecordWriter
  let sums: SegmentSums?
  /// Watches over what was not compared when the store opened; nil where everything was.
  public let segmentGuard: SegmentGuard?
  private var isCorrected = false
  /// The published superblock and where it lies.
  var block: Superblock
  var slot: Int
  var map: SegmentMap
  /// The extent that takes new records, 0 = none.
  var openSegment: Int
  /// Extents that were taken since the last commit.
  var taken: [Int] = []
  /// Words given to the current commit.
  var commitWords = 0
  var nextOrder: UInt64
  var failure: DiskFailure?
  var isClosed = false
  /// Whether references into bedrock are to another store's, and are copied like those into memory.
  var isCopyingForeign = false
  let leases = LeaseTable()
  private var readers: (any DiskFile)?
  var collection: Collection?
  var relocation: Relocation?
  public internal(set) var metrics = BedrockMetrics()

  init(
    path: String, place: BedrockPlace, options: BedrockOptions, disk: any Disk, file: any DiskFile,
    state: OpenedState, opening: BedrockOpening, sums: SegmentSums?, segmentGuard: SegmentGuard?
  ) throws(BedrockFailure) {
    self.path = path
    self.place = place
    self.options = options
    self.disk = disk
    self.file = file
    self.opening = opening
    self.sums = sums
    self.segmentGuard = segmentGuard
    writer = try RecordWriter(file: file, sums: sums, segmentWords: state.map.segmentWords)
    block = state.block
    slot = state.slot
    map = state.map
    openSegment = state.block.openSegment
    nextOrder = state.block.nextOrder
    if openSegment != 0 {
      writer.move(to: state.block.openFill, end: map.extent(holding: map.start(of: openSegment)).upperBound)
    }
  }

  deinit { try? close() }

  /// The roots of the last commit.
  public var roots: [StoredRoot] { block.roots }
  /// The number of the last commit.
  public var sequence: UInt64 { block.sequence }
  /// The 16 bytes that were given to the store when it was made.
  public var identity: (UInt64, UInt64) { block.identity }

  /// Holds the last commit's state for a reader in this process.
  public func lease() -> BedrockLease {
    BedrockLease(sequence: block.sequence, roots: block.roots, table: leases)
  }

  /// Everybody who holds a state, oldest first. A reader that is stuck shows by its old sequence number.
  public func readerStatuses() throws(BedrockFailure) -> [ReaderStatus] {
    do throws(DiskFailure) {
      return (leases.statuses + (try otherReaders())).sorted { $0.sequence < $1.sequence }
    } catch { throw .disk(error) }
  }

  private func otherReaders() throws(DiskFailure) -> [ReaderStatus] {
    if readers == nil {
      let table = ReaderTable.path(of: path)
      guard try disk.exists(table) else { return [] }
      readers = try disk.open(table, .read)
    }
    guard let readers else { return [] }
    return try ReaderTable.statuses(of: readers)
  }

  /// The latest commit whose freed segments may be used by the next one: neither superblock and no reader needs them.
  func latestReusable() -> UInt64 {
    // The next commit replaces the older superblock, so only what the older of the two does not name is free.
    var latest = block.sequence - 1
    if let oldest = leases.oldest { latest = min(latest, oldest) }
    do throws(DiskFailure) {
      for reader in try otherReaders() { latest = min(latest, reader.sequence) }
    } catch {
      // Who reads cannot be known, so everything is taken to be read.
      metrics.readerTableFailures += 1
      return 0
    }
    return latest
  }

  /// Closes the file and takes it out of the address range. What was committed stays.
  public func close() throws(BedrockFailure) {
    if isClosed { return }
    isClosed = true
    collection = nil
    relocation = nil
    sums?.close()
    segmentGuard?.remove(place)
    do throws(DiskFailure) {
      try unmapFiles(at: place.base, count: place.byteCount)
      try readers?.close()
      // A process that is just being started may still have a copy of the open file.
      try? file.unlock(from: Layout.writerLockOffset, count: 1)
      try file.close()
    } catch { throw .disk(error) }
  }

  /// Throws when the store may not be changed. Nothing is, before everything is compared that was not when the store opened: so
  /// nothing is written that came of a damaged page, and the state before the damaged one is not replaced.
  func checkWritable() throws(BedrockFailure) {
    if isClosed { throw .closed }
    if let failure { throw .stopped(failure) }
    try finishVerification()
  }

  /// Compares what was not compared yet. Throws the first damage.
  func finishVerification() throws(BedrockFailure) {
    guard let segmentGuard, !isCorrected else { return }
    try segmentGuard.finish()
    for correction in segmentGuard.corrections { sums?.correct(correction.segment, correction.sum) }
    isCorrected = true
  }

  /// Has the next opening follow all records, and so choose the newest state that is whole. To be called when damage was met.
  public func forgetSums() throws(BedrockFailure) {
    do throws(DiskFailure) {
      let sums = SegmentSums.path(of: path)
      if try disk.exists(sums) { try disk.remove(sums) }
      try disk.syncDirectory(directory(of: path))
    } catch { throw .disk(error) }
  }

  /// Takes adjacent segments for an extent, growing the file if need be. Ordinary commits leave the last free segments
  /// to collections, so that a full disk can be emptied.
  func takeExtent(segments count: Int, use: SegmentMap.Use, isPrivileged: Bool) throws(BedrockFailure) -> Int {
    let reserve = isPrivileged ? 0 : Bedrock.reservedSegments
    let order = nextOrder
    let latest = latestReusable()
    var found: Int?
    if map.freeCount >= count + reserve { found = map.take(count, use: use, stamp: order, freedBy: latest) }
    if let found, let failure = refill(found, count) {
      map.free(found, stamp: 0)
      throw failure
    }
    if found == nil {
      // Also what a reader holds back counts as free; it cannot serve as a reserve.
      try grow(by: count, more: reserve)
      found = map.take(count, use: use, stamp: order, freedBy: latest)
    }
    guard let found else { throw .addressRange(bytes: place.byteCount) }
    nextOrder += 1
    sums?.reset(found..<found + count)
    return found
  }

  static let reservedSegments = 2

  /// Asks for the space of segments that may have been given back. Nothing happens where it was not.
  private func refill(_ first: Int, _ count: Int) -> BedrockFailure? {
    do throws(DiskFailure) {
      try file.allocate(from: map.start(of: first) * 8, count: count * map.segmentWords * 8)
      return nil
    } catch { return .disk(error) }
  }

  /// Grows the file by at least `count` segments, if there is space by up to a sixteenth and the reserve.
  private func grow(by count: Int, more reserve: Int) throws(BedrockFailure) {
    let bytes = map.segmentWords * 8
    let old = map.segments.count
    let step = min(old / 16, max(1, (64 << 20) / bytes))
    let limit = place.byteCount / bytes
    for extra in [max(step, reserve), 0] {
      let target = min(old + count + extra, limit)
      if target < old + count { throw .addressRange(bytes: place.byteCount) }
      do throws(DiskFailure) {
        try file.allocate(from: old * bytes, count: (target - old) * bytes)
        map.grow(to: target)
        return
      } catch {
        if extra == 0 || !error.isNoSpace { throw .disk(error) }
      }
    }
  }

  /// Makes `words` adjacent words available at the writer's position.
  func makeRoom(_ words: Int, isPrivileged: Bool = false) throws(BedrockFailure) {
    if openSegment != 0, writer.room >= words { return }
    if openSegment != 0 { try writer.finish() }
    let count = (words + map.segmentWords - 1) / map.segmentWords
    let first = try takeExtent(segments: count, use: .records, isPrivileged: isPrivileged)
    taken.append(first)
    openSegment = first
    writer.move(to: map.start(of: first), end: map.start(of: first + count))
  }
}

/// Counts of what a store has done since it was opened.
public struct BedrockMetrics: Equatable, Sendable {
  public var commits = 0
  public var recordsWritten = 0
  public var wordsWritten = 0
  public var collections = 0
  public var abandonedCollections = 0
  public var recordsMoved = 0
  public var segmentsFreed = 0
  public var segmentsPunched = 0
  public var readerTableFailures = 0
  /// The longest time that the disk took to make a commit durable, both syncs together, in nanoseconds.
  public var longestSync: UInt64 = 0
}
