// Random sequences of build, push, pop, flip, bail, collect and update against a plain model, sharing included.

import StrataTestSupport
import Testing

@testable import StrataMemory

/// The model: nodes that never move, a stack of node numbers per frame, and a trail for updates.
struct Model {
  enum Node: Equatable {
    case direct(UInt64)
    case natural([UInt64])
    case cell(Int, Int)
    case vector([Int])
  }

  struct Open {
    var stack: [Int] = []
    var updates: [(node: Int, old: Node)] = []
    var firstNode = 0
  }

  var nodes: [Node] = []
  var frames: [Open] = [Open()]

  mutating func add(_ node: Node) -> Int {
    nodes.append(node)
    return nodes.count - 1
  }
}

/// A nursery and its model, driven in step.
struct ModelledNursery {
  let loom: Loom
  var model = Model()
  var random: Random

  init(seed: UInt64, refusal: CommitRefusal = .never) throws {
    random = Random(seed: seed)
    var options = LoomOptions()
    options.reservationBytes = 64 << 20
    options.youngWords = [512, 700, 2048][random.below(3)]
    options.commitWords = 512
    // From none to more than all: what is kept of pages also decides which spaces are handed on when a frame ends.
    options.keptWords = [0, 512, 1024, 1 << 14][random.below(4)]
    options.slideFromWords = random.chance(50) ? 0 : .max
    loom = try Loom(options)
    loom.nursery.state.pointee.reservation.refusal = refusal
  }

  var nursery: Nursery { loom.nursery }
  var visible: [Int] { model.frames.flatMap { $0.stack } }

  /// Stack slots of the nursery hold, from the outermost frame on, exactly the words of `visible`.
  var words: [Word] {
    let low = nursery.state.pointee.stack.low
    return (low..<nursery.state.pointee.stackTop).map { Word(raw: nursery.base[$0]) }
  }

  mutating func push(_ word: Word, _ node: Int) throws(Fault) {
    try nursery.push(word)
    model.frames[model.frames.count - 1].stack.append(node)
  }

  mutating func pick() -> (Word, Int)? {
    let all = visible
    guard !all.isEmpty else { return nil }
    let index = random.below(all.count)
    return (words[index], all[index])
  }

  mutating func step() throws(Fault) {
    switch random.below(100) {
    case 0..<20:
      let value = random.next() >> UInt64(1 + random.below(63))
      try push(Word(direct: value), model.add(.direct(value)))
    case 20..<30:
      let size = random.below(40) == 0 ? 100 + random.below(400) : 1 + random.below(4)
      let limbs = (0..<size).map { _ in random.next() | 1 << 63 }
      let offset = try nursery.allocate(.natural, size: size)
      for (index, limb) in limbs.enumerated() { nursery.base[offset + 1 + index] = limb }
      try push(Word(tag: .natural, offset: offset), model.add(.natural(limbs)))
    case 30..<65:
      guard let head = pick(), let tail = pick() else { return }
      try push(nursery.cell(head.0, tail.0), model.add(.cell(head.1, tail.1)))
    case 65..<68:
      let parts = (0..<random.below(12)).compactMap { _ in pick() }
      let offset = try nursery.allocate(.vector, size: parts.count)
      for (index, part) in parts.enumerated() { nursery.base[offset + 1 + index] = part.0.raw }
      try push(Word(tag: .vector, offset: offset), model.add(.vector(parts.map { $0.1 })))
    case 68..<76:
      guard model.frames.last!.stack.count > 0 else { return }
      _ = nursery.pop()
      model.frames[model.frames.count - 1].stack.removeLast()
    case 76..<82:
      guard model.frames.count < 12 else { return }
      try nursery.pushFrame()
      model.frames.append(Model.Open(firstNode: model.nodes.count))
    case 82..<88:
      guard model.frames.count > 1 else { return }
      let (word, node) = pick() ?? (.zero, model.add(.direct(0)))
      let frame = model.frames.removeLast()
      do throws(Fault) {
        let kept = try nursery.popFrame(word)
        // Updates of slots that are older than the parent stay on the parent's trail.
        let parent = model.frames.count - 1
        model.frames[parent].updates += frame.updates.filter { $0.node < frame.firstNode }
        try push(kept, node)
      } catch {
        for update in frame.updates.reversed() { model.nodes[update.node] = update.old }
        throw error
      }
    case 88..<91:
      guard model.frames.count > 1 else { return }
      nursery.bailFrame()
      for update in model.frames.removeLast().updates.reversed() { model.nodes[update.node] = update.old }
    case 91..<94:
      if random.chance(50) { try nursery.flip() } else { try nursery.slide() }
    case 94..<97:
      try nursery.collectYoung()
    case 97..<98:
      nursery.state.pointee.poll.pointee = 1
      try nursery.safePoint()
    default:
      try updateSomething()
    }
  }

