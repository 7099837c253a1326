// Generated programs: the machine, with little memory and a collection at every safe point, against the reference.

import Foundation
import StrataMemory
import StrataTestSupport
import Testing

@testable import StrataPlan

/// The stack that the reference evaluator's recursion needs.
let referenceStack = 1 << 30

/// A value is more text than anybody wants: parts that are shared are written each time.
struct TooMuchText: Error {}

extension PlanMachine {
  /// A forced value in the reference's notation. Throws `TooMuchText` beyond about `limit` characters.
  func plainText(_ word: Word, limit: Int = 1 << 20) throws -> String {
    var rest = limit
    return try plainText(word, &rest)
  }

  private func plainText(_ word: Word, _ rest: inout Int) throws -> String {
    rest -= 1
    guard rest >= 0 else { throw TooMuchText() }
    let base = nursery.base
    let word = Word(raw: engine.resolved(word.raw))
    if word.isNatural {
      let text = Reference.text(Reference.natural(try nursery.bytes(of: word)))
      rest -= text.utf8.count
      return text
    }
    if word.isPin { return "<\(try plainText(Word(raw: base[word.offset + PinLayout.item]), &rest))>" }
    if word.isLaw {
      let fields = try [LawLayout.name, LawLayout.arity, LawLayout.body].map {
        try plainText(Word(raw: base[word.offset + $0]), &rest)
      }
      return "{" + fields.joined(separator: " ") + "}"
    }
    guard word.isClosure else { return "?" }
    let parts = try (0...engine.argumentCount(word)).map {
      try plainText(Word(raw: base[word.offset + 1 + $0]), &rest)
    }
    return "(" + parts.joined(separator: " ") + ")"
  }

  /// What forcing a program gives, as text that the reference gives too.
  func result(of program: Program) throws -> String {
    var words: [Word] = []
    for definition in program.definitions { words.append(try build(definition, words)) }
    return try result(main: build(program.main, words))
  }

  /// What forcing a value gives, as text that the reference gives too.
  func result(main: Word) throws -> String {
    do throws(PlanFailure) {
      let value = try force(main)
      return (try? plainText(value)) ?? "unprintable"
    } catch {
      switch error {
      case .uncaught: return "threw " + ((try? plainText(thrown)) ?? "?")
      case .crash(let crash): return "crash \(crash)"
      default: return "\(error)"
      }
    }
  }
}

extension Reference {
  /// What forcing a program gives; nil when it takes too long.
  static func result(of program: Program) -> String? {
    let reference = Reference(fuel: 20_000)
    var terms: [Term] = []
    for definition in program.definitions { terms.append(reference.build(definition, terms)) }
    let main = reference.build(program.main, terms)
    let most = 3000
    do throws(ReferenceStop) {
      return reference.text(try reference.force(main), limit: most)
    } catch {
      switch error {
      case .threw(let tag, let value):
        return reference.text(Term(.app(tag, [value])), limit: most).map { "threw " + $0 }
      case .loop: return "loop"
      case .crash(let crash): return "crash \(crash)"
      case .tooLong: return nil
      }
    }
  }
}

@Suite struct DifferentialTests {
  /// A small young space, and a budget that no test program should need.
  static var small: LoomOptions {
    var options = LoomOptions()
    options.youngWords = 512
    options.reservationBytes = 4 << 30
    options.budgetBytes = 256 << 20
    return options
  }

  /// A machine that moves its objects as often as it can.
  static func restless(front: PlanFront = .runtime) throws -> PlanMachine {
    let machine = try PlanMachine(options: small, front: front)
    machine.collectsAtEverySafePoint = true
    return machine
  }

  /// The seeds from which the programs of one run are made. `STRATA_TEST_SEED` picks another start.
  static let firstSeed: UInt64 =
    ProcessInfo.processInfo.environment["STRATA_TEST_SEED"].flatMap { UInt64($0) } ?? 1

  /// The reference recurses as deep as a program does, deeper than the thread sanitizer can follow; only one thread takes part.
  @Test(.disabled(if: getenv("TSAN_OPTIONS") != nil, "deeper than the thread sanitizer can follow"), arguments: 0..<4)
  func generatedProgramsAgree(part: Int) throws {
    let count = (isDebug ? 500 : 5000) * testScale
    let start = DifferentialTests.firstSeed &+ UInt64(part) &* 1_000_000_007
    let (compared, kinds, difference) = try onStack(bytes: referenceStack) {
      try DifferentialTests.compare(count: count, from: start, on: { try DifferentialTests.restless() }) { seed in
        let program = ProgramMaker.program(seed: seed)
        return Reference.result(of: program).map { (program, $0) }
      }
    }
    print("programs from seed \(start): \(compared) of \(count) compared, the others take too long; \(kinds)")
    #expect(difference == nil)
    #expect(compared > count / 2)
  }

  private static func kind(_ result: String) -> String {
    for kind in ["threw", "loop"] where result.hasPrefix(kind) { return kind }
    return result.hasPrefix("crash") ? result : "value"
  }

  /// How many programs were compared, what came of them, and the first difference. `made` makes a program of a seed and what
  /// it is to give, or nil where that takes too long.
  static func compare(
    count: Int, from start: UInt64, on machines: () throws -> PlanMachine,
    _ made: (UInt64) -> (program: Program, expected: String)?
  ) throws -> (compared: Int, kinds: [String], difference: String?) {
    var compared = 0
    var kinds: [String: Int] = [:]
    var sorted: [String] { kinds.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } }
    var machine = try machines()
    for index in 0..<count {
      let seed = start &+ UInt64(index)
      guard let (program, expected) = made(seed) else { continue }
      if compared % 500 == 499 { machine = try machines() }
      let found = try machine.result(of: program)
      machine.nursery.reset()
      compared += 1
      kinds[kind(expected), default: 0] += 1
      if found != expected {
        return (compared, sorted, "seed \(seed): the machine gives \(found), the reference \(expected)")
      }
    }
    return (compared, sorted, nil)
  }
}
