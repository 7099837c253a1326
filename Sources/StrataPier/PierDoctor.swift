// Looks at a pier from outside and says what is wrong with it and what to do, without changing anything.

import Glibc
import StrataStore

/// Checks of a pier.
public enum PierDoctor {
  /// What came of one check.
  public struct Finding: Sendable {
    public enum Result: String, Sendable {
      case good
      case note
      case bad
    }
    public let check: String
    public let result: Result
    public let text: String
    /// A command, or what else to do.
    public let remedy: String?

    public init(_ check: String, _ result: Result, _ text: String, _ remedy: String? = nil) {
      self.check = check
      self.result = result
      self.text = text
      self.remedy = remedy
    }
  }

  /// Examines the pier at `directory`.
  public static func examine(_ directory: String) -> [Finding] {
    var findings: [Finding] = []
    func add(_ check: String, _ result: Finding.Result, _ text: String, _ remedy: String? = nil) {
      findings.append(Finding(check, result, text, remedy))
    }
    let disk = RealDisk()
    let paths = PierPaths(directory: directory)
    do throws(PierFailure) {
      if let marker = try PierMarker.read(paths, on: disk) {
        add("pier", .good, "a complete pier, shape \(marker.shape.name)")
      } else {
        add("pier", .bad, "no complete pier is here", "strata pier new \(directory) KERNEL")
        return findings
      }
    } catch { add("pier", .bad, "\(error)") }

    for (name, needed) in [(directory, W_OK | X_OK), (paths.store, R_OK | W_OK), (paths.log, R_OK | W_OK)]
    where access(name, needed) != 0 {
      add("access", .bad, "\(name): \(String(cString: strerror(errno)))", "look at its owner and permissions")
    }

    let (isHeld, process) = PierLock.holder(of: directory, on: disk)
    if isHeld {
      let holder = process.map { " by process \($0)" } ?? ""
      add("lock", .good, "held\(holder)")
      if (try? PierClient.connect(directory)) != nil {
        add("socket", .good, "the pier answers; strata pier scrub checks its content while it runs")
      } else {
        add("socket", .note, "nobody listens", "wait for the verb that holds it, or stop process \(process ?? 0)")
      }
      return findings
    }
    add("lock", .good, "free")
    examineFiles(paths, disk, add)
    return findings
  }

  /// Opens store and log of a pier that does not run. A store is opened for reading, so nothing is written to it.
  private static func examineFiles(
    _ paths: PierPaths, _ disk: any Disk, _ add: (String, Finding.Result, String, String?) -> Void
  ) {
    var stored: UInt64?
    do throws(BedrockFailure) {
      let reservation = try BedrockReservation()
      let reader = try BedrockReader(paths.store, on: disk, at: reservation.place)
      stored = reader.roots.first?.firstNote
      let scrub = try reader.scrub()
      while try !scrub.step(budgetWords: 1 << 20) {}
      add("store", .good, "\(scrub.checked.records) records are whole, the state after event \(stored ?? 0)", nil)
    } catch {
      add(
        "store", .bad, "\(error)",
        "strata pier replay \(paths.directory) --rebuild, if its history was kept; else restore a copy")
    }
    do throws(EventLogFailure) {
      // Opening it finishes what a death has left unfinished, as every start does.
      let log = try SQLiteEventLog.open(paths.log, on: disk)
      var count = 0
      if log.first <= log.last {
        try log.read(from: log.first) { _ in
          count += 1
          return true
        }
      }
      let range = "events \(log.first) to \(log.last)"
      if let stored, log.last < stored {
        add("log", .bad, "\(range), but the stored state is after event \(stored)", "put the newer log back")
      } else if let stored, log.first > stored + 1 {
        add("log", .bad, "\(range), but the stored state is after event \(stored)", "restore the store, or the log")
      } else {
        add("log", .good, "\(range), \(count) whole", nil)
      }
      try log.close()
    } catch { add("log", .bad, "\(error)", "restore the log, or an archive of it") }
  }
}
