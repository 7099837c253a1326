// Pins in the commons: copied there once, each as one block with what it holds up to other pins, and equal pins are one.
//
// A pin's content hash depends on what the pin holds and on nothing else: not on addresses, sharing or the order in
// which pins came. Two pins that hash alike are still compared, part by part, with the pins in them by identity.

import StrataMemory
import StrataNatural

/// The pins of one machine's commons by content.
struct SharedPins {
  /// Pins by content hash; more than one only where different contents hash alike.
  fileprivate var byHash: [UInt64: [Word]] = [:]
  /// Content hashes by the pin's offset.
  fileprivate var hashes: [Int: UInt64] = [:]
}

/// One pass of sharing. Nothing moves while it runs.
private struct Sharer {
  let machine: PlanMachine
  let base: UnsafeMutablePointer<UInt64>
  /// Shared pins by the offset of the pin that they replace.
  var replacements: [Int: Word] = [:]

  init(_ machine: PlanMachine) {
    self.machine = machine
    base = machine.nursery.base
  }

  /// The body words of an object that are values.
  private func fields(_ word: Word) -> Range<Int> {
    if word.isClosure { return 1..<1 + Header(raw: base[word.offset]).size }
    return word.isPin ? 1..<2 : word.isLaw ? 1..<4 : 1..<1
  }

  private func isOpen(_ word: Word) -> Bool { !machine.nursery.isFixed(word) && !word.isNatural }

  /// All pins below `root` that do not lie in the commons, each after the pins in it.
  func pins(below root: Word) -> [Word] {
    var result: [Word] = []
    var seen: Set<Int> = []
    var stack: [(word: Word, isDone: Bool)] = [(root, false)]
    while let (word, isDone) = stack.popLast() {
      if isDone {
        result.append(word)
        continue
      }
      guard isOpen(word), seen.insert(word.offset).inserted else { continue }
      if word.isPin { stack.append((word, true)) }
      for field in fields(word) { stack.append((Word(raw: base[word.offset + field]), false)) }
    }
    return result
  }

  /// Puts shared pins in the place of those in `root`, down to the pins, and lets go of compiled code, which would be
  /// copied along and may refer to the pins that were replaced.
  func settle(_ root: Word) {
    var seen: Set<Int> = []
    var stack = [root]
    while let word = stack.popLast() {
      guard isOpen(word), seen.insert(word.offset).inserted else { continue }
      if word.isLaw { base[word.offset + LawLayout.code] = 0 }
      if word.isPin { base[word.offset + PinLayout.code] = 0 }
      for field in fields(word) {
        let slot = word.offset + field
        let part = Word(raw: base[slot])
        // Safe to write without a note: what takes the place is equal, and fixed.
        if part.isPin, let shared = replacements[part.offset] { base[slot] = shared.raw } else { stack.append(part) }
      }
    }
  }

  // MARK: Content

  private func mixed(_ hash: UInt64, _ value: UInt64) -> UInt64 {
    var next = (hash ^ value) &* 0x9E37_79B9_7F4A_7C15
    next = (next ^ (next >> 32)) &* 0xD6E8_FEB8_6659_FD93
    return next ^ (next >> 29)
  }

  private func hash(natural word: Word) -> UInt64 {
    if word.isDirect { return mixed(1, word.raw) }
    let size = Header(raw: base[word.offset]).size
    return (1...size).reduce(mixed(2, UInt64(size))) { mixed($0, base[word.offset + $1]) }
  }

  /// The content hash of a pin whose pins are all shared.
  func hash(of pin: Word) -> UInt64 {
    var known: [Int: UInt64] = [:]
    func ready(_ word: Word) -> UInt64? {
      if word.isNatural { return hash(natural: word) }
      if word.isPin, let hash = machine.sharedPins.hashes[word.offset] { return mixed(3, hash) }
      return known[word.offset]
    }
    let item = Word(raw: base[pin.offset + PinLayout.item])
    var stack = [item]
    while let word = stack.last {
      if ready(word) != nil {
        stack.removeLast()
        continue
      }
      let parts = fields(word).map { Word(raw: base[word.offset + $0]) }
      let missing = parts.filter { ready($0) == nil }
      if missing.isEmpty {
        let start = mixed(word.isLaw ? 4 : 5, UInt64(parts.count))
        known[word.offset] = parts.reduce(start) { mixed($0, ready($1) ?? 0) }
        stack.removeLast()
      } else {
        stack += missing
      }
    }
    return ready(item) ?? 0
  }

  /// Whether two pins, the pins in which are all shared, hold the same.
  func isSame(_ left: Word, _ right: Word) -> Bool {
    var seen: Set<SIMD2<Int>> = []
    var stack = [(Word(raw: base[left.offset + PinLayout.item]), Word(raw: base[right.offset + PinLayout.item]))]
    while let (one, other) = stack.popLast() {
      if one == other { continue }
      if one.isNatural || other.isNatural {
        guard one.isNatural, other.isNatural, machine.nursery.isSameNatural(one, other) else { return false }
        continue
      }
      guard !one.isPin, !other.isPin, one.isLaw == other.isLaw, fields(one) == fields(other) else { return false }
      guard seen.insert(SIMD2(one.offset, other.offset)).inserted else { continue }
      for field in fields(one) {
        stack.append((Word(raw: base[one.offset + field]), Word(raw: base[other.offset + field])))
      }
    }
    return true
  }
}

extension PlanMachine {
  /// How many pins lie in the commons.
  public var sharedPinCount: Int { sharedPins.hashes.count }

  /// The content hash of a pin in the commons; nil for anything else.
  public func contentHash(ofShared pin: Word) -> UInt64? { pin.isPin ? sharedPins.hashes[pin.offset] : nil }

  /// An equal value all of whose pins lie in the commons, where they stay and where equal pins are one: sharing equal
  /// pins gives the same word. `value` is in normal form. Must not be called while the machine evaluates.
  public func share(_ value: Word) throws(PlanFailure) -> Word {
    var sharer = Sharer(self)
    for pin in sharer.pins(below: value) {
      sharer.settle(pin)
      let hash = sharer.hash(of: pin)
      let known = sharedPins.byHash[hash] ?? []
      if let same = known.first(where: { sharer.isSame($0, pin) }) {
        sharer.replacements[pin.offset] = same
        continue
      }
      let shared = try engine.faulting { () throws(Fault) in try nursery.copyToCommons(pin) }
      sharedPins.byHash[hash] = known + [shared]
      sharedPins.hashes[shared.offset] = hash
      sharer.replacements[pin.offset] = shared
    }
    if value.isPin { return sharer.replacements[value.offset] ?? value }
    sharer.settle(value)
    return value
  }
}
