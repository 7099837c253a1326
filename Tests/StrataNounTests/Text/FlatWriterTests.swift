// The text of nouns against a plain model: complete, in each style of atoms, and cut by each limit.

import Glibc
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

private func string(_ tree: Tree, _ options: NounText.Options = .complete()) throws -> String {
  let loom = try Loom()
  return try NounText.string(tree.build(in: loom.nursery), in: loom.nursery, options)
}

private func guessing(_ change: (inout NounText.Options) -> Void = { _ in }) -> NounText.Options {
  var options = NounText.Options.complete()
  options.atoms = .guessed
  change(&options)
  return options
}

/// Whether every bracket of `text` is closed; brackets inside cords do not count.
private func isBalanced(_ text: String) -> Bool {
  var depth = 0
  var isQuoted = false
  var isEscaped = false
  for byte in text.utf8 {
    if isEscaped {
      isEscaped = false
    } else if isQuoted {
      isEscaped = byte == UInt8(ascii: "\\")
      if byte == UInt8(ascii: "'") { isQuoted = false }
    } else if byte == UInt8(ascii: "'") {
      isQuoted = true
    } else if byte == UInt8(ascii: "[") {
      depth += 1
    } else if byte == UInt8(ascii: "]") {
      depth -= 1
      if depth < 0 { return false }
    }
  }
  return depth == 0 && !isQuoted
}

/// The text with limits on depth and elements, from their definition.
private func limited(_ tree: Tree, depth: Int, elements: Int) -> String {
  guard case .cell = tree else { return tree.text }
  if depth == 0 { return "..." }
  var parts: [String] = []
  var rest = tree
  while case .cell(let head, let tail) = rest, parts.count < elements {
    parts.append(limited(head, depth: depth - 1, elements: elements))
    rest = tail
  }
  if parts.count < elements { parts.append(rest.text) } else { parts.append("...") }
  return "[" + parts.joined(separator: " ") + "]"
}

