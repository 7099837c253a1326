// The storage of an evaluation: one range of bytes addressed from 0.
//
//   0 ........ 4096 ........ writableStart ........ top ................ limit
//   never valid  constant texts      globals, then all that was allocated    not yet in use
//
// Guarantees: an address is an offset into the range, so no program can name a byte of the host; an access outside
// [4096, top) or a write below `writableStart` is refused; fresh storage is always zero, also after a reset.

import Glibc
import StrataMemory

/// Byte-addressed storage with a bump allocator. Pages are committed as they are needed.
final class LinearMemory {
  /// Addresses below this are never valid, so small offsets from null are refused too.
  static let firstAddress: UInt64 = 4096
  /// Room behind the last byte, so that the widest single access can be checked by its start alone.
  static let slack: UInt64 = 64
  /// What is committed at least, and kept between evaluations.
  private static let keptBytes: UInt64 = 1 << 20

  private let range: StorageRange
  let base: UnsafeMutableRawPointer
  /// Room before address 0, for whoever evaluates. It comes into use together with the first of the storage, so that a small
  /// evaluation asks the system once.
  let head: UnsafeMutableRawPointer
  let headBytes: Int
  /// The most bytes an evaluation may use: the budget, or less where the system reserves no more.
  let limit: UInt64
  /// Addresses below this can be touched without asking the system.
  private(set) var usable: UInt64 = 0
  /// How many bytes can be touched at all; more than the budget when that is small.
  private var committed: UInt64 {
    get { range.committed }
    set { range.committed = newValue }
  }
  /// True when the system reserved less address space than the budget asks for.
  private let isShort: Bool
  /// End of the storage in use.
  var top: UInt64
  /// Nothing at or above this was ever written.
  var touched: UInt64
  /// Where the storage begins that programs may drop.
  private(set) var lowestMark: UInt64
  /// Writes below this are refused.
  var writableStart: UInt64
  /// Asked before much is filled or copied at once, which counts as one step however long it takes.
  private let stop: StopSignal?
  /// What is much.
  static let largeBytes: UInt64 = 1 << 20

  /// Reserves address space for that many bytes, and room of a whole number of pages before them.
  init(limit wanted: UInt64, headBytes: Int = 0, stop: StopSignal? = nil) throws(Fault) {
    self.stop = stop
    let budget = max(min(wanted, 1 << 40), 1 << 16)
    range = try LinearMemory.range(headBytes, budget)
    head = range.reservation.base
    self.headBytes = headBytes
    base = range.reservation.base + headBytes
    limit = min(budget, UInt64(range.reservation.byteCount - headBytes) - LinearMemory.slack)
    isShort = limit < budget
    top = LinearMemory.firstAddress
    writableStart = top
    lowestMark = top
    // What an earlier owner wrote is cleared by `restart`, as if it were this one's own.
    touched = range.touched
    if range.committed > 0 { usable = min(range.committed - LinearMemory.slack, limit) }
  }

  deinit {
    range.touched = touched
    if !isShort { IdleRanges.shared.give(range) }
  }

  /// A range that waits, or a new one.
  private static func range(_ headBytes: Int, _ budget: UInt64) throws(Fault) -> StorageRange {
    // A reservation begins on a huge page, for which it gives up what lies before.
    let wanted = headBytes + Int(budget + slack) + Reservation.hugePageBytes
    if let known = IdleRanges.shared.take(wantedBytes: wanted, headBytes: headBytes) { return known }
    // Where addresses are scarce, those that only wait are given up first.
    if let fresh = try? newRange(wanted, headBytes), fresh.reservation.byteCount > wanted - Reservation.hugePageBytes {
      return fresh
    }
    IdleRanges.shared.dropAll()
    do throws(StrataMemory.Fault) {
      return try newRange(wanted, headBytes)
    } catch {
      throw Fault(.byteBudget, "the system gives no address space for the byte budget; lower the budget")
    }
  }

