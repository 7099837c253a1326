// `strata kernel`: kicks a kernel, pokes it, and prints what comes of it.

import Glibc
import StrataMemory
import StrataNock
import StrataNoun

extension Command {
  /// The verb `kernel`.
  static let kernel = Command(
    verb: "kernel",
    summary: "kick a kernel jam and poke it",
    operands: "JAM [POKE...]",
    operandCount: 1...1000,
    details: "Cues and kicks the kernel, then slams each poke sample into its poke arm.",
    options: [.memory, .json],
    examples: [Example("strata kernel kernel.jam poke.jam", "kick a kernel and poke it once")]
  ) { (invocation, console) throws(Failure) in
    let input = try Input(invocation.operands.first, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let cued = try session.cue(input, console)
    let nursery = session.loom.nursery
    let machine = NockMachine(session.loom)
    machine.add(JetFamily.standard)
    let kernel = try session.attempt { (_) throws(Fault) in try NockKernel(machine, kicking: cued.noun) }
    let mug = try session.attempt { (nursery) throws(Fault) in try nursery.mug(kernel.core) }
    console.print("core \(String(mug, radix: 16))")
    for file in invocation.operands.dropFirst() {
      let input = try Input(file, binary: true, verb: invocation.verb)
      let sample = try session.cue(input, console)
      let start = clock()
      switch kernel.poke(sample.noun) {
      case .product(let effects):
        let mugs = try session.attempt { (nursery) throws(Fault) in
          (try nursery.mug(effects), try nursery.mug(kernel.core))
        }
        console.print(
          "\(file) effects \(String(mugs.0, radix: 16)) core \(String(mugs.1, radix: 16)) \((clock() - start) / 1000) ms"
        )
      case .blocked: throw Failure(.input, "blocked")
      case .stopped(let fault, _): throw Failure(.input, fault.explanation)
      }
      console.print("metrics \(nursery.metrics) steps \(machine.steps) commons \(nursery.commonsWords * 8)")
    }
  }
}
