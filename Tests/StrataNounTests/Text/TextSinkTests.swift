// What goes into a sink comes out, in order, in memory and in files; failures of the system are reported.

import Glibc
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

@Suite struct TextSinkTests {
  @Test func aFileReceivesEverythingInOrder() throws {
    let file = try #require(tmpfile())
    defer { fclose(file) }
    var expected: [UInt8] = []
    var random = Random(seed: 13)
    var sink = try TextSink(descriptor: fileno(file))
    while expected.count < 5 * TextSink.blockBytes {
      switch random.below(3) {
      case 0:
        let bytes = (0..<random.below(random.below(10) == 0 ? 200_000 : 100)).map { _ in
          UInt8(truncatingIfNeeded: random.next())
        }
        try bytes.withUnsafeBufferPointer { (buffer) throws(NounText.WriteError) in try sink.append(buffer) }
        expected += bytes
      case 1:
        try sink.append(7, count: 1000)
        expected += [UInt8](repeating: 7, count: 1000)
      default:
        try sink.append(9)
        expected.append(9)
      }
      #expect(sink.total == expected.count)
    }
    try sink.finish()
    try #require(fseek(file, 0, SEEK_SET) == 0)
    var found = [UInt8](repeating: 0, count: expected.count + 1)
    #expect(fread(&found, 1, found.count, file) == expected.count)
    #expect(Array(found.dropLast()) == expected)
  }

  @Test func memoryGrows() throws {
    var sink = try TextSink()
    for index in 0..<10_000 { try sink.append(UInt8(truncatingIfNeeded: index)) }
    #expect(Array(sink.bytes) == (0..<10_000).map { UInt8(truncatingIfNeeded: $0) })
    sink.removeAll()
    try sink.append("text")
    #expect(sink.text == "text")
  }

  @Test func aClosedFileIsReported() throws {
    var sink = try TextSink(descriptor: 1 << 20)
    try sink.append("text")
    do {
      try sink.finish()
      Issue.record("a write to no file succeeded")
    } catch {
      #expect(error == .system(EBADF))
    }
  }
}