  private static func newRange(_ wanted: Int, _ headBytes: Int) throws(StrataMemory.Fault) -> StorageRange {
    try StorageRange(
      wantedBytes: wanted, leastBytes: headBytes + 2 * Reservation.hugePageBytes, headBytes: headBytes,
      firstAddress: firstAddress)
  }

  /// Makes addresses below `end` usable. Throws, and changes nothing, when the budget or the system does not allow it.
  func use(through end: UInt64) throws(Fault) {
    if end <= usable { return }
    guard end <= limit else { throw isShort ? .refused : .bytes }
    let page = UInt64(Reservation.pageBytes)
    let whole = UInt64(range.reservation.byteCount - headBytes)
    let needed = min((end + LinearMemory.slack + page - 1) & ~(page - 1), whole)
    // Growing by doubling keeps the requests few; if that is refused, what is needed may still be granted. After the first
    // time each ends between two huge pages: where one ends inside of such a page, the whole of it is made of small ones.
    var generous = max(needed, committed * 2, LinearMemory.keptBytes)
    if committed > 0 {
      let huge = UInt64(Reservation.hugePageBytes)
      generous = (generous + UInt64(headBytes) + huge - 1) & ~(huge - 1) - UInt64(headBytes)
    }
    generous = min(generous, whole)
    do throws(StrataMemory.Fault) {
      try commit(through: generous)
    } catch {
      do throws(StrataMemory.Fault) { try commit(through: needed) } catch { throw .refused }
    }
    usable = min(committed - LinearMemory.slack, limit)
  }

  /// Throws when somebody has asked the evaluation to stop.
  @inline(never)
  func checkStop() throws(Fault) {
    if let request = stop?.requested { throw .stopped(by: request) }
  }

  private func commit(through end: UInt64) throws(StrataMemory.Fault) {
    let start = committed == 0 ? 0 : headBytes + Int(committed)
    try range.reservation.commit(from: start, count: headBytes + Int(end) - start)
    committed = end
  }

  /// Empties the storage, keeping `staticBytes` bytes (rounded up) for constants and globals, of which the first
  /// `constantBytes` are refused to writers.
  func restart(constantBytes: UInt64, staticBytes: UInt64) throws(Fault) {
    let start = LinearMemory.firstAddress
    guard staticBytes <= limit - start - LinearMemory.slack, constantBytes <= staticBytes else { throw .bytes }
    release(downTo: start)
    // Safe: with this much in use from the start, "top minus the size of an access" never wraps below the first address.
    let end = start + staticBytes + LinearMemory.slack
    try use(through: end)
    top = end
    lowestMark = top
    touched = top
    writableStart = start + constantBytes
  }

  /// Makes everything from `start` on zero again, giving large ranges back to the system.
  private func release(downTo start: UInt64) {
    if touched > start {
      memset(base + Int(start), 0, Int(min(touched, LinearMemory.keptBytes) - start))
      if touched > LinearMemory.keptBytes, committed > LinearMemory.keptBytes {
        range.reservation.release(
          from: headBytes + Int(LinearMemory.keptBytes), count: Int(committed - LinearMemory.keptBytes))
        committed = LinearMemory.keptBytes
        usable = min(committed - LinearMemory.slack, limit)
      }
    }
    touched = start
    top = start
  }

  /// Returns the address of zeroed storage. A size of 0 gives a valid address of its own.
  @inline(__always)
  func allocate(size: UInt64, alignment: UInt64) throws(Fault) -> UInt64 {
    // Safe: `top` is at most 2^40, sizes are checked below 2^41 before the sum, alignments are powers of two.
    let start = (top &+ alignment &- 1) & ~(alignment &- 1)
    guard size < 1 << 41 else { throw .bytes }
    let end = start &+ max(size, 1)
    if end > usable { try use(through: end) }
    if size >= LinearMemory.largeBytes { try checkStop() }
    if start < touched { memset(base + Int(start), 0, Int(min(end, touched) - start)) }
    if end > touched { touched = end }
    top = end
    return start
  }

