// `strata app` from the command line: what it says when something is missing, and a build where the compiler is at hand.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite struct AppCommandTests {
  private func script(_ text: String) throws -> StrataProcess {
    try StrataProcess(
      shell: """
        export TMPDIR=$PWD/temporary; mkdir "$TMPDIR"
        mkdir app; printf '%%trivial\\n' > app/trivial.hoon
        \(text)
        """)
  }

  @Test func whatIsMissingIsSaid() throws {
    let run = try script(
      """
      "$STRATA" app kernel --build app/trivial.hoon --root app 2>&1; echo "code $?"
      "$STRATA" app kernel --build app/trivial.hoon --root app --out o.jam 2>&1 | grep -c kernel
      touch app/Big.hoon
      "$STRATA" app kernel --build app/trivial.hoon --root app --out o.jam 2>&1 | grep -o "no 'B' in a name"
      ls "$TMPDIR"
      """)
    #expect(
      run.text == """
        strata app: error: --out is missing
          try: strata app --help
        code 1
        1
        no 'B' in a name

        """, "\(run.text)\(run.error)")
  }

  @Test(
    .enabled(if: recordedData != nil, "the recorded data is not beside the checkout"),
    .enabled(if: !isDebug, "takes minutes without optimisation"))
  func aBuildIsAsRecordedAndTheNextOneIsShort() throws {
    let data = try #require(recordedData) + "/nock"
    let run = try script(
      """
      app() { "$STRATA" app '\(data)/hoonc.jam' --root app "$@" 2>said; }
      app --build app/trivial.hoon --out new/out.jam --arbitrary; echo "code $?"; tail -n 2 said
      app --build app/trivial.hoon --out new/out.jam --arbitrary --state '\(data)/hoonc-prewarm.jam'
      cmp new/out.jam '\(data)/expected-trivial-arbitrary.out.jam' && echo the same
      app --build app/trivial.hoon --out one.jam --arbitrary --state '\(data)/hoonc-prewarm.jam' --pier compiler --json
      app --build app/trivial.hoon --out two.jam --arbitrary --pier compiler
      cmp one.jam two.jam && echo the same
      printf '(bad 1)' > app/bad.hoon
      app --build app/bad.hoon --out bad.jam --pier compiler; echo "code $?"; tail -n 1 said; ls bad.jam
      ls "$TMPDIR"
      """)
    #expect(
      run.text == """
        code 1
        strata app: \(data)/hoonc.jam: error: the compiler has no standard library yet
          try: give it one with --boot FILE or --state FILE
        new/out.jam is written: 565129 bytes from /app/trivial.hoon
        the same
        {"out":"one.jam","bytes":565129,"entry":"/app/trivial.hoon","files":1}
        two.jam is written: 565129 bytes from /app/trivial.hoon
        the same
        code 2
        strata app: app/bad.hoon: error: the compiler has refused it

        """, "\(run.text)\(run.error)")
  }
}
