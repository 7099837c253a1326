// Nouns are found by value, and those that begin alike do not make the search for each other longer.

import StrataMemory
import StrataNoun
import Testing

@testable import StrataNock

@Suite struct FixedNounsTests {
  /// A noun that differs from others of its kind far down only, fixed.
  private func deep(_ number: UInt64, _ nursery: Nursery) throws -> Word {
    var noun = Word(direct: number)
    for _ in 0..<70 { noun = try nursery.cell(.one, noun) }
    return try nursery.copyToCommons(noun)
  }

  @Test func nounsThatBeginAlikeAreFoundWithFewComparisons() throws {
    let loom = try Loom()
    defer { withExtendedLifetime(loom) {} }
    let nursery = loom.nursery
    var nouns = FixedNouns()
    defer { nouns.free() }
    let count = 2_000
    for number in 0..<count {
      let noun = try deep(UInt64(number), nursery)
      let search = try nouns.search(noun, in: nursery)
      try #require(search.number == -1)
      try nouns.add(noun, after: search)
    }
    for number in 0..<count {
      try #require(try nouns.search(deep(UInt64(number), nursery), in: nursery).number == number)
    }
    #expect(try nouns.search(deep(UInt64(count), nursery), in: nursery).number == -1)
    #expect(try nouns.search(.zero, in: nursery).number == -1)
    #expect(nouns.comparisons < 2 * count * (FixedNouns.mostAlike + 2))
    nouns.removeAll()
    #expect(try nouns.search(deep(1, nursery), in: nursery).number == -1)
  }
}
