// Jets answer for the recorded programs that carry %fast hints, and the products stay the same without them.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct JetRegistryTests {
  @Test(arguments: [
    ("fib_jet_24", 0x0597_7b0f as UInt32), ("ack_jet_3_6", 0x2ee4_0920), ("fact_jet_1000", 0x2ba3_cc18),
    ("tree_jet_18", 0x224f_a174), ("deep_jet_200k", 0x1c96_8479), ("fib_memo_300", 0x7e3c_3d1a),
    ("sum_jet_300k", 0x0b65_fa4e),
  ])
  func jettedProgramsGiveTheRecordedProduct(name: String, mug: UInt32) throws {
    let folder = try #require(recordedData)
    let (machine, subject, formula) = try machine(running: contents(of: "\(folder)/nock/programs/\(name).jam"))
    machine.add(JetFamily.standard)
    guard case .product(let product) = machine.run(subject: subject, formula: formula) else {
      Issue.record("no product")
      return
    }
    #expect(try machine.nursery.mug(product) == mug)
    #expect(machine.jets.paths.contains { $0.hasPrefix("k139/one") })
  }
}

struct JetRegistryMatchingTests {
  /// Each loom holds addresses: who makes machines again and again would run out of them.
  @Test func aMachineThatNobodyHoldsEndsWithItsLoom() throws {
    weak var last: NockMachine?
    weak var loom: Loom?
    for _ in 0..<3 {
      // A core that is registered, and an activation.
      let run = try TextRun("[[[1 5] 0] 11 [%fast 1 %one [1 0] 0] 0 1]") { $0.usesHints = true }
      #expect(run.product == "[[1 5] 0]")
      last = run.machine
      loom = run.machine.loom
    }
    #expect(last == nil && loom == nil)
  }

  @Test func batteriesThatDifferFarDownAreKeptApart() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    let machine = NockMachine(loom)
    machine.add(JetFamily.standard)
    /// A core over nothing whose battery is a list of 200 numbers that ends in `last`.
    func core(_ last: UInt64, over parent: Word) throws -> Word {
      var battery = Word(direct: last)
      for number in 0..<200 { battery = try nursery.cell(Word(direct: UInt64(number)), battery) }
      return try nursery.cell(battery, parent)
    }
    func clue(_ text: String) throws -> Word { try NounText.read(Array(text.utf8), into: nursery) }
    let root = try core(0, over: Word(direct: 138))
    try machine.jets.register(root, clue: clue("[[107 138] [1 0] 0]"), site: machine.jets.makeSite())
    let cores = try (1...3).map { try core(UInt64($0), over: root) }
    for core in cores {
      try machine.jets.register(core, clue: clue("[6647407 [0 3] 0]"), site: machine.jets.makeSite())
    }
    for (index, each) in cores.enumerated() {
      let fresh = try core(UInt64(index + 1), over: root)
      #expect(try nursery.equal(each, fresh), "registering changed a core")
      #expect(try machine.jets.location(of: fresh) == index + 1)
    }
    #expect(try machine.jets.location(of: core(9, over: root)) == nil)
  }
}
