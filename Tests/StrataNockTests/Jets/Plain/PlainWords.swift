// Words and bytes as the plain hashes and ciphers need them, and what ChaCha, BLAKE and Argon2 have in common.

enum PlainWords {
  /// Which words of a square of 16 are mixed with each other: its columns, then its diagonals.
  static let quarters = [
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13),
    (3, 4, 9, 14),
  ]

  /// The words of a string whose length is a multiple of theirs.
  static func read<Word: FixedWidthInteger>(_ bytes: some Collection<UInt8>, isLittle: Bool = true) -> [Word] {
    let size = Word.bitWidth / 8
    var words: [Word] = []
    words.reserveCapacity(bytes.count / size)
    var word: Word = 0
    var count = 0
    for byte in bytes {
      word = isLittle ? word | Word(byte) << Word(8 * count) : word << 8 | Word(byte)
      count += 1
      if count == size {
        words.append(word)
        (word, count) = (0, 0)
      }
    }
    return words
  }

  static func bytes<Word: FixedWidthInteger>(_ words: [Word], isLittle: Bool = true) -> [UInt8] {
    let size = Word.bitWidth / 8
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.count * size)
    for word in words {
      for index in 0..<size {
        bytes.append(UInt8(truncatingIfNeeded: word >> Word(8 * (isLittle ? index : size - 1 - index))))
      }
    }
    return bytes
  }
}

/// Byte by byte, as far as the shorter one goes.
func xor(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
  let count = min(a.count, b.count)
  var result: [UInt8] = []
  result.reserveCapacity(count)
  for index in 0..<count { result.append(a[index] ^ b[index]) }
  return result
}
