// What is fuzzed: one body for each decoder of untrusted bytes. The fuzzer calls the bodies with inputs that it makes
// up; an ordinary test calls them with the inputs that once failed. A body ends for every input, whatever the input
// is, and stops the process when a property does not hold.

/// A decoder under attack.
public struct FuzzTarget: Sendable {
  /// How the command line and the folder of recorded inputs name it.
  public let name: String
  /// Decodes one input and checks what must hold.
  public let run: @Sendable (UnsafeBufferPointer<UInt8>) -> Void

  /// Everything that can be fuzzed.
  public static let all: [FuzzTarget] = [.cue, .diagnostics, .nock, .seed, .specified, .stack, .text]
}

/// Stops the process, which is how a fuzzer learns of a failure.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}
