// How runs are limited: one set of options, read in one way, whichever machine runs. Guarantees that a size or a duration is
// written alike everywhere on the command line, and that a limit that ends a run gives exit code 3.

import StrataFlat
import StrataMemory
import StrataNock
import StrataPier
import StrataPlan

extension Option {
  static let memory = Option("memory", letter: "m", value: "SIZE", "stop when more memory is needed, such as 512M")
  static let steps = Option("steps", value: "N", "stop after N steps: calls in Nock and PLAN, instructions in Flat")
  static let depth = Option(
    "depth", value: "N", "stop when calls nest deeper than N; Nock and PLAN count 128 bytes of stack as one")
  static let time = Option("time", value: "DURATION", "stop after this time, such as 2, 0.5, 250ms or 10m")

  /// What limits a run. Every verb that runs programs has these.
  static let limits: [Option] = [memory, steps, depth, time]
}

/// What an invocation lets a run use; nil where it does not say.
struct Limits {
  var bytes: Int?
  var steps: UInt64?
  var depth: Int?
  var nanoseconds: UInt64?

  /// What piers say of the limits in their help.
  static let ofEvents = "Limits are those of each event; --time is 10 minutes unless given."

  init(_ invocation: Invocation) throws(Failure) {
    bytes = try invocation.size(.memory)
    steps = try invocation.number(.steps, minimum: 0).map { UInt64($0) }
    depth = try invocation.number(.depth, minimum: 1)
    nanoseconds = try invocation.duration(.time)
  }

  /// A loom within the limits.
  var loom: LoomOptions {
    var options = LoomOptions()
    options.budgetBytes = bytes
    return options
  }

  /// Limits a Nock machine. Its memory is limited by its loom.
  func apply(to configuration: inout NockConfiguration) {
    configuration.stepLimit = steps
    configuration.depthLimit = depth
    configuration.timeLimit = nanoseconds
  }

  /// Limits a PLAN machine. Its memory is limited by its loom.
  func apply(to machine: PlanMachine) {
    machine.stepLimit = steps.map { Int(clamping: $0) }
    machine.depthLimit = depth
    machine.timeLimit = nanoseconds
  }

  /// Limits each event of a pier, and each question.
  func apply(to options: inout PierOptions) {
    options.eventBytes = bytes
    options.eventSteps = steps
    options.eventDepth = depth
    if let nanoseconds {
      options.eventNanoseconds = nanoseconds
      options.peekNanoseconds = min(options.peekNanoseconds ?? .max, nanoseconds)
    }
  }

  /// Flat's budget, in which `usual` holds where the invocation says nothing. `stop` ends the evaluation as well.
  func budget(usual: Budget, stop: StopSignal?) -> Budget {
    var budget = usual
    if let bytes { budget.bytes = UInt64(bytes) }
    if let steps { budget.steps = steps }
    if let depth { budget.depth = UInt32(clamping: depth) }
    budget.stop = stop
    return budget
  }

  /// Does the work of a machine that stops by a signal, within the time that there is.
  func timed<Result>(
    _ signal: StopSignal, _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let deadline: Watchdog.Request?
    do throws(Fault) {
      deadline = try Watchdog.shared.stop(signal.handle, after: nanoseconds)
    } catch {
      throw .fault(error, subject: nil)
    }
    defer { if let deadline { Watchdog.shared.withdraw(deadline) } }
    return try work()
  }
}

extension Invocation {
  /// The value of an option that takes a size.
  func size(_ option: Option) throws(Failure) -> Int? {
    guard let text = value(option) else { return nil }
    guard let bytes = Quantity.bytes(text) else {
      throw .usage("--\(option.name) wants a size such as 65536, 512M or 2G, not '\(text)'", verb: verb)
    }
    return bytes
  }

  /// The value of an option that takes a duration, in nanoseconds.
  func duration(_ option: Option) throws(Failure) -> UInt64? {
    guard let text = value(option) else { return nil }
    guard let nanoseconds = Quantity.nanoseconds(text) else {
      throw .usage("--\(option.name) wants a duration such as 2, 0.5, 250ms or 10m, not '\(text)'", verb: verb)
    }
    return nanoseconds
  }
}

/// How sizes and durations are read.
enum Quantity {
  /// A number of bytes with an optional binary suffix; nil when the text is none.
  static func bytes(_ text: String) -> Int? {
    let suffixes: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    var digits = Substring(text)
    var unit = 1
    if let last = digits.last?.uppercased().first, let factor = suffixes[last] {
      unit = factor
      digits.removeLast()
    }
    guard let count = Int(digits), count > 0 else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow ? nil : bytes
  }

  /// A duration in seconds, or in what its suffix says, as nanoseconds; nil when the text is none.
  static func nanoseconds(_ text: String) -> UInt64? {
    // Longer ones first: "ms" ends in "s".
    let suffixes = [("ms", 1e6), ("us", 1e3), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
    let suffix = suffixes.first { text.hasSuffix($0.0) }
    guard let count = Double(text.dropLast(suffix?.0.utf8.count ?? 0)) else { return nil }
    let nanoseconds = count * (suffix?.1 ?? 1e9)
    guard nanoseconds >= 1, nanoseconds < 1e18 else { return nil }
    return UInt64(nanoseconds)
  }
}
