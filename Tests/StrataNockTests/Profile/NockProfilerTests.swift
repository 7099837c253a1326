// Profiles, exact counts and traces of calls, and that they change nothing about the run.

import StrataMemory
import StrataNoun
import StrataProfile
import Testing

@testable import StrataNock

/// Counts down from 20,000 by counting up, the loop's formula marked with a name.
private let named =
  "[20.000 8 [1 0] 8 [1 11 [%mean 1 'turn'] 6 [5 [0 7] 4 0 6] [0 6] 9 2 [0 2] [4 0 6] 0 7] 9 2 0 1]"
/// Recursion that is not in tail position, 1,000 deep: two formulas that call each other.
private let deep = "[[1.000 0] 8 [1 6 [5 [0 6] 0 7] [1 0] 4 2 [[0 2] [0 6] 4 0 7] 0 2] 2 [0 1] 0 2]"

/// A run under watch.
private func run(
  _ text: String, profiler: NockProfiler? = nil, tracer: CallTracer? = nil,
  _ configure: (inout NockConfiguration) -> Void = { _ in }
) throws -> (machine: NockMachine, outcome: NockOutcome) {
  let loom = try Loom()
  let pair = try NounText.read(Array(text.utf8), into: loom.nursery)
  var configuration = NockConfiguration()
  configure(&configuration)
  let machine = NockMachine(loom, configuration)
  machine.profiler = profiler
  machine.tracer = tracer
  try loom.nursery.push(pair)
  return (machine, machine.run(subject: loom.nursery.head(pair), formula: loom.nursery.tail(pair)))
}

@Suite struct NockProfilerTests {
  @Test func countsAreExact() throws {
    let profiler = NockProfiler(.counting)
    let (machine, outcome) = try run(named, profiler: profiler)
    guard case .product(Word(direct: 19_999)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    let counts = profiler.counts(of: machine)
    #expect(counts == [EntryCount(name: "turn", entries: 20_000)])
    #expect(machine.steps == 20_000)
    let profile = profiler.profile(of: machine)
    #expect(profile.total == 20_000)
    #expect(profile.foldedStacks.split(separator: "\n").allSatisfy { $0.contains("turn ") }, "\(profile.foldedStacks)")
  }

  @Test func countsStopWithTheRun() throws {
    let profiler = NockProfiler(.counting, keepsStacks: false)
    let (machine, outcome) = try run(deep, profiler: profiler) { $0.stepLimit = 77 }
    guard case .stopped(.steps, _) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(profiler.counts(of: machine).map(\.entries) == [77])
    #expect(profiler.profile(of: machine).total == 0)
  }

  @Test func samplesNameWhatRuns() throws {
    let profiler = NockProfiler(.sampling(every: 100_000))
    var machine: NockMachine?
    // The machine is shared with others: give it a few chances to be seen at work.
    for _ in 0..<1_000 where profiler.isEmpty {
      machine = try run(named, profiler: profiler).machine
    }
    let profile = profiler.profile(of: try #require(machine))
    #expect(profile.foldedStacks.contains("turn "))
  }

  @Test func recursionIsFolded() throws {
    let profiler = NockProfiler(.counting)
    let (machine, _) = try run(deep, profiler: profiler)
    let lines = profiler.profile(of: machine).foldedStacks.split(separator: "\n")
    // However deep: the formula under what called it first, and under what lies too far out to be looked at.
    #expect(lines.count <= 4, "\(lines)")
  }

  @Test func watchingChangesNothing() throws {
    let plain = try run(deep)
    for watched in [
      try run(deep, profiler: NockProfiler(.counting)), try run(deep, tracer: CallTracer { _ in }),
      try run(deep, profiler: NockProfiler(.counting), tracer: CallTracer { _ in }),
    ] {
      guard case .product(let expected) = plain.outcome, case .product(let product) = watched.outcome else {
        Issue.record("\(watched.outcome)")
        return
      }
      #expect(expected == product && plain.machine.steps == watched.machine.steps)
    }
  }

  @Test func coresGiveTheirArmsTheirNames() throws {
    // A root with one gate, called twice.
    let profiler = NockProfiler(.counting)
    let (machine, _) = try run(
      "[0 7 [11 [%fast 1 %k139 [1 0] 0] 1 [1 0] 139] 8 [11 [%fast 1 %gate [0 7] 0] [1 4 0 6] [1 0] 0 1] [9 2 0 2] 9 2 0 2]",
      profiler: profiler)
    #expect(profiler.counts(of: machine) == [EntryCount(name: "k139/gate", entries: 2)])
  }
}

@Suite struct CallTracerTests {
  private final class Lines: @unchecked Sendable {
    var all: [String] = []
  }

  private func trace(_ text: String, _ options: CallTracer.Options = CallTracer.Options()) throws -> [String] {
    let lines = Lines()
    _ = try run(text, tracer: CallTracer(options) { lines.all.append($0) })
    return lines.all
  }

  @Test func callsNestAndReturn() throws {
    let lines = try trace("[[1 0] 8 [1 6 [5 [0 6] 0 7] [1 0] 4 2 [[0 2] [0 6] 4 0 7] 0 2] 2 [0 1] 0 2]")
    try #require(lines.count == 5, "\(lines)")
    #expect(lines[0].hasPrefix("> ") && lines[0].hasSuffix(" on [1 0]"))
    #expect(lines[1].hasPrefix("= ") && lines[2].hasPrefix("  > "))
    #expect(lines[3] == "  < 0" && lines[4] == "< 1")
  }

  @Test func aCrashEndsWhatWasOpen() throws {
    let lines = try trace("[0 7 [4 0 1] 4 2 [0 1] 1 0 0]")
    #expect(lines.count == 4 && lines[2] == "  < exit" && lines[3] == "< exit", "\(lines)")
  }

  @Test func depthAndSizeAreLimited() throws {
    var options = CallTracer.Options()
    options.mostDepth = 3
    options.nounBytes = 20
    let lines = try trace(deep, options)
    #expect(lines.count == 6 + 1)
    for line in lines { #expect(!line.hasPrefix(String(repeating: "  ", count: 3)) && line.utf8.count < 100) }
    options.mostLines = 2
    #expect(try trace(deep, options).last == "... and so on")
  }

  @Test func virtualRunsAreSeenFromInside() throws {
    // A scry without a gate crashes; what called it is closed.
    let lines = try trace("[0 12 [1 0] 1 0]")
    #expect(lines.last == "< exit")
  }
}
