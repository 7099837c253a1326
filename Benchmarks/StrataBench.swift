// The entry point of `strata-bench`: picks measurements, calibrates, measures and reports.

import Glibc

@main
struct StrataBench {
  static let usage = """
    usage: strata-bench [--only PART] [--smoke] [--json FILE] [--page FOLDER] [--list]

      --only PART    measure only what has PART in its name (and the baselines of that); may be repeated
      --smoke        run everything once, on small inputs
      --json FILE    also write the results as JSON; - is standard output
      --page FOLDER  also write FOLDER/benchmarks.md with a chart for each suite
      --list         print the names

    """

  static func main() {
    var parts: [String] = []
    var json: String?
    var page: String?
    var smoke = false
    var list = false
    var words = CommandLine.arguments.dropFirst()
    while let word = words.popFirst() {
      switch word {
      case "--only": if let part = words.popFirst() { parts.append(part) } else { fail(usage, 1) }
      case "--json": if let path = words.popFirst() { json = path } else { fail(usage, 1) }
      case "--page": if let path = words.popFirst() { page = path } else { fail(usage, 1) }
      case "--smoke": smoke = true
      case "--list": list = true
      default: fail(usage, word == "--help" ? 0 : 1)
      }
    }
    let chosen = choose(parts)
    if chosen.isEmpty { fail("strata-bench: nothing has that in its name; see --list\n", 1) }
    if list {
      for benchmark in chosen { print(benchmark.name) }
      return
    }
    let failures = run(chosen, smoke: smoke, json: json, page: page)
    exit(failures == 0 ? 0 : 2)
  }

  /// The benchmarks whose name has one of the parts, with their baselines, in the order of the suites.
  private static func choose(_ parts: [String]) -> [Benchmark] {
    let all = Suites.all
    var names = all.map(\.name).filter { name in parts.isEmpty || parts.contains { name.contains($0) } }
    names += all.filter { names.contains($0.name) }.compactMap(\.baseline)
    return all.filter { names.contains($0.name) }
  }

  private static func run(_ benchmarks: [Benchmark], smoke: Bool, json: String?, page: String?) -> Int {
    let before = smoke ? nil : calibrate()
    let harness = Harness(smoke: smoke)
    var outcomes: [Outcome] = []
    var skipped = 0
    var failures = 0
    say(Report.heading)
    for benchmark in benchmarks {
      do {
        let outcome = try harness.measure(benchmark)
        outcomes.append(outcome)
        say(Report(outcomes: outcomes, calibration: before).line(outcome))
      } catch let skip as Skip {
        skipped += 1
        say("\(benchmark.name): skipped: \(skip.reason)")
      } catch {
        failures += 1
        say("\(benchmark.name): failed: \(error)")
      }
    }
    say("\(outcomes.count) measured, \(skipped) skipped, \(failures) failed")
    if json != nil || page != nil {
      // A second calibration: the smaller of the two is the machine's own speed.
      let calibration = before.map { first in calibrate().map { first.best($0) } ?? first }
      do {
        let report = Report(outcomes: outcomes, calibration: calibration)
        if let json { try Files.write(json, report.json) }
        if let page { try Page(report: report).write(to: page) }
      } catch {
        fail("strata-bench: \(error)\n", 4)
      }
    }
    return failures
  }

  private static func calibrate() -> Calibration? {
    guard let scratch = try? Files.temporaryFolder() else { return nil }
    defer {
      for file in ["calibrate", "calibration"] { unlink("\(scratch)/\(file)") }
      rmdir(scratch)
    }
    guard let result = Calibration.run(source: "\(Files.shared)/bench/calibrate.c", scratch: scratch) else {
      say("no calibration program here: ratios to peers are not stated")
      return nil
    }
    say("calibration (ms): alu \(result.arithmetic), cells \(result.cells), dispatch \(result.dispatch)")
    return result
  }

  /// Prints a line at once, so that a long run can be followed through a pipe.
  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private static func fail(_ text: String, _ code: Int32) -> Never {
    var text = text
    _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(code)
  }
}
