// Whole piers under a disk that crashes, tears, reorders and fails at every operation: kernel, log and store together,
// while events are taken and refused, states stored, garbage collected, the log trimmed, the kernel replaced and piers
// forked. After each crash the pier opens by itself and holds a prefix with every acknowledged event.

import Foundation
import StrataStore
import Testing

@testable import StrataPier

/// How many crash points each test visits, and from which seed on: STRATA_CRASH_POINTS and STRATA_CRASH_SEED.
private enum Plan {
  static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
  static var points: Int { number("STRATA_CRASH_POINTS") ?? 120 }
  static var firstSeed: UInt64 { UInt64(number("STRATA_CRASH_SEED") ?? 1) }
}

/// What is done to a pier, so that its state can be told without one.
private enum Deed: Equatable {
  case event([UInt8])
  /// An event that the kernel refuses.
  case nonsense
  /// From here on each event counts that much.
  case upgrade(Int)
}

/// A finding, with the command that repeats it.
private struct Finding: Error, CustomStringConvertible {
  let seed: UInt64
  let point: String
  let text: String
  var description: String {
    "\(text) at \(point); repeat with STRATA_CRASH_SEED=\(seed) STRATA_CRASH_POINTS=1 swift test --filter PierCrashTests"
  }
}

private final class Life {
  let seed: UInt64
  let disk: SimulatedDisk
  var random: SeededRandom
  /// What was acknowledged, after the boot; and what is under way.
  var deeds: [Deed] = []
  var pending: Deed?
  var isMade = false
  /// The event at which a finished fork was made.
  var forkedAt: Int?
  var points = 0
  var finding: Finding?
  /// One in so many moments is a crash point.
  let sparsity: Int
  private var pier: Pier?

  init(seed: UInt64, sparsity: Int) {
    self.seed = seed
    self.sparsity = sparsity
    disk = SimulatedDisk(seed: seed)
    random = SeededRandom(seed: seed)
  }

  static func kernel(_ step: Int) -> String {
    "[[[1 0] [\(String(repeating: "4 ", count: step))0 26] [0 24] 0 25] [0 0 0 0] 0]"
  }

  func options(_ disk: SimulatedDisk) -> PierOptions {
    var options = PierOptions()
    options.disk = disk
    options.loomBytes = 1 << 28
    options.worksInBackground = false
    options.store.segmentPages = 4
    options.store.keptSegments = 2
    options.storeAfterEvents = 3 + Int(seed % 5)
    options.collectionStepWords = 2048
    options.trimStep.events = 4
    options.keptEvents = 2
    return options
  }

  func fail(_ text: String, _ point: String) {
    if finding == nil { finding = Finding(seed: seed, point: point, text: text) }
  }

  /// The jam of the state after the deeds.
  private func state(after deeds: ArraySlice<Deed>) throws -> String {
    var count = 0
    var step = 1
    var last = "[0 0]"
    for deed in deeds {
      switch deed {
      case .event(let jam):
        count += step
        last = try text(jam)
      case .nonsense: break
      case .upgrade(let next): step = next
      }
    }
    return "[\(count) \(last.dropFirst().dropLast())]"
  }

  private func found(_ pier: Pier) throws -> String {
    try text(pier.host.nursery.jammed(pier.host.kernel.state(.gate, pier.host.root(after: pier.computed))))
  }

  /// Opens what a crash has left and compares it with what was acknowledged.
  func check(_ survivors: SimulatedDisk, _ point: String) {
    points += 1
    do {
      let known = deeds + (pending.map { [$0] } ?? [])
      let found: Pier
      do throws(PierFailure) { found = try Pier.open("d/pier", options(survivors)) } catch {
        if case .notAPier = error, !isMade { return }
        throw error
      }
      let taken = Int(found.last) - 1
      if taken < deeds.count || taken > known.count {
        return fail("\(taken) events are there, \(deeds.count) were acknowledged", point)
      }
      let expected = try state(after: known[..<taken])
      let actual = try self.found(found)
      if actual != expected { fail("the state is \(actual) instead of \(expected)", point) }
      if !found.opening.notes.isEmpty, !found.opening.notes.allSatisfy({ $0.contains("superblock") }) {
        fail("a published state is damaged: \(found.opening.notes)", point)
      }
      if random.oneIn(8) {
        let result = try found.poke(Poke(jam("[77 78]")))
        if !result.isDone || Int(result.number) != taken + 2 { fail("it takes no further event", point) }
        _ = try found.scrub()
        try found.close()
        let again = try Pier.open("d/pier", options(survivors.survivors(.nothing)))
        if Int(again.last) != taken + 2 { fail("an event after the crash is lost", point) }
      } else {
        try found.close()
      }
      if let forkedAt {
        let fork = try Pier.open("d/fork", options(survivors))
        let state = try self.found(fork)
        if try state != self.state(after: deeds[..<forkedAt]) { fail("the fork's state is \(state)", point) }
        try fork.close()
      }
    } catch { fail("\(error)", point) }
  }

