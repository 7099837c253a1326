// The hints (operation 11) that do something. All others only evaluate their clue.

import StrataMemory

/// A tag as a number: its letters, least significant byte first.
func cord(_ text: StaticString) -> UInt64 {
  precondition(text.utf8CodeUnitCount <= 7, "a tag of at most seven letters")
  return (0..<text.utf8CodeUnitCount).reduce(0) { $0 | UInt64(text.utf8Start[$1]) << UInt64($1 * 8) }
}

/// A hint that does something, by its tag.
enum Hint: Sendable {
  /// Registers the product as a core that jets may be matched with.
  case fast
  /// Looks the subject up in a cache before the body runs.
  case memo
  /// Put their clue on the trace while the body runs.
  case mean, spot, hunk, lose, hand
  /// Prints its clue.
  case slog
  /// Times the body.
  case bout
  /// Lists the body's code.
  case xray
  /// Reports memory.
  case meme
  /// Print the trace of the innermost run, or of all.
  case nara, hela
  /// Fails when the same body is entered with the same subject again.
  case loop
  /// Gives the body a deadline.
  case jinx
  /// Counts how often it is passed.
  case live
  /// Names the body for an onlooker.
  case spin

  private static let tags: [(UInt64, Hint)] = [
    (cord("fast"), .fast), (cord("memo"), .memo), (cord("mean"), .mean), (cord("spot"), .spot),
    (cord("hunk"), .hunk), (cord("lose"), .lose), (cord("hand"), .hand), (cord("slog"), .slog),
    (cord("bout"), .bout), (cord("xray"), .xray), (cord("meme"), .meme), (cord("nara"), .nara),
    (cord("hela"), .hela), (cord("loop"), .loop), (cord("jinx"), .jinx), (cord("live"), .live),
    (cord("spin"), .spin),
  ]

  init?(tag: UInt64) {
    guard let known = Hint.tags.first(where: { $0.0 == tag }) else { return nil }
    self = known.1
  }

  /// Whether the hint does something in its form with, or without, a clue.
  func accepts(hasClue: Bool) -> Bool {
    switch self {
    case .bout, .xray, .meme, .nara, .hela, .loop: true
    case .fast, .memo, .mean, .spot, .hunk, .lose, .hand, .slog, .jinx, .live, .spin: hasClue
    }
  }

  /// Whether it has something to do after its body, which is then in no tail position.
  var hasAfter: Bool {
    switch self {
    case .bout, .loop, .jinx, .spin: true
    default: false
    }
  }

  /// Whether it is told the subject and the formula of its body.
  var looksAtBody: Bool { self == .loop || self == .xray }
}

/// Which memo cache a `%memo` hint means.
enum MemoKind: UInt8, Sendable {
  /// For as long as the frame it was made in.
  case transient = 0
  /// Kept for the parent when the frame ends.
  case persistent = 1

  /// A constant cell as clue asks for the persistent cache; an atom, or a computed clue, for the transient one.
  init(clue: Word?) {
    self = clue.map { $0.isCell } == true ? .persistent : .transient
  }
}
