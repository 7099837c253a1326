// Pins in the commons: copied there once, each as one block with what it holds up to other pins, and equal pins are one.
//
// A pin's content hash depends on what the pin holds and on nothing else: not on addresses, sharing or the order in
// which pins came. Two pins that hash alike are still compared, part by part, with the pins in them by identity.

import StrataMemory
import StrataNatural

/// Pins that neither move nor go away, by content.
struct PinIndex {
  /// Pins by content hash; more than one only where different contents hash alike.
  private var byHash: [UInt64: [Word]] = [:]
  /// Content hashes by the pin's offset.
  private(set) var hashes: [Int: UInt64] = [:]

  /// The pins whose contents hash to `hash`.
  func pins(_ hash: UInt64) -> [Word] { byHash[hash] ?? [] }

  mutating func add(_ pin: Word, _ hash: UInt64) {
    byHash[hash, default: []].append(pin)
    hashes[pin.offset] = hash
  }
}

/// One pass over the pins below a value that are not where they are to be. Nothing moves while it runs.
struct Sharer {
  /// Where pins are to be.
  enum Home {
    /// Fixed: in the commons or in the store.
    case commons
    case store
    /// Below this offset: in the commons that machines share.
    case region(end: Int)
  }

  let machine: PlanMachine
  let base: UnsafeMutablePointer<UInt64>
  let home: Home
  /// What takes a pin's place, by its offset.
  var replacements: [Int: Word] = [:]
  /// Content hashes of pins that have been looked at in this pass, by their offset.
  var hashes: [Int: UInt64] = [:]

  init(_ machine: PlanMachine, home: Home) {
    self.machine = machine
    self.home = home
    base = machine.nursery.base
  }

  /// The content hash of a pin that was looked at or is in an index.
  func knownHash(_ pin: Word) -> UInt64? {
    if case .region(let end) = home, pin.offset < end { return base[pin.offset - 1] }
    if pin.isPersistent { return machine.storedPins.hashes[pin.offset] }
    return hashes[pin.offset] ?? machine.sharedPins.hashes[pin.offset]
  }

  /// The body words of an object that are values.
  func fields(_ word: Word) -> Range<Int> {
    if word.isClosure { return 1..<1 + Header(raw: base[word.offset]).size }
    return word.isPin ? 1..<2 : word.isLaw ? 1..<4 : 1..<1
  }

  /// Whether what can be changed in place is copied: a store copies everything.
  private var keepsBuffersApart: Bool { if case .store = home { false } else { true } }

  private func isOpen(_ word: Word) -> Bool {
    if word.isNatural { return false }
    switch home {
    case .commons: return !machine.nursery.isFixed(word)
    case .store: return !word.isPersistent
    case .region(let end): return word.offset >= end
    }
  }

  /// All pins below `root` that are not where they are to be, each after the pins in it.
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

  /// Puts what takes their place where the pins in `root` are, down to the pins, and lets go of compiled code, which
  /// would be copied along and may refer to the pins that were replaced. `detached` is told of the code by its slot.
  func settle(_ root: Word, detached: ((Int, UInt64) -> Void)? = nil) throws(PlanFailure) {
    var seen: Set<Int> = []
    var stack = [root]
    while let word = stack.popLast() {
      guard isOpen(word), seen.insert(word.offset).inserted else { continue }
      if word.isLaw || word.isPin {
        let slot = word.offset + (word.isLaw ? LawLayout.code : PinLayout.code)
        if base[slot] != 0 { detached?(slot, base[slot]) }
        base[slot] = 0
      }
      for field in fields(word) {
        let slot = word.offset + field
        let part = Word(raw: base[slot])
        if keepsBuffersApart, machine.buffers.address(of: part) != nil {
          // What can be changed in place must not change a pin.
          try machine.engine.faulting { () throws(Fault) in
            try machine.nursery.update(slot: slot, to: try machine.nursery.duplicate(natural: part))
          }
          continue
        }
        guard part.isPin else {
          stack.append(part)
          continue
        }
        guard let shared = replacements[part.offset], shared != part else { continue }
        if machine.nursery.isFixed(shared) {
          // Safe to write without a note: what takes the place is equal, and neither moves nor is dropped.
          base[slot] = shared.raw
        } else {
          // Pins of the commons are looked at before all others, so nothing fixed comes to refer to what is not.
          try machine.engine.faulting { () throws(Fault) in try machine.nursery.update(slot: slot, to: shared) }
        }
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

  /// The content hash of a pin, the pins in which have one: 63 bits, so that it is a natural that needs no memory.
  func hash(of pin: Word) -> UInt64 {
    var known: [Int: UInt64] = [:]
    func ready(_ word: Word) -> UInt64? {
      if word.isNatural { return hash(natural: word) }
      if word.isPin, let hash = knownHash(word) { return mixed(3, hash) }
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
    return (ready(item) ?? 0) & Word.largestDirect
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

  /// The content hash of a pin in the commons or in the store; nil for anything else.
  public func contentHash(ofShared pin: Word) -> UInt64? {
    pin.isPin ? (pin.isPersistent ? storedPins : sharedPins).hashes[pin.offset] : nil
  }

  /// An equal value all of whose pins lie in the commons, where they stay and where equal pins are one: sharing equal
  /// pins gives the same word. `value` is in normal form. Must not be called while the machine evaluates.
  public func share(_ value: Word) throws(PlanFailure) -> Word {
    unpark()
    if let membership { return try share(value, in: membership.commons) }
    var sharer = Sharer(self, home: .commons)
    for pin in sharer.pins(below: value) {
      try sharer.settle(pin)
      let hash = sharer.hash(of: pin)
      let known = storedPins.pins(hash) + sharedPins.pins(hash)
      if let same = known.first(where: { sharer.isSame($0, pin) }) {
        sharer.replacements[pin.offset] = same
        continue
      }
      let shared = try engine.faulting { () throws(Fault) in try nursery.copyToCommons(pin) }
      sharedPins.add(shared, hash)
      sharer.replacements[pin.offset] = shared
    }
    if value.isPin { return sharer.replacements[value.offset] ?? value }
    try sharer.settle(value)
    return value
  }
}
