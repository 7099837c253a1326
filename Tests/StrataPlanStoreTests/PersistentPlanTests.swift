// Machines that persist: programs that go on where they were, pins that are stored once, copies and executables.

import StrataMemory
import StrataPlan
import StrataStore
import StrataTestSupport
import Testing

@testable import StrataPlanStore

@Suite struct PersistentPlanTests {
  private let disk = SimulatedDisk()

  private func made(_ text: String) throws -> PersistentPlan {
    try PersistentPlan.create("d/machine", smallOptions(disk)) { (machine) throws(PlanFailure) in
      try machine.value(text)
    }
  }

  private func opened(_ path: String = "d/machine", on disk: SimulatedDisk? = nil) throws -> PersistentPlan {
    try PersistentPlan.open(path, smallOptions(disk ?? self.disk))
  }

  @Test func aProgramGoesOnWhereItWas() throws {
    try made(counterText).close()
    for count in 0..<20 {
      if count % 3 == 2 {
        // Whatever was not synced is lost; the commits before are there.
        let survivor = try opened(on: disk.survivors(.nothing))
        #expect(try survivor.run(arguments: []) == UInt64(count))
      }
      let plan = try opened()
      #expect(try plan.run(arguments: []) == UInt64(count))
      try plan.close()
    }
    let plan = try opened()
    #expect(plan.commitNumber == 21)
    #expect(plan.machine.text(plan.value) == "count[20]")
    #expect(try plan.scrub().livePins == 6, "the value's, the law's, and those of Seq, Inc, the commit and rows")
  }

  @Test func aRunMayCommitManyTimes() throws {
    // Counts to its argument, committing at each step.
    let loop = "#{%loop 2 [[[If 2] [[Seq [#12 [[0] 1]]] [[0 [Inc 1]] [Dec 2]]]] 1]}"
    let plan = try made("(\(loop) 0)")
    let count = isDebug ? 300 : 3000
    let result = try plan.machine.evaluate(
      plan.machine.application(plan.value, [Word(direct: UInt64(count))]))
    #expect(result == Word(direct: UInt64(count)))
    #expect(plan.machine.text(plan.value) == "[\(count - 1)]")
    #expect(plan.commitNumber == UInt64(count + 1))
    let used = try plan.facts().usedBytes
    try plan.close()
    let again = try opened()
    try again.collect()
    #expect(try again.facts().usedBytes < used / 4)
    #expect(again.machine.text(again.value) == "[\(count - 1)]")
    _ = try again.scrub()
  }

  @Test func equalPinsAreStoredOnce() throws {
    let big = "#[0x\(String(repeating: "7", count: 4000)) #{%f 1 1} #[1 2]]"
    let plan = try made("[\(big) [\(big) #[1 2]]]")
    // The value's own, the big one, the law's and the row's.
    #expect(try plan.facts().pins == 4)
    let words = try plan.scrub().words
    try plan.commit("[\(big) \(big) #[1 2] 5]")
    #expect(try plan.facts().pins == 5)
    #expect(try plan.scrub().words < words + 100)
    // Also after the process, and whichever way the value was made.
    try plan.close()
    let again = try opened()
    try again.commit("[#[1 2] (#0 [0x\(String(repeating: "7", count: 4000)) (#0 {%f 1 1}) #[1 2]])]")
    #expect(try again.facts().pins == 6)
    #expect(try again.scrub().words < words + 200)
    // The same value once more is no commit.
    let number = again.commitNumber
    let syncs = disk.syncCount
    _ = try again.keep(again.value, asRoot: true)
    #expect(again.commitNumber == number && disk.syncCount == syncs)
  }

  @Test func pinsFromTheCommonsAreStoredToo() throws {
    let plan = try made("0")
    let machine = plan.machine
    let value = try machine.share(machine.force(machine.value("[#[#[1 2] #3] #[1 2] #[4]]")))
    let kept = try plan.keep(value, asRoot: true)
    #expect(machine.text(kept) == "[#[#[1 2] #3] #[1 2] #[4]]")
    #expect(try plan.scrub().livePins == 5)
    // What lies in the store already is not moved to the commons.
    let count = machine.sharedPinCount
    let shared = try machine.share(machine.force(machine.value("#[1 2]")))
    #expect(shared.isPersistent && machine.sharedPinCount == count)
  }

  @Test func codeIsKeptBesideTheStore() throws {
    // A law with lets, a loop and a call of another pinned law, run many times from the store.
    let text = """
      (#{%sum 2 [[[If 2] [[0 [[#{%plus 2 [[Add 2] 1]} 1] 2]] [Dec 2]]] 1]} 0)
      """
    let plan = try made(text)
    for count in [10, 1000, 5] {
      let result = try plan.machine.evaluate(
        plan.machine.application(plan.value, [Word(direct: UInt64(count))]))
      #expect(result == Word(direct: UInt64(count * (count + 1) / 2)))
    }
  }

  @Test func whatIsPreparedIsTakenUpByACommit() throws {
    // Prepares a large pin, then commits a row of it.
    let large = "#[0x\(String(repeating: "9", count: 6000))]"
    let plan = try made("#{%main 1 [#{%then 1 [#12 [[[0] 1] 1]]} [#11 [\(large)]]]}")
    let words = try plan.scrub().words
    #expect(try plan.run(arguments: []) == 0)
    #expect(plan.machine.text(plan.value).hasPrefix("[#[0x9999"))
    #expect(try plan.scrub().words < words + 200)
    let prepared = try plan.machine.force(plan.machine.value("(#11 #[1 2 3])"))
    #expect(prepared.isPersistent && plan.machine.text(prepared) == "#[1 2 3]")
    let pins = try plan.facts().pins
    try plan.close()
    let again = try opened()
    #expect(try again.facts().pins == pins)
    try again.collect()
    #expect(try again.facts().pins == UInt64(again.scrub().livePins), "nothing reaches the prepared pin")
    #expect(try again.facts().pins < pins)
  }

