// Ranges of addresses that pass from one storage to the next, and from thread to thread.

import Dispatch
import Glibc
import StrataText
import Testing

@testable import StrataFlat

@Suite struct StorageRangeTests {
  /// A range that a machine gave back is the next one's, with nothing of what was in it.
  @Test(arguments: [100, 4096, 200 << 10, 300 << 10, 3 << 20] as [UInt64]) func storageOfOthersIsZero(_ size: UInt64)
    throws
  {
    for _ in 0..<3 {
      for limit in [5 << 20, 6 << 20] as [UInt64] {
        for headBytes in [0, 64 << 10] {
          let memory = try LinearMemory(limit: limit, headBytes: headBytes)
          try memory.restart(constantBytes: 0, staticBytes: 16)
          #expect(memory.limit == limit)
          let address = try memory.allocate(size: size, alignment: 8)
          #expect(try memory.bytes(address, size).allSatisfy { $0 == 0 })
          #expect(throws: Fault.self) { try memory.word(address + size, 1) }
          try memory.fill(address, count: size, with: 0xAA)
          memset(memory.head, 0x55, headBytes)
        }
      }
    }
  }

  @Test func fewAndSmallRangesWait() throws {
    let idle = IdleRanges()
    func range(_ wanted: Int, touched: UInt64 = 4096, committed: UInt64 = 1 << 20) throws -> StorageRange {
      let range = try StorageRange(wantedBytes: wanted, leastBytes: 1 << 20, headBytes: 0, firstAddress: 4096)
      (range.touched, range.committed) = (touched, committed)
      return range
    }
    for number in 0..<10 { idle.give(try range((1 << 20) + number)) }
    let kept = (0..<10).filter { idle.take(wantedBytes: (1 << 20) + $0, headBytes: 0) != nil }
    #expect(kept == [6, 7, 8, 9])
    idle.give(try range(1 << 20))
    #expect(idle.take(wantedBytes: 1 << 20, headBytes: 4096) == nil)
    #expect(idle.take(wantedBytes: 1 << 20, headBytes: 0) != nil)
    #expect(idle.take(wantedBytes: 1 << 20, headBytes: 0) == nil)
    idle.give(try range(1 << 20, touched: 1 << 20))
    idle.give(try range(1 << 20, committed: 2 << 20))
    idle.give(try range(1 << 20, committed: 0))
    #expect(idle.take(wantedBytes: 1 << 20, headBytes: 0) == nil)
    idle.give(try range(1 << 20))
    idle.dropAll()
    #expect(idle.take(wantedBytes: 1 << 20, headBytes: 0) == nil)
  }

  @Test func rangesPassBetweenThreads() throws {
    let program = compile("work :: (n: i64) -> i64 { a : [200]i64; s := 0; for 0..200 (i) { s += a[i]; a[i] = n; } s }")
    #expect(program.isValid, "\(program.renderDiagnostics())")
    let text = ModulePrinter.print(program.module)
    DispatchQueue.concurrentPerform(iterations: 4) { number in
      // Modules are not shared between threads.
      guard let module = try? ModuleParser.parse(SourceText(name: "work", text: text)),
        let function = module.findFunction("work")
      else {
        Issue.record("the printed module does not parse")
        return
      }
      for turn in 0..<100 {
        let value = try? FlatMachine(module: module).evaluate(function, [.integer(Int64(number * 100 + turn + 1))])
        #expect(value == .integer(0))
      }
    }
  }
}
