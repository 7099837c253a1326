// Naturals from and to bytes, least significant byte first. Limbs are little-endian in memory, as on every machine
// that the word format is made for, so bytes are copied as they are.

import StrataMemory

extension Nursery {
  /// The natural whose bytes are `bytes`, least significant first; zero bytes at the end do not matter. Throws
  /// `.size`, `.bytes` or `.refused` when it cannot be stored.
  public func natural(bytes: UnsafeRawBufferPointer) throws(Fault) -> Word {
    var count = bytes.count
    while count > 0, bytes[count - 1] == 0 { count -= 1 }
    guard count > 0, let source = bytes.baseAddress else { return .zero }
    if count <= 8 {
      var value: UInt64 = 0
      for index in 0..<count { value |= UInt64(bytes[index]) << UInt64(8 * index) }
      return try natural(value)
    }
    let size = (count + 7) / 8
    try requireRoom(bits: count * 8 - bytes[count - 1].leadingZeroBitCount)
    let offset = try allocate(.natural, size: size)
    let target = UnsafeMutableRawPointer(body(offset))
    base[offset + size] = 0
    target.copyMemory(from: source, byteCount: count)
    return finished(offset, size: size)
  }

  /// The natural whose bytes are `bytes`, least significant first.
  public func natural(bytes: [UInt8]) throws(Fault) -> Word {
    try bytes.withUnsafeBufferPointer { (buffer) throws(Fault) in
      try natural(bytes: UnsafeRawBufferPointer(buffer))
    }
  }

  /// The number of bytes that a takes up; 0 for zero.
  @inlinable
  public func byteCount(_ a: Word) throws(Fault) -> Int { (try bitLength(a) + 7) / 8 }

  /// Fills `target` with a's lowest bytes, least significant first, and with zeros above a's top.
  public func copyBytes(of a: Word, to target: UnsafeMutableRawBufferPointer) throws(Fault) {
    let x = try limbs(a, slot: 0)
    guard let start = target.baseAddress else { return }
    let present = min(target.count, x.count * 8)
    start.copyMemory(from: x.pointer, byteCount: present)
    (start + present).initializeMemory(as: UInt8.self, repeating: 0, count: target.count - present)
  }

  /// a's bytes, least significant first, without zero bytes at the end.
  public func bytes(of a: Word) throws(Fault) -> [UInt8] {
    let x = try limbs(a, slot: 0)
    let count = (x.bitLength + 7) / 8
    // The one empty array of the process is nobody's to initialise.
    if count == 0 { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      UnsafeMutableRawPointer(start).copyMemory(from: x.pointer, byteCount: count)
      initialized = count
    }
  }
}
