// Lines of memory for code: apart from each other, and where they were until all is given back.

import StrataTestSupport
import Testing

@testable import StrataNock

@Suite struct CodeMemoryTests {
  @Test func piecesAreLinesApartFromEachOther() throws {
    var memory = CodeMemory()
    defer { memory.free() }
    var random = Random(seed: 4)
    var pieces: [(start: UnsafeMutablePointer<UInt64>, count: Int, mark: UInt64)] = []
    // Small ones, and now and then one that is larger than any block.
    for number in 0..<5_000 {
      let count = number % 1_000 == 999 ? 300_000 : random.below(40)
      let start = try memory.allocate(count)
      #expect(Int(bitPattern: start) % 64 == 0)
      for index in 0..<count { start[index] = UInt64(number) << 32 | UInt64(index) }
      pieces.append((start, count, UInt64(number) << 32))
    }
    for piece in pieces {
      let isWhole = (0..<piece.count).allSatisfy { piece.start[$0] == piece.mark | UInt64($0) }
      #expect(isWhole, "a piece of \(piece.count) words was written to")
    }
    memory.free()
    #expect(try Int(bitPattern: memory.allocate(1)) % 64 == 0, "there is more after everything was given back")
  }
}
