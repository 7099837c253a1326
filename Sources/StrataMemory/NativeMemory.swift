// Plain memory for native code, apart from the arena: zeroed, and in huge pages where it is large.
//
// Tables that are read at random cost a miss of the processor's page table at nearly every access once they outgrow a
// megabyte of small pages, and a fault for each of those pages first. Huge pages spare both.

import CPlatform
import Glibc

/// Memory whose owner knows its length.
public enum NativeMemory {
  /// From how many bytes on memory is mapped by itself.
  @usableFromInline static var largeBytes: Int { 1 << 20 }

  /// Zeroed memory for `count` elements. Throws `.refused` when there is none.
  @inlinable
  public static func allocate<Element: BitwiseCopyable>(
    _ count: Int, of type: Element.Type
  ) throws(Fault) -> UnsafeMutablePointer<Element> {
    let (bytes, overflow) = max(1, count).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    if overflow { throw .refused }
    if bytes >= largeBytes { return try map(bytes).bindMemory(to: Element.self, capacity: count) }
    guard let memory = calloc(1, bytes) else { throw .refused }
    return memory.bindMemory(to: Element.self, capacity: count)
  }

  /// The same elements in more memory, zeroed behind them; `memory` is given back. Throws `.refused` and changes nothing
  /// when there is none.
  @inlinable
  public static func grow<Element: BitwiseCopyable>(
    _ memory: UnsafeMutablePointer<Element>, from count: Int, to larger: Int, used: Int
  ) throws(Fault) -> UnsafeMutablePointer<Element> {
    let stride = MemoryLayout<Element>.stride
    let (bytes, overflow) = larger.multipliedReportingOverflow(by: stride)
    if !overflow, count &* stride >= largeBytes {
      return try remap(memory, count &* stride, bytes).bindMemory(to: Element.self, capacity: larger)
    }
    let fresh = try allocate(larger, of: Element.self)
    fresh.update(from: memory, count: used)
    free(memory, count)
    return fresh
  }

  /// Gives back what `allocate` gave for this count.
  @inlinable
  public static func free<Element: BitwiseCopyable>(_ memory: UnsafeMutablePointer<Element>, _ count: Int) {
    let bytes = max(1, count) * MemoryLayout<Element>.stride
    if bytes >= largeBytes { unmap(memory, bytes) } else { Glibc.free(memory) }
  }

  @usableFromInline
  static func remap(
    _ memory: UnsafeMutableRawPointer, _ bytes: Int, _ larger: Int
  ) throws(Fault) -> UnsafeMutableRawPointer {
    if rounded(larger) == rounded(bytes) { return memory }
    let target = try map(larger)
    if platform_move_mapping(memory, rounded(bytes), target, rounded(larger)) != 0 {
      unmap(target, larger)
      throw .refused
    }
    return target
  }

  @usableFromInline
  static func map(_ bytes: Int) throws(Fault) -> UnsafeMutableRawPointer {
    let huge = Reservation.hugePageBytes
    guard bytes <= Int.max - 2 * huge else { throw .refused }
    let wanted = rounded(bytes)
    // One huge page more than is wanted, since the system aligns to small ones; what lies outside is given back.
    let mapped = mmap(nil, wanted + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != platform_map_failed() else { throw .refused }
    let skipped = -Int(bitPattern: mapped) & (huge - 1)
    if skipped > 0 { _ = munmap(mapped, skipped) }
    if skipped < huge { _ = munmap(mapped + skipped + wanted, huge - skipped) }
    // A wish only: without it the pages are small.
    _ = madvise(mapped + skipped, wanted, Int32(MADV_HUGEPAGE))
    return mapped + skipped
  }

  @usableFromInline
  static func unmap(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
    // Nothing useful can be done about a failure here; the range is exactly what `map` gave.
    _ = munmap(memory, rounded(bytes))
  }

  private static func rounded(_ bytes: Int) -> Int {
    (bytes + Reservation.hugePageBytes - 1) & ~(Reservation.hugePageBytes - 1)
  }
}
