// What a front end has to say about a source text, as a value.
//
// Guarantees: a diagnostic is plain data, equal to another with the same content; it names its text by an index,
// so it stays small and may be kept after the texts are gone. DiagnosticRenderer turns it into words.

/// How much a diagnostic matters.
public enum Severity: String, Sendable {
  /// The input cannot be used.
  case error
  /// The input can be used, but probably does not mean what its author thinks.
  case warning
}

/// A remark that belongs to a diagnostic, at its own place or at none.
public struct DiagnosticNote: Equatable, Sendable {
  /// One sentence without a final full stop.
  public var message: String
  /// The bytes it is about, if it is about any.
  public var range: Range<Int>?
  /// Which of the texts `range` lies in.
  public var source: Int

  /// A note about `range` in text number `source`; without a range it stands alone.
  public init(_ message: String, at range: Range<Int>? = nil, source: Int = 0) {
    self.message = message
    self.range = range
    self.source = source
  }
}

/// One finding about a source text: what is wrong, where, and what to do about it.
public struct Diagnostic: Error, Equatable, Sendable {
  /// Whether the input can still be used.
  public var severity: Severity
  /// What is wrong: one sentence, lower case, without a final full stop.
  public var message: String
  /// The bytes at fault. May be empty (a place between two characters) and may be the end of the text.
  public var range: Range<Int>
  /// Which text `range` lies in, for a front end that reads several; 0 for one that reads a single text.
  public var source: Int
  /// Remarks, in the order to show them.
  public var notes: [DiagnosticNote]
  /// What to do about it, if that is known.
  public var help: String?

  /// A diagnostic; an error in the first text unless said otherwise.
  public init(
    _ message: String, severity: Severity = .error, at range: Range<Int>, source: Int = 0,
    notes: [DiagnosticNote] = [], help: String? = nil
  ) {
    self.severity = severity
    self.message = message
    self.range = range
    self.source = source
    self.notes = notes
    self.help = help
  }
}
