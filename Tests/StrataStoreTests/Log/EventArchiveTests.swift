// Archives: complete or absent, verified, and the same events when they come back.

import Testing

@testable import StrataStore

@Suite struct EventArchiveTests {
  private func filledLog(_ disk: SimulatedDisk) throws -> SQLiteEventLog {
    let log = try SQLiteEventLog.open("d/log", on: disk)
    for number in 1...200 { _ = try log.append([UInt8](repeating: UInt8(number), count: number * 7 % 50)) }
    for number in stride(from: UInt64(1), through: 200, by: 3) {
      try log.note(
        EventOutcome(status: .done, mug: number % 2 == 0 ? nil : UInt32(number), detail: [1, 2]), of: number)
    }
    try log.flush()
    return log
  }

  private func events(_ path: String, _ disk: SimulatedDisk) throws -> [LoggedEvent] {
    var found: [LoggedEvent] = []
    try EventArchive.read(path, on: disk) {
      found.append($0)
      return true
    }
    return found
  }

  @Test func eventsComeBackAsTheyWere() throws {
    let disk = SimulatedDisk()
    let log = try filledLog(disk)
    #expect(try EventArchive.write(log, from: 51, through: 150, to: "d/archive", on: disk) == 100)
    let kept = try events("d/archive", try disk.survivors(.nothing))
    #expect(kept == (try log.events(from: 51)).filter { $0.number <= 150 })
    let restored = try SQLiteEventLog.open("d/restored", on: disk)
    try restored.restore(kept)
    #expect(restored.first == 51)
    #expect(try restored.events(from: 51) == kept)
    #expect(throws: EventLogFailure.noSuchEvent(51)) { try restored.restore(kept) }
    #expect(try restored.append([9]) == 151)
    try restored.close()
    let again = try SQLiteEventLog.open("d/restored", on: disk)
    #expect(again.first == 51)
    #expect(again.last == 151)
    #expect(throws: EventLogFailure.noSuchEvent(201)) {
      try EventArchive.write(log, from: 1, through: 201, to: "d/archive", on: disk)
    }
  }

  @Test func everyFlippedBitAndEveryCutIsDetected() throws {
    let origin = SimulatedDisk()
    let log = try SQLiteEventLog.open("d/log", on: origin)
    for number in 1...6 { _ = try log.append([UInt8](repeating: 5, count: number)) }
    try EventArchive.write(log, from: 2, through: 6, to: "d/archive", on: origin)
    let disk = try origin.survivors(.nothing)
    let expected = try events("d/archive", disk)
    let size = try disk.open("d/archive", .read).size()
    var unseen = 0
    for bit in 0..<size * 8 {
      _ = disk.flip(bit: bit, of: "d/archive")
      if let found = try? events("d/archive", disk) {
        unseen += 1
        #expect(found == expected, "bit \(bit)")
      }
      _ = disk.flip(bit: bit, of: "d/archive")
    }
    // Only the zeros that fill up to a whole word may change unseen.
    #expect(unseen <= (7 + 6 + 5 + 4 + 3 + 2) * 8)
    let file = try disk.open("d/archive", .readWrite)
    for cut in stride(from: size - 1, through: 0, by: -1) {
      try file.truncate(to: cut)
      #expect(throws: EventLogFailure.self) { try events("d/archive", disk) }
    }
  }

  @Test func aFailureLeavesNoArchiveBehind() throws {
    let origin = SimulatedDisk()
    let log = try filledLog(origin)
    let count = origin.operationCount
    try EventArchive.write(log, from: 1, through: 200, to: "d/archive", on: origin)
    let needed = origin.operationCount - count
    #expect(needed >= 5)
    for failing in 1...needed {
      let disk = SimulatedDisk()
      let log = try filledLog(disk)
      let start = disk.operationCount
      disk.fault = { number, _ in number == start + failing ? .inputOutput : nil }
      #expect(throws: EventLogFailure.self) {
        try EventArchive.write(log, from: 1, through: 200, to: "d/archive", on: disk)
      }
      disk.fault = nil
      if try disk.exists("d/archive") { #expect(try events("d/archive", disk).count == 200) }
      #expect(try EventArchive.write(log, from: 1, through: 200, to: "d/archive", on: disk) == 200)
    }
  }
}
