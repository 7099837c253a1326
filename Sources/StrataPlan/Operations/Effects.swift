// The effects that a program may ask for, and the host that performs them. Nothing is allowed unless granted.

import StrataMemory

/// An effect by the name under which it is granted.
public enum PlanEffect: UInt8, CaseIterable, Sendable {
  case read
  case write
  case trace
  case syscall
  case memory
  case store
  case profile
  case time
  case files

  /// The name that `--allow` takes.
  public var name: String {
    switch self {
    case .read: "read"
    case .write: "write"
    case .trace: "trace"
    case .syscall: "syscall"
    case .memory: "memory"
    case .store: "store"
    case .profile: "profile"
    case .time: "time"
    case .files: "files"
    }
  }
}

/// A set of granted effects.
public struct PlanGrants: OptionSet, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The set of one effect.
  public init(_ effect: PlanEffect) { rawValue = 1 << effect.rawValue }

  /// Nothing: the program is a pure function.
  public static let none: PlanGrants = []
  /// What a program at a terminal needs: reading, writing, tracing, committing and profiling.
  public static let terminal: PlanGrants = [
    PlanGrants(.read), PlanGrants(.write), PlanGrants(.trace), PlanGrants(.store), PlanGrants(.profile),
    PlanGrants(.memory),
  ]
}

/// What performs effects. Each call answers with a count, or a negative error number.
public protocol PlanHost: AnyObject {
  /// Writes bytes to a descriptor; may write fewer than given.
  func write(descriptor: UInt64, bytes: UnsafeRawBufferPointer) -> Int
  /// Reads bytes from a descriptor; 0 is the end of the input.
  func read(descriptor: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int
  /// Shows a traced value, already printed, as one line.
  func trace(_ line: [UInt8])
  /// Opens a file: a descriptor, by which only this program reads and writes. `flags` are the system's.
  func open(path: [UInt8], flags: UInt64, mode: UInt64) -> Int
  /// Closes a descriptor of the program's.
  func close(descriptor: UInt64) -> Int
  /// Moves the position of a descriptor of the program's. `origin` is 0 for the start, 1 for the position, 2 for the end.
  func seek(descriptor: UInt64, offset: Int64, origin: UInt64) -> Int
  /// Makes a descriptor's file durable.
  func sync(descriptor: UInt64) -> Int
  /// Removes, renames, makes a directory.
  func change(_ change: PlanFileChange) -> Int
  /// The time of a clock of the system, in nanoseconds; nil for a clock that there is not.
  func time(clock: UInt64) -> (seconds: Int64, nanoseconds: Int64)?
  /// Waits.
  func sleep(seconds: UInt64, nanoseconds: UInt64) -> Int
  /// Fills bytes with random ones.
  func random(into bytes: UnsafeMutableRawBufferPointer) -> Int
}

/// A change of names on a disk.
public enum PlanFileChange: Equatable, Sendable {
  case remove([UInt8])
  case rename([UInt8], to: [UInt8])
  case makeDirectory([UInt8], mode: UInt64)
}

/// The number by which the system says that there is no such call.
let noSuchCall = -38

extension PlanHost {
  public func open(path: [UInt8], flags: UInt64, mode: UInt64) -> Int { noSuchCall }
  public func close(descriptor: UInt64) -> Int { noSuchCall }
  public func seek(descriptor: UInt64, offset: Int64, origin: UInt64) -> Int { noSuchCall }
  public func sync(descriptor: UInt64) -> Int { noSuchCall }
  public func change(_ change: PlanFileChange) -> Int { noSuchCall }
  public func time(clock: UInt64) -> (seconds: Int64, nanoseconds: Int64)? { nil }
  public func sleep(seconds: UInt64, nanoseconds: UInt64) -> Int { noSuchCall }
  public func random(into bytes: UnsafeMutableRawBufferPointer) -> Int { noSuchCall }
}

/// Keeps values durable, for programs that commit.
public protocol PlanVault: AnyObject {
  /// Keeps `value`, which is in normal form, and answers with an equal value that lies in the store. As the root it is
  /// what the program goes on with after a restart, and durable when this returns.
  func keep(_ value: Word, asRoot: Bool) throws(PlanFailure) -> Word
}
