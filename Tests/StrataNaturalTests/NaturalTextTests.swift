// Text in every base against the model, and back.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNatural

@Suite struct NaturalTextTests {
  static let bases: [(NaturalBase, String)] = [
    (.binary, "01"), (.decimal, "0123456789"), (.hexadecimal, "0123456789abcdef"),
    (.base32, "0123456789abcdefghijklmnopqrstuv"),
    (.base58, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    (.base64, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-~"),
  ]

  @Test(arguments: [0x7E47_0001] as [UInt64])
  func agreesWithTheModel(seed: UInt64) throws {
    var random = Random(seed: seed)
    let bench = try Bench()
    let nursery = bench.nursery
    for round in 0..<rounds(100_000) {
      let a = round % 4096 == 0 ? random.natural(bits: 1 + random.below(100_000)) : random.natural(upTo: 1500)
      let (base, alphabet) = NaturalTextTests.bases[random.below(NaturalTextTests.bases.count)]
      let characters = Array(alphabet.utf8)
      var expected = a.digits(base: UInt32(base.radix)).map { characters[Int($0)] }
      if expected.isEmpty { expected = [characters[0]] }
      let note: Comment = "seed \(seed), round \(round), base \(base.radix)"
      #expect(try nursery.digits(of: try bench.word(a), base: base) == expected, note)
      let zeros = [UInt8](repeating: characters[0], count: random.below(3) * random.below(30))
      #expect(bench.model(try nursery.natural(digits: zeros + expected, base: base)) == a, note)
      bench.recycle()
    }
  }

  @Test func rejectsWhatIsNoDigit() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    for (base, alphabet) in NaturalTextTests.bases {
      #expect(throws: Fault.exit) { try nursery.natural(digits: [], base: base) }
      let good = Array(alphabet.utf8)
      for length in [1, 5, 30, 1000] {
        for place in Set([0, length / 2, length - 1]) {
          var text = (0..<length).map { good[($0 + 1) % good.count] }
          #expect(throws: Never.self) { try nursery.natural(digits: text, base: base) }
          for bad in [UInt8(ascii: "_"), UInt8(ascii: "."), 0, 255, UInt8(ascii: " ")] {
            text[place] = bad
            #expect(throws: Fault.exit) { try nursery.natural(digits: text, base: base) }
          }
        }
      }
    }
    #expect(throws: Fault.exit) { try nursery.natural(digits: Array("0O".utf8), base: .base58) }
    #expect(try nursery.natural(digits: Array("DEADbeef".utf8), base: .hexadecimal) == Word(direct: 0xDEAD_BEEF))
  }

  @Test func knownTexts() throws {
    let bench = try Bench()
    let nursery = bench.nursery
    let value = try nursery.natural(digits: Array("340282366920938463463374607431768211456".utf8), base: .decimal)
    #expect(bench.model(value) == .powerOfTwo(128))
    #expect(try nursery.digits(of: value, base: .hexadecimal) == Array(("1" + String(repeating: "0", count: 32)).utf8))
    #expect(try nursery.digits(of: .zero, base: .decimal) == Array("0".utf8))
    #expect(try nursery.digits(of: .zero, base: .base58) == Array("1".utf8))
    #expect(try nursery.digits(of: Word(direct: 63), base: .base64) == Array("~".utf8))
    #expect(try nursery.digits(of: Word(direct: 62), base: .base64) == Array("-".utf8))
    #expect(try nursery.digits(of: Word(direct: 31), base: .base32) == Array("v".utf8))
  }

  @Test(arguments: [NaturalBase.decimal, .base58, .hexadecimal, .base64])
  func largeNumbersGoBothWays(base: NaturalBase) throws {
    var random = Random(seed: 0x7E47_1A46)
    let bench = try Bench()
    let nursery = bench.nursery
    for bits in [100_000, 500_000, 1_234_567] {
      let a = random.natural(bits: bits)
      let word = try bench.word(a)
      let text = try nursery.digits(of: word, base: base)
      #expect(nursery.isSameNatural(try nursery.natural(digits: text, base: base), word))
      // An independent look at the lowest and highest digits.
      let (_, last) = a.divided(by: Model([UInt32(base.radix)])) ?? (.zero, .zero)
      #expect(text[text.count - 1] == base.character(Int(last.small ?? 0)))
      #expect(text[0] != base.character(0))
    }
  }
}
