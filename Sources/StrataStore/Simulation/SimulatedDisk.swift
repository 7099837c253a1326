// A disk that lies in memory, counts its operations and fails where it is told to.
//
// Deterministic: everything that happens follows from the calls and from seeds. It is as unkind as a disk may be:
// what was not synced survives in any combination of 512-byte sectors, names are lost unless their directory was
// synced, and after a failed sync the cache goes on showing data that will never be written.

import CPlatform
import Glibc
import StrataMemory

/// A failure that the simulated disk is to show at one operation.
public enum SimulatedFault: Sendable {
  /// The operation fails and does nothing.
  case inputOutput
  /// The operation fails for want of space. A write gets half of its bytes out before.
  case noSpace
  /// A write gets half of its bytes out and fails.
  case shortWrite
  /// A sync fails; a random half of the pending changes is lost for good, though the cache still shows it.
  case lostSync
  /// From here on every operation fails: the machine is off.
  case powerOff
}

/// Which of the changes that were not synced are found after a crash.
public enum Survival: Sendable {
  case nothing
  case everything
  /// Those made before the change with this stamp: the disk kept the order, and stopped within an operation.
  case upTo(Int)
  /// A random subset: the disk did not keep the order. Names survive in order, up to a random one.
  case random(seed: UInt64)
}

/// The moments at which a hook is called: nothing has happened yet, or everything has but for the return.
public enum SimulatedMoment: Sendable {
  case before
  case after
}

/// A simulated disk with any number of files and directories.
public final class SimulatedDisk: Disk, @unchecked Sendable {
  private enum NameChange {
    case link(String, SimulatedInode)
    case unlink(String)
    case rename(String, String)

    var directories: [String] {
      switch self {
      case .link(let path, _), .unlink(let path): [directory(of: path)]
      case .rename(let old, let new): [directory(of: old), directory(of: new)]
      }
    }
  }

  private struct State {
    var names: [String: SimulatedInode] = [:]
    var directories: Set<String> = [".", "/"]
    var durableNames: [String: SimulatedInode] = [:]
    var pendingNames: [(change: NameChange, stamp: Int)] = []
    var operations = 0
    var isOff = false
    var nextOwner = 1
    var syncs = 0
  }

  private let lock = Lock()
  // Guarded by `lock`, outside of it because the hook must be able to look at the disk.
  private var state = State()
  private var nextStamp = 0
  private var random: SeededRandom

  /// Chooses the fault of the operation with this number, if any. Set it before use.
  public var fault: (@Sendable (_ number: Int, DiskOperation) -> SimulatedFault?)?
  /// Called around each operation that changes anything. Set it before use. It may ask for survivors.
  public var hook: ((_ number: Int, DiskOperation, SimulatedMoment) -> Void)?
  /// Told of every operation and the fault it met, for looking into a failure. Set it before use.
  public var trace: ((_ number: Int, DiskOperation, _ path: String, SimulatedFault?) -> Void)?
  /// The sum of file sizes that the disk takes; more fails for want of space.
  public var capacityBytes = Int.max
  /// Whether files can be cloned. Set it before use.
  public var clones = false

  public init(seed: UInt64 = 0) { random = SeededRandom(seed: seed) }

  /// How many operations that change anything were started.
  public var operationCount: Int { lock.withLock { state.operations } }
  /// How many syncs of files succeeded.
  public var syncCount: Int { lock.withLock { state.syncs } }
  /// One more than the stamp of the newest change.
  public var stamp: Int { lock.withLock { nextStamp } }
  /// The stamps of the changes that are not durable, in order.
  public var pendingStamps: [Int] {
    lock.withLock {
      var stamps = state.pendingNames.map(\.stamp)
      for (_, inode) in state.names { stamps += inode.pending.map(\.stamp) }
      return stamps.sorted()
    }
  }

  /// A way for the changes that are not durable to survive, chosen by `random`.
  public func survival(_ random: inout SeededRandom) -> Survival {
    switch random.below(8) {
    case 0: return .nothing
    case 1: return .everything
    case 2, 3, 4:
      let stamps = pendingStamps
      return stamps.isEmpty ? .everything : .upTo(stamps[random.below(stamps.count)])
    default: return .random(seed: random.next())
    }
  }

  /// Has operations fail now and then, in a way chosen by `random`: runs of one to three operations that begin at one of the
  /// numbers `first` and come again after `spacing` operations. Set before use, as `fault` is.
  public func failNowAndThen(_ random: inout SeededRandom, first: Range<Int>, spacing: Range<Int>) {
    let start = first.lowerBound + random.below(first.count)
    let distance = spacing.lowerBound + random.below(spacing.count)
    let width = 1 + random.below(3)
    // Three of four disks lose what a failed sync was to keep; one refuses it and keeps it.
    let kind = random.below(4)
    fault = { number, operation in
      if number < start || (number - start) % distance >= width { return nil }
      if operation == .sync { return kind == 3 ? .inputOutput : .lostSync }
      return [.inputOutput, .noSpace, .shortWrite, .inputOutput][kind]
    }
  }

