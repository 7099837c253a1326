// The code of the fast machine as text, one instruction a line.
// Guarantees: every operation of the instruction set is shown with all the operands it reads; a function is compiled as an
// evaluation would compile it; instructions that come from a place in the source carry it.

/// Shows compiled functions.
public enum CodeListing {
  /// The listing of one function. A function without a body, or one that breaks the rules, is an error.
  public static func text(of function: FunctionID, in module: Module) throws(EvaluationError) -> String {
    let machine = FlatMachine(module: module)
    do throws(Fault) {
      let code = try machine.codeForListing(function)
      return text(of: code, module)
    } catch {
      let reason = module.firstIssue(function)?.description ?? "\(error.reason)"
      throw EvaluationError(error.kind, reason)
    }
  }

  static func text(of code: CompiledFunction, _ module: Module) -> String {
    let definition = module.function(code.function)
    var text = "func @\(code.function.rawValue) \(definition?.name ?? ""), \(code.frameSize) registers\n"
    var previous = UInt32.max
    for index in 0..<code.count {
      let instruction = code.instructions[index]
      let number = String(index)
      var line = String(repeating: " ", count: max(0, 6 - number.count)) + number + "  "
      line += instruction.text(at: index, in: code, module)
      let site = code.sites[index]
      if site.value != previous, site.value != UInt32.max {
        line += String(repeating: " ", count: max(1, 56 - line.count)) + "; %\(site.value)"
      }
      previous = site.value
      text += line + "\n"
    }
    return text
  }
}

