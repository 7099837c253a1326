// Bytes on their way into a hash, taken from a number where it lies.

/// The lowest `count` bytes of a number whose `present` bytes lie at `base`, least significant first; bytes above those
/// present are zero. They are handed out in that order, or reversed, with no more than a small buffer of their own.
public struct OctetStream {
  public let base: UnsafeRawPointer?
  public let present: Int
  public let count: Int
  /// Whether the most significant byte comes first.
  public let isReversed: Bool

  /// The caller guarantees that `present` bytes can be read at `base` for as long as the stream is used.
  public init(_ base: UnsafeRawPointer?, present: Int, count: Int, reversed: Bool = false) {
    self.base = base
    self.count = max(0, count)
    self.present = base == nil ? 0 : max(0, min(present, self.count))
    isReversed = reversed
  }

  /// Bytes as they are.
  public init(_ bytes: UnsafeRawBufferPointer) {
    self.init(bytes.baseAddress, present: bytes.count, count: bytes.count)
  }

  /// Calls `body` with one piece after the other.
  public func forEachPiece(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard count > 0 else { return }
    if !isReversed {
      if present > 0 { body(UnsafeRawBufferPointer(start: base, count: present)) }
      if count > present { zeros(count - present, body) }
      return
    }
    if count > present { zeros(count - present, body) }
    guard let base else { return }
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
      var rest = present
      while rest > 0 {
        let length = min(rest, buffer.count)
        for index in 0..<length {
          buffer[index] = base.load(fromByteOffset: rest &- 1 &- index, as: UInt8.self)
        }
        body(UnsafeRawBufferPointer(rebasing: buffer[0..<length]))
        rest -= length
      }
    }
  }

  /// Writes all bytes to `target`, which is at least `count` bytes long.
  public func copy(to target: UnsafeMutableRawBufferPointer) {
    assert(target.count >= count)
    var position = 0
    forEachPiece { piece in
      UnsafeMutableRawBufferPointer(rebasing: target[position..<position + piece.count]).copyMemory(from: piece)
      position += piece.count
    }
  }

  private func zeros(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: min(count, 1024), alignment: 8) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      var rest = count
      while rest > 0 {
        let length = min(rest, buffer.count)
        body(UnsafeRawBufferPointer(rebasing: buffer[0..<length]))
        rest -= length
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Calls `body` with the bytes' address, which is not nil even when there are none.
  func withAddress<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    if let start = baseAddress { return body(start.assumingMemoryBound(to: UInt8.self)) }
    var nothing: UInt8 = 0
    return body(&nothing)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Calls `body` with the bytes' address, which is not nil even when there are none.
  func withAddress<Result>(_ body: (UnsafeMutablePointer<UInt8>) -> Result) -> Result {
    if let start = baseAddress { return body(start.assumingMemoryBound(to: UInt8.self)) }
    var nothing: UInt8 = 0
    return body(&nothing)
  }
}

/// A hash that is fed piece by piece. It needs no memory but its own state, and cannot fail.
public protocol StreamingHash {
  /// How many bytes come out.
  static var digestSize: Int { get }
  /// How many bytes are taken in at a time, which is what HMAC pads its key to.
  static var blockSize: Int { get }

  init()
  mutating func update(_ bytes: UnsafeRawBufferPointer)
  /// Writes `digestSize` bytes. Nothing may be done with the hash after that.
  mutating func finish(into digest: UnsafeMutableRawBufferPointer)
}

extension StreamingHash {
  /// Takes in a whole stream.
  public mutating func update(_ stream: OctetStream) {
    stream.forEachPiece { update($0) }
  }

  /// The digest of one stream.
  public static func digest(of stream: OctetStream, into digest: UnsafeMutableRawBufferPointer) {
    var hash = Self()
    hash.update(stream)
    hash.finish(into: digest)
  }

  /// The digest of bytes.
  public static func digest(of bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: digestSize) { buffer, count in
      bytes.withUnsafeBytes { digest(of: OctetStream($0), into: UnsafeMutableRawBufferPointer(buffer)) }
      count = digestSize
    }
  }
}

/// Why an operation gave no result.
public enum CryptoError: Error, Equatable, Sendable {
  /// The input is outside of what the operation is defined, or the library made, for.
  case invalid
  /// The system gives no memory for it.
  case refused
}
