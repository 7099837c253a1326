// Locks hand over without loss, waits end at their deadline, threads run to their end.

import Testing

@testable import StrataMemory

/// A value that threads share.
private final class Box<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}

@Suite struct ThreadsTests {
  @Test func noIncrementIsLost() throws {
    let lock = Lock()
    let shared = Box(0)
    let threads = try (0..<4).map { _ in
      try #require(SystemThread { for _ in 0..<20_000 { lock.withLock { shared.value += 1 } } })
    }
    for thread in threads { thread.join() }
    #expect(shared.value == 80_000)
  }

  @Test func aHeldLockIsNotTaken() throws {
    let lock = Lock()
    let answer = Box(true)
    lock.lock()
    let thread = try #require(SystemThread { answer.value = lock.tryLock() })
    thread.join()
    lock.unlock()
    #expect(answer.value == false)
    #expect(lock.tryLock())
    lock.unlock()
  }

  @Test func aThreadThatJoinsItselfEnds() throws {
    let lock = Lock()
    let own = Box<SystemThread?>(nil)
    let isOver = Box(false)
    lock.lock()
    own.value = try #require(
      SystemThread {
        lock.withLock {
          own.value?.join()
          isOver.value = true
          lock.wakeAll()
        }
      })
    while !isOver.value { lock.wait() }
    lock.unlock()
  }

  @Test func waitingEndsAtTheDeadline() {
    let lock = Lock()
    let deadline = Clock.now() + 20_000_000
    lock.lock()
    while Clock.now() < deadline { lock.wait(until: deadline) }
    lock.unlock()
    #expect(Clock.now() >= deadline)
  }

  @Test func aWaiterIsWoken() throws {
    let lock = Lock()
    let turn = Box(false)
    let thread = try #require(
      SystemThread {
        lock.withLock {
          turn.value = true
          lock.wakeAll()
        }
      })
    lock.lock()
    while !turn.value { lock.wait() }
    lock.unlock()
    thread.join()
  }

  @Test func aFailureComesOutWithTheLockFree() {
    let lock = Lock()
    var isThrown = false
    do throws(Fault) { try lock.withLock { () throws(Fault) in throw .size } } catch { isThrown = error == .size }
    #expect(isThrown)
    #expect(lock.tryLock())
    lock.unlock()
  }

  @Test func clocksGoForward() {
    let (wall, thread, process) = (Clock.now(), Clock.ofThread(), Clock.ofProcess())
    while Clock.ofThread() == thread || Clock.ofProcess() == process || Clock.now() == wall {}
    #expect(Clock.now() > wall && Clock.ofThread() > thread && Clock.ofProcess() > process)
    // 2020 and 2200: the unit is milliseconds.
    #expect((1_577_000_000_000...7_258_000_000_000).contains(Clock.wallMilliseconds()))
  }
}
