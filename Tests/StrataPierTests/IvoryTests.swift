// A whole kernel of shape arvo in a pier: the recorded ivory pill boots, answers, and is there again after an end.

import StrataTestSupport
import Testing

@testable import StrataPier

@Suite(.enabled(if: recordedData != nil, "no recorded data")) struct IvoryTests {
  private func pill() throws -> [UInt8] { try contents(of: (recordedData ?? "") + "/nock/ivory.pill") }

  private func wish(_ source: String, of pier: Pier) throws -> String {
    try text(pier.wish(jam("'\(source)'")).answer)
  }

  @Test func anIvoryPillBootsAnswersAndComesBack() throws {
    let scratch = try Scratch()
    let options = testOptions { $0.loomBytes = 32 << 30 }
    let pier = try Pier.create(scratch.pier, .arvo, kernel: pill(), options)
    // The recorded mug of what lies at axis 7 of the lifecycle function's product.
    #expect(pier.facts()["state_mug"] == "4bb376f0")
    #expect(try wish("(add 2 2)", of: pier) == "4")
    #expect(try wish("(turn (limo ~[1 2 3]) dec)", of: pier) == "[0 1 2 0]")
    // What the kernel's own compiler refuses is an answer too, and changes nothing.
    #expect(throws: PierFailure.self) { try wish("(add 2", of: pier) }
    // Cards that an ivory kernel does not know fail, and are kept with their traces.
    let result = try pier.poke(Poke(jam("[%nothing 0]")))
    #expect(result.number == 2)
    #expect(try pier.event(2)?.outcome?.status == (result.isDone ? .done : .failed))
    try pier.close()
    let again = try Pier.open(scratch.pier, options)
    #expect(again.last == 2 && again.opening.replayedEvents == 0)
    #expect(try wish("(mul 6 7)", of: again) == "42")
    if !result.isDone { #expect(again.facts()["state_mug"] == "4bb376f0") }
    // All of it once more from the log.
    try again.close()
    _ = try Pier.rebuild(scratch.pier, options)
    #expect(try wish("(sub 9 2)", of: Pier.open(scratch.pier, options)) == "7")
  }

  @Test func aWholePillIsRefusedWithAReason() throws {
    let scratch = try Scratch()
    do {
      _ = try Pier.create(scratch.pier, .arvo, kernel: jam("[%pill %brass 0 0 0]"), testOptions())
      Issue.record("it boots")
    } catch PierFailure.badInput(_, let reason) { #expect(reason.contains("--boot")) }
  }
}
