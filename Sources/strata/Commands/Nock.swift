// `strata nock`: runs a formula on a subject, within limits, and shows what came of it.

import Glibc
import StrataMemory
import StrataNock
import StrataNoun
import StrataText

extension Option {
  static let mugOnly = Option("mug", "print only the product's mug")
  static let noJets = Option("no-jets", "run no native code in the place of an arm or a law")
  static let noHints = Option("no-hints", "obey only hints that show in the result")
  private static let subject = Option("subject", value: "NOUN", "the subject, as text; the input is the formula alone")
  private static let listing = Option("listing", "print the compiled code instead of running it")
  private static let wholeTrace = Option("full-trace", "show all of a crash's trace, not only the newest 20 entries")

  fileprivate static let nockOptions: [Option] = [
    subject, .mugOnly, .json, listing, wholeTrace, .profile, .count, .trace, .traceDepth, .traceSize, .noJets,
    .noHints, .checks, .output,
  ]
  fileprivate static var subjectText: Option { subject }
  fileprivate static var listingOnly: Option { listing }
  fileprivate static var fullTrace: Option { wholeTrace }
}

extension Command {
  /// The verb `nock`.
  static let nock = Command(
    verb: "nock",
    summary: "run a formula on a subject",
    operands: "[EXPR|FILE]",
    operandCount: 0...1,
    details: """
      The input is [subject formula]: as text in the operand, or as text or jam in a file or on standard input. The
      product is printed as text; what hints say goes to standard error. A crash ends with exit code 2 and its trace,
      a limit or an interruption with 3.
      """,
    options: Option.limits + Option.nockOptions,
    examples: [
      Example("strata nock '[41 4 0 1]'", "increment 41"),
      Example("strata nock --subject 41 '[4 0 1]'", "the same, the subject apart"),
      Example("strata nock program.jam --mug", "print the mug of the program's product"),
      Example("strata nock program.jam --json --steps 1000000", "a report for a script, within a budget of steps"),
      Example(
        "strata nock program.jam --profile run.svg", "draw where the time goes; .folded and .json are other forms"),
      Example("strata nock program.jam --count", "list how often each formula was entered"),
      Example("strata nock --listing '[1 8 [4 0 1] 4 0 2]'", "show what a formula compiles to"),
    ]
  ) { (invocation, console) throws(Failure) in
    try NockVerb(invocation).run(&console)
  }
}

