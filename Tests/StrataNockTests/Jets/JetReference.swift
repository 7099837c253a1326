// Where jets are held against other implementations: their arms are in no recorded kernel, so a core with the arm's name
// and parents, but a battery of its own, calls the jet as a program would.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

/// What an arm is called with, and what it gives; nil where that is a crash, or too much work to wait for, or of such a kind
/// that the arms of different kelvins differ: then only Nock may answer.
struct ReferenceCase {
  var sample: Sample
  var door: Sample?
  var product: Sample?
}

/// A jet and what it is held against.
struct JetReference: Sendable, CustomTestStringConvertible {
  let path: String
  /// The root whose arm it is.
  let kelvin: Int
  /// The implementation that shares nothing with the jet.
  let against: String
  /// Where the core holds what the door or the gate around it was made with.
  let doorAxis: UInt64
  let draw: @Sendable (inout Random, JetCaller) throws -> ReferenceCase

  init(
    _ path: String, kelvin: Int = 138, against: String, doorAxis: UInt64 = 30,
    draw: @escaping @Sendable (inout Random, JetCaller) throws -> ReferenceCase
  ) {
    self.path = path
    self.kelvin = kelvin
    self.against = against
    self.doorAxis = doorAxis
    self.draw = draw
  }

  var testDescription: String { "\(path) of \(kelvin)" }

  var jet: Jet? {
    JetFamily.standard.flatMap { $0.jets }.first { $0.path == path && $0.kelvins.contains(kelvin) }
  }

  /// Holds the jet against the reference. What the reference gives the jet must give or leave to Nock, and mostly give.
  func check(cases: Int) throws {
    let jet = try #require(jet, "\(path): no such jet")
    let caller = try JetCaller(path, kelvin: kelvin, doorAxis: doorAxis)
    let seed = path.utf8.reduce(UInt64(kelvin)) { $0 &* 0x100_0000_01B3 ^ UInt64($1) }
    var random = Random(seed: seed)
    var expected = 0
    var answered = 0
    for index in 0..<cases {
      var drawn = try draw(&random, caller)
      if random.chance(6) {
        drawn.product = nil
        if let door = drawn.door, random.chance(30) {
          drawn.door = door.spoiled(&random)
        } else {
          drawn.sample = drawn.sample.spoiled(&random)
        }
      }
      if drawn.product != nil { expected += 1 }
      switch try caller.compare(drawn) {
      case .same: answered += 1
      case .left: break
      case .different(let found):
        let sample = try caller.bench.text(drawn.sample)
        let door = try drawn.door.map { try caller.bench.text($0) } ?? "none"
        let product = try drawn.product.map { try caller.bench.text($0) } ?? "nothing"
        Issue.record(
          "\(path), seed \(seed), case \(index): the jet gives \(found), \(against) \(product); sample \(sample), door \(door)"
        )
        return
      }
    }
    // Almost all must be answered: what is left to Nock are corners.
    #expect(answered * 10 >= expected * 9, "\(path): \(answered) of \(expected) cases were answered")
    JetCases.note(jet, cases, against: against)
  }
}

/// A jet's core, made once, whose sample and door change.
final class JetCaller {
  enum Verdict { case same, left, different(String) }

  let bench: JetBench
  private let gate: Word
  private let formula: Word
  private let doorAxis: UInt64
  /// Gates that a sample may hold.
  private(set) var gates: [String: Word] = [:]
  private var nursery: Nursery { bench.nursery }

  init(_ path: String, kelvin: Int, doorAxis: UInt64) throws {
    bench = try JetBench(JetFamily.standard)
    self.doorAxis = doorAxis
    let nursery = bench.nursery
    let core =
      doorAxis == 30
      ? try bench.gate(path, .number(0), door: .number(0), kelvin: kelvin)
      : try bench.gate(
        path, .number(0),
        context: { parent, nursery in
          // The gate was made by another, whose sample lies eight levels up.
          var context = try nursery.cell(.zero, parent)
          for _ in 0..<5 { context = try nursery.cell(.zero, context) }
          return context
        }, axis: 511, kelvin: kelvin)
    gate = try nursery.copyToCommons(core)
    formula = try nursery.copyToCommons(
      Sample.tuple(.number(9), .number(2), .number(0), .number(1)).build(in: nursery))
  }

  /// A gate of the same library, for samples.
  func gate(_ path: String) throws -> Word {
    if let gate = gates[path] { return gate }
    let gate = try nursery.copyToCommons(bench.gate(path, .counted([])))
    gates[path] = gate
    return gate
  }

  func compare(_ drawn: ReferenceCase) throws -> Verdict {
    try nursery.pushFrame()
    defer { nursery.bailFrame() }
    var core = try nursery.edit(gate, at: Word(direct: 6), to: drawn.sample.build(in: nursery))
    if let door = drawn.door {
      core = try nursery.edit(core, at: Word(direct: doorAxis), to: door.build(in: nursery))
    }
    switch bench.machine.run(subject: core, formula: formula) {
    case .product(let product):
      if product.isCell, nursery.head(product) == Word(direct: 0x746E_7570) { return .left }
      try nursery.push(product)
      let slot = nursery.state.pointee.stackTop - 1
      if let expected = drawn.product {
        let noun = try expected.build(in: nursery)
        if try nursery.equal(noun, Word(raw: nursery.base[slot])) { return .same }
      }
      return .different(try NounText.string(Word(raw: nursery.base[slot]), in: nursery))
    case .stopped(.exit, _): return drawn.product == nil ? .left : .different("a crash")
    case .stopped(let fault, _): return .different("\(fault)")
    case .blocked: return .different("a block")
    }
  }
}

extension Sample {
  /// With a cell in place of a number, or a number in place of a cell, where the arm looks for the other.
  func spoiled(_ random: inout Random) -> Sample {
    guard case .cell(let head, let tail) = self, !random.chance(15) else {
      if case .cell = self { return .number(7) }
      if case .word = self { return .number(7) }
      return .cell(.number(1), .number(2))
    }
    return random.chance(50) ? .cell(head.spoiled(&random), tail) : .cell(head, tail.spoiled(&random))
  }
}

extension Random {
  /// Bytes of a number, least significant first: any, all bits set, none set, or with zeros on top.
  mutating func octets(_ count: Int) -> [UInt8] {
    var bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    switch below(24) {
    case 0: bytes = [UInt8](repeating: 0xFF, count: count)
    case 1: bytes = [UInt8](repeating: 0, count: count)
    case 2, 3:
      for index in bytes.indices.suffix(1 + below(4)) { bytes[index] = 0 }
    default: break
    }
    return bytes
  }

  /// A number of up to `most` bytes, and a length that is mostly its own, but may be more or less.
  mutating func counted(_ most: Int) -> (data: [UInt8], count: Int) {
    let data = octets(below(most + 1))
    return (data, chance(75) ? data.count : below(most + 20))
  }
}

extension Array where Element == UInt8 {
  /// The lowest bytes of a number, with zeros where it has none.
  func low(_ count: Int) -> [UInt8] {
    Array(prefix(count)) + [UInt8](repeating: 0, count: Swift.max(0, count - self.count))
  }
  /// A number's lowest bytes as a string, most significant first.
  func string(_ count: Int) -> [UInt8] { low(count).reversed() }
  /// How many bytes a number takes up.
  var width: Int { (lastIndex { $0 != 0 } ?? -1) + 1 }
}
