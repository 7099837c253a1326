// Listings, and looking at evaluations as they go on.

import StrataText
import Testing

@testable import StrataFlat

@Suite struct CodeListingTests {
  @Test func aLoopIsListed() throws {
    let program = compile(
      "work :: (n: i64) -> i64 { s := 0; i := 0; while i < n { s = (s * 31 + i) & 0xFF; i += 1; } return s; }")
    let function = try #require(program.module.findFunction("work"))
    let text = try CodeListing.text(of: function, in: program.module)
    #expect(text.hasPrefix("func @\(function.rawValue) work, "))
    for wanted in [
      "addImmediateBranchLess ", "multiplyImmediateAdd ", "andImmediate ", ", 255", "returnValue ", " steps", "; %",
    ] {
      #expect(text.contains(wanted), "\(wanted) in \(text)")
    }
  }

  /// Every function of the library and of the recorded programs has a listing without a bare or unknown operand.
  @Test func everythingCanBeListed() throws {
    let program = compile("#import \"modules/std.sx\"; main :: () { print(\"{} {}\\n\", 1.5, .[1, 2]); }")
    var lines = 0
    for (number, function) in program.module.functions.enumerated() where function.hasBody {
      let text = try CodeListing.text(of: FunctionID(UInt32(number)), in: program.module)
      lines += text.split(separator: "\n").count
    }
    #expect(lines > 300)
  }

  @Test func aFunctionWithoutBodyHasNoListing() {
    let module = Module()
    let number = module.addExternal("malloc", parameters: [Parameter("n", .i64)], result: .i64)
    #expect(throws: EvaluationError.self) { try CodeListing.text(of: number, in: module) }
    #expect(throws: EvaluationError.self) { try CodeListing.text(of: FunctionID(99), in: module) }
  }

  static let fib =
    "fib :: (n: i64) -> i64 { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); } R :: #run fib(15);"

  @Test(arguments: [1, 2, 7, 100, 1_000_000] as [UInt64]) func samplingChangesNothing(_ interval: UInt64) throws {
    let program = compile(CodeListingTests.fib)
    let constant = try #require(program.constants.first)
    let plain = FlatMachine(module: program.module)
    let value = try plain.evaluate(constant.function)
    let sampled = FlatMachine(module: program.module)
    var looks: [(depth: Int, steps: UInt64)] = []
    sampled.sampler = StackSampler(every: interval) { looks.append(($0.count, $1)) }
    #expect(try sampled.evaluate(constant.function) == value)
    #expect(sampled.steps == plain.steps)
    // An interval shorter than a block's steps cannot be kept exactly; the number of looks is bounded either way.
    #expect(UInt64(looks.count) <= plain.steps / interval)
    #expect(UInt64(looks.count) >= plain.steps / interval / 2)
    #expect(zip(looks, looks.dropFirst()).allSatisfy { $0.steps < $1.steps })
    #expect(looks.allSatisfy { $0.depth >= 1 && $0.depth <= 17 })
  }

  @Test func samplingKeepsTheBudget() throws {
    let program = compile("f :: () -> i64 { while true { } } R :: #run f();")
    let constant = try #require(program.constants.first)
    for interval in [3, 10, 64, 1 << 40] as [UInt64] {
      let machine = FlatMachine(module: program.module, budget: Budget(steps: 5000, bytes: 1 << 20, depth: 10))
      machine.sampler = StackSampler(every: interval) { _, _ in }
      do {
        _ = try machine.evaluate(constant.function)
        Issue.record("a program without end ended")
      } catch {
        #expect(error.kind == .stepBudget)
        #expect(error.steps > 5000 && error.steps < 5100)
      }
    }
  }
}
