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

  @Test(arguments: [1 << 10, 1 << 12, 1 << 16, 1 << 20]) func depthIsExact(bytes: Int) throws {
    let run = try TextRun(deeper, { $0.depthBytes = bytes })
    #expect(run.fault == .depth)
    // An activation of the loop takes a handful of words, so that this many bytes hold at most so many.
    #expect(Int(run.machine.steps) <= bytes / 16)
    #expect(Int(run.machine.steps) >= bytes / 128)
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
      let thread = Thread {
        work.waitUntilWorked(milliseconds: 20)
        slot.pointee = Clock.now()
        handle.raise(.interrupted)
      }
      thread.start()
      let now = Word(raw: loom.nursery.base[loom.nursery.state.pointee.stackTop - 1])
      let outcome = machine.run(subject: loom.nursery.head(now), formula: loom.nursery.tail(now))
      delays.append(Clock.now() - raised.pointee)
      guard case .stopped(.interrupted, _) = outcome else {
        Issue.record("not interrupted")
        return
      }
    }
    // The least of several, since the machine is shared: what counts is what it can do.
    #expect(try #require(delays.min()) < 10_000_000)
    #expect(loom.nursery.firstBrokenInvariant() == nil)
  }
}
