import Foundation
import StrataTestSupport
import StrataText

@testable import StrataFlat

/// The recorded source programs, if they are here.
enum LanguageData {
  static let sources = recordedFiles("flat/sources", suffix: ".sx")

  static var isPresent: Bool { !sources.isEmpty }

  static func read(_ path: String) -> [UInt8] {
    FileManager.default.contents(atPath: path).map { Array($0) } ?? []
  }
}
