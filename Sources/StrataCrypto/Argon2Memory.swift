// Argon2's matrix of blocks and how it is filled, for any type.

import Glibc

/// One computation of Argon2.
struct Argon2Memory {
  private static let words = 128

  private let parameters: Argon2
  private let columns: Int
  private let segment: Int

  init(_ parameters: Argon2) {
    self.parameters = parameters
    columns = parameters.memory / (4 * parameters.lanes) * 4
    segment = columns / 4
  }

  func hash(
    _ password: UnsafeRawBufferPointer, _ salt: UnsafeRawBufferPointer, _ secret: UnsafeRawBufferPointer,
    _ associated: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
  ) throws(CryptoError) {
    // Three blocks more: what addresses are made of, the addresses, and the last column's sum.
    let count = (parameters.lanes * columns + 3) * Argon2Memory.words
    guard let memory = calloc(count, 8)?.assumingMemoryBound(to: UInt64.self) else { throw .refused }
    defer { free(memory) }
    try fillFirst(memory, try seed(password, salt, secret, associated, output.count))
    for pass in 0..<parameters.passes {
      for slice in 0..<4 {
        for lane in 0..<parameters.lanes { fill(memory, pass, slice, lane) }
      }
    }
    let sum = block(memory, parameters.lanes, 0)
    for lane in 0..<parameters.lanes {
      let last = block(memory, lane, columns - 1)
      for index in 0..<Argon2Memory.words { sum[index] = lane == 0 ? last[index] : sum[index] ^ last[index] }
    }
    try Argon2Memory.long(
      UnsafeRawBufferPointer(start: sum, count: 1024), into: output)
  }

  private func block(
    _ memory: UnsafeMutablePointer<UInt64>, _ lane: Int, _ column: Int
  ) -> UnsafeMutablePointer<UInt64> {
    memory + (lane * columns + column) * Argon2Memory.words
  }

