// Nouns ten million cells deep, to either side, and nouns that stand for 2^64 leaves, through every traversal, on a thread
// whose stack is as small as `ulimit -s 256` makes it.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

@Suite struct DeepNounTests {
  /// A noun of `deepLevels` cells, deep to one side; the value stack is left as it was.
  private func deepNoun(isLeft: Bool, in nursery: Nursery) throws(Fault) -> Word {
    var noun = Word.zero
    for level in 0..<deepLevels {
      let leaf = Word(direct: UInt64(level & 0xFF))
      noun = isLeft ? try nursery.cell(noun, leaf) : try nursery.cell(leaf, noun)
    }
    return noun
  }

  /// How deep a noun is to one side.
  private func depth(_ noun: Word, isLeft: Bool, in nursery: Nursery) -> Int {
    var noun = noun
    var depth = 0
    while noun.isCell {
      noun = isLeft ? nursery.head(noun) : nursery.tail(noun)
      depth += 1
    }
    return depth
  }

  @Test(arguments: [true, false])
  func jamCueMugAndEqualityNeedNoHostStack(isLeft: Bool) throws {
    try onStack {
      let loom = try Loom()
      let nursery = loom.nursery
      let noun = try deepNoun(isLeft: isLeft, in: nursery)
      var writer = try nursery.jam(noun)
      let copy = try writer.finish { (limbs, bits) throws(Fault) -> Word in
        do throws(CueError) {
          return try nursery.cue(UnsafeRawBufferPointer(start: limbs, count: (bits + 7) / 8)).noun
        } catch {
          throw error.fault
        }
      }
      #expect(depth(copy, isLeft: isLeft, in: nursery) == deepLevels)
      #expect(try nursery.equal(noun, copy))
      let longer = try nursery.cell(isLeft ? noun : .one, isLeft ? .one : noun)
      #expect(try !nursery.equal(longer, copy))
      #expect(try nursery.mug(noun) == nursery.mug(copy))
      #expect(nursery.state.pointee.stackTop == nursery.state.pointee.frame.pointee.stackBase)
    }
  }

  @Test(arguments: [true, false])
  func flipsPopsAndCopiesNeedNoHostStack(isLeft: Bool) throws {
    try onStack {
      let loom = try Loom()
      let nursery = loom.nursery
      try nursery.pushFrame()
      try nursery.push(deepNoun(isLeft: isLeft, in: nursery))
      try nursery.flip()
      try nursery.flip()
      let popped = try nursery.popFrame(nursery.pop())
      #expect(depth(popped, isLeft: isLeft, in: nursery) == deepLevels)
      let fixed = try nursery.copyToCommons(popped)
      #expect(nursery.isFixed(fixed))
      #expect(depth(fixed, isLeft: isLeft, in: nursery) == deepLevels)
      #expect(depth(popped, isLeft: isLeft, in: nursery) == deepLevels)
    }
  }

