// The event log without failures, on the real disk and on the simulated one.

import Foundation
import Testing

@testable import StrataStore

extension EventLog {
  /// All events from `number` on.
  func events(from number: UInt64) throws -> [LoggedEvent] {
    var found: [LoggedEvent] = []
    try read(from: number) {
      found.append($0)
      return true
    }
    return found
  }
}

@Suite struct SQLiteEventLogTests {
  private func payload(_ number: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: number)
    return (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  @Test func eventsAreNumberedAndFoundAgain() throws {
    let disk = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: disk)
    #expect(log.first == 1)
    #expect(log.last == 0)
    for number in 1...50 { #expect(try log.append(payload(UInt64(number))) == UInt64(number)) }
    try log.note(EventOutcome(status: .done, mug: 77), of: 3)
    try log.note(EventOutcome(status: .failed, detail: Array("why".utf8)), of: 4)
    #expect(throws: EventLogFailure.noSuchEvent(51)) { try log.note(EventOutcome(status: .done), of: 51) }
    try log.flush()
    let survivors = try SQLiteEventLog.open("d/log", on: disk.survivors(.nothing))
    for events in [try log.events(from: 1), try survivors.events(from: 1)] {
      #expect(events.map(\.number) == Array(1...50))
      #expect(events.allSatisfy { $0.payload == payload($0.number) })
      #expect(events[2].outcome == EventOutcome(status: .done, mug: 77))
      #expect(events[3].outcome == EventOutcome(status: .failed, detail: Array("why".utf8)))
      #expect(events[4].outcome == nil)
    }
    try log.close()
    #expect(throws: EventLogFailure.closed) { try log.append([1]) }
  }

  /// A sync costs several times as much when the file has grown since the last one.
  @Test func theWriteAheadLogGrowsInFewSteps() throws {
    let place = try TemporaryDirectory()
    let log = try SQLiteEventLog.open(place.path + "/log", on: RealDisk())
    var sizes: [Int] = []
    for number in 1...300 {
      _ = try log.append(payload(UInt64(number)))
      let attributes = try FileManager.default.attributesOfItem(atPath: place.path + "/log-wal")
      let size = try #require(attributes[.size] as? Int)
      if size != sizes.last { sizes.append(size) }
    }
    #expect(sizes.count <= 6, "\(sizes)")
    #expect(sizes.last ?? 0 > 300 * 4096, "the events are in it")
    try log.close()
    let again = try SQLiteEventLog.open(place.path + "/log", on: RealDisk())
    #expect(try again.events(from: 1).count == 300)
    try again.close()
  }

  @Test func itIsAnOrdinaryDatabaseWithOrdinaryLocks() throws {
    let place = try TemporaryDirectory()
    let path = place.path + "/log"
    let log = try SQLiteEventLog.open(path, on: RealDisk())
    for number in 1...20 { _ = try log.append(payload(UInt64(number))) }
    #expect(throws: EventLogFailure.inUse(path: path)) { try SQLiteEventLog.open(path, on: RealDisk()) }
    try log.close()
    let tool = URL(fileURLWithPath: "/usr/bin/sqlite3")
    if FileManager.default.isExecutableFile(atPath: tool.path) {
      let process = Process()
      let output = Pipe()
      process.executableURL = tool
      process.arguments = [path, "SELECT count(*), sum(length(payload)) FROM events; PRAGMA integrity_check"]
      process.standardOutput = output
      try process.run()
      process.waitUntilExit()
      let bytes = (1...20).reduce(0) { $0 + payload(UInt64($1)).count }
      #expect(String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == "20|\(bytes)\nok\n")
    }
    let again = try SQLiteEventLog.open(path, on: RealDisk())
    #expect(again.last == 20)
  }

  @Test func manyCallersShareTheirSyncs() throws {
    let disk = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: disk)
    let count = 64
    let each = 20
    DispatchQueue.concurrentPerform(iterations: count) { index in
      for round in 0..<each { _ = try? log.append([UInt8(index), UInt8(round)]) }
    }
    #expect(log.last == UInt64(count * each))
    let events = try log.events(from: 1)
    #expect(Set(events.map(\.payload)).count == count * each)
    for index in 0..<count {
      #expect(events.filter { $0.payload[0] == UInt8(index) }.map { $0.payload[1] } == (0..<each).map { UInt8($0) })
    }
    try log.close()
  }

