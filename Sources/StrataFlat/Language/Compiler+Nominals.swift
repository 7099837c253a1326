// Structs, unions, enumerations and error sets: from their syntax to the type table.
//
// Guarantees: a type has its number before its members are read, so it may point to itself; a long chain of types
// is read with a queue, not with the host stack; a type that contains itself by value is reported.

import StrataText

extension Compiler {
  /// A fresh identity for a nominal type of that name.
  private func declareSlot(_ name: String) -> TypeID {
    var number = nominalCounts[name] ?? 0
    if number == 0, types.find(name) != nil { number = 1 }
    nominalCounts[name] = number + 1
    return types.declare(name, nominal: number)
  }

  /// Makes the nominal type that `expression` describes.
  func defineNominal(
    _ expression: Expression, name: String, scope: Scope, entity: Entity?, template: TypeTemplate? = nil,
    arguments: [Operand] = [], key: String? = nil
  ) -> Operand {
    if case .errorSet(let names) = expression.kind {
      return .type(defineErrorSet(names, name: name))
    }
    let slot = declareSlot(name)
    entity?.meaning = .known(.type(slot))
    if let template, let key { template.instances[key] = slot }
    let members = Scope(parent: scope, file: scope.file, prefix: name + ".")
    var declarations: [Declaration] = []
    var defaults: [Expression?] = []
    switch expression.kind {
    case .structure(let syntax), .union(let syntax):
      declarations = syntax.members
      defaults = syntax.fields.map(\.defaultValue)
    case .enumeration(let syntax): declarations = syntax.members
    default: return .invalid
    }
    for declaration in declarations { declare(declaration, in: members) }
    nominals[slot] = NominalInfo(
      defaults: defaults, members: members, template: template, arguments: arguments, span: expression.span)
    if depth > Compiler.depthLimit / 4 {
      if template != nil, openLevel >= Compiler.openLevelLimit {
        report(
          "the type '\(template?.name ?? "")' needs more and more types made from itself", expression.span.head,
          help: "a generic type may only refer to finitely many instances of itself")
        return .invalid
      }
      openTypes.append((slot, expression, openLevel + 1))
    } else {
      complete(slot, expression)
    }
    return .type(slot)
  }

  /// Reads the members of types that were only declared so far.
  func completeOpenTypes() {
    let saved = openLevel
    while let (slot, expression, level) = openTypes.popLast() {
      openLevel = level
      complete(slot, expression)
    }
    openLevel = saved
  }

  private func complete(_ slot: TypeID, _ expression: Expression) {
    guard let info = nominals[slot] else { return }
    let lowerer = Lowerer(compiler: self, scope: info.members, wrapper: "__type")
    let description: TypeDescription
    switch expression.kind {
    case .structure(let syntax):
      description = .structure(StructureType(name: "", fields: fields(syntax, lowerer)))
    case .union(let syntax):
      description = .union(UnionType(name: "", fields: fields(syntax, lowerer)))
    case .enumeration(let syntax):
      guard let found = enumeration(syntax, lowerer) else {
        define(slot, .structure(StructureType(name: "", fields: [])), expression)
        return
      }
      description = found
    default: return
    }
    define(slot, description, expression)
  }

  private func define(_ slot: TypeID, _ description: TypeDescription, _ expression: Expression) {
    do {
      try types.define(slot, as: description)
    } catch {
      report("the type '\(types.name(slot))' cannot be defined: its name is taken", expression.span)
      return
    }
    do {
      _ = try types.layout(slot)
    } catch {
      switch error {
      case .containsItself:
        let keyword = Span(file: expression.span.file, start: expression.span.start, end: expression.span.start + 4)
        report(
          "the type '\(types.name(slot))' contains itself", keyword, help: "hold a pointer to it instead")
      case .tooLarge:
        report("the type '\(types.name(slot))' is too large", expression.span)
      default: break
      }
    }
  }

  private func fields(_ syntax: StructureSyntax, _ lowerer: Lowerer) -> [Member] {
    var seen: [Symbol: Name] = [:]
    var fields: [Member] = []
    for field in syntax.fields {
      if let known = seen[field.name.symbol] {
        report(
          "the field '\(spelling(field.name.symbol))' is declared twice", field.name.span,
          notes: [note("it was declared here first", known.span)])
        continue
      }
      seen[field.name.symbol] = field.name
      let type = lowerer.type(of: field.type) ?? .void
      fields.append(Member(spelling(field.name.symbol), type))
    }
    return fields
  }

