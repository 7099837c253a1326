// Runs a Flat program that asks its host for something: the host decides which functions there are, by name.

import Glibc
import StrataFlat
import StrataText

let stock: [String: UInt64] = ["apples": 12, "pears": 30]

var host = HostFunctions()
host.register("stock_of") { (call) throws(HostFailure) in
  guard let name = call.text(0) else { throw HostFailure("the name lies outside the program's memory") }
  guard let count = stock[String(decoding: name, as: UTF8.self)] else { throw HostFailure("no such item") }
  return count
}

var text: [UInt8] = []
while let line = readLine(strippingNewline: false) { text += Array(line.utf8) }
let program = FlatProgram.load(SourceText(name: "main.sx", bytes: text))
guard program.isValid, let main = program.main else {
  print(program.renderDiagnostics())
  exit(2)
}
let machine = FlatMachine(module: program.module, budget: Budget(steps: 1_000_000), host: host)
do throws(EvaluationError) {
  _ = try machine.evaluate(main)
  print(String(decoding: machine.output, as: UTF8.self), terminator: "")
} catch {
  print(String(decoding: machine.output, as: UTF8.self), terminator: "")
  print(error.description)
  exit(2)
}