  /// Turns the machine off: every further operation on this disk fails.
  public func powerOff() { lock.withLock { state.isOff = true } }

  /// The disk as it is found after a crash at this moment. Throws when the system has no memory for it.
  public func survivors(_ survival: Survival) throws(DiskFailure) -> SimulatedDisk {
    let result = SimulatedDisk()
    var random = SeededRandom(seed: 0)
    if case .random(let seed) = survival { random = SeededRandom(seed: seed) }
    let (durableNames, pendingNames, directories) = lock.withLock {
      (state.durableNames, state.pendingNames, state.directories)
    }
    var names = durableNames
    let nameLimit =
      switch survival {
      case .nothing: 0
      case .everything: pendingNames.count
      case .upTo(let stamp): pendingNames.count { $0.stamp < stamp }
      case .random: random.below(pendingNames.count + 1)
      }
    for (change, _) in pendingNames.prefix(nameLimit) { SimulatedDisk.apply(change, to: &names) }
    result.state.directories = directories
    // Sorted, so that the random numbers meet the files in the same order each time.
    for (path, inode) in names.sorted(by: { $0.key < $1.key }) {
      // Half of the time a sector is kept, but in runs too: all, none, most.
      let bias = random.below(5)
      let content = inode.surviving { change in
        switch survival {
        case .nothing: false
        case .everything: true
        case .upTo(let stamp): change.stamp < stamp
        case .random: random.below(4) < bias
        }
      }
      let copy = try SimulatedInode(path: path)
      copy.load(content)
      result.state.names[path] = copy
      result.state.durableNames[path] = copy
    }
    return result
  }

  /// Flips one bit of a file, cached and durable, as a decaying disk would. False when there is no such bit.
  public func flip(bit: Int, of path: String) -> Bool {
    lock.withLock {
      guard let inode = state.names[path], bit >= 0, bit / 8 < inode.durable.count else { return false }
      inode.durable[bit / 8] ^= 1 << UInt8(bit % 8)
      let cached = (inode.cache + bit / 8).assumingMemoryBound(to: UInt8.self)
      cached.pointee ^= 1 << UInt8(bit % 8)
      return true
    }
  }

  /// Puts back the durable content that a file has on another disk. False when either has no such file.
  public func restore(_ path: String, from other: SimulatedDisk) -> Bool {
    guard let content = other.lock.withLock({ other.state.durableNames[path]?.durable }) else { return false }
    return lock.withLock {
      guard let inode = state.names[path], inode.size == content.count else { return false }
      inode.pending.removeAll()
      inode.load(content)
      return true
    }
  }

  /// The cached content of a file, or nil.
  public func content(of path: String) -> [UInt8]? {
    lock.withLock {
      state.names[path].map { Array(UnsafeRawBufferPointer(start: $0.cache, count: $0.size)) }
    }
  }

  private static func apply(_ change: NameChange, to names: inout [String: SimulatedInode]) {
    switch change {
    case .link(let path, let inode): names[path] = inode
    case .unlink(let path): names[path] = nil
    case .rename(let old, let new):
      names[new] = names[old]
      names[old] = nil
    }
  }

  /// Runs `work` under the lock.
  func reading<Result>(
    _ operation: DiskOperation, _ path: String, _ work: () throws(DiskFailure) -> Result
  ) throws(DiskFailure) -> Result {
    try locked { () throws(DiskFailure) -> Result in
      if state.isOff { throw DiskFailure(operation: operation, path: path, code: ENODEV) }
      return try work()
    }
  }

