// Folded stacks: one line a stack, names outermost first and divided by semicolons, then the weight. The form that
// flame graph tools of all kinds read.

extension Profile {
  /// The lines of all stacks that have a weight of their own, in the order of the tree, children by name.
  public var foldedStacks: String {
    var text = ""
    var prefixes: [(node: Int, prefix: String)] = [(0, "")]
    while let (node, prefix) = prefixes.popLast() {
      if node > 0, nodes[node].own > 0 { text += "\(prefix) \(nodes[node].own)\n" }
      for child in sortedChildren(node).reversed() {
        // The divider cannot stand in a name.
        let name = names[nodes[child].name].split(separator: ";", omittingEmptySubsequences: false).joined(
          separator: ":")
        prefixes.append((child, prefix.isEmpty ? name : "\(prefix);\(name)"))
      }
    }
    return text
  }
}
