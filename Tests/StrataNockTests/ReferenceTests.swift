// The compiled machine agrees with the definition on generated formulas, products and crashes alike, and the generator
// reaches every operation of the code.

import Glibc
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNock

@Suite struct ReferenceTests {
  /// What the machine does that the reference does not, or nil. The loom is emptied.
  private func difference(_ loom: Loom, _ subject: Noun, _ formula: Noun) throws -> String? {
    var reference = ReferenceEvaluator(fuel: 3_000)
    var expected: Noun?
    do throws(ReferenceError) {
      expected = try reference.run(subject, formula)
    } catch {
      if error == .undecided { return nil }
    }
    if expected?.isLarger(than: 20_000) == true { return nil }
    let machine = NockMachine(loom)
    defer {
      machine.close()
      loom.nursery.reset()
      loom.nursery.resetCommons()
    }
    machine.configuration.stepLimit = 100_000
    let outcome = try machine.run(
      subject: subject.build(in: loom.nursery), formula: formula.build(in: loom.nursery), budgetBytes: 64 << 20)
    switch (outcome, expected) {
    case (.product(let word), let noun?):
      return noun.equals(word, in: loom.nursery) ? nil : "another product than \(noun)"
    case (.product, nil): return "a product where the definition crashes"
    case (.stopped(.exit, _), nil): return nil
    case (.stopped(let fault, _), let noun): return "\(fault) in place of \(noun.map { "\($0)" } ?? "a crash")"
    case (.blocked, _): return "blocked"
    }
  }

  /// The smallest pair found, from this one on, about which the two disagree.
  private func shrunk(_ loom: Loom, _ subject: Noun, _ formula: Noun) throws -> (Noun, Noun) {
    var smallest = (subject, formula)
    var isShrinking = true
    while isShrinking {
      isShrinking = false
      let candidates =
        smallest.1.smaller.map { (smallest.0, $0) } + smallest.0.smaller.map { ($0, smallest.1) }
      for candidate in candidates where try difference(loom, candidate.0, candidate.1) != nil {
        smallest = candidate
        isShrinking = true
        break
      }
    }
    return smallest
  }

  @Test func theMachineAgreesWithTheDefinition() throws {
    var options = LoomOptions()
    options.reservationBytes = 1 << 30
    options.youngWords = 2048
    let loom = try Loom(options)
    for seed in UInt64(1)...UInt64((isDebug ? 3_000 : 40_000) * testScale) {
      var generator = FormulaGenerator(seed: seed)
      let subject = generator.noun(5)
      let formula = generator.formula(2 + generator.below(5))
      if try difference(loom, subject, formula) != nil {
        let (subject, formula) = try shrunk(loom, subject, formula)
        let what = try difference(loom, subject, formula) ?? "nothing any more"
        Issue.record("seed \(seed), shrunk to [\(subject) \(formula)]: \(what)")
        return
      }
    }
  }

  @Test func theGeneratorReachesEveryOperation() throws {
    let loom = try Loom()
    let machine = NockMachine(loom)
    for seed in UInt64(1)...3_000 {
      var generator = FormulaGenerator(seed: seed)
      let subject = try generator.noun(5).build(in: loom.nursery)
      let formula = try generator.formula(6).build(in: loom.nursery)
      // Inner formulas are compiled when they are reached.
      machine.configuration.stepLimit = 50
      _ = machine.run(subject: subject, formula: formula)
    }
    var seen = Set<UInt8>()
    for code in machine.cache.codes {
      var index = 0
      while index < code.pointee.wordCount {
        guard let operation = Instruction(raw: code.pointee.start[index]).operation else { break }
        seen.insert(operation.rawValue)
        index += 1 + operation.wordCount
      }
    }
    // No formula of 64-bit axes has a long one; the others are the machine's own.
    let unreachable: Set<Operation> = [.longAxis, .halt, .resume, .scry, .traced]
    let missing = Operation.allCases.filter { !seen.contains($0.rawValue) && !unreachable.contains($0) }
    #expect(missing.isEmpty, "never generated: \(missing)")
  }
}
