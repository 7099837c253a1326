// HMAC (RFC 2104) over any hash.

/// A keyed hash: two hashes that have taken in the padded key, so that it costs nothing to begin again.
public struct HMAC<Hash: StreamingHash> {
  private var inner = Hash()
  private var outer = Hash()

  /// A key of any length; one longer than a block is hashed first.
  public init(key: OctetStream) {
    withUnsafeTemporaryAllocation(byteCount: Hash.blockSize, alignment: 8) { pad in
      pad.initializeMemory(as: UInt8.self, repeating: 0)
      if key.count > Hash.blockSize { Hash.digest(of: key, into: pad) } else { key.copy(to: pad) }
      for index in pad.indices { pad[index] ^= 0x36 }
      inner.update(UnsafeRawBufferPointer(pad))
      for index in pad.indices { pad[index] ^= 0x36 ^ 0x5C }
      outer.update(UnsafeRawBufferPointer(pad))
    }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) { inner.update(bytes) }
  public mutating func update(_ stream: OctetStream) { inner.update(stream) }

  /// Writes the code of what was taken in, `Hash.digestSize` bytes.
  public mutating func finish(into code: UnsafeMutableRawBufferPointer) {
    inner.finish(into: code)
    outer.update(UnsafeRawBufferPointer(rebasing: code[0..<Hash.digestSize]))
    outer.finish(into: code)
  }
}
