// Jets that are checked while a program runs: right ones pass, wrong laws are told of, and what the program gives, evaluates and
// prints is the same with the check as without.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

/// A pinned law under a name that stands for an operation.
private func named(_ name: String, _ arity: Int, _ body: Value) -> Value { .pin(.law(.name(name), arity, body)) }

extension Value {
  /// The same with another body in each pinned law that does nothing but call the operation of its name.
  fileprivate func replacingWrappers(_ body: (String, Int, Value) -> Value) -> Value {
    switch self {
    case .pin(.law(.bytes(let name), let arity, let wrapper)):
      guard case .app(.nat(0), let parts) = wrapper, case .pin(.nat(15)) = parts[0] else { return self }
      return .pin(.law(.bytes(name), arity, body(String(decoding: name, as: UTF8.self), arity, wrapper)))
    case .pin(let item): return .pin(item.replacingWrappers(body))
    case .law(let name, let arity, let inner): return .law(name, arity, inner.replacingWrappers(body))
    case .app(let head, let arguments):
      return .app(head.replacingWrappers(body), arguments.map { $0.replacingWrappers(body) })
    default: return self
    }
  }
}

@Suite struct JetCheckTests {
  private let crash = call(jet("Div", 2), .nat(1), quote(.nat(0)))
  /// `x` plus `y`, by counting `x` down.
  private static let counting = named(
    "Add", 2,
    call(jet("If", 3), .nat(1), call(op(2), call(.nat(0), call(jet("Dec", 1), .nat(1)), .nat(2))), .nat(2)))

  private func checking(_ interval: UInt64 = 1, grants: PlanGrants = .none, host: any PlanHost = MemoryHost()) throws
    -> PlanMachine
  {
    try PlanMachine(grants: grants, host: host, jetCheckInterval: interval)
  }

  /// What the only mismatch of an evaluation is, which gives `expected`.
  private func mismatch(_ value: Value, gives expected: String, checks: Int = 1) throws -> PlanJetMismatch {
    let machine = try checking()
    #expect(try machine.outcome(value) == expected)
    let plain = try PlanMachine()
    #expect(try plain.outcome(value) == expected)
    #expect(machine.jetChecks == checks)
    #expect(machine.jetMismatchCount == 1)
    return try #require(machine.jetMismatches.first)
  }

  @Test func rightJetsPass() throws {
    let machine = try checking()
    #expect(try machine.outcome(.app(JetCheckTests.counting, [.nat(20), .nat(22)])) == "42")
    #expect(machine.jetChecks == 1)
    #expect(machine.jetMismatchCount == 0 && machine.undecidedJetChecks == 0)
    // A law that only calls its operation is the operation: there is nothing to compare.
    #expect(try machine.outcome(.app(jet("Mul", 2), [.nat(6), .nat(7)])) == "42")
    #expect(machine.jetChecks == 1)
  }

  @Test func everyHowManiethCallIsChecked() throws {
    let machine = try checking(3)
    let sum = (1...10).reduce(Value.nat(0)) { .app(JetCheckTests.counting, [.nat(UInt64($1)), $0]) }
    #expect(try machine.outcome(sum) == "55")
    #expect(machine.jetChecks == 3)
  }

  @Test func aWrongLawIsToldOfAndDoesNoHarm() throws {
    let product = call(jet("Mul", 2), .nat(1), .nat(2))
    let found = try mismatch(.app(named("Add", 2, product), [.nat(3), .nat(4)]), gives: "7")
    #expect(found.name == "Add" && found.arity == 2 && found.arguments == ["3", "4"])
    #expect(found.law == .value("12") && found.operation == .value("7"))
    // The same call agrees on other numbers.
    let machine = try checking()
    #expect(try machine.outcome(.app(named("Add", 2, product), [.nat(2), .nat(2)])) == "4")
    #expect(machine.jetChecks == 1 && machine.jetMismatchCount == 0)
  }

