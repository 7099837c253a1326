// Writes code objects: instructions with labels, and the constants that they name.

import StrataMemory

/// A place in the code that may be named before it is known.
struct Label {
  let number: Int
}

/// Collects the words of one code object. Indices count from the object's header, as the machine's do.
struct Assembler {
  private var words: [UInt64] = []
  private var constants: [UInt64] = []
  private var constantNumbers: [UInt64: Int] = [:]
  private var labels: [Int] = []
  /// Words whose label, or constant, is filled in at the end.
  private var jumps: [(word: Int, label: Int)] = []
  private var targets: [(word: Int, label: Int)] = []
  private var skips: [(word: Int, label: Int)] = []
  private var blocks: [(word: Int, label: Int)] = []
  private var constantUses: [Int] = []

  /// The index of the next word.
  var here: Int { CodeLayout.firstConstant + words.count }

  mutating func makeLabel() -> Label {
    labels.append(0)
    return Label(number: labels.count - 1)
  }

  mutating func place(_ label: Label) { labels[label.number] = here }

  mutating func append(_ word: UInt64) { words.append(word) }

  mutating func emit(_ opcode: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0) {
    words.append(Instruction.word(opcode, a, b, c, d))
  }

  /// Begins a block whose frame size is not known yet; answers where to write it.
  mutating func beginBlock() -> Int {
    words.append(0)
    return words.count - 1
  }

  mutating func endBlock(_ position: Int, frameSize: Int) { words[position] = UInt64(frameSize) }

  /// slot := value
  mutating func load(_ slot: Int, _ value: Word) throws(CompileFailure) {
    if value.isDirect, value.raw <= Instruction.largestWide {
      words.append(UInt64(Opcode.natural.rawValue) | UInt64(slot) << 8 | value.raw << 21)
      return
    }
    let number: Int
    if let known = constantNumbers[value.raw] {
      number = known
    } else {
      number = constants.count
      constants.append(value.raw)
      constantNumbers[value.raw] = number
    }
    constantUses.append(words.count)
    words.append(UInt64(Opcode.constant.rawValue) | UInt64(slot) << 8 | UInt64(number) << 21)
  }

  mutating func jump(_ label: Label) {
    jumps.append((words.count, label.number))
    words.append(UInt64(Opcode.jump.rawValue))
  }

  /// A word that holds the index of `label`.
  mutating func target(_ label: Label) {
    targets.append((words.count, label.number))
    words.append(0)
  }

  /// A speculative instruction that skips to `label` when it cannot give a result.
  mutating func attempt(_ opcode: Opcode, _ a: Int, _ b: Int, _ c: Int, orElse label: Label) {
    skips.append((words.count, label.number))
    words.append(Instruction.word(opcode, a, b, c))
  }

  /// slot := thunk of the block at `label` with what `captured` holds.
  mutating func thunk(_ slot: Int, block label: Label, captured: [Int]) {
    blocks.append((words.count, label.number))
    words.append(Instruction.word(.thunk, slot, captured.count))
    list(captured)
  }

  /// slot := closure of what `parts` holds, the head first.
  mutating func closure(_ slot: Int, parts: [Int]) {
    words.append(Instruction.word(.closure, slot, parts.count))
    list(parts)
  }

  private mutating func list(_ slots: [Int]) {
    var index = 0
    while index < slots.count {
      var word: UInt64 = 0
      for offset in 0..<min(4, slots.count - index) { word |= UInt64(slots[index + offset]) << UInt64(13 * offset) }
      words.append(word)
      index += 4
    }
  }

  /// The finished code object in the nursery.
  mutating func finish(
    engine: Engine, entry: Label, operation: Operation?, leading: [Int]
  ) throws(CompileFailure) -> Word {
    let firstConstant = here
    guard firstConstant + constants.count < 1 << 26 else { throw .tooLarge }
    for (word, label) in jumps { words[word] |= UInt64(labels[label]) << 21 }
    for (word, label) in targets { words[word] = UInt64(labels[label]) }
    for (word, label) in blocks { words[word] |= UInt64(labels[label]) << 34 }
    for (word, label) in skips {
      let distance = labels[label] - (CodeLayout.firstConstant + word)
      guard distance <= Instruction.largestField else { throw .tooLarge }
      words[word] |= UInt64(distance) << 47
    }
    for word in constantUses {
      let number = words[word] >> 21
      words[word] = words[word] & (1 << 21 - 1) | (number + UInt64(firstConstant)) << 21
    }
    let size = firstConstant - 1 + constants.count
    do throws(PlanFailure) {
      let offset = try engine.allocate(.vector, size)
      let object = engine.base + offset
      object[CodeLayout.entry] = UInt64(labels[entry.number])
      object[CodeLayout.operation] = operation.map { UInt64($0.rawValue) + 1 } ?? 0
      object[CodeLayout.leading] = leading.prefix(4).enumerated().reduce(0) {
        $0 | UInt64($1.element) << UInt64(8 * $1.offset)
      }
      object[CodeLayout.name] = CodeLayout.nameless
      for (index, word) in words.enumerated() { object[CodeLayout.firstConstant + index] = word }
      for (index, word) in constants.enumerated() { object[firstConstant + index] = word }
      return Word(tag: .vector, offset: offset)
    } catch {
      throw .failed(error)
    }
  }
}
