// What each hint does before and after its body. Nothing here changes a product; only `%loop` and `%jinx` can end a run.

import StrataMemory
import StrataNatural
import StrataNoun

extension NockMachine {
  /// The effect before the body. The instruction is as `Operation.hintBefore` describes it.
  @inline(never)
  func enterHint(
    _ tag: UInt64, _ instruction: Instruction, _ registers: UnsafeMutablePointer<UInt64>
  ) throws(Fault) {
    guard let hint = Hint(tag: tag) else { return }
    guard configuration.usesHints || hint == .loop || hint == .jinx else { return }
    nursery.state.pointee.stackTop = registers + instruction.a - nursery.base
    let clue = instruction.c & 1 == 1 ? Word(raw: registers[instruction.b]) : nil
    let depth = nursery.state.pointee.depth
    switch hint {
    case .slog:
      guard configuration.output != nil, let clue, clue.isCell else { return }
      for line in TankText(nursery).lines(of: nursery.tail(clue)) { say(line, priority: nursery.head(clue)) }
    case .bout:
      hints.push(HintState.Active(hint: .bout, depth: depth, began: Clock.now()))
    case .spin:
      hints.push(HintState.Active(hint: .spin, depth: depth, label: label(clue)))
    case .jinx:
      var entry = HintState.Active(hint: .jinx, depth: depth)
      if let clue, let time = deadline(after: clue) {
        entry.deadline = try Watchdog.shared.stop(nursery.interruptHandle, at: time)
      }
      hints.push(entry)
    case .loop:
      let pair = Word(raw: registers[instruction.c >> 1])
      let subject = nursery.head(pair)
      let formula = nursery.tail(pair)
      let mug = try nursery.mug(subject)
      if try hints.isWatched(mug, subject, formula) {
        if let clue {
          let entry = try nursery.cell(Word(direct: cord("mean")), clue)
          roots.pointee.trace = try nursery.cell(entry, roots.pointee.trace)
        }
        throw .fail
      }
      hints.push(HintState.Active(hint: .loop, depth: depth, mug: mug, subject: subject, formula: formula))
    case .live:
      hints.count(label(clue))
    case .xray:
      guard configuration.output != nil else { return }
      let formula = nursery.tail(Word(raw: registers[instruction.c >> 1]))
      guard formula.isCell else { return }
      let code = try cache.code(for: formula)
      caption(clue)
      for line in Listing(nursery).lines(of: code) { say(line, priority: priority(clue)) }
    case .meme:
      guard configuration.output != nil else { return }
      caption(clue)
      let isBrief = clue.map { $0.isCell && nursery.head($0) == .zero } ?? true
      for line in memoryReport(isBrief: isBrief) { say(line, priority: .zero) }
    case .nara, .hela:
      guard configuration.output != nil else { return }
      caption(clue)
      for line in runningTrace(ofAllRuns: hint == .hela) { say(line, priority: priority(clue)) }
    case .fast, .memo, .mean, .spot, .hunk, .lose, .hand:
      // These have instructions of their own.
      return
    }
  }

  /// The effect after the body.
  @inline(never)
  func leaveHint(
    _ tag: UInt64, _ instruction: Instruction, _ registers: UnsafeMutablePointer<UInt64>
  ) throws(Fault) {
    guard let hint = Hint(tag: tag), hint.hasAfter, let entry = hints.pop(hint) else { return }
    if hint == .bout, configuration.usesHints, configuration.output != nil {
      let clue = instruction.c & 1 == 1 ? Word(raw: registers[instruction.b]) : nil
      let text = "took " + HintText.duration(Clock.now() &- entry.began)
      let title =
        clue.map { $0.isCell ? TankText(nursery).lines(of: nursery.tail($0)).joined(separator: " ") : "" } ?? ""
      say(title.isEmpty ? text : "\(title): \(text)", priority: priority(clue))
    }
  }

  /// What `%spin` has named, outermost first, for somebody who looks at a machine that stands still.
  public var spinning: [String] { hints.active.filter { $0.hint == .spin }.map { $0.label } }

  private func say(_ text: String, priority: Word) {
    configuration.output?(
      NockMessage(priority: priority.isDirect ? Int(min(priority.raw, 3)) : 3, text: text))
  }

  private func priority(_ clue: Word?) -> Word {
    clue.map { $0.isCell ? nursery.head($0) : .zero } ?? .zero
  }

  /// Prints the tank of a clue `[priority tank]`.
  private func caption(_ clue: Word?) {
    guard let clue, clue.isCell else { return }
    for line in TankText(nursery).lines(of: nursery.tail(clue)) { say(line, priority: nursery.head(clue)) }
  }

  private func label(_ clue: Word?) -> String {
    clue.map { TankText(nursery).brief($0) } ?? ""
  }

  /// Now and a gap in units of 2^-64 seconds; nil for a gap that is none or passes all clocks.
  private func deadline(after gap: Word) -> UInt64? {
    var low = gap.raw
    var seconds: UInt64 = 0
    if gap.isIndirect {
      let size = nursery.header(gap).size
      low = nursery.base[gap.offset + 1]
      seconds = size == 1 ? 0 : nursery.base[gap.offset + 2]
      guard size <= 2, seconds < 1 << 32 else { return nil }
    } else if !gap.isDirect || gap == .zero {
      return nil
    }
    let part = low.multipliedFullWidth(by: 1_000_000_000).high
    return Clock.now() &+ seconds &* 1_000_000_000 &+ part
  }

  /// The lines of `%meme`.
  private func memoryReport(isBrief: Bool) -> [String] {
    let metrics = nursery.metrics
    let used = nursery.usedBytes
    let free = nursery.freeBytes
    func row(_ name: String, _ value: String) -> String {
      name + String(repeating: " ", count: max(1, 20 - name.utf8.count)) + value
    }
    if isBrief {
      let whole = used + min(free, Int.max - used)
      let marks = whole == 0 ? 0 : Int(Double(used) / Double(whole) * 40)
      let bar = String(repeating: "#", count: marks) + String(repeating: ".", count: 40 - marks)
      return ["[\(bar)] \(HintText.bytes(used)) used, \(HintText.bytes(free)) free"]
    }
    return [
      row("in use", HintText.bytes(used)),
      row("free", HintText.bytes(free)),
      row("most in use", HintText.bytes(metrics.peakUsedWords * 8)),
      row("fixed", HintText.bytes(nursery.commonsWords * 8)),
      row("code", "\(HintText.bytes(cache.byteCount)) in \(cache.codes.count) formulas"),
      row("frames", "\(nursery.state.pointee.depth)"),
      row("memo", "\(memos.reduce(0) { $0 + $1.hits }) found, \(memos.reduce(0) { $0 + $1.misses }) not"),
      row("collections", "\(metrics.youngCollections) young, \(metrics.flips) whole"),
    ]
  }
}

/// Numbers for people.
enum HintText {
  static func duration(_ nanoseconds: UInt64) -> String {
    let units: [(String, UInt64)] = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)]
    guard let (name, size) = units.first(where: { nanoseconds >= $0.1 }) else { return "\(nanoseconds) ns" }
    let thousandths = String(nanoseconds % size * 1000 / size)
    return "\(nanoseconds / size)." + String(repeating: "0", count: 3 - thousandths.utf8.count)
      + "\(thousandths) \(name)"
  }

  static func bytes(_ count: Int) -> String {
    let units = [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)]
    guard let (name, size) = units.first(where: { count >= $0.1 }) else { return "\(count) B" }
    return "\(count / size).\(count % size * 10 / size) \(name)"
  }
}