  /// The amount in use, to be given to `reset`.
  var mark: UInt64 { top }

  /// Drops everything allocated after `mark`.
  func reset(to mark: UInt64) throws(Fault) {
    guard mark >= lowestMark, mark <= top else { throw .mark }
    top = mark
  }

  /// True when the range may be read. Empty ranges always may.
  @inline(__always)
  func isReadable(_ address: UInt64, _ count: UInt64) -> Bool {
    if count == 0 { return true }
    return address >= LinearMemory.firstAddress && address < top && count <= top &- address
  }

  /// True when the range may be written. Empty ranges always may.
  @inline(__always)
  func isWritable(_ address: UInt64, _ count: UInt64) -> Bool {
    if count == 0 { return true }
    return address >= writableStart && address < top && count <= top &- address
  }

  /// Reads 1, 2, 4 or 8 bytes, least significant first, zero-extended.
  @inline(__always)
  func word(_ address: UInt64, _ size: UInt64) throws(Fault) -> UInt64 {
    guard isReadable(address, size) else { throw .address }
    let at = base + Int(address)
    switch size {
    case 0: return 0
    case 1: return UInt64(at.loadUnaligned(as: UInt8.self))
    case 2: return UInt64(UInt16(littleEndian: at.loadUnaligned(as: UInt16.self)))
    case 4: return UInt64(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
    case 8: return UInt64(littleEndian: at.loadUnaligned(as: UInt64.self))
    default: throw Fault(.outOfBounds, "a word is at most 8 bytes")
    }
  }

  /// Writes the low 1, 2, 4 or 8 bytes of a word, least significant first.
  @inline(__always)
  func setWord(_ address: UInt64, _ size: UInt64, _ value: UInt64) throws(Fault) {
    guard isWritable(address, size) else { throw .address }
    let at = base + Int(address)
    switch size {
    case 0: return
    case 1: at.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 2: at.storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, as: UInt16.self)
    case 4: at.storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, as: UInt32.self)
    case 8: at.storeBytes(of: value.littleEndian, as: UInt64.self)
    default: throw Fault(.outOfBounds, "a word is at most 8 bytes")
    }
  }

  /// A copy of a range.
  func bytes(_ address: UInt64, _ count: UInt64) throws(Fault) -> [UInt8] {
    guard isReadable(address, count) else { throw .address }
    if count >= LinearMemory.largeBytes { try checkStop() }
    return Array(UnsafeRawBufferPointer(start: base + Int(truncatingIfNeeded: address), count: Int(count)))
  }

  /// Writes bytes at an address.
  func setBytes(_ address: UInt64, _ bytes: [UInt8]) throws(Fault) {
    guard isWritable(address, UInt64(bytes.count)) else { throw .address }
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress, !source.isEmpty { memcpy(base + Int(address), start, source.count) }
    }
  }

  /// Writes constant bytes where programs may not write.
  func setConstant(_ address: UInt64, _ bytes: [UInt8]) throws(Fault) {
    guard isReadable(address, UInt64(bytes.count)) else { throw .address }
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress, !source.isEmpty { memcpy(base + Int(address), start, source.count) }
    }
  }

  /// Copies between ranges that may overlap.
  func move(to target: UInt64, from source: UInt64, count: UInt64) throws(Fault) {
    guard isReadable(source, count), isWritable(target, count) else { throw .address }
    if count >= LinearMemory.largeBytes { try checkStop() }
    if count > 0 { memmove(base + Int(target), base + Int(source), Int(count)) }
  }

  /// Fills a range with one byte.
  func fill(_ address: UInt64, count: UInt64, with byte: UInt8) throws(Fault) {
    guard isWritable(address, count) else { throw .address }
    if count >= LinearMemory.largeBytes { try checkStop() }
    if count > 0 { memset(base + Int(address), Int32(byte), Int(count)) }
  }
}
