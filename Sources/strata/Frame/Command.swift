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
  /// What is typed after `strata`: a word, or a group's name and a word.
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
  /// Whether verbs of two words begin with this one.
  static func isGroup(_ word: String) -> Bool { all.contains { $0.verb.hasPrefix(word + " ") } }

  /// The verb that a command line begins with, whether there is such a verb or not.
  static func verb(of words: [String]) -> String {
    guard let first = words.first else { return "" }
    return words.count > 1 && isGroup(first) ? "\(first) \(words[1])" : first
  }
}
