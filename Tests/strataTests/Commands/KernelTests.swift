// `strata kernel` and `strata pill` from the command line, on the recorded kernels: the lines that programs read, and which file a
// message is about.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite(.enabled(if: recordedData != nil, "the recorded data is not beside the checkout"))
struct KernelCommandTests {
  private let folder = (recordedData ?? "") + "/nock"

  private func script(_ text: String) throws -> StrataProcess {
    try StrataProcess(shell: "cd '\(folder)'; " + text)
  }

  @Test func aKernelIsKicked() throws {
    let run = try script("\"$STRATA\" kernel hoonc.jam --json")
    #expect(run.text == "{\"core\":\"25e63df8\"}\n", "\(run.error)")
  }

  @Test func aPillGivesItsProduct() throws {
    let run = try script("\"$STRATA\" pill ivory.pill --json")
    #expect(run.text.hasPrefix(#"{"product":"73fe3e64","axis7":"4bb376f0","cpu_ms":"#), "\(run.text)\(run.error)")
  }

  /// The state has the header that other runtimes write before the jam.
  @Test(.enabled(if: !isDebug, "takes minutes without optimisation"))
  func anExportedStateIsLoadedAndPoked() throws {
    let run = try script(
      """
      "$STRATA" kernel hoonc.jam --state hoonc-prewarm.jam --poke poke-boot.jam --poke poke-build-trivial.jam --json |
        sed 's/,"cpu_ms.*//'
      """)
    #expect(
      run.text == """
        {"core":"096bf554"}
        {"poke":"poke-boot","effects":"79ff04e8","core":"096bf554"
        {"poke":"poke-build-trivial","effects":"626b9e85","core":"434bba13"

        """, "\(run.error)")
  }

  @Test func aMessageNamesTheFileThatItIsAbout() throws {
    let run = try script(
      """
      "$STRATA" kernel hoonc.jam --poke ../README.md 2>&1 >/dev/null | head -n 1; head -c 60 hoonc-prewarm.jam > "$OLDPWD/short"
      cd "$OLDPWD"; "$STRATA" kernel '\(folder)/hoonc.jam' --state short 2>&1 >/dev/null | head -n 1
      """)
    let lines = run.text.split(separator: "\n")
    #expect(
      lines.count == 2 && lines[0].contains("../README.md: ") && lines[1].contains("short: "), "\(run.text)\(run.error)"
    )
  }
}
