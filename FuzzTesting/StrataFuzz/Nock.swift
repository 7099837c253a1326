// Whole programs: a subject and a formula, run within small budgets. Whatever they are, the run ends as a value, the heap is in
// order afterwards, and the next run is right.

import StrataMemory
import StrataNock
import StrataNoun

extension FuzzTarget {
  /// The first byte even: the rest is a jam of `[subject formula]`. Odd: the rest decides what formula is made up, so that
  /// most inputs run for a while.
  static let nock = FuzzTarget(name: "nock") { input in
    FuzzLoom.with { nursery in
      guard let loom = FuzzLoom.shared.loom, let first = input.first else { return }
      let rest = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: input.dropFirst()))
      var configuration = NockConfiguration()
      configuration.stepLimit = 20_000
      configuration.depthLimit = 8192
      configuration.output = { _ in }
      // Small tables are full soon; large ones would leave the sanitizer's shadow of each behind.
      configuration.memoCapacity = 256
      configuration.jetMemoCapacity = 256
      // Two bits of the first byte say what takes part.
      configuration.usesJets = first & 2 == 0
      configuration.usesHints = first & 4 == 0
      let machine = NockMachine(loom, configuration)
      machine.add(JetFamily.standard)
      defer {
        machine.close()
        nursery.reset()
        nursery.resetCommons()
      }
      let pair: Word
      do {
        if first & 1 == 0 {
          pair = try nursery.cue(rest).noun
        } else {
          var maker = FormulaMaker(bytes: rest, nursery: nursery)
          pair = try nursery.cell(maker.noun(4), maker.formula(8))
        }
      } catch {
        return
      }
      guard pair.isCell else { return }
      check(machine, nursery.head(pair), nursery.tail(pair))
    }
  }

  private static func check(_ machine: NockMachine, _ subject: Word, _ formula: Word) {
    let nursery = machine.nursery
    let outcome = machine.run(subject: subject, formula: formula, budgetBytes: 8 << 20)
    if case .stopped(let fault, let trace) = outcome {
      require(fault != .interrupted && fault != .time, "stopped by \(fault), which nobody asked for")
      _ = machine.text(ofTrace: trace)
    }
    require(nursery.state.pointee.depth == 0, "a frame is left open")
    let broken = nursery.firstBrokenInvariant()
    require(broken == nil, broken ?? "")
    do {
      // 41 and one make 42, whatever has happened before.
      let next = try nursery.cell(Word(direct: 4), nursery.cell(.zero, .one))
      guard case .product(let product) = machine.run(subject: Word(direct: 41), formula: next) else {
        require(false, "the next run has no product")
        return
      }
      require(product == Word(direct: 42), "the next run is wrong")
    } catch {
      require(false, "no memory for the next run: \(error)")
    }
  }
}

/// Makes nouns and formulas as bytes decide, and when they are used up as numbers do that follow from them.
private struct FormulaMaker {
  let bytes: UnsafeRawBufferPointer
  let nursery: Nursery
  private var position = 0
  private var state: UInt64 = 0

  init(bytes: UnsafeRawBufferPointer, nursery: Nursery) {
    self.bytes = bytes
    self.nursery = nursery
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  private mutating func next() -> Int {
    guard position < bytes.count else {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 56)
    }
    position += 1
    return Int(bytes[position - 1])
  }

  mutating func noun(_ depth: Int) throws(Fault) -> Word {
    let choice = next()
    if depth == 0 || choice < 128 {
      return choice == 127 ? Word(direct: Word.largestDirect) : Word(direct: UInt64(choice))
    }
    return try nursery.cell(noun(depth - 1), noun(depth - 1))
  }

  private func list(_ parts: [Word]) throws(Fault) -> Word {
    var result = parts[parts.count - 1]
    for part in parts.dropLast().reversed() { result = try nursery.cell(part, result) }
    return result
  }

  private static let tags: [StaticString] = [
    "memo", "mean", "spot", "slog", "fast", "bout", "loop", "live", "hunk", "meme",
  ]

  private func tag(_ choice: Int) -> Word {
    let text = FormulaMaker.tags[choice % FormulaMaker.tags.count]
    return Word(direct: (0..<4).reduce(UInt64(0)) { $0 | UInt64(text.utf8Start[$1]) << UInt64($1 * 8) })
  }

  mutating func formula(_ depth: Int) throws(Fault) -> Word {
    func number(_ value: Int) -> Word { Word(direct: UInt64(value)) }
    let choice = next()
    if depth == 0 { return try list([number(0), number(choice % 16)]) }
    let inner = depth - 1
    switch choice % 20 {
    case 0: return try list([number(0), number(next() % 64)])
    case 1: return try list([number(1), noun(3)])
    case 2: return try list([number(2), formula(inner), formula(inner)])
    case 3: return try list([number(3), formula(inner)])
    case 4: return try list([number(4), formula(inner)])
    case 5: return try list([number(5), formula(inner), formula(inner)])
    case 6: return try list([number(6), formula(inner), formula(inner), formula(inner)])
    case 7: return try list([number(7), formula(inner), formula(inner)])
    case 8: return try list([number(8), formula(inner), formula(inner)])
    case 9: return try list([number(9), number(next() % 16), formula(inner)])
    case 10: return try list([number(10), nursery.cell(number(next() % 32), formula(inner)), formula(inner)])
    case 11: return try list([number(11), tag(next()), formula(inner)])
    case 12: return try list([number(11), nursery.cell(tag(next()), formula(inner)), formula(inner)])
    case 13: return try list([number(12), formula(inner), formula(inner)])
    case 14, 15:
      // A trap that may go on with itself: [8 [1 noun] 8 [1 body] 9 2 0 1].
      let whole = try list([number(0), number(1)])
      let again = try list([
        number(9), number(2), number(10), nursery.cell(number([6, 7, 12, 13][next() % 4]), formula(inner)), whole,
      ])
      let body = try list([number(6), formula(inner), formula(inner), again])
      let trap = try list([number(8), list([number(1), body]), number(9), number(2), whole])
      return try list([number(8), list([number(1), noun(2)]), trap])
    case 16: return try list([number(2), formula(inner), list([number(1), formula(inner)])])
    default: return try nursery.cell(formula(inner), formula(inner))
    }
  }
}
