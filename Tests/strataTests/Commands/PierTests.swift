// Piers from the command line: made, poked, killed, opened again.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite struct PierCommandTests {
  /// Runs a script in a fresh directory with the ledger beside it.
  private func script(_ text: String) throws -> StrataProcess {
    try StrataProcess(
      shell: """
        set -u
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        cp '\(packageRoot)/Examples/ledger/ledger.nock' "$folder"
        cd "$folder"
        strata() { "$STRATA" "$@"; }
        \(text)
        """)
  }

  @Test func aLedgerIsKept() throws {
    let run = try script(
      """
      strata pier new books ledger.nock >/dev/null
      strata pier poke books '[%rent 1200 %may]'
      strata pier poke books '[%food 30 %may]' --json
      strata pier poke books 7 2>/dev/null; echo "code $?"
      strata pier peek books
      strata pier peek books '[0 2]' --json
      strata pier log books --failed | tail -n 1
      strata pier new books ledger.nock 2>/dev/null; echo "code $?"
      strata pier peek nowhere 2>/dev/null; echo "code $?"
      """)
    #expect(
      run.text == """
        event 2 done, state 67182fce, effects [[%booked 1] 0]
        {"event":3,"status":"done","mug":"1c07d733","effects":"[[110.386.756.939.618 2] 0]"}
        event 4 failed
        code 2
        [2 [2 %food 30 %may] [1 %rent 1.200 %may] 0]
        {"event":4,"answer":"2"}
          exit: the program crashed
        code 2
        code 2

        """, "\(run.text)")
  }

  @Test func forksExportsAndChecks() throws {
    let run = try script(
      """
      strata pier new books ledger.nock --keep-history >/dev/null
      for n in 1 2 3; do strata pier poke books "[%sale $n %may]" >/dev/null; done
      strata pier fork books then --event 2
      strata pier peek then '[0 2]'
      strata pier export books books.state
      strata pier import copy books.state
      strata pier peek copy '[0 2]'
      strata pier replay books --rebuild | sed 's/, .*//'
      strata pier compact books >/dev/null && strata pier scrub books >/dev/null && strata pier doctor books >/dev/null
      echo "code $?"
      head -c 8192 /dev/zero > zeros; dd if=zeros of=then/store conv=notrunc 2>/dev/null
      strata pier doctor then >/dev/null 2>&1; echo "code $?"
      """)
    #expect(
      run.text == """
        forked to then, the state after event 2
        1
        exported to books.state, the state after event 4
        copy is made
        3
        4 events after event 0 give the same states
        code 0
        code 4

        """, "\(run.text)\(run.error)")
  }

  @Test func aKilledPierLosesNothing() throws {
    let tools = StrataProcess.executable.deletingLastPathComponent().path
    let run = try StrataProcess(shell: "STRATA_TOOLS='\(tools)' '\(packageRoot)/scripts/kill-test' \(3 * testScale)")
    #expect(run.code == 0, "\(run.error)")
    #expect(run.text.contains("none lost"))
  }

  @Test func aRunningPierAnswersOthers() throws {
    let run = try script(
      """
      strata pier new books ledger.nock >/dev/null
      "$STRATA" pier run books --driver log > running 2> effects &
      for i in $(seq 200); do [ -s running ] && break; sleep 0.05; done
      strata pier poke books '[%sale 1 %may]' >/dev/null
      strata pier poke books '[%sale 2 %may]' --count 50 --clients 4 --quiet | sed 's/, .*//'
      strata pier peek books '[0 2]'
      strata pier run books 2>&1 | grep -c 'in use by process'
      strata pier info books | grep 'last event'
      kill -TERM $!; wait $!; echo "code $?"
      tail -n 1 running
      grep -c booked effects
      strata pier peek books '[0 2]'
      """)
    #expect(
      run.text == """
        50 events done
        51
        1
        last event                  52
        code 0
        books is closed: event 52
        51
        51

        """, "\(run.text)\(run.error)")
  }
}
