// The recorded programs give their recorded products.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

/// A machine that has read `[subject formula]` from a jam; both words are on the stack.
func machine(running bytes: [UInt8]) throws -> (NockMachine, subject: Word, formula: Word) {
  let loom = try Loom()
  let pair = try bytes.withUnsafeBytes { try loom.nursery.cue($0).noun }
  return (NockMachine(loom), loom.nursery.head(pair), loom.nursery.tail(pair))
}

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct RecordedProgramTests {
  @Test(arguments: [
    ("dec_cons_1m", 0x598b_ba8f as UInt32), ("dec_edit_1m", 0x598b_ba8f), ("dec_nock2_1m", 0x598b_ba8f),
    ("raw_add_1000_3000", 0x1fbd_e926), ("raw_mul_60_60", 0x3e0a_f21b), ("fib_raw_16", 0x25a8_917e),
    ("ack_raw_2_50", 0x2d7e_0a14), ("ack_raw_3_4", 0x38f5_33e3), ("iota_flop_200k", 0x3b7a_26ff),
    ("tree_eq_16", 0x79ff_04e8), ("double_shared_64", 0x072b_a1f8), ("deep_1200", 0x6cdf_783a),
    ("ub_ackermann", 0x2ee4_0920),
  ])
  func programsGiveTheRecordedProduct(name: String, mug: UInt32) throws {
    let folder = try #require(recordedData)
    let (machine, subject, formula) = try machine(running: contents(of: "\(folder)/nock/programs/\(name).jam"))
    guard case .product(let product) = machine.run(subject: subject, formula: formula) else {
      Issue.record("no product")
      return
    }
    #expect(try machine.nursery.mug(product) == mug)
  }

  @Test(arguments: ["crash_axis0", "crash_inc_cell", "crash_cond2", "crash_op12", "crash_badop"])
  func crashesAreDeterministic(name: String) throws {
    let folder = try #require(recordedData)
    let (machine, subject, formula) = try machine(running: contents(of: "\(folder)/nock/programs/\(name).jam"))
    guard case .stopped(.exit, _) = machine.run(subject: subject, formula: formula) else {
      Issue.record("no crash")
      return
    }
  }
}
