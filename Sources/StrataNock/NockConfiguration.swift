// What a Nock machine may do and how much of it: one value, every field with a default.

import StrataMemory

/// The configuration of a machine.
public struct NockConfiguration: Sendable {
  /// Whether native code may answer for arms that it is registered for.
  public var usesJets = true
  /// Of how many calls of jets one is checked against its own Nock; nil for none.
  public var jetCheckInterval: UInt64?
  /// Whether hints do what they say. When off, only what shows in the result is left: clues are computed, and crash, as
  /// ever, the trace is kept, `%loop` and `%jinx` end the run.
  public var usesHints = true
  /// The largest number of activations that a run may enter; nil for no limit.
  public var stepLimit: UInt64?
  /// How deep calls may nest, in calls of `Nursery.wordsPerCall` on the value stack; nil for no limit but the budget.
  public var depthLimit: Int?
  /// The longest time that a run may take, in nanoseconds of the wall clock; nil for no limit.
  public var timeLimit: UInt64?
  /// The largest number of products that each memo cache keeps.
  public var memoCapacity = 50_000
  /// The largest number of products that the compiler's jets keep. With a third of these, compiling the Hoon compiler takes a
  /// seventh longer, since it asks again for what was forgotten; with three times as many it takes a fifth more memory.
  public var jetMemoCapacity = 150_000
  /// Called with what `%slog` and its like print. Nil drops it.
  public var output: (@Sendable (NockMessage) -> Void)?

  public init() {}
}

/// Something a hint prints.
public struct NockMessage: Sendable {
  /// 0 information, 1 warning, 2 debugging, 3 tracing: what `%slog` was given, capped.
  public var priority: Int
  /// Text without a newline at the end.
  public var text: String
}
