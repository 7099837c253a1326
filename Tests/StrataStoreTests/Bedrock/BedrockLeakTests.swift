// Opening and closing stores many times leaves nothing behind in the process, whether they open or not.

import Foundation
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataStore

@Suite struct BedrockLeakTests {
  /// Each waits for the disk a few times; `STRATA_TEST_SCALE=4` makes it a thousand in a release build.
  static let cycles = (isDebug ? 50 : 250) * testScale

  @Test(.enabled(if: !isSanitized)) func openingIsNoLeak() async {
    await #expect(processExitsWith: .success) {
      let folder = NSTemporaryDirectory() + "strata-leaks-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let disk = RealDisk()
      let path = folder + "/store"
      var options = BedrockOptions()
      options.segmentPages = 4
      let heap = TestHeap()
      // Addresses are to be reserved longer than what is mapped there lives, also where that is dropped.
      let held = try BedrockReservation(byteCount: 1 << 30)
      defer { withExtendedLifetime(held) {} }
      let holder = try Bedrock.open(folder + "/held", on: disk, at: held.place, options: options)
      let damaged = folder + "/damaged"
      try Data(repeating: 0xA5, count: 1 << 16).write(to: URL(filePath: damaged))
      let cycles = BedrockLeakTests.cycles
      let leak = try leak(ofEachOf: cycles, bytesEach: 1024) { cycle in
        let reservation = try BedrockReservation(byteCount: 1 << 30)
        defer { withExtendedLifetime(reservation) {} }
        let store = try Bedrock.open(path, on: disk, at: reservation.place, options: options)
        heap.reset()
        try store.commit([StoredRoot(heap.cell(Word(direct: UInt64(cycle)), .zero))], from: heap.base)
        do {
          let other = try BedrockReservation(byteCount: 1 << 30)
          defer { withExtendedLifetime(other) {} }
          let view = try BedrockView(path, on: disk, at: other.place)
          #expect(view.place.base == other.place.base)
          let third = try BedrockReservation(byteCount: 1 << 30)
          defer { withExtendedLifetime(third) {} }
          #expect(try BedrockReader(path, on: disk, at: third.place).sequence == store.sequence)
        }
        if cycle % 8 == 0 {
          try store.beginCollection()
          if cycle % 16 == 0 { while try store.stepCollection(budgetWords: 1 << 16) == .working {} }
        }
        if cycle % 2 == 0 { try store.close() }
        let fourth = try BedrockReservation(byteCount: 1 << 30)
        defer { withExtendedLifetime(fourth) {} }
        #expect(throws: BedrockFailure.inUse(path: folder + "/held")) {
          try Bedrock.open(folder + "/held", on: disk, at: fourth.place, options: options)
        }
        #expect(throws: BedrockFailure.self) {
          try Bedrock.open(damaged, on: disk, at: fourth.place, options: options)
        }
        #expect(throws: BedrockFailure.self) {
          try Bedrock.open(folder + "/none/store", on: disk, at: fourth.place, options: options)
        }
      }
      if let leak { Issue.record("\(leak)") }
      try holder.close()
    }
  }
}
