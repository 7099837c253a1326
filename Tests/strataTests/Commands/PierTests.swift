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
        cp '\(packageRoot)/Examples/ledger/ledger.nock' .
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

  @Test func driversAreNamedRightOrRefused() throws {
    let run = try script(
      """
      strata pier new books ledger.nock >/dev/null
      for driver in http http=x http=1,2 http=1,timeout=x http=70000 one-punch timer=1 nothing; do
        strata pier run books --driver $driver >/dev/null 2>&1; echo -n "$? "
      done
      "$STRATA" pier run books --driver 'one-punch=[%rent 1 %may]' --driver exit >began 2>&1 &
      wait_for '[ -s began ]'
      strata pier peek books --at-least 2; kill %1; wait %1; echo "code $?"
      strata pier run books --driver one-punch=7 2>&1 | grep -c 'the one event has failed'
      """)
    #expect(
      run.text == """
        1 1 1 1 1 1 1 1 [1 [1 %rent 1 %may] 0]
        code 0
        1

        """, "\(run.text)\(run.error)")
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "there is no curl"))
  func aKernelAnswersCurl() throws {
    let run = try script(
      """
      cp '\(packageRoot)/Examples/http-tally/tally.nock' .
      strata pier new site tally.nock >/dev/null
      for round in 1 2; do
        rm -f notes
        "$STRATA" pier run site --driver http=0 >/dev/null 2>notes &
        wait_for "grep -q 'port [0-9]' notes"; port=$(grep -o 'port [0-9]*' notes)
        for n in 1 2; do curl -s "http://127.0.0.1:${port#port }/"; echo; done
        kill %%; wait %%
      done
      strata pier peek site
      """)
    #expect(run.text == "|\n||\n|||\n||||\n4\n", "\(run.text)\(run.error)")
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
      strata pier compact books >/dev/null && strata pier scrub books >/dev/null && strata doctor books >/dev/null
      echo "code $?"
      head -c 8192 /dev/zero > zeros; dd if=zeros of=then/store conv=notrunc 2>/dev/null
      strata doctor then >/dev/null 2>&1; echo "code $?"
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
      wait_for '[ -s running ]'
      strata pier poke books '[%sale 1 %may]' >/dev/null
      strata pier poke books '[%sale 2 %may]' --count 50 --clients 4 --quiet | sed 's/, .*//'
      strata pier peek books '[0 2]'
      strata pier run books 2>&1 | grep -c 'in use by process'
      strata pier info books | grep 'last event' | tr -s ' '
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
        last event 52
        code 0
        books is closed: event 52
        51
        51

        """, "\(run.text)\(run.error)")
  }
}
