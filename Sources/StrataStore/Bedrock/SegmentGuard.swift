// Comparing a store with its sums when it is read, instead of before it opens: so that a store of any size opens at once.
//
// A segment that nobody has compared yet cannot be read. Whoever touches it meets a fault, whose handler reads the segment from the
// file, compares it with its sum, and lets the access happen. Meanwhile somebody compares the rest in steps.
//
// Guarantees: what is read of a guarded segment is what was written; or `damage` was set before the access went on, and what is read
// is a placeholder: words that every machine can read without harm, and that mean nothing. So whoever asks for `damage` after the
// last read, and lets nothing out when there is some, never serves a damaged page. A thread only has to ask for its own reads.
//
// A difference is damage only if records are damaged that roots reach: what differs may be garbage, or a sum may be older than what it
// speaks of, where power was lost. So the first difference has all records followed once, as opening would have done.
//
// The handler runs on the thread that met the segment, which is in the middle of an ordinary read: it holds no lock of this file, of
// the allocator or of the disk. That is why the handler may use them.

import CPlatform
import Glibc
import StrataMemory
import Synchronization

/// What is known of the segments that a store had when it was opened, for all its mappings in this process. Any thread may use it.
public final class SegmentGuard: @unchecked Sendable {
  private enum Verdict {
    static let unknown: UInt64 = 0
    static let whole: UInt64 = 1
    static let damaged: UInt64 = 2
  }

  /// A mapping that is guarded. Lives until its owner takes it out.
  private final class View {
    unowned let owner: SegmentGuard
    let base: UnsafeMutableRawPointer

    init(_ owner: SegmentGuard, _ base: UnsafeMutableRawPointer) {
      self.owner = owner
      self.base = base
    }
  }

  private let path: String
  private let file: any DiskFile
  private let state: OpenedState
  private let expected: [SegmentSums.Sum]
  private let count: Int
  private let segmentBytes: Int
  /// How many segments become readable together: more than one where the system could not keep account of so many ranges.
  private let unit: Int
  /// A verdict for each segment.
  private let verdicts: UnsafeMutablePointer<UInt64>
  private let buffers: UnsafeMutableRawPointer
  private let borrowed: UnsafeMutablePointer<UInt64>
  private let next = Atomic<Int>(1)
  private let unknownCount: Atomic<Int>
  private let isOver = Atomic<Bool>(false)
  private let isDamaged = Atomic<Bool>(false)

  /// Guards what follows.
  private let lock = Lock()
  private var views: [View] = []
  private var firstDamage: Damage?
  private var found: [(segment: Int, sum: SegmentSums.Sum)] = []

  /// Held while records are followed.
  private let judging = Lock()
  private var recordsAreWhole: Bool?

  private static let bufferCount = 8
  private static let bufferBytes = 64 << 10
  /// A process has some 65,000 ranges, and each mapping may take one for each unit.
  private static let unitLimit = 8192

  /// A guard for the segments of `state`; nil when there is a segment whose sum is not known. `file` must stay open for as long as
  /// a mapping is guarded.
  init?(_ state: OpenedState, _ entries: [SegmentSums.Entry], file: any DiskFile, path: String) throws(BedrockFailure) {
    var sums = [SegmentSums.Sum](repeating: SegmentSums.Sum(), count: state.map.segments.count)
    for (index, segment) in state.map.segments.enumerated() where segment.use == .records {
      guard let sum = SegmentSums.expected(of: index, state, entries).sum else { return nil }
      sums[index] = sum
    }
    self.path = path
    self.file = file
    self.state = state
    expected = sums
    count = sums.count
    segmentBytes = state.map.segmentWords * 8
    var unit = 1
    while count / unit > SegmentGuard.unitLimit { unit *= 2 }
    self.unit = unit
    unknownCount = Atomic(count - 1)
    guard let memory = sparseMemory(count: SegmentGuard.bufferCount * SegmentGuard.bufferBytes) else { throw .memory }
    buffers = memory
    borrowed = .allocate(capacity: SegmentGuard.bufferCount)
    borrowed.initialize(repeating: 0, count: SegmentGuard.bufferCount)
    verdicts = .allocate(capacity: count)
    verdicts.initialize(repeating: Verdict.unknown, count: count)
    // Superblocks have checks of their own, and are not guarded.
    verdicts[0] = Verdict.whole
  }

