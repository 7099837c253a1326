// The content of a simulated file: what a running process sees, and what the platter holds.
//
// The two differ by a list of pending changes, each of one sector or of the size. A crash keeps any subset of them,
// which covers torn writes, lost writes and writes that overtake each other between two syncs.

import CPlatform
import Glibc

/// The unit in which the simulated disk tears.
let sectorBytes = 512

/// A change that is not durable yet.
struct PendingChange {
  enum Effect {
    /// The sector's whole new content.
    case sector(Int, [UInt8])
    /// The file's new size.
    case size(Int)
  }
  let effect: Effect
  /// Orders the changes of all files of a disk.
  let stamp: Int
}

/// One file's content, whatever its names are. Used under the disk's lock only.
final class SimulatedInode {
  /// The largest file that the simulation holds.
  static let capacity = 1 << 30

  /// What the platter holds.
  var durable: [UInt8] = []
  var pending: [PendingChange] = []
  var size = 0
  var locks: [(owner: Int, range: Range<Int>, shared: Bool)] = []

  /// The cached content lives in a memory file, so that it can be mapped like a real one.
  let descriptor: Int32
  let cache: UnsafeMutableRawPointer

  /// Throws when the system has no memory file to give.
  init(path: String) throws(DiskFailure) {
    let descriptor = platform_memory_file("simulated")
    if descriptor < 0 { throw DiskFailure(operation: .open, path: path, code: platform_errno()) }
    let address =
      ftruncate(descriptor, off_t(SimulatedInode.capacity)) == 0
      ? mmap(nil, SimulatedInode.capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0) : nil
    guard let address, address != platform_map_failed() else {
      let code = platform_errno()
      _ = Glibc.close(descriptor)
      throw DiskFailure(operation: .map, path: path, code: code)
    }
    self.descriptor = descriptor
    cache = address
  }

  deinit {
    _ = munmap(cache, SimulatedInode.capacity)
    _ = Glibc.close(descriptor)
  }

  /// Makes `content` both cached and durable.
  func load(_ content: [UInt8]) {
    durable = content
    size = content.count
    content.withUnsafeBytes { if let base = $0.baseAddress { cache.copyMemory(from: base, byteCount: $0.count) } }
  }

  private func note(_ effect: PendingChange.Effect, _ stamp: inout Int) {
    pending.append(PendingChange(effect: effect, stamp: stamp))
    stamp += 1
  }

  private func noteSectors(_ range: Range<Int>, _ stamp: inout Int) {
    if range.isEmpty { return }
    for sector in range.lowerBound / sectorBytes...(range.upperBound - 1) / sectorBytes {
      note(
        .sector(sector, Array(UnsafeRawBufferPointer(start: cache + sector * sectorBytes, count: sectorBytes))), &stamp)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, _ stamp: inout Int) {
    guard let base = bytes.baseAddress else { return }
    size = max(size, offset + bytes.count)
    // Also where only the cache knows of the growth: a sync that failed may have lost it.
    if offset + bytes.count > durable.count { note(.size(size), &stamp) }
    (cache + offset).copyMemory(from: base, byteCount: bytes.count)
    noteSectors(offset..<offset + bytes.count, &stamp)
  }

  func resize(to newSize: Int, _ stamp: inout Int) {
    let oldSize = size
    size = newSize
    note(.size(newSize), &stamp)
    if newSize < oldSize { clear(newSize..<oldSize, &stamp) }
  }

  /// Makes a range read as zeros.
  func clear(_ range: Range<Int>, _ stamp: inout Int) {
    if range.isEmpty { return }
    memset(cache + range.lowerBound, 0, range.count)
    noteSectors(range, &stamp)
  }

  /// The platter's content if exactly the changes that `keeps` accepts have reached it.
  func surviving(_ keeps: (PendingChange) -> Bool) -> [UInt8] {
    var content = durable
    var finalSize = durable.count
    for change in pending where keeps(change) {
      switch change.effect {
      case .size(let size): finalSize = size
      case .sector(let sector, let bytes):
        let end = (sector + 1) * sectorBytes
        if content.count < end { content.append(contentsOf: repeatElement(0, count: end - content.count)) }
        content.withUnsafeMutableBytes { target in
          bytes.withUnsafeBytes { target[sector * sectorBytes..<end].copyBytes(from: $0) }
        }
      }
    }
    if content.count > finalSize {
      content.removeLast(content.count - finalSize)
    } else if content.count < finalSize {
      content.append(contentsOf: repeatElement(0, count: finalSize - content.count))
    }
    return content
  }

  /// Moves the changes that `keeps` accepts to the platter and forgets the others: the cache keeps showing them, but
  /// they will never be written. With all kept, this is a sync that succeeds.
  func settle(_ keeps: (PendingChange) -> Bool) {
    if pending.isEmpty { return }
    durable = surviving(keeps)
    pending.removeAll(keepingCapacity: true)
  }
}
