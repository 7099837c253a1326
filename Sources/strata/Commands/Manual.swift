// `strata manual`: prints the manual page.

extension Command {
  /// The verb `manual`.
  static let manual = Command(
    verb: "manual",
    summary: "print the manual page",
    operands: "",
    operandCount: 0...0,
    details: "",
    options: [],
    examples: [Example("strata manual | man -l -", "read it")]
  ) { (_, console) throws(Failure) in
    console.output.write(Help(commands: all).manualPage)
  }
}
