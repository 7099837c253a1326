// The allocator of the shared commons against a plain model: blocks never overlap, and everything given back is one again.

import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct BuddyBlocksTests {
  @Test func blocksNeverOverlapAndMergeAgain() {
    for seed in 0..<UInt64(20 * testScale) {
      var random = Random(seed: seed)
      var blocks = BuddyBlocks(unitCount: 1 << 10)
      var owners = [Int](repeating: -1, count: 1 << 10)
      var taken: [(unit: Int, units: Int)] = []
      for step in 0..<2000 {
        if random.chance(55) {
          let words = 1 + random.below(random.chance(10) ? 20_000 : 300)
          guard let unit = blocks.take(words: words) else { continue }
          let units = 1 << blocks.order(ofUsed: unit)
          #expect(units * BuddyBlocks.unitWords >= words && unit % units == 0)
          #expect(units == 1 || units * BuddyBlocks.unitWords < 2 * words)
          for index in unit..<unit + units {
            #expect(owners[index] == -1, "seed \(seed): two blocks hold unit \(index)")
            owners[index] = step
          }
          taken.append((unit, units))
        } else if !taken.isEmpty {
          let (unit, units) = taken.remove(at: random.below(taken.count))
          for index in unit..<unit + units { owners[index] = -1 }
          blocks.free(unit)
        }
        let probe = random.below(1 << 10)
        let holder = taken.first { ($0.unit..<$0.unit + $0.units).contains(probe) }?.unit
        #expect(blocks.block(holding: probe) == holder, "seed \(seed)")
      }
      #expect(blocks.usedUnits == taken.reduce(0) { $0 + $1.units })
      for (unit, _) in taken { blocks.free(unit) }
      #expect(blocks.usedUnits == 0)
      #expect(blocks.take(words: (1 << 10) * BuddyBlocks.unitWords) == 0)
    }
  }
}
