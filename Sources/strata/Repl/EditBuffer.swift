// The line that is being typed: its letters and the cursor, and what keys do to them. Knows nothing of terminals.

/// A line under edit.
struct EditBuffer {
  private(set) var letters: [Character] = []
  /// Where the next letter goes, from 0 to the number of letters.
  private(set) var cursor = 0
  /// What was cut last.
  private var cut: [Character] = []

  init(_ text: String = "") {
    letters = Array(text)
    cursor = letters.count
  }

  var text: String { String(letters) }
  var isEmpty: Bool { letters.isEmpty }

  mutating func insert(_ letter: Character) {
    // A mark that belongs to the letter before becomes part of it.
    if cursor > 0 {
      let joined = String(letters[cursor - 1]) + String(letter)
      if joined.count == 1, let one = joined.first {
        letters[cursor - 1] = one
        return
      }
    }
    letters.insert(letter, at: cursor)
    cursor += 1
  }

  mutating func deleteBackward() {
    guard cursor > 0 else { return }
    cursor -= 1
    letters.remove(at: cursor)
  }

  mutating func deleteForward() {
    if cursor < letters.count { letters.remove(at: cursor) }
  }

  mutating func move(by count: Int) { cursor = min(max(0, cursor + count), letters.count) }
  mutating func moveToStart() { cursor = 0 }
  mutating func moveToEnd() { cursor = letters.count }
  mutating func moveWordBackward() { cursor = wordStart }
  mutating func moveWordForward() { cursor = wordEnd }

  mutating func cutToEnd() { cut(cursor..<letters.count) }
  mutating func cutToStart() { cut(0..<cursor) }
  mutating func cutWordBackward() { cut(wordStart..<cursor) }
  mutating func cutWordForward() { cut(cursor..<wordEnd) }

  mutating func paste() {
    letters.insert(contentsOf: cut, at: cursor)
    cursor += cut.count
  }

  private mutating func cut(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    cut = Array(letters[range])
    letters.removeSubrange(range)
    cursor = range.lowerBound
  }

  private static func isWord(_ letter: Character) -> Bool { letter.isLetter || letter.isNumber }

  private var wordStart: Int {
    var place = cursor
    while place > 0, !EditBuffer.isWord(letters[place - 1]) { place -= 1 }
    while place > 0, EditBuffer.isWord(letters[place - 1]) { place -= 1 }
    return place
  }

  private var wordEnd: Int {
    var place = cursor
    while place < letters.count, !EditBuffer.isWord(letters[place]) { place += 1 }
    while place < letters.count, EditBuffer.isWord(letters[place]) { place += 1 }
    return place
  }

  /// The part of the line that fits into so many columns around the cursor, and the cursor's column in it.
  func window(columns: Int) -> (text: String, cursor: Int) {
    let columns = max(1, columns)
    if letters.count < columns { return (text, cursor) }
    let start = min(max(0, cursor - columns * 2 / 3), letters.count - columns + 1)
    return (String(letters[start..<min(letters.count, start + columns - 1)]), cursor - start)
  }
}
