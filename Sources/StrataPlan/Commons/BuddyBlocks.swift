// Blocks of a power of two of units, split and merged in pairs: the allocator of the shared commons.
//
// A unit is 64 words (512 bytes). A block of order k begins at a multiple of 2^k units. For each unit that begins a block one
// byte tells its order and whether it is free; all other units have 0. Free blocks of an order form a list through their own
// entries of two tables, so that nothing has to be searched. Knows nothing of what lies in the blocks.

import StrataMemory

/// The allocator. Used under its owner's lock.
struct BuddyBlocks: ~Copyable {
  static let unitWords = 64
  private static let freeBit: UInt8 = 0x80

  let unitCount: Int
  private let topOrder: Int
  /// For each unit 0, or the order of the block that it begins plus one, with `freeBit` when that is free.
  private let states: UnsafeMutablePointer<UInt8>
  /// The neighbours of a free block in its list, plus one.
  private let next: UnsafeMutablePointer<UInt32>
  private let previous: UnsafeMutablePointer<UInt32>
  /// The first free block of each order, plus one.
  private var lists: [UInt32]
  /// Units in use.
  private(set) var usedUnits = 0

  /// Blocks over the largest power of two of units that fits into `unitCount`.
  init(unitCount: Int) {
    topOrder = max(0, Int.bitWidth - 1 - max(1, min(unitCount, 1 << 30)).leadingZeroBitCount)
    self.unitCount = 1 << topOrder
    states = .allocate(capacity: self.unitCount)
    states.initialize(repeating: 0, count: self.unitCount)
    next = .allocate(capacity: self.unitCount)
    next.initialize(repeating: 0, count: self.unitCount)
    previous = .allocate(capacity: self.unitCount)
    previous.initialize(repeating: 0, count: self.unitCount)
    lists = [UInt32](repeating: 0, count: topOrder + 1)
    insert(0, topOrder)
  }

  deinit {
    states.deallocate()
    next.deallocate()
    previous.deallocate()
  }

  private mutating func insert(_ unit: Int, _ order: Int) {
    states[unit] = UInt8(order + 1) | BuddyBlocks.freeBit
    let first = lists[order]
    next[unit] = first
    previous[unit] = 0
    if first != 0 { previous[Int(first) - 1] = UInt32(unit + 1) }
    lists[order] = UInt32(unit + 1)
  }

  private mutating func remove(_ unit: Int, _ order: Int) {
    let (before, after) = (previous[unit], next[unit])
    if before != 0 { next[Int(before) - 1] = after } else { lists[order] = after }
    if after != 0 { previous[Int(after) - 1] = before }
    states[unit] = 0
  }

  private static func order(words: Int) -> Int {
    let units = max(1, (words + BuddyBlocks.unitWords - 1) / BuddyBlocks.unitWords)
    return units == 1 ? 0 : Int.bitWidth - (units - 1).leadingZeroBitCount
  }

  /// The words that a block takes in which there is room for so many.
  static func wordsTaken(for words: Int) -> Int { unitWords << order(words: words) }

  /// A block of at least `words` words; its first unit. Nil when there is none.
  mutating func take(words: Int) -> Int? {
    let order = BuddyBlocks.order(words: words)
    var found = order
    while found <= topOrder, lists[found] == 0 { found += 1 }
    guard found <= topOrder else { return nil }
    let unit = Int(lists[found]) - 1
    remove(unit, found)
    while found > order {
      found -= 1
      insert(unit + 1 << found, found)
    }
    states[unit] = UInt8(order + 1)
    usedUnits += 1 << order
    return unit
  }

  /// Gives a block back, together with its free neighbours.
  mutating func free(_ unit: Int) {
    var order = self.order(ofUsed: unit)
    guard order >= 0 else { return }
    usedUnits -= 1 << order
    states[unit] = 0
    var unit = unit
    while order < topOrder {
      let buddy = unit ^ 1 << order
      guard states[buddy] == UInt8(order + 1) | BuddyBlocks.freeBit else { break }
      remove(buddy, order)
      unit = min(unit, buddy)
      order += 1
    }
    insert(unit, order)
  }

  /// The order of the block in use that begins at a unit; -1 when none does.
  func order(ofUsed unit: Int) -> Int {
    let state = states[unit]
    return state == 0 || state & BuddyBlocks.freeBit != 0 ? -1 : Int(state) - 1
  }

  /// How many units to go on from one that begins a block, or 1.
  func step(from unit: Int) -> Int {
    let state = states[unit] & ~BuddyBlocks.freeBit
    return state == 0 ? 1 : 1 << (Int(state) - 1)
  }

  /// The block in use that holds a unit; nil when it is free.
  func block(holding unit: Int) -> Int? {
    for order in 0...topOrder {
      let first = (unit >> order) << order
      let state = states[first]
      if state == 0 { continue }
      if state & BuddyBlocks.freeBit != 0 { return nil }
      return unit < first + 1 << (Int(state) - 1) ? first : nil
    }
    return nil
  }
}
