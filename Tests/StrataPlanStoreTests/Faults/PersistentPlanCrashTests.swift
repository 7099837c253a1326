// Machines under a disk that crashes, tears, reorders and fails at every operation of commits, collections and copies.
//
// After each crash the machine opens by itself and goes on with the value of the last acknowledged commit, or with that
// of the commit that was under way; every record, content hash and entry of the index is checked.

import Foundation
import StrataMemory
import StrataPlan
import StrataStore
import StrataTestSupport
import Testing

@testable import StrataPlanStore

/// How many crash points each test visits, and from which seed on: STRATA_CRASH_POINTS and STRATA_CRASH_SEED.
private enum Plan {
  static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
  static var points: Int { number("STRATA_CRASH_POINTS") ?? (isDebug ? 150 : 400) }
  static var firstSeed: UInt64 { UInt64(number("STRATA_CRASH_SEED") ?? 1) }
}

/// One life of a machine: commits of rows of pins, some of which are replaced each time, with what is done besides.
private final class Life {
  let seed: UInt64
  let disk: SimulatedDisk
  var random: SeededRandom
  /// The printed values by commit number, the one under way included.
  var expected: [UInt64: String] = [:]
  var acknowledged: UInt64 = 0
  var points = 0
  var finding: String?
  private var plan: PersistentPlan?
  private var parts = (0..<8).map { "#[\($0)]" }

  init(seed: UInt64) {
    self.seed = seed
    disk = SimulatedDisk(seed: seed)
    random = SeededRandom(seed: seed)
  }

  func fail(_ text: String, _ point: String) {
    if finding == nil {
      finding = """
        \(text) at \(point); repeat with STRATA_CRASH_SEED=\(seed) STRATA_CRASH_POINTS=1 swift test --filter \
        PersistentPlanCrashTests
        """
    }
  }

  /// Opens what survives and compares it with what was acknowledged.
  func check(_ survivors: SimulatedDisk, _ point: String, goesOn: Bool) {
    points += 1
    do {
      if acknowledged == 0, try !survivors.exists("d/machine") { return }
      let found = try PersistentPlan.open("d/machine", smallOptions(survivors))
      try compare(found, point)
      if goesOn { try goOn(found, survivors) }
    } catch {
      fail("\(error)", point)
    }
  }

  private func compare(_ found: PersistentPlan, _ point: String) throws {
    let number = found.commitNumber
    if number < acknowledged || number > acknowledged + 1 {
      fail("commit \(number) is found after \(acknowledged) was acknowledged", point)
    }
    if found.machine.text(found.value) != expected[number] { fail("commit \(number) holds another value", point) }
    _ = try found.scrub()
  }

  /// A machine that survived works like any other.
  private func goOn(_ found: PersistentPlan, _ disk: SimulatedDisk) throws {
    let text = try found.commit("[#[1 2 3] #[[4]]]")
    try found.close()
    let again = try PersistentPlan.open("d/machine", smallOptions(disk.survivors(.nothing)))
    try again.collect()
    _ = try again.scrub()
    if again.machine.text(again.value) != text { fail("a commit after the crash is lost", "going on") }
  }

  private func part() -> String {
    switch random.below(6) {
    case 0: "#[0x\(String(random.next() | 1, radix: 16))\(String(repeating: "5", count: random.below(3000)))]"
    case 1: "#{%law 2 [[Add 1] [\(random.below(100))]]}"
    case 2: "#[\(parts[random.below(8)]) \(random.below(5))]"
    default: "#[\(random.below(1000)) #[\(random.below(10))]]"
    }
  }

  /// Runs until so many commits are acknowledged. A failing disk is answered as an operator would: open again.
  func run(commits: UInt64) throws {
    while acknowledged < commits, finding == nil, disk.operationCount < 100_000 {
      do {
        if plan == nil { try reopen() }
        if let plan { try live(plan) }
      } catch let failure as PlanStoreFailure {
        guard answer(failure.isDamage ? "\(failure)" : nil) else { return }
      } catch let failure as PlanFailure {
        guard case .store = failure, answer(nil) else { return fail("\(failure)", "running") }
      }
    }
    try? plan?.close()
  }

  private func answer(_ damage: String?) -> Bool {
    if let damage { fail(damage, "operation \(disk.operationCount)") }
    try? plan?.close()
    plan = nil
    return damage == nil
  }

  private func reopen() throws {
    if try disk.exists("d/machine") {
      let found = try PersistentPlan.open("d/machine", smallOptions(disk))
      try compare(found, "reopening")
      acknowledged = max(acknowledged, found.commitNumber)
      plan = found
    } else {
      expected[1] = "[0]"
      plan = try PersistentPlan.create("d/machine", smallOptions(disk)) { (machine) throws(PlanFailure) in
        try machine.value("[0]")
      }
      acknowledged = 1
    }
  }

