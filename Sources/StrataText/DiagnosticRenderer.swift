// Diagnostics as text: `name:line:col: error: message`, the source line, and an underline below the bytes meant.
//
// Guarantees: output depends only on the diagnostic, the texts and the options; control characters in the source
// never reach the output; a line longer than the window is cut around the place meant; a range over several lines
// is underlined to the end of its first. Nothing traps, whatever the range.

/// Turns diagnostics into text.
public struct DiagnosticRenderer: Sendable {
  /// Whether to use terminal colours.
  public var colour: Bool
  /// The number of columns a tab advances to a multiple of; at least 1.
  public var tabWidth: Int
  /// The greatest number of columns of source shown; at least 20.
  public var windowWidth: Int

  /// A renderer without colour unless asked.
  public init(colour: Bool = false, tabWidth: Int = 4, windowWidth: Int = 100) {
    self.colour = colour
    self.tabWidth = max(tabWidth, 1)
    self.windowWidth = max(windowWidth, 20)
  }

  /// The text of a diagnostic about `source`, ending in a line feed.
  public func render(_ diagnostic: Diagnostic, in source: SourceText) -> String {
    render(diagnostic, in: [source])
  }

  /// The text of a diagnostic about one of `sources`, ending in a line feed. A diagnostic or note whose text is not
  /// among them is shown without place and excerpt.
  public func render(_ diagnostic: Diagnostic, in sources: [SourceText]) -> String {
    var out = ""
    let label = diagnostic.severity == .error ? Label.error : Label.warning
    append(
      to: &out, label: label, message: diagnostic.message, range: diagnostic.range, source: diagnostic.source,
      sources: sources)
    for note in diagnostic.notes {
      append(
        to: &out, label: .note, message: note.message, range: note.range, source: note.source, sources: sources)
    }
    if let help = diagnostic.help {
      append(to: &out, label: .help, message: help, range: nil, source: 0, sources: sources)
    }
    return out
  }

  /// The text of several diagnostics about one of `sources`, in the order given.
  public func render(_ diagnostics: [Diagnostic], in sources: [SourceText]) -> String {
    diagnostics.map { render($0, in: sources) }.joined()
  }

  private enum Label: String {
    case error
    case warning
    case note
    case help

    var colourCode: String {
      switch self {
      case .error: "31"
      case .warning: "35"
      case .note: "36"
      case .help: "32"
      }
    }
  }

  private func paint(_ text: String, _ code: String) -> String {
    colour ? "\u{1B}[1;\(code)m\(text)\u{1B}[0m" : text
  }

  private func append(
    to out: inout String, label: Label, message: String, range: Range<Int>?, source: Int, sources: [SourceText]
  ) {
    let title = "\(paint("\(label.rawValue):", label.colourCode)) \(message)\n"
    guard let range, sources.indices.contains(source) else {
      out += title
      return
    }
    let text = sources[source]
    let location = text.location(at: range.lowerBound)
    out += "\(text.name):\(location): " + title
    appendExcerpt(to: &out, text: text, line: location.line, range: range, colourCode: label.colourCode)
  }

  private func appendExcerpt(
    to out: inout String, text: SourceText, line: Int, range: Range<Int>, colourCode: String
  ) {
    let lineRange = text.lineRange(line)
    let cells = ScreenLine(text: text, range: lineRange, meant: range, tabWidth: tabWidth)
    // Half of the window goes before the start of the range, so that what leads up to it and what follows are seen.
    var first = 0
    if cells.width > windowWidth {
      first = min(max(cells.meant.lowerBound - windowWidth / 2, 0), cells.width - windowWidth)
    }
    let last = min(first + windowWidth, max(cells.width, cells.meant.lowerBound + 1))
    let (shown, shift) = cells.slice(first..<last)
    let head = first > 0 ? "..." : ""
    let tail = last < cells.width ? "..." : ""
    out += "  " + head + shown + tail + "\n"
    let start = cells.meant.lowerBound - shift + head.utf8.count
    let length = max(min(cells.meant.upperBound, last) - cells.meant.lowerBound, 1)
    let mark = "^" + String(repeating: "~", count: length - 1)
    out += "  " + String(repeating: " ", count: max(start, 0)) + paint(mark, colourCode) + "\n"
  }
}

/// One line of source laid out in screen columns.
private struct ScreenLine {
  /// What is shown for each character, with the column where it starts.
  private var glyphs: [(column: Int, text: String)] = []
  /// The number of columns in all.
  private(set) var width = 0
  /// The columns under the bytes meant; its lower bound may equal `width` (the end of the line).
  private(set) var meant: Range<Int>

  init(text: SourceText, range: Range<Int>, meant bytes: Range<Int>, tabWidth: Int) {
    var start: Int?
    var end: Int?
    var index = range.lowerBound
    while index < range.upperBound {
      if start == nil, index >= bytes.lowerBound { start = width }
      if end == nil, index >= bytes.upperBound { end = width }
      let scalar = UTF8Scalar.decode(text.bytes, at: index, end: range.upperBound)
      if start == nil, index + scalar.length > bytes.lowerBound { start = width }
      let glyph: String
      let columns: Int
      if scalar.value == 0x09 {
        columns = tabWidth - width % tabWidth
        glyph = String(repeating: " ", count: columns)
      } else if Self.isUnprintable(scalar.value) {
        (glyph, columns) = ("\u{FFFD}", 1)
      } else {
        glyph = Unicode.Scalar(scalar.value).map { String(Character($0)) } ?? "\u{FFFD}"
        columns = Self.columns(of: scalar.value)
      }
      glyphs.append((width, glyph))
      width += columns
      index += scalar.length
    }
    let lower = start ?? width
    meant = lower..<max(end ?? width, lower)
  }

  /// The text of the characters that start in `columns`, and the column of the first.
  func slice(_ columns: Range<Int>) -> (text: String, shift: Int) {
    var text = ""
    var shift: Int?
    for glyph in glyphs where columns.contains(glyph.column) {
      if shift == nil { shift = glyph.column }
      text += glyph.text
    }
    return (text, shift ?? columns.lowerBound)
  }

  /// Controls, and the marks that reorder or hide text on a terminal.
  private static func isUnprintable(_ value: UInt32) -> Bool {
    switch value {
    case 0...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: true
    default: false
    }
  }

  /// The columns a scalar takes: none for combining marks, two for wide East Asian characters and pictographs.
  private static func columns(of value: UInt32) -> Int {
    switch value {
    case 0x300...0x36F, 0x1AB0...0x1AFF, 0x20D0...0x20FF, 0xFE00...0xFE0F, 0xFE20...0xFE2F: 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1_F300...0x1_FAFF, 0x2_0000...0x3_FFFD:
      2
    default: 1
    }
  }
}
