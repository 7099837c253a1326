// SQLite's door to the disk: every byte that SQLite reads and writes goes through the store's own disk layer.
//
// So the simulated disk covers SQLite's code as well. Locks are SQLite's own, byte for byte, so that the ordinary tools
// and a running log keep out of each other's way. No shared memory: the log is used by one connection only.

import CSQLite
import Glibc
import Synchronization

/// A file that SQLite has open.
private final class SQLiteFile {
  let file: any DiskFile
  let owner: SQLiteDisk
  /// Set for files that SQLite may have made: their name must be synced with their first content.
  var needsDirectorySync: Bool
  let deletesOnClose: Bool
  var lockLevel: Int32 = SQLITE_LOCK_NONE
  /// How far the file has blocks with contents, for the write-ahead log; nil for others.
  private var preparedEnd: Int?

  init(file: any DiskFile, owner: SQLiteDisk, needsDirectorySync: Bool, deletesOnClose: Bool) {
    self.file = file
    self.owner = owner
    self.needsDirectorySync = needsDirectorySync
    self.deletesOnClose = deletesOnClose
  }

  /// Says that the file is the write-ahead log, which is so long.
  func isLog(ofSize size: Int) { preparedEnd = size }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFailure) {
    if let preparedEnd, offset + bytes.count > preparedEnd { try grow(from: preparedEnd, to: offset + bytes.count) }
    try file.write(bytes, at: offset)
  }

  func truncate(to size: Int) throws(DiskFailure) {
    if size == 0, preparedEnd != nil { try endLog() }
    try file.truncate(to: size)
    if preparedEnd != nil { preparedEnd = size }
  }

  /// Makes a write-ahead log void that was copied into the database, before any part of it is given up or written over: a crash that
  /// finds its beginning but not its end would have the beginning, which is older than the database, copied once more.
  private func endLog() throws(DiskFailure) {
    guard let zeros = SQLiteFile.zeros, try file.size() > 0 else { return }
    try file.write(UnsafeRawBufferPointer(start: zeros, count: SQLiteFile.headerBytes), at: 0)
    try file.sync()
  }

  /// Of the write-ahead log, whose first bytes say whether there are any frames.
  private static let headerBytes = 32
  private static let mostZeros = 1 << 20
  /// Never written to, so the system backs it by one page; nil where there is no memory.
  nonisolated(unsafe) private static let zeros = sparseMemory(count: mostZeros)

  /// Fills the write-ahead log with zeros to some way beyond `end`. A sync after a write beyond the end of a file, or into
  /// blocks that are only reserved, waits for the file system's journal as well; into blocks with contents it does not. Zeros
  /// are no frames, so SQLite never takes them for any.
  private func grow(from start: Int, to end: Int) throws(DiskFailure) {
    guard let zeros = SQLiteFile.zeros else { return }
    let step = min(max(1 << 16, start), SQLiteFile.mostZeros)
    let target = (end + step - 1) / step * step
    var at = start
    do throws(DiskFailure) {
      while at < target {
        let count = min(SQLiteFile.mostZeros, target - at)
        try file.write(UnsafeRawBufferPointer(start: zeros, count: count), at: at)
        at += count
      }
      preparedEnd = target
    } catch {
      // There may still be room for what is to be written.
      if !error.isNoSpace { throw error }
      preparedEnd = max(at, end)
    }
  }
}

/// What SQLite allocates for an open file: its own part, and ours.
private struct SQLiteFileSlot {
  var base: sqlite3_file
  var file: UnsafeMutableRawPointer?
}

/// One registered file system of SQLite, on one disk. SQLite must have closed all files before it ends.
final class SQLiteDisk: @unchecked Sendable {
  let disk: any Disk
  let name: String
  /// The last failure of the disk, for messages; SQLite itself keeps a number only.
  var lastFailure: DiskFailure?
  /// The database file, once SQLite has opened it.
  private weak var main: SQLiteFile?
  private let vfs: UnsafeMutablePointer<sqlite3_vfs>
  private let methods: UnsafeMutablePointer<sqlite3_io_methods>
  private let namePointer: UnsafeMutablePointer<CChar>?

  private static let counter = Atomic<Int>(0)

  /// Registers the file system. Nil when SQLite refuses.
  init?(_ disk: any Disk) {
    self.disk = disk
    name = "strata-\(SQLiteDisk.counter.wrappingAdd(1, ordering: .relaxed).newValue)"
    namePointer = strdup(name)
    methods = .allocate(capacity: 1)
    methods.initialize(to: sqlite3_io_methods())
    vfs = .allocate(capacity: 1)
    vfs.initialize(to: sqlite3_vfs())
    fillMethods()
    fillSystem()
    vfs.pointee.pAppData = Unmanaged.passUnretained(self).toOpaque()
    if sqlite3_vfs_register(vfs, 0) != SQLITE_OK { return nil }
  }

