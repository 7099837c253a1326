// Each form of the syntax, each mistake with its place, and texts that nobody meant.

import StrataMemory
import StrataTestSupport
import StrataText
import Testing

@testable import StrataNoun

@Suite struct NounTextReaderTests {
  /// A text and what it denotes.
  struct Form: Sendable, CustomTestStringConvertible {
    let text: String
    let tree: Tree
    var testDescription: String { text }

    init(_ text: String, _ value: UInt64) { self.init(text, tree: .number(value)) }

    init(_ text: String, tree: Tree) {
      self.text = text
      self.tree = tree
    }
  }

  static let forms: [Form] = [
    Form("0", 0),
    Form("7", 7),
    Form("1.000.000", 1_000_000),
    Form("1000000", 1_000_000),
    Form("999.999", 999_999),
    Form(" 42\n", 42),
    Form("9223372036854775807", (1 << 63) - 1),
    Form("9.223.372.036.854.775.808", 1 << 63),
    Form("18446744073709551615", .max),
    Form("18.446.744.073.709.551.616", tree: .atom([0, 1])),
    Form("340.282.366.920.938.463.463.374.607.431.768.211.456", tree: .atom([0, 0, 1])),
    Form("[1 2]", tree: .tuple(.number(1), .number(2))),
    Form("[1 2 3]", tree: .tuple(.number(1), .number(2), .number(3))),
    Form("[1 [2 3]]", tree: .tuple(.number(1), .number(2), .number(3))),
    Form("[[1 2] 3]", tree: .tuple(.tuple(.number(1), .number(2)), .number(3))),
    Form("[ [1\t2]\r\n3 ]", tree: .tuple(.tuple(.number(1), .number(2)), .number(3))),
    Form("~", 0),
    Form("&", 0),
    Form("|", 1),
    Form("%.y", 0),
    Form("%.n", 1),
    Form("%&", 0),
    Form("%|", 1),
    Form("%$", 0),
    Form("~[]", 0),
    Form("~[5]", tree: .list([.number(5)])),
    Form("~[1 2]", tree: .list([.number(1), .number(2)])),
    Form("[~[1] ~[2 ~]]", tree: .cell(.list([.number(1)]), .list([.number(2), .number(0)]))),
    Form("0x0", 0),
    Form("0xff", 255),
    Form("0xFf", 255),
    Form("0xdead.beef", 0xDEAD_BEEF),
    Form("0x1.0000", 0x10000),
    Form("0x0000.0001", 1),
    Form("0x7fff.ffff.ffff.ffff", (1 << 63) - 1),
    Form("0x8000.0000.0000.0000", 1 << 63),
    Form("0x10000000000000000", tree: .atom([0, 1])),
    Form("0xa123456789abcdef0123456789abcdef0", tree: .atom([0x1234_5678_9ABC_DEF0, 0x1234_5678_9ABC_DEF0, 0xA])),
    Form("0b1", 1),
    Form("0b1.0101", 0b10101),
    Form("0b10101", 0b10101),
    Form("0v0", 0),
    Form("0vv", 31),
    Form("0v1.00000", 1 << 25),
    Form("0v100000", 1 << 25),
    Form("0w~", 63),
    Form("0w-", 62),
    Form("0wZ", 61),
    Form("0wA", 36),
    Form("0wz", 35),
    Form("0w1.00000", 1 << 30),
    Form("0wg000000000000", tree: .atom([0, 4096])),
    Form("''", 0),
    Form("'a'", 97),
    Form("'abc'", 0x636261),
    Form(#"'\'\\\0a'"#, tree: .bytes([39, 92, 10])),
    Form("'a\\00'", 97),
    Form("'\\00a'", 0x6100),
    Form(#"'"'"#, 34),
    Form("'...'", tree: .cord("...")),
    Form("'\u{e9}\u{20ac}\u{1F600}'", tree: .cord("\u{e9}\u{20ac}\u{1F600}")),
    Form(#"'\ff\FE'"#, tree: .bytes([0xFF, 0xFE])),
    Form("'12345678'", tree: .cord("12345678")),
    Form("'1234567\\ff'", tree: .bytes(Array("1234567".utf8) + [0xFF])),
    Form("'hello, world!'", tree: .cord("hello, world!")),
    Form(#""""#, 0),
    Form(#""ab""#, tree: .list([.number(97), .number(98)])),
    Form(#""'\"\\\00""#, tree: .list([39, 34, 92, 0].map(Tree.number))),
    Form("\"\u{e9}\"", tree: .list([.number(0xC3), .number(0xA9)])),
    Form("%a", 97),
    Form("%add", tree: .cord("add")),
    Form("%a-9", tree: .cord("a-9")),
    Form("%abcdefghijkl", tree: .cord("abcdefghijkl")),
    Form(":: first\n1 :: last", 1),
    Form("[1 :: one\n 2]", tree: .tuple(.number(1), .number(2))),
    Form("1::x", 1),
    Form("[1 2]::x", tree: .tuple(.number(1), .number(2))),
    Form("\u{FEFF}3", 3),
  ]

  @Test(arguments: forms)
  func textDenotesItsNoun(form: Form) throws {
    #expect(try readTree(form.text) == form.tree)
  }

  /// A text, why it is refused, and where.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let error: NounTextError
    var testDescription: String { text }

    init(_ text: String, _ reason: NounTextError.Reason, _ range: Range<Int>) {
      self.text = text
      error = NounTextError(reason, at: range)
    }
  }

  static let mistakes: [Mistake] = [
    Mistake("", .empty, 0..<0),
    Mistake(" :: x\n ", .empty, 7..<7),
    Mistake("1 2", .trailing, 2..<3),
    Mistake("[1 2] [3 4]", .trailing, 6..<7),
    Mistake("1 ~[]", .trailing, 2..<3),
    Mistake("[1 2", .unclosedBracket, 0..<1),
    Mistake("[1 [2 3]", .unclosedBracket, 0..<1),
    Mistake("[1 ~[2 3", .unclosedBracket, 3..<5),
    Mistake("]", .strayBracket, 0..<1),
    Mistake("[1 2]]", .strayBracket, 5..<6),
    Mistake("1]", .strayBracket, 1..<2),
    Mistake("[ ]", .emptyBrackets, 0..<3),
    Mistake("[1 []]", .emptyBrackets, 3..<5),
    Mistake("[[1 2] [3 ]]", .singleElement, 7..<11),
    Mistake("[1[2 3]]", .missingSpace, 2..<3),
    Mistake("[[1 2]3]", .missingSpace, 6..<7),
    Mistake("'a''b'", .missingSpace, 3..<4),
    Mistake("[1~[2]]", .badDigit(.decimal), 2..<3),
    Mistake("'a'b", .missingSpace, 3..<4),
    Mistake("[1 @]", .unknownCharacter, 3..<4),
    Mistake("\u{20ac}", .unknownCharacter, 0..<3),
    Mistake("-1", .unknownCharacter, 0..<1),
    Mistake("x", .unknownCharacter, 0..<1),
    Mistake(".", .unknownCharacter, 0..<1),
    Mistake("\0", .unknownCharacter, 0..<1),
    Mistake("1 : 2", .loneColon, 2..<3),
    Mistake(":", .loneColon, 0..<1),
    Mistake("[1 2 ...]", .elided, 5..<8),
    Mistake("...", .elided, 0..<3),
    Mistake("0x1234...", .badGroup(.hexadecimal), 6..<7),
    Mistake("12a", .badDigit(.decimal), 2..<3),
    Mistake("0xg", .badDigit(.hexadecimal), 2..<3),
    Mistake("0b12", .badDigit(.binary), 3..<4),
    Mistake("0vw", .badDigit(.base32), 2..<3),
    Mistake("0w_", .badDigit(.base64), 2..<3),
    Mistake("1_000", .badDigit(.decimal), 1..<2),
    Mistake("0x", .noDigits(.hexadecimal), 0..<2),
    Mistake("[0b 1]", .noDigits(.binary), 1..<3),
    Mistake("0x.1", .noDigits(.hexadecimal), 0..<2),
    Mistake("0q1", .unknownPrefix, 0..<2),
    Mistake("0X1", .unknownPrefix, 0..<2),
    Mistake("1.00", .badGroup(.decimal), 2..<4),
    Mistake("1.0000", .badGroup(.decimal), 2..<6),
    Mistake("1000.000", .badGroup(.decimal), 0..<4),
    Mistake("1.000.", .badGroup(.decimal), 5..<6),
    Mistake("1..000", .badGroup(.decimal), 1..<2),
    Mistake("1.", .badGroup(.decimal), 1..<2),
    Mistake("0xdead.bee", .badGroup(.hexadecimal), 7..<10),
    Mistake("0xdeadb.beef", .badGroup(.hexadecimal), 2..<7),
    Mistake("0b1.01", .badGroup(.binary), 4..<6),
    Mistake("0v1.0000", .badGroup(.base32), 4..<8),
    Mistake("0w1.0000", .badGroup(.base64), 4..<8),
    Mistake("007", .leadingZero, 0..<1),
    Mistake("00", .leadingZero, 0..<1),
    Mistake("0.001", .leadingZero, 0..<1),
    Mistake("01", .leadingZero, 0..<1),
    Mistake("%", .emptyTerm, 0..<1),
    Mistake("[% 1]", .emptyTerm, 1..<2),
    Mistake("%.x", .emptyTerm, 0..<1),
    Mistake("%.", .emptyTerm, 0..<1),
    Mistake("%Foo", .badTermCharacter, 1..<2),
    Mistake("%foo_", .badTermCharacter, 4..<5),
    Mistake("%$x", .badTermCharacter, 2..<3),
    Mistake("%.yy", .badTermCharacter, 3..<4),
    Mistake("%1", .badTermCharacter, 1..<2),
    Mistake("~zod", .badTilde, 1..<2),
    Mistake("~~", .badTilde, 1..<2),
    Mistake("&1", .badFlag, 1..<2),
    Mistake("||", .badFlag, 1..<2),
    Mistake("'abc", .unterminatedCord, 0..<4),
    Mistake("['abc\n' 1]", .unterminatedCord, 1..<5),
    Mistake("'\\'", .unterminatedCord, 0..<3),
    Mistake("\"abc", .unterminatedTape, 0..<4),
    Mistake("\"a\r\n\"", .unterminatedTape, 0..<2),
    Mistake("'\\n'", .badEscape, 1..<2),
    Mistake("'\\", .badEscape, 1..<2),
    Mistake("'\\0", .badEscape, 1..<2),
    Mistake("'\\\"'", .badEscape, 1..<2),
    Mistake("\"\\'\"", .badEscape, 1..<2),
    Mistake("'a\tb'", .controlCharacter, 2..<3),
    Mistake("'\u{7F}'", .controlCharacter, 1..<2),
  ]

  @Test(arguments: mistakes)
  func mistakesAreNamedWhereTheyAre(mistake: Mistake) throws {
    #expect(try refusal(of: Array(mistake.text.utf8)) == mistake.error)
  }

  @Test(arguments: [
    ([0x27, 0xFF, 0x27] as [UInt8], 1..<2), ([0x27, 0xC3, 0x27], 1..<2), ([0x27, 0xC0, 0x80, 0x27], 1..<2),
    ([0x27, 0x61, 0xED, 0xA0, 0x80, 0x27], 2..<3), ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1..<2),
    ([0x27, 0xE2, 0x82], 1..<2),
  ])
  func bytesThatAreNotUTF8AreRefused(text: [UInt8], range: Range<Int>) throws {
    #expect(try refusal(of: text) == NounTextError(.notUTF8, at: range))
  }

  @Test func eachMistakeHasAMessageOfItsOwn() {
    let radices: [Radix] = [.binary, .decimal, .hexadecimal, .base32, .base64]
    let reasons: [NounTextError.Reason] =
      [
        .empty, .trailing, .unclosedBracket, .strayBracket, .emptyBrackets, .singleElement, .missingSpace,
        .unknownCharacter, .loneColon, .elided, .unknownPrefix, .leadingZero, .emptyTerm, .badTermCharacter, .badTilde,
        .badFlag, .unterminatedCord, .unterminatedTape, .badEscape, .controlCharacter, .notUTF8, .fault(.bytes),
        .fault(.refused), .fault(.depth),
      ] + radices.map { .badDigit($0) } + radices.map { .badGroup($0) } + radices.map { .noDigits($0) }
    let messages = Set(reasons.map { NounTextError($0, at: 0..<0).message })
    #expect(messages.count == reasons.count)
  }

  @Test func anErrorIsShownWithItsLineAndACaret() throws {
    let source = SourceText(name: "a.noun", text: "[%a\n  'b' 1.00]\n")
    let loom = try Loom()
    let error = try #require(throws: NounTextError.self) { try NounText.read(source, into: loom.nursery) }
    let shown = DiagnosticRenderer().render(error.diagnostic, in: source)
    #expect(
      shown == """
        a.noun:2:9: error: a group of decimal digits has 3 of them, only the first may have fewer
            'b' 1.00]
                  ^~

        """)
  }

  @Test func numbersOfEachBaseAgreeWithLongDivision() throws {
    let seed: UInt64 = 5
    print("seed \(seed)")
    var random = Random(seed: seed)
    let loom = try Loom()
    for round in 0..<300 * testScale {
      let limbs = (0..<random.below(20)).map { _ in random.next() >> UInt64(random.below(64)) }
      let tree = Tree.bytes(limbs.flatMap { limb in (0..<8).map { UInt8(truncatingIfNeeded: limb >> ($0 * 8)) } })
      for (prefix, base, group) in [("", 10, 3), ("0x", 16, 4), ("0b", 2, 4), ("0v", 32, 5), ("0w", 64, 5)] {
        let digits = tree.digits(base: UInt64(base))
        for text in [prefix + Tree.dotted(digits, group), prefix + Tree.dotted(digits, Int.max)] {
          let noun = try NounText.read(Array(text.utf8), into: loom.nursery)
          try #require(Tree(noun, in: loom.nursery) == tree, "round \(round): \(text)")
        }
      }
      try #require(loom.nursery.firstBrokenInvariant() == nil, "round \(round)")
      loom.nursery.reset()
    }
  }

  @Test func textsThatNobodyMeantEndWithANounOrAnError() throws {
    let seed: UInt64 = 6
    print("seed \(seed)")
    var random = Random(seed: seed)
    let pieces = [
      "[", "]", "[", "]", " ", " ", "\n", "~", "~[", "1", "0", "1.000", ".", "...", "0x", "dead", ".beef", "0b1", "0v",
      "0w",
      "~", "-", "'", "\"", "\\", "\\0a", "%", "%$", "%.y", "a", "term", ":", "::", "&", "|", "9223372036854775808",
      "'ab'",
      "\u{20ac}", "\t",
    ].map { Array($0.utf8) }
    let loom = try Loom()
    var nouns = 0
    for _ in 0..<20_000 * testScale {
      var text: [UInt8] = []
      let isRaw = random.below(8) == 0
      for _ in 0..<random.below(24) {
        if isRaw || random.below(30) == 0 {
          text.append(UInt8(truncatingIfNeeded: random.next()))
        } else {
          text += pieces[random.below(pieces.count)]
        }
      }
      do {
        let noun = try NounText.read(text, into: loom.nursery)
        nouns += 1
        let written = try NounText.string(noun, in: loom.nursery)
        let again = try NounText.read(Array(written.utf8), into: loom.nursery)
        try #require(try loom.nursery.equal(noun, again))
      } catch let error as NounTextError {
        try #require(error.range.lowerBound >= 0 && error.range.upperBound <= text.count)
        _ = DiagnosticRenderer().render(error.diagnostic, in: SourceText(name: "x", bytes: text))
      }
      loom.nursery.reset()
    }
    #expect(nouns > 100)
  }

  /// Texts that need more than a quarter of a megabyte, by name.
  static let largeTexts: [String: String] = [
    "elements": "[" + String(repeating: "1 ", count: 40_000) + "1]",
    "brackets": String(repeating: "[1 ", count: 20_000),
    "tape": "\"" + String(repeating: "x", count: 40_000) + "\"",
    "cord": "'" + String(repeating: "x", count: 400_000) + "'",
    "hexadecimal": "0x" + String(repeating: "f", count: 800_000),
    "decimal": String(repeating: "9", count: 800_000),
  ]

  @Test(arguments: largeTexts.keys.sorted())
  func aTextThatNeedsMoreThanTheBudgetIsRefused(name: String) throws {
    let text = try #require(NounTextReaderTests.largeTexts[name])
    var options = LoomOptions()
    options.budgetBytes = 256 << 10
    let loom = try Loom(options)
    let stack = loom.nursery.state.pointee.stackTop
    let error = try #require(throws: NounTextError.self) {
      try NounText.read(Array(text.utf8), into: loom.nursery)
    }
    guard case .fault(let fault) = error.reason else {
      Issue.record("\(error)")
      return
    }
    #expect(fault == .bytes || fault == .depth)
    #expect(loom.nursery.state.pointee.stackTop == stack)
    #expect(loom.nursery.firstBrokenInvariant() == nil)
  }

  @Test func refusedPagesLeaveNoTrace() throws {
    let text = Array(("[" + String(repeating: "[0x1234567890abcdef12 'hello, world'] ", count: 4000) + "~]").utf8)
    for after in 0..<12 {
      var options = LoomOptions()
      options.commitWords = 512
      options.youngWords = 512
      options.refusal = CommitRefusal(every: 3, after: after)
      let loom: Loom
      do { loom = try Loom(options) } catch { continue }
      let error = try #require(throws: NounTextError.self) { try NounText.read(text, into: loom.nursery) }
      #expect(error.reason == .fault(.refused))
      #expect(loom.nursery.firstBrokenInvariant() == nil)
    }
  }
}
