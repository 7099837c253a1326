// The shared commons: pins that several machines on several threads hold together, each in one block, equal ones once,
// collected by whoever calls `collect` on a thread of its own while the machines run.
//
//     block   words of objects | children << 40   content hash   pin ...objects...   children: pins in other blocks
//
// The snapshot argument. A pin never changes, so what a machine can reach from the pins that it held when it told of them
// is fixed from that moment on. It can come to hold others in three ways only: it shares a pin (a new one is marked as it
// is made; an equal one that exists is marked, with what it reaches, before it is handed out), it is handed one by
// another machine (`retain` marks it in the same way), or it loads one out of a pin that it holds, which what it told of
// reaches. So when every machine has told once and nothing marked is left to be looked at, everything that any machine
// can ever reach again is marked, and what is not may go. What is found dead is no longer handed out from the very moment
// at which that is decided, because both happen under one lock.
//
// A block that is freed is used again one collection later: by then each machine has dropped the code that it had for it.
//
// Code of laws here lies in blocks of its own (`SharedCode.swift`), and each lives exactly as long as the pin in which its law is: a
// frame or thunk that names code, and tells so, marks that pin; and the code is dropped in the moment in which the pin is. It refers
// to nothing that the law does not refer to. A machine comes to hold code only by way of the law, which it holds, so the ways that
// are counted above stay all there are.

import CPlatform
import Glibc
import StrataMemory

/// Memory for pins that machines share. Used by any number of threads.
public final class SharedCommons: @unchecked Sendable {
  /// Where a machine stands with the collection that is under way.
  struct Member {
    var hasTold = true
    let membership: CommonsMembership
  }

  enum Phase {
    case idle
    case marking
    case sweeping
  }

  struct State: ~Copyable {
    var blocks: BuddyBlocks
    var phase = Phase.idle
    /// The number of the current or last collection.
    var collection: UInt64 = 0
    /// The mark of the current or last collection, by block: 1 to 250 in turn.
    var epoch: UInt8 = 1
    var marks: UnsafeMutablePointer<UInt8>
    /// First units of blocks that are marked or about to be, and whose children have not been looked at.
    var gray: [Int] = []
    /// Dead since the last collection; in no index any more.
    var dead: [Int] = []
    /// Pins by content hash.
    var index: [UInt64: [Int]] = [:]
    /// Pins that are held by no machine alone, with how often they are.
    var retained: [Int: Int] = [:]
    var members: [ObjectIdentifier: Member] = [:]
    var pinCount = 0
    /// The rules that all members follow.
    var front: PlanFront?
    var code = SharedCode()
    /// The words of the region.
    let words: UnsafeMutablePointer<UInt64>

    init(_ blocks: consuming BuddyBlocks, words: UnsafeMutablePointer<UInt64>) {
      self.words = words
      marks = .allocate(capacity: blocks.unitCount)
      marks.initialize(repeating: 0, count: blocks.unitCount)
      self.blocks = blocks
    }

    deinit { marks.deallocate() }

    /// Marks a block, and what it reaches, in the collection that is under way.
    mutating func protect(_ unit: Int) {
      guard phase == .marking else { return }
      let unit = marks[unit] == SharedCommons.codeMark ? owner(ofCode: unit) : unit
      if marks[unit] != epoch { gray.append(unit) }
    }
  }

  let region: SharedRegion
  private let lock = Lock()
  private var guarded: State
  /// How many threads wait for the lock.
  private let waiting = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

  static let headerWords = 2
  /// The mark of a block that is neither dead, which is 0, nor marked by any collection.
  private static let unmarked: UInt8 = 255
  /// The mark of a block of code, which lives as long as its pin.
  static let codeMark: UInt8 = 254
  /// The first object of a block, a pin.
  private static func pinOffset(_ unit: Int) -> Int { unit * BuddyBlocks.unitWords + headerWords }

  /// How many bytes the code of laws may take. What goes beyond stays with the machine that compiled it.
  let mostCodeBytes: Int

  /// A commons of up to `byteCount` bytes of addresses, rounded down to a power of two. The code of laws may take `codeByteCount`
  /// bytes of it, a quarter unless told otherwise; with 0 machines share no code.
  public init(byteCount: Int = 16 << 30, codeByteCount: Int? = nil) throws(PlanFailure) {
    do throws(Fault) { region = try SharedRegion(byteCount: byteCount) } catch { throw .fault(error) }
    mostCodeBytes = codeByteCount ?? region.byteCount / 4
    guarded = State(BuddyBlocks(unitCount: region.byteCount / 8 / BuddyBlocks.unitWords), words: region.base)
    waiting.initialize(to: 0)
    // Word 0 belongs to no object.
    _ = guarded.blocks.take(words: 1)
  }

  /// Counts whoever finds the lock taken, so that a collection makes way.
  func locked<Result>(_ body: (inout State) -> Result) -> Result {
    if !lock.tryLock() {
      platform_add(waiting, 1)
      lock.lock()
      platform_add(waiting, UInt64.max)
    }
    defer { lock.unlock() }
    return body(&guarded)
  }