  private func enumeration(_ syntax: EnumerationSyntax, _ lowerer: Lowerer) -> TypeDescription? {
    var backing: TypeID?
    if let expression = syntax.backing {
      guard let type = lowerer.type(of: expression) else { return nil }
      guard lowerer.isInteger(type) else {
        report("an enumeration is backed by an integer type, not by '\(types.name(type))'", expression.span)
        return nil
      }
      backing = type
    }
    var seen: [Symbol: Name] = [:]
    var members: [Member] = []
    var values: [Int64] = []
    var hasValues = false
    for variant in syntax.variants {
      if let known = seen[variant.name.symbol] {
        report(
          "the variant '\(spelling(variant.name.symbol))' is declared twice", variant.name.span,
          notes: [note("it was declared here first", known.span)])
        continue
      }
      seen[variant.name.symbol] = variant.name
      var value = Int64(members.count)
      if let expression = variant.value, let number = lowerer.constantInteger(expression) {
        hasValues = true
        value = Int64(truncatingIfNeeded: number)
        if !lowerer.fits(number, backing ?? .i64) {
          report("\(number) does not fit the enumeration's type '\(types.name(backing ?? .i64))'", expression.span)
        }
      }
      values.append(value)
      members.append(Member(spelling(variant.name.symbol), variant.payload.flatMap { lowerer.type(of: $0) } ?? .void))
    }
    if members.allSatisfy({ $0.type == .void }), syntax.variants.allSatisfy({ $0.payload == nil }) {
      return .enumeration(
        EnumerationType(
          name: "", variants: members.map(\.name), explicitValues: hasValues ? values : nil, backing: backing))
    }
    return .taggedUnion(
      TaggedUnionType(name: "", fields: members, tag: backing, explicitValues: hasValues ? values : nil))
  }

  private func defineErrorSet(_ names: [Name], name: String) -> TypeID {
    var tags: [ErrorTag] = []
    for name in names {
      let tag = types.errors.intern(spelling(name.symbol))
      if tags.contains(tag) { report("the error '\(spelling(name.symbol))' is listed twice", name.span) }
      tags.append(tag)
    }
    let number = nominalCounts[name] ?? 0
    nominalCounts[name] = number + 1
    return types.intern(.errorSet(ErrorSetType(name: name, tags: tags.sorted(), nominal: number)))
  }

  /// The error set of functions that say only `!`: any error fits.
  var anyError: TypeID { types.intern(.errorSet(ErrorSetType(name: "", tags: []))) }

  // MARK: Templates

  /// The type that a template gives for some arguments.
  func instantiate(_ template: TypeTemplate, _ arguments: [Operand], at span: Span) -> Operand {
    guard arguments.count == template.parameters.count else {
      report(
        "'\(template.name)' takes \(count(template.parameters.count, "argument")), not \(arguments.count)", span)
      return .invalid
    }
    let key = arguments.map(keyText).joined(separator: ";")
    if let known = template.instances[key] { return .type(known) }
    let scope = Scope(parent: template.scope, file: template.scope.file, prefix: template.scope.prefix)
    for (parameter, argument) in zip(template.parameters, arguments) {
      bind(parameter.name, argument, in: scope)
    }
    let name = template.name + "(" + arguments.map(displayText).joined(separator: ", ") + ")"
    return guarded(span, Operand.invalid) {
      defineNominal(
        template.body, name: name, scope: scope, entity: nil, template: template, arguments: arguments, key: key)
    }
  }

  /// Declares a generic name with its argument.
  func bind(_ name: Name, _ operand: Operand, in scope: Scope) {
    _ = scope.declare(
      Entity(name: name.symbol, span: name.span, scope: scope, declaration: nil, meaning: .known(operand)))
  }

  /// `n things`, with the right ending.
  func count(_ number: Int, _ noun: String) -> String { number == 1 ? "1 \(noun)" : "\(number) \(noun)s" }

  /// A spelling that is different for different constant operands.
  func keyText(_ operand: Operand) -> String {
    switch operand.form {
    case .type(let type): "T\(type.rawValue)"
    case .integer(let value): "I\(value):\(operand.type.rawValue)"
    case .float(let value): "F\(value.bitPattern):\(operand.type.rawValue)"
    case .boolean(let value): "B\(value)"
    case .string(let bytes): "S\(bytes)"
    case .function(let entity): "P\(entity.syntax.span.file):\(entity.syntax.span.start)"
    default: "?"
    }
  }

  /// How a constant operand is shown in the name of an instance.
  func displayText(_ operand: Operand) -> String {
    switch operand.form {
    case .type(let type): types.name(type)
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .boolean(let value): "\(value)"
    case .string(let bytes): "\"\(String(decoding: bytes, as: UTF8.self))\""
    case .function(let entity): entity.name
    default: "?"
    }
  }
}
