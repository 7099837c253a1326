// `strata pier poke`, `peek` and `log`: events in, questions, and what has happened.

import Glibc
import StrataMemory
import StrataPier

extension Option {
  fileprivate static let wire = Option(
    "wire", value: "NOUN", "where the event comes from, for nockapp and arvo kernels")
  fileprivate static let upgrade = Option(
    "upgrade", value: "FILE", "replace the kernel by FILE's; it takes the state over")
  fileprivate static let retry = Option("retry", value: "EVENT", "compute the failed EVENT once more, as a new one")
  fileprivate static let pokeCount = Option("count", value: "COUNT", "poke COUNT times")
  fileprivate static let clients = Option("clients", value: "COUNT", "poke from so many connections at once")
  fileprivate static let quiet = Option("quiet", letter: "q", "print a summary instead of a line for each event")
  fileprivate static let from = Option("from", value: "EVENT", "begin with EVENT; by default the last few are shown")
  fileprivate static let wish = Option("wish", "ask the wish arm of an arvo kernel; QUERY is a text")
  fileprivate static let limit = Option("limit", value: "COUNT", "show at most COUNT events; 20 by default")
  fileprivate static let failed = Option("failed", "show only events that failed, with their traces")
  fileprivate static let event = Option("event", value: "EVENT", "show one event whole, with its trace")
}

extension Command {
  /// The verb `pier poke`.
  static let pierPoke = Command(
    verb: "pier poke",
    summary: "give a pier's kernel an event, durably",
    operands: "PIER [EVENT]",
    operandCount: 1...2,
    details: """
      EVENT is a noun's text, or @FILE with a text or a jam. When the verb ends well the event is on the disk, and \
      stays there whatever happens. An event that fails is logged as failed, with its trace, and changes nothing; the \
      verb ends with exit code 2 then, or 3 when a limit ended it. A pier that runs is asked over its socket, and has the \
      limits that it was started with; any other is opened for the event. \(Limits.ofEvents)
      """,
    options: [.wire, .upgrade, .retry, .pokeCount, .clients, .quiet, .json] + Option.eventOptions,
    examples: [
      Example("strata pier poke counter 5", "poke the pier in the folder counter with the event 5"),
      Example("strata pier poke books @transfer.noun --json", "an event from a file, a report for a script"),
      Example("strata pier poke counter 1 --count 10000 --clients 8 --quiet", "many events from many clients"),
      Example("strata pier poke counter --retry 17", "try a failed event again"),
    ]
  ) { (invocation, console) throws(Failure) in
    try PokeVerb(invocation).run(&console)
  }

  /// The verb `pier peek`.
  static let pierPeek = Command(
    verb: "pier peek",
    summary: "ask about a pier's state",
    operands: "PIER [QUERY]",
    operandCount: 1...2,
    details: """
      For a gate, QUERY is a formula that is run on the state; [0 1], the whole state, by default. For other kernels it is \
      what their peek arm takes, such as [%state 0]. It is a noun's text or @FILE. Questions change nothing, and do not \
      keep events waiting; --wish asks an arvo kernel's wish arm instead, which takes a text. Limits are those of the \
      question, which takes a minute at most, and of events that are computed again first.
      """,
    options: [.newest, .wish, .output, .json] + Option.eventOptions,
    examples: [
      Example("strata pier peek counter", "show the whole state"),
      Example("strata pier peek books '[0 2]' --json", "the head of the state, and the event that it is after"),
      Example("strata pier peek ivory --wish \"'(add 2 2)'\"", "what that Hoon gives in an arvo kernel"),
    ]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    let text = invocation.operands.count > 1 ? invocation.operands[1] : "[0 1]"
    let query = try PierSession.jam(text, invocation, "query")
    let session = try PierSession(directory, invocation)
    let newest = try invocation.number(.newest, minimum: 0).map { UInt64($0) }
    let request: PierRequest =
      invocation.has(.wish) ? .wish(text: query, notBefore: newest) : .peek(query: query, notBefore: newest)
    guard case .answered(let result) = try session.ask(request, directory) else {
      throw Failure(.system, "an answer of another kind", subject: directory)
    }
    if let path = invocation.value(.output) {
      try PierSession.emit(result.answer, to: path, &console)
    } else if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("event", Int(clamping: result.number))
      json.member("answer", try PierSession.text(result.answer, invocation))
      json.end()
      console.print(json.text)
    } else {
      console.print(try PierSession.text(result.answer, invocation))
    }
    try session.close(directory)
  }

  /// The verb `pier log`.
  static let pierLog = Command(
    verb: "pier log",
    summary: "show a pier's events and what became of them",
    operands: "PIER",
    operandCount: 1...1,
    details: """
      Shows the number of each event, what it is, what became of it, the mug of the state after it, and the event itself. \
      Events that failed stay in the log with their traces until they are trimmed; they are never computed again unless \
      you say so with strata pier poke --retry.
      """,
    options: [.from, .limit, .failed, .event, .json],
    examples: [
      Example("strata pier log counter", "the last events"),
      Example("strata pier log counter --failed", "the events that failed, and why"),
      Example("strata pier log counter --event 17", "one event whole"),
    ]
  ) { (invocation, console) throws(Failure) in
    try LogVerb(invocation).run(&console)
  }
}

