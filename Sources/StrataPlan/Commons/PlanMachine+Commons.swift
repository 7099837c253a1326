// One machine's part in a commons that several share: joining, putting pins there, telling a collection what it holds, or
// being parked, so that the collection looks for itself.

import CPlatform
import StrataMemory

/// A machine's place in a shared commons. The machine's thread uses all of it, a collection `ask` and `tellIfParked`.
/// Safe: `parked` is guarded by the lock, the flag is changed by atomic operations, and the rest is constant.
final class CommonsMembership: @unchecked Sendable {
  let commons: SharedCommons
  private let interrupt: InterruptHandle
  private let flag: UnsafeMutablePointer<UInt64>
  private let parking = Lock()
  /// The machine, while its thread leaves it alone.
  private var parked: Unmanaged<PlanMachine>?

  init(_ commons: SharedCommons, _ nursery: Nursery) throws(PlanFailure) {
    self.commons = commons
    interrupt = nursery.interruptHandle
    flag = .allocate(capacity: 1)
    flag.initialize(to: 0)
    try commons.join(self, nursery)
  }

  deinit { flag.deallocate() }

  /// Takes the machine out; to be called once.
  func leave() {
    unpark()
    commons.leave(self)
  }

  /// Asks the machine to tell collection number `collection` what it holds. Under the lock of the commons, so that the machine
  /// is still there.
  func ask(_ collection: UInt64) {
    platform_store(flag, collection)
    interrupt.wake()
  }

  /// The collection that has asked what the machine holds since the last time.
  var asking: UInt64? {
    if platform_load_relaxed(flag) == 0 { return nil }
    let collection = platform_exchange(flag, 0)
    return collection == 0 ? nil : collection
  }

  func tell(_ collection: UInt64, _ offsets: [Int]) { commons.tell(self, collection, offsets) }

  /// Lets collections look through the machine, at which nobody else looks until `unpark`.
  func park(_ machine: PlanMachine) {
    parking.withLock { parked = .passUnretained(machine) }
    // A collection that has asked and found the machine busy does not look again; one that asks from here on does.
    tellIfParked()
  }

  /// Returns when no collection looks through the machine any more.
  func unpark() { parking.withLock { parked = nil } }

  /// Tells in place of the machine's thread, if that leaves the machine alone.
  func tellIfParked() {
    parking.withLock { _ = parked?._withUnsafeGuaranteedRef { $0.answerCollection(self) } }
  }
}

extension PlanMachine {
  /// Makes `commons` the home of the pins that the machine shares. To be called once, before anything was evaluated; a
  /// machine with a store shares nothing, and all machines of a commons follow the same rules: what pins are differs
  /// between fronts. From then on the machine's thread must run it, call `takePartInCollection`, `park` it, or let it go,
  /// or collections wait.
  public func join(_ commons: SharedCommons) throws(PlanFailure) {
    guard membership == nil, vault == nil, storedPinCount == 0, commons.admits(front) else { throw .fault(.refused) }
    membership = try CommonsMembership(commons, nursery)
  }

  /// Lets collections of the shared commons find out for themselves what the machine holds, so that they need not wait for
  /// its thread. Only what lies on the value stack counts as held. From here on the thread must not touch the machine or
  /// its memory before `unpark`, which `evaluate`, `force` and `share` do by themselves. Effects that wait park too.
  public func park() {
    guard let membership, !isParked else { return }
    isParked = true
    membership.park(self)
  }

  /// Gives the machine back to its thread, as soon as no collection looks at it.
  public func unpark() {
    guard let membership, isParked else { return }
    let start = Clock.now()
    membership.unpark()
    isParked = false
    longestCommonsPause = max(longestCommonsPause, Clock.now() &- start)
  }

