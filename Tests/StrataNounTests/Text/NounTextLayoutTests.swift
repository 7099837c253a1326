// The layout for people: recorded shapes, lines no wider than asked for, and text no longer than the noun warrants.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

private func shown(_ text: String, width: Int, _ change: (inout NounText.Options) -> Void = { _ in }) throws -> String {
  let loom = try Loom()
  let noun = try NounText.read(Array(text.utf8), into: loom.nursery)
  var options = NounText.Options.brief()
  options.width = width
  change(&options)
  var sink = try TextSink()
  try NounText.show(noun, in: loom.nursery, options, to: &sink)
  return sink.text
}

@Suite struct NounTextLayoutTests {
  @Test func whatFitsStaysOnOneLine() throws {
    #expect(try shown("[%a %b-c [99 %d-e]]", width: 80) == "[97 %b-c 99 %d-e]")
    #expect(try shown("[[1 2] 3]", width: 16) == "[[1 2] 3]")
    #expect(try shown("[1.000 2.000 300]", width: 17) == "[1.000 2.000 300]")
  }

  @Test func whatDoesNotFitIsBrokenBetweenElements() throws {
    #expect(
      try shown("[1.000 2.000 3000]", width: 17) == """
        [1.000 2.000
         3.000]
        """)
    #expect(
      try shown("[%first [[%second 2] 'a cord'] [%third 3] 4 5]", width: 20) == """
        [%first
         [[%second 2]
          'a cord']
         [%third 3] 4 5]
        """)
    #expect(
      try shown("[[[%a-long-term %another-term] %inner] [%x-y %y-z 0] 7]", width: 18) == """
        [[[%a-long-term
           %another-term]
          %inner]
         [%x-y %y-z 0] 7]
        """)
  }

  @Test func limitsAreMarked() throws {
    #expect(try shown("[1 [2 3] [[4 5] 6] 7 8 9]", width: 40) { $0.elements = 3 } == "[1 [2 3] [[4 5] 6] ...]")
    #expect(try shown("[[1 2] [[4 5] 6] 7]", width: 40) { $0.depth = 2 } == "[[1 2] [... 6] 7]")
    #expect(
      try shown("[[100.000 200.000] [[4 5] 600.000] 700.000]", width: 16) {
        $0.depth = 2
        $0.elements = 2
      } == """
        [[100.000
          200.000]
         [... 600.000]
         ...]
        """)
  }

  @Test func linesAreNoWiderThanAskedFor() throws {
    let seed: UInt64 = 12
    print("seed \(seed)")
    var random = Random(seed: seed)
    let loom = try Loom()
    for _ in 0..<2000 * testScale {
      let noun = try Tree.random(&random, depth: random.below(12)).build(in: loom.nursery)
      var options = NounText.Options.brief(bytes: 1 << 20)
      options.depth = nil
      options.width = 20 + random.below(100)
      options.atomBytes = 10
      var sink = try TextSink()
      try #require(try NounText.show(noun, in: loom.nursery, options, to: &sink))
      for line in sink.text.split(separator: "\n", omittingEmptySubsequences: false) {
        // Closing brackets, which are never put on a line of their own, may pass the edge where much is nested.
        let body = line.unicodeScalars.count - line.reversed().prefix { $0 == "]" }.count
        try #require(body <= options.width, "\(sink.text)")
        try #require(line.last != " ")
      }
      loom.nursery.reset()
    }
  }

  @Test func theTextOfDeepNounsGrowsInLine() throws {
    for isLeft in [true, false] {
      var sizes: [Int] = []
      for levels in [1000, 10_000] {
        let loom = try Loom()
        var noun = Word.one
        for _ in 0..<levels { noun = try isLeft ? loom.nursery.cell(noun, .one) : loom.nursery.cell(.one, noun) }
        var options = NounText.Options.complete()
        options.width = 40
        var sink = try TextSink()
        try NounText.show(noun, in: loom.nursery, options, to: &sink)
        sizes.append(sink.total)
        let again = try NounText.read(Array(sink.bytes), into: loom.nursery)
        #expect(try loom.nursery.equal(noun, again))
      }
      #expect(sizes[1] < sizes[0] * 12)
    }
  }
}
