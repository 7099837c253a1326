// Jets that are checked while a program runs: right ones pass, wrong ones are told of and do no harm.

import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataNock

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct JetCheckTests {
  private func laboratory(_ families: [JetFamily]) throws -> JetLaboratory {
    let folder = try #require(recordedData)
    return try JetLaboratory(kernel: "\(folder)/nock/hoonc.jam", families: families)
  }

  /// The product of a gate of the kernel on a number, as a number, while every call is checked.
  private func checked(_ path: String, _ number: UInt64, in laboratory: JetLaboratory) throws -> UInt64? {
    let gate = try #require(laboratory.cores[path])
    let core = try laboratory.nursery.edit(gate, at: Word(direct: 6), to: Word(direct: number))
    laboratory.machine.configuration.jetCheckInterval = 1
    laboratory.machine.configuration.stepLimit = nil
    let formula = try laboratory.list([9, 2, 0, 1])
    guard case .product(let product) = laboratory.machine.run(subject: core, formula: formula) else { return nil }
    return product.isDirect ? product.raw : nil
  }

  @Test func rightJetsPass() throws {
    let laboratory = try laboratory(JetFamily.standard)
    #expect(try checked("one/dec", 500, in: laboratory) == 499)
    #expect(try checked("one/dec", 0, in: laboratory) == nil)
    #expect(try checked("one/two/bex", 9, in: laboratory) == 512)
    #expect(laboratory.machine.jetChecks > 3)
    #expect(laboratory.machine.jetMismatchCount == 0)
  }

  @Test func aWrongJetIsToldOfAndDoesNoHarm() throws {
    let wrong = JetFamily("wrong", [Jet("one/dec") { (_) in .zero }])
    let laboratory = try laboratory([wrong])
    #expect(try checked("one/dec", 500, in: laboratory) == 499)
    #expect(laboratory.machine.jetMismatchCount == 1)
    let found = try #require(laboratory.machine.jetMismatches.first)
    #expect(found.path.hasSuffix("one/dec"))
    #expect(found.sample == Murmur.mug(500))
    #expect(found.nock == .product(mug: Murmur.mug(499)))
    #expect(found.jet == .product(mug: Murmur.mug(0)))
    // A crash is Nock's as well.
    #expect(try checked("one/dec", 0, in: laboratory) == nil)
    #expect(laboratory.machine.jetMismatches.last?.nock == .crash)
  }
}
