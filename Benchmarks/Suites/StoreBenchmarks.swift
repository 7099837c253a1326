// What durability costs: commits to bedrock, appends to the event log, collections; beside the disk's own sync.
//
// Wall time, unlike the other suites, because what is waited for is the disk. Run it on the disk that matters:
// STRATA_BENCH_DIRECTORY, or else the current directory. STRATA_BENCH_STATE_MB is the size of the state, 64 by default.

import Glibc
import StrataMemory
import StrataStore
import Synchronization

/// Measurements of the store and the log.
enum StoreBenchmarks {
  static var benchmarks: [Benchmark] {
    [
      sync("disk/write-and-sync-page"), commit("store/commit-one-cell", "disk/write-and-sync-page"),
      opening("store/open-and-verify", nil, .records), opening("store/open-by-sums", "store/open-and-verify", .sums),
      opening("store/open-on-demand", "store/open-by-sums", .onDemand), opening("store/open", nil, .nothing),
      scrub("store/scrub"), collection("store/longest-step-of-collection"),
      append("log/append-1-waiter", "disk/write-and-sync-page", waiters: 1),
      append("log/append-64-waiters", "disk/write-and-sync-page", waiters: 64),
    ]
  }

  private static let root = getenv("STRATA_BENCH_DIRECTORY").map { String(cString: $0) } ?? "."

  static func stateCells(_ smoke: Bool) -> Int {
    let megabytes = getenv("STRATA_BENCH_STATE_MB").flatMap { Int(String(cString: $0)) } ?? 64
    return smoke ? 1000 : megabytes << 20 / 32
  }

  /// A directory that is removed with everything in it.
  final class Scratch {
    let path: String

    init() throws {
      path = "\(root)/strata-bench-\(getpid())-\(Clock.now())"
      try RealDisk().makeDirectory(path)
    }

    deinit {
      let disk = RealDisk()
      for name in (try? disk.list(path)) ?? [] { try? disk.remove(path + "/" + name) }
      rmdir(path)
    }
  }

  /// Measures wall time around `work`.
  static func timed(_ work: Work, _ run: @escaping () throws -> Void) -> Subject {
    Subject(
      work: work,
      run: {
        let start = Clock.now()
        try run()
        return Clock.now() - start
      }, nanoseconds: { $0 })
  }

  private static func sync(_ name: String) -> Benchmark {
    Benchmark(name) { smoke in
      let scratch = try Scratch()
      let file = try RealDisk().open(scratch.path + "/page", .create)
      let page = [UInt64](repeating: 7, count: 512)
      var offset = 0
      let count = smoke ? 1 : 200
      return timed(Work(count: count, unit: "sync")) {
        for _ in 0..<count {
          try page.withUnsafeBytes { try file.write($0, at: offset) }
          try file.sync()
          offset = (offset + 4096) % (1 << 22)
        }
        _ = scratch.path
      }
    }
  }

  /// A store with a list of cells as its state, in a reservation of its own.
  private final class State {
    let scratch: Scratch
    let reservation: BedrockReservation
    var store: Bedrock
    let memory: UnsafeMutablePointer<UInt64>
    let cells: Int

    init(cells: Int) throws {
      self.cells = cells
      scratch = try Scratch()
      reservation = try BedrockReservation()
      var options = BedrockOptions()
      options.keepsSums = true
      store = try Bedrock.open(scratch.path + "/store", on: RealDisk(), at: reservation.place, options: options)
      let piece = 1 << 18
      memory = .allocate(capacity: 1 + piece * 3)
      var list = Word.zero
      var done = 0
      while done < cells {
        let count = min(piece, cells - done)
        for index in 0..<count { list = cell(index, Word(direct: UInt64(done + index)), list) }
        list = try store.commit([StoredRoot(list)], from: memory)[0].word
        done += count
      }
      try store.commit([StoredRoot(list)])
    }

    deinit {
      try? store.close()
      memory.deallocate()
    }

    /// The cell number `index` in memory.
    func cell(_ index: Int, _ head: Word, _ tail: Word) -> Word {
      let offset = 1 + index * 3
      memory[offset] = Header.cell.raw
      memory[offset + 1] = head.raw
      memory[offset + 2] = tail.raw
      return Word(tag: .cell, offset: offset)
    }

