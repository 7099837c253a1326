// `strata plan machine`: PLAN programs whose values outlive their process.

import Glibc
import StrataMemory
import StrataPlan
import StrataPlanStore
import StrataStore

extension Option {
  fileprivate static let executable = Option(
    "executable", "write one program that runs the machine: this one's own pages, and the machine behind them")
  fileprivate static let granted = Option("granted", "grant what the machine was exported with")
}

/// What the verbs of `plan machine` share.
private enum PlanMachineFile {
  static func failure(_ error: PlanStoreFailure) -> Failure {
    switch error {
    case .machine(.fault(let fault)): .fault(fault, subject: nil)
    case .machine, .notAMachine, .wrongIndex, .notAProgram, .exists, .laterFormat: Failure(.input, error.description)
    case .store(.damaged), .store(.notAStore), .store(.laterFormat): Failure(.input, error.description)
    case .store, .disk: Failure(.system, error.description)
    }
  }

  static func work<Value>(_ work: () throws(PlanStoreFailure) -> Value) throws(Failure) -> Value {
    do throws(PlanStoreFailure) { return try work() } catch { throw failure(error) }
  }

  static func options(_ invocation: Invocation) throws(Failure) -> PersistentPlanOptions {
    var options = PersistentPlanOptions()
    options.loom = try Limits(invocation).loom
    options.grants = try PlanSession.grants(invocation)
    options.grants.insert(PlanGrants(.store))
    options.hasNameJets = !invocation.has(.noJets)
    options.jetCheckInterval = try invocation.jetCheckInterval()
    options.store.creates = false
    return options
  }

  /// Opens the machine that the first operand names; says on standard error when a newer state was passed over.
  static func opened(_ invocation: Invocation, _ console: borrowing Console) throws(Failure) -> PersistentPlan {
    let path = invocation.operands[0]
    let options = try options(invocation)
    let plan = try work { () throws(PlanStoreFailure) in try PersistentPlan.open(path, options) }
    for rejected in plan.rejected { console.message("strata plan machine: \(path): warning: \(rejected)\n") }
    return plan
  }

  static func close(_ plan: PersistentPlan) throws(Failure) {
    try work { () throws(PlanStoreFailure) in try plan.close() }
  }

  static func printFacts(_ plan: PersistentPlan, _ invocation: Invocation, _ console: inout Console) throws(Failure) {
    let facts = try work { () throws(PlanStoreFailure) in try plan.facts() }
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("commits", Int(facts.commits))
      json.member("pins", Int(facts.pins))
      json.member("used_bytes", facts.usedBytes)
      json.member("allocated_bytes", facts.allocatedBytes)
      json.member("first_byte", facts.firstByte)
      json.end()
      return console.print(json.text)
    }
    let commits = facts.commits == 1 ? "1 commit" : "\(facts.commits) commits"
    console.print("\(commits), \(facts.pins) pins, \(facts.usedBytes) bytes in use")
    if facts.firstByte > 0 { console.print("behind a program of \(facts.firstByte) bytes") }
  }
}

extension Command {
  /// The verb `plan machine new`.
  static let planMachineNew = Command(
    verb: "plan machine new", summary: "make a machine: a file in which a program's value lives",
    operands: "MACHINE SEED", operandCount: 2...2,
    details: """
      The seed's value, forced, is the machine's first. A program that commits another value (pin 12) replaces it, durably \
      and at once; the next run goes on with that.
      """,
    options: [.memory, .json],
    examples: [Example("strata plan machine new counter counter.seed", "make the machine in the new file counter")]
  ) { (invocation, console) throws(Failure) in
    let path = invocation.operands[0]
    let input = try Input(invocation.operands[1], binary: true, verb: invocation.verb)
    let bytes = [UInt8](input.bytes)
    let options = try PlanMachineFile.options(invocation)
    var unread: SeedFailure?
    let plan: PersistentPlan
    do throws(Failure) {
      plan = try PlanMachineFile.work { () throws(PlanStoreFailure) in
        try PersistentPlan.create(path, options) { (machine) throws(PlanFailure) in
          do throws(SeedFailure) { return try machine.load(seed: bytes) } catch {
            unread = error
            throw .store(error.explanation)
          }
        }
      }
    } catch {
      if let unread { throw Failure(.input, "not a seed: \(unread.explanation)", subject: input.name) }
      throw error
    }
    try PlanMachineFile.printFacts(plan, invocation, &console)
    try PlanMachineFile.close(plan)
  }

  /// The verb `plan machine run`.
  static let planMachineRun = Command(
    verb: "plan machine run", summary: "run a machine's value, which goes on where it was",
    operands: "MACHINE [ARGUMENT...]", operandCount: 1...10_000,
    details: """
      Applies the committed value to a row of the arguments, or to 0 without any; the result's low bits are the exit \
      status. Commits are always allowed, other effects only when --allow names them. A program that fails leaves the \
      machine as its last commit did, and ends with the status that strata plan run has for the failure. --check-jets is \
      that of strata plan.
      """,
    options: [.allow, .granted] + Option.limits + [.stats, .profile, .count, .noJets, .checkLaws],
    examples: [
      Example("strata plan machine run counter", "run it once"),
      Example("strata plan machine run --allow read,write app serve", "with effects and an argument"),
    ]
  ) { (invocation, console) throws(Failure) in
    let plan = try PlanMachineFile.opened(invocation, console)
    if invocation.has(.granted) { plan.machine.grants.formUnion(plan.storedGrants) }
    try Limits(invocation).apply(to: plan.machine)
    try Watching.attach(invocation, to: plan.machine, title: plan.path)
    let arguments = invocation.operands.dropFirst().map { Array($0.utf8) }
    let status = PlanSession.status(verb: invocation.verb, plan.path, console) { () throws(PlanFailure) in
      try plan.run(arguments: arguments)
    }
    if invocation.has(.stats) { PlanSession.writeStats(of: plan.machine, console) }
    try Watching.report(invocation, plan.machine, &console)
    try PlanMachineFile.close(plan)
    try plan.machine.reportJetChecks(&console)
    exit(status)
  }

