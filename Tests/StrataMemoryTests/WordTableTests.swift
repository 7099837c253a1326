// The word table keeps what it is given, whatever the keys look like, and in time that grows with their number only.

import Testing

@testable import StrataMemory

@Suite struct WordTableTests {
  /// Keys as they come up: cells' words, pairs of small numbers with either part fixed, multiples of large powers of two.
  static let shapes: [(name: String, key: @Sendable (UInt64) -> UInt64)] = [
    ("cells", { 0b110 << 61 | 1 << 36 + $0 * 3 }),
    ("first of a pair", { $0 << 32 | 1 }),
    ("second of a pair", { 7 << 32 | $0 + 1 }),
    ("both of a pair", { $0 << 32 | $0 + 1 }),
    ("few high bits", { ($0 + 1) << 40 }),
  ]

  @Test(arguments: shapes.indices) func keysOfEveryShapeAreFound(index: Int) throws {
    let key = WordTableTests.shapes[index].key
    var table = WordTable()
    defer { table.free() }
    // With clustered keys this would take minutes.
    for number in 0..<200_000 as Range<UInt64> { try table.set(key(number), to: number) }
    #expect(table.count == 200_000)
    for number in 0..<200_000 as Range<UInt64> where table.value(of: key(number)) != number {
      Issue.record("lost \(number)")
      return
    }
    #expect(table.value(of: key(200_000)) == nil)
    try table.set(key(5), to: 77)
    #expect(table.value(of: key(5)) == 77 && table.count == 200_000)
    table.removeAll()
    #expect(table.value(of: key(5)) == nil && table.count == 0)
  }

  @Test func unionsJoinClasses() throws {
    var classes = UnionTable()
    defer { classes.free() }
    for number in 1..<1_000 as Range<UInt64> { #expect(try classes.union(number, number + 1)) }
    for number in 1..<1_000 as Range<UInt64> { #expect(try !classes.union(number, 1_000)) }
    #expect(try classes.union(5_000, 1))
    #expect(try !classes.union(1_000, 5_000))
  }
}
