// `strata kernel`: kicks a kernel, loads a state, pokes it, and prints what comes of it.

import Glibc
import StrataMemory
import StrataNock
import StrataNoun
import StrataPier

extension Command {
  /// The verb `kernel`.
  static let kernel = Command(
    verb: "kernel",
    summary: "kick a kernel jam, load its state and poke it",
    operands: "JAM",
    operandCount: 1...1,
    details: """
      Cues and kicks the kernel, slams the state into its load arm when one is given, then each poke sample, in order, \
      into its poke arm. Prints the mug of the core, and for each poke the mugs of the effects and of the new core. A poke \
      that fails leaves the core as it was and ends the run. Limits are those of each of these steps.
      """,
    options: [.state, .poke, .saveEffects] + Option.limits + [.noJets, .checkJets, .json],
    examples: [
      Example("strata kernel kernel.jam --poke first.jam --poke second.jam", "kick a kernel and poke it twice")
    ]
  ) { (invocation, console) throws(Failure) in
    let input = try Input(invocation.operands.first, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let machine = try NockMachine(session.loom, NockOptions.limits(invocation))
    try machine.configureJets(invocation)
    let trap = try session.cue(input, console, fixed: true)
    let kernel = try session.attempt { (_) throws(Fault) in try NockKernel(machine, kicking: trap.noun) }
    var report = KernelReport(invocation)
    if let file = invocation.value(.state) {
      let state = try readState(file, session, console)
      switch kernel.load(state) {
      case .product: break
      case .blocked: throw Failure(.input, "the kernel asks for something from outside", subject: file)
      case .stopped(let fault, _): throw .fault(fault, subject: file)
      }
    }
    report.core(try session.attempt { (nursery) throws(Fault) in try nursery.mug(kernel.core) }, &console)
    for (index, file) in invocation.values(.poke).enumerated() {
      let sample = try read(file, session, console)
      let start = clock()
      let outcome = kernel.poke(sample)
      let milliseconds = Int(clock() - start) / (Int(CLOCKS_PER_SEC) / 1000)
      switch outcome {
      case .product(let effects):
        let mugs = try session.attempt { (nursery) throws(Fault) in
          (try nursery.mug(effects), try nursery.mug(kernel.core))
        }
        let peak = (session.nursery.metrics.peakUsedWords + session.nursery.commonsWords) * 8
        report.poke(file, effects: mugs.0, core: mugs.1, milliseconds, peak, &console)
        if let folder = invocation.value(.saveEffects) {
          try session.writeJam(of: effects, to: "\(folder)/\(index + 1).jam", &console)
        }
      case .blocked: throw Failure(.input, "the kernel asks for something from outside", subject: file)
      case .stopped(let fault, let trace):
        report.stopped(file, fault, trace: machine.text(ofTrace: trace), &console)
        throw .fault(fault, subject: file)
      }
    }
    try machine.reportJetChecks(invocation, &console)
  }

  private static func read(
    _ file: String, _ session: borrowing NounSession, _ console: borrowing Console
  ) throws(Failure) -> Word {
    let input = try Input(file, binary: true, verb: "kernel")
    return try session.cue(input, console).noun
  }

  private static func readState(
    _ file: String, _ session: borrowing NounSession, _ console: borrowing Console
  ) throws(Failure) -> Word {
    let input = try Input(file, binary: true, verb: "kernel")
    let start = try atPier(input.name) { () throws(PierFailure) in try KernelStateFile.jamStart(in: input.bytes) }
    return try session.cue(UnsafeRawBufferPointer(rebasing: input.bytes[start...]), name: input.name, console).noun
  }
}

/// Prints what a kernel does, for people or one JSON object a line.
private struct KernelReport {
  private let isJSON: Bool

  init(_ invocation: Invocation) { isJSON = invocation.has(.json) }

  func core(_ mug: UInt32, _ console: inout Console) {
    if !isJSON { return console.print("core \(mugText(mug))") }
    var json = JSONText()
    json.begin()
    json.member("core", mugText(mug))
    json.end()
    console.print(json.text)
  }

  func poke(
    _ file: String, effects: UInt32, core: UInt32, _ milliseconds: Int, _ peak: Int, _ console: inout Console
  ) {
    let effects = mugText(effects)
    let core = mugText(core)
    if !isJSON { return console.print("\(file): effects \(effects), core \(core), \(milliseconds) ms") }
    var json = JSONText()
    json.begin()
    json.member("poke", name(of: file))
    json.member("effects", effects)
    json.member("core", core)
    json.member("cpu_ms", milliseconds)
    json.member("peak_bytes", peak)
    json.end()
    console.print(json.text)
  }

  func stopped(_ file: String, _ fault: Fault, trace: [String], _ console: inout Console) {
    guard isJSON else {
      for line in trace { console.print(line) }
      return
    }
    var json = JSONText()
    json.begin()
    json.member("poke", name(of: file))
    json.member("mote", "\(fault)")
    json.beginArray("trace")
    for line in trace { json.member(nil, line) }
    json.endArray()
    json.end()
    console.print(json.text)
  }

  /// The file's name without its folder and ending.
  private func name(of file: String) -> String {
    let last = file.split(separator: "/").last.map { String($0) } ?? file
    return last.hasSuffix(".jam") ? String(last.dropLast(4)) : last
  }
}

extension Option {
  static let state = Option(
    "state", value: "FILE", "slam the state in FILE into the load arm first: a jam, or what other runtimes export")
  static let poke = Option("poke", value: "FILE", "slam the sample jammed in FILE into the poke arm; may be repeated")
  static let saveEffects = Option("save-effects", value: "DIR", "write each poke's effects to DIR/1.jam, DIR/2.jam ...")
}
