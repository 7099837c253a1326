// `strata top` beside a pier in another process: idle, within an event that does not end, and killed.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite struct TopTests {
  /// Event 0 crashes, 1 never ends, all others are put before the list that is the state.
  private static let kernel = "[[6 [5 [1 0] 0 12] [0 0] 6 [5 [1 1] 0 12] [9 2 0 1] [1 0] [0 12] 0 13] [0 0] 0]"

  private func script(_ text: String) throws -> StrataProcess {
    try StrataProcess(
      shell: """
        server=
        trap '[[ -n "$server" ]] && kill -9 "$server" 2>/dev/null' EXIT
        echo '\(Self.kernel)' > kernel.nock
        strata pier new p kernel.nock >/dev/null
        serve() {
          "$STRATA" pier run p >running 2>&1 & server=$!
          wait_for '[[ -s running ]]'
        }
        \(text)
        """)
  }

  @Test func whoDoesNotRunCannotBeWatched() throws {
    let run = try script(
      """
      strata top p; echo "code $?"
      strata top nowhere; echo "code $?"
      strata top p --interval 0; echo "code $?"
      """)
    #expect(run.text == "code 2\ncode 2\ncode 1\n")
    #expect(run.error.contains("p: error: it does not run\n  try: strata pier run p"), "\(run.error)")
    #expect(run.error.contains("nowhere is not a complete pier"), "\(run.error)")
  }

  @Test func showsAnEventThatDoesNotEnd() throws {
    let run = try script(
      """
      serve
      strata pier poke p 0 >/dev/null 2>&1; strata pier poke p 7 >/dev/null
      strata pier poke p 1 >/dev/null 2>&1 &
      # Until the event runs.
      wait_for "strata top p --once --json --interval 0.01 | grep -q 'running_event.:4,'"
      strata top p --once --json --interval 0.05
      strata top p --once --interval 0.05
      kill -9 $server; wait $server 2>/dev/null
      strata top p --once --interval 0.05 2>&1
      """)
    let lines = run.text.split(separator: "\n").map { String($0) }
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8)) as? [String: Any],
      "\(run.text)\(run.error)")
    #expect(object["last_event"] as? Int == 3)
    #expect(object["running_event"] as? Int == 4)
    #expect(object["done_events"] as? Int == 1)
    #expect(object["failed_events"] as? Int == 1)
    #expect(object["last_failed_event"] as? Int == 2)
    #expect((object["last_failure"] as? String)?.hasPrefix("exit") == true)
    #expect((object["running_nanoseconds"] as? Int ?? 0) > 0)
    #expect((object["stack"] as? [String])?.count == 1)
    let page = lines.dropFirst().joined(separator: "\n")
    #expect(page.hasPrefix("p: process "), "\(page)")
    for part in [
      ", event 3, ", "\nrunning  event 4 for ", "\nmemory   nursery ", "failed   event 2: exit", "\nstack    innermost",
    ] {
      #expect(page.contains(part), "\(part) is not in \(page)")
    }
    #expect(page.hasSuffix("strata top: p: error: it does not run\n  try: strata pier run p"), "\(page)")
  }

  @Test func endsWithThePierOrWithASignal() throws {
    let run = try script(
      """
      serve
      strata pier poke p 7 --count 20 --clients 4 >/dev/null
      : >looks
      "$STRATA" top p --json --interval 0.05 >looks & watcher=$!
      wait_for '(($(wc -l <looks) > 2))'
      kill -TERM $watcher; wait $watcher; echo "code $?"
      "$STRATA" top p --json --interval 0.05 >more & watcher=$!
      wait_for '[[ -s more ]]'; kill -TERM $server; wait $server; wait $watcher; echo "code $?"
      grep -c '"last_event":21,' looks >/dev/null && echo seen
      """)
    #expect(run.text == "code 0\ncode 0\nseen\n", "\(run.text)\(run.error)")
    #expect(run.error == "strata top: p does not run any more\n")
  }

  @Test(arguments: [
    (UInt64(0), "0 B"), (9999, "9999 B"), (10_240, "10 KiB"), (1_500_000, "1.4 MiB"), (3 << 30, "3 GiB"),
    (999 << 20, "999 MiB"), (1 << 45, "32 TiB"),
  ]) func sizesAreShort(bytes: UInt64, text: String) { #expect(Measure.size(bytes) == text) }

  @Test(arguments: [
    (UInt64(0), "0 ns"), (1_234, "1.2 us"), (5_000_000, "5 ms"), (1_460_000_000, "1.5 s"),
    (61_000_000_000, "1 min 1 s"),
    (7_300_000_000_000, "2 h 1 min"), (200_000_000_000_000, "2 d 7 h"),
  ]) func durationsAreShort(nanoseconds: UInt64, text: String) { #expect(Measure.duration(nanoseconds) == text) }
}
