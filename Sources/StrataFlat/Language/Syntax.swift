// The tree that the parser builds.
//
// Guarantees: a node is immutable after parsing; no path from a root to a leaf is longer than `Syntax.heightLimit`,
// so whoever walks the tree may recurse; types are expressions, told from values only by what their names mean.

/// Bytes of one text of the compilation.
struct Span: Hashable, Sendable {
  /// The index of the text.
  var file: UInt32
  /// The offset of the first byte.
  var start: UInt32
  /// The offset past the last byte.
  var end: UInt32

  /// The bytes as a range.
  var range: Range<Int> { Int(start)..<Int(max(start, end)) }

  /// From the start of this span to the end of `other`.
  func through(_ other: Span) -> Span { Span(file: file, start: start, end: max(end, other.end)) }
}

/// Limits of the tree.
enum Syntax {
  /// The greatest number of nodes on a path from a root to a leaf.
  static let heightLimit = 200
}

/// A name and where it is written.
struct Name {
  let symbol: Symbol
  let span: Span
}

/// What stands between two operands.
enum OperatorSyntax: UInt8 {
  case add, subtract, multiply, divide, remainder, shiftLeft, shiftRight
  case bitAnd, bitXor, bitOr
  case equal, notEqual, less, lessEqual, greater, greaterEqual
  case and, or, coalesce

  /// The operator as written.
  var spelling: String {
    switch self {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .remainder: "%"
    case .shiftLeft: "<<"
    case .shiftRight: ">>"
    case .bitAnd: "&"
    case .bitXor: "^"
    case .bitOr: "|"
    case .equal: "=="
    case .notEqual: "!="
    case .less: "<"
    case .lessEqual: "<="
    case .greater: ">"
    case .greaterEqual: ">="
    case .and: "and"
    case .or: "or"
    case .coalesce: "??"
    }
  }

  /// How tightly it binds; operators of one level form one list, read from the left.
  var precedence: Int {
    switch self {
    case .multiply, .divide, .remainder: 10
    case .add, .subtract: 9
    case .shiftLeft, .shiftRight: 8
    case .coalesce: 7
    case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual: 6
    case .bitAnd: 5
    case .bitXor: 4
    case .bitOr: 3
    case .and: 2
    case .or: 1
    }
  }

  /// Whether it compares, which makes a list of it a chain: `a < b < c`.
  var isComparison: Bool { precedence == 6 }
}

/// What stands before an operand.
enum PrefixOperator: UInt8 {
  case negate, not, complement
  /// `xx e`: convert to the type that the context expects.
  case autoCast
  /// `*e`: the address of a place, or the type "pointer to" a type.
  case addressOf
  case attempt
}

/// One step of an operator list.
struct OperatorTail {
  let operation: OperatorSyntax
  let span: Span
  let operand: Expression
}

/// A value in a call or literal, perhaps named.
struct ArgumentSyntax {
  let name: Name?
  let value: Expression
  /// `..xs`: pass a slice as the rest of the arguments.
  let isSpread: Bool
}

/// A parameter of a function or of a generic type.
struct ParameterSyntax {
  let name: Name
  let type: Expression?
  let defaultValue: Expression?
  /// `$T: Type`: given at compile time.
  let isGeneric: Bool
  /// `xs: ..T`: takes the rest of the arguments as a slice.
  let isVariadic: Bool
}

/// The results a signature declares.
struct ResultSyntax {
  /// The value types, in order.
  let types: [Expression]
  /// Whether the function may raise.
  let isFailable: Bool
  /// The error set after `!`, if one is named.
  let errorSet: Expression?
}

/// How a function gets its body.
enum FunctionBody {
  case block(BlockSyntax)
  case expression(Expression)
  case extern
  case intrinsic
}

/// A function: named by a declaration, or a literal.
final class FunctionSyntax {
  let parameters: [ParameterSyntax]
  /// Absent when the signature has no arrow: void for a declaration, inferred for a literal with `=>`.
  let result: ResultSyntax?
  let body: FunctionBody
  let isMethodSugar: Bool
  let span: Span
  /// The generic names that the signature introduces, `$T` anywhere in it, in order of appearance.
  let genericNames: [Name]

