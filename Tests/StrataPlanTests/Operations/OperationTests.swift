// The table of operations against the one that programs are written for: every pin, every key and every name, what each
// takes, in which order it evaluates, and one application of each with its result.

import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

/// One operation as programs know it: its key, how many operands it takes, the order in which it evaluates them (N to a
/// natural, E, F forced), operands, and the normal form of what they give.
struct KnownOperation: Sendable, CustomTestStringConvertible {
  let key: UInt64
  let arity: Int
  let order: String
  let operands: [String]
  let result: String

  init(_ key: UInt64, _ arity: Int, _ order: String, _ operands: String, _ result: String) {
    self.key = key
    self.arity = arity
    self.order = order
    self.operands = operands.split(separator: " ").map(String.init)
    self.result = result
  }

  var testDescription: String { "operation \(key)" }

  static let all: [KnownOperation] = [
    KnownOperation(0, 1, "F1", "7", "#7"),
    KnownOperation(1, 3, "N1 N2 F3", "7 2 1", "7(2)=>1"),
    KnownOperation(2, 1, "N1", "7", "8"),
    KnownOperation(3, 6, "E6", "10 11 12 13 14 5", "14[4]"),
    KnownOperation(4, 1, "F1", "[7]", "[7]"),
    KnownOperation(5, 2, "E1", "7 8", "8"),
    KnownOperation(6, 2, "E2", "5 1", "5[1]"),
    KnownOperation(7, 3, "E2 E3", "5 1 2", "5[1 2]"),
    KnownOperation(8, 4, "E2 E3 E4", "5 1 2 3", "5[1 2 3]"),
    KnownOperation(9, 5, "E2 E3 E4 E5", "5 1 2 3 4", "5[1 2 3 4]"),
    KnownOperation(10, 6, "E2 E3 E4 E5 E6", "5 1 2 3 4 5", "5[1 2 3 4 5]"),
    KnownOperation(11, 7, "E2 E3 E4 E5 E6 E7", "5 1 2 3 4 5 6", "5[1 2 3 4 5 6]"),
    KnownOperation(12, 8, "E2 E3 E4 E5 E6 E7 E8", "5 1 2 3 4 5 6 7", "5[1 2 3 4 5 6 7]"),
    KnownOperation(13, 1, "E1", "#{1,1,1}", "1"),
    KnownOperation(14, 1, "E1", "{1,1,1}", "1"),
    KnownOperation(15, 1, "E1", "[1]", "1"),
    KnownOperation(16, 1, "E1", "#1", "0"),
    KnownOperation(17, 1, "E1", "#1", "1"),
    KnownOperation(18, 1, "E1", "0", "1"),
    KnownOperation(19, 1, "E1", "[1]", "3"),
    KnownOperation(20, 1, "E1", "#9", "9"),
    KnownOperation(21, 1, "E1", "{5,6,7}", "5"),
    KnownOperation(22, 1, "E1", "{5,6,7}", "6"),
    KnownOperation(23, 1, "E1", "{5,6,8}", "8"),
    KnownOperation(24, 1, "E1", "4[5,6]", "4[5]"),
    KnownOperation(25, 1, "E1", "4[5,6]", "6"),
    KnownOperation(26, 3, "E1", "[1] 5 6", "5"),
    KnownOperation(27, 3, "E1", "0 5 6", "5"),
    KnownOperation(28, 1, "N1", "#3", "0"),
    KnownOperation(29, 1, "N1", "0", "0"),
    KnownOperation(31, 2, "E1", "7 8", "8"),
    KnownOperation(32, 2, "E1", "[7] 8", "[7]"),
    KnownOperation(33, 2, "E1", "7 8", "0"),
    KnownOperation(34, 2, "E1", "0 0", "1"),
    KnownOperation(35, 2, "N2 N1", "7 8", "15"),
    KnownOperation(36, 2, "N1 N2", "7 8", "0"),
    KnownOperation(37, 2, "N1 N2", "7 8", "56"),
    KnownOperation(38, 2, "N1 N2", "7 3", "343"),
    KnownOperation(39, 1, "N1", "10", "1024"),
    KnownOperation(40, 2, "N1 N2", "7 7", "1"),
    KnownOperation(41, 2, "N1 N2", "7 7", "0"),
    KnownOperation(42, 2, "N1 N2", "7 8", "1"),
    KnownOperation(43, 2, "N1 N2", "7 8", "0"),
    KnownOperation(44, 2, "N1 N2", "7 8", "1"),
    KnownOperation(45, 2, "N1 N2", "7 8", "0"),
    KnownOperation(46, 2, "N1 N2", "8 7", "2"),
    KnownOperation(47, 2, "N1 N2", "0x10000000000000000 7", "2635249153387078802"),
    KnownOperation(48, 2, "N1 N2", "0x10000000000000000 7", "2"),
    KnownOperation(49, 2, "N1 N2", "17 5", "[3 2]"),
    KnownOperation(50, 2, "N1 N2", "5 64", "0x50000000000000000"),
    KnownOperation(51, 2, "N1 N2", "5 64", "0"),
    KnownOperation(52, 2, "N1 N2", "4 255", "15"),
    KnownOperation(53, 1, "N1", "0x1ff", "1"),
    KnownOperation(54, 1, "N1", "0x1fe", "254"),
    KnownOperation(55, 1, "N1", "0x1fffe", "65534"),
    KnownOperation(56, 1, "N1", "0x1fffffffe", "4294967294"),
    KnownOperation(57, 1, "N1", "0x1ffffffffffffffff", "0xffffffffffffffff"),
    KnownOperation(58, 1, "N1", "0x100000000000000000000000000000005", "5"),
    KnownOperation(59, 1, "N1", "0x10000000000000000000000000000000000000000000000000000000000000005", "5"),
    KnownOperation(60, 3, "N1 N2 N3", "4 8 0xabcd", "188"),
    KnownOperation(61, 3, "N1 N2 N3", "4 8 0xabcd", "40973"),
    KnownOperation(62, 4, "N1 N2 N3 N4", "4 8 0xf12 0xabcd", "41261"),
    KnownOperation(63, 1, "N1", "255", "8"),
    KnownOperation(64, 2, "N1 N2", "3 8", "1"),
    KnownOperation(65, 2, "N1 N2", "70 0", "0x400000000000000000"),
    KnownOperation(66, 2, "N1 N2", "3 9", "1"),
    KnownOperation(67, 1, "E1", "4[5]", "4"),
    KnownOperation(68, 1, "E1", "4[5,6]", "2"),
    KnownOperation(69, 3, "N1 E2", "1 [5,6] 7", "6"),
    KnownOperation(71, 2, "N1", "9 5", "5"),
    KnownOperation(72, 3, "N1", "0 5 6", "5"),
    KnownOperation(73, 4, "N1", "1 5 6 7", "6"),
    KnownOperation(74, 5, "N1", "2 5 6 7 8", "7"),
    KnownOperation(75, 6, "N1", "9 5 6 7 8 9", "9"),
    KnownOperation(76, 7, "N1", "4 5 6 7 8 9 10", "9"),
    KnownOperation(77, 8, "N1", "5 5 6 7 8 9 10 11", "10"),
    KnownOperation(78, 2, "E2 E1", "4 0[5,6]", "4[5 6]"),
    KnownOperation(79, 3, "N1 E3", "1 9 [5,6]", "[5 9]"),
    KnownOperation(80, 3, "N1 E3", "0 9 [5,6]", "[9 6]"),
    KnownOperation(81, 2, "N1 E2", "1 [5,6]", "6"),
    KnownOperation(82, 1, "E1", "[5,6,7,8,9,10,11,12]", "5"),
    KnownOperation(83, 1, "E1", "[5,6,7,8,9,10,11,12]", "6"),
    KnownOperation(84, 1, "E1", "[5,6,7,8,9,10,11,12]", "7"),
    KnownOperation(85, 1, "E1", "[5,6,7,8,9,10,11,12]", "8"),
    KnownOperation(86, 1, "E1", "[5,6,7,8,9,10,11,12]", "9"),
    KnownOperation(87, 1, "E1", "[5,6,7,8,9,10,11,12]", "10"),
    KnownOperation(88, 1, "E1", "[5,6,7,8,9,10,11,12]", "11"),
    KnownOperation(89, 1, "E1", "[5,6]", "0"),
    KnownOperation(90, 3, "N3 N1", "4 5 2", "4[5 5]"),
    KnownOperation(91, 3, "N1 N2", "4 3 [5,[6]]", "4[5 6 0]"),
    KnownOperation(92, 5, "N1 N2 N3 E4 E5", "2 1 0 [5,6] [7,8,9]", "[6 0 9]"),
    KnownOperation(94, 1, "N1", "0x100", "2"),
    KnownOperation(95, 3, "N1 N2 N3", "1 2 0xaabbccdd", "48076"),
    KnownOperation(96, 3, "N1 N2 N3", "1 1 0xaabbcc", "11141324"),
    KnownOperation(97, 4, "N1 N2 N3 N4", "1 1 0xee 0xaabbcc", "11202252"),
    KnownOperation(99, 2, "N1 N2", "1 0xaabbcc", "187"),
    KnownOperation(100, 2, "N1 N2", "1 0xaabbcc", "43707"),
    KnownOperation(101, 2, "N1 N2", "0 0x1aabbccdd", "2864434397"),
    KnownOperation(102, 2, "N1 N2", "1 0x112233445566778899", "1234605616436508552"),
    KnownOperation(103, 3, "N1 N2 N3", "1 0x1ee 0xaabbcc", "11202252"),
    KnownOperation(104, 3, "N1 N2 N3", "0 0x1eedd 0xaabbcc", "11202269"),
    KnownOperation(105, 3, "N1 N2 N3", "1 1 0xaabbccddeeff", "186916976722431"),
    KnownOperation(106, 3, "N1 N2 N3", "1 5 0xaa", "1450"),
    KnownOperation(107, 2, "E1 E2", "5 5", "1"),
    KnownOperation(108, 5, "N1 N2 N3 E4 E5", "1 0 1 [5] [7,8]", "[7 5]"),
    KnownOperation(109, 5, "N1 N2 N3 N4 N5", "0 1 5 0xbb 0x1aacc", "113612"),
  ]

