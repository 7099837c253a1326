// Jam: a noun as a string of bits, canonical whatever the noun shares in memory.
//
//     atom       0, then its length-prefixed bits
//     cell       1 0, then head, then tail
//     reference  1 1, then the length-prefixed position of the first occurrence
//
// A repeated cell is always a reference; a repeated atom only where its bits outnumber those of the position. So an
// atom that is not worth a reference where it first stands never will be later, and stays out of the table.

import StrataMemory
import StrataNatural

/// A string of bits being written, least significant first, into memory of its own.
public struct BitWriter: ~Copyable {
  private var limbs: Buffer<UInt64>
  private var pending: UInt64 = 0
  private var pendingBits = 0

  public init(capacityBytes: Int = 512) throws(Fault) {
    limbs = try Buffer(capacity: max(1, capacityBytes / 8))
  }

  /// How many bits have been written.
  @inline(__always)
  public var bitCount: Int { limbs.count &* 64 &+ pendingBits }

  /// Appends the low `count` bits of `bits`, at most 64; the bits above them must be zero.
  @inline(__always)
  public mutating func write(_ bits: UInt64, _ count: Int) throws(Fault) {
    pending |= bits &<< UInt64(pendingBits)
    let total = pendingBits &+ count
    if total >= 64 {
      try limbs.append(pending)
      pending = pendingBits == 0 ? 0 : bits &>> UInt64(64 &- pendingBits)
      pendingBits = total &- 64
    } else {
      pendingBits = total
    }
  }

  /// Appends the low `bitCount` bits of a run of limbs.
  mutating func write(_ source: UnsafePointer<UInt64>, bitCount: Int) throws(Fault) {
    let whole = bitCount / 64
    try limbs.reserve(limbs.count + whole + 2)
    for index in 0..<whole { try write(source[index], 64) }
    let rest = bitCount % 64
    if rest > 0 { try write(source[whole] & ((1 &<< UInt64(rest)) &- 1), rest) }
  }

  /// Appends the low `tagBits` (at most 2) bits of `tag`, then a value below 2^63 in the length-prefixed form.
  @inline(__always)
  mutating func writePrefixed(_ value: UInt64, tag: UInt64, _ tagBits: Int) throws(Fault) {
    if value == 0 { return try write(tag | 1 &<< UInt64(tagBits), tagBits &+ 1) }
    let length = 64 &- value.leadingZeroBitCount
    if length > 48 {
      try write(tag, tagBits)
      try writeLength(length)
      return try write(value, length)
    }
    // Tag, length prefix and value together fit one word, which spares the writes in between.
    let lengthBits = 64 &- length.leadingZeroBitCount
    let rest = UInt64(length) & ((1 &<< UInt64(lengthBits &- 1)) &- 1)
    let prefix = 1 &<< UInt64(lengthBits) | rest &<< UInt64(lengthBits &+ 1)
    try write(
      tag | (prefix | value &<< UInt64(lengthBits &* 2)) &<< UInt64(tagBits), tagBits &+ lengthBits &* 2 &+ length)
  }

  /// Appends the prefix that announces `length` (not 0) bits.
  @inline(__always)
  mutating func writeLength(_ length: Int) throws(Fault) {
    let lengthBits = 64 - UInt64(length).leadingZeroBitCount
    let rest = UInt64(length) & ((1 &<< UInt64(lengthBits - 1)) &- 1)
    // The zeros and the one that ends them, then the length without its leading one: at most 127 bits.
    try write(1 &<< UInt64(lengthBits), lengthBits + 1)
    try write(rest, lengthBits - 1)
  }

  /// Pads with zero bits to a whole limb, and gives the bits as limbs and as bytes.
  public mutating func finish<Result>(
    _ body: (_ limbs: UnsafeMutablePointer<UInt64>, _ bitCount: Int) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    let bits = bitCount
    if pendingBits > 0 {
      try limbs.append(pending)
      pending = 0
      pendingBits = 0
    }
    return try body(limbs.base, bits)
  }
}

