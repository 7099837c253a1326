// Conversations: what entries may see, what they leave behind, and how mistakes are told.

import StrataText
import Testing

@testable import StrataFlat

@Suite struct FlatSessionTests {
  /// What a conversation says to each entry.
  func replies(_ entries: [String], budget: Budget = Budget()) -> [String] {
    var session = FlatSession(budget: budget)
    return entries.map { entry in
      switch session.enter(entry) {
      case .declared(let names): return "+" + names.joined(separator: ",")
      case .value(let text, let output): return String(decoding: output, as: UTF8.self) + (text ?? "")
      case .failure(let text, _, let isBudget): return (isBudget ? "budget: " : "") + text
      case .unfinished: return "..."
      }
    }
  }

  @Test func declarationsStayAndExpressionsAreEvaluated() {
    #expect(
      replies([
        "square :: (n: i64) -> i64 => n * n", "square(12)", "P :: struct { x: i64; }", "P.{ x = square(2) }",
        "[3]u8", "N :: #run square(5)", "N + 1", "print(\"{}\\n\", N)", "", ";",
      ]) == ["+square", "144", "+P", "P{x: 4}", "[3]u8", "N = 25", "26", "25\n", "+", "+"])
  }

  @Test func aNameMayBeDeclaredAgain() {
    #expect(
      replies(["f :: () -> i64 => 1;", "g :: () -> i64 => f() * 10;", "f :: () -> i64 => 2;", "g()"])
        == ["+f", "+g", "+f", "20"])
  }

  @Test func whatIsWrongChangesNothing() {
    let said = replies(["f :: () -> i64 => 1;", "f :: () -> i64 => true;", "f()", "f() + missing", "f()"])
    #expect(said[0] == "+f" && said[2] == "1" && said[4] == "1")
    #expect(said[1].hasPrefix("input:1:19: error: expected 'i64', but this is 'bool'\n"))
    #expect(said[3].hasPrefix("input:2:7: error: unknown name 'missing'\n"))
  }

  @Test func variablesBeginAnewForEveryEntry() {
    #expect(
      replies(["n : i64 = 5;", "bump :: () -> i64 { n += 1; return n; }", "bump()", "bump()"])
        == ["+n", "+bump", "6", "6"])
  }

  @Test func openBracketsAskForMore() {
    var session = FlatSession()
    guard case .unfinished = session.enter("f :: (a: i64) -> i64 {") else {
      Issue.record("an open block is not a whole entry")
      return
    }
    guard case .failure = session.enter("f :: (a: i64) -> i64 {", isWhole: true) else {
      Issue.record("an open block is wrong")
      return
    }
    guard case .unfinished = session.enter("\"a text // that goes on") else {
      Issue.record("an open text is not a whole entry")
      return
    }
    guard case .value(let text, _) = session.enter("\"}\".len + 1 // }}}") else {
      Issue.record("brackets in texts and comments do not count")
      return
    }
    #expect(text == "2")
  }

  @Test func budgetsEndEntries() {
    let said = replies(
      ["spin :: () -> i64 { while true { } }", "spin()", "1 + 1"],
      budget: Budget(steps: 1000, bytes: 1 << 20, depth: 100))
    #expect(said[1].hasPrefix("budget: ") && said[1].contains("out of steps"))
    #expect(said[2] == "2")
  }

  @Test func whatCompilingNeedsHasABudgetToo() {
    var session = FlatSession(compileBudget: Budget(steps: 1000))
    guard
      case .failure(let text, _, let isBudget) = session.enter(
        "T :: struct { x: [#run (() -> i64 { while true { } })()]u8; }")
    else {
      Issue.record("an endless length is no declaration")
      return
    }
    #expect(isBudget && text.contains("this could not be evaluated: out of steps"))
  }

  @Test func stepsAndStorageOfTheLatestEntryAreKnown() {
    var session = FlatSession()
    _ = session.enter(
      "f :: (n: i64) -> i64 { a : [100]i64; i := 0; while i < n { a[i] = i; i += 1; } return a[n - 1]; }")
    #expect(session.steps == 0)
    _ = session.enter("f(100)")
    let long = session.steps
    #expect(long > 500 && session.usedBytes >= 800)
    _ = session.enter("f(10)")
    #expect(session.steps > 50 && session.steps < long / 5)
  }
}
