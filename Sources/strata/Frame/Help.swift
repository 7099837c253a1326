// The texts that are generated from the command table: the overview, a verb's help, completions for three shells and
// the manual page. Guarantees that they agree with what the parser accepts, since both read the same table.

/// Generates what is said about the verbs.
struct Help: Sendable {
  let commands: [Command]

  /// What `strata --help` prints.
  var overview: String {
    let width = commands.map(\.verb.count).max() ?? 0
    var text = """
      strata \(Version.number): durable, deterministic virtual machines

      Usage: strata VERB [OPTION...] [OPERAND...]

      Verbs:

      """
    for command in commands { text += "  \(pad(command.verb, width))  \(command.summary)\n" }
    text += """

      A FILE may be '-' for standard input, and standard input is read where none is given.
      Exit codes: 0 fine, 1 wrong use, 2 the input or program failed, 3 a budget or an interruption ended it,
      4 the system failed.

      `strata VERB --help` explains a verb, with examples. `strata --version` prints the version.

      """
    return text
  }

  /// What `strata GROUP --help` prints, for verbs of more than one word.
  func overview(of group: String) -> String {
    let members = commands.filter { $0.verb.hasPrefix(group + " ") }
    let width = members.map(\.verb.count).max() ?? 0
    var text = "Usage: strata \(group) VERB [OPTION...] [OPERAND...]\n\nVerbs:\n"
    for command in members { text += "  \(pad(command.verb, width))  \(command.summary)\n" }
    return text + "\n`strata \(group) VERB --help` explains a verb, with examples.\n"
  }

  /// The first words of all verbs, each once.
  private var firstWords: [String] {
    var words: [String] = []
    for command in commands {
      let word = String(command.verb.prefix { $0 != " " })
      if words.last != word { words.append(word) }
    }
    return words
  }

  /// The words that may follow those of `group` in a verb, each once.
  private func nextWords(_ group: String) -> [String] {
    var words: [String] = []
    for command in commands where command.verb.hasPrefix(group + " ") {
      let word = String(command.verb.dropFirst(group.count + 1).prefix { $0 != " " })
      if !words.contains(word) { words.append(word) }
    }
    return words
  }

  /// Everything that verbs of more words begin with, shorter ones first.
  private var groups: [String] {
    let pairs = firstWords.flatMap { first in nextWords(first).map { "\(first) \($0)" } }
    return (firstWords + pairs).filter { !nextWords($0).isEmpty }
  }

  /// The verbs, those of more words first, and how many words a pattern for the first three must leave open.
  private var verbsByLength: [(command: Command, open: Int)] {
    commands.map { ($0, 3 - $0.verb.split(separator: " ").count) }.sorted { $0.1 < $1.1 }
  }

  /// What a command line's first three words match for a verb.
  private static func pattern(_ verb: String, open: Int) -> String { open == 0 ? "'\(verb)'" : "'\(verb) '*" }

  /// What `strata VERB --help` prints.
  func text(for command: Command) -> String {
    var text = "strata \(command.verb): \(command.summary)\n\nUsage: \(command.usage)\n"
    if !command.details.isEmpty { text += "\n\(command.details)\n" }
    text += "\nOptions:\n"
    let forms = command.allOptions.map(Self.form)
    let width = forms.map(\.count).max() ?? 0
    for (option, form) in zip(command.allOptions, forms) { text += "  \(pad(form, width))  \(option.summary)\n" }
    text += "\nExamples:\n"
    for example in command.examples { text += "  \(example.command)\n      \(example.remark)\n" }
    return text
  }

  /// A completion script.
  func completions(for shell: String) -> String? {
    switch shell {
    case "bash": bash
    case "zsh": zsh
    case "fish": fish
    default: nil
    }
  }

  private var bash: String {
    let verbs = (firstWords + ["--help", "--version"]).joined(separator: " ")
    var text = """
      _strata() {
        local word=${COMP_WORDS[COMP_CWORD]} options=""
        if ((COMP_CWORD == 1)); then
          COMPREPLY=($(compgen -W "\(verbs)" -- "$word"))
          return
        fi

      """
    for group in groups {
      let count = group.split(separator: " ").count
      text += """
          if ((COMP_CWORD == \(count + 1))) && [[ "${COMP_WORDS[*]:1:\(count)}" == '\(group)' ]]; then
            COMPREPLY=($(compgen -W "\(nextWords(group).joined(separator: " "))" -- "$word"))
            \(Self.returnsAlways(group, commands) ? "return" : "[[ ${#COMPREPLY[@]} == 0 ]] || return")
          fi

        """
    }
    text += "  case \"${COMP_WORDS[1]} ${COMP_WORDS[2]} ${COMP_WORDS[3]}\" in\n"
    for (command, open) in verbsByLength {
      let words = command.allOptions.map { "--\($0.name)" } + Self.operandChoices(command)
      let pattern = Self.pattern(command.verb, open: open)
      text += "    \(pattern)) options=\"\(words.joined(separator: " "))\" ;;\n"
    }
    text += """
        esac
        COMPREPLY=($(compgen -W "$options" -- "$word") $(compgen -f -- "$word"))
      }
      complete -o filenames -F _strata strata

      """
    return text
  }

