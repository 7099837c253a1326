// The machine that Flat types are laid out for.
// Guarantees: nothing here is taken from the host; a module laid out for a 32-bit target gives the same bytes everywhere.

/// What layout needs to know of the machine the program is meant for.
public struct Target: Hashable, Sendable {
  /// Bytes in a pointer: 8 or 4.
  public let pointerSize: UInt64

  /// Returns a target with pointers of that many bytes, or nil when it is neither 4 nor 8.
  public init?(pointerSize: UInt64) {
    guard pointerSize == 4 || pointerSize == 8 else { return nil }
    self.pointerSize = pointerSize
  }

  private init(checked pointerSize: UInt64) { self.pointerSize = pointerSize }

  public static let pointers64 = Target(checked: 8)
  public static let pointers32 = Target(checked: 4)
}
