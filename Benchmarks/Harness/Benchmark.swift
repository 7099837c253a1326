// What a measurement is, and how it is taken. Guarantees: CPU time of this process, not the wall's; a warm-up before
// the first sample; the median of the samples with their smallest and largest beside it; results that the optimiser
// cannot drop.

import CBaseline

/// How much work one sample does, so that times can be stated for each unit of it.
struct Work: Sendable {
  let count: Int
  /// What is counted: "cell", "byte", "step".
  let unit: String

  static func bytes(_ count: Int) -> Work { Work(count: count, unit: "byte") }
}

/// One thing that is ready to be measured.
struct Subject {
  let work: Work
  /// Runs one sample and returns something that depends on all that it computed.
  let run: () throws -> UInt64
  /// Turns a sample's result into its time, for work that is done in another process.
  var nanoseconds: ((UInt64) -> UInt64)?
  /// Prepares a sample; its time does not count.
  var before: () throws -> Void = {}
  /// The largest number of bytes that the sample kept in its own arena, when it has one.
  var arenaBytes: () -> Int? = { nil }
  /// What a peer takes for the same work, on the machine of its own calibration.
  var peer: PeerFigure?
}

/// Why a measurement cannot be taken here.
struct Skip: Error {
  let reason: String
}

/// A named measurement.
struct Benchmark {
  let name: String
  /// The measurement that the ratio is taken to.
  let baseline: String?
  /// Makes the subject. `smoke` asks for the smallest inputs that still run every part.
  let prepare: (_ smoke: Bool) throws -> Subject

  init(_ name: String, baseline: String? = nil, prepare: @escaping (_ smoke: Bool) throws -> Subject) {
    self.name = name
    self.baseline = baseline
    self.prepare = prepare
  }
}

/// The outcome of a measurement. Times are CPU nanoseconds of one sample.
struct Outcome {
  let name: String
  let baseline: String?
  let work: Work
  let samples: [UInt64]
  /// Host heap allocations of one sample.
  let allocations: UInt64
  let arenaBytes: Int?
  let peer: PeerFigure?

  var median: Double {
    let middle = samples.count / 2
    return samples.count % 2 == 1 ? Double(samples[middle]) : Double(samples[middle - 1] + samples[middle]) / 2
  }
  var smallest: UInt64 { samples.first ?? 0 }
  var largest: UInt64 { samples.last ?? 0 }
  var nanosecondsPerUnit: Double { median / Double(max(work.count, 1)) }
}

/// Takes measurements.
struct Harness {
  /// Whether only to run everything once.
  let smoke: Bool
  /// How many samples to take at most, and how much CPU time to spend on them.
  var largestSampleCount = 25
  var leastSampleCount = 5
  var budgetNanoseconds: UInt64 = 1_500_000_000

  /// Keeps results alive.
  nonisolated(unsafe) static var sink: UInt64 = 0

  /// Measures one benchmark.
  func measure(_ benchmark: Benchmark) throws -> Outcome {
    let subject = try benchmark.prepare(smoke)
    let (first, allocations) = try sample(subject)
    var samples: [UInt64] = []
    if smoke {
      samples = [first]
    } else {
      var spent: UInt64 = 0
      // The warm-up is the first sample, and more of them when one is short.
      var warm = first
      var warmUps = 1
      while warm < 20_000_000 && warmUps < 20 {
        warm += try sample(subject).nanoseconds
        warmUps += 1
      }
      while samples.count < leastSampleCount || (samples.count < largestSampleCount && spent < budgetNanoseconds) {
        let (nanoseconds, _) = try sample(subject)
        samples.append(nanoseconds)
        spent += nanoseconds
      }
    }
    samples.sort()
    return Outcome(
      name: benchmark.name, baseline: benchmark.baseline, work: subject.work, samples: samples,
      allocations: allocations, arenaBytes: subject.arenaBytes(), peer: subject.peer)
  }

  private func sample(_ subject: Subject) throws -> (nanoseconds: UInt64, allocations: UInt64) {
    try subject.before()
    let allocations = baseline_allocations()
    let start = baseline_cpu_nanoseconds()
    let result = try subject.run()
    let end = baseline_cpu_nanoseconds()
    Harness.sink = Harness.sink &* 31 &+ result
    return (subject.nanoseconds?(result) ?? end &- start, baseline_allocations() &- allocations)
  }
}