  /// How many pins there are, dead ones that no collection has found included.
  public var pinCount: Int { locked { $0.pinCount } }
  /// The bytes of the blocks that are in use, those with code included.
  public var usedBytes: Int { locked { $0.blocks.usedUnits * BuddyBlocks.unitWords * 8 } }

  // MARK: Machines

  /// Whether machines of this front may join: those of the first one's.
  func admits(_ front: PlanFront) -> Bool {
    locked { state in
      if state.front == nil { state.front = front }
      return state.front == front
    }
  }

  /// Takes a machine in.
  func join(_ member: CommonsMembership, _ nursery: Nursery) throws(PlanFailure) {
    do throws(Fault) { try region.map(into: nursery) } catch { throw .fault(error) }
    locked { $0.members[ObjectIdentifier(member)] = Member(membership: member) }
  }

  /// A machine is gone, with all that it held.
  func leave(_ member: CommonsMembership) {
    locked {
      _ = $0.members.removeValue(forKey: ObjectIdentifier(member))
      lock.wakeAll()
    }
  }

  /// A machine tells of all objects here that it holds: for each block in which there are some, the offset of one.
  /// An answer to an earlier collection counts for nothing: what that one found dead the machine may still remember.
  func tell(_ member: CommonsMembership, _ collection: UInt64, _ offsets: [Int]) {
    locked { state in
      guard state.phase == .marking, collection == state.collection,
        state.members[ObjectIdentifier(member)]?.hasTold == false
      else { return }
      state.members[ObjectIdentifier(member)]?.hasTold = true
      for offset in offsets {
        if let unit = state.blocks.block(holding: offset / BuddyBlocks.unitWords) { state.protect(unit) }
      }
      lock.wakeAll()
    }
  }

  /// The pins in whose blocks these objects are.
  func pins(holding offsets: [Int]) -> [Int] {
    locked { state in
      offsets.compactMap { state.blocks.block(holding: $0 / BuddyBlocks.unitWords).map(SharedCommons.pinOffset) }
    }
  }

  /// Whether the blocks that hold these words were found dead by the last collection. What machines remember of objects in
  /// them is to be forgotten before they tell.
  func areDead(_ offsets: [Int]) -> [Bool] {
    locked { state in
      offsets.map { offset in
        guard let unit = state.blocks.block(holding: offset / BuddyBlocks.unitWords) else { return true }
        return state.marks[unit] == 0
      }
    }
  }

  // MARK: Pins

  /// The pin here that `isSame` says is the one wanted, protected from the collection that is under way.
  func find(_ hash: UInt64, _ isSame: (Int) -> Bool) -> Int? {
    locked { state in state.find(hash, isSame) }
  }

  /// Room for a block of so many words, its first. The block is not found by anybody before `publish`.
  func reserve(words: Int) throws(PlanFailure) -> Int {
    let unit: Int? = locked { state in
      guard let unit = state.blocks.take(words: words) else { return nil }
      // Marked as it is made.
      state.marks[unit] = state.epoch
      return unit
    }
    guard let unit else { throw .fault(.bytes) }
    return unit * BuddyBlocks.unitWords
  }

  /// Makes the pin in a reserved block one that is found, unless somebody was faster with an equal one. Gives the pin.
  func publish(_ start: Int, _ hash: UInt64, _ isSame: (Int) -> Bool) -> Int {
    locked { state in
      if let known = state.find(hash, isSame) {
        state.blocks.free(start / BuddyBlocks.unitWords)
        return known
      }
      let pin = start + SharedCommons.headerWords
      let unit = start / BuddyBlocks.unitWords
      // While others are marked its children are looked at like theirs: the machine may let go of them before it tells.
      state.marks[unit] = state.phase == .marking ? SharedCommons.unmarked : state.epoch
      state.protect(unit)
      state.index[hash, default: []].append(pin)
      state.pinCount += 1
      return pin
    }
  }

  /// Holds a pin for whoever has the handle, on whichever thread.
  public func retain(_ pin: Word) -> SharedPin? {
    guard pin.isPin, pin.offset < region.byteCount / 8 else { return nil }
    locked { state in
      state.retained[pin.offset, default: 0] += 1
      if let unit = state.blocks.block(holding: pin.offset / BuddyBlocks.unitWords) { state.protect(unit) }
    }
    return SharedPin(pin, self)
  }

  func release(_ pin: Word) {
    locked { state in
      let count = state.retained[pin.offset, default: 1]
      state.retained[pin.offset] = count > 1 ? count - 1 : nil
    }
  }

  // MARK: Collecting

  /// What a collection has found.
  public struct Collected: Sendable {
    /// Pins that were dropped, and those that stay.
    public var dropped = 0
    public var kept = 0
  }

