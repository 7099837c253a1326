// What the command prints. Guarantees: output is buffered and complete, or its failure is reported; a reader that
// goes away early is not an error; colour appears only on a terminal that wants it.

import Glibc

/// A buffered writer over one descriptor that remembers its first failure instead of throwing at each call.
struct ByteSink: ~Copyable {
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var failure: SystemError?

  /// Bytes that are gathered before they are written.
  private static let capacity = 1 << 16

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Whether nobody reads any more, so that a verb may stop making output.
  var isClosed: Bool { failure != nil }

  /// Appends text.
  mutating func write(_ text: String) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  /// Appends bytes.
  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    if failure != nil { return }
    if buffer.count + bytes.count > Self.capacity { flush() }
    if bytes.count >= Self.capacity {
      writeThrough(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  /// Hands everything to the system.
  mutating func flush() {
    buffer.withUnsafeBytes { writeThrough($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Hands everything to the system and reports whether any of it was refused. A closed pipe is no refusal.
  mutating func finish() throws(SystemError) {
    flush()
    if let failure, failure.errno != EPIPE { throw failure }
  }

  private mutating func writeThrough(_ bytes: UnsafeRawBufferPointer) {
    if failure != nil || bytes.isEmpty { return }
    do {
      try Syscalls.write(descriptor, bytes)
    } catch {
      failure = error
    }
  }
}

/// The command's standard output and error, and how they may be used.
struct Console: ~Copyable {
  /// Where results go.
  var output = ByteSink(descriptor: STDOUT_FILENO)
  /// Whether results are read by a person.
  let outputIsTerminal = Syscalls.isTerminal(STDOUT_FILENO)
  /// Whether messages are read by a person.
  let errorIsTerminal = Syscalls.isTerminal(STDERR_FILENO)

  /// Whether messages may be coloured.
  var errorIsColoured: Bool { errorIsTerminal && Syscalls.environment("NO_COLOR") == nil }

  /// Prints one line of a result.
  mutating func print(_ line: String) {
    output.write(line)
    output.write("\n")
  }

  /// Writes a whole result to a file, or to standard output when no path is given.
  mutating func emit(_ bytes: UnsafeRawBufferPointer, to path: String?) throws(Failure) {
    guard let path, path != "-" else {
      output.write(bytes)
      return
    }
    do throws(SystemError) {
      let descriptor = try Syscalls.openForWriting(path)
      do throws(SystemError) {
        try Syscalls.write(descriptor, bytes)
      } catch {
        try? Syscalls.close(descriptor)
        throw error
      }
      try Syscalls.close(descriptor)
    } catch {
      throw .system("cannot write", errno: error.errno, subject: path)
    }
  }

  /// Prints a message beside the results; lost without complaint when standard error is closed.
  func message(_ text: String) {
    var text = text
    text.withUTF8 { try? Syscalls.write(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
  }

  /// Prints a failure in the one style that every verb shares.
  mutating func report(_ failure: Failure, verb: String?, json: Bool) {
    output.flush()
    let place = ["strata" + (verb.map { " \($0)" } ?? ""), failure.subject].compactMap { $0 }.joined(separator: ": ")
    if json {
      var object = JSONText()
      object.begin()
      object.member("error", failure.message)
      object.member("code", Int(failure.code.rawValue))
      if let subject = failure.subject { object.member("subject", subject) }
      if let advice = failure.advice { object.member("advice", advice) }
      object.end()
      message(object.text + "\n")
      return
    }
    var text = errorIsColoured ? "\(place): \u{1B}[1;31merror\u{1B}[0m: " : "\(place): error: "
    text += failure.message + "\n"
    if let excerpt = failure.excerpt { text += excerpt + "\n" }
    if let advice = failure.advice { text += "  try: \(advice)\n" }
    message(text)
  }
}