  func crashPoints() {
    disk.hook = { [unowned self] number, operation, moment in
      guard finding == nil, random.oneIn(sparsity) else { return }
      let kind = disk.survival(&random)
      guard let survivors = try? disk.survivors(kind) else { return }
      check(survivors, "operation \(number) (\(operation.rawValue), \(moment)), survivors \(kind)")
    }
  }

  /// Does some deeds, one after the other. A pier that stops is opened again.
  func run(_ count: Int) {
    var attempts = 0
    while deeds.count < count, finding == nil, attempts < count * 20 {
      attempts += 1
      do throws(PierFailure) {
        let pier = try opened()
        try act(on: pier)
      } catch { recover(error) }
    }
    if deeds.count < count, finding == nil { fail("only \(deeds.count) of \(count) deeds were done", "the end") }
    do throws(PierFailure) { try pier?.close() } catch { recover(error) }
    pier = nil
  }

  private func recover(_ failure: PierFailure) {
    switch failure {
    case .store(.damaged), .log(.damaged), .gap, .logBehind, .diverged, .failsNow:
      fail("\(failure)", "operation \(disk.operationCount)")
    default:
      // Want of space leaves the pier open; everything else that fails here has stopped it.
      if failure.isNoSpace, pier != nil { return pending = nil }
      try? pier?.close()
      pier = nil
    }
  }

  private func opened() throws(PierFailure) -> Pier {
    if let pier { return pier }
    let opened: Pier
    if isMade {
      opened = try Pier.open("d/pier", options(disk))
      let taken = Int(opened.last) - 1
      if taken == deeds.count + 1, let pending { deeds.append(pending) }
      if taken != deeds.count { fail("\(taken) events are there after a failure, not \(deeds.count)", "reopening") }
      pending = nil
    } else {
      do throws(PierFailure) {
        opened = try Pier.create("d/pier", .gate, kernel: bytes(Life.kernel(1)), options(disk))
      } catch {
        // The marker may have reached the disk although the directory's sync failed.
        if case .exists = error { isMade = true }
        throw error
      }
      isMade = true
    }
    pier = opened
    return opened
  }

  private func bytes(_ text: String) -> [UInt8] { (try? jam(text)) ?? [] }

  private func act(on pier: Pier) throws(PierFailure) {
    let choice = random.below(40)
    if choice == 0, forkedAt == nil, deeds.count > 4 {
      // Made on the same disk, so that a crash finds both.
      try pier.fork(to: "d/fork")
      forkedAt = deeds.count
      return
    }
    if choice == 1 { return try pier.compact() }
    if choice == 2 {
      self.pier = nil
      return try pier.close()
    }
    let deed: Deed
    let result: PokeResult
    switch choice {
    case 3:
      let step = 1 + random.below(3)
      deed = .upgrade(step)
      pending = deed
      result = try pier.upgrade(kernel: bytes(Life.kernel(step)))
    case 4, 5:
      deed = .nonsense
      pending = deed
      result = try pier.poke(Poke(bytes("\(random.below(1000))")))
    default:
      let length = random.oneIn(6) ? 200 + random.below(400) : 2 + random.below(10)
      let jam = bytes("[" + (0..<length).map { _ in "\(random.below(1 << 20))" }.joined(separator: " ") + "]")
      deed = .event(jam)
      pending = deed
      result = try pier.poke(Poke(jam))
    }
    pending = nil
    deeds.append(deed)
    if Int(result.number) != deeds.count + 1 { fail("event \(deeds.count + 1) got number \(result.number)", "poking") }
    if result.isDone == (deed == .nonsense) { fail("the kernel did not do as it should", "poking") }
  }
}

@Suite(.serialized) struct PierCrashTests {
  @Test func everyCrashLeavesAPrefixWithAllThatWasAcknowledged() throws {
    var visited = 0
    var seed = Plan.firstSeed
    while visited < Plan.points {
      let life = Life(seed: seed, sparsity: 4)
      life.crashPoints()
      life.run(60)
      if let finding = life.finding { throw finding }
      visited += life.points
      seed += 1
    }
    print("piers: \(visited) crash points, seeds \(Plan.firstSeed) to \(seed - 1)")
  }