  /// Tells a collection of the shared commons what the machine holds, if one has asked. Safe points do this while the
  /// machine runs; for a thread that keeps a machine without running it.
  public func takePartInCollection() {
    guard let membership, !isParked else { return }
    let start = Clock.now()
    if answerCollection(membership) { longestCommonsPause = max(longestCommonsPause, Clock.now() &- start) }
  }

  /// Whether a collection had asked. On the machine's thread, or while the machine is parked.
  @discardableResult
  fileprivate func answerCollection(_ membership: CommonsMembership) -> Bool {
    guard let collection = membership.asking else { return false }
    let end = membership.commons.region.byteCount / 8
    let slots = storedCode.keys
    let gone = zip(slots, membership.commons.areDead(slots.map { Int($0) })).filter(\.1).map(\.0)
    // Where memory is refused everything is forgotten: code can be made again.
    do throws(Fault) { try storedCode.remove(Set(gone)) } catch { storedCode.removeAll() }
    var offsets: [Int] = []
    // Thunks name their code, so the same blocks come again and again.
    var recent = [Int](repeating: 0, count: 1024)
    func hold(_ word: Word) {
      guard word.isReference, word.offset < end else { return }
      let unit = word.offset / BuddyBlocks.unitWords
      if recent[unit & 1023] != unit + 1 {
        recent[unit & 1023] = unit + 1
        offsets.append(word.offset)
      }
    }
    nursery.visitReferences(below: end, hold)
    hold(thrown)
    for word in profileRecords.words { hold(Word(raw: word)) }
    membership.tell(collection, offsets)
    return true
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
    let content = BlockContent(pin, base, end: commons.region.byteCount / 8)
    // Parts of other pins are held by holding those.
    var children = content.pins
    if !content.parts.isEmpty {
      var known = Set(children)
      children += commons.pins(holding: content.parts).filter { known.insert($0).inserted }
    }
    let start = try commons.reserve(words: content.size + children.count)
    let block = commons.region.base + start
    content.write(to: commons.region.base, at: start, from: base)
    block[0] |= UInt64(children.count) << 40
    block[1] = hash
    for (index, child) in children.enumerated() { block[content.size + index] = UInt64(child) }
    return start
  }
}

/// What goes into a block of a shared commons: an object with all below it that does not lie there yet.
struct BlockContent {
  /// The objects, in the order in which they lie in the block, the given one first.
  private(set) var objects: [Int] = []
  /// The words that they take, with those before the first.
  private(set) var size = SharedCommons.headerWords
  /// Pins of the commons to which they refer, and parts of such pins.
  private(set) var pins: [Int] = []
  private(set) var parts: [Int] = []
  /// Where in the block the objects go.
  private var places: [Int: Int] = [:]

  /// The content for `root`. What lies below offset `end` is in the commons.
  init(_ root: Word, _ base: UnsafeMutablePointer<UInt64>, end: Int) {
    var seen: Set<Int> = []
    enter(root, base, end, &seen)
    var next = 0
    while next < objects.count {
      let header = Header(raw: base[objects[next]])
      if header.isScanned {
        for slot in 0..<header.size { enter(Word(raw: base[objects[next] + 1 + slot]), base, end, &seen) }
      }
      next += 1
    }
  }

  private mutating func enter(_ word: Word, _ base: UnsafeMutablePointer<UInt64>, _ end: Int, _ seen: inout Set<Int>) {
    if word.isDirect { return }
    if word.offset < end {
      guard seen.insert(word.offset).inserted else { return }
      if word.isPin { pins.append(word.offset) } else { parts.append(word.offset) }
    } else if places[word.offset] == nil {
      places[word.offset] = size
      objects.append(word.offset)
      size += 1 + Header(raw: base[word.offset]).size
    }
  }

  /// Writes the objects, and before them how many words they are, into the block at `start`.
  func write(to region: UnsafeMutablePointer<UInt64>, at start: Int, from base: UnsafeMutablePointer<UInt64>) {
    let block = region + start
    block[0] = UInt64(size - SharedCommons.headerWords)
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
  }
}
