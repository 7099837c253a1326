// How many crash points the crash tests visit, and how a failure is told so that it can be repeated.

import Foundation

@testable import StrataStore

/// The scale of the crash tests.
enum CrashPlan {
  /// How many crash points each crash test visits: STRATA_CRASH_POINTS, or a number that suits every run.
  static var points: Int {
    if let text = ProcessInfo.processInfo.environment["STRATA_CRASH_POINTS"], let points = Int(text) { return points }
    return 600
  }

  /// Whether this is a long run, asked for by its number of points.
  static var isLong: Bool { points > 2000 }

  /// The first seed: STRATA_CRASH_SEED repeats a failure.
  static var firstSeed: UInt64 {
    if let text = ProcessInfo.processInfo.environment["STRATA_CRASH_SEED"], let seed = UInt64(text) { return seed }
    return 1
  }

  /// Prints every operation of `disk` when STRATA_CRASH_TRACE is set, to look into a failure.
  static func trace(_ disk: SimulatedDisk) {
    guard ProcessInfo.processInfo.environment["STRATA_CRASH_TRACE"] != nil else { return }
    disk.trace = { number, operation, path, fault in
      print(number, operation.rawValue, path, fault.map { "\($0)" } ?? "")
    }
  }
}

/// What a crash test found wrong, with the command that repeats it.
struct CrashFinding: Error, CustomStringConvertible {
  let test: String
  let seed: UInt64
  let point: String
  let finding: String

  var description: String {
    "\(finding) at \(point); repeat with STRATA_CRASH_SEED=\(seed) STRATA_CRASH_POINTS=1 swift test --filter \(test)"
  }
}