  deinit {
    _ = sqlite3_vfs_unregister(vfs)
    vfs.deallocate()
    methods.deallocate()
    Glibc.free(namePointer)
  }

  /// Runs `work` and translates its failure into SQLite's number.
  fileprivate func attempt(_ code: Int32, _ work: () throws(DiskFailure) -> Int32) -> Int32 {
    do throws(DiskFailure) { return try work() } catch {
      lastFailure = error
      return error.isNoSpace ? SQLITE_FULL : code
    }
  }

  private func fillSystem() {
    vfs.pointee.iVersion = 2
    vfs.pointee.szOsFile = Int32(MemoryLayout<SQLiteFileSlot>.size)
    vfs.pointee.mxPathname = 4096
    vfs.pointee.zName = UnsafePointer(namePointer)
    vfs.pointee.xOpen = { vfs, path, slot, flags, outFlags in
      guard let owner = diskOf(vfs), let slot else { return SQLITE_CANTOPEN }
      slot.pointee.pMethods = nil
      // Nameless files would be temporary ones, which are kept in memory.
      guard let path else { return SQLITE_CANTOPEN }
      return owner.open(String(cString: path), slot, flags, outFlags)
    }
    vfs.pointee.xDelete = { vfs, path, syncsDirectory in
      guard let owner = diskOf(vfs), let path else { return InputOutputCode.delete }
      let name = String(cString: path)
      return owner.attempt(InputOutputCode.delete) { () throws(DiskFailure) -> Int32 in
        if try !owner.disk.exists(name) { return InputOutputCode.deleteMissing }
        try owner.disk.remove(name)
        if syncsDirectory != 0 { try owner.disk.syncDirectory(directory(of: name)) }
        return SQLITE_OK
      }
    }
    vfs.pointee.xAccess = { vfs, path, _, result in
      guard let owner = diskOf(vfs), let path, let result else { return InputOutputCode.access }
      return owner.attempt(InputOutputCode.access) { () throws(DiskFailure) -> Int32 in
        result.pointee = try owner.disk.exists(String(cString: path)) ? 1 : 0
        return SQLITE_OK
      }
    }
    vfs.pointee.xFullPathname = { _, path, count, out in
      guard let path, let out, strlen(path) < count else { return SQLITE_CANTOPEN }
      strcpy(out, path)
      return SQLITE_OK
    }
    vfs.pointee.xRandomness = { _, count, out in
      guard let out else { return 0 }
      var random = SystemRandomNumberGenerator()
      for index in 0..<Int(max(0, count)) { out[index] = CChar(truncatingIfNeeded: random.next() as UInt64) }
      return count
    }
    vfs.pointee.xSleep = { _, microseconds in
      usleep(UInt32(max(0, microseconds)))
      return microseconds
    }
    // Nothing in the log depends on the time; SQLite only wants the call to exist.
    vfs.pointee.xCurrentTime = { _, out in
      out?.pointee = 2_440_587.5
      return SQLITE_OK
    }
    vfs.pointee.xCurrentTimeInt64 = { _, out in
      out?.pointee = 210_866_760_000_000
      return SQLITE_OK
    }
    vfs.pointee.xGetLastError = { vfs, _, _ in diskOf(vfs)?.lastFailure?.code ?? 0 }
  }

  private func open(
    _ path: String, _ slot: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    let creates = flags & SQLITE_OPEN_CREATE != 0
    let mode: OpenMode = flags & SQLITE_OPEN_READWRITE == 0 ? .read : creates ? .create : .readWrite
    return attempt(SQLITE_CANTOPEN) { () throws(DiskFailure) -> Int32 in
      let opened = SQLiteFile(
        file: try disk.open(path, mode), owner: self, needsDirectorySync: creates,
        deletesOnClose: flags & SQLITE_OPEN_DELETEONCLOSE != 0)
      if flags & SQLITE_OPEN_MAIN_DB != 0 { main = opened }
      if flags & SQLITE_OPEN_WAL != 0 { opened.isLog(ofSize: try opened.file.size()) }
      if flags & SQLITE_OPEN_WAL != 0, main?.lockLevel == SQLITE_LOCK_EXCLUSIVE { try writeAnew(opened.file) }
      UnsafeMutableRawPointer(slot).assumingMemoryBound(to: SQLiteFileSlot.self).pointee.file =
        Unmanaged.passRetained(opened).toOpaque()
      slot.pointee.pMethods = UnsafePointer(methods)
      outFlags?.pointee = flags
      return SQLITE_OK
    }
  }

