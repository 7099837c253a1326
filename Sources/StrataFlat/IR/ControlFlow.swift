// The shape of a function: which blocks can be reached, and which must be passed on the way to another.
// Guarantees: works on any block list, also on one that branches to blocks that do not exist (those edges are ignored);
// no recursion, near-linear time.

/// Reachability and dominance of the blocks of one function.
struct ControlFlow {
  /// Blocks in an order in which every block comes after the blocks that dominate it; unreachable ones are left out.
  private(set) var order: [Int] = []
  /// Position of each block in `order`, or -1.
  private(set) var rank: [Int]
  private(set) var predecessors: [[Int]]
  /// The immediate dominator of each block; the entry is its own, an unreachable block has -1.
  private(set) var dominator: [Int]

  init(_ function: Function) {
    let count = function.blocks.count
    rank = Array(repeating: -1, count: count)
    predecessors = Array(repeating: [], count: count)
    dominator = Array(repeating: -1, count: count)
    guard count > 0 else { return }
    var successors: [[Int]] = []
    for block in function.blocks {
      var targets: [Int] = []
      if let last = block.body.last, let instruction = function.instruction(last) {
        targets = ControlFlow.targets(instruction.operation).map { Int($0.rawValue) }.filter { $0 < count }
      }
      successors.append(targets)
    }
    // Depth-first post-order, reversed.
    var visited = Array(repeating: false, count: count)
    var stack: [(block: Int, next: Int)] = [(0, 0)]
    visited[0] = true
    var postorder: [Int] = []
    while let (block, next) = stack.last {
      if next < successors[block].count {
        stack[stack.count - 1].next += 1
        // The first target is visited last, so that it directly follows its block in the order.
        let target = successors[block][successors[block].count - 1 - next]
        if !visited[target] {
          visited[target] = true
          stack.append((target, 0))
        }
      } else {
        postorder.append(block)
        stack.removeLast()
      }
    }
    order = postorder.reversed()
    for (index, block) in order.enumerated() { rank[block] = index }
    for block in order { for target in successors[block] { predecessors[target].append(block) } }
    dominator[0] = 0
    var changed = true
    while changed {
      changed = false
      for block in order.dropFirst() {
        var found = -1
        for predecessor in predecessors[block] where dominator[predecessor] >= 0 {
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
    var children = Array(repeating: [Int](), count: rank.count)
    for block in order.dropFirst() where dominator[block] >= 0 { children[dominator[block]].append(block) }
    var time = 0
    var stack: [(block: Int, next: Int)] = [(0, 0)]
    entered[0] = 0
    while let (block, next) = stack.last {
      if next < children[block].count {
        stack[stack.count - 1].next += 1
        let child = children[block][next]
        time += 1
        entered[child] = time
        stack.append((child, 0))
      } else {
        time += 1
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

  /// The blocks a terminator may go to.
  static func targets(_ operation: Operation) -> [BlockID] {
    switch operation {
    case .branch(let target, _): return [target]
    case .conditionalBranch(_, let then, _, let otherwise, _): return [then, otherwise]
    case .switchBranch(_, let cases, let otherwise, _): return cases.map(\.target) + [otherwise]
    default: return []
    }
  }
}

extension Operation {
  /// Every value the operation uses, in a fixed order. `.none` is left out where it stands for an absent operand.
  var operands: [ValueID] {
    switch self {
    case .integer, .float, .boolean, .string, .null, .undefined, .type, .isCompileTime, .allocate, .atomicFence,
      .function, .global, .globalAddress, .traceFrame, .printFrames, .blockParameter, .returnVoid, .unreachable,
      .unsupported:
      return []
    case .binary(_, let left, let right), .index(let left, let right), .indexAddress(let left, let right),
      .optionalCoalesce(let left, let right), .vectorExtract(let left, let right):
      return [left, right]
    case .unary(_, let operand), .convert(_, let operand, _), .load(let operand), .addressOf(let operand),
      .atomicLoad(let operand, _), .field(let operand, _, _), .fieldAddress(let operand, _, _),
      .unionField(let operand, _, _), .unionFieldAddress(let operand, _, _), .length(let operand),
      .dataPointer(let operand), .arrayToSlice(let operand), .optionalWrap(let operand), .optionalUnwrap(let operand),
      .optionalHasValue(let operand), .enumerationTag(let operand), .enumerationPayload(let operand, _, _),
      .boxAny(let operand, _), .unboxAny(let operand), .anyData(let operand), .setGlobal(_, let operand),
      .fieldName(_, let operand), .errorName(let operand), .traceResolve(let operand), .vectorSplat(let operand),
      .returnValue(let operand):
      return [operand]
    case .store(let pointer, let value, _), .atomicStore(let pointer, let value, _, _),
      .atomicUpdate(_, let pointer, let value, _, _):
      return [pointer, value]
    case .atomicCompareExchange(let pointer, let expected, let desired, _, _): return [pointer, expected, desired]
    case .aggregate(let parts): return parts
    case .subslice(let base, let low, let high, _): return [base, low, high]
    case .enumeration(_, let payload): return payload == .none ? [] : [payload]
    case .makeAny(let tag, let data): return [tag, data]
    case .call(_, let arguments), .callBuiltin(_, let arguments), .branch(_, let arguments): return arguments
    case .callIndirect(let callee, let arguments), .callClosure(let callee, let arguments):
      return [callee] + arguments
    case .closure(_, let environment): return environment == .none ? [] : [environment]
    case .fieldValue(let base, let index, _): return [base, index]
    case .vectorInsert(let vector, let value, let lane): return [vector, value, lane]
    case .conditionalBranch(let condition, _, let then, _, let otherwise): return [condition] + then + otherwise
    case .switchBranch(let operand, let cases, _, let arguments):
      return [operand] + cases.flatMap(\.arguments) + arguments
    }
  }
}
