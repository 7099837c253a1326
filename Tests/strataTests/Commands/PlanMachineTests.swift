// `strata plan machine` from outside.

import Foundation
import Testing

@testable import strata

@Suite struct PlanMachineTests {
  /// A program that commits its successor and gives how often it ran before.
  private static let counter = "(#{%count 2 [[Seq [#12 [0 [Inc 1]]]] 1]} 0)"

  /// Runs a script in a folder of its own with the counter's seed in it.
  private func run(_ script: String) throws -> StrataProcess {
    try StrataProcess(
      shell: """
        "$STRATA" plan seed save seed '\(Self.counter)'
        \(script)
        """)
  }

  @Test func machinesCountAcrossProcesses() throws {
    let found = try run(
      """
      "$STRATA" plan machine new m seed
      for i in 1 2 3; do "$STRATA" plan machine run m; echo $?; done
      "$STRATA" plan machine save m later && "$STRATA" plan seed load later
      "$STRATA" plan machine scrub m --json; "$STRATA" plan machine collect m; "$STRATA" plan machine info m --json
      """)
    #expect(found.error.isEmpty)
    let lines = found.text.split(separator: "\n")
    #expect(lines.prefix(5).joined(separator: "|") == "1 commit, 6 pins, 524288 bytes in use|0|1|2|count[3]")
    #expect(lines[5].hasPrefix("{\"records\":"))
    #expect(lines[6].hasPrefix("4 commits, 6 pins, "))
    #expect(lines[7].hasPrefix("{\"commits\":4,\"pins\":6,"))
  }

  @Test func anExecutableRunsItsMachine() throws {
    let found = try run(
      """
      "$STRATA" plan machine new m seed >/dev/null; "$STRATA" plan machine run m
      "$STRATA" plan machine export --executable m count
      for i in 1 2 3; do ./count; echo $?; done
      "$STRATA" plan machine scrub count; "$STRATA" plan machine run m; echo $?
      cp count other; ./other; echo $?; ./count; echo $?
      "$STRATA" plan machine export count copy; "$STRATA" plan machine run copy; echo $?
      """)
    #expect(found.error.isEmpty)
    let lines = found.text.split(separator: "\n").filter { !$0.hasPrefix("all whole") }
    #expect(
      lines == [
        "count is made: a program with the machine", "1", "2", "3", "1", "4", "4",
        "copy is made: a copy of the machine", "5",
      ])
  }

  @Test func effectsAreGrantedByNameOrWhenExported() throws {
    let writes = "#{%main 1 [#9 [[[[[0] [1]] [%abc]] [3]] [0]]]}"
    let found = try run(
      """
      "$STRATA" plan seed save w '\(writes)'; "$STRATA" plan machine new m w >/dev/null
      "$STRATA" plan machine run m 2>/dev/null; echo $?; "$STRATA" plan machine run --allow write m; echo " $?"
      "$STRATA" plan machine export --executable --allow write m say >/dev/null; ./say; echo " $?"
      """)
    #expect(found.text == "5\nabc 3\nabc 3\n")
  }

  @Test func damageAndMistakesAreTold() throws {
    let found = try run(
      """
      "$STRATA" plan machine new m seed >/dev/null; "$STRATA" plan machine new m seed; echo $?
      "$STRATA" plan machine info seed; echo $?; "$STRATA" plan machine new n m; echo $?; ls
      printf 'x' | dd of=m bs=1 seek=262160 conv=notrunc 2>/dev/null; "$STRATA" plan machine scrub m; echo $?
      "$STRATA" plan machine; echo $?; "$STRATA" plan machine frob; echo $?
      """)
    #expect(found.text == "2\n2\n2\nm\nseed\n2\n1\n1\n")
    #expect(found.error.contains("m exists already"))
    #expect(found.error.contains("seed is not a store"))
    #expect(found.error.contains("not a seed"))
    #expect(found.error.contains("damaged record in m"))
    #expect(found.error.contains("plan machine wants a verb of its own"))
    let help = try StrataProcess(["plan", "machine", "--help"]).text
    for verb in ["new", "run", "info", "save", "scrub", "collect", "export"] {
      #expect(help.contains("plan machine \(verb)"))
      #expect(try StrataProcess(["plan", "machine", verb, "--help"]).text.contains("Examples:\n  strata plan machine"))
    }
  }
}