  deinit {
    // Who met a failure on the way may not have taken its mapping out.
    for view in views { platform_unwatch_range(view.base) }
    freeSparseMemory(buffers, count: SegmentGuard.bufferCount * SegmentGuard.bufferBytes)
    borrowed.deallocate()
    verdicts.deallocate()
  }

  // MARK: - What others ask

  /// What was found damaged first, if anything was.
  public var damage: Damage? { isDamaged.load(ordering: .acquiring) ? lock.withLock { firstDamage } : nil }

  /// Whether everything was compared, or damage was found.
  public var isDone: Bool { isOver.load(ordering: .acquiring) || isDamaged.load(ordering: .acquiring) }

  /// Bytes that nobody has compared yet.
  public var unverifiedBytes: Int {
    isOver.load(ordering: .acquiring) ? 0 : unknownCount.load(ordering: .relaxed) * segmentBytes
  }

  /// To be called by each thread before it reads: a thread that keeps off all signals would end the process.
  public func admitThread() { if !isOver.load(ordering: .acquiring) { _ = platform_receive_faults() } }

  /// Compares about `budgetBytes` bytes that nobody has compared yet. True when everything is compared or damage was found.
  public func step(budgetBytes: Int) -> Bool {
    var budget = budgetBytes
    while budget > 0, !isDone {
      let index = next.add(1, ordering: .relaxed).oldValue
      if index >= count {
        // Another thread may still be at its last one; comparing that twice does no harm.
        for index in 1..<max(1, count) where !isWhole(index) { return true }
        reveal()
        return true
      }
      if platform_load_relaxed(verdicts + index) == Verdict.unknown { budget -= segmentBytes }
      _ = isWhole(index)
    }
    return isDone
  }

  /// Compares everything that nobody has compared yet, on as many threads as help. Throws the first damage.
  func finish() throws(BedrockFailure) {
    if !isDone {
      let processors = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
      let isMuch = unknownCount.load(ordering: .relaxed) > 64
      let helpers = SystemThread.start(isMuch ? processors - 1 : 0) { while !self.step(budgetBytes: 1 << 20) {} }
      while !step(budgetBytes: 1 << 20) {}
      for helper in helpers { helper.join() }
    }
    if let damage { throw .damaged(damage) }
  }

  /// The sums of segments that are not what their entries say, though everything that roots reach is whole.
  var corrections: [(segment: Int, sum: SegmentSums.Sum)] { lock.withLock { found } }

  // MARK: - Mappings

  /// Makes the segments of a mapping of the file unreadable that nobody has compared yet, and answers when they are used. False where
  /// the system does not allow it; then nothing is guarded.
  func add(_ place: BedrockPlace) -> Bool {
    lock.withLock {
      if isOver.load(ordering: .acquiring) || count < 2 { return true }
      let view = View(self, UnsafeMutableRawPointer(place.base))
      let answer: platform_fault_answer = { context, offset in
        guard let context else { return 0 }
        let view = Unmanaged<View>.fromOpaque(context).takeUnretainedValue()
        return view.owner.answer(view.base, Int(offset)) ? 1 : 0
      }
      // The thread that opens a store reads it, too.
      guard platform_receive_faults() == 0,
        platform_watch_range(view.base, count * segmentBytes, answer, Unmanaged.passUnretained(view).toOpaque()) == 0
      else { return false }
      if mprotect(view.base + segmentBytes, (count - 1) * segmentBytes, PROT_NONE) != 0 {
        platform_unwatch_range(view.base)
        return false
      }
      views.append(view)
      return true
    }
  }

  /// Answers no more for a mapping. To be called before the mapping ends, when nobody reads it.
  func remove(_ place: BedrockPlace) {
    lock.withLock {
      platform_unwatch_range(place.base)
      views.removeAll { $0.base == UnsafeMutableRawPointer(place.base) }
    }
  }