  private func locked<Result>(_ work: () throws(DiskFailure) -> Result) throws(DiskFailure) -> Result {
    let outcome: Swift.Result<Result, DiskFailure> = lock.withLock {
      do throws(DiskFailure) { return .success(try work()) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  /// Runs a change: counts it, calls the hooks, shows a fault if one is due. `partial` does half of the work.
  func changing(
    _ operation: DiskOperation, _ path: String, partial: (inout Int) -> Void = { _ in },
    settle: (inout SeededRandom) -> Void = { _ in },
    _ work: (inout Int) throws(DiskFailure) -> Void
  ) throws(DiskFailure) {
    let number = lock.withLock {
      state.operations += 1
      return state.operations
    }
    hook?(number, operation, .before)
    let fault = fault?(number, operation)
    trace?(number, operation, path, fault)
    try locked { () throws(DiskFailure) -> Void in
      if state.isOff { throw DiskFailure(operation: operation, path: path, code: ENODEV) }
      switch fault {
      case nil:
        try work(&nextStamp)
        if operation == .sync { state.syncs += 1 }
      case .inputOutput: throw DiskFailure(operation: operation, path: path, code: EIO)
      case .noSpace:
        partial(&nextStamp)
        throw DiskFailure(operation: operation, path: path, code: ENOSPC)
      case .shortWrite:
        partial(&nextStamp)
        throw DiskFailure(operation: operation, path: path, code: EIO)
      case .lostSync:
        settle(&random)
        throw DiskFailure(operation: operation, path: path, code: EIO)
      case .powerOff:
        state.isOff = true
        throw DiskFailure(operation: operation, path: path, code: ENODEV)
      }
    }
    hook?(number, operation, .after)
  }

  /// Releases everything that an open file has locked.
  func dropLocks(of owner: Int, on inode: SimulatedInode) {
    lock.withLock { inode.locks.removeAll { $0.owner == owner } }
  }

  /// Throws when the disk has no room for `growth` more bytes. Under the lock.
  func checkSpace(_ growth: Int, _ operation: DiskOperation, _ path: String) throws(DiskFailure) {
    if growth <= 0 || capacityBytes == Int.max { return }
    let used = state.names.reduce(0) { $0 + $1.value.size }
    if used + growth > capacityBytes { throw DiskFailure(operation: operation, path: path, code: ENOSPC) }
  }

  // MARK: - Disk

  public func open(_ path: String, _ mode: OpenMode) throws(DiskFailure) -> any DiskFile {
    let known = try reading(.open, path) { () -> Bool in state.names[path] != nil }
    if !known {
      guard mode == .create else { throw DiskFailure(operation: .open, path: path, code: ENOENT) }
      let inode = try SimulatedInode(path: path)
      try changing(.open, path) { stamp in
        state.names[path] = inode
        state.pendingNames.append((.link(path, inode), stamp))
        stamp += 1
      }
    }
    return try reading(.open, path) { () throws(DiskFailure) -> any DiskFile in
      guard let inode = state.names[path] else { throw DiskFailure(operation: .open, path: path, code: ENOENT) }
      state.nextOwner += 1
      return SimulatedFile(disk: self, path: path, inode: inode, owner: state.nextOwner)
    }
  }

  public func exists(_ path: String) throws(DiskFailure) -> Bool {
    try reading(.open, path) { state.names[path] != nil || state.directories.contains(path) }
  }

  public func remove(_ path: String) throws(DiskFailure) {
    try changing(.remove, path) { stamp throws(DiskFailure) in
      guard state.names.removeValue(forKey: path) != nil else {
        throw DiskFailure(operation: .remove, path: path, code: ENOENT)
      }
      state.pendingNames.append((.unlink(path), stamp))
      stamp += 1
    }
  }

  public func rename(_ old: String, to new: String) throws(DiskFailure) {
    try changing(.rename, old) { stamp throws(DiskFailure) in
      guard state.names[old] != nil else { throw DiskFailure(operation: .rename, path: old, code: ENOENT) }
      let change = NameChange.rename(old, new)
      SimulatedDisk.apply(change, to: &state.names)
      state.pendingNames.append((change, stamp))
      stamp += 1
    }
  }

  public func makeDirectory(_ path: String) throws(DiskFailure) {
    try reading(.makeDirectory, path) { () -> Void in state.directories.insert(path) }
  }

  public func list(_ path: String) throws(DiskFailure) -> [String] {
    try reading(.list, path) {
      let prefix = path == "." ? "" : path + "/"
      return state.names.keys.filter { directory(of: $0) == path }.map { String($0.dropFirst(prefix.count)) }.sorted()
    }
  }

  /// Copies, in ordinary operations, each of which may fail or be the last.
  public func clone(_ path: String, to target: String) throws(DiskFailure) -> Bool {
    if !clones { return false }
    let source = try open(path, .read)
    let file = try open(target, .create)
    let content = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, try source.size()), alignment: 16)
    defer { content.deallocate() }
    let count = try source.read(at: 0, into: content)
    try file.write(UnsafeRawBufferPointer(rebasing: content[..<count]), at: 0)
    try file.sync()
    try source.close()
    try file.close()
    return true
  }

  public func syncDirectory(_ path: String) throws(DiskFailure) {
    try changing(.syncDirectory, path) { _ in
      var kept: [(change: NameChange, stamp: Int)] = []
      for entry in state.pendingNames {
        if entry.change.directories.contains(path) {
          SimulatedDisk.apply(entry.change, to: &state.durableNames)
        } else {
          kept.append(entry)
        }
      }
      state.pendingNames = kept
    }
  }
}

/// An open file of the simulated disk.
final class SimulatedFile: DiskFile, @unchecked Sendable {
  let path: String
  private let disk: SimulatedDisk
  private let inode: SimulatedInode
  private let owner: Int
  private var isOpen = true

