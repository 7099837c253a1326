// Damage to a store on a simulated disk, for tests that must find it.

import Testing

@testable import StrataStore

/// Writes bytes where others are.
func overwrite(_ file: any DiskFile, at offset: Int, _ bytes: [UInt8]) throws {
  let failure: DiskFailure? = bytes.withUnsafeBytes { bytes in
    do throws(DiskFailure) { try file.write(bytes, at: offset) } catch { return error }
    return nil
  }
  if let failure { throw failure }
}

extension SimulatedDisk {
  /// Damages `d/store` somewhere behind its superblocks, which have checks of their own: by rounds in turn a flipped bit, a
  /// sector of zeros, and a sector from elsewhere in the file. Gives where.
  func damageStore(_ round: Int, _ random: inout SeededRandom) throws -> Int {
    let file = try open("d/store", .readWrite)
    let size = try file.size()
    let offset = 2 * 4096 + random.below(size - 3 * 4096)
    switch round % 3 {
    case 0: #expect(flip(bit: offset * 8 + random.below(8), of: "d/store"))
    case 1: try overwrite(file, at: offset & ~511, [UInt8](repeating: 0, count: 512))
    default:
      var content = [UInt8](repeating: 0, count: 512)
      try content.withUnsafeMutableBytes { try file.readFully(at: random.below(size / 512) * 512, into: $0) }
      try overwrite(file, at: offset & ~511, content)
    }
    return offset
  }
}