  /// Everything was compared: nobody needs to be asked any more.
  private func reveal() {
    lock.withLock {
      if isOver.load(ordering: .acquiring) { return }
      // Where the system refuses, the pages go on becoming readable one by one.
      for view in views { _ = mprotect(view.base + segmentBytes, (count - 1) * segmentBytes, PROT_READ) }
      isOver.store(true, ordering: .releasing)
    }
  }

  /// Whether the access to byte `offset` of the mapping at `base` can be tried again.
  private func answer(_ base: UnsafeMutableRawPointer, _ offset: Int) -> Bool {
    let first = offset / segmentBytes / unit * unit
    let range = max(1, first)..<min(count, first + unit)
    if range.isEmpty { return false }
    var isWhole = true
    for index in range where !self.isWhole(index) { isWhole = false }
    if isWhole, mprotect(base + range.lowerBound * segmentBytes, range.count * segmentBytes, PROT_READ) == 0 {
      return true
    }
    if isWhole {
      // The system keeps account of no more ranges: with everything readable they are few.
      for index in 1..<count { _ = self.isWhole(index) }
      if mprotect(base + segmentBytes, (count - 1) * segmentBytes, PROT_READ) != 0 { return false }
      for index in 1..<count where !self.isWhole(index) { replace(index, base) }
      return true
    }
    for index in range {
      if !self.isWhole(index) {
        replace(index, base)
      } else if mprotect(base + index * segmentBytes, segmentBytes, PROT_READ) != 0 {
        return false
      }
    }
    return true
  }

  /// Puts a placeholder where a damaged segment is mapped: each word of it is a small natural, and as a header that of a natural of
  /// one word.
  private func replace(_ index: Int, _ base: UnsafeMutableRawPointer) {
    let target = base + index * segmentBytes
    if let fresh = sparseMemory(count: segmentBytes) {
      fresh.bindMemory(to: UInt64.self, capacity: segmentBytes / 8)
        .update(repeating: Header(kind: .natural, size: 1).raw, count: segmentBytes / 8)
      _ = mprotect(fresh, segmentBytes, PROT_READ)
      if platform_move_mapping(fresh, segmentBytes, target, segmentBytes) == 0 { return }
      freeSparseMemory(fresh, count: segmentBytes)
    }
    // The damage is known, so nothing of it is let out; reading on is the better answer than none.
    _ = mprotect(target, segmentBytes, PROT_READ)
  }

  // MARK: - Comparing

  /// Whether a segment may be read, comparing it if nobody has yet.
  func isWhole(_ index: Int) -> Bool {
    let verdict = platform_load_relaxed(verdicts + index)
    if verdict != Verdict.unknown { return verdict == Verdict.whole }
    let segment = state.map.segments[index]
    var differs = false
    switch segment.use {
    case .records:
      guard let sum = sum(of: index, pages: expected[index].pages) else {
        return settle(index..<index + 1, isWhole: false)
      }
      if sum != expected[index] {
        differs = true
        lock.withLock { if !found.contains(where: { $0.segment == index }) { found.append((index, sum)) } }
      }
    case .large:
      let extent = segment.first..<segment.first + segment.count
      guard let isRight = isRightRecord(segment.first) else { return settle(extent, isWhole: false) }
      // Garbage may be damaged; the records tell.
      return settle(extent, isWhole: isRight || judge())
    default: break
    }
    return settle(index..<index + 1, isWhole: !differs || judge())
  }

  private func settle(_ segments: Range<Int>, isWhole: Bool) -> Bool {
    for index in segments
    where platform_compare_exchange(verdicts + index, Verdict.unknown, isWhole ? Verdict.whole : Verdict.damaged) != 0 {
      _ = unknownCount.subtract(1, ordering: .relaxed)
    }
    return isWhole
  }

  private func note(_ damage: Damage) {
    lock.withLock { if firstDamage == nil { firstDamage = damage } }
    isDamaged.store(true, ordering: .releasing)
  }

