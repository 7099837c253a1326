// The loom: one reserved address range that holds every stratum of one running machine.
//
//     0        bedrock    the persistent stratum, mapped by the store; offset 0 is the file's first word
//              commons    fixed objects: never moved, senior to every nursery frame
//              frames     one record for each open frame
//              trail      old values of updated older slots
//              stack      the machine's value stack, grows upwards
//              arena      the two-ended nursery: frames grow from the west and from the east end
//
// All references are word offsets from the base, wherever the system placed it. A process may hold many
// looms; one loom is used by one thread at a time.

import CPlatform

/// How a loom is laid out and how much it may use. Every field has a default that suits a machine with an
/// unknown program; no field has to match the size of the data.
public struct LoomOptions: Sendable {
  /// Address space to ask for. Less is taken where the system refuses.
  public var reservationBytes = 256 << 30
  /// What the machine may use of the arena and the stack together, in bytes; nil leaves it to the system.
  public var budgetBytes: Int?
  /// How many words a frame allocates before its young objects are collected, once the loom has been in use for a while.
  public var youngWords = 1 << 16
  /// How many words they are at first; twice as many after every fourth collection. A short run touches few pages so.
  public var firstYoungWords = 1 << 13
  /// How many words of dropped memory each end of the arena keeps instead of giving them back.
  public var keptWords = 1 << 20
  /// The steps in which pages are asked for, in words; a multiple of 512.
  public var commitWords = 1 << 13
  /// A range that has become this large, in words, grows by huge pages.
  public var hugeFromWords = 1 << 17
  /// A frame of at least this many words is compacted in place, not copied.
  public var slideFromWords = 1 << 22
  /// Whether every safe point moves every object of the innermost frame, takes the pages that they leave away, and checks what must
  /// hold of the heap; a process that breaks it is stopped. Slow; a tool for finding words that outlive what they refer to.
  public var checksMoves = false
  /// Requests for pages that are refused, for tests.
  public var refusal = CommitRefusal.never

  public init() {}
}

/// Owns the address range. All work goes through `nursery`, a plain handle that must not outlive the loom.
public final class Loom {
  /// The allocator and collector over this loom.
  public let nursery: Nursery

  /// Reserves the range. Throws `.refused` when the system has not even a few megabytes of address space.
  public init(_ options: LoomOptions = LoomOptions()) throws(Fault) {
    nursery = try Nursery.open(options)
  }

  deinit {
    nursery.close()
  }

  /// Asks the machine to stop with `fault` at its next safe point. May be called from any thread while the
  /// loom is alive, as often as one likes.
  public func interrupt(with fault: Fault = .interrupted) {
    nursery.interruptHandle.raise(fault)
  }
}

/// The part of a loom that other threads may touch: a request to stop.
public struct InterruptHandle: @unchecked Sendable {
  let reason: UnsafeMutablePointer<UInt64>
  let poll: UnsafeMutablePointer<UInt64>

  /// Makes the machine stop with `fault` at its next safe point. The loom must still be alive.
  public func raise(_ fault: Fault) {
    // The reason before the poll word: the machine clears the poll word before it reads the reason.
    platform_store(reason, UInt64(fault.rawValue))
    platform_store(poll, 1)
  }

  /// Takes back a request with `fault` that the machine has not noticed yet. The loom must still be alive.
  public func withdraw(_ fault: Fault) {
    _ = platform_compare_exchange(reason, UInt64(fault.rawValue), 0)
  }

  /// Makes the machine reach a safe point without stopping. The loom must still be alive.
  public func wake() {
    platform_store(poll, 1)
  }
}
