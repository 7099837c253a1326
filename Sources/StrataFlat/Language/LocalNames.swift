// The names visible inside a function, the latest of each name first.
//
// Guarantees: looking a name up takes the same time however many there are; whoever lowers an expression that is computed
// while compiling, or a function inside of another, sees of the names around it only what does not exist in the running
// program alone.

/// A name visible inside a function.
struct Local {
  enum Form {
    /// A variable: the address of its storage.
    case place(ValueID, TypeID)
    /// A name for something that does not change: a payload, a loop variable, a constant.
    case operand(Operand)
    /// A declaration inside the body.
    case entity(Entity)
  }

  let symbol: Symbol
  let form: Form

  /// True for what has a meaning while compiling: constants and declarations.
  var isConstant: Bool {
    switch form {
    case .entity: true
    case .operand(let operand): operand.isConstant || operand.isInvalid
    case .place: false
    }
  }
}

/// Names in the order in which they became visible. Blocks cut off what they have added.
struct LocalNames {
  private var entries: [Local] = []
  /// The entry of the same name before each one, or -1; only kept when there are many.
  private var earlier: [Int32] = []
  /// The latest entry of each name; only kept when there are many. Never iterated.
  private var latest: [Symbol: Int32] = [:]
  private var isIndexed = false
  /// The names around a function or an expression that sees the constants among them.
  private let outer: Outer?

  /// Up to here a walk is faster than a table.
  private static let few = 16

  private final class Outer {
    let names: LocalNames

    init(_ names: LocalNames) { self.names = names }
  }

  /// No names.
  init() { outer = nil }

  private init(outer: Outer) { self.outer = outer }

  /// No names but the constants of these.
  var constants: LocalNames { LocalNames(outer: Outer(self)) }

  var count: Int { entries.count }

  subscript(_ index: Int) -> Local { entries[index] }

  mutating func append(_ local: Local) {
    if isIndexed {
      earlier.append(latest[local.symbol] ?? -1)
      latest[local.symbol] = Int32(truncatingIfNeeded: entries.count)
    }
    entries.append(local)
    if !isIndexed, entries.count > LocalNames.few { index() }
  }

  private mutating func index() {
    isIndexed = true
    for (number, local) in entries.enumerated() {
      earlier.append(latest[local.symbol] ?? -1)
      latest[local.symbol] = Int32(truncatingIfNeeded: number)
    }
  }

  /// Removes all names from a position on.
  mutating func cut(to count: Int) {
    guard count < entries.count else { return }
    if isIndexed {
      for number in (count..<entries.count).reversed() {
        latest[entries[number].symbol] = earlier[number] < 0 ? nil : earlier[number]
      }
      earlier.removeSubrange(count...)
    }
    entries.removeSubrange(count...)
  }

  /// The position of the latest entry of a name, not counting what is seen of the names around.
  func lastIndex(of symbol: Symbol) -> Int? {
    if isIndexed { return latest[symbol].map(Int.init) }
    return entries.lastIndex { $0.symbol == symbol }
  }

  /// The position of the entry of the same name before one.
  func earlierIndex(_ position: Int) -> Int? {
    if isIndexed { return earlier[position] < 0 ? nil : Int(earlier[position]) }
    return entries[..<position].lastIndex { $0.symbol == entries[position].symbol }
  }

  /// What a name means.
  func find(_ symbol: Symbol) -> Local? {
    if let index = lastIndex(of: symbol) { return entries[index] }
    guard let outer, let found = outer.names.find(symbol), found.isConstant else { return nil }
    return found
  }

  /// True for a name that is known around here, but exists only when the program runs.
  func hides(_ symbol: Symbol) -> Bool {
    guard lastIndex(of: symbol) == nil, let outer else { return false }
    guard let found = outer.names.find(symbol) else { return outer.names.hides(symbol) }
    return !found.isConstant
  }

  /// The first of these names, latest first, for which the condition holds.
  func latestName(where isWanted: (Symbol) -> Bool) -> Symbol? {
    if let own = entries.last(where: { isWanted($0.symbol) }) { return own.symbol }
    return outer?.names.latestName(where: isWanted)
  }
}