  /// Overwrites a vector's slot with a word that cannot make a cycle: an older node, or a direct natural.
  mutating func updateSomething() throws(Fault) {
    guard let (word, node) = pick(), case .vector(var parts) = model.nodes[node], !parts.isEmpty else { return }
    let slot = random.below(parts.count)
    var (value, valueNode) = pick() ?? (.zero, 0)
    if reaches(from: valueNode, to: node) {
      value = Word(direct: 7)
      valueNode = model.add(.direct(7))
    }
    try nursery.update(slot: word.offset + 1 + slot, to: value)
    model.frames[model.frames.count - 1].updates.append((node, model.nodes[node]))
    parts[slot] = valueNode
    model.nodes[node] = .vector(parts)
  }

  func reaches(from start: Int, to goal: Int) -> Bool {
    var seen = Set<Int>()
    var pending = [start]
    while let node = pending.popLast() {
      if node == goal { return true }
      guard seen.insert(node).inserted else { continue }
      switch model.nodes[node] {
      case .cell(let head, let tail): pending += [head, tail]
      case .vector(let parts): pending += parts
      default: break
      }
    }
    return false
  }

  /// Compares everything reachable from the stack, in both directions: one object for one model node.
  func difference() -> String? {
    let nodes = visible
    let words = self.words
    if nodes.count != words.count { return "the stack has \(words.count) words, the model \(nodes.count)" }
    var objectOfNode: [Int: Int] = [:]
    var nodeOfObject: [Int: Int] = [:]
    var pending = Array(zip(words, nodes))
    while let (word, node) = pending.popLast() {
      if case .direct(let value) = model.nodes[node] {
        if word.raw != value { return "expected \(value), found \(String(word.raw, radix: 16))" }
        continue
      }
      guard word.isReference else { return "expected a reference for node \(node)" }
      if let known = objectOfNode[node] {
        if known != word.offset { return "node \(node) has two objects" }
        continue
      }
      if let other = nodeOfObject[word.offset] { return "object \(word.offset) stands for \(other) and \(node)" }
      objectOfNode[node] = word.offset
      nodeOfObject[word.offset] = node
      let header = nursery.header(word)
      switch model.nodes[node] {
      case .direct: break
      case .natural(let limbs):
        if header.kind != .natural || header.size != limbs.count { return "natural of another size" }
        for (index, limb) in limbs.enumerated() where nursery.base[word.offset + 1 + index] != limb {
          return "natural with another limb"
        }
      case .cell(let head, let tail):
        if !word.isCell { return "no cell" }
        pending.append((nursery.head(word), head))
        pending.append((nursery.tail(word), tail))
      case .vector(let parts):
        if header.kind != .vector || header.size != parts.count { return "vector of another size" }
        for (index, part) in parts.enumerated() {
          pending.append((Word(raw: nursery.base[word.offset + 1 + index]), part))
        }
      }
    }
    return nil
  }
}

@Suite struct NurseryModelTests {
  @Test func manyShortSequencesAgreeWithTheModel() throws {
    try run(sequences: isDebug ? 1_000 : 10_000, steps: 40)
  }

  @Test func longSequencesAgreeWithTheModel() throws {
    try run(sequences: isDebug ? 200 : 500, steps: 400)
  }

  private func run(sequences: Int, steps: Int) throws {
    for seed in UInt64(1)...UInt64(sequences * testScale) {
      var machine = try ModelledNursery(seed: seed)
      for step in 0..<steps {
        try machine.step()
        if step % 10 == 0 {
          try #require(machine.difference() == nil, "seed \(seed) step \(step): \(machine.difference() ?? "")")
          let broken = machine.nursery.firstBrokenInvariant()
          try #require(broken == nil, "seed \(seed) step \(step): \(broken ?? "")")
        }
      }
      try #require(machine.difference() == nil, "seed \(seed): \(machine.difference() ?? "")")
    }
  }

  @Test(arguments: [1, 3, 10])
  func refusedPagesChangeNothing(every: Int) throws {
    let sequences = 60 * testScale
    var refusedSequences = 0
    for seed in UInt64(1)...UInt64(sequences) {
      var machine = try ModelledNursery(seed: seed, refusal: CommitRefusal(every: every, after: Int(seed % 20)))
      var refused = 0
      for step in 0..<400 {
        do throws(Fault) {
          try machine.step()
        } catch {
          refused += 1
          try #require(error == .refused, "seed \(seed) step \(step)")
        }
        if step % 20 == 0 {
          let difference = machine.difference()
          try #require(difference == nil, "seed \(seed) step \(step): \(difference ?? "")")
        }
      }
      let broken = machine.nursery.firstBrokenInvariant()
      try #require(broken == nil && machine.difference() == nil, "seed \(seed): \(broken ?? "")")
      if refused > 0 { refusedSequences += 1 }
    }
    // A sequence that keeps all of its pages may need no more of them.
    if every == 1 { #expect(refusedSequences > sequences * 3 / 4) }
  }
}
