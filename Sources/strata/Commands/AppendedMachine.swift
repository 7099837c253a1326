// A program file with a machine behind its own pages: running the file runs the machine.
//
// The system lets nobody write to the file of a running program, and the machine writes to its own. So the program's
// pages are copied to a nameless file in memory, which is run in the process's place, and told where the machine is.

import CPlatform
import Glibc
import StrataStore

enum AppendedMachine {
  /// The file of the program that runs.
  static let ownProgram = "/proc/self/exe"

  /// Runs the machine behind this program's pages in the place of this process. Returns when there is none; gives the
  /// failure when it cannot be run.
  static func runIfAny() -> Failure? {
    // Where the program's file cannot be read there is no telling, and the command works as always.
    guard let start = try? EmbeddedDisk.start(inProgram: ownProgram, on: RealDisk()) else { return nil }
    do throws(SystemError) {
      let path = try Syscalls.linkTarget(ownProgram)
      let source = try Syscalls.openForReading(ownProgram)
      let copy = platform_memory_file("strata")
      if copy < 0 { throw SystemError(errno: platform_errno()) }
      try transfer(source, to: copy, count: start)
      try Syscalls.close(source)
      let words = ["strata", "plan", "machine", "run", "--granted", "--", path] + CommandLine.arguments.dropFirst()
      throw Syscalls.replaceProcess("/proc/self/fd/\(copy)", words)
    } catch {
      return .system("cannot run the machine behind this program", errno: error.errno, subject: nil)
    }
  }

  private static func transfer(_ source: Int32, to target: Int32, count: Int) throws(SystemError) {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { piece.deallocate() }
    var rest = count
    while rest > 0 {
      let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(piece.count, rest)])
      let got = try Syscalls.read(source, into: part)
      if got == 0 { return }
      try Syscalls.write(target, UnsafeRawBufferPointer(rebasing: part[..<got]))
      rest -= got
    }
  }
}