/// Switches and ways to read and write nouns that the verbs over Nock share.
enum NockOptions {
  static func configuration(_ invocation: Invocation) throws(Failure) -> NockConfiguration {
    var configuration = NockConfiguration()
    configuration.usesJets = !invocation.has(.noJets)
    configuration.usesHints = !invocation.has(.noHints)
    try Limits(invocation).apply(to: &configuration)
    configuration.output = { message in
      var text = message.text + "\n"
      text.withUTF8 { try? Syscalls.write(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
    }
    return configuration
  }

  /// A machine within the invocation's limits, and nothing else.
  static func limits(_ invocation: Invocation) throws(Failure) -> NockConfiguration {
    var configuration = NockConfiguration()
    try Limits(invocation).apply(to: &configuration)
    return configuration
  }

  /// How a fault is called in reports.
  static func mote(_ fault: Fault) -> String {
    switch fault {
    case .exit: "exit"
    case .fail, .size: "fail"
    case .bytes, .refused: "meme"
    case .depth: "over"
    case .time: "alrm"
    case .interrupted: "intr"
    case .steps: "steps"
    }
  }

  /// How much of a trace is shown; sources are looked for in the working directory.
  static func traceOptions(isWhole: Bool) -> TraceOptions {
    var options = TraceOptions()
    if isWhole { options.mostEntries = .max }
    options.source = { name in
      // A name comes from the program: it must not lead out of the directory.
      if name.hasPrefix("/") || name.split(separator: "/").contains("..") || name.utf8.contains(0) { return nil }
      guard let input = try? Input(name, binary: false, verb: "nock"), input.bytes.count < 1 << 24 else { return nil }
      return SourceText(name: name, bytes: Array(input.bytes))
    }
    return options
  }

  /// Reads a noun: text, or a jam where the bytes are one and no text.
  static func read(
    _ bytes: UnsafeRawBufferPointer, name: String, session: borrowing NounSession
  ) throws(Failure) -> Word {
    if isJam(bytes) {
      do throws(CueError) {
        return try session.nursery.cue(bytes).noun
      } catch {
        throw .cue(error, subject: name)
      }
    }
    do throws(Failure) {
      return try read(SourceText(name: name, bytes: Array(bytes)), session.nursery)
    } catch {
      // A small jam may happen to be printable. It is meant if it is one to its last byte.
      guard let cued = try? session.nursery.cue(bytes), (cued.bitCount + 7) / 8 == bytes.count else { throw error }
      return cued.noun
    }
  }

  static func read(_ source: SourceText, _ nursery: Nursery) throws(Failure) -> Word {
    do throws(NounTextError) {
      return try NounText.read(source, into: nursery)
    } catch {
      let rendered = DiagnosticRenderer().render(error.diagnostic, in: source).split(separator: "\n")
      let place = source.location(at: error.range.lowerBound)
      throw Failure(
        .input, error.message, subject: "\(source.name):\(place)",
        excerpt: rendered.dropFirst().prefix(2).joined(separator: "\n"), advice: error.help)
    }
  }

  /// A jam of a cell begins with the bits 1 and 0. Of what a text can begin with only a tab and a carriage return do so.
  static func isJam(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let first = bytes.first else { return false }
    if first == 0x09 || first == 0x0D { return bytes.contains { $0 < 0x20 && !(9...13).contains($0) || $0 >= 0x80 } }
    if first & 3 != 1 { return bytes.contains { $0 < 0x20 && !(9...13).contains($0) } }
    // Digits and letters may begin with these bits too, but then everything is printable.
    return bytes.contains { $0 < 0x20 && !(9...13).contains($0) || $0 >= 0x80 } || bytes.count < 3 && first > 0x39
  }

  /// A product as text: all of it where that is reasonable, else shortened.
  static func text(_ noun: Word, _ nursery: Nursery, _ console: borrowing Console) throws(Failure) -> String {
    do throws(NounText.WriteError) {
      return try NounText.string(noun, in: nursery, .complete(bytes: 1 << 22))
    } catch {
      guard error == .tooLong else { throw Failure(.system, error.message) }
    }
    console.message("strata: note: the product is too long to print whole; --output FILE writes it as a jam\n")
    return (try? NounText.string(noun, in: nursery, .brief())) ?? "..."
  }
}

/// One invocation of `nock`.
private struct NockVerb {
  let invocation: Invocation

  init(_ invocation: Invocation) { self.invocation = invocation }

  func run(_ console: inout Console) throws(Failure) {
    let configuration = try NockOptions.configuration(invocation)
    let operand = invocation.operands.first
    let expression = operand.flatMap { $0.hasPrefix("[") || $0.hasPrefix("~[") ? $0 : nil }
    let session: NounSession
    let input: Word
    if let expression {
      session = try NounSession(invocation, name: "expression")
      input = try NockOptions.read(SourceText(name: "expression", text: expression), session.nursery)
    } else {
      let file = try Input(operand, binary: true, verb: invocation.verb)
      session = try NounSession(invocation, name: file.name)
      input = try NockOptions.read(file.bytes, name: file.name, session: session)
    }
    let nursery = session.nursery
    var subject = Word.zero
    var formula = input
    if let text = invocation.value(.subjectText) {
      subject = try NockOptions.read(SourceText(name: "--subject", text: text), nursery)
    } else {
      guard input.isCell else { throw Failure(.input, "is an atom, not [subject formula]", subject: session.name) }
      subject = nursery.head(input)
      formula = nursery.tail(input)
    }
    let machine = NockMachine(session.loom, configuration)
    machine.add(JetFamily.standard)
    let watching = try Watching(invocation, machine, title: session.name)
    if invocation.has(.listingOnly) {
      let lines = try session.attempt { (_) throws(Fault) in try machine.listing(of: formula) }
      for line in lines { console.print(line) }
      return
    }
    let before = Clock.ofProcess()
    let outcome = Signals.stopping(nursery.interruptHandle) { machine.run(subject: subject, formula: formula) }
    let elapsed = Clock.ofProcess() &- before
    try watching.report(machine, &console)
    switch outcome {
    case .product(let product):
      try show(product, machine, session, elapsed, &console)
    case .blocked(let path):
      throw Failure(
        .input, "the program is blocked on " + ((try? NounText.string(path, in: nursery, .brief())) ?? "..."))
    case .stopped(let fault, let trace):
      try show(fault, trace, machine, elapsed, &console)
    }
  }

  private func show(
    _ product: Word, _ machine: NockMachine, _ session: borrowing NounSession, _ elapsed: UInt64,
    _ console: inout Console
  ) throws(Failure) {
    if invocation.value(.output) != nil { try session.writeJam(of: product, invocation, &console) }
    if invocation.has(.json) || invocation.has(.mugOnly) {
      let mug = String(try session.attempt { (nursery) throws(Fault) in try nursery.mug(product) }, radix: 16)
      if invocation.has(.json) {
        var json = JSONText()
        json.begin()
        json.member("mug", mug)
        addCosts(machine, elapsed, &json)
        json.end()
        console.print(json.text)
      } else {
        console.print(mug)
      }
    } else if invocation.value(.output) == nil {
      console.print(try NockOptions.text(product, session.nursery, console))
    }
  }

  private func show(
    _ fault: Fault, _ trace: Word, _ machine: NockMachine, _ elapsed: UInt64, _ console: inout Console
  ) throws(Failure) {
    let steps = machine.steps
    let peak = machine.nursery.metrics.peakUsedWords * 8
    let lines = machine.text(ofTrace: trace, NockOptions.traceOptions(isWhole: invocation.has(.fullTrace)))
    var failure = Failure.fault(fault, subject: nil)
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("mote", NockOptions.mote(fault))
      json.member("message", fault.explanation)
      json.beginArray("trace")
      for line in lines { json.member(nil, line) }
      json.endArray()
      json.member("steps", Int(clamping: steps))
      json.member("cpu_ms", Double(elapsed / 1000) / 1000)
      json.member("peak_bytes", peak)
      json.end()
      console.print(json.text)
      failure.isReported = true
    } else if !lines.isEmpty {
      failure = Failure(
        failure.code, fault.explanation, excerpt: lines.map { "  " + $0 }.joined(separator: "\n"))
    }
    throw failure
  }

  private func addCosts(_ machine: NockMachine, _ elapsed: UInt64, _ json: inout JSONText) {
    json.member("steps", Int(clamping: machine.steps))
    json.member("cpu_ms", Double(elapsed / 1000) / 1000)
    json.member("peak_bytes", machine.nursery.metrics.peakUsedWords * 8)
  }
}
