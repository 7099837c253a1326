// Where a verb's input comes from: a file, or standard input when the operand is `-` or absent. Guarantees that the
// whole input is in memory and constant while the verb works on it; a file that changes meanwhile does no harm.

import Glibc

/// The whole of one input.
struct Input: ~Copyable {
  /// How messages name it.
  let name: String
  private let storage: UnsafeMutableRawBufferPointer
  private let count: Int

  /// The bytes, valid as long as the value lives.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: storage.baseAddress, count: count)
  }

  /// Reads a file, or standard input for `-` and for no operand.
  ///
  /// A verb that reads `binary` data refuses a terminal, where nobody can type such data.
  init(_ operand: String?, binary: Bool, verb: String) throws(Failure) {
    let isStandard = operand == nil || operand == "-"
    name = isStandard ? "standard input" : operand ?? ""
    if isStandard && binary && Syscalls.isTerminal(STDIN_FILENO) {
      throw .usage("no FILE given, and standard input is a terminal", verb: verb)
    }
    let opened: Int32
    do {
      opened = isStandard ? STDIN_FILENO : try Syscalls.openForReading(name)
    } catch {
      throw .system("cannot open", errno: error.errno, subject: name)
    }
    defer { if !isStandard { try? Syscalls.close(opened) } }
    (storage, count) = try Self.readAll(opened, name: name)
  }

  deinit {
    free(storage.baseAddress)
  }

  private static func readAll(
    _ descriptor: Int32, name: String
  ) throws(Failure) -> (UnsafeMutableRawBufferPointer, Int) {
    var capacity: Int
    do {
      let size = try Syscalls.size(descriptor)
      if size.isDirectory { throw Failure(.usage, "is a directory", subject: name) }
      // One byte more than the file, so that its end is seen without growing.
      capacity = max(size.bytes + 1, 1 << 16)
    } catch let failure as Failure {
      throw failure
    } catch let error as SystemError {
      throw .system("cannot read", errno: error.errno, subject: name)
    } catch {
      throw Failure(.system, "cannot read", subject: name)
    }
    var memory = malloc(capacity)
    var count = 0
    while true {
      guard let start = memory else { throw .system("cannot read", errno: ENOMEM, subject: name) }
      if count == capacity {
        let (grown, overflow) = capacity.multipliedReportingOverflow(by: 2)
        guard !overflow, let larger = realloc(start, grown) else {
          free(start)
          throw .system("cannot read", errno: ENOMEM, subject: name)
        }
        memory = larger
        capacity = grown
        continue
      }
      let got: Int
      do {
        let rest = UnsafeMutableRawBufferPointer(start: start + count, count: capacity - count)
        got = try Syscalls.read(descriptor, into: rest)
      } catch {
        free(start)
        throw .system("cannot read", errno: error.errno, subject: name)
      }
      if got == 0 { return (UnsafeMutableRawBufferPointer(start: start, count: capacity), count) }
      count += got
    }
  }
}
