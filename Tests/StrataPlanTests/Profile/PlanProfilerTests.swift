// Profiles of PLAN programs: exact counts, samples that name laws, labels in the timeline, records for the program itself.

import StrataMemory
import StrataProfile
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct PlanProfilerTests {
  /// fib without memory of what it knows, for naturals.
  private static let fib = """
    #{%fib 1 [[[If [[Lt 1] [2]]] 1] [[Add [0 [[Sub 1] [1]]]] [0 [[Sub 1] [2]]]]]}
    """

  private func evaluated(
    _ text: String, _ machine: PlanMachine, grants: PlanGrants = .none
  ) throws -> String {
    machine.grants = grants
    let word = try machine.read(text: Array(text.utf8)) { _ in nil }
    return machine.text(try machine.force(word))
  }

  @Test func countsAreExact() throws {
    let machine = try PlanMachine()
    let profiler = PlanProfiler(.counting)
    machine.profiler = profiler
    #expect(try evaluated("(\(Self.fib) 15)", machine) == "610")
    let counts = profiler.counts
    // A call for each node of the tree of calls.
    #expect(counts.first { $0.name == "fib" }?.entries == 1973, "\(counts)")
    #expect(profiler.profile.foldedStacks.contains("fib "))
    #expect(profiler.profile.total == counts.reduce(0) { $0 + $1.entries })
  }

  @Test func samplesNameLawsAndLabels() throws {
    let machine = try PlanMachine()
    let profiler = PlanProfiler(.sampling(every: 100_000))
    machine.profiler = profiler
    let text = "(Profile %outer (\(Self.fib) (Profile %inner \(isDebug ? 25 : 29))))"
    #expect(try evaluated(text, machine) == (isDebug ? "75025" : "514229"))
    let folded = profiler.profile.foldedStacks
    #expect(folded.contains("outer;fib"), "\(folded)")
    let trace = profiler.profile.chromeTrace
    for label in ["outer", "inner"] {
      #expect(trace.contains("\"ph\":\"B\",\"name\":\"\(label)\""))
      #expect(trace.contains("\"ph\":\"E\",\"name\":\"\(label)\""))
    }
    #expect(profiler.counts.isEmpty)
  }

  @Test func watchingChangesNothing() throws {
    let texts = [
      "(#8 [(\(Self.fib) 10) 3])", "(#8 [#17 [(\(Self.fib) 9)]])", "(Profile %a (#17 3))", "(Ix 1 [3 (Profile 5 4)])",
    ]
    for text in texts {
      let plain = try PlanMachine()
      let expected = try? evaluated(text, plain)
      for mode in [ProfilingMode.counting, .sampling(every: 50_000)] {
        let watched = try PlanMachine()
        watched.collectsAtEverySafePoint = true
        watched.profiler = PlanProfiler(mode)
        #expect((try? evaluated(text, watched)) == expected, "\(text)")
      }
    }
  }

  @Test func markedTailCallsTakeNoStackUnlessWatched() throws {
    // Each turn of the loop is marked; without a profiler it runs in place.
    let loop = "#{%loop 1 [[[If 1] [[Profile %turn] [0 [Dec 1]]]] [7]]}"
    var options = LoomOptions()
    options.budgetBytes = 4 << 20
    let machine = try PlanMachine(options: options)
    #expect(try evaluated("(\(loop) 300000)", machine) == "7")
  }

  @Test func programsReadTheirOwnRecords() throws {
    let machine = try PlanMachine()
    let text = """
      (Seq (#19 1) (Seq (Profile %one (Add 1 2)) (Seq (Profile %two (Profile %three 4)) (#20 0))))
      """
    let word = try machine.read(text: Array(text.utf8)) { _ in nil }
    machine.grants = [PlanGrants(.profile)]
    let page = try machine.force(word)
    let base = machine.nursery.base
    let fields = (1...machine.engine.argumentCount(page)).map { base[page.offset + 1 + $0] }
    #expect(base[page.offset + 1] == 5 && fields[0] == 0)
    func label(_ name: String) -> UInt64 { name.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    let pairs = stride(from: 1, to: fields.count, by: 2).map { (fields[$0] & 7, fields[$0 + 1]) }
    let expected: [(UInt64, UInt64)] = [
      (0, label("one")), (1, label("one")), (0, label("two")), (0, label("three")), (1, label("three")),
      (1, label("two")),
    ]
    #expect(pairs.map(\.0) == expected.map(\.0) && pairs.map(\.1) == expected.map(\.1))
    let times = stride(from: 1, to: fields.count, by: 2).map { fields[$0] >> 3 }
    #expect(times == times.sorted())
    // Taken once; nothing is recorded before it is asked for, or without the grant.
    #expect(try evaluated("(#20 0)", machine, grants: [PlanGrants(.profile)]) == "5[0]")
    #expect(try evaluated("(Seq (#19 0) (Seq (Profile 1 2) (#20 0)))", machine, grants: [PlanGrants(.profile)]) == "0")
    #expect(throws: PlanFailure.denied(.profile)) { try evaluated("(#20 0)", machine) }
  }
}
