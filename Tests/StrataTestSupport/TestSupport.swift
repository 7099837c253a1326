// What every test module shares: how much work to do, where recorded data lie, numbers that a printed seed replays, and
// threads with values that they may share.

import Glibc
import StrataMemory

/// The value of `STRATA_TEST_SCALE`, at least 1: a multiplier for the work of property tests.
public let testScale: Int = {
  guard let text = getenv("STRATA_TEST_SCALE") else { return 1 }
  return max(1, Int(String(cString: text)) ?? 1)
}()

/// Where tests of random input begin: the value of `STRATA_TEST_SEED`, otherwise always the same, so that a commit that
/// passed passes again. Another seed is a search for what no run has met yet.
public let testSeed: UInt64 = getenv("STRATA_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1

/// Whether the tests, and with them the libraries, were built without optimisation.
#if DEBUG
  public let isDebug = true
#else
  public let isDebug = false
#endif

/// Whether a sanitizer watches, as `scripts/test` says: it takes memory and address space of its own.
public let isSanitized = getenv("ASAN_OPTIONS") != nil || getenv("TSAN_OPTIONS") != nil

/// The directory that holds the package, without a slash at its end.
public let packageRoot = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

/// The folder of recorded data, or nil where there is none: `STRATA_SHARED` names its parent, which otherwise lies
/// beside the package. Tests that need it skip visibly by `.enabled(if: recordedData != nil)`.
public let recordedData: String? = {
  let parent = getenv("STRATA_SHARED").map { String(cString: $0) } ?? packageRoot + "/../shared"
  return access(parent + "/data", R_OK) == 0 ? parent + "/data" : nil
}()

/// A file that could not be read.
public struct UnreadableFile: Error {
  /// Where it was expected.
  public let path: String
}

/// All bytes of a file.
public func contents(of path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw UnreadableFile(path: path) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 {
      guard ferror(file) == 0 else { throw UnreadableFile(path: path) }
      return bytes
    }
    bytes += chunk[0..<count]
  }
}

/// The paths of a recorded folder's files whose names end in `suffix`, in order; none where there are no recorded data.
public func recordedFiles(_ folder: String, suffix: String) -> [String] {
  guard let recordedData, let directory = opendir(recordedData + "/" + folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name.hasSuffix(suffix) { names.append(name) }
  }
  return names.sorted().map { recordedData + "/" + folder + "/" + $0 }
}

/// A small generator (SplitMix64): the same numbers from the same seed, everywhere.
public struct Random: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 up to but not including `bound`, or 0.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  /// True in `percent` of a hundred cases.
  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// The processor time of one thread, for another thread that wants to act in the midst of its work.
public struct WorkClock: Sendable {
  private let clock: clockid_t
  private let start: Double

  /// Starts with what the calling thread does from now on.
  public init() {
    var clock = clockid_t()
    // For a running thread, the caller itself, this cannot fail.
    pthread_getcpuclockid(pthread_self(), &clock)
    self.clock = clock
    start = WorkClock.seconds(clock)
  }

  /// Returns when the thread has worked so many milliseconds, whatever else the machine does meanwhile; after two minutes it
  /// returns anyway, so that a thread which ended early does not hang the test.
  public func waitUntilWorked(milliseconds: Int) {
    let end = Clock.now() + 120_000_000_000
    while WorkClock.seconds(clock) - start < Double(milliseconds) / 1000, Clock.now() < end {
      usleep(500)
    }
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// Seconds of processor time that this thread has used.
public func threadSeconds() -> Double { Double(Clock.ofThread()) / 1e9 }

/// Runs `body` on a thread of its own whose stack has `bytes`, as `ulimit -s` would give the main thread, waits for its
/// end, and returns or throws what it did.
public func onStack<Value>(bytes: Int = 256 << 10, _ body: @escaping () throws -> Value) throws -> Value {
  // The caller does nothing until the thread has ended, so both are only ever touched by one thread at a time.
  nonisolated(unsafe) let work = body
  nonisolated(unsafe) var outcome: Result<Value, any Error>?
  guard let thread = SystemThread(stackBytes: bytes, { outcome = Result { try work() } }) else { throw Fault.refused }
  thread.join()
  guard let outcome else { throw Fault.refused }
  return try outcome.get()
}

/// A value that several threads use in turn. The thread sanitizer sees this lock, other than that of `Mutex`.
public final class Guarded<Value>: @unchecked Sendable {
  private let lock = Lock()
  private var value: Value

  public init(_ value: Value) { self.value = value }

  /// Does `work` with the value while nobody else has it.
  public func withLock<Result>(_ work: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try work(&value)
  }
}
