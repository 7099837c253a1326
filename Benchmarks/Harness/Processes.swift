// Work that is done in a process of its own: its CPU time and its peak memory, start and end included.

import CBaseline
import Glibc

/// Programs beside this one, and how one run of them is measured.
enum Processes {
  /// The command, which lies in the directory of this program.
  static func strata() throws -> String {
    guard let path = neighbour("strata") else { throw Skip(reason: "strata is not built; make build") }
    return path
  }

  private static func neighbour(_ name: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = own.lastIndex(of: "/") else { return nil }
    let path = own[...slash] + name
    return access(String(path), X_OK) == 0 ? String(path) : nil
  }

  /// A measurement of the process that these words start.
  static func subject(_ words: [String], unit: String, peer: PeerFigure? = nil) -> Subject {
    let peak = Peak()
    return Subject(
      work: Work(count: 1, unit: unit),
      run: {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var nanoseconds: UInt64 = 0
        var bytes: UInt64 = 0
        guard baseline_run(&arguments, "/dev/null", &nanoseconds, &bytes) == 0 else {
          throw Skip(reason: "\(words.joined(separator: " ")) does not end well")
        }
        peak.bytes = max(peak.bytes, Int(bytes))
        return nanoseconds
      }, nanoseconds: { $0 }, arenaBytes: { peak.bytes }, peer: peer)
  }

  private final class Peak {
    var bytes = 0
  }
}