  /// Writes the whole write-ahead log over itself and syncs it. After a sync that failed in an earlier process, the
  /// kernel may show frames that the disk does not have. Recovery would copy them into the database, and after a crash
  /// the older frames on the disk would be copied over them in turn. Safe: the database is locked for this process
  /// alone, and tearing a write of the same bytes changes nothing.
  private func writeAnew(_ file: any DiskFile) throws(DiskFailure) {
    let size = try file.size()
    if size == 0 { return }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(size, 1 << 20), alignment: 16)
    defer { piece.deallocate() }
    var offset = 0
    while offset < size {
      let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, size - offset)])
      try file.readFully(at: offset, into: part)
      try file.write(UnsafeRawBufferPointer(part), at: offset)
      offset += part.count
    }
    try file.sync()
  }

  private func fillMethods() {
    methods.pointee.iVersion = 1
    methods.pointee.xClose = { slot in
      guard let slot else { return InputOutputCode.close }
      let raw = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: SQLiteFileSlot.self)
      guard let pointer = raw.pointee.file else { return SQLITE_OK }
      raw.pointee.file = nil
      slot.pointee.pMethods = nil
      let opened = Unmanaged<SQLiteFile>.fromOpaque(pointer).takeRetainedValue()
      return opened.owner.attempt(InputOutputCode.close) { () throws(DiskFailure) -> Int32 in
        try opened.file.close()
        if opened.deletesOnClose { try opened.owner.disk.remove(opened.file.path) }
        return SQLITE_OK
      }
    }
    methods.pointee.xRead = { slot, target, count, offset in
      guard let opened = fileOf(slot), let target else { return InputOutputCode.read }
      return opened.owner.attempt(InputOutputCode.read) { () throws(DiskFailure) -> Int32 in
        let buffer = UnsafeMutableRawBufferPointer(start: target, count: Int(count))
        let done = try opened.file.read(at: Int(offset), into: buffer)
        if done == buffer.count { return SQLITE_OK }
        memset(target + done, 0, buffer.count - done)
        return InputOutputCode.shortRead
      }
    }
    methods.pointee.xWrite = { slot, source, count, offset in
      guard let opened = fileOf(slot), let source else { return InputOutputCode.write }
      return opened.owner.attempt(InputOutputCode.write) { () throws(DiskFailure) -> Int32 in
        try opened.write(UnsafeRawBufferPointer(start: source, count: Int(count)), at: Int(offset))
        return SQLITE_OK
      }
    }
    methods.pointee.xTruncate = { slot, size in
      guard let opened = fileOf(slot) else { return InputOutputCode.truncate }
      return opened.owner.attempt(InputOutputCode.truncate) { () throws(DiskFailure) -> Int32 in
        try opened.truncate(to: Int(size))
        return SQLITE_OK
      }
    }
    methods.pointee.xSync = { slot, _ in
      guard let opened = fileOf(slot) else { return InputOutputCode.sync }
      return opened.owner.attempt(InputOutputCode.sync) { () throws(DiskFailure) -> Int32 in
        try opened.file.sync()
        if opened.needsDirectorySync {
          try opened.owner.disk.syncDirectory(directory(of: opened.file.path))
          opened.needsDirectorySync = false
        }
        return SQLITE_OK
      }
    }
    methods.pointee.xFileSize = { slot, out in
      guard let opened = fileOf(slot), let out else { return InputOutputCode.size }
      return opened.owner.attempt(InputOutputCode.size) { () throws(DiskFailure) -> Int32 in
        out.pointee = Int64(try opened.file.size())
        return SQLITE_OK
      }
    }
    methods.pointee.xLock = { slot, level in
      guard let opened = fileOf(slot) else { return InputOutputCode.lock }
      return opened.owner.attempt(InputOutputCode.lock) { () throws(DiskFailure) -> Int32 in
        try raiseLock(opened, to: level)
      }
    }
    methods.pointee.xUnlock = { slot, level in
      guard let opened = fileOf(slot) else { return InputOutputCode.unlock }
      return opened.owner.attempt(InputOutputCode.unlock) { () throws(DiskFailure) -> Int32 in
        try lowerLock(opened, to: level)
      }
    }
    methods.pointee.xCheckReservedLock = { slot, out in
      guard let opened = fileOf(slot), let out else { return InputOutputCode.checkLock }
      return opened.owner.attempt(InputOutputCode.checkLock) { () throws(DiskFailure) -> Int32 in
        if opened.lockLevel >= SQLITE_LOCK_RESERVED {
          out.pointee = 1
        } else {
          out.pointee = try opened.file.isLockedElsewhere(from: LockBytes.reserved, count: 1) ? 1 : 0
        }
        return SQLITE_OK
      }
    }
    methods.pointee.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
    methods.pointee.xSectorSize = { _ in 4096 }
    // A write leaves the bytes around it alone even when power fails within it. Nothing more is promised.
    methods.pointee.xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
  }
}

