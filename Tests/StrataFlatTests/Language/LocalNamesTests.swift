// The table of local names against a plain list, and what programs see of it.

import StrataTestSupport
import StrataText
import Testing

@testable import StrataFlat

@Suite struct LocalNamesTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func namesAreFoundAsInAPlainList(seed: UInt64) {
    var random = Random(seed: seed)
    var names = LocalNames()
    var plain: [Local] = []
    func matches(_ found: Local?, _ wanted: Local?) -> Bool {
      guard case .place(let one, _)? = found?.form, case .place(let other, _)? = wanted?.form else {
        return found == nil && wanted == nil
      }
      return one == other
    }
    for turn in 0..<400 {
      let symbol = Symbol(index: UInt32(random.below(30)))
      if random.chance(70) {
        let local = Local(symbol: symbol, form: .place(ValueID(UInt32(turn)), .i64))
        names.append(local)
        plain.append(local)
      } else if random.chance(30) {
        let count = random.below(plain.count + 1)
        names.cut(to: count)
        plain.removeLast(plain.count - count)
      }
      let index = plain.lastIndex { $0.symbol == symbol }
      #expect(names.count == plain.count)
      #expect(names.lastIndex(of: symbol) == index)
      #expect(matches(names.find(symbol), index.map { plain[$0] }))
      #expect(index.flatMap { names.earlierIndex($0) } == plain[..<(index ?? 0)].lastIndex { $0.symbol == symbol })
      // What is computed while compiling sees no variables, and knows which ones it does not see.
      #expect(names.constants.find(symbol) == nil)
      #expect(names.constants.hides(symbol) == (index != nil))
    }
  }

  @Test func constantsAreSeenFromInside() {
    let (one, other) = (Symbol(index: 1), Symbol(index: 2))
    var names = LocalNames()
    names.append(Local(symbol: one, form: .operand(Operand(.integer(5), .i64))))
    names.append(Local(symbol: other, form: .operand(Operand(.integer(6), .i64))))
    names.append(Local(symbol: other, form: .place(ValueID(7), .i64)))
    var inner = names.constants.constants
    #expect(inner.find(one) != nil && !inner.hides(one))
    #expect(inner.find(other) == nil && inner.hides(other))
    inner.append(Local(symbol: other, form: .operand(Operand(.integer(8), .i64))))
    #expect(inner.find(other) != nil && !inner.hides(other))
    #expect(inner.latestName { $0 == one } == one)
    inner.cut(to: 0)
    #expect(inner.hides(other))
  }

  /// A variable hides a constant of the same name from what is computed while compiling, too.
  @Test(arguments: [
    "n :: 3; f :: () { n := 4; a : [n]u8; }",
    "f :: () { n :: 3; if true { n := 4; a : [n]u8; } }",
    "n :: 3; f :: (n: i64) { a := #run n + 1; }",
  ])
  func variablesHideConstants(_ text: String) {
    let program = compile(text)
    #expect(
      program.diagnostics.map(\.message) == [
        "'n' only has a value when the program runs, but one is needed while compiling"
      ])
  }

  @Test func aFunctionMayHaveManyNames() {
    var text = "k :: 1;\nf :: (a: i64, o: ?i64) -> i64 {\n  s := a;\n"
    for number in 0..<2000 { text += "  x\(number) := s + k + \(number); s = x\(number);\n" }
    text += "  if o != null { s += o; { s := 1; x7 :: 5; s += x7; } g := (y: i64) => y + x1999 + k; s += g(1); }\n"
    text += "  return s + x1999;\n}\nR :: #run f(1, 2);\n"
    let sum = 1 + 2000 + 1999 * 2000 / 2
    #expect(evaluate(text) == "\(3 * sum + 4)")
  }
}
