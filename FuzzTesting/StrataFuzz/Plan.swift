// Any bytes at all as a seed, and as a program in the stack language: an error or a value, in bounded memory and steps.

import StrataMemory
import StrataPlan

/// A machine that lives as long as the fuzzer; each input starts from an empty one.
private struct FuzzMachine: @unchecked Sendable {
  // Safe: a fuzzer runs one input at a time, and the test that replays inputs runs them one after another.
  let machine: PlanMachine?

  static let shared = FuzzMachine(front: .runtime)
  static let specified = FuzzMachine(front: .specification)

  private init(front: PlanFront) {
    var options = LoomOptions()
    options.budgetBytes = 64 << 20
    options.youngWords = 1 << 10
    machine = try? PlanMachine(options: options, front: front)
    machine?.stepLimit = 20_000
  }

  func with(_ body: (PlanMachine) -> Void) {
    require(machine != nil, "no address space for a machine")
    guard let machine else { return }
    machine.nursery.reset()
    body(machine)
  }
}

extension FuzzTarget {
  /// A seed, or what claims to be one. What loads is forced, and what can be forced survives being saved.
  static let seed = FuzzTarget(name: "seed") { input in FuzzMachine.shared.with { checkSeed(input, $0) } }

  /// The same under the newer specification, where pins and laws are lazy and bodies are checked when laws are made.
  static let specified = FuzzTarget(name: "specified") { input in FuzzMachine.specified.with { checkSeed(input, $0) } }

  private static func checkSeed(_ input: UnsafeBufferPointer<UInt8>, _ machine: PlanMachine) {
    do {
      let word = try machine.load(seed: Array(input))
      // Wide rows of one another print as more text than they have parts, so the text is cut.
      var style = PlanPrinter.Style()
      style.bytes = 1 << 12
      require(!machine.printed(word, style: style).isEmpty, "a value that prints as nothing")
      let value = try machine.force(word)
      let saved = try machine.seed(of: value)
      let again = try machine.force(try machine.load(seed: saved))
      require(try machine.seed(of: again) == saved, "the value changed in a round trip")
    } catch let error as SeedFailure {
      require(!error.explanation.isEmpty, "an error without explanation")
      require(error.bit <= input.count * 8, "an error past the end of the input")
    } catch let error as PlanFailure {
      require(!error.explanation.isEmpty, "a failure without explanation")
    } catch {
      require(false, "an error of another kind: \(error)")
    }
  }

  /// A program in the stack language.
  static let stack = FuzzTarget(name: "stack") { input in
    FuzzMachine.shared.with { machine in
      var language = StackLanguage(machine: machine, limit: 1 << 12) { _ in nil }
      do throws(StackLanguageFailure) {
        try language.run(Array(input))
      } catch {
        require(!error.explanation.isEmpty, "an error without explanation")
      }
      _ = language.takeOutput()
    }
  }
}
