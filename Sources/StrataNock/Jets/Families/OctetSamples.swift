// How the jets of hashes, ciphers, curves and floats read their samples and write their products: numbers as strings of
// bytes, and lengths that come apart from the number that they measure.
//
// Such a jet answers for samples of the right shape only. Everything else it leaves to Nock, and also what a library
// answers differently from the arm's own Nock, or not at all.

import StrataCrypto
import StrataMemory
import StrataNatural
import StrataNoun

extension JetCall {
  /// The atom at an axis of the core, nil if none lies there.
  func natural(at axis: UInt64) -> Word? {
    guard let noun = try? part(axis), noun.isNatural else { return nil }
    return noun
  }

  /// The number below 2^62 at an axis of the core, nil if none lies there.
  func integer(at axis: UInt64) -> Int? { natural(at: axis).flatMap { integer($0) } }

  /// An atom as a number below 2^62.
  func integer(_ atom: Word) -> Int? { atom.isDirect && atom.raw < 1 << 62 ? Int(atom.raw) : nil }

  /// How many bytes an atom takes up.
  func byteCount(_ atom: Word) throws(Fault) -> Int { try nursery.byteCount(atom) }

  /// The bytes of an atom where they lie, which is until the next operation on numbers. `slot` tells apart streams that
  /// are used together.
  func stream(_ atom: Word, count: Int, slot: Int = 0, reversed: Bool = false) throws(Fault) -> OctetStream {
    let limbs = try nursery.limbs(atom, slot: slot)
    return OctetStream(limbs.pointer, present: (limbs.bitLength + 7) / 8, count: count, reversed: reversed)
  }

  /// The length at an axis of a core, if it is one that may be worked through: not much above what is there.
  func length(_ atom: Word, of data: Word) throws(Fault) -> Int? {
    guard let count = integer(atom), try count <= max(byteCount(data), 1 << 24) else { return nil }
    return count
  }

  /// The fixed number of bytes of an atom, least significant first; nil if it has more.
  func octets<Octets: SIMD>(_ atom: Word, _ type: Octets.Type = Octets.self) throws(Fault) -> Octets?
  where Octets.Scalar == UInt8 {
    guard try byteCount(atom) <= Octets.scalarCount else { return nil }
    var result = Octets()
    let limbs = try nursery.limbs(atom, slot: 0)
    let count = (limbs.bitLength + 7) / 8
    withUnsafeMutableBytes(of: &result) { target in
      UnsafeMutableRawBufferPointer(rebasing: target[0..<count]).copyMemory(
        from: UnsafeRawBufferPointer(start: limbs.pointer, count: count))
    }
    return result
  }

  /// The fixed number of bytes of the atom at an axis; nil if there is none or it has more.
  func octets<Octets: SIMD>(at axis: UInt64, _ type: Octets.Type = Octets.self) throws(Fault) -> Octets?
  where Octets.Scalar == UInt8 {
    guard let atom = natural(at: axis) else { return nil }
    return try octets(atom, type)
  }

  /// The atom with these bytes.
  func natural<Octets: SIMD>(_ octets: Octets, count: Int? = nil) throws(Fault) -> Word
  where Octets.Scalar == UInt8 {
    try bytes(count: count ?? Octets.scalarCount) { target in
      withUnsafeBytes(of: octets) { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[0..<target.count])) }
    }
  }

  /// The atom with the `count` bytes that `body` writes, least significant first or, reversed, most significant first.
  /// Throws `.refused` when the system gives no memory for them.
  func bytes(
    count: Int, reversed: Bool = false, _ body: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(Fault) -> Word {
    try optionalBytes(count: count, reversed: reversed) {
      body($0)
      return true
    } ?? .zero
  }

  /// The same; nil when `body` gives up.
  func optionalBytes(
    count: Int, reversed: Bool = false, _ body: (UnsafeMutableRawBufferPointer) -> Bool
  ) throws(Fault) -> Word? {
    guard count <= max(0, nursery.freeBytes) else { throw .bytes }
    let memory = try ScratchBytes(count)
    defer { memory.free() }
    var bytes = memory.bytes
    guard body(bytes) else { return nil }
    if reversed { bytes.reverse() }
    return try nursery.natural(bytes: UnsafeRawBufferPointer(bytes))
  }
}

extension SIMD where Scalar == UInt8 {
  /// The bytes in the other order.
  var reversed: Self {
    var result = Self()
    for index in 0..<Self.scalarCount { result[index] = self[Self.scalarCount - 1 - index] }
    return result
  }
}
