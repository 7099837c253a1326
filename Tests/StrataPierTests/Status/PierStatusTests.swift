// What a pier shows of itself while it works: counts that agree with what was done, and an answer in the middle of an event.

import Foundation
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPier

@Suite struct PierStatusTests {
  @Test func countsWhatWasDone() throws {
    let scratch = try Scratch()
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.mixed), testOptions())
    for number in 4..<24 { _ = try pier.poke(Poke(jam("\(number)"))) }
    for _ in 0..<3 { _ = try pier.poke(Poke(jam("0"))) }
    _ = try pier.peek(jam("[0 1]"))
    let status = pier.status()
    #expect(status.process == UInt64(getpid()))
    #expect((status.lastEvent, status.computedEvent, status.firstEvent, status.storedEvent) == (24, 24, 1, 1))
    #expect((status.doneEvents, status.failedEvents, status.answeredPeeks) == (20, 3, 1))
    #expect((status.runningEvent, status.waitingPokes, status.waitingSyncs, status.openPeeks) == (0, 0, 0, 0))
    #expect(status.failedEvent == 24)
    #expect(status.failure.hasPrefix("exit"), "\(status.failure)")
    #expect(status.stack.isEmpty && status.stopped.isEmpty)
    #expect(status.heapBytes > 0 && status.storeUsedBytes > 0 && status.logBytes > 0 && status.residentBytes > 1 << 20)
    #expect(status.storeBytes >= status.storeUsedBytes)
    try pier.storeNow()
    #expect(pier.status().storedEvent == 24)
    #expect(pier.status().storings == status.storings + 1)
    try pier.close()
    #expect(pier.status().lastEvent == 24)
  }

  @Test func answersWithinAnEventThatDoesNotEnd() throws {
    let scratch = try Scratch()
    let pier = try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.mixed), testOptions())
    let endless = Poke(try jam("1"))
    let other = Poke(try jam("9"))
    let threads = try [endless, other, other].map { poke in
      let thread = try #require(SystemThread { _ = try? pier.poke(poke) })
      // The first of them has the lock before the others come.
      let deadline = Clock.now() + 120_000_000_000
      while pier.status().runningEvent != 2, Clock.now() < deadline { usleep(1000) }
      return thread
    }
    var status = pier.status()
    let deadline = Clock.now() + 120_000_000_000
    while status.stack.isEmpty || status.waitingPokes < 2, Clock.now() < deadline { status = pier.status() }
    #expect(status.runningEvent == 2 && status.runningTime > 0 && status.lastEvent == 1)
    #expect(status.waitingPokes == 2)
    #expect(status.stack.count == 1 && status.isDeeper == 0, "\(status.stack)")
    #expect(status.youngBytes + status.heapBytes > 0 && status.stackBytes > 0)
    pier.interruptEvent()
    for thread in threads { thread.join() }
    status = pier.status()
    #expect((status.lastEvent, status.doneEvents, status.failedEvents, status.waitingPokes) == (4, 2, 1, 0))
    #expect(status.failedEvent == 2 && status.failure.hasPrefix("intr"), "\(status.failure)")
  }

  @Test func goesOverTheWireWhole() throws {
    var random = Random(seed: 81)
    for _ in 0..<100 * testScale {
      var status = PierStatus()
      for field in PierStatus.fields { status[keyPath: field.path] = random.next() }
      status.failure = String(repeating: "é\n", count: random.below(9))
      status.stopped = random.chance(50) ? "" : "the disk"
      status.stack = (0..<random.below(70)).map { "name \($0)" }
      let (kind, body) = PierReply.status(status).encoded
      #expect(PierReply(kind: kind, body: body) == .status(status), "\(random)")
      // What is cut off anywhere is no reply.
      let cut = random.below(body.count)
      #expect(PierReply(kind: kind, body: Array(body.prefix(cut))) == nil, "\(random) \(cut)")
    }
  }

  @Test func skipsWhatALaterVersionAdds() throws {
    var body = WireWriter()
    body.number(2)
    body.text("a_later_number")
    body.number(7)
    body.text("last_event")
    body.number(12)
    body.text("")
    body.text("")
    body.number(0)
    var expected = PierStatus()
    expected.lastEvent = 12
    #expect(PierReply(kind: 8, body: body.bytes) == .status(expected))
  }

  @Test func namesAreUnique() {
    #expect(Set(PierStatus.fields.map(\.name)).count == PierStatus.fields.count)
    #expect(Set(PierStatus.fields.map { $0.path as AnyKeyPath }).count == PierStatus.fields.count)
  }

  @Test func theServerCountsItsConnections() throws {
    let scratch = try Scratch()
    let server = try PierServer(try Pier.create(scratch.pier, .gate, kernel: jam(Kernels.counter), testOptions()))
    #expect(try PierHolder(scratch.pier) == .process(Int(getpid())))
    let clients = try (0..<3).map { _ in try #require(try PierClient.connect(scratch.pier)) }
    for client in clients { _ = try client.ask(.peek(query: jam("[0 1]"), notBefore: nil)) }
    // A client that nobody uses any more may end, and with it its connection.
    let reply = try withExtendedLifetime(clients) { try clients[0].ask(.status) }
    guard case .status(let status) = reply else {
      Issue.record("no status")
      return
    }
    #expect(status.connections == 3 && status.answeredPeeks == 3)
    try server.close()
    #expect(try PierHolder(scratch.pier) == .nobody)
    #expect(throws: PierFailure.self) { _ = try PierHolder(scratch.path) }
  }
}
