// Who still reads an older state: leases within the writer's process, and a table file for everybody.
//
// A reader of another process locks its slot's byte for as long as it lives, so that its death releases it. It enters
// the slot before it chooses a superblock, first with sequence 0, which holds back everything.

import Glibc
import Synchronization

/// What is known about one reader.
public struct ReaderStatus: Equatable, Sendable {
  /// The process, or nil for a lease of the writer's own process.
  public let process: Int?
  /// The commit that it reads. 0: it has not chosen yet.
  public let sequence: UInt64
}

/// The leases of one process.
final class LeaseTable: Sendable {
  private let held = Mutex<[UInt64: Int]>([:])

  func add(_ sequence: UInt64) { held.withLock { $0[sequence, default: 0] += 1 } }

  func remove(_ sequence: UInt64) {
    held.withLock {
      let count = $0[sequence, default: 0]
      $0[sequence] = count > 1 ? count - 1 : nil
    }
  }

  var oldest: UInt64? { held.withLock { $0.keys.min() } }

  var statuses: [ReaderStatus] {
    held.withLock { $0.flatMap { repeatElement(ReaderStatus(process: nil, sequence: $0.key), count: $0.value) } }
      .sorted { $0.sequence < $1.sequence }
  }
}

/// Holds one state of a store: nothing that its roots reach is reused while the lease lives. May be given up on any
/// thread.
public final class BedrockLease: Sendable {
  public let sequence: UInt64
  public let roots: [StoredRoot]
  private let table: LeaseTable

  init(sequence: UInt64, roots: [StoredRoot], table: LeaseTable) {
    self.sequence = sequence
    self.roots = roots
    self.table = table
    table.add(sequence)
  }

  deinit { table.remove(sequence) }
}

/// The file beside a store in which readers of other processes make themselves known.
struct ReaderTable {
  static let slotLimit = 128
  static let slotWords = 8

  static func path(of store: String) -> String { store + ".readers" }

  /// The slots in use. None when there is no table.
  static func statuses(of file: any DiskFile) throws(DiskFailure) -> [ReaderStatus] {
    var words = [UInt64](repeating: 0, count: slotLimit * slotWords)
    let result: Result<Int, DiskFailure> = words.withUnsafeMutableBytes { buffer in
      do throws(DiskFailure) { return .success(try file.read(at: 0, into: buffer)) } catch { return .failure(error) }
    }
    let count = try result.get() / (slotWords * 8)
    var statuses: [ReaderStatus] = []
    for slot in 0..<count where words[slot * slotWords] != 0 {
      if try file.isLockedElsewhere(from: slot, count: 1) {
        statuses.append(
          ReaderStatus(process: Int(words[slot * slotWords] & 0xFFFF_FFFF), sequence: words[slot * slotWords + 1]))
      }
    }
    return statuses
  }

  /// Takes a free slot and enters it with sequence 0. The slot is freed when `file` is closed.
  static func enter(_ file: any DiskFile) throws(BedrockFailure) -> Int {
    do throws(DiskFailure) {
      for slot in 0..<slotLimit where try file.lock(from: slot, count: 1, shared: false) {
        try write(slot, sequence: 0, to: file)
        return slot
      }
    } catch { throw .disk(error) }
    throw .tooManyReaders(limit: slotLimit)
  }

  /// Notes which commit the reader in `slot` reads.
  static func write(_ slot: Int, sequence: UInt64, to file: any DiskFile) throws(DiskFailure) {
    // Never zero, so that a slot that was once used can be told from one that was not.
    let words: [UInt64] = [UInt64(UInt32(bitPattern: getpid())) | 1 << 32, sequence, 0, 0, 0, 0, 0, 0]
    let result: Result<Void, DiskFailure> = words.withUnsafeBytes { bytes in
      do throws(DiskFailure) { return .success(try file.write(bytes, at: slot * slotWords * 8)) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}
