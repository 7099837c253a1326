// The file driver: reads and writes files below one folder.
//
//     [%file %read path]                           gives  [%file %read 0 contents], or [%file %read 0] when it cannot
//     [%file %write path contents]                 gives  [%file %write path contents success]
//     [%file %batch-write ([path contents] ...)]   gives  [%file %batch-write ([path contents success] ...)]
//
// success is 0 for yes. A path that leads out of the folder is refused like a file that cannot be opened. A written file
// appears whole under its name, and is durable, or the old one stays.

import Glibc
import StrataMemory

/// Reads and writes files for the kernel.
public struct FileDriver: Driver {
  private let root: String

  /// Paths are looked for below `root`.
  public init(root: String) { self.root = root }

  public func act(on effect: Word, _ context: DriverContext) throws(Fault) {
    let nursery = context.nursery
    guard effect.isCell, nursery.octets(of: nursery.head(effect)) == Array("file".utf8),
      nursery.tail(effect).isCell, let verb = nursery.octets(of: nursery.head(nursery.tail(effect)))
    else { return }
    let body = nursery.tail(nursery.tail(effect))
    let tag = String(decoding: verb, as: UTF8.self)
    let file = try nursery.cord("file")
    let name = try nursery.cord(tag)
    switch tag {
    case "read":
      let contents = path(body, nursery).flatMap { readWholeFile($0, atMost: 1 << 30, flags: O_NOFOLLOW) }
      let unit = if let contents { try nursery.cell(.zero, nursery.atom(contents)) } else { Word.zero }
      _ = context.poke(try nursery.tuple([file, name, unit]), try context.wire("file", tag))
    case "write":
      guard let written = try write(body, nursery) else { return }
      _ = context.poke(try nursery.tuple([file, name, written]), try context.wire("file", tag))
    case "batch-write":
      var rest = body
      var written: [Word] = []
      while rest.isCell {
        if let one = try write(nursery.head(rest), nursery) { written.append(one) }
        rest = nursery.tail(rest)
      }
      _ = context.poke(try nursery.tuple([file, name, try nursery.list(written)]), try context.wire("file", tag))
    default: return
    }
  }

  /// Writes `[path contents]`; gives `[path contents success]`, or nil for another noun.
  private func write(_ body: Word, _ nursery: Nursery) throws(Fault) -> Word? {
    guard body.isCell, let contents = nursery.octets(of: nursery.tail(body)) else { return nil }
    let isDone = path(nursery.head(body), nursery).map { FileDriver.write(contents, to: $0) } ?? false
    return try nursery.tuple([nursery.head(body), nursery.tail(body), isDone ? .zero : .one])
  }

  /// The file that a kernel's path means, or nil when it may not have it.
  private func path(_ noun: Word, _ nursery: Nursery) -> String? {
    guard let bytes = nursery.octets(of: noun), !bytes.isEmpty, !bytes.contains(0) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    let parts = text.split(separator: "/").map { String($0) }
    if parts.isEmpty || parts.contains("..") || parts.contains(".") { return nil }
    // A link could lead out of the folder, so none is followed.
    var at = root
    for part in parts.dropLast() {
      at += "/" + part
      var status = stat()
      if lstat(at, &status) == 0, status.st_mode & S_IFMT != S_IFDIR { return nil }
    }
    return at + "/" + parts[parts.count - 1]
  }

  /// Makes the folders on the way, writes beside the file, syncs, and gives it its name.
  private static func write(_ bytes: [UInt8], to path: String) -> Bool {
    var at = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/").dropLast() {
      at += "/" + part
      if mkdir(at, 0o777) != 0, errno != EEXIST { return false }
    }
    let draft = path + ".new"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
    if descriptor < 0 { return false }
    var done = 0
    var isGood = true
    while isGood, done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count > 0 { done += count } else if errno != EINTR { isGood = false }
    }
    isGood = isGood && fsync(descriptor) == 0
    isGood = close(descriptor) == 0 && isGood
    isGood = isGood && rename(draft, path) == 0
    if !isGood { unlink(draft) }
    return isGood
  }
}
