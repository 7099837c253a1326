// Every system call of the command line, in one place. Guarantees that no return code goes unread: each wrapper
// repeats what a signal interrupted and hands the caller either a value or an `errno`.

import CPlatform
import Glibc

/// A failed system call.
struct SystemError: Error {
  let errno: Int32
}

/// Thin wrappers over the C library.
enum Syscalls {
  /// The system's words for an error number.
  static func describe(errno code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Opens a file for reading.
  static func openForReading(_ path: String) throws(SystemError) -> Int32 {
    try check { open(path, O_RDONLY | O_CLOEXEC) }
  }

  /// Opens a file for writing, emptied or created.
  static func openForWriting(_ path: String) throws(SystemError) -> Int32 {
    try check { open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }
  }

  /// Opens a file of one's own for writing at its end, created where it is not there.
  static func openForAppending(_ path: String) throws(SystemError) -> Int32 {
    try check { open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
  }

  /// How wide the terminal of standard output is; 80 where that is not known.
  static var terminalColumns: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Closes a descriptor that was written to; a late write error surfaces here.
  static func close(_ descriptor: Int32) throws(SystemError) {
    if Glibc.close(descriptor) != 0 { throw SystemError(errno: platform_errno()) }
  }

  /// Reads up to the buffer's size; zero at the end of the input.
  static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    Int(try check { Glibc.read(descriptor, buffer.baseAddress, buffer.count) })
  }

  /// Writes all of the bytes.
  static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = Int(try check { Glibc.write(descriptor, rest.baseAddress, rest.count) })
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// The size of a regular file and whether it is one; other kinds of file have no size worth knowing.
  static func size(_ descriptor: Int32) throws(SystemError) -> (bytes: Int, isDirectory: Bool) {
    var status = stat()
    _ = try check { fstat(descriptor, &status) }
    let kind = status.st_mode & S_IFMT
    return (kind == S_IFREG ? Int(status.st_size) : 0, kind == S_IFDIR)
  }

  /// Whether there is a folder of that name.
  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether a descriptor is a terminal.
  static func isTerminal(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1
  }

  /// The value of an environment variable, unless it is unset or empty.
  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// What a symbolic link refers to.
  static func linkTarget(_ path: String) throws(SystemError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = try check { readlink(path, &buffer, buffer.count) }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Lets everybody run a file, and its owner write it.
  static func makeExecutable(_ path: String) throws(SystemError) { _ = try check { chmod(path, 0o755) } }

  /// Runs another program in this process's place. Returns only when that fails.
  static func replaceProcess(_ program: String, _ words: [String]) -> SystemError {
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    _ = execv(program, pointers)
    return SystemError(errno: platform_errno())
  }

  /// Repeats a call that a signal interrupted, and turns a negative result into an error.
  private static func check<Result: SignedInteger>(_ call: () -> Result) throws(SystemError) -> Result {
    while true {
      let result = call()
      if result >= 0 { return result }
      let code = platform_errno()
      if code != EINTR { throw SystemError(errno: code) }
    }
  }
}
