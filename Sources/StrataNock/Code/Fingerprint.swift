// A hash of the upper part of a noun, for tables of code: reading all of a large core to know whether it was met before would
// cost more than most programs take.

import StrataMemory
import StrataNoun

extension Nursery {
  /// A hash of what lies at the lowest axes of a noun, never 0. Equal nouns have equal ones, however they lie in memory.
  func fingerprint(_ noun: Word) -> UInt64 {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 64) { queue in
      guard let queue = queue.baseAddress else { return 1 }
      queue[0] = noun.raw
      var read = 0
      var end = 1
      var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
      while read < end {
        let word = Word(raw: queue[read])
        read &+= 1
        let value: UInt64
        if word.isDirect {
          value = word.raw
        } else if word.isCell {
          value = UInt64.max
          if end < 63 {
            queue[end] = head(word).raw
            queue[end &+ 1] = tail(word).raw
            end &+= 2
          }
        } else {
          value = base[word.offset &+ 1] &+ UInt64(header(word).size)
        }
        hash = (hash ^ value) &* 0xBF58_476D_1CE4_E5B9
        hash ^= hash >> 32
      }
      return hash | 1
    }
  }
}
