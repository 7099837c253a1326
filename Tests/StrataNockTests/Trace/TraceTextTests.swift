import StrataMemory
import StrataNoun
import StrataText
import Testing

@testable import StrataNock

@Suite struct TankTextTests {
  private func lines(_ text: String, width: Int = 80) throws -> [String] {
    let loom = try Loom()
    var renderer = TankText(loom.nursery)
    renderer.width = width
    return renderer.lines(of: try NounText.read(Array(text.utf8), into: loom.nursery))
  }

  @Test func whatFitsStandsOnOneLine() throws {
    #expect(try lines("[%leaf \"hello\"]") == ["hello"])
    #expect(try lines("'cord'") == ["cord"])
    #expect(
      try lines("[%rose [\" \" \"[\" \"]\"] [%leaf \"a\"] [%rose [\"; \" \"(\" \")\"] 'b' 'c' 0] 0]") == ["[a (b; c)]"])
    #expect(try lines("[%palm [\" \" \"head\" \"(\" \")\"] 'a' 'b' 0]") == ["head(a b)"])
  }

  @Test func longRosesAndPalmsBreak() throws {
    #expect(
      try lines("[%rose [\", \" \"[\" \"]\"] 'aaaaa' 'bbbbb' 'ccccc' 0]", width: 12) == [
        "[", "  aaaaa,", "  bbbbb,", "  ccccc", "]",
      ])
    #expect(
      try lines("[%palm [\" \" \"if\" 0 0] 'aaaaa' 'bbbbb' 'ccccc' 0]", width: 12) == [
        "if", "      aaaaa", "    bbbbb", "  ccccc",
      ])
  }

  @Test func whatIsNoTankIsShownAsANoun() throws {
    #expect(try lines("[1 2 3]") == ["[1 2 3]"])
    #expect(try lines("[%rose 4 5]") == ["[%rose 4 5]"])
    #expect(try lines("[%leaf 104 105 7 0]") == ["hi "])
  }

  @Test func deepAndSharedTanksEnd() throws {
    let loom = try Loom()
    let nursery = loom.nursery
    var tank = Word(direct: cord("x"))
    // Each rose holds the one before twice: 2^100 leaves.
    for _ in 0..<100 {
      let list = try nursery.cell(tank, nursery.cell(tank, .zero))
      tank = try nursery.cell(
        Word(direct: cord("rose")), nursery.cell(nursery.cell(.zero, nursery.cell(.zero, .zero)), list))
    }
    #expect(TankText(nursery).lines(of: tank).count < 10_000)
    for _ in 0..<200_000 {
      let frame = try nursery.cell(.zero, nursery.cell(.zero, .zero))
      tank = try nursery.cell(Word(direct: cord("rose")), nursery.cell(frame, nursery.cell(tank, .zero)))
    }
    #expect(TankText(nursery).lines(of: tank).count >= 1)
  }
}

@Suite struct TraceTextTests {
  @Test func entriesAreTold() throws {
    let run = try TextRun(
      """
      [0 11 [%hunk 1 %a %b 0] 11 [%lose 1 %gone] 11 [%hand 1 5] 11 [%mean 1 [1 %leaf "late"] 0] \
      11 [%mean 1 [0 0] 0] 11 [%spot 1 [%gen %add %hoon ~] [2 3] 2 8] 11 [%mean 1 'word'] 0 0]
      """)
    #expect(run.fault == .exit)
    var options = TraceOptions()
    options.source = { name in
      name == "gen/add.hoon" ? SourceText(name: name, text: "first\n  (add a b)\n") : nil
    }
    #expect(
      run.machine.text(ofTrace: run.trace, options) == [
        "word", "gen/add.hoon:2:3: /gen/add/hoon:<[2 3].[2 8]>", "    (add a b)", "    ^~~~~", "####", "late",
        "hand: 5", "lose: gone", "nothing at /a/b",
      ])
  }

  @Test func longTracesAreCutAndCounted() throws {
    // A hundred calls deep, one entry each, then a crash.
    let loop = "6 [5 [0 6] 1 100] [0 0] 11 [%mean 1 'in'] 9 2 10 [6 4 0 6] 0 1"
    let run = try TextRun("[0 8 [1 0] 8 [1 \(loop)] 9 2 0 1]")
    let lines = run.machine.text(ofTrace: run.trace)
    #expect(lines.count == 21)
    #expect(lines.last == "... and 80 older entries")
    var whole = TraceOptions()
    whole.mostEntries = .max
    #expect(run.machine.text(ofTrace: run.trace, whole).count == 100)
  }

  @Test func trapsCannotRunForever() throws {
    let run = try TextRun("[0 11 [%mean 1 [2 [0 1] 0 2] 0] 0 0]")
    #expect(run.machine.text(ofTrace: run.trace) == ["####"])
    // Everything else still works.
    #expect(run.machine.text(ofTrace: run.trace) == ["####"])
  }

  @Test func aTraceIsToldWhenMemoryRanOut() throws {
    // Conses until nothing is left, deep inside two entries.
    let loop = "9 2 10 [6 [4 0 12] 0 6] 0 1"
    let run = try TextRun(
      "[0 11 [%spot 1 [%a %hoon ~] [1 1] 1 2] 11 [%mean 1 'growing'] 8 [1 0 0] 8 [1 \(loop)] 9 2 0 1]",
      budgetBytes: 1 << 20)
    #expect(run.fault == .bytes)
    #expect(run.machine.text(ofTrace: run.trace).prefix(2) == ["growing", "a.hoon:1:1: /a/hoon:<[1 1].[1 2]>"])
  }
}
