// What a pier is doing at a moment, for people and programs that watch it from another process.
//
// Guarantees: one table of fields serves the socket, JSON and people, and a reader of another version skips what it does
// not know.

/// A pier at a moment.
public struct PierStatus: Equatable, Sendable {
  /// The process that has the pier open.
  public var process: UInt64 = 0
  /// Nanoseconds since the pier was opened.
  public var uptime: UInt64 = 0
  /// The last event that is durable, the last one that is computed, the first one in the log, and the one whose state is stored.
  public var lastEvent: UInt64 = 0
  public var computedEvent: UInt64 = 0
  public var firstEvent: UInt64 = 0
  public var storedEvent: UInt64 = 0
  /// The event that is being computed, 0 for none, and for how many nanoseconds.
  public var runningEvent: UInt64 = 0
  public var runningTime: UInt64 = 0
  /// Events that were done and that failed, and questions that were answered, since the pier was opened.
  public var doneEvents: UInt64 = 0
  public var failedEvents: UInt64 = 0
  public var answeredPeeks: UInt64 = 0
  /// Callers that wait for their turn, events that wait for the disk, questions that are open, effects that no driver has
  /// taken, and connections.
  public var waitingPokes: UInt64 = 0
  public var waitingSyncs: UInt64 = 0
  public var openPeeks: UInt64 = 0
  public var waitingEffects: UInt64 = 0
  public var connections: UInt64 = 0
  /// Bytes by stratum, and of the process.
  public var youngBytes: UInt64 = 0
  public var heapBytes: UInt64 = 0
  public var stackBytes: UInt64 = 0
  public var commonsBytes: UInt64 = 0
  public var storeUsedBytes: UInt64 = 0
  public var storeBytes: UInt64 = 0
  /// Bytes of the store that nobody has compared with their sums since the pier was opened.
  public var unverifiedBytes: UInt64 = 0
  public var logBytes: UInt64 = 0
  public var residentBytes: UInt64 = 0
  /// Transactions of the log, stored states, collections of the store, and the longest time, in nanoseconds, that a duty has
  /// kept events waiting.
  public var batches: UInt64 = 0
  public var storings: UInt64 = 0
  public var collections: UInt64 = 0
  public var longestPause: UInt64 = 0
  /// The last event that failed since the pier was opened, 0 for none, and why.
  public var failedEvent: UInt64 = 0
  public var failure = ""
  /// Why the pier takes no more events; empty while it does.
  public var stopped = ""
  /// The running event's open activations, innermost first, and how old they are in nanoseconds.
  public var stack: [String] = []
  public var stackAge: UInt64 = 0
  /// 1 when there are more activations further out.
  public var isDeeper: UInt64 = 0

  public init() {}

  /// A number of the status under the name by which programs know it.
  public struct Field: Sendable {
    public let name: String
    public let path: any WritableKeyPath<PierStatus, UInt64> & Sendable
  }

  /// All numbers, in the order in which they are shown.
  public static let fields: [Field] = [
    Field(name: "process", path: \.process),
    Field(name: "uptime_nanoseconds", path: \.uptime),
    Field(name: "last_event", path: \.lastEvent),
    Field(name: "computed_event", path: \.computedEvent),
    Field(name: "first_event", path: \.firstEvent),
    Field(name: "stored_event", path: \.storedEvent),
    Field(name: "running_event", path: \.runningEvent),
    Field(name: "running_nanoseconds", path: \.runningTime),
    Field(name: "done_events", path: \.doneEvents),
    Field(name: "failed_events", path: \.failedEvents),
    Field(name: "answered_peeks", path: \.answeredPeeks),
    Field(name: "waiting_pokes", path: \.waitingPokes),
    Field(name: "waiting_syncs", path: \.waitingSyncs),
    Field(name: "open_peeks", path: \.openPeeks),
    Field(name: "waiting_effects", path: \.waitingEffects),
    Field(name: "connections", path: \.connections),
    Field(name: "young_bytes", path: \.youngBytes),
    Field(name: "heap_bytes", path: \.heapBytes),
    Field(name: "stack_bytes", path: \.stackBytes),
    Field(name: "commons_bytes", path: \.commonsBytes),
    Field(name: "store_used_bytes", path: \.storeUsedBytes),
    Field(name: "store_bytes", path: \.storeBytes),
    Field(name: "store_unverified_bytes", path: \.unverifiedBytes),
    Field(name: "log_bytes", path: \.logBytes),
    Field(name: "resident_bytes", path: \.residentBytes),
    Field(name: "batches", path: \.batches),
    Field(name: "storings", path: \.storings),
    Field(name: "collections", path: \.collections),
    Field(name: "longest_pause_nanoseconds", path: \.longestPause),
    Field(name: "last_failed_event", path: \.failedEvent),
    Field(name: "stack_age_nanoseconds", path: \.stackAge),
    Field(name: "stack_is_deeper", path: \.isDeeper),
  ]

  func write(to body: inout WireWriter) {
    body.number(UInt64(PierStatus.fields.count))
    for field in PierStatus.fields {
      body.text(field.name)
      body.number(self[keyPath: field.path])
    }
    body.text(failure)
    body.text(stopped)
    body.number(UInt64(stack.count))
    for name in stack { body.text(name) }
  }

  init(from reader: inout WireReader) {
    let count = reader.number()
    var seen: UInt64 = 0
    while seen < count, reader.isWhole {
      seen += 1
      let name = reader.text()
      let value = reader.number()
      if let field = PierStatus.fields.first(where: { $0.name == name }) { self[keyPath: field.path] = value }
    }
    failure = reader.text()
    stopped = reader.text()
    let lines = reader.number()
    while stack.count < lines, reader.isWhole { stack.append(reader.text()) }
  }
}
