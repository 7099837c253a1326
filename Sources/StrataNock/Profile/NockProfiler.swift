// Where a run spends its time, and how often each formula is entered.
//
// Sampling: the watchdog sets the poll word from time to time, the machine notices at the next entry of an activation and
// walks its stack. Counting: the poll word is set again at every entry, so that every one is seen. Neither costs
// anything while it is off: the poll word is looked at anyway.

import CPlatform
import StrataMemory
import StrataProfile

/// Watches the runs of one machine. Attach it as `NockMachine.profiler`.
public final class NockProfiler {
  /// What makes the profiler look.
  public enum Mode: Sendable, Equatable {
    /// Time of the wall clock, in nanoseconds between two looks.
    case sampling(every: UInt64)
    /// Every activation and every jet.
    case counting
  }

  /// How often one formula or jet was entered.
  public struct Count: Sendable, Equatable {
    public var name: String
    public var calls: UInt64
  }

  public let mode: Mode
  /// Whether stacks are gathered; without them counting costs less.
  public let keepsStacks: Bool

  private var gathered: Profile
  private let ticks: UnsafeMutablePointer<UInt64>
  private var seenTicks: UInt64 = 0
  private var request: Watchdog.Request?
  private var openRuns = 0
  private var calls: UInt64 = 0
  private var jetCalls: [Int: UInt64] = [:]
  private var walk: FrameWalk?
  /// The profile's names: of code by index, of routines and jets by number, and of what was not looked at.
  private var codeNames: [Int: Profile.Name] = [:]
  private var routineNames: [Int: Profile.Name] = [:]
  private var jetNames: [Int: Profile.Name] = [:]
  private var folder = StackFolder()

  /// A profiler that has seen nothing.
  public init(_ mode: Mode, title: String = "Nock", keepsStacks: Bool = true) {
    self.mode = mode
    self.keepsStacks = keepsStacks
    gathered = Profile(title: title, unit: mode == .counting ? "calls" : "samples")
    ticks = .allocate(capacity: 1)
    ticks.initialize(to: 0)
  }

  deinit { ticks.deallocate() }

  var watchesEveryEntry: Bool { mode == .counting }

  /// Whether nothing has been recorded.
  public var isEmpty: Bool { gathered.total == 0 }

  /// A run begins. Throws when the system gives no thread for the clock.
  func begin(_ machine: NockMachine) throws(Fault) {
    if openRuns == 0, case .sampling(let period) = mode {
      seenTicks = platform_load_relaxed(ticks)
      request = try Watchdog.shared.wake(machine.nursery.interruptHandle, every: period, counting: ticks)
    }
    openRuns += 1
    if walk == nil { walk = FrameWalk(machine.cache) }
  }

  /// A run has ended.
  func end() {
    openRuns -= 1
    if openRuns == 0, let request {
      Watchdog.shared.withdraw(request)
      self.request = nil
    }
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
    let now = platform_load_relaxed(ticks)
    guard now != seenTicks else { return }
    let weight = now &- seenTicks
    seenTicks = now
    look(machine, registers, running: code, jet: jet, weight: weight, time: Clock.now())
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
  public func counts(of machine: NockMachine) -> [Count] {
    let names = CodeNames(machine)
    var counts = machine.cache.codes.enumerated().compactMap { index, code in
      code.pointee.entries > 0 ? Count(name: names.name(index), calls: code.pointee.entries) : nil
    }
    for (number, calls) in jetCalls { counts.append(Count(name: names.jetName(number), calls: calls)) }
    return counts.sorted {
      $0.calls != $1.calls ? $0.calls > $1.calls : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
  }
}
