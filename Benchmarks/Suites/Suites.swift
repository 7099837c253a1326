// The list of all measurements, in the order of the report.

/// All suites.
enum Suites {
  static var all: [Benchmark] { WordRace.benchmarks + CellBenchmarks.benchmarks + FrameBenchmarks.benchmarks }
}
