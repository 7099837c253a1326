// What a durable event costs, beside the disk's own sync; how long a start takes; what keeps events waiting.
//
// Wall time, because what is waited for is the disk. STRATA_BENCH_DIRECTORY chooses the disk, STRATA_BENCH_STATE_MB the size
// of the large state (64), STRATA_BENCH_EVENTS the longest log (100000).

import Glibc
import StrataMemory
import StrataNoun
import StrataPier
import StrataStore
import Synchronization

/// Measurements of piers.
enum PierBenchmarks {
  static var benchmarks: [Benchmark] {
    let sync = "disk/write-and-sync-page"
    var all = [
      poking("pier/poke-1-waiter", sync, waiters: 1),
      poking("pier/poke-64-waiters", sync, waiters: 64),
      // What two threads take that only use the processors, and what two take that ask all the time.
      poking("pier/poke-64-waiters-beside-2-idlers", "pier/poke-64-waiters", waiters: 64, beside: .idlers),
      poking("pier/poke-64-waiters-beside-2-peekers", "pier/poke-64-waiters", waiters: 64, beside: .peekers),
      peeking("pier/peek"),
    ]
    var events = 1000
    while events <= longest {
      all.append(opening("pier/open-after-\(events)-events", events: events))
      events *= 10
    }
    all += [
      replaying("pier/replay", "pier/poke-64-waiters"), openingLarge("pier/open-large-state"),
      storing("pier/store-one-cell-of-large-state", sync),
    ]
    all += ["pause", "storing", "collecting", "trimming", "sync"].map { pausing($0) }
    all.append(pausingLarge("pier/longest-pause-of-compacting-large-state"))
    return all
  }

  private static let longest = getenv("STRATA_BENCH_EVENTS").flatMap { Int(String(cString: $0)) } ?? 100_000

  /// A gate that counts.
  private static let counter = "[[[1 0] 4 0 13] [0 0] 0]"
  /// A gate that puts events before its state.
  private static let collector = "[[[1 0] [0 12] 0 13] [0 0] 0]"
  /// A gate whose state is its event.
  private static let keeper = "[[[1 0] 0 12] [0 0] 0]"

  private static func jam(_ text: String) throws -> [UInt8] {
    let loom = try Loom()
    var writer = try loom.nursery.jam(NounText.read(Array(text.utf8), into: loom.nursery))
    return try writer.finish { (limbs, bitCount) throws(Fault) in
      Array(UnsafeRawBufferPointer(start: limbs, count: (bitCount + 7) / 8))
    }
  }

  private static func list(_ count: Int, from first: Int) -> String {
    "[" + (first..<first + count).map { "\($0)" }.joined(separator: " ") + "]"
  }

  /// A pier in a directory of its own.
  private final class Subjected: @unchecked Sendable {
    let scratch: StoreBenchmarks.Scratch
    var pier: Pier
    let options: PierOptions
    var path: String { scratch.path + "/pier" }

    init(_ kernel: String, keepsHistory: Bool = false) throws {
      scratch = try StoreBenchmarks.Scratch()
      options = PierOptions()
      pier = try Pier.create(scratch.path + "/pier", .gate, kernel: jam(kernel), keepsHistory: keepsHistory, options)
    }

    deinit {
      try? pier.close()
      let disk = RealDisk()
      for name in (try? disk.list(path)) ?? [] { try? disk.remove(path + "/" + name) }
      rmdir(path)
    }

    func reopen() throws {
      try pier.close()
      pier = try Pier.open(path, options)
    }

    /// Pokes from many threads; gives how many events were refused.
    func poke(_ event: [UInt8], waiters: Int, each: Int) throws -> Int {
      let pier = self.pier
      return try Threads.run(waiters) {
        var refused = 0
        for _ in 0..<each {
          do throws(PierFailure) { if !(try pier.poke(Poke(event))).isDone { refused += 1 } } catch { refused += 1 }
        }
        return refused
      }
    }
  }

  /// What two more threads do while events come in.
  private enum Others {
    case none
    /// Use the processors for nothing.
    case idlers
    /// Ask as fast as they are answered.
    case peekers
  }

  private static func poking(_ name: String, _ baseline: String, waiters: Int, beside others: Others = .none)
    -> Benchmark
  {
    Benchmark(name, baseline: baseline) { smoke in
      let subject = try Subjected(counter)
      let event = try jam("0")
      let query = try jam("[0 1]")
      let each = smoke ? 2 : waiters == 1 ? 500 : 400
      return StoreBenchmarks.timed(Work(count: waiters * each, unit: "event")) {
        let isOver = Flag()
        let pier = subject.pier
        let asking = SystemThread.start(others == .none ? 0 : 2, stackBytes: 4 << 20) {
          while !isOver.isSet {
            switch others {
            case .none: return
            case .idlers: continue
            case .peekers: _ = try? pier.peek(query)
            }
          }
        }
        let refused = try subject.poke(event, waiters: waiters, each: each)
        isOver.set()
        for thread in asking { thread.join() }
        if refused > 0 { throw Skip(reason: "\(refused) events were refused") }
      }
    }
  }

