// The shape of a function: which blocks can be reached, and which must be passed on the way to another.
// Guarantees: works on any block list, also on one that branches to blocks that do not exist (those edges are ignored);
// no recursion, near-linear time.

/// Reachability and dominance of the blocks of one function.
struct ControlFlow {
  /// Blocks in an order in which every block comes after the blocks that dominate it; unreachable ones are left out.
  var order: UnsafeBufferPointer<Int> { ordered.part(0..<reachableCount) }
  private let ordered: Table<Int>
  private var reachableCount = 0
  /// Position of each block in `order`, or -1.
  let rank: Table<Int>
  /// The predecessors of all blocks, block after block, and where each block's begin.
  private let predecessorList: Table<Int>
  private let predecessorStart: Table<Int>
  /// The immediate dominator of each block; the entry is its own, an unreachable block has -1.
  private let dominator: Table<Int>

  /// The tables lie in `scratch`. Who asks for no dominators may not ask which block dominates another.
  init(_ function: Function, _ scratch: Scratch, findsDominators: Bool = true) {
    let count = function.blocks.count
    ordered = scratch.table(count, of: 0)
    rank = scratch.table(count, of: -1)
    predecessorStart = scratch.table(count + 1, of: 0)
    let treeCount = findsDominators ? count : 0
    dominator = scratch.table(treeCount, of: -1)
    entered = scratch.table(treeCount, of: -1)
    left = scratch.table(treeCount, of: -1)
    guard count > 0 else {
      predecessorList = scratch.table(0, of: 0)
      return
    }
    let successorStart = scratch.table(count + 1, of: 0)
    var edgeCount = 0
    for (index, block) in function.blocks.enumerated() {
      guard let last = block.body.last else { continue }
      function.withOperation(last) { operation in
        ControlFlow.forEachTarget(operation) { target in
          if Int(target.rawValue) < count { edgeCount += 1 }
        }
      }
      successorStart[index + 1] = edgeCount
    }
    // Blocks without an end have no edges.
    for index in 1...count { successorStart[index] = max(successorStart[index], successorStart[index - 1]) }
    let successors = scratch.table(edgeCount, of: 0)
    var filled = 0
    for block in function.blocks {
      guard let last = block.body.last else { continue }
      function.withOperation(last) { operation in
        ControlFlow.forEachTarget(operation) { target in
          if Int(target.rawValue) < count {
            successors[filled] = Int(target.rawValue)
            filled += 1
          }
        }
      }
    }
    // Depth-first post-order, from the end of the table to its front.
    let next = scratch.table(count, of: -1)
    let stack = scratch.table(count, of: 0)
    var depth = 1
    var free = count
    next[0] = successorStart[1]
    while depth > 0 {
      let block = stack[depth - 1]
      if next[block] > successorStart[block] {
        // The first target is visited last, so that it directly follows its block in the order.
        next[block] -= 1
        let target = successors[next[block]]
        if next[target] < 0 {
          next[target] = successorStart[target + 1]
          stack[depth] = target
          depth += 1
        }
      } else {
        free -= 1
        ordered[free] = block
        depth -= 1
      }
    }
    reachableCount = count - free
    for index in 0..<reachableCount {
      ordered[index] = ordered[free + index]
      rank[ordered[index]] = index
    }
    var reachedEdges = 0
    for index in 0..<reachableCount {
      let block = ordered[index]
      for edge in successorStart[block]..<successorStart[block + 1] { predecessorStart[successors[edge] + 1] += 1 }
      reachedEdges += successorStart[block + 1] - successorStart[block]
    }
    for block in 0..<count { predecessorStart[block + 1] += predecessorStart[block] }
    predecessorList = scratch.table(reachedEdges, of: 0)
    let place = next
    for block in 0..<count { place[block] = predecessorStart[block] }
    for index in 0..<reachableCount {
      let block = ordered[index]
      for edge in successorStart[block]..<successorStart[block + 1] {
        predecessorList[place[successors[edge]]] = block
        place[successors[edge]] += 1
      }
    }
    if findsDominators {
      findDominators()
      computeDepths(scratch)
    }
  }

  private func findDominators() {
    dominator[0] = 0
    var changed = true
    while changed {
      changed = false
      for block in order.dropFirst() {
        var found = -1
        for predecessor in predecessors(of: block) where dominator[predecessor] >= 0 {
          found = found < 0 ? predecessor : meet(found, predecessor)
        }
        if found != dominator[block] {
          dominator[block] = found
          changed = true
        }
      }
    }
  }

  /// The blocks from which control comes to `block` directly, in the order of blocks; none for a number out of range.
  func predecessors(of block: Int) -> UnsafeBufferPointer<Int> {
    block < rank.count
      ? predecessorList.part(predecessorStart[block]..<predecessorStart[block + 1]) : predecessorList.part(0..<0)
  }

