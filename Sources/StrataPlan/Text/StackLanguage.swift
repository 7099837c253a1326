// The stack language: a few letters and words that build, evaluate and print PLAN values one character at a time.
//
//     12 0xff "text" {text}     push a natural          $Name    push a seed, unevaluated
//     A app R rap L law         build                   P pin F force E eval
//     D dup swap pop drop over push                     + - * / # < > | & ^ inc dec sub
//     . _ ? \                   print                   ; comment to the end of the line
//
// The stack lies on the machine's value stack, so that evaluation may move what is on it.

import StrataMemory
import StrataNatural

/// Why a program in the stack language stopped.
public enum StackLanguageFailure: Error, Equatable, Sendable {
  case underflow
  /// A word or character that means nothing, or a number, text or name without end.
  case badInput(String)
  case noSeed(String)
  /// The program prints more than it may, in bytes.
  case tooMuchOutput(Int)
  case failed(PlanFailure)

  /// The exit status with which a command reports this.
  public var exitStatus: Int32 {
    if case .failed(let failure) = self { return failure.exitStatus }
    return 1
  }

  /// One line for people.
  public var explanation: String {
    switch self {
    case .underflow: "stack underflow"
    case .badInput(let text): "bad input: \(text)"
    case .noSeed(let name): "no seed of the name \(name)"
    case .tooMuchOutput(let bytes): "the program prints more than \(bytes) bytes (--limit allows more)"
    case .failed(let failure): failure.explanation
    }
  }
}

/// Runs programs in the stack language on one machine. The stack lasts from one `run` to the next.
public struct StackLanguage: ~Copyable {
  private let machine: PlanMachine
  private let seeds: (String) -> [UInt8]?
  private var output: [UInt8] = []
  private var style = PlanPrinter.Style()
  private let bottom: Int
  /// How many values as long as a value may be are printed before their output is taken.
  private static let mostOutput = 16

  /// The bytes of a seed by its name come from `seeds`, nil where there is none. A value takes `limit` bytes of output at most.
  public init(
    machine: PlanMachine, limit: Int = PlanPrinter.Style().bytes, seeds: @escaping (String) -> [UInt8]?
  ) {
    self.machine = machine
    self.seeds = seeds
    style.bytes = limit
    bottom = machine.nursery.state.pointee.stackTop
  }

  deinit {
    machine.nursery.state.pointee.stackTop = bottom
  }

