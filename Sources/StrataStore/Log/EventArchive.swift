// An archive: a run of events in one plain file, for keeping them elsewhere before they are trimmed.
//
// It appears under its name complete or not at all, and is read back and compared before it does. The layout is in
// Documentation/formats/log.md.

/// Writes and reads archives of events.
public enum EventArchive {
  static let magic: UInt64 = 0x3147_4F4C_5254_5353  // "SSTRLOG1" in the file's byte order
  private static let endMark = UInt64.max
  private static let noOutcome: UInt64 = 0xFF
  private static let headerBytes = 32
  private static let pieceBytes = 1 << 18
  /// Longer events cannot come from a log, whose rows are limited.
  private static let longestPayload: UInt64 = 1 << 31

  /// Writes the events from `first` to `last` of `log` to a new file at `path`, and gives their number. The file is
  /// durable and verified when this returns.
  @discardableResult
  public static func write(
    _ log: any EventLog, from first: UInt64, through last: UInt64, to path: String, on disk: any Disk
  ) throws(EventLogFailure) -> Int {
    guard first >= 1, first <= last, last <= log.last else { throw .noSuchEvent(last) }
    let draft = path + ".new"
    let writer = try attempt(path) { () throws(DiskFailure) -> Writer in
      if try disk.exists(draft) { try disk.remove(draft) }
      let writer = Writer(file: try disk.open(draft, .create))
      try writer.write([magic, 1, first, last])
      return writer
    }
    var expected = Checksum()
    var failure: DiskFailure?
    try log.read(from: first) { event in
      do throws(DiskFailure) { expected.feed(UInt64(try writer.write(event))) } catch { failure = error }
      return failure == nil && event.number < last
    }
    try attempt(path) { () throws(DiskFailure) -> Void in
      if let failure { throw failure }
      try writer.write([endMark, last - first + 1, UInt64(expected.value), 0])
      try writer.finish()
    }
    var count = 0
    try read(draft, on: disk) { _ in
      count += 1
      return true
    }
    try attempt(path) { () throws(DiskFailure) -> Void in
      try disk.rename(draft, to: path)
      try disk.syncDirectory(directory(of: path))
    }
    return count
  }

  /// Calls `body` with each event of the archive at `path`, in order, until it returns false. Every event is verified.
  public static func read(
    _ path: String, on disk: any Disk, _ body: (LoggedEvent) -> Bool
  ) throws(EventLogFailure) {
    func damage(_ event: UInt64, _ finding: String) -> EventLogFailure {
      .damaged(path: path, event: event, finding: finding)
    }
    let file = try attempt(path) { () throws(DiskFailure) -> any DiskFile in try disk.open(path, .read) }
    let size = try attempt(path) { () throws(DiskFailure) -> Int in try file.size() }
    let header = try words(4, at: 0, of: file)
    guard header[0] == magic, header[1] == 1, header[2] >= 1, header[2] <= header[3] else {
      throw .notALog(path: path, reason: "it is not an archive of events")
    }
    var offset = headerBytes
    var expected = Checksum()
    var number = header[2]
    while number <= header[3] {
      let head = try words(4, at: offset, of: file)
      let payloadLength = head[1]
      let detailLength = head[2] & 0xFFFF_FFFF
      guard head[0] == number, payloadLength <= longestPayload,
        payloadLength + detailLength <= UInt64(max(0, size - offset - headerBytes))
      else { throw damage(number, "it is missing or cut off") }
      let bytes = try Self.bytes(Int(payloadLength + detailLength), at: offset + headerBytes, of: file)
      let payload = Array(bytes.prefix(Int(payloadLength)))
      let detail = Array(bytes.dropFirst(Int(payloadLength)))
      guard let event = decode(head, payload, detail) else { throw damage(number, "the checksum is wrong") }
      expected.feed(head[3] >> 32)
      if !body(event) { return }
      offset += headerBytes + padded(bytes.count)
      number += 1
    }
    let end = try words(4, at: offset, of: file)
    guard end[0] == endMark, end[1] == header[3] - header[2] + 1, end[2] == UInt64(expected.value), end[3] == 0 else {
      throw damage(header[3], "the end of the archive is damaged")
    }
  }