  init(
    parameters: [ParameterSyntax], result: ResultSyntax?, body: FunctionBody, isMethodSugar: Bool, span: Span,
    genericNames: [Name]
  ) {
    self.parameters = parameters
    self.result = result
    self.body = body
    self.isMethodSugar = isMethodSugar
    self.span = span
    self.genericNames = genericNames
  }
}

/// Fields that share a type, and perhaps a default.
struct FieldSyntax {
  let name: Name
  let type: Expression
  let defaultValue: Expression?
}

/// `struct` and `union`.
final class StructureSyntax {
  let parameters: [ParameterSyntax]
  let fields: [FieldSyntax]
  let members: [Declaration]

  init(parameters: [ParameterSyntax], fields: [FieldSyntax], members: [Declaration]) {
    self.parameters = parameters
    self.fields = fields
    self.members = members
  }
}

/// One alternative of an `enum`.
struct VariantSyntax {
  let name: Name
  let payload: Expression?
  let value: Expression?
}

/// `enum`.
final class EnumerationSyntax {
  let parameters: [ParameterSyntax]
  let backing: Expression?
  let variants: [VariantSyntax]
  let members: [Declaration]

  init(parameters: [ParameterSyntax], backing: Expression?, variants: [VariantSyntax], members: [Declaration]) {
    self.parameters = parameters
    self.backing = backing
    self.variants = variants
    self.members = members
  }
}

/// What decides a branch: a condition, or an optional whose value is bound.
struct Condition {
  let binding: Name?
  let value: Expression
}

/// `if`, with all its `else if`s in one list.
final class IfSyntax {
  let branches: [(condition: Condition, body: BlockSyntax)]
  let otherwise: BlockSyntax?
  let isInline: Bool

  init(branches: [(condition: Condition, body: BlockSyntax)], otherwise: BlockSyntax?, isInline: Bool) {
    self.branches = branches
    self.otherwise = otherwise
    self.isInline = isInline
  }
}

/// What a case accepts.
enum Pattern {
  case value(Expression)
  case range(Expression, Expression, isClosed: Bool)
}

/// One `case`.
struct CaseSyntax {
  let patterns: [Pattern]
  let binding: Name?
  let body: BlockSyntax
  let span: Span
}

/// `if v == { case ... }`.
final class MatchSyntax {
  let subject: Expression
  let cases: [CaseSyntax]
  let otherwise: BlockSyntax?
  let isInline: Bool

  init(subject: Expression, cases: [CaseSyntax], otherwise: BlockSyntax?, isInline: Bool) {
    self.subject = subject
    self.cases = cases
    self.otherwise = otherwise
    self.isInline = isInline
  }
}

/// One thing a `for` runs over, and the name for its element.
struct IterationSyntax {
  let source: Expression
  /// The end of a range that starts at `source`; absent for a collection and for an open range.
  let end: Expression?
  let isRange: Bool
  let isClosed: Bool
  let binding: Name?
  /// `(*p)`: bind the element's address.
  let byAddress: Bool
}

/// `for`.
final class ForSyntax {
  let iterations: [IterationSyntax]
  let body: BlockSyntax
  let isInline: Bool

  init(iterations: [IterationSyntax], body: BlockSyntax, isInline: Bool) {
    self.iterations = iterations
    self.body = body
    self.isInline = isInline
  }
}

/// Statements in braces. The last may be an expression without semicolon: the block's value.
final class BlockSyntax {
  let statements: [Statement]
  let span: Span
  let height: Int

  init(statements: [Statement], span: Span) {
    self.statements = statements
    self.span = span
    var height = 0
    for statement in statements { height = max(height, statement.height) }
    self.height = height + 1
  }
}

/// A constant: function, type, value or import.
final class Declaration {
  let name: Name
  let type: Expression?
  let value: Expression
  let isPrivate: Bool

  init(name: Name, type: Expression?, value: Expression, isPrivate: Bool) {
    self.name = name
    self.type = type
    self.value = value
    self.isPrivate = isPrivate
  }
}

