// What the fast machine does besides computing the right values: where its registers are, and that it stops when asked.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataFlat

@Suite struct FlatMachineTests {
  /// Recursion that keeps values of every kind across its calls, and fails at the bottom when asked to.
  private static let deep = """
    P :: struct { a: i64; b: f64; }
    sink :: (n: i64, bottom: i64, p: P, x: f32, c: Closure(i64) -> i64) -> i64 {
      if n == 0 { return 1000 / bottom; }
      q := P.{ a = p.a + n, b = p.b * 0.5 };
      below := sink(n - 1, bottom, q, x + 1.0, c);
      kept := c(n) + p.a * 3 + q.a;
      if p.b < 0.0 { return -1; }
      return (below * 31 + kept + (xx x)) & 0xFFFFFFFF;
    }
    start :: (n: i64, bottom: i64) -> i64 {
      offset := 5;
      return sink(n, bottom, P.{ a = 7, b = 1.5 }, 2.0, (k: i64) -> i64 => k + offset);
    }
    hidden : i64 = #run start(12000, 3);
    reads :: (n: i64) -> i64 { before := n * 7; return before + hidden + before; }
    """

  @Test func registersMoveWithoutAnybodySeeingIt() throws {
    let program = compile(Self.deep)
    #expect(program.isValid, "\(program.renderDiagnostics())")
    let start = try #require(program.module.findFunction("start"))
    let machine = FlatMachine(module: program.module)
    let reference = ReferenceEvaluator(module: program.module)
    for (depth, hasMoved) in [(10, false), (12_000, true), (10, true), (20_000, true)] as [(Int64, Bool)] {
      let arguments = [FlatValue.integer(depth), .integer(3)]
      let value = try machine.evaluate(start, arguments)
      #expect(try reference.evaluate(start, arguments) == value)
      #expect(machine.steps == reference.steps)
      #expect(machine.hasMovedRegisters == hasMoved, "at depth \(depth)")
    }
  }

  @Test func aFailureBelowMovedRegistersHasItsTrace() throws {
    let program = compile(Self.deep)
    let start = try #require(program.module.findFunction("start"))
    let sink = try #require(program.module.findFunction("sink"))
    let machine = FlatMachine(module: program.module)
    let arguments = [FlatValue.integer(12_000), .integer(0)]
    let failed = failure { try machine.evaluate(start, arguments) }
    let expected = failure { try ReferenceEvaluator(module: program.module).evaluate(start, arguments) }
    #expect(machine.hasMovedRegisters)
    let error = try #require(failed)
    #expect(error == expected)
    #expect(error.kind == .divisionByZero && error.trace.count == EvaluationError.longestTrace)
    #expect(error.trace.first?.function == sink && error.trace.last?.function == start)
    // The innermost call divides; all others wait in the call of the next.
    #expect(Set(error.trace.dropFirst().dropLast().map(\.value)).count == 1)
    #expect(error.trace.first?.value != error.trace.dropFirst().first?.value)
    // What failed leaves nothing behind.
    #expect(try machine.evaluate(start, [.integer(0), .integer(4)]) == .integer(250))
  }

  /// The registers move while a global's initial value is computed, in frames above the one that reads it.
  @Test func registersMoveBelowAnInitializer() throws {
    let program = compile(Self.deep)
    let reads = try #require(program.module.findFunction("reads"))
    let machine = FlatMachine(module: program.module)
    let value = try machine.evaluate(reads, [.integer(11)])
    #expect(machine.hasMovedRegisters)
    #expect(try ReferenceEvaluator(module: program.module).evaluate(reads, [.integer(11)]) == value)
  }

  @Test func callsThatNestTooDeeplyEndAlike() throws {
    let program = compile(Self.deep)
    let start = try #require(program.module.findFunction("start"))
    for depth in [1, 2, 100, 9000] as [UInt32] {
      let budget = Budget(depth: depth)
      let arguments = [FlatValue.integer(100_000), .integer(1)]
      let failed = failure { try FlatMachine(module: program.module, budget: budget).evaluate(start, arguments) }
      #expect(
        failed == failure { try ReferenceEvaluator(module: program.module, budget: budget).evaluate(start, arguments) })
      #expect(failed?.kind == .depthBudget)
    }
  }

  // MARK: Stopping

  private static let endless = """
    malloc :: (n: i64) -> *void extern;
    memset :: (p: *void, byte: i32, n: i64) -> *void extern;
    turns :: () -> i64 { while true { } return 1; }
    fills :: () -> i64 { p := malloc(1 << 27); while true { memset(p, 7, 1 << 27); } return 1; }
    copies :: () -> i64 { a : [4000000]i64; b := a; while true { b = a; a = b; } return b[1]; }
    """

  @Test(arguments: ["turns", "fills", "copies"], [false, true])
  func whoAsksForAStopGetsIt(name: String, isReference: Bool) throws {
    let program = compile(Self.endless)
    let function = try #require(program.module.findFunction(name), "\(program.renderDiagnostics())")
    for fault in [StrataMemory.Fault.time, .interrupted] {
      let stop = StopSignal()
      let request = try Watchdog.shared.stop(stop.handle, at: Clock.now() + 100_000_000, with: fault)
      defer { Watchdog.shared.withdraw(request) }
      let budget = Budget(steps: .max, stop: stop)
      let failed = failure {
        isReference
          ? try ReferenceEvaluator(module: program.module, budget: budget).evaluate(function)
          : try FlatMachine(module: program.module, budget: budget).evaluate(function)
      }
      #expect(failed?.kind == (fault == .time ? .time : .interrupted))
      #expect(failed?.kind.isBudget == true && failed?.trace.first?.name == name)
    }
  }

  @Test func aStopThatIsTakenBackIsNone() throws {
    let program = compile(Self.deep)
    let start = try #require(program.module.findFunction("start"))
    let stop = StopSignal()
    let machine = FlatMachine(module: program.module, budget: Budget(stop: stop))
    let arguments = [FlatValue.integer(500), .integer(3)]
    stop.handle.raise(.interrupted)
    #expect(failure { try machine.evaluate(start, arguments) }?.kind == .interrupted)
    stop.handle.withdraw(.interrupted)
    #expect(stop.requested == nil)
    let plain = FlatMachine(module: program.module)
    #expect(try machine.evaluate(start, arguments) == plain.evaluate(start, arguments))
    #expect(machine.steps == plain.steps)
  }

  @Test func samplingAndStoppingShareTheSlices() throws {
    let program = compile(CodeListingTests.fib)
    let constant = try #require(program.constants.first)
    var looks: [[UInt64]] = []
    for stop in [nil, StopSignal()] {
      let machine = FlatMachine(module: program.module, budget: Budget(stop: stop))
      var seen: [UInt64] = []
      machine.sampler = StackSampler(every: 6000) { seen.append($1) }
      #expect(try machine.evaluate(constant.function) == .integer(610))
      looks.append(seen)
    }
    #expect(looks[0].count > 2 && looks[0] == looks[1])
  }

  private func failure(_ work: () throws -> FlatValue) -> EvaluationError? {
    do {
      _ = try work()
      return nil
    } catch { return error as? EvaluationError }
  }
}
