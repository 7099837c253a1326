// `strata cue`, `show` and the text side of `jam`, from outside.

import Foundation
import Testing

@testable import strata

@Suite struct CueTests {
  /// Texts in their one complete form, and their jams as other runtimes write them.
  static let pairs: [(text: String, jam: [UInt8])] = [
    ("0", [0x02]), ("1", [0x0c]), ("[1 2]", [0x31, 0x12]), ("[[1 2] 3]", [0xc5, 0x48, 0x34]),
    ("[1 2 3 0]", [0x71, 0xc8, 0xd0, 0x02]), ("[[1 2] [1 2] [1 2] 0]", [0xc5, 0xc8, 0x26, 0x9b, 0x14]),
    ("4.294.967.296", [0x80, 0x01, 0, 0, 0, 0x20]),
  ]

  @Test(arguments: pairs) func textAndJamAreTheSameNoun(text: String, jam: [UInt8]) throws {
    let cue = try StrataProcess(["cue"], input: Data(jam))
    #expect(cue.code == 0)
    #expect(cue.text == text + "\n")
    let back = try StrataProcess(["jam"], input: Data(cue.text.utf8))
    #expect(back.code == 0)
    #expect(back.output == Data(jam))
  }

  @Test func everyWayToWriteTextIsRead() throws {
    let noun = try StrataProcess(["jam"], input: Data("[0xff 'ab' %ab ~ 0b11] :: and so on\n".utf8))
    #expect(try StrataProcess(["cue"], input: noun.output).text == "[255 25.185 25.185 0 3]\n")
  }

  @Test func mistakesAreShownWhereTheyAre() throws {
    let run = try StrataProcess(["jam"], input: Data("[1 2\n [3 0xzz]]\n".utf8))
    #expect(run.code == 2)
    #expect(run.output.isEmpty)
    #expect(run.error.hasPrefix("strata jam: standard input:2:"))
    #expect(run.error.contains("[3 0xzz]]\n"))
    #expect(run.error.contains("^"))
  }

  @Test func missingBracketsAreMistakes() throws {
    for text in ["", "[1", "[1 2]]", "1 2", "[1 '"] {
      let run = try StrataProcess(["jam"], input: Data(text.utf8))
      #expect(run.code == 2, "\(text)")
      #expect(!run.error.isEmpty)
    }
  }

  @Test func aReaderThatGoesAwayEndsTheTextQuietly() throws {
    // 64 cells that stand for 2^64 leaves: more text than anybody will ever read.
    var bits: [UInt8] = []
    // [0 0] first, at the position after all the cells around it, then references to what was just completed.
    let depth = 30
    for _ in 0..<depth { bits += [1, 0] }
    bits += [0, 1, 0, 1]
    for level in (0..<depth - 1).reversed() {
      let position = 2 * (level + 1)
      let length = Int.bitWidth - position.leadingZeroBitCount
      let lengthBits = Int.bitWidth - length.leadingZeroBitCount
      bits += [1, 1] + [UInt8](repeating: 0, count: lengthBits) + [1]
      bits += (0..<lengthBits - 1).map { UInt8(length >> $0 & 1) } + (0..<length).map { UInt8(position >> $0 & 1) }
    }
    var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
    for (index, bit) in bits.enumerated() { bytes[index / 8] |= bit << UInt8(index % 8) }
    let run = try StrataProcess(
      shell: "\"$STRATA\" cue | head -c 1000; exit ${PIPESTATUS[0]}", input: Data(bytes))
    #expect(run.code == 0)
    #expect(run.output.count == 1000)
    #expect(run.error.isEmpty)
    let shown = try StrataProcess(["show", "--limit", "200"], input: Data(bytes))
    #expect(shown.code == 0)
    #expect(shown.output.count <= 202)
    #expect(shown.text.contains("..."))
  }

  @Test func showLeavesOutWhatItIsTold() throws {
    let list = Data("[1 2 3 4 5 6 7 8 [9 [10 [11 12] 0] 0]]".utf8)
    let run = try StrataProcess(["show", "--text", "--elements", "4", "--depth=1"], input: list)
    #expect(run.code == 0)
    #expect(run.text.contains("..."))
    #expect(!run.text.contains("7"))
    #expect(try StrataProcess(["show", "--text"], input: Data("[%abc 1]".utf8)).text == "[%abc 1]\n")
    #expect(try StrataProcess(["show", "-t", "-n"], input: Data("'ab'".utf8)).text == "25.185\n")
  }

  @Test func filesAreWritten() throws {
    let run = try StrataProcess(shell: "strata cue -o file; cat file", input: Data([0x29]))
    #expect(run.text == "[0 0]\n")
    #expect(try StrataProcess(["cue", "-o", "/dev/full"], input: Data([0x29])).code == 4)
  }

  @Test func depthNeedsNoHostStack() throws {
    let depth = 20_000
    let text = String(repeating: "[", count: depth) + "0" + String(repeating: " 0]", count: depth)
    let script = "ulimit -s 256; \"$STRATA\" jam | \"$STRATA\" cue | tail -c 8"
    let run = try StrataProcess(shell: script, input: Data(text.utf8))
    #expect(run.text == "0] 0] 0]\n".suffix(8))
    #expect(run.error.isEmpty)
  }
}
