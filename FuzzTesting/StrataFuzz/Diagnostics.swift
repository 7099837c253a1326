// Showing a place in any text, well-formed or not, whatever the place.

import StrataText

extension FuzzTarget {
  /// The first four bytes are the range of a diagnostic, the rest is the text that it points into.
  static let diagnostics = FuzzTarget(name: "diagnostics") { input in
    guard input.count >= 4 else { return }
    let low = Int(input[0]) << 8 | Int(input[1])
    let range = low..<low + (Int(input[2]) << 8 | Int(input[3]))
    let source = SourceText(name: "input", bytes: Array(input[4...]))
    let diagnostic = Diagnostic("message", at: range)
    let text = DiagnosticRenderer().render(diagnostic, in: source)
    let control = text.unicodeScalars.first { $0.value < 0x20 && $0 != "\n" }
    require(control == nil, "a control character of the input reached the terminal")
  }
}
