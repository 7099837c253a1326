// The simulated disk must be as unkind as it claims: these tests are what the crash tests rest on.

import Foundation
import Testing

@testable import StrataStore

@Suite struct SimulatedDiskTests {
  private func pattern(_ byte: UInt8, sectors: Int) -> [UInt8] { [UInt8](repeating: byte, count: sectors * 512) }

  private func content(_ disk: SimulatedDisk, _ survival: Survival) throws -> [UInt8]? {
    try disk.survivors(survival).content(of: "d/a")
  }

  @Test func onlyWhatWasSyncedIsSure() throws {
    let disk = SimulatedDisk()
    let file = try disk.open("d/a", .create)
    try file.write(pattern(1, sectors: 2), at: 0)
    try file.sync()
    #expect(try content(disk, .nothing) == nil, "the name is not durable before its directory is synced")
    try disk.syncDirectory("d")
    #expect(try content(disk, .nothing) == pattern(1, sectors: 2))
    try file.write(pattern(2, sectors: 2), at: 512)
    #expect(try file.bytes(at: 0, count: 2000) == pattern(1, sectors: 1) + pattern(2, sectors: 2))
    #expect(try content(disk, .nothing) == pattern(1, sectors: 2))
    #expect(try content(disk, .everything) == pattern(1, sectors: 1) + pattern(2, sectors: 2))
  }

  @Test func writesTearAtSectorsAndReorder() throws {
    let disk = SimulatedDisk()
    let file = try disk.open("d/a", .create)
    try file.write(pattern(1, sectors: 3), at: 0)
    try file.sync()
    try disk.syncDirectory("d")
    try file.write(pattern(2, sectors: 3), at: 0)
    var seen = Set<[UInt8]>()
    for seed in 0..<200 {
      guard let bytes = try content(disk, .random(seed: UInt64(seed))) else { continue }
      seen.insert([bytes[0], bytes[512], bytes[1024]])
      #expect(bytes[0..<512].allSatisfy { $0 == bytes[0] })
    }
    #expect(seen.count == 8, "every combination of old and new sectors appears")
    let stamps = disk.pendingStamps
    #expect(stamps.count == 3)
    #expect(try content(disk, .upTo(stamps[1])) == pattern(2, sectors: 1) + pattern(1, sectors: 2))
  }

  @Test func truncationAndGrowthArePendingToo() throws {
    let disk = SimulatedDisk()
    let file = try disk.open("d/a", .create)
    try file.write(pattern(1, sectors: 4), at: 0)
    try file.sync()
    try disk.syncDirectory("d")
    try file.truncate(to: 512)
    try file.truncate(to: 1024)
    #expect(try file.bytes(at: 0, count: 4096) == pattern(1, sectors: 1) + pattern(0, sectors: 1))
    #expect(try content(disk, .nothing) == pattern(1, sectors: 4))
    #expect(try content(disk, .everything) == pattern(1, sectors: 1) + pattern(0, sectors: 1))
  }

  @Test func aFailedSyncLosesDataThatTheCacheStillShows() throws {
    let disk = SimulatedDisk(seed: 5)
    let file = try disk.open("d/a", .create)
    try disk.syncDirectory("d")
    try file.write(pattern(1, sectors: 64), at: 0)
    disk.fault = { _, operation in operation == .sync ? .lostSync : nil }
    #expect(throws: DiskFailure(operation: .sync, path: "d/a", code: EIO)) { try file.sync() }
    disk.fault = nil
    try file.sync()
    #expect(try file.bytes(at: 0, count: 64 * 512) == pattern(1, sectors: 64))
    #expect(try content(disk, .everything) != pattern(1, sectors: 64))
  }

  @Test func faultsAppearWhereTheyArePlanned() throws {
    let disk = SimulatedDisk()
    let file = try disk.open("d/a", .create)
    disk.fault = { number, _ in number == 3 ? .shortWrite : number == 4 ? .noSpace : number == 5 ? .powerOff : nil }
    try file.write(pattern(1, sectors: 4), at: 0)
    #expect(throws: DiskFailure(operation: .write, path: "d/a", code: EIO)) {
      try file.write(pattern(2, sectors: 4), at: 0)
    }
    #expect(try file.bytes(at: 0, count: 4096) == pattern(2, sectors: 2) + pattern(1, sectors: 2))
    #expect(throws: DiskFailure(operation: .write, path: "d/a", code: ENOSPC)) { try file.write([1], at: 0) }
    #expect(throws: DiskFailure.self) { try file.sync() }
    #expect(throws: DiskFailure.self, "the machine is off") { try file.bytes(at: 0, count: 1) }
  }

  @Test func mappingsShowLaterWrites() throws {
    let disk = SimulatedDisk()
    let file = try disk.open("d/a", .create)
    let address = try #require(mmap(nil, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    defer { munmap(address, 8192) }
    try file.map(from: 0, count: 8192, at: address)
    try file.write([1, 2, 3], at: 4096)
    #expect(Array(UnsafeRawBufferPointer(start: address + 4096, count: 3)) == [1, 2, 3])
  }

  @Test func locksVanishWithTheirFile() throws {
    let disk = SimulatedDisk()
    let first = try disk.open("d/a", .create)
    let second = try disk.open("d/a", .readWrite)
    #expect(try first.lock(from: 0, count: 1, shared: false))
    #expect(try second.lock(from: 0, count: 1, shared: true) == false)
    #expect(try second.isLockedElsewhere(from: 0, count: 1))
    try first.close()
    #expect(try second.lock(from: 0, count: 1, shared: true))
  }
}
