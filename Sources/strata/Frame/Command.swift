// What a verb is. Everything that is said about a verb anywhere (help, completions, the manual page) is generated from
// one value of `Command`, and so is the reading of its command line; nothing about a verb is written down twice.

/// An option of a verb.
struct Option: Sendable {
  /// The long form, without dashes.
  let name: String
  /// The one-letter form.
  let letter: Character?
  /// What the value is called in the help; nil for an option that takes none.
  let value: String?
  /// The values that are allowed, when they can be listed.
  let choices: [String]
  /// One line that says what it does.
  let summary: String

  init(_ name: String, letter: Character? = nil, value: String? = nil, choices: [String] = [], _ summary: String) {
    self.name = name
    self.letter = letter
    self.value = value
    self.choices = choices
    self.summary = summary
  }

  /// `--help`, which every verb has.
  static let help = Option("help", letter: "h", "explain the verb, with an example")
  /// `--json`, for verbs whose result is a record.
  static let json = Option("json", "print the result as JSON, and errors too")
}

/// A command line that a reader can paste, and what it does.
struct Example: Sendable {
  let command: String
  let remark: String

  init(_ command: String, _ remark: String) {
    self.command = command
    self.remark = remark
  }
}

/// A verb of the command line.
struct Command: Sendable {
  /// What is typed after `strata`: a word, or the words of a group's name and a word.
  let verb: String
  /// One line for the overview.
  let summary: String
  /// The operands, as the usage line shows them.
  let operands: String
  /// How many operands there may be.
  let operandCount: ClosedRange<Int>
  /// What a reader must know beyond the summary; plain paragraphs.
  let details: String
  /// The options besides `--help`.
  let options: [Option]
  /// At least one command line that works.
  let examples: [Example]
  /// Does it.
  let run: @Sendable (Invocation, inout Console) throws(Failure) -> Void

  /// All options, in the order of the help.
  var allOptions: [Option] { options + [.help] }

  /// The usage line.
  var usage: String {
    let words = ["strata", verb, options.isEmpty ? "" : "[OPTION...]", operands]
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }
}

extension Command {
  /// Whether longer verbs begin with these words, which are no verb themselves.
  static func isGroup(_ words: String) -> Bool {
    let beginning = words + " "
    return verbs.contains { $0.hasPrefix(beginning) } && !verbs.contains(words)
  }

  /// The verbs of all commands.
  private static let verbs = table.map { $0.verb }

  /// The verb that a command line begins with, whether there is such a verb or not: the longest that there is, else one
  /// word more than the group that the line names.
  static func verb(of words: [String]) -> String {
    guard var found = words.first else { return "" }
    var named = found
    for word in words.dropFirst().prefix(2) {
      let isGroup = isGroup(named)
      named += " " + word
      if isGroup || self.isGroup(named) || verbs.contains(named) { found = named }
    }
    return found
  }

  /// The group whose name is all that a command line says, but for a wish for help.
  static func group(of words: [String]) -> String? {
    let verb = verb(of: words)
    let rest = words.dropFirst(verb.split(separator: " ").count)
    if isGroup(verb), rest.isEmpty { return verb }
    // `pier --help` reads as a verb of the group.
    let parts = verb.split(separator: " ")
    guard let last = parts.last, last == "--help" || last == "-h" else { return nil }
    let group = parts.dropLast().joined(separator: " ")
    return isGroup(group) ? group : nil
  }
}
