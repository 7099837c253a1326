// Looks at the machine that strata runs on: what a pier or a large program would stumble over. Changes nothing but a file of
// its own in the temporary folder, which it removes.

import CPlatform
import Glibc
import StrataMemory
import StrataPier

/// Checks of the machine.
enum MachineDoctor {
  /// Address space that a loom asks for; less is taken where the system refuses.
  private static let wantedAddresses = 256 << 30
  /// Address space below which piers become uncomfortable.
  private static let leastAddresses = 16 << 30

  /// All findings, in a fixed order. `folder` is where the disk is measured.
  static func examine(folder: String) -> [Finding] {
    [
      word, processor, addresses, overcommit, memory, limit(RLIMIT_NOFILE, "files", least: 64, "ulimit -n 1024"),
      limit(RLIMIT_STACK, "stack", least: 128 << 10, "ulimit -s 8192"),
      limit(RLIMIT_FSIZE, "file size", least: 1 << 30, "ulimit -f unlimited"),
      clock, temporaryFolder,
    ] + disk(folder)
  }

  private static var word: Finding {
    let isLittle = UInt16(1).littleEndian == 1
    return Finding(
      "word", isLittle && Int.bitWidth == 64 ? .good : .bad,
      "\(Int.bitWidth) bits, \(isLittle ? "little" : "big")-endian",
      isLittle ? nil : "use a little-endian machine")
  }

  private static var processor: Finding {
    platform_has_crc32c() != 0
      ? Finding("processor", .good, "has the CRC-32C instruction")
      : Finding("processor", .note, "has no CRC-32C instruction: checksums of the store are computed by table")
  }

  /// Halves what is asked for until the system gives it.
  private static var addresses: Finding {
    var size = wantedAddresses
    while size >= 1 << 20 {
      let address = mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if let address, address != platform_map_failed() {
        munmap(address, size)
        break
      }
      size /= 2
    }
    let text = "\(Measure.size(UInt64(size))) in one piece"
    let remedy = "ulimit -v unlimited"
    if size >= wantedAddresses { return Finding("addresses", .good, text) }
    return size >= leastAddresses
      ? Finding("addresses", .note, text + ": machines reserve less than they would", remedy)
      : Finding("addresses", .bad, text + ": large states will not fit", remedy)
  }

  private static var overcommit: Finding {
    switch line("/proc/sys/vm/overcommit_memory") {
    case "0", "1": Finding("overcommit", .good, "reserved addresses cost no memory")
    case "2":
      Finding(
        "overcommit", .note, "strict: memory is refused once all of it is promised, however little is used",
        "sysctl vm.overcommit_memory=0, or more swap space")
    default: Finding("overcommit", .note, "the system does not tell")
    }
  }

