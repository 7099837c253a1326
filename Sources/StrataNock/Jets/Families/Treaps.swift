// What sets (`in`) and maps (`by`) share: treaps `[node left right]`, 0 for an empty one, ordered by mug.
//
// Every function gives nil for a tree that is none, or that is deeper than any honest one; the call is then left to Nock.

import StrataMemory
import StrataNoun

/// The operations on treaps of one kind.
struct Treaps {
  let nursery: Nursery
  /// Whether the order looks at a node's head only, as in a map.
  let isMap: Bool

  /// The deepest tree that is worked on: the host's stack is not the program's.
  static let deepest = 400

  struct Node {
    var key: Word
    var node: Word
    var left: Word
    var right: Word
  }

  init(_ nursery: Nursery, isMap: Bool) {
    self.nursery = nursery
    self.isMap = isMap
  }

  @inline(__always)
  func node(_ tree: Word) -> Node? {
    guard tree.isCell else { return nil }
    let node = nursery.head(tree)
    let rest = nursery.tail(tree)
    guard rest.isCell else { return nil }
    var key = node
    if isMap {
      guard node.isCell else { return nil }
      key = nursery.head(node)
    }
    return Node(key: key, node: node, left: nursery.head(rest), right: nursery.tail(rest))
  }

  func tree(_ node: Word, _ left: Word, _ right: Word) throws(Fault) -> Word {
    try nursery.cell(node, nursery.cell(left, right))
  }

  /// Whether every node down to the leaves is one, and none too deep.
  func isWhole(_ tree: Word, depth: Int = 0) -> Bool {
    if tree == .zero { return true }
    guard depth < Treaps.deepest, let node = node(tree) else { return false }
    return isWhole(node.left, depth: depth + 1) && isWhole(node.right, depth: depth + 1)
  }

  /// The node with this key: `.some(nil)` when there is none.
  func find(_ key: Word, in tree: Word) throws(Fault) -> Node?? {
    var tree = tree
    while tree != .zero {
      guard let node = node(tree) else { return nil }
      if try nursery.equal(key, node.key) { return .some(node) }
      tree = try nursery.isLeft(key, of: node.key) ? node.left : node.right
    }
    return .some(nil)
  }

  /// The tree with `new` (a set's item, a map's `[key value]`) in it.
  func inserted(_ new: Word, key: Word, in tree: Word, depth: Int = 0) throws(Fault) -> Word? {
    if tree == .zero { return try self.tree(new, .zero, .zero) }
    guard depth < Treaps.deepest, let node = node(tree) else { return nil }
    if try nursery.equal(key, node.key) {
      if !isMap { return tree }
      if try nursery.equal(nursery.tail(new), nursery.tail(node.node)) { return tree }
      return try self.tree(new, node.left, node.right)
    }
    let isLeft = try nursery.isLeft(key, of: node.key)
    let side = isLeft ? node.left : node.right
    guard let child = try inserted(new, key: key, in: side, depth: depth + 1), let top = self.node(child) else {
      return nil
    }
    if try nursery.isAbove(node.key, top.key) {
      if child == side { return tree }
      return try isLeft ? self.tree(node.node, child, node.right) : self.tree(node.node, node.left, child)
    }
    if isLeft {
      return try self.tree(top.node, top.left, self.tree(node.node, top.right, node.right))
    }
    return try self.tree(top.node, self.tree(node.node, node.left, top.left), top.right)
  }

  /// The tree without what has this key.
  func removed(_ key: Word, from tree: Word, depth: Int = 0) throws(Fault) -> Word? {
    if tree == .zero { return tree }
    guard depth < Treaps.deepest, let node = node(tree) else { return nil }
    if try nursery.equal(key, node.key) { return try merged(node.left, node.right, depth: depth) }
    if try nursery.isLeft(key, of: node.key) {
      guard let left = try removed(key, from: node.left, depth: depth + 1) else { return nil }
      return left == node.left ? tree : try self.tree(node.node, left, node.right)
    }
    guard let right = try removed(key, from: node.right, depth: depth + 1) else { return nil }
    return right == node.right ? tree : try self.tree(node.node, node.left, right)
  }