  private func live(_ plan: PersistentPlan) throws {
    switch random.below(12) {
    case 0:
      try plan.close()
      self.plan = nil
      try reopen()
      try self.plan?.collect()
    case 1:
      let name = "d/copy\(disk.operationCount)"
      try plan.export(to: name)
      let copy = try PersistentPlan.open(name, smallOptions(disk))
      if copy.machine.text(copy.value) != expected[acknowledged] { fail("a copy holds another value", name) }
      try copy.close()
      // A disk that fails may refuse this as well; nobody needs the copy any more.
      try? disk.remove(name)
    case 2:
      plan.machine.nursery.reset()
      _ = try plan.keep(try plan.machine.force(try plan.machine.value(part())), asRoot: false)
    default:
      for _ in 0...random.below(2) { parts[random.below(8)] = part() }
      plan.machine.nursery.reset()
      let value = try plan.machine.force(
        try plan.machine.value("[\(acknowledged) \(parts.joined(separator: " "))]"))
      expected[acknowledged + 1] = plan.machine.text(value)
      _ = try plan.keep(value, asRoot: true)
      acknowledged += 1
      if plan.machine.text(plan.value) != expected[acknowledged] { fail("another value at once", "a commit") }
    }
  }
}

@Suite struct PersistentPlanCrashTests {
  private func lives(_ points: Int, _ commits: UInt64, oneIn sparsity: Int, prepare: (Life) -> Void) throws {
    var visited = 0
    var seed = Plan.firstSeed
    while visited < points {
      let life = Life(seed: seed)
      var choices = SeededRandom(seed: seed ^ 0xC0FFEE)
      prepare(life)
      life.disk.hook = { number, operation, moment in
        if life.finding != nil || !choices.oneIn(sparsity) { return }
        let survival = life.disk.survival(&choices)
        do {
          let survivors = try life.disk.survivors(survival)
          life.check(
            survivors, "\(moment) operation \(number) (\(operation.rawValue)), surviving \(survival)",
            goesOn: choices.oneIn(10))
        } catch { life.fail("\(error)", "operation \(number)") }
      }
      try life.run(commits: commits)
      visited += max(1, life.points)
      if let finding = life.finding {
        Issue.record("\(finding)")
        return
      }
      seed += 1
    }
    print("machines: \(visited) crash points, seeds \(Plan.firstSeed) to \(seed - 1)")
  }

  @Test func nothingCommittedIsLost() throws {
    try lives(Plan.points, 30, oneIn: 3) { _ in }
  }

  @Test func failingOperationsLoseNothing() throws {
    try lives(max(1, Plan.points / 3), 20, oneIn: 8) { life in
      var choices = SeededRandom(seed: life.seed ^ 0xFACADE)
      life.disk.failNowAndThen(&choices, first: 4..<64, spacing: 20..<100)
    }
  }

  /// Each bit of everything that is alive, one after the other: it is reported, or the machine says that it goes on with
  /// the state before. No value is served that was not committed.
  @Test func everyFlippedBitIsFound() throws {
    let origin = SimulatedDisk()
    var texts: [UInt64: String] = [1: "[0]"]
    let plan = try PersistentPlan.create("d/machine", smallOptions(origin)) { (machine) throws(PlanFailure) in
      try machine.value("[0]")
    }
    texts[2] = try plan.commit("[#[1 #{%f 1 [[Add 1] [5]]}] 0x123456789abcdef01234]")
    texts[3] = try plan.commit("[#[1 #{%f 1 [[Add 1] [5]]}] #[#[2] 3]]")
    let words = try plan.scrub().words
    try plan.close()
    let disk = try origin.survivors(.nothing)
    let content = try #require(disk.content(of: "d/machine"))
    var found = 0
    var fallenBack = 0
    var harmless = 0
    // Bytes that are not zero, and a sample of the others, which are padding or upper halves of small numbers.
    let long = Plan.points > 2000
    for byte in content.indices where content[byte] != 0 || byte % (long ? 16 : 1024) == 0 {
      for bit in 0..<8 where long || (byte + bit) % (isDebug ? 16 : 4) == 0 {
        #expect(disk.flip(bit: byte * 8 + bit, of: "d/machine"))
        do throws(PlanStoreFailure) {
          let opened = try PersistentPlan.open("d/machine", smallOptions(disk))
          _ = try opened.scrub()
          if opened.machine.text(opened.value) != texts[opened.commitNumber] {
            Issue.record("bit \(bit) of byte \(byte) changed what is served")
          }
          if opened.rejected.isEmpty {
            harmless += 1
            if opened.commitNumber != 3 { Issue.record("bit \(bit) of byte \(byte) lost a commit without a word") }
          } else {
            fallenBack += 1
          }
        } catch {
          found += 1
          if !error.isDamage { Issue.record("bit \(bit) of byte \(byte): \(error)") }
        }
        // Opening writes the superblock again, so the flipped bit may be mended already.
        _ = disk.restore("d/machine", from: origin)
      }
    }
    #expect(fallenBack + found > 50, "\(words) words are alive")
    print("flipped bits: \(found) refused, \(fallenBack) fallen back and reported, \(harmless) in unused bytes")
  }
}
