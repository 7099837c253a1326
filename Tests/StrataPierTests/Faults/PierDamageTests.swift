// Damage that is met after a pier has opened, by events, by questions and in the background: nothing that came of it is logged, released
// or answered, the process lives, and the next start knows.

import Glibc
import StrataMemory
import StrataStore
import StrataTestSupport
import Synchronization
import Testing

@testable import StrataPier

@Suite struct PierDamageTests {
  /// Event 0 has the whole state as its effects; all others are put before the list that is the state.
  private static let kernel = "[[6 [5 [1 0] 0 12] [[0 13] 0 13] [1 0] [0 12] 0 13] [0 0] 0]"
  /// In the first event, and so far from what a start reads.
  private static let mark: UInt64 = 0x5EED_5EED_5EED

  private let disk = SimulatedDisk(seed: 1)

  private func options(isInBackground: Bool = false) -> PierOptions {
    var options = PierOptions()
    options.disk = disk
    options.loomBytes = 1 << 28
    options.worksInBackground = isInBackground
    options.store.segmentPages = 4
    options.store.verifiedBytes = 0
    options.storeAfterEvents = 20
    options.keptEvents = 2
    return options
  }

  /// A pier whose state takes many segments. Gives the jam of it.
  private func make(keepsHistory: Bool = true) throws -> [UInt8] {
    let pier = try Pier.create(
      "d/pier", .gate, kernel: jam(PierDamageTests.kernel), keepsHistory: keepsHistory, options())
    _ = try pier.poke(Poke(jam("[\(PierDamageTests.mark) 1]")))
    for number in 1...100 {
      _ = try pier.poke(Poke(jam("[" + (0..<40).map { "\(number * 100 + $0)" }.joined(separator: " ") + "]")))
    }
    let state = try pier.peek(jam("[0 1]"), notBefore: pier.last).answer
    try pier.close()
    return state
  }

  private func damage() throws {
    let content = try #require(disk.content(of: "d/pier/store"))
    let pattern = withUnsafeBytes(of: PierDamageTests.mark.littleEndian) { Array($0) }
    var count = 0
    for place in stride(from: 8192, to: content.count - 8, by: 8) where Array(content[place..<place + 8]) == pattern {
      #expect(disk.flip(bit: place * 8 + 3, of: "d/pier/store"))
      count += 1
    }
    #expect(count > 0)
  }

  private func expectDamage(_ work: () throws(PierFailure) -> Void) {
    do throws(PierFailure) {
      try work()
      Issue.record("nothing was thrown")
    } catch {
      guard case .store(.damaged(let damage)) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(damage.path == "d/pier/store" && damage.subject == .record)
    }
  }

  /// Nothing goes out of the pier any more, and the next start has the state again, from the log.
  private func expectEnd(_ pier: Pier, _ state: [UInt8], _ last: UInt64) throws {
    let event = try jam("[1 2]")
    let query = try jam("[0 1]")
    expectDamage { () throws(PierFailure) in _ = try pier.poke(Poke(event)) }
    expectDamage { () throws(PierFailure) in _ = try pier.peek(query) }
    expectDamage { () throws(PierFailure) in _ = try pier.exportState() }
    expectDamage { () throws(PierFailure) in try pier.fork(to: "d/fork") }
    expectDamage { () throws(PierFailure) in try pier.compact() }
    #expect(pier.status().stopped.contains("damaged"))
    #expect(pier.last == last)
    try? pier.close()
    let again = try Pier.open("d/pier", options())
    #expect(again.opening.notes.contains { $0.contains("damaged") }, "\(again.opening.notes)")
    #expect(again.last == last)
    #expect(try again.peek(query, notBefore: last).answer == state)
    try again.close()
  }

  @Test func anEventThatMeetsDamageHasNeitherHappenedNorFailed() throws {
    let state = try make()
    try damage()
    var options = options()
    let counter = Counter()
    options.effects = { _, _ in counter.add() }
    let pier = try Pier.open("d/pier", options)
    let guarding = try #require(pier.store.segmentGuard)
    #expect(guarding.damage == nil && guarding.unverifiedBytes > 10 * 16384)
    let last = pier.last
    let event = try jam("0")
    expectDamage { () throws(PierFailure) in _ = try pier.poke(Poke(event)) }
    #expect(guarding.damage != nil && counter.count == 0)
    try expectEnd(pier, state, last)
  }

  @Test func aQuestionThatMeetsDamageIsNotAnswered() throws {
    let state = try make()
    try damage()
    let pier = try Pier.open("d/pier", options())
    #expect(pier.store.segmentGuard?.damage == nil)
    let last = pier.last
    let query = try jam("[0 1]")
    // What lies elsewhere is served.
    #expect(try text(pier.peek(jam("[0 4]")).answer).filter(\.isNumber) == "10000")
    expectDamage { () throws(PierFailure) in _ = try pier.peek(query) }
    try expectEnd(pier, state, last)
  }

  @Test func aDamagedStateIsNotStoredAgain() throws {
    let state = try make()
    try damage()
    let pier = try Pier.open("d/pier", options())
    let sequence = pier.store.sequence
    let last = pier.last
    expectDamage { () throws(PierFailure) in try pier.compact() }
    #expect(pier.store.sequence == sequence)
    try expectEnd(pier, state, last)
  }

  @Test func theBackgroundFindsDamageThatNobodyReads() throws {
    let state = try make()
    try damage()
    let pier = try Pier.open("d/pier", options(isInBackground: true))
    let last = pier.last
    let deadline = Clock.now() + 30_000_000_000
    while pier.status().stopped.isEmpty, Clock.now() < deadline { usleep(10_000) }
    try expectEnd(pier, state, last)
  }

  @Test func theBackgroundComparesEverythingAndTells() throws {
    let state = try make()
    let pier = try Pier.open("d/pier", options(isInBackground: true))
    let before = pier.facts()["store_unverified_bytes"].flatMap { Int($0) } ?? -1
    #expect(before >= 0)
    let deadline = Clock.now() + 30_000_000_000
    while pier.store.segmentGuard?.isDone != true, Clock.now() < deadline { usleep(10_000) }
    #expect(pier.store.segmentGuard?.isDone == true)
    #expect(pier.status().unverifiedBytes == 0 && pier.status().stopped.isEmpty)
    #expect(try pier.peek(jam("[0 1]")).answer == state)
    _ = try pier.poke(Poke(jam("[1 2]")))
    try pier.storeNow()
    try pier.close()
  }

  /// Where the log does not reach back, damage in both states is told of, and nothing is served.
  @Test func damageThatNothingCanMendIsToldOf() throws {
    _ = try make(keepsHistory: false)
    try damage()
    let pier = try Pier.open("d/pier", options())
    let query = try jam("[0 1]")
    expectDamage { () throws(PierFailure) in _ = try pier.peek(query) }
    expectDamage { () throws(PierFailure) in _ = try pier.poke(Poke(query)) }
    try? pier.close()
    let again = options()
    expectDamage { () throws(PierFailure) in _ = try Pier.open("d/pier", again) }
  }
}

private final class Counter: Sendable {
  private let value = Atomic<Int>(0)
  var count: Int { value.load(ordering: .relaxed) }
  func add() { value.add(1, ordering: .relaxed) }
}
