// The real disk: every system call of the store and the log is in this file, and every return code is looked at.

import CPlatform
import Glibc

/// The machine's own file system.
public final class RealDisk: Disk {
  public init() {}

  public func open(_ path: String, _ mode: OpenMode) throws(DiskFailure) -> any DiskFile {
    let flags: Int32 =
      switch mode {
      case .read: O_RDONLY | O_CLOEXEC
      case .readWrite: O_RDWR | O_CLOEXEC
      case .create: O_RDWR | O_CREAT | O_CLOEXEC
      }
    while true {
      let descriptor = Glibc.open(path, flags, 0o644)
      if descriptor >= 0 { return RealFile(path: path, descriptor: descriptor) }
      let code = platform_errno()
      if code != EINTR { throw DiskFailure(operation: .open, path: path, code: code) }
    }
  }

  public func exists(_ path: String) throws(DiskFailure) -> Bool {
    if access(path, F_OK) == 0 { return true }
    let code = platform_errno()
    if code == ENOENT || code == ENOTDIR { return false }
    throw DiskFailure(operation: .open, path: path, code: code)
  }

  public func remove(_ path: String) throws(DiskFailure) {
    if unlink(path) != 0 { throw DiskFailure(operation: .remove, path: path, code: platform_errno()) }
  }

  public func rename(_ old: String, to new: String) throws(DiskFailure) {
    if Glibc.rename(old, new) != 0 { throw DiskFailure(operation: .rename, path: old, code: platform_errno()) }
  }

  public func makeDirectory(_ path: String) throws(DiskFailure) {
    if mkdir(path, 0o755) == 0 { return }
    let code = platform_errno()
    if code != EEXIST { throw DiskFailure(operation: .makeDirectory, path: path, code: code) }
    var status = stat()
    if stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR {
      throw DiskFailure(operation: .makeDirectory, path: path, code: ENOTDIR)
    }
  }

  public func list(_ path: String) throws(DiskFailure) -> [String] {
    guard let stream = opendir(path) else {
      throw DiskFailure(operation: .list, path: path, code: platform_errno())
    }
    defer { closedir(stream) }
    var names: [String] = []
    // readdir tells its end from a failure by errno alone.
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    let code = platform_errno()
    if code != 0 { throw DiskFailure(operation: .list, path: path, code: code) }
    return names.sorted()
  }

  public func clone(_ path: String, to target: String) throws(DiskFailure) -> Bool {
    let source = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    if source < 0 { throw DiskFailure(operation: .open, path: path, code: platform_errno()) }
    defer { _ = Glibc.close(source) }
    let descriptor = Glibc.open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw DiskFailure(operation: .open, path: target, code: platform_errno()) }
    let isShared = platform_share_blocks(descriptor, source) == 0
    var code = isShared ? 0 : platform_errno()
    if isShared, fsync(descriptor) != 0 { code = platform_errno() }
    if Glibc.close(descriptor) != 0, code == 0 { code = platform_errno() }
    if code == 0 { return true }
    if unlink(target) != 0 { throw DiskFailure(operation: .remove, path: target, code: platform_errno()) }
    // Another file system, or one that cannot share.
    let isUnable = [EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ENOSYS, EPERM].contains(code)
    if !isShared, isUnable { return false }
    throw DiskFailure(operation: isShared ? .sync : .write, path: target, code: code)
  }

  public func syncDirectory(_ path: String) throws(DiskFailure) {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw DiskFailure(operation: .syncDirectory, path: path, code: platform_errno()) }
    let result = fsync(descriptor)
    let code = platform_errno()
    _ = Glibc.close(descriptor)
    if result != 0 { throw DiskFailure(operation: .syncDirectory, path: path, code: code) }
  }
}

