// A reserved address range whose pages are committed as they are needed and given back when they are not.
//
// The only file of this module that talks to the system. A reservation costs address space and nothing
// else: it is not writable, so the system does not count it, whatever its overcommit policy. Where even
// address space is refused (`ulimit -v`), a smaller range is tried.

import CPlatform
import Glibc

/// Decides, for tests, which requests for memory the system is made to refuse.
public struct CommitRefusal: Sendable {
  /// Refuse the requests whose running number is a multiple of this; 0 refuses none.
  public var every: Int
  /// Let this many requests pass before refusing begins.
  public var after: Int

  public init(every: Int, after: Int = 0) {
    self.every = every
    self.after = after
  }

  public static let never = CommitRefusal(every: 0)
}

/// One contiguous range of addresses, owned: the range is unmapped when the value ends.
public struct Reservation: ~Copyable {
  /// The first byte. Aligned to huge pages where more than the least size was to be had, else to pages.
  public let base: UnsafeMutableRawPointer
  /// The length of the range, a whole number of pages.
  public let byteCount: Int
  /// How many bytes before `base` belong to the mapping and are not used: less than a huge page.
  private let skippedBytes: Int
  /// Which requests to refuse; a test's tool.
  public var refusal = CommitRefusal.never
  /// How many times pages were asked for.
  public private(set) var commitRequests = 0

  public static let pageBytes = 4096
  /// The size of the pages that large ranges are made of, where the system has such.
  public static let hugePageBytes = 2 << 20

  /// Reserves `byteCount` bytes, or half as often as the system refuses, but never less than `leastBytes`.
  /// Throws `.refused` when not even that much address space is to be had.
  public init(byteCount: Int, leastBytes: Int) throws(Fault) {
    var wanted = Reservation.roundedUp(byteCount)
    let least = Reservation.roundedUp(leastBytes)
    while true {
      let mapped = mmap(nil, wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if let mapped, mapped != platform_map_failed() {
        // The range begins on a huge page, if that leaves enough. What lies before costs addresses only; giving it back
        // would cost a call.
        let unaligned = -Int(bitPattern: mapped) & (Reservation.hugePageBytes - 1)
        skippedBytes = unaligned <= wanted - least ? unaligned : 0
        base = mapped + skippedBytes
        self.byteCount = wanted - skippedBytes
        return
      }
      if wanted <= least { throw .refused }
      wanted = max(least, Reservation.roundedUp(wanted / 2))
    }
  }

  deinit {
    // Nothing useful can be done about a failure here; the range is exactly what mmap returned.
    _ = munmap(base - skippedBytes, byteCount + skippedBytes)
  }

  @inline(__always)
  static func roundedUp(_ bytes: Int) -> Int { (bytes + pageBytes - 1) & ~(pageBytes - 1) }

  /// Makes `count` bytes from byte `start` readable and writable, zero where they were not committed before.
  /// Both are multiples of the page size. Throws `.refused` and changes nothing when the system refuses.
  public mutating func commit(from start: Int, count: Int) throws(Fault) {
    assert(start % Reservation.pageBytes == 0 && count % Reservation.pageBytes == 0)
    guard start >= 0, count >= 0, start <= byteCount, count <= byteCount - start else { throw .refused }
    if count == 0 { return }
    commitRequests += 1
    if refusal.every > 0, commitRequests > refusal.after, (commitRequests - refusal.after) % refusal.every == 0 {
      throw .refused
    }
    if mprotect(base + start, count, PROT_READ | PROT_WRITE) != 0 { throw .refused }
    if count >= Reservation.hugePageBytes {
      // A wish only: one fault instead of 512 where the system grants it.
      _ = madvise(base + start, count, Int32(MADV_HUGEPAGE))
    }
  }

  /// Gives `count` bytes from byte `start` back to the system. Their content is lost.
  public mutating func release(from start: Int, count: Int) {
    assert(start % Reservation.pageBytes == 0 && count % Reservation.pageBytes == 0)
    guard start >= 0, count > 0, start <= byteCount, count <= byteCount - start else { return }
    // A fresh mapping over the old one also gives back the system's promise of memory, which
    // MADV_DONTNEED keeps. If it is refused, dropping the content still frees the pages.
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
    if mmap(base + start, count, PROT_NONE, flags, -1, 0) == platform_map_failed() {
      _ = madvise(base + start, count, Int32(MADV_DONTNEED))
    }
  }
}