    func reopen(comparing checks: Checks) throws {
      try store.close()
      var options = BedrockOptions()
      options.verifiedBytes = checks == .nothing || checks == .onDemand ? 0 : .max
      options.keepsSums = checks == .sums || checks == .onDemand
      options.verifiesOnDemand = checks == .onDemand
      store = try Bedrock.open(scratch.path + "/store", on: RealDisk(), at: reservation.place, options: options)
    }
  }

  /// What opening compares with what was written.
  private enum Checks {
    case nothing
    case records
    case sums
    /// By sums, when it is first read.
    case onDemand
  }

  private static func commit(_ name: String, _ baseline: String) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let state = try State(cells: stateCells(smoke))
      let list = state.store.roots[0].word
      let count = smoke ? 1 : 200
      var number: UInt64 = 0
      return timed(Work(count: count, unit: "commit")) {
        for _ in 0..<count {
          number += 1
          try state.store.commit([StoredRoot(state.cell(0, Word(direct: number), list))], from: state.memory)
        }
      }
    }
  }

  private static func opening(_ name: String, _ baseline: String?, _ checks: Checks) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let state = try State(cells: stateCells(smoke))
      return timed(Work(count: 1, unit: "opening")) { try state.reopen(comparing: checks) }
    }
  }

  private static func scrub(_ name: String) -> Benchmark {
    Benchmark(name) { smoke in
      let state = try State(cells: stateCells(smoke))
      return timed(.bytes(state.cells * 32)) {
        let scrub = try state.store.scrub()
        while try !scrub.step(budgetWords: 1 << 20) {}
      }
    }
  }

  /// The longest pause of a collection that runs in steps of 64 Ki words beside commits.
  private static func collection(_ name: String) -> Benchmark {
    Benchmark(name) { smoke in
      let state = try State(cells: stateCells(smoke))
      return Subject(
        work: Work(count: 1, unit: "step"),
        run: {
          // Garbage: a fiftieth of the list, its youngest part, is cut off.
          var list = state.store.roots[0].word
          for _ in 0..<state.cells / 50 where list.isCell {
            list = Word(raw: state.reservation.place.base[list.offset + 2])
          }
          try state.store.commit([StoredRoot(list)])
          try state.store.beginCollection()
          var longest: UInt64 = 0
          var progress = CollectionProgress.working
          while progress == .working {
            let start = Clock.now()
            progress = try state.store.stepCollection(budgetWords: 1 << 16)
            longest = max(longest, Clock.now() - start)
            try state.store.commit(state.store.roots)
          }
          state.store.endRelocation()
          return longest
        }, nanoseconds: { $0 })
    }
  }

  private static func append(_ name: String, _ baseline: String, waiters: Int) -> Benchmark {
    Benchmark(name, baseline: baseline) { smoke in
      let scratch = try Scratch()
      let log = try SQLiteEventLog.open(scratch.path + "/log", on: RealDisk())
      let each = smoke ? 1 : waiters == 1 ? 500 : 200
      let payload = [UInt8](repeating: 3, count: 100)
      return timed(Work(count: waiters * each, unit: "event")) {
        let failures = try Threads.run(waiters) {
          var failed = 0
          for _ in 0..<each {
            do throws(EventLogFailure) { _ = try log.append(payload) } catch { failed += 1 }
          }
          return failed
        }
        if failures > 0 { throw Skip(reason: "\(failures) events could not be appended") }
        _ = scratch.path
      }
    }
  }
}

/// Plain threads that all do the same.
enum Threads {
  /// Runs `work` on `count` threads, waits for all of them, and gives the sum of what they return.
  static func run(_ count: Int, _ work: @escaping @Sendable () -> Int) throws -> Int {
    let sum = Mutex(0)
    let threads = SystemThread.start(count, stackBytes: 4 << 20) {
      let result = work()
      sum.withLock { $0 += result }
    }
    for thread in threads { thread.join() }
    if threads.count < count { throw Skip(reason: "the system refuses threads") }
    return sum.withLock { $0 }
  }
}
