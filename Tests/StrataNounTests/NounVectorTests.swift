// Published vectors for jam and mug, and random nouns against the plain model.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

private func bytes(_ hex: String) -> [UInt8] {
  let digits = Array(hex)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
}

@Suite struct NounVectorTests {
  static let vectors: [(Tree, String, UInt32)] = [
    (.number(0), "02", 0x79ff_04e8),
    (.number(1), "0c", 0x715c_2a60),
    (.number(2), "48", 0x718b_9468),
    (.tuple(.number(0), .number(0)), "29", 0x192f_5588),
    (.tuple(.number(1), .number(0)), "b1", 0x44e4_ce97),
    (.tuple(.number(0), .number(1)), "c9", 0x16a1_233b),
    (.tuple(.number(1), .number(1)), "3103", 0x6b32_ec46),
    (.tuple(.number(1), .number(2)), "3112", 0x6a36_c1d9),
    (.tuple(.tuple(.number(1), .number(2)), .number(3)), "c54834", 0x2f8d_5f9f),
    (.tuple(.number(1), .number(2), .number(3), .number(0)), "71c8d002", 0x1a8c_dadd),
    (.number(2_147_483_647), "c0ffffffff03", 0x389c_a03a),
    (.number(2_147_483_648), "800000000010", 0x402f_a61d),
    (.number(4_294_967_295), "80e0ffffff1f", 0x3e86_8bf6),
    (.number(4_294_967_296), "800100000020", 0x1de7_cf81),
    (.number(1 << 63), "00010000000000000040", 0x135e_b193),
    (.atom([0, 1]), "00030000000000000080", 0x26a7_107f),
    (.number(.max), "0081ffffffffffffff7f", 0x695c_8310),
    (.atom([1, 0, 1]), "00060200000000000000000000000000000002", 0x3ade_6fd3),
    (.atom([0x7720_2c6f_6c6c_6548, 0x21_646c_726f]), "004da43236b6371690bb373936b210", 0x4d44_1035),
    (.tuple(.number(1_852_796_776), .number(138)), "011fededcd0d4211", 0x4669_1faf),
    (
      .tuple(
        .tuple(.number(2_147_483_648), .number(2)), .number(2_147_483_648), .number(2)),
      "0508000000009193", 0x3e7e_c76b
    ),
    (
      .tuple(.number(1_099_511_627_776), .number(1_099_511_627_776), .number(1_099_511_627_776)),
      "012600000000804d4e02", 0x0ab7_7382
    ),
    (.tuple(.number(1), .number(1), .number(1), .number(1)), "711c33", 0x1ce2_c2ee),
    (
      .tuple(
        .tuple(.number(1), .number(2)), .tuple(.number(1), .number(2)), .tuple(.number(1), .number(2)),
        .number(0)), "c5c8269b14", 0x6140_5528
    ),
    (
      .atom(Array(repeating: 0x6161_6161_6161_6161, count: 5)),
      "00fc090b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b03", 0x665d_840c
    ),
  ]

  @Test(arguments: vectors.indices)
  func jamCueAndMugHaveTheRecordedBits(index: Int) throws {
    let (tree, jam, mug) = NounVectorTests.vectors[index]
    let loom = try Loom()
    let noun = try tree.build(in: loom.nursery)
    #expect(try loom.nursery.mug(noun) == mug)
    #expect(tree.mug() == mug)
    #expect(try loom.nursery.jamBytes(noun) == bytes(jam))
    #expect(try Tree(loom.nursery.cue(bytes(jam)), in: loom.nursery) == tree)
  }

  @Test(arguments: [
    (Tree.tuple(.number(1), .number(2), .number(3)), 0x3a81_1aec as UInt32),
    (.tuple(.number(2), .number(2)), 0x02ef_fe10),
    (.tuple(.number(0), .number(1 << 32)), 0x07ce_fb7f),
    (.tuple(.atom([.max, .max]), .number(1)), 0x2aa0_6bfc),
    (.atom([0, 1 << 32]), 0x519b_d45c),
    (.atom([1 << 32, 1 << 32]), 0x540e_b8a9),
    (.tuple(.number(9), .number(2)), 0x01f7_870c),
    (.atom([UInt64](repeating: 0x7878_7878_7878_7878, count: 3) + [0x7878_7878]), 0x64df_da5c),
  ])
  func moreMugs(tree: Tree, mug: UInt32) throws {
    let loom = try Loom()
    #expect(try loom.nursery.mug(tree.build(in: loom.nursery)) == mug)
  }

  @Test func randomNounsAgreeWithTheModel() throws {
    var random = Random(seed: 11)
    let loom = try Loom()
    let nursery = loom.nursery
    for round in 0..<2000 {
      let tree = Tree.random(&random, depth: 1 + random.below(7))
      let noun = try tree.build(in: nursery)
      let copy = try tree.build(in: nursery)
      let bits = tree.jam()
      let expected = stride(from: 0, to: bits.count, by: 8).map { start in
        (0..<8).reduce(UInt8(0)) { $0 | (start + $1 < bits.count && bits[start + $1] ? 1 << UInt8($1) : 0) }
      }
      let jammed = try nursery.jamBytes(noun)
      try #require(jammed == expected, "round \(round)")
      let cued = try nursery.cue(jammed)
      try #require(Tree(cued, in: nursery) == tree, "round \(round)")
      try #require(try nursery.jamBytes(cued) == jammed, "round \(round)")
      try #require(try nursery.mug(noun) == tree.mug(), "round \(round)")
      try #require(try nursery.mug(cued) == tree.mug(), "round \(round)")
      try #require(try nursery.equal(noun, copy) && nursery.equal(cued, copy), "round \(round)")
      let other = Tree.random(&random, depth: 4)
      try #require(try nursery.equal(noun, other.build(in: nursery)) == (tree == other), "round \(round)")
      try #require(nursery.firstBrokenInvariant() == nil, "round \(round)")
      nursery.reset()
    }
  }
}
