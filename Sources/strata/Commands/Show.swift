// `strata show`: prints the beginning of a noun for reading.

import StrataNoun

extension Command {
  private static let depth = Option("depth", letter: "d", value: "N", "leave out brackets nested deeper than N (24)")
  private static let elements = Option("elements", letter: "e", value: "N", "leave out elements beyond the Nth (64)")
  private static let width = Option("width", letter: "w", value: "N", "break lines at N columns (80)")
  private static let limit = Option("limit", letter: "l", value: "SIZE", "print at most so much text (16K)")
  private static let numbers = Option("numbers", letter: "n", "print every atom as a number, none as text")
  private static let text = Option("text", letter: "t", "the input is a noun's text, not a jam")

  /// The verb `show`.
  static let show = Command(
    verb: "show",
    summary: "print the beginning of a noun for reading, with limits on depth and width",
    operands: "[FILE]",
    operandCount: 0...1,
    details: "Atoms whose bytes are text are shown as terms and cords. What is left out is marked by '...'.",
    options: [text, depth, elements, width, limit, numbers, .memory],
    examples: [
      Example("strata show kernel.jam", "print the outline of a large noun"),
      Example("strata show --depth 3 --elements 8 kernel.jam", "print less of it"),
    ]
  ) { (invocation, console) throws(Failure) in
    let isText = invocation.has(text)
    var options = NounText.Options.brief()
    if let bytes = try invocation.size(limit) {
      guard bytes >= 3 else { throw .usage("--limit wants at least 3 bytes", verb: invocation.verb) }
      options.bytes = bytes
    }
    options.depth = try invocation.number(depth, minimum: 1) ?? options.depth
    options.elements = try invocation.number(elements, minimum: 1) ?? options.elements
    options.width = try invocation.number(width, minimum: 1) ?? options.width
    if invocation.has(numbers) { options.atoms = .numbers }
    let input = try Input(invocation.operands.first, binary: !isText, verb: invocation.verb)
    let session = try NounSession(invocation, name: input.name)
    let noun = isText ? try session.parse(input, console) : try session.cue(input, console).noun
    try session.writeText(of: noun, to: nil, options, broken: true, &console)
  }
}
