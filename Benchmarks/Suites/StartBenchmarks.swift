// What it costs to start the command: CPU time and peak memory of `strata --version`.

/// Start-up of the command.
enum StartBenchmarks {
  static var benchmarks: [Benchmark] {
    [
      Benchmark("start/true") { _ in Processes.subject(["/bin/true"], unit: "start") },
      Benchmark("start/version", baseline: "start/true") { _ in
        Processes.subject([try Processes.strata(), "--version"], unit: "start")
      },
    ]
  }
}
