// The Hoon compiler as a kernel, against the mugs that other runtimes give: kicked, booted, and building.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct HooncTests {
  private let folder: String

  init() throws { folder = try #require(recordedData) + "/nock/" }

  private func cue(_ name: String, droppingFirst count: Int = 0, into nursery: Nursery) throws -> Word {
    let bytes = try Array(contents(of: folder + name).dropFirst(count))
    return try bytes.withUnsafeBytes { try nursery.cue($0).noun }
  }

  private func kernel() throws -> NockKernel {
    let loom = try Loom()
    let machine = NockMachine(loom)
    machine.add(JetFamily.standard)
    return try NockKernel(machine, kicking: cue("hoonc.jam", into: loom.nursery))
  }

  /// Pokes with recorded samples, and expects the mugs of their effects and of the core after each.
  private func poke(
    _ kernel: NockKernel, _ pokes: [(name: String, effects: UInt32, core: UInt32)]
  ) throws {
    let nursery = kernel.machine.nursery
    for (name, effects, core) in pokes {
      guard case .product(let product) = kernel.poke(try cue("poke-\(name).jam", into: nursery)) else {
        Issue.record("\(name): no product")
        return
      }
      #expect(try nursery.mug(product) == effects, "\(name): effects")
      #expect(try nursery.mug(kernel.core) == core, "\(name): core")
    }
  }

  @Test(.enabled(if: !isDebug, "takes minutes without optimisation"))
  func aPrewarmedCompilerBuildsWhatWasRecorded() throws {
    let kernel = try kernel()
    let nursery = kernel.machine.nursery
    #expect(try nursery.mug(kernel.core) == 0x25e6_3df8)
    // The state lies behind a header of 48 bytes.
    guard case .product = kernel.load(try cue("hoonc-prewarm.jam", droppingFirst: 48, into: nursery)) else {
      Issue.record("the state was not taken")
      return
    }
    // The recorded core after loading is not ours, which is the one recorded after the next poke; all later ones agree.
    let loaded = try nursery.mug(kernel.core)
    withKnownIssue("the load arm already gives the core that is recorded for `%boot`") {
      #expect(loaded == 0x0a23_9378)
    }
    try poke(
      kernel,
      [
        ("boot", 0x79ff_04e8, 0x096b_f554), ("build-trivial", 0x626b_9e85, 0x434b_ba13),
        ("build-gate", 0x79a1_4dad, 0x6fa8_c828), ("build-fib", 0x1786_1ab1, 0x7f8b_9265),
      ])
  }

  @Test(.enabled(if: !isDebug, "takes minutes without optimisation"))
  func aColdCompilerCompilesItsLibraryAndBuilds() throws {
    try poke(
      kernel(),
      [
        ("boot", 0x79ff_04e8, 0x755b_7030), ("build-trivial", 0x3708_3aff, 0x28ca_b6b1),
        ("build-gate", 0x5fd6_22a3, 0x1f9b_0ca7), ("build-fib", 0x2098_ba95, 0x6a60_67ac),
      ])
  }

  @Test func theIvoryPillBoots() throws {
    let loom = try Loom()
    let machine = NockMachine(loom)
    machine.add(JetFamily.standard)
    let nursery = loom.nursery
    let pill = try cue("ivory.pill", into: nursery)
    let events = try nursery.copyToCommons(nursery.tail(pill))
    let formula = try NounText.read(Array("[2 [0 3] 0 2]".utf8), into: nursery)
    guard case .product(let product) = machine.run(subject: events, formula: formula) else {
      Issue.record("no product")
      return
    }
    #expect(try nursery.mug(product) == 0x73fe_3e64)
    #expect(try nursery.mug(nursery.part(of: product, at: Word(direct: 7))) == 0x4bb3_76f0)
  }
}
