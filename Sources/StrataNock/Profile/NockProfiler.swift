// Where a run spends its time, and how often each formula is entered.
//
// Sampling: the watchdog sets the poll word from time to time, the machine notices at the next entry of an activation and
// walks its stack. Counting: the poll word is set again at every entry, so that every one is seen. Neither costs
// anything while it is off: the poll word is looked at anyway.

import StrataMemory
import StrataProfile

/// Watches the runs of one machine. Attach it as `NockMachine.profiler`.
public final class NockProfiler {
  /// What makes the profiler look; what is counted are activations and jets.
  public let mode: ProfilingMode
  /// Whether stacks are gathered; without them counting costs less.
  public let keepsStacks: Bool

  private var gathered: Profile
  private let clock = SampleClock()
  private var calls: UInt64 = 0
  private var jetCalls: [Int: UInt64] = [:]
  private var walk: FrameWalk?
  /// The profile's names: of code by index, of routines and jets by number, and of what was not looked at.
  private var codeNames: [Int: Profile.Name] = [:]
  private var routineNames: [Int: Profile.Name] = [:]
  private var jetNames: [Int: Profile.Name] = [:]
  private var folder = StackFolder()

  /// A profiler that has seen nothing.
  public init(_ mode: ProfilingMode, title: String = "Nock", keepsStacks: Bool = true) {
    self.mode = mode
    self.keepsStacks = keepsStacks
    gathered = Profile(title: title, unit: mode.unit)
  }

  var watchesEveryEntry: Bool { mode == .counting }

  /// Whether nothing has been recorded.
  public var isEmpty: Bool { gathered.total == 0 }

  /// A run begins. Throws when the system gives no thread for the clock.
  func begin(_ machine: NockMachine) throws(Fault) {
    if case .sampling(let period) = mode { try clock.start(machine.nursery.interruptHandle, every: period) }
    if walk == nil { walk = FrameWalk(machine.cache) }
  }

  /// A run has ended.
  func end() {
    clock.stop()
  }

  /// An activation at `registers` is about to run `code`.
  func entered(_ machine: NockMachine, _ registers: UnsafeMutablePointer<UInt64>, _ code: UnsafeMutablePointer<Code>) {
    if mode == .counting {
      code.pointee.entries &+= 1
      calls &+= 1
      if keepsStacks { look(machine, registers, running: code, jet: nil, weight: 1, time: calls &* 1000) }
      return
    }
    sample(machine, registers, running: code, jet: nil)
  }

  /// The activation at `registers` begins another turn of the loop at `address`.
  func turned(
    _ machine: NockMachine, _ registers: UnsafeMutablePointer<UInt64>, at address: UnsafeMutablePointer<UInt64>
  ) {
    let index = walk.map { $0.code(at: UInt(bitPattern: address)) } ?? -1
    if index >= 0 { entered(machine, registers, machine.cache.codes[index]) }
  }

  /// A jet has answered for the code whose activation is at `registers`, at an instruction that lies at `address`.
  func answered(
    _ machine: NockMachine, _ registers: UnsafeMutablePointer<UInt64>, at address: UnsafeMutablePointer<UInt64>,
    by jet: Int
  ) {
    let code = walk.map { $0.code(at: UInt(bitPattern: address)) } ?? -1
    let running = code >= 0 ? machine.cache.codes[code] : nil
    if mode == .counting {
      jetCalls[jet, default: 0] &+= 1
      calls &+= 1
      if keepsStacks { look(machine, registers, running: running, jet: jet, weight: 1, time: calls &* 1000) }
      return
    }
    sample(machine, registers, running: running, jet: jet)
  }

  private func sample(
    _ machine: NockMachine, _ registers: UnsafeMutablePointer<UInt64>, running code: UnsafeMutablePointer<Code>?,
    jet: Int?
  ) {
    let weight = clock.elapsed()
    if weight > 0 { look(machine, registers, running: code, jet: jet, weight: weight, time: Clock.now()) }
  }

  /// Walks the stack and records it. Recursion is folded: an activation of a formula that is open already leads back to
  /// the first one.
  private func look(
    _ machine: NockMachine, _ registers: UnsafeMutablePointer<UInt64>, running code: UnsafeMutablePointer<Code>?,
    jet: Int?, weight: UInt64, time: UInt64
  ) {
    guard let walk else { return }
    var innermostFirst: [Profile.Name] = []
    innermostFirst.reserveCapacity(64)
    if let jet { innermostFirst.append(name(ofJet: jet)) }
    let isDeeper = walk.frames(
      in: machine, from: registers, running: code, returnAddress: { machine.returnAddress(of: $0) },
      { frame in
        let name = self.name(of: frame)
        if innermostFirst.last != name { innermostFirst.append(name) }
      })
    if isDeeper { innermostFirst.append(name(of: .code(-1))) }
    gathered.record(folder.folded(innermostFirst), weight: weight, at: time)
  }

  // Names are made unique by number at first, and become what they stand for when the profile is taken.

  private func name(of frame: OpenFrame) -> Profile.Name {
    switch frame {
    case .code(let index):
      if let known = codeNames[index] { return known }
      let name = gathered.name("code \(index)")
      codeNames[index] = name
      return name
    case .routine(let number):
      if let known = routineNames[number] { return known }
      let name = gathered.name("routine \(number)")
      routineNames[number] = name
      return name
    }
  }

  private func name(ofJet number: Int) -> Profile.Name {
    if let known = jetNames[number] { return known }
    let name = gathered.name("jet \(number)")
    jetNames[number] = name
    return name
  }

  /// What was gathered so far, with the names that `machine` has for its code by now.
  public func profile(of machine: NockMachine) -> Profile {
    let names = CodeNames(machine)
    var result = gathered
    for (index, name) in codeNames {
      result.rename(name, to: index < 0 ? "(further out)" : names.name(index))
    }
    for (number, name) in routineNames { result.rename(name, to: names.name(.routine(number))) }
    for (number, name) in jetNames { result.rename(name, to: names.jetName(number)) }
    return result
  }

  /// How often each formula and jet was entered, the most frequent first. Empty unless the mode is `counting`.
  public func counts(of machine: NockMachine) -> [EntryCount] {
    let names = CodeNames(machine)
    var counts = machine.cache.codes.enumerated().compactMap { index, code in
      code.pointee.entries > 0 ? EntryCount(name: names.name(index), entries: code.pointee.entries) : nil
    }
    for (number, calls) in jetCalls { counts.append(EntryCount(name: names.jetName(number), entries: calls)) }
    return EntryCount.ranked(counts)
  }
}
