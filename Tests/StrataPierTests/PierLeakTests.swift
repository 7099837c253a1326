// Opening and closing piers many times leaves nothing behind in the process: no file, no mapping, no thread, no memory. Also
// where opening is refused, since ways that fail leak first.

import Foundation
import StrataMemory
import StrataStore
import StrataTestSupport
import Testing

@testable import StrataPier

@Suite struct PierLeakTests {
  /// Each waits for the disk a few times; `STRATA_TEST_SCALE=4` makes it a thousand in a release build.
  static let cycles = (isDebug ? 50 : 250) * testScale

  /// Fails when `work` leaves something behind: a page for each time would show.
  static func expectNoLeak(cycles: Int = PierLeakTests.cycles, _ work: (Int) throws -> Void) throws {
    if let leak = try leak(ofEachOf: cycles, bytesEach: 2048, work) { Issue.record("\(leak)") }
  }

  /// Opens a pier that was dropped before. Its own thread may be at work for it a moment longer, and closes it then.
  static func openDropped(_ path: String) throws -> Pier {
    let deadline = Clock.now() + 60_000_000_000
    while true {
      do throws(PierFailure) { return try Pier.open(path, testOptions()) } catch {
        guard case .inUse = error, Clock.now() < deadline else { throw error }
        sched_yield()
      }
    }
  }

  @Test(.enabled(if: !isSanitized)) func openingPokingAskingAndClosing() async {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let event = try jam("0")
      let query = try jam("[0 1]")
      try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), testOptions()).close()
      try PierLeakTests.expectNoLeak { cycle in
        let pier = try PierLeakTests.openDropped(scratch.pier)
        _ = try pier.poke(Poke(event))
        #expect(try pier.peek(query).number == pier.last)
        // Half of them are dropped without being closed.
        if cycle % 2 == 0 { try pier.close() }
      }
    }
  }

  @Test(.enabled(if: !isSanitized)) func beingRefused() async {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let kernel = try jam(Kernels.counter)
      let pier = try Pier.create(scratch.pier, .gate, kernel: kernel, testOptions())
      try PierLeakTests.expectNoLeak { _ in
        #expect(throws: PierFailure.inUse(path: scratch.pier, holder: Int(getpid()))) {
          try Pier.open(scratch.pier, testOptions())
        }
        #expect(throws: PierFailure.exists(path: scratch.pier)) {
          try Pier.create(scratch.pier, .gate, kernel: kernel, testOptions())
        }
        #expect(throws: PierFailure.self) { try Pier.create(scratch.path + "/bad", .gate, kernel: [], testOptions()) }
      }
      try pier.close()
    }
  }

  @Test(.enabled(if: !isSanitized)) func meetingDamage() async {
    await #expect(processExitsWith: .success) {
      let scratch = try Scratch()
      let options = testOptions()
      let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), options)
      for _ in 0..<4 { _ = try pier.poke(Poke(jam("0"))) }
      try pier.storeNow()
      try pier.close()
      // The log goes back to the kernel only in a pier that keeps its history; without its beginning, a store that cannot be read is the end.
      let store = scratch.pier + "/store"
      let whole = try contents(of: store)
      var broken = whole
      for index in broken.indices where index >= 4 * 4096 { broken[index] ^= 0x55 }
      let log = scratch.pier + "/log"
      let events = try contents(of: log)
      var torn = events
      for index in torn.indices where index >= 100 { torn[index] = 0 }
      try PierLeakTests.expectNoLeak { cycle in
        let (path, bytes, good) = cycle % 2 == 0 ? (log, torn, events) : (store, [UInt8](broken.prefix(8192)), whole)
        try Data(bytes).write(to: URL(filePath: path))
        // The store is made again from the log; a log that is none is refused.
        if cycle % 2 == 0 {
          #expect(throws: PierFailure.self) { try Pier.open(scratch.pier, options) }
        } else {
          let rebuilt = try Pier.open(scratch.pier, options)
          #expect(rebuilt.opening.notes.count == 1)
          try rebuilt.close()
          try FileManager.default.removeItem(atPath: store + ".damaged")
        }
        try Data(good).write(to: URL(filePath: path))
      }
    }
  }
}
