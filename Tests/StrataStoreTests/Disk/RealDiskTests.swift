// The real disk: what the protocol promises, on a temporary directory.

import Foundation
import Testing

@testable import StrataStore

/// A directory that is removed when the value ends.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("strata-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct RealDiskTests {
  let disk = RealDisk()

  @Test func readsWhatWasWritten() throws {
    let place = try TemporaryDirectory()
    let file = try disk.open(place.path + "/a", .create)
    try file.write(Array("hello".utf8), at: 3)
    try file.sync()
    #expect(try file.size() == 8)
    #expect(try file.bytes(at: 0, count: 100) == [0, 0, 0] + Array("hello".utf8))
    try file.truncate(to: 4)
    #expect(try file.size() == 4)
    #expect(throws: DiskFailure(operation: .read, path: file.path, code: 0)) {
      var buffer = [UInt8](repeating: 0, count: 5)
      try buffer.withUnsafeMutableBytes { try file.readFully(at: 0, into: $0) }
    }
    try file.close()
    #expect(throws: DiskFailure.self) { try file.size() }
  }

  @Test func holesReadAsZerosAndKeepTheSize() throws {
    let place = try TemporaryDirectory()
    let file = try disk.open(place.path + "/a", .create)
    try file.allocate(from: 0, count: 3 * 4096)
    try file.write([UInt8](repeating: 7, count: 3 * 4096), at: 0)
    if try file.punch(from: 4096, count: 4096) {
      #expect(try file.bytes(at: 4096, count: 4096) == [UInt8](repeating: 0, count: 4096))
    }
    #expect(try file.bytes(at: 2 * 4096, count: 1) == [7])
    #expect(try file.size() == 3 * 4096)
  }

  @Test func locksBelongToTheOpenFile() throws {
    let place = try TemporaryDirectory()
    let first = try disk.open(place.path + "/a", .create)
    let second = try disk.open(place.path + "/a", .readWrite)
    #expect(try first.lock(from: 0, count: 1, shared: false))
    #expect(try second.lock(from: 0, count: 1, shared: true) == false)
    #expect(try second.isLockedElsewhere(from: 0, count: 1))
    #expect(try first.isLockedElsewhere(from: 0, count: 1) == false)
    #expect(try second.lock(from: 1, count: 1, shared: true))
    try first.close()
    #expect(try second.lock(from: 0, count: 1, shared: true))
  }

  @Test func namesAndDirectories() throws {
    let place = try TemporaryDirectory()
    try disk.makeDirectory(place.path + "/d")
    try disk.makeDirectory(place.path + "/d")
    _ = try disk.open(place.path + "/d/b", .create)
    _ = try disk.open(place.path + "/d/a", .create)
    try disk.rename(place.path + "/d/b", to: place.path + "/d/c")
    try disk.syncDirectory(place.path + "/d")
    #expect(try disk.list(place.path + "/d") == ["a", "c"])
    try disk.remove(place.path + "/d/a")
    #expect(try disk.exists(place.path + "/d/a") == false)
    #expect(try disk.exists(place.path + "/d/c"))
    #expect(throws: DiskFailure(operation: .makeDirectory, path: place.path + "/d/c", code: ENOTDIR)) {
      try disk.makeDirectory(place.path + "/d/c")
    }
  }

  @Test func failuresSayWhatAndWhere() throws {
    let failure = #expect(throws: DiskFailure.self) { try disk.open("/nowhere/at/all", .read) }
    #expect(failure?.isMissing == true)
    #expect(failure?.description == "cannot open /nowhere/at/all: No such file or directory (check the path)")
    if try disk.exists("/dev/full") {
      let full = try disk.open("/dev/full", .readWrite)
      let failure = #expect(throws: DiskFailure.self) { try full.write([1], at: 0) }
      #expect(failure?.isNoSpace == true)
    }
  }
}

extension DiskFile {
  /// Up to `count` bytes from `offset`.
  func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    let read = try buffer.withUnsafeMutableBytes { try self.read(at: offset, into: $0) }
    return Array(buffer.prefix(read))
  }

  func write(_ bytes: [UInt8], at offset: Int) throws {
    try bytes.withUnsafeBytes { try self.write($0, at: offset) }
  }
}
