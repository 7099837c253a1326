// Nock, line by line: an entry is a formula, run on the subject that the conversation has at the time.

import StrataMemory
import StrataNock
import StrataNoun
import StrataProfile
import StrataText

/// A machine, the subject that entries are run on, and the product of the last one.
final class NockConversation: Session {
  private let session: NounSession
  private let machine: NockMachine
  private var nursery: Nursery { session.nursery }
  /// Stack slots of the subject and of the last product.
  private let subjectSlot: Int
  private let productSlot: Int

  let name = "nock"
  let greeting = "An entry is a formula, run on the subject (0 at first). :help lists commands, Ctrl-D leaves."
  let commands = [
    SessionCommand("subject", "[NOUN]", "show the subject, or make NOUN the subject"),
    SessionCommand("use", "", "make the last product the subject"),
    SessionCommand("run", "[SUBJECT FORMULA]", "run a pair, whatever the subject is"),
    SessionCommand("load", "FILE", "make a file's noun, jam or text, the subject"),
    SessionCommand("save", "FILE", "write the last product as a jam"),
    SessionCommand("mug", "", "print the last product's mug"),
    SessionCommand("listing", "FORMULA", "print a formula's code"),
    SessionCommand(
      "profile", "FILE FORMULA", "run a formula and write where the time goes to FILE.svg, .folded or .json"),
    SessionCommand("trace", "on|off", "tell of every call"),
    SessionCommand("jets", "on|off", "let native code answer for arms that it knows"),
    SessionCommand("hints", "on|off", "obey hints that do not show in the result"),
  ]

  init(_ invocation: Invocation) throws(Failure) {
    session = try NounSession(invocation, name: "entry")
    machine = NockMachine(session.loom, try NockOptions.configuration(invocation))
    machine.add(JetFamily.standard)
    subjectSlot = session.nursery.state.pointee.stackTop
    productSlot = subjectSlot + 1
    for _ in 0..<2 {
      try session.attempt { (nursery) throws(Fault) in try nursery.push(.zero) }
    }
  }

  private subscript(slot: Int) -> Word {
    get { Word(raw: nursery.base[slot]) }
    set {
      nursery.base[slot] = newValue.raw
      nursery.touchStack(from: slot)
    }
  }

  /// Brackets must be closed; what stands in quotes or after `::` does not count.
  func isComplete(_ text: String) -> Bool {
    var depth = 0
    var quote: Character?
    var previous: Character = "\n"
    var isComment = false
    for letter in text {
      if letter == "\n" {
        isComment = false
        quote = nil
      } else if isComment {
        continue
      } else if let open = quote {
        if letter == open, previous != "\\" { quote = nil }
      } else if letter == "'" || letter == "\"" {
        quote = letter
      } else if letter == "[" {
        depth += 1
      } else if letter == "]" {
        depth -= 1
      } else if letter == ":", previous == ":" {
        isComment = true
      }
      previous = letter
    }
    return depth <= 0
  }

  private func read(_ text: String) throws(Failure) -> Word {
    try NockOptions.read(SourceText(name: "entry", text: text), nursery)
  }

  func evaluate(_ text: String, _ console: inout Console) throws(Failure) -> SessionCosts {
    let formula = try read(text)
    return try run(self[subjectSlot], formula, &console)
  }

  private func run(_ subject: Word, _ formula: Word, _ console: inout Console) throws(Failure) -> SessionCosts {
    let before = Clock.ofProcess()
    let steps = machine.steps
    let allocated = nursery.allocatedBytes
    let outcome = Signals.stopping(nursery.interruptHandle) { machine.run(subject: subject, formula: formula) }
    let costs = SessionCosts(
      processorNanoseconds: Clock.ofProcess() &- before, allocatedBytes: nursery.allocatedBytes - allocated,
      steps: machine.steps &- steps)
    defer { tidy() }
    switch outcome {
    case .product(let product):
      self[productSlot] = product
      console.print(try NockOptions.text(product, nursery, console))
      return costs
    case .blocked(let path):
      throw Failure(.input, "blocked on " + ((try? NounText.string(path, in: nursery, .brief())) ?? "..."))
    case .stopped(let fault, let trace):
      let lines = machine.text(ofTrace: trace, NockOptions.traceOptions(isWhole: false))
      let excerpt = lines.isEmpty ? nil : lines.map { "  " + $0 }.joined(separator: "\n")
      throw Failure(Failure.fault(fault, subject: nil).code, fault.explanation, excerpt: excerpt)
    }
  }

  /// Gives back what entries have left behind, when it has become much.
  private func tidy() {
    // If there is no room to tidy up in, the next run says so.
    if nursery.usedBytes > 32 << 20 { try? nursery.flip() }
  }

  func obey(_ command: String, _ argument: String, _ console: inout Console) throws(Failure) -> SessionCosts? {
    switch command {
    case "subject":
      if !argument.isEmpty { self[subjectSlot] = try read(argument) }
      if argument.isEmpty { console.print((try? NounText.string(self[subjectSlot], in: nursery, .brief())) ?? "...") }
    case "use": self[subjectSlot] = self[productSlot]
    case "run":
      let pair = try read(argument)
      guard pair.isCell else { throw Failure(.input, "is an atom, not [subject formula]", subject: "entry") }
      return try run(nursery.head(pair), nursery.tail(pair), &console)
    case "load":
      let file = try Input(argument, binary: true, verb: "repl")
      self[subjectSlot] = try NockOptions.read(file.bytes, name: file.name, session: session)
    case "save":
      if argument.isEmpty { throw Failure(.usage, ":save wants the name of a file") }
      try session.writeJam(of: self[productSlot], to: argument, &console)
    case "mug":
      let product = self[productSlot]
      console.print(String(try session.attempt { (nursery) throws(Fault) in try nursery.mug(product) }, radix: 16))
    case "listing":
      let formula = try read(argument)
      for line in try session.attempt({ (_) throws(Fault) in try machine.listing(of: formula) }) { console.print(line) }
    case "profile": return try profile(argument, &console)
    case "trace": machine.tracer = try NockConversation.isOn(argument, command) ? Watching.tracer() : nil
    case "jets": machine.configuration.usesJets = try NockConversation.isOn(argument, command)
    case "hints": machine.configuration.usesHints = try NockConversation.isOn(argument, command)
    default: break
    }
    return nil
  }

  private func profile(_ argument: String, _ console: inout Console) throws(Failure) -> SessionCosts {
    let words = argument.split(separator: " ", maxSplits: 1)
    guard words.count == 2 else { throw Failure(.usage, ":profile wants a file and a formula") }
    try Watching.check(String(words[0]))
    let profiler = NockProfiler(.sampling(every: 1_000_000), title: String(words[1].prefix(100)))
    machine.profiler = profiler
    defer { machine.profiler = nil }
    let costs = try evaluate(String(words[1]), &console)
    try Watching.write(profiler.profile(of: machine), to: String(words[0]), &console)
    return costs
  }
}