  @Test func crashesAreAnswers() throws {
    let division = "crash(StrataPlan.PlanCrash.divisionByZero)"
    let none = try mismatch(.app(named("Div", 2, .nat(1)), [.nat(7), .nat(0)]), gives: division)
    #expect(none.law == .value("7") && none.operation == .crash(.divisionByZero))
    let crashing = try mismatch(.app(named("Add", 2, crash), [.nat(3), .nat(4)]), gives: "7")
    #expect(crashing.law == .crash(.divisionByZero))
    let throwing = try mismatch(
      .app(named("Add", 2, call(op(77), .nat(2))), [.nat(3), .nat(4)]), gives: "7")
    #expect(throwing.law == .threw("77[4]"))
    let looping = try mismatch(.app(named("Add", 2, binding(.nat(3), .nat(3))), [.nat(3), .nat(4)]), gives: "7")
    #expect(looping.law == .loop)
    let machine = try checking()
    #expect(try machine.outcome(.app(named("Div", 2, crash), [.nat(7), .nat(0)])) == division)
    #expect(machine.jetChecks == 1 && machine.jetMismatchCount == 0)
  }

  @Test func nothingIsEvaluatedForTheCheckAlone() throws {
    let failing = Value.app(jet("Div", 2), [.nat(1), .nat(0)])
    // The law wants all three arguments, its operation two of them.
    let greedy = call(jet("Seq", 2), .nat(3), call(jet("If", 3), .nat(1), .nat(2), .nat(3)))
    let found = try mismatch(.app(named("If", 3, greedy), [.nat(1), .nat(5), failing]), gives: "5")
    #expect(found.law == .needs("argument 3") && found.operation == .value("5"))
    // A right one, with an argument that has no value, and with one whose evaluation shows.
    let cases = [
      call(jet("Ifz", 3), .nat(1), .nat(3), .nat(2)), binding(.nat(2), call(jet("If", 3), .nat(1), .nat(4), .nat(3))),
    ]
    for body in cases {
      let machine = try checking()
      #expect(try machine.outcome(.app(named("If", 3, body), [.nat(1), .nat(5), failing])) == "5")
      #expect(machine.jetChecks == 1 && machine.jetMismatchCount == 0)
      let host = MemoryHost()
      let tracing = try checking(grants: .terminal, host: host)
      let traced = Value.app(op(4), [.app(.nat(0), [.nat(9), .nat(6)])])
      let other = Value.app(op(4), [.app(.nat(0), [.nat(8), .nat(6)])])
      #expect(try tracing.outcome(.app(named("If", 3, body), [.nat(0), other, traced])) == "6")
      #expect(host.traces == ["9"])
      #expect(tracing.jetChecks == 1 && tracing.jetMismatchCount == 0)
    }
    // Elements of rows, and what is put into them, are not evaluated either.
    let row = Value.app(.nat(0), [.nat(1), failing, .nat(3)])
    let update = binding(quote(.nat(0)), call(jet("Up", 3), .nat(1), .nat(2), .nat(3)))
    let size = Value.app(jet("Sz", 1), [.app(named("Up", 3, update), [.nat(0), failing, row])])
    let machine = try checking()
    #expect(try machine.outcome(size) == "3")
    #expect(machine.jetChecks == 1 && machine.jetMismatchCount == 0)
    let lost = call(jet("Up", 3), .nat(1), quote(.nat(0)), .nat(3))
    let other = try mismatch(
      .app(jet("Sz", 1), [.app(named("Up", 3, lost), [.nat(0), failing, row])]), gives: "3")
    #expect(other.operation != other.law)
  }

  @Test func whatAnArgumentThrowsIsCaughtAsAlways() throws {
    let machine = try checking()
    let throwing = Value.law(.nat(0), 1, call(JetCheckTests.counting, call(op(17), quote(.nat(3))), .nat(1)))
    let pair: [Value] = [
      .app(op(8), [.app(.nat(0), [throwing, .nat(1)])]),
      .app(JetCheckTests.counting, [.nat(1), .nat(2)]),
    ]
    #expect(try machine.outcome(.app(.nat(0), pair)) == "[17[3] 3]")
    #expect(machine.jetChecks == 1 && machine.jetMismatchCount == 0)
  }