  private static func peeking(_ name: String) -> Benchmark {
    Benchmark(name) { smoke in
      let subject = try Subjected(counter)
      let query = try jam("[0 1]")
      let count = smoke ? 2 : 20_000
      return StoreBenchmarks.timed(Work(count: count, unit: "question")) {
        for _ in 0..<count { _ = try subject.pier.peek(query) }
      }
    }
  }

  /// Opening, with as many events behind as the name says; the log keeps what retention keeps.
  private static func opening(_ name: String, events: Int) -> Benchmark {
    Benchmark(name) { smoke in
      let subject = try Subjected(counter)
      let count = smoke ? 64 : events
      if try subject.poke(jam("0"), waiters: 32, each: count / 32) > 0 { throw Skip(reason: "events were refused") }
      return StoreBenchmarks.timed(Work(count: 1, unit: "start")) { try subject.reopen() }
    }
  }

  /// All events computed again from the kernel on.
  private static func replaying(_ name: String, _ baseline: String) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let subject = try Subjected(counter, keepsHistory: true)
      let count = smoke ? 64 : 64_000
      if try subject.poke(jam("0"), waiters: 64, each: count / 64) > 0 { throw Skip(reason: "events were refused") }
      try subject.pier.close()
      return StoreBenchmarks.timed(Work(count: count, unit: "event")) {
        _ = try Pier.rebuild(subject.path, subject.options)
      }
    }
  }

  private static func large(_ smoke: Bool) throws -> Subjected {
    let subject = try Subjected(collector)
    let piece = 50_000
    for index in 0..<max(1, StoreBenchmarks.stateCells(smoke) / piece) {
      _ = try subject.pier.poke(Poke(jam(list(smoke ? 100 : piece, from: index * piece))))
    }
    try subject.pier.storeNow()
    return subject
  }

  private static func openingLarge(_ name: String) -> Benchmark {
    Benchmark(name) { smoke in
      let subject = try large(smoke)
      return StoreBenchmarks.timed(Work(count: 1, unit: "start")) { try subject.reopen() }
    }
  }

  /// An event that adds a few cells, and storing the state after it.
  private static func storing(_ name: String, _ baseline: String) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let subject = try large(smoke)
      let event = try jam("7")
      let count = smoke ? 1 : 100
      return StoreBenchmarks.timed(Work(count: count, unit: "commit")) {
        for _ in 0..<count {
          _ = try subject.pier.poke(Poke(event))
          try subject.pier.storeNow()
        }
      }
    }
  }

  /// The longest time for which duties have kept an event waiting, while all of the state is replaced again and again: all
  /// of them, one of them, or the disk in making a state durable.
  private static func pausing(_ what: String) -> Benchmark {
    Benchmark("pier/longest-\(what)-of-a-soak") { smoke in
      let events = try (0..<4).map { try jam(list(smoke ? 100 : 20_000, from: $0)) }
      return Subject(
        work: Work(count: 1, unit: "pause"),
        run: {
          let subject = try Subjected(keeper)
          for index in 0..<(smoke ? 4 : 800) { _ = try subject.pier.poke(Poke(events[index % 4])) }
          let facts = subject.pier.facts()
          guard let pause = facts["longest_\(what)_microseconds"].flatMap({ UInt64($0) }),
            let used = facts["store_used_bytes"].flatMap({ Int($0) })
          else { throw Skip(reason: "the pier does not tell") }
          if !smoke, used > 40 << 20 { throw Skip(reason: "the store has grown to \(used) bytes") }
          return pause * 1000
        }, nanoseconds: { $0 })
    }
  }

  /// The longest time for which collecting the garbage beside a large state keeps events waiting while they come in: beginning,
  /// steps, and the end with its storing and syncs.
  private static func pausingLarge(_ name: String) -> Benchmark {
    Benchmark(name) { smoke in
      let subject = try large(smoke)
      let event = try jam("7")
      return Subject(
        work: Work(count: 1, unit: "pause"),
        run: {
          try subject.reopen()
          let pier = subject.pier
          let isOver = Flag()
          let poking = SystemThread.start(1, stackBytes: 4 << 20) {
            while !isOver.isSet { _ = try? pier.poke(Poke(event)) }
          }
          defer { for thread in poking { thread.join() } }
          defer { isOver.set() }
          try pier.compact()
          guard let pause = pier.facts()["longest_pause_microseconds"].flatMap({ UInt64($0) }) else {
            throw Skip(reason: "the pier does not tell")
          }
          return pause * 1000
        }, nanoseconds: { $0 })
    }
  }
}

/// A truth that other threads see.
private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
