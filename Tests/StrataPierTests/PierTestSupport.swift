// Kernels as text, and directories that vanish.

import Foundation
import StrataMemory
import StrataNoun
import StrataStore

@testable import StrataPier

/// The jam of a noun's text.
func jam(_ text: String) throws -> [UInt8] {
  var options = LoomOptions()
  options.reservationBytes = 1 << 30
  let loom = try Loom(options)
  return try loom.nursery.jammed(NounText.read(Array(text.utf8), into: loom.nursery))
}

/// The text of a jam.
func text(_ jam: [UInt8]) throws -> String {
  var options = LoomOptions()
  options.reservationBytes = 1 << 30
  let loom = try Loom(options)
  return try NounText.string(try loom.nursery.cued(jam), in: loom.nursery)
}

enum Kernels {
  /// Counts; its state is the number.
  static let counter = "[[[1 0] 4 0 13] [0 0] 0]"
  /// Counts twice; its state is a pair of equal numbers.
  static let twins = "[[[1 0] [4 0 26] 4 0 27] [0 0 0] 0]"
  /// Event 0 crashes, 1 never ends, 2 eats memory without end, 3 has effects; all others are put before the list that
  /// is the state.
  static let mixed = """
    [[6 [5 [1 0] 0 12] [0 0] 6 [5 [1 1] 0 12] [9 2 0 1] \
    6 [5 [1 2] 0 12] [9 2 10 [13 [0 13] 0 13] 0 1] \
    6 [5 [1 3] 0 12] [[[[1 7] 0 13] 1 0] 0 13] \
    [1 0] [0 12] 0 13] [0 0] 0]
    """
}

/// A directory of the real disk that is removed in the end.
final class Scratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "strata-pier-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var pier: String { path + "/pier" }
}

/// Options for small machines.
func testOptions(_ change: (inout PierOptions) -> Void = { _ in }) -> PierOptions {
  var options = PierOptions()
  options.loomBytes = 8 << 30
  options.store.segmentPages = 4
  options.store.keptSegments = 2
  options.eventNanoseconds = 30_000_000_000
  change(&options)
  return options
}
