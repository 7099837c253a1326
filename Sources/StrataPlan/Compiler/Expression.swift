// A law's body as a tree of nodes: what each application is, as far as the body alone can tell.
//
// Parsing keeps its own stack, so bodies may be as deep as memory allows. Nodes that are used once through a let take
// the let's place; operations are recognised through their pins, their wrappers and rows written out in the body.

import StrataMemory

/// What a node stands for.
enum NodeKind: UInt8 {
  /// Slot `slot` of the environment.
  case variable
  /// `word`, a value in normal form.
  case constant
  /// The first child applied to the others; not yet classified.
  case application
  /// The operation on the children.
  case operation
  /// A call of `word`, a law or pin, with as many children as it takes.
  case known
  /// A call of the law itself with as many children as it takes.
  case itself
  /// A closure of the first child, which is evaluated, and the others: too few arguments to run.
  case construct
  /// The first child, whatever it is, applied to the others.
  case apply
}

/// One node. Children lie side by side.
struct Node {
  var kind: NodeKind
  var operation = Operation.force
  /// Variables that occur in the node, by bit; variables from 63 on share bit 63.
  var mask: UInt64 = 0
  /// `mask` together with everything that the lets in it need.
  var deepMask: UInt64 = 0
  var slot = 0
  var word = Word.zero
  var first = 0
  var count = 0
}

/// Why a body cannot be compiled as it stands.
enum CompileFailure: Error {
  /// It needs more slots than an instruction can name.
  case tooLarge
  case failed(PlanFailure)
}

/// A parsed body.
struct Expression {
  let engine: Engine
  let arity: Int
  var nodes: [Node] = []
  /// The root of each let's expression by its number, counted from 0; nil while nothing uses it.
  var letRoots: [Int?] = []
  /// How often each let is used by what is reachable.
  var letUses: [Int] = []
  var letMasks: [UInt64] = []
  var root = 0
  private var letWords: [Word] = []

  static let mostNodes = 1 << 22

  /// Parses the body of a law of `arity` arguments.
  init(engine: Engine, body: Word, arity: Int) throws(CompileFailure) {
    self.engine = engine
    self.arity = arity
    var rest = body
    let base = engine.base
    while rest.isClosure, base[rest.offset + 1] == 1, engine.argumentCount(rest) == 2 {
      letWords.append(Word(raw: engine.resolved(base[rest.offset + 2])))
      rest = Word(raw: engine.resolved(base[rest.offset + 3]))
    }
    letRoots = Array(repeating: nil, count: letWords.count)
    letUses = Array(repeating: 0, count: letWords.count)
    guard arity + letWords.count < Instruction.largestField else { throw .tooLarge }
    try parse(rest)
    inline()
    try classify()
    measure()
  }

  /// An expression that is one operation on its arguments, for the operation's own code.
  init(engine: Engine, operation: Operation) {
    self.engine = engine
    arity = operation.entry.arity
    nodes.append(Node(kind: .operation, operation: operation, first: 1, count: arity))
    for slot in 1...max(1, arity) {
      nodes.append(Node(kind: .variable, mask: Expression.bit(slot), slot: slot))
      nodes[0].mask |= Expression.bit(slot)
    }
    measure()
  }

  // MARK: Parsing

  private mutating func parse(_ body: Word) throws(CompileFailure) {
    var pending: [(word: Word, node: Int)] = [(body, 0)]
    nodes.append(Node(kind: .constant))
    while let (word, node) = pending.popLast() {
      let parsed = parsed(word)
      nodes[node] = parsed.node
      if parsed.node.kind == .application {
        nodes[node].first = nodes.count
        nodes[node].count = parsed.parts.count
        for part in parsed.parts.reversed() {
          pending.append((part, nodes.count))
          nodes.append(Node(kind: .constant))
        }
        if nodes.count > Expression.mostNodes { throw .failed(.fault(.size)) }
      } else if parsed.node.kind == .variable, parsed.node.slot > arity {
        let number = parsed.node.slot - arity - 1
        letUses[number] += 1
        if letUses[number] == 1 {
          letRoots[number] = nodes.count
          pending.append((letWords[number], nodes.count))
          nodes.append(Node(kind: .constant))
        }
      }
    }
  }