  @Test func trimmingKeepsNumbersAndGivesSpaceBack() throws {
    let disk = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: disk)
    for _ in 0..<2000 { _ = try log.append([UInt8](repeating: 7, count: 1000)) }
    var rounds = 1
    while try !log.trim(before: 1991, limit: TrimLimit(events: 300, bytes: 1 << 20)) { rounds += 1 }
    #expect(7..<14 ~= rounds, "seven to remove 1990 events, and some more to give back what is left of their space")
    #expect(log.first == 1991)
    #expect(try log.events(from: 1991).count == 10)
    #expect(throws: EventLogFailure.noSuchEvent(1990)) { try log.events(from: 1990) }
    #expect(try log.trim(before: 99_999, limit: .generous))
    #expect(log.first == 2000, "the last event stays, so that its number is not given again")
    try log.close()
    #expect(try disk.open("d/log", .read).size() < 100_000)
    let again = try SQLiteEventLog.open("d/log", on: disk)
    #expect(again.first == 2000)
    #expect(try again.append([1]) == 2001)
  }

  @Test func aStepOfTrimmingRemovesAsManyBytesAsItMay() throws {
    let disk = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: disk)
    for index in 0..<40 { _ = try log.append([UInt8](repeating: 7, count: index == 20 ? 500_000 : 50_000)) }
    let limit = TrimLimit(events: 2048, bytes: 120_000)
    var firsts: [UInt64] = []
    while log.first < 30 {
      _ = try log.trim(before: 30, limit: limit)
      firsts.append(log.first)
    }
    #expect(firsts == [4, 7, 10, 13, 16, 19, 22, 25, 28, 30], "three at a time, or the one that goes beyond")
    try log.close()
  }

  @Test func spaceThatEventsWillNeedIsNotGivenBack() throws {
    let disk = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: disk)
    for _ in 0..<300 { _ = try log.append([UInt8](repeating: 7, count: 10_000)) }
    while try !log.trim(before: 101, limit: .generous) {}
    for _ in 0..<100 { _ = try log.append([UInt8](repeating: 8, count: 10_000)) }
    while try !log.trim(before: 201, limit: .generous) {}
    try log.close()
    let pages = try disk.open("d/log", .read).size() / 4096
    #expect(740..<800 ~= pages, "new events lie where old ones were")
  }

  @Test func aFullDiskRefusesEventsAndTakesThemAgain() throws {
    let disk = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: disk)
    var accepted: UInt64 = 0
    disk.capacityBytes = 600_000
    var refused = false
    while !refused {
      do throws(EventLogFailure) { accepted = try log.append([UInt8](repeating: 1, count: 5000)) } catch {
        #expect(error == .noSpace(path: "d/log"))
        refused = true
      }
    }
    #expect(try log.events(from: 1).count == Int(accepted))
    #expect(throws: EventLogFailure.noSpace(path: "d/log")) { try log.append([UInt8](repeating: 1, count: 50_000)) }
    disk.capacityBytes = .max
    #expect(try log.append([2]) == accepted + 1)
    let survivors = try SQLiteEventLog.open("d/log", on: disk.survivors(.nothing))
    #expect(try survivors.events(from: 1).count == Int(accepted) + 1)
  }

  @Test func afterAFailedSyncNothingIsAcknowledged() throws {
    let disk = SimulatedDisk(seed: 3)
    let log = try SQLiteEventLog.open("d/log", on: disk)
    for _ in 0..<10 { _ = try log.append([1]) }
    disk.fault = { _, operation in operation == .sync ? .lostSync : nil }
    let failure = #expect(throws: EventLogFailure.self) { try log.append([2]) }
    guard case .stopped(_, let reason) = failure else {
      Issue.record("not stopped: \(String(describing: failure))")
      return
    }
    #expect(reason.contains("cannot sync d/log-wal"))
    disk.fault = nil
    #expect(throws: failure ?? .closed) { try log.append([3]) }
    #expect(log.stopReason == failure)
  }

  @Test func everyFlippedBitOfAnEventIsDetected() throws {
    let origin = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: origin)
    for number in 1...8 { _ = try log.append(payload(UInt64(number))) }
    try log.note(EventOutcome(status: .done, mug: 5), of: 8)
    let expected = try { () throws -> [LoggedEvent] in
      try log.flush()
      return try log.events(from: 1)
    }()
    try log.close()
    let disk = try origin.survivors(.everything)
    let size = try disk.open("d/log", .read).size()
    var random = SeededRandom(seed: 8)
    var refused = 0
    var lost = 0
    for _ in 0..<1500 {
      let bit = random.below(size * 8)
      #expect(disk.flip(bit: bit, of: "d/log"))
      let damaged = try disk.survivors(.everything)
      do {
        let log = try SQLiteEventLog.open("d/log", on: damaged)
        let events = try log.events(from: max(1, log.first))
        // What is served is right; a flip in the structure may hide events at the ends, which their owner knows from
        // the number in the store's root.
        if events != expected {
          lost += 1
          for event in events where event.payload != expected[Int(event.number) - 1].payload {
            Issue.record("bit \(bit) is served")
          }
        }
      } catch { refused += 1 }
      #expect(disk.flip(bit: bit, of: "d/log"))
    }
    #expect(refused > 0)
    #expect(lost < 15)
    print("log bit flips: \(refused) of 1500 refused, \(lost) hide an event or an outcome")
  }
}