/// An open file of the real disk. Any thread may use it; closing it while another uses it is the caller's error and
/// ends in a clean failure at worst, because the descriptor number is invalidated first.
final class RealFile: DiskFile, @unchecked Sendable {
  let path: String
  private var descriptor: Int32

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
  }

  private func failure(_ operation: DiskOperation) -> DiskFailure {
    DiskFailure(operation: operation, path: path, code: platform_errno())
  }

  func size() throws(DiskFailure) -> Int {
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw failure(.size) }
    return Int(status.st_size)
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(DiskFailure) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if count == 0 { break }
      if count > 0 {
        done += count
      } else if platform_errno() != EINTR {
        throw failure(.read)
      }
    }
    return done
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFailure) {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, base + done, bytes.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 {
        throw DiskFailure(operation: .write, path: path, code: 0)
      } else if platform_errno() != EINTR {
        throw failure(.write)
      }
    }
  }

  func sync() throws(DiskFailure) {
    // No second attempt, not even after EINTR: the kernel may have marked the lost pages as clean.
    if fdatasync(descriptor) != 0 { throw failure(.sync) }
  }

  func truncate(to size: Int) throws(DiskFailure) {
    while ftruncate(descriptor, off_t(size)) != 0 {
      if platform_errno() != EINTR { throw failure(.truncate) }
    }
  }

  func allocate(from offset: Int, count: Int) throws(DiskFailure) {
    while platform_allocate(descriptor, Int64(offset), Int64(count)) != 0 {
      let code = platform_errno()
      if code == EINTR { continue }
      if code == EOPNOTSUPP {
        // The file system cannot reserve: grow the file, and let the writes themselves find out about space.
        if try size() < offset + count { try truncate(to: offset + count) }
        return
      }
      throw DiskFailure(operation: .allocate, path: path, code: code)
    }
  }

  func punch(from offset: Int, count: Int) throws(DiskFailure) -> Bool {
    while platform_punch_hole(descriptor, Int64(offset), Int64(count)) != 0 {
      let code = platform_errno()
      if code == EINTR { continue }
      if code == EOPNOTSUPP { return false }
      throw DiskFailure(operation: .punch, path: path, code: code)
    }
    return true
  }

  func map(from offset: Int, count: Int, at address: UnsafeMutableRawPointer) throws(DiskFailure) {
    let result = mmap(address, count, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor, off_t(offset))
    if result == nil || result == platform_map_failed() { throw failure(.map) }
  }

  func lock(from offset: Int, count: Int, shared: Bool) throws(DiskFailure) -> Bool {
    let type = Int16(shared ? F_RDLCK : F_WRLCK)
    while platform_lock_range(descriptor, type, Int64(offset), Int64(count)) != 0 {
      let code = platform_errno()
      if code == EINTR { continue }
      if code == EAGAIN || code == EACCES { return false }
      throw DiskFailure(operation: .lock, path: path, code: code)
    }
    return true
  }

  func unlock(from offset: Int, count: Int) throws(DiskFailure) {
    if platform_lock_range(descriptor, Int16(F_UNLCK), Int64(offset), Int64(count)) != 0 { throw failure(.lock) }
  }

  func isLockedElsewhere(from offset: Int, count: Int) throws(DiskFailure) -> Bool {
    let answer = platform_range_is_locked(descriptor, Int64(offset), Int64(count))
    if answer < 0 { throw failure(.lock) }
    return answer == 1
  }

  func close() throws(DiskFailure) {
    let closing = descriptor
    descriptor = -1
    if closing >= 0, Glibc.close(closing) != 0 {
      let code = platform_errno()
      if code != EINTR { throw DiskFailure(operation: .close, path: path, code: code) }
    }
  }
}

/// Takes mappings of files out of a reserved range; the range stays reserved and unreadable.
func unmapFiles(at address: UnsafeMutableRawPointer, count: Int) throws(DiskFailure) {
  let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
  let result = mmap(address, count, PROT_NONE, flags, -1, 0)
  if result == nil || result == platform_map_failed() {
    throw DiskFailure(operation: .unmap, path: "a mapped store", code: platform_errno())
  }
}

/// Memory of `count` bytes, zeros, that costs nothing where it is not touched; nil when the system refuses.
func sparseMemory(count: Int) -> UnsafeMutableRawPointer? {
  let result = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
  return result == platform_map_failed() ? nil : result
}

/// Gives back what `sparseMemory` gave.
func freeSparseMemory(_ address: UnsafeMutableRawPointer, count: Int) {
  // Cannot fail for a range that mmap returned.
  _ = munmap(address, count)
}