  /// Runs `work` on the disk and says its failure in the log's terms.
  private static func attempt<Value>(
    _ path: String, _ work: () throws(DiskFailure) -> Value
  ) throws(EventLogFailure) -> Value {
    do throws(DiskFailure) { return try work() } catch {
      if error.isNoSpace { throw .noSpace(path: path) }
      if error.operation == .read, error.code == 0 {
        throw .damaged(path: path, event: 0, finding: "the archive is cut off")
      }
      throw .failed(path: path, reason: "\(error)")
    }
  }

  private static func padded(_ count: Int) -> Int { (count + 7) & ~7 }

  private static func checksum(_ head: [UInt64], _ payload: [UInt8], _ detail: [UInt8]) -> UInt32 {
    var checksum = Checksum()
    for word in head[0..<3] { checksum.feed(word) }
    checksum.feed(head[3] & 0xFFFF_FFFF)
    payload.withUnsafeBytes { checksum.feed($0) }
    detail.withUnsafeBytes { checksum.feed($0) }
    return checksum.value
  }

  private static func decode(_ head: [UInt64], _ payload: [UInt8], _ detail: [UInt8]) -> LoggedEvent? {
    guard head[3] >> 32 == UInt64(checksum(head, payload, detail)) else { return nil }
    let status = head[2] >> 32 & 0xFF
    if status == noOutcome { return LoggedEvent(number: head[0], payload: payload, outcome: nil) }
    guard let known = EventOutcome.Status(rawValue: UInt8(status)) else { return nil }
    let mug = head[2] >> 40 & 1 == 1 ? UInt32(truncatingIfNeeded: head[3]) : nil
    let outcome = EventOutcome(status: known, mug: mug, detail: detail)
    return LoggedEvent(number: head[0], payload: payload, outcome: outcome)
  }

  private static func bytes(_ count: Int, at offset: Int, of file: any DiskFile) throws(EventLogFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try attempt(file.path) { () throws(DiskFailure) -> Void in
      let failure: DiskFailure? = bytes.withUnsafeMutableBytes { buffer in
        do throws(DiskFailure) { try file.readFully(at: offset, into: buffer) } catch { return error }
        return nil
      }
      if let failure { throw failure }
    }
    return bytes
  }

  private static func words(_ count: Int, at offset: Int, of file: any DiskFile) throws(EventLogFailure) -> [UInt64] {
    let raw = try bytes(count * 8, at: offset, of: file)
    return raw.withUnsafeBytes { bytes in
      (0..<count).map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
  }

  /// Collects words and events into large writes.
  private final class Writer {
    private let file: any DiskFile
    private var buffer: [UInt8] = []
    private var offset = 0

    init(file: any DiskFile) { self.file = file }

    func write(_ words: [UInt64]) throws(DiskFailure) {
      for word in words { withUnsafeBytes(of: word.littleEndian) { buffer.append(contentsOf: $0) } }
      if buffer.count >= EventArchive.pieceBytes { try flush() }
    }

    /// Gives the event's checksum.
    func write(_ event: LoggedEvent) throws(DiskFailure) -> UInt32 {
      let outcome = event.outcome
      let detail = outcome?.detail ?? []
      let status = outcome.map { UInt64($0.status.rawValue) } ?? EventArchive.noOutcome
      let hasMug: UInt64 = outcome?.mug == nil ? 0 : 1
      var head = [
        event.number, UInt64(event.payload.count), UInt64(detail.count) | status << 32 | hasMug << 40,
        UInt64(outcome?.mug ?? 0),
      ]
      let checksum = EventArchive.checksum(head, event.payload, detail)
      head[3] |= UInt64(checksum) << 32
      try write(head)
      buffer += event.payload
      buffer += detail
      let count = event.payload.count + detail.count
      buffer.append(contentsOf: repeatElement(0, count: EventArchive.padded(count) - count))
      return checksum
    }

    func finish() throws(DiskFailure) {
      try flush()
      try file.sync()
      try file.close()
    }

    private func flush() throws(DiskFailure) {
      let failure: DiskFailure? = buffer.withUnsafeBytes { bytes in
        do throws(DiskFailure) { try file.write(bytes, at: offset) } catch { return error }
        return nil
      }
      if let failure { throw failure }
      offset += buffer.count
      buffer.removeAll(keepingCapacity: true)
    }
  }
}
