// The census against counts that are known, and against a model on random nouns.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

@Suite struct CensusTests {
  @Test func atomsHaveNoCells() throws {
    let loom = try Loom()
    var expected = Census()
    #expect(try loom.nursery.census(of: .zero) == expected)
    expected.largestAtomBits = 63
    #expect(try loom.nursery.census(of: Word(direct: Word.largestDirect)) == expected)
    expected = Census(largeAtoms: 1, largestAtomBits: 65, bytes: 24)
    #expect(try loom.nursery.census(of: Tree.atom([5, 1]).build(in: loom.nursery)) == expected)
  }

  @Test func sharedCellsCountOnceAndTreesSaturate() throws {
    let loom = try Loom()
    var noun = Word.one
    for _ in 0..<64 { noun = try loom.nursery.cell(noun, noun) }
    // 2^64 - 1 cells are exactly what no longer fits beside the mark for "more".
    let census = try loom.nursery.census(of: noun)
    #expect(census.distinctCells == 64)
    #expect(census.isSaturated)
    #expect(census.depth == 64)
    #expect(census.bytes == 64 * 24)
    let half = try loom.nursery.census(of: loom.nursery.head(noun))
    #expect(half.treeCells == UInt64.max / 2)
    #expect(!half.isSaturated)
  }

  @Test func sharedAtomsCountOnce() throws {
    let loom = try Loom()
    let atom = try Tree.atom([0, 1]).build(in: loom.nursery)
    let noun = try loom.nursery.cell(atom, loom.nursery.cell(atom, .zero))
    let census = try loom.nursery.census(of: noun)
    #expect(census.largeAtoms == 1)
    #expect(census.distinctCells == 2)
    #expect(census.largestAtomBits == 65)
  }

  @Test(arguments: [false, true]) func deepNounsNeedNoHostStack(left: Bool) throws {
    let loom = try Loom()
    let depth = 1_000_000
    var noun = Word.zero
    for _ in 0..<depth { noun = try left ? loom.nursery.cell(noun, .zero) : loom.nursery.cell(.zero, noun) }
    let census = try loom.nursery.census(of: noun)
    #expect(census.depth == depth)
    #expect(census.treeCells == UInt64(depth))
  }

  @Test func randomNounsAgreeWithTheModel() throws {
    let seed: UInt64 = 11
    var random = Random(seed: seed)
    let loom = try Loom()
    for _ in 0..<500 {
      let tree = Tree.random(&random, depth: 8)
      let census = try loom.nursery.census(of: tree.build(in: loom.nursery))
      let (cells, depth, bits) = Self.model(tree)
      #expect(census.treeCells == cells, "seed \(seed)")
      #expect(census.distinctCells == Int(cells), "seed \(seed)")
      #expect(census.depth == depth, "seed \(seed)")
      #expect(census.largestAtomBits == bits, "seed \(seed)")
    }
  }

  private static func model(_ tree: Tree) -> (cells: UInt64, depth: Int, bits: Int) {
    guard case .cell(let head, let tail) = tree else { return (0, 0, tree.bitCount) }
    let (left, right) = (model(head), model(tail))
    return (left.cells + right.cells + 1, max(left.depth, right.depth) + 1, max(left.bits, right.bits))
  }
}
