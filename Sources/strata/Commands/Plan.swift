// `strata plan`: runs PLAN programs kept as seeds, and reads values and programs written as text.

import Glibc
import StrataMemory
import StrataPlan

extension Command {
  /// The verb `plan`.
  static let plan = Command(
    verb: "plan",
    summary: "run PLAN programs and values",
    operands: "run SEED [ARGUMENT...] | show SEED | eval TEXT | repl | rpn [FILE] | seed info|load|save FILE [TEXT]",
    operandCount: 1...10_000,
    details: """
      run applies the seed's value to a row of its arguments, or to 0 without any; the result's low bits are the \
      exit status, and a program that throws ends with status 9. Effects happen only when --allow names them.

      eval prints the normal form of the value that TEXT writes: (f x y) applies, #x is a pin, {name arity body} a law, \
      [a b] a row, Add the pinned law of an operation. repl does so for each entry, where `name = value` names a value, \
      as strata repl does for Nock. rpn runs programs in the stack language.

      --check-jets runs, beside each pinned law that an operation carries out because of its name and arity, the law's own \
      body, and tells on standard error where the two differ. What the program gives and does stays the same; if a law was \
      wrong, the exit code is 2.

      A value that takes more text than --limit is cut, and the text ends in ..cut after N bytes.

      --front specification follows the newer specification: #0 takes a row (0[item], 1[arity name body], \
      2[p l a z m value]), other pins of naturals mean nothing, pins and laws are lazy, and no name stands for anything.

      show and seed load print a seed's value in normal form, seed info counts what the file holds, seed save writes the \
      value of TEXT as a seed.
      """,
    options: [.allow] + Option.limits + [
      .stats, .profile, .count, .noJets, .checkLaws, .cords, .printLimit, .front, .seeds,
    ],
    examples: [
      Example("strata plan eval '(Mul 6 7)'", "prints 42"),
      Example("strata plan run --allow read,write,store sire.seed", "read Sire from standard input"),
      Example("strata plan run sum.seed --profile sum.svg", "run it and draw where the time went"),
      Example("strata plan run sum.seed --check-jets=1/100", "compare every hundredth call of a jet with its law"),
    ]
  ) { (invocation, console) throws(Failure) in
    let operands = invocation.operands
    func operand(_ index: Int, _ what: String) throws(Failure) -> String {
      guard index < operands.count else {
        throw .usage("'\(operands[0])' wants \(what)", verb: invocation.verb)
      }
      return operands[index]
    }
    func most(_ count: Int) throws(Failure) {
      if operands.count > count { throw .usage("one operand too many: '\(operands[count])'", verb: invocation.verb) }
    }
    func seed(_ path: String, _ use: (PlanSession, [UInt8]) throws(Failure) -> Void) throws(Failure) {
      let input = try Input(path, binary: true, verb: invocation.verb)
      try use(try PlanSession(invocation, name: input.name), [UInt8](input.bytes))
    }
    switch operands[0] {
    case "run":
      try seed(try operand(1, "a SEED")) { (session, bytes) throws(Failure) in
        try session.run(bytes, Array(operands.dropFirst(2)), &console)
      }
    case "show":
      try most(2)
      try seed(try operand(1, "a SEED")) { (session, bytes) throws(Failure) in try session.show(bytes, &console) }
    case "info":
      try most(2)
      try seed(try operand(1, "a SEED")) { (session, bytes) throws(Failure) in try session.info(bytes, &console) }
    case "seed":
      let path = try operand(2, "one of info, load and save, and a FILE")
      switch operands[1] {
      case "info":
        try most(3)
        try seed(path) { (session, bytes) throws(Failure) in try session.info(bytes, &console) }
      case "load":
        try most(3)
        try seed(path) { (session, bytes) throws(Failure) in try session.show(bytes, &console) }
      case "save":
        try most(4)
        try PlanSession(invocation, name: "text").save(try operand(3, "the TEXT of a value"), to: path, &console)
      default: throw .usage("no such part of seed: '\(operands[1])'", verb: invocation.verb)
      }
    case "eval":
      try most(2)
      try PlanSession(invocation, name: "text").evaluate(try operand(1, "the TEXT of a value"), &console)
    case "repl":
      try most(1)
      let conversation = try PlanConversation(invocation)
      do throws(Failure) { try Conversation.hold(conversation, &console) } catch {
        conversation.tell(&console)
        throw error
      }
      try conversation.end(&console)
    case "rpn":
      try most(2)
      let input = try Input(operands.count > 1 ? operands[1] : nil, binary: false, verb: invocation.verb)
      let session = try PlanSession(invocation, name: input.name)
      guard session.machine.front == .runtime else {
        throw .usage("rpn computes with operations that --front specification does not have", verb: invocation.verb)
      }
      try session.stack([UInt8](input.bytes), seeds: invocation.value(.seeds) ?? "seeds", &console)
    default: throw .usage("no such part: '\(operands[0])'", verb: invocation.verb)
    }
  }
}

extension Option {
  static let allow = Option(
    "allow", value: "EFFECTS", "grant effects: read, write, trace, store, memory, profile, time, files, syscall")
  static let stats = Option("stats", "print time and memory as JSON on standard error")
  static let cords = Option("text", letter: "t", "print naturals that are text as text")
  static let printLimit = Option("limit", letter: "l", value: "SIZE", "print at most so much of each value (1M)")
  static let front = Option(
    "front", value: "RULES", "follow the rules of the runtime (by default) or of the newer specification")
  static let seeds = Option("seeds", value: "DIR", "where rpn finds the seed that $NAME names (seeds)")
}
