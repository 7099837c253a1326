// Jets against their own arms: the cores of a recorded kernel, found by calling every arm of its library, and each
// jet's answers on random samples beside those of the arm's formula.

import StrataMemory
import StrataNatural
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

/// A booted kernel and the gates in it that jets of some families answer for.
private final class KernelArms {
  let loom: Loom
  let machine: NockMachine
  /// The gates by their path below the root.
  private(set) var gates: [(path: String, gate: Word)] = []
  private var queue: [Word] = []
  /// Calls the gate that is its subject.
  private let callFormula: Word
  var nursery: Nursery { loom.nursery }

  init(_ families: [JetFamily], bytes: [UInt8]) throws {
    loom = try Loom()
    machine = NockMachine(loom)
    machine.add(JetFamily.standard)
    callFormula = try loom.nursery.copyToCommons(NounText.read(Array("[9 2 0 1]".utf8), into: loom.nursery))
    let wanted = Set(families.flatMap { $0.jets.map { $0.path } })
    let pill = try loom.nursery.copyToCommons(bytes.withUnsafeBytes { try loom.nursery.cue($0).noun })
    let isPill = loom.nursery.head(pill) == Word(direct: 0x79_726f_7669)
    let subject = isPill ? loom.nursery.tail(pill) : pill
    let formula = try NounText.read(Array((isPill ? "[2 [0 3] 0 2]" : "[9 2 0 1]").utf8), into: loom.nursery)
    guard case .product(let product) = machine.run(subject: subject, formula: formula) else { return }
    let kernel = try loom.nursery.copyToCommons(product)
    try findLibrary(in: kernel)
    machine.configuration.stepLimit = 3_000_000
    var seen: Set<UInt32> = []
    var depth = 0
    while !queue.isEmpty, depth < 6 {
      let level = queue
      queue = []
      for core in level {
        guard core.isCell, loom.nursery.head(core).isCell else { continue }
        guard try seen.insert(loom.nursery.mug(loom.nursery.head(core))).inserted else { continue }
        try note(core, wanted)
        try callArms(of: core)
      }
      depth += 1
    }
    machine.configuration.stepLimit = nil
  }

  /// What a gate's jet and its own formula give that is not the same; nil when it is.
  func difference(_ gate: Word, _ sample: Sample, door: Sample?) throws -> String? {
    try nursery.pushFrame()
    defer { nursery.bailFrame() }
    var core = try nursery.edit(gate, at: Word(direct: 6), to: sample.build(in: nursery))
    if let door { core = try nursery.edit(core, at: Word(direct: 30), to: door.build(in: nursery)) }
    try nursery.push(core)
    let slot = nursery.state.pointee.stackTop - 1
    let native = machine.run(subject: core, formula: callFormula)
    core = Word(raw: nursery.base[slot])
    if case .product(let product) = native { try nursery.push(product) }
    let nock = machine.run(subject: core, formula: nursery.head(core))
    if case .product = native, case .product(let product) = nock {
      if try nursery.equal(Word(raw: nursery.base[slot + 1]), product) { return nil }
      let given = try NounText.string(Word(raw: nursery.base[slot + 1]), in: nursery)
      return try "\(given), Nock says \(NounText.string(product, in: nursery))"
    }
    if case .stopped(let fault, _) = native, case .stopped(fault, _) = nock { return nil }
    return "\(native), Nock says \(nock)"
  }

  private func path(of core: Word) throws -> String? {
    try machine.jets.location(of: core).map { machine.jets.locations[$0].path }
  }

  private func note(_ core: Word, _ wanted: Set<String>) throws {
    guard let path = try path(of: core), let slash = path.firstIndex(of: "/") else { return }
    let name = String(path[path.index(after: slash)...])
    if wanted.contains(name), !gates.contains(where: { $0.path == name }) { gates.append((name, core)) }
  }

  /// Every core below `tri` that the kernel refers to.
  private func findLibrary(in kernel: Word) throws {
    var stack = [kernel]
    var seen: Set<UInt64> = []
    while let noun = stack.popLast() {
      guard noun.isCell, seen.insert(noun.raw).inserted else { continue }
      if nursery.head(noun).isCell, let path = try path(of: noun),
        path.hasSuffix("/tri") || path.hasSuffix("/qua") || path.hasSuffix("/pen") || path.contains("/hex")
      {
        queue.append(noun)
      }
      stack.append(nursery.head(noun))
      stack.append(nursery.tail(noun))
    }
  }

