// Atoms as text and back: `scot`, `scow` and `slaw`, and the permutation of names that they apply.
//
// What is rare or may crash inside (floats, codes with a checksum, characters beyond ASCII, dates to be read) is left to Nock, and so is text in
// which white space might stand between groups of digits.

import StrataMemory
import StrataNatural
import StrataNoun

extension JetFamily {
  /// `scot`, `scow`, `slaw`, `fein` and `fynd`.
  public static let coins = JetFamily(
    "atoms as text",
    [
      Jet("one/two/tri/qua/scot") { (call) throws(Fault) in
        guard let text = try rendered(call) else { return nil }
        // The cord is put together from characters, of which zeros count for nothing.
        return try call.nursery.natural(bytes: text.filter { $0 != 0 })
      },
      Jet("one/two/tri/qua/scow") { (call) throws(Fault) in
        guard let text = try rendered(call) else { return nil }
        var tape = ListBuilder(call.nursery)
        for byte in text { try tape.append(Word(direct: UInt64(byte))) }
        return tape.finish()
      },
      Jet("one/two/tri/qua/slaw") { (call) throws(Fault) in try read(call) },
      Jet("one/two/tri/ob/fein") { (call) throws(Fault) in
        try permuted(call.sample(), call.nursery, Syllables.concealed)
      },
      Jet("one/two/tri/ob/fynd") { (call) throws(Fault) in
        try permuted(call.sample(), call.nursery, Syllables.revealed)
      },
    ])

  /// No atom of more bytes than this is made text at once.
  private static var mostBytes: Int { 1 << 16 }

  /// Planets have their names permuted, moons their planets'; everything else stays as it is.
  private static func permuted(
    _ number: Word, _ nursery: Nursery, _ permute: (UInt32) -> UInt32?
  ) throws(Fault) -> Word? {
    guard number.isNatural else { return nil }
    guard try nursery.bitLength(number) <= 64, number.raw >= 0x1_0000 else { return number }
    let whole = try UInt64(nursery.limbs(number, slot: 0).pointer.pointee)
    let low = UInt32(truncatingIfNeeded: whole)
    guard low >= 0x1_0000 else { return number }
    return try permute(low - 0x1_0000).map { (permuted) throws(Fault) in
      try nursery.natural(whole & ~0xFFFF_FFFF | (UInt64(permuted) + 0x1_0000))
    }
  }

  // MARK: Writing

