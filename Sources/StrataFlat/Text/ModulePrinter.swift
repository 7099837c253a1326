// Writes a module as text.
// Guarantees: `ModuleParser` reads the text back into an equal module: the same numbers of types, functions and globals, the
// same floats to the bit, the same bytes of texts. The output depends on the module alone.
//
//     target 64
//     error Empty                          error tags in order, from 1
//     type #100 = struct Point { x: i64, y: i64 }
//     global @0 counter: i64 = 7
//     func @0 double(%0 n: i64) -> i64 {
//     block 0 entry:
//       %1 = integer 2 : i64 @14
//       %2 = multiply %0, %1 : i64 @12
//       %3 = return %2 : i64
//     }
//
// In the declaration of a type, others are built-in names or `#number`. Elsewhere a type is written as its built-in name, as
// `#number`, as the name of a declared type where that is unique, or as one of these before another type: `*` `[*]` `[]` `?`
// `[N]`. A name that is no plain word stands in quotes. `//` begins a comment. All of it: Documentation/formats/flat-text.md.

import StrataText

/// Prints modules.
public struct ModulePrinter {
  let module: Module
  private var text = ""
  private let uniqueNames: [String: TypeID]

  private init(_ module: Module) {
    self.module = module
    var seen: [String: TypeID] = [:]
    var repeated = Set<String>()
    for number in Int(TypeID.firstUser)..<max(Int(TypeID.firstUser), module.types.count) {
      let type = TypeID(UInt32(number))
      guard let name = module.types.declaredName(type), ModulePrinter.isWord(name) else { continue }
      if seen[name] != nil { repeated.insert(name) }
      seen[name] = type
    }
    for name in repeated { seen[name] = nil }
    for name in ModulePrinter.builtinNames.keys { seen[name] = nil }
    uniqueNames = seen
  }

  /// The text of a whole module.
  public static func print(_ module: Module) -> String {
    var printer = ModulePrinter(module)
    printer.printModule()
    return printer.text
  }

  /// The text of one function.
  public static func print(_ function: FunctionID, of module: Module) -> String {
    var printer = ModulePrinter(module)
    if let definition = module.function(function) { printer.print(definition, function.rawValue) }
    return printer.text
  }

  // MARK: Words

  static let builtinNames: [String: TypeID] = [
    "unresolved": .unresolved, "bool": .boolean, "i8": .i8, "i16": .i16, "i32": .i32, "i64": .i64, "u8": .u8,
    "u16": .u16, "u32": .u32, "u64": .u64, "f32": .f32, "f64": .f64, "string": .string, "any": .any,
    "noreturn": .noReturn, "isize": .isize, "usize": .usize, "void": .void, "cstring": .cString, "Type": .type,
  ]

  private static let builtinWords: [TypeID: String] = {
    var words: [TypeID: String] = [:]
    for (word, type) in builtinNames { words[type] = word }
    return words
  }()

