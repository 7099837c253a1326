// `strata doctor`: what it says of this machine, of a pier, and of a machine that lacks something.

import Foundation
import StrataTestSupport
import Testing

@testable import strata

@Suite struct DoctorTests {
  private func script(_ text: String) throws -> StrataProcess {
    try StrataProcess(
      shell: """
        echo '[[[1 0] 4 0 13] [0 0] 0]' > kernel.nock
        \(text)
        """)
  }

  /// The findings of a run with `--json`, by check.
  private func findings(_ run: StrataProcess) throws -> [String: [String: String]] {
    var found: [String: [String: String]] = [:]
    for line in run.text.split(separator: "\n") {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String], "\(line)")
      found[try #require(object["check"])] = object
    }
    return found
  }

  @Test func everyCheckOfAMachineSaysSomething() throws {
    let found = try findings(try script(#""$STRATA" doctor --json"#))
    let expected = [
      "word", "processor", "addresses", "overcommit", "memory", "files", "stack", "file size", "clock", "temporary",
      "space", "mapping", "sync",
    ]
    #expect(Set(found.keys) == Set(expected))
    for (name, finding) in found {
      #expect(["good", "note", "bad"].contains(finding["result"] ?? ""), "\(name)")
      #expect(finding["finding"]?.isEmpty == false, "\(name)")
      // What is bad has a remedy.
      #expect(finding["result"] != "bad" || finding["remedy"] != nil, "\(name)")
    }
  }

  @Test(.enabled(if: !isSanitized, "a sanitizer takes addresses of its own")) func namesWantOfAddresses() throws {
    try expectRemedy(lack: "ulimit -v 2000000", check: "addresses", remedy: "ulimit -v unlimited")
  }

  @Test(arguments: [
    ("ulimit -n 20", "files", "ulimit -n 1024"),
    ("export TMPDIR=/nowhere", "temporary", "TMPDIR=FOLDER, a folder that can be written"),
    ("ulimit -s 64", "stack", "ulimit -s 8192"),
  ]) func namesWhatIsMissing(lack: String, check: String, remedy: String) throws {
    try expectRemedy(lack: lack, check: check, remedy: remedy)
  }

  private func expectRemedy(lack: String, check: String, remedy: String) throws {
    let run = try script("\(lack)\n\"$STRATA\" doctor --json; echo \"code $?\" >&2")
    #expect(run.error.hasSuffix("code 4\n"), "\(run.error)")
    let finding = try #require(try findings(run)[check])
    #expect(finding["result"] == "bad" && finding["remedy"] == remedy, "\(finding)")
  }

  @Test func looksAtAPier() throws {
    let run = try script(
      """
      strata() { "$STRATA" "$@"; }
      strata pier new p kernel.nock >/dev/null
      strata doctor p | tail -n 4 | cut -c 1-11
      head -c 8192 /dev/zero > zeros; dd if=zeros of=p/store conv=notrunc 2>/dev/null
      strata doctor p | grep -c '^bad   store'; strata doctor p >/dev/null 2>&1; echo "code $?"
      strata doctor nowhere | grep -A1 '^bad '
      ls -a p | grep doctor
      """)
    #expect(
      run.text == """
        good  pier \n\
        good  lock \n\
        good  store
        good  log  \n\
        1
        code 4
        bad   pier        no complete pier is here
              try: strata pier new nowhere KERNEL

        """, "\(run.text)\(run.error)")
  }
}
