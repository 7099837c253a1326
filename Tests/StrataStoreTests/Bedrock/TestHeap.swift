// Values in memory for tests, and digests of values wherever they lie.

import StrataMemory

@testable import StrataStore

/// A heap of objects that only grows.
final class TestHeap {
  let base: UnsafeMutablePointer<UInt64>
  private let capacity: Int
  private(set) var top = 1

  init(words: Int = 1 << 16) {
    capacity = words
    base = .allocate(capacity: words)
  }

  deinit { base.deallocate() }

  func object(_ kind: Kind, _ tag: Word.Tag, _ body: [UInt64]) -> Word {
    precondition(top + body.count + 1 <= capacity, "the test's heap is too small")
    let offset = top
    base[offset] = Header(kind: kind, size: body.count).raw
    for (index, word) in body.enumerated() { base[offset + 1 + index] = word }
    top += body.count + 1
    return Word(tag: tag, offset: offset)
  }

  func cell(_ head: Word, _ tail: Word) -> Word { object(.cell, .cell, [head.raw, tail.raw]) }
  func natural(_ words: [UInt64]) -> Word { object(.natural, .natural, words) }
  func vector(_ words: [Word]) -> Word { object(.vector, .vector, words.map(\.raw)) }
  func reset() { top = 1 }
}

/// A digest of the value that `word` stands for, the same wherever its objects lie. Linear in distinct objects, and
/// without recursion.
func digest(_ word: Word, memory: UnsafePointer<UInt64>, store: UnsafePointer<UInt64>) -> UInt64 {
  var known: [UInt64: UInt64] = [:]
  func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: right ^ 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low &+ left.byteSwapped
  }
  var stack = [word]
  while let top = stack.last {
    if top.isDirect || known[top.raw] != nil {
      stack.removeLast()
      continue
    }
    let base = (top.isPersistent ? store : memory) + top.offset
    let header = Header(raw: base[0])
    let children =
      header.isScanned ? (0..<header.size).map { Word(raw: base[1 + $0]) } : []
    let missing = children.filter { $0.isReference && known[$0.raw] == nil }
    if !missing.isEmpty {
      stack += missing
      continue
    }
    var value = mix(header.kindBits, UInt64(header.size))
    for index in 0..<header.size {
      let child = Word(raw: base[1 + index])
      value = mix(value, header.isScanned && child.isReference ? known[child.raw, default: 0] : child.raw)
    }
    known[top.raw] = value
    stack.removeLast()
  }
  return word.isDirect ? word.raw : known[word.raw, default: 0]
}

/// A store on a simulated disk, with its addresses.
final class TestStore {
  let disk: SimulatedDisk
  let reservation: BedrockReservation
  let store: Bedrock

  static var options: BedrockOptions {
    var options = BedrockOptions()
    options.segmentPages = 4
    options.keptSegments = 4
    // As piers have it. Nothing may depend on it, so whatever fails here must not show.
    options.keepsSums = true
    return options
  }

  init(
    _ disk: SimulatedDisk = SimulatedDisk(), options: BedrockOptions = TestStore.options, bytes: Int = 1 << 28
  ) throws {
    self.disk = disk
    reservation = try BedrockReservation(byteCount: bytes)
    store = try Bedrock.open("d/store", on: disk, at: reservation.place, options: options)
  }

  deinit { try? store.close() }

  var base: UnsafePointer<UInt64> { UnsafePointer(reservation.place.base) }

  func digest(_ index: Int = 0) -> UInt64 {
    StrataStoreTests.digest(store.roots[index].word, memory: base, store: base)
  }

  /// Collects to the end without anything in between.
  func collect(compacting: Bool = true) throws {
    try store.beginCollection(compacting: compacting)
    while try store.stepCollection(budgetWords: 4096) == .working {}
    store.endRelocation()
  }

  /// Checks every record that a root reaches.
  func scrub() throws -> (records: Int, words: Int) {
    let scrub = try store.scrub()
    while try !scrub.step(budgetWords: 1 << 16) {}
    return scrub.checked
  }
}