  /// One tree of two, all of the first being left of all of the second.
  func merged(_ left: Word, _ right: Word, depth: Int = 0) throws(Fault) -> Word? {
    if left == .zero { return right }
    if right == .zero { return left }
    guard depth < Treaps.deepest, let a = node(left), let b = node(right) else { return nil }
    if try nursery.isAbove(a.key, b.key) {
      guard let rest = try merged(a.right, right, depth: depth + 1) else { return nil }
      return try tree(a.node, a.left, rest)
    }
    guard let rest = try merged(left, b.left, depth: depth + 1) else { return nil }
    return try tree(b.node, rest, b.right)
  }

  /// What lies left and right of a key.
  func split(_ tree: Word, at key: Word, depth: Int = 0) throws(Fault) -> (left: Word, right: Word)? {
    if tree == .zero { return (.zero, .zero) }
    guard depth < Treaps.deepest, let node = node(tree) else { return nil }
    if try nursery.equal(key, node.key) { return (node.left, node.right) }
    if try nursery.isLeft(key, of: node.key) {
      guard let (left, right) = try split(node.left, at: key, depth: depth + 1) else { return nil }
      return (left, try self.tree(node.node, right, node.right))
    }
    guard let (left, right) = try split(node.right, at: key, depth: depth + 1) else { return nil }
    return (try self.tree(node.node, node.left, left), right)
  }

  /// a without the keys of b.
  func difference(_ a: Word, _ b: Word, depth: Int = 0) throws(Fault) -> Word? {
    if b == .zero { return a }
    guard depth < Treaps.deepest, let node = node(b), let (left, right) = try split(a, at: node.key) else { return nil }
    guard let first = try difference(left, node.left, depth: depth + 1) else { return nil }
    guard let second = try difference(right, node.right, depth: depth + 1) else { return nil }
    return try merged(first, second)
  }

  /// All of a and b; where both have a key, b's.
  func union(_ a: Word, _ b: Word, depth: Int = 0) throws(Fault) -> Word? {
    if b == .zero { return a }
    if a == .zero { return b }
    guard depth < Treaps.deepest, let x = node(a), let y = node(b) else { return nil }
    let next = depth + 1
    if try nursery.equal(x.key, y.key) {
      guard let left = try union(x.left, y.left, depth: next) else { return nil }
      guard let right = try union(x.right, y.right, depth: next) else { return nil }
      return try tree(y.node, left, right)
    }
    if try nursery.isAbove(x.key, y.key) {
      if try nursery.isLeft(y.key, of: x.key) {
        guard let left = try union(x.left, tree(y.node, y.left, .zero), depth: next) else { return nil }
        return try union(tree(x.node, left, x.right), y.right, depth: next)
      }
      guard let right = try union(x.right, tree(y.node, .zero, y.right), depth: next) else { return nil }
      return try union(tree(x.node, x.left, right), y.left, depth: next)
    }
    if try nursery.isLeft(x.key, of: y.key) {
      guard let left = try union(tree(x.node, x.left, .zero), y.left, depth: next) else { return nil }
      return try union(x.right, tree(y.node, left, y.right), depth: next)
    }
    guard let right = try union(tree(x.node, .zero, x.right), y.right, depth: next) else { return nil }
    return try union(x.left, tree(y.node, y.left, right), depth: next)
  }

