// What it costs to start the command: CPU time and peak memory of `strata --version`.

import CBaseline
import Glibc

/// Start-up of the command.
enum StartBenchmarks {
  static var benchmarks: [Benchmark] {
    [
      Benchmark("start/true") { _ in try subject(["/bin/true"]) },
      Benchmark("start/version", baseline: "start/true") { _ in
        guard let command = neighbour("strata") else { throw Skip(reason: "strata is not built; make build") }
        return try subject([command, "--version"])
      },
    ]
  }

  /// The path of another program in the directory of this one.
  private static func neighbour(_ name: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = own.lastIndex(of: "/") else { return nil }
    let path = own[...slash] + name
    return access(String(path), X_OK) == 0 ? String(path) : nil
  }

  private static func subject(_ words: [String]) throws -> Subject {
    let peak = Peak()
    return Subject(work: Work(count: 1, unit: "start")) {
      var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
      arguments.append(nil)
      defer { for argument in arguments { free(argument) } }
      var nanoseconds: UInt64 = 0
      var bytes: UInt64 = 0
      guard baseline_run(&arguments, "/dev/null", &nanoseconds, &bytes) == 0 else {
        throw Skip(reason: "does not start")
      }
      peak.bytes = max(peak.bytes, Int(bytes))
      return nanoseconds
    } nanoseconds: {
      $0
    } arenaBytes: {
      peak.bytes
    }
  }

  private final class Peak {
    var bytes = 0
  }
}