  @Test func sharedNounsCostWhatTheirCellsCost() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    func doubled() throws(Fault) -> Word {
      var noun = try nursery.cell(Word(direct: 5), Word(direct: 5))
      for _ in 0..<63 { noun = try nursery.cell(noun, noun) }
      return noun
    }
    /// Two copies of each level, cross-linked: as many leaves, other sharing.
    func crossed() throws(Fault) -> Word {
      var pair = (
        try nursery.cell(Word(direct: 5), Word(direct: 5)), try nursery.cell(Word(direct: 5), Word(direct: 5))
      )
      for _ in 0..<63 { pair = (try nursery.cell(pair.0, pair.1), try nursery.cell(pair.1, pair.0)) }
      return pair.0
    }
    let start = threadSeconds()
    do {
      let noun = try doubled()
      #expect(try nursery.equal(noun, doubled()))
      #expect(try nursery.equal(noun, crossed()))
      #expect(try nursery.equal(crossed(), doubled()))
      #expect(try nursery.mug(noun) == nursery.mug(crossed()))
      let bytes = try nursery.jamBytes(noun)
      #expect(bytes.count < 200)
      #expect(try nursery.jamBytes(crossed()) == bytes)
      #expect(try nursery.equal(nursery.cue(bytes), noun))
      #expect(try NounText.string(noun, in: nursery, .brief(bytes: 200)).utf8.count <= 203)
      let root = nursery.state.pointee.stackTop
      try nursery.push(noun)
      try nursery.flip()
      let before = nursery.metrics.copiedWords
      try nursery.flip()
      #expect(nursery.metrics.copiedWords - before == 64 * 3)
      let fixed = try nursery.copyToCommons(Word(raw: nursery.base[root]))
      #expect(nursery.commonsWords <= 64 * 3 + 1)
      #expect(try nursery.equal(fixed, Word(raw: nursery.base[root])))
    }
    // Dozens of passes over 64 cells, microseconds each; a pass over 2^64 would never end.
    let elapsed = threadSeconds() - start
    #expect(elapsed < 5, "took \(elapsed) s")
  }

  @Test func regularNounsWhoseMugsRepeatAreJammedInLinearTime() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    // The mugs of ever longer lists of one element run into a cycle after some ten thousand; so do copies of them.
    var noun = Word.zero
    for _ in 0..<300_000 { noun = try nursery.cell(.one, noun) }
    var copy = Word.zero
    for _ in 0..<300_000 { copy = try nursery.cell(.one, copy) }
    var rows = Word.zero
    for row in 0..<1_000 as Range<UInt64> {
      rows = try nursery.cell(nursery.cell(Word(direct: row), row % 2 == 0 ? noun : copy), rows)
    }
    let start = threadSeconds()
    let bytes = try nursery.jamBytes(rows)
    let cued = try nursery.cue(bytes)
    #expect(try nursery.equal(cued, rows))
    #expect(try nursery.jamBytes(cued) == bytes)
    let elapsed = threadSeconds() - start
    #expect(elapsed < 20, "took \(elapsed) s")
  }

  @Test func longTraversalsStopWhenAsked() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    let noun = try deepNoun(isLeft: false, in: nursery)
    let copy = try deepNoun(isLeft: false, in: nursery)
    let bytes = try nursery.jamBytes(copy)
    let unhashed = try deepNoun(isLeft: true, in: nursery)
    let other = try deepNoun(isLeft: true, in: nursery)
    loom.interrupt()
    #expect(throws: Fault.interrupted) { _ = try nursery.jamBytes(noun) }
    #expect(throws: Fault.interrupted) { _ = try nursery.mug(unhashed) }
    #expect(throws: Fault.interrupted) { _ = try nursery.equal(unhashed, other) }
    #expect(throws: CueError.self) { _ = try nursery.cue(bytes) }
    #expect(throws: Fault.interrupted) { try nursery.safePoint() }
    #expect(try nursery.equal(unhashed, other))
  }

  @Test func bothWaysOfJammingAgree() throws {
    var random = Random(seed: 5)
    let loom = try Loom()
    let nursery = loom.nursery
    for round in 0..<500 {
      let noun = try Tree.random(&random, depth: 1 + random.below(8)).build(in: nursery)
      let bytes = try nursery.jamBytes(noun)
      try #require(try jamBytesByNumber(noun, in: nursery) == bytes, "round \(round)")
      nursery.reset()
    }
  }

  /// Graphs whose parts are shared, stand beside equal copies, have their mugs or not, and lie in any stratum.
  @Test func bothWaysOfJammingAgreeOnGraphsWithCopies() throws {
    for seed in 0..<UInt64((isDebug ? 200 : 4_000) * testScale) {
      var random = Random(seed: seed)
      let loom = try Loom()
      let nursery = loom.nursery
      var parts: [Word] = [.zero, .one, Word(direct: 1 << 40)]
      parts.append(try Tree.atom([7, 7]).build(in: nursery))
      func part() -> Word { parts[parts.count - 1 - random.below(min(parts.count, 1 + random.below(60)))] }
      for _ in 0..<1 + random.below(150) {
        let one = part()
        switch random.below(10) {
        case 0, 1, 2: parts.append(one.isCell ? try nursery.cell(nursery.head(one), nursery.tail(one)) : one)
        case 3: _ = try nursery.mug(one)
        case 4: parts.append(try nursery.copyToCommons(one))
        case 5: parts.append(try Tree.random(&random, depth: 3).build(in: nursery))
        default: parts.append(try nursery.cell(one, part()))
        }
      }
      let noun = try parts.reduce(Word.zero) { try nursery.cell($1, $0) }
      let bytes = try nursery.jamBytes(noun)
      try #require(try jamBytesByNumber(noun, in: nursery) == bytes, "seed \(seed)")
      try #require(try nursery.equal(nursery.cue(bytes), noun), "seed \(seed)")
    }
  }

  private func jamBytesByNumber(_ noun: Word, in nursery: Nursery) throws -> [UInt8] {
    var writer = try nursery.jamByNumber(noun)
    return try writer.finish { limbs, bits throws(Fault) in
      (0..<(bits + 7) / 8).map { UInt8(truncatingIfNeeded: limbs[$0 / 8] >> UInt64($0 % 8 * 8)) }
    }
  }

  @Test func cueTakesLittleMoreMemoryThanTheNoun() throws {
    var options = LoomOptions()
    options.commitWords = 512
    let loom = try Loom(options)
    let nursery = loom.nursery
    // A list of distinct pairs: no sharing for a jam to profit from.
    var noun = Word.zero
    for index in 0..<200_000 as Range<UInt64> {
      noun = try nursery.cell(nursery.cell(Word(direct: index), Word(direct: index * 3)), noun)
    }
    let bytes = try nursery.jamBytes(noun)
    nursery.reset()
    let cued = try nursery.cue(bytes)
    #expect(nursery.usedBytes <= 400_000 * 24 * 12 / 10)
    _ = cued
  }
}