/// SQLite's extended numbers for failures of input and output, which are macros that Swift does not import.
private enum InputOutputCode {
  static let read: Int32 = 10 | 1 << 8
  static let shortRead: Int32 = 10 | 2 << 8
  static let write: Int32 = 10 | 3 << 8
  static let sync: Int32 = 10 | 4 << 8
  static let truncate: Int32 = 10 | 6 << 8
  static let size: Int32 = 10 | 7 << 8
  static let unlock: Int32 = 10 | 8 << 8
  static let delete: Int32 = 10 | 10 << 8
  static let access: Int32 = 10 | 13 << 8
  static let checkLock: Int32 = 10 | 14 << 8
  static let lock: Int32 = 10 | 15 << 8
  static let close: Int32 = 10 | 16 << 8
  static let deleteMissing: Int32 = 10 | 23 << 8
}

/// Where SQLite's locks lie in every database file.
private enum LockBytes {
  static let pending = 0x4000_0000
  static let reserved = pending + 1
  static let shared = pending + 2
  static let sharedCount = 510
}

private func diskOf(_ vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> SQLiteDisk? {
  guard let pointer = vfs?.pointee.pAppData else { return nil }
  return Unmanaged<SQLiteDisk>.fromOpaque(pointer).takeUnretainedValue()
}

private func fileOf(_ slot: UnsafeMutablePointer<sqlite3_file>?) -> SQLiteFile? {
  guard let slot,
    let pointer = UnsafeMutableRawPointer(slot).assumingMemoryBound(to: SQLiteFileSlot.self).pointee.file
  else { return nil }
  return Unmanaged<SQLiteFile>.fromOpaque(pointer).takeUnretainedValue()
}

private func raiseLock(_ opened: SQLiteFile, to level: Int32) throws(DiskFailure) -> Int32 {
  let file = opened.file
  if opened.lockLevel >= level { return SQLITE_OK }
  if opened.lockLevel == SQLITE_LOCK_NONE {
    guard try file.lock(from: LockBytes.pending, count: 1, shared: true) else { return SQLITE_BUSY }
    let isShared = try file.lock(from: LockBytes.shared, count: LockBytes.sharedCount, shared: true)
    try file.unlock(from: LockBytes.pending, count: 1)
    if !isShared { return SQLITE_BUSY }
    opened.lockLevel = SQLITE_LOCK_SHARED
  }
  if level >= SQLITE_LOCK_RESERVED, opened.lockLevel < SQLITE_LOCK_RESERVED {
    guard try file.lock(from: LockBytes.reserved, count: 1, shared: false) else { return SQLITE_BUSY }
    opened.lockLevel = SQLITE_LOCK_RESERVED
  }
  if level >= SQLITE_LOCK_EXCLUSIVE {
    guard try file.lock(from: LockBytes.pending, count: 1, shared: false) else { return SQLITE_BUSY }
    opened.lockLevel = SQLITE_LOCK_PENDING
    guard try file.lock(from: LockBytes.shared, count: LockBytes.sharedCount, shared: false) else { return SQLITE_BUSY }
    opened.lockLevel = SQLITE_LOCK_EXCLUSIVE
  }
  return SQLITE_OK
}

private func lowerLock(_ opened: SQLiteFile, to level: Int32) throws(DiskFailure) -> Int32 {
  let file = opened.file
  if opened.lockLevel <= level { return SQLITE_OK }
  if level == SQLITE_LOCK_SHARED {
    guard try file.lock(from: LockBytes.shared, count: LockBytes.sharedCount, shared: true) else {
      return InputOutputCode.unlock
    }
    try file.unlock(from: LockBytes.pending, count: 1)
    try file.unlock(from: LockBytes.reserved, count: 1)
  } else {
    try file.unlock(from: LockBytes.pending, count: LockBytes.sharedCount + 2)
  }
  opened.lockLevel = level
  return SQLITE_OK
}
