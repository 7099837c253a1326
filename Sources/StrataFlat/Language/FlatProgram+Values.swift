// Values of a program as text, and programs made of a single expression.
//
// Guarantees: a value is shown as the library's `print` shows it; what lies outside the value (the target of a
// pointer) is not followed.

import StrataText

extension FlatProgram {
  /// A value of a type as text. Texts inside other values are quoted.
  public func text(of value: FlatValue, type: TypeID) -> String { text(of: value, type: type, isInner: false) }

  private func text(of value: FlatValue, type: TypeID, isInner: Bool) -> String {
    let types = module.types
    func list(_ parts: [FlatValue], _ element: TypeID) -> String {
      "[" + parts.map { text(of: $0, type: element, isInner: true) }.joined(separator: ", ") + "]"
    }
    switch value {
    case .void: return "void"
    case .integer(let number): return "\(number)"
    case .unsigned(let number): return "\(number)"
    case .boolean(let flag): return "\(flag)"
    case .float(let number): return "\(number)"
    case .single(let number): return "\(number)"
    case .string(let bytes):
      let text = String(decoding: bytes, as: UTF8.self)
      return isInner ? "\"\(text)\"" : text
    case .null: return "null"
    case .some(let inner):
      guard case .optional(let child) = types[type] else { return "?" }
      return text(of: inner, type: child, isInner: isInner)
    case .aggregate(let parts):
      switch types[type] {
      case .structure(let structure):
        let fields = zip(structure.fields, parts).map { "\($0.name): \(text(of: $1, type: $0.type, isInner: true))" }
        return types.name(type) + "{" + fields.joined(separator: ", ") + "}"
      case .tuple(let tuple):
        return "("
          + zip(tuple.elements, parts).map { text(of: $1, type: $0, isInner: true) }.joined(separator: ", ") + ")"
      case .array(let element, _), .vector(let element, _), .slice(let element): return list(parts, element)
      default: return list(parts, .void)
      }
    case .enumeration(let tag): return variantName(tag, type) ?? "\(tag)"
    case .variant(let tag, let payload):
      guard let name = variantName(tag, type) else { return "\(tag)" }
      if case .void = payload { return name }
      guard case .taggedUnion(let union) = types[type],
        let index = union.fields.indices.first(where: { types.tagValue(of: $0, in: type) == tag })
      else { return name }
      return "\(name)(\(text(of: payload, type: union.fields[index].type, isInner: true)))"
    case .error(let tag): return tag == .none ? "no error" : "error.\(types.errors.name(tag) ?? "\(tag.rawValue)")"
    case .type(let made): return types.name(made)
    case .function(let number): return module.function(number)?.name ?? "function"
    case .closure(let number, _): return module.function(number)?.name ?? "closure"
    case .pointer(let address): return "0x" + String(address, radix: 16)
    case .any(let held, let inner): return text(of: inner, type: held, isInner: isInner)
    case .bytes(let bytes): return "\(bytes)"
    }
  }

  private func variantName(_ tag: Int64, _ type: TypeID) -> String? {
    let types = module.types
    let names: [String]
    switch types[type] {
    case .enumeration(let enumeration): names = enumeration.variants
    case .taggedUnion(let union): names = union.fields.map(\.name)
    default: return nil
    }
    return names.indices.first { types.tagValue(of: $0, in: type) == tag }.map { ".\(names[$0])" }
  }

  /// The error that a failable result holds, if it holds one.
  public func raisedError(in value: FlatValue, type: TypeID) -> String? {
    let last: FlatValue
    switch (value, module.types[type]) {
    case (.error(let tag), .errorSet): last = .error(tag)
    case (.aggregate(let parts), .tuple): last = parts.last ?? .void
    default: return nil
    }
    guard case .error(let tag) = last, tag != .none else { return nil }
    return module.types.errors.name(tag) ?? "\(tag.rawValue)"
  }

  /// A program whose only constant, `result`, is the value of an expression; the whole library is at hand.
  public static func load(expression: String, budget: Budget = compileBudget) -> FlatProgram {
    load(SourceText(name: "expression", text: "result :: #run \(expression);\n#import \"modules/std.sx\";\n"))
  }
}

extension TraceEntry {
  /// The bytes of the source that it comes from.
  var range: Range<Int> { Int(span.start)..<Int(max(span.start, span.end)) }
}

extension EvaluationError {
  /// The active calls as notes, innermost first, leaving out so many; a place that stands there several times in a row is told
  /// of once.
  func notes(_ sourceCount: Int, _ words: String, after skipped: Int) -> [DiagnosticNote] {
    let calls = trace.dropFirst(skipped).filter { Int($0.file) < sourceCount && $0.span != .none }
    var notes: [DiagnosticNote] = []
    var index = calls.startIndex
    while index < calls.endIndex {
      let call = calls[index]
      let next = calls[index...].firstIndex { $0.function != call.function || $0.span != call.span } ?? calls.endIndex
      // A long trace lacks its middle, so nobody has counted.
      let repeats =
        next - index == 1 ? "" : trace.count < Self.longestTrace ? ", \(next - index) times" : ", many times"
      notes.append(DiagnosticNote("\(words) '\(call.name)'\(repeats)", at: call.range, source: Int(call.file)))
      index = next
    }
    return notes
  }
}
