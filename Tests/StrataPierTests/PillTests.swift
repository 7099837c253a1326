// Whole pills: the kernel is made of the formulas and poked with the events of modules and userspace, those of who boots before them.

import StrataMemory
import StrataNoun
import StrataStore
import StrataTestSupport
import Testing

@testable import StrataPier

/// A core with arms load, wish, peek and poke. It keeps all samples, newest first, and crashes at the card `%bad`, also when it is told of
/// that.
private let kernel = {
  func gate(_ formula: String) -> String { "[8 [1 0] [1 \(formula)] 0 1]" }
  let taken = "[[[0 6] 1 0] 10 [6 [0 6] 0 30] 0 7]"
  let poke = gate("[6 [5 [1 %bad] 0 54] [0 0] 6 [5 [1 %crud] 0 54] [0 0] \(taken)]")
  let peek = gate("[[1 0] [1 0] 0 30]")
  return "[[0 [0 0] \(peek) \(poke)] 0 0]"
}()

@Suite struct PillTests {
  private func pill(_ modules: String, _ userspace: String) throws -> [UInt8] {
    // The one formula gives a gate whose axis 7 is the kernel.
    try jam("[%pill %own [[1 0 0 \(kernel)] 0] \(modules) \(userspace)]")
  }

  private func options(_ own: String?) throws -> PierOptions {
    let events = try own.map { try jam($0) }
    return testOptions { $0.bootEvents = events }
  }

  /// The jams of wires and cards that the kernel was poked with, and the times, as numbers of sixteen bytes, highest first.
  private func taken(_ pier: Pier) throws -> (cards: [[UInt8]], times: [[UInt8]]) {
    var options = LoomOptions()
    options.reservationBytes = 1 << 30
    let loom = try Loom(options)
    let nursery = loom.nursery
    var cards: [[UInt8]] = []
    var times: [[UInt8]] = []
    for number in 2...pier.last {
      let event = try #require(try pier.event(number))
      let record = try #require(EventRecord(event.payload))
      let sample = try nursery.cued(record.jam)
      let time = try #require(nursery.octets(of: nursery.head(sample)))
      times.append(time.reversed())
      cards.append(try nursery.jammed(nursery.tail(sample)))
    }
    withExtendedLifetime(loom) {}
    return (cards, times)
  }

  @Test func eventsComeInOrderEachLaterThanTheOneBefore() throws {
    let scratch = try Scratch()
    let pill = try pill("[[[%a 0] %one 1] [[%a 0] %two 2] 0]", "[[[%c 0] %four 4] 0]")
    let own = try options("[[[[%own 0] %whom 7] 0] [[%d 0] %boot 3] 0]")
    let pier = try Pier.create(scratch.pier, .arvo, kernel: pill, keepsHistory: true, own)
    #expect(pier.last == 6)
    let found = try taken(pier)
    let expected = [
      "[[%own 0] %whom 7]", "[[%a 0] %one 1]", "[[%a 0] %two 2]", "[[%d 0] %boot 3]", "[[%c 0] %four 4]",
    ]
    #expect(try found.cards == expected.map { try jam($0) })
    #expect(found.times.allSatisfy { $0.count == 16 })
    #expect(zip(found.times, found.times.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    let state = try pier.peek(jam("0")).answer
    try pier.close()
    let again = try Pier.open(scratch.pier, testOptions())
    #expect(again.opening.replayedEvents == 0)
    #expect(try again.peek(jam("0")).answer == state)
    #expect(try again.poke(Poke(jam("[%more 8]"))).isDone)
    try again.close()
    // All of it once more from the log alone.
    #expect(try Pier.rebuild(scratch.pier, testOptions()).replayedEvents == 7)
  }

  @Test func anEventThatFailsEndsTheMaking() throws {
    let scratch = try Scratch()
    do {
      _ = try Pier.create(scratch.pier, .arvo, kernel: pill("[[[%a 0] %one 1] [0 %bad 2] 0]", "0"), options("[0 0]"))
      Issue.record("it boots")
    } catch PierFailure.badInput(_, let reason) { #expect(reason.contains("boot event 2 of 2 fails")) }
    #expect(try !RealDisk().exists(scratch.pier))
  }

  @Test(arguments: ["0", "[0 1]", "[[5 0] 0]", "[0 [[0 1] 7]]"]) func whatIsNoListOfEventsIsRefused(own: String) throws
  {
    let scratch = try Scratch()
    do {
      _ = try Pier.create(scratch.pier, .arvo, kernel: pill("0", "0"), options(own))
      Issue.record("it boots")
    } catch PierFailure.badInput(let what, _) { #expect(what == "list of boot events") }
    #expect(try !RealDisk().exists(scratch.pier))
  }

  @Test func aWholePillAloneIsRefusedWithAReason() throws {
    let scratch = try Scratch()
    do {
      _ = try Pier.create(scratch.pier, .arvo, kernel: pill("0", "0"), options(nil))
      Issue.record("it boots")
    } catch PierFailure.badInput(_, let reason) { #expect(reason.contains("--boot")) }
  }
}
