// `strata top`: what a running pier is doing, seen from another process.

import Glibc
import StrataMemory
import StrataPier

extension Option {
  fileprivate static let once = Option("once", "look once and end")
  fileprivate static let interval = Option(
    "interval", value: "DURATION", "how long to wait between two looks; 1 second by default")
}

extension Command {
  /// The verb `top`.
  static let top = Command(
    verb: "top",
    summary: "watch what a running pier is doing",
    operands: "PIER",
    operandCount: 1...1,
    details: """
      Shows the last event and how many there are a second, what waits for its turn and for the disk, memory by stratum, \
      the last failure, and the running event's stack, innermost first. Rates are those between two looks, an interval \
      apart. The pier answers in the middle of an event, and nobody waits for it. Ends when the pier does, or at Ctrl-C. \
      Where standard output is no terminal the looks follow each other; with --json each is one line.
      """,
    options: [.once, .interval, .json],
    examples: [
      Example("strata top counter", "watch the pier until Ctrl-C"),
      Example("strata top counter --once --json", "one look, for a script"),
      Example("strata top counter --interval 60 --json >> counter.status", "a record, one line a minute"),
    ]
  ) { (invocation, console) throws(Failure) in
    try TopVerb(invocation).run(&console)
  }
}

/// One invocation of `top`.
private struct TopVerb {
  let directory: String
  let isOnce: Bool
  let isJSON: Bool
  let interval: UInt64

  init(_ invocation: Invocation) throws(Failure) {
    directory = invocation.operands[0]
    isOnce = invocation.has(.once)
    isJSON = invocation.has(.json)
    interval = try invocation.duration(.interval) ?? 1_000_000_000
    guard interval >= 10_000_000 else { throw .usage("--interval wants at least 10ms", verb: invocation.verb) }
  }

  func run(_ console: inout Console) throws(Failure) {
    let client = try connect()
    // Waiting for these signals is how the time between two looks passes; they end the watch in order.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var before = try atPier(directory) { () throws(PierFailure) in try look(client) }
    var isFirst = true
    while !isStopped(&signals) {
      let now: PierStatus
      do throws(PierFailure) { now = try look(client) } catch {
        guard case .connection = error else { throw .pier(error, subject: directory) }
        // Whoever watches wants to know when there is nothing to watch any more; whoever asks once wants an answer.
        if isOnce { throw .pier(error, subject: directory) }
        return console.message("strata top: \(directory) does not run any more\n")
      }
      let report = TopReport(directory, now, since: before)
      if isJSON {
        console.print(report.json)
      } else {
        // The whole screen is written at once, and what is left of the last one is cleared.
        if console.outputIsTerminal, !isOnce {
          console.output.write("\u{1B}[H\u{1B}[J")
        } else if !isFirst {
          console.print("")
        }
        for line in report.lines {
          console.print(console.outputIsTerminal ? String(line.prefix(Syscalls.terminalColumns)) : line)
        }
      }
      console.output.flush()
      if isOnce || console.output.isClosed { return }
      before = now
      isFirst = false
    }
  }

  private func connect() throws(Failure) -> PierClient {
    let holder = try atPier(directory) { () throws(PierFailure) in try PierHolder(directory) }
    if let client = try atPier(directory, { () throws(PierFailure) in try PierClient.connect(directory) }) {
      return client
    }
    switch holder {
    case .nobody:
      throw Failure(.input, "it does not run", subject: directory, advice: "strata pier run \(directory)")
    case .process(let number):
      let who = number.map { "process \($0)" } ?? "another process"
      throw Failure(
        .system, "\(who) has it open and does not serve it, or not yet", subject: directory,
        advice: "again in a while; a start may have events to compute again")
    }
  }

  private func look(_ client: PierClient) throws(PierFailure) -> PierStatus {
    guard case .status(let status) = try client.ask(.status) else {
      throw .connection("an answer of another kind (is the pier of another version?)")
    }
    return status
  }

  /// Lets the interval pass; whether a signal asked for the end meanwhile.
  private func isStopped(_ signals: inout sigset_t) -> Bool {
    let end = Clock.now() &+ interval
    while true {
      let now = Clock.now()
      if now >= end { return false }
      var time = timespec(tv_sec: Int((end - now) / 1_000_000_000), tv_nsec: Int((end - now) % 1_000_000_000))
      if sigtimedwait(&signals, nil, &time) > 0 { return true }
    }
  }
}

/// A status as people and programs read it.
struct TopReport {
  let directory: String
  let status: PierStatus
  /// Events and questions a second since the status before.
  let eventRate: Double
  let peekRate: Double

