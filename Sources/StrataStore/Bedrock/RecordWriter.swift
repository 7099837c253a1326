// A buffer between records and the file: fills one extent from its start to its end, page by page.
//
// A page that has been part of a commit is never written again before its extent is freed: `finish` pads to the end
// of the page, and the next commit begins on the page after it.

import Glibc

/// Writes words into one extent of a store after another.
final class RecordWriter {
  private let file: any DiskFile
  private let sums: SegmentSums?
  private let segmentWords: Int
  private var buffer: UnsafeMutablePointer<UInt64>
  private var capacity: Int
  /// The word offset of the buffer's first word; a multiple of the page size.
  private var start = 0
  private var count = 0
  /// One past the extent's last word.
  private(set) var end = 0

  private static let bufferWords = 32 * 1024

  init(file: any DiskFile, sums: SegmentSums?, segmentWords: Int) throws(BedrockFailure) {
    self.file = file
    self.sums = sums
    self.segmentWords = segmentWords
    capacity = RecordWriter.bufferWords
    guard let memory = malloc(capacity * 8) else { throw .memory }
    buffer = memory.bindMemory(to: UInt64.self, capacity: capacity)
  }

  deinit { Glibc.free(buffer) }

  /// Where the next word goes.
  var position: Int { start + count }
  /// The words left in the extent.
  var room: Int { end - start - count }

  /// Goes on at `position`, which begins a page, in an extent that ends at `end`. What was not flushed is dropped.
  func move(to position: Int, end: Int) {
    assert(position % Layout.pageWords == 0)
    start = position
    count = 0
    self.end = end
  }

  /// Room for `words` adjacent words at `position`, to be filled before the next call. There must be `room`.
  func reserve(_ words: Int) throws(BedrockFailure) -> UnsafeMutablePointer<UInt64> {
    assert(words <= room)
    if count + words > capacity {
      try flush()
      if count + words > capacity { try enlarge(to: count + words) }
    }
    let place = buffer + count
    count += words
    return place
  }

  /// Pads to the end of the page and writes everything out.
  func finish() throws(BedrockFailure) {
    let padding = -count & (Layout.pageWords - 1)
    if padding > 0 {
      // An extent is a whole number of pages, so there is room for the padding.
      (try reserve(padding)).update(repeating: 0, count: padding)
    }
    try flush()
    if capacity > RecordWriter.bufferWords, let smaller = realloc(buffer, RecordWriter.bufferWords * 8) {
      capacity = RecordWriter.bufferWords
      buffer = smaller.bindMemory(to: UInt64.self, capacity: capacity)
    }
  }

  /// Writes the whole pages out.
  private func flush() throws(BedrockFailure) {
    let whole = count & ~(Layout.pageWords - 1)
    if whole == 0 { return }
    do throws(DiskFailure) {
      try file.write(UnsafeRawBufferPointer(start: buffer, count: whole * 8), at: start * 8)
    } catch { throw .disk(error) }
    sums?.feed(buffer, count: whole, at: start, segmentWords: segmentWords)
    buffer.update(from: buffer + whole, count: count - whole)
    start += whole
    count -= whole
  }

  private func enlarge(to words: Int) throws(BedrockFailure) {
    guard let larger = realloc(buffer, words * 8) else { throw .memory }
    capacity = words
    buffer = larger.bindMemory(to: UInt64.self, capacity: words)
  }
}
