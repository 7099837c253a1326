// `strata nock` from outside.

import Foundation
import Testing

@testable import strata

@Suite struct NockTests {
  private func object(_ run: StrataProcess) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
  }

  @Test func runsTextInAnyPlace() throws {
    #expect(try StrataProcess(["nock", "[41 4 0 1]"]).text == "42\n")
    #expect(try StrataProcess(["nock", "--subject", "41", "[4 0 1]"]).text == "42\n")
    #expect(try StrataProcess(["nock"], input: Data(":: a comment\n[[1 2] 0 3]".utf8)).text == "2\n")
    #expect(try StrataProcess(["nock", "-"], input: Data("\t[0 1 [1 2 3]]".utf8)).text == "[1 2 3]\n")
  }

  @Test func printsTheMugOnly() throws {
    #expect(try StrataProcess(["nock", "[0 1 0]", "--mug"]).text == "79ff04e8\n")
  }

  @Test func reportsAsJSON() throws {
    let good = try object(try StrataProcess(["nock", "[0 1 0]", "--json"]))
    #expect(good["mug"] as? String == "79ff04e8")
    #expect(good["steps"] as? Int == 0)
    #expect(good["cpu_ms"] is Double && (good["peak_bytes"] as? Int ?? 0) > 0)
    let run = try StrataProcess(["nock", "[0 11 [%mean 1 'why'] 0 0]", "--json"])
    #expect(run.code == 2 && run.error.isEmpty)
    let bad = try object(run)
    #expect(bad["mote"] as? String == "exit")
    #expect(bad["trace"] as? [String] == ["why"])
  }

  @Test(
    arguments: [
      (["--steps", "5"], "steps"), (["--time", "0.05"], "alrm"), (["--depth", "500"], "over"),
      (["--memory", "1M"], "meme"),
    ])
  func limitsEndWithTheirMotes(options: [String], mote: String) throws {
    let program = mote == "alrm" || mote == "steps" ? "[[2 [0 1] 0 1] 2 [0 1] 0 1]" : "[[4 2 [0 1] 0 1] 2 [0 1] 0 1]"
    let limited = try StrataProcess(["nock", program, "--json"] + options)
    #expect(limited.code == 3)
    #expect(try object(limited)["mote"] as? String == mote)
  }

  @Test func badInputIsTwoWithAPlace() throws {
    let run = try StrataProcess(["nock", "[0 1"])
    #expect(run.code == 2)
    #expect(run.error.contains("expression:1:1") && run.error.contains("^"))
    #expect(try StrataProcess(["nock", "7"]).code == 4)
    #expect(try StrataProcess(["nock"], input: Data("7".utf8)).code == 2)
    #expect(try StrataProcess(["nock", "[0 1 0]", "--steps", "x"]).code == 1)
    #expect(try StrataProcess(["nock", "[0 1 0]", "--time", "0"]).code == 1)
  }

  @Test func anInterruptionIsThree() throws {
    let script = """
      env --default-signal=INT "$STRATA" nock '[[2 [0 1] 0 1] 2 [0 1] 0 1]' --json --time 20 & pid=$!
      # Until it catches the signal, whose number is 2.
      wait_for 'grep -q "^SigCgt:.*[2367abef]$" /proc/$pid/status'
      kill -INT $pid; wait $pid; echo "code $?"
      """
    // Who started the tests may ignore interruptions, and so would everything below.
    let run = try StrataProcess(shell: "set -m; " + script)
    #expect(run.text.contains("\"mote\":\"intr\""))
    #expect(run.text.contains("code 3"))
  }

  @Test func writesTheProductAsAJam() throws {
    let run = try StrataProcess(
      shell:
        "\"$STRATA\" nock '[0 1 [1 1]]' -o - | \"$STRATA\" nock --subject 0 --listing; \"$STRATA\" nock '[0 1 [0 1 5]]' -o - | \"$STRATA\" nock"
    )
    #expect(run.text.hasSuffix("5\n"))
  }

  @Test func watchesRuns() throws {
    let loop = "[[1.000 0] 8 [1 6 [5 [0 6] 0 7] [1 0] 4 2 [[0 2] [0 6] 4 0 7] 0 2] 2 [0 1] 0 2]"
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("strata-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (form, start) in [("svg", "<?xml"), ("json", "{\"displayTimeUnit\""), ("folded", "")] {
      let file = folder.appendingPathComponent("profile.\(form)")
      let run = try StrataProcess(["nock", loop, "--count", "--profile", file.path])
      #expect(run.text == "1.000\n" && run.error.contains("        1001  "))
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.hasPrefix(start) && text.contains("[6 [5 [0 6] 0 7]"))
    }
    #expect(try StrataProcess(["nock", "[0 0 1]", "--profile", "profile.txt"]).code == 1)
    let traced = try StrataProcess(["nock", loop, "--trace", "--trace-depth", "2", "--trace-size", "30"])
    #expect(traced.text == "1.000\n")
    #expect(traced.error.split(separator: "\n").count == 5 && traced.error.hasSuffix("  < 999\n< 1.000\n"))
  }

  @Test func lists() throws {
    let run = try StrataProcess(["nock", "--listing", "[0 4 0 1]"])
    #expect(run.text.contains("r1 = r0 + 1"))
  }
}
