// ChaCha with any number of rounds and a 64-bit nonce, and HChaCha, its hash for longer nonces. Libraries have 20 rounds
// only.

/// The ChaCha permutation and what is made of it.
public enum ChaCha {
  /// Encrypts or decrypts `data` in place. The key has 32 bytes, the nonce 8; `rounds` is even. Throws `.invalid`
  /// otherwise.
  public static func crypt(
    _ data: UnsafeMutableRawBufferPointer, key: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, counter: UInt64,
    rounds: Int
  ) throws(CryptoError) {
    guard key.count == 32, nonce.count == 8, rounds >= 0, rounds % 2 == 0 else { throw .invalid }
    let (first, second) = keyWords(key)
    var block = counter
    var position = 0
    while position < data.count {
      let start = State(
        a: constants, b: first, c: second,
        d: SIMD4(
          UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), word(nonce, 0), word(nonce, 4)))
      var end = start
      end.permute(rounds: rounds)
      let words = SIMD16(
        lowHalf: SIMD8(lowHalf: end.a &+ start.a, highHalf: end.b &+ start.b),
        highHalf: SIMD8(lowHalf: end.c &+ start.c, highHalf: end.d &+ start.d))
      withUnsafeBytes(of: words) { stream in
        for index in 0..<min(64, data.count - position) { data[position + index] ^= stream[index] }
      }
      position += 64
      block &+= 1
    }
  }

  /// HChaCha: a key of 32 bytes made of a key and the first 16 bytes of a longer nonce. Throws `.invalid` for other sizes.
  public static func derivedKey(
    key: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, rounds: Int
  ) throws(CryptoError) -> SIMD8<UInt32> {
    guard key.count == 32, nonce.count >= 16, rounds >= 0, rounds % 2 == 0 else { throw .invalid }
    let (first, second) = keyWords(key)
    var state = State(
      a: constants, b: first, c: second, d: SIMD4(word(nonce, 0), word(nonce, 4), word(nonce, 8), word(nonce, 12)))
    state.permute(rounds: rounds)
    return SIMD8(lowHalf: state.a, highHalf: state.d)
  }

  /// "expand 32-byte k"
  private static var constants: SIMD4<UInt32> { SIMD4(0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574) }

  private static func keyWords(_ key: UnsafeRawBufferPointer) -> (SIMD4<UInt32>, SIMD4<UInt32>) {
    (
      SIMD4(word(key, 0), word(key, 4), word(key, 8), word(key, 12)),
      SIMD4(word(key, 16), word(key, 20), word(key, 24), word(key, 28))
    )
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  private struct State {
    var a: SIMD4<UInt32>
    var b: SIMD4<UInt32>
    var c: SIMD4<UInt32>
    var d: SIMD4<UInt32>

    mutating func permute(rounds: Int) {
      for _ in 0..<rounds / 2 {
        quarters()
        b = SIMD4(b.y, b.z, b.w, b.x)
        c = SIMD4(c.z, c.w, c.x, c.y)
        d = SIMD4(d.w, d.x, d.y, d.z)
        quarters()
        b = SIMD4(b.w, b.x, b.y, b.z)
        c = SIMD4(c.z, c.w, c.x, c.y)
        d = SIMD4(d.y, d.z, d.w, d.x)
      }
    }

    @inline(__always)
    private mutating func quarters() {
      a = a &+ b
      d = State.rotated(d ^ a, 16)
      c = c &+ d
      b = State.rotated(b ^ c, 12)
      a = a &+ b
      d = State.rotated(d ^ a, 8)
      c = c &+ d
      b = State.rotated(b ^ c, 7)
    }

    @inline(__always)
    private static func rotated(_ words: SIMD4<UInt32>, _ count: UInt32) -> SIMD4<UInt32> {
      words &<< SIMD4(repeating: count) | words &>> SIMD4(repeating: 32 &- count)
    }
  }
}
