// What other runtimes take for the same work, as recorded on another machine, and the calibration that carries those
// figures to this one. Guarantees that a figure is only ever shown scaled: absolute times do not travel.

import CBaseline
import Glibc

/// The kernel of the calibration program that scales a figure.
enum Kernel: String, Sendable {
  case arithmetic = "alu"
  case cells = "cells"
  case dispatch = "dispatch"
}

/// A peer's recorded time.
struct PeerFigure: Sendable {
  let peer: String
  let milliseconds: Double
  let kernel: Kernel

  static func u3(_ milliseconds: Double, _ kernel: Kernel) -> PeerFigure {
    PeerFigure(peer: "u3", milliseconds: milliseconds, kernel: kernel)
  }
}

/// The recorded times, in milliseconds of CPU time, medians of five.
enum Peers {
  /// What the calibration program gave on the machine of the figures, in the same sitting.
  static let calibration = Calibration(arithmetic: 229, cells: 93, dispatch: 76)

  /// Serialisation by file: cue, jam, and a mug without cached mugs.
  static let serialisation: [(file: String, cue: Double, jam: Double, mug: Double)] = [
    ("cue-test.jam", 319, 336, 25.9),
    ("hoonc.jam", 148, 122, 11.7),
    ("small-blocks.jam", 132, 160, 13.9),
    ("ivory.pill", 211, 224, 22.1),
  ]

  /// Nock programs by name.
  static let programs: [(name: String, milliseconds: Double)] = [
    ("dec_cons_1m", 106), ("dec_edit_1m", 98), ("dec_nock2_1m", 149), ("raw_add_1000_3000", 60),
    ("raw_mul_60_60", 14.2), ("fib_raw_16", 54), ("fib_jet_24", 120), ("ack_raw_3_4", 23), ("ack_raw_2_50", 12.5),
    ("ack_jet_3_6", 104), ("fact_jet_1000", 3.6), ("iota_flop_200k", 81), ("tree_jet_18", 122), ("tree_eq_16", 74),
    ("deep_1200", 79), ("deep_jet_200k", 68), ("sum_jet_300k", 346), ("ub_ackermann", 1590),
  ]
}

/// The three kernels' times on one machine, in milliseconds.
struct Calibration: Sendable {
  var arithmetic: Double
  var cells: Double
  var dispatch: Double

  subscript(kernel: Kernel) -> Double {
    switch kernel {
    case .arithmetic: arithmetic
    case .cells: cells
    case .dispatch: dispatch
    }
  }

  /// What a peer's figure would be on the machine of this calibration, in nanoseconds.
  func scaled(_ figure: PeerFigure) -> Double {
    figure.milliseconds * 1e6 * self[figure.kernel] / Peers.calibration[figure.kernel]
  }

  /// The smaller of both times for each kernel: what disturbs a run only ever adds to it.
  func best(_ other: Calibration) -> Calibration {
    Calibration(
      arithmetic: min(arithmetic, other.arithmetic), cells: min(cells, other.cells),
      dispatch: min(dispatch, other.dispatch))
  }

  /// Builds and runs the calibration program. Nil when it is not there or does not build.
  static func run(source: String, scratch: String) -> Calibration? {
    guard access(source, R_OK) == 0 else { return nil }
    let program = scratch + "/calibrate"
    let output = scratch + "/calibration"
    for compiler in ["cc", "clang"] {
      if execute([compiler, "-O3", "-march=native", source, "-o", program], output: output) == 0 {
        guard execute([program], output: output) == 0 else { return nil }
        return read(output)
      }
    }
    return nil
  }

  private static func execute(_ words: [String], output: String) -> Int32 {
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var nanoseconds: UInt64 = 0
    var peak: UInt64 = 0
    return baseline_run(&arguments, output, &nanoseconds, &peak)
  }

  private static func read(_ path: String) -> Calibration? {
    guard let bytes = try? Files.read(path) else { return nil }
    var found: [String: Double] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2, let value = Double(words[1]) { found[String(words[0])] = value }
    }
    guard let arithmetic = found["alu"], let cells = found["cells"], let dispatch = found["dispatch"] else {
      return nil
    }
    return Calibration(arithmetic: arithmetic, cells: cells, dispatch: dispatch)
  }
}