  /// The verb `plan machine info`.
  static let planMachineInfo = Command(
    verb: "plan machine info", summary: "tell what a machine's file holds", operands: "MACHINE", operandCount: 1...1,
    details: "Commits, pins, bytes in use, bytes that the file takes of the disk.",
    options: [.json],
    examples: [Example("strata plan machine info counter --json", "all of it as JSON")]
  ) { (invocation, console) throws(Failure) in
    let plan = try PlanMachineFile.opened(invocation, console)
    try PlanMachineFile.printFacts(plan, invocation, &console)
    try PlanMachineFile.close(plan)
  }

  /// The verb `plan machine save`.
  static let planMachineSave = Command(
    verb: "plan machine save", summary: "write a machine's value as a seed", operands: "MACHINE SEED",
    operandCount: 2...2,
    details: "Equal values give equal files. strata plan machine new makes a machine of the seed.",
    options: [],
    examples: [Example("strata plan machine save counter counter.seed", "the value that was committed last")]
  ) { (invocation, console) throws(Failure) in
    let plan = try PlanMachineFile.opened(invocation, console)
    let seed = try PlanMachineFile.work { () throws(PlanStoreFailure) in try plan.seed() }
    try PlanMachineFile.close(plan)
    var failed: Failure?
    seed.withUnsafeBytes { bytes in
      do throws(Failure) { try console.emit(bytes, to: invocation.operands[1]) } catch { failed = error }
    }
    if let failed { throw failed }
  }

  /// The verb `plan machine scrub`.
  static let planMachineScrub = Command(
    verb: "plan machine scrub", summary: "check everything that a machine has stored", operands: "MACHINE",
    operandCount: 1...1,
    details: """
      Compares every record that is reached with its checksum and every pin with its content hash, and the index with what \
      the value reaches. Says where the first damage is.
      """,
    options: [.json],
    examples: [Example("strata plan machine scrub counter", "exit code 2 when something is damaged")]
  ) { (invocation, console) throws(Failure) in
    let plan = try PlanMachineFile.opened(invocation, console)
    let scrub = try PlanMachineFile.work { () throws(PlanStoreFailure) in try plan.scrub() }
    try PlanMachineFile.close(plan)
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("records", scrub.records)
      json.member("record_bytes", scrub.words * 8)
      json.member("pins", scrub.pins)
      json.member("live_pins", scrub.livePins)
      json.end()
      return console.print(json.text)
    }
    console.print("all whole: \(scrub.records) records, \(scrub.pins) pins, \(scrub.livePins) of them alive")
  }

  /// The verb `plan machine collect`.
  static let planMachineCollect = Command(
    verb: "plan machine collect", summary: "drop what a machine's value does not reach", operands: "MACHINE",
    operandCount: 1...1,
    details: "Gives the space back to the file system. Opening a machine does so by itself when much has been written.",
    options: [.json],
    examples: [Example("strata plan machine collect counter", "make the file small")]
  ) { (invocation, console) throws(Failure) in
    let plan = try PlanMachineFile.opened(invocation, console)
    try PlanMachineFile.work { () throws(PlanStoreFailure) in try plan.collect() }
    try PlanMachineFile.printFacts(plan, invocation, &console)
    try PlanMachineFile.close(plan)
  }

  /// The verb `plan machine export`.
  static let planMachineExport = Command(
    verb: "plan machine export", summary: "write a copy of a machine, or a program that is one",
    operands: "MACHINE FILE", operandCount: 2...2,
    details: """
      The copy holds what the value reaches and nothing else. With --executable the file is a program: run, it runs the \
      machine behind its own pages with its arguments, and grants it what --allow names. The verbs of strata plan machine \
      work on such a file as on any other.
      """,
    options: [.executable, .allow, .json],
    examples: [
      Example("strata plan machine export counter copy", "a small copy"),
      Example("strata plan machine export --executable --allow write counter count", "make ./count"),
    ]
  ) { (invocation, console) throws(Failure) in
    let plan = try PlanMachineFile.opened(invocation, console)
    let target = invocation.operands[1]
    let isProgram = invocation.has(.executable)
    let grants = try PlanSession.grants(invocation)
    try PlanMachineFile.work { () throws(PlanStoreFailure) in
      try plan.export(to: target, program: isProgram ? AppendedMachine.ownProgram : nil, grants: grants)
    }
    try PlanMachineFile.close(plan)
    if isProgram {
      do throws(SystemError) { try Syscalls.makeExecutable(target) } catch {
        throw .system("cannot make it executable", errno: error.errno, subject: target)
      }
    }
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("file", target)
      json.member("executable", isProgram)
      json.end()
      return console.print(json.text)
    }
    console.print("\(target) is made: \(isProgram ? "a program with" : "a copy of") the machine")
  }
}
