// The reader: one pass over the bytes, brackets on the nursery's value stack.
//
// An open bracket is a record of two direct words on the value stack, followed by the elements read so far:
//
//     [stack offset of the enclosing record, 0 = none] [offset of the bracket in the text * 2 + 1 if it is ~[ ] ...
//
// so the depth of the text costs stack words of the budget and nothing of the host.

import StrataMemory

/// Reads one text. Guarantees that the value stack is as it was when `read` returns or throws.
struct NounTextReader {
  let bytes: UnsafeBufferPointer<UInt8>
  let count: Int
  let nursery: Nursery
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>, nursery: Nursery) {
    self.bytes = bytes
    count = bytes.count
    self.nursery = nursery
  }

  mutating func read() throws(NounTextError) -> Word {
    let stack = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = stack }
    return try readNoun()
  }

  private mutating func readNoun() throws(NounTextError) -> Word {
    var record = 0
    var result: Word?
    var isSeparated = true
    skipByteOrderMark()
    while position < count {
      let start = position
      let byte = bytes[start]
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D:
        position = start &+ 1
        isSeparated = true
        continue
      case UInt8(ascii: ":"):
        try skipComment()
        isSeparated = true
        continue
      default: break
      }
      let noun: Word
      if byte == UInt8(ascii: "]") {
        noun = try close(&record)
      } else {
        if !isSeparated { throw error(.missingSpace, at: start) }
        if record == 0, result != nil { throw error(.trailing, at: start) }
        let isList = byte == UInt8(ascii: "~") && start &+ 1 < count && bytes[start &+ 1] == UInt8(ascii: "[")
        if isList || byte == UInt8(ascii: "[") {
          position = start &+ (isList ? 2 : 1)
          try open(&record, at: start, isList: isList)
          continue
        }
        noun = try atom(byte)
      }
      isSeparated = false
      if record == 0 {
        result = noun
      } else {
        do { try nursery.push(noun) } catch { throw NounTextError(.fault(error), at: start..<position) }
      }
    }
    if record != 0 {
      let opening = Int(nursery.base[record &+ 1])
      throw NounTextError(.unclosedBracket, at: opening >> 1..<(opening >> 1) &+ 1 &+ (opening & 1))
    }
    guard let result else { throw NounTextError(.empty, at: count..<count) }
    return result
  }

  /// Begins a bracket: `record` becomes the offset of its record on the stack.
  private func open(_ record: inout Int, at start: Int, isList: Bool) throws(NounTextError) {
    let top = nursery.state.pointee.stackTop
    do {
      try nursery.push(Word(direct: UInt64(record)))
      try nursery.push(Word(direct: UInt64(start) << 1 | (isList ? 1 : 0)))
    } catch {
      throw NounTextError(.fault(error), at: start..<position)
    }
    record = top
  }

  /// Ends a bracket: takes its elements and its record off the stack, and returns what it denotes.
  private mutating func close(_ record: inout Int) throws(NounTextError) -> Word {
    let start = position
    position = start &+ 1
    if record == 0 { throw error(.strayBracket, at: start) }
    let opening = Int(nursery.base[record &+ 1])
    let isList = opening & 1 != 0
    let elements = nursery.state.pointee.stackTop &- record &- 2
    if !isList, elements < 2 {
      throw NounTextError(elements == 0 ? .emptyBrackets : .singleElement, at: opening >> 1..<position)
    }
    do {
      var noun = isList ? Word.zero : nursery.pop()
      var left = isList ? elements : elements &- 1
      while left > 0 {
        noun = try nursery.cell(nursery.pop(), noun)
        left &-= 1
      }
      nursery.state.pointee.stackTop = record
      record = Int(nursery.base[record])
      return noun
    } catch {
      throw NounTextError(.fault(error), at: opening >> 1..<position)
    }
  }

  /// Reads the atom that begins with `byte` at `position`.
  @inline(__always)
  private mutating func atom(_ byte: UInt8) throws(NounTextError) -> Word {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(byte)
    case UInt8(ascii: "'"): return try cord()
    case UInt8(ascii: "\""): return try tape()
    case UInt8(ascii: "%"): return try term()
    case UInt8(ascii: "~"): return try constant(.zero, elseThrow: .badTilde)
    case UInt8(ascii: "&"): return try constant(.zero, elseThrow: .badFlag)
    case UInt8(ascii: "|"): return try constant(.one, elseThrow: .badFlag)
    default: throw unknown()
    }
  }

  private mutating func constant(
    _ value: Word, elseThrow reason: NounTextError.Reason
  ) throws(NounTextError) -> Word {
    position &+= 1
    if !atDelimiter { throw error(reason, at: position) }
    return value
  }

  private func unknown() -> NounTextError {
    let rest = count &- position
    if rest >= 3, bytes[position] == 0x2E, bytes[position &+ 1] == 0x2E, bytes[position &+ 2] == 0x2E {
      return NounTextError(.elided, at: position..<position &+ 3)
    }
    return error(.unknownCharacter, at: position)
  }

  private mutating func skipComment() throws(NounTextError) {
    guard position &+ 1 < count, bytes[position &+ 1] == UInt8(ascii: ":") else {
      throw error(.loneColon, at: position)
    }
    while position < count, bytes[position] != 0x0A { position &+= 1 }
  }

  /// Editors of some systems put one at the start of a file.
  private mutating func skipByteOrderMark() {
    if count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
  }

  /// Whether an atom may end here: before white space, a bracket, a comment, or the end. (What begins with an
  /// opening bracket still needs white space before it; saying so is the main loop's task.)
  var atDelimiter: Bool {
    guard position < count else { return true }
    switch bytes[position] {
    case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"): return true
    default: return false
    }
  }

  /// An error at the one character that begins at `offset`, which may be the end of the text.
  func error(_ reason: NounTextError.Reason, at offset: Int) -> NounTextError {
    guard offset < count else { return NounTextError(reason, at: count..<count) }
    return NounTextError(reason, at: offset..<offset &+ max(1, UTF8Form.length(bytes, at: offset, end: count)))
  }
}

/// What the reader and the writer must know of UTF-8.
enum UTF8Form {
  /// The bytes of the well-formed sequence at `index`, or 0 when there is none. `index` must be below `end`.
  static func length(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int, end: Int) -> Int {
    let lead = bytes[index]
    if lead < 0x80 { return 1 }
    let length = sequenceLength(lead)
    if length == 0 || length > end &- index { return 0 }
    if !isSecond(bytes[index &+ 1], after: lead) { return 0 }
    var next = 2
    while next < length {
      if bytes[index &+ next] & 0xC0 != 0x80 { return 0 }
      next &+= 1
    }
    return length
  }

  /// The length that a lead byte above 0x7F announces, or 0.
  static func sequenceLength(_ lead: UInt8) -> Int {
    switch lead {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 0
    }
  }

  /// Whether `byte` may follow `lead`: excludes overlong forms, surrogates and what lies above U+10FFFF.
  static func isSecond(_ byte: UInt8, after lead: UInt8) -> Bool {
    switch lead {
    case 0xE0: (0xA0...0xBF).contains(byte)
    case 0xED: (0x80...0x9F).contains(byte)
    case 0xF0: (0x90...0xBF).contains(byte)
    case 0xF4: (0x80...0x8F).contains(byte)
    default: byte & 0xC0 == 0x80
    }
  }
}