/// One invocation of `pier poke`.
private struct PokeVerb {
  let invocation: Invocation
  let directory: String

  init(_ invocation: Invocation) {
    self.invocation = invocation
    directory = invocation.operands[0]
  }

  func run(_ console: inout Console) throws(Failure) {
    let request = try request()
    let count = try invocation.number(.pokeCount, minimum: 1) ?? 1
    let clients = try invocation.number(.clients, minimum: 1) ?? 1
    let session = try PierSession(directory, invocation)
    if count > 1 || clients > 1 {
      try runMany(request, session, count: count, clients: min(clients, 200), &console)
    } else {
      guard case .poked(let result) = try session.ask(request, directory) else {
        throw Failure(.system, "an answer of another kind", subject: directory)
      }
      let line = try line(result)
      console.print(line)
      try session.close(directory)
      if !result.isDone {
        var failure = Failure(
          PierSession.code(ofFailure: result.failure ?? ""), "event \(result.number) failed and changed nothing",
          subject: directory,
          excerpt: result.failure?.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"),
          advice: "strata pier log \(directory) --event \(result.number)")
        failure.isReported = invocation.has(.json)
        throw failure
      }
    }
  }

  private func request() throws(Failure) -> PierRequest {
    if let file = invocation.value(.upgrade) {
      return .upgrade(kernel: try PierSession.jam(ofFile: file, invocation))
    }
    if let number = try invocation.number(.retry, minimum: 1) { return .retry(UInt64(number)) }
    guard invocation.operands.count > 1 else { throw .usage("an EVENT is missing", verb: invocation.verb) }
    let wire = try invocation.value(.wire).map { (text) throws(Failure) in try PierSession.jam(text, invocation, "wire")
    }
    return .poke(event: try PierSession.jam(invocation.operands[1], invocation, "event"), wire: wire)
  }

  private func line(_ result: PokeResult) throws(Failure) -> String {
    let effects = try PierSession.text(result.effects, invocation)
    let mug = result.mug.map { String($0, radix: 16) }
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("event", Int(clamping: result.number))
      json.member("status", result.isDone ? "done" : "failed")
      if let mug { json.member("mug", mug) }
      if !effects.isEmpty { json.member("effects", effects) }
      if let failure = result.failure { json.member("failure", failure) }
      json.end()
      return json.text
    }
    if !result.isDone { return "event \(result.number) failed" }
    return "event \(result.number) done, state \(mug ?? "?")" + (effects.isEmpty ? "" : ", effects \(effects)")
  }

  /// How far many threads have come with a number of events.
  private final class Tally: @unchecked Sendable {
    private let lock = Lock()
    private var left: Int
    private var done = 0
    private var failed = 0
    private var failure: Failure?

    init(_ count: Int) { left = count }

    /// Whether there is another event to do, which the caller then does.
    func takesAnother() -> Bool {
      lock.withLock {
        if failure != nil || left == 0 { return false }
        left -= 1
        return true
      }
    }

    /// Counts an event; `tell` has its turn before any other thread's.
    func note(isDone: Bool, _ tell: () -> Void) {
      lock.withLock {
        if isDone { done += 1 } else { failed += 1 }
        tell()
      }
    }

    /// Nobody takes another event after the first failure.
    func end(_ failure: Failure) { lock.withLock { self.failure = self.failure ?? failure } }

    var result: (done: Int, failed: Int, failure: Failure?) { lock.withLock { (done, failed, failure) } }
  }

  /// Many events from many threads. Each line is written out as soon as its event is acknowledged.
  private func runMany(
    _ request: PierRequest, _ session: PierSession, count: Int, clients: Int, _ console: inout Console
  ) throws(Failure) {
    console.output.flush()
    let tally = Tally(count)
    let isQuiet = invocation.has(.quiet)
    let directory = self.directory
    let verb = self
    let start = Clock.now()
    let work: @Sendable () -> Void = {
      do throws(Failure) {
        // A connection for each client, so that they wait at the same time.
        var own = session
        if case .running = session {
          let client = try atPier(directory) { () throws(PierFailure) in try PierClient.connect(directory) }
          guard let client else { throw Failure(.system, "the pier went away", subject: directory) }
          own = .running(client)
        }
        while tally.takesAnother() {
          guard case .poked(let result) = try own.ask(request, directory) else { continue }
          tally.note(isDone: result.isDone) {
            if !isQuiet, let line = try? verb.line(result) { PokeVerb.write(line + "\n") }
          }
        }
      } catch {
        tally.end(error)
      }
    }
    let others = SystemThread.start(clients - 1, stackBytes: 4 << 20, work)
    work()
    for thread in others { thread.join() }
    let seconds = Double(Clock.now() - start) / 1e9
    let (done, failed, failure) = tally.result
    try? session.close(directory)
    if isQuiet {
      let rate = Int(Double(done + failed) / max(seconds, 1e-9))
      if invocation.has(.json) {
        var json = JSONText()
        json.begin()
        json.member("done", done)
        json.member("failed", failed)
        json.member("seconds", seconds)
        json.member("events_per_second", rate)
        json.end()
        console.print(json.text)
      } else {
        console.print("\(done) events done, \(failed) failed, \(rate) a second")
      }
    }
    if let failure { throw failure }
  }

  private static func write(_ line: String) {
    var line = line
    line.withUTF8 { try? Syscalls.write(STDOUT_FILENO, UnsafeRawBufferPointer($0)) }
  }
}