  private var zsh: String {
    var text = "#compdef strata\n_strata() {\n  if ((CURRENT == 2)); then\n    local verbs=(\n"
    for word in firstWords {
      let summary = commands.first { $0.verb == word }?.summary ?? "verbs of their own"
      text += "      \(Self.quoted("\(word):\(summary)"))\n"
    }
    text += "    )\n    _describe verb verbs\n    return\n  fi\n"
    for group in groups {
      let count = group.split(separator: " ").count
      text +=
        "  if ((CURRENT == \(count + 2))) && [[ \"${words[2,\(count + 1)]}\" == '\(group)' ]]; then\n    local verbs=(\n"
      for word in nextWords(group) {
        let summary = commands.first { $0.verb == "\(group) \(word)" }?.summary ?? "verbs of their own"
        text += "      \(Self.quoted("\(word):\(summary)"))\n"
      }
      text += "    )\n    _describe verb verbs\n    \(Self.returnsAlways(group, commands) ? "return" : "")\n  fi\n"
    }
    text += "  case \"${words[2]} ${words[3]} ${words[4]}\" in\n"
    for (command, open) in verbsByLength {
      let specs = command.allOptions.map { option in
        Self.quoted("--\(option.name)[\(option.summary)]" + (option.value.map { ":\($0): " } ?? ""))
      }
      let pattern = Self.pattern(command.verb, open: open)
      text += "    \(pattern)) _arguments \(specs.joined(separator: " ")) '*:file:_files' ;;\n"
    }
    return text + "  esac\n}\n_strata \"$@\"\n"
  }

  private var fish: String {
    var text = ""
    for word in firstWords {
      let summary = commands.first { $0.verb == word }?.summary ?? "verbs of their own"
      text += "complete -c strata -n __fish_use_subcommand -a \(word) -d \(Self.quoted(summary))\n"
    }
    for command in commands {
      let words = command.verb.split(separator: " ")
      let condition = words.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
      if let last = words.last, words.count > 1 {
        let before = words.dropLast().map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
        text += "complete -c strata -n '\(before)' -a \(last) -d \(Self.quoted(command.summary))\n"
      }
      for option in command.allOptions {
        text += "complete -c strata -n '\(condition)' -l \(option.name)"
        if let letter = option.letter { text += " -s \(letter)" }
        if option.value != nil { text += " -r" }
        text += " -d \(Self.quoted(option.summary))\n"
      }
    }
    return text
  }

  /// The manual page, in the language of `man`.
  var manualPage: String {
    var text = """
      .TH STRATA 1 "" "strata \(Version.number)" "User Commands"
      .SH NAME
      strata \\- durable, deterministic virtual machines
      .SH SYNOPSIS
      .B strata
      .I VERB
      [\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]
      .SH VERBS

      """
    for command in commands {
      text += ".SS \(Self.escaped(command.usage))\n\(Self.escaped(Self.sentence(command.summary)))\n"
      if !command.details.isEmpty { text += ".PP\n\(Self.escaped(command.details))\n" }
      for option in command.allOptions {
        text += ".TP\n.B \(Self.escaped(Self.form(option)))\n\(Self.escaped(option.summary))\n"
      }
      for example in command.examples {
        text += ".PP\n\(Self.escaped(Self.sentence(example.remark)))\n.EX\n\(Self.escaped(example.command))\n.EE\n"
      }
    }
    text += """
      .SH EXIT STATUS
      0 fine; 1 wrong use; 2 the input or the program failed; 3 a budget or an interruption ended it; 4 the system
      failed.

      """
    return text
  }

  /// An option as the help shows it.
  static func form(_ option: Option) -> String {
    var text = option.letter.map { "-\($0), " } ?? "    "
    text += "--\(option.name)"
    if let value = option.value { text += " \(value)" }
    return text
  }

  /// Whether nothing but a verb can follow: the group's words are no verb themselves.
  private static func returnsAlways(_ group: String, _ commands: [Command]) -> Bool {
    !commands.contains { $0.verb == group }
  }

  /// The words that a verb's first operand may be, where they can be listed.
  private static func operandChoices(_ command: Command) -> [String] {
    command.verb == "completions" ? ["bash", "zsh", "fish"] : []
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  private static func escaped(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var result = ""
      // A line that starts with a dot or a quote would be an instruction to the formatter.
      if line.hasPrefix(".") || line.hasPrefix("'") { result = "\\&" }
      for letter in line {
        switch letter {
        case "\\": result += "\\e"
        case "-": result += "\\-"
        default: result.append(letter)
        }
      }
      return result
    }
    return lines.joined(separator: "\n")
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
