// Where a run spends its time, how often each law is entered, and when what `Profile` marks begins and ends.
//
// Sampling: the watchdog sets the poll word from time to time, the machine notices when it enters the next frame and walks
// its stack. Counting: the poll word is set again at every entry. Neither costs anything while it is off: the poll word is
// looked at anyway. A marked evaluation stands in the stacks under its label, with its exact beginning and end in the
// timeline.

import StrataMemory
import StrataProfile

/// Watches the runs of one machine. Attach it as `PlanMachine.profiler`.
public final class PlanProfiler {
  /// Frames further out than this are not looked at.
  private static let mostFrames = 512
  /// The longest part of a name that is shown.
  private static let longestName = 60

  /// What makes the profiler look; what is counted are frames of laws, of operations with code of their own, and of thunks
  /// of theirs.
  public let mode: ProfilingMode
  /// Whether stacks are gathered; without them counting costs less.
  public let keepsStacks: Bool

  /// What was gathered so far.
  public private(set) var profile: Profile
  private var counted: [String: UInt64] = [:]
  private let clock = SampleClock()
  private var entries: UInt64 = 0
  /// Names of laws by the word of the name, where that needs no memory, and of operations.
  private var lawNames: [UInt64: String] = [:]
  private var folder = StackFolder()

  /// A profiler that has seen nothing.
  public init(_ mode: ProfilingMode, title: String = "PLAN", keepsStacks: Bool = true) {
    self.mode = mode
    self.keepsStacks = keepsStacks
    profile = Profile(title: title, unit: mode.unit)
  }

  /// How often each name was entered, the most frequent first. Empty unless the mode is `counting`.
  public var counts: [EntryCount] {
    EntryCount.ranked(counted.map { EntryCount(name: $0.key, entries: $0.value) })
  }

  /// A run begins. Throws when the system gives no thread for the clock.
  func begin(_ engine: Engine) throws(Fault) {
    guard case .sampling(let period) = mode else { return engine.nursery.interruptHandle.wake() }
    try clock.start(engine.nursery.interruptHandle, every: period)
  }

  /// A run has ended.
  func end() { clock.stop() }

  /// The machine is at a safe point, because it has just entered a frame or in the middle of one.
  func look(_ engine: Engine, isEntry: Bool) {
    if mode == .counting {
      if isEntry, let name = name(of: engine.registers.pointee.fp, engine.registers.pointee.code, engine) {
        counted[name, default: 0] &+= 1
        entries &+= 1
        if keepsStacks { record(engine, weight: 1, time: entries &* 1000) }
      }
      return
    }
    let weight = clock.elapsed()
    if weight > 0 { record(engine, weight: weight, time: Clock.now()) }
  }

  /// A marked evaluation begins or has ended: an exact moment of the timeline that weighs nothing.
  func mark(_ engine: Engine) {
    if mode != .counting { record(engine, weight: 0, time: Clock.now()) }
  }

  private func record(_ engine: Engine, weight: UInt64, time: UInt64) {
    var innermostFirst: [Profile.Name] = []
    innermostFirst.reserveCapacity(64)
    var fp = engine.registers.pointee.fp
    var code = engine.registers.pointee.code
    var isDeeper = true
    for _ in 0..<PlanProfiler.mostFrames {
      if let name = name(of: fp, code, engine) {
        let known = profile.name(name)
        if innermostFirst.last != known { innermostFirst.append(known) }
      }
      let link = fp[-3]
      if link == 0 {
        isDeeper = false
        break
      }
      code = engine.base + Word(raw: link).offset
      fp = engine.base + Int(fp[-1])
    }
    if isDeeper { innermostFirst.append(profile.name("(further out)")) }
    profile.record(folder.folded(innermostFirst), weight: weight, at: time)
  }

  /// What a frame runs; nil for the machine's own steps between others.
  private func name(
    of fp: UnsafeMutablePointer<UInt64>, _ code: UnsafeMutablePointer<UInt64>, _ engine: Engine
  ) -> String? {
    let operation = code[CodeLayout.operation]
    if operation != 0 {
      guard let operation = Operation(rawValue: UInt8(truncatingIfNeeded: operation - 1)) else { return nil }
      if operation == .profile {
        let label = Word(raw: engine.resolved(fp[1]))
        return label.isThunk ? nil : text(label, engine)
      }
      return operation.entry.names.first ?? "\(operation)"
    }
    let name = code[CodeLayout.name]
    return name == CodeLayout.nameless ? nil : text(Word(raw: engine.resolved(name)), engine)
  }

  private func text(_ word: Word, _ engine: Engine) -> String {
    if word.isDirect, let known = lawNames[word.raw] { return known }
    if word == .zero { return "(nameless)" }
    var style = PlanPrinter.Style()
    style.hasCords = true
    style.depth = 2
    style.bytes = 1 << 12
    var printer = PlanPrinter(engine: engine, style: style)
    var bytes = printer.print(word)
    if bytes.first == 0x25 { bytes.removeFirst() }
    let text = String(decoding: bytes.prefix(PlanProfiler.longestName), as: UTF8.self)
    if word.isDirect { lawNames[word.raw] = text }
    return text
  }
}

/// The records of marked evaluations that a program itself asks for: pairs of a time with a tag and a label.
struct ProfileRecords {
  enum Tag: UInt64 {
    case begin = 0
    case end = 1
  }

  private(set) var words: [UInt64] = []

  /// Notes an event now. Labels are naturals below 2^63 or fixed, so that nothing has to look after them.
  mutating func add(_ tag: Tag, _ label: Word) {
    // Units of eight nanoseconds, above three bits of tag.
    words.append((Clock.now() / 8) << 3 & Word.largestDirect | tag.rawValue)
    words.append(label.raw)
  }

  mutating func removeAll() { words.removeAll() }
}
