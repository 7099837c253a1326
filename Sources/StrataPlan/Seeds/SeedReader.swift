// Reads seeds: files that hold one PLAN value as a table of naturals and a bit stream of applications.
//
//     u64 holes | u64 bigs | u64 words | u64 bytes | u64 fragments
//     bigs x u64 sizes in words | the bigs' words | words x u64 | bytes x u8 | bit stream of the fragments
//
// Every number is little-endian, bits come from the least significant end. A reference of w bits counts back from the
// newest entry of the table. A damaged file gives an error, never a crash.

import StrataMemory
import StrataNatural

/// Why a file is no seed.
public struct SeedFailure: Error, Equatable, Sendable {
  public enum Reason: String, Sendable {
    case tooShort = "the file ends too early"
    case tooManyHoles = "the file asks for more holes than a seed can use"
    case empty = "the seed holds no value"
    case badReference = "a reference leads outside the table"
    case badSize = "an application has an impossible number of arguments"
    case noMemory = "there is no memory for the seed's value"
  }
  public let reason: Reason
  /// Where reading stopped, in bits from the start of the file.
  public let bit: Int

  /// One sentence for people.
  public var explanation: String { "\(reason.rawValue) (byte \(bit / 8), bit \(bit % 8))" }
}

/// What a seed's header says.
public struct SeedCounts: Equatable, Sendable {
  public var holes = 0
  public var bigs = 0
  public var words = 0
  public var bytes = 0
  public var fragments = 0
}

/// Reads one seed into a machine.
struct SeedReader {
  private let bytes: UnsafeRawBufferPointer
  private let machine: PlanMachine
  private var position = 0
  private var table: [Word] = []
  private(set) var counts = SeedCounts()
  private static let mostHoles = 1 << 16

  init(_ bytes: UnsafeRawBufferPointer, machine: PlanMachine) {
    self.bytes = bytes
    self.machine = machine
  }

  private func failure(_ reason: SeedFailure.Reason) -> SeedFailure { SeedFailure(reason: reason, bit: position) }

  /// The header alone.
  static func counts(of bytes: UnsafeRawBufferPointer) throws(SeedFailure) -> SeedCounts {
    func field(_ index: Int) throws(SeedFailure) -> Int {
      guard bytes.count >= 8 * index + 8 else { throw SeedFailure(reason: .tooShort, bit: bytes.count * 8) }
      let value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
      guard value < 1 << 40 else { throw SeedFailure(reason: .tooShort, bit: index * 64) }
      return Int(value)
    }
    var counts = SeedCounts()
    counts.holes = try field(0)
    counts.bigs = try field(1)
    counts.words = try field(2)
    counts.bytes = try field(3)
    counts.fragments = try field(4)
    return counts
  }

  /// The seed's value: an unevaluated tree of applications. Nothing moves while it is built.
  mutating func read() throws(SeedFailure) -> Word {
    counts = try SeedReader.counts(of: bytes)
    position = 40 * 8
    guard counts.holes <= SeedReader.mostHoles else { throw failure(.tooManyHoles) }
    let engine = machine.engine
    for _ in 0..<counts.holes {
      do throws(PlanFailure) { table.append(try engine.makePin(.zero)) } catch { throw failure(.noMemory) }
    }
    try readNaturals()
    for _ in 0..<counts.fragments {
      let width = table.count <= 1 ? 0 : Int.bitWidth - (table.count - 1).leadingZeroBitCount
      table.append(try fragment(width))
    }
    guard let last = table.last else { throw failure(.empty) }
    return last
  }

  // MARK: Naturals

  private mutating func readNaturals() throws(SeedFailure) {
    let sizes = try words(counts.bigs)
    for size in sizes {
      guard size < 1 << 32, (bytes.count - position / 8) / 8 >= Int(size) else { throw failure(.tooShort) }
      try append(byteCount: Int(size) * 8)
    }
    for value in try words(counts.words) {
      do throws(Fault) {
        table.append(try machine.nursery.natural(value))
      } catch {
        throw failure(.noMemory)
      }
    }
    guard bytes.count - position / 8 >= counts.bytes else { throw failure(.tooShort) }
    for index in 0..<counts.bytes { table.append(Word(direct: UInt64(bytes[position / 8 + index]))) }
    position += counts.bytes * 8
  }

  private mutating func words(_ count: Int) throws(SeedFailure) -> [UInt64] {
    guard (bytes.count - position / 8) / 8 >= count else { throw failure(.tooShort) }
    let start = position / 8
    position += count * 64
    return (0..<count).map {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 8 * $0, as: UInt64.self))
    }
  }

  private mutating func append(byteCount: Int) throws(SeedFailure) {
    let start = position / 8
    do throws(Fault) {
      table.append(
        try machine.nursery.natural(bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<start + byteCount])))
    } catch {
      throw failure(.noMemory)
    }
    position += byteCount * 8
  }

  // MARK: Fragments

  private mutating func bit() throws(SeedFailure) -> Int {
    guard position < bytes.count * 8 else { throw failure(.tooShort) }
    let result = Int(bytes[position >> 3] >> UInt8(position & 7)) & 1
    position += 1
    return result
  }

  private mutating func bits(_ count: Int) throws(SeedFailure) -> Int {
    var result = 0
    for index in 0..<count { result |= try bit() << index }
    return result
  }

  private mutating func size() throws(SeedFailure) -> Int {
    var zeros = 0
    while try bit() == 0 {
      zeros += 1
      if zeros > 27 { throw failure(.badSize) }
    }
    if zeros == 0 { return 0 }
    return try bits(zeros - 1) | 1 << (zeros - 1)
  }

  private mutating func fragment(_ width: Int) throws(SeedFailure) -> Word {
    // Each open node has what has been applied so far, and how many arguments are missing.
    var open: [(function: Word, missing: Int)] = []
    while true {
      let count = try size()
      let reference = try bits(width)
      guard reference < table.count else { throw failure(.badReference) }
      let head = table[table.count - 1 - reference]
      var done = head
      if count > 0 {
        // Every argument takes at least one bit, so a larger count cannot be meant.
        guard count <= bytes.count * 8 - position else { throw failure(.badSize) }
        open.append((head, count))
        continue
      }
      while let last = open.popLast() {
        do throws(PlanFailure) {
          done = try machine.application(last.function, [done])
        } catch {
          throw failure(.noMemory)
        }
        if last.missing > 1 {
          open.append((done, last.missing - 1))
          break
        }
      }
      if open.isEmpty { return done }
    }
  }
}

extension PlanMachine {
  /// The unevaluated value of the seed in `bytes`. Valid until the next evaluation.
  public func load(seed bytes: [UInt8]) throws(SeedFailure) -> Word {
    // Typed throws do not pass through the closure that lends the bytes.
    let result = bytes.withUnsafeBytes { raw in
      var reader = SeedReader(raw, machine: self)
      do throws(SeedFailure) { return Result<Word, SeedFailure>.success(try reader.read()) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// What the header of the seed in `bytes` says.
  public static func counts(ofSeed bytes: [UInt8]) throws(SeedFailure) -> SeedCounts {
    let result = bytes.withUnsafeBytes { raw in
      do throws(SeedFailure) { return Result<SeedCounts, SeedFailure>.success(try SeedReader.counts(of: raw)) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
