// Piers on the real disk: what is acknowledged stays, what fails changes nothing, nobody waits for a question.

import Foundation
import StrataMemory
import StrataStore
import StrataTestSupport
import Testing

@testable import StrataPier

@Suite struct PierTests {
  @Test func remembersWhatItAcknowledged() throws {
    let scratch = try Scratch()
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), testOptions())
    for number in 2...20 {
      let result = try pier.poke(Poke(jam("[1 2 3]")))
      #expect(result.number == UInt64(number))
      #expect(result.isDone)
      #expect(result.effects.isEmpty)
    }
    #expect(try text(pier.peek(jam("[0 1]")).answer) == "19")
    try pier.close()
    let again = try Pier.open(scratch.pier, testOptions())
    #expect(again.last == 20)
    #expect(again.opening.replayedEvents == 0)
    #expect(try text(again.peek(jam("[0 1]")).answer) == "19")
    _ = try again.poke(Poke(jam("0")))
    #expect(try text(again.peek(jam("[0 1]")).answer) == "20")
  }

  @Test func computesTheTailAgainAfterDying() throws {
    let scratch = try Scratch()
    var options = testOptions()
    options.worksInBackground = false
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), options)
    for _ in 0..<50 { _ = try pier.poke(Poke(jam("0"))) }
    // Copied as a death would leave it: nothing was closed.
    let copy = scratch.path + "/copy"
    try FileManager.default.copyItem(atPath: scratch.pier, toPath: copy)
    let again = try Pier.open(copy, options)
    #expect(again.opening.storedEvent == 1)
    #expect(again.opening.replayedEvents == 50)
    #expect(try text(again.peek(jam("[0 1]")).answer) == "50")
  }

  @Test func aFailingEventChangesNothing() throws {
    let scratch = try Scratch()
    // What needs memory must meet that limit first, however slow the build; what needs time has a limit of its own.
    let patient = testOptions {
      $0.eventNanoseconds = 600_000_000_000
      $0.eventBytes = 2 << 20
    }
    let hasty = testOptions { $0.eventNanoseconds = 100_000_000 }
    var pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.mixed), patient)
    _ = try pier.poke(Poke(jam("5")))
    let before = try pier.peek(jam("[0 1]")).answer
    for (event, mote, options) in [("0", "exit", patient), ("2", "meme", patient), ("1", "alrm", hasty)] {
      try pier.close()
      pier = try Pier.open(scratch.pier, options)
      let result = try pier.poke(Poke(jam(event)))
      #expect(!result.isDone)
      #expect(result.failure?.hasPrefix(mote) == true, "\(result.failure ?? "nothing")")
      #expect(try pier.peek(jam("[0 1]")).answer == before)
    }
    try pier.close()
    pier = try Pier.open(scratch.pier, patient)
    _ = try pier.poke(Poke(jam("6")))
    #expect(try text(pier.peek(jam("[0 1]")).answer) == "[6 5 0]")
    let failed = try #require(try pier.event(4))
    #expect(failed.outcome?.status == .failed)
    try pier.close()
    // None of them is computed again.
    let again = try Pier.open(scratch.pier, patient)
    #expect(try text(again.peek(jam("[0 1]")).answer) == "[6 5 0]")
    let retried = try again.retry(3)
    #expect(!retried.isDone && retried.number == 7)
    #expect(throws: PierFailure.self) { try again.retry(2) }
  }

  @Test func whatIsNoEventIsNotLogged() throws {
    let scratch = try Scratch()
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), testOptions())
    #expect(throws: PierFailure.self) { try pier.poke(Poke([])) }
    #expect(pier.last == 1)
    #expect(throws: PierFailure.self) { try pier.peek([]) }
    #expect(throws: PierFailure.self) { try pier.peek(jam("[0 0]")) }
    #expect(throws: PierFailure.self) {
      try Pier.create(scratch.path + "/other", .gate, kernel: jam("7"), testOptions())
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/other"))
    #expect(throws: PierFailure.exists(path: scratch.pier)) {
      try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), testOptions())
    }
  }

  @Test func aSecondStartNamesTheHolder() throws {
    let scratch = try Scratch()
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), testOptions())
    #expect(throws: PierFailure.inUse(path: scratch.pier, holder: Int(getpid()))) {
      try Pier.open(scratch.pier, testOptions())
    }
    try pier.close()
    try Pier.open(scratch.pier, testOptions()).close()
  }

  @Test func effectsComeInOrderAndOnlyOnce() throws {
    let scratch = try Scratch()
    let seen = Guarded<[UInt64]>([])
    let options = testOptions { $0.effects = { number, _ in seen.withLock { $0.append(number) } } }
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.mixed), options)
    let event = try jam("3")
    #expect(try text(pier.poke(Poke(event)).effects) == "[[7 0] 0]")
    try concurrently(8) { _ in for _ in 0..<50 { _ = try pier.poke(Poke(event)) } }
    #expect(seen.withLock { $0 } == Array(2...402))
  }

  @Test func manyPokeAndAskAtOnce() throws {
    let scratch = try Scratch()
    let options = testOptions {
      $0.storeAfterEvents = 100
      $0.peekMachines = 3
    }
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.twins), options)
    let event = try jam("0")
    let query = try jam("[0 1]")
    let rounds = 100 * testScale
    let peeks = Guarded(0)
    try concurrently(8) { worker in
      if worker < 2 {
        var newest: UInt64 = 0
        for _ in 0..<rounds {
          let result = try pier.peek(query)
          let parts = try text(result.answer).dropFirst().dropLast().split(separator: " ")
          // The twins are equal in each state, each state is one that was acknowledged, and time does not go back.
          if parts.count != 2 || parts[0] != parts[1] || parts[0] != "\(result.number - 1)" || result.number < newest {
            throw PierFailure.unsupported("a torn state: \(parts) after \(result.number)")
          }
          newest = result.number
          peeks.withLock { $0 += 1 }
        }
      } else {
        for _ in 0..<rounds { _ = try pier.poke(Poke(event)) }
      }
    }
    #expect(peeks.withLock { $0 } == 2 * rounds)
    #expect(try text(pier.peek(query).answer) == "[\(6 * rounds) \(6 * rounds)]")
    try pier.close()
    let again = try Pier.open(scratch.pier, options)
    #expect(try text(again.peek(query).answer) == "[\(6 * rounds) \(6 * rounds)]")
  }

  @Test func itsGarbageIsCollectedAndItsLogTrimmed() throws {
    let scratch = try Scratch()
    let options = testOptions {
      $0.storeAfterEvents = 20
      $0.worksInBackground = false
      $0.collectionStepWords = 1024
      $0.trimStep.events = 10
      $0.keptEvents = 10
    }
    // The state is the last event, so that everything older is garbage.
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam("[[[1 0] 0 12] [0 0] 0]"), options)
    let long = try jam("[" + (0..<400).map { "\($0)" }.joined(separator: " ") + "]")
    for _ in 0..<1500 { _ = try pier.poke(Poke(long)) }
    #expect(pier.duties.collections > 0)
    #expect(pier.last - pier.first < 100)
    #expect(pier.store.usedBytes < 1 << 20)
    #expect(try pier.peek(jam("[0 1]")).answer == long)
    try pier.close()
    let again = try Pier.open(scratch.pier, options)
    #expect(try again.peek(jam("[0 1]")).answer == long)
  }

  @Test func anUpgradeKeepsTheState() throws {
    let scratch = try Scratch()
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), testOptions())
    for _ in 0..<3 { _ = try pier.poke(Poke(jam("0"))) }
    // Counts by two from here on.
    #expect(try pier.upgrade(kernel: jam("[[[1 0] 4 4 0 13] [0 0] 0]")).isDone)
    #expect(try !pier.upgrade(kernel: jam("1")).isDone)
    _ = try pier.poke(Poke(jam("0")))
    #expect(try text(pier.peek(jam("[0 1]")).answer) == "5")
    try pier.close()
    let again = try Pier.open(scratch.pier, testOptions())
    _ = try again.poke(Poke(jam("0")))
    #expect(try text(again.peek(jam("[0 1]")).answer) == "7")
  }
}

/// Runs `work` on several threads and throws what the first of them threw.
func concurrently(_ count: Int, _ work: @escaping @Sendable (Int) throws -> Void) throws {
  let failure = Guarded<(any Error)?>(nil)
  let threads = (0..<count).compactMap { index in
    SystemThread {
      do { try work(index) } catch { failure.withLock { $0 = $0 ?? error } }
    }
  }
  for thread in threads { thread.join() }
  if let error = failure.withLock({ $0 }) { throw error }
}
