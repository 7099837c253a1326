import Foundation
import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

/// Runs a formula for ever: the subject is the formula.
private let forever = "[[2 [0 1] 0 1] 2 [0 1] 0 1]"
/// Recursion that is not in tail position, for ever.
private let deeper = "[[4 2 [0 1] 0 1] 2 [0 1] 0 1]"

@Suite struct BudgetTests {
  @Test func stepsAreExact() throws {
    for limit in [0, 1, 7, 1000] as [UInt64] {
      let run = try TextRun(forever, { $0.stepLimit = limit })
      #expect(run.fault == .steps)
      #expect(run.machine.steps == limit)
    }
  }

  @Test(arguments: [8, 32, 512, 8192]) func depthIsExact(calls: Int) throws {
    let run = try TextRun(deeper, { $0.depthLimit = calls })
    #expect(run.fault == .depth)
    // An activation of the loop takes a handful of words, less than what counts as one.
    #expect(Int(run.machine.steps) <= calls * 8)
    #expect(Int(run.machine.steps) >= calls)
    // What was deep has gone, and the bound with it.
    #expect(run.machine.nursery.state.pointee.stackBound == .max)
    let again = run.machine.run(
      subject: .zero, formula: try NounText.read(Array("[1 5]".utf8), into: run.machine.nursery))
    guard case .product(Word(direct: 5)) = again else {
      Issue.record("no product")
      return
    }
  }

  @Test func timeEndsARunAndNoOtherOne() throws {
    let started = Clock.now()
    let run = try TextRun(forever, { $0.timeLimit = 30_000_000 })
    #expect(run.fault == .time)
    #expect(Clock.now() - started >= 30_000_000)
    run.machine.configuration.timeLimit = 1_000_000
    for _ in 0..<200 {
      // Runs that end about when their time does: whatever happens, the next one is not touched.
      let formula = try NounText.read(Array("[1 5]".utf8), into: run.machine.nursery)
      guard case .product(Word(direct: 5)) = run.machine.run(subject: .zero, formula: formula) else {
        Issue.record("no product")
        return
      }
    }
  }

  @Test func timePassesThroughVirtualRuns() throws {
    let run = try TextRun("[0 11 [%jinx 1 0x28f.5c28.f5c2.8f5c] 2 [1 2 [0 1] 0 1] 1 2 [0 1] 0 1]")
    #expect(run.fault == .time)
  }

  @Test func anInterruptionStopsALoopWithinMilliseconds() throws {
    let loom = try Loom()
    let handle = loom.nursery.interruptHandle
    let pair = try NounText.read(Array(forever.utf8), into: loom.nursery)
    let machine = NockMachine(loom)
    try loom.nursery.push(pair)
    var delays: [UInt64] = []
    for _ in 0..<5 {
      let raised = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
      raised.initialize(to: 0)
      defer { raised.deallocate() }
      nonisolated(unsafe) let slot = raised
      let work = WorkClock()
      let thread = try #require(
        SystemThread {
          work.waitUntilWorked(milliseconds: 20)
          slot.pointee = Clock.now()
          handle.raise(.interrupted)
        })
      let now = Word(raw: loom.nursery.base[loom.nursery.state.pointee.stackTop - 1])
      let outcome = machine.run(subject: loom.nursery.head(now), formula: loom.nursery.tail(now))
      let end = Clock.now()
      thread.join()
      delays.append(end - raised.pointee)
      guard case .stopped(.interrupted, _) = outcome else {
        Issue.record("not interrupted")
        return
      }
    }
    // The least of several, since the machine is shared: what counts is what it can do.
    #expect(try #require(delays.min()) < 10_000_000)
    #expect(loom.nursery.firstBrokenInvariant() == nil)
  }

  /// A formula whose tree has 2^60 parts, none of which emits anything, and which shares them all.
  @Test(arguments: ["[[1 7] [0 2] 0 2]", "[[1 11] [[1 7] 0 2] 0 2]"]) func sharedPartsAreNotCompiledAsATree(
    twice: String
  ) throws {
    var formula = "[2 [1 5] 0 2]"
    for _ in 0..<60 { formula = "[8 \(twice) \(formula)]" }
    let run = try TextRun("[[[0 1] 0] \(formula)]", { $0.stepLimit = 1000 })
    #expect(run.fault == .steps)
    #expect(run.machine.steps == 1000)
  }

  /// Runs a new formula each turn: the last one with a cell before it, so that all of them begin the same way.
  @Test func formulasThatBeginAlikeAreToldApart() throws {
    // The subject is [trap formula]; a turn runs the formula, and goes on with `[formula 1 0]`.
    let turn = "[8 [2 [1 0] 0 3] 9 2 10 [3 [0 7] [1 1] 1 0] 0 3]"
    let run = try TextRun("[[\(turn) [1 1] 1 0] 9 2 0 1]", { $0.stepLimit = 4_000 })
    #expect(run.fault == .steps)
    let codes = run.machine.cache.codes
    #expect(codes.count > 500)
    for (index, code) in codes.enumerated() {
      #expect(run.machine.cache.knownIndex(of: code.pointee.formula) == index)
    }
    // Nobody is compared with more than a few, and so the time for each does not grow with their number.
    #expect(run.machine.cache.comparisons < codes.count * 20)
  }

  @Test func whatIsCompiledCountsAsStepsAndAsMemory() throws {
    // The subject is [trap formula large]; a turn runs the formula, and goes on with `[[1 formula] large]`.
    let turn = "[8 [2 [1 0] 0 6] 9 2 10 [6 [[1 1] 0 14] 0 15] 0 3]"
    var formula = "[7 [[1 \(turn)] [1 1 0] 0 2] 9 2 0 1]"
    for _ in 0..<12 { formula = "[8 [[0 2] 0 2] \(formula)]" }
    let program = "[0 8 [1 1 0] \(formula)]"
    let run = try TextRun(program, { $0.stepLimit = 100_000 })
    #expect(run.fault == .steps)
    #expect(run.machine.steps < 2_000)
    let small = try TextRun(program, budgetBytes: 2 << 20)
    #expect(small.fault == .bytes)
    #expect(small.machine.cache.byteCount < 4 << 20)
  }
}
