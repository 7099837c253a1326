// Scrubbing: every record that the roots reach is read and compared with its checksum, in bounded steps.

import StrataMemory

/// A check of one state of a store. The state is held for as long as the check lives.
public final class Scrub {
  private let tracer: Tracer
  private let lease: BedrockLease?

  init(
    base: UnsafePointer<UInt64>, map: SegmentMap, path: String, roots: [StoredRoot], lease: BedrockLease?
  ) throws(BedrockFailure) {
    self.lease = lease
    tracer = try Tracer(base: base, map: map, path: path, keepsExtents: false)
    for root in roots { try tracer.mark(root.word) }
  }

  /// Checks about `budgetWords` further words. True when everything has been checked; throws `.damaged` with the
  /// first record that is not what was written.
  public func step(budgetWords: Int) throws(BedrockFailure) -> Bool { try tracer.step(budgetWords: budgetWords) }

  /// The records that were found whole so far, and their words.
  public var checked: (records: Int, words: Int) { (tracer.liveRecords, tracer.liveWords) }
}

extension Bedrock {
  /// A check of everything that the roots reach, of both superblocks and of the table. Commits may go on meanwhile.
  public func scrub() throws(BedrockFailure) -> Scrub {
    if isClosed { throw .closed }
    let (states, failures) = try Bedrock.states(of: file, path: path, place: place)
    // A superblock that was torn by a crash was told of when the store was opened, and the next commit replaces it.
    let known = metrics.commits == 0 ? opening.rejected : []
    if let failure = failures.first(where: { !known.contains($0) }) { throw failure }
    guard states.first?.block.sequence == block.sequence else {
      throw .damaged(
        Damage(
          path: path, subject: .superblock, wordOffset: slot * Layout.pageWords,
          finding: "it is not the one that was written"))
    }
    return try Scrub(base: place.base, map: map, path: path, roots: block.roots, lease: lease())
  }

  /// The body of the record that `word` refers to, after its checksum has been compared. For tools and tests;
  /// machines read through the mapping.
  public func body(of word: Word) throws(BedrockFailure) -> UnsafeBufferPointer<UInt64> {
    if isClosed { throw .closed }
    guard word.isPersistent, word.offset & 1 == 1, map.isUsed(word.offset) else { throw .danglingReference(word) }
    let offset = word.offset - 1
    let header = Header(raw: place.base[offset + 1])
    let end = map.extent(holding: offset).upperBound
    guard offset + Layout.recordWords(bodySize: header.size) <= end,
      Layout.check(place.base + offset + 1, size: header.size, offset: offset + 1, stamp: place.base[offset] >> 32)
        == place.base[offset]
    else {
      throw .damaged(Damage(path: path, subject: .record, wordOffset: offset, finding: "the checksum is wrong"))
    }
    return UnsafeBufferPointer(start: place.base + offset + 2, count: header.size)
  }
}
