// Tables of code and of cores: nouns found by value without reading all of them, which for a large core would cost more than
// most programs take. A hash of the upper part decides, and the mug only where too many nouns begin alike.

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

/// Nouns that do not move, numbered in the order in which they were added and found by value. Must be freed by whoever made it.
struct FixedNouns {
  /// How many nouns that begin alike are compared one by one.
  static let mostAlike = 6

  /// From a fingerprint, or where too many nouns have it from that and the mug, to the newest noun's number + 1.
  private var newest = WordTable()
  /// Each noun, and the number of the next older one with the same key or -1.
  private var nouns: [(noun: Word, older: Int)] = []
  /// How often nouns were compared since the table was made.
  private(set) var comparisons = 0

  /// What a search has found.
  struct Search {
    /// The noun's number, or -1.
    var number: Int
    /// How many nouns it was compared with under the last key.
    var compared: Int
    fileprivate var key: UInt64
  }

  mutating func free() { newest.free() }

  mutating func removeAll() {
    newest.removeAll()
    nouns.removeAll(keepingCapacity: true)
  }

  /// Looks for a noun that equals `noun`.
  mutating func search(_ noun: Word, in nursery: Nursery) throws(Fault) -> Search {
    let print = nursery.fingerprint(noun)
    let first = try search(noun, print, in: nursery)
    if first.number >= 0 || first.compared < FixedNouns.mostAlike { return first }
    return try search(noun, (print ^ UInt64(nursery.mug(noun)) &* 0x9E37_79B9_7F4A_7C15) | 1, in: nursery)
  }

  private mutating func search(_ noun: Word, _ key: UInt64, in nursery: Nursery) throws(Fault) -> Search {
    var number = newest.value(of: key).map { Int($0) - 1 } ?? -1
    var compared = 0
    while number >= 0 {
      compared += 1
      comparisons += 1
      if try nursery.equal(nouns[number].noun, noun) { break }
      number = nouns[number].older
    }
    return Search(number: number, compared: compared, key: key)
  }

  /// Adds a noun, which `search` has not found; its number is how many there were. The noun is fixed or a direct atom.
  mutating func add(_ noun: Word, after search: Search) throws(Fault) {
    let older = newest.value(of: search.key).map { Int($0) - 1 } ?? -1
    try newest.set(search.key, to: UInt64(nouns.count + 1))
    nouns.append((noun, older))
  }
}
