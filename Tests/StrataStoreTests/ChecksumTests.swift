// CRC-32C against the vectors of RFC 3720, and the two implementations against each other.

import Testing

@testable import StrataStore

@Suite struct ChecksumTests {
  private func both(_ bytes: [UInt8]) -> [UInt32] {
    bytes.withUnsafeBytes { [Checksum.of($0), Checksum.portable(of: $0)] }
  }

  @Test func publishedVectors() {
    #expect(both([]) == [0, 0])
    #expect(both(Array("123456789".utf8)) == [0xE306_9283, 0xE306_9283])
    #expect(both([UInt8](repeating: 0, count: 32)) == [0x8A91_36AA, 0x8A91_36AA])
    #expect(both([UInt8](repeating: 0xFF, count: 32)) == [0x62A8_AB43, 0x62A8_AB43])
    #expect(both(Array(0..<32)) == [0x46DD_794E, 0x46DD_794E])
    #expect(both(Array((0..<32).reversed())) == [0x113F_DB5C, 0x113F_DB5C])
    let command: [UInt8] =
      [0x01, 0xC0, 0, 0] + [UInt8](repeating: 0, count: 12) + [0x14, 0, 0, 0, 0, 0, 0x04, 0]
      + [0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0]
    #expect(both(command) == [0xD996_3A56, 0xD996_3A56])
  }

  @Test func instructionAndTablesAgree() {
    var random = SeededRandom(seed: 41)
    for length in 0..<200 {
      let bytes = (0..<length + 8).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      for start in 0..<8 {
        bytes.withUnsafeBytes { all in
          let part = UnsafeRawBufferPointer(rebasing: all[start..<start + length])
          #expect(Checksum.of(part) == Checksum.portable(of: part))
        }
      }
    }
  }

  @Test func piecesGiveTheSameAsTheWhole() {
    var checksum = Checksum()
    Array("1234".utf8).withUnsafeBytes { checksum.feed($0) }
    Array("56789".utf8).withUnsafeBytes { checksum.feed($0) }
    #expect(checksum.value == 0xE306_9283)
    var words = Checksum()
    words.feed(0x0706_0504_0302_0100)
    #expect(words.value == both(Array(0..<8))[0])
  }
}