  @Test func operationsThatFailLoseNothing() throws {
    var visited = 0
    var seed = Plan.firstSeed
    while visited < max(1, Plan.points / 2) {
      let life = Life(seed: seed, sparsity: 12)
      life.crashPoints()
      let faultSeed = seed
      let period = 20 + seed % 60
      life.disk.fault = { number, operation in
        var random = SeededRandom(seed: faultSeed &* 7919 &+ UInt64(number))
        guard random.oneIn(Int(period)) else { return nil }
        switch operation {
        case .sync: return random.oneIn(2) ? .lostSync : .inputOutput
        case .write: return [.inputOutput, .noSpace, .shortWrite][random.below(3)]
        case .allocate: return .noSpace
        default: return random.oneIn(2) ? .inputOutput : nil
        }
      }
      life.run(40)
      if let finding = life.finding { throw finding }
      visited += max(1, life.points)
      seed += 1
    }
    print("piers with failing operations: \(visited) crash points, seeds \(Plan.firstSeed) to \(seed - 1)")
  }

  @Test func aFullDiskRefusesAnswersAndResumes() throws {
    let life = Life(seed: 3, sparsity: .max)
    var options = life.options(life.disk)
    options.disk = life.disk
    let pier = try Pier.create("d/pier", .gate, kernel: jam(Life.kernel(1)), options)
    life.disk.capacityBytes = 4 << 20
    let event = try jam("[" + (0..<2000).map { "\($0)" }.joined(separator: " ") + "]")
    var taken = 0
    var refusal: PierFailure?
    // The log of the events that are kept fills the disk.
    options.keptEvents = .max
    for _ in 0..<5000 where refusal == nil {
      do throws(PierFailure) {
        _ = try pier.poke(Poke(event))
        taken += 1
        // Another program takes what is left.
        if taken == 20 { life.disk.capacityBytes = 0 }
      } catch { refusal = error }
    }
    #expect(refusal?.isNoSpace == true, "\(String(describing: refusal))")
    #expect(try text(pier.peek(jam("[0 2]"), notBefore: pier.last).answer) == "\(taken)")
    #expect(throws: PierFailure.self) { try pier.poke(Poke(event)) }
    life.disk.capacityBytes = .max
    #expect(try pier.poke(Poke(event)).isDone)
    #expect(try text(pier.peek(jam("[0 2]"), notBefore: pier.last).answer) == "\(taken + 1)")
    try pier.close()
    #expect(try text(Pier.open("d/pier", life.options(life.disk)).peek(jam("[0 2]")).answer) == "\(taken + 1)")
  }

  /// With the store compared before it opens, and when it is read.
  @Test(arguments: [false, true]) func flippedBitsAreFoundAndNeverServed(isOnDemand: Bool) throws {
    let life = Life(seed: 9, sparsity: .max)
    life.run(30)
    if let finding = life.finding { throw finding }
    let image = try life.disk.survivors(.everything)
    let good = try Pier.open("d/pier", life.options(image.survivors(.everything)))
    let expected = try text(good.peek(jam("[0 1]")).answer)
    let last = good.last
    try good.close()
    let size = image.content(of: "d/pier/store")?.count ?? 0
    var random = SeededRandom(seed: 5)
    var refused = 0
    var told = 0
    var guarded = 0
    let flips = min(Plan.points * 2, 4000)
    for _ in 0..<flips {
      let bit = random.below(size * 8)
      let damaged = try image.survivors(.everything)
      #expect(damaged.flip(bit: bit, of: "d/pier/store"))
      var options = life.options(damaged)
      if isOnDemand { options.store.verifiedBytes = 0 }
      do throws(PierFailure) {
        let pier = try Pier.open("d/pier", options)
        // A damaged newest state is passed over, and the events after the older one are computed again.
        if !pier.opening.notes.isEmpty { told += 1 }
        if pier.store.segmentGuard != nil { guarded += 1 }
        let state = try pier.peek(bytes("[0 1]")).answer
        if pier.last != last || (try? text(state)) != expected {
          throw PierFailure.unsupported("bit \(bit): another state is served")
        }
        try pier.close()
      } catch {
        if case .unsupported(let text) = error { Issue.record("\(text)") }
        refused += 1
      }
    }
    #expect(isOnDemand ? guarded > flips / 2 : guarded == 0)
    print("piers: \(refused) flipped bits refused, \(told) passed over, of \(flips)")
  }

  private func bytes(_ text: String) -> [UInt8] { (try? jam(text)) ?? [] }
}
