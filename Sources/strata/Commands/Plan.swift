// `strata plan`: runs PLAN programs kept as seeds.

import Glibc
import StrataMemory
import StrataPlan

extension Command {
  /// The verb `plan`.
  static let plan = Command(
    verb: "plan",
    summary: "run a PLAN program",
    operands: "run SEED [ARGUMENT...] | show SEED | info SEED",
    operandCount: 2...1000,
    details: """
      run applies the seed's value to a row of its arguments, or to 0 without any; the result's low bits are the \
      exit status. A program that throws ends with status 9. Effects happen only when --allow names them. show prints \
      the seed's value in normal form, info counts what the file holds.
      """,
    options: [.allow, .memory, .stats, .withoutJets],
    examples: [Example("strata plan run --allow read,write,store sire.seed", "read Sire from standard input")]
  ) { (invocation, console) throws(Failure) in
    let operands = invocation.operands
    let input = try Input(operands[1], binary: true, verb: invocation.verb)
    let session = try PlanSession(invocation, name: input.name)
    let bytes = [UInt8](input.bytes)
    switch operands[0] {
    case "run": try session.run(bytes, Array(operands.dropFirst(2)), &console)
    case "show": try session.show(bytes, &console)
    case "info": try session.info(bytes, &console)
    default: throw .usage("no such part: '\(operands[0])'", verb: invocation.verb)
    }
  }
}

extension Option {
  static let allow = Option("allow", value: "EFFECTS", "grant effects: read, write, trace, store, memory, profile")
  static let stats = Option("stats", "print time and memory as JSON on standard error")
  static let withoutJets = Option("no-jets", "run no native code in the place of an arm or a law")
}
