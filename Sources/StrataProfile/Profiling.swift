// What every machine's profiler can do, and how it lists what it counted.

/// What makes a profiler look.
public enum ProfilingMode: Sendable, Equatable {
  /// Time of the wall clock, in nanoseconds between two looks.
  case sampling(every: UInt64)
  /// Every entry: of an activation, a frame or a jet.
  case counting

  /// What the weights of a profile count that was gathered so.
  public var unit: String { self == .counting ? "calls" : "samples" }
}

/// How often what has one name was entered.
public struct EntryCount: Sendable, Equatable {
  public var name: String
  public var entries: UInt64

  public init(name: String, entries: UInt64) {
    self.name = name
    self.entries = entries
  }

  /// The same counts, the most frequent first, equal ones in the order of their names.
  public static func ranked(_ counts: [EntryCount]) -> [EntryCount] {
    counts.sorted {
      $0.entries != $1.entries
        ? $0.entries > $1.entries : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
  }
}
