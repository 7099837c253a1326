// What names mean: scopes, and the things that are declared in them.
//
// Guarantees: an entity is resolved at most once and only when it is first needed, so declarations may stand in any
// order; scopes are searched by symbol and never iterated by hash.

/// A set of names that are visible together.
final class Scope {
  /// Where names that are not found here are looked for.
  let parent: Scope?
  /// The text the scope belongs to.
  let file: UInt32
  /// How functions declared here are named in full: `Vec.` for members of `Vec`.
  let prefix: String
  private var names: [Symbol: Entity] = [:]
  /// What was declared here, in the order of declaration.
  private(set) var declared: [Entity] = []
  /// Scopes whose public names are visible here too, in the order of their imports.
  var imports: [Scope] = [] {
    didSet { closure = nil }
  }
  /// Everything that is imported, also by way of imported files, nearest first.
  private var closure: [Scope]?

  init(parent: Scope?, file: UInt32, prefix: String = "") {
    self.parent = parent
    self.file = file
    self.prefix = prefix
  }

  /// The entity of that name declared in this very scope.
  func own(_ symbol: Symbol) -> Entity? { names[symbol] }

  /// Declares an entity; returns the one that already has its name, if any.
  func declare(_ entity: Entity) -> Entity? {
    if let known = names[entity.name] { return known }
    names[entity.name] = entity
    declared.append(entity)
    return nil
  }

  private func everythingImported() -> [Scope] {
    if imports.isEmpty { return [] }
    if let closure { return closure }
    var found = imports
    var next = 0
    while next < found.count {
      for scope in found[next].imports where scope !== self && !found.contains(where: { $0 === scope }) {
        found.append(scope)
      }
      next += 1
    }
    closure = found
    return found
  }

  /// The entity that a name means here.
  func find(_ symbol: Symbol) -> Entity? {
    var scope: Scope? = self
    while let current = scope {
      if let own = current.names[symbol] { return own }
      for other in current.everythingImported() {
        if let entity = other.names[symbol], !entity.isPrivate { return entity }
      }
      scope = current.parent
    }
    return nil
  }
}

/// A declared constant: its declaration, and what it turned out to mean.
final class Entity {
  let name: Symbol
  let span: Span
  let scope: Scope
  /// Absent for what the compiler itself provides.
  let declaration: Declaration?
  let isPrivate: Bool
  /// Declared with `:=` or `: T` at the top of a file: it lives in memory and may be written.
  var isVariable = false
  /// A variable without a value takes the default of its type.
  var hasValue = true
  /// The wrapper of a `#run` constant.
  var runFunction: FunctionID?
  var meaning: Meaning

  init(name: Symbol, span: Span, scope: Scope, declaration: Declaration?, meaning: Meaning = .unresolved) {
    self.name = name
    self.span = span
    self.scope = scope
    self.declaration = declaration
    isPrivate = declaration?.isPrivate ?? false
    self.meaning = meaning
  }

  /// What an entity means.
  enum Meaning {
    case unresolved
    /// Being resolved: whoever needs it now depends on itself.
    case resolving
    /// Resolved to anything that an operand can be.
    case known(Operand)
    /// A value in memory that lives as long as the evaluation.
    case global(GlobalID, TypeID, isVariable: Bool)
  }
}

/// A type with parameters, waiting for them.
final class TypeTemplate {
  let name: String
  let parameters: [ParameterSyntax]
  let body: Expression
  let scope: Scope
  /// The types made so far, by the spelling of their arguments.
  var instances: [String: TypeID] = [:]

  init(name: String, parameters: [ParameterSyntax], body: Expression, scope: Scope) {
    self.name = name
    self.parameters = parameters
    self.body = body
    self.scope = scope
  }
}

/// A function as declared: concrete, or a pattern for many.
final class FunctionEntity {
  let name: String
  let syntax: FunctionSyntax
  let scope: Scope
  let isGeneric: Bool
  /// The instances made so far, by the spelling of their arguments; a concrete function has one, under "".
  var instances: [String: FunctionInstance] = [:]

  init(name: String, syntax: FunctionSyntax, scope: Scope) {
    self.name = name
    self.syntax = syntax
    self.scope = scope
    isGeneric = !syntax.genericNames.isEmpty || syntax.parameters.contains { $0.isGeneric }
  }
}

/// The declared results of a function.
struct ResultShape {
  /// The value types.
  var values: [TypeID] = []
  /// The error set, for a function that may raise.
  var errorSet: TypeID?
  /// The single type that the function has in the intermediate form.
  var type: TypeID = .void
}

/// A function with all its types known.
final class FunctionInstance {
  let entity: FunctionEntity
  /// Holds the generic names; its parent is the scope of the declaration.
  let scope: Scope
  let number: FunctionID
  /// The types of the run-time parameters.
  let parameterTypes: [TypeID]
  /// For each run-time parameter, its index in the declaration.
  let parameterIndices: [Int]
  var result: ResultShape
  var isLowered = false

  init(
    entity: FunctionEntity, scope: Scope, number: FunctionID, parameterTypes: [TypeID], parameterIndices: [Int],
    result: ResultShape
  ) {
    self.entity = entity
    self.scope = scope
    self.number = number
    self.parameterTypes = parameterTypes
    self.parameterIndices = parameterIndices
    self.result = result
  }
}

/// What the language knows of a nominal type beyond its layout.
final class NominalInfo {
  /// Defaults of its fields, in order.
  let defaults: [Expression?]
  /// Its methods and constants; also the scope in which the defaults are read.
  let members: Scope
  /// The template it was made from, and the arguments, if it was.
  let template: TypeTemplate?
  let arguments: [Operand]
  let span: Span

  init(defaults: [Expression?], members: Scope, template: TypeTemplate?, arguments: [Operand], span: Span) {
    self.defaults = defaults
    self.members = members
    self.template = template
    self.arguments = arguments
    self.span = span
  }
}