  /// One node, and for an application its parts, the last argument first and the function last.
  private func parsed(_ word: Word) -> (node: Node, parts: [Word]) {
    if word.isDirect {
      if word.raw <= UInt64(arity + letWords.count) {
        let slot = Int(word.raw)
        return (Node(kind: .variable, mask: Expression.bit(slot), slot: slot), [])
      }
      return (Node(kind: .constant, word: word), [])
    }
    guard word.isClosure, engine.base[word.offset + 1] == 0 else { return (Node(kind: .constant, word: word), []) }
    let count = engine.argumentCount(word)
    if count == 1 {
      return (Node(kind: .constant, word: Word(raw: engine.resolved(engine.base[word.offset + 2]))), [])
    }
    guard count == 2 else { return (Node(kind: .constant, word: word), []) }
    var parts: [Word] = []
    var rest = word
    while rest.isClosure, engine.base[rest.offset + 1] == 0, engine.argumentCount(rest) == 2 {
      parts.append(Word(raw: engine.resolved(engine.base[rest.offset + 3])))
      rest = Word(raw: engine.resolved(engine.base[rest.offset + 2]))
    }
    parts.append(rest)
    return (Node(kind: .application), parts)
  }

  // MARK: Inlining

  /// Whether a variable is a let that stands where it is used, because it is used once.
  private func isInlined(_ slot: Int) -> Bool { slot > arity && letUses[slot - arity - 1] == 1 }

  private mutating func inline() {
    // Children of a let that is used once have higher numbers than its use, so one pass does for chains too; a let
    // that only refers to itself in a ring is never reached.
    for index in nodes.indices where nodes[index].kind == .variable && isInlined(nodes[index].slot) {
      var root = letRoots[nodes[index].slot - arity - 1] ?? index
      while nodes[root].kind == .variable, isInlined(nodes[root].slot), root != index {
        root = letRoots[nodes[root].slot - arity - 1] ?? index
      }
      if root != index { nodes[index] = nodes[root] }
    }
  }

  // MARK: Classification

  private mutating func classify() throws(CompileFailure) {
    for index in stride(from: nodes.count - 1, through: 0, by: -1) where nodes[index].kind == .application {
      try classify(index)
    }
  }

  private mutating func classify(_ index: Int) throws(CompileFailure) {
    let node = nodes[index]
    var children = Array(nodes[node.first..<node.first + node.count])
    let head = children[0]
    switch head.kind {
    case .constant:
      var function = head.word
      if function.isClosure {
        let base = engine.base
        let more = (0..<engine.argumentCount(function)).map {
          Node(kind: .constant, word: Word(raw: engine.resolved(base[function.offset + 2 + $0])))
        }
        // A constant may hold what is not evaluated yet where the rules leave pins and laws lazy.
        if more.contains(where: \.word.isThunk) { return store(index, .apply, children) }
        function = Word(raw: base[function.offset + 1])
        children = [Node(kind: .constant, word: function)] + more + children[1...]
      }
      try classify(index, function, children)
    case .variable where head.slot == 0:
      let count = children.count - 1
      if count < arity {
        store(index, .construct, children)
      } else if count == arity {
        store(index, .itself, Array(children[1...]))
      } else {
        let call = stored(.itself, Array(children[1...arity]))
        store(index, .apply, [call] + children[(arity + 1)...])
      }
    default:
      store(index, .apply, children)
    }
  }

  /// Classifies a call of `function`, a natural, pin or law.
  private mutating func classify(_ index: Int, _ function: Word, _ children: [Node]) throws(CompileFailure) {
    let count = children.count - 1
    let needed = engine.arity(function)
    if count < needed {
      try storeClosure(index, function, children)
      return
    }
    var call: Node
    let arguments = Array(children[1...needed])
    if let (operation, operands) = recognised(function, arguments) {
      call = stored(.operation, operands)
      call.operation = operation
    } else {
      call = stored(.known, arguments)
      call.word = function
    }
    if count == needed {
      nodes[index] = call
    } else {
      store(index, .apply, [call] + children[(needed + 1)...])
    }
  }

