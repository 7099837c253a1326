// The display name of every type.
// Guarantees: the names programs see through reflection; written with an explicit stack, so a pointer to a pointer to ...
// of any depth is named without deep recursion. Names are cut at a fixed length because a type may contain itself by way
// of a structural type and because generated types may have huge names.

extension TypeTable {
  /// No display name is longer than about this many bytes; a longer one ends in "...".
  static let longestName = 4096

  /// Returns a type's name as programs and messages show it.
  public func name(_ type: TypeID) -> String {
    enum Part {
      case type(TypeID)
      case text(String)
    }
    var pending: [Part] = [.type(type)]
    var result = ""
    func list(_ types: [TypeID]) -> [Part] {
      var parts: [Part] = []
      for (index, type) in types.enumerated() {
        if index > 0 { parts.append(.text(", ")) }
        parts.append(.type(type))
      }
      return parts
    }
    while let part = pending.popLast() {
      guard result.utf8.count <= TypeTable.longestName else { return result + "..." }
      switch part {
      case .text(let text): result += text
      case .type(let current):
        let parts: [Part]
        switch self[current] {
        case .unresolved: parts = [.text("<unresolved>")]
        case .boolean: parts = [.text("bool")]
        case .signed(let bits): parts = [.text("i\(bits)")]
        case .unsigned(let bits): parts = [.text("u\(bits)")]
        case .float32: parts = [.text("f32")]
        case .float64: parts = [.text("f64")]
        case .void: parts = [.text("void")]
        case .noReturn: parts = [.text("noreturn")]
        case .string: parts = [.text("string")]
        case .cString: parts = [.text("cstring")]
        case .any: parts = [.text("any")]
        case .signedSize: parts = [.text("isize")]
        case .unsignedSize: parts = [.text("usize")]
        case .type: parts = [.text("Type")]
        case .structure(let structure): parts = [.text(structure.name.isEmpty ? "struct" : structure.name)]
        case .enumeration(let enumeration): parts = [.text(enumeration.name.isEmpty ? "enum" : enumeration.name)]
        case .union(let union): parts = [.text(union.name.isEmpty ? "union" : union.name)]
        case .taggedUnion(let union): parts = [.text(union.name.isEmpty ? "enum" : union.name)]
        case .errorSet(let set): parts = [.text(set.name.isEmpty ? "!" : set.name)]
        case .protocolType(let name, _): parts = [.text(name)]
        case .pointer(let pointee): parts = [.text("*"), .type(pointee)]
        case .manyPointer(let element): parts = [.text("[*]"), .type(element)]
        case .slice(let element): parts = [.text("[]"), .type(element)]
        case .optional(let child): parts = [.text("?"), .type(child)]
        case .array(let element, let length): parts = [.text("[\(length)]"), .type(element)]
        case .vector(let element, let length): parts = [.text("Vector(\(length),"), .type(element), .text(")")]
        case .tuple(let tuple):
          parts = [.text("(")] + list(tuple.elements) + [.text(tuple.elements.count == 1 ? ",)" : ")")]
        case .pack(let types): parts = [.text("pack(")] + list(types) + [.text(")")]
        case .function(let function):
          parts = [.text("(")] + list(function.parameters) + [.text(") -> "), .type(function.result)]
        case .closure(let parameters, let result):
          parts = [.text("Closure(")] + list(parameters) + [.text(") -> "), .type(result)]
        }
        pending.append(contentsOf: parts.reversed())
      }
    }
    return result
  }
}
