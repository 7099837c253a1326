// The effects that a program may ask for, and the host that performs them. Nothing is allowed unless granted.

import Glibc
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
    }
  }
}

/// A set of granted effects.
public struct PlanGrants: OptionSet, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

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
}

/// Keeps values durable, for programs that commit.
public protocol PlanVault: AnyObject {
  /// Keeps `value`, which is in normal form, and answers with an equal value that lies in the store. As the root it is
  /// what the program goes on with after a restart, and durable when this returns.
  func keep(_ value: Word, asRoot: Bool) throws(PlanFailure) -> Word
}

/// The host that goes to the operating system.
public final class SystemHost: PlanHost {
  public init() {}

  public func write(descriptor: UInt64, bytes: UnsafeRawBufferPointer) -> Int {
    while true {
      let count = Glibc.write(Int32(truncatingIfNeeded: descriptor), bytes.baseAddress, bytes.count)
      if count >= 0 { return count }
      if errno != EINTR { return -Int(errno) }
    }
  }

  public func read(descriptor: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = Glibc.read(Int32(truncatingIfNeeded: descriptor), bytes.baseAddress, bytes.count)
      if count >= 0 { return count }
      if errno != EINTR { return -Int(errno) }
    }
  }

  public func trace(_ line: [UInt8]) {
    var line = line
    line.append(10)
    line.withUnsafeBytes { bytes in
      var start = 0
      while start < bytes.count {
        let count = write(descriptor: 2, bytes: UnsafeRawBufferPointer(rebasing: bytes[start...]))
        // Standard error is gone: tracing is no reason to stop the program.
        if count <= 0 { return }
        start += count
      }
    }
  }
}
