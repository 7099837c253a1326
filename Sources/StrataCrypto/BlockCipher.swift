// AES (FIPS 197) by libcrypto, and the modes that the standard library uses: single blocks, CBC, and SIV (RFC 5297),
// which is put together here from CMAC and counter mode because its tag may cover another length than its stream.

import CCrypto

/// An expanded AES key.
public struct BlockCipher {
  public static let blockSize = 16
  private var encryption = AES_KEY()
  private var decryption = AES_KEY()

  /// Throws `.invalid` unless the key has 16, 24 or 32 bytes.
  public init(key: UnsafeRawBufferPointer) throws(CryptoError) {
    let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard [16, 24, 32].contains(key.count), AES_set_encrypt_key(bytes, Int32(key.count * 8), &encryption) == 0,
      AES_set_decrypt_key(bytes, Int32(key.count * 8), &decryption) == 0
    else { throw .invalid }
  }

  /// Encrypts the block at `block` in place.
  public func encrypt(_ block: UnsafeMutablePointer<UInt8>) {
    withUnsafePointer(to: encryption) { AES_encrypt(block, block, $0) }
  }

  /// Decrypts the block at `block` in place.
  public func decrypt(_ block: UnsafeMutablePointer<UInt8>) {
    withUnsafePointer(to: decryption) { AES_decrypt(block, block, $0) }
  }

  /// CBC over whole blocks in place, without padding. `vector` has 16 bytes. Throws `.invalid` for other sizes.
  public func chain(
    _ data: UnsafeMutableRawBufferPointer, vector: UnsafeRawBufferPointer, encrypts: Bool
  ) throws(CryptoError) {
    guard data.count % 16 == 0, vector.count == 16, let start = data.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { throw .invalid }
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { running in
      running.copyMemory(from: vector)
      let running = running.assumingMemoryBound(to: UInt8.self).baseAddress
      if encrypts {
        withUnsafePointer(to: encryption) { AES_cbc_encrypt(start, start, data.count, $0, running, AES_ENCRYPT) }
      } else {
        withUnsafePointer(to: decryption) { AES_cbc_encrypt(start, start, data.count, $0, running, AES_DECRYPT) }
      }
    }
  }
}

/// A block as a number, its first byte the most significant.
typealias Block = UInt128

extension Block {
  /// Twice the block in the field of 2^128 elements.
  var doubled: Block { self << 1 ^ (self >> 127 == 1 ? 0x87 : 0) }
}

extension BlockCipher {
  func encrypted(_ block: Block) -> Block {
    var bytes = block.bigEndian
    withUnsafeMutableBytes(of: &bytes) {
      if let start = $0.assumingMemoryBound(to: UInt8.self).baseAddress { encrypt(start) }
    }
    return Block(bigEndian: bytes)
  }
}

/// CMAC (RFC 4493), fed piece by piece.
struct CipherCode {
  private let cipher: BlockCipher
  private var chain: Block = 0
  /// What may be the last block, which is not taken in before more comes.
  private var held: Block = 0
  private var heldCount = 0

  init(_ cipher: BlockCipher) { self.cipher = cipher }

  mutating func update(_ byte: UInt8) {
    if heldCount == 16 {
      chain = cipher.encrypted(chain ^ held)
      held = 0
      heldCount = 0
    }
    held |= Block(byte) << Block(8 * (15 - heldCount))
    heldCount += 1
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes { update(byte) }
  }

  mutating func update(_ block: Block) {
    for index in 0..<16 { update(UInt8(truncatingIfNeeded: block >> Block(8 * (15 - index)))) }
  }

  func finished() -> Block {
    let subkey = cipher.encrypted(0).doubled
    if heldCount == 16 { return cipher.encrypted(chain ^ held ^ subkey) }
    return cipher.encrypted(chain ^ held ^ 0x80 << Block(8 * (15 - heldCount)) ^ subkey.doubled)
  }
}

/// AES-SIV with any number of associated data, which are taken in one after the other.
public struct SyntheticVector {
  private let code: BlockCipher
  private let stream: BlockCipher
  private var sum: Block

  /// Throws `.invalid` unless the key, two AES keys side by side, has 32, 48 or 64 bytes.
  public init(key: UnsafeRawBufferPointer) throws(CryptoError) {
    guard key.count % 2 == 0 else { throw .invalid }
    code = try BlockCipher(key: UnsafeRawBufferPointer(rebasing: key[0..<key.count / 2]))
    stream = try BlockCipher(key: UnsafeRawBufferPointer(rebasing: key[(key.count / 2)...]))
    var first = CipherCode(code)
    first.update(Block(0))
    sum = first.finished()
  }

  /// Takes in one string of associated data.
  public mutating func associate(_ data: OctetStream) {
    var code = CipherCode(self.code)
    data.forEachPiece { code.update($0) }
    sum = sum.doubled ^ code.finished()
  }

  /// The synthetic vector, which is the tag, of a plaintext after all associated data: 16 bytes.
  public func tag(of plaintext: UnsafeRawBufferPointer) -> UInt128 {
    var last = CipherCode(code)
    if plaintext.count < 16 {
      var block: Block = 0x80
      for byte in plaintext { block = (block >> 8) << 16 | Block(byte) << 8 | 0x80 }
      block <<= Block(8 * (15 - plaintext.count))
      last.update(sum.doubled ^ block)
    } else {
      last.update(UnsafeRawBufferPointer(rebasing: plaintext[0..<plaintext.count - 16]))
      var block: Block = 0
      for byte in plaintext[(plaintext.count - 16)...] { block = block << 8 | Block(byte) }
      last.update(sum ^ block)
    }
    return last.finished()
  }

  /// The tag of a number, most significant byte first, as those compute it for whom all strings are numbers: a last string
  /// of less than 128 bits is a short one, even if it has 16 bytes, which the padding then replaces, and the string that the
  /// code is taken of loses its zero bytes in front. That differs from the standard for some texts of up to 16 bytes.
  public func tag(ofNumber digits: UnsafeRawBufferPointer) -> UInt128 {
    let zeros = digits.firstIndex { $0 != 0 } ?? digits.count
    let number = UnsafeRawBufferPointer(rebasing: digits[zeros...])
    guard number.count <= 16 else { return tag(of: number) }
    var value: Block = 0
    for byte in number { value = value << 8 | Block(byte) }
    var last = sum.doubled
    if value >> 127 == 1 {
      last = sum ^ value
    } else if number.count == 16 {
      last ^= 1 << 127
    } else {
      last ^= (value << 8 | 0x80) << Block(8 * (15 - number.count))
    }
    var code = CipherCode(self.code)
    for index in last.leadingZeroBitCount / 8..<16 {
      code.update(UInt8(truncatingIfNeeded: last >> Block(8 * (15 - index))))
    }
    return code.finished()
  }

  /// Encrypts or decrypts `data` in place with the key stream that belongs to a tag.
  public func crypt(_ data: UnsafeMutableRawBufferPointer, tag: UInt128) {
    var counter = tag & ~(1 << 63 | 1 << 31)
    var position = 0
    while position < data.count {
      let key = stream.encrypted(counter)
      for index in 0..<min(16, data.count - position) {
        data[position + index] ^= UInt8(truncatingIfNeeded: key >> Block(8 * (15 - index)))
      }
      position += 16
      counter &+= 1
    }
  }
}
