// `strata completions`: prints a completion script for a shell.

extension Command {
  /// The verb `completions`.
  static let completions = Command(
    verb: "completions",
    summary: "print the completion script for bash, zsh or fish",
    operands: "SHELL",
    operandCount: 1...1,
    details: "",
    options: [],
    examples: [Example("source <(strata completions bash)", "complete verbs and options in this shell")]
  ) { (invocation, console) throws(Failure) in
    let shell = invocation.operands[0]
    guard let script = Help(commands: all).completions(for: shell) else {
      throw .usage("no completions for '\(shell)'; there are some for bash, zsh and fish", verb: invocation.verb)
    }
    console.output.write(script)
  }
}
