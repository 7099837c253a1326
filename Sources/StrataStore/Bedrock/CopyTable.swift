// The side table of a commit: which objects in memory already have a record, and which are being looked at.
//
// It stands beside the objects instead of in them, because they may be shared with readers.

import Glibc

/// A hash table from object offsets to record offsets, and the explicit stack of the copy.
struct CopyTable: ~Copyable {
  /// The value of an object whose contents are being copied.
  static let inProgress = 1

  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  private(set) var count = 0
  private var stack: UnsafeMutablePointer<UInt64>
  private var stackCapacity: Int
  private(set) var depth = 0

  init() throws(BedrockFailure) {
    mask = 255
    stackCapacity = 256
    guard let table = calloc(256 * 2, 8) else { throw .memory }
    guard let space = malloc(stackCapacity * 16) else {
      Glibc.free(table)
      throw .memory
    }
    slots = table.bindMemory(to: UInt64.self, capacity: 256 * 2)
    stack = space.bindMemory(to: UInt64.self, capacity: stackCapacity * 2)
  }

  deinit {
    Glibc.free(slots)
    Glibc.free(stack)
  }

  @inline(__always)
  private static func hash(_ offset: Int) -> Int {
    Int(truncatingIfNeeded: (UInt64(truncatingIfNeeded: offset) &* 0x9E37_79B9_7F4A_7C15) >> 20)
  }

  /// The record of the object at `offset`, `inProgress`, or 0.
  @inline(__always)
  func find(_ offset: Int) -> Int {
    var index = CopyTable.hash(offset) & mask
    while true {
      let key = slots[index * 2]
      if key == UInt64(offset + 1) { return Int(slots[index * 2 + 1]) }
      if key == 0 { return 0 }
      index = (index + 1) & mask
    }
  }

  /// Sets the record of the object at `offset`.
  mutating func set(_ offset: Int, to record: Int) throws(BedrockFailure) {
    if count * 3 > mask * 2 { try grow() }
    var index = CopyTable.hash(offset) & mask
    while slots[index * 2] != 0, slots[index * 2] != UInt64(offset + 1) { index = (index + 1) & mask }
    if slots[index * 2] == 0 { count += 1 }
    slots[index * 2] = UInt64(offset + 1)
    slots[index * 2 + 1] = UInt64(record)
  }

  private mutating func grow() throws(BedrockFailure) {
    let larger = (mask + 1) * 2
    guard let table = calloc(larger * 2, 8) else { throw .memory }
    let fresh = table.bindMemory(to: UInt64.self, capacity: larger * 2)
    for old in 0...mask where slots[old * 2] != 0 {
      var index = CopyTable.hash(Int(slots[old * 2]) - 1) & (larger - 1)
      while fresh[index * 2] != 0 { index = (index + 1) & (larger - 1) }
      fresh[index * 2] = slots[old * 2]
      fresh[index * 2 + 1] = slots[old * 2 + 1]
    }
    Glibc.free(slots)
    slots = fresh
    mask = larger - 1
  }

  /// Puts the object at `offset` on the stack, to be looked at from its first word.
  mutating func push(_ offset: Int) throws(BedrockFailure) {
    if depth == stackCapacity {
      guard let larger = realloc(stack, stackCapacity * 32) else { throw .memory }
      stackCapacity *= 2
      stack = larger.bindMemory(to: UInt64.self, capacity: stackCapacity * 2)
    }
    stack[depth * 2] = UInt64(offset)
    stack[depth * 2 + 1] = 0
    depth += 1
  }

  /// The object on top and the next of its words to look at. The stack must not be empty.
  @inline(__always)
  var top: (offset: Int, next: Int) { (Int(stack[depth * 2 - 2]), Int(stack[depth * 2 - 1])) }

  /// Notes which word of the object on top comes next.
  @inline(__always)
  mutating func advance(to next: Int) { stack[depth * 2 - 1] = UInt64(next) }

  /// Takes the object on top off the stack.
  @inline(__always)
  mutating func pop() { depth -= 1 }
}