  /// What has been printed since the last call.
  public mutating func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  /// Runs `text` to its end or to its first failure.
  public mutating func run(_ text: [UInt8]) throws(StackLanguageFailure) {
    var position = 0
    while position < text.count {
      let byte = text[position]
      position += 1
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D, 0x28, 0x29: continue
      case 0x3B:
        while position < text.count, text[position] != 0x0A { position += 1 }
      case 0x30...0x39:
        position -= 1
        try number(text, &position)
      case 0x22:
        let start = position
        while position < text.count, text[position] != 0x22 { position += 1 }
        if position == text.count { throw .badInput("text without end") }
        try push(bytes: text[start..<position])
        position += 1
      case 0x7B: try braced(text, &position)
      case 0x24:
        let start = position
        while position < text.count, isLetter(text[position]) || isDigit(text[position]) { position += 1 }
        try seed(String(decoding: text[start..<position], as: UTF8.self))
      case 0x61...0x7A:
        let start = position - 1
        while position < text.count, text[position] >= 0x61, text[position] <= 0x7A { position += 1 }
        try word(String(decoding: text[start..<position], as: UTF8.self))
      default: try word(String(decoding: [byte], as: UTF8.self))
      }
    }
  }

  private func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
  private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  // MARK: Literals

  private func number(_ text: [UInt8], _ position: inout Int) throws(StackLanguageFailure) {
    guard let word = try failing({ () throws(PlanFailure) in try machine.engine.number(text, &position) }) else {
      throw .badInput("0x")
    }
    try push(word)
  }

  private func braced(_ text: [UInt8], _ position: inout Int) throws(StackLanguageFailure) {
    let start = position
    var depth = 1
    while position < text.count {
      if text[position] == 0x7B { depth += 1 }
      if text[position] == 0x7D { depth -= 1 }
      if depth == 0 { break }
      position += 1
    }
    if depth > 0 { throw .badInput("text without end") }
    try push(bytes: text[start..<position])
    position += 1
  }

  private func push(bytes: ArraySlice<UInt8>) throws(StackLanguageFailure) {
    try push(
      try failing { () throws(PlanFailure) in
        try machine.engine.faulting { () throws(Fault) in try machine.nursery.natural(bytes: Array(bytes)) }
      })
  }

  private func seed(_ name: String) throws(StackLanguageFailure) {
    guard let bytes = seeds(name) else { throw .noSeed(name) }
    let value: Word
    do throws(SeedFailure) {
      value = try machine.load(seed: bytes)
    } catch {
      throw .badInput("$\(name), which is not a seed: \(error.explanation)")
    }
    try push(value)
  }

  // MARK: The stack

  private func failing<Result>(_ body: () throws(PlanFailure) -> Result) throws(StackLanguageFailure) -> Result {
    do throws(PlanFailure) {
      return try body()
    } catch {
      throw .failed(error)
    }
  }

  private var top: Int { machine.nursery.state.pointee.stackTop }

  private func push(_ word: Word) throws(StackLanguageFailure) {
    do throws(Fault) {
      try machine.nursery.push(word)
    } catch {
      throw .failed(.fault(error))
    }
    machine.nursery.touchStack(from: top - 1)
  }

  private func need(_ count: Int) throws(StackLanguageFailure) {
    if top - bottom < count { throw .underflow }
  }

  private func pop() throws(StackLanguageFailure) -> Word {
    try need(1)
    return machine.nursery.pop()
  }

  /// The element `depth` below the top.
  private func element(_ depth: Int) -> Word { Word(raw: machine.nursery.base[top - 1 - depth]) }

  private func set(_ depth: Int, _ word: Word) {
    machine.nursery.base[top - 1 - depth] = word.raw
    machine.nursery.touchStack(from: top - 1 - depth)
  }

  /// Replaces the top by its weak head normal form, or by its normal form.
  private func evaluate(isForced: Bool = false) throws(StackLanguageFailure) {
    try need(1)
    let word = element(0)
    let value = try failing { () throws(PlanFailure) in
      isForced ? try machine.force(word) : try machine.evaluate(word)
    }
    set(0, value)
  }

  /// Replaces the top by an application of an operation to the `count` newest elements, evaluated.
  private func operate(_ operation: Operation, _ count: Int) throws(StackLanguageFailure) {
    try need(count)
    let row = try failing { () throws(PlanFailure) -> Word in
      let (row, body) = try machine.engine.newClosure(count)
      body[0] = UInt64(operation.rawValue)
      for index in 0..<count { body[1 + index] = element(count - 1 - index).raw }
      return try machine.application(try machine.engine.makePin(Word(direct: 15)), [row])
    }
    for _ in 1..<count { _ = try pop() }
    set(0, row)
    try evaluate()
  }

  /// The small natural on top, taken off.
  private func count() throws(StackLanguageFailure) -> Int {
    try evaluate()
    let word = try pop()
    guard word.isDirect, word.raw < 1 << 40 else { throw .badInput("a number that is too large") }
    return Int(word.raw)
  }

  // MARK: Words

  private mutating func word(_ word: String) throws(StackLanguageFailure) {
    switch word {
    case "A", "app", "R", "rap":
      try need(2)
      let isReversed = word == "R" || word == "rap"
      let function = element(isReversed ? 0 : 1)
      let argument = element(isReversed ? 1 : 0)
      let application = try failing { () throws(PlanFailure) in try machine.application(function, [argument]) }
      _ = try pop()
      set(0, application)
    case "L", "law":
      try need(3)
      let law = try failing { () throws(PlanFailure) in
        try machine.lawMaking(name: element(0), arity: element(1), body: element(2))
      }
      guard let law else { throw .badInput("a law whose arity is not written as a positive number") }
      _ = try pop()
      _ = try pop()
      set(0, law)
      try evaluate()
    case "P", "pin":
      try evaluate(isForced: true)
      set(0, try failing { () throws(PlanFailure) in try machine.engine.makePin(element(0)) })
    case "F", "force": try evaluate(isForced: true)
    case "E", "eval": try evaluate()
    case "D", "dup":
      try need(1)
      try push(element(0))
    case "swap":
      try need(2)
      let (first, second) = (element(0), element(1))
      set(0, second)
      set(1, first)
    case "pop", "drop": _ = try pop()
    case "over":
      try need(2)
      try push(element(1))
    case "push":
      let depth = try count()
      try need(depth + 1)
      try push(element(depth))
    default: try operation(word)
    }
  }

  private mutating func operation(_ word: String) throws(StackLanguageFailure) {
    switch word {
    case "inc": try operate(.increment, 1)
    case "dec": try operate(.decrement, 1)
    case "+": try operate(.add, 2)
    case "-", "sub": try operate(.subtract, 2)
    case "*": try operate(.multiply, 2)
    case "/": try operate(.divide, 2)
    case "<": try operate(.shiftLeft, 2)
    case ">": try operate(.shiftRight, 2)
    case "#":
      try push(Word(direct: 16))
      try operate(.multiply, 2)
    case "|", "&", "^": try bitwise(word)
    case "opload":
      // The stack holds the natural, the width and the offset; the operation takes them the other way round.
      try need(3)
      let (offset, natural) = (element(0), element(2))
      set(0, natural)
      set(2, offset)
      try operate(.load, 3)
    case "buffer":
      let size = try count()
      try push(
        try failing { () throws(PlanFailure) in
          try machine.engine.faulting { () throws(Fault) in
            try machine.nursery.shiftLeft(.one, by: Word(direct: UInt64(size) * 8))
          }
        })
    default: try setting(word)
    }
  }

  private func bitwise(_ word: String) throws(StackLanguageFailure) {
    try need(2)
    try evaluate()
    let last = try pop()
    let second = last.isNatural ? last : .zero
    // Evaluating the first may move the second, which therefore stays on the stack below it.
    try push(second)
    let first = element(1)
    set(1, second)
    set(0, first)
    try evaluate()
    let left = element(0).isNatural ? element(0) : .zero
    let right = element(1)
    let result = try failing { () throws(PlanFailure) in
      try machine.engine.faulting { () throws(Fault) -> Word in
        switch word {
        case "|": try machine.nursery.or(left, right)
        case "&": try machine.nursery.and(left, right)
        default: try machine.nursery.exclusiveOr(left, right)
        }
      }
    }
    _ = try pop()
    set(0, result)
  }

  private mutating func print(_ word: Word) throws(StackLanguageFailure) {
    let (most, isHuge) = style.bytes.multipliedReportingOverflow(by: StackLanguage.mostOutput)
    if !isHuge, output.count > most { throw .tooMuchOutput(most) }
    output += machine.printed(word, style: style)
  }

  private mutating func setting(_ word: String) throws(StackLanguageFailure) {
    switch word {
    case "bitsz": style.hasSizes = true
    case "cords": style.hasCords = true
    case "pdepth": style.depth = try count()
    case "gc":
      do throws(Fault) { try machine.nursery.flip() } catch { throw .failed(.fault(error)) }
    case "memcheck", "showheap":
      do throws(Fault) { try machine.nursery.flip() } catch { throw .failed(.fault(error)) }
      if let broken = machine.nursery.firstBrokenInvariant() { throw .badInput("memory: \(broken)") }
    case ".", "_":
      try need(1)
      try print(element(0))
      if word == "." {
        _ = try pop()
        output.append(10)
      }
    case "?":
      for depth in stride(from: top - bottom - 1, through: 0, by: -1) {
        try print(element(depth))
        output.append(depth == 0 ? 10 : 0x20)
      }
    case "\\": output.append(10)
    default: throw .badInput(word)
    }
  }
}
