// What can go wrong with a pier, as values that say what, where and what to do.

import StrataMemory
import StrataStore

/// Why a pier did not do what it was asked to. The pier is then as it was before, unless it says otherwise.
public enum PierFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// A disk operation failed.
  case disk(DiskFailure)
  /// The store refused or is damaged.
  case store(BedrockFailure)
  /// The log refused or is damaged.
  case log(EventLogFailure)
  /// Another process, or another part of this one, has the pier open. Its number is known where it wrote it down.
  case inUse(path: String, holder: Int?)
  /// There is no complete pier at the path.
  case notAPier(path: String)
  /// Something is at the path already.
  case exists(path: String)
  /// The pier was made by a later version.
  case laterFormat(path: String, version: Int)
  /// What was given is no event, kernel or query; nothing was logged.
  case badInput(what: String, reason: String)
  /// The machine could not do something that is not an event's own failure.
  case machine(Fault, doing: String)
  /// The kernel crashed when it was built, loaded or asked; the newest lines of its trace.
  case crashed(doing: String, fault: Fault, trace: [String])
  /// An event that was computed before gives another state now: the machine is not the one that computed it.
  case diverged(event: UInt64, expected: UInt32, found: UInt32)
  /// An event that succeeded before fails now.
  case failsNow(event: UInt64, fault: Fault, trace: [String])
  /// The log does not reach back to the stored state.
  case gap(stored: UInt64, first: UInt64)
  /// The log ends before the stored state: it was replaced by an older one.
  case logBehind(stored: UInt64, last: UInt64)
  /// No state is stored from which an event could be reached.
  case unreachable(event: UInt64, first: UInt64, last: UInt64)
  /// The kernel's shape has no such ability.
  case unsupported(String)
  /// The pier was closed.
  case closed
  /// The peer on the socket did not keep to the protocol, or went away.
  case connection(String)
  /// A pier that runs elsewhere refused; its own words.
  case remote(String)

  public var description: String {
    switch self {
    case .disk(let failure): failure.description
    case .store(let failure): failure.description
    case .log(let failure): failure.description
    case .inUse(let path, let holder):
      "\(path) is in use" + (holder.map { " by process \($0)" } ?? "") + " (stop it first, or poke it while it runs)"
    case .notAPier(let path): "\(path) is not a complete pier (strata pier new makes one)"
    case .exists(let path): "\(path) exists already (choose another name)"
    case .laterFormat(let path, let version):
      "\(path) has format \(version), which is newer than this program (upgrade)"
    case .badInput(let what, let reason): "the \(what) is none: \(reason)"
    case .machine(let fault, let doing): "\(doing): \(fault.explanation)"
    case .crashed(let doing, let fault, let trace):
      "\(doing): \(fault.explanation)" + trace.map { "\n  \($0)" }.joined()
    case .diverged(let event, let expected, let found):
      "event \(event) gives a state with mug \(String(found, radix: 16)), not \(String(expected, radix: 16)) as when it "
        + "was computed first (use the program that computed it, or replay with --no-jets to see which is right)"
    case .failsNow(let event, let fault, let trace):
      "event \(event) succeeded when it was computed first and fails now: \(fault.explanation)"
        + trace.map { "\n  \($0)" }.joined()
    case .gap(let stored, let first):
      "the stored state is that after event \(stored), but the log begins with event \(first) "
        + "(import an archive of the events between)"
    case .logBehind(let stored, let last):
      "the log ends at event \(last), before the stored state at event \(stored) (put the newer log back)"
    case .unreachable(let event, let first, let last):
      "event \(event) cannot be reached: states from event \(first) to \(last) can"
    case .unsupported(let what): what
    case .closed: "the pier is closed (open it again)"
    case .connection(let reason): "the connection to the running pier: \(reason)"
    case .remote(let text): text
    }
  }

  /// Whether the disk, or the user's share of it, is full. The pier goes on when there is space.
  public var isNoSpace: Bool {
    switch self {
    case .disk(let failure), .store(.disk(let failure)): failure.isNoSpace
    case .log(.noSpace): true
    default: false
    }
  }
}

/// Runs `work` on the store and says its failure in the pier's terms.
@discardableResult
func inStore<Value>(_ work: () throws(BedrockFailure) -> Value) throws(PierFailure) -> Value {
  do throws(BedrockFailure) { return try work() } catch { throw .store(error) }
}

/// Runs `work` on the log and says its failure in the pier's terms.
@discardableResult
func inLog<Value>(_ work: () throws(EventLogFailure) -> Value) throws(PierFailure) -> Value {
  do throws(EventLogFailure) { return try work() } catch { throw .log(error) }
}

/// Runs `work` on the disk and says its failure in the pier's terms.
@discardableResult
func onDisk<Value>(_ work: () throws(DiskFailure) -> Value) throws(PierFailure) -> Value {
  do throws(DiskFailure) { return try work() } catch { throw .disk(error) }
}
