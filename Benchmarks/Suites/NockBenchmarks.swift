// The recorded Nock programs, as a user runs them: the whole process of `strata nock FILE --mug`, beside what u3 takes for the
// same, likewise from start to end.

import Glibc

/// Running Nock.
enum NockBenchmarks {
  static var benchmarks: [Benchmark] {
    Peers.programs.map { program in
      Benchmark("nock/\(program.name)") { _ in
        let path = "\(Files.shared)/data/nock/programs/\(program.name).jam"
        guard access(path, R_OK) == 0 else { throw Skip(reason: "no recorded \(program.name)") }
        return Processes.subject(
          [try Processes.strata(), "nock", path, "--mug"], unit: "run", peer: .u3(program.milliseconds, .dispatch))
      }
    }
  }
}
