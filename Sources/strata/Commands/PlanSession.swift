// What the parts of `strata plan` share, and those that read seeds: a machine with the grants and budget that the invocation names.

import Glibc
import StrataMemory
import StrataPlan

/// A machine for one run of the verb.
struct PlanSession {
  let machine: PlanMachine
  let name: String
  /// How values are printed.
  let style: PlanPrinter.Style
  private let hasStats: Bool
  private let invocation: Invocation

  init(_ invocation: Invocation, name: String) throws(Failure) {
    self.name = name
    hasStats = invocation.has(.stats)
    self.invocation = invocation
    var style = PlanPrinter.Style.plain
    style.hasCords = invocation.has(.cords)
    if let bytes = try invocation.size(.printLimit) { style.bytes = bytes }
    self.style = style
    let limits = try Limits(invocation)
    let grants = try PlanSession.grants(invocation)
    let front = try PlanSession.front(invocation)
    let interval = try invocation.jetCheckInterval()
    do {
      machine = try PlanMachine(
        options: limits.loom, grants: grants, nameJets: !invocation.has(.noJets), jetCheckInterval: interval,
        front: front)
    } catch {
      throw PlanSession.failure(error, subject: nil)
    }
    limits.apply(to: machine)
    machine.traceStyle.bytes = style.bytes
    try Watching.attach(invocation, to: machine, title: name)
  }

  /// The rules that the invocation asks for.
  private static func front(_ invocation: Invocation) throws(Failure) -> PlanFront {
    guard let word = invocation.value(.front) else { return .runtime }
    guard let front = PlanFront(rawValue: word) else {
      throw .usage("--front knows runtime and specification, not '\(word)'", verb: invocation.verb)
    }
    return front
  }

  /// The effects that the invocation grants.
  static func grants(_ invocation: Invocation) throws(Failure) -> PlanGrants {
    var grants = PlanGrants.none
    for word in (invocation.value(.allow) ?? "").split(separator: ",") {
      guard let effect = PlanEffect.allCases.first(where: { $0.name == word }) else {
        let known = PlanEffect.allCases.map(\.name).joined(separator: ", ")
        throw .usage("--allow does not know '\(word)'; it knows \(known)", verb: invocation.verb)
      }
      grants.insert(PlanGrants(effect))
    }
    return grants
  }

  static func failure(_ error: PlanFailure, subject: String?) -> Failure {
    if case .fault(let fault) = error { return .fault(fault, subject: subject) }
    return Failure(.input, error.explanation, subject: subject)
  }

  private func loaded(_ bytes: [UInt8]) throws(Failure) -> Word {
    do {
      return try machine.load(seed: bytes)
    } catch {
      throw Failure(.input, "not a seed: \(error.explanation)", subject: name)
    }
  }

  /// Runs the seed's value on its arguments and ends the process with the status that the program gives.
  func run(_ bytes: [UInt8], _ arguments: [String], _ console: inout Console) throws(Failure) {
    let main = try loaded(bytes)
    let status = PlanSession.status(verb: "plan", name, console) { () throws(PlanFailure) in
      try machine.runProgram(main, arguments: arguments.map { Array($0.utf8) })
    }
    try report(&console)
    // The program's status is the process's: verbs that run one do not end with a code of their own.
    exit(status)
  }

  /// The exit status of a program; tells why it failed.
  static func status(
    verb: String, _ name: String, _ console: borrowing Console, _ run: () throws(PlanFailure) -> UInt64
  ) -> Int32 {
    do throws(PlanFailure) {
      return Int32(truncatingIfNeeded: try run() & 0xFF)
    } catch {
      if error != .uncaught { console.message("strata \(verb): \(name): error: \(error.explanation)\n") }
      return error.exitStatus
    }
  }

  /// Prints the seed's value in normal form.
  func show(_ bytes: [UInt8], _ console: inout Console) throws(Failure) {
    let word = try loaded(bytes)
    do {
      let value = try machine.force(word)
      machine.printed(value, style: style).withUnsafeBytes { console.output.write($0) }
      console.output.write("\n")
    } catch {
      tell(&console)
      throw PlanSession.failure(error, subject: name)
    }
    try report(&console)
  }

  /// Prints what the seed's header counts.
  func info(_ bytes: [UInt8], _ console: inout Console) throws(Failure) {
    do {
      let counts = try PlanMachine.counts(ofSeed: bytes)
      console.print(
        "holes \(counts.holes), bigs \(counts.bigs), words \(counts.words), bytes \(counts.bytes), "
          + "fragments \(counts.fragments)")
    } catch {
      throw Failure(.input, "not a seed: \(error.explanation)", subject: name)
    }
  }

  private func writeStats(_ console: borrowing Console) {
    if hasStats { PlanSession.writeStats(of: machine, console) }
  }

  /// Writes what the invocation wants to know about the run; fails if a law was found wrong.
  func report(_ console: inout Console) throws(Failure) {
    writeStats(console)
    try Watching.report(invocation, machine, &console)
    try machine.reportJetChecks(&console)
  }

  /// What is told of a run that has failed.
  func tell(_ console: inout Console) {
    writeStats(console)
    machine.tellJetChecks(&console)
  }

  /// Writes what a machine took, as JSON on standard error.
  static func writeStats(of machine: PlanMachine, _ console: borrowing Console) {
    let metrics = machine.nursery.metrics
    var object = JSONText()
    object.begin()
    object.member("cpu_milliseconds", Int(Clock.ofProcess() / 1_000_000))
    object.member("peak_used_bytes", metrics.peakUsedWords * 8)
    object.member("young_collections", metrics.youngCollections)
    object.member("flips", metrics.flips)
    object.member("copied_bytes", metrics.copiedWords * 8)
    object.end()
    console.message(object.text + "\n")
  }
}
