// `strata plan` from outside.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite struct PlanTests {
  @Test func evalPrintsTheNormalForm() throws {
    let run = try StrataProcess(["plan", "eval", "(Mul 6 7)"])
    #expect(run.code == 0 && run.text == "42\n" && run.error.isEmpty)
    let bad = try StrataProcess(["plan", "eval", "(Mul 6"])
    #expect(try StrataProcess(["plan", "eval", "--text", "[0x6261]"]).text == "[%ab]\n")
    #expect(bad.code == 2 && bad.output.isEmpty)
    #expect(bad.error == "strata plan: text: error: a bracket is not closed (byte 6)\n")
    let thrown = try StrataProcess(["plan", "eval", "(#17 [3])"])
    #expect(thrown.code == 2)
    #expect(thrown.error == "strata plan: text: error: the program threw and nothing caught it: 17[[3]]\n")
  }

  @Test func theNewerSpecificationIsAnOption() throws {
    func evaluated(_ text: String) throws -> StrataProcess {
      try StrataProcess(["plan", "eval", "--front", "specification", text])
    }
    #expect(try evaluated("(#0 1[0 %x 1] 5)").text == "5\n")
    #expect(try evaluated("({(#9 9) 1 1} 5)").text == "5\n")
    #expect(try evaluated("(#2 5)").code == 2)
    #expect(try evaluated("(Add 1 2)").error.contains("nothing has the name Add"))
    let run = try StrataProcess(
      shell: "strata plan seed save --front specification f '{0 1 1}'; strata plan run --front specification f; echo $?"
    )
    #expect(run.text == "0\n" && run.error.isEmpty)
    #expect(try StrataProcess(["plan", "eval", "--front", "odd", "1"]).code == 1)
    #expect(try StrataProcess(["plan", "rpn", "--front", "specification"]).code == 1)
  }

  @Test func longTextIsCut() throws {
    let row = try StrataProcess(["plan", "eval", "--limit", "10", "(Rep 0 5 100)"])
    #expect(row.code == 0 && row.text == "[5 5 5 5 5..cut after 10 bytes\n")
    // 2^90 leaves by sharing: in the result, in what is thrown, in the stack language.
    let shared = "(#{%twice 2 [[[If 1] [[0 [Dec 1]] [[[0] 2] 2]]] 2]} 39 7)"
    let cut = try StrataProcess(["plan", "eval", shared])
    #expect(cut.code == 0 && cut.output.count < 1_100_000 && cut.text.hasSuffix("..cut after 1048576 bytes\n"))
    let thrown = try StrataProcess(["plan", "eval", "(#17 \(shared))"])
    #expect(thrown.code == 2 && thrown.error.hasSuffix("..cut after 4096 bytes\n"))
    let bad = try StrataProcess(["plan", "eval", "--limit", "much", "1"])
    #expect(bad.code == 1 && bad.error.contains("--limit wants a size"))
  }

  @Test func replKeepsNamesAndGoesOnAfterErrors() throws {
    let input = "x = (Add 2 3)\n\n; a remark\n[x x]\n(y)\nx = [x]\nx\n(Div 1 0)\n1\n"
    let run = try StrataProcess(["plan", "repl"], input: Data(input.utf8))
    #expect(run.code == 2)
    #expect(run.text == "[5 5]\n[5]\n1\n")
    #expect(run.error.split(separator: "\n").count == 2)
    let longer = "f = (Add\n  2\n  3)\n:names\n[f\n\n\"(\"\n"
    let lines = try StrataProcess(["plan", "repl"], input: Data(longer.utf8))
    #expect(lines.text == "f\n40\n" && lines.error.contains("not closed"))
  }

  @Test func rpnRunsPrograms() throws {
    let run = try StrataProcess(["plan", "rpn"], input: Data("1 2 + . (5 3 A) F .".utf8))
    #expect(run.code == 0 && run.text == "3\n5[3]\n")
    let under = try StrataProcess(["plan", "rpn"], input: Data("1 . +".utf8))
    #expect(under.code == 1 && under.text == "1\n")
    #expect(under.error == "strata plan: standard input: error: stack underflow\n")
    // A law whose only let is that let.
    let loop = try StrataProcess(["plan", "rpn"], input: Data("1 2 A 2 A 1 0 L 0 A F".utf8))
    #expect(loop.code == 1 && loop.text == "<<loop>>\n")
    let thrown = try StrataProcess(["plan", "rpn"], input: Data("21 P 3 A E".utf8))
    #expect(thrown.code == 9 && thrown.error.isEmpty)
  }

  @Test func seedsAreSavedLoadedAndCounted() throws {
    let script = """
      strata plan seed save f '#{%keep 3 1}[1000 "a longer text"]' && strata plan seed load f
      strata plan seed info f; strata plan show f
      """
    let run = try StrataProcess(shell: script)
    #expect(run.error.isEmpty)
    #expect(run.text.hasPrefix("keep[1000 0x"))
  }

  @Test func programsRunOnlyWithGrants() throws {
    // Writes three bytes of its argument's text to standard output; the status is what it returns.
    let main = "#{%main 1 [#9 [[[[[0] [1]] [%abc]] [3]] [0]]]}"
    let script = """
      strata plan seed save f "\(main)"
      strata plan run f; echo $?; strata plan run --allow write f; echo $?
      """
    let run = try StrataProcess(shell: script)
    #expect(run.text == "5\nabc3\n")
    #expect(run.error.contains("the program asked for an effect that is not granted: write"))
  }

  @Test func wrongCommandLinesAreUsageErrors() throws {
    for words in [
      ["plan"], ["plan", "frob"], ["plan", "run"], ["plan", "seed", "info"], ["plan", "eval", "1", "2"],
    ] {
      let run = try StrataProcess(words)
      #expect(run.code == 1 && run.error.contains("strata plan --help"))
    }
    #expect(try StrataProcess(["plan", "run", "--allow", "frob", "/dev/null"]).error.contains("it knows read, write"))
  }

  @Test func lawsAreCheckedAgainstTheirOperations() throws {
    let wrong = "#{%Add 2 [[Mul 1] 2]}"
    let right = "#{%Add 2 1[0 [[Add 1] 2]]}"
    let run = try StrataProcess(["plan", "eval", "--check-jets=all", "[(\(wrong) 3 4) (\(right) 3 4)]"])
    #expect(run.code == 2 && run.text == "[7 7]\n")
    #expect(
      run.error == """
        jet Add, arity 2, on 3, 4: the law gives 12, the operation 7
        2 calls of jets checked
        strata plan: error: 1 of 2 checked calls of jets were wrong

        """)
    let passed = try StrataProcess(["plan", "eval", "--check-jets", "1/1", "(\(right) 3 4)"])
    #expect(passed.code == 0 && passed.text == "7\n" && passed.error == "1 calls of jets checked\n")
    #expect(try StrataProcess(["plan", "eval", "--check-jets=some", "1"]).code == 1)
    // What fails has been checked as well.
    let crash = try StrataProcess(["plan", "eval", "--check-jets=all", "(#{%Div 2 1} 3 0)"])
    #expect(crash.code == 2 && crash.text.isEmpty)
    #expect(crash.error.contains("the law gives 3, the operation a crash (the program divided by zero)"))
    let script = """
      strata plan seed save g '#{%main 1 [[\(wrong) [3]] [4]]}'
      for flags in --check-jets=all --check-jets=1/2 ''; do strata plan run $flags g 2>/dev/null; echo $?; done
      strata plan machine new m g > /dev/null; strata plan machine run --check-jets=all m 2>/dev/null; echo $?
      echo '(\(wrong) 3 4)' | strata plan repl --check-jets=all 2>/dev/null; echo $?
      """
    #expect(try StrataProcess(shell: script).text == "2\n7\n7\n2\n7\n2\n")
  }

  @Test func statisticsAreJSON() throws {
    let run = try StrataProcess(["plan", "eval", "--stats", "(Add 1 2)"])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(run.error.utf8)) as? [String: Any])
    #expect(object["peak_used_bytes"] is Int && object["cpu_milliseconds"] is Int)
  }

  @Test(.enabled(if: recordedData != nil, "needs the recorded seeds"))
  func sireIsARepl() throws {
    let seed = (recordedData ?? "") + "/plan/sire.seed"
    let input = Data("#### all\n\n= x 3\n\n=?= 4 x\n\n\n".utf8)
    let run = try StrataProcess(["plan", "run", "--allow", "read,write,store,memory", seed], input: input)
    #expect(run.code == 9)
    #expect(run.text.hasPrefix("= \"x\"\n3\n"))
    #expect(run.text.hasSuffix("# why \"assertion failed\"\n"))
  }

  @Test func profilesAndCountsAreWritten() throws {
    let main = "#{%main 1 [Bits [[#{%loop 2 [[[If 1] [[0 [Dec 1]] [[Mul 2] [3]]]] 2]} [100]] [1]]]}"
    let script = """
      strata plan seed save s '\(main)'
      "$STRATA" plan run s --count --profile p.folded; echo $?; cut -d ' ' -f 1 p.folded | head -1
      "$STRATA" plan run s --profile p.svg; head -c 4 p.svg; "$STRATA" plan run s --profile p.json; head -c 1 p.json
      "$STRATA" plan run s --profile p.txt; echo $?
      """
    let run = try StrataProcess(shell: script)
    // 3^100 has 159 bits.
    #expect(run.text.hasPrefix("159\n"))
    #expect(run.text.hasSuffix("<?xm{1\n"))
    // 101 calls, and the products that wait for one another.
    #expect(run.error.contains(" 162  loop\n"), "\(run.error)")
    #expect(run.error.contains(".svg, .folded or .json"))
  }

  /// Evaluates a value on a host stack of 256 kilobytes, and answers what is printed and the peak of the memory used.
  private func evaluate(_ text: String) throws -> (text: String, peakBytes: Int) {
    let run = try StrataProcess(shell: "ulimit -s 256; \"$STRATA\" plan eval --stats '\(text)'")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(run.error.utf8)) as? [String: Any])
    return (run.text, try #require(object["peak_used_bytes"] as? Int))
  }

  /// Less in debug builds, which are slow.
  private func size(_ full: Int) -> Int { isDebug ? full / 100 : full }

  @Test func loopsTakeConstantMemory() throws {
    let count = size(100_000_000)
    let sum = "#{%sum 2 [[[If 2] [[0 [[Add 1] 2]] [[Sub 2] [1]]]] 1]}"
    let run = try evaluate("(\(sum) 0 \(count))")
    #expect(run.text == "\(count * (count + 1) / 2)\n")
    #expect(run.peakBytes < 64 << 20)
  }

  @Test func recursionMayBeDeep() throws {
    let depth = size(1_000_000)
    let count = "#{%count 1 [[[If 1] [#2 [0 [Dec 1]]]] [0]]}"
    #expect(try evaluate("(\(count) \(depth))").text == "\(depth)\n")
    // The same through unevaluated additions, each of which waits for the next.
    let lazy = "#{%lazy 2 [[[If 2] [[0 [[#{%plus 2 [[Add 2] 1]} 1] [1]]] [Dec 2]]] 1]}"
    #expect(try evaluate("(\(lazy) 0 \(depth))").text == "\(depth)\n")
  }

  @Test func listsMayBeLong() throws {
    let length = size(10_000_000)
    let upTo = "#{%upTo 2 [[[If 2] [[0 [[[0] 2] 1]] [Dec 2]]] 1]}"
    let fold = "#{%fold 2 [[[If 2] [[0 [[Add 1] [[Ix [0]] 2]]] [[Ix [1]] 2]]] 1]}"
    let force = "#{%force 1 [#15 [[4] 1]]}"
    let run = try evaluate("(\(fold) 0 (\(force) (\(upTo) 0 \(length))))")
    #expect(run.text == "\(length * (length + 1) / 2)\n")
    // A list that is built as it is consumed takes no memory to speak of.
    let lazyUpTo = "#{%lazyUpTo 1 [[[If 1] [[[0] 1] [0 [Dec 1]]]] [0]]}"
    let consumed = try evaluate("(\(fold) 0 (\(lazyUpTo) \(length)))")
    #expect(consumed.text == "\(length * (length + 1) / 2)\n")
    #expect(consumed.peakBytes < 64 << 20)
  }
}