  /// Finds the pins that nobody holds and drops them. Machines run meanwhile; each is asked, at its next safe point, what
  /// it holds, so this returns only when all have been there or are parked. Gives nil when another collection is under
  /// way.
  public func collect() -> Collected? {
    let isMine = locked { state in
      guard state.phase == .idle else { return false }
      state.epoch = state.epoch % 250 + 1
      state.phase = .marking
      state.collection += 1
      for offset in state.retained.keys {
        state.gray.append((offset - SharedCommons.headerWords) / BuddyBlocks.unitWords)
      }
      for member in state.members.keys { state.members[member]?.hasTold = false }
      return true
    }
    guard isMine else { return nil }
    var asked: [CommonsMembership] = []
    while true {
      let (isMarked, silent) = locked { state -> (Bool, [CommonsMembership]) in
        markSome(&state)
        if !state.gray.isEmpty { return (false, []) }
        let silent = state.members.values.filter { !$0.hasTold }.map(\.membership)
        for member in silent { member.ask(state.collection) }
        // From here on what is not marked is handed out to nobody.
        if silent.isEmpty { state.phase = .sweeping }
        return (silent.isEmpty, silent)
      }
      if isMarked { return sweep() }
      if silent.isEmpty {
        makeWay()
      } else if !silent.allSatisfy({ member in asked.contains { $0 === member } }) {
        // Not under the lock, which telling takes.
        for member in silent { member.tellIfParked() }
        asked = silent
      } else {
        waitForMachines()
      }
    }
  }

  /// Whoever parks, tells or leaves after it was asked wakes this up. Also returns when there is something to mark.
  private func waitForMachines() {
    lock.lock()
    defer { lock.unlock() }
    if guarded.gray.isEmpty, guarded.members.values.contains(where: { !$0.hasTold }) {
      lock.wait(until: Clock.now() &+ 100_000_000)
    }
  }

  /// Lets those at the lock who wait for it, for a while: nobody is in turn by himself.
  private func makeWay() {
    if platform_load_relaxed(waiting) == 0 { return }
    let end = Clock.now() &+ 200_000
    repeat { sched_yield() } while platform_load_relaxed(waiting) != 0 && Clock.now() < end
  }

  private func markSome(_ state: inout State) {
    let words = region.base
    for _ in 0..<256 {
      guard let unit = state.gray.popLast() else { return }
      if state.marks[unit] == state.epoch { continue }
      state.marks[unit] = state.epoch
      let start = unit * BuddyBlocks.unitWords
      let size = Int(words[start] & (1 << 40 - 1))
      let count = Int(words[start] >> 40)
      for child in 0..<count {
        let pin = Int(words[start + SharedCommons.headerWords + size + child])
        state.protect((pin - SharedCommons.headerWords) / BuddyBlocks.unitWords)
      }
    }
  }

  private func sweep() -> Collected {
    var result = Collected()
    let words = region.base
    // What the last collection found dead: every machine has told since, so none remembers it.
    var isDone = false
    while !isDone {
      isDone = locked { state in
        for _ in 0..<1024 {
          guard let unit = state.dead.popLast() else { return true }
          let start = unit * BuddyBlocks.unitWords
          let length = BuddyBlocks.unitWords << max(0, state.blocks.order(ofUsed: unit))
          state.blocks.free(unit)
          // Large blocks at once; small ones are used again soon.
          if length >= 1 << 13 { region.release(words: start..<start + length) }
        }
        return false
      }
      makeWay()
    }
    var unit = 1
    isDone = false
    while !isDone {
      isDone = locked { state in
        for _ in 0..<4096 {
          guard unit < state.blocks.unitCount else { return true }
          if state.blocks.order(ofUsed: unit) >= 0 {
            if state.marks[unit] == state.epoch {
              result.kept += 1
            } else if state.marks[unit] != SharedCommons.codeMark, state.marks[unit] != 0 {
              state.drop(unit, hash: words[unit * BuddyBlocks.unitWords + 1])
              result.dropped += 1
            }
          }
          unit += state.blocks.step(from: unit)
        }
        return false
      }
      makeWay()
    }
    locked { $0.phase = .idle }
    return result
  }
}

extension SharedCommons.State {
  /// A pin with this hash that satisfies `isSame` and will stay.
  mutating func find(_ hash: UInt64, _ isSame: (Int) -> Bool) -> Int? {
    for pin in index[hash] ?? [] {
      let unit = (pin - SharedCommons.headerWords) / BuddyBlocks.unitWords
      if phase == .sweeping, marks[unit] != epoch { continue }
      if isSame(pin) {
        protect(unit)
        return pin
      }
    }
    return nil
  }

  /// Takes a dead pin out of the index. Its block is used again after the next collection.
  mutating func drop(_ unit: Int, hash: UInt64) {
    let pin = unit * BuddyBlocks.unitWords + SharedCommons.headerWords
    let others = (index[hash] ?? []).filter { $0 != pin }
    index[hash] = others.isEmpty ? nil : others
    marks[unit] = 0
    dead.append(unit)
    pinCount -= 1
    dropCode(of: unit)
  }
}

/// A pin of the shared commons that is held until the handle goes, so that it can be handed to another thread.
public final class SharedPin: Sendable {
  let pin: Word
  private let commons: SharedCommons

  init(_ pin: Word, _ commons: SharedCommons) {
    self.pin = pin
    self.commons = commons
  }

  deinit { commons.release(pin) }
}