  /// Calls whatever in a battery looks like a formula; what comes out may be a core in turn.
  private func callArms(of core: Word) throws {
    var stack: [(noun: Word, axis: UInt64)] = [(nursery.head(core), 2)]
    while let (noun, axis) = stack.popLast() {
      guard noun.isCell, axis < 1 << 40 else { continue }
      if nursery.head(noun).isCell {
        stack.append((nursery.head(noun), axis * 2))
        stack.append((nursery.tail(noun), axis * 2 + 1))
        continue
      }
      let formula = try nursery.cell(
        Word(direct: 9), nursery.cell(Word(direct: axis), nursery.cell(.zero, .one)))
      if case .product(let product) = machine.run(subject: core, formula: formula), product.isCell {
        let fixed = try nursery.copyToCommons(product)
        queue.append(fixed)
        // A core may be made upon another that nothing else shows.
        if try path(of: nursery.tail(fixed)) != nil { queue.append(nursery.tail(fixed)) }
      }
    }
  }
}

@Suite(
  .enabled(if: recordedData != nil, "the recorded data is not beside the checkout"),
  .enabled(if: !isDebug, "calling a whole library takes a build with optimisation"),
  .enabled(
    if: JetFamily.standard.contains { $0.name == "bits" }, "booting a kernel takes the jets of the other families"))
struct OctetJetsAgainstNockTests {
  @Test(arguments: ["ivory.pill", "hoonc.jam"]) func jetsAnswerAsTheirArmsDo(name: String) throws {
    let families: [JetFamily] = [.hashes, .ciphers, .curves, .floats]
    let folder = try #require(recordedData)
    let arms = try KernelArms(families, bytes: contents(of: folder + "/nock/\(name)"))
    let nursery = arms.nursery
    for (path, gate) in arms.gates {
      // Two kernels: half of what is wanted from each, but for an arm that is in one of them only.
      let isInBoth = !path.hasSuffix("/og/raw")
      let wanted = JetCases.each(
        debug: 300, release: isInBoth ? 50_000 : 100_000, long: isInBoth ? 1000 : 2000)
      let seed = path.utf8.reduce(UInt64(name.utf8.count)) { $0 &* 0x100_0000_01B3 ^ UInt64($1) }
      var random = Random(seed: seed)
      var cases = 0
      let number = try #require(arms.machine.jets.jets.firstIndex { $0.path == path })
      let answersBefore = arms.machine.jets.answers[number]
      while cases < wanted, let drawn = samples(for: path, &random) {
        cases += 1
        if let difference = try arms.difference(gate, drawn.sample, door: drawn.door) {
          let sample = try NounText.string(drawn.sample.build(in: nursery), in: nursery)
          Issue.record("\(path) of \(sample): \(difference), seed \(seed), case \(cases)")
          break
        }
      }
      #expect(cases == 0 || arms.machine.jets.answers[number] > answersBefore, "\(path): the jet never answered")
      JetCases.note(arms.machine.jets.jets[number], cases, against: "its Nock")
      if cases > 0 { print("\(path): \(cases) cases, \(arms.machine.jets.answers[number] - answersBefore) answered") }
    }
    // These kernels have the floats and SHA; they do not bring the ciphers and curves along.
    #expect(arms.gates.count >= 51)
  }

