// The sizes that a heap may grow to before it is collected, after the BEAM and the PLAN manual: twenty steps
// of a Fibonacci-like ramp that begins with 12 and 38 words, then 20 % a step.

/// The table of heap sizes, by rank, and the policy that picks a rank after a collection.
public enum HeapSizes {
  /// Words by rank; strictly rising, from 12 words to beyond the largest arena.
  public static let words: [Int] = {
    var sizes = [12, 38]
    while sizes.count < 21 { sizes.append(sizes[sizes.count - 1] + sizes[sizes.count - 2]) }
    while sizes[sizes.count - 1] < 1 << 44 { sizes.append(sizes[sizes.count - 1] / 5 * 6) }
    return sizes
  }()

  /// From this many words on a heap is kept tighter: twice what lives would be too much.
  static let largeWords = 1 << 22

  /// By how many words a large heap may grow at least, as long as that does not more than double it.
  static let roomWords = 1 << 23

  /// The rank for a large heap of which `live` words survived: the first of which three quarters hold them, or the last
  /// that leaves no more than `roomWords` free, where that is more. Each compaction goes through all that lives, and so
  /// many words cost less than it does.
  private static func largeRank(after live: Int) -> Int {
    var rank = rank(holding: largeWords)
    while rank < words.count - 1, live > words[rank] / 4 * 3 { rank += 1 }
    let most = live + min(live, roomWords)
    while rank < words.count - 1, words[rank + 1] <= most { rank += 1 }
    return rank
  }

  /// The rank for a heap of which `live` words survived: the first whose half holds them when they fill more
  /// than half of `current`; one rank smaller when they fill less than a quarter; otherwise `current`. A large heap gets
  /// a third more than lives, or `roomWords`.
  public static func rank(after live: Int, current: Int) -> Int {
    if live > largeWords / 2 { return largeRank(after: live) }
    var rank = min(max(current, 0), words.count - 1)
    if live > words[rank] / 2 {
      while rank < words.count - 1, live > words[rank] / 2 { rank += 1 }
    } else if live < words[rank] / 4, rank > 0 {
      rank -= 1
    }
    return rank
  }

  /// The first rank that holds at least `count` words.
  public static func rank(holding count: Int) -> Int {
    var rank = 0
    while rank < words.count - 1, words[rank] < count { rank += 1 }
    return rank
  }
}
