// What a pier does by itself between events: store the state, trim the log, collect the store's garbage, show a durable
// state to those who ask. Each in bounded steps, and together in a bounded share of the time.

import CPlatform
import StrataMemory
import StrataStore

/// What keeps events waiting between them.
enum Duty: Int, CaseIterable {
  case comparing, storing, collecting, trimming, showing
}

/// The longest time that each duty has kept events waiting, in nanoseconds.
struct DutyPauses {
  private var times = [UInt64](repeating: 0, count: Duty.allCases.count)
  /// Of whatever was done between two events, all together.
  private(set) var longest: UInt64 = 0

  subscript(_ duty: Duty) -> UInt64 { times[duty.rawValue] }

  mutating func note(_ duty: Duty?, _ time: UInt64) {
    if let duty { times[duty.rawValue] = max(times[duty.rawValue], time) }
    longest = max(longest, time)
  }
}

extension Pier {
  /// Does what is due, one step of it. Under the lock. A failure that puts nothing in doubt waits for the next time.
  func doDuties(isIdle: Bool) {
    if stopReason != nil || isClosed { return }
    let now = Clock.now()
    let isPaced = options.worksInBackground && !isIdle
    var duty: Duty?
    do throws(PierFailure) {
      try checkStore()
      if let segmentGuard = store.segmentGuard, !segmentGuard.isDone {
        // Nothing is stored before everything is compared: what is due waits for it, step by step.
        if isStoreDue(now) || !options.worksInBackground {
          duty = .comparing
          _ = compareStep(segmentGuard)
        }
      } else if isStoreDue(now) {
        duty = .storing
        try storeState()
      } else if !isPaced || now >= duties.nextStep {
        duty = store.isCollecting || store.needsCollection ? .collecting : .trimming
        try step()
        if isPaced {
          // A fifth of the time at most.
          let after = Clock.now()
          duties.nextStep = after &+ 4 &* (after &- now)
        }
      }
    } catch { note(error) }
    var end = Clock.now()
    if let duty { duties.pauses.note(duty, end &- now) }
    if wantsSnapshot, !isPaced || now >= nextSnapshot {
      publish()
      let shown = Clock.now()
      duties.pauses.note(.showing, shown &- end)
      end = shown
    }
    duties.pauses.note(nil, end &- now)
    post(now)
  }

  /// Compares some of the store, about a millisecond's work. True when all of it is compared or damage was found.
  func compareStep(_ segmentGuard: SegmentGuard) -> Bool {
    segmentGuard.isDone || segmentGuard.step(budgetBytes: 4 << 20)
  }

  private func note(_ failure: PierFailure) {
    switch failure {
    case .store(.stopped), .log(.stopped), .store(.damaged), .log(.damaged): stop(failure)
    default:
      // Want of space or memory: the events themselves are logged. Try again in a while.
      duties.nextStore = Clock.now() &+ 1_000_000_000
      duties.nextStep = duties.nextStore
      options.notice?("\(failure)")
    }
  }

  private func isStoreDue(_ now: UInt64) -> Bool {
    if sinceStore.events == 0 || now < duties.nextStore { return false }
    return sinceStore.events >= options.storeAfterEvents || sinceStore.bytes >= options.storeAfterBytes
      || sinceStore.nanoseconds >= options.storeAfterNanoseconds || host.unstoredWords >= options.storeAfterWords
      || options.worksInBackground && now &- sinceStore.since >= options.storeAfterAge
  }

  /// Whether there is anything for the pier's own thread to do.
  var hasDuties: Bool { duties.isTrimming || store.isCollecting || store.needsCollection || wantsSnapshot }

  /// One step of collecting or trimming.
  private func step() throws(PierFailure) {
    if store.isCollecting {
      try collectionStep()
    } else if store.needsCollection {
      try collectSoon()
    } else if duties.isTrimming {
      duties.isTrimming = try !isTrimmed(within: options.trimStep)
    }
  }

  /// One step of trimming; whether nothing is left to trim. Under the lock.
  func isTrimmed(within limit: TrimLimit) throws(PierFailure) -> Bool {
    guard let bound = trimBound else { return true }
    return try inLog { () throws(EventLogFailure) in try log.trim(before: bound, limit: limit) }
  }

  /// One step of the collection that is under way. Under the lock.
  func collectionStep() throws(PierFailure) {
    let words = options.collectionStepWords
    let progress = try inStore { () throws(BedrockFailure) in try store.stepCollection(budgetWords: words) }
    guard case .complete = progress else { return }
    duties.collections += 1
    // The state in memory still refers to the old places; storing it forwards them.
    duties.isRenewing = true
    try storeState(isForced: true)
    store.endRelocation()
  }

  /// Begins a collection. Under the lock.
  func collectSoon() throws(PierFailure) {
    if store.isCollecting { return }
    // Everything in memory must be reachable from a root, or younger than the collection.
    duties.isRenewing = true
    try storeState(isForced: true)
    peeking.withLock {
      snapshot = nil
      idlePeekers.removeAll()
      peekerCount = 0
    }
    try inStore { () throws(BedrockFailure) in try store.beginCollection() }
  }