  @Test func valuesThatNeedThemselvesAreFound() throws {
    // let x = If 1 x 2 in x
    let right = named("If", 3, call(jet("Ifz", 3), .nat(1), .nat(3), .nat(2)))
    for choice in [right, jet("If", 3)] {
      let ring = binding(call(choice, quote(.nat(1)), .nat(2), quote(.nat(2))), .nat(2))
      let machine = try checking()
      #expect(try machine.outcome(.app(.law(.nat(0), 1, ring), [.nat(0)])) == "loop")
      #expect(machine.jetMismatchCount == 0)
      // The machine is as good as new.
      #expect(try machine.outcome(.app(right, [.nat(0), .nat(1), .nat(2)])) == "2")
    }
  }

  @Test func effectsOfALawDoNotHappen() throws {
    let host = MemoryHost()
    let machine = try checking(grants: .terminal, host: host)
    let writing = call(op(9), call(quote(.nat(0)), quote(.nat(1)), quote(.nat(65)), quote(.nat(1)), quote(.nat(0))))
    #expect(try machine.outcome(.app(named("Add", 2, writing), [.nat(3), .nat(4)])) == "7")
    #expect(host.output.isEmpty)
    #expect(machine.jetMismatches.map(\.law) == [.effect(.write)])
    // What the program itself does afterwards does happen.
    let write = Value.app(op(9), [.app(.nat(0), [.nat(1), .nat(65), .nat(1), .nat(0)])])
    #expect(try machine.outcome(write) == "1")
    #expect(host.output == [65])
  }

  @Test func lawsInsideAreCarriedOutByTheirOperations() throws {
    let wrong = named("Add", 2, .nat(1))
    // A right law that is built on a wrong one: only what the program calls itself is compared.
    let product = named(
      "Mul", 2,
      call(
        jet("If", 3), .nat(1), call(wrong, .nat(2), call(.nat(0), call(jet("Dec", 1), .nat(1)), .nat(2))),
        quote(.nat(0))))
    let machine = try checking()
    #expect(try machine.outcome(.app(product, [.nat(6), .nat(7)])) == "42")
    #expect(machine.jetChecks == 1 && machine.jetMismatchCount == 0)
    #expect(try machine.outcome(.app(wrong, [.nat(6), .nat(7)])) == "13")
    #expect(machine.jetChecks == 2 && machine.jetMismatches.map(\.name) == ["Add"])
  }

  // MARK: Budgets

