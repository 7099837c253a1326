// What a jet is: Swift code that answers for an arm of a known core, and must answer as the arm's own Nock would.

import StrataMemory
import StrataNatural
import StrataNoun

/// A call of a jet: the core whose arm is called, and the machine it happens in.
public struct JetCall {
  /// Not counted as a reference: the machine outlives the call.
  public unowned(unsafe) let machine: NockMachine
  public let nursery: Nursery
  /// The core. Its battery and its parents are those that the jet is registered for; its sample may be anything.
  public let core: Word

  @inlinable
  init(machine: NockMachine, nursery: Nursery, core: Word) {
    self.machine = machine
    self.nursery = nursery
    self.core = core
  }

  /// The sample of a gate: what lies at axis 6. Throws `.exit` if there is none.
  @inlinable @inline(__always)
  public func sample() throws(Fault) -> Word {
    guard core.isCell else { throw .exit }
    let rest = nursery.tail(core)
    guard rest.isCell else { throw .exit }
    return nursery.head(rest)
  }

  /// What lies at an axis of the core. Throws `.exit` if nothing does.
  @inlinable
  public func part(_ axis: UInt64) throws(Fault) -> Word {
    try nursery.part(of: core, at: Word(raw: axis))
  }

  /// The same noun, checked to be an atom. Throws `.exit` for a cell.
  @inlinable @inline(__always)
  public func atom(_ noun: Word) throws(Fault) -> Word {
    guard noun.isNatural else { throw .exit }
    return noun
  }
}

/// A jet: which arm it answers for, and how.
public struct Jet: Sendable {
  /// How a jet answers.
  public enum Body: Sendable {
    /// At once; nil leaves the call to Nock. Nothing moves while it runs.
    case function(@Sendable (JetCall) throws(Fault) -> Word?)
    /// In steps, between which Nock may run.
    case routine(NativeRoutine)
  }

  /// The names of the core and its parents below the root, outermost first, such as `one/two/lent`.
  public let path: String
  /// Where the parent lies in the core.
  public let parentAxis: UInt64
  /// The axis of the arm in the core: 2 for a gate.
  public let arm: UInt64
  /// The kelvins of the roots `k135` to `k140` that it holds for.
  public let kelvins: ClosedRange<Int>
  public let body: Body

  /// A jet that answers at once.
  public init(
    _ path: String, parentAxis: UInt64 = 7, arm: UInt64 = 2, kelvins: ClosedRange<Int> = 135...140,
    function: @escaping @Sendable (JetCall) throws(Fault) -> Word?
  ) {
    self.path = path
    self.parentAxis = parentAxis
    self.arm = arm
    self.kelvins = kelvins
    body = .function(function)
  }

  /// A jet that answers in steps.
  public init(
    _ path: String, parentAxis: UInt64 = 7, arm: UInt64 = 2, kelvins: ClosedRange<Int> = 135...140,
    routine: NativeRoutine
  ) {
    self.path = path
    self.parentAxis = parentAxis
    self.arm = arm
    self.kelvins = kelvins
    body = .routine(routine)
  }
}

/// Jets that belong together: one file each.
public struct JetFamily: Sendable {
  public let name: String
  /// The library that does the work, for the generated table.
  public let library: String
  public let jets: [Jet]

  public init(_ name: String, library: String = "Strata", _ jets: [Jet]) {
    self.name = name
    self.library = library
    self.jets = jets
  }
}
