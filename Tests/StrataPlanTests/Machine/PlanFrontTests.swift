// The newer specification on the machine: its rules one by one, and generated programs against the rules written down.

import Foundation
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

@Suite struct PlanFrontTests {
  private func machine() throws -> PlanMachine { try PlanMachine(front: .specification) }

  private func evaluated(_ text: String, isForced: Bool = true) throws -> String {
    let machine = try machine()
    let word = try machine.read(text: Array(text.utf8))
    do throws(PlanFailure) {
      let value = try isForced ? machine.force(word) : machine.evaluate(word)
      var style = PlanPrinter.Style()
      style.depth = 50
      return String(decoding: machine.printed(value, style: style), as: UTF8.self)
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("(#0 [5])", "#5"), ("(#0 1[1 7 8])", "7(2)=>8"), ("(#0 1[0 7 1] 5)", "5"),
    ("(#0 2[10 11 12 13 14 0])", "13"), ("(#0 2[10 11 12 13 14 5])", "14[4]"), ("(#0 2[10 11 12 13 14 #5])", "10[5]"),
    ("(#0 2[10 11 12 13 14 {7 2 8}])", "11[2 7 8]"), ("(#0 2[10 11 12 13 14 1[2 3]])", "12[1[2] 3]"),
    // Every natural's pin takes one argument and none but 0 means anything.
    ("(#1 5)", "crash(StrataPlan.PlanCrash.unknownOperation)"),
    ("(#2 5)", "crash(StrataPlan.PlanCrash.unknownOperation)"),
    ("(#21 5)", "crash(StrataPlan.PlanCrash.unknownOperation)"),
    ("(#15 35[1 2])", "crash(StrataPlan.PlanCrash.unknownOperation)"),
    ("(##5 1)", "crash(StrataPlan.PlanCrash.uncallable)"), ("(#[5] 1)", "crash(StrataPlan.PlanCrash.uncallable)"),
    ("(#0 5)", "crash(StrataPlan.PlanCrash.malformedRow)"), ("(#0 [1 2])", "crash(StrataPlan.PlanCrash.malformedRow)"),
    ("(#0 1[1 2])", "crash(StrataPlan.PlanCrash.malformedRow)"),
    ("(#0 3[1])", "crash(StrataPlan.PlanCrash.malformedRow)"),
    // The argument comes first, also where there is no meaning.
    ("(#7 (##5 1))", "crash(StrataPlan.PlanCrash.uncallable)"),
    // Pins of laws run them; slot 0 is the pin. Names mean nothing.
    ("(#{7 1 0} 1)", "#7(1)=>0"), ("({7 1 0} 1)", "7(1)=>0"), ("(#{%Inc 1 1} 5)", "5"), ("(#{%Add 2 1} 5 6)", "5"),
    // The arity that is cast and grown.
    ("(#0 1[#5 7 8])", "7(1)=>8"),
  ])
  func rules(text: String, expected: String) throws { #expect(try evaluated(text) == expected) }

  @Test func pinsAndLawsAreLazy() throws {
    let none = "crash(StrataPlan.PlanCrash.unknownOperation)"
    let other = "crash(StrataPlan.PlanCrash.uncallable)"
    let fails = "(#9 9)"
    let unread = "((#0 {9}) 9)"
    let cases: [(text: String, evaluated: String, forced: String)] = [
      // An item is evaluated, and no more than that.
      ("(#0 [\(fails)])", none, none), ("(#0 [[\(fails)]])", "#{\(unread)}", none),
      // A name is not looked at.
      ("({\(fails) 1 1} 5)", "5", "5"), ("{\(fails) 1 1}", "\(unread)(1)=>1", none),
      ("{[(#0 [3])] 1 1}", "(0 ((#0 {0}) (0 3)))(1)=>1", "[#3](1)=>1"),
      // A body is evaluated where it is an expression, also where it never runs; constants are evaluated, and no more.
      ("{0 1 \(fails)}", none, none), ("{0 1 [1 \(fails)]}", none, none), ("{0 1 [\(fails)]}", none, none),
      ("{0 1 1[\(fails) 1]}", none, none), ("({0 1 [[\(fails)]]} 5)", "{\(unread)}", none),
      ("({0 1 [1 2 \(fails)]} 5)", "{1 2 \(unread)}", none),
      // The order: what follows lets, then lets, then the rest.
      ("{0 1 1[\(fails) (##5 1)]}", other, other), ("{0 1 1[\(fails) [(##5 1)]]}", none, none),
      ("{0 1 [(##5 1) \(fails)]}", other, other),
      // A constant function with an argument that nobody asks for.
      ("({0 1 [[{0 2 2}[\(fails)]] 1]} 5)", "5", "5"),
    ]
    for (text, weak, normal) in cases {
      let found = (try evaluated(text, isForced: false), try evaluated(text))
      #expect(found.0 == weak && found.1 == normal, "\(text) gives \(found)")
    }
  }

  @Test func whatIsEvaluatedOnceIsShared() throws {
    // A let that is used twice is one pin.
    let twice = try evaluated("({0 1 1[[#0 [[0] 1]] [[[0] 2] 2]]} 7)")
    #expect(twice == "[#7 #7]", "\(twice)")
    // A ring through a pin and a row is a value as long as nobody forces it; taken apart it goes on.
    let ring = "({0 1 1[[#0 [[0] [[0] 2]]] 2]} 0)"
    let machine = try machine()
    let pin = try machine.evaluate(machine.read(text: Array(ring.utf8)))
    #expect(pin.isPin)
    machine.stepLimit = 10_000
    #expect(throws: PlanFailure.fault(.steps)) { try machine.force(pin) }
    #expect(try evaluated("({0 1 1[2 2]} 0)") == "loop")
    #expect(try evaluated("({0 1 1[[#0 [[0] 2]] 2]} 0)") == "loop")
  }

  @Test func numbersAreMadeOfArities() throws {
    // (next n): the arity of a law made with n.
    let next = "{%next 1 [#0 [[[[[[[2] [0]] [{0 3 1}]] [0]] [0]] [0]] [#0 [[[[1] 1] [0]] [0]]]]]}"
    #expect(try evaluated("(\(next) 41)") == "42")
    #expect(try evaluated("(\(next) 0x7fffffffffffffff)") == "0x8000000000000000")
    #expect(try evaluated("(\(next) 0xffffffffffffffffffffffffffffffff)") == "0x100000000000000000000000000000000")
    // A loop of 10^5 turns in one frame: down to 0 by cases.
    let down = "{%down 1 [#0 [[[[[[[2] [0]] [0]] [0]] [7]] 0] 1]]}"
    #expect(try evaluated("(\(down) 100000)") == "7")
  }

  @Test func seedsComeBack() throws {
    let machine = try machine()
    for text in [
      "5", "#5", "#0", "#[1 2 #0]", "{7 2 [1 2]}", "#{%name 1 [[0] 1]}", "{[1 #2] 3 [4]}", "0[#{1 1 1} {1 1 1}]",
    ] {
      let value = try machine.force(machine.read(text: Array(text.utf8)))
      let plain = try machine.plainText(value)
      let seed = try machine.seed(of: value)
      let again = try machine.force(machine.load(seed: seed))
      #expect(try machine.plainText(again) == plain)
      #expect(try machine.seed(of: again) == seed)
    }
  }

  @Test func theTextReaderKnowsTheRules() throws {
    let machine = try machine()
    #expect(throws: PlanTextFailure.self) { try machine.read(text: Array("Add".utf8)) }
    #expect(throws: PlanTextFailure.self) { try machine.read(text: Array("{1 0 1}".utf8)) }
    #expect(throws: PlanTextFailure.self) { try machine.read(text: Array("{1 [1] 1}".utf8)) }
  }

  @Test func programsRun() throws {
    let machine = try machine()
    let main = try machine.read(text: Array("{0 1 [#0 [[[[[[[2] [0]] [0]] [{0 2 2}]] [0]] [0]] 1]]}".utf8))
    #expect(try machine.runProgram(main, arguments: [[65], [66]]) == 66)
  }

  // MARK: Generated programs

  @Test(.disabled(if: getenv("TSAN_OPTIONS") != nil, "deeper than the thread sanitizer can follow"), arguments: 0..<2)
  func generatedProgramsAgree(part: Int) throws {
    let count = (isDebug ? 1000 : 10_000) * testScale
    let start = DifferentialTests.firstSeed &+ UInt64(part) &* 1_000_000_007
    let (compared, kinds, difference) = try onStack(bytes: referenceStack) {
      try DifferentialTests.compare(
        count: count, from: start, on: { try DifferentialTests.restless(front: .specification) }
      ) { seed in
        let program = SpecifiedProgramMaker.program(seed: seed)
        return Specification.result(of: program).map { (program, $0) }
      }
    }
    print("programs of the specification from seed \(start): \(compared) of \(count) compared; \(kinds)")
    #expect(difference == nil)
    #expect(compared > count / 2)
  }
}
