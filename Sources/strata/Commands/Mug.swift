// `strata mug`: prints a noun's mug.

import StrataMemory
import StrataNoun

extension Command {
  /// The verb `mug`.
  static let mug = Command(
    verb: "mug",
    summary: "print the mug (31-bit hash) of a jammed noun",
    operands: "[FILE]",
    operandCount: 0...1,
    details: "Prints lower-case hexadecimal digits and a line feed, nothing else.",
    options: [.memory, .json],
    examples: [
      Example("strata mug kernel.jam", "print the mug of the noun in kernel.jam"),
      Example("strata jam < noun.txt | strata mug", "print the mug of a noun written as text"),
    ]
  ) { (invocation, console) throws(Failure) in
    let input = try Input(invocation.operands.first, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let cued = try session.cue(input, console)
    let mug = try session.attempt { (nursery) throws(Fault) in try nursery.mug(cued.noun) }
    let digits = String(mug, radix: 16)
    if invocation.has(.json) {
      var json = JSONText()
      json.begin()
      json.member("file", input.name)
      json.member("mug", digits)
      json.end()
      console.print(json.text)
    } else {
      console.print(digits)
    }
  }
}
