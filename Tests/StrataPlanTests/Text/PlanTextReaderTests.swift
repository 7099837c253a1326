// Values written as text: what they mean, and where mistakes are found.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct PlanTextReaderTests {
  private func forced(_ text: String) throws -> String {
    let machine = try PlanMachine()
    var style = PlanPrinter.Style.trace
    style.depth = 1000
    return String(
      decoding: machine.printed(try machine.force(try machine.read(text: Array(text.utf8))), style: style),
      as: UTF8.self)
  }

  @Test(arguments: [
    ("12", "12"), ("0xffffffffffffffffff", "0xffffffffffffffffff"), (" \"hi there\" ", "\"hi there\""),
    ("%word", "%word"), ("(5 3 4)", "5[3 4]"), ("5[3 4]", "5[3 4]"), ("[1 2]", "[1 2]"), ("#7", "#7"), ("##7", "##7"),
    ("#1[#2]", "#1[#2]"),
    ("#{%id 1 1}", "id"), ("(#{%id 1 1} 9)", "9"), ("(Add 2 3)", "5"), ("Add[2]", "Add[2]"), ("(If 0 1 2)", "2"),
    ("(#2[] 3)", "4"), ("[[1] [2 [3]]]", "[[1] [2 [3]]]"),
    ("340282366920938463463374607431768211456", "0x100000000000000000000000000000000"),
  ])
  func valuesAreRead(text: String, expected: String) throws {
    #expect(try forced(text) == expected)
    // What is printed of rows, pins and naturals can be read again.
    if !expected.contains("id") { #expect(try forced(expected) == expected) }
  }

  @Test(arguments: [
    ("", 0, "there is no value"), ("(1", 2, "a bracket is not closed"), ("1)", 1, "there is more after the value"),
    ("(1]", 3, "this closes another bracket than the one that is open"), (")", 0, "nothing is open here"),
    ("()", 2, "an application needs a function"), ("{1 2}", 5, "a law has a name, an arity and a body"),
    ("0x", 2, "a number without digits"), ("\"abc", 0, "a text without end"), ("Frob", 0, "nothing has the name Frob"),
    ("(1 $)", 3, "no value begins with this character"), ("1 2", 2, "there is more after the value"),
  ])
  func mistakesAreFoundWhereTheyAre(text: String, offset: Int, message: String) throws {
    let machine = try PlanMachine()
    #expect(throws: PlanTextFailure(message: message, offset: offset)) { try machine.read(text: Array(text.utf8)) }
  }

  @Test func nestingTakesNoHostStack() throws {
    let depth = 100_000
    let text = String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
    let machine = try PlanMachine()
    let value = try machine.force(try machine.read(text: Array(text.utf8)))
    #expect(machine.text(value) == "[[[[..]]]]")
  }

  @Test func randomTextNeverTraps() throws {
    var random = Random(seed: 5)
    let pieces = ["(", ")", "[", "]", "{", "}", "#", " ", "1", "0x", "%a", "\"", "Add", "If", "2"]
    let machine = try PlanMachine()
    for _ in 0..<2000 * testScale {
      let text = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
      _ = try? machine.read(text: Array(text.utf8))
      machine.nursery.reset()
    }
  }
}
