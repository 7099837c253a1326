// `strata cue`: prints a jammed noun as text, all of it, in the one form that reads back as the same noun.

import StrataNoun

extension Command {
  /// The verb `cue`.
  static let cue = Command(
    verb: "cue",
    summary: "print a jammed noun as text, in full",
    operands: "[FILE]",
    operandCount: 0...1,
    details: """
      The text is one line: numbers in decimal with dots, cells in brackets that are right-nested where they can be.
      What is shared in memory is written out each time, so the text of a small jam may be huge; `strata show` prints
      the beginning of it for reading.
      """,
    options: [.output, .memory],
    examples: [
      Example("strata cue noun.jam", "print the noun in noun.jam"),
      Example("strata cue noun.jam | strata jam | cmp - noun.jam", "read the text back: the same bytes"),
    ]
  ) { (invocation, console) throws(Failure) in
    let input = try Input(invocation.operands.first, binary: true, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let cued = try session.cue(input, console)
    try session.writeText(of: cued.noun, to: invocation.value(.output), .complete(), broken: false, &console)
  }
}
