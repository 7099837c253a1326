// What the store and the log ask of a disk, and nothing more.
//
// All persistence code goes through these two protocols, so that a simulated disk can stand in for the real one and
// crash, tear, reorder and fail at every single operation. Not a hot path: a call here costs a system call anyway.

import Glibc

/// The operations that can fail, as they appear in messages.
public enum DiskOperation: String, Sendable {
  case open, read, write, sync, truncate, allocate, map, unmap, lock, close, size
  case punch = "punch a hole in"
  case remove, rename
  case makeDirectory = "make directory"
  case list
  case syncDirectory = "sync directory"
}

/// A disk operation that did not do what it should: which one, on which file, and why.
public struct DiskFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let operation: DiskOperation
  public let path: String
  /// The system's error number, or 0 when the system reported success but did less than it was asked for.
  public let code: Int32

  public init(operation: DiskOperation, path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// Whether the disk, or the user's share of it, is full. Nothing is damaged then.
  public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
  /// Whether the file or directory does not exist.
  public var isMissing: Bool { code == ENOENT }

  /// One sentence: what happened, and what can be done.
  public var description: String {
    let reason = code == 0 ? "the system did only a part of it" : String(cString: strerror(code))
    return "cannot \(operation.rawValue) \(path): \(reason) (\(advice))"
  }

  private var advice: String {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: "free some space on this disk, then try again"
    case EACCES, EPERM, EROFS: "check the owner and the permissions of the file and its directory"
    case ENOENT: "check the path"
    case EMFILE, ENFILE: "close other files or raise ulimit -n"
    case ENOMEM: "free some memory or address space"
    case EIO: "the disk reports an error: look at the kernel's log, and copy what is still readable"
    case 0: "look for a full or failing disk"
    default: "look at the file and the kernel's log"
    }
  }
}

/// How to open a file.
public enum OpenMode: Sendable {
  /// The file must exist and is only read.
  case read
  /// The file must exist.
  case readWrite
  /// The file is made when it does not exist.
  case create
}

/// A disk: names, directories and the files behind them.
public protocol Disk: AnyObject, Sendable {
  /// Opens the file at `path`.
  func open(_ path: String, _ mode: OpenMode) throws(DiskFailure) -> any DiskFile
  /// Whether anything exists at `path`.
  func exists(_ path: String) throws(DiskFailure) -> Bool
  /// Removes the file at `path`. Durable after `syncDirectory`.
  func remove(_ path: String) throws(DiskFailure)
  /// Gives the file at `old` the name `new`, replacing what was there at once. Durable after `syncDirectory`.
  func rename(_ old: String, to new: String) throws(DiskFailure)
  /// Makes the directory, if it does not exist yet. Its parent must exist.
  func makeDirectory(_ path: String) throws(DiskFailure)
  /// The names in a directory, sorted.
  func list(_ path: String) throws(DiskFailure) -> [String]
  /// Makes the names in the directory at `path` durable.
  func syncDirectory(_ path: String) throws(DiskFailure)
  /// Makes the file at `target`, which must not exist, with the content of the one at `path`, durably, by sharing its
  /// blocks: in a time that hardly depends on its size. False, with nothing made, where the file system cannot do it.
  func clone(_ path: String, to target: String) throws(DiskFailure) -> Bool
}

extension Disk {
  public func clone(_ path: String, to target: String) throws(DiskFailure) -> Bool { false }
}

/// An open file. Everything that was locked through it is released when it is closed or the process ends.
public protocol DiskFile: AnyObject, Sendable {
  /// The path it was opened by.
  var path: String { get }
  /// The size in bytes.
  func size() throws(DiskFailure) -> Int
  /// Reads into `buffer` from byte `offset`; less than asked for only at the end of the file. Gives the number of bytes.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(DiskFailure) -> Int
  /// Writes all of `bytes` at byte `offset`. Durable after `sync`.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFailure)
  /// Makes everything written so far durable. After a failure nothing is known about what was written since the
  /// last success, and trying again proves nothing.
  func sync() throws(DiskFailure)
  /// Makes the file exactly `size` bytes long.
  func truncate(to size: Int) throws(DiskFailure)
  /// Reserves space for a range and grows the file to hold it, zeros where nothing was written.
  func allocate(from offset: Int, count: Int) throws(DiskFailure)
  /// Gives the space of a range back; it reads as zeros. False when this file system cannot do it.
  func punch(from offset: Int, count: Int) throws(DiskFailure) -> Bool
  /// Maps `count` bytes from byte `offset`, which is a multiple of the page size, read-only at exactly `address`,
  /// replacing what was mapped there.
  func map(from offset: Int, count: Int, at address: UnsafeMutableRawPointer) throws(DiskFailure)
  /// Locks a range of bytes for this open file. False when another open file holds it.
  func lock(from offset: Int, count: Int, shared: Bool) throws(DiskFailure) -> Bool
  /// Gives back a lock.
  func unlock(from offset: Int, count: Int) throws(DiskFailure)
  /// Whether another open file holds a lock that overlaps the range.
  func isLockedElsewhere(from offset: Int, count: Int) throws(DiskFailure) -> Bool
  /// Closes the file. Every further operation fails.
  func close() throws(DiskFailure)
}

extension DiskFile {
  /// Reads exactly `buffer.count` bytes; a file that ends earlier is a failure.
  public func readFully(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(DiskFailure) {
    if try read(at: offset, into: buffer) != buffer.count {
      throw DiskFailure(operation: .read, path: path, code: 0)
    }
  }
}

/// The directory part of `path`.
public func directory(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
