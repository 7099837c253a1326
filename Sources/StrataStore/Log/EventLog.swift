// The event log: what a durable machine writes down before it answers.
//
// The protocol is small so that the embedded log can be replaced by a database server without touching its users.

/// What became of an event, once it was computed.
public struct EventOutcome: Equatable, Sendable {
  public enum Status: UInt8, Sendable {
    case done = 0
    /// The event failed; the state after it is the state before it.
    case failed = 1
    /// The event is skipped on replay because somebody said so.
    case skipped = 2
  }
  public var status: Status
  /// The mug of the state after the event, if it was computed.
  public var mug: UInt32?
  /// The trace of a failure, or whatever else its owner wants to keep with it.
  public var detail: [UInt8]

  public init(status: Status, mug: UInt32? = nil, detail: [UInt8] = []) {
    self.status = status
    self.mug = mug
    self.detail = detail
  }
}

/// One event as it was logged.
public struct LoggedEvent: Equatable, Sendable {
  public let number: UInt64
  public let payload: [UInt8]
  /// Nil while the event has not been computed, or when the outcome was lost with a crash: replay finds it again.
  public let outcome: EventOutcome?

  public init(number: UInt64, payload: [UInt8], outcome: EventOutcome?) {
    self.number = number
    self.payload = payload
    self.outcome = outcome
  }
}

/// Why the log did not do what it was asked to.
public enum EventLogFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// A write or sync failed. Nothing is acknowledged any more until the log is opened again.
  case stopped(path: String, reason: String)
  /// There is no space. Nothing was logged; the log goes on when there is.
  case noSpace(path: String)
  /// An operation failed that does not put anything in doubt.
  case failed(path: String, reason: String)
  /// Another process has the log open.
  case inUse(path: String)
  /// An event is not what was written, or is missing.
  case damaged(path: String, event: UInt64, finding: String)
  /// The file is not an event log, or one of a later version.
  case notALog(path: String, reason: String)
  /// The event is not in the log: it was trimmed, or never written.
  case noSuchEvent(UInt64)
  /// The log was closed.
  case closed

  public var description: String {
    switch self {
    case .stopped(let path, let reason):
      "the log \(path) has stopped: \(reason) (look at the disk, then open it again; nothing acknowledged is lost)"
    case .noSpace(let path): "the log \(path) is out of space (free some; no event was taken)"
    case .failed(let path, let reason): "the log \(path): \(reason)"
    case .inUse(let path): "the log \(path) is open elsewhere (stop that process first)"
    case .damaged(let path, let event, let finding):
      "event \(event) in \(path) is damaged: \(finding) (restore the log or an archive of it)"
    case .notALog(let path, let reason): "\(path) is not an event log: \(reason)"
    case .noSuchEvent(let number): "event \(number) is not in the log (it was trimmed, or never written)"
    case .closed: "the log is closed (open it again)"
    }
  }
}

/// An event that was handed in and is not durable yet. Only its log changes it, under the log's lock.
public final class LogTicket: @unchecked Sendable {
  let payload: [UInt8]
  let outcome: EventOutcome?
  private(set) var isSettled = false
  private(set) var result: Result<UInt64, EventLogFailure> = .failure(.closed)

  init(payload: [UInt8], outcome: EventOutcome?) {
    self.payload = payload
    self.outcome = outcome
  }

  func settle(_ result: Result<UInt64, EventLogFailure>) {
    self.result = result
    isSettled = true
  }
}

/// What one call of `trim` may do.
public struct TrimLimit: Equatable, Sendable {
  public var events: Int
  /// Bytes of events to remove. Moving what is left costs more than removing: a quarter of this is moved at most.
  public var bytes: Int

  public init(events: Int, bytes: Int) {
    self.events = events
    self.bytes = bytes
  }

  /// For callers that keep nobody waiting.
  public static let generous = TrimLimit(events: 1 << 14, bytes: 64 << 20)
}

/// A log of numbered events, without gaps. Any thread may call any method.
public protocol EventLog: AnyObject, Sendable {
  /// The number of the first event that the log still holds; one more than `last` when it holds none.
  var first: UInt64 { get }
  /// The number of the last event that is durable, 0 before the first.
  var last: UInt64 { get }

  /// Logs an event. It is durable when this returns its number; when it throws, the event is not acknowledged.
  /// Events of many callers become durable together.
  func append(_ payload: [UInt8]) throws(EventLogFailure) -> UInt64

  /// Hands in an event that was computed already, with its outcome. It must be the next number: when an event before it
  /// was refused, this one is too, with `.noSuchEvent`. It becomes durable no later than `wait` returns.
  func submit(
    _ payload: [UInt8], _ outcome: EventOutcome?, as number: UInt64
  ) throws(EventLogFailure) -> LogTicket

  /// Returns the event's number once it and its outcome are durable. Throws when it was refused.
  @discardableResult
  func wait(_ ticket: LogTicket) throws(EventLogFailure) -> UInt64

  /// How often events were refused; everything that waited then was refused together.
  var failureCount: Int { get }

  /// Notes what became of an event. Written with the next events; lost by a crash before, and then found again by
  /// replay.
  func note(_ outcome: EventOutcome, of number: UInt64) throws(EventLogFailure)

  /// Calls `body` with each event from `number` on, in order, until it returns false. Every event is verified.
  func read(from number: UInt64, _ body: (LoggedEvent) -> Bool) throws(EventLogFailure)

  /// Removes events with numbers below `number`, the oldest first and at least one, as far as `limit` goes. True when
  /// none of them is left and no more of the file is unused than used. Events may be appended meanwhile.
  func trim(before number: UInt64, limit: TrimLimit) throws(EventLogFailure) -> Bool

  /// Writes what is pending and closes the log.
  func close() throws(EventLogFailure)
}
