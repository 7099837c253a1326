// `strata mug` from outside.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite struct MugTests {
  /// Jams and the mugs that other runtimes gave them.
  @Test(
    arguments: [
      ([0x02] as [UInt8], "79ff04e8"), ([0x0c], "715c2a60"), ([0x29], "192f5588"), ([0x31, 0x12], "6a36c1d9"),
      ([0xc5, 0x48, 0x34], "2f8d5f9f"), ([0x01, 0x26, 0, 0, 0, 0, 0x80, 0x4d, 0x4e, 0x02], "ab77382"),
    ])
  func printsTheDigitsAndNothingElse(bytes: [UInt8], mug: String) throws {
    let run = try StrataProcess(["mug"], input: Data(bytes))
    #expect(run.code == 0)
    #expect(run.text == "\(mug)\n")
    #expect(run.error.isEmpty)
    #expect(try StrataProcess(["mug", "-"], input: Data(bytes)).text == run.text)
  }

  @Test func readsFilesAndPrintsJSON() throws {
    let run = try StrataProcess(shell: "printf '\\x29' > file; strata mug --json file")
    let object = try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    #expect(object["mug"] as? String == "192f5588")
  }

  @Test(arguments: [[], [0x01], [0x00], [0x03, 0xFF], [0x80, 0, 0, 0], [0xc7], [0xFF, 0xFF]] as [[UInt8]])
  func badInputIsTwo(bytes: [UInt8]) throws {
    let run = try StrataProcess(["mug"], input: Data(bytes))
    #expect(run.code == 2)
    #expect(run.output.isEmpty)
    #expect(run.error.hasPrefix("strata mug: standard input: error: not a jam: "))
  }

  @Test func whatFollowsTheNounIsMentioned() throws {
    let run = try StrataProcess(["mug"], input: Data([0x29, 0, 0, 7]))
    #expect(run.code == 0)
    #expect(run.text == "192f5588\n")
    #expect(run.error.contains("byte 3"))
    #expect(try StrataProcess(["mug"], input: Data([0x29, 0, 0, 0])).error.isEmpty)
  }

  @Test func aBudgetIsThreeAndAMissingFileFour() throws {
    let deep = Data(repeating: 0b0101_0101, count: 200_000)
    #expect(try StrataProcess(["mug", "--memory", "64K"], input: deep).code == 3)
    let missing = try StrataProcess(["mug", "no-such-file"])
    #expect(missing.code == 4)
    #expect(missing.error == "strata mug: no-such-file: error: cannot open: No such file or directory\n")
  }

  @Test(arguments: ["0", "-1", "K", "1X", "99999999999999G", ""]) func sizesAreChecked(size: String) throws {
    #expect(try StrataProcess(["mug", "--memory=\(size)"], input: Data([0x29])).code == 1)
  }

  @Test func depthNeedsNoHostStack() throws {
    // A cell in a cell's head, two million deep, on a stack of 256 KiB: cells are bits 1 and 0, low bit first.
    let depth = 2_000_000
    var bytes = [UInt8](repeating: 0b0101_0101, count: depth / 4)
    // The innermost head and all tails are the atom 0: bits 0 and 1.
    bytes += [UInt8](repeating: 0b1010_1010, count: depth / 4) + [0b10]
    let run = try StrataProcess(shell: "ulimit -s 256; \"$STRATA\" mug", input: Data(bytes))
    #expect(run.code == 0, "\(run.error)")
    #expect(run.text.count > 1)
  }

  @Test(.enabled(if: !isSanitized, "a sanitizer takes memory of its own")) func runsInLittleAddressSpace() throws {
    let run = try StrataProcess(shell: "ulimit -v 200000; \"$STRATA\" mug", input: Data([0x29]))
    #expect(run.code == 0, "\(run.error)")
    #expect(run.text == "192f5588\n")
  }

  @Test(.enabled(if: !isSanitized, "a sanitizer takes memory of its own")) func theStartTakesLittleMemory() throws {
    // Once it waits for its input, nothing but the start-up has happened.
    let script = """
      exec 3> >(exec "$STRATA" mug > /dev/null); pid=$!
      until [ "$(cut -d ' ' -f 3 /proc/$pid/stat)" = S ] && grep -q strata /proc/$pid/comm; do :; done
      sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$pid/status
      printf '\\x29' >&3
      """
    let run = try StrataProcess(shell: script)
    let kilobytes = try #require(Int(run.text.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kilobytes < 15 * 1024)
  }
}
