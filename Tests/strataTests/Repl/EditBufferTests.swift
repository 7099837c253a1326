// What keys do to a line.

import Testing

@testable import strata

@Suite struct EditBufferTests {
  @Test func lettersGoWhereTheCursorIs() {
    var line = EditBuffer("ac")
    line.move(by: -1)
    line.insert("b")
    #expect(line.text == "abc" && line.cursor == 2)
    line.deleteBackward()
    line.deleteForward()
    line.deleteForward()
    #expect(line.text == "a" && line.cursor == 1)
    line.move(by: -100)
    line.deleteBackward()
    #expect(line.text == "a" && line.cursor == 0)
  }

  @Test func wordsAreCutAndPasted() {
    var line = EditBuffer("[8 one two]")
    line.move(by: -1)
    line.cutWordBackward()
    #expect(line.text == "[8 one ]")
    line.moveWordBackward()
    line.paste()
    #expect(line.text == "[8 twoone ]")
    line.moveToStart()
    line.moveWordForward()
    line.cutToEnd()
    #expect(line.text == "[8")
    line.paste()
    line.cutToStart()
    #expect(line.isEmpty)
  }

  @Test func marksJoinTheirLetters() {
    var line = EditBuffer("e")
    line.insert("\u{301}")
    #expect(line.letters.count == 1 && line.cursor == 1)
    line.deleteBackward()
    #expect(line.isEmpty)
  }

  @Test func theWindowHoldsTheCursor() {
    var line = EditBuffer(String(repeating: "0123456789", count: 20))
    for _ in 0..<230 {
      for columns in [1, 2, 20, 80, 500] {
        let (text, cursor) = line.window(columns: columns)
        #expect(text.count <= max(0, columns - 1) || columns > 200)
        #expect(cursor >= 0 && cursor <= text.count)
      }
      line.move(by: -1)
    }
  }
}
