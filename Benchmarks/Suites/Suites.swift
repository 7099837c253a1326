// The list of all measurements, in the order of the report.

/// All suites.
enum Suites {
  static var all: [Benchmark] {
    StartBenchmarks.benchmarks + NockBenchmarks.benchmarks + NounBenchmarks.benchmarks + CellBenchmarks.benchmarks
      + FrameBenchmarks.benchmarks + NaturalBenchmarks.benchmarks + StoreBenchmarks.benchmarks
      + PierBenchmarks.benchmarks + FlatBenchmarks.benchmarks + PlanBenchmarks.benchmarks
      + WordRace.benchmarks
  }
}
