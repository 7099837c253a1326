// Keys from passwords: PBKDF2 (RFC 8018) over our HMAC, scrypt (RFC 7914) by libsodium.

import CSodium

/// Keys from passwords. None of these can be interrupted, so callers bound the work.
public enum KeyDerivation {
  /// PBKDF2 with HMAC over a hash. Fills `key`. Throws `.invalid` without rounds or for a key of more than 2^32 - 1 digests.
  public static func pbkdf2<Hash: StreamingHash>(
    _ hash: Hash.Type, password: OctetStream, salt: OctetStream, rounds: Int, into key: UnsafeMutableRawBufferPointer
  ) throws(CryptoError) {
    let size = Hash.digestSize
    guard rounds >= 1, (key.count + size - 1) / size < 1 << 32 else { throw .invalid }
    let keyed = HMAC<Hash>(key: password)
    var salted = keyed
    salted.update(salt)
    withUnsafeTemporaryAllocation(byteCount: 2 * size, alignment: 8) { buffer in
      let digest = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<size])
      let sum = UnsafeMutableRawBufferPointer(rebasing: buffer[size...])
      var position = 0
      var number: UInt32 = 1
      while position < key.count {
        var code = salted
        withUnsafeBytes(of: number.bigEndian) { code.update($0) }
        code.finish(into: digest)
        sum.copyMemory(from: UnsafeRawBufferPointer(digest))
        for _ in 1..<rounds {
          code = keyed
          code.update(UnsafeRawBufferPointer(digest))
          code.finish(into: digest)
          for index in 0..<size { sum[index] ^= digest[index] }
        }
        let length = min(size, key.count - position)
        UnsafeMutableRawBufferPointer(rebasing: key[position..<position + length]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: sum[0..<length]))
        position += length
        number &+= 1
      }
    }
  }

  /// scrypt with cost `cost` (a power of two above 1), block size and parallelism. Fills `key`. Throws `.invalid` for
  /// what the function or the library has no answer to, a refusal of memory included.
  public static func scrypt(
    password: UnsafeRawBufferPointer, salt: UnsafeRawBufferPointer, cost: Int, blockSize: Int, parallelism: Int,
    into key: UnsafeMutableRawBufferPointer
  ) throws(CryptoError) {
    guard cost > 1, cost.nonzeroBitCount == 1, blockSize >= 1, parallelism >= 1, blockSize < 1 << 30,
      parallelism < 1 << 30, key.count > 0
    else { throw .invalid }
    let result = password.withAddress { passwordBytes in
      salt.withAddress { saltBytes in
        key.withAddress {
          crypto_pwhash_scryptsalsa208sha256_ll(
            passwordBytes, password.count, saltBytes, salt.count, UInt64(cost), UInt32(blockSize), UInt32(parallelism),
            $0,
            key.count)
        }
      }
    }
    guard result == 0 else { throw .invalid }
  }
}
