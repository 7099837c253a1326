import Foundation
import StrataText

@testable import StrataFlat

/// Where the recorded programs are, if they are here.
enum LanguageData {
  static var root: String {
    ProcessInfo.processInfo.environment["STRATA_SHARED"].map { $0 + "/data" }
      ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("shared/data").path
  }

  /// How much longer than usual the long tests run.
  static var scale: Int { ProcessInfo.processInfo.environment["STRATA_TEST_SCALE"].flatMap(Int.init) ?? 1 }

  static let sources: [String] = list("flat/sources", suffix: ".sx")

  static var isPresent: Bool { !sources.isEmpty }

  static func list(_ folder: String, suffix: String) -> [String] {
    for base in candidates {
      let path = base + "/" + folder
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { continue }
      return names.filter { $0.hasSuffix(suffix) }.sorted().map { path + "/" + $0 }
    }
    return []
  }

  /// Besides the package root itself, a checkout may stand one folder deeper.
  static var candidates: [String] {
    let parent = (root as NSString).deletingLastPathComponent as NSString
    return [root, (parent.deletingLastPathComponent as NSString).deletingLastPathComponent + "/shared/data"]
  }

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
