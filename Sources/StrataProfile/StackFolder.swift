// Folds recursion out of sampled stacks: a name that is open already leads back to its first place, so that a profile of
// a deep recursion stays as small as the program that it is of.

/// Folds one stack after the other.
public struct StackFolder {
  /// Where in the folded stack a name stands, valid if its stamp is that of this stack.
  private var places: [Profile.Name: (stamp: UInt64, place: Int)] = [:]
  private var stamp: UInt64 = 0
  private var stack: [Profile.Name] = []

  public init() {}

  /// The stack, outermost name first, in which each name stands once.
  public mutating func folded(_ innermostFirst: [Profile.Name]) -> [Profile.Name] {
    stamp &+= 1
    stack.removeAll(keepingCapacity: true)
    for name in innermostFirst.reversed() {
      if let known = places[name], known.stamp == stamp, known.place < stack.count, stack[known.place] == name {
        stack.removeLast(stack.count - known.place - 1)
      } else {
        places[name] = (stamp, stack.count)
        stack.append(name)
      }
    }
    return stack
  }
}