  /// True for names that need no quotes.
  static func isWord(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(first >= 0x30 && first <= 0x39) else { return false }
    return name.utf8.allSatisfy { byte in
      byte == 0x5F || byte == 0x2E || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A)
        || (byte >= 0x61 && byte <= 0x7A)
    }
  }

  static func quote(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    var result = "\""
    for byte in bytes {
      switch byte {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x09: result += "\\t"
      case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return result + "\""
  }

  func name(_ name: String) -> String { ModulePrinter.isWord(name) ? name : ModulePrinter.quote(name.utf8) }

  /// A float that reads back to the same bits.
  static func float(_ value: Double) -> String {
    if value.isFinite { return value.description }
    return "bits 0x" + String(value.bitPattern, radix: 16)
  }

  /// A type as an operand.
  func type(_ type: TypeID) -> String {
    var current = type
    var prefix = ""
    for _ in 0..<64 {
      if let word = ModulePrinter.builtinWords[current] { return prefix + word }
      if let name = module.types.declaredName(current), uniqueNames[name] == current { return prefix + name }
      let description = module.types[current]
      guard module.types.number(of: description) == current else { break }
      switch description {
      case .pointer(let inner):
        prefix += "*"
        current = inner
      case .manyPointer(let inner):
        prefix += "[*]"
        current = inner
      case .slice(let inner):
        prefix += "[]"
        current = inner
      case .optional(let inner):
        prefix += "?"
        current = inner
      case .array(let inner, let length):
        prefix += "[\(length)]"
        current = inner
      default: return prefix + "#\(current.rawValue)"
      }
    }
    return prefix + "#\(current.rawValue)"
  }

  /// A type inside of a description.
  private func part(_ type: TypeID) -> String { ModulePrinter.builtinWords[type] ?? "#\(type.rawValue)" }

  private func list(_ types: [TypeID]) -> String { types.map(part).joined(separator: ", ") }

  // MARK: Declarations

  private mutating func printModule() {
    text += "target \(module.types.target.pointerSize * 8)\n"
    if module.hasImplicitContext { text += "context\n" }
    for number in 1..<max(1, module.types.errors.count) {
      text += "error \(name(module.types.errors.name(ErrorTag(UInt32(number))) ?? ""))\n"
    }
    for number in Int(TypeID.firstUser)..<max(Int(TypeID.firstUser), module.types.count) {
      let type = TypeID(UInt32(number))
      if module.types[type] != .unresolved { text += "type #\(number) = \(describe(module.types[type]))\n" }
    }
    for (number, global) in module.globals.enumerated() {
      text += "global @\(number) \(name(global.name)): \(type(global.type))"
      if global.isConstant { text += " constant" }
      if global.isExternal { text += " external" }
      if global.isThreadLocal { text += " threadlocal" }
      if let function = global.initializingFunction { text += " run @\(function.rawValue)" }
      if let initializer = global.initializer { text += " = \(constant(initializer))" }
      text += "\n"
    }
    for (number, function) in module.functions.enumerated() {
      text += "\n"
      print(function, UInt32(number))
    }
  }

  private func members(_ fields: [Member]) -> String {
    fields.isEmpty
      ? "{ }" : "{ " + fields.map { "\(name($0.name)): \(part($0.type))" }.joined(separator: ", ") + " }"
  }

  private func nominal(_ number: NominalID) -> String { number == 0 ? "" : " nominal \(number)" }

  private func values(_ numbers: [Int64]?) -> String {
    numbers.map { " values (" + $0.map(String.init).joined(separator: ", ") + ")" } ?? ""
  }

  private func describe(_ description: TypeDescription) -> String {
    switch description {
    case .unresolved: return "unresolved"
    case .boolean: return "bool"
    case .signed(let bits): return "signed \(bits)"
    case .unsigned(let bits): return "unsigned \(bits)"
    case .float32: return "f32"
    case .float64: return "f64"
    case .void: return "void"
    case .noReturn: return "noreturn"
    case .string: return "string"
    case .cString: return "cstring"
    case .any: return "any"
    case .signedSize: return "isize"
    case .unsignedSize: return "usize"
    case .type: return "Type"
    case .structure(let it):
      return "struct \(name(it.name))\(it.isProtocol ? " protocol" : "")\(nominal(it.nominal)) \(members(it.fields))"
    case .union(let it): return "union \(name(it.name))\(nominal(it.nominal)) \(members(it.fields))"
    case .enumeration(let it):
      let backing = it.backing.map { " backing \(part($0))" } ?? ""
      let variants = it.variants.isEmpty ? "{ }" : "{ " + it.variants.map(name).joined(separator: ", ") + " }"
      return
        "enum \(name(it.name))\(it.isFlags ? " flags" : "")\(backing)\(values(it.explicitValues))\(nominal(it.nominal)) \(variants)"
    case .taggedUnion(let it):
      let tag = it.tag.map { " tag \(part($0))" } ?? ""
      let backing = it.backing.map { " backing \(part($0))" } ?? ""
      return
        "variant \(name(it.name))\(it.isDefined ? "" : " open")\(tag)\(backing)\(values(it.explicitValues))\(nominal(it.nominal)) \(members(it.fields))"
    case .array(let element, let length): return "array \(length) \(part(element))"
    case .vector(let element, let length): return "vector \(length) \(part(element))"
    case .slice(let element): return "slice \(part(element))"
    case .pointer(let pointee): return "pointer \(part(pointee))"
    case .manyPointer(let element): return "many \(part(element))"
    case .optional(let child): return "optional \(part(child))"
    case .tuple(let it):
      let names = it.names.map { " names { " + $0.map(name).joined(separator: ", ") + " }" } ?? ""
      return "tuple (\(list(it.elements)))\(names)"
    case .function(let it):
      let pack = it.packStart.map { " pack \($0)" } ?? ""
      return "function (\(list(it.parameters))) \(part(it.result))\(it.convention == .c ? " c" : "")\(pack)"
    case .closure(let parameters, let result): return "closure (\(list(parameters))) \(part(result))"
    case .pack(let types): return "pack (\(list(types)))"
    case .protocolType(let it, let number): return "protocol \(name(it))\(nominal(number))"
    case .errorSet(let it):
      let tags = it.tags.map { String($0.rawValue) }.joined(separator: ", ")
      return "errors \(name(it.name))\(nominal(it.nominal)) (\(tags))"
    }
  }

  private func constant(_ constant: Constant) -> String {
    enum Part {
      case constant(Constant)
      case text(String)
    }
    var pending: [Part] = [.constant(constant)]
    var result = ""
    while let part = pending.popLast() {
      switch part {
      case .text(let text): result += text
      case .constant(.integer(let value)): result += "\(value)"
      case .constant(.float(let value)): result += "float \(ModulePrinter.float(value))"
      case .constant(.boolean(let value)): result += value ? "true" : "false"
      case .constant(.string(let bytes)): result += ModulePrinter.quote(bytes)
      case .constant(.null): result += "null"
      case .constant(.undefined): result += "undefined"
      case .constant(.zero): result += "zero"
      case .constant(.function(let function)): result += "function @\(function.rawValue)"
      case .constant(.globalAddress(let global)): result += "global @\(global.rawValue)"
      case .constant(.functionTable(let functions)):
        result += "table (" + functions.map { "@\($0.rawValue)" }.joined(separator: ", ") + ")"
      case .constant(.aggregate(let parts)):
        var inner: [Part] = [.text("{")]
        for (index, part) in parts.enumerated() {
          if index > 0 { inner.append(.text(", ")) }
          inner.append(.constant(part))
        }
        inner.append(.text("}"))
        pending.append(contentsOf: inner.reversed())
      }
    }
    return result
  }

  // MARK: Functions

  private static let roles: [FunctionRole: String] = [
    .runWrapper: "run", .typeBuilder: "builder", .buildCallback: "callback",
  ]

  private mutating func print(_ function: Function, _ number: UInt32) {
    text += "func @\(number) \(name(function.name))("
    text += function.parameters.enumerated().map { index, parameter in
      "%\(index) \(name(parameter.name)): \(type(parameter.type))"
    }.joined(separator: ", ")
    text += ") -> \(type(function.result))"
    if function.isExternal { text += " external" }
    if function.isIntrinsic { text += " intrinsic" }
    if function.isVariadic { text += " variadic" }
    if function.hasImplicitContext { text += " context" }
    if function.convention == .c { text += " c" }
    if let role = ModulePrinter.roles[function.role] { text += " \(role)" }
    if function.file != 0 { text += " file \(function.file)" }
    guard function.hasBody else {
      text += "\n"
      return
    }
    text += " {\n"
    for (index, block) in function.blocks.enumerated() {
      text += "block \(index) \(name(block.name))"
      if !block.parameters.isEmpty { text += "(" + block.parameters.map(type).joined(separator: ", ") + ")" }
      text += ":\n"
      for value in block.body {
        guard let instruction = function.instruction(value) else { continue }
        text += "  %\(value.rawValue) = \(OperationText.write(instruction.operation, self)) : \(type(instruction.type))"
        let span = instruction.span
        if span != .none { text += span.start == span.end ? " @\(span.start)" : " @\(span.start)..\(span.end)" }
        text += "\n"
      }
    }
    text += "}\n"
  }
}
