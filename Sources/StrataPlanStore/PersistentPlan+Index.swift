// The index of pins: content hash and place of every pin in the store, so that equal pins are stored once.
//
//     chunk   vector: the chunk before, or 0 | hash | pin | hash | pin ...
//
// Each pin comes after the pins in it, here and in the chunks before, and pins are written in the index's order: so a
// pin's objects lie together, and a walk over the index is one over the file. Chunks grow by a factor, so there are few,
// and an entry is written few times.

import StrataMemory
import StrataPlan
import StrataStore

extension PersistentPlan {
  /// The entries of one chunk, after its checksum was compared.
  private func entries(
    _ chunk: Word
  ) throws(PlanStoreFailure) -> (previous: Word, entries: [(pin: Word, hash: UInt64)]) {
    let body = try inStore { () throws(BedrockFailure) in try store.body(of: chunk) }
    guard body.count & 1 == 1 else {
      throw .wrongIndex(path: path, offset: chunk.offset, finding: "is a chunk of the index with half an entry")
    }
    var found: [(pin: Word, hash: UInt64)] = []
    found.reserveCapacity(body.count / 2)
    for at in stride(from: 1, to: body.count, by: 2) {
      let pin = Word(raw: body[at + 1])
      guard pin.isPersistent, machine.isPin(pin) else {
        throw .wrongIndex(path: path, offset: pin.offset, finding: "is in the index and no pin")
      }
      found.append((pin, body[at]))
    }
    return (Word(raw: body[0]), found)
  }

  /// All entries, each pin after the pins in it.
  func allEntries() throws(PlanStoreFailure) -> [(pin: Word, hash: UInt64)] {
    var chunks: [[(pin: Word, hash: UInt64)]] = []
    var next = store.roots.first?.word ?? .zero
    while next != .zero {
      let (previous, found) = try entries(next)
      chunks.append(found)
      next = previous
    }
    return chunks.reversed().flatMap { $0 }
  }

  /// Tells the machine of every pin in the store. Only programs that commit need it.
  func loadIndex() throws(PlanStoreFailure) {
    if hasIndex { return }
    for (pin, hash) in try allEntries() { machine.learn(stored: pin, hash: hash) }
    hasIndex = true
  }

  /// Tells the machine of the last entries of a chunk that was just written. Gives their pins.
  func learn(_ chunk: Word, last count: Int) throws(PlanStoreFailure) -> [Word] {
    let written = try entries(chunk).entries.suffix(count)
    for (pin, hash) in written { machine.learn(stored: pin, hash: hash) }
    return written.map(\.pin)
  }

  /// A chunk, in memory, of `entries` after those of `previous`.
  func makeChunk(
    _ entries: [(pin: Word, hash: UInt64)], after previous: Word
  ) throws(PlanStoreFailure) -> Word {
    let nursery = machine.nursery
    do throws(Fault) {
      let offset = try nursery.allocate(.vector, size: 1 + 2 * entries.count)
      nursery.base[offset + 1] = previous.raw
      for (index, entry) in entries.enumerated() {
        nursery.base[offset + 2 + 2 * index] = entry.hash
        nursery.base[offset + 3 + 2 * index] = entry.pin.raw
      }
      return Word(tag: .vector, offset: offset)
    } catch {
      throw .machine(.fault(error))
    }
  }

  /// The index with `fresh` added, and how many pins it holds. Chunks that are not much larger are taken in.
  func extendedIndex(
    _ fresh: [(pin: Word, hash: UInt64)]
  ) throws(PlanStoreFailure) -> (chunk: Word, count: UInt64) {
    let root = store.roots.first ?? StoredRoot(.zero)
    let count = root.firstNote + UInt64(fresh.count)
    if fresh.isEmpty { return (root.word, count) }
    var taken = fresh
    var previous = root.word
    while previous != .zero {
      let (before, found) = try entries(previous)
      if found.count > 2 * taken.count { break }
      taken = found + taken
      previous = before
    }
    return (try makeChunk(taken, after: previous), count)
  }
}
