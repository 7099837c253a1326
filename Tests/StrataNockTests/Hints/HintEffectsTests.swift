import StrataMemory
import Testing

@testable import StrataNock

@Suite struct HintEffectsTests {
  @Test func slogPrintsBeforeTheBodyInOrder() throws {
    let run = try TextRun(
      """
      [0 8 [11 [%slog 1 1 %leaf "one"] 1 1] 11 [%slog 1 2 %rose [", " "<" ">"] [%leaf "a"] [%leaf "b"] 0] 0 2]
      """)
    #expect(run.product == "1")
    #expect(run.messages.lines == ["one", "<a, b>"])
    #expect(run.messages.priorities == [1, 2])
  }

  @Test func theClueCrashesWhetherHintsAreObeyedOrNot() throws {
    for uses in [true, false] {
      let run = try TextRun("[0 11 [%slog 0 0] 1 4]", { $0.usesHints = uses })
      #expect(run.fault == .exit)
      #expect(run.messages.lines.isEmpty)
    }
  }

  @Test func hintsOffPrintNothingAndGiveTheSameProduct() throws {
    let text =
      """
      [3 11 [%slog 1 0 %leaf "x"] 11 %bout 11 %xray 11 [%meme 1 1 %leaf "m"] 11 %hela 11 [%live 1 %l] 11 [%spin 1 %s] 4 0 1]
      """
    let on = try TextRun(text)
    let off = try TextRun(text, { $0.usesHints = false })
    #expect(on.product == "4" && off.product == "4")
    #expect(!on.messages.lines.isEmpty && off.messages.lines.isEmpty)
    #expect(on.machine.counters.first?.label == "l" && off.machine.counters.isEmpty)
    #expect(on.machine.spinning.isEmpty)
  }

  @Test func boutTimesTheBodyUnderItsCaption() throws {
    let run = try TextRun("[0 11 [%bout 1 1 %cap] 1 7]")
    #expect(run.product == "7")
    #expect(run.messages.lines.count == 1 && run.messages.lines[0].hasPrefix("cap: took "))
  }

  @Test func xrayListsTheBody() throws {
    let run = try TextRun("[5 11 %xray 4 0 1]")
    #expect(run.product == "6")
    #expect(
      run.messages.lines == ["formula [4 0 1]: 2 words, 4 registers", "     0  r1 = r0 + 1", "     1  return r1"])
  }

  @Test func naraShowsThisRunsTraceAndHelaAllRuns() throws {
    let nara = try TextRun("[0 11 [%mean 1 %outer] 11 [%spot 1 [%a %hoon ~] [1 2] 3 4] 11 %nara 1 1]")
    #expect(nara.messages.lines == ["a.hoon:1:2: /a/hoon:<[1 2].[3 4]>", "outer"])
    let hela = try TextRun("[0 11 [%mean 1 %outer] 11 %hela 1 1]")
    #expect(hela.messages.lines == ["outer"])
  }

  @Test func liveCounts() throws {
    // Ten turns of a counting loop, each passing the hint.
    let loop = "6 [5 [0 6] 1 10] [0 6] 11 [%live 1 %turn] 9 2 10 [6 4 0 6] 0 1"
    let run = try TextRun("[0 8 [1 0] 8 [1 \(loop)] 9 2 0 1]")
    #expect(run.product == "10")
    #expect(run.machine.counters.count == 1 && run.machine.counters[0] == ("turn", 10))
  }

  @Test func loopFailsWhenTheSamePairIsEnteredAgain() throws {
    // The subject is the formula itself; it runs itself on itself.
    let run = try TextRun("[[11 [%loop 1 %again] 7 [0 1] 2 [0 1] 0 1] 2 [0 1] 0 1]")
    #expect(run.fault == .fail)
    #expect(run.machine.text(ofTrace: run.trace) == ["again"])
    let off = try TextRun("[[11 %loop 7 [0 1] 2 [0 1] 0 1] 2 [0 1] 0 1]", { $0.usesHints = false })
    #expect(off.fault == .fail)
    // One after another is no loop.
    #expect(try TextRun("[1 [11 %loop 4 0 1] 11 %loop 4 0 1]").product == "[2 2]")
  }

  @Test func jinxEndsTheWholeRunAndTheEarliestDeadlineWins() throws {
    let forever = "2 [1 2 [0 1] 0 1] 1 2 [0 1] 0 1"
    // About ten milliseconds inside about a day, and the other way round.
    let short = "0x28f.5c28.f5c2.8f5c"
    let long = "0x1.5180.0000.0000.0000.0000"
    for (outer, inner) in [(long, short), (short, long)] {
      let started = Clock.now()
      let run = try TextRun("[0 11 [%jinx 1 \(outer)] 11 [%jinx 1 \(inner)] \(forever)]")
      #expect(run.fault == .time)
      #expect(Clock.now() - started < 300_000_000_000)
    }
    #expect(try TextRun("[0 11 [%jinx 1 0xffff.ffff.ffff.ffff] 1 3]").product == "3")
    #expect(try TextRun("[0 11 [%jinx 1 0] 1 3]").product == "3")
  }
}
