// What a reservation promises about its size and what it does to its surroundings.

import Testing

@testable import StrataMemory

@Suite struct ReservationTests {
  /// A range smaller than a huge page keeps its size, whatever address the system chose, and unmaps nothing else.
  @Test func smallRangesKeepTheirSize() throws {
    for pages in [1, 2, 3, 100, 511, 512, 513, 700] {
      let bytes = pages * Reservation.pageBytes
      var range = try Reservation(byteCount: bytes, leastBytes: bytes)
      #expect(range.byteCount == bytes)
      try range.commit(from: 0, count: bytes)
      range.base.storeBytes(of: 7, toByteOffset: bytes - 8, as: UInt64.self)
      #expect(range.base.load(fromByteOffset: bytes - 8, as: UInt64.self) == 7)
    }
  }

  @Test func largeRangesBeginOnAHugePage() throws {
    let range = try Reservation(byteCount: 64 << 20, leastBytes: 1 << 20)
    #expect(Int(bitPattern: range.base) % Reservation.hugePageBytes == 0)
    #expect(range.byteCount > 61 << 20)
  }

  @Test func refusesWhatLiesOutside() throws {
    var range = try Reservation(byteCount: 1 << 20, leastBytes: 1 << 20)
    #expect(throws: Fault.refused) { try range.commit(from: 0, count: 2 << 20) }
    #expect(throws: Fault.refused) { try range.commit(from: range.byteCount, count: Reservation.pageBytes) }
  }
}
