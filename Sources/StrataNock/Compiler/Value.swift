// What the compiler knows about a noun while it compiles: where it is, or what it is made of.

import StrataMemory

/// A noun at compile time. A cell whose parts are known need not exist in memory until somebody wants it whole.
final class Value {
  /// The register that holds the noun, or -1.
  var register: Int
  /// The noun itself, if it is a constant.
  let constant: Word?
  /// Both parts, if the noun is a cell of known parts.
  let parts: (head: Value, tail: Value)?
  /// The place in `known` of the noun plus one: no part has axis 0.
  static let successor: UInt64 = 0

  /// Parts of a noun in a register that have been read already, by axis, and what else was computed from it.
  var known: [(axis: UInt64, value: Value)] = []

  init(register: Int) {
    self.register = register
    constant = nil
    parts = nil
  }

  init(constant: Word) {
    register = -1
    self.constant = constant
    parts = nil
  }

  init(_ head: Value, _ tail: Value) {
    register = -1
    constant = nil
    parts = (head, tail)
  }

  /// How many registers and constants a known cell is made of; stops counting at `limit`.
  func leafCount(limit: Int) -> Int {
    guard let parts, register < 0 else { return 1 }
    let head = parts.head.leafCount(limit: limit)
    if head >= limit { return head }
    return head + parts.tail.leafCount(limit: limit - head)
  }
}
