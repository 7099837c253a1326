// Reads values as people write them. What the printer shows of naturals, pins and rows can be read back.
//
//     12   0xff   "text"   %word      naturals                 (f x y)    an application
//     #value                          a pin                    {name arity body}    a law
//     head[a b]   [a b]               a row, [a b] with head 0; #1[2] has the head #1
//     Add   name                      the pinned law of an operation, or what a session has named
//
// Nesting takes no host stack. Nothing moves while a value is read, and nothing is evaluated.

import StrataMemory
import StrataNatural

/// Why a text is no value, and where.
public struct PlanTextFailure: Error, Equatable, Sendable {
  public let message: String
  /// The offset of the byte at which reading stopped.
  public let offset: Int
}

/// Reads one value from text.
struct PlanTextReader {
  private enum Open {
    case application([Word])
    case law([Word])
    case row(Word, [Word])
    case pin
  }

  private let machine: PlanMachine
  private let text: [UInt8]
  private let names: (String) -> Word?
  private var position = 0
  private var open: [Open] = []

  /// `names` answers for names that are not those of operations.
  init(machine: PlanMachine, text: [UInt8], names: @escaping (String) -> Word?) {
    self.machine = machine
    self.text = text
    self.names = names
  }

  private func failure(_ message: String) -> PlanTextFailure { PlanTextFailure(message: message, offset: position) }

  private func building<Result>(_ body: () throws(PlanFailure) -> Result) throws(PlanTextFailure) -> Result {
    do throws(PlanFailure) {
      return try body()
    } catch {
      throw failure(error.explanation)
    }
  }

  /// The value, unevaluated; the text holds nothing else.
  mutating func read() throws(PlanTextFailure) -> Word {
    while true {
      skipSpace()
      guard position < text.count else {
        throw failure(open.isEmpty ? "there is no value" : "a bracket is not closed")
      }
      guard let value = try piece(), let whole = try placed(value) else { continue }
      skipSpace()
      if position < text.count { throw failure("there is more after the value") }
      return whole
    }
  }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
  }

  /// Reads a bracket or a literal; nil after an opening bracket.
  private mutating func piece() throws(PlanTextFailure) -> Word? {
    let byte = text[position]
    switch byte {
    case UInt8(ascii: "("): open.append(.application([]))
    case UInt8(ascii: "{"): open.append(.law([]))
    case UInt8(ascii: "["): open.append(.row(.zero, []))
    case UInt8(ascii: "#"): open.append(.pin)
    case UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"): return try closed(byte)
    default: return try literal(byte)
    }
    position += 1
    return nil
  }

  /// Puts a value where it belongs; answers the whole when nothing is open any more.
  private mutating func placed(_ value: Word) throws(PlanTextFailure) -> Word? {
    var value = value
    // A pin takes what follows it alone: #1[2] is a row whose head is a pin.
    while case .pin? = open.last {
      open.removeLast()
      value = try building { () throws(PlanFailure) in try machine.pinning(value) }
    }
    if position < text.count, text[position] == UInt8(ascii: "[") {
      position += 1
      open.append(.row(value, []))
      return nil
    }
    guard let last = open.popLast() else { return value }
    switch last {
    case .application(let parts): open.append(.application(parts + [value]))
    case .law(let parts): open.append(.law(parts + [value]))
    case .row(let head, let parts): open.append(.row(head, parts + [value]))
    case .pin: break
    }
    return nil
  }

  private mutating func closed(_ byte: UInt8) throws(PlanTextFailure) -> Word {
    guard let last = open.popLast() else { throw failure("nothing is open here") }
    position += 1
    switch (last, byte) {
    case (.application(let parts), UInt8(ascii: ")")):
      guard let function = parts.first else { throw failure("an application needs a function") }
      return try building { () throws(PlanFailure) in try machine.application(function, Array(parts.dropFirst())) }
    case (.row(let head, let parts), UInt8(ascii: "]")):
      return try building { () throws(PlanFailure) in try machine.application(head, parts) }
    case (.law(let parts), UInt8(ascii: "}")):
      guard parts.count == 3 else { throw failure("a law has a name, an arity and a body") }
      let law = try building { () throws(PlanFailure) in
        try machine.lawMaking(name: parts[0], arity: parts[1], body: parts[2])
      }
      guard let law else { throw failure("a law's arity is written as a positive number") }
      return law
    default: throw failure("this closes another bracket than the one that is open")
    }
  }

  private mutating func literal(_ byte: UInt8) throws(PlanTextFailure) -> Word {
    if (0x30...0x39).contains(byte) {
      var end = position
      let number = try building { () throws(PlanFailure) in try machine.engine.number(text, &end) }
      position = end
      guard let number else { throw failure("a number without digits") }
      return number
    }
    if byte == UInt8(ascii: "\"") {
      let start = position + 1
      guard let end = text[start...].firstIndex(of: byte) else { throw failure("a text without end") }
      position = end + 1
      return try natural(text[start..<end])
    }
    let isQuoted = byte == UInt8(ascii: "%")
    let start = isQuoted ? position + 1 : position
    var end = start
    while end < text.count, isName(text[end]) { end += 1 }
    guard end > start else { throw failure("no value begins with this character") }
    let name = text[start..<end]
    if !isQuoted {
      let word = String(decoding: name, as: UTF8.self)
      if let value = names(word) {
        position = end
        return value
      }
      let pin = try building { () throws(PlanFailure) in try machine.operationPin(name: Array(name)) }
      guard let pin else { throw failure("nothing has the name \(word)") }
      position = end
      return pin
    }
    position = end
    return try natural(name)
  }

  private func isName(_ byte: UInt8) -> Bool {
    byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private func natural(_ bytes: ArraySlice<UInt8>) throws(PlanTextFailure) -> Word {
    try building { () throws(PlanFailure) in
      try machine.engine.faulting { () throws(Fault) in try machine.nursery.natural(bytes: Array(bytes)) }
    }
  }
}

