// Files and folders that are gone afterwards: where they lie, what they are called, and who removes them.
//
// Guarantees: nothing that was there before is touched, and nobody else may look into what is made here.

import CPlatform
import Glibc

/// Temporary files and folders.
enum Temporary {
  /// Where temporary things belong.
  static var place: String { Syscalls.environment("TMPDIR") ?? "/tmp" }

  /// A file without a name in `folder`, open for reading and writing, to be closed by the caller; or the system's error number.
  static func file(in folder: String) -> Result<Int32, SystemError> {
    var path = template(folder, ".strata")
    let descriptor = mkstemp(&path)
    if descriptor < 0 { return .failure(SystemError(number: platform_errno())) }
    unlink(path)
    return .success(descriptor)
  }

  /// Runs `work` with a new folder, and removes it with the files in it.
  static func withFolder(_ work: (String) throws(Failure) -> Void) throws(Failure) {
    var path = template(place, "strata")
    guard mkdtemp(&path) != nil else {
      throw .system("cannot make a folder", errno: platform_errno(), subject: place)
    }
    let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { remove(folder) }
    try work(folder)
  }

  /// A number by which the system says what is wrong.
  struct SystemError: Error {
    let number: Int32
  }

  private static func template(_ folder: String, _ name: String) -> [CChar] {
    Array((folder + "/" + name + "-XXXXXX").utf8CString)
  }

  /// Removes a folder that holds files only. What cannot be removed stays; there is nothing to be done about it.
  private static func remove(_ folder: String) {
    if let stream = opendir(folder) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink(folder + "/" + name)
      }
      closedir(stream)
    }
    rmdir(folder)
  }
}
