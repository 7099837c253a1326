// What a profiler gathers: how often each stack of names was seen, and in which order.
//
// Knows nothing of any machine. Whoever samples one hands over stacks of names; the writers beside this file turn the
// gathered profile into folded stacks, a flame graph or a trace for Chrome's viewer. Guarantees bounded memory for the
// timeline, whatever the number of samples, and output that depends on the recorded stacks alone.

/// Stacks of names with weights, gathered into a tree.
public struct Profile: Sendable {
  /// A name of the profile, for `record`.
  public struct Name: Hashable, Sendable {
    let index: Int
  }

  /// One place in the tree of calls.
  struct Node: Sendable {
    let name: Int
    let parent: Int
    /// The weight of stacks that end here.
    var own: UInt64 = 0
    var children: [Int] = []
  }

  /// A moment at which the stack that ends at `node` was seen.
  struct Moment: Sendable {
    var time: UInt64
    var node: Int
  }

  /// What the profile is of; shown as the title.
  public var title: String
  /// What weights count: "samples", "calls".
  public var unit: String
  /// The largest number of moments that are kept; beyond it every second one is dropped.
  public let mostMoments: Int

  private(set) var names: [String] = []
  private var nameIndex: [String: Int] = [:]
  /// The root is node 0 and has no name of its own.
  private(set) var nodes = [Node(name: -1, parent: -1)]
  private var childIndex: [UInt64: Int] = [:]
  private(set) var moments: [Moment] = []
  /// Of so many recorded stacks one becomes a moment.
  private var stride = 1
  private var untilMoment = 1
  private(set) var endTime: UInt64 = 0

  /// An empty profile.
  public init(title: String, unit: String, mostMoments: Int = 1 << 18) {
    self.title = title
    self.unit = unit
    self.mostMoments = max(2, mostMoments)
  }

  /// The name with this text. Line ends and other control characters become spaces.
  public mutating func name(_ text: String) -> Name {
    if let known = nameIndex[text] { return Name(index: known) }
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { clean.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar) }
    names.append(String(clean))
    nameIndex[text] = names.count - 1
    return Name(index: names.count - 1)
  }

  /// Adds `weight` to the stack, outermost name first, seen at `time`, in nanoseconds. Times must not fall.
  public mutating func record(_ stack: [Name], weight: UInt64, at time: UInt64) {
    var node = 0
    for name in stack {
      let key = UInt64(node) << 32 | UInt64(name.index)
      if let child = childIndex[key] {
        node = child
      } else {
        nodes.append(Node(name: name.index, parent: node))
        nodes[node].children.append(nodes.count - 1)
        childIndex[key] = nodes.count - 1
        node = nodes.count - 1
      }
    }
    nodes[node].own &+= weight
    endTime = max(endTime, time)
    untilMoment -= 1
    if untilMoment > 0 { return }
    untilMoment = stride
    moments.append(Moment(time: time, node: node))
    if moments.count >= mostMoments {
      var kept = 0
      for index in Swift.stride(from: 0, to: moments.count, by: 2) {
        moments[kept] = moments[index]
        kept += 1
      }
      moments.removeLast(moments.count - kept)
      stride *= 2
    }
  }

  /// The sum of all weights.
  public var total: UInt64 { nodes.reduce(0) { $0 &+ $1.own } }

  /// The weight of each node with all below it. Children come after their parents.
  func inclusiveWeights() -> [UInt64] {
    var weights = nodes.map(\.own)
    for index in nodes.indices.dropFirst().reversed() { weights[nodes[index].parent] &+= weights[index] }
    return weights
  }

  /// The children of a node by name: an order that does not depend on which was seen first.
  func sortedChildren(_ node: Int) -> [Int] {
    nodes[node].children.sorted { names[nodes[$0].name].utf8.lexicographicallyPrecedes(names[nodes[$1].name].utf8) }
  }

  /// The names from the outermost to `node`, as nodes.
  func path(to node: Int) -> [Int] {
    var path: [Int] = []
    var node = node
    while node > 0 {
      path.append(node)
      node = nodes[node].parent
    }
    return path.reversed()
  }
}

extension Profile {
  /// Gives a name another text, everywhere.
  public mutating func rename(_ name: Name, to text: String) {
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { clean.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar) }
    names[name.index] = String(clean)
  }
}
