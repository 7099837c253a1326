// Cords, tapes and terms: text inside the text. A first pass checks and counts, a second one stores.

import StrataMemory

/// One byte of a cord or tape, and how many bytes of text it takes.
private struct QuotedByte {
  var value: UInt8
  var length: Int
}

extension NounTextReader {
  /// Reads the cord that begins at `position`: its bytes as one natural, the first lowest.
  mutating func cord() throws(NounTextError) -> Word {
    let start = position
    let end = try endOfQuoted(UInt8(ascii: "'"), elseThrow: .unterminatedCord)
    // Zero bytes at the top add nothing to a natural.
    var length = 0
    var significant = 0
    var top: UInt8 = 0
    var at = start &+ 1
    while at < end {
      let byte = quotedByte(at)
      at &+= byte.length
      length &+= 1
      if byte.value != 0 {
        significant = length
        top = byte.value
      }
    }
    do {
      var natural = try NaturalBuilder(nursery: nursery, digits: significant, digitBits: 8, top: top)
      at = start &+ 1
      while significant > 0 {
        let byte = quotedByte(at)
        at &+= byte.length
        natural.append(byte.value, bits: 8)
        significant &-= 1
      }
      return natural.finish()
    } catch {
      throw NounTextError(.fault(error), at: start..<position)
    }
  }

  /// Reads the tape that begins at `position`: its bytes as a list.
  mutating func tape() throws(NounTextError) -> Word {
    let start = position
    let end = try endOfQuoted(UInt8(ascii: "\""), elseThrow: .unterminatedTape)
    let stack = nursery.state.pointee.stackTop
    do {
      var at = start &+ 1
      while at < end {
        let byte = quotedByte(at)
        at &+= byte.length
        try nursery.push(Word(direct: UInt64(byte.value)))
      }
      var list = Word.zero
      while nursery.state.pointee.stackTop > stack { list = try nursery.cell(nursery.pop(), list) }
      return list
    } catch {
      throw NounTextError(.fault(error), at: start..<position)
    }
  }

  /// Reads the term or constant that begins with `%` at `position`.
  mutating func term() throws(NounTextError) -> Word {
    let start = position
    position &+= 1
    guard position < count else { throw error(.emptyTerm, at: start) }
    switch bytes[position] {
    case UInt8(ascii: "$"), UInt8(ascii: "&"): return try constant(.zero)
    case UInt8(ascii: "|"): return try constant(.one)
    case UInt8(ascii: "."):
      guard position &+ 1 < count else { throw error(.emptyTerm, at: start) }
      let flag = bytes[position &+ 1]
      guard flag == UInt8(ascii: "y") || flag == UInt8(ascii: "n") else { throw error(.emptyTerm, at: start) }
      position &+= 1
      return try constant(flag == UInt8(ascii: "y") ? .zero : .one)
    case UInt8(ascii: "a")...UInt8(ascii: "z"): break
    default: throw atDelimiter ? error(.emptyTerm, at: start) : error(.badTermCharacter, at: position)
    }
    while position < count, TermForm.isInner(bytes[position]) { position &+= 1 }
    if !atDelimiter { throw error(.badTermCharacter, at: position) }
    do {
      var natural = try NaturalBuilder(
        nursery: nursery, digits: position &- start &- 1, digitBits: 8, top: bytes[position &- 1])
      for at in start &+ 1..<position { natural.append(bytes[at], bits: 8) }
      return natural.finish()
    } catch {
      throw NounTextError(.fault(error), at: start..<position)
    }
  }

  private mutating func constant(_ value: Word) throws(NounTextError) -> Word {
    position &+= 1
    if !atDelimiter { throw error(.badTermCharacter, at: position) }
    return value
  }

  /// Checks what lies between the quote at `position` and the one that closes it, whose offset it returns; moves
  /// behind that one.
  private mutating func endOfQuoted(
    _ quote: UInt8, elseThrow reason: NounTextError.Reason
  ) throws(NounTextError) -> Int {
    let start = position
    var at = start &+ 1
    while at < count {
      let byte = bytes[at]
      if byte == quote {
        position = at &+ 1
        if !atDelimiter { throw error(.missingSpace, at: position) }
        return at
      }
      if byte == 0x0A || byte == 0x0D { break }
      if byte == UInt8(ascii: "\\") {
        at &+= try escapeLength(at, quote: quote)
      } else if byte < 0x20 || byte == 0x7F {
        throw error(.controlCharacter, at: at)
      } else {
        let length = UTF8Form.length(bytes, at: at, end: count)
        if length == 0 { throw error(.notUTF8, at: at) }
        at &+= length
      }
    }
    throw NounTextError(reason, at: start..<at)
  }

  /// The length of the escape at `at`.
  private func escapeLength(_ at: Int, quote: UInt8) throws(NounTextError) -> Int {
    if at &+ 1 < count {
      let next = bytes[at &+ 1]
      if next == quote || next == UInt8(ascii: "\\") { return 2 }
      if at &+ 2 < count, digitValue(next, .hexadecimal) != 0xFF, digitValue(bytes[at &+ 2], .hexadecimal) != 0xFF {
        return 3
      }
    }
    throw error(.badEscape, at: at)
  }

  /// The byte that the checked text at `at` stands for.
  @inline(__always)
  private func quotedByte(_ at: Int) -> QuotedByte {
    let byte = bytes[at]
    if byte != UInt8(ascii: "\\") { return QuotedByte(value: byte, length: 1) }
    let high = digitValue(bytes[at &+ 1], .hexadecimal)
    if high == 0xFF { return QuotedByte(value: bytes[at &+ 1], length: 2) }
    return QuotedByte(value: high << 4 | digitValue(bytes[at &+ 2], .hexadecimal), length: 3)
  }
}

/// Which bytes a term is made of.
enum TermForm {
  static func isFirst(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }

  static func isInner(_ byte: UInt8) -> Bool {
    byte &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "-")
  }
}
