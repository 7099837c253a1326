// The files of a pier beside its store and its log: the lock that names its holder, and the marker that says that the
// pier is complete.

import Glibc
import StrataStore

/// The lock of a pier. It is the system's and goes with the process, so no stale lock is possible; the number in the file
/// only tells people who the holder is.
final class PierLock: Sendable {
  private let file: any DiskFile

  /// Takes the lock, or throws `.inUse` at once.
  init(_ paths: PierPaths, on disk: any Disk) throws(PierFailure) {
    file = try onDisk { () throws(DiskFailure) in try disk.open(paths.lock, .create) }
    guard try onDisk({ [file] () throws(DiskFailure) in try file.lock(from: 0, count: 1, shared: false) }) else {
      throw .inUse(path: paths.directory, holder: PierLock.holder(file))
    }
    var text = Array("\(getpid())\n".utf8)
    text += [UInt8](repeating: 0x20, count: max(0, 16 - text.count))
    // A courtesy: on a full disk the lock holds all the same.
    text.withUnsafeBytes { bytes in try? file.write(bytes, at: 0) }
  }

  /// Who holds the pier at `directory`, or nil when nobody does.
  static func holder(of directory: String, on disk: any Disk) -> (isHeld: Bool, process: Int?) {
    guard let file = try? disk.open(PierPaths(directory: directory).lock, .readWrite) else { return (false, nil) }
    defer { try? file.close() }
    guard let isHeld = try? file.isLockedElsewhere(from: 0, count: 1), isHeld else { return (false, nil) }
    return (true, holder(file))
  }

  private static func holder(_ file: any DiskFile) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard let count = try? bytes.withUnsafeMutableBytes({ try file.read(at: 0, into: $0) }) else { return nil }
    return Int(String(decoding: bytes.prefix(count).prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
  }

  /// Gives the lock back, also where a process that is just being started still has a copy of the open file.
  func release() {
    try? file.unlock(from: 0, count: 1)
    try? file.close()
  }
}

/// Who has a pier open.
public enum PierHolder: Equatable, Sendable {
  case nobody
  /// A process, with its number where it wrote that down.
  case process(Int?)

  /// Looks at the lock of the pier at `directory`, without taking it.
  public init(_ directory: String) throws(PierFailure) {
    let disk = RealDisk()
    guard try PierMarker.read(PierPaths(directory: directory), on: disk) != nil else {
      throw .notAPier(path: directory)
    }
    let (isHeld, process) = PierLock.holder(of: directory, on: disk)
    self = isHeld ? .process(process) : .nobody
  }
}

/// What a pier's marker says. A directory without one is no pier, however much else it holds.
struct PierMarker: Equatable, Sendable {
  static let format = 1
  var shape: KernelShape
  /// Whether old events are kept for ever instead of being trimmed.
  var keepsHistory: Bool

  private var text: String {
    "strata-pier \(PierMarker.format)\nshape \(shape.name)\nhistory \(keepsHistory ? "all" : "recent")\n"
  }

  /// Writes the marker: the pier is complete when this returns.
  func write(_ paths: PierPaths, on disk: any Disk) throws(PierFailure) {
    let draft = paths.marker + ".new"
    let bytes = Array(text.utf8)
    try onDisk { () throws(DiskFailure) in
      if try disk.exists(draft) { try disk.remove(draft) }
      let file = try disk.open(draft, .create)
      let failure: DiskFailure? = bytes.withUnsafeBytes { bytes in
        do throws(DiskFailure) { try file.write(bytes, at: 0) } catch { return error }
        return nil
      }
      if let failure { throw failure }
      try file.sync()
      try file.close()
      try disk.rename(draft, to: paths.marker)
      try disk.syncDirectory(paths.directory)
      try disk.syncDirectory(directory(of: paths.directory))
    }
  }

  /// Reads the marker; nil when there is none.
  static func read(_ paths: PierPaths, on disk: any Disk) throws(PierFailure) -> PierMarker? {
    guard try onDisk({ () throws(DiskFailure) in try disk.exists(paths.marker) }) else { return nil }
    let text = try onDisk { () throws(DiskFailure) -> String in
      let file = try disk.open(paths.marker, .read)
      var bytes = [UInt8](repeating: 0, count: 512)
      let result: Result<Int, DiskFailure> = bytes.withUnsafeMutableBytes { buffer in
        do throws(DiskFailure) { return .success(try file.read(at: 0, into: buffer)) } catch { return .failure(error) }
      }
      let count = try result.get()
      try file.close()
      return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
    var facts: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
    }
    guard let format = facts["strata-pier"].flatMap({ Int($0) }) else { throw .notAPier(path: paths.directory) }
    if format > PierMarker.format { throw .laterFormat(path: paths.directory, version: format) }
    guard let shape = facts["shape"].flatMap({ KernelShape(name: $0) }) else {
      throw .notAPier(path: paths.directory)
    }
    return PierMarker(shape: shape, keepsHistory: facts["history"] == "all")
  }
}
