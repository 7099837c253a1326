// Lines from standard input: edited on a terminal, with a history that is kept between conversations; as they come from anything
// else. The terminal is given back as it was, whenever a line is done.

import CPlatform
import Glibc

/// Reads lines.
struct EntryReader {
  /// What came.
  enum Line {
    case text(String)
    /// Ctrl-C: what was typed is dropped.
    case cancelled
    case end
  }

  /// Whether somebody types.
  let isInteractive: Bool
  private(set) var history: [String] = []
  private let historyPath: String?
  private var pending: [UInt8] = []
  private var position = 0
  private var isAtEnd = false

  /// How many entries the history keeps.
  private static let mostHistory = 1000

  init() {
    isInteractive = Syscalls.isTerminal(STDIN_FILENO) && Syscalls.isTerminal(STDOUT_FILENO)
    historyPath = isInteractive ? EntryReader.defaultHistoryPath : nil
    if let historyPath, let input = try? Input(historyPath, binary: true, verb: "repl"), input.bytes.count < 1 << 22 {
      history = String(decoding: input.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
      history = Array(history.suffix(EntryReader.mostHistory))
    }
  }

  /// `$STRATA_HISTORY`, or a file where programs keep such things.
  private static var defaultHistoryPath: String? {
    if let named = Syscalls.environment("STRATA_HISTORY") { return named }
    if let state = Syscalls.environment("XDG_STATE_HOME") { return state + "/strata-history" }
    return Syscalls.environment("HOME").map { $0 + "/.strata-history" }
  }

  /// Adds an entry to the history, on one line.
  mutating func remember(_ entry: String) {
    let line = entry.split(whereSeparator: \.isNewline).joined(separator: " ")
    guard isInteractive, !line.isEmpty, history.last != line else { return }
    history.append(line)
    if history.count > EntryReader.mostHistory { history.removeFirst(history.count - EntryReader.mostHistory) }
    guard let historyPath else { return }
    // A history that cannot be kept is no reason to stop.
    guard let descriptor = try? Syscalls.openForAppending(historyPath) else { return }
    var text = line + "\n"
    text.withUTF8 { try? Syscalls.write(descriptor, UnsafeRawBufferPointer($0)) }
    try? Syscalls.close(descriptor)
  }

  /// The next line, without its end.
  mutating func next(prompt: String) throws(SystemError) -> Line {
    if isInteractive { return try edit(prompt) }
    var line: [UInt8] = []
    while let byte = try nextByte() {
      if byte == 0x0A { return .text(String(decoding: line, as: UTF8.self)) }
      line.append(byte)
    }
    return line.isEmpty ? .end : .text(String(decoding: line, as: UTF8.self))
  }

  private mutating func nextByte() throws(SystemError) -> UInt8? {
    if position == pending.count {
      if isAtEnd { return nil }
      var buffer = [UInt8](repeating: 0, count: isInteractive ? 256 : 1 << 16)
      var count = 0
      var failure: SystemError?
      buffer.withUnsafeMutableBytes { bytes in
        do throws(SystemError) {
          count = try Syscalls.read(STDIN_FILENO, into: bytes)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      if count == 0 {
        isAtEnd = true
        return nil
      }
      pending = Array(buffer[..<count])
      position = 0
    }
    position += 1
    return pending[position - 1]
  }

  // MARK: Editing

  private mutating func edit(_ prompt: String) throws(SystemError) -> Line {
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else { throw SystemError(errno: platform_errno()) }
    var raw = before
    raw.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
    raw.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR)
    guard tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 else { throw SystemError(errno: platform_errno()) }
    defer { _ = tcsetattr(STDIN_FILENO, TCSADRAIN, &before) }
    var line = EditBuffer()
    /// Where in the history the line is from; its end is the line that is new.
    var place = history.count
    var draft = EditBuffer()
    func recall(_ wanted: Int, _ history: [String]) {
      guard wanted >= 0, wanted <= history.count, wanted != place else { return }
      if place == history.count { draft = line }
      place = wanted
      line = wanted == history.count ? draft : EditBuffer(history[wanted])
    }
    while true {
      try show(line, prompt)
      guard let key = try nextKey() else {
        try write("\r\n")
        return .end
      }
      switch key {
      case .enter:
        line.moveToEnd()
        try show(line, prompt)
        try write("\r\n")
        return .text(line.text)
      case .interrupt:
        try write("^C\r\n")
        return .cancelled
      case .endOrDelete:
        if line.isEmpty {
          try write("\r\n")
          return .end
        }
        line.deleteForward()
      case .letter(let letter): line.insert(letter)
      case .backspace: line.deleteBackward()
      case .delete: line.deleteForward()
      case .left: line.move(by: -1)
      case .right: line.move(by: 1)
      case .home: line.moveToStart()
      case .end: line.moveToEnd()
      case .wordLeft: line.moveWordBackward()
      case .wordRight: line.moveWordForward()
      case .cutToEnd: line.cutToEnd()
      case .cutToStart: line.cutToStart()
      case .cutWordLeft: line.cutWordBackward()
      case .cutWordRight: line.cutWordForward()
      case .paste: line.paste()
      case .up: recall(place - 1, history)
      case .down: recall(place + 1, history)
      case .clear: try write("\u{1B}[H\u{1B}[2J")
      case .other: break
      }
    }
  }

  private func write(_ text: String) throws(SystemError) {
    var failure: SystemError?
    var text = text
    text.withUTF8 { bytes in
      do throws(SystemError) {
        try Syscalls.write(STDOUT_FILENO, UnsafeRawBufferPointer(bytes))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func show(_ line: EditBuffer, _ prompt: String) throws(SystemError) {
    // Typed ahead: only the last state is worth showing.
    if position < pending.count { return }
    let (text, cursor) = line.window(columns: Syscalls.terminalColumns - prompt.count)
    let column = prompt.count + cursor
    try write("\r\(prompt)\(text)\u{1B}[K\r" + (column > 0 ? "\u{1B}[\(column)C" : ""))
  }

  private enum Key {
    case letter(Character), enter, interrupt, endOrDelete, backspace, delete, left, right, home, end, up, down
    case wordLeft, wordRight, cutToEnd, cutToStart, cutWordLeft, cutWordRight, paste, clear, other
  }

  private mutating func nextKey() throws(SystemError) -> Key? {
    guard let byte = try nextByte() else { return nil }
    switch byte {
    case 1: return .home
    case 2: return .left
    case 3: return .interrupt
    case 4: return .endOrDelete
    case 5: return .end
    case 6: return .right
    case 8, 0x7F: return .backspace
    case 9: return .letter(" ")
    case 10, 13: return .enter
    case 11: return .cutToEnd
    case 12: return .clear
    case 14: return .down
    case 16: return .up
    case 21: return .cutToStart
    case 23: return .cutWordLeft
    case 25: return .paste
    case 0x1B: return try escapedKey()
    case 0..<0x20: return .other
    default: return try letter(from: byte)
    }
  }

  private mutating func escapedKey() throws(SystemError) -> Key? {
    guard let byte = try nextByte() else { return nil }
    switch byte {
    case UInt8(ascii: "b"): return .wordLeft
    case UInt8(ascii: "f"): return .wordRight
    case UInt8(ascii: "d"): return .cutWordRight
    case 0x7F: return .cutWordLeft
    case UInt8(ascii: "["), UInt8(ascii: "O"): break
    default: return .other
    }
    // Numbers and semicolons, then a letter that says which key it was.
    var parameters = ""
    while let next = try nextByte() {
      let character = Character(Unicode.Scalar(next))
      if next < 0x40 {
        if parameters.count < 16 { parameters.append(character) }
        continue
      }
      let isWithControl = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
      switch character {
      case "A": return .up
      case "B": return .down
      case "C": return isWithControl ? .wordRight : .right
      case "D": return isWithControl ? .wordLeft : .left
      case "H": return .home
      case "F": return .end
      case "~":
        switch parameters {
        case "1", "7": return .home
        case "4", "8": return .end
        case "3": return .delete
        default: return .other
        }
      default: return .other
      }
    }
    return nil
  }

  private mutating func letter(from first: UInt8) throws(SystemError) -> Key? {
    var bytes = [first]
    let count = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    while bytes.count < count {
      guard let next = try nextByte() else { return nil }
      bytes.append(next)
    }
    return String(decoding: bytes, as: UTF8.self).first.map { .letter($0) } ?? .other
  }
}
