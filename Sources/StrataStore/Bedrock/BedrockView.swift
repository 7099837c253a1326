// A second mapping of a store within the process that writes it, for machines of other threads.
//
// A reference means the same in every mapping. What a view may be used to read is decided by leases, not here.

import StrataMemory

/// A read-only mapping of a store file.
public final class BedrockView {
  public let place: BedrockPlace
  private let file: any DiskFile
  private let segmentGuard: SegmentGuard?

  /// Maps the store at `path`. Needs no lock and chooses no state: the caller holds a lease of the writer's. What the writer has not
  /// compared yet is guarded here, too.
  public init(
    _ path: String, on disk: any Disk, at place: BedrockPlace, guardedBy segmentGuard: SegmentGuard? = nil
  ) throws(BedrockFailure) {
    self.place = place
    self.segmentGuard = segmentGuard
    do throws(DiskFailure) {
      file = try disk.open(path, .read)
      try file.map(from: 0, count: place.byteCount, at: place.base)
    } catch { throw .disk(error) }
    if let segmentGuard, !segmentGuard.add(place) {
      try? unmapFiles(at: place.base, count: place.byteCount)
      throw .memory
    }
  }

  deinit {
    segmentGuard?.remove(place)
    // The range is the caller's and goes back to being unreadable.
    try? unmapFiles(at: place.base, count: place.byteCount)
    try? file.close()
  }
}