  private func meet(_ left: Int, _ right: Int) -> Int {
    var (left, right) = (left, right)
    while left != right {
      while rank[left] > rank[right] { left = dominator[left] }
      while rank[right] > rank[left] { right = dominator[right] }
    }
    return left
  }

  /// Entry and exit times of a walk over the dominator tree; they answer dominance in constant time.
  private let entered: Table<Int>
  private let left: Table<Int>

  private func computeDepths(_ scratch: Scratch) {
    // Each block's first child, and the next child of the same parent.
    let child = scratch.table(rank.count, of: -1)
    let sibling = scratch.table(rank.count, of: -1)
    for block in order.dropFirst().reversed() where dominator[block] >= 0 {
      sibling[block] = child[dominator[block]]
      child[dominator[block]] = block
    }
    var time = 0
    let stack = scratch.table(rank.count, of: 0)
    var depth = 1
    entered[0] = 0
    while depth > 0 {
      let block = stack[depth - 1]
      time += 1
      if child[block] >= 0 {
        let next = child[block]
        child[block] = sibling[next]
        entered[next] = time
        stack[depth] = next
        depth += 1
      } else {
        left[block] = time
        depth -= 1
      }
    }
  }

  func isReachable(_ block: Int) -> Bool { block < rank.count && rank[block] >= 0 }

  /// True when every way to `block` passes through `other`. Both are reachable.
  func dominates(_ other: Int, _ block: Int) -> Bool {
    entered[other] <= entered[block] && left[block] <= left[other]
  }

  /// Visits the blocks a terminator may go to.
  @inline(__always)
  static func forEachTarget(_ operation: Operation, _ visit: (BlockID) -> Void) {
    switch operation {
    case .branch(let target, _): visit(target)
    case .conditionalBranch(_, let then, _, let otherwise, _):
      visit(then)
      visit(otherwise)
    case .switchBranch(_, let cases, let otherwise, _):
      for entry in cases { visit(entry.target) }
      visit(otherwise)
    default: break
    }
  }
}

extension Operation {
  /// Visits every value the operation uses, in a fixed order. `.none` is left out where it stands for an absent operand.
  @inline(__always)
  func forEachOperand(_ visit: (ValueID) -> Void) {
    func all(_ values: [ValueID]) { for value in values { visit(value) } }
    switch self {
    case .integer, .float, .boolean, .string, .null, .undefined, .type, .isCompileTime, .allocate, .atomicFence,
      .function, .global, .globalAddress, .traceFrame, .printFrames, .blockParameter, .returnVoid, .unreachable,
      .unsupported:
      break
    case .binary(_, let left, let right), .index(let left, let right), .indexAddress(let left, let right),
      .optionalCoalesce(let left, let right), .vectorExtract(let left, let right):
      visit(left)
      visit(right)
    case .unary(_, let operand), .convert(_, let operand, _), .load(let operand), .addressOf(let operand),
      .atomicLoad(let operand, _), .field(let operand, _, _), .fieldAddress(let operand, _, _),
      .unionField(let operand, _, _), .unionFieldAddress(let operand, _, _), .length(let operand),
      .dataPointer(let operand), .arrayToSlice(let operand), .optionalWrap(let operand), .optionalUnwrap(let operand),
      .optionalHasValue(let operand), .enumerationTag(let operand), .enumerationPayload(let operand, _, _),
      .boxAny(let operand, _), .unboxAny(let operand), .anyData(let operand), .setGlobal(_, let operand),
      .fieldName(_, let operand), .errorName(let operand), .traceResolve(let operand), .vectorSplat(let operand),
      .returnValue(let operand):
      visit(operand)
    case .store(let pointer, let value, _), .atomicStore(let pointer, let value, _, _),
      .atomicUpdate(_, let pointer, let value, _, _):
      visit(pointer)
      visit(value)
    case .atomicCompareExchange(let pointer, let expected, let desired, _, _):
      visit(pointer)
      visit(expected)
      visit(desired)
    case .aggregate(let parts): all(parts)
    case .subslice(let base, let low, let high, _):
      visit(base)
      visit(low)
      visit(high)
    case .enumeration(_, let payload): if payload != .none { visit(payload) }
    case .makeAny(let tag, let data):
      visit(tag)
      visit(data)
    case .call(_, let arguments), .callBuiltin(_, let arguments), .branch(_, let arguments): all(arguments)
    case .callIndirect(let callee, let arguments), .callClosure(let callee, let arguments):
      visit(callee)
      all(arguments)
    case .closure(_, let environment): if environment != .none { visit(environment) }
    case .fieldValue(let base, let index, _):
      visit(base)
      visit(index)
    case .vectorInsert(let vector, let value, let lane):
      visit(vector)
      visit(value)
      visit(lane)
    case .conditionalBranch(let condition, _, let then, _, let otherwise):
      visit(condition)
      all(then)
      all(otherwise)
    case .switchBranch(let operand, let cases, _, let arguments):
      visit(operand)
      for entry in cases { all(entry.arguments) }
      all(arguments)
    }
  }
}
