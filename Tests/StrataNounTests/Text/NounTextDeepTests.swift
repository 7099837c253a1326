// Nouns deep to the left and to the right pass through the reader and both writers on a small stack.

import Glibc
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataNoun

@Suite(.serialized) struct NounTextDeepTests {
  @Test(arguments: [true, false])
  func deepNounsNeedNoHostStack(isLeft: Bool) throws {
    try onStack {
      var options = LoomOptions()
      options.reservationBytes = 64 << 30
      let loom = try Loom(options)
      let nursery = loom.nursery
      var noun = Word.one
      for level in 0..<deepLevels {
        let other = Word(direct: UInt64(level & 7))
        noun = try isLeft ? nursery.cell(noun, other) : nursery.cell(other, noun)
      }
      var sink = try TextSink()
      try NounText.write(noun, in: nursery, to: &sink)
      #expect(sink.total > deepLevels * 2)
      let again = try NounText.read(sink.bytes, into: nursery)
      #expect(try nursery.equal(noun, again))
      sink.removeAll()
      try NounText.show(noun, in: nursery, .complete(), to: &sink)
      let shown = try NounText.read(sink.bytes, into: nursery)
      #expect(try nursery.equal(noun, shown))
      sink.removeAll()
      #expect(try !NounText.show(noun, in: nursery, .brief(bytes: 100), to: &sink) || !isLeft)
      #expect(sink.total <= 1 << 14)
    }
  }

  @Test func bracketsDeepInTheTextNeedNoHostStack() throws {
    try onStack {
      let loom = try Loom()
      // To the right with all brackets written, and brackets that are never closed.
      var text: [UInt8] = []
      for _ in 0..<deepLevels { text += [UInt8(ascii: "["), UInt8(ascii: "1"), UInt8(ascii: " ")] }
      do throws(NounTextError) {
        _ = try NounText.read(text, into: loom.nursery)
        Issue.record("brackets without end were read")
      } catch {
        #expect(error == NounTextError(.unclosedBracket, at: deepLevels * 3 - 3..<deepLevels * 3 - 2))
      }
      text.append(UInt8(ascii: "2"))
      text += [UInt8](repeating: UInt8(ascii: "]"), count: deepLevels)
      let noun = try NounText.read(text, into: loom.nursery)
      #expect(loom.nursery.head(noun) == .one)
    }
  }

  @Test func aDeepNounIsWrittenToAFileWithLittleMemory() throws {
    let loom = try Loom()
    var noun = Word.one
    for _ in 0..<deepLevels { noun = try loom.nursery.cell(.one, noun) }
    let file = try #require(tmpfile())
    defer { fclose(file) }
    let before = loom.nursery.usedBytes
    var sink = try TextSink(descriptor: fileno(file))
    try NounText.write(noun, in: loom.nursery, to: &sink)
    try sink.finish()
    #expect(sink.total == 2 * deepLevels + 3)
    #expect(sink.bytes.count == 0)
    #expect(loom.nursery.usedBytes == before)
  }
}
