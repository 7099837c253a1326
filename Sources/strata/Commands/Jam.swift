// `strata jam`: writes a jam, from a noun's text or from another jam.

import StrataMemory
import StrataNoun

extension Command {
  private static let rejam = Option("rejam", "the input is a jam: read it and write its canonical form")

  /// The verb `jam`.
  static let jam = Command(
    verb: "jam",
    summary: "write a noun's jam, from its text or from another jam",
    operands: "[FILE]",
    operandCount: 0...1,
    details: "The jam is canonical: equal nouns give equal bytes, however they are shared in memory.",
    options: [rejam, .output, .memory],
    examples: [
      Example("strata jam --rejam old.jam > new.jam", "cue and jam again")
    ]
  ) { (invocation, console) throws(Failure) in
    let isJam = invocation.has(rejam)
    let input = try Input(invocation.operands.first, binary: isJam, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let cued = try session.cue(input, console)
    try session.writeJam(of: cued.noun, invocation, &console)
  }
}