/// A statement.
final class Statement {
  indirect enum Kind {
    case declaration(Declaration)
    /// `a, b : T = values;` Without values the variables take their defaults.
    case variable(names: [Name], type: Expression?, values: [Expression])
    /// `a, b = values;`, or one target with an operator.
    case assignment(targets: [Expression], operation: OperatorSyntax?, values: [Expression])
    /// An expression; with `isValue` it ends its block without semicolon and is its value.
    case expression(Expression, isValue: Bool)
    case `defer`(Statement)
    case onFail(Statement)
    case push(Expression, BlockSyntax)
  }

  let kind: Kind
  let span: Span
  private(set) var height: Int

  init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
    self.height = 0
    var height = 0
    visitChildren {
      height = max(height, $0.height)
    } _: {
      height = max(height, $0.height)
    }
    self.height = height + 1
  }
}

/// An expression, which may denote a value, a place, a type, a function or a module.
final class Expression {
  enum Kind {
    /// Stands where nothing could be read; its error has been reported.
    case invalid
    case integer(UInt64)
    case float(Double)
    case string([UInt8])
    case boolean(Bool)
    case null
    case undefined
    case name(Symbol)
    /// `$T` where a type is expected: a name the signature introduces.
    case genericName(Symbol)
    case member(Expression, Name)
    case optionalMember(Expression, Name)
    case element(Expression, Int)
    case implicitMember(Name)
    case errorTag(Name)
    case call(Expression, [ArgumentSyntax])
    case index(Expression, Expression)
    case slice(Expression, Expression?, Expression?)
    case dereference(Expression)
    case unwrap(Expression)
    case cast(Expression, Expression)
    case prefix(PrefixOperator, Expression)
    case binary(Expression, [OperatorTail])
    case handler(Expression, Name?, BlockSyntax)
    case aggregate(Expression?, [ArgumentSyntax])
    case arrayLiteral(Expression?, [Expression])
    case optionalType(Expression)
    case arrayType(Expression, Expression)
    case sliceType(Expression)
    case manyPointerType(Expression)
    case functionType([Expression], ResultSyntax, isClosure: Bool)
    case function(FunctionSyntax)
    case conditional(IfSyntax)
    case match(MatchSyntax)
    case block(BlockSyntax)
    case whileLoop(Condition, BlockSyntax)
    case forLoop(ForSyntax)
    case `return`([Expression])
    case `break`
    case `continue`
    case raise(Expression)
    case run(Expression)
    case insert(Expression)
    case importFile([UInt8])
    case compileError(Expression)
    case structure(StructureSyntax)
    case union(StructureSyntax)
    case enumeration(EnumerationSyntax)
    case errorSet([Name])
  }

  let kind: Kind
  let span: Span
  /// The number of nodes on the longest path to a leaf.
  let height: Int

  init(_ kind: Kind, _ span: Span) {
    self.kind = kind
    self.span = span
    height = Expression.height(of: kind)
  }

  private static func height(of kind: Kind) -> Int {
    var height = 0
    kind.visitChildren {
      height = max(height, $0.height)
    } _: {
      height = max(height, $0.height)
    }
    return height + 1
  }
}

