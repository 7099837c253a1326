// An event as it stands in the log: what it is, and the jam of its noun.
//
//     byte 0   0 = the kernel itself, 1 = a poke, 2 = an upgrade, 3 = a state from elsewhere
//     byte 1   the kernel's shape for kinds 0, 2 and 3, else 0
//     rest     a jam: the kernel, the state, or the whole sample of the poke arm but for the event's number

/// The shapes of kernels.
public enum KernelShape: UInt8, Sendable, CaseIterable {
  /// A gate from `[event state]` to `[effects state]`. Its own sample holds the first state.
  case gate = 1
  /// A trap that gives a core with arms load (4), peek (22) and poke (23), as NockApp has it.
  case nockapp = 2
  /// A list of boot events whose lifecycle function gives a core with arms peek (22) and poke (23), as Arvo has it.
  case arvo = 3

  /// What the shape is called on the command line.
  public var name: String {
    switch self {
    case .gate: "gate"
    case .nockapp: "nockapp"
    case .arvo: "arvo"
    }
  }

  /// The shape of that name.
  public init?(name: String) {
    guard let shape = KernelShape.allCases.first(where: { $0.name == name }) else { return nil }
    self = shape
  }
}

/// A logged event, taken apart.
public struct EventRecord: Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    case boot = 0
    case poke = 1
    case upgrade = 2
    case load = 3
  }
  public var kind: Kind
  /// The kernel's shape, for kernels and states.
  public var shape: KernelShape?
  /// The jam.
  public var jam: [UInt8]

  public init(kind: Kind, shape: KernelShape? = nil, jam: [UInt8]) {
    self.kind = kind
    self.shape = shape
    self.jam = jam
  }

  /// Reads a payload; nil when it is none of ours.
  public init?(_ payload: [UInt8]) {
    guard payload.count >= 2, let kind = Kind(rawValue: payload[0]) else { return nil }
    let shape = KernelShape(rawValue: payload[1])
    if kind != .poke, shape == nil { return nil }
    self.init(kind: kind, shape: shape, jam: Array(payload.dropFirst(2)))
  }

  /// The bytes that the log keeps.
  public var payload: [UInt8] { [kind.rawValue, shape?.rawValue ?? 0] + jam }
}
