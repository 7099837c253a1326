// The disassembler: compiled code as text, one line an instruction.
//
//        0  r1 = tail r0                 offset in words, what happens, in the terms of `Operation`'s comments
//        1  unless r1 = 0 go to 7
//
// The listing of a formula also holds that of the constant formulas it calls, where they are known.

import StrataMemory
import StrataNoun

/// Lists code of one loom.
struct Listing {
  private let nursery: Nursery

  init(_ nursery: Nursery) { self.nursery = nursery }

  /// The lines of one formula's code.
  func lines(of code: UnsafeMutablePointer<Code>) -> [String] {
    let formula = constant(code.pointee.formula.raw)
    var lines = ["formula \(formula): \(code.pointee.wordCount) words, \(code.pointee.registerCount) registers"]
    var offset = 0
    while offset < code.pointee.wordCount {
      let instruction = Instruction(raw: code.pointee.start[offset])
      guard let operation = instruction.operation, offset + operation.wordCount < code.pointee.wordCount else {
        lines.append("\(offset): not an instruction")
        return lines
      }
      let number = String(offset)
      let words = (0..<operation.wordCount).map { code.pointee.start[offset + 1 + $0] }
      // A branch counts from its own word, which is the last.
      let distance =
        operation == .loop || operation == .count
        ? Int(Int32(truncatingIfNeeded: words.last ?? 0)) : Int(truncatingIfNeeded: words.last ?? 0)
      let target = offset + operation.wordCount &+ distance
      lines.append(
        String(repeating: " ", count: max(0, 6 - number.utf8.count)) + number + "  "
          + text(operation, instruction, words, target))
      offset += 1 + operation.wordCount
    }
    return lines
  }

  private func constant(_ raw: UInt64) -> String {
    TankText(nursery).noun(Word(raw: raw))
  }

  private func text(_ operation: Operation, _ instruction: Instruction, _ words: [UInt64], _ target: Int) -> String {
    let a = "r\(instruction.a)"
    let b = "r\(instruction.b)"
    let c = "r\(instruction.c)"
    let word = words.first ?? 0
    switch operation {
    case .crash: return "crash"
    case .constant: return "\(a) = \(constant(word))"
    case .move: return "\(a) = \(b)"
    case .head: return "\(a) = head \(b)"
    case .tail: return "\(a) = tail \(b)"
    case .axis4, .axis5, .axis6, .axis7:
      return "\(a) = axis \(4 + Int(operation.rawValue) - Int(Operation.axis4.rawValue)) of \(b)"
    case .threeSteps: return "\(a) = axis \(8 + instruction.c) of \(b)"
    case .fourSteps: return "\(a) = axis \(16 + instruction.c) of \(b)"
    case .axis, .longAxis, .farAxis: return "\(a) = axis \(constant(word)) of \(b)"
    case .cons: return "\(a) = [\(b) \(c)]"
    case .isCell: return "\(a) = is \(b) a cell"
    case .increment: return "\(a) = \(b) + 1"
    case .equal: return "\(a) = \(b) equals \(c)"
    case .equalDirect: return "\(a) = \(b) equals \(word)"
    case .edit: return "\(a) = \(b) with \(c) at axis \(constant(word))"
    case .jump: return "go to \(target)"
    case .unlessYes: return "unless \(b) is yes go to \(target)"
    case .unlessEqual: return "unless \(b) equals \(c) go to \(target)"
    case .unlessDirect: return "unless \(b) equals \(constant(word)) go to \(target)"
    case .unlessCell: return "unless \(b) is a cell go to \(target)"
    case .result: return "return \(a)"
    case .call: return "\(a) = call \(c) on \(b)"
    case .tailCall: return "go on with \(c) on \(b)"
    case .callArm: return "\(a) = call arm \(c) of core \(b)"
    case .loop: return (instruction.a == instruction.b ? "" : "\(a) = \(b); ") + "loop to \(target)"
    case .count:
      let counting = (0..<16).filter { word >> UInt64(32 + $0) & 1 == 1 }.map { "r\($0)" }.joined(separator: ", ")
      return "count \(counting) on until \(b)" + (instruction.a == 0 ? "" : " + \(instruction.a)")
        + " equals \(c); go to \(target)"
    case .tailCallArm: return "go on with arm \(c) of core \(b)"
    case .scry: return "\(a) = scry \(b) \(c)"
    case .pushTrace: return "\(a) = trace; put \(constant(word)) \(b) on the trace"
    case .popTrace: return "trace = \(a)"
    case .register: return "register core \(b) as \(c)"
    case .recall: return "\(a) = remembered for \(b) in memo \(instruction.c), go to \(target); else 0"
    case .remember: return "remember r\(instruction.c >> 2) for \(b) in memo \(instruction.c & 3)"
    case .hintBefore: return "before \(constant(word))" + (instruction.c & 1 == 1 ? " with \(b)" : "")
    case .hintAfter: return "after \(constant(word))" + (instruction.c & 1 == 1 ? " with \(b)" : "")
    case .halt: return "halt"
    case .resume: return "resume a native routine"
    case .traced: return "tell of a return"
    }
  }
}

extension TankText {
  /// A noun on one line, atoms always as numbers or terms.
  func noun(_ noun: Word, bytes: Int = 160) -> String {
    var options = NounText.Options.brief(bytes: bytes)
    options.depth = 8
    return (try? NounText.string(noun, in: nursery, options)) ?? "..."
  }
}

extension NockMachine {
  /// The listing of a formula's code and of the formulas that it names as constants and calls, each once.
  public func listing(of formula: Word, mostFormulas: Int = 64) throws(Fault) -> [String] {
    var lines = Listing(nursery).lines(of: try cache.code(for: formula))
    var listed = [try cache.code(for: formula)]
    var index = 0
    while index < listed.count, listed.count < mostFormulas {
      for called in calledConstants(listed[index]) {
        guard called.isCell, listed.count < mostFormulas else { continue }
        let code = try cache.code(for: called)
        if listed.contains(code) { continue }
        listed.append(code)
        lines.append("")
        lines += Listing(nursery).lines(of: code)
      }
      index += 1
    }
    return lines
  }

  /// The constants that are called as formulas.
  private func calledConstants(_ code: UnsafeMutablePointer<Code>) -> [Word] {
    var constants: [Int: Word] = [:]
    var result: [Word] = []
    var offset = 0
    while offset < code.pointee.wordCount {
      let instruction = Instruction(raw: code.pointee.start[offset])
      guard let operation = instruction.operation else { break }
      switch operation {
      case .constant: constants[instruction.a] = Word(raw: code.pointee.start[offset + 1])
      case .call, .tailCall, .callArm, .tailCallArm:
        if let formula = constants[instruction.c] { result.append(formula) }
        constants[instruction.a] = nil
      default: break
      }
      offset += 1 + operation.wordCount
    }
    return result
  }
}
