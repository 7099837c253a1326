// `strata pier new` and `run`: making piers, and keeping one open for others.

import CPlatform
import Glibc
import StrataPier

extension Option {
  fileprivate static let shape = Option(
    "shape", value: "SHAPE", choices: KernelShape.allCases.map(\.name),
    "what the kernel is: gate (default), nockapp or arvo")
  fileprivate static let history = Option("keep-history", "never trim the log, so that all of it can be computed again")
  fileprivate static let boot = Option(
    "boot", value: "FILE", "for a whole pill: a noun [modules userspace], lists of [wire card] to go before its own")
  fileprivate static let driver = Option(
    "driver", value: "NAME[=ARG]",
    "let effects act: \(PierDrivers.forms.joined(separator: ", ")); may be repeated")
}

extension Command {
  /// The verb `pier new`.
  static let pierNew = Command(
    verb: "pier new",
    summary: "make a pier: a folder in which a kernel's state lives",
    operands: "PIER KERNEL",
    operandCount: 2...2,
    details: """
      KERNEL is a file with a noun's text or a jam. A gate takes [event state] and gives [effects state]; its own sample \
      holds the first state. A nockapp is a trap that gives a core with arms load, peek and poke. An arvo is a list of \
      boot events, an ivory pill, or with --boot a whole pill. \(Limits.ofEvents)
      """,
    options: [.shape, .history, .boot] + Option.eventOptions + [.json],
    examples: [
      Example("strata pier new counter counter.nock", "make a pier in the new folder counter"),
      Example("strata pier new app kernel.jam --shape nockapp --keep-history", "one for a NockApp"),
    ]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    let name = invocation.value(.shape) ?? KernelShape.gate.name
    guard let shape = KernelShape(name: name) else {
      throw .usage("--shape wants gate, nockapp or arvo, not '\(name)'", verb: invocation.verb)
    }
    let kernel = try PierSession.jam(ofFile: invocation.operands[1], invocation)
    var options = try PierSession.options(invocation)
    if let name = invocation.value(.boot) { options.bootEvents = try PierSession.jam(ofFile: name, invocation) }
    let facts = try atPier(directory) { [options] () throws(PierFailure) in
      let pier = try Pier.create(directory, shape, kernel: kernel, keepsHistory: invocation.has(.history), options)
      let facts = pier.facts()
      try pier.close()
      return facts
    }
    if invocation.has(.json) { return console.print(PierReport.json(facts)) }
    console.print("\(directory) is made: a \(shape.name), state \(facts["state_mug"] ?? "?")")
  }

  /// The verb `pier run`.
  static let pierRun = Command(
    verb: "pier run",
    summary: "open a pier and serve it to other commands until it is stopped",
    operands: "PIER",
    operandCount: 1...1,
    details: """
      Other commands then reach the pier over a socket in its folder, which only its owner may use. Events that come at \
      the same time share the disk's syncs. SIGINT and SIGTERM end it in order; any other end loses nothing either. \
      Effects do nothing unless a driver for them is switched on by name. \(Limits.ofEvents)
      """,
    options: [.driver] + Option.eventOptions,
    examples: [
      Example("strata pier run counter", "serve the pier until it is interrupted"),
      Example("strata pier run app --driver file=out --driver exit", "let it write files below out, and end itself"),
      Example("strata pier run site --driver http=8080", "let it answer HTTP, to this machine only"),
    ]
  ) { (invocation, console) throws(Failure) in
    let directory = invocation.operands[0]
    // Blocked before any thread is made, so that all of them leave the signals to this one.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var options = try PierSession.options(invocation)
    let drivers = try PierDrivers.make(invocation.values(.driver), verb: invocation.verb)
    let hub = DriverHub(drivers, notice: PierDrivers.note)
    if !drivers.isEmpty { options.effects = { number, effects in hub.take(number, effects) } }
    let chosen = options
    let server = try atPier(directory) { () throws(PierFailure) in
      let pier = try Pier.open(directory, chosen)
      hub.attach(pier)
      return try PierServer(pier)
    }
    let opening = server.pier.opening
    console.print(
      "\(directory) runs in process \(getpid()): event \(server.pier.last), \(opening.replayedEvents) computed again")
    console.output.flush()
    try atPier(directory) { () throws(PierFailure) in try hub.start() }
    server.waitForStop {
      var pending = sigset_t()
      if hub.exitCode != nil { return true }
      return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1)
    }
    hub.stop()
    try atPier(directory) { () throws(PierFailure) in try server.close() }
    console.print("\(directory) is closed: event \(server.pier.last)")
    if let code = hub.exitCode, code != 0 {
      throw Failure(.input, "the application ended with code \(code)", subject: directory)
    }
  }
}

/// Facts as text and as JSON.
enum PierReport {
  static func json(_ facts: PierFacts) -> String {
    var json = JSONText()
    json.begin()
    for fact in facts.facts {
      if let number = Int(fact.value), fact.name != "state_mug" {
        json.member(fact.name, number)
      } else {
        json.member(fact.name, fact.value)
      }
    }
    json.end()
    return json.text
  }

  static func lines(_ facts: PierFacts) -> [String] {
    let width = facts.facts.map(\.name.count).max() ?? 0
    return facts.facts.map { fact in
      let name = fact.name.replacing("_", with: " ")
      return name + String(repeating: " ", count: width - fact.name.count + 2) + fact.value
    }
  }
}