  /// The text of the operation applied to operands, as a row of `#15`.
  func text(_ operands: [String]) -> String {
    "(#15 (\(key) " + operands.map { $0.replacing(",", with: " ") }.joined(separator: " ") + "))"
  }
}

@Suite struct OperationTests {
  private func evaluated(_ machine: PlanMachine, _ text: String) throws -> String {
    try machine.result(main: machine.read(text: Array(text.utf8)))
  }

  @Test func everyKeyIsKnown() {
    let keys = KnownOperation.all.map(\.key) + [70] + Operation.undefined
    #expect(keys.sorted() == Array(0...109))
    for operation in Operation.allCases where operation.rawValue < 110 {
      #expect(keys.contains(UInt64(operation.rawValue)))
    }
  }

  @Test(arguments: KnownOperation.all)
  func operationsTakeAndGiveWhatProgramsExpect(_ known: KnownOperation) throws {
    let operation = try #require(Operation.keyed(known.key, count: known.arity))
    #expect(operation.rawValue == known.key)
    #expect(known.operands.count == known.arity)
    #expect(Reference.arities[Int(known.key)] == known.arity || known.key == 107)
    for count in 1...9 where count != known.arity { #expect(Operation.keyed(known.key, count: count) == nil) }
    let machine = try PlanMachine()
    let word = try machine.force(machine.read(text: Array(known.text(known.operands).utf8)))
    #expect(machine.text(word) == known.result)
  }

  /// Replaces operands by throws, from the last that is evaluated to the first: always the first of them is what is thrown.
  @Test(arguments: KnownOperation.all)
  func operandsAreEvaluatedInTheirOrder(_ known: KnownOperation) throws {
    let machine = try PlanMachine()
    var operands = known.operands
    for step in known.order.split(separator: " ").reversed() {
      let operand = try #require(Int(step.dropFirst()))
      operands[operand - 1] = "(#200 \(operand))"
      #expect(try evaluated(machine, known.text(operands)) == "threw (200 \(operand))")
      if step.hasPrefix("F") {
        // Forced: what lies within throws as well.
        operands[operand - 1] = "[(#201 \(operand))]"
        #expect(try evaluated(machine, known.text(operands)) == "threw (201 \(operand))")
        operands[operand - 1] = "(#200 \(operand))"
      }
    }
  }

  /// Operands that an operation does not ask for may throw: the result is there, and only they throw when it is forced.
  @Test(arguments: KnownOperation.all)
  func otherOperandsAreLazy(_ known: KnownOperation) throws {
    let machine = try PlanMachine()
    let strict = known.order.split(separator: " ").map { String($0.dropFirst()) }
    var operands = known.operands
    for index in operands.indices where !strict.contains(String(index + 1)) { operands[index] = "(#200 \(index + 1))" }
    if operands == known.operands { return }
    // What selects one of its operands evaluates that one; everything else keeps them.
    let word = try machine.read(text: Array(known.text(operands).utf8))
    let selected: [UInt64: Int] = [
      3: 5, 5: 2, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 26: 2, 27: 2, 31: 2, 33: 2, 34: 2, 71: 2, 72: 2, 73: 3,
      74: 4, 75: 6, 76: 6, 77: 7, 91: 3,
    ]
    if let operand = selected[known.key] {
      #expect(throws: PlanFailure.uncaught) { try machine.evaluate(word) }
      #expect(machine.text(machine.thrown) == "200[\(operand)]")
    } else {
      _ = try machine.evaluate(word)
    }
  }

  @Test func whatHasNoMeaningSaysSo() throws {
    let machine = try PlanMachine()
    for text in ["(#15 30[1])", "(#15 93[1 2 3 4])", "(#15 98[1 2 3 4 5])"] {
      #expect(try evaluated(machine, text) == "crash undefinedOperation")
    }
    // A choice between no branches, an operation that does not exist, and the wrong number of operands.
    for text in [
      "(#15 70[1])", "(#15 110[1])", "(#15 (%Nothing 1))", "(#15 35[1 2 3])", "(#15 30000000000000000000[1])",
    ] {
      #expect(try evaluated(machine, text) == "crash unknownOperation")
    }
    #expect(try evaluated(machine, "(#15 35)") == "crash malformedRow")
    #expect(PlanCrash.undefinedOperation.explanation.contains("Fresh"))
  }

  // MARK: Names

  /// Names by which pinned laws are recognised, with their arity and key; 128 and above have no key.
  static let names =
    """
    Inc1=2 Dec1=29 Add2=35 Sub2=36 Mul2=37 Div2=47 Mod2=48 Trunc2=52 Rsh2=51 Lsh2=50 And2=31 Or2=32 Bytes1=94 Load3=95 \
    DivMod2=49 ByteIx2=99 Bix2=99 Load8:2=99 Cmp2=128 Seq2=5 IsPin1=13 IsLaw1=14 IsApp1=15 IsNat1=16 Nat1=28 Eqz1=18 \
    Nil1=18 Type1=19 Unpin1=20 Name1=21 Arity1=22 Body1=23 Init1=24 Last1=25 Sz1=68 BitSz1=63 Bits1=63 Test2=64 Set2=65 \
    Clear2=66 Bex1=39 Ix2=81 Up3=79 If3=26 Ifz3=27 Br3=69 Case3=69 Coup2=78 Rep3=90 Hd1=67 Row3=91 Copy5=92 NatCmp2=46 \
    Compare2=46 NatEql2=40 Eq2=40 Ne2=41 Gt2=45 Ge2=43 Lt2=44 Le2=42 Case3:4=73 Store4=97 Store8:3=103 Store64:3=106 \
    Profile2=129
    """

  private func number(_ name: Substring) -> UInt64 { name.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  @Test func everyNameIsThatOfItsOperation() throws {
    var count = 0
    for entry in OperationTests.names.split(separator: " ") {
      let sides = entry.split(separator: "=")
      let key = try #require(UInt8(sides[1]))
      // The arity is the last digit, or follows a colon where the name ends in a digit.
      let parts = sides[0].split(separator: ":")
      let name = parts.count == 2 ? parts[0] : sides[0].dropLast()
      let arity = try #require(Int(parts.count == 2 ? parts[1] : sides[0].suffix(1)))
      #expect(Operation.named(number(name), arity: arity)?.rawValue == key, "\(entry)")
      for other in 1...9 where other != arity {
        if name == "Case3" || name == "Case" { continue }
        #expect(Operation.named(number(name), arity: other) == nil, "\(entry)")
      }
      count += 1
    }
    // The table has no name that programs do not know.
    #expect(Operation.allCases.map(\.entry.names.count).reduce(0, +) == count)
    let absent =
      "Sap Sap2 Force Pin Law Eat Ix0 Ix7 Case4 Case5 Trunc8 CopyU Snore RefEq ToBit Fresh Switch Splice Cut Wipe Edit"
    for name in absent.split(separator: " ") {
      for arity in 1...9 { #expect(Operation.named(number(name), arity: arity) == nil) }
    }
  }

  // MARK: Pins

  @Test func pinnedNaturalsTakeWhatProgramsGiveThem() throws {
    let machine = try PlanMachine()
    let arities: [UInt64: Int] = [1: 3, 3: 6]
    for key in 0...UInt64(30) {
      #expect(machine.engine.arity(try machine.engine.makePin(Word(direct: key))) == arities[key] ?? 1)
    }
    let examples = [
      ("(#0 5)", "<5>"), ("(#1 5 6 7)", "{5 6 7}"), ("(#2 5)", "6"), ("(#3 1 2 3 4 5 #6)", "(1 6)"),
      ("(#8 [#2 5])", "(0 6)"),
      ("(#8 [#21 5])", "(21 5)"), ("(#17 5)", "threw (17 5)"), ("(#18 5)", "1"), ("(#14 4)", "4294967296"),
      ("(#%Die 5)", "threw (6646084 5)"),
      ("(#0xffffffffffffffffffffffff 5)", "threw (0xffffffffffffffffffffffff 5)"),
    ]
    for (text, result) in examples { #expect(try evaluated(machine, text) == result) }
  }

  @Test func effectsAreErrorsWithoutAGrant() throws {
    let machine = try PlanMachine()
    let denied: [(String, PlanEffect)] = [
      ("(#4 [1 2])", .trace), ("(#5 [39])", .syscall), ("(#6 [1 2 3])", .memory),
      ("(#7 [1 2 3 4])", .memory), ("(#9 [1 2 3 4])", .write), ("(#10 [0 0xffff 1 0])", .read), ("(#11 #5)", .store),
      ("(#12 5)", .store), ("(#13 5)", .memory), ("(#16 [1 2 3 4 5])", .write),
      ("(#19 1)", .profile),
      ("(#20 0)", .profile),
    ]
    for (text, effect) in denied {
      #expect(throws: PlanFailure.denied(effect), "\(text)") {
        try machine.force(machine.read(text: Array(text.utf8)))
      }
    }
    for key in [4, 5, 6, 7, 8, 9, 10, 16] {
      #expect(try evaluated(machine, "(#\(key) 1)") == "crash malformedRow")
      #expect(try evaluated(machine, "(#\(key) [1 2 3 4 5 6 7 8])") == "crash malformedRow")
    }
  }
}