@Suite struct FlatWriterTests {
  @Test func numbersAreDottedDecimal() throws {
    for value in [0, 1, 9, 10, 99, 100, 999, 1000, 9999, 12_345, 999_999, 1_000_000, UInt64(Int64.max), 1 << 63, .max] {
      let tree = Tree.number(value)
      #expect(try string(tree) == Tree.dotted(tree.digits(base: 10), 3))
    }
    var power: UInt64 = 1
    for _ in 0..<20 {
      for value in [power - 1, power, power + 1] { #expect(try string(.number(value)) == Tree.number(value).text) }
      power &*= 10
    }
  }

  @Test func atomsAreGuessed() throws {
    let cases: [(Tree, String)] = [
      (.cord("add"), "%add"), (.cord("a-1"), "%a-1"), (.cord("ab"), "%ab"), (.cord("a"), "97"), (.cord("1ab"), "'1ab'"),
      (.cord("Abc"), "'Abc'"), (.cord("A b"), "'A b'"), (.cord("Ab"), "25.153"), (.cord("it's \\"), #"'it\'s \\'"#),
      (.cord("one\ntwo\tx"), #"'one\0atwo\09x'"#), (.cord("\u{e9}\u{20ac}\u{1F600}"), "'\u{e9}\u{20ac}\u{1F600}'"),
      (.cord("ab\u{1b}[0m"), Tree.cord("ab\u{1b}[0m").text), (.cord("ab\u{202e}c"), Tree.cord("ab\u{202e}c").text),
      (.bytes([0x41, 0x42, 0xC0, 0x80]), Tree.bytes([0x41, 0x42, 0xC0, 0x80]).text),
      (.bytes([0x41, 0x42, 0x43, 0xE2, 0x82]), Tree.bytes([0x41, 0x42, 0x43, 0xE2, 0x82]).text),
      (.bytes([0x41, 0, 0x42]), Tree.bytes([0x41, 0, 0x42]).text), (.number(0), "0"),
    ]
    for (tree, text) in cases { #expect(try string(tree, guessing()) == text) }
    #expect(try string(.tuple(.cord("add"), .number(1), .cord("A cord")), guessing()) == "[%add 1 'A cord']")
  }

  @Test func largeNumbersAreHexadecimalWhenAskedFor() throws {
    var options = NounText.Options.complete()
    options.hexadecimalAboveBits = 16
    #expect(try string(.number(65535), options) == "65.535")
    #expect(try string(.number(65536), options) == "0x1.0000")
    #expect(try string(.atom([0xDEAD_BEEF, 1]), options) == "0x1.0000.0000.dead.beef")
  }

  @Test func longAtomsAreCut() throws {
    var options = guessing { $0.atomBytes = 20 }
    #expect(try string(.cord(String(repeating: "x", count: 19)), options) == "%xxxxxxxxxxxxxxxxxxx")
    #expect(try string(.cord(String(repeating: "x", count: 20)), options) == "%xxxxxxxxxxxxxxxx...")
    #expect(try string(.cord(String(repeating: "X", count: 18)), options) == "'XXXXXXXXXXXXXXXXXX'")
    #expect(try string(.cord(String(repeating: "X", count: 19)), options) == "'XXXXXXXXXXXXXXX'...")
    #expect(
      try string(.cord(String(repeating: "\u{20ac}", count: 9)), options)
        == "'\u{20ac}\u{20ac}\u{20ac}\u{20ac}\u{20ac}'...")
    options.atoms = .numbers
    #expect(try string(.number(999_999_999_999_999), options) == "999.999.999.999.999")
    #expect(try string(.number(0x1234_5678_9ABC_DEF0), options) == "0x1234.5678.9abc...")
    #expect(try string(.atom([0, 0, 0, 0xABC]), options) == "0xabc.0000.0000...")
    let seed: UInt64 = 8
    print("seed \(seed)")
    var random = Random(seed: seed)
    for _ in 0..<2000 {
      options.atoms = random.below(2) == 0 ? .numbers : .guessed
      options.atomBytes = 9 + random.below(30)
      let text = try string(.randomWithText(&random, depth: 0), options)
      try #require(text.utf8.count <= options.atomBytes ?? 0, "\(text)")
    }
  }

  @Test func randomNounsAreReadBackAsTheyWere() throws {
    let seed: UInt64 = 7
    print("seed \(seed)")
    var random = Random(seed: seed)
    let loom = try Loom()
    let nursery = loom.nursery
    for round in 0..<3000 * testScale {
      let tree = Tree.randomWithText(&random, depth: random.below(8))
      let noun = try tree.build(in: nursery)
      let complete = try NounText.string(noun, in: nursery)
      try #require(complete == tree.text, "round \(round)")
      var options = guessing { $0.hexadecimalAboveBits = random.below(3) == 0 ? nil : random.below(100) }
      options.width = 16 + random.below(100)
      let guessed = try NounText.string(noun, in: nursery, options)
      var sink = try TextSink()
      #expect(try NounText.show(noun, in: nursery, options, to: &sink))
      for text in [complete, guessed, sink.text] {
        let again = try NounText.read(Array(text.utf8), into: nursery)
        try #require(Tree(again, in: nursery) == tree, "round \(round): \(text)")
      }
      nursery.reset()
    }
  }

  @Test func limitsOnDepthAndElementsLeaveOutWhatTheySay() throws {
    let seed: UInt64 = 9
    print("seed \(seed)")
    var random = Random(seed: seed)
    #expect(limited(.list([1, 2, 3].map(Tree.number)), depth: 1, elements: 3) == "[1 2 3 ...]")
    for _ in 0..<2000 * testScale {
      let tree = Tree.random(&random, depth: random.below(9))
      var options = NounText.Options.complete()
      let depth = random.below(6)
      let elements = 1 + random.below(6)
      options.depth = depth
      options.elements = elements
      try #require(try string(tree, options) == limited(tree, depth: depth, elements: elements))
    }
  }

  @Test func theLimitOnBytesHolds() throws {
    let seed: UInt64 = 10
    print("seed \(seed)")
    var random = Random(seed: seed)
    let loom = try Loom()
    let nursery = loom.nursery
    for round in 0..<3000 * testScale {
      let noun = try Tree.randomWithText(&random, depth: random.below(9)).build(in: nursery)
      var options = NounText.Options.brief(bytes: 3 + random.below(200))
      options.width = 16 + random.below(64)
      options.atoms = random.below(2) == 0 ? .numbers : .guessed
      let isComplete = [try NounText.string(noun, in: nursery, options)]
      for isShown in [false, true] {
        var sink = try TextSink()
        try sink.append("before ")
        let whole =
          try isShown
          ? NounText.show(noun, in: nursery, options, to: &sink)
          : NounText.write(noun, in: nursery, options, to: &sink)
        let text = String(sink.text.dropFirst(7))
        try #require(text.utf8.count <= options.bytes, "round \(round): \(text)")
        try #require(isBalanced(text), "round \(round): \(text)")
        if !whole { try #require(text.contains("..."), "round \(round): \(text)") }
        if whole, !isShown { try #require(text == isComplete[0]) }
      }
      nursery.reset()
    }
  }

  @Test func textThatMayNotBeCutIsRefused() throws {
    let tree = Tree.list((0..<100).map { .number(UInt64($0)) })
    let text = tree.text
    #expect(try string(tree, .complete(bytes: text.utf8.count)) == text)
    for bytes in [0, 1, 2, 50, text.utf8.count - 1] {
      #expect(throws: NounText.WriteError.tooLong) { try string(tree, .complete(bytes: bytes)) }
    }
  }

  @Test func whatIsNoNounIsRefused() throws {
    let loom = try Loom()
    let offset = try loom.nursery.allocate(.pin, size: 1)
    loom.nursery.base[offset + 1] = 0
    let pin = Word(tag: .pin, offset: offset)
    #expect(throws: NounText.WriteError.notNoun) { try NounText.string(pin, in: loom.nursery) }
    let cell = try loom.nursery.cell(.zero, pin)
    #expect(throws: NounText.WriteError.notNoun) { try NounText.string(cell, in: loom.nursery, .brief()) }
    var sink = try TextSink()
    #expect(throws: NounText.WriteError.notNoun) { try NounText.show(cell, in: loom.nursery, to: &sink) }
  }

  @Test func aNounOfManyLeavesBySharingCostsNoMoreThanItsText() throws {
    let loom = try Loom()
    var noun = Word.one
    for _ in 0..<64 { noun = try loom.nursery.cell(noun, noun) }
    let start = threadSeconds()
    for _ in 0..<10 {
      let text = try NounText.string(noun, in: loom.nursery, .brief(bytes: 1000))
      #expect(text.utf8.count <= 1000 && isBalanced(text))
      var sink = try TextSink()
      #expect(try !NounText.show(noun, in: loom.nursery, .brief(bytes: 1000), to: &sink))
      #expect(throws: NounText.WriteError.tooLong) {
        try NounText.string(noun, in: loom.nursery, .complete(bytes: 1000))
      }
    }
    #expect(threadSeconds() - start < 10)
  }

  @Test func textThatNoFileHoldsIsRefusedBeforeItIsWritten() throws {
    let loom = try Loom()
    var noun = Word.one
    for _ in 0..<64 { noun = try loom.nursery.cell(noun, noun) }
    let file = try #require(tmpfile())
    defer { fclose(file) }
    for isShown in [false, true] {
      let start = threadSeconds()
      var sink = try TextSink(descriptor: fileno(file))
      #expect(throws: NounText.WriteError.tooLong) {
        _ =
          try isShown
          ? NounText.show(noun, in: loom.nursery, .complete(), to: &sink)
          : NounText.write(noun, in: loom.nursery, to: &sink)
      }
      #expect(sink.total == sink.bytes.count)
      #expect(threadSeconds() - start < 10)
    }
  }

  @Test func theLeastLengthIsNeverMoreThanTheText() throws {
    let seed: UInt64 = 14
    print("seed \(seed)")
    var random = Random(seed: seed)
    let loom = try Loom()
    let nursery = loom.nursery
    for _ in 0..<2000 * testScale {
      var noun = try Tree.randomWithText(&random, depth: random.below(6)).build(in: nursery)
      for _ in 0..<random.below(5) { noun = try nursery.cell(noun, noun) }
      var options = NounText.Options.complete()
      options.atoms = random.below(2) == 0 ? .numbers : .guessed
      options.hexadecimalAboveBits = random.below(2) == 0 ? nil : random.below(70)
      options.atomBytes = random.below(2) == 0 ? nil : 9 + random.below(40)
      let text = try NounText.string(noun, in: nursery, options)
      let least = try nursery.leastTextLength(of: noun, largestAtom: options.atomBytes ?? Int.max, cells: Int.max)
      try #require(try #require(least) <= UInt64(text.utf8.count))
      try #require(try nursery.leastTextLength(of: noun, largestAtom: 9, cells: 0) == nil || !noun.isCell)
      nursery.reset()
    }
    // Exact where every atom has one digit and one byte.
    let tree = Tree.tuple(.tuple(.number(1), .number(2)), .number(3), .tuple(.number(4), .number(5), .number(6)))
    let length = try nursery.leastTextLength(of: tree.build(in: nursery), largestAtom: Int.max, cells: Int.max)
    #expect(length == UInt64(tree.text.utf8.count))
  }

  @Test func aHugeNaturalIsCutWithoutBeingConverted() throws {
    let loom = try Loom()
    let size = 1 << 22
    let offset = try loom.nursery.allocate(.natural, size: size)
    for index in 1...size { loom.nursery.base[offset + index] = 0x8000_0000_0000_0001 }
    let noun = try loom.nursery.cell(.one, Word(tag: .natural, offset: offset))
    let start = threadSeconds()
    #expect(try NounText.string(noun, in: loom.nursery, .brief(bytes: 100)) == "[1 ...]")
    var options = NounText.Options.brief()
    options.atomBytes = 20
    #expect(try NounText.string(noun, in: loom.nursery, options) == "[1 0x8000.0000.0000...]")
    #expect(throws: NounText.WriteError.tooLong) {
      try NounText.string(noun, in: loom.nursery, .complete(bytes: 1 << 20))
    }
    #expect(threadSeconds() - start < 10)
  }
}
