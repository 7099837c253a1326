// Pins on their way into a store and out of it: which are new, each after the pins in it, and what is remembered of
// those that are there. Knows nothing of files.
//
// A pin of the store is never written to: its code lies in a table of the machine.

import StrataMemory

/// A value that is ready to be stored. Nothing may move, and the machine may not run, until `release` was called.
public struct StorableValue {
  /// The pin, or an equal one that is in the store already.
  public fileprivate(set) var pin: Word
  /// The pins that the store does not hold yet, with their content hashes. Each comes after the pins in it, and no two
  /// are equal.
  public fileprivate(set) var fresh: [(pin: Word, hash: UInt64)] = []
  fileprivate var detachedCode: [(slot: Int, code: UInt64)] = []
}

extension PlanMachine {
  /// Whether a word is a pin.
  public func isPin(_ word: Word) -> Bool { word.isPin }

  /// A new pin of `item`, which is in normal form.
  public func pin(of item: Word) throws(PlanFailure) -> Word { try engine.makePin(item) }

  /// Makes a pin ready to be stored.
  public func prepareStoring(_ pin: Word) throws(PlanFailure) -> StorableValue {
    var sharer = Sharer(self, home: .store)
    var ready = StorableValue(pin: pin)
    var fresh: [UInt64: [Word]] = [:]
    let pins = sharer.pins(below: ready.pin)
    do throws(PlanFailure) {
      // Those in the commons first: they only contain pins of the commons, and must not come to refer to others.
      for pin in pins.filter({ nursery.isFixed($0) }) + pins.filter({ !nursery.isFixed($0) }) {
        try sharer.settle(pin) { ready.detachedCode.append(($0, $1)) }
        let hash = sharer.hash(of: pin)
        sharer.hashes[pin.offset] = hash
        let known = storedPins.pins(hash) + (fresh[hash] ?? [])
        if let same = known.first(where: { sharer.isSame($0, pin) }) {
          sharer.replacements[pin.offset] = same
        } else {
          sharer.replacements[pin.offset] = pin
          fresh[hash, default: []].append(pin)
          ready.fresh.append((pin, hash))
        }
      }
    } catch {
      release(ready)
      throw error
    }
    ready.pin = sharer.replacements[ready.pin.offset] ?? ready.pin
    return ready
  }

  /// Gives back what preparing a value has taken from the machine. The value's pins stay what they are.
  public func release(_ value: StorableValue) {
    for (slot, code) in value.detachedCode { nursery.base[slot] = code }
  }

  /// Remembers a pin of the store and its content hash, so that equal pins are not stored again.
  public func learn(stored pin: Word, hash: UInt64) { storedPins.add(pin, hash) }

  /// Forgets everything about the store, whose pins may move from here on. Nothing in memory may refer to it.
  public func forgetStored() {
    storedPins = PinIndex()
    storedCode.removeAll()
  }

  /// How many pins of the store the machine knows.
  public var storedPinCount: Int { storedPins.hashes.count }

  /// The content hash of a pin of the store, computed anew. The pins in it must be known. Nil for what is none.
  public func computedHash(ofStored pin: Word) -> UInt64? {
    pin.isPin && pin.isPersistent ? Sharer(self, home: .store).hash(of: pin) : nil
  }

  /// The content hash that a pin of the store was learned with.
  public func knownHash(ofStored pin: Word) -> UInt64? { storedPins.hashes[pin.offset] }

  /// The item of a pin.
  public func item(of pin: Word) -> Word {
    pin.isPin ? Word(raw: nursery.base[pin.offset + PinLayout.item]) : pin
  }

  /// All pins of the store that `roots` reach, each after the pins in it. Linear in what the roots reach, and without
  /// recursion.
  public func storedPins(below roots: [Word]) -> [Word] {
    let base = nursery.base
    var result: [Word] = []
    var seen: Set<Int> = []
    var stack = roots.map { (word: $0, isDone: false) }
    while let (word, isDone) = stack.popLast() {
      if isDone {
        result.append(word)
        continue
      }
      guard word.isPersistent, !word.isNatural, seen.insert(word.offset).inserted else { continue }
      if word.isPin { stack.append((word, true)) }
      let count = word.isPin ? 1 : word.isLaw ? 3 : Header(raw: base[word.offset]).size
      for field in 0..<count { stack.append((Word(raw: base[word.offset + 1 + field]), false)) }
    }
    return result
  }
}
