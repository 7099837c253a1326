// How atoms are written: dotted decimal, dotted hexadecimal, terms, cords, and the cut forms of the last three.

import StrataMemory
import StrataNatural

extension FlatWriter {
  /// Writes an atom. Returns false, and has written nothing, when there is no room for it.
  @inline(__always)
  mutating func writeAtom(_ word: Word, to sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    if word.isDirect, atoms == .numbers, hexadecimalAboveBits >= 63, largestAtom >= 26 {
      return try writeDecimal(word.raw, to: &sink)
    }
    return try writeAnyAtom(word, to: &sink)
  }

  @inline(never)
  private mutating func writeAnyAtom(_ word: Word, to sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    guard word.isNatural else { throw .notNoun }
    let atom = AtomBytes(word, in: nursery)
    // No form is shorter than this: reject early what cannot fit, before looking at each byte.
    guard try admits(FlatWriter.leastAtomLength(atom, largestAtom: largestAtom), &sink) else { return false }
    if atoms == .guessed {
      if atom.isTerm(upTo: largestAtom) { return try writeTerm(atom, to: &sink) }
      if let length = atom.cordTextLength(upTo: largestAtom) {
        return try writeCord(atom, textLength: length, to: &sink)
      }
    }
    if atom.bits > hexadecimalAboveBits { return try writeHexadecimal(atom, to: &sink) }
    if word.isDirect {
      if FlatWriter.decimalLength(word.raw) > largestAtom { return try writeHexadecimal(atom, to: &sink) }
      return try writeDecimal(word.raw, to: &sink)
    }
    // Converting costs more than the digits that are shown: look first whether they would be.
    let leastDigits = DecimalText.leastDigits(bits: atom.bits)
    let leastLength = leastDigits + (leastDigits - 1) / 3
    if leastLength > largestAtom { return try writeHexadecimal(atom, to: &sink) }
    guard try admits(leastLength, &sink) else { return false }
    return try writeLargeDecimal(word, atom, to: &sink)
  }

  /// No form of the atom, cut to `largestAtom` or whole, is shorter than this.
  static func leastAtomLength(_ atom: AtomBytes, largestAtom: Int) -> Int {
    max(1, min(atom.count, largestAtom &- 9))
  }

  /// The length of the dotted decimal form.
  static func decimalLength(_ value: UInt64) -> Int {
    var digits = 1
    var bound: UInt64 = 10
    while digits < 20, value >= bound {
      digits &+= 1
      let (product, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = product
    }
    return digits &+ (digits &- 1) / 3
  }

  @inline(__always)
  private mutating func writeDecimal(_ value: UInt64, to sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    if value < 10 {
      guard try admits(1, &sink) else { return false }
      try sink.append(UInt8(truncatingIfNeeded: value) &+ 0x30)
      return true
    }
    let length = FlatWriter.decimalLength(value)
    guard try admits(length, &sink) else { return false }
    try sink.ensure(length)
    let start = sink.cursor
    var at = length
    var rest = value
    while rest >= 1000 {
      let group = UInt32(truncatingIfNeeded: rest % 1000)
      rest /= 1000
      at &-= 4
      start[at] = UInt8(ascii: ".")
      start[at &+ 1] = UInt8(truncatingIfNeeded: group / 100) &+ 0x30
      start[at &+ 2] = UInt8(truncatingIfNeeded: group / 10 % 10) &+ 0x30
      start[at &+ 3] = UInt8(truncatingIfNeeded: group % 10) &+ 0x30
    }
    while at > 0 {
      at &-= 1
      start[at] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
      rest /= 10
    }
    sink.advance(length)
    return true
  }

  private mutating func writeLargeDecimal(
    _ word: Word, _ atom: AtomBytes, to sink: inout TextSink
  ) throws(NounText.WriteError) -> Bool {
    var isWritten = false
    var isTooLong = false
    var failure: NounText.WriteError?
    do {
      try nursery.withDigits(of: word, base: .decimal) { (digits) throws(Fault) in
        let length = digits.count + (digits.count - 1) / 3
        isTooLong = length > largestAtom
        if isTooLong { return }
        do throws(NounText.WriteError) {
          isWritten = try admits(length, &sink)
          if isWritten { try DecimalText.append(dotted: digits, to: &sink) }
        } catch {
          failure = error
        }
      }
    } catch {
      throw .fault(error)
    }
    if let failure { throw failure }
    return isTooLong ? try writeHexadecimal(atom, to: &sink) : isWritten
  }

  /// Writes the number in hexadecimal; one whose text is longer than an atom's may be is cut to its highest digits.
  private mutating func writeHexadecimal(_ atom: AtomBytes, to sink: inout TextSink) throws(NounText.WriteError) -> Bool
  {
    let digits = max(1, (atom.bits &+ 3) / 4)
    let length = 2 &+ digits &+ (digits &- 1) / 4
    var shown = digits
    if length > largestAtom {
      // Whole groups, the mark and the prefix must fit; at least the highest group is shown.
      let groups = (min(largestAtom, length) &- 9) / 5
      shown = min(digits, (digits &- 1) % 4 &+ 1 &+ groups &* 4)
    }
    let isCut = shown < digits
    guard try admits(2 &+ shown &+ (shown &- 1) / 4 &+ (isCut ? 3 : 0), &sink) else { return false }
    try sink.append("0x")
    var index = digits
    let end = digits &- shown
    while index > end {
      index &-= 1
      let digit = atom.hexadecimalDigit(index)
      try sink.append(digit < 10 ? digit &+ 0x30 : digit &- 10 &+ 0x61)
      if index > end, index % 4 == 0 { try sink.append(UInt8(ascii: ".")) }
    }
    if isCut { try sink.append("...") }
    return true
  }

  private mutating func writeTerm(_ atom: AtomBytes, to sink: inout TextSink) throws(NounText.WriteError) -> Bool {
    let count = atom.count
    let isCut = count &+ 1 > largestAtom
    let shown = isCut ? largestAtom &- 4 : count
    guard try admits(1 &+ shown &+ (isCut ? 3 : 0), &sink) else { return false }
    try sink.append(UInt8(ascii: "%"))
    for index in 0..<shown { try sink.append(atom[index]) }
    if isCut { try sink.append("...") }
    return true
  }

  private mutating func writeCord(
    _ atom: AtomBytes, textLength: Int, to sink: inout TextSink
  ) throws(NounText.WriteError) -> Bool {
    let isCut = textLength &+ 2 > largestAtom
    var textLength = textLength
    var end = atom.count
    if isCut {
      // Whole characters, the quotes and the mark must fit.
      let room = largestAtom &- 5
      end = 0
      textLength = 0
      while let character = atom.character(at: end), textLength &+ character.text <= room {
        end &+= character.bytes
        textLength &+= character.text
      }
    }
    guard try admits(textLength &+ 2 &+ (isCut ? 3 : 0), &sink) else { return false }
    try sink.append(UInt8(ascii: "'"))
    for index in 0..<end {
      let byte = atom[index]
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\\"):
        try sink.append(UInt8(ascii: "\\"))
        try sink.append(byte)
      case 0x00..<0x20:
        try sink.append(UInt8(ascii: "\\"))
        try sink.append(UInt8(ascii: "0") &+ byte >> 4)
        try sink.append(byte & 15 < 10 ? byte & 15 &+ 0x30 : byte & 15 &- 10 &+ 0x61)
      default: try sink.append(byte)
      }
    }
    try sink.append("'")
    if isCut { try sink.append("...") }
    return true
  }
}
