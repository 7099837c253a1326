// One way to limit runs: the same options in every verb that runs something, read alike, with one exit code.

import Foundation
import Testing

@testable import strata

@Suite struct LimitsTests {
  /// The verbs that run programs for as long as those like.
  private static let running = [
    "nock", "repl", "kernel", "pill", "plan", "plan machine run", "flat", "app", "pier new", "pier run", "pier poke",
    "pier peek",
  ]

  @Test func everyVerbThatRunsHasTheSameLimits() {
    for command in Command.all {
      let own = command.options.filter { option in Option.limits.contains { $0.name == option.name } }
      if Self.running.contains(command.verb) {
        #expect(own.map(\.name) == ["memory", "steps", "depth", "time"], "\(command.verb)")
      } else {
        // Reading and printing takes memory only; that `show` has a depth of its own is another matter.
        #expect(!own.contains { $0.name == "steps" || $0.name == "time" }, "\(command.verb)")
      }
      for option in own where command.verb != "show" {
        #expect(Option.limits.contains { $0.name == option.name && $0.summary == option.summary }, "\(command.verb)")
      }
    }
  }

  @Test func sizesAndDurationsAreRead() {
    let sizes: [(String, Int?)] = [
      ("65536", 65536), ("64K", 65536), ("512M", 512 << 20), ("2g", 2 << 30), ("1T", 1 << 40), ("0", nil), ("", nil),
      ("K", nil), ("-1", nil), ("1.5G", nil), ("99999999T", nil), ("1KB", nil),
    ]
    for (text, value) in sizes { #expect(Quantity.bytes(text) == value, "\(text)") }
    let durations: [(String, UInt64?)] = [
      ("2", 2_000_000_000), ("0.5", 500_000_000), ("250ms", 250_000_000), ("3s", 3_000_000_000),
      ("10m", 600_000_000_000), ("1.5h", 5_400_000_000_000), ("7us", 7000), ("0", nil), ("", nil), ("s", nil),
      ("-1", nil), ("1d", nil), ("inf", nil), ("nan", nil), ("1e30", nil),
    ]
    for (text, value) in durations { #expect(Quantity.nanoseconds(text) == value, "\(text)") }
  }

  @Test func whatIsNoLimitIsToldAlike() throws {
    for verb in [["nock", "[0 1 0]"], ["plan", "eval", "1"], ["flat", "eval", "1"], ["kernel", "/dev/null"]] {
      for (option, wanted) in [
        ("--memory", "a size such as"), ("--time", "a duration such as"), ("--steps", "a whole number"),
        ("--depth", "a whole number"),
      ] {
        let run = try StrataProcess(verb + [option, "much"])
        #expect(run.code == 1 && run.error.contains("\(option) wants \(wanted)"), "\(verb) \(option): \(run.error)")
      }
    }
  }

  /// For each machine a program that turns forever, one that nests forever, and one that needs memory forever.
  private static let files = """
    printf '%s\\n' 'f :: () -> i64 { while true { } }' 'X :: #run f();' > turns.sx
    printf '%s\\n' 'f :: (n: i64) -> i64 => f(n + 1) + 1;' 'X :: #run f(0);' > nests.sx
    printf '%s\\n' 'malloc :: (n: i64) -> *void extern;' \\
      'f :: () -> i64 { while true { p := malloc(4096); } }' 'X :: #run f();' > grows.sx
    printf '%s\\n' 'T :: struct { x: [#run (() -> i64 { while true { } })()]u8; }' 'X :: #run size_of(T);' > compiles.sx
    echo '[[9 2 0 1] 0 0]' | strata jam > turns.jam
    echo '[[4 9 2 0 1] 0 0]' | strata jam > nests.jam
    echo "['ivory' [8 [1 9 2 0 1] 9 2 0 1] 0 0]" | strata jam > turns.pill
    echo "['ivory' [8 [1 4 9 2 0 1] 9 2 0 1] 0 0]" | strata jam > nests.pill
    TURNS='(#{%f 1 [0 [[Add 1] [1]]]} 0)'
    NESTS='(#{%f 1 [[Add [1]] [0 [[Add 1] [1]]]]} 0)'
    strata plan seed save turns.seed '#{%main 1 [#{%f 1 [0 [[Add 1] [1]]]} [0]]}'
    strata plan machine new turns turns.seed > /dev/null

    """

  @Test(
    arguments: [
      ("nock '[[2 [0 1] 0 1] 2 [0 1] 0 1]'", "steps time"), ("nock '[[4 2 [0 1] 0 1] 2 [0 1] 0 1]'", "depth memory"),
      ("kernel turns.jam", "steps time"), ("kernel nests.jam", "depth memory"),
      ("pill turns.pill", "steps time"), ("pill nests.pill", "depth memory"),
      ("plan eval \"$TURNS\"", "steps time"), ("plan eval \"$NESTS\"", "depth"),
      ("plan run turns.seed", "steps time"), ("plan machine run turns", "steps time"),
      ("flat run turns.sx", "steps time"), ("flat run nests.sx", "depth"), ("flat run grows.sx", "memory"),
      ("flat run compiles.sx", "steps"), ("flat run compiles.sx --steps 1000000000000", "time"),
    ])
  func eachMachineStopsAtEachLimit(command: String, limits: String) throws {
    let values = ["steps": "10000", "time": "300ms", "depth": "400", "memory": "20M"]
    let sentences = [
      "steps": "out of steps: the step budget is used up (raise it with --steps)",
      "time": "out of time: the deadline has passed (raise it with --time)",
      "depth": "too deep: the depth budget is used up (raise it with --depth)",
      "memory": "out of memory: the byte budget is used up (raise it with --memory)",
    ]
    for limit in limits.split(separator: " ").map(String.init) {
      let value = try #require(values[limit])
      let sentence = try #require(sentences[limit])
      let run = try StrataProcess(shell: Self.files + "timeout 60 \"$STRATA\" \(command) --\(limit) \(value)")
      #expect(run.code == 3, "\(command) --\(limit): \(run.error)")
      #expect(run.error.contains(sentence), "\(command) --\(limit): \(run.error)")
    }
  }

  @Test func aLimitThatIsNotReachedChangesNothing() throws {
    let all = ["--steps", "100000", "--depth", "1000", "--memory", "64M", "--time", "1h"]
    #expect(try StrataProcess(["nock", "[41 4 0 1]"] + all).text == "42\n")
    #expect(try StrataProcess(["plan", "eval", "(Mul 6 7)"] + all).text == "42\n")
    #expect(try StrataProcess(["flat", "eval", "6 * 7"] + all).text == "42\n")
  }

  @Test func anEventOverItsLimitIsThree() throws {
    let run = try StrataProcess(
      shell: """
        echo '[[6 [5 [1 0] 0 12] [0 0] 9 2 0 1] [0 0] 0]' > kernel.nock
        strata pier new p kernel.nock > /dev/null
        strata pier poke p 1 --steps 1000; echo "code $?"
        strata pier poke p 1 --time 200ms --json; echo "code $?"
        strata pier poke p 0; echo "code $?"
        """)
    #expect(run.text.contains("event 2 failed\ncode 3\n"), "\(run.text)")
    #expect(run.text.contains("alrm:") && run.text.hasSuffix("event 4 failed\ncode 2\n"), "\(run.text)")
  }
}
