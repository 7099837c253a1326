// Forks, exports, rebuilt stores and checks.

import Foundation
import StrataMemory
import StrataStore
import Testing

@testable import StrataPier

@Suite struct PierCopiesTests {
  private func counted(_ scratch: Scratch, _ events: Int, _ options: PierOptions) throws -> Pier {
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), options)
    for _ in 0..<events { _ = try pier.poke(Poke(jam("0"))) }
    return pier
  }

  private func count(_ pier: Pier) throws -> String { try text(pier.peek(jam("[0 1]")).answer) }

  @Test func aForkGoesItsOwnWay() throws {
    let scratch = try Scratch()
    let pier = try counted(scratch, 10, testOptions())
    try pier.fork(to: scratch.path + "/now")
    try pier.fork(to: scratch.path + "/then", at: 5)
    try pier.fork(to: scratch.path + "/first", at: 1)
    _ = try pier.poke(Poke(jam("0")))
    let now = try Pier.open(scratch.path + "/now", testOptions())
    #expect(try count(now) == "10")
    #expect(try now.poke(Poke(jam("0"))).number == 12)
    let then = try Pier.open(scratch.path + "/then", testOptions())
    #expect(try count(then) == "4")
    #expect(try then.poke(Poke(jam("0"))).number == 6)
    #expect(try count(Pier.open(scratch.path + "/first", testOptions())) == "0")
    #expect(try count(pier) == "11")
    #expect(throws: PierFailure.exists(path: scratch.path + "/now")) { try pier.fork(to: scratch.path + "/now") }
    #expect(throws: PierFailure.self) { try pier.fork(to: scratch.path + "/far", at: 99) }
    try then.close()
    #expect(try count(Pier.open(scratch.path + "/then", testOptions())) == "5")
  }

  /// Where files can share blocks, the fork's store is this one's with other roots.
  @Test func aForkByCloningGoesItsOwnWayToo() throws {
    let disk = SimulatedDisk()
    disk.clones = true
    let options = testOptions {
      $0.disk = disk
      $0.worksInBackground = false
      $0.eventNanoseconds = nil
      $0.storeAfterEvents = 3
    }
    let pier = try Pier.create("d/pier", .gate, kernel: jam(Kernels.counter), keepsHistory: true, options)
    for _ in 0..<10 { _ = try pier.poke(Poke(jam("0"))) }
    for (name, event, expected) in [("now", nil, "10"), ("near", 10, "9"), ("then", 5, "4"), ("first", 1, "0")] {
      try pier.fork(to: "d/" + name, at: event.map { UInt64($0) })
      let fork = try Pier.open("d/" + name, options)
      #expect(try count(fork) == expected, "\(name)")
      #expect(try fork.poke(Poke(jam("0"))).isDone)
      _ = try fork.scrub()
      try fork.close()
    }
    #expect(try disk.content(of: "d/now/store")?.count == #require(disk.content(of: "d/pier/store")).count)
    #expect(try count(pier) == "10")
    try pier.compact()
    _ = try pier.scrub()
    try pier.close()
  }

  /// All of a state that was never read is compared first, and each duty's pause is told.
  @Test func compactingTakesTurnsWithEvents() throws {
    let scratch = try Scratch()
    var options = testOptions()
    options.worksInBackground = false
    options.store.segmentPages = 4
    options.store.verifiedBytes = 0
    let first = try Pier.create(scratch.path + "/pier", .gate, kernel: jam("[[[1 0] [0 12] 0 13] [0 0] 0]"), options)
    let event = try jam("[" + (0..<20_000).map { "\($0)" }.joined(separator: " ") + "]")
    for _ in 0..<8 { _ = try first.poke(Poke(event)) }
    try first.close()
    let pier = try Pier.open(scratch.path + "/pier", options)
    #expect(pier.status().unverifiedBytes > 1 << 20)
    let poking = SystemThread.start(1, stackBytes: 4 << 20) {
      for _ in 0..<50 { #expect((try? pier.poke(Poke(jam("0"))).isDone) == true) }
    }
    try pier.compact()
    for thread in poking { thread.join() }
    #expect(pier.last == 59)
    let facts = pier.facts()
    #expect(facts["store_unverified_bytes"] == "0" && facts["collections"] == "1")
    for duty in ["comparing", "storing", "collecting"] {
      let pause = facts["longest_\(duty)_microseconds"].flatMap { Int($0) } ?? 0
      #expect(pause > 0, "\(duty)")
    }
    // The newest event.
    #expect(try text(pier.peek(jam("[0 2]")).answer) == "0")
    _ = try pier.scrub()
    try pier.close()
  }

  @Test func anExportedStateGoesOnElsewhere() throws {
    let scratch = try Scratch()
    let pier = try counted(scratch, 7, testOptions())
    let state = try pier.exportState()
    #expect(state.number == 8)
    try Pier.import(state.answer, to: scratch.path + "/other", testOptions())
    let other = try Pier.open(scratch.path + "/other", testOptions())
    #expect(try count(other) == "7")
    #expect(try other.poke(Poke(jam("0"))).number == 9)
    #expect(throws: PierFailure.self) { try Pier.import(jam("[1 2]"), to: scratch.path + "/none", testOptions()) }
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/none"))
    // The export is canonical: the same state gives the same bytes.
    #expect(try pier.exportState().answer == state.answer)
  }

  @Test func aLostStoreIsMadeAgainFromTheLog() throws {
    let scratch = try Scratch()
    let options = testOptions { $0.storeAfterEvents = 7 }
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), keepsHistory: true, options)
    for _ in 0..<40 { _ = try pier.poke(Poke(jam("0"))) }
    try pier.close()
    #expect(try Pier.rebuild(scratch.pier, options).replayedEvents == 41)
    // Both superblocks and everything else overwritten.
    let size = try FileManager.default.attributesOfItem(atPath: scratch.pier + "/store")[.size] as? Int ?? 0
    try Data(repeating: 0xA5, count: size).write(to: URL(fileURLWithPath: scratch.pier + "/store"))
    let again = try Pier.open(scratch.pier, options)
    #expect(again.opening.notes.count == 1)
    #expect(try count(again) == "40")
  }

  @Test func replayComparesWhatItComputes() throws {
    let scratch = try Scratch()
    var options = testOptions()
    options.worksInBackground = false
    let pier = try counted(scratch, 10, options)
    try pier.storeNow()
    for _ in 0..<10 { _ = try pier.poke(Poke(jam("0"))) }
    try pier.close()
    options.replaysFromPrevious = true
    let again = try Pier.open(scratch.pier, options)
    #expect(again.opening.storedEvent == 11 && again.opening.replayedEvents == 10)
    try again.close()
    // A log that says otherwise is found out.
    let log = try SQLiteEventLog.open(scratch.pier + "/log", on: RealDisk())
    try log.note(EventOutcome(status: .done, mug: 12345), of: 15)
    try log.close()
    #expect(throws: PierFailure.self) { try Pier.open(scratch.pier, options) }
    try Pier.skip(15, in: scratch.pier, options)
    #expect(throws: PierFailure.self) { try Pier.open(scratch.pier, options) }
    options.ignoresMugs = true
    let others = try Pier.open(scratch.pier, options)
    #expect(others.opening.differingEvents == 6)
    #expect(try count(others) == "19")
  }

  @Test func compactingAndCheckingGoOnBesideEvents() throws {
    let scratch = try Scratch()
    let options = testOptions { $0.collectionStepWords = 1024 }
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.mixed), options)
    try concurrently(3) { worker in
      if worker == 0 {
        for number in 10..<300 { _ = try pier.poke(Poke(jam("\(number)"))) }
      } else if worker == 1 {
        for _ in 0..<4 { try pier.compact() }
      } else {
        for _ in 0..<10 { _ = try pier.scrub() }
      }
    }
    try pier.storeNow()
    #expect(try pier.scrub().records > 290)
    #expect(pier.facts()["last_event"] == "291")
    #expect(try text(pier.peek(jam("[0 2]")).answer) == "299")
    try pier.close()
    #expect(try text(Pier.open(scratch.pier, options).peek(jam("[0 2]")).answer) == "299")
  }
}
