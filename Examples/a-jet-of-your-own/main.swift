// Runs a program twice, once as Nock and once with a jet of its own, and shows that the answer is the same.

import Glibc
import StrataMemory
import StrataNatural
import StrataNock
import StrataNoun

/// Answers for the arm of the gate `triangle`. What is not as expected is left to the Nock (nil), so that a wrong sample
/// ends exactly as it would without the jet.
let triangle = Jet("triangle") { (call) throws(Fault) in
  let number = try call.sample()
  guard number.isNatural else { return nil }
  let product = try call.nursery.multiply(number, call.nursery.increment(number))
  return try call.nursery.quotient(product, by: Word(direct: 2))
}

func run(_ source: [UInt8], usesJets: Bool) throws -> (product: String, steps: UInt64) {
  let machine = NockMachine(try Loom())
  machine.configuration.usesJets = usesJets
  machine.add([JetFamily("example", [triangle])], extraRoots: ["example"])
  let nursery = machine.nursery
  let program = try NounText.read(source, into: nursery)
  switch machine.run(subject: nursery.head(program), formula: nursery.tail(program)) {
  case .product(let noun): return (try NounText.string(noun, in: nursery), machine.steps)
  case .blocked: return ("blocked", machine.steps)
  case .stopped(let fault, _): return (fault.explanation, machine.steps)
  }
}

var source: [UInt8] = []
while let line = readLine(strippingNewline: false) { source += Array(line.utf8) }
let nock = try run(source, usesJets: false)
let jetted = try run(source, usesJets: true)
print("by Nock: \(nock.product) in \(nock.steps) steps")
print("by jet:  \(jetted.product) in \(jetted.steps) steps")
