// Every operation on naturals, by its key, over random operands and those at the edges of words, against schoolbook
// arithmetic over 32-bit digits.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct ArithmeticTests {
  /// Keys whose operands are all naturals and whose result is one, or a row of two.
  static let keys = [2, 28, 29] + Array(35...66) + Array(94...97) + Array(99...106) + [109]

  /// Operands that count bits, bytes or times: mostly small, so that results stay small.
  private func counts(_ key: Int) -> Set<Int> {
    switch key {
    case 38, 50, 51: [1]
    case 39, 52, 64, 65, 66: [0]
    case 60, 61, 62, 95, 96, 97: [0, 1]
    case 99...106: [0]
    case 109: [0, 1, 2]
    default: []
    }
  }

  private func natural(_ random: inout Random) -> Model {
    let edges = [0, 1, 31, 32, 33, 62, 63, 64, 65, 127, 128, 129, 191, 192, 255, 256]
    switch random.below(8) {
    case 0: return Model(UInt64(random.below(4)))
    case 1...3:
      let power = Model.powerOfTwo(edges[random.below(edges.count)])
      return [power, power.plus(Model(1)), power.minus(Model(1)) ?? .zero][random.below(3)]
    default:
      let bits = 1 + random.below(random.chance(10) ? 3000 : 300)
      let digits = (0..<(bits + 31) / 32).map { _ in UInt32(truncatingIfNeeded: random.next()) }
      return Model(digits).low(bits: bits)
    }
  }

  private func bytes(_ number: Model) -> [UInt8] {
    number.digits.flatMap { digit in (0..<4).map { UInt8(truncatingIfNeeded: digit >> UInt32(8 * $0)) } }
  }

  @Test(arguments: ArithmeticTests.keys)
  func operationsAgreeWithSchoolbookArithmetic(key: Int) throws {
    let machine = try PlanMachine()
    var random = Random(seed: UInt64(key))
    let arity = try #require(Reference.arities[key])
    let counted = counts(key)
    var compared = 0
    for round in 0..<(isDebug ? 200 : 5000) * testScale {
      let operands = (0..<arity).map { index in
        counted.contains(index) && random.chance(90) ? Model(UInt64(random.below(200))) : natural(&random)
      }
      let row = Value.app(.nat(UInt64(key)), operands.map { .bytes(bytes($0)) })
      let program = Program(definitions: [], main: .app(op(15), [row]))
      guard let expected = Reference.result(of: program) else { continue }
      let found = try machine.result(of: program)
      machine.nursery.reset()
      compared += 1
      try #require(found == expected, "seed \(key), round \(round): operands \(operands.map(Reference.text))")
    }
    #expect(compared > 100)
  }
}
