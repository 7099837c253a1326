// Programs in the stack language and what they print.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct StackLanguageTests {
  private func run(_ text: String, restless: Bool = false) throws -> (output: String, failure: StackLanguageFailure?) {
    let machine = restless ? try DifferentialTests.restless() : try PlanMachine()
    var language = StackLanguage(machine: machine) { name in try? planBytes("seeds/\(name)") }
    var failure: StackLanguageFailure?
    do throws(StackLanguageFailure) { try language.run(Array(text.utf8)) } catch { failure = error }
    return (String(decoding: language.takeOutput(), as: UTF8.self), failure)
  }

  @Test(arguments: [
    ("12 . 0xff . 0xFFFFFFFFFFFFFFFFFFFF .", "12\n255\n0xffffffffffffffffffff\n"),
    ("5 3 A _ \\ E .", "(5 3)\n5{3}\n"), ("3 5 R F .", "5[3]\n"),
    ("7 P . 1 2 0x6261 L . 1 2 {ab} law P .", "#7\nab(2)=>1\nab\n"),
    ("cords \"hello\" . \"a b\" . {x{y}z} .", "%hello\n\"a b\"\n\"x{y}z\"\n"),
    ("1 2 3 ? pop swap ?", "1 2 3\n2 1\n"), ("1 2 over ? drop D ?", "1 2 1\n1 2 2\n"),
    ("9 8 7 (1push) .  (2push) .", "8\n9\n"), ("5 4 3 2 1 2 push .", "3\n"),
    ("2 3 + . 7 2 - . 2 7 - . 6 7 * . 45 7 / . 10 # .", "5\n5\n0\n42\n6\n160\n"),
    ("1 70 < . 0x400000000000000000 70 > . 5 64 > .", "0x400000000000000000\n1\n0\n"),
    ("12 10 | . 12 10 & . 12 10 ^ .", "14\n8\n6\n"), ("4 inc . 4 dec . 0 dec . 9 4 sub .", "5\n3\n0\n5\n"),
    ("4 buffer .", "4294967296\n"), ("0x0807060504030201 2 3 opload .", "1284\n"),
    ("bitsz 0xabcdef0123456789abcdef .", "n88(abcdef.123456789abcdef)\n"),
    ("; nothing\n1 . ; more", "1\n"), ("2 pdepth 0 1 A 2 A 3 A E . ", "{1 2 3}\n"),
    ("1 gc memcheck showheap .", "1\n"),
  ])
  func programsPrint(text: String, expected: String) throws {
    for restless in [false, true] {
      let (output, failure) = try run(text, restless: restless)
      #expect(output == expected)
      #expect(failure == nil)
    }
  }

  @Test func failuresAreNamed() throws {
    #expect(try run("+").failure == .underflow)
    #expect(try run("1 .  pop").failure == .underflow)
    #expect(try run("1 frob").failure == .badInput("frob"))
    #expect(try run("0x").failure == .badInput("0x"))
    #expect(try run("\"abc").failure == .badInput("text without end"))
    #expect(try run("{a{b}").failure == .badInput("text without end"))
    #expect(try run("$Nothing").failure == .noSeed("Nothing"))
    #expect(try run("3 0 /").failure == .failed(.crash(.divisionByZero)))
    let thrown = try run("1 . 21 P 3 A E")
    #expect(thrown.output == "1\n" && thrown.failure == .failed(.uncaught))
    #expect(thrown.failure?.exitStatus == 9)
  }

  @Test(.enabled(if: hasPlanData, "needs the recorded seeds"))
  func seedsArePushedUnevaluated() throws {
    #expect(try run("$test02 D . F .").output == "((#0 1) (#0 2))\n#1[#2]\n")
    // The seeds of functions, applied.
    #expect(try run("$Add F 5 A 6 A E .").output == "11\n")
    #expect(try run("$Dec F 100 A E . $Mod F 17 A 5 A E .").output == "99\n2\n")
  }

  @Test func randomProgramsNeverTrap() throws {
    let words = [
      "1", "0", "0xff", "A", "R", "L", "P", "F", "E", "D", "dup", "swap", "pop", "over", "push", "inc", "dec", "+", "-",
      "*", "/", "#", ">", "|", "&", "^", ".", "_", "?", "\\", "gc", "\"ab\"", "{c}", "opload", "(", ")", "2", "15",
    ]
    var random = Random(seed: 77)
    for round in 0..<(isDebug ? 100 : 1000) * testScale {
      let text = (0..<1 + random.below(30)).map { _ in words[random.below(words.count)] }.joined(separator: " ")
      let machine = try PlanMachine(options: DifferentialTests.small)
      var language = StackLanguage(machine: machine) { _ in nil }
      do throws(StackLanguageFailure) { try language.run(Array(text.utf8)) } catch {
        #expect(!error.explanation.isEmpty, "round \(round): \(text)")
      }
      _ = language.takeOutput()
    }
  }
}