  /// A closure whose parts are all constants is a constant itself.
  private mutating func storeClosure(_ index: Int, _ function: Word, _ children: [Node]) throws(CompileFailure) {
    guard children.allSatisfy({ $0.kind == .constant }) else { return store(index, .construct, children) }
    do throws(PlanFailure) {
      let (word, body) = try engine.newClosure(children.count - 1)
      for (position, child) in children.enumerated() { body[position] = child.word.raw }
      if children.allSatisfy({ engine.isNormal($0.word) }) { engine.base[word.offset] |= Header.normalFormBit }
      nodes[index] = Node(kind: .constant, word: word)
    } catch {
      throw .failed(error)
    }
  }

  private mutating func stored(_ kind: NodeKind, _ children: [Node]) -> Node {
    let first = nodes.count
    nodes.append(contentsOf: children)
    var mask: UInt64 = kind == .itself ? 1 : 0
    for child in children { mask |= child.mask }
    return Node(kind: kind, mask: mask, first: first, count: children.count)
  }

  private mutating func store(_ index: Int, _ kind: NodeKind, _ children: [Node]) {
    nodes[index] = stored(kind, children)
  }

  /// The operation that a saturated call carries out, with its operands.
  private func recognised(_ function: Word, _ arguments: [Node]) -> (Operation, [Node])? {
    guard function.isPin, !engine.registers.pointee.isSpecification else { return nil }
    let base = engine.base
    let item = Word(raw: base[function.offset + PinLayout.item])
    if item.isLaw {
      return engine.owner._withUnsafeGuaranteedRef { $0.operation(ofPinned: item) }.map { ($0, arguments) }
    }
    guard item.isDirect else { return nil }
    if item.raw == 15, let row = rowParts(arguments[0]) {
      let key = row.head
      let count = row.parts.count
      if let operation = Operation.keyed(key.raw, count: count) ?? Operation.named(key.raw, arity: count) {
        return (operation, row.parts)
      }
    }
    if Operation.isRowPin(item.raw), item.raw != 5, let row = rowParts(arguments[0]),
      let operation = Operation.pinnedRow(item.raw, count: row.parts.count)
    {
      return (operation, row.parts)
    }
    return Operation.pinned(item.raw).map { ($0, arguments) }
  }

  /// Head and elements of a row that is written out, when its head is a small natural.
  func rowParts(_ node: Node) -> (head: Word, parts: [Node])? {
    if node.kind == .construct {
      let head = nodes[node.first]
      guard head.kind == .constant, head.word.isDirect else { return nil }
      return (head.word, Array(nodes[node.first + 1..<node.first + node.count]))
    }
    guard node.kind == .constant, node.word.isClosure else { return nil }
    let offset = node.word.offset
    let head = Word(raw: engine.base[offset + 1])
    guard head.isDirect else { return nil }
    let parts = (0..<engine.argumentCount(node.word)).map {
      Node(kind: .constant, word: Word(raw: engine.base[offset + 2 + $0]))
    }
    return (head, parts)
  }

  // MARK: Free variables

  static func bit(_ slot: Int) -> UInt64 { 1 << UInt64(min(slot, 63)) }

  /// Whether every variable has a bit of its own.
  var hasExactMasks: Bool { arity + letRoots.count < 63 }

  private mutating func measure() {
    // What lets need, transitively: at most as many rounds as there are lets, usually two.
    letMasks = letRoots.map { root in root.map { nodes[$0].mask } ?? 0 }
    var isChanging = hasExactMasks && !letMasks.isEmpty
    while isChanging {
      isChanging = false
      for number in letMasks.indices {
        let wider = deepened(letMasks[number])
        if wider != letMasks[number] {
          letMasks[number] = wider
          isChanging = true
        }
      }
    }
    for index in nodes.indices { nodes[index].deepMask = deepened(nodes[index].mask) }
  }

  /// A mask together with what the lets in it need.
  private func deepened(_ mask: UInt64) -> UInt64 {
    guard hasExactMasks else { return mask }
    var result = mask
    var lets = mask >> UInt64(arity + 1)
    while lets != 0 {
      let number = lets.trailingZeroBitCount
      result |= letMasks[number]
      lets &= lets - 1
    }
    return result
  }
}
