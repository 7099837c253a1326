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
    details: """
      Text is numbers (1.000, 0x1f, 0b101), cells ([1 2 3] is [1 [2 3]]), cords ('text'), terms (%text), tapes ("text"),
      ~ for 0, and comments from '::' to the end of a line. The jam is canonical: equal nouns give equal bytes, however
      they are shared in memory.
      """,
    options: [rejam, .output, .memory],
    examples: [
      Example("echo '[1 2 3]' | strata jam > list.jam", "write the jam of a noun given as text"),
      Example("strata jam noun.txt --output noun.jam", "read a file, write a file"),
      Example("strata jam --rejam old.jam > new.jam", "read a jam and write its canonical form"),
    ]
  ) { (invocation, console) throws(Failure) in
    let isJam = invocation.has(rejam)
    let input = try Input(invocation.operands.first, binary: isJam, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let noun = isJam ? try session.cue(input, console).noun : try session.parse(input, console)
    try session.writeJam(of: noun, invocation, &console)
  }
}
