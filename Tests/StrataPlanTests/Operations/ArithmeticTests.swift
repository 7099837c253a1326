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

  /// What came of an operation: its result, or the parts of the row that it gave.
  private enum Answer: Equatable {
    case values([Model])
    case crash(PlanCrash)
    case other(String)
  }

  /// What the reference gives; nil where that takes too long.
  private func expected(_ key: Int, _ operands: [Model]) -> Answer? {
    let reference = Reference(fuel: 1000)
    do throws(ReferenceStop) {
      switch try reference.arithmetic(key, operands.map { Term($0) }).state {
      case .nat(let number): return .values([number])
      case .app(_, let parts):
        return .values(try parts.map { (part) throws(ReferenceStop) in try reference.natural(part) })
      default: return .other("neither a natural nor a row")
      }
    } catch {
      if case .crash(let crash) = error { return .crash(crash) }
      return nil
    }
  }

  /// What the machine gives for the row of a key and its operands.
  private func found(_ key: Int, _ operands: [Model], _ primitive: Word, in machine: PlanMachine) throws -> Answer {
    let parts = try operands.map { try machine.nursery.natural(bytes: bytes($0)) }
    let row = try machine.engine.makeClosureOf(Word(direct: UInt64(key)), parts)
    do throws(PlanFailure) {
      let value = try machine.force(machine.application(primitive, [row]))
      guard value.isClosure else { return .values([model(value, in: machine)]) }
      let base = machine.nursery.base
      return .values((1...2).map { model(Word(raw: base[value.offset + 1 + $0]), in: machine) })
    } catch {
      if case .crash(let crash) = error { return .crash(crash) }
      return .other("\(error)")
    }
  }

  private func model(_ word: Word, in machine: PlanMachine) -> Model {
    (try? machine.nursery.bytes(of: word)).map(Reference.natural) ?? .zero
  }

  private func bytes(_ number: Model) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(4 * number.digits.count)
    for digit in number.digits {
      for shift in stride(from: UInt32(0), to: 32, by: 8) { result.append(UInt8(truncatingIfNeeded: digit >> shift)) }
    }
    return result
  }

  /// `make check-plan` compares 10^6 rows of each.
  @Test(arguments: ArithmeticTests.keys)
  func operationsAgreeWithSchoolbookArithmetic(key: Int) throws {
    let machine = try PlanMachine()
    let primitive = try machine.nursery.copyToCommons(machine.engine.makePin(Word(direct: 15)))
    let seed = DifferentialTests.firstSeed &- 1 &+ UInt64(key)
    var random = Random(seed: seed)
    let arity = try #require(Reference.arities[key])
    let counted = counts(key)
    let count = (isDebug ? 200 : 20_000) * testScale
    var compared = 0
    // What the schoolbook takes too long for is left out, and another row taken in its place.
    for round in 0..<2 * count where compared < count {
      let operands = (0..<arity).map { index in
        counted.contains(index) && random.chance(90) ? Model(UInt64(random.below(200))) : natural(&random)
      }
      guard let expected = expected(key, operands) else { continue }
      let found = try found(key, operands, primitive, in: machine)
      // Giving the pages back takes longer than most operations.
      if round & 255 == 255 { machine.nursery.reset() }
      compared += 1
      if found != expected {
        Issue.record(
          "seed \(seed), round \(round): operands \(operands.map(Reference.text)) give \(found), not \(expected)")
        return
      }
    }
    if testScale > 1 { print("operation \(key), seed \(seed): \(compared) rows compared") }
    #expect(compared == count)
  }
}
