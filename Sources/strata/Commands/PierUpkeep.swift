// `strata pier info`, `scrub`, `compact`, `replay`, `fork`, `export` and `import`: what operators do.

import Glibc
import StrataMemory
import StrataPier

extension Option {
  fileprivate static let at = Option("event", value: "EVENT", "the state after EVENT instead of the last")
  fileprivate static let rebuild = Option(
    "rebuild", "compute the whole log again, and replace the store by what comes of it")
  fileprivate static let ignoreMugs = Option("ignore-mugs", "go on where a state is not the one that was logged")
  fileprivate static let skip = Option("skip", value: "EVENT", "first mark EVENT to be passed over; may be repeated")
  fileprivate static let events = Option("events", "write the logged events as an archive, instead of the state")
  fileprivate static let history = Option("keep-history", "never trim the new pier's log")
}

extension Command {
  /// The verb `pier info`.
  static let pierInfo = Command(
    verb: "pier info", summary: "tell what a pier is and does", operands: "PIER", operandCount: 1...1,
    details: """
      Events, stored states, the size of the store and what of it is held back by readers, collections and the longest \
      pause, and whether the pier has stopped and why.
      """,
    options: [.json],
    examples: [Example("strata pier info counter --json", "all of it as JSON")]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    let session = try PierSession(directory, invocation)
    guard case .facts(let facts) = try session.ask(.facts, directory) else {
      throw Failure(.system, "an answer of another kind", subject: directory)
    }
    try session.close(directory)
    if invocation.has(.json) { return console.print(PierReport.json(facts)) }
    for line in PierReport.lines(facts) { console.print(line) }
  }

