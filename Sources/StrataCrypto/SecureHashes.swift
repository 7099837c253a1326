// SHA-1, SHA-256, SHA-512 and RIPEMD-160 by libcrypto, whose cores choose the fastest instructions of the processor.

import CCrypto

/// SHA-1 (FIPS 180-4). Broken as a signature's hash, still needed to read what others wrote.
public struct SHA1: StreamingHash {
  public static var digestSize: Int { 20 }
  public static var blockSize: Int { 64 }
  private var context = SHA_CTX()

  public init() { SHA1_Init(&context) }
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { SHA1_Update(&context, bytes.baseAddress, bytes.count) }
  public mutating func finish(into digest: UnsafeMutableRawBufferPointer) {
    assert(digest.count >= Self.digestSize)
    SHA1_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
  }
}

/// SHA-256 (FIPS 180-4).
public struct SHA256: StreamingHash {
  public static var digestSize: Int { 32 }
  public static var blockSize: Int { 64 }
  private var context = SHA256_CTX()

  public init() { SHA256_Init(&context) }
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    SHA256_Update(&context, bytes.baseAddress, bytes.count)
  }
  public mutating func finish(into digest: UnsafeMutableRawBufferPointer) {
    assert(digest.count >= Self.digestSize)
    SHA256_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
  }
}

/// SHA-512 (FIPS 180-4).
public struct SHA512: StreamingHash {
  public static var digestSize: Int { 64 }
  public static var blockSize: Int { 128 }
  private var context = SHA512_CTX()

  public init() { SHA512_Init(&context) }
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    SHA512_Update(&context, bytes.baseAddress, bytes.count)
  }
  public mutating func finish(into digest: UnsafeMutableRawBufferPointer) {
    assert(digest.count >= Self.digestSize)
    SHA512_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
  }
}

/// RIPEMD-160. The core needs no legacy provider.
public struct RIPEMD160: StreamingHash {
  public static var digestSize: Int { 20 }
  public static var blockSize: Int { 64 }
  private var context = RIPEMD160_CTX()

  public init() { RIPEMD160_Init(&context) }
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    RIPEMD160_Update(&context, bytes.baseAddress, bytes.count)
  }
  public mutating func finish(into digest: UnsafeMutableRawBufferPointer) {
    assert(digest.count >= Self.digestSize)
    RIPEMD160_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
  }
}
