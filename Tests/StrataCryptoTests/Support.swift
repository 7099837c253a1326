// Bytes from text, and calls that give their output as bytes.

import StrataCrypto

/// The bytes that hexadecimal digits stand for; spaces between them are skipped.
func hex(_ digits: String) -> [UInt8] {
  let values = digits.compactMap { $0.hexDigitValue }
  return stride(from: 0, to: values.count - 1, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}

/// Bytes as hexadecimal digits.
func text(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef")
  return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The `count` bytes that `body` writes.
func output(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows -> [UInt8] {
  var result = [UInt8](repeating: 0, count: count)
  try result.withUnsafeMutableBytes { try body($0) }
  return result
}

/// The fixed bytes as a vector; what is missing is 0.
func octets<Octets: SIMD>(_ bytes: [UInt8]) -> Octets where Octets.Scalar == UInt8 {
  var result = Octets()
  for (index, byte) in bytes.prefix(Octets.scalarCount).enumerated() { result[index] = byte }
  return result
}

func bytes<Octets: SIMD>(_ octets: Octets) -> [UInt8] where Octets.Scalar == UInt8 {
  (0..<Octets.scalarCount).map { octets[$0] }
}

extension OctetStream {
  /// A stream over bytes that live as long as the call of `body`.
  static func with<Result>(_ bytes: [UInt8], _ body: (OctetStream) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes { try body(OctetStream($0)) }
  }
}
