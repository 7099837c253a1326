// What a process holds of its system, for tests that look for leaks.
//
// Such a test runs its work in a process of its own (`#expect(processExitsWith:)`), where no other test opens files or takes memory.

import Glibc

/// What this process holds at one moment.
public struct ProcessUse: CustomStringConvertible {
  /// Open file descriptors, without the one that counts them.
  public let descriptors: Int
  /// Ranges of addresses that the system keeps account of.
  public let mappings: Int
  /// Memory that the process has of the machine, in bytes.
  public let residentBytes: Int
  /// Threads that have not ended.
  public let threads: Int

  public init() throws {
    var count = 0
    guard let directory = opendir("/proc/self/fd") else { throw UnreadableFile(path: "/proc/self/fd") }
    while readdir(directory) != nil { count += 1 }
    closedir(directory)
    // "." and ".." and the directory itself.
    descriptors = count - 3
    mappings = try contents(of: "/proc/self/maps").count { $0 == UInt8(ascii: "\n") }
    let status = String(decoding: try contents(of: "/proc/self/status"), as: UTF8.self)
    func field(_ name: String) -> Int {
      guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }) else { return 0 }
      return Int(String(line.filter(\.isNumber))) ?? 0
    }
    residentBytes = field("VmRSS") * 1024
    threads = field("Threads")
  }

  /// Something a process holds more of than it did before, in words; nil where there is nothing. A few may come and go: the
  /// threads that run tests are started and ended as the system likes.
  func leak(since before: ProcessUse, bytes: Int) -> String? {
    let few = 8
    if descriptors > before.descriptors + few { return "descriptors: \(before), then \(self)" }
    if threads > before.threads + few { return "threads: \(before), then \(self)" }
    if mappings > before.mappings + 4 * few { return "mappings: \(before), then \(self)" }
    if residentBytes > before.residentBytes + bytes { return "memory: \(before), then \(self)" }
    return nil
  }

  public var description: String {
    "\(descriptors) descriptors, \(mappings) mappings, \(residentBytes >> 10) KiB resident, \(threads) threads"
  }
}

/// What each of many times of doing `work` leaves in the process, in words; nil where nothing stays.
///
/// What is kept on purpose is filled first, by a quarter as many times. What comes once and stays does not count either: a
/// heap for another thread, a large page in place of small ones, a thread that the system has not ended yet. A leak goes on,
/// so only what grows in each of several rounds of `cycles` times is one. Memory counts from `bytesEach` for one time, and
/// some that a round may take.
public func leak(ofEachOf cycles: Int, bytesEach: Int, _ work: (Int) throws -> Void) throws -> String? {
  let warming = max(8, cycles / 4)
  for cycle in 0..<warming { try work(cycle) }
  var found: [String] = []
  for round in 0..<5 {
    let before = try ProcessUse()
    for cycle in 0..<cycles { try work(warming + round * cycles + cycle) }
    guard let grown = try ProcessUse().leak(since: before, bytes: (2 << 20) + cycles * bytesEach) else { return nil }
    found.append(grown)
  }
  return found.joined(separator: "; ")
}
