// `strata repl` and its like from outside: from a pipe, and on a terminal.

import Foundation
import Testing

@testable import strata

@Suite struct ConversationTests {
  @Test func entriesRunOnTheSubject() throws {
    let run = try StrataProcess(
      ["repl"], input: Data("[4 0 1]\n:subject 41\n[4 0 1]\n:use\n[4\n 0 1] :: 43\n\n:mug\n:run [[7 8] 0 3]\n".utf8))
    #expect(run.text.hasPrefix("1\n42\n43\n"))
    #expect(run.text.hasSuffix("\n8\n"))
    #expect(run.code == 0 && run.error.isEmpty)
  }

  @Test func failuresDoNotEndTheConversation() throws {
    let run = try StrataProcess(
      ["repl", "--steps", "1000"],
      input: Data("[0 0]\n[2 [0 1] 0 1\n\n:nonsense\n:subject [2 [0 1] 0 1]\n[2 [0 1] 0 1]\n[1 5]".utf8))
    #expect(run.text == "5\n")
    #expect(run.code == 3)
    for part in ["crashed", "never closed", "no such command", "out of steps"] { #expect(run.error.contains(part)) }
  }

  @Test func costsAreToldWhenAsked() throws {
    // A list of 30,000 cells of three words each, and what the loop needs.
    let loop = "[8 [1 0 0] 8 [1 6 [5 [0 12] 1 30.000] [0 13] 9 2 10 [6 [4 0 12] [0 12] 0 13] 0 1] 7 [9 2 0 1] 3 0 1]"
    let run = try StrataProcess(["repl"], input: Data(":time on\n\(loop)\n:time off\n[1 1]\n".utf8))
    #expect(run.text == "0\n1\n")
    let costs = run.error.split(separator: " ")
    #expect(run.error.split(separator: "\n").count == 1 && run.error.contains("30001 steps"))
    let count = try #require(costs.dropFirst(2).first)
    let bytes = try #require(Int(count))
    #expect(bytes >= 30_000 * 24 && bytes < 30_000 * 100)
  }

  @Test func filesComeAndGo() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("strata-\(UUID().uuidString).jam")
    defer { try? FileManager.default.removeItem(at: file) }
    let run = try StrataProcess(
      ["repl"], input: Data("[1 1 2 3]\n:save \(file.path)\n:subject 0\n:load \(file.path)\n:subject\n".utf8))
    #expect(run.text == "[1 2 3]\n[1 2 3]\n" && run.code == 0)
  }

  /// Whether the system has `script` and gives terminals; a folder that one has changed the root to often gives none.
  private static let hasTerminals =
    FileManager.default.isExecutableFile(atPath: "/usr/bin/script")
    && FileManager.default.fileExists(atPath: "/dev/pts/ptmx")

  @Test(.enabled(if: hasTerminals)) func aTerminalHasAnEditorAndAHistory() throws {
    // Recall, go left over the bracket, replace the 1 by a 3; drop a line by Ctrl-C; leave by Ctrl-D.
    let keys = #"[1 1]\r\033[A\033[D\1773\r[1 \003[1 4]\r\004"#
    let run = try StrataProcess(
      shell: """
        export STRATA_HISTORY=history TERM=xterm
        mkfifo keys
        timeout 120 script -qefc "$STRATA repl" /dev/null < keys > said & pid=$!
        exec 3> keys
        wait_for "grep -q '> ' said"
        printf '\(keys)' >&3
        wait $pid
        cat said history
        """)
    let lines = run.text.split(whereSeparator: \.isNewline).map(String.init)
    #expect(lines.contains("1") && lines.contains("3") && lines.contains("4"), "\(run.text)")
    #expect(lines.suffix(3) == ["[1 1]", "[1 3]", "[1 4]"])
    #expect(run.text.contains("^C") && run.text.contains("bytes allocated"))
  }

  /// For each machine an entry that ends, what it prints, one that does not, and one that ends again.
  static let endless = [
    ("repl", "[1 7]", "[2 [0 1] 0 1]", ":subject [2 [0 1] 0 1]"),
    ("flat repl", "3 + 4", "f()", "f :: () -> i64 { while true { } }"),
    ("plan repl", "(Add 3 4)", "(f 0)", "f = #{%f 1 [0 [[Add 1] [1]]]}"),
  ]

  @Test(arguments: endless)
  func anInterruptionEndsTheEntryAndNotTheConversation(verb: String, short: String, long: String, before: String)
    throws
  {
    let run = try StrataProcess(
      shell: """
        set -m
        mkfifo entries
        env --default-signal=INT "$STRATA" \(verb) < entries > said 2> errors & pid=$!
        exec 3> entries
        printf '%s\\n' '\(before)' '\(short)' '\(long)' >&3
        wait_for "grep -q '^7$' said"
        # In the midst of the endless entry: it has used more time by now than everything before.
        used=$(cut -d ' ' -f 14 /proc/$pid/stat)
        wait_for '(($(cut -d " " -f 14 /proc/$pid/stat) > used + 30))'
        kill -INT $pid
        wait_for 'grep -q interrupted errors'
        printf '%s\\n' '\(short)' >&3
        exec 3>&-
        wait $pid; echo "code $?"
        cat said errors
        """)
    #expect(run.text.contains("code 3\n7\n7\n") && run.text.contains("interrupted"), "\(run.text) \(run.error)")
  }

  @Test(arguments: endless)
  func timeIsForEachEntry(verb: String, short: String, long: String, before: String) throws {
    let run = try StrataProcess(
      verb.split(separator: " ").map(String.init) + ["--time", "500ms"],
      input: Data("\(before)\n\(short)\n\(long)\n\(short)\n".utf8))
    #expect(run.code == 3 && run.text == "7\n7\n" && run.error.contains("out of time"), "\(run.error)")
  }

  @Test func flatHasCommandsOfItsOwn() throws {
    let run = try StrataProcess(
      shell: """
        echo 'twice :: (n: i64) -> i64 => n * 2;' > twice.sx
        printf '%s\\n' ':load twice.sx' 'three :: 3' ':show' 'twice(three)' 'a := missing' '{' '' ':load' | strata flat repl
        echo "code $?"
        """)
    #expect(run.text == "twice :: (n: i64) -> i64 => n * 2;\n\nthree :: 3;\n6\ncode 2\n", "\(run.text)")
    #expect(run.error.contains("unknown name 'missing'") && run.error.contains(":load wants"), "\(run.error)")
  }

  @Test func quotesAndCommentsDoNotCountBrackets() throws {
    let session = try NockConversation(try Invocation(.repl, words: []))
    for whole in ["[1 2]", "'['", "\"[\"", "7 :: [", "[1 ']'\n]", "]"] {
      #expect(session.isComplete(whole), "\(whole)")
    }
    for part in ["[", "[1 [2]", "['it\\'s ]'", "[1 :: ]"] { #expect(!session.isComplete(part), "\(part)") }
  }
}