/// Where nouns were first written, by value: atoms, and cells that may have equals elsewhere in memory.
struct PositionTable: ~Copyable {
  private struct Entry: BitwiseCopyable {
    var noun: UInt64
    var position: UInt64
    var hash: UInt32
    /// The number of the next entry in the bucket, or 0.
    var next: UInt32
  }

  /// From a direct atom to its position + 1.
  private var directAtoms = WordTable()
  /// The other nouns in the order in which they were met; number n is at n - 1.
  private var entries: Buffer<Entry>
  /// The newest entry of each bucket, or 0.
  private var buckets: Buffer<UInt32>
  private var bucketMask: UInt32
  /// One bit for each atom length, up to 64, of which an atom is recorded.
  private var atomLengths: UInt64 = 0

  /// How many pairs of cells may still be compared. Mugs of 31 bits repeat in long regular nouns, and equal parts that
  /// lie apart in memory may be met again and again; when that costs more than the noun's size warrants, the caller
  /// takes the way that compares nothing.
  private(set) var steps = 1 << 16
  /// Whether the comparisons have cost more than that.
  private(set) var isExhausted = false

  init() throws(Fault) {
    let entries = try Buffer<Entry>(capacity: 1 << 6)
    let buckets = try Buffer<UInt32>(capacity: 1 << 6)
    self.entries = entries
    self.buckets = buckets
    bucketMask = (1 << 6) - 1
  }

  deinit {
    var owned = directAtoms
    owned.free()
  }

  /// The position of `noun`'s first occurrence; nil, and now recorded at `position` if there is one, if this is it.
  @inline(never)
  mutating func position(of noun: Word, orRecord position: Int?, in nursery: Nursery) throws(Fault) -> Int? {
    let hash = try nursery.mug(noun)
    var number = buckets.base[Int(hash & bucketMask)]
    while number != 0 {
      let entry = entries.base[Int(number) &- 1]
      if entry.hash == hash {
        switch try nursery.equal(Word(raw: entry.noun), noun, within: &steps) {
        case true?: return Int(entry.position)
        case false?: steps &-= 16
        case nil: steps = 0
        }
        if steps <= 0 {
          isExhausted = true
          return nil
        }
      }
      number = entry.next
    }
    guard let position else { return nil }
    if entries.count > bucketMask { try grow() }
    steps &+= 4
    let bucket = Int(hash & bucketMask)
    try entries.append(
      Entry(
        noun: noun.raw, position: UInt64(truncatingIfNeeded: position), hash: hash, next: buckets.base[bucket]))
    buckets.base[bucket] = UInt32(truncatingIfNeeded: entries.count)
    return nil
  }

  @inline(never)
  private mutating func grow() throws(Fault) {
    guard entries.count < 1 << 28 else { throw .size }
    let larger = (Int(bucketMask) + 1) * 4
    let fresh = try Buffer<UInt32>(capacity: larger)
    let mask = UInt32(larger - 1)
    for index in 0..<entries.count {
      let bucket = Int(entries.base[index].hash & mask)
      entries.base[index].next = fresh.base[bucket]
      fresh.base[bucket] = UInt32(index + 1)
    }
    buckets = fresh
    bucketMask = mask
  }

  /// The position of an atom's first occurrence where a reference to it is shorter; nil if the atom itself
  /// is to be written. It is recorded only if a reference to `position` would ever be shorter.
  @inline(__always)
  mutating func position(
    ofAtom atom: Word, length: Int, at position: Int, in nursery: Nursery
  ) throws(Fault) -> Int? {
    let bit: UInt64 = 1 &<< UInt64(min(length, 63))
    let isWorthIt = length > 64 - UInt64(position).leadingZeroBitCount
    if !isWorthIt, atomLengths & bit == 0 { return nil }
    if isWorthIt { atomLengths |= bit }
    guard atom.isDirect else { return try self.position(of: atom, orRecord: isWorthIt ? position : nil, in: nursery) }
    if let known = directAtoms.value(of: atom.raw) { return Int(known) - 1 }
    if isWorthIt { try directAtoms.set(atom.raw, to: UInt64(position) + 1) }
    return nil
  }
}

