// Loops that only count are taken at once, and nobody can tell but by the time.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

@Suite struct CountingLoopsTests {
  /// What came of a run: the product as text or the fault, and the steps.
  private struct Ending: Equatable {
    let outcome: String
    let steps: UInt64
  }

  /// Runs `[subject formula]`, by loops or by a call for each turn.
  private func ending(of text: String, loops: Bool, steps: UInt64 = .max) throws -> Ending {
    let loom = try Loom()
    let pair = try NounText.read(Array(text.utf8), into: loom.nursery)
    let machine = NockMachine(loom)
    defer { machine.close() }
    machine.configuration.stepLimit = steps
    machine.cache.makesLoops = loops
    try loom.nursery.push(pair)
    let outcome =
      switch machine.run(subject: loom.nursery.head(pair), formula: loom.nursery.tail(pair)) {
      case .product(let product): try NounText.string(product, in: loom.nursery)
      case .stopped(let fault, _): "\(fault)"
      case .blocked: "blocked"
      }
    return Ending(outcome: outcome, steps: machine.steps)
  }

  /// A trap on the subject `limit`, with two counters: `[body [first second] limit]`. It ends with both where `test` is met.
  private func trap(limit: String, first: String, second: String, test: String, next: String) -> String {
    "[\(limit) 8 [1 \(first) \(second)] 8 [1 6 [5 \(test)] [0 6] 9 2 [0 2] \(next) 0 7] 9 2 0 1]"
  }

  @Test func turnsAtOnceAreTheTurnsOneByOne() throws {
    var random = Random(seed: 17)
    let edge = UInt64(1) << 63
    for _ in 0..<(isDebug ? 300 : 5_000) * testScale {
      func one<Value>(_ values: [Value]) -> Value { values[random.below(values.count)] }
      let small = UInt64(random.below(9))
      let first = one([0, small, edge - 1 - small, edge + small])
      let second = one([0, small, edge - 1 - small])
      let limit = one([first + UInt64(random.below(60)), first / 2, edge - 1, edge, 5])
      let counter = one(["[0 12]", "[4 0 12]", "[4 4 0 12]"])
      let bound = one(["[0 7]", "[1 \(limit)]"])
      let next = one(["[[4 0 12] 4 0 13]", "[[4 0 12] 0 13]", "[[4 0 12] 4 0 12]", "[[4 4 0 12] 0 13]"])
      let test = one(["\(counter) \(bound)", "\(bound) \(counter)"])
      let text = trap(limit: "\(limit)", first: "\(first)", second: "\(second)", test: test, next: next)
      let steps = UInt64(one([random.below(70), 200]))
      #expect(
        try ending(of: text, loops: true, steps: steps) == ending(of: text, loops: false, steps: steps),
        "\(text) within \(steps) steps")
    }
  }

  @Test func aDecrementTakesAsLongForEveryNumber() throws {
    // As many turns take hours one by one.
    let subject = (UInt64(1) << 63) - 1
    let decrement = "[\(subject) 8 [1 0] 8 [1 6 [5 [0 7] 4 0 6] [0 6] 9 2 [0 2] [4 0 6] 0 7] 9 2 0 1]"
    let run = try TextRun(decrement)
    #expect(run.product == "9.223.372.036.854.775.806")
    #expect(run.machine.steps == subject)
  }

  @Test func aLoopWithoutEndEndsWithItsBudget() throws {
    // The number has been passed already.
    let text = "[3 8 [1 5] 8 [1 6 [5 [0 7] 0 6] [0 6] 9 2 [0 2] [4 0 6] 0 7] 9 2 0 1]"
    #expect(try ending(of: text, loops: true, steps: 10_000) == Ending(outcome: "steps", steps: 10_000))
  }
}