  /// The text of a dime `[aura atom]`, nil where Nock is to write it.
  private static func rendered(_ call: JetCall) throws(Fault) -> [UInt8]? {
    let nursery = call.nursery
    guard let (aura, atom) = try call.atoms(), aura.isDirect, try nursery.byteCount(atom) <= mostBytes else {
      return nil
    }
    func character(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: aura.raw >> UInt64(8 * index)) }
    let second = character(1)
    switch character(0) {
    case UInt8(ascii: "u"): return try unsigned(atom, second, nursery)
    case UInt8(ascii: "s"):
      let half = try nursery.shiftRight(atom, by: .one)
      let isNegative = try nursery.testBit(atom, at: .zero)
      let size = isNegative ? try nursery.increment(half) : half
      return try unsigned(size, second, nursery).map { [UInt8]((isNegative ? "-" : "--").utf8) + $0 }
    case UInt8(ascii: "d"):
      switch second {
      case UInt8(ascii: "a"): return try date(atom, nursery)
      case UInt8(ascii: "r"): return try duration(atom, nursery)
      default: return try plain(atom, nursery)
      }
    case UInt8(ascii: "f"):
      if atom == .zero { return Array(".y".utf8) }
      return atom == .one ? Array(".n".utf8) : try plain(atom, nursery)
    case UInt8(ascii: "n"): return Array("~".utf8)
    case UInt8(ascii: "p"): return try address(atom, nursery)
    case UInt8(ascii: "q"): return try pairs(atom, nursery)
    case UInt8(ascii: "i"):
      switch second {
      case UInt8(ascii: "f"): return try groups(atom, bits: 8, count: 4, .decimal, nursery)
      case UInt8(ascii: "s"): return try groups(atom, bits: 16, count: 8, .hexadecimal, nursery)
      default: return try plain(atom, nursery)
      }
    case UInt8(ascii: "t"):
      if second != UInt8(ascii: "a") { return try escaped(nursery.bytes(of: atom)).map { Array("~~".utf8) + $0 } }
      let bytes = try nursery.bytes(of: atom)
      return character(2) == UInt8(ascii: "s") ? bytes : Array("~.".utf8) + bytes
    case UInt8(ascii: "c"):
      guard atom.isDirect, atom.raw < 0x80 else { return nil }
      return escaped(atom == .zero ? [] : [UInt8(truncatingIfNeeded: atom.raw)]).map { Array("~-".utf8) + $0 }
    case UInt8(ascii: "r"): return nil
    default: return try plain(atom, nursery)
    }
  }

  private static func plain(_ atom: Word, _ nursery: Nursery) throws(Fault) -> [UInt8] {
    try Array("0x".utf8) + nursery.digits(of: atom, base: .hexadecimal)
  }

  private static func unsigned(_ atom: Word, _ kind: UInt8, _ nursery: Nursery) throws(Fault) -> [UInt8]? {
    switch kind {
    case UInt8(ascii: "c"): return nil
    case UInt8(ascii: "b"): return try Array("0b".utf8) + grouped(nursery.digits(of: atom, base: .binary), 4)
    case UInt8(ascii: "i"): return try Array("0i".utf8) + nursery.digits(of: atom, base: .decimal)
    case UInt8(ascii: "x"): return try Array("0x".utf8) + grouped(nursery.digits(of: atom, base: .hexadecimal), 4)
    case UInt8(ascii: "v"): return try Array("0v".utf8) + grouped(nursery.digits(of: atom, base: .base32), 5)
    case UInt8(ascii: "w"): return try Array("0w".utf8) + grouped(nursery.digits(of: atom, base: .base64), 5)
    default: return try grouped(nursery.digits(of: atom, base: .decimal), 3)
    }
  }

  /// Digits with a dot before every `size` of them, counted from the end.
  private static func grouped(_ digits: [UInt8], _ size: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(digits.count + digits.count / size)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % size == 0 { result.append(UInt8(ascii: ".")) }
      result.append(digit)
    }
    return result
  }

  /// The highest `count` groups of bits first, each after a dot.
  private static func groups(
    _ atom: Word, bits: Int, count: Int, _ base: NaturalBase, _ nursery: Nursery
  ) throws(Fault) -> [UInt8] {
    var result: [UInt8] = []
    for index in (0..<count).reversed() {
      result.append(UInt8(ascii: "."))
      result += try nursery.digits(of: nursery.bits(of: atom, from: index * bits, count: bits), base: base)
    }
    return result
  }

  /// Text with everything but lower case letters, digits and hyphens escaped; nil beyond ASCII and for controls.
  private static func escaped(_ bytes: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    for byte in bytes {
      switch byte {
      case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"): result.append(byte)
      case UInt8(ascii: " "): result.append(UInt8(ascii: "."))
      case UInt8(ascii: "."): result += Array("~.".utf8)
      case UInt8(ascii: "~"): result += Array("~~".utf8)
      // What is no text crashes.
      case 0...9, 11...31, 0x80...: return nil
      default: result += Array("~\(String(byte, radix: 16)).".utf8)
      }
    }
    return result
  }

  /// Groups of 16 bits as syllables, with two hyphens after each 64 bits.
  private static func address(_ atom: Word, _ nursery: Nursery) throws(Fault) -> [UInt8]? {
    guard let number = try permuted(atom, nursery, Syllables.concealed) else { return nil }
    var bytes = try nursery.bytes(of: number)
    if bytes.count <= 1 { return Array("~".utf8) + Syllables.letters(bytes.first ?? 0, in: Syllables.suffixes) }
    if bytes.count & 1 == 1 { bytes.append(0) }
    var result: [UInt8] = [UInt8(ascii: "~")]
    for group in (0..<bytes.count / 2).reversed() {
      result += Syllables.letters(bytes[group * 2 + 1], in: Syllables.prefixes)
      result += Syllables.letters(bytes[group * 2], in: Syllables.suffixes)
      if group > 0 { result += Array((group % 4 == 0 ? "--" : "-").utf8) }
    }
    return result
  }

  /// Bytes as syllables, in pairs counted from the lowest.
  private static func pairs(_ atom: Word, _ nursery: Nursery) throws(Fault) -> [UInt8] {
    var bytes = try nursery.bytes(of: atom)
    if bytes.isEmpty { bytes = [0] }
    var result = Array(".~".utf8)
    for index in bytes.indices.reversed() {
      result += Syllables.letters(bytes[index], in: index & 1 == 0 ? Syllables.suffixes : Syllables.prefixes)
      if index > 0, index & 1 == 0 { result.append(UInt8(ascii: "-")) }
    }
    return result
  }

  // MARK: Times

  /// Whole seconds, and the fraction as groups of 16 bits; nil for times beyond all bounds.
  private static func time(_ atom: Word, _ nursery: Nursery) throws(Fault) -> (seconds: UInt64, fraction: [UInt8])? {
    guard try nursery.bitLength(atom) <= 126 else { return nil }
    let seconds = try nursery.bits(of: atom, from: 64, count: 64).raw
    let low = try nursery.bits(of: atom, from: 0, count: 64)
    var rest = try low.isDirect ? low.raw : UInt64(nursery.limbs(low, slot: 0).pointer.pointee)
    var text: [UInt8] = []
    while rest != 0 {
      if text.isEmpty { text.append(UInt8(ascii: ".")) }
      let group = String(rest >> 48, radix: 16)
      text += Array(".".utf8) + Array(String(repeating: "0", count: 4 - group.count).utf8) + Array(group.utf8)
      rest <<= 16
    }
    return (seconds, text)
  }

  private static func duration(_ atom: Word, _ nursery: Nursery) throws(Fault) -> [UInt8]? {
    guard let (seconds, fraction) = try time(atom, nursery) else { return nil }
    let parts: [(name: String, value: UInt64)] = [
      ("d", seconds / 86_400), ("h", seconds / 3_600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60),
    ]
    let text = parts.filter { $0.value != 0 }.map { "\($0.name)\($0.value)" }.joined(separator: ".")
    return Array("~\(text.isEmpty ? "s0" : text)".utf8) + fraction
  }

  private static func date(_ atom: Word, _ nursery: Nursery) throws(Fault) -> [UInt8]? {
    guard let (seconds, fraction) = try time(atom, nursery) else { return nil }
    let (year, month, day) = day(seconds / 86_400)
    let zero: UInt64 = 292_277_024_400
    var text = year > zero ? "~\(year - zero)" : "~\(zero - year + 1)-"
    text += ".\(month).\(day)"
    if seconds % 86_400 != 0 || !fraction.isEmpty {
      text += ".."
      text += [seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60]
        .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ".")
    }
    return Array(text.utf8) + fraction
  }

  /// The day with a number, counted from the first one, in the calendar with 97 leap years in 400.
  private static func day(_ number: UInt64) -> (year: UInt64, month: Int, day: UInt64) {
    var day = number % 146_097
    var year = number / 146_097 * 400
    var isLeap = day < 36_525
    if !isLeap {
      day -= 36_525
      year += 100 + day / 36_524 * 100
      day %= 36_524
    }
    while day >= (isLeap ? 366 : 365) {
      day -= isLeap ? 366 : 365
      year += 1
      isLeap = year & 3 == 0
    }
    let lengths: [UInt64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while day >= lengths[month] {
      day -= lengths[month]
      month += 1
    }
    return (year, month + 1, day + 1)
  }

  // MARK: Reading

  /// What became of reading a text.
  private enum Reading {
    case found(Word)
    case none
    case unknown
  }

  private static func read(_ call: JetCall) throws(Fault) -> Word? {
    let nursery = call.nursery
    guard let (aura, cord) = try call.atoms(), aura.isDirect, try nursery.byteCount(cord) <= mostBytes else {
      return nil
    }
    let text = try nursery.bytes(of: cord)
    let reading: Reading
    switch aura.raw {
    case 0x6475: reading = try number(text[...], prefix: "", .decimal, group: 3, nursery)
    case 0x7875: reading = try number(text[...], prefix: "0x", .hexadecimal, group: 4, nursery)
    case 0x7675: reading = try number(text[...], prefix: "0v", .base32, group: 5, nursery)
    case 0x70: reading = try address(text[...], nursery)
    case 0x6174:
      let isRight = text.starts(with: "~.".utf8) && text.dropFirst(2).allSatisfy(isKnot)
      reading = try isRight ? .found(nursery.natural(bytes: Array(text.dropFirst(2)))) : .none
    case 0x73_6174: reading = isSymbol(text) ? .found(cord) : .none
    default: reading = .unknown
    }
    switch reading {
    case .found(let word): return try nursery.unit(word)
    case .none: return .zero
    case .unknown: return nil
    }
  }

  private static func isKnot(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "_"): true
    default: false
    }
  }

  private static func isSymbol(_ text: [UInt8]) -> Bool {
    guard let first = text.first, (0x61...0x7A).contains(first) else { return false }
    return text.allSatisfy { isKnot($0) && !"._~".utf8.contains($0) }
  }

  /// Whether white space or a comment may stand in a text.
  private static func mayHaveGaps(_ text: ArraySlice<UInt8>) -> Bool {
    text.contains { $0 == 10 || $0 == 32 || $0 == UInt8(ascii: ":") }
  }

  /// A zero, or up to `group` digits that do not begin with one and groups of exactly as many after dots.
  private static func number(
    _ text: ArraySlice<UInt8>, prefix: String, _ base: NaturalBase, group: Int, _ nursery: Nursery
  ) throws(Fault) -> Reading {
    if mayHaveGaps(text) { return .unknown }
    guard text.starts(with: prefix.utf8) else { return .none }
    let text = text.dropFirst(prefix.utf8.count)
    if text.elementsEqual("0".utf8) { return .found(.zero) }
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard let first = parts.first, (1...group).contains(first.count), let leading = first.first,
      leading != UInt8(ascii: "0"), parts.dropFirst().allSatisfy({ $0.count == group })
    else { return .none }
    // Of hexadecimal digits those after the first may be capitals, in the first group.
    let digits = parts.joined()
    for (index, byte) in digits.enumerated() {
      let isCapital = (0x41...0x46).contains(byte)
      guard isCapital ? base == .hexadecimal && (1..<first.count).contains(index) : isDigit(byte, base) else {
        return .none
      }
    }
    return .found(try nursery.natural(digits: Array(digits), base: base))
  }

  private static func isDigit(_ byte: UInt8, _ base: NaturalBase) -> Bool {
    switch byte {
    case 0x30...0x39: true
    case 0x61...0x7A: Int(byte) - 0x61 + 10 < base.radix
    default: false
    }
  }

  /// An address: a suffix, or pairs of syllables, of which the first is not zero, in groups of four.
  private static func address(_ text: ArraySlice<UInt8>, _ nursery: Nursery) throws(Fault) -> Reading {
    if mayHaveGaps(text) { return .unknown }
    guard text.first == UInt8(ascii: "~") else { return .none }
    let text = text.dropFirst()
    if text.count == 3 {
      return Syllables.byte(text, in: Syllables.suffixes).map { .found(Word(direct: UInt64($0))) } ?? .none
    }
    // Most significant first.
    var bytes: [UInt8] = []
    var position = text.startIndex
    var pairsInGroup = 0
    var groupCount = 1
    while true {
      guard text.endIndex - position >= 6,
        let high = Syllables.byte(text[position..<position + 3], in: Syllables.prefixes),
        let low = Syllables.byte(text[position + 3..<position + 6], in: Syllables.suffixes)
      else { return .none }
      bytes += [high, low]
      pairsInGroup += 1
      position += 6
      if position == text.endIndex { break }
      guard text[position] == UInt8(ascii: "-") else { return .none }
      position += 1
      if position < text.endIndex, text[position] == UInt8(ascii: "-") {
        guard groupCount == 1 || pairsInGroup == 4 else { return .none }
        position += 1
        pairsInGroup = 0
        groupCount += 1
      } else if pairsInGroup == 4 {
        return .none
      }
    }
    guard groupCount == 1 || pairsInGroup == 4 else { return .none }
    // A single pair needs a first syllable, more of them a first pair that is not zero.
    guard bytes[0] != 0 || bytes.count > 2 && bytes[1] != 0 else { return .none }
    let number = try nursery.natural(bytes: bytes.reversed())
    return try permuted(number, nursery, Syllables.revealed).map { .found($0) } ?? .unknown
  }
}
