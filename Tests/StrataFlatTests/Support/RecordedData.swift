// Finds the recorded programs and the scale at which long tests run.

import Foundation

enum RecordedData {
  /// The folder of recorded data, beside the package unless the environment names another.
  static let shared: URL = {
    if let path = ProcessInfo.processInfo.environment["STRATA_SHARED"] { return URL(fileURLWithPath: path) }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return package.deletingLastPathComponent().appendingPathComponent("shared")
  }()

  static func files(_ folder: String) -> [URL] {
    let found = try? FileManager.default.contentsOfDirectory(
      at: shared.appendingPathComponent("data/flat/\(folder)"), includingPropertiesForKeys: nil)
    return (found ?? []).filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
  }

  static let isPresent = !files("own").isEmpty && !files("corpus").isEmpty

  /// Multiplies the work of property tests.
  static let scale = max(1, Int(ProcessInfo.processInfo.environment["STRATA_TEST_SCALE"] ?? "1") ?? 1)

  #if DEBUG
    /// Programs of more steps than this wait for a release build.
    static let longestProgram: UInt64 = 200_000
  #else
    static let longestProgram: UInt64 = .max
  #endif

  /// The name of a file as the table of intended differences writes it.
  static func name(_ file: URL) -> String { file.deletingPathExtension().lastPathComponent }
}
