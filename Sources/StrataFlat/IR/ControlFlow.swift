// The shape of a function: which blocks can be reached, and which must be passed on the way to another.
// Guarantees: works on any block list, also on one that branches to blocks that do not exist (those edges are ignored);
// no recursion, near-linear time.

/// Reachability and dominance of the blocks of one function.
struct ControlFlow {
  /// Blocks in an order in which every block comes after the blocks that dominate it; unreachable ones are left out.
  private(set) var order: [Int] = []
  /// Position of each block in `order`, or -1.
  private(set) var rank: [Int]
  /// The predecessors of all blocks, block after block, and where each block's begin.
  private var predecessorList: [Int]
  private var predecessorStart: [Int]
  /// The immediate dominator of each block; the entry is its own, an unreachable block has -1.
  private(set) var dominator: [Int]

  init(_ function: Function) {
    let count = function.blocks.count
    rank = Array(repeating: -1, count: count)
    predecessorList = []
    predecessorStart = Array(repeating: 0, count: count + 1)
    dominator = Array(repeating: -1, count: count)
    guard count > 0 else { return }
    var successors: [Int] = []
    successors.reserveCapacity(2 * count)
    var successorStart: [Int] = []
    successorStart.reserveCapacity(count + 1)
    for block in function.blocks {
      successorStart.append(successors.count)
      guard let last = block.body.last, let instruction = function.instruction(last) else { continue }
      ControlFlow.forEachTarget(instruction.operation) { target in
        if Int(target.rawValue) < count { successors.append(Int(target.rawValue)) }
      }
    }
    successorStart.append(successors.count)
    // Depth-first post-order, reversed.
    order.reserveCapacity(count)
    var next = Array(repeating: -1, count: count)
    var stack = [0]
    next[0] = successors.isEmpty ? 0 : successorStart[1]
    while let block = stack.last {
      if next[block] > successorStart[block] {
        // The first target is visited last, so that it directly follows its block in the order.
        next[block] -= 1
        let target = successors[next[block]]
        if next[target] < 0 {
          next[target] = successorStart[target + 1]
          stack.append(target)
        }
      } else {
        order.append(block)
        stack.removeLast()
      }
    }
    order.reverse()
    for (index, block) in order.enumerated() { rank[block] = index }
    collectPredecessors(successors, successorStart)
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
    computeDepths()
  }

  private mutating func collectPredecessors(_ successors: [Int], _ successorStart: [Int]) {
    for block in order {
      for edge in successorStart[block]..<successorStart[block + 1] { predecessorStart[successors[edge] + 1] += 1 }
    }
    for block in rank.indices { predecessorStart[block + 1] += predecessorStart[block] }
    predecessorList = Array(repeating: 0, count: predecessorStart[rank.count])
    var filled = predecessorStart
    for block in order {
      for edge in successorStart[block]..<successorStart[block + 1] {
        predecessorList[filled[successors[edge]]] = block
        filled[successors[edge]] += 1
      }
    }
  }

  /// The blocks from which control comes to `block` directly, in the order of blocks; none for a number out of range.
  func predecessors(of block: Int) -> ArraySlice<Int> {
    block < rank.count ? predecessorList[predecessorStart[block]..<predecessorStart[block + 1]] : []
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
  private var entered: [Int] = []
  private var left: [Int] = []

  private mutating func computeDepths() {
    entered = Array(repeating: -1, count: rank.count)
    left = Array(repeating: -1, count: rank.count)
    // Each block's first child, and the next child of the same parent.
    var child = Array(repeating: -1, count: rank.count)
    var sibling = Array(repeating: -1, count: rank.count)
    for block in order.dropFirst().reversed() where dominator[block] >= 0 {
      sibling[block] = child[dominator[block]]
      child[dominator[block]] = block
    }
    var time = 0
    var stack = [0]
    entered[0] = 0
    while let block = stack.last {
      time += 1
      if child[block] >= 0 {
        let next = child[block]
        child[block] = sibling[next]
        entered[next] = time
        stack.append(next)
      } else {
        left[block] = time
        stack.removeLast()
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