  /// A sample of the shape that an arm wants, and what its door holds.
  private func samples(for path: String, _ random: inout Random) -> (sample: Sample, door: Sample?)? {
    func bytes(_ count: Int) -> Sample { .bytes((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }) }
    func some(_ most: Int) -> Sample { bytes(random.below(most + 1)) }
    // Interpreted, each block takes a third of a millisecond: one in five messages has more than one.
    func messageSize() -> Int { random.below(random.chance(80) ? 56 : 151) }
    func counted(_ most: Int? = nil) -> Sample {
      let count = most.map { random.below($0 + 1) } ?? messageSize()
      return .cell(.number(UInt64(count)), some(count + random.below(3)))
    }
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    let door = path.split(separator: "/").dropLast().last.map(String.init) ?? ""
    switch (door, name) {
    case (_, "shax"): return (bytes(messageSize()), nil)
    case (_, "shay"), (_, "shal"): return (counted(), nil)
    case (_, "shas"): return (.cell(some(40), some(70)), nil)
    case (_, "sha1"), (_, "ripemd160"): return (counted(), nil)
    case ("kecc", _): return (counted(), nil)
    case ("og", "raw"): return (.number(UInt64(random.below(700))), bytes(32))
    case ("blake", "blake2b"):
      return (
        .tuple(
          counted(200), random.chance(50) ? .cell(.number(0), .number(0)) : counted(70),
          .number(UInt64(random.below(80)))), nil
      )
    case ("ecba", _): return (bytes(16), bytes(16))
    case ("ecbb", _): return (bytes(16), bytes(24))
    case ("ecbc", _): return (bytes(16), bytes(32))
    case ("cbca", _): return (some(40), .cell(bytes(16), bytes(16)))
    case ("cbcb", _): return (some(40), .cell(bytes(24), bytes(16)))
    case ("cbcc", _): return (some(40), .cell(bytes(32), bytes(16)))
    case ("siva", "en"), ("sivb", "en"), ("sivc", "en"):
      let size = ["siva": 32, "sivb": 48, "sivc": 64][door] ?? 32
      return (some(40), .cell(bytes(size), .list((0..<random.below(3)).map { _ in some(40) })))
    case ("siva", "de"), ("sivb", "de"), ("sivc", "de"):
      let size = ["siva": 32, "sivb": 48, "sivc": 64][door] ?? 32
      return (.tuple(bytes(16), .number(20), some(20)), .cell(bytes(size), .list([])))
    case ("scr", "pbk"):
      return (.tuple(some(20), some(20), .number(UInt64(1 + random.below(2))), .number(UInt64(random.below(40)))), nil)
    case ("scr", "hsh"):
      return (.tuple(some(10), some(10), .number(2), .number(1), .number(1), .number(32)), nil)
    case ("ed", "puck"): return (bytes(32), nil)
    case ("ed", "sign"): return (.cell(some(40), bytes(32)), nil)
    case ("ed", "shar"): return (.cell(bytes(32), bytes(32)), nil)
    case ("ed", "scalarmult-base"): return (bytes(32), nil)
    case ("secp256k1", "make"), ("secp256k1", "sign"): return (.cell(bytes(32), bytes(31)), nil)
    case ("schnorr", "sosi"): return (.tuple(bytes(31), bytes(32), bytes(32)), nil)
    case ("rs", _), ("rd", _), ("rh", _), ("rq", _):
      let width = ["rh": 2, "rs": 4, "rd": 8, "rq": 16][door] ?? 4
      let mode = Sample.cord(["n", "u", "d", "z"][random.below(4)])
      func number() -> Sample {
        var octets = (0..<width).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        if random.chance(40) { octets[width - 1] = 0x3F }
        if random.chance(10) { octets[width - 1] = 0x7F; octets[width - 2] = 0xFF }
        if random.chance(10) { octets[width - 1] = 0; octets[width - 2] = 0 }
        return .bytes(octets)
      }
      switch name {
      case "sqt": return (number(), mode)
      case "fma": return (.tuple(number(), number(), number()), mode)
      default: return (.cell(number(), number()), mode)
      }
    case ("cofl", _):
      // Nock's long division takes its time with thousands of digits: one in ten may have so many.
      let isWide = name != "drg" || random.chance(10)
      let precision = random.chance(50) ? [11, 24, 53, 113][random.below(4)] : 2 + random.below(40)
      let lowest =
        random.chance(50) ? [-24, -149, -1074, -16_494][random.below(isWide ? 4 : 2)] : random.below(80) - 60
      let width = random.below(4) == 0 ? random.below(60) : [29, 253, 2045, 32_765][random.below(isWide ? 4 : 2)]
      let rules = Sample.tuple(
        .tuple(.number(UInt64(precision)), .signed(lowest), .number(UInt64(width))), .cord("n"),
        .cord(["d", "d", "f", "i"][random.below(4)]))
      // Around the edges: few bits and many, powers of two and their neighbours, halves, exponents about the lowest and highest.
      var digits = UInt128(truncatingIfNeeded: random.next()) << 64 | UInt128(random.next())
      if random.chance(30) { digits = 1 << UInt128(random.below(127)) }
      if random.chance(20) { digits &-= 1 }
      if random.chance(20) { digits &= ~0 << UInt128(random.below(127)) }
      digits >>= UInt128(random.below(127))
      let near = [0, lowest, lowest + width, lowest - 120][random.below(4)]
      let exponent = Sample.signed(near + random.below(130) - 65)
      let number = Sample.cell(
        exponent, .bytes(withUnsafeBytes(of: digits.littleEndian) { Array($0) }))
      if name == "drg" { return (number, rules) }
      let direction = ["fl", "ce", "sm", "lg", "ne", "na", "nt"][random.below(7)]
      return (.tuple(.cord(direction), number, .number(UInt64(random.below(2)))), rules)
    default: return nil
    }
  }
}