/// One invocation of `pier log`.
private struct LogVerb {
  let invocation: Invocation
  let directory: String

  init(_ invocation: Invocation) {
    self.invocation = invocation
    directory = invocation.operands[0]
  }

  func run(_ console: inout Console) throws(Failure) {
    let session = try PierSession(directory, invocation)
    guard case .facts(let facts) = try session.ask(.facts, directory),
      let last = facts["last_event"].flatMap({ UInt64($0) }),
      let first = facts["first_event"].flatMap({ UInt64($0) })
    else { throw Failure(.system, "an answer of another kind", subject: directory) }
    let one = try invocation.number(.event, minimum: 1).map { UInt64($0) }
    if let one, one < first || one > last {
      try session.close(directory)
      throw Failure(.input, "event \(one) is not in the log, which holds \(first) to \(last)", subject: directory)
    }
    let onlyFailed = invocation.has(.failed)
    let limit = one != nil ? 1 : UInt64(try invocation.number(.limit, minimum: 1) ?? (onlyFailed ? Int.max : 20))
    let begin = try invocation.number(.from, minimum: 1).map { UInt64($0) }
    var next = one ?? begin ?? (onlyFailed ? first : max(first, last - min(last, limit - 1)))
    next = max(next, first)
    var shown: UInt64 = 0
    while next <= last, shown < limit {
      let request = PierRequest.events(from: next, limit: onlyFailed ? 1000 : limit - shown)
      guard case .events(let events) = try session.ask(request, directory), !events.isEmpty
      else { break }
      for event in events where shown < limit && (!onlyFailed || event.status == "failed") {
        try show(event, isWhole: one != nil, &console)
        shown += 1
      }
      next = events[events.count - 1].number + 1
    }
    try session.close(directory)
  }

  private func show(_ event: LoggedEventText, isWhole: Bool, _ console: inout Console) throws(Failure) {
    // A kernel is long, and nobody reads one as a noun.
    let isKernel = event.kind != "poke" && !isWhole
    let noun = isKernel ? "(\(event.jam.count) bytes)" : try PierSession.text(event.jam, invocation)
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("event", Int(clamping: event.number))
      json.member("kind", event.kind)
      json.member("status", event.status)
      if let mug = event.mug { json.member("mug", String(mug, radix: 16)) }
      json.member("noun", noun)
      if !event.detail.isEmpty { json.member("detail", event.detail) }
      json.end()
      console.print(json.text)
      return
    }
    let mug = event.mug.map { String($0, radix: 16) } ?? "-"
    console.print("\(event.number) \(event.kind) \(event.status) \(mug) \(noun)")
    if isWhole || invocation.has(.failed) {
      for line in event.detail.split(separator: "\n") { console.print("  \(line)") }
    }
  }
}
