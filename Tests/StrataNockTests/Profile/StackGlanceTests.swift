// A look at a running machine from another thread, and that it changes nothing about the run.

import StrataMemory
import StrataNoun
import Testing

@testable import StrataNock

@Suite struct StackGlanceTests {
  /// Looks at a program until what was seen is enough, then stops it. Returns what was seen.
  private func looks(at text: String, until isEnough: @escaping @Sendable ([StackGlance.View]) -> Bool) throws
    -> [StackGlance.View]
  {
    let loom = try Loom()
    let pair = try NounText.read(Array(text.utf8), into: loom.nursery)
    let glance = StackGlance()
    let handle = loom.nursery.interruptHandle
    let seen = Gathered()
    let asker = try #require(
      SystemThread {
        let deadline = Clock.now() + 20_000_000_000
        while !isEnough(seen.views), Clock.now() < deadline {
          if let view = glance.ask(handle, within: 50_000_000) { seen.views.append(view) }
        }
        handle.raise(.interrupted)
      })
    let machine = NockMachine(loom)
    machine.glance = glance
    try loom.nursery.push(pair)
    let outcome = machine.run(subject: loom.nursery.head(pair), formula: loom.nursery.tail(pair))
    asker.join()
    if case .stopped(.interrupted, _) = outcome {} else { Issue.record("\(outcome)") }
    #expect(glance.last == seen.views.last)
    return seen.views
  }

  private final class Gathered: @unchecked Sendable { var views: [StackGlance.View] = [] }

  @Test func showsALoop() throws {
    let views = try looks(at: "[0 8 [1 0] 8 [1 9 2 10 [6 4 0 6] 0 1] 9 2 0 1]") { $0.count == 5 }
    #expect(views.count == 5)
    for view in views {
      #expect(view.stack.count <= 2, "\(view.stack)")
      #expect(view.usage.stackBytes > 0 && !view.isDeeper)
    }
    #expect(zip(views, views.dropFirst()).allSatisfy { $0.time < $1.time })
  }

  @Test func aDeepRecursionIsCutAndItsTwinsAreCounted() throws {
    // Each activation waits for the product of the next one.
    let views = try looks(at: "[0 8 [1 4 9 2 0 1] 9 2 0 1]") { $0.last?.isDeeper == true }
    let view = try #require(views.last)
    #expect(view.stack.count <= StackGlance.mostLines)
    #expect(view.isDeeper && view.stack.contains { $0.contains(" times)") }, "\(view.stack)")
  }

  @Test func nobodyAnswersWhileNothingRuns() throws {
    let loom = try Loom()
    let start = Clock.now()
    #expect(StackGlance().ask(loom.nursery.interruptHandle, within: 5_000_000) == nil)
    #expect(Clock.now() - start >= 5_000_000)
    // The word that was set for it does the next run no harm.
    let machine = NockMachine(loom)
    machine.glance = StackGlance()
    let formula = try NounText.read(Array("[4 0 1]".utf8), into: loom.nursery)
    let outcome = machine.run(subject: Word(direct: 41), formula: formula)
    if case .product(Word(direct: 42)) = outcome {} else { Issue.record("\(outcome)") }
    #expect(machine.glance?.last == nil)
  }
}
