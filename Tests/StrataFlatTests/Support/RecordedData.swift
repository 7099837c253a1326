// Finds the recorded programs, and says which of them a slow build leaves out.

import Foundation
import StrataTestSupport

enum RecordedData {
  static func files(_ folder: String) -> [URL] {
    recordedFiles("flat/\(folder)", suffix: ".json").map { URL(fileURLWithPath: $0) }
  }

  static let isPresent = !files("own").isEmpty && !files("corpus").isEmpty

  /// Programs of more steps than this wait for a release build.
  static let longestProgram: UInt64 = isDebug ? 200_000 : .max

  /// The name of a file as the table of intended differences writes it.
  static func name(_ file: URL) -> String { file.deletingPathExtension().lastPathComponent }
}
