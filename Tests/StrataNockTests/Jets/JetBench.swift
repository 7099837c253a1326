// Calls a jet through the registry: cores with made-up batteries, learned as `%fast` would teach them, whose arms give a
// mark when the jet leaves the call to Nock.

import StrataMemory
import StrataNatural
import StrataNoun
import Testing

@testable import StrataNock

/// A noun to be built.
indirect enum Sample {
  case number(UInt64)
  /// Bytes, least significant first.
  case bytes([UInt8])
  case cell(Sample, Sample)
  case word(Word)

  /// `[a b c ...]`
  static func tuple(_ parts: Sample...) -> Sample { tuple(parts) }
  static func tuple(_ parts: [Sample]) -> Sample {
    guard let last = parts.last else { return .number(0) }
    return parts.dropLast().reversed().reduce(last) { .cell($1, $0) }
  }
  /// A list.
  static func list(_ items: [Sample]) -> Sample { tuple(items + [.number(0)]) }
  static func cord(_ text: String) -> Sample { .bytes(Array(text.utf8)) }
  /// A number with a sign, as Hoon writes it.
  static func signed(_ value: Int) -> Sample {
    .number(UInt64(value < 0 ? value.magnitude * 2 - 1 : value.magnitude * 2))
  }
  /// Bytes, most significant first, as hexadecimal digits.
  static func hex(_ digits: String) -> Sample { .bytes(hexBytes(digits).reversed()) }
  /// The same bytes least significant first.
  static func octets(_ digits: String) -> Sample { .bytes(hexBytes(digits)) }
  /// `[count bytes]`, most significant first.
  static func counted(_ bytes: [UInt8]) -> Sample { .cell(.number(UInt64(bytes.count)), .bytes(bytes.reversed())) }

  func build(in nursery: Nursery) throws -> Word {
    switch self {
    case .number(let value): try nursery.natural(value)
    case .bytes(let bytes): try nursery.natural(bytes: bytes)
    case .cell(let head, let tail): try nursery.cell(head.build(in: nursery), tail.build(in: nursery))
    case .word(let word): word
    }
  }
}

/// The bytes that hexadecimal digits stand for; anything else between them is skipped.
func hexBytes(_ digits: String) -> [UInt8] {
  let values = digits.compactMap { $0.hexDigitValue }
  return stride(from: 0, to: values.count - 1, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}

/// What became of a call.
enum JetAnswer: Equatable {
  /// The product, as its text.
  case product(String)
  /// Nock was left to answer.
  case punt
  case fault(Fault)
}

/// A machine with jets, and cores to call them on.
final class JetBench {
  let loom: Loom
  let machine: NockMachine
  var nursery: Nursery { loom.nursery }

  init(_ families: [JetFamily]) throws {
    loom = try Loom()
    machine = NockMachine(loom)
    machine.add(families)
  }

  /// Calls the gate at `path` below `k138` with a sample. `door` is the sample of its parent, `context` what replaces
  /// the parent in the gate, with the place for it given.
  func call(
    _ path: String, _ sample: Sample, door: Sample? = nil, context: ((Word, Nursery) throws -> Word)? = nil,
    axis: UInt64 = 7
  ) throws -> JetAnswer {
    let nursery = self.nursery
    let gate = try self.gate(path, sample, door: door, context: context, axis: axis)
    try nursery.push(gate)
    defer { _ = nursery.pop() }
    let formula = try Sample.tuple(.number(9), .number(2), .number(0), .number(1)).build(in: nursery)
    switch machine.run(subject: gate, formula: formula) {
    case .product(let product):
      if product.isCell, nursery.head(product) == Word(direct: 0x746E_7570) { return .punt }
      return .product(try NounText.string(product, in: nursery))
    case .stopped(let fault, _): return .fault(fault)
    case .blocked: return .fault(.fail)
    }
  }

  /// The gate at `path` below the root of a kelvin with a sample, known to the registry.
  func gate(
    _ path: String, _ sample: Sample, door: Sample? = nil, context: ((Word, Nursery) throws -> Word)? = nil,
    axis: UInt64 = 7, kelvin: Int = 138
  ) throws -> Word {
    let nursery = self.nursery
    let names = path.split(separator: "/").map(String.init)
    var core = try nursery.cell(battery("k\(kelvin)"), Sample.number(UInt64(kelvin)).build(in: nursery))
    try register(core, "k\(kelvin)", axis: 0)
    for (index, name) in names.dropLast().enumerated() {
      let battery = try battery(names[0...index].joined(separator: "/"))
      if index == names.count - 2, let door {
        core = try nursery.cell(battery, nursery.cell(door.build(in: nursery), core))
        try register(core, name, axis: 7)
      } else {
        core = try nursery.cell(battery, core)
        try register(core, name, axis: 3)
      }
    }
    let around = try context.map { try $0(core, nursery) } ?? core
    let gate = try nursery.cell(battery(path), nursery.cell(sample.build(in: nursery), around))
    try register(gate, names[names.count - 1], axis: axis)
    #expect(machine.jets.paths.contains("k\(kelvin)/" + path))
    return gate
  }

  /// The text of a noun.
  func text(_ shape: Sample) throws -> String { try NounText.string(shape.build(in: nursery), in: nursery) }

  /// The bytes of a natural given as text, least significant first.
  func read(_ text: String) throws -> [UInt8] {
    try nursery.bytes(of: NounText.read(Array(text.utf8), into: nursery))
  }

  /// Calls a jet and expects a product.
  func expect(
    _ path: String, _ sample: Sample, door: Sample? = nil, is product: Sample,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let answer = try call(path, sample, door: door)
    #expect(try answer == .product(text(product)), "\(path)", sourceLocation: sourceLocation)
  }

  /// A battery of its own: the formula `[1 %punt path]`.
  private func battery(_ path: String) throws -> Word {
    try Sample.tuple(.number(1), .cord("punt"), .cord(path)).build(in: nursery)
  }

  private func register(_ core: Word, _ name: String, axis: UInt64) throws {
    let parent: Sample = axis == 0 ? .cell(.number(1), .number(0)) : .cell(.number(0), .number(axis))
    let clue = try Sample.tuple(.cord(name), parent, .number(0)).build(in: nursery)
    try machine.jets.register(core, clue: clue, site: machine.jets.makeSite())
  }
}
