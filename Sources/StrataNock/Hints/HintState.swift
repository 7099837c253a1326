// What hints remember while their bodies run: clocks, deadlines, the pairs that `%loop` watches, counters, names.
//
// Entries are tagged with the frame they were made in, so that a crash that skips the end of a body leaves nothing
// behind: with the frame go its entries.

import StrataMemory
import StrataNoun

/// The state of all hints of one machine. Costs nothing until a hint uses it.
final class HintState: RootProvider {
  /// A hint whose body is running.
  struct Active {
    var hint: Hint
    var depth: Int
    /// When the body was entered (`%bout`).
    var began: UInt64 = 0
    /// The request to the watchdog (`%jinx`).
    var deadline: Watchdog.Request?
    /// The subject's mug and both parts of the pair that must not be entered again (`%loop`).
    var mug: UInt32 = 0
    var subject = Word.zero
    var formula = Word.zero
    /// What the body is called (`%spin`).
    var label = ""
  }

  private let nursery: Nursery
  private(set) var active: [Active] = []
  /// Indices into `active` of the pairs that `%loop` watches, by the subject's mug.
  private var watched: [UInt32: [Int]] = [:]
  /// Entries from here on may hold young words.
  private var youngStart = 0
  private(set) var counters: [(label: String, count: UInt64)] = []
  private var counterIndex: [String: Int] = [:]

  init(_ nursery: Nursery) {
    self.nursery = nursery
    nursery.add(self)
  }

  deinit {
    for entry in active { if let deadline = entry.deadline { Watchdog.shared.withdraw(deadline) } }
  }

  func push(_ entry: Active) {
    if entry.hint == .loop { watched[entry.mug, default: []].append(active.count) }
    active.append(entry)
  }

  /// Ends the newest entry, if it is of this kind.
  func pop(_ hint: Hint) -> Active? {
    guard let last = active.last, last.hint == hint else { return nil }
    drop()
    return last
  }

  private func drop() {
    guard let last = active.popLast() else { return }
    if let deadline = last.deadline { Watchdog.shared.withdraw(deadline) }
    if last.hint == .loop {
      watched[last.mug]?.removeLast()
      if watched[last.mug]?.isEmpty == true { watched[last.mug] = nil }
    }
    youngStart = min(youngStart, active.count)
  }

  /// Whether the body `formula` is already running on an equal subject.
  func isWatched(_ mug: UInt32, _ subject: Word, _ formula: Word) throws(Fault) -> Bool {
    for index in watched[mug] ?? [] where active[index].formula == formula {
      if try nursery.equal(active[index].subject, subject) { return true }
    }
    return false
  }

  func count(_ label: String) {
    if let index = counterIndex[label] {
      counters[index].count &+= 1
    } else {
      counterIndex[label] = counters.count
      counters.append((label, 1))
    }
  }

  func visitRoots(_ collector: inout Collector) {
    var index = collector.isYoung && !collector.isPop ? youngStart : 0
    while index < active.count {
      active[index].subject = collector.moved(active[index].subject)
      index += 1
    }
    youngStart = collector.isPop ? 0 : active.count
  }

  func frameEnded(depth: Int, bailed: Bool) {
    while let last = active.last, last.depth > depth { drop() }
    youngStart = 0
  }
}
