// `strata repl`: a conversation with a machine, entry by entry.

import Glibc

extension Command {
  /// The verb `repl`.
  static let repl = Command(
    verb: "repl",
    summary: "talk to the Nock machine, entry by entry",
    operands: "",
    operandCount: 0...0,
    details: """
      An entry is a formula, as text, and is run on the subject that the conversation has at the time. An entry goes on over as many
      lines as its brackets do. Lines that begin with a colon are commands; :help lists them. On a terminal lines can be
      edited, the arrow keys recall what was entered before (kept in $STRATA_HISTORY or ~/.strata-history), and Ctrl-C
      ends what runs, or drops what was typed. When standard input is no terminal, all of it is run, and the exit
      code is that of the gravest failure. strata flat repl and strata plan repl are such conversations with the other
      machines.
      """,
    options: Option.limits + [.noJets, .noHints, .checks],
    examples: [
      Example("strata repl", "start a conversation"),
      Example("echo ':run [41 4 0 1]' | strata repl", "the same from a script"),
    ]
  ) { (invocation, console) throws(Failure) in
    try Conversation.hold(try NockConversation(invocation), &console)
  }
}
