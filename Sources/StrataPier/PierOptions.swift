// Choices for opening a pier, and what opening it found.

import StrataNock
import StrataStore

/// Every field has a default that suits a pier with an unknown kernel.
public struct PierOptions: Sendable {
  /// Where the pier lies. Tests use a simulated one.
  public var disk: any Disk = RealDisk()
  /// What one event may use of memory, in bytes; nil leaves it to the system.
  public var eventBytes: Int?
  /// How many activations one event may enter; nil for no limit.
  public var eventSteps: UInt64?
  /// How deep one event's calls may nest; nil for no limit but memory.
  public var eventDepth: Int?
  /// How long one event may take, in nanoseconds; nil for no limit. Needs `worksInBackground`.
  public var eventNanoseconds: UInt64? = 600_000_000_000
  /// How long one question may take, in nanoseconds.
  public var peekNanoseconds: UInt64? = 60_000_000_000
  /// The state is stored when this many events, or bytes of events, or nanoseconds of computing, or words of new state
  /// have come since it was last, whichever is first: what a start has to compute again.
  public var storeAfterEvents = 20_000
  public var storeAfterBytes = 8 << 20
  public var storeAfterNanoseconds: UInt64 = 500_000_000
  public var storeAfterWords = 8 << 20
  /// ... or when a change is this old. Needs `worksInBackground`.
  public var storeAfterAge: UInt64 = 30_000_000_000
  /// Words that one step of a collection of the store may read: about a millisecond's work.
  public var collectionStepWords = 1 << 16
  /// How many of the last events stay in the log in any case, so that people can look at them.
  public var keptEvents = 1000
  /// What one step of trimming removes: about a millisecond's work.
  public var trimStep = TrimLimit(events: 2048, bytes: 1 << 20)
  /// Whether a thread of the pier's own does what is due while nobody pokes, and ends events that take too long.
  public var worksInBackground = true
  /// Whether native code may answer for arms that it is registered for.
  public var usesJets = true
  /// What goes before the events of a whole pill when a pier is made from one: the jam of `[modules userspace]`, two lists of
  /// `[wire card]`, such as who the computer is to be.
  public var bootEvents: [UInt8]?
  /// Native code.
  public var jets: [JetFamily] = JetFamily.standard
  /// How many threads may ask questions at the same time; more wait.
  public var peekMachines = 2
  /// Address space for each loom.
  public var loomBytes = 256 << 30
  /// How the store is opened.
  public var store = BedrockOptions()
  /// Called with what the kernel prints.
  public var output: (@Sendable (NockMessage) -> Void)?
  /// Called with the jam of each event's effects, in the order of the events, once they are durable.
  public var effects: (@Sendable (_ event: UInt64, _ effects: [UInt8]) -> Void)?
  /// Called with what an operator should know and no caller is told.
  public var notice: (@Sendable (String) -> Void)?
  /// Called during a long replay: the event that was computed, and the last one.
  public var progress: (@Sendable (_ event: UInt64, _ last: UInt64) -> Void)?
  /// Whether a replayed event may give another state than when it was computed first.
  public var ignoresMugs = false
  /// Whether to begin with the older of the two stored states, so that what came after it is computed and compared.
  public var replaysFromPrevious = false

  public init() {
    store.keepsSums = true
    // Some milliseconds' work.
    store.verifiedBytes = 32 << 20
    store.verifiesOnDemand = true
  }

  var configuration: NockConfiguration {
    var configuration = NockConfiguration()
    configuration.usesJets = usesJets
    configuration.stepLimit = eventSteps
    configuration.depthLimit = eventDepth
    configuration.output = output
    return configuration
  }
}

/// What opening a pier found and did.
public struct PierOpening: Sendable {
  /// The event whose state was stored, and how many events were computed after it.
  public var storedEvent: UInt64 = 0
  public var replayedEvents = 0
  /// How many of those gave another state than when they were computed first, where that is allowed.
  public var differingEvents = 0
  /// What the operator should know, such as a damaged state that was passed over.
  public var notes: [String] = []
}

/// What became of a poke.
public struct PokeResult: Equatable, Sendable {
  /// The event's number in the log.
  public var number: UInt64
  /// Whether the kernel took the event. If not, the state is what it was.
  public var isDone: Bool
  /// The jam of the effects; empty for none.
  public var effects: [UInt8]
  /// The mug of the state afterwards, when the event was done.
  public var mug: UInt32?
  /// Why the event failed, with its trace. Also set when the kernel took a report of the failure in its place.
  public var failure: String?
}

/// An answer to a question.
public struct PeekResult: Equatable, Sendable {
  /// The event after whose state was asked.
  public var number: UInt64
  /// The jam of the answer.
  public var answer: [UInt8]
}

/// Where the parts of a pier lie.
struct PierPaths: Sendable {
  let directory: String
  var marker: String { directory + "/pier" }
  var lock: String { directory + "/lock" }
  var store: String { directory + "/store" }
  var log: String { directory + "/log" }
  var socket: String { directory + "/socket" }
}