  /// The first event that is kept: what follows the older of the two stored states, and some for people to look at.
  var trimBound: UInt64? {
    if keepsHistory || store.roots.count < 2 { return nil }
    let kept = UInt64(max(0, options.keptEvents))
    return min(store.roots[1].firstNote + 1, max(1, log.last - min(log.last, kept)))
  }

  /// Makes the state after the last computed event a root of the store. Under the lock.
  func storeState(isForced: Bool = false) throws(PierFailure) {
    if computed > log.last, let lastTicket {
      try inLog { () throws(EventLogFailure) in try log.wait(lastTicket) }
    }
    recoverFromRefusals()
    let known = store.roots
    if known.first?.firstNote == computed, !isForced { return }
    let root = host.root(after: computed)
    let jets = host.kernel.machine.jets
    var learned = known.count > 2 ? known[2].word : .zero
    let learnedCount = jets.learnedCount
    try inMachine("storing the state") { () throws(Fault) in
      _ = try host.nursery.mug(root)
      if learnedCount != duties.learnedCount {
        learned = try jets.learnedCores()
        _ = try host.nursery.mug(learned)
      }
    }
    let current = StoredRoot(root, firstNote: computed, secondNote: UInt64(shape.rawValue))
    let previous = known.first.map { $0.firstNote == computed ? known[1] : $0 } ?? current
    let stored = try inStore { () throws(BedrockFailure) in
      try store.commit([current, previous, StoredRoot(learned)], from: UnsafePointer(host.nursery.base))
    }
    duties.storings += 1
    duties.learnedCount = learnedCount
    sinceStore = Backlog(since: Clock.now())
    host.set(stored[0].word, after: computed)
    host.forget(before: computed)
    if duties.isRenewing || host.nursery.commonsWords + host.kernel.machine.cache.byteCount / 8 > Pier.mostFixedWords {
      do throws(Fault) { try host.renew(stored[0].word, after: computed, learned: stored[2].word) } catch {
        // The state is stored and safe, but there is no machine left to go on with.
        let failure = PierFailure.machine(error, doing: "compiling the kernel anew")
        stop(failure)
        throw failure
      }
      duties.learnedCount = host.kernel.machine.jets.learnedCount
      duties.isRenewing = false
      duties.epoch += 1
    } else {
      // What the state was made of is in the store now. A refusal leaves garbage behind, nothing worse.
      try? host.nursery.flip()
    }
    duties.isTrimming = !keepsHistory
    peeking.withLock { if snapshot != nil { wantsSnapshot = true } }
  }

  /// A machine whose fixed objects and code take more than this is made anew.
  private static let mostFixedWords = 1 << 25

  // MARK: - Snapshots

  /// Shows the durable state to those who ask. Under the lock.
  func publish() {
    let start = Clock.now()
    let number = log.last
    guard computed - number < UInt64(KernelHost.slotCount), !isClosed else { return }
    do throws(Fault) {
      let image = try StateImage(host.root(after: number), in: host.nursery)
      let learned = store.roots.count > 2 ? store.roots[2].word : .zero
      let next = Snapshot(
        number: number, image: image, learned: learned, lease: store.lease(), epoch: duties.epoch)
      peeking.withLock {
        snapshot = next
        wantsSnapshot = false
        // A tenth of the time at most, and not more often than waking those who ask leaves to the events.
        let now = Clock.now()
        nextSnapshot = now &+ max(leavesProcessorsToEvents ? 10_000_000 : 1_000_000, 9 &* (now &- start))
        peeking.wakeAll()
      }
    } catch {
      // Those who wait are served the state before.
      options.notice?("no new state can be shown: \(error.explanation)")
    }
  }

  // MARK: - The pier's own thread

  /// Starts the thread that does duties while nobody pokes, and ends events that take too long.
  func startKeeper() throws(PierFailure) {
    guard options.worksInBackground else { return }
    // The thread must not keep a pier alive that nobody else holds.
    keeper = SystemThread { [weak self, keeping, ending] in
      while true {
        // Asked with the lock held, so that whoever closes the pier never waits for the end of a pause.
        keeping.withLock { if !ending.isAsked { keeping.wait(until: Clock.now() &+ 50_000_000) } }
        guard let self, self.keepOnce() else { return }
      }
    }
    if keeper == nil { throw .machine(.refused, doing: "starting a thread") }
  }

  /// One round of the pier's thread. False when it is to end.
  private func keepOnce() -> Bool {
    if ending.isAsked { return false }
    if let limit = options.eventNanoseconds {
      running.withLock {
        if runningSince != 0, Clock.now() &- runningSince > limit { host.nursery.interruptHandle.raise(.time) }
      }
    }
    if let segmentGuard = store.segmentGuard {
      let end = Clock.now() &+ 10_000_000
      while !ending.isAsked, Clock.now() < end, !compareStep(segmentGuard) {}
      // What still runs on a damaged segment need not go on.
      if segmentGuard.damage != nil { interruptEvent() }
    }
    if compute.tryLock() {
      doDuties(isIdle: true)
      compute.unlock()
    }
    return true
  }
}
