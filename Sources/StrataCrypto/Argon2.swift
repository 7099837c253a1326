// Argon2 (RFC 9106), and type u, which is independent of the data in the first three quarters of the first pass and
// dependent on it afterwards. No library knows that type; nor can libargon2 be linked into one program with a static
// libsodium, whose own, older Argon2 goes by the same names. The tests compare the other types with libargon2.

/// Argon2 with all its parameters.
public struct Argon2 {
  /// How the blocks that a block is made of are chosen.
  public enum Kind: UInt32, Sendable {
    /// By the data.
    case d = 0
    /// Independently of the data.
    case i = 1
    /// Independently at first.
    case id = 2
    /// Independently a little longer.
    case u = 10
  }

  public var kind: Kind
  /// 0x10 or 0x13.
  public var version: Int
  public var lanes: Int
  /// In units of 1,024 bytes.
  public var memory: Int
  public var passes: Int

  public init(_ kind: Kind, version: Int = 0x13, lanes: Int, memory: Int, passes: Int) {
    self.kind = kind
    self.version = version
    self.lanes = lanes
    self.memory = memory
    self.passes = passes
  }

  /// Fills `output` with the hash of a password. One thread does it, whatever the lanes. Throws `.invalid` for parameters
  /// outside of what RFC 9106 allows, `.refused` when the system gives no memory.
  public func hash(
    password: UnsafeRawBufferPointer, salt: UnsafeRawBufferPointer, secret: UnsafeRawBufferPointer,
    associated: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(CryptoError) {
    guard version == 0x10 || version == 0x13, lanes >= 1, lanes < 1 << 24, passes >= 1, passes < 1 << 32,
      memory >= 8 * lanes, memory < 1 << 32, salt.count >= 8, output.count >= 4, output.count < 1 << 31
    else { throw .invalid }
    try Argon2Memory(self).hash(password, salt, secret, associated, output)
  }
}
