// Files of the benchmarks: whole reads, whole writes, and where the recorded data lie.

import Glibc

/// A file that could not be read or written.
struct FileError: Error, CustomStringConvertible {
  let path: String
  let description: String

  init(_ path: String, _ action: String) {
    self.path = path
    description = "\(path): cannot \(action): \(String(cString: strerror(errno)))"
  }
}

/// Whole-file reading and writing.
enum Files {
  /// The directory with recorded data and the calibration program: beside the package, unless the environment says
  /// otherwise. It may be absent.
  static let shared = getenv("STRATA_SHARED").map { String(cString: $0) } ?? "../shared"

  /// All bytes of a file.
  static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw FileError(path, "open") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    if ferror(file) != 0 { throw FileError(path, "read") }
    return bytes
  }

  /// Where temporary files go: the environment's choice, or the system's usual place.
  private static let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"

  /// The path of a new empty file, which the caller removes.
  static func temporaryFile() throws -> String {
    try made {
      let descriptor = mkstemp($0)
      return descriptor >= 0 && close(descriptor) == 0
    }
  }

  /// The path of a new empty folder, which the caller removes.
  static func temporaryFolder() throws -> String { try made { mkdtemp($0) != nil } }

  private static func made(_ make: (UnsafeMutablePointer<CChar>) -> Bool) throws -> String {
    var name = Array("\(temporary)/strata-bench-XXXXXX".utf8CString)
    guard make(&name) else { throw FileError(temporary, "create something in") }
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Recorded data, or the reason why a benchmark has to be skipped.
  static func data(_ name: String) throws -> [UInt8] {
    let path = "\(shared)/data/\(name)"
    guard access(path, R_OK) == 0 else { throw Skip(reason: "no recorded \(name)") }
    return try read(path)
  }

  /// Replaces a file's content; `-` is standard output.
  static func write(_ path: String, _ text: String) throws {
    if path == "-" {
      print(text, terminator: "")
      return
    }
    guard let file = fopen(path, "wb") else { throw FileError(path, "create") }
    let written = fputs(text, file)
    if fclose(file) != 0 || written < 0 { throw FileError(path, "write") }
  }
}