  /// What a and b have in common; a set keeps a's items, a map b's.
  func intersection(_ a: Word, _ b: Word, depth: Int = 0) throws(Fault) -> Word? {
    if a == .zero || b == .zero { return .zero }
    guard depth < Treaps.deepest, let x = node(a), let y = node(b) else { return nil }
    let next = depth + 1
    if try nursery.equal(x.key, y.key) {
      guard let left = try intersection(x.left, y.left, depth: next) else { return nil }
      guard let right = try intersection(x.right, y.right, depth: next) else { return nil }
      return try tree(isMap ? y.node : x.node, left, right)
    }
    if try nursery.isAbove(x.key, y.key) {
      return try common(x, y, a, isMap: isMap, depth: next) { (one, other, depth) throws(Fault) in
        try intersection(one, other, depth: depth)
      }
    }
    return try common(y, x, b, isMap: isMap, depth: next) { (one, other, depth) throws(Fault) in
      try intersection(other, one, depth: depth)
    }
  }

  /// The intersection where `upper`, the top of `whole`, comes above `lower`.
  private func common(
    _ upper: Node, _ lower: Node, _ whole: Word, isMap: Bool, depth: Int,
    _ intersect: (Word, Word, Int) throws(Fault) -> Word?
  ) throws(Fault) -> Word? {
    let first: Word?
    let second: Word?
    if try nursery.isLeft(lower.key, of: upper.key) {
      first = try intersect(upper.left, tree(lower.node, lower.left, .zero), depth)
      second = try intersect(whole, lower.right, depth)
    } else {
      first = try intersect(upper.right, tree(lower.node, .zero, lower.right), depth)
      second = try intersect(whole, lower.left, depth)
    }
    guard let first, let second else { return nil }
    return try union(first, second)
  }

  /// The nodes before `list`, as the library lists them.
  func listed(_ tree: Word, onto list: Word, depth: Int = 0) throws(Fault) -> Word? {
    if tree == .zero { return list }
    guard depth < Treaps.deepest, let node = node(tree) else { return nil }
    guard let left = try listed(node.left, onto: list, depth: depth + 1) else { return nil }
    return try listed(node.right, onto: nursery.cell(node.node, left), depth: depth + 1)
  }

  func count(_ tree: Word, depth: Int = 0) -> Int? {
    if tree == .zero { return 0 }
    guard depth < Treaps.deepest, let node = node(tree), let left = count(node.left, depth: depth + 1),
      let right = count(node.right, depth: depth + 1)
    else { return nil }
    return left + right + 1
  }

  /// Whether the tree is ordered as it should be, its keys lying between two others.
  func isOrdered(_ tree: Word, after left: Word?, before right: Word?, depth: Int = 0) throws(Fault) -> Bool? {
    if tree == .zero { return true }
    guard depth < Treaps.deepest, let node = node(tree) else { return nil }
    if let left, try !isStrictlyLeft(node.key, of: left) { return false }
    if let right, try !isStrictlyLeft(right, of: node.key) { return false }
    for (side, isLeft) in [(node.left, true), (node.right, false)] where side != .zero {
      guard let below = self.node(side) else { return nil }
      guard try nursery.isAbove(node.key, below.key) else { return false }
      if try nursery.equal(node.key, below.key) { return false }
      let ordered = try isOrdered(
        side, after: isLeft ? node.key : left, before: isLeft ? right : node.key, depth: depth + 1)
      guard ordered == true else { return ordered }
    }
    return true
  }

  private func isStrictlyLeft(_ a: Word, of b: Word) throws(Fault) -> Bool {
    guard try nursery.isLeft(a, of: b) else { return false }
    return try !nursery.equal(a, b)
  }

  /// Puts every item of a list into a tree.
  func inserted(all list: Word, in tree: Word) throws(Fault) -> Word? {
    guard try nursery.listCount(list) != nil else { return nil }
    var tree = tree
    var rest = list
    while rest.isCell {
      let item = nursery.head(rest)
      guard !isMap || item.isCell else { return nil }
      guard let next = try inserted(item, key: isMap ? nursery.head(item) : item, in: tree) else { return nil }
      tree = next
      rest = nursery.tail(rest)
    }
    return tree
  }
}
