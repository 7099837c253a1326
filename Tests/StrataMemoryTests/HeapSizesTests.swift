// The table of heap sizes and the policy that grows and shrinks a heap.

import Testing

@testable import StrataMemory

@Suite struct HeapSizesTests {
  @Test func theRampIsFibonacciThenAFifth() {
    #expect(HeapSizes.words.prefix(6) == [12, 38, 50, 88, 138, 226])
    for rank in 2..<21 {
      #expect(HeapSizes.words[rank] == HeapSizes.words[rank - 1] + HeapSizes.words[rank - 2])
    }
    for rank in 21..<HeapSizes.words.count {
      #expect(HeapSizes.words[rank] == HeapSizes.words[rank - 1] / 5 * 6)
    }
    #expect(HeapSizes.words.last! >= 1 << 44)
  }

  @Test func aHeapGrowsUntilHalfHoldsWhatSurvived() {
    for live in stride(from: 10, through: 1_000_000, by: 9_973) {
      let rank = HeapSizes.rank(after: live, current: 0)
      #expect(HeapSizes.words[rank] / 2 >= live)
      #expect(rank == 0 || HeapSizes.words[rank - 1] / 2 < live)
    }
  }

  @Test func aHeapShrinksOneRankAtATimeBelowAQuarter() {
    let rank = 20
    let size = HeapSizes.words[rank]
    #expect(HeapSizes.rank(after: size / 4 - 1, current: rank) == rank - 1)
    #expect(HeapSizes.rank(after: size / 4, current: rank) == rank)
    #expect(HeapSizes.rank(after: size / 2, current: rank) == rank)
    #expect(HeapSizes.rank(after: size / 2 + 1, current: rank) == rank + 1)
    #expect(HeapSizes.rank(after: 0, current: 0) == 0)
  }

  @Test func aLargeHeapIsKeptTight() {
    for live in [3 << 20, 5 << 20, 12_345_678, 20 << 20, 1 << 30] {
      let rank = HeapSizes.rank(after: live, current: 80)
      let size = HeapSizes.words[rank]
      #expect(size / 4 * 3 >= live)
      #expect(size <= max(HeapSizes.largeWords / 5 * 6, live / 3 * 5, live + min(live, HeapSizes.roomWords)))
      // As much room as is allowed, to the next size.
      #expect(HeapSizes.words[rank + 1] > live + min(live, HeapSizes.roomWords))
    }
  }

  @Test func whatALargeFrameWillGrowByIsKept() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    var frame = nursery.state.pointee.frame.pointee
    frame.tenured.high = frame.tenured.low + 6_000_000
    frame.rank = HeapSizes.rank(after: 6_000_000, current: frame.rank)
    let growth = frame.growthWords(from: 1 << 22)
    #expect(growth % Nursery.pageWords == 0)
    #expect((0..<Nursery.pageWords).contains(growth - (HeapSizes.words[frame.rank] - 6_000_000)))
    #expect(frame.growthWords(from: 6_000_001) == 0)
    frame.tenured.high += growth + 1
    #expect(frame.growthWords(from: 1 << 22) == 0)
  }
}
