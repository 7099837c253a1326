// Printing and reading modules: round trips, faults with their places, damaged texts.

import Foundation
import StrataTestSupport
import StrataText
import Testing

@testable import StrataFlat

@Suite struct ModuleTextTests {
  static func read(_ text: String) throws(Diagnostic) -> Module {
    try ModuleParser.parse(SourceText(name: "test.flat", text: text))
  }

  @Test func generatedModulesRoundTrip() throws {
    for seed in 1...UInt64(60 * testScale) {
      let generated = ModuleGenerator(seed: seed)
      let text = ModulePrinter.print(generated.module)
      let again = try ModuleTextTests.read(text)
      #expect(ModulePrinter.print(again) == text, "seed \(seed)")
      let first = FlatMachine(module: generated.module, budget: ParityTests.budget)
      let second = FlatMachine(module: again, budget: ParityTests.budget)
      for function in generated.entries {
        guard let definition = generated.module.function(function),
          let arguments = ParityTests.zeroes(definition, generated.module.types)
        else { continue }
        let difference = FlatCases.difference(
          FlatCases.evaluate(function, arguments, first), FlatCases.evaluate(function, arguments, second))
        #expect(difference == nil, "seed \(seed)")
      }
    }
  }

  @Test(
    .enabled(if: RecordedData.isPresent, "no recorded cases beside the package"),
    arguments: RecordedData.files("own") + RecordedData.files("corpus").prefix(12))
  func recordedModulesRoundTrip(file: URL) throws {
    let program = try RecordedProgram(Array(try Data(contentsOf: file)))
    let text = ModulePrinter.print(program.module)
    #expect(ModulePrinter.print(try ModuleTextTests.read(text)) == text)
  }

  @Test func aWrittenProgramRuns() throws {
    let module = try ModuleTextTests.read(
      """
      target 64
      type #100 = struct Point { x: #5, y: #11 }   // two fields
      func @0 sum(%0 p: *Point) -> f64 {
      block 0 entry:
        %1 = load %0 : Point
        %2 = field %1, 0 : i64
        %3 = integer_to_float %2 from i64 : f64
        %4 = field %1, 1 : f64
        %5 = add %3, %4 : f64
        %6 = return %5 : f64
      }
      func @1 main() -> f64 {
      block 0 entry:
        %0 = integer 2 : i64
        %1 = float 0.1 : f64
        %2 = aggregate (%0, %1) : Point
        %3 = allocate Point : *Point
        %4 = store %3, %2 as Point : void
        %5 = call @0 (%3) : f64
        %6 = return %5 : f64
      }
      """)
    #expect(module.verify().isEmpty)
    #expect(try FlatMachine(module: module).evaluate(FunctionID(1)) == .float(2.1))
    #expect(try ReferenceEvaluator(module: module).evaluate(FunctionID(1)) == .float(2.1))
  }

  @Test(arguments: [
    ("func @1 f() -> void\n", 0, "functions are numbered in order"),
    ("func @0 f() -> nothing\n", 15, "expected a type, found 'nothing'"),
    ("func @0 f() -> void {\nblock 0 e:\n  %0 = fly : void\n}", 40, "expected an operation, found 'fly'"),
    ("global @0 g: i64 = \"x", 19, "the text is not closed"),
    ("wrong", 0, "expected 'type', 'error', 'global' or 'func', found 'wrong'"),
    ("func @0 f() -> void {\nblock 0 e:\n  %3 = return_void : void\n}", 0, "the values of 'f' leave out %0"),
  ]) func faultsHavePlaces(text: String, offset: Int, message: String) {
    do throws(Diagnostic) {
      _ = try ModuleTextTests.read(text)
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.message == message)
      #expect(error.range.lowerBound == offset, "\(error)")
    }
  }

  @Test func damagedTextsEndCleanly() {
    for seed in 1...UInt64(40 * testScale) {
      var random = Random(seed: seed)
      var bytes = Array(ModulePrinter.print(ModuleGenerator(seed: seed % 13 + 1).module).utf8)
      for _ in 0...random.below(4) {
        let place = random.below(bytes.count)
        switch random.below(3) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        default: bytes.removeSubrange(place..<min(bytes.count, place + random.below(200)))
        }
      }
      do throws(Diagnostic) {
        let module = try ModuleParser.parse(SourceText(name: "damaged.flat", bytes: bytes))
        _ = module.verify()
      } catch {
        #expect(error.range.upperBound <= bytes.count + 1, "seed \(seed)")
      }
    }
  }

  @Test func verifierIssuesHavePlaces() throws {
    let module = try ModuleTextTests.read(
      """
      func @0 f(%0 a: i64) -> i64 {
      block 0 entry:
        %1 = branch_if %0, 1(), 2() : void @7
      block 1 left:
        %2 = integer 1 : i64 @9
        %3 = branch 2() : void
      block 2 right:
        %4 = add %0, %2 : i64 @12..15
        %5 = return %4 : f64
      }
      """)
    let issues = module.verify()
    #expect(issues.count == 1)
    #expect(issues.first?.span == SourceSpan(12, 15))
    #expect(issues.first?.description == "function 'f', block 2, %4: operand %2 is not computed on every way here")
  }

  @Test func anInstructionWithoutValueIsNoOperandWhateverItsType() throws {
    let module = try ModuleTextTests.read(
      """
      func @0 f(%0 a: i64) -> i64 {
      block 0 entry:
        %1 = allocate i64 : *i64
        %2 = store %1, %0 as i64 : i64
        %3 = add %0, %2 : i64
        %4 = branch 1() : i64
      block 1 next:
        %5 = add %3, %4 : i64
        %6 = return %5 : i64
      }
      """)
    #expect(
      module.verify().map(\.description) == [
        "function 'f', block 0, %3: operand %2 is an instruction that yields no value",
        "function 'f', block 1, %5: operand %4 is an instruction that yields no value",
      ])
  }
}
