// A folder of sources as the Hoon compiler wants it: every file under a name of its own, and one that is the entry.
//
// Guarantees: the same files give the same value wherever the folder lies and in whatever order the system lists it. Names
// that the compiler's parser of paths would crash on are refused here, with the file's name. No link to a folder is followed.

import Glibc

/// Sources for one build.
public struct HoonSources: Sendable {
  /// The entry's path as the compiler sees it, which ends up in the traces of what is built.
  public let entryPath: String
  /// The entry's text.
  public let entry: [UInt8]
  /// Every file below the folder, by its path from there, which begins with a slash.
  public let files: [(path: String, text: [UInt8])]

  /// What the compiler takes.
  private static let endings: Set<String> = [
    "jock", "hoon", "txt", "jam", "html", "css", "js", "jpg", "png", "gif",
  ]
  private static let mostBytes = 1 << 30
  private static let mostFiles = 1 << 20

  /// Reads the folder `root` and the file `entry`. The compiler sees the folder as `name`, by default a slash and the
  /// folder's own name, so that what is built does not depend on where the folder lies.
  public init(root: String, entry: String, as name: String? = nil) throws(PierFailure) {
    let folder = try HoonSources.canonical(root, "folder of sources")
    let file = try HoonSources.canonical(entry, "entry")
    let place = name ?? "/" + (folder.split(separator: "/").last.map { String($0) } ?? "")
    guard place.hasPrefix("/"), !place.hasSuffix("/") || place == "/" else {
      throw .unsupported("'\(place)' does not begin with a slash, or ends with one")
    }
    let prefix = folder == "/" ? "/" : folder + "/"
    if file.hasPrefix(prefix) {
      entryPath = (place == "/" ? "" : place) + "/" + file.dropFirst(prefix.count)
    } else {
      entryPath = file
    }
    if let letter = HoonSources.foreignLetter(in: entryPath, allowsCapitals: true) {
      throw .unsupported(
        "the compiler takes no '\(letter)' in '\(entryPath)' (give the folder another name)")
    }
    guard let text = readWholeFile(file, atMost: HoonSources.mostBytes) else {
      throw .unsupported("\(file) cannot be read: \(String(cString: strerror(errno)))")
    }
    self.entry = text
    files = try HoonSources.files(below: folder)
  }

  private static func canonical(_ path: String, _ what: String) throws(PierFailure) -> String {
    guard let real = realpath(path, nil) else {
      throw .unsupported("the \(what) \(path): \(String(cString: strerror(errno)))")
    }
    defer { free(real) }
    return String(cString: real)
  }

  /// The first letter that the compiler's parser of paths does not know.
  private static func foreignLetter(in path: String, allowsCapitals: Bool) -> Character? {
    path.first { letter in
      switch letter {
      case "a"..."z" where letter.isASCII, "0"..."9", "-", ".", "~", "_", "/": false
      case "A"..."Z" where letter.isASCII: !allowsCapitals
      default: true
      }
    }
  }

  private static func files(below folder: String) throws(PierFailure) -> [(path: String, text: [UInt8])] {
    var result: [(path: String, text: [UInt8])] = []
    var folders = [""]
    var bytes = 0
    while let inner = folders.popLast() {
      for name in try names(in: folder + inner) {
        let path = inner + "/" + name
        var status = stat()
        guard lstat(folder + path, &status) == 0 else {
          throw .unsupported("\(folder)\(path): \(String(cString: strerror(errno)))")
        }
        if status.st_mode & S_IFMT == S_IFDIR {
          // Tools keep their own things in such folders.
          if !name.hasPrefix(".") { folders.append(path) }
          continue
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let ending = parts.last, endings.contains(String(ending)) else { continue }
        if status.st_mode & S_IFMT == S_IFLNK {
          guard stat(folder + path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
        }
        guard status.st_mode & S_IFMT == S_IFREG else { continue }
        if let letter = foreignLetter(in: path, allowsCapitals: false) {
          throw .unsupported(
            "the compiler takes no '\(letter)' in a name, but there is \(folder)\(path) (rename or move it)")
        }
        guard let text = readWholeFile(folder + path, atMost: mostBytes) else {
          throw .unsupported("\(folder)\(path) cannot be read")
        }
        bytes += text.count
        result.append((path, text))
        if bytes > mostBytes || result.count > mostFiles {
          throw .unsupported("\(folder) holds more than a build may take")
        }
      }
    }
    return result.sorted { $0.path < $1.path }
  }

  private static func names(in folder: String) throws(PierFailure) -> [String] {
    guard let stream = opendir(folder) else {
      throw .unsupported("\(folder): \(String(cString: strerror(errno)))")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    if errno != 0 {
      throw .unsupported("\(folder): \(String(cString: strerror(errno)))")
    }
    return names.sorted()
  }
}

/// The bytes of a file; nil with `errno` set when it cannot be read or is larger than `limit`.
func readWholeFile(_ path: String, atMost limit: Int, flags: Int32 = 0) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
  if descriptor < 0 { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while bytes.count <= limit {
    let count = read(descriptor, &piece, piece.count)
    if count == 0 { return bytes }
    if count > 0 {
      bytes += piece[0..<count]
    } else if errno != EINTR {
      return nil
    }
  }
  errno = EFBIG
  return nil
}
