// Buffers: naturals that a program makes, and whose bytes it and the system may then change in place.
//
// A buffer lies in the commons and has an address, a number of the program's own world: the first is 2^20, and each next one
// lies behind the one before with a gap. An address leads to the bytes of a buffer below its marker, its highest byte,
// and nowhere else; so no program reads or writes what it has not made, and equal runs see equal addresses.

import StrataMemory
import StrataNatural

/// The buffers of one machine.
struct Buffers {
  private struct Buffer {
    let address: UInt64
    let natural: Word
    let byteCount: Int
  }

  /// In rising order of address.
  private var buffers: [Buffer] = []
  /// Addresses by the natural's offset.
  private var addresses: [Int: UInt64] = [:]
  private var next: UInt64 = 1 << 20

  /// Gives a natural of the commons, whose lowest `byteCount` bytes may be changed, an address.
  mutating func add(_ natural: Word, byteCount: Int) {
    buffers.append(Buffer(address: next, natural: natural, byteCount: byteCount))
    addresses[natural.offset] = next
    // A page of nothing behind each, so that running over the end is noticed.
    next += (UInt64(byteCount) + 8191) & ~4095
  }

  var isEmpty: Bool { buffers.isEmpty }

  /// The address of a buffer; nil for any other value.
  func address(of word: Word) -> UInt64? { word.isIndirect ? addresses[word.offset] : nil }

  /// Where `count` bytes from `address` on lie: the buffer and the first of them. Nil when they are not all in one.
  func place(_ address: UInt64, count: UInt64) -> (natural: Word, start: Int)? {
    var low = 0
    var high = buffers.count
    while low < high {
      let middle = (low + high) / 2
      if buffers[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let buffer = buffers[low - 1]
    let start = address - buffer.address
    guard start <= UInt64(buffer.byteCount), count <= UInt64(buffer.byteCount) - start else { return nil }
    return (buffer.natural, Int(start))
  }
}

extension Engine {
  /// A natural of `size` zero bytes below a marker byte 1. With the grant it is a buffer that has an address.
  func makeBuffer(_ size: Word) throws(PlanFailure) -> UInt64 {
    guard size.isDirect else { throw .crash(.bufferTooLarge) }
    let natural = try faulting { () throws(Fault) -> Word in
      guard size.raw < 1 << 40 else { throw .size }
      return try nursery.shiftLeft(.one, by: Word(direct: size.raw * 8))
    }
    guard registers.pointee.grants.contains(PlanGrants(.memory)), natural.isIndirect else { return natural.raw }
    return try owner.takeUnretainedValue().addBuffer(natural, byteCount: Int(size.raw)).raw
  }

  /// The bytes at an address of the program's.
  func memory(_ address: UInt64, count: UInt64) throws(PlanFailure) -> UnsafeMutableRawBufferPointer {
    guard let place = owner._withUnsafeGuaranteedRef({ $0.buffers.place(address, count: count) }) else {
      throw .crash(.badBuffer)
    }
    let bytes = UnsafeMutableRawPointer(base + place.natural.offset + 1) + place.start
    return UnsafeMutableRawBufferPointer(start: bytes, count: Int(count))
  }

  /// The bytes at the sum of an address and an offset, which are naturals of any size.
  private func memory(
    _ address: UInt64, _ offset: UInt64, _ count: UInt64
  ) throws(PlanFailure) -> UnsafeMutableRawBufferPointer {
    let sum = address.addingReportingOverflow(offset)
    guard Word(raw: address).isDirect, Word(raw: offset).isDirect, Word(raw: count).isDirect, !sum.overflow else {
      throw .crash(.badBuffer)
    }
    return try memory(sum.partialValue, count: count)
  }

  /// Operands: address, offset, count. The bytes as a natural, with a byte 1 above them.
  func peek(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    try demand(.memory)
    let bytes = try memory(operands[0], operands[1], operands[2])
    return try faulting { () throws(Fault) -> Word in try nursery.natural(bytes: [UInt8](bytes) + [1]) }.raw
  }

  /// Operands: address, natural, offset, count. The natural's lowest bytes, zeros above its top.
  func poke(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    try demand(.memory)
    let target = try memory(operands[0], operands[2], operands[3])
    let value = Word(raw: operands[1])
    try faulting { () throws(Fault) in
      // By way of a copy: the natural may be the buffer itself.
      let bytes = try nursery.bytes(of: value).prefix(target.count)
      target.copyBytes(from: bytes)
      for index in bytes.count..<target.count { target[index] = 0 }
    }
    return 0
  }
}

extension Nursery {
  /// A copy of a natural in memory.
  func duplicate(natural: Word) throws(Fault) -> Word {
    let size = header(natural).size
    let offset = try allocate(.natural, size: size)
    (base + offset + 1).update(from: base + natural.offset + 1, count: size)
    return natural.moved(to: offset)
  }
}

extension PlanMachine {
  /// Moves a natural to the commons and gives it an address.
  func addBuffer(_ natural: Word, byteCount: Int) throws(PlanFailure) -> Word {
    let fixed = try copyToCommonsWhileRunning(natural)
    buffers.add(fixed, byteCount: byteCount)
    return fixed
  }
}