  private static var memory: Finding {
    let page = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
    let total = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))) * page
    let free = UInt64(max(0, sysconf(Int32(_SC_AVPHYS_PAGES)))) * page
    let text = "\(Measure.size(total)), \(Measure.size(free)) of it free"
    if let limit = line("/sys/fs/cgroup/memory.max").flatMap({ UInt64($0) }), limit < 256 << 20 {
      return Finding(
        "memory", .note, "limited to \(Measure.size(limit))", "raise the container's limit, or set --memory")
    }
    return total < 256 << 20
      ? Finding("memory", .note, text, "set --memory for events and programs") : Finding("memory", .good, text)
  }

  private static func limit(_ kind: __rlimit_resource, _ name: String, least: UInt64, _ remedy: String) -> Finding {
    var value = rlimit()
    guard getrlimit(__rlimit_resource_t(kind.rawValue), &value) == 0 else {
      return Finding(name, .note, "the system does not tell")
    }
    let isUnlimited = value.rlim_cur == .max
    let text =
      isUnlimited
      ? "no limit"
      : kind == RLIMIT_NOFILE ? "\(value.rlim_cur) at a time" : "at most \(Measure.size(UInt64(value.rlim_cur)))"
    return isUnlimited || value.rlim_cur >= least ? Finding(name, .good, text) : Finding(name, .bad, text, remedy)
  }

  /// Whether the clock that only goes forward does, and how fine it is.
  private static var clock: Finding {
    let start = Clock.now()
    var last = start
    var least = UInt64.max
    var isBackward = false
    for _ in 0..<10_000 {
      let now = Clock.now()
      if now < last { isBackward = true }
      if now > last { least = min(least, now - last) }
      last = now
    }
    if start == 0 || isBackward { return Finding("clock", .bad, "goes backward", "look at the kernel's clock source") }
    let cost = (last - start) / 10_000
    return Finding(
      "clock", cost < 1000 ? .good : .note,
      "a look takes \(Measure.duration(cost)), its step \(Measure.duration(least))",
      cost < 1000 ? nil : "a clock source without system calls, such as tsc")
  }

  private static var temporaryFolder: Finding {
    let folder = Temporary.place
    switch Temporary.file(in: folder) {
    case .success(let descriptor):
      close(descriptor)
      return Finding("temporary", .good, "\(folder) can be written")
    case .failure(let error):
      return Finding(
        "temporary", .bad, "\(folder): \(Syscalls.describe(errno: error.number))",
        "TMPDIR=FOLDER, a folder that can be written")
    }
  }

  // MARK: - The disk

  /// Space, mapping and the rate of syncs in a folder.
  private static func disk(_ folder: String) -> [Finding] {
    var findings: [Finding] = []
    var space = statvfs()
    if statvfs(folder, &space) == 0 {
      let free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
      let text = "\(Measure.size(free)) free in \(folder)"
      findings.append(
        free < 64 << 20
          ? Finding("space", .bad, text, "free some space on this disk")
          : Finding("space", free < 1 << 30 ? .note : .good, text))
    }
    switch Temporary.file(in: folder) {
    case .success(let descriptor):
      defer { close(descriptor) }
      return findings + [mapping(descriptor, folder), syncs(descriptor)]
    case .failure(let error):
      let reason = Syscalls.describe(errno: error.number)
      return findings + [
        Finding("disk", .bad, "cannot write in \(folder): \(reason)", "look at its owner and permissions")
      ]
    }
  }

  private static func mapping(_ descriptor: Int32, _ folder: String) -> Finding {
    let size = 1 << 16
    var result = Finding("mapping", .good, "files can be mapped, and what is written shows")
    let remedy = "a local file system, such as ext4 or xfs"
    guard ftruncate(descriptor, off_t(size)) == 0,
      let address = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), address != platform_map_failed()
    else { return Finding("mapping", .bad, "files in \(folder) cannot be mapped", remedy) }
    let mark: [UInt8] = [0x5A]
    if pwrite(descriptor, mark, 1, 4097) != 1 || address.load(fromByteOffset: 4097, as: UInt8.self) != 0x5A {
      result = Finding("mapping", .bad, "what is written to \(folder) does not show where it is mapped", remedy)
    }
    munmap(address, size)
    // The lock that keeps two processes from one pier.
    if platform_lock_range(descriptor, Int16(F_WRLCK), 0, 1) != 0 {
      return Finding("locks", .bad, "files in \(folder) cannot be locked", remedy)
    }
    return result
  }

  /// Writes and syncs for a tenth of a second, at least thrice.
  private static func syncs(_ descriptor: Int32) -> Finding {
    let block = [UInt8](repeating: 0xA5, count: 4096)
    var times: [UInt64] = []
    let end = Clock.now() &+ 100_000_000
    while times.count < 3 || Clock.now() < end && times.count < 1000 {
      let start = Clock.now()
      guard pwrite(descriptor, block, block.count, off_t(times.count * block.count)) == block.count,
        fdatasync(descriptor) == 0
      else {
        return Finding(
          "sync", .bad, Syscalls.describe(errno: platform_errno()), "look at the disk and the kernel's log")
      }
      times.append(Clock.now() &- start)
    }
    let median = max(1, times.sorted()[times.count / 2])
    let rate = 1_000_000_000 / median
    let text = "takes \(Measure.duration(median)): \(rate) acknowledged events a second for one caller who waits"
    if median < 20_000 {
      return Finding(
        "sync", .note, text + "; so fast that it may not reach the disk",
        "a disk of its own for piers, not a file system in memory")
    }
    return median > 50_000_000
      ? Finding("sync", .note, text, "many callers at the same time, who share a sync, or a faster disk")
      : Finding("sync", .good, text)
  }

  /// A small file's first line.
  private static func line(_ path: String) -> String? {
    guard let descriptor = try? Syscalls.openForReading(path) else { return nil }
    defer { try? Syscalls.close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    guard let count = try? bytes.withUnsafeMutableBytes({ try Syscalls.read(descriptor, into: $0) }) else { return nil }
    return String(decoding: bytes.prefix(count).prefix { $0 != 0x0A }, as: UTF8.self)
  }
}
