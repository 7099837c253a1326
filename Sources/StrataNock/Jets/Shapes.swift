// What jets ask of their samples, and how they put lists together.
//
// A jet that finds something else than what it knows punts (gives nil), so that Nock decides what comes of it.

import StrataMemory
import StrataNatural
import StrataNoun

extension JetCall {
  /// Both parts of the sample if they are atoms, else nil.
  @inlinable @inline(__always)
  public func atoms() throws(Fault) -> (Word, Word)? {
    let sample = try sample()
    guard sample.isCell else { return nil }
    let a = nursery.head(sample)
    let b = nursery.tail(sample)
    return a.isNatural && b.isNatural ? (a, b) : nil
  }

  /// Both parts of the sample, nil if it is an atom.
  @inlinable @inline(__always)
  public func parts() throws(Fault) -> (Word, Word)? {
    let sample = try sample()
    return sample.isCell ? (nursery.head(sample), nursery.tail(sample)) : nil
  }

  /// What lies at an axis of the core, nil if nothing does.
  @inlinable
  public func place(_ axis: UInt64) -> Word? { nursery.place(axis, in: core) }
}

extension Nursery {
  /// What lies at a direct axis of a noun, nil if nothing does.
  @inlinable @inline(__always)
  public func place(_ axis: UInt64, in noun: Word) -> Word? {
    var noun = noun
    var step = 63 - axis.leadingZeroBitCount
    while step > 0 {
      step &-= 1
      guard noun.isCell else { return nil }
      noun = Word(raw: base[noun.offset &+ 1 &+ Int(axis &>> UInt64(step) & 1)])
    }
    return noun
  }

  /// The number of items of a list, nil for what ends in something else than 0.
  @inlinable
  func listCount(_ list: Word) throws(Fault) -> Int? {
    var rest = list
    var count = 0
    while rest.isCell {
      rest = tail(rest)
      count &+= 1
      if count & 0xFFFFF == 0, let fault = stopRequested { throw fault }
    }
    return rest == .zero ? count : nil
  }

  /// The items of `list`, which is known to be one, in reverse, before `rest`.
  @inlinable
  func reversed(_ list: Word, onto rest: Word = .zero) throws(Fault) -> Word {
    var list = list
    var result = rest
    while list.isCell {
      result = try cell(head(list), result)
      list = tail(list)
    }
    return result
  }

  /// `[0 word]`.
  @inlinable @inline(__always)
  func unit(_ word: Word) throws(Fault) -> Word { try cell(.zero, word) }

  /// A loobean.
  @inlinable @inline(__always)
  static func loobean(_ value: Bool) -> Word { value ? .zero : .one }

  /// Whether a noun is a gate as far as calling it goes.
  @inlinable @inline(__always)
  func isGate(_ noun: Word) -> Bool { noun.isCell && tail(noun).isCell }

  /// The two numbers of a bite: a block size alone stands for one block of it.
  @inlinable @inline(__always)
  func bite(_ noun: Word) -> (bloq: Word, step: Word)? {
    if noun.isNatural { return (noun, .one) }
    guard noun.isCell else { return nil }
    let bloq = head(noun)
    let step = tail(noun)
    return bloq.isNatural && step.isNatural ? (bloq, step) : nil
  }
}

/// A list that grows at its end. Nothing may move between its creation and `finish`.
@frozen
@usableFromInline
struct ListBuilder {
  @usableFromInline let nursery: Nursery
  @usableFromInline var first = Word.zero
  @usableFromInline var last = 0

  @inlinable
  init(_ nursery: Nursery) { self.nursery = nursery }

  @inlinable @inline(__always)
  mutating func append(_ item: Word) throws(Fault) {
    let cell = try nursery.cell(item, .zero)
    if last == 0 {
      first = cell
    } else {
      // Safe: the cell was made by this builder, and nothing has moved since.
      nursery.base[last &+ 2] = cell.raw
    }
    last = cell.offset
  }

  /// The list, ending in `rest`.
  @inlinable
  func finish(_ rest: Word = .zero) -> Word {
    if last == 0 { return rest }
    nursery.base[last &+ 2] = rest.raw
    return first
  }
}
