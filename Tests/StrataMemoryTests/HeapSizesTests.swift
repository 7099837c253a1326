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
    for live in [3 << 20, 5 << 20, 12_345_678, 1 << 30] {
      let rank = HeapSizes.rank(after: live, current: 80)
      #expect(HeapSizes.words[rank] / 4 * 3 >= live)
      #expect(HeapSizes.words[rank] <= max(HeapSizes.largeWords / 5 * 6, live / 3 * 5))
    }
  }
}
