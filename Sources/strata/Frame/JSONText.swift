// Writes one JSON document for `--json`. Guarantees valid JSON (strings escaped, numbers exact) with members in the
// order in which they were added, so that equal results are equal bytes.

import StrataText

/// A JSON document under construction.
struct JSONText {
  private(set) var text = ""
  private var needsComma = false

  /// Opens an object, as a member when a name is given.
  mutating func begin(_ name: String? = nil) {
    open(name, "{")
  }

  /// Closes the innermost object.
  mutating func end() {
    close("}")
  }

  /// Opens an array, as a member when a name is given.
  mutating func beginArray(_ name: String? = nil) {
    open(name, "[")
  }

  /// Closes the innermost array.
  mutating func endArray() {
    close("]")
  }

  /// Adds a string.
  mutating func member(_ name: String?, _ value: String) {
    prefix(name)
    Quoting.appendJSON(value, to: &text)
  }

  /// Adds an integer. Readers that hold numbers in doubles lose digits beyond 2^53; such values go out as strings.
  mutating func member(_ name: String?, _ value: Int) {
    prefix(name)
    text += String(value)
  }

  /// Adds a truth value.
  mutating func member(_ name: String?, _ value: Bool) {
    prefix(name)
    text += value ? "true" : "false"
  }

  /// Adds a number with a fraction; what is not finite has no JSON form and becomes null.
  mutating func member(_ name: String?, _ value: Double) {
    prefix(name)
    text += value.isFinite ? "\(value)" : "null"
  }

  private mutating func open(_ name: String?, _ bracket: String) {
    prefix(name)
    text += bracket
    needsComma = false
  }

  private mutating func close(_ bracket: String) {
    text += bracket
    needsComma = true
  }

  private mutating func prefix(_ name: String?) {
    if needsComma { text += "," }
    needsComma = true
    if let name {
      Quoting.appendJSON(name, to: &text)
      text += ":"
    }
  }
}