  init(_ directory: String, _ status: PierStatus, since before: PierStatus) {
    self.directory = directory
    self.status = status
    let seconds = max(Double(status.uptime &- min(status.uptime, before.uptime)) / 1e9, 1e-9)
    func rate(_ path: KeyPath<PierStatus, UInt64>) -> Double {
      Double(status[keyPath: path] &- min(status[keyPath: path], before[keyPath: path])) / seconds
    }
    eventRate = rate(\.lastEvent)
    peekRate = rate(\.answeredPeeks)
  }

  var json: String {
    var json = JSONText()
    json.begin()
    for field in PierStatus.fields { json.member(field.name, Int(clamping: status[keyPath: field.path])) }
    json.member("events_per_second", Double(Int64(eventRate * 10)) / 10)
    json.member("peeks_per_second", Double(Int64(peekRate * 10)) / 10)
    json.member("last_failure", status.failure)
    json.member("stopped", status.stopped)
    json.beginArray("stack")
    for name in status.stack { json.member(nil, name) }
    json.endArray()
    json.end()
    return json.text
  }

  var lines: [String] {
    var lines = [
      "\(directory): process \(status.process), up \(Measure.duration(status.uptime)), event \(status.lastEvent), "
        + "\(Measure.rate(eventRate)) events/s, \(Measure.rate(peekRate)) questions/s"
    ]
    func row(_ name: String, _ parts: [String]) {
      lines.append(name + String(repeating: " ", count: 9 - name.count) + parts.joined(separator: ", "))
    }
    let size = Measure.size
    row(
      "running",
      [
        status.runningEvent == 0
          ? "nothing" : "event \(status.runningEvent) for \(Measure.duration(status.runningTime))"
      ])
    row(
      "waiting",
      [
        "pokes \(status.waitingPokes)", "for the disk \(status.waitingSyncs)", "questions \(status.openPeeks)",
        "effects \(status.waitingEffects)", "connections \(status.connections)",
      ])
    row(
      "memory",
      [
        "nursery \(size(status.youngBytes))", "heap \(size(status.heapBytes))", "stack \(size(status.stackBytes))",
        "commons \(size(status.commonsBytes))", "store \(size(status.storeUsedBytes)) of \(size(status.storeBytes))",
        "log \(size(status.logBytes))", "resident \(size(status.residentBytes))",
      ] + (status.unverifiedBytes > 0 ? ["not compared yet \(size(status.unverifiedBytes))"] : []))
    row(
      "events",
      [
        "done \(status.doneEvents)", "failed \(status.failedEvents)", "transactions \(status.batches)",
        "kept from \(status.firstEvent)", "stored at \(status.storedEvent)",
      ])
    row(
      "duties",
      [
        "states stored \(status.storings)", "collections \(status.collections)",
        "longest pause \(Measure.duration(status.longestPause))",
      ])
    if !status.stopped.isEmpty { row("stopped", [status.stopped]) }
    if status.failedEvent != 0 {
      let text = status.failure.split(separator: "\n").map { String($0) }
      row("failed", ["event \(status.failedEvent): \(text.first ?? "")"])
      lines += text.dropFirst().prefix(4).map { "           " + $0 }
    }
    if !status.stack.isEmpty {
      row("stack", ["innermost first, \(Measure.duration(status.stackAge)) ago"])
      lines += status.stack.map { "         " + $0 }
      if status.isDeeper != 0 { lines.append("         ...") }
    } else if status.runningEvent != 0 {
      row("stack", ["not to be had: native code is at work"])
    }
    return lines
  }
}

/// Quantities for people, in three digits or so.
enum Measure {
  static func size(_ bytes: UInt64) -> String {
    if bytes < 10_000 { return "\(bytes) B" }
    var value = Double(bytes) / 1024
    var unit = "KiB"
    for next in ["MiB", "GiB", "TiB"] where value >= 1000 {
      value /= 1024
      unit = next
    }
    return "\(short(value)) \(unit)"
  }

  static func duration(_ nanoseconds: UInt64) -> String {
    let seconds = Double(nanoseconds) / 1e9
    if nanoseconds < 1000 { return "\(nanoseconds) ns" }
    if seconds < 0.001 { return "\(short(seconds * 1e6)) us" }
    if seconds < 1 { return "\(short(seconds * 1e3)) ms" }
    if seconds < 60 { return "\(short(seconds)) s" }
    let whole = nanoseconds / 1_000_000_000
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    if whole < 86_400 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
    return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
  }

  static func rate(_ value: Double) -> String { short(value) }

  /// One digit after the point below a hundred, none above.
  private static func short(_ value: Double) -> String {
    let tenths = Int64(min(max(value, 0), 1e15) * 10 + 0.5)
    return tenths >= 1000 || tenths % 10 == 0
      ? "\((tenths + (tenths >= 1000 ? 5 : 0)) / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}
