// The layout for people: what fits on a line stays on it; what does not is broken between its elements.
//
//     [ %first [%second 2] 'a cord that fills the line'
//       [ %a bracket
//       ...
//
// An element that fits on the current line goes there; one that fits on a line of its own goes on the next; any other is
// a bracket and is broken itself. Lines of a bracket begin below its first element, but never right of half the
// width, so that depth costs no more than brackets do. To know whether an element fits it is written into a scratch
// buffer until it does not: at most a line's work for each bracket.

import StrataMemory

/// Writes one noun over several lines.
struct LayoutWriter: ~Copyable {
  private let nursery: Nursery
  private let width: Int
  private let largestIndent: Int
  private var flat: FlatWriter
  private var scratch: TextSink
  /// The column where the next byte goes, counted from 0.
  private var column = 0

  init(nursery: Nursery, options: NounText.Options, sink: borrowing TextSink) throws(NounText.WriteError) {
    self.nursery = nursery
    width = min(max(options.width, 16), 4000)
    largestIndent = width / 2
    flat = FlatWriter(nursery: nursery, options: options, sink: sink)
    scratch = try TextSink()
  }

  /// A bracket that is open over several lines. While an inner one is being written it is on the value stack, packed into
  /// one direct word.
  private struct Bracket {
    /// The column of its lines; below 2^12.
    var indent = 0
    /// Elements that are written.
    var index = 0

    init(indent: Int) { self.indent = indent }

    init(packed word: Word) {
      indent = Int(word.raw & 0xFFF)
      index = Int(word.raw >> 12)
    }

    /// Safe: a bracket has fewer elements than the loom has words, so its index needs less than 49 bits.
    var packed: Word { Word(direct: UInt64(index) << 12 | UInt64(indent)) }
  }

  /// Writes `noun`, without a line feed at its end. Returns false when text was left out because of the limit on bytes;
  /// all brackets are closed even then.
  mutating func write(_ noun: Word, to sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    let stack = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = stack }
    flat.announce(noun)
    return try writeElements(noun, &sink)
  }

  private mutating func writeElements(_ noun: Word, _ sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    var current = noun
    var rest = Word.zero
    // Whether `current` is followed by the end of its bracket. The last element of a cell is never a cell.
    var isLast = true
    var bracket = Bracket(indent: 0)
    // Whether the element before was broken over lines, so that the next one begins a line of its own.
    var isAfterBroken = false
    while true {
      let isLeftOut = bracket.index >= flat.largestElements
      let closing = (isLast || isLeftOut) && flat.depth > 0 ? 1 : 0
      if bracket.index == 0, column > width / 4 * 3 {
        // Many brackets open here: there is more room below.
        guard try separate(false, bracket.indent, &sink) else { return false }
      }
      let start = bracket.index == 0 ? column : bracket.indent
      if try isLeftOut ? markInScratch() : fits(current, room: width - start - closing) {
        let columns = columnCount(scratch.bytes)
        if bracket.index > 0 {
          let isOnLine = !isAfterBroken && column + 1 + columns + closing <= width
          guard try separate(isOnLine, bracket.indent, &sink) else { return false }
        }
        guard try flat.admits(scratch.total, &sink) else { return try elide(&sink) }
        try sink.append(scratch.bytes)
        column += columns
        isAfterBroken = false
      } else if current.isCell, flat.depth < flat.largestDepth {
        if bracket.index > 0 {
          guard try separate(false, bracket.indent, &sink) else { return false }
        }
        guard try flat.admits(2, &sink) else { return try elide(&sink) }
        try sink.append(UInt8(ascii: "["))
        column += 1
        do {
          try nursery.push(rest)
          try nursery.push(bracket.packed)
        } catch {
          throw .fault(error)
        }
        flat.depth += 1
        bracket = Bracket(indent: min(column, largestIndent))
        rest = nursery.tail(current)
        current = nursery.head(current)
        isLast = false
        isAfterBroken = false
        continue
      } else {
        // An atom that is longer than a line.
        if bracket.index > 0 {
          guard try separate(false, bracket.indent, &sink) else { return false }
        }
        let before = sink.total
        guard try flat.write(current, to: &sink) else { return false }
        column += sink.total - before
        isAfterBroken = true
      }
      if flat.depth == 0 { return true }
      if isLast || isLeftOut {
        try sink.append(UInt8(ascii: "]"))
        column += 1
        flat.depth -= 1
        if flat.depth == 0 { return true }
        bracket = Bracket(packed: nursery.pop())
        rest = nursery.pop()
        isAfterBroken = true
      }
      bracket.index += 1
      isLast = !rest.isCell
      current = isLast ? rest : nursery.head(rest)
      if !isLast { rest = nursery.tail(rest) }
    }
  }

  /// Goes to where the next element begins: one column on, or on a new line. Returns false when there is no room for that;
  /// then the rest has been left out.
  private mutating func separate(
    _ isOnLine: Bool, _ indent: Int, _ sink: inout TextSink
  ) throws(NounText.WriteError) -> Bool {
    if isOnLine {
      // Admitted: the writer's reserve holds a space beside the mark.
      try sink.append(UInt8(ascii: " "))
      column += 1
      return true
    }
    guard try flat.admits(1 + indent, &sink) else {
      try sink.append(UInt8(ascii: " "))
      return try elide(&sink)
    }
    try sink.append(UInt8(ascii: "\n"))
    try sink.append(UInt8(ascii: " "), count: indent)
    column = indent
    return true
  }

  /// Leaves out the rest of the noun; always false.
  private func elide(_ sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    try flat.elide(&sink)
    return false
  }

  private mutating func markInScratch() throws(NounText.WriteError) -> Bool {
    scratch.removeAll()
    try scratch.append("...")
    return true
  }

  /// Whether `noun` takes at most `room` bytes on one line; if so they are in `scratch`.
  private mutating func fits(_ noun: Word, room: Int) throws(NounText.WriteError) -> Bool {
    scratch.removeAll()
    var probe = flat.probe(room)
    do {
      return try probe.write(noun, to: &scratch)
    } catch {
      if error == .tooLong { return false }
      throw error
    }
  }

  /// The columns that a text takes: its characters.
  private func columnCount(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var columns = 0
    for byte in bytes where byte & 0xC0 != 0x80 { columns &+= 1 }
    return columns
  }
}