extension Expression.Kind {
  /// Calls the closures with every expression and block directly below this node.
  func visitChildren(_ see: (Expression) -> Void, _ seeBlock: (BlockSyntax) -> Void) {
    func seeParameters(_ parameters: [ParameterSyntax]) {
      for parameter in parameters {
        if let type = parameter.type { see(type) }
        if let value = parameter.defaultValue { see(value) }
      }
    }
    func seeMembers(_ members: [Declaration]) {
      for member in members {
        if let type = member.type { see(type) }
        see(member.value)
      }
    }
    switch self {
    case .invalid, .integer, .float, .string, .boolean, .null, .undefined, .name, .genericName, .implicitMember,
      .errorTag, .break, .continue, .importFile, .errorSet:
      break
    case .member(let base, _), .optionalMember(let base, _), .element(let base, _), .dereference(let base),
      .unwrap(let base), .prefix(_, let base), .optionalType(let base), .sliceType(let base),
      .manyPointerType(let base), .raise(let base), .run(let base), .insert(let base), .compileError(let base):
      see(base)
    case .call(let callee, let arguments):
      see(callee)
      for argument in arguments { see(argument.value) }
    case .index(let base, let other), .cast(let base, let other), .arrayType(let base, let other):
      see(base)
      see(other)
    case .slice(let base, let low, let high):
      see(base)
      if let low { see(low) }
      if let high { see(high) }
    case .binary(let first, let rest):
      see(first)
      for tail in rest { see(tail.operand) }
    case .handler(let base, _, let body):
      see(base)
      seeBlock(body)
    case .aggregate(let type, let arguments):
      if let type { see(type) }
      for argument in arguments { see(argument.value) }
    case .arrayLiteral(let type, let elements):
      if let type { see(type) }
      elements.forEach(see)
    case .functionType(let parameters, let result, _):
      parameters.forEach(see)
      result.types.forEach(see)
      if let errorSet = result.errorSet { see(errorSet) }
    case .function(let function):
      seeParameters(function.parameters)
      function.result?.types.forEach(see)
      if let errorSet = function.result?.errorSet { see(errorSet) }
      switch function.body {
      case .block(let block): seeBlock(block)
      case .expression(let expression): see(expression)
      case .extern, .intrinsic: break
      }
    case .conditional(let syntax):
      for branch in syntax.branches {
        see(branch.condition.value)
        seeBlock(branch.body)
      }
      if let otherwise = syntax.otherwise { seeBlock(otherwise) }
    case .match(let syntax):
      see(syntax.subject)
      for branch in syntax.cases {
        for pattern in branch.patterns {
          switch pattern {
          case .value(let value): see(value)
          case .range(let low, let high, _):
            see(low)
            see(high)
          }
        }
        seeBlock(branch.body)
      }
      if let otherwise = syntax.otherwise { seeBlock(otherwise) }
    case .block(let block): seeBlock(block)
    case .whileLoop(let condition, let body):
      see(condition.value)
      seeBlock(body)
    case .forLoop(let syntax):
      for iteration in syntax.iterations {
        see(iteration.source)
        if let end = iteration.end { see(end) }
      }
      seeBlock(syntax.body)
    case .return(let values): values.forEach(see)
    case .structure(let syntax), .union(let syntax):
      seeParameters(syntax.parameters)
      for field in syntax.fields {
        see(field.type)
        if let value = field.defaultValue { see(value) }
      }
      seeMembers(syntax.members)
    case .enumeration(let syntax):
      seeParameters(syntax.parameters)
      if let backing = syntax.backing { see(backing) }
      for variant in syntax.variants {
        if let payload = variant.payload { see(payload) }
        if let value = variant.value { see(value) }
      }
      seeMembers(syntax.members)
    }
  }
}

extension Statement {
  /// Calls the closures with every expression and block directly below this statement.
  func visitChildren(_ see: (Expression) -> Void, _ seeBlock: (BlockSyntax) -> Void) {
    switch kind {
    case .declaration(let declaration):
      if let type = declaration.type { see(type) }
      see(declaration.value)
    case .variable(_, let type, let values):
      if let type { see(type) }
      values.forEach(see)
    case .assignment(let targets, _, let values):
      targets.forEach(see)
      values.forEach(see)
    case .expression(let expression, _): see(expression)
    case .defer(let statement), .onFail(let statement): statement.visitChildren(see, seeBlock)
    case .push(let value, let body):
      see(value)
      seeBlock(body)
    }
  }
}

extension Expression {
  /// Calls `action` with every name used in this expression, in the order of the text.
  func visitNames(_ action: (Symbol) -> Void) {
    if case .name(let symbol) = kind { action(symbol) }
    kind.visitChildren {
      $0.visitNames(action)
    } _: {
      $0.visitNames(action)
    }
  }
}

extension BlockSyntax {
  /// Calls `action` with every name used in this block, in the order of the text.
  func visitNames(_ action: (Symbol) -> Void) {
    for statement in statements {
      statement.visitChildren {
        $0.visitNames(action)
      } _: {
        $0.visitNames(action)
      }
    }
  }
}

/// One text, parsed.
struct FileSyntax {
  /// What stands at the top of a file.
  enum Item {
    case declaration(Declaration)
    /// `#import "path";` at the top of a file.
    case importFile(path: [UInt8], span: Span)
    /// `#run e;`, `#insert e;`, `inline if` and `#error`: done for their effect.
    case effect(Expression)
    /// `name : T = value;`: a variable that lives as long as the evaluation.
    case variable(Statement)
  }

  /// The items in the order written.
  let items: [Item]
}
