// Reads the words after a verb against the verb's own table of options. Guarantees that an unknown option, a missing
// or superfluous value and a wrong number of operands are all found before the verb starts.

/// A verb's command line, read and checked.
struct Invocation: Sendable {
  private let command: Command
  private var given: [(name: String, value: String?)] = []
  /// The words that are not options, in order.
  private(set) var operands: [String] = []

  /// Reads the words that follow the verb.
  ///
  /// Accepts `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`, bundled letters and `--` before operands that start
  /// with a dash. A single `-` is an operand.
  init(_ command: Command, words: [String]) throws(Failure) {
    self.command = command
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      if word == "--" {
        operands += words[index...]
        break
      } else if word.hasPrefix("--") {
        try readLong(word.dropFirst(2), words, &index)
      } else if word.hasPrefix("-") && word != "-" {
        try readLetters(word.dropFirst(), words, &index)
      } else {
        operands.append(word)
      }
    }
    if has(.help) { return }
    if operands.count < command.operandCount.lowerBound {
      throw .usage("an operand is missing; usage: \(command.usage)", verb: command.verb)
    }
    if operands.count > command.operandCount.upperBound {
      throw .usage("one operand too many: '\(operands[command.operandCount.upperBound])'", verb: command.verb)
    }
  }

  /// The verb.
  var verb: String { command.verb }

  /// Whether an option was given.
  func has(_ option: Option) -> Bool {
    given.contains { $0.name == option.name }
  }

  /// The value of an option, the last one when it was given repeatedly.
  func value(_ option: Option) -> String? {
    given.last { $0.name == option.name }?.value
  }

  /// All values of an option that may be repeated, in order.
  func values(_ option: Option) -> [String] {
    given.filter { $0.name == option.name }.compactMap { $0.value }
  }

  /// The value of an option that takes a whole number of at least `minimum`.
  func number(_ option: Option, minimum: Int) throws(Failure) -> Int? {
    guard let text = value(option) else { return nil }
    guard let number = Int(text), number >= minimum else {
      throw .usage("--\(option.name) wants a whole number of at least \(minimum), not '\(text)'", verb: verb)
    }
    return number
  }

  private mutating func readLong(_ text: Substring, _ words: [String], _ index: inout Int) throws(Failure) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts.first ?? "")
    guard let option = command.allOptions.first(where: { $0.name == name }) else {
      let near = Spelling.nearest(name, among: command.allOptions.map(\.name)).map { "; did you mean '--\($0)'?" } ?? ""
      throw .usage("no such option: '--\(name)'\(near)", verb: verb)
    }
    if parts.count == 2 {
      guard option.value != nil else { throw .usage("'--\(name)' takes no value", verb: verb) }
      try add(option, String(parts[1]))
    } else {
      try take(option, words, &index)
    }
  }

  private mutating func readLetters(_ letters: Substring, _ words: [String], _ index: inout Int) throws(Failure) {
    var rest = letters
    while let letter = rest.popFirst() {
      guard let option = command.allOptions.first(where: { $0.letter == letter }) else {
        throw .usage("no such option: '-\(letter)'", verb: verb)
      }
      if option.value != nil && !rest.isEmpty {
        try add(option, String(rest))
        return
      }
      try take(option, words, &index)
    }
  }

  private mutating func take(_ option: Option, _ words: [String], _ index: inout Int) throws(Failure) {
    guard let placeholder = option.value else {
      given.append((option.name, nil))
      return
    }
    guard index < words.count else { throw .usage("'--\(option.name)' wants a \(placeholder)", verb: verb) }
    try add(option, words[index])
    index += 1
  }

  private mutating func add(_ option: Option, _ value: String) throws(Failure) {
    if !option.choices.isEmpty && !option.choices.contains(value) {
      let choices = option.choices.joined(separator: ", ")
      throw .usage("'--\(option.name)' is one of \(choices), not '\(value)'", verb: verb)
    }
    given.append((option.name, value))
  }
}

/// Finds what somebody probably meant.
enum Spelling {
  /// The candidate that differs from the word by the fewest single-letter edits, if it is near enough to suggest.
  static func nearest(_ word: String, among candidates: [String]) -> String? {
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let distance = edits(Array(word), Array(candidate))
      if distance < best?.distance ?? Int.max { best = (distance, candidate) }
    }
    guard let best, best.distance <= max(2, word.count / 3), best.distance < word.count else { return nil }
    return best.candidate
  }

  private static func edits(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (index, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in right.indices {
        let replaced = diagonal + (letter == right[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, min(row[column], diagonal) + 1)
      }
    }
    return row[right.count]
  }
}
