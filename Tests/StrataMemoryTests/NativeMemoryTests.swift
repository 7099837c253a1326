// Native memory: zeroed, kept whole while it grows, small or large.

import Testing

@testable import StrataMemory

struct NativeMemoryTests {
  /// Element counts on both sides of the size from which on memory is mapped by itself, and of a huge page.
  private static let steps = [1, 100, (1 << 17) - 1, 1 << 17, 1 << 18, (1 << 18) + 1, 3 << 18]

  @Test func growthKeepsWhatIsThereAndZeroesTheRest() throws {
    var count = NativeMemoryTests.steps[0]
    var memory = try NativeMemory.allocate(count, of: UInt64.self)
    for larger in NativeMemoryTests.steps.dropFirst() {
      for index in 0..<count { memory[index] = UInt64(index) &* 0x9E37_79B9_7F4A_7C15 | 1 }
      memory = try NativeMemory.grow(memory, from: count, to: larger, used: count)
      let kept = (0..<count).allSatisfy { memory[$0] == UInt64($0) &* 0x9E37_79B9_7F4A_7C15 | 1 }
      #expect(kept && (count..<larger).allSatisfy { memory[$0] == 0 }, "from \(count) to \(larger)")
      count = larger
    }
    NativeMemory.free(memory, count)
  }

  @Test func whatNobodyHasIsRefused() throws {
    #expect(throws: Fault.refused) { try NativeMemory.allocate(Int.max, of: UInt64.self) }
    #expect(throws: Fault.refused) { try NativeMemory.allocate(Int.max, of: UInt8.self) }
    #expect(throws: Fault.refused) { try NativeMemory.allocate(1 << 46, of: UInt64.self) }
    let small = try NativeMemory.allocate(1 << 18, of: UInt64.self)
    small[7] = 7
    #expect(throws: Fault.refused) { try NativeMemory.grow(small, from: 1 << 18, to: 1 << 46, used: 8) }
    #expect(small[7] == 7)
    NativeMemory.free(small, 1 << 18)
  }

  @Test func aBufferGrowsThroughEverySize() throws {
    var buffer = try Buffer<UInt32>(capacity: 1)
    let count = 1_500_000
    for value in 0..<count { try buffer.append(UInt32(value)) }
    #expect((0..<count).allSatisfy { buffer.base[$0] == UInt32($0) })
    #expect(buffer.capacity >= count && buffer.popLast() == UInt32(count - 1))
  }
}