  @Test func lawsThatTakeTooMuchAreLeftUndecided() throws {
    let again = call(.nat(0), .nat(1), call(op(2), .nat(2)))
    let endless: [Value] = [
      // For ever in one frame, ever deeper, and a number of 2^40 bits.
      again, call(op(2), again), call(jet("Bex", 1), call(jet("Bex", 1), quote(.nat(40)))),
    ]
    for body in endless {
      let machine = try checking()
      #expect(try machine.outcome(.app(named("Add", 2, body), [.nat(3), .nat(4)])) == "7")
      #expect(machine.undecidedJetChecks == 1 && machine.jetChecks == 0 && machine.jetMismatchCount == 0)
      // The program's own limit counts what a check takes.
      machine.stepLimit = 500
      #expect(
        try machine.outcome(.app(named("Add", 2, again), [.nat(3), .nat(4)])) == "fault(StrataMemory.Fault.steps)")
      machine.stepLimit = nil
      #expect(try machine.outcome(.app(named("Add", 2, .nat(1)), [.nat(3), .nat(4)])) == "7")
    }
  }

  /// (down n) counts down by a conditional that is checked at each turn.
  private func countdown(_ count: UInt64) -> Value {
    let choice = named("If", 3, call(jet("Ifz", 3), .nat(1), .nat(3), .nat(2)))
    let body = call(choice, .nat(1), call(.nat(0), call(jet("Dec", 1), .nat(1))), quote(.nat(7)))
    return .app(.law(.nat(0), 1, body), [.nat(count)])
  }

  @Test func loopsTakeNoMemory() throws {
    let turns = (isDebug ? 1000 : 100_000) * testScale
    let machine = try checking()
    machine.depthLimit = 100
    #expect(try machine.outcome(countdown(UInt64(turns))) == "7")
    #expect(machine.jetChecks == turns + 1 && machine.jetMismatchCount == 0 && machine.undecidedJetChecks == 0)
  }

  @Test func theProgramsOwnDeadlineHolds() throws {
    let machine = try checking()
    machine.timeLimit = 20_000_000
    #expect(try machine.outcome(countdown(1 << 60)) == "fault(StrataMemory.Fault.time)")
    machine.timeLimit = nil
    #expect(try machine.outcome(countdown(10)) == "7")
  }

  @Test func checkingIsOffUnlessAskedFor() throws {
    let machine = try PlanMachine()
    let wrong = named("Add", 2, .nat(1))
    #expect(try machine.outcome(.app(wrong, [.nat(6), .nat(7)])) == "13")
    #expect(machine.jetCheckInterval == nil && machine.jetChecks == 0)
    // Without jets there is nothing to check.
    let without = try PlanMachine(nameJets: false, jetCheckInterval: 1)
    #expect(try without.outcome(.app(wrong, [.nat(6), .nat(7)])) == "6")
    #expect(without.jetChecks == 0)
  }

  // MARK: Generated programs

  /// Bodies that a law may have in the place of its wrapper: the first is right, and behind a let, which makes it a law of its own.
  private static let bodies: [@Sendable (Int, Value) -> Value] = [
    { _, wrapper in binding(quote(.nat(0)), wrapper) },
    { _, _ in .nat(1) },
    { arity, _ in .nat(UInt64(arity)) },
    { _, _ in call(jet("Div", 2), .nat(1), quote(.nat(0))) },
    { _, _ in call(op(77), .nat(1)) },
    { arity, _ in (2...max(2, arity + 1)).reduce(Value.nat(0)) { function, _ in call(function, .nat(1)) } },
    { arity, wrapper in
      (1...arity).reduce(binding(quote(.nat(0)), wrapper)) { _, number in
        call(jet("Seq", 2), .nat(UInt64(number)), quote(.nat(0)))
      }
    },
    { _, _ in call(op(2), call(.nat(0), .nat(1))) },
  ]

  @Test(arguments: 0..<3)
  func generatedProgramsAreTheSameWithTheCheck(way: Int) throws {
    let count = (isDebug ? 60 : 2000) * testScale
    let start = DifferentialTests.firstSeed &+ UInt64(way) &* 1_000_003
    var checks = 0
    var undecided = 0
    var mismatches = 0
    try onStack(bytes: referenceStack) {
      for index in 0..<count {
        let seed = start &+ UInt64(index)
        let program = ProgramMaker.program(seed: seed)
        // Only those that do not take long, which the reference knows.
        guard Reference.result(of: program) != nil else { continue }
        let body: (String, Int, Value) -> Value = { name, arity, wrapper in
          let choice = way == 0 ? 0 : (name.utf8.reduce(UInt64(way)) { $0 &* 31 &+ UInt64($1) }) &+ seed
          return JetCheckTests.bodies[Int(choice % UInt64(JetCheckTests.bodies.count))](arity, wrapper)
        }
        let changed = Program(
          definitions: program.definitions.map { $0.replacingWrappers(body) },
          main: program.main.replacingWrappers(body))
        let plain = try DifferentialTests.restless()
        let checked = try PlanMachine(options: DifferentialTests.small, jetCheckInterval: 1, jetCheckSteps: 300)
        checked.collectsAtEverySafePoint = way != 2
        // A law that is taken out of its pin runs its other body, perhaps for ever.
        plain.stepLimit = 20_000
        let expected = try plain.result(of: changed)
        if expected == "fault(StrataMemory.Fault.steps)" { continue }
        let found = try checked.result(of: changed)
        try #require(found == expected, "seed \(seed): \(found) with the check, \(expected) without")
        if way == 0 {
          try #require(checked.jetMismatchCount == 0, "seed \(seed): \(checked.jetMismatches)")
        }
        checks += checked.jetChecks
        undecided += checked.undecidedJetChecks
        mismatches += checked.jetMismatchCount
      }
    }
    print(
      "checked programs from seed \(start): \(checks) calls compared, \(mismatches) differed, \(undecided) undecided")
    #expect(checks > count / 2)
    #expect(way == 0 || mismatches > 0)
  }
}