extension Nursery {
  /// Writes the noun's jam. Throws when memory is refused, or `.size` beyond 2^40 bits.
  public func jam(_ noun: Word) throws(Fault) -> BitWriter {
    if let writer = try jamByMug(noun) { return writer }
    return try jamByNumber(noun)
  }

  /// The jam, by looking nouns up by their mugs; nil when too many of them look alike.
  private func jamByMug(_ noun: Word) throws(Fault) -> BitWriter? {
    var cells = try RepeatedCells.of(noun, in: self)
    var writer = try BitWriter()
    var positions = try PositionTable()
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    var noun = noun
    var turns = 0
    while true {
      try stopSometimes(&turns)
      let position = writer.bitCount
      guard position < 1 << 40 else { throw .size }
      if noun.isCell {
        if let known = try cells.position(of: noun, orRecord: position, &positions, in: self) {
          try writer.writePrefixed(UInt64(known), tag: 0b11, 2)
        } else {
          if positions.isExhausted { return nil }
          try writer.write(0b01, 2)
          try push(tail(noun))
          noun = head(noun)
          continue
        }
      } else {
        try jamAtom(noun, position, &writer, &positions)
      }
      if state.pointee.stackTop == bottom { return writer }
      noun = Word(raw: base[state.pointee.stackTop &- 1])
      state.pointee.stackTop &-= 1
    }
  }

  /// The jam, by numbering the distinct values first: linear in the distinct cells whatever they look like.
  func jamByNumber(_ noun: Word) throws(Fault) -> BitWriter {
    var numbers = NumberTable()
    defer { numbers.free() }
    try numbers.number(noun, in: self)
    var positions = try Buffer<UInt64>(capacity: numbers.count)
    // Positions are kept plus one; 0 is a value that has not been met.
    for _ in 0..<numbers.count { try positions.append(0) }
    var writer = try BitWriter()
    let bottom = state.pointee.stackTop
    defer { state.pointee.stackTop = bottom }
    var noun = noun
    var turns = 0
    while true {
      try stopSometimes(&turns)
      let position = writer.bitCount
      guard position < 1 << 40 else { throw .size }
      guard let number = numbers.known(noun, in: self) else { throw .exit }
      let first = positions.base[number]
      if first == 0 { positions.base[number] = UInt64(position) + 1 }
      let length = try noun.isCell ? Int.max : bitLength(noun)
      if first != 0, length > 64 - (first - 1).leadingZeroBitCount {
        try writer.writePrefixed(first - 1, tag: 0b11, 2)
      } else if noun.isCell {
        try writer.write(0b01, 2)
        try push(tail(noun))
        noun = head(noun)
        continue
      } else {
        try writeAtom(noun, length, &writer)
      }
      if state.pointee.stackTop == bottom { return writer }
      noun = pop()
    }
  }

  private func writeAtom(_ atom: Word, _ length: Int, _ writer: inout BitWriter) throws(Fault) {
    if atom.isDirect { return try writer.writePrefixed(atom.raw, tag: 0, 1) }
    try writer.write(0, 1)
    try writer.writeLength(length)
    try writer.write(UnsafePointer(base + atom.offset + 1), bitCount: length)
  }

  @inline(__always)
  private func jamAtom(
    _ atom: Word, _ position: Int, _ writer: inout BitWriter, _ positions: inout PositionTable
  ) throws(Fault) {
    if atom.isDirect {
      let length = 64 - atom.raw.leadingZeroBitCount
      if let known = try positions.position(ofAtom: atom, length: length, at: position, in: self) {
        return try writer.writePrefixed(UInt64(known), tag: 0b11, 2)
      }
      return try writer.writePrefixed(atom.raw, tag: 0, 1)
    }
    guard atom.isIndirect else { throw .exit }
    let size = header(atom).size
    let length = size * 64 - base[atom.offset + size].leadingZeroBitCount
    if let known = try positions.position(ofAtom: atom, length: length, at: position, in: self) {
      return try writer.writePrefixed(UInt64(known), tag: 0b11, 2)
    }
    try writeAtom(atom, length, &writer)
  }
}
