// Storage: growth by commits, budgets, marks, and that it stays flat however much is allocated.

import StrataTestSupport
import Testing

@testable import StrataFlat

@Suite struct LinearMemoryTests {
  @Test func storageGrowsToItsLimitAndNoFurther() throws {
    let memory = try LinearMemory(limit: 64 << 20)
    try memory.restart(constantBytes: 0, staticBytes: 16)
    var last: UInt64 = 0
    var count = 0
    while count < 100 {
      guard let address = try? memory.allocate(size: 1 << 20, alignment: 16) else { break }
      #expect(address > last && address % 16 == 0)
      try memory.setWord(address, 8, 7)
      #expect(try memory.word(address + (1 << 20) - 8, 8) == 0)
      last = address
      count += 1
    }
    #expect(count == 63)
    #expect(throws: Fault.self) { try memory.word(memory.limit, 1) }
  }

  @Test func storageIsZeroAfterAResetAndARestart() throws {
    let memory = try LinearMemory(limit: 32 << 20)
    for size in [100, 5000, 1 << 20, 9 << 20] as [UInt64] {
      try memory.restart(constantBytes: 0, staticBytes: 16)
      let mark = memory.mark
      for _ in 0..<2 {
        let address = try memory.allocate(size: size, alignment: 8)
        #expect(try memory.bytes(address, size).allSatisfy { $0 == 0 })
        try memory.fill(address, count: size, with: 0xAA)
        try memory.reset(to: mark)
      }
    }
  }

  @Test func onlyGivenMarksCanBeGoneBackTo() throws {
    let memory = try LinearMemory(limit: 1 << 20)
    try memory.restart(constantBytes: 0, staticBytes: 16)
    let mark = memory.mark
    #expect(throws: Fault.self) { try memory.reset(to: mark - 1) }
    #expect(throws: Fault.self) { try memory.reset(to: mark + 1) }
    #expect(throws: Fault.self) { try memory.reset(to: 0) }
    try memory.reset(to: mark)
  }

  /// Allocations between a mark and a reset, `STRATA_TEST_SCALE` times 10^6 of them, in a budget that holds a few.
  @Test func allocationsBetweenMarkAndResetStayFlat() throws {
    let program = compile(
      """
      malloc :: (size: i64) -> *void extern;
      churn :: (n: i64) -> i64 {
        s := 0;
        i := 0;
        while i < n {
          mark := memory_mark();
          p : *i64 = xx malloc(16);
          s += p.*;
          p.* = i;
          memory_reset(mark);
          i += 1;
        }
        return s + i;
      }
      """)
    #expect(program.isValid, "\(program.renderDiagnostics())")
    let function = try #require(program.module.findFunction("churn"))
    let count = Int64(isDebug ? 20_000 : 1_000_000) * Int64(testScale)
    let machine = FlatMachine(module: program.module, budget: Budget(bytes: 1 << 20))
    #expect(try machine.evaluate(function, [.integer(count)]) == .integer(count))
  }

  @Test func anAllocationOverTheBudgetIsAnError() throws {
    let program = compile(
      """
      malloc :: (size: i64) -> *void extern;
      take :: (n: i64) -> i64 { p : *i64 = xx malloc(n); return if p == null then 0 else 1; }
      list :: () -> i64 { a : [100000]i64; return a[7]; }
      endless :: (n: i64) -> i64 { a : [64]i64; a[0] = n; return endless(a[0] + 1) + a[0]; }
      """)
    let budget = Budget(bytes: 1 << 17, depth: 1 << 20)
    for (name, arguments, kind) in [
      ("take", [FlatValue.integer(1 << 18)], FaultKind.byteBudget), ("take", [.integer(-1)], .outOfBounds),
      ("take", [.integer(.max)], .outOfBounds), ("list", [], .byteBudget), ("endless", [.integer(0)], .byteBudget),
    ] {
      let function = try #require(program.module.findFunction(name))
      let machine = FlatMachine(module: program.module, budget: budget)
      let reference = ReferenceEvaluator(module: program.module, budget: budget)
      #expect(
        performing: { try machine.evaluate(function, arguments) }, throws: { ($0 as? EvaluationError)?.kind == kind })
      #expect(
        performing: { try reference.evaluate(function, arguments) }, throws: { ($0 as? EvaluationError)?.kind == kind })
      #expect(try machine.evaluate(#require(program.module.findFunction("take")), [.integer(16)]) == .integer(1))
    }
  }
}