  /// The verb `pier scrub`.
  static let pierScrub = Command(
    verb: "pier scrub", summary: "compare everything that a pier has stored with its checksums", operands: "PIER",
    operandCount: 1...1,
    details: "Reads every record that the stored states reach, and every logged event. Events go on meanwhile.",
    options: [.json],
    examples: [
      Example("strata pier scrub counter", "check it; exit code 2 or 4 and the place of the first damage if any")
    ]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    let session = try PierSession(directory, invocation)
    guard case .scrubbed(let scrub) = try session.ask(.scrub, directory) else {
      throw Failure(.system, "an answer of another kind", subject: directory)
    }
    try session.close(directory)
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("records", scrub.records)
      json.member("record_bytes", scrub.recordBytes)
      json.member("events", scrub.events)
      json.member("event_bytes", scrub.eventBytes)
      json.end()
      return console.print(json.text)
    }
    console.print(
      "all whole: \(scrub.records) records (\(scrub.recordBytes) bytes), \(scrub.events) events (\(scrub.eventBytes) bytes)"
    )
  }

  /// The verb `pier compact`.
  static let pierCompact = Command(
    verb: "pier compact", summary: "make a pier's files as small as they can be", operands: "PIER", operandCount: 1...1,
    details: """
      Stores the state, trims the log and collects the store's garbage, in short steps between which events go on. \
      A pier does all of this by itself in time.
      """,
    options: [.json],
    examples: [Example("strata pier compact counter", "compact it now")]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    let session = try PierSession(directory, invocation)
    _ = try session.ask(.compact, directory)
    guard case .facts(let facts) = try session.ask(.facts, directory) else {
      throw Failure(.system, "an answer of another kind", subject: directory)
    }
    try session.close(directory)
    if invocation.has(.json) { return console.print(PierReport.json(facts)) }
    console.print("the store uses \(facts["store_used_bytes"] ?? "?") bytes")
  }

  /// The verb `pier fork`.
  static let pierFork = Command(
    verb: "pier fork", summary: "make another pier that goes on from a state of this one", operands: "PIER NEW",
    operandCount: 2...2,
    details: """
      Copies the state, and the events from there to EVENT, which are computed when the fork is first opened. Where the \
      file system lets files share blocks, this takes no longer for a large state than for a small one.
      """,
    options: [.at, .json],
    examples: [Example("strata pier fork counter attempt --event 17", "another pier, in the state after event 17")]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    // The pier may run in another folder.
    let target = absolute(invocation.operands[1])
    let session = try PierSession(directory, invocation)
    let number = try invocation.number(.at, minimum: 1).map { UInt64($0) }
    guard case .done(let event) = try session.ask(.fork(target: target, at: number), directory) else {
      throw Failure(.system, "an answer of another kind", subject: directory)
    }
    try session.close(directory)
    report(invocation, &console, "forked", invocation.operands[1], event: event)
  }

  /// The verb `pier export`.
  static let pierExport = Command(
    verb: "pier export", summary: "write a pier's state, or its events, to one file", operands: "PIER FILE",
    operandCount: 2...2,
    details: """
      The file with the state is a jam, the same for the same state on every machine; strata pier import makes a \
      pier of it. An archive of events is checked before it appears.
      """,
    options: [.events, .json],
    examples: [
      Example("strata pier export counter counter.state", "the state, kernel included"),
      Example("strata pier export counter counter.events --events", "the logged events"),
    ]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    let target = invocation.operands[1]
    let session = try PierSession(directory, invocation)
    if invocation.has(.events) {
      guard case .done(let count) = try session.ask(.archive(target: absolute(target)), directory) else {
        throw Failure(.system, "an answer of another kind", subject: directory)
      }
      try session.close(directory)
      return console.print("\(count) events are in \(target)")
    }
    guard case .answered(let result) = try session.ask(.export, directory) else {
      throw Failure(.system, "an answer of another kind", subject: directory)
    }
    try PierSession.emit(result.answer, to: target, &console)
    try session.close(directory)
    report(invocation, &console, "exported", target, event: result.number)
  }

  /// The verb `pier import`.
  static let pierImport = Command(
    verb: "pier import", summary: "make a pier from an exported state", operands: "PIER FILE", operandCount: 2...2,
    details: "The new pier's first event follows the last one of the pier that the state comes from.",
    options: [.history],
    examples: [Example("strata pier import counter counter.state", "a pier in the new folder counter")]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    let input = try Input(invocation.operands[1], binary: true, verb: invocation.verb)
    let bytes = Array(input.bytes)
    let options = try PierSession.options(invocation)
    try atPier(directory) { () throws(PierFailure) in
      try Pier.import(bytes, to: directory, keepsHistory: invocation.has(.history), options)
    }
    console.print("\(directory) is made")
  }

  /// The verb `pier replay`.
  static let pierReplay = Command(
    verb: "pier replay", summary: "compute logged events again and compare the states", operands: "PIER",
    operandCount: 1...1,
    details: """
      Begins with the older of the two stored states and compares the mug of each state with the logged one. With \
      --rebuild it begins with the kernel, which needs a pier that keeps its history, and replaces the store; an \
      interrupted run goes on where it was. The pier must not run. Events are computed without limits, as they had \
      succeeded.
      """,
    options: [.rebuild, .ignoreMugs, .skip, .noJets, .json],
    examples: [
      Example("strata pier replay counter", "check the latest events"),
      Example("strata pier replay counter --rebuild", "make the store anew from the log"),
      Example(
        "strata pier replay counter --skip 17 --ignore-mugs",
        "pass over an event that cannot be computed any more, and take the states that come of the others"),
    ]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    var options = try PierSession.options(invocation)
    options.ignoresMugs = invocation.has(.ignoreMugs)
    options.replaysFromPrevious = true
    for text in invocation.values(.skip) {
      guard let number = UInt64(text), number > 0 else {
        throw .usage("--skip wants the number of an event, not '\(text)'", verb: invocation.verb)
      }
      try atPier(directory) { [options] () throws(PierFailure) in try Pier.skip(number, in: directory, options) }
    }
    let progress = ReplayProgress(isShown: console.errorIsTerminal)
    options.progress = { event, last in progress.show(event, last) }
    let start = Clock.now()
    let chosen = options
    let opening = try atPier(directory) { () throws(PierFailure) in
      if invocation.has(.rebuild) { return try Pier.rebuild(directory, chosen) }
      let pier = try Pier.open(directory, chosen)
      let opening = pier.opening
      try pier.close()
      return opening
    }
    progress.end()
    let seconds = Double(Clock.now() - start) / 1e9
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("from", Int(clamping: opening.storedEvent))
      json.member("events", opening.replayedEvents)
      json.member("differing", opening.differingEvents)
      json.member("seconds", seconds)
      json.end()
      return console.print(json.text)
    }
    let rate = Int(Double(opening.replayedEvents) / max(seconds, 1e-9))
    let differing = opening.differingEvents
    let states = differing == 0 ? "the same states" : "states of which \(differing) are not the logged ones"
    console.print(
      "\(opening.replayedEvents) events after event \(opening.storedEvent) give \(states), \(rate) a second")
  }

  private static func report(
    _ invocation: Invocation, _ console: inout Console, _ action: String, _ target: String, event: UInt64
  ) {
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member(action, target)
      json.member("event", Int(clamping: event))
      json.end()
      console.print(json.text)
    } else {
      console.print("\(action) to \(target), the state after event \(event)")
    }
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }
}

/// Shows a replay's rate and the time that is left, ten times a second at most.
private final class ReplayProgress: @unchecked Sendable {
  private let isShown: Bool
  private let start = Clock.now()
  private var first: UInt64?
  private var shown: UInt64 = 0

  init(isShown: Bool) { self.isShown = isShown }

  func show(_ event: UInt64, _ last: UInt64) {
    guard isShown else { return }
    let now = Clock.now()
    let begin = first ?? event
    first = begin
    if now - shown < 100_000_000 { return }
    shown = now
    let rate = Double(event - begin + 1) / (Double(now - start) / 1e9)
    let left = Int(Double(last - event) / max(rate, 1e-9))
    PierSession.line("\revent \(event) of \(last), \(Int(rate)) a second, \(left) s left \u{1B}[K")
  }

  func end() { if shown != 0 { PierSession.line("\r\u{1B}[K") } }
}

extension PierSession {
  /// Writes to standard error without ending the line.
  static func line(_ text: String) {
    var text = text
    text.withUTF8 { try? Syscalls.write(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
  }
}
