// The command as a whole: what every verb shares, seen from outside.

import Foundation
import Testing

@testable import strata

@Suite struct StrataTests {
  @Test func versionIsOneLine() throws {
    let run = try StrataProcess(["--version"])
    #expect(run.code == 0)
    #expect(run.text == "strata \(Version.number)\n")
    #expect(run.error.isEmpty)
  }

  @Test func overviewNamesEveryVerb() throws {
    let run = try StrataProcess(["--help"])
    #expect(run.code == 0)
    for command in Command.all { #expect(run.text.contains("  \(command.verb) ")) }
  }

  @Test(arguments: Command.all.map(\.verb))
  func everyVerbExplainsItselfWithAnExample(verb: String) throws {
    let asked = try StrataProcess(verb.split(separator: " ").map { String($0) } + ["--help"])
    #expect(asked.code == 0)
    #expect(asked.text.hasPrefix("strata \(verb): "))
    #expect(asked.text.contains("Usage: strata \(verb)"))
    let parts = asked.text.components(separatedBy: "Examples:\n")
    #expect(parts.count == 2)
    #expect(parts.last?.contains("strata \(verb)") == true)
    #expect(try StrataProcess(["help"] + verb.split(separator: " ").map { String($0) }).text == asked.text)
  }

  @Test func wrongUseIsOneAndSaysWhatToDo() throws {
    for words in [[], ["nonsense"], ["--nonsense"], ["manual", "superfluous"], ["completions"], ["manual", "--no"]] {
      let run = try StrataProcess(words)
      #expect(run.code == 1, "\(words)")
      #expect(run.output.isEmpty, "\(words)")
      #expect(run.error.hasPrefix("strata"), "\(words)")
      #expect(run.error.contains("error: "), "\(words)")
      #expect(run.error.contains("  try: strata"), "\(words)")
      #expect(!run.error.contains("\u{1B}"), "no colour in a file")
    }
  }

  @Test func nearMissesAreSuggested() throws {
    #expect(try StrataProcess(["manul"]).error.contains("did you mean 'manual'?"))
    #expect(try StrataProcess(["manual", "--hlep"]).error.contains("did you mean '--help'?"))
  }

  @Test func failuresAreJSONOnRequest() throws {
    let run = try StrataProcess(["nonsense", "--json"])
    #expect(run.code == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(run.error.utf8)) as? [String: Any])
    #expect(object["code"] as? Int == 1)
    #expect((object["error"] as? String)?.contains("nonsense") == true)
  }

  @Test func aReaderThatGoesAwayIsNotAnError() throws {
    let run = try StrataProcess(shell: "\"$STRATA\" manual | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}")
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
  }

  @Test func aFullDiskIsASystemFailure() throws {
    let run = try StrataProcess(shell: "\"$STRATA\" manual > /dev/full")
    #expect(run.code == 4)
    #expect(run.error.contains("standard output"))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsKnowEveryVerbAndOption(shell: String) throws {
    let run = try StrataProcess(["completions", shell])
    #expect(run.code == 0)
    for command in Command.all {
      for word in command.verb.split(separator: " ") { #expect(run.text.contains(word)) }
      for option in command.allOptions { #expect(run.text.contains(option.name)) }
    }
  }

  @Test func bashAcceptsAndUsesTheCompletions() throws {
    let script = """
      source <("$STRATA" completions bash)
      COMP_WORDS=(strata man); COMP_CWORD=1; _strata; echo "${COMPREPLY[@]}"
      COMP_WORDS=(strata pier sc); COMP_CWORD=2; _strata; echo "${COMPREPLY[@]}"
      COMP_WORDS=(strata pier log --fai); COMP_CWORD=3; _strata; echo "${COMPREPLY[@]}"
      COMP_WORDS=(strata plan machine scr); COMP_CWORD=3; _strata; echo "${COMPREPLY[@]}"
      COMP_WORDS=(strata plan machine run --gran); COMP_CWORD=4; _strata; echo "${COMPREPLY[@]}"
      COMP_WORDS=(strata plan eval --see); COMP_CWORD=3; _strata; echo "${COMPREPLY[@]}"
      """
    let run = try StrataProcess(shell: script)
    #expect(run.text == "manual\nscrub\n--failed\nscrub\n--granted\n--seeds\n")
    #expect(run.error.isEmpty)
  }

  @Test func manualPageNamesEveryOption() throws {
    let page = try StrataProcess(["manual"]).text
    #expect(page.hasPrefix(".TH STRATA 1"))
    for command in Command.all {
      #expect(page.contains(".SS strata \(command.verb)"))
      for option in command.allOptions {
        // The page writes a dash so that it is no hyphen.
        let name = option.name.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "\\-")
        #expect(page.contains("\\-\\-\(name)"))
      }
    }
  }

  @Test func startsFast() throws {
    // The bar is 15 ms for the release build; a debug build and a busy machine get some room.
    #if DEBUG
      let allowance = 4.0
    #else
      let allowance = 1.5
    #endif
    let script = "TIMEFORMAT='%U %S'; time \"$STRATA\" --version >/dev/null"
    var best = Double.infinity
    for _ in 0..<10 {
      let times = try StrataProcess(shell: script).error.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
      #expect(times.count == 2)
      best = min(best, times.reduce(0, +))
    }
    #expect(best * 1000 < 15 * allowance, "\(best * 1000) ms")
  }
}
