// `strata nock`: runs a formula on a subject.

import Glibc
import StrataMemory
import StrataNock
import StrataNoun

extension Command {
  /// The verb `nock`.
  static let nock = Command(
    verb: "nock",
    summary: "run a formula on a subject",
    operands: "[FILE]",
    operandCount: 0...1,
    details: "Reads the jam of [subject formula] and runs it.",
    options: [.memory, .mugOnly, .json],
    examples: [Example("strata nock program.jam --mug", "print the mug of the program's product")]
  ) { (invocation, console) throws(Failure) in
    let input = try Input(invocation.operands.first, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let cued = try session.cue(input, console)
    let nursery = session.loom.nursery
    guard cued.noun.isCell else { throw Failure(.input, "is an atom, not [subject formula]", subject: input.name) }
    let machine = NockMachine(session.loom)
    machine.add(JetFamily.standard)
    switch machine.run(subject: nursery.head(cued.noun), formula: nursery.tail(cued.noun)) {
    case .product(let product):
      let mug = try session.attempt { (nursery) throws(Fault) in try nursery.mug(product) }
      console.print(String(mug, radix: 16))
    case .blocked: throw Failure(.input, "blocked")
    case .stopped(let fault, _): throw Failure(.input, fault.explanation)
    }
  }
}

extension Option {
  static let mugOnly = Option("mug", "print only the product's mug")
}
