// The machine on small programs whose results are known from the rules.

import StrataMemory
import Testing

@testable import StrataPlan

@Suite struct PlanMachineTests {
  func expect(_ value: Value, _ expected: String, _ comment: Comment? = nil) throws {
    let machine = try PlanMachine()
    let outcome = try machine.outcome(value)
    #expect(outcome == expected, comment)
  }

  @Test func applicationsOfNaturalsAreClosures() throws {
    try expect(.app(.nat(5), [.nat(3), .nat(4)]), "5[3 4]")
    try expect(.app(.app(.nat(5), [.nat(3)]), [.nat(4)]), "5[3 4]")
    try expect(.app(.nat(0), [.nat(1)]), "[1]")
  }

  @Test func incrementAndCase() throws {
    try expect(.app(op(2), [.nat(7)]), "8")
    try expect(.app(op(2), [.pin(.nat(3))]), "1")
    let cases: (Value) -> Value = { .app(op(3), [.nat(10), .nat(11), .nat(12), .nat(13), .nat(14), $0]) }
    try expect(cases(.nat(0)), "13")
    try expect(cases(.nat(5)), "14[4]")
    try expect(cases(.pin(.nat(5))), "10[5]")
    try expect(cases(.app(.nat(1), [.nat(2), .nat(3)])), "12[1[2] 3]")
    try expect(cases(.app(.nat(1), [.nat(2)])), "12[1 2]")
    try expect(cases(.law(.nat(7), 2, .nat(1))), "11[7 2 1]")
  }

  @Test func lawsRunWhenSaturated() throws {
    let first = Value.law(.nat(0), 2, .nat(1))
    try expect(.app(first, [.nat(5), .nat(6)]), "5")
    try expect(.app(first, [.nat(5)]), "0(2)=>1[5]")
    try expect(.app(first, [.nat(9), .nat(6), .nat(7)]), "9[7]")
    let identity = Value.law(.nat(0), 1, .nat(1))
    try expect(.app(identity, [identity, identity, .nat(3)]), "3")
    try expect(.app(.pin(.law(.nat(0), 1, .nat(0))), [.nat(1)]), "#0(1)=>0")
  }

  @Test func letsAreLazyAndMayBeCyclic() throws {
    let crash = call(op(2), call(op(77), .nat(1)))
    try expect(.app(.law(.nat(0), 1, binding(crash, .nat(1))), [.nat(4)]), "4", "an unused crash does not crash")
    // let r = 1[7 r]
    let ring = binding(call(call(quote(.nat(1)), quote(.nat(7))), .nat(2)), .nat(2))
    let made = Value.app(.law(.nat(0), 1, ring), [.nat(0)])
    try expect(.app(jet("Ix", 2), [.nat(0), made]), "7")
    let next = Value.app(jet("Ix", 2), [.nat(1), .app(jet("Ix", 2), [.nat(1), made])])
    try expect(.app(jet("Ix", 2), [.nat(0), next]), "7")
    try expect(.app(.law(.nat(0), 1, binding(.nat(2), .nat(2))), [.nat(0)]), "loop")
    try expect(.app(.law(.nat(0), 1, binding(.nat(3), binding(.nat(2), .nat(2)))), [.nat(0)]), "loop")
    try expect(.app(.law(.nat(0), 1, binding(call(op(2), .nat(2)), .nat(2))), [.nat(0)]), "loop")
  }

  @Test func aRowKeepsItsLargeHead() throws {
    let machine = try DifferentialTests.restless()
    // The head is new, and collections move it while the list is walked.
    let text = "(Row (Add 0xffffffffffffffff 1) 9 [1 [2 [3]]])"
    let word = try machine.force(machine.read(text: Array(text.utf8)))
    #expect(machine.text(word) == "0x10000000000000000[1 2 3 0 0 0 0 0 0]")
  }

  @Test func throwsAreCaughtByTheInnermostHandler() throws {
    let raise = Value.app(op(21), [.nat(3)])
    try expect(raise, "threw 21[3]")
    try expect(.app(op(8), [.app(.nat(0), [op(21), .nat(3)])]), "21[3]")
    try expect(.app(op(8), [.app(.nat(0), [op(2), .nat(3)])]), "[4]")
    let attempt = Value.law(.nat(0), 1, call(op(8), call(quote(.nat(0)), op(21), .nat(1))))
    try expect(.app(op(8), [.app(.nat(0), [attempt, .nat(3)])]), "[21[3]]")
  }

  @Test func arithmetic() throws {
    try expect(.app(jet("Add", 2), [.nat(UInt64.max), .nat(1)]), "0x10000000000000000")
    try expect(.app(jet("Sub", 2), [.nat(3), .nat(5)]), "0")
    try expect(.app(jet("Mul", 2), [.nat(1 << 62), .nat(4)]), "0x10000000000000000")
    try expect(.app(jet("Div", 2), [.app(jet("Bex", 1), [.nat(64)]), .nat(7)]), "2635249153387078802")
    try expect(.app(jet("Div", 2), [.nat(1), .nat(0)]), "crash(StrataPlan.PlanCrash.divisionByZero)")
    try expect(.app(jet("Trunc", 2), [.nat(4), .nat(0xFF)]), "15")
  }

  /// fib, with the operations as pinned wrappers.
  static let fibonacci: Value = .pin(
    .law(
      .name("fib"), 1,
      call(
        jet("If", 3), call(jet("Lt", 2), .nat(1), quote(.nat(2))), .nat(1),
        call(
          jet("Add", 2), call(.nat(0), call(jet("Sub", 2), .nat(1), quote(.nat(1)))),
          call(.nat(0), call(jet("Sub", 2), .nat(1), quote(.nat(2))))))))

  /// loop acc n = if n then loop (acc + n) (n - 1) else acc
  static let loop: Value = .pin(
    .law(
      .name("loop"), 2,
      call(
        jet("If", 3), .nat(2),
        call(.nat(0), call(jet("Add", 2), .nat(1), .nat(2)), call(jet("Sub", 2), .nat(2), quote(.nat(1)))), .nat(1))))

  @Test func recursion() throws {
    try expect(.app(PlanMachineTests.fibonacci, [.nat(15)]), "610")
    try expect(.app(PlanMachineTests.loop, [.nat(0), .nat(100_000)]), "5000050000")
  }

  @Test func deepRecursionNeedsNoHostStack() throws {
    // count n = if n then 1 + count (n - 1) else 0
    let count = Value.pin(
      .law(
        .name("count"), 1,
        call(
          jet("If", 3), .nat(1),
          call(op(2), call(.nat(0), call(jet("Sub", 2), .nat(1), quote(.nat(1))))), quote(.nat(0)))))
    try expect(.app(count, [.nat(200_000)]), "200000")
  }
}