  @Test func aFailedRunKeepsTheLastCommit() throws {
    let plan = try made("#{%main 1 [[Seq [#12 [[[0] 7] 1]]] [[Div 1] [0]]]}")
    #expect(throws: PlanFailure.crash(.divisionByZero)) { _ = try plan.run(arguments: []) }
    #expect(plan.machine.text(plan.value) == "[7 0]")
  }

  @Test func withoutTheGrantNothingIsCommitted() throws {
    try made(counterText).close()
    var options = smallOptions(disk)
    options.grants = .none
    let plan = try PersistentPlan.open("d/machine", options)
    #expect(throws: PlanFailure.denied(.store)) { _ = try plan.run(arguments: []) }
    #expect(plan.commitNumber == 1)
  }

  @Test func collectingDropsWhatNothingReaches() throws {
    let plan = try made("0")
    for round in 0..<40 {
      try plan.commit("[#[0x\(String(repeating: "\(round % 9 + 1)", count: 40_000))] #[\(round)]]")
    }
    let before = try plan.facts()
    let printed = plan.machine.text(plan.value)
    try plan.close()
    let again = try opened()
    try again.collect()
    let after = try again.facts()
    #expect(after.usedBytes < before.usedBytes / 4 && after.pins == 3)
    #expect(again.machine.text(again.value) == printed)
    _ = try again.scrub()
    try again.commit("[#[5] 1]")
    try again.close()
    #expect(try opened().scrub().livePins == 2)
  }

  @Test func copiesGoOnByThemselves() throws {
    let plan = try made(counterText)
    _ = try plan.run(arguments: [])
    try plan.export(to: "d/copy")
    #expect(throws: PlanStoreFailure.exists(path: "d/copy")) { try plan.export(to: "d/copy") }
    let copy = try opened("d/copy")
    #expect(try copy.run(arguments: []) == 1)
    #expect(try copy.run(arguments: []) == 2)
    #expect(try plan.run(arguments: []) == 1)
    _ = try copy.scrub()
    // The seed of a machine is its value.
    let seed = try plan.seed()
    let other = try PersistentPlan.create("d/seeded", smallOptions(disk)) { (machine) throws(PlanFailure) in
      do throws(SeedFailure) { return try machine.load(seed: seed) } catch { throw .store(error.explanation) }
    }
    #expect(other.machine.text(other.value) == plan.machine.text(plan.value))
  }

  /// The first bytes of a program of the system's kind, with `count` bytes of its own and nothing to load.
  static func program(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0x90, count: count)
    bytes.replaceSubrange(0..<64, with: repeatElement(0, count: 64))
    bytes.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
    func put(_ value: Int, at offset: Int, _ width: Int) {
      for byte in 0..<width { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
    // A table of sections at the very end, as linkers put it.
    put(count - 3 * 64, at: 40, 8)
    put(56, at: 54, 2)
    put(64, at: 58, 2)
    put(3, at: 60, 2)
    return bytes
  }

  @Test func aMachineMayFollowAProgram() throws {
    let plan = try made(counterText)
    let program = PersistentPlanTests.program(9001)
    let file = try disk.open("d/program", .create)
    try program.withUnsafeBytes { try file.write($0, at: 0) }
    try file.sync()
    try plan.export(to: "d/executable", program: "d/program", grants: [PlanGrants(.write), PlanGrants(.store)])
    for count in 0..<5 {
      let running = try opened("d/executable")
      #expect(try running.facts().firstByte == 12288)
      #expect(running.storedGrants == [PlanGrants(.write), PlanGrants(.store)])
      #expect(try running.run(arguments: []) == UInt64(count))
      if count == 3 {
        try running.close()
        let fresh = try opened("d/executable")
        try fresh.collect()
        _ = try fresh.scrub()
      }
    }
    #expect(Array(disk.content(of: "d/executable")?.prefix(9001) ?? []) == program)
    // Exported once more, the program is cut where its own pages end.
    let running = try opened("d/executable")
    try running.export(to: "d/next", program: "d/executable")
    #expect(try opened("d/next").run(arguments: []) == 5)
    #expect(throws: PlanStoreFailure.notAProgram(path: "d/machine")) {
      try running.export(to: "d/third", program: "d/machine")
    }
    #expect(disk.content(of: "d/third") == nil && disk.content(of: "d/third.draft") == nil)
  }

  @Test func otherFilesAreRefused() throws {
    let reservation = try BedrockReservation(byteCount: 1 << 24)
    let store = try Bedrock.open("d/other", on: disk, at: reservation.place, options: smallOptions(disk).store)
    try store.commit([StoredRoot(.one)])
    try store.close()
    #expect(throws: PlanStoreFailure.notAMachine(path: "d/other")) { _ = try opened("d/other") }
    let plan = try made("1")
    #expect(throws: PlanStoreFailure.store(.inUse(path: "d/machine"))) { _ = try opened() }
    #expect(throws: PlanStoreFailure.exists(path: "d/machine")) { _ = try made("2") }
    #expect(plan.commitNumber == 1)
  }
}
