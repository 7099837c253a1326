// BLAKE2b (RFC 7693) by libsodium.

import CSodium

/// BLAKE2b with a key of up to 64 bytes and a digest of 1 to 64 bytes.
public enum Blake2b {
  /// Fills `digest`. Throws `.invalid` for a longer key or another size.
  public static func digest(
    of message: OctetStream, key: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer
  ) throws(CryptoError) {
    guard key.count <= 64, digest.count >= 1, digest.count <= 64,
      let output = digest.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { throw .invalid }
    let succeeded = withUnsafeTemporaryAllocation(
      byteCount: crypto_generichash_blake2b_statebytes(), alignment: 64
    ) { memory in
      // The library wants its state aligned more than any Swift type is, so it comes as an opaque pointer.
      guard let state = memory.baseAddress.map({ OpaquePointer($0) }) else { return false }
      let keyBytes = key.isEmpty ? nil : key.baseAddress?.assumingMemoryBound(to: UInt8.self)
      guard crypto_generichash_blake2b_init(state, keyBytes, key.count, digest.count) == 0 else { return false }
      message.forEachPiece { piece in
        guard let bytes = piece.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        crypto_generichash_blake2b_update(state, bytes, UInt64(piece.count))
      }
      return crypto_generichash_blake2b_final(state, output, digest.count) == 0
    }
    guard succeeded else { throw .invalid }
  }
}