  init(disk: SimulatedDisk, path: String, inode: SimulatedInode, owner: Int) {
    self.disk = disk
    self.path = path
    self.inode = inode
    self.owner = owner
  }

  deinit { disk.dropLocks(of: owner, on: inode) }

  private func check(_ operation: DiskOperation, _ end: Int = 0) throws(DiskFailure) {
    if !isOpen { throw DiskFailure(operation: operation, path: path, code: EBADF) }
    if end > SimulatedInode.capacity { throw DiskFailure(operation: operation, path: path, code: ENOSPC) }
  }

  func size() throws(DiskFailure) -> Int {
    try disk.reading(.size, path) { () throws(DiskFailure) -> Int in
      try check(.size)
      return inode.size
    }
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(DiskFailure) -> Int {
    try disk.reading(.read, path) { () throws(DiskFailure) -> Int in
      try check(.read)
      let count = max(0, min(buffer.count, inode.size - offset))
      if let base = buffer.baseAddress, count > 0 { base.copyMemory(from: inode.cache + offset, byteCount: count) }
      return count
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFailure) {
    let half = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)])
    try disk.changing(
      .write, path, partial: { stamp in inode.write(half, at: offset, &stamp) },
      { stamp throws(DiskFailure) in
        try check(.write, offset + bytes.count)
        try disk.checkSpace(offset + bytes.count - inode.size, .write, path)
        inode.write(bytes, at: offset, &stamp)
      })
  }

  func sync() throws(DiskFailure) {
    try disk.changing(
      .sync, path, settle: { random in inode.settle { _ in random.oneIn(2) } },
      { _ throws(DiskFailure) in
        try check(.sync)
        inode.settle { _ in true }
      })
  }

  func truncate(to size: Int) throws(DiskFailure) {
    try disk.changing(.truncate, path) { stamp throws(DiskFailure) in
      try check(.truncate, size)
      try disk.checkSpace(size - inode.size, .truncate, path)
      inode.resize(to: size, &stamp)
    }
  }

  func allocate(from offset: Int, count: Int) throws(DiskFailure) {
    try disk.changing(.allocate, path) { stamp throws(DiskFailure) in
      try check(.allocate, offset + count)
      try disk.checkSpace(offset + count - inode.size, .allocate, path)
      if offset + count > inode.size { inode.resize(to: offset + count, &stamp) }
    }
  }

  func punch(from offset: Int, count: Int) throws(DiskFailure) -> Bool {
    try disk.changing(.punch, path) { stamp throws(DiskFailure) in
      try check(.punch)
      inode.clear(offset..<max(offset, min(offset + count, inode.size)), &stamp)
    }
    return true
  }

  func map(from offset: Int, count: Int, at address: UnsafeMutableRawPointer) throws(DiskFailure) {
    try disk.reading(.map, path) { () throws(DiskFailure) -> Void in
      try check(.map)
      let result = mmap(address, count, PROT_READ, MAP_SHARED | MAP_FIXED, inode.descriptor, off_t(offset))
      if result == nil || result == platform_map_failed() {
        throw DiskFailure(operation: .map, path: path, code: platform_errno())
      }
    }
  }

  func lock(from offset: Int, count: Int, shared: Bool) throws(DiskFailure) -> Bool {
    try disk.reading(.lock, path) { () throws(DiskFailure) -> Bool in
      try check(.lock)
      let range = offset..<offset + count
      for held in inode.locks where held.owner != owner && held.range.overlaps(range) && !(held.shared && shared) {
        return false
      }
      inode.locks.removeAll { $0.owner == owner && $0.range == range }
      inode.locks.append((owner, range, shared))
      return true
    }
  }

  func unlock(from offset: Int, count: Int) throws(DiskFailure) {
    try disk.reading(.lock, path) { () throws(DiskFailure) -> Void in
      try check(.lock)
      let range = offset..<offset + count
      inode.locks.removeAll { $0.owner == owner && range.contains($0.range.lowerBound) }
    }
  }

  func isLockedElsewhere(from offset: Int, count: Int) throws(DiskFailure) -> Bool {
    try disk.reading(.lock, path) { () throws(DiskFailure) -> Bool in
      try check(.lock)
      let range = offset..<offset + count
      return inode.locks.contains { $0.owner != owner && $0.range.overlaps(range) }
    }
  }

  func close() throws(DiskFailure) {
    isOpen = false
    try disk.reading(.close, path) { () -> Void in inode.locks.removeAll { $0.owner == owner } }
  }
}
