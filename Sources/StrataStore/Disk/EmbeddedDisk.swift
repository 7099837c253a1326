// A file within a file: what follows a program's own pages, seen as a file that begins at byte 0.
//
// A program's own pages are what its ELF header accounts for; loaders ignore the rest. Only the one path is treated so.

/// A disk on which the file at one path begins at a later byte. What lies before is never touched.
public final class EmbeddedDisk: Disk {
  private let disk: any Disk
  private let embedded: String
  private let start: Int

  /// `start` is a multiple of the page size.
  public init(_ disk: any Disk, embedding path: String, from start: Int) {
    self.disk = disk
    embedded = path
    self.start = start
  }

  public func open(_ path: String, _ mode: OpenMode) throws(DiskFailure) -> any DiskFile {
    let file = try disk.open(path, mode)
    return path == embedded ? EmbeddedFile(file, from: start) : file
  }

  public func exists(_ path: String) throws(DiskFailure) -> Bool { try disk.exists(path) }
  public func remove(_ path: String) throws(DiskFailure) { try disk.remove(path) }
  public func rename(_ old: String, to new: String) throws(DiskFailure) { try disk.rename(old, to: new) }
  public func makeDirectory(_ path: String) throws(DiskFailure) { try disk.makeDirectory(path) }
  public func list(_ path: String) throws(DiskFailure) -> [String] { try disk.list(path) }
  public func syncDirectory(_ path: String) throws(DiskFailure) { try disk.syncDirectory(path) }

  /// Where a store in the program at `path` begins: at the first page after the program's own. Nil when the file is no
  /// program, or when nothing follows.
  public static func start(inProgram path: String, on disk: any Disk) throws(DiskFailure) -> Int? {
    let file = try disk.open(path, .read)
    let size = try file.size()
    guard let end = try programEnd(of: file) else { return nil }
    let start = (end + Layout.pageBytes - 1) & ~(Layout.pageBytes - 1)
    var magic: UInt64 = 0
    guard size >= start + Layout.superblockSlots * Layout.pageBytes else { return nil }
    for slot in 0..<Layout.superblockSlots {
      try read(at: start + slot * Layout.pageBytes, of: file, into: &magic)
      if UInt64(littleEndian: magic) == Layout.magic { return start }
    }
    return nil
  }

  /// The length of the program that a file begins with, by its ELF header: the end of its sections and segments. Nil
  /// when it is not a program of this kind.
  public static func programEnd(of file: any DiskFile) throws(DiskFailure) -> Int? {
    let size = try file.size()
    var header: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
    guard size >= 64 else { return nil }
    try read(at: 0, of: file, into: &header)
    // The magic number, 64 bits, little-endian.
    guard UInt64(littleEndian: header.0) & 0xFFFF_FFFF_FFFF == 0x0102_464C_457F else { return nil }
    func table(_ offset: UInt64, _ entryBytes: UInt64, _ count: UInt64) -> Int? {
      guard offset < 1 << 48, entryBytes < 1 << 48 else { return nil }
      let end = Int(offset) + Int(entryBytes * count)
      return end <= size ? end : nil
    }
    let segmentsAt = UInt64(littleEndian: header.4)
    let segmentBytes = UInt64(littleEndian: header.6) >> 48
    let counts = UInt64(littleEndian: header.7)
    guard let sectionsEnd = table(UInt64(littleEndian: header.5), counts >> 16 & 0xFFFF, counts >> 32 & 0xFFFF),
      let segmentsEnd = table(segmentsAt, segmentBytes, counts & 0xFFFF)
    else { return nil }
    var end = max(sectionsEnd, segmentsEnd, 64)
    for index in 0..<Int(counts & 0xFFFF) where segmentBytes >= 56 {
      var segment: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
      try read(at: Int(segmentsAt) + index * Int(segmentBytes), of: file, into: &segment)
      guard let segmentEnd = table(UInt64(littleEndian: segment.1), UInt64(littleEndian: segment.4), 1) else {
        return nil
      }
      end = max(end, segmentEnd)
    }
    return end
  }

  private static func read<Value>(at offset: Int, of file: any DiskFile, into value: inout Value) throws(DiskFailure) {
    let failure: DiskFailure? = withUnsafeMutableBytes(of: &value) { bytes in
      do throws(DiskFailure) { try file.readFully(at: offset, into: bytes) } catch { return error }
      return nil
    }
    if let failure { throw failure }
  }
}

/// A file that begins at a later byte of another one. Locks are those of the whole file: they lie behind any data.
private final class EmbeddedFile: DiskFile {
  private let file: any DiskFile
  private let start: Int

  init(_ file: any DiskFile, from start: Int) {
    self.file = file
    self.start = start
  }

  var path: String { file.path }
  func size() throws(DiskFailure) -> Int { max(0, try file.size() - start) }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(DiskFailure) -> Int {
    try file.read(at: start + offset, into: buffer)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFailure) {
    try file.write(bytes, at: start + offset)
  }

  func sync() throws(DiskFailure) { try file.sync() }
  func truncate(to size: Int) throws(DiskFailure) { try file.truncate(to: start + size) }

  func allocate(from offset: Int, count: Int) throws(DiskFailure) {
    try file.allocate(from: start + offset, count: count)
  }

  func punch(from offset: Int, count: Int) throws(DiskFailure) -> Bool {
    try file.punch(from: start + offset, count: count)
  }

  func map(from offset: Int, count: Int, at address: UnsafeMutableRawPointer) throws(DiskFailure) {
    try file.map(from: start + offset, count: count, at: address)
  }

  func lock(from offset: Int, count: Int, shared: Bool) throws(DiskFailure) -> Bool {
    try file.lock(from: offset, count: count, shared: shared)
  }

  func unlock(from offset: Int, count: Int) throws(DiskFailure) { try file.unlock(from: offset, count: count) }

  func isLockedElsewhere(from offset: Int, count: Int) throws(DiskFailure) -> Bool {
    try file.isLockedElsewhere(from: offset, count: count)
  }

  func close() throws(DiskFailure) { try file.close() }
}
