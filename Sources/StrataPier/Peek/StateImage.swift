// A state copied out of one loom for machines of other looms: what is not in the store, as plain words.
//
// Objects stand in an order in which each refers to earlier ones only. A reference to the store stays as it is, for it
// means the same in every mapping; a reference within the image is to the place of the object's header in it.

import StrataMemory
import StrataStore

/// A value that no loom owns.
final class StateImage: Sendable {
  let words: [UInt64]
  let root: UInt64

  /// Copies `root`, all of which lies in `nursery` or in the store. Linear in the distinct objects that are copied.
  init(_ root: Word, in nursery: Nursery) throws(Fault) {
    var words: [UInt64] = []
    var places = WordTable()
    defer { places.free() }
    var stack: [(word: Word, next: Int)] = []

    func local(_ word: Word) -> Bool { word.isReference && !word.isPersistent }
    func known(_ word: Word) -> UInt64? {
      if !local(word) { return word.raw }
      return places.value(of: UInt64(word.offset)).map { word.moved(to: Int($0)).raw }
    }
    if local(root) { stack.append((root, 0)) }
    while let (word, next) = stack.last {
      let header = nursery.header(word)
      let body = nursery.base + word.offset + 1
      var index = next
      var isWaiting = false
      if header.isScanned {
        while index < header.size {
          let part = Word(raw: body[index])
          index += 1
          if known(part) == nil {
            stack[stack.count - 1].next = index
            stack.append((part, 0))
            isWaiting = true
            break
          }
        }
      }
      if isWaiting { continue }
      stack.removeLast()
      if known(word) != nil { continue }
      try places.set(UInt64(word.offset), to: UInt64(words.count))
      words.append(header.raw)
      for index in 0..<header.size {
        words.append(header.isScanned ? known(Word(raw: body[index])) ?? 0 : body[index])
      }
    }
    self.root = known(root) ?? 0
    self.words = words
  }

  /// The value in another nursery, over a mapping of the same store.
  func copy(into nursery: Nursery) throws(Fault) -> Word {
    var places = [Int](repeating: 0, count: words.count)
    func placed(_ raw: UInt64) -> Word {
      let word = Word(raw: raw)
      return word.isDirect || word.isPersistent ? word : word.moved(to: places[word.offset])
    }
    var index = 0
    while index < words.count {
      let header = Header(raw: words[index])
      guard let kind = header.kind else { throw .fail }
      let offset = try nursery.allocate(kind, size: header.size)
      nursery.base[offset] = header.raw
      for part in 0..<header.size {
        let raw = words[index + 1 + part]
        nursery.base[offset + 1 + part] = header.isScanned ? placed(raw).raw : raw
      }
      places[index] = offset
      index += 1 + header.size
    }
    return placed(root)
  }
}

/// A durable state for everybody to read.
final class Snapshot: Sendable {
  /// The event after which it is the state.
  let number: UInt64
  let image: StateImage
  /// What jets have to know.
  let learned: UInt64
  /// Keeps what the image refers to in the store.
  let lease: BedrockLease
  /// Rises whenever records of the store may have moved.
  let epoch: Int

  init(number: UInt64, image: StateImage, learned: Word, lease: BedrockLease, epoch: Int) {
    self.number = number
    self.image = image
    self.learned = learned.raw
    self.lease = lease
    self.epoch = epoch
  }
}
