// Source text as bytes, and the way from a byte offset to the line and column that a person reads.
//
// Guarantees: any sequence of bytes is accepted, valid UTF-8 or not; every query clamps its argument to the
// text, so no offset or line number can trap; a location costs one binary search and one walk along its line.

/// A place in a source text as people count it: lines and columns both start at 1.
public struct SourceLocation: Equatable, Sendable, CustomStringConvertible {
  /// The line, counted from 1.
  public let line: Int
  /// The column, counted from 1 in characters (Unicode scalars; a byte that is not UTF-8 counts as one).
  public let column: Int

  /// A location from its two numbers.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// `line:column`.
  public var description: String { "\(line):\(column)" }
}

/// A named buffer of source bytes with an index of its lines.
///
/// Lines end at a line feed; a carriage return before it belongs to the terminator. A text that ends with a line
/// feed has one more, empty, line after it, so the end of the text always has a location.
public struct SourceText: Sendable {
  /// The name that diagnostics show, usually a path as the user wrote it.
  public let name: String
  /// The text itself.
  public let bytes: [UInt8]
  /// The offset at which each line starts; never empty, strictly increasing, first element 0.
  private let lineStarts: [Int]

  /// A text over `bytes`, which need not be valid UTF-8.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    var starts = [0]
    bytes.withUnsafeBufferPointer { buffer in
      for index in 0..<buffer.count where buffer[index] == 0x0A {
        starts.append(index + 1)
      }
    }
    lineStarts = starts
  }

  /// A text over the UTF-8 form of `text`.
  public init(name: String, text: String) {
    self.init(name: name, bytes: Array(text.utf8))
  }

  /// The number of lines; at least 1.
  public var lineCount: Int { lineStarts.count }

  /// The line and column of the byte at `offset`. An offset outside the text stands for the nearest end.
  public func location(at offset: Int) -> SourceLocation {
    let offset = min(max(offset, 0), bytes.count)
    let line = lineIndex(containing: offset)
    var column = 1
    var position = lineStarts[line]
    while position < offset {
      let next = position + UTF8Scalar.decode(bytes, at: position, end: bytes.count).length
      if next > offset { break }
      column += 1
      position = next
    }
    return SourceLocation(line: line + 1, column: column)
  }

  /// The bytes of line `line` (counted from 1) without its terminator; empty at the nearest end when there is no
  /// such line.
  public func lineRange(_ line: Int) -> Range<Int> {
    if line < 1 { return 0..<0 }
    if line > lineStarts.count { return bytes.count..<bytes.count }
    let start = lineStarts[line - 1]
    guard line < lineStarts.count else { return start..<bytes.count }
    var end = lineStarts[line] - 1
    if end > start, bytes[end - 1] == 0x0D { end -= 1 }
    return start..<end
  }

  /// The text of line `line` (counted from 1) without its terminator. What is not UTF-8 is replaced by U+FFFD.
  public func lineText(_ line: Int) -> String { text(in: lineRange(line)) }

  /// The text of a byte range, clamped to the buffer. What is not UTF-8 is replaced by U+FFFD.
  public func text(in range: Range<Int>) -> String {
    String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
  }

  /// The index of the line that holds `offset`, which must lie in `0...bytes.count`.
  private func lineIndex(containing offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }
}

/// One scalar decoded from bytes that may not be UTF-8.
struct UTF8Scalar {
  /// The scalar, or U+FFFD for a byte that starts no valid sequence.
  let value: UInt32
  /// The number of bytes taken; at least 1.
  let length: Int

  /// Decodes the scalar at `index` (which must be below `end`), reading nothing at or past `end`.
  static func decode(_ bytes: [UInt8], at index: Int, end: Int) -> UTF8Scalar {
    let lead = bytes[index]
    if lead < 0x80 { return UTF8Scalar(value: UInt32(lead), length: 1) }
    let invalid = UTF8Scalar(value: 0xFFFD, length: 1)
    let length: Int
    let least: UInt32
    var value: UInt32
    switch lead {
    case 0xC2...0xDF: (length, least, value) = (2, 0x80, UInt32(lead & 0x1F))
    case 0xE0...0xEF: (length, least, value) = (3, 0x800, UInt32(lead & 0x0F))
    case 0xF0...0xF4: (length, least, value) = (4, 0x1_0000, UInt32(lead & 0x07))
    default: return invalid
    }
    guard index + length <= end else { return invalid }
    for offset in 1..<length {
      let byte = bytes[index + offset]
      guard byte & 0xC0 == 0x80 else { return invalid }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    guard value >= least, value <= 0x10_FFFF, !(0xD800...0xDFFF).contains(value) else { return invalid }
    return UTF8Scalar(value: value, length: length)
  }
}
