// One machine's part in a commons that several share: joining, putting pins there, telling a collection what it holds.

import CPlatform
import StrataMemory

/// A machine's place in a shared commons.
final class CommonsMembership {
  let commons: SharedCommons
  private let flag: UnsafeMutablePointer<UInt64>
  private var number = 0

  init(_ commons: SharedCommons, _ nursery: Nursery) throws(PlanFailure) {
    self.commons = commons
    flag = .allocate(capacity: 1)
    flag.initialize(to: 0)
    do throws(PlanFailure) { number = try commons.join(nursery, flag: flag) } catch {
      flag.deallocate()
      throw error
    }
  }

  /// Takes the machine out; to be called once.
  func leave() {
    commons.leave(number)
    flag.deallocate()
  }

  /// Whether a collection has asked what the machine holds since the last time.
  var wasAsked: Bool { platform_load_relaxed(flag) != 0 && platform_exchange(flag, 0) != 0 }

  func tell(_ offsets: [Int]) { commons.tell(number, offsets) }
}

extension PlanMachine {
  /// Makes `commons` the home of the pins that the machine shares. To be called once, before anything was evaluated; a
  /// machine with a store shares nothing. From then on the machine's thread must run it, call
  /// `takePartInCollection`, or let it go, or collections wait.
  public func join(_ commons: SharedCommons) throws(PlanFailure) {
    guard membership == nil, vault == nil, storedPinCount == 0 else { throw .fault(.refused) }
    membership = try CommonsMembership(commons, nursery)
  }

  /// Tells a collection of the shared commons what the machine holds, if one has asked. Safe points do this while the
  /// machine runs; for a thread that keeps a machine without running it.
  public func takePartInCollection() {
    guard let membership, membership.wasAsked else { return }
    let start = Clock.now()
    let end = membership.commons.region.byteCount / 8
    let slots = storedCode.keys
    let gone = zip(slots, membership.commons.areDead(slots.map { Int($0) })).filter(\.1).map(\.0)
    // Where memory is refused everything is forgotten: code can be made again.
    do throws(Fault) { try storedCode.remove(Set(gone)) } catch { storedCode.removeAll() }
    var offsets: [Int] = []
    func hold(_ word: Word) {
      if word.isReference, word.offset < end, offsets.last != word.offset { offsets.append(word.offset) }
    }
    nursery.visitReferences(below: end, hold)
    hold(thrown)
    for word in profileRecords.words { hold(Word(raw: word)) }
    membership.tell(offsets)
    longestCommonsPause = max(longestCommonsPause, Clock.now() &- start)
  }

  /// The pin that a handle holds, for this machine.
  public func word(of pin: SharedPin) -> Word { pin.pin }

  /// An equal value all of whose pins lie in the shared commons.
  func share(_ value: Word, in commons: SharedCommons) throws(PlanFailure) -> Word {
    var sharer = Sharer(self, home: .region(end: commons.region.byteCount / 8))
    var detached: [(slot: Int, code: UInt64)] = []
    defer { for (slot, code) in detached { nursery.base[slot] = code } }
    for pin in sharer.pins(below: value) {
      try sharer.settle(pin) { detached.append(($0, $1)) }
      let hash = sharer.hash(of: pin)
      let isSame: (Int) -> Bool = { sharer.isSame(Word(tag: .pin, offset: $0), pin) }
      let offset: Int
      if let known = commons.find(hash, isSame) {
        offset = known
      } else {
        offset = commons.publish(try sharer.copy(pin, hash, to: commons), hash, isSame)
      }
      sharer.replacements[pin.offset] = Word(tag: .pin, offset: offset)
    }
    if value.isPin { return sharer.replacements[value.offset] ?? value }
    try sharer.settle(value) { detached.append(($0, $1)) }
    return value
  }
}

extension Sharer {
  /// Copies a pin, the pins in which are all in the region, into a block of its own. Gives the block's first word.
  fileprivate func copy(_ pin: Word, _ hash: UInt64, to commons: SharedCommons) throws(PlanFailure) -> Int {
    let end = commons.region.byteCount / 8
    // Objects by their offset, and where in the block they go.
    var places: [Int: Int] = [:]
    var objects: [Int] = []
    var children: [Int] = []
    var seenChildren: Set<Int> = []
    var size = SharedCommons.headerWords
    func enter(_ word: Word) {
      if word.isDirect { return }
      if word.offset < end {
        if word.isPin, seenChildren.insert(word.offset).inserted { children.append(word.offset) }
      } else if places[word.offset] == nil {
        places[word.offset] = size
        objects.append(word.offset)
        size += 1 + Header(raw: base[word.offset]).size
      }
    }
    enter(pin)
    var next = 0
    while next < objects.count {
      let header = Header(raw: base[objects[next]])
      if header.isScanned {
        for slot in 1...max(1, header.size) where slot <= header.size { enter(Word(raw: base[objects[next] + slot])) }
      }
      next += 1
    }
    let start = try commons.reserve(words: size + children.count)
    let block = commons.region.base + start
    block[0] = UInt64(size - SharedCommons.headerWords) | UInt64(children.count) << 40
    block[1] = hash
    for object in objects {
      guard let place = places[object] else { continue }
      let header = Header(raw: base[object])
      (block + place).update(from: base + object, count: 1 + header.size)
      if !header.isScanned { continue }
      for slot in place + 1..<place + 1 + header.size {
        let word = Word(raw: block[slot])
        if word.isReference, let moved = places[word.offset] { block[slot] = word.moved(to: start + moved).raw }
      }
    }
    for (index, child) in children.enumerated() { block[size + index] = UInt64(child) }
    return start
  }
}
