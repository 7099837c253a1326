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

/// A small generator whose seed a failing test prints.
struct SeededGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 17
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }
}