extension Engine {
  /// The number at `position`, decimal or hexadecimal after `0x`, which it passes; nil when `0x` has no digits.
  func number(_ text: [UInt8], _ position: inout Int) throws(PlanFailure) -> Word? {
    let isHexadecimal =
      text[position] == 0x30 && position + 1 < text.count && text[position + 1] | 0x20 == UInt8(ascii: "x")
    if isHexadecimal { position += 2 }
    let start = position
    while position < text.count,
      (0x30...0x39).contains(text[position])
        || (isHexadecimal && (0x61...0x66).contains(text[position] | 0x20))
    { position += 1 }
    if position == start { return nil }
    let digits = Array(text[start..<position])
    return try faulting { () throws(Fault) in
      try nursery.natural(digits: digits, base: isHexadecimal ? .hexadecimal : .decimal)
    }
  }
}

extension PlanMachine {
  /// The value that `text` writes, unevaluated. Valid until the next evaluation.
  public func read(
    text: [UInt8], names: @escaping (String) -> Word? = { _ in nil }
  ) throws(PlanTextFailure) -> Word {
    var reader = PlanTextReader(machine: self, text: text, names: names)
    return try reader.read()
  }

  /// The pinned law that stands for the operation of this name, nil when there is none.
  func operationPin(name: [UInt8]) throws(PlanFailure) -> Word? {
    guard name.count < 8, front == .runtime else { return nil }
    let key = name.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let operation = (1...8).lazy.compactMap({ Operation.named(key, arity: $0) }).first else { return nil }
    let arity = operation.entry.arity
    func row(_ parts: [UInt64]) throws(PlanFailure) -> UInt64 {
      let (word, body) = try engine.newClosure(parts.count)
      body[0] = 0
      for (index, part) in parts.enumerated() { body[1 + index] = part }
      nursery.base[word.offset] |= Header.normalFormBit
      return word.raw
    }
    var operands = try row([key])
    for index in 1...arity { operands = try row([operands, UInt64(index)]) }
    let body = try row([try engine.makePin(Word(direct: 15)).raw, operands])
    return try engine.makePin(
      try engine.makeLaw(Word(direct: key), Word(direct: UInt64(arity)), Word(raw: body)))
  }
}