  private func noteUnreadable(_ index: Int, _ failure: DiskFailure?) {
    let reason = failure.map { "\($0)" } ?? "the file ends before"
    note(
      Damage(
        path: path, subject: .segment, wordOffset: state.map.start(of: index), finding: "it cannot be read: \(reason)"))
  }

  /// The sum of a segment's first pages as they are in the file; nil, and damage noted, when they cannot be read.
  private func sum(of index: Int, pages: Int) -> SegmentSums.Sum? {
    var checksum = Checksum()
    let isRead = read(index, from: 0, count: pages * Layout.pageBytes) { bytes, count in
      checksum.feed(pages: bytes, count: count / Layout.pageBytes)
    }
    return isRead ? SegmentSums.Sum(pages: pages, checksum: checksum) : nil
  }

  /// Whether the one record of a large extent is what was written; nil, and damage noted, when it cannot be read.
  private func isRightRecord(_ index: Int) -> Bool? {
    var prefix: (check: UInt64, header: UInt64) = (0, 0)
    guard
      read(
        index, from: 0, count: 16,
        { bytes, _ in
          prefix = (
            UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)),
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
          )
        })
    else { return nil }
    let size = Header(raw: prefix.header).size
    let start = state.map.start(of: index)
    if start + Layout.recordWords(bodySize: size) > state.map.extent(holding: start).upperBound { return false }
    var checksum = Checksum()
    checksum.feed(UInt64(start + 1))
    checksum.feed(prefix.check >> 32)
    checksum.feed(prefix.header)
    let isRead = read(index, from: 16, count: size * 8) { bytes, count in
      checksum.feed(UnsafeRawBufferPointer(start: bytes, count: count))
    }
    return isRead ? prefix.check & 0xFFFF_FFFF == UInt64(checksum.value) : nil
  }

  /// Calls `body` with the bytes of a segment and what follows it in the file, piece by piece. They are read, and not mapped, so that a
  /// disk which cannot read them says so instead of ending the process.
  private func read(_ index: Int, from offset: Int, count: Int, _ body: (UnsafeRawPointer, Int) -> Void) -> Bool {
    let slot = borrow()
    defer { platform_store(borrowed + slot, 0) }
    let buffer = buffers + slot * SegmentGuard.bufferBytes
    var done = 0
    while done < count {
      let length = min(SegmentGuard.bufferBytes, count - done)
      do throws(DiskFailure) {
        let piece = UnsafeMutableRawBufferPointer(start: buffer, count: length)
        if try file.read(at: index * segmentBytes + offset + done, into: piece) != length {
          noteUnreadable(index, nil)
          return false
        }
      } catch {
        noteUnreadable(index, error)
        return false
      }
      body(buffer, length)
      done += length
    }
    return true
  }

  /// A buffer that nobody else uses. There are more than threads that compare, as a rule.
  private func borrow() -> Int {
    while true {
      for slot in 0..<SegmentGuard.bufferCount where platform_compare_exchange(borrowed + slot, 0, 1) != 0 {
        return slot
      }
      sched_yield()
    }
  }

  /// Whether everything that roots reach is whole, after all records were followed once. Damage is noted.
  private func judge() -> Bool {
    judging.withLock {
      if let recordsAreWhole { return recordsAreWhole }
      var isWhole = true
      do throws(BedrockFailure) {
        // A mapping of its own, which is readable everywhere.
        let reservation = try BedrockReservation(byteCount: count * segmentBytes)
        do throws(DiskFailure) {
          try file.map(from: 0, count: reservation.place.byteCount, at: reservation.place.base)
        } catch { throw .disk(error) }
        let tracer = try Tracer(
          base: UnsafePointer(reservation.place.base), map: state.map, path: path, keepsExtents: false)
        for root in state.block.roots { try tracer.mark(root.word) }
        while try !tracer.step(budgetWords: 1 << 20) {}
      } catch {
        isWhole = false
        if case .damaged(let damage) = error {
          note(damage)
        } else {
          note(
            Damage(
              path: path, subject: .segment, wordOffset: 0,
              finding: "it differs from its sum, and its records cannot be looked at: \(error)"))
        }
      }
      recordsAreWhole = isWhole
      return isWhole
    }
  }
}
