// `strata flat` from outside.

import Foundation
import StrataTestSupport
import Testing

@Suite struct FlatTests {
  /// A program in a file of its own, and what the command makes of it. `FILE` stands for its path.
  private func run(_ text: String, _ words: [String]) throws -> StrataProcess {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sx")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(text.utf8).write(to: file)
    return try StrataProcess(["flat"] + words.map { $0 == "FILE" ? file.path : $0 })
  }

  private static let fib =
    "fib :: (n: i64) -> i64 { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }\nANSWER :: #run fib(15);\n"

  @Test func listsTheCodeOfAFunction() throws {
    let listed = try run(Self.fib, ["listing", "FILE", "--function", "fib"])
    #expect(listed.code == 0)
    #expect(listed.text.hasPrefix("func @") && listed.text.contains("returnValue") && listed.text.contains("call r"))
    let unknown = try run(Self.fib, ["listing", "FILE", "--function", "nothing"])
    #expect(unknown.code == 2 && unknown.error.contains("no function 'nothing'"))
  }

  @Test func writesTheSameProfileEveryTime() throws {
    let profile = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).folded")
    defer { try? FileManager.default.removeItem(at: profile) }
    var seen: [String] = []
    for _ in 0..<2 {
      let done = try run(Self.fib, ["run", "FILE", "--profile", profile.path, "--every", "100"])
      #expect(done.code == 0 && done.text == "ANSWER = 610\n")
      seen.append(try String(contentsOf: profile, encoding: .utf8))
    }
    #expect(seen[0] == seen[1] && seen[0].contains(";fib;fib "))
    #expect(try run(Self.fib, ["run", "FILE", "--profile", "x.txt"]).code == 1)
  }

  @Test func aBudgetEndsARun() throws {
    let endless = "f :: () -> i64 { while true { } }\nX :: #run f();\n"
    let stopped = try run(endless, ["run", "FILE", "--steps", "1000"])
    #expect(stopped.code == 3 && stopped.error.contains("out of steps"))
    let deep = try run("f :: (n: i64) -> i64 => f(n + 1) + 1;\nX :: #run f(0);\n", ["run", "FILE", "--depth", "50"])
    #expect(deep.code == 3 && deep.error.contains("too deep"))
  }

  @Test func talks() throws {
    let said = try StrataProcess(
      ["flat", "repl"], input: Data("f :: (n: i64) -> i64 {\n  return n * 2;\n}\nf(21)\nprint(\"hello\\n\")\n".utf8))
    #expect(said.code == 0 && said.text == "42\nhello\n" && said.error.isEmpty)
    let open = try StrataProcess(["flat", "repl"], input: Data("f(".utf8))
    #expect(open.code == 2 && open.error.contains("error: expected"))
  }

  @Test func wrongUseIsTold() throws {
    #expect(try StrataProcess(["flat", "run"]).code == 1)
    #expect(try StrataProcess(["flat", "dance", "x"]).code == 1)
  }

  @Test(.enabled(if: recordedData != nil, "no recorded cases here"))
  func casesPrintOneObjectALine() throws {
    let file = try #require(recordedData) + "/flat/own/agg.json"
    let run = try StrataProcess(["flat", "cases", file, "--json"])
    #expect(run.code == 0)
    let lines = run.text.split(separator: "\n")
    #expect(lines.count > 10)
    for line in lines {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(["match", "intended"].contains(object["status"] as? String))
      #expect(object["name"] is String && object["steps"] is Int && object["ns"] is Int && object["value"] != nil)
    }
  }
}
