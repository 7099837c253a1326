// Questions about the state. They are answered on machines of their own, from a copy of the durable state, so that they
// neither wait for events nor make them wait. Where processors are short, they rest between questions while events are
// under way.

import Glibc
import StrataMemory
import StrataStore

extension Pier {
  /// Asks about the state: for a gate, `query` is the jam of a formula that is run on the state; else the jam of what the
  /// peek arm takes. The state is that after the last acknowledged event where it can be had within a twentieth of a
  /// second, and never older than `notBefore`; the result says which it was.
  public func peek(_ query: [UInt8], notBefore: UInt64? = nil) throws(PierFailure) -> PeekResult {
    board.add(.openPeeks)
    defer { board.subtract(.openPeeks) }
    let snapshot = try current(notBefore)
    let answer = try withPeeker { (machine) throws(PierFailure) in try machine.answer(query, from: snapshot) }
    board.add(.answeredPeeks)
    return PeekResult(number: snapshot.number, answer: answer)
  }

  /// What the wish arm of an arvo kernel makes of `text`, the jam of a cord: the value of that source in its language.
  public func wish(_ text: [UInt8], notBefore: UInt64? = nil) throws(PierFailure) -> PeekResult {
    if shape != .arvo { throw .unsupported("a kernel of this shape has no wish arm (only those of shape arvo have)") }
    board.add(.openPeeks)
    defer { board.subtract(.openPeeks) }
    let snapshot = try current(notBefore)
    let answer = try withPeeker { (machine) throws(PierFailure) in
      try machine.answer(text, from: snapshot, isWish: true)
    }
    board.add(.answeredPeeks)
    return PeekResult(number: snapshot.number, answer: answer)
  }

  /// The state after the last acknowledged event as one jam, from which `import` makes a pier.
  public func exportState() throws(PierFailure) -> PeekResult {
    let snapshot = try current(log.last)
    let jam = try withPeeker { (machine) throws(PierFailure) in try machine.export(snapshot) }
    return PeekResult(number: snapshot.number, answer: jam)
  }

  private func withPeeker(_ work: (PeekMachine) throws(PierFailure) -> [UInt8]) throws(PierFailure) -> [UInt8] {
    let machine = try takePeeker()
    let start = Clock.now()
    defer {
      let end = Clock.now()
      peeking.withLock {
        machine.pace.note(from: start, to: end)
        if isClosed || peekerCount == 0 || idlePeekers.count >= options.peekMachines {
          peekerCount = max(0, peekerCount - 1)
        } else {
          idlePeekers.append(machine)
        }
        peeking.wakeAll()
      }
    }
    store.segmentGuard?.admitThread()
    let answer: Result<[UInt8], PierFailure>
    do throws(PierFailure) { answer = .success(try work(machine)) } catch { answer = .failure(error) }
    // Neither an answer nor a trace may show what came of a damaged segment. The next event, or the pier's thread, does the rest.
    if let damage = store.segmentGuard?.damage { throw .store(.damaged(damage)) }
    return try answer.get()
  }

  /// A snapshot that is as new as is wanted.
  private func current(_ notBefore: UInt64?) throws(PierFailure) -> Snapshot {
    let wanted = notBefore ?? log.last
    let deadline = Clock.now() &+ (notBefore == nil ? 50_000_000 : 3_600_000_000_000)
    peeking.lock()
    while true {
      if let snapshot, snapshot.number >= wanted {
        peeking.unlock()
        return snapshot
      }
      wantsSnapshot = true
      let isLate = Clock.now() >= deadline
      if isLate, let snapshot, notBefore == nil {
        peeking.unlock()
        return snapshot
      }
      if snapshot != nil, Clock.now() < nextSnapshot {
        peeking.wait(until: min(nextSnapshot, deadline))
        continue
      }
      peeking.unlock()
      // Nobody computes: it can be had at once. When there is none at all there is no other way than to wait.
      if snapshot == nil && isLate {
        compute.lock()
      } else if !compute.tryLock() {
        peeking.lock()
        if (snapshot?.number ?? 0) < wanted || snapshot == nil { peeking.wait(until: Clock.now() &+ 2_000_000) }
        continue
      }
      let isClosed = self.isClosed
      if !isClosed { publish() }
      compute.unlock()
      if isClosed { throw .closed }
      peeking.lock()
      if let notBefore, log.last < notBefore {
        // It has not happened yet.
        peeking.wait(until: Clock.now() &+ 2_000_000)
      } else if snapshot == nil {
        peeking.unlock()
        throw .machine(.refused, doing: "copying the state")
      }
    }
  }

  /// Whether machines for questions are to rest: events are under way, and there are no processors for all of both.
  var leavesProcessorsToEvents: Bool { board[.openPokes] > 0 && Pier.processors <= options.peekMachines }

  private static let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))

  private func takePeeker() throws(PierFailure) -> PeekMachine {
    peeking.lock()
    while true {
      let isFull = peekerCount >= max(1, options.peekMachines)
      if let index = idlePeekers.indices.min(by: { idlePeekers[$0].pace.restsUntil < idlePeekers[$1].pace.restsUntil })
      {
        let end = idlePeekers[index].pace.restsUntil
        if !leavesProcessorsToEvents || Clock.now() >= end {
          let machine = idlePeekers.remove(at: index)
          peeking.unlock()
          return machine
        }
        if isFull { peeking.wait(until: end) }
      } else if isFull {
        peeking.wait()
      }
      if !isFull { break }
    }
    peekerCount += 1
    peeking.unlock()
    var configuration = options.configuration
    configuration.timeLimit = options.peekNanoseconds
    do throws(PierFailure) {
      return try PeekMachine(
        paths.store, on: disk, shape: shape, loomBytes: options.loomBytes, budgetBytes: options.eventBytes,
        configuration, families: options.jets, guardedBy: store.segmentGuard)
    } catch {
      peeking.withLock {
        peekerCount = max(0, peekerCount - 1)
        peeking.wakeAll()
      }
      throw error
    }
  }
}
