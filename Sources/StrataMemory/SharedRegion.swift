// Memory that several looms see at the same word offsets: a nameless file, mapped once to be written and into each loom,
// at its low end in bedrock's place, to be read.
//
// References are offsets from a loom's base, so a reference into the region means the same object in every loom.

import CPlatform
import Glibc

/// A range of words that looms share. Lives as long as anybody holds it; the mappings in looms live as long as those.
public final class SharedRegion: @unchecked Sendable {
  /// The words, writable. Word 0 is never part of an object.
  public let base: UnsafeMutablePointer<UInt64>
  public let byteCount: Int
  private let descriptor: Int32

  /// A region of `byteCount` bytes, rounded up to pages, that costs nothing where it is not touched.
  public init(byteCount: Int) throws(Fault) {
    let size = Reservation.roundedUp(byteCount)
    let descriptor = platform_memory_file("commons")
    if descriptor < 0 { throw .refused }
    guard ftruncate(descriptor, off_t(size)) == 0,
      let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0),
      address != platform_map_failed()
    else {
      _ = Glibc.close(descriptor)
      throw .refused
    }
    self.descriptor = descriptor
    self.byteCount = size
    base = address.bindMemory(to: UInt64.self, capacity: size / 8)
  }

  deinit {
    // Nothing useful can be done about a failure here; the range is exactly what mmap returned.
    _ = munmap(base, byteCount)
    _ = Glibc.close(descriptor)
  }

  /// Maps the region, read-only, into the low end of a loom without a store. Throws `.refused` when it does not fit.
  public func map(into nursery: Nursery) throws(Fault) {
    guard byteCount <= nursery.bedrockBytes else { throw .refused }
    let result = mmap(nursery.base, byteCount, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor, 0)
    if result == nil || result == platform_map_failed() { throw .refused }
  }

  /// Gives the pages of a range back; it reads as zeros. Costs nothing but space where the system refuses.
  public func release(words: Range<Int>) {
    let page = Reservation.pageBytes
    let start = Reservation.roundedUp(words.lowerBound * 8)
    let end = words.upperBound * 8 / page * page
    if start < end { _ = platform_punch_hole(descriptor, Int64(start), Int64(end - start)) }
  }
}