extension Code {
  /// The instruction in words: its name, what it writes, what it reads.
  func text(at index: Int, in code: CompiledFunction, _ module: Module) -> String {
    let name = "\(opcode)"
    let target = "-> \(index + 1 + Int(y))"
    func charged(_ text: String) -> String { c == 0 ? text : text + ", \(c) steps" }
    switch opcode {
    case .move, .negate, .not, .booleanNot, .extend8, .extend16, .extend32, .zero8, .zero16, .zero32, .toBoolean,
      .negateDouble, .negateSingle, .signedToDouble, .unsignedToDouble, .signedToSingle, .unsignedToSingle,
      .doubleToSingle, .singleToDouble, .allocateCount:
      return "\(name) r\(a), r\(b)"
    case .immediate: return "\(name) r\(a), \(Int64(bitPattern: wide))"
    case .addImmediate, .multiplyImmediate, .andImmediate, .shiftLeftImmediate, .shiftRightImmediate,
      .shiftRightUnsignedImmediate, .divideImmediate, .moduloImmediate, .dividePower, .extend, .zero, .equalImmediate,
      .notEqualImmediate, .lessImmediate, .greaterImmediate:
      return "\(name) r\(a), r\(b), \(x)"
    case .multiplyAddImmediate: return "\(name) r\(a), (r\(c), r\(b) * \(x)) + \(y)"
    case .multiplyImmediateAdd: return "\(name) r\(a), (r\(y), r\(b) * \(x)) + r\(c)"
    case .multiplyAdd: return "\(name) r\(a), (r\(y), r\(b) * r\(c)) + r\(x)"
    case .addImmediateBranchLess: return charged("\(name) r\(a) += \(x), r\(b) \(target)")
    case .addBranchLess: return charged("\(name) r\(a) += r\(x), r\(b) \(target)")
    case .incrementBranchNotEqual: return charged("\(name) r\(b), r\(a), \(x) \(target)")
    case .doubleToInteger, .singleToInteger: return "\(name) r\(a), r\(b), \(y == 1 ? "i" : "u")\(x)"
    case .load8, .loadSigned8, .load16, .loadSigned16, .load32, .loadSigned32, .load64, .loadBoolean:
      return "\(name) r\(a), [r\(b) + \(x)]"
    case .store8, .store16, .store32, .store64: return "\(name) [r\(a) + \(x)], r\(b)"
    case .indexed8, .indexedSigned8, .indexed16, .indexedSigned16, .indexed32, .indexedSigned32, .indexed64,
      .indexedBoolean:
      return "\(name) r\(a), [r\(b) + r\(c)]" + (x < 0 ? "" : ", below \(x)")
    case .storeIndexed8, .storeIndexed16, .storeIndexed32, .storeIndexed64:
      return "\(name) [r\(a) + r\(b)], r\(c)" + (x < 0 ? "" : ", below \(x)")
    case .indexAddress, .indexAddressThenIndexed64, .indexAddressThenStoreIndexed64:
      return "\(name) r\(a), r\(b) + r\(c) * \(y)" + (x < 0 ? "" : ", below \(x)")
    case .sliceAddress: return "\(name) r\(a), [r\(b)] + r\(c) * \(y)"
    case .allocate: return "\(name) r\(a), \(x) bytes, aligned \(y)"
    case .copy: return "\(name) [r\(a)], [r\(b)], \(x) bytes"
    case .copyFresh: return "\(name) r\(a), [r\(b)], \(x) bytes, aligned \(y)"
    case .check: return "\(name) [r\(a) + \(y)], \(x) bytes"
    case .requireValue, .mark, .reset: return "\(name) r\(a)"
    case .jump: return charged("\(name) \(target)")
    case .branchTrue, .branchFalse: return charged("\(name) r\(a) \(target)")
    case .branchEqual, .branchNotEqual, .branchLess, .branchLessOrEqual, .branchLessUnsigned,
      .branchLessOrEqualUnsigned, .branchLessDouble, .branchNotLessDouble, .branchLessOrEqualDouble,
      .branchNotLessOrEqualDouble:
      return charged("\(name) r\(a), r\(b) \(target)")
    case .branchEqualImmediate, .branchNotEqualImmediate, .branchLessImmediate, .branchLessOrEqualImmediate,
      .branchGreaterImmediate, .branchGreaterOrEqualImmediate, .branchMaskZero, .branchMaskNotZero:
      return charged("\(name) r\(a), \(x) \(target)")
    case .choose:
      let table = code.tables[Int(x)]
      let cases = zip(table.values, table.targets).map { "\($0) -> \($1)" } + ["else -> \(table.otherwise)"]
      return charged("\(name) r\(a) {\(cases.joined(separator: ", "))}")
    case .call:
      return charged("\(name) r\(a), @\(UInt32(bitPattern: x)) \(Code.name(x, module)), arguments r\(b)...")
    case .callIndirect: return charged("\(name) r\(a), (r\(y)), arguments r\(b)...")
    case .callService: return "\(name) r\(a), \(Code.name(x, module)), \(y) arguments r\(b)..."
    case .prepareGlobal: return "\(name) \(Code.global(x, module)), frames from r\(b)"
    case .finishGlobal: return "\(name) \(Code.global(x, module)), r\(a)"
    case .globalAddress: return "\(name) r\(a), \(Code.global(x, module))" + (c == 0 ? "" : ", to be overwritten")
    case .text: return "\(name) r\(a), text \(x)"
    case .returnValue: return charged("\(name) r\(a)")
    case .returnVoid, .unreachable: return charged(name)
    case .charge: return "\(name) \(x) steps"
    case .slow: return Int(x) < code.slow.count ? "\(name) \(code.slow[Int(x)].text)" : name
    case .halt: return "\(name) r\(a)"
    default: return "\(name) r\(a), r\(b), r\(c)"
    }
  }

  private static func name(_ function: Int32, _ module: Module) -> String {
    module.function(FunctionID(UInt32(bitPattern: function)))?.name ?? "?"
  }

  private static func global(_ number: Int32, _ module: Module) -> String {
    module.global(GlobalID(UInt32(bitPattern: number)))?.name ?? "?"
  }
}

extension SlowOperation {
  /// The operation with its operands, as the compiler's own reflection of the case spells them.
  var text: String {
    let mirror = Mirror(reflecting: self)
    guard let child = mirror.children.first else { return "\(self)" }
    let parts = Mirror(reflecting: child.value).children.map { part in
      let label = part.label.flatMap { $0.hasPrefix(".") ? nil : $0 + ": " } ?? ""
      return label + "\(part.value)"
    }
    return "\(child.label ?? "") " + parts.joined(separator: ", ")
  }
}
