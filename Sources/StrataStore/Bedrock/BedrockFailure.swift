// What can go wrong in bedrock, as values.

import StrataMemory

/// A place in a store that does not hold what it should.
public struct Damage: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of thing is damaged.
  public enum Subject: String, Sendable {
    case superblock, table, record, reference, segment
  }
  public let path: String
  public let subject: Subject
  /// Where the thing begins, in words from the start of the file.
  public let wordOffset: Int
  /// What is wrong with it.
  public let finding: String

  public init(path: String, subject: Subject, wordOffset: Int, finding: String) {
    self.path = path
    self.subject = subject
    self.wordOffset = wordOffset
    self.finding = finding
  }

  public var description: String {
    "damaged \(subject.rawValue) in \(path) at word \(wordOffset) (byte \(wordOffset * 8)): \(finding)"
  }
}

/// Why the store did not do what it was asked to. The state is then as it was before, unless it says otherwise.
public enum BedrockFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// A disk operation failed; nothing was committed, and the store can still be used.
  case disk(DiskFailure)
  /// A write or sync failed at a point from which nothing is known about the disk. The store refuses to commit
  /// until it is opened again.
  case stopped(DiskFailure)
  /// The file is not a store, or none of its superblocks is whole.
  case notAStore(path: String)
  /// The file was written by a later version.
  case laterFormat(path: String, version: Int)
  /// A checksum or a structure is wrong.
  case damaged(Damage)
  /// Another process, or another part of this one, has the store open for writing.
  case inUse(path: String)
  /// A value holds something that cannot be stored: a thunk, a forwarding word or an unknown kind.
  case unstorable(header: UInt64)
  /// A value refers to itself.
  case cyclic
  /// A value refers to a part of the store that is not in use, or to another store.
  case danglingReference(Word)
  /// The address range given to the store is used up.
  case addressRange(bytes: Int)
  /// The system has no memory for the tables that the operation needs.
  case memory
  /// More roots than a superblock holds.
  case tooManyRoots(limit: Int)
  /// All slots for readers are taken.
  case tooManyReaders(limit: Int)
  /// The store was closed.
  case closed

  public var description: String {
    switch self {
    case .disk(let failure): failure.description
    case .stopped(let failure): "the store has stopped after a failure: \(failure) (open it again)"
    case .notAStore(let path): "\(path) is not a store, or its superblocks are damaged (restore it, or replay its log)"
    case .laterFormat(let path, let version):
      "\(path) has format \(version), which is newer than this program (upgrade)"
    case .damaged(let damage): "\(damage) (restore the store, or replay its log)"
    case .inUse(let path): "\(path) is open for writing elsewhere (stop that process first)"
    case .unstorable(let header): "a value cannot be stored: header \(String(header, radix: 16)) (evaluate it first)"
    case .cyclic: "a value refers to itself and cannot be stored"
    case .danglingReference(let word): "a value refers to word \(word.offset), which the store does not hold"
    case .addressRange(let bytes): "the store has outgrown its \(bytes) bytes of addresses (reserve more)"
    case .memory: "the system has no memory for the store's tables (free some)"
    case .tooManyRoots(let limit): "a store holds at most \(limit) roots (drop one)"
    case .tooManyReaders(let limit): "all \(limit) slots for readers are taken (stop one)"
    case .closed: "the store is closed (open it again)"
    }
  }
}