  /// The digest of all parameters and strings, with room for the place of a block behind it.
  private func seed(
    _ password: UnsafeRawBufferPointer, _ salt: UnsafeRawBufferPointer, _ secret: UnsafeRawBufferPointer,
    _ associated: UnsafeRawBufferPointer, _ size: Int
  ) throws(CryptoError) -> [UInt8] {
    var message: [UInt8] = []
    func append(_ value: Int) {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian) { message.append(contentsOf: $0) }
    }
    for value in [
      parameters.lanes, size, parameters.memory, parameters.passes, parameters.version, Int(parameters.kind.rawValue),
    ] { append(value) }
    for part in [password, salt, secret, associated] {
      append(part.count)
      message.append(contentsOf: part)
    }
    var digest = [UInt8](repeating: 0, count: 72)
    let status = message.withUnsafeBytes { message in
      digest.withUnsafeMutableBytes { digest in
        (try? Blake2b.digest(
          of: OctetStream(message), key: UnsafeRawBufferPointer(start: nil, count: 0),
          into: UnsafeMutableRawBufferPointer(rebasing: digest[0..<64]))) != nil
      }
    }
    guard status else { throw .invalid }
    return digest
  }

  /// The first two columns.
  private func fillFirst(_ memory: UnsafeMutablePointer<UInt64>, _ seed: [UInt8]) throws(CryptoError) {
    var seed = seed
    for lane in 0..<parameters.lanes {
      for column in 0..<2 {
        for index in 0..<4 {
          seed[64 + index] = UInt8(truncatingIfNeeded: column >> (8 * index))
          seed[68 + index] = UInt8(truncatingIfNeeded: lane >> (8 * index))
        }
        let target = UnsafeMutableRawBufferPointer(start: block(memory, lane, column), count: 1024)
        let status = seed.withUnsafeBytes { (try? Argon2Memory.long($0, into: target)) != nil }
        guard status else { throw .invalid }
      }
    }
  }

  private func isIndependent(_ pass: Int, _ slice: Int) -> Bool {
    switch parameters.kind {
    case .d: false
    case .i: true
    case .id: pass == 0 && slice < 2
    case .u: pass == 0 && slice < 3
    }
  }

  /// One segment: a lane's part of a slice.
  private func fill(_ memory: UnsafeMutablePointer<UInt64>, _ pass: Int, _ slice: Int, _ lane: Int) {
    let independent = isIndependent(pass, slice)
    let input = block(memory, parameters.lanes, 0)
    let addresses = input + Argon2Memory.words
    if independent {
      input.update(repeating: 0, count: Argon2Memory.words)
      let values = [
        pass, lane, slice, parameters.lanes * columns, parameters.passes, Int(parameters.kind.rawValue),
      ]
      for (index, value) in values.enumerated() { input[index] = UInt64(value) }
    }
    for index in 0..<segment {
      if independent, index % 128 == 0 {
        input[6] = UInt64(index / 128 + 1)
        let zero = addresses + Argon2Memory.words
        zero.update(repeating: 0, count: Argon2Memory.words)
        Argon2Memory.compress(zero, input, into: addresses, keeping: false)
        zero.update(repeating: 0, count: Argon2Memory.words)
        Argon2Memory.compress(zero, addresses, into: addresses, keeping: false)
      }
      let column = slice * segment + index
      if pass == 0, column < 2 { continue }
      let previous = block(memory, lane, column == 0 ? columns - 1 : column - 1)
      let random = independent ? addresses[index % 128] : previous[0]
      let (row, place) = reference(pass, slice, lane, index, random)
      Argon2Memory.compress(
        previous, block(memory, row, place), into: block(memory, lane, column),
        keeping: pass > 0 && parameters.version == 0x13)
    }
  }

  /// The lane and the column that a block refers to.
  private func reference(
    _ pass: Int, _ slice: Int, _ lane: Int, _ index: Int, _ random: UInt64
  ) -> (lane: Int, column: Int) {
    let row = pass == 0 && slice == 0 ? lane : Int(random >> 32) % parameters.lanes
    let area: Int
    if pass == 0 {
      area = row == lane ? slice * segment + index - 1 : slice * segment - (index == 0 ? 1 : 0)
    } else {
      area = columns - segment + (row == lane ? index - 1 : index == 0 ? -1 : 0)
    }
    let low = random & 0xFFFF_FFFF
    let squared = (low &* low) >> 32
    let offset = area - 1 - Int((UInt64(area) &* squared) >> 32)
    let start = pass == 0 || slice == 3 ? 0 : (slice + 1) * segment
    return (row, (start + offset) % columns)
  }

  /// The compression of two blocks: rows, then columns, of a matrix of 16-byte registers. `keeping` adds what was there.
  static func compress(
    _ x: UnsafeMutablePointer<UInt64>, _ y: UnsafeMutablePointer<UInt64>, into target: UnsafeMutablePointer<UInt64>,
    keeping: Bool
  ) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 256) { buffer in
      guard let mixed = buffer.baseAddress else { return }
      let sum = mixed + 128
      for index in 0..<128 {
        sum[index] = x[index] ^ y[index]
        mixed[index] = sum[index]
      }
      for row in 0..<8 { permute(mixed + row * 16, stride: 2) }
      for column in 0..<8 { permute(mixed + column * 2, stride: 16) }
      for index in 0..<128 { target[index] = sum[index] ^ mixed[index] ^ (keeping ? target[index] : 0) }
    }
  }

  /// BLAKE2b's round with multiplications on 16 words, which lie in pairs `stride` apart.
  private static func permute(_ v: UnsafeMutablePointer<UInt64>, stride: Int) {
    @inline(__always)
    func place(_ index: Int) -> Int { index / 2 * stride + index & 1 }
    @inline(__always)
    func mix(_ a: Int, _ b: Int, _ c: Int, _ d: Int) {
      let (a, b, c, d) = (place(a), place(b), place(c), place(d))
      v[a] = v[a] &+ v[b] &+ 2 &* (v[a] & 0xFFFF_FFFF) &* (v[b] & 0xFFFF_FFFF)
      v[d] = rotated(v[d] ^ v[a], 32)
      v[c] = v[c] &+ v[d] &+ 2 &* (v[c] & 0xFFFF_FFFF) &* (v[d] & 0xFFFF_FFFF)
      v[b] = rotated(v[b] ^ v[c], 24)
      v[a] = v[a] &+ v[b] &+ 2 &* (v[a] & 0xFFFF_FFFF) &* (v[b] & 0xFFFF_FFFF)
      v[d] = rotated(v[d] ^ v[a], 16)
      v[c] = v[c] &+ v[d] &+ 2 &* (v[c] & 0xFFFF_FFFF) &* (v[d] & 0xFFFF_FFFF)
      v[b] = rotated(v[b] ^ v[c], 63)
    }
    mix(0, 4, 8, 12)
    mix(1, 5, 9, 13)
    mix(2, 6, 10, 14)
    mix(3, 7, 11, 15)
    mix(0, 5, 10, 15)
    mix(1, 6, 11, 12)
    mix(2, 7, 8, 13)
    mix(3, 4, 9, 14)
  }

  @inline(__always)
  private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value &>> count | value &<< (64 &- count) }

  /// BLAKE2b of a message behind its digest's length, drawn out to any length.
  private static func long(
    _ message: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(CryptoError) {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: output.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: message)
    var position = 0
    while true {
      let rest = output.count - position
      let size = min(64, rest)
      var digest = [UInt8](repeating: 0, count: size)
      let status = bytes.withUnsafeBytes { bytes in
        digest.withUnsafeMutableBytes {
          (try? Blake2b.digest(of: OctetStream(bytes), key: UnsafeRawBufferPointer(start: nil, count: 0), into: $0))
            != nil
        }
      }
      guard status else { throw .invalid }
      let length = rest <= 64 ? size : 32
      for index in 0..<length { output[position + index] = digest[index] }
      position += length
      if rest <= 64 { return }
      bytes = digest
    }
  }
}
